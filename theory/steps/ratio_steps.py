"""Steps that derive the density ratio mu_Y/mu_X = e^(-T/lambda) from the Laplace density.

T(x) = ||x - delta||_1 - ||x||_1 is a sum over the coordinates and the ratio is a product over
them, so the proof joins one more coordinate at a time. The line is cut into three closed pieces by
the two centres 0 and delta_i, for both signs of delta_i.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.symbols import lam, x

_v = sp.Symbol("v", real=True)
_total = sp.Symbol("T_d", real=True)
_a = sp.Symbol("a", nonnegative=True)
_m = sp.Symbol("m", nonnegative=True)
_n = sp.Symbol("n", nonnegative=True)
_T1, _MU_X, _MU_Y = sp.Function("T_1"), sp.Function("mu_X"), sp.Function("mu_Y")

#: T_i as a function of x_i and delta_i, and the density ratio as a function of T and lambda
TERM = sp.Lambda((x, _v), sp.Abs(x - _v) - sp.Abs(x))
RATIO = sp.Lambda((_total, lam), sp.exp(-_total / lam))


def pieces() -> Iterator[tuple[sp.Expr, sp.Expr, str]]:
    """x_i and delta_i on each piece of the line, with the piece in words.

    a, m, n >= 0, so that the pieces are closed, share their ends and include delta_i = 0.

    >>> [(x_i, delta_i) for x_i, delta_i, _ in pieces()][:3]
    [(-m, a), (m, m + n), (a + m, a)]
    """
    for sign, direction in ((1, "delta_i >= 0"), (-1, "delta_i <= 0")):
        yield -sign * _m, sign * _a, f"{direction}, on the far side of 0"
        yield sign * _m, sign * (_m + _n), f"{direction}, from 0 to delta_i"
        yield sign * (_a + _m), sign * _a, f"{direction}, from delta_i on"


def ratio_is_exp_t(
    term: sp.Lambda = TERM, ratio: sp.Lambda = RATIO, *, states: bool = False
) -> Iterator[Step]:
    """mu_Y(x)/mu_X(x) = ratio(T(x), lambda) with T(x) = sum of term(x_i, delta_i), for every d.

    Induction over the coordinates, which are independent: d = 0, and one more coordinate on each
    piece of the line. ``states`` marks the steps as the statement itself.

    >>> all(step.check().status for step in ratio_is_exp_t())
    True
    """
    yield compare(
        densities.laplace(x, lam),
        ">",
        0,
        "the density vanishes nowhere, so that the ratio is defined at every point",
        "every x, lambda > 0",
        written=_MU_X(x),
    )
    yield equal(
        ratio(sp.Integer(0), lam),
        1,
        "no coordinates: T = 0 and both densities are empty products",
        "d = 0",
        written=_MU_Y() / _MU_X(),
        states=states,
    )
    for at, shift, where in pieces():
        yield equal(
            ratio(_total + term(at, shift), lam),
            ratio(_total, lam) * densities.laplace(at - shift, lam) / densities.laplace(at, lam),
            "one more coordinate adds its T_1 to the T_d of the others and, being independent of "
            "them, multiplies the ratio by its own",
            f"every d and T_d; {where}",
            written=ratio(_total + _T1(at), lam),
            states=states,
        )
