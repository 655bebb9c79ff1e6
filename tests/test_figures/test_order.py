"""Crossings and witnesses of two curves."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures.order import crossings, plainest


@given(
    st.lists(st.integers(1, 999), unique=True, max_size=4), st.sampled_from([1e-3, 1.0, -2.5, 1e6])
)
def test_every_sign_change_is_found(thousandths, factor):
    # each root has its own neighbours on a grid of odd multiples of 1/2000
    roots = sorted(k / 1000 for k in thousandths)
    at = np.arange(1, 2001, 2) / 2000

    def difference(x):
        return factor * math.prod(x - root for root in roots)

    found = crossings(difference, at, np.array([difference(x) for x in at]))
    assert found == pytest.approx(roots, rel=1e-14)


def test_a_touch_is_no_crossing():
    at = np.array([0.0, 0.5, 1.0])
    assert crossings(lambda x: x * x, at, at * at).size == 0
    assert crossings(lambda x: x - 0.0, at, at).size == 0


def test_a_zero_on_the_grid_between_opposite_signs_is_one_crossing():
    at = np.array([0.0, 0.5, 1.0])
    assert crossings(lambda x: x - 0.5, at, at - 0.5).tolist() == [0.5]


def test_plainest_prefers_few_digits_then_a_large_deficit():
    at = np.array([0.8, 0.825, 0.9, 0.95])
    assert plainest(at, np.array([0.1, 0.9, 0.2, 0.9])) == 2
    assert plainest(at, np.array([0.1, 0.9, -0.2, 0.9])) == 0
    assert plainest(at, np.array([0.0, -1.0, np.nan, -0.1])) is None
