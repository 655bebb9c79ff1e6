"""Bounds by Beta quantiles against the ones of theory.confidence."""

import numpy as np
import pytest

from theory.confidence import lower
from theory.searches.ceiling_search import lower_bounds


@pytest.mark.parametrize(("num_samples", "alpha"), [(1, 0.3), (17, 0.05), (200, 0.001)])
def test_the_bounds_are_those_of_confidence(num_samples, alpha):
    expected = [lower(k, num_samples, alpha=alpha) for k in range(num_samples + 1)]
    assert np.allclose(lower_bounds(num_samples, alpha), expected, rtol=1e-9, atol=0)


@pytest.mark.parametrize("last", [1, 4, 30])
def test_the_last_ones_are_the_largest(last):
    whole = lower_bounds(12, 0.1)
    assert np.array_equal(lower_bounds(12, 0.1, last=last), whole[-last:])
