r"""Anytime-valid tests and bounds of a Bernoulli probability: no sample number has to be fixed.

X_1, X_2, ... are independent with P(X_i = 1) = p, and k = X_1 + ... + X_t. The null "p <= p0" is
tested by a mixture of likelihood ratios over the alternatives, all q > p0 alike,

.. math:: M_t(p_0) = \frac1{1 - p_0}\int_{p_0}^1
          \frac{q^k (1 - q)^{t - k}}{p_0^k (1 - p_0)^{t - k}}\,dq .

**It is an e-process (Ville).** Given the past, the factor that q > p0 gets by X_(t+1) has the
mean p q/p0 + (1 - p)(1 - q)/(1 - p0) = 1 + (p - p0)(q/p0 - (1 - q)/(1 - p0)), which is at most 1
for p <= p0, as the second bracket is positive. So M_t is a nonnegative supermartingale with
M_0 = 1 (the 1/(1 - p0) norms the mixture), and P(M_t >= 1/alpha for some t) <= alpha, whenever one
looks and for whatever reason one stops.

**Closed form.** The integral of q^k (1 - q)^(t - k) from 0 to 1 is 1/((t + 1) C(t, k)), and the
share of it beyond p0 is a tail of the beta law, which is one of the binomial law:

.. math:: M_t(p_0) = \frac{P(\mathrm{Bin}(t + 1, p_0) \le k)}
                          {(t + 1)\,(1 - p_0)\,P(\mathrm{Bin}(t, p_0) = k)} .

**It falls in p0 on (0, k/(t + 1)].** With l(q) the likelihood and A the mean of l over (p0, 1),
M = A/l(p0), (log A)' = (1 - 1/M)/(1 - p0) < 1/(1 - p0), and (log l)'(p0) =
(k - t p0)/(p0 (1 - p0)) >= 1/(1 - p0) if k - t p0 >= p0. Hence whoever rejects a p0 in that
interval rejects every smaller one, and the greatest p0 that is rejected is a lower bound of p that
holds at all t together: were it above p, p itself would be rejected, which has probability at most
alpha. Only p0 <= k/(t + 1) are ever rejected here.

"p >= p0" is the same with failures for successes and 1 - p0 for p0.

**Rounding.** Decisions are proofs: M is bounded from below in ball arithmetic. Its tail is at least
1/2, because the median of the binomial law is at most the least integer not below its mean,
(t + 1) p0 <= k (Kaas and Buhrman 1980), and at least 1 minus a geometric series that bounds
P(Bin(t + 1, p0) >= k + 1).
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Literal, TypeAlias

from flint import arb

from theory.binomial_tails import MAX_SAMPLES
from theory.confidence import checked_open
from theory.exact import ceil_float, describe, floor_float, working_precision
from theory.parameters import is_word, to_integer

Alternative: TypeAlias = Literal["greater", "less"]

#: the first sample number at which a run looks at its counts; the next is one part in so many more
FIRST_LOOK, PARTS = 64, 20

_PRECISION = 128


def log_evidence(
    successes: int, num_samples: int, p0: float, *, alternative: Alternative = "greater"
) -> float:
    r"""The log of the evidence M against the null, the module's equation.

    .. math:: P(M_t \ge 1/\alpha \text{ for some } t) \le \alpha \quad (p \le p_0)

    Parameters
    ----------
    successes
        k, in [0, num_samples].
    num_samples
        t, in [1, 10^10].
    p0
        The end of the null, in (0, 1).
    alternative
        "greater": the null is p <= p0; "less": it is p >= p0.

    Returns
    -------
    float
        Rounded down, proved by Arb; minus infinity where the counts do not speak against the null,
        k > (t + 1) p0 or its mirror image being false.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> round(log_evidence(5600, 10_000, 0.5), 6)
    68.480245
    >>> log_evidence(4400, 10_000, 0.5), log_evidence(4400, 10_000, 0.5, alternative="less") > 67
    (-inf, True)
    """
    k, t = _checked(successes, num_samples)
    null = checked_open("p0", p0)
    with working_precision(_PRECISION):
        if _sign(alternative) > 0:
            return _log_evidence(k, t, arb(null))
        return _log_evidence(t - k, t, 1 - arb(null))


def boundary(
    num_samples: int, p0: float, *, alpha: float, alternative: Alternative = "greater"
) -> int:
    """The count from which on the null is rejected at this look.

    Parameters
    ----------
    num_samples, p0, alternative
        As for `log_evidence`.
    alpha
        Error rate over all looks together, in (0, 1).

    Returns
    -------
    int
        "greater": the least count that rejects p <= p0, num_samples + 1 if none does. "less": the
        greatest count that rejects p >= p0, -1 if none does.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> boundary(1000, 0.5, alpha=0.001), boundary(1000, 0.5, alpha=0.001, alternative="less")
    (569, 431)
    >>> boundary(5, 0.9, alpha=0.001)
    6
    """
    _, t = _checked(0, num_samples)
    null = checked_open("p0", p0)
    level = checked_open("alpha", alpha)
    with working_precision(_PRECISION):
        if _sign(alternative) > 0:
            return _boundary(t, arb(null), level)
        return t - _boundary(t, 1 - arb(null), level)


def anytime_lower(successes: int, num_samples: int, *, alpha: float) -> float:
    r"""A lower confidence bound of p that holds at all numbers of samples together.

    .. math:: P(L_t \le p \text{ for all } t) \ge 1 - \alpha

    Parameters
    ----------
    successes
        k, in [0, num_samples].
    num_samples
        t, in [1, 10^10].
    alpha
        Error rate, in (0, 1).

    Returns
    -------
    float
        In [0, 1), rounded down: a p0 <= k/(t + 1) that is rejected by proof; 0 if none is.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> from theory.confidence import lower
    >>> [round(bound(9900, 10_000, alpha=0.001), 6) for bound in (anytime_lower, lower)]
    [0.98527, 0.986531]
    """
    k, t = _checked(successes, num_samples)
    return _anytime_lower(k, t, checked_open("alpha", alpha))


@lru_cache(maxsize=4096)
def _anytime_lower(k: int, t: int, level: float) -> float:
    with working_precision(_PRECISION):
        needed = _needed(level)
        low, high = 0.0, floor_float(arb(k) / (t + 1))
        while high - low > 2.0**-45 * high:
            middle = (low + high) / 2
            if not low < middle < high:  # neighbours already: subnormal floats are that sparse
                break
            if _log_evidence(k, t, arb(middle)) < needed:
                high = middle
            else:
                low = middle
    return low


def anytime_upper(successes: int, num_samples: int, *, alpha: float) -> float:
    """The upper bound that mirrors `anytime_lower`, rounded up; each has an alpha of its own.

    Examples
    --------
    >>> round(anytime_upper(100, 10_000, alpha=0.001), 6)
    0.01473
    """
    k, t = _checked(successes, num_samples)
    with working_precision(_PRECISION):
        return ceil_float(1 - arb(anytime_lower(t - k, t, alpha=alpha)))


def looks(num_samples: int) -> tuple[int, ...]:
    """The fixed sample numbers at which a run of at most n looks: growing, and n last.

    A test that is valid at every t is valid at these; fewer looks only stop a little later, by
    at most one part in twenty.

    Raises
    ------
    ValueError
        For n outside [1, 10^10].

    Examples
    --------
    >>> looks(80), len(looks(100_000)), looks(50)
    ((64, 68, 72, 76, 80), 150, (50,))
    """
    _, n = _checked(0, num_samples)
    found, at = [], FIRST_LOOK
    while at < n:
        found.append(at)
        at = at + math.ceil(at / PARTS)
    return (*found, n)


def _checked(successes: int, num_samples: int) -> tuple[int, int]:
    t = to_integer("num_samples", num_samples, 1, MAX_SAMPLES)
    return to_integer("successes", successes, 0, t, f"[0, num_samples = {t}]"), t


def _sign(alternative: str) -> int:
    if not is_word(alternative, ("greater", "less")):
        raise ValueError(f"alternative = {describe(alternative)} is none of greater, less")
    return 1 if alternative == "greater" else -1


def _needed(level: float) -> float:
    """log(1/alpha), rounded up."""
    return ceil_float(-arb(level).log())


def _boundary(t: int, p0: arb, level: float) -> int:
    """The least count whose evidence against p <= p0 is proved to be enough; t + 1 if none is."""
    needed = _needed(level)
    below, at = -1, t + 1  # the evidence grows with the count from (t + 1) p0 on
    while at - below > 1:
        middle = (below + at) // 2
        below, at = (below, middle) if _log_evidence(middle, t, p0) >= needed else (middle, at)
    return at


def _log_evidence(k: int, t: int, p0: arb) -> float:
    """A proved lower bound of log M, at the precision in use."""
    if not (t + 1) * p0 <= k:
        return -math.inf
    tail = arb(0.5)
    beyond = _beyond(k, t, p0)
    if beyond < 0.5:
        tail = 1 - beyond
    return floor_float(tail.log() - arb(t + 1).log() - (1 - p0).log() - _log_mass(k, t, p0))


def _log_mass(k: int, n: int, p: arb) -> arb:
    """The log of P(Bin(n, p) = k)."""
    chosen = arb(n + 1).lgamma() - arb(k + 1).lgamma() - arb(n - k + 1).lgamma()
    return chosen + k * p.log() + (n - k) * (1 - p).log()


def _beyond(k: int, t: int, p0: arb) -> arb:
    """Not below P(Bin(t + 1, p0) >= k + 1), the ratios of whose terms fall; 1 near the mean."""
    ratio = (t - k) * p0 / ((k + 2) * (1 - p0))
    if not ratio < 1:
        return arb(1)
    return _log_mass(k + 1, t + 1, p0).exp() / (1 - ratio)
