"""The audit of real logs, each finding computed again by hand: by csv, math and SciPy alone."""

import csv
import math
from functools import cache

import numpy as np
import pytest
from scipy import special, stats

from l1cert.audit.run import audit_log
from tests.test_audit.real_runs import RUNS, real

pytestmark = real
N, ALPHA = 100_000, 0.001
COHEN = {
    "cifar10_resnet110_gaussian_sigma_0.50": (9, 417),
    "imagenet_resnet50_gaussian_sigma_0.50": (88, 418),
}
RS4A = "rs4a_cifar_uniform_0.5"


@cache
def cohen_report(name):
    found = audit_log(
        RUNS / "cohen" / f"{name}.tsv",
        noise="gaussian",
        sigma="0.5",
        num_samples=N,
        alpha="0.001",
        radii=["0", "0.5", "1", "1.5", "1.96"],
    )
    return found.as_json()


@cache
def cohen_rows(name):
    with (RUNS / "cohen" / f"{name}.tsv").open() as lines:
        return list(csv.DictReader(lines, delimiter="\t"))


@cache
def rs4a_report():
    found = audit_log(RUNS / RS4A, noise="uniform", sigma="0.5", num_samples=N, alpha="0.001")
    return found.as_json()


@cache
def rs4a_array(name):
    return np.load(RUNS / RS4A / f"{name}.npy", allow_pickle=False)


def half_unit(text):
    """Half a unit of the third significant digit."""
    return 0.5 * 10.0 ** (math.floor(math.log10(float(text))) - 2)


@pytest.mark.parametrize("name", COHEN)
def test_the_ceiling_of_a_gaussian_log(name):
    ceiling = cohen_report(name)["ceiling"]
    assert ceiling["one_sided"] == pytest.approx(0.5 * stats.norm.ppf(ALPHA ** (1 / N)), abs=1e-9)
    two_sided = 0.5 * stats.norm.ppf((ALPHA / 2) ** (1 / N))
    assert ceiling["two_sided"] == pytest.approx(two_sided, abs=1e-9)
    assert ceiling["value"] == ceiling["one_sided"]


@pytest.mark.parametrize(("name", "expected"), [(k, v[0]) for k, v in COHEN.items()])
def test_radii_above_the_ceiling(name, expected):
    ceiling = 0.5 * stats.norm.ppf(ALPHA ** (1 / N))
    above = [
        line
        for line, row in enumerate(cohen_rows(name), start=2)
        if float(row["radius"]) > 0 and float(row["radius"]) - half_unit(row["radius"]) > ceiling
    ]
    found = cohen_report(name)["violations"]["above_ceiling"]
    assert (found["count"], found["rows"]) == (expected, above)
    assert found["worst"]["radius"] == max(float(row["radius"]) for row in cohen_rows(name))


@pytest.mark.parametrize(("name", "certified"), [(k, v[1]) for k, v in COHEN.items()])
def test_another_alpha_explains_every_row(name, certified):
    rows = [row["radius"] for row in cohen_rows(name) if row["predict"] != "-1"]
    ends = np.array([[float(r) - half_unit(r), float(r) + half_unit(r)] for r in rows])

    def lattice(n, alpha):
        """How many rows lie on the radii that n samples can give, and at the largest of them."""
        k = np.arange(n // 2 + 1, n + 1)
        radii = 0.5 * special.ndtri(special.betaincinv(k, n - k + 1, alpha))
        low, high = np.searchsorted(radii, ends).T
        return np.sum(low < high), np.sum((low < high) & (high == len(radii)))

    assert lattice(N, 0.01)[0] == certified == len(rows)
    assert lattice(N, ALPHA)[0] < certified
    best, *others = cohen_report(name)["violations"]["above_ceiling"]["explained_by"]
    assert (best["what"], best["alpha"], best["n"]) == ("alpha", 0.01, N)
    assert (best["rows_explained"], best["rows"]) == (certified, certified)
    for one in others:
        level = one["alpha"] / (1 if one["one_sided"] else 2)
        assert lattice(one["n"], level) == (one["rows_explained"], one["rows_at_ceiling"])
    # with more samples at the stated alpha: the least n that reaches the radius printed as 1.96
    low = special.ndtr((1.96 - 0.005) / 0.5)
    at_ceiling = [
        one for one in others if one["what"] == "n" and one["one_sided"] and one["rows_at_ceiling"]
    ]
    assert min(one["n"] for one in at_ceiling) == math.ceil(math.log(ALPHA) / math.log(low)) > N
    assert all(one["rows_explained"] < certified for one in at_ceiling)


@pytest.mark.parametrize("name", COHEN)
def test_what_is_in_order_in_a_gaussian_log(name):
    rows = cohen_rows(name)
    report = cohen_report(name)
    assert report["rows"] == len(rows) == 500
    assert all((row["label"] == row["predict"]) == (row["correct"] == "1") for row in rows)
    assert report["abstained"] == sum(row["predict"] == "-1" for row in rows)
    kinds = {kind for kind, found in report["violations"].items() if found["count"]}
    assert kinds == {"above_ceiling", "off_lattice"}


@pytest.mark.parametrize("name", COHEN)
def test_certified_accuracy_of_a_gaussian_log(name):
    rows = cohen_rows(name)
    for entry in cohen_report(name)["certified_accuracy"]:
        r = entry["radius"]
        right = [float(row["radius"]) for row in rows if row["correct"] == "1"]
        assert entry["value"] == sum(radius >= r for radius in right) / len(rows)
        assert entry["lower"] <= entry["value"] <= entry["upper"]
        assert entry["corrected"] <= entry["upper"]
    # 1.96 is above the ceiling: nothing is certified there
    assert entry["radius"] == 1.96
    assert entry["value"] > 0 == entry["corrected"]


def test_the_uniform_log_has_two_sided_bounds_in_single_precision():
    report = rs4a_report()
    bound = rs4a_array("prob_lb")
    counts = np.arange(1, N + 1)
    two_sided = np.where(
        counts == N, (ALPHA / 2) ** (1 / N), stats.beta.ppf(ALPHA / 2, counts, N - counts + 1)
    )
    place = np.abs(two_sided[None, :] - bound[:50, None]).argmin(axis=1)
    # float32 to rounding, where neighbours on the lattice are a hundred times farther apart
    assert np.abs(two_sided[place] - bound[:50]).max() < 1e-7 < np.diff(two_sided[9:]).min() / 10
    assert report["interval"] == "two_sided"
    assert report["precision"]["bound"] == "float32"
    half_width = 0.5 * math.sqrt(3)
    assert report["ceiling"]["two_sided"] == pytest.approx(
        half_width * (2 * (ALPHA / 2) ** (1 / N) - 1), abs=1e-12
    )


def test_bounds_above_clopper_pearson_are_rounding():
    bound = rs4a_array("prob_lb")
    counts = np.arange(1, N + 1)
    two_sided = np.where(
        counts == N, (ALPHA / 2) ** (1 / N), stats.beta.ppf(ALPHA / 2, counts, N - counts + 1)
    )
    right = np.searchsorted(two_sided, bound).clip(1, N - 1)
    left = right - 1
    nearest = np.where(bound - two_sided[left] < two_sided[right] - bound, left, right)
    excess = bound - two_sided[nearest]
    found = rs4a_report()["violations"]["bound_above_clopper_pearson"]
    # SciPy's inverse is good to 1e-13 or so: only what is nearer to 0 may be judged otherwise
    assert (excess > 1e-12).sum() <= found["count"] <= (excess > -1e-12).sum()
    assert found["worst"]["excess"] == pytest.approx(excess.max(), rel=1e-3)
    assert excess.max() < 1e-7


def test_radii_above_their_own_bound_are_rounding():
    bound, radius = rs4a_array("prob_lb"), rs4a_array("radius_l1")
    half_width = np.longdouble(0.5) * np.sqrt(np.longdouble(3))
    excess = radius.astype(np.longdouble) - half_width * (2 * bound.astype(np.longdouble) - 1)
    certified = bound >= 0.5
    found = rs4a_report()["violations"]["above_own_bound"]
    assert found["rows"] == np.flatnonzero((excess > 0) & certified).tolist()
    assert found["worst"]["excess"] == pytest.approx(float(excess[certified].max()), rel=1e-6)


def test_missed_abstentions_of_the_uniform_log():
    bound, radius = rs4a_array("prob_lb"), rs4a_array("radius_l1")
    violations = rs4a_report()["violations"]
    assert violations["negative_radius"]["rows"] == np.flatnonzero(radius < 0).tolist()
    assert violations["missed_abstention"]["rows"] == np.flatnonzero(bound < 0.5).tolist()
    preds = rs4a_array("preds")
    tied = (preds == preds.max(axis=1, keepdims=True)).sum(axis=1) > 1
    assert violations["tied_selection"]["rows"] == np.flatnonzero(tied).tolist()


def test_tightness_at_every_observed_probability():
    for report in (cohen_report(next(iter(COHEN))), rs4a_report()):
        tightness = report["tightness"]
        assert tightness["consistent"] is True
        assert tightness["shown"] is True
        assert tightness["kept"] is True
        assert tightness["distinct"] == len(tightness["flips"]) > 100
        assert tightness["power"] >= 0.999
        assert tightness["num_samples"] == 100_000
