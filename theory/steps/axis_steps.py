"""Steps about delta on a coordinate axis: where T attains its ends, and masses of intervals.

For delta = (r, 0, ..., 0) T depends on x_1 alone: it is r up to the origin, falls with slope -2
between the two centres and is -r from the move on. Only the derivations use these steps.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.steps import laplace_steps
from theory.symbols import lam, r

_T = sp.Function("T")
_m = sp.Symbol("m", nonnegative=True)
_n = sp.Symbol("n", positive=True)


def interval_mass(lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    """P(lower <= X_1 <= upper), the integral of the Laplace density of scale lambda.

    >>> interval_mass(r, sp.oo)
    exp(-r/lambda)/2
    """
    return densities.mass(densities.laplace, lam, lower, upper)


def interval_integral(lower: sp.Expr, upper: sp.Expr) -> sp.Integral:
    """The integral that ``interval_mass`` computes, as a reader of the proof sees it.

    >>> interval_integral(0, sp.oo)
    Integral(exp(-Abs(t)/lambda)/(2*lambda), (t, 0, oo))
    """
    return densities.integral(
        densities.laplace, lam, sp.sympify(lower, strict=True), sp.sympify(upper, strict=True)
    )


def has_mass(
    limits: tuple[sp.Expr, sp.Expr],
    stated: sp.Expr,
    reason: str,
    domain: str,
    *,
    states: bool = False,
    shown: tuple[sp.Expr, sp.Expr] | None = None,
) -> Step:
    """The step: the density integrates to ``stated`` between the limits.

    ``shown`` are the limits as a reader would write them. SignUnknownError where the side of zero
    on which a limit lies does not follow from its assumptions.

    >>> has_mass((r, sp.oo), sp.exp(-r / lam) / 2, "the tail", "r > 0").check().status
    True
    """
    written = interval_integral(*(limits if shown is None else shown))
    return equal(interval_mass(*limits), stated, reason, domain, written=written, states=states)


def pieces_of_t() -> Iterator[Step]:
    """|T| <= r; T falls between the two centres, and is -r exactly on {x_1 >= r}."""
    yield from laplace_steps.ratio_is_bounded()
    middle = laplace_steps.log_ratio_at(_m, _m + _n)
    domain = "0 <= x_1 < r, written x_1 = m, r = m + n, n > 0; delta = (r, 0, ..., 0)"
    yield equal(
        sp.diff(middle.subs(_n, r - _m), _m),
        -2,
        "T = r - 2 x_1 between the two centres: one-to-one and falling",
        domain,
        written=sp.Derivative(_T(_m), _m),
    )
    yield compare(
        middle,
        ">",
        -(_m + _n),
        "T is above -r before the move (it is r for x_1 <= 0)",
        domain,
        form=2 * _n,
        written=_T(_m),
    )
    yield equal(
        laplace_steps.log_ratio_at(r, r),
        -r,
        "T = -r at the move too, so T = -r exactly on {x_1 >= r}",
        "x_1 = r",
        written=_T(r),
    )
