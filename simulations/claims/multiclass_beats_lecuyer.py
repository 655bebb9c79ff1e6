"""Theorem 1 against Lecuyer's by simulation: a tie that leaves no room, and a count that tells.

cB is a half-space of mass PB at x; moved by r it gains all that the density ratio allows, so its
count under Y tells how far r is.
"""

from __future__ import annotations

import math

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from simulations.two_tails import count_lead
from theory.claim import Statement
from theory.claims.multiclass_beats_lecuyer import PRINTED
from theory.noise import Laplace
from theory.searches.search import Radius, numeric_radius
from theory.symbols import p_a

#: (PA, PB, scale, dimension), PA <= 1/2: several classes share the rest, each below PB
TIES = ((0.4, 0.2, 0.7, 1), (0.5, 0.28, 2.5, 4), (0.3, 0.12, 1.2, 20))

#: (PA, PB, scale, dimension): inside the interval of PB, and below it, for PA above 1/2 as well
EVERYWHERE = (
    (0.8, 0.15, 1.5, 1),
    (0.7, 0.25, 0.4, 3),
    (0.95, 0.03, 3.0, 16),
    (0.75, 0.04, 0.8, 2),
    (0.45, 0.15, 2.0, 8),
)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Ties of two tails at R and at Lecuyer's radius; the count of cB at R, inside and outside."""
    terms = [numeric_radius(statement[name], p_a=p_a) for name in ("first", "second")]
    lecuyer = numeric_radius(statement["lecuyer"], p_a=p_a)
    lower_of = numeric_radius(statement["lower"], p_a=p_a)

    def ours(top: float, runner_up: float, scale: float) -> float:
        return max(term(top, runner_up, scale) for term in terms)

    trials: list[Trial] = []
    for top, runner_up, scale, dim in TIES:
        trials += _ties((top, runner_up), scale, dim, (ours, lecuyer), seed, num_samples)
    for top, runner_up, scale, dim in EVERYWHERE:
        inside = lower_of(top, runner_up, scale) < runner_up
        distance = ours(top, runner_up, scale)
        trials.append(
            _at_ours((top, runner_up), scale, dim, distance, seed, num_samples, inside=inside)
        )
    return trials


def _ties(
    masses: tuple[float, float],
    scale: float,
    dim: int,
    radii: tuple[Radius, Radius],
    seed: int,
    num_samples: int,
) -> list[Trial]:
    """Both radii are the distance at which cA and cB tie, so neither is larger."""
    trials = []
    for name, radius in zip(("R", "Lecuyer's radius"), radii, strict=True):
        where = f"PA = {masses[0]}, PB = {masses[1]}, lambda = {scale}, d = {dim}"
        lead = count_lead(
            masses,
            Laplace(scale),
            distance=radius(*masses, scale),
            dim=dim,
            num_samples=num_samples,
            seed=seed,
            purpose=f"multiclass_beats_lecuyer/{name}/{where}",
        )
        said = f"share of cA in cA or cB at r = {name}, {where}"
        trials.append(
            predicted(
                "always_tighter",
                said,
                lead.count,
                lead.either,
                0.5,
                finding=False,
                bias=lead.bias,
            )
        )
    return trials


def _at_ours(
    masses: tuple[float, float],
    scale: float,
    dim: int,
    distance: float,
    seed: int,
    num_samples: int,
    *,
    inside: bool,
) -> Trial:
    """P(f(Y) = cB) at r = R against sqrt(PA PB), which it is at Lecuyer's radius."""
    noise, n = Laplace(scale), affordable(num_samples, dim)
    where = f"PA = {masses[0]}, PB = {masses[1]}, lambda = {scale}, d = {dim}"
    others = count_half_space(
        noise,
        -float(noise.quantile(masses[1])),
        distance=distance,
        dim=dim,
        num_samples=n,
        seed=seed,
        purpose=f"multiclass_beats_lecuyer/cB/{where}",
    )
    level, bias = math.sqrt(masses[0] * masses[1]), discretisation_bias(1, boundaries=1)
    name = f"P(f(Y) = cB) at r = R against sqrt(PA PB), {where}"
    if inside:
        return shown("tighter_exactly", name, n - others, n, Expects.ABOVE, level, bias=bias)
    return predicted("tighter_exactly", name, n - others, n, level, bias=bias)
