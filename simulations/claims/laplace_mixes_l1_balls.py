"""The mixture of l1 balls by simulation: Laplace draws against what the mixture predicts.

Of d + 1 independent Laplace coordinates the first d are the noise x, and rho = the l1 norm of all
of them is the radius of its ball: ||x||_1 <= v rho has the mass v^d whatever rho is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import integrate

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable
from simulations.philox import purpose_tag
from simulations.sampling import count, discretisation_bias
from simulations.streaming import Event
from theory.claim import Statement
from theory.claims.laplace_mixes_l1_balls import PRINTED
from theory.noise import Laplace

Setting = tuple[int, float, float, float, float]

#: (d, lambda, norm/lambda, coordinate/lambda, share v): every parameter moves
SETTINGS: tuple[Setting, ...] = (
    (1, 0.6, 0.8, 0.5, 0.4),
    (2, 2.0, 1.7, 0.9, 0.7),
    (5, 0.25, 5.2, 0.4, 0.85),
    (24, 1.5, 22.0, 1.2, 0.97),
)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """P(||x||_1 <= t), P(|x_1| <= t), the share within the ball, and mass beyond any radius."""
    return [
        trial
        for setting in SETTINGS
        for trial in _trials(
            statement, setting, seed=seed, num_samples=affordable(num_samples, setting[0] + 1)
        )
    ]


def _trials(statement: Statement, setting: Setting, *, seed: int, num_samples: int) -> list[Trial]:
    dim, scale, share = setting[0], setting[1], setting[4]
    norm, coordinate = setting[2] * scale, setting[3] * scale
    where, n = f"lambda = {scale}, d = {dim}", num_samples
    names = {
        "norm": f"P(||x||_1 <= {norm:g}), {where}",
        "coordinate": f"P(|x_1| <= {coordinate:g}), {where}",
        "share": f"P(||x||_1 <= {share} rho, rho <= {norm + scale:g}), {where}",
    }
    stated = _stated(statement, setting)
    found = {
        name: count(
            event,
            Laplace(scale),
            seed=seed,
            tag=purpose_tag(f"laplace_mixes_l1_balls/{name}/d={dim}"),
            num_samples=n,
            dim=dim + 1,
        )
        for name, event in _events(setting).items()
    }
    bias = discretisation_bias(dim + 1, boundaries=4)
    trials = [
        predicted("mixture", names[name], int(found[name]), n, stated[name], bias=bias, error=1e-7)
        for name in names
    ]
    beyond = f"P(||x||_1 > R), R = {norm:g} the largest radius, {where}"
    left = n - int(found["norm"])
    return [*trials, shown("infinite", beyond, left, n, Expects.ABOVE, 0.0)]


def _events(setting: Setting) -> dict[str, Event]:
    """The three events on d + 1 coordinates, the last of which only enters rho."""
    dim, scale, share = setting[0], setting[1], setting[4]
    norm, coordinate = setting[2] * scale, setting[3] * scale

    def near(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(np.abs(points[:, :dim]).sum(axis=1) <= norm)

    def narrow(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        return np.asarray(np.abs(points[:, 0]) <= coordinate)

    def within(points: NDArray[np.float64]) -> NDArray[np.bool_]:
        lengths = np.abs(points)
        radius = lengths.sum(axis=1)
        inside = lengths[:, :dim].sum(axis=1) <= share * radius
        return np.asarray(inside & (radius <= norm + scale))

    return {"norm": near, "coordinate": narrow, "share": within}


def _stated(statement: Statement, setting: Setting) -> dict[str, float]:
    """What the mixture says of the events: their mass in a ball, averaged over the radius."""
    dim, scale, share = setting[0], setting[1], setting[4]
    norm, coordinate = setting[2] * scale, setting[3] * scale
    radius = sp.Symbol("rho", positive=True)
    law = sp.lambdify(radius, statement["law"](dim, radius, sp.Float(scale)))

    def mixed(in_ball: Callable[[float], float], upto: float, kink: float) -> float:
        found, _ = integrate.quad(
            lambda rho: law(rho) * in_ball(rho), 1e-9, upto, points=[kink, dim * scale], limit=200
        )
        return min(1.0, max(0.0, float(found)))

    far = 80.0 * scale
    return {
        "norm": mixed(lambda rho: min(1.0, norm / rho) ** dim, far, norm),
        "coordinate": mixed(lambda rho: 1 - max(0, 1 - coordinate / rho) ** dim, far, coordinate),
        "share": mixed(lambda _: share**dim, norm + scale, norm),
    }
