"""The atoms of T: how many there are, and the heaviest, without listing up to 2^k of them.

An atom is a subset S of the non-zero coordinates, at r - 2 a_S and with the mass 2^-k e^(-a_S), and
subsets of one sum are one atom. With the magnitudes as integers m_i times one unit, sums are
integers and coincide exactly or not at all.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import sympy as sp
from flint import arb, fmpq

from theory.balls import PRECISION, Ball, rational_ball
from theory.bounds import Bounds
from theory.exact import ceil_float, working_precision
from theory.parameters import to_integer

#: Sums of subsets are told apart one by one up to so many of them, ...
MAX_SUMS = 1 << 18
#: ... in so many steps, for so many coordinates where they differ (weights have their bits), ...
MAX_STEPS, MAX_MIXED = 1 << 22, 1 << 12
#: ... and by a bit each while the bits, and bits times coordinates, stay below this.
MAX_BITS, MAX_BIT_STEPS = 1 << 27, 1 << 34
#: No list of heavy atoms is longer.
MAX_HEAVIEST = 1000


@dataclass(frozen=True, slots=True)
class Atom:
    """A point of positive probability, P(T = place) = weight exp(-exponent), all exact.

    Parameters
    ----------
    place : Fraction
        The value of T, in [-r, r], in the unit of delta.
    weight : Fraction
        The number of subsets S of coordinates with this a_S, over 2^k.
    exponent : Fraction
        a_S / scale >= 0.

    Examples
    --------
    >>> Atom(Fraction(-3), Fraction(1, 2), Fraction(2)).mass
    exp(-2)/2
    """

    place: Fraction
    weight: Fraction
    exponent: Fraction

    @property
    def mass(self) -> sp.Expr:
        """The probability, as an exact SymPy number."""
        return _rational(self.weight) * sp.exp(-_rational(self.exponent))

    def ball(self, precision: int = PRECISION) -> Ball:
        """An Arb ball around the probability, computed with `precision` bits."""
        with working_precision(precision):
            return rational_ball(self.weight) * (-rational_ball(self.exponent)).exp()


@dataclass(frozen=True, slots=True)
class HeavyAtom:
    """An atom of a long list: its place in T/scale, and bounds on its mass."""

    place: Fraction
    mass: Bounds


@dataclass(frozen=True, slots=True)
class Multiples:
    """Magnitudes as integer multiples of one unit, with how often each occurs.

    Parameters
    ----------
    unit : Fraction
        In units of the scale, > 0.
    groups : tuple of (int, int)
        (multiple, number of coordinates), multiples distinct and descending.

    Examples
    --------
    >>> Multiples.of({Fraction(1, 2): 2, Fraction(1, 3): 1})
    Multiples(unit=Fraction(1, 6), groups=((3, 2), (2, 1)))
    """

    unit: Fraction
    groups: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, groups: Mapping[Fraction, int]) -> Multiples:
        """The multiples of non-empty groups of positive magnitudes."""
        common = math.lcm(*(one.denominator for one in groups))
        whole = {one.numerator * (common // one.denominator): n for one, n in groups.items()}
        divisor = math.gcd(*whole)
        ordered = sorted(whole.items(), reverse=True)
        return cls(Fraction(divisor, common), tuple((m // divisor, n) for m, n in ordered))

    @property
    def dim(self) -> int:
        """The number of coordinates."""
        return sum(number for _, number in self.groups)

    @property
    def total(self) -> int:
        """The largest sum."""
        return sum(multiple * number for multiple, number in self.groups)

    def sums(self, most: int = MAX_SUMS) -> dict[int, int] | None:
        """Every sum of a subset with the number of such subsets, or None if over ``most`` sums.

        >>> Multiples(Fraction(1), ((2, 1), (1, 2))).sums()
        {0: 1, 1: 2, 2: 2, 3: 2, 4: 1}
        """
        if self._least_count() > most or (len(self.groups) > 1 and self.dim > MAX_MIXED):
            return None
        found = {0: 1}
        for multiple, number in self.groups:
            if len(found) * (number + 1) > MAX_STEPS:
                return None
            choices, ways_of = [], 1
            for j in range(number + 1):
                choices.append((j * multiple, ways_of))
                ways_of = ways_of * (number - j) // (j + 1)
            joined: Counter[int] = Counter()
            for total, ways in found.items():
                for more, chosen in choices:
                    joined[total + more] += ways * chosen
                if len(joined) > most:
                    return None
            found = dict(joined)
        return dict(sorted(found.items()))

    def count(self) -> tuple[int, int]:
        """Bounds on the number of different sums, equal where they are counted.

        Never fewer than one of each size, nor, for n distinct magnitudes, than n(n + 1)/2 + 1; and
        never more than patterns (a number out of each group) or integers up to the total.

        >>> Multiples(Fraction(1), tuple((n, 1) for n in range(3000, 0, -1))).count()
        (4501501, 4501501)
        """
        if len(self.groups) == 1:
            return self.dim + 1, self.dim + 1
        known = self.sums()
        if known is not None:
            return len(known), len(known)
        if self.total <= MAX_BITS and self.total * self.dim <= MAX_BIT_STEPS:
            reached = 1
            for multiple, number in self.groups:
                for _ in range(number):
                    reached |= reached << multiple
            return (reached.bit_count(),) * 2
        patterns = math.prod(number + 1 for _, number in self.groups)
        return self._least_count(), min(patterns, self.total + 1)

    def _least_count(self) -> int:
        distinct = len(self.groups)
        return max(self.dim, distinct * (distinct + 1) // 2) + 1


def heaviest(groups: Mapping[Fraction, int], number: int = MAX_HEAVIEST) -> list[HeavyAtom] | None:
    """The heaviest atoms of T/scale, at most 1000, by descending mass; None if sums are too many.

    Equal magnitudes have one atom for each size of a subset. Others are listed where the different
    sums of subsets are at most ``MAX_SUMS``; beyond, `heaviest_bound` says how heavy one may be.

    Parameters
    ----------
    groups : mapping
        How many non-zero coordinates have each magnitude a = |delta_i|/scale.
    number : int
        In [0, 1000].

    Raises
    ------
    ValueError
        If number is outside [0, 1000].

    Examples
    --------
    >>> [(str(atom.place), atom.mass.value) for atom in heaviest({Fraction(1, 4): 2}, 2)]
    [('0', 0.3894003915357024), ('1/2', 0.25)]
    """
    number = to_integer("number", number, 0, MAX_HEAVIEST)
    if not groups:
        return [HeavyAtom(Fraction(0), Bounds(1.0, 1.0, "constant"))][:number]
    multiples = Multiples.of(groups)
    with working_precision(PRECISION + 2 * multiples.dim.bit_length()):
        if len(groups) == 1:
            masses = _near_mode(*next(iter(groups.items())), number)
        else:
            sums = multiples.sums()
            if sums is None:
                return None
            rate, share = rational_ball(multiples.unit), arb(fmpq(1, 2**multiples.dim))
            masses = {total: share * ways * (-rate * total).exp() for total, ways in sums.items()}
        top = heapq.nlargest(number, masses.items(), key=lambda pair: float(pair[1].mid()))
        return [
            HeavyAtom(
                multiples.unit * (multiples.total - 2 * total),
                Bounds.of_ball(mass, "atoms", least=0.0, most=1.0),
            )
            for total, mass in top
        ]


def heaviest_bound(groups: Mapping[Fraction, int]) -> float:
    """An upper bound on the mass of every atom: binom(k, k//2) / 2^k.

    No more subsets of k positive numbers share a sum (P. Erdos, "On a lemma of Littlewood and
    Offord", 1945), and each has at most 2^-k.

    >>> heaviest_bound({Fraction(1): 2}), heaviest_bound({})
    (0.5000000000000001, 1.0)
    """
    dim = sum(groups.values())
    with working_precision(PRECISION + 2 * dim.bit_length()):
        return min(1.0, ceil_float(_binomial(dim, dim // 2) * arb(2) ** -dim))


def _near_mode(a: Fraction, size: int, number: int) -> dict[int, Ball]:
    """The masses of the subsets of each size, for sizes on both sides of the likeliest one."""
    decay = (-rational_ball(a)).exp()
    mode = min(size, int(float((size + 1) * decay / (1 + decay))))
    masses = {mode: _binomial(size, mode) * arb(2) ** -size * decay**mode}
    for n in range(mode, min(size, mode + number)):
        masses[n + 1] = masses[n] * decay * (size - n) / (n + 1)
    for n in range(mode, max(0, mode - number), -1):
        masses[n - 1] = masses[n] * n / (decay * (size - n + 1))
    return masses


def _binomial(above: int, below: int) -> Ball:
    parts = (arb(one + 1).lgamma() for one in (above, below, above - below))
    whole, first, second = parts
    return (whole - first - second).exp()


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)
