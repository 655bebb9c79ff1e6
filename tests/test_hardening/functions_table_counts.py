"""Counts: binomial tails, confidence bounds, sample sizes, power, lattices."""

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
from hypothesis import strategies as st
from scipy import stats

from tests.test_hardening.functions_harness import (
    Arguments,
    Check,
    Subject,
    accept_anything,
    holds,
)
from tests.test_hardening.functions_values import (
    arrays,
    exact,
    exact_forms,
    open_floats,
    unit_floats,
)
from theory.confidence import BinomialTest

# -- confidence -----------------------------------------------------------------------------------


def tail_at(k: int, n: int, p: float) -> Any:
    """P(X >= k) by mpmath's regularised beta at 40 digits."""
    with mpmath.workdps(40):
        return mpmath.betainc(k, n - k + 1, 0, mpmath.mpf(p), regularized=True)


def covers(side: str) -> Check:
    """The tail at the bound is at most alpha (up to the stated margin): the bound is outward."""

    def check(result: Any, given: Arguments) -> None:
        assert type(result) is float and 0 <= result <= 1
        k, n, alpha = int(given["successes"]), int(given["num_samples"]), exact(given["alpha"])
        if side == "upper":
            k, result = n - k, 1 - result
        if k == 0:
            assert result == 0
        elif n <= 2000 and result > 0:
            slack = 1e-9 if side == "lower" else 1e-9 + 1e-15 * n / max(1 - result, result)
            assert tail_at(k, n, result) <= float(alpha) * (1 + slack), (result, alpha)

    return check


def counts_fit(given: Arguments) -> bool:
    return bool(given["successes"] <= given["num_samples"])


samples = st.one_of(st.sampled_from([1, 2, 10**10 - 1, 10**10]), st.integers(1, 10**5))
alphas = st.one_of(st.sampled_from([1e-300, 0.5, 1 - 2.0**-53]), st.floats(1e-12, 0.999))
counts = st.one_of(st.sampled_from([0, 1]), st.integers(0, 2000))
rates = st.floats(1e-9, 0.4)


def bound_subject(name: str, side: str, **legal: Any) -> Subject:
    return Subject(
        name,
        {"successes": 3, "num_samples": 10, "alpha": 0.05},
        {"successes": counts, "num_samples": samples, "alpha": alphas, **legal},
        covers(side),
        joint=counts_fit,
        positional=("successes", "num_samples"),
    )


def is_binomial(upper: bool) -> Check:
    """SciPy's tail, or above it by the margin."""

    def check(result: Any, given: Arguments) -> None:
        k, n, p = given["k"], given["n"], given["p"]
        assert 0 <= result <= 1
        true = stats.binom.sf(k - 1, n, p) if upper else stats.binom.cdf(k, n, p)
        assert math.isclose(result, true, rel_tol=1e-6, abs_tol=1e-240), (result, true)

    return check


def in_unit(result: Any, given: Arguments) -> None:
    assert isinstance(result, float) and 0 <= result <= 1


def whole_or_none(result: Any, given: Arguments) -> None:
    assert result is None or (type(result) is int and result >= 1)


TEST = BinomialTest(num_samples=1000, p_lower=0.3, p_upper=0.31)
bound = {"successes": 3, "num_samples": 10, "alpha": 0.05}


def anytime(result: Any, given: Arguments) -> None:
    """Between 0 and 1, and not inside the fixed-sample bound, which is narrower."""
    assert type(result) is float and 0 <= result <= 1


def tail_array(result: Any, given: Arguments) -> None:
    """SciPy's tails in the broadcast shape."""
    k, n, p = (np.asarray(given[name]) for name in ("counts", "num_samples", "probabilities"))
    assert result.shape == np.broadcast_shapes(k.shape, n.shape, p.shape)
    np.testing.assert_allclose(
        result, stats.binom.sf(k - 1.0, n, p.astype(float)), rtol=1e-6, atol=1e-240
    )


def least_count(result: Any, given: Arguments) -> None:
    """The tail is at most alpha at the count, and above it one before (up to the margins)."""
    p, n, alpha = (
        np.asarray(given[name], dtype=np.float64)
        for name in ("probabilities", "num_samples", "alpha")
    )
    assert np.all((result >= 0) & (result <= n + 1))
    at = stats.binom.sf(result - 1.0, n, p)
    assert np.all((at <= alpha * (1 + 1e-6)) | (p == 0))


def both_sorted(result: Any, given: Arguments) -> None:
    assert all(np.all(np.asarray(one) >= 0) for one in result)


def votes(result: Any, given: Arguments) -> None:
    assert 0 <= result.p_a <= 1 and result.num_samples == sum(int(n) for n in given["counts"])
    assert result.p_b is None or 0 <= result.p_b <= 1


def confidence_subjects() -> list[Subject]:
    """Binomial tails, bounds and tests."""
    exact_alphas = exact_forms(st.floats(1e-12, 0.999))
    return [
        bound_subject("theory.confidence.lower", "lower"),
        bound_subject("theory.confidence.upper", "upper"),
        bound_subject("theory.confirmed_bounds.confirmed_lower", "lower", alpha=exact_alphas),
        bound_subject("theory.confirmed_bounds.confirmed_upper", "upper", alpha=exact_alphas),
        Subject(
            "theory.confidence.interval",
            bound,
            {"successes": counts, "num_samples": samples, "alpha": alphas},
            lambda ends, given: holds(0 <= ends[0] <= ends[1] <= 1),
            joint=counts_fit,
        ),
        Subject(
            "theory.confidence.checked_open",
            {"name": "alpha", "value": 0.5},
            {"value": st.floats(0, 1, exclude_min=True, exclude_max=True)},
            in_unit,
        ),
        Subject(
            "theory.confidence.holm",
            {"p_values": [0.02, 0.4, 0.01]},
            {"p_values": st.lists(unit_floats, max_size=9)},
            lambda adjusted, given: holds(
                bool(np.all((adjusted >= np.asarray(given["p_values"])) & (adjusted <= 1)))
            ),
        ),
        Subject(
            "theory.confidence.BinomialTest",
            {"num_samples": 10, "p_lower": 0.25, "p_upper": 0.5, "alternative": "less"},
            {"num_samples": samples, "p_lower": st.floats(0, 0.5), "p_upper": st.floats(0.5, 1)},
        ),
        Subject(
            "theory.confidence.BinomialTest.p_value",
            {"successes": 361},
            {"successes": st.integers(0, 1000)},
            in_unit,
            call=TEST.p_value,
        ),
        Subject(
            "theory.confidence.BinomialTest.acceptance_region",
            {"alpha": 0.01},
            {"alpha": alphas},
            lambda ends, given: holds(ends[0] >= 0 and ends[1] <= 1000),
            call=TEST.acceptance_region,
        ),
        *[
            Subject(
                f"theory.confidence.BinomialTest.{name}",
                {"truth": 0.4, "alpha": 0.01},
                {"truth": unit_floats, "alpha": alphas},
                in_unit,
                call=getattr(TEST, name),
            )
            for name in ("false_pass", "power")
        ],
        Subject(
            "theory.confidence.detectable_shift",
            {
                "num_samples": 1000,
                "probability": 0.5,
                "alpha": 0.01,
                "false_pass": 0.01,
                "alternative": "two-sided",
                "bias": 0.001,
            },
            {
                "num_samples": samples,
                "probability": unit_floats,
                "alpha": rates,
                "false_pass": rates,
                "bias": st.floats(0, 2),
            },
            lambda shift, given: holds(shift > 0),
        ),
        *[
            Subject(
                f"theory.confidence_sequences.{name}",
                bound,
                {"successes": counts, "num_samples": samples, "alpha": alphas},
                anytime,
                joint=counts_fit,
                positional=("successes", "num_samples"),
            )
            for name in ("anytime_lower", "anytime_upper")
        ],
        Subject(
            "theory.confidence_sequences.log_evidence",
            {"successes": 5600, "num_samples": 10_000, "p0": 0.5, "alternative": "greater"},
            {"successes": st.integers(0, 10_000), "p0": open_floats},
            lambda value, given: holds(not math.isnan(value) and value < math.inf),
        ),
        Subject(
            "theory.confidence_sequences.boundary",
            {"num_samples": 1000, "p0": 0.5, "alpha": 0.001, "alternative": "less"},
            {"num_samples": st.integers(1, 10**6), "p0": open_floats, "alpha": alphas},
            lambda count, given: holds(-1 <= count <= given["num_samples"] + 1),
        ),
        Subject(
            "theory.confidence_sequences.looks",
            {"num_samples": 80},
            {"num_samples": samples},
            lambda times, given: holds(
                times[-1] == given["num_samples"] and list(times) == sorted(set(times))
            ),
        ),
    ]


def lattice_subjects() -> list[Subject]:
    """The lattice of bounds, and bounds of votes."""
    n = st.integers(1, 10**6)
    p, rate = st.one_of(unit_floats, arrays(unit_floats)), st.floats(1e-12, 0.999)
    between = {
        "lower": st.one_of(st.floats(0, 0.5), arrays(st.floats(0, 0.5))),
        "upper": st.floats(0.5, 1),
    }
    return [
        Subject(
            "theory.count_lattice.upper_tails",
            {"counts": [0, 1, 2], "num_samples": 2, "probabilities": 0.5},
            {
                "counts": st.just([0, 1, 2]),
                "num_samples": st.integers(2, 10**5),
                "probabilities": open_floats,
            },
            tail_array,
        ),
        *[
            Subject(
                f"theory.count_lattice.{name}_counts",
                {"probabilities": 0.5, "num_samples": 100, "alpha": 0.01},
                {"probabilities": p, "num_samples": n, "alpha": rate},
                check,
            )
            for name, check in (("least", least_count), ("greatest", accept_anything))
        ],
        Subject(
            "theory.count_lattice.lower_bounds",
            {"counts": [0, 5, 10], "num_samples": 10, "alpha": 0.05},
            {"num_samples": st.integers(10, 10**6), "alpha": rate},
            lambda found, given: holds(bool(np.all((found >= 0) & (found < 1)))),
        ),
        *[
            Subject(
                f"theory.count_lattice.{name}",
                {"lower": 0.25, "upper": 0.5, "num_samples": 100, "alpha": 0.01},
                {**between, "num_samples": n, "alpha": rate},
            )
            for name in ("counts_between", "on_lattice")
        ],
        Subject(
            "theory.count_lattice.fitting_alphas",
            {"counts": 5, "lower": 0.25, "upper": 0.5, "num_samples": 10},
            between,
            both_sorted,
        ),
        Subject(
            "theory.count_lattice.fitting_samples",
            {"misses": 5, "lower": 0.25, "upper": 0.5, "alpha": 0.01},
            {**between, "misses": st.integers(0, 10**6), "alpha": rate},
            both_sorted,
        ),
        *[
            Subject(
                f"theory.simultaneous.{name}",
                {"counts": [990, 6, 4], "alpha": 0.001, "top": None, "same_sample": True},
                {
                    "counts": st.lists(st.integers(0, 10**9), min_size=2, max_size=9),
                    "alpha": alphas,
                    "same_sample": st.booleans(),
                },
                votes,
                joint=lambda given: sum(given["counts"]) > 0,
            )
            for name in ("top_bound", "simultaneous_bounds")
        ],
        Subject(
            "theory.simultaneous.parse_votes",
            {"counts": [3, 1]},
            {"counts": st.lists(st.integers(0, 10**9), min_size=1).filter(any)},
            lambda found, given: holds(found == [int(one) for one in given["counts"]]),
        ),
        Subject(
            "theory.simultaneous.parse_top",
            {"top": 1, "num_counts": 3},
            {"top": st.integers(0, 2)},
            lambda found, given: holds(found == int(given["top"])),
        ),
    ]


def planning_subjects() -> list[Subject]:
    """Sample sizes and powers."""
    laplace = {"method": "theorem_2", "radius": "0.5", "alpha": "0.001", "scale": 1}
    sizes = exact_forms(st.floats(1e-3, 1e3))
    legal = {"radius": exact_forms(st.floats(0, 20)), "scale": sizes, "alpha": exact_forms(rates)}
    flip = {"level": st.floats(1e-9, 0.4), "bias": st.floats(0, 0.4)}
    lead = {"mass_a": 0.2, "mass_b": 0.25, "level": 0.01}
    masses = {"mass_a": st.floats(0.01, 0.5), "mass_b": st.floats(0.01, 0.5), "level": rates}
    return [
        Subject(
            "theory.sample_sizes.largest_radius",
            {"method": "theorem_2", "num_samples": 1000, "alpha": "0.001", "scale": 1},
            {"num_samples": st.integers(1, 10**15), "alpha": exact_forms(rates), "scale": sizes},
            lambda ends, given: holds(0 <= ends.lower <= ends.upper),
        ),
        Subject("theory.sample_sizes.unanimous_samples", laplace, legal, whole_or_none),
        Subject(
            "theory.sample_sizes.samples_needed_for",
            {**laplace, "probability": "0.99", "power": 0.9},
            {"probability": exact_forms(st.floats(0.8, 1))},
            whole_or_none,
        ),
        Subject(
            "theory.sample_sizes.count_reached",
            {"num_samples": 1000, "probability": "0.9", "power": 0.9},
            {"num_samples": samples, "probability": exact_forms(unit_floats), "power": rates},
            lambda count, given: holds(0 <= count <= given["num_samples"]),
        ),
        Subject(
            "theory.sample_sizes.least_samples",
            {"null": 0.1, "truth": 0.02, "level": 0.001, "false_pass": 0.1},
            {"null": open_floats, "truth": unit_floats, "level": rates, "false_pass": rates},
            whole_or_none,
        ),
        Subject(
            "theory.sample_sizes.check_rates",
            {"level": 0.4, "false_pass": 0.5},
            {"level": rates, "false_pass": rates},
        ),
        Subject(
            "theory.sample_sizes.level_of",
            {"alpha": "0.1"},
            {"alpha": exact_forms(st.floats(2.0**-1000, 1, exclude_max=True))},
            lambda level, given: holds(Fraction(level) <= exact(given["alpha"])),
        ),
        Subject(
            "theory.flip_power.flip_power",
            {"num_samples": 1000, "probability": 0.45, "level": 0.01, "bias": 0.001},
            {"num_samples": samples, "probability": unit_floats, **flip},
            in_unit,
        ),
        Subject(
            "theory.flip_power.smallest_excess",
            {"num_samples": 1000, "scale": 2.0, "level": 0.01, "false_pass": 0.1, "bias": 0.001},
            {"num_samples": samples, "scale": st.floats(1e-9, 1e9), **flip},
            lambda excess, given: holds(excess >= 0),
        ),
        Subject(
            "theory.flip_power.samples_needed",
            {"probability": 0.45, "level": 0.01, "false_pass": 0.1, "bias": 0.001},
            {"probability": unit_floats, **flip},
            whole_or_none,
        ),
        Subject(
            "theory.flip_power.lead_power",
            {"num_samples": 1000, **lead, "word": 0.0},
            {"num_samples": samples, **masses, "word": st.floats(0, 1)},
            in_unit,
        ),
        Subject(
            "theory.flip_power.smallest_lead_excess",
            {
                "num_samples": 1000,
                "masses": lambda excess: (0.25 * math.exp(-excess), 1 - 0.75 * math.exp(-excess)),
                "scale": 1.0,
                "level": 0.01,
                "false_pass": 0.1,
                "word": 0.0,
            },
            {"level": rates},
            lambda excess, given: holds(excess > 0),
        ),
        Subject(
            "theory.flip_power.lead_samples_needed",
            {**lead, "false_pass": 0.1, "word": 0.0},
            masses,
            whole_or_none,
        ),
    ]


def tail_subjects() -> list[Subject]:
    """The binomial tails."""
    legal = {"k": st.integers(-1, 12), "n": st.just(10), "p": unit_floats}
    return [
        Subject(
            f"theory.binomial_tails.{name}",
            {"k": 3, "n": 10, "p": 0.25},
            legal,
            is_binomial(name == "at_least"),
            hostile=(),  # k, n and p are those of a caller in theory/ that has checked them
        )
        for name in ("at_least", "at_most")
    ]


def count_subjects() -> list[Subject]:
    """Everything of this file."""
    return [
        *confidence_subjects(),
        *lattice_subjects(),
        *planning_subjects(),
        *tail_subjects(),
    ]
