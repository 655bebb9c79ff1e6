"""The exact radius of a direction by simulation: its worst sets {T < t}, at x and at x + delta."""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from scipy.special import lambertw

from simulations.directional_events import count_lost
from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.directional_radius import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p

#: (PA, scale, dimension) for a half-space on an axis
AXES = ((0.65, 0.6, 1), (0.9, 2.0, 5))
#: (PA, scale, shares of the norm, coordinates in all) where two moves share the norm R
SHARED = ((0.9, 1.0, (0.5, 0.5), 2), (0.95, 0.4, (0.75, 0.25), 12))
#: (r/lambda, scale, coordinates in all) on the diagonal, below and above 2 v
DIAGONAL = ((0.9, 1.5, 2), (3.0, 0.5, 8))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of half-spaces on an axis, and of {T < t} off the axes."""
    return [
        *_on_axes(statement, seed=seed, num_samples=num_samples),
        *_off_axes(statement, seed=seed, num_samples=num_samples),
        *_diagonal(statement, seed=seed, num_samples=num_samples),
    ]


def _on_axes(statement: Statement, *, seed: int, num_samples: int) -> list[Trial]:
    radius_of, trials = numeric_radius(statement["radius"], p_a=p), []
    bias = discretisation_bias(1, boundaries=1)

    def counted(noise: Laplace, threshold: float, distance: float, dim: int, name: str) -> int:
        return count_half_space(
            noise,
            threshold,
            distance=distance,
            dim=dim,
            num_samples=affordable(num_samples, dim),
            seed=seed,
            purpose=f"directional_radius/{name}/{distance:.6g}",
        )

    for p_a, scale, dim in AXES:
        noise, n = Laplace(scale), affordable(num_samples, dim)
        edge, radius = noise.quantile(p_a), radius_of(p_a, 1 - p_a, scale)
        where = f"PA = {p_a}, lambda = {scale}, d = {dim}, delta on an axis"
        kept = counted(noise, edge, 0.8 * radius, dim, "inside")
        tied = counted(noise, edge, radius, dim, "edge")
        name = f"P(f(Y) = cA) at 0.8 R, {where}"
        trials.append(shown("never_smaller", name, kept, n, Expects.ABOVE, bias=bias))
        name = f"P(f(Y) = cA) at R, {where}"
        trials.append(predicted("equal_on_axes", name, tied, n, 0.5, bias=bias))
    moved = counted(Laplace(0.7), 0.0, 0.2, 3, "half")
    name = "P(f(Y) = cA) at PA = 1/2, delta_1 = 0.2, lambda = 0.7, d = 3"
    n = affordable(num_samples, 3)
    trials.append(shown("equal_on_axes", name, moved, n, Expects.BELOW, bias=bias))
    return trials


def _off_axes(statement: Statement, *, seed: int, num_samples: int) -> list[Trial]:
    """At r = R the set {T < t} of probability 1 - PA has less than 1/2 at x + delta."""
    radius_of, trials = numeric_radius(statement["radius"], p_a=p), []
    side = Expects.BELOW if statement["relation"] == ">" else Expects.ABOVE
    for p_a, scale, shares, dim in SHARED:
        radius, n = radius_of(p_a, 1 - p_a, scale), affordable(num_samples, dim + 1)
        delta = [radius * share for share in shares] + [0.0] * (dim - 2)
        # {W > r - g} has probability (1 + g) e^(g - r)/4 for g up to either move
        width = float(lambertw(4 * math.e * (1 - p_a) * math.exp(radius / scale)).real) - 1
        at_x, moved = count_lost(
            Laplace(scale),
            delta,
            2 * width * scale - radius,
            num_samples=n,
            seed=seed,
            purpose=f"directional_radius/off/{p_a}",
        )
        where = f"PA = {p_a}, lambda = {scale}, r = R shared as {shares}, d = {dim}"
        bias, part = discretisation_bias(dim + 1), "larger_off_axes"
        name = f"P(X in B), {where}"
        trials.append(predicted(part, name, at_x, n, 1 - p_a, bias=bias, error=1e-8))
        trials.append(shown(part, f"P(Y in B), {where}", moved, n, side, bias=bias))
    return trials


def _diagonal(statement: Statement, *, seed: int, num_samples: int) -> list[Trial]:
    """The worst sets at the printed PA: 1 - PA at x, 1/2 at x + delta."""
    near, far = (
        sp.lambdify(statement[name].variables, statement[name].expr) for name in ("near", "far")
    )
    median, trials = float(statement["median"][0]), []
    for norm, scale, dim in DIAGONAL:
        half, n = norm / 2, affordable(num_samples, dim + 1)
        short = half < median
        level = near(norm * scale, scale) if short else far(norm * scale, median, scale)
        # below 2 v a part of {T = 0} fills B up to 1/2 at x + delta
        spare = (0.5 - 1 + (3 + half) * math.exp(-half) / 4) / (math.exp(-half) / 2)
        at_x, moved = count_lost(
            Laplace(scale),
            [half * scale] * 2 + [0.0] * (dim - 2),
            0.0 if short else (2 * median - norm) * scale,
            coin=Laplace(scale).quantile(spare) if short else -np.inf,
            num_samples=n,
            seed=seed,
            purpose=f"directional_radius/diagonal/{norm}",
        )
        where = f"r = {norm} lambda on the diagonal, lambda = {scale}, d = {dim}"
        bias, lost = discretisation_bias(dim + 1), min(max(1 - level, 0.0), 1.0)
        trials += [
            predicted("diagonal", f"P(X in B), {where}", at_x, n, lost, bias=bias, error=1e-8),
            predicted("diagonal", f"P(Y in B), {where}", moved, n, 0.5, bias=bias, error=1e-8),
        ]
    return trials
