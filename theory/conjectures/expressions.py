"""The grammar of a conjectured radius: text in, a SymPy expression in the published symbols out.

The text is a stranger's. It is never evaluated: Python's parser makes a tree of it, and a walker
that knows a few kinds of node builds the expression from that; whatever it does not know is
refused. No attribute is looked up and no function is called but those in the tables below.

    numbers      1, 0.1, 1e-9: exact rationals, read from their digits
    names        p_a, p_b, lam, sigma, half_width, num_classes (and the aliases), pi, e
    operators    + - * / **, and in conditions < <= > >= == != and or not
    functions    log exp sqrt abs min max erf erfc erfinv erfcinv sinh cosh tanh acosh Phi Phi_inv
    pieces       where(condition, a, b), a if condition else b,
                 Piecewise((a, condition), ..., (b, True))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from typing import Any

import sympy as sp

from theory.conjectures.expression_nodes import FUNCTIONS, HEADS, RELATIONS, Builder, preorder
from theory.conjectures.expression_reader import (
    ALIASES,
    LEGAL,
    MOST_CHARACTERS,
    MOST_DEPTH,
    Reader,
)
from theory.conjectures.expression_text import PUBLISHED, half_width, num_classes, to_text
from theory.exact import describe

__all__ = [
    "ALIASES",
    "PUBLISHED",
    "canonical",
    "check_symbols",
    "half_width",
    "num_classes",
    "parse_expression",
    "to_text",
]

_MOST_FLOAT_BITS = 2_000  # of what a SymPy Float stores
_ROUNDS = 4


def parse_expression(text: str) -> sp.Expr:
    """The radius that a text of the grammar above spells, in the symbols of `PUBLISHED`.

    Numbers are exact (0.1 is 1/10). SymPy's automatic evaluation is kept, which holds wherever
    the text has a real value: exp(log(x)) is x, and 0*x is 0. Nothing else is simplified.

    Parameters
    ----------
    text : str
        At most 2000 characters, 400 nodes and 50 levels; a number to the power of a number needs
        an exponent in [-64, 64], and no number on the way may reach 10**460.

    Returns
    -------
    sympy.Expr
        An expression that `to_text` writes out and that is read back as the same one.

    Raises
    ------
    ValueError
        If the text is not of the grammar, or costs more than these limits; in one line, with the
        piece that is refused and what is legal.

    Examples
    --------
    >>> parse_expression("-lambda * ln(2*(1 - PA))")
    -lambda*log(2 - 2*p_A)
    >>> parse_expression("__import__('os')")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: "'" in __import__('os') is not in the grammar: legal are letters, digits, ...
    """
    return _bounded(lambda: _settled(_read(text)), text)


def canonical(radius: str | sp.Expr) -> sp.Expr:
    """The radius in the symbols of `PUBLISHED`, with exact numbers.

    A text is parsed. In a SymPy expression the symbols are told by their names and aliases,
    whatever is assumed of them, and a Float is the dyadic rational that it stores.

    Raises
    ------
    ValueError
        As `parse_expression`, and for an unknown symbol or function in a SymPy expression.

    Examples
    --------
    >>> canonical(sp.Symbol("lambda") * (2.5 - sp.Symbol("PA")))
    lambda*(5/2 - p_A)
    >>> canonical(sp.Symbol("q") + 1)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    ValueError: the symbol q is unknown: legal are p_a, p_b, lam, sigma, half_width, num_classes...
    """
    if isinstance(radius, str):
        return parse_expression(radius)

    def rebuilt() -> sp.Expr:
        if not isinstance(radius, sp.Expr):
            raise _wrong_kind(radius)
        for _ in preorder(radius):  # counts, before anything recurses into the tree
            pass
        return _settled(_Rebuilder().value(radius, 1))

    return _bounded(rebuilt, radius)


def check_symbols(expression: sp.Expr, allowed: Iterable[str]) -> None:
    """ValueError naming a symbol of the expression that is not one of the names `allowed`.

    >>> check_symbols(PUBLISHED["p_a"] - PUBLISHED["p_b"], ["p_a", "lam"])
    Traceback (most recent call last):
        ...
    ValueError: p_b does not belong to this setting and noise: legal are p_a, lam
    """
    names = list(allowed)
    unknown = [name for name in names if name not in ALIASES]
    if unknown:
        raise ValueError(f"{describe(unknown[0])} names no symbol: legal are {', '.join(ALIASES)}")
    legal = {ALIASES[name] for name in names}
    own = {symbol: name for name, symbol in PUBLISHED.items()}
    found = sorted(own.get(one, one.name) for one in expression.free_symbols - legal)
    if found:
        listed = ", ".join(names) or "numbers only"
        raise ValueError(
            f"{found[0]} does not belong to this setting and noise: legal are {listed}"
        )


def _bounded(work: Callable[[], sp.Expr], given: object) -> sp.Expr:
    """The result of the work, where running out of stack or memory is bad input like any other."""
    try:
        return work()
    except ValueError as error:  # SymPy's own may have several lines
        raise ValueError(" ".join(str(error).split())) from None
    except (RuntimeError, MemoryError, ArithmeticError, TypeError) as error:
        kind = type(error).__name__  # RecursionError is a RuntimeError
    legal = f"at most {MOST_CHARACTERS} characters and {MOST_DEPTH} levels of real values"
    shown = describe(given) if isinstance(given, str) else "the expression"
    raise ValueError(f"{shown} cannot be built ({kind}): legal are {legal}")


def _wrong_kind(given: object) -> ValueError:
    kind = type(given).__name__
    return ValueError(f"{describe(given)} is of type {kind}: legal are text and SymPy expressions")


def _read(text: object) -> sp.Expr:
    if not isinstance(text, str):
        raise _wrong_kind(text)
    return Reader(text).expression()


def _settled(expression: sp.Expr) -> sp.Expr:
    """The expression as its own text is read: what is returned survives printing and parsing."""
    for _ in range(_ROUNDS):
        again = _read(to_text(expression))
        if again == expression:
            return again
        expression = again
    raise ValueError(f"{describe(expression)} is read differently each time: write it more simply")


class _Rebuilder:
    """Rebuilds a SymPy tree of the user's from the bottom, node by node."""

    def __init__(self) -> None:
        self._build = Builder()

    def value(self, node: sp.Basic, depth: int) -> sp.Expr:
        """The same node with canonical symbols and exact numbers."""
        if depth > 2 * MOST_DEPTH:
            raise ValueError(f"the expression is nested too deeply: legal are {MOST_DEPTH} levels")
        if node.is_Symbol:
            if node.name not in ALIASES:
                legal = ", ".join([*PUBLISHED, "and their aliases"])
                raise ValueError(f"the symbol {describe(node.name)} is unknown: legal are {legal}")
            return ALIASES[node.name]
        if node.is_Float:
            return _stored(node)
        if node.is_Rational or node in (sp.pi, sp.E, sp.true, sp.false):
            return self._build.vetted(node)
        if isinstance(node, sp.Piecewise):
            return self._build.piecewise(
                [(self.value(v, depth + 1), self.value(c, depth + 1)) for v, c in node.args]
            )
        if node.func not in HEADS and node.func is not sp.Not:
            name = str(node) if node.is_Atom else node.func.__name__
            raise ValueError(f"{describe(name)} is not in the grammar: legal are {LEGAL}")
        return self._operation(node.func, [self.value(one, depth + 1) for one in node.args])

    def _operation(self, head: Any, arguments: list[sp.Basic]) -> sp.Basic:
        build = self._build
        if head in FUNCTIONS.values():
            return build.call(head, arguments[0])
        if head in (sp.Max, sp.Min):
            return build.extreme(head, arguments)
        if head in RELATIONS:
            return build.compare(head, *arguments)
        simple: Mapping[object, Callable[[], sp.Basic]] = {
            sp.Add: lambda: build.add(arguments),
            sp.Mul: lambda: build.multiply(arguments),
            sp.Pow: lambda: build.power(*arguments),
            sp.Abs: lambda: build.absolute(*arguments),
            sp.And: lambda: build.both(arguments),
            sp.Or: lambda: build.either(arguments),
            sp.Not: lambda: build.negate(*arguments),
        }
        return simple[head]()


def _stored(value: sp.Float) -> sp.Rational:
    """The dyadic rational that a Float stores."""
    sign, mantissa, exponent, _ = value._mpf_
    if abs(int(exponent)) + int(mantissa).bit_length() > _MOST_FLOAT_BITS:
        raise ValueError(f"{describe(value)} is beyond the numbers: legal are |value| < 10**460")
    stored = Fraction(int(mantissa) * (-1) ** int(sign)) * Fraction(2) ** int(exponent)
    return sp.Rational(stored.numerator, stored.denominator)
