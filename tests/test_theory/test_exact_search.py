"""Searches about the exact radius: what they accept and what they must refute."""

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from theory.claims.exact_multiclass_radius import PRINTED
from theory.searches.exact_search import (
    exact_radius,
    pairs,
    search_beyond,
    search_classes,
    search_gain,
    search_order_of_terms,
    search_unbounded,
)
from theory.symbols import lam

SEED = 7
RADIUS = exact_radius(PRINTED)
FIRST, SECOND = PRINTED["first"], PRINTED["second"]
LAW = stats.laplace()


@pytest.mark.parametrize(
    ("top", "runner_up"), [(0.4, 0.1), (0.5, 0.5), (0.7, 0.2), (0.9, 0.1), (0.8, 0.75)]
)
def test_the_radius_is_scipys(top, runner_up):
    expected = 2.5 * (LAW.ppf(top) - LAW.ppf(min(runner_up, 1 - top))) / 2
    assert RADIUS(top, runner_up, 2.5) == pytest.approx(expected)


def test_the_pairs_come_close_to_every_edge():
    top, runner_up = pairs(400, seed=SEED)
    assert np.all((runner_up >= 0) & (runner_up <= top))
    inside = top < 1
    for distance in (top, 1 - top[inside], abs(top - 0.5), runner_up, top - runner_up):
        assert np.min(distance[distance > 0]) < 1e-6
    assert np.any((runner_up > 1 - top) & (top < 1))


def test_beyond_the_radius():
    assert search_beyond(RADIUS, part="p", seed=SEED).finding is True
    smaller = search_beyond(lambda *at: 0.7 * RADIUS(*at), part="p", seed=SEED)
    assert smaller.finding is False
    assert smaller.witness


@pytest.mark.parametrize(("by", "expected"), [(0, True), (-1, False), (1, False)])
def test_the_classes(by, expected):
    further = PRINTED["further"] + sp.Integer(by)
    assert search_classes(further, part="p", seed=SEED).finding is expected


def test_the_order_of_the_terms():
    def found(first, second):
        ordered = search_order_of_terms(first, second, RADIUS, parts=("a", "b"), seed=SEED)
        return [one.finding for one in ordered]

    assert found(FIRST, SECOND) == [True, True]
    assert found(FIRST + lam / 10**6, SECOND) == [False, False]
    assert found(FIRST - lam / 10**6, SECOND - lam / 10**6) == [True, False]


@pytest.mark.parametrize(("gain", "expected"), [("3/2", True), ("1.499", False), ("1.501", False)])
def test_the_gain(gain, expected):
    found = search_gain(FIRST, SECOND, PRINTED, sp.Rational(gain), part="p", seed=SEED)
    assert found.finding is expected


def test_the_ratio_beyond():
    assert search_unbounded(FIRST, SECOND, RADIUS, part="p", seed=SEED).finding is True
    theirs = search_unbounded(
        FIRST, SECOND, exact_radius({**PRINTED, "beyond": SECOND}), part="p", seed=SEED
    )
    assert theirs.finding is False
