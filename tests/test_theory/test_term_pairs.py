"""The two terms of Theorem 1 at PB = 1 - PA and against each other, derived and enclosed."""

import pytest
import sympy as sp

from theory.claim import Grade
from theory.derivation import chain
from theory.steps import term_pairs
from theory.symbols import lam, p_a, p_b

FIRST = lam / 2 * sp.log(p_a / p_b)
SECOND = -lam * sp.log(1 - p_a + p_b)
RADIUS = -lam * sp.log(2 * (1 - p_a))
MICRO = lam * sp.Rational(1, 10**6)


def grade(first, second, radius) -> Grade:
    return chain("body", term_pairs.equal_at_complement(first, second, radius), conclusion="").grade


def statuses(outcomes) -> list[bool | None]:
    return [outcome.status for outcome in outcomes]


def test_the_printed_terms_are_equal_at_the_complement():
    assert grade(FIRST, SECOND, RADIUS) is Grade.PROVED
    assert statuses(term_pairs.enclosed_at_complement(FIRST, SECOND, RADIUS)) == [True, True]


@pytest.mark.parametrize(
    ("first", "second", "radius"),
    [
        (FIRST, SECOND, RADIUS + MICRO),
        (FIRST, SECOND, RADIUS - MICRO),
        (FIRST, SECOND + MICRO, RADIUS),
        (FIRST + MICRO, SECOND, RADIUS),
        (2 * FIRST, SECOND, RADIUS),
    ],
)
def test_a_false_neighbour_is_refuted(first, second, radius):
    assert grade(first, second, radius) is Grade.REFUTED
    assert False in statuses(term_pairs.enclosed_at_complement(first, second, radius))


def test_the_new_term_is_at_most_twice_lecuyers():
    two = sp.Integer(2)
    assert statuses(term_pairs.enclosed_twice(SECOND, FIRST, two)) == [True] * 3


@pytest.mark.parametrize("shift", [1, -1])
def test_no_other_factor_will_do(shift):
    gain = 2 + shift * sp.Rational(1, 10**6)
    assert False in statuses(term_pairs.enclosed_twice(SECOND, FIRST, gain))


def test_shrunk_is_rational_for_the_printed_radii():
    top, runner_up = sp.Rational(3, 5), sp.Rational(1, 5)
    assert term_pairs.shrunk(FIRST, 2, top, runner_up) == sp.Rational(1, 3)
    assert term_pairs.shrunk(SECOND, 1, top, runner_up) == sp.Rational(3, 5)
    assert term_pairs.shrunk(RADIUS, 1, top, runner_up) == sp.Rational(4, 5)


@pytest.mark.parametrize(
    ("top", "low"), [(term_pairs.INNER[0], False), (term_pairs.HALF_ON[0], True)]
)
def test_the_parametrisations_cover_their_half(top, low):
    (symbol,) = top.free_symbols
    assert sp.limit(top, symbol, sp.oo) == 1
    assert sp.limit(top, symbol, 0) == sp.Rational(1, 2)
    assert (symbol.is_positive is not True) == low


def test_homogeneous_says_which_is_not():
    assert term_pairs.homogeneous(FIRST, SECOND, RADIUS).status is True
    assert term_pairs.homogeneous(FIRST, lam**2 * p_a).status is None
