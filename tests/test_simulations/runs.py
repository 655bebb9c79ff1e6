"""Small runs for the tests of tallies, checkpoints and clusters, and ways to disturb them."""

import os
import sys
from contextlib import contextmanager
from fractions import Fraction

import pytest

from simulations import execution
from simulations.likelihood_ratio import SamplingPlan
from simulations.observables import Coin, Histogram, IntegerEvent, ratio_above
from simulations.run import Run

#: of each method one perturbation: k = 5, 70 and 96 coordinates, some of them equal
PERTURBATIONS = {
    "direct": ["1.5", "0.3", "0.3", "-2", "0.001"],
    "poisson": [f"{i}/500" for i in range(1, 71)],
    "counts": ["0.01"] * 64 + ["-0.02"] * 32,
}


def small_run(
    *, method: str = "direct", num_samples: int = 5000, seed: int = 3, scale: str = "0.7"
) -> Run:
    """A run with an interval, a half line and a randomised atom among its events."""
    plan = SamplingPlan.of(
        [Fraction(entry) for entry in PERTURBATIONS[method]], scale=scale, method=method
    )
    events = [
        ratio_above("T > 0.4", plan, Fraction(2, 5)),
        IntegerEvent("middle", plan.total // 4, plan.total // 2),
        IntegerEvent("worst case", plan.total // 2, plan.total, Coin(0, 3 * 2**30)),
    ]
    return Run.of(plan, seed=seed, num_samples=num_samples, events=events)


def tiny_run() -> Run:
    """A run whose checkpoint has few bytes."""
    return Run.of(
        SamplingPlan.of([1, "0.5"], scale=1),
        seed=3,
        num_samples=1000,
        events=[IntegerEvent("half", 0, 2**24)],
        histogram=Histogram((2**23, 2**24)),
    )


def steady(size: int) -> type:
    """A pace of so many samples, however fast they are drawn."""

    class Steady:
        def __init__(self, first: int, seconds: float) -> None:
            self.size = size

        def learn(self, samples: int, seconds: float) -> None:
            pass

    return Steady


@contextmanager
def stretches_of(size: int):
    """Inside, a run is drawn in stretches of so many samples."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(execution, "Pace", steady(size))
        yield


def python_command(code: str) -> list[str]:
    """A command that runs this code in a new process and can be interrupted there."""
    # whoever is started in the background by a shell inherits that SIGINT is ignored
    interruptible = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    return [sys.executable, "-c", interruptible + code]


def environment() -> dict[str, str]:
    """Of a process that finds the tests."""
    here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    before = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{before}" if before else here}
