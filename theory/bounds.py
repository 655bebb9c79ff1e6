"""A number with a lower and an upper bound that were both proved, and how."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from theory.balls import Ball
from theory.claim import Grade
from theory.exact import ceil_float, floor_float

#: Bits that a ball keeps of a value however small it is, before the value is rounded to floats.
_WANTED = 64
_LAST_BITS = 4096


@dataclass(frozen=True, slots=True)
class Bounds:
    """lower <= exact value <= upper, rounded outward.

    Parameters
    ----------
    lower, upper : float
        The bounds; equal only where the value is a float.
    method : str
        What computed them.
    grade : Grade
        ENCLOSED: by Arb balls, so rounding is proved too. CONSISTENT: the truncation is proved and
        the rounding of floats is not.

    Raises
    ------
    ValueError
        If a bound is NaN, or they are in the wrong order.

    Examples
    --------
    >>> Bounds(0.25, 0.5, "by hand").value, Bounds(0.25, 0.5, "by hand").width
    (0.375, 0.25000000000000006)
    """

    lower: float
    upper: float
    method: str
    grade: Grade = Grade.ENCLOSED

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise ValueError(f"[{self.lower}, {self.upper}] is not an interval")

    @classmethod
    def of_ball(
        cls, ball: Ball, method: str, *, least: float = -math.inf, most: float = math.inf
    ) -> Bounds:
        """Floats around a ball, within the range that the value is known to have.

        >>> from flint import arb
        >>> found = Bounds.of_ball(arb(1, 0.5), "by hand", most=1.0)
        >>> found.lower <= 0.5, found.upper, str(found.grade)
        (True, 1.0, 'ENCLOSED')
        """
        low, high = max(floor_float(ball), least), min(ceil_float(ball), most)
        return cls(low, high, method)

    @property
    def value(self) -> float:
        """The middle, within ``width``/2 of the exact value but for its own rounding."""
        return self.lower + (self.upper - self.lower) / 2

    @property
    def width(self) -> float:
        """Upper minus lower, rounded up."""
        if self.lower == self.upper:
            return 0.0
        return math.nextafter(self.upper - self.lower, math.inf)


def relatively(ball_with: Callable[[int], Ball], *, bits: int = 96) -> Ball:
    """The ball that ``ball_with(bits)`` gives once its relative accuracy suffices for a float.

    For differences that may cancel: the precision is doubled until 64 bits of the value are right,
    or the value is so small that it does not matter.

    >>> from flint import arb
    >>> from theory.exact import working_precision
    >>> def tiny(bits):
    ...     with working_precision(bits):
    ...         return (arb(1) + arb(2) ** -200) - 1
    >>> bool(relatively(tiny) > 0)
    True
    """
    while True:
        ball = ball_with(bits)
        if ball.rel_accuracy_bits() >= _WANTED or bits >= _LAST_BITS:
            return ball
        bits *= 2
