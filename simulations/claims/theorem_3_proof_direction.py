"""The end of the proof of Theorem 3 by simulation: the worst half-space before, at and beyond R.

By Lemma 3.1 no classifier does worse on the axis than A = {x_1 <= R}, so a count of A above one
half at a distance r says that nothing flips there.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import Axis, affordable, count_labels
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_3_proof_direction import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p
from theory.tightness import HalfSpace

#: (PA, scale, dimension, (r - R) / scale): every parameter moves
SETTINGS = ((0.65, 0.5, 1, 0.3), (0.75, 2.0, 3, 0.2), (0.9, 0.3, 16, 0.5), (0.99, 1.25, 64, 1.0))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of A at x, at rho = R/2, between rho and R, at R and beyond it."""
    radius_of = numeric_radius(statement["radius"], p_a=p)
    return [
        trial
        for p_a, scale, dim, excess in SETTINGS
        for trial in _trials(
            statement,
            p_a,
            Laplace(scale),
            radius_of(p_a, 1 - p_a, scale),
            excess * scale,
            dim=dim,
            seed=seed,
            num_samples=affordable(num_samples, dim),
        )
    ]


def _trials(
    statement: Statement,
    p_a: float,
    noise: Laplace,
    radius: float,
    excess: float,
    *,
    dim: int,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    n, bias = num_samples, discretisation_bias(1, boundaries=1)
    at_x, at_rho, between, at_edge, beyond = _count_at(
        noise,
        radius,
        (0.0, 0.5 * radius, 0.75 * radius, radius, radius + excess),
        dim=dim,
        num_samples=n,
        seed=seed,
        purpose=f"theorem_3_proof_direction/PA={p_a}",
    )
    where = f"PA = {p_a}, lambda = {noise.scale}, d = {dim}"
    threshold = float(statement["threshold"])
    kept = Expects.ABOVE if statement["relation"].startswith(">") else Expects.BELOW
    mass, lost = f"P(X in A), {where}", f"P(Y in A) at r = R + {excess:g}, {where}"
    rho, later = f"P(Y in A) at rho = R/2, {where}", f"P(Y in A) at r = 3 R/4, {where}"
    stated = float(statement["beyond"](excess, noise.scale))
    return [
        predicted("inequality", mass, at_x, n, p_a, bias=bias),
        shown("inequality", rho, at_rho, n, kept, threshold, bias=bias),
        predicted("inequality", f"P(Y in A) at r = R, {where}", at_edge, n, threshold, bias=bias),
        shown("inference", rho, at_rho, n, Expects.ABOVE, finding=False, bias=bias),
        shown("inference", later, between, n, Expects.ABOVE, finding=False, bias=bias),
        predicted("beyond_radius", mass, at_x, n, p_a, bias=bias),
        predicted("beyond_radius", lost, beyond, n, stated, bias=bias),
        shown("beyond_radius", lost, beyond, n, Expects.BELOW, bias=bias),
    ]


def _count_at(
    noise: Laplace,
    threshold: float,
    distances: tuple[float, ...],
    *,
    dim: int,
    num_samples: int,
    seed: int,
    purpose: str,
) -> tuple[int, ...]:
    """How often A holds at each of the growing distances along a random signed axis.

    The classifier sees the raw d-vectors, moved from one distance to the next; a sample that has
    left A stays out, so that the label of a sample is the number of distances at which it is in.
    """
    axis = Axis.drawn(dim=dim, seed=seed, purpose=purpose)
    classifier = HalfSpace(axis.place, axis.sign, threshold)

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        inside, gone = np.zeros(len(points), dtype=np.int64), 0.0
        for distance in distances:
            points += axis.displacement(distance - gone, dim=dim)
            gone = distance
            inside += classifier(points)
        return inside

    found = count_labels(
        label,
        noise,
        num_labels=len(distances) + 1,
        dim=dim,
        num_samples=num_samples,
        seed=seed,
        purpose=purpose,
    )
    return tuple(sum(found[place + 1 :]) for place in range(len(distances)))
