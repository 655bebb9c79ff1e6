r"""Moments of T in closed form: independent coordinates, so cumulants add.

In units of the scale, with a = |delta_i|, T_i = a - 2D and D = min(max(E, 0), a), so

.. math:: E D^n = \tfrac12 \int_0^a x^n e^{-x} dx + \tfrac12 a^n e^{-a}
                = \tfrac n2 \int_0^a x^{n-1} e^{-x} dx

by parts. In particular E T_i = a - 1 + e^{-a} and Var T_i = 4 - 4 e^{-a}(1 + a) - (1 - e^{-a})^2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

from flint import arb

from theory.balls import Ball, rational_ball
from theory.exact import working_precision
from theory.parameters import to_integer

#: Cumulants of a higher order are not asked for.
MAX_ORDER = 32


def cumulants(groups: Mapping[Fraction, int], order: int, bits: int = 128) -> list[Ball]:
    """Balls around the cumulants 1, ..., ``order`` of T/scale: mean, variance, third central, ...

    Parameters
    ----------
    groups : mapping
        How many coordinates have each magnitude a = |delta_i|/scale > 0.
    order : int
        In [1, 32].
    bits : int
        Working precision, to which what cancels at small a is added.

    Raises
    ------
    ValueError
        If order is outside [1, 32].

    Examples
    --------
    >>> mean, variance = cumulants({Fraction(1): 2}, 2)
    >>> mean.overlaps(2 * arb(-1).exp()), float(variance)
    (True, 1.3147761394694668)
    """
    order = to_integer("order", order, 1, MAX_ORDER)
    total = [arb(0)] * order
    for magnitude, number in groups.items():
        lost = max(0, magnitude.denominator.bit_length() - magnitude.numerator.bit_length())
        with working_precision(bits + (order + 2) * (lost + 2)):
            each = _cumulants_of_one(magnitude, order)
            total = [have + number * more for have, more in zip(total, each, strict=True)]
    return total


def _cumulants_of_one(magnitude: Fraction, order: int) -> list[Ball]:
    """From the moments of D, as k_n = m_n - sum_j binom(n - 1, j - 1) k_j m_(n - j), scaled."""
    a = rational_ball(magnitude)
    decay = (-a).exp()
    below = 1 - decay  # the integral of x^(n-1) e^-x from 0 to a, at n = 1
    moments = [arb(1)]
    for n in range(1, order + 1):
        moments.append(below * n / 2)
        below = n * below - a**n * decay
    found: list[Ball] = []
    for n in range(1, order + 1):
        mixed = (math.comb(n - 1, j - 1) * found[j - 1] * moments[n - j] for j in range(1, n))
        found.append(moments[n] - sum(mixed, arb(0)))
    scaled = [(-2) ** (n + 1) * one for n, one in enumerate(found)]
    return [scaled[0] + a, *scaled[1:]]
