"""Rigorous values of SymPy expressions: an Arb ball that contains the exact value.

The interpreter knows the functions that occur in the claims and nothing else; an unknown one is
an error, never a float.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, ctx, fmpq

from theory.exact import to_fmpq

Ball = Any  # python-flint ships no type stubs
BallFunction = Callable[[Sequence[Ball]], Ball]

#: Working precision in bits; enough for 30 digits after every cancellation in the claims.
PRECISION = 192


def _even_power(value: Ball, exponent: int) -> Ball:
    # x*x on a ball around zero would give a lower end below zero
    low, high = value.abs_lower(), value.abs_upper()
    return (low**exponent).union(high**exponent)


def _power(value: Ball, exponent: sp.Expr) -> Ball:
    if exponent.is_Integer:
        n = int(exponent)
        if n % 2 == 0 and n > 0:
            return _even_power(value, n)
        return value**n if n >= 0 else 1 / _power(value, sp.Integer(-n))
    if exponent == sp.Rational(1, 2):
        return value.sqrt()
    if exponent == sp.Rational(-1, 2):
        return 1 / value.sqrt()
    return (value.log() * arb(fmpq(int(exponent.p), int(exponent.q)))).exp()


_UNARY: Mapping[Any, Callable[[Ball], Ball]] = {
    sp.exp: lambda v: v.exp(),
    sp.log: lambda v: v.log(),
    sp.erf: lambda v: v.erf(),
    sp.erfc: lambda v: v.erfc(),
    sp.erfinv: lambda v: v.erfinv(),
    sp.erfcinv: lambda v: v.erfcinv(),
    sp.cosh: lambda v: v.cosh(),
    sp.sinh: lambda v: v.sinh(),
    sp.tanh: lambda v: v.tanh(),
    sp.acosh: lambda v: v.acosh(),
    sp.Abs: abs,
}


def rational_ball(value: Fraction | int | sp.Rational) -> Ball:
    """The ball of a rational, as tight as the working precision allows.

    >>> rational_ball(Fraction(1, 10)).contains(fmpq(1, 10))
    True
    """
    if isinstance(value, sp.Rational):
        return arb(fmpq(int(value.p), int(value.q)))
    return arb(to_fmpq(Fraction(value)))


def interval_ball(low: Fraction, high: Fraction) -> Ball:
    """A ball that contains the interval [low, high].

    >>> interval_ball(Fraction(0), Fraction(1, 3)).contains(fmpq(1, 3))
    True
    """
    return rational_ball(low).union(rational_ball(high))


def compile_ball(expression: sp.Expr, symbols: Sequence[sp.Symbol]) -> BallFunction:
    """A function of balls (one for each symbol, in order) whose value contains the exact one.

    Raises
    ------
    ValueError : the expression holds a function or a symbol that is not known here.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> compile_ball(sp.erfc(x) - 1, [x])([arb(0)])
    0
    """
    if expression in symbols:
        place = list(symbols).index(expression)
        return lambda values: values[place]
    if expression.is_Rational:
        return lambda values: rational_ball(expression)
    if expression is sp.pi:
        return lambda values: arb.pi()
    if expression is sp.E:
        return lambda values: arb.const_e()
    if not expression.args:
        raise ValueError(f"{expression} is neither a number nor one of {list(symbols)}")
    return _compile_node(expression, symbols)


def _compile_node(expression: sp.Expr, symbols: Sequence[sp.Symbol]) -> BallFunction:
    head = expression.func
    if head is sp.Pow and expression.args[0] is not sp.E:
        inner = compile_ball(expression.args[0], symbols)
        exponent = expression.args[1]
        if not exponent.is_Rational:
            above = compile_ball(exponent, symbols)
            return lambda values: (inner(values).log() * above(values)).exp()
        return lambda values: _power(inner(values), exponent)
    parts = [compile_ball(argument, symbols) for argument in expression.args]
    if head is sp.Add:
        return lambda values: _fold(lambda a, b: a + b, [part(values) for part in parts])
    if head is sp.Mul:
        return lambda values: _fold(lambda a, b: a * b, [part(values) for part in parts])
    if head is sp.Max:
        return lambda values: _fold(lambda a, b: a.max(b), [part(values) for part in parts])
    if head is sp.Min:
        return lambda values: _fold(lambda a, b: a.min(b), [part(values) for part in parts])
    if head in _UNARY:
        function = _UNARY[head]
        return lambda values: function(parts[-1](values))
    raise ValueError(f"no enclosure is known for {head.__name__} in {expression}")


def _fold(operation: Callable[[Ball, Ball], Ball], balls: Sequence[Ball]) -> Ball:
    total = balls[0]
    for ball in balls[1:]:
        total = operation(total, ball)
    return total


def value_at(
    expression: sp.Expr, point: Mapping[sp.Symbol, sp.Rational], precision: int = PRECISION
) -> Ball:
    """The ball of an expression at an exact rational point.

    >>> x = sp.Symbol("x")
    >>> bool(value_at(sp.log(x), {x: sp.Rational(1, 2)}) < 0)
    True
    """
    symbols = list(point)
    with ctx.workprec(precision):
        function = compile_ball(expression, symbols)
        return function([rational_ball(point[s]) for s in symbols])
