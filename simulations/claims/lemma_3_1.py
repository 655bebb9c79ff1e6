"""Lemma 3.1 by simulation: S against three rivals of exactly its mass under X.

No mass is computed. The mirror image -S has the mass of S under X because the noise is symmetric; a
coin that lands as X in S does has it by construction, and is a random h; so has S with the other
half of the level in S', as the coin that divides the level is one more symmetric coordinate. Under
Y the first two must be ahead of S (case 1) or behind it (case 2), and the third must be level.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial
from simulations.half_spaces import affordable, count_labels
from simulations.paired import SECTIONS, Floats, log_ratio, side_of, sign_test
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.lemma_3_1 import PRINTED
from theory.noise import Laplace

#: (delta / scale, scale, beta / scale, share of the level in S'): the levels are atoms r, 0 and
#: a_1 - a_2 and a level between atoms; every parameter moves
SETTINGS = (
    ((0.8,), 0.5, 0.8, 0.7),
    ((0.5, -0.5), 2.0, 0.0, 0.5),
    ((0.7, 0.4, 0.0), 1.3, 0.3, 0.25),
    ((0.0,) * 13 + (0.6, 0.0, -0.3), 0.3, 0.1, 0.5),
)

#: rivals of S under X and under Y, in the order of their bits
_BITS = ("S at x", "mirror at x", "S at y", "mirror at y", "other half at y")


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Sign tests of S against its rivals, for both cases and every setting."""
    return [
        trial
        for part in ("first_case", "second_case")
        for shares, scale, level, theta in SETTINGS
        for trial in _trials(
            statement,
            part,
            np.array(shares) * scale,
            Laplace(scale),
            level * scale,
            theta,
            seed=seed,
            num_samples=affordable(num_samples, len(shares) + 1),
        )
    ]


def _trials(
    statement: Statement,
    part: str,
    delta: Floats,
    noise: Laplace,
    level: float,
    theta: float,
    *,
    seed: int,
    num_samples: int,
) -> list[Trial]:
    side, order = statement[part]
    toward = 1 if side == ">" else -1
    place = float(statement["place"](sp.Float(level), sp.Float(noise.scale)))
    under_x = noise.quantile(theta)
    under_y = noise.quantile(float(statement["share"](theta)))

    def in_s(points: Floats, coin: Floats, until: float) -> NDArray[np.bool_]:
        values = log_ratio(points, delta)
        beyond = side_of(values, level, noise.scale) == toward
        return beyond | ((side_of(values, place, noise.scale) == 0) & (coin <= until))

    def label(points: Floats) -> NDArray[np.int64]:
        at, coin = points[:, :-1], points[:, -1]
        moved = at + delta
        events = (
            in_s(at, coin, under_x),
            in_s(-at, coin, under_x),
            in_s(moved, coin, under_y),
            in_s(-moved, coin, under_x),
            in_s(moved, -coin, under_x),
        )
        return np.asarray(sum(event.astype(np.int64) << k for k, event in enumerate(events)))

    found = count_labels(
        label,
        noise,
        num_labels=2 ** len(_BITS),
        dim=len(delta) + 1,
        num_samples=num_samples,
        seed=seed,
        purpose=f"lemma_3_1/{part}/d={len(delta)}",
    )
    where = (
        f"S = {{T {side} {level:g}}} + S', delta of norm {np.abs(delta).sum():g}, "
        f"lambda = {noise.scale}, d = {len(delta)}"
    )
    ahead = Expects.ABOVE if order == ">=" else Expects.BELOW
    word = discretisation_bias(len(delta) + 1, boundaries=SECTIONS)
    rivals = [
        ("mirror at x", "S at x", "h = 1 on -S against S, under X", Expects.INSIDE),
        ("mirror at y", "S at y", "h = 1 on -S against S, under Y", ahead),
        ("S at x", "S at y", "h a coin of mass P(X in S) against S, under Y", ahead),
    ]
    if _has_atom(delta, level):
        name = "h = S with the other half of the level, against S, under Y"
        rivals.append(("other half at y", "S at y", name, Expects.INSIDE))
    return [
        sign_test(
            part,
            f"{name}; {where}",
            _only(found, first, second),
            _only(found, second, first),
            num_samples,
            expects=expects,
            word=word,
        )
        for first, second, name, expects in rivals
    ]


def _only(found: tuple[int, ...], first: str, second: str) -> int:
    """How many draws are in the first event and not in the second."""
    one, other = (1 << _BITS.index(name) for name in (first, second))
    return sum(number for label, number in enumerate(found) if label & one and not label & other)


def _has_atom(delta: Floats, level: float) -> bool:
    """Whether T has an atom at the level: it is a sum of +|delta_i| and -|delta_i|."""
    sums = np.zeros(1)
    for move in np.abs(delta[delta != 0.0]):
        sums = np.concatenate([sums + move, sums - move])
    return bool(np.isclose(sums, level).any())
