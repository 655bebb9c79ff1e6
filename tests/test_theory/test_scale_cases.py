"""Radii that are other ones at other scales: every range of scales is asked about, exactly."""

from fractions import Fraction

import pytest
import sympy as sp

from theory.claim import Grade
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.decisions import decide
from theory.conjectures.expressions import parse_expression
from theory.conjectures.questions import Question
from theory.conjectures.scale_cases import scale_cases
from theory.conjectures.settings import Setting

S, P = sp.Symbol("s", positive=True), sp.Symbol("p", positive=True)
THEOREM_2 = "-lam*log(2*(1 - p_a))"


def decided(text, noise="laplace", scale=None):
    words = parse_noise(noise).words
    return decide(Question(parse_expression(text), noise, words, Setting.BINARY, 2, scale))


def at(found, value):
    """The case that a scale belongs to: found in order, between the scales of its neighbours."""
    return [one.radius for one in found if one.scale == value]


@pytest.mark.parametrize(
    ("condition", "truths"),
    [
        (S > 4, {Fraction(2): False, Fraction(4): False, Fraction(5): True}),
        (S >= 4, {Fraction(2): False, Fraction(4): True, Fraction(5): True}),
        (sp.Eq(S, 4), {Fraction(2): False, Fraction(4): True, Fraction(5): False}),
        (sp.Ne(3 * S, 12), {Fraction(2): True, Fraction(4): False, Fraction(5): True}),
        (sp.And(S > 2, S < 4), {Fraction(1): False, Fraction(2): False, Fraction(3): True}),
    ],
    ids=str,
)
def test_each_range_has_its_own_radius(condition, truths):
    found = scale_cases(sp.Piecewise((2 * S * P, condition), (S * P, True)), S)
    for scale, holds in truths.items():
        assert at(found, scale) == [2 * S * P if holds else S * P]


def test_a_threshold_that_is_irrational_has_no_rational_scale():
    found = scale_cases(sp.Piecewise((2 * S * P, sp.sqrt(2) < S), (S * P, True)), S)
    assert [one.scale is None for one in found] == [False, True, False]
    assert found[0].scale < Fraction(1414213562, 10**9) < found[2].scale


@pytest.mark.parametrize(
    "radius",
    [
        S * P,
        sp.Piecewise((2 * S * P, sp.Rational(1, 2) < P), (S * P, True)),
        sp.Piecewise((2 * S * P, S > P), (S * P, True)),
        sp.Piecewise((2 * S * P, S**2 > 4), (S * P, True)),
    ],
    ids=str,
)
def test_what_is_not_about_the_scale_alone_is_left(radius):
    assert scale_cases(radius, S) == ()


def test_thresholds_too_near_to_be_told_apart_are_left():
    near = sp.Rational(4) + sp.Rational(1, 10**80)
    two = sp.Piecewise((2 * S * P, sp.And(S > 4, near > S)), (S * P, True))
    assert scale_cases(two, S) == ()


@pytest.mark.parametrize("low", ["16", "16*sqrt(2)"])
def test_an_error_at_some_scales_is_found_there(low):
    found = decided(f"{THEOREM_2}*where(lam > {low}, where(lam < 17*sqrt(2), 1.000001, 1), 1)")
    assert found.sound is False and found.grade is Grade.REFUTED
    assert 16 < found.place.scale < Fraction(2405, 100)
    assert found.radius_above > 0


def test_an_error_at_one_scale_is_found_there():
    found = decided(f"{THEOREM_2}*where(lam >= 16, where(lam <= 16, 2, 1), 1)")
    assert found.sound is False and found.place.scale == 16


def test_less_at_some_scales_is_sound_and_not_tight():
    found = decided(f"{THEOREM_2}*where(lam > 16, 0.999999, 1)")
    assert (found.sound, found.tight, found.closed_ball) == (True, False, False)
    found = decided(f"{THEOREM_2}*where(lam > 16, 0.999, 0.9)")
    assert (found.sound, found.tight, found.closed_ball) == (True, False, True)


def test_the_same_radius_at_all_scales_is_tight():
    found = decided(f"where(sigma > 3, {THEOREM_2}, lam*log(1/(2 - 2*p_a)))")
    assert (found.sound, found.tight, found.closed_ball) == (True, True, False)


def test_a_radius_that_is_not_proportional_within_a_range_is_asked_about_as_a_whole():
    found = decided(f"where(lam > 16, lam*{THEOREM_2}, {THEOREM_2})")
    assert found.sound is False and found.place.scale > 16
