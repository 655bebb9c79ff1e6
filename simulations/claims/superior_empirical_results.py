"""Certified accuracies by simulation: random inputs at random depths behind a class boundary.

An input at depth t behind the edge of a half-space classifier has PA = P(X_1 <= t), and no radius
beyond the edge, where t < 0. Data sets are drawn as points, with one coordinate as the depth, and
each input is certified at r by both radii from its PA alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from simulations.experiment import Trial, predicted
from simulations.half_spaces import Axis, affordable, count_labels
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.superior_empirical_results import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, p_a, r

Floats = NDArray[np.float64]
Radii = tuple[Callable[[Floats, float], Floats], Callable[[Floats, float], Floats]]

#: (lambda, r/lambda, scale of the depths in lambda, dimension): every parameter moves
SETTINGS = ((0.5, 0.8, 1.5, 1), (2.0, 1.6, 2.5, 5), (1.2, 2.5, 4.0, 16))

SMALLEST = float(np.nextafter(0.0, 1.0))

#: labels of an input: which radius is at least r
NEITHER, BOTH, ONLY_OURS, ONLY_LECUYER = range(4)


@dataclass(frozen=True, slots=True)
class Certifier:
    """Label the inputs by the radii that certify them at ``distance``.

    The depth of an input behind the edge of its own class is one signed coordinate, or with
    ``beyond`` minus its absolute value: then every input lies beyond the edge, and PA <= 1/2.
    """

    radii: Radii
    noise: Laplace
    distance: float
    axis: Axis
    beyond: bool = False

    def __call__(self, points: Floats) -> NDArray[np.int64]:
        """The label of each row."""
        depth = self.axis.sign * points[:, self.axis.place]
        if self.beyond:
            depth = -np.abs(depth)
        top = self.noise.cdf(depth)
        with np.errstate(divide="ignore"):
            ours, theirs = (radius(top, self.noise.scale) >= self.distance for radius in self.radii)
        one = np.where(ours, ONLY_OURS, np.where(theirs, ONLY_LECUYER, NEITHER))
        return np.where(ours & theirs, BOTH, one)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Which radii certify the inputs of a spread data set at r, and of a lost one at any r > 0."""
    ours, lecuyer = (
        sp.lambdify([p_a, lam], statement[name], modules="numpy") for name in ("ours", "lecuyer")
    )
    trials: list[Trial] = []
    for scale, units, spread, dim in SETTINGS:
        noise, inputs = Laplace(scale), Laplace(spread * scale)
        n, distance = affordable(num_samples, dim), units * scale
        where = f"lambda = {scale}, r = {units} lambda, d = {dim}"
        purpose = f"superior_empirical_results/{where}"
        axis = Axis.drawn(dim=dim, seed=seed, purpose=purpose)
        certifier = Certifier((ours, lecuyer), noise, distance, axis)
        # a radius is positive iff it is at least the smallest positive number
        lost = replace(certifier, distance=SMALLEST, beyond=True)
        counted = partial(count_labels, num_labels=4, dim=dim, num_samples=n, seed=seed)
        spread_out = counted(certifier, inputs, purpose=f"{purpose}/spread")
        all_lost = counted(lost, inputs, purpose=f"{purpose}/lost")
        trials += _judged(
            spread_out, all_lost, n, where, _gained(statement, noise, inputs, distance)
        )
    return trials


def _gained(statement: Statement, noise: Laplace, inputs: Laplace, distance: float) -> float:
    """P(an input's PA lies in the stated interval), from its depth."""
    at = {lam: noise.scale, r: distance}
    low, high = (
        inputs.cdf(noise.quantile(float(statement[name].subs(at))))
        for name in ("from_ours", "from_lecuyer")
    )
    return max(0.0, float(high - low))


def _judged(
    spread_out: tuple[int, ...], all_lost: tuple[int, ...], n: int, where: str, gained: float
) -> list[Trial]:
    bias = discretisation_bias(1, boundaries=2)
    only_ours, only_lecuyer = f"certified by ours alone, {where}", f"by Lecuyer's alone, {where}"
    none = f"certified by neither at any r > 0, PA <= 1/2 at all inputs, {where}"
    return [
        predicted("never_lower", only_lecuyer, spread_out[ONLY_LECUYER], n, 0.0, bias=bias),
        predicted("higher_exactly", only_ours, spread_out[ONLY_OURS], n, gained, bias=bias),
        predicted("always_superior", none, all_lost[NEITHER], n, 1.0, finding=False, bias=bias),
    ]
