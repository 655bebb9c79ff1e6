"""Section 4.2 by simulation: where e^(r/lambda) PB is attained, on and off the axis."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space, count_labels
from simulations.philox import purpose_tag
from simulations.sampling import count_words, discretisation_bias, first_word_reaching
from theory.claim import Statement
from theory.claims.dp_inequality_tight import PRINTED
from theory.noise import Laplace
from theory.steps.diagonal_steps import h
from theory.symbols import lam, p_b, r

#: (PB, scale, dimension, r as a part of the printed range): every parameter moves
ON_AXIS = ((0.05, 0.6, 1, 0.9), (0.15, 2.4, 9, 0.7), (0.25, 1.1, 32, 0.95))
#: (PB, scale, the shares of the non-zero coordinates of delta, dimension), at the exact range's end
ATOMS = ((0.2, 1.5, (1.0,), 2), (0.1, 0.4, (0.7, 0.3), 5), (0.06, 2.0, (0.2, 0.5, 0.3), 12))
#: (h, r / scale, scale, dimension) for delta = (r/2, r/2, 0, ..., 0)
DIAGONAL = ((0.3, 1.0, 0.8, 2), (0.35, 0.75, 3.0, 16))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """The half-space on the axis, the atom T = -r off it, and the best sets on the diagonal."""
    trials: list[Trial] = []
    for mass, scale, dim, share in ON_AXIS:
        n = affordable(num_samples, dim)
        trials += _on_axis(statement, mass, scale, share, dim=dim, num_samples=n, seed=seed)
    for mass, scale, shares, dim in ATOMS:
        n = affordable(num_samples, dim)
        trials.append(_atom(statement, mass, scale, shares, dim=dim, num_samples=n, seed=seed))
    for short, norm, scale, dim in DIAGONAL:
        n = affordable(num_samples, dim)
        trials += _diagonal(statement, short, norm, scale, dim=dim, num_samples=n, seed=seed)
    return trials


def _on_axis(
    statement: Statement,
    mass: float,
    scale: float,
    share: float,
    *,
    dim: int,
    num_samples: int,
    seed: int,
) -> list[Trial]:
    noise = Laplace(scale)
    norm = share * float(statement["range"].subs({p_b: mass, lam: scale}))
    factor = float(statement["factor"].subs({r: norm, lam: scale}))
    where = f"PB = {mass}, lambda = {scale}, d = {dim}, r = {norm:.4g} on an axis"
    at_x, moved = (
        num_samples
        - count_half_space(
            noise,
            -noise.quantile(mass),
            distance=distance,
            dim=dim,
            num_samples=num_samples,
            seed=seed,
            purpose=f"dp_inequality_tight/{name}/{where}",
        )
        for name, distance in (("x", 0.0), ("moved", norm))
    )
    bias, part = discretisation_bias(1, boundaries=1), "on_axis"
    bound = min(1.0, factor * mass)
    return [
        predicted(part, f"P(X in B), {where}", at_x, num_samples, mass, bias=bias),
        predicted(part, f"P(Y in B), {where}", moved, num_samples, bound, bias=bias),
    ]


def _atom(
    statement: Statement,
    mass: float,
    scale: float,
    shares: tuple[float, ...],
    *,
    dim: int,
    num_samples: int,
    seed: int,
) -> Trial:
    """P(T = -r) at the end of the exact range, where it is to be PB: counted on the words."""
    many, noise = len(shares), Laplace(scale)
    norm = float(statement["exact"](many, mass, scale))
    past = [first_word_reaching(noise, share * norm) for share in shares]

    def event(words: NDArray[np.uint32]) -> NDArray[np.bool_]:
        beyond = words[:, dim - many :] >= np.array(past, dtype=np.uint64)
        return np.asarray(beyond.all(axis=1))

    where = f"PB = {mass}, lambda = {scale}, d = {dim}, k = {many}, r = {norm:.4g}"
    tag = purpose_tag(f"dp_inequality_tight/atom/{where}")
    found = int(count_words(event, seed=seed, tag=tag, num_samples=num_samples, dim=dim))
    bias = discretisation_bias(many, boundaries=1)
    return predicted("exact_range", f"P(T = -r), {where}", found, num_samples, mass, bias=bias)


def _diagonal(
    statement: Statement,
    short: float,
    norm: float,
    scale: float,
    *,
    dim: int,
    num_samples: int,
    seed: int,
) -> list[Trial]:
    """B = {T <= -r + 2 h lambda} at x and at x + delta, against both masses and the bound."""
    delta = np.zeros(dim)
    delta[[0, dim - 1]] = norm * scale / 2
    threshold = (2 * short - norm) * scale
    where = f"h = {short}, lambda = {scale}, d = {dim}, delta = (r/2, r/2), r = {norm} lambda"

    def inside(points: NDArray[np.float64]) -> NDArray[np.int64]:
        moved = np.abs(points - delta)
        moved -= np.abs(points)
        return np.asarray(moved.sum(axis=1) <= threshold, dtype=np.int64)

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        at_x = inside(points)
        points += delta
        return 2 * at_x + inside(points)

    _, only_moved, only_at_x, both = count_labels(
        label,
        Laplace(scale),
        num_labels=4,
        dim=dim,
        num_samples=num_samples,
        seed=seed,
        purpose=f"dp_inequality_tight/{where}",
    )
    level, best = (float(statement[name].subs(h, short)) for name in ("level", "best"))
    mass, moved = level * np.exp(-norm), only_moved + both
    bias, n = discretisation_bias(2, boundaries=2), num_samples
    at_x = f"P(X in B), {where}"
    at_y = f"P(Y in B), {where}"
    bound = float(statement["factor"].subs({r: norm, lam: 1})) * mass
    return [
        predicted("diagonal", at_x, only_at_x + both, n, mass, bias=bias),
        predicted("diagonal", at_y, moved, n, min(1.0, max(0.0, best)), bias=bias),
        shown("diagonal", at_y, moved, n, Expects.BELOW, min(1.0, bound), bias=bias),
        shown(
            "every_direction",
            at_y,
            moved,
            n,
            Expects.BELOW,
            min(1.0, bound),
            finding=False,
            bias=bias,
        ),
    ]
