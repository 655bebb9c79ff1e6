"""Where the order of the two suprema changes, against the suprema themselves, ball by ball."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp

from theory import rops_order
from theory.claims import figure_11_laplace_larger, figure_11_other_x
from theory.enclosure import sign_on_box
from theory.enclosures import certified_rops_boxes as boxes
from theory.exact import decimal_enclosure, to_ball
from theory.rops import gaussian_supremum_ball, laplace_supremum_ball

BITS = 100
STEP = Fraction(1, 10**20)


def leads(x, radius):
    """Whether Laplace's supremum is the larger one, by the suprema's own equations."""
    laplace, gaussian = (
        supremum(x, precision=BITS, radius=radius)
        for supremum in (laplace_supremum_ball, gaussian_supremum_ball)
    )
    assert laplace > gaussian or laplace < gaussian
    return bool(laplace > gaussian)


def arb_of(number):
    return to_ball(number, BITS)


def middle(ball, digits=40):
    """A rational of that many digits in or beside the ball."""
    return Fraction(decimal_enclosure(ball, digits)[0])


@pytest.mark.parametrize("x", ["0", "1/7", "0.3", "1/2", "-1/2", "9/10", "0.97", "0.9746"])
def test_the_order_of_the_suprema_changes_there(x):
    at = middle(rops_order.order_change_ball(x, precision=BITS))
    assert leads(x, at - STEP)
    assert not leads(x, at + STEP)
    end = 1 - abs(Fraction(x))
    assert all(leads(x, at * part) for part in (0, Fraction(1, 2), Fraction(99, 100)))
    assert not any(leads(x, at + (end - at) * part) for part in (Fraction(1, 9), Fraction(9, 10)))


@pytest.mark.parametrize("x", ["0.9747", "0.99", "-0.999999", Fraction(10**12 - 1, 10**12)])
def test_the_gaussian_supremum_is_larger_for_every_radius_beyond_the_last_location(x):
    assert rops_order.order_change_ball(x, precision=BITS) is None
    end = 1 - abs(Fraction(x))
    assert not any(leads(x, end * part) for part in (0, Fraction(1, 3), Fraction(9, 10)))


def test_the_last_location_is_where_the_suprema_are_equal_at_radius_zero():
    last = middle(rops_order.last_location_ball(precision=BITS))
    assert leads(last - STEP, 0)
    assert not leads(last + STEP, 0)
    # and r* tends to 0 there: no bits are enough for the number itself, so the side is decided
    below = rops_order.order_change_ball(last - STEP, precision=2)
    assert 0 < below < arb_of(10 * STEP)
    assert rops_order.order_change_ball(last + STEP, precision=2) is None


def test_the_ledger_has_the_same_numbers():
    brackets = {
        "0": figure_11_other_x.PRINTED["at 0"],
        "1/2": figure_11_other_x.PRINTED["at 1/2"],
        "3/10": figure_11_laplace_larger.PRINTED["crossing"],
    }
    for x, (low, high) in brackets.items():
        ball = rops_order.order_change_ball(x, precision=200)
        assert arb_of(str(low)) < ball < arb_of(str(high))
        assert ball.overlaps(boxes.crossing(sp.Rational(x), rops_order.TIES)[1].ball)
    low, high = figure_11_other_x.PRINTED["location"]
    last = rops_order.last_location_ball(precision=200)
    assert arb_of(str(low)) < last < arb_of(str(high))
    assert last.overlaps(boxes.location_crossing()[0].ball)
    exact = figure_11_laplace_larger.PRINTED["exact"]
    assert arb_of(str(exact[0])) < last - arb_of("3/10") < arb_of(str(exact[1]))


def test_one_bracket_holds_the_tie_at_every_location():
    x = sp.Symbol("x")
    excess = boxes.excess(x)
    everywhere = {x: (Fraction(0), Fraction(1))}
    for end, sign in zip(rops_order.TIES, (">", "<"), strict=True):
        at = excess.subs(boxes.k, sp.Rational(end.numerator, end.denominator))
        assert sign_on_box(at, sign, everywhere).status is True
        assert sign_on_box(at, {">": "<", "<": ">"}[sign], everywhere).status is False


@pytest.mark.parametrize("precision", [2, 53, 200, 1000])
def test_balls_are_as_narrow_as_asked_for_and_nested(precision):
    fine = rops_order.order_change_ball("1/3", precision=1500)
    ball = rops_order.order_change_ball("1/3", precision=precision)
    assert ball.overlaps(fine)
    assert ball.rad() < arb_of(Fraction(1, 2**precision))
    last = rops_order.last_location_ball(precision=precision)
    assert last.overlaps(rops_order.last_location_ball(precision=1500))
    assert last.rad() < arb_of(Fraction(1, 2**precision))


def test_floats_against_balls():
    x = np.concatenate([np.linspace(0, 0.97, 24), 0.9746269 + np.arange(5) * 1e-8, [0.98, 0.9999]])
    found = rops_order.order_change(x)
    assert np.isnan(found).tolist() == (x > 0.974626937027).tolist()
    for place, radius in zip(x, found, strict=True):
        ball = rops_order.order_change_ball(float(place), precision=80)
        if ball is None:
            assert np.isnan(radius)
        else:
            assert float(ball.mid()) == pytest.approx(radius, abs=1e-15)
    assert rops_order.order_change(-x).tolist() == pytest.approx(found.tolist(), nan_ok=True, abs=0)
    assert isinstance(rops_order.order_change(0.3), float)


def test_a_wrong_excess_moves_the_order_change(monkeypatch):
    # the check against the suprema is one that fails for a wrong formula
    right = boxes.excess
    monkeypatch.setattr(boxes, "excess", lambda x: right(x) + sp.Rational(1, 10**15))
    at = middle(rops_order.order_change_ball("0.3", precision=BITS))
    assert not leads("0.3", at - STEP)


def test_an_undecided_side_is_an_error(monkeypatch):
    monkeypatch.setattr(rops_order, "LAST_PRECISION", 8)
    near = middle(rops_order.last_location_ball(precision=200), digits=60)
    with pytest.raises(ArithmeticError, match=r"is not told from x_star with 8 bits"):
        rops_order.order_change_ball(near, precision=2)
    assert rops_order.order_change_ball(near, precision=250) is not None


def test_an_unproved_root_is_an_error(monkeypatch):
    monkeypatch.setattr(rops_order, "TIES", (Fraction(9, 10), Fraction(1)))
    with pytest.raises(ArithmeticError, match="no root of"):
        rops_order.order_change_ball("0.3", precision=60)


@pytest.mark.parametrize("x", [1, -1, "3/2", Fraction(-7, 5)])
def test_points_at_which_nothing_is_certified_are_refused(x):
    with pytest.raises(ValueError, match=r"is outside \(-1, 1\)"):
        rops_order.order_change_ball(x, precision=60)
    with pytest.raises(ValueError, match=r"is outside \(-1, 1\)"):
        rops_order.order_change([0.5, float(Fraction(x))])


def test_nan_is_refused():
    with pytest.raises(ValueError, match=r"x = nan is outside \(-1, 1\)"):
        rops_order.order_change(float("nan"))


@pytest.mark.parametrize("precision", [1, 0, -5])
def test_a_precision_of_no_bits_is_refused(precision):
    near = middle(rops_order.last_location_ball(precision=200), digits=60)
    for x in ("0.3", near):  # near x_star the bits are doubled until they are enough
        with pytest.raises(ValueError, match=rf"precision = {precision} is outside \[2, 4096\]"):
            rops_order.order_change_ball(x, precision=precision)
    with pytest.raises(ValueError, match=r"is outside \[2, 4096\]"):
        rops_order.last_location_ball(precision=precision)
