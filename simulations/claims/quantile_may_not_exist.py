"""The c.d.f. of T by simulation, beside its atoms: events on the integer words, none on floats."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable
from simulations.philox import purpose_tag
from simulations.sampling import (
    count,
    count_words,
    discretisation_bias,
    first_word_reaching,
)
from simulations.streaming import Event
from theory.claim import Statement
from theory.claims.quantile_may_not_exist import PRINTED
from theory.noise import Laplace

_ORIGIN = np.uint32(2**31)

#: (r, lambda, d, v): one non-zero coordinate, the last of d; the c.d.f. is looked at t = r - 2v
AXIS = ((0.3, 0.4, 1, 0.2), (2.0, 1.5, 4, 0.05), (6.0, 0.8, 3, 1.1))

#: (k, d): k non-zero coordinates among d
SEVERAL = ((1, 3), (2, 2), (3, 5), (6, 16))

#: (x, lambda): three coordinates of |delta_i| = x lambda, on either side of x_star
THREE = ((0.02, 0.7), (0.3, 2.0), (1.0, 0.25))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of T < r, T = r and T <= r - 2v, against the printed c.d.f. and against 0.85."""
    trials = []
    for norm, scale, dim, depth in AXIS:
        n = affordable(num_samples, dim)
        trials += _axis(statement, norm, scale, dim=dim, depth=depth, seed=seed, num_samples=n)
    for size, dim in SEVERAL:
        n = affordable(num_samples, dim)
        trials.append(_several(statement, size, dim=dim, seed=seed, num_samples=n))
    for ratio, scale in THREE:
        trials += _three(statement, ratio, scale, seed=seed, num_samples=num_samples)
    return trials


def _axis(
    statement: Statement,
    norm: float,
    scale: float,
    *,
    dim: int,
    depth: float,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    """T <= r - 2v says x >= v for v <= r, and T < r says x > 0."""
    beyond = first_word_reaching(Laplace(scale), depth)

    def label(words: NDArray[np.uint32]) -> NDArray[np.int64]:
        moved = words[:, dim - 1]
        return (moved >= _ORIGIN).astype(np.int64) + (moved >= beyond)

    at_top, between, below = _counted(label, 3, dim, f"axis/{norm}", seed, num_samples)
    where = f"r = {norm}, lambda = {scale}, d = {dim}"
    stated = min(1.0, float(statement["cdf"](depth, scale)))
    level, n, bias = float(statement["level"]), num_samples, discretisation_bias(1, boundaries=1)
    until = f"P(T <= {norm - 2 * depth:g}), {where}"
    part = "one_coordinate"
    return [
        predicted(part, until, below, n, stated, bias=bias),
        predicted(part, f"P(T < r), {where}", n - at_top, n, float(statement["below"]), bias=bias),
        shown(part, f"P(T < r), {where}", between + below, n, Expects.BELOW, level, bias=bias),
    ]


def _several(statement: Statement, size: int, *, dim: int, seed: int, num_samples: int) -> Trial:
    """T = r where every moved coordinate is on the far side of the origin."""

    def label(words: NDArray[np.uint32]) -> NDArray[np.int64]:
        # the signs of delta alternate
        far = [
            words[:, place] < _ORIGIN if place % 2 else words[:, place] >= _ORIGIN
            for place in range(size)
        ]
        return np.asarray(np.logical_and.reduce(far), dtype=np.int64)

    below, _ = _counted(label, 2, dim, f"several/{size}", seed, num_samples)
    name, bias = f"P(T < r), k = {size}, d = {dim}", discretisation_bias(size, boundaries=1)
    stated = min(1.0, max(0.0, float(statement["top"](size))))
    return predicted("every_delta", name, below, num_samples, stated, bias=bias)


def _three(
    statement: Statement, ratio: float, scale: float, *, seed: int, num_samples: int
) -> list[Trial]:
    """T <= r - 2a where the positive coordinates add up to a or more."""

    def reached(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(np.maximum(points, 0.0).sum(axis=1) >= ratio * scale)

    tag = purpose_tag(f"quantile_may_not_exist/three/{ratio}")
    n, bias = num_samples, discretisation_bias(3, boundaries=1)
    found = int(count(reached, Laplace(scale), seed=seed, tag=tag, num_samples=n, dim=3))
    name = f"P(T <= r - 2a), k = 3, |delta_i| = {ratio} lambda, lambda = {scale}"
    stated = min(1.0, max(0.0, float(statement["second"](ratio))))
    level, before = float(statement["level"]), ratio < float(statement["crossing"][0])
    part, side = "three_coordinates", Expects.ABOVE if before else Expects.BELOW
    return [
        predicted(part, name, found, n, stated, bias=bias),
        shown(part, name, found, n, side, level, bias=bias),
    ]


def _counted(
    label: Event, labels: int, dim: int, name: str, seed: int, num_samples: int
) -> tuple[int, ...]:
    found = count_words(
        label,
        seed=seed,
        tag=purpose_tag(f"quantile_may_not_exist/{name}"),
        num_samples=num_samples,
        dim=dim,
        num_labels=labels,
    )
    return tuple(int(number) for number in np.asarray(found))
