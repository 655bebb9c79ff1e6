"""Densities that SymPy would work at for ever, that are hardly even, or that overflow far out."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from scipy import optimize, stats

from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.density_text import parse_density

X = sp.Symbol("x")
A = sp.Abs(X)

COSTLY = {
    "a power of a power": (9 ** (9 ** (63 * X)), "the exponent 9\\*\\*\\(63\\*x\\) varies"),
    "a power": (2**-A * sp.log(2) / 2, "the exponent -Abs\\(x\\) varies"),
    "x to the x": (A**A, "the exponent Abs\\(x\\) varies"),
    "a degree": (sp.exp(-(A ** (10**7))), "is of a degree above 1000"),
    "exp of exp": (sp.exp(-sp.exp(sp.exp(A))), "grows too fast"),
    "cos of exp": (sp.cos(sp.exp(A)), "grows too fast"),
    "a factorial": (1 / sp.gamma(A + 1), "the function gamma, legal are"),
    "no number": (sp.erfcinv(sp.exp(-(X**64) + X)), "has no real value at x = 1/7"),
    "complex": (sp.exp(sp.I * A), "the density of the noise is 1[+]9"),
}


@pytest.mark.parametrize("name", COSTLY)
def test_what_sympy_would_multiply_out_is_refused_in_a_line(name):
    density, text = COSTLY[name]
    with pytest.raises(ValueError, match=text) as error:
        parse_noise(density)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 200


def test_a_uniform_density_in_its_half_width_is_read():
    noise = parse_noise(parse_density("where(abs(x) <= half_width, 1/(2*half_width), 0)"))
    assert float(noise.radius(0.1, 0.05)) == pytest.approx(0.85, rel=1e-12)
    assert noise.scale is None
    assert noise.own_word == "lam"
    wrong = "where(abs(x) <= 2*half_width, 1/(3*half_width), 0)"
    with pytest.raises(ValueError, match=r"integrates to 1\.33333"):
        parse_noise(parse_density(wrong))
    with pytest.raises(ValueError, match="noise is not f"):
        parse_noise(parse_density("where(abs(x) <= half_width, 1/(2*half_width**2), 0)"))


def test_a_density_that_is_uneven_far_out_is_refused():
    uneven = sp.Piecewise((sp.exp(-A) / 2, X > -6), (sp.exp(-A / 2) / 2, True))
    with pytest.raises(ValueError, match="noise is not even"):
        parse_noise(uneven)


def test_a_density_that_is_not_seen_to_be_even_is_taken_at_abs_x():
    # it differs at no point that is tried: the answer is about the density that is shown
    hidden = sp.Piecewise((sp.exp(-A) / 2, sp.Abs(X + 2) > sp.Rational(1, 99)), (7, True))
    noise = parse_noise(hidden)
    assert hidden.subs(X, -2) == 7
    assert noise.density.subs(next(iter(noise.density.free_symbols)), -2) == sp.exp(-2) / 2
    logistic = parse_noise(sp.exp(-X) / (1 + sp.exp(-X)) ** 2)
    assert "Abs(x)" in logistic.text
    assert float(logistic.inverse_survival(0.1)) == pytest.approx(np.log(9), rel=1e-12)


def test_a_polynomial_that_overflows_far_out_is_no_roughness():
    noise = parse_noise(sp.exp(-A) * (2 + 2 * A + X**2) / 12)
    t = float(noise.inverse_survival(0.01))
    assert np.exp(-t) * (t * t + 4 * t + 6) / 12 == pytest.approx(0.01, rel=1e-12)


@pytest.mark.parametrize(
    ("distribution", "text"),
    [
        (stats.norm(0, -1), "density of the noise is nan"),
        (stats.norm(0, 0), "density of the noise is nan"),
        (stats.uniform(1, -2), "density of the noise is nan"),
        (stats.norm([0, 0], 1), r"an array of distributions of shape \(2,\)"),
        (stats.t([3, 4]), r"an array of distributions of shape \(2,\)"),
        (stats.t, "noise = t has the shapes df"),
    ],
)
def test_scipy_distributions_that_are_none_are_refused(distribution, text):
    with pytest.raises(ValueError, match=text):
        parse_noise(distribution)


def test_a_distribution_of_scipy_without_numbers_is_the_standard_one():
    assert parse_noise(stats.norm).name == "gaussian"
    assert parse_noise(stats.norm).scale == 1
    assert parse_noise(stats.cauchy).text == "scipy cauchy()"


# -- the axis radius by another path: sorted cells of a grid in the probability -----------------

INDEPENDENT = {
    "cauchy": (stats.cauchy(), stats.cauchy()),
    "t": (1 / (1 + X**2 / 3) ** 2 * 2 / (sp.sqrt(3) * sp.pi), stats.t(3)),
    "stretched": (sp.exp(-sp.sqrt(A)) / 4, stats.gennorm(0.5)),
    "normal": (stats.truncnorm(-40, 40), stats.norm()),
}


def sorted_cells(law, r: float, q: float) -> float:
    """h_r(q) by cells of probability 1e-4 at most, of X or of Y, in the order of their ratio."""
    levels = np.concatenate([np.geomspace(1e-10, 1e-4, 400), np.linspace(1e-4, 0.5, 10_001)])
    right = law.isf(levels)
    ends = np.unique(np.concatenate([-right, right, r - right, r + right]))
    still, moved = (np.diff(law.cdf(one)) for one in (ends, ends - r))
    middle = 0.5 * (ends[1:] + ends[:-1])
    with np.errstate(all="ignore"):
        ratio = law.pdf(middle - r) / law.pdf(middle)
    order = np.argsort(-np.where(np.isnan(ratio), 0.0, ratio))
    first, second = (np.append(0.0, np.cumsum(one[order])) for one in (still, moved))
    return float(np.interp(q, first, second))


@pytest.mark.parametrize("name", INDEPENDENT)
@pytest.mark.parametrize(("short", "other"), [(0.1, 0.1), (0.3, 0.05), (0.45, 0.45)])
def test_the_axis_radius_is_that_of_sorted_cells(name, short, other):
    given, law = INDEPENDENT[name]

    def margin(r: float) -> float:
        return 1.0 - sorted_cells(law, r, short) - sorted_cells(law, r, other)

    exact = float(parse_noise(given).radius(short, other))
    assert margin(0.9 * exact) > 0.0 > margin(1.1 * exact)
    found = optimize.brentq(margin, 0.9 * exact, 1.1 * exact, xtol=1e-10)
    assert found == pytest.approx(exact, rel=1e-5)
