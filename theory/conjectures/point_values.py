"""A conjectured radius at rational places, in balls: maxima and cases are decided by their values.

At one place there is nothing to split or to differentiate, so the expression is walked once.
"""

from __future__ import annotations

from functools import partial

import sympy as sp
from flint import arb, fmpq

from theory.balls import Ball
from theory.conjectures.branches import Plain, branches, truth
from theory.conjectures.evaluation import Evaluation, elementary
from theory.conjectures.expressions import num_classes as classes_symbol
from theory.conjectures.germs import Germ, Germs, Sign
from theory.conjectures.jets import Jet, NotRealError, OutsideError
from theory.conjectures.numbers import as_ball
from theory.conjectures.places import Place
from theory.exact import to_fmpq
from theory.symbols import p_a, p_b

__all__ = ["PointValues"]


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
    >>> from fractions import Fraction
    >>> unit = sp.Symbol("s", positive=True)
    >>> at = PointValues(unit * sp.Max(2 * p_a - 1, 0), unit, None)
    >>> at(Place(Fraction(3, 4), None, Fraction(4)))
    2.00000000000000
    """

    def __init__(self, radius: sp.Expr, unit: sp.Symbol, num_classes: int | None) -> None:
        self._radius, self._unit, self._classes = elementary(radius), unit, num_classes

    def __call__(self, place: Place) -> Ball | None:
        """The value, or None where it is not real; OutsideError where no ball contains it."""
        at = self._at(place)
        try:
            return as_ball(at.germs.collapsed(at(self._radius)).value)
        except NotRealError:
            return None

    def formula_at(self, place: Place) -> sp.Expr | None:
        """The formula without cases that is taken at a place, if it is real and one alone."""
        at = self._at(place)
        try:
            at(self._radius)
            tree = branches(self._radius, at.is_at_least)
        except (NotRealError, OutsideError):
            return None
        return tree.formula if isinstance(tree, Plain) else None

    def _at(self, place: Place) -> _AtPlace:
        germs = Germs((), ())
        rationals = {p_a: to_fmpq(place.p_a), self._unit: to_fmpq(place.scale)}
        if place.p_b is not None:
            rationals[p_b] = to_fmpq(place.p_b)
        if self._classes is not None:
            rationals[classes_symbol] = fmpq(self._classes)
        return _AtPlace(germs, {s: partial(germs.constant, v) for s, v in rationals.items()})


class _AtPlace(Evaluation):
    """Values at one place, where maxima, minima, absolute values and cases are known too."""

    def _evaluate(self, expression: sp.Expr) -> Germ:
        head = expression.func
        if head is sp.Max or head is sp.Min:
            return self._extreme(expression.args, 1 if head is sp.Max else -1)
        if head is sp.Abs:
            inner = self(expression.args[0])
            return self._larger(inner, self.germs.negative(inner), 1)
        if head is sp.Piecewise:
            return self._cases(expression)
        return super()._evaluate(expression)

    def _extreme(self, parts: tuple[sp.Expr, ...], sign: int) -> Germ:
        real: list[Germ] = []
        for one in parts:
            try:
                real.append(self(one))
            except NotRealError as error:
                unreal = error
        if not real:
            raise unreal
        if len(real) < len(parts):
            raise OutsideError("a part of a maximum that is not real beside one that is")
        total, *rest = real
        for one in rest:
            total = self._larger(total, one, sign)
        return total

    def _larger(self, first: Germ, second: Germ, sign: int) -> Germ:
        """The larger of two values, or with sign -1 the smaller."""
        germs = self.germs
        lead = germs.add(first, germs.negative(second))
        lead = lead if sign > 0 else germs.negative(lead)
        if germs.sign(lead).is_proof:
            return first
        if germs.sign(germs.negative(lead)).is_proof:
            return second
        balls = [as_ball(germs.collapsed(one).value) for one in (first, second)]
        return self._ball(balls[0].max(balls[1]) if sign > 0 else balls[0].min(balls[1]))

    def _cases(self, expression: sp.Expr) -> Germ:
        possible: list[Germ] = []
        for value, condition in expression.args:
            holds = truth(condition, self.is_at_least)
            if holds is False:
                continue
            if holds is True and not possible:
                return self(value)
            try:
                possible.append(self(value))
            except NotRealError:
                raise OutsideError("a case that is not real beside one that is") from None
            if holds is True:
                balls = [as_ball(self.germs.collapsed(one).value) for one in possible]
                total, *rest = balls
                for one in rest:
                    total = total.union(one)
                return self._ball(total)
        if possible:
            raise OutsideError("a place where it is not certain that a case is taken")
        raise NotRealError("no case is taken")

    def is_at_least(self, difference: sp.Expr, strict: bool) -> bool:
        """Whether an expression is known to be at least 0 at the place, or above it."""
        try:
            found = self.germs.sign(self(difference))
        except (OutsideError, NotRealError):
            return False
        return found is Sign.POSITIVE if strict else found.is_proof

    def _ball(self, ball: arb) -> Germ:
        return self.germs.bounded(Jet.constant((), ball))
