"""Figure 10 by simulation: at one standard deviation, which noise still agrees with f at x.

For symmetric noise, agreement exceeds disagreement by twice P(0 < eps <= 1 - x) less
P(eps < -1 - x): eps in the first band keeps the label where -eps loses it in the second. So
agreement is above 1/2 iff, of the draws in either band, more than half are in the first. Near
x = 1 both bands are thin, and the draws outside them would only add noise to the count.
"""

from __future__ import annotations

import numpy as np

from simulations.experiment import Expects, Trial, shown
from simulations.half_spaces import count_labels
from simulations.sampling import IsotropicNoise, discretisation_bias
from theory.claim import Statement
from theory.claims.figure_10_laplace_larger import PRINTED
from theory.noise import Gaussian, Laplace

#: (x, standard deviation between the two suprema, samples for each one asked for)
SETTINGS = (
    (0.2, 1.70, 1),
    (0.5, 1.58, 1),
    (0.8, 1.31, 1),
    (0.9, 1.13, 2),
    (0.99, 0.747, 10),
    (0.995, 0.674, 10),
)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts in the two bands for both noises; the stated crossing says which one wins at x."""
    crossing = float(statement["crossing"][0])
    trials = []
    for x, deviation, times in SETTINGS:
        better = Laplace if x < crossing else Gaussian
        for law in (Laplace, Gaussian):
            noise = law.from_sigma(deviation)
            near, total = _bands(noise, x, seed=seed, num_samples=times * num_samples)
            side = Expects.ABOVE if law is better else Expects.BELOW
            name = f"agreement at x = {x}, {noise}: share of the near band in {total} draws"
            bias = discretisation_bias(1, boundaries=3) * times * num_samples / max(total, 1)
            trials.append(shown("one_crossing", name, near, total, side, bias=min(bias, 0.5)))
            if x > 0.98:
                # the printed claim is refuted where Gaussian noise agrees and Laplace does not
                side = Expects.ABOVE if law is Gaussian else Expects.BELOW
                trials.append(
                    shown("every_x", name, near, total, side, finding=False, bias=min(bias, 0.5))
                )
    return trials


def _bands(noise: IsotropicNoise, x: float, *, seed: int, num_samples: int) -> tuple[int, int]:
    """How many draws have 0 < eps <= 1 - x, and how many are there or in eps < -1 - x."""

    def band(points: np.ndarray) -> np.ndarray:
        moved = x + points[:, 0]
        return np.where(moved < -1, 2, np.where((moved > x) & (moved <= 1), 1, 0))

    _, near, far = count_labels(
        band,
        noise,
        num_labels=3,
        dim=1,
        num_samples=num_samples,
        seed=seed,
        purpose=f"figure_10_laplace_larger/x={x}/{noise}",
    )
    return near, max(near + far, 1)
