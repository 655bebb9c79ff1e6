"""The noise of a conjectured radius: named, a SymPy density, a scipy distribution, bad input."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from theory.conjectures.axis_noise import parse_noise
from theory.noise import Gaussian, Laplace, Uniform
from theory.symbols import x

LAM, SIGMA = sp.Symbol("lam", positive=True), sp.Symbol("sigma", positive=True)
PLAIN = sp.Symbol("x")
PAIRS = ((0.1, 0.1), (0.3, 0.02), (0.6, 0.25), (1e-9, 1e-9), (1e-300, 1e-300), (0.45, 0.45))
T3 = 2 / (sp.pi * sp.sqrt(3) * (1 + x**2 / 3) ** 2)


@pytest.mark.parametrize(
    ("noise", "name", "scale", "own"),
    [
        ("laplace", "laplace", None, "lam"),
        (" GAUSSIAN", "gaussian", None, "sigma"),
        (Uniform, "uniform", None, "half_width"),
        (Laplace(0.5), "laplace", Fraction(1, 2), "lam"),
        (Gaussian(3.0), "gaussian", Fraction(3), "sigma"),
        (Uniform(0.25), "uniform", Fraction(1, 4), "half_width"),
        (stats.laplace(scale=2.0), "laplace", Fraction(2), "lam"),
        (stats.norm(0, 0.5), "gaussian", Fraction(1, 2), "sigma"),
        (stats.uniform(-3.0, 6.0), "uniform", Fraction(3), "half_width"),
        (sp.exp(-sp.Abs(PLAIN)) / 2, "laplace", Fraction(1), "lam"),
        (sp.exp(-3 * sp.Abs(x)) * sp.Rational(3, 2), "laplace", Fraction(1, 3), "lam"),
        (sp.exp(-sp.Abs(x) / LAM) / (2 * LAM), "laplace", None, "lam"),
        (
            sp.exp(-(x**2) / (2 * SIGMA**2)) / (SIGMA * sp.sqrt(2 * sp.pi)),
            "gaussian",
            None,
            "sigma",
        ),
        (
            sp.exp(-sp.sqrt(2) * sp.Abs(x) / SIGMA) / (sp.sqrt(2) * SIGMA),
            "laplace",
            None,
            "lam",
        ),
        (stats.t(3), "density", Fraction(1), "lam"),
        (T3, "density", Fraction(1), "lam"),
        (T3.subs(x, x / LAM) / LAM, "density", None, "lam"),
    ],
)
def test_what_is_recognised(noise, name, scale, own):
    found = parse_noise(noise)
    assert (found.name, found.scale, found.own_word) == (name, scale, own)
    assert found.axis_is_worst == (name != "density")
    assert ("assumed" in found.axis_reason) == (name == "density")
    assert parse_noise(found) is found


@pytest.mark.parametrize("kind", [Laplace, Gaussian, Uniform])
def test_words_are_scales_of_one_variance(kind):
    words = parse_noise(kind).words
    laws = {"lam": Laplace, "sigma": Gaussian, "half_width": Uniform}
    for word, law in laws.items():
        assert law(float(words[word])).sigma == pytest.approx(kind(1.0).sigma, rel=1e-15)
    assert set(parse_noise(stats.cauchy()).words) == {"lam"}
    student = parse_noise(stats.t(3)).words
    assert float(student["sigma"]) == pytest.approx(np.sqrt(3.0), rel=1e-10)
    assert float(student["half_width"]) == pytest.approx(3.0, rel=1e-10)


# the same three laws, written so that they are not recognised: the level sets do the work
DISGUISED = {
    "laplace": (
        sp.Piecewise((sp.exp(-x) / 2, x >= 0), (sp.exp(x) / 2, True)),
        stats.gennorm(1.0),
    ),
    "gaussian": (
        sp.Piecewise((sp.exp(-(x**2) / 2) / sp.sqrt(2 * sp.pi), sp.Abs(x) < 10**6), (0, True)),
        stats.gennorm(2.0, scale=np.sqrt(2.0)),
    ),
    "uniform": (
        sp.Piecewise((sp.Rational(1, 2), sp.Abs(x) <= 1), (0, True)),
        stats.beta(1, 1, loc=-1, scale=2),
    ),
}


@pytest.mark.parametrize("name", DISGUISED)
def test_disguised_laws_agree_with_the_named(name):
    named = parse_noise(name)
    short, other = np.array(PAIRS[:4] + PAIRS[5:]).T
    for noise in DISGUISED[name]:
        found = parse_noise(noise)
        assert found.name == "density"
        assert found.radius(short, other) == pytest.approx(named.radius(short, other), rel=1e-9)
        assert found.survival([-0.7, 0.3, 0.9]) == pytest.approx(
            named.survival([-0.7, 0.3, 0.9]), rel=1e-12
        )
        for q in (1e-300, 0.2, 0.7):
            assert found.inverse_survival(q) == pytest.approx(named.inverse_survival(q), rel=1e-11)


@pytest.mark.parametrize("name", ["laplace", "gaussian", "uniform"])
def test_named_radii(name):
    noise = parse_noise(name)
    law = {"laplace": Laplace, "gaussian": Gaussian, "uniform": Uniform}[name](1.0)
    for short, other in PAIRS:
        wanted = 0.5 * (law.inverse_survival(short) + law.inverse_survival(other))
        assert float(noise.radius(short, other)) == pytest.approx(wanted, rel=1e-15)
        sets = noise.worst_sets(wanted, short, other)
        assert abs(sets.margin) < 1e-12
        # a shift of 1 % to either side shows in the margin
        assert noise.worst_sets(1.01 * wanted, short, other).margin < -1e-4
        assert noise.worst_sets(0.99 * wanted, short, other).margin > 1e-4
    assert noise.radius([0.5, 0.9, 1.0], [0.5, 0.2, 0.0]).tolist() == [0.0, 0.0, 0.0]
    edge = 1.0 if name == "uniform" else np.inf
    assert float(noise.radius(0.0, 0.0)) == edge
    assert noise.radius(np.full((2, 50_000), 0.1), 0.05).shape == (2, 50_000)


def test_sympy_and_scipy_agree_on_student():
    for short, other in PAIRS[:3]:
        exact, table = (float(parse_noise(one).radius(short, other)) for one in (T3, stats.t(3)))
        assert exact == pytest.approx(table, rel=1e-9)
    assert parse_noise(T3).log_concave is False
    assert parse_noise(sp.exp(-(x**4)) / (2 * sp.gamma(sp.Rational(5, 4)))).log_concave is True
    assert parse_noise(stats.logistic()).log_concave is None
    cusp = sp.exp(-sp.sqrt(sp.Abs(x))) / 4
    assert parse_noise(cusp).log_concave is False


def test_half_lines_and_level_sets_agree_where_both_are_right():
    quartic = parse_noise(sp.exp(-(x**4)) / (2 * sp.gamma(sp.Rational(5, 4))))
    table = parse_noise(stats.gennorm(4.0))
    assert quartic.log_concave and not table.log_concave
    short, other = np.array(PAIRS[:4]).T
    assert table.radius(short, other) == pytest.approx(quartic.radius(short, other), rel=1e-9)


BAD = {
    "integral": (sp.exp(-sp.Abs(x)), "integrates to 2, legal is 1"),
    "nearly": (sp.exp(-sp.Abs(x)) * (1 + sp.Rational(1, 10**8)) / 2, "integrates to 1.00000001"),
    "divergent": (1 / (1 + sp.Abs(x)), "integrates to"),
    "skew": (sp.exp(-((x - 1) ** 2)) / sp.sqrt(sp.pi), "not even.*at x = 1/7"),
    "negative": (
        sp.Rational(2, 5) * (2 - x**2) * sp.exp(-sp.Abs(x)),
        "nowhere negative",
    ),
    "bimodal": (x**2 * sp.exp(-sp.Abs(x)) / 4, "rises from"),
    "complex": (sp.exp(-sp.Abs(x)) * sp.sqrt(1 - x**2), "legal is a finite"),
    "infinite": (sp.exp(-sp.Abs(x)) / sp.sqrt(sp.Abs(x)), "at x = 0"),
    "symbol": (sp.exp(-sp.Abs(x)) * sp.Symbol("c"), "symbol c, legal are x"),
    "constant": (sp.Rational(1, 2) + SIGMA, "not a function of x"),
    "scales": (sp.exp(-sp.Abs(x) / LAM) / SIGMA, "has the scales lam, sigma"),
    "scaling": (sp.exp(-sp.Abs(x) / LAM) / 2, "not f\\(x/s\\)/s in s = lam"),
    "sigma": (T3.subs(x, x / SIGMA) / SIGMA, "its sigma .* is 1.73205"),
    "cauchy_sigma": (SIGMA / sp.pi / (SIGMA**2 + x**2), "is infinite"),
    "unknown": (sp.Function("f")(x), "unknown function f"),
    "word": ("cauchy", "noise = cauchy is none of laplace, gaussian, uniform"),
    "none": (None, "noise = None is none of"),
    "number": (3, "noise = 3 is none of"),
    "shifted": (stats.norm(1.0, 1.0), "not even"),
    "gamma": (stats.gamma(2.0), "not even"),
    "arcsine": (stats.arcsine(-1, 2), "is inf at x = 1,"),
    "discrete": (stats.poisson(3), "none of"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_noise_is_refused_in_one_line(case):
    noise, message = BAD[case]
    with pytest.raises(ValueError, match=message) as caught:
        parse_noise(noise)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("noise", ["laplace", stats.t(3)], ids=["named", "density"])
def test_bad_probabilities(noise):
    law = parse_noise(noise)
    for bad in (-0.1, 1.5, np.nan):
        with pytest.raises(ValueError, match=rf"short = {bad} is outside \[0, 1\]"):
            law.radius(bad, 0.1)
        with pytest.raises(ValueError, match=rf"other = {bad} is outside \[0, 1\]"):
            law.worst_sets(1.0, 0.1, bad)
    with pytest.raises(ValueError, match=r"r = -1.0 is outside \[0, inf\)"):
        law.worst_sets(-1.0, 0.1, 0.1)


def test_steps_are_plateaus_of_the_ratio():
    step = sp.Piecewise(
        (sp.Rational(3, 8), sp.Abs(x) < 1), (sp.Rational(1, 8), sp.Abs(x) < 2), (0, True)
    )
    noise = parse_noise(step)
    # for r in (1, 2) the set x > 2 is free, of mass 3 (r - 1) / 8 + 1/8 under Y; on (1, 2) then
    # the ratio is 3
    for r, q in ((1.2, 0.05), (1.5, 0.05)):
        sets = noise.worst_sets(r, q, q)
        free = (r + 1 - 2) * 3 / 8 + 1 / 8
        assert sets.not_top_masses[1] == pytest.approx(free + 3 * q, abs=1e-12)
    assert float(noise.radius(0.1, 0.1)) == pytest.approx(1.2, rel=1e-12)
