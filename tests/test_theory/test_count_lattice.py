import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats
from statsmodels.stats.proportion import proportion_confint

from theory import confidence, count_lattice
from theory.count_lattice import (
    counts_between,
    fitting_alphas,
    fitting_samples,
    greatest_counts,
    least_counts,
    lower_bounds,
    on_lattice,
    upper_tails,
)

SAMPLES = st.integers(1, 60)
ALPHAS = st.sampled_from([1e-9, 0.001, 0.01, 0.05, 0.3, 0.5, 0.9, 0.999])


def lattice(n, alpha):
    """All bounds, by SciPy's quantile of the beta law."""
    k = np.arange(n + 1)
    return np.where(k > 0, stats.beta.ppf(alpha, np.maximum(k, 1), n - k + 1), 0.0)


@settings(max_examples=150, deadline=None)
@given(n=SAMPLES, alpha=ALPHAS, ends=st.tuples(st.floats(0, 1), st.floats(0, 1)))
def test_counts_are_those_of_the_whole_lattice(n, alpha, ends):
    low, high = sorted(ends)
    bounds = lattice(n, alpha)
    # an end closer to a lattice point than the margins may fall to either side
    if np.min(np.abs(bounds[:, None] - [low, high])) < 1e-8:
        return
    assert least_counts(low, n, alpha=alpha) == np.sum(bounds < low)
    assert greatest_counts(high, n, alpha=alpha) == np.sum(bounds <= high) - 1
    inside = np.flatnonzero((low <= bounds) & (bounds <= high))
    first, last = counts_between(low, high, n, alpha=alpha)
    assert on_lattice(low, high, n, alpha=alpha) == (inside.size > 0)
    assert list(range(int(first), int(last) + 1)) == inside.tolist()


@pytest.mark.parametrize("n", [1, 2, 7, 60])
@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.5])
def test_a_bound_itself_belongs_to_its_count_alone(n, alpha):
    k = np.arange(n + 1)
    for bounds in (
        lattice(n, alpha),
        lower_bounds(k, n, alpha=alpha),
        # two-sided at 2 alpha is one-sided at alpha
        np.asarray(proportion_confint(k, n, alpha=2 * alpha, method="beta")[0])
        if alpha < 0.5
        else lattice(n, alpha),
    ):
        first, last = counts_between(bounds, bounds, n, alpha=alpha)
        assert (first == k).all() and (last == k).all()
        # the mutant that forgets to halve, or another n, is told apart
        assert not on_lattice(bounds[1:], bounds[1:], n, alpha=alpha / 2).any()
        assert not on_lattice(bounds[-1], bounds[-1], n + 1, alpha=alpha)


@pytest.mark.parametrize("n", [10**5, 10**7, 10**10])
@pytest.mark.parametrize("alpha", [1e-200, 1e-9, 0.001, 0.5])
def test_large_lattices_find_the_count_of_every_bound(n, alpha):
    rng = np.random.default_rng(5)
    k = np.concatenate([[0, 1, 2, n - 1, n], rng.integers(1, n, 20), n - rng.integers(0, 99, 20)])
    bounds = lower_bounds(k, n, alpha=alpha)
    first, last = counts_between(bounds, bounds, n, alpha=alpha)
    assert (first == k).all() and (last == k).all()
    # half a spacing away there is nothing
    inner = k[(k > 0) & (k < n)]
    middles = (lower_bounds(inner, n, alpha=alpha) + lower_bounds(inner + 1, n, alpha=alpha)) / 2
    first, last = counts_between(middles, middles, n, alpha=alpha)
    assert (first == inner + 1).all() and (last == inner).all()


def test_lower_bounds_are_those_of_one_count_at_a_time():
    counts = [[5, 0], [1000, 5]]
    expected = [[confidence.lower(k, 1000, alpha=0.01) for k in row] for row in counts]
    assert lower_bounds(counts, 1000, alpha=0.01).tolist() == expected
    assert lower_bounds([], 1000, alpha=0.01).shape == (0,)


@pytest.mark.parametrize("n,k,p", [(50, 30, 0.5), (10**6, 999_990, 0.99998), (10**10, 10**10, 1)])
def test_tails_are_binomial(n, k, p):
    found = float(upper_tails(k, n, p))
    if p == 1:
        assert found == 1.0
        return
    with mpmath.workdps(40):
        q = 1 - mpmath.mpf(p)
        exact = mpmath.fsum(
            mpmath.binomial(n, j) * q**j * mpmath.mpf(p) ** (n - j) for j in range(n - k + 1)
        )
    assert math.isclose(found, float(exact), rel_tol=1e-9)


@settings(max_examples=60, deadline=None)
@given(
    n=SAMPLES,
    alpha=ALPHAS,
    place=st.floats(0, 1),
    ends=st.tuples(st.floats(0.01, 0.99), st.floats(0.01, 0.99)),
)
def test_an_error_rate_fits_where_its_bound_lies_in_the_interval(n, alpha, place, ends):
    low, high = sorted(ends)
    k = round(place * n)
    bound = lattice(n, alpha)[k]
    if min(abs(bound - low), abs(bound - high)) < 1e-8:
        return
    least, most = fitting_alphas(k, low, high, n)
    assert (least <= alpha <= most) == (low <= bound <= high)


@settings(max_examples=60, deadline=None)
@given(
    misses=st.integers(0, 12),
    alpha=ALPHAS,
    ends=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_samples_fit_where_their_bound_lies_in_the_interval(misses, alpha, ends):
    low, high = sorted(ends)
    n = np.arange(max(misses, 1), 200)
    k = n - misses
    bounds = np.where(k > 0, stats.beta.ppf(alpha, np.maximum(k, 1), misses + 1), 0.0)
    if np.min(np.abs(bounds[:, None] - [low, high])) < 1e-8 and low > 0:
        return
    first, last = fitting_samples(misses, low, high, alpha=alpha)
    assert n[(low <= bounds) & (bounds <= high)].tolist() == [m for m in n if first <= m <= last]


@pytest.mark.parametrize("alpha", [1 - 1e-6, 1 - 1e-9, 1 - 1e-12, 1 - 2.0**-53])
@pytest.mark.parametrize("n", [1, 7, 200, 10**5])
def test_an_alpha_near_one_has_a_lattice_too(n, alpha):
    k = np.unique(np.linspace(0, n, 50).astype(int))
    bounds = lower_bounds(k, n, alpha=alpha)
    first, last = counts_between(bounds, bounds, n, alpha=alpha)
    assert (first <= k).all() and (k <= last).all()
    if alpha < 1 - 2.0**-49:
        assert least_counts(1.0, n, alpha=alpha) == n + 1


def test_near_one_the_margin_is_of_what_is_missing(monkeypatch):
    """A 2^-30 of alpha itself would be a thousandth of 1 - alpha: rows that do not fit would."""
    n, alpha = 200, 1 - 1e-6
    k = np.arange(100, 150)
    bounds = lattice(n, alpha)[k] + 1e-6
    assert not on_lattice(bounds, bounds + 1e-8, n, alpha=alpha).any()
    least, most = fitting_alphas(k, bounds, bounds, n)
    assert ((least - alpha > 1e-13) & (most - least < 1e-13)).all()
    monkeypatch.setattr(count_lattice, "_slack", lambda tails: tails * 2.0**-30)
    assert on_lattice(bounds, bounds + 1e-8, n, alpha=alpha).any()


def test_the_margin_covers_what_scipy_loses_near_one():
    rng = np.random.default_rng(11)
    for n in (100, 10**5, 10**7, 10**10):
        p = rng.uniform(0.01, 0.999, 2000)
        away = rng.uniform(-1, 8, p.size) * np.sqrt(n * p * (1 - p))
        k = np.clip((n * p - away).astype(np.int64), 1, n)
        apart = np.abs(upper_tails(k, n, p) - (1 - special.betaincc(k, n - k + 1, p)))
        assert (apart <= count_lattice._slack(upper_tails(k, n, p)) / 4).all()


def test_ends_of_the_range():
    assert least_counts([0.0, 1.0], 10, alpha=0.5).tolist() == [0, 11]
    assert greatest_counts([0.0, 1.0], 10, alpha=0.5).tolist() == [0, 10]
    assert on_lattice([0.0, 1.0], [0.0, 1.0], 10, alpha=0.5).tolist() == [True, False]
    # the bound of no success is 0 at every alpha
    assert [float(x) for x in fitting_alphas(0, 0.0, 0.1, 10)] == [0.0, 1.0]
    assert [float(x) for x in fitting_alphas(0, 0.05, 0.1, 10)] == [1.0, 1.0]
    assert [float(x) for x in fitting_alphas(11, 0.1, 0.2, 10)] == [0.0, 0.0]
    assert least_counts([], 10, alpha=0.5).shape == (0,)


def test_every_parameter_broadcasts():
    n, alpha = np.array([20, 50]), np.array([[0.01], [0.2], [0.6]])
    found = least_counts(0.7, n, alpha=alpha)
    expected = [[np.sum(lattice(m, a) < 0.7) for m in (20, 50)] for a in (0.01, 0.2, 0.6)]
    assert found.tolist() == np.array(expected).tolist()


def test_mutants_are_told_from_the_lattice(monkeypatch):
    n, alpha = 10**7, 0.05
    counts = np.arange(n // 2, n // 2 + 50)
    bounds = lower_bounds(counts, n, alpha=alpha) * (1 - 2.0**-41)
    assert on_lattice(bounds, bounds, n, alpha=alpha).all()
    assert not on_lattice(bounds, bounds, n, alpha=alpha / 2).any()
    assert not on_lattice(bounds, bounds, n + 1, alpha=alpha).any()
    with monkeypatch.context() as patch:
        # inward instead of outward: rounded bounds are lost
        patch.setattr(count_lattice, "END_MARGIN", -(2.0**-39))
        assert not on_lattice(bounds, bounds, n, alpha=alpha).any()
    first = count_lattice._first
    monkeypatch.setattr(count_lattice, "_first", lambda p, n, level: first(p, n, level) + 1)
    assert (least_counts(bounds, n, alpha=alpha) != counts).all()


@pytest.mark.parametrize(
    "call,message",
    [
        (lambda: least_counts(1.5, 10, alpha=0.1), r"1.5 is outside \[0, 1\]"),
        (lambda: least_counts(math.nan, 10, alpha=0.1), "nan is outside"),
        (lambda: least_counts(0.5, 0, alpha=0.1), r"num_samples = 0 is outside \[1, 10"),
        (lambda: least_counts(0.5, 2.5, alpha=0.1), "num_samples = 2.5 is no integer"),
        (lambda: least_counts(0.5, 10**10 + 1, alpha=0.1), "10000000001 is outside"),
        (lambda: greatest_counts(0.5, 10, alpha=0.0), r"alpha = 0.0 is outside \[1e-250, 1\)"),
        (lambda: greatest_counts(0.5, 10, alpha=1.0), "alpha = 1.0 is outside"),
        (lambda: counts_between(0.6, 0.5, 10, alpha=0.1), r"0.6 is outside \[0, upper = 0.5\]"),
        (lambda: upper_tails(12, 10, 0.5), r"12, outside \[0, n \+ 1\]"),
        (lambda: lower_bounds([11], 10, alpha=0.1), r"successes = 11 is outside"),
    ],
)
def test_bad_input_is_one_line(call, message):
    with pytest.raises(ValueError, match=message) as error:
        call()
    assert "\n" not in str(error.value)
