r"""The law of W = sum_i min(max(E_i, 0), a_i), with E_i Laplace noise: an exact sum over subsets.

T = ||x - delta||_1 - ||x||_1 is r - 2 W (in units of the scale, a_i = |delta_i|, r = sum a_i), so
this is the law of T. One term, D = min(max(E, 0), a), is 0 with probability 1/2, a with probability
e^{-a}/2, and has the density e^{-x}/2 between. With z = 1/(1 + s) its Laplace transform is

.. math:: E e^{-s D} = \tfrac12 (1 + z) + \tfrac12 e^{-a (1 + s)} (1 - z).

The transform of the c.d.f. of W is the product of these over s = (1 - z)/z, and z^{n+1} is the
transform of e^{-x} x^n / n!. Expanding the product over the subsets S of coordinates (those at
their upper atom, m = |S| of k of them, of sum a_S) gives

.. math:: P(W > w) = 2^{-k} e^{-w} \Bigl[p_0(w) - \sum_{S \neq \emptyset,\ a_S \le w}
          p_{|S|}(w - a_S)\Bigr],\quad p_m(x) = \sum_{n < k} c_n^{(m)} \frac{x^n}{n!}

for 0 <= w < r, where c_n^(m) is the coefficient of z^n in (1 + z)^(k-m) (1 - z)^(m-1) for m >= 1,
and the sum of binom(k, j) over j > n for m = 0 (there the series of the c.d.f. is endless, and its
complement is not). Terms of both signs cancel, so the sums are taken in balls of enough bits.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import accumulate

from flint import arb, arb_poly

from theory.balls import Ball, rational_ball
from theory.exact import working_precision

#: Coefficients of all subsets together: 17 coordinates without coincidences, 2000 equal ones.
MAX_TERMS = 1 << 22

#: Bits beyond which a ball that stays wide is not pursued.
_LAST_PRECISION = 1 << 16
_PRECISION_STEP = 128


@dataclass(frozen=True, slots=True)
class Tail:
    """P(V > v) and P(V = v) for V = W/r, as balls."""

    above: Ball
    at: Ball

    @property
    def upto(self) -> Ball:
        """P(V <= v)."""
        return 1 - self.above

    @property
    def below(self) -> Ball:
        """P(V < v)."""
        return 1 - self.above - self.at

    @property
    def from_here(self) -> Ball:
        """P(V >= v)."""
        return self.above + self.at


@dataclass(frozen=True)
class SubsetLaw:
    """The law of V = W/r in [0, 1], for every r: only the shares a_i/r are fixed.

    Parameters
    ----------
    shares : tuple of int
        Positive integers in the ratio of the a_i; `SubsetLaw.of` makes them of rationals.

    Raises
    ------
    ValueError
        If there is no share, or there are so many subsets that their terms are more than
        ``MAX_TERMS``.

    Examples
    --------
    >>> law = SubsetLaw.of([Fraction(1, 2), Fraction(1, 3)])
    >>> law.shares, [str(place) for place in law.atoms]
    ((3, 2), ['0', '2/5', '3/5', '1'])
    >>> law.tail(Fraction(2, 5), Fraction(1)).at.overlaps((-arb(2) / 5).exp() / 4)
    True
    """

    shares: tuple[int, ...]
    _polynomials: dict[int, tuple[int, arb_poly]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if not self.shares or min(self.shares) <= 0:
            raise ValueError(f"shares = {self.shares} are not one or more positive integers")
        _check_sums(len(self.shares), len(self.shares) + 1)  # a sum of every size at least
        _ = self.subsets

    @classmethod
    def of(cls, magnitudes: Iterable[Fraction]) -> SubsetLaw:
        """The law for positive rationals; only their ratios matter."""
        known = list(magnitudes)
        _check_sums(len(known), len(known) + 1)
        common = math.lcm(*(one.denominator for one in known))
        whole = [int(one * common) for one in known]
        divisor = math.gcd(*whole)
        return cls(tuple(one // divisor for one in whole))

    @cached_property
    def total(self) -> int:
        """The sum of the shares."""
        return sum(self.shares)

    @cached_property
    def subsets(self) -> dict[int, list[tuple[int, int]]]:
        """For each size m of a subset its sums, ascending, each with the number of such subsets."""
        count, sums = len(self.shares), {(0, 0): 1}
        for share, number in Counter(self.shares).items():
            choices = [(j, math.comb(number, j)) for j in range(number + 1)]
            joined: dict[tuple[int, int], int] = {}
            for (size, total), ways in sums.items():
                for j, chosen in choices:
                    key = (size + j, total + j * share)
                    joined[key] = joined.get(key, 0) + ways * chosen
                _check_sums(count, len(joined))
            sums = joined
        by_size: dict[int, list[tuple[int, int]]] = {}
        for (size, total), ways in sorted(sums.items()):
            by_size.setdefault(size, []).append((total, ways))
        return by_size

    @cached_property
    def places(self) -> list[int]:
        """The atoms of V times the sum of the shares, ascending integers."""
        return sorted({total for group in self.subsets.values() for total, _ in group})

    @property
    def atoms(self) -> list[Fraction]:
        """The atoms of V, ascending from 0 to 1."""
        return [Fraction(place, self.total) for place in self.places]

    def tail(self, place: Fraction, norm: Fraction, bits: int = 96) -> Tail:
        """P(V > v), with at least ``bits`` correct bits where it is not 0, and P(V = v).

        Parameters
        ----------
        place : Fraction
            v, any number.
        norm : Fraction
            r in units of the scale, in (0, inf).
        bits : int
            Relative accuracy of P(V > v).

        Raises
        ------
        ArithmeticError
            If the ball stays wide at the last precision.
        """
        if not 0 <= place <= 1:
            return Tail(arb(1 if place < 0 else 0), arb(0))
        precision = bits + len(self.shares).bit_length() + 32
        while precision <= _LAST_PRECISION:
            with working_precision(precision):
                each = self._one_pattern(place, norm)
                at = each * self._held(place)
                if place == 1:  # V does not exceed 1
                    return Tail(arb(0), at)
                above = each * self._left(place, norm, precision, slope=False)
            accuracy = above.rel_accuracy_bits()
            if accuracy >= bits:
                return Tail(above, at)
            # a bit more of precision is a bit more of accuracy, once there is any
            precision += min(bits - accuracy, precision) + 16
        raise ArithmeticError(f"no tail with {bits} bits at {_LAST_PRECISION} bits of precision")

    def density(self, place: Fraction, norm: Fraction, precision: int = 96) -> Ball:
        """The density at v in (0, 1) of the part of V that has one (between two atoms), as a ball.

        Examples
        --------
        >>> law = SubsetLaw((1,))  # V is E/r between its atoms 0 and 1
        >>> law.density(Fraction(1, 2), Fraction(3)).overlaps((-arb(3) / 2).exp() * 3 / 2)
        True
        """
        if not 0 < place < 1:
            raise ValueError(f"place = {place} is outside (0, 1)")
        with working_precision(precision):
            left, slope = (
                self._left(place, norm, precision, slope=wanted) for wanted in (False, True)
            )
            return rational_ball(norm) * self._one_pattern(place, norm) * (left - slope)

    def _one_pattern(self, place: Fraction, norm: Fraction) -> Ball:
        """2^-k e^(-r v), the mass of one subset of sum r v."""
        return (-rational_ball(norm * place)).exp() * rational_ball(
            Fraction(1, 2 ** len(self.shares))
        )

    def _held(self, place: Fraction) -> int:
        """How many subsets have this sum."""
        if (place * self.total).denominator > 1:
            return 0
        at = int(place * self.total)
        return sum(ways for group in self.subsets.values() for total, ways in group if total == at)

    def _left(self, place: Fraction, norm: Fraction, precision: int, *, slope: bool) -> Ball:
        """The bracket of the formula at the head of the module, or its slope in w."""
        unit = rational_ball(norm / (self.total * place.denominator))
        reach, step = place.numerator * self.total, place.denominator
        left = arb(0)
        for size, group in self.subsets.items():
            near = group[: _upto(group, place * self.total)]
            reached = [(reach - total * step, ways) for total, ways in near]
            if not reached:
                continue
            polynomial = self._polynomial(size, precision)
            if slope:
                polynomial = polynomial.derivative()
            values = polynomial.evaluate([unit * far for far, _ in reached], algorithm="iter")
            total = arb(0)
            for value, (_, ways) in zip(values, reached, strict=True):
                total += value if ways == 1 else value * ways
            left += total if size == 0 else -total
        return left

    def _polynomial(self, size: int, precision: int) -> arb_poly:
        """p_m with coefficients of at least that precision, kept for the largest one so far."""
        known = self._polynomials.get(size)
        if known is None or known[0] < precision:
            precision = -(-precision // _PRECISION_STEP) * _PRECISION_STEP
            with working_precision(precision):
                whole = coefficients(len(self.shares), size)
                inverse = accumulate(range(1, len(whole)), lambda c, n: c / n, initial=arb(1))
                terms = [arb(c) * i for c, i in zip(whole, inverse, strict=True)]
                known = self._polynomials[size] = (precision, arb_poly(terms))
        return known[1]


def coefficients(count: int, size: int) -> list[int]:
    """The k = ``count`` integers c_n of p_m, m = ``size``: see the head of the module.

    >>> coefficients(3, 0), coefficients(3, 1), coefficients(3, 3)
    ([7, 4, 1], [1, 2, 1], [1, -2, 1])
    """
    if size == 0:
        row = [math.comb(count, j) for j in range(count, 0, -1)]
        return list(accumulate(row))[::-1]
    # (1 - z^2) p' = (A - B - (A + B) z) p for p = (1 + z)^A (1 - z)^B
    order, skew = count - 1, count - 2 * size + 1
    found = [1]
    for n in range(order):
        earlier = found[n - 1] if n else 0
        found.append((skew * found[n] - (order - n + 1) * earlier) // (n + 1))
    return found


def _upto(group: list[tuple[int, int]], bound: Fraction) -> int:
    """How many of the ascending sums do not exceed the bound."""
    return bisect_right(group, math.floor(bound), key=lambda pair: pair[0])


def _check_sums(count: int, sums: int) -> None:
    if sums * count > MAX_TERMS:
        raise ValueError(
            f"{count} non-zero coordinates have over {MAX_TERMS // count} different sums of "
            "subsets, legal is at most that: make more of them equal"
        )
