"""The worst classifier along an axis with rational edges, a little inside its hypotheses.

With short = 1 - pa' and other = pb' (`theory.conjectures.settings.implied_pair`), cA is the
complement of the set that has mass `short` under X and the most under Y = X + r, and cB is the one
that has mass `other`. The edges are rounded to decimals on the safe side: P(f(X) = cA) is above pa'
by some sigma > 0, P(f(X) = cB) below pb' by at most sigma/2, and what is between is cut into
further classes of equal mass, of which no more than 1/pb' are needed. A shift that exceeds the
exact radius still flips the prediction if the rounding is fine enough.

Nothing here is proved: `theory.conjectures.counterexamples` weighs what comes out.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from flint import arb
from scipy import integrate

from theory.balls import Ball, rational_ball
from theory.conjectures.axis_noise import AxisNoise
from theory.conjectures.integration import can_integrate, inverse_tail, mass
from theory.conjectures.slabs import (
    CLASS_A,
    CLASS_B,
    FURTHER,
    Cell,
    Floats,
    Slabs,
    ascending,
    short_between,
)
from theory.exact import working_precision

__all__ = ["FLOAT_ERROR", "PRECISIONS", "cell_mass", "is_provable", "quantile", "worst_slabs"]

#: Bits tried one after the other, until every inequality is decided.
PRECISIONS = (128, 256, 512, 1024, 2048)

#: Relative error granted to SciPy's survival functions and quadrature, where nothing is provable.
FLOAT_ERROR = 1e-10

#: No absolute error would do for a tail; full_output keeps SciPy from warning: the hull tells.
_QUADRATURE = {"epsabs": 0.0, "epsrel": 1e-11, "limit": 50, "full_output": 1}

#: More further classes than this are said to be equal parts, and not listed edge by edge.
_MOST_LISTED = 32

_LARGEST = Fraction(sys.float_info.max)

#: What of the room between the exact and the conjectured radius an edge may take.
_SHARE = Fraction(1, 8)

#: The shrinkings of level sets that are tried, in parts of the margin.
_SHRINKINGS = (1 / 8, 1 / 64, 1 / 1024)


def is_provable(noise: AxisNoise) -> bool:
    """Whether the noise has a density that can be integrated in Arb.

    >>> from theory.conjectures.axis_noise import parse_noise
    >>> is_provable(parse_noise("gaussian"))
    True
    """
    return noise.density is not None and can_integrate(noise.density)


def cell_mass(noise: AxisNoise, low: Fraction | None, high: Fraction | None, bits: int) -> Ball:
    """P(low < X <= high) at unit scale, in a ball.

    Proved where the noise `is_provable`; else the hull of the survival function
    and of SciPy's quadrature of the density in floats, widened by `FLOAT_ERROR`.

    >>> from theory.conjectures.axis_noise import parse_noise
    >>> cell_mass(parse_noise("uniform"), Fraction(0), Fraction(1, 2), 64)
    0.250000000000000
    """
    if is_provable(noise):
        return mass(noise.density, low, high, bits)
    start = -math.inf if low is None else _to_float(low)
    stop = math.inf if high is None else _to_float(high)
    of = noise.survival if start >= 0.0 else noise.cdf  # the one that does not cancel
    one = abs(float(of(stop)) - float(of(start)))
    reach = noise.law.half_support
    inside = [min(max(end, -reach), reach) for end in (start, min(max(start, 0.0), stop), stop)]
    two = sum(
        integrate.quad(lambda t: float(noise.pdf(t)), a, b, **_QUADRATURE)[0]
        for a, b in itertools.pairwise(inside)
        if a < b
    )
    return arb(one).union(arb(two)) * (1 + arb(0, FLOAT_ERROR))


def _to_float(number: Fraction) -> float:
    """The nearest float that is finite."""
    return float(min(max(number, -_LARGEST), _LARGEST))


def quantile(noise: AxisNoise, probability: Fraction, bits: int) -> Fraction:
    """The t with P(X > t) = probability at unit scale, to about ``bits`` bits; not an enclosure.

    >>> from theory.conjectures.axis_noise import parse_noise
    >>> quantile(parse_noise("uniform"), Fraction(1, 10**300), 64) == 1 - Fraction(2, 10**300)
    True
    """
    if 2 * probability >= 1:
        return Fraction(0) if 2 * probability == 1 else -quantile(noise, 1 - probability, bits)
    if noise.name == "uniform":
        return 1 - 2 * probability
    if noise.name in {"laplace", "gaussian"}:
        with working_precision(bits + 32):
            twice = rational_ball(2 * probability)
            point = -twice.log() if noise.name == "laplace" else arb(2).sqrt() * twice.erfcinv()
        return _middle(point)
    guess = float(noise.inverse_survival(max(float(probability), 1e-300)))
    if not is_provable(noise):
        return Fraction(guess)
    return inverse_tail(noise.density, probability, Fraction(guess), bits)


def _middle(ball: Ball) -> Fraction:
    exact = ball.mid().fmpq()
    return Fraction(int(exact.p), int(exact.q))


@dataclass(frozen=True, slots=True)
class _Survival:
    """P(X > t) in floats, in the unit of the noise."""

    noise: AxisNoise
    scale: Fraction

    def __call__(self, points: Floats) -> Floats:
        return self.noise.survival(points / float(self.scale))


@dataclass(frozen=True, slots=True)
class _Request:
    """What is wanted: the noise, the two bounds and the radius that is too large."""

    noise: AxisNoise
    short: Fraction
    other: Fraction
    scale: Fraction
    radius: Fraction

    def quantile(self, probability: Fraction, bits: int) -> Fraction:
        """In the unit of the noise."""
        return self.scale * quantile(self.noise, probability, bits)

    def mass(self, low: Fraction | None, high: Fraction | None, bits: int) -> Fraction:
        """The middle of the ball around the mass of a cell in the unit of the noise."""
        ends = [None if end is None else end / self.scale for end in (low, high)]
        return _middle(cell_mass(self.noise, ends[0], ends[1], bits))


def worst_slabs(
    noise: AxisNoise, short: Fraction, other: Fraction, *, scale: Fraction, radius: Fraction
) -> Iterator[tuple[Fraction, Slabs]]:
    """Shifts below the radius, each with a classifier that they may flip; better and better.

    Parameters
    ----------
    noise : AxisNoise
    short, other : Fraction
        The most that X may have outside cA, and in one other class; other <= short.
    scale : Fraction
        The noise's own scale; shifts and edges are in the same unit.
    radius : Fraction
        The shifts are below it, and above the exact radius.

    Yields
    ------
    (Fraction, Slabs)
        Nothing where the radius is found not to exceed the exact one.
    """
    if radius <= 0:
        return
    request = _Request(noise, short, other, scale, radius)
    # half-lines may refute where the floats of the level sets give out
    searches = (_half_lines,) if noise.log_concave else (_level_sets, _half_lines)
    for search in searches:
        try:
            yield from search(request)
        except ArithmeticError:
            continue  # a quantile was not found


def _half_lines(request: _Request) -> Iterator[tuple[Fraction, Slabs]]:
    """cA up to an edge, cB from another one on: best for log-concave noise."""
    short, other = request.short, request.other
    for bits in PRECISIONS:
        x_a = request.quantile(short, bits)
        x_b = x_a if short == other else request.quantile(other, bits)
        exact = (x_a + x_b) / 2
        # a shift far beyond the exact radius shows no more, and its masses cost more
        room = min(request.radius - exact, max(request.scale, abs(x_a) + abs(x_b)))
        error = max(request.scale, abs(x_a), abs(x_b)) / 2 ** (bits - 8)
        if room <= -error:
            return
        if room <= 1024 * error:
            continue
        a = short_between(x_a + room * _SHARE / 64, x_a + room * _SHARE)
        edges, labels = [a], [CLASS_A, CLASS_B]
        if a < x_b:
            sigma = short - request.mass(a, None, bits)
            most = x_b + room * _SHARE
            if sigma < 2 * other:
                most = min(most, request.quantile(other - sigma / 2, bits))
            if most - x_b <= 1024 * error:
                continue
            edges.append(short_between(x_b + (most - x_b) / 64, most))
            labels.insert(1, FURTHER)
        r = short_between(exact + room / 2, exact + room)
        try:
            classifier = _classified(request, edges, labels, bits)
        except ArithmeticError:
            continue
        yield r, classifier


def _level_sets(request: _Request) -> Iterator[tuple[Fraction, Slabs]]:
    """Unions of intervals, from a search in floats: best for every other noise."""
    noise, scale = request.noise, request.scale
    short, other = float(request.short), float(request.other)
    exact = Fraction(float(noise.radius(short, other))) * scale
    if request.radius <= exact:
        return
    radius = min(request.radius, 2 * exact + scale)
    r = short_between((exact + radius) / 2, radius)
    step = float(r / scale)
    sets = noise.worst_sets(step, short, other)
    if not sets.margin < 0.0:
        return
    ends = np.array([end for one in (*sets.not_top, *sets.second) for end in one])
    ends = ends[np.isfinite(ends)]
    steepness = float(np.sum(np.maximum(noise.pdf(ends), noise.pdf(ends - step))))
    for part in _SHRINKINGS:
        # where the density is flat an edge could move far, and cost the radius twice as much
        most = min(-sets.margin / steepness, float((radius - exact) / scale))
        by = Fraction(most * part) * scale
        outside = _shrunk(sets.not_top, scale, by)
        # cB keeps more of its mass than the complement of cA, as the module says
        second = outside if short == other else _shrunk(sets.second, scale, by / 16)
        breaks = sorted({end for one in (*outside, *second) for end in one if end is not None})
        cells: list[Cell] = list(zip([None, *breaks], [*breaks, None], strict=True))
        labels = [
            (CLASS_B if _within(cell, second) else FURTHER) if _within(cell, outside) else CLASS_A
            for cell in cells
        ]
        edges, labels = ascending(breaks, labels)
        if {CLASS_A, CLASS_B} <= set(labels):
            yield r, _classified(request, edges, labels, PRECISIONS[0])


def _shrunk(intervals: Sequence[tuple[float, float]], scale: Fraction, by: Fraction) -> list[Cell]:
    """Each interval with its finite ends moved inward, by at most ``by``, to short decimals."""
    found: list[Cell] = []
    for low, high in intervals:
        start = stop = None
        if math.isfinite(low):
            start = short_between(Fraction(low) * scale + by / 2, Fraction(low) * scale + by)
        if math.isfinite(high):
            stop = short_between(Fraction(high) * scale - by, Fraction(high) * scale - by / 2)
        if start is None or stop is None or start < stop:
            found.append((start, stop))
    return found


def _within(cell: Cell, intervals: Sequence[Cell]) -> bool:
    low, high = cell
    return any(
        (start is None or (low is not None and start <= low))
        and (stop is None or (high is not None and high <= stop))
        for start, stop in intervals
    )


def _classified(
    request: _Request, edges: Sequence[Fraction], labels: Sequence[int], bits: int
) -> Slabs:
    """The classifier of these cells, those with label 2 cut into classes below the bound."""
    coarse = Slabs(0, 1, tuple(edges), tuple(labels))
    total = sum((request.mass(*cell, bits) for cell in coarse.cells(FURTHER)), Fraction(0))
    classes = total // request.other + 1
    classes += classes >> 60  # so many have room beyond the rounding of their number
    if total == 0 or classes == 1:
        return coarse
    if classes > _MOST_LISTED:
        survival = _Survival(request.noise, request.scale)
        return Slabs(0, 1, coarse.edges, coarse.labels, classes, survival)
    return _listed(request, coarse, total, classes, bits)


def _listed(request: _Request, coarse: Slabs, total: Fraction, classes: int, bits: int) -> Slabs:
    """The further classes edge by edge: class 2 + k from k/classes of their mass on."""
    each = total / classes
    spare = (request.other - each) / 4  # a class gains it at most three times
    ends = [None, *coarse.edges, None]
    edges: list[Fraction] = []
    labels: list[int] = []
    before = Fraction(0)
    for (low, high), label in zip(itertools.pairwise(ends), coarse.labels, strict=True):
        if label != FURTHER:
            labels.append(label)
        else:
            own, beyond = request.mass(low, high, bits), request.mass(low, None, bits)
            k = (before + spare) // each
            labels.append(FURTHER + k)
            while k + 1 < classes and (inside := (k + 1) * each - before) < own - spare:
                k += 1
                edges.append(
                    _between(
                        request.quantile(beyond - inside + spare / 2, bits),
                        request.quantile(beyond - inside - spare / 2, bits),
                    )
                )
                labels.append(FURTHER + k)
            before += own
        if high is not None:
            edges.append(high)
    return Slabs(0, 1, tuple(edges), tuple(labels))


def _between(low: Fraction, high: Fraction) -> Fraction:
    if not low < high:
        raise ArithmeticError("two quantiles are not told apart with these bits")
    return short_between(low, high)
