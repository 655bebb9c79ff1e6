"""The density ratio: derived from the density, and enclosed from the c.d.f."""

import numpy as np
import pytest
import sympy as sp
from scipy import stats

from theory import densities
from theory.enclosures.ratio_pieces import OTHERS, density_at, ratio_identities
from theory.steps.ratio_steps import RATIO, TERM, pieces, ratio_is_exp_t
from theory.symbols import lam


def test_every_step_holds():
    assert all(step.check().status for step in ratio_is_exp_t())


@pytest.mark.parametrize(
    "ratio",
    [
        sp.exp(OTHERS / lam),
        sp.exp(-OTHERS / (2 * lam)),
        sp.exp(-OTHERS / lam) + sp.Rational(1, 10**6),
    ],
)
def test_another_ratio_is_refuted_by_both(ratio):
    stated = sp.Lambda((OTHERS, lam), ratio)
    assert any(step.check().status is False for step in ratio_is_exp_t(TERM, stated, states=True))
    pairs = ratio_identities(TERM, stated)
    assert any(sp.simplify(left - right) != 0 for left, right in pairs)


def test_a_foreign_density_breaks_the_steps(monkeypatch):
    monkeypatch.setattr(densities, "laplace", densities.gaussian)
    assert not all(step.check().status for step in ratio_is_exp_t())


def test_the_pieces_cover_the_line():
    # a, m and n that put (x, delta) on a piece, where they are not negative
    def on(x, delta, number):
        toward = 1 if number < 3 else -1
        x, delta = toward * x, toward * delta
        return [
            {"m": -x, "a": delta},
            {"m": x, "n": delta - x},
            {"m": x - delta, "a": delta},
        ][number % 3]

    listed = list(pieces())
    rng = np.random.Generator(np.random.Philox(1))
    for x, delta in [(0, 0), (0, 1), (1, 1), (-1, 0), *rng.integers(-9, 10, (60, 2))]:
        covered = False
        for number, (at, shift, _) in enumerate(listed):
            solved = on(int(x), int(delta), number)
            if min(solved.values()) >= 0:
                values = {s: solved[s.name] for s in at.free_symbols | shift.free_symbols}
                assert (at.subs(values), shift.subs(values)) == (x, delta)
                covered = True
        assert covered, (x, delta)


@pytest.mark.parametrize("place", [-3, sp.Rational(-1, 2), sp.Rational(1, 3), 4])
def test_the_slope_of_the_cdf_is_the_density(place):
    assert float(density_at(sp.sympify(place))) == pytest.approx(stats.laplace.pdf(float(place)))


def test_an_unknown_sign_is_an_error():
    with pytest.raises(ValueError, match="the sign of x is not known"):
        density_at(sp.Symbol("x", real=True))


def test_the_ratio_is_scipys():
    rng = np.random.Generator(np.random.Philox(2))
    for x, delta, scale in zip(*rng.uniform(0.1, 3, (3, 20)), strict=True):
        expected = stats.laplace.pdf(x - delta, scale=scale) / stats.laplace.pdf(x, scale=scale)
        assert float(RATIO(TERM(x, delta), scale)) == pytest.approx(expected)
