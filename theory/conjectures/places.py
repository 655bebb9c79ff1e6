"""A conjectured radius and the exact one at rational places, in balls: where a statement fails.

A place is PA, PB and the scale as rationals, so that anyone can recompute what is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import pairwise

import sympy as sp
from flint import arb, fmpq

from theory.balls import Ball
from theory.conjectures.branches import All, AnyOf, Plain, Tree, branches
from theory.conjectures.evaluation import Evaluation, elementary
from theory.conjectures.expressions import num_classes as classes_symbol
from theory.conjectures.germs import Germs
from theory.conjectures.jets import NotRealError, OutsideError
from theory.conjectures.settings import Setting, implied_pair, in_domain
from theory.exact import to_fmpq
from theory.symbols import p_a, p_b

__all__ = ["Place", "PointValues", "exact_radius", "hard_places", "quantile"]


@dataclass(frozen=True, slots=True)
class Place:
    """PA, PB (None in the binary setting) and the noise's own scale, exactly."""

    p_a: Fraction
    p_b: Fraction | None
    scale: Fraction = Fraction(1)

    def lies_in(self, setting: Setting, num_classes: int | None) -> bool:
        """Whether it belongs to the domain of a setting."""
        return in_domain(setting, self.p_a, self.p_b, num_classes)


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


class PointValues:
    """The values of one radius at places.

    Parameters
    ----------
    radius : SymPy expression
        In p_A, p_B, num_classes and ``unit``, the noise's own scale.
    unit : SymPy symbol
        The symbol that stands for the scale.
    num_classes : int or None
        For the symbol of that name.

    Examples
    --------
    >>> unit = sp.Symbol("s", positive=True)
    >>> at = PointValues(unit * (2 * p_a - 1), unit, None)
    >>> at(Place(Fraction(3, 4), None, Fraction(4)))
    2.00000000000000
    """

    def __init__(self, radius: sp.Expr, unit: sp.Symbol, num_classes: int | None) -> None:
        self._radius, self._unit, self._classes = elementary(radius), unit, num_classes

    def __call__(self, place: Place) -> Ball | None:
        """The value, or None where it is not real; OutsideError where no ball contains it."""
        germs = Germs((), ())
        rationals = {p_a: place.p_a, self._unit: place.scale}
        if place.p_b is not None:
            rationals[p_b] = place.p_b
        if self._classes is not None:
            rationals[classes_symbol] = Fraction(self._classes)
        numbers = {symbol: to_fmpq(value) for symbol, value in rationals.items()}
        at = Evaluation(germs, {s: partial(germs.constant, v) for s, v in numbers.items()})

        def is_at_least(difference: sp.Expr, strict: bool) -> bool:
            try:
                sign = germs.sign(at(difference))
            except (OutsideError, NotRealError):
                return False
            return sign.value == "positive" if strict else sign.is_proof

        return _value(branches(self._radius, is_at_least), at)


def _value(tree: Tree, at: Evaluation) -> Ball | None:
    if isinstance(tree, Plain):
        try:
            jet = at.germs.collapsed(at(tree.formula))
        except NotRealError:
            return None
        return arb(jet.value) if isinstance(jet.value, fmpq) else jet.value
    values = [_value(one, at) for one in tree.parts]
    if not values:
        return None
    if any(one is None for one in values):
        # of several cases some are not real: none is certain
        real = [one for one in values if one is not None]
        if real:
            raise OutsideError("a case that is not real beside one that is")
        return None
    total, *rest = (one for one in values if one is not None)
    for one in rest:
        if isinstance(tree, AnyOf):
            total = total.min(one)
        elif isinstance(tree, All) and tree.largest:
            total = total.max(one)
        else:
            total = total.union(one)
    return total


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
