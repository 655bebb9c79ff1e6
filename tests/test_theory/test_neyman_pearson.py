"""Worst cases by linear programming against greedy tests, closed forms and raw hypotheses."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from theory import symbols
from theory.claim import Grade
from theory.neyman_pearson import WorstCase, confirm, grid_for, worst_case
from theory.searches import search
from theory.searches.search import (
    FAR,
    TOLERANCE,
    instances,
    numeric_radius,
    search_radius,
    search_tie,
)

scales = st.floats(0.05, 20.0)
deltas = st.lists(st.floats(-3.0, 3.0), min_size=1, max_size=3).map(tuple)


def quantile(p: float) -> float:
    return float(stats.laplace.ppf(p))


def cdf(x: float) -> float:
    return float(stats.laplace.cdf(x))


def sound(p_a: float, p_b: float, scale: float) -> float:
    """The tight radius in closed form: (lambda/2) (Q(PA) - Q(min(PB, 1 - PA)))."""
    return scale * (quantile(p_a) - quantile(min(p_b, 1 - p_a))) / 2


def marked_grid(p_a, p_b, scale, radius):
    marks = (scale * quantile(p_a), -scale * quantile(p_b))
    return grid_for((radius,), scale, marks)


@settings(max_examples=20)
@given(delta=deltas, scale=scales)
def test_masses_are_those_of_boxes(delta, scale):
    grid = grid_for(tuple(d * scale for d in delta[:2]), scale, (0.3 * scale,))
    for masses, shift in ((grid.before, (0.0,) * len(grid.delta)), (grid.after, grid.delta)):
        assert masses.sum() == pytest.approx(1.0, abs=1e-12)
        assert (masses >= 0).all()
        shape = tuple(len(edges) - 1 for edges in grid.edges)
        cells = masses.reshape(shape)
        for place in np.ndindex(*shape):
            if sum(place) % 7 == 0:  # a seventh of them
                sides = zip(grid.edges, place, shift, strict=True)
                exact = math.prod(
                    (stats.laplace.cdf(e[i + 1], m, scale) - stats.laplace.cdf(e[i], m, scale))
                    for e, i, m in sides
                )
                assert cells[place] == pytest.approx(exact, abs=1e-13)


def greedy_margin(before: np.ndarray, after: np.ndarray, lost: float) -> float:
    """Neyman and Pearson: give up the cells of the largest likelihood ratio until 1 - PA is lost.

    >>> float(greedy_margin(np.array([0.5, 0.5]), np.array([0.25, 0.75]), 0.25))
    0.25
    """
    left, gone = lost, 0.0
    for cell in np.argsort(-after / np.maximum(before, 1e-300)):
        share = min(1.0, left / before[cell]) if before[cell] > 0 else 1.0
        gone += share * after[cell]
        left -= share * before[cell]
        if left <= 0:
            break
    return 1 - 2 * gone


@settings(max_examples=20)
@given(delta=deltas, scale=scales, p_a=st.floats(0.51, 0.999))
def test_binary_worst_case_is_the_greedy_test(delta, scale, p_a):
    grid = grid_for(tuple(d * scale for d in delta[:2]), scale, ())
    found = worst_case(grid, p_a)
    assert found.margin == pytest.approx(greedy_margin(grid.before, grid.after, 1 - p_a), abs=1e-6)
    assert found.not_a @ grid.before <= (1 - p_a) * (1 + 1e-6)
    assert np.array_equal(found.not_a, found.is_b)
    # half of what may be lost is another problem
    assert greedy_margin(grid.before, grid.after, (1 - p_a) / 2) > found.margin


@settings(max_examples=20)
@given(
    p_a=st.floats(0.05, 0.95),
    share=st.floats(0.05, 1.0),
    scale=scales,
    fraction=st.floats(0.2, 1.6),
)
def test_worst_case_on_the_axis_in_closed_form(p_a, share, scale, fraction):
    p_b = share * p_a
    r = fraction * sound(p_a, p_b, scale)
    used = min(p_b, 1 - p_a)
    found = worst_case(marked_grid(p_a, used, scale, r), p_a, p_b)
    exact = cdf(quantile(p_a) - r / scale) - cdf(quantile(used) + r / scale)
    assert found.margin == pytest.approx(exact, abs=1e-5)


def test_more_classes_than_two_lose_less_to_one_of_them():
    grid = grid_for((0.7,), 1.3, (1.3 * quantile(0.8),))
    margins = [worst_case(grid, 0.8, p_b).margin for p_b in (0.2, 0.1, 0.02)]
    assert worst_case(grid, 0.8).margin == pytest.approx(margins[0], abs=1e-6)
    assert margins == sorted(margins)
    assert margins[0] < margins[2] - 0.01


@pytest.mark.parametrize(("p_a", "p_b"), [(0.75, None), (0.95, 0.03), (0.4, 0.1), (0.999, None)])
@pytest.mark.parametrize("scale", [0.2, 3.0])
def test_a_counterexample_is_confirmed_only_with_its_hypotheses(p_a, p_b, scale):
    runner_up = 1 - p_a if p_b is None else p_b
    r = 1.2 * sound(p_a, runner_up, scale)
    grid = marked_grid(p_a, runner_up, scale, r)
    found = worst_case(grid, p_a, p_b)
    exact_a, exact_b = Fraction(p_a), None if p_b is None else Fraction(p_b)
    assert found.margin < -TOLERANCE
    assert confirm(grid, found, exact_a, exact_b)
    step = Fraction(1, 10**4)
    # too much mass lost under X, or too much given to cB
    assert not confirm(grid, found, exact_a + step * (1 - exact_a), exact_b)
    if exact_b is not None:
        assert not confirm(grid, found, exact_a, exact_b * (1 - step))
        assert not confirm(grid, found, exact_a, Fraction(0))
    # not a classifier, or one of another place
    assert not confirm(grid, replace(found, not_a=found.not_a * 2, is_b=found.is_b * 2), exact_a, 2)
    assert not confirm(grid, replace(found, is_b=-found.is_b), exact_a, exact_b)
    assert not confirm(replace(grid, delta=(0.4 * r,)), found, exact_a, exact_b)
    assert not confirm(replace(grid, scale=2 * scale), found, exact_a, exact_b)
    assert not confirm(grid, replace(found, not_a=0 * found.not_a), exact_a, exact_b)


def test_without_a_runner_up_the_rest_needs_classes_of_mass_zero():
    # everything beyond is lost, and none of it goes to cB: with PB = 0 no class may have it
    grid = grid_for((3.0,), 1.0, (quantile(0.6),))
    beyond = (grid.edges[0][:-1] >= quantile(0.6)).astype(float)
    lost = WorstCase(-1.0, beyond, 0 * beyond)
    far = replace(grid, delta=(80.0,))  # cA keeps less than 1e-30 under Y, cB has none
    assert not confirm(far, lost, Fraction(6, 10), Fraction(0))


def test_inside_the_radius_nothing_is_found():
    for p_a, p_b, scale in ((0.7, None, 0.4), (0.9, 0.05, 2.5), (0.3, 0.2, 1.0)):
        runner_up = 1 - p_a if p_b is None else p_b
        r = 0.99 * sound(p_a, runner_up, scale)
        grid = marked_grid(p_a, min(runner_up, 1 - p_a), scale, r)
        found = worst_case(grid, p_a, p_b)
        assert found.margin > 0
        assert not confirm(grid, found, Fraction(p_a), None if p_b is None else Fraction(p_b))


# ------------------------------------------------------------------------------------- searches


def theorem_2(p_a, p_b, scale):
    return -scale * math.log(2 * (1 - p_a))


@pytest.mark.parametrize(
    ("radius", "binary"),
    [(theorem_2, True), (sound, False)],
)
def test_a_sound_radius_is_consistent(radius, binary):
    found = search_radius(radius, binary=binary, seed=11, part="p")
    assert (found.grade, found.finding, found.part) == (Grade.CONSISTENT, True, "p")
    assert "48 instances" in found.scope


WRONG = {
    "3/10 longer": lambda a, b, s: 1.3 * sound(a, b, s),
    "1/100 longer": lambda a, b, s: 1.01 * sound(a, b, s),
    "no factor 2": lambda a, b, s: -s * math.log(1 - a),
    "scale forgotten": lambda a, b, s: sound(a, b, 1.0),
    "sigma for the scale": lambda a, b, s: sound(a, b, s * math.sqrt(2)),
    "infinite": lambda a, b, s: math.inf,
}


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_radius_is_refuted_inside_it(name, binary):
    found = search_radius(WRONG[name], binary=binary, seed=5, part="p")
    assert (found.grade, found.finding) == (Grade.REFUTED, False)
    p_a, scale = (float(found.witness[key]) for key in ("PA", "scale"))
    p_b = 1 - p_a if binary else float(found.witness["PB"])
    distance = sum(abs(float(d)) for d in found.witness["delta"].strip("(),").split(","))
    assert distance < min(WRONG[name](p_a, p_b, scale), FAR * scale)
    assert distance > sound(p_a, p_b, scale)  # beyond the true one


@pytest.mark.parametrize("radius", [lambda *_: math.nan, lambda *_: -1.0, lambda *_: -math.inf])
def test_with_nowhere_to_look_nothing_is_consistent(radius):
    found = search_radius(radius, binary=True, seed=2, part="p")
    assert (found.grade, found.finding) == (Grade.UNDECIDED, None)


def test_a_classifier_that_is_not_confirmed_is_not_passed_over(monkeypatch):
    monkeypatch.setattr(search, "confirm", lambda *_: False)
    found = search_radius(WRONG["3/10 longer"], binary=True, seed=2, part="p")
    assert (found.grade, found.finding) == (Grade.UNDECIDED, None)
    assert "not confirmed" in found.detail


@pytest.mark.parametrize(
    ("radius", "closed"),
    [
        (theorem_2, False),
        (lambda *at: 1.01 * theorem_2(*at), False),
        (lambda *at: 0.99 * theorem_2(*at), True),
        # one tie among twelve settings is a tie
        (lambda a, b, s: theorem_2(a, b, s) * (1 if (a, s) == (0.9, 4.5) else 0.9), False),
        (lambda a, b, s: theorem_2(a, b, s) * (1 if (a, s) == (0.6, 0.3) else 0.9), False),
        (lambda a, b, s: theorem_2(a, b, s) * (0.9 if (a, s) == (0.6, 0.3) else 1), False),
    ],
)
def test_a_tie_at_the_radius(radius, closed):
    found = search_tie(radius, part="p")
    assert (found.grade, found.finding) == (Grade.CONSISTENT, closed)
    if not closed:
        p_a, scale = float(found.witness["PA"]), float(found.witness["scale"])
        reached = radius(p_a, 1 - p_a, scale)
        assert reached >= theorem_2(p_a, 1 - p_a, scale)
        assert found.witness["delta"] == f"({reached},)"


@given(st.integers(0, 2**64 - 1), st.booleans(), st.integers(1, 60))
@settings(max_examples=20)
def test_instances_lie_where_they_should(seed, binary, count):
    chosen = instances(count, binary=binary, seed=seed)
    assert chosen == instances(count, binary=binary, seed=seed)
    assert chosen != instances(count, binary=binary, seed=seed ^ 1)
    for one in chosen:
        assert 0 < one.p_a < 1
        assert one.p_a > 0.5 or not binary
        assert (one.p_b is None) == binary
        assert binary or 0 < one.p_b <= one.p_a
        assert sum(one.direction) == pytest.approx(1.0, abs=1e-15)
        assert min(one.direction) >= 0
        assert 0.1 <= one.scale <= 10
        assert 0 < one.fraction <= 0.999


def test_numeric_radius_takes_the_symbols_by_name():
    expression = symbols.lam * sp.log(symbols.p_a / symbols.p_b) / 3
    radius = numeric_radius(expression, p_a=symbols.p_a)
    assert radius(0.8, 0.1, 2.0) == pytest.approx(2.0 * math.log(8) / 3)
    assert radius(0.8, 0.0, 2.0) == math.inf
    inverse = numeric_radius(symbols.lam * sp.erfinv(2 * symbols.p - 1), p_a=symbols.p)
    assert inverse(0.9, 0.1, 0.5) == pytest.approx(0.5 * stats.norm.ppf(0.9) / math.sqrt(2))
