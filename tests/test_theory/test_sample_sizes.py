"""Sample sizes against brute force over n: SciPy's binomial law, statsmodels' bounds, mpmath."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from theory import confidence, sample_sizes
from theory.certificates import cohen, lecuyer, theorem_2, uniform
from theory.exact import Surd
from theory.sample_sizes import (
    MOST_UNANIMOUS,
    check_rates,
    count_reached,
    largest_radius,
    least_samples,
    level_of,
    samples_needed_for,
    unanimous_samples,
)

ROOT = Surd(Fraction(3, 2), 6)


def solved(method: str, radius: float, scale: float) -> float:
    """The probability that gives the radius, from SciPy's distributions."""
    ratio = radius / scale
    law = {
        "theorem_2": stats.laplace.cdf,
        "lecuyer": lambda x: stats.logistic.cdf(2 * x),
        "cohen": stats.norm.cdf,
        "uniform": stats.uniform(-1, 2).cdf,
    }[method]
    return float(law(ratio))


def radius_in_mpmath(method: str, q: mpmath.mpf) -> mpmath.mpf:
    return {
        "theorem_2": lambda: -mpmath.log(2 * q),
        "lecuyer": lambda: mpmath.log((1 - q) / q) / 2,
        "cohen": lambda: mpmath.sqrt(2) * mpmath.erfinv(1 - 2 * q),
        "uniform": lambda: 1 - 2 * q,
    }[method]()


@pytest.mark.parametrize("method", ["theorem_2", "lecuyer", "cohen", "uniform"])
@pytest.mark.parametrize("n", [10, 400, 10**5, 10**10, MOST_UNANIMOUS])
@pytest.mark.parametrize("alpha", ["0.001", "0.05", "1e-9", "1e-2000"])
def test_the_ceiling_is_enclosed(method, n, alpha):
    with mpmath.workdps(60):
        q = 1 - mpmath.mpf(alpha) ** (mpmath.mpf(1) / n)
        scale = mpmath.mpf(3) / 2 * mpmath.sqrt(6)
        found = largest_radius(method, n, alpha=alpha, scale=ROOT)
        if q >= 0.5:
            assert (found.lower, found.upper) == (0.0, 0.0)
            return
        expected = scale * radius_in_mpmath(method, q)
        assert found.lower <= expected <= found.upper
        assert found.upper <= math.nextafter(found.lower, math.inf)


KNOWN = {"theorem_2": 8.887168, "lecuyer": 4.790123, "cohen": 5.390214, "uniform": 2.449151}
EQUAL_VARIANCE = {
    "theorem_2": Surd(Fraction(1)),
    "lecuyer": Surd(Fraction(1)),
    "cohen": Surd(Fraction(1), 2),
    "uniform": Surd(Fraction(1), 6),
}


@pytest.mark.parametrize("method", KNOWN)
def test_the_ceiling_and_its_n_are_inverse(method):
    options = {"alpha": "0.001", "scale": EQUAL_VARIANCE[method]}
    ceiling = largest_radius(method, 10**5, **options)
    assert round(ceiling.value, 6) == KNOWN[method]
    assert unanimous_samples(method, ceiling.lower, **options) == 10**5
    above = math.nextafter(ceiling.upper, math.inf)
    assert unanimous_samples(method, above, **options) == 10**5 + 1
    sure = samples_needed_for(method, ceiling.lower, 1, power=0.5, **options)
    assert sure == 10**5
    halved = {**options, "alpha": Fraction(1, 2000)}
    assert largest_radius(method, 10**5, **halved).upper < ceiling.lower


@settings(max_examples=80, deadline=None)
@given(
    method=st.sampled_from(("theorem_2", "lecuyer", "cohen", "uniform")),
    radius=st.floats(0.01, 3.9),
    alpha=st.floats(1e-12, 0.7),
    scale=st.floats(0.5, 4.0),
)
def test_the_first_n_whose_root_of_alpha_suffices(method, radius, alpha, scale):
    found = unanimous_samples(method, radius, alpha=alpha, scale=scale)
    p = solved(method, radius, scale)
    if p == 1:
        assert found is None
    elif found is not None and found < 10**6:
        n = np.arange(1, found + 2)
        enough = alpha ** (1 / n) >= p
        first = int(n[enough][0])
        # a float decides all but what lies within its rounding
        close = abs(alpha ** (1 / min(found, first)) - p) < 1e-13
        assert found == first or (close and abs(found - first) == 1)


def test_a_tie_is_decided_exactly():
    # p = 3/4: the root of (3/4)^40 is 3/4 at n = 40, and a little less is one more
    tie, half = Fraction(3, 4) ** 40, Surd(Fraction(1, 2), 4)
    for scale in (1, half, Surd(Fraction(1, 3), 9)):
        assert unanimous_samples("uniform", "1/2", alpha=tie, scale=scale) == 40
        less, more = tie * (1 - Fraction(1, 10**400)), tie * (1 + Fraction(1, 10**400))
        assert unanimous_samples("uniform", "1/2", alpha=less, scale=scale) == 41
        assert unanimous_samples("uniform", "1/2", alpha=more, scale=scale) == 40
    for method in KNOWN:
        assert unanimous_samples(method, 0, alpha="0.125", scale=ROOT) == 3
        assert unanimous_samples(method, 0, alpha="0.1249", scale=ROOT) == 4


def test_an_irrational_tie_is_left_to_the_last_precision(monkeypatch):
    """Balls that never decide give the larger n, which is certain."""
    right = sample_sizes.needed_complement

    def blurred(*arguments, precision, **options):
        return right(*arguments, precision=precision, **options) * sample_sizes.arb(1, 1e-9)

    exact = unanimous_samples("cohen", 3, alpha="1e-30", scale=1)
    monkeypatch.setattr(sample_sizes, "LAST_PRECISION", 200)
    straddles = math.exp(51_000 * math.log1p(-stats.norm.sf(3)))
    assert unanimous_samples("cohen", 3, alpha="1e-30", scale=1) == exact
    monkeypatch.setattr(sample_sizes, "needed_complement", blurred)
    assert unanimous_samples("cohen", 3, alpha=straddles, scale=1) == 51_001
    assert unanimous_samples("cohen", 3, alpha="1e-30", scale=1) == exact


@pytest.mark.parametrize(
    ("method", "radius", "n"),
    [
        ("uniform", "1", None),  # p = 1
        ("uniform", "1.5", None),
        ("theorem_2", "30", 147639102408465),
        ("theorem_2", "32", None),
        ("cohen", "1e300", None),
        ("lecuyer", "1e-300", 10),
        ("theorem_2", "0", 10),
    ],
)
def test_the_ends_of_unanimity(method, radius, n):
    assert unanimous_samples(method, radius, alpha="0.001", scale=1) == n
    assert (
        n is not None
        or samples_needed_for(method, radius, 1, alpha="0.001", scale=1, power=0.9) is None
    )


def brute_least(null: float, truth: float, level: float, false_pass: float, most: int):
    """The first n with the power, by looking at every n up to the most; None if there is none."""
    n = np.arange(1, most + 1)
    k = stats.binom.ppf(level, n, null).astype(np.int64) + 1
    while (above := (k >= 0) & (stats.binom.cdf(k, n, null) > level)).any():
        k = np.where(above, k - 1, k)
    enough = (k >= 0) & (stats.binom.cdf(k, n, truth) >= 1 - false_pass)
    return int(n[enough][0]) if enough.any() else None


@settings(max_examples=120, deadline=None)
@given(
    null=st.floats(1e-3, 0.95),
    share=st.floats(0.0, 0.8),
    level=st.sampled_from([0.3, 0.05, 1e-3, 1e-9]),
    false_pass=st.sampled_from([0.6, 0.1, 1e-3, 1e-9]),
)
@example(0.5, 2.3e-308, 0.05, 0.6)  # where SciPy's pmf raises an OverflowError
@example(0.3, 0.5, 1e-9, 1 - 2e-9)
def test_the_first_n_with_the_power(null, share, level, false_pass):
    found = least_samples(null, null * share, level=level, false_pass=false_pass)
    assert found is not None
    if found < 60_000:
        # SciPy's tails are floats: where one ties with its level, either answer is right
        least, most = (
            brute_least(null, null * share, level * near, false_pass * near, found + 20)
            for near in (1 + 1e-12, 1 - 1e-12)
        )
        assert least <= found <= most


CASES = [
    (0.001, 0.0002, 0.001, 0.1),
    (0.0249, 0.01, 0.001, 0.1),
    (0.5, 0.45, 0.01, 1e-9),
    (0.01, 0.0085, 0.01, 0.3),
    (0.9, 0.8, 1e-3, 0.01),
]


@pytest.mark.parametrize("case", CASES)
def test_every_smaller_n_has_too_little(case):
    null, truth, level, false_pass = case
    found = least_samples(null, truth, level=level, false_pass=false_pass)
    assert brute_least(*case, found + 50) == found
    assert found > 1000 or null > 0.5
    harder = (
        least_samples(null * 0.98, truth, level=level, false_pass=false_pass),
        least_samples(null, truth * 1.05, level=level, false_pass=false_pass),
        least_samples(null, truth, level=level * 0.8, false_pass=false_pass),
        least_samples(null, truth, level=level, false_pass=false_pass * 0.8),
    )
    assert min(harder) >= found and harder[0] > found and harder[2] > found


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("_reachable", lambda right: lambda *at: right(*at[:4], at[4] * 0.9)),
        ("_reachable", lambda right: lambda n, *at: n > 20 and right(n - 20, *at)),
        ("_jump", lambda right: lambda *at: right(*at) + 1),
        ("_jump", lambda right: lambda k, *at: right(k + 1, *at)),
    ],
)
def test_the_brute_search_refutes_a_wrong_step(monkeypatch, name, change):
    monkeypatch.setattr(sample_sizes, name, change(getattr(sample_sizes, name)))
    wrong = 0
    for case in ((0.05, 0.02, 0.01, 0.1), (0.3, 0.24, 0.05, 0.2), (0.5, 0.4, 0.01, 0.1)):
        null, truth, level, false_pass = case
        found = least_samples(null, truth, level=level, false_pass=false_pass)
        wrong += brute_least(*case, found) != found
    assert wrong > 0


@pytest.mark.parametrize("null", [1e-300, 1e-18, 1e-9, 7e-10, 6.8e-10, 1e-6])
@pytest.mark.parametrize("level", [1e-3, 1e-12])
def test_tiny_nulls(null, level):
    """Without a miss in truth the tail is (1 - null)^n, up to the margin of 2^-30."""
    with mpmath.workdps(40):
        exact = mpmath.log(level) / mpmath.log1p(-mpmath.mpf(null))
    found = least_samples(null, 0.0, level=level, false_pass=0.1)
    if exact > 10**10:
        assert found is None
    else:
        assert math.ceil(exact) <= found <= math.ceil(exact) + 1 + 2.0**-29 / null
    # a truth beside the null, and one that n cannot tell from it
    assert least_samples(null, null, level=level, false_pass=0.1) is None
    assert least_samples(null, null * (1 - 1e-9), level=level, false_pass=0.1) is None


def test_a_jump_beyond_the_most_samples():
    # 10^10 samples expect 10 misses: the coin of the best test has the power, the test has not
    null, truth, level = 1e-9, 1e-12, 1e-3
    missed = [
        least_samples(null, truth, level=level, false_pass=rate)
        for rate in (0.5, 0.05, 0.009, 1e-4, 1e-6)
    ]
    found = [n for n in missed if n is not None]
    assert found == sorted(found) and missed[-1] is None and found
    for n, rate in zip(found, (0.5, 0.05, 0.009, 1e-4), strict=False):
        k = int(stats.poisson.ppf(level, n * null)) - 1
        k += stats.poisson.cdf(k + 1, n * null) <= level * (1 + 1e-8)
        assert stats.poisson.cdf(k, n * truth) >= 1 - rate - 1e-6


def brute_certificate(
    method: str, radius: float, probability: float, alpha: float, scale: float, power: float, most
):
    """The first n whose statsmodels bound reaches the radius with the power, trying every n."""
    needed = solved(method, radius, scale)
    for n in range(1, most + 1):
        counts = np.arange(max(0, math.floor(n * needed) - 1), n + 1)
        bounds, _ = proportion_confint(counts, n, alpha=2 * alpha, method="beta")
        reached = stats.binom.pmf(counts, n, probability)[bounds >= needed].sum()
        if reached >= power:
            return n
    return None


@pytest.mark.parametrize(
    ("method", "radius", "probability", "alpha", "scale", "power"),
    [
        ("theorem_2", 1.5, 0.95, 0.001, 1.0, 0.9),
        ("theorem_2", 1.5, 0.95, 0.001, 2.0, 0.9),
        ("lecuyer", 0.7, 0.93, 0.01, 0.8, 0.5),
        ("cohen", 1.0, 0.9, 0.02, 1.0, 0.75),
        ("cohen", 0.5, 0.9999, 0.001, 0.5, 0.99),
        ("uniform", 0.6, 0.9, 0.001, 1.0, 0.8),
    ],
)
def test_the_first_n_whose_bound_reaches_the_radius(
    method, radius, probability, alpha, scale, power
):
    found = samples_needed_for(method, radius, probability, alpha=alpha, scale=scale, power=power)
    brute = brute_certificate(method, radius, probability, alpha, scale, power, found + 3)
    assert found == brute and found > 5
    least = unanimous_samples(method, radius, alpha=alpha, scale=scale)
    assert least <= found
    certify = {"theorem_2": theorem_2, "lecuyer": lecuyer, "cohen": cohen, "uniform": uniform}
    name = {"cohen": "sigma", "uniform": "half_width"}.get(method, "scale")
    k = count_reached(found, probability, power=power)
    bound = confidence.lower(k, found, alpha=alpha)
    assert certify[method](bound, **{name: scale}) >= radius


def test_a_probability_that_does_not_suffice():
    needed = Fraction(3, 4)  # uniform noise, half the half-width
    options = {"alpha": "0.001", "scale": 1, "power": 0.9}
    assert samples_needed_for("uniform", "0.5", needed, **options) is None
    assert samples_needed_for("uniform", "0.5", "0.7", **options) is None
    assert samples_needed_for("uniform", "0.5", "0.76", **options) > 10_000
    assert samples_needed_for("uniform", "0.5", needed + Fraction(1, 10**9), **options) is None
    assert samples_needed_for("theorem_2", 700, "0.999", **options) is None


@pytest.mark.parametrize("n", [1, 12, 1000, 10**5])
@pytest.mark.parametrize("probability", ["0", "0.3", "0.99", "0.999999", "1"])
@pytest.mark.parametrize("power", [0.1, 0.9, 0.999999])
def test_the_count_reached(n, probability, power):
    found = count_reached(n, probability, power=power)
    law = stats.binom(n, float(probability))
    assert law.sf(found - 1) >= power
    assert found == n or law.sf(found) < power * (1 + 1e-8)


def test_levels_round_down():
    for text in ("0.1", "1e-300", "0.3", "0.999"):
        level = level_of(text)
        assert Fraction(level) <= Fraction(text) < Fraction(math.nextafter(level, 1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: largest_radius("cohen", 0, alpha="0.1", scale=1),
            r"num_samples = 0 is outside \[1, 1000000000000000\]",
        ),
        (
            lambda: largest_radius("cohen", 10, alpha="1", scale=1),
            r"alpha = 1 is outside \(0, 1\)",
        ),
        (
            lambda: largest_radius("cohen", 1, alpha="0.1", scale=-2),
            r"scale = -2 is outside \(0, inf\)",
        ),
        (
            lambda: largest_radius("yang", 10, alpha="0.1", scale=1),
            "method = yang is none of theorem_1",
        ),
        (
            lambda: unanimous_samples("cohen", "-0.1", alpha="0.1", scale=1),
            r"radius = -0.1 is outside \[0, inf\)",
        ),
        (
            lambda: unanimous_samples("cohen", 1, alpha="nan", scale=1),
            "alpha = nan is outside",
        ),
        (
            lambda: samples_needed_for("cohen", 1, 2, alpha="0.1", scale=1, power=0.9),
            r"probability = 2 is outside \[0, 1\]",
        ),
        (
            lambda: samples_needed_for("cohen", 1, "0.99", alpha="0.1", scale=1, power=0.05),
            r"power = 0.05 is outside \(alpha, 1\), alpha = 0.1",
        ),
        (
            lambda: samples_needed_for("cohen", 1, "0.99", alpha="0.1", scale=1, power=1.0),
            r"power = 1.0 is outside \(alpha, 1\), alpha = 0.1",
        ),
        (lambda: level_of("1e-400"), r"alpha = 1e-400 is outside \[2\^-1022, 1\)"),
        (lambda: least_samples(0, 0, level=0.1, false_pass=0.1), r"null = 0 is outside \(0, 1\)"),
        (
            lambda: least_samples(0.5, -0.1, level=0.1, false_pass=0.1),
            r"truth = -0.1 is outside \[0, 1\]",
        ),
        (
            lambda: check_rates(0.4, 0.6),
            r"false_pass = 0.6 is outside \[1e-300, 1 - level\), level = 0.4",
        ),
        (lambda: count_reached(0, "0.5", power=0.5), "num_samples = 0 is outside"),
        (lambda: count_reached(5, "0.5", power=1), r"power = 1 is outside \(0, 1\)"),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
