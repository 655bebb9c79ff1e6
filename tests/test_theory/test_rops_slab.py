"""Slabs: the law of w.eps by Gil-Pelaez, suprema as ties, where the order changes, empty ROPS."""

import math
from fractions import Fraction
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, special, stats

from theory import rops, rops_slab
from theory.rops_slab import (
    Slab,
    slab_laplace_supremum_ball,
    slab_limit_threshold_ball,
    slab_threshold_ball,
)

WEIGHTS = [
    ("1",),
    ("1", "-1"),
    ("3", "1"),
    ("1", "0", "1", "1"),
    ("2", "2", "1"),
    ("0.5", "1/3", "-1/3", "1/7", "1/7", "1/7"),
]


def tail(weights, t):
    """P(Z > t) from the characteristic function, w normalised in floats."""
    given = np.array([float(Fraction(weight)) for weight in weights])
    squares = (given / np.linalg.norm(given)) ** 2

    def share(s):
        return math.sin(t * s) / s / math.prod(1 + square * s * s for square in squares)

    value, _ = integrate.quad(share, 0, np.inf, limit=2000, epsabs=1e-12)
    return 0.5 - value / math.pi


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("t", [0.3, 1.0, 3.7])
@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
def test_the_tail_is_that_of_the_characteristic_function(weights, t):
    ball = Slab.of(weights).tail(arb(t), 80)
    assert float(ball.mid()) == pytest.approx(tail(weights, t), abs=2e-8)
    assert ball.rad() < 1e-20


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_tail_at_zero_and_the_variance(weights):
    slab = Slab.of(weights)
    assert slab.tail(arb(0), 80).contains(arb(1) / 2)
    # the variance of Z is 4 times the integral of t P(Z > t), and 2 as ||w||_2 = 1
    total = integrate.quad(lambda t: t * float(slab.tail(arb(t), 60).mid()), 0, 60, limit=200)[0]
    assert 4 * total == pytest.approx(2, rel=1e-9)


def test_a_wrong_coefficient_shows(monkeypatch):
    monkeypatch.setattr(rops_slab, "_equal_masses", lambda count: (fmpq(1, 3),) * count)
    assert not abs(float(Slab.of(["1", "1"]).tail(arb(1), 60).mid()) - tail(("1", "1"), 1)) < 1e-3


@pytest.mark.parametrize(("u", "radius"), [("0", "0"), ("0.3", "0.6"), ("-0.9", "0.05")])
@pytest.mark.parametrize("weights", WEIGHTS[1:])
@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
def test_the_certificate_is_the_radius_at_the_supremum(weights, u, radius):
    ball = slab_laplace_supremum_ball(u, weights, precision=70, radius=radius)
    assert ball.rel_accuracy_bits() > 65
    scale, near = float(ball.mid()) / math.sqrt(2), 1 - abs(float(u))

    def certificate(at):
        outside = tail(weights, near / at) + tail(weights, (2 - near) / at)
        return -at * math.log(2 * outside)

    assert certificate(scale) == pytest.approx(float(radius), abs=1e-6)
    # and it is not so at a scale that is off by 0.01 percent
    assert abs(certificate(scale * 1.0001) - float(radius)) > 5e-6
    assert certificate(scale * 0.999) > float(radius) > certificate(scale * 1.001)


@given(st.fractions(-1, 1, max_denominator=10**4), st.fractions(0, 1, max_denominator=10**4))
@settings(max_examples=25)
def test_one_weight_is_the_line_whatever_its_size(u, share):
    if abs(u) == 1 or share == 1:
        return
    radius = share * (1 - abs(u))
    for weights in (["-0.2"], ["7", "0"]):
        ball = slab_laplace_supremum_ball(u, weights, precision=60, radius=radius)
        assert ball.overlaps(rops.laplace_supremum_ball(u, precision=60, radius=radius))


@pytest.mark.parametrize("weights", WEIGHTS)
def test_the_order_and_a_factor_of_the_weights_do_not_matter(weights):
    moved = [f"{-3 * Fraction(weight)}" for weight in reversed(weights)]
    first, second = (slab_laplace_supremum_ball("0.4", w, precision=60) for w in (weights, moved))
    assert first.overlaps(second)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize(("u", "share"), [("0.2", "0"), ("0.2", "0.5"), ("0.8", "0.97")])
def test_the_certified_scales_are_one_interval(weights, u, share):
    slab, near = Slab.of(weights), 1 - Fraction(u)
    reach = float(near) * math.sqrt(slab.squared_norm) / float(slab.largest)
    radius = Fraction(reach) * Fraction(share)
    top = slab_laplace_supremum_ball(u, slab, precision=60, radius=radius)

    def certified(scale):
        ends = (float(near) / scale, (2 - float(near)) / scale)
        outside = sum((slab.tail(arb(end), 200) for end in ends), arb(0))
        return 2 * (arb(float(radius)) / arb(scale)).exp() * outside < 1

    scale = float(top.mid()) / math.sqrt(2)
    grid = np.geomspace(0.05, 20, 60)
    assert [bool(certified(scale * g)) for g in grid] == [bool(g < 1) for g in grid]


def test_laplace_noise_reaches_the_l1_distance_and_gaussian_noise_only_the_l2_distance():
    weights = ["1"] * 4  # the l1 distance is twice the l2 distance
    assert slab_laplace_supremum_ball("1/2", weights, precision=60, radius="0.9999") > 0
    for radius in ("1", "1.5", Fraction(10**20 + 1, 10**20)):
        with pytest.raises(ValueError, match="the end being 1"):
            slab_laplace_supremum_ball("1/2", weights, precision=60, radius=radius)
    with pytest.raises(ValueError, match="outside"):
        rops.gaussian_supremum_ball("1/2", precision=60, radius="0.5")
    # at and beyond that distance no scale certifies: 2 e^(rs) P is above 1 however large s is
    slab = Slab.of(weights)
    for rate in (1.0, 10.0, 100.0, 1000.0):
        ends = (arb(rate) / 2, 3 * arb(rate) / 2)
        outside = sum((slab.tail(end, 400) for end in ends), arb(0))
        assert 2 * arb(rate).exp() * outside > 1
        assert 2 * (0.9 * arb(rate)).exp() * outside < 1 or rate < 1000


@pytest.mark.statistical(false_fail=1.1e-9, reason="an exact binomial test, and roundings")
def test_many_weights_keep_their_digits(fresh):
    # partial fractions with coefficients of 2^150: the places in the tail need as many bits
    weights = [str(k) for k in range(1, 129)]
    assert Slab.of(weights).guard_bits > 140
    ball = slab_laplace_supremum_ball("0.3", weights, precision=60)
    assert ball.rel_accuracy_bits() > 55
    rng = np.random.Generator(np.random.Philox(fresh(3)))
    w = np.arange(1, 129) / np.linalg.norm(np.arange(1, 129))
    noise = rng.laplace(scale=float(ball.mid()) / math.sqrt(2), size=(100_000, 128)) @ w
    hits = int((np.abs(0.3 + noise) <= 1).sum())
    assert stats.binomtest(hits, 100_000, 0.5).pvalue > 1e-9


def test_the_threshold_of_one_weight_is_the_ledgers():
    ball = slab_threshold_ball(["-3"], precision=40)
    assert arb("0.974626937") < ball < arb("0.974626938")


@pytest.mark.parametrize(
    ("weights", "place"),
    [
        (("1", "1"), 0.951747523),
        (("1",) * 3, 0.942991539),
        (("1",) * 4, 0.938783501),
        (("1",) * 16, 0.931401006),
        (("1", "2"), 0.956454291),
        (("1", "0.01"), 0.974478386),
    ],
)
def test_thresholds_by_another_method(weights, place):
    ball = slab_threshold_ball(weights, precision=34)
    assert float(ball.mid()) == pytest.approx(place, abs=2e-9)
    slab = Slab.of(weights)
    for u, leads in ((place - 1e-7, True), (place + 1e-7, False)):
        sigma = rops.gaussian_supremum(u)
        # at the Gaussian supremum Laplace noise still agrees with more than 1/2, or does not
        ends = ((1 - u) * math.sqrt(2) / sigma, (1 + u) * math.sqrt(2) / sigma)
        outside = sum(float(slab.tail(arb(end), 80).mid()) for end in ends)
        assert (outside < 0.5) is leads


def test_thresholds_fall_to_their_limit():
    limit = slab_limit_threshold_ball(precision=34)
    found = [slab_threshold_ball(["1"] * k, precision=30) for k in (1, 2, 3, 8, 32)]
    assert all(a > b for a, b in zip(found, [*found[1:], limit], strict=True))
    # the distance to the limit falls as 1/k
    ratio = (found[3] - limit) / (found[4] - limit)
    assert 3 < float(ratio.mid()) < 10


def test_the_limit_against_floats():
    def loss(u):
        ends = np.array([1 - u, 1 + u]) / rops.gaussian_supremum(u)
        return float((special.eval_hermitenorm(3, ends) * np.exp(-(ends**2) / 2)).sum())

    found = optimize.brentq(loss, 0.1, 0.99, xtol=1e-14)
    assert float(slab_limit_threshold_ball(precision=40).mid()) == pytest.approx(found, abs=1e-11)


def test_the_suprema_meet_as_the_weights_spread():
    for u in ("0", "0.7"):
        gaussian = rops.gaussian_supremum_ball(u, precision=60)
        leads = [
            float((slab_laplace_supremum_ball(u, ["1"] * k, precision=60) - gaussian).mid())
            for k in (1, 4, 16, 64)
        ]
        assert all(0 < b < a / 2 for a, b in pairwise(leads))


def test_mpmath_agrees_on_two_weights():
    # w = (1, 1)/sqrt(2): P(Z > t) = e^-y (2 + y)/4 with y = sqrt(2) t
    ball = slab_laplace_supremum_ball("0.3", ["1", "1"], precision=80)
    with mpmath.workdps(30):

        def outside(scale):
            ends = (mpmath.sqrt(2) * end / scale for end in (mpmath.mpf("0.7"), mpmath.mpf("1.3")))
            return sum(mpmath.exp(-y) * (2 + y) / 4 for y in ends) - 0.5

        scale = mpmath.findroot(outside, 1.2)
        assert ball.overlaps(arb(str(scale * mpmath.sqrt(2))) * arb(1, 1e-25))


@pytest.mark.parametrize(
    ("u", "weights", "radius", "said"),
    [
        ("1", ["1"], "0", r"u = 1 is outside \(-1, 1\)"),
        ("0", ["0", "0"], "0", "weights = 0,0: legal are numbers not all 0"),
        ("0", [], "0", "legal are numbers not all 0"),
        ("0", ["1", "inf"], "0", "inf is not a finite number"),
        ("0", ["1", "1"], "-1", "radius = -1 is outside"),
        ("0", ["1", "1"], "1.5", r"radius = 1.5 is outside .*1.41421356"),
    ],
)
def test_bad_input(u, weights, radius, said):
    with pytest.raises(ValueError, match=said):
        slab_laplace_supremum_ball(u, weights, precision=60, radius=radius)
