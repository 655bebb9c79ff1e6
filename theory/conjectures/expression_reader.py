"""The walker that reads a conjectured radius from text.

Python's parser makes a tree of the text, and the walker builds the expression from the few kinds
of node that it knows. Nothing of the text is evaluated, no attribute is looked up, and no function
is called but those in the tables below.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType

import sympy as sp

from theory.conjectures.expression_nodes import FUNCTIONS, Builder
from theory.conjectures.expression_text import PUBLISHED
from theory.exact import describe

__all__ = ["ALIASES", "LEGAL", "MOST_CHARACTERS", "MOST_DEPTH", "MOST_TEXT_NODES", "Reader"]

MOST_CHARACTERS = 2_000
MOST_DEPTH = 50
MOST_TEXT_NODES = 400
_MOST_DIGITS = 60
_MOST_EXPONENT = 400

_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "p_a": ("pa", "PA", "p_A", "p"),
    "p_b": ("pb", "PB", "p_B"),
    "lam": ("lambda", "scale"),
    "half_width": ("Lambda",),
    "num_classes": ("K", "k"),
}
#: Every name of a symbol: the published ones and the other spellings of them.
ALIASES: Mapping[str, sp.Symbol] = MappingProxyType(
    {name: PUBLISHED[name] for name in PUBLISHED}
    | {other: PUBLISHED[name] for name, others in _OTHER_NAMES.items() for other in others}
)
_NUMBERS = {"pi": sp.pi, "e": sp.E, "E": sp.E}
_NAMES = dict(ln="log", Abs="abs", Min="min", Max="max", PhiInv="Phi_inv", ppf="Phi_inv")
_EXTREMES = {"min": sp.Min, "max": sp.Max}
_CALLABLE = (*FUNCTIONS, "sqrt", "abs", "min", "max", "Phi", "Phi_inv", "where", "Piecewise")
LEGAL = (
    f"numbers, {', '.join(PUBLISHED)}, pi, e, + - * / **, comparisons in conditions and "
    f"{', '.join(_CALLABLE)}"
)
_RELATIONS: Mapping[type[ast.cmpop], Callable[..., sp.Basic]] = {
    ast.Lt: sp.StrictLessThan,
    ast.LtE: sp.LessThan,
    ast.Gt: sp.StrictGreaterThan,
    ast.GtE: sp.GreaterThan,
    ast.Eq: sp.Equality,
    ast.NotEq: sp.Unequality,
}
_FOREIGN = re.compile(r"[^A-Za-z0-9_ .+\-*/(),<>=!]")
_LITERAL = re.compile(
    r"([0-9]+)(?:\.([0-9]*))?(?:[eE]([+-]?[0-9]+))?|\.([0-9]+)(?:[eE]([+-]?[0-9]+))?"
)


class Reader:
    """Reads one text; every method raises ValueError in one line.

    >>> Reader("p_a / 4").expression()
    p_A/4
    """

    def __init__(self, text: str) -> None:
        self._text = self._checked(text)
        self._build = Builder()

    @staticmethod
    def _checked(text: str) -> str:
        if len(text) > MOST_CHARACTERS:
            raise ValueError(
                f"{describe(text)} has {len(text)} characters: legal are at most {MOST_CHARACTERS}"
            )
        plain = re.sub(r"[\t\r\n]", " ", text).strip(" ")
        foreign = _FOREIGN.search(plain)
        if foreign:
            hint = "write ** for a power; " if foreign.group() == "^" else ""
            raise ValueError(
                f"{foreign.group()!a} in {describe(plain)} is not in the grammar: {hint}legal "
                "are letters, digits, + - * / ( ) , . < > = ! and _"
            )
        return re.sub(r"\blambda\b", "lam", plain)

    def expression(self) -> sp.Expr:
        """The expression that the text spells."""
        legal = f"legal are {LEGAL}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # "1if": what Python is about to forbid
                tree = ast.parse(self._text, mode="eval")
        except (SyntaxError, Warning) as error:
            why = describe(getattr(error, "msg", None) or error)
            raise ValueError(f"{describe(self._text)} cannot be read ({why}): {legal}") from None
        count = sum(isinstance(node, ast.expr) for node in ast.walk(tree))
        if count > MOST_TEXT_NODES:
            raise ValueError(
                f"{describe(self._text)} has {count} nodes: legal are at most {MOST_TEXT_NODES}"
            )
        return self._value(tree.body, 1)

    def _piece(self, node: ast.expr) -> str:
        return self._text[node.col_offset : node.end_col_offset]  # one line of ASCII

    def _refused(self, node: ast.expr, why: str = "is not in the grammar") -> ValueError:
        return ValueError(f"{describe(self._piece(node))} {why}: legal are {LEGAL}")

    def _deeper(self, node: ast.expr, depth: int) -> int:
        if depth > MOST_DEPTH:
            raise ValueError(
                f"{describe(self._piece(node))} is nested too deeply: legal are at most "
                f"{MOST_DEPTH} levels"
            )
        return depth + 1

    def _value(self, node: ast.expr, depth: int) -> sp.Expr:
        depth = self._deeper(node, depth)
        match node:
            case ast.Constant(value=value) if type(value) in (int, float):
                return self._number(node)
            case ast.Name(id=name):
                return self._name(node, name)
            case ast.BinOp(op=ast.Add() | ast.Sub()):
                return self._build.add(self._terms(node, depth))
            case ast.BinOp(op=ast.Mult() | ast.Div()) | ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return self._build.multiply(self._factors(node, depth))
            case ast.BinOp(op=ast.Pow(), left=base, right=exponent):
                return self._power(node, self._value(base, depth), self._value(exponent, depth))
            case ast.IfExp(test=test, body=body, orelse=other):
                pairs = [(body, self._condition(test, depth)), (other, sp.true)]
                return self._build.piecewise([(self._value(v, depth), c) for v, c in pairs])
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._call(node, _NAMES.get(name, name), arguments, depth)
            case ast.Compare() | ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
                raise self._refused(node, "is a condition where a value is needed")
        raise self._refused(node)

    def _power(self, node: ast.expr, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        if base.is_zero and exponent.is_negative:
            raise self._refused(node, "divides by zero")
        return self._build.power(base, exponent)

    def _number(self, node: ast.expr) -> sp.Rational:
        literal = _LITERAL.fullmatch(self._piece(node))
        if literal is None:
            raise self._refused(node, "is not a decimal number")
        whole, after, exponent, bare, bare_exponent = literal.groups()
        after = after or bare or ""
        digits = (whole or "") + after
        power = exponent or bare_exponent or "0"
        if len(digits) > _MOST_DIGITS or abs(int(power)) > _MOST_EXPONENT:
            raise ValueError(
                f"{describe(self._piece(node))} is too long a number: legal are {_MOST_DIGITS} "
                f"digits and exponents in [-{_MOST_EXPONENT}, {_MOST_EXPONENT}]"
            )
        value = Fraction(int(digits)) * Fraction(10) ** (int(power) - len(after))
        return sp.Rational(value.numerator, value.denominator)

    def _name(self, node: ast.expr, name: str) -> sp.Expr:
        value = ALIASES.get(name, _NUMBERS.get(name))
        if value is None:
            kind = "is a function" if _NAMES.get(name, name) in _CALLABLE else "is an unknown name"
            raise self._refused(node, kind)
        return value

    def _terms(self, node: ast.expr, depth: int) -> list[sp.Expr]:
        """The terms of a sum, however it is bracketed: one level of nesting for all of it."""
        terms, stack = [], [(node, 1)]
        while stack:
            one, sign = stack.pop()
            match one:
                case ast.BinOp(left=left, right=right, op=ast.Add()):
                    stack += [(right, sign), (left, sign)]
                case ast.BinOp(left=left, right=right, op=ast.Sub()):
                    stack += [(right, -sign), (left, sign)]
                case _:
                    factors = self._factors(one, depth)
                    terms.append(self._build.multiply([sp.Integer(sign), *factors]))
        return terms

    def _factors(self, node: ast.expr, depth: int) -> list[sp.Expr]:
        """The factors of a product, so that 2*(a + b)*c is one product however it is bracketed."""
        factors: list[sp.Expr] = []
        stack = [(node, False)]
        while stack:
            one, below = stack.pop()
            match one:
                case ast.BinOp(left=left, right=right, op=ast.Mult()):
                    stack += [(right, below), (left, below)]
                case ast.BinOp(left=left, right=right, op=ast.Div()):
                    stack += [(right, not below), (left, below)]
                case ast.UnaryOp(operand=operand, op=ast.USub()):
                    factors.append(sp.Integer(-1))
                    stack.append((operand, below))
                case ast.UnaryOp(operand=operand, op=ast.UAdd()):
                    stack.append((operand, below))
                case _:
                    value = self._value(one, depth)
                    if below:
                        value = self._power(one, value, sp.Integer(-1))
                    factors.append(value)
        return factors

    def _call(self, node: ast.expr, name: str, given: list[ast.expr], depth: int) -> sp.Expr:
        if name not in _CALLABLE:
            raise self._refused(node, "calls an unknown function")
        if name == "Piecewise":
            return self._build.piecewise([self._pair(one, depth) for one in given])
        arity = {"where": 3}.get(name, 1)
        if name not in _EXTREMES and len(given) != arity:
            raise self._refused(node, f"has {len(given)} arguments and not {arity}")
        if name == "where":
            condition = self._condition(given[0], depth)
            pairs = [(given[1], condition), (given[2], sp.true)]
            return self._build.piecewise([(self._value(v, depth), c) for v, c in pairs])
        arguments = [self._value(one, depth) for one in given]
        if name in _EXTREMES:
            return self._build.extreme(_EXTREMES[name], arguments)
        return _applied(self._build, name, arguments[0])

    def _pair(self, node: ast.expr, depth: int) -> tuple[sp.Expr, sp.Basic]:
        match node:
            case ast.Tuple(elts=[value, condition]):
                return self._value(value, depth), self._condition(condition, depth)
        raise self._refused(node, "is not a pair (value, condition)")

    def _condition(self, node: ast.expr, depth: int) -> sp.Basic:
        depth = self._deeper(node, depth)
        match node:
            case ast.Constant(value=True | False as truth):
                return sp.true if truth else sp.false
            case ast.BoolOp(op=word, values=values):
                conditions = [self._condition(one, depth) for one in values]
                join = self._build.both if isinstance(word, ast.And) else self._build.either
                return join(conditions)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._build.negate(self._condition(operand, depth))
            case ast.Compare(left=left, ops=ops, comparators=others):
                sides = [self._value(side, depth) for side in (left, *others)]
                links = []
                for op, a, b in zip(ops, sides, sides[1:], strict=False):
                    if type(op) not in _RELATIONS:
                        raise self._refused(node)
                    links.append(self._build.compare(_RELATIONS[type(op)], a, b))
                return self._build.both(links)
        raise self._refused(node, "is not a condition")


def _applied(build: Builder, name: str, argument: sp.Expr) -> sp.Expr:
    """A function of one argument by its name in the grammar."""
    if name == "sqrt":
        return build.power(argument, sp.Rational(1, 2))
    if name == "abs":
        return build.absolute(argument)
    root = sp.sqrt(2)
    if name == "Phi":  # the standard normal c.d.f.: erfc(-x/sqrt 2)/2
        tail = build.call(sp.erfc, build.multiply([argument, -1 / root]))
        return build.multiply([tail, sp.Rational(1, 2)])
    if name == "Phi_inv":  # its quantile: sqrt(2) erfinv(2x - 1)
        inner = build.add([build.multiply([sp.Integer(2), argument]), sp.Integer(-1)])
        return build.multiply([root, build.call(sp.erfinv, inner)])
    return build.call(FUNCTIONS[name], argument)
