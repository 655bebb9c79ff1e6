"""Numbers that stay exact as long as they can: rationals, and Arb balls where they cannot.

An inequality between two formulas is often an equality on an edge of the domain, which no ball can
settle. Rationals can, so a rational is kept one through sums, products and quotients, and 0 is 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from flint import arb, fmpq, fmpz

#: fmpq (exact) or arb (a ball that contains the exact value)
Number = Any

ZERO, ONE = fmpq(0), fmpq(1)

#: trial division finds the primes of a rational up to this; others stay in a ball
_LARGEST_PRIME = 1_000
_MOST_FACTORED_BITS = 512
#: a ball of fewer bits is multiplied by its ends: the product of radii would cross 0
_WIDE = 8
#: longer numerators and denominators are turned into balls
_MOST_BITS = 100_000


def is_exact(number: Number) -> bool:
    """Whether the number is a rational.

    >>> is_exact(fmpq(1, 3)), is_exact(arb(1))
    (True, False)
    """
    return isinstance(number, fmpq)


def is_zero(number: Number) -> bool:
    """Whether the number is known to be 0: the rational 0 only.

    >>> is_zero(ZERO), is_zero(arb(0))
    (True, False)
    """
    return isinstance(number, fmpq) and not number


def as_ball(number: Number) -> arb:
    """The number as a ball."""
    return arb(number) if isinstance(number, fmpq) else number


def add(first: Number, second: Number) -> Number:
    """first + second."""
    exact, other_exact = isinstance(first, fmpq), isinstance(second, fmpq)
    if exact and not first:
        return second
    if other_exact and not second:
        return first
    if exact and other_exact:
        return first + second
    a, b = arb(first) if exact else first, arb(second) if other_exact else second
    total = a + b
    # two numbers of one sign: rounding the sum must not lose the sign
    if total.contains(0) and a >= 0 and b >= 0:
        return up_to(total)
    if total.contains(0) and a <= 0 and b <= 0:
        return -up_to(-total)
    return total


def multiply(first: Number, second: Number) -> Number:
    """first * second; 0 times anything is 0, an unbounded ball too.

    >>> multiply(ZERO, arb("inf"))
    0
    """
    exact, other_exact = isinstance(first, fmpq), isinstance(second, fmpq)
    if (exact and not first) or (other_exact and not second):
        return ZERO
    if exact and other_exact:
        product = first * second
        return product if product.height_bits() <= _MOST_BITS else arb(product)
    a, b = arb(first) if exact else first, arb(second) if other_exact else second
    if min(a.rel_accuracy_bits(), b.rel_accuracy_bits()) < _WIDE and a.is_finite():
        signs = [1 if one >= 0 else -1 if one <= 0 else 0 for one in (a, b)]
        if all(signs) and b.is_finite():
            return _of_ends(a, b, signs[0] * signs[1])
    return a * b


def _of_ends(a: arb, b: arb, sign: int) -> arb:
    """The product of two wide balls that do not cross 0, from its ends: it does not cross 0."""
    low, high = a.abs_lower() * b.abs_lower(), a.abs_upper() * b.abs_upper()
    most = low.union(high) if low > 0 else up_to(high)
    return most if sign > 0 else -most


def negative(number: Number) -> Number:
    """-number."""
    return -number


def power(base: Number, exponent: fmpq) -> Number:
    """base**exponent for a positive base or an integer exponent, exact where it is rational.

    >>> power(fmpq(4, 9), fmpq(1, 2))
    2/3
    """
    if exponent.q == 1:
        whole = int(exponent.p)
        if is_exact(base) and (base != 0 or whole > 0) and abs(whole) <= 64:
            result = base**whole
            return result if result.height_bits() <= _MOST_BITS else arb(result)
        if whole % 2 == 0 and whole > 0:
            low, high = as_ball(base).abs_lower(), as_ball(base).abs_upper()
            return up_to(high**whole) if low == 0 else (low**whole).union(high**whole)
        return as_ball(base) ** whole
    if is_exact(base) and base > 0:
        top, bottom = _root(base.p, int(exponent.q)), _root(base.q, int(exponent.q))
        if top is not None and bottom is not None:
            return power(fmpq(top, bottom), fmpq(exponent.p))
    ball = as_ball(base)
    if exponent == fmpq(1, 2):
        return ball.sqrt()
    return (ball.log() * arb(exponent)).exp()


def prime_powers(number: fmpq) -> Mapping[int, int] | None:
    """The exponents of the primes in a positive rational, or None where a prime is large.

    >>> prime_powers(fmpq(12, 5))
    {2: 2, 3: 1, 5: -1}
    """
    return _prime_powers(int(number.p), int(number.q))


@lru_cache(maxsize=4096)
def _prime_powers(numerator: int, denominator: int) -> Mapping[int, int] | None:
    # by two integers: the hash of a rational is slow
    found: dict[int, int] = {}
    for part, sign in ((numerator, 1), (denominator, -1)):
        rest, prime = part, 2
        if rest.bit_length() > _MOST_FACTORED_BITS:
            return None
        while rest > 1:
            if prime * prime > rest:
                prime = rest
            if prime > _LARGEST_PRIME:
                return None
            while rest % prime == 0:
                found[prime] = found.get(prime, 0) + sign
                rest //= prime
            prime += 1 if prime == 2 else 2
    return found


def up_to(most: arb) -> arb:
    """The ball [0, m] with m a little above ``most``; its lower end is 0 and not a rounding below.

    >>> ball = up_to(arb(1) / 3)
    >>> bool(ball >= 0), bool(ball.contains(0)), bool(ball.upper() < arb("0.3333334"))
    (True, True, True)
    """
    top = arb(most.upper())
    if not top.is_finite():
        return arb("nan")
    if not top > 0:
        return arb(0)
    # a radius is rounded up when it is set, and kept when an exact number is added
    around = arb(0, top / 2)
    return around + around.rad()


def _root(number: fmpz, degree: int) -> fmpz | None:
    if degree > 64:
        return None
    root = fmpz(round(int(number) ** (1.0 / degree))) if number < 2**50 else None
    return root if root is not None and root**degree == number else None
