"""Reads presentation MathML back: the value of what a reader sees, beside that of the expression.

Written without a look at the printer's methods: a formula is a row of operands and signs, and is
read as a mathematician reads it. Two readings agree when they give the same number at a random
point; undefined functions, integrals, limits and derivatives are numbers that depend, as a hash
does, on everything inside them.
"""

import hashlib
import math
from xml.etree import ElementTree as Xml

import sympy as sp
from sympy.core.function import AppliedUndef

from l1cert.page.names import function_name, name

TAGS = {
    *("math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle"),
    *("msub", "msup", "msubsup", "munder", "mover", "munderover", "mtable", "mtr", "mtd"),
}

RELATIONS = {
    **{"=": "eq", "≠": "ne", "<": "lt", "≤": "le", ">": "gt", "≥": "ge"},
}

FUNCTIONS = {
    **{"log": sp.log, "sin": sp.sin, "cos": sp.cos, "erf": sp.erf, "erfc": sp.erfc},
    **{"max": sp.Max, "min": sp.Min, "exp": sp.exp},
}

NUMERIC = {
    **{sp.log: "log", sp.sin: "sin", sp.cos: "cos", sp.erf: "erf", sp.erfc: "erfc"},
    **{sp.Max: "max", sp.Min: "min", sp.exp: "exp", sp.factorial: "!", sp.erfinv: "erfinv"},
    **{sp.Abs: "|"},
}


def mixed(label, *values):
    """A number in [1/2, 3/2) that depends on the label and on all the values, to 9 digits."""
    text = f"{label}:{','.join(map(_digits, values))}"
    return 0.5 + int(hashlib.sha256(text.encode()).hexdigest()[:12], 16) / 16**12


def _digits(value):
    # what is left where two numbers nearly cancel is rounding alone
    return f"{value:.9e}" if abs(value) > 100 else f"{round(value, 9) + 0.0:.9f}"


def known(label, *values):
    """The value of a function that both readings know: real, and a hash where it has none."""
    try:
        if label == "exp":
            return math.exp(*values)
        if label == "power":
            found = values[0] ** values[1]
            return mixed("power", *values) if isinstance(found, complex) else found
        if label == "ratio":
            return values[0] / values[1]
        if label == "|":
            return abs(*values)
    except (OverflowError, ZeroDivisionError):
        pass
    return mixed(label, *values)


def symbol_value(shown):
    return mixed("symbol", *map(ord, shown))


def value(expr):
    """The value of an expression, by its tree."""
    if isinstance(expr, sp.Symbol):
        return symbol_value(name(expr.name))
    if expr in (sp.oo, -sp.oo):
        return math.copysign(1e3, 1 if expr is sp.oo else -1)
    if expr.is_Number or expr in (sp.pi, sp.E):
        return float(expr)
    if isinstance(expr, AppliedUndef):
        arguments = expr.args
        if len(arguments) == 1 and isinstance(arguments[0], sp.Tuple):
            arguments = arguments[0].args
        return mixed(f"function {function_name(expr.func.__name__)}", *map(value, arguments))
    if expr.is_Relational:
        return mixed(RELATIONS_OF[expr.rel_op], value(expr.lhs), value(expr.rhs))
    if expr.is_Add:
        return sum(map(value, expr.args))
    if expr.is_Mul:
        return math.prod(map(value, expr.args))
    if expr.is_Pow:
        return known("power", value(expr.base), value(expr.exp))
    if type(expr) in NUMERIC:
        return known(NUMERIC[type(expr)], *arranged(NUMERIC[type(expr)], map(value, expr.args)))
    return _bound(expr)


RELATIONS_OF = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


def arranged(label, values):
    """Arguments whose order says nothing, in order."""
    return sorted(values) if label in {"max", "min"} else list(values)


def _bound(expr):
    if isinstance(expr, sp.Integral):
        limits = [value(one) for limit in expr.limits for one in limit]
        return mixed("∫", value(expr.function), *limits)
    if isinstance(expr, sp.Limit):
        function, variable, point, side = expr.args
        finite = point.is_finite
        label = f"lim{side if finite else ''}"
        return mixed(label, value(variable), value(point), value(function))
    if isinstance(expr, sp.Derivative):
        ((variable, order),) = expr.variable_count
        return mixed("d", value(variable), value(order), value(expr.expr))
    if isinstance(expr, sp.Subs):
        return mixed("at", value(expr.expr), value(expr.variables[0]), value(expr.point[0]))
    if isinstance(expr, sp.Determinant):
        return mixed("det", *map(value, expr.arg))
    if isinstance(expr, sp.Tuple):
        return mixed("tuple", *map(value, expr.args))
    raise AssertionError(f"the reading has no rule for {type(expr).__name__}")


def read(markup, expr):
    """The value of the formula that the markup shows, in the letters of the expression."""
    symbols = {name(one.name) for one in expr.atoms(sp.Symbol)} - {name("+"), name("-")}
    functions = {function_name(one.func.__name__) for one in expr.atoms(AppliedUndef)}
    root = Xml.fromstring(markup)
    assert root.tag == "math"
    return _Reader(symbols, functions).whole(list(root))


def text(node):
    return "".join(node.itertext())


def markup_of(node):
    """The markup of a node, as the printer writes it."""
    return Xml.tostring(node, encoding="unicode", short_empty_elements=False)


class _Reader:
    """Rows are flattened: a bracket is a bracket wherever it stands, and a row is none."""

    def __init__(self, symbols, functions):
        self.symbols, self.functions = symbols, functions

    def whole(self, nodes):
        row = _Row(self, self.flat(nodes))
        found = row.relation()
        row.end()
        return found

    def inner(self, node):
        return self.whole([node])

    def flat(self, nodes):
        for node in nodes:
            named = markup_of(node)
            if node.tag in {"mrow", "mstyle"} and named not in self.symbols | self.functions:
                yield from self.flat(list(node))
            elif node.tag != "mspace":
                yield node


class _Row:
    def __init__(self, reader, nodes):
        self.reader, self.nodes, self.at = reader, list(nodes), 0

    def peek(self):
        return self.nodes[self.at] if self.at < len(self.nodes) else None

    def sign(self):
        node = self.peek()
        return text(node) if node is not None and node.tag == "mo" else None

    def take(self, sign=None):
        node = self.peek()
        assert node is not None, "the row ends too early"
        if sign is not None:
            assert self.sign() == sign, f"{text(node)} where {sign} was to be"
        self.at += 1
        return node

    def end(self):
        left = [text(node) for node in self.nodes[self.at :]]
        assert not left, f"{left} is left over"

    def relation(self):
        left = self.sum()
        if self.sign() in RELATIONS:
            label = RELATIONS[text(self.take())]
            return mixed(label, left, self.sum())
        return left

    def sum(self):
        total = self.term()
        while self.sign() in {"+", "−"}:
            minus = text(self.take()) == "−"
            term = self.term()
            total = total - term if minus else total + term
        return total

    def term(self):
        if self.sign() == "−":
            self.take()
            return -self.term()
        product = self.factor()
        while self.sign() in {"\u2062", "⋅", "/"}:
            if text(self.take()) == "/":
                product = known("ratio", product, self.factor())
            else:
                product *= self.factor()
        return product

    def factor(self):
        found = self.operand()
        while self.sign() == "!":
            self.take()
            found = known("!", found)
        return found

    def operand(self):
        node = self.take()
        shown = markup_of(node)
        if shown in self.reader.functions and (
            self.sign() == "\u2061" or shown not in self.reader.symbols
        ):
            return self.applied(shown)
        if shown in self.reader.symbols:
            return symbol_value(shown)
        return getattr(self, f"_{node.tag}")(node)

    def applied(self, shown):
        if self.sign() != "\u2061":
            return mixed(f"function {shown}")
        return mixed(f"function {shown}", *self.arguments())

    def arguments(self):
        self.take("\u2061")
        if self.sign() != "(":
            return [self.factor()]
        return self.list_()

    def list_(self):
        self.take("(")
        found = [self.relation()]
        while self.sign() == ",":
            self.take()
            found.append(self.relation())
        self.take(")")
        return found

    def _mn(self, node):
        return float(text(node))

    def _mi(self, node):
        said = text(node)
        constants = {"∞": 1e3, "π": math.pi, "e": math.e}
        if said in constants:
            return constants[said]
        if said == "det":
            self.take("\u2061")
            self.take("(")
            table = self.take()
            self.take(")")
            return mixed("det", *(self.reader.whole(list(cell)) for row in table for cell in row))
        assert said in FUNCTIONS, f"{said} is no letter of the expression"
        return known(said, *arranged(said, self.arguments()))

    def _mo(self, node):
        sign = text(node)
        if sign == "(":
            self.at -= 1
            found = self.list_()
            return found[0] if len(found) == 1 else mixed("tuple", *found)
        if sign == "|":
            found = self.relation()
            self.take("|")
            return known("|", found)
        raise AssertionError(f"{sign} is no operand")

    def _mfrac(self, node):
        above, below = node
        start = text(above)[0]
        if start in "d∂" and text(below).startswith(start):
            return self.derivative(above, below, start)
        return known("ratio", self.reader.inner(above), self.reader.inner(below))

    def derivative(self, above, below, start):
        order = 1.0
        (below,) = list(below) if below.tag == "mrow" and len(below) == 1 else [below]
        if above.tag == "msup":
            order = self.reader.inner(above[1])
            assert text(above[1]) == text(below[1])
            below = below[0]
        sign, *variable = below
        assert (text(sign), sign.get("mathvariant")) == (start, "normal")
        return mixed("d", self.reader.whole(variable), order, self.product())

    def product(self):
        """What an operator that stands before it reaches: up to the next sum."""
        found = self.factor()
        while self.sign() in {"\u2062", "⋅"}:
            self.take()
            found *= self.factor()
        return found

    def _msqrt(self, node):
        return known("power", self.reader.whole(list(node)), 0.5)

    def _mroot(self, node):
        return known("power", self.reader.inner(node[0]), 1 / self.reader.inner(node[1]))

    def _msup(self, node):
        base, above = node
        if text(base) == "erf":
            assert text(above) == "−1"
            return known("erfinv", *self.arguments())
        exponent = self.reader.inner(above)
        if base.tag == "mi" and text(base) == "e" and base.get("mathvariant") == "normal":
            return known("exp", exponent)
        return known("power", self.reader.inner(base), exponent)

    def _msubsup(self, node):
        sign, low, high = node
        assert text(sign) == "∫"
        return self.integral([[self.reader.inner(low), self.reader.inner(high)]])

    def integral(self, limits):
        while (node := self.peek()) is not None and node.tag == "msubsup" and text(node[0]) == "∫":
            self.take()
            limits.append([self.reader.inner(node[1]), self.reader.inner(node[2])])
        function = self.product()
        found = []
        for _ in limits:
            measure = self.take()
            assert (text(measure), measure.get("mathvariant")) == ("d", "normal")
            found.append(self.operand())
        parts = [
            one
            for variable, ends in zip(found, reversed(limits), strict=True)
            for one in (variable, *ends)
        ]
        return mixed("∫", function, *parts)

    def _munder(self, node):
        sign, below = node
        assert text(sign) == "lim"
        parts = list(below)
        place = next(k for k, part in enumerate(parts) if text(part) == "→")
        variable = self.reader.whole(parts[:place])
        (goal,) = parts[place + 1 :]
        side = ""
        if goal.tag == "msup" and text(goal[1]) in {"+", "−"}:
            side = "+" if text(goal[1]) == "+" else "-"
            goal = goal[0]
        return mixed(f"lim{side}", variable, self.reader.inner(goal), self.product())

    def _msub(self, node):
        inside, below = node
        parts = list(inside)
        assert text(parts[-1]) == "|"
        variable, equals, point = self.reader.flat([below])
        assert text(equals) == "="
        values = (self.reader.inner(variable), self.reader.inner(point))
        return mixed("at", self.reader.whole(parts[:-1]), *values)
