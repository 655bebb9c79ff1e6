"""Radii at rational places: the values are those of mpmath, and the places reach every end."""

import math
from fractions import Fraction
from itertools import pairwise

import mpmath
import pytest
import sympy as sp
from flint import ctx

from theory import certificates
from theory.conjectures.expressions import parse_expression
from theory.conjectures.jets import OutsideError
from theory.conjectures.places import (
    Place,
    exact_radius,
    hard_places,
    named_numbers,
    quantile,
    symbolic_radius,
)
from theory.conjectures.point_values import PointValues
from theory.conjectures.sectors import unit
from theory.conjectures.settings import Setting
from theory.symbols import lam, p_a

BINARY, BINARY_PB, MULTICLASS, K = Setting
CLASSES = {BINARY: 2, BINARY_PB: 2, MULTICLASS: None, K: 3}
NOISES = ("laplace", "gaussian", "uniform")
MP = mpmath.MPContext()
MP.dps = 120


def mp(value: Fraction):
    return MP.mpf(value.numerator) / value.denominator


def tail(noise: str, x):
    """P(X > x) for x >= 0: the density's integral in closed form, stated anew."""
    if noise == "laplace":
        return MP.exp(-x) / 2
    return MP.erfc(x / MP.sqrt(2)) / 2 if noise == "gaussian" else (1 - x) / 2


# -- quantile and exact radius ------------------------------------------------------------------


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(
    "p",
    [
        Fraction(1, 2),
        Fraction(1, 3),
        Fraction(3, 4),
        Fraction(999, 1000),
        1 - Fraction(1, 10**45),
        Fraction(1, 10**45),
    ],
    ids=str,
)
def test_the_tail_beyond_a_quantile_is_the_probability(noise, p):
    with ctx.workprec(256):
        value = quantile(noise, p)
    low, high = (MP.mpf(str(one.str(70, radius=False))) for one in (value, value))
    size, small = abs(low + high) / 2, mp(min(p, 1 - p))
    assert abs(tail(noise, size) - small) <= small * MP.mpf(10) ** -40
    assert (value > 0) == (2 * p > 1) and (value < 0) == (2 * p < 1)


@pytest.mark.parametrize("noise", NOISES)
def test_a_quantile_is_odd_and_increasing(noise):
    tops = [Fraction(k, 20) for k in range(1, 20)]
    values = [quantile(noise, one) for one in tops]
    assert all(low < high for low, high in pairwise(values))
    assert all((a + b).overlaps(0 * a) for a, b in zip(values, reversed(values), strict=True))


@pytest.mark.parametrize(("p_a", "p_b"), [("0.7", "0.2"), ("0.95", "0.01"), ("0.4", "0.3")])
def test_the_exact_radius_is_the_certificate(p_a, p_b):
    place = Place(Fraction(p_a), Fraction(p_b))
    several = float(exact_radius("laplace", MULTICLASS, place, None).mid())
    three = float(exact_radius("laplace", K, place, 3).mid())
    assert several == pytest.approx(certificates.exact(p_a, p_b, scale=1.0), rel=1e-14)
    assert three == pytest.approx(
        certificates.exact_k(p_a, p_b, num_classes=3, scale=1.0), rel=1e-14
    )


@pytest.mark.parametrize("p_a", ["0.6", "0.75", "0.999"])
def test_without_a_pb_it_is_the_binary_certificate(p_a):
    place = Place(Fraction(p_a), None)
    for noise, certified in (
        ("laplace", certificates.theorem_2(p_a, scale=1.0)),
        ("gaussian", certificates.cohen(p_a, sigma=1.0)),
        ("uniform", certificates.uniform(p_a, half_width=1.0)),
    ):
        found = float(exact_radius(noise, BINARY, place, 2).mid())
        assert found == pytest.approx(certified, rel=1e-14)


def test_the_exact_radius_is_zero_where_nothing_is_certified():
    for noise in NOISES:
        assert exact_radius(noise, BINARY, Place(Fraction(2, 5), None), 2) == 0
        tied = exact_radius(noise, MULTICLASS, Place(Fraction(2, 5), Fraction(2, 5)), None)
        assert tied.contains(0) and tied.rad() < 1e-14


@pytest.mark.parametrize("noise", NOISES)
def test_the_symbolic_quantile_is_the_ball(noise):
    for p in (Fraction(1, 2), Fraction(7, 10), Fraction(99, 100)):
        value = sp.N(symbolic_radius(noise, p), 30)
        assert abs(float(value) - float(quantile(noise, p).mid())) < 1e-14


# -- values of radii ----------------------------------------------------------------------------


def at(text: str, place: Place, classes: int | None = None):
    radius = parse_expression(text).subs(lam, unit)
    with ctx.workprec(256):
        return PointValues(radius, unit, classes)(place)


def log(x):
    return MP.log(x)


HERE = Place(Fraction(7, 10), Fraction(1, 5), Fraction(3))
VALUES = [
    ("lam*log(p_a/p_b)", lambda a, b, s: s * log(a / b)),
    ("Max(lam/2*log(p_a/p_b), -lam*log(1 - p_a + p_b))", lambda a, b, s: -s * log(1 - a + b)),
    ("Min(lam, lam*p_a)", lambda a, b, s: s * a),
    ("Piecewise((lam, p_a < 7/10), (2*lam, True))", lambda a, b, s: 2 * s),
    ("Piecewise((lam, p_a <= 7/10), (2*lam, True))", lambda a, b, s: s),
    ("Piecewise((Max(lam, 2*p_a), p_b < 1/2), (p_b, True))", lambda a, b, s: s),
    ("Max(Piecewise((p_a, p_a > 1/2), (lam**9, True)), p_b)", lambda a, b, s: a),
    ("Piecewise((lam, lam > 2), (log(-p_a), True))", lambda a, b, s: s),
    ("sqrt(p_a - p_b)*lam**2", lambda a, b, s: MP.sqrt(a - b) * s**2),
    ("lam*erfinv(2*p_a - 1)", lambda a, b, s: s * MP.erfinv(2 * a - 1)),
    ("Abs(p_b - p_a)*lam", lambda a, b, s: (a - b) * s),
    ("Max(lam, Min(p_a, Max(p_b, 4*lam)))", lambda a, b, s: s),
]


@pytest.mark.parametrize(("text", "value"), VALUES, ids=[one for one, _ in VALUES])
def test_a_value_is_that_of_mpmath(text, value):
    found = at(text, HERE)
    wanted = value(mp(HERE.p_a), mp(HERE.p_b), mp(HERE.scale))
    assert found is not None and float(found.rad()) < 1e-40
    assert abs(MP.mpf(found.str(60, radius=False)) - wanted) < MP.mpf(10) ** -50


def test_a_value_a_hair_off_is_told_apart():
    found = at("lam*log(p_a/p_b)", HERE)
    other = at("lam*log(p_a/p_b)*(1 + 1/10**40)", HERE)
    assert found < other


def test_at_extreme_places_the_digits_are_kept():
    place = Place(1 - Fraction(1, 10**45), Fraction(1, 10**60), Fraction(10) ** 6)
    found = at("-lam*log(2*(1 - p_a))", place)
    wanted = MP.mpf(10) ** 6 * log(MP.mpf(10) ** 45 / 2)
    assert abs(MP.mpf(found.str(60, radius=False)) - wanted) < MP.mpf(10) ** -40


def test_what_is_not_real_is_none():
    assert at("lam*log(p_b - p_a)", HERE) is None
    assert at("sqrt(1/2 - p_a)", HERE) is None
    assert at("sqrt(p_a - 1/2)", HERE) is not None


def test_the_number_of_classes_is_a_number():
    assert at("lam*num_classes", HERE, 5) == 15


def test_a_pole_has_no_value():
    with pytest.raises(OutsideError):
        at("lam/(p_a - 7/10)", HERE)


# -- the places ---------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", list(Setting), ids=str)
@pytest.mark.parametrize("scales", [False, True])
def test_hard_places_lie_in_the_domain_and_reach_its_ends(setting, scales):
    found = list(hard_places(setting, CLASSES[setting], scales=scales))
    assert found and all(one.lies_in(setting, CLASSES[setting]) for one in found)
    assert all(isinstance(one.p_a, Fraction) and isinstance(one.scale, Fraction) for one in found)
    assert min(one.p_a for one in found) <= Fraction(1, 10**45)
    assert max(one.p_a for one in found) >= 1 - Fraction(1, 10**45)
    sizes = {one.scale for one in found}
    assert sizes == (
        {Fraction(10) ** k for k in (0, -1, 1, -3, 3, -6, 6)} if scales else {Fraction(1)}
    )
    if not setting.has_p_b:
        assert {one.p_b for one in found} == {None}
        return
    assert min(one.p_b / min(one.p_a, 1 - one.p_a) for one in found) <= Fraction(1, 10**40)
    assert any(one.p_b == one.p_a for one in found)
    assert any(one.p_b == 1 - one.p_a for one in found)
    assert any(one.p_a + one.p_b > 1 for one in found)


def test_hard_places_surround_the_numbers_of_a_radius():
    found = {
        one.p_a
        for one in hard_places(BINARY, 2, scales=False, numbers=[Fraction(7, 9), Fraction(3)])
    }
    assert Fraction(7, 9) in found and Fraction(2, 9) in found
    assert any(Fraction(7, 9) < one < Fraction(7, 9) * (1 + Fraction(1, 100)) for one in found)
    assert any(Fraction(7, 9) * (1 - Fraction(1, 100)) < one < Fraction(7, 9) for one in found)
    assert Fraction(7, 9) not in {one.p_a for one in hard_places(BINARY, 2, scales=False)}


def test_named_numbers_are_those_of_the_radius_and_between_them():
    text = "Piecewise((lam, p_a < 0.9), (2*lam, p_a > 0.9001), (0, True))"
    numbers = named_numbers(parse_expression(text))
    assert {Fraction("0.9"), Fraction("0.9001"), Fraction("0.90005"), Fraction(2)} <= set(numbers)
    assert numbers == sorted(numbers)
    assert named_numbers(lam * sp.log(p_a)) == []


def test_named_numbers_are_few():
    many = sum((sp.Rational(1, k) * p_a**k for k in range(2, 200)), sp.Integer(0))
    assert len(named_numbers(many)) <= 2 * 24
    assert len(named_numbers(many, most=3)) <= 5


def test_the_doors_of_the_domain():
    assert Place(Fraction(1, 2), Fraction(1, 2)).lies_in(MULTICLASS, None)
    assert not Place(Fraction(1, 2), Fraction(3, 5)).lies_in(MULTICLASS, None)
    assert not Place(Fraction(1), None).lies_in(BINARY, 2)
    assert not Place(Fraction(1, 2), None).lies_in(MULTICLASS, None)
    assert math.isclose(
        float(exact_radius("uniform", BINARY, Place(Fraction(3, 4), None), 2).mid()), 0.5
    )
