"""The public `radius`: one variance, five methods, and what JSON can say of them."""

import dataclasses
import json
import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from l1cert.radii import Radii, radius
from theory.exact import working_precision

METHODS = ["theorem_1", "theorem_2", "exact", "lecuyer", "cohen", "uniform"]
KEYS = [*METHODS, "abstain"]

decimals = st.integers(1, 10**6 - 1).map(lambda k: Fraction(k, 10**6))
sizes = st.fractions("1/1000", 1000, max_denominator=10**9)


def ball(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator))


def exact_radii(p_a: Fraction, p_b: Fraction, scale: arb) -> dict[str, arb]:
    """The printed formulas with sigma = sqrt(2) lambda and half_width = sqrt(3) sigma."""
    a, b, sigma = ball(p_a), ball(p_b), arb(2).sqrt() * scale
    tails = [2 * p.min(1 - p) for p in (a, b.min(1 - a))]
    signs = [1 if 2 * p >= 1 else -1 for p in (a, b.min(1 - a))]
    quantiles = [arb(2).sqrt() * (2 * p - 1).erfinv() for p in (a, b)]
    lecuyer = scale / 2 * (a / b).log()
    return {
        "lecuyer": lecuyer,
        "theorem_1": lecuyer.max(-scale * (1 - a + b).log()),
        "theorem_2": -scale * (2 * (1 - a)).log(),
        "exact": scale / 2 * (signs[1] * tails[1].log() - signs[0] * tails[0].log()),
        "cohen": sigma / 2 * (quantiles[0] - quantiles[1]),
        "uniform": arb(3).sqrt() * sigma * (a - b),
    }


def assert_just_below(radii: Radii, exact: dict[str, arb]) -> None:
    for method, value in exact.items():
        rounded = getattr(radii, method)
        assert arb(rounded) <= value, method
        assert arb(math.nextafter(rounded, math.inf)) > value, method


@given(decimals, decimals, sizes, st.booleans())
def test_every_radius_is_just_below_its_exact_value(first, second, size, by_sigma):
    p_a, p_b = max(first, second), min(first, second)
    if p_a == p_b:
        return
    with working_precision(400):
        lam = ball(size) / arb(2).sqrt() if by_sigma else ball(size)
        given_size = {"sigma": size} if by_sigma else {"scale": size}
        exact = exact_radii(p_a, p_b, lam)
        del exact["theorem_2"]
        radii = radius(p_a, p_b, **given_size)
        assert_just_below(radii, exact)
        assert radii.theorem_2 is None
        assert radii.abstain is False
        top = max(p_a, 1 - p_a)
        if top > Fraction(1, 2):
            assert_just_below(radius(top, **given_size), exact_radii(top, 1 - top, lam))


def test_equal_variance_means_sqrt_2():
    by_scale, by_sigma = radius("0.8", scale=1), radius("0.8", sigma=2)
    for method in METHODS:
        ratio = getattr(by_sigma, method) / getattr(by_scale, method)
        assert ratio == pytest.approx(math.sqrt(2), rel=1e-15)


def test_strings_are_decimals_and_floats_are_not():
    assert radius("0.3", "0.1", scale=1).uniform < radius(0.3, 0.1, scale=1).uniform + 1e-15
    assert radius("0.5", scale=2).theorem_2 == 0.0
    assert radius("0.49999999999999999999999", scale=2).abstain is True
    assert radius(0.49999999999999999999999, scale=2).abstain is False


def test_nearest_is_within_one_float_of_down():
    down, nearest = (radius("0.87", sigma="0.3", rounding=r) for r in ("down", "nearest"))
    for method in METHODS:
        low, near = getattr(down, method), getattr(nearest, method)
        assert near in (low, math.nextafter(low, math.inf))
    assert down != nearest


@pytest.mark.parametrize(
    ("p_a", "p_b", "wanted"),
    [
        ("0.4", None, dict.fromkeys(METHODS) | {"abstain": True}),
        ("0.5", None, dict.fromkeys(METHODS, 0.0) | {"abstain": False}),
        ("0.3", "0.3", dict.fromkeys(METHODS, 0.0) | {"theorem_2": None, "abstain": False}),
        ("0", "0", dict.fromkeys(METHODS, 0.0) | {"exact": "inf", "theorem_2": None}),
        ("1", None, dict.fromkeys(METHODS, "inf") | {"uniform": 7.348469228349534}),
        ("1", "0", dict.fromkeys(METHODS, "inf") | {"uniform": 7.348469228349534}),
    ],
)
def test_json_at_the_ends(p_a, p_b, wanted):
    answer = radius(p_a, p_b, scale=3).as_json()
    wanted = {"abstain": False} | wanted | ({"theorem_2": None} if p_b else {})
    assert list(answer) == KEYS
    assert answer == wanted
    assert json.loads(json.dumps(answer, allow_nan=False)) == wanted
    assert "-0.0" not in json.dumps(answer)


def test_json_of_arrays():
    radii = radius(np.array([[0.4, 0.5], [0.75, 1.0]]), sigma=3)
    assert radii.abstain.tolist() == [[True, False], [False, False]]
    answer = radii.as_json()
    assert answer["abstain"] == [[True, False], [False, False]]
    for method in METHODS:
        assert answer[method][0] == [None, 0.0]
        assert answer[method][1][0] == getattr(radius("0.75", sigma=3), method)
    assert answer["cohen"][1][1] == "inf"
    assert math.isfinite(answer["uniform"][1][1])
    json.dumps(answer, allow_nan=False)
    assert radius([0.7, 0.9], [0.1, 0.2], sigma=3).as_json()["theorem_2"] is None
    assert radius([], sigma=3).as_json()["lecuyer"] == []


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({}, "scale = None and sigma = None: exactly one must be given"),
        ({"scale": 1, "sigma": "2"}, "scale = 1 and sigma = 2: exactly one must be given"),
        ({"scale": -1}, r"scale = -1 is outside \(0, inf\)"),
        ({"sigma": "0"}, r"sigma = 0 is outside \(0, inf\)"),
        ({"sigma": math.nan}, r"sigma = nan is outside \(0, inf\)"),
        ({"scale": "wide"}, r"scale = wide is outside \(0, inf\)"),
    ],
)
def test_sizes_outside_the_domain(sizes, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        radius("0.7", **sizes)


@pytest.mark.parametrize(
    ("p_a", "p_b", "message"),
    [
        ("1.5", None, r"p_a = 1.5 is outside \[0, 1\]"),
        ("nan", None, r"p_a = nan is outside \[0, 1\]"),
        ("0.5", "0.6", r"p_b = 0.6 is outside \[0, p_a\], and p_a = 0.5"),
        ("0.5", "-1", r"p_b = -1 is outside \[0, 1\]"),
    ],
)
def test_probabilities_outside_the_domain(p_a, p_b, message):
    with pytest.raises(ValueError, match=f"^{message}$"):
        radius(p_a, p_b, scale=2)


def test_radii_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        radius("0.7", scale=2).cohen = 9.0


@pytest.mark.parametrize("direction", ["12", 5, ["one"], [], [0, 0]])
def test_what_is_no_direction_is_refused(direction):
    with pytest.raises(ValueError, match=r"^.*direction|is outside|is not"):
        radius("0.7", scale=1, direction=direction)


def test_a_direction_is_for_two_classes_and_one_probability():
    with pytest.raises(ValueError, match=r"p_b = 0\.1 and a direction"):
        radius("0.7", "0.1", scale=1, direction=["1", "1"])
    with pytest.raises(ValueError, match="p_a is an array"):
        radius(np.array([0.7, 0.9]), scale=1, direction=["1", "1"])


@pytest.mark.parametrize("size", [{"scale": "0.3"}, {"sigma": "0.3"}])
def test_off_the_axes_more_is_certified(size):
    on_axis = radius("0.9", **size, direction=[0, "-3", 0])
    off_axis = radius("0.9", **size, direction=["0.1", "-3", 0])
    assert on_axis.directional == pytest.approx(on_axis.theorem_2, rel=1e-15)
    assert on_axis.directional <= off_axis.directional
    assert off_axis.theorem_2 < off_axis.directional
    assert on_axis.exact_k is None
    assert math.isnan(radius("0.3", **size, direction=[1]).directional)
