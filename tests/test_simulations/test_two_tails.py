"""The lead of cA over cB on two tails."""

import math

import pytest

from simulations.two_tails import count_lead
from theory.noise import Laplace

N = 20_000


def share(
    distance: float, *, dim: int = 3, purpose: str = "tests/two_tails"
) -> tuple[float, float]:
    lead = count_lead(
        (0.4, 0.2),
        Laplace(1.5),
        distance=distance,
        dim=dim,
        num_samples=N,
        seed=5,
        purpose=purpose,
    )
    return lead.count / lead.either, 5 / math.sqrt(lead.either)


def test_at_x_the_share_is_that_of_the_masses():
    found, error = share(0.0)
    assert found == pytest.approx(2 / 3, abs=error)


def test_the_tie_is_at_lecuyers_radius():
    tie = 1.5 * math.log(2) / 2
    found, error = share(tie)
    assert found == pytest.approx(0.5, abs=error)
    assert share(0.5 * tie)[0] > 0.5 > share(2 * tie)[0]


def test_two_classes_meet_at_one_point():
    lead = count_lead(
        (0.7, 0.3), Laplace(0.8), distance=0.0, dim=2, num_samples=1000, seed=5, purpose="tests/two"
    )
    assert lead.either == 1000
    assert 0 < lead.bias < 1e-8


def test_no_samples_are_no_lead():
    lead = count_lead(
        (0.4, 0.2), Laplace(1.0), distance=0.0, dim=2, num_samples=0, seed=5, purpose="tests/none"
    )
    assert (lead.count, lead.either) == (0, 0)
