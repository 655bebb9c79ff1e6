"""Cohen et al.'s radius by simulation: Gaussian half-spaces inside, at and beyond it; variances."""

from __future__ import annotations

from functools import partial

import numpy as np
import sympy as sp

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.philox import purpose_tag
from simulations.sampling import IsotropicNoise, discretisation_bias, draw
from theory.claim import Statement
from theory.claims.table_1_cohen import PRINTED
from theory.noise import Gaussian, Laplace, Uniform
from theory.searches.search import numeric_radius
from theory.symbols import lam, p, sigma

#: (PA, lambda, dimension): every parameter moves
SETTINGS = ((0.6, 0.5, 1), (0.75, 2.0, 2), (0.9, 0.3, 4), (0.99, 1.25, 16))

#: far enough from R that a radius off by three tenths leads to the other side of it
INSIDE, BEYOND = 0.8, 1.25

#: E min(eps^2, (12 lambda)^2) differs from E eps^2 by this many lambda^2 at most (Laplace tail)
REACH, CUT_OFF = 12.0, 26 * float(np.exp(-12.0))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of cA at 0.8 R (above 1/2), at R (1/2), beyond R (below 1/2); second moments."""
    radius_of = numeric_radius(statement["radius"].subs(sigma, sp.sqrt(2) * lam), p_a=p)
    trials = []
    for p_a, scale, dim in SETTINGS:
        noise = Gaussian.with_sigma_of(Laplace(scale))
        threshold, radius = noise.quantile(p_a), radius_of(p_a, 1 - p_a, scale)
        n, bias = affordable(num_samples, dim), discretisation_bias(1, boundaries=1)

        counted = partial(count_half_space, noise, threshold, dim=dim, num_samples=n, seed=seed)
        purpose = f"table_1_cohen/PA={p_a}"
        where = f"PA = {p_a}, sigma = sqrt(2) {scale}, d = {dim}"
        at_x = counted(purpose=f"{purpose}/x")
        inside = counted(distance=INSIDE * radius, purpose=f"{purpose}/inside")
        edge = counted(distance=radius, purpose=f"{purpose}/edge")
        beyond = counted(distance=BEYOND * radius, purpose=f"{purpose}/beyond")
        above, below = Expects.ABOVE, Expects.BELOW
        trials += [
            predicted("sound", f"P(f(X) = cA), {where}", at_x, n, p_a, bias=bias),
            shown("sound", f"P(f(Y) = cA) at 0.8 R, {where}", inside, n, above, bias=bias),
            predicted("exact_on_axis", f"P(f(Y) = cA) at R, {where}", edge, n, 0.5, bias=bias),
            shown("exact_on_axis", f"P(f(Y) = cA) at 1.25 R, {where}", beyond, n, below, bias=bias),
        ]
    return trials + _variances(statement["sigma"], seed=seed, num_samples=num_samples)


def _variances(spread: sp.Expr, *, seed: int, num_samples: int) -> list[Trial]:
    """P(eps^2 > c U), U uniform on [0, 1], is E min(eps^2/c, 1): here E eps^2 / c."""
    numeric = sp.lambdify([lam], spread, modules="numpy")
    trials = []
    for scale in (0.7, 3.0):
        sigma_there = float(numeric(scale))
        for noise in (Laplace(scale), Gaussian(sigma_there)):
            cut = (REACH * scale) ** 2
            found = _count_squares(noise, cut, seed=seed, num_samples=num_samples)
            variance = sigma_there**2 / cut
            law = type(noise).__name__
            trials.append(
                predicted(
                    "equal_variance",
                    f"E eps^2 / (12 lambda)^2, {law}, lambda = {scale}",
                    found,
                    num_samples,
                    variance,
                    bias=discretisation_bias(2, boundaries=2) + CUT_OFF * scale**2 / cut,
                )
            )
    return trials


def _count_squares(noise: IsotropicNoise, cut: float, *, seed: int, num_samples: int) -> int:
    def drawn(law: IsotropicNoise, name: str) -> np.ndarray:
        tag = purpose_tag(f"table_1_cohen/{name}/{noise}")
        return draw(law, seed=seed, tag=tag, first_sample=0, num_samples=num_samples, dim=1)

    squares, uniform = drawn(noise, "noise") ** 2, (drawn(Uniform(1.0), "uniform") + 1) / 2
    return int(np.count_nonzero(squares > cut * uniform))
