"""The worst sets along an axis for noise that need not be log-concave: level sets of a ratio.

Let f be even and non-increasing on x >= 0, X of density f, Y = X + r. The most mass under Y of a
set of mass q under X is that of Neyman and Pearson,

    h_r(q) = max {P(Y in S) : P(X in S) <= q},    S = {x : L(x) > s},

with L(x) = log f(x - r) - log f(x) and s such that P(X in S) = q; where L is constant on a set of
positive mass, a part of that set is taken. L is odd about r/2 and not negative on x > r/2. Only
that half is searched: the sets of s < 0 are complements of reflected ones, which turns a point
(a, b) = (P(X in S), P(Y in S)) of the curve h_r into the point (1 - b, 1 - a).

Every value is a chord of two sets that were really found, hence a lower bound up to the rounding
of their masses, and the tangents at both sets are upper bounds: the search for s ends when the
two are 1e-13 apart. The sets are found as sign changes of L - s on knots that leave little mass
between neighbours; of a set that hides between two knots the mass bounds what it can add.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from theory.conjectures.axis_law import AxisLaw, Floats, WorstSets, complement, half_lines

__all__ = ["level_sets", "most_mass", "rough_mass"]

_GAP = 1e-13
_EPSILON = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class _Level:
    """A set {L > s} on x > r/2, by its ends in v = x - r, and its masses under X and Y."""

    s: float
    low: Floats
    high: Floats
    masses: tuple[float, float]


def _intervals(level: _Level) -> list[tuple[float, float]]:
    return list(zip(level.low.tolist(), level.high.tolist(), strict=True))


def _ends(intervals: list[tuple[float, float]]) -> tuple[Floats, Floats]:
    pairs = np.array(intervals, dtype=np.float64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


def _reflected(intervals: list[tuple[float, float]], r: float) -> list[tuple[float, float]]:
    """The complement of the mirror image about x = r/2, v = -r/2."""
    return complement([(-r - b, -r - a) for a, b in reversed(intervals)])


@dataclass(frozen=True, eq=False)
class _Shift:
    """A law and its copy moved by r; v = x - r, so that no digit of it is lost."""

    law: AxisLaw
    r: float

    def ratio(self, v: Floats) -> Floats:
        """L(r + v); inf where only the moved density is positive."""
        with np.errstate(all="ignore"):
            moved, still = self.law.log_pdf(np.abs(v)), self.law.log_pdf(self.r + v)
            return np.where(np.isneginf(still), np.inf, moved - still)

    @cached_property
    def knots(self) -> Floats:
        """Ascending v from the middle, -r/2 (or the end of the support), outwards."""
        base, end = self.law.knots, self.law.reach
        low = max(-0.5 * self.r, -end)
        inner = np.linspace(low, 0.0, 65)
        every = np.concatenate([-base, base, base - self.r, low - low * (base / base[-1]), inner])
        knots = np.unique(np.clip(every, low, end))
        return np.unique(np.concatenate([knots, self._peaks(knots)]))

    def _peaks(self, knots: Floats) -> Floats:
        """The local maxima of L, about which the smallest sets lie, on ever finer grids."""
        level = self.ratio(knots)
        place = 1 + np.flatnonzero((level[1:-1] >= level[:-2]) & (level[1:-1] > level[2:]))
        left, right = knots[place - 1], knots[place + 1]
        found = knots[place]
        for _ in range(6 if place.size else 0):
            grid = np.linspace(left, right, 33, axis=1)
            best = np.clip(np.argmax(self.ratio(grid), axis=1), 1, 31)
            rows = np.arange(place.size)
            left, found, right = grid[rows, best - 1], grid[rows, best], grid[rows, best + 1]
        return found

    @cached_property
    def ratios(self) -> Floats:
        return self.ratio(self.knots)

    @cached_property
    def cells(self) -> tuple[Floats, Floats, Floats]:
        """Of the cells between knots, by falling L: the sums of their masses, and L itself."""
        low, high = self.knots[:-1], np.append(self.knots[1:-1], np.inf)
        level = 0.5 * self.ratios[:-1] + 0.5 * self.ratios[1:]
        order = np.argsort(-level, kind="stable")
        still = np.cumsum(self.law.mass(low, high, self.r)[order])
        return still, np.cumsum(self.law.mass(low, high)[order]), level[order]

    @cached_property
    def plateaus(self) -> list[tuple[float, float]]:
        """Ranges of s, as (low, high), between which L is constant up to rounding on a stretch."""
        with np.errstate(all="ignore"):
            size = np.abs(self.law.log_pdf(np.abs(self.knots)))
            noise = 16.0 * _EPSILON * (1.0 + size + np.abs(self.ratios))
            flat = np.isfinite(self.ratios[1:]) & (np.abs(np.diff(self.ratios)) <= noise[1:])
        ends = np.flatnonzero(np.diff(np.concatenate([[0], flat.astype(np.int8), [0]])))
        found: list[tuple[float, float]] = []
        for start, stop in sorted(ends.reshape(-1, 2).tolist(), key=lambda e: self.ratios[e[0]]):
            if stop - start < 2:
                continue
            level, width = self.ratios[start : stop + 1], float(noise[start : stop + 1].max())
            low, high = float(level.min()) - width, float(level.max()) + width
            if found and low <= found[-1][1]:
                low, high = found[-1][0], max(high, found[-1][1])
                found.pop()
            found.append((low, high))
        return found

    def level(self, s: float) -> _Level:
        """The set {L > s}, s >= 0."""
        above = self.ratios > s
        change = np.flatnonzero(above[1:] != above[:-1])
        edges = self._crossings(s, self.knots[change], self.knots[change + 1], above[change])
        if above[0]:
            edges = np.append(self.knots[0], edges)
        if above[-1]:
            edges = np.append(edges, np.inf)
        return self._with_masses(s, edges[0::2], edges[1::2])

    def _with_masses(self, s: float, low: Floats, high: Floats) -> _Level:
        still = float(self.law.mass(low, high, self.r).sum()) if s < np.inf else 0.0
        return _Level(s, low, high, (still, float(self.law.mass(low, high).sum())))

    def _crossings(self, s: float, a: Floats, b: Floats, falls: np.ndarray) -> Floats:
        """Where L - s changes its sign in (a, b): false position, halved where that is slow."""
        fa, fb = self.ratio(a) - s, self.ratio(b) - s
        size = np.maximum(np.abs(fa), np.abs(fb))
        enough = 1e-9 * np.where(np.isfinite(size), size, s) + 1e-15 * s
        side = np.zeros(a.size, dtype=np.int8)
        for step in range(100):
            width = 2.0 * _EPSILON * np.maximum(np.abs(a), np.abs(b)) + 1e-300
            if (b - a <= width).all():
                break
            with np.errstate(all="ignore"):
                point = b - fb * ((b - a) / (fb - fa))
            middle = 0.5 * (a + b)
            use = np.isfinite(point) & (point > a) & (point < b) & (step % 8 != 7)
            point = np.where(use, point, middle)
            value = self.ratio(point) - s
            left = (value > 0.0) == falls
            # Illinois: an end that stays for the second time counts half
            fb = np.where(left, np.where(side > 0, 0.5 * fb, fb), value)
            fa = np.where(left, value, np.where(side < 0, 0.5 * fa, fa))
            side = np.where(left, 1, -1)
            a, b = np.where(left, point, a), np.where(left, b, point)
            if (np.abs(value) <= enough).all():
                return point
        return 0.5 * (a + b)

    @cached_property
    def top(self) -> _Level:
        """The set where only the moved density is positive: L = inf."""
        end = self.law.reach
        if end - self.r >= end:
            return self._with_masses(np.inf, np.zeros(0), np.zeros(0))
        low = max(end - self.r, float(self.knots[0]))
        return self._with_masses(np.inf, np.array([low]), np.array([end]))

    @cached_property
    def positive(self) -> _Level:
        """The set {L > 0}, a plateau at 0 left out."""
        at_zero = [high for low, high in self.plateaus if low <= 0.0]
        return self.level(max([0.0, *at_zero]))

    @cached_property
    def ceiling(self) -> float:
        """The least s above every finite value of L on the knots, plateaus with their noise."""
        levels = [high for _, high in self.plateaus]
        levels.append(float(self.ratios[np.isfinite(self.ratios)].max(initial=0.0)))
        return float(np.nextafter(max(levels), np.inf))

    def bracket(self, which: int, target: float) -> tuple[_Level, _Level]:
        """Two nested sets, the smaller first, with the target between their masses under X or Y.

        `which` is 0 for X, 1 for Y.
        """
        top, lower = self.top, self.positive
        upper = _Level(self.ceiling, top.low, top.high, top.masses)
        tried: list[_Level] = []
        for step in range(200):
            if upper.s - lower.s <= 4.0 * _EPSILON * (1.0 + lower.s):
                break
            scale = max(lower.masses[1], 1e-9) if which == 0 else 1.0
            if _gap(which, target, upper, lower) <= _GAP * scale:
                break
            s = self._guess(which, target, tried[-2:])
            if upper.masses == top.masses and len(tried) > 1:
                # about a maximum of L the mass grows as the root of the depth below it
                depth = (target / lower.masses[which]) ** 2
                s = upper.s - depth * (upper.s - lower.s)
            if step % 6 == 5 or not lower.s < s < upper.s:
                s = 0.5 * (lower.s + upper.s)
            flat = next((pair for pair in self.plateaus if pair[0] <= s <= pair[1]), None)
            # inside a plateau's noise no set is meant: both ends of it are tried instead
            new = [self.level(one) for one in flat or (s,) if lower.s < one < upper.s]
            if not new:
                break
            for one in new:
                if one.masses[which] <= target and one.s < upper.s:
                    upper = one
                elif one.masses[which] > target and one.s > lower.s:
                    lower = one
            tried += new
        return upper, lower

    def _guess(self, which: int, target: float, tried: list[_Level]) -> float:
        """Where to look next: by the sums over whole cells, shifted by their error, then a secant.

        The secant goes a little too far, so that both sides close in.
        """
        masses = [one.masses[which] for one in tried]
        if len(tried) < 2 or masses[0] == masses[1]:
            aim = target + sum(target - one for one in masses[-1:])
            return float(np.interp(aim, self.cells[which], self.cells[2]))
        slope = (tried[1].s - tried[0].s) / (masses[1] - masses[0])
        return tried[1].s + 1.02 * slope * (target - masses[1])


def _gap(which: int, target: float, upper: _Level, lower: _Level) -> float:
    """How far the better tangent at the two sets lies from their chord, in the other mass."""
    rise, rest = target - upper.masses[which], lower.masses[which] - target
    if rise <= 0.0 or rest <= 0.0:
        return 0.0
    slope = (lower.masses[1 - which] - upper.masses[1 - which]) / (rise + rest)
    sign = 1.0 if which == 0 else -1.0
    steep, gentle = (np.exp(min(sign * one.s, 709.0)) for one in (upper, lower))
    return float(min(abs(steep - slope) * rise, abs(slope - gentle) * rest))


@dataclass(frozen=True, eq=False)
class _Found:
    """The best set for a mass q under X: between two nested sets, or the complement of that."""

    upper: _Level
    lower: _Level
    share: float  # of what lies between the two
    reflected: bool

    @property
    def mass(self) -> float:
        """Its mass under Y, h_r(q)."""
        which = 0 if self.reflected else 1
        a, b = self.upper.masses[which], self.lower.masses[which]
        between = a + self.share * (b - a)
        return 1.0 - between if self.reflected else between


def _best(shift: _Shift, q: float) -> _Found:
    """The best set of mass q under X."""
    still, moved = shift.positive.masses
    which, target = (0, q) if q <= still else (1, 1.0 - q)
    if still < q < 1.0 - moved:  # on {L = 0}, which is its own reflection
        low, high = _ends(_reflected(_intervals(shift.positive), shift.r))
        mirror = _Level(0.0, low, high, (1.0 - moved, 1.0 - still))
        return _Found(shift.positive, mirror, (q - still) / (1.0 - moved - still), False)
    upper, lower = shift.bracket(which, target)
    a, b = upper.masses[which], lower.masses[which]
    share = min(max((target - a) / (b - a), 0.0), 1.0) if b > a else 0.0
    return _Found(upper, lower, share, which == 1)


@lru_cache(maxsize=256)
def _shifted(law: AxisLaw, r: float) -> _Shift:
    return _Shift(law, r)


def most_mass(law: AxisLaw, r: float, q: float) -> float:
    """h_r(q), the most P(X + r in S) of a set S with P(X in S) <= q.

    Examples
    --------
    >>> from theory.noise import Gaussian
    >>> unit = Gaussian(1.0)
    >>> law = AxisLaw(unit.log_density, unit.survival, unit.inverse_survival, np.inf)
    >>> abs(most_mass(law, 1.0, 0.2) - unit.survival(unit.inverse_survival(0.2) - 1.0)) < 1e-13
    True
    """
    if r == 0.0 or q >= 1.0:
        return q
    return _best(_shifted(law, r), q).mass


def _filled(law: AxisLaw, shift: _Shift, found: _Found) -> list[tuple[float, float]]:
    """The best set in v: the smaller level set and, from the left, its share of the larger one."""
    inner = _intervals(found.upper)
    between = [
        rest for low, high in _intervals(found.lower) for rest in complement(inner, low, high)
    ]
    origin = 0.0 if found.reflected else shift.r
    masses = law.mass(*_ends(between), origin)
    left = found.share * float(masses.sum())
    starts = {low for low, _ in inner}
    for (low, high), mass in zip(between, masses.tolist(), strict=True):
        if left > 0.0:
            # the part next to the smaller set, so that nothing is cut in two
            keep_right = high in starts
            part = mass - left if keep_right else left
            behind = float(law.survival(np.array(origin + low))) - part
            cut = float(law.inverse_survival(np.array(min(max(behind, 0.0), 1.0)))) - origin
            cut = min(max(cut, low), high)
            whole = mass <= left
            inner.append((low, high) if whole else (cut, high) if keep_right else (low, cut))
        left = max(left - mass, 0.0)
    joined = complement(complement(sorted(inner)))
    return _reflected(joined, shift.r) if found.reflected else joined


def level_sets(law: AxisLaw, r: float, short: float, other: float) -> WorstSets:
    """The worst sets at the shift r: level sets of f(x - r) / f(x), cut where it is constant.

    Examples
    --------
    >>> from scipy import stats
    >>> cauchy = stats.cauchy()
    >>> law = AxisLaw(cauchy.logpdf, cauchy.sf, cauchy.isf, np.inf)
    >>> sets = level_sets(law, 3.0, 0.1, 0.05)
    >>> [f"{low:.4f} {high:.4f}" for low, high in sets.not_top + sets.second]
    ['2.0645 7.2577', '2.5589 4.5692']
    """
    if r == 0.0:
        return half_lines(law, r, short, other)
    shift, sets, moved = _shifted(law, r), [], []
    for q in (short, other):
        found = _best(shift, q)
        pieces = _filled(law, shift, found) if q < 1.0 else [(-np.inf, np.inf)]
        sets.append(tuple((r + low, r + high) for low, high in pieces))
        moved.append(found.mass if q < 1.0 else 1.0)
    margin = (1.0 - moved[0]) - moved[1]
    return WorstSets(r, sets[0], sets[1], (short, moved[0]), (other, moved[1]), margin)


def rough_mass(law: AxisLaw, r: float, q: float) -> float:
    """h_r(q) to about 1e-2, by sums over whole cells, for 0 < q < 1.

    Examples
    --------
    >>> from scipy import stats
    >>> law = AxisLaw(stats.t(3).logpdf, stats.t(3).sf, stats.t(3).isf, np.inf)
    >>> abs(rough_mass(law, 2.0, 0.3) - most_mass(law, 2.0, 0.3)) < 1e-2
    True
    """
    still, moved, _ = _shifted(law, r).cells
    before = np.concatenate([[0.0], still, 1.0 - moved[::-1], [1.0]])
    after = np.concatenate([[0.0], moved, 1.0 - still[::-1], [1.0]])
    return float(np.interp(q, np.maximum.accumulate(before), after))
