"""Figure 11 at other x by simulation: which noise still certifies r, before and beyond r*(x)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from simulations.certified_bands import certifies
from simulations.experiment import Trial
from theory.claim import Statement
from theory.claims.figure_11_other_x import PRINTED
from theory.noise import Gaussian, Laplace

Law = type[Laplace | Gaussian]


@dataclass(frozen=True, slots=True)
class Setting:
    """A point, a radius and a standard deviation between the two suprema.

    ``early`` says that r is below r*(x), if there is one; ``times`` as many samples are drawn.
    """

    x: float
    r: float
    deviation: float
    early: bool
    times: int


SETTINGS = (
    Setting(0.15, 0.2, 1.45, True, 1),
    Setting(0.15, 0.8, 0.403, False, 3),
    Setting(0.7, 0.05, 1.36, True, 1),
    Setting(0.7, 0.28, 0.685, False, 10),
    Setting(0.9, 0.02, 1.075, True, 6),
    Setting(0.99, 0.0, 0.745, True, 10),
)

EXAMPLES = (
    Setting(0.0, 0.3, 1.31, True, 1),
    Setting(0.0, 0.8, 0.49, False, 2),
    Setting(0.5, 0.2, 1.27, True, 1),
    Setting(0.5, 0.48, 0.568, False, 6),
)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts in the two bands for both noises; the stated numbers say which one wins."""

    def both(part: str, at: Setting, better: Law, *, finding: bool = True) -> Iterator[Trial]:
        for law in (Laplace, Gaussian):
            yield certifies(
                part,
                law.from_sigma(at.deviation),
                x=at.x,
                radius=at.r,
                holds=law is better,
                seed=seed,
                num_samples=at.times * num_samples,
                purpose="figure_11_other_x",
                finding=finding,
            )

    trials: list[Trial] = []
    for at in SETTINGS:
        early = at.early and at.x < float(statement["location"][0])
        trials += both("one_crossing", at, Laplace if early else Gaussian)
    for at in EXAMPLES:
        early = at.r < float(statement["at 0" if at.x == 0 else "at 1/2"][0])
        trials += both("examples", at, Laplace if early else Gaussian)
    # both readings of the printed claim are refuted where Gaussian noise alone certifies r
    trials += both("larger_everywhere", EXAMPLES[-1], Gaussian, finding=False)
    trials += both("larger_at_first", SETTINGS[-1], Gaussian, finding=False)
    return trials
