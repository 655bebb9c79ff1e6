"""Steps about the exact radius: proved for it, refuted for its neighbours."""

import pytest
import sympy as sp

from theory.claim import Grade
from theory.claims.exact_multiclass_radius import PRINTED
from theory.derivation import chain
from theory.steps import exact_steps
from theory.steps.lipschitz_steps import REGIONS
from theory.symbols import lam

RADIUS = {name: PRINTED[name] for name in REGIONS}
SHIFT = lam * sp.Rational(1, 10**6)


def grade(steps):
    return chain("part", steps, conclusion="it holds").grade


def shifted(name, by):
    return {**PRINTED, name: PRINTED[name] + by}


@pytest.mark.parametrize("name", REGIONS)
def test_the_radius_is_the_tie(name):
    for steps, sign in (
        (exact_steps.within_tie, 1),
        (exact_steps.at_most_tie, 1),
        (exact_steps.reaches_tie, -1),
        (exact_steps.at_least_tie, -1),
    ):
        assert grade(steps({name: RADIUS[name]})) is Grade.PROVED
        assert grade(steps({name: RADIUS[name] + sign * SHIFT})) is Grade.REFUTED
        assert grade(steps({name: RADIUS[name] - sign * SHIFT})) is not Grade.REFUTED


@pytest.mark.parametrize("term", ["first", "second"])
def test_no_term_exceeds_the_radius(term):
    assert grade(exact_steps.never_below(PRINTED, RADIUS)) is Grade.PROVED
    larger = shifted(term, SHIFT)
    assert grade(exact_steps.never_below(larger, RADIUS)) is Grade.REFUTED


def test_where_the_radius_is_larger():
    assert grade(exact_steps.strictly_larger(PRINTED, RADIUS)) is Grade.PROVED
    assert grade(exact_steps.equal_elsewhere(PRINTED, RADIUS)) is Grade.PROVED
    second = shifted("second", SHIFT)
    assert grade(exact_steps.strictly_larger(second, RADIUS)) is Grade.REFUTED
    for term in ("first", "second"):
        smaller = shifted(term, -SHIFT)
        assert grade(exact_steps.equal_elsewhere(smaller, RADIUS)) is Grade.REFUTED


@pytest.mark.parametrize("gain", [sp.Rational(3, 2), sp.Rational(4, 3), sp.Integer(2)])
def test_the_gain(gain):
    expected = Grade.PROVED if gain == sp.Rational(3, 2) else Grade.REFUTED
    assert grade(exact_steps.gain(PRINTED, RADIUS, gain)) is expected


def test_a_radius_that_vanishes_with_the_terms_has_no_unbounded_ratio():
    assert grade(exact_steps.unbounded_beyond(PRINTED, RADIUS)) is Grade.PROVED
    vanishing = {**RADIUS, "beyond": PRINTED["second"]}
    assert grade(exact_steps.unbounded_beyond(PRINTED, vanishing)) is Grade.REFUTED
