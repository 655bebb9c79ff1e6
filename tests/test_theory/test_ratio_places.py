"""Rational points with T exactly: right signs pass, wrong ones are found."""

import math
from fractions import Fraction

import pytest

from theory.searches.ratio_places import Place, rational_places, stands

RIGHT, WRONG = ("<=", ">=", ">="), (">=", "<=", ">=")


def level(t, scale):
    return -scale * math.log(t)


def test_the_true_signs_have_no_witness():
    for one in rational_places(100, seed=3):
        assert one.missigned(RIGHT, 1) is None
        assert one.missigned((">=", "<=", "<="), -1) is None
        assert one.misplaced(level) is None


@pytest.mark.parametrize(
    ("signs", "toward"),
    [
        (WRONG, 1),
        (("<", ">=", ">="), 1),
        (("<=", ">", ">="), 1),
        (("<=", ">=", "<="), 1),
        (RIGHT, -1),
    ],
)
def test_wrong_signs_have_one(signs, toward):
    assert any(one.missigned(signs, toward) for one in rational_places(100, seed=3))


@pytest.mark.parametrize("wrong", [lambda t, s: s * math.log(t), lambda t, s: level(t, s) + 1e-6])
def test_a_wrong_level_is_found(wrong):
    assert any(one.misplaced(wrong) for one in rational_places(100, seed=3))


def test_a_quarter_lies_on_its_level():
    places = list(rational_places(40, seed=5))
    on = [one for one in places if not one.inside(1) and not one.inside(-1)]
    both = [one for one in places if one.inside(1) and one.inside(-1)]
    assert len(on) + len(both) >= 10
    assert all(one.taken for one in both)


def test_the_gap_is_that_of_the_ratio():
    one = Place(
        (Fraction(3, 4), Fraction(-1)),
        (Fraction(1), Fraction(1)),
        Fraction(2),
        Fraction(1),
        False,
        0.5,
    )
    # T = (1/4 - 3/4) + (2 - 1) = 1/2, below beta = 1
    assert one.gap() == pytest.approx(1 / 4)
    assert one.inside(-1)


@pytest.mark.parametrize(
    ("gap", "relation", "expected"),
    [(0.0, "<=", True), (0.0, "<", False), (0.1, "<=", False), (-0.1, "<", True), (0.1, ">", True)],
)
def test_stands(gap, relation, expected):
    assert stands(gap, relation) is expected
