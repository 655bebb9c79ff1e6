"""Steps about the certificate from Renyi divergence (Li et al. 2018), for Laplace noise.

With p_1 >= p_2 the probabilities of the top class and of another one, a prediction is kept where
the divergence D of the moved noise from the noise, of some order alpha > 1, is below
-log(1 - p_1 - p_2 + 2 M), M the power mean of p_1 and p_2 with the exponent 1 - alpha. Orders are
written alpha = 1 + beta, beta > 0. Each generator yields steps, from the density.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.steps import dp_terms, laplace_steps
from theory.symbols import lam, p_a, p_b, r, u

#: the order of the divergence, above 1
order = sp.Symbol("alpha", positive=True)
beta = sp.Symbol("beta", positive=True)

_AT = sp.Integer(0)
_point = sp.Symbol("t", positive=True)
_v, _w = sp.Symbol("v", positive=True), sp.Symbol("w", positive=True)
_y, _gap = sp.Symbol("y", positive=True), sp.Symbol("g", positive=True)
_q, _p = sp.Symbol("Q", positive=True), sp.Symbol("P", positive=True)
_t, _s, _d = sp.Symbol("t", positive=True), sp.Symbol("s", positive=True), sp.Symbol("d")
_D, _E, _M = sp.Function("D"), sp.Function("E"), sp.Symbol("M", positive=True)
EVERY = "every order alpha = 1 + beta > 1"
MOVE = f"{EVERY}, every lambda, one coordinate moved by r > 0"


def at_beta(formula: sp.Expr) -> sp.Expr:
    """A formula in the order, at the order 1 + beta.

    >>> at_beta(1 / (order - 1))
    1/beta
    """
    return formula.subs(order, 1 + beta)


def twice_the_mean(bound: sp.Expr) -> sp.Expr:
    """2 M, read off a bound -log(1 - p_A - p_B + 2 M).

    >>> twice_the_mean(-sp.log(1 - p_a - p_b + 2 * p_b))
    2*p_B
    """
    return sp.expand(sp.exp(-at_beta(bound)) - 1 + p_a + p_b)


def weights() -> tuple[sp.Expr, sp.Expr]:
    """The weights (1 + beta)/(1 + 2 beta) and beta/(1 + 2 beta) in the divergence; their sum is 1.

    >>> sp.simplify(sum(weights()))
    1
    """
    return (1 + beta) / (1 + 2 * beta), beta / (1 + 2 * beta)


def divergence_from_density(divergence: sp.Expr) -> Iterator[Step]:
    """The stated divergence of one moved coordinate, in r, lambda and the order."""
    alpha = 1 + beta
    beyond = dp_terms.bounded_factor() ** alpha * densities.mass(densities.laplace, lam, r, sp.oo)
    behind = sp.exp(-alpha * laplace_steps.log_ratio_at(-u, r) / lam)
    behind *= densities.mass(densities.laplace, lam, -sp.oo, 0)
    shown = sp.Function("E_between")(r)
    m, n = sp.Symbol("m", nonnegative=True), sp.Symbol("n", nonnegative=True)
    yield equal(
        laplace_steps.log_ratio_at(m, m + n),
        n - m,
        "T(x) = -lambda log(mu_Y(x)/mu_X(x)) is r - 2x between the centres, from the density",
        "0 <= x <= r, written x = m, r = m + n",
        written=sp.Function("T")(m),
    )
    between = sp.integrate(
        sp.powsimp(
            sp.expand(densities.laplace(_point, lam) * sp.exp(alpha * (2 * _point - r) / lam))
        ),
        (_point, 0, r),
    )
    yield equal(
        between,
        (sp.exp(beta * r / lam) - sp.exp(-alpha * r / lam)) / (2 * (1 + 2 * beta)),
        "E (mu_Y/mu_X)^alpha between the centres, where mu_Y/mu_X = e^((2x - r)/lambda)",
        MOVE,
        written=shown,
    )
    yield equal(
        behind + between + beyond,
        sp.exp(beta * at_beta(divergence)),
        "E (mu_Y/mu_X)^alpha = e^((alpha - 1) D): behind the origin the ratio is e^(-r/lambda), "
        "beyond the move e^(r/lambda)",
        MOVE,
        written=sp.exp(beta * _D(r)),
        states=True,
    )


def axis_is_worst() -> Iterator[Step]:
    """The divergences of the coordinates add up to at most that of one coordinate, moved by r."""
    more, less = weights()
    lead = sp.Symbol("a", positive=True)
    yield compare(
        sp.exp((1 + 2 * beta) * lead),
        ">",
        1,
        "so e^((alpha - 1) D(a)) = y + v (1 + beta)/(1 + 2 beta), with y = e^(-alpha a) and "
        "v = e^((alpha - 1) a) - y > 0; in the unit of lambda",
        f"{EVERY}, every a > 0",
        along=(lead, _AT, 1),
    )
    together = more * (_y + _v) * (_gap + _w) + less * _y * _gap
    yield compare(
        (_y + more * _v) * (_gap + more * _w),
        "<",
        together,
        "e^((alpha - 1) (D(a) + D(b))) < e^((alpha - 1) D(a + b)), with g and w for b: the "
        "coordinates are independent, so D is largest along an axis",
        f"{EVERY}, any dimension (the step joins one more coordinate)",
        form=-more * less * _v * _w,
        written=_E(sp.Symbol("a")) * _E(sp.Symbol("b")),
    )


def divergence_rises() -> Iterator[Step]:
    """The divergence rises along an axis, so it is below a bound up to a radius and no further."""
    more, less = weights()
    lead = sp.Symbol("a", positive=True)
    yield compare(
        sp.diff(more * sp.exp(beta * lead) + less * sp.exp(-(1 + beta) * lead), lead),
        ">",
        0,
        "D rises along an axis, so D(r) below a bound is r below a radius; in the unit of lambda",
        f"{EVERY}, every a > 0",
        along=(lead, _AT, 1),
        written=sp.Derivative(_E(lead), lead),
    )


def power_above_tangent() -> Iterator[Step]:
    """x^alpha >= 1 + alpha (x - 1) for x > 0, and what it says of the masses of an event."""
    yield compare(
        (1 + _v) ** (1 + beta),
        ">",
        1 + (1 + beta) * _v,
        "x^alpha >= 1 + alpha (x - 1), above x = 1",
        f"{EVERY}, x = 1 + v, v > 0",
        along=(_v, _AT, 2),
    )
    yield compare(
        1 + beta * (1 + _v) ** (1 + beta),
        ">",
        (1 + beta) * (1 + _v) ** beta,
        "and below x = 1, multiplied by (1 + v)^alpha",
        f"{EVERY}, x = 1/(1 + v), v > 0",
        along=(_v, _AT, 1),
    )
    tangent = _t ** (1 + beta) * ((1 + beta) * _q / _t - beta * _p)
    yield equal(
        tangent.subs(_t, _q / _p),
        _q ** (1 + beta) * _p ** (-beta),
        "(mu_Y/mu_X)^alpha is at least t^alpha (alpha (mu_Y/mu_X)/t - (alpha - 1)) for every t; "
        "integrated over an event with the masses P under X and Q under Y, at t = Q/P: E "
        "(mu_Y/mu_X)^alpha over the event is at least Q^alpha P^(1 - alpha)",
        f"{EVERY}, every event",
    )


def bound_from_masses(bound: sp.Expr) -> Iterator[Step]:
    """Where cA is tied or behind under Y, the divergence is at least the stated bound.

    The events are f = cA, f = c and the rest, of masses p_1, p_2 and 1 - p_1 - p_2 under X.
    """
    alpha = 1 + beta
    mean = twice_the_mean(bound)
    level = 1 - p_a - p_b + mean
    yield equal(
        (2 * _s) ** alpha * mean ** (-beta),
        _s**alpha * (p_a ** (-beta) + p_b ** (-beta)),
        "with both classes at the mass s under Y, their two terms are (2s)^alpha (2M)^(1 - alpha), "
        "M the power mean in the bound",
        f"{EVERY}, p_1 and p_2 in (0, 1), p_1 + p_2 <= 1",
        states=True,
    )
    yield from power_above_tangent()
    yield compare(
        1 - (1 + _v) ** (-beta),
        ">",
        0,
        "p_2^(1 - alpha) > p_1^(1 - alpha), for p_1 = (1 + v) p_2: so by the tangents of "
        "(s - d)^alpha p_1^(1 - alpha) + (s + d)^alpha p_2^(1 - alpha) at d = 0, that sum is least "
        "at d = 0 among all d >= 0, which are those with cA tied or behind",
        f"{EVERY}, p_1 > p_2",
        along=(_v, _AT, 1),
    )
    rest = sp.Symbol("m", positive=True)
    line = (1 + beta) * _q / _t - beta * _p
    both = line.subs({_q: 2 * _s, _p: _M}) + line.subs({_q: 1 - 2 * _s, _p: rest})
    yield equal(
        (_t ** (1 + beta) * both).subs(_t, 1 / (_M + rest)),
        (_M + rest) ** (-beta),
        "the tangents at t = 1/(2M + m) to both terms, of masses 2s and 1 - 2s under Y against 2M "
        "and m = 1 - p_1 - p_2, add up to (2M + m)^(1 - alpha), here with M for 2M: so "
        "e^((alpha - 1) D) is at least that, which is e^((alpha - 1) bound)",
        f"{EVERY}, 0 < s <= 1/2 (m = 0: the rest has no mass under Y either)",
    )
    yield compare(
        ((1 + (1 + _w)) / 2) ** (-(1 + beta) / beta),
        "<",
        1,
        "(M/p_1)^alpha with (p_1/p_2)^beta = 1 + w: the bound rises with p_1, since its slope is "
        "(1 - (M/p_1)^alpha)/(2M + m), so a lower bound PA may take its place",
        f"{EVERY}, p_1 > p_2",
        along=(_w, _AT, 1),
    )
    yield compare(
        ((1 + 1 / (1 + _w)) / 2) ** (-(1 + beta) / beta),
        ">",
        1,
        "(M/p_2)^alpha: the bound falls with p_2, and an upper bound PB may take its place",
        f"{EVERY}, p_1 > p_2",
        along=(_w, _AT, 1),
    )
    yield equal(
        sp.diff(-sp.log(level), p_a) * level,
        1 - (mean / (2 * p_a)) ** alpha,
        "the slope in p_1 (that in p_2 is the same with p_2, the bound being symmetric)",
        f"{EVERY}, p_1, p_2 > 0",
    )
