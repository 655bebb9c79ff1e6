"""The law of T(x) = ||x - delta||_1 - ||x||_1 under Laplace noise: its atoms and its c.d.f.

Every coordinate contributes on its own: with a = |delta_i| > 0, T_i is a with probability 1/2 (on
the far side of the origin), -a with probability e^(-a/scale)/2 (beyond the move), and has a
density on (-a, a) otherwise. An atom of T is therefore a subset S of the non-zero coordinates,
those beyond the move; its place is r - 2 a_S, its mass 2^-k e^(-a_S/scale), and subsets with the
same sum a_S are one atom. Sums are rationals, so that they coincide exactly or not at all: in
floats, r - 2m a and the sum of its parts can differ by round-off, and split or move an atom.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import sympy as sp

from theory.balls import PRECISION, Ball, rational_ball
from theory.exact import Exact, to_fraction, to_positive, working_precision
from theory.subset_law import SubsetLaw

#: More atoms than this are not listed one by one.
MAX_ATOMS = 1 << 16


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
class LikelihoodRatio:
    """T(x) = ||x - delta||_1 - ||x||_1 with x Laplace noise of the given scale (section 3).

    Parameters
    ----------
    delta : tuple of Fraction
        The perturbation; `LikelihoodRatio.of` takes floats, decimals and ratios too.
    scale : Fraction
        The Laplace scale lambda, in (0, inf), in the unit of delta.

    Raises
    ------
    ValueError
        If delta has no coordinates, or the scale is outside (0, inf).

    Examples
    --------
    >>> law = LikelihoodRatio.of(["0.1", "-0.2", "0.3"], scale="0.4")
    >>> [(str(a.place), str(a.weight)) for a in law.atoms() if a.weight != Fraction(1, 8)]
    [('0', '1/4')]
    """

    delta: tuple[Fraction, ...]
    scale: Fraction

    def __post_init__(self) -> None:
        if not self.delta:
            raise ValueError("delta has 0 coordinates, legal is at least 1")
        if not self.scale > 0:
            raise ValueError(f"scale = {self.scale} is outside (0, inf)")

    @classmethod
    def of(cls, delta: Iterable[Exact], *, scale: Exact) -> LikelihoodRatio:
        """The law for anything that stands for exact rationals (`theory.exact.to_fraction`).

        Raises ValueError for an entry that is not a finite number, or a scale outside (0, inf).
        """
        return cls(tuple(to_fraction(entry) for entry in delta), to_positive("scale", scale))

    @property
    def magnitudes(self) -> tuple[Fraction, ...]:
        """|delta_i| of the non-zero coordinates; the zero ones add nothing to T."""
        return tuple(abs(entry) for entry in self.delta if entry)

    @property
    def norm(self) -> Fraction:
        """r = ||delta||_1, the largest value of T."""
        return sum(self.magnitudes, Fraction(0))

    def value_at(self, x: Sequence[Exact]) -> Fraction:
        """T(x), exactly.

        Raises ValueError if x has another number of coordinates than delta.

        Examples
        --------
        >>> LikelihoodRatio.of([3, -1], scale=2).value_at(["0.5", 7])
        Fraction(3, 1)
        """
        if len(x) != len(self.delta):
            raise ValueError(
                f"x has {len(x)} coordinates, legal is {len(self.delta)}, the number in delta"
            )
        at = [to_fraction(entry) for entry in x]
        moved = zip(at, self.delta, strict=True)
        return sum((abs(here - move) - abs(here) for here, move in moved), Fraction(0))

    def atoms(self) -> tuple[Atom, ...]:
        """Every atom, by ascending place: P(T = r - 2 a_S) = 2^-k e^(-a_S/scale), merged.

        Raises
        ------
        ValueError
            If there are more than ``MAX_ATOMS`` of them.

        Examples
        --------
        >>> [str(atom.mass) for atom in LikelihoodRatio.of([0, 3], scale=2).atoms()]
        ['exp(-3/2)/2', '1/2']
        """
        subsets = {Fraction(0): 1}
        for magnitude in self.magnitudes:
            joined = dict(subsets)
            for total, number in subsets.items():
                joined[total + magnitude] = joined.get(total + magnitude, 0) + number
            subsets = joined
            if len(subsets) > MAX_ATOMS:
                raise ValueError(f"delta has over {MAX_ATOMS} atoms, legal is at most {MAX_ATOMS}")
        patterns = 2 ** len(self.magnitudes)
        return tuple(
            Atom(self.norm - 2 * total, Fraction(number, patterns), total / self.scale)
            for total, number in sorted(subsets.items(), reverse=True)
        )

    def atom_mass(self, precision: int = PRECISION) -> Ball:
        """A ball around the mass of all atoms together, the product of (1 + e^(-a_i/scale))/2.

        It is 1 for delta = 0 (T is constant), and below 1 for every other delta.

        Examples
        --------
        >>> float(LikelihoodRatio.of([0, 0], scale=2).atom_mass())
        1.0
        """
        with working_precision(precision):
            total = rational_ball(1)
            for magnitude in self.magnitudes:
                total *= (1 + (-rational_ball(magnitude / self.scale)).exp()) / 2
            return total

    def cdf(self, t: Exact, precision: int = PRECISION) -> Ball:
        """A ball around P(T <= t), right-continuous: it jumps by the mass of an atom at t.

        For one non-zero coordinate, with a = |delta_i|, it is
            0 below -a, e^(-(a - t)/(2 scale))/2 on [-a, a), 1 from a on,
        and for several the sum over subsets of `theory.subset_law`.

        Parameters
        ----------
        t : int, float, Decimal, Fraction or str
            The threshold; whether an atom lies at t is decided exactly.
        precision : int
            Correct bits of the probability, where it is neither 0 nor 1.

        Raises
        ------
        ValueError
            If t is not a finite number, or delta has more subsets than `theory.subset_law` sums.

        Examples
        --------
        >>> float(LikelihoodRatio.of([3], scale=2).cdf(3)), LikelihoodRatio.of([3], scale=2).cdf(-4)
        (1.0, 0)
        >>> both = LikelihoodRatio.of([1, "-0.5"], scale=2)
        >>> (both.cdf("0.5") - both.below("0.5")).overlaps(both.atoms()[2].ball())
        True
        """
        return self._up_to(to_fraction(t), precision, closed=True)

    def below(self, t: Exact, precision: int = PRECISION) -> Ball:
        """A ball around P(T < t), the limit of the c.d.f. from below; parameters as in `cdf`.

        Examples
        --------
        >>> float(LikelihoodRatio.of([3, 0], scale=2).below(3))
        0.5
        """
        return self._up_to(to_fraction(t), precision, closed=False)

    def _up_to(self, place: Fraction, precision: int, *, closed: bool) -> Ball:
        if place < -self.norm or (place == -self.norm and not closed):
            return rational_ball(0)
        if place > self.norm or (place == self.norm and closed):
            return rational_ball(1)
        # T = r - 2 r V, so {T <= t} is {V >= (r - t)/(2r)}
        tail = _subset_law(self.magnitudes).tail(
            (self.norm - place) / (2 * self.norm), self.norm / self.scale, precision
        )
        with working_precision(precision):
            return +tail.from_here if closed else +tail.above


@lru_cache(maxsize=16)
def _subset_law(magnitudes: tuple[Fraction, ...]) -> SubsetLaw:
    return SubsetLaw.of(magnitudes)


def _rational(value: Fraction) -> sp.Rational:
    return sp.Rational(value.numerator, value.denominator)
