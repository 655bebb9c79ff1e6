"""Both binary radii as thresholds of one noisy coordinate: P(X_1 <= R) tells which is larger."""

from __future__ import annotations

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.ours_beats_lecuyer import PRINTED
from theory.noise import Laplace
from theory.searches.search import numeric_radius
from theory.symbols import p

#: (p, scale, dimension): every parameter moves
SETTINGS = ((0.67, 3.0, 1), (0.77, 0.45, 5), (0.95, 1.4, 32))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """P(X_1 <= our radius) is p, the quantile; P(X_1 <= Lecuyer's) is below p."""
    ours_of = numeric_radius(statement["ours"], p_a=p)
    lecuyer_of = numeric_radius(statement["lecuyer"], p_a=p)
    side = Expects.BELOW if statement["relation"].startswith(">") else Expects.ABOVE
    trials = []
    for level, scale, dim in SETTINGS:
        n = affordable(num_samples, dim)
        ours, lecuyer = (of(level, 1 - level, scale) for of in (ours_of, lecuyer_of))
        below_ours, below_lecuyer = (
            count_half_space(
                Laplace(scale),
                threshold,
                dim=dim,
                num_samples=n,
                seed=seed,
                purpose=f"ours_beats_lecuyer/{name}/p={level}",
            )
            for threshold, name in ((ours, "ours"), (lecuyer, "lecuyer"))
        )
        where = f"p = {level}, lambda = {scale}, d = {dim}"
        part, bias = "ordered", discretisation_bias(1, boundaries=1)
        trials += [
            predicted(part, f"P(X_1 <= our radius), {where}", below_ours, n, level, bias=bias),
            shown(
                part,
                f"P(X_1 <= Lecuyer's radius), {where}",
                below_lecuyer,
                n,
                side,
                level,
                bias=bias,
            ),
        ]
    return trials
