"""Logarithms that are split: equal to what was written, wherever both are real."""

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.conjectures.logarithms import split_logarithms

X, Y = sp.symbols("x y", positive=True)
FACTORS = st.sampled_from(
    [
        X,
        Y,
        1 - X,
        1 - Y,
        X - Y,
        1 - X - Y,
        1 - 2 * X,
        X + 2 * Y,
        X**2 + Y,
        X - 3,
        -X,
        sp.Integer(6),
        sp.Rational(-5, 4),
    ]
)
POWERS = st.sampled_from([-2, -1, 1, 1, 2, 3])


@st.composite
def expressions(draw):
    total = sp.Integer(0)
    for _ in range(draw(st.integers(1, 3))):
        argument = sp.Integer(1)
        for _ in range(draw(st.integers(1, 3))):
            argument *= draw(FACTORS) ** draw(POWERS)
        total += draw(st.sampled_from([1, -1, sp.Rational(1, 2), X])) * sp.log(argument)
    return total


def value(expression, point):
    try:
        found = sp.lambdify((X, Y), expression, "mpmath")(*(mp.mpf(one) for one in point))
    except (ZeroDivisionError, ValueError, TypeError):
        return None
    return None if mp.im(found) != 0 or not mp.isfinite(found) else mp.re(found)


@settings(max_examples=60)
@given(expressions())
def test_where_both_are_real_they_are_equal(expression):
    split = split_logarithms(expression)
    with mp.workdps(40):
        for point in [("0.1", "0.2"), ("0.3", "0.1"), ("0.7", "0.2"), ("2", "0.5"), ("5", "7")]:
            first, second = value(expression, point), value(split, point)
            if first is not None and second is not None:
                assert abs(first - second) < mp.mpf(10) ** -30 * (1 + abs(first))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (sp.log(X / (2 - 2 * X)), sp.log(X) - sp.log(2) - sp.log(1 - X)),
        (sp.log(X**2 - 2 * X + 1) / 2, sp.log(1 - X)),
        (sp.log((X + Y) ** 2) - sp.log(X + Y), sp.log(X + Y)),
        (sp.log(X * Y), sp.log(X) + sp.log(Y)),
    ],
)
def test_spellings_of_one_radius(first, second):
    assert sp.expand(split_logarithms(first - second)) == 0


@pytest.mark.parametrize("factor", [1 + sp.Rational(1, 10**9), 1 - sp.Rational(1, 10**9)])
def test_nearly_equal_spellings_differ(factor):
    one = sp.log(X / (2 - 2 * X)) - factor * (sp.log(X) - sp.log(1 - X)) + sp.log(2)
    assert split_logarithms(one) != 0


def test_what_is_not_rational_stays():
    one = sp.log(1 + sp.exp(X)) + sp.log(X**sp.pi + 1)
    assert split_logarithms(one) == one
    high = sp.log(X**9 + Y + 1)
    assert split_logarithms(high) == high


def test_a_negative_constant_stays_within_its_logarithm():
    split = split_logarithms(sp.log(-X))
    assert value(split, ("0.5", "0.5")) is None


def test_five_symbols():
    symbols = sp.symbols("k n t_a t_b s", positive=True)
    total = sum(symbols, start=sp.Integer(0))
    one = sp.log(total / (1 + symbols[0]))
    assert sp.expand(split_logarithms(one) - sp.log(total) + sp.log(1 + symbols[0])) == 0
    odd = sp.log((symbols[4] - symbols[0]) * total)
    split_logarithms(odd)
