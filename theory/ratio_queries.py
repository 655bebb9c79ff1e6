r"""Quantiles of T and its trade-off curve, from two-sided bounds on its c.d.f.

The law is mixed: for k >= 1 non-zero coordinates the c.d.f. rises strictly on [-r, r] and jumps at
atoms, so that every p in (0, 1) has exactly one quantile, inside an atom's jump or between atoms.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.balls import rational_ball
from theory.bounds import Bounds
from theory.claim import Grade
from theory.exact import ceil_float, floor_float, working_precision
from theory.ratio_laws import RatioLaw

#: A quantile is sought to this share of r, as far as the bounds on the c.d.f. allow.
RESOLUTION = Fraction(1, 1 << 48)
_MAX_STEPS = 200


@dataclass(frozen=True, slots=True)
class Quantile:
    """An interval that holds the quantile, the only t with P(T < t) <= p <= P(T <= t).

    ``atom`` is True where it is proved to be an atom's place (then lower = upper, both exact),
    False where it is proved to lie between two known atoms, None where that is open.
    """

    lower: Fraction
    upper: Fraction
    atom: bool | None
    method: str
    grade: Grade

    def bounds(self, scale: Fraction) -> Bounds:
        """Floats around the quantile in the unit of delta."""
        with working_precision(128):
            low = floor_float(rational_ball(self.lower * scale))
            high = ceil_float(rational_ball(self.upper * scale))
        return Bounds(low, high, self.method, self.grade)


def quantile(law: RatioLaw, p: Fraction, norm: Fraction, atoms: Sequence[Fraction]) -> Quantile:
    """The quantile of T/scale at level p.

    Parameters
    ----------
    law : RatioLaw
        The law of T/scale.
    p : Fraction
        In (0, 1).
    norm : Fraction
        r = ||delta||_1/scale > 0.
    atoms : sequence of Fraction
        Places of all atoms of T/scale, ascending, from -r to r; empty where they are not known.

    Raises
    ------
    ValueError
        If p is outside (0, 1).
    """
    if not 0 < p < 1:
        raise ValueError(f"p = {p} is outside (0, 1)")
    low, high, known = -norm, norm, False
    if atoms:
        found = _among_atoms(law, p, atoms)
        if isinstance(found, Quantile):
            return found
        low, high, known = *found, True
    start = law.cdf(low)
    if start.lower >= p:  # the lowest atom holds it
        return Quantile(low, low, True, start.method, start.grade)
    low, high = _narrowed(law, p, low, high, RESOLUTION * norm)
    return Quantile(low, high, False if known else None, start.method, start.grade)


def _among_atoms(
    law: RatioLaw, p: Fraction, atoms: Sequence[Fraction]
) -> Quantile | tuple[Fraction, Fraction]:
    """The atom that is the quantile, or the two atoms that it lies between."""
    first, last = 0, len(atoms) - 1
    while first <= last:
        middle = (first + last) // 2
        upto, below = law.cdf(atoms[middle]), law.below(atoms[middle])
        if below.upper <= p <= upto.lower:
            return Quantile(atoms[middle], atoms[middle], True, upto.method, upto.grade)
        if upto.upper < p:
            first = middle + 1
        elif below.lower > p:
            last = middle - 1
        else:  # p is within rounding of an end of the jump
            return atoms[max(middle - 1, 0)], atoms[min(middle + 1, len(atoms) - 1)]
    return atoms[last], atoms[first]


def _narrowed(
    law: RatioLaw, p: Fraction, low: Fraction, high: Fraction, resolution: Fraction
) -> tuple[Fraction, Fraction]:
    """Shrink a bracket by regula falsi with halving, keeping P(T <= low) < p < P(T < high)."""
    value_low, value_high = 0.0, 1.0
    for step in range(_MAX_STEPS):
        if high - low <= resolution:
            break
        at = (low + high) / 2
        if step % 3 and value_high > value_low:
            share = min(max((float(p) - value_low) / (value_high - value_low), 0.01), 0.99)
            at = low + (high - low) * Fraction(share)
        at = _rounded(at, high - low)
        upto, below = law.cdf(at), law.below(at)
        if upto.upper < p:
            low, value_low = at, upto.value
        elif below.lower > p:
            high, value_high = at, below.value
        else:  # as near as the bounds can tell: look for the ends of what is open
            return _open_ends(law, p, (low, at, high), resolution)
    return low, high


def _open_ends(
    law: RatioLaw, p: Fraction, around: tuple[Fraction, Fraction, Fraction], resolution: Fraction
) -> tuple[Fraction, Fraction]:
    """From a place that is undecided, the nearest decided ones on both sides, by halving."""
    low, at, high = around

    def ends(decided: Fraction, is_decided: Callable[[Fraction], bool]) -> Fraction:
        open_end = at
        while abs(decided - open_end) > max(resolution, abs(decided - at) / 16):
            middle = (decided + open_end) / 2
            if is_decided(middle):
                decided = middle
            else:
                open_end = middle
        return decided

    return (
        ends(low, lambda t: law.cdf(t).upper < p),
        ends(high, lambda t: law.below(t).lower > p),
    )


def _rounded(place: Fraction, width: Fraction) -> Fraction:
    """A shorter number next to a place, nearer than a thousandth of the width."""
    grid = 1 << max(0, 12 - math.frexp(float(width))[1])
    return Fraction(round(place * grid), grid)


def trade_off(law: RatioLaw, alpha: Fraction, at: Quantile) -> Bounds:
    r"""Bounds on the least type II error of a test of X against Y = X + delta of size alpha.

    .. math:: f(\alpha) = \min \{ P(Y \notin B) : P(X \in B) \le \alpha \}

    Below: any size-alpha test has P(Y in B) <= e^eps alpha + H(eps), for every eps; -eps is taken
    at the quantile of alpha, where that is sharp (Neyman and Pearson). Above: {T < t} and {T <= u}
    are tests, t <= u around the quantile, and so is a mixture of them; the law of T under Y is that
    of -T under X.

    Parameters
    ----------
    law : RatioLaw
        The law of T/scale.
    alpha : Fraction
        In (0, 1).
    at : Quantile
        The quantile of T/scale at level alpha.
    """
    eps = -(at.lower + at.upper) / 2
    power = law.hockey_stick(eps)
    with working_precision(128):
        least = (
            1 - rational_ball(eps).exp() * rational_ball(alpha) - rational_ball(_exact(power.upper))
        )
        lower = max(0.0, floor_float(least))
    # the two tests: their sizes from above, and their type II errors from above
    small, large = law.below(at.lower), law.cdf(at.upper)
    error_small, error_large = law.cdf(-at.lower), law.below(-at.upper)
    size, most = _exact(small.upper), _exact(large.upper)
    if size > alpha:  # the smaller set is not proved to be a test: all of X is one with error 1
        return Bounds(lower, 1.0, power.method, power.grade)
    share = min(Fraction(1), (alpha - size) / (most - size)) if most > size else Fraction(1)
    above = (1 - share) * _exact(error_small.upper) + share * _exact(error_large.upper)
    with working_precision(128):
        upper = min(1.0, ceil_float(rational_ball(above)))
    return Bounds(min(lower, upper), upper, power.method, power.grade)


def _exact(value: float) -> Fraction:
    return Fraction(value)
