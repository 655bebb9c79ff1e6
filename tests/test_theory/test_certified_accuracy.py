"""Certified accuracies of two radii on random data."""

import ast
import math

import numpy as np
import pytest
import sympy as sp

from theory import confidence
from theory.searches.certified_accuracy import (
    ALPHA,
    SAMPLES,
    certified_accuracy,
    lower_bounds,
    search_ceilings,
    search_curves,
    search_ends,
)
from theory.symbols import lam, p_a, r

THEOREM_2 = (-lam * sp.log(2 * (1 - p_a)), 1 - sp.exp(-r / lam) / 2)


def ours(p: float, q: float, scale: float) -> float:
    return -scale * math.log(2 * q)


def theirs(p: float, q: float, scale: float) -> float:
    return scale * math.log(p / q) / 2


@pytest.mark.parametrize("count", [1, 51_234, 99_000, 99_999, 100_000])
def test_the_bounds_are_those_of_clopper_and_pearson(count):
    mine = confidence.lower(count, SAMPLES, alpha=ALPHA)
    assert lower_bounds(np.array([count]))[0] == pytest.approx(mine, rel=1e-9)


def test_the_accuracy_counts_what_is_correct_and_certified_ends_included():
    radii = np.array([1.0, 2.0, 3.0, -np.inf])
    correct = np.array([True, False, True, True])
    assert [certified_accuracy(radii, correct, at) for at in (1.0, 1.5, 4.0)] == [0.5, 0.25, 0.0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_larger_radius_is_never_lower_and_not_always_higher_somewhere(seed):
    somewhere, never = search_curves(ours, theirs, seed=seed, somewhere="somewhere", never="never")
    assert (somewhere.part, somewhere.finding) == ("somewhere", False)
    assert (never.part, never.finding) == ("never", True)
    radii = [ours(p, 1 - p, 1.0) for p in ast.literal_eval(somewhere.witness["PA"]) if p >= 0.5]
    correct = ast.literal_eval(somewhere.witness["classified correctly"])
    assert len(radii) < len(correct) or not all(correct)


def test_one_large_data_set_is_higher_somewhere():
    somewhere, _ = search_curves(ours, theirs, seed=1, somewhere="some", never="never", count=1)
    assert somewhere.finding is True


def test_the_smaller_radius_is_lower_somewhere():
    _, never = search_curves(theirs, ours, seed=1, somewhere="somewhere", never="never")
    assert never.finding is False
    assert float(never.witness["certified accuracy of ours"]) < float(never.witness["of Lecuyer's"])


def test_the_ends_are_exact():
    radius, end = THEOREM_2
    assert search_ends([THEOREM_2], seed=1, part="body").finding is True
    for shift in (1, -1):
        off = end + shift * sp.Rational(1, 10**6)
        assert search_ends([(radius, off)], seed=1, part="body").finding is False


def test_the_ceiling_is_in_its_bracket_and_in_no_other():
    right = (sp.Rational("8.887168089"), sp.Rational("8.887168090"))
    assert search_ceilings([(ours, right)], part="body").finding is True
    wrong = tuple(end + sp.Rational(1, 10**6) for end in right)
    assert search_ceilings([(ours, wrong)], part="body").finding is False
