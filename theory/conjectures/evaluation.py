"""SymPy expressions as germs on a box: the functions of the grammar, enclosed with derivatives.

Maxima, minima, absolute values and cases are not known here: `theory.conjectures.branches` chooses
among them first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp
from flint import arb, arb_series, ctx, fmpq

from theory.conjectures.germs import Germ, Germs
from theory.conjectures.jets import NotRealError, OutsideError, Series
from theory.conjectures.numbers import ONE, Number, as_ball

__all__ = ["Evaluation", "elementary", "to_number"]


def to_number(value: sp.Rational) -> fmpq:
    """A SymPy rational, exactly.

    >>> to_number(sp.Rational(2, 3))
    2/3
    """
    return fmpq(int(value.p), int(value.q))


def _by_series(name: str) -> Series:
    def series(at: Number, highest: int) -> Sequence[Number]:
        with _length(highest + 1):
            expansion = getattr(arb_series([as_ball(at), 1], prec=highest + 1), name)()
            return [expansion[order] for order in range(highest + 1)]

    return series


class _length:  # noqa: N801
    """Lets arb_series keep so many terms."""

    def __init__(self, terms: int) -> None:
        self._terms = terms

    def __enter__(self) -> None:
        self._before, ctx.cap = ctx.cap, self._terms

    def __exit__(self, *_: object) -> None:
        ctx.cap = self._before


def _inverse_series(sign: int) -> Series:
    """erfinv (sign 1) and erfcinv (sign -1): f' = sign (sqrt(pi)/2) exp(f^2), f'' = 2 f f'^2."""

    def series(at: Number, highest: int) -> list[Number]:
        ball = as_ball(at)
        inside = abs(ball) < 1 if sign > 0 else bool(ball > 0) and bool(ball < 2)
        if ball > (1 if sign > 0 else 2) or ball < (-1 if sign > 0 else 0):
            raise NotRealError("an inverse error function outside of its domain")
        if not inside or highest > 3:
            raise OutsideError("an inverse error function at the end of its domain")
        # monotone: its values at the ends, however wide the ball is
        ends = [arb(ball.lower()), arb(ball.upper())]
        low, high = (one.erfinv() if sign > 0 else one.erfcinv() for one in ends)
        f: Number = low.union(high)
        if at == (0 if sign > 0 else 1) and not isinstance(at, arb):
            f = fmpq(0)
        if highest == 0:
            return [f]
        slope = sign * (as_ball(f) ** 2).exp() * arb.pi().sqrt() / 2
        second = fmpq(0) if f == 0 and not isinstance(f, arb) else f * slope**2
        third = slope**3 * (1 + 4 * as_ball(f) ** 2) / 3
        return [f, slope, second, third][: highest + 1]

    return series


#: functions that are exponentials and logarithms in disguise
_ELEMENTARY: Mapping[Any, Callable[[sp.Expr], sp.Expr]] = {
    sp.sinh: lambda v: (sp.exp(v) - sp.exp(-v)) / 2,
    sp.cosh: lambda v: (sp.exp(v) + sp.exp(-v)) / 2,
    sp.tanh: lambda v: 1 - 2 / (1 + sp.exp(2 * v)),
    sp.acosh: lambda v: sp.log(v + sp.sqrt(v**2 - 1)),
}


def elementary(expression: sp.Expr) -> sp.Expr:
    """The expression with hyperbolic functions written as exponentials and logarithms.

    >>> elementary(sp.cosh(sp.Symbol("x")))
    exp(x)/2 + exp(-x)/2
    """
    return expression.replace(
        lambda one: one.func in _ELEMENTARY, lambda one: _ELEMENTARY[one.func](one.args[0])
    )


#: what a case, or a tail put in the place of another, may leave of an expression
_NO_NUMBERS = (sp.nan, sp.zoo, sp.oo, -sp.oo, sp.I)

_UNARY: Mapping[Any, Series] = {
    sp.erf: _by_series("erf"),
    sp.erfc: _by_series("erfc"),
    sp.erfinv: _inverse_series(1),
    sp.erfcinv: _inverse_series(-1),
}


@dataclass
class Evaluation:
    """Values of expressions on one box; what occurs twice is computed once.

    Parameters
    ----------
    germs : Germs
        The box, and the orders of the derivatives.
    values : mapping
        For each symbol what gives its germ, called when it is needed.

    Raises
    ------
    OutsideError
        From a call: the expression is not enclosed on the box (it may be on a smaller one).
    NotRealError
        From a call: a logarithm or a root is taken of a negative number everywhere on the box.
    ValueError
        From a call: a function that is not known here.

    Examples
    --------
    >>> u = sp.Symbol("u")
    >>> on = Germs(((fmpq(1), fmpq(2)),), (0,))
    >>> at = Evaluation(on, {u: lambda: on.variable(0)})
    >>> at(sp.log(sp.exp(u))) == on.variable(0)
    True
    """

    germs: Germs
    values: Mapping[sp.Symbol, Callable[[], Germ]]
    _known: dict[sp.Expr, Germ] = field(default_factory=dict)

    def __call__(self, expression: sp.Expr) -> Germ:
        """The germ of an expression."""
        found = self._known.get(expression)
        if found is None:
            found = self._known[expression] = self._evaluate(expression)
        return found

    def _evaluate(self, expression: sp.Expr) -> Germ:
        germs, head = self.germs, expression.func
        if expression in self.values:
            return self.values[expression]()
        if expression.is_Rational:
            return germs.constant(to_number(expression))
        if expression is sp.pi or expression is sp.E:
            ball = arb.pi() if expression is sp.pi else arb.const_e()
            return germs.constant(ball)
        if not expression.args:
            if expression in _NO_NUMBERS:
                raise OutsideError(f"{expression} is no number")
            raise ValueError(f"{expression} has no value here")
        if head is sp.Add or head is sp.Mul:
            return self._folded(expression, germs.add if head is sp.Add else germs.multiply)
        if head is sp.exp:
            return germs.exp(self(expression.args[0]))
        if head is sp.log:
            return germs.log(self(expression.args[0]))
        if head is sp.Pow:
            return self._power(*expression.args)
        if head in _UNARY:
            return self._function(expression)
        raise ValueError(f"no enclosure is known for {head.__name__} in {expression}")

    def _folded(self, expression: sp.Expr, operation: Callable[[Germ, Germ], Germ]) -> Germ:
        total: Germ | None = None
        for argument in expression.args:
            value = self(argument)
            total = value if total is None else operation(total, value)
        assert total is not None
        return total

    def _power(self, base: sp.Expr, exponent: sp.Expr) -> Germ:
        germs = self.germs
        if base is sp.E:
            return germs.exp(self(exponent))
        if exponent.is_Rational:
            return germs.power(self(base), to_number(exponent))
        return germs.exp(germs.multiply(self(exponent), germs.log(self(base))))

    def _function(self, expression: sp.Expr) -> Germ:
        germs, series = self.germs, _UNARY[expression.func]
        inner = self(expression.args[0])
        try:
            exact = self._constant(series)
            return germs.apply(series, inner, exact)
        except OutsideError:
            if expression.func is not sp.erfcinv or any(germs.orders):
                raise
            return self._far_inverse(inner)

    def _constant(self, series: Series) -> Callable[[Germ], Germ]:
        germs = self.germs
        return lambda one: germs.constant(series(one.growth.number, 0)[0])

    def _far_inverse(self, inner: Germ) -> Germ:
        # erfc(x) <= exp(-x^2) for x >= 0, so 0 <= erfcinv(y) <= sqrt(-log y) for 0 < y <= 1
        germs = self.germs
        if not germs.sign(germs.add(germs.constant(ONE), germs.negative(inner))).is_proof:
            raise OutsideError("an inverse error function at the end of its domain")
        return germs.below_root(germs.negative(germs.log(inner)))
