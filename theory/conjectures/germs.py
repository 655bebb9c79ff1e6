"""Arithmetic that reaches the end of an unbounded domain: growth + exp(-decay) * jet.

A radius tends to infinity where a probability tends to 0, and so does the exact one. Here z is a
quantile, a probability is exp(-z)/2 (or exp(-z^2/2) times a slow factor), and both radii are
polynomials in z plus what decays: their difference keeps its sign up to infinity and loses no
digit. ``growth`` and ``decay`` are polynomials, ``jet`` is a bounded function with derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from flint import arb, fmpq

from theory.conjectures.germ_ring import Germ, GermRing, Sign
from theory.conjectures.jets import (
    Index,
    Jet,
    OutsideError,
    Series,
    divided,
    exp_series,
    log_series,
    power_series,
)
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
    prime_powers,
    up_to,
)
from theory.conjectures.polynomials import Monomial, Polynomial, constant_ball

__all__ = ["Germ", "Germs", "Sign"]


@dataclass(frozen=True, slots=True)
class Germs(GermRing):
    """Functions of germs on one box.

    >>> on = Germs(((fmpq(2), None),), (0,))
    >>> small = on.decaying(on.variable(0).growth, fmpq(1, 2))  # exp(-z)/2
    >>> double_log = on.log(on.multiply(small, on.constant(fmpq(2))))
    >>> on.add(double_log, on.variable(0)).is_zero  # log(2 * exp(-z)/2) = -z, up to infinity
    True
    """

    def log(self, germ: Germ) -> Germ:
        """The logarithm: exact in the variables and in the primes of a rational factor."""
        if germ.growth.is_zero and not germ.jet.is_zero:
            value = self._log_jet(germ.jet)
            return self.add(self.polynomial(germ.decay.times(fmpq(-1))), value)
        if germ.is_polynomial and germ.growth.is_number:
            number = germ.growth.number
            primes = prime_powers(number) if is_exact(number) and number > 0 else None
            if primes is not None:
                total = self.constant(ZERO)
                for prime, times in primes.items():
                    one = Polynomial.logarithm(self.size, prime, times)
                    total = self.add(total, self.polynomial(one))
                return total
        leading = self._leading(germ)
        if leading is not None:
            return self.log(leading)
        if not self._settles(germ):
            return self._log_jet(self.collapsed(germ))
        return self.apply(log_series, germ, exact=self.log)

    def _leading(self, germ: Germ) -> Germ | None:
        # a number beside something that grows exponentially: take the exponential out
        if germ.jet.is_zero or not germ.growth.is_number or germ.decay.least(self.box) is not None:
            return None
        number = germ.growth.number
        inverse = self._normal(
            Polynomial(self.size, {}),
            germ.decay.times(fmpq(-1)),
            Jet.constant(self.orders, number),
        )
        if inverse.decay.least(self.box) is None:
            return None
        jet = germ.jet + self._over(inverse, Polynomial(self.size, {}))
        return Germ(Polynomial(self.size, {}), germ.decay, jet)

    def _log_jet(self, jet: Jet) -> Germ:
        value = jet.value
        if is_exact(value) and value > 0 and prime_powers(value) is not None:
            rest = jet.times(1 / value).apply(log_series)
            return self.add(self.log(self.constant(value)), self.bounded(rest))
        return self.bounded(jet.apply(log_series))

    def exp(self, germ: Germ) -> Germ:
        """The exponential."""
        growth = germ.growth
        factor: Number = ONE
        decay = Polynomial(self.size, {})
        for (powers, prime), value in growth.terms.items():
            if any(powers):
                one = Polynomial(self.size, {(powers, prime): value})
                decay = decay + one.times(fmpq(-1))
            elif prime > 1 and is_exact(value):
                factor = multiply(factor, power(fmpq(prime), value))
            else:
                number = as_ball(value) * constant_ball(prime)
                factor = multiply(factor, number.exp())
        outer = self.decaying(decay, factor)
        if germ.jet.is_zero:
            return outer
        rest = self._without_growth(germ)
        return self.multiply(outer, self.apply(exp_series, rest, exact=self.exp))

    def power(self, germ: Germ, exponent: fmpq) -> Germ:
        """A rational power."""
        if exponent == 1:
            return germ
        if germ.growth.is_zero and not germ.jet.is_zero:
            jet = germ.jet.apply(self._series(exponent))
            return self._normal(germ.growth, germ.decay.times(exponent), jet)
        if germ.is_polynomial and exponent == 2:
            return self.multiply(germ, germ)
        if germ.is_polynomial and germ.growth.is_number and not is_zero(germ.growth.number):
            return self.bounded(germ_constant(self.orders, germ.growth.number, exponent))
        leading = self._leading(germ)
        if leading is not None:
            return self.power(leading, exponent)
        try:
            return self.apply(
                self._series(exponent), germ, exact=lambda one: self.power(one, exponent)
            )
        except OutsideError:
            if exponent != fmpq(1, 2):
                raise
            return self.below_root(germ)

    def _series(self, exponent: fmpq) -> Series:
        return power_series(exponent, partial=self.partial_roots)

    def below_root(self, germ: Germ) -> Germ:
        """Anything from 0 to the root of a germ that grows: sqrt(y) <= c/2 + y/(2 c), c^2 = min y.

        Without derivatives (OutsideError if they are asked for).
        """
        if any(self.orders):
            raise OutsideError("a derivative of a root that is only bounded")
        low = self.least(germ)
        if not self.partial_roots and (low is None or not low > 0):
            raise OutsideError("a root that may not be real")
        start = None if low is None or not low > 0 else as_ball(low).sqrt()
        if germ.growth.greatest(self.box) is not None:
            most = as_ball(self.collapsed(germ).value)
            return self.bounded(Jet.constant(self.orders, up_to(_root_above(most))))
        if start is None:
            raise OutsideError("a root where 0 is not excluded")
        terms: dict[Monomial, Number] = {}
        for (powers, name), value in germ.growth.terms.items():
            if any(powers):
                rate = as_ball(value) * constant_ball(name)
                if not rate >= 0:
                    raise OutsideError("the root of a difference of things that grow")
                key = (powers, 1)
                terms[key] = add(terms.get(key, ZERO), up_to(rate / (2 * start)))
        rest = self.collapsed(self._without_variables(germ)).value
        bound = start / 2 + as_ball(rest) / (2 * start)
        if not bound >= 0:
            raise OutsideError("a root whose tangent starts below 0")
        growth = Polynomial(self.size, terms)
        return Germ(growth, Polynomial(self.size, {}), Jet.constant(self.orders, up_to(bound)))

    def _without_variables(self, germ: Germ) -> Germ:
        terms = {k: v for k, v in germ.growth.terms.items() if not any(k[0])}
        return replace(germ, growth=Polynomial(self.size, terms))

    def apply(self, series: Series, germ: Germ, exact: Callable[[Germ], Germ]) -> Germ:
        """f(germ), f given by its Taylor coefficients; ``exact`` is f for a number.

        Where the box is unbounded and the germ is a number plus what decays, so is the result.
        """
        if self._settles(germ):
            jet, base = germ.jet, germ.growth.number
            small = jet if germ.decay.is_zero else jet * self.exp_jet(germ.decay)
            slope = small.apply(divided(series, base))
            start = (
                exact(self.constant(base))
                if is_exact(base)
                else self.bounded(Jet.constant(self.orders, series(base, 0)[0]))
            )
            return self.add(start, self._normal(Polynomial(self.size, {}), germ.decay, jet * slope))
        return self.bounded(self.collapsed(germ).apply(series))

    def _settles(self, germ: Germ) -> bool:
        # a number plus what decays on an unbounded box
        infinite = any(self.box[place][1] is None for place in germ.decay.variables())
        return infinite and germ.growth.is_number and germ.decay.least(self.box) is not None


def germ_constant(orders: Index, base: Number, exponent: fmpq) -> Jet:
    """The jet of base**exponent."""
    return Jet.constant(orders, power_series(exponent)(base, 0)[0])


def _root_above(most: arb) -> arb:
    top = arb(most.upper())
    if not top.is_finite():
        return arb("nan")
    return top.sqrt() if top > 0 else arb(0)
