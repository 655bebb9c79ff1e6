"""The probability that gives a radius: against mpmath's laws, and back through the radii."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import example, given, settings
from hypothesis import strategies as st

from theory import inverse_radii
from theory.certificates import radius_ball
from theory.exact import Surd, working_precision
from theory.inverse_radii import implied_probabilities, needed_complement, needed_probability

LAPLACE = ("theorem_1", "theorem_2", "exact")
METHODS = (*LAPLACE, "lecuyer", "cohen", "uniform")
SCALES = (Surd(Fraction(1)), Surd(Fraction(1, 3), 2), Surd(Fraction(1, 2), 3), Surd(Fraction(5), 4))


def expected(method: str, ratio: mpmath.mpf) -> mpmath.mpf:
    """1 - p by solving the printed formula of the radius for p, in mpmath."""
    formulas = {
        "lecuyer": lambda q: mpmath.log((1 - q) / q) / 2,
        "cohen": lambda q: -mpmath.sqrt(2) * mpmath.erfinv(2 * q - 1),
        "uniform": lambda q: 1 - 2 * q,
    }
    formula = formulas.get(method, lambda q: -mpmath.log(2 * q))
    if method == "uniform":
        return mpmath.findroot(lambda q: formula(q) - ratio, (0.1, 0.3), tol=1e-30)
    # in log q, which is where the radii are tame
    start = -(float(ratio) ** (2 if method == "cohen" else 1)) - 1
    return mpmath.exp(
        mpmath.findroot(
            lambda s: formula(mpmath.exp(s)) - ratio,
            (-80.0 if start > -80 else 2 * start, -0.7),
            solver="anderson",
            tol=1e-30,
        )
    )


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("radius", ["0.04", "0.3", "0.8"])
def test_the_formula_solved_by_mpmath(method, scale, radius):
    with mpmath.workdps(40):
        unit = mpmath.mpf(scale.coefficient.numerator) / scale.coefficient.denominator
        ratio = mpmath.mpf(radius) / (unit * mpmath.sqrt(scale.radicand))
        q = expected(method, ratio) if ratio < 1 or method != "uniform" else None
        found = needed_complement(method, radius, scale=scale, precision=100)
        if q is None:
            assert found is None
            return
        text = mpmath.nstr(q, 30)
    with working_precision(120):
        assert abs(found - arb(text)) < arb("1e-27")
        assert abs(needed_probability(method, radius, scale=scale, precision=100) + found - 1) < (
            arb("1e-28")
        )


def agrees(method: str, radius: Fraction, scale: Surd) -> bool:
    """Whether the radius comes back from floats on both sides of the probability found."""
    ball = needed_complement(method, radius, scale=scale, precision=120)
    assert ball.rel_accuracy_bits() > 80 or radius == 0
    with working_precision(120):
        q = Fraction(*(int(x) for x in (ball.mid().fmpq().p, ball.mid().fmpq().q)))
        wanted = arb(fmpq(radius.numerator, radius.denominator))
        back = radius_ball(method, 1 - q, scale=scale, precision=120)
        return bool(abs(back - wanted) <= arb("1e-20") * (1 + wanted))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("tenths", [0, 1, 4, 9])
def test_back_through_the_radius(method, scale, tenths):
    length = float(scale) if method == "uniform" else 20.0
    assert agrees(method, Fraction(tenths * length / 10), scale)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("factor", [1 + 1e-9, 1 - 1e-9])
def test_a_slightly_wrong_formula_does_not_come_back(monkeypatch, method, factor):
    right = inverse_radii._COMPLEMENTS[method]
    wrong = {**inverse_radii._COMPLEMENTS, method: lambda *at: arb(factor) * right(*at)}
    assert agrees(method, Fraction(1, 3), SCALES[2])
    monkeypatch.setattr(inverse_radii, "_COMPLEMENTS", wrong)
    assert not agrees(method, Fraction(1, 3), SCALES[2])


def test_no_digits_are_lost_near_one():
    tiny = needed_complement("theorem_2", 690, scale=1, precision=60)
    assert float(tiny) == pytest.approx(math.exp(-690) / 2, rel=1e-12)
    edge = needed_complement("uniform", 1 - Fraction(1, 10**40), scale=1, precision=60)
    assert float(edge) == pytest.approx(5e-41, rel=1e-12)
    root = Surd(Fraction(1), 3)  # sqrt(3) and its first 40 digits
    near = Fraction(1732050807568877293527446341505872366942, 10**39)
    with mpmath.workdps(60):
        gap = (mpmath.sqrt(3) - mpmath.mpf(near.numerator) / near.denominator) / (
            2 * mpmath.sqrt(3)
        )
    found = needed_complement("uniform", near, scale=root, precision=60)
    assert float(found) == pytest.approx(float(gap), rel=1e-12)


def test_the_end_of_the_uniform_radius():
    root = Surd(Fraction(1, 2), 3)
    assert needed_complement("uniform", 2, scale=2, precision=60) == 0
    assert needed_probability("uniform", 2, scale=2, precision=60) == 1
    above = Fraction(8660254037844386467637231707529361834715, 10**40)  # sqrt(3)/2 rounded up
    assert needed_probability("uniform", above, scale=root, precision=60) is None
    below = above - Fraction(1, 10**40)
    assert needed_probability("uniform", below, scale=root, precision=60) is not None


def exactly(value: float) -> Fraction:
    return Fraction(*value.as_integer_ratio())


def reaches(method: str, probability: float, radius: Fraction, scale: Surd, sign: int) -> bool:
    """Whether R(probability) is surely at or beyond the radius, above (1) or below (-1) it."""
    p = exactly(probability)
    if p == (1 if sign > 0 else 0):
        return True
    with working_precision(200):
        mirrored = p < Fraction(1, 2)
        ball = radius_ball(method, 1 - p if mirrored else p, scale=scale, precision=200)
        value = -ball if mirrored else ball
        wanted = arb(fmpq(radius.numerator, radius.denominator))
        if value.overlaps(wanted):  # an exact number on both sides
            return bool(abs(value - wanted) < arb("1e-50"))
        return bool(sign * (value - wanted) > 0)


def encloses(method: str, r: float, h: float, scale: Surd) -> bool:
    """Whether the interval holds [r - h, r + h], and is no wider than a float on either side."""
    low, high = (x.item() for x in implied_probabilities(method, r, scale=scale, half_unit=h))
    below, above = exactly(r) - exactly(h), exactly(r) + exactly(h)
    if method in LAPLACE:
        if above < 0:
            return (low, high) == (0.0, 0.5)
        below = max(below, Fraction(0))
    inner_low, inner_high = math.nextafter(low, 1), math.nextafter(high, 0)
    return (
        0 <= low <= high <= 1
        and reaches(method, low, below, scale, -1)
        and reaches(method, high, above, scale, 1)
        and (inner_low > 0.5 > low or not reaches_inside(method, inner_low, below, scale, -1))
        and (inner_high < 0.5 < high or not reaches_inside(method, inner_high, above, scale, 1))
    )


def reaches_inside(
    method: str, probability: float, radius: Fraction, scale: Surd, sign: int
) -> bool:
    # two floats: proved bounds may lose one
    further = math.nextafter(probability, 1 if sign < 0 else 0)
    return 0 < further < 1 and reaches(method, further, radius, scale, sign)


@settings(max_examples=120, deadline=None)
@given(
    method=st.sampled_from(("theorem_2", "lecuyer", "cohen")),
    r=st.floats(-6, 6).filter(lambda x: x == 0 or abs(x) > 1e-9),
    h=st.sampled_from([0.0, 5e-4, 0.05, 2.0**-30]),
    scale=st.sampled_from(SCALES),
)
@example("cohen", 1.96, 0.005, SCALES[0])
@example("theorem_2", 0.0, 0.0005, SCALES[1])
@example("lecuyer", -0.25, 0.25, SCALES[2])
def test_the_interval_holds_every_radius_and_little_more(method, r, h, scale):
    assert encloses(method, r, h, scale)


@settings(max_examples=60, deadline=None)
@given(r=st.floats(-1.2, 1.2), h=st.sampled_from([0.0, 5e-4, 0.05]))
def test_the_interval_of_uniform_noise_is_exact_in_fractions(r, h):
    half_width = Fraction(3, 4)
    low, high = implied_probabilities("uniform", np.array(r), scale=half_width, half_unit=h)
    for found, end, inward in (
        (low, exactly(r) - exactly(h), 1),
        (high, exactly(r) + exactly(h), 0),
    ):
        p = min(max((1 + end / half_width) / 2, Fraction(0)), Fraction(1))
        value = exactly(found.item())
        assert (value <= p) if inward else (value >= p)
        # an exact float on the way in Arb may cost one more
        beyond = exactly(math.nextafter(math.nextafter(found.item(), inward), inward))
        assert value == p or ((beyond > p) if inward else (beyond < p))


@pytest.mark.parametrize("method", ["theorem_2", "lecuyer", "cohen"])
def test_a_slightly_wrong_interval_is_refuted(monkeypatch, method):
    right = inverse_radii._COMPLEMENTS[method]
    for factor in (1 + 1e-14, 1 - 1e-14):
        wrong = {**inverse_radii._COMPLEMENTS, method: lambda *at, f=factor: arb(f) * right(*at)}
        with monkeypatch.context() as patch:
            patch.setattr(inverse_radii, "_COMPLEMENTS", wrong)
            assert not encloses(method, 0.7, 5e-4, SCALES[1])
    assert encloses(method, 0.7, 5e-4, SCALES[1])


def test_shapes_repeats_and_units():
    radii = np.array([[0.5, 0.25, 0.5], [1.0, 0.0, 0.25]])
    halves = np.array([0.01, 0.02, 0.01])
    low, high = implied_probabilities("cohen", radii, scale="0.5", half_unit=halves)
    assert low.shape == high.shape == (2, 3) and low.dtype == np.float64
    for place in np.ndindex(2, 3):
        one = implied_probabilities(
            "cohen", np.array([radii[place]]), scale="0.5", half_unit=float(halves[place[1]])
        )
        assert (one[0][0], one[1][0]) == (low[place], high[place])
    doubled = implied_probabilities("cohen", 2 * radii, scale="1", half_unit=2 * halves)
    assert np.array_equal(doubled[0], low) and np.array_equal(doubled[1], high)
    empty = implied_probabilities("cohen", np.empty(0), scale=1)
    assert empty[0].shape == empty[1].shape == (0,)
    low, high = implied_probabilities("exact", np.array([0.5]), scale=1)
    assert low[0] < high[0] == math.nextafter(low[0], 1)


@pytest.mark.parametrize(
    ("method", "value", "interval"),
    [
        ("theorem_2", math.inf, (1.0, 1.0)),
        ("uniform", math.inf, (1.0, 1.0)),
        ("uniform", 1.0, (1.0, 1.0)),
        ("uniform", 1.5, (1.0, 1.0)),
        ("uniform", -1.5, (0.0, 0.0)),
        ("uniform", -1.0, (0.0, 0.0)),
        ("uniform", 0.0, (0.5, 0.5)),
        ("uniform", 0.5, (0.75, 0.75)),
        ("uniform", -0.5, (0.25, 0.25)),
        ("lecuyer", -math.inf, (0.0, 0.0)),
        ("theorem_1", -math.inf, (0.0, 0.5)),
        ("exact", -1e-300, (0.0, 0.5)),
        ("theorem_2", 0.0, (0.5, 0.5)),
        ("theorem_2", 1e-300, (0.5, math.nextafter(0.5, 1))),
        ("cohen", -1e-300, (math.nextafter(0.5, 0), 0.5)),
        ("cohen", 1e300, (math.nextafter(1, 0), 1.0)),
        ("lecuyer", -1e300, (0.0, 5e-324)),
    ],
)
def test_ends_of_the_domain(method, value, interval):
    unit = 0.0 if math.isfinite(value) else math.nan  # of an infinity there is no unit
    low, high = implied_probabilities(method, np.array([value]), scale=1, half_unit=unit)
    assert (low[0], high[0]) == interval


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: needed_probability("yang", 1, scale=1, precision=60),
            "method = yang is none of theorem_1, new_term, theorem_2, exact, lecuyer, cohen, uni",
        ),
        (
            lambda: needed_complement("cohen", "-1", scale=1, precision=60),
            r"radius = -1 is outside \[0, inf\)",
        ),
        (
            lambda: needed_complement("cohen", math.inf, scale=1, precision=60),
            r"radius = inf is outside \[0, inf\)",
        ),
        (
            lambda: needed_complement("cohen", 1, scale=0, precision=60),
            r"scale = 0 is outside \(0, inf\)",
        ),
        (
            lambda: needed_complement("cohen", 1, scale=[1.0, 2.0], precision=60),
            "scale is an array: legal is a single exact number",
        ),
        (
            lambda: implied_probabilities("cohen", np.array([1.0, np.nan]), scale=1),
            "radii holds nan: legal are floats and infinities",
        ),
        (
            lambda: implied_probabilities("cohen", np.array([1.0]), scale=1, half_unit=-0.5),
            r"half_unit = -0.5 is outside \[0, inf\)",
        ),
        (
            lambda: implied_probabilities("cohen", np.array([1.0]), scale=1, half_unit=np.nan),
            r"half_unit = nan is outside \[0, inf\)",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
