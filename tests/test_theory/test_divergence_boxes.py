"""How small PB and how large PA must be for a radius beyond r."""

import pytest
import sympy as sp

from theory.enclosures.divergence_boxes import exceeds_r, exceeds_r_near_one
from theory.symbols import p_a, p_b, r

LECUYER = sp.log(p_a / p_b) / 2
NEW = -sp.log(1 - p_a + p_b)
MICRO = sp.Rational(1, 10**6)
SMALL_B = p_a * sp.exp(-2 * r)
LARGE_A = 1 - sp.exp(-r) / 2


def statuses(outcomes) -> list[bool | None]:
    return [outcome.status for outcome in outcomes]


def test_the_limits_are_enough():
    assert statuses(exceeds_r(LECUYER, SMALL_B)) == [True, True]
    assert statuses(exceeds_r_near_one(NEW, LARGE_A)) == [True, True, True]


@pytest.mark.parametrize("small_b", [SMALL_B + MICRO, p_a * sp.exp(-r), 2 * SMALL_B])
def test_a_larger_pb_is_not(small_b):
    assert statuses(exceeds_r(LECUYER, small_b))[-1] is False


@pytest.mark.parametrize("large_a", [LARGE_A - MICRO, 1 - sp.exp(-r)])
def test_a_smaller_pa_is_not(large_a):
    assert statuses(exceeds_r_near_one(NEW, large_a))[-1] is False


def test_less_than_is_allowed_is_enough_as_well():
    # the quotient keeps a pole at c = 1, where it is +oo: undecided there, and never refuted
    assert False not in statuses(exceeds_r(LECUYER, SMALL_B / 2))
