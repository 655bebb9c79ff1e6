"""Jets: Taylor coefficients of compositions, against mpmath in 50 digits."""

import mpmath as mp
import pytest
import sympy as sp
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.conjectures.evaluation import Evaluation
from theory.conjectures.germs import Germs
from theory.conjectures.jets import (
    Jet,
    NotRealError,
    OutsideError,
    divided,
    exp_series,
    log_series,
    power_series,
)
from theory.conjectures.numbers import ONE, ZERO, as_ball, is_exact

POSITIVE = st.fractions(1, 9, max_denominator=20).map(lambda one: one / 3)
EXPONENTS = [fmpq(1, 2), fmpq(-1, 2), fmpq(2), fmpq(3), fmpq(-1), fmpq(-2), fmpq(5, 3), fmpq(-7, 4)]


@pytest.fixture(autouse=True, scope="module")
def precision():
    with ctx.workprec(192), mp.workdps(50):
        yield


def to_mp(value):
    return mp.mpf(int(value.numerator)) / int(value.denominator)


def rational(value):
    return fmpq(value.numerator, value.denominator)


def lies_in(number, exact):
    ball = as_ball(number)
    ends = [mp.mpf(end.str(60, radius=False)) for end in (ball.lower(), ball.upper())]
    slack = mp.mpf(10) ** -30 * (1 + abs(exact))
    return ends[0] - slack <= exact <= ends[1] + slack


def hull(first, second):
    return first if first == second else arb(first).union(arb(second))


FUNCTIONS = [(log_series, mp.log), (exp_series, mp.exp)] + [
    (power_series(one), lambda x, one=one: x ** (mp.mpf(int(one.p)) / int(one.q)))
    for one in EXPONENTS
]


@settings(max_examples=25)
@given(POSITIVE, POSITIVE, st.sampled_from(FUNCTIONS))
def test_the_coefficients_of_the_elementary_functions(first, second, function):
    series, exact = function
    low, high = sorted([first, second])
    found = series(hull(rational(low), rational(high)), 3)
    for at in (low, high, (low + 2 * high) / 3):
        for one, coefficient in zip(found, mp.taylor(exact, to_mp(at), 3), strict=True):
            assert lies_in(one, coefficient)


@settings(max_examples=25)
@given(POSITIVE, st.fractions(0, 2, max_denominator=9), st.sampled_from(FUNCTIONS))
def test_divided_differences_stay_between(base, change, function):
    series, exact = function
    found = divided(series, rational(base))(arb(0).union(arb(rational(change))), 2)
    start, here = to_mp(base), to_mp(change) * mp.mpf("0.83") + mp.mpf("1e-3") * (change > 0)
    if change == 0:
        coefficients = mp.taylor(exact, start, 3)[1:]
    else:
        coefficients = mp.taylor(lambda x: (exact(start + x) - exact(start)) / x, here, 2)
    for one, coefficient in zip(found, coefficients, strict=True):
        assert lies_in(one, coefficient)


def test_rationals_stay_rational():
    assert power_series(fmpq(1, 2))(fmpq(9, 4), 2) == [fmpq(3, 2), fmpq(1, 3), fmpq(-1, 27)]
    assert power_series(fmpq(2))(ZERO, 3) == [0, 0, 1, 0]
    assert power_series(fmpq(-1))(fmpq(2), 2) == [fmpq(1, 2), fmpq(-1, 4), fmpq(1, 8)]
    assert all(is_exact(one) for one in log_series(ONE, 3))
    assert all(is_exact(one) for one in exp_series(ZERO, 3))


@pytest.mark.parametrize(
    "series", [log_series, power_series(fmpq(1, 2)), power_series(fmpq(-5, 3))]
)
def test_what_is_certainly_negative_is_not_real(series):
    with pytest.raises(NotRealError):
        series(arb(-2).union(arb(-1)), 0)


@pytest.mark.parametrize(
    "series",
    [log_series, power_series(fmpq(-1)), power_series(fmpq(-1, 2)), power_series(fmpq(-2))],
)
@pytest.mark.parametrize("at", [ZERO, arb(0).union(arb(1)), arb(-1).union(arb(1))])
def test_what_may_be_zero_is_not_decided(series, at):
    with pytest.raises(OutsideError):
        series(at, 0)


def test_a_root_is_enclosed_where_it_is_real():
    root = power_series(fmpq(1, 2))
    ball = as_ball(root(arb(-4).union(arb(9)), 0)[0])
    assert ball.contains(0) and ball.contains(3) and not ball.contains(4)
    assert root(ZERO, 0) == [0]
    with pytest.raises(OutsideError):
        root(arb(-4).union(arb(9)), 1)  # no derivative at 0


def _known(name, at):
    if name == "erfinv":
        return mp.erfinv(at)
    if name == "erfcinv":
        return mp.findroot(lambda x: mp.erfc(x) - at, mp.erfinv(1 - at))
    return getattr(mp, name)(at)


@settings(max_examples=30)
@given(
    st.sampled_from(["erf", "erfc", "erfinv", "erfcinv"]),
    st.fractions(1, 19, max_denominator=30).map(lambda one: one / 20),
    st.fractions(0, 1, max_denominator=7).map(lambda one: one / 40),
)
def test_the_error_functions_and_their_inverses(name, low, width):
    u = sp.Symbol("u")
    high = low + width
    on = Germs(((rational(low), rational(high)),), (3,))
    jet = on.collapsed(Evaluation(on, {u: lambda: on.variable(0)})(getattr(sp, name)(u)))
    for at in (low, high, (low + high) / 2):
        if not 0 < at < 1:
            continue
        coefficients = mp.taylor(lambda x: _known(name, x), to_mp(at), 3)
        for order, coefficient in enumerate(coefficients):
            ball = as_ball(jet.terms.get((order,), ZERO))
            assert mp.mpf(ball.lower().str(40, radius=False)) <= coefficient + mp.mpf("1e-9")
            assert mp.mpf(ball.upper().str(40, radius=False)) >= coefficient - mp.mpf("1e-9")


@pytest.mark.parametrize(
    ("text", "low", "high", "error"),
    [
        ("erfinv(u)", 2, 3, NotRealError),
        ("erfinv(-u)", 2, 3, NotRealError),
        ("erfcinv(-u)", 1, 3, NotRealError),
        ("erfcinv(u)", 3, 4, NotRealError),
        ("erfinv(u)", 0, 1, OutsideError),
        ("erfinv(u)", 0, 2, OutsideError),
        ("erfcinv(u)", 1, 2, OutsideError),
        ("log(-u)", 1, 2, NotRealError),
        ("log(u-1)", 1, 2, OutsideError),
    ],
)
def test_outside_of_a_domain(text, low, high, error):
    u = sp.Symbol("u")
    on = Germs(((fmpq(low), fmpq(high)),), (0,))
    with pytest.raises(error):
        Evaluation(on, {u: lambda: on.variable(0)})(sp.sympify(text, {"u": u}))


def test_the_middle_of_the_inverses_is_exact():
    u = sp.Symbol("u")
    on = Germs(((fmpq(0), fmpq(0)),), (0,))
    at = Evaluation(on, {u: lambda: on.variable(0)})
    assert at(sp.erfinv(u)).is_zero and at(sp.erfcinv(1 - u)).is_zero


def test_products_and_compositions_of_two_variables():
    # f(x, y) = exp(x y) / (1 + x) at (1/2, 1/3), orders (2, 2)
    x, y = fmpq(1, 2), fmpq(1, 3)
    orders = (2, 2)
    first = Jet(orders, {(0, 0): x, (1, 0): ONE})
    second = Jet(orders, {(0, 0): y, (0, 1): ONE})
    one = (first * second).apply(exp_series)
    one = one * (first + Jet.constant(orders, ONE)).apply(power_series(fmpq(-1)))
    for i in range(3):
        for j in range(3):
            exact = mp.diff(
                lambda a, b: mp.exp(a * b) / (1 + a), (mp.mpf(1) / 2, mp.mpf(1) / 3), (i, j)
            ) / (mp.factorial(i) * mp.factorial(j))
            assert lies_in(one.terms[i, j], exact)


def test_a_jet_less_itself_is_zero():
    one = Jet((1,), {(0,): fmpq(1, 3), (1,): fmpq(2)})
    assert (one + one.times(fmpq(-1))).is_zero
    assert one.without_value().terms == {(1,): 2} and not one.is_constant
    assert Jet.constant((1,), ZERO).is_zero
