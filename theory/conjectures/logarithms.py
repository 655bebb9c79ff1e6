"""Logarithms of rational functions, split into logarithms of their factors.

Two spellings of one radius then cancel term by term, as in log(p/(2 - 2 p)) + log(2) - log(p).
"""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

__all__ = ["factored", "split_logarithms"]

#: larger ones are left as they are: factoring must stay cheap whatever a user writes
_MOST_DEGREE, _MOST_NODES = 8, 60
#: where the sign of a factor is read off: coordinates are positive, tails below 1/2
_POINT = (sp.Rational(3, 17), sp.Rational(5, 31), sp.Rational(7, 41), sp.Rational(2, 23))


@lru_cache(maxsize=512)
def factored(expression: sp.Expr) -> sp.Expr:
    """The expression as a product, which shows the sign of a square; itself where it is large.

    >>> x, y = sp.symbols("x y")
    >>> factored(x - x * (1 - (y - 1) ** 2))
    x*(y - 1)**2
    """
    split = split_logarithms(expression)
    # to factor, SymPy takes exp(10000 x) for a power of exp(x)
    if split.has(sp.exp) or split.count_ops() > _MOST_NODES or _degree(split) > _MOST_DEGREE:
        return expression
    return sp.factor(split)


def _degree(expression: sp.Expr) -> int:
    powers = [one.args[1] for one in sp.preorder_traversal(expression) if one.is_Pow]
    return max((abs(int(one)) if one.is_Integer else _MOST_DEGREE + 1 for one in powers), default=1)


@lru_cache(maxsize=512)
def split_logarithms(expression: sp.Expr) -> sp.Expr:
    """The expression with log of a product as a sum of logs, expanded.

    It is equal to the given one wherever all its logarithms are real; where a factor has another
    sign than expected, one of them is not, and the given expression has to be evaluated itself.

    >>> x = sp.Symbol("x", positive=True)
    >>> split_logarithms(sp.log(x / (2 - 2 * x)) + sp.log(1 - x))
    log(x) - log(2)
    """
    replaced = expression.replace(lambda one: one.func is sp.log, _split)
    if replaced.count_ops() > 4 * _MOST_NODES:
        return expression
    return sp.expand(replaced, power_base=False, power_exp=False, log=False, multinomial=False)


def _split(logarithm: sp.Expr) -> sp.Expr:
    parted = sp.expand_log(logarithm, force=True)
    return parted.replace(lambda one: one.func is sp.log, _split_rational)


def _split_rational(logarithm: sp.Expr) -> sp.Expr:
    argument = logarithm.args[0]
    symbols = sorted(argument.free_symbols, key=lambda one: str(one.name))
    if not symbols:
        return logarithm
    if argument.count_ops() > _MOST_NODES or not argument.is_rational_function(*symbols):
        return logarithm
    top, bottom = sp.fraction(sp.together(argument))
    total: sp.Expr = sp.Integer(0)
    for part, sign in ((top, 1), (bottom, -1)):
        polynomial = sp.Poly(part, *symbols) if part.free_symbols else None
        if polynomial is None:
            total += sign * sp.log(part)
            continue
        if polynomial.total_degree() > _MOST_DEGREE:
            return logarithm
        content, factors = polynomial.factor_list()
        for factor, times in factors:
            expression = factor.as_expr()
            point = dict(zip(symbols, _POINT, strict=False))
            if expression.subs(point) < 0:
                expression, content = -expression, content * (-1) ** times
            total += sign * times * sp.log(expression)
        if not content > 0:
            return logarithm
        total += sign * sp.log(content)
    return total
