"""Steps about the orders of the Renyi certificate: their limit, and which of them is best.

The certificate is that of `theory.steps.renyi_steps`; R_2 is the second term of Theorem 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp

from theory import densities
from theory.balls import value_at
from theory.derivation import Check, Step, compare, equal
from theory.steps import laplace_steps
from theory.steps.renyi_steps import (
    EVERY,
    MOVE,
    at_beta,
    beta,
    divergence_from_density,
    divergence_rises,
    order,
    power_above_tangent,
    twice_the_mean,
    weights,
)
from theory.symbols import lam, p_a, p_b, r

_AT = sp.Integer(0)
_v, _w = sp.Symbol("v", positive=True), sp.Symbol("w", positive=True)
_D = sp.Function("D")

#: PA and PB with PA + PB < 1, by the second term R of Theorem 1 in lambda, and by
#: G = (1 - PA - PB)/(1 - PA + PB) in (0, 1), written 1/(1 + v)
_R, _n = sp.Symbol("R", positive=True), sp.Symbol("n", positive=True)
_G = 1 / (1 + _v)
_SEVERAL = "0 < PB < PA, PA + PB < 1, by R > 0 and G = 1/(1 + v) in (0, 1)"
_BY_R = {p_a: 1 - sp.exp(-_R) * (1 + _G) / 2, p_b: sp.exp(-_R) * (1 - _G) / 2}
_POINTS = (
    (sp.Rational(3, 5), sp.Rational(1, 10)),
    (sp.Rational(11, 20), sp.Rational(2, 5)),
    (sp.Rational(99, 100), sp.Rational(1, 200)),
)


def orders_to_infinity(bound: sp.Expr, divergence: sp.Expr) -> Iterator[Step]:
    """The limits of the stated divergence and bound: r/lambda and -log(1 - p_A + p_B)."""
    more, less = weights()
    yield equal(
        sp.exp(beta * at_beta(divergence)) * sp.exp(-beta * r / lam),
        more + less * sp.exp(-(1 + 2 * beta) * r / lam),
        "D = r/lambda + log(...)/(alpha - 1), with this between the brackets",
        MOVE,
        states=True,
    )
    half = sp.Rational(1, 2)
    inside = more + less / (1 + _v)
    for relation, end, form in (
        (">", half, sp.factor(inside - half)),
        ("<", sp.Integer(1), sp.factor(inside - 1)),
    ):
        yield compare(
            inside,
            relation,
            end,
            "it stays between 1/2 and 1, so D tends to r/lambda: the log of the largest ratio",
            f"{EVERY}, e^(-(2 alpha - 1) r/lambda) = 1/(1 + v)",
            form=form,
        )
    mean = twice_the_mean(bound)
    yield equal(
        mean ** (-beta),
        (2 * p_b) ** (-beta) * ((p_b / p_a) ** beta + 1) / 2,
        "2M = 2 PB (...)^(-1/(alpha - 1)), with (1 + (PB/PA)^(alpha - 1))/2 between the brackets, "
        "which stays between 1/2 and 1",
        f"{EVERY}, 0 < PB <= PA",
        states=True,
    )
    shown = sp.Limit(half ** (-1 / beta), beta, sp.oo)
    yield equal(
        shown.doit(),
        1,
        "so M tends to PB, as the limit lies between 1 and this: M is the least of PA and PB",
        "alpha -> oo",
        written=shown,
    )


def finite_order_wins(
    second: sp.Expr, bound: sp.Expr, divergence: sp.Expr, chosen: sp.Expr
) -> Iterator[Step]:
    """D < bound at r = ``second`` for the order ``chosen``, wherever PA + PB < 1."""
    at = lam * sp.expand(second / lam)  # lambda cancels
    margin = (bound - divergence.subs(r, at)).subs(order, chosen)
    for top, runner_up in _POINTS:
        yield _positive_at(margin, {p_a: top, p_b: runner_up})
    yield from divergence_from_density(divergence)
    yield from divergence_rises()
    yield from _bound_from_below(second, bound)
    yield from _divergence_from_above(divergence)
    yield from _order_is_large_enough(chosen)


def _positive_at(margin: sp.Expr, point: Mapping[sp.Symbol, sp.Rational]) -> Step:
    """bound - D > 0 at one point, by Arb: SymPy would expand the powers of the stated order."""

    def check() -> Check:
        ball = value_at(margin, point)
        if ball > 0 or ball < 0:
            return Check(bool(ball > 0), f"Arb: the difference is {ball}", point)
        return Check(None, f"Arb does not tell the sign of {ball}")

    return Step(
        margin,
        ">",
        sp.Integer(0),
        "the bound less D at r = R_2, of the stated order: the radius of that order is larger",
        ", ".join(f"{symbol} = {value}" for symbol, value in point.items()),
        check,
        states=True,
        written=sp.Function("bound")(*point.values()) - _D(sp.Symbol("R_2")),
    )


def _bound_from_below(second: sp.Expr, bound: sp.Expr) -> Iterator[Step]:
    least, most = (2 * p_b) ** (-beta) / 2, (2 * p_a) ** (-beta) / 2
    yield equal(
        twice_the_mean(bound) ** (-beta),
        least + most,
        "(2M)^(-beta), with M the power mean in the bound",
        "0 < PB <= PA, every order",
        states=True,
    )
    yield compare(
        least + most,
        ">",
        least,
        "so 2M < 2^n 2 PB, with n = 1/beta = 1/(alpha - 1)",
        "0 < PB <= PA, every order",
        form=most,
    )
    yield equal(
        sp.simplify((1 - p_a - p_b + 2**_n * 2 * p_b).subs(_BY_R)),
        sp.exp(-sp.simplify((second / lam).subs(_BY_R))) * 2**_n * (1 - _G * (1 - 2 ** (-_n))),
        "1 - PA - PB + 2^n 2 PB, so beta bound > R/n - log 2 - log(1 - G (1 - 2^-n))/n",
        f"{_SEVERAL}, every n > 0",
        states=True,
    )
    yield compare(
        sp.log(1 + _w),
        ">",
        _w / (1 + _w),
        "-log(1 - x) > x for x = w/(1 + w) in (0, 1), here x = G (1 - 2^-n)",
        "0 < x < 1",
        along=(_w, _AT, 1),
    )
    chord = 2 ** (-_n) - (1 - _n / 2)
    for end in (0, 1):
        yield equal(
            chord.subs(_n, end),
            0,
            "2^-n - 1 + n/2 vanishes here",
            f"n = {end}",
            written=sp.Subs(chord, _n, end),
        )
    yield compare(
        sp.diff(chord, _n, 2),
        ">",
        0,
        "and is convex, so 1 - 2^-n >= n/2 between: beta bound > R/n - log 2 + G/2",
        "0 < n <= 1",
        written=sp.Derivative(chord, (_n, 2)),
    )


def _divergence_from_above(divergence: sp.Expr) -> Iterator[Step]:
    far = sp.Symbol("E", positive=True)
    at = at_beta(divergence).subs({r: lam * _R}).subs(beta, 1 / _n)
    yield equal(
        sp.exp(at / _n) * sp.exp(-_R / _n),
        (1 + _n + sp.exp(-(2 + _n) * _R / _n)) / (2 + _n),
        "beta D = R/n + log((1 + n + E)/(2 + n)) at r = lambda R, with E = e^(-(2 + n) R/n)",
        "every n > 0, R > 0",
    )
    half = (1 + _n / 2 + far) / 2
    yield compare(
        half,
        ">",
        (1 + _n + far) / (2 + _n),
        "and that is below (1 + n/2 + E)/2",
        "every n > 0, E > 0",
        form=_n * (_n + 2 * far) / (4 * (2 + _n)),
    )
    yield compare(
        _w, ">", sp.log(1 + _w), "log(1 + w) < w, here w = n/2 + E", "w > 0", along=(_w, _AT, 1)
    )
    yield compare(
        sp.exp(_w),
        ">",
        _w,
        "E < e^(-w) < 1/w at w = 2 R/n: so beta D < R/n - log 2 + n/2 + n/(2R)",
        "w > 0",
        along=(_w, _AT, 2),
    )


def _order_is_large_enough(chosen: sp.Expr) -> Iterator[Step]:
    small = sp.simplify(1 / (chosen - 1).subs(_BY_R))
    yield compare(
        small,
        "<",
        1,
        "n = 1/(alpha - 1) of the stated order",
        _SEVERAL,
        form=sp.factor(small - 1),
        written=_n,
    )
    yield compare(
        _G / 2 - small * (1 + 1 / _R) / 2,
        ">",
        0,
        "beta (bound - D) > G/2 - n/2 - n/(2R), and this is G/4: the radius of that order is "
        "larger than R",
        _SEVERAL,
        form=_G / 4,
    )


def two_classes_hold_back(second: sp.Expr, bound: sp.Expr) -> Iterator[Step]:
    """With PB = 1 - PA the bound of every order is at most D at r = ``second``."""
    depth = sp.Symbol("k", positive=True)
    top = laplace_steps.threshold_probability(depth)
    domain = "PA = P(X_1 <= lambda k) = 1 - e^(-k)/2, PB = 1 - PA, k > 0"
    yield equal(
        sp.simplify(second.subs({p_a: top, p_b: 1 - top})),
        lam * depth,
        "the second term is the edge of the half-space of mass PA, from the density",
        domain,
        written=sp.Symbol("R_2"),
        states=True,
    )
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, 0),
        sp.Rational(1, 2),
        "which is moved to the mass 1/2: Y_1 = X_1 + lambda k <= lambda k iff X_1 <= 0",
        domain,
        written=densities.integral(densities.laplace, lam, -sp.oo, sp.Integer(0)),
    )
    yield from power_above_tangent()
    half = sp.Rational(1, 2) ** (1 + beta)
    yield equal(
        twice_the_mean(bound) ** (-beta),
        half * (p_a ** (-beta) + p_b ** (-beta)),
        "and what those two masses require of e^((alpha - 1) D), Q^alpha P^(1 - alpha) each, is "
        "(2M)^(1 - alpha), which is e^((alpha - 1) bound): so D is at or above the bound there",
        f"{EVERY}, 1/2 < PA < 1, PB = 1 - PA",
        states=True,
    )
    yield from divergence_rises()
