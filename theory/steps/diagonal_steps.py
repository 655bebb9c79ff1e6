"""Steps about delta = (r/2, r/2): the sets {T <= -r + 2 h lambda} under X and Y, from the density.

Each coordinate is past its move, T_i = -r/2, or w_i short of it, T_i = -r/2 + 2 w_i; the set is
where the two shortfalls add up to at most h lambda, 0 <= h lambda <= r/2. By Neyman-Pearson it is
the set of its X-mass with the largest Y-mass. In h the unit ih lambda.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.steps import axis_steps, laplace_steps
from theory.symbols import lam, p_b, r

h = sp.Symbol("h", positive=True)  # the largest sum of the shortfalls, in the unit of lambda
_c = sp.Symbol("c", nonnegative=True)
_n = sp.Symbol("n", nonnegative=True)
_w = sp.Symbol("w", positive=True)
_v = sp.Symbol("v", nonnegative=True)
_T1 = sp.Function("T_1")

DOMAIN = "d = 2, delta = (r/2, r/2), 0 < h lambda <= r/2, written r/2 = h lambda + c, c >= 0"


def half_move() -> sp.Expr:
    """r/2, the move of each coordinate, in h and c.

    >>> half_move()
    c + h*lambda
    """
    return lam * h + _c


def mass_under_x() -> sp.Expr:
    """P(w_1 + w_2 <= h lambda) under X: both past the move, one short of it, both short of it.

    >>> sp.simplify(mass_under_x() / ((1 + h) * sp.exp(h - 2 * half_move() / lam)))
    1/4
    """
    a = half_move()
    past = axis_steps.interval_mass(a, sp.oo)
    one_short = axis_steps.interval_mass(_c, a)
    # x_1 = c + w leaves h lambda - (h lambda - w) = w to the other one
    other = axis_steps.interval_mass(_c + _n, _c + _n + _w).subs(_n, lam * h - _w)
    density = densities.laplace(_c + _w, lam)
    return _sum_of_pieces(past, one_short, density * other)


def mass_under_y() -> sp.Expr:
    """P(w_1 + w_2 <= h lambda) under Y, where w_i short of the move is -w_i for the noise.

    >>> sp.simplify(mass_under_y() - (1 - (3 + h) * sp.exp(-h) / 4))
    0
    """
    past = axis_steps.interval_mass(0, sp.oo)
    one_short = axis_steps.interval_mass(-lam * h, 0)
    other = axis_steps.interval_mass(-_n, 0).subs(_n, lam * h - _w)
    return _sum_of_pieces(past, one_short, densities.laplace(-_w, lam) * other)


def _sum_of_pieces(past: sp.Expr, one_short: sp.Expr, both_short: sp.Expr) -> sp.Expr:
    if both_short.has(sp.erf, sp.erfc):  # SymPy looks for that integral for a minute
        raise ValueError(f"no closed form is tried for the integral of {both_short}")
    both = sp.integrate(sp.powsimp(sp.expand(both_short)), (_w, 0, lam * h))
    return sp.powsimp(sp.expand(past**2 + 2 * past * one_short + both))


def largest_sets(level: sp.Expr, best: sp.Expr) -> Iterator[Step]:
    """X-mass ``level`` e^(-r/lambda) and Y-mass ``best`` of {T <= -r + 2 h lambda}.

    Both are formulas in h.
    """
    a = half_move()
    yield equal(
        laplace_steps.log_ratio_at(_c + _v, _c + _v + _w),
        -(_c + _v + _w) + 2 * _w,
        "a coordinate that is w short of its move a has T_1 = -a + 2 w, from the density",
        "0 <= x_1 = a - w, 0 < w <= a",
        written=_T1(_c + _v),
    )
    past = laplace_steps.log_ratio_at(r + _w, r)
    yield equal(past, -r, "and T_1 = -a past it", "x_1 = a + w > a = r", written=_T1(r + _w))
    under_x, under_y = sp.Symbol("P(X in B)"), sp.Symbol("P(Y in B)")
    yield equal(
        mass_under_x(),
        level * sp.exp(-2 * a / lam),
        "the X-mass of B = {T <= -r + 2 h lambda}: the integral of the density over both, one or "
        "neither coordinate past its move",
        DOMAIN,
        written=under_x,
        states=True,
    )
    yield equal(
        mass_under_y(),
        best,
        "its Y-mass, likewise; no set of the same X-mass has more (Neyman-Pearson)",
        DOMAIN,
        written=under_y,
        states=True,
    )


def at_range_end(level: sp.Expr, stated: sp.Expr) -> Iterator[Step]:
    """At r = ``stated``, -lambda log[2 PB], h solves (1 + h) e^h = 2, and PB <= e^(-2h)/2.

    ``level`` e^(-r/lambda) is the X-mass of the set that belongs to h, as in `largest_sets`.
    """
    end = "r = -lambda log[2 PB], 0 < PB < 1/2"
    yield equal(
        level * sp.exp(-stated / lam) / p_b,
        (1 + h) * sp.exp(h) / 2,
        "the X-mass (1 + h) e^(h - r/lambda)/4 over PB: it is PB where (1 + h) e^h = 2, whatever "
        "PB is",
        end,
        written=sp.Symbol("P(X in B)") / p_b,
    )
    yield compare(
        sp.diff((1 + h) * sp.exp(h), h),
        ">",
        0,
        "which one h solves, as the left side rises with h",
        "every h > 0",
        written=sp.Derivative((1 + h) * sp.exp(h), h),
    )
    at_move = stated.subs(p_b, sp.exp(-2 * half_move() / lam) / 2)
    yield equal(
        sp.expand_log(at_move),
        2 * half_move(),
        "there PB = e^(-r/lambda)/2, the end of the printed range",
        f"{end}; {DOMAIN}",
        written=r,
    )
    yield compare(
        sp.exp(-2 * half_move() / lam) / 2,
        "<=",
        sp.exp(-2 * h) / 2,
        "so h lambda <= r/2 says PB <= e^(-2h)/2, and every such PB has its r",
        f"{end}; r/2 = h lambda + c, c >= 0",
        along=(_c, sp.Integer(0), 1),
        written=p_b,
    )
