"""Second moments as counts: the square of a coordinate against a uniform draw of its own."""

from __future__ import annotations

import math

import numpy as np

from simulations.philox import purpose_tag
from simulations.sampling import IsotropicNoise, draw
from theory.noise import Uniform

#: A cut for noises of the variance of Laplace noise, 2 lambda^2: its square root in lambda.
REACH = 8.0

#: What lies beyond that cut, in units of it: E (eps^2 - 64)_+ = 18 e^-8 for unit Laplace noise, and
#: less for Gaussian and uniform noise of up to twice its variance.
BEYOND_REACH = 18 * math.exp(-REACH) / REACH**2


def count_squares(
    noise: IsotropicNoise, cut: float, *, dim: int, num_samples: int, seed: int, purpose: str
) -> int:
    """How often eps_i^2 > cut U for U uniform on [0, 1], on a random coordinate i of each sample.

    The probability is E min(eps_1^2 / cut, 1): the second moment in units of ``cut``, less what
    lies beyond the cut.

    Returns the exact integer count out of ``num_samples``.

    >>> from theory.noise import Gaussian
    >>> count_squares(Gaussian(0.5), 4.0, dim=2, num_samples=1000, seed=1, purpose="example")
    74
    """

    def drawn(law: IsotropicNoise, name: str, width: int) -> np.ndarray:
        tag = purpose_tag(f"{purpose}/{name}")
        return draw(law, seed=seed, tag=tag, first_sample=0, num_samples=num_samples, dim=width)

    points, pair = drawn(noise, "noise", dim), (drawn(Uniform(1.0), "uniform", 2) + 1) / 2
    place = np.minimum((pair[:, 1] * dim).astype(np.int64), dim - 1)
    squares = points[np.arange(num_samples), place] ** 2
    return int(np.count_nonzero(squares > cut * pair[:, 0]))
