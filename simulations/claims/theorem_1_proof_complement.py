"""The complement step by simulation: sets of exactly the mass PA, counted under X and under Y.

A' is cut off its level by a half-space of the first moving coordinate, whose mass there is known
exactly. The levels are told by the signs of coordinates, not by comparing sums of floats.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown
from simulations.half_spaces import affordable, count_labels
from simulations.paired import SECTIONS, Floats, log_ratio, side_of
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.theorem_1_proof_complement import PRINTED
from theory.noise import Laplace
from theory.symbols import lam, p, r
from theory.tightness import HalfSpace

#: (level, delta / scale, scale, share of the level in A'): {T = r}, {T = 0} for two equal moves,
#: {T = -r}; and no level, but a box of edge share * scale or a half-space of mass share
SETTINGS = (
    ("top", (0.4,), 0.5, 0.7),
    ("top", (0.3, 0.0, -0.2), 2.0, 0.3),
    ("middle", (0.3, -0.3), 1.3, 0.4),
    ("bottom", (-0.5,), 2.0, 0.4),
    ("bottom", (-0.3, 0.2), 0.5, 0.7),
    ("bottom", (0.0,) * 13 + (0.2, 0.0, -0.3), 0.3, 0.5),
    ("box", (0.25, 0.0), 0.7, 2.5),
    ("half", (0.4, -0.1), 2.2, 0.75),
    ("box", (0.1, -0.15, 0.2), 1.6, 3.0),
)

_NO_LEVEL = ("box", "half")


@dataclass(frozen=True, slots=True)
class _Event:
    """A set A on the moving coordinates, each turned so that it moves up, and P(X in A)."""

    part_of_level: float
    mass: float
    holds: Callable[[Floats], NDArray[np.bool_]]


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Counts of A under X (PA) and under Y (above the bound, or equal to it at {T = -r})."""
    return [
        trial
        for number, (kind, shares, scale, share) in enumerate(SETTINGS)
        for trial in _trials(
            statement,
            kind,
            np.array(shares) * scale,
            Laplace(scale),
            share,
            seed=seed,
            num_samples=affordable(num_samples, len(shares)),
            purpose=f"theorem_1_proof_complement/{number}",
        )
    ]


def _trials(
    statement: Statement,
    kind: str,
    delta: Floats,
    noise: Laplace,
    share: float,
    *,
    seed: int,
    num_samples: int,
    purpose: str,
) -> list[Trial]:
    low, high = (float(one) for one in statement["shares"])
    moving = np.flatnonzero(delta)
    signs, sizes = np.sign(delta[moving]), np.abs(delta[moving])
    # what the printed statement asks for, and what it lets A' be
    asked = _event(kind, sizes, noise, share)
    taken = asked if kind in _NO_LEVEL else _event(kind, sizes, noise, min(max(share, low), high))

    def label(points: Floats) -> NDArray[np.int64]:
        turned = points[:, moving] * signs
        return taken.holds(turned) + 2 * taken.holds(turned + sizes).astype(np.int64)

    _, only_x, only_y, both = count_labels(
        label,
        noise,
        num_labels=4,
        dim=len(delta),
        num_samples=num_samples,
        seed=seed,
        purpose=purpose,
    )
    norm, n = float(sizes.sum()), num_samples
    where = f"{kind}, PA = {asked.mass:.4g}, r = {norm:g}, lambda = {noise.scale}, d = {len(delta)}"
    bias = discretisation_bias(len(moving), boundaries=SECTIONS)
    stated = float(statement["bound"].subs({p: asked.mass, r: norm, lam: noise.scale}))
    stated = min(max(stated, 0.0), 1.0)
    trials = []
    if kind not in _NO_LEVEL:
        name = f"P(X in A), {where}"
        trials.append(predicted("exists", name, only_x + both, n, asked.mass, bias=bias))
    name, moved = f"P(Y in A), {where}", only_y + both
    if kind == "bottom":
        trials.append(predicted("attained", name, moved, n, stated, bias=bias))
    else:
        trials.append(shown("bound", name, moved, n, Expects.ABOVE, stated, bias=bias))
    return trials


def _event(kind: str, sizes: Floats, noise: Laplace, share: float) -> _Event:
    """A with ``share`` of the level of its kind, for moves up by ``sizes``."""
    count, scale = len(sizes), noise.scale
    if kind == "top":  # {T = r}: every coordinate before 0
        until = noise.quantile(share / 2)

        def top(points: Floats) -> NDArray[np.bool_]:
            return np.asarray((points <= 0.0).all(axis=1) & (points[:, 0] <= until))

        return _Event(share, share / 2.0**count, top)
    if kind == "middle":  # {T = 0}: one of two equal coordinates before 0, the other past its move
        a = float(sizes[0] / scale)
        cut = noise.quantile(share) if share < 1.0 else math.inf

        def middle(points: Floats) -> NDArray[np.bool_]:
            above = side_of(log_ratio(points, sizes), 0.0, scale) == 1
            before, past = points <= 0.0, points >= sizes
            level = (before[:, 0] & past[:, 1]) | (past[:, 0] & before[:, 1])
            return np.asarray(above | (level & (points[:, 0] <= cut)))

        # both before 0; one before 0 and one between; both between, with distances below a
        mass = 0.25 - math.expm1(-a) / 2 + (1 - math.exp(-a) * (1 + a)) / 4
        return _Event(share, mass + share * math.exp(-a) / 2, middle)
    if kind == "bottom":  # {T = -r}: every coordinate past its move
        beyond = sizes[0] - scale * math.log1p(-share) if share < 1.0 else math.inf

        def bottom(points: Floats) -> NDArray[np.bool_]:
            return np.asarray(~((points >= sizes).all(axis=1) & (points[:, 0] > beyond)))

        reach = math.exp(-float(sizes.sum()) / scale) / 2.0**count
        return _Event(share, 1.0 - (1.0 - share) * reach, bottom)
    if kind == "half":
        return _Event(share, share, HalfSpace(0, 1, noise.quantile(share)))

    def box(points: Floats) -> NDArray[np.bool_]:
        return np.asarray((np.abs(points) <= share * scale).all(axis=1))

    return _Event(share, (-math.expm1(-share)) ** count, box)
