"""Where the new term of Theorem 1 is above Lecuyer's, step by step."""

import pytest
import sympy as sp

from theory.claim import Grade
from theory.derivation import chain
from theory.steps import term_advantage
from theory.symbols import lam, p_a, p_b

LECUYER = lam / 2 * sp.log(p_a / p_b)
NEW = -lam * sp.log(1 - p_a + p_b)
LOWER = (1 - p_a) ** 2 / p_a
MICRO = sp.Rational(1, 10**6)


def grade(steps) -> Grade:
    return chain("body", steps, conclusion="").grade


def test_the_interval_is_proved():
    assert grade(term_advantage.larger_between(NEW, LECUYER, LOWER)) is Grade.PROVED
    assert grade(term_advantage.nowhere_else(NEW, LECUYER, LOWER)) is Grade.PROVED


@pytest.mark.parametrize("lower", [LOWER - MICRO, 1 - p_a, LOWER / 2])
def test_another_lower_end_is_refuted(lower):
    assert grade(term_advantage.larger_between(NEW, LECUYER, lower)) is Grade.REFUTED


@pytest.mark.parametrize("lower", [LOWER + MICRO, 1 - p_a, 2 * LOWER])
def test_a_higher_lower_end_leaves_a_larger_new_term_outside(lower):
    assert grade(term_advantage.nowhere_else(NEW, LECUYER, lower)) is Grade.REFUTED


def test_the_new_term_is_smaller_below_one_half():
    assert term_advantage.new_is_smaller(NEW, LECUYER).check().status is True
    assert term_advantage.new_is_smaller(2 * NEW, LECUYER).check().status is not True


def test_at_most_twice_and_exactly_twice_at_one():
    assert grade(term_advantage.at_most_twice(NEW, LECUYER, sp.Integer(2))) is Grade.PROVED
    for gain in (2 - MICRO, 2 + MICRO):
        assert grade(term_advantage.at_most_twice(NEW, LECUYER, gain)) is Grade.REFUTED


def test_the_advantage_is_the_quadratic_of_its_formula():
    formula = 1 + (p_a - p_b) * (p_b - LOWER) / (1 - p_a + p_b) ** 2
    assert sp.simplify(term_advantage.advantage(NEW, LECUYER, p_a, p_b) - formula) == 0
