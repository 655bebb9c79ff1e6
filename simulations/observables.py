"""Events, bins and moments of the samples W of a run: what is counted, as data.

A sample is its integer W (`simulations.likelihood_ratio`), so an event is an interval of integers,
an atom is one integer, and nothing hangs on how a float was rounded.
"""

from __future__ import annotations

import operator
import reprlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import isqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations.likelihood_ratio import SamplingPlan, checked_plan, exact_number
from theory.parameters import describe, to_integer

COIN_FACES = 2**32

#: bins of the histogram that a run has by default, at most
BINS = 256


#: and more than these are too many for a checkpoint
MOST_BINS = 2**20

#: Python itself writes no number of more than 4300 digits
_LARGEST = 10**4000


def _whole(name: str, value: Any) -> int:
    return to_integer(name, value, -_LARGEST, _LARGEST, "the integers of 4000 digits")


@dataclass(frozen=True, slots=True)
class Coin:
    """A randomised atom: a sample with W = at counts where its coin word is below `words`.

    The coin word of a sample is word 0 of its stream with the tag of "coin", uniform on
    {0, ..., 2^32 - 1} and independent of W: the atom counts with probability words / 2^32.

    Raises
    ------
    ValueError
        Unless 0 <= words <= 2^32.
    """

    at: int
    words: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "at", _whole("at", self.at))
        words = to_integer("words", self.words, 0, COIN_FACES, "[0, 2^32]")
        object.__setattr__(self, "words", words)


@dataclass(frozen=True, slots=True)
class IntegerEvent:
    """{low <= W <= high}, and perhaps one more atom that a coin decides.

    Events of one run share the coin word of a sample: each of them has its exact probability, and
    of two events with a coin at one atom, the one with more words contains the other.

    Parameters
    ----------
    name : str
        Not empty; one line.
    low, high : int
        Of any size; the interval is empty where low > high.
    coin : Coin, optional
        Its atom lies outside [low, high].

    Raises
    ------
    ValueError
        For another name, or a coin inside the interval.

    Examples
    --------
    >>> IntegerEvent("low half", 0, 4, Coin(at=3, words=7))
    Traceback (most recent call last):
    ValueError: coin at W = 3 is inside [0, 4], legal is outside
    """

    name: str
    low: int
    high: int
    coin: Coin | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "low", _whole("low", self.low))
        object.__setattr__(self, "high", _whole("high", self.high))
        if not isinstance(self.name, str) or not self.name.isprintable() or not self.name:
            raise ValueError(f"event name = {describe(self.name)} is not one line of text")
        if self.coin is not None and self.low <= self.coin.at <= self.high:
            raise ValueError(
                f"coin at W = {self.coin.at} is inside [{self.low}, {self.high}], legal is outside"
            )


def ratio_above(
    name: str, plan: SamplingPlan, threshold: Fraction, *, closed: bool = False
) -> IntegerEvent:
    """{T/scale > threshold}, or with `closed` {T/scale >= threshold}, as an event on W.

    T/scale = u (L - 2W) exceeds t exactly where W < (L - t/u)/2, decided in rationals.

    >>> plan = SamplingPlan.of([1, -1], scale=1)
    >>> ratio_above("T > 0", plan, Fraction(0)).high == 2**25 - 1
    True
    >>> ratio_above("T >= 0", plan, Fraction(0), closed=True).high == 2**25
    True
    """
    place = exact_number("threshold", threshold)
    bound = (checked_plan(plan).total - place / plan.unit) / 2
    high = bound.numerator // bound.denominator
    if high == bound and not closed:
        high -= 1
    return IntegerEvent(name, 0, high)


@dataclass(frozen=True)
class Histogram:
    """Bins of W between ascending integer edges, with one bin below and one above them.

    Bin b holds the samples that reach exactly b of the edges e_0 < ... < e_m: bin 0 is W < e_0,
    bin b is e_(b-1) <= W < e_b, bin m + 1 is e_m <= W.

    Raises
    ------
    ValueError
        Unless 0 <= e_0 < ... < e_m < 2^63 and there is at least one edge.
    """

    edges: tuple[int, ...]

    def __post_init__(self) -> None:
        if not isinstance(self.edges, Iterable) or getattr(self.edges, "ndim", 1) == 0:
            raise ValueError(f"edges = {describe(self.edges)} is no sequence of integers")
        edges = tuple(_whole("edges", edge) for edge in self.edges)
        object.__setattr__(self, "edges", edges)
        if not edges or edges[0] < 0 or edges[-1] >= 2**63:
            raise ValueError(f"edges = {reprlib.repr(edges)}, legal are one or more in [0, 2^63)")
        for before, after in pairwise(edges):
            if not before < after:
                raise ValueError(f"edges {before}, {after} do not ascend")

    @classmethod
    def equal(cls, first: int, width: int, bins: int) -> Histogram:
        """Bins of one width: edges first, first + width, ..., first + bins width."""
        return cls(tuple(first + width * i for i in range(bins + 1)))

    @classmethod
    def of(cls, plan: SamplingPlan, bins: int = BINS) -> Histogram:
        """At most `bins` bins, as wide as a power of two, over mean +- 8 deviations of W.

        The deviation is bounded above, and the same on every machine (see `rough_moments`).

        >>> Histogram.of(SamplingPlan.of([1], scale=1), bins=4).edges == tuple(
        ...     i * 2**24 for i in range(4)
        ... )
        True
        """
        bins = to_integer("bins", bins, 2, MOST_BINS, "[2, 2^20]")
        mean, deviation = rough_moments(checked_plan(plan))
        low, high = max(0, mean - 8 * deviation), min(plan.total, mean + 8 * deviation)
        shift = 0
        while (high >> shift) - (low >> shift) + 1 > bins:
            shift += 1
        return cls.equal((low >> shift) << shift, 1 << shift, (high >> shift) - (low >> shift) + 1)

    @cached_property
    def shift(self) -> int | None:
        """log2 of the width where all bins have one width and it is a power of two."""
        widths = {after - before for before, after in pairwise(self.edges)}
        width = widths.pop() if len(widths) == 1 else 0
        return width.bit_length() - 1 if width and width & (width - 1) == 0 else None

    def counts(self, w: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many samples each bin holds, shape (edges + 1,)."""
        if self.shift is None:
            bins = np.searchsorted(np.array(self.edges, np.int64), w, side="right")
        else:
            bins = w - self.edges[0]
            bins >>= self.shift
            np.clip(bins, -1, len(self.edges) - 1, out=bins)
            bins += 1
        return np.bincount(bins, minlength=len(self.edges) + 1)


def rough_moments(plan: SamplingPlan) -> tuple[int, int]:
    """The mean of W and an upper bound of its standard deviation, in cells, roughly.

    E[D] = (1 - e^-a)/2 scales and Var(D) <= min(a^2, 3)/4: an interval of length a allows no more
    than a^2/4, and the variance 3/4 - (1/2 + a) e^-a - e^-2a/4 grows to 3/4.

    Only additions, multiplications and divisions of doubles, one by one: the same integers on
    every machine, as a run is known by what follows from them.

    >>> mean, deviation = rough_moments(SamplingPlan.of([1] * 100, scale=1))
    >>> round(mean / 2**25, 3), round(deviation / 2**25, 3)
    (31.606, 5.0)
    """
    a = np.array([min(float(one), 64.0) for one in plan.magnitudes])
    x = a / 1024.0
    # 1 - e^-x by a rational function, then 1 - e^-2x = p (2 - p), ten times
    p = x / (1.0 + x / 2.0 + x * x / 12.0)
    for _ in range(10):
        p = p * (2.0 - p)
    cells = float(plan.cells_per_scale_double)
    # a positive coordinate has at least one cell, whatever its share of the largest
    halves = np.maximum(p * cells, 1.0).tolist()
    variances = (np.minimum(a * a, 3.0) / 4.0 * cells * cells + 1.0).tolist()
    mean = sum(int(one * 2.0**20) * size for one, size in zip(halves, plan.sizes, strict=True))
    variance = sum(int(one) * size for one, size in zip(variances, plan.sizes, strict=True))
    return min(mean >> 21, plan.total), isqrt(variance) + 1


@dataclass(frozen=True)
class Observables:
    """What is counted of each sample: events, a histogram, and moments about a centre.

    Raises
    ------
    ValueError
        For two events of one name, or a centre outside [0, 2^63).
    """

    events: tuple[IntegerEvent, ...]
    histogram: Histogram
    centre: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "events", tuple(self.events))
        object.__setattr__(self, "centre", operator.index(self.centre))
        names = [event.name for event in self.events]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"event name = {name!r} is there {names.count(name)} times")
        if not 0 <= self.centre < 2**63:
            raise ValueError(f"centre = {self.centre} is outside [0, 2^63)")

    @classmethod
    def of(
        cls,
        plan: SamplingPlan,
        events: Sequence[IntegerEvent] = (),
        histogram: Histogram | None = None,
    ) -> Observables:
        """The events, the histogram or that of the plan, and a centre near the mean of W."""
        return cls(tuple(events), histogram or Histogram.of(plan), rough_moments(plan)[0])

    def to_json(self) -> dict[str, Any]:
        """As JSON: exact integers."""
        return {
            "centre": self.centre,
            "edges": list(self.histogram.edges),
            "events": [
                {
                    "name": event.name,
                    "low": event.low,
                    "high": event.high,
                    "coin": event.coin and [event.coin.at, event.coin.words],
                }
                for event in self.events
            ],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Observables:
        """The inverse of `to_json`."""
        events = tuple(
            IntegerEvent(one["name"], one["low"], one["high"], one["coin"] and Coin(*one["coin"]))
            for one in data["events"]
        )
        return cls(events, Histogram(tuple(data["edges"])), data["centre"])
