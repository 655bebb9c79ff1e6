"""The worst classifier on both sides of a binary radius."""

import math

import pytest

from theory.searches.sides_search import Side, search_sides, sides


def radius(p_a, p_b, scale):
    return -scale * math.log(2 * (1 - p_a))


def beyond(step, scale):
    return math.exp(-step / scale) / 2


def found(**changes):
    stated = {"relation": ">=", "threshold": 0.5, "beyond": beyond, **changes}
    own = stated.pop("radius", radius)
    return {one.part: one.finding for one in search_sides(own, seed=2, **stated)}


def test_what_is_true_is_found_true():
    assert found() == {"inequality": True, "inference": False, "beyond_radius": True}


def test_a_wrong_radius_has_another_mass():
    wrong = found(radius=lambda *at: 1.01 * radius(*at))
    assert (wrong["inequality"], wrong["beyond_radius"]) == (False, False)


def test_a_wrong_threshold_and_a_wrong_tail_are_found():
    assert not found(threshold=0.51)["inequality"]
    assert not found(relation="<=")["inequality"]
    assert not found(beyond=lambda step, scale: 0.5)["beyond_radius"]


@pytest.mark.parametrize("p_a", [0.6, 0.9])
def test_the_worst_is_the_half_space(p_a):
    one = Side(p_a, 2.0, radius(p_a, 1 - p_a, 2.0))
    for share in (0.0, 0.4, 1.0, 1.3):
        distance = share * one.radius
        assert one.worst(distance) == pytest.approx(one.mass(distance), abs=1e-6)


def test_the_sides_reach_both_ends():
    tops = [one.top for one in sides(radius, seed=2)]
    assert min(tops) == 0.5
    assert max(tops) > 0.99
