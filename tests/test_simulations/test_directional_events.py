"""Counts of {T < t} at x and at x + delta against the exact law of T."""

import math

import numpy as np
import pytest

from simulations.directional_events import count_lost
from theory.confidence import BinomialTest
from theory.likelihood_ratio import LikelihoodRatio
from theory.noise import Laplace

SAMPLES = 40_000
#: each count is called wrong with this probability where it is right, at most
ALPHA = 1e-10


def fits(count: int, probability: float) -> bool:
    return BinomialTest(SAMPLES, probability, probability).p_value(count) > ALPHA


def counts(delta, scale, threshold, *, coin=-np.inf, seed=5):
    return count_lost(
        Laplace(scale),
        delta,
        threshold,
        coin=coin,
        num_samples=SAMPLES,
        seed=seed,
        purpose=f"test/{delta}/{threshold}",
    )


@pytest.mark.statistical(
    false_fail=1e-9, reason="two exact tests at 1e-10, and a mutant that escapes with less"
)
@pytest.mark.parametrize(
    ("delta", "scale", "threshold"),
    [((0.6, -0.4), 0.5, -0.3), ((1.0, 0.0, 2.0, 0.5), 1.5, 0.7), ((2.0,), 1.0, -1.1)],
)
def test_counts_are_those_of_the_exact_law(delta, scale, threshold, fresh):
    at_x, moved = counts(delta, scale, threshold, seed=fresh(5))
    law = LikelihoodRatio.of(delta, scale=scale)
    assert fits(at_x, float(law.below(threshold)))
    # T under Y is distributed as -T under X
    assert fits(moved, 1 - float(law.cdf(-threshold)))
    truth = float(law.below(threshold))
    assert not fits(at_x, truth + 0.04)
    wrong = BinomialTest(SAMPLES, truth + 0.04, truth + 0.04)
    assert wrong.false_pass(truth, alpha=ALPHA) < ALPHA


@pytest.mark.statistical(false_fail=1e-9, reason="six exact tests at 1e-10")
def test_the_coin_takes_its_part_of_an_atom(fresh):
    delta, scale = (0.45, 0.45), 1.0
    law = LikelihoodRatio.of(delta, scale=scale)
    atom = math.exp(-0.45) / 2
    for part in (0.0, 0.3, 1.0):
        coin = {0.0: -np.inf, 1.0: np.inf}.get(part, Laplace(scale).quantile(part))
        at_x, moved = counts(delta, scale, 0.0, coin=coin, seed=fresh(5))
        assert fits(at_x, float(law.below(0)) + part * atom)
        assert fits(moved, 1 - float(law.cdf(0)) + part * atom)


def test_the_same_seed_counts_the_same():
    assert counts((1.0, 2.0), 0.7, -0.5) == counts((1.0, 2.0), 0.7, -0.5)
    assert counts((1.0, 2.0), 0.7, -0.5) != counts((1.0, 2.0), 0.7, -0.5, seed=6)
