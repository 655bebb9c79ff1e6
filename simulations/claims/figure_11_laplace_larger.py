"""Figure 11 by simulation: at one standard deviation, which noise still certifies r at x = 0.3."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from simulations.certified_bands import certifies
from simulations.experiment import Expects, Trial
from theory.claim import Statement
from theory.claims.figure_11_laplace_larger import PRINTED
from theory.noise import Gaussian, Laplace

X = 0.3

#: (r, standard deviation between the two suprema, samples for each one asked for)
SETTINGS = (
    (0.1, 1.6, 1),
    (0.3, 1.24, 1),
    (0.6, 0.675, 2),
    (0.65, 0.545, 2),
    (0.69, 0.375, 5),
)

#: with the exact distance, which is decided at x + r
EXACT_SETTINGS = ((0.2, 1.58, 1), (0.6, 1.13, 2), (0.69, 0.747, 10))

#: the printed claim is refuted where Gaussian noise certifies r and Laplace noise does not
REFUTING = 0.69

PARTS = {
    "crossing": ("one_crossing", "every_radius"),
    "exact": ("one_exact_crossing", "every_exact_radius"),
}


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts in the two bands for both noises; the stated crossings say which one wins at r."""

    def both(exact: bool, radius: float, deviation: float, times: int) -> Iterator[Trial]:
        name = "exact" if exact else "crossing"
        part, printed = PARTS[name]
        better = Laplace if radius < float(statement[name][0]) else Gaussian
        for law in (Laplace, Gaussian):
            trial = certifies(
                part,
                law.from_sigma(deviation),
                x=round(X + radius, 9) if exact else X,
                radius=0.0 if exact else radius,
                holds=law is better,
                seed=seed,
                num_samples=times * num_samples,
                purpose=f"figure_11_laplace_larger/{name}",
            )
            yield trial
            if radius == REFUTING:
                side = Expects.ABOVE if law is Gaussian else Expects.BELOW
                yield replace(trial, part=printed, expects=side, finding=False)

    certified = [trial for setting in SETTINGS for trial in both(False, *setting)]
    return [*certified, *(trial for setting in EXACT_SETTINGS for trial in both(True, *setting))]
