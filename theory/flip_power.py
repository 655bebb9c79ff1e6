"""How many samples show that a prediction has flipped, and how far beyond the radius it takes.

Two classes: P(f(Y) = cA) = q < 1/2 is shown when the exact one-sided binomial test of "at least
1/2" rejects at a level. Several classes: of the samples that are cA or cB, M of them, those that
are cA are binomial(M, a/(a + b)) given M, a = P(f(Y) = cA), b = P(f(Y) = cB), and the same test of
their share shows that cB is ahead. ``bias`` and ``word`` bound how far 32-bit words move a
probability (`simulations.sampling.discretisation_bias`); the null and the truth are both charged
with it. Powers are exact sums of binomial probabilities, up to a margin over a measured rounding.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from theory.binomial_tails import MARGIN, MAX_SAMPLES
from theory.confidence import BinomialTest, checked_open, detectable_shift
from theory.exact import describe
from theory.parameters import to_real
from theory.sample_sizes import check_rates, least_samples

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_HALF = 0.5
#: what lies outside the window of M is not counted as power
_OUTSIDE = 1e-15
#: cells into which the values of M are gathered, at most
_CELLS = 1024
#: counts around the critical one that the normal law finds
_NEAR = 8


def flip_power(num_samples: int, probability: float, *, level: float, bias: float = 0.0) -> float:
    """The probability that n samples show P(f(Y) = cA) < 1/2 where it is ``probability``.

    P(X <= k), X binomial(n, q + bias), k the largest count with P(X' <= k) <= level for X'
    binomial(n, 1/2 - bias).

    Parameters
    ----------
    num_samples
        n, in [1, 10^10].
    probability
        q, in [0, 1].
    level
        Of the test, in (0, 1): alpha over the number of p-values keeps Holm's correction.
    bias
        In [0, 1/2).

    Returns
    -------
    float
        In [0, 1], rounded down: for every truth up to q + bias it is at least that.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> round(flip_power(1000, 0.45, level=0.01), 6)
    0.78667
    """
    bias = _checked_bias(bias)
    test = BinomialTest(num_samples, _HALF - bias, 1.0, "less")
    truth = _in_unit("probability", probability)
    return max(0.0, test.power(min(1.0, truth + bias), alpha=level))


def smallest_excess(
    num_samples: int, *, scale: float, level: float, false_pass: float, bias: float = 0.0
) -> float:
    """The smallest r - R whose flip n samples show with power 1 - false_pass, in every case.

    Beyond R the worst case has P(f(Y) = cA) = e^(-(r - R)/lambda)/2, whatever PA is (eq. 14), so
    this is -lambda log(2 q) at the largest q that is told from 1/2. Every longer way does too.

    Parameters
    ----------
    num_samples, level, bias
        As for `flip_power`.
    scale
        lambda, in (0, inf).
    false_pass
        In (0, 1 - level).

    Returns
    -------
    float
        In the unit of ``scale``, rounded up; inf where so few samples show nothing.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> round(smallest_excess(10_000, scale=2.0, level=1e-9, false_pass=1e-3), 6)
    0.190596
    >>> smallest_excess(20, scale=2.0, level=1e-9, false_pass=1e-3)
    inf
    """
    scale, bias = _checked_scale(scale), _checked_bias(bias)
    shift = detectable_shift(
        num_samples, _HALF, alpha=level, false_pass=false_pass, alternative="less", bias=bias
    )
    reach = 2 * (shift + bias)
    # a shift of all of 1/2 is refuted only without a single cA, at q = 0
    return math.inf if reach >= 1 else -scale * math.log1p(-reach) * (1 + 4 * MARGIN)


def samples_needed(
    probability: float, *, level: float, false_pass: float, bias: float = 0.0
) -> int | None:
    """The least n whose test shows P(f(Y) = cA) = ``probability`` < 1/2, power 1 - false_pass.

    `theory.sample_sizes.least_samples`, null 1/2 - bias and truth q + bias: the very first n that
    has the power, which is a saw-tooth in n.

    Parameters
    ----------
    probability, level, bias
        As for `flip_power`.
    false_pass
        In (0, 1 - level).

    Returns
    -------
    int or None
        None where more than 10^10 samples, or finer words, would be needed.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> samples_needed(0.45, level=0.01, false_pass=0.1)
    1301
    """
    probability, bias = _in_unit("probability", probability), _checked_bias(bias)
    return least_samples(
        _HALF - bias, min(1.0, probability + bias), level=level, false_pass=false_pass
    )


def lead_power(
    num_samples: int, mass_a: float, mass_b: float, *, level: float, word: float = 0.0
) -> float:
    """The probability that n samples show P(f(Y) = cB) > P(f(Y) = cA), where they are b > a.

    The sum over M of P(M) times the power of the test of the share at M: M is binomial(n, a + b),
    and given M the count of cA is binomial(M, a/(a + b)). The bias at M is the one of
    `simulations.paired.share_bias`, 4 word n/M, and is charged to the null and to the truth.

    Parameters
    ----------
    num_samples, level
        As for `flip_power`.
    mass_a, mass_b
        a and b, in [0, 1] with 0 < a + b <= 1, up to rounding.
    word
        Bound on what the words move either mass by; >= 0.

    Returns
    -------
    float
        In [0, 1], rounded down: M outside its bulk, of probability 1e-15, is not counted, and
        where M has more than 1024 values they are gathered in cells.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> round(lead_power(2000, 0.2, 0.25, level=0.01), 6)
    0.836405
    """
    num_samples = BinomialTest(num_samples, _HALF, _HALF).num_samples
    mass_a, mass_b, word = _checked_masses(mass_a, mass_b, word)
    level = checked_open("level", level)
    both = min(1.0, mass_a + mass_b)
    law, mean, bulk = stats.binom(num_samples, both), num_samples * both, math.log(2 / _OUTSIDE)
    reach = bulk / 3 + math.sqrt(bulk**2 / 9 + 2 * mean * (1 - both) * bulk)  # Bernstein
    low, high = max(1, math.floor(mean - reach)), min(num_samples, math.ceil(mean + reach))
    cells = min(high - low + 1, _CELLS)
    edges = np.linspace(low, high + 1, cells + 1).astype(np.int64)
    # In a cell the critical count grows with M and P(X <= k) falls: a bound from below by both ends
    fewest, most = edges[:-1], edges[1:] - 1
    weights = np.diff(law.cdf(edges - 1))
    bias = np.minimum(4 * word * num_samples / fewest, 1.0)
    critical = _critical_counts(fewest, _HALF - bias, level)
    truth = np.minimum(mass_a / both + bias, 1.0)
    power = weights @ _tails(critical, most, truth)
    return float(min(1.0, max(0.0, power * (1 - 2 * MARGIN))))


def smallest_lead_excess(
    num_samples: int,
    masses: Callable[[float], tuple[float, float]],
    *,
    scale: float,
    level: float,
    false_pass: float,
    word: float = 0.0,
) -> float:
    """The smallest r - R at which n samples show that cB leads, with power 1 - false_pass.

    Parameters
    ----------
    masses
        Takes r - R and returns a and b: a falls and b grows, and they are equal at 0.
    num_samples, level, word
        As for `lead_power`.
    scale
        lambda, in (0, inf).
    false_pass
        In (0, 1 - level).

    Returns
    -------
    float
        Where bisection (to 2^-24) saw `lead_power` reach the power, as it does there; inf where not
        even all cB does. The random M leaves it unproved that every longer way has it too.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> from theory.tightness import worst_tails
    >>> tails, radius = worst_tails("0.5", "0.25", scale=1.0), 0.34657359027997264
    >>> def masses(excess):
    ...     return tuple(one.value for one in tails.masses(radius + excess, scale=1.0))
    >>> excess = smallest_lead_excess(10_000, masses, scale=1.0, level=1e-9, false_pass=1e-3)
    >>> round(excess, 6), round(lead_power(10_000, *masses(excess), level=1e-9), 6)
    (0.108135, 0.999)
    """
    scale = _checked_scale(scale)
    check_rates(level, false_pass)
    if not callable(masses):
        raise TypeError(f"masses = {describe(masses)} is no function of r - R")

    def shows(excess: float) -> bool:
        power = lead_power(num_samples, *_checked_pair(masses, excess), level=level, word=word)
        return power >= 1 - false_pass

    short, enough = 0.0, 64.0 * scale
    if shows(short):
        raise ValueError(f"masses(0) = {masses(0.0)}: legal are masses that are equal there")
    while not shows(enough):  # cB may be rare, and far
        if masses(enough)[1] >= 1 - MARGIN or math.isinf(2 * enough):
            return math.inf
        short, enough = enough, 2 * enough
    while enough - short > 2.0**-24 * enough:
        middle = (short + enough) / 2
        short, enough = (short, middle) if shows(middle) else (middle, enough)
    return enough


def lead_samples_needed(
    mass_a: float, mass_b: float, *, level: float, false_pass: float, word: float = 0.0
) -> int | None:
    """The least n that shows that cB leads, with power 1 - false_pass.

    Where a + b = 1, M = n and it is `samples_needed`. Elsewhere the random M smooths the saw-tooth:
    bisection saw no n before, nor did trying 16. Parameters and errors are those of `lead_power`.

    Returns
    -------
    int or None
        None where more than 10^10 samples, or finer words, would be needed.

    Examples
    --------
    >>> lead_samples_needed(0.2, 0.25, level=0.01, false_pass=0.1)
    2374
    """
    check_rates(level, false_pass)
    mass_a, mass_b, word = _checked_masses(mass_a, mass_b, word)
    if abs(mass_a + mass_b - 1) <= 2.0**-50:  # 1, up to rounding
        return samples_needed(mass_a, level=level, false_pass=false_pass, bias=4 * word)

    def shows(n: int) -> bool:
        return lead_power(n, mass_a, mass_b, level=level, word=word) >= 1 - false_pass

    if mass_a >= mass_b or not shows(MAX_SAMPLES):
        return None
    short, n = 0, 1
    while not shows(n):
        short, n = n, min(2 * n, MAX_SAMPLES)
    while n - short > 1:
        middle = (short + n) // 2
        short, n = (short, middle) if shows(middle) else (middle, n)
    return next(one for one in range(max(1, n - 16), n + 1) if one == n or shows(one))


def _checked_bias(bias: float) -> float:
    return to_real("bias", bias, "[0, 1/2)", lambda number: 0 <= number < _HALF)


def _in_unit(name: str, value: float) -> float:
    return to_real(name, value, "[0, 1]", lambda number: 0 <= number <= 1)


def _checked_scale(scale: float) -> float:
    return to_real("scale", scale, "(0, inf)", lambda number: 0 < number < math.inf)


def _checked_pair(
    masses: Callable[[float], tuple[float, float]], excess: float
) -> tuple[float, float]:
    try:
        mass_a, mass_b = masses(excess)
        return mass_a, mass_b
    except (TypeError, ValueError) as error:
        raise TypeError(f"masses = {describe(masses)} does not give two masses: {error}") from None


def _checked_masses(mass_a: float, mass_b: float, word: float) -> tuple[float, float, float]:
    a, b = _in_unit("mass_a", mass_a), _in_unit("mass_b", mass_b)
    if not 0 < a + b <= 1 + MARGIN:
        raise ValueError(f"masses = {a} and {b}: legal are [0, 1] with a sum in (0, 1]")
    return a, b, to_real("word", word, "[0, inf)", lambda number: 0 <= number < math.inf)


def _tails(k: Ints, n: Ints, p: Floats) -> Floats:
    """P(X <= k), -1 <= k < n, p in [0, 1], to nearest."""
    tails = special.betaincc(np.maximum(k, 0) + 1.0, np.maximum(n - k, 1), p)
    return np.where(k < 0, 0.0, tails)


def _critical_counts(n: Ints, null: Floats, level: float) -> Ints:
    """The largest k with P(X <= k) <= level, for each n and null; -1 if there is none."""
    tested = np.clip(null, 0.0, 1.0)

    def small(k: Ints) -> NDArray[np.bool_]:
        # rounded up as in the test itself
        return (k < 0) | ((k < n) & (_tails(k, n, tested) * (1 + 2 * MARGIN) <= level))

    # the normal law is off by a count or two; where it is by more, every count is tried
    guess = n * tested + special.ndtri(level) * np.sqrt(n * tested * (1 - tested))
    at = np.clip(guess.astype(np.int64) - _NEAR, -1, n - 1)
    beyond = np.minimum(at + 2 * _NEAR, n)
    wrong = ~small(at) | small(beyond)
    at, beyond = np.where(wrong, -1, at), np.where(wrong, n, beyond)
    while np.any(beyond - at > 1):
        middle = (at + beyond) // 2
        below = small(middle)
        at, beyond = np.where(below, middle, at), np.where(below, beyond, middle)
    return np.where(null > 0, at, -1)
