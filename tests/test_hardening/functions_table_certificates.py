"""The certified radii, how each is called, and the oracle of its values.

Oracles share no code with what they judge: mpmath at 50 digits, exact fractions, SciPy's laws, or
a relation that every right value satisfies.
"""

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from flint import arb
from hypothesis import strategies as st

from tests.test_hardening.functions_harness import Arguments, Check, Subject, holds, shape_of
from tests.test_hardening.functions_values import (
    arrays,
    exact,
    exact_forms,
    sizes,
    unit_floats,
)
from theory.exact import Surd

#: 1 - p_a and p_a / p_b lose up to 324 digits at the ends of the floats, and 1e-400 is tried too
DIGITS = 700
probabilities = exact_forms(unit_floats)
scales = exact_forms(sizes)
moderate = exact_forms(st.floats(1e-3, 1e3))
words = ("down", "nearest")


def ordered(arguments: Arguments) -> bool:
    """p_b is at most p_a, where both are there."""
    if arguments.get("p_b") is None:
        return True
    return exact(arguments["p_b"]) <= exact(arguments["p_a"])


def _mp(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


def _q(p: Any) -> Any:
    return mpmath.log(2 * p) if p < mpmath.mpf(1) / 2 else -mpmath.log(2 * (1 - p))


def unit_radius(method: str, a: Fraction, b: Fraction) -> Any:
    """The radius of scale 1 in mpmath, the ends of the domain among them."""
    if method == "exact":
        b = min(b, 1 - a)
        if b == 0:
            return mpmath.inf  # no other class has anything
    if a == b:
        return mpmath.mpf(0)
    if method == "uniform":
        return _mp(a) - _mp(b)
    if b == 0 or (a == 1 and method in ("theorem_2", "exact", "cohen")):
        return mpmath.inf
    formulas = {
        "theorem_1": lambda p, q: max(mpmath.log(p / q) / 2, -mpmath.log(1 - p + q)),
        "theorem_2": lambda p, _: -mpmath.log(2 * (1 - p)),
        "lecuyer": lambda p, q: mpmath.log(p / q) / 2,
        "exact": lambda p, q: (_q(p) - _q(q)) / 2,
        "cohen": lambda p, q: (
            (mpmath.erfinv(2 * p - 1) - mpmath.erfinv(2 * q - 1)) / mpmath.sqrt(2)
        ),  # 60 digits, so that it is not for p below 1e-40
    }
    return formulas[method](_mp(a), _mp(b))


def rounded_radius(method: str, scale_name: str) -> Check:
    """The float below the exact radius, or next to it; NaN exactly where it abstains."""

    def check(result: Any, arguments: Arguments) -> None:
        names = [name for name in ("p_a", "p_b") if arguments.get(name) is not None]
        filled = [_as_array(arguments[name]) for name in (*names, scale_name)]
        shape = np.broadcast_shapes(*(one.shape for one in filled))
        shape_of(result, *filled)
        rounding = arguments.get("rounding", "down")
        rows = zip(*(np.broadcast_to(one, shape).ravel().tolist() for one in filled), strict=True)
        for value, row in zip(np.ravel(result).tolist(), rows, strict=True):
            a, b = exact(row[0]), exact(row[1]) if len(row) == 3 else None
            radius_is_right(method, value, a, b, row[-1], rounding)

    return check


def _as_array(value: object) -> Any:
    if isinstance(value, np.ndarray | list | tuple):
        return np.asarray(value).astype(object)
    one = np.empty((), dtype=object)
    one[()] = value
    return one


def _size(value: object) -> Any:
    if isinstance(value, Surd):
        return _mp(value.coefficient) * mpmath.sqrt(value.radicand)
    return _mp(exact(value))


def radius_is_right(
    method: str, value: float, a: Fraction, b: Fraction | None, size: object, rounding: str
) -> None:
    """One radius, down to its last bit."""
    if b is None:
        if 2 * a < 1:
            assert math.isnan(value)
            return
        b = 1 - a
    if method == "cohen" and 0 < b < Fraction(1, 10**40):
        assert 0 < value < math.inf
        return
    with mpmath.workdps(60 if method == "cohen" else DIGITS):
        true = unit_radius(method, a, b) * _size(size)
        if mpmath.isinf(true):
            assert value == math.inf
            return
        error = abs(true) * mpmath.mpf(10) ** (10 - mpmath.mp.dps)
        assert value >= 0
        if rounding == "down":
            assert mpmath.mpf(value) <= true + error, (value, true)
            assert mpmath.mpf(math.nextafter(value, math.inf)) >= true - error, (value, true)
        else:
            half = mpmath.mpf(math.ulp(value)) / 2
            assert math.isinf(value) or abs(mpmath.mpf(value) - true) <= half + error


def certificate(name: str, scale_name: str, *, second: bool = True, **more: Any) -> list[Subject]:
    """A certificate with single exact numbers, and with arrays."""
    rest = {scale_name: 1, "rounding": "down"}
    wide = {"p_a": probabilities, scale_name: scales, "rounding": st.sampled_from(words)}
    many = {
        "p_a": st.one_of(arrays(unit_floats), unit_floats),
        scale_name: st.one_of(st.just(0.5), st.sampled_from([[1.0], np.array([[2.0]])])),
        "rounding": st.just("down"),
    }
    check = rounded_radius(name, scale_name)
    found = [
        Subject(f"theory.certificates.{name}", {"p_a": "0.75", **rest}, wide, check),
        Subject(f"theory.certificates.{name}", {"p_a": [0.75, 0.5], **rest}, many, check),
    ]
    if second:
        pair = {"p_a": "0.75", "p_b": "0.125", **rest}
        both = {**wide, "p_b": st.one_of(st.none(), probabilities)}
        found.append(Subject(f"theory.certificates.{name}", pair, both, check, joint=ordered))
    return found


def two_terms(result: Any, arguments: Arguments) -> None:
    from theory.certificates import theorem_1

    largest = np.maximum(*map(np.asarray, result))
    np.testing.assert_array_equal(largest, np.asarray(theorem_1(**arguments)))


def never_below_exact(result: Any, arguments: Arguments) -> None:
    from theory.certificates import exact as any_classes

    rest = {k: v for k, v in arguments.items() if k != "num_classes"}
    without = np.asarray(any_classes(**rest))
    both_nan = np.isnan(result) & np.isnan(without)
    assert np.all(both_nan | (np.asarray(result) >= without))


def ball_of_radius(result: Any, arguments: Arguments) -> None:
    """The exact radius by mpmath is in the ball."""
    assert isinstance(result, arb)
    assert not result.is_nan() or arguments["precision"] < 64
    if arguments["method"] != "exact" or isinstance(arguments["scale"], Surd):
        return
    b = arguments["p_b"]
    a = exact(arguments["p_a"])
    with mpmath.workdps(DIGITS):
        true = unit_radius("exact", a, 1 - a if b is None else exact(b)) * _size(arguments["scale"])
        if result.is_finite() and mpmath.isfinite(true):
            low, high = (
                mpmath.mpf(end.str(60, radius=False)) for end in (result.lower(), result.upper())
            )
            slack = abs(true) * mpmath.mpf(10) ** -50
            assert low - slack <= true <= high + slack, (result, true)
        else:
            assert result.is_nan() or not (result.is_finite() and mpmath.isinf(true)), result


CERTIFICATES: list[Subject] = [
    *certificate("theorem_1", "scale"),
    *certificate("theorem_2", "scale", second=False),
    *certificate("exact", "scale"),
    *certificate("lecuyer", "scale"),
    *certificate("uniform", "half_width"),
    Subject(
        "theory.certificates.cohen",
        {"p_a": "0.75", "p_b": "0.25", "sigma": 1, "rounding": "down"},
        {
            "p_a": exact_forms(st.floats(0.001, 0.999)),
            "p_b": st.one_of(st.none(), exact_forms(st.floats(0.001, 0.999))),
            "sigma": moderate,
        },
        rounded_radius("cohen", "sigma"),
        joint=ordered,
    ),
    Subject(
        "theory.certificates.cohen",
        {"p_a": [0.75, 1.0], "sigma": 1.0},
        {"p_a": arrays(unit_floats), "sigma": sizes},
        lambda result, given: shape_of(result, given["p_a"], given["sigma"]),
    ),
    Subject(
        "theory.certificates.theorem_1_terms",
        {"p_a": "0.75", "p_b": "0.125", "scale": 1, "rounding": "down"},
        {"p_a": probabilities, "p_b": st.one_of(st.none(), probabilities), "scale": scales},
        two_terms,
        joint=ordered,
    ),
    Subject(
        "theory.certificates.exact_k",
        {"p_a": "0.75", "p_b": "0.125", "num_classes": 3, "scale": 1, "rounding": "down"},
        {
            "p_a": probabilities,
            "p_b": st.one_of(st.none(), probabilities),
            "num_classes": st.one_of(st.sampled_from([2, 10**15]), st.integers(2, 100)),
            "scale": scales,
        },
        never_below_exact,
        joint=ordered,
    ),
    Subject(
        "theory.certificates.radius_ball",
        {"method": "exact", "p_a": "0.75", "p_b": "0.25", "scale": 1, "precision": 100},
        {"p_a": exact_forms(st.floats(0.5, 1.0)), "scale": scales},
        ball_of_radius,
        joint=ordered,
        positional=("method", "p_a", "p_b"),
    ),
    Subject(
        "theory.certificates.parse_num_classes",
        {"num_classes": 10},
        {"num_classes": st.integers(2, 10**15)},
        lambda result, given: holds(result == int(given["num_classes"])),
    ),
    Subject(
        "theory.certificates.is_abstention",
        {"radius": 1.0},
        {"radius": st.floats()},
        lambda result, given: holds(
            bool(np.all(result == np.isnan(np.asarray(given["radius"], dtype=float))))
        ),
    ),
    *[
        Subject(
            f"theory.gaussian_certificates.{name}",
            {"p_a": "0.75", "sigma": 1},
            {"p_a": probabilities, "sigma": scales},
            lambda result, given: not_above_cohen(result, given),
        )
        for name in ("lecuyer_gaussian", "li")
    ],
    Subject(
        "theory.gaussian_certificates.li",
        {"p_a": [0.75, 0.5], "sigma": [1.0]},
        {"p_a": arrays(unit_floats), "sigma": sizes},
        lambda result, given: not_above_cohen(result, given),
    ),
]


def not_above_cohen(result: Any, given: Arguments) -> None:
    from theory.certificates import cohen

    best = np.asarray(cohen(given["p_a"], sigma=given["sigma"]))
    shape_of(result, best)
    value = np.asarray(result)
    assert np.all((np.isnan(value) & np.isnan(best)) | ((value >= 0) & (value <= best)))
