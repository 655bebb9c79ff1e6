"""Cases of a conjectured radius on a box: maxima, minima, absolute values and conditions.

A radius with cases is bounded by another exactly if its cases are, so a box asks a tree of plain
formulas: all of them (`All`), or one of them (`Any`). Cases that the box excludes are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp
from sympy.functions.elementary.piecewise import ExprCondPair
from sympy.logic.boolalg import BooleanAtom

from theory.conjectures.jets import OutsideError
from theory.conjectures.realness import is_total

__all__ = ["UNDEFINED", "All", "AnyOf", "Plain", "Tree", "branches", "truth"]

#: more cases than this on one box are not told apart
_MOST_CASES = 64

_CASES = (sp.Max, sp.Min, sp.Abs, sp.Piecewise)


@dataclass(frozen=True, slots=True)
class All:
    """The radius is one of these formulas, or the largest of them: each must be bounded."""

    parts: tuple[Tree, ...]
    largest: bool


@dataclass(frozen=True, slots=True)
class AnyOf:
    """The radius is the smallest of these formulas: one of them must be bounded."""

    parts: tuple[Tree, ...]


@dataclass(frozen=True, slots=True)
class Plain:
    """A formula without cases, stated only where all of ``where`` are at least 0."""

    formula: sp.Expr
    where: tuple[sp.Expr, ...] = ()


Tree = Plain | All | AnyOf


#: no formula is stated
UNDEFINED = All((), largest=False)

#: whether an expression is at least 0 on the box (or above 0, if strict), as far as is known
Known = Callable[[sp.Expr, bool], bool]


def branches(radius: sp.Expr, is_at_least: Known) -> Tree:
    """The cases of a radius that a box leaves possible.

    Raises OutsideError where there are too many.

    >>> u = sp.Symbol("u", nonnegative=True)
    >>> branches(sp.Max(u, u**2 / 4), lambda one, strict: one == u - u**2 / 4)  # u in [1, 2]
    Plain(formula=u, where=())
    """
    return _Splitter(is_at_least).split(radius)


class _Splitter:
    def __init__(self, is_at_least: Known) -> None:
        self._is_at_least, self._count = is_at_least, 0

    def split(self, radius: sp.Expr, where: tuple[sp.Expr, ...] = ()) -> Tree:
        self._count += 1
        if self._count > _MOST_CASES:
            raise OutsideError("too many cases on one box")
        found = _first_node(radius)
        if found is None:
            return Plain(radius, where)
        node, rises = found
        trees = tuple(
            self._with(radius, node, one, where, narrowed=rises >= 0)
            for one in dict.fromkeys(self._parts(node))
        )
        if len(trees) == 1:
            return trees[0]
        return AnyOf(trees) if rises < 0 else All(trees, largest=rises > 0)

    def _with(
        self,
        radius: sp.Expr,
        node: sp.Expr,
        part: Plain,
        where: tuple[sp.Expr, ...],
        *,
        narrowed: bool,
    ) -> Tree:
        # if all cases have to be bounded, each has to be where it is taken only
        if part.formula is sp.nan:
            return UNDEFINED
        where = (*where, *part.where) if narrowed else where
        return self.split(_replaced(radius, node, part.formula), where)

    def _parts(self, node: sp.Expr) -> list[Plain]:
        if isinstance(node, sp.Piecewise):
            return list(self._cases(node))
        if isinstance(node, sp.Abs):
            inner = node.args[0]
            return self._undominated([inner, -inner], 1)
        return self._undominated(list(node.args), 1 if isinstance(node, sp.Max) else -1)

    def _undominated(self, parts: list[sp.Expr], sign: int) -> list[Plain]:
        kept = list(parts)
        for one in parts:
            others = [other for other in kept if other is not one]
            if any(self._is_at_least(_difference(other, one, sign), False) for other in others):
                kept = others
        return [
            Plain(one, tuple(_difference(one, other, sign) for other in kept if other is not one))
            for one in kept
        ]

    def _cases(self, node: sp.Piecewise) -> Iterator[Plain]:
        failed: list[sp.Expr] = []  # where an earlier case is not taken
        for value, condition in node.args:
            holds = truth(condition, self._is_at_least)
            if holds is False:
                continue
            simple = isinstance(condition, sp.Ge | sp.Gt | sp.Le | sp.Lt) and holds is None
            where = [_difference(condition.gts, condition.lts)] if simple else []
            yield Plain(value, (*failed, *where))
            if holds is True:
                return
            # where a condition is not real the next case is taken as well
            failed += [-one for one in where if is_total(one)]
        yield Plain(sp.nan)  # no case is certain to be taken: it may be undefined


def truth(condition: sp.Basic, is_at_least: Known) -> bool | None:
    """True or False only where the condition is known to have that value.

    >>> u = sp.Symbol("u")
    >>> truth(sp.And(u > 2, u < 3), lambda one, strict: one == 2 - u)  # u <= 2
    False
    """
    if isinstance(condition, BooleanAtom):
        return bool(condition)
    if isinstance(condition, sp.Not):
        inner = truth(condition.args[0], is_at_least)
        return None if inner is None else not inner
    if isinstance(condition, sp.And | sp.Or):
        truths = [truth(one, is_at_least) for one in condition.args]
        decisive = isinstance(condition, sp.Or)
        if decisive in truths:
            return decisive
        return None if None in truths else not decisive
    if isinstance(condition, sp.Eq | sp.Ne):
        return _equality(condition, is_at_least)
    strict = isinstance(condition, sp.StrictGreaterThan | sp.StrictLessThan)
    if is_at_least(_difference(condition.gts, condition.lts), strict):
        return True
    behind = _difference(condition.lts, condition.gts)
    return False if is_at_least(behind, not strict) else None


def _equality(condition: sp.Basic, is_at_least: Known) -> bool | None:
    first, second = condition.args
    both = _difference(first, second), _difference(second, first)
    if any(is_at_least(one, True) for one in both):
        return isinstance(condition, sp.Ne)
    if all(is_at_least(one, False) for one in both):
        return isinstance(condition, sp.Eq)
    return None


@lru_cache(maxsize=4096)
def _difference(first: sp.Expr, second: sp.Expr, sign: int = 1) -> sp.Expr:
    return sign * (first - second)


@lru_cache(maxsize=4096)
def _replaced(radius: sp.Expr, node: sp.Expr, part: sp.Expr) -> sp.Expr:
    return radius.xreplace({node: part})


@lru_cache(maxsize=4096)
def _first_node(radius: sp.Expr) -> tuple[sp.Expr, int] | None:
    """A node with cases and none within, and whether the radius rises with what is chosen there."""
    found = _innermost(radius, 1)
    if found is None:
        return None
    node, rises = found
    # of a node in two places it is not known how the radius changes with it
    occurrences = sum(one == node for one in sp.preorder_traversal(radius))
    rises = 0 if isinstance(node, sp.Piecewise) or occurrences > 1 else rises
    return node, -rises if isinstance(node, sp.Min) else rises


def _innermost(expression: sp.Basic, polarity: int) -> tuple[sp.Expr, int] | None:
    """A node with cases and none within, and whether the radius rises (1), falls (-1) with it."""
    for place, argument in enumerate(expression.args):
        if argument.has(*_CASES):
            return _innermost(argument, polarity * _slope(expression, place))
    return (expression, polarity) if isinstance(expression, _CASES) else None


def _slope(expression: sp.Basic, place: int) -> int:
    if isinstance(expression, sp.Max | sp.Min | sp.Piecewise):
        return 1
    if isinstance(expression, ExprCondPair):
        return 1 if place == 0 else 0
    if not isinstance(expression, sp.Expr):
        return 0
    if expression.is_Add or expression.func in {sp.exp, sp.log, sp.erf, sp.erfinv}:
        return 1
    if expression.func in {sp.erfc, sp.erfcinv}:
        return -1
    if expression.is_Mul:
        rest = [one for other, one in enumerate(expression.args) if other != place]
        if not all(one.is_nonnegative or one.is_nonpositive for one in rest):
            return 0
        return -1 if sum(not one.is_nonnegative for one in rest) % 2 else 1
    if expression.is_Pow and place == 0 and expression.args[1].is_Rational:
        # a root is real for what is not negative only; of other powers the base's sign is not known
        exponent = expression.args[1]
        if exponent.q % 2 == 0:
            return 1 if exponent > 0 else -1
    return 0
