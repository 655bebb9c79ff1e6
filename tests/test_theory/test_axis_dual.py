"""The dual bound on an axis against dp_accounting's divergences and SciPy's law."""

from fractions import Fraction

import numpy as np
import pytest
import sympy as sp
from dp_accounting.pld.privacy_loss_mechanism import LaplacePrivacyLoss
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from theory.enclosures.axis_dual import (
    against_tie,
    axis_bound,
    beyond_tie,
    largest_mean,
    likelihood_ratios,
    strictly_between,
)

LAW = stats.laplace()
k = sp.Symbol("k", positive=True)


@settings(max_examples=40, deadline=None)
@given(st.floats(0.01, 0.99), st.floats(0.05, 4), st.floats(0.2, 5))
def test_the_worst_mean_is_dp_accountings_trade_off(mean, norm, scale):
    # inf over eps of e^eps q + delta(eps) is the largest mean of a test after the move
    mechanism = LaplacePrivacyLoss(scale, sensitivity=norm * scale)
    epsilons = np.append(np.linspace(-norm, norm, 101), -2 * LAW.ppf(mean) - norm)
    epsilons = np.clip(epsilons, -norm, norm)
    bounds = [np.exp(e) * mean + mechanism.get_delta_for_epsilon(e) for e in epsilons]
    assert min(bounds) == pytest.approx(LAW.cdf(LAW.ppf(mean) + norm), rel=1e-6)


@pytest.mark.parametrize("place", ["before", "between", "beyond"])
@pytest.mark.parametrize("values", [(0.2, 0.7, 1.3), (1.4, 0.1, 0.4)])
def test_the_dual_is_attained_by_a_half_line(place, values):
    def value(expression):
        names = {"m": values[0], "n": values[1], "r": values[2]}
        return float(expression.subs({s: names[s.name] for s in expression.free_symbols}))

    bound, worst = map(value, largest_mean(place))
    norm = values[0] + values[1] if place == "between" else values[2]
    start = {"before": -values[0], "between": values[1], "beyond": norm + values[0]}[place]
    assert bound == pytest.approx(worst, rel=1e-12)
    assert worst == pytest.approx(LAW.sf(start - norm), rel=1e-12)


def test_an_unknown_place_is_an_error():
    with pytest.raises(ValueError, match="'after' is not one of"):
        largest_mean("after")


def test_the_likelihood_ratio_is_scipys():
    places = {"t": 0.6, "m": 0.3, "n": 0.8, "r": 1.7}
    found = []
    for ratio, _ in likelihood_ratios():
        found.append(float(ratio.subs({s: places[s.name] for s in ratio.free_symbols})))
    between = places["m"] + places["n"] + 2 * places["t"]
    moved = [(-0.6, 1.7), (1.4, between), (2.3, 1.7)]
    assert found == pytest.approx([LAW.pdf(x - move) / LAW.pdf(x) for x, move in moved])


def test_every_argument_of_the_bound_holds():
    for outcomes in (axis_bound(), strictly_between(), list(beyond_tie())):
        assert len(outcomes) >= 3
        assert all(outcome.status is True for outcome in outcomes)


def test_a_radius_is_at_its_tie_below_it_or_beyond_it():
    box = {k: (Fraction(1, 8), Fraction(4))}
    shift = sp.Rational(1, 10**6)
    exact = sp.log(sp.exp(k))
    for relation, sign in (("<=", 1), (">=", -1)):
        assert against_tie(exact, k, relation, box, "", "f").status is True
        # on the right side the box proves nothing beyond itself
        assert against_tie(exact - sign * shift, k, relation, box, "", "f").status is None
        refuted = against_tie(exact + sign * shift, k, relation, box, "", "f")
        assert refuted.status is False
        assert refuted.witness["classifier"] == "f"
        assert {"k", "classifier"} <= set(refuted.witness)
