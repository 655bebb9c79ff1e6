"""Germs: growth + exp(-decay) * jet, their sums, products, enclosures and signs on one box.

See `theory.conjectures.germs` for what they are for, and for functions of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from functools import cache

from flint import arb, fmpq

from theory.conjectures.jets import Index, Jet, OutsideError, exp_series
from theory.conjectures.numbers import (
    ONE,
    ZERO,
    Number,
    add,
    as_ball,
    is_exact,
    is_zero,
    multiply,
    up_to,
)
from theory.conjectures.polynomials import Box, Polynomial, constant_ball

__all__ = ["Germ", "GermRing", "Sign"]

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
class GermRing:
    """The germs on one box, with derivatives up to ``orders`` in each variable.

    >>> on = GermRing(((fmpq(2), None),), (0,))
    >>> on.sign(on.add(on.variable(0), on.constant(fmpq(-1))))  # z - 1 on [2, oo)
    <Sign.POSITIVE: 'positive'>
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
        return Germ(growth, _no_polynomial(self.size), _no_jet(self.orders))

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
        if not mine and not its:
            return germ.jet
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
                _no_polynomial(self.size), first.decay + second.decay, first.jet * second.jet
            )
            total = self.add(total, both)
        return total

    def negative(self, germ: Germ) -> Germ:
        """-germ."""
        return self.multiply(self.constant(fmpq(-1)), germ)

    def _product(self, first: Polynomial, second: Polynomial) -> Polynomial:
        if not first.terms or not second.terms:
            return _no_polynomial(self.size)
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


@cache
def _no_polynomial(size: int) -> Polynomial:
    return Polynomial(size, {})


@cache
def _no_jet(orders: Index) -> Jet:
    return Jet(orders, {})


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
