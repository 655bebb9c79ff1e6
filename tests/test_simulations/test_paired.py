"""Sign tests on the same draws, and T against its levels."""

import numpy as np
import pytest

from simulations.experiment import Expects, judge
from simulations.paired import AT_LEVEL, log_ratio, side_of, sign_test
from theory.claim import Grade


def grade(first, second, expects, **extra):
    trial = sign_test("part", "name", first, second, 100_000, expects=expects, word=1e-8, **extra)
    (evidence,) = judge({"claim": [trial]}, alpha=1e-3)["claim"]
    return evidence.grade, evidence.finding


def test_equal_shares_pass_and_unequal_ones_are_refuted():
    assert grade(5050, 4950, Expects.INSIDE) == (Grade.CONSISTENT, True)
    assert grade(5500, 4500, Expects.INSIDE) == (Grade.REFUTED, False)


@pytest.mark.parametrize(("first", "second"), [(5500, 4500), (4500, 5500)])
def test_an_order_is_shown_or_refuted(first, second):
    ahead = Expects.ABOVE if first > second else Expects.BELOW
    behind = Expects.BELOW if first > second else Expects.ABOVE
    assert grade(first, second, ahead) == (Grade.CONSISTENT, True)
    assert grade(first, second, ahead, finding=False) == (Grade.CONSISTENT, False)
    assert grade(first, second, behind) == (Grade.REFUTED, False)


def test_no_draw_in_one_event_alone_says_nothing():
    assert grade(0, 0, Expects.INSIDE) == (Grade.UNDECIDED, None)


def test_the_bias_grows_as_the_discordant_draws_get_rare():
    rare, common = (sign_test("part", "name", n, n, 10**6, word=1e-9).bias for n in (10, 10_000))
    assert rare == pytest.approx(1000 * common)


def test_t_at_its_atoms_is_at_the_level():
    delta = np.array([0.1, 0.2, 0.0])
    points = np.array([[-0.7, -0.3, 5.0], [0.4, -0.3, -2.0], [0.9, 0.7, 0.0], [0.05, -1.0, 1.0]])
    values = log_ratio(points, delta)
    assert np.allclose(values, [0.3, 0.1, -0.3, 0.2])
    assert side_of(values, 0.3, 1.0).tolist() == [0, -1, -1, -1]
    assert side_of(values, 0.1, 1.0).tolist() == [1, 0, -1, 1]


def test_nearness_is_in_units_of_the_scale():
    gap = np.array([3 * AT_LEVEL])
    assert side_of(gap, 0.0, 1.0).tolist() == [1]
    assert side_of(gap, 0.0, 10.0).tolist() == [0]
