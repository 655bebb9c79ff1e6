"""The steps to the Lipschitz bound: settled from the Laplace density, and from no other."""

import pytest
import sympy as sp
from scipy import stats

from theory import densities
from theory.claim import Grade
from theory.derivation import chain
from theory.steps import lipschitz_steps
from theory.steps.lipschitz_steps import INNER_LEVEL, LEVEL, REGIONS, half_line_quantile, region
from theory.symbols import excess, lam, p_a, p_b

LAW = stats.laplace()


def grade(steps):
    return chain("part", steps, conclusion="it holds").grade


@pytest.fixture
def gaussian(monkeypatch):
    monkeypatch.setattr(densities, "laplace", densities.gaussian)


def steps_of(name):
    one = region(name)
    yield lipschitz_steps.has_quantiles(one)
    yield from lipschitz_steps.half_lines(one)
    yield lipschitz_steps.keeps_ahead(one)


def test_the_bound_is_proved():
    assert grade(lipschitz_steps.moves_at_most()) is Grade.PROVED


def test_the_bound_needs_the_laplace_density(gaussian):
    assert grade(lipschitz_steps.moves_at_most()) is not Grade.PROVED


@pytest.mark.parametrize("name", REGIONS)
def test_every_region_is_proved(name):
    assert grade(steps_of(name)) is Grade.PROVED


@pytest.mark.parametrize("name", REGIONS)
def test_every_region_needs_the_laplace_density(name, gaussian):
    assert grade(steps_of(name)) is not Grade.PROVED


@pytest.mark.parametrize("name", REGIONS)
@pytest.mark.parametrize("interior", [False, True])
@pytest.mark.parametrize(("level", "further"), [(0.3, 0.7), (4.0, 0.05), (0.01, 9.0)])
def test_the_masses_and_the_tie_are_scipys(name, interior, level, further):
    one = region(name, interior=interior)
    place = {LEVEL: level, INNER_LEVEL: level, excess: further, lam: 1.5}
    top, bound, capped = (float(e.subs(place)) for e in (one.p_a, one.p_b, one.capped))
    assert capped == pytest.approx(min(bound, 1 - top))
    assert top >= bound
    assert (top <= 0.5) == (name == "low")
    assert (bound > 1 - top) == (name == "beyond")
    tie = 1.5 * (LAW.ppf(top) - LAW.ppf(capped)) / 2
    assert float(one.tie.subs(place)) == pytest.approx(tie)
    assert float(one.shrunk.subs(place)) == pytest.approx(float(sp.exp(-2 * tie / 1.5)))


def test_shrink_puts_a_radius_into_the_region():
    one = region("across")
    found = one.shrink(lam / 2 * sp.log(p_a / p_b))
    assert sp.simplify(found - one.p_b / one.p_a) == 0


def test_an_unknown_region_is_an_error():
    with pytest.raises(ValueError, match="'high' is not one of"):
        region("high")


def test_the_quantile_of_a_half_line_is_its_end():
    n = sp.Symbol("n", nonnegative=True)
    assert half_line_quantile(n) == n
    assert half_line_quantile(-n) == -n
