"""One-sided Clopper-Pearson bounds that Arb proves: nothing rests on a measured error of SciPy.

`theory.confidence` rounds by a margin over a measured error. Here its float is only a candidate,
which is moved outwards until Arb's ball of the binomial tail is at most alpha.
"""

from __future__ import annotations

import math
import operator
from fractions import Fraction

from flint import arb

from theory import confidence
from theory.binomial_tails import SMALLEST
from theory.exact import Exact, describe, to_fmpq, to_fraction, working_precision

__all__ = ["confirmed_lower", "confirmed_upper"]

_PRECISIONS = (80, 160, 320)
#: the j-th move is 2^(j - 53) of the bound: past the last one only 0 or 1 is left
_MOVES = 53


def confirmed_lower(successes: int, num_samples: int, *, alpha: Exact) -> float:
    r"""A float p for which Arb proves :math:`P(X \geq k; p) \leq \alpha`, X binomial(n, p).

    Hence a one-sided lower confidence bound (Clopper and Pearson 1934): the truth lies below it
    with probability at most alpha, whatever the truth is, because the tail rises with p.

    Parameters
    ----------
    successes
        Observed count k, in [0, n].
    num_samples
        Independent trials n, in [1, 10^10].
    alpha
        Error rate in (0, 1): an exact number, a float being the dyadic rational that it stores.

    Returns
    -------
    float
        In [0, 1), rounded down: below the exact bound by about 2^-40 of itself where alpha is in
        [1e-250, 1/2], by more beyond. 0.0 for k = 0, and where the bound is below any float.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> confirmed_lower(99_990, 100_000, alpha="0.001")
    0.9997586773426819
    >>> confirmed_lower(0, 20, alpha="0.05")
    0.0
    """
    exact = _error_rate(alpha)
    bound = confidence.lower(successes, num_samples, alpha=_nearest(exact))
    successes, num_samples = operator.index(successes), operator.index(num_samples)
    for move in range(_MOVES):
        if bound == 0 or _at_most(successes, num_samples, Fraction(bound), exact):
            return bound
        bound *= 1 - 2.0 ** (move - 53)
    return 0.0


def confirmed_upper(successes: int, num_samples: int, *, alpha: Exact) -> float:
    r"""A float p for which Arb proves :math:`P(X \leq k; p) \leq \alpha`, X binomial(n, p).

    The upper bound beside `confirmed_lower`, with the same parameters and errors.

    Returns
    -------
    float
        In (0, 1], rounded up. 1.0 if all succeeded.

    Examples
    --------
    >>> confirmed_upper(10, 100_000, alpha="0.001")
    0.000241322656409057
    >>> confirmed_upper(20, 20, alpha="0.05")
    1.0
    """
    exact = _error_rate(alpha)
    bound = confidence.upper(successes, num_samples, alpha=_nearest(exact))
    num_samples = operator.index(num_samples)
    failures = num_samples - operator.index(successes)
    for move in range(_MOVES):
        # P(X <= k; p) is the upper tail of the n - k failures, at 1 - p
        if bound >= 1 or _at_most(failures, num_samples, 1 - Fraction(bound), exact):
            return min(1.0, bound)
        bound = math.nextafter(bound * (1 + 2.0 ** (move - 53)), 2)
    return 1.0


def _at_most(successes: int, num_samples: int, p: Fraction, alpha: Fraction) -> bool:
    """Whether Arb proves P(X >= k; p) = I_p(k, n - k + 1) <= alpha, for 1 <= k <= n."""
    for precision in _PRECISIONS:
        with working_precision(precision):
            place = arb(to_fmpq(p))
            tail = place.beta_lower(successes, num_samples - successes + 1, regularized=True)
            level = arb(to_fmpq(alpha))
            if tail <= level:
                return True
            if tail > level:
                return False
    return False


def _error_rate(alpha: Exact) -> Fraction:
    try:
        exact = to_fraction(alpha)
    except ValueError:
        exact = Fraction(0)
    if not 0 < exact < 1:
        raise ValueError(f"alpha = {describe(alpha)} is outside (0, 1)")
    return exact


def _nearest(alpha: Fraction) -> float:
    # only for a candidate: an alpha beyond the floats takes the nearest one inside (0, 1)
    return min(max(float(alpha), SMALLEST), math.nextafter(1, 0))
