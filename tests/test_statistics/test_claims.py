"""The simulations of the claims with fresh seeds: no true prediction is called false.

`l1cert verify` judges all counts of a run together at the level that its user asks for. Here every
claim is judged alone, at a level at which no correct program is ever seen to fail.
"""

import pytest

from l1cert import catalogue
from simulations.experiment import Trial
from tests.methods import simulation_of
from theory.claim import Rung

ALPHA = 1e-9
COUNTED = [slug for slug in catalogue.SLUGS if catalogue.claim(slug).has(Rung.SIMULATION)]


def contradicted(trials: list[Trial], alpha: float) -> list[str]:
    """The trials whose prediction is called false, at a level that is shared out evenly."""
    return [one.name for one in trials if one.p_values[0] <= alpha / len(trials)]


@pytest.mark.statistical(false_fail=ALPHA, reason="exact binomial tests of the counts together")
@pytest.mark.parametrize("slug", COUNTED)
def test_no_prediction_of_a_claim_is_called_false(slug, fresh):
    trials = list(simulation_of(slug).simulate(seed=fresh(1), num_samples=20_000))
    assert trials
    assert contradicted(trials, ALPHA) == []
