"""Confidence bounds and tests of counts against statsmodels, SciPy, mpmath and brute force."""

import dataclasses
import itertools
import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import proportion_confint

from tests.holm_oracle import holm_by_statsmodels
from theory import confidence
from theory.confidence import BinomialTest, detectable_shift, holm, interval, lower, upper

ALTERNATIVES = ("two-sided", "greater", "less")
COUNTS = [(0, 1), (1, 1), (0, 20), (20, 20), (7, 20), (1, 1000), (999, 1000), (99_000, 100_000)]


def exact_tail(k: int, n: int, p: float) -> mpmath.mpf:
    """P(X >= k) summed term by term with 50 digits, for k at or above the mean."""
    with mpmath.workdps(50):
        q = mpmath.mpf(p)
        term = mpmath.binomial(n, k) * q**k * (1 - q) ** (n - k)
        total = mpmath.mpf(0)
        for j in range(k, n + 1):
            total += term
            if term < total * mpmath.mpf(10) ** -40:
                break
            term *= (n - j) * q / ((j + 1) * (1 - q))
        return total


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.4])
@pytest.mark.parametrize(("k", "n"), COUNTS)
def test_bounds_agree_with_statsmodels_and_round_outward(k: int, n: int, alpha: float) -> None:
    low, high = interval(k, n, alpha=alpha)
    expected = proportion_confint(k, n, alpha=alpha, method="beta")
    assert (low, high) == pytest.approx(expected, rel=1e-11, abs=0)
    assert low <= expected[0]
    assert high >= expected[1]
    assert (low, high) == (lower(k, n, alpha=alpha / 2), upper(k, n, alpha=alpha / 2))


@pytest.mark.parametrize("alpha", [1e-300, 1e-12, 0.001])
@pytest.mark.parametrize(("k", "n"), [(1, 50), (40, 50), (50, 50), (600, 1000), (3, 100_000)])
def test_lower_bound_solves_its_equation_in_extreme_tails(k: int, n: int, alpha: float) -> None:
    bound = lower(k, n, alpha=alpha)
    # Rounded down: the tail there is below alpha, and just above the bound it is not.
    slack = 1e-11 if alpha > 1e-250 else 1e-5
    assert exact_tail(k, n, bound) < alpha
    assert exact_tail(k, n, bound * (1 + slack)) > alpha
    # The mirror image: failures take the place of successes.
    assert upper(n - k, n, alpha=alpha) == pytest.approx(1 - bound, rel=slack)


def test_lower_bound_of_all_successes_is_the_root_of_alpha() -> None:
    for n, alpha in itertools.product((1, 17, 10**10), (0.001, 0.3)):
        assert lower(n, n, alpha=alpha) == pytest.approx(alpha ** (1 / n), rel=1e-12)
        assert upper(0, n, alpha=alpha) == pytest.approx(-math.expm1(math.log(alpha) / n))
    assert (lower(0, 17, alpha=0.1), upper(17, 17, alpha=0.1)) == (0.0, 1.0)


def test_lower_bound_covers() -> None:
    # Exactly, not by simulation: the chance that the bound exceeds the truth.
    n, alpha = 60, 0.07
    bounds = np.array([lower(k, n, alpha=alpha) for k in range(n + 1)])
    for p in (0.01, 0.2, 0.5, 0.93):
        assert binom.pmf(np.arange(n + 1), n, p)[bounds > p].sum() <= alpha


@settings(max_examples=15)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    _, expected = holm_by_statsmodels(p_values)
    np.testing.assert_allclose(holm(p_values), expected, rtol=1e-12, atol=1e-300)


def test_holm_of_nothing_and_of_extremes() -> None:
    assert holm([]).shape == (0,)
    np.testing.assert_allclose(holm([1e-300, 0.5, 1.0]), [3e-300, 1.0, 1.0])


@pytest.mark.parametrize("alternative", ["greater", "less"])
@pytest.mark.parametrize(
    ("k", "n", "p"), [(7, 20, 0.2), (0, 9, 0.6), (9, 9, 0.9), (480, 1000, 0.5)]
)
def test_one_sided_p_value_of_a_point_null_is_scipys(
    k: int, n: int, p: float, alternative: str
) -> None:
    ours = BinomialTest(n, p, p, alternative).p_value(k)
    expected = binomtest(k, n, p, alternative=alternative).pvalue
    assert ours == pytest.approx(expected, rel=2e-9)
    assert ours >= expected * (1 - 1e-12) or ours == 1.0


@pytest.mark.parametrize(
    ("n", "k", "p", "slack"),
    [
        (100_000, 50_000, 0.45, 2**-29),  # 8e-221
        (100_000, 50_000, 0.446, 1e-3),  # 2e-257, by the geometric bound
        (100_000, 3, 1e-104, 1e-6),
        (50, 50, 1e-6, 1e-6),
        (608, 577, 0.25732761634396517, 1e-3),  # 1e-292, where SciPy says 0
        (50, 40, 1.777e-8, 1e-3),  # 1e-300, where SciPy is 5e-7 too low
    ],
)
def test_p_value_keeps_its_accuracy_in_extreme_tails(
    n: int, k: int, p: float, slack: float
) -> None:
    exact = exact_tail(k, n, p)
    assert exact < 1e-200
    assert exact < BinomialTest(n, p, p, "greater").p_value(k) < exact * (1 + slack)
    near_one = 1 - p
    if near_one < 1:
        exact = exact_tail(k, n, 1 - near_one)
        value = BinomialTest(n, near_one, near_one, "less").p_value(n - k)
        assert exact < value < exact * (1 + slack)


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize(("low", "high"), [(0.3, 0.3), (0.25, 0.4), (0.0, 0.2), (0.7, 1.0)])
def test_composite_p_value_is_that_of_the_most_favourable_point(
    low: float, high: float, alternative: str
) -> None:
    n = 23
    test = BinomialTest(n, low, high, alternative)
    for k in range(n + 1):
        points = np.linspace(low, high, 2001)
        above, below = binom.sf(k - 1, n, points), binom.cdf(k, n, points)
        by_point = {
            "greater": above,
            "less": below,
            "two-sided": np.minimum(1, 2 * np.minimum(above, below)),
        }[alternative]
        assert test.p_value(k) >= by_point.max() * (1 - 1e-12)
        assert test.p_value(k) == pytest.approx(by_point.max(), rel=2e-3)


def test_impossible_counts_have_p_value_zero_and_possible_ones_never() -> None:
    assert BinomialTest(10, 0.0, 0.0, "greater").p_value(1) == 0
    assert BinomialTest(10, 1.0, 1.0).p_value(9) == 0
    assert BinomialTest(10, 0.0, 0.0).p_value(0) == 1
    # The exact value is about 1e-4330.
    assert 0 < BinomialTest(100_000, 0.9, 0.9).p_value(10) < 1e-300


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("alpha", [0.001, 0.2])
@pytest.mark.parametrize(("n", "low", "high"), [(1, 0.5, 0.5), (40, 0.3, 0.35), (40, 0.0, 0.9)])
def test_acceptance_region_and_false_pass_rate_by_brute_force(
    n: int, low: float, high: float, alpha: float, alternative: str
) -> None:
    test = BinomialTest(n, low, high, alternative)
    accepted = [k for k in range(n + 1) if test.p_value(k) > alpha]
    first, last = test.acceptance_region(alpha=alpha)
    assert accepted == list(range(first, last + 1))
    for truth in (0.0, 0.02, 0.31, 0.5, 0.99, 1.0):
        expected = binom.pmf(accepted, n, truth).sum()
        assert test.false_pass(truth, alpha=alpha) == pytest.approx(expected, rel=1e-8, abs=1e-300)
        assert test.false_pass(truth, alpha=alpha) >= expected * (1 - 1e-12)
        assert test.power(truth, alpha=alpha) == 1 - test.false_pass(truth, alpha=alpha)
    # The false-fail rate, anywhere in the null.
    for truth in np.linspace(low, high, 7):
        assert test.power(truth, alpha=alpha) <= alpha


@pytest.mark.parametrize("alternative", ALTERNATIVES)
@pytest.mark.parametrize("p", [0.0, 0.003, 0.5, 0.9, 1.0])
@pytest.mark.parametrize(("n", "alpha", "rate"), [(500, 0.01, 0.001), (100_000, 1e-5, 0.05)])
def test_detectable_shift_is_the_smallest(
    n: int, alpha: float, rate: float, p: float, alternative: str
) -> None:
    shift = detectable_shift(n, p, alpha=alpha, false_pass=rate, alternative=alternative)
    test = BinomialTest(n, p, p, alternative)
    signs = {"greater": (1,), "less": (-1,), "two-sided": (1, -1)}[alternative]

    def worst(distance: float) -> float:
        truths = [p + sign * distance for sign in signs if 0 <= p + sign * distance <= 1]
        return max((test.false_pass(truth, alpha=alpha) for truth in truths), default=0.0)

    if math.isinf(shift):
        # No room at all, or not even the end of [0, 1] is told from the null.
        ends = [(1 + sign) / 2 for sign in signs if (1 + sign) / 2 != p]
        assert all(test.false_pass(end, alpha=alpha) > rate for end in ends)
        return
    assert worst(shift) <= rate
    assert worst(shift * 0.999) > rate


def test_detectable_shift_where_a_side_has_no_room_and_with_a_bias() -> None:
    rates = {"alpha": 0.01, "false_pass": 0.001}
    assert math.isinf(detectable_shift(100, 1 - 1e-9, **rates, alternative="greater"))
    assert 0.01 < detectable_shift(100, 1 - 1e-9, **rates) < 0.1
    # One trial never refutes a fair coin at this level.
    assert math.isinf(detectable_shift(1, 0.5, **rates))
    plain, charged = (detectable_shift(10**6, 0.3, **rates, bias=b) for b in (0.0, 1e-4))
    assert charged - plain == pytest.approx(1e-4, rel=0.05)
    # Four times the samples halve the shift, nearly.
    assert detectable_shift(4 * 10**6, 0.3, **rates) == pytest.approx(plain / 2, rel=0.01)


def test_a_mutant_test_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tail that is off by one count (P(X > k) for P(X >= k)) breaks size and agreement."""
    honest = BinomialTest(40, 0.3, 0.3, "greater")
    assert honest.power(0.3, alpha=0.05) <= 0.05
    real = confidence.at_least
    monkeypatch.setattr(confidence, "at_least", lambda k, n, p: real(k + 1, n, p))
    low, high = honest.acceptance_region(alpha=0.05)
    assert binom.pmf(np.arange(low, high + 1), 40, 0.3).sum() < 0.95


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: lower(3, 2, alpha=0.1), "successes = 3 is outside [0, num_samples = 2]"),
        (lambda: upper(-1, 2, alpha=0.1), "successes = -1 is outside [0, num_samples = 2]"),
        (lambda: lower(0, 0, alpha=0.1), "num_samples = 0 is outside [1, 10000000000]"),
        (lambda: interval(1, 2, alpha=math.nan), "alpha = nan is outside (0, 1)"),
        (lambda: upper(1, 2, alpha=1.0), "alpha = 1.0 is outside (0, 1)"),
        (lambda: holm([0.1, math.nan]), "p_values holds nan, outside [0, 1]"),
        (lambda: holm([[0.1]]), "p_values has shape (1, 1), legal is (m,)"),
        (lambda: BinomialTest(5, 0.4, 0.3), "p_lower = 0.4 is outside [0, p_upper = 0.3]"),
        (lambda: BinomialTest(5, math.nan, 0.3), "p_lower = nan is outside [0, 1]"),
        (lambda: BinomialTest(5, 0.1, 1.5), "p_upper = 1.5 is outside [0, 1]"),
        (lambda: BinomialTest(5, 0.1, 0.5, "both"), "alternative = 'both' is not one of"),
        (lambda: BinomialTest(5, 0.1, 0.5).false_pass(-0.1, alpha=0.5), "truth = -0.1 is outside"),
        (
            lambda: detectable_shift(9, 0.5, alpha=0.5, false_pass=0.5),
            "false_pass = 0.5 is outside (0, 1 - alpha), alpha = 0.5",
        ),
        (
            lambda: detectable_shift(9, 0.5, alpha=0.1, false_pass=0.1, bias=-1.0),
            "bias = -1.0 is outside [0, inf)",
        ),
    ],
)
def test_domain_violations_name_the_value(call, message: str) -> None:
    with pytest.raises(ValueError, match=r"outside|legal|not one of") as caught:
        call()
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_counts_must_be_integers() -> None:
    with pytest.raises(TypeError):
        lower(2.5, 10, alpha=0.1)  # type: ignore[arg-type]


def test_a_test_is_a_frozen_value() -> None:
    test = BinomialTest(5, 0.1, 0.5)
    with pytest.raises(dataclasses.FrozenInstanceError):
        test.p_lower = 0.2  # type: ignore[misc]
