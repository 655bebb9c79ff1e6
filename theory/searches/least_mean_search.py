"""The test that loses the most of its mean over a distance, by linear programming on grids.

The searches below compare what HiGHS finds with SciPy's Laplace law, and published radii with the
tie of two half-lines.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp
from scipy import stats

from theory.claim import Evidence, Statement
from theory.neyman_pearson import Grid, grid_for, worst_case
from theory.searches.findings import searched
from theory.searches.search import TOLERANCE, Radius
from theory.symbols import lam, p, p_a, p_b, r


@dataclass(frozen=True, slots=True)
class Move:
    """A mean under X, the scale of the noise and a perturbation."""

    mean: float
    scale: float
    delta: tuple[float, ...]

    @property
    def norm(self) -> float:
        """The l1 norm of the perturbation, in units of the scale."""
        return float(np.abs(self.delta).sum()) / self.scale

    @property
    def on_axis(self) -> bool:
        """Whether at most one coordinate moves."""
        return int(np.count_nonzero(self.delta)) <= 1

    def witness(self, **found: float) -> dict[str, str]:
        """What identifies it, and what was found there."""
        named = {name: repr(value) for name, value in found.items()}
        where = {"E h(X)": repr(self.mean), "scale": repr(self.scale), "delta": repr(self.delta)}
        return {**where, **named}


def moves(count: int, *, seed: int) -> Iterator[Move]:
    """Random moves in one, two and (every twelfth) three dimensions, on an axis or off it.

    The mean approaches 0 and 1 down to 1e-5 and comes close to 1/2; signs are random.

    >>> [len(move.delta) for move in moves(12, seed=1)]
    [1, 2, 2, 1, 2, 2, 1, 2, 2, 1, 2, 3]
    """
    rng = np.random.Generator(np.random.Philox(seed))
    for number in range(count):
        near = 10.0 ** rng.uniform(-5, -0.31)
        mean = [near, 1.0 - near, 0.5 + (near if number % 2 else -near) / 2, rng.uniform(0.02, 1)]
        scale, norm = 10.0 ** rng.uniform(-1, 1), rng.uniform(0.05, 4)
        shares = [(1.0,), (0.0, 1.0), rng.dirichlet([1.0, 1.0])][number % 3]
        if number % 12 == 11:
            shares = rng.dirichlet([1.0, 1.0, 1.0])
        signs = rng.choice([-1.0, 1.0], size=len(shares))
        delta = tuple(float(v) for v in scale * norm * np.asarray(shares) * signs)
        yield Move(float(mean[number % 4]), float(scale), delta)


def grid_of(move: Move) -> Grid:
    """A grid with the kinks of T, and on an axis the end of the worst half-line.

    On an axis one more coordinate at most is kept; off it in three dimensions the grid has the
    kinks and their middle alone.
    """
    if move.on_axis:
        # the grid is marked along its first coordinate: the moving one comes first, pointing up
        still = (0.0,) * min(len(move.delta) - 1, 1)
        end = float(stats.laplace(scale=move.scale).ppf(move.mean))
        return grid_for((move.norm * move.scale, *still), move.scale, (end,))
    if len(move.delta) > 2:
        edges = tuple(np.unique([-np.inf, 0.0, a, a / 2, np.inf]) for a in move.delta)
        return Grid(edges, move.delta, move.scale)
    return grid_for(move.delta, move.scale, ())


def least_mean(grid: Grid, mean: float) -> float:
    """The smallest E h(Y) of a test h on the grid's cells with E h(X) >= mean.

    >>> one = Move(0.5, 2.0, (2.0,))
    >>> round(least_mean(grid_of(one), one.mean), 6), round(float(np.exp(-1) / 2), 6)
    (0.18394, 0.18394)
    """
    return (1.0 + worst_case(grid, mean).margin) / 2.0


def half_line_mean(mean: float, fall: float) -> float:
    """F(Q(mean) - fall) by SciPy's unit Laplace law, digits kept near 1.

    >>> half_line_mean(0.5, 0.0)
    0.5
    """
    law = stats.laplace()
    place = law.ppf(mean) if mean < 0.5 else law.isf(1.0 - mean)
    return float(law.cdf(place - fall))


def search_bound(constant: sp.Expr, *, parts: tuple[str, str], seed: int) -> Iterator[Evidence]:
    """Whether Q(least mean) is at least Q(mean) - constant r, and equal to it on an axis.

    The first part is false where a test falls below the bound, the second where no test of an
    axis reaches it.
    """
    start = time.perf_counter()
    below: dict[str, str] | None = None
    above: dict[str, str] | None = None
    on_axis = count = 0
    slope = float(constant.subs(lam, 1))
    for move in moves(36, seed=seed):
        bound = half_line_mean(move.mean, slope * move.norm)
        least = least_mean(grid_of(move), move.mean)
        count, on_axis = count + 1, on_axis + move.on_axis
        found = move.witness(least=least, bound=bound)
        if least < bound - TOLERANCE:
            below = below or found
        if move.on_axis and least > bound + TOLERANCE:
            above = above or found
    scope = f"{count} moves of up to 4 lambda in d = 1, 2, 3, means within 1e-5 of 0 and of 1"
    yield searched(
        parts[0], scope, "no grid test has a mean below the bound", start=start, witness=below
    )
    where = f"{on_axis} of the {scope}, on an axis"
    yield searched(parts[1], where, "the least mean is the bound", start=start, witness=above)


def search_terms(terms: Sequence[sp.Expr], *, part: str, seed: int) -> Evidence:
    """Whether no term, in the published symbols, exceeds the tie (lambda/2)(Q(PA) - Q(PB'))."""
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    near = 10.0 ** rng.uniform(-9, -0.31, 1200)
    top = np.concatenate([near, 1 - near, 0.5 + near / 2, rng.uniform(0, 1, 1200)])
    share = 10.0 ** rng.uniform(-9, 0, len(top))
    runner_up = top * np.where(rng.uniform(size=len(top)) < 0.5, share, 1 - share)
    law, scale = stats.laplace(), float(10.0 ** rng.uniform(-1, 1))
    upper = np.where(top < 0.5, law.ppf(top), law.isf(1 - top))
    tie = scale * (upper - law.ppf(np.minimum(runner_up, 1 - top))) / 2
    witness = None
    for term in terms:
        excess = sp.lambdify([p_a, p_b, lam], term, modules="numpy")(top, runner_up, scale) - tie
        worst = int(np.argmax(excess))
        if excess[worst] > 1e-7 * scale and witness is None:
            point = {"PA": top[worst], "PB": runner_up[worst], "lambda": scale}
            witness = {name: repr(float(value)) for name, value in point.items()}
    scope = f"{len(top)} pairs PB <= PA, down to 1e-9 from 0, 1/2, 1, PA and 0"
    detail = "no term exceeds the tie by SciPy's quantiles"
    return searched(part, scope, detail, start=start, witness=witness)


def search_flips(radius: Radius, *, part: str, seed: int) -> Evidence:
    """Whether beyond a binary radius some test falls below 1/2, along a signed axis."""
    start = time.perf_counter()
    witness = None
    for number, move in enumerate(moves(16, seed=seed)):
        mean = 0.5 + move.mean / 2
        beyond = radius(mean, 1 - mean, move.scale) + 0.05 * move.norm * move.scale
        one = Move(mean, move.scale, (beyond,) if number % 2 else (0.0, -beyond))
        least = least_mean(grid_of(one), one.mean)
        if not least < 0.5:
            witness = witness or one.witness(least=least)
    scope = "16 means from 1/2 to 1 - 5e-6, R' - R from 0.0025 to 0.2 lambda, signed axes"
    detail = "every R' has a flipping test"
    return searched(part, scope, detail, start=start, witness=witness)


def search_directions(statement: Statement, *, seed: int) -> list[Evidence]:
    """One piece of evidence for each part of `worst_direction_is_axis`, from the same moves.

    The statement prints the least mean in three pieces ("low", "near", "far") and how large PA
    ("top") and 1 - PA ("bottom") may be for a direction to be as bad as an axis.
    """
    start = time.perf_counter()
    least_of = _printed_least(statement)
    details = {
        "never_worse": "no grid test has a mean below the bound",
        "attained": "the least mean on an axis is the bound",
        "not_only": "the least mean is the bound where it is said to be",
        "only_then": "every grid test keeps above the bound elsewhere",
    }
    counts = dict.fromkeys(details, 0)
    wrong: dict[str, dict[str, str]] = {}
    for move in (*moves(36, seed=seed), *off_axis_moves(seed=seed)):
        found, stated = least_mean(grid_of(move), move.mean), least_of(move.mean, move.norm)
        k = int(np.count_nonzero(move.delta))
        top, bottom = float(statement["top"](k)), float(statement["bottom"](k, move.norm, 1))
        as_bad = k == 1 or move.mean <= top or 1 - move.mean <= bottom
        below, above = found < stated - TOLERANCE, found > stated + TOLERANCE
        for part, looked, failed in (
            ("never_worse", True, below),
            ("attained", k == 1, above),
            ("not_only", as_bad, above),
            ("only_then", not as_bad, not above),
        ):
            counts[part] += looked
            if looked and failed:
                wrong.setdefault(part, move.witness(least=found, stated=stated))
    where = "moves in d = 1, 2, 3 of up to 4 lambda, random signs"
    return [
        searched(part, f"{counts[part]} {where}", said, start=start, witness=wrong.get(part))
        for part, said in details.items()
    ]


def off_axis_moves(*, seed: int) -> Iterator[Move]:
    """Moves of two or three coordinates, with PA on either side of 2^-k and of 1 - 2^-k e^-r."""
    rng = np.random.Generator(np.random.Philox(seed + 1))
    for number in range(24):
        coordinates = 2 + (number % 6 == 5)
        delta = rng.uniform(0.2, 0.8, size=coordinates) * rng.choice([-1.0, 1.0], size=coordinates)
        scale, norm = float(10.0 ** rng.uniform(-1, 1)), float(np.abs(delta).sum())
        share = rng.choice([0.3, 0.9, 1.15, 1.6])
        small = share * 2.0**-coordinates
        mean = small if number % 2 else 1 - small * np.exp(-norm)
        yield Move(float(mean), scale, tuple(float(v) for v in delta * scale))


def _printed_least(statement: Statement) -> Callable[[float, float], float]:
    """The printed least mean as a function of PA and r/lambda, in floats."""
    pieces = {
        name: sp.lambdify([p, r], statement[name].subs(lam, 1), modules="math")
        for name in ("low", "near", "far")
    }

    def least(mean: float, norm: float) -> float:
        if mean <= 0.5:
            return float(pieces["low"](mean, norm))
        near = norm <= -np.log(2 * (1 - mean))
        return float(pieces["near" if near else "far"](mean, norm))

    return least
