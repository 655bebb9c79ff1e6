"""The search for the worst test: against closed forms, and what it must refute."""

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from theory.claim import Grade
from theory.claims.quantile_is_lipschitz import PRINTED
from theory.claims.worst_direction_is_axis import PRINTED as DIRECTIONS
from theory.searches.least_mean_search import (
    Move,
    grid_of,
    half_line_mean,
    least_mean,
    moves,
    off_axis_moves,
    search_bound,
    search_directions,
    search_flips,
    search_terms,
)
from theory.searches.search import numeric_radius
from theory.symbols import lam, p

SEED = 5
PARTS = ("bound", "sharp")


@pytest.mark.parametrize("mean", [1e-4, 0.3, 0.5, 0.8, 1 - 1e-4])
@pytest.mark.parametrize("delta", [(1.3,), (-0.4,), (0.0, 2.2), (0.0, 0.0, -0.7)])
def test_on_an_axis_it_is_the_half_line(mean, delta):
    move = Move(mean, 0.7, delta)
    assert move.on_axis
    found = least_mean(grid_of(move), mean)
    assert found == pytest.approx(half_line_mean(mean, move.norm), abs=1e-7)


def test_off_the_axis_inside_an_orthant_it_is_the_same():
    move = Move(0.2, 2.0, (0.5, -0.8))
    assert not move.on_axis
    assert least_mean(grid_of(move), 0.2) == pytest.approx(0.2 * np.exp(-0.65), abs=1e-7)
    assert least_mean(grid_of(move), 0.4) > 0.4 * np.exp(-0.65) + 1e-3


@pytest.mark.parametrize("mean", [1e-6, 0.4, 0.6, 1 - 1e-6])
def test_the_half_line_mean_is_scipys(mean):
    law = stats.laplace(scale=3)
    expected = law.cdf(law.ppf(mean) - 1.2 * 3)
    assert half_line_mean(mean, 1.2) == pytest.approx(expected, rel=1e-9)


def test_the_moves_vary():
    found = [*moves(24, seed=SEED), *off_axis_moves(seed=SEED)]
    assert {len(move.delta) for move in found} == {1, 2, 3}
    assert {move.on_axis for move in found} == {True, False}
    assert all(0 < move.mean < 1 and move.norm > 0 for move in found)


@pytest.mark.parametrize(
    ("constant", "expected"),
    [(1 / lam, (True, True)), (1 / (2 * lam), (False, True)), (2 / lam, (True, False))],
)
def test_the_constant(constant, expected):
    found = list(search_bound(constant, parts=PARTS, seed=SEED))
    assert tuple(one.finding for one in found) == expected
    for one in found:
        assert one.grade is (Grade.CONSISTENT if one.finding else Grade.REFUTED)


def test_the_terms():
    terms = [PRINTED["first"], PRINTED["second"]]
    assert search_terms(terms, part="terms", seed=SEED).finding is True
    larger = [terms[0], terms[1] + lam / 100]
    assert search_terms(larger, part="terms", seed=SEED).finding is False


def test_the_flips():
    radius = numeric_radius(PRINTED["binary"], p_a=p)
    assert search_flips(radius, part="flips", seed=SEED).finding is True
    assert search_flips(lambda *at: 0.7 * radius(*at), part="flips", seed=SEED).finding is False


def test_the_directions():
    found = {one.part: one.finding for one in search_directions(DIRECTIONS, seed=SEED)}
    assert set(found.values()) == {True}
    assert set(found) == {"never_worse", "attained", "not_only", "only_then"}
    wrong = {**DIRECTIONS, "far": sp.Integer(1)}
    found = {one.part: one.finding for one in search_directions(wrong, seed=SEED)}
    assert found["never_worse"] is False
