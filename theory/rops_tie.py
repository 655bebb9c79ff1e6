"""A rate at which a probability and what a certificate allows are equal, enclosed by signs."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from flint import arb, fmpq

from theory.exact import to_fmpq, working_precision

__all__ = ["enclosed_tie", "exclude_below"]

_WIDTHS = (1e-9, 1e-4)
_LARGEST = 1 << 20_000
_MOST_STEPS = 4000


def enclosed_tie(
    margin: Callable[[arb, int], arb],
    precision: int,
    *,
    bits: int | None = None,
    near: float | None = None,
) -> arb:
    """Return a ball around the only sign change in (0, inf) of a margin that is below 0 before it.

    Both ends are exact dyadic rates at which the margin's sign is proved by its ball. Regula falsi
    on the middles of balls only chooses where to look.

    Parameters
    ----------
    margin : callable
        Takes an exact rate and a number of bits, returns a ball around the margin there.
    precision : int
        The relative width of the ball is about ``2**-precision`` if the margin can be told from 0
        there with the bits given.
    bits : int, optional
        Working precision, ``2 * precision + 64`` by default.
    near : float, optional
        Where to look first: saves work if the tie is within a relative 1e-9 or 1e-4.

    Raises
    ------
    ArithmeticError
        If no rate with a positive margin is found.

    Examples
    --------
    >>> enclosed_tie(lambda rate, bits: rate * rate - 2, 60).overlaps(arb(2).sqrt())
    True
    """
    bits = 2 * precision + 64 if bits is None else bits
    with working_precision(bits):
        low, below, high, above = _bracket(margin, bits, near)
        slow = 0
        while (high - low) * (1 << precision) > high:
            place = _next(low, high, below, above, bits) if slow < 2 else (low + high) / 2
            value = margin(arb(place), bits)
            width = high - low
            if value > 0:
                high, above = place, value
            elif value < 0:
                low, below = place, value
            else:  # the zero is too near the place to tell its side
                break
            slow = slow + 1 if 2 * (high - low) > width else 0
        return arb(low).union(arb(high))


def _bracket(
    margin: Callable[[arb, int], arb], bits: int, near: float | None
) -> tuple[fmpq, arb, fmpq, arb]:
    """Two rates with the margin's ball below 0 at the first and above it at the second."""
    guesses = [] if near is None else [(near * (1 - w), near * (1 + w)) for w in _WIDTHS]
    for pair in guesses:
        low, high = (to_fmpq(Fraction(end)) for end in pair)
        below, above = margin(arb(low), bits), margin(arb(high), bits)
        if below < 0 < above:
            return low, below, high, above
    low, high = fmpq(0), fmpq(1)
    below, above = arb(-1), margin(arb(high), bits)  # at 0 only the sign is known
    while not above > 0:
        low, below = (high, above) if above < 0 else (low, below)
        high *= 2
        if high > _LARGEST:
            raise ArithmeticError(f"no margin is above 0 up to 2^{_LARGEST.bit_length() - 1}")
        above = margin(arb(high), bits)
    return low, below, high, above


def _next(low: fmpq, high: fmpq, below: arb, above: arb, bits: int) -> fmpq:
    """A dyadic place near the chord's zero, off by enough to land on the zero's other side."""
    share = below.mid() / (below.mid() - above.mid())
    if not (share.is_finite() and 0 < share.mid() < 1):
        return (low + high) / 2
    cell = (high - low) / (1 << 20)
    at = low + (high - low) * fmpq(int(float(share.mid()) * (1 << 60)), 1 << 60)
    # a step past the zero on the side of the longer part, which then shrinks
    past = at + cell if 2 * (at - low) < high - low else at - cell
    grid = 1 << max(bits - 10 - int(high.ceil()).bit_length(), 0)  # arb(place) is exact
    place = fmpq(int((past * grid).floor()), grid)
    return place if low < place < high else (low + high) / 2


def exclude_below(outside: Callable[[arb], arb], allowed: Callable[[arb], arb], rate: arb) -> None:
    """Prove that no rate up to this one has outside(s) <= allowed(s), both falling in s.

    allowed(l) < outside(h) excludes every s in [l, h]; such intervals lead down to a rate with
    outside > 1/2, the largest value of allowed.

    Raises
    ------
    ArithmeticError
        If an interval would have to be too short, or 4000 are not enough, as for a radius very near
        the end of its domain: there may be another tie.

    Examples
    --------
    >>> def tail(s):
    ...     return (-2 * s).exp() / 2
    >>> exclude_below(lambda s: (1 + s) * (-2 * s).exp(), tail, arb(5))
    >>> exclude_below(lambda s: (-3 * s).exp() / 2, tail, arb(5))
    Traceback (most recent call last):
        ...
    ArithmeticError: a certified rate below 5 is not excluded
    """
    step = rate
    found = outside(rate)
    for _ in range(_MOST_STEPS):
        if found > fmpq(1, 2):
            return
        while not allowed(rate - step) < found:
            step = (step / 2).mid()
            if step < rate * fmpq(1, 1 << 400):
                raise ArithmeticError(f"a certified rate below {float(rate):.9g} is not excluded")
        rate = (rate - step).mid()
        found = outside(rate)
        step = (step * 4).mid()
        if step > rate:
            step = rate
    raise ArithmeticError(
        f"a certified rate below {float(rate):.9g} is not excluded in {_MOST_STEPS} steps"
    )
