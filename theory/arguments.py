"""What a caller may pass for the probabilities and the scale of a radius, and how it is checked.

A single number is exact (a decimal string is the decimal that it spells); an array holds floats,
each of which is exactly the dyadic rational that it stores. Every error is one line that names
the value and the legal set.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
from flint import arb, fmpq

from theory.exact import (
    Exact,
    Surd,
    describe,
    round_nearest,
    to_fmpq,
    to_fraction,
    to_positive,
)

FloatArray: TypeAlias = npt.NDArray[np.float64]
Probability: TypeAlias = Exact | FloatArray | Sequence[float]
Scale: TypeAlias = Exact | Surd | FloatArray | Sequence[float]


Number: TypeAlias = fmpq | FloatArray


@dataclass(frozen=True, slots=True)
class Point:
    """One exact choice of the arguments: the scale is ``size * sqrt(radicand)``."""

    p_a: fmpq
    p_b: fmpq
    size: fmpq
    radicand: int
    abstains: bool


@dataclass(frozen=True, slots=True)
class Arguments:
    """The checked arguments of a radius; `p_b` is None in the binary case."""

    p_a: Number
    p_b: Number | None
    size: Number
    radicand: int

    @classmethod
    def parse(
        cls, p_a: Probability, p_b: Probability | None, scale_name: str, scale: Scale
    ) -> "Arguments":
        """Check all three and return them, or raise a ValueError of one line.

        Examples
        --------
        >>> Arguments.parse("0.75", None, "sigma", 2).points()[0][0]
        Point(p_a=3/4, p_b=1/4, size=2, radicand=1, abstains=False)
        """
        return cls(*parse_probabilities(p_a, p_b), *parse_scale(scale_name, scale))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that the arrays among the arguments broadcast to; () if there is none."""
        shapes = [x.shape for x in self._arrays()]
        try:
            return np.broadcast_shapes(*shapes)
        except ValueError:
            raise ValueError(
                f"p_a, p_b and the scale have shapes {', '.join(map(str, shapes))}: legal are "
                "shapes that broadcast"
            ) from None

    def points(self) -> tuple[list[Point], npt.NDArray[np.intp]]:
        """Return the distinct points, and for every element of `shape`, raveled, which it is."""
        first = inverse = np.zeros(math.prod(self.shape), dtype=np.intp)
        for array in self._arrays():
            values, codes = np.unique(self._column(array), return_inverse=True)
            _, first, inverse = np.unique(
                inverse * len(values) + codes, return_index=True, return_inverse=True
            )
        if not self._arrays():
            first = np.zeros(1, dtype=np.intp)
        binary = self.p_b is None
        p_a, size = self._exact(self.p_a, first), self._exact(self.size, first)
        p_b = [1 - a for a in p_a] if self.p_b is None else self._exact(self.p_b, first)
        points = [
            Point(a, b, c, self.radicand, binary and 2 * a < 1)
            for a, b, c in zip(p_a, p_b, size, strict=True)
        ]
        return points, inverse

    def floats(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return p_a, p_b and the scale in floats, exact numbers rounded to nearest."""
        p_a = _nearest(self.p_a)
        p_b = 1 - p_a if self.p_b is None else _nearest(self.p_b)
        return p_a, p_b, _nearest(self.size) * math.sqrt(self.radicand)

    def _arrays(self) -> list[FloatArray]:
        return [x for x in (self.p_a, self.p_b, self.size) if isinstance(x, np.ndarray)]

    def _column(self, array: FloatArray) -> FloatArray:
        return np.broadcast_to(array, self.shape).ravel()

    def _exact(self, number: Number, rows: npt.NDArray[np.intp]) -> list[fmpq]:
        if isinstance(number, fmpq):
            return [number] * len(rows)
        elements = self._column(number)[rows].tolist()
        return [fmpq(*element.as_integer_ratio()) for element in elements]


def _nearest(number: Number) -> FloatArray:
    if isinstance(number, np.ndarray):
        return number
    return np.asarray(round_nearest(lambda _: arb(number)))


def parse_probability(name: str, value: Probability) -> fmpq | FloatArray:
    """Return `value` as an exact rational in [0, 1], or as an array of floats in [0, 1].

    Examples
    --------
    >>> parse_probability("p_a", "0.1")
    1/10
    >>> parse_probability("p_a", 1.5)
    Traceback (most recent call last):
        ...
    ValueError: p_a = 1.5 is outside [0, 1]
    """
    if _is_array(value):
        array = _floats(name, value)
        outside = ~((array >= 0) & (array <= 1))  # NaN too
        if outside.any():
            raise ValueError(f"{name} = {array[outside][0]} is outside [0, 1]")
        return array
    try:
        number = to_fraction(_scalar(value))
    except ValueError:
        number = None
    if number is None or not 0 <= number <= 1:
        raise ValueError(f"{name} = {describe(value)} is outside [0, 1]")
    return to_fmpq(number)


def parse_probabilities(
    p_a: Probability, p_b: Probability | None
) -> tuple[fmpq | FloatArray, fmpq | FloatArray | None]:
    """Return both bounds, exact or as arrays, once p_b <= p_a is certain in every element.

    Examples
    --------
    >>> parse_probabilities("0.4", "0.45")
    Traceback (most recent call last):
        ...
    ValueError: p_b = 0.45 is outside [0, p_a], and p_a = 0.4
    """
    top = parse_probability("p_a", p_a)
    if p_b is None:
        return top, None
    other = parse_probability("p_b", p_b)
    if isinstance(top, np.ndarray) and isinstance(other, np.ndarray):
        above = other > top
        if above.any():
            at = np.unravel_index(above.argmax(), above.shape)
            p_a, p_b = (str(np.broadcast_to(x, above.shape)[at]) for x in (top, other))
            raise _disorder(p_a, p_b)
        return top, other
    # Beside an array an exact number is compared with the one element that decides.
    if isinstance(top, np.ndarray):
        p_a = float(top.min(initial=1))
    if isinstance(other, np.ndarray):
        p_b = float(other.max(initial=0))
    if to_fraction(_scalar(p_b)) > to_fraction(_scalar(p_a)):
        raise _disorder(p_a, p_b)
    return top, other


def _disorder(p_a: object, p_b: object) -> ValueError:
    return ValueError(f"p_b = {describe(p_b)} is outside [0, p_a], and p_a = {describe(p_a)}")


def parse_scale(name: str, value: Scale) -> tuple[fmpq | FloatArray, int]:
    """Return c and n of the scale ``c * sqrt(n)`` in (0, inf); c is exact or an array of floats.

    Examples
    --------
    >>> parse_scale("sigma", Surd(to_fraction("0.5"), 2))
    (1/2, 2)
    >>> parse_scale("sigma", 0)
    Traceback (most recent call last):
        ...
    ValueError: sigma = 0 is outside (0, inf)
    """
    if isinstance(value, Surd):
        if value.coefficient <= 0:
            raise ValueError(f"{name} = {float(value)} is outside (0, inf)")
        return to_fmpq(value.coefficient), value.radicand
    if not _is_array(value):
        return to_fmpq(to_positive(name, _scalar(value))), 1
    array = _floats(name, value)
    outside = ~((array > 0) & (array < np.inf))  # NaN too
    if outside.any():
        raise ValueError(f"{name} = {array[outside][0]} is outside (0, inf)")
    return array, 1


def _is_array(value: object) -> bool:
    return isinstance(value, list | tuple) or (isinstance(value, np.ndarray) and value.ndim > 0)


def _scalar(value: Any) -> Any:
    return value.item() if isinstance(value, np.ndarray) else value


def _floats(name: str, value: Any) -> FloatArray:
    try:
        array = np.asarray(value)
    except ValueError:  # of rows of different lengths
        raise ValueError(f"{name} = {describe(value)} is no array: its rows differ") from None
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} holds {array.dtype}: legal in an array are floats and integers")
    floats = array.astype(np.float64)
    # An integer from 2**53 on would be compared after being rounded, so it is refused outright.
    same = floats == array if array.dtype.kind == "f" else np.abs(floats) < 2.0**53
    if not (same | np.isnan(floats)).all():
        raise ValueError(f"{name} holds {array.dtype} numbers that float64 cannot store exactly")
    return floats
