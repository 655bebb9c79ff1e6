"""The linear program over cells against the worst cases that are known in closed form."""

import numpy as np
import pytest
from scipy import stats

from theory.searches.worst_labels import least_mass


@pytest.mark.parametrize("p_a", [0.6, 0.9, 0.999])
@pytest.mark.parametrize("move", [0.1, 0.7])
def test_along_an_axis_it_is_the_half_space(p_a, move):
    for law in (stats.norm(scale=1.3), stats.laplace(scale=0.4), stats.uniform(loc=-2, scale=4)):
        edge = float(law.ppf(p_a))
        found = least_mass(law, p_a, (move,), (edge,))
        assert found == pytest.approx(float(law.cdf(edge - move)), abs=1e-6)


def test_uniform_noise_loses_what_the_cubes_do_not_share():
    law = stats.uniform(loc=-1, scale=2)
    shared = (1 - 0.3 / 2) * (1 - 0.5 / 2)
    assert least_mass(law, 0.9, (0.3, 0.5)) == pytest.approx(0.9 - (1 - shared), abs=1e-6)


def test_a_classifier_of_the_grid_is_no_better_than_the_worst_of_all():
    # off the axis the grid only comes near the half-space orthogonal to delta
    law, delta = stats.norm(), (0.5, 0.5)
    worst = float(stats.norm.cdf(stats.norm.ppf(0.8) - np.hypot(*delta)))
    found = least_mass(law, 0.8, delta)
    assert worst - 1e-6 <= found < worst + 0.02
