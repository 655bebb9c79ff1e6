"""Appendix D by simulation: agreement over x and the parameter, at the tie and on the edge."""

from __future__ import annotations

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.philox import purpose_tag
from simulations.sampling import IsotropicNoise, count, discretisation_bias
from theory.claim import Statement
from theory.claims.rops_is_interval import PRINTED
from theory.noise import Gaussian, Laplace

LAWS: dict[str, type[Laplace | Gaussian]] = {"laplace": Laplace, "gaussian": Gaussian}

#: (x, parameter), on both sides of the ties
SETTINGS = ((0.0, 0.9), (0.4, 1.2), (0.4, 2.5), (-0.8, 0.35), (-0.8, 3.0))

#: x beyond the edge, parameter
OUTSIDE = ((1.2, 0.7), (-1.5, 4.0))

#: the suprema at x = 0, lambda and sigma, and parameters for x = 1
TIES = {"laplace": 1.4426950408889634, "gaussian": 1.4826022185056018}
ON_THE_EDGE = (0.9, 3.0)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of |x + eps| <= 1 against the stated disagreement, and against 1/2."""
    bias = discretisation_bias(1)
    level = float(statement["level"])
    trials = []

    def agreed(noise: IsotropicNoise, x: float) -> tuple[str, int, int]:
        found = count(
            lambda points: abs(x + points[:, 0]) <= 1,
            noise,
            seed=seed,
            tag=purpose_tag(f"rops_is_interval/x={x}/{noise}"),
            num_samples=num_samples,
            dim=1,
        )
        return f"P(|{x} + eps| <= 1), {noise}", int(found), num_samples

    for name, law in LAWS.items():
        for x, parameter in SETTINGS:
            lost = float(statement[name](1 - x, 1 + x, parameter)) / 2
            agreement = min(1.0, max(0.0, 1 - lost))
            trial = predicted(f"{name}_interval", *agreed(law(parameter), x), agreement, bias=bias)
            trials.append(trial)
        for x, parameter in OUTSIDE:
            what, inside, n = agreed(law(parameter), x)
            named = f"1 - {what}"
            trials.append(shown("outside", named, n - inside, n, Expects.ABOVE, level, bias=bias))
        tied = agreed(law(TIES[name]), 0.0)
        trials.append(predicted("tie_counts", *tied, 0.5, finding=False, bias=bias))
        for parameter in ON_THE_EDGE:
            edge = agreed(law(parameter), 1.0)
            trials.append(shown("on_the_edge", *edge, Expects.BELOW, finding=False, bias=bias))
    return trials
