"""Radii whose cases depend on the scale alone, as one radius for each range of scales.

`where(lam > 16, 2*R, R)` is two radii, each proportional to the scale if R is: each is asked about
by itself, and the truth about all of them is that of the whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import sympy as sp
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom

from theory.conjectures.places import to_sympy

__all__ = ["ScaleCase", "scale_cases"]

#: more thresholds than that are left to the boxes
_MOST = 16
#: of the rationals between two thresholds
_DIGITS = 60


@dataclass(frozen=True, slots=True)
class ScaleCase:
    """The radius at one scale where a case ends, or at all scales between two of them.

    ``scale`` is a rational one of them; None if there is no rational one.
    """

    radius: sp.Expr
    scale: Fraction | None


def scale_cases(radius: sp.Expr, unit: sp.Symbol) -> tuple[ScaleCase, ...]:
    """The radii that a radius is at all scales from 0 to oo, in order; empty if it is not such.

    Parameters
    ----------
    radius : SymPy expression
        In ``unit`` and other symbols.
    unit : SymPy symbol
        The scale, positive.

    Returns
    -------
    tuple of ScaleCase
        At least three: below, at and above each scale at which a condition changes. Conditions
        must be about ``unit`` alone, and linear in it, or not about it at all.

    Examples
    --------
    >>> s, p = sp.Symbol("s", positive=True), sp.Symbol("p", positive=True)
    >>> twice = sp.Piecewise((2 * s * p, s > 4), (s * p, True))
    >>> [(str(one.radius), str(one.scale)) for one in scale_cases(twice, s)]
    [('p*s', '2'), ('p*s', '4'), ('2*p*s', '5')]
    """
    conditions = [one for one in radius.atoms(Relational) if unit in one.free_symbols]
    thresholds = {_threshold(one, unit) for one in conditions}
    if None in thresholds or not 1 <= len(thresholds) <= _MOST:
        return ()
    found = sorted((one for one in thresholds if one is not None and one > 0), key=sp.N)
    scales = [*_scales(found)]
    if not all((high - low).is_positive for (low, _), (high, _) in pairwise(scales)):
        return ()  # too near to each other
    cases = []
    for at, rational in scales:
        truths = {one: one.subs(unit, at) for one in conditions}
        if not all(isinstance(one, BooleanAtom) for one in truths.values()):
            return ()
        cases.append(ScaleCase(radius.xreplace(truths), rational))
    return tuple(cases)


def _threshold(condition: Relational, unit: sp.Symbol) -> sp.Expr | None:
    """The number at which a condition on the scale changes; None if it is not of that kind."""
    difference = sp.expand(condition.lhs - condition.rhs)
    if difference.free_symbols != {unit} or not difference.is_polynomial(unit):
        return None
    if sp.degree(difference, unit) != 1:
        return None
    return -difference.subs(unit, 0) / difference.coeff(unit, 1)


def _scales(thresholds: list[sp.Expr]) -> Iterator[tuple[sp.Expr, Fraction | None]]:
    """Each threshold, and a rational below, between and above them."""
    near = [Fraction(str(sp.N(one, _DIGITS))) for one in thresholds]
    if not near:
        yield sp.Integer(1), Fraction(1)
        return
    between = [near[0] / 2, *((low + high) / 2 for low, high in pairwise(near)), near[-1] + 1]
    for place, scale in enumerate(between):
        yield to_sympy(scale), scale
        if place < len(thresholds):
            at = thresholds[place]
            yield at, Fraction(int(at.p), int(at.q)) if at.is_Rational else None
