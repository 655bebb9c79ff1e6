"""Counts of many half-spaces by three ways, and p-values in arrays: equal to the single ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.experiment import Expects, Trial
from simulations.half_spaces import Axis
from simulations.observed_cases import Cases, count_cases, p_values, recount_raw, recount_words
from simulations.sampling import draw
from theory.noise import Gaussian, Laplace, Uniform
from theory.tightness import HalfSpace

NOISES = [Laplace(scale=0.35), Gaussian(sigma=0.5), Uniform(half_width=1.75)]
ids = {"ids": lambda one: type(one).__name__}

counts = st.integers(0, 5000)
parts = st.one_of(st.just(0.0), st.just(1.0), st.just(0.5), st.floats(0.0, 1.0))


@given(st.lists(st.tuples(counts, parts, parts), max_size=8), st.sampled_from(Expects))
def test_p_values_are_those_of_trials(rows, expects):
    rows = [(k, *sorted((a, b if expects is Expects.INSIDE else a))) for k, a, b in rows]
    expected = [
        Trial("", "", k, 5000, expects, low, high, bias=1e-9).p_values for k, low, high in rows
    ]
    columns = np.array(rows, np.float64).reshape(-1, 3).T
    found = p_values(columns[0].astype(np.int64), 5000, *columns[1:], expects, bias=1e-9)
    assert found.tolist() == [list(pair) for pair in expected]


@pytest.mark.parametrize("noise", NOISES, **ids)
def test_counts_are_those_of_the_classifier_on_raw_vectors(noise):
    rng = np.random.default_rng(3)
    layout = {"seed": 11, "tag": 9, "num_samples": 3000, "dim": 3}
    axes = tuple(Axis(int(k) % 3, 1 if k % 2 else -1) for k in rng.integers(0, 100, 40))
    edges = rng.normal(size=40)
    edges[:3] = [math.inf, -math.inf, 0.0]
    cases = Cases(axes, edges, np.concatenate([np.zeros(5), rng.exponential(size=34), [1e300]]))
    points = draw(noise, first_sample=0, **layout)
    found = count_cases(cases, points)
    before = points.copy()
    assert np.array_equal(recount_raw(cases, points, range(40)), found)
    assert np.array_equal(points, before)
    assert np.array_equal(recount_words(cases, noise, **layout), found)
    for row, axis in enumerate(axes):
        moved = points + axis.displacement(cases.shift[row], dim=3)
        classifier = HalfSpace(axis.place, axis.sign, cases.threshold[row])
        assert found[row] == np.sum(classifier(moved))
    assert not np.array_equal(recount_words(cases, noise, **{**layout, "seed": 12}), found)


def test_a_p_value_without_its_margin_would_be_seen():
    half = np.array([0.5])
    ((_, found),) = p_values(np.array([400]), 1000, half, half, Expects.BELOW, bias=0.0)
    exact = sum(math.comb(1000, k) for k in range(401)) / 2**1000
    assert exact < found < exact * (1 + 2.0**-29)
    ((_, biased),) = p_values(np.array([400]), 1000, half, half, Expects.BELOW, bias=0.01)
    assert biased > 10 * found


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match=r"axes, threshold and shift have shapes"):
        Cases((Axis(0, 1),), np.zeros(2), np.zeros(1))
