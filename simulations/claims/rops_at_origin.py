"""Appendix D at x = 0 by simulation: agreement on either side of both suprema, and between them."""

from __future__ import annotations

from simulations.experiment import Expects, Trial, shown
from simulations.philox import purpose_tag
from simulations.sampling import IsotropicNoise, count, discretisation_bias
from theory.claim import Statement
from theory.claims.rops_at_origin import PRINTED
from theory.noise import Gaussian, Laplace

#: standard deviations as fractions of the printed supremum
FRACTIONS = (0.6, 0.94, 1.06, 1.7)

#: standard deviations between the two suprema
BETWEEN = (1.6, 1.75, 1.9)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of |eps| <= 1: above 1/2 below the supremum, below 1/2 above it."""
    laws = {"laplace": Laplace.from_sigma, "gaussian": Gaussian.from_sigma}
    trials = []
    for name, law in laws.items():
        for fraction in FRACTIONS:
            side = Expects.ABOVE if fraction < 1 else Expects.BELOW
            noise = law(fraction * float(statement[name]))
            trials.append(_agrees(f"{name}_supremum", noise, side, seed, num_samples))
    better = "laplace" if statement["order"] == ">" else "gaussian"
    for sigma in BETWEEN:
        for name, law in laws.items():
            side = Expects.ABOVE if name == better else Expects.BELOW
            trials.append(_agrees("larger", law(sigma), side, seed, num_samples))
    return trials


def _agrees(part: str, noise: IsotropicNoise, side: Expects, seed: int, num_samples: int) -> Trial:
    agreed = count(
        lambda points: abs(points[:, 0]) <= 1,
        noise,
        seed=seed,
        tag=purpose_tag(f"rops_at_origin/{part}/{noise}"),
        num_samples=num_samples,
        dim=1,
    )
    bias = discretisation_bias(1)
    return shown(part, f"P(|eps| <= 1), {noise}", int(agreed), num_samples, side, bias=bias)
