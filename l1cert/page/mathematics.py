"""SymPy expressions as presentation MathML, which browsers set without any script.

Every kind of expression that a derivation holds has a method here; another one is an error, never
its Python text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.printing.precedence import PRECEDENCE, precedence_traditional

from l1cert.page.elements import Markup, element
from l1cert.page.names import function_name, name, number
from l1cert.page.signs import bracketed, enclosed, operator, row, word
from l1cert.page.terms import (
    OPEN_ENDED,
    numerator_and_denominator,
    split_sign,
    starts_with_a_digit,
)

_RELATIONS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}

_FUNCTIONS = {
    **{sp.log: "log", sp.sin: "sin", sp.cos: "cos", sp.tan: "tan", sp.atan: "arctan"},
    **{sp.sinh: "sinh", sp.cosh: "cosh", sp.tanh: "tanh", sp.sign: "sgn"},
    **{sp.erf: "erf", sp.erfc: "erfc", sp.Max: "max", sp.Min: "min"},
}

_TIMES, _APPLIED, _DOT = "\u2062", "\u2061", "⋅"


def mathml(expression: sp.Basic, *, display: bool = True) -> str:
    """An expression as a ``<math>`` element, for HTML.

    Parameters
    ----------
    expression : sympy.Basic
        An expression, a relation or a tuple of them; it is set as it is, nothing is evaluated.
    display : bool
        Whether it stands on a line of its own (``display="block"``) or in the text.

    Raises
    ------
    ValueError
        If there is no way to set a part of it.

    Examples
    --------
    >>> p = sp.Symbol("p_A")
    >>> mathml(p / 2, display=False)
    '<math><mfrac><msub><mi>p</mi><mi>A</mi></msub><mn>2</mn></mfrac></math>'
    >>> mathml(sp.FiniteSet(p))
    Traceback (most recent call last):
        ...
    ValueError: there is no MathML for a FiniteSet, as in {p_A}
    """
    shown = _Presentation().markup(expression)
    return element("math", shown, display="block" if display else None)


def _unknown(expr: sp.Basic) -> ValueError:
    said = " ".join(str(expr).split())
    return ValueError(f"there is no MathML for a {type(expr).__name__}, as in {said}")


class _Presentation:
    """One method for each kind of expression, as `_RULES` says; each returns markup."""

    def __init__(self) -> None:
        #: whether fractions are set as a/b: in an exponent they would be too small
        self._flat = False

    def markup(self, expr: sp.Basic) -> Markup:
        """The expression, without the element around it."""
        for kind in type(expr).__mro__:
            if kind in _RULES:
                return _RULES[kind](self, expr)
        raise _unknown(expr)

    def _exponent(self, expr: sp.Basic) -> Markup:
        before, self._flat = self._flat, True
        try:
            return self.markup(expr)
        finally:
            self._flat = before

    # --- atoms

    def _symbol(self, expr: sp.Symbol) -> Markup:
        return name(expr.name)

    def _integer(self, expr: sp.Integer) -> Markup:
        return self._signed(expr < 0, number(str(abs(expr.p))))

    def _rational(self, expr: sp.Rational) -> Markup:
        shown = self._over(number(str(abs(expr.p))), number(str(expr.q)), compound=False)
        return self._signed(expr.p < 0, shown)

    def _float(self, expr: sp.Float) -> Markup:
        return self._signed(expr < 0, number(str(abs(expr))))

    def _infinity(self, expr: sp.Basic) -> Markup:
        return element("mi", "∞")

    def _negative_infinity(self, expr: sp.Basic) -> Markup:
        return self._signed(True, element("mi", "∞"))

    def _pi(self, expr: sp.Basic) -> Markup:
        return word("π")

    def _euler(self, expr: sp.Basic) -> Markup:
        return word("e")

    def _true(self, expr: sp.Basic) -> Markup:
        return element("mtext", "true")

    def _false(self, expr: sp.Basic) -> Markup:
        return element("mtext", "false")

    # --- sums, products, powers

    def _sum(self, expr: sp.Add) -> Markup:
        terms = [split_sign(term) for term in expr.as_ordered_terms()]
        # rather b - a than -a + b
        first = next((place for place, (minus, _) in enumerate(terms) if not minus), 0)
        terms.insert(0, terms.pop(first))
        parts = []
        for place, (minus, term) in enumerate(terms):
            if place or minus:
                parts.append(operator("−" if minus else "+"))
            parts.append(self._within(term, "Add", strict=not minus))
        return element("mrow", *parts)

    def _product(self, expr: sp.Mul) -> Markup:
        minus, expr = split_sign(expr)
        above, below = numerator_and_denominator(expr)
        if not below:
            return self._signed(minus, self._multiplied(above))
        compound = len(below) > 1 or bool(below[0].is_Add)
        # in a line, a + b over c is (a + b)/c
        sums = self._flat and len(above) == 1
        shown = self._within(above[0], "Mul", strict=True) if sums else self._multiplied(above)
        return self._signed(minus, self._over(shown, self._multiplied(below), compound))

    def _power(self, expr: sp.Pow) -> Markup:
        base, exponent = expr.base, expr.exp
        if exponent.is_Rational and exponent < 0:
            below = base if exponent == -1 else sp.Pow(base, -exponent, evaluate=False)
            compound = bool(below.is_Add or below.is_Mul)
            return self._over(number("1"), self.markup(below), compound)
        if exponent == sp.Rational(1, 2):
            return element("msqrt", self.markup(base))
        if exponent.is_Rational and exponent.p == 1:
            return element("mroot", self.markup(base), number(str(exponent.q)))
        plain = base.is_Symbol or (base.is_Integer and base >= 0)
        shown = self.markup(base)
        return element("msup", shown if plain else bracketed(shown), self._exponent(exponent))

    def _exponential(self, expr: sp.exp) -> Markup:
        exponent = expr.args[0]
        if exponent.has(sp.exp, sp.Integral, sp.Limit, sp.Piecewise):
            return self._applied(word("exp"), self.markup(exponent))  # too much for small letters
        return element("msup", word("e"), self._exponent(exponent))

    def _factorial(self, expr: sp.factorial) -> Markup:
        return element("mrow", self._within(expr.args[0], "Func"), operator("!"))

    # --- functions

    def _known_function(self, expr: sp.Function) -> Markup:
        if expr.func not in _FUNCTIONS:
            raise _unknown(expr)
        head = word(_FUNCTIONS[expr.func])
        single = len(expr.args) == 1 and (expr.args[0].is_Symbol or expr.args[0].is_Integer)
        if single and not expr.args[0].is_negative and expr.func not in (sp.Max, sp.Min):
            return element("mrow", head, operator(_APPLIED), self.markup(expr.args[0]))
        return self._applied(head, self._listed(expr.args))

    def _called(self, expr: AppliedUndef) -> Markup:
        head = function_name(str(expr.func.__name__))
        if not expr.args:
            return head
        # a function of a point: its coordinates alone say that
        point = len(expr.args) == 1 and isinstance(expr.args[0], sp.Tuple)
        return self._applied(head, self._listed(expr.args[0].args if point else expr.args))

    def _inverse_error_function(self, expr: sp.erfinv) -> Markup:
        inverse = element("msup", word("erf"), self._signed(True, number("1")))
        return self._applied(inverse, self.markup(expr.args[0]))

    def _absolute_value(self, expr: sp.Abs) -> Markup:
        return enclosed("|", self.markup(expr.args[0]), "|")

    def _floor(self, expr: sp.floor) -> Markup:
        return enclosed("⌊", self.markup(expr.args[0]), "⌋")

    def _ceiling(self, expr: sp.ceiling) -> Markup:
        return enclosed("⌈", self.markup(expr.args[0]), "⌉")

    # --- operators with limits

    def _integral(self, expr: sp.Integral) -> Markup:
        signs: list[Markup] = []
        ends: list[Markup] = []
        for variable, *limits in reversed(expr.limits):
            sign = operator("∫")
            signs.append(element("msubsup", sign, *map(self.markup, limits)) if limits else sign)
            measure = (element("mspace", width="0.17em"), word("d"), self.markup(variable))
            ends.insert(0, element("mrow", *measure))
        return element("mrow", *signs, self._reached(expr.function), *ends)

    def _series(self, expr: sp.Sum) -> Markup:
        return self._repeated(expr, "∑")

    def _repeated_product(self, expr: sp.Product) -> Markup:
        return self._repeated(expr, "∏")

    def _repeated(self, expr: Any, sign: str) -> Markup:
        signs = []
        for variable, low, high in reversed(expr.limits):
            start = element("mrow", self.markup(variable), operator("="), self.markup(low))
            signs.append(element("munderover", operator(sign), start, self.markup(high)))
        return element("mrow", *signs, self._reached(expr.function))

    def _limit(self, expr: sp.Limit) -> Markup:
        function, variable, point, side = expr.args
        goal = self.markup(point)
        if point.is_finite and str(side) in {"+", "-"}:
            mark = operator("+" if str(side) == "+" else "−")
            goal = element("msup", goal, mark)
        under = element("mrow", self.markup(variable), operator("→"), goal)
        limit = element("munder", operator("lim", movablelimits="false"), under)
        return element("mrow", limit, self._reached(function))

    def _derivative(self, expr: sp.Derivative) -> Markup:
        sign = "d" if len(expr.expr.free_symbols) <= 1 else "∂"
        order = sum(count for _, count in expr.variable_count)
        below = [self._raised(row(word(sign), self.markup(v)), n) for v, n in expr.variable_count]
        head = element("mfrac", self._raised(word(sign), order), element("mrow", *below))
        return element("mrow", head, self._reached(expr.expr))

    def _value_at(self, expr: sp.Subs) -> Markup:
        at = [
            element("mrow", self.markup(variable), operator("="), self.markup(value))
            for variable, value in zip(expr.variables, expr.point, strict=True)
        ]
        bar = operator("|", stretchy="true")
        return element("msub", element("mrow", self._reached(expr.expr), bar), self._separated(at))

    # --- relations, logic, collections

    def _relation(self, expr: Any) -> Markup:
        sign = operator(_RELATIONS[expr.rel_op])
        return element("mrow", self.markup(expr.lhs), sign, self.markup(expr.rhs))

    def _conjunction(self, expr: sp.And) -> Markup:
        return self._joined(expr, "∧", "And")

    def _disjunction(self, expr: sp.Or) -> Markup:
        return self._joined(expr, "∨", "Or")

    def _joined(self, expr: Any, sign: str, level: str) -> Markup:
        parts = [self._within(one, level) for one in sorted(expr.args, key=sp.default_sort_key)]
        signs = [operator(sign)] * len(parts)
        return element(
            "mrow", *[part for pair in zip(signs, parts, strict=True) for part in pair][1:]
        )

    def _piecewise(self, expr: sp.Piecewise) -> Markup:
        rows = []
        for value, condition in expr.args:
            said = element("mtext", "otherwise") if condition == sp.true else self.markup(condition)
            rows.append(element("mtr", element("mtd", self.markup(value)), element("mtd", said)))
        return element("mrow", operator("{"), element("mtable", *rows, class_="cases"))

    def _matrix(self, expr: Any) -> Markup:
        rows = [
            element("mtr", *(element("mtd", self.markup(one)) for one in expr.row(place)))
            for place in range(expr.rows)
        ]
        return bracketed(element("mtable", *rows))

    def _determinant(self, expr: sp.Determinant) -> Markup:
        return element("mrow", word("det"), operator(_APPLIED), self.markup(expr.arg))

    def _tuple(self, expr: sp.Tuple) -> Markup:
        return bracketed(self._listed(expr.args))

    # --- what they share

    def _signed(self, minus: bool, shown: Markup) -> Markup:
        return element("mrow", operator("−", form="prefix"), shown) if minus else shown

    def _over(self, above: Markup, below: Markup, compound: bool) -> Markup:
        """A fraction; one in a line has brackets around a denominator of several parts."""
        if not self._flat:
            return element("mfrac", above, below)
        return element("mrow", above, operator("/"), bracketed(below) if compound else below)

    def _raised(self, base: Markup, order: sp.Basic) -> Markup:
        return base if order == 1 else element("msup", base, self.markup(order))

    def _applied(self, head: Markup, inside: Markup) -> Markup:
        return element("mrow", head, operator(_APPLIED), bracketed(inside))

    def _listed(self, arguments: Iterable[sp.Basic]) -> Markup:
        return self._separated([self.markup(one) for one in arguments])

    def _separated(self, shown: Sequence[Markup]) -> Markup:
        comma = operator(",")
        return element("mrow", *[part for one in shown for part in (comma, one)][1:])

    def _within(self, expr: sp.Basic, level: str, *, strict: bool = False) -> Markup:
        """An operand, in brackets where it would otherwise come apart."""
        binds, needed = precedence_traditional(expr), PRECEDENCE[level]
        loose = binds < needed or (not strict and binds == needed and expr.is_Add)
        shown = self.markup(expr)
        return bracketed(shown) if loose else shown

    def _reached(self, expr: sp.Basic) -> Markup:
        """What an operator before it reaches: a sum or a negative term has brackets."""
        shown = self._within(expr, "Mul", strict=True)
        return bracketed(shown) if split_sign(expr)[0] else shown

    def _multiplied(self, factors: Sequence[sp.Expr]) -> Markup:
        if len(factors) == 1:
            return self.markup(factors[0])
        parts: list[Markup] = []
        for left, right in pairwise([*factors, None]):
            open_ended = isinstance(left, OPEN_ENDED)
            shown = self._within(left, "Mul", strict=True)
            negative = left.is_Number and left < 0 and bool(parts)
            parts.append(
                bracketed(shown) if negative or (open_ended and right is not None) else shown
            )
            if right is not None:
                parts.append(operator(_DOT if starts_with_a_digit(right) else _TIMES))
                if right.func in _FUNCTIONS:
                    parts.append(element("mspace", width="0.17em"))
        return element("mrow", *parts)


#: the method of each kind of expression; a kind without one takes that of what it is a kind of
_RULES: Mapping[type, Callable[[_Presentation, Any], Markup]] = MappingProxyType(
    {
        sp.Symbol: _Presentation._symbol,
        sp.Integer: _Presentation._integer,
        sp.Rational: _Presentation._rational,
        sp.Float: _Presentation._float,
        type(sp.oo): _Presentation._infinity,
        type(-sp.oo): _Presentation._negative_infinity,
        type(sp.pi): _Presentation._pi,
        type(sp.E): _Presentation._euler,
        type(sp.true): _Presentation._true,
        type(sp.false): _Presentation._false,
        sp.Add: _Presentation._sum,
        sp.Mul: _Presentation._product,
        sp.Pow: _Presentation._power,
        sp.exp: _Presentation._exponential,
        sp.factorial: _Presentation._factorial,
        sp.Function: _Presentation._known_function,
        sp.erfinv: _Presentation._inverse_error_function,
        sp.Abs: _Presentation._absolute_value,
        sp.floor: _Presentation._floor,
        sp.ceiling: _Presentation._ceiling,
        sp.Integral: _Presentation._integral,
        sp.Sum: _Presentation._series,
        sp.Product: _Presentation._repeated_product,
        sp.Limit: _Presentation._limit,
        sp.Derivative: _Presentation._derivative,
        sp.Subs: _Presentation._value_at,
        sp.Rel: _Presentation._relation,
        sp.And: _Presentation._conjunction,
        sp.Or: _Presentation._disjunction,
        sp.Piecewise: _Presentation._piecewise,
        sp.MatrixBase: _Presentation._matrix,
        sp.Determinant: _Presentation._determinant,
        sp.Tuple: _Presentation._tuple,
        sp.Max: _Presentation._known_function,
        sp.Min: _Presentation._known_function,
        AppliedUndef: _Presentation._called,
    }
)
