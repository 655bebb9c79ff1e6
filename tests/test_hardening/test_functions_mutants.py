"""The harness itself: functions with one fault each are caught, and a right one is not."""

import math
import warnings
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import strategies as st

from tests.test_hardening import functions_harness as harness
from tests.test_hardening.functions_harness import ContractError, Subject, hold, holds
from tests.test_hardening.functions_table_certificates import rounded_radius
from tests.test_hardening.functions_table_counts import covers
from tests.test_hardening.functions_table_laws import errors_trade
from tests.test_hardening.functions_values import HOSTILE
from theory import certificates, confidence
from theory.bounds import Bounds


def right(x):
    """A root of a number in [0, inf)."""
    if isinstance(x, float) and x >= 0:
        return math.sqrt(x)
    raise ValueError("x is outside [0, inf)")


def subject(call, **more):
    check = more.pop("check", lambda result, given: holds(result >= 0 and result == result))
    return Subject("a mutant", {"x": 4.0}, {"x": st.floats(0, 1e300)}, check, call=call, **more)


def outcomes(one):
    found = [hold(one, dict(one.plain), all_legal=True)]
    return [*found, *(hold(one, {"x": value}, all_legal=False) for value in HOSTILE)]


def test_a_right_function_passes():
    assert {"value", "error"} == set(outcomes(subject(right)))


def raising(error):
    def call(x):
        if isinstance(x, float) and x >= 0:
            return math.sqrt(x)
        raise error

    return call


def warns(x):
    warnings.warn("x", RuntimeWarning, stacklevel=1)
    return right(x)


def changes(x):
    if isinstance(x, np.ndarray) and x.flags.writeable and x.dtype == np.float64 and x.size:
        x += 1
    return right(x)


def never_ends(x):
    while True:
        pass


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda x: math.nan, "AssertionError"),
        (raising(IndexError()), "IndexError"),
        (raising(ValueError()), "not one clear line"),
        (raising(ValueError("x is\nbad")), "not one clear line"),
        (raising(ValueError("x" * 500)), "not one clear line"),
        (raising(ValueError("out of range")), "names neither"),
        (raising(KeyError("x")), "KeyError"),
        (raising(ZeroDivisionError("x")), "ZeroDivisionError"),
        (raising(OverflowError("x")), "OverflowError"),
        (raising(RecursionError("x")), "RecursionError"),
        (warns, "RuntimeWarning"),
        (changes, "changed its arguments"),
        (lambda x: math.sqrt(x), "names neither"),
    ],
)
def test_a_fault_is_caught(call, said):
    with pytest.raises(ContractError, match=said):
        outcomes(subject(call))


def test_a_legal_call_that_is_refused_is_caught():
    with pytest.raises(ContractError, match="is legal and was refused"):
        hold(subject(raising(ValueError("x"))), {"x": 1.0}, all_legal=True) and None
        hold(subject(lambda x: right(None)), {"x": 1.0}, all_legal=True)


def test_a_call_that_does_not_end_is_caught(monkeypatch):
    monkeypatch.setattr(harness, "LIMIT", 0.2)
    with pytest.raises(ContractError, match="did not end"):
        hold(subject(never_ends), {"x": 1.0}, all_legal=True)


def test_a_call_that_hides_the_limit_is_caught(monkeypatch):
    def hides(x):
        try:
            never_ends(x)
        except Exception:
            return 1.0

    monkeypatch.setattr(harness, "LIMIT", 0.2)
    with pytest.raises(ContractError, match="did not end"):
        hold(subject(hides), {"x": 1.0}, all_legal=True)


@pytest.mark.parametrize("rounding", ["down", "nearest"])
@pytest.mark.parametrize("by", [math.inf, -math.inf])
def test_a_radius_that_is_off_by_one_float_is_caught(rounding, by):
    given = {"p_a": "0.7", "p_b": "0.1", "scale": "1/3", "rounding": rounding}
    radius = certificates.theorem_1(**given)
    check = rounded_radius("theorem_1", "scale")
    check(radius, given)
    with pytest.raises(AssertionError):
        check(math.nextafter(radius, by), given)


@pytest.mark.parametrize("value", [math.nan, math.inf, 0.0])
def test_a_radius_that_is_no_number_is_caught(value):
    given = {"p_a": "0.7", "p_b": "0.1", "scale": 1}
    with pytest.raises(AssertionError):
        rounded_radius("theorem_1", "scale")(value, given)


def test_an_abstention_that_is_a_radius_is_caught():
    given = {"p_a": Fraction(1, 3), "scale": 1}
    rounded_radius("theorem_2", "scale")(math.nan, given)
    with pytest.raises(AssertionError):
        rounded_radius("theorem_2", "scale")(0.0, given)


def test_an_array_of_another_shape_is_caught():
    given = {"p_a": [0.75, 0.5], "scale": 1}
    radii = certificates.theorem_2(**given)
    rounded_radius("theorem_2", "scale")(radii, given)
    with pytest.raises(AssertionError):
        rounded_radius("theorem_2", "scale")(radii[None], given)


@pytest.mark.parametrize("side", ["lower", "upper"])
def test_a_bound_that_is_inward_is_caught(side):
    given = {"successes": 30, "num_samples": 100, "alpha": 0.01}
    bound = getattr(confidence, side)(30, 100, alpha=0.01)
    covers(side)(bound, given)
    with pytest.raises(AssertionError):
        covers(side)(bound * (1 + (1e-6 if side == "lower" else -1e-6)), given)


def test_an_enclosure_that_says_nothing_is_caught():
    with pytest.raises(AssertionError):
        errors_trade(Bounds(0.17, 0.66, "subsets"), {"alpha": "1/3"})


def test_every_hostile_value_is_itself_again():
    before = [harness.fingerprint(value) for value in HOSTILE]
    outcomes(subject(right))
    assert before == [harness.fingerprint(value) for value in HOSTILE]
