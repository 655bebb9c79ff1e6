"""A search against the complement step in the proof of Theorem 1, by linear programming.

On the cells of theory.searches.level_cells the least P(Y in A) over all randomised A of a given
mass under X is a linear program, without any formula for it.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Evidence
from theory.searches.findings import searched
from theory.searches.level_cells import LevelCells, level_cells
from theory.symbols import lam, p, r

Witness = Mapping[str, str]

#: HiGHS works to 1e-7
TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True)
class Lattice:
    """|delta_i| = steps_i * width with a scale, and the masses PA to try."""

    steps: tuple[int, ...]
    width: float
    scale: float
    masses: NDArray[np.float64]

    @property
    def cells(self) -> LevelCells:
        """The cells on which T keeps its side of every level."""
        return level_cells(self.steps, self.width, self.scale)

    @property
    def norm(self) -> float:
        """r."""
        return sum(self.steps) * self.width

    def bound(self, stated: sp.Expr, mass: float) -> float:
        """The stated bound at PA = mass."""
        return float(stated.subs({r: self.norm, lam: self.scale, p: mass}))

    def beaten(self, stated: sp.Expr) -> Witness | None:
        """A mass at which some A of that mass has less under Y than the stated bound."""
        cells = self.cells
        for mass in self.masses:
            least, bound = cells.least_after(mass), self.bound(stated, mass)
            if least < bound - TOLERANCE:
                return self._witness(PA=mass, least=least, stated=bound)
        return None

    def left_out(self, low: float, high: float) -> Witness | None:
        """A mass for which A' has to be another share of its level than low to high."""
        cells = self.cells
        for mass in self.masses:
            for level in range(sum(self.steps), -sum(self.steps) - 1, -2):
                at = float(cells.before[cells.at(level)].sum())
                above = float(cells.before[cells.beyond(level, ">")].sum())
                if at > 0.0 and above < mass < above + at:
                    share = (mass - above) / at
                    if not low <= share <= high:
                        return self._witness(PA=mass, beta=level * self.width, share=share)
        return None

    def not_attained(self, stated: sp.Expr, reach: sp.Lambda) -> Witness | None:
        """A mass with equality where 1 - PA > reach, or without where 1 - PA <= reach."""
        cells = self.cells
        limit = float(reach(len(self.steps), self.norm, self.scale))
        for share in (0.2, 0.9, 1.0, 1.3, 2.0):
            mass = 1.0 - share * limit
            if mass >= 0.0:
                least, bound = cells.least_after(mass), self.bound(stated, mass)
                if (abs(least - bound) <= TOLERANCE) != (share <= 1.0):
                    return self._witness(PA=mass, least=least, stated=bound)
        return None

    def _witness(self, **found: float) -> Witness:
        named = {name: repr(float(value)) for name, value in found.items()}
        moves = repr([size * self.width for size in self.steps])
        return {"|delta|": moves, "lambda": repr(self.scale), **named}


def lattices(count: int, *, seed: int) -> list[Lattice]:
    """Random lattices in one and two dimensions; PA = 0, 1 and four values between.

    >>> [len(one.steps) for one in lattices(2, seed=1)]
    [1, 2]
    """
    rng = np.random.Generator(np.random.Philox(seed))
    found = []
    for number in range(count):
        steps = tuple(int(size) for size in rng.integers(1, 4, size=1 + number % 2))
        scale = float(10.0 ** rng.uniform(-1, 1))
        width = float(rng.uniform(0.05, 0.6)) * scale
        found.append(Lattice(steps, width, scale, np.array([0.0, 1.0, *rng.uniform(0, 1, 4)])))
    return found


def search_complement(
    stated: sp.Expr, shares: tuple[sp.Expr, sp.Expr], reach: sp.Lambda, *, seed: int
) -> list[Evidence]:
    """Evidence on the parts bound, exists and attained of theorem_1_proof_complement.

    Parameters
    ----------
    stated : the bound on P(Y in A), in r, lambda and p.
    shares : the least and the largest share of a level that A' may be.
    reach : P(T = -r) as stated, of k, r and lambda.
    """
    tried = lattices(16, seed=seed)
    low, high = (float(share) for share in shares)
    faults = {
        "bound": (one.beaten(stated) for one in tried),
        "exists": (one.left_out(low, high) for one in tried),
        "attained": (one.not_attained(stated, reach) for one in tried),
    }
    details = {
        "bound": "the least P(Y in A) of all randomised A on the cells, to 1e-6",
        "exists": "the share of its level that A' has to be",
        "attained": "the least P(Y in A) equals the bound, to 1e-6, on one side of P(T = -r) only",
    }
    found = []
    for part, wrong in faults.items():
        start = time.perf_counter()
        witness = next((one for one in wrong if one is not None), None)
        where = "16 lattices in d = 1, 2, r/lambda from 0.05 to 3.6, PA = 0, 1 and between"
        found.append(searched(part, where, details[part], start=start, witness=witness))
    return found
