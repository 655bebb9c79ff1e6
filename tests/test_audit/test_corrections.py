import csv
import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from l1cert.audit.bound_checks import bound_findings
from l1cert.audit.corrections import correct, summarise
from l1cert.audit.log import ABSTAINED
from l1cert.audit.parameters import Parameters
from l1cert.audit.probabilities import implied_by
from l1cert.audit.reading import read_log
from l1cert.audit.row_checks import row_findings
from l1cert.audit.writing import write_log
from tests.test_audit.made_logs import (
    DECIMALS,
    EXACT,
    SIGNIFICANT,
    SINGLE,
    Run,
    changed,
    made,
    precision,
)
from tests.test_audit.real_runs import RUNS, real

NOISES = ("gaussian", "laplace", "uniform")


def corrected(log, run):
    return correct(log, run.parameters, implied_by(log, run.parameters))


@st.composite
def any_log(draw):
    """A log in which anything may be wrong."""
    n = draw(st.sampled_from([9, 137, 1000, 100_000]))
    run = Run(
        noise=draw(st.sampled_from(NOISES)),
        sigma=draw(st.sampled_from(["0.25", "1/3", "2"])),
        n=n,
        alpha=draw(st.sampled_from(["0.001", "1/7", "1e-9"])),
        sides=draw(st.sampled_from([1, 2])),
    )
    counts = draw(st.lists(st.integers(n // 2, n), min_size=1, max_size=6))
    said = draw(st.sampled_from([EXACT, DECIMALS, SIGNIFICANT, SINGLE]))
    bound, votes = draw(st.booleans()), draw(st.booleans())
    log = made(run, counts, said, bound=bound, votes=votes)
    rows = st.integers(0, len(counts) - 1)
    wrong = st.dictionaries(rows, st.floats(-3, 30), max_size=3)
    columns = {"radius": draw(wrong)}
    if bound:
        columns["bound"] = draw(st.dictionaries(rows, st.floats(0, 1), max_size=3))
    columns["predict"] = draw(st.dictionaries(rows, st.sampled_from([ABSTAINED, 3]), max_size=3))
    if draw(st.booleans()):
        log = replace(log, radius=log.radius * draw(st.floats(0.5, 2)))
    log = changed(log, **columns)
    return run, replace(log, radius_precision=precision(log.radius, said))


@given(any_log())
@settings(max_examples=150)
def test_a_corrected_log_is_of_no_kind_and_corrects_to_itself(case):
    run, log = case
    after = corrected(log, run)
    again = implied_by(after, run.parameters)
    assert bound_findings(after, run.parameters, again) == ()
    twice = correct(after, run.parameters, again)
    for name in ("predict", "radius", "correct", "bound"):
        assert np.array_equal(getattr(twice, name), getattr(after, name)), name
    room = np.where(log.predict == ABSTAINED, 0.0, log.radius + log.radius_precision.half_unit)
    assert np.all(after.radius <= np.maximum(room, 0.0))
    assert np.all((after.predict == log.predict) | (after.predict == ABSTAINED))
    assert np.all(after.radius[after.predict == ABSTAINED] == 0)
    assert np.array_equal(after.correct == 1, (after.predict == log.label) & (after.predict >= 0))
    # SciPy's radius at the corrected bound is where the radius ends
    certified = after.predict != ABSTAINED
    most = run.radius(np.maximum(after.bound, 0.5))[certified]
    assert np.all(after.radius[certified] <= most * (1 + 1e-9) + 1e-12)
    kinds = {one.kind for one in row_findings(after)} - {"index_gap"}
    assert kinds == set()


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("said", [EXACT, DECIMALS, SIGNIFICANT])
def test_an_honest_log_keeps_its_radii_up_to_rounding(noise, said):
    run = Run(noise=noise, sigma="0.7", n=3000)
    log = made(run, np.linspace(1400, 3000, 20).astype(int), said)
    after = corrected(log, run)
    assert np.array_equal(after.predict, log.predict)
    half = log.radius_precision.half_unit
    assert np.all(np.abs(after.radius - log.radius) <= half + 1e-8)
    assert summarise(log, after)["rows_changed"] == 0
    assert summarise(log, after)["abstentions_added"] == 0


def test_the_least_count_that_a_printed_radius_may_stand_for():
    run = Run(noise="gaussian", n=100_000)
    log = made(run, [90_000, 100_000], SIGNIFICANT)
    after = corrected(log, run)
    counts = np.arange(60_000, 100_001)
    lattice = run.radius(run.bounds(counts))
    inside = counts[np.abs(lattice - log.radius[0]) <= log.radius_precision.half_unit[0]]
    assert len(inside) > 1
    assert after.radius[0] == pytest.approx(run.radius(run.bounds([inside[0]]))[0], rel=1e-9)
    assert after.radius[0] < run.radius(run.bounds([inside[1]]))[0]


def test_radii_above_the_ceiling_are_cut_to_it():
    run = Run(noise="laplace", n=1000, alpha="0.01")
    log = changed(made(run, [700, 900, 990], DECIMALS), radius={2: 7.25})
    after = corrected(log, run)
    top = -float(run.sigma) / math.sqrt(2) * math.log(2 * (1 - 0.01 ** (1 / 1000)))
    assert after.radius[2] == pytest.approx(top, rel=1e-8)
    assert after.radius[2] <= top
    said = summarise(log, after)
    assert said["rows_changed"] == 1
    assert said["largest_reduction"] == pytest.approx(7.25 - top, rel=1e-8)
    assert said["mean_radius_before"] - said["mean_radius_after"] == pytest.approx(
        (7.25 - top) / 3, abs=1e-4
    )


def test_between_two_counts_the_lower_one_counts():
    run = Run(noise="uniform", n=200)
    log = made(run, [150, 160, 170, 180], EXACT)
    between = run.radius(run.bounds([172, 173]).mean())
    after = corrected(changed(log, radius={2: between}), run)
    assert after.radius[2] == pytest.approx(run.radius(run.bounds([172]))[0], rel=1e-10)


@pytest.mark.parametrize("sides", [1, 2])
def test_recorded_votes_decide(sides):
    run = Run(noise="gaussian", n=500, sides=sides)
    log = made(run, [260, 300, 400, 500], EXACT, bound=True, votes=True)
    wrong = changed(log, bound={2: 0.9}, radius={2: 2.0})
    after = corrected(wrong, run)
    assert after.radius[2] == pytest.approx(log.radius[2], rel=1e-9)
    assert after.bound[2] == pytest.approx(log.bound[2], rel=1e-11)


def test_rounding_down_is_undone_as_far_as_it_may_reach():
    run = Run(noise="gaussian", n=500)
    log = made(run, [300, 400, 450, 500], EXACT, bound=True)
    exact = log.radius
    coarse = replace(
        log, radius=np.floor(exact * 100) / 100, radius_precision=precision(exact, SIGNIFICANT)
    )
    after = corrected(coarse, run)
    half = precision(exact, SIGNIFICANT).half_unit
    assert after.radius == pytest.approx(np.minimum(exact, coarse.radius + half), rel=1e-9)
    assert np.any(after.radius > coarse.radius)


def test_bounds_of_abstentions_tell_the_reading_too():
    run = Run(noise="gaussian", n=9, alpha="0.001", sides=2)
    log = changed(made(run, [5], EXACT, bound=True), predict={0: 3})
    after = corrected(log, run)
    assert after.predict[0] == ABSTAINED
    assert implied_by(after, run.parameters).interval == "two_sided"
    assert np.array_equal(corrected(after, run).bound, after.bound)


def test_no_label_makes_an_abstention_right():
    run = Run(noise="gaussian", n=500)
    log = changed(made(run, [200, 500], EXACT), label={0: ABSTAINED})
    assert corrected(log, run).correct.tolist() == [0, 1]


def test_abstentions_are_added_and_never_taken():
    run = Run(noise="uniform", n=500)
    log = made(run, [200, 240, 300, 500], EXACT, bound=True)
    assert log.predict.tolist() == [ABSTAINED, ABSTAINED, 3, 3]
    missed = changed(log, predict={0: 3, 3: ABSTAINED}, radius={0: -0.4, 3: 0.3})
    after = corrected(missed, run)
    assert after.predict.tolist() == [ABSTAINED, ABSTAINED, 3, ABSTAINED]
    assert after.radius.tolist()[:2] == [0.0, 0.0]
    assert after.radius[3] == 0.0
    said = summarise(missed, after)
    assert said["abstentions_added"] == 1
    assert said["mean_radius_before"] == pytest.approx(log.radius[2] / 4, rel=1e-12)


def test_infinite_radii_are_cut_and_not_said():
    run = Run(noise="laplace", n=500)
    log = changed(made(run, [400, 500], EXACT), radius={1: math.inf})
    log = replace(log, radius_precision=precision(log.radius, EXACT))
    after = corrected(log, run)
    assert after.radius[1] == pytest.approx(run.radius(run.bounds([500]))[0], rel=1e-8)
    said = summarise(log, after)
    assert said["largest_reduction"] is None
    assert said["mean_radius_before"] is None
    assert said["mean_radius_after"] > 0


def test_more_samples_than_stated_certify_no_more():
    run = Run(noise="gaussian", n=500)
    log = made(replace(run, n=900), [900], EXACT, votes=True)
    after = corrected(log, run)
    assert after.radius[0] == pytest.approx(run.radius(run.bounds([500]))[0], rel=1e-9)
    (left,) = bound_findings(after, run.parameters, implied_by(after, run.parameters))
    assert left.kind == "wrong_sample_count"


def test_votes_that_cannot_be_certify_nothing():
    run = Run(noise="gaussian", n=500)
    log = changed(made(run, [400, 500], EXACT, votes=True), votes={0: 501, 1: 500})
    assert corrected(log, run).predict.tolist() == [ABSTAINED, 3]


def test_both_bounds_of_several_classes():
    run = Run(noise="laplace", n=2000, sides=2, certificate="exact")
    log = made(run, [1200, 1900], EXACT, bound=True, votes=True)
    others = np.array([500, 60])
    log = replace(log, runner_up=others, other_bound=np.array([0.01, 0.01]), radius=np.full(2, 9.0))
    after = corrected(log, run)
    p_b = stats.beta.isf(0.005, others + 1, 2000 - others)
    p_a = run.bounds([1200, 1900])
    rest = np.minimum(p_b, 1 - p_a)
    exact = float(run.sigma) / math.sqrt(2) / 2 * (stats.laplace.ppf(p_a) - stats.laplace.ppf(rest))
    assert after.radius == pytest.approx(exact, rel=1e-8)
    assert after.other_bound == pytest.approx(p_b, rel=1e-9)
    assert bound_findings(after, run.parameters, implied_by(after, run.parameters)) == ()


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("votes", [False, True])
def test_written_and_read_again_it_is_of_no_kind(noise, votes, tmp_path):
    run = Run(noise=noise, n=700, alpha="1/300", sigma="0.7")
    log = made(run, [200, 400, 500, 600, 690, 700], DECIMALS, votes=votes)
    if votes:
        log = replace(log, runner_up=700 - log.votes)
    log = changed(log, radius={2: 5.0, 3: -1.0})
    log = replace(log, correct=np.ones(len(log), np.int64))
    after = corrected(log, run)
    stated = after.record
    path = tmp_path / "corrected.tsv"
    write_log(path, after, **stated, provenance={})
    read = read_log(path)
    for name in ("predict", "radius", "correct", "bound", "index", "label"):
        assert np.array_equal(getattr(read, name), getattr(after, name)), name
    parameters = Parameters.parse(**read.record)
    assert parameters == run.parameters
    assert bound_findings(read, parameters, implied_by(read, parameters)) == ()
    assert row_findings(read) == ()


@real
@pytest.mark.parametrize("name", ["cifar10_resnet110", "imagenet_resnet50"])
def test_a_real_log_corrected_by_scipy(name):
    path = RUNS / "cohen" / f"{name}_gaussian_sigma_0.50.tsv"
    run = Run(n=100_000, alpha="0.001")
    log = read_log(path)
    found = implied_by(log, run.parameters)
    after = correct(log, run.parameters, found)
    counts = np.arange(45_000, 100_001)
    lattice = 0.5 * special.ndtri(stats.beta.ppf(0.001, counts, 100_001 - counts))
    with path.open() as lines:
        texts = [row["radius"] for row in csv.DictReader(lines, delimiter="\t")]
    for row, text in enumerate(texts):
        if log.predict[row] == ABSTAINED:
            assert after.radius[row] == 0.0
            continue
        half = 0.5 * 10.0 ** (math.floor(math.log10(float(text))) - 2)
        low = np.searchsorted(lattice, float(text) - half)
        high = np.searchsorted(lattice, float(text) + half)
        if low < high:
            assert (found.k_low[row], found.k_high[row]) == (counts[low], counts[high - 1])
        else:
            assert found.k_low[row] > found.k_high[row]
            low -= 1
        assert found.counts[row] == counts[low]
        assert after.radius[row] == pytest.approx(lattice[low], rel=1e-7)
        assert after.radius[row] <= lattice[low]
    said = summarise(log, after)
    assert said["largest_reduction"] == pytest.approx(1.96 - lattice[-1], rel=1e-6)


@real
def test_a_real_uniform_log_corrected_by_scipy():
    run = Run(noise="uniform", n=100_000, alpha="0.001", sides=2)
    log = read_log(RUNS / "rs4a_cifar_uniform_0.5")
    after = corrected(log, run)
    lattice = run.bounds(np.arange(1, 100_001))
    right = np.searchsorted(lattice, log.bound).clip(1, len(lattice) - 1)
    near = np.where(log.bound - lattice[right - 1] < lattice[right] - log.bound, right - 1, right)
    exact = run.radius(lattice[near])
    certified = lattice[near] >= 0.5
    assert np.array_equal(after.predict == ABSTAINED, ~certified)
    assert np.count_nonzero(~certified) == 662
    assert np.all(after.radius[certified] <= exact[certified] + 1e-12)
    assert after.radius[certified] == pytest.approx(exact[certified], abs=1.5e-7)
