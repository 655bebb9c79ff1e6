"""The largest sets for delta = (r/2, r/2), from half-line masses, with lambda = 1, by Arb.

w_i is how far coordinate i is short of its move r/2; the sets are {w_1 + w_2 <= h}, h <= r/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp
from flint import ctx

from theory.balls import compile_ball
from theory.enclosure import Outcome, Root, closed_at, isolate_root, sign_on_box
from theory.enclosures.axis_sets import ratio_along, same
from theory.enclosures.coverage import over
from theory.steps.diagonal_steps import h
from theory.tightness import half_line_mass

_c = sp.Symbol("c", nonnegative=True)
_w = sp.Symbol("w", positive=True)
_y = sp.Symbol("y", positive=True)
_RANGE = (Fraction(1, 4), Fraction(1, 2))
WHERE = "delta = (r/2, r/2), 0 < h <= r/2; r/2 = h + c"


def largest_sets_enclosed(level: sp.Expr, best: sp.Expr) -> Iterator[Outcome]:
    """Both masses from the law of one w: an atom at 0, and the slope of the half-line mass.

    ``level`` e^(-r) is the X-mass and ``best`` the Y-mass of {w_1 + w_2 <= h}; with the ratio
    e^(r - 2 w_1 - 2 w_2) the Y-mass is the integral of that ratio.

    >>> level, best = (1 + h) * sp.exp(h) / 4, 1 - (3 + h) * sp.exp(-h) / 4
    >>> [one.status for one in largest_sets_enclosed(level, best)]
    [True, True, True]
    """
    a = h + _c
    # in units of e^-a, so that c cancels: P(w = 0), and the density of w at w in (0, a)
    atom = sp.simplify(half_line_mass(-a) * sp.exp(a))
    # P(w >= v) = P(X_1 <= a - v), v = a - y
    density = sp.simplify(sp.diff(half_line_mass(_y), _y).subs(_y, a - _w) * sp.exp(a))
    sum_of_two = sp.expand(2 * atom * density + _w * _product(density))
    mass = atom**2 + sp.integrate(sum_of_two, (_w, 0, h))
    moved = atom**2 + sp.integrate(sp.expand(sum_of_two * sp.exp(-2 * _w)), (_w, 0, h))
    short = ratio_along(_y, _y + _w) - (-(_y + _w) + 2 * _w)
    yield same(short, "T_1 = -a + 2 w where x_1 = a - w, 0 <= w <= a", "every a > 0")
    yield same(sp.simplify(mass) - level, "the X-mass, over e^(-r)", WHERE)
    yield same(sp.simplify(moved) - best, "the Y-mass", WHERE)


def _product(density: sp.Expr) -> sp.Expr:
    """density(v) density(w - v), which does not depend on v where the density is exponential."""
    first = density.subs(_w, _y)
    return sp.simplify(first * density.subs(_w, _w - _y))


def loss_is_positive(level: sp.Expr, best: sp.Expr) -> Iterator[Outcome]:
    """level > best for every h > 0: a double zero at 0, and for h >= 1 best < 1 < level.

    >>> level, best = (1 + h) * sp.exp(h) / 4, 1 - (3 + h) * sp.exp(-h) / 4
    >>> all(one.status for one in loss_is_positive(level, best))
    True
    """
    near, one = Fraction(1, 64), Fraction(1)
    loss = level - best
    yield over(closed_at(loss, ">", h, sp.Integer(0), near, order=2), f"{WHERE}, h <= 1/64")
    yield over(sign_on_box(loss, ">", {h: (near, one)}), f"{WHERE}, 1/64 <= h <= 1")
    # for h >= 1, in y = 1/h: best < 1, and level is above 1 at h = 1 and rises
    far = {_y: (Fraction(0), one)}
    missing, growth = (
        sp.simplify(sp.simplify(sp.expand(grown)).subs(h, 1 / _y))
        for grown in ((1 - best) * sp.exp(h) / h, sp.diff(level, h) * sp.exp(-h) / h)
    )
    yield over(sign_on_box(missing, ">", far), f"{WHERE}, h >= 1: best < 1")
    yield over(sign_on_box(level.subs(h, 1) - 1, ">", {}), "level > 1 at h = 1")
    yield over(sign_on_box(growth, ">", far), f"{WHERE}, h >= 1: level rises")


def best_at_range_end(level: sp.Expr, best: sp.Expr) -> tuple[Root | None, Root | None]:
    """At level = 1/2, the end of the printed range: the largest PB = e^(-2h)/2, and best.

    >>> level, best = (1 + h) * sp.exp(h) / 4, 1 - (3 + h) * sp.exp(-h) / 4
    >>> [root.boundary("n").enclosure[0][:6] for root in best_at_range_end(level, best)]
    ['0.2362', '0.4200']
    """
    place = isolate_root(level - sp.Rational(1, 2), h, _RANGE)
    if place is None:
        return None, None
    with ctx.workprec(256):
        mass = compile_ball(sp.exp(-2 * h) / 2, [h])([place.ball])
        height = compile_ball(best, [h])([place.ball])
    return Root(mass, place.scope, None), Root(height, place.scope, None)


def at_range_end() -> Iterator[Outcome]:
    """At r = -log[2 PB]: the X-mass is PB where level = 1/2, and h <= r/2 says PB <= e^(-2h)/2.

    >>> all(one.status for one in at_range_end())
    True
    """
    end = "PB = e^(-r)/2"
    mass = sp.exp(-_y) - 2 * half_line_mass(-_y)
    yield same(mass, "the X-mass level e^(-r) is 2 level PB: PB where level = 1/2", f"{end}, r = y")
    longer = half_line_mass(-2 * h - 2 * _c) - sp.exp(-2 * h) / 2 * sp.exp(-2 * _c)
    yield same(longer, "PB is e^(-2h)/2 times e^(-2c)", f"{end}, r = 2h + 2c, every c >= 0")


def strictly_less() -> Iterator[Outcome]:
    """1 - e^(-t) > 0: the ratio e^(-T) is below e^r where T = -r + t, and P(T = -r) falls.

    >>> [one.status for one in strictly_less()]
    [True, True]
    """
    last = 1 - Fraction(1, 1024)
    where = "every t > 0, z = e^(-t)"
    yield over(sign_on_box(1 - _y, ">", {_y: (Fraction(0), last)}), where)
    yield over(closed_at(1 - _y, ">", _y, sp.Integer(1), last, order=1), where)
