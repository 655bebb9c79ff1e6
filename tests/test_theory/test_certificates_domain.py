"""The radii at the ends of their domain, over arrays, and outside the domain."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from tests.test_theory.test_certificates import (
    HALF,
    MULTI_CLASS,
    RADIUS,
    is_rounded_down,
    plain_arb,
)
from theory.certificates import (
    cohen,
    is_abstention,
    lecuyer,
    radius_ball,
    theorem_1,
    theorem_1_terms,
    theorem_2,
    uniform,
)
from theory.exact import Surd

INF = math.inf


@pytest.mark.parametrize(
    ("method", "p_a", "p_b", "radius"),
    [
        *((name, 1, None, INF) for name in RADIUS if name != "uniform"),
        *((name, "0.5", None, 0.0) for name in RADIUS),
        *((name, "0.4999999999999999999999", None, None) for name in RADIUS),
        *((name, "0.3", "0.3", 0.0) for name in MULTI_CLASS),
        *((name, 0, 0, 0.0) for name in MULTI_CLASS if name != "exact"),
        ("exact", 0, 0, INF),  # every other class has probability 0, so the top one has 1
        *((name, 1, 1, 0.0) for name in MULTI_CLASS if name != "exact"),
        ("exact", 1, 1, INF),  # the top class has probability 1, whatever p_b says
        ("exact", "0.75", "0.75", math.nextafter(3 * math.log(2), 0)),
        *((name, "0.3", 0, INF) for name in ("theorem_1", "lecuyer", "cohen")),
        *((name, 1, 0, INF) for name in RADIUS if name not in ("uniform", "theorem_2")),
        ("cohen", 1, "0.25", INF),
        ("uniform", 1, None, 3.0),
        ("uniform", 1, 0, 3.0),
        ("uniform", "0.75", "0.5", 0.75),
        ("new_term", "0.5", 0, math.nextafter(3 * math.log(2), 0)),
    ],
)
def test_the_ends_of_the_domain(method, p_a, p_b, radius):
    for rounding in ("down", "nearest"):
        alone = RADIUS[method](p_a, p_b, 3, rounding=rounding)
        arrays = [None if p is None else np.array([float(Fraction(p))]) for p in (p_a, p_b)]
        together = RADIUS[method](*arrays, 3, rounding=rounding)[0]
        if radius is None:
            assert is_abstention(alone)
        else:
            for value in (alone, together):
                assert value == pytest.approx(radius, rel=1e-15)
                assert math.copysign(1, value) == 1


def test_p_a_1_with_p_b_leaves_the_new_term():
    expected = plain_arb("new_term", Fraction(1), Fraction(1, 4), "0.3")
    assert is_rounded_down(theorem_1(1, "0.25", scale="0.3"), expected)
    assert theorem_1(1, "0.25", scale="0.3") > lecuyer(1, "0.25", scale="0.3")


def test_a_hair_below_one_half_abstains_and_at_one_half_does_not():
    below = HALF - Fraction(1, 10**400)
    assert is_abstention(theorem_2(below, scale=2))
    assert theorem_2(HALF, scale=2) == 0.0
    assert theorem_1(below, below, scale=2) == 0.0  # with p_b there is no abstention
    assert is_abstention(theorem_2(np.array([0.2, 0.5]), scale=2)).tolist() == [True, False]


def test_p_a_and_p_b_may_exceed_one_together():
    assert theorem_1("0.9", "0.8", scale=2) == theorem_1_terms("0.9", "0.8", scale=2)[1] > 0


def test_beyond_the_last_precision_the_radius_is_0_not_negative():
    p_b = Fraction(7, 10) - Fraction(1, 10**6000)
    assert cohen(Fraction(7, 10), p_b, sigma=2) == 0.0


def test_a_tiny_or_huge_scale_stays_below():
    assert theorem_2("0.75", scale="1e400") == math.nextafter(math.inf, 0)
    assert theorem_2("0.75", scale="1e-400") == 0.0
    assert cohen("0.75", sigma=5e-324) == 0.0
    assert uniform("0.75", half_width=Fraction(5e-324) * 4) == 2 * 5e-324


@pytest.mark.parametrize("method", RADIUS)
def test_arrays_equal_scalars(method):
    rng = np.random.default_rng(4)
    p_a = rng.uniform(0.4, 1, (5, 1, 3)).round(2)
    size = rng.uniform(0.1, 9, (4, 1))
    p_b = None if method == "theorem_2" else rng.uniform(0, 0.4, (5, 1, 1))
    together = RADIUS[method](p_a, p_b, size)
    assert together.shape == (5, 4, 3)
    for i, j, k in np.ndindex(5, 4, 3):
        other = None if p_b is None else p_b[i, 0, 0]
        alone = RADIUS[method](p_a[i, 0, k], other, size[j, 0])
        assert isinstance(alone, float)
        assert np.array_equal(together[i, j, k], alone, equal_nan=True)


def test_exact_numbers_stay_exact_beside_arrays():
    p_b = np.array([0.1, 0.0, 0.1])
    values = lecuyer("1/3", p_b, scale=Surd(Fraction(1), 2))
    assert values[0] == values[2] == lecuyer("1/3", 0.1, scale=Surd(Fraction(1), 2))
    assert lecuyer("0.1", np.array([0.05]), scale=2)[0] < lecuyer(0.1, 0.05, scale=2) + 1e-15
    assert values[1] == math.inf


@pytest.mark.parametrize("rounding", ["down", "nearest"])
def test_every_kind_of_array(rounding):
    wanted = [theorem_2(p, scale=2, rounding=rounding) for p in (0.5, 0.75, 1.0)]
    for array in (
        [0.5, 0.75, 1],
        (0.5, 0.75, 1.0),
        np.array([0.5, 0.75, 1], dtype=np.float32),
        np.array([0.5, 0.75, 1], dtype=np.longdouble),
    ):
        values = theorem_2(array, scale=2, rounding=rounding)
        assert values.dtype == np.float64
        assert values == pytest.approx(wanted, rel=1e-15)
    assert theorem_2([0, 1], scale=2, rounding=rounding)[1] == math.inf
    assert theorem_2(np.array(0.75), scale=2, rounding=rounding) == wanted[1]
    assert theorem_2(np.empty((0, 3)), scale=2, rounding=rounding).shape == (0, 3)
    assert theorem_1("0.7", [], scale=2, rounding=rounding).shape == (0,)
    assert theorem_1([], "0.7", scale=2, rounding=rounding).shape == (0,)


def test_the_arguments_are_left_as_they_were():
    p_a = np.array([0.9, 0.4])
    theorem_1(p_a, scale=2)
    assert p_a.tolist() == [0.9, 0.4]


@pytest.mark.parametrize("method", ["theorem_1", "lecuyer", "cohen", "uniform"])
@pytest.mark.parametrize(
    ("p_a", "p_b", "message"),
    [
        (1.5, None, r"p_a = 1.5 is outside \[0, 1\]"),
        ("-1e-30", None, r"p_a = -1e-30 is outside \[0, 1\]"),
        (math.nan, None, r"p_a = nan is outside \[0, 1\]"),
        ("junk", None, r"p_a = junk is outside \[0, 1\]"),
        (True, None, r"p_a = True is outside \[0, 1\]"),
        (Decimal("Infinity"), None, r"p_a = Infinity is outside \[0, 1\]"),
        ("0.9", "2", r"p_b = 2 is outside \[0, 1\]"),
        ([0.5, math.nan], None, r"p_a = nan is outside \[0, 1\]"),
        ([0.5, 1.25, 7], None, r"p_a = 1.25 is outside \[0, 1\]"),
        ([0.5], [-0.25], r"p_b = -0.25 is outside \[0, 1\]"),
        ("0.1", "0.2", r"p_b = 0.2 is outside \[0, p_a\], and p_a = 0.1"),
        ("0.1", 0.1, r"p_b = 0.1 is outside \[0, p_a\], and p_a = 0.1"),
        ([0.5, 0.25], [[0.125], [0.375]], r"p_b = 0.375 is outside \[0, p_a\], and p_a = 0.25"),
        ("0.1", [0.0, 0.1], r"p_b = 0.1 is outside \[0, p_a\], and p_a = 0.1"),
        ([0.7, 0.1], Fraction(1, 5), r"p_b = 1/5 is outside \[0, p_a\], and p_a = 0.1"),
        (["0.5"], None, r"p_a holds <U3: legal in an array are floats and integers"),
        ([True], None, r"p_a holds bool: legal in an array are floats and integers"),
        (np.array([np.longdouble(1) / 3]), None, "p_a holds .* float64 cannot store exactly"),
    ],
)
def test_probabilities_outside_the_domain(method, p_a, p_b, message):
    for rounding in ("down", "nearest"):
        with pytest.raises(ValueError, match=f"^{message}$"):
            RADIUS[method](p_a, p_b, 2, rounding=rounding)


@pytest.mark.parametrize(
    ("scale", "value"),
    [
        *((0, "0"), (-1, "-1"), (math.inf, "inf"), (math.nan, "nan"), ("x", "x"), ("0", "0")),
        (Surd(Fraction(-1), 1), "-1.0"),
        ([1.0, 0.0], "0.0"),
        ([1.0, math.inf], "inf"),
        (np.array([math.nan]), "nan"),
    ],
)
def test_scales_outside_the_domain(scale, value):
    for call, name in ((theorem_2, "scale"), (cohen, "sigma"), (uniform, "half_width")):
        with pytest.raises(ValueError, match=rf"^{name} = {value} is outside \(0, inf\)$"):
            call("0.7", **{name: scale})


def test_integers_that_floats_cannot_store_are_refused():
    with pytest.raises(ValueError, match="scale holds int64 numbers that float64 cannot store"):
        theorem_2("0.7", scale=np.array([2**53 + 1]))


@pytest.mark.parametrize("rounding", ["up", "", None])
def test_there_are_two_roundings(rounding):
    with pytest.raises(ValueError, match="is neither down nor nearest"):
        theorem_2("0.7", scale=2, rounding=rounding)


@pytest.mark.parametrize(
    ("method", "p_a", "p_b", "scale", "message"),
    [
        ("theorem_3", "0.7", None, 2, "method = theorem_3 is none of theorem_1, new_term"),
        ("theorem_2", "0.7", "0.1", 2, "p_b = 0.1 has no place in theorem_2"),
        ("lecuyer", "0.3", None, 2, r"p_a = 0.3 is outside \[1/2, 1\]"),
        ("lecuyer", [0.3], None, 2, "an array has no ball"),
        ("cohen", "0.7", None, 0, r"scale = 0 is outside"),
    ],
)
def test_a_ball_needs_one_legal_point(method, p_a, p_b, scale, message):
    with pytest.raises(ValueError, match=message):
        radius_ball(method, p_a, p_b, scale=scale, precision=100)
