"""The binary terms by simulation: at Lecuyer's the worst case still says cA, at the new one half.

The half-space loses exactly what the differential-privacy bound allows, so its flip marks the new
term, and the place where its P(f(Y) = cB) has risen to e^(-r/lambda) PA marks Lecuyer's.
"""

from __future__ import annotations

import math

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.binary_term_dominates import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p_a

#: (PA, scale, dimension): every parameter moves
SETTINGS = ((0.65, 0.7, 1), (0.8, 2.5, 3), (0.93, 0.4, 24))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of cA at Lecuyer's term (above 1/2) and at the new term (1/2)."""
    new_of = numeric_radius(statement["new"], p_a=p_a)
    lecuyer_of = numeric_radius(statement["lecuyer"], p_a=p_a)
    side = Expects.ABOVE if statement["relation"].startswith(">") else Expects.BELOW
    trials = []
    for top, scale, dim in SETTINGS:
        new, lecuyer = (of(top, 1 - top, scale) for of in (new_of, lecuyer_of))
        n = affordable(num_samples, dim)
        at_new, at_lecuyer = (
            _count_a(top, scale, dim, distance=r, name=name, num_samples=n, seed=seed)
            for r, name in ((new, "new"), (lecuyer, "lecuyer"))
        )
        where = f"PA = {top}, lambda = {scale}, d = {dim}"
        name = f"at r = Lecuyer's term, {where}"
        part, bias = "dominates", discretisation_bias(1, boundaries=1)
        share = top * math.exp(-lecuyer / scale)
        trials += [
            predicted(
                part, f"P(f(Y) = cA) at r = the new term, {where}", at_new, n, 0.5, bias=bias
            ),
            shown(part, f"P(f(Y) = cA) {name}", at_lecuyer, n, side, bias=bias),
            predicted(
                part,
                f"P(f(Y) = cB) = e^(-r/lambda) PA {name}",
                n - at_lecuyer,
                n,
                share,
                bias=bias,
            ),
        ]
    return trials


def _count_a(
    top: float, scale: float, dim: int, *, distance: float, name: str, num_samples: int, seed: int
) -> int:
    noise = Laplace(scale)
    return count_half_space(
        noise,
        float(noise.quantile(top)),
        distance=distance,
        dim=dim,
        num_samples=num_samples,
        seed=seed,
        purpose=f"binary_term_dominates/{name}/PA={top}",
    )
