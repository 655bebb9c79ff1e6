"""Classifiers that are constant on slabs across one axis, as runnable objects on raw d-vectors."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

__all__ = ["CLASS_A", "CLASS_B", "FURTHER", "Slabs", "exact_text", "short_between", "short_text"]

Floats = NDArray[np.float64]
Cell = tuple[Fraction | None, Fraction | None]

CLASS_A, CLASS_B, FURTHER = 0, 1, 2

#: Labels end here: floats do not tell more slabs apart than that.
_LAST_LABEL = 2**53

#: A number of more digits is said in words; one of more bits is not even written out in JSON.
_MOST_DIGITS, _MOST_BITS = 60, 4_000
_ABOUT_DIGITS = 12

#: A number nearer to 1 or 1/2 than that is told by its distance.
_NEAR = Fraction(1, 10**6)

#: Exponents have no end here: Python writes no integer of more than 4300 digits.
_WIDE = Context(prec=_MOST_DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN)


@dataclass(frozen=True, slots=True)
class Slabs:
    """f(x) = labels[i] where edges[i-1] < sign * x[axis] <= edges[i]: 0 is cA, 1 is cB.

    Called with points of shape (n, d); returns integer labels of shape (n,).

    Parameters
    ----------
    axis : int
        The coordinate that is looked at.
    sign : {-1, 1}
        Its sign.
    edges : sequence of Fraction
        Strictly ascending, exact; they are rounded to floats where the classifier runs.
    labels : sequence of int
        One for each cell, one more than there are edges; >= 0. Several cells may share one.
    finer : int
        The cells with label 2 hold so many further classes 2, ..., 1 + finer, each of the same
        probability under the noise at x: they are cut at its quantiles, from left to right.
        Floats tell 2^53 of them apart; the last label stands for all beyond.
    survival : callable or None
        P(X > t) for sign * X[axis] in floats; needed where finer > 1.

    Raises
    ------
    ValueError
        For a field outside its set.

    Examples
    --------
    >>> Slabs(0, 1, (Fraction(0), Fraction(1)), (0, 2, 1))(np.array([[-1.0], [2.0], [0.5], [0.0]]))
    array([0, 1, 2, 0])
    """

    axis: int
    sign: int
    edges: tuple[Fraction, ...]
    labels: tuple[int, ...]
    finer: int = 1
    survival: Callable[[Floats], Floats] | None = None

    def __post_init__(self) -> None:
        if self.axis < 0:
            raise ValueError(f"axis = {self.axis} is outside [0, inf)")
        if self.sign not in {-1, 1}:
            raise ValueError(f"sign = {self.sign} is neither -1 nor 1")
        if any(low >= high for low, high in zip(self.edges, self.edges[1:], strict=False)):
            raise ValueError(f"edges = {[float(edge) for edge in self.edges]} do not ascend")
        if len(self.labels) != len(self.edges) + 1 or min(self.labels) < 0:
            raise ValueError(
                f"labels = {self.labels} are not {len(self.edges) + 1} integers in [0, inf)"
            )
        if self.finer < 1 or (self.finer > 1 and (self.survival is None or self._last != FURTHER)):
            raise ValueError(
                f"finer = {self.finer} needs 1, or a survival function and labels up to {FURTHER}"
            )

    @property
    def _last(self) -> int:
        return max(self.labels)

    @property
    def num_classes(self) -> int:
        """The number of labels that may occur."""
        return self._last + self.finer

    def cells(self, label: int) -> list[Cell]:
        """The intervals (low, high] of sign * x[axis] with this label; None is an infinite end.

        >>> Slabs(0, 1, (Fraction(3),), (0, 1)).cells(1)
        [(Fraction(3, 1), None)]
        """
        ends: list[Fraction | None] = [None, *self.edges, None]
        return [(ends[i], ends[i + 1]) for i, own in enumerate(self.labels) if own == label]

    def __call__(self, points: Floats) -> NDArray[np.int64]:
        """The label of each row."""
        along = self.sign * points[:, self.axis]
        edges = np.array([float(edge) for edge in self.edges])
        found = np.array(self.labels, np.int64)[np.searchsorted(edges, along, side="left")]
        if self.finer > 1:
            inside = found == FURTHER
            found[inside] += self._rank(along[inside])
        return found

    def _rank(self, along: Floats) -> NDArray[np.int64]:
        """Which of the equally probable further classes each point of their cells is in."""
        assert self.survival is not None  # __post_init__
        below, total = np.zeros(along.shape), 0.0
        for low, high in self.cells(FURTHER):
            start, stop = (
                float(self.survival(np.float64(end)))  # type: ignore[arg-type]
                for end in (-np.inf if low is None else low, np.inf if high is None else high)
            )
            # the share of this cell that lies at or below the point
            below += np.clip(start - self.survival(along), 0.0, start - stop)
            total += start - stop
        classes = float(min(self.finer, 1 << 1000))  # those beyond _LAST_LABEL are not told apart
        rank = np.floor(below / total * classes) if total else np.zeros(along.shape)
        return np.clip(rank, 0.0, float(min(self.finer - 1, _LAST_LABEL))).astype(np.int64)

    def in_words(self) -> str:
        """The classifier as a sentence.

        >>> Slabs(0, -1, (Fraction(1, 4),), (0, 1)).in_words()
        'with t = -x[0]: cA for t <= 0.25; cB for 0.25 < t'
        """
        parts = []
        ends = [None, *self.edges, None]
        for i, label in enumerate(self.labels):
            low, high = ends[i], ends[i + 1]
            where = "".join(
                (
                    "" if low is None else f"{short_text(low)} < ",
                    "t",
                    "" if high is None else f" <= {short_text(high)}",
                )
            )
            parts.append(f"{self._name(label)} for {where}")
        sign = "-" if self.sign < 0 else ""
        return f"with t = {sign}x[{self.axis}]: " + "; ".join(parts)

    def _name(self, label: int) -> str:
        if label < FURTHER:
            return ("cA", "cB")[label]
        if self.finer > 1:
            tens = math.floor((self.finer.bit_length() - 1) * math.log10(2.0))
            number = str(self.finer) if tens < _MOST_DIGITS // 3 else f"over 10^{tens}"
            return f"{number} further classes of equal probability at x, side by side"
        return f"class {label}"


def short_between(low: Fraction, high: Fraction) -> Fraction:
    """A decimal of fewest places strictly between two rationals, and as near the middle as it can.

    Raises ValueError unless low < high.

    >>> short_between(Fraction(1, 3), Fraction(1, 2))
    Fraction(2, 5)
    """
    if low >= high:
        raise ValueError(f"low = {float(low)} is outside (-inf, {float(high)})")
    middle = (low + high) / 2
    # start where the step is just above the width: one decimal more may be needed
    width = high - low
    bits = width.numerator.bit_length() - width.denominator.bit_length()
    places = -math.floor(bits * math.log10(2.0)) - 1
    while Fraction(10) ** -places > 2 * width:
        places += 1
    while True:
        step = Fraction(10) ** -places
        found = round(middle / step) * step
        if low < found < high:
            return found
        places += 1


def exact_text(number: Fraction) -> str:
    """The number as an exact decimal where it has a short one, else as a ratio.

    One of more than 4000 bits is said as `short_text` says it.

    >>> exact_text(Fraction(5, 4)), exact_text(Fraction(1, 3)), exact_text(Fraction(1, 10**300))
    ('1.25', '1/3', '1e-300')
    """
    top, bottom = number.numerator, number.denominator
    if max(top.bit_length(), bottom.bit_length()) > _MOST_BITS:
        return _short(number)
    places = 0
    while bottom % 10 == 0:
        bottom, places = bottom // 10, places + 1
    for prime, other in ((2, 5), (5, 2)):
        while bottom % prime == 0:
            top, bottom, places = top * other, bottom // prime, places + 1
    if bottom != 1:
        return f"{number.numerator}/{number.denominator}"
    digits = str(abs(top))
    sign = "-" if top < 0 else ""
    if places == 0:
        return sign + digits
    if places > _MOST_DIGITS and len(digits) <= _MOST_DIGITS:
        return f"{sign}{digits}e-{places}"
    padded = digits.rjust(places + 1, "0")
    return f"{sign}{padded[:-places]}.{padded[-places:]}"


def short_text(number: Fraction, *, longest: int = _MOST_DIGITS) -> str:
    """The number in one line: exactly, or by its distance from 1/2 or 1, or to twelve digits.

    It is written out exactly in at most ``longest`` characters, if it can be.

    >>> short_text(Fraction(1, 3)), short_text(1 - Fraction(1, 10**90))
    ('1/3', '1 - 1e-90')
    >>> short_text(Fraction(32, 10**5001)), short_text(Fraction(2**900, 3**900))
    ('3.2e-5000', 'about 3.29508672802e-159')
    """
    if max(number.numerator.bit_length(), number.denominator.bit_length()) <= _MOST_BITS:
        text = exact_text(number)
        if len(text) <= longest:
            return text
    return _short(number)


def _short(number: Fraction) -> str:
    """A number that is too long to be written out."""
    start, rest = "", number
    for anchor, name in ((Fraction(1), "1"), (Fraction(1, 2), "0.5")):
        if abs(number - anchor) < _NEAR:
            start, rest = f"{name} {'-' if number < anchor else '+'} ", abs(number - anchor)
    decimal, exact = _leading_digits(rest, _MOST_DIGITS // 2)
    if not exact:
        start, decimal = start + "about ", _leading_digits(rest, _ABOUT_DIGITS)[0]
    return start + str(decimal).lower()


def _leading_digits(number: Fraction, digits: int) -> tuple[Decimal, bool]:
    """The number to so many digits, and whether it is that; no power of ten is built twice."""
    top, bottom = abs(number.numerator), number.denominator
    bits = top.bit_length() - bottom.bit_length()
    places = digits + 1 - math.floor(bits * math.log10(2.0))
    ten = 10 ** abs(places)
    whole, rest = divmod(top * ten, bottom) if places >= 0 else divmod(top, bottom * ten)
    rounded = Context(prec=digits).create_decimal(whole)
    exact = rest == 0 and rounded == whole
    found = _WIDE.scaleb(rounded if number > 0 else -rounded, -places)
    return _WIDE.normalize(found), exact


def ascending(edges: Sequence[Fraction], labels: Sequence[int]) -> tuple[list[Fraction], list[int]]:
    """The same cells with those merged that are neighbours and share a label.

    >>> ascending([Fraction(1), Fraction(2)], [0, 0, 1])
    ([Fraction(2, 1)], [0, 1])
    """
    kept = [i for i in range(len(edges)) if labels[i] != labels[i + 1]]
    return [edges[i] for i in kept], [labels[i] for i in kept] + [labels[-1]]
