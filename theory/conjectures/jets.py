"""Taylor polynomials in several variables over a box: a function and its derivatives, enclosed.

The coefficient at (i, j, ...) is the partial derivative of that order over i! j! ..., as a number
that contains its values over the whole box (see `theory.conjectures.numbers`).
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flint import fmpq

from theory.conjectures.numbers import (
    ONE,
    ZERO,
    Number,
    add,
    as_ball,
    is_exact,
    is_zero,
    multiply,
    power,
    up_to,
)

Index = tuple[int, ...]

#: the Taylor coefficients 0, 1, ..., n of a function of one variable at a number
Series = Callable[[Number, int], Sequence[Number]]


class OutsideError(ArithmeticError):
    """A function was asked outside of its domain, or where a ball cannot say that it is inside."""


class NotRealError(ArithmeticError):
    """A logarithm or a root of a number that is certainly negative: no real radius is stated."""


@dataclass(frozen=True, slots=True)
class Jet:
    """Taylor coefficients by multi-index, up to ``orders`` in each variable; absent ones are 0."""

    orders: Index
    terms: Mapping[Index, Number]

    @classmethod
    def constant(cls, orders: Index, value: Number) -> Jet:
        """The jet of a number."""
        return cls(orders, {} if is_zero(value) else {(0,) * len(orders): value})

    @property
    def value(self) -> Number:
        """The function itself, over the box."""
        return self.terms.get((0,) * len(self.orders), ZERO)

    @property
    def is_zero(self) -> bool:
        """Whether the function is known to be 0 on the whole box."""
        return not self.terms

    @property
    def is_constant(self) -> bool:
        """Whether no derivative is left."""
        return all(not any(index) for index in self.terms)

    def __add__(self, other: Jet) -> Jet:
        if not other.terms:
            return self
        terms = dict(self.terms)
        for index, value in other.terms.items():
            total = add(terms.get(index, ZERO), value)
            if is_zero(total):
                terms.pop(index, None)
            else:
                terms[index] = total
        return Jet(self.orders, terms)

    def __mul__(self, other: Jet) -> Jet:
        terms: dict[Index, Number] = {}
        for first, a in self.terms.items():
            for second, b in other.terms.items():
                index = tuple(map(operator.add, first, second))
                if all(map(operator.le, index, self.orders)):
                    terms[index] = add(terms.get(index, ZERO), multiply(a, b))
        return Jet(self.orders, {k: v for k, v in terms.items() if not is_zero(v)})

    def times(self, factor: Number) -> Jet:
        """The jet multiplied by a number."""
        terms = {index: multiply(value, factor) for index, value in self.terms.items()}
        return Jet(self.orders, {k: v for k, v in terms.items() if not is_zero(v)})

    def without_value(self) -> Jet:
        """The derivatives alone."""
        return Jet(self.orders, {k: v for k, v in self.terms.items() if any(k)})

    def apply(self, series: Series) -> Jet:
        """The composition f(jet), f given by its Taylor coefficients."""
        highest = sum(self.orders) if not self.is_constant else 0
        coefficients = series(self.value, highest)
        total, change = Jet.constant(self.orders, coefficients[0]), self.without_value()
        above = change
        for coefficient in coefficients[1:]:
            if above.is_zero:
                break
            total = total + above.times(coefficient)
            above = above * change
        return total


def log_series(at: Number, highest: int) -> list[Number]:
    """log: NotRealError for a negative number, OutsideError where 0 is not excluded.

    >>> log_series(ONE, 2)
    [0, 1, -1/2]
    """
    if as_ball(at) < 0:
        raise NotRealError("the logarithm of a negative number")
    if not as_ball(at) > 0:
        raise OutsideError("the logarithm where 0 is not excluded")
    value = ZERO if is_exact(at) and at == 1 else as_ball(at).log()
    inverse = power(at, fmpq(-1))
    found, factor = [value], ONE
    for order in range(1, highest + 1):
        factor = multiply(factor, inverse)
        found.append(multiply(factor, fmpq((-1) ** (order - 1), order)))
    return found


def exp_series(at: Number, highest: int) -> list[Number]:
    """exp.

    >>> exp_series(ZERO, 2)
    [1, 1, 1/2]
    """
    value = ONE if is_zero(at) else as_ball(at).exp()
    found, factorial = [value], 1
    for order in range(1, highest + 1):
        factorial *= order
        found.append(multiply(value, fmpq(1, factorial)))
    return found


def power_series(exponent: fmpq, *, partial: bool = True) -> Series:
    """x**exponent: any x for an integer >= 0, x != 0 for a negative one, else x > 0.

    A root of a number that may be negative is taken where it is real, without derivatives, or not
    at all if it is not to be ``partial``.

    >>> power_series(fmpq(1, 2))(fmpq(4), 1)
    [2, 1/4]
    """

    def series(at: Number, highest: int) -> list[Number]:
        ball = as_ball(at)
        if exponent.q != 1:
            if ball < 0:
                raise NotRealError("a root of a negative number")
            if not ball > 0:
                if highest or not partial or not exponent > 0 or not ball.is_finite():
                    raise OutsideError("a root where 0 is not excluded")
                most = ball.abs_upper()
                return [ZERO if most == 0 else up_to(power(most, exponent))]
        elif exponent < 0 and not (ball > 0 or ball < 0):
            raise OutsideError("a quotient where 0 is not excluded")
        found, factor = [], ONE
        for order in range(highest + 1):
            rest = exponent - order
            if is_zero(factor):
                found.append(ZERO)
                continue
            found.append(multiply(factor, ONE if rest == 0 else power(at, rest)))
            factor = multiply(factor, rest / (order + 1))
        return found

    return series


def divided(series: Series, base: Number) -> Series:
    """The Taylor coefficients of (f(base + x) - f(base))/x, given those of f.

    The one of order k is a divided difference of f, and so f's coefficient k + 1 somewhere between
    base and base + x.

    >>> divided(exp_series, ZERO)(ZERO, 1)
    [1, 1/2]
    """

    def quotients(at: Number, highest: int) -> Sequence[Number]:
        between = base if is_zero(at) else as_ball(base).union(as_ball(base) + as_ball(at))
        return series(between, highest + 1)[1:]

    return quotients
