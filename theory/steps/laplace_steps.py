"""Steps about the Laplace density that several derivations start from.

Each generator yields steps; a derivation that needs them yields from it. They are the one place
where the derivations touch the density, so a foreign density breaks every one of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.symbols import lam, r, u

_m = sp.Symbol("m", nonnegative=True)
_n = sp.Symbol("n", nonnegative=True)
_c = sp.Symbol("c", positive=True)
_T = sp.Function("T")


def threshold_probability(k: sp.Expr) -> sp.Expr:
    """P(X_1 <= lambda k) for k >= 0, the integral of the density.

    >>> threshold_probability(sp.Symbol("k", positive=True))
    1 - exp(-k)/2
    """
    return densities.mass(densities.laplace, lam, -sp.oo, lam * k)


def log_ratio_at(x: sp.Expr, shift: sp.Expr) -> sp.Expr:
    """T(x) = -lambda log(mu_Y(x) / mu_X(x)) for one coordinate moved by ``shift``.

    >>> log_ratio_at(-u, r)
    r
    """
    return densities.log_ratio(densities.laplace, lam, x, shift)


def dp_factor() -> sp.Expr:
    """The largest density ratio mu_Y / mu_X under a move of l1 norm r: exp(r/lambda).

    It is read off the density beyond the move (x = r + u), not typed in; ``ratio_is_bounded``
    proves that it is the largest one.

    >>> dp_factor()
    exp(r/lambda)
    """
    return sp.exp(-log_ratio_at(r + u, r) / lam)


def largest_ratio() -> Step:
    """The largest density ratio mu_Y / mu_X is e^(r/lambda), read off the density."""
    return equal(
        dp_factor(),
        sp.exp(r / lam),
        "the largest density ratio, e^(-T/lambda) at the smallest T = -r",
        "every delta of norm r > 0",
        written=sp.exp(-_T(r + u) / lam),
    )


def ratio_is_bounded() -> Iterator[Step]:
    """|T| <= r, in every dimension: mu_X e^(-r/lambda) <= mu_Y <= mu_X e^(r/lambda)."""
    yield equal(
        log_ratio_at(-u, r),
        r,
        "T(x) = -lambda log(mu_Y(x) / mu_X(x)) on the far side of the origin, from the density",
        "x = -u < 0, delta_1 = r",
        written=_T(-u),
    )
    yield equal(
        log_ratio_at(r + u, r),
        -r,
        "T beyond the move, from the density",
        "x = r + u > r",
        written=_T(r + u),
    )
    middle = log_ratio_at(_m, _m + _n)
    domain = "0 <= x <= r, written x = m, r = m + n"
    between = _T(_m)
    yield equal(
        middle,
        _n - _m,
        "T between the two centres, from the density",
        domain,
        written=between,
    )
    yield compare(middle, "<=", _m + _n, "T <= r there", domain, form=-2 * _m, written=between)
    yield compare(middle, ">=", -(_m + _n), "T >= -r there", domain, form=2 * _n, written=between)
    two = densities.laplace(-u - r, lam) * densities.laplace(_c + u, lam)
    two /= densities.laplace(-u, lam) * densities.laplace(u + 2 * _c, lam)
    yield equal(
        -lam * sp.expand_log(sp.log(sp.powsimp(sp.simplify(two)))),
        log_ratio_at(-u, r) + log_ratio_at(u + 2 * _c, _c),
        "the coordinates are independent, so T is the sum of theirs and |T| <= sum |delta_i|; a "
        "negative delta_i is the mirror image",
        "any dimension, one more coordinate at a time; here x = (-u, u + 2c), delta = (r, c)",
        written=_T(sp.Tuple(-u, u + 2 * _c)),
    )
