"""Where the worst case of a direction is a tie: the norm, and the median of V there.

Nothing here has to be right. Midpoints of balls are followed to a point, and `theory.directional`
then proves two bounds next to it, or says that it could not.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

from flint import arb

from theory.balls import Ball, rational_ball
from theory.equal_law import EqualLaw
from theory.subset_law import SubsetLaw

_HALF = Fraction(1, 2)
#: Norms are sought to this relative change, medians of V to this distance, in so many steps.
_NORM, _PLACE = Fraction(1, 1 << 48), Fraction(1, 1 << 100)
_MAX_STEPS = 300
_GRID = 1 << 128
_FLAT, _MARGIN = Fraction(1, 1 << 4096), Fraction(1, 1 << 10)


@dataclass(slots=True)
class Tie:
    """The norm at which P(X in B) = ``lost`` for the B with P(Y in B) = 1/2, and the median of V.

    Parameters
    ----------
    law : SubsetLaw or EqualLaw
        The direction.
    lost : Fraction
        1 - PA, in (0, 1/2).
    bits : int
        Relative accuracy of the probabilities that are followed.
    slope : Fraction
        The density of V near the median as seen so far: it changes little with the norm.

    Examples
    --------
    >>> norm, place = Tie(SubsetLaw((1,)), Fraction(1, 4), 96).solve()
    >>> abs(float(norm) - math.log(2)) < 1e-15, place
    (True, Fraction(0, 1))
    """

    law: SubsetLaw | EqualLaw
    lost: Fraction
    bits: int
    slope: Fraction = Fraction(0)

    def solve(self) -> tuple[Fraction, Fraction]:
        """Secants of log P(X in B) between two norms that are around the one sought.

        They are Theorem 2's radius R, and R over the largest share, at which the half-space of that
        one coordinate is a tie.
        """
        law, shares = self.law, self.law.shares
        least = -rational_ball(2 * self.lost).log()
        low, high = _rational(least), _rational(least * law.total / max(shares))
        # a little beyond them, where r* can be either
        low, high = low * (1 - _MARGIN), high * (1 + _MARGIN)
        # where many coordinates share the norm, T is almost normal: r sqrt(sum shares^2) = z
        spread = math.sqrt(sum(share**2 for share in shares) / law.total**2)
        normal = -NormalDist().inv_cdf(max(float(self.lost), 1e-300)) / spread
        norm = min(high, max(low, Fraction(normal)))
        place = _mean(shares, law.total, float(norm))
        earlier: tuple[Fraction, Ball] | None = None
        for _ in range(_MAX_STEPS):
            place = self.median(norm, place)
            excess = self.excess(norm, place)
            low, high = (norm, high) if excess > 0 else (low, norm)
            following = norm + _rational(excess)  # as on an axis, where log P falls by r
            if earlier is not None and earlier[1] != excess:
                chord = rational_ball(norm - earlier[0]) / (excess - earlier[1])
                following = norm - _rational(excess * chord)
            if not low <= following <= high:
                following = (low + high) / 2
            done = earlier is not None and abs(following - norm) < _NORM * norm
            earlier, norm = (norm, excess), following
            if done:
                break
        return norm, self.median(norm, place)

    def excess(self, norm: Fraction, place: Fraction) -> Ball:
        """log P(X in B)/(1 - PA) for the B of P(Y in B) = 1/2, up to the square of v's error."""
        near = self.law.tail(place, norm, self.bits)
        far = self.law.tail(1 - place, norm, self.bits)
        ratio = rational_ball(norm * (2 * place - 1)).exp()
        needed = far.above + ratio * (rational_ball(_HALF) - near.below)
        return arb((needed / rational_ball(self.lost)).log().mid())

    def median(self, norm: Fraction, start: Fraction) -> Fraction:
        """The atom that holds the median of V, or a point between two atoms.

        Secants within a bracket. A step over an atom ends at an atom instead, where P(V < v) and
        P(V <= v) tell whether the median is there; every third such step halves their number.
        """
        law, place = self.law, start
        low, high = Fraction(-1, law.total), _HALF + Fraction(1, law.total)
        earlier: tuple[Fraction, Fraction] | None = None
        for step in range(_MAX_STEPS):
            here = law.tail(place, norm, self.bits)
            upto, below = (_rational(side) - _HALF for side in (here.upto, here.below))
            if below <= 0 <= upto:
                return place
            low, high = (place, high) if upto < 0 else (low, place)
            value = upto if upto < 0 else below
            self.slope = self._slope(norm, place, value, earlier)
            earlier = place, value
            following = place - value / self.slope
            inside = _atoms(law, low, high)
            within = low < following < high
            if inside and not (within and not _atoms(law, *sorted((place, following)))):
                place = _snapped(law, inside, following, halve=step % 3 == 2)
                continue
            following = _rounded(following if within else (low + high) / 2)
            if abs(following - place) < _PLACE:
                return following
            place = following
        return place

    def _slope(
        self,
        norm: Fraction,
        place: Fraction,
        value: Fraction,
        earlier: tuple[Fraction, Fraction] | None,
    ) -> Fraction:
        """The density by a chord that crosses no atom, or as it was, or from its formula."""
        # an atom at this place is in its value, unless the values have opposite signs
        if earlier is not None and not (
            _atoms(self.law, *sorted((place, earlier[0])))
            or (_is_atom(self.law, place) and value * earlier[1] > 0)
        ):
            chord = (value - earlier[1]) / (place - earlier[0])
            if chord > 0:
                return chord
        if self.slope > 0:
            return self.slope
        return max(_rational(self.law.density(place, norm)), _FLAT)


def _mean(shares: Sequence[int], total: int, norm: float) -> Fraction:
    """About E V = sum of (1 - e^(-r share/total))/(2 r), near which the median is, below 1/2."""
    number = Counter(shares)
    lost = (-math.expm1(-norm * (share / total)) * n for share, n in number.items())
    return min(_HALF, _rounded(Fraction(math.fsum(lost) / (2 * norm))))


def _atoms(law: SubsetLaw | EqualLaw, low: Fraction, high: Fraction) -> range:
    """The indices of the atoms strictly between two places."""
    places, total = law.places, law.total
    return range(bisect_right(places, low * total), bisect_left(places, high * total))


def _snapped(
    law: SubsetLaw | EqualLaw, indices: range, place: Fraction, *, halve: bool
) -> Fraction:
    """The atom of the range that is next to a place, or the middle one."""
    next_to = min(max(bisect_left(law.places, place * law.total), indices[0]), indices[-1])
    index = indices[len(indices) // 2] if halve else next_to
    return Fraction(law.places[index], law.total)


def _is_atom(law: SubsetLaw | EqualLaw, place: Fraction) -> bool:
    at = bisect_left(law.places, place * law.total)
    return at < len(law.places) and law.places[at] == place * law.total


def _rational(ball: Ball) -> Fraction:
    """The midpoint of a ball."""
    middle = ball.mid().fmpq()
    return Fraction(int(middle.p), int(middle.q))


def _rounded(place: Fraction) -> Fraction:
    """A place on a grid fine enough for the median."""
    return Fraction(round(place * _GRID), _GRID)
