"""The Renyi certificate: its steps hold for the stated formulas and are refuted for others."""

import mpmath
import pytest
import sympy as sp
from scipy import integrate, stats

from theory.claim import Grade
from theory.claims.renyi_alternative import PRINTED
from theory.derivation import chain
from theory.searches.renyi_search import certified_radius
from theory.steps.renyi_orders import finite_order_wins, orders_to_infinity, two_classes_hold_back
from theory.steps.renyi_steps import (
    axis_is_worst,
    bound_from_masses,
    divergence_from_density,
    divergence_rises,
    order,
)
from theory.symbols import lam, r

SECOND, BOUND, DIVERGENCE, ORDER = (
    PRINTED[name] for name in ("second", "bound", "divergence", "order")
)
TINY = sp.Rational(1, 10**6)


def grade(steps):
    return chain("part", steps, conclusion="").grade


def test_the_steps_are_proved():
    assert grade(divergence_from_density(DIVERGENCE)) is Grade.PROVED
    assert grade(axis_is_worst()) is Grade.PROVED
    assert grade(divergence_rises()) is Grade.PROVED
    assert grade(bound_from_masses(BOUND)) is Grade.PROVED
    assert grade(orders_to_infinity(BOUND, DIVERGENCE)) is Grade.PROVED
    assert grade(finite_order_wins(SECOND, BOUND, DIVERGENCE, ORDER)) is Grade.PROVED
    assert grade(two_classes_hold_back(SECOND, BOUND)) is Grade.PROVED


def test_other_formulas_are_refuted():
    assert grade(divergence_from_density(DIVERGENCE + TINY)) is Grade.REFUTED
    assert grade(bound_from_masses(BOUND - TINY)) is Grade.REFUTED
    assert grade(two_classes_hold_back(SECOND + lam * TINY, BOUND)) is Grade.REFUTED


@pytest.mark.parametrize("alpha", [1.2, 2.0, 7.0])
@pytest.mark.parametrize("distance", [0.3, 2.0])
def test_the_divergence_is_the_integral_over_the_laplace_density(alpha, distance):
    before, after = stats.laplace(), stats.laplace(loc=distance)

    def ratio(t):
        return before.pdf(t) * (after.pdf(t) / before.pdf(t)) ** alpha

    total, _ = integrate.quad(ratio, -40, 40, points=[0, distance])
    stated = DIVERGENCE.subs({order: alpha, r: distance, lam: 1})
    assert float(stated) == pytest.approx(float(mpmath.log(total)) / (alpha - 1), abs=1e-9)


def test_the_certified_radius_is_where_the_divergence_meets_the_bound():
    radius = certified_radius(BOUND, DIVERGENCE, (2.0,))(0.6, 0.1, 3.0)
    assert radius == pytest.approx(3 * 0.803375, abs=1e-5)
    assert radius > -3 * float(sp.log(sp.Rational(1, 2)))
