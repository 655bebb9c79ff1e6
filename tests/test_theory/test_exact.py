"""Exact numbers, balls, directed floats and decimals: nothing is ever rounded the wrong way."""

import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from theory.exact import (
    Surd,
    ceil_float,
    decimal_enclosure,
    describe,
    floor_float,
    round_down,
    round_nearest,
    to_ball,
    to_fmpq,
    to_fraction,
    to_positive,
    working_precision,
)

LARGEST = math.nextafter(math.inf, 0)
SMALLEST = math.nextafter(0.0, 1)

fractions = st.fractions(min_value=-(10**6), max_value=10**6, max_denominator=10**30)
dyadics = st.builds(
    lambda mantissa, exponent: Fraction(mantissa) * Fraction(2) ** exponent,
    st.integers(-(2**90), 2**90),
    st.integers(-1200, 950),
)


def exact_ball(middle: Fraction, radius: Fraction) -> arb:
    """The ball with these dyadic numbers, stored without rounding."""

    def pair(value: Fraction) -> tuple[int, int]:
        return value.numerator, 1 - value.denominator.bit_length()

    return arb(pair(middle), pair(radius))


def ends(ball: arb) -> tuple[Fraction, Fraction]:
    middle, radius = ball.mid().fmpq(), ball.rad().fmpq()
    low, high = middle - radius, middle + radius
    return Fraction(int(low.p), int(low.q)), Fraction(int(high.p), int(high.q))


def is_largest_float_below(value: float, exact: Fraction) -> bool:
    """Whether `value` is the largest finite float (or -inf) that is not above `exact`."""
    if math.copysign(1, value) < 0 and value == 0:
        return False
    if value == -math.inf:
        return exact < -Fraction(LARGEST)
    if not math.isfinite(value) or Fraction(value) > exact:
        return False
    return value == LARGEST or Fraction(math.nextafter(value, math.inf)) > exact


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (3, Fraction(3)),
        (-0.0, Fraction(0)),
        (0.1, Fraction(3602879701896397, 2**55)),
        (5e-324, Fraction(1, 2**1074)),
        (Decimal("0.1"), Fraction(1, 10)),
        (Fraction(2, 7), Fraction(2, 7)),
        ("0.1", Fraction(1, 10)),
        (" -1.25e-3 ", Fraction(-1, 800)),
        ("3/4", Fraction(3, 4)),
        ("-6 / 8", Fraction(-3, 4)),
        ("1e-5000", Fraction(1, 10**5000)),
        ("0e-999999999", Fraction(0)),
        (np.float64(0.1), Fraction(0.1)),
        (np.float32(0.1), Fraction(13421773, 2**27)),
        (np.longdouble(1) + np.longdouble(2) ** -60, 1 + Fraction(1, 2**60)),
        (np.int64(-7), Fraction(-7)),
    ],
)
def test_a_number_is_taken_at_its_word(value, exact):
    assert to_fraction(value) == exact


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(), st.integers(0, 400))
def test_floats_are_dyadic_and_decimals_are_decimal(number, digits, places):
    assert to_fraction(number) == Fraction(*number.as_integer_ratio())
    text = f"{digits}e-{places}"
    assert to_fraction(text) == to_fraction(Decimal(text)) == Fraction(digits, 10**places)


@pytest.mark.parametrize(
    "junk",
    [
        *(math.nan, math.inf, -math.inf, Decimal("NaN"), Decimal("sNaN"), Decimal("-Infinity")),
        *("nan", "inf", "-Infinity", "", "abc", "0x10", "1/0", "1/2/3", "1/2e3", "1.5/2", "--1"),
        *("1e5001", "1e-5001", "1e-999999999", "1e99999999999999999999", "1 2"),
        *(True, False, np.bool_(True), np.float32("nan"), None, 1j, [1], arb(1)),
    ],
)
def test_junk_is_refused_in_one_line_that_names_it(junk):
    with pytest.raises(ValueError, match="is not a finite number: legal are") as error:
        to_fraction(junk)
    assert describe(junk) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.5", "0.5"), ("", "''"), ("a\nb", "a b"), ("\x1b[31m", r"'\x1b[31m'"), (0.25, "0.25")],
)
def test_describe_is_one_printable_line(value, text):
    assert describe(value) == text


def test_describe_shortens():
    assert describe("7" * 1000) == "7" * 37 + "..."
    assert describe(Fraction(1, 10**5000)) == "a number of more than 4300 digits"


@pytest.mark.parametrize("value", [0, -2, "-1e-300", "junk", math.nan, math.inf, -0.0])
def test_to_positive_refuses(value):
    with pytest.raises(ValueError, match=r"^sigma = .* is outside \(0, inf\)$"):
        to_positive("sigma", value)


def test_to_positive_keeps_the_exact_value():
    assert to_positive("sigma", "1e-300") == Fraction(1, 10**300)


def test_the_trap_that_this_module_closes():
    assert not arb(0.1).contains(fmpq(1, 10))
    assert to_ball("0.1", 53).contains(fmpq(1, 10))


@given(fractions, st.integers(1, 1000), st.integers(20, 300))
def test_a_surd_is_inside_its_ball(coefficient, radicand, precision):
    surd = Surd(coefficient, radicand)
    ball = surd.ball(precision)
    with working_precision(2000):
        assert (ball * ball).contains(to_fmpq(coefficient**2 * radicand))
    assert coefficient == 0 or ball.rel_accuracy_bits() >= precision - 6
    assert to_ball(surd, precision).overlaps(ball)
    low, high = ends(surd.ball(500))
    assert float(surd) in (float(low), float(high))


def test_a_rational_surd_is_exact():
    assert float(Surd(Fraction(3, 8), 16)) == 1.5
    assert Surd(Fraction(3, 8), 16).ball(60).is_exact()


@pytest.mark.parametrize("radicand", [0, -2, True, 2.0])
def test_a_surd_needs_a_positive_integer_under_its_root(radicand):
    with pytest.raises(ValueError, match="radicand = "):
        Surd(Fraction(1), radicand)


@given(dyadics, dyadics.map(abs), st.sampled_from([10, 53, 64, 300]))
def test_floor_and_ceil_are_the_floats_next_to_the_ball(middle, radius, precision):
    ball = exact_ball(middle, radius)
    low, high = ends(ball)
    with working_precision(precision):
        assert is_largest_float_below(floor_float(ball), low)
        assert is_largest_float_below(0.0 - ceil_float(ball), -high)


@pytest.mark.parametrize(
    ("middle", "floor", "ceil"),
    [
        (Fraction(2) ** 1024, LARGEST, math.inf),
        (Fraction(LARGEST), LARGEST, LARGEST),
        (Fraction(LARGEST) + Fraction(1, 2**80), LARGEST, math.inf),
        (-(Fraction(2) ** 1024), -math.inf, -LARGEST),
        (Fraction(1, 2**1075), 0.0, SMALLEST),
        (Fraction(3, 2**1075), SMALLEST, 2 * SMALLEST),
        (Fraction(-1, 2**3000), -SMALLEST, 0.0),
        (Fraction(0), 0.0, 0.0),
    ],
)
def test_the_ends_of_the_float_range(middle, floor, ceil):
    ball = exact_ball(middle, Fraction(0))
    for value, wanted in ((floor_float(ball), floor), (ceil_float(ball), ceil)):
        assert value == wanted
        assert math.copysign(1, value) == math.copysign(1, wanted)


def test_only_an_infinite_ball_has_an_infinite_floor():
    assert floor_float(arb.pos_inf()) == math.inf
    assert floor_float(arb.neg_inf()) == -math.inf
    assert floor_float(arb(0, math.inf)) == -math.inf
    with pytest.raises(ValueError, match="ball = nan"):
        floor_float(arb.nan())


def test_the_precision_comes_back_after_an_error():
    before = ctx.prec
    with pytest.raises(KeyError), working_precision(before + 100):
        assert ctx.prec == before + 100
        raise KeyError
    assert ctx.prec == before
    with pytest.raises(ValueError, match=r"precision = 1 is outside \[2, 1048576\]"):
        working_precision(1).__enter__()


@given(fractions)
def test_round_down_and_round_nearest_of_a_rational(exact):
    assert is_largest_float_below(round_down(lambda p: to_ball(exact, p)), exact)
    assert round_nearest(lambda p: to_ball(exact, p)) == float(exact)


def test_rounding_to_nearest_would_be_caught():
    decimals = [Fraction(k, 1000) for k in range(1, 1000)]
    caught = [x for x in decimals if not is_largest_float_below(float(x), x)]
    assert len(caught) > 300
    assert all(is_largest_float_below(round_down(lambda p, x=x: to_ball(x, p)), x) for x in caught)


def test_round_down_raises_the_precision_until_the_float_is_known():
    tried = []

    def just_above_one(precision: int) -> arb:
        tried.append((precision, ctx.prec))
        if precision < 200:
            return arb.nan()
        return 1 + arb(0, 1) if precision < 600 else to_ball(1 + Fraction(1, 10**300), precision)

    before = ctx.prec
    assert round_down(just_above_one) == 1.0
    assert tried == [(p, p) for p in (80, 160, 320, 640, 1280)]
    assert ctx.prec == before


def test_round_down_is_safe_where_the_precision_ends():
    wide = arb(1, 2**-10)
    assert 0.99902 < round_down(lambda _: wide, cap=200) <= 1 - 2**-10
    assert round_down(lambda p: to_ball(1 - Fraction(1, 10**90), p), cap=100) < 1
    with pytest.raises(ArithmeticError, match="200 bits"):
        round_down(lambda _: arb.nan(), cap=200)


@given(dyadics, dyadics.map(abs), st.integers(1, 60))
def test_decimals_are_outward_and_as_tight_as_their_digits(middle, radius, digits):
    ball = exact_ball(middle, radius)
    exact = ends(ball)
    low, high = (Fraction(text) for text in decimal_enclosure(ball, digits))
    assert low <= exact[0] <= exact[1] <= high
    for text, end in ((low, exact[0]), (high, exact[1])):
        assert abs(text - end) < abs(end) * Fraction(10) ** (1 - digits) or text == end == 0


@given(fractions.filter(bool), st.integers(-400, 400))
def test_a_tight_ball_gives_decimals_of_the_promised_width(fraction, exponent):
    exact = fraction * Fraction(10) ** exponent
    low, high = (Fraction(text) for text in decimal_enclosure(to_ball(exact, 200)))
    assert low <= exact <= high
    assert high - low <= Fraction(1, 10**30) * max(abs(low), abs(high))


@pytest.mark.parametrize(
    ("value", "digits", "pair"),
    [
        ("0", 5, ("0", "0")),
        ("-0.5", 5, ("-0.5", "-0.5")),
        ("100", 5, ("100", "100")),
        ("2/3", 5, ("0.66666", "0.66667")),
        ("-2/3", 5, ("-0.66667", "-0.66666")),
        ("1/30000000000", 3, ("3.33e-11", "3.34e-11")),
        ("1e40", 4, ("1e+40", "1e+40")),
        ("9999.96", 5, ("9999.9", "10000")),
    ],
)
def test_decimals_by_hand(value, digits, pair):
    assert decimal_enclosure(to_ball(value, 300), digits) == pair


def test_rounding_decimals_to_nearest_would_be_caught():
    exact = Fraction(2, 3)
    assert Fraction(f"{float(exact):.5f}") > exact
    assert Fraction(decimal_enclosure(to_ball(exact, 99), 5)[0]) < exact


@pytest.mark.parametrize("ball", [arb.nan(), arb.pos_inf(), arb(0, math.inf)])
def test_an_infinite_ball_has_no_decimals(ball):
    with pytest.raises(ValueError, match="legal are finite balls"):
        decimal_enclosure(ball, 40)


@pytest.mark.parametrize("digits", [0, -3, 1001])
def test_digits_have_a_range(digits):
    with pytest.raises(ValueError, match=rf"digits = {digits} is outside \[1, 1000\]"):
        decimal_enclosure(arb(1), digits)
