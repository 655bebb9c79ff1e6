"""The Gaussian radius by simulation: half-spaces orthogonal to a delta in a random direction."""

from __future__ import annotations

from functools import partial

import numpy as np

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable
from simulations.philox import purpose_tag
from simulations.sampling import count, discretisation_bias, draw
from theory.claim import Statement
from theory.claims.cohen_is_best_gaussian import PRINTED
from theory.noise import Gaussian
from theory.searches.search import numeric_radius
from theory.symbols import lam, p, sigma

#: (PA, sigma, dimension, (||delta||_2 - R) / sigma): every parameter moves
SETTINGS = ((0.5, 0.7, 1, 0.2), (0.6, 2.0, 2, 0.25), (0.9, 0.3, 7, 0.4), (0.99, 1.25, 16, 1.0))

#: far enough from R that a radius too large by four tenths leads beyond it
INSIDE = 0.85


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of cA at x (PA, or above it), inside R (above 1/2) and beyond R (below 1/2)."""
    radius_of = numeric_radius(statement["radius"].subs(sigma, lam), p_a=p)
    trials = []
    for p_a, spread, dim, beyond in SETTINGS:
        noise, n = Gaussian(spread), affordable(num_samples, dim)
        radius, step = radius_of(p_a, 1 - p_a, spread), beyond * spread
        counted = partial(_count, noise, dim=dim, num_samples=n, seed=seed)
        purpose = f"cohen_is_best_gaussian/PA={p_a}"
        where = f"PA = {p_a}, sigma = {spread}, d = {dim}, random direction"
        bias = discretisation_bias(dim, boundaries=1)
        if p_a > 0.5:
            edge = noise.quantile(p_a)
            at_x = counted(edge, 0.0, purpose=f"{purpose}/x")
            kept = counted(edge, INSIDE * radius, purpose=f"{purpose}/inside")
            above = Expects.ABOVE
            trials += [
                predicted("sound", f"P(f(X) = cA), {where}", at_x, n, p_a, bias=bias),
                shown("sound", f"P(f(Y) = cA) at 0.85 R, {where}", kept, n, above, bias=bias),
            ]
        edge = radius + step / 2
        at_x = counted(edge, 0.0, purpose=f"{purpose}/flip/x")
        lost = counted(edge, radius + step, purpose=f"{purpose}/flip/moved")
        further = f"R + {step:g}, {where}"
        trials += [
            shown("exact", f"P(f(X) = cA), {further}", at_x, n, Expects.ABOVE, p_a, bias=bias),
            shown("exact", f"P(f(Y) = cA), {further}", lost, n, Expects.BELOW, bias=bias),
        ]
    return trials


def _count(
    noise: Gaussian,
    edge: float,
    distance: float,
    *,
    dim: int,
    num_samples: int,
    seed: int,
    purpose: str,
) -> int:
    """How often <x, w> <= edge at x + delta, delta = distance w, for a random unit vector w."""
    tag = purpose_tag(f"{purpose}/direction")
    free = draw(Gaussian(1.0), seed=seed, tag=tag, first_sample=0, num_samples=1, dim=dim)[0]
    direction = free / np.linalg.norm(free)

    def event(points: np.ndarray) -> np.ndarray:
        points += distance * direction
        return np.asarray(points @ direction <= edge)

    tag = purpose_tag(purpose)
    return int(count(event, noise, seed=seed, tag=tag, num_samples=num_samples, dim=dim))
