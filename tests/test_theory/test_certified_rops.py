"""The noise that certifies a radius at x: floats, boxes and steps against the laws themselves."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy as sp

from theory.claim import Grade
from theory.derivation import chain
from theory.enclosures import certified_rops_boxes as boxes
from theory.searches.certified_rops_search import suprema
from theory.steps import certified_rops_order, certified_rops_steps

HALF = sp.Rational(1, 2)


def margin(noise, x, r, deviation):
    """P(eps > r) - P(|x + eps| > 1), by the laws' own distribution functions."""

    def tail(t):
        if noise == "gaussian":
            return mpmath.ncdf(-t / deviation)
        return mpmath.exp(-t * mpmath.sqrt(2) / deviation) / 2

    return tail(r) - tail(1 - x) - tail(1 + x)


@pytest.mark.parametrize("x", [0.0, 0.3, 0.75, 0.999])
@pytest.mark.parametrize("share", [1.0, 0.4, 1e-3, 1e-9, 1e-12])
def test_the_suprema_are_ties(x, share):
    gap = share * (1 - x)
    found = suprema(x, gap)
    with mpmath.workdps(60):
        near, place = mpmath.mpf(gap), mpmath.mpf(x)
        r = 1 - place - near
        for noise, deviation in zip(("laplace", "gaussian"), found, strict=True):
            below, above = (
                margin(noise, place, r, mpmath.mpf(float(deviation)) * (1 + s))
                for s in (-1e-9, 1e-9)
            )
            assert below > 0 > above, noise


def test_the_suprema_broadcast_and_fall_with_the_radius():
    gaps = np.geomspace(1e-10, 0.5, 40)
    for deviations in suprema(np.array([[0.2], [0.5]]), gaps):
        assert deviations.shape == (2, 40)
        assert (np.diff(deviations, axis=1) > 0).all()


@pytest.mark.parametrize("x", [sp.Integer(0), sp.Rational(3, 10), sp.Rational(97, 100)])
def test_the_crossing_against_both_certificates(x):
    root, radius = boxes.crossing(x, (Fraction(3, 4), Fraction(1)))
    with mpmath.workdps(40):
        low, high = (mpmath.mpf(end) for end in radius.boundary("r", 30).enclosure)
        deviation = 1 / (mpmath.sqrt(2) * mpmath.mpf(root.boundary("k", 30).enclosure[0]))
        place = mpmath.mpf(int(x.p)) / int(x.q)
        for noise in ("laplace", "gaussian"):
            assert abs(margin(noise, place, (low + high) / 2, deviation)) < mpmath.mpf(10) ** -27


def test_the_crossing_is_not_isolated_where_there_is_none():
    assert boxes.crossing(sp.Integer(0), (Fraction(1), Fraction(2))) == (None, None)


@pytest.mark.parametrize("x", [sp.Integer(0), sp.Rational(3, 10), sp.Rational(99, 100)])
def test_the_order_along_a_ray_is_settled(x):
    assert all(one.status is True for one in boxes.order_along_the_ray(x, {}))


def test_the_location_is_that_of_figure_10():
    crossed, outcomes = boxes.location_crossing()
    low, high = crossed.boundary("x", 30).enclosure
    assert low < "0.97462693702766" and high > "0.97462693702765"
    assert all(one.status is True for one in outcomes)
    gap = 1 - float(low)
    ours, theirs = suprema(1 - gap, gap)
    assert ours == pytest.approx(theirs, rel=1e-10)


LOSS = {
    "low": sp.Rational(1889, 10**4),
    "high": sp.Rational(189, 10**3),
    "first": sp.Rational(695, 1000),
    "last": sp.Rational(699, 1000),
}


def loss_statuses(**changes):
    loss = boxes.Loss(sp.Rational(3, 10), **{**LOSS, **changes})
    place, sides = sp.Rational(153945, 10**6), (Fraction(13, 100), Fraction(17, 100))
    return {one.status for one in loss.outcomes(place, sides, Fraction(7, 10))}


def test_the_largest_loss():
    assert loss_statuses() == {True}
    gaps = np.geomspace(1e-6, 0.2, 4000)
    ours, theirs = suprema(0.3, gaps)
    at = int(np.argmax(theirs - ours))
    assert float(LOSS["low"]) < (theirs - ours)[at] < float(LOSS["high"])
    assert float(LOSS["first"]) < 0.7 - gaps[at] < float(LOSS["last"])


@pytest.mark.parametrize(
    "changes",
    [
        {"low": sp.Rational(18891, 10**5)},
        {"high": sp.Rational(18890, 10**5)},
        {"first": sp.Rational(697, 1000)},
        {"last": sp.Rational(696, 1000)},
    ],
)
def test_a_wrong_bracket_of_the_loss_is_refuted(changes):
    assert False in loss_statuses(**changes)


@pytest.mark.parametrize(
    "steps",
    [
        certified_rops_steps.certificates,
        certified_rops_steps.certified_scales_are_intervals,
        certified_rops_steps.agreement_falls_from_the_origin,
        certified_rops_order.one_crossing_on_every_ray,
        certified_rops_order.one_location,
    ],
)
def test_the_steps_are_proved(steps):
    assert chain("part", steps(), conclusion="checked").grade is Grade.PROVED


@pytest.mark.parametrize("x", [sp.Rational(1, 5), HALF, sp.Rational(9, 10)])
def test_the_ratio_grows_at_other_x(x):
    grows = certified_rops_order.grows_without_bound
    assert chain("part", grows(x, sp.oo), conclusion="").grade is Grade.PROVED
    assert chain("part", grows(x, sp.Integer(3)), conclusion="").grade is Grade.REFUTED


def test_a_bracket_without_the_crossing_is_refuted():
    ends = certified_rops_steps.certified_larger_at_the_ends
    x = sp.Rational(3, 10)
    held = (sp.Rational(49, 100), sp.Rational(491, 1000))
    assert chain("part", ends(x, held), conclusion="").grade is Grade.PROVED
    for lost in ((sp.Rational(2, 5), sp.Rational(48, 100)), (sp.Rational(1, 2), sp.Rational(3, 5))):
        assert chain("part", ends(x, lost), conclusion="").grade is Grade.REFUTED
