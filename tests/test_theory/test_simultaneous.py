"""Bounds on PA and PB together: the error rate of every small multinomial, summed exactly."""

import itertools
import math
from functools import lru_cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, binomtest
from statsmodels.stats.proportion import proportion_confint

from theory import simultaneous
from theory.confidence import lower, upper
from theory.simultaneous import Levels, levels, simultaneous_bounds, top_bound

#: n, K and alpha: large error rates, so that few samples can err
CASES = [
    (14, 2, 0.4),
    (13, 3, 0.3),
    (14, 3, 0.6),
    (9, 4, 0.5),
    (12, 4, 0.35),
    (7, 4, 0.9),
    (8, 5, 0.4),
]


@lru_cache
def outcomes(n: int, classes: int) -> np.ndarray:
    """Every vector of counts with the sum n."""
    if classes == 1:
        return np.array([[n]])
    parts = [
        np.column_stack([np.full(len(rest), first), rest])
        for first in range(n + 1)
        for rest in [outcomes(n - first, classes - 1)]
    ]
    return np.concatenate(parts)


def truths(n: int, classes: int, alpha: float) -> np.ndarray:
    """Equal classes, vertices, edges, a lattice, random ones, and those beside a bound's jump."""
    lattice = outcomes(6, classes) / 6
    rng = np.random.default_rng(n * classes)
    random = rng.dirichlet(np.full(classes, 0.7), 60)
    equal = [np.repeat([1 / k, 0], [k, classes - k]) for k in range(1, classes + 1)]
    beside = []
    for share, one, two in itertools.product((1, 0.5, 0.475), range(1, n + 1), range(n)):
        first = lower(one, n, alpha=share * alpha) * (1 - 1e-9)
        second = upper(two, n, alpha=share * alpha) * (1 + 1e-9)
        if first + second <= 1:
            rest = (1 - first - second) / max(1, classes - 2)
            beside.append([first, second, *[rest] * (classes - 2)])
            beside.append(beside[-1][::-1])
    kept = [row for row in beside if abs(sum(row) - 1) < 1e-9]
    return np.vstack([lattice, random, *equal, *kept])


def masses(counts: np.ndarray, p: np.ndarray) -> np.ndarray:
    """P(counts) under each p, shape (outcomes, truths), from factorials."""
    n = int(counts[0].sum())
    ways = [math.factorial(n) // math.prod(map(math.factorial, row)) for row in counts.tolist()]
    return np.array(ways)[:, None] * np.prod(p[None] ** counts[:, None, :], axis=2)


def error_rates(n: int, classes: int, alpha: float, *, both: bool, same_sample: bool) -> np.ndarray:
    """The probability, under each truth, that some bound is wrong."""
    counts, p = outcomes(n, classes), truths(n, classes, alpha)
    bound = simultaneous_bounds if both else top_bound
    wrong = np.zeros((len(counts), len(p)), dtype=bool)
    for row, votes in enumerate(counts.tolist()):
        top = None if same_sample else 0
        found = bound(votes, alpha=alpha, top=top, same_sample=same_sample)
        others = np.delete(p, found.top, axis=1).max(axis=1)
        wrong[row] = found.p_a > p[:, found.top]
        if both:
            wrong[row] |= found.p_b < others
    return (masses(counts, p) * wrong).sum(axis=0)


@pytest.mark.parametrize(("n", "classes", "alpha"), CASES)
@pytest.mark.parametrize("both", [False, True])
@pytest.mark.parametrize("same_sample", [False, True])
def test_the_bounds_hold_together(n, classes, alpha, both, same_sample):
    worst = error_rates(n, classes, alpha, both=both, same_sample=same_sample).max()
    assert worst <= alpha * (1 + 1e-9)
    assert worst >= alpha * 0.3  # they do err


def uncorrected(alpha, *, both, same_sample):
    """The whole of alpha for each bound, and no test of the lead."""
    return Levels(alpha, alpha if both else 0.0)


def selection_unpaid(alpha, *, both, same_sample):
    """What another sample's class costs, for a class that the same sample selected."""
    return levels(alpha, both=both, same_sample=False)


def lead_too_weak(alpha, *, both, same_sample):
    paid = levels(alpha, both=both, same_sample=same_sample)
    return Levels(paid.p_a, paid.p_b, 0.499)


@pytest.mark.parametrize(
    ("mutant", "both", "same_sample"),
    [
        (uncorrected, True, False),
        (uncorrected, False, True),
        (uncorrected, True, True),
        (selection_unpaid, False, True),
        (selection_unpaid, True, True),
        (lead_too_weak, False, True),
    ],
)
def test_less_than_that_is_too_little(monkeypatch, mutant, both, same_sample):
    monkeypatch.setattr(simultaneous, "levels", mutant)
    excess = [
        error_rates(n, classes, alpha, both=both, same_sample=same_sample).max() / alpha
        for n, classes, alpha in [*CASES[:2], (14, 2, 0.0898), (9, 4, 0.2)]
    ]
    assert max(excess) > 1.02


def test_the_largest_other_count_is_what_bounds_the_others(monkeypatch):
    monkeypatch.setattr(simultaneous, "largest_other", lambda others: sorted(others)[-2])
    assert error_rates(13, 3, 0.3, both=True, same_sample=False).max() > 0.4


@pytest.mark.parametrize("n", [1, 6, 13, 14])
@pytest.mark.parametrize("classes", [2, 3, 4])
@pytest.mark.parametrize("lead", [0.03, 0.1, 0.3, 0.49])
def test_a_significant_lead_is_wrong_with_probability_2r(n, classes, lead):
    """Hung and Fithian's theorem by itself: with K of them tied it is 2r (1 - 1/K) or less."""
    counts, p = outcomes(n, classes), truths(n, classes, lead)
    ordered = np.sort(counts, axis=1)
    claimed = binom.sf(ordered[:, -1] - 1, ordered[:, -1] + ordered[:, -2], 0.5) <= lead
    # A claim for a class that is not the first of the most probable ones.
    wrong = claimed[:, None] & (counts.argmax(axis=1)[:, None] != p.argmax(axis=1)[None])
    rates = (masses(counts, p) * wrong).sum(axis=0)
    assert rates.max() <= 2 * lead * (1 - 1 / classes) * (1 + 1e-9)


@pytest.mark.parametrize("n", [5, 13, 14])
@pytest.mark.parametrize("level", [0.02, 0.09, 0.3, 0.5])
def test_above_one_half_twice_the_level_is_enough_and_needed(n, level):
    """P(lower(N_S) > max(p_S, 1/2)) <= 2 level, whatever K is, with equality at (1/2, 1/2)."""
    for classes in (2, 3, 4):
        counts, p = outcomes(n, classes), truths(n, classes, level)
        first = counts.argmax(axis=1)
        bounds = np.array([lower(int(one), n, alpha=level) for one in counts.max(axis=1)])
        wrong = bounds[:, None] > np.maximum(p[:, first].T, 0.5)
        rates = (masses(counts, p) * wrong).sum(axis=0)
        assert rates.max() <= 2 * level * (1 + 1e-9)
    tails = binom.sf(np.arange(n + 1) - 1, n, 0.5)
    tail = float(tails[tails < 0.49].max()) * (1 + 1e-9)  # an attained level
    ties = np.array([[0.5, 0.5]])
    counts = outcomes(n, 2)
    wrong = [lower(max(votes), n, alpha=tail) > 0.5 for votes in counts.tolist()]
    rate = float((masses(counts, ties)[:, 0] * wrong).sum())
    assert rate == pytest.approx(2 * tail, rel=1e-6)


@pytest.mark.parametrize("alpha", [0.001, 0.05, 0.3])
@pytest.mark.parametrize("counts", [[99_000, 600, 400], [7, 90, 3], [55, 45], [500, 499, 1]])
def test_selected_elsewhere_they_are_clopper_and_pearsons(counts, alpha):
    n, first = sum(counts), max(counts)
    second = sorted(counts)[-2]
    alone = top_bound(counts, alpha=alpha)
    assert alone.p_a == lower(first, n, alpha=alpha)
    assert alone.p_a == pytest.approx(
        proportion_confint(first, n, alpha=2 * alpha, method="beta")[0], rel=1e-11
    )
    together = simultaneous_bounds(counts, alpha=alpha)
    low = proportion_confint(first, n, alpha=alpha, method="beta")[0]
    high = proportion_confint(second, n, alpha=alpha, method="beta")[1]
    assert together.p_a == pytest.approx(low, rel=1e-11) and together.p_a <= low
    assert together.p_b == pytest.approx(min(high, 1 - low), rel=1e-11)
    assert together.p_b >= min(high, 1 - low)
    assert (together.top, together.num_samples) == (counts.index(first), n)


@pytest.mark.parametrize("alpha", [0.001, 0.2])
def test_the_same_sample_costs_a_twentieth(alpha):
    counts, n = [60, 900, 40], 1000
    spent = 0.95 * alpha
    alone = top_bound(counts, alpha=alpha, same_sample=True)
    assert (alone.top, alone.same_sample) == (1, True)
    assert alone.p_a == pytest.approx(lower(900, n, alpha=spent), rel=1e-11)
    together = simultaneous_bounds(counts, alpha=alpha, same_sample=True)
    assert together.p_a == pytest.approx(lower(900, n, alpha=spent / 2), rel=1e-11)
    assert together.p_b == pytest.approx(upper(60, n, alpha=spent / 2), rel=1e-11)
    assert alone.p_a < top_bound(counts, alpha=alpha).p_a


@pytest.mark.parametrize("other", [30, 45, 60])
def test_a_lead_that_is_not_significant_claims_nothing(other):
    alpha = 0.02
    for ours in range(other, 2 * other + 40):
        p_value = binomtest(ours, ours + other, 0.5).pvalue  # two-sided: Hung and Fithian's
        found = simultaneous_bounds([other, 3, ours], alpha=alpha, same_sample=True)
        assert (found.p_a, found.p_b) == (0.0, 1.0) if p_value > alpha / 20 else found.p_a > 0
        alone = top_bound([other, 3, ours], alpha=alpha, same_sample=True)
        assert (alone.p_a == 0) == (found.p_a == 0)
        assert alone.p_b is None


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.floats(1e-6, 0.5))
def test_what_is_claimed_is_ordered(counts, alpha):
    if not sum(counts):
        return
    for same_sample in (False, True):
        alone = top_bound(counts, alpha=alpha, same_sample=same_sample)
        both = simultaneous_bounds(counts, alpha=alpha, same_sample=same_sample)
        assert 0 <= both.p_a <= alone.p_a <= max(counts) / sum(counts) or alpha > 0.4
        assert 0 < both.p_b <= 1
        assert both.p_a + both.p_b <= 1 or both.p_b - (1 - both.p_a) <= 2**-52
        assert alone.top == counts.index(max(counts))
        assert len(alone.tied) == counts.count(max(counts)) - 1
        assert alone.top not in alone.tied


def test_classes_without_a_vote_need_no_place():
    for same_sample in (False, True):
        short = simultaneous_bounds([70, 30], alpha=0.01, same_sample=same_sample)
        long = simultaneous_bounds([70, 30, 0, 0], alpha=0.01, same_sample=same_sample)
        assert short == long
    alone = simultaneous_bounds([50], alpha=0.01)
    assert alone.p_b == pytest.approx(1 - alone.p_a, rel=1e-10)
    assert simultaneous_bounds([50, 0], alpha=0.01) == alone


def test_another_top_class_and_ties():
    found = simultaneous_bounds(np.array([20, 5, 20]), alpha=0.05, top=1)
    assert (found.top, found.tied) == (1, ())
    assert found.p_a < found.p_b
    assert simultaneous_bounds([20, 5, 20], alpha=0.05, top=2).tied == (0,)
    assert simultaneous_bounds([20, 5, 20], alpha=0.05).tied == (2,)


@pytest.mark.parametrize(
    ("counts", "arguments", "message"),
    [
        ([3, -1], {}, r"counts\[1\] = -1 is outside the integers in \[0, 10000000000\]"),
        ([3.0, 1], {}, r"counts\[0\] = 3\.0 is outside the integers .*"),
        ([True, 1], {}, r"counts\[0\] = True is outside the integers .*"),
        (["3"], {}, r"counts\[0\] = 3 is outside the integers .*"),
        ([10**10 + 1], {}, r"counts\[0\] = 10000000001 is outside .*"),
        ([10**10, 1], {}, r"counts sum to n = 10000000001 \(2 entries\), outside .*"),
        ([0, 0], {}, r"counts sum to n = 0 \(2 entries\), outside \[1, 10000000000\]"),
        ([], {}, r"counts sum to n = 0 \(0 entries\), outside .*"),
        (itertools.repeat(1), {}, r"counts has more than 1000000 entries.*"),
        ([3, 1], {"alpha": 0.0}, r"alpha = 0\.0 is outside \[1e-300, 1\)"),
        ([3, 1], {"alpha": 1}, r"alpha = 1 is outside \[1e-300, 1\)"),
        ([3, 1], {"alpha": math.nan}, r"alpha = nan is outside .*"),
        ([3, 1], {"top": 2}, r"top = 2 is outside the positions 0 to 1"),
        ([3, 1], {"top": -1}, r"top = -1 is outside the positions 0 to 1"),
        ([3, 1], {"top": "x"}, r"top = x is outside the positions 0 to 1"),
        ([3, 1], {"top": False}, r"top = False is outside the positions 0 to 1"),
        ([3, 1], {"top": 0, "same_sample": True}, r"top = 0 and same_sample: .*"),
    ],
)
def test_bad_input_is_one_line(counts, arguments, message):
    for bounds in (top_bound, simultaneous_bounds):
        fresh = itertools.repeat(1) if isinstance(counts, itertools.repeat) else counts
        with pytest.raises(ValueError, match=f"^{message}$"):
            bounds(fresh, **{"alpha": 0.05, **arguments})
