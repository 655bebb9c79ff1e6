"""The ready properties where floats or the loaded profile would let a test down."""

import math

import pytest
from hypothesis import Phase, given, seed, settings
from hypothesis import strategies as st

from l1cert.testing import (
    RadiusError,
    assert_monotone,
    assert_radius_sound,
    assert_radius_tight,
    assert_scale_equivariant,
    probabilities,
)
from l1cert.workbench.drawing import shortest

FEW = {"max_examples": 15}


@pytest.mark.parametrize(
    "check",
    [assert_radius_sound, assert_radius_tight, assert_monotone, assert_scale_equivariant],
)
@pytest.mark.parametrize("lost", [math.log, lambda x: math.nan if x == 0 else math.log(x)])
def test_where_1_minus_p_b_is_1_a_formula_may_fail(check, lost):
    def complement(p_a, p_b, lam):
        top = max(p_a, 1 - p_b)
        return -lam * lost(2 * (1 - top)) if top > 0.5 else 0.0

    check(complement, noise="laplace", setting="binary-pb", **FEW)


@pytest.mark.parametrize("value", [math.inf, 1e300, 1e30])
def test_however_large_a_radius_is_it_has_a_counterexample(value):
    with pytest.raises(RadiusError) as caught:
        assert_radius_sound(lambda p_a, lam: value * lam if p_a > 0.9 else 0.0, noise="laplace")
    assert caught.value.rows["radius"] == repr(value) and "margin" in caught.value.rows
    assert caught.value.witness.recheck() == ()


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("check", [assert_radius_sound, assert_scale_equivariant, assert_monotone])
def test_a_slow_function_is_tried_at_fewer_hard_points(check, number, monkeypatch):
    clock = [0.0, 0]

    def slow(p_a, p_b, lam):
        clock[0] += 0.01
        clock[1] += 1
        factor = (1.0, lam, 1.01 if lam != 1 else 1.0, 2.0 - p_a)[number]
        return lam / 2 * math.log(p_a / p_b) * factor

    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    kwargs = {"noise": "laplace", "setting": "multiclass", **FEW}
    if number == 0 or (check is assert_monotone and number != 3):
        check(slow, **kwargs)
    elif check is not assert_scale_equivariant or number != 3:
        with pytest.raises(RadiusError):
            check(slow, **kwargs)
    assert clock[1] < 3_500


@pytest.mark.parametrize("number", range(4))
def test_a_hundred_draws_reach_both_ends_and_their_tails(number):
    drawn = []

    @seed(number)
    @settings(max_examples=100, database=None, deadline=None)
    @given(probabilities())
    def draw(p):
        drawn.append(p)

    draw()
    assert {0.0, 1.0} <= {*drawn}
    assert any(0 < p < 1e-12 for p in drawn) and any(1 - 1e-8 < p < 1 for p in drawn)


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"max_examples": -1}, "max_examples = -1 is no integer of at least 0"),
        ({"max_examples": 1.5}, "max_examples = 1.5 is no integer of at least 0"),
        ({"seed": None}, "seed = None is no integer"),
    ],
)
def test_a_search_is_refused_bad_numbers(kwargs, message):
    with pytest.raises(ValueError, match=message):
        assert_scale_equivariant(lambda p_a, lam: lam * p_a, **kwargs)


@pytest.mark.parametrize(
    "profile",
    [
        {"phases": [Phase.explicit]},
        {"phases": [Phase.explicit, Phase.reuse]},
        {"phases": [Phase.generate]},
        {"derandomize": True, "database": None},
        {"max_examples": 1, "deadline": 1},
    ],
)
def test_the_profile_that_is_loaded_changes_nothing(profile):
    before = settings.get_current_profile_name()
    settings.register_profile("of a user", **profile)
    settings.load_profile("of a user")
    try:
        found = shortest(st.integers(0, 10**6), lambda n: n > 777, max_examples=100, seed=3)
    finally:
        settings.load_profile(before)
    assert found == 778
