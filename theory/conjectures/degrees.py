"""How a conjectured radius scales: its degree of homogeneity, read off its structure.

A radius is a length. Where every scale of the noise is multiplied by t, a radius that does not
become t times itself is wrong at some scale, however it fares at the one it was tried at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum
from fractions import Fraction

import sympy as sp

from theory.conjectures.expression_nodes import FUNCTIONS

__all__ = ["scale_degree"]


class _Zero(Enum):
    """The degree of 0, which is homogeneous of every degree."""

    ANY = "any"


_Degree = Fraction | _Zero | None
_NONE = Fraction(0)


def scale_degree(
    expression: sp.Expr, scales: Mapping[sp.Symbol, object] | Iterable[sp.Symbol]
) -> Fraction | None:
    """The d with R(t*scales) = t**d R(scales) for every t > 0, as far as the structure shows it.

    Parameters
    ----------
    expression : sympy.Expr
        A radius as `theory.conjectures.expressions.canonical` returns it.
    scales : mapping or iterable of Symbol
        The symbols that are multiplied by t, all at once.

    Returns
    -------
    Fraction or None
        A degree that is right wherever the expression has a real value (0 is said of the radius
        0). None says that the structure shows none, and not that there is none: log(2*lam) -
        log(lam) is free of the scale, but neither of its terms is homogeneous.

    Examples
    --------
    >>> lam, p_a = sp.symbols("lam p_a", positive=True)
    >>> scale_degree(-lam * sp.log(2 - 2 * p_a), [lam])
    Fraction(1, 1)
    >>> scale_degree(lam - p_a, [lam]) is None
    True
    """
    degree = _degree(expression, frozenset(scales))
    return _NONE if degree is _Zero.ANY else degree


def _degree(node: sp.Basic, scales: frozenset[sp.Symbol]) -> _Degree:
    if node is sp.S.Zero:
        return _Zero.ANY
    if not node.free_symbols & scales:
        return _NONE
    if node.is_Symbol:
        return Fraction(1)
    if isinstance(node, sp.Piecewise):
        free = all(_is_free(condition, scales) for _, condition in node.args)
        return _common((value for value, _ in node.args), scales) if free else None
    if isinstance(node, (sp.Add, sp.Max, sp.Min, sp.Abs)):
        return _common(node.args, scales)  # t**d > 0 comes out of every one of them
    if node.is_Mul:
        return _total(_degree(factor, scales) for factor in node.args)
    if node.is_Pow:
        return _of_power(node.args[0], node.args[1], scales)
    if node.func in FUNCTIONS.values() and _is_free_value(node.args[0], scales):
        return _NONE
    return None


def _common(nodes: Iterable[sp.Basic], scales: frozenset[sp.Symbol]) -> _Degree:
    """The one degree of all the nodes: a zero has any."""
    degrees = {_degree(node, scales) for node in nodes} - {_Zero.ANY}
    if not degrees:
        return _Zero.ANY
    return degrees.pop() if len(degrees) == 1 else None


def _total(degrees: Iterable[_Degree]) -> _Degree:
    total, vanishes = Fraction(0), False
    for degree in degrees:
        if degree is None:
            return None
        if isinstance(degree, _Zero):
            vanishes = True
        else:
            total += degree
    return _Zero.ANY if vanishes else total


def _of_power(base: sp.Expr, exponent: sp.Expr, scales: frozenset[sp.Symbol]) -> _Degree:
    if exponent.is_Rational:
        degree = _degree(base, scales)
        if degree is None:
            return None
        if isinstance(degree, _Zero):
            return _Zero.ANY if exponent > 0 else None
        return degree * Fraction(int(exponent.p), int(exponent.q))
    return _NONE if all(_is_free_value(one, scales) for one in (base, exponent)) else None


def _is_free_value(node: sp.Expr, scales: frozenset[sp.Symbol]) -> bool:
    return _degree(node, scales) in (_NONE, _Zero.ANY)


def _is_free(condition: sp.Basic, scales: frozenset[sp.Symbol]) -> bool:
    """Whether a condition holds at every scale or at none: both sides have one degree."""
    if not condition.free_symbols & scales:
        return True
    if isinstance(condition, (sp.And, sp.Or, sp.Not)):
        return all(_is_free(one, scales) for one in condition.args)
    return condition.is_Relational and _common(condition.args, scales) is not None
