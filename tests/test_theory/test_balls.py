"""Balls: they hold the exact value (mpmath says which), and nothing undefined is ever certain."""

from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from theory.balls import compile_ball, interval_ball, rational_ball, value_at

MP = mpmath.mp.clone()
MP.dps = 90
X, Y = sp.symbols("x y", real=True)

UNARY = {
    sp.exp: (-3, 3),
    sp.log: (Fraction(1, 50), 20),
    sp.erf: (-3, 3),
    sp.erfc: (-3, 6),
    sp.erfinv: (Fraction(-99, 100), Fraction(99, 100)),
    sp.erfcinv: (Fraction(1, 100), Fraction(199, 100)),
    sp.cosh: (-3, 3),
    sp.sinh: (-3, 3),
    sp.tanh: (-3, 3),
    sp.acosh: (Fraction(101, 100), 9),
    sp.Abs: (-3, 3),
    sp.sqrt: (0, 9),
}
ORACLES = {
    sp.Abs: abs,
    sp.erfcinv: lambda v: MP.erfinv(1 - v),
    **{f: getattr(MP, f.__name__) for f in UNARY if f not in (sp.Abs, sp.erfcinv)},
}


def ball_of(value) -> arb:
    """A ball around an mpmath value that allows for its own rounding."""
    with ctx.workprec(280):
        return arb(mpmath.nstr(value, 75), 1e-70 * (1 + abs(float(value))))


def holds(ball: arb, value) -> bool:
    with ctx.workprec(280):
        return bool(ball.overlaps(ball_of(value)))


@pytest.mark.parametrize("function", UNARY, ids=lambda f: f.__name__)
@settings(max_examples=12)
@given(data=st.data())
def test_functions_against_mpmath(function, data):
    low, high = UNARY[function]
    z = data.draw(st.fractions(low, high, max_denominator=10**6))
    exact = ORACLES[function](MP.mpf(z.numerator) / z.denominator)
    ball = value_at(function(X), {X: sp.Rational(z.numerator, z.denominator)})
    assert holds(ball, exact)
    assert ball.rad() < 1e-45 * (1 + abs(float(exact)))
    # the same test sees an error in the 40th digit
    with ctx.workprec(280):
        shifted = ball + arb("1e-40") * (1 + abs(ball))
    assert not holds(shifted, exact)


EXPONENTS = ("2", "3", "4", "-1", "-2", "-3", "1/2", "-1/2", "3/2", "-5/3", "1/7")


@pytest.mark.parametrize("exponent", EXPONENTS)
@settings(max_examples=20)
@given(base=st.fractions(Fraction(1, 100), 50, max_denominator=1000))
def test_powers_against_mpmath(exponent, base):
    power = sp.Rational(exponent)
    point = {X: sp.Rational(base.numerator, base.denominator)}
    exact = (MP.mpf(base.numerator) / base.denominator) ** (MP.mpf(int(power.p)) / int(power.q))
    assert holds(value_at(X**power, point), exact)
    assert holds(value_at(X**Y, {**point, Y: power}), exact)


@settings(max_examples=40)
@given(
    x=st.fractions(Fraction(1, 10), 4, max_denominator=100),
    y=st.fractions(Fraction(1, 10), 4, max_denominator=100),
)
def test_composed_expressions_against_mpmath(x, y):
    expression = sp.Max(sp.exp(-X / Y) * sp.erfc(Y), sp.pi - sp.E * X, sp.log(1 + X * Y)) / 2
    expression -= sp.Min(X**2 * sp.Rational(1, 3), sp.sqrt(Y), X**-3)
    a, b = (MP.mpf(v.numerator) / v.denominator for v in (x, y))
    exact = max(MP.exp(-a / b) * MP.erfc(b), MP.pi - MP.e * a, MP.log(1 + a * b)) / 2
    exact -= min(a**2 / 3, MP.sqrt(b), a**-3)
    point = {X: sp.Rational(x.numerator, x.denominator), Y: sp.Rational(y.numerator, y.denominator)}
    assert holds(value_at(expression, point), exact)


fractions = st.fractions(-5, 5, max_denominator=10**4)


@settings(max_examples=40)
@given(fractions, fractions, st.fractions(0, 1, max_denominator=997))
def test_an_interval_ball_holds_every_point_and_its_images(a, b, share):
    low, high = min(a, b), max(a, b)
    inside = low + share * (high - low)
    ball, point = interval_ball(low, high), fmpq(inside.numerator, inside.denominator)
    assert ball.contains(point)
    assert ball.contains(fmpq(low.numerator, low.denominator))
    assert ball.contains(fmpq(high.numerator, high.denominator))
    for expression in (X**2, X**4 - X, sp.exp(X) - X**3, sp.Abs(X), sp.Max(X, 1 - X)):
        image = compile_ball(expression, [X])([ball])
        assert image.overlaps(compile_ball(expression, [X])([arb(point)]))
    for square in (X**2, X**6):  # a ball's radius has 30 bits, and 0 is no exact end of it
        image = compile_ball(square, [X])([ball])
        assert image >= -image.abs_upper() / 10**8


def test_a_rational_is_in_its_ball_and_a_float_would_not_be():
    for value in (Fraction(1, 10), sp.Rational(1, 10)):
        assert rational_ball(value).contains(fmpq(1, 10))
    assert rational_ball(7) == 7
    assert not arb(0.1).contains(fmpq(1, 10))


UNDEFINED = [
    (sp.log(X), -2),
    (sp.log(X), 0),
    (sp.log(X) ** 2 + 1, -2),
    (sp.erfc(sp.sqrt(X)) + 1, -3),
    (sp.Abs(sp.log(X)) + 1, -2),
    (sp.Max(sp.log(X), 1), -2),
    (2 + sp.tanh(sp.log(X)), -2),
    (sp.erfinv(X) ** 2 + 1, 2),
    (sp.erfcinv(X) ** 2 + 1, 3),
    (sp.acosh(X) ** 2 + 1, Fraction(1, 2)),
    (1 / X, 0),
    (1 / X**2, 0),
    (X ** sp.Rational(1, 3), -8),
    (X**Y, -1),
    (1 / sp.log(X) ** 2, 1),
]


@pytest.mark.parametrize(("expression", "x"), UNDEFINED, ids=str)
def test_what_is_undefined_is_neither_positive_nor_negative(expression, x):
    ball = value_at(expression, {X: sp.Rational(x), Y: sp.Rational(1, 3)})
    for certain in (ball > 0, ball >= 0, ball < 0, ball <= 0, ball.is_finite()):
        assert not certain


@pytest.mark.parametrize("expression", [sp.sin(X), sp.Float(0.5) * X, sp.oo, sp.nan, sp.I, Y, 1.5])
def test_what_is_not_known_is_an_error_and_never_a_float(expression):
    with pytest.raises(ValueError, match=r"neither a number|no enclosure"):
        compile_ball(sp.sympify(expression), [X])
