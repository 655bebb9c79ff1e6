"""Which noise certifies a radius at x, by counting: f = cA on |x| <= 1, cB elsewhere on the line.

For symmetric noise P(eps > r) - P(|x + eps| > 1) is P(r < eps <= 1 - x) - P(eps < -1 - x). So r is
certified iff, of the draws in either band, at least half are in the first. Both bands are thin near
r = 1 - x, and the draws outside them would only add noise to the count.
"""

from __future__ import annotations

import numpy as np

from simulations.experiment import Expects, Trial, shown
from simulations.half_spaces import count_labels
from simulations.sampling import IsotropicNoise, discretisation_bias


def certifies(
    part: str,
    noise: IsotropicNoise,
    *,
    x: float,
    radius: float,
    holds: bool,
    seed: int,
    num_samples: int,
    purpose: str,
    finding: bool = True,
) -> Trial:
    """A trial that has to show whether the noise certifies the radius at x.

    Parameters
    ----------
    part, finding : the part of the claim, and what the trial says of it.
    holds : whether the radius is to be certified.
    purpose : unique to the claim; the numbers are added to it.
    """

    def band(points: np.ndarray) -> np.ndarray:
        moved = x + points[:, 0]
        near = (points[:, 0] > radius) & (moved <= 1)
        return np.where(moved < -1, 2, np.where(near, 1, 0))

    _, near, far = count_labels(
        band,
        noise,
        num_labels=3,
        dim=1,
        num_samples=num_samples,
        seed=seed,
        purpose=f"{purpose}/x={x}/r={radius}/{noise}",
    )
    total = max(near + far, 1)
    bias = min(discretisation_bias(1, boundaries=3) * num_samples / total, 0.5)
    name = f"x = {x}, r = {radius}, {noise}: share of r < eps <= 1 - x in {total} draws"
    side = Expects.ABOVE if holds else Expects.BELOW
    return shown(part, name, near, total, side, finding=finding, bias=bias)
