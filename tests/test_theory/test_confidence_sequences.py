"""Anytime-valid bounds, against the exact law of the counts by dynamic programming."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from scipy import integrate, signal, stats

from theory import confidence_sequences as sequences
from theory.confidence import lower
from theory.confidence_sequences import (
    anytime_lower,
    anytime_upper,
    boundary,
    log_evidence,
    looks,
)

ALPHA = 0.05


def crossing(p, least, *, horizon):
    """P(count >= least(t) at some t <= horizon) with a look at every t, step by step."""
    mass, crossed = np.zeros(horizon + 2), 0.0
    mass[0] = 1.0
    for t in range(1, horizon + 1):
        mass = (1 - p) * mass + p * np.concatenate([[0.0], mass[:-1]])
        at = least(t)
        crossed += mass[at:].sum()
        mass[at:] = 0.0
    return crossed


@pytest.mark.parametrize("p0", [0.1, 0.5, 0.9])
def test_a_false_stop_has_at_most_the_stated_probability(p0):
    crossed = crossing(p0, lambda t: boundary(t, p0, alpha=ALPHA), horizon=400)
    assert 0.5 * ALPHA < crossed <= ALPHA


def test_below_the_null_the_probability_is_smaller():
    at, below = (
        crossing(p, lambda t: boundary(t, 0.5, alpha=ALPHA), horizon=400) for p in (0.5, 0.49)
    )
    assert below < at


@pytest.mark.parametrize("p0", [0.1, 0.5, 0.9])
def test_twice_the_level_is_refuted(p0):
    assert crossing(p0, lambda t: boundary(t, p0, alpha=2 * ALPHA), horizon=400) > ALPHA


@pytest.mark.parametrize("p0", [0.5, 0.9])
def test_a_mixture_that_is_not_normed_is_refuted(p0, monkeypatch):
    honest = sequences._log_evidence
    monkeypatch.setattr(
        sequences, "_log_evidence", lambda k, t, p: honest(k, t, p) - math.log(1 - p0)
    )
    assert crossing(p0, lambda t: boundary(t, p0, alpha=ALPHA), horizon=400) > ALPHA


def test_clopper_and_pearsons_bound_is_refuted_at_every_look():
    def least(t):
        return next((k for k in range(t + 1) if lower(k, t, alpha=ALPHA) > 0.5), t + 1)

    assert crossing(0.5, least, horizon=100) > 2 * ALPHA


@pytest.mark.parametrize("p0", [0.25, 0.75])
def test_the_other_side_is_the_mirror_image(p0):
    """Exact in rational arithmetic: the crossing of p >= p0 by small counts."""
    mass, crossed, p = {0: Fraction(1)}, Fraction(0), Fraction(p0)
    for t in range(1, 41):
        moved = {}
        for k, weight in mass.items():
            moved[k] = moved.get(k, 0) + weight * (1 - p)
            moved[k + 1] = moved.get(k + 1, 0) + weight * p
        most = boundary(t, p0, alpha=ALPHA, alternative="less")
        crossed += sum(weight for k, weight in moved.items() if k <= most)
        mass = {k: weight for k, weight in moved.items() if k > most}
    assert 0 < crossed <= Fraction(1, 20)


@pytest.mark.parametrize(("k", "t", "p0"), [(9, 10, 0.5), (60, 100, 0.5), (99, 100, 0.9)])
def test_the_closed_form_is_the_integral(k, t, p0):
    """M by quadrature of its definition: a lower bound, and one part in 100 off where M matters."""

    def ratio(q):
        return (q / p0) ** k * ((1 - q) / (1 - p0)) ** (t - k)

    mean = integrate.quad(ratio, p0, 1)[0] / (1 - p0)
    found = log_evidence(k, t, p0)
    assert math.log(mean) - 0.1 < found <= math.log(mean) + 1e-9


def test_a_mean_of_the_likelihood_ratio_is_one():
    """E M_t = 1 at p0, summed over all counts; the rounding and the cut only lose."""
    t, p0 = 30, 0.4
    evidence = [math.exp(log_evidence(k, t, p0)) for k in range(t + 1)]
    assert 0.5 < np.dot(stats.binom.pmf(np.arange(t + 1), t, p0), evidence) <= 1


def test_the_bound_rejects_what_the_boundary_rejects():
    for k, t in ((90, 100), (990, 1000), (5000, 8000)):
        bound = anytime_lower(k, t, alpha=0.01)
        assert boundary(t, bound, alpha=0.01) <= k
        assert boundary(t, min(bound * (1 + 1e-9), 0.9999999), alpha=0.01) > k
        assert bound < lower(k, t, alpha=0.01)
        assert anytime_upper(t - k, t, alpha=0.01) == pytest.approx(1 - bound, abs=1e-15)


def test_the_bound_holds_at_all_times_together():
    """P(the bound is ever above p), by the exact law of the path of counts."""
    p, horizon = 0.8, 80
    table = {
        t: next((k for k in range(t + 1) if anytime_lower(k, t, alpha=ALPHA) > p), t + 1)
        for t in range(1, horizon + 1)
    }
    assert 0 < crossing(p, table.__getitem__, horizon=horizon) <= ALPHA


def test_counts_that_tell_nothing():
    assert log_evidence(0, 10, 0.5) == -math.inf
    assert log_evidence(5, 10, 0.5) == -math.inf  # (t + 1) p0 = 5.5 > 5
    assert anytime_lower(0, 10, alpha=0.01) == 0 and anytime_upper(10, 10, alpha=0.01) == 1
    assert boundary(1, 0.5, alpha=0.01) == 2
    assert boundary(1, 0.5, alpha=0.01, alternative="less") == -1


def test_all_samples_agree():
    """k = t: M = (p0^-(t+1) - 1) p0/((t + 1)(1 - p0)), without a tail to bound."""
    p0, t = 0.5, 20
    exact = math.log((p0 ** -(t + 1) - 1) * p0 / ((t + 1) * (1 - p0)))
    assert log_evidence(t, t, p0) == pytest.approx(exact, abs=1e-9)


def test_ten_billion_samples():
    n = 10**10
    bound = anytime_lower(n - 10**6, n, alpha=0.001)
    assert 0.999899 < bound < 0.9999
    assert anytime_upper(10**6, n, alpha=0.001) == pytest.approx(1 - bound, abs=1e-15)


@pytest.mark.parametrize(("alpha", "bound"), [(1e-300, 1e-320), (5e-324, 0.0)])
def test_a_bound_among_the_subnormal_floats_ends_the_search(alpha, bound):
    """One success in ten billion: 2^-45 of such a bound is less than any gap between floats."""
    t = 10**10
    assert anytime_lower(1, t, alpha=alpha) == pytest.approx(bound, rel=0.5)
    assert anytime_upper(t - 1, t, alpha=alpha) == 1


def expected_samples(p, p0, n, alpha):
    """E of the stopping time of both one-sided tests at the looks, and P(p > p0 is decided)."""
    mass, before, expected, decided = np.ones(1), 0, 0.0, 0.0
    for t in looks(n):
        expected += mass.sum() * (t - before)
        step = stats.binom.pmf(np.arange(t - before + 1), t - before, p)
        mass = np.maximum(signal.fftconvolve(mass, step), 0.0)
        above = boundary(t, p0, alpha=alpha)
        below = boundary(t, p0, alpha=alpha, alternative="less")
        decided += mass[above:].sum()
        counts = np.arange(len(mass))
        mass = np.where((counts < above) & (counts > below), mass, 0.0)
        before = t
        if mass.sum() < 1e-9:
            break
    return expected + mass.sum() * (n - before), decided


@pytest.mark.parametrize("p0", [0.5, 0.6, 0.75, 0.9])
@pytest.mark.parametrize("shift", [0.05, -0.05])
def test_power_a_twentieth_of_the_samples_decides(p0, shift):
    expected, decided = expected_samples(p0 + shift, p0, 100_000, 0.001)
    assert expected <= 100_000 / 20
    assert decided > 1 - 1e-4 if shift > 0 else decided < 0.001


def test_looks_grow_and_end():
    for n in (1, 63, 64, 65, 1000, 100_000, 10**10):
        found = looks(n)
        assert found[-1] == n
        assert all(a < b <= a + math.ceil(a / 20) for a, b in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: looks(0), r"num_samples = 0 is outside \[1, 10000000000\]"),
        (lambda: log_evidence(3, 2, 0.5), r"successes = 3 is outside \[0, num_samples = 2\]"),
        (lambda: log_evidence(1, 2, 1.0), r"p0 = 1.0 is outside \(0, 1\)"),
        (lambda: boundary(2, 0.5, alpha=0.0), r"alpha = 0.0 is outside \(0, 1\)"),
        (lambda: boundary(2, 0.5, alpha=0.1, alternative="two"), "alternative = two is none of"),
        (lambda: anytime_lower(1, 2, alpha=math.nan), r"alpha = nan is outside \(0, 1\)"),
    ],
)
def test_bad_input_is_one_line(call, message):
    with pytest.raises(ValueError, match=message) as caught:
        call()
    assert "\n" not in str(caught.value)
