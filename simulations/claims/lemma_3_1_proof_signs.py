"""The signs in the proof of Lemma 3.1, by counts of Y in S against t P(X in S).

If mu_Y >= t mu_X held on S, P(Y in S) would be at least t P(X in S). The factor t is a coin: one
more Laplace coordinate s, since P(|s| >= |beta|) = e^(-|beta|/lambda); it thins X where t < 1 and
Y where t > 1. A second one decides on S'.
"""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted
from simulations.half_spaces import affordable, count_labels
from simulations.paired import SECTIONS, Floats, log_ratio, side_of, sign_test
from simulations.sampling import discretisation_bias
from theory.claim import Statement
from theory.claims.lemma_3_1_proof_signs import PRINTED
from theory.noise import Laplace

#: (delta / scale, scale, beta / scale): levels between atoms, at 0, and at the atom a_1 - a_2
SETTINGS = (
    ((0.9,), 0.5, 0.35),
    ((-0.6, 0.5), 2.0, -0.4),
    ((0.7, 0.0, -0.7), 1.3, 0.0),
    ((0.0,) * 13 + (0.6, 0.0, -0.3), 0.3, 0.3),
)

#: part, side of beta on which S lies, and whether the stated signs are to be seen or their opposite
_CASES = (("signs", 1, False), ("corrected", 1, True), ("second_case", -1, True))


def simulate(statement: Statement = PRINTED, *, seed: int, num_samples: int) -> list[Trial]:
    """Sign tests of Y against t X in S and outside it, and the two events of the equivalence."""
    trials = []
    for shares, scale, level in SETTINGS:
        n = affordable(num_samples, len(shares) + 2)
        delta, noise = np.array(shares) * scale, Laplace(scale)
        counts = {
            toward: _count(delta, noise, level * scale, toward, seed=seed, num_samples=n)
            for toward in (1, -1)
        }
        for part, toward, agrees in _CASES:
            where = (
                f"S = {{T {'>' if toward > 0 else '<'} {level * scale:g}}} + S', "
                f"lambda = {scale}, d = {len(delta)}"
            )
            word = discretisation_bias(len(delta) + 2, boundaries=SECTIONS)
            for stated, (moved, thinned), name in zip(
                statement[part], counts[toward], ("S", "its complement"), strict=False
            ):
                above = stated.startswith(">") == agrees
                trials.append(
                    sign_test(
                        part,
                        f"Y in {name} against t times X in it, {where}",
                        moved,
                        thinned,
                        n,
                        expects=Expects.ABOVE if above else Expects.BELOW,
                        finding=agrees,
                        word=word,
                    )
                )
        trials.append(
            _equivalence(statement, delta, noise, level * scale, seed=seed, num_samples=n)
        )
    return trials


def _count(
    delta: Floats, noise: Laplace, level: float, toward: int, *, seed: int, num_samples: int
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Draws with Y but not t X in S, and the reverse; the same for the complement of S."""

    def in_s(points: Floats, taken: NDArray[np.bool_]) -> NDArray[np.bool_]:
        side = side_of(log_ratio(points, delta), level, noise.scale)
        return (side == toward) | ((side == 0) & taken)

    def label(points: Floats) -> NDArray[np.int64]:
        at, kept = points[:, :-2], np.abs(points[:, -2]) >= abs(level)
        taken = points[:, -1] <= 0.0
        before, after = in_s(at, taken), in_s(at + delta, taken)
        sure = np.ones_like(kept)
        x_kept, y_kept = (kept, sure) if level >= 0.0 else (sure, kept)
        events = (after & y_kept, before & x_kept, ~after & y_kept, ~before & x_kept)
        return np.asarray(sum(event.astype(np.int64) << k for k, event in enumerate(events)))

    found = count_labels(
        label,
        noise,
        num_labels=16,
        dim=len(delta) + 2,
        num_samples=num_samples,
        seed=seed,
        purpose=f"lemma_3_1_proof_signs/{toward}/d={len(delta)}",
    )

    def only(first: int, second: int) -> int:
        return sum(
            number for bits, number in enumerate(found) if bits >> first & 1 > bits >> second & 1
        )

    return (only(0, 1), only(1, 0)), (only(2, 3), only(3, 2))


def _equivalence(
    statement: Statement,
    delta: Floats,
    noise: Laplace,
    level: float,
    *,
    seed: int,
    num_samples: int,
) -> Trial:
    """How often {mu_Y/mu_X <= t} and {T >= the stated beta} differ: never."""
    shifted = level + 0.013 * noise.scale  # away from the atoms, so that floats compare it
    t = math.exp(-shifted / noise.scale)
    beta = float(statement["level"](sp.Float(t), sp.Float(noise.scale)))

    def label(points: Floats) -> NDArray[np.int64]:
        densities = [np.exp(-np.abs(points - move) / noise.scale) for move in (delta, 0.0)]
        ratio = np.prod(densities[0] / densities[1], axis=1)
        return ((ratio <= t) != (log_ratio(points, delta) >= beta)).astype(np.int64)

    found = count_labels(
        label,
        noise,
        num_labels=2,
        dim=len(delta),
        num_samples=num_samples,
        seed=seed,
        purpose=f"lemma_3_1_proof_signs/equivalence/d={len(delta)}",
    )
    name = f"one of the two events without the other, t = {t:.4g}, lambda = {noise.scale}"
    word = discretisation_bias(len(delta), boundaries=SECTIONS)
    return predicted(
        "equivalence", f"{name}, d = {len(delta)}", found[1], num_samples, 0.0, bias=word
    )
