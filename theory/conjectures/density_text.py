"""A density as a text in x, read by the grammar of a conjectured radius."""

from __future__ import annotations

import ast
from collections.abc import Mapping

import sympy as sp

from theory.conjectures.density_checks import affordable
from theory.conjectures.expression_reader import ALIASES, LEGAL, Reader
from theory.conjectures.expression_text import PUBLISHED
from theory.exact import describe
from theory.symbols import x

__all__ = ["parse_density"]

_SCALES = ("lam", "lambda", "sigma", "half_width")
_NAMES: Mapping[str, sp.Symbol] = {"x": x} | {name: ALIASES[name] for name in _SCALES}
_LEGAL = LEGAL.replace(", ".join(PUBLISHED), "x, lam, sigma, half_width")


class _DensityReader(Reader):
    """Reads a density: x and a scale are all the symbols that it may have."""

    def _name(self, node: ast.expr, name: str) -> sp.Expr:
        if name in _NAMES:
            return _NAMES[name]
        if name in ALIASES:
            raise self._refused(node, "is an unknown name")
        return super()._name(node, name)


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
        return affordable(_DensityReader(text).expression())
    except ValueError as error:
        said = " ".join(str(error).split()).replace(LEGAL, _LEGAL)
    except (RuntimeError, MemoryError, ArithmeticError, TypeError) as error:
        said = f"{describe(text)} cannot be built ({type(error).__name__}): legal are {_LEGAL}"
    raise ValueError(said)
