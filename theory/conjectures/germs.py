"""Arithmetic that reaches the end of an unbounded domain: growth + exp(-decay) * jet.

A radius tends to infinity where a probability tends to 0, and so does the exact one. Here z is a
quantile, a probability is exp(-z)/2 (or exp(-z^2/2) times a slow factor), and both radii are
polynomials in z plus what decays: their difference keeps its sign up to infinity and loses no
digit. ``growth`` and ``decay`` are polynomials, ``jet`` is a bounded function with derivatives.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from flint import arb, fmpq

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
from theory.conjectures.polynomials import Box, Monomial, Polynomial, constant_ball

_MOST_DEGREE = 4


class Sign(Enum):
    """What is known of a function on a box; POSITIVE is strict."""

    ZERO = "zero"
    POSITIVE = "positive"
    NOT_NEGATIVE = "not negative"
    UNKNOWN = "unknown"
    OUTSIDE = "not enclosed"

    @property
    def is_proof(self) -> bool:
        """Whether the function is at least 0."""
        return self not in (Sign.UNKNOWN, Sign.OUTSIDE)


@dataclass(frozen=True, slots=True)
class Germ:
    """A function on a box: ``growth + exp(-decay) * jet``."""

    growth: Polynomial
    decay: Polynomial
    jet: Jet

    @property
    def is_zero(self) -> bool:
        """Whether it is known to be 0 on the whole box."""
        return self.growth.is_zero and self.jet.is_zero

    @property
    def is_polynomial(self) -> bool:
        """Whether nothing but growth is left."""
        return self.jet.is_zero


@dataclass(frozen=True, slots=True)
class Germs:
    """The arithmetic of germs on one box, with derivatives up to ``orders`` in each variable.

    >>> on = Germs(((fmpq(2), None),), (0,))
    >>> small = on.decaying(on.variable(0).growth, fmpq(1, 2))  # exp(-z)/2
    >>> double_log = on.log(on.multiply(small, on.constant(fmpq(2))))
    >>> on.add(double_log, on.variable(0)).is_zero  # log(2 * exp(-z)/2) = -z, up to infinity
    True
    """

    box: Box
    orders: Index
    #: whether a root that is real on a part of the box only is enclosed where it is real
    partial_roots: bool = True

    @property
    def size(self) -> int:
        """The number of variables."""
        return len(self.box)

    def constant(self, value: Number) -> Germ:
        """A number."""
        return self.polynomial(Polynomial.constant(self.size, value))

    def variable(self, place: int) -> Germ:
        """One of the variables."""
        return self.polynomial(Polynomial.variable(self.size, place))

    def polynomial(self, growth: Polynomial) -> Germ:
        """A polynomial."""
        return Germ(growth, Polynomial(self.size, {}), Jet(self.orders, {}))

    def bounded(self, jet: Jet) -> Germ:
        """A function with an enclosed jet."""
        nothing = Polynomial(self.size, {})
        if jet.is_constant and is_exact(jet.value):
            return self.constant(jet.value)
        return Germ(nothing, nothing, jet)

    def decaying(self, decay: Polynomial, factor: Number | Jet) -> Germ:
        """exp(-decay) * factor."""
        jet = factor if isinstance(factor, Jet) else Jet.constant(self.orders, factor)
        return self._normal(Polynomial(self.size, {}), decay, jet)

    def _normal(self, growth: Polynomial, decay: Polynomial, jet: Jet) -> Germ:
        if jet.is_zero:
            return self.polynomial(growth)
        if decay.is_zero and jet.is_constant and is_exact(jet.value):
            return self.polynomial(growth + Polynomial.constant(self.size, jet.value))
        return Germ(growth, decay, jet)

    def add(self, first: Germ, second: Germ) -> Germ:
        """first + second."""
        growth = first.growth + second.growth
        if first.jet.is_zero or second.jet.is_zero:
            one = second if first.jet.is_zero else first
            return self._normal(growth, one.decay, one.jet)
        shared = _shared(first.decay, second.decay)
        if shared is None:
            jet = self.collapsed(self._without_growth(first))
            jet = jet + self.collapsed(self._without_growth(second))
            return self._normal(growth, Polynomial(self.size, {}), jet)
        jet = self._over(first, shared) + self._over(second, shared)
        return self._normal(growth, shared, jet)

    def _without_growth(self, germ: Germ) -> Germ:
        return replace(germ, growth=Polynomial(self.size, {}))

    def _over(self, germ: Germ, shared: Polynomial) -> Jet:
        # a coefficient that is the shared one leaves nothing, be it a ball
        terms, common = germ.decay.terms, shared.terms
        mine = {k: v for k, v in terms.items() if v is not common.get(k)}
        its = {k: v for k, v in common.items() if v is not terms.get(k)}
        rest = Polynomial(self.size, mine) + Polynomial(self.size, its).times(fmpq(-1))
        return germ.jet if rest.is_zero else germ.jet * self.exp_jet(rest)

    def exp_jet(self, decay: Polynomial) -> Jet:
        """The jet of exp(-decay); OutsideError where it, or a derivative, is unbounded."""
        low, high = decay.least(self.box), decay.greatest(self.box)
        if low is None:
            raise OutsideError("an exponential that is unbounded on the box")
        if high is None:
            most = (-as_ball(low)).exp()
            value: Number = up_to(most)
        elif is_zero(low) and is_zero(high):
            value = ONE
        elif is_exact(low) and is_exact(high) and low == high:
            value = (-arb(low)).exp()
        else:
            value = (-as_ball(low)).exp().union((-as_ball(high)).exp())
        shape = self._shape(decay)
        return Jet.constant(self.orders, value) if shape is None else shape.times(value)

    def multiply(self, first: Germ, second: Germ) -> Germ:
        """first * second; OutsideError where the product is unbounded in a way not known here."""
        total = self.polynomial(self._product(first.growth, second.growth))
        for one, other in ((first, second), (second, first)):
            if not one.growth.is_zero and not other.jet.is_zero:
                total = self.add(total, self._grown(one.growth, other.decay, other.jet))
        if not first.jet.is_zero and not second.jet.is_zero:
            both = self._normal(
                Polynomial(self.size, {}), first.decay + second.decay, first.jet * second.jet
            )
            total = self.add(total, both)
        return total

    def _product(self, first: Polynomial, second: Polynomial) -> Polynomial:
        product = first * second
        if any(sum(powers) > _MOST_DEGREE for powers, _ in product.terms):
            raise OutsideError("a polynomial of high degree")
        return product

    def _grown(self, growth: Polynomial, decay: Polynomial, jet: Jet) -> Germ:
        nothing = Polynomial(self.size, {})
        if growth.is_number:
            return self._normal(nothing, decay, jet.times(growth.number))
        if growth.least(self.box) is not None and growth.greatest(self.box) is not None:
            return self._normal(nothing, decay, jet * growth.jet(self.box, self.orders))
        if any(self.orders):
            raise OutsideError("a derivative of something that grows without bound")
        if decay.is_zero:
            return self.polynomial(growth.times(jet.value))
        # z exp(-c z) = exp(-c z/2) (z exp(-c z/2)), and the second factor is bounded
        half = decay.times(fmpq(1, 2))
        bound = ZERO
        for (powers, prime), value in growth.terms.items():
            term = multiply(value, constant_ball(prime))
            bound = add(bound, multiply(term, up_to(_largest(powers, half, self.box))))
        return self._normal(nothing, half, jet.times(bound))

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

    def collapsed(self, germ: Germ) -> Jet:
        """The whole germ as a jet; OutsideError where it is unbounded."""
        jet = germ.jet if germ.decay.is_zero else germ.jet * self.exp_jet(germ.decay)
        return jet if germ.growth.is_zero else jet + germ.growth.jet(self.box, self.orders)

    def sign(self, germ: Germ, index: Index | None = None) -> Sign:
        """What is known of the sign of a Taylor coefficient (by default of the value) on the box.

        A part that decays is compared with 0 by its bounded factor, so that it keeps its sign up
        to infinity.
        """
        index = index or (0,) * self.size
        growth = germ.growth.divided_derivative(index)
        shape = self._shape(germ.decay)
        value = (germ.jet if shape is None else germ.jet * shape).terms.get(index, ZERO)
        if growth.is_zero and is_zero(value):
            return Sign.ZERO
        low = growth.least(self.box)
        if (
            is_zero(value)
            and low is not None
            and is_zero(low)
            and is_zero(growth.greatest(self.box))
        ):
            return Sign.ZERO
        if low is not None and low >= 0 and as_ball(value) >= 0:
            strict = low > 0 or as_ball(value) > 0
            return Sign.POSITIVE if strict else Sign.NOT_NEGATIVE
        bottom = self.least(germ, index)
        if bottom is None or not bottom >= 0:
            return Sign.UNKNOWN
        if bottom > 0:
            return Sign.POSITIVE
        return Sign.ZERO if self._is_exactly(germ, index, bottom) else Sign.NOT_NEGATIVE

    def _is_exactly(self, germ: Germ, index: Index, bottom: Number) -> bool:
        # a lower bound that is attained everywhere: all is rational and nothing varies on the box
        growth = germ.growth.divided_derivative(index)
        low, high = growth.least(self.box), growth.greatest(self.box)
        return is_exact(bottom) and high is not None and is_exact(high) and low == high

    def least(self, germ: Germ, index: Index | None = None) -> Number | None:
        """A lower bound over the box of a Taylor coefficient (by default of the value), or None."""
        index = index or (0,) * self.size
        low = germ.growth.divided_derivative(index).least(self.box)
        if low is None:
            return None
        if not any(index) and germ.decay.least(self.box) is None:
            value = self._least_growing(germ)
            if value is None:
                return None
        else:
            jet = germ.jet if germ.decay.is_zero else germ.jet * self.exp_jet(germ.decay)
            value = jet.terms.get(index, ZERO)
        if is_exact(value) and is_exact(low):
            return value + low
        total = as_ball(value).lower() + as_ball(low).lower()
        return total if total.is_finite() else None

    def _least_growing(self, germ: Germ) -> Number | None:
        # what grows exponentially is least where its exponent is
        high, factor = germ.decay.greatest(self.box), as_ball(germ.jet.value)
        if high is None or not factor >= 0:
            return None
        return factor.lower() * (-as_ball(high)).exp()

    def _shape(self, decay: Polynomial) -> Jet | None:
        # exp(-decay) relative to its value
        if decay.is_constant or not any(self.orders):
            return None
        return _derivatives(decay.times(fmpq(-1)), self.box, self.orders).apply(exp_series)


def germ_constant(orders: Index, base: Number, exponent: fmpq) -> Jet:
    """The jet of base**exponent."""
    return Jet.constant(orders, power_series(exponent)(base, 0)[0])


def _root_above(most: arb) -> arb:
    top = arb(most.upper())
    if not top.is_finite():
        return arb("nan")
    return top.sqrt() if top > 0 else arb(0)


def _shared(first: Polynomial, second: Polynomial) -> Polynomial | None:
    # the smaller coefficient of each monomial, so that both rests decay; None if balls overlap
    terms = {}
    for key in {*first.terms, *second.terms}:
        a, b = first.terms.get(key, ZERO), second.terms.get(key, ZERO)
        if a is b:
            terms[key] = a
            continue
        small = a if a <= b else b if b <= a else None
        if small is None:
            return None
        if not is_zero(small):
            terms[key] = small
    return Polynomial(first.size, terms)


def _derivatives(polynomial: Polynomial, box: Box, orders: Index) -> Jet:
    # the value itself may be unbounded, and is not asked for
    return polynomial.jet(box, orders, derivatives_only=True)


def _largest(powers: Index, decay: Polynomial, box: Box) -> arb:
    # the largest x^i y^j ... exp(-decay), where each of these variables has a decay of its own
    value, rest = arb(1), decay
    for place, power_ in enumerate(powers):
        if not power_:
            continue
        low, high = box[place]
        if high is not None:
            value *= arb(high) ** power_
            continue
        alone = (tuple(int(i == place) for i in range(len(box))), 1)
        rate = decay.terms.get(alone, ZERO)
        if not as_ball(rate) > 0:
            raise OutsideError("a product that is unbounded on the box")
        rest = Polynomial(rest.size, {k: v for k, v in rest.terms.items() if k != alone})
        peak = power_ / as_ball(rate).lower()
        peak = arb(low) if peak <= arb(low) else peak
        value *= peak**power_ * (-as_ball(rate) * peak).exp()
    bottom = rest.least(box)
    if bottom is None:
        raise OutsideError("a product that is unbounded on the box")
    return value * (-as_ball(bottom)).exp()
