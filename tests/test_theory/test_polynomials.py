"""Polynomials over boxes: values, derivatives and bounds, against Fractions and 50 digits."""

from fractions import Fraction
from math import comb

import mpmath as mp
import pytest
from flint import arb, ctx, fmpq
from hypothesis import given
from hypothesis import strategies as st

from theory.conjectures.jets import OutsideError
from theory.conjectures.numbers import as_ball, is_exact
from theory.conjectures.polynomials import PI, Polynomial, constant_ball

SMALL = st.fractions(-9, 9, max_denominator=12)
NAMES = st.sampled_from([1, 1, 1, PI, 2, 5])
MONOMIALS = st.tuples(st.tuples(st.integers(0, 2), st.integers(0, 2)), NAMES)
POLYNOMIALS = st.dictionaries(MONOMIALS, SMALL.filter(bool), max_size=4)
POINTS = st.tuples(*[st.fractions(0, 20, max_denominator=9)] * 2)


@pytest.fixture(autouse=True, scope="module")
def precision():
    with ctx.workprec(192), mp.workdps(50):
        yield


def rational(value):
    return fmpq(value.numerator, value.denominator)


def polynomial(terms):
    return Polynomial(2, {key: rational(value) for key, value in terms.items()})


def constant(name):
    return mp.pi if name == PI else mp.mpf(1) if name == 1 else mp.log(name)


def value(terms, point, index=(0, 0)):
    """The Taylor coefficient of that order at a point, term by term in 50 digits."""
    total = mp.mpf(0)
    for (powers, name), factor in terms.items():
        term = mp.mpf(factor.numerator) / factor.denominator * constant(name)
        for power, order, at in zip(powers, index, point, strict=True):
            if order > power:
                term = mp.mpf(0)
                break
            term *= comb(power, order) * (mp.mpf(at.numerator) / at.denominator) ** (power - order)
        total += term
    return total


def lies_in(number, exact):
    """Whether the 50 digits lie in the number, up to their own rounding."""
    ball = as_ball(number)
    slack = mp.mpf(10) ** -40 * (1 + abs(exact))
    low, high = (
        mp.mpf(ball.lower().str(60, radius=False)),
        mp.mpf(ball.upper().str(60, radius=False)),
    )
    return low - slack <= exact <= high + slack


def at(one, point):
    box = tuple((rational(side), rational(side)) for side in point)
    return one.jet(box, (0, 0)).value


def around(point, widths, unbounded):
    return tuple(
        (rational(max(side - width, Fraction(0))), None if far else rational(side + width))
        for side, width, far in zip(point, widths, unbounded, strict=True)
    )


@given(POLYNOMIALS, POLYNOMIALS, POINTS)
def test_sums_and_products_are_those_of_the_values(first, second, point):
    a, b = polynomial(first), polynomial(second)
    x, y = value(first, point), value(second, point)
    assert lies_in(at(a + b, point), x + y)
    assert lies_in(at(a * b, point), x * y)
    assert lies_in(at(a.times_pi(), point), x * mp.pi)
    assert lies_in(at(a.times(fmpq(-3, 7)), point), x * mp.mpf(-3) / 7)


@given(POLYNOMIALS)
def test_a_polynomial_less_itself_is_zero(terms):
    one = polynomial(terms)
    assert (one + one.times(fmpq(-1))).is_zero
    assert (one + one).is_zero == one.is_zero


def test_equal_looking_balls_do_not_cancel():
    third = arb(1) / 3
    one = Polynomial.constant(1, third)
    assert not (one + Polynomial.constant(1, -third)).is_zero
    assert (Polynomial.constant(1, arb(2)) + Polynomial.constant(1, arb(-2))).is_zero


@given(
    POLYNOMIALS,
    POINTS,
    st.tuples(*[st.fractions(0, 3, max_denominator=4)] * 2),
    st.tuples(st.booleans(), st.booleans()),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
)
def test_bounds_and_jets_hold_on_the_box(terms, point, widths, unbounded, index):
    one, box = polynomial(terms), around(point, widths, unbounded)
    exact = value(terms, point, index)
    derived = one.divided_derivative(index)
    low, high = derived.least(box), derived.greatest(box)
    if low is not None:
        assert lies_in(as_ball(low).union(arb(10) ** 30), exact)
    if high is not None:
        assert lies_in(as_ball(high).union(-(arb(10) ** 30)), exact)
    try:
        jet = one.jet(box, index)
    except OutsideError:
        assert any(unbounded)
        return
    assert lies_in(jet.terms.get(index, fmpq(0)), exact)


def test_bounds_are_attained_and_exact():
    box = ((fmpq(1), fmpq(3)), (fmpq(0), None))
    x, y = (Polynomial.variable(2, place) for place in range(2))
    one = x * y + x.times(fmpq(-2))
    assert one.least(box) == -6 and one.greatest(box) is None
    assert is_exact(one.least(box))
    assert (one.times(fmpq(-1))).least(box) is None
    # a variable that is 0 on the box silences an unbounded one
    assert (x * y).greatest(((fmpq(0), fmpq(0)), (fmpq(0), None))) == 0


def test_what_occurs():
    x = Polynomial.variable(2, 0)
    pi = Polynomial.constant(2, fmpq(2)).times_pi()
    assert x.variables() == {0} and pi.variables() == set()
    assert pi.is_constant and not pi.is_number and not x.is_constant
    assert Polynomial.constant(2, fmpq(3)).number == 3
    assert Polynomial.logarithm(2, 7, 0).is_zero
    assert lies_in(at(Polynomial.logarithm(2, 7, -2), (Fraction(0),) * 2), -2 * mp.log(7))
    assert lies_in(constant_ball(PI), mp.pi)
    assert lies_in(at(pi * pi, (Fraction(0),) * 2), 4 * mp.pi**2)


def test_an_unbounded_polynomial_has_no_jet():
    with pytest.raises(OutsideError):
        Polynomial.variable(1, 0).jet(((fmpq(0), None),), (1,))
    jet = Polynomial.variable(1, 0).jet(((fmpq(0), None),), (1,), derivatives_only=True)
    assert jet.terms == {(1,): 1}
