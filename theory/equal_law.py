r"""The law of W = sum_i min(max(E_i, 0), a) for k equal magnitudes a = r/k, at any k.

`theory.subset_law` has the law for any magnitudes as an alternating sum over subsets; this one
takes other terms, all of them positive, so that nothing cancels at k = 150528 either.

Only the positive E_i count. They are B = binomial(k, 1/2) in number and Exp(1) in law, so that W is
the sum of the first B of X_1, X_2, ... = min(Exp(1), a). Let K(w) be the number of their partial
sums in (0, w]: it is independent of B, and {W > w} is {B > K(w)}. To get the law of K, take a
Poisson process of unit rate on [0, w]: a partial sum ends at each of its points, and at a distance
a from the one before where no point comes earlier. Given p - 1 points, the p gaps between them (and
the ends of [0, w]) hold n = sum floor(gap/a) of the latter. There are binom(p + n - 1, n) ways to
have n of them, and what is left of the gaps are p numbers of [0, a) of the sum w - n a. With
x = w/a and the density beta_p of the sum of p uniform numbers of [0, 1] (the cardinal B-spline),

.. math:: P(K(w) + 1 = L) = e^{-w} \sum_{p + n = L} a^{p-1} \binom{p+n-1}{n} \beta_p(x - n),

.. math:: P(W > w) = \sum_{L = 1}^k P(K(w) + 1 = L)\, Q_L,\quad Q_L = P(B \ge L).

Without the Q_L the sum over n of one p is the Poisson probability w^(p-1)/(p-1)! e^-w, and L > x:
together they bound every p that is left out. The density of W between its atoms has the same
B-splines: p of the E_i lie in (0, a), n beyond it, and the others below 0, so that it is

.. math:: e^{-w} 2^{-k} \sum_{p \ge 1} a^{p-1} \sum_n \frac{k!}{p!\, n!\, (k-p-n)!} \beta_p(x - n).
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import accumulate
from operator import add, mul

from flint import arb

from theory import fair_coins
from theory.balls import Ball, rational_ball
from theory.exact import describe, working_precision
from theory.subset_law import Tail

#: The most equal coordinates: the number of terms grows with their square root.
MAX_COUNT = 10**7
#: Values of B-splines in one sum: about a minute.
MAX_TERMS = 1 << 27

#: Bits beyond which a ball that stays wide is not pursued.
_LAST_PRECISION = 1 << 16
#: Bits by which what is left out lies below what a ball may be wide.
_MARGIN = 8
#: The least mean of a renewal that floats are asked about.
_TINY = 1e-300
_BEYOND = 1 << 62


@dataclass(frozen=True)
class EqualLaw:
    """The law of V = W/r in [0, 1] for ``count`` equal magnitudes, with r as it comes.

    It is `theory.subset_law.SubsetLaw` of as many ones, and has the same methods.

    Parameters
    ----------
    count : int
        k, the number of non-zero coordinates, in {1, ..., ``MAX_COUNT``}.

    Raises
    ------
    ValueError
        If the count is not one of these.

    Examples
    --------
    >>> law = EqualLaw(3072)
    >>> float(law.tail(Fraction(1, 2), Fraction(3)).above)
    0.48760043603771697
    >>> float(EqualLaw(1).tail(Fraction(1, 2), Fraction(4)).above) == math.exp(-2) / 2
    True
    """

    count: int

    def __post_init__(self) -> None:
        whole = isinstance(self.count, int) and not isinstance(self.count, bool)
        if not (whole and 1 <= self.count <= MAX_COUNT):
            raise ValueError(f"count = {describe(self.count)} is not in 1, ..., {MAX_COUNT}")

    @property
    def shares(self) -> tuple[int, ...]:
        """The shares of the norm, all 1."""
        return (1,) * self.count

    @property
    def total(self) -> int:
        """The sum of the shares."""
        return self.count

    @property
    def places(self) -> range:
        """The atoms of V times the sum of the shares, ascending integers."""
        return range(self.count + 1)

    @cached_property
    def atoms(self) -> list[Fraction]:
        """The atoms of V, ascending from 0 to 1."""
        return [Fraction(place, self.count) for place in self.places]

    def tail(self, place: Fraction, norm: Fraction, bits: int = 96) -> Tail:
        """P(V > v), with at least ``bits`` correct bits where it is not 0, and P(V = v).

        Parameters
        ----------
        place : Fraction
            v, any number; whether it is an atom, j/k, is decided exactly.
        norm : Fraction
            r in units of the scale, in (0, inf).
        bits : int
            Relative accuracy of both where they are not 0.

        Raises
        ------
        ValueError
            If the norm is not positive, or takes more than ``MAX_TERMS`` terms.
        ArithmeticError
            If the ball stays wide at the last precision.
        """
        _check_norm(norm)
        if not 0 <= place <= 1:
            return Tail(arb(1 if place < 0 else 0), arb(0))
        point = _Point.of(self.count, place, norm)
        at = arb(0)
        if point.part == 0:
            with working_precision(bits + 32 + _bits_of(point.mean)):
                at = fair_coins.mass(self.count, point.whole) * (-rational_ball(point.mean)).exp()
        if place == 1:  # V does not exceed 1
            return Tail(arb(0), at)
        return Tail(_accurate(point, bits, _tail_factors), at)

    def density(self, place: Fraction, norm: Fraction, precision: int = 96) -> Ball:
        """The density at v in (0, 1) of the part of V that has one (between two atoms), as a ball.

        At an atom it is the limit from the right. It has ``precision`` correct bits.

        Examples
        --------
        >>> law = EqualLaw(1)  # V is E/r between its atoms 0 and 1
        >>> law.density(Fraction(1, 2), Fraction(3)).overlaps((-arb(3) / 2).exp() * 3 / 2)
        True
        """
        _check_norm(norm)
        if not 0 < place < 1:
            raise ValueError(f"place = {place} is outside (0, 1)")
        point = _Point.of(self.count, place, norm)
        with working_precision(precision + 32):
            return rational_ball(norm) * _accurate(point, precision, _density_factors)


@dataclass(frozen=True, slots=True)
class _Point:
    """w = a (whole + part), 0 <= part < 1, of k = ``count`` equal magnitudes a = ``step``."""

    count: int
    whole: int
    part: Fraction
    step: Fraction

    @classmethod
    def of(cls, count: int, place: Fraction, norm: Fraction) -> _Point:
        whole = math.floor(place * count)
        return cls(count, whole, place * count - whole, norm / count)

    @property
    def mean(self) -> Fraction:
        """w, the mean number of points of the Poisson process."""
        return self.step * (self.whole + self.part)


@dataclass(frozen=True, slots=True)
class _Factors:
    """What the terms of one L = p + n are multiplied by.

    ``values`` are for L = m + 1, m + 2, ...; ``over_p`` tells if 1/p is a factor too. For what is
    left out, ``bound(low, high)`` is at least the values of these L, and from L to L + 1 they grow
    by at most ``growth(L)``, which falls.
    """

    values: list[Ball]
    over_p: bool
    bound: Callable[[int, int], Ball]
    growth: Callable[[int], Ball]


def _tail_factors(count: int, low: int, high: int) -> _Factors:
    """Q_L, low <= L <= high; they fall."""
    return _Factors(
        values=fair_coins.tails(count, low, high),
        over_p=False,
        bound=lambda least, _: fair_coins.tail(count, least),
        growth=lambda _: arb(1),
    )


def _density_factors(count: int, low: int, high: int) -> _Factors:
    """L P(B = L), low <= L <= high, and 1/p: k/2 times a binomial probability of k - 1."""
    values = [low * fair_coins.mass(count, low)]
    for number in range(low, high):  # 0 beyond k
        values.append(values[-1] * max(count - number, 0) / number)

    def bound(least: int, most: int) -> Ball:
        highest = min(max(least, (count + 1) // 2), most)
        return highest * fair_coins.mass(count, highest)

    def growth(number: int) -> Ball:
        return arb(max(number, count - number)) / number

    return _Factors(values, True, bound, growth)


def _accurate(point: _Point, bits: int, factors_of: Callable[[int, int, int], _Factors]) -> Ball:
    """The sum over p and n with that relative accuracy."""
    depth = bits + _MARGIN + _depth(point)
    precision = bits + 24 + _bits_of(point.mean) + point.count.bit_length() // 2
    while precision <= _LAST_PRECISION:
        with working_precision(precision):
            kept, omitted = _sum(point, depth, factors_of)
            total = kept + omitted.union(arb(0))
        lacking = bits - total.rel_accuracy_bits()
        if lacking <= 0:
            return total
        # what is left out is to be far below the width that is wanted
        excess = _exponent(omitted) - _exponent(kept) + bits + _MARGIN // 2
        if excess > 0:
            depth += min(excess, depth) + _MARGIN
        else:
            precision += min(lacking, precision) + 16
    raise ArithmeticError(f"no tail with {bits} bits at {_LAST_PRECISION} bits of precision")


def _sum(
    point: _Point, depth: int, factors_of: Callable[[int, int, int], _Factors]
) -> tuple[Ball, Ball]:
    """The sum over those p that make all but 2^-depth of the Poisson law, and a bound of the rest.

    With c_p = (p-1)! beta_p and x = m + f the terms of one p and of n = m - j, L = p + n, are
    e^-w a^(p-1) / (p-1)!^2 times the product of c_p(f + j), m!/(m-j)! and (L-1)!/m! (factor of L).
    """
    whole, mean = point.whole, rational_ball(point.mean)
    first, last = _poisson_window(point.mean, point.count - 1, depth)  # of p - 1
    if (last + 1) * min(last + 1, whole + 1) > MAX_TERMS:
        raise ValueError(
            f"norm = {describe(point.step * point.count)} takes over {MAX_TERMS} terms with "
            f"{point.count} equal coordinates: legal is a smaller norm"
        )
    factors = factors_of(point.count, whole + 1, whole + 1 + last)
    rising = accumulate(range(whole + 1, whole + 1 + last), mul, initial=arb(1))
    by_count = list(map(mul, factors.values, rising))[::-1]
    falling = list(accumulate(range(whole, max(whole - last, 0), -1), mul, initial=arb(1)))
    kept, step, factor = arb(0), rational_ball(point.step), (-mean).exp()
    for p, row in enumerate(_splines(point, last + 1), 1):
        if p > first:
            products = map(mul, map(mul, row, falling), by_count[len(by_count) - p :])
            inner = sum(products, arb(0)) * factor
            kept += inner / p if factors.over_p else inner
        factor = factor * step / p**2
    return kept, _left_out(point, first, last, factors).upper()


def _left_out(point: _Point, first: int, last: int, factors: _Factors) -> Ball:
    """A bound of the terms with p - 1 below first or above last: Poisson, times a largest factor.

    The L of one p are between max(p, m + 1) and m + p.
    """
    least, mean, omitted = point.whole + 1, rational_ball(point.mean), arb(0)
    if first > 0:  # the Poisson probabilities fall at least geometrically below first
        ratio = (first - 1) / mean
        largest = factors.bound(least, point.whole + first)
        omitted += _poisson(first - 1, mean) / (1 - ratio) * largest
    if last < point.count - 1:  # and above last, faster than the factors can grow
        most = point.whole + last + 2
        ratio = mean / (last + 2) * factors.growth(most)
        if not ratio < 1:
            return arb.pos_inf()
        largest = factors.bound(max(least, last + 2), most)
        omitted += _poisson(last + 1, mean) / (1 - ratio) * largest
    return omitted


def _splines(point: _Point, last: int) -> Iterator[list[Ball]]:
    """c_p(f + j) = (p-1)! beta_p(f + j), 0 <= j < p and j <= m, for p = 1, ..., last.

    c_(p+1)(y) = y c_p(y) + (p + 1 - y) c_p(y - 1), and beta_1 is 1 on [0, 1), so that K(w) counts
    a partial sum that is w.
    """
    part, whole = rational_ball(point.part), point.whole
    stays = [part + j for j in range(min(last, whole + 1))]
    moves = [arb(i) - part for i in range(last, 0, -1)]
    row = [arb(1)]
    for p in range(1, last + 1):
        yield row
        stayed = map(mul, stays, row)
        moved = list(map(mul, moves[last - p :], row))
        # the last j only comes by a move, if it is not beyond m
        ends = moved[-1:] if len(row) <= whole else []
        row = [next(stayed), *map(add, stayed, moved), *ends]


def _poisson(number: int, mean: Ball) -> Ball:
    """The Poisson probability of a number."""
    return (-mean).exp() * mean**number / arb(number + 1).gamma()


def _poisson_window(mean: Fraction, most: int, depth: int) -> tuple[int, int]:
    """The numbers up to ``most`` whose Chernoff bound is above 2^-depth of the largest.

    A choice that need not be exact: what is outside is bounded, whatever the choice.
    """
    top = float(min(mean, Fraction(most)))
    slope = math.log(mean.numerator) - math.log(mean.denominator) if mean else -math.inf

    def entropy(number: float) -> float:
        return number * (math.log(number) - 1) if number else 0.0

    def rate(number: int) -> float:
        return entropy(number) - entropy(top) + (top - number) * slope if number != top else 0.0

    nats, above = depth * math.log(2), math.ceil(top)
    last = above + bisect_left(range(above, most), nats, key=rate)
    first = bisect_right(range(math.floor(top)), -nats, key=lambda number: -rate(number))
    return first, last


def _depth(point: _Point) -> int:
    """About how many bits the tail is below its largest factor, Q at the least L."""
    shortest = -math.expm1(-float(min(point.step, Fraction(64))))  # the mean of min(Exp(1), a)
    typical = min(
        float(min(point.mean, Fraction(point.count))) / max(shortest, _TINY) + 1, point.count
    )
    return math.ceil(
        fair_coins.depth(point.count, typical) - fair_coins.depth(point.count, point.whole + 1)
    )


def _exponent(ball: Ball) -> int:
    """The binary exponent of a ball's upper end; of 0 and of infinity, one beyond all others."""
    upper = ball.upper()
    if upper == 0 or not upper.is_finite():
        return -_BEYOND if upper == 0 else _BEYOND
    mantissa, exponent = upper.man_exp()
    return int(exponent) + int(abs(mantissa)).bit_length()


def _bits_of(number: Fraction) -> int:
    return math.ceil(number).bit_length()


def _check_norm(norm: Fraction) -> None:
    if not norm > 0:
        raise ValueError(f"norm = {describe(norm)} is outside (0, inf)")
