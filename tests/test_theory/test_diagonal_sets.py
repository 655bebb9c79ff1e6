"""The best sets for delta = (r/2, r/2): three ways to their masses."""

import numpy as np
import pytest
import sympy as sp

from theory import densities
from theory.claim import Grade
from theory.derivation import chain
from theory.enclosures import diagonal_boxes
from theory.searches import diagonal_search
from theory.steps import diagonal_steps
from theory.steps.diagonal_steps import h
from theory.symbols import lam, p_b

LEVEL, BEST = (1 + h) * sp.exp(h) / 4, 1 - (3 + h) * sp.exp(-h) / 4
SHIFT = sp.Rational(1, 10**6)


def proved(level, best) -> Grade:
    return chain("part", diagonal_steps.largest_sets(level, best), conclusion="").grade


def test_the_masses_follow_from_the_density(monkeypatch):
    assert proved(LEVEL, BEST) is Grade.PROVED
    assert proved(LEVEL + SHIFT, BEST) is Grade.REFUTED
    assert proved(LEVEL, BEST - SHIFT) is Grade.REFUTED
    monkeypatch.setattr(densities, "laplace", densities.gaussian)
    assert proved(LEVEL, BEST) is Grade.UNDECIDED


def test_the_masses_follow_from_the_half_line_masses():
    assert all(one.status for one in diagonal_boxes.largest_sets_enclosed(LEVEL, BEST))
    for level, best in ((LEVEL + SHIFT, BEST), (LEVEL, BEST + SHIFT)):
        outcomes = diagonal_boxes.largest_sets_enclosed(level, best)
        assert any(one.status is False for one in outcomes)


def test_a_best_above_the_bound_is_not_proved():
    assert all(one.status for one in diagonal_boxes.loss_is_positive(LEVEL, BEST))
    assert not all(one.status for one in diagonal_boxes.loss_is_positive(LEVEL, 1 + BEST))


@pytest.mark.parametrize(("norm", "short"), [(1.0, 0.1), (1.4, 0.7), (3.0, 0.35)])
def test_the_masses_by_quadrature_agree_and_no_grid_set_is_better(norm, short):
    before, after = diagonal_search.diagonal_masses(norm, short)
    assert np.isclose(before, float(LEVEL.subs(h, short)) * np.exp(-norm))
    assert np.isclose(after, float(BEST.subs(h, short)))
    assert diagonal_search.best_on_grid((norm / 2, norm / 2), 1.0, before) <= after + 1e-6


def test_the_value_at_the_end_of_the_printed_range():
    mass, best = diagonal_boxes.best_at_range_end(LEVEL, BEST)
    short = float(sp.LambertW(2 * sp.E)) - 1  # (1 + h) e^h = 2
    assert np.isclose(float(mass.ball), np.exp(-2 * short) / 2)
    assert np.isclose(float(best.ball), 1 - (3 + short) * np.exp(-short) / 4)
    assert diagonal_boxes.best_at_range_end(LEVEL + 1, BEST) == (None, None)


def test_the_search_finds_the_loss_and_no_fault_in_the_formulas():
    statement = {"range": -lam * sp.log(2 * p_b), "level": LEVEL, "best": BEST}
    rng = np.random.Generator(np.random.Philox(2))
    assert set(diagonal_search.search_diagonal(statement, rng)) == {"every_direction"}
    wrong = diagonal_search.search_diagonal({**statement, "best": BEST + SHIFT}, rng)
    assert "diagonal" in wrong
