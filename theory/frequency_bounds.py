r"""How small the tilted characteristic function is, over millions of frequencies at once.

With psi as in `theory.characteristic` and y = 2 pi n/period, a factor is at most

.. math:: e^{-a/2} \bigl[\cos \pi x + q \sin \pi x\bigr],\quad q = \frac{1}{2 y},

where x is the distance of n c, c = 2 a/period, to the nearest integer, in [0, 1/2]. As n varies by
eta, x varies by at most eta c (a distance is 1-Lipschitz); cos(pi x) falls with x, and Taylor's
series stopped after a positive term is above it:

.. math:: \cos \pi x \le 1 - \frac{\pi^2 x^2}{2} + \frac{\pi^4 x^4}{24},\quad
          q \sin \pi x \le \frac{\text{period}}{4 n} \min(x, 0.34).

No factor is above its value at 0 in absolute value, e^(-a/2) (1 + a/2) <= e^(-a^2/(8 + 4 a)), as
log(1 + x) <= (2 x + x^2)/(2 + 2 x). So a product over some coordinates, with these values for the
others, bounds psi on a whole cell of consecutive n: a few are enough for nearly every cell.

Only +, -, * and rint of binary64 are used, each correctly rounded (IEEE 754; NumPy contracts
nothing across calls): u = 2^-53 below. n and the ends of a cell are integers below 2^50, exact.
c is off by 3 u (of a, of the period, of the quotient), n c by 4 u; rint and the subtraction from
it are exact; so x is off by less than 2^-50 n c, which is added to eta c. The polynomial adds
at most ten roundings of numbers below 2, each below u, and the slope of 5 times that of x:
together below 2^-48; the term with q has a factor 1 + 2^-50 for its own four. A product of m
factors is off by 2 m u, relatively, and by underflow: 2^-1074 for each factor, times the product
of the later ones, which are at most 1 + (a/2) (1 + 1/32), together at most e^(0.52 S), S = sum a.
For S <= 1000 and m <= 2^21 that is below 2^-300; no more coordinates are chosen.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import arb
from numpy.typing import NDArray

from theory.characteristic import Magnitudes
from theory.exact import ceil_float

Floats = NDArray[np.float64]

#: pi^2/2 from below, pi^4/24 from above
_SECOND, _FOURTH = 4.9348022, 4.0587122
_LOST, _UNDERFLOW = 2.0**-48, 2.0**-300

#: the largest sum of magnitudes for which a product neither over- nor underflows
_LARGEST_SUM = 999.0

#: the number of coordinates tried first; the cells that stay above the level get more of them
_CHOICES = (32, 256, 2048)
#: coordinates, each as often as it occurs; beyond it some are left out
_MOST = 1 << 20
#: the smallest magnitudes, a choice of which is tried before, once their phases n c are so large
_SMALL, _SLOW, _SPREAD = 1 << 13, 112, 16.0
#: numbers in work at once: they stay in the cache
_CHUNK = 1 << 15
#: a cell: its half-width over its place, and the turns of a large coordinate within it
_RELATIVE_CELL, _TURNS = 96, 0.4
#: frequencies are integers that a float holds with its half and its products
MOST_FREQUENCIES = 1 << 50


@dataclass(frozen=True, eq=False)
class FrequencyBounds:
    """The sum of |psi| over blocks of consecutive n, from above.

    Parameters
    ----------
    first : array of float64, ascending
        The first n of each block.
    total : array of float64
        At least the sum of |psi(2 pi n/period)| over the block.
    end : int
        Nothing is known from this n on but |psi| <= ``most``.
    most : float
        At least psi(0).
    """

    first: Floats
    total: Floats
    end: int
    most: float = 1.0

    def weighted(self, period: Fraction, step: Fraction, order: int, power: int) -> float:
        r"""An upper bound of the sum of \|psi\| min(1, 2/(y w))^order y^-power, y = 2 pi n/period.

        Over the n of the blocks and all n from the end on, w = ``step``. The weight falls with y:
        a block gets that of its first n. The sum of n^-t from the end on, where \|psi\| <= most,
        is at most end^-t + end^(1 - t)/(t - 1), t = order + power. Positive terms from products,
        quotients and sums of floats: within 2^-30 of the exact ones.
        """
        places = np.append(self.first, float(self.end)) * (2 * math.pi / float(period))
        ratios = 2 / (places * float(step))
        ratios[:-1] = np.minimum(ratios[:-1], 1.0)
        with np.errstate(over="ignore", under="ignore"):
            weights = np.multiply.reduce([ratios] * order + [1 / places] * power, axis=0)
            sums = np.append(self.total, self.most * (1 + self.end / (order + power - 1)))
            return float(np.sum(weights * sums)) * (1 + 2.0**-29) + 2.0**-1000

    def joined(self, later: FrequencyBounds) -> FrequencyBounds:
        """These blocks and those that begin where they end."""
        if len(later.first) and later.first[0] < self.end:
            raise ValueError(f"a block begins at {later.first[0]}, legal is from {self.end} on")
        first = np.concatenate([self.first, later.first])
        total = np.concatenate([self.total, later.total])
        return FrequencyBounds(first, total, later.end, min(self.most, later.most))


@dataclass(frozen=True, eq=False)
class _Coordinates:
    """Some coordinates: their c, and the product of e^(-a/2) from above."""

    turns: Floats
    held: float

    @cached_property
    def large(self) -> float:
        """The c that a cell is sized for: few are larger."""
        return float(np.quantile(self.turns, 0.9))


def bound_frequencies(
    magnitudes: Magnitudes,
    period: Fraction,
    start: int,
    stop: int,
    *,
    gaps: Sequence[tuple[int, int]] = (),
    level: float = 1e-10,
    budget: int = 1 << 26,
) -> FrequencyBounds:
    """The sums of |psi| from n = ``start`` up to ``stop``, or until the work is done.

    Parameters
    ----------
    magnitudes : Magnitudes
        The a_i.
    period : Fraction
        A float's value above twice the sum of the a_i.
    start, stop : int
        The range of n, 1 <= start, stop <= 2^50.
    gaps : sequence of pairs, ascending
        Those n from the first to the second of each pair are left out: they are known better.
    level : float
        Where |psi| is below it, no more coordinates are looked at.
    budget : int
        Factors to evaluate, about.

    Examples
    --------
    >>> known = Magnitudes.of([Fraction(i, 100) for i in range(1, 40)])
    >>> found = bound_frequencies(known, Fraction(16), 80, 200)
    >>> found.end, bool(found.total.max() < 1e-4)
    (200, True)
    """
    if not 1 <= start <= stop <= MOST_FREQUENCIES:
        raise ValueError(f"frequencies {start}..{stop} are not ascending within [1, 2^50]")
    if float(period) != period:
        raise ValueError(f"period = {period} is not the value of a float")
    choices, most = _choices(magnitudes, period)
    small = np.sort(magnitudes.values)[:_SMALL] * (2 / float(period))
    first: list[float] = []
    total: list[float] = []
    place, work = start, 0
    ahead = [gap for gap in gaps if gap[1] >= start]
    while place < stop and work < budget:
        if ahead and place >= ahead[0][0]:
            place = max(place, ahead.pop(0)[1] + 1)
            continue
        after = min(stop, place + max(1, place // 32), ahead[0][0] if ahead else stop)
        narrow = max(1, min(place // _RELATIVE_CELL, int(_TURNS / choices[0].large)))
        slow = _slow(small, place, float(period))
        wide = 0 if slow is None else int(_TURNS / slow.large)
        found, done = 0.0, 0
        low, high = _grid(float(place), float(after - 1), max(narrow, wide))
        if slow is not None and wide >= 4 * narrow:
            bounds, done = _cells(low, high, [slow], float(period), most, level)
            closed = bounds <= level
            found = float(np.sum((bounds * (high - low + 1))[closed]))
            low, high = _split(low[~closed], high[~closed], wide, narrow)
        else:
            low, high = _grid(float(place), float(after - 1), narrow)
        bounds, more = _cells(low, high, choices, float(period), most, level)
        found += float(np.sum(bounds * (high - low + 1)))
        first.append(float(place))
        # positive terms, fewer than 2^21 in a row: their sum is within 2^-30
        total.append(found * (1 + 2.0**-29))
        place, work = after, work + done + more
    return FrequencyBounds(np.array(first), np.array(total), place, most)


def _grid(begin: float, last: float, width: int) -> tuple[Floats, Floats]:
    """Cells of consecutive integers: the first and the last one of each."""
    low = np.arange(begin, last + 1, width)
    return low, np.minimum(low + (width - 1), last)


def _split(low: Floats, high: Floats, wide: int, narrow: int) -> tuple[Floats, Floats]:
    """The same integers in narrower cells."""
    begin = (low[:, None] + np.arange(0.0, wide, narrow)).ravel()
    last = np.repeat(high, -(-wide // narrow))
    held = begin <= last
    return begin[held], np.minimum(begin[held] + (narrow - 1), last[held])


def _slow(small: Floats, place: int, period: float) -> _Coordinates | None:
    """The smallest coordinates whose phases have spread by now: their cells are wide."""
    number = _SLOW
    if len(small) < number:
        return None
    lowest, highest = small[: len(small) - number + 1], small[number - 1 :]
    spread = np.minimum(lowest, highest - lowest) * place >= _SPREAD
    begin = int(np.argmax(spread))
    together = number * small[begin + number - 1] * period / 2  # at least the sum of their a
    if not spread[begin] or together > _LARGEST_SUM:
        return None
    return _Coordinates(small[begin : begin + number], 1.0)


def _choices(magnitudes: Magnitudes, period: Fraction) -> tuple[list[_Coordinates], float]:
    """Ever more of the coordinates, in a fixed order without a pattern, and a bound of psi(0)."""
    copies = max(1, _MOST // len(magnitudes.values))
    sizes = np.repeat(magnitudes.values, np.minimum(magnitudes.counts, copies))
    sizes = sizes[np.random.default_rng(0x5EED).permutation(len(sizes))]
    turns, resting = 2 * sizes / float(period), sizes * sizes / (8 + 4 * sizes)
    last = max(1, int(np.searchsorted(np.cumsum(sizes), _LARGEST_SUM)))
    chosen = [size for size in _CHOICES if size < last] + [last]
    held = [_exponential(sizes[:size] / 2, resting[size:]) for size in chosen]
    pairs = zip(chosen, held, strict=True)
    return [_Coordinates(turns[:size], one) for size, one in pairs], _exponential(resting)


def _exponential(*decays: Floats) -> float:
    """e^-(the sum of these), from above; fewer than 2^21 terms, each within 2^-50."""
    total = sum(float(np.sum(one)) for one in decays) * (1 - 2.0**-29)
    return ceil_float((-arb(total)).exp())


def _cells(
    low: Floats,
    high: Floats,
    choices: list[_Coordinates],
    period: float,
    most: float,
    level: float,
) -> tuple[Floats, int]:
    """A bound for each cell, at most psi(0), and the number of factors that it took."""
    bounds, done = np.full_like(low, most), 0
    for coordinates in choices:
        open_cells = np.flatnonzero(bounds > level)
        size = len(coordinates.turns)
        for part in _parts(open_cells, max(1, _CHUNK // size)):
            found = _products(low[part], high[part], coordinates.turns, period)
            found = found * coordinates.held * (1 + 2.0**-29) + _UNDERFLOW
            bounds[part] = np.minimum(bounds[part], found)
        done += len(open_cells) * size
    return bounds, done


def _parts(places: NDArray[np.int64], length: int) -> Iterator[NDArray[np.int64]]:
    for begin in range(0, len(places), length):
        yield places[begin : begin + length]


def _products(low: Floats, high: Floats, turns: Floats, period: float) -> Floats:
    """The product of cos(pi x) + q sin(pi x) over the coordinates, from above, for each cell."""
    middle = (low + high) * 0.5
    reach = (high - low) * 0.5 * (1 + 2.0**-40) + high * 2.0**-49
    tilt = period / (4 * low) * (1 + 2.0**-50)
    slack = turns[:, None] * reach
    distance = turns[:, None] * middle
    distance -= np.rint(distance)
    np.abs(distance, out=distance)
    if np.max(tilt) < 2.0**-16:
        raised: Floats = 1 + _LOST + tilt * 0.34
    else:
        raised = tilt * np.minimum(distance + slack, 0.34) + (1 + _LOST)
    distance -= slack
    np.maximum(distance, 0.0, out=distance)
    np.multiply(distance, distance, out=distance)
    np.multiply(distance, _FOURTH, out=slack)
    slack -= _SECOND
    slack *= distance
    slack += raised
    with np.errstate(over="ignore", under="ignore"):
        product: Floats = np.multiply.reduce(slack, axis=0)
    return product


def rough_decay(magnitudes: Magnitudes, exponent: float) -> float:
    """A frequency y where psi is about e^-exponent, or inf: where to begin, not a bound."""
    values, counts = magnitudes.values, magnitudes.counts
    low, high = 0.0, math.inf
    place = 1 / float(values[-1])
    for _ in range(80):
        decay = float(np.sum(np.minimum(values * place, 1.0) ** 2 * counts)) / 2
        low, high = (low, place) if decay >= exponent else (place, high)
        if math.isinf(high) and place * float(values[0]) > 1:
            return math.inf
        place = 2 * place if math.isinf(high) else (low + high) / 2
    return high
