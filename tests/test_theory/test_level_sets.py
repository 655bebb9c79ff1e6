"""Level sets along an axis, against linear programs, closed forms and half-lines."""

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.optimize import brentq

from theory.conjectures.axis_law import AxisLaw, half_lines
from theory.conjectures.axis_radius import level_radius
from theory.conjectures.density_tables import TailTable
from theory.conjectures.level_sets import level_sets, most_mass, rough_mass
from theory.searches.worst_labels import TOLERANCE, least_mass


class _Mixture:
    """Half Laplace, half Gaussian of three times its scale: kinked, and not log-concave."""

    def pdf(self, x):
        return 0.5 * (stats.laplace.pdf(x) + stats.norm.pdf(x, scale=3.0))

    def cdf(self, x):
        return 0.5 * (stats.laplace.cdf(x) + stats.norm.cdf(x, scale=3.0))

    def sf(self, x):
        return 0.5 * (stats.laplace.sf(x) + stats.norm.sf(x, scale=3.0))

    def logpdf(self, x):
        return np.logaddexp(stats.laplace.logpdf(x), stats.norm.logpdf(x, scale=3.0)) - np.log(2.0)

    def ppf(self, q):
        levels = np.linspace(-60.0, 60.0, 24_001)
        return np.interp(q, self.cdf(levels), levels)

    def support(self):
        return (-np.inf, np.inf)


LAWS = {
    "t": stats.t(3),
    "cauchy": stats.cauchy(),
    "mixture": _Mixture(),
    "logistic": stats.logistic(),
    "cusp": stats.gennorm(0.5),
}
SHIFTS = (0.05, 0.7, 5.0)
MASSES = (0.01, 0.2, 0.45, 0.6, 0.95)


def law_of(distribution):
    end = float(np.max(distribution.support()))
    table = TailTable.of(distribution.logpdf, end)
    return AxisLaw(distribution.logpdf, table.survival, table.inverse_survival, end)


@pytest.fixture(scope="module")
def laws():
    return {name: law_of(distribution) for name, distribution in LAWS.items()}


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("r", SHIFTS)
def test_mass_is_the_optimum_of_a_linear_program(laws, name, r):
    law, places = laws[name], []
    for q in MASSES:
        sets = level_sets(law, r, q, 0.5 * q)
        places.append([end for pair in sets.not_top for end in pair if np.isfinite(end)])
    marks = (*np.concatenate(places).tolist(), *np.linspace(-2.0, r + 6.0, 40).tolist())
    for q in MASSES:
        found = 1.0 - least_mass(LAWS[name], 1.0 - q, (r,), marks)
        assert most_mass(law, r, q) == pytest.approx(found, abs=2.0 * TOLERANCE)


@pytest.mark.parametrize("name", LAWS)
def test_concave_and_at_least_q(laws, name):
    q = np.concatenate([[0.0], np.geomspace(1e-6, 0.1, 6), np.linspace(0.15, 0.95, 9), [1.0]])
    for r in (0.3, 3.0):
        h = np.array([most_mass(laws[name], r, one) for one in q.tolist()])
        assert (h >= q).all() and (np.diff(h) >= 0.0).all()
        slopes = np.diff(h) / np.diff(q)
        assert (np.diff(slopes) <= 1e-9 * slopes[:-1]).all()
        # a point 1e-4 below the chord of its neighbours is seen as a dent
        dented = h.copy()
        dented[8] = 0.5 * (h[7] + h[9]) - 1e-4
        assert (np.diff(np.diff(dented) / np.diff(q)) > 1e-6).any()


@pytest.mark.parametrize("name", LAWS)
def test_masses_of_the_sets_by_quadrature(laws, name):
    for r, short, other in ((0.4, 0.3, 0.1), (3.0, 0.55, 0.2), (1.5, 0.2, 0.2)):
        sets = level_sets(laws[name], r, short, other)
        for pieces, masses in (
            (sets.not_top, sets.not_top_masses),
            (sets.second, sets.second_masses),
        ):
            for shift, mass in zip((0.0, r), masses, strict=True):
                sf = LAWS[name].sf
                assert sum(sf(a - shift) - sf(b - shift) for a, b in pieces) == pytest.approx(
                    mass, abs=1e-11
                )
        for a, b in sets.second:
            assert any(low <= a and b <= high for low, high in sets.not_top)
        margin = 1.0 - sets.not_top_masses[1] - sets.second_masses[1]
        assert sets.margin == pytest.approx(margin, abs=1e-15)


def cauchy_mass(r, q):
    """h_r(q) of Cauchy noise: the level sets are the intervals between the roots of a quadratic."""

    def ends(t):
        root = np.sqrt(t * t * r * r - (t - 1.0) * (t * (1.0 + r * r) - 1.0))
        return np.sort([(t * r - root) / (t - 1.0), (t * r + root) / (t - 1.0)])

    def mass(t, shift):
        a, b = np.arctan(ends(t) - shift) / np.pi
        return b - a

    top = 0.5 * (2.0 + r * r + r * np.sqrt(r * r + 4.0))
    t = brentq(lambda t: mass(t, 0.0) - q, 1.0 + 1e-9, top * (1 - 1e-12), xtol=1e-15, rtol=1e-15)
    return mass(t, r)


def test_cauchy_against_its_closed_form(laws):
    for r in (0.3, 1.0, 4.0):
        for q in (0.01, 0.1, 0.14):
            assert most_mass(laws["cauchy"], r, q) == pytest.approx(cauchy_mass(r, q), abs=1e-12)
    for q in (0.02, 0.1, 0.2):
        top = 1.999 * stats.cauchy.isf(q)  # the threshold is above 1 up to there
        exact = brentq(lambda r, q=q: cauchy_mass(r, q) - 0.5, 0.5, top, xtol=1e-14)
        assert level_radius(laws["cauchy"], q, q) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    ("distribution", "end"),
    [(stats.gennorm(1.0), np.inf), (stats.gennorm(2.0), np.inf), (stats.uniform(-1, 2), 1.0)],
    ids=["plateaus", "line", "bounded"],
)
def test_log_concave_laws_give_half_lines(distribution, end):
    law = law_of(distribution)
    for short, other in ((0.1, 0.1), (0.3, 0.02), (0.6, 0.2), (1e-8, 1e-8)):
        wanted = 0.5 * (distribution.isf(short) + distribution.isf(other))
        assert level_radius(law, short, other) == pytest.approx(wanted, rel=1e-9)
        sets, lines = (make(law, 0.7, short, other) for make in (level_sets, half_lines))
        assert sets.margin == pytest.approx(lines.margin, abs=1e-12)


@pytest.mark.parametrize("name", ["t", "cauchy", "mixture", "cusp"])
def test_half_lines_would_be_too_large(laws, name):
    law, short = laws[name], 0.05
    radius = level_radius(law, short, short)
    wrong = 0.5 * float(law.inverse_survival(np.array([short, short])).sum())
    assert radius < wrong * (1.0 - 1e-3)
    # at a radius between the two, the half-line says it is certified, and the level set refutes it
    middle = 0.5 * (radius + wrong)
    assert half_lines(law, middle, short, short).margin > 1e-4
    assert level_sets(law, middle, short, short).margin < -1e-4


@pytest.mark.parametrize("name", LAWS)
def test_margin_changes_its_sign_at_the_radius(laws, name):
    for short, other in ((0.2, 0.2), (0.3, 0.05), (0.6, 0.3)):
        radius = level_radius(laws[name], short, other)
        below, above = (
            level_sets(laws[name], radius * factor, short, other).margin
            for factor in (1.0 - 1e-6, 1.0 + 1e-6)
        )
        assert below > 0.0 > above
        assert level_radius(laws[name], other, short) == pytest.approx(radius, rel=1e-10)


def test_scaling():
    unit, wide = law_of(stats.t(3)), law_of(stats.t(3, scale=40.0))
    for short, other in ((0.2, 0.2), (0.4, 0.01)):
        assert level_radius(wide, short, other) == pytest.approx(
            40.0 * level_radius(unit, short, other), rel=1e-10
        )


def test_extreme_tails(laws):
    # at 1e-300 the best set is where the moved density has its peak: its width 2c has mass 1/2 for
    # c = 1, and 2 / (pi r^2) = 1e-300
    assert level_radius(laws["cauchy"], 1e-300, 1e-300) == pytest.approx(
        np.sqrt(2e300 / np.pi), rel=1e-6
    )
    logistic = level_radius(laws["logistic"], 1e-300, 1e-300)
    assert logistic == pytest.approx(300.0 * np.log(10.0), rel=1e-9)
    assert level_radius(laws["t"], 0.0, 0.1) == np.inf
    assert level_radius(law_of(stats.uniform(-1, 2)), 0.0, 0.25) == pytest.approx(0.75, rel=1e-12)
    assert level_radius(laws["t"], 0.5, 0.5) == 0.0


def test_rough_masses_are_rough_lower_bounds(laws):
    for law in laws.values():
        for r in (0.3, 4.0):
            for q in (0.02, 0.4, 0.8):
                full = most_mass(law, r, q)
                assert full - 0.01 < rough_mass(law, r, q) <= full + 1e-9


@pytest.mark.parametrize("name", LAWS)
def test_tables(name):
    distribution = LAWS[name]
    table = TailTable.of(distribution.logpdf, np.inf)
    assert table.total == pytest.approx(1.0, abs=1e-12)
    x = np.array([-3.0, -0.1, 0.0, 0.5, 4.0, 20.0])
    assert table.survival(x) == pytest.approx(distribution.sf(x), rel=1e-10)
    q = np.array([1e-300, 1e-40, 0.1, 0.5, 0.8])
    assert table.survival(table.inverse_survival(q)) == pytest.approx(q, rel=1e-10)
    if name not in ("cauchy", "t"):
        moment = 2.0 * integrate.quad(lambda t: t * t * distribution.pdf(t), 0.0, 2e3, limit=500)[0]
        assert table.second_moment() == pytest.approx(moment, rel=1e-7)
    assert (table.second_moment() == np.inf) == (name == "cauchy")


def test_a_rough_density_is_refused():
    with pytest.raises(ValueError, match="not piecewise smooth"):
        TailTable.of(lambda x: -x + 1e-3 * np.sin(1e9 * x), np.inf)
