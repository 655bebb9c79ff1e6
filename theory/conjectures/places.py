"""Rational places of the domain, and the exact radius there in balls: where a statement fails.

A place is PA, PB and the scale as rationals, so that anyone can recompute what is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import sympy as sp
from flint import arb

from theory.balls import Ball
from theory.conjectures.settings import Setting, implied_pair, in_domain
from theory.exact import to_fmpq

__all__ = ["FarPlace", "Place", "exact_radius", "hard_places", "quantile"]


@dataclass(frozen=True, slots=True)
class Place:
    """PA, PB (None in the binary setting) and the noise's own scale, exactly."""

    p_a: Fraction
    p_b: Fraction | None
    scale: Fraction = Fraction(1)

    def lies_in(self, setting: Setting, num_classes: int | None) -> bool:
        """Whether it belongs to the domain of a setting."""
        return in_domain(setting, self.p_a, self.p_b, num_classes)


@dataclass(frozen=True, slots=True)
class FarPlace:
    """A place so near to an end that PA or PB is not written as a rational: by its quantiles.

    PA = F(quantile_a) and PB = F(quantile_b), F being the distribution function of the noise at
    scale 1; the scale is exp(log_scale).
    """

    quantile_a: sp.Expr
    quantile_b: sp.Expr | None
    log_scale: sp.Expr = sp.S.Zero

    @property
    def text(self) -> str:
        """As in a report.

        >>> FarPlace(sp.Integer(10**6), sp.Integer(-(10**9))).text
        'PA = F(1000000), PB = F(-1000000000)'
        """
        parts = [f"PA = F({self.quantile_a})"]
        if self.quantile_b is not None:
            parts.append(f"PB = F({self.quantile_b})")
        if self.log_scale != 0:
            parts.append(f"scale = exp({self.log_scale})")
        return ", ".join(parts)


def quantile(noise: str, probability: Fraction) -> Ball:
    """The quantile of unit noise at a rational in (0, 1): a ball.

    >>> bool(quantile("laplace", Fraction(1, 2)) == 0)
    True
    """
    lower = min(probability, 1 - probability)
    tail = to_fmpq(lower)
    if noise == "laplace":
        size = -arb(2 * tail - 1).log1p() if 4 * tail > 1 else -arb(2 * tail).log()
    elif noise == "gaussian":
        size = arb(2).sqrt() * arb(2 * tail).erfcinv()
    else:
        size = arb(1 - 2 * tail)
    if 2 * lower == 1:
        return arb(0)
    return size if probability > lower else -size


def exact_radius(noise: str, setting: Setting, place: Place, num_classes: int | None) -> Ball:
    """The exact radius at a place over the scale: half the difference of two quantiles.

    >>> quarter = Place(Fraction(3, 4), None)
    >>> exact_radius("uniform", Setting.BINARY, quarter, 2)
    0.500000000000000
    """
    top, other = implied_pair(setting, place.p_a, place.p_b, num_classes)
    if top == 1 - other:
        return quantile(noise, top)
    return (quantile(noise, top) - quantile(noise, other)) / 2


#: distances from the ends of the domain, as powers of ten
_NEAR = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22, 30, 45)
_SHARES = tuple(
    Fraction(*one)
    for one in ((1, 10**40), (1, 10**12), (1, 10**6), (1, 1000), (1, 10), (1, 2), (9, 10))
)
_SCALES = (0, -1, 1, -3, 3, -6, 6)


def to_sympy(number: Fraction) -> sp.Rational:
    """The rational as SymPy has it."""
    return sp.Rational(number.numerator, number.denominator)


def symbolic_radius(noise: str, probability: Fraction) -> sp.Expr:
    """The quantile of unit noise at a rational from 1/2 to 1: an expression.

    >>> symbolic_radius("laplace", Fraction(3, 4))
    log(2)
    """
    top = to_sympy(probability)
    if noise == "laplace":
        return -sp.log(2 * (1 - top))
    return 2 * top - 1 if noise == "uniform" else sp.sqrt(2) * sp.erfinv(2 * top - 1)


def named_numbers(radius: sp.Expr, most: int = 24) -> list[Fraction]:
    """The numbers in a radius, and those between two neighbours: where it may change.

    >>> from theory.symbols import p_a
    >>> named_numbers(sp.Rational(9, 10) * p_a + sp.Rational(1, 2))
    [Fraction(1, 2), Fraction(7, 10), Fraction(9, 10)]
    """
    found = sorted({Fraction(int(abs(n.p)), int(n.q)) for n in radius.atoms(sp.Rational) if n != 0})
    found = found[:most]
    between = [(low + high) / 2 for low, high in pairwise(found)]
    return sorted({*found, *between})


def hard_places(
    setting: Setting,
    num_classes: int | None,
    *,
    scales: bool,
    numbers: Sequence[Fraction] = (),
) -> Iterator[Place]:
    """Places to look at first: near every end of the domain, at and near some numbers, between.

    >>> found = list(hard_places(Setting.BINARY, 2, scales=False))
    >>> min(one.p_a for one in found) == Fraction(1, 10**45), len({one.scale for one in found})
    (True, 1)
    """
    near = [Fraction(1, 10**k) for k in _NEAR]
    tops = [Fraction(k, 20) for k in range(1, 20)] + [Fraction(2, 3), Fraction(999, 1000)]
    tops += [1 - one for one in near] + near
    tops += [Fraction(1, 2) + side * one for one in near[1:] for side in (1, -1)]
    named = []
    for number in numbers:
        if 0 < number < 1:
            step = min(number, 1 - number) / 1000
            named += [number, 1 - number, number - step, number + step]
    yield from _grid(setting, num_classes, tops, _SCALES if scales else (0,))
    yield from _grid(setting, num_classes, named, (0,))


def _grid(
    setting: Setting, num_classes: int | None, tops: Sequence[Fraction], powers: Sequence[int]
) -> Iterator[Place]:
    for top in dict.fromkeys(tops):
        for other in _others(setting, top):
            for k in powers:
                place = Place(top, other, Fraction(10) ** k)
                if place.lies_in(setting, num_classes):
                    yield place


def _others(setting: Setting, top: Fraction) -> list[Fraction | None]:
    if not setting.has_p_b:
        return [None]
    least = min(top, 1 - top)
    found = [least * share for share in _SHARES]
    found += [least, least * (1 - Fraction(1, 10**9)), top]
    # between 1 - PA and PA, where PA says more than PB does
    found += [least + (top - least) * share for share in _SHARES[1:-1]]
    return list(dict.fromkeys(found))
