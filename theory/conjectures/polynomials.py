"""Polynomials in a few non-negative variables, pi and logarithms of primes, over boxes.

The variables are distances from an edge of the domain, so a box is a product of [low, high] with
0 <= low, and high may be infinite (None). A coefficient is exact or a ball.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import comb, prod

from flint import arb, fmpq

from theory.conjectures.jets import Index, Jet, OutsideError
from theory.conjectures.numbers import ONE, ZERO, Number, add, as_ball, is_exact, is_zero, multiply

#: for each variable its least value and its largest (None: unbounded)
Box = tuple[tuple[fmpq, fmpq | None], ...]

#: the powers of the variables, and a constant factor: 1, `PI`, or a prime for its logarithm
Monomial = tuple[Index, int]

PI = 0


def constant_ball(name: int) -> arb:
    """The constant factor of a monomial: pi for `PI`, log(p) for a prime p, and 1 for 1.

    >>> constant_ball(1) == 1, constant_ball(PI).overlaps(arb.pi())
    (True, True)
    """
    if name == PI:
        return arb.pi()
    return arb(1) if name == 1 else arb(name).log()


@dataclass(frozen=True, slots=True)
class Polynomial:
    """A sum of coefficient * x^i y^j ... * constant; absent coefficients are 0.

    >>> one = Polynomial.constant(2, fmpq(1, 2)) + Polynomial.variable(2, 0)
    >>> one.least(((fmpq(3), None), (fmpq(0), fmpq(1))))
    7/2
    """

    size: int
    terms: Mapping[Monomial, Number]

    @classmethod
    def constant(cls, size: int, value: Number) -> Polynomial:
        """A number."""
        return cls(size, {} if is_zero(value) else {((0,) * size, 1): value})

    @classmethod
    def variable(cls, size: int, place: int) -> Polynomial:
        """One of the variables."""
        return cls(size, {(tuple(int(i == place) for i in range(size)), 1): ONE})

    @classmethod
    def logarithm(cls, size: int, prime: int, times: int) -> Polynomial:
        """times * log(prime)."""
        return cls(size, {((0,) * size, prime): fmpq(times)} if times else {})

    @property
    def is_zero(self) -> bool:
        """Whether it is known to be 0 everywhere."""
        return not self.terms

    @property
    def is_number(self) -> bool:
        """Whether it is a number without pi and logarithms (0 is)."""
        return all(prime == 1 and not any(powers) for powers, prime in self.terms)

    @property
    def is_constant(self) -> bool:
        """Whether no variable occurs; pi and logarithms may."""
        return all(not any(powers) for powers, _ in self.terms)

    @property
    def number(self) -> Number:
        """Its coefficient without variables and constants."""
        return self.terms.get(((0,) * self.size, 1), ZERO)

    def __add__(self, other: Polynomial) -> Polynomial:
        if not other.terms:
            return self
        terms = dict(self.terms)
        for key, value in other.terms.items():
            _add_term(terms, key, value)
        return Polynomial(self.size, terms)

    def times_pi(self) -> Polynomial:
        """The polynomial multiplied by pi, exactly where it has no other constant."""
        return self * Polynomial(self.size, {((0,) * self.size, PI): ONE})

    def times(self, factor: Number) -> Polynomial:
        """The polynomial multiplied by a number."""
        if is_zero(factor):
            return Polynomial(self.size, {})
        return Polynomial(self.size, {k: multiply(v, factor) for k, v in self.terms.items()})

    def __mul__(self, other: Polynomial) -> Polynomial:
        terms: dict[Monomial, Number] = {}
        for (first, p), a in self.terms.items():
            for (second, q), b in other.terms.items():
                value, prime = multiply(a, b), p if q == 1 else q
                if p != 1 and q != 1:
                    value = multiply(value, constant_ball(p))
                _add_term(terms, (tuple(map(operator.add, first, second)), prime), value)
        return Polynomial(self.size, terms)

    def variables(self) -> set[int]:
        """The places of the variables that occur."""
        return {place for powers, _ in self.terms for place, i in enumerate(powers) if i}

    def divided_derivative(self, index: Index) -> Polynomial:
        """The partial derivative of that order over the factorials of the orders."""
        if not any(index):
            return self.times(ONE)
        terms: dict[Monomial, Number] = {}
        for (powers, prime), value in self.terms.items():
            if all(map(operator.ge, powers, index)):
                factor = prod(map(comb, powers, index))
                rest = tuple(map(operator.sub, powers, index))
                terms[rest, prime] = multiply(value, fmpq(factor))
        return Polynomial(self.size, terms)

    def least(self, box: Box) -> Number | None:
        """A lower bound over the box: exact where all is rational; None where there is none."""
        return self._bound(box, lowest=True)

    def greatest(self, box: Box) -> Number | None:
        """An upper bound over the box; None where there is none."""
        return self._bound(box, lowest=False)

    def _bound(self, box: Box, *, lowest: bool) -> Number | None:
        total = ZERO
        for (powers, prime), value in self.terms.items():
            factor = value if prime == 1 else multiply(value, constant_ball(prime))
            if not is_exact(factor):
                factor = factor.lower() if lowest else factor.upper()
            if not (factor >= 0 or factor <= 0):  # NaN
                return None
            ends = _monomial_at(powers, box, lowest == bool(factor >= 0))
            if ends is None:
                return None
            total = add(total, multiply(factor, ends))
        return total

    def jet(self, box: Box, orders: Index, *, derivatives_only: bool = False) -> Jet:
        """Its Taylor coefficients over a box; OutsideError where one is unbounded."""
        terms: dict[Index, Number] = {}
        for index in _indices(orders):
            if derivatives_only and not any(index):
                continue
            rest = self.divided_derivative(index)
            low, high = rest.least(box), rest.greatest(box)
            if low is None or high is None:
                raise OutsideError("a polynomial that is unbounded on the box")
            value = low if is_exact(low) and is_exact(high) and low == high else _hull(low, high)
            if not is_zero(value):
                terms[index] = value
        return Jet(orders, terms)


def _add_term(terms: dict[Monomial, Number], key: Monomial, value: Number) -> None:
    """The sum with one term more."""
    mine = terms.get(key, ZERO)
    # a ball less the very same ball is 0; two balls that only look alike are not
    total = ZERO if _cancel(mine, value) else add(mine, value)
    if is_zero(total):
        terms.pop(key, None)
    else:
        terms[key] = total


def _cancel(first: Number, second: Number) -> bool:
    if isinstance(first, fmpq) or isinstance(second, fmpq):
        return False
    return bool(first.is_exact() and second.is_exact() and first == -second)


def _hull(low: Number, high: Number) -> arb:
    return as_ball(low).union(as_ball(high))


def _monomial_at(powers: Index, box: Box, least: bool) -> Number | None:
    value = ONE
    if not any(powers):
        return value
    sides = [(power, side) for power, side in zip(powers, box, strict=True) if power]
    if any(high == 0 for _, (_, high) in sides):
        return ZERO
    for power, (low, high) in sides:
        end = low if least else high
        if end is None:
            return None
        value = value * end**power
    return value


def _indices(orders: Index) -> Iterator[Index]:
    if not orders:
        yield ()
        return
    for rest in _indices(orders[1:]):
        for order in range(orders[0] + 1):
            yield (order, *rest)
