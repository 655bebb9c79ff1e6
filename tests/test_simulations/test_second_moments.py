"""Second moments as counts: the frequency is the moment in units of the cut."""

import numpy as np
import pytest

from simulations.second_moments import count_squares
from theory.noise import Gaussian, Laplace, Uniform

SAMPLES = 100_000


@pytest.mark.parametrize("dim", [1, 3])
@pytest.mark.parametrize("noise", [Laplace(0.7), Gaussian(2.0), Uniform(1.5)], ids=str)
def test_the_frequency_is_the_second_moment(noise, dim):
    # 12 sigma leaves nothing of this size beyond the cut; five deviations of the count are allowed
    cut = (12 * noise.sigma) ** 2
    found = count_squares(noise, cut, dim=dim, num_samples=SAMPLES, seed=1, purpose=f"test/{dim}")
    expected = 1 / 144
    slack = 5 * np.sqrt(expected / SAMPLES)
    assert abs(found / SAMPLES - expected) < slack


def test_what_lies_beyond_the_cut_counts_as_the_cut():
    # E min(eps^2/c, 1) with |eps| <= h and c = h^2/4: h/2 is exceeded half of the time
    noise = Uniform(1.0)
    found = count_squares(noise, 0.25, dim=2, num_samples=SAMPLES, seed=1, purpose="test/cut")
    expected = 1 / 2 + 1 / 2 / 3
    assert abs(found / SAMPLES - expected) < 5 * np.sqrt(expected * (1 - expected) / SAMPLES)
