r"""Where in the (x, r) plane the order of the certified ROPS of the two noises changes.

The base classifier of Appendix D is cA on ``|x| <= 1`` and cB elsewhere. With k = 1/(2 lambda),
Laplace noise ties at the radius r = 1 - x - q/k, q = log(1 + e^(-4xk))/2, which rises with k. There
the Gaussian noise of the same variance misses r by half of

.. math:: M(k) = \mathrm{erfc}((1-x) k) + \mathrm{erfc}((1+x) k) - \mathrm{erfc}((1-x) k - q),

so that the supremum of sqrt(2) lambda is larger than that of sigma where M > 0, and smaller where
M < 0. At every x, M has one zero in (0, 1), from above to below, and is negative beyond it
(`theory.steps.certified_rops_order`): the order changes once, at the radius of that zero, or at
none where this radius is below 0. With the exact distance in the place of the certificate a radius
r at x is the radius 0 at x + r, and the order changes on the line x + r = x_star.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import sympy as sp
from flint import arb
from scipy import special

from theory.balls import compile_ball
from theory.enclosure import Interval, isolate_root
from theory.enclosures import certified_rops_boxes as boxes
from theory.exact import LAST_PRECISION, Exact, describe, to_fraction, working_precision
from theory.parameters import MOST_ROOT_BITS, checked_precision, to_float_array
from theory.rops import Floats, Numbers
from theory.steps.certified_rops_order import excess_at_tie

__all__ = ["last_location_ball", "order_change", "order_change_ball"]

#: M > 0 at the one end and M < 0 at the other, at every x in [0, 1]
TIES: Interval = (Fraction(3, 4), Fraction(7, 8))

_FEWEST_BITS, _LEAST_BITS, _GUARD = 2, 64, 16
_HALVINGS = 56
_z = sp.Symbol("z", positive=True)


def order_change(x: Numbers) -> float | Floats:
    """Return the radius r*(x) below which Laplace's supremum is the larger one, in floats.

    Parameters
    ----------
    x : float or array of floats
        The point, in (-1, 1).

    Returns
    -------
    float or array of float64
        In (0, 1), to nearest within 1e-15 or so; NaN where the Gaussian supremum is the larger one
        for every radius in [0, 1 - abs(x)).

    Raises
    ------
    ValueError
        If x is outside its domain (NaN is).

    Examples
    --------
    >>> order_change([0.0, 0.3, 0.99]).round(9).tolist()
    [0.555820113, 0.490032906, nan]
    """
    values = to_float_array("x", x)
    place = np.abs(values)
    if not (place < 1).all():  # NaN too
        raise ValueError(f"x = {values[~(place < 1)].flat[0]} is outside (-1, 1)")
    near = 1 - place
    low, high = (np.full(place.shape, float(end)) for end in TIES)
    for _ in range(_HALVINGS):
        k = (low + high) / 2
        part = np.log1p(np.exp(-4 * place * k)) / 2
        # M > 0, as erfc(w) - erfc(w - q) = -(erf(w) - erf(w - q))
        lost = special.erf(near * k) - special.erf(near * k - part)
        leads = special.erfc((2 - near) * k) > lost
        low, high = np.where(leads, k, low), np.where(leads, high, k)
    k = (low + high) / 2
    radius = near - np.log1p(np.exp(-4 * place * k)) / (2 * k)
    found: Floats = np.where(radius > 0, radius, np.nan)
    return float(found) if found.ndim == 0 else found


def order_change_ball(x: Exact, *, precision: int) -> arb | None:
    """Return a ball around the radius r*(x) below which Laplace's supremum is the larger one.

    Beyond it, up to 1 - abs(x), the Gaussian supremum is the larger one.

    Parameters
    ----------
    x : int, float, Decimal, Fraction or str
        The point, an exact number in (-1, 1).
    precision : int
        In bits, in [2, 4096]: the ball is about ``2**-precision`` wide. More are used where r* is
        so near 0 that it is not told from 0.

    Returns
    -------
    arb or None
        None where the Gaussian supremum is the larger one for every radius in (0, 1 - abs(x)).

    Raises
    ------
    ValueError
        If x or the precision is outside its domain.
    ArithmeticError
        If x is so near x_star (`last_location_ball`) that 16384 bits do not tell them apart.

    Examples
    --------
    >>> order_change_ball("3/10", precision=80).mid().str(15, radius=False)
    '0.490032906289991'
    >>> order_change_ball("0.975", precision=80) is None
    True
    """
    precision = checked_precision(precision, most=MOST_ROOT_BITS)
    place = abs(to_fraction(x))
    if place >= 1:
        raise ValueError(f"x = {describe(x)} is outside (-1, 1)")
    at = sp.Rational(place.numerator, place.denominator)
    tie = 1 - at - sp.log(1 + sp.exp(-4 * at * boxes.k)) / (2 * boxes.k)
    bits = precision
    while True:
        radius = _at_root(boxes.excess(at), boxes.k, TIES, tie, bits)
        if radius > 0:
            return radius
        if radius < 0:
            return None
        if bits >= LAST_PRECISION:
            raise ArithmeticError(f"x = {describe(x)} is not told from x_star with {bits} bits")
        bits *= 2


def last_location_ball(*, precision: int) -> arb:
    """Return a ball around x_star, at which the suprema for the radius 0 are equal.

    r*(x) is positive for x < x_star and tends to 0 there; beyond, the Gaussian supremum is the
    larger one for every radius. With the exact distance the order changes at r = x_star - x.

    Parameters
    ----------
    precision : int
        In bits, in [2, 4096]: the ball is about ``2**-precision`` wide.

    Raises
    ------
    ValueError
        If the precision is outside its domain.

    Examples
    --------
    >>> last_location_ball(precision=80).mid().str(15, radius=False)
    '0.974626937027658'
    """
    # r = 0 is k = s + q and x = s/k, with s = xk and z = e^(-4s)
    precision = checked_precision(precision, most=MOST_ROOT_BITS)
    s, q = -sp.log(_z) / 4, sp.log(1 + _z) / 2
    between = (Fraction(1, 32), Fraction(1, 16))
    return _at_root(excess_at_tie(s + q, s, q), _z, between, s / (s + q), precision)


def _at_root(
    expression: sp.Expr, symbol: sp.Symbol, between: Interval, value: sp.Expr, precision: int
) -> arb:
    """The value at the only root of an expression between two rationals."""
    if precision < _FEWEST_BITS:
        raise ValueError(f"precision = {precision} is outside [{_FEWEST_BITS}, inf)")
    bits = max(precision, _LEAST_BITS) + _GUARD
    root = isolate_root(expression, symbol, between, precision=bits)
    if root is None:
        raise ArithmeticError(f"no root of {expression} is proved with {bits} bits")
    with working_precision(bits):
        found: arb = compile_ball(value, [symbol])([root.ball])
        return found
