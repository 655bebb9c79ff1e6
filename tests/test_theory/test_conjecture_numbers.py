"""Numbers of the proofs: a rational stays one, and a ball keeps the value and its sign."""

from fractions import Fraction

import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from theory.conjectures import numbers
from theory.conjectures.numbers import ONE, ZERO, add, as_ball, is_exact, multiply, power, up_to

RATIONALS = st.fractions(-1000, 1000, max_denominator=10**6) | st.sampled_from(
    [Fraction(0), Fraction(1, 3**200), Fraction(-(10**60)), Fraction(2**90 + 1, 7)]
)


@st.composite
def enclosed(draw):
    """A rational, and a number that contains it: itself, or a ball (with an end at 0, often)."""
    value = draw(RATIONALS)
    exact = fmpq(value.numerator, value.denominator)
    kind = draw(st.sampled_from(["exact", "narrow", "wide", "from 0"]))
    if kind == "exact":
        return exact, exact
    if kind == "narrow":
        return exact, arb(exact)
    if kind == "from 0":
        ball = up_to(arb(abs(exact)))
        return exact, ball if exact >= 0 else -ball
    other = draw(RATIONALS)
    return exact, arb(exact).union(arb(fmpq(other.numerator, other.denominator)))


def contains(number, value):
    with ctx.workprec(12_000):  # contains() of a rational is that of its ball
        return bool(number == value) if is_exact(number) else number.contains(arb(value))


@pytest.fixture(autouse=True, scope="module")
def precision():
    with ctx.workprec(192):
        yield


@given(enclosed(), enclosed())
def test_sums_and_products_contain_the_exact_value(first, second):
    (a, x), (b, y) = first, second
    assert contains(add(x, y), a + b)
    assert contains(multiply(x, y), a * b)
    assert contains(numbers.negative(x), -a)


@given(enclosed(), enclosed())
def test_a_sum_and_a_product_keep_their_sign(first, second):
    x, y = as_ball(first[1]), as_ball(second[1])
    if x >= 0 and y >= 0:
        assert as_ball(add(first[1], second[1])) >= 0
    if x <= 0 and y <= 0:
        assert as_ball(add(first[1], second[1])) <= 0
    if (x >= 0 or x <= 0) and (y >= 0 or y <= 0):
        same = (x >= 0) == (y >= 0)
        product = as_ball(multiply(first[1], second[1]))
        assert product >= 0 if same else product <= 0


@given(enclosed(), enclosed())
def test_two_rationals_give_a_rational(first, second):
    a, b = first[0], second[0]
    assert is_exact(add(a, b)) and add(a, b) == a + b
    assert is_exact(multiply(a, b)) and multiply(a, b) == a * b


def test_the_sum_of_a_ball_that_is_0_and_one_below_it():
    assert add(arb(0), -up_to(arb(1))).contains(-1)
    assert add(arb(0), up_to(arb(1))).contains(1)


def test_zero_is_exact_and_absorbs():
    assert add(ZERO, fmpq(2)) == 2
    assert numbers.is_zero(multiply(arb("nan"), ZERO))
    assert not numbers.is_zero(arb(0))  # a ball of radius 0 may stand for something else


def test_long_rationals_become_balls():
    long = fmpq(3**60_000, 2**90_000 + 1)
    product = multiply(long, long)
    assert not is_exact(product) and product.contains(long * long)
    assert not is_exact(power(long, fmpq(3))) and power(long, fmpq(3)).contains(long**3)


@given(RATIONALS.filter(lambda one: one > 0), st.integers(-6, 6), st.integers(1, 4))
def test_powers_contain_the_exact_value(value, top, bottom):
    exact = fmpq(value.numerator, value.denominator)
    for base in (exact, arb(exact)):
        found = power(base, fmpq(top, bottom))
        back = found**bottom if is_exact(found) else as_ball(found) ** bottom
        assert contains(back, exact**top)
    # and where it is rational it is exact
    if -64 <= top * bottom <= 64:
        assert (
            power(exact ** int(fmpq(top, bottom).q), fmpq(top, bottom))
            == exact ** int(fmpq(top, bottom).p)
            or max(value.numerator, value.denominator) > 2**10
        )


@given(enclosed(), st.sampled_from([2, 4, 70]))
def test_even_powers_are_not_negative(one, exponent):
    found = power(one[1], fmpq(exponent))
    assert contains(found, one[0] ** exponent)
    ball = as_ball(found)
    assert ball >= 0 if is_exact(one[1]) else ball.lower() >= -ball.upper() / 2**25


@given(st.fractions(0, 10**9, max_denominator=10**9), st.integers(-400, 400))
def test_up_to_starts_at_zero_and_reaches_the_end(value, shift):
    most = arb(fmpq(value.numerator, value.denominator)) * arb(2) ** shift
    ball = up_to(most)
    assert ball >= 0
    assert ball.contains(0) and ball.upper() >= most.upper()
    assert ball.upper() <= most.upper() * arb("1.000001")


def test_up_to_nothing_and_to_everything():
    assert up_to(arb(0)) == 0 and up_to(arb(-1)) == 0
    assert up_to(arb("inf")).contains(10**100) or not up_to(arb("inf")).is_finite()


def test_what_is_not_a_number_is_not_enclosed_by_zero():
    assert not up_to(arb("nan")).is_finite()


@given(st.fractions(Fraction(1, 10**6), 10**6, max_denominator=10**6))
def test_prime_powers_multiply_to_the_number(value):
    found = numbers.prime_powers(fmpq(value.numerator, value.denominator))
    if found is None:
        return
    product = Fraction(1)
    for prime, times in found.items():
        assert all(prime % other for other in range(2, min(prime, 120)) if other * other <= prime)
        product *= Fraction(prime) ** times
    assert product == value


def test_large_primes_are_left():
    assert numbers.prime_powers(fmpq(2**61 - 1)) is None
    assert numbers.prime_powers(fmpq(1)) == {}
    assert numbers.prime_powers(fmpq(97, 8)) == {97: 1, 2: -3}
    assert is_exact(ONE)
