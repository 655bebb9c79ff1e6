"""The data sets by name: digits, breast_cancer, cifar10, imagenet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from simulations.classifier.cifar import FILES, cifar10
from simulations.classifier.embedded_sets import breast_cancer, digits
from simulations.classifier.examples import Dataset, Examples, level_values
from simulations.classifier.image_folder import LAYOUT, imagenet

__all__ = ["DATASETS", "Dataset", "Examples", "level_values", "load"]

#: come with scikit-learn
EMBEDDED: dict[str, Callable[[], Dataset]] = {"digits": digits, "breast_cancer": breast_cancer}

#: are read from a folder
FROM_FOLDER: dict[str, Callable[[Path], Dataset]] = {"cifar10": cifar10, "imagenet": imagenet}

#: what is to be in the folder
HOLDS = {"cifar10": f"one with {FILES}", "imagenet": LAYOUT}

DATASETS = (*EMBEDDED, *FROM_FOLDER)


def load(name: str, *, folder: Path | None = None) -> Dataset:
    """A data set by name.

    Parameters
    ----------
    name
        One of `DATASETS`.
    folder
        Where the published files of "cifar10" and "imagenet" lie; None for the other two, which
        come with scikit-learn.

    Raises
    ------
    ValueError
        For another name, a folder that is missing or not wanted, or files in it that are not
        those of the data set: one line that says what to put where.
    MissingBackendError
        If the package that reads it is not installed.

    Examples
    --------
    >>> data = load("digits")
    >>> len(data.train), len(data.test), data.shape, data.step
    (1297, 500, (1, 8, 8), Fraction(1, 16))
    >>> load("mnist")
    Traceback (most recent call last):
    ValueError: dataset = 'mnist' is not one of 'digits', 'breast_cancer', 'cifar10', 'imagenet'
    """
    if name in EMBEDDED:
        if folder is not None:
            raise ValueError(f"folder = {str(folder)!r}: {name} comes with scikit-learn, no folder")
        return EMBEDDED[name]()
    if name in FROM_FOLDER:
        if folder is None:
            raise ValueError(f"{name} needs a folder (--folder DIR): {HOLDS[name]}")
        return FROM_FOLDER[name](Path(folder))
    legal = ", ".join(repr(known) for known in DATASETS)
    raise ValueError(f"dataset = {name!r} is not one of {legal}")
