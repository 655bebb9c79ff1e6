"""T and masses along an axis: the derivations' steps, the enclosures' and the searches' side."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from theory import densities
from theory.claim import Grade
from theory.derivation import chain
from theory.enclosures import axis_mass_boxes, axis_sets
from theory.searches import axis_search
from theory.steps import axis_steps
from theory.symbols import lam, p_b, r

X = sp.Symbol("x", positive=True)


def graded(steps) -> Grade:
    return chain("part", steps, conclusion="").grade


def test_the_pieces_of_t_rest_on_the_density(monkeypatch):
    assert graded(axis_steps.pieces_of_t()) is Grade.PROVED
    monkeypatch.setattr(densities, "laplace", densities.gaussian)
    assert graded(axis_steps.pieces_of_t()) is Grade.UNDECIDED


@pytest.mark.parametrize(("stated", "status"), [(1, True), (1 + sp.Rational(1, 10**6), False)])
def test_a_wrong_mass_is_refuted(stated, status):
    half = stated * sp.exp(-r / lam) / 2
    assert axis_steps.has_mass((r, sp.oo), half, "", "").check().status is status


def test_a_limit_of_unknown_sign_is_an_error():
    with pytest.raises(densities.SignUnknownError):
        axis_steps.has_mass((r - lam, sp.oo), r, "", "")


@pytest.mark.parametrize(("x", "move"), [(-2, 3), (1, 3), (3, 3), (7, 3)])
def test_t_along_an_axis_is_its_definition(x, move):
    assert axis_sets.ratio_along(sp.Integer(x), sp.Integer(move)) == abs(x - move) - abs(x)


def test_an_identity_that_fails_has_a_witness():
    outcome = axis_sets.same(sp.log(X) - sp.log(2 * X), "log x = log 2x", "x > 0")
    assert outcome.status is False
    assert outcome.witness
    assert outcome.scope.startswith("x > 0")


def test_a_bound_is_refuted_only_above_zero():
    box = {X: (Fraction(1, 4), Fraction(4))}
    shift = sp.Rational(1, 10**6)
    assert [
        axis_sets.at_most_zero(gap, box, "").status for gap in (X - X, shift * X, -shift * X)
    ] == [
        True,
        False,
        None,
    ]


@pytest.mark.parametrize("norm", [0.1, 0.9])
def test_random_parts_of_the_atom_have_the_mass_they_are_asked_for(norm):
    place = axis_search.Place(0.75, 2.0, stats.laplace(scale=2.0))
    rng = np.random.Generator(np.random.Philox(4))
    for mass in (0.0, 0.05, 0.2):
        before, after = axis_search.with_part(place, norm, mass, rng)
        assert np.isclose(before, place.law.cdf(norm) + mass)
        # the density ratio is e^(r/lambda) on all of the atom
        assert np.isclose(after, 0.5 + np.exp(norm / 2) * mass)


def test_places_approach_their_centres():
    rng = np.random.Generator(np.random.Philox(5))
    found = [one.mass for one in axis_search.places(400, [(0.0, 1), (1.0, -1)], rng)]
    assert 1e-4 <= min(found) < 2e-4
    assert 1 - 2e-4 < max(found) <= 1 - 1e-4


def test_branches_that_do_not_meet_are_found():
    near, far = sp.exp(r / lam) * p_b, 1 - sp.exp(-r / lam) / (4 * p_b)
    switch = -lam * sp.log(2 * p_b)
    rng = np.random.Generator(np.random.Philox(6))
    good = axis_search.numeric({"near": near, "far": far, "switch": switch})
    assert axis_search.meeting_point(good, rng) is None
    late = axis_search.numeric({"near": near, "far": far, "switch": switch + lam / 10**6})
    assert axis_search.meeting_point(late, rng)


def test_the_largest_loss_of_the_display_is_a_quarter():
    loss, (mass, norm) = axis_search.largest_loss(lambda m, n, _: 1 - np.exp(-n) / (4 * m))
    assert np.isclose(loss, 0.25, atol=1e-7)
    assert mass > 1 - 1e-6
    assert norm < 1e-6


@pytest.mark.parametrize("change", ["near", "far", "limit", "switch"])
def test_a_changed_display_is_refuted(change):
    printed = {
        "near": sp.exp(r / lam) * p_b,
        "far": 1 - sp.exp(-r / lam) / (4 * p_b),
        "limit": r + lam * sp.log(2 * p_b),
        "switch": -lam * sp.log(2 * p_b),
    }
    assert all(one.status for one in axis_mass_boxes.up_to_half(printed))
    printed[change] += sp.Rational(1, 10**6)
    assert any(one.status is False for one in axis_mass_boxes.up_to_half(printed))
