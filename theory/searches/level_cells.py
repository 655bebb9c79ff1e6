"""A partition of R or R^2 into cells on which T stays on one side of every level of a lattice.

With |delta_i| = steps_i * width, each coordinate is before 0, beyond |delta_i|, or in one of the
steps_i intervals between. On the first two T_i is constant, on an interval it falls by two widths.
A square of two intervals is cut by its diagonal, along which T is constant. So every cell is
atomic (T constant) or has T between two levels r - 2 j width. Masses come from scipy's Laplace and
gamma laws.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import linprog

Floats = NDArray[np.float64]
Levels = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class LevelCells:
    """Cells with the least and the largest T on them, in widths, and their masses.

    ``before`` is the mass under X, ``after`` the mass under Y = X + delta. T is constant where
    ``low`` equals ``high``.
    """

    low: Levels
    high: Levels
    before: Floats
    after: Floats

    def beyond(self, level: int, relation: str) -> NDArray[np.bool_]:
        """The cells of {T > level} or {T < level}, up to null sets; level - r must be even.

        >>> level_cells((2,), 0.5, 1.0).beyond(0, ">").tolist()
        [True, True, False, False]
        """
        atoms = self.low == self.high
        if relation == ">":
            return np.asarray(np.where(atoms, self.low > level, self.low >= level))
        return np.asarray(np.where(atoms, self.high < level, self.high <= level))

    def at(self, level: int) -> NDArray[np.bool_]:
        """The atomic cells of {T = level}; everything else of it has no mass."""
        return np.asarray((self.low == level) & (self.high == level))

    def least_after(self, mass: float) -> float:
        """The least P(h(Y) = 1) of a randomised h on the cells with P(h(X) = 1) >= mass.

        Raises ValueError where the solver does not report an optimum.
        """
        return self._optimum(1.0, -self.before, -mass)

    def largest_after(self, mass: float) -> float:
        """The largest P(h(Y) = 1) of a randomised h on the cells with P(h(X) = 1) <= mass."""
        return -self._optimum(-1.0, self.before, mass)

    def _optimum(self, sign: float, row: Floats, limit: float) -> float:
        answer = linprog(
            sign * self.after, A_ub=row[None, :], b_ub=[limit], bounds=(0.0, 1.0), method="highs"
        )
        if not answer.success:
            raise ValueError(f"the linear program has no optimum: {answer.message}")
        return float(answer.fun)


def level_cells(steps: tuple[int, ...], width: float, scale: float) -> LevelCells:
    """The cells for |delta_i| = steps_i * width in one or two dimensions.

    Raises ValueError for another number of dimensions.

    >>> cells = level_cells((1, 2), 0.5, 1.0)
    >>> len(cells.low), round(float(cells.before.sum()), 12), round(float(cells.after.sum()), 12)
    (14, 1.0, 1.0)
    """
    if len(steps) not in {1, 2}:
        raise ValueError(f"delta has {len(steps)} coordinates, legal are 1 and 2")
    unit = width / scale
    lines = [_line(size, unit) for size in steps]
    if len(lines) == 1:
        return lines[0]
    first, second = lines
    low = np.add.outer(first.low, second.low).ravel()
    high = np.add.outer(first.high, second.high).ravel()
    before = np.multiply.outer(first.before, second.before).ravel()
    after = np.multiply.outer(first.after, second.after).ravel()
    square = high - low == 4
    # two exponential distances that add up to less than the width, out of both within it
    within = stats.laplace.cdf(unit) - stats.laplace.cdf(0.0)
    near = float(stats.gamma(2).cdf(unit)) / (4 * within**2)
    return LevelCells(
        np.concatenate([low[~square], low[square] + 2, low[square]]),
        np.concatenate([high[~square], high[square], high[square] - 2]),
        np.concatenate([before[~square], near * before[square], (1 - near) * before[square]]),
        np.concatenate([after[~square], (1 - near) * after[square], near * after[square]]),
    )


def _line(size: int, unit: float) -> LevelCells:
    inner = unit * np.arange(size + 1)
    law = stats.laplace()
    tops = size - 2 * np.arange(size)
    # with no steps the two half-lines remain, and T = 0
    before = [law.cdf(0.0), *np.diff(law.cdf(inner)), law.sf(inner[-1])]
    after = [law.cdf(-inner[-1]), *np.diff(law.cdf(inner - inner[-1])), law.sf(0.0)]
    return LevelCells(
        np.array([size, *(tops - 2), -size]),
        np.array([size, *tops, -size]),
        np.array(before, dtype=np.float64),
        np.array(after, dtype=np.float64),
    )
