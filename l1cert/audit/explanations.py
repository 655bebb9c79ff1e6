"""What n or alpha other than the stated ones would make a log's certificates possible.

Each certified row says that its probability bound lies in an interval. The bounds that n samples
can give at alpha are a lattice (`theory.count_lattice`), whose highest point alpha^(1/n) is the
ceiling. A row belongs to a count k, or to j = n - k misses, at the alphas (or the n) of one
interval for each count. A sweep over the ends of these finds what puts most rows on the lattice.

A finer lattice fits anything: some n far above the stated one explains every row. Where as many are
explained, what puts the highest rows at the ceiling comes first, then the coarsest lattice.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal, TypeAlias

import numpy as np

from l1cert.audit.log import Floats, Ints
from l1cert.audit.parameters import Parameters
from theory.binomial_tails import EXTREME, MAX_SAMPLES
from theory.count_lattice import (
    counts_between,
    fitting_alphas,
    fitting_samples,
    on_lattice,
)

What: TypeAlias = Literal["alpha", "n"]

#: pairs of a row and a count that are swept, those rows first that have the fewest counts
_PAIRS = 20_000
#: rows beyond those by which the best of the sweep are compared; how many are, or more of few rows
_COMPARED, _BEST, _MOST_BEST = 256, 16, 400
#: stretches of one row's lattice that are strung together at most
_LINKS = 12
#: how far from the stated n is looked, as a factor, if the excess asks for no more
_REACH = 16
#: one-sided levels among which an alpha is looked for, if the excess asks for no more
_LEVELS = (1e-9, 0.5)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Distinct intervals of bounds, and how many rows have each."""

    lower: Floats
    upper: Floats
    weight: Ints

    def __getitem__(self, which: Any) -> _Rows:
        return _Rows(self.lower[which], self.upper[which], self.weight[which])

    @property
    def top(self) -> tuple[float, float]:
        """The interval of the highest row that any n could give: the ceiling is below 1."""
        inside = self.lower < 1
        if not inside.any():
            return 1.0, 1.0
        at = np.lexsort((self.upper, np.where(inside, self.lower, -1.0)))[-1]
        return float(self.lower[at]), float(self.upper[at])


@dataclass(frozen=True, slots=True)
class _Axis:
    """One parameter that varies, alpha or n, while the other is the stated one."""

    what: What
    num_samples: int
    alpha: float
    sides: int

    @property
    def stated(self) -> float:
        return self.alpha if self.what == "alpha" else self.num_samples

    def at(self, value: Any) -> tuple[Any, Any]:
        """The number of samples and the one-sided level."""
        if self.what == "alpha":
            return self.num_samples, value / self.sides
        return np.asarray(value).astype(np.int64), self.alpha / self.sides

    def above(self, value: Any) -> Any:
        """The next value to be tried: one more sample, or a hair more alpha."""
        return value + 1 if self.what == "n" else value * (1 + 2.0**-28)

    def below(self, value: Any) -> Any:
        return value - 1 if self.what == "n" else value * (1 - 2.0**-28)

    def fits(self, rows: _Rows, value: Any) -> Any:
        n, level = self.at(value)
        return on_lattice(rows.lower, rows.upper, n, alpha=level)

    def indices(self, rows: _Rows, value: Any) -> tuple[Ints, Ints]:
        """What the rows may have there, k (misses for n): of the lowest stretch, of the highest."""
        n, level = self.at(value)
        least, most = counts_between(rows.lower, rows.upper, n, alpha=level)
        return (most, least) if self.what == "alpha" else (n - most, n - least)

    def reaches(self, rows: _Rows, index: Ints, end: Any) -> Any:
        """Whether the end lies in the stretch of that count, or number of misses, of each row."""
        n, level = self.at(end)
        counts = index if self.what == "alpha" else np.clip(n - index, 0, n + 1)
        least, most = fitting_alphas(counts, rows.lower, rows.upper, n)
        return (least <= level) & (level <= most)

    def stretch(self, rows: _Rows, index: Ints) -> tuple[Floats, Floats]:
        """Where each row has that count, or for n that many misses."""
        if self.what == "alpha":
            least, most = fitting_alphas(index, rows.lower, rows.upper, self.num_samples)
            return least * self.sides, most * self.sides
        level = self.alpha / self.sides
        first, last = fitting_samples(index, rows.lower, rows.upper, alpha=level)
        return first.astype(np.float64), last.astype(np.float64)

    def window(self, rows: _Rows) -> tuple[float, float]:
        """Where the ceiling lies in the interval of the highest row; empty if nowhere."""
        low, high = rows.top
        if low >= 1 or high <= 0:  # every ceiling lies between
            return 1.0, 0.0
        if self.what == "alpha":
            return (
                max(low**self.num_samples, EXTREME) * self.sides,
                min(high**self.num_samples * self.sides, 1 - 2.0**-20),
            )
        log = math.log(self.alpha / self.sides)
        least = min(max(1, math.ceil(log / math.log(low))), MAX_SAMPLES + 1) if low > 0 else 1
        most = math.floor(min(log / math.log(high), MAX_SAMPLES)) if high < 1 else MAX_SAMPLES
        return least, most

    def range(self, rows: _Rows) -> tuple[float, float]:
        """Where the parameter is looked for."""
        low, _ = self.window(rows)
        if self.what == "alpha":
            least, most = (level * self.sides for level in _LEVELS)
            return min(least, self.alpha / 2), min(max(most, 2 * low), 1 - 2.0**-20)
        most = max(_REACH * self.num_samples, 2 * low)
        return max(1, self.num_samples // _REACH), min(most, MAX_SAMPLES)


def explain(lower: Floats, upper: Floats, parameters: Parameters) -> tuple[dict[str, Any], ...]:
    """The n, or the alpha, that would make the certificates of these rows possible.

    Looked for at either reading of alpha, one-sided (P(bound > truth) <= alpha) and two-sided
    (alpha/2): the least n and the nearest alpha whose ceiling reaches the highest row, and those
    that put most rows on the lattice, with the highest row at the ceiling or wherever. In an
    interval that does equally well, the stated number is given, else the one of fewest digits.

    Parameters
    ----------
    lower, upper
        The ends of the interval in which each certified row's bound lies, shape (rows,),
        0 <= lower <= upper <= 1.
    parameters
        What the log states.

    Returns
    -------
    tuple of dict
        Best first: by rows on the lattice, then by whether a row is at the ceiling, then the
        smallest n (the coarsest lattice), then by the number's digits (none for the stated number,
        which leaves the two-sided reading of it), then by the logarithm of its ratio to it. Each
        holds "what" ("alpha" or "n"), "n", "alpha", "one_sided", "rows_explained" of "rows",
        "rows_at_ceiling", and "interval", numbers around it all of which fit every row that it
        fits. The counts are exact up to the outward margins of `theory.count_lattice`; the search
        is over the rows of fewest counts, which tell most: a better number may exist where rows
        have thousands. Empty without rows, for alpha below 4e-250, and for one whose float is 1.

    Raises
    ------
    ValueError
        For an interval outside its set.

    Examples
    --------
    >>> run = Parameters.parse("gaussian", sigma="0.5", num_samples=1000, alpha="0.001")
    >>> best, *_ = explain(np.array([0.99539, 0.99337]), np.array([0.99541, 0.99339]), run)
    >>> best["what"], best["alpha"], best["one_sided"], best["rows_explained"]
    ('alpha', 0.01, True, 2)
    """
    pairs = np.stack([np.asarray(lower, np.float64), np.asarray(upper, np.float64)])
    if pairs.ndim != 2:
        raise ValueError(f"lower has shape {pairs.shape[1:]}, legal is (rows,)")
    if pairs.size == 0:
        return ()
    distinct, weight = np.unique(pairs, axis=1, return_counts=True)
    rows = _Rows(distinct[0], distinct[1], weight)
    n, alpha = parameters.num_samples, float(parameters.alpha)
    if not 4 * EXTREME <= alpha < 1:
        return ()
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for what in ("alpha", "n"):
        for sides in (1, 2):
            axis = _Axis(what, n, alpha, sides)
            for value in _candidates(axis, rows):
                stated = value == axis.stated  # of either axis: the two-sided reading alone
                key = ("stated" if stated else what, sides, value if not stated else 0)
                if key not in found and not (stated and sides == 1):
                    found[key] = _described(axis, rows, value)
    return tuple(sorted(found.values(), key=lambda one: _rank(one, n, alpha)))


def _rank(one: dict[str, Any], n: int, alpha: float) -> tuple[float, ...]:
    pair = (one["n"], n) if one["what"] == "n" else (one["alpha"], alpha)
    # of lattices that fit as much, the coarsest says most
    digits, ratio = _distance(*pair)
    at_none, two_sided = one["rows_at_ceiling"] == 0, not one["one_sided"]
    return -one["rows_explained"], at_none, one["n"], digits, two_sided, ratio


def _distance(number: float, stated: float) -> tuple[float, float]:
    """The digits of a number, none if it is the stated one, and the logarithm of their ratio."""
    digits = len(Decimal(repr(number)).normalize().as_tuple().digits)
    return (0 if number == stated else digits), abs(math.log(number / stated))


def _described(axis: _Axis, rows: _Rows, value: float) -> dict[str, Any]:
    n, level = axis.at(value)
    lowest, highest = axis.indices(rows, value)
    # alpha: the greatest and the least count; n: the fewest and the most misses
    fits = lowest >= highest if axis.what == "alpha" else lowest <= highest
    at_ceiling = fits & (lowest == (n if axis.what == "alpha" else 0))
    ends = _interval(axis, rows[fits], (lowest[fits], highest[fits]), value, axis.range(rows))
    number = int if axis.what == "n" else float
    return {
        "what": axis.what,
        "n": int(n),
        "alpha": float(level * axis.sides),
        "interval": [number(end) for end in ends],
        "one_sided": axis.sides == 1,
        "rows_explained": int(rows.weight[fits].sum()),
        "rows": int(rows.weight.sum()),
        "rows_at_ceiling": int(rows.weight[at_ceiling].sum()),
    }


def _candidates(axis: _Axis, rows: _Rows) -> Iterator[float]:
    """The nearest that reaches the highest row, the best at the ceiling, and the best of all."""
    low, high = axis.window(rows)
    if axis.stated <= low <= high:
        yield low if axis.what == "n" else _roundest(low, min(high, 1.001 * low), axis.stated)
    first, last = axis.range(rows)
    parts = [(first, last)]
    if axis.what == "n" and first < axis.stated < last:
        parts.append((first, axis.stated))  # a row has fewer stretches there: more are swept
    for part in parts:
        swept, left = _swept(axis, rows, part)
        places, covered = _coverage(axis, rows, swept)
        some = rows[left[:: max(1, len(left) // _COMPARED)]]
        number = min(_MOST_BEST, _BEST * max(1, _COMPARED // max(1, some.lower.size)))
        for within in ((max(low, part[0]), min(high, part[1])), part):
            stretches = _best_stretches(axis, places, covered, within, number)
            values = [(weight, _roundest(*ends, axis.stated)) for weight, ends in stretches]
            if values:
                scores = [weight + _weight(axis, some, value) for weight, value in values]
                pairs = zip(values, scores, strict=True)
                best = [value for (_, value), score in pairs if score == max(scores)]
                yield min(best, key=lambda one: _distance(one, axis.stated))


def _weight(axis: _Axis, rows: _Rows, value: float) -> int:
    return int(rows.weight[axis.fits(rows, value)].sum())


def _swept(axis: _Axis, rows: _Rows, part: tuple[float, float]) -> tuple[tuple[Ints, Ints], Ints]:
    """Pairs of a row and an index, stretches ascending, of the rows that have fewest; the rest."""
    low, high = part
    first, last = axis.indices(rows, low)[0], axis.indices(rows, high)[1]
    step = -1 if axis.what == "alpha" else 1
    sizes = np.maximum(step * (last - first) + 1, 0)
    ranking = np.argsort(sizes, kind="stable")
    number = int(np.searchsorted(np.cumsum(sizes[ranking]), _PAIRS, side="right"))
    chosen = ranking[:number]
    row = np.repeat(chosen, sizes[chosen])
    begun = np.repeat(np.cumsum(sizes[chosen]) - sizes[chosen], sizes[chosen])
    return (row, first[row] + step * (np.arange(row.size) - begun)), ranking[number:]


def _coverage(axis: _Axis, rows: _Rows, swept: tuple[Ints, Ints]) -> tuple[Floats, Ints]:
    """Places in order, and how many of the rows fit from each to just before the next."""
    row, index = swept
    starts, ends = axis.stretch(rows[row], index)
    stops = ends + 1 if axis.what == "n" else np.nextafter(ends, 2.0)
    some = starts < stops
    row, starts, stops = row[some], starts[some], stops[some]
    # both ends grow along a row: stretches that meet are one
    fresh = np.ones(row.size, np.bool_)
    fresh[1:] = (row[1:] != row[:-1]) | (starts[1:] > stops[:-1])
    final = np.append(fresh[1:], True) if row.size else fresh
    weight = rows.weight[row[fresh]]
    places, at = np.unique(np.concatenate([starts[fresh], stops[final]]), return_inverse=True)
    changes = np.bincount(at, np.concatenate([weight, -weight]), places.size)
    return places, np.cumsum(changes).astype(np.int64)


def _best_stretches(
    axis: _Axis, places: Floats, covered: Ints, within: tuple[float, float], number: int
) -> list[tuple[int, tuple[float, float]]]:
    """Where most of the swept rows fit, most first, then the nearest to the stated number."""
    starts = np.maximum(places[:-1], within[0])
    ends = places[1:] - 1 if axis.what == "n" else np.nextafter(places[1:], 0.0)
    ends = np.minimum(ends, within[1])
    kept = np.flatnonzero(starts <= ends)
    starts, ends, weights = starts[kept], ends[kept], covered[kept]
    near = np.abs(np.log(np.clip(axis.stated, starts, ends) / axis.stated))
    chosen = np.lexsort((near, -weights))[:number]
    return [(int(weights[i]), (float(starts[i]), float(ends[i]))) for i in chosen]


def _interval(
    axis: _Axis, rows: _Rows, indices: tuple[Ints, Ints], value: float, around: tuple[float, float]
) -> list[float]:
    """Numbers from the one to the other that fit all of these rows, as they fit the value."""
    ends = []
    # rows ascend, and the highest bind most: for the others one look at the end may do
    high = slice(max(rows.lower.size - _COMPARED, 0), None)
    for up in (False, True):
        limit = max(value, around[1]) if up else min(value, around[0])
        limit = _limit(axis, rows[high], value, limit, up)
        short = np.flatnonzero(~axis.reaches(rows, indices[up], limit))
        ends.append(_limit(axis, rows[short], value, limit, up))
    return ends


def _limit(axis: _Axis, rows: _Rows, value: float, limit: float, up: bool) -> float:
    """How far from the value, and at most to the limit, all of these rows fit."""
    going, at = rows, np.full(rows.lower.size, value)
    links = _LINKS if rows.lower.size <= _COMPARED else 1
    nearest = min if up else max
    for link in range(links):
        reach = axis.stretch(going, axis.indices(going, at)[up])[up]
        at = axis.above(reach) if up else axis.below(reach)
        short = reach < limit if up else reach > limit
        going, reach, at = going[short], reach[short], at[short]
        on = axis.fits(going, at) if link < links - 1 else np.zeros(at.size, np.bool_)
        limit = nearest([limit, *reach[~on].tolist()])
        on &= reach < limit if up else reach > limit
        going, at = going[on], at[on]
        if not at.size:
            break
    return limit


def _roundest(low: float, high: float, stated: float) -> float:
    """Of the numbers in [low, high]: the stated one, or that of fewest digits, 1 before 5 and 2."""
    if low <= stated <= high:
        return stated
    if low == high:
        return low
    for digits in range(1, 18):
        found = []
        for exponent in range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1):
            unit = Fraction(10) ** (exponent - digits + 1)
            first = max(10 ** (digits - 1), math.ceil(Fraction(low) / unit))
            last = min(10**digits - 1, math.floor(Fraction(high) / unit))
            if first <= last:
                nearest = min(max(round(Fraction(stated) / unit), first), last)
                leading = [m for m in (1, 5, 2) if digits == 1 and first <= m <= last]
                found += [(m, float(m * unit)) for m in {*leading, nearest}]
        if found:
            roundness = {1: 0, 5: 1, 2: 1}
            return min(
                found, key=lambda one: (roundness.get(one[0], 2), abs(math.log(one[1] / stated)))
            )[1]
    return low
