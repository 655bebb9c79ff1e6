r"""The worst case along an axis at one probability, under Laplace, Gaussian or uniform noise.

With delta of l1 norm r along a signed axis, Y = X + delta, u the noise along that axis, F its
c.d.f. and Q its quantile function,

.. math:: A = \{u \le Q(P_A)\}, \qquad P(X \in A) = P_A, \qquad P(Y \in A) = F(Q(P_A) - r),

and no set with P(X in A) >= PA has a smaller P(Y in A) for any delta of l1 norm r, in any
dimension:

- Laplace: Appendix C with the S' that makes A a half-line on both sides of R
  (`theory.tightness.least_mass` says the same);
- Gaussian: Cohen et al. (2019), F(Q(PA) - ||delta||_2), and an axis has the largest l2 norm that an
  l1 norm allows;
- uniform: P(Y in A) >= PA - TV with the total variation 1 - prod (1 - |delta_i|/(2 w))_+, at most
  ||delta||_1/(2 w), which an axis attains.

So r <= Q(PA) is what PA implies, and beyond it this classifier is a counterexample. The other
coordinates do not enter: the law of u is all that it sees.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from flint import arb

from theory.balls import Ball, rational_ball
from theory.bounds import Bounds
from theory.certificates import radius_ball
from theory.exact import (
    FIRST_PRECISION,
    LAST_PRECISION,
    Exact,
    Surd,
    ceil_float,
    describe,
    to_fraction,
    to_positive,
    working_precision,
)
from theory.noise import Gaussian, Laplace, Uniform
from theory.radius_formulas import Method

AxisNoise: TypeAlias = Laplace | Gaussian | Uniform

_MASS_PRECISION = 128


def method_and_scale(noise: AxisNoise) -> tuple[Method, float]:
    """The certificate of two classes whose radius is Q(PA), and the scale that it takes.

    Raises
    ------
    TypeError
        For another kind of noise.

    Examples
    --------
    >>> method_and_scale(Gaussian(sigma=0.5))
    ('cohen', 0.5)
    """
    if isinstance(noise, Laplace):
        return "theorem_2", noise.scale
    if isinstance(noise, Gaussian):
        return "cohen", noise.sigma
    if isinstance(noise, Uniform):
        return "uniform", noise.half_width
    raise TypeError(f"noise = {noise!r} is not Laplace, Gaussian or Uniform of theory.noise")


def exact_scale(noise: AxisNoise, scale: Exact | Surd | None = None) -> Surd:
    """The exact scale of a noise: the float that it stores, or the number it was rounded from.

    Raises
    ------
    ValueError
        If ``scale`` is not positive, or farther than 4 units in the last place from the float.
    TypeError
        For another kind of noise.

    Examples
    --------
    >>> exact_scale(Laplace.from_sigma(1.0), Surd(Fraction(1, 2), 2))
    Surd(coefficient=Fraction(1, 2), radicand=2)
    """
    _, stored = method_and_scale(noise)
    if scale is None:
        return Surd(Fraction(stored))
    exact = scale if isinstance(scale, Surd) else Surd(to_positive("scale", scale))
    if not abs(float(exact) - stored) <= 4 * math.ulp(stored):
        raise ValueError(f"scale = {float(exact)!r} is not that of the noise, {stored!r}")
    return exact


@dataclass(frozen=True, slots=True)
class HalfLine:
    """The half-line {u <= Q(PA)} that attains the largest radius that PA implies.

    Parameters
    ----------
    noise
        Laplace, Gaussian or Uniform of `theory.noise`.
    p_a
        PA, an exact number in (0, 1); below 1/2 the edge is negative and x itself is lost.
    scale
        The exact scale that the noise's float was rounded from, such as sigma/sqrt(2); None is the
        float itself. The last digits of a radius depend on it.

    Raises
    ------
    ValueError
        For a parameter outside its set; so do the methods.
    TypeError
        For another kind of noise.

    Examples
    --------
    >>> half_line = HalfLine(Laplace(scale=2.0), "0.75")
    >>> round(half_line.threshold, 6), half_line.flips(1.3), half_line.flips(1.4)
    (1.386294, False, True)
    >>> round(half_line.mass(1.4).value, 6)
    0.496585
    """

    noise: AxisNoise
    p_a: Exact
    scale: Exact | Surd | None = None
    #: Q(PA) rounded up, the edge of the classifier that runs: P(f(X) = cA) >= PA holds exactly
    threshold: float = field(init=False)
    _probability: Fraction = field(init=False, repr=False, compare=False)
    _exact: Surd = field(init=False, repr=False, compare=False)
    _size: Ball = field(init=False, repr=False, compare=False)
    _edge: Ball = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        p = to_fraction(self.p_a)
        if not 0 < p < 1:
            raise ValueError(f"p_a = {describe(self.p_a)} is outside (0, 1)")
        exact = exact_scale(self.noise, self.scale)
        object.__setattr__(self, "_probability", p)
        object.__setattr__(self, "_exact", exact)
        object.__setattr__(self, "_size", exact.ball(_MASS_PRECISION))
        object.__setattr__(self, "_edge", self._quantile(_MASS_PRECISION))
        object.__setattr__(self, "threshold", ceil_float(self._edge))

    def _quantile(self, bits: int) -> Ball:
        """Q(PA), which is the radius at PA, or minus the one at 1 - PA."""
        method, _ = method_and_scale(self.noise)
        p, size = self._probability, self._exact
        if 2 * p >= 1:
            return radius_ball(method, p, scale=size, precision=bits)
        # plain negation rounds to the precision in use, which may be lower
        return radius_ball(method, 1 - p, scale=size, precision=bits).neg(exact=True)

    def mass(self, r: float = 0.0) -> Bounds:
        """P(f(Y) = cA) = F(Q(PA) - r), the least of all classifiers, for r in [0, inf].

        Rounded outward, of the exact edge Q(PA). At r = inf it is 0.

        >>> HalfLine(Uniform(half_width=1.0), "0.75").mass(0.75).value
        0.375
        """
        _check_distance(r)
        if math.isinf(r):
            return Bounds(0.0, 0.0, "an infinite perturbation")
        with working_precision(_MASS_PRECISION):
            ball = self._mass(r)
            return Bounds.of_ball(ball, "a half-line, by Arb", least=0.0, most=1.0)

    def _mass(self, r: float) -> Ball:
        way = arb(r)  # a float is the number that it stores
        if isinstance(self.noise, Uniform):
            return (rational_ball(self._probability) - way / (2 * self._size)).max(arb(0))
        at = (self._edge - way) / self._size
        if isinstance(self.noise, Gaussian):
            return (-at / arb(2).sqrt()).erfc() / 2
        # where the sign is open, both branches hold the value to within the width of the ball
        return 1 - (-at).exp() / 2 if at >= 0 else at.exp() / 2

    def flips(self, r: float) -> bool | None:
        """Whether P(f(Y) = cA) < 1/2, so that r is beyond what PA implies: r > Q(PA), by Arb.

        None where 16384 bits do not tell them apart; r in [0, inf].

        >>> HalfLine(Gaussian(sigma=1.0), "0.9").flips(1.2815515655446004)
        False
        """
        _check_distance(r)
        if math.isinf(r):
            return True
        if isinstance(self.noise, Uniform) and self._exact.radicand == 1:  # a tie is possible
            return Fraction(r) > self._exact.coefficient * (2 * self._probability - 1)
        bits = FIRST_PRECISION
        while bits <= LAST_PRECISION:
            edge = self._quantile(bits)
            with working_precision(bits):
                gap = edge - arb(r)
                if gap < 0:
                    return True
                if gap >= 0:
                    return False
            bits *= 2
        return None


def _check_distance(r: float) -> None:
    if not 0 <= r <= math.inf:
        raise ValueError(f"r = {r} is outside [0, inf]")
