"""The radii where one symbol decides: abstention in arrays, names and values in errors, balls."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb

from theory import certificates
from theory.certificates import MOST_CLASSES, exact_k, parse_num_classes, radius_ball
from theory.exact import Surd

BINARY = {
    "theorem_1": "scale",
    "theorem_2": "scale",
    "exact": "scale",
    "lecuyer": "scale",
    "cohen": "sigma",
    "uniform": "half_width",
}


@pytest.mark.parametrize("rounding", ["down", "nearest"])
@pytest.mark.parametrize("method", BINARY)
def test_arrays_abstain_below_one_half_and_only_without_p_b(method, rounding):
    radius, p_a = getattr(certificates, method), np.array([[0.0, 0.3], [0.5, 0.75]])
    below = np.nextafter(0.5, 0)
    more = {BINARY[method]: 1.5, "rounding": rounding}
    assert np.isnan(radius(p_a, **more)).tolist() == [[True, True], [False, False]]
    assert np.isnan(radius(np.array([below]), **more)).tolist() == [True]
    assert radius(p_a, **more)[1, 0] == 0.0 < radius(p_a, **more)[1, 1]
    if method != "theorem_2":  # it has no p_b
        with_p_b = radius(p_a, np.array([[0.0, 0.125], [0.25, 0.5]]), **more)
        assert not np.isnan(with_p_b).any()
        assert with_p_b[0, 1] > 0


@pytest.mark.parametrize(
    ("method", "name"), [*BINARY.items(), ("exact_k", "scale"), ("theorem_1_terms", "scale")]
)
def test_the_errors_name_the_scale_as_the_caller_does(method, name):
    more = {"num_classes": 3} if method == "exact_k" else {}
    for bad in (0, "-2", math.inf):
        with pytest.raises(ValueError) as error:
            getattr(certificates, method)("0.7", **{name: bad}, **more)
        assert str(error.value) == f"{name} = {bad} is outside (0, inf)"


def test_the_most_classes_are_legal_and_one_more_is_not():
    assert parse_num_classes(MOST_CLASSES) == MOST_CLASSES == 10**15
    assert parse_num_classes("2") == 2
    for bad in (MOST_CLASSES + 1, 1, "1.5", None, "many"):
        with pytest.raises(ValueError) as error:
            parse_num_classes(bad)
        legal = "the integers in [2, 1000000000000000]"
        assert str(error.value) == f"num_classes = {bad} is outside {legal}"
    # 1 - (K - 1) p_b for the largest K, at a p_b of which K - 1 are nearly the whole
    p_b = Fraction(1, 2 * 10**15)
    with mpmath.workdps(60):
        top, other = (
            mpmath.mpf(p.numerator) / p.denominator for p in (1 - (10**15 - 1) * p_b, p_b)
        )
        unrounded = (-mpmath.log(2 * (1 - top)) - mpmath.log(2 * other)) / 2
    found = exact_k("0.4", p_b, num_classes=MOST_CLASSES, scale=1)
    assert found == pytest.approx(float(unrounded), rel=1e-15)


@pytest.mark.parametrize(
    ("method", "p_a", "p_b", "exact"),
    [
        ("lecuyer", "0.7", "0.1", lambda: mpmath.log(7) / 2),
        ("new_term", "0.7", "0.1", lambda: -mpmath.log(mpmath.mpf(2) / 5)),
        ("theorem_1", "0.3", "0.1", lambda: mpmath.log(3) / 2),  # the binary case would abstain
        ("exact", "0.3", "0.1", lambda: mpmath.log(3) / 2),
        ("uniform", "0.3", "0.1", lambda: mpmath.mpf(1) / 5),
        ("theorem_2", "0.7", None, lambda: -mpmath.log(mpmath.mpf(3) / 5)),
    ],
)
@pytest.mark.parametrize("precision", [40, 200])
def test_the_ball_with_a_runner_up(method, p_a, p_b, exact, precision):
    ball = radius_ball(method, p_a, p_b, scale=Surd(Fraction(3), 4), precision=precision)
    with mpmath.workdps(80):
        value = 6 * exact()
        low, high = (mpmath.mpf(end.str(75, radius=False)) for end in (ball.lower(), ball.upper()))
        slack = mpmath.mpf(10) ** -70
        assert low - slack <= value <= high + slack
    assert ball.rel_accuracy_bits() >= precision - 8


@pytest.mark.parametrize(
    ("method", "p_a", "p_b", "message"),
    [
        (
            "lecuyer",
            [0.7],
            None,
            "an array has no ball: p_a, p_b and scale must be single exact numbers",
        ),
        ("theorem_2", "0.7", "0.3", "p_b = 0.3 has no place in theorem_2: legal is None"),
        ("exact", "1/3", None, "p_a = 1/3 is outside [1/2, 1]: the binary case abstains"),
        ("cohen", "0.2", "0.3", "p_b = 0.3 is outside [0, p_a], and p_a = 0.2"),
        (
            "renyi",
            "0.7",
            None,
            "method = renyi is none of theorem_1, new_term, theorem_2, exact, lecuyer, cohen, "
            "uniform",
        ),
    ],
)
def test_what_has_no_ball_is_said_in_full(method, p_a, p_b, message):
    with pytest.raises(ValueError) as error:
        radius_ball(method, p_a, p_b, scale=2, precision=100)
    assert str(error.value) == message


@pytest.mark.parametrize("rounding", ["up", 1, None])
def test_another_rounding_is_named(rounding):
    with pytest.raises(ValueError) as error:
        certificates.uniform("0.7", half_width=2, rounding=rounding)
    assert str(error.value) == f"rounding = {rounding} is neither down nor nearest"


def test_equal_bounds_are_a_ball_of_no_radius():
    for p in (0, "1/3", 1):
        assert radius_ball("cohen", p, p, scale=2, precision=50) == arb(0)
    # with the implied bounds of any number of classes 1/3 and 1/3 are 1/3 and 1/3, and 3/4 is 1/4
    assert radius_ball("exact", "1/3", "1/3", scale=2, precision=50) == arb(0)
    wide = radius_ball("exact", "3/4", "3/4", scale=2, precision=50)
    assert wide.overlaps(2 * arb(2).log()) and wide.rad() < arb(2) ** -40


def test_where_abstentions_are():
    found = certificates.is_abstention([[math.nan, 0.0], [math.inf, -1.0]])
    assert found.tolist() == [[True, False], [False, False]]
    assert certificates.is_abstention(math.nan) is True
    assert certificates.is_abstention(0.0) is False
    with pytest.raises(ValueError) as error:
        certificates.is_abstention("0.5")
    said = "radius = 0.5 holds no real numbers: legal are floats and arrays of floats"
    assert str(error.value) == said


def test_nearest_arrays_are_of_floats_and_rounded_down_ones_of_exact_numbers():
    # beside an array 1/2 + 1e-40 is the float 1/2, unless the radius is to be rounded down
    p_a, scale = Fraction(1, 2) + Fraction(1, 10**40), np.array([1.0, 2.0])
    assert certificates.theorem_2(p_a, scale=scale, rounding="nearest").tolist() == [0.0, 0.0]
    for found, size in zip(certificates.theorem_2(p_a, scale=scale), (1, 2), strict=True):
        assert found == pytest.approx(2e-40 * size, rel=1e-15, abs=0)
        assert Fraction(found) < Fraction(size * 2, 10**40) * (1 + Fraction(1, 10**39))
    alone = certificates.theorem_2(p_a, scale=1, rounding="nearest")
    assert alone == pytest.approx(2e-40, rel=1e-15, abs=0)
