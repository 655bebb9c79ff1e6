"""Tails of the binomial law, P(X >= k) = I_p(k, n - k + 1), from one to the smallest double.

SciPy's regularised incomplete beta function I was compared with mpmath for n up to 10^10: above
1e-250 its relative error stayed below 2^-32. Below (where it can be 0 at 1e-292) a tail is
replaced by a geometric series that bounds it from above. What is "rounded up" here has 2^-30 of
itself added: a margin over a measured error, not a proof.
"""

from __future__ import annotations

import math

from flint import arb
from scipy import special

MAX_SAMPLES = 10**10
MARGIN = 2.0**-30
EXTREME = 1e-250
# The smallest normal double: a possible event never gets the probability 0 by underflow.
SMALLEST = 2.0**-1022
#: Of smaller error rates the tails have lost digits; it is below 10^-300, which is legal exactly.
LEAST_RATE = math.nextafter(1e-300, 0.0)
#: what an error says of it
LEGAL_RATES = "[1e-300, 1)"


def nearest_at_least(k: int, n: int, p: float) -> float:
    """P(X >= k) for X binomial(n, p), 1 <= k <= n and 0 < p < 1, nearest; from above if extreme."""
    tail = float(special.betainc(k, n - k + 1, p))
    return tail if tail >= EXTREME else geometric_bound(k, n, arb(p))


def nearest_at_most(k: int, n: int, p: float) -> float:
    """P(X <= k), 0 <= k < n: the mirror image of `nearest_at_least`."""
    tail = float(special.betaincc(k + 1, n - k, p))
    return tail if tail >= EXTREME else geometric_bound(n - k, n, 1 - arb(p))


def geometric_bound(k: int, n: int, p: arb) -> float:
    """Upper bound of an extreme P(X >= k): P(X = k) / (1 - ratio of the first two terms).

    The ratios of successive terms fall, so the sum is below the geometric one; where the tail is
    1e-250, k lies 33 standard deviations out and the bound is less than 1/1000 above it.
    """
    log_term = arb(n + 1).lgamma() - arb(k + 1).lgamma() - arb(n - k + 1).lgamma()
    log_term += k * p.log() + (n - k) * (-p).log1p()
    return float((log_term.exp() / (1 - (n - k) * p / ((k + 1) * (1 - p)))).upper())


def up(probability: float) -> float:
    """A positive probability with the margin of a tail added."""
    return min(1.0, max(probability * (1 + MARGIN), SMALLEST))


def at_least(k: int, n: int, p: float) -> float:
    """P(X >= k) for any k and 0 <= p <= 1, rounded up; 0 only if it is impossible."""
    if k <= 0:
        return 1.0
    if k > n or p == 0:
        return 0.0
    return 1.0 if p == 1 else up(nearest_at_least(k, n, p))


def at_most(k: int, n: int, p: float) -> float:
    """P(X <= k) for any k and 0 <= p <= 1, rounded up; 0 only if it is impossible."""
    if k >= n:
        return 1.0
    if k < 0 or p == 1:
        return 0.0
    return 1.0 if p == 0 else up(nearest_at_most(k, n, p))
