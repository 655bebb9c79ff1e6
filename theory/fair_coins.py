"""The number B of heads among k fair coins: probabilities and tails as balls, at any k.

Everything is a sum of positive terms, so that a tail of 1e-3000 has as many correct bits as one
near 1/2; the bits are those of the working precision, less a few.
"""

from __future__ import annotations

import math

from flint import arb

from theory.balls import Ball


def mass(count: int, number: int) -> Ball:
    """P(B = number) = binom(k, number) 2^-k, for number >= 0.

    >>> mass(4, 2), mass(4, 5)
    (0.375000000000000, 0)
    """
    return arb.bin_uiui(count, number) * arb((1, -count)) if number <= count else arb(0)


def tail(count: int, least: int) -> Ball:
    """P(B >= least), for least >= 1: a sum over the smaller of the two sides.

    >>> tail(4, 3), tail(4, 1)
    (0.312500000000000, 0.937500000000000)
    """
    if 2 * least > count:
        return _smaller_side(count, least)
    return 1 - _smaller_side(count, count - least + 1)  # P(B < L) = P(B > k - L)


def tails(count: int, low: int, high: int) -> list[Ball]:
    """P(B >= L) for low <= L <= high, of which low is at most k.

    >>> tails(2, 1, 3)
    [0.750000000000000, 0.250000000000000, 0]
    """
    top = min(high, count)
    here, total = mass(count, top), tail(count, top)
    found = [total]
    for number in range(top - 1, low - 1, -1):
        here = here * (number + 1) / (count - number)
        total += here
        found.append(total)
    return found[::-1] + [arb(0)] * (high - top)


def depth(count: int, least: float) -> float:
    """Chernoff's exponent of P(B >= least), in bits: at least so far is it below 1.

    >>> depth(10, 5), depth(10, 10)
    (0.0, 10.0)
    """
    share = least / count
    if share <= 0.5:
        return 0.0
    rest = 1 - share
    return count * (1 + share * math.log2(share) + (rest * math.log2(rest) if rest > 0 else 0.0))


def _smaller_side(count: int, least: int) -> Ball:
    """P(B >= least) for least > k/2; 0 beyond k."""
    if least > count:
        return arb(0)
    term = total = mass(count, least)
    for number in range(least, count):
        ratio = arb(count - number) / (number + 1)
        term *= ratio
        total += term
        # the ratios fall, so that the rest is below a geometric series
        if number % 16 == 0 and term < total.rad() / count:
            return total + (term * ratio / (1 - ratio)).union(arb(0))
    return total
