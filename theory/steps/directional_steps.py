"""Steps about moves in several coordinates: where the likelihood ratio reaches its bound.

W = sum_i min(max(x_i, 0), a_i) is (r - T)/2 for delta = (a_1, ..., a_k). The steps derive what the
claims about directions need of its law from the density: the atom at W = r in every dimension, the
tails of two coordinates, and how the comparison of Y with X grows along a ray.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.steps import laplace_steps, lipschitz_steps
from theory.steps.dp_terms import bounded_factor
from theory.symbols import excess, kappa, lam, p, r, u

#: a coordinate's move, and how far two moves go beyond v
MOVE, FIRST, SECOND = sp.symbols("a s t", positive=True)
#: the median of W where both moves are longer than it, in units of lambda
V = sp.Symbol("v", positive=True)
COUNT = sp.Symbol("k", integer=True, positive=True)

_m, _n = sp.Symbol("m", positive=True), sp.Symbol("n", positive=True)
_x, _y = sp.symbols("x y", positive=True)
_k, _w = sp.symbols("k w", positive=True)
_moved, _level = sp.symbols("a t", real=True)
_top, _inside, _lost = sp.symbols("e P q", positive=True)
_T, _T1 = sp.Function("T"), sp.Function("T_1")
_E, _NORM = sp.Function("E"), sp.Symbol("R", positive=True)
_HALF = sp.Rational(1, 2)


def past(move: sp.Expr) -> sp.Expr:
    """P(x > move), the mass beyond a move, integrated from the density.

    >>> past(MOVE)
    exp(-a/lambda)/2
    """
    return densities.mass(densities.laplace, lam, move, sp.oo)


def _shown(lower: sp.Expr, upper: sp.Expr) -> sp.Integral:
    return densities.integral(
        densities.laplace, lam, sp.sympify(lower, strict=True), sp.sympify(upper, strict=True)
    )


def reached_only_past_the_move(atom: sp.Lambda) -> Iterator[Step]:
    """T = -r needs every x_i past its move: P(T = -r) = atom(k, r, lambda)."""
    domain = "one coordinate, delta_1 = a > 0 (a < 0 is the mirror image)"
    before, between = laplace_steps.log_ratio_at(-u, MOVE), laplace_steps.log_ratio_at(_m, _m + _n)
    yield compare(before, ">", -MOVE, "T_1 > -a at x = -u < 0", domain, written=_T1(-u))
    why = "T_1 > -a at x = m < a = m + n too: the ratio is below its bound until the move is passed"
    yield compare(between, ">", -(_m + _n), why, domain, form=2 * _n, written=_T1(_m))
    yield equal(
        past(MOVE),
        atom(1, MOVE, lam),
        "P(T_1 = -a) is the mass beyond the move",
        domain,
        written=_shown(MOVE, sp.oo),
        states=True,
    )
    yield equal(
        atom(COUNT + 1, r + MOVE, lam),
        atom(COUNT, r, lam) * past(MOVE),
        "T = -r iff T_i = -|delta_i| for every i, and the coordinates are independent",
        "every k >= 1 (the step joins one more non-zero coordinate)",
        states=True,
    )
    yield equal(
        2 * atom(COUNT + 1, r, lam),
        atom(COUNT, r, lam),
        "at one norm r each further coordinate halves the mass of {T = -r}",
        "every k >= 1, r > 0",
    )


def dual_beside_the_bound() -> Iterator[Step]:
    """P(Y in B) <= kappa P(X in B) + E(L - kappa)_+, at kappa just below the largest ratio."""
    yield laplace_steps.largest_ratio()
    yield equal(
        kappa * _lost + (_top - kappa) * _inside - _top * _lost,
        (_top - kappa) * (_inside - _lost),
        "for every B of mass q under X, every kappa < e = e^(r/lambda) and P = P(L > kappa), "
        "L = mu_Y/mu_X <= e: P(Y in B) <= kappa q + (e - kappa) P, which is e q less "
        "(e - kappa)(q - P)",
        "every kappa in (0, e)",
    )


def larger_off_the_axes(atom: sp.Lambda, radius: sp.Expr, relation: str) -> Iterator[Step]:
    """With k >= 2 and 1/2 < PA < 1 nothing flips at r = R, nor a little beyond.

    ``atom`` is P(T = -r) and ``relation`` that of the radius of the direction to R, which is > .
    """
    level = laplace_steps.threshold_probability(_k)
    yield from lipschitz_steps.moves_at_most()
    yield from reached_only_past_the_move(atom)
    yield from dual_beside_the_bound()
    yield tie_at(radius)
    yield compare(
        sp.simplify(atom(2, radius.subs(p, level), lam)),
        "<" if relation == ">" else ">",
        1 - level,
        "so q - P in the bound above is positive for kappa close to e^(R/lambda): P(L > kappa) "
        "falls to P(T = -r), which for k = 2, and so for every k >= 2, is below q = 1 - PA. With "
        "m = (e - kappa)(q - P) > 0 every f keeps P(f(Y) = cA) >= 1/2 + m",
        "PA = 1 - e^(-k)/2, k > 0, r = R",
        written=sp.Function("P")(sp.Eq(sp.Symbol("T"), -_NORM)),
        states=True,
    )
    yield compare(
        lipschitz_steps.half_line_quantile(_w + excess / lam) - excess / lam,
        ">",
        0,
        "Q(P(f(Y) = cA)) >= Q(1/2 + m) at r = R is positive, and falls by at most s/lambda from "
        "there to r = R + s on the same ray: it stays positive, which is P(f(Y) = cA) > 1/2",
        "every s > 0 below lambda Q(1/2 + m), written Q(1/2 + m) = w + s/lambda, w > 0; every f",
        written=lipschitz_steps.QUANTILE(_HALF + sp.Symbol("m")) - excess / lam,
    )
    yield compare(
        laplace_steps.threshold_probability(_w),
        ">",
        _HALF,
        "as Q(q) > 0 is q > 1/2, from the density",
        "every w > 0",
        along=(_w, sp.Integer(0), 1),
        written=_shown(-sp.oo, lam * _w),
    )


def grows_with_the_move(profile: sp.Lambda, order: str) -> Iterator[Step]:
    """E(L - e^t)_+ of one coordinate is profile(a, t) for -a < t < a, and in ``order`` > with a."""
    domain = "one coordinate, delta_1 = a lambda, a = m + n, t = m - n, so -a < t < a"
    yield equal(
        laplace_steps.log_ratio_at(lam * _m, lam * (_m + _n)),
        -lam * (_m - _n),
        "L = e^(-T/lambda) is e^t at x = m lambda, and it does not fall with x: {L > e^t} is "
        "{x > m lambda}, up to points where L = e^t",
        domain,
    )
    at_y = 1 - densities.mass(densities.laplace, lam, -sp.oo, -lam * _n)
    at_x = densities.mass(densities.laplace, lam, lam * _m, sp.oo)
    yield equal(
        at_y - sp.exp(_m - _n) * at_x,
        profile(_m + _n, _m - _n),
        "E(L - e^t)_+ = P(Y: x > m lambda) - e^t P(X: x > m lambda), from the density",
        domain,
        written=_E(_moved, _level),
        states=True,
    )
    yield compare(
        sp.diff(profile(_moved, _level), _moved),
        order,
        0,
        "it grows with the move a",
        "-a < t < a",
        written=sp.Derivative(_E(_moved, _level), _moved),
        states=True,
    )
    ends = "it is 0 for t >= a and 1 - e^t for t <= -a, whatever a is, and continuous there"
    yield equal(profile(_n, _n), 0, ends, "t = a = n", written=_E(_n, _n))
    yield equal(profile(_n, -_n), 1 - sp.exp(-_n), ends, "t = -a = -n", written=_E(_n, -_n))


def mirrored() -> Iterator[Step]:
    """T(delta - x) = -T(x): T under Y has the law of -T under X."""
    domain = "one coordinate, delta_1 = a = m + n > 0"
    why = "T_1(a - x) = -T_1(x), and a - X has the law of Y: T under Y is distributed as -T under X"
    for x, moved in ((_m, _n), (-_m, 2 * _m + _n)):
        yield equal(
            laplace_steps.log_ratio_at(moved, _m + _n),
            -laplace_steps.log_ratio_at(x, _m + _n),
            why,
            domain,
            written=_T1(moved),
        )


def _inner(total: sp.Expr, lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    """P(W > total, lower < x_1 < upper) where 0 < total - x_1 < a_2 throughout."""
    bounded_factor()  # another density would send the integral below astray
    integrand = densities.laplace(_x, lam) * past(_y).subs(_y, total - _x)
    return sp.simplify(sp.integrate(sp.simplify(integrand), (_x, lower, upper)))


def near_tail() -> sp.Expr:
    """P(W > w) for two coordinates and 0 < w <= both moves, with w = ``V`` lambda.

    >>> sp.simplify(near_tail() - (V + 3) * sp.exp(-V) / 4)
    0
    """
    w = lam * V
    return sp.simplify(past(sp.Integer(0)) * past(w) + _inner(w, sp.Integer(0), w) + past(w))


def far_tail() -> sp.Expr:
    """P(W > r - w) for two coordinates, r = a + b, w = ``V`` lambda not above either move.

    >>> sp.simplify(far_tail() * 4 * sp.exp(V + (FIRST + SECOND) / lam) / (1 + V))
    1
    """
    w = lam * V
    first, second = w + FIRST, w + SECOND
    norm = first + second
    return sp.simplify(past(first) * past(SECOND) + _inner(norm - w, FIRST, first))


def middle_tail() -> sp.Expr:
    """P(W > a) = P(T < 0) for two coordinates of one move a.

    >>> sp.simplify(middle_tail() * 4 * sp.exp(MOVE / lam) * lam / (MOVE + lam))
    1
    """
    whole = past(MOVE) * past(sp.Integer(0)) + _inner(MOVE, sp.Integer(0), MOVE)
    return sp.simplify(whole)


def middle_of_two(near: sp.Lambda, turn: sp.Lambda) -> Iterator[Step]:
    """Two equal moves a = r/2 <= v lambda: B is {T < 0} and a part of {T = 0}."""
    domain = "delta = (a, a), r = 2a, a > 0"
    below, at = middle_tail(), 2 * past(sp.Integer(0)) * past(MOVE)
    yield equal(
        below,
        (1 + MOVE / lam) * sp.exp(-MOVE / lam) / 4,
        "P(T < 0): one coordinate past the move and the other positive, or both between with a sum "
        "above a",
        domain,
        written=sp.Function("P")(sp.Symbol("T") < 0),
    )
    yield equal(
        at,
        sp.exp(-MOVE / lam) / 2,
        "P(T = 0): one coordinate negative, the other past the move, in two ways",
        domain,
        written=2 * _shown(-sp.oo, 0) * _shown(MOVE, sp.oo),
    )
    yield from mirrored()
    yield compare(
        below,
        "<",
        _HALF,
        "P(Y: T <= 0) = P(X: T >= 0) is above 1/2: {T < 0} and all of {T = 0} is too much",
        domain,
        along=(MOVE, sp.Integer(0), 1),
    )
    yield equal(
        1 - (below + _HALF - (1 - below - at)),
        near(2 * MOVE, lam),
        "B takes of {T = 0} what P(Y: T < 0) = P(X: T > 0) lacks of 1/2, so that P(Y in B) = 1/2; "
        "then PA = 1 - P(X in B)",
        f"{domain}, P(X: T > 0) <= 1/2, that is a <= v lambda",
        states=True,
    )
    above = 1 - below - at
    yield compare(
        sp.diff(above, MOVE),
        ">",
        0,
        "P(X: T > 0) grows with a, so that it is at most 1/2 up to one a",
        domain,
        written=sp.Derivative(sp.Function("P")(sp.Symbol("T") > 0), MOVE),
    )
    yield equal(
        above.subs(MOVE, lam * V) - _HALF,
        -turn(V) / 4,
        "which is v lambda, with the same root v as where both moves are longer",
        "a = v lambda",
        written=sp.Function("P")(sp.Symbol("T") > 0) - _HALF,
        states=True,
    )


def end_of_two(turn: sp.Lambda, far: sp.Lambda) -> Iterator[Step]:
    """Two moves of at least v lambda: B is {W > r - v lambda}."""
    domain = "delta = (a, b), a = v lambda + s, b = v lambda + t, s, t >= 0"
    yield from mirrored()
    yield equal(
        _HALF - near_tail(),
        turn(V) * -_HALF / 2,
        "P(Y in B) = P(X: W < v lambda) is 1/2 at the root v of this equation",
        domain,
        states=True,
    )
    yield equal(
        1 - far_tail(),
        far(2 * lam * V + FIRST + SECOND, V, lam),
        "PA = 1 - P(X in B), B = {W > r - v lambda}: both coordinates are nearly past their moves",
        domain,
        states=True,
    )


def tie_at(radius: sp.Expr) -> Step:
    """e^(r/lambda) (1 - PA) is 1/2 at r = R."""
    return equal(
        laplace_steps.dp_factor().subs(r, radius) * (1 - p),
        _HALF,
        "at r = R the bound P(Y in B) <= e^(r/lambda) (1 - PA) is 1/2",
        "1/2 < PA < 1",
        written=sp.exp(sp.Symbol("R") / lam) * (1 - p),
    )
