"""The noise densities as SymPy expressions, and probabilities as integrals of them.

Every derivation starts here: no probability in a proof is typed in, each is an integral that
SymPy computes from the density. Replacing a density therefore breaks the proofs that rest on it,
which a test makes sure of.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import sympy as sp

Density = Callable[[sp.Expr, sp.Expr], sp.Expr]


class SignUnknownError(ValueError):
    """An integration limit whose side of zero SymPy cannot tell."""


def laplace(x: sp.Expr, scale: sp.Expr) -> sp.Expr:
    """Density of one coordinate of Laplace noise, exp(-|x|/scale) / (2 scale) (Definition 1).

    >>> laplace(sp.Integer(0), sp.Integer(3))
    1/6
    """
    return sp.exp(-sp.Abs(x) / scale) / (2 * scale)


def gaussian(x: sp.Expr, sigma: sp.Expr) -> sp.Expr:
    """Density of one coordinate of Gaussian noise, exp(-x^2 / (2 sigma^2)) / (sigma sqrt(2 pi)).

    >>> gaussian(sp.Integer(0), sp.Integer(1))
    sqrt(2)/(2*sqrt(pi))
    """
    return sp.exp(-(x**2) / (2 * sigma**2)) / (sigma * sp.sqrt(2 * sp.pi))


def mass(density: Density, scale: sp.Expr, lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    """P(lower <= X <= upper), the integral of the density, computed by SymPy.

    The range is split at zero, where the densities have their kink, and each half is integrated
    over |x|. The sign of both limits must follow from their assumptions; SignUnknownError says
    which one does not.

    >>> a = sp.Symbol("a", positive=True)
    >>> mass(laplace, sp.Integer(2), a, sp.oo)
    exp(-a/2)/2
    """
    lower, upper = sp.sympify(lower, strict=True), sp.sympify(upper, strict=True)
    for limit in (lower, upper):
        if not (limit.is_extended_nonnegative or limit.is_extended_nonpositive):
            raise SignUnknownError(f"the sign of the integration limit {limit} is not known")
    return _integrated(density, scale, lower, upper)


def integral(density: Density, scale: sp.Expr, lower: sp.Expr, upper: sp.Expr) -> sp.Integral:
    """The integral that ``mass`` computes, unevaluated, for a reader of the proof.

    >>> integral(laplace, sp.Integer(1), sp.Integer(0), sp.oo)
    Integral(exp(-Abs(t))/2, (t, 0, oo))
    """
    point = sp.Symbol("t", real=True)
    return sp.Integral(density(point, scale), (point, lower, upper))


def moment(density: Density, scale: sp.Expr, order: int) -> sp.Expr:
    """E|X|^order, the integral over both halves.

    >>> moment(laplace, sp.Integer(3), 2)
    18
    """
    return _moment(density, scale, order)


def log_ratio(density: Density, scale: sp.Expr, x: sp.Expr, shift: sp.Expr) -> sp.Expr:
    """-scale log of the density ratio at x of the noise moved by ``shift`` to the noise itself.

    For the Laplace density this is T(x) = |x - shift| - |x| (section 3).

    >>> u = sp.Symbol("u", positive=True)
    >>> log_ratio(laplace, sp.Integer(2), -u, sp.Integer(5))
    5
    """
    ratio = sp.powsimp(sp.simplify(density(x - shift, scale) / density(x, scale)))
    return sp.simplify(-scale * sp.expand_log(sp.log(ratio), force=False))


# The same few integrals stand in many proofs. What is cached calls nothing of ours but the density,
# which is part of the key.
@cache
def _integrated(density: Density, scale: sp.Expr, lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    distance = sp.Dummy("t", positive=True)

    def from_zero(limit: sp.Expr) -> sp.Expr:
        if limit.is_extended_nonnegative:
            return sp.integrate(density(distance, scale), (distance, 0, limit))
        return -sp.integrate(density(-distance, scale), (distance, 0, -limit))

    return sp.simplify(from_zero(upper) - from_zero(lower))


@cache
def _moment(density: Density, scale: sp.Expr, order: int) -> sp.Expr:
    distance = sp.Dummy("t", positive=True)
    both = density(distance, scale) + density(-distance, scale)
    return sp.simplify(sp.integrate(distance**order * both, (distance, 0, sp.oo)))
