"""Trials and their judgement: p-values by SciPy, Holm by statsmodels, error rates by counting."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from simulations import experiment
from simulations.experiment import FALSE_PASS, Expects, Trial, judge, predicted, shown
from tests.holm_oracle import holm_by_statsmodels
from theory.claim import Grade, Rung
from theory.confidence import BinomialTest, detectable_shift

ALPHA = 1e-3


def verdict(*trials: Trial, alpha: float = ALPHA):
    (evidence,) = judge({"slug": trials}, alpha=alpha)["slug"]
    return evidence


counts = st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@settings(max_examples=60)
@given(counts, st.floats(0.001, 0.999), st.sampled_from([0.0, 1e-4, 0.05]))
def test_p_values_against_scipy(count_of, p, bias):
    count, n = count_of
    low, high = max(p - bias, 0.0), min(p + bias, 1.0)
    more = stats.binomtest(count, n, high, alternative="greater").pvalue
    less = stats.binomtest(count, n, low, alternative="less").pvalue
    inside = predicted("p", "n", count, n, p, bias=bias, error=0.0).p_values
    below = shown("p", "n", count, n, Expects.BELOW, p, bias=bias).p_values
    above = shown("p", "n", count, n, Expects.ABOVE, p, bias=bias).p_values
    assert inside == pytest.approx((min(1.0, 2 * min(more, less)), 1.0), rel=1e-6, abs=1e-200)
    assert below == pytest.approx((more, less), rel=1e-6, abs=1e-200)
    assert above == below[::-1]


probabilities = st.floats(0.05, 0.95)
trials = st.builds(
    lambda p, off, n, expects: (
        predicted("part", "n", int(n * min(max(p + off, 0), 1)), n, p)
        if expects is Expects.INSIDE
        else shown("part", "n", int(n * min(max(p + off, 0), 1)), n, expects, p)
    ),
    probabilities,
    st.sampled_from([0.0, 0.001, -0.001, 0.03, -0.03, 0.3]),
    st.sampled_from([50, 1000, 20000]),
    st.sampled_from(list(Expects)),
)


@contextmanager
def without_power() -> Iterator[None]:
    """The detectable shifts, which are slow and decide nothing but the prose, left out."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(experiment, "_shift", lambda trial, alpha: 0.5)
        yield


@settings(max_examples=30)
@given(run=st.lists(trials, min_size=1, max_size=6), alpha=st.sampled_from([1e-6, 1e-3, 0.05]))
def test_one_holm_correction_over_the_whole_run(run, alpha):
    # one trial a claim, so that its outcome is its evidence
    with without_power():
        found = judge({f"claim{i}": [trial] for i, trial in enumerate(run)}, alpha=alpha)
    raw = [p for trial in run for p in trial.p_values]
    rejected, _ = holm_by_statsmodels(raw, alpha)
    for i, trial in enumerate(run):
        (evidence,) = found[f"claim{i}"]
        against, opposite = rejected[2 * i], rejected[2 * i + 1]
        if against:
            expected = (Grade.REFUTED, False)
        elif trial.expects is Expects.INSIDE or opposite:
            expected = (Grade.CONSISTENT, True)
        else:
            expected = (Grade.UNDECIDED, None)
        assert (evidence.grade, evidence.finding) == expected


def test_the_family_is_the_whole_run():
    # a p-value of 4e-4 refutes alone, and not among a hundred
    n, p = 10_000, 0.3
    count = next(k for k in range(3000, 3400) if 2 * stats.binom.sf(k - 1, n, p) < 4e-4)
    suspect = predicted("part", "suspect", count, n, p)
    fine = [predicted("part", "fine", 3000, n, p)] * 50
    assert verdict(suspect).grade is Grade.REFUTED
    crowd = judge({"a": [suspect], "b": fine}, alpha=ALPHA)
    assert [e.grade for e in crowd["a"] + crowd["b"]] == [Grade.CONSISTENT] * 2


@pytest.mark.statistical(
    false_fail=3e-9, reason="two counts of bad runs at 1e-9, and none bad in 1200 runs: below 1e-9"
)
def test_false_fail_and_false_acceptance_rates(fresh):
    """At alpha = 0.1, 1200 runs of six true predictions and two false demonstrations each.

    Each rate is at most 0.1, so that the count of bad runs is at most binomial(1200, 0.1):
    the assertion fails falsely with probability 1e-9 at most, and a rate of 0.19 escapes it with
    probability below 1e-2. Without Holm's correction, they fail.
    """
    rng = np.random.default_rng(fresh(20))
    runs, alpha = 1200, 0.1
    limit = stats.binom.isf(1e-9, runs, alpha)
    assert stats.binom.cdf(limit, runs, 0.19) < 1e-2
    truths = [(200, 0.5), (300, 0.1), (150, 0.7), (500, 0.3), (60, 0.4), (250, 0.9)]
    failed = accepted = 0
    for _ in range(runs):
        run = [predicted(f"t{i}", "t", rng.binomial(n, p), n, p) for i, (n, p) in enumerate(truths)]
        # the demonstrations are false by the least amount: the probability is the threshold
        run += [
            shown("below", "d", rng.binomial(400, 0.35), 400, Expects.BELOW, 0.35),
            shown("above", "d", rng.binomial(100, 0.6), 100, Expects.ABOVE, 0.6),
        ]
        with without_power():
            found = {e.part: e for e in judge({"c": run}, alpha=alpha)["c"]}
        failed += any(found[f"t{i}"].finding is False for i in range(len(truths)))
        accepted += any(found[part].finding is True for part in ("below", "above"))
    assert failed <= limit
    assert accepted <= limit
    # Holm rejects wherever Bonferroni does, which calls a prediction false that often
    each = [BinomialTest(n, p, p).power(p, alpha=alpha / (2 * 8)) for n, p in truths]
    assert math.prod(1 - one for one in each) ** runs < 1e-9
    assert failed > 0 or accepted > 0


@pytest.mark.parametrize(("n", "p", "bias"), [(2000, 0.3, 0.0), (50_000, 0.9, 1e-3)])
@pytest.mark.parametrize("family", [1, 7])
def test_a_probability_off_by_the_stated_shift_escapes_with_the_stated_rate(n, p, bias, family):
    run = [predicted("part", "n", round(n * p), n, p, bias=bias)] * family
    evidence = verdict(*run)
    assert (evidence.grade, evidence.false_fail, evidence.false_pass) == (
        Grade.CONSISTENT,
        ALPHA,
        max(FALSE_PASS, ALPHA),
    )
    level = ALPHA / (2 * family)
    shift = detectable_shift(n, p, alpha=level, false_pass=FALSE_PASS, bias=bias + 1e-12)
    assert f"off by {shift:.2g} would be refuted (Holm over {2 * family} p-values)" in (
        evidence.detail
    )
    test = BinomialTest(n, p - bias - 1e-12, p + bias + 1e-12)
    for truth in (p - shift, p + shift):
        assert test.false_pass(truth, alpha=level) <= FALSE_PASS
    assert test.false_pass(p + shift / 2, alpha=level) > FALSE_PASS
    # the counts that a truth off by the shift produces, but for one in a thousand, refute
    low = int(stats.binom.ppf(1 - 2 * FALSE_PASS, n, p - shift))
    off = predicted("part", "n", low, n, p, bias=bias)
    assert verdict(off, *run[1:]).grade is Grade.REFUTED


@pytest.mark.parametrize("expects", [Expects.BELOW, Expects.ABOVE])
@pytest.mark.parametrize("threshold", [0.5, 0.2])
def test_a_demonstration_is_shown_refuted_or_short_of_samples(expects, threshold):
    n = 4000
    sign = -1 if expects is Expects.BELOW else 1
    at = {
        step: verdict(shown("part", "n", int(n * (threshold + sign * step)), n, expects, threshold))
        for step in (0.1, 0.0, 0.005, -0.1)
    }
    assert (at[0.1].grade, at[0.1].finding) == (Grade.CONSISTENT, True)
    for step in (0.0, 0.005):
        assert (at[step].grade, at[step].finding) == (Grade.UNDECIDED, None)
    assert (at[-0.1].grade, at[-0.1].finding) == (Grade.REFUTED, False)
    # a bias of the words as large as the difference leaves nothing shown
    biased = shown("part", "n", int(n * (threshold + sign * 0.1)), n, expects, threshold, bias=0.12)
    assert verdict(biased).grade is Grade.UNDECIDED


@pytest.mark.parametrize("count", [400, 600])
def test_a_lost_counterexample_does_not_make_the_part_true(count):
    # P = 1/2 is to show that the part is false; another P leaves the part open, on either side
    tie = predicted("part", "tie", count, 1000, 0.5, finding=False)
    assert verdict(tie).finding is None
    assert verdict(tie).grade is Grade.UNDECIDED
    seen = predicted("part", "tie", 500, 1000, 0.5, finding=False)
    assert (verdict(seen).grade, verdict(seen).finding) == (Grade.CONSISTENT, False)
    flip = shown("part", "flip", 700, 1000, Expects.BELOW, 0.5, finding=False)
    assert verdict(flip).finding is None
    # and a prediction of the claim that fails refutes it, whatever else was seen
    both = verdict(seen, predicted("part", "claim", count, 1000, 0.5))
    assert (both.grade, both.finding) == (Grade.REFUTED, False)
    assert both.witness == {"count": f"{count} of 1000", "of": "claim"}


def test_trials_that_speak_for_both_answers_decide_nothing():
    yes = predicted("part", "yes", 300, 1000, 0.3)
    no = predicted("part", "no", 300, 1000, 0.3, finding=False)
    assert (verdict(yes, no).grade, verdict(yes, no).finding) == (Grade.UNDECIDED, None)


@pytest.mark.parametrize("n", [0, 1, 3, 8])
def test_a_handful_of_samples_decides_nothing(n):
    for count in range(n + 1):
        assert verdict(predicted("part", "n", count, n, 0.5)).finding is None


def test_more_samples_see_smaller_shifts():
    details = [
        verdict(predicted("part", "n", n // 4, n, 0.25)).detail for n in (400, 40_000, 4_000_000)
    ]
    shifts = [float(d.split("off by ")[1].split()[0]) for d in details]
    assert all(4 < large / small < 25 for large, small in pairwise(shifts))


def test_evidence_goes_by_claim_and_part():
    run = {
        "one": [predicted("a", "n", 30, 100, 0.3), predicted("b", "n", 99, 100, 0.3)],
        "two": [predicted("a", "n", 500, 1000, 0.5), predicted("a", "n", 100, 200, 0.5)],
        "none": [],
    }
    found = judge(run, alpha=ALPHA)
    assert [(e.part, e.grade) for e in found["one"]] == [
        ("a", Grade.CONSISTENT),
        ("b", Grade.REFUTED),
    ]
    assert [e.scope for e in found["two"]] == ["2 counts of 200 to 1000 samples"]
    assert found["none"] == []
    assert {e.rung for es in found.values() for e in es} == {Rung.SIMULATION}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"count": -1}, r"count = -1 is outside \[0, 100\]"),
        ({"count": 101}, r"count = 101 is outside \[0, 100\]"),
        ({"low": 0.6}, r"\[0.6, 0.5\] is not an interval"),
        ({"low": math.nan}, r"low = nan is outside \[0, 1\]"),
        ({"high": 1.5}, r"high = 1.5 is outside \[0, 1\]"),
        ({"low": -0.1}, r"low = -0.1 is outside \[0, 1\]"),
        ({"bias": -0.1}, "bias = -0.1 is outside"),
        ({"bias": math.nan}, "bias = nan is outside"),
        ({"low": 0.4, "expects": Expects.BELOW}, "needs one threshold"),
    ],
)
def test_bad_trials_are_refused(changes, message):
    good = {"count": 50, "num_samples": 100, "expects": Expects.INSIDE, "low": 0.5, "high": 0.5}
    with pytest.raises(ValueError, match=message):
        Trial("part", "n", **{**good, **changes})
