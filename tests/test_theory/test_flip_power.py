"""Powers and sample sizes against brute force with SciPy's binomial law, every n tried in turn."""

import math

import numpy as np
import pytest
from scipy import stats

from theory.confidence import BinomialTest
from theory.flip_power import (
    flip_power,
    lead_power,
    lead_samples_needed,
    samples_needed,
    smallest_excess,
    smallest_lead_excess,
)


def critical(n, null, level):
    """The largest k with P(X <= k) <= level, by looking at every k."""
    tails = stats.binom.cdf(np.arange(n + 1), n, null)
    return int(np.searchsorted(tails, level, side="right")) - 1


def brute_power(n, truth, level, null=0.5):
    return float(stats.binom.cdf(critical(n, null, level), n, truth))


@pytest.mark.parametrize("n", [1, 7, 20, 173, 2000])
@pytest.mark.parametrize("probability", [0.0, 0.13, 0.4, 0.49])
@pytest.mark.parametrize(("level", "bias"), [(0.05, 0.0), (1e-6, 0.0), (0.01, 0.004)])
def test_power_is_the_binomial_sum(n, probability, level, bias):
    found = flip_power(n, probability, level=level, bias=bias)
    exact = brute_power(n, probability + bias, level, 0.5 - bias)
    assert found == pytest.approx(exact, abs=1e-8)
    assert found <= exact * (1 + 1e-12)


@pytest.mark.statistical(false_fail=1e-9, reason="one exact binomial test")
def test_power_is_what_a_simulated_test_does(fresh):
    # 0.8042 of 20000 tests show the flip
    counts = np.random.default_rng(fresh(3)).binomial(1000, 0.45, size=20_000)
    shown = int(np.sum(stats.binom.cdf(counts, 1000, 0.5) <= 0.01))
    expected = flip_power(1000, 0.45, level=0.01)
    test = BinomialTest(20_000, expected, expected + 1e-8)  # it is rounded down, by 2^-29 or so
    assert test.p_value(shown) > 1e-9
    assert test.false_pass(expected + 0.03, alpha=1e-9) < 1e-3  # what would escape is small


CASES = [
    (0.30, 0.05, 0.1, 0.0),
    (0.40, 0.01, 0.1, 0.0),
    (0.45, 0.01, 0.1, 0.0),
    (0.45, 1e-6, 1e-3, 0.0),
    (0.48, 0.03, 0.2, 0.0),
    (0.44, 0.02, 0.05, 0.006),
    (0.0, 1e-4, 0.1, 0.0),
    (0.01, 0.2, 0.4, 0.0),
]


@pytest.mark.parametrize(("probability", "level", "false_pass", "bias"), CASES)
def test_the_first_n_with_the_power(probability, level, false_pass, bias):
    n = samples_needed(probability, level=level, false_pass=false_pass, bias=bias)
    powers = [brute_power(m, probability + bias, level, 0.5 - bias) for m in range(1, n + 1)]
    assert powers[-1] >= 1 - false_pass - 1e-9
    assert max(powers[:-1], default=0.0) < 1 - false_pass


def test_the_power_is_a_saw_tooth():
    n = samples_needed(0.45, level=0.01, false_pass=0.1)
    after = [flip_power(m, 0.45, level=0.01) for m in range(n, n + 40)]
    assert min(after) < 0.9 <= after[0]


@pytest.mark.parametrize("many", [1e-2, 1e-3, 3e-4])
def test_sample_sizes_far_out_are_those_of_the_normal_law(many):
    n = samples_needed(0.5 - many, level=1e-6, false_pass=1e-3)
    z = stats.norm.isf(1e-6) + stats.norm.isf(1e-3)
    assert n == pytest.approx((z / (2 * many)) ** 2, rel=2e-3)
    assert flip_power(n, 0.5 - many, level=1e-6) >= 0.999


def test_no_number_of_samples_shows_what_is_none_or_too_small():
    for probability, bias in ((0.5, 0.0), (0.7, 0.0), (0.499, 0.001), (0.5 - 1e-6, 0.0)):
        found = samples_needed(probability, level=0.01, false_pass=0.1, bias=bias)
        assert found is None


@pytest.mark.parametrize("n", [60, 1000, 12_345, 10**6])
@pytest.mark.parametrize(("level", "false_pass"), [(0.01, 0.1), (1e-9, 1e-3)])
@pytest.mark.parametrize(("scale", "bias"), [(1.0, 0.0), (0.3, 0.002)])
def test_smallest_excess_has_the_power_and_less_has_not(n, level, false_pass, scale, bias):
    excess = smallest_excess(n, scale=scale, level=level, false_pass=false_pass, bias=bias)

    def brute(distance):
        truth = stats.laplace.cdf(-distance, scale=scale) + bias
        if n < 10**5:
            return brute_power(n, truth, level, 0.5 - bias)
        k = int(stats.binom.ppf(level, n, 0.5 - bias)) - 1
        return float(stats.binom.cdf(k, n, truth))

    assert brute(excess) >= 1 - false_pass - 1e-9
    assert brute(excess * (1 - 1e-5)) < 1 - false_pass
    assert brute(2 * excess) > brute(excess)


def test_too_few_samples_have_no_excess():
    assert smallest_excess(29, scale=1.0, level=1e-9, false_pass=1e-3) == math.inf
    # all of 30 must be cB at the level 2^-30, and are if q is small enough
    least = smallest_excess(30, scale=1.0, level=2.0**-29.9, false_pass=1e-3)
    assert 0.5 * math.exp(-least) == pytest.approx(-math.expm1(math.log(0.999) / 30), rel=1e-6)


def brute_lead(n, a, b, level, word=0.0):
    total = 0.0
    for m in range(1, n + 1):
        bias = min(1.0, 4 * word * n / m)
        weight = stats.binom.pmf(m, n, a + b)
        if weight > 1e-16 and bias < 0.5:
            total += weight * brute_power(m, min(1.0, a / (a + b) + bias), level, 0.5 - bias)
    return total


@pytest.mark.parametrize("n", [5, 60, 700])
@pytest.mark.parametrize(("a", "b"), [(0.2, 0.25), (0.0, 0.1), (0.3, 0.7), (0.05, 0.11)])
@pytest.mark.parametrize(("level", "word"), [(0.01, 0.0), (0.03, 1e-3)])
def test_lead_power_is_the_double_sum(n, a, b, level, word):
    found = lead_power(n, a, b, level=level, word=word)
    assert found == pytest.approx(brute_lead(n, a, b, level, word), abs=1e-8)


def test_cells_lose_little_and_only_downwards(monkeypatch):
    exact = lead_power(40_000, 0.2, 0.21, level=0.01)
    monkeypatch.setattr("theory.flip_power._CELLS", 300)
    coarse = lead_power(40_000, 0.2, 0.21, level=0.01)
    assert exact - 0.02 < coarse < exact


def test_lead_sample_size_is_a_crossing():
    for a, b, level, false_pass in ((0.2, 0.25, 0.01, 0.1), (0.1, 0.2, 1e-4, 0.01)):
        n = lead_samples_needed(a, b, level=level, false_pass=false_pass)
        assert brute_lead(n, a, b, level) >= 1 - false_pass > brute_lead(n - 1, a, b, level)
    for level in (0.01, 1e-6):  # one more or less of a + b = 1 is none of M, nor of the saw-tooth
        n = lead_samples_needed(0.35, 0.65, level=level, false_pass=0.05, word=1e-3)
        shown = [brute_power(m, 0.35 + 4e-3, level, 0.5 - 4e-3) >= 0.95 for m in range(1, n + 1)]
        assert shown == [False] * (n - 1) + [True]
    n = lead_samples_needed(0.075, 0.924, level=1.5e-7, false_pass=2.4e-3)
    shown = [brute_lead(m, 0.075, 0.924, 1.5e-7) >= 1 - 2.4e-3 for m in range(1, n + 3)]
    assert shown.index(True) == n - 1 and not all(shown[n - 1 :])
    assert lead_samples_needed(0.3, 0.3, level=0.01, false_pass=0.1) is None
    assert lead_samples_needed(0.3, 0.3 + 1e-8, level=0.01, false_pass=0.1) is None


def test_smallest_lead_excess_against_scipys_masses():
    def masses(excess):
        low = stats.laplace.cdf(-0.4 - excess / 2.0)
        return low, stats.laplace.cdf(-0.4 + excess / 2.0)

    options = {"level": 0.01, "false_pass": 0.05}
    found = smallest_lead_excess(900, masses, scale=2.0, word=1e-6, **options)
    assert brute_lead(900, *masses(found), 0.01, 1e-6) >= 0.95 - 1e-8
    assert brute_lead(900, *masses(found * (1 - 1e-6)), 0.01, 1e-6) < 0.95
    assert smallest_lead_excess(4, masses, scale=2.0, **options) == math.inf


def test_a_rare_class_leads_far_out():
    def masses(excess):  # PA' = 1/2 and PB' of about 1e-90: both far out at R
        return stats.laplace.cdf(-103.0 - excess), stats.laplace.cdf(-103.0 + excess)

    found = smallest_lead_excess(900, masses, scale=1.0, level=0.01, false_pass=0.05)
    assert brute_lead(900, *masses(found), 0.01) >= 0.95 - 1e-8
    assert brute_lead(900, *masses(found * (1 - 1e-6)), 0.01) < 0.95
    assert 64 < found < 103


@pytest.mark.parametrize("n", [1, 500, 10**10])
@pytest.mark.parametrize("mass", [1e-323, 1e-100, 1e-17, 1e-14, 1e-12])
def test_classes_that_are_hardly_ever_seen_show_nothing(n, mass):
    assert lead_power(n, 0.0, mass, level=1e-9) <= n * mass + 1e-15


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: flip_power(0, 0.3, level=0.1), "num_samples = 0 is outside"),
        (lambda: flip_power(10, -0.1, level=0.1), r"probability = -0.1 is outside \[0, 1\]"),
        (lambda: flip_power(10, 0.3, level=0), r"alpha = 0 is outside \(0, 1\)"),
        (lambda: flip_power(10, 0.3, level=0.1, bias=0.5), r"bias = 0.5 is outside \[0, 1/2\)"),
        (
            lambda: smallest_excess(10, scale=0.0, level=0.1, false_pass=0.1),
            r"scale = 0.0 is outside \(0, inf\)",
        ),
        (
            lambda: smallest_excess(10, scale=1.0, level=0.4, false_pass=0.7),
            r"false_pass = 0.7 is outside",
        ),
        (
            lambda: samples_needed(1.5, level=0.1, false_pass=0.1),
            r"probability = 1.5 is outside \[0, 1\]",
        ),
        (
            lambda: samples_needed(0.3, level=2, false_pass=0.1),
            r"level = 2 is outside \[1e-300, 1\)",
        ),
        (lambda: lead_power(10, 0.7, 0.6, level=0.1), r"masses = 0.7 and 0.6: legal are"),
        (
            lambda: lead_power(10, 0.1, 0.6, level=0.1, word=-1.0),
            r"word = -1.0 is outside \[0, inf",
        ),
        (
            lambda: lead_samples_needed(0.6, 0.7, level=0.1, false_pass=0.1),
            r"masses = 0.6 and 0.7: legal are",
        ),
        (
            lambda: smallest_lead_excess(
                900, lambda _: (0.2, 0.5), scale=1.0, level=0.01, false_pass=0.05
            ),
            r"masses\(0\) = \(0.2, 0.5\): legal are masses that are equal there",
        ),
        (
            lambda: lead_samples_needed(0.1, 0.6, level=0.1, false_pass=0.9),
            r"false_pass = 0.9 is outside \[1e-300, 1 - level\)",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
