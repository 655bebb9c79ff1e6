import math
from dataclasses import replace

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from l1cert.audit.bound_checks import bound_findings, ceiling
from l1cert.audit.findings import KINDS
from l1cert.audit.log import ABSTAINED
from l1cert.audit.probabilities import implied_by, printed_interval, radius_at
from l1cert.audit.reading import read_log
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
FORMS = (EXACT, DECIMALS, SIGNIFICANT, SINGLE)
#: kinds that a bound rounded to nearest is of by its rounding alone
BY_ROUNDING = {"above_own_bound", "bound_above_clopper_pearson"}


def findings(log, run):
    found = bound_findings(log, run.parameters, implied_by(log, run.parameters))
    assert all(one.kind in KINDS for one in found)
    return {one.kind: one for one in found}


def spread(n, rows=12):
    return np.linspace(n // 3, n, rows).astype(int)


@st.composite
def honest(draw):
    n = draw(st.sampled_from([9, 20, 137, 1000, 100_000]) | st.integers(2, 200_000))
    run = Run(
        noise=draw(st.sampled_from(NOISES)),
        sigma=draw(st.sampled_from(["0.25", "1/3", "2", "0.5"])),
        n=n,
        alpha=draw(st.sampled_from(["0.001", "0.01", "1/7", "1e-9", "0.05"])),
        sides=draw(st.sampled_from([1, 2])),
    )
    counts = draw(st.lists(st.integers(n // 2, n) | st.integers(0, n), min_size=1, max_size=8))
    return run, counts


@given(honest(), st.sampled_from(FORMS))
@settings(max_examples=120)
def test_radii_that_counts_give_are_of_no_kind(case, said):
    run, counts = case
    assert findings(made(run, counts, said), run) == {}


@given(honest(), st.sampled_from([EXACT, SINGLE]), st.booleans())
@settings(max_examples=120)
def test_bounds_rounded_down_are_of_no_kind(case, said, votes):
    run, counts = case
    assert findings(made(run, counts, said, bound=True, votes=votes, down=True), run) == {}


@given(honest(), st.sampled_from(FORMS), st.booleans())
@settings(max_examples=120)
def test_bounds_rounded_to_nearest_are_explained_by_it(case, said, votes):
    run, counts = case
    found = findings(made(run, counts, said, bound=True, votes=votes), run)
    assert set(found) <= BY_ROUNDING
    for one in found.values():
        (by,) = one.explained_by
        assert by["what"] == f"{said} rounding"
        assert by["rows_explained"] == by["rows"] == len(one.rows)
        assert by["largest"] > 0


@given(honest())
@settings(max_examples=60)
def test_votes_without_a_bound_are_of_no_kind(case):
    run, counts = case
    assert findings(made(run, counts, SIGNIFICANT, votes=True), run) == {}


def test_the_reading_that_more_rows_fit_is_taken():
    for sides, said in ((1, "one_sided"), (2, "two_sided")):
        run = Run(n=1000, sides=sides)
        for form in ({}, {"bound": True}, {"bound": True, "votes": True}):
            log = made(run, spread(1000), EXACT, **form)
            assert implied_by(log, run.parameters).interval == said


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("said", [DECIMALS, SIGNIFICANT, EXACT])
def test_more_than_half_a_unit_above_the_ceiling(noise, said):
    run = Run(noise=noise, sigma="0.75", n=5000, alpha="0.002")
    log = made(run, spread(5000), said)
    top = float(run.radius(0.002 ** (1 / 5000)))
    assert ceiling(log, run.parameters)["value"] == pytest.approx(top, rel=1e-9)
    half = {DECIMALS: 5e-5, SIGNIFICANT: 5e-3, EXACT: 1e-9}[said]
    for factor, caught in ((0.9, False), (1.1, True)):
        high = changed(log, radius={11: top + factor * half if said != EXACT else top * factor})
        assert ceiling(high, run.parameters)["rows_above_one_sided"] == caught
    found = findings(changed(log, radius={4: 2 * top}), run)["above_ceiling"]
    assert found.rows.tolist() == [6]
    assert found.worst["row"] == 6
    assert found.worst["radius"] == 2 * top
    assert found.worst["excess"] == pytest.approx(top, rel=1e-9)
    # no probability has twice the radius that uniform noise has at nearly 1
    assert bool(found.explained_by) is (noise != "uniform")


def test_above_the_two_sided_ceiling_alone_is_counted_and_no_violation():
    run = Run(n=1000, alpha="0.01")
    log = made(run, [700, 990, 1000])
    said = ceiling(log, run.parameters)
    assert (said["rows_above_one_sided"], said["rows_above_two_sided"]) == (0, 1)
    assert said["two_sided"] == pytest.approx(float(run.radius(0.005**1e-3)), rel=1e-9)
    assert said["two_sided"] < said["one_sided"] == said["value"]
    assert findings(log, run) == {}


def test_an_abstention_is_above_no_ceiling():
    run = Run(n=1000)
    log = changed(made(run, [700, 1000]), radius={0: 9.0}, predict={0: ABSTAINED})
    assert findings(log, run) == {}
    assert ceiling(log, run.parameters)["rows_above_two_sided"] == 1
    said = implied_by(log, run.parameters)
    assert (said.p_low[0], said.p_high[0], said.counts[0]) == (0.0, 0.5, 0)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("bound", [False, True])
def test_between_two_counts(noise, bound):
    run = Run(noise=noise, n=500, alpha="0.02")
    log = made(run, spread(500), EXACT, bound=bound, down=True)
    between = run.bounds([430, 431]).mean()
    columns = {"radius": {8: float(run.radius(between)) * (1 - 1e-12)}}
    if bound:
        columns["bound"] = {8: between}
    found = findings(changed(log, **columns), run)
    assert set(found) == {"off_lattice"}
    one = found["off_lattice"]
    assert one.rows.tolist() == [10]
    assert one.worst["below"] == pytest.approx(run.bounds([430])[0], rel=1e-11)
    assert one.worst["interval"] == "one_sided"


def test_another_number_of_samples_is_off_the_lattice():
    run = Run(n=1000)
    log = made(replace(run, n=1500), spread(1500), EXACT)
    assert set(findings(log, run)) == {"above_ceiling", "off_lattice"}
    assert findings(log, replace(run, n=1500)) == {}


@pytest.mark.parametrize("noise", NOISES)
def test_a_radius_above_that_of_its_own_bound(noise):
    run = Run(noise=noise, sigma="0.3", n=800, alpha="0.05")
    log = made(run, spread(800), EXACT, bound=True, down=True)
    row = 7
    radius = float(log.radius[row]) * (1 + 1e-6)
    found = findings(changed(log, radius={row: radius}), run)
    assert set(found) == {"above_own_bound"}
    one = found["above_own_bound"]
    assert one.rows.tolist() == [row + 2]
    assert one.explained_by == ()
    with mpmath.workdps(40):
        p, sigma = mpmath.mpf(float(log.bound[row])), mpmath.mpf(3) / 10
        exact = {
            "gaussian": sigma * mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1),
            "laplace": -sigma / mpmath.sqrt(2) * mpmath.log(2 * (1 - p)),
            "uniform": sigma * mpmath.sqrt(3) * (2 * p - 1),
        }[noise]
        excess = float(mpmath.mpf(radius) - exact)
    assert one.worst["excess"] == pytest.approx(excess, rel=1e-12)
    spacing = math.ulp(radius)
    assert one.worst["float64_units"] == pytest.approx(excess / spacing, rel=1e-12)
    assert one.worst["float32_units"] == pytest.approx(excess / spacing / 2**29, rel=1e-12)


def test_one_float_above_the_own_bound_is_told_from_none():
    run = Run(noise="uniform", sigma="1", n=1000)
    log = made(run, spread(1000), EXACT, bound=True)
    with mpmath.workdps(40):
        exact = [mpmath.sqrt(3) * (2 * mpmath.mpf(float(p)) - 1) for p in log.bound]
        below = np.array([float(one) for one in exact])
        below = np.array(
            [
                one if mpmath.mpf(one) <= true else math.nextafter(one, 0)
                for one, true in zip(below.tolist(), exact, strict=True)
            ]
        )
    log = replace(log, radius=np.where(log.predict == ABSTAINED, 0.0, below))
    assert "above_own_bound" not in findings(log, run)
    above = replace(log, radius=np.nextafter(log.radius, 2.0))
    found = findings(above, run)["above_own_bound"]
    assert found.rows.tolist() == above.place[above.predict != ABSTAINED].tolist()
    (by,) = found.explained_by
    assert by["what"] == "float64 rounding"
    assert by["rows_explained"] == len(found.rows)
    assert 0 < by["units"] <= 1


def test_a_bound_printed_coarsely_may_be_that_of_its_greatest_count():
    run = Run(n=100_000)
    log = made(run, spread(100_000, 60)[:-1], DECIMALS, bound=True)
    found = implied_by(log, run.parameters)
    assert np.any(found.k_high - found.k_low >= 5)
    assert "bound_above_clopper_pearson" not in findings(log, run)


def test_units_of_float32():
    run = Run(n=100_000, noise="uniform")
    log = made(run, spread(100_000, 300), SINGLE, bound=True)
    (by,) = findings(log, run)["bound_above_clopper_pearson"].explained_by
    assert 0.45 < by["units"] <= 0.5 + 1e-3
    assert by["largest"] <= 2.0**-25 + 1e-11


def test_two_classes_leave_pb_alone():
    run = Run(noise="laplace", n=1000, certificate="theorem_2")
    log = made(run, spread(1000), EXACT, bound=True, down=True)
    log = replace(log, other_bound=(1 - log.bound) / 2)
    assert implied_by(log, run.parameters).interval == "one_sided"
    assert findings(log, run) == {}
    # under a certificate that uses it, alpha is shared
    exact = implied_by(log, replace(run, certificate="exact").parameters)
    assert exact.interval == "two_sided"


def multiclass(run, counts, others):
    """A log of the exact radius at bounds of alpha/2 each."""
    log = made(run, counts, EXACT, bound=True, votes=True)
    others = np.asarray(others)
    p_b = stats.beta.isf(float(run.alpha) / 2, others + 1, run.n - others)
    p_b = np.where(others == run.n, 1.0, p_b) * (1 + 1e-14)
    p_a = log.bound * (1 - 1e-14)
    rest = np.minimum(p_b, 1 - p_a)
    quantiles = stats.laplace.ppf(p_a) - stats.laplace.ppf(rest)
    radius = np.maximum(quantiles * float(run.sigma) / math.sqrt(2) / 2 * (1 - 1e-12), 0.0)
    certified = rest <= p_a
    return replace(
        log,
        bound=p_a,
        other_bound=p_b,
        runner_up=others,
        predict=np.where(certified, 3, ABSTAINED),
        radius=np.where(certified, radius, 0.0),
        radius_precision=precision(radius, EXACT),
    )


def test_several_classes_share_alpha():
    run = Run(noise="laplace", n=2000, sides=2, certificate="exact")
    log = multiclass(run, [900, 1200, 1900, 2000], [500, 790, 60, 0])
    assert findings(log, run) == {}
    low = changed(log, other_bound={2: log.other_bound[2] - 1e-6})
    found = findings(low, run)
    assert set(found) == {"other_bound_below_clopper_pearson"}
    one = found["other_bound_below_clopper_pearson"]
    assert (one.rows.tolist(), one.worst["count"]) == ([4], 60)
    assert one.worst["excess"] == pytest.approx(1e-6, rel=1e-5)
    high = changed(log, radius={2: float(log.radius[2]) * (1 + 1e-9)})
    assert set(findings(high, run)) == {"above_own_bound"}
    # what both of a one-sided alpha would give: together they fail twice as often
    twice = multiclass(replace(run, sides=1), [900, 1200, 1900], [500, 790, 60])
    assert "bound_above_clopper_pearson" in findings(twice, run)
    # PB above PA: nothing is certified
    lost = changed(log, bound={0: 0.3}, other_bound={0: 0.4}, predict={0: 3})
    assert findings(lost, run)["missed_abstention"].rows.tolist() == [2]


@pytest.mark.parametrize("votes", [False, True])
def test_a_bound_above_that_of_its_count(votes):
    run = Run(noise="laplace", n=400, alpha="0.01", sides=2)
    log = made(run, spread(400), EXACT, bound=True, votes=votes, down=True)
    high = log.bound[9] * (1 + (1e-3 if votes else 1e-6))
    if not votes:  # printed so coarsely that it may still be that of its count
        log = replace(log, bound_precision=precision(log.bound, SIGNIFICANT))
    found = findings(changed(log, bound={9: high}), run)
    assert set(found) == {"bound_above_clopper_pearson"}
    one = found["bound_above_clopper_pearson"]
    assert one.rows.tolist() == [11]
    count = int(spread(400)[9])
    assert one.worst["count"] == count if votes else one.worst["count"] >= count
    exact = run.bounds([one.worst["count"]])[0]
    assert one.worst["excess"] == pytest.approx(high - exact, rel=1e-5)
    assert bool(one.explained_by) is not votes


def test_a_radius_above_that_of_its_votes():
    run = Run(noise="gaussian", n=400)
    log = made(run, spread(400), DECIMALS, votes=True)
    true = float(run.radius(run.bounds(spread(400)))[9])
    for shift, caught in ((4e-5, False), (3e-4, True)):
        found = findings(changed(log, radius={9: true + shift}), run)
        assert ("bound_above_clopper_pearson" in found) is caught
    one = found["bound_above_clopper_pearson"]
    assert one.worst["exact"] == pytest.approx(true, rel=1e-8)


def test_votes_of_another_number_of_samples():
    run = Run(n=400)
    log = made(run, spread(400), EXACT, votes=True)
    found = findings(changed(log, num_samples={3: 401}), run)
    assert found["wrong_sample_count"].rows.tolist() == [5]
    assert found["wrong_sample_count"].worst["num_samples"] == 401
    log = replace(log, runner_up=400 - log.votes)
    assert "wrong_sample_count" not in findings(log, run)
    assert findings(changed(log, runner_up={11: 1}), run)["wrong_sample_count"].rows.tolist() == [
        13
    ]
    assert "wrong_sample_count" in findings(changed(log, votes={3: -1}), run)


@pytest.mark.parametrize("noise", NOISES)
def test_a_class_where_the_bound_is_below_one_half(noise):
    run = Run(noise=noise, n=300)
    counts = [150, 155, 200, 300]
    log = made(run, counts, EXACT, bound=True, down=True)
    assert log.predict[:2].tolist() == [ABSTAINED, ABSTAINED]
    found = findings(changed(log, predict={1: 3}), run)
    assert found["missed_abstention"].rows.tolist() == [3]
    assert found["missed_abstention"].worst["bound"] == log.bound[1]
    # coarse bounds whose interval still reaches 1/2 accuse nobody
    coarse = replace(log, bound_precision=precision(np.full(4, 0.9), SIGNIFICANT))
    near = changed(coarse, predict={1: 3}, bound={1: 0.4998})
    assert "missed_abstention" not in findings(near, run)
    assert "missed_abstention" in findings(changed(near, bound={1: 0.49}), run)


def test_a_negative_radius_that_rounding_does_not_explain():
    run = Run(noise="laplace", n=300)
    log = made(run, [150, 200, 300], DECIMALS)
    log = changed(log, predict={0: 3})
    assert "missed_abstention" not in findings(changed(log, radius={0: -4e-5}), run)
    found = findings(changed(log, radius={0: -6e-5}), run)
    assert found["missed_abstention"].rows.tolist() == [2]


def test_votes_below_one_half_are_a_missed_abstention_whatever_the_bound_says():
    run = Run(n=300)
    log = made(run, [150, 200, 300], EXACT, bound=True, votes=True, down=True)
    log = changed(log, predict={0: 3}, bound={0: 0.55})
    assert findings(log, run)["missed_abstention"].rows.tolist() == [2]


def test_infinities_and_an_empty_log_end_in_no_traceback():
    run = Run(noise="laplace", n=100)
    log = made(run, [60, 80, 100])
    found = findings(changed(log, radius={1: math.inf, 2: -math.inf}), run)
    assert found["above_ceiling"].worst["excess"] is None
    assert {"above_ceiling", "missed_abstention"} <= set(found)
    bounds = changed(made(run, [80, 100], bound=True), bound={0: 1.0}, radius={1: math.inf})
    assert "above_own_bound" in findings(bounds, run)
    assert findings(made(run, []), run) == {}
    assert radius_at(run.parameters, np.array([]), np.array([])).shape == (0,)


@real
def test_a_real_log_in_float32_is_explained_by_it():
    run = Run(noise="uniform", n=100_000, alpha="0.001", sides=2)
    log = read_log(RUNS / "rs4a_cifar_uniform_0.5")
    found = findings(log, run)
    assert set(found) == BY_ROUNDING | {"missed_abstention"}
    for kind in BY_ROUNDING:
        (by,) = found[kind].explained_by
        assert by["what"] == "float32 rounding"
        assert by["rows_explained"] == by["rows"] == len(found[kind].rows)
    assert found["above_own_bound"].explained_by[0]["units"] < 0.5
    low, high = printed_interval(log, run.parameters)
    lattice = run.bounds(np.arange(1, 100_001))
    assert np.array_equal(
        np.searchsorted(lattice, high) - np.searchsorted(lattice, low), np.ones(len(log))
    )


@pytest.mark.parametrize("sides", [1, 2])
def test_a_misstated_log_is_read_as_one_sided_and_a_true_one_as_it_is(sides):
    """That one row more fits alpha/2 than alpha says nothing where many fit neither."""
    counts = [*range(99_950, 100_001)] * 2
    log = made(Run(n=100_000, alpha="0.001", sides=sides), counts, SIGNIFICANT)
    for alpha, interval in (
        ("0.001", ("one_sided", "two_sided")[sides - 1]),
        ("1e-4", "one_sided"),
    ):
        run = Run(n=100_000, alpha=alpha)
        assert implied_by(log, run.parameters).interval == interval
