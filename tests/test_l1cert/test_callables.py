"""A radius that is a Python function: its parameters, its values, and how it is called."""

import cmath
import math
import warnings
from decimal import Decimal
from fractions import Fraction
from functools import partial

import mpmath
import numpy as np
import pytest
import sympy as sp

from l1cert.workbench.callables import wrap
from theory.conjectures.settings import Setting

LAPLACE = {"lam": sp.Integer(1), "sigma": sp.sqrt(2), "half_width": sp.sqrt(6)}
GAUSSIAN = {"lam": sp.sqrt(2) / 2, "sigma": sp.Integer(1), "half_width": sp.sqrt(3)}
NOT_VECTORISED = "not vectorised: called point by point"
BINARY, MULTICLASS = Setting.BINARY, Setting.MULTICLASS


def binary(radius, **more):
    return wrap(radius, setting=BINARY, words=LAPLACE, num_classes=2, **more)


def multiclass(radius, words=LAPLACE):
    return wrap(radius, setting=MULTICLASS, words=words)


def k_classes(radius, words=LAPLACE):
    return wrap(radius, setting=Setting.K_CLASSES, words=words, num_classes=7)


def weigh(p_a, p_b, scale, num_classes=0):
    return 1000 * scale + 100 * num_classes + 10 * p_a + p_b


def expected(factor, num_classes=0):
    return 1000 * 2 * factor + 100 * num_classes + 10 * 0.75 + 0.125


@pytest.mark.parametrize(
    "radius",
    [
        lambda p_a, p_b, lam: weigh(p_a, p_b, lam),
        lambda lam, p_b, p_a: weigh(p_a, p_b, lam),
        lambda pb, scale, pa: weigh(pa, pb, scale),
        lambda p, pb, *, lam: weigh(p, pb, lam),
        lambda p_a, p_b, lam, /: weigh(p_a, p_b, lam),
        lambda p_A, p_B, lam: weigh(p_A, p_B, lam),
        lambda x, y, z: weigh(x, y, z),
        lambda p, q, s: weigh(p, q, s),
        lambda x, y, lam, power=1: weigh(x, y, lam) ** power,
        lambda p_b, p_a, lam=5.0: weigh(p_a, p_b, lam),
        lambda *args: weigh(*args),
        lambda **given: weigh(given["p_a"], given["p_b"], given["lam"]),
        lambda p_b, **given: weigh(given["p_a"], p_b, given["lam"]),
        lambda p_a, lam, **given: weigh(p_a, given["p_b"], lam),
        lambda p_a, p_b, lambda_: weigh(p_a, p_b, lambda_),
        lambda p_a=0.5, p_b=0.5, lam=5.0: weigh(p_a, p_b, lam),
        lambda x, y, lam=5.0: weigh(x, y, lam),
        partial(lambda c, p_a, p_b, lam: c * weigh(p_a, p_b, lam), 1),
    ],
)
def test_parameters_are_known_by_name_or_else_by_order(radius):
    wrapped = multiclass(radius)
    assert wrapped.takes_scale
    assert wrapped(0.75, 0.125, 2.0) == pytest.approx(expected(1), rel=1e-14)


@pytest.mark.parametrize(
    ("radius", "factor"),
    [
        (lambda p_a, p_b, lam: weigh(p_a, p_b, lam), math.sqrt(0.5)),
        (lambda p_a, p_b, scale: weigh(p_a, p_b, scale), math.sqrt(0.5)),
        (lambda sigma, p_a, p_b: weigh(p_a, p_b, sigma), 1),
        (lambda p_a, half_width, p_b: weigh(p_a, p_b, half_width), math.sqrt(3)),
        (lambda x, y, s: weigh(x, y, s), 1),  # an anonymous scale is the noise's own
        (lambda x, y, lam: weigh(x, y, lam), math.sqrt(0.5)),
    ],
)
def test_words_for_the_scale_mean_one_variance(radius, factor):
    assert multiclass(radius, GAUSSIAN)(0.75, 0.125, 2.0) == pytest.approx(expected(factor))


@pytest.mark.parametrize(
    "radius",
    [
        lambda p_a, p_b, lam, num_classes: weigh(p_a, p_b, lam, num_classes),
        lambda k, p_a, p_b, lam: weigh(p_a, p_b, lam, k),
        lambda K, p_a, p_b, lam: weigh(p_a, p_b, lam, K),
        lambda w, x, y, z: weigh(w, x, y, z),
    ],
)
def test_the_number_of_classes_is_handed_over(radius):
    assert k_classes(radius)(0.75, 0.125, 2.0) == pytest.approx(expected(1, 7))


def test_what_is_not_asked_for_is_not_handed_over():
    assert not binary(lambda p_a: p_a).takes_scale
    assert not multiclass(lambda x, y: x - y).takes_scale
    assert binary(lambda x, s: x * s).notes == ("x is taken as p_a, s as lam",)
    assert binary(lambda p_a, lam: p_a * lam).notes == ()
    assert binary(lambda p_a, scale: p_a * scale).notes == ()
    other = multiclass(lambda p_a, p_b, scale: p_a * scale, GAUSSIAN)
    assert other.notes == ("scale is taken as lam, at equal variance",)


def test_what_a_partial_has_fixed_is_not_overridden():
    fixed = binary(partial(lambda p_a, lam: lam * p_a, lam=0.5))
    assert not fixed.takes_scale and fixed(0.75, None, 8.0) == 0.375
    more = binary(partial(lambda p_a, lam, **given: lam * p_a, lam=0.5))
    assert not more.takes_scale and more(0.75, None, 8.0) == 0.375


def test_more_is_handed_over_only_where_it_is_taken():
    def inner(p_a):
        return p_a

    for radius in (lambda p_a, **given: inner(p_a, **given), lambda **given: inner(**given)):
        wrapped = binary(radius)
        assert not wrapped.takes_scale and wrapped(0.75, None, 2.0) == 0.75


def test_a_default_that_is_kept_is_told_where_no_scale_is_handed_over():
    assert binary(lambda p_a, s=1.0: s * p_a).notes == ("not handed over: s = 1.0",)
    assert binary(lambda x, b=1.0: b * x).notes == ("x is taken as p_a", "not handed over: b = 1.0")
    assert binary(lambda p_a, lam, b=1.0: b * lam * p_a).notes == ()


def test_functions_that_do_not_tell_their_parameters():
    assert binary(np.hypot)(0.75, None, 1.0) == 1.25
    assert binary(np.sqrt)(0.25, None, 1.0) == 0.5
    assert binary(np.vectorize(lambda p_a, lam: lam * p_a))(0.5, None, 3.0) == 1.5
    assert multiclass(max)(0.75, 0.125, 2.0) == 2.0
    p, q, s = sp.symbols("p_A p_B lambda", positive=True)
    lambdified = sp.lambdify((p, q, s), s * sp.log(p / q) / 2)
    assert multiclass(lambdified)(0.75, 0.125, 2.0) == pytest.approx(math.log(6))


@pytest.mark.parametrize(
    ("make", "radius", "named"),
    [
        (binary, lambda a, b, c: a, "a, b, c"),
        (binary, lambda p_a, p_b: p_a, "p_a, p_b"),
        (binary, lambda p_a, p: p_a, "p_a, p"),
        (binary, lambda lam, x: x, "lam, x"),
        (binary, lambda p_a, *, tau: p_a, "p_a, tau"),
        (binary, lambda: 1.0, "none"),
        (multiclass, lambda p_a, p_b, lam, num_classes: p_a, "p_a, p_b, lam, num_classes"),
        (multiclass, lambda p_b, x: x, "p_b, x"),
    ],
)
def test_other_parameters_are_refused_with_the_legal_names(make, radius, named):
    with pytest.raises(ValueError, match="legal are p_a") as caught:
        make(radius)
    message = str(caught.value)
    assert f"the parameters of radius are {named}:" in message
    assert "\n" not in message and "sigma" in message


def test_a_word_that_the_noise_does_not_have_is_refused():
    with pytest.raises(ValueError, match="legal are p_a, lam"):
        wrap(lambda p_a, sigma: p_a, setting=BINARY, words={"lam": sp.Integer(1)})
    with pytest.raises(ValueError, match="radius = 3 is not callable"):
        binary(3)
    with pytest.raises(ValueError, match="takes 3 arrays"):
        binary(np.clip if isinstance(np.clip, np.ufunc) else np.frompyfunc(lambda a, b, c: a, 3, 1))


class NoFloat:
    def __float__(self):
        raise KeyError("a")


BAD_VALUES = [
    (lambda p_a, lam: None, "NoneType None"),
    (lambda p_a, lam: "0.5", "str 0.5"),
    (lambda p_a, lam: object(), "object"),
    (lambda p_a, lam: True, "bool True"),
    (lambda p_a, lam: [p_a], "list"),
    (lambda p_a, lam: np.array([p_a, p_a]), "ndarray"),
    (lambda p_a, lam: sp.Symbol("x"), "Symbol x"),
    (lambda p_a, lam: sp.zoo, "zoo"),
    (lambda p_a, lam: math.nan, "nan"),
    (lambda p_a, lam: -lam * p_a, "-0.7"),
    (lambda p_a, lam: 0.1 + 0.2j, "(0.1+0.2j)"),
    (lambda p_a, lam: complex(0.25), "complex(0.25)"),
    (lambda p_a, lam: np.full_like(p_a, np.nan), "nan"),
    (lambda p_a, lam: cmath.sqrt(-p_a), "j"),
    (lambda p_a, lam: mpmath.mpc(0, 1), "1j"),
    (lambda p_a, lam: sp.I, "1j"),
    (lambda p_a, lam: np.where(p_a > 0.9, np.nan, 0.0), "nan"),
    (lambda p_a, lam: NoFloat(), "NoFloat"),
    (lambda p_a, lam: np.ma.masked, "nan"),
    (lambda p_a, lam: np.ma.masked_where(p_a > 0.9, p_a), "nan"),
    (lambda p_a, lam: -math.inf, "-inf"),
]


@pytest.mark.parametrize(("radius", "shown"), BAD_VALUES)
def test_a_bad_value_is_refused_with_its_point_and_the_legal_set(radius, shown):
    with pytest.raises(ValueError, match=r"\[0, inf\]; return 0 where nothing is cert") as caught:
        binary(radius)
    message = str(caught.value)
    assert shown in message and "at p_a = 0." in message and "\n" not in message


def test_what_a_function_raises_is_named_with_its_point():
    with pytest.raises(ValueError, match=r"raised ZeroDivisionError: .* at p_a = 0.7, lam = 1.0"):
        binary(lambda p_a, lam: 1 / 0)
    with pytest.raises(ValueError, match=r"raised KeyError: 'a' at p_a = 0.7, p_b = 0.35$"):
        multiclass(lambda p_a, p_b: {}["a"])
    wrapped = binary(lambda p_a, lam: 0.0 if p_a < 0.9999 else math.log(-p_a))
    with pytest.raises(ValueError, match=r"raised ValueError: .* at p_a = 0.99995, lam = 3.0"):
        wrapped([0.75, 0.99995], None, 3.0)


def test_where_nothing_can_be_certified_everything_below_0_abstains():
    for value in (math.nan, -1.0, 0.0, -0.0, -math.inf, 1j, -2 - 1j):
        wrapped = binary(lambda p_a, lam, value=value: 1.0 if p_a > 0.5 else value)
        found = wrapped([0.25, 0.5, 0.75], None, 1.0)
        assert found.tolist() == [0.0, 0.0, 1.0] and not np.signbit(found).any()
    equal = multiclass(lambda p_a, p_b: np.where(p_a == p_b, np.nan, p_a - p_b))
    assert equal(0.4, 0.4, 1.0) == 0.0
    # but a positive value there is one, and a value that rounds 0 is none
    assert binary(lambda p_a: np.full_like(p_a, 0.25))(0.25, None, 1.0) == 0.25
    assert binary(lambda p_a, lam: -1e-16 * lam + 0 * p_a)(0.75, None, 8.0) == 0.0


@pytest.mark.parametrize(
    ("make", "value"),
    [
        (float, 0.375),
        (np.float64, 0.375),
        (np.float32, 0.375),
        (Fraction, 0.375),
        (Decimal, 0.375),
        (mpmath.mpf, 0.375),
        (sp.Float, 0.375),
        (sp.Rational, 0.375),
        (np.array, 0.375),
        (lambda _: 3, 3.0),
        (lambda _: sp.oo, math.inf),
        (lambda _: math.inf, math.inf),
        (lambda _: 10**400, math.inf),
        (lambda _: sp.log(2), math.log(2)),
    ],
)
def test_numbers_of_every_kind_are_radii(make, value):
    wrapped = binary(lambda p_a, lam: make(lam * p_a if np.any(p_a > 2) else 0.375))
    assert wrapped(0.75, None, 1.0) == value


def branch(p_a, lam):
    if p_a > 0.9:
        return 2.0 * lam
    return lam * 1.0


def first_element(p_a, lam):
    return lam * (2.0 if np.ravel(p_a)[0] > 0.9 else 1.0) * np.ones_like(p_a)


def largest_element(p_a, lam):
    return lam * np.max(p_a) * np.ones_like(p_a)


@pytest.mark.parametrize(
    "radius",
    [
        branch,
        first_element,
        largest_element,
        lambda p_a, lam: lam * math.log(1 + p_a),
        lambda p_a, lam: lam * max(p_a, 0.5),
        lambda p_a, lam: 1.0,
        lambda p_a, lam: np.sum(p_a * lam),
        lambda p_a, lam: (p_a * lam)[:-1] if np.ndim(p_a) else p_a * lam,
        lambda p_a, lam: np.outer(p_a, lam) if np.ndim(p_a) else p_a * lam,
        lambda p_a, lam: float(mpmath.log(1 + p_a) * lam),
        lambda p_a, lam: np.floor(8 * p_a).astype(int),
        lambda p_a, lam: np.emath.sqrt(p_a - 0.5),
    ],
)
def test_a_function_that_takes_no_arrays_is_called_point_by_point(radius):
    wrapped = binary(radius)
    assert not wrapped.vectorised and wrapped.notes == (NOT_VECTORISED,)
    points = np.array([0.95, 0.6, 0.7, 0.99])
    with np.errstate(all="ignore"):
        single = [float(np.real(radius(p, 3.0))) for p in points.tolist()]
    assert wrapped(points, None, 3.0).tolist() == single


def test_arrays_are_not_cut_to_the_whole_numbers_of_their_first_value():
    # numpy.vectorize gives all values the type of the first one, which is the integer 0
    radius = np.vectorize(lambda p_a, lam: lam * p_a if p_a > 0.5 else 0)
    wrapped = binary(radius)
    assert wrapped([0.25, 0.75], None, 1.0).tolist() == [0.0, 0.75]
    assert not wrapped.vectorised


def test_a_vectorised_function_is_called_once_for_all_points():
    sizes = []

    def counted(p_a, lam):
        sizes.append(np.size(p_a))
        return lam * p_a

    wrapped = binary(counted)
    assert wrapped.vectorised and wrapped.notes == ()
    sizes.clear()
    assert wrapped(np.full((2, 3), 0.75), None, 2.0).tolist() == [[1.5] * 3] * 2
    assert sizes == [6]


def test_a_function_of_arrays_alone_is_called_with_arrays():
    def masked(p_a, lam):
        found = np.zeros_like(p_a)
        found[p_a > 0.5] = (lam * np.log(2 * p_a))[p_a > 0.5]
        return found + 0 * p_a[0]

    wrapped = binary(masked)
    assert wrapped.vectorised and wrapped.one_element_arrays
    assert wrapped([0.75, 0.25], None, 1.0).tolist() == [math.log(1.5), 0.0]


def test_arrays_that_are_overwritten_are_copies():
    def careless(p_a, lam):
        p_a -= 0.5
        p_a *= lam
        return p_a

    points = np.array([0.75, 0.875])
    wrapped = binary(careless)
    assert wrapped(points, None, 2.0).tolist() == [0.5, 0.75]
    assert points.tolist() == [0.75, 0.875]


def test_a_function_with_a_state_is_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="legal is a function of its arguments alone"):
        binary(lambda p_a, lam: lam * rng.random())


def test_warnings_of_the_function_are_none_of_ours():
    def loud(p_a, lam):
        warnings.warn("deprecated", DeprecationWarning, stacklevel=2)
        return np.where(p_a > 0.5, lam * p_a, np.log(np.minimum(p_a, 0.5) - 0.5))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert binary(loud)([0.25, 0.75], None, 2.0).tolist() == [0.0, 1.5]


def test_short_floats_are_judged_at_their_own_rounding():
    wrapped = binary(lambda p_a, lam: np.asarray(lam * p_a, dtype=np.float32))
    assert wrapped.epsilon == float(np.finfo(np.float32).eps)
    assert wrapped.notes == ("returns float32: judged at its rounding, 1.2e-07",)
    assert binary(lambda p_a, lam: lam * p_a).epsilon == 2.0**-52


def test_calls_are_counted_and_nothing_is_nothing():
    wrapped = binary(lambda p_a, lam: lam * p_a)
    before = wrapped.calls
    assert wrapped(np.zeros(0), None, 1.0).shape == (0,)
    wrapped(np.full(5, 0.75), None, 1.0)
    assert wrapped.calls == before + 5
