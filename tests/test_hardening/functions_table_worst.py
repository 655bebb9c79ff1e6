"""Laws on a grid, radii of a direction, worst-case classifiers, the ROPS and inverse radii."""

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
    open_floats,
    unit_floats,
)
from theory.discrete_laplace import DiscreteLaplace
from theory.exact import Surd
from theory.rops_ball import BallPoint
from theory.rops_slab import Slab
from theory.tightness import HalfSpace, TwoTails, WorstCase


def _mp(value: Fraction) -> Any:
    return mpmath.mpf(value.numerator) / value.denominator


# -- discrete laws, directions, worst cases -------------------------------------------------------

GRID = DiscreteLaplace(Fraction(1, 16), Fraction(1, 4))
integers = st.one_of(st.sampled_from([0, -1, 1, 10**6, -(10**6), 10**18]), st.integers(-200, 200))
directions = ("down", "up", "nearest")
probabilities = exact_forms(unit_floats)
moderate = exact_forms(st.floats(1e-3, 1e3))


def discrete_probability(method: str) -> Check:
    """Against mpmath, and on the right side of it."""

    def check(result: Any, given: Arguments) -> None:
        k = int(given["k"])
        if abs(k) > 10**6:
            assert result in (0.0, 5e-324, math.nextafter(1, 0), 1.0)
            return
        with mpmath.workdps(60):
            q = mpmath.exp(mpmath.mpf(-1) / 4)
            if method == "pmf":
                true = (1 - q) / (1 + q) * q ** abs(k)
            else:
                place = k if method == "cdf" else -k - 1
                true = q**-place / (1 + q) if place < 0 else 1 - q ** (place + 1) / (1 + q)
            value, error = mpmath.mpf(result), true * mpmath.mpf(10) ** -50
            slack = math.ulp(result)
            assert value <= true + error or given["rounding"] != "down"
            assert value >= true - error or given["rounding"] != "up"
            assert abs(value - true) <= slack + error

    return check


def steps_right(method: str) -> Check:
    """The largest number of steps whose norm is below the radius (two classes, by mpmath)."""

    def check(result: Any, given: Arguments) -> None:
        p, eps = exact(given["p_a"]), exact(given["step"]) / exact(given["scale"])
        if given.get("p_b") is not None:
            assert result >= 0
            return
        if 2 * p < 1:
            assert math.isnan(result)
        elif p == 1:
            assert result == math.inf
        elif method != "steps_lattice":
            with mpmath.workdps(700):
                last = -mpmath.log(2 * (1 - _mp(p)))
                if method == "steps_lecuyer":
                    last = mpmath.log(_mp(p) / (1 - _mp(p))) / 2
                if eps < Fraction(1, 10**300):
                    return  # more steps than 700 digits hold
                room = last / _mp(eps)
                assert result == 0 or result < room
                assert result + 1 >= room
        else:
            assert result >= 0

    return check


def grid_subjects() -> list[Subject]:
    """Discrete Laplace: the law and the steps."""
    found = [
        Subject(
            f"theory.discrete_laplace.DiscreteLaplace.{name}",
            {"k": 3, "rounding": "nearest"},
            {"k": integers, "rounding": st.sampled_from(directions)},
            discrete_probability(name),
            call=getattr(GRID, name),
        )
        for name in ("pmf", "cdf", "survival")
    ]
    found += [
        Subject(
            f"theory.discrete_laplace.{name}",
            {"p_a": "0.75", **more, "step": "1/16", "scale": "1/4"},
            {"p_a": probabilities, "step": exact_forms(st.floats(1e-3, 1e3)), "scale": moderate},
            steps_right(name),
        )
        for name in ("steps_theorem_1", "steps_theorem_2", "steps_lecuyer", "steps_lattice")
        for more in ([{}] if name == "steps_theorem_2" else [{}, {"p_b": "0.125"}])
        if not (more and name == "steps_theorem_2")
    ]
    for one in found:
        if "p_b" in one.plain:
            object.__setattr__(one, "joint", lambda given: exact(given["p_a"]) >= exact("0.125"))
    return [
        *found,
        Subject(
            "theory.discrete_laplace.DiscreteLaplace",
            {"step": "1/16", "scale": "1/4"},
            {"step": moderate, "scale": moderate},
            lambda law, given: holds(law.eps == exact(given["step"]) / exact(given["scale"])),
        ),
        Subject(
            "theory.discrete_laplace.DiscreteLaplace.variance",
            {"rounding": "down"},
            {"rounding": st.sampled_from(directions)},
            lambda result, given: holds(math.isclose(result, 0.12402, rel_tol=1e-2)),
            call=GRID.variance,
        ),
        Subject(
            "theory.discrete_laplace.quantile_ball",
            {"p": Fraction(1, 3), "eps": Fraction(1, 4), "precision": 100},
            {"p": open_floats.map(Fraction), "eps": st.floats(1e-3, 1e3).map(Fraction)},
            lambda result, given: holds(isinstance(result, arb)),
        ),
        Subject(
            "theory.discrete_laplace.radius_on_grid",
            {"steps": 67, "step": "1/255"},
            {"steps": st.integers(0, 10**30), "step": moderate},
            lambda result, given: holds(
                math.isnan(result)
                or math.isinf(result)
                or Fraction(result) <= int(given["steps"]) * exact(given["step"])
            ),
        ),
    ]


def above_axis(result: Any, given: Arguments) -> None:
    """No direction has a smaller radius than an axis."""
    from theory.certificates import theorem_2

    low = result if isinstance(result, float) else result.lower
    best = theorem_2(given["p_a"], scale=given["scale"])
    assert (math.isnan(low) and math.isnan(best)) or low >= best * (1 - 1e-13)


def least_is_right(result: Any, given: Arguments) -> None:
    """Eq. (14) in mpmath."""
    p = exact(given["p_a"])
    length, scale = (
        one if isinstance(one, Fraction) else Fraction(float(one))
        for one in (given["r"], given["scale"])
    )
    ratio = length / scale
    with mpmath.workdps(60):
        if ratio > 10**4 or (1 - p < Fraction(1, 10**50) and p != 1):
            return
        growth = mpmath.exp(_mp(ratio))
        if 2 * p < 1:
            true = _mp(p) / growth
        elif 2 * (1 - _mp(p)) * growth <= 1:
            true = 1 - growth * (1 - _mp(p))
        else:
            true = 1 / (4 * growth * (1 - _mp(p)))
        assert result.lower - 1e-300 <= true <= result.upper + 1e-300


WORST = WorstCase(Fraction(3, 4), scale=1.0, r=0.5)
TAILS = TwoTails(axis=0, sign=1, a_until=0.0, b_from=1.0)
POINTS = np.array([[0.4, 1.0], [3.0, -1.0]])
HALF = HalfSpace(axis=1, sign=-1, threshold=0.5)
floats_of_line = st.floats(-1e300, 1e300)


def in_unit_bounds(result: Any, given: Arguments) -> None:
    """Bounds within [0, 1]."""
    both = result if isinstance(result, tuple) else (result,)
    assert all(0 <= one.lower <= one.upper <= 1 for one in both)


def worst_subjects() -> list[Subject]:
    """Worst cases and directions."""
    r = {"r": st.floats(0, 1e3), "scale": st.floats(1e-3, 1e3)}
    return [
        Subject(
            "theory.tightness.least_mass",
            {"p_a": "0.75", "scale": 2.0, "r": 0.5},
            {
                "p_a": probabilities,
                "r": st.one_of(st.floats(0, 1e3), st.fractions(0, 1000)),
                "scale": st.one_of(st.floats(1e-3, 1e3), st.fractions(Fraction(1, 1000), 1000)),
            },
            least_is_right,
        ),
        Subject(
            "theory.tightness.WorstCase",
            {"p_a": Fraction(3, 4), "scale": 1.0, "r": 0.5, "axis": 0, "sign": 1},
            {"p_a": st.floats(0.5, 1).map(Fraction), **r},
            lambda worst, given: holds(worst.mass().upper >= float(worst.p_a) - 1e-15),
        ),
        Subject(
            "theory.tightness.WorstCase.mass",
            {"shift": 0.5},
            {"shift": floats_of_line},
            in_unit_bounds,
            call=WORST.mass,
        ),
        Subject(
            "theory.tightness.WorstCase.__call__",
            {"points": POINTS, "coins": np.array([0, 2**32 - 1], np.uint32)},
            {},
            lambda result, given: holds(result.shape == (2,) and result.dtype == bool),
            call=WORST,
        ),
        Subject(
            "theory.tightness.HalfSpace",
            {"axis": 1, "sign": -1, "threshold": 0.5},
            {"axis": st.integers(0, 10**6), "threshold": floats_of_line},
        ),
        Subject(
            "theory.tightness.HalfSpace.__call__",
            {"points": POINTS},
            {},
            lambda result, given: holds(result.shape == (len(given["points"]),)),
            call=HALF,
        ),
        Subject(
            "theory.tightness.TwoTails",
            {"axis": 0, "sign": 1, "a_until": 0.0, "b_from": 1.0},
            {"a_until": st.floats(-1e3, 0), "b_from": st.floats(0, 1e3)},
        ),
        Subject(
            "theory.tightness.TwoTails.masses",
            {"a_until": 0.0, "b_from": 1.0, "shift": 0.5, "scale": 1.0},
            {
                "a_until": st.sampled_from([-math.inf, -1.0, 0.0]),
                "b_from": st.sampled_from([0.0, 1.0, math.inf]),
            },
            in_unit_bounds,
            call=lambda a_until, b_from, **rest: TwoTails(0, 1, a_until, b_from).masses(**rest),
        ),
        Subject(
            "theory.tightness.TwoTails.__call__",
            {"points": POINTS},
            {},
            lambda result, given: holds(result.shape == (len(given["points"]),)),
            call=TAILS,
        ),
        Subject(
            "theory.tightness.TwoTails.masses",
            {"shift": 0.5, "scale": 1.0},
            {"shift": floats_of_line, "scale": st.floats(1e-3, 1e3)},
            in_unit_bounds,
            call=TAILS.masses,
        ),
        Subject(
            "theory.tightness.implied_pair",
            {"p_a": "0.6", "p_b": "0.1", "num_classes": 3},
            {"num_classes": st.integers(3, 100)},
            lambda pair, given: holds(0 < pair[1] <= pair[0] <= 1),
        ),
        Subject(
            "theory.tightness.worst_tails",
            {"p_a": "0.6", "p_b": "0.1", "scale": 2.0, "axis": 0, "sign": 1, "num_classes": 3},
            {"scale": st.floats(1e-3, 1e3), "num_classes": st.integers(3, 100)},
            lambda tails, given: holds(tails.a_until <= tails.b_from),
        ),
        Subject(
            "theory.directional.directional_radius",
            {"p_a": "0.75", "direction": [1, 1], "scale": 1, "rounding": "down"},
            {
                "p_a": exact_forms(st.floats(0.501, 0.999)),
                "direction": st.lists(st.integers(1, 3), min_size=1, max_size=3),
                "scale": moderate,
            },
            above_axis,
        ),
        Subject(
            "theory.directional.directional_enclosure",
            {"p_a": "0.75", "direction": [1, "-0.5", 0], "scale": 1},
            {"p_a": exact_forms(st.floats(0.501, 0.999)), "scale": moderate},
            above_axis,
        ),
        Subject(
            "theory.directional.equal_direction",
            {"count": 2},
            {"count": st.integers(1, 10**4)},
            lambda result, given: holds(len(result) == int(given["count"])),
        ),
    ]


# -- the rectified optional parameter space -------------------------------------------------------

inside = st.floats(-0.9, 0.9)
SLAB = Slab.of(["1", "-1", 0])


def agreement(noise: str) -> Check:
    """P(|x + eps| <= 1) in mpmath."""

    def check(result: Any, given: Arguments) -> None:
        name = "scale" if noise == "laplace" else "sigma"
        shape_of(result, given["x"], given[name])
        if np.ndim(result):
            assert np.all((result >= 0) & (result <= 1))
            return
        with mpmath.workdps(60):
            x, size = (mpmath.mpf(float(given[one])) for one in ("x", name))
            true = mass_within((1 - abs(x)) / size, noise) + mass_within((1 + abs(x)) / size, noise)
            assert abs(result - true) <= mpmath.mpf(1e-14) * true + mpmath.mpf("1e-320")

    return check


def mass_within(z: Any, noise: str) -> Any:
    """P(0 < eps < z) of unit noise."""
    if noise == "laplace":
        return -mpmath.expm1(-z) / 2
    return mpmath.erf(z / mpmath.sqrt(2)) / 2


def within_zero_and(most: float) -> Check:
    """Positive inside, at most the largest supremum there is."""

    def check(result: Any, given: Arguments) -> None:
        if isinstance(result, arb):
            assert result.is_finite() and bool(result > 0)
            return
        shape_of(result, given["x"])
        assert np.all((np.asarray(result) >= 0) & (np.asarray(result) <= most))

    return check


def rops_subjects() -> list[Subject]:
    """Agreements and suprema, in floats and in balls."""
    everywhere_inside = st.one_of(st.sampled_from([0.0, 1.0, -1.0, 1 - 2.0**-53]), inside)
    x = {"x": st.one_of(everywhere_inside, arrays(st.floats(-1, 1)))}
    exact_x = {"x": exact_forms(inside), "precision": st.integers(2, 200)}
    found = []
    for noise, name in (("laplace", "scale"), ("gaussian", "sigma")):
        size = {name: st.one_of(st.floats(1e-3, 1e3), st.sampled_from([5e-324, 1.7e308]))}
        found += [
            Subject(
                f"theory.rops.{noise}_agreement",
                {"x": 0.25, name: 0.5},
                {**x, **size},
                agreement(noise),
            ),
            Subject(f"theory.rops.{noise}_supremum", {"x": 0.25}, x, within_zero_and(2.1)),
            Subject(
                f"theory.rops.{noise}_agreement_ball",
                {"x": "0.25", name: "0.5", "precision": 80},
                {**exact_x, name: moderate},
                lambda ball, given: holds(not ball.is_nan() or given["precision"] < 64),
            ),
            Subject(
                f"theory.rops.{noise}_supremum_ball",
                {"x": "0.25", "precision": 80, "radius": "0.05"},
                exact_x,
                within_zero_and(2.1),
            ),
            Subject(
                "theory.rops_ball.ball_supremum",
                {"noise": noise, "point": BallPoint.of("0.25", dim=2), "radius": "0.05"},
                {},
                lambda value, given: holds(0 < value < 2.1),
            ),
        ]
    return [
        *found,
        Subject(
            "theory.rops_ball.ball_supremum_ball",
            {
                "noise": "laplace",
                "point": BallPoint.of("0.25", dim=2),
                "precision": 40,
                "radius": "0.05",
            },
            {"precision": st.integers(2, 80)},
            within_zero_and(2.1),
        ),
        Subject(
            "theory.rops_ball.BallPoint.of",
            {"t": "0.5", "dim": 2, "towards": "vertex"},
            {"t": exact_forms(inside), "dim": st.integers(1, 64)},
            lambda point, given: holds(point.t == abs(exact(given["t"]))),
        ),
        Subject(
            "theory.rops_ball.BallPoint",
            {"t": Fraction(1, 2), "dim": 2, "towards": "vertex"},
            {"t": st.fractions(0, Fraction(99, 100)), "dim": st.integers(1, 64)},
        ),
        Subject(
            "theory.rops_ball.BallPoint.has_certificate",
            {"noise": "laplace", "radius": "0.25"},
            {"radius": exact_forms(st.floats(0, 2))},
            lambda yes, given: holds(
                given["noise"] != "laplace" or yes == (exact(given["radius"]) < Fraction(1, 2))
            ),
            call=BallPoint.of("0.5", dim=2).has_certificate,
        ),
        Subject("theory.rops_ball.face_threshold_ball", {"dim": 3}, {}, within_zero_and(9.0)),
        Subject("theory.rops_ball.vertex_rates", {"dim": 3, "precision": 40}, {}),
        Subject(
            "theory.rops_order.order_change",
            {"x": 0.25},
            {"x": st.one_of(inside, arrays(inside))},
            lambda result, given: shape_of(result, given["x"]),
        ),
        Subject(
            "theory.rops_order.order_change_ball",
            {"x": "0.25", "precision": 80},
            {"x": exact_forms(st.floats(-0.9, 0.9))},
            lambda ball, given: holds(ball is None or bool(ball > 0)),
        ),
        Subject(
            "theory.rops_order.last_location_ball",
            {"precision": 80},
            {"precision": st.integers(2, 300)},
            lambda ball, given: holds(bool(ball > arb("0.9")) or given["precision"] < 8),
        ),
        Subject(
            "theory.rops_slab.Slab.of",
            {"weights": ["1", -1, 0]},
            {"weights": st.lists(st.integers(1, 9), min_size=1, max_size=128)},
            lambda slab, given: holds(slab.largest == max(abs(exact(w)) for w in given["weights"])),
        ),
        Subject("theory.rops_slab.Slab", {"weights": (Fraction(1), Fraction(-1))}, {}),
        Subject(
            "theory.rops_slab.Slab.tail",
            {"precision": 80},
            {"precision": st.integers(2, 300)},
            lambda ball, given: holds(not bool(ball > 1) and not bool(ball < 0)),
            call=lambda precision: SLAB.tail(arb(1), precision),
        ),
        Subject(
            "theory.rops_slab.slab_laplace_supremum_ball",
            {"u": "0.25", "weights": [1, 1], "precision": 40, "radius": "0.05"},
            {"u": exact_forms(st.floats(-0.9, 0.9)), "precision": st.integers(2, 80)},
            within_zero_and(2.1),
        ),
        Subject(
            "theory.rops_slab.slab_threshold_ball",
            {"weights": [1, 1], "precision": 40},
            {"precision": st.integers(2, 80)},
        ),
        Subject("theory.rops_slab.slab_limit_threshold_ball", {"precision": 40}, {}),
    ]


# -- radii solved for their probability -----------------------------------------------------------


def gives_radius(result: Any, given: Arguments) -> None:
    """Theorem 2's 1 - p is e^(-R/scale)/2."""
    if given["method"] != "theorem_2" or result is None:
        return
    with mpmath.workdps(40):
        ratio = _mp(exact(given["radius"])) / _mp(exact(given["scale"]))
        true = mpmath.exp(-ratio) / 2
        low, high = (
            mpmath.mpf(str(end.str(40, radius=False))) for end in (result.lower(), result.upper())
        )
        assert low - true <= mpmath.mpf(10) ** -20 and true - high <= mpmath.mpf(10) ** -20


def inverse_subjects() -> list[Subject]:
    """The radii solved for their probability."""
    plain = {"method": "theorem_2", "radius": "0.5", "scale": 1, "precision": 80}
    return [
        Subject(
            "theory.inverse_radii.needed_complement",
            plain,
            {"radius": exact_forms(st.floats(0, 1e3)), "scale": moderate},
            gives_radius,
        ),
        Subject(
            "theory.inverse_radii.needed_probability",
            plain,
            {"radius": exact_forms(st.floats(0, 1e3)), "scale": moderate},
            lambda ball, given: holds(ball is None or not bool(ball < arb(0.5) - arb(2) ** -40)),
        ),
        Subject(
            "theory.inverse_radii.implied_probabilities",
            {"method": "cohen", "radii": np.array([0.5, math.inf]), "scale": 1, "half_unit": 0.1},
            {"radii": arrays(st.floats(-50, 50)), "half_unit": st.floats(0, 1)},
            lambda ends, given: holds(
                bool(np.all((ends[0] >= 0) & (ends[0] <= ends[1]) & (ends[1] <= 1)))
            ),
            positional=("method", "radii"),
        ),
        Subject(
            "theory.inverse_radii.parse_radius",
            {"method": "cohen", "radius": "0.5", "scale": Surd(Fraction(3), 2)},
            {"radius": exact_forms(st.floats(0, 1e300))},
            lambda found, given: holds(found[0] >= 0),
        ),
    ]


def worst_and_rops_subjects() -> list[Subject]:
    """Everything of this file."""
    return [*grid_subjects(), *worst_subjects(), *rops_subjects(), *inverse_subjects()]
