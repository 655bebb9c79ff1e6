"""Eq. (14) by simulation: A at x + delta, as a half-space and with S' at the far end."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import Axis, affordable, count_half_space, count_labels
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_3_shifted_mass import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, p, r

#: (PA, scale, dimension, r / R), r <= R: every parameter moves
INSIDE = ((0.63, 0.9, 1, 0.4), (0.78, 2.2, 7, 0.6), (0.94, 0.35, 48, 0.3))
#: (PA, scale, dimension, (r - R) / scale), r > R; PA = 1/2 is one of them
BEYOND = ((0.5, 1.6, 2, 0.3), (0.85, 0.5, 12, 0.7))
#: (PA, scale, dimension), r = R
TIES = ((0.7, 3.5, 3), (0.9, 0.6, 20))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Both branches, their sides of 1/2, and another choice of S'."""
    trials: list[Trial] = []
    for p_a, scale, dim, share in INSIDE:
        n, noise = affordable(num_samples, dim), Laplace(scale)
        norm = share * noise.quantile(p_a)
        where = f"PA = {p_a}, lambda = {scale}, d = {dim}, r = {share} R"
        found = _moved(noise, p_a, norm, dim=dim, num_samples=n, seed=seed, of=where)
        trials += _branch(statement, "first", where, found, n, p_a, scale, norm)
        trials.append(_other_part(statement, p_a, noise, norm, dim=dim, num_samples=n, seed=seed))
    for p_a, scale, dim, distance in BEYOND:
        n, noise = affordable(num_samples, dim), Laplace(scale)
        norm = noise.quantile(p_a) + distance * scale
        where = f"PA = {p_a}, lambda = {scale}, d = {dim}, r = R + {distance} lambda"
        found = _moved(noise, p_a, norm, dim=dim, num_samples=n, seed=seed, of=where)
        trials += _branch(statement, "second", where, found, n, p_a, scale, norm)
    for p_a, scale, dim in TIES:
        n, noise = affordable(num_samples, dim), Laplace(scale)
        where = f"PA = {p_a}, lambda = {scale}, d = {dim}, r = R"
        norm = noise.quantile(p_a)
        found = _moved(noise, p_a, norm, dim=dim, num_samples=n, seed=seed, of=where)
        half = _value(statement, "at_radius", p_a, scale, norm)
        bias = discretisation_bias(1, boundaries=1)
        name = f"P(Y in A), {where}"
        trials.append(predicted("half_at_radius", name, found, n, half, bias=bias))
    return trials


def _value(statement: Statement, name: str, p_a: float, scale: float, norm: float) -> float:
    exact = float(statement[name].subs({p: p_a, lam: scale, r: norm}))
    return min(1.0, max(0.0, exact))


def _moved(
    noise: Laplace, p_a: float, norm: float, *, dim: int, num_samples: int, seed: int, of: str
) -> int:
    """How often Y = X + delta lies in A = {x_1 <= R}."""
    return count_half_space(
        noise,
        noise.quantile(p_a),
        distance=norm,
        dim=dim,
        num_samples=num_samples,
        seed=seed,
        purpose=f"theorem_3_shifted_mass/{of}",
    )


def _branch(
    statement: Statement,
    branch: str,
    where: str,
    found: int,
    num_samples: int,
    p_a: float,
    scale: float,
    norm: float,
) -> list[Trial]:
    name, bias = f"P(Y in A), {where}", discretisation_bias(1, boundaries=1)
    stated = _value(statement, branch, p_a, scale, norm)
    half = _value(statement, "at_radius", p_a, scale, norm)
    side = Expects.ABOVE if branch == "first" else Expects.BELOW
    return [
        predicted(f"{branch}_branch", name, found, num_samples, stated, bias=bias),
        shown("half_at_radius", name, found, num_samples, side, half, bias=bias),
    ]


def _other_part(
    statement: Statement,
    p_a: float,
    noise: Laplace,
    norm: float,
    *,
    dim: int,
    num_samples: int,
    seed: int,
) -> Trial:
    """P(Y in A) with S' at the far end of the atom in the place of {r <= x_1 <= R}."""
    mass = _value(statement, "s_prime", p_a, noise.scale, norm)
    far = -noise.quantile(mass)
    where = f"PA = {p_a}, lambda = {noise.scale}, d = {dim}, r = {norm:.4g}, S' = {{x_1 >= c}}"
    purpose = f"theorem_3_shifted_mass/{where}"
    axis = Axis.drawn(dim=dim, seed=seed, purpose=purpose)
    delta = axis.displacement(norm, dim=dim)

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        points += delta
        along = axis.sign * points[:, axis.place]
        return np.asarray((along < norm) | (along >= far), dtype=np.int64)

    found = count_labels(
        label, noise, num_labels=2, dim=dim, num_samples=num_samples, seed=seed, purpose=purpose
    )[1]
    stated = _value(statement, "first", p_a, noise.scale, norm)
    bias = discretisation_bias(1, boundaries=2)
    return predicted("any_s_prime", f"P(Y in A), {where}", found, num_samples, stated, bias=bias)
