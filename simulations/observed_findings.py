"""What a run of the worst cases at observed probabilities found, as columns."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from simulations.observed_cases import Floats, Ints
from simulations.sampling import IsotropicNoise
from theory.axis_worst_case import method_and_scale

#: True, False or neither, one for each row
Findings: TypeAlias = tuple[bool | None, ...]

_COLUMNS = (
    "p_a",
    "rows",
    "radius",
    "inside",
    "beyond",
    "count_at_x",
    "count_inside",
    "count_beyond",
)


@dataclass(frozen=True, slots=True, eq=False)
class ClaimedRadii:
    """Every radius that was claimed, each pair of PA and claim once, held against its worst case.

    Attributes
    ----------
    p_a, claimed, rows
        The pair, and how many entries it stands for; claimed may be inf.
    implied
        The largest radius that PA implies, rounded up; negative where PA < 1/2.
    exact
        The least P(f(Y) = cA) at that distance, rounded outward, shape (pairs, 2).
    refuted
        Whether it is below 1/2, so that PA does not imply the claim: decided by Arb, no matter how
        narrowly. None where 16384 bits do not decide.
    drawn, count
        Whether n samples show so much with the run's power, and how many of them were cA (else 0).
    shown
        Whether the run showed it; None where it was not drawn.
    position
        The pair of every entry of the input, -1 where there is none.
    left_out
        How many entries claim nothing that a worst case could refute, by reason.
    """

    p_a: Floats
    claimed: Floats
    rows: Ints
    implied: Floats
    exact: Floats
    refuted: Findings
    drawn: NDArray[np.bool_]
    count: Ints
    shown: Findings
    position: Ints
    left_out: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        """Its columns; a claim of inf, and a count of what was not drawn, are None."""
        return {
            "p_a": self.p_a.tolist(),
            "claimed": [one if math.isfinite(one) else None for one in self.claimed.tolist()],
            "rows": self.rows.tolist(),
            "implied": self.implied.tolist(),
            "exact_lower": self.exact[:, 0].tolist(),
            "exact_upper": self.exact[:, 1].tolist(),
            "refuted": list(self.refuted),
            "count": [
                one if drawn else None
                for one, drawn in zip(self.count.tolist(), self.drawn, strict=True)
            ],
            "shown": list(self.shown),
            "left_out": dict(self.left_out),
        }


@dataclass(frozen=True, slots=True, eq=False)
class ObservedTightness:
    """What a run found: arrays with one entry for each distinct PA that was asked about, ascending.

    Attributes
    ----------
    noise, num_samples, dim, seed, alpha
        Of the run.
    p_a, rows
        PA, and how many entries of the input it stands for.
    radius, inside, beyond
        R to nearest, and the distances asked at: R - excess (R/2 where R <= excess) and R + excess.
    excess
        The smallest that shows all flips and all that is kept together; None if nothing was asked.
    power
        A lower bound on the probability of that.
    count_at_x, count_inside, count_beyond
        How many samples were cA.
    exact_inside, exact_beyond
        P(f(Y) = cA) there, rounded outward, shape (PAs, 2); at x it is PA.
    flips, keeps
        Whether P(f(Y) = cA) < 1/2 was shown beyond, and > 1/2 inside; False where the opposite was,
        None where neither, as where R <= excess.
    agrees
        Whether all three counts are consistent with their exact masses.
    recount
        Whether the integer words, and raw calls of some classifiers, gave the same counts.
    position
        The PA of every entry of the input, -1 where it was left out.
    left_out
        How many entries were not asked about, by reason.
    claims
        The radii that were claimed; None if none were given.
    """

    noise: IsotropicNoise
    num_samples: int
    dim: int
    seed: int
    alpha: float
    p_a: Floats
    rows: Ints
    radius: Floats
    inside: Floats
    beyond: Floats
    excess: float | None
    power: float | None
    count_at_x: Ints
    count_inside: Ints
    count_beyond: Ints
    exact_inside: Floats
    exact_beyond: Floats
    flips: Findings
    keeps: Findings
    agrees: Findings
    recount: bool | None
    position: Ints
    left_out: Mapping[str, int]
    claims: ClaimedRadii | None

    @property
    def shown(self) -> bool | None:
        """Whether every PA flipped beyond its radius; None where some was not shown, or none is."""
        return _all(self.flips)

    @property
    def kept(self) -> bool | None:
        """Whether every PA with R > excess was kept inside, and none contradicted."""
        if False in self.keeps:
            return False
        pairs = zip(self.keeps, self.radius > (self.excess or 0.0), strict=True)
        return _all(tuple(found for found, asked in pairs if asked))

    @property
    def consistent(self) -> bool | None:
        """Whether nothing contradicts the exact law: no mass, flip, keep, claim or recount."""
        claims = () if self.claims is None else self.claims.shown
        if self.recount is False or False in (*self.agrees, *self.flips, *self.keeps, *claims):
            return False
        return None if self.recount is None else True

    def as_json(self) -> dict[str, Any]:
        """The run and its columns, with neither NaN nor inf.

        >>> from simulations.observed_tightness import run
        >>> from theory.noise import Laplace
        >>> run(Laplace(scale=1.0), [0.75, 0.75, 0.4], seed=7).as_json()["left_out"]
        {'p_a <= 1/2: nothing is certified, and nothing can flip': 1}
        """
        kind, scale = method_and_scale(self.noise)
        columns = {name: getattr(self, name).tolist() for name in _COLUMNS}
        for name, exact in (("inside", self.exact_inside), ("beyond", self.exact_beyond)):
            columns[f"exact_{name}_lower"] = exact[:, 0].tolist()
            columns[f"exact_{name}_upper"] = exact[:, 1].tolist()
        return {
            "certificate": kind,
            "scale": scale,
            "num_samples": self.num_samples,
            "dim": self.dim,
            "seed": self.seed,
            "alpha": self.alpha,
            "excess": self.excess,
            "power": self.power,
            "shown": self.shown,
            "kept": self.kept,
            "consistent": self.consistent,
            "recount": self.recount,
            **columns,
            "flips": list(self.flips),
            "keeps": list(self.keeps),
            "agrees": list(self.agrees),
            "left_out": dict(self.left_out),
            "claims": None if self.claims is None else self.claims.as_json(),
        }


def _all(found: Findings) -> bool | None:
    """True if all are, False if one is, otherwise None; None of nothing."""
    if False in found:
        return False
    return True if found and None not in found else None
