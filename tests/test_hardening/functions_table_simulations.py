"""Simulation: counters, noise, counts, trials; how each is called, and what its values satisfy."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from simulations.discrete_noise import threshold_table
from simulations.experiment import Expects, judge
from simulations.kernels.numpy_reference import INVERSIONS
from simulations.likelihood_ratio import SamplingPlan
from simulations.observables import Coin, Histogram, IntegerEvent, Observables
from simulations.philox import checked_layout
from simulations.tally import Tally
from tests.test_hardening.functions_harness import Arguments, Subject, holds
from tests.test_hardening.functions_values import exact, exact_forms, open_floats, unit_floats
from theory.noise import Gaussian, Laplace, Uniform

LAYOUT = {"seed": 7, "tag": 3, "first_sample": 10, "num_samples": 5, "dim": 3}
layouts = {
    "seed": st.sampled_from([0, 1, 2**64 - 1]),
    "tag": st.sampled_from([0, 2**32 - 1]),
    "first_sample": st.sampled_from([0, 2**32 - 1, 2**63]),
    "num_samples": st.integers(0, 20),
    "dim": st.integers(1, 9),
}
LAW = Laplace(scale=0.5)
TABLE = threshold_table("0.1")
PLAN = SamplingPlan.of(["0.7", "-0.35"], scale="0.5")
SEEN = Observables((IntegerEvent("at most 4", 0, 4),), Histogram((3, 5)), centre=4)
vectors = st.lists(exact_forms(st.floats(0.01, 1e3)), min_size=1, max_size=5)


def below_zero(points: Any) -> Any:
    """The event that is counted."""
    return points[:, 0] <= 0


def low_words(words: Any) -> Any:
    """The same event on words."""
    return words[:, 0] < 2**31


def too_many(given: Arguments) -> bool:
    """Counting takes as long as is asked for: what is legal and large is not tried."""
    try:
        checked_layout(
            **{
                name: given.get(name, value)
                for name, value in {**LAYOUT, "first_sample": 0}.items()
            }
        )
    except (TypeError, ValueError):
        return False
    return int(given.get("num_samples", 1)) * int(given.get("dim", 1)) > 10**7


def drawn(result: Any, given: Arguments) -> None:
    """The shape that was asked for, finite numbers."""
    assert result.shape == (int(given["num_samples"]), int(given["dim"]))
    assert np.isfinite(result.astype(float)).all()


def first_reaching(word: int, given: Arguments) -> None:
    """The draw of the word is at least x, and that of the word before is not."""
    x = given["x"] if isinstance(given["x"], Fraction) else float(given["x"])
    assert 0 <= word <= 2**32
    before, at = (
        float(INVERSIONS["laplace"](np.array([one], np.uint32), LAW.scale)[0])
        for one in (max(word - 1, 0), min(word, 2**32 - 1))
    )
    assert word == 0 or before < x
    assert word == 2**32 or at >= x


def counted(result: Any, given: Arguments) -> None:
    """As many as there are samples, at most."""
    assert 0 <= result <= int(given["num_samples"])


def sampling_subjects() -> list[Subject]:
    """Counters and noise."""
    counting = {"seed": 7, "tag": 3, "num_samples": 50, "dim": 3}
    few = {name: layouts[name] for name in counting}
    return [
        Subject("simulations.philox.words", LAYOUT, layouts, drawn),
        Subject(
            "simulations.philox.checked_layout",
            LAYOUT,
            layouts,
            lambda found, given: holds(found == tuple(int(given[name]) for name in LAYOUT)),
        ),
        Subject(
            "simulations.philox.purpose_tag",
            {"name": "demo"},
            {"name": st.text(min_size=1)},
            lambda tag, given: holds(0 <= tag < 2**32),
        ),
        Subject(
            "simulations.philox.philox4x32",
            {"counter": np.zeros(4, np.uint32), "key": np.zeros(2, np.uint32)},
            {},
            lambda block, given: holds(block.shape[-1] == 4 and block.dtype == np.uint32),
        ),
        *[
            Subject(
                "simulations.sampling.draw",
                {"noise": noise, **LAYOUT, "out": None, "backend": "numpy", "threads": 1},
                layouts,
                drawn,
                positional=("noise",),
                costly=too_many,
            )
            for noise in (LAW, Gaussian(2.0), Uniform(3.0))
        ],
        Subject(
            "simulations.sampling.count",
            {"event": below_zero, "noise": LAW, **counting, "chunk_bytes": 100, "threads": 2},
            few,
            counted,
            positional=("event", "noise"),
            costly=too_many,
        ),
        Subject(
            "simulations.sampling.count_words",
            {"event": low_words, **counting, "num_labels": None},
            few,
            counted,
            positional=("event",),
            costly=too_many,
        ),
        Subject(
            "simulations.sampling.discretisation_bias",
            {"num_words": 3072, "boundaries": 2},
            {"num_words": st.integers(0, 2**64), "boundaries": st.integers(0, 9)},
            lambda bias, given: holds(
                Fraction(bias)
                == min(1, Fraction(int(given["num_words"]) * int(given["boundaries"]), 2**32))
            ),
        ),
        Subject(
            "simulations.sampling.first_word_reaching",
            {"noise": LAW, "x": 0.5},
            {"x": st.one_of(st.floats(allow_nan=False), st.fractions(-9, 9))},
            first_reaching,
        ),
        Subject(
            "simulations.discrete_noise.draw",
            {"table": TABLE, **LAYOUT, "backend": "numpy", "threads": 1},
            {name: one for name, one in layouts.items()},
            drawn,
            positional=("table",),
            costly=too_many,
        ),
        Subject("simulations.discrete_noise.checked_draws", LAYOUT, layouts),
        Subject(
            "simulations.discrete_noise.checked_rate",
            {"rate": "0.01"},
            {"rate": exact_forms(st.floats(1e-4, 1e300))},
            lambda rate, given: holds(rate == exact(given["rate"])),
        ),
        Subject(
            "simulations.discrete_noise.threshold_table",
            {"rate": "0.1"},
            {"rate": exact_forms(st.floats(0.05, 100))},
            lambda table, given: holds(0 <= table.distance < Fraction(1, 2**55)),
        ),
        Subject("simulations.discrete_noise.kernels", {"backend": "numpy"}, {}),
        Subject(
            "simulations.discrete_noise.ThresholdTable.tail",
            {"m": 3},
            {"m": st.integers(-(10**6), 10**6)},
            lambda tail, given: holds(tail + TABLE.tail(1 - int(given["m"])) == 1),
            call=TABLE.tail,
        ),
        Subject(
            "simulations.discrete_noise.ThresholdTable.total_variation",
            {"num_draws": 3},
            {"num_draws": st.integers(0, 10**30)},
            lambda bound, given: holds(0 <= bound <= 1),
            call=TABLE.total_variation,
        ),
        Subject(
            "simulations.discrete_noise.ThresholdTable.charge",
            {"num_samples": 3, "dim": 2},
            {"num_samples": st.integers(0, 10**18), "dim": st.integers(1, 10**9)},
            lambda bound, given: holds(0 <= bound <= 1),
            call=TABLE.charge,
        ),
        Subject(
            "simulations.discrete_exact.draw_exact",
            {"rate": "0.5", "seed": 7, "tag": 3, "sample": 0, "dim": 2},
            {"rate": exact_forms(st.floats(0.1, 10)), "dim": st.integers(1, 4)},
            lambda found, given: holds(len(found) == int(given["dim"])),
            names=("first_sample",),
            costly=lambda given: too_many({"num_samples": 1000, "dim": given["dim"]}),
        ),
    ]


def right_trial(trial: Any, given: Arguments) -> None:
    """Both p-values are probabilities."""
    assert all(0 <= one <= 1 for one in trial.p_values)


def counting_subjects() -> list[Subject]:
    """Plans, tallies and trials."""
    trial = {
        "part": "a",
        "name": "b",
        "count": 3,
        "num_samples": 10,
    }
    legal = {"count": st.integers(0, 10), "num_samples": st.integers(10, 10**10)}
    return [
        Subject(
            "simulations.likelihood_ratio.SamplingPlan.of",
            {"delta": ["0.7", -0.35, 0], "scale": "0.5", "method": "auto"},
            {"delta": vectors, "scale": exact_forms(st.floats(0.01, 1e3))},
            lambda plan, given: holds(
                plan.norm * exact(given["scale"]) == sum(abs(exact(d)) for d in given["delta"])
            ),
        ),
        Subject(
            "simulations.likelihood_ratio.lattice_error",
            {"plan": PLAN},
            {},
            lambda error, given: holds(0 <= error.probability <= 1),
        ),
        Subject("simulations.observables.Coin", {"at": 3, "words": 7}, {}),
        Subject("simulations.observables.IntegerEvent", {"name": "low", "low": 0, "high": 4}, {}),
        Subject("simulations.observables.Histogram", {"edges": (3, 5)}, {}),
        Subject(
            "simulations.observables.Histogram.of",
            {"plan": PLAN, "bins": 4},
            {"bins": st.integers(2, 5000)},
            lambda found, given: holds(len(found.edges) <= int(given["bins"]) + 1),
        ),
        Subject(
            "simulations.observables.ratio_above",
            {"name": "above", "plan": PLAN, "threshold": Fraction(1, 2), "closed": True},
            {"threshold": st.fractions(-10, 10)},
            lambda event, given: holds(event.low == 0),
            names=("high",),
        ),
        Subject(
            "simulations.tally.Tally",
            {"observables": SEEN, "seed": 1, "compiled": False},
            {"seed": st.integers(0, 2**64 - 1)},
        ),
        Subject(
            "simulations.tally.Tally.add",
            {"w": np.array([2, 3, 9]), "first_sample": 0},
            {"first_sample": st.integers(0, 2**63)},
            call=lambda w, first_sample: Tally(SEEN, seed=1).add(w, first_sample),
        ),
        Subject(
            "simulations.tally.Tally.count",
            {"name": "at most 4"},
            {},
            call=lambda name: Tally(SEEN, seed=1).count(name),
            names=("event",),
        ),
        Subject(
            "simulations.experiment.predicted",
            {**trial, "probability": 0.5, "bias": 0.001, "error": 1e-12},
            {**legal, "probability": unit_floats, "bias": st.floats(0, 1)},
            right_trial,
        ),
        Subject(
            "simulations.experiment.shown",
            {**trial, "expects": Expects.BELOW, "threshold": 0.5, "bias": 0.0},
            {**legal, "threshold": unit_floats, "expects": st.sampled_from(Expects)},
            right_trial,
        ),
        Subject(
            "simulations.experiment.Trial",
            {**trial, "expects": Expects.INSIDE, "low": 0.25, "high": 0.5},
            legal,
            right_trial,
        ),
        Subject(
            "simulations.experiment.judge",
            {"alpha": 0.01},
            {"alpha": open_floats},
            lambda verdicts, given: holds(verdicts == {}),
            call=lambda alpha: judge({}, alpha=alpha),
        ),
        Subject(
            "simulations.half_spaces.affordable",
            {"num_samples": 10**6, "dim": 3072},
            {"num_samples": st.integers(0, 10**18), "dim": st.integers(1, 10**9)},
            lambda number, given: holds(0 <= number <= int(given["num_samples"])),
        ),
        Subject(
            "simulations.discrete_exact.exponential_coin",
            {"numerator": 1, "denominator": 2},
            {"numerator": st.integers(0, 5), "denominator": st.integers(5, 10)},
            call=lambda numerator, denominator: coin(numerator, denominator),
        ),
    ]


def coin(numerator: Any, denominator: Any) -> bool:
    """One coin of one stream."""
    from simulations.discrete_exact import PhiloxSource, exponential_coin

    return exponential_coin(numerator, denominator, PhiloxSource(seed=1, tag=3, sample=0))


def simulation_subjects() -> list[Subject]:
    """Everything of this file."""
    assert not math.isnan(float(PLAN.norm)) and Coin(at=3, words=7)
    return [*sampling_subjects(), *counting_subjects()]
