"""The lead of cA over cB on two tails: given the votes for either, the lead is binomial."""

import math

import pytest

from simulations.two_tails import count_lead
from theory.confidence import BinomialTest
from theory.noise import Laplace

N, ALPHA = 20_000, 1e-9


def lead_at(distance: float, seed: int, *, dim: int = 3):
    return count_lead(
        (0.4, 0.2),
        Laplace(1.5),
        distance=distance,
        dim=dim,
        num_samples=N,
        seed=seed,
        purpose="tests/two_tails",
    )


def fits(lead, share: float) -> bool:
    test = BinomialTest(lead.either, share - lead.bias, share + lead.bias)
    return test.p_value(lead.count) > ALPHA


@pytest.mark.statistical(false_fail=ALPHA, reason="one exact binomial test")
def test_at_x_the_share_is_that_of_the_masses(fresh):
    assert fits(lead_at(0.0, fresh(5)), 2 / 3)


@pytest.mark.statistical(
    false_fail=2e-9,
    reason="an exact test at 1e-9; two leads that are lost with less than 1e-9, and one mutant",
)
def test_the_tie_is_at_lecuyers_radius(fresh):
    tie = 1.5 * math.log(2) / 2
    assert fits(lead_at(tie, fresh(5)), 0.5)
    before, after = (lead_at(times * tie, fresh(5)) for times in (0.5, 2))
    # P(cA) : P(cB) is 2 e^(-2 r/lambda): sqrt(2) before, and 1/2 after
    for lead, ratio in ((before, math.sqrt(2)), (after, 1 / 2)):
        half = BinomialTest(lead.either, 0.5 - lead.bias, 0.5 + lead.bias)
        assert half.false_pass(ratio / (1 + ratio), alpha=ALPHA) < ALPHA / 10
        assert not fits(lead, 0.5)
        assert (lead.count > lead.either / 2) is (ratio > 1)


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
