"""Overlaps by simulation: uniform points in a ball, counted in the ball's translate too."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable
from simulations.philox import purpose_tag
from simulations.sampling import count, discretisation_bias
from theory.claim import Statement
from theory.claims.overlap_depends_on_direction import PRINTED
from theory.noise import Uniform

#: (rho, delta): the same norm on the axis, between and on the diagonal; a negative entry
PLANE = (
    (1.0, (0.7, 0.0)),
    (1.0, (0.5, -0.2)),
    (1.0, (0.35, 0.35)),
    (2.5, (0.0, 3.0)),
    (2.5, (1.5, -1.5)),
)

#: (rho, r, d): the axis, the pair and a random direction
SPACE = ((1.0, 0.5, 2), (2.0, 0.8, 3), (0.4, 0.1, 4))

#: (rho, phi, theta): one length of delta in three directions
DISKS = ((1.0, 1.1, 0.0), (1.0, 1.1, 0.8), (1.0, 1.1, 2.0), (3.0, 0.7, math.pi / 2))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Frequencies of both balls at once, against the printed volumes."""
    trials = [
        _area(statement, radius, delta, seed=seed, num_samples=num_samples)
        for radius, delta in PLANE
    ]
    trials.append(_direction(statement, seed=seed, num_samples=num_samples))
    for radius, norm, dim in SPACE:
        trials += _volumes(
            statement, radius, norm, dim=dim, seed=seed, num_samples=affordable(num_samples, dim)
        )
    for radius, half_angle, angle in DISKS:
        length = 2 * radius * math.cos(half_angle)
        delta = np.array([length * math.cos(angle), length * math.sin(angle)])
        found = _count(radius, delta, 2, seed=seed, num_samples=num_samples)
        stated = float(statement["lens"](radius, half_angle, angle)) / (2 * radius) ** 2
        name = f"P(in both disks), rho = {radius}, phi = {half_angle}, theta = {angle:.4g}"
        bias = discretisation_bias(2, boundaries=2)
        trials.append(
            predicted("l2_by_length_alone", name, found, num_samples, min(1.0, stated), bias=bias)
        )
    return trials


def _area(
    statement: Statement,
    radius: float,
    delta: tuple[float, float],
    *,
    seed: int,
    num_samples: int,
) -> Trial:
    """Uniform points of the plane's ball, made of uniform x + y and x - y, in its translate."""

    def inside(turned: NDArray[np.float64]) -> NDArray[np.bool_]:
        x, y = (turned[:, 0] + turned[:, 1]) / 2, (turned[:, 0] - turned[:, 1]) / 2
        return np.asarray(np.abs(x - delta[0]) + np.abs(y - delta[1]) <= radius)

    found = count(
        inside,
        Uniform(radius),
        seed=seed,
        tag=purpose_tag(f"overlap_depends_on_direction/area/{radius}/{delta}"),
        num_samples=num_samples,
        dim=2,
    )
    stated = float(statement["area"](radius, *delta)) / (2 * radius**2)
    name = f"P(in the translate | in the ball), rho = {radius}, delta = {delta}"
    bias = discretisation_bias(2, boundaries=2)
    return predicted("areas", name, int(found), num_samples, min(1.0, stated), bias=bias)


def _direction(statement: Statement, *, seed: int, num_samples: int) -> Trial:
    """Of the points in one of two translates and not in the other, most are in the diagonal's."""
    axis, diagonal = np.array([1.2, 0.0]), np.array([0.6, 0.6])

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        ball = np.abs(points).sum(axis=1) <= 1.0
        first, second = (
            ball & (np.abs(points - delta).sum(axis=1) <= 1.0) for delta in (axis, diagonal)
        )
        return np.where(first == second, 2, np.where(second, 1, 0))

    only_axis, only_diagonal, _ = (
        int(number)
        for number in np.asarray(
            count(
                label,
                Uniform(1.0),
                seed=seed,
                tag=purpose_tag("overlap_depends_on_direction/pair"),
                num_samples=num_samples,
                dim=2,
                num_labels=3,
            )
        )
    )
    side = Expects.ABOVE if statement["order"] == "<" else Expects.BELOW
    name = "P(in the diagonal's overlap alone | in one alone), rho = 1, r = 1.2"
    # 4 end points each, and an eighth of all points: what moves a share moves more than a mass
    either, bias = only_axis + only_diagonal, discretisation_bias(2, boundaries=128)
    return shown("direction_matters", name, only_diagonal, either, side, bias=bias)


def _volumes(
    statement: Statement, radius: float, norm: float, *, dim: int, seed: int, num_samples: int
) -> list[Trial]:
    axis, pair, mixed = np.zeros(dim), np.zeros(dim), norm * np.arange(1, dim + 1)
    axis[-1], pair[:2], mixed = norm, norm / 2, mixed / mixed.sum() * norm
    on_axis = float(statement["axis"](dim, radius, norm))
    on_pair = on_axis + float(statement["gain"](dim, radius, norm))
    cube, bias = (2 * radius) ** dim, discretisation_bias(dim, boundaries=2)
    trials = []
    for delta, volume, where in ((axis, on_axis, "axis"), (pair, on_pair, "pair")):
        found = _count(radius, delta, 1, seed=seed, num_samples=num_samples)
        name = f"P(in both balls), rho = {radius}, r = {norm}, d = {dim}, {where}"
        stated = min(1.0, volume / cube)
        trials.append(predicted("every_dimension", name, found, num_samples, stated, bias=bias))
    found = _count(radius, mixed, 1, seed=seed, num_samples=num_samples)
    name = f"P(in both balls), rho = {radius}, r = {norm}, d = {dim}, delta ~ (1, ..., d)"
    least = min(1.0, on_axis / cube)
    trials.append(
        shown("axis_is_smallest", name, found, num_samples, Expects.ABOVE, least, bias=bias)
    )
    return trials


def _count(
    radius: float, delta: NDArray[np.float64], norm: int, *, seed: int, num_samples: int
) -> int:
    """How often a uniform point of the cube lies in both balls of the l1 or the l2 norm."""

    def inside(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        here = np.linalg.norm(points, norm, axis=1) <= radius
        points -= delta
        return np.asarray(here & (np.linalg.norm(points, norm, axis=1) <= radius))

    found = count(
        inside,
        Uniform(radius),
        seed=seed,
        tag=purpose_tag(f"overlap_depends_on_direction/l{norm}/{radius}/{delta.tolist()}"),
        num_samples=num_samples,
        dim=len(delta),
    )
    return int(found)
