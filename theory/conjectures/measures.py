"""How loose a sound radius is, and below which PA it certifies nothing: figures at rational places.

Neither is a proof: the slack is the largest one that was seen, and the end of abstention is
bracketed between two PA at which the sign of the radius is certain.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from flint import arb, ctx

from theory.balls import PRECISION
from theory.conjectures.jets import OutsideError
from theory.conjectures.places import Place
from theory.conjectures.questions import Question
from theory.conjectures.settings import Setting
from theory.exact import ceil_float, floor_float, to_fmpq

__all__ = ["LargestSlack", "abstains_below", "largest_slack"]


@dataclass(frozen=True, slots=True)
class LargestSlack:
    """1 - R/E (1 where R <= 0 < E), rounded down, and where it was seen."""

    value: float
    place: Place


def largest_slack(question: Question) -> LargestSlack | None:
    """The largest relative slack of a sound radius at the hard places; None if E > 0 at none.

    >>> from sympy import Integer, log
    >>> from theory.symbols import lam, p_a
    >>> half = Question(-lam * log(2 * (1 - p_a)) / 2, "laplace", {"lam": Integer(1)},
    ...                 Setting.BINARY, 2)
    >>> round(largest_slack(half).value, 12)
    0.5
    """
    best: LargestSlack | None = None
    with ctx.workprec(4 * PRECISION):
        for place in question.places():
            exact = question.exact_at(place)
            if not exact > 0:
                continue
            try:
                stated = question.values(place)
            except OutsideError:
                continue
            if stated is not None and not (stated > 0 or stated <= 0):
                continue  # no digit is certain: nothing is said of this place
            share = 1 - stated / exact if stated is not None and stated > 0 else arb(1)
            slack = max(0.0, floor_float(share)) if share.is_finite() else 0.0
            if best is None or slack > best.value:
                best = LargestSlack(slack, place)
    return best


def abstains_below(question: Question) -> tuple[float, float] | None:
    """Around the PA below which the radius is not positive (binary setting, proportional only).

    The radius is not positive at every hard place below the first number, and positive at the
    second; both are floats within a few ulp of each other. (0, 0) if it is positive everywhere.

    >>> from sympy import Integer, log
    >>> from theory.symbols import lam, p_a
    >>> theorem_2 = Question(-lam * log(2 * (1 - p_a)), "laplace", {"lam": Integer(1)},
    ...                      Setting.BINARY, 2)
    >>> low, high = abstains_below(theorem_2)
    >>> low <= 0.5 <= high, high - low < 1e-15
    (True, True)
    """
    if question.setting is not Setting.BINARY or not question.proportional:
        return None
    scale = question.scale or Fraction(1)

    def is_positive(top: Fraction) -> bool | None:
        try:
            value = question.values(Place(top, None, scale))
        except OutsideError:
            return None
        return value is not None and bool(value > 0)

    with ctx.workprec(PRECISION):
        tops = sorted({one.p_a for one in question.places()})
        first = next((top for top in tops if is_positive(top)), None)
        if first is None:
            return (1.0, 1.0)
        before = [top for top in tops if top < first]
        if not before:
            return (0.0, 0.0)
        low, high = before[-1], first
        while float(high) - float(low) > 2**-52:
            middle = (low + high) / 2
            if is_positive(middle):
                high = middle
            else:
                low = middle
        return floor_float(arb(to_fmpq(low))), ceil_float(arb(to_fmpq(high)))
