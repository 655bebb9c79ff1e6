"""Exact statistics of counts: Clopper-Pearson bounds, binomial tests and their power, Holm.

Every probability is a binomial tail (`theory.binomial_tails`), nothing is approximated by a normal
law. "Rounded" means a margin over a measured error, 2^-30 for p-values and error rates and 2^-40
for confidence bounds: it is not a proof.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from theory.binomial_tails import (
    MARGIN,
    MAX_SAMPLES,
    SMALLEST,
    at_least,
    at_most,
    nearest_at_least,
    nearest_at_most,
    up,
)
from theory.exact import describe
from theory.parameters import is_word, to_float_array, to_integer, to_real

Alternative: TypeAlias = Literal["two-sided", "greater", "less"]

_BOUND_MARGIN = 2.0**-40


def _checked_samples(num_samples: int) -> int:
    return to_integer("num_samples", num_samples, 1, MAX_SAMPLES)


def _checked_successes(successes: int, num_samples: int) -> int:
    legal = f"[0, num_samples = {num_samples}]"
    return to_integer("successes", successes, 0, num_samples, legal)


def checked_open(name: str, value: float) -> float:
    """Return a number that has to be in (0, 1); a ValueError of one line otherwise."""
    return to_real(name, value, "(0, 1)", lambda number: 0 < number < 1)


def _checked_level(alpha: float) -> float:
    legal = "(0, 1), from 2^-1022 on"  # of smaller tails the floats have lost the digits
    return to_real("alpha", alpha, legal, lambda number: SMALLEST <= number < 1)


def _checked_closed(name: str, value: float) -> float:
    return to_real(name, value, "[0, 1]", lambda number: 0 <= number <= 1)


def _root(tail: Callable[[float], float], level: float, guess: float) -> float:
    """The p in (0, 1) where an increasing tail reaches the level, to 2^-41 relative.

    SciPy's inverse is only a guess: with tails of 1e-300 it can be NaN or off by 1e-8.
    """
    below, above = guess * (1 - _BOUND_MARGIN / 2), guess * (1 + _BOUND_MARGIN / 2)
    if 0 < below < above < 1 and tail(below) <= level <= tail(above):
        return guess
    # In log p, because p itself may be as small as 1e-308.
    below, above = math.log(SMALLEST), -(2.0**-53)
    for _ in range(60):
        middle = (below + above) / 2
        below, above = (middle, above) if tail(math.exp(middle)) <= level else (below, middle)
    return math.exp((below + above) / 2)


def lower(successes: int, num_samples: int, *, alpha: float) -> float:
    """One-sided lower confidence bound of a binomial probability (Clopper and Pearson 1934).

    The p with P(X >= successes; p) = alpha, and 0 for no success. The truth lies below it with
    probability at most alpha, whatever the truth is.

    Parameters
    ----------
    successes
        Observed count, in [0, num_samples].
    num_samples
        Independent trials, in [1, 10^10].
    alpha
        Error rate, in [2^-1022, 1).

    Returns
    -------
    float
        In [0, 1), rounded down.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> round(lower(100000, 100000, alpha=0.001), 9)
    0.999930925
    >>> lower(0, 20, alpha=0.05)
    0.0
    """
    n = _checked_samples(num_samples)
    k = _checked_successes(successes, n)
    level = _checked_level(alpha)
    if k == 0:
        return 0.0
    if k == n:
        return math.exp(math.log(level) / n) * (1 - _BOUND_MARGIN)
    guess = float(special.betaincinv(k, n - k + 1, level))
    bound = _root(lambda p: nearest_at_least(k, n, p), level, guess)
    return bound * (1 - _BOUND_MARGIN)


def upper(successes: int, num_samples: int, *, alpha: float) -> float:
    """One-sided upper confidence bound of a binomial probability (Clopper and Pearson 1934).

    The p with P(X <= successes; p) = alpha, and 1 if all succeeded. Parameters and errors as for
    `lower`.

    Returns
    -------
    float
        In (0, 1], rounded up.

    Examples
    --------
    >>> round(upper(0, 100000, alpha=0.001), 9)
    6.9075e-05
    >>> upper(20, 20, alpha=0.05)
    1.0
    """
    n = _checked_samples(num_samples)
    k = _checked_successes(successes, n)
    level = _checked_level(alpha)
    if k == n:
        return 1.0
    if k == 0:
        return min(1.0, -math.expm1(math.log(level) / n) * (1 + _BOUND_MARGIN))
    guess = float(special.betainccinv(k + 1, n - k, level))
    bound = _root(lambda p: -nearest_at_most(k, n, p), -level, guess)
    return min(1.0, bound * (1 + _BOUND_MARGIN))


def interval(successes: int, num_samples: int, *, alpha: float) -> tuple[float, float]:
    """Two-sided confidence interval (Clopper and Pearson 1934): alpha/2 on either side.

    Parameters and errors as for `lower`; rounded outward.

    Examples
    --------
    >>> low, high = interval(3, 10, alpha=0.05)
    >>> round(low, 6), round(high, 6)
    (0.06674, 0.652453)
    """
    level = checked_open("alpha", alpha)
    return (
        lower(successes, num_samples, alpha=level / 2),
        upper(successes, num_samples, alpha=level / 2),
    )


def holm(p_values: ArrayLike) -> NDArray[np.float64]:
    """Holm's step-down adjusted p-values (Holm 1979), in the order given.

    With p_(1) <= ... <= p_(m), the adjusted p_(j) is max over i <= j of min(1, (m - i + 1) p_(i)).
    Refuting every hypothesis whose adjusted p-value is <= alpha has a family-wise error rate of at
    most alpha under any dependence.

    Parameters
    ----------
    p_values
        Shape (m,), each in [0, 1]; m = 0 is allowed.

    Returns
    -------
    ndarray
        float64, shape (m,): to nearest.

    Raises
    ------
    ValueError
        For another shape or an entry outside [0, 1].

    Examples
    --------
    >>> holm([0.02, 0.4, 0.01])
    array([0.04, 0.4 , 0.03])
    """
    values = to_float_array("p_values", p_values)
    if values.ndim != 1:
        raise ValueError(f"p_values has shape {values.shape}, legal is (m,)")
    outside = values[~((values >= 0) & (values <= 1))]
    if outside.size:
        raise ValueError(f"p_values holds {outside[0]}, outside [0, 1]")
    order = np.argsort(values, kind="stable")
    factors = np.arange(values.size, 0, -1)
    adjusted = np.empty_like(values)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(factors * values[order]))
    return adjusted


@dataclass(frozen=True, slots=True)
class BinomialTest:
    """The exact test of "the success probability lies in [p_lower, p_upper]" by a count.

    The p-value of a composite null is that of its most favourable point: P(X >= k; p_upper) for
    "greater" (large counts speak against the null), P(X <= k; p_lower) for "less", and twice the
    smaller of both, at most 1, for "two-sided". The last is the supremum over the interval too: if
    some p in it makes both tails at least 1/2, it is 1; otherwise one tail is the smaller one
    throughout, and largest at its own end.

    Parameters
    ----------
    num_samples
        Independent trials, in [1, 10^10].
    p_lower, p_upper
        0 <= p_lower <= p_upper <= 1.
    alternative
        "two-sided", "greater" or "less".

    Raises
    ------
    ValueError
        For a parameter outside its set; so do the methods.

    Examples
    --------
    >>> test = BinomialTest(num_samples=1000, p_lower=0.3, p_upper=0.31)
    >>> round(test.p_value(361), 6)
    0.000649
    >>> test.acceptance_region(alpha=0.01)
    (263, 348)
    >>> round(test.false_pass(0.4, alpha=0.01), 6)
    0.000405
    """

    num_samples: int
    p_lower: float
    p_upper: float
    alternative: Alternative = "two-sided"

    def __post_init__(self) -> None:
        object.__setattr__(self, "num_samples", _checked_samples(self.num_samples))
        for name in ("p_lower", "p_upper"):
            object.__setattr__(self, name, _checked_closed(name, getattr(self, name)))
        if self.p_lower > self.p_upper:
            raise ValueError(f"p_lower = {self.p_lower} is outside [0, p_upper = {self.p_upper}]")
        if not is_word(self.alternative, get_args(Alternative)):
            legal = ", ".join(repr(name) for name in get_args(Alternative))
            said = describe(self.alternative)
            raise ValueError(f"alternative = {said!r} is not one of {legal}")

    def p_value(self, successes: int) -> float:
        """The p-value of an observed count in [0, num_samples], rounded up.

        It is 0 only if the count is impossible under the whole null.
        """
        k = _checked_successes(successes, self.num_samples)
        above = at_least(k, self.num_samples, self.p_upper)
        below = at_most(k, self.num_samples, self.p_lower)
        if self.alternative == "greater":
            return above
        if self.alternative == "less":
            return below
        return min(1.0, 2 * min(above, below))

    def acceptance_region(self, *, alpha: float) -> tuple[int, int]:
        """The counts (low, high), ends included, whose p-value exceeds alpha in (0, 1)."""
        level = checked_open("alpha", alpha)
        if self.alternative == "two-sided":
            level /= 2
        n = self.num_samples
        low, high = 0, n
        if self.alternative != "less":
            # The largest count whose upper tail still exceeds the level; 0 always does.
            at, beyond = 0, n + 1
            while beyond - at > 1:
                k = (at + beyond) // 2
                at, beyond = (k, beyond) if at_least(k, n, self.p_upper) > level else (at, k)
            high = at
        if self.alternative != "greater":
            at, beyond = n, -1
            while at - beyond > 1:
                k = (at + beyond) // 2
                at, beyond = (k, beyond) if at_most(k, n, self.p_lower) > level else (at, k)
            low = at
        return low, high

    def false_pass(self, truth: float, *, alpha: float) -> float:
        """The exact probability that the test at level alpha passes when p = truth, rounded up.

        Within the null it is 1 minus the false-fail rate, hence at least 1 - alpha.
        """
        q = _checked_closed("truth", truth)
        return self._mass(*self.acceptance_region(alpha=alpha), q)

    def power(self, truth: float, *, alpha: float) -> float:
        """The probability that the test at level alpha refutes when p = truth, rounded down."""
        return 1.0 - self.false_pass(truth, alpha=alpha)

    def _mass(self, low: int, high: int, q: float) -> float:
        """P(low <= X <= high) for X binomial(num_samples, q), rounded up."""
        n = self.num_samples
        if q in (0, 1):
            return float(low <= n * q <= high)
        # A tail that is subtracted must not be rounded up.
        left = at_most(low - 1, n, q) * (1 - 2 * MARGIN)
        right = at_least(high + 1, n, q) * (1 - 2 * MARGIN)
        # From the tail that holds the region, so that a small mass keeps its relative accuracy.
        if max(left, right) < 0.5:
            return up(1.0 - left - right)
        if left >= right:
            return up(at_least(low, n, q) - right)
        return up(at_most(high, n, q) - left)


def detectable_shift(
    num_samples: int,
    probability: float,
    *,
    alpha: float,
    false_pass: float,
    alternative: Alternative = "two-sided",
    bias: float = 0.0,
) -> float:
    """The smallest shift that a test of p = probability refutes with the stated false-pass rate.

    Every truth in [0, 1] at least that far from `probability`, on the side or sides of the
    alternative, passes the test at level alpha with probability at most `false_pass`.

    Parameters
    ----------
    num_samples
        Independent trials, in [1, 10^10].
    probability
        The null, in [0, 1].
    alpha, false_pass
        The two error rates, in (0, 1) with a sum below 1.
    alternative
        "greater" looks at truths above the null, "less" below it, "two-sided" at both. A side on
        which even the end of [0, 1] is not refuted so reliably counts up to that end.
    bias
        The null that is tested is [probability - bias, probability + bias] (cut to [0, 1]), to be
        charged with `discretisation_bias`; >= 0.

    Returns
    -------
    float
        Rounded up; inf if no truth at all is refuted so reliably.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> round(detectable_shift(100000, 0.5, alpha=0.001, false_pass=0.001), 6)
    0.01009
    """
    p = _checked_closed("probability", probability)
    alpha, rate = checked_open("alpha", alpha), checked_open("false_pass", false_pass)
    if alpha + rate >= 1:
        raise ValueError(f"false_pass = {rate} is outside (0, 1 - alpha), alpha = {alpha}")
    bias = to_real("bias", bias, "[0, inf)", lambda number: 0 <= number < math.inf)
    test = BinomialTest(num_samples, max(0.0, p - bias), min(1.0, p + bias), alternative)
    low, high = test.acceptance_region(alpha=alpha)
    ends = {"greater": (1.0,), "less": (0.0,), "two-sided": (1.0, 0.0)}[alternative]
    shifts = []
    for end in (end for end in ends if end != p):
        room = abs(end - p)
        if test._mass(low, high, end) > rate:
            shifts.append((math.inf, room))
            continue
        # The mass is unimodal in the truth and above the rate on the null: one crossing.
        near, far = 0.0, room
        while far - near > _BOUND_MARGIN * far:
            middle = (near + far) / 2
            passes = test._mass(low, high, p + math.copysign(middle, end - p)) > rate
            near, far = (middle, far) if passes else (near, middle)
        shifts.append((far, far))
    if not shifts or all(math.isinf(shift) for shift, _ in shifts):
        return math.inf
    return max(reach for _, reach in shifts) * (1 + _BOUND_MARGIN)
