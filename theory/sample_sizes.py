"""How many samples a certificate takes, and the most that so many samples can certify.

A class seen in k of n samples has the one-sided Clopper-Pearson bound L(k, n), the p with
P(X >= k; p) = alpha, and the certificate is the two-class radius at L (`theory.confidence.lower`).
All n agree at best, so no radius exceeds R(alpha^(1/n)). L(k, n) >= p where P(X >= k; p) <= alpha:
a radius is reached when the exact binomial test refutes that the class is no more likely than the
radius needs, and the misses n - X are tested, because their rate may be tiny.
"""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
from flint import arb
from scipy import stats

from theory.arguments import parse_probability
from theory.binomial_tails import (
    LEAST_RATE,
    LEGAL_RATES,
    MARGIN,
    MAX_SAMPLES,
    SMALLEST,
    at_least,
    at_most,
)
from theory.bounds import Bounds
from theory.certificates import radius_ball
from theory.confidence import BinomialTest, checked_open
from theory.exact import (
    FIRST_PRECISION,
    LAST_PRECISION,
    Exact,
    Surd,
    ceil_float,
    describe,
    floor_float,
    to_fmpq,
    to_fraction,
    working_precision,
)
from theory.inverse_radii import needed_complement, parse_radius
from theory.parameters import to_integer, to_real
from theory.radius_formulas import Method

MOST_UNANIMOUS = 10**15
"""More samples than this are not told apart from any number of them."""

_PRECISION = 192


def largest_radius(
    method: Method, num_samples: int, *, alpha: Exact, scale: Exact | Surd
) -> Bounds:
    """The radius when all n samples agree, R(alpha^(1/n)): no count of n certifies more.

    Parameters
    ----------
    method : str
        As in `theory.inverse_radii`; the radius is that of two classes.
    num_samples : int
        n, in [1, 10^15].
    alpha : int, float, Decimal, Fraction or str
        Error rate of the one-sided bound, in (0, 1); halve it for an interval with two sides.
    scale : int, float, Decimal, Fraction, str or Surd
        The method's own: lambda, sigma for "cohen", half_width for "uniform".

    Returns
    -------
    Bounds
        Enclosed by Arb; 0 and 0 where alpha^(1/n) <= 1/2, so that every input abstains.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> round(largest_radius("theorem_2", 100_000, alpha="0.001", scale=1).value, 6)
    8.887168
    >>> largest_radius("cohen", 9, alpha="0.001", scale=1).upper
    0.0
    """
    n = to_integer("num_samples", num_samples, 1, MOST_UNANIMOUS)
    rate, said = _rate(alpha), "Clopper-Pearson, all samples agree"
    radius_ball(method, Fraction(1, 2), scale=scale, precision=_PRECISION)  # checks the others
    # 2^-n is below every fraction of a denominator below 2^n
    if n <= rate.denominator.bit_length() and rate <= Fraction(1, 2**n):
        return Bounds(0.0, 0.0, said)
    with working_precision(_PRECISION):
        complement = -(_log(rate) / n).expm1()
        least, most = _fraction(complement.lower()), _fraction(complement.upper())
    low, high = (
        radius_ball(method, max(1 - q, Fraction(1, 2)), scale=scale, precision=_PRECISION)
        for q in (most, least)
    )
    return Bounds(max(0.0, floor_float(low)), ceil_float(high), said)


def unanimous_samples(
    method: Method, radius: Exact, *, alpha: Exact, scale: Exact | Surd
) -> int | None:
    """The least n whose samples certify the radius if all agree; with fewer, nothing does.

    The least n with alpha^(1/n) >= p, p the probability that the radius needs: the ceiling of
    log(alpha)/log(p). Arb decides it at a precision that rises until it does; where the quotient is
    an integer and p rational, in fractions. (p is transcendental for the Laplace methods at R > 0.)

    Parameters
    ----------
    radius : int, float, Decimal, Fraction or str
        R, in [0, inf).
    method, alpha, scale
        As for `largest_radius`, and so are the errors.

    Returns
    -------
    int or None
        None where no probability gives the radius, or where n is beyond 10^15. Should 16384 bits
        not decide between n and n - 1, n.

    Examples
    --------
    >>> unanimous_samples("theorem_2", 3, alpha="0.001", scale=1)
    275
    >>> unanimous_samples("uniform", 3, alpha="0.001", scale=3) is None
    True
    """
    rate, precision = _rate(alpha), FIRST_PRECISION
    exact = _rational_probability(method, radius, scale)
    while True:
        complement = needed_complement(method, radius, scale=scale, precision=precision)
        if complement is None or complement.upper() == 0:  # alpha^(1/n) is never 1
            return None
        with working_precision(precision):
            fewest = (_log(rate) / (-complement.upper()).log1p()).lower()
            if fewest > MOST_UNANIMOUS:
                return None
            quotient = _log(rate) / (-complement).log1p()
            least, most = math.ceil(_fraction(fewest)), quotient.upper()
        if exact is not None and _is_power(rate, exact, least):
            return least
        n = math.ceil(_fraction(most)) if most.is_finite() else math.inf
        if n == least or precision >= LAST_PRECISION:
            return int(n) if n <= MOST_UNANIMOUS else None
        precision *= 2


def samples_needed_for(
    method: Method,
    radius: Exact,
    probability: Exact,
    *,
    alpha: Exact,
    scale: Exact | Surd,
    power: float,
) -> int | None:
    """The least n whose certificate reaches the radius with the given power.

    The least n with P(L(X, n) >= p) >= power, X binomial(n, probability) and p what the radius
    needs: `least_samples` of the misses, null 1 - p and truth 1 - probability.

    Parameters
    ----------
    probability : int, float, Decimal, Fraction or str
        The top class's, in [0, 1].
    alpha : int, float, Decimal, Fraction or str
        As for `largest_radius`, but not below 1e-300 (2^-1022 where the probability is 1).
    power : float
        In (alpha, 1), and still so when 1 - power is rounded.
    method, radius, scale
        As for `unanimous_samples`, and so are the errors.

    Returns
    -------
    int or None
        None where the probability is not above what the radius needs, or n is beyond 10^10. The
        tails are rounded up, which counts a tail within 2^-30 of alpha as above it.

    Examples
    --------
    >>> samples_needed_for("theorem_2", 3, "0.99", alpha="0.001", scale=1, power=0.9)
    1520
    """
    level, truth = level_of(alpha), _misses(probability)
    legal = f"(alpha, 1), alpha = {describe(alpha)}"
    power = to_real("power", power, legal, lambda number: 0 < number < 1)
    false_pass = 1 - power
    if not (level < power and 0 < false_pass < 1 - level):
        raise ValueError(f"power = {power} is outside {legal}")
    complement = needed_complement(method, radius, scale=scale, precision=FIRST_PRECISION)
    null = 0.0 if complement is None else floor_float(complement)
    if truth == 0:  # all agree, always: no tail has to be rounded
        n = unanimous_samples(method, radius, alpha=alpha, scale=scale)
        return None if n is None or n > MAX_SAMPLES else n
    if truth >= null:
        return None
    if level < LEAST_RATE:
        raise ValueError(f"alpha = {describe(alpha)} is outside {LEGAL_RATES}")
    return least_samples(null, truth, level=level, false_pass=false_pass)


def count_reached(num_samples: int, probability: Exact, *, power: float) -> int:
    """The largest k with P(X >= k) >= power, X binomial(n, probability): the count to plan with.

    Parameters
    ----------
    num_samples : int
        n, in [1, 10^10].
    probability : int, float, Decimal, Fraction or str
        In [0, 1].
    power : float
        In (0, 1).

    Returns
    -------
    int
        In [0, n]; P(X >= k) is rounded down. Errors as for `largest_radius`.

    Examples
    --------
    >>> count_reached(1000, "0.9", power=0.9)
    888
    """
    n, truth = BinomialTest(num_samples, 0.0, 1.0).num_samples, _misses(probability)
    wanted = checked_open("power", power)
    short, enough = -1, n  # so many misses at most
    while enough - short > 1:
        middle = (short + enough) // 2
        reached = 1 - at_least(middle + 1, n, truth) >= wanted
        short, enough = (short, middle) if reached else (middle, enough)
    return n - enough


def least_samples(null: float, truth: float, *, level: float, false_pass: float) -> int | None:
    """The least n whose exact test refutes p >= null with power 1 - false_pass where p = truth.

    The test at level refutes where P(X <= x; null) <= level. Its power is a saw-tooth in n: it
    falls while the critical count k stays, and jumps where k grows. This is the very first n that
    has it; some larger n, just short of a jump, may have less.

    No smaller n has it: the most powerful test at exactly this level, which tosses a coin at k + 1,
    has at least the power of the test used, and never loses by one more sample (it may ignore it).
    Bisection finds where that one reaches the power; from there the jumps are looked at in turn.

    Parameters
    ----------
    null
        In (0, 1), however small.
    truth
        In [0, 1].
    level
        In [1e-300, 1).
    false_pass
        In [1e-300, 1 - level).

    Returns
    -------
    int or None
        None where truth >= null, or n is beyond 10^10. Tails are those of `theory.binomial_tails`:
        rounded up under the null, and the power rounded down.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> least_samples(0.001, 0.0002, level=0.001, false_pass=0.1)
    18056
    """
    null = checked_open("null", null)
    truth = to_real("truth", truth, "[0, 1]", lambda number: 0 <= number <= 1)
    check_rates(level, false_pass)
    level, false_pass = float(level), float(false_pass)
    if truth >= null or not _reachable(MAX_SAMPLES, null, truth, level, false_pass):
        return None
    short, n = 0, MAX_SAMPLES
    while n - short > 1:
        middle = (short + n) // 2
        enough = _reachable(middle, null, truth, level, false_pass)
        short, n = (short, middle) if enough else (middle, n)
    # between jumps the power falls, so after this n only the jumps come into question
    while BinomialTest(n, null, 1.0, "less").false_pass(truth, alpha=level) > false_pass:
        n = _jump(_critical(n, null, level) + 1, n, null, level)
        if n > MAX_SAMPLES:
            return None
    return n


def check_rates(level: float, false_pass: float) -> None:
    """A ValueError unless level is in [1e-300, 1) and false_pass in [1e-300, 1 - level).

    >>> check_rates(0.4, 0.5)
    """
    rate = to_real("level", level, LEGAL_RATES, lambda number: LEAST_RATE <= number < 1)
    legal = f"[1e-300, 1 - level), level = {rate}"
    to_real("false_pass", false_pass, legal, lambda number: LEAST_RATE <= number < 1 - rate)


def level_of(alpha: Exact) -> float:
    """The float at or below an exact error rate in [2^-1022, 1); a ValueError for others.

    >>> level_of("0.1"), level_of(0.125)
    (0.09999999999999999, 0.125)
    """
    with working_precision(FIRST_PRECISION):
        level = floor_float(arb(to_fmpq(_rate(alpha))))
    if level < SMALLEST:
        raise ValueError(f"alpha = {describe(alpha)} is outside [2^-1022, 1)")
    return level


def _rate(alpha: Exact) -> Fraction:
    try:
        rate = to_fraction(alpha)
    except ValueError:
        rate = Fraction(0)
    if not 0 < rate < 1:
        raise ValueError(f"alpha = {describe(alpha)} is outside (0, 1)")
    return rate


def _misses(probability: Exact) -> float:
    """1 - probability, rounded up."""
    exact = parse_probability("probability", probability)
    if isinstance(exact, np.ndarray):
        raise ValueError("probability is an array: legal is a single exact number in [0, 1]")
    with working_precision(FIRST_PRECISION):
        return min(1.0, ceil_float(arb(1 - exact)))


def _log(rate: Fraction) -> arb:
    """log(rate) without cancelling near 1, at the precision in use."""
    return arb(to_fmpq(rate - 1)).log1p() if 2 * rate > 1 else arb(to_fmpq(rate)).log()


def _fraction(end: arb) -> Fraction:
    """The number that an exact ball is."""
    exact = end.fmpq()
    return Fraction(int(exact.p), int(exact.q))


def _rational_probability(method: Method, radius: Exact, scale: Exact | Surd) -> Fraction | None:
    """The probability that gives the radius, if it is rational and we know it; None otherwise."""
    length, size, radicand = parse_radius(method, radius, scale)
    if length == 0:
        return Fraction(1, 2)
    if method != "uniform":
        return None
    quotient = (length / size) ** 2 / radicand
    square = Fraction(int(quotient.p), int(quotient.q))
    ratio = Fraction(math.isqrt(square.numerator), math.isqrt(square.denominator))
    return (1 + ratio) / 2 if ratio**2 == square else None


def _is_power(rate: Fraction, base: Fraction, exponent: int) -> bool:
    """Whether rate = base^exponent; a base in (0, 1) has a power of its own size only."""
    fits = (base.denominator.bit_length() - 1) * exponent <= rate.denominator.bit_length()
    return fits and rate == base**exponent


def _critical(n: int, null: float, level: float) -> int:
    """The largest k with P(X <= k) <= level under the null; -1 if there is none."""
    low, _ = BinomialTest(n, null, 1.0, "less").acceptance_region(alpha=level)
    return low - 1


def _jump(critical: int, n: int, null: float, level: float) -> int:
    """The least n beyond this one whose critical count is at least that, up to 10^10."""
    short, enough = n, n + 1
    while enough <= MAX_SAMPLES and at_most(critical, enough, null) > level:
        short, enough = enough, 3 * enough - 2 * short
    while enough - short > 1:
        middle = (short + enough) // 2
        reached = at_most(critical, middle, null) <= level
        short, enough = (short, middle) if reached else (middle, enough)
    return enough


def _reachable(n: int, null: float, truth: float, level: float, false_pass: float) -> bool:
    """Whether the most powerful test at exactly this level (a coin at k + 1) may have the power."""
    k = _critical(n, null, level)
    spare = max(0.0, level - float(stats.binom.cdf(k, n, null)))
    step, edge = _mass(k + 1, n, null), _mass(k + 1, n, truth)
    coin = spare / step if spare < step else 1.0
    # of both, that which is small has its digits
    missed = at_least(k + 2, n, truth) + (1 - coin) * edge
    shown = at_most(k, n, truth) + coin * edge
    slack = 8 * MARGIN
    return missed * (1 - slack) <= false_pass and shown * (1 + slack) >= 1 - false_pass


def _mass(k: int, n: int, p: float) -> float:
    """P(X = k) to nearest; SciPy's raises an error where p is near the smallest double."""
    if p in (0, 1):
        return float(k == n * p)
    with working_precision(_PRECISION):
        ways = arb(n + 1).lgamma() - arb(k + 1).lgamma() - arb(n - k + 1).lgamma()
        return float((ways + k * arb(p).log() + (n - k) * (-arb(p)).log1p()).exp())
