"""The noise laws against mpmath, against SciPy and against themselves.

An error is measured in units in the last place: abs(computed - exact) / ulp(exact), the
exact value at 70 digits from the very floats that the method was given.
"""

import math
from collections.abc import Callable
from dataclasses import FrozenInstanceError

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from theory.compensated import (
    accurate_sum,
    exponential,
    log_one_plus,
    pi_decimal,
    quotient,
    two_product,
)
from theory.noise import Gaussian, Laplace, Noise, Uniform

MP = mpmath.mp.clone()
MP.dps = 70
LIMIT = 4.0
LAWS = (Laplace, Gaussian, Uniform)
PARAMETERS = (0.3, 1.0, 7.25, 1.0 / math.sqrt(2.0), 1e-5, 1e6, 1e-200, 1e200)
EVERY_LAW = [law(parameter) for law in LAWS for parameter in PARAMETERS]
FUNCTIONS = ("cdf", "survival", "log_cdf", "log_survival", "log_density")
INVERSES = ("quantile", "inverse_survival")

parameters = st.floats(1e-250, 1e250, exclude_min=True)
laws = st.builds(lambda law, parameter: law(parameter), st.sampled_from(LAWS), parameters)
probabilities = st.one_of(
    st.floats(1e-300, 1.0 - 1e-16),
    st.floats(-300.0, -1e-16).map(lambda power: 10.0**power),
    st.floats(-16.0, -1.0).map(lambda power: 0.5 + 10.0**power),
)


def parameter_of(law: Noise) -> float:
    return getattr(law, law.__slots__[0])


def exact(law: Noise, function: str, x: float):
    """The definition of each law, at 70 digits; independent of theory/."""
    if function in ("cdf", "log_cdf"):
        return exact(law, {"cdf": "survival", "log_cdf": "log_survival"}[function], -x)
    s, outward = MP.mpf(parameter_of(law)), abs(MP.mpf(x))
    if isinstance(law, Laplace):
        tail, log_density = MP.exp(-outward / s) / 2, -outward / s - MP.log(2 * s)
    elif isinstance(law, Gaussian):
        tail = MP.erfc(outward / (s * MP.sqrt(2))) / 2
        log_density = -((outward / s) ** 2) / 2 - MP.log(s * MP.sqrt(2 * MP.pi))
    else:
        tail = max((s - outward) / (2 * s), MP.mpf(0))
        log_density = -MP.log(2 * s) if outward <= s else -MP.inf
    if function == "log_density":
        return log_density
    if function == "survival":
        return tail if x >= 0 else 1 - tail
    return MP.log(tail) if x >= 0 else MP.log1p(-tail)


def exact_inverse(law: Noise, function: str, p: float, near: float):
    """The exact quantile; for the Gaussian by a Newton step at 70 digits from a value near it."""
    if function == "quantile":
        return -exact_inverse(law, "inverse_survival", p, -near)
    s, q = MP.mpf(parameter_of(law)), MP.mpf(p)
    if isinstance(law, Uniform):
        return s * (1 - 2 * q)
    if isinstance(law, Laplace):
        return -s * MP.log(2 * q) if q <= 0.5 else s * MP.log(2 * (1 - q))
    z = MP.mpf(near) / s
    residual = MP.erfc(z / MP.sqrt(2)) / 2 - q
    if z < 0:
        residual = (1 - q) - MP.erfc(-z / MP.sqrt(2)) / 2
    step = residual * MP.exp(z * z / 2) * MP.sqrt(2 * MP.pi)
    # Quadratic convergence: what is left is z step^2, far below one unit.
    assert abs(step) <= 1e-12 * max(abs(z), MP.mpf(1e-17))
    return s * (z + step)


def ulps(computed: float, truth) -> float:
    """The distance in units in the last place of the truth; inf for a wrong infinity or NaN."""
    if MP.isinf(truth) or not math.isfinite(computed):
        return 0.0 if computed == float(truth) else math.inf
    return float(abs(MP.mpf(computed) - truth) / MP.mpf(math.ulp(float(truth))))


def probability_grid() -> np.ndarray:
    """[1e-300, 1 - 1e-16] and its mirror, dense at 1/2 and at the branch points 0.4 and 0.6."""
    tail = np.logspace(-300, -0.31, 60)
    near = np.array([0.0, 1e-17, 1e-16, 3e-16, 1e-12, 1e-6, 1e-3, 0.02, 0.0999, 0.1001])
    centre = np.concatenate([0.5 - near, 0.5 + near, np.linspace(0.01, 0.99, 41)])
    branches = np.nextafter(np.repeat([0.4, 0.6, 0.5], 2), [0.0, 1.0] * 3)
    ends = 1.0 - np.logspace(-15.95, -1, 25)
    return np.concatenate([tail, centre, branches, ends, [5e-324, 1e-310, 2.3e-308]])


def argument_grid(law: Noise) -> np.ndarray:
    """Both tails, the neighbourhood of 0, the branch points and the zero of log_density."""
    s = parameter_of(law)
    top = {Laplace: 745.5, Gaussian: 38.6, Uniform: 1.05}[type(law)]
    small = np.logspace(-17, 0, 18)
    half_knots = (np.array([0, 1, 2, 40, 64, 100, 127]) + 0.5) / 8
    positive = [np.linspace(0.0, top, 45), np.linspace(0.0, 1.0, 14), small, 1.0 - small]
    positive += [half_knots, np.nextafter(16.0625, [0.0, 20.0]), [8.0, 16.0, 17.0]]
    log_peak = exact(law, "log_density", 0.0)
    if log_peak > 0 and not isinstance(law, Uniform):
        zero = float(log_peak if isinstance(law, Laplace) else MP.sqrt(2 * log_peak))
        positive.append(zero * (1.0 + np.arange(-4, 5) * 2.0**-52))
    x = s * np.concatenate(positive)
    return np.concatenate([x, -x])


def worst(law: Noise, function: str, **implementation: Callable) -> tuple[float, float]:
    """The largest error in units in the last place over the grid, and where."""
    compute = implementation.get("compute", getattr(law, function))
    if function in INVERSES:
        grid = probability_grid()
        pairs = zip(grid.tolist(), compute(grid).tolist(), strict=True)
        return max((ulps(y, exact_inverse(law, function, p, y)), p) for p, y in pairs)
    grid = argument_grid(law)
    if isinstance(law, Uniform) and "log_" in function:
        grid = grid[np.abs(grid) < parameter_of(law)]
    pairs = zip(grid.tolist(), compute(grid).tolist(), strict=True)
    return max((ulps(y, exact(law, function, x)), x) for x, y in pairs)


@pytest.mark.parametrize("function", FUNCTIONS + INVERSES)
@pytest.mark.parametrize("law", EVERY_LAW, ids=str)
def test_error_is_below_four_units_in_the_last_place(law: Noise, function: str) -> None:
    error, where = worst(law, function)
    assert error < LIMIT, f"{law}.{function}({where!r}) is off by {error} ulp"


@pytest.mark.parametrize("scale", [0.3, 7.25])
def test_the_measure_refutes_a_rounded_quotient(scale: float) -> None:
    def naive(x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.where(x <= 0, 0.5 * np.exp(x / scale), 1.0 - 0.5 * np.exp(-x / scale))

    error, where = worst(Laplace(scale), "cdf", compute=naive)
    assert error > 50 * LIMIT
    assert where / scale < -100


@pytest.mark.parametrize("function", FUNCTIONS + INVERSES)
def test_the_measure_refutes_a_law_off_by_five_units(function: str) -> None:
    law = Gaussian(7.25)

    def shifted(x: np.ndarray) -> np.ndarray:
        y = getattr(law, function)(x)
        return np.where(np.isfinite(y), y + 5 * np.spacing(np.abs(y)), y)

    if function in INVERSES:
        assert worst(law, function, compute=shifted)[0] > LIMIT
    else:
        x = np.linspace(-20.0, 20.0, 11)
        assert all(
            ulps(y, exact(law, function, v)) > LIMIT
            for v, y in zip(x.tolist(), shifted(x).tolist(), strict=True)
        )


@pytest.mark.parametrize(
    ("scale", "x"),
    [(0.2875824348758879, 0.15906142752851948), (0.14722927200753907, 0.18000501867932533)],
)
def test_log_density_where_71_bits_cancel(scale: float, x: float) -> None:
    # The hardest of 60000 random scales: two floats for each term would not do.
    y = Laplace(scale).log_density(x)
    assert abs(y) < 1e-21
    assert ulps(y, exact(Laplace(scale), "log_density", x)) < LIMIT


@given(laws, probabilities)
def test_inverses_anywhere(law: Noise, p: float) -> None:
    for function in INVERSES:
        y = getattr(law, function)(p)
        assert ulps(y, exact_inverse(law, function, p, y)) < LIMIT


@given(laws, st.floats(-40.0, 40.0), st.sampled_from(FUNCTIONS))
def test_functions_anywhere(law: Noise, multiple: float, function: str) -> None:
    x = multiple * parameter_of(law)
    if isinstance(law, Uniform):
        x = multiple / 41.0 * parameter_of(law)
    assert ulps(getattr(law, function)(x), exact(law, function, x)) < LIMIT


@given(parameters, st.floats(40.0, 1e9), st.sampled_from([Laplace, Gaussian]))
def test_log_tails_go_on_where_the_tail_underflows(s: float, multiple: float, kind: type) -> None:
    law, x = kind(s), s * multiple
    for y in (law.log_survival(x), law.log_cdf(-x)):
        # erfc of 1e9 is beyond mpmath's patience; its asymptotic series is not.
        z = MP.mpf(x) / MP.mpf(s)
        series = sum(MP.fac2(2 * n - 1) * (-1) ** n / z ** (2 * n) for n in range(13))
        truth = -z - MP.log(2)
        if kind is Gaussian:
            truth = -z * z / 2 + MP.log(series / (z * MP.sqrt(2 * MP.pi)))
        assert ulps(y, truth) < LIMIT


@given(laws, probabilities)
def test_round_trip(law: Noise, p: float) -> None:
    # The rounding of x moves p by its conditioning, x density(x) / p <= 1 + z^2 or 1 + |z|.
    for there, back in (("quantile", "cdf"), ("inverse_survival", "survival")):
        x = getattr(law, there)(p)
        z = abs(x) / parameter_of(law)
        bound = (1.0 + z * z if isinstance(law, Gaussian) else 1.0 + z) * 2.0**-50
        if isinstance(law, Uniform):
            bound = 2.0**-50 * (1.0 + 1.0 / min(p, 1.0))
        assert getattr(law, back)(x) == pytest.approx(p, rel=bound, abs=0.0)


@given(laws, probabilities, st.floats(-50.0, 50.0))
def test_symmetry(law: Noise, p: float, multiple: float) -> None:
    x = multiple * parameter_of(law)
    assert law.quantile(p) == -law.inverse_survival(p)
    assert law.cdf(x) == law.survival(-x)
    assert law.log_cdf(x) == law.log_survival(-x)
    assert law.log_density(x) == law.log_density(-x)


@pytest.mark.parametrize("law", EVERY_LAW, ids=str)
def test_monotone(law: Noise) -> None:
    # Steps of 16 units in the last place: neighbours may swap within the error.
    p = np.unique(np.concatenate([probability_grid(), 0.4 * (1 + np.arange(-99, 99) * 2.0**-48)]))
    x = law.quantile(p)
    assert (np.diff(x) >= 0).all()
    assert (np.diff(law.inverse_survival(p)) <= 0).all()
    knots = np.array([0.0625, 0.3125, 1.0, 16.0625]) * parameter_of(law)
    fine = np.multiply.outer(knots, 1 + np.arange(-99, 99) * 2.0**-48).ravel()
    x = np.unique(np.concatenate([x, fine, -fine]))
    for function, sign in (("cdf", 1), ("survival", -1), ("log_cdf", 1), ("log_survival", -1)):
        values = getattr(law, function)(x)
        assert (sign * values[1:] >= sign * values[:-1]).all(), function


@pytest.mark.parametrize("parameter", [0.3, 1.0, 7.25, 1e-5, 1e6])
def test_agrees_with_scipy(parameter: float) -> None:
    p = np.concatenate([np.logspace(-280, -0.01, 30), 1 - np.logspace(-15, -1, 20)])
    pairs = [
        (Laplace(parameter), stats.laplace(scale=parameter)),
        (Gaussian(parameter), stats.norm(scale=parameter)),
        (Uniform(parameter), stats.uniform(loc=-parameter, scale=2 * parameter)),
    ]
    for law, other in pairs:
        np.testing.assert_allclose(
            law.quantile(p), other.ppf(p), rtol=1e-12, atol=1e-15 * parameter
        )
        np.testing.assert_allclose(
            law.inverse_survival(p), other.isf(p), rtol=1e-12, atol=1e-15 * parameter
        )
        # The last tenth of a support that ends is where SciPy's uniform tail cancels.
        x = parameter * np.linspace(-0.9, 0.9, 37) * (1 if isinstance(law, Uniform) else 30)
        np.testing.assert_allclose(law.cdf(x), other.cdf(x), rtol=1e-12)
        np.testing.assert_allclose(law.survival(x), other.sf(x), rtol=1e-12)
        np.testing.assert_allclose(law.log_density(x), other.logpdf(x), rtol=1e-12, atol=1e-14)
        assert law.sigma == pytest.approx(other.std(), rel=1e-15)


@pytest.mark.parametrize("sigma", [0.3, 1.0, 7.25, 1e-5, 1e6, 1e-310, 1e-200, 1e200, 1.2e308])
def test_equal_variance(sigma: float) -> None:
    root = MP.sqrt
    assert ulps(Laplace.from_sigma(sigma).scale, MP.mpf(sigma) / root(2)) <= 0.5001
    assert ulps(Laplace(sigma).sigma, MP.mpf(sigma) * root(2)) <= 0.5001
    assert ulps(Uniform(sigma).sigma, MP.mpf(sigma) / root(3)) <= 0.5001
    if sigma < 1e308:
        assert ulps(Uniform.from_sigma(sigma).half_width, MP.mpf(sigma) * root(3)) <= 0.5001
        for kind in LAWS:
            for other in (Laplace(sigma), Gaussian(sigma), Uniform(sigma)):
                matched = kind.with_sigma_of(other)
                assert isinstance(matched, kind)
                assert matched.sigma == pytest.approx(other.sigma, rel=4e-16, abs=1e-323)
    assert Gaussian.from_sigma(sigma) == Gaussian(sigma)


def test_a_width_beyond_the_floats_is_refused() -> None:
    with pytest.raises(ValueError, match=r"half_width = inf is outside \(0, inf\)"):
        Uniform.from_sigma(1.7e308)
    with pytest.raises(ValueError, match=r"sigma = inf is outside \(0, inf\)"):
        Gaussian.with_sigma_of(Laplace(1.7e308))


@pytest.mark.parametrize("law", EVERY_LAW, ids=str)
def test_ends_of_the_domain(law: Noise) -> None:
    end = law.half_width if isinstance(law, Uniform) else math.inf
    assert law.quantile([0.0, 0.5, 1.0]).tolist() == [-end, 0.0, end]
    assert law.inverse_survival([0.0, 0.5, 1.0]).tolist() == [end, 0.0, -end]
    assert math.copysign(1.0, law.quantile(0.5)) == 1.0
    both = [-math.inf, math.inf]
    assert law.cdf(both).tolist() == [0.0, 1.0]
    assert law.survival(both).tolist() == [1.0, 0.0]
    assert law.log_cdf(both).tolist() == [-math.inf, 0.0]
    assert law.log_survival(both).tolist() == [0.0, -math.inf]
    assert law.log_density(both).tolist() == [-math.inf, -math.inf]
    assert law.cdf(0.0) == law.survival(-0.0) == 0.5


@pytest.mark.parametrize("half_width", PARAMETERS)
def test_uniform_support(half_width: float) -> None:
    law, outside = Uniform(half_width), math.nextafter(half_width, math.inf)
    assert law.log_density(half_width) == law.log_density(0.0) == law.log_density(-half_width)
    assert law.log_density([outside, -outside]).tolist() == [-math.inf, -math.inf]
    assert (law.cdf(half_width), law.cdf(outside), law.survival(outside)) == (1.0, 1.0, 0.0)
    assert law.log_survival([half_width, outside]).tolist() == [-math.inf, -math.inf]


@pytest.mark.parametrize("law", [Laplace(1.7e308), Gaussian(1.7e308), Laplace(5e-324)], ids=str)
def test_extreme_parameters(law: Noise) -> None:
    with np.errstate(all="raise"):
        x = np.array([-1.7e308, -1e300, 0.0, 5e-324, 1.5e-323, 1e308])
        for function in ("cdf", "survival", "log_density"):
            for v, y in zip(x.tolist(), getattr(law, function)(x).tolist(), strict=True):
                truth = exact(law, function, v)
                assert ulps(y, -MP.inf if truth < -(MP.mpf(2) ** 1024) else truth) < LIMIT
        for p in (5e-324, 1e-300, 1e-3, 0.3, 0.5, 0.7):
            unit = type(law)(1.0).quantile(p)
            truth = exact_inverse(type(law)(1.0), "quantile", p, unit) * parameter_of(law)
            overflows = abs(truth) > MP.mpf(2) ** 1024
            assert ulps(law.quantile(p), -MP.inf if overflows else truth) < LIMIT


@pytest.mark.parametrize("law", [Laplace(0.3), Gaussian(7.25), Uniform(1e-5)], ids=str)
@pytest.mark.parametrize("function", FUNCTIONS + INVERSES)
def test_shapes_and_types(law: Noise, function: str) -> None:
    method = getattr(law, function)
    for scalar in (0.25, 1, np.float64(0.25), np.float32(0.25), np.array(0.25)):
        assert type(method(scalar)) is float
    for array in ([0.25, 0.5], np.full((2, 3), 0.25, np.float32), np.zeros(0), np.ones((1, 0, 4))):
        result = method(array)
        assert result.dtype == np.float64
        assert result.shape == np.shape(array)
        assert result.tolist() == np.vectorize(method, otypes=[float])(array).tolist()


@pytest.mark.parametrize("kind", LAWS)
@pytest.mark.parametrize("value", [0.0, -0.0, -1.5, math.inf, -math.inf, math.nan])
def test_bad_parameters(kind: type, value: float) -> None:
    name = kind.__slots__[0]
    with pytest.raises(ValueError, match=rf"^{name} = {value} is outside \(0, inf\)$"):
        kind(value)
    with pytest.raises(ValueError, match=rf"^sigma = {value} is outside \(0, inf\)$"):
        kind.from_sigma(value)


@pytest.mark.parametrize("law", [Laplace(0.3), Gaussian(7.25), Uniform(1e-5)], ids=str)
def test_bad_arguments(law: Noise) -> None:
    for function, name in (("quantile", "p"), ("inverse_survival", "q")):
        for bad in (-5e-324, 1.0 + 2.0**-52, 1.5, math.inf, math.nan):
            for argument in (bad, [0.5, bad, 0.25, -7.0]):
                with pytest.raises(ValueError, match=rf"^{name} = {bad} is outside \[0, 1\]$"):
                    getattr(law, function)(argument)
    for function in FUNCTIONS:
        for argument in (math.nan, [0.0, math.nan]):
            with pytest.raises(ValueError, match=r"^x = nan is outside \[-inf, inf\]$"):
                getattr(law, function)(argument)


def test_laws_are_values() -> None:
    assert Laplace(np.float32(0.5)) == Laplace(scale=0.5) != Gaussian(sigma=0.5)
    assert len({Laplace(0.3), Laplace(0.3), Laplace(7.25)}) == 2
    assert repr(Uniform(np.float64(7.25))) == "Uniform(half_width=7.25)"
    with pytest.raises(FrozenInstanceError):
        Laplace(0.3).scale = 1.0


def test_compensated_arithmetic() -> None:
    rng = np.random.default_rng(20200423)
    x = rng.uniform(-1, 1, 300) * 10.0 ** rng.uniform(-120, 120, 300)
    y = rng.uniform(0.1, 1, 300) * 10.0 ** rng.uniform(-120, 120, 300)
    p, e = two_product(x, y)
    q0, q1, q2 = quotient(x, y)
    assert (p == x * y).all() and (q0 == x / y).all()
    assert str(MP.pi)[:60] == str(pi_decimal())[:60]
    for i in range(300):
        a, b = MP.mpf(x[i]), MP.mpf(y[i])
        assert MP.mpf(p[i]) + MP.mpf(e[i]) == a * b
        long = MP.mpf(q0[i]) + MP.mpf(q1[i]) + MP.mpf(q2[i])
        # 70 digits hold the truth of a quotient of 159 bits.
        assert abs(long * b / a - 1) < MP.mpf(2) ** -157
    t, tiny = np.append(rng.uniform(-4000, 4000, 300), [0.0, 1e-20, -1e-9]), 1e-17
    m, e, k = exponential(t, t * tiny)
    for i, exponent in enumerate(t):
        truth = MP.exp(MP.mpf(exponent) + MP.mpf(exponent * tiny)) / MP.mpf(2) ** int(k[i])
        assert abs((MP.mpf(m[i]) + MP.mpf(e[i])) / truth - 1) < MP.mpf(2) ** -56
    for h in (-0.5, -0.3, -1e-3, -1.7e-16, -1e-16, -3e-17, -1e-300, 1e-16, 0.7):
        assert ulps(float(log_one_plus(h, h * tiny)), MP.log1p(MP.mpf(h) + MP.mpf(h * tiny))) < 2
    assert float(accurate_sum([2.0**100, 1.0, 2.0**-60, -1.0, -(2.0**100)])) == 2.0**-60
