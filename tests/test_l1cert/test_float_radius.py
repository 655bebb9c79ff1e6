"""A radius as a function of floats: the values of the expression, and 0 where it is not real."""

import inspect

import numpy as np
import pytest
import sympy as sp

from l1cert.workbench.float_radius import as_function
from theory.conjectures.expressions import parse_expression
from theory.conjectures.settings import Setting
from theory.symbols import lam, p_a, p_b, sigma

BINARY, BINARY_PB, MULTICLASS, K = Setting
TOPS = np.array([0.51, 0.6, 0.75, 0.9, 0.999, 1 - 2.0**-40])
OTHERS = np.array([0.3, 1e-3, 1e-12, 0.1, 0.5, 2.0**-41])

TEXTS = [
    "lam*log(p_a/p_b)/2",
    "Max(lam/2*log(p_a/p_b), -lam*log(1 - p_a + p_b))",
    "Min(lam*p_a, lam*p_b, lam/3)",
    "lam*(exp(p_a) - 1)**2",
    "sigma*sqrt(2)*erfinv(2*p_a - 1)",
    "lam*(erf(p_a) - erfc(2*p_a))",
    "lam*(sinh(p_a) + cosh(p_b) + tanh(p_a))",
    "lam*acosh(1 + p_a)",
    "lam*Abs(p_b - p_a)",
    "Piecewise((lam, p_a < 0.61), (2*lam, p_a <= 0.75), (3*lam*p_a, True))",
    "lam*p_a**(3/2)*(1 - p_a)**(-1/4)",
]


def values(text: str, setting: Setting = MULTICLASS, scale: float = 3.0) -> tuple:
    radius = parse_expression(text)
    function = as_function(radius, setting, None)
    named = {"lam": scale, "sigma": scale}
    given = {k: v for k, v in named.items() if k in inspect.signature(function).parameters}
    found = function(p_a=TOPS, p_b=OTHERS, **given)
    wanted = []
    for a, b in zip(TOPS, OTHERS, strict=True):
        at = {
            p_a: sp.Rational(a),
            p_b: sp.Rational(b),
            lam: sp.Rational(scale),
            sigma: sp.Rational(scale),
        }
        value = sp.re(sp.N(radius.subs(at), 40))  # a digit lost in SymPy leaves 0*I
        wanted.append(max(float(value), 0.0))
    return found, np.array(wanted)


@pytest.mark.parametrize("text", TEXTS)
def test_the_values_are_those_of_the_expression(text):
    found, wanted = values(text)
    assert found.shape == wanted.shape and found.dtype == np.float64
    np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_the_inverse_tail_is_one():
    found = as_function(sp.erfcinv(2 * p_b), MULTICLASS, None)(TOPS, OTHERS)
    tails = [float(sp.N(sp.erfc(sp.Rational(one)), 40)) / 2 for one in found]
    inside = OTHERS < 0.5
    np.testing.assert_allclose(np.array(tails)[inside], OTHERS[inside], rtol=1e-12)


def test_conditions_are_joined():
    high, low = p_a > sp.Rational(61, 100), p_b < sp.Rational(1, 5)
    for condition, wanted in (
        (sp.And(high, low), [2, 2, 1, 1, 2, 1]),
        (sp.Or(high, low), [2, 1, 1, 1, 1, 1]),
        (sp.Not(high), [1, 1, 2, 2, 2, 2]),
    ):
        radius = sp.Piecewise((lam, condition), (2 * lam, True))
        assert as_function(radius, MULTICLASS, None)(TOPS, OTHERS, 1.0).tolist() == wanted


def test_another_expression_has_other_values():
    found, _ = values("lam*log(p_a/p_b)/2")
    _, wanted = values("lam*log(p_a/p_b)*(1/2 + 1/10**6)")
    assert not np.allclose(found, wanted, rtol=1e-9)


def test_it_takes_the_words_that_the_radius_names():
    def names(text, setting):
        function = as_function(parse_expression(text), setting, 5)
        return list(inspect.signature(function).parameters)

    assert names("lam*p_a", BINARY) == ["p_a", "lam"]
    assert names("p_a", BINARY) == ["p_a"]
    assert names("sigma*p_a", MULTICLASS) == ["p_a", "p_b", "sigma"]
    assert names("half_width*lam*p_b", K) == ["p_a", "p_b", "lam", "half_width"]


def test_positions_and_names_are_the_same():
    function = as_function(lam * p_a * (1 - p_b), MULTICLASS, None)
    assert function(0.5, 0.25, 2.0) == function(lam=2.0, p_b=0.25, p_a=0.5) == 0.75
    with pytest.raises(TypeError):
        function(0.5, 0.25)


def test_arrays_are_broadcast_and_constants_too():
    function = as_function(lam * p_a, BINARY, 2)
    assert function(p_a=TOPS[:, None], lam=np.array([1.0, 2.0])).shape == (6, 2)
    constant = as_function(sp.Integer(3) * lam / lam, BINARY, 2)
    assert constant(p_a=TOPS).tolist() == [3.0] * 6


def test_what_is_not_real_or_negative_states_nothing():
    assert as_function(sp.log(p_a - 1), BINARY, 2)(p_a=TOPS).tolist() == [0.0] * 6
    assert as_function(-lam * p_a, BINARY, 2)(p_a=TOPS, lam=1.0).tolist() == [0.0] * 6
    assert as_function(sp.sqrt(p_a - sp.Rational(7, 10)), BINARY, 2)(p_a=0.6) == 0.0


def test_the_number_of_classes_is_filled_in():
    radius = parse_expression("lam*(p_a - p_b/num_classes)")
    assert as_function(radius, K, 4)(0.5, 0.2, 2.0) == 0.9


def test_a_function_without_a_float_value_is_refused():
    radius = lam * sp.gamma(p_a)
    with pytest.raises(ValueError, match="gamma has no value in floats"):
        as_function(radius, BINARY, 2)(0.6, 1.0)
