r"""Norms around the exact radius of a direction, from two-sided bounds on the law of T alone.

For directions whose law no sum in balls reaches (thousands of different entries). With
lost = 1 - PA and T in units of the scale at norm r, the two bounds of `theory.directional` read

dual
    P(f(Y) != cA) <= e^eps lost + H_r(eps) for every eps: below 1/2, nothing changes at r, nor
    nearer;
primal
    {T < -eps} is a set with P(X in B) = P(T < -eps) and P(Y in B) = P(T > eps): if the first is at
    most lost and the second at least 1/2, a classifier that loses it changes its prediction.

Norms are sought with midpoints and then proved, the dual slightly below, the primal slightly above.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

from theory.balls import rational_ball
from theory.exact import ceil_float, working_precision
from theory.ratio_laws import RatioLaw, ratio_law
from theory.ratio_moments import cumulants
from theory.ratio_queries import quantile

LawAt = Callable[[Mapping[Fraction, int]], RatioLaw]

_HALF = Fraction(1, 2)
_MAX_STEPS = 40
#: How often a slack that does not suffice is made four times as large.
_TRIES = 12
_SETTLED = Fraction(1, 1 << 36)


@dataclass(slots=True)
class SeriesTie:
    """The norm at which the worst case of a direction ties.

    Parameters
    ----------
    shares : mapping
        The entries' magnitudes over their sum, with how often each occurs.
    lost : Fraction
        1 - PA, in (0, 1/2).
    law_at : callable
        The law of T/scale for given magnitudes.
    slope : float
        The dual's slope in the norm as seen so far.
    """

    shares: Mapping[Fraction, int]
    lost: Fraction
    law_at: LawAt = ratio_law
    slope: float = 1.0

    def norms(self) -> tuple[Fraction, Fraction]:
        """low < high: the dual is proved at low, the primal at high.

        Raises
        ------
        ArithmeticError
            If one of them is not proved.
        """
        norm = self._tie()
        low = self._proved(norm, -1, self._excess_of_dual)
        high = self._proved(norm, 1, self._excess_of_primal)
        return low, high

    def _proved(
        self, norm: Fraction, side: int, excess_at: Callable[[Fraction], float]
    ) -> Fraction:
        """A norm beside the tie at which the bound of this side has no excess.

        The excess at a norm, over the slope of the dual, is about the slack that it needs.
        """
        slack = norm * _SETTLED
        for _ in range(_TRIES):
            candidate = _short(norm + side * slack)
            excess = excess_at(candidate)
            if excess < 0:
                return candidate
            slack = max(4 * slack, slack + Fraction(2 * excess / self.slope))
        raise ArithmeticError(f"the radius near {float(norm)} scales is not enclosed")

    def least_loss(self, norm: Fraction) -> tuple[float, Fraction]:
        """The least of the dual over eps, and its place: a parabola around the mean of T.

        The place is that of P(T > eps) = 1/2, which for a nearly normal law is the mean.
        """
        groups = self._groups(norm)
        law = self.law_at(groups)
        mean, variance = (float(one) for one in cumulants(groups, 2, 64))
        step, best = variance**0.5 / 8, mean
        for _ in range(2):
            values = [self.dual(law, _short(best + n * step)) for n in (-1, 0, 1)]
            bend = values[0] - 2 * values[1] + values[2]
            if bend > 0:
                best += min(max((values[0] - values[2]) / (2 * bend), -4), 4) * step
            step /= 4
        place = _short(best)
        return self.dual(law, place), place

    def dual(self, law: RatioLaw, eps: Fraction) -> float:
        """E^eps lost + H(eps), rounded up."""
        with working_precision(96):
            bound = rational_ball(eps).exp() * rational_ball(self.lost)
            return ceil_float(bound + rational_ball(Fraction(law.hockey_stick(eps).upper)))

    def _tie(self) -> Fraction:
        """Secants for the norm at which the least loss is 1/2."""
        with working_precision(96):
            least = -rational_ball(2 * self.lost).log()
            low = _short(float(least.mid()) * 0.999)
        high = low / max(self.shares) * 2
        spread = float(sum(share**2 * number for share, number in self.shares.items())) ** 0.5
        norm = _short(-NormalDist().inv_cdf(max(float(self.lost), 1e-300)) / spread)
        norm, earlier = min(max(norm, low), high), None
        for _ in range(_MAX_STEPS):
            excess = self.least_loss(norm)[0] - 0.5
            low, high = (low, norm) if excess >= 0 else (norm, high)
            following = (low + high) / 2
            if earlier is None:
                following = norm * Fraction(1001 if excess < 0 else 999, 1000)
            elif earlier[1] != excess:
                self.slope = (excess - earlier[1]) / float(norm - earlier[0])
                following = norm - Fraction(excess / self.slope)
            following = _short(following if low < following < high else (low + high) / 2)
            if abs(following - norm) <= _SETTLED * norm:
                return following
            earlier, norm = (norm, excess), following
        return norm

    def _excess_of_dual(self, norm: Fraction) -> float:
        return self.least_loss(norm)[0] - 0.5

    def _excess_of_primal(self, norm: Fraction) -> float:
        """How much more than lost {T < -eps} may have, in the unit of the dual; negative: no more.

        At eps = lower end of the median's interval, P(T > eps) >= 1/2.
        """
        law = self.law_at(self._groups(norm))
        eps = quantile(law, _HALF, norm, ()).lower
        if law.cdf(eps).upper > _HALF:
            return 1.0
        return float(Fraction(law.below(-eps).upper) - self.lost) * math.exp(eps)

    def _groups(self, norm: Fraction) -> dict[Fraction, int]:
        return {share * norm: number for share, number in self.shares.items()}


def _short(number: Fraction | float) -> Fraction:
    """A number near another one, of 48 bits: long fractions would make every sum slow."""
    exact = Fraction(number)
    shift = 48 - (exact.numerator.bit_length() - exact.denominator.bit_length())
    grid = Fraction(2) ** shift
    return Fraction(round(exact * grid)) / grid
