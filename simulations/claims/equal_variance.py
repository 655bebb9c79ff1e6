"""Equal standard deviations by simulation: second moments of both noises, as counts."""

from __future__ import annotations

import math
from functools import partial

import sympy as sp

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable
from simulations.sampling import IsotropicNoise, discretisation_bias
from simulations.second_moments import BEYOND_REACH, REACH, count_squares
from theory.claim import Statement
from theory.claims.equal_variance import PRINTED
from theory.noise import Gaussian, Laplace
from theory.symbols import lam, sigma

#: (lambda or sigma, dimension); section 5.2 names sigma = 0.25, 0.5 and 1
SETTINGS = ((0.25, 1), (0.5, 3), (1.0, 8), (3.7, 2))

#: sigma' / sigma, at which the deviations are to differ
OTHER = (0.7, 1.4)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """E eps^2 / (8 lambda)^2 of each noise against the square of the stated deviation."""
    spread_of = sp.lambdify([lam], statement["sigma"], modules="math")
    scale_of = sp.lambdify([sigma], statement["lambda"], modules="math")
    trials = []
    for size, dim in SETTINGS:
        moment = partial(_moment, dim=dim, seed=seed, num_samples=affordable(num_samples, dim))
        stated = float(spread_of(size))
        trials += [
            moment("same_deviation", Laplace(size), scale=size, stated=stated),
            moment("same_deviation", Gaussian(stated), scale=size, stated=stated),
            moment(
                "inverse", Laplace(float(scale_of(size))), scale=size / math.sqrt(2), stated=size
            ),
        ]
        trials += [
            moment("required", Gaussian(factor * stated), scale=size, stated=stated)
            for factor in OTHER
        ]
    return trials


def _moment(
    part: str,
    noise: IsotropicNoise,
    *,
    scale: float,
    stated: float,
    dim: int,
    seed: int,
    num_samples: int,
) -> Trial:
    """E eps^2 against the stated deviation: equal to it, or, for another sigma, beside it."""
    cut = (REACH * scale) ** 2
    found = count_squares(
        noise,
        cut,
        dim=dim,
        num_samples=num_samples,
        seed=seed,
        purpose=f"equal_variance/{part}/{noise}",
    )
    name = f"E eps^2 / (8 lambda)^2, lambda = {scale:.4g}, {noise}, d = {dim}"
    bias = discretisation_bias(2, boundaries=2) + BEYOND_REACH
    expected = stated**2 / cut
    if part != "required":
        return predicted(part, name, found, num_samples, expected, bias=bias)
    side = Expects.ABOVE if noise.sigma > stated else Expects.BELOW
    return shown(part, name, found, num_samples, side, expected, bias=bias)
