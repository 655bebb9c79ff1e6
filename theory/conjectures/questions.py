"""What is asked of a conjectured radius: under which noise, in which setting, at which scales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property

import sympy as sp
from flint import arb

from theory.balls import Ball
from theory.conjectures.degrees import scale_degree
from theory.conjectures.expressions import half_width
from theory.conjectures.places import Place, exact_radius, hard_places, named_numbers
from theory.conjectures.point_values import PointValues
from theory.conjectures.scale_cases import scale_cases
from theory.conjectures.sectors import unit
from theory.conjectures.settings import Setting
from theory.exact import to_fmpq
from theory.symbols import lam, sigma

__all__ = ["Question"]

_NAMED: Mapping[str, sp.Symbol] = {"lam": lam, "sigma": sigma, "half_width": half_width}


@dataclass(frozen=True)
class Question:
    """A radius under a noise, in a setting.

    Parameters
    ----------
    radius : SymPy expression
        In the published symbols.
    noise : str
        "laplace", "gaussian" or "uniform".
    words : mapping
        What "lam", "sigma" and "half_width" are in units of the noise's own scale.
    setting, num_classes
        See `theory.conjectures.settings`.
    scale : Fraction, optional
        The only scale that is asked about, if the radius names none.
    """

    radius: sp.Expr
    noise: str
    words: Mapping[str, sp.Expr]
    setting: Setting
    num_classes: int | None
    scale: Fraction | None = None

    @cached_property
    def scaled(self) -> sp.Expr:
        """The radius with every scale word in units of ``unit``, the noise's own scale."""
        return self.radius.subs(
            {_NAMED[name]: value * unit for name, value in self.words.items()}, simultaneous=True
        )

    @property
    def names_scale(self) -> bool:
        """Whether the radius names a scale at all."""
        return bool(self.radius.free_symbols & {lam, sigma, half_width})

    @cached_property
    def proportional(self) -> bool:
        """Whether the radius is known to be proportional to the scale (or asked at one only)."""
        if not self.names_scale and self.scale is not None:
            return True
        if self.radius == 0:
            return True
        return scale_degree(self.radius, (lam, sigma, half_width)) == 1

    def by_scale(self) -> list[tuple[Question, Fraction | None]]:
        """Questions about proportional radii that are together this one, each with a scale of it.

        Empty unless the radius is one of several such radii, by the scale alone. The scale is None
        where it is no rational.
        """
        if self.proportional:
            return []
        own = next(name for name, value in self.words.items() if value == 1)
        scales: dict[sp.Expr, Fraction | None] = {}
        for case in scale_cases(self.scaled, unit):
            scales[case.radius] = scales.get(case.radius) or case.scale
        found = [
            (replace(self, radius=radius.subs(unit, _NAMED[own]), scale=None), scale)
            for radius, scale in scales.items()
        ]
        return found if all(one.proportional for one, _ in found) else []

    @cached_property
    def values(self) -> PointValues:
        """The values of the radius at places."""
        return PointValues(self.scaled, unit, self.num_classes)

    def exact_at(self, place: Place) -> Ball:
        """The exact radius at a place, at the place's scale."""
        exact = exact_radius(self.noise, self.setting, place, self.num_classes)
        return exact * arb(to_fmpq(place.scale))

    def places(self) -> Iterator[Place]:
        """The hard places of its domain, at the scales that it is asked about."""
        several = not self.proportional
        fixed = None if several else self.scale
        for place in hard_places(
            self.setting, self.num_classes, scales=several, numbers=named_numbers(self.radius)
        ):
            yield place if fixed is None else replace(place, scale=fixed)

    def over_unit(self) -> sp.Expr:
        """The radius over the scale: free of it if it is proportional."""
        if self.proportional:
            one = self.scale if not self.names_scale and self.scale is not None else Fraction(1)
            return self.scaled.subs(unit, 1) / sp.Rational(one.numerator, one.denominator)
        return self.scaled / unit
