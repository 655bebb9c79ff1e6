"""The worst tests of several directions, counted: on an axis, inside {T = r}, and in between."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_half_space
from simulations.philox import purpose_tag
from simulations.sampling import count, discretisation_bias
from theory.claim import Statement
from theory.claims.worst_direction_is_axis import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, p, r

Points = NDArray[np.float64]
Event = Callable[[Points], NDArray[np.bool_]]

#: (piece, PA, r, lambda, dimension): the half-space on an axis, in each piece
ON_AXIS = (
    ("low", 0.35, 0.6, 0.8, 1),
    ("near", 0.9, 1.5, 1.3, 4),
    ("far", 0.7, 1.8, 2.0, 16),
)

#: (delta, lambda, Q(P(X_1 <= t)), piece): a half-space off its axis, strictly above the bound
OFF_AXIS = (
    ((0.6, -0.3), 0.9, -0.5, "low"),
    ((0.5, 0.2, 0.2), 1.4, 1.6, "near"),
    ((1.5, -0.4), 1.1, 0.4, "far"),
)

#: (delta, lambda, share of the limit): A inside {T = r}, its complement inside {T = -r}
INSIDE = (((0.3, -0.4), 0.7, 0.8), ((0.2, 0.5, -0.1), 1.5, 0.9))

#: (delta, lambda, T from which a point is in A, PA, piece): neither; A is the most powerful test,
#: so that it is the worst for its mass, which is below PA
BETWEEN = (
    ((0.8, 0.8), 1.0, 0.5, 0.5, "low"),
    ((1.0, -1.0), 0.8, 0.2, 0.68, "far"),
    ((0.5, -0.4, 0.3), 0.5, -0.6, 0.945, "far"),
)


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of each worst test at x + delta against the printed least mean."""

    def least(piece: str, mean: float, norm: float, scale: float) -> float:
        return min(1.0, float(statement[piece].subs({p: mean, r: norm, lam: scale})))

    bias, trials = discretisation_bias(1, boundaries=1), []
    for piece, mean, norm, scale, dim in ON_AXIS:
        n, noise = affordable(num_samples, dim), Laplace(scale)
        found = count_half_space(
            noise,
            noise.quantile(mean),
            distance=norm,
            dim=dim,
            num_samples=n,
            seed=seed,
            purpose=f"worst_direction/axis/{piece}",
        )
        name = f"half-space at x + delta, PA = {mean}, r = {norm}, lambda = {scale}, d = {dim}"
        expected = least(piece, mean, norm, scale)
        trials.append(predicted("attained", name, found, n, expected, bias=bias))
    for delta, scale, place, piece in OFF_AXIS:
        mean = float(Laplace(scale).cdf(place * scale))
        found = _count(
            _half_space(place * scale),
            delta,
            scale,
            purpose=f"off_axis/{delta}",
            seed=seed,
            num_samples=num_samples,
        )
        name = f"half-space at x + delta, PA = {mean:.4f}, delta = {delta}, lambda = {scale}"
        bound = least(piece, mean, math.fsum(map(abs, delta)), scale)
        trials.append(
            shown("never_worse", name, found, num_samples, Expects.ABOVE, bound, bias=bias)
        )
    inside = _inside(statement, least, seed=seed, num_samples=num_samples)
    return trials + inside + _between(statement, least, seed=seed, num_samples=num_samples)


def _count(
    event: Event,
    delta: tuple[float, ...],
    scale: float,
    *,
    purpose: str,
    seed: int,
    num_samples: int,
) -> int:
    """How often a test accepts x + delta + noise, x = 0."""

    def moved(points: Points) -> NDArray[np.bool_]:
        points += np.asarray(delta)
        return np.asarray(event(points))

    tag = purpose_tag(f"worst_direction/{purpose}")
    noise, dim = Laplace(scale), len(delta)
    return int(count(moved, noise, seed=seed, tag=tag, num_samples=num_samples, dim=dim))


def _half_space(end: float) -> Event:
    return lambda x: np.asarray(x[:, 0] <= end)


def _corner(signs: Points, end: float) -> Event:
    return lambda x: np.asarray((x * signs <= end).all(axis=1))


def _no_corner(signs: Points, ends: Points) -> Event:
    return lambda x: np.asarray(~(x * signs > ends).all(axis=1))


def _most_powerful(delta: tuple[float, ...], level: float) -> Event:
    d = np.asarray(delta)
    return lambda x: np.asarray((np.abs(x - d) - np.abs(x)).sum(axis=1) >= level)


def _inside(
    statement: Statement,
    least: Callable[[str, float, float, float], float],
    *,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    """A is a corner of an orthant, in which T = r, of the stated limit times the share."""
    trials = []
    for delta, scale, share in INSIDE:
        k, norm, signs = len(delta), math.fsum(map(abs, delta)), np.sign(delta)
        bias = discretisation_bias(k, boundaries=1)
        ends = np.abs(delta)
        top = share * float(statement["top"](k))
        bottom = share * float(statement["bottom"](k, norm, scale))
        # both tests have independent coordinates: a corner of mass top, one of mass bottom
        before = -Laplace(scale).quantile(top ** (1 / k))
        after = -scale * math.log(2**k * bottom) / k - norm / k
        events: dict[str, tuple[Event, str, float]] = {
            "A inside {T = r}": (
                _corner(signs, -before),
                "low",
                top,
            ),
            "complement of A inside {T = -r}": (
                _no_corner(signs, ends + after),
                "near",
                1 - bottom,
            ),
        }
        for said, (event, piece, mean) in events.items():
            found = _count(
                event,
                delta,
                scale,
                purpose=f"{said}/{delta}",
                seed=seed,
                num_samples=num_samples,
            )
            name = f"{said}, PA = {mean:.4f}, delta = {delta}, lambda = {scale}"
            bound = least(piece, mean, norm, scale)
            trials.append(predicted("not_only", name, found, num_samples, bound, bias=bias))
    return trials


def _between(
    statement: Statement,
    least: Callable[[str, float, float, float], float],
    *,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    trials = []
    for delta, scale, level, mean, piece in BETWEEN:
        k, norm = len(delta), math.fsum(map(abs, delta))
        bias = discretisation_bias(k, boundaries=2)

        at_x, moved = (
            _count(
                _most_powerful(delta, level),
                at,
                scale,
                purpose=f"between/{delta}/{place}",
                seed=seed,
                num_samples=num_samples,
            )
            for place, at in (("x", (0.0,) * k), ("x + delta", delta))
        )
        bound = least(piece, mean, norm, scale)
        where = f"A = {{T >= {level}}}, PA = {mean}, delta = {delta}, lambda = {scale}"
        n = num_samples
        trials += [
            shown("only_then", f"at x, {where}", at_x, n, Expects.BELOW, mean, bias=bias),
            shown("only_then", f"at x + delta, {where}", moved, n, Expects.ABOVE, bound, bias=bias),
        ]
    return trials
