"""What knows the law of T, behind one face: its c.d.f. and hockey-stick divergence, enclosed.

In units of the scale, T = r - 2 r V with V in [0, 1] and r = ||delta||_1/scale. Three laws of V
share no formula: the sum over subsets (`theory.subset_law`), the sum over the number of coordinates
between their atoms, for equal magnitudes (`theory.equal_law`), and Fourier series with proved
bounds (`theory.fourier_law`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

from theory.balls import Ball, rational_ball
from theory.bounds import Bounds, relatively
from theory.equal_law import EqualLaw
from theory.exact import working_precision
from theory.fourier_law import FourierLaw
from theory.subset_law import MAX_TERMS, SubsetLaw

#: From so many equal coordinates on, conditioning on the middle ones is faster than subsets.
EQUAL_FROM = 24


class RatioLaw(Protocol):
    """The law of T/scale: thresholds and orders are in units of the scale."""

    def cdf(self, t: Fraction) -> Bounds:
        """P(T <= t)."""
        ...

    def below(self, t: Fraction) -> Bounds:
        """P(T < t)."""
        ...

    def hockey_stick(self, eps: Fraction) -> Bounds:
        """E[(1 - e^(eps - T))_+]."""
        ...


@dataclass(frozen=True, slots=True)
class BallLaw:
    """The law of T/scale by balls as narrow as asked for, from the tails of V.

    Parameters
    ----------
    law : SubsetLaw or EqualLaw
        The law of V.
    norm : Fraction
        r, in (0, inf).

    Examples
    --------
    >>> axis = BallLaw(SubsetLaw((1,)), Fraction(3, 2))
    >>> axis.cdf(Fraction(0)).value, axis.hockey_stick(Fraction(0)).value
    (0.23618327637050734, 0.5276334472589852)
    """

    law: SubsetLaw | EqualLaw
    norm: Fraction

    @property
    def method(self) -> str:
        """What is summed."""
        return "equal" if isinstance(self.law, EqualLaw) else "subsets"

    def jump(self, t: Fraction, precision: int) -> tuple[Ball, Ball]:
        """Balls around P(T < t) and P(T <= t): {T <= t} is {V >= (r - t)/(2r)}."""
        norm = self.norm
        if abs(t) > norm:
            return (rational_ball(int(t > 0)),) * 2
        tail = self.law.tail((norm - t) / (2 * norm), norm, precision)
        with working_precision(precision):
            below = rational_ball(0) if t == -norm else +tail.above
            return below, rational_ball(1) if t == norm else +tail.from_here

    def cdf(self, t: Fraction) -> Bounds:
        """P(T <= t)."""
        return self._bounds(self.jump(t, 96)[1])

    def below(self, t: Fraction) -> Bounds:
        """P(T < t)."""
        return self._bounds(self.jump(t, 96)[0])

    def hockey_stick(self, eps: Fraction) -> Bounds:
        """P(T > eps) - e^eps P(T < -eps): the law of T under Y is that of -T under X."""
        if eps >= self.norm:
            return Bounds(0.0, 0.0, self.method)
        return self._bounds(
            relatively(lambda bits: hockey_stick(self.law, eps, self.norm, bits), bits=64)
        )

    def _bounds(self, ball: Ball) -> Bounds:
        return Bounds.of_ball(ball, self.method, least=0.0, most=1.0)


def hockey_stick(law: SubsetLaw | EqualLaw, eps: Fraction, norm: Fraction, bits: int = 96) -> Ball:
    """H(eps) = P(T > eps) - e^eps P(T < -eps) as a ball of a radius of at most 2^-``bits``.

    Parameters
    ----------
    law : SubsetLaw or EqualLaw
        The law of V.
    eps : Fraction
        Any number; H is 0 from r on, and 1 - e^eps up to -r.
    norm : Fraction
        r in units of the scale, in (0, inf).
    bits : int
        Absolute accuracy.

    Examples
    --------
    >>> value = hockey_stick(EqualLaw(1), Fraction(1), Fraction(2))  # 1 - e^((eps - r)/2)
    >>> value.overlaps(1 - (-rational_ball(1) / 2).exp())
    True
    """
    if eps >= norm:
        return rational_ball(0)
    with working_precision(bits + 16):
        if eps <= -norm:
            return 1 - rational_ball(eps).exp()
        # e^eps P(T < -eps) <= P(T > eps) <= 1, so that relative accuracy is absolute here
        near = law.tail((norm - eps) / (2 * norm), norm, bits + 8)
        far = law.tail((norm + eps) / (2 * norm), norm, bits + 8)
        return near.below - rational_ball(eps).exp() * far.above


def law_of_v(groups: Mapping[Fraction, int]) -> SubsetLaw | EqualLaw | None:
    """The law of V by balls where that takes seconds at most, else None.

    Parameters
    ----------
    groups : mapping
        How many non-zero coordinates have each magnitude; only ratios of magnitudes matter.

    Examples
    --------
    >>> law_of_v({Fraction(1): 2, Fraction(3): 1}).shares
    (3, 1, 1)
    >>> law_of_v({Fraction(n): 1 for n in range(1, 100)}) is None
    True
    """
    dim, patterns = sum(groups.values()), 1
    if len(groups) == 1 and dim >= EQUAL_FROM:
        return EqualLaw(dim)
    for number in groups.values():
        patterns *= number + 1
        if patterns * dim > MAX_TERMS:
            return None
    ordered = sorted(groups, reverse=True)
    return SubsetLaw.of(one for one in ordered for _ in range(groups[one]))


def ratio_law(groups: Mapping[Fraction, int]) -> RatioLaw:
    """The law of T/scale for magnitudes a_i = |delta_i|/scale and how often each occurs.

    Examples
    --------
    >>> ratio_law({Fraction(1, 1000): 3000}).cdf(Fraction(0)).method
    'equal'
    """
    law = law_of_v(groups)
    if law is None:
        return FourierLaw.of(groups)
    return BallLaw(law, sum((one * number for one, number in groups.items()), Fraction(0)))
