"""The ROPS where one symbol decides: precision of floats, widths of balls, ends of the domain."""

import math
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, fmpq

from theory import rops
from theory.exact import Surd, working_precision


@pytest.mark.parametrize(("law", "name"), [("laplace", "scale"), ("gaussian", "sigma")])
def test_narrower_floats_are_computed_in_doubles(law, name):
    agreement = getattr(rops, f"{law}_agreement")
    sizes = np.array([0.25, 0.75, 3.0])  # single precision stores them exactly
    wanted = agreement(0.3, **{name: sizes})
    assert wanted.dtype == np.float64
    for kind in (np.float32, np.float16, np.longdouble):
        found = agreement(0.3, **{name: sizes.astype(kind)})
        assert found.dtype == np.float64
        assert found.tolist() == wanted.tolist()
        places = agreement(sizes[:2].astype(kind), **{name: 0.5})
        assert places.dtype == np.float64
        assert places.tolist() == agreement(sizes[:2], **{name: 0.5}).tolist()


@pytest.mark.parametrize(("middle", "radius"), [("3", "0.5"), ("0", "1"), ("40", "2")])
def test_erfc_of_a_ball_holds_the_values_at_both_ends(middle, radius):
    low, high = (arb(middle) + sign * arb(radius) for sign in (-1, 1))
    found = rops._erfc(low.union(high))
    assert found.contains(low.erfc()) and found.contains(high.erfc())
    assert found.contains(arb(middle).erfc())
    # and it is about as narrow as the values at the ends allow
    assert (found.rad() * 2).mid() <= (abs(low.erfc() - high.erfc()) * fmpq(11, 10)).upper()


@pytest.mark.parametrize(("law", "name"), [("laplace", "scale"), ("gaussian", "sigma")])
def test_a_surd_below_one_is_a_scale_and_a_zero_one_is_none(law, name):
    ball = getattr(rops, f"{law}_agreement_ball")
    for coefficient in (Fraction(1, 3), Fraction(1)):
        size = Surd(coefficient, 4)  # twice the coefficient, as a surd and as a rational
        found = ball("0.4", precision=90, **{name: size})
        assert found.overlaps(ball("0.4", precision=90, **{name: 2 * coefficient}))
        assert found.rel_accuracy_bits() > 80
    for bad in (Fraction(0), Fraction(-1, 3)):
        with pytest.raises(ValueError) as error:
            ball("0.4", precision=90, **{name: Surd(bad, 9)})
        assert str(error.value) == f"{name} = {float(3 * bad)} is outside (0, inf)"


@pytest.mark.parametrize("law", ["laplace", "gaussian"])
def test_the_radius_has_its_own_domain_and_message(law):
    supremum = getattr(rops, f"{law}_supremum_ball")
    for bad in ("3/4", "1", "-1/100"):
        with pytest.raises(ValueError) as error:
            supremum("-1/4", precision=60, radius=bad)
        assert str(error.value) == f"radius = {bad} is outside [0, 3/4), the end being 1 - |x|"
    with pytest.raises(ValueError) as error:
        supremum("5/4", precision=60)
    assert str(error.value) == "x = 5/4 is outside (-1, 1)"
    # the sign of x does not matter, and a radius of 0 is no radius
    assert supremum("-1/4", precision=60, radius=0).overlaps(supremum("1/4", precision=60))
    assert supremum("1/4", precision=60, radius="1/2") < supremum("1/4", precision=60)


@pytest.mark.parametrize("precision", [20, 64, 150, 400])
@pytest.mark.parametrize("law", ["laplace", "gaussian"])
def test_the_supremum_is_as_narrow_as_its_precision(law, precision):
    ball = getattr(rops, f"{law}_supremum_ball")("0.3", precision=precision, radius="0.1")
    with working_precision(precision + 64):
        assert ball.rel_accuracy_bits() >= precision - 4
        # no wider than asked for by many bits either: the search ends where it should
        assert ball.rel_accuracy_bits() <= precision + 24


def test_the_largest_and_smallest_places_that_floats_have():
    # 1 - |x| = 2^-53: e^-near/s = 1 - e^-far/s, near/s = t with e^(-2^54 t) = 1 - e^-t
    x = 1 - 2.0**-53
    for law in ("laplace", "gaussian"):
        exact = float(getattr(rops, f"{law}_supremum_ball")(x, precision=80).mid())
        assert getattr(rops, f"{law}_supremum")(x) == pytest.approx(exact, rel=1e-14)
        tiny = getattr(rops, f"{law}_supremum")(5e-324)
        assert tiny == getattr(rops, f"{law}_supremum")(0.0)
        assert getattr(rops, f"{law}_supremum")(-1.0) == 0.0
    assert rops.laplace_supremum(0.0) == pytest.approx(math.sqrt(2) / math.log(2), rel=1e-15)


@pytest.mark.parametrize("bad", [1.5, -math.inf])
def test_a_legal_end_is_not_blamed_for_another_place(bad):
    for call in (rops.laplace_supremum, rops.gaussian_supremum):
        with pytest.raises(ValueError) as error:
            call([1.0, -1.0, bad])
        assert str(error.value) == f"x = {bad} is outside [-1, 1]"


@pytest.mark.parametrize("law", ["laplace", "gaussian"])
def test_the_precision_of_a_root_has_its_own_end(law):
    supremum = getattr(rops, f"{law}_supremum_ball")
    for bad in (1, 4097):
        with pytest.raises(ValueError) as error:
            supremum(0, precision=bad)
        assert str(error.value) == f"precision = {bad} is outside [2, 4096]"
    assert supremum("0.5", precision=4096).rel_accuracy_bits() >= 4090


@pytest.mark.parametrize(("law", "name"), [("laplace", "scale"), ("gaussian", "sigma")])
def test_the_smallest_noise_leaves_all_inside_and_half_at_the_end(law, name):
    agreement = getattr(rops, f"{law}_agreement")
    for tiny in (5e-324, 1e-310):
        assert agreement([0.0, -0.5, 1.0], **{name: tiny}).tolist() == [1.0, 1.0, 0.5]
    huge = agreement([0.0, 1.0], **{name: 1e300})
    density = 1e-300 / (2 if law == "laplace" else math.sqrt(2 * math.pi))
    assert huge == pytest.approx([2 * density, 2 * density], rel=1e-13, abs=0)


def test_text_is_no_place_and_no_noise():
    legal = "holds no real numbers: legal are floats and arrays of floats"
    for call, name in (
        (lambda: rops.laplace_agreement("0.5", scale=1.0), "x"),
        (lambda: rops.gaussian_supremum("0.5"), "x"),
        (lambda: rops.laplace_agreement(0.5, scale="0.5"), "scale"),
        (lambda: rops.gaussian_agreement(0.5, sigma="0.5"), "sigma"),
    ):
        with pytest.raises(ValueError) as error:
            call()
        assert str(error.value) == f"{name} = 0.5 {legal}"
