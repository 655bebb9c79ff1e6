"""Every radius: not above the exact value, within one float of it, and right at every end."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from flint import arb, fmpq
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import certificates, radius_formulas
from theory.certificates import (
    cohen,
    exact,
    exact_k,
    lecuyer,
    radius_ball,
    theorem_1,
    theorem_1_terms,
    theorem_2,
    uniform,
)
from theory.exact import Surd, to_fmpq, to_fraction, working_precision
from theory.radius_formulas import FORMULAS

HALF = Fraction(1, 2)
PRECISION = 3000

RADIUS = {
    "theorem_1": lambda p_a, p_b, s, **kw: theorem_1(p_a, p_b, scale=s, **kw),
    "new_term": lambda p_a, p_b, s, **kw: theorem_1_terms(p_a, p_b, scale=s, **kw)[1],
    "exact": lambda p_a, p_b, s, **kw: exact(p_a, p_b, scale=s, **kw),
    "lecuyer": lambda p_a, p_b, s, **kw: lecuyer(p_a, p_b, scale=s, **kw),
    "cohen": lambda p_a, p_b, s, **kw: cohen(p_a, p_b, sigma=s, **kw),
    "uniform": lambda p_a, p_b, s, **kw: uniform(p_a, p_b, half_width=s, **kw),
    "theorem_2": lambda p_a, p_b, s, **kw: theorem_2(p_a, scale=s, **kw),
}
MULTI_CLASS = [name for name in RADIUS if name != "theorem_2"]

methods = st.sampled_from(list(RADIUS))
multi_class = st.sampled_from(MULTI_CLASS)
probabilities = st.one_of(
    st.floats(0, 1),
    st.fractions(0, 1, max_denominator=10**25),
    st.integers(0, 10**9).map(lambda k: f"{k}e-9"),
    st.integers(1, 300).map(lambda k: Fraction(1, 10**k)),
    st.integers(1, 300).map(lambda k: 1 - Fraction(1, 10**k)),
    st.integers(2, 300).map(lambda k: HALF + Fraction(1, 2**k)),
)
scales = st.one_of(
    st.floats(1e-3, 1e3),
    st.fractions("1/1000", 1000, max_denominator=10**20),
    st.builds(
        Surd, st.fractions("1/100", 100, max_denominator=1000), st.sampled_from([1, 2, 3, 6])
    ),
)


def upper_half(p):
    return max(to_fraction(p), 1 - to_fraction(p))


def in_order(first, second):
    return (first, second) if to_fraction(first) >= to_fraction(second) else (second, first)


def plain_quantile(p: arb) -> arb:
    """The unit Laplace quantile in one formula: sign(p - 1/2) times -log(1 - |2p - 1|)."""
    distance = -(1 - abs(2 * p - 1)).log()
    return distance if p >= arb(1) / 2 else -distance


def plain_arb(method: str, p_a: Fraction, p_b: Fraction, scale) -> arb:
    """The formulas again, as printed, with nothing rearranged: many bits do the work instead."""
    with working_precision(PRECISION):
        a, b = arb(to_fmpq(p_a)), arb(to_fmpq(p_b))
        size = (
            scale.ball(PRECISION) if isinstance(scale, Surd) else arb(to_fmpq(to_fraction(scale)))
        )
        two = arb(2)
        printed = {
            "lecuyer": lambda: (a / b).log() / 2,
            "new_term": lambda: -(1 - a + b).log(),
            "theorem_2": lambda: -(2 * (1 - a)).log(),
            "cohen": lambda: two.sqrt() * ((2 * a - 1).erfinv() - (2 * b - 1).erfinv()) / 2,
            "uniform": lambda: a - b,
            "exact": lambda: (plain_quantile(a) - plain_quantile(b.min(1 - a))) / 2,
        }
        if method == "theorem_1":
            return size * printed["lecuyer"]().max(printed["new_term"]())
        return size * printed[method]()


def plain_mpmath(method: str, p_a: Fraction, p_b: Fraction, scale) -> mpmath.mpf:
    """The formulas a third time, in mpmath; to 60 digits once the ends' digits are added."""
    a, b = (mpmath.mpf(p.numerator) / p.denominator for p in (p_a, p_b))
    if isinstance(scale, Surd):
        size = mpmath.sqrt(scale.radicand) * scale.coefficient.numerator
        size /= scale.coefficient.denominator
    else:
        size = mpmath.mpf(to_fraction(scale).numerator) / to_fraction(scale).denominator
    if method == "theorem_1":
        return max(plain_mpmath(term, p_a, p_b, scale) for term in ("lecuyer", "new_term"))
    if method == "cohen":
        return size * mpmath.sqrt(2) * (mpmath.erfinv(2 * a - 1) - mpmath.erfinv(2 * b - 1)) / 2
    if method == "uniform":
        return size * (a - b)
    if method == "exact":
        low = min(b, 1 - a)
        tails = [mpmath.log(2 * min(p, 1 - p)) for p in (a, low)]
        return size * (-mpmath.sign(2 * a - 1) * tails[0] - tails[1]) / 2
    if method == "lecuyer":
        return size * mpmath.log(a / b) / 2
    return -size * mpmath.log(2 * (1 - a) if method == "theorem_2" else 1 - a + b)


def is_rounded_down(value: float, exact: arb) -> bool:
    """Whether `value` is the largest float not above `exact`; for a tight ball this is decided."""
    if value == 0 and math.copysign(1, value) < 0:
        return False
    below = arb(value) <= exact
    return below and arb(math.nextafter(value, math.inf)) > exact


def is_finite_case(method: str, p_a: Fraction, p_b: Fraction) -> bool:
    return method == "uniform" or (p_b > 0 and p_a < 1)


@settings(max_examples=300)
@given(multi_class, probabilities, probabilities, scales)
def test_down_is_the_largest_float_below_the_exact_radius(method, first, second, scale):
    p_a, p_b = in_order(first, second)
    exact_a, exact_b = to_fraction(p_a), to_fraction(p_b)
    value = RADIUS[method](p_a, p_b, scale)
    if exact_a == exact_b and (method != "exact" or 0 < exact_a <= HALF):
        assert value == 0.0
    elif is_finite_case(method, exact_a, exact_b):
        assert is_rounded_down(value, plain_arb(method, exact_a, exact_b, scale))


@settings(max_examples=300)
@given(methods, probabilities.map(upper_half), scales)
def test_down_in_the_binary_case(method, p_a, scale):
    value = RADIUS[method](p_a, None, scale)
    if p_a == HALF:
        assert value == 0.0
    elif is_finite_case(method, p_a, 1 - p_a):
        assert is_rounded_down(value, plain_arb(method, p_a, 1 - p_a, scale))


@settings(max_examples=60)
@given(methods, st.floats(0.5, 1), st.integers(0, 10**6), scales)
def test_down_agrees_with_mpmath(method, p_a, share, scale):
    p_a = Fraction(p_a)
    p_b = 1 - p_a if method == "theorem_2" else p_a * Fraction(share, 10**6)
    if p_a == p_b or not is_finite_case(method, p_a, p_b):
        return
    value = RADIUS[method](p_a, None if method == "theorem_2" else p_b, scale)
    with mpmath.workdps(100):
        exact = plain_mpmath(method, p_a, p_b, scale)
        slack = exact * mpmath.mpf(10) ** -60
        assert mpmath.mpf(value) <= exact + slack
        assert mpmath.mpf(math.nextafter(value, math.inf)) > exact - slack


@pytest.mark.parametrize(
    ("p_a", "p_b"),
    [
        (1 - Fraction(1, 10**300), None),
        (HALF + Fraction(1, 2**53), None),
        (HALF + Fraction(1, 10**200), None),
        (Fraction(7, 10), Fraction(7, 10) - Fraction(1, 10**200)),
        (Fraction(1, 3), Fraction(1, 10**300)),
        (1 - Fraction(1, 10**250), 1 - Fraction(1, 10**200)),
    ],
)
@pytest.mark.parametrize("method", MULTI_CLASS)
def test_both_ends_agree_with_mpmath(method, p_a, p_b):
    scale = Surd(Fraction(7, 3), 2)
    value = RADIUS[method](p_a, p_b, scale)
    with mpmath.workdps(700):
        exact = plain_mpmath(method, p_a, 1 - p_a if p_b is None else p_b, scale)
        assert mpmath.mpf(value) <= exact < mpmath.mpf(math.nextafter(value, math.inf))


@given(methods, probabilities.map(upper_half), scales, st.sampled_from([30, 80, 200]))
def test_the_ball_contains_the_exact_radius(method, p_a, scale, precision):
    ball = radius_ball(method, p_a, scale=scale, precision=precision)
    if p_a == HALF:
        assert ball == 0
    elif is_finite_case(method, p_a, 1 - p_a):
        assert ball.overlaps(plain_arb(method, p_a, 1 - p_a, scale))
        assert ball.rel_accuracy_bits() > precision - 20
    else:
        assert ball == arb.pos_inf()


def test_rounding_to_nearest_instead_of_down_is_caught():
    for method in RADIUS:
        caught = 0
        for k in range(51, 100):
            p_a, scale = Fraction(k, 100), Surd(Fraction(k, 7), 3)
            exact = plain_arb(method, p_a, 1 - p_a, scale)
            assert is_rounded_down(RADIUS[method](p_a, None, scale), exact)
            nearest = RADIUS[method](p_a, None, scale, rounding="nearest")
            assert not is_rounded_down(math.nextafter(nearest, math.inf), exact)
            caught += not is_rounded_down(nearest, exact)
        assert caught > 10, method


MUTANTS = {
    "factor 1/2 dropped": ("lecuyer", lambda p_a, p_b: -radius_formulas._log(p_b / p_a)),
    "p_b dropped": ("new_term", lambda p_a, p_b: -radius_formulas._log(1 - p_a)),
    "factor 2 dropped": ("theorem_2", lambda p_a, p_b: -radius_formulas._log(1 - p_a)),
    "minimum for maximum": (
        "theorem_1",
        lambda p_a, p_b: radius_formulas._lecuyer(p_a, p_b).min(
            radius_formulas._new_term(p_a, p_b)
        ),
    ),
    "lower quantile dropped": ("cohen", lambda p_a, p_b: radius_formulas._quantile(p_a) / 2),
    "doubled": ("uniform", lambda p_a, p_b: 2 * (p_a - p_b)),
    "up by 1e-15": ("cohen", lambda p_a, p_b: radius_formulas._cohen(p_a, p_b) + fmpq(1, 10**15)),
    "p_a a float": ("theorem_2", lambda p_a, p_b: -(2 * (1 - arb(float(p_a)))).log()),
}


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_wrong_formula_is_caught(monkeypatch, mutant):
    method, ball = MUTANTS[mutant]
    p_a = [Fraction(k, 101) for k in range(55, 100, 5)]
    exact = [plain_arb(method, p, 1 - p, "1.7") for p in p_a]
    right = [RADIUS[method](p, None, "1.7") for p in p_a]
    wrong = radius_formulas.Formula(ball, FORMULAS[method].floats)
    monkeypatch.setattr(certificates, "FORMULAS", {**FORMULAS, method: wrong})
    mutated = [RADIUS[method](p, None, "1.7") for p in p_a]
    assert all(map(is_rounded_down, right, exact))
    assert not all(map(is_rounded_down, mutated, exact))


def ulps_apart(x, y):
    return np.abs(x - y) / np.spacing(np.maximum(np.abs(x), 1e-300))


@pytest.mark.parametrize("method", RADIUS)
def test_nearest_arrays_are_within_a_few_ulp_in_the_binary_case(method):
    tails = np.geomspace(1e-16, 0.49, 150)
    p_a = np.unique(np.concatenate([1 - tails, 0.5 + tails, [np.nextafter(0.5, 1)]]))
    values = RADIUS[method](p_a, None, 0.37, rounding="nearest")
    exact = [RADIUS[method](p, None, 0.37, rounding="nearest") for p in p_a]
    finite = np.isfinite(exact)
    assert np.array_equal(np.isinf(values), ~finite)
    assert ulps_apart(values[finite], np.array(exact)[finite]).max() <= 8


@pytest.mark.parametrize("method", MULTI_CLASS)
def test_nearest_arrays_are_within_a_few_ulp_with_several_classes(method):
    rng = np.random.default_rng(20)
    p_a = np.concatenate([rng.uniform(0, 1, 200), 10 ** rng.uniform(-290, 0, 200)])
    shares = np.concatenate([rng.uniform(0, 1, 200), 10 ** rng.uniform(-18, 0, 200)])
    p_b = np.concatenate([p_a * shares, np.nextafter(p_a, 0), np.full(p_a.shape, 5e-324)])
    p_a = np.tile(p_a, 3)
    values = RADIUS[method](p_a, p_b, 2.3, rounding="nearest")
    pairs = list(zip(p_a.tolist(), p_b.tolist(), strict=True))
    exact = np.array([RADIUS[method](a, b, 2.3, rounding="nearest") for a, b in pairs])
    if method == "cohen":  # a difference of quantiles is as accurate as the larger of them
        ends = [[cohen(upper_half(p), sigma=2.3) for p in pair] for pair in pairs]
        assert (np.abs(values - exact) <= 8 * np.spacing(np.max(ends, axis=1))).all()
    else:
        assert ulps_apart(values, exact).max() <= 8


def test_nearest_of_exact_numbers_is_the_nearest_float():
    p_a = 1 - Fraction(1, 10**300)
    exact = plain_arb("theorem_2", p_a, 1 - p_a, "0.3")
    assert theorem_2(p_a, scale="0.3", rounding="nearest") == float(exact)
    assert theorem_2("0.75", scale="1e400", rounding="nearest") == math.inf
    assert theorem_2(np.array([0.5, 1.0, 0.3]), scale="1e-400", rounding="nearest")[1] == math.inf


@given(multi_class, probabilities, probabilities, probabilities, scales)
def test_it_grows_with_p_a_and_falls_with_p_b(method, first, second, third, scale):
    low, middle, high = sorted([first, second, third], key=to_fraction)
    radius = RADIUS[method]
    assert radius(middle, low, scale) <= radius(high, low, scale)
    assert radius(high, middle, scale) <= radius(high, low, scale)


@given(methods, probabilities, probabilities, scales)
def test_it_grows_with_p_a_in_the_binary_case(method, first, second, scale):
    low, high = sorted([upper_half(first), upper_half(second)])
    assert RADIUS[method](low, None, scale) <= RADIUS[method](high, None, scale)


@given(methods, probabilities.map(upper_half), st.fractions("1/100", 100), st.integers(-60, 60))
def test_it_is_proportional_to_the_scale(method, p_a, scale, power):
    small = RADIUS[method](p_a, None, scale)
    assert RADIUS[method](p_a, None, scale * Fraction(2) ** power) == small * 2.0**power
    if math.isfinite(small):
        ball = radius_ball(method, p_a, scale=3 * scale, precision=100)
        assert ball.overlaps(3 * radius_ball(method, p_a, scale=scale, precision=100))


@given(probabilities.map(upper_half), scales)
def test_theorem_2_is_theorem_1_in_the_binary_case(p_a, scale):
    assert theorem_1(p_a, scale=scale) == theorem_2(p_a, scale=scale)
    assert theorem_1(p_a, 1 - p_a, scale=scale) == theorem_2(p_a, scale=scale)


@given(probabilities, probabilities, scales)
def test_theorem_1_is_the_larger_of_its_terms(first, second, scale):
    p_a, p_b = in_order(first, second)
    terms = theorem_1_terms(p_a, p_b, scale=scale)
    assert terms[0] == lecuyer(p_a, p_b, scale=scale)
    assert theorem_1(p_a, p_b, scale=scale) == max(terms)


@given(probabilities, probabilities, scales)
def test_the_exact_radius_is_never_below_theorem_1(first, second, scale):
    p_a, p_b = in_order(first, second)
    assert exact(p_a, p_b, scale=scale) >= theorem_1(p_a, p_b, scale=scale)


@given(probabilities.map(upper_half), probabilities, scales)
def test_a_runner_up_bound_above_the_complement_adds_nothing(p_a, second, scale):
    p_b = min(to_fraction(p_a), max(1 - to_fraction(p_a), to_fraction(second)))
    assert exact(p_a, p_b, scale=scale) == theorem_2(p_a, scale=scale)
    assert exact(p_a, scale=scale) == theorem_2(p_a, scale=scale)


@given(probabilities, probabilities, st.integers(2, 50), scales)
def test_so_many_classes_imply_a_larger_top_probability(first, second, classes, scale):
    p_a, p_b = (to_fraction(p) for p in in_order(first, second))
    other = min(p_b, 1 - p_a)
    top = max(p_a, 1 - (classes - 1) * other)
    radius = exact_k(p_a, p_b, num_classes=classes, scale=scale)
    assert radius == exact(top, other, scale=scale)
    assert radius >= exact_k(p_a, p_b, num_classes=classes + 1, scale=scale)
    if p_b > Fraction(1, 10**15):
        enough = 2 + math.ceil(max(0, 1 - p_a - p_b) / p_b)
        assert exact_k(p_a, p_b, num_classes=enough, scale=scale) == exact(p_a, p_b, scale=scale)


def test_exact_k_takes_arrays():
    p_a, p_b = np.array([0.3, 0.7, 0.9]), np.array([0.125, 0.1, 0.0])
    for rounding in ("down", "nearest"):
        radii = exact_k(p_a, p_b, num_classes=4, scale="0.5", rounding=rounding)
        each = [
            exact_k(a, b, num_classes=4, scale="0.5", rounding=rounding)
            for a, b in zip(p_a, p_b, strict=True)
        ]
        assert radii.tolist() == pytest.approx(each, rel=1e-15)
    assert math.isnan(exact_k(np.array([0.4]), num_classes=4, scale=1)[0])


@pytest.mark.parametrize("classes", [1, 0, -3, 2.5, "two", None, True, 10**400])
def test_another_number_of_classes_is_refused(classes):
    with pytest.raises(ValueError, match=r"num_classes = .* is outside the integers in \[2, 10+\]"):
        exact_k("0.6", "0.1", num_classes=classes, scale=1)


def test_both_terms_of_theorem_1_can_be_the_larger():
    assert np.argmax(theorem_1_terms("0.5", "0.01", scale=3)) == 0
    assert np.argmax(theorem_1_terms("0.9", "0.1", scale=3)) == 1
