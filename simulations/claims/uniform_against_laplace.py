"""Uniform noise by simulation: its half-spaces and common cube, and which radius is the largest.

A radius is the threshold at which its noise has mass PA below, so that the noise of the larger
radius has less than PA below the other one's.
"""

from __future__ import annotations

from functools import partial

import numpy as np
import sympy as sp

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.philox import purpose_tag
from simulations.sampling import IsotropicNoise, count, discretisation_bias
from simulations.second_moments import BEYOND_REACH, REACH, count_squares
from theory.claim import Statement
from theory.claims.uniform_against_laplace import PRINTED
from theory.noise import Gaussian, Laplace, Uniform
from theory.searches.search import numeric_radius
from theory.steps.uniform_steps import half_width
from theory.symbols import lam, p

#: (PA, Lambda, dimension): every parameter moves
SETTINGS = ((0.6, 0.5, 1), (0.8, 2.0, 3), (0.95, 0.3, 8))

#: (PA, lambda, dimension) on both sides of p_UL, and in each of the three intervals
PAIRS = ((0.8, 0.7, 2), (0.97, 2.0, 1))
TRIPLES = ((0.75, 1.3, 1), (0.88, 0.4, 5), (0.943, 2.5, 2), (0.99, 0.9, 3))

INSIDE, BEYOND = 0.8, 1.25


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Half-spaces and cubes at 0.8 R, R and 1.25 R; second moments; thresholds in turn."""
    run = partial(_order, statement, seed=seed, num_samples=num_samples)
    ug, ul, gl = (float(statement[name][0]) for name in ("p_UG", "p_UL", "p_GL"))
    trials = [
        *_radius(statement["uniform"], seed=seed, num_samples=num_samples),
        *_variance(statement["half_width"], seed=seed, num_samples=num_samples),
    ]
    for p_a, scale, dim in PAIRS:
        winner, loser = ("uniform", "laplace") if p_a < ul else ("laplace", "uniform")
        trials += run("against_laplace", p_a, scale, dim, winner, (loser,))
    for p_a, scale, dim in TRIPLES:
        winner = "uniform" if p_a < ug else "cohen" if p_a < gl else "laplace"
        losers = tuple(name for name in ("uniform", "cohen", "laplace") if name != winner)
        trials += run("three_intervals", p_a, scale, dim, winner, losers)
    return trials


def _radius(radius: sp.Expr, *, seed: int, num_samples: int) -> list[Trial]:
    radius_of = numeric_radius(radius.subs(half_width, lam), p_a=p)
    trials, part = [], "uniform_radius"
    for p_a, width, dim in SETTINGS:
        noise, n = Uniform(width), affordable(num_samples, dim)
        bias = discretisation_bias(1, boundaries=1)
        far = min(radius_of(p_a, 1 - p_a, width), 2 * width)
        purpose = f"uniform_against_laplace/PA={p_a}"
        counted = partial(
            count_half_space, noise, noise.quantile(p_a), dim=dim, num_samples=n, seed=seed
        )
        at_x = counted(purpose=f"{purpose}/x")
        inside = counted(distance=INSIDE * far, purpose=f"{purpose}/inside")
        edge = counted(distance=far, purpose=f"{purpose}/edge")
        beyond = counted(distance=BEYOND * far, purpose=f"{purpose}/beyond")
        shared = _count_shared(
            noise, INSIDE * far, dim=dim, num_samples=n, seed=seed, purpose=f"{purpose}/shared"
        )
        where = f"PA = {p_a}, Lambda = {width}, d = {dim}"
        above, below = Expects.ABOVE, Expects.BELOW
        cube = f"P(Y in the cube of X) at 0.8 R, {where}"
        whole = discretisation_bias(dim)
        trials += [
            predicted(part, f"P(f(X) = cA), {where}", at_x, n, p_a, bias=bias),
            shown(part, f"P(f(Y) = cA) at 0.8 R, {where}", inside, n, above, bias=bias),
            predicted(part, f"P(f(Y) = cA) at R, {where}", edge, n, 0.5, bias=bias),
            shown(part, f"P(f(Y) = cA) at 1.25 R, {where}", beyond, n, below, bias=bias),
            # what no event can lose less than: PA - 1/2 is what cA can afford
            shown(part, cube, shared, n, above, 1.5 - p_a, bias=whole),
        ]
    return trials


def _count_shared(
    noise: Uniform, distance: float, *, dim: int, num_samples: int, seed: int, purpose: str
) -> int:
    """How often Y = X + delta is in the cube of X, delta spread over the coordinates."""
    shares = np.arange(1, dim + 1) * (-1.0) ** np.arange(dim)
    delta = distance * shares / np.abs(shares).sum()

    def event(points: np.ndarray) -> np.ndarray:
        points += delta
        return np.asarray((np.abs(points) <= noise.half_width).all(axis=1))

    tag = purpose_tag(purpose)
    return int(count(event, noise, seed=seed, tag=tag, num_samples=num_samples, dim=dim))


def _variance(width: sp.Expr, *, seed: int, num_samples: int) -> list[Trial]:
    numeric = sp.lambdify([lam], width, modules="numpy")
    trials = []
    for scale, dim in ((0.4, 1), (2.5, 4)):
        reach, cut = float(numeric(scale)), (REACH * scale) ** 2
        n = affordable(num_samples, dim)
        for noise in (Laplace(scale), Uniform(reach)):
            purpose = f"uniform_against_laplace/variance/{noise}"
            found = count_squares(noise, cut, dim=dim, num_samples=n, seed=seed, purpose=purpose)
            name = f"E eps^2 / (8 lambda)^2, {noise}, d = {dim}"
            bias = discretisation_bias(2, boundaries=2) + BEYOND_REACH
            trials.append(
                predicted("equal_variance", name, found, n, reach**2 / 3 / cut, bias=bias)
            )
    return trials


def _order(
    statement: Statement,
    part: str,
    p_a: float,
    scale: float,
    dim: int,
    winner: str,
    losers: tuple[str, ...],
    *,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    """The winner's noise has less than PA below the radius of each of the others."""
    laplace = Laplace(scale)
    noises: dict[str, IsotropicNoise] = {
        "laplace": laplace,
        "cohen": Gaussian.with_sigma_of(laplace),
        "uniform": Uniform.from_sigma(laplace.sigma),
    }
    at_width = statement["uniform"].subs(half_width, statement["half_width"])
    radii = {"laplace": statement["laplace"], "cohen": statement["cohen"], "uniform": at_width}
    n, bias = affordable(num_samples, dim), discretisation_bias(1, boundaries=1)
    trials = []
    for loser in losers:
        threshold = numeric_radius(radii[loser], p_a=p)(p_a, 1 - p_a, scale)
        found = count_half_space(
            noises[winner],
            threshold,
            dim=dim,
            num_samples=n,
            seed=seed,
            purpose=f"uniform_against_laplace/{part}/{winner}/{loser}/PA={p_a}",
        )
        name = f"P(X_1 <= the {loser} radius), {noises[winner]}, PA = {p_a}, d = {dim}"
        trials.append(shown(part, name, found, n, Expects.BELOW, p_a, bias=bias))
    return trials
