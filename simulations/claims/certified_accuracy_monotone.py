"""Certified accuracy by simulation: many samples, each certified from n noise draws of its own.

The printed n = 100000 draws with one bound each would need 10^8 draws for a probability of 0.001,
so the bound of few draws is simulated, for every n the same formula.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from simulations.experiment import Trial, predicted
from simulations.half_spaces import affordable, count_labels
from simulations.sampling import IsotropicNoise, discretisation_bias
from theory.claim import Statement
from theory.claims.certified_accuracy_monotone import PRINTED
from theory.noise import Gaussian, Laplace, Uniform
from theory.searches.ceiling_search import lower_bounds
from theory.searches.search import numeric_radius
from theory.symbols import p

#: (draws for a bound, alpha, lambda)
SETTINGS = ((5, 0.2, 0.7), (20, 0.05, 2.0), (40, 0.1, 0.3))

#: P(f(X) = cA) of every sample, and the radii at which they are counted, in units of lambda
TRUTH, PLACES = 0.93, (0.2, 0.9, 1.4)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Samples counted at several radii, and how often all n draws fall below the ceiling."""
    trials = []
    for draws, alpha, scale in SETTINGS:
        few = partial(_few, draws=draws, alpha=alpha, seed=seed)
        n = affordable(num_samples, draws)
        trials += _accuracies(statement, draws, alpha, scale, seed=seed, num_samples=n)
        laplace = Laplace(scale)
        for name, noise in (
            ("laplace", laplace),
            ("cohen", Gaussian.with_sigma_of(laplace)),
            ("uniform", Uniform.with_sigma_of(laplace)),
        ):
            trials.append(few(statement, name, noise, scale, num_samples=n))
    return trials


def _successes(
    noise: IsotropicNoise,
    threshold: float,
    *,
    draws: int,
    seed: int,
    num_samples: int,
    purpose: str,
) -> tuple[int, ...]:
    """How often k = 0, ..., n of the n draws of a sample lie in the half-space x <= threshold."""

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        return np.asarray((points <= threshold).sum(axis=1), dtype=np.int64)

    return count_labels(
        label,
        noise,
        num_labels=draws + 1,
        dim=draws,
        num_samples=num_samples,
        seed=seed,
        purpose=f"certified_accuracy_monotone/{purpose}/{noise}/{draws}",
    )


def _accuracies(
    statement: Statement, draws: int, alpha: float, scale: float, *, seed: int, num_samples: int
) -> list[Trial]:
    """The share of samples counted at each radius, and at no radius above the ceiling."""
    noise = Laplace(scale)
    counts = np.array(
        _successes(
            noise,
            noise.quantile(TRUTH),
            draws=draws,
            seed=seed,
            num_samples=num_samples,
            purpose="accuracy",
        )
    )
    radius = numeric_radius(statement["laplace"], p_a=p)
    radii = np.array([radius(q, 1 - q, scale) for q in lower_bounds(draws, alpha)])
    highest = float(statement["bound"](alpha, draws))
    ceiling = radius(highest, 1 - highest, scale)
    law, where = stats.binom(draws, TRUTH), f"n = {draws}, alpha = {alpha}, lambda = {scale}"
    bias = discretisation_bias(draws, boundaries=1)
    at = partial(_counted, statement, radii)
    trials = []
    for place in PLACES:
        near, far = at(place * scale), at((place + 0.4) * scale)
        # counted at r + 0.4 lambda and not at r: never, or the share rises somewhere
        newly = int(counts[far & ~near].sum())
        name = f"P(counted at r + 0.4 lambda, not at r = {place} lambda), {where}"
        trials.append(predicted("non_increasing", name, newly, num_samples, 0.0))
    below = float(law.pmf(np.arange(draws + 1))[radii >= PLACES[0] * scale].sum())
    share = int(counts[at(PLACES[0] * scale)].sum())
    name = f"P(counted at r = {PLACES[0]} lambda), {where}"
    trials.append(predicted("non_increasing", name, share, num_samples, below, bias=bias))
    beyond = int(counts[radii > ceiling * (1 + 1e-9)].sum())
    name = f"P(certified above the ceiling), {where}"
    trials.append(predicted("tends_to_zero", name, beyond, num_samples, 0.0))
    return trials


def _counted(statement: Statement, radii: NDArray[np.float64], place: float) -> NDArray[np.bool_]:
    met = radii >= place if statement["counted"] == ">=" else radii <= place
    return np.asarray(met)


def _few(
    statement: Statement,
    name: str,
    noise: IsotropicNoise,
    scale: float,
    *,
    draws: int,
    alpha: float,
    seed: int,
    num_samples: int,
) -> Trial:
    """All n draws fall below the ceiling of n and alpha with the probability alpha."""
    bound = float(statement["bound"](alpha, draws))
    ceiling = numeric_radius(statement[name], p_a=p)(bound, 1 - bound, scale)
    found = _successes(
        noise, ceiling, draws=draws, seed=seed, num_samples=num_samples, purpose=name
    )
    said = f"P(all of n = {draws} draws below the ceiling), alpha = {alpha}, {noise}"
    bias = discretisation_bias(draws, boundaries=1)
    part = f"ceiling_{name}"
    return predicted(part, said, found[-1], num_samples, alpha, bias=bias, error=1e-9)
