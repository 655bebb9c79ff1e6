"""The nodes of a conjectured radius, each built only where SymPy's arithmetic on it is bounded.

SymPy evaluates as it builds: 9**9**9 would be multiplied out, and the sign of exp(exp(exp(100)))
looked for with more digits than there is memory. So what a node would cost is bounded before it is
built, and what came of it is looked through afterwards: every number in it is real, finite and of
moderate size. Max, Min, Abs, comparisons and Piecewise are built as they stand, since SymPy's own
evaluation of them solves equations.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import MappingProxyType

import sympy as sp
from flint import arb

from theory.balls import compile_ball
from theory.exact import describe, working_precision

__all__ = [
    "FUNCTIONS",
    "HEADS",
    "MOST_ARGUMENTS",
    "MOST_NODES",
    "RELATIONS",
    "Builder",
    "preorder",
]

MOST_NODES = 2_000  # of a SymPy tree; the text has its own limits
MOST_ARGUMENTS = 8  # of one Max or Min
MOST_EXPONENT = 64
MOST_ORDER = 1_000  # of the roots that are taken of numbers in one product
_LARGEST = 10**460  # of a number: a literal has at most 60 digits and the exponent 400
_LARGEST_RADICAND = 10**30  # SymPy looks for the prime factors of what it takes a root of
_PRECISION = 192  # bits, to tell a number from zero

#: The functions of one argument that SymPy has by themselves.
FUNCTIONS: Mapping[str, Callable[[sp.Expr], sp.Expr]] = MappingProxyType(
    {
        one.__name__: one
        for one in (
            sp.log,
            sp.exp,
            sp.erf,
            sp.erfc,
            sp.erfinv,
            sp.erfcinv,
            sp.sinh,
            sp.cosh,
            sp.tanh,
            sp.acosh,
        )
    }
)
#: The comparisons.
RELATIONS = (
    sp.StrictLessThan,
    sp.LessThan,
    sp.StrictGreaterThan,
    sp.GreaterThan,
    sp.Equality,
    sp.Unequality,
)
#: Everything else that is no symbol and no number.
HEADS = frozenset(
    {sp.Add, sp.Mul, sp.Pow, sp.Max, sp.Min, sp.Abs, sp.Piecewise, sp.And, sp.Or}
    | {sp.functions.elementary.piecewise.ExprCondPair}
    | set(RELATIONS)
    | set(FUNCTIONS.values())
)
_CONSTANTS = frozenset({sp.pi, sp.E, sp.true, sp.false})


def preorder(expression: sp.Basic, most: int = MOST_NODES) -> Iterator[sp.Basic]:
    """The nodes of a tree, a parent before its children: ValueError beyond `most` of them.

    >>> x = sp.Symbol("x")
    >>> list(preorder(2 * x))
    [2*x, 2, x]
    """
    stack, count = [expression], 0
    while stack:
        node = stack.pop()
        count += 1
        if count > most:
            raise ValueError(f"the expression has more than {most} nodes: legal are at most {most}")
        yield node
        stack.extend(reversed(node.args))


def _size(value: sp.Rational) -> int:
    return max(abs(int(value.p)), int(value.q))


def _shown(node: sp.Basic) -> str:
    # a huge integer is not written out: Python refuses more than 4300 digits
    if any(one.is_Rational and _size(one) >= _LARGEST for one in preorder(node)):
        return "a number"
    return describe(node)


def _refuse(what: str, why: str, legal: str) -> ValueError:
    return ValueError(f"{what} {why}: legal {legal}")


class Builder:
    """Builds the nodes of one expression; every method raises ValueError in one line.

    Examples
    --------
    >>> build = Builder()
    >>> build.power(sp.Integer(9), build.power(sp.Integer(9), sp.Integer(9)))
    Traceback (most recent call last):
        ...
    ValueError: the exponent 387420489 is too large: legal are exponents in [-64, 64]
    """

    def __init__(self) -> None:
        self._seen: set[sp.Basic] = set()

    # arithmetic

    def add(self, terms: Sequence[sp.Expr]) -> sp.Expr:
        """The sum of the terms."""
        return self.vetted(sp.Add(*terms))

    def multiply(self, factors: Sequence[sp.Expr]) -> sp.Expr:
        """The product of the factors. Roots of numbers in it are merged, so they are bounded."""
        flat = [part for factor in factors for part in sp.Mul.make_args(factor)]
        radicand = math.prod(_size(part.base) for part in flat if _is_root(part))
        if radicand >= _LARGEST_RADICAND:
            raise _refuse("a product of roots of numbers", "is too large", "is up to 10**30 inside")
        _check_order(_order(flat))
        return self.vetted(sp.Mul(*factors))

    def power(self, base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
        """base**exponent; ValueError for an exponent beyond 64 and for a division by zero."""
        if base is sp.E:
            return self.call(sp.exp, exponent)
        if base.is_zero and exponent.is_negative:
            raise _refuse("division by zero", f"in {_shown(base)}**{_shown(exponent)}", _NONZERO)
        _check_exponent(exponent)
        fractional = exponent.is_Rational and not exponent.is_Integer
        if base.is_Rational and base.is_negative and fractional:
            legal = "are fractional powers of numbers >= 0"
            raise _refuse(f"({_shown(base)})**({exponent})", "is not real", legal)
        for number, inner in _content(base):
            _check_order(_denominators(inner) * _denominators(exponent))
            if number.is_Rational and exponent.is_Rational:
                _check_numeric_power(number, exponent)
        return self.vetted(sp.Pow(base, exponent))

    def call(self, function: Callable[[sp.Expr], sp.Expr], argument: sp.Expr) -> sp.Expr:
        """A function of `FUNCTIONS` at its argument."""
        if function is sp.exp and argument.has(sp.log):
            _check_exponent(argument)  # exp(n*log(3)) is 3**n to SymPy
            _check_order(_denominators(argument))
            for node in preorder(argument):
                if node.is_Rational and _size(node) >= _LARGEST_RADICAND:
                    raise _too_large(f"{_shown(node)} under exp and log")
        return self.vetted(function(argument))

    def absolute(self, argument: sp.Expr) -> sp.Expr:
        """The absolute value."""
        if argument.is_Rational or argument.is_Symbol:
            return sp.Abs(argument)
        if isinstance(argument, sp.Abs):
            return argument
        return self.vetted(sp.Abs(argument, evaluate=False))

    def extreme(self, kind: type[sp.Expr], arguments: Sequence[sp.Expr]) -> sp.Expr:
        """The largest (Max) or the smallest (Min) of one to eight arguments."""
        flat: set[sp.Expr] = set()
        for argument in arguments:
            flat |= set(argument.args) if isinstance(argument, kind) else {argument}
        numbers = [argument for argument in flat if argument.is_Rational]
        if numbers:
            flat -= set(numbers)
            flat.add(max(numbers) if kind is sp.Max else min(numbers))
        if not 1 <= len(flat) <= MOST_ARGUMENTS:
            what = f"{kind.__name__.lower()} of {len(flat)} arguments"
            raise _refuse(what, "is not taken", f"are 1 to {MOST_ARGUMENTS}")
        if len(flat) == 1:
            return flat.pop()
        return self.vetted(kind(*flat, evaluate=False))

    # conditions

    def compare(self, relation: Callable[..., sp.Basic], left: sp.Expr, right: sp.Expr) -> sp.Basic:
        """A comparison; one without symbols is decided, by Arb where the numbers are irrational."""
        if left.has(sp.Piecewise) or right.has(sp.Piecewise):
            raise _refuse("where or Piecewise", "inside a condition", "are conditions without them")
        if left.free_symbols or right.free_symbols:
            return self.vetted(relation(left, right, evaluate=False))
        if left == right or (left.is_Rational and right.is_Rational):
            return relation(left, right) if left != right else relation(sp.S.Zero, sp.S.Zero)
        with working_precision(_PRECISION):
            gap = compile_ball(left, [])([]) - compile_ball(right, [])([])
        if gap > 0 or gap < 0:
            return relation(sp.Integer(1 if gap > 0 else -1), sp.Integer(0))
        raise _refuse(
            f"whether {_shown(left)} is {_shown(right)}",
            "is not decided",
            "are numbers that differ",
        )

    def both(self, conditions: Sequence[sp.Basic]) -> sp.Basic:
        """Whether all the conditions hold."""
        return self.vetted(sp.And(*conditions))

    def either(self, conditions: Sequence[sp.Basic]) -> sp.Basic:
        """Whether one of the conditions holds."""
        return self.vetted(sp.Or(*conditions))

    def negate(self, condition: sp.Basic) -> sp.Basic:
        """Whether the condition fails: `not` is moved into the comparisons (De Morgan)."""
        if isinstance(condition, sp.And):
            return self.either([self.negate(one) for one in condition.args])
        if isinstance(condition, sp.Or):
            return self.both([self.negate(one) for one in condition.args])
        return self.vetted(condition.negated if condition.is_Relational else sp.Not(condition))

    def piecewise(self, pairs: Sequence[tuple[sp.Expr, sp.Basic]]) -> sp.Expr:
        """The value of the first pair whose condition holds; the last condition must be True."""
        kept: list[tuple[sp.Expr, sp.Basic]] = []
        for value, condition in pairs:
            if condition is sp.false:
                continue
            kept.append((value, condition))
            if condition is sp.true:
                break
        else:
            why = "has no last pair (value, True)"
            raise _refuse("Piecewise", why, "is (0, True) for where nothing is claimed")
        if len(kept) == 1:
            return kept[0][0]
        return self.vetted(sp.Piecewise(*kept, evaluate=False))

    # what came of it

    def vetted(self, expression: sp.Basic) -> sp.Basic:
        """The expression, once every number and every function in it is known to be harmless."""
        stack = [expression]
        while stack:
            node = stack.pop()
            if node in self._seen:
                continue
            self._vet(node)
            self._seen.add(node)
            if len(self._seen) > 4 * MOST_NODES:
                raise _refuse("the expression", "is too long", f"are at most {MOST_NODES} nodes")
            stack.extend(node.args)
        return expression

    def _vet(self, node: sp.Basic) -> None:
        if node.is_Rational:
            if _size(node) >= _LARGEST:
                raise _too_large("a number")
        elif node.is_Atom:
            if not (node.is_Symbol or node in _CONSTANTS):
                raise _refuse(f"{node}", "comes out of the expression", "are real, finite values")
        elif node.func not in HEADS:
            raise _refuse(f"{node.func.__name__}", "comes out of the expression", "are " + _LEGAL)
        else:
            if node.is_Pow:
                _check_exponent(node.exp)
                if _is_root(node):
                    _check_order(int(node.exp.q))
                    if _size(node.base) >= _LARGEST_RADICAND:
                        raise _too_large("the root of a number")
            if isinstance(node, sp.Expr) and not node.free_symbols:
                _check_number(node)


_NONZERO = "are divisors other than 0"
_LEGAL = ", ".join([*FUNCTIONS, "Abs", "Max", "Min", "Piecewise"])


def _too_large(what: str) -> ValueError:
    return _refuse(what, "is too large", "are numerators and denominators below 10**460")


def _is_root(node: sp.Expr) -> bool:
    return bool(
        node.is_Pow and node.base.is_Rational and node.exp.is_Rational and not node.exp.is_Integer
    )


def _content(base: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    """The factors number**inner of a base, to which SymPy hands its exponent."""
    parts = []
    for part in sp.Mul.make_args(base):
        if part.is_Rational:
            parts.append((part, sp.S.One))
        elif part.is_Pow and not part.base.free_symbols:
            parts.append((part.base, part.exp))
        elif isinstance(part, sp.exp) and part.has(sp.log):
            parts.append((sp.E, part.args[0]))
    return parts


def _check_numeric_power(number: sp.Rational, exponent: sp.Rational) -> None:
    """ValueError if a number to a rational power is much work, or much to write down."""
    if not exponent.is_Integer:
        if _size(number) >= _LARGEST_RADICAND:
            legal = "are numerators and denominators below 10**30"
            raise _refuse(f"the root of {_shown(number)}", "is too costly", legal)
    elif (_size(number).bit_length() - 1) * abs(int(exponent)) > _LARGEST.bit_length():
        raise _too_large(f"{_shown(number)}**({exponent})")


def _order(factors: Sequence[sp.Expr]) -> int:
    return math.lcm(1, *(_denominators(inner) for part in factors for _, inner in _content(part)))


def _denominators(expression: sp.Expr) -> int:
    """The least common denominator of the numbers in an exponent."""
    return math.lcm(1, *(int(node.q) for node in preorder(expression) if node.is_Rational))


def _check_order(order: int) -> None:
    if order > MOST_ORDER:
        what = "a root of order " + (str(order) if order < _LARGEST else "beyond 10**460")
        raise _refuse(what, "of a number", f"are roots of numbers up to the order {MOST_ORDER}")


def _check_exponent(exponent: sp.Expr) -> None:
    """ValueError if a number in an exponent, outside of a logarithm, is beyond 64."""
    stack = [exponent]
    while stack:
        node = stack.pop()
        if node.is_Rational and abs(node) > MOST_EXPONENT:
            legal = f"are exponents in [-{MOST_EXPONENT}, {MOST_EXPONENT}]"
            raise _refuse(f"the exponent {_shown(node)}", "is too large", legal)
        if not isinstance(node, sp.log):
            stack.extend(node.args)


def _check_number(node: sp.Expr) -> None:
    """ValueError unless a value without symbols is real, finite, of moderate size and not zero."""
    if node.has(sp.I, sp.nan, sp.oo, sp.zoo):
        raise _refuse(_shown(node), "is not a finite real number", "are real, finite values")
    with working_precision(_PRECISION):
        ball = compile_ball(node, [])([])
    if not ball.is_finite():
        raise _refuse(_shown(node), "is not a finite real number", "are real, finite values")
    if not abs(ball) < arb(_LARGEST):
        raise _refuse(_shown(node), "is too large", "are numbers below 10**460")
    if ball.contains(0):
        why = f"cannot be told from 0 with {_PRECISION} bits"
        raise _refuse(_shown(node), why, "are 0 and numbers away from it")
