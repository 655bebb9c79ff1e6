"""Linear programs for one direction: the worst classifier on a grid fine between the centres.

`theory.searches.search` looks along the axes and at their half-spaces; here the worst sets are
{T < t}, which bend where a coordinate passes its move, so the grid is even between 0 and each
delta_i.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from theory.neyman_pearson import Grid, WorstCase, confirm, worst_case

#: cells between 0 and delta_i in one, two and three coordinates
CELLS = {1: 40, 2: 14, 3: 6}
SHRINK = 1e-6


@dataclass(frozen=True, slots=True)
class Program:
    """The worst grid classifier with P(f(X) = cA) >= p_a at one delta.

    ``margin`` is its P(f(Y) = cA) - P(f(Y) = cB); the classifiers off the grid can only be worse.
    """

    p_a: float
    grid: Grid
    found: WorstCase

    @property
    def margin(self) -> float:
        """Not below 0: no grid classifier changes its prediction at this delta."""
        return self.found.margin

    @property
    def confirmed(self) -> bool:
        """Whether Arb proves that the found classifier does change its prediction.

        Its labels are scaled down by more than the solver's tolerance of 1e-7 first.
        """
        fewer = (1 - SHRINK) * self.found.not_a
        return confirm(self.grid, WorstCase(self.margin, fewer, fewer), Fraction(self.p_a), None)

    def witness(self) -> dict[str, str]:
        """The point and the margin there, for a report."""
        return {
            "PA": repr(self.p_a),
            "scale": repr(self.grid.scale),
            "delta": repr(self.grid.delta),
            "margin": repr(self.margin),
        }


def solve(p_a: float, delta: Sequence[float] | NDArray[np.float64], scale: float) -> Program:
    """The program at delta, with an even grid between 0 and each delta_i.

    Parameters
    ----------
    p_a : float
        In [1/2, 1).
    delta : sequence of float
        One to three positive coordinates.
    scale : float
        The Laplace scale.

    Raises
    ------
    ValueError
        If delta has no coordinate or more than three, or one that is not positive.

    Examples
    --------
    >>> solve(0.9, (1.0, 1.0), 1.0).margin < 0 < solve(0.9, (0.9, 0.9), 1.0).margin
    True
    """
    if len(delta) not in CELLS or not min(delta) > 0:
        raise ValueError(f"delta = {tuple(delta)} is not one to three positive coordinates")
    count = CELLS[len(delta)]
    inner = [np.linspace(0.0, move, count + 1) for move in delta]
    edges = tuple(np.concatenate([[-np.inf], each, [np.inf]]) for each in inner)
    grid = Grid(edges, tuple(float(move) for move in delta), float(scale))
    return Program(p_a, grid, worst_case(grid, p_a))
