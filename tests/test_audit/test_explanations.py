"""Explanations, held against whole lattices by SciPy's beta quantiles and a normal law by hand."""

import csv
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special, stats

from l1cert.audit import explanations
from l1cert.audit.explanations import explain
from l1cert.audit.parameters import Parameters
from tests.test_audit.real_runs import RUNS, real

COHEN = {
    "cifar10_resnet110_gaussian_sigma_0.50": (417, 9),
    "imagenet_resnet50_gaussian_sigma_0.50": (418, 88),
}


def lattice(n, alpha):
    k = np.arange(n + 1)
    return np.where(k > 0, stats.beta.ppf(alpha, np.maximum(k, 1), n - k + 1), 0.0)


def fitting(low, high, n, alpha):
    """How many of the intervals hold a bound, from the whole lattice."""
    bounds = lattice(n, alpha)
    return int(np.sum(np.searchsorted(bounds, low) < np.searchsorted(bounds, high, side="right")))


def stated(n=1000, alpha="0.001"):
    return Parameters.parse("gaussian", sigma="0.5", num_samples=n, alpha=alpha)


def printed(bounds, sigma=0.5, digits=3):
    """The intervals of the bounds whose Gaussian radii are printed with three digits."""
    radii = np.array([float(f"{sigma * r:.{digits}}") for r in special.ndtri(bounds)])
    half = 0.5 * 10.0 ** (np.floor(np.log10(radii)) + 1 - digits)
    return special.ndtr((radii - half) / sigma), special.ndtr((radii + half) / sigma)


def made(n, level, misses):
    """A log of n samples at a one-sided level whose rows have so many misses."""
    misses = np.asarray(misses)
    return printed(stats.beta.ppf(level, n - misses, misses + 1))


def misses(n, seed, rows=300):
    rng = np.random.default_rng(seed)
    few = rng.integers(0, 20, rows // 2)
    return np.concatenate([np.zeros(10, int), few, rng.integers(20, int(0.4 * n), rows // 2)])


@real
@pytest.mark.parametrize("name", COHEN)
def test_real_logs_are_explained_by_alpha(name):
    path = RUNS / "cohen" / f"{name}.tsv"
    with path.open() as lines:
        rows = [row["radius"] for row in csv.DictReader(lines, delimiter="\t")]
    radii = np.array([float(row) for row in rows if row != "0.0"])
    half = 0.5 * 10.0 ** (np.floor(np.log10(radii)) - 2)
    low, high = special.ndtr((radii - half) / 0.5), special.ndtr((radii + half) / 0.5)
    total, top = COHEN[name]
    found = explain(low, high, stated(100_000))
    best = found[0]
    assert (best["what"], best["n"], best["alpha"], best["one_sided"]) == (
        "alpha",
        100_000,
        0.01,
        True,
    )
    assert (best["rows_explained"], best["rows"], best["rows_at_ceiling"]) == (total, total, top)
    assert best["interval"][0] < 0.01 <= best["interval"][1]
    # under the one-sided alpha that is stated, no n whose ceiling is the top row explains them all
    for n in range(149_684, 162_635, 6000):
        assert fitting_near_the_top(low, high, n, 0.001) < total
    others = [one for one in found if one["what"] == "n" and one["one_sided"]]
    assert all(one["rows_explained"] < total for one in others if one["rows_at_ceiling"])
    # a finer lattice, beyond the ceiling, does fit them
    beyond = next(one for one in others if not one["rows_at_ceiling"])
    assert beyond["rows_explained"] == total
    assert fitting_near_the_top(low, high, beyond["n"], 0.001) == total
    least = min(one["n"] for one in others)
    assert least == math.ceil(math.log(0.001) / math.log(low.max()))


def fitting_near_the_top(low, high, n, alpha):
    """`fitting`, of the upper half of the lattice only."""
    k = np.arange(n // 2, n + 1)
    bounds = stats.beta.ppf(alpha, k, n - k + 1)
    return int(np.sum(np.searchsorted(bounds, low) < np.searchsorted(bounds, high, side="right")))


@pytest.mark.parametrize(("alpha", "seed"), [(0.05, 1), (0.02, 2), (0.0001, 3), (0.003, 4)])
def test_a_hidden_alpha_is_recovered(alpha, seed):
    n = 20_000
    low, high = made(n, alpha, misses(n, seed))
    best = explain(low, high, stated(n))[0]
    assert (best["what"], best["alpha"], best["one_sided"]) == ("alpha", alpha, True)
    assert best["rows_explained"] == best["rows"] == low.size
    assert best["rows_at_ceiling"] >= 10
    assert fitting(low, high, n, alpha) == low.size
    assert fitting(low, high, n, 0.001) < low.size


@pytest.mark.parametrize(("hidden", "seed"), [(50_000, 1), (10_000, 2), (30_000, 3)])
def test_a_hidden_n_is_recovered(hidden, seed):
    low, high = made(hidden, 0.001, misses(hidden, seed))
    found = explain(low, high, stated(20_000))
    best = next(one for one in found if one["what"] == "n" and one["one_sided"])
    assert best["n"] == hidden
    assert best["interval"][0] <= hidden <= best["interval"][1]
    assert best["rows_explained"] == found[0]["rows_explained"] == low.size


def test_the_two_sided_reading_of_the_stated_alpha_comes_first():
    n = 20_000
    low, high = made(n, 0.0005, misses(n, 6))
    best = explain(low, high, stated(n))[0]
    assert (best["n"], best["alpha"], best["one_sided"]) == (n, 0.001, False)
    assert best["rows_explained"] == low.size


INTERVALS = st.lists(
    st.tuples(st.floats(0.5, 0.999), st.floats(1e-4, 0.02)), min_size=1, max_size=6
)


@settings(max_examples=15, deadline=None)
@given(rows=INTERVALS, n=st.integers(5, 60), alpha=st.sampled_from(["0.001", "0.05", "0.3"]))
def test_every_number_of_an_explanation_is_that_of_the_whole_lattice(rows, n, alpha):
    low = np.array([low for low, _ in rows])
    high = np.minimum(low + [width for _, width in rows], 1.0)
    # the margins are outward: a slightly wider interval has no fewer, a narrower one no more
    for one in explain(low, high, stated(n, alpha)):
        level = one["alpha"] if one["one_sided"] else one["alpha"] / 2
        inward = fitting(low + 1e-9, high - 1e-9, one["n"], level)
        assert inward <= one["rows_explained"] <= fitting(low - 1e-9, high + 1e-9, one["n"], level)
        start, end = one["interval"]
        varied = one[one["what"]]
        assert start <= varied <= end
        for share in (0.0, 0.3, 0.7, 1.0):
            other = start + share * (end - start)
            other_n = int(other) if one["what"] == "n" else n
            other_alpha = other if one["what"] == "alpha" else one["alpha"]
            other_level = other_alpha if one["one_sided"] else other_alpha / 2
            # numerics of another quantile function: 1e-7 of slack
            again = fitting(low - 1e-7, high + 1e-7, other_n, other_level)
            assert again >= one["rows_explained"]


@settings(max_examples=5, deadline=None)
@given(rows=INTERVALS, n=st.integers(5, 40))
def test_no_alpha_of_a_fine_grid_and_no_near_n_puts_more_rows_on_the_lattice(rows, n):
    low = np.array([low for low, _ in rows])
    high = np.minimum(low + [width for _, width in rows], 1.0)
    found = [one for one in explain(low, high, stated(n, "0.05")) if one["one_sided"]]
    inner = low + 1e-9, high - 1e-9
    at_stated = fitting(low - 1e-9, high + 1e-9, n, 0.05)
    grids = {
        "alpha": [fitting(*inner, n, level) for level in np.geomspace(1e-8, 0.499, 400)],
        "n": [fitting(*inner, other, 0.05) for other in range(max(1, n // 16), 16 * n + 1)],
    }
    for what, values in grids.items():
        best = max((one["rows_explained"] for one in found if one["what"] == what), default=0)
        # the stated number itself is no explanation
        assert max(best, at_stated) >= max(values)


def test_rows_count_as_often_as_they_occur():
    low, high = made(20_000, 0.05, [0, 3, 3, 3, 40])
    once = explain(low, high, stated(20_000))[0]
    thrice = explain(np.tile(low, 3), np.tile(high, 3), stated(20_000))[0]
    assert once["rows"] == 5 and thrice["rows"] == 15
    assert thrice["rows_explained"] == 3 * once["rows_explained"]


def test_rows_that_nothing_explains_do_not_hinder():
    low, high = made(20_000, 0.05, misses(20_000, 7))
    low, high = np.append(low, 1.0), np.append(high, 1.0)
    best = explain(low, high, stated(20_000))[0]
    assert (best["alpha"], best["rows_explained"], best["rows"]) == (0.05, low.size - 1, low.size)
    assert explain(np.ones(3), np.ones(3), stated()) == () or all(
        one["rows_explained"] == 0 for one in explain(np.ones(3), np.ones(3), stated())
    )
    assert explain(np.empty(0), np.empty(0), stated()) == ()
    assert explain(low, high, stated(1000, "1e-300")) == ()
    assert explain(low, high, stated(1000, f"0.{'9' * 20}")) == ()


def test_rows_whose_bound_is_zero():
    """No count of any n has the ceiling 0, and the bound of no success is 0 at every alpha."""
    for one in explain(np.zeros(2), np.zeros(2), stated()):
        assert one["rows_explained"] == 2 and one["rows_at_ceiling"] == 0
        assert one["interval"][0] <= one[one["what"]] <= one["interval"][1]
    low, high = made(20, 0.05, [0, 0, 1, 3])
    low, high = np.append(low, 0.0), np.append(high, 0.0)
    best = explain(low, high, stated(20))[0]
    assert (best["alpha"], best["rows_explained"]) == (0.05, 5)
    start, end = best["interval"]
    assert 0.04 < start <= 0.05 <= end < 0.06
    for share in np.linspace(0, 1, 9):
        assert fitting(low[:4] - 1e-8, high[:4] + 1e-8, 20, start + share * (end - start)) == 4


def in_the_bulk(hidden):
    """Ten rows whose bounds are far below the ceiling, to eight digits."""
    k = (hidden * np.random.default_rng(5).uniform(0.6, 0.95, 10)).astype(int)
    bounds = stats.beta.ppf(0.001, k, hidden - k + 1)
    return bounds - 1e-8, bounds + 1e-8


@pytest.mark.parametrize(("hidden", "claimed"), [(1000, 10_000), (100_000, 150_000)])
def test_a_few_rows_in_the_bulk_tell_a_smaller_n(hidden, claimed):
    best = explain(*in_the_bulk(hidden), stated(claimed))[0]
    assert (best["what"], best["n"], best["rows_explained"]) == ("n", hidden, 10)


@pytest.mark.parametrize("mutant", ["whole range", "few compared"])
def test_the_whole_range_has_too_many_counts_for_rows_in_the_bulk(monkeypatch, mutant):
    if mutant == "whole range":
        swept = explanations._swept
        monkeypatch.setattr(
            explanations, "_swept", lambda axis, rows, _: swept(axis, rows, axis.range(rows))
        )
    else:
        monkeypatch.setattr(explanations, "_MOST_BEST", 16)
    assert explain(*in_the_bulk(100_000), stated(150_000))[0]["rows_explained"] < 10


def test_hundreds_of_distinct_bulk_rows():
    n, rng = 100_000, np.random.default_rng(8)
    few = np.concatenate([np.zeros(30, int), rng.integers(0, 30, 200)])
    low, high = made(n, 0.01, few)
    bulk = np.linspace(0.5, 0.99, 500)
    low, high = np.concatenate([low, bulk]), np.concatenate([high, bulk + 1e-4])
    best = explain(low, high, stated(n))[0]
    assert (best["what"], best["alpha"], best["rows_explained"]) == ("alpha", 0.01, low.size)


@pytest.mark.parametrize("mutant", ["sides", "coverage", "ceiling"])
def test_mutants_do_not_recover_it(monkeypatch, mutant):
    n = 20_000
    low, high = made(n, 0.02, misses(n, 2))
    if mutant == "sides":
        at = explanations._Axis.at
        monkeypatch.setattr(
            explanations._Axis,
            "at",
            lambda axis, value: (at(axis, value)[0], at(axis, value)[1] / 2),
        )
    elif mutant == "coverage":
        whole = explanations._coverage
        monkeypatch.setattr(explanations, "_coverage", lambda *a: (whole(*a)[0], -whole(*a)[1]))
    else:
        monkeypatch.setattr(explanations, "fitting_alphas", lambda k, low, high, n: (low, high))
    best = next(iter(explain(low, high, stated(n))), None)
    assert best is None or (best["what"], best["alpha"], best["one_sided"]) != ("alpha", 0.02, True)


@pytest.mark.parametrize(
    ("low", "high", "near", "expected"),
    [
        (0.0099, 0.0109, 0.001, 0.01),
        (0.0045, 0.0206, 0.001, 0.01),
        (0.0004, 0.0006, 0.001, 0.0005),
        (0.00903, 0.00979, 0.001, 0.0095),
        (0.0005, 0.002, 0.001, 0.001),
        (177_977, 178_023, 100_000, 178_000),
        (149_684, 149_706, 100_000, 149_700),
        (7, 7, 100, 7),
    ],
)
def test_the_roundest_number(low, high, near, expected):
    found = explanations._roundest(low, high, near)
    if expected == 0.0095:
        assert low <= found <= high and len(repr(found)) == len("0.0095")
    else:
        assert found == expected


def test_bad_input_is_one_line():
    for call, message in (
        (lambda: explain(np.array([0.7]), np.array([0.6]), stated()), "lower = 0.7 is outside"),
        (lambda: explain(np.array([0.7]), np.array([1.6]), stated()), "1.6 is outside"),
        (lambda: explain(np.float64(0.7), np.float64(0.8), stated()), r"legal is \(rows,\)"),
    ):
        with pytest.raises(ValueError, match=message) as error:
            call()
        assert "\n" not in str(error.value)
