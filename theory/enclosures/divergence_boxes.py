"""How small PB and how large PA must be for a radius beyond r, by Arb over every r (lambda = 1).

With z = e^(-r) in (0, 1] the gap between e^(-r) and e^(-R) is a rational function of z, PA and the
share c of what is allowed. Its zeros, c = 1 and z = 0, are divided out, so that r -> oo is covered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import sympy as sp

from theory.enclosure import Outcome, sign_on_box
from theory.enclosures.coverage import over
from theory.symbols import p_a, p_b, r

_c = sp.Symbol("c", positive=True)
_z = sp.Symbol("z", positive=True)
_HALF = sp.Rational(1, 2)
_UNIT = (Fraction(0), Fraction(1))


def exceeds_r(first: sp.Expr, small_b: sp.Expr) -> Iterator[Outcome]:
    """Lecuyer's term is above r for every PB below ``small_b``, a formula in p_A and r.

    >>> lecuyer = sp.log(p_a / p_b) / 2
    >>> [one.status for one in exceeds_r(lecuyer, p_a * sp.exp(-2 * r))]
    [True, True]
    """
    enough = _in_z(small_b)
    gap = _z**2 - sp.exp(-2 * first).subs(p_b, _c * enough)
    rest = sp.cancel(sp.simplify(gap) / ((1 - _c) * _z**2))
    where = "0 < PA <= 1, r > 0, PB = c PA e^(-2 r), c in [0, 1): the gap over (1 - c) e^(-2 r)"
    for outcome in _line_first(rest, {p_a: sp.Rational(2, 5), _z: _HALF}):
        yield over(outcome, where)


def exceeds_r_near_one(second: sp.Expr, large_a: sp.Expr) -> Iterator[Outcome]:
    """The new term is above r for PB <= 1 - PA and every PA above ``large_a``, a formula in r.

    >>> new = -sp.log(1 - p_a + p_b)
    >>> [one.status for one in exceeds_r_near_one(new, 1 - sp.exp(-r) / 2)]
    [True, True, True]
    """
    lost = _c * (1 - _in_z(large_a))
    gap = _z - sp.exp(-second).subs({p_a: 1 - lost, p_b: lost}, simultaneous=True)
    rest = sp.cancel(sp.simplify(gap) / ((1 - _c) * _z))
    where = "r > 0, 1 - PA = PB = c e^(-r)/2, c in [0, 1): the gap over (1 - c) e^(-r)"
    for outcome in _line_first(rest, {_z: _HALF}):
        yield over(outcome, where)
        if outcome.status is not True:
            return
    slope = sp.simplify(sp.diff(sp.exp(-second), p_b))
    rises = sign_on_box(slope, ">", {p_a: _UNIT, p_b: _UNIT})
    yield over(rises, "exp(-new) rises with PB, so a smaller PB leaves the gap larger")


def _in_z(bound: sp.Expr) -> sp.Expr:
    return sp.simplify(bound.subs(r, -sp.log(_z)))


def _line_first(ratio: sp.Expr, line: Mapping[sp.Symbol, sp.Rational]) -> Iterator[Outcome]:
    """ratio > 0 for all its symbols in [0, 1], tried first on a line, where a pole is soon met."""
    for expression in (ratio.subs(line), ratio):
        symbols = sorted(expression.free_symbols, key=str)
        outcome = sign_on_box(expression, ">", dict.fromkeys(symbols, _UNIT), max_boxes=2000)
        yield outcome
        if outcome.status is not True:
            return
