"""Enclosures about uniform noise: its worst events, and its radius against the other two, by Arb.

The radii are those of one lambda, as formulas in p: the Laplace and the uniform one are looked at
in p itself, the Gaussian one at p = (1 + erf u)/2, where it is 2u.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from itertools import pairwise

import sympy as sp
from flint import ctx

from theory.balls import compile_ball
from theory.claim import Statement
from theory.enclosure import Outcome, Root, closed_at, isolate_root, sign_on_box
from theory.enclosures.coverage import over
from theory.enclosures.identities import constant, settled, within
from theory.enclosures.tail_bounds import tail_below_gaussian
from theory.symbols import excess, p, u

Radii = Mapping[str, sp.Expr]
Bracket = tuple[sp.Rational, sp.Rational]

_HALF = sp.Rational(1, 2)
_y, _q = sp.Symbol("y", positive=True), sp.Symbol("q", positive=True)
_erf, _bell = sp.Symbol("e", nonnegative=True), sp.Symbol("b", nonnegative=True)
_v = sp.Symbol("v", nonnegative=True)
_PRECISION = 256

#: u = 3 is PA = 1 - erfc(3)/2, from which on the tail bounds take over
_FAR = Fraction(3)


def worst_events(radius: sp.Expr, width: sp.Symbol) -> tuple[list[Outcome], list[Outcome]]:
    """Whether uniform noise keeps more than 1/2 up to the radius, and less beyond, on an axis.

    With ``width`` as the unit. Moving one coordinate by m <= 2 takes the part m/2 of the cube out
    of the cube; moving them one after the other, no event loses more than ||delta||_1 / 2. Along
    an axis the half-space of mass p = (1 + v)/2 has its edge at v, and its mass is above 1/2
    where its edge is above that of the half.

    >>> sound, exact = worst_events(2 * u * (p - _HALF), u)
    >>> [one.status for one in sound + exact]
    [True, True, True, True, True]
    """
    multiple = settled(sp.diff(radius / width, width), "R is a multiple of Lambda")
    at = sp.expand(radius.subs(width, 1).subs(p, (1 + _v) / 2))
    kept = sp.expand((1 + _v) / 2 - (at - excess) / 2 - _HALF)
    edge = sp.expand(_v - (at + excess))
    inside = _for_every_excess(kept, ">", "1/2 < PA <= 1, every r = R - s < R, every direction")
    beyond = _for_every_excess(edge, "<", "1/2 <= PA <= 1, every r = R + s up to R + Lambda")
    return [multiple, *inside], beyond


def _for_every_excess(margin: sp.Expr, relation: str, where: str) -> list[Outcome]:
    near, one = Fraction(1, 64), Fraction(1)
    # v cancels from the printed margin; where it does not, it is tried inside
    wide = {_v: (near, one)} if margin.has(_v) else {}
    closed = closed_at(margin, relation, excess, sp.Integer(0), near, order=1, others=wide)
    inside = sign_on_box(margin, relation, {excess: (near, one), **wide})
    return [over(closed, where, whole=not wide), over(inside, where, whole=not wide)]


def crossing_of_laplace(radii: Radii, bracket: Bracket) -> tuple[list[Outcome], Root | None]:
    """The sign of U - L over all p in (1/2, 1), and its one zero.

    Near p = 1, with q = 1 - p, it is e^(U - L), which is finite at q = 0, that is below 1.
    """
    gap = radii["uniform"] - radii["laplace"]
    start, low, high = Fraction(33, 64), Fraction(15, 16), Fraction(61, 64)
    root = isolate_root(gap, p, (low, high), precision=_PRECISION)
    ratio = sp.simplify(sp.exp(gap.subs(p, 1 - _q)))
    outcomes = [
        over(closed_at(gap, ">", p, _HALF, start, order=1), "U > L from p = 1/2 on"),
        over(sign_on_box(gap, ">", {p: (start, low)}), "U > L"),
        over(sign_on_box(ratio - 1, "<", {_q: (Fraction(0), 1 - high)}), "U < L, q = 1 - p"),
        within(root, bracket, "p_UL"),
    ]
    return outcomes, root


def crossing_of_gaussian(
    radii: Radii, first: Bracket, second: Bracket
) -> tuple[list[Outcome], Root | None, Root | None]:
    """The signs of U - G and of L - G over all u > 0, and the one zero of each."""
    uniform, laplace = _differences(radii)
    near, one = Fraction(1, 64), Fraction(1)
    p_ug = probability_of(isolate_root(uniform, u, (one, Fraction(9, 8)), precision=_PRECISION))
    p_gl = probability_of(isolate_root(laplace, u, (one, Fraction(3, 2)), precision=_PRECISION))
    # u >= 3, y = 1/u: U is at most its value at erf u = 1; erfc(u) < exp(-u^2), and L falls with it
    scaled = sp.expand(uniform.subs(sp.erf(u), _erf).subs(u, 1 / _y) * _y)
    lower = sp.simplify(laplace.subs(sp.erfc(u), sp.exp(-(u**2))).subs(u, 1 / _y) * _y**2)
    tail = {_y: (Fraction(0), 1 / _FAR)}
    outcomes = [
        over(closed_at(uniform, ">", u, sp.Integer(0), near, order=1), "U > G from u = 0 on"),
        over(sign_on_box(uniform, ">", {u: (near, one)}), "U > G"),
        over(sign_on_box(uniform, "<", {u: (Fraction(9, 8), _FAR)}), "U < G"),
        over(sign_on_box(scaled, "<", {_erf: (Fraction(0), one), **tail}), "U < G, y = 1/u"),
        over(closed_at(laplace, "<", u, sp.Integer(0), near, order=1), "L < G from u = 0 on"),
        over(sign_on_box(laplace, "<", {u: (near, one)}), "L < G"),
        over(sign_on_box(laplace, ">", {u: (Fraction(3, 2), _FAR)}), "L > G"),
        *tail_below_gaussian(),
        over(sign_on_box(sp.expand(lower), ">", tail), "L > G, y = 1/u"),
        within(p_ug, first, "p_UG"),
        within(p_gl, second, "p_GL"),
    ]
    return outcomes, p_ug, p_gl


def _differences(radii: Radii) -> tuple[sp.Expr, sp.Expr]:
    """U - G and L - G at p = (1 + erf u)/2, where 1 - p = erfc(u)/2."""
    at = {p: (1 + sp.erf(u)) / 2}
    gaussian = sp.simplify(radii["cohen"].subs(at))
    uniform = sp.expand(radii["uniform"].subs(at) - gaussian)
    laplace = radii["laplace"].subs(p, 1 - sp.erfc(u) / 2) - gaussian
    return uniform, laplace


def probability_of(root: Root | None) -> Root | None:
    """The root u as the probability 1 - erfc(u)/2."""
    if root is None:
        return None
    with ctx.workprec(_PRECISION):
        return Root(1 - root.ball.erfc() / 2, root.scope, root.unique)


def gains(
    radii: Radii, statement: Statement, p_ul: Root | None
) -> tuple[list[Outcome], dict[str, Root | None]]:
    """The largest U - L, the largest U - G and the largest lead of G, each at its one place."""
    uniform, laplace = _differences(radii)
    direct = radii["uniform"] - radii["laplace"]
    # the slope of U - L by p, times 1 - p, is a straight line, finite at p = 1
    line = sp.simplify(sp.diff(direct, p) * (1 - p))
    slope = sp.diff(uniform, u)
    by_bell = slope.subs(sp.exp(-(u**2)), _bell)
    p_laplace = isolate_root(line, p, (Fraction(3, 4), Fraction(7, 8)), precision=_PRECISION)
    place = isolate_root(slope, u, (_quarter(2), _quarter(3)), precision=_PRECISION)
    p_gaussian = probability_of(place)
    gain_ul, gain_ug = _value(direct, p, p_laplace), _value(uniform, u, place)
    lead = _value(-radii["laplace"] + radii["cohen"], p, p_ul)
    outcomes = [
        over(sign_on_box(line, ">", {p: (_quarter(2), _quarter(3))}), "U - L rises"),
        over(sign_on_box(line, "<", {p: (Fraction(7, 8), Fraction(1))}), "U - L falls"),
        over(sign_on_box(slope, ">", {u: (Fraction(0), _quarter(2))}), "U - G rises"),
        over(sign_on_box(slope, "<", {u: (_quarter(3), Fraction(1))}), "U - G falls"),
        over(
            sign_on_box(by_bell, "<", {_bell: (Fraction(0), _quarter(2))}),
            "U - G falls for u >= 1, where b = exp(-u^2) <= 1/e < 1/2",
        ),
        over(
            sign_on_box(sp.diff(laplace, u), ">", {u: (Fraction(1), Fraction(3, 2))}),
            "G - L falls where p_UG and p_GL are, so that it is the lesser lead from p_UL on",
        ),
        *_stated(statement, "gain_UL", gain_ul, p_laplace),
        *_stated(statement, "gain_UG", gain_ug, p_gaussian),
        within(lead, statement["lead_G"], "lead_G"),
        settled(sp.limit(sp.exp(direct), p, 1, "-"), "U - L tends to -oo as p -> 1"),
    ]
    roots = {
        "gain_UL": gain_ul,
        "p_gain_UL": p_laplace,
        "gain_UG": gain_ug,
        "p_gain_UG": p_gaussian,
        "lead_G": lead,
    }
    return outcomes, roots


def _quarter(count: int) -> Fraction:
    return Fraction(count, 4)


def _value(expression: sp.Expr, symbol: sp.Symbol, at: Root | None) -> Root | None:
    if at is None:
        return None
    with ctx.workprec(_PRECISION):
        return Root(compile_ball(expression, [symbol])([at.ball]), at.scope, None)


def _stated(
    statement: Statement, name: str, gain: Root | None, place: Root | None
) -> list[Outcome]:
    """The stated gain and place against the enclosed ones, to within 1e-30 of each."""
    slack = sp.Rational(1, 10**30)
    outcomes = []
    for said, stated, root in zip(
        (name, f"the place of {name}"), statement[name], (gain, place), strict=True
    ):
        scope = f"{said}, to within 1e-30"
        if root is None:
            outcomes.append(Outcome(None, scope, f"{said} is not isolated"))
            continue
        with ctx.workprec(_PRECISION):
            apart = abs(compile_ball(stated, [])([]) - root.ball)
            bound = compile_ball(slack, [])([])
            equal, differs = bool(apart < bound), bool(apart > bound)
        witness = {said: str(stated), "enclosed": str(root.ball)} if differs else None
        status = True if equal else (False if differs else None)
        outcomes.append(Outcome(status, scope, f"{said} differs by {apart}", witness))
    return outcomes


def in_order(*brackets: Bracket) -> list[Outcome]:
    """Whether each bracket ends before the next begins.

    >>> third = sp.Rational(1, 3)
    >>> in_order((sp.Integer(0), third), (_HALF, sp.Integer(1)))[0].status
    True
    """
    return [
        constant(after[0] - before[1], ">", f"{before[1]} < {after[0]}")
        for before, after in pairwise(brackets)
    ]
