"""Worst classifiers of exactly K classes on a grid, by linear programming.

The K - 2 classes that are neither cA nor cB are one label of the program, of mass at most
(K - 2) PB, which can be split evenly among them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import sympy as sp
from scipy import sparse, stats
from scipy.optimize import linprog

from theory.claim import Evidence, Statement
from theory.neyman_pearson import Grid, grid_for
from theory.searches.findings import searched
from theory.searches.search import numeric_radius, search_radius
from theory.symbols import lam, p_a, p_b

#: HiGHS works to 1e-7 of the masses, which are at least about 1e-3 here
_TOLERANCE = 1e-6

Instance = tuple[int, float, float, float, tuple[float, ...]]


def worst_of_k(grid: Grid, top: float, runner_up: float, classes: int) -> float:
    """The smallest P(f(Y) = cA) - P(f(Y) = cB) over classifiers of ``classes`` labels on a grid.

    ValueError where the solver does not report an optimum.

    >>> grid = grid_for((0.5,), 1.0, (-float(np.log(0.6)), ))
    >>> round(worst_of_k(grid, 0.7, 0.3, 2) - worst_of_k(grid, 0.7, 0.3, 10), 6)
    0.0
    """
    before, after = grid.before, grid.after
    count = len(before)
    one, zero = sparse.identity(count), np.zeros(count)
    limits = sparse.csr_matrix(
        np.array(
            [
                np.concatenate([-before, zero, zero]),
                np.concatenate([zero, before, zero]),
                np.concatenate([zero, zero, before]),
            ]
        )
    )
    answer = linprog(
        np.concatenate([after, -after, zero]),
        A_ub=limits,
        b_ub=[-top, runner_up, (classes - 2) * runner_up],
        A_eq=sparse.hstack([one, one, one]),
        b_eq=np.ones(count),
        bounds=(0.0, 1.0),
        method="highs",
    )
    if not answer.success:
        raise ValueError(f"the linear program has no optimum: {answer.message}")
    return float(answer.fun)


def radius_k(statement: Statement, symbol: sp.Symbol) -> Callable[[int, float, float], float]:
    """The printed radius in units of lambda, by the piece in which K, PA and PB lie."""
    of = {
        name: sp.lambdify([p_a, p_b, symbol], formula.subs(lam, 1), modules="math")
        for name, formula in statement.items()
    }

    def radius(classes: int, top: float, runner_up: float) -> float:
        raised = 1 - (classes - 1) * runner_up
        if runner_up > 1 - top:
            name = "beyond"
        elif raised > top:
            name = "forced_low" if raised <= 0.5 else "forced_high"
        else:
            name = "low" if top <= 0.5 else "across"
        return float(of[name](top, runner_up, classes))

    return radius


def instances_k(count: int, *, seed: int) -> Iterator[Instance]:
    """K, PA, PB, the scale and a direction of l1 norm 1, over all pieces of the radius.

    >>> sorted({one[0] for one in instances_k(12, seed=1)})
    [2, 3, 4, 10]
    """
    rng = np.random.Generator(np.random.Philox(seed))
    for number in range(count):
        classes = (2, 3, 4, 10)[number % 4]
        top = float(rng.uniform(0.15, 0.9))
        least = min(top, 1 - top)
        choices = (
            least * rng.uniform(0.2, 1.0),
            (1 - top) / (classes - 1) * rng.uniform(0.3, 1.0),
            least + (top - least) * rng.uniform(0.0, 0.9),
            1.0 / classes * rng.uniform(0.5, 0.95),
        )
        runner_up = min(float(choices[number // 4 % 4]), top)
        mixed = float(rng.uniform(0.1, 0.9))
        direction = (mixed, mixed - 1.0) if number % 7 == 6 else (1.0 - 2 * (number % 2),)
        yield classes, top, runner_up, float(10.0 ** rng.uniform(-1, 1)), direction


def search_k(statement: Statement, symbol: sp.Symbol, *, seed: int) -> list[Evidence]:
    """One piece of evidence for each part of `exact_multiclass_radius_k`."""
    start = time.perf_counter()
    radius = radius_k(statement, symbol)
    wrong: dict[str, dict[str, str]] = {}
    for one in instances_k(40, seed=seed):
        classes, top, runner_up, scale, direction = one
        certified = radius(classes, top, runner_up)
        place = {"K": classes, "PA": top, "PB": runner_up, "scale": scale, "R/scale": certified}
        witness = {name: repr(value) for name, value in place.items()}
        if _margin(one, 0.98 * certified) < -_TOLERANCE:
            wrong.setdefault("sound", witness)
        on_axis = len(direction) == 1
        if on_axis and not _margin(one, certified + 0.03) < -_TOLERANCE:
            wrong.setdefault("attained", witness)
        any_number = radius(10**9, top, runner_up)
        raised = 1 - (classes - 1) * min(runner_up, 1 - top) > top
        if certified <= any_number if raised else certified != any_number:
            wrong.setdefault("more_classes", witness)
    scope = "40 instances with K = 2, 3, 4, 10 in d = 1, 2, in every piece of the radius"
    details = {
        "sound": "cA stays ahead at 0.98 R",
        "attained": "cB is ahead at R + 0.03 lambda on an axis",
        "more_classes": "larger exactly where PA is raised",
    }
    alone = numeric_radius(statement["no_pb"], p_a=p_a)
    return [
        *(
            searched(part, scope, said, start=start, witness=wrong.get(part))
            for part, said in details.items()
        ),
        search_radius(alone, binary=True, seed=seed, part="no_pb"),
    ]


def _margin(one: Instance, distance: float) -> float:
    classes, top, runner_up, scale, direction = one
    raised = max(top, 1 - (classes - 1) * min(runner_up, 1 - top))
    law = stats.laplace(scale=scale)
    end, start = float(law.isf(1 - raised)), -float(law.ppf(min(runner_up, 1 - top)))
    if direction == (-1.0,):
        end, start = -end, -start  # the mirror image
    delta = tuple(float(distance * scale * share) for share in direction)
    return worst_of_k(grid_for(delta, scale, (end, start)), top, runner_up, classes)
