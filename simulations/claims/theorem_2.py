"""Theorem 2 by simulation: the half-space classifier inside its radius, and the tie at it."""

from __future__ import annotations

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_2 import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p

#: (PA, scale, dimension): every parameter moves
SETTINGS = ((0.6, 0.5, 1), (0.75, 2.0, 2), (0.9, 0.3, 16), (0.99, 1.25, 64))


#: a shorter way than R, so that the margin is seen; a radius 30 % too large leads beyond R
FRACTION = 0.8


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of cA at x (PA), at 0.8 R (above 1/2) and at R (1/2)."""
    radius_of = numeric_radius(statement["radius"], p_a=p)
    return [
        trial
        for p_a, scale, dim in SETTINGS
        for trial in _trials(
            p_a,
            Laplace(scale),
            radius_of(p_a, 1 - p_a, scale),
            dim=dim,
            seed=seed,
            num_samples=affordable(num_samples, dim),
        )
    ]


def _trials(
    p_a: float, noise: Laplace, radius: float, *, dim: int, seed: int, num_samples: int
) -> list[Trial]:
    at_x, inside, at_edge = (
        count_half_space(
            noise,
            noise.quantile(p_a),
            distance=distance,
            dim=dim,
            num_samples=num_samples,
            seed=seed,
            purpose=f"theorem_2/{place}/PA={p_a}",
        )
        for place, distance in (("x", 0.0), ("inside", FRACTION * radius), ("edge", radius))
    )
    where = f"PA = {p_a}, lambda = {noise.scale}, d = {dim}"
    n, bias = num_samples, discretisation_bias(1, boundaries=1)
    kept = f"P(f(Y) = cA) at r = {FRACTION} R, {where}"
    tied = f"P(f(Y) = cA) at r = R, {where}"
    return [
        predicted("open_ball", f"P(f(X) = cA), {where}", at_x, n, p_a, bias=bias),
        shown("open_ball", kept, inside, n, Expects.ABOVE, bias=bias),
        predicted("closed_ball", tied, at_edge, n, 0.5, finding=False, bias=bias),
    ]
