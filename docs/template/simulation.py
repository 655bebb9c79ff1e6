"""A template for a claim's simulation: copy to simulations/claims/SLUG.py."""

from __future__ import annotations

from simulations.experiment import Trial, predicted
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.claim_template import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, u

#: (threshold, scale, dimension): every parameter moves
SETTINGS = ((0.4, 0.5, 1), (1.5, 2.0, 7))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of the tail against the stated probability."""
    trials = []
    for threshold, scale, dim in SETTINGS:
        n = affordable(num_samples, dim)
        below = count_half_space(
            Laplace(scale),
            threshold,
            dim=dim,
            num_samples=n,
            seed=seed,
            purpose=f"claim_template/u={threshold}",
        )
        stated = min(1.0, max(0.0, float(statement["tail"].subs({u: threshold, lam: scale}))))
        name = f"P(X_1 > {threshold}), lambda = {scale}, d = {dim}"
        bias = discretisation_bias(1, boundaries=1)
        trials.append(predicted("tail", name, n - below, n, stated, bias=bias))
    return trials
