"""Theorem 1 by simulation: cA still ahead beyond its radius, or tied with cB at it."""

from __future__ import annotations

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_two_tails
from simulations.paired import share_bias
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_1_not_tight import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p_a

#: PA > 1/2 and PB != 1 - PA: (PA, PB, lambda, dimension, r over Theorem 1's radius)
LARGER = (
    (0.9, 0.0111, 0.7, 1, 1.1),
    (0.8, 0.05, 1.2, 3, 1.06),
    (0.75, 0.6, 2.4, 16, 1.5),
)

#: PA <= 1/2, or PB = 1 - PA: (PA, PB, lambda, dimension)
TIGHT = ((0.4, 0.2, 1.5, 1), (0.48, 0.3, 0.5, 4), (0.7, 0.3, 2.0, 2))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Shares of cA among cA and cB of the worst half-lines; above 1/2 where cA is ahead."""
    terms = [numeric_radius(term, p_a=p_a) for term in statement.values()]
    trials = []
    for top, runner_up, scale, dim, factor in LARGER:
        distance = factor * max(term(top, runner_up, scale) for term in terms)
        count, either, bias = _share(
            top, runner_up, scale, distance, dim=dim, seed=seed, num_samples=num_samples
        )
        name = f"share of cA at {factor} R, PA = {top}, PB = {runner_up}, lambda = {scale}"
        name += f", d = {dim}"
        trials.append(shown("somewhere", name, count, either, Expects.ABOVE, bias=bias))
    for top, runner_up, scale, dim in TIGHT:
        distance = max(term(top, runner_up, scale) for term in terms)
        count, either, bias = _share(
            top, runner_up, scale, distance, dim=dim, seed=seed, num_samples=num_samples
        )
        name = f"share of cA at R, PA = {top}, PB = {runner_up}, lambda = {scale}, d = {dim}"
        trials.append(predicted("everywhere", name, count, either, 0.5, finding=False, bias=bias))
    return trials


def _share(
    top: float,
    runner_up: float,
    scale: float,
    distance: float,
    *,
    dim: int,
    seed: int,
    num_samples: int,
) -> tuple[int, int, float]:
    """Counts of cA, and of cA or cB, and how far the words move the share."""
    noise, n = Laplace(scale), affordable(num_samples, dim)
    until = noise.quantile(top)
    found = count_two_tails(
        noise,
        until,
        # with two classes both ends are one point, which rounding may cross
        max(until, -noise.quantile(min(runner_up, 1 - top))),
        distance=distance,
        dim=dim,
        num_samples=n,
        seed=seed,
        purpose=f"theorem_1_not_tight/{top}/{runner_up}",
    )
    either = sum(found)
    # the bias of each mass over the mass of both, of which a quarter is taken
    bias = share_bias(discretisation_bias(1, boundaries=1), either, n)
    return found[0], either, min(1.0, bias)
