"""Appendix D by simulation: at one parameter, rectified or not, which noise agrees with f at x."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from simulations.certified_bands import certifies
from simulations.experiment import Expects, Trial, predicted
from simulations.philox import purpose_tag
from simulations.sampling import IsotropicNoise, count, discretisation_bias
from theory.claim import Statement
from theory.claims.scale_less_sensitive import PRINTED
from theory.noise import Gaussian, Laplace

#: (x, sqrt(2) lambda = sigma between the two suprema, samples for each one asked for)
RECTIFIED = ((0.35, 1.66, 1), (0.85, 1.225, 1), (0.99, 0.745, 10))

#: (x, lambda = sigma between the two suprema, samples for each one asked for)
PLAIN = ((0.0, 1.462, 20), (0.6, 1.29, 4), (0.95, 0.85, 4))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts in the bands 0 < eps <= 1 - x and eps < -1 - x, and at the tie of x = 0."""
    trials: list[Trial] = []
    for x, deviation, times in RECTIFIED:
        pair = (Laplace.from_sigma(deviation), Gaussian(deviation))
        first = x < float(statement["crossing"][0])
        trials += _pair("one_location", x, pair, first, seed=seed, num_samples=times * num_samples)
    # the refuted readings: Gaussian noise agrees with f at this parameter, Laplace noise does not
    trials += [_refuting("rectified", trial) for trial in trials[-2:]]
    for x, parameter, times in PLAIN:
        pair = (Laplace(parameter), Gaussian(parameter))
        draws = {"seed": seed, "num_samples": times * num_samples}
        found = list(_pair("not_rectified", x, pair, False, **draws))
        trials += [_refuting("not_rectified", trial) for trial in found]
    # at x = 0 the ratio puts sigma at its tie, as lambda is at its own
    ratio = float(statement["ratio"])
    sigma = Gaussian(1.4426950408889634 * ratio)
    return [*trials, _tied(sigma, seed=seed, num_samples=10 * num_samples)]


def _pair(
    part: str,
    x: float,
    pair: tuple[IsotropicNoise, IsotropicNoise],
    first: bool,
    *,
    seed: int,
    num_samples: int,
) -> Iterator[Trial]:
    for noise, holds in zip(pair, (first, not first), strict=True):
        yield certifies(
            part,
            noise,
            x=x,
            radius=0.0,
            holds=holds,
            seed=seed,
            num_samples=num_samples,
            purpose="scale_less_sensitive",
        )


def _refuting(part: str, trial: Trial) -> Trial:
    side = Expects.ABOVE if "Gaussian" in trial.name else Expects.BELOW
    return replace(trial, part=part, expects=side, finding=False)


def _tied(noise: Gaussian, *, seed: int, num_samples: int) -> Trial:
    agreed = count(
        lambda points: abs(points[:, 0]) <= 1,
        noise,
        seed=seed,
        tag=purpose_tag("scale_less_sensitive/tie"),
        num_samples=num_samples,
        dim=1,
    )
    name = f"P(|eps| <= 1), {noise}, at the stated ratio to lambda = 1/log 2"
    bias = discretisation_bias(1)
    return predicted("smallest_ratio", name, int(agreed), num_samples, 0.5, bias=bias)
