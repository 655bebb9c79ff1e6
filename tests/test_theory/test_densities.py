"""Integrals of the densities against SciPy and mpmath, and that they depend on the density."""

import math
from itertools import pairwise

import mpmath
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from theory import densities
from theory.derivation import chain, is_zero
from theory.steps import laplace_steps
from theory.symbols import lam, r, u

LAWS = {densities.laplace: stats.laplace, densities.gaussian: stats.norm}
DENSITIES = pytest.mark.parametrize("density", LAWS, ids=lambda d: d.__name__)
A, B = sp.symbols("a b", positive=True)


@DENSITIES
@given(x=st.fractions(-9, 9, max_denominator=50), scale=st.fractions("1/9", 9, max_denominator=50))
@settings(max_examples=25)
def test_density_is_scipys(density, x, scale):
    value = density(sp.Rational(x), sp.Rational(scale))
    law = LAWS[density](scale=float(scale))
    assert float(value) == pytest.approx(law.pdf(float(x)), rel=1e-12)


ENDS = [(-sp.oo, -A), (-sp.oo, 0), (-sp.oo, A), (-A, A), (-B, A), (0, B), (A, sp.oo), (-A, sp.oo)]


@DENSITIES
@pytest.mark.parametrize(("lower", "upper"), ENDS)
def test_mass_is_the_integral(density, lower, upper):
    mass = densities.mass(density, lam, lower, upper)
    for place in ({A: "1/3", B: "5/2", lam: "7/4"}, {A: "9/4", B: "1/8", lam: "3/5"}):
        point = {s: sp.Rational(v) for s, v in place.items()}
        law = LAWS[density](scale=float(point[lam]))
        low, high = (float(sp.sympify(end).subs(point)) for end in (lower, upper))
        exact = law.cdf(high) - law.cdf(low)
        assert float(mass.subs(point)) == pytest.approx(exact, rel=1e-9)


@DENSITIES
def test_mass_is_additive_and_one_in_all(density):
    cuts = [-sp.oo, -A, sp.Integer(0), B, sp.oo]
    assert is_zero(sum(densities.mass(density, lam, *ends) for ends in pairwise(cuts)) - 1)
    assert is_zero(densities.mass(density, lam, -sp.oo, sp.oo) - 1)


def two_humps(x: sp.Expr, scale: sp.Expr) -> sp.Expr:
    """Another symmetric law, with no mass at zero."""
    return sp.Abs(x) * sp.exp(-(x**2) / scale**2) / scale**2


def test_mass_against_the_written_integral():
    low, scale, high = sp.Rational(-1, 2), sp.Rational(5, 3), sp.Integer(3)
    written = densities.integral(two_humps, scale, low, high)
    numeric = mpmath.quad(
        sp.lambdify(written.variables, written.function, "mpmath"), [-0.5, 0.0, 3.0]
    )
    found = densities.mass(two_humps, scale, low, high)
    assert float(found) == pytest.approx(float(numeric), rel=1e-12)


def test_a_limit_of_unknown_sign_is_an_error():
    c = sp.Symbol("c", real=True)
    for ends in ((c, sp.oo), (-sp.oo, A - B), (-A, c)):
        with pytest.raises(densities.SignUnknownError, match="sign of the integration limit"):
            densities.mass(densities.laplace, lam, *ends)


@DENSITIES
@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_moments_are_those_of_the_distance(density, order):
    moment = densities.moment(density, lam, order)
    assert is_zero(moment.subs(lam, 3) - 3**order * moment.subs(lam, 1))  # homogeneous
    scale = 1.7
    numeric = LAWS[density](scale=scale).expect(lambda t: abs(t) ** order)
    assert float(moment.subs(lam, sp.Rational(17, 10))) == pytest.approx(numeric, rel=1e-6)


@given(
    x=st.fractions(-6, 6, max_denominator=20),
    shift=st.fractions(-6, 6, max_denominator=20),
    scale=st.fractions("1/5", 6, max_denominator=20),
)
@settings(max_examples=12)
def test_log_ratio_is_t(x, shift, scale):
    point = [sp.Rational(v) for v in (scale, x, shift)]
    found = densities.log_ratio(densities.laplace, *point)
    assert found == sp.Rational(abs(x - shift) - abs(x))


def test_log_ratio_of_gaussian_noise_is_linear():
    found = densities.log_ratio(densities.gaussian, lam, u, r)
    assert is_zero(found - (r**2 - 2 * r * u) / (2 * lam))


@pytest.mark.parametrize("k", ["1/5", "1", "7/2"])
def test_threshold_probability_and_dp_factor(k):
    probability = laplace_steps.threshold_probability(sp.Rational(k))
    assert float(probability.subs(lam, 3)) == pytest.approx(stats.laplace.cdf(float(sp.S(k))))
    assert not probability.has(lam)
    factor = laplace_steps.dp_factor().subs({r: sp.Rational(k), lam: sp.Rational(2, 3)})
    assert float(factor) == pytest.approx(math.exp(1.5 * float(sp.S(k))))


def test_the_ratio_is_bounded_for_laplace_alone(monkeypatch):
    laplace = densities.laplace

    def bounded():
        return chain("p", laplace_steps.ratio_is_bounded(), conclusion="|T| <= r")

    assert bounded().grade == "PROVED"
    for foreign in (densities.gaussian, lambda x, s: 2 * laplace(2 * x, s)):
        monkeypatch.setattr(densities, "laplace", foreign)
        assert bounded().grade == "UNDECIDED"
