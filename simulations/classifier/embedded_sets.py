"""Two real data sets that come with scikit-learn: handwritten digits and breast cancer.

The splits are fixed: example i goes by word i of a Philox stream, the smallest words are the test
split. They depend on no package's random generator.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.classifier.backend import require
from simulations.classifier.examples import Dataset, Examples
from simulations.philox import purpose_tag, words

DIGITS_TEST = 500
BREAST_CANCER_TEST = 200


def fixed_split(name: str, count: int, num_test: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """(train, test) numbers of `count` examples: a random order that is the same everywhere.

    Word i of seed 0 and purpose "split of NAME" is example i's, and the `num_test` smallest words
    are the test split, in the order of their words (of equal words, the earlier example first).

    Parameters
    ----------
    name
        The data set's name.
    count, num_test
        All examples, and those of the test split: 0 <= num_test <= count.

    Examples
    --------
    >>> train, test = fixed_split("digits", 1797, 500)
    >>> len(train), len(test), test[:5]
    (1297, 500, array([1164, 1525,  220, 1131,  868]))
    """
    tag = purpose_tag(f"split of {name}")
    order = np.argsort(
        words(seed=0, tag=tag, first_sample=0, num_samples=count, dim=1)[:, 0], kind="stable"
    )
    return order[num_test:], order[:num_test]


def digits() -> Dataset:
    """scikit-learn's `load_digits`: 1797 handwritten digits, 8 x 8 pixels of levels 0, ..., 16.

    The test set of the UCI data set "Optical Recognition of Handwritten Digits". Inputs are
    level / 16, in [0, 1]; 1297 examples to train, 500 to test, by `fixed_split`.

    Raises
    ------
    MissingBackendError
        If scikit-learn is not installed.
    """
    require("sklearn")
    from sklearn.datasets import load_digits

    data, target = load_digits(return_X_y=True)
    levels = data.astype(np.uint8).reshape(-1, 1, 8, 8)
    step = Fraction(1, 16)
    train, test = fixed_split("digits", len(target), DIGITS_TEST)
    return Dataset(
        name="digits",
        shape=(1, 8, 8),
        num_classes=10,
        class_names=tuple(str(digit) for digit in range(10)),
        train=Examples(target[train], levels[train], step),
        test=Examples(target[test], levels[test], step),
        step=step,
        unit="pixel value in [0, 1]",
    )


def breast_cancer() -> Dataset:
    """scikit-learn's `load_breast_cancer`: 569 tumours, 30 features, malignant (0) or benign (1).

    Feature j is (value - mean_j) / deviation_j with the mean and the standard deviation of the
    train split, in float64, and then rounded to float32; 369 examples to train, 200 to test, by
    `fixed_split`. There is no grid.

    Raises
    ------
    MissingBackendError
        If scikit-learn is not installed.
    """
    require("sklearn")
    from sklearn.datasets import load_breast_cancer

    data, target = load_breast_cancer(return_X_y=True)
    train, test = fixed_split("breast_cancer", len(target), BREAST_CANCER_TEST)
    # Correctly rounded sums: NumPy's depend on the processor in the last bit.
    mean = np.array([math.fsum(column) / len(train) for column in data[train].T])
    squares = (data[train] - mean) ** 2
    deviation = np.array([math.sqrt(math.fsum(column) / len(train)) for column in squares.T])
    standardised = (data - mean) / deviation
    return Dataset(
        name="breast_cancer",
        shape=(30,),
        num_classes=2,
        class_names=("malignant", "benign"),
        train=Examples(target[train], standardised[train].astype(np.float32)),
        test=Examples(target[test], standardised[test].astype(np.float32)),
        step=None,
        unit="standard deviation of the feature over the training split",
    )
