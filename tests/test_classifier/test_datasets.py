"""The data sets that come with scikit-learn, and what examples and data sets refuse."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import torch

from simulations.classifier.backend import checked_device, require
from simulations.classifier.datasets import DATASETS, Dataset, Examples, level_values, load
from simulations.classifier.embedded_sets import fixed_split
from simulations.kernels import MissingBackendError


def all_of(examples: Examples) -> np.ndarray:
    return examples.inputs(range(len(examples)))


def rows(*arrays: np.ndarray) -> list[bytes]:
    """Every example of these splits, as bytes, sorted: what they hold together."""
    return sorted(row.tobytes() for array in arrays for row in array)


def test_digits_are_scikit_learns_pixels_in_sixteenths():
    from sklearn.datasets import load_digits

    data, target = load_digits(return_X_y=True)
    digits = load("digits")
    levels = [split.levels(range(len(split))) for split in (digits.train, digits.test)]
    assert (digits.shape, digits.step, digits.num_classes) == ((1, 8, 8), Fraction(1, 16), 10)
    assert [len(digits.train), len(digits.test)] == [1297, 500]
    # Together the two splits are all the digits, each once.
    original = data.astype(np.int32).reshape(-1, 1, 8, 8)
    assert rows(*levels) == rows(original)
    for split, of_split in zip((digits.train, digits.test), levels, strict=True):
        assert np.array_equal(all_of(split), of_split.astype(np.float32) / np.float32(16))
    # The labels went with their pictures.
    number = {row.tobytes(): label for row, label in zip(original, target, strict=True)}
    assert all(
        number[row.tobytes()] == label
        for row, label in zip(levels[1], digits.test.labels, strict=True)
    )


def test_the_split_never_changes():
    digits, tumours = load("digits"), load("breast_cancer")
    assert digits.test.labels[:10].tolist() == [7, 4, 9, 6, 9, 6, 5, 2, 3, 7]
    assert tumours.test.labels[:10].tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 1, 1]
    train, test = fixed_split("digits", 1797, 500)
    assert sorted([*train, *test]) == list(range(1797))
    # Another data set gets another order: the name is in the purpose.
    assert fixed_split("other", 1797, 500)[1].tolist() != test.tolist()


def test_tumours_are_standardised_by_the_train_split_alone():
    from sklearn.datasets import load_breast_cancer

    _, target = load_breast_cancer(return_X_y=True)
    tumours = load("breast_cancer")
    train, test = all_of(tumours.train), all_of(tumours.test)
    assert tumours.shape == (30,) and tumours.step is None and tumours.num_classes == 2
    assert len(train) + len(test) == 569 and len(test) == 200
    assert np.abs(train.mean(axis=0, dtype=np.float64)).max() < 1e-6
    assert np.abs(train.std(axis=0, dtype=np.float64) - 1).max() < 1e-6
    # By all examples, or by the test split's own, it would be 0 here too.
    assert np.abs(test.mean(axis=0)).max() > 0.05
    # Malignant is 0, and the larger tumours are malignant.
    assert tumours.class_names == ("malignant", "benign")
    assert test[tumours.test.labels == 0, 0].mean() > test[tumours.test.labels == 1, 0].mean()
    labels = [*tumours.train.labels, *tumours.test.labels]
    assert np.bincount(labels).tolist() == np.bincount(target).tolist()


def nearest_float32(exact: Fraction) -> np.float32:
    """The float32 nearest to a fraction, from integers alone (ties to even)."""
    if exact == 0:
        return np.float32(0)
    size, exponent = abs(exact), 0
    while size >= 2**24:
        size, exponent = size / 2, exponent + 1
    while size < 2**23:
        size, exponent = size * 2, exponent - 1
    # Python rounds a fraction to the nearest integer, ties to even.
    magnitude = Fraction(round(size)) * Fraction(2) ** exponent
    return np.float32(float(magnitude if exact > 0 else -magnitude))


@pytest.mark.parametrize(
    "step",
    [
        Fraction(1, 255),
        Fraction(1, 16),
        Fraction(2, 3),
        Fraction(2**21 - 1, 2**28 - 1),
        Fraction(1, 2**28 - 57),
    ],
)
def test_level_values_are_correctly_rounded(step: Fraction):
    random = np.random.default_rng(1)
    levels = np.concatenate(
        [np.arange(-300, 300), random.integers(-(2**31), 2**31, 700), [2**31 - 1, -(2**31)]]
    )
    expected = np.array([nearest_float32(int(level) * step) for level in levels])
    assert np.array_equal(level_values(levels, step), expected)


def test_a_product_in_float32_is_not_correctly_rounded():
    levels = np.arange(256)
    naive = levels.astype(np.float32) * np.float32(1 / 255)
    assert np.count_nonzero(naive != level_values(levels, Fraction(1, 255))) > 50


@pytest.mark.parametrize(
    ("levels", "step", "words"),
    [
        ([0.5], Fraction(1, 16), "float64"),
        ([2**31], Fraction(1, 16), "level 2147483648 is outside"),
        ([-(2**31) - 1], Fraction(1, 16), "level -2147483649 is outside"),
        ([-1, 2**31], Fraction(1, 16), "level 2147483648 is outside"),
        ([-(2**31) - 1, 1], Fraction(1, 16), "level -2147483649 is outside"),
        (np.array([2**63], np.uint64), Fraction(1, 16), "level 9223372036854775808 is outside"),
        ([1], Fraction(0), "step = 0 "),
        ([1], Fraction(1, 2**28), "step = 1/268435456 "),
        ([1], Fraction(2**21), "step = 2097152 "),
        ([1], 0.0625, "step = 0.0625 "),
    ],
)
def test_level_values_refuses(levels, step, words):
    with pytest.raises(ValueError, match=words) as caught:
        level_values(levels, step)
    assert "\n" not in str(caught.value)


STEP = Fraction(1, 16)


@pytest.mark.parametrize(
    ("labels", "stored", "step", "words"),
    [
        ([0.5, 1], [[0], [1]], STEP, "labels have dtype float64"),
        ([[0, 1]], [[0], [1]], STEP, r"shape \(1, 2\)"),
        ([0, 1], [[0], [1], [2]], STEP, r"shape \(3, 1\) with 2 labels"),
        ([0, 1], [0, 1], STEP, r"shape \(2,\) with 2 labels"),
        ([0, 1], [[0.5], [1]], STEP, "levels have dtype float64"),
        ([0, 1], [[0], [2**40]], STEP, "level 1099511627776 is outside"),
        ([0, 1], [[0], [1]], Fraction(-1, 16), "step = -1/16"),
        ([0, 1], [[0], [1]], None, "features have dtype int64"),
        ([0, 1], [[0.5], [np.nan]], None, r"example 1 has the feature nan at \(0,\)"),
        ([0, 1], [[0.5, -np.inf], [1, 1]], None, r"example 0 has the feature -inf at \(1,\)"),
        ([0, 1], [[0.5], [1e39]], None, r"example 1 has the feature inf"),
    ],
)
def test_examples_refuse(labels, stored, step, words):
    with pytest.raises(ValueError, match=words) as caught:
        Examples(np.array(labels), np.array(stored), step)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("indices", "words"),
    [
        ([2], "index = 2 is outside"),
        ([0, -1], "index = -1 is outside"),
        ([0.0], "dtype float64"),
        ([True, False], "dtype bool"),
        (1, r"shape \(\)"),
    ],
)
def test_examples_refuse_indices(indices, words):
    pair = Examples(np.array([0, 1]), np.array([[3], [5]]), STEP)
    with pytest.raises(ValueError, match=words):
        pair.inputs(indices)


def test_examples_are_read_as_they_were_given():
    labels, stored = np.array([0, 1, 1]), np.array([[3, 4], [5, 6], [7, 8]], np.uint8)
    examples = Examples(labels, stored, STEP)
    assert examples.levels([2, 0]).tolist() == [[7, 8], [3, 4]]
    assert examples.levels([2]).dtype == np.int32
    assert examples.inputs([]).shape == (0, 2)
    assert examples.inputs(np.array([1], np.uint8)).tolist() == [[5 / 16, 6 / 16]]
    with pytest.raises(ValueError, match="read-only"):
        examples.labels[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        examples.stored[0] = 1
    # The caller's own array is still the caller's.
    stored[0] = 9


def test_features_have_no_levels():
    examples = Examples(np.array([0]), np.array([[0.5]]))
    assert examples.inputs([0]).dtype == np.float32
    with pytest.raises(ValueError, match="no grid"):
        examples.levels([0])


class Reader:
    """Three examples that are read when they are asked for, and what was asked."""

    shape = (3, 2)

    def __init__(self, values: np.ndarray) -> None:
        self.values = values
        self.asked: list[int] = []

    def __getitem__(self, indices):
        self.asked += indices.tolist()
        return self.values[indices]


def test_examples_that_are_read_are_checked_as_they_are_read():
    reader = Reader(np.array([[0.5, 1], [np.nan, 1], [2, 3]]))
    examples = Examples(np.array([0, 1, 0]), reader)
    assert reader.asked == []
    assert examples.inputs([2]).tolist() == [[2, 3]] and reader.asked == [2]
    with pytest.raises(ValueError, match="example 1 has the feature nan"):
        examples.inputs([2, 1])
    wrong = Examples(np.array([0, 1, 0]), Reader(np.zeros((3, 5))))
    with pytest.raises(ValueError, match=r"shape \(1, 5\), legal is \(1, 2\)"):
        wrong.inputs([0])
    floats = Examples(np.array([0, 1, 0]), Reader(np.zeros((3, 2))), STEP)
    with pytest.raises(ValueError, match="levels have dtype float64"):
        floats.levels([0])


def pair(labels=(0, 1), step=STEP) -> Examples:
    return Examples(np.array(labels), np.array([[3], [5]][: len(labels)]).reshape(-1, 1), step)


def small() -> Dataset:
    return Dataset("small", (1,), 2, ("no", "yes"), pair(), pair(), STEP, "unit")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"num_classes": 1, "class_names": ("no",)}, "num_classes = 1"),
        ({"class_names": ("no", "yes", "maybe")}, "3 class names"),
        ({"shape": (2,)}, r"shape \(1,\) and step 1/16, legal are \(2,\)"),
        ({"step": Fraction(1, 255)}, "legal are .* and 1/255"),
        ({"train": pair(step=Fraction(1, 255))}, "the train split"),
        ({"test": pair(labels=(0, 2))}, "label 2 of test example 1"),
        ({"train": pair(labels=(-1, 0))}, "label -1 of train example 0"),
        ({"test": Examples(np.zeros(0, int), np.zeros((0, 1), int), STEP)}, "test split is empty"),
    ],
)
def test_data_sets_refuse(change, words):
    with pytest.raises(ValueError, match=words) as caught:
        replace(small(), **change)
    assert "\n" not in str(caught.value)


def test_a_data_set_without_a_train_split_is_one():
    empty = Examples(np.zeros(0, int), np.zeros((0, 1), int), STEP)
    assert len(replace(small(), train=empty).train) == 0


def test_load_refuses(tmp_path):
    assert DATASETS == ("digits", "breast_cancer", "cifar10", "imagenet")
    with pytest.raises(ValueError, match="'mnist' is not one of 'digits'"):
        load("mnist")
    with pytest.raises(ValueError, match="digits comes with scikit-learn"):
        load("digits", folder=tmp_path)
    for name in ("cifar10", "imagenet"):
        with pytest.raises(ValueError, match=rf"{name} needs a folder \(--folder DIR\): "):
            load(name)
        with pytest.raises(ValueError, match=r"missing.*put "):
            load(name, folder=tmp_path / "missing")


def test_a_missing_package_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(
        MissingBackendError, match=r"sklearn is not installed.*l1cert\[classifier\]"
    ):
        load("digits")
    with pytest.raises(ValueError, match="'numpy' is not one of PIL, "):
        require("numpy")


def test_a_broken_package_is_one_line(monkeypatch, tmp_path):
    # As a torchvision does that was built for another torch.
    (tmp_path / "torchvision.py").write_text("raise RuntimeError('no operator nms\\nmore')\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "torchvision", raising=False)
    with pytest.raises(MissingBackendError, match=r"broken \(no operator nms\): .*reinstall"):
        require("torchvision")


def test_devices(monkeypatch):
    assert checked_device("cpu") == torch.device("cpu")
    for name in ("", "gpu", "cuda:", "cuda:-1", "cuda:01", "cpu:0", "mps", "cuda:0\n"):
        with pytest.raises(ValueError, match="is not one of 'cpu'"):
            checked_device(name)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ValueError, match=r"device = 'cuda': torch .* sees 0 CUDA devices"):
        checked_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert checked_device("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(ValueError, match="sees 2 CUDA devices"):
        checked_device("cuda:2")


def test_the_data_need_no_torch():
    code = (
        "import sys; from simulations.classifier import datasets, training_record; "
        "assert not {'torch', 'sklearn', 'PIL', 'safetensors'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=100)
