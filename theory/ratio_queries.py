r"""Quantiles of T and its trade-off curve, from two-sided bounds on its c.d.f.

The law is mixed: for k >= 1 non-zero coordinates the c.d.f. rises strictly on [-r, r] and jumps at
atoms, so that every p in (0, 1) has exactly one quantile, inside an atom's jump or between atoms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from theory.balls import rational_ball
from theory.bounds import Bounds
from theory.claim import Grade
from theory.exact import ceil_float, floor_float, working_precision
from theory.ratio_laws import BallLaw, RatioLaw

#: A quantile is sought to this share of r, as far as the bounds on the c.d.f. allow.
RESOLUTION = Fraction(1, 1 << 48)
_MAX_STEPS = 200
#: Bits of the c.d.f. beyond those that p needs, doubled so often where p is near a jump's end.
_BITS, _MORE_BITS = 96, 4


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
    low, high, between = -norm, norm, False
    if atoms:
        found = _among_atoms(law, p, norm, atoms)
        if isinstance(found, Quantile):
            return found
        low, high, between = found
    method, grade = _said(law)
    if low == -norm and rank(law, low, p) == 0:  # the lowest atom holds it
        return Quantile(low, low, True, method, grade)
    low, high = _narrowed(law, p, low, high, RESOLUTION * norm)
    return Quantile(low, high, False if between else None, method, grade)


def rank(law: RatioLaw, t: Fraction, p: Fraction) -> int | None:
    """Where the quantile is proved to lie: -1 below t, 1 above t, 0 at an atom t, else None.

    Balls are taken with as many bits as p needs, which near 1 are more than floats have.
    """
    if not isinstance(law, BallLaw):
        upto, below = law.cdf(t), law.below(t)
        if below.lower > p:
            return -1
        if upto.upper < p:
            return 1
        return 0 if below.upper <= p <= upto.lower else None
    rare = min(p, 1 - p)
    bits = _BITS + rare.denominator.bit_length() - rare.numerator.bit_length()
    for _ in range(_MORE_BITS):
        under, over = law.jump(t, bits)
        with working_precision(bits + 64):
            level = rational_ball(p)
            if under > level:
                return -1
            if over < level:
                return 1
            if under <= level and level <= over:
                return 0
        bits *= 2
    return None


def _said(law: RatioLaw) -> tuple[str, Grade]:
    """What computes a law's bounds, and their grade."""
    sample = law.cdf(Fraction(0))
    return sample.method, sample.grade


def _among_atoms(
    law: RatioLaw, p: Fraction, norm: Fraction, atoms: Sequence[Fraction]
) -> Quantile | tuple[Fraction, Fraction, bool]:
    """The atom that is the quantile, or a proved bracket, and whether no atom is inside it."""
    first, last = 0, len(atoms) - 1
    while first <= last:
        middle = (first + last) // 2
        side = rank(law, atoms[middle], p)
        if side == 0:
            return Quantile(atoms[middle], atoms[middle], True, *_said(law))
        if side is None:  # p is all but an end of this atom's jump
            low = atoms[first - 1] if first else -norm
            return low, atoms[last + 1] if last + 1 < len(atoms) else norm, False
        first, last = (middle + 1, last) if side > 0 else (first, middle - 1)
    return atoms[last], atoms[first], True


def _narrowed(
    law: RatioLaw, p: Fraction, low: Fraction, high: Fraction, resolution: Fraction
) -> tuple[Fraction, Fraction]:
    """Shrink a bracket of the quantile by regula falsi with halving; every end is proved."""
    value_low, value_high = 0.0, 1.0
    for step in range(_MAX_STEPS):
        if high - low <= resolution:
            break
        at = (low + high) / 2
        if step % 3 and value_high > value_low:
            share = min(max((float(p) - value_low) / (value_high - value_low), 0.01), 0.99)
            at = low + (high - low) * Fraction(share)
        at = _rounded(at, high - low)
        side = rank(law, at, p)
        if side == 0:
            return at, at
        if side is None:  # as near as can be told: look for the ends of what is open
            return _open_ends(law, p, (low, at, high), resolution)
        if side > 0:
            low, value_low = at, law.cdf(at).value
        else:
            high, value_high = at, law.below(at).value
    return low, high


def _open_ends(
    law: RatioLaw, p: Fraction, around: tuple[Fraction, Fraction, Fraction], resolution: Fraction
) -> tuple[Fraction, Fraction]:
    """From a place that is undecided, the nearest decided ones on both sides, by halving."""
    low, at, high = around

    def end(decided: Fraction, side: int) -> Fraction:
        open_end = at
        while abs(decided - open_end) > max(resolution, abs(decided - at) / 16):
            middle = (decided + open_end) / 2
            if rank(law, middle, p) == side:
                decided = middle
            else:
                open_end = middle
        return decided

    return end(low, 1), end(high, -1)


def _rounded(place: Fraction, width: Fraction) -> Fraction:
    """A shorter number next to a place, nearer than a thousandth of the width."""
    # by lengths: the width may lie beyond every float
    exponent = width.numerator.bit_length() - width.denominator.bit_length()
    grid = 1 << max(0, 12 - exponent)
    return Fraction(round(place * grid), grid)


def _proved_small(law: RatioLaw, alpha: Fraction, at: Quantile) -> Fraction:
    """A place t near the quantile with P(T < t) <= alpha also as a float that is rounded up.

    The balls that found the quantile's lower end know its probability better than a float does.
    """
    place = at.lower
    step = max(at.upper - at.lower, abs(at.lower) / (1 << 52), Fraction(1, 1 << 60))
    for _ in range(_MAX_STEPS):
        if Fraction(law.below(place).upper) <= alpha:
            break
        place, step = place - step, 2 * step
    return place


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
            1
            - rational_ball(eps).exp() * rational_ball(alpha)
            - rational_ball(Fraction(power.upper))
        )
        lower = max(0.0, floor_float(least))
    # the two tests: their sizes from above, and their type II errors from above
    least_place = _proved_small(law, alpha, at)
    small, large = law.below(least_place), law.cdf(at.upper)
    error_small, error_large = law.cdf(-least_place), law.below(-at.upper)
    size, most = Fraction(small.upper), Fraction(large.upper)
    if size > alpha:  # the smaller set is not proved to be a test: all of X is one with error 1
        return Bounds(lower, 1.0, power.method, power.grade)
    share = min(Fraction(1), (alpha - size) / (most - size)) if most > size else Fraction(1)
    above = (1 - share) * Fraction(error_small.upper) + share * Fraction(error_large.upper)
    with working_precision(128):
        upper = min(1.0, ceil_float(rational_ball(above)))
    return Bounds(lower, upper, power.method, power.grade)
