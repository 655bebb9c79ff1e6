"""Theorem 2 against Theorem 1 by simulation: where R_1 lies beside the tie that marks R_2.

The half-space of mass PA ties with its complement at r = R_2. At r = R_1 it is therefore a tie, or
one of the two classes is ahead, which tells which radius is larger.
"""

from __future__ import annotations

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_2_improves_theorem_1 import PRINTED
from theory.noise import Laplace
from theory.searches.search import Radius, numeric_radius
from theory.symbols import p_a

#: (PA, PB, scale, dimension) for PB = 1 - PA, then above and below it: every parameter moves
LEVEL = ((0.6, 1.7, 1), (0.8, 0.3, 5), (0.95, 1.1, 24))
ABOVE = ((0.7, 0.35, 0.5, 2), (0.9, 0.2, 2.4, 12))
BELOW = ((0.65, 0.2, 1.2, 3), (0.85, 0.08, 0.6, 8))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of cA of the half-space at R_1 and at R_2, with PB = 1 - PA, larger and smaller."""
    terms = [numeric_radius(statement[name], p_a=p_a) for name in ("first", "second")]
    theorem_2 = numeric_radius(statement["radius"], p_a=p_a)

    def theorem_1(top: float, runner_up: float, scale: float) -> float:
        return max(term(top, runner_up, scale) for term in terms)

    trials: list[Trial] = []
    for top, scale, dim in LEVEL:
        for name, radius in (("R_1", theorem_1), ("R_2", theorem_2)):
            at = (top, 1 - top, scale)
            kept, n, said = _kept(name, radius, at, dim, seed, num_samples)
            bias = discretisation_bias(1, boundaries=1)
            trials.append(predicted("improves", said, kept, n, 0.5, finding=False, bias=bias))
            trials.append(predicted("equal_at_complement", said, kept, n, 0.5, bias=bias))
    for settings, expects in ((ABOVE, Expects.ABOVE), (BELOW, Expects.BELOW)):
        for top, runner_up, scale, dim in settings:
            at = (top, runner_up, scale)
            part, bias = "ordered_by_the_bound", discretisation_bias(1, boundaries=1)
            kept, n, said = _kept("R_1", theorem_1, at, dim, seed, num_samples)
            trials.append(shown(part, said, kept, n, expects, bias=bias))
            kept, n, said = _kept("R_2", theorem_2, at, dim, seed, num_samples)
            trials.append(predicted(part, said, kept, n, 0.5, bias=bias))
    return trials


def _kept(
    name: str,
    radius: Radius,
    at: tuple[float, float, float],
    dim: int,
    seed: int,
    num_samples: int,
) -> tuple[int, int, str]:
    """How often the half-space of mass PA says cA at r = radius, of how many, and in words."""
    top, runner_up, scale = at
    noise, n = Laplace(scale), affordable(num_samples, dim)
    where = f"PA = {top}, PB = {runner_up:g}, lambda = {scale}, d = {dim}"
    kept = count_half_space(
        noise,
        float(noise.quantile(top)),
        distance=radius(top, runner_up, scale),
        dim=dim,
        num_samples=n,
        seed=seed,
        purpose=f"theorem_2_improves_theorem_1/{name}/{where}",
    )
    return kept, n, f"P(f(Y) = cA) at r = {name}, {where}"
