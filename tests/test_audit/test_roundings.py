"""What floats round is not what a log is accused of, and is said where it is what explains it."""

import numpy as np
import pytest
from scipy import special, stats

from l1cert.audit import bound_checks
from l1cert.audit.bound_checks import bound_findings
from l1cert.audit.log import Log, Precision
from l1cert.audit.probabilities import bounds_of, implied_by
from l1cert.audit.roundings import rounding, single_rounding
from tests.test_audit.made_logs import DECIMALS, EXACT, SINGLE, Run, changed, made, precision


def findings(log, run):
    found = bound_findings(log, run.parameters, implied_by(log, run.parameters))
    return {one.kind: one for one in found}


def radius_log(radii, said):
    place = np.arange(len(radii))
    shown = np.asarray(radii, np.float64)
    return Log("a", "cohen", place, place, place, place, shown, precision(shown, said))


#: 999 misses, where Boost leaves off early: by 4.5e-10, a fiftieth of the step to the next count
EARLY = Run("uniform", "0.5", 44_114_248, "2.54e-6", sides=2)


def test_the_inverse_of_scipy_is_no_fault_of_a_log():
    counts = np.array([EARLY.n - 999, EARLY.n - 500, EARLY.n - 3000])
    bounds = stats.beta.ppf(1.27e-6, counts, EARLY.n - counts + 1)
    exact = bounds_of(counts, np.full(3, EARLY.n), 1.27e-6)
    assert (bounds - exact)[0] > 1e-10  # else there is nothing to be tested
    log = radius_log(EARLY.radius(bounds), EXACT)
    assert not findings(log, EARLY)


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8])
def test_a_mutant_between_two_counts_is_off_the_lattice(part):
    counts = np.array([EARLY.n - 999, EARLY.n - 998])
    low, high = bounds_of(counts, np.full(2, EARLY.n), 1.27e-6)
    radius = EARLY.radius(np.array([low + part * (high - low), low]))
    assert findings(radius_log(radius, EXACT), EARLY)["off_lattice"].rows.tolist() == [0]


def test_without_the_margin_it_would_be_accused(monkeypatch):
    monkeypatch.setattr(bound_checks, "INVERSE_ERROR", 0.0)
    bounds = stats.beta.ppf(1.27e-6, EARLY.n - 999, 1000)
    assert "off_lattice" in findings(radius_log(EARLY.radius([bounds]), EXACT), EARLY)


def single(run, counts):
    """The radii of a program that computes in float32, printed with four decimals."""
    bounds = run.bounds(counts).astype(np.float32)
    radii = np.float32(40) * special.ndtri(bounds)
    assert radii.dtype == np.float32
    return np.array([float(f"{one:.4f}") for one in radii.tolist()])


@pytest.mark.parametrize("kind", ["above_ceiling", "off_lattice"])
def test_float32_behind_decimals_is_named_first(kind):
    run = Run("gaussian", "40", 2_655_803, "0.00238")
    radii = single(run, np.array([run.n, run.n - 4, run.n - 10]))
    found = findings(radius_log(radii, DECIMALS), run)[kind]
    rows = len(found.rows)
    assert found.explained_by[0] == {
        "what": "float32 rounding",
        "rows_explained": rows,
        "rows": rows,
    }
    # what no float32 explains: one row more that is far off
    found = findings(radius_log([*radii, 250.0], DECIMALS), run)[kind]
    assert all(one["what"] != "float32 rounding" for one in found.explained_by)


def test_a_number_that_no_float32_is_printed_like_was_not_computed_so():
    at, far = np.array([True, False]), np.zeros(2, np.bool_)
    assert single_rounding(radius_log([0.5, 0.75], EXACT), at, far)
    assert not single_rounding(radius_log([0.5, 0.1], EXACT), at, far)
    assert single_rounding(radius_log([0.5, 0.1], DECIMALS), at, far)
    assert not single_rounding(radius_log([0.5, 0.75], EXACT), at, at)
    assert not single_rounding(radius_log([0.5, 0.75], EXACT), far, far)


def test_a_radius_of_votes_in_float32():
    run = Run("laplace", "0.5", 1000, "0.01")
    counts = np.linspace(700, 1000, 40).astype(int)
    bounds = run.bounds(counts).astype(np.float32)
    scale = np.float32(0.5 / np.sqrt(2))
    radii = (-scale * np.log(np.float32(2) * (np.float32(1) - bounds))).astype(np.float64)
    log = changed(made(run, counts, SINGLE, votes=True), radius=dict(enumerate(radii)))
    assert not findings(log, run)
    found = findings(changed(log, radius={7: radii[7] * 1.01}), run)
    assert found["bound_above_clopper_pearson"].rows.tolist() == [log.place[7]]


@pytest.mark.parametrize("sides", [1, 2])
def test_the_reading_of_what_float32_has_moved_off_both_lattices(sides):
    run = Run("gaussian", "40", 173_912, "2.1e-6", sides=sides)
    log = radius_log(single(run, run.n - np.arange(3, 20)), DECIMALS)
    implied = implied_by(log, run.parameters)
    assert implied.interval == ("one_sided", "two_sided")[sides - 1]
    assert findings(log, run)["off_lattice"].explained_by[0]["what"] == "float32 rounding"


@pytest.mark.parametrize(("excess", "what"), [(2e-15, "float64 rounding"), (1e-9, "inverse")])
def test_more_than_a_few_units_are_no_rounding(excess, what):
    """Libraries invert the binomial tail inexactly, by up to 1e-9: that is another explanation."""
    values, at = np.array([0.75]), np.array([True])
    precision = Precision(np.zeros(1), "float64")
    (said,) = rounding(precision, values, np.array([excess]), at, at)
    assert said["what"].endswith(what)
    assert (said["rows_explained"], said["largest"]) == (1, excess)
    assert said["units"] == pytest.approx(excess / np.spacing(0.75))
