"""Steps about uniform noise: they hold for its radius and are refuted for any other."""

import sympy as sp

from theory.claim import Grade
from theory.derivation import chain
from theory.steps.uniform_steps import (
    by_gaussian_tail,
    concave_with_one_zero,
    half_width,
    maximum_of_concave,
    overlap_bounds_the_loss,
    radius_is_exact,
    radius_is_sound,
    radius_is_threshold,
    same_variance,
)
from theory.symbols import lam, p, u

RADIUS = 2 * half_width * (p - sp.Rational(1, 2))
TINY = sp.Rational(1, 10**6)


def grade(steps):
    return chain("part", steps, conclusion="").grade


def test_the_radius_is_sound_and_exact():
    assert grade(overlap_bounds_the_loss()) is Grade.PROVED
    assert grade(radius_is_sound(RADIUS)) is Grade.PROVED
    assert grade(radius_is_exact(RADIUS)) is Grade.PROVED
    assert grade(radius_is_threshold(RADIUS, sp.sqrt(6) * lam)) is Grade.PROVED


def test_a_larger_radius_is_not_sound_and_a_smaller_one_not_exact():
    assert grade(radius_is_sound(RADIUS + TINY)) is Grade.REFUTED
    assert grade(radius_is_exact(RADIUS - TINY)) is Grade.REFUTED


def test_only_one_half_width_has_the_variance():
    assert grade(same_variance(states=True)) is Grade.PROVED
    assert grade(same_variance(sp.sqrt(6) * lam + TINY, states=True)) is Grade.REFUTED


def test_a_concave_difference_has_one_zero_and_one_maximum():
    rows = {"cohen": 2 * lam * sp.erfinv(2 * p - 1), "uniform": sp.sqrt(6) * lam * (2 * p - 1)}
    gap = by_gaussian_tail(rows)
    assert grade(concave_with_one_zero(gap, u, "U - G")) is Grade.PROVED
    assert grade(concave_with_one_zero(-gap, u, "G - U")) is Grade.REFUTED
    place = sp.sqrt(sp.log(6 / sp.pi) / 2)
    most = sp.sqrt(6) * sp.erf(place) - 2 * place
    assert grade(maximum_of_concave(gap, u, place, most, "U - G")) is Grade.PROVED
    assert grade(maximum_of_concave(gap, u, place, most + TINY, "U - G")) is Grade.REFUTED
