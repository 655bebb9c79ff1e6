"""A density as a text in x, read by the grammar of a conjectured radius."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import sympy as sp

from theory.conjectures.expression_nodes import preorder
from theory.conjectures.expression_reader import ALIASES, LEGAL, Reader
from theory.conjectures.expression_text import PUBLISHED
from theory.exact import describe
from theory.symbols import x

__all__ = ["parse_density"]

_SCALES = ("lam", "lambda", "sigma", "half_width")
_NAMES: Mapping[str, sp.Symbol] = {"x": x} | {name: ALIASES[name] for name in _SCALES}
_MOST_DEGREE = 1_000
_GROWING = (sp.exp, sp.sinh, sp.cosh)
_LEGAL = LEGAL.replace(", ".join(PUBLISHED), "x, lam, sigma, half_width")


class _DensityReader(Reader):
    """Reads a density: x and a scale are all the symbols that it may have."""

    def _name(self, node: ast.expr, name: str) -> sp.Expr:
        if name in _NAMES:
            return _NAMES[name]
        if name in ALIASES:
            raise self._refused(node, "is an unknown name")
        return super()._name(node, name)


def _affordable(expression: sp.Expr) -> sp.Expr:
    """The expression, if SymPy can put a number for x: 9**9**(63*x) it would multiply out."""
    for node in preorder(expression):
        if node.is_Pow and node.exp.free_symbols:
            raise ValueError(
                f"the exponent {describe(node.exp)} varies: legal are numbers, and exp"
            )
        if isinstance(node, sp.exp) and node.has(sp.log):
            raise ValueError(f"{describe(node)} has a log under exp: legal is a power of a number")
        if isinstance(node, _GROWING) and node.args[0].has(*_GROWING):
            raise ValueError(f"{describe(node)} grows too fast: legal is no exp inside exp or sinh")
    if _degree(expression) > _MOST_DEGREE:
        raise ValueError(
            f"{describe(expression)} is of a degree above {_MOST_DEGREE}, the legal one"
        )
    return expression


def _degree(node: sp.Basic) -> float:
    """How many times longer than x a number may become that is exact if x is."""
    inner = [_degree(one) for one in node.args]
    if node.is_Pow:
        return inner[0] * max(abs(float(node.exp)), 1.0)
    if node.is_Mul or node.is_Add:  # a common denominator is a product too
        return sum(inner)
    return max(inner, default=1.0)


def parse_density(text: str) -> sp.Expr:
    """The density in x that a text spells, for `theory.conjectures.axis_noise.parse_noise`.

    The grammar is that of `theory.conjectures.expressions.parse_expression`, with the symbols x,
    lam, sigma and half_width. Nothing is evaluated, and numbers are exact. As a density is tried at
    exact points, it has to cost little there: an exponent is a number, what is under exp has no log
    and no exp, and powers of powers and products are of degree 1000 at most.

    Parameters
    ----------
    text : str

    Returns
    -------
    sympy.Expr
        Not looked at any further: whether it is a density is for `parse_noise` to say.

    Raises
    ------
    ValueError
        If the text is not of the grammar, costs more than its limits, or is a single name; in one
        line.

    Examples
    --------
    >>> parse_density("exp(-abs(x)/lam) / (2*lam)")
    exp(-Abs(x)/lambda)/(2*lambda)
    >>> parse_density("cauchy")
    Traceback (most recent call last):
        ...
    ValueError: noise = cauchy is unknown: legal are laplace, gaussian, uniform and a density in x
    """
    if not text.strip() or text.strip().isidentifier():
        named = "laplace, gaussian, uniform and a density in x"
        raise ValueError(f"noise = {describe(text)} is unknown: legal are {named}")
    try:
        return _affordable(_DensityReader(text).expression())
    except ValueError as error:
        said = " ".join(str(error).split()).replace(LEGAL, _LEGAL)
    except (RuntimeError, MemoryError, ArithmeticError, TypeError) as error:
        said = f"{describe(text)} cannot be built ({type(error).__name__}): legal are {_LEGAL}"
    raise ValueError(said)
