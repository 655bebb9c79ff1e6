"""The worst-case classifiers: their labels point by point, and their masses against SciPy."""

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from theory.densities import laplace, mass
from theory.derivation import is_zero
from theory.tightness import HalfSpace, TwoTails, half_line_mass


@given(st.fractions(-30, 30, max_denominator=60))
def test_half_line_mass_is_scipys(threshold):
    found = float(half_line_mass(sp.Rational(threshold)))
    assert found == pytest.approx(stats.laplace.cdf(float(threshold)), rel=1e-13)


@pytest.mark.parametrize("assumed", ["positive", "negative", "nonnegative", "nonpositive"])
def test_half_line_mass_is_the_integral_of_the_density(assumed):
    k = sp.Symbol("k", **{assumed: True})
    scale = sp.Rational(7, 3)
    integral = mass(laplace, scale, -sp.oo, scale * k)
    assert is_zero(half_line_mass(k) - integral)
    assert not is_zero(half_line_mass(k) - integral / 2)


def test_a_threshold_of_unknown_sign_is_an_error():
    for threshold in (sp.Symbol("t", real=True), sp.Symbol("z"), sp.oo):
        with pytest.raises(ValueError, match="the sign of the threshold"):
            half_line_mass(threshold)


cases = {
    "dim": st.integers(1, 5),
    "sign": st.sampled_from([-1, 1]),
    "threshold": st.floats(-2, 2),
    "seed": st.integers(0, 999),
}


@settings(max_examples=30)
@given(data=st.data(), **cases)
def test_half_space_labels(data, dim, sign, threshold, seed):
    axis = data.draw(st.integers(0, dim - 1))
    points = np.random.default_rng(seed).laplace(size=(40, dim))
    points[0, axis] = sign * threshold  # the boundary belongs to cA
    labels = HalfSpace(axis, sign, threshold)(points)
    assert labels.shape == (40,)
    assert labels[0]
    by_hand = [bool(sign * row[axis] <= threshold) for row in points]
    assert labels.tolist() == by_hand


@settings(max_examples=30)
@given(data=st.data(), gap=st.floats(0, 2), **cases)
def test_two_tails_labels(data, gap, dim, sign, threshold, seed):
    axis = data.draw(st.integers(0, dim - 1))
    points = np.random.default_rng(seed).laplace(size=(40, dim))
    classifier = TwoTails(axis, sign, a_until=threshold, b_from=threshold + gap)
    by_hand = []
    for row in points:
        along = sign * row[axis]
        by_hand.append(0 if along <= threshold else 1 if along >= threshold + gap else 2)
    assert classifier(points).tolist() == by_hand


def test_overlapping_tails_are_refused():
    with pytest.raises(ValueError, match=r"a_until = 1.5 is above b_from = 1.0"):
        TwoTails(axis=0, sign=1, a_until=1.5, b_from=1.0)
