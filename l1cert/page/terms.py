"""A product as it is written: its sign, what is above and below the bar, in which order."""

from __future__ import annotations

from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef

#: what reaches over everything after it
OPEN_ENDED = (sp.Integral, sp.Sum, sp.Product, sp.Limit, sp.Derivative)


def split_sign(expr: sp.Expr) -> tuple[bool, sp.Expr]:
    """Whether a minus stands in front, and what it stands in front of.

    >>> split_sign(-2 * sp.Symbol("x"))
    (True, 2*x)
    """
    if expr.is_Number:
        return (True, -expr) if expr < 0 else (False, expr)
    if not expr.is_Mul:
        return False, expr
    numbers = [one for one in expr.args if one.is_Number and one < 0]
    if len(numbers) % 2 == 0:
        return False, expr
    place = expr.args.index(numbers[0])
    rest = [*expr.args[:place], -numbers[0], *expr.args[place + 1 :]]
    rest = [one for one in rest if one != 1] or [sp.S.One]
    return True, rest[0] if len(rest) == 1 else sp.Mul(*rest, evaluate=False)


def numerator_and_denominator(expr: sp.Expr) -> tuple[list[sp.Expr], list[sp.Expr]]:
    """The factors above and below, each in the order in which they are written.

    >>> numerator_and_denominator(sp.Symbol("x") * sp.Rational(2, 3) / sp.Symbol("y"))
    ([2, x], [3, y])
    """
    above: list[sp.Expr] = []
    below: list[sp.Expr] = []
    for factor in sp.Mul.make_args(expr):
        if factor.is_Rational and not factor.is_Integer:
            above += [sp.Integer(factor.p)] if factor.p != 1 else []
            below.append(sp.Integer(factor.q))
        elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
            plain = factor.exp == -1
            base = factor.base
            below.append(base if plain else sp.Pow(base, -factor.exp, evaluate=False))
        else:
            above.append(factor)
    return sorted(above, key=_place) or [sp.S.One], sorted(below, key=_place)


def _place(factor: sp.Expr) -> tuple[int, Any]:
    """Numbers first, then letters, then what has brackets, and last what has no end of its own."""
    if isinstance(factor, OPEN_ENDED):
        rank = 4
    elif isinstance(factor, (AppliedUndef, sp.Function)) and not isinstance(factor, sp.exp):
        rank = 3
    elif factor.is_Number:
        rank = 0
    else:
        rank = 2 if factor.is_Add else 1
    return rank, sp.default_sort_key(factor)


def starts_with_a_digit(expr: sp.Expr) -> bool:
    """Whether it would run into a number before it."""
    if expr.is_Pow and expr.exp != sp.Rational(1, 2):
        return starts_with_a_digit(expr.base)
    return bool(expr.is_Rational)
