"""The laws: noise, the likelihood ratio T, discrete Laplace."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from flint import arb
from hypothesis import strategies as st

from tests.test_hardening.functions_harness import Arguments, Check, Subject, holds, shape_of
from tests.test_hardening.functions_values import (
    arrays,
    everywhere,
    exact,
    exact_forms,
    open_floats,
    sizes,
    unit_floats,
)
from theory.likelihood_ratio import LikelihoodRatio
from theory.noise import Gaussian, Laplace, Uniform

# -- noise ----------------------------------------------------------------------------------------


LAWS: dict[str, tuple[Any, Any]] = {
    "Laplace": (Laplace(scale=2.0), lambda x: _laplace_tail(x / 2)),
    "Gaussian": (Gaussian(sigma=2.0), lambda x: mpmath.erfc(x / 2 / mpmath.sqrt(2)) / 2),
    "Uniform": (Uniform(half_width=2.0), lambda x: min(max((2 - x) / 4, 0), 1)),
}


def _laplace_tail(x: Any) -> Any:
    return mpmath.exp(-x) / 2 if x >= 0 else 1 - mpmath.exp(x) / 2


def _close(found: float, true: Any) -> None:
    """Within 8 units in the last place; underflow and overflow are what rounding says."""
    nearest = float(true)
    if math.isinf(nearest) or nearest == 0:
        assert found == nearest or abs(found) <= 1e-322, (found, nearest)
        return
    assert abs(found - nearest) <= 8 * math.ulp(nearest), (found, nearest)


def by_tail(tail: Callable[[Any], Any], value: Callable[[Any, Any], Any]) -> Check:
    """Each element against mpmath: ``value`` takes P(X > x) and P(X <= x)."""

    def check(result: Any, given: Arguments) -> None:
        shape_of(result, given["x"])
        points = np.asarray(given["x"], dtype=np.float64).ravel().tolist()
        for found, x in zip(np.ravel(result).tolist(), points, strict=True):
            assert not math.isnan(found)
            if abs(x) > 60:
                continue  # the ends are other tests' matter: here they must be no NaN
            with mpmath.workdps(60 + int(x * x)):
                upper, lower = tail(mpmath.mpf(x)), tail(mpmath.mpf(-x))
                _close(found, value(upper, lower))

    return check


def _log(p: Any) -> Any:
    return mpmath.log(p) if p > 0 else -mpmath.inf


def inverse_of(law: Any, name: str, function: str) -> Check:
    """The function at the quantile is the probability again, as far as its slope lets it."""

    def check(result: Any, given: Arguments) -> None:
        shape_of(result, given[name])
        p = np.asarray(given[name], dtype=np.float64)
        assert not np.isnan(result).any()
        if isinstance(law, Uniform):
            np.testing.assert_allclose(getattr(law, function)(result), p, atol=2.0**-52)
            return
        again = np.asarray(getattr(law, function)(result))
        wide = np.abs(np.where(np.isinf(result), 0.0, result)) + 1
        np.testing.assert_allclose(again, p, rtol=1e-13 * float(np.max(wide, initial=1)) ** 2)

    return check


def noise_subjects() -> list[Subject]:
    found = []
    x = {"x": st.one_of(everywhere, st.floats(-40, 40), arrays(st.floats(-30, 30)))}
    p = st.one_of(unit_floats, arrays(unit_floats))
    for name, (law, tail) in LAWS.items():
        values = {
            "cdf": lambda upper, lower: lower,
            "survival": lambda upper, lower: upper,
            "log_cdf": lambda upper, lower: _log(lower),
            "log_survival": lambda upper, lower: _log(upper),
        }
        for method, value in values.items():
            found.append(
                Subject(
                    f"theory.noise.{name}.{method}",
                    {"x": 0.5},
                    x,
                    by_tail(tail, value),
                    call=getattr(law, method),
                )
            )
        found.append(
            Subject(
                f"theory.noise.{name}.log_density",
                {"x": 0.5},
                x,
                lambda result, given: shape_of(result, given["x"]),
                call=law.log_density,
            )
        )
        for method, argument, inverse in (
            ("quantile", "p", "cdf"),
            ("inverse_survival", "q", "survival"),
        ):
            found.append(
                Subject(
                    f"theory.noise.{name}.{method}",
                    {argument: 0.25},
                    {argument: p},
                    inverse_of(law, argument, inverse),
                    call=getattr(law, method),
                )
            )
        parameter = {"Laplace": "scale", "Gaussian": "sigma", "Uniform": "half_width"}[name]
        kind = type(law)
        found += [
            Subject(
                f"theory.noise.{name}",
                {parameter: 2.0},
                {parameter: sizes},
                lambda result, given, parameter=parameter: holds(
                    getattr(result, parameter) == float(given[parameter]) and result.sigma >= 0
                ),
            ),
            Subject(
                f"theory.noise.{name}.from_sigma",
                {"sigma": 2.0},
                {"sigma": st.floats(1e-300, 1e300)},
                lambda result, given: holds(
                    math.isclose(result.sigma, float(given["sigma"]), rel_tol=1e-15)
                ),
                call=kind.from_sigma,
                names=(parameter,),
            ),
            Subject(
                f"theory.noise.{name}.with_sigma_of",
                {"other": Laplace(2.0)},
                {},
                lambda result, given: holds(
                    math.isclose(result.sigma, given["other"].sigma, rel_tol=1e-15)
                ),
                call=kind.with_sigma_of,
            ),
        ]
    return found


# -- the likelihood ratio -------------------------------------------------------------------------

DELTA, SCALE = (Fraction(7, 10), Fraction(-3, 10), Fraction(0)), Fraction(1, 2)
RATIO = LikelihoodRatio(DELTA, SCALE)
thresholds = exact_forms(st.one_of(st.sampled_from([1.0, -1.0, 0.4, 0.0]), st.floats(-3, 3)))
levels = exact_forms(open_floats)


def ratio_cdf(t: Fraction, *, closed: bool) -> Any:
    """P(T <= t) or P(T < t) for two coordinates, from T = T_1 + T_2, by numerical integration."""
    with mpmath.workdps(30):
        total = mpmath.mpf(0)
        first, second = (abs(one) for one in DELTA[:2])
        rate = 1 / _mp(SCALE)
        for at, mass in ((first, mpmath.mpf(1) / 2), (-first, mpmath.exp(-_mp(first) * rate) / 2)):
            total += mass * _one_cdf(t - at, second, rate, closed=closed)
        ends = sorted(
            {-first, first, *(end for end in (t - second, t + second) if abs(end) < first)}
        )

        def density(u: Any) -> Any:  # T_1 = a - 2 z with z exponential on (0, a)
            return rate * mpmath.exp(-(_mp(first) - u) * rate / 2) / 4

        def part(u: Any) -> Any:
            return density(u) * _one_cdf_mp(_mp(t) - u, _mp(second), rate)

        return total + mpmath.quad(part, [_mp(end) for end in ends])


def _one_cdf(t: Fraction, a: Fraction, rate: Any, *, closed: bool) -> Any:
    if t == a:
        return mpmath.mpf(1) if closed else mpmath.mpf(1) / 2
    if t == -a:
        return mpmath.exp(-_mp(a) * rate) / 2 if closed else mpmath.mpf(0)
    return _one_cdf_mp(_mp(t), _mp(a), rate)


def _one_cdf_mp(t: Any, a: Any, rate: Any) -> Any:
    if t < -a:
        return mpmath.mpf(0)
    return mpmath.mpf(1) if t >= a else mpmath.exp(-(a - t) * rate / 2) / 2


def _mp(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


def around(closed: bool) -> Check:
    """Bounds or a ball around the integral."""

    def check(result: Any, given: Arguments) -> None:
        t = exact(given["t"])
        low, high = ends_of(result)
        assert 0 <= low <= high <= 1 + 1e-15
        if abs(t) < 10**6:
            true = float(ratio_cdf(t, closed=closed))
            assert low - 1e-12 <= true <= high + 1e-12, (low, true, high)
        else:
            assert (low, high) == ((1, 1) if t > 0 else (0, 0))

    return check


def ends_of(result: Any) -> tuple[float, float]:
    """Both ends of a ball or of bounds."""
    if isinstance(result, arb):
        return float(result.lower()), float(result.upper())
    return result.lower, result.upper


def hockey(result: Any, given: Arguments) -> None:
    """Between max(0, 1 - e^eps) and that of total variation, and 0 from r/scale on."""
    eps = exact(given["eps"])
    low, high = ends_of(result)
    assert 0 <= low <= high <= 1
    if eps >= RATIO.norm / SCALE:
        assert low == 0 and high <= 1e-15
    if eps <= 0:
        assert high >= -math.expm1(max(float(max(eps, Fraction(-800))), -800.0)) - 1e-15


def rank_holds(result: Any, given: Arguments) -> None:
    """P(T < t) <= p <= P(T <= t) somewhere between the bounds."""
    p = float(exact(given["p"]))
    assert float(RATIO.below_bounds(result.lower).lower) <= p + 1e-15
    assert float(RATIO.cdf_bounds(result.upper).upper) >= p - 1e-15


def errors_trade(result: Any, given: Arguments) -> None:
    """Between the trade-off of the norm on an axis and the 1 - alpha of no move."""
    alpha = float(exact(given["alpha"]))
    low, high = ends_of(result)
    assert 0 <= low <= high <= 1 - alpha + 1e-15
    assert high - low <= 1e-12  # it is enclosed, and not only bounded by the trivial test


def product_of_coins(result: Any, given: Arguments) -> None:
    """Each coordinate that moves is in its atoms with probability (1 + e^(-|delta_i|/scale))/2."""
    with mpmath.workdps(40):
        true = mpmath.fprod((1 + mpmath.exp(-_mp(abs(d) / SCALE))) / 2 for d in DELTA if d)
        low, high = ends_of(result)
        assert low - 1e-15 <= true <= high + 1e-15


def ratio_subjects() -> list[Subject]:
    """Each method of the law of one perturbation."""
    made = {
        "cdf": ({"t": "0.4", "precision": 80}, {"t": thresholds}, around(True)),
        "below": ({"t": "0.4", "precision": 80}, {"t": thresholds}, around(False)),
        "cdf_bounds": ({"t": "0.4"}, {"t": thresholds}, around(True)),
        "below_bounds": ({"t": "0.4"}, {"t": thresholds}, around(False)),
        "hockey_stick": ({"eps": "0.5"}, {"eps": thresholds}, hockey),
        "quantile": ({"p": "0.5"}, {"p": levels}, rank_holds),
        "quantile_set": (
            {"p": "0.5"},
            {"p": levels},
            lambda result, given: rank_holds(result.bounds(SCALE), given),
        ),
        "trade_off": ({"alpha": "0.1"}, {"alpha": levels}, errors_trade),
        "cumulant": (
            {"order": 2},
            {"order": st.integers(1, 32)},
            lambda result, given: holds(result.lower <= result.upper),
        ),
        "heaviest_atoms": (
            {"number": 2},
            {"number": st.integers(1, 1000)},
            lambda result, given: holds(len(result) == min(4, int(given["number"]))),
        ),
        "atom_mass": (
            {"precision": 80},
            {"precision": st.integers(2, 500)},
            product_of_coins,
        ),
        "characteristic_function": (
            {"omega": "0.5", "bits": 96},
            {"omega": exact_forms(st.floats(-1e3, 1e3))},
            lambda result, given: holds(not bool(abs(result) > 1)),
        ),
        "value_at": (
            {"x": ["0.5", 7, -1]},
            {"x": st.lists(exact_forms(st.floats(-1e9, 1e9)), min_size=3, max_size=3)},
            lambda result, given: holds(abs(result) <= RATIO.norm),
        ),
    }
    return [
        Subject(
            f"theory.likelihood_ratio.LikelihoodRatio.{name}",
            plain,
            legal,
            check,
            call=getattr(RATIO, name),
        )
        for name, (plain, legal, check) in made.items()
    ]


vectors = st.lists(exact_forms(st.floats(-1e9, 1e9)), min_size=1, max_size=5)


def same_law(result: Any, given: Arguments) -> None:
    assert result.norm == sum(abs(exact(one)) for one in given["delta"])
    assert result.scale == exact(given["scale"]) > 0


def law_subjects() -> list[Subject]:
    """The noise laws and the likelihood ratio."""
    return [
        *noise_subjects(),
        *ratio_subjects(),
        Subject(
            "theory.likelihood_ratio.LikelihoodRatio.of",
            {"delta": ["0.7", -0.3, 0], "scale": "1/2"},
            {"delta": vectors, "scale": exact_forms(st.floats(1e-9, 1e9))},
            same_law,
        ),
        Subject(
            "theory.likelihood_ratio.LikelihoodRatio",
            {"delta": DELTA, "scale": SCALE},
            {"delta": st.tuples(st.fractions()), "scale": st.fractions(Fraction(1, 100), 100)},
            same_law,
        ),
    ]
