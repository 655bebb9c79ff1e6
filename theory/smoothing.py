r"""A compact random variable that smooths a kink or a jump, and what that costs.

Z is the sum of ``ORDER`` independent uniforms on [-w/2, w/2]: it is symmetric, |Z| <= h = m w/2,
and its density b is a B-spline, which is log-concave. With m = ``ORDER``

.. math:: \chi(y) = E e^{i y Z} = \Bigl(\frac{\sin(y w/2)}{y w/2}\Bigr)^m,\quad
          c = E e^{Z/2} = \Bigl(\frac{\sinh(w/4)}{w/4}\Bigr)^m \ge 1.

The kink. f(x) = e^(-|x|/2) = min(e^(x/2), e^(-x/2)), so E f(x + Z) <= c f(x), with equality for
|x| >= h. What is lacking, D(x) = f(x) - E f(x + Z)/c, is for x >= 0

.. math:: D(x) = \frac2c \int_0^\infty \sinh(s/2)\, b(x + s)\, ds,

and b(x + s)/b(x) falls with x for every s >= 0 (b is log-concave), hence so does D/b, and
with sinh(s/2) <= s sinh(h/2)/h

.. math:: 0 \le D(x) \le \kappa\, b(x),\quad \kappa = \frac{D(0)}{b(0)} \le
          \frac{\sinh(h/2)}{h} \frac{E |Z|}{b(0)}.

The jump. k(x) = e^(x/2) for x <= 0, else 0. Where x <= 0 all of x - h - Z are <= 0, and where
x > 0 all of x + h - Z are > 0; E e^((x -+ h - Z)/2) = c e^((x -+ h)/2), hence

.. math:: e^{-h/2}\, E k(x + h - Z)/c \le k(x) \le e^{h/2}\, E k(x - h - Z)/c,

and the same for k with a 0 at x = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from flint import arb

from theory.balls import Ball, rational_ball

#: m: the more, the faster the transform decays, and the wider Z is
ORDER = 8


def _moment(power: int) -> Fraction:
    """E max(Z, 0)^(power) / power! for w = 1; for power = -1, the density at 0."""
    degree = ORDER + power
    terms = (
        (-1) ** j * math.comb(ORDER, j) * (Fraction(ORDER, 2) - j) ** degree
        for j in range(ORDER // 2 + 1)
    )
    return Fraction(sum(terms)) / math.factorial(degree)


@dataclass(frozen=True, slots=True)
class Smoothing:
    """Z for one step w.

    Parameters
    ----------
    step : Fraction
        w > 0.

    Examples
    --------
    >>> smooth = Smoothing(Fraction(1, 100))
    >>> smooth.reach, bool(smooth.factor > 1)
    (Fraction(1, 25), True)
    """

    step: Fraction

    def __post_init__(self) -> None:
        if not self.step > 0:
            raise ValueError(f"step = {self.step} is outside (0, inf)")

    @property
    def reach(self) -> Fraction:
        """h = m w/2, the largest value of Z."""
        return ORDER * self.step / 2

    @property
    def factor(self) -> Ball:
        """c = E e^(Z/2)."""
        quarter = rational_ball(self.step / 4)
        return (quarter.sinh() / quarter) ** ORDER

    @property
    def kink(self) -> Ball:
        """kappa, from above: f <= E f(x + Z)/c + kappa b."""
        reach = rational_ball(self.reach)
        mean = rational_ball(2 * _moment(1) * self.step)
        density = rational_ball(_moment(-1) / self.step)
        return (reach / 2).sinh() / reach * mean / density

    def transform(self, y: Ball) -> Ball:
        """chi(y)."""
        return (y * rational_ball(self.step) / 2).sinc() ** ORDER

    def decay(self, y: Ball) -> Ball:
        """An upper bound of |chi| from y > 0 on: min(1, (2/(y w))^m)."""
        return (2 / (y * rational_ball(self.step))).min(arb(1)) ** ORDER
