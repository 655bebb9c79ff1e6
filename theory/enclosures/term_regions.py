"""Where one term of Theorem 1 exceeds the other, by Arb over the triangle 0 <= PB <= PA <= 1.

The printed interval of PB shrinks to a point at PA = 1/2 and the terms are equal at both its ends,
so the zeros are divided out where they meet. PA = (1 + a)/2 or (1 - a)/2 with a in [0, 1] takes the
square root out of the printed ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp

from theory.enclosure import Outcome, closed_at, sign_on_box, vanishes
from theory.symbols import p_a, p_b

_a = sp.Symbol("a", positive=True)
_m = sp.Symbol("m", positive=True)
_n = sp.Symbol("n", positive=True)
_c = sp.Symbol("c", positive=True)
_UNIT = (Fraction(0), Fraction(1))
_LITTLE = Fraction(1, 16)
_MIDDLE = (_LITTLE, 1 - _LITTLE)
_WIDE = {_a: (_LITTLE, Fraction(1))}
_BOXES = 2000
OPPOSITE = {">=": "<", "<=": ">", ">": "<=", "<": ">="}

_HALVES = {1: (1 + _a) / 2, -1: (1 - _a) / 2}
_SIDES = {
    1: "PA in [1/2, 1), a = 2 PA - 1",
    -1: "PA in (0, 1/2], a = 1 - 2 PA",
}


@dataclass(frozen=True, slots=True)
class Region:
    """``gap relation 0`` for PB between two printed ends, and its opposite everywhere else.

    Parameters
    ----------
    gap : formula in p_A and p_B, zero where the two terms are equal.
    lower, upper : formulas in p_A, the printed ends of the interval of PB.
    relation : one of > >= < <=.
    """

    gap: sp.Expr
    lower: sp.Expr
    upper: sp.Expr
    relation: str

    def _end(self, name: str, side: int) -> sp.Expr:
        end = self.lower if name == "lower" else self.upper
        return sp.factor(sp.factor(end.subs(p_a, _HALVES[side]), deep=True))

    def between(self) -> Iterator[Outcome]:
        """The relation on the closed interval: PB = lower end + m (PA - lower end)."""
        high, low, strict = _HALVES[1], _HALVES[-1], self.relation.rstrip("=")
        lower = self._end("lower", 1)
        inner = lower + _m * (high - lower)
        here = sp.factor(self.gap.subs({p_a: high, p_b: inner}, simultaneous=True))
        top = (1 + _LITTLE) / 2
        wide = f"PA in [{top}, 1]"
        first = sign_on_box(here, strict, {**_WIDE, _m: _MIDDLE}, max_boxes=_BOXES)
        yield replace(first, scope=f"{wide}, m in [{_MIDDLE[0]}, {_MIDDLE[1]}]")
        if first.status is not True:
            return
        edges = ((0, _MIDDLE[0], "[0, 1/16]"), (1, _MIDDLE[1], "[15/16, 1]"))
        for edge, reach, said in edges:
            outcome = closed_at(here, strict, _m, sp.Integer(edge), reach, order=1, others=_WIDE)
            yield replace(outcome, scope=f"{wide}, m in {said}")
        # PA -> 1/2, where the interval shrinks to a point: the zeros are divided out
        rest = sp.cancel(here / (_m * (1 - _m) * _a**2))
        box = {_a: (Fraction(0), _LITTLE), _m: _UNIT}
        outcome = sign_on_box(rest, strict, box, max_boxes=_BOXES)
        yield replace(
            outcome, scope=f"PA in [1/2, {top}], m in [0, 1], after division by m (1 - m) a^2"
        )
        tie = self.gap.subs({p_a: low, p_b: low}, simultaneous=True)
        yield replace(
            vanishes(self._end("lower", -1) - low, tie),
            scope="PA in (0, 1/2]: the lower root is PA, so PB = PA, where the terms are equal",
        )
        if "=" not in self.relation:  # the ends belong to the region
            yield sign_on_box(here.subs(_m, 0), strict, _WIDE)

    def beyond(self) -> Iterator[Outcome]:
        """The opposite for PB = (1 - n) lower end, n in (0, 1], and nothing above the upper end."""
        for side, where in _SIDES.items():
            for outcome in self._below(side):
                yield replace(outcome, scope=f"{where}, {outcome.scope}")
                if outcome.status is False:
                    return
            # a zero at PA = 1/2 (a = 0), a pole at PA = 0 (a = 1)
            top = _HALVES[side]
            room = sp.factor(self._end("upper", side) - top)
            touching = vanishes(room)
            if touching.status is not True:
                touching = sign_on_box(sp.cancel(room * top / _a), ">", {_a: _UNIT})
            yield replace(touching, scope=f"{where}: PA <= upper root, so no PB lies above it")
        yield replace(
            vanishes(self._end("lower", 1).subs(_a, 1), self._end("upper", 1).subs(_a, 1) - 1),
            scope="PA = 1: the roots are 0 and 1, so no PB in [0, 1] lies outside",
        )

    def _below(self, side: int) -> Iterator[Outcome]:
        worse = OPPOSITE[self.relation].rstrip("=")
        below = (1 - _n) * self._end("lower", side)
        here = sp.factor(self.gap.subs({p_a: _HALVES[side], p_b: below}, simultaneous=True))
        # away from the corners first: a false statement is soon seen there
        box = {_n: (_LITTLE, Fraction(1)), _a: _MIDDLE}
        yield sign_on_box(here, worse, box, max_boxes=_BOXES)
        yield closed_at(here, worse, _n, sp.Integer(0), _LITTLE, order=1, others={_a: _MIDDLE})
        # every a in [0, 1): the zero at PA = 1 is divided out, and the corner PA = PB = 1/2,
        # n = a = 0, is blown up into the charts a <= n (a = n c) and n <= a (n = a c)
        rest = sp.cancel(here / (1 - _a) ** 2) if side == 1 else here
        charts = (
            (rest.subs(_a, _n * _c) / _n**2, _n, "every a <= n in (0, 1], as a = c n"),
            (rest.subs(_n, _a * _c) / (_a**2 * _c), _a, "every n <= a in (0, 1), as n = c a"),
        )
        for chart, first, said in charts:
            square = {first: _UNIT, _c: _UNIT}
            outcome = sign_on_box(sp.cancel(chart), worse, square, max_boxes=_BOXES)
            yield replace(outcome, scope=f"{said}, c in [0, 1]")

    def simple(self) -> Iterator[Outcome]:
        """The ends are (1 - PA)^2/PA and PA, and the other way round below PA = 1/2."""
        for (side, where), names in zip(
            _SIDES.items(), (("lower", "upper"), ("upper", "lower")), strict=True
        ):
            top = _HALVES[side]
            first, second = (self._end(name, side) for name in names)
            closed = where.replace("1)", "1]")
            yield replace(vanishes(first - (1 - top) ** 2 / top, second - top), scope=closed)

    def tied(self) -> Outcome:
        """At both ends the terms are equal, for PA >= 1/2."""
        high = _HALVES[1]
        ends = (self._end(name, 1) for name in ("lower", "upper"))
        at_ends = [self.gap.subs({p_a: high, p_b: end}, simultaneous=True) for end in ends]
        return replace(vanishes(*at_ends), scope="PA in [1/2, 1], PB = either root")
