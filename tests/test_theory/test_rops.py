"""The ROPS of Appendix D: floats against balls, balls against quadrature, suprema as ties."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import rops
from theory.exact import Surd, round_nearest, to_ball, working_precision

LAWS = ("laplace", "gaussian")
PARAMETER = {"laplace": "scale", "gaussian": "sigma"}
AGREEMENT = {"laplace": rops.laplace_agreement, "gaussian": rops.gaussian_agreement}
AGREEMENT_BALL = {"laplace": rops.laplace_agreement_ball, "gaussian": rops.gaussian_agreement_ball}
SUPREMUM = {"laplace": rops.laplace_supremum, "gaussian": rops.gaussian_supremum}
SUPREMUM_BALL = {"laplace": rops.laplace_supremum_ball, "gaussian": rops.gaussian_supremum_ball}

places = st.one_of(
    st.floats(-1, 1, exclude_min=True, exclude_max=True),
    st.integers(2, 52).map(lambda k: 1 - 2.0**-k),
)
sizes = st.floats(-3, 3).map(lambda k: 10.0**k)


def agreement(law: str, x, size, **more):
    functions = AGREEMENT_BALL if more else AGREEMENT
    return functions[law](x, **{PARAMETER[law]: size}, **more)


def ulps(value: float, exact: float) -> float:
    return abs(value - exact) / math.ulp(exact)


@pytest.mark.parametrize("law", LAWS)
@given(x=places, size=sizes)
def test_agreement_floats_are_within_four_ulp_of_the_ball(law: str, x: float, size: float) -> None:
    exact = round_nearest(lambda precision: agreement(law, x, size, precision=precision))
    assert ulps(agreement(law, x, size), exact) <= 4


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize(
    ("x", "size"), [("0", "0.3"), ("-1/2", "1.7"), ("0.99", "0.6"), ("1", 2), (-1, "0.05")]
)
def test_agreement_is_the_integral_of_the_density(law: str, x: str, size: str) -> None:
    place, width = (float(Fraction(v)) for v in (x, size))

    def density(t: mpmath.mpf) -> mpmath.mpf:
        if law == "laplace":
            return mpmath.exp(-abs(t) / width) / (2 * width)
        return mpmath.npdf(t, 0, width)

    integral = mpmath.quad(density, [-1 - place, -width, 0, width, 1 - place])
    assert agreement(law, place, width) == pytest.approx(float(integral), rel=1e-10)
    assert (
        agreement(law, x, size, precision=80).mid().str(12, radius=False)[:9]
        == (mpmath.nstr(integral, 12, strip_zeros=False)[:9])
    )


@pytest.mark.parametrize("law", LAWS)
@given(x=places)
def test_supremum_floats_are_within_eight_ulp_of_the_ball(law: str, x: float) -> None:
    exact = float(SUPREMUM_BALL[law](x, precision=80).mid())
    assert ulps(SUPREMUM[law](x), exact) <= 8


@pytest.mark.parametrize("law", LAWS)
@settings(max_examples=30)
@given(
    x=st.one_of(places, st.integers(1, 400).map(lambda k: 1 - Fraction(1, 10**k))),
    precision=st.integers(20, 150),
)
def test_supremum_ball_holds_the_tie_and_is_narrow(law: str, x, precision: int) -> None:
    ball = SUPREMUM_BALL[law](x, precision=precision)
    with working_precision(precision + 40):
        assert ball.rel_accuracy_bits() >= precision - 4
    with working_precision(4000):
        place = abs(to_ball(x, 4000))
        near, far = 1 - place, 1 + place
        lower, upper = ball.lower(), ball.upper()
        # disagreement on either side of the tie, from the printed integrals
        signs = [_disagreement(law, near, far, end) for end in (lower, upper)]
        assert signs[0] < 0 < signs[1]


def _disagreement(law: str, near: arb, far: arb, deviation: arb) -> arb:
    root = arb(2).sqrt()
    if law == "laplace":
        return (-near * root / deviation).exp() + (-far * root / deviation).exp() - 1
    return (near / (root * deviation)).erfc() + (far / (root * deviation)).erfc() - 1


@pytest.mark.parametrize("law", LAWS)
@given(x=places, factor=st.floats(0.5, 0.999))
def test_agreement_is_above_half_below_the_supremum_and_below_half_above(
    law: str, x: float, factor: float
) -> None:
    supremum = SUPREMUM[law](x) / (math.sqrt(2) if law == "laplace" else 1)
    below, above = agreement(law, x, supremum * factor), agreement(law, x, supremum / factor)
    tie = agreement(law, x, supremum)
    assert tie == pytest.approx(0.5, rel=1e-14)
    assert below >= tie >= above
    if abs(x) < 0.99:
        assert below > 0.5 > above


@pytest.mark.parametrize("law", LAWS)
def test_shapes_mirror_and_ends(law: str) -> None:
    x = np.array([[0.0, 0.3, 0.7], [0.9, 0.999, 1.0]])
    suprema = SUPREMUM[law](x)
    assert suprema.shape == x.shape
    assert np.array_equal(suprema, SUPREMUM[law](-x))
    assert suprema[1, 2] == 0.0
    assert (np.diff(suprema.ravel()) < 0).all()
    assert isinstance(SUPREMUM[law](0.3), float)
    assert SUPREMUM[law]([0.3])[0] == SUPREMUM[law](0.3)
    table = agreement(law, x[0], np.array([[0.5], [2.0]]))
    assert table.shape == (2, 3)
    assert table[1, 2] == agreement(law, 0.7, 2.0)
    assert (agreement(law, 1.0, np.array([0.01, 1.0, 50.0])) <= 0.5).all()


def test_suprema_at_the_origin_are_the_closed_forms() -> None:
    with working_precision(120):
        assert SUPREMUM_BALL["laplace"](0, precision=100).overlaps(arb(2).sqrt() / arb(2).log())
        quantile = arb(2).sqrt() * (arb(1) / 2).erfinv()
        assert SUPREMUM_BALL["gaussian"](0, precision=100).overlaps(1 / quantile)


@pytest.mark.parametrize(
    ("x", "laplace_is_larger"), [(0.0, True), (0.974626, True), (0.974628, False), (0.999, False)]
)
def test_which_supremum_is_larger_changes_once(x: float, laplace_is_larger: bool) -> None:
    assert (rops.laplace_supremum(x) > rops.gaussian_supremum(x)) is laplace_is_larger


def test_a_surd_is_an_exact_scale() -> None:
    surd = Surd(Fraction(3, 2), 2)
    ball = rops.laplace_agreement_ball("0.25", scale=surd, precision=90)
    assert float(ball.mid()) == pytest.approx(
        rops.laplace_agreement(0.25, scale=1.5 * math.sqrt(2)), rel=1e-15
    )


@pytest.mark.parametrize("bad", [1.0000001, -2.0, math.inf, math.nan])
def test_a_point_outside_the_domain_is_named(bad: float) -> None:
    for law in LAWS:
        for call in (SUPREMUM[law], lambda x, law=law: agreement(law, x, 1.5)):
            with pytest.raises(ValueError, match=rf"^x = {bad} is outside \[-1, 1\]$"):
                call(bad)
            with pytest.raises(ValueError, match=rf"^x = {bad} is outside \[-1, 1\]$"):
                call([0.0, bad])


@pytest.mark.parametrize("law", LAWS)
def test_other_bad_arguments_are_named(law: str) -> None:
    name = PARAMETER[law]
    for bad in (0.0, -1.0, math.inf, math.nan):
        with pytest.raises(ValueError, match=rf"^{name} = {bad} is outside \(0, inf\)$"):
            agreement(law, 0.5, bad)
        with pytest.raises(ValueError, match=rf"^{name} = {bad} is outside \(0, inf\)$"):
            agreement(law, "0.5", bad, precision=60)
    with pytest.raises(ValueError, match=r"is outside \(0, inf\)$"):
        agreement(law, "0.5", Surd(Fraction(-1), 2), precision=60)
    for bad in ("1", "-1", "3/2"):
        with pytest.raises(ValueError, match=rf"^x = {bad} is outside \(-1, 1\)$"):
            SUPREMUM_BALL[law](bad, precision=60)
    with pytest.raises(ValueError, match=r"^x = 3/2 is outside \[-1, 1\]$"):
        agreement(law, "3/2", 1, precision=60)


@pytest.mark.parametrize("law", LAWS)
def test_the_measure_refutes_a_supremum_off_by_twenty_ulp(law: str) -> None:
    exact = float(SUPREMUM_BALL[law]("0.6", precision=80).mid())
    assert ulps(exact + 20 * math.ulp(exact), exact) > 8
    assert ulps(SUPREMUM[law](0.6), exact) <= 8


@pytest.mark.parametrize("x", ["0", "1/2", "0.99999"])
@pytest.mark.parametrize("digits", [13, 30, 100])
def test_the_gaussian_supremum_next_to_the_end_of_the_radii(x: str, digits: int) -> None:
    """Where 1 - |x| - r has so many zeros: P(r < eps < 1 - x) - P(eps > 1 + x) changes its sign."""
    place, gap = Fraction(x), Fraction(1, 10**digits)
    ball = rops.gaussian_supremum_ball(place, precision=100, radius=1 - place - gap)
    assert ball.rel_accuracy_bits() > 90
    with mpmath.workdps(3 * digits + 60):
        ends = [mpmath.mpf(one.str(40, radius=False)) for one in (ball.lower(), ball.upper())]
        ends = [ends[0] * (1 - mpmath.mpf(10) ** -25), ends[1] * (1 + mpmath.mpf(10) ** -25)]
        near, far = (mpmath.mpf(one.numerator) / one.denominator for one in (1 - place, 1 + place))
        reach = near - mpmath.mpf(10) ** -digits

        def margin(sigma):
            tails = [mpmath.erfc(at / sigma / mpmath.sqrt(2)) for at in (reach, near, far)]
            return (tails[0] - tails[1] - tails[2]) / tails[0]

        assert margin(ends[0]) > 0 > margin(ends[1])
