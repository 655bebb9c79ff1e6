"""Equalities looked at with 60 digits."""

import numpy as np
import sympy as sp

from theory.claim import Grade
from theory.searches.equality_search import search_equal

x = sp.Symbol("x", positive=True)
POINTS = {x: np.array([0.5, 0.75, 3.0])}


def test_an_identity_is_consistent():
    found = search_equal(sp.log(x**3) - 3 * sp.log(x), POINTS, part="body", scope="x > 0")
    assert (found.grade, found.finding) == (Grade.CONSISTENT, True)
    assert found.scope == "3 points; x > 0"


def test_a_difference_that_doubles_cannot_see_is_refuted():
    tiny = sp.Rational(1, 10**40)
    found = search_equal(sp.log(x) - sp.log(x) + tiny * x, POINTS, part="body", scope="")
    assert (found.grade, found.finding, found.witness) == (Grade.REFUTED, False, {"x": "1/2"})


def test_a_pole_is_not_an_equality():
    found = search_equal(sp.log(x - 1), {x: np.array([1.0])}, part="body", scope="")
    assert found.finding is False
