"""Margins that are not negative where a condition holds, and may be so elsewhere.

Where a case begins on a curve that touches the exact radius, no box shows the sign of the margin.
It is at least m w with the condition w >= 0 and a number m > 0 (Lagrange's multiplier, found at
corners and then proved on the box).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import inf, isfinite

import sympy as sp
from flint import fmpq

from theory.conjectures.closing import AbstainsError, Closing, Forms, Lower, corners
from theory.conjectures.jets import NotRealError, OutsideError
from theory.conjectures.numbers import as_ball
from theory.conjectures.polynomials import Box

__all__ = ["Conditional"]

#: of a ratio of slopes; less than all, so that the slope of the difference keeps its sign
_PARTS = (sp.Rational(1, 2), sp.Rational(15, 16), sp.Rational(1023, 1024))


class Conditional(Closing):
    """Lower bounds of margins on boxes, with conditions that hold where they are asked about.

    Parameters are those of `Closing`.
    """

    def _by_conditions(self, margin: Forms, where: Sequence[sp.Expr], box: Box) -> Lower:
        """The margin is not negative where the formula is stated: margin >= m w for a condition.

        w is one of the conditions, each of which is at least 0 there, and m a positive number.
        """
        for condition in where:
            for multiple in self._multiples(margin, condition, box):
                noted = len(self._contacts)
                less = tuple(form - multiple * condition for form in margin)
                try:
                    found = self._at_least(less, box, self._none, 1)
                except AbstainsError:
                    return Lower(False)
                touches = found.zero or len(self._contacts) > noted
                del self._contacts[noted:]  # there the margin is m w, and need not be 0
                if found.proved:
                    return Lower(True, strict=found.strict and not touches)
        return Lower(False)

    def _multiples(self, margin: Forms, condition: sp.Expr, box: Box) -> Iterator[sp.Rational]:
        """For each variable the least ratio of the slopes of margin and condition at corners."""
        points = [*corners(box, reach=1)]
        for place, (low, high) in enumerate(box):
            if low == high:
                continue
            ratios = [self._slope_ratio(margin, condition, point, place) for point in points]
            known = [one for one in ratios if one is not None]
            if len(known) == len(ratios) and min(known) > 0:
                yield from (min(known) * part for part in _PARTS)

    def _slope_ratio(
        self, margin: Forms, condition: sp.Expr, point: tuple[fmpq, ...], place: int
    ) -> sp.Rational | None:
        slopes = []
        box = tuple((one, one) for one in point)
        index = tuple(int(other == place) for other in range(len(point)))
        for form in (margin[0], condition):
            try:
                at = self._at(box, index)
                slope = at.germs.least(at(form), index)
            except (OutsideError, NotRealError):
                return None
            if slope is None:
                return None
            slopes.append(float(as_ball(slope)))
        top, bottom = slopes
        ratio = top / bottom if bottom else inf
        return sp.Rational(Fraction(ratio)) if isfinite(ratio) else None
