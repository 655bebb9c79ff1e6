"""Worst cases of a direction, {T < t} with a part of {T = t}, counted at x and at x + delta."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from simulations.half_spaces import count_labels
from simulations.sampling import IsotropicNoise

#: relative to ||delta||_1: far above the rounding of T, far below what any count can see
ROUNDING = 1e-9


def count_lost(
    noise: IsotropicNoise,
    delta: Sequence[float],
    threshold: float,
    *,
    coin: float = -np.inf,
    num_samples: int,
    seed: int,
    purpose: str,
) -> tuple[int, int]:
    """How often x + noise, and x + delta + noise, is in B = {T < t} and part of {T = t}.

    T(z) = ||z - delta||_1 - ||z||_1 is computed from all coordinates. One coordinate more is drawn,
    along which delta does not move: {T = t} (within round-off of it) belongs to B where that
    coordinate is at most ``coin``, so that the part is randomised, and the same at x and x + delta.

    Parameters
    ----------
    noise : Laplace, Gaussian or Uniform of theory.noise
    delta : sequence of float
        The perturbation.
    threshold : float
        t.
    coin : float
        -inf (the default) leaves {T = t} out, inf takes all of it.
    num_samples, seed, purpose
        As for `count_labels`.

    Returns
    -------
    (int, int)
        The counts at x and at x + delta, on the same noise.
    """
    move = np.array([*delta, 0.0])
    slack = ROUNDING * float(np.abs(move).sum())

    def in_b(points: NDArray[np.float64]) -> NDArray[np.int64]:
        t = (np.abs(points - move) - np.abs(points)).sum(axis=1)
        tied = (np.abs(t - threshold) <= slack) & (points[:, -1] <= coin)
        return np.asarray((t < threshold - slack) | tied, dtype=np.int64)

    def label(points: NDArray[np.float64]) -> NDArray[np.int64]:
        at_x = in_b(points)
        points += move
        return np.asarray(2 * at_x + in_b(points), dtype=np.int64)

    _, only_moved, only_at_x, both = count_labels(
        label,
        noise,
        num_labels=4,
        dim=len(move),
        num_samples=num_samples,
        seed=seed,
        purpose=purpose,
    )
    return only_at_x + both, only_moved + both
