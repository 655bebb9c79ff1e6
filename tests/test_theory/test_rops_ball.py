"""The l1 ball: tails by quadrature and counting, suprema as ties, vertex, face and centre."""

import math
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from flint import arb
from scipy import integrate, special, stats

from theory import magnitude_sums, rops
from theory.confidence import BinomialTest
from theory.magnitude_sums import (
    gaussian_cone,
    gaussian_outside,
    gaussian_outside_float,
    laplace_outside,
)
from theory.rops_ball import (
    BallPoint,
    ball_supremum,
    ball_supremum_ball,
    face_threshold_ball,
    vertex_rates,
)
from theory.rops_slab import slab_laplace_supremum_ball
from theory.rops_tie import enclosed_tie, exclude_below

NOISES = ("laplace", "gaussian")
OUTSIDE = {"laplace": laplace_outside, "gaussian": gaussian_outside}


def outside(noise, t, dim, towards, rate):
    ball = OUTSIDE[noise](Fraction(t), dim, towards, arb(rate), 80)
    assert ball.rad() < 1e-18
    return float(ball.mid())


def by_slices(noise, t, dim, towards, rate):
    """Integrate over the first coordinate(s): the rest is a centred or a plane ball."""
    x = [t] + [0.0] * (dim - 1) if towards == "vertex" else [t / dim] * dim
    law = stats.laplace if noise == "laplace" else stats.norm

    def inner(left, level):
        if level <= 0:
            return 0.0
        if len(left) == 1:
            return law.cdf((level - left[0]) * rate) - law.cdf((-level - left[0]) * rate)
        if noise == "laplace" and not any(left):
            return special.gammainc(len(left), level * rate)
        if noise == "gaussian" and len(left) == 2:  # a square, turned by 45 degrees
            sides = (left[0] + left[1], left[0] - left[1])
            spread = rate / math.sqrt(2)
            return math.prod(
                stats.norm.cdf((level - s) * spread) - stats.norm.cdf((-level - s) * spread)
                for s in sides
            )

        def share(z):
            density = law.pdf((z - left[0]) * rate) * rate
            return density * inner(left[1:], level - abs(z))

        kinks = sorted({p for p in (0.0, left[0]) if -level < p < level})
        ends = [-level, *kinks, level]
        return sum(integrate.quad(share, *pair, epsabs=1e-11)[0] for pair in pairwise(ends))

    return 1 - inner(x, 1.0)


@pytest.mark.parametrize(
    ("noise", "t", "dim", "towards", "rate"),
    [
        ("laplace", 0.0, 2, "vertex", 1.7),
        ("laplace", 0.5, 2, "vertex", 2.5),
        ("laplace", 0.7, 2, "face", 2.5),
        ("laplace", 0.3, 3, "vertex", 4.0),
        ("laplace", 0.9, 16, "vertex", 100.0),
        ("gaussian", 0.4, 2, "face", 1.3),
        ("gaussian", 0.8, 2, "vertex", 3.0),
        ("gaussian", 0.0, 3, "vertex", 2.2),
        ("gaussian", 0.6, 3, "vertex", 4.0),
        ("gaussian", 0.9, 3, "face", 3.3),
        ("gaussian", 0.97, 3, "vertex", 50.0),
        ("gaussian", 0.5, 4, "face", 4.4),
    ],
)
def test_tails_by_slices(noise, t, dim, towards, rate):
    exact = outside(noise, t, dim, towards, rate)
    assert exact == pytest.approx(by_slices(noise, t, dim, towards, rate), abs=1e-9)


@pytest.mark.statistical(
    false_fail=2e-9, reason="an exact test at 1e-9, and a mutant that escapes with less"
)
@pytest.mark.parametrize(
    ("noise", "t", "dim", "towards", "rate"),
    [
        ("laplace", 0.6, 3, "face", 3.5),
        ("laplace", 0.4, 16, "face", 17.0),
        ("laplace", 0.8, 6, "face", 7.0),
        ("gaussian", 0.4, 16, "face", 13.0),
        ("gaussian", 0.5, 9, "vertex", 12.0),
        ("gaussian", 0.0, 40, "vertex", 32.0),
    ],
)
def test_tails_by_counting(noise, t, dim, towards, rate, fresh):
    rng = np.random.Generator(np.random.Philox(fresh(7)))
    number = 100_000
    draws = (
        rng.laplace(size=(number, dim)) if noise == "laplace" else rng.normal(size=(number, dim))
    )
    x = np.zeros(dim)
    if towards == "vertex":
        x[0] = t
    else:
        x[:] = t / dim
    hits = int((np.abs(x + draws / rate).sum(axis=1) > 1).sum())
    exact, wrong = (outside(noise, t, dim, towards, times * rate) for times in (1, 1.05))
    assert BinomialTest(number, exact, exact).p_value(hits) > 1e-9
    mutant = BinomialTest(number, wrong, wrong)
    assert mutant.false_pass(exact, alpha=1e-9) < 9e-10
    assert mutant.p_value(hits) < 1e-9


@pytest.mark.parametrize("dim", [1, 2, 5, 16])
@pytest.mark.parametrize("noise", NOISES)
def test_both_ways_begin_at_the_centre(noise, dim):
    first, second = (
        OUTSIDE[noise](Fraction(0), dim, towards, arb(dim), 80) for towards in ("vertex", "face")
    )
    assert first.overlaps(second)
    if noise == "laplace":
        assert float(first.mid()) == pytest.approx(special.gammaincc(dim, dim), rel=1e-13)


@pytest.mark.parametrize("towards", ["vertex", "face"])
@pytest.mark.parametrize(("t", "dim", "rate"), [("0.2", 3, 4), ("0.9", 5, 9), ("0", 20, 17)])
def test_the_series_the_integral_and_the_floats_agree(t, dim, rate, towards, monkeypatch):
    place = (Fraction(t), dim, towards)
    series = gaussian_outside(*place, arb(rate), 70)
    monkeypatch.setattr(magnitude_sums, "_SERIES_RATE", 0)
    integral = gaussian_outside(*place, arb(rate), 70)
    assert series.overlaps(integral)
    assert max(float(series.rad()), float(integral.rad())) < 1e-18
    found = gaussian_outside_float(float(t), dim, towards, float(rate))
    assert found == pytest.approx(float(series.mid()), abs=1e-12)


def test_the_rest_of_the_series_is_bounded(monkeypatch):
    # with far too few terms the ball is wide, and still holds the value
    place = (Fraction(1, 2), 3, "face", arb(4))
    exact = magnitude_sums._power_series(*place, 80)
    rough = magnitude_sums._power_series(*place, 4)
    assert rough.overlaps(exact) and rough.rad() > 1e6 * exact.rad()


@pytest.mark.parametrize("dim", [1, 2, 3, 10, 100])
def test_the_centre_is_a_gamma_median(dim):
    ball = ball_supremum_ball("laplace", BallPoint.of(0, dim=dim), precision=60)
    median = stats.gamma(dim).median()
    assert float(ball.mid()) == pytest.approx(math.sqrt(2) / median, rel=1e-12)


@pytest.mark.parametrize("t", ["0", "0.3", "-0.9"])
@pytest.mark.parametrize("radius", ["0", "0.05"])
def test_one_dimension_is_the_line(t, radius):
    suprema = (rops.laplace_supremum_ball, rops.gaussian_supremum_ball)
    for noise, line in zip(NOISES, suprema, strict=True):
        for towards in ("vertex", "face"):
            point = BallPoint.of(t, dim=1, towards=towards)
            ball = ball_supremum_ball(noise, point, precision=60, radius=radius)
            assert ball.overlaps(line(t, precision=60, radius=radius))


@pytest.mark.parametrize(
    ("t", "dim", "towards", "radius"),
    [
        (0.3, 2, "face", 0.0),
        (0.3, 2, "face", 0.25),
        (0.6, 2, "vertex", 0.1),
        (0.5, 3, "vertex", 0.2),
        (0.9, 2, "face", 0.0),
    ],
)
@pytest.mark.parametrize("noise", NOISES)
def test_the_certificate_is_the_radius_at_the_supremum(noise, t, dim, towards, radius):
    point = BallPoint.of(t, dim=dim, towards=towards)
    ball = ball_supremum_ball(noise, point, precision=60, radius=radius)
    assert ball.rel_accuracy_bits() > 55

    def certificate(deviation):
        if noise == "laplace":
            scale = deviation / math.sqrt(2)
            return -scale * math.log(2 * by_slices(noise, t, dim, towards, 1 / scale))
        return deviation * stats.norm.isf(by_slices(noise, t, dim, towards, 1 / deviation))

    found = float(ball.mid())
    assert certificate(found) == pytest.approx(radius, abs=1e-8)
    assert certificate(0.999 * found) > radius > certificate(1.001 * found)
    assert ball_supremum(noise, point, radius=radius) == pytest.approx(found, rel=1e-11)


@pytest.mark.parametrize("dim", [2, 3, 16])
def test_at_a_vertex_both_vanish_linearly_and_laplace_noise_stays_ahead(dim):
    a, c = vertex_rates(dim, precision=50)
    limit = arb(2).sqrt() * c / a
    assert limit > 1
    for k in (4, 6):
        gap = Fraction(1, 10**k)
        point = BallPoint.of(1 - gap, dim=dim)
        ours, theirs = (ball_supremum_ball(noise, point, precision=45) for noise in NOISES)
        assert float((ours * a / math.sqrt(2)).mid()) == pytest.approx(float(gap), rel=1e-9)
        assert float((theirs * c).mid()) == pytest.approx(float(gap), rel=1e-9)
    for t in np.linspace(0, 0.95, 20):
        point = BallPoint.of(float(t), dim=dim)
        assert ball_supremum("laplace", point) > 1.1 * ball_supremum("gaussian", point)


def test_vertex_rates_in_the_plane():
    a, c = (float(ball.mid()) for ball in vertex_rates(2, precision=50))
    assert math.exp(-a) * (1.5 + a) == pytest.approx(1, abs=1e-14)
    assert c == pytest.approx(math.sqrt(2) * stats.norm.ppf(math.sqrt(0.5)), rel=1e-13)
    # at the vertex itself Laplace noise stays with probability 1/4, as Gaussian noise does
    assert 1 - outside("laplace", 1 - 1e-12, 2, "vertex", 50.0) == pytest.approx(0.25, abs=1e-9)
    assert 1 - outside("gaussian", 1 - 1e-12, 2, "vertex", 50.0) == pytest.approx(0.25, abs=1e-9)
    assert gaussian_cone(3, arb("1.55247712606"), 60) * 2 - 1 < 1e-11


@pytest.mark.parametrize(
    ("dim", "place"),
    [(1, 0.974626937), (2, 0.975476096), (3, 0.953930224), (4, 0.933742347), (16, 0.863255179)],
)
def test_towards_a_face_the_order_changes(dim, place):
    assert float(face_threshold_ball(dim).mid()) == pytest.approx(place, abs=1e-9)
    for t, leads in ((place - 1e-5, True), (place + 1e-5, False)):
        # at the Gaussian supremum Laplace noise still agrees with more than 1/2, or does not
        point = BallPoint.of(t, dim=dim, towards="face")
        rate = math.sqrt(2) / ball_supremum("gaussian", point)
        assert (outside("laplace", t, dim, "face", rate) < 0.5) is leads


def test_near_a_face_it_is_not_yet_the_slab():
    # the nearest face is the slab's side, but the other faces are nearer than its other side
    for dim, t in ((2, "0.9"), (3, "0.99")):
        slab = slab_laplace_supremum_ball(t, ["1"] * dim, precision=50) / arb(dim).sqrt()
        ball = ball_supremum_ball("laplace", BallPoint.of(t, dim=dim, towards="face"), precision=50)
        assert 0.3 * slab < ball < slab  # a subset keeps the label less often


@pytest.mark.parametrize("towards", ["vertex", "face"])
@pytest.mark.parametrize("dim", [2, 4])
def test_where_nothing_certifies_a_radius(dim, towards):
    point = BallPoint.of("0.2", dim=dim, towards=towards)
    ends = {"laplace": Fraction(4, 5), "gaussian": Fraction(4, 5) / math.isqrt(dim)}
    if dim == 2:
        assert point.has_certificate("gaussian", "0.5656")
        assert not point.has_certificate("gaussian", "0.5657")
        del ends["gaussian"]
    for noise, end in ends.items():
        assert not point.has_certificate(noise, end)
        assert point.has_certificate(noise, end - Fraction(1, 10**30))
        with pytest.raises(ValueError, match=r"is outside \[0, .*d = "):
            ball_supremum_ball(noise, point, precision=50, radius=end)
        # just below the supremum is small, and it grows as the radius shrinks
        near, half = (
            ball_supremum_ball(noise, point, precision=30, radius=end * Fraction(share))
            for share in ("0.8", "0.5")
        )
        assert 0 < near < half
        # at the end itself no noise of a wide range does
        for rate in (1, 10, 30):
            beyond = point.outside(noise, arb(rate), 300)
            length = arb(end.numerator) / end.denominator * rate
            allowed = (-length).exp() if noise == "laplace" else (length / arb(2).sqrt()).erfc()
            assert beyond > allowed / 2


@pytest.mark.parametrize(("radius", "gap"), [("0", "1e-20"), ("0", "1e-50")])
def test_very_near_a_vertex_gaussian_noise_is_that_of_the_cone(radius, gap):
    # the ball is the same cone 10^17 times farther off
    far = Fraction(1, 1000)
    share = far / Fraction(Decimal(gap))
    point, like = (BallPoint.of(1 - m, dim=3) for m in (far / share, far))
    reach = Fraction(Decimal(radius))
    near = ball_supremum_ball("gaussian", point, precision=40, radius=reach)
    wide = ball_supremum_ball("gaussian", like, precision=40, radius=reach * share)
    factor = arb(share.numerator) / share.denominator
    assert (near * factor).overlaps(wide) and near.rel_accuracy_bits() > 35


@pytest.mark.parametrize(("t", "towards"), [("1e-8", "face"), ("1e-61", "vertex")])
def test_too_near_the_end_for_the_integral_is_said(t, towards):
    point = BallPoint.of(1 - Fraction(Decimal(t)), dim=3, towards=towards)
    with pytest.raises(ArithmeticError, match="is too near 1 for the Gaussian tail's integral"):
        ball_supremum_ball("gaussian", point, precision=40)
    plane = BallPoint(point.t, 2, point.towards)
    assert ball_supremum_ball("gaussian", plane, precision=40) > 0


def test_a_second_tie_is_found_out():
    def allowed(rate):
        return (-2 * rate).exp() / 2

    def good(rate):
        return (1 + rate) * (-3 * rate).exp()

    top = enclosed_tie(lambda rate, bits: allowed(rate) - good(rate), 40)
    exclude_below(good, allowed, top.lower())
    with pytest.raises(ArithmeticError, match="is not excluded"):
        exclude_below(lambda rate: allowed(rate) * arb("0.9"), allowed, top.lower())


@pytest.mark.parametrize("near", [None, 1.41421356, 1.4142135623730951, 7.0])
def test_a_tie_is_enclosed_wherever_the_search_begins(near):
    ball = enclosed_tie(lambda rate, bits: rate * rate - 2, 100, bits=260, near=near)
    assert ball.overlaps(arb(2).sqrt()) and ball.rel_accuracy_bits() > 95


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"t": "1", "dim": 2}, r"x = 1 is outside \(-1, 1\)"),
        ({"t": "0", "dim": 0}, r"dim = 0 is no integer in \[1, 256\]"),
        ({"t": "0", "dim": 257}, r"dim = 257 is no integer in \[1, 256\]"),
        ({"t": "0", "dim": True}, "dim = True"),
        ({"t": "0", "dim": 65, "towards": "face"}, r"dim = 65 is no integer in \[1, 64\]"),
        ({"t": "0", "dim": 2, "towards": "edge"}, "towards = 'edge' is neither vertex nor face"),
        ({"t": "nan", "dim": 2}, "nan is not a finite number"),
    ],
)
def test_bad_points(arguments, said):
    with pytest.raises(ValueError, match=said):
        BallPoint.of(arguments.pop("t"), **arguments)


@pytest.mark.parametrize("dim", [1, 257, 2.0])
def test_bad_dimensions_of_a_vertex(dim):
    with pytest.raises(ValueError, match="is no integer in"):
        vertex_rates(dim, precision=50)


def test_bad_radius():
    with pytest.raises(ValueError, match=r"radius = -0.1 is outside"):
        ball_supremum_ball("laplace", BallPoint.of(0, dim=2), precision=50, radius="-0.1")
