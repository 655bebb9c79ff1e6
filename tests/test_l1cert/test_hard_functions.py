"""The attack on functions that are slow, forgetful, huge, or handed no scale."""

import math

import numpy as np
import pytest

from l1cert.workbench.adversary import attack
from l1cert.workbench.callables import wrap
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.settings import Setting

LAPLACE = parse_noise("laplace")


def under_attack(radius, *, budget=30_000, scale=None):
    wrapped = wrap(radius, setting=Setting.BINARY, words=LAPLACE.words, num_classes=2)
    return attack(wrapped, LAPLACE, Setting.BINARY, 2, seed=1, budget=budget, scale=scale)


def test_a_loose_value_that_is_not_repeated_is_refused():
    rng = np.random.default_rng(0)

    def fickle(p_a, lam):
        return -lam * math.log(2 * (1 - p_a)) * (0.5 if rng.random() < 0.01 else 1.0)

    with pytest.raises(ValueError, match="legal is a function of its arguments alone") as caught:
        under_attack(fickle)
    assert " and then " in str(caught.value) and "at p_a = 0." in str(caught.value)


class Clock:
    """A clock that a slow function moves."""

    def __init__(self, each):
        self.now, self.each, self.calls = 0.0, each, 0

    def slow(self, factor):
        def radius(p_a, lam):
            self.now += self.each
            self.calls += 1
            return -lam * math.log(2 * (1 - p_a)) * factor(p_a, lam)

        return radius


@pytest.mark.parametrize(
    ("each", "most_calls"), [(1e-4, 70_000), (1e-2, 3_100), (1.0, 120), (100.0, 120)]
)
def test_a_slow_function_is_tried_at_as_many_places_as_there_is_time_for(
    each, most_calls, monkeypatch
):
    clock = Clock(each)
    monkeypatch.setattr("time.perf_counter", lambda: clock.now)
    found = under_attack(clock.slow(lambda p_a, lam: 1.0), budget=None)
    assert not found.refuted and found.tight and clock.calls <= most_calls
    hurried = [note for note in found.notes if "places of the grid were tried" in note]
    assert len(hurried) == (each > 1e-3) and (found.shape.abstains_below is None) == (each > 1e-3)


@pytest.mark.parametrize(
    "factor",
    [
        lambda p_a, lam: 1.01,
        lambda p_a, lam: 1.01 if p_a > 0.99 else 1.0,
        lambda p_a, lam: 1.5 if p_a < 0.501 else 1.0,
        lambda p_a, lam: 1.01 if lam > 100 else 1.0,
        lambda p_a, lam: 1.01 if lam == 1 else 1.0,
    ],
)
def test_a_slow_function_is_refuted_too(factor, monkeypatch):
    clock = Clock(0.01)
    monkeypatch.setattr("time.perf_counter", lambda: clock.now)
    assert under_attack(clock.slow(factor), budget=None).refuted


def test_huge_radii_and_a_strict_error_state_are_no_errors():
    with np.errstate(all="raise"):
        for value in (1e300, math.inf):
            found = under_attack(lambda p_a, lam, value=value: np.full_like(p_a, value))
            assert found.refuted and found.worst.radius == value


def test_that_no_scale_is_handed_over_is_told():
    told = "it is handed no scale, and asked about every scale"
    assert told in under_attack(lambda p_a: p_a / 10).notes
    assert told not in under_attack(lambda p_a: p_a / 10, scale=1.0).notes
    assert told not in under_attack(lambda p_a, lam: lam * p_a / 10).notes
