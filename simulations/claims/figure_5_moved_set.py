"""Figure 5 by simulation: points of the moved set with T > -r, on both sides of r = b/2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import Axis, affordable, count_labels
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.figure_5_moved_set import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, p_b, r

#: (PB, scale, dimension): every parameter moves
LOW = ((0.04, 0.7, 1), (0.12, 2.5, 5), (0.22, 0.4, 16))
#: (PB, r / scale, scale, dimension), PB >= 1/2: T > -r somewhere for every r
HIGH = ((0.5, 0.3, 1.3, 2), (0.8, 0.1, 3.0, 12))
#: r as a part of the stated bound, below it and above it
BELOW, ABOVE = 0.9, 1.15
#: the drawn T may be off -r by round-off; points this close to -r, in scales, are not counted
_MARGIN = 1e-3


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """T > -r on the moved set: never below the bound, sometimes above it; and P(Y in B)."""
    trials: list[Trial] = []
    for mass, scale, dim in LOW:
        n = affordable(num_samples, dim)
        small = float(statement["small"].subs({p_b: mass, lam: scale}))
        for share in (BELOW, ABOVE):
            where = f"PB = {mass}, lambda = {scale}, d = {dim}, r = {share} times the bound"
            above, moved = _count(
                mass, Laplace(scale), share * small, dim=dim, num_samples=n, seed=seed, of=where
            )
            name = f"P(Y in B and T(X) > -r), {where}"
            if share < 1:
                trials.append(predicted("small_delta", name, above, n, 0.0))
                continue
            trials.append(shown("exactly_then", name, above, n, Expects.ABOVE, 0.0))
            at = {p_b: mass, lam: scale, r: share * small}
            bound = min(1.0, float(statement["bound"].subs(at)))
            trials += [
                shown("whole_range", name, above, n, Expects.ABOVE, 0.0, finding=False),
                predicted(
                    "tight_without_it",
                    f"P(Y in B), {where}",
                    moved,
                    n,
                    bound,
                    bias=discretisation_bias(1, boundaries=1),
                ),
            ]
    for mass, norm, scale, dim in HIGH:
        n = affordable(num_samples, dim)
        where = f"PB = {mass}, lambda = {scale}, d = {dim}, r = {norm} lambda"
        above, _ = _count(
            mass, Laplace(scale), norm * scale, dim=dim, num_samples=n, seed=seed, of=where
        )
        name = f"P(Y in B and T(X) > -r), {where}"
        trials.append(shown("exactly_then", name, above, n, Expects.ABOVE, 0.0))
    return trials


def _count(
    mass: float,
    noise: Laplace,
    norm: float,
    *,
    dim: int,
    num_samples: int,
    seed: int,
    of: str,
) -> tuple[int, int]:
    """How often Y is in B with T(X) > -r, and how often Y is in B, on all d coordinates."""
    purpose = f"figure_5_moved_set/{of}"
    axis = Axis.drawn(dim=dim, seed=seed, purpose=purpose)
    delta = axis.displacement(norm, dim=dim)
    start = -noise.quantile(mass)
    least = -norm + _MARGIN * noise.scale

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        moved = np.abs(points - delta)
        moved -= np.abs(points)
        larger = moved.sum(axis=1) > least
        points += delta
        in_b = axis.sign * points[:, axis.place] >= start
        return np.asarray(in_b * (1 + larger.astype(np.int64)))

    _, at_least, above = count_labels(
        label, noise, num_labels=3, dim=dim, num_samples=num_samples, seed=seed, purpose=purpose
    )
    return above, at_least + above
