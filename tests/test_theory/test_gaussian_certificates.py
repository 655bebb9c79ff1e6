"""The radii of Lecuyer et al. and Li et al. for Gaussian noise against mpmath's optimum."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate
from scipy.stats import norm

from theory import gaussian_certificates
from theory.certificates import cohen
from theory.exact import Surd
from theory.gaussian_certificates import lecuyer_gaussian, li

TOPS = [0.5 + 2.0**-40, 0.5001, 0.507, 0.51, 0.6, 0.8, 0.87, 0.9, 0.91, 0.99, 1 - 2.0**-30]


def privacy(p: mpmath.mpf, epsilon: mpmath.mpf) -> mpmath.mpf:
    """Lecuyer et al.'s radius at one epsilon, by the delta that their condition leaves."""
    delta = (p - mpmath.exp(2 * epsilon) * (1 - p)) / (1 + mpmath.exp(epsilon))
    if delta <= 0:
        return mpmath.mpf(0)
    return epsilon / mpmath.sqrt(2 * mpmath.log(mpmath.mpf(5) / 4 / delta))


def renyi(p: mpmath.mpf, order: mpmath.mpf) -> mpmath.mpf:
    """Li et al.'s radius at one order, as printed."""
    mean = ((p ** (1 - order) + (1 - p) ** (1 - order)) / 2) ** (1 / (1 - order))
    bound = -mpmath.log(1 - p - (1 - p) + 2 * mean)
    return mpmath.sqrt(2 * bound / order)


def largest(curve, low: mpmath.mpf, high: mpmath.mpf) -> mpmath.mpf:
    """The maximum over a grid, refined around its best node by ternary search."""
    count = 100
    nodes = [low + (high - low) * k / count for k in range(1, count + 1)]
    best = max(range(count), key=lambda k: curve(nodes[k]))
    left, right = nodes[best - 1] if best else low, nodes[min(best + 1, count - 1)]
    for _ in range(60):
        one, two = (2 * left + right) / 3, (left + 2 * right) / 3
        left, right = (one, right) if curve(one) < curve(two) else (left, two)
    return max(curve(left), curve(nodes[best]))


def supremum(name: str, top: float | Fraction) -> mpmath.mpf:
    p = mpmath.mpf(Fraction(top).numerator) / Fraction(top).denominator
    if name == "li":
        return largest(lambda order: renyi(p, order), mpmath.mpf("1.01"), mpmath.mpf(2))
    end = min(mpmath.mpf(1), mpmath.log(p / (1 - p)) / 2)
    return largest(lambda epsilon: privacy(p, epsilon), end / 10**6, end)


METHODS = {"lecuyer": lecuyer_gaussian, "li": li}


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("top", TOPS)
def test_it_is_just_below_the_supremum(name, top):
    with mpmath.workdps(50):
        found, wanted = METHODS[name](top, sigma=3), 3 * supremum(name, top)
        assert found <= wanted * (1 + mpmath.mpf(10) ** -30)
        assert found >= wanted * (1 - mpmath.mpf(10) ** -13)


def mutated(monkeypatch, name: str) -> None:
    """A constant changed by a hundredth, in the formula that Arb evaluates."""
    true = {"lecuyer": "_privacy_radius", "li": "_renyi_radius"}[name]
    formula = getattr(gaussian_certificates, true)
    monkeypatch.setattr(gaussian_certificates, true, lambda *at: formula(*at) * 101 / 100)


@pytest.mark.parametrize("name", METHODS)
def test_a_larger_formula_is_refuted(monkeypatch, name):
    mutated(monkeypatch, name)
    with mpmath.workdps(50):
        assert METHODS[name](0.9, sigma=3) > 3 * supremum(name, 0.9)


@pytest.mark.parametrize("name", METHODS)
def test_a_worse_parameter_is_noticed_and_sound(monkeypatch, name):
    true = {"lecuyer": "_privacy_parameters", "li": "_orders"}[name]
    search = getattr(gaussian_certificates, true)
    monkeypatch.setattr(gaussian_certificates, true, lambda *at: search(*at) * 0.9)
    with mpmath.workdps(50):
        wanted = 3 * supremum(name, 0.8)
        assert METHODS[name](0.8, sigma=3) < wanted * (1 - mpmath.mpf(10) ** -6)


@pytest.mark.parametrize("top", [0.55, 0.8, 0.95, 0.999, 1.0])
@pytest.mark.parametrize("sigma", [0.25, 2.0])
def test_lecuyers_radius_follows_from_the_exact_privacy_of_the_gaussian(top, sigma):
    """At some epsilon the noise moved by R has at most the delta that keeps the top class."""
    radius = lecuyer_gaussian(top, sigma=sigma)
    units = radius / sigma
    epsilon = np.linspace(1e-3, 1, 4000)
    spent = norm.cdf(units / 2 - epsilon / units) - np.exp(epsilon) * norm.cdf(
        -units / 2 - epsilon / units
    )
    allowed = (top - np.exp(2 * epsilon) * (1 - top)) / (1 + np.exp(epsilon))
    assert (spent < allowed).any()
    # The condition bounds the shifted top class from below by more than the other one's bound.
    at = (allowed - spent).argmax()
    kept = np.exp(-epsilon[at]) * (top - allowed[at])
    other = np.exp(epsilon[at]) * (1 - top) + allowed[at]
    assert kept == pytest.approx(other, rel=1e-12)


def test_the_gaussian_mechanism_is_private_with_the_constant():
    """delta = 1.25 exp(-c^2/2) covers the exact one for epsilon <= 1, and not far beyond."""
    epsilon = np.linspace(1e-4, 1, 300)[:, None]
    c = np.sqrt(2 * np.log(1.25 / np.logspace(-12, -1e-9, 400)))

    def uncovered(epsilon: np.ndarray, constant: float) -> np.ndarray:
        units = epsilon / c
        exact = norm.cdf(units / 2 - epsilon / units) - np.exp(epsilon) * norm.cdf(
            -units / 2 - epsilon / units
        )
        return exact > constant * np.exp(-(c**2) / 2)

    assert not uncovered(epsilon, 1.25).any()
    assert uncovered(epsilon, 0.05).any()  # a constant that is too small
    assert uncovered(10 * epsilon, 1.25).any()  # an epsilon that is too large


@pytest.mark.parametrize("order", [1.3, 2.0, 4.0])
@pytest.mark.parametrize("top", [0.6, 0.95])
def test_lis_radius_is_where_the_divergence_of_the_noise_reaches_that_of_a_tie(order, top):
    sigma = 0.7
    radius = sigma * float(renyi(mpmath.mpf(top), mpmath.mpf(order)))

    def integrand(x: float) -> float:
        moved, still = norm.pdf(x, radius, sigma), norm.pdf(x, 0, sigma)
        return moved**order * still ** (1 - order)

    center = order * radius  # the integrand is a Gaussian around it
    noise, _ = integrate.quad(integrand, center - 9 * sigma, center + 9 * sigma)
    tie = 0.5**order * (top ** (1 - order) + (1 - top) ** (1 - order))
    assert noise == pytest.approx(tie, rel=1e-8)
    # A top probability below one half is further away still.
    less = 0.45**order * top ** (1 - order) + 0.55**order * (1 - top) ** (1 - order)
    assert less > tie
    assert li(top, sigma=sigma) >= radius * (1 - 1e-9)


@settings(max_examples=40, deadline=None)
@given(
    st.one_of(
        st.fractions("1/2", 1, max_denominator=10**12),
        st.integers(2, 250).map(lambda k: Fraction(1, 2) + Fraction(1, 10**k)),
        st.integers(1, 250).map(lambda k: 1 - Fraction(1, 10**k)),
    ),
    st.sampled_from([Fraction(1, 3), Surd(Fraction(2), 3), "0.5"]),
)
def test_neither_exceeds_the_exact_radius(top, sigma):
    best = cohen(top, sigma=sigma)
    for method in METHODS.values():
        assert 0 <= method(top, sigma=sigma) <= best
        assert method(top, sigma=sigma) < best or top in (Fraction(1, 2), 1)
    assert (lecuyer_gaussian(top, sigma=sigma) > 0) == (top > Fraction(1, 2))


def test_arrays_are_the_single_numbers_and_rise():
    tops = np.concatenate([[0.2, 0.5, 1.0], np.linspace(0.501, 0.9999, 12)]).reshape(3, 5)
    for method in METHODS.values():
        found = method(tops, sigma=np.array([0.5, 1, 2, 3, 4.0]))
        assert found.shape == (3, 5)
        for row, column in np.ndindex(3, 5):
            one = method(float(tops[row, column]), sigma=[0.5, 1, 2, 3, 4][column])
            assert isinstance(one, float)
            assert found[row, column] == pytest.approx(one, rel=1e-14, nan_ok=True)
        many = method(np.linspace(0.5, 1, 300), sigma=0.5)
        assert (np.diff(many) > 0).all()
        assert method([], sigma=1).shape == (0,)


@pytest.mark.parametrize("digits", [280, 290, 300, 307, 315, 322, 323, 324, 330, 1000])
def test_a_top_class_that_floats_take_for_a_tie(digits):
    top = Fraction(1, 2) + Fraction(1, 10**digits)
    assert 0 <= lecuyer_gaussian(top, sigma=1) <= li(top, sigma=1) <= cohen(top, sigma=1)
    assert li(top, sigma=10**digits) == pytest.approx(2, rel=1e-12)


def test_the_ends():
    for method in METHODS.values():
        assert math.isnan(method("0.4999999999", sigma=2))
        assert method("0.5", sigma=2) == 0.0
    assert li(1, sigma=2) == math.inf
    # epsilon = 1 and delta = 1/(1 + e): even certainty has a finite radius
    wanted = 2 / math.sqrt(2 * math.log(1.25 * (1 + math.e)))
    assert lecuyer_gaussian(1, sigma=2) == pytest.approx(wanted, rel=1e-14)
    with mpmath.workdps(400):
        top = 1 - Fraction(1, 10**300)
        order = mpmath.mpf("1.04")
        p = 1 - mpmath.mpf(10) ** -300
        assert li(top, sigma=1) >= 0.999999 * renyi(p, order)
        beyond = li(1 - Fraction(1, 10**400), sigma=1)
        assert li(top, sigma=1) < beyond < cohen(1 - Fraction(1, 10**400), sigma=1)


@pytest.mark.parametrize("method", METHODS.values())
def test_outside_the_domain(method):
    for top, sigma, message in (
        ("1.5", 1, r"p_a = 1\.5 is outside \[0, 1\]"),
        (math.nan, 1, r"p_a = nan is outside \[0, 1\]"),
        ([0.7, 2], 1, r"p_a = 2\.0 is outside \[0, 1\]"),
        ("0.7", 0, r"sigma = 0 is outside \(0, inf\)"),
    ):
        with pytest.raises(ValueError, match=f"^{message}$"):
            method(top, sigma=sigma)
