"""Worst-case classifiers by brute force: linear programming over the cells of a grid.

Any assignment of (randomised) labels to cells is a base classifier, so a linear program over the
cells searches for a counterexample to a radius without knowing any formula about it. Cell masses
come from scipy's Laplace law, the optimum from HiGHS; what it finds is confirmed in Arb.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray
from scipy import sparse, stats
from scipy.optimize import linprog

from theory.balls import Ball, rational_ball

Floats = NDArray[np.float64]

#: HiGHS takes no coefficient of 1e15 or more, and masses are divided by 1 - p_a and p_b.
LEAST_MASS = 2e-15


@dataclass(frozen=True)
class Grid:
    """Cells of R^d: the product of intervals, with the noise at 0 (X) and at delta (Y).

    ``edges`` holds each coordinate's breakpoints, ascending, from -inf to inf.
    """

    edges: tuple[Floats, ...]
    delta: tuple[float, ...]
    scale: float

    def masses(self, shift: tuple[float, ...]) -> Floats:
        """Probability of each cell under the noise moved by ``shift``, flattened.

        Differences are taken in the nearer tail, so that far cells keep their digits.
        """
        total = np.ones(1)
        for edges, move in zip(self.edges, shift, strict=True):
            law = stats.laplace(loc=move, scale=self.scale)
            below, above = law.cdf(edges), law.sf(edges)
            lower_half = edges[1:] <= move
            sides = np.where(lower_half, np.diff(below), -np.diff(above))
            total = np.multiply.outer(total, sides).ravel()
        return total

    @property
    def before(self) -> Floats:
        """Cell masses under X."""
        return self.masses((0.0,) * len(self.delta))

    @property
    def after(self) -> Floats:
        """Cell masses under Y = X + delta."""
        return self.masses(self.delta)


@dataclass(frozen=True)
class WorstCase:
    """The classifier that minimises P(f(Y) = cA) - max_c P(f(Y) = c), and that margin."""

    margin: float
    not_a: Floats  # probability that a cell is not labelled cA
    is_b: Floats  # probability that it is labelled cB (all of not_a in the binary case)


def grid_for(delta: tuple[float, ...], scale: float, marks: tuple[float, ...]) -> Grid:
    """A grid whose breakpoints hold the kinks of T, quantiles of the noise and the given marks.

    ``marks`` are thresholds (in units of the first coordinate) at which a half-space is expected.
    """
    levels = np.array([0.02, 0.15, 0.35, 0.65, 0.85, 0.98])
    quantiles = stats.laplace(scale=scale).ppf(levels)
    edges = []
    for place, move in enumerate(delta):
        inner = [0.0, move, *quantiles, *(quantiles + move), move / 2]
        inner += list(marks) if place == 0 else []
        edges.append(np.unique([-np.inf, *inner, np.inf]))
    return Grid(tuple(edges), delta, scale)


def worst_case(grid: Grid, p_a: float, p_b: float | None = None) -> WorstCase:
    """The grid classifier that lets the top class lose the most, by linear programming.

    Binary case (``p_b`` None): every point that is not cA is cB. Otherwise the runner-up cB has
    mass at most p_b under X and the rest goes to further classes, enough of them never to matter.
    The mass that cA loses is measured in units of 1 - p_a, so that the solver's tolerance does not
    swallow it when p_a is near 1.

    Raises ValueError where p_a is outside [0, 1 - 2e-15] or p_b outside [2e-15, 1], and where the
    solver does not report an optimum.
    """
    if not 0.0 <= p_a <= 1.0 - LEAST_MASS:
        raise ValueError(f"p_a = {p_a} is outside [0, 1 - {LEAST_MASS}]")
    if p_b is not None and not LEAST_MASS <= p_b <= 1.0:
        raise ValueError(f"p_b = {p_b} is outside [{LEAST_MASS}, 1]")
    before, after = grid.before, grid.after
    lost = 1.0 - p_a
    if p_b is None:
        answer = linprog(
            -2 * after, A_ub=[before / lost], b_ub=[1.0], bounds=(0.0, 1.0), method="highs"
        )
        gone = _solution(answer)
        return WorstCase(1.0 - 2 * float(gone @ after), gone, gone)
    count = len(before)
    zero = np.zeros(count)
    rows = sparse.vstack(
        [
            sparse.csr_matrix(np.concatenate([before / lost, zero])),
            sparse.csr_matrix(np.concatenate([zero, before / p_b])),
            sparse.hstack([-sparse.identity(count), sparse.identity(count)]),
        ]
    )
    limits = np.concatenate([[1.0, 1.0], zero])
    answer = linprog(
        -np.concatenate([after, after]), A_ub=rows, b_ub=limits, bounds=(0.0, 1.0), method="highs"
    )
    found = _solution(answer)
    gone, taken = found[:count], found[count:]
    return WorstCase(1.0 - float(gone @ after) - float(taken @ after), gone, taken)


def _solution(answer: object) -> Floats:
    if not getattr(answer, "success", False):
        raise ValueError(f"the linear program has no optimum: {getattr(answer, 'message', '')}")
    return np.clip(np.asarray(answer.x, dtype=np.float64), 0.0, 1.0)  # type: ignore[attr-defined]


def confirm(
    grid: Grid, found: WorstCase, p_a: Fraction, p_b: Fraction | None, *, precision: int = 192
) -> bool:
    """Whether Arb proves the found classifier to be a counterexample.

    The labels are scaled down by 1e-9, which absorbs the solver's tolerance, and taken as exact
    rationals; then the hypotheses under X and the negative margin under Y are checked in balls.
    """
    shrink = Fraction(10**9 - 1, 10**9)
    gone = [Fraction(float(v)) * shrink for v in found.not_a]
    taken = [min(Fraction(float(v)) * shrink, g) for v, g in zip(found.is_b, gone, strict=True)]
    if not all(0 <= t <= g <= 1 for t, g in zip(taken, gone, strict=True)):
        return False  # no classifier at all
    with ctx.workprec(precision):
        before = _exact_masses(grid, (0.0,) * len(grid.delta))
        after = _exact_masses(grid, grid.delta)
        lost_before, lost_after = _weigh(gone, before), _weigh(gone, after)
        taken_before, taken_after = _weigh(taken, before), _weigh(taken, after)
        fits = bool(lost_before <= rational_ball(1 - p_a))
        if p_b is not None:
            fits = fits and bool(taken_before <= rational_ball(p_b))
            # what is neither cA nor cB goes to further classes, each of mass at most PB: to none
            # where PB is 0
            fits = fits and (p_b > 0 or taken == gone)
        return fits and bool(1 - lost_after - taken_after < 0)


def _weigh(labels: list[Fraction], masses: list[Ball]) -> Ball:
    total = arb(0)
    for label, mass in zip(labels, masses, strict=True):
        if label:
            total += rational_ball(label) * mass
    return total


def _exact_masses(grid: Grid, shift: tuple[float, ...]) -> list[Ball]:
    total = [arb(1)]
    for edges, move in zip(grid.edges, shift, strict=True):
        below = [_exact_cdf(edge, move, grid.scale) for edge in edges]
        sides = [high - low for low, high in pairwise(below)]
        total = [mass * side for mass in total for side in sides]
    return total


def _exact_cdf(edge: float, move: float, scale: float) -> Ball:
    if np.isinf(edge):
        return arb(0) if edge < 0 else arb(1)
    z = (arb(edge) - arb(move)) / arb(scale)
    return z.exp() / 2 if z <= 0 else 1 - (-z).exp() / 2
