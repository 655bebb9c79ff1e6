"""The law of T(x) = ||x - delta||_1 - ||x||_1 under Laplace noise, in every dimension.

Every coordinate contributes on its own: with a = |delta_i| > 0, T_i is a with probability 1/2 (on
the far side of the origin), -a with probability e^(-a/scale)/2 (beyond the move), and has a
density on (-a, a) otherwise. An atom of T is therefore a subset S of the non-zero coordinates,
those beyond the move; its place is r - 2 a_S, its mass 2^-k e^(-a_S/scale), and subsets with the
same sum a_S are one atom. Sums are rationals, so that they coincide exactly or not at all: in
floats, r - 2m a and the sum of its parts can differ by round-off, and split or move an atom.

`cdf`, `below` and `atoms` are balls as narrow as asked for, and need few coordinates or equal ones.
`cdf_bounds`, `hockey_stick`, `quantile` and `trade_off` answer for every delta, in every dimension,
with two floats around the exact value: where the law is not summed in balls, by Fourier series
whose truncation is bounded (`theory.ratio_laws`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flint import acb

from theory.atoms import Atom, HeavyAtom, Multiples, heaviest, heaviest_bound
from theory.balls import PRECISION, Ball, rational_ball
from theory.bounds import Bounds
from theory.characteristic import characteristic_function
from theory.claim import Grade
from theory.exact import Exact, describe, to_fraction, to_positive, working_precision
from theory.parameters import checked_precision, to_exact_vector
from theory.ratio_laws import BallLaw, RatioLaw, ratio_law
from theory.ratio_moments import cumulants
from theory.ratio_queries import Quantile, quantile, trade_off
from theory.subset_law import SubsetLaw

#: More atoms than this are not listed one by one.
MAX_ATOMS = 1 << 16


@dataclass(frozen=True)
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
        object.__setattr__(self, "delta", to_exact_vector("delta", self.delta))
        object.__setattr__(self, "scale", to_positive("scale", self.scale))
        if not self.delta:
            raise ValueError("delta has 0 coordinates, legal is at least 1")

    @classmethod
    def of(cls, delta: Iterable[Exact], *, scale: Exact) -> LikelihoodRatio:
        """The law for anything that stands for exact rationals (`theory.exact.to_fraction`).

        Raises ValueError for an entry that is not a finite number, or a scale outside (0, inf).
        """
        return cls(to_exact_vector("delta", delta), to_positive("scale", scale))

    @cached_property
    def magnitudes(self) -> tuple[Fraction, ...]:
        """|delta_i| of the non-zero coordinates; the zero ones add nothing to T."""
        return tuple(abs(entry) for entry in self.delta if entry)

    @cached_property
    def norm(self) -> Fraction:
        """r = ||delta||_1, the largest value of T."""
        return sum((one * number for one, number in self._counted.items()), Fraction(0))

    @cached_property
    def groups(self) -> Mapping[Fraction, int]:
        """How many non-zero coordinates have each magnitude |delta_i|/scale."""
        return {one / self.scale: number for one, number in self._counted.items()}

    @cached_property
    def _counted(self) -> Counter[Fraction]:
        return Counter(self.magnitudes)

    def value_at(self, x: Sequence[Exact]) -> Fraction:
        """T(x), exactly.

        Raises ValueError if x has another number of coordinates than delta.

        Examples
        --------
        >>> LikelihoodRatio.of([3, -1], scale=2).value_at(["0.5", 7])
        Fraction(3, 1)
        """
        at = to_exact_vector("x", x)
        if len(at) != len(self.delta):
            legal = f"legal is {len(self.delta)}, the number in delta"
            raise ValueError(f"x has {len(at)} coordinates, {legal}")
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
        dim, sums = len(self.magnitudes), {0: 1}
        unit = Fraction(0)
        if self.groups:
            multiples = Multiples.of(self._counted)
            found = multiples.sums(MAX_ATOMS)
            if found is None:
                raise ValueError(f"delta has over {MAX_ATOMS} atoms, legal is at most {MAX_ATOMS}")
            sums, unit = found, multiples.unit
        return tuple(
            Atom(
                self.norm - 2 * total * unit,
                Fraction(number, 2**dim),
                total * unit / self.scale,
            )
            for total, number in sorted(sums.items(), reverse=True)
        )

    def atom_count(self) -> tuple[int, int]:
        """Bounds on the number of atoms, equal where it is known: k + 1 to 2^k.

        Examples
        --------
        >>> LikelihoodRatio.of([1, 2, 3, 0], scale=2).atom_count()
        (7, 7)
        """
        return Multiples.of(self.groups).count() if self.groups else (1, 1)

    def heaviest_atoms(self, number: int = 1000) -> list[HeavyAtom] | None:
        """At most 1000 atoms by descending mass, places in units of the scale (`theory.atoms`).

        None where the sums of subsets are too many to be told apart: `heaviest_atom_bound` then
        says how heavy an atom may be.

        Examples
        --------
        >>> [str(atom.place) for atom in LikelihoodRatio.of([1, 1], scale=2).heaviest_atoms(2)]
        ['0', '1']
        """
        return heaviest(self.groups, number)

    def heaviest_atom_bound(self) -> float:
        """No atom is heavier than binom(k, k//2) 2^-k, rounded up.

        >>> LikelihoodRatio.of([1, "0.3"], scale=2).heaviest_atom_bound() >= 0.5
        True
        """
        return heaviest_bound(self.groups)

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
            for magnitude, number in self.groups.items():
                total *= ((1 + (-rational_ball(magnitude)).exp()) / 2) ** number
            return total

    def cdf(self, t: Exact, precision: int = PRECISION) -> Ball:
        """A ball around P(T <= t), right-continuous: it jumps by the mass of an atom at t.

        For one non-zero coordinate, with a = |delta_i|, it is 0 below -a,
        e^(-(a - t)/(2 scale))/2 on [-a, a) and 1 from a on;
        for several it is the sum over subsets of `theory.subset_law`.

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
        return self._up_to(to_fraction(t), checked_precision(precision), closed=True)

    def below(self, t: Exact, precision: int = PRECISION) -> Ball:
        """A ball around P(T < t), the limit of the c.d.f. from below; parameters as in `cdf`.

        Examples
        --------
        >>> float(LikelihoodRatio.of([3, 0], scale=2).below(3))
        0.5
        """
        return self._up_to(to_fraction(t), checked_precision(precision), closed=False)

    def _up_to(self, place: Fraction, precision: int, *, closed: bool) -> Ball:
        if not self.magnitudes:
            return rational_ball(int(place > 0 or (place == 0 and closed)))
        law = self._law if isinstance(self._law, BallLaw) else self._summed
        return law.jump(place / self.scale, precision)[closed]

    @cached_property
    def _law(self) -> RatioLaw:
        return ratio_law(self.groups)

    @cached_property
    def _summed(self) -> BallLaw:
        """The sum over subsets, however long; refused where it is too long."""
        return BallLaw(SubsetLaw.of(self.magnitudes), self.norm / self.scale)

    def cdf_bounds(self, t: Exact) -> Bounds:
        """Floats around P(T <= t), for every delta; parameters as in `cdf`.

        Examples
        --------
        >>> found = LikelihoodRatio.of([3] * 3072, scale=1000).cdf_bounds("0.5")
        >>> found.lower <= found.upper < found.lower + 1e-12
        True
        """
        place = to_fraction(t)
        return self._law.cdf(place / self.scale) if self.magnitudes else _step(place >= 0)

    def below_bounds(self, t: Exact) -> Bounds:
        """Floats around P(T < t), for every delta.

        Examples
        --------
        >>> LikelihoodRatio.of([0, 3], scale=2).below_bounds(3).value
        0.5
        """
        place = to_fraction(t)
        return self._law.below(place / self.scale) if self.magnitudes else _step(place > 0)

    def hockey_stick(self, eps: Exact) -> Bounds:
        """Floats around the hockey-stick divergence of X from Y = X + delta, or of Y from X.

            H(eps) = sup over events B of P(X in B) - e^eps P(Y in B) = E[(1 - e^(eps - T/scale))_+]

        It is the delta of (epsilon, delta)-differential privacy of the Laplace mechanism.

        Parameters
        ----------
        eps : int, float, Decimal, Fraction or str
            Any finite number; from r/scale on H is 0.

        Examples
        --------
        >>> axis = LikelihoodRatio.of([3], scale=2)
        >>> axis.hockey_stick(0).value, axis.hockey_stick("1.5").value  # 1 - e^(-3/4), 0
        (0.5276334472589852, 0.0)
        """
        order = to_fraction(eps)
        if not self.magnitudes:  # X and Y have one law
            with working_precision(PRECISION):
                least = 1 - rational_ball(order).exp()
            return (
                _step(False)
                if order >= 0
                else Bounds.of_ball(least, "constant", least=0.0, most=1.0)
            )
        return self._law.hockey_stick(order)

    def quantile(self, p: Exact) -> Bounds:
        """Floats around the quantile of T: the only t with P(T < t) <= p <= P(T <= t).

        Parameters
        ----------
        p : int, float, Decimal, Fraction or str
            In (0, 1).

        Raises
        ------
        ValueError
            If p is outside (0, 1).

        Examples
        --------
        >>> LikelihoodRatio.of([3, 0], scale=2).quantile("0.75").value
        3.0
        """
        return self.quantile_set(p).bounds(self.scale)

    def quantile_set(self, p: Exact) -> Quantile:
        """The quantile of T/scale as an exact interval, with whether an atom holds it.

        >>> LikelihoodRatio.of([3, 0], scale=2).quantile_set("0.75").atom
        True
        """
        level = to_fraction(p)
        if not 0 < level < 1:
            raise ValueError(f"p = {describe(p)} is outside (0, 1)")
        if not self.magnitudes:
            return Quantile(Fraction(0), Fraction(0), True, "constant", Grade.ENCLOSED)
        return quantile(self._law, level, self.norm / self.scale, self._places)

    @cached_property
    def _places(self) -> Sequence[Fraction]:
        """The places of all atoms of T/scale, ascending, or none where they are not listed."""
        if not isinstance(self._law, BallLaw):
            return ()
        law, norm = self._law.law, self._law.norm
        return [norm - 2 * norm * Fraction(at, law.total) for at in reversed(law.places)]

    def trade_off(self, alpha: Exact) -> Bounds:
        """Floats around the trade-off function: the least type II error at type I error alpha.

        X against Y = X + delta; by symmetry the other way round as well.

        Parameters
        ----------
        alpha : int, float, Decimal, Fraction or str
            In (0, 1).

        Raises
        ------
        ValueError
            If alpha is outside (0, 1).

        Examples
        --------
        >>> LikelihoodRatio.of([1], scale=1).trade_off("0.1").value  # 1 - e/10
        0.7281718171540954
        """
        level = to_fraction(alpha)
        if not 0 < level < 1:
            raise ValueError(f"alpha = {describe(alpha)} is outside (0, 1)")
        if not self.magnitudes:
            with working_precision(PRECISION):
                return Bounds.of_ball(rational_ball(1 - level), "constant")
        return trade_off(self._law, level, self.quantile_set(level))

    def mean(self) -> Bounds:
        """Floats around E T = sum of |delta_i| - scale (1 - e^(-|delta_i|/scale)).

        >>> LikelihoodRatio.of([3], scale=2).mean().value
        1.4462603202968598
        """
        return self.cumulant(1)

    def variance(self) -> Bounds:
        """Floats around Var T.

        >>> LikelihoodRatio.of([3], scale=2).variance().value
        4.6606866017787905
        """
        return self.cumulant(2)

    def cumulant(self, order: int) -> Bounds:
        """Floats around a cumulant of T, in the unit of delta to that power.

        1: mean, 2: variance, 3: third central moment, up to 32. Raises ValueError for another
        order.

        >>> LikelihoodRatio.of([3, -3], scale=2).cumulant(3).upper < 0
        True
        """
        found = cumulants(self.groups, order)[-1]
        with working_precision(PRECISION):
            return Bounds.of_ball(found * rational_ball(self.scale) ** order, "closed form")

    def characteristic_function(self, omega: Exact, bits: int = 96) -> acb:
        """A complex ball around E e^(i omega T), omega in 1 over the unit of delta.

        >>> LikelihoodRatio.of([3], scale=2).characteristic_function(0).overlaps(acb(1))
        True
        """
        guard = len(self.magnitudes).bit_length() + 16
        with working_precision(checked_precision(bits, "bits") + guard):
            return characteristic_function(self.groups, to_fraction(omega) * self.scale)


def _step(reached: bool) -> Bounds:
    return Bounds(float(reached), float(reached), "constant")
