"""Theorem 3 by simulation: the flip is seen, on all d coordinates, along a random signed axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, shown
from simulations.half_spaces import Axis, affordable, count_labels
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_3 import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p
from theory.tightness import HalfSpace

#: (PA, scale, dimension, (R' - R) / scale): every parameter moves, and PA = 1/2 is one of them
SETTINGS = (
    (0.5, 0.7, 1, 0.25),
    (0.6, 2.0, 2, 0.3),
    (0.9, 0.4, 16, 0.5),
    (0.99, 1.5, 3072, 1.0),
)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of cA at x (above PA, so above 1/2) and at x + delta, ||delta||_1 = R' (below 1/2)."""
    radius_of = numeric_radius(statement["radius"], p_a=p)
    return [
        trial
        for p_a, scale, dim, excess in SETTINGS
        for trial in _trials(
            p_a,
            Laplace(scale),
            radius_of(p_a, 1 - p_a, scale),
            excess=excess * scale,
            dim=dim,
            seed=seed,
            num_samples=affordable(num_samples, dim),
        )
    ]


def _trials(
    p_a: float,
    noise: Laplace,
    radius: float,
    *,
    excess: float,
    dim: int,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    at_x, moved = _count_both(
        noise,
        radius + excess / 2,
        distance=radius + excess,
        dim=dim,
        num_samples=num_samples,
        seed=seed,
        purpose=f"theorem_3/PA={p_a}",
    )
    where = f"PA = {p_a}, lambda = {noise.scale}, d = {dim}, R' = R + {excess:g}"
    n, bias = num_samples, discretisation_bias(1, boundaries=1)
    return [
        shown("flip", f"P(f(X) = cA), {where}", at_x, n, Expects.ABOVE, p_a, bias=bias),
        shown("flip", f"P(f(Y) = cA), {where}", moved, n, Expects.BELOW, bias=bias),
    ]


def _count_both(
    noise: Laplace,
    threshold: float,
    *,
    distance: float,
    dim: int,
    num_samples: int,
    seed: int,
    purpose: str,
) -> tuple[int, int]:
    """How often one half-space classifier says cA at x and at x + delta, on the same noise.

    It sees the raw d-vectors; delta of l1 norm ``distance`` lies along its randomly signed,
    random axis.
    """
    axis = Axis.drawn(dim=dim, seed=seed, purpose=purpose)
    classifier = HalfSpace(axis.place, axis.sign, threshold)
    delta = axis.displacement(distance, dim=dim)

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        at_x = classifier(points)
        points += delta
        return 2 * at_x.astype(np.int64) + classifier(points)

    _, only_moved, only_at_x, both = count_labels(
        label, noise, num_labels=4, dim=dim, num_samples=num_samples, seed=seed, purpose=purpose
    )
    return only_at_x + both, only_moved + both
