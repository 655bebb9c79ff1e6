"""Quantiles of smoothed half-spaces: linear along the axis, slower off it, and across 1/2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.philox import purpose_tag
from simulations.sampling import count, discretisation_bias
from theory.claim import Statement
from theory.claims.quantile_is_lipschitz import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import lam, p

#: (Q(q(x)), r/lambda, lambda, dimension): below 1/2, across it (both ways of it) and above it
SETTINGS = (
    (-0.4, 0.9, 0.5, 1),
    (0.7, 1.5, 2.0, 3),
    (2.6, 1.2, 0.3, 16),
    (0.5, 0.8, 1.4, 64),
)

#: (Q(q(x)), r/lambda, share of the first coordinate, lambda): a half-space, moved off its axis
OFF_AXIS = ((0.6, 1.1, 0.8, 0.7), (-0.3, 0.8, 0.75, 3.0), (1.6, 1.2, 0.8, 1.2))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Means of half-spaces at x and at x + delta, and flips beyond the binary radius."""
    slope = float(statement["constant"].subs(lam, 1))
    law = stats.laplace()
    trials: list[Trial] = []
    bias = discretisation_bias(1, boundaries=1)
    for place, distance, scale, dim in SETTINGS:
        n = affordable(num_samples, dim)
        moved = count_half_space(
            Laplace(scale),
            place * scale,
            distance=distance * scale,
            dim=dim,
            num_samples=n,
            seed=seed,
            purpose=f"quantile_is_lipschitz/axis/{place}",
        )
        name = f"q(x + delta), Q(q(x)) = {place}, r = {distance} lambda on the axis, "
        name += f"lambda = {scale}, d = {dim}"
        expected = float(law.cdf(place - slope * distance))
        trials.append(predicted("sharp", name, moved, n, expected, bias=bias))
    for place, distance, share, scale in OFF_AXIS:
        delta = np.array([share * distance, (share - 1) * distance]) * scale
        moved = _count_off_axis(
            Laplace(scale), place * scale, delta, seed=seed, num_samples=num_samples
        )
        name = f"q(x + delta), Q(q(x)) = {place}, delta = {delta.tolist()}, lambda = {scale}"
        least = float(law.cdf(place - slope * distance))
        trials.append(shown("lipschitz", name, moved, num_samples, Expects.ABOVE, least, bias=bias))
    return trials + _flips(statement, seed=seed, num_samples=num_samples)


def _count_off_axis(
    noise: Laplace, threshold: float, delta: NDArray[np.float64], *, seed: int, num_samples: int
) -> int:
    def event(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(points[:, 0] + delta[0] <= threshold)

    tag = purpose_tag(f"quantile_is_lipschitz/off_axis/{threshold}")
    return int(count(event, noise, seed=seed, tag=tag, num_samples=num_samples, dim=len(delta)))


def _flips(statement: Statement, *, seed: int, num_samples: int) -> list[Trial]:
    radius_of = numeric_radius(statement["binary"], p_a=p)
    bias = discretisation_bias(1, boundaries=1)
    trials = []
    for level, excess, scale, dim in ((0.6, 0.2, 2.5, 2), (0.93, 0.3, 0.6, 5)):
        radius, n = radius_of(level, 1 - level, scale), affordable(num_samples, dim)
        edge = radius + excess * scale / 2
        for place, distance in (("x", 0.0), ("x + delta", radius + excess * scale)):
            found = count_half_space(
                Laplace(scale),
                edge,
                distance=distance,
                dim=dim,
                num_samples=n,
                seed=seed,
                purpose=f"quantile_is_lipschitz/flip/{level}/{place}",
            )
            name = (
                f"q({place}), PA = {level}, R' = R + {excess} lambda, lambda = {scale}, d = {dim}"
            )
            side = Expects.BELOW if distance else Expects.ABOVE
            against = 0.5 if distance else level
            trials.append(shown("theorem_3", name, found, n, side, against, bias=bias))
    return trials
