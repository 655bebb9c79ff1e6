"""Labelled examples and data sets, in the unit in which noise is added.

Examples of a grid are stored as integers: levels k, of which the inputs are step * k. The sound
mode adds its noise to the levels, every other mode to the inputs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

Indices = Sequence[int] | NDArray[np.integer]


class Stored(Protocol):
    """What holds the examples: a NumPy array, or something that reads them when asked for."""

    @property
    def shape(self) -> tuple[int, ...]:
        """``(number of examples, *shape)``."""

    def __getitem__(self, indices: NDArray[np.int64], /) -> NDArray[Any]:
        """The examples of these indices, stacked: integers on a grid, otherwise floats."""


def checked_step(step: Fraction) -> Fraction:
    """The step, if `level_values` rounds its multiples correctly.

    Raises
    ------
    ValueError
        Unless it is a positive fraction p / q with p < 2^21 and q < 2^28.

    Examples
    --------
    >>> checked_step(Fraction(1, 255))
    Fraction(1, 255)
    >>> checked_step(Fraction(-1, 255))
    Traceback (most recent call last):
    ValueError: step = -1/255 is not a fraction p/q with 0 < p < 2^21 and q < 2^28
    """
    if not (isinstance(step, Fraction) and 0 < step.numerator < 2**21 and step.denominator < 2**28):
        raise ValueError(f"step = {step} is not a fraction p/q with 0 < p < 2^21 and q < 2^28")
    return step


def level_values(levels: ArrayLike, step: Fraction) -> NDArray[np.float32]:
    """Step * levels, each correctly rounded to float32: a function of the integer alone.

    With step = p/q the quotient k p / q of two exact float64 is rounded twice, to float64 and to
    float32. The second rounding undoes nothing: a midpoint of two float32 is M / 2^s with an
    integer M < 2^25, and k p / q, where it is none, is at least 1 / (q M) > 2^-53 of it away
    (s >= 0 and q < 2^28; for s < 0, at least 1 / |k p|, and |k p| < 2^52), so that the float64
    lies on the same side.

    Parameters
    ----------
    levels
        Integers in [-2^31, 2^31).
    step
        A positive fraction p / q with p < 2^21 and q < 2^28.

    Returns
    -------
    ndarray
        float32, of the levels' shape.

    Raises
    ------
    ValueError
        For levels that are no such integers, or another step.

    Examples
    --------
    >>> level_values([0, 51, 255, -1], Fraction(1, 255))
    array([ 0.        ,  0.2       ,  1.        , -0.00392157], dtype=float32)
    """
    step = checked_step(step)
    integers = np.asarray(levels)
    if integers.dtype.kind not in "iu":
        raise ValueError(f"levels have dtype {integers.dtype}, legal are integers")
    _check_int32(integers)
    exact = integers.astype(np.float64)
    exact *= step.numerator
    exact /= step.denominator
    return exact.astype(np.float32)


def _check_int32(integers: NDArray[Any]) -> None:
    """ValueError unless all fit an int32."""
    if integers.size and not np.can_cast(integers.dtype, np.int32):
        least, largest = int(integers.min()), int(integers.max())
        if not -(2**31) <= least <= largest < 2**31:
            outside = least if least < -(2**31) else largest
            raise ValueError(f"level {outside} is outside [-2^31, 2^31)")


def _check_finite(features: NDArray[Any], first: Sequence[int]) -> None:
    """ValueError that names the first value, by example and flat position, that is not finite."""
    finite = np.isfinite(features)
    if not finite.all():
        place = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"example {first[place[0]]} has the feature {features[place]} at {place[1:]}, "
            f"legal are finite numbers"
        )


@dataclass(frozen=True, eq=False)
class Examples:
    """Labelled examples, read when they are asked for.

    Parameters
    ----------
    labels
        int64, shape (m,): the class of each example.
    stored
        Shape ``(m, *shape)``: integer levels if `step` is given, else float features. A NumPy
        array, which is checked here, or a `Stored` that reads, which is checked as it reads.
    step
        The step of the grid in the unit of the inputs, or None without a grid.

    Raises
    ------
    ValueError
        For labels that are no integers or not one an example, levels that are no integers or not
        in [-2^31, 2^31), NaN or infinite features, or a step that `checked_step` refuses.

    Examples
    --------
    >>> pair = Examples(np.array([1, 0]), np.array([[0, 8], [16, 4]]), step=Fraction(1, 16))
    >>> pair.inputs([1])
    array([[1.  , 0.25]], dtype=float32)
    >>> pair.levels([1])
    array([[16,  4]], dtype=int32)
    >>> len(pair), pair.shape
    (2, (2,))
    """

    labels: NDArray[np.int64]
    stored: Stored
    step: Fraction | None = None

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            raise ValueError(
                f"labels have dtype {labels.dtype} and shape {labels.shape}, "
                f"legal are integers and (m,)"
            )
        if len(self.stored.shape) < 2 or len(labels) != self.stored.shape[0]:
            raise ValueError(
                f"examples have shape {tuple(self.stored.shape)} with {len(labels)} labels, "
                f"legal is ({len(labels)}, ...)"
            )
        object.__setattr__(self, "labels", _frozen(labels.astype(np.int64)))
        if self.step is not None:
            checked_step(self.step)
        if isinstance(self.stored, np.ndarray):
            checked = self._checked(self.stored, range(len(labels)))
            object.__setattr__(self, "stored", _frozen(checked))

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one example, without the first axis."""
        return tuple(int(n) for n in self.stored.shape[1:])

    def inputs(self, indices: Indices) -> NDArray[np.float32]:
        """The inputs of these examples, shape ``(k, *shape)``, in the unit in which noise is added.

        Raises
        ------
        ValueError
            For an index outside [0, m), or features that turn out not to be finite.
        """
        read = self._read(indices)
        if self.step is not None:
            return level_values(read, self.step)
        return read

    def levels(self, indices: Indices) -> NDArray[np.int32]:
        """The levels k of these examples, shape ``(k, *shape)``: inputs are step * k.

        Raises
        ------
        ValueError
            For examples that lie on no grid, or an index outside [0, m).
        """
        if self.step is None:
            raise ValueError("these examples lie on no grid: they have inputs, but no levels")
        return self._read(indices).astype(np.int32)

    def _read(self, indices: Indices) -> NDArray[Any]:
        chosen = checked_indices(indices, len(self))
        read = self.stored[chosen]
        if isinstance(self.stored, np.ndarray):
            return read
        if read.shape != (len(chosen), *self.shape):
            raise ValueError(
                f"the examples read have shape {read.shape}, legal is {(len(chosen), *self.shape)}"
            )
        return self._checked(read, [int(i) for i in chosen])

    def _checked(self, read: NDArray[Any], names: Sequence[int]) -> NDArray[Any]:
        """Levels as integers, features as float32, if they are what they have to be."""
        if self.step is not None:
            if read.dtype.kind not in "iu":
                raise ValueError(f"levels have dtype {read.dtype}, legal are integers")
            _check_int32(read)
            return read
        if read.dtype.kind != "f":
            raise ValueError(f"features have dtype {read.dtype}, legal are floats")
        # A float64 beyond float32's range becomes infinite, and is refused as such.
        with np.errstate(over="ignore"):
            features = read.astype(np.float32)
        _check_finite(features, names)
        return features


def _frozen(array: NDArray[Any]) -> NDArray[Any]:
    """A view that cannot be written through."""
    view = array.view()
    view.flags.writeable = False
    return view


def inputs_digest(examples: Examples) -> str | None:
    """SHA-256 of all levels, or without a grid of all inputs; None of what is read when asked for.

    It does not depend on the integers' width, so that two archives of the same levels agree.

    Examples
    --------
    >>> labels, levels = np.array([1, 0]), np.array([[0, 8], [16, 4]])
    >>> digests = {
    ...     inputs_digest(Examples(labels, levels.astype(dtype), step=Fraction(1, 16)))
    ...     for dtype in (np.uint8, np.int64)
    ... }
    >>> [digest[:16] for digest in digests]
    ['632f30a4ff9b1aa7']
    """
    if not isinstance(examples.stored, np.ndarray):
        return None
    total = hashlib.sha256()
    for start in range(0, len(examples), 1024):
        rows = examples.stored[start : start + 1024]
        total.update(np.ascontiguousarray(rows, "<f4" if examples.step is None else "<i4").data)
    return total.hexdigest()


def checked_indices(indices: Indices, count: int) -> NDArray[np.int64]:
    """The indices as an int64 array.

    Raises
    ------
    ValueError
        Unless they are a sequence of integers in [0, count).

    Examples
    --------
    >>> checked_indices([3, 0], 4)
    array([3, 0])
    >>> checked_indices([4], 4)
    Traceback (most recent call last):
    ValueError: index = 4 is outside [0, 4)
    """
    array = np.asarray(indices)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise ValueError(
            f"indices have dtype {array.dtype} and shape {array.shape}, legal are integers and (k,)"
        )
    outside = array[(array < 0) | (array >= count)]
    if outside.size:
        raise ValueError(f"index = {outside[0]} is outside [0, {count})")
    return array.astype(np.int64)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set: what its examples are, and the two splits.

    Parameters
    ----------
    name
        The name that `load` knows it by.
    shape
        The shape of an example: (channels, height, width), or (features,).
    num_classes
        At least 2; the labels are 0, ..., num_classes - 1.
    class_names
        One name a class, in the order of the labels.
    train, test
        The splits. An example's number in a log is its position in `test`. `train` may be empty.
    step
        The step of the grid, in `unit`; None without a grid.
    unit
        What 1 means in the inputs, and so in every noise scale and radius.

    Raises
    ------
    ValueError
        For splits of another shape or step, labels outside [0, num_classes), an empty test
        split, fewer than two classes, or as many names as there are no classes.
    """

    name: str
    shape: tuple[int, ...]
    num_classes: int
    class_names: tuple[str, ...]
    train: Examples
    test: Examples
    step: Fraction | None
    unit: str

    def __post_init__(self) -> None:
        if self.num_classes < 2 or len(self.class_names) != self.num_classes:
            raise ValueError(
                f"{self.name}: num_classes = {self.num_classes} with "
                f"{len(self.class_names)} class names, legal is one name each of at least 2"
            )
        if len(self.test) == 0:
            raise ValueError(f"{self.name}: the test split is empty, legal is at least one example")
        for split, examples in (("train", self.train), ("test", self.test)):
            if examples.shape != self.shape or examples.step != self.step:
                raise ValueError(
                    f"{self.name}: the {split} split has shape {examples.shape} and step "
                    f"{examples.step}, legal are {self.shape} and {self.step}"
                )
            wrong = (examples.labels < 0) | (examples.labels >= self.num_classes)
            if wrong.any():
                place = int(np.argmax(wrong))
                raise ValueError(
                    f"{self.name}: label {examples.labels[place]} of {split} example {place} "
                    f"is outside [0, {self.num_classes})"
                )
