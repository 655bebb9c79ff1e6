"""Linear programs with exactly K classes, against closed forms and against many classes."""

import numpy as np
import pytest
from scipy import stats

from theory.claims.exact_multiclass_radius_k import PRINTED, K
from theory.neyman_pearson import grid_for, worst_case
from theory.searches.exact_k_search import instances_k, radius_k, search_k, worst_of_k
from theory.symbols import lam

SEED = 11
LAW = stats.laplace()
RADIUS = radius_k(PRINTED, K)


def grid(top, runner_up, distance):
    return grid_for((distance,), 1.0, (LAW.ppf(top), LAW.isf(runner_up)))


def test_two_classes_are_the_binary_program():
    for distance in (0.3, 1.1):
        here = grid(0.8, 0.2, distance)
        found = worst_of_k(here, 0.8, 0.2, 2)
        assert found == pytest.approx(worst_case(here, 0.8).margin, abs=1e-7)


def test_many_classes_are_the_program_for_any_number():
    here = grid(0.6, 0.1, 0.4)
    found = worst_of_k(here, 0.6, 0.1, 6)
    assert found == pytest.approx(worst_case(here, 0.6, 0.1).margin, abs=1e-7)
    # three classes hold no more than 0.2 of the mass beside cA
    assert worst_of_k(here, 0.6, 0.1, 3) > found + 1e-2


def test_no_classifier_is_an_error():
    with pytest.raises(ValueError, match="no optimum"):
        worst_of_k(grid(0.9, 0.2, 0.5), 1.1, 0.2, 3)


def test_the_radius_is_scipys_in_every_piece():
    pieces = set()
    for classes, top, runner_up, *_ in instances_k(64, seed=SEED):
        capped = min(runner_up, 1 - top)
        raised = max(top, 1 - (classes - 1) * capped)
        expected = (LAW.isf(1 - raised) - LAW.ppf(capped)) / 2
        assert RADIUS(classes, top, runner_up) == pytest.approx(expected)
        pieces.add((raised > top, raised > 0.5, runner_up > 1 - top))
    assert len(pieces) == 5


def test_the_instances_are_legal():
    for classes, top, runner_up, scale, direction in instances_k(40, seed=SEED):
        assert classes >= 2
        assert 0 < runner_up <= top < 1
        assert scale > 0
        assert np.abs(direction).sum() == pytest.approx(1.0)


def test_what_it_refutes():
    assert {one.finding for one in search_k(PRINTED, K, seed=SEED)} == {True}
    larger = {**PRINTED, "forced_high": PRINTED["forced_high"] + lam / 5}
    found = {one.part: one.finding for one in search_k(larger, K, seed=SEED)}
    assert found["sound"] is False
    smaller = {**PRINTED, "forced_low": PRINTED["forced_low"] - lam / 5}
    found = {one.part: one.finding for one in search_k(smaller, K, seed=SEED)}
    assert found["attained"] is False
