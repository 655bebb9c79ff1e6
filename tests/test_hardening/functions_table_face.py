"""What users import from l1cert and l1cert.testing, and the pictures' data."""

import importlib
import inspect
import math
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
from hypothesis import strategies as st

import l1cert.testing
from figures.table import BESIDE, CLAIMS
from l1cert.testing import Cells
from tests.test_hardening.functions_harness import Arguments, Subject, holds
from tests.test_hardening.functions_values import (
    NO_PARAMETERS,
    arrays,
    exact,
    exact_forms,
    sizes,
    unit_floats,
)
from theory.noise import Laplace

probabilities = exact_forms(unit_floats)
moderate = exact_forms(st.floats(1e-3, 1e3))


def consistent_radii(radii: Any, given: Arguments) -> None:
    """Theorem 1 is at most the exact radius, and its own JSON can be spelled."""
    first, best = np.asarray(radii.theorem_1), np.asarray(radii.exact)
    assert np.all((np.isnan(first) & np.isnan(best)) | (first <= best))
    assert set(radii.as_json()) >= {"theorem_1", "abstain"}


def planned(plan: Any, given: Arguments) -> None:
    for one in plan.methods.values():
        assert one.p_a_needed is None or 0.5 <= one.p_a_needed <= 1
        assert one.n_unanimous is None or one.n_unanimous >= 1
    plan.as_json()


def enclosed_rops(found: Any, given: Arguments) -> None:
    for ends in (found.laplace, found.gaussian):
        assert ends is None or 0 <= Fraction(ends[0]) <= Fraction(ends[1])


def face_subjects() -> list[Subject]:
    """The functions of l1cert that take numbers."""
    counts = {"counts": [990, 6, 4], "alpha": "0.001", "scale": 1, "bonferroni": True}
    return [
        Subject(
            "l1cert.radius",
            {"p_a": "0.75", "scale": 1, "rounding": "down"},
            {"p_a": st.one_of(probabilities, arrays(unit_floats)), "scale": exact_forms(sizes)},
            consistent_radii,
        ),
        Subject(
            "l1cert.radius",
            {"p_a": "0.75", "p_b": "0.125", "sigma": 1, "num_classes": 3},
            {"p_a": probabilities, "sigma": moderate, "num_classes": st.integers(2, 10**15)},
            consistent_radii,
            joint=lambda given: exact(given["p_a"]) >= Fraction(1, 8),
        ),
        Subject(
            "l1cert.radius",
            {"p_a": "0.75", "scale": 1, "direction": [1, 2]},
            {},
            consistent_radii,
        ),
        Subject(
            "l1cert.radius_of_counts",
            {**counts, "top": None, "same_sample": True, "num_classes": 3},
            {"alpha": exact_forms(st.floats(1e-12, 0.999)), "same_sample": st.booleans()},
            lambda found, given: consistent_radii(found.radii, given),
        ),
        Subject(
            "l1cert.plan",
            {
                "radius": "0.5",
                "scale": 1,
                "alpha": "0.001",
                "p_a": "0.99",
                "num_samples": 1000,
                "power": "0.9",
                "two_sided": False,
            },
            {"radius": moderate, "p_a": exact_forms(st.floats(0.51, 1.0)), "scale": moderate},
            planned,
            names=("n =",),
        ),
        Subject(
            "l1cert.rops",
            {"x": "0.25", "radius": "0.05"},
            {"x": exact_forms(st.floats(-0.9, 0.9)), "radius": exact_forms(st.floats(0, 2))},
            enclosed_rops,
        ),
        Subject(
            "l1cert.rops",
            {"x": "0.25", "radius": "0.05", "slab": ["1", -1]},
            {},
            enclosed_rops,
            names=("weights",),
        ),
        Subject(
            "l1cert.rops",
            {"x": "0.25", "radius": "0.05", "ball": 2, "towards": "vertex"},
            {},
            enclosed_rops,
            names=("dim",),
        ),
        Subject(
            "l1cert.laws.law_report",
            {
                "delta": ["0.7", "0.3"],
                "scale": 1,
                "cdf": ["0.4"],
                "hockey_stick": ["0.5"],
                "quantile": ["0.5"],
                "trade_off": ["0.1"],
            },
            {},
            lambda report, given: holds(len(report.cdf) == len(list(given["cdf"]))),
            names=("p =",),
        ),
        Subject(
            "l1cert.laws.as_float",
            {"value": "0.5"},
            {"value": exact_forms(st.floats(-1e300, 1e300))},
            lambda value, given: holds(value == float(exact(given["value"]))),
        ),
        Subject(
            "l1cert.counts.parse_counts",
            {"text": "99000,600,400"},
            {
                "text": st.lists(st.integers(1, 10**9), min_size=1).map(
                    lambda n: ",".join(map(str, n))
                )
            },
            lambda votes, given: holds(votes == [int(one) for one in given["text"].split(",")]),
            names=("counts",),
        ),
        Subject(
            "l1cert.radii.same_variance",
            {"scale": 1, "sigma": None},
            {"scale": exact_forms(sizes)},
            lambda found, given: holds(found[1].radicand in (1, 2)),
        ),
    ]


def strategies_of_testing() -> list[Subject]:
    """The strategies that l1cert.testing hands out: built, never drawn from here."""
    made: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "probabilities": ({"least": 0.25, "most": 0.75}, {"least": st.floats(0, 0.5)}),
        "scales": ({"least": 0.5, "most": 2.0}, {"most": st.floats(1, 1e300)}),
        "probability_pairs": (
            {"setting": "multiclass", "num_classes": None, "endpoints": True, "exceed_one": False},
            {},
        ),
        "perturbations": (
            {"norm": 1.0, "dim": 3, "kinds": ["axis"]},
            {"norm": st.floats(0, 1e300)},
        ),
        "classifiers": (
            {"dim": 2, "num_classes": 2, "kinds": ["balls"], "spread": 1.0, "exact": False},
            {},
        ),
        "certified_points": ({"noise": "laplace", "dim": 2, "num_classes": 2}, {}),
    }
    return [
        Subject(
            f"l1cert.testing.{name}",
            plain,
            legal,
            lambda strategy, given: holds(isinstance(strategy, st.SearchStrategy)),
            names=("a probability", "a scale", "setting"),
        )
        for name, (plain, legal) in made.items()
    ]


def certified(p_a: Any, lam: Any) -> Any:
    """Theorem 2's radius, as a user would write it."""
    return -lam * math.log(2 * (1 - p_a)) if 0.5 < p_a < 1 else 0.0 if p_a < 1 else math.inf


def assertions_of_testing() -> list[Subject]:
    """The four properties: of a radius that has them, and of what is no radius."""
    plain = {"radius": certified, "noise": "laplace", "setting": "binary", "num_classes": 2}
    return [
        Subject(
            f"l1cert.testing.{name}",
            {**plain, "seed": 0},
            {},
            lambda nothing, given: holds(nothing is None),
            errors=(ValueError, TypeError, AssertionError),
            several_lines=(AssertionError,),
            # so many examples, and no more: each call takes as long as is asked for
            call=partial(getattr(l1cert.testing, name), max_examples=1),
            names=("lam", "the radius", "max_examples"),
        )
        for name in (
            "assert_radius_sound",
            "assert_radius_tight",
            "assert_monotone",
            "assert_scale_equivariant",
        )
    ]


def labels_at_the_origin(region: Any, given: Arguments) -> None:
    """What is called says where the origin is, by its own definition."""
    found = region(np.zeros((1, region.dim)))[0].tolist()
    if "threshold" in given:
        within = given["threshold"] > 0
    elif "low" in given:
        within = given["low"] <= 0 < given["high"]
    else:
        order = {"l1": 1, "l2": 2, "sup": np.inf}[given["norm"]]
        within = np.linalg.norm(np.asarray(given["center"], float), ord=order) < given["radius"]
    assert found == [float(one) for one in given["inside" if within else "outside"]]


def regions_of_testing() -> list[Subject]:
    """The classifiers of boxes, and their exact probabilities."""
    cells = Cells(edges=((0.0, 1.0),), labels=((1.0, 0.0), (0.5, 0.5), (0.0, 1.0)))
    return [
        Subject(
            "l1cert.testing.exact_norm",
            {"delta": np.array([0.5, -0.25])},
            {"delta": st.lists(st.floats(-1e300, 1e300)).map(np.array)},
            lambda norm, given: holds(
                norm
                == sum(abs(Fraction(one)) for one in np.asarray(given["delta"], float).tolist())
            ),
        ),
        Subject(
            "l1cert.testing.smoothed",
            {"classifier": cells, "noise": Laplace(2.0), "point": [0.5]},
            {"point": st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=1)},
            lambda found, given: holds(math.isclose(float(np.sum(found)), 1.0, rel_tol=1e-12)),
        ),
        Subject("l1cert.testing.Cells", {"edges": cells.edges, "labels": cells.labels}, {}),
        *[
            Subject(
                f"l1cert.testing.{name}",
                {**plain, "inside": (1.0, 0.0), "outside": (0.25, 0.75)},
                {},
                labels_at_the_origin,
                names=("labels",),
            )
            for name, plain in (
                ("HalfSpace", {"normal": (1.0, -1.0), "threshold": 0.5}),
                ("Slab", {"normal": (1.0, -1.0), "low": -0.5, "high": 0.5}),
                ("Ball", {"center": (0.25, 0.0), "radius": 0.5, "norm": "l1"}),
            )
        ],
    ]


def figure_subjects() -> list[Subject]:
    """`compute` of every picture that needs no log."""
    found = []
    for name in (*CLAIMS.values(), *BESIDE, "figure_rops_dimension"):
        compute: Callable[..., Any] = importlib.import_module(f"figures.{name}").compute
        plain = {key: one.default for key, one in inspect.signature(compute).parameters.items()}
        found.append(
            Subject(f"figures.{name}.compute", plain, {}, hostile=NO_PARAMETERS, names=("most",))
        )
    return found


def faces() -> list[Subject]:
    """Everything of this file but the pictures, which take a second each."""
    return [
        *face_subjects(),
        *strategies_of_testing(),
        *assertions_of_testing(),
        *regions_of_testing(),
    ]
