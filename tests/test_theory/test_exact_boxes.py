"""The exact radius in Arb's boxes: enclosed as it is, refuted or left open beside it."""

import pytest
import sympy as sp
from scipy import stats

from theory.claims.exact_multiclass_radius import PRINTED
from theory.enclosures import exact_boxes
from theory.steps.lipschitz_steps import REGIONS
from theory.symbols import lam, p_a, p_b

RADIUS = {name: PRINTED[name] for name in REGIONS}
FIRST, SECOND = PRINTED["first"], PRINTED["second"]
SHIFT = lam * sp.Rational(1, 10**6)
LAW = stats.laplace()


def verdict(outcomes):
    found = [outcome.status for outcome in exact_boxes.while_true(outcomes)]
    return found[-1]


@pytest.mark.parametrize("name", REGIONS)
def test_a_piece_is_where_it_says(name):
    here = exact_boxes.piece(name)
    for share in (0.2, 0.9):
        place = {
            symbol: float(low) + share * float(high - low)
            for symbol, (low, high) in here.box.items()
        }
        top, bound = (float(e.subs(place)) for e in (here.p_a, here.p_b))
        assert (top <= 0.5) == (name == "low")
        assert (bound > 1 - top) == (name == "beyond")
        tie = (LAW.ppf(top) - LAW.ppf(min(bound, 1 - top))) / 2
        assert float(here.tie.subs(place)) == pytest.approx(tie)
        assert float(here.at(RADIUS[name]).subs(place)) == pytest.approx(tie)


def test_an_unknown_piece_is_an_error():
    with pytest.raises(ValueError, match="'high' is not one of"):
        exact_boxes.piece("high")


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize(("relation", "sign"), [("<=", 1), (">=", -1)])
def test_the_radius_is_the_tie(name, relation, sign):
    assert verdict(exact_boxes.ties(RADIUS, relation)) is True
    for shift, expected in ((sign * SHIFT, False), (-sign * SHIFT, None)):
        other = {**RADIUS, name: RADIUS[name] + shift}
        assert verdict(exact_boxes.ties(other, relation)) is expected


def test_the_half_lines_tie():
    assert exact_boxes.half_lines_tie().status is True


def test_where_the_radius_is_larger():
    assert verdict(exact_boxes.strictly_within(FIRST, SECOND, RADIUS)) is True
    assert verdict(exact_boxes.strictly_within(FIRST, SECOND + SHIFT, RADIUS)) is False
    assert verdict(exact_boxes.strictly_within(FIRST + SHIFT, SECOND, RADIUS)) is not True
    assert exact_boxes.equal_elsewhere(FIRST, SECOND, RADIUS).status is True
    assert exact_boxes.equal_elsewhere(FIRST - SHIFT, SECOND, RADIUS).status is False
    assert verdict(exact_boxes.second_below_half(SECOND, RADIUS["low"])) is True
    assert verdict(exact_boxes.second_below_half(SECOND + SHIFT, RADIUS["low"])) is not True


def test_the_gain():
    assert verdict(exact_boxes.gain_at_most(FIRST, SECOND, RADIUS["across"])) is True
    larger = sp.Rational(11, 10) * RADIUS["across"]
    assert verdict(exact_boxes.gain_at_most(FIRST, SECOND, larger)) is not True
    for gain, expected in ((sp.Rational(3, 2), True), (1, False), (2, False)):
        near = exact_boxes.gain_approached(FIRST, RADIUS["across"], sp.sympify(gain))
        assert verdict(near) is expected


def test_beyond_the_ratio_is_unbounded():
    assert verdict(exact_boxes.unbounded_beyond(FIRST, SECOND, RADIUS["beyond"])) is True
    assert verdict(exact_boxes.unbounded_beyond(FIRST, SECOND, SECOND)) is False
    assert verdict(exact_boxes.unbounded_beyond(FIRST, 2 * RADIUS["beyond"], SECOND)) is False


def test_gap_is_positive_where_the_radius_is_larger():
    at = sp.Rational(1, 5), sp.Rational(1, 10)
    assert exact_boxes.gap(FIRST, RADIUS["across"], 1 - at[0], at[1]) > 0
    assert exact_boxes.gap(2 * FIRST, RADIUS["across"], 1 - at[0], at[1]) < 0
    assert {p_a, p_b} <= FIRST.free_symbols
