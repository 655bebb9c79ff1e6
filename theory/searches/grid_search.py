"""Counterexamples on the grid: worst events of Z and Z^2 by sorting atoms, in exact rationals.

q is a rational here, so that every mass is one. An event that keeps the least mass takes the atoms
in the order of their ratio (the fractional knapsack, which solves the linear program exactly). The
points far out have a constant ratio, and make one atom on each side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import accumulate, product
from typing import Any

import numpy as np
import sympy as sp
from scipy import stats

from theory.claim import Evidence, Statement
from theory.searches.findings import tried
from theory.steps.grid_steps import classes, level_a, level_b, q
from theory.symbols import lam, p, p_a, p_b

Atoms = list[tuple[Fraction, Fraction]]
Witness = Mapping[str, str] | None

_MOST_STEPS = 12
_MARGIN = 1e-9  # radii closer than this to a whole number of steps are left to the proofs


def atoms(ratio: Fraction, delta: Sequence[int]) -> Atoms:
    """The masses (under X, under X + delta) of the atoms of the grid, far ones taken together.

    >>> sum(before for before, _ in atoms(Fraction(1, 3), (2, -1)))
    Fraction(1, 1)
    """
    found: Atoms = [(Fraction(1), Fraction(1))]
    for move in delta:
        reach = abs(move) + 1
        whole = 1 + 2 * ratio / (1 - ratio)
        inner = range(-reach, reach + 1)
        line = [(ratio ** abs(k) / whole, ratio ** abs(k - move) / whole) for k in inner]
        for side in (1, -1):
            far = [ratio ** (reach + 1 - side * shift) / (1 - ratio) for shift in (0, move)]
            line.append((far[0] / whole, far[1] / whole))
        found = [(a * c, b * d) for (a, b), (c, d) in product(found, line)]
    return found


def least_after(cells: Atoms, mass: Fraction) -> Fraction:
    """The least mass that an event of the given mass under X can have under X + delta.

    >>> least_after(atoms(Fraction(1, 3), (1,)), Fraction(1, 2))
    Fraction(1, 6)
    """
    kept, left = Fraction(0), mass
    for before, after in sorted(cells, key=lambda cell: cell[1] / cell[0]):
        taken = min(left, before)
        kept += after * taken / before
        left -= taken
        if left == 0:
            break
    return kept


def is_ahead(cells: Atoms, top: Fraction, other: Fraction) -> bool:
    """Whether cA is strictly ahead at x + delta of every class, whatever the classifier."""
    return least_after(cells, top) > 1 - least_after(cells, 1 - min(other, 1 - top))


def most_steps(ratio: Fraction, top: Fraction, other: Fraction) -> int | None:
    """The largest number of steps on an axis that leaves cA ahead; None past `_MOST_STEPS`."""
    for steps in range(1, _MOST_STEPS + 1):
        if not is_ahead(atoms(ratio, (steps,)), top, other):
            return steps - 1
    return None


def level(ratio: Fraction, mass: Fraction) -> Fraction:
    """V(mass): the place where the cumulated masses, joined linearly, reach it, less 1/2.

    >>> level(Fraction(1, 3), Fraction(1, 2)), level(Fraction(1, 2), Fraction(2, 3))
    (Fraction(0, 1), Fraction(1, 2))
    """
    whole = 1 + 2 * ratio / (1 - ratio)
    t = 0
    while ratio ** (1 - t) / (1 - ratio) / whole > mass:  # P(K < t), t <= 0
        t -= 1
    below = ratio ** (1 - t) / (1 - ratio) / whole
    while below + ratio ** abs(t) / whole < mass:
        below += ratio ** abs(t) / whole
        t += 1
    return t + (mass - below) * whole / ratio ** abs(t) - Fraction(1, 2)


def _fraction(rng: np.random.Generator, low: float, high: float) -> Fraction:
    return Fraction(round(float(rng.uniform(low, high)) * 997), 997)


def _at(expression: Any, values: Mapping[sp.Symbol, Fraction]) -> Fraction:
    exact = {s: sp.Rational(v.numerator, v.denominator) for s, v in values.items()}
    value = sp.sympify(expression, strict=True).xreplace(exact)
    return Fraction(int(value.p), int(value.q))


def _said(ratio: Fraction, top: Fraction, other: Fraction, steps: object) -> Mapping[str, str]:
    return {"q": str(ratio), "PA": str(top), "PB": str(other), "steps": str(steps)}


def _pair(rng: np.random.Generator, number: int) -> tuple[Fraction, Fraction, Fraction]:
    """q, PA and PB, which is 1 - PA in every second try and small enough in the others."""
    ratio = _fraction(rng, 0.3, 0.9)
    top = _fraction(rng, 0.52, 0.95) if number % 2 == 0 else _fraction(rng, 0.3, 0.8)
    return ratio, top, 1 - top if number % 2 == 0 else top * _fraction(rng, 0.3, 0.95)


@lru_cache(maxsize=64)
def _compiled(expression: sp.Expr) -> Callable[[float, float, float], float]:
    found: Callable[[float, float, float], float] = sp.lambdify(
        [p_a, p_b, lam], expression, modules="math"
    )
    return found


def _radius(expression: Any, top: Fraction, other: Fraction) -> float:
    return float(_compiled(expression)(float(top), float(other), 1.0))


def _steps_below(radius: float, ratio: Fraction) -> int | None:
    """The largest m with eps m < radius; None where that is too close to tell in floats."""
    count = -radius / math.log(ratio)
    return None if abs(count - round(count)) < _MARGIN else max(0, math.floor(count))


def _dp_fault(statement: Statement, number: int, rng: np.random.Generator) -> Witness:
    ratio, top, other = _pair(rng, number)
    radii = [_radius(statement[name], top, other) for name in ("first", "second")]
    if number % 2 == 0:
        radii.append(_radius(statement["binary"], top, other))
    for radius in radii:
        steps = _steps_below(radius, ratio)
        if steps is None:
            continue
        steps = min(steps, 5)
        for away in range(steps // 2 + 1):
            delta = (steps - away, -away)
            if not is_ahead(atoms(ratio, delta), top, other):
                return _said(ratio, top, other, delta)
    return None


def _trade_off_fault(statement: Statement, number: int, rng: np.random.Generator) -> Witness:
    ratio, mass = _fraction(rng, 0.2, 0.9), _fraction(rng, 0.05, 0.95)
    steps, kept = 1 + number % 4, mass
    for _ in range(steps):
        branches = (statement["lower"], statement["upper"])
        kept = max(_at(branch, {q: ratio, p: kept}) for branch in branches)
    for away in range(steps // 2 + 1):
        delta = (steps - away, away)
        found = least_after(atoms(ratio, delta), mass)
        if found < kept or (away == 0 and found != kept):
            return {"q": str(ratio), "p": str(mass), "delta": str(delta), "kept": str(found)}
    return None


def _lattice_fault(statement: Statement, number: int, rng: np.random.Generator) -> Witness:
    ratio, top, other = _pair(rng, number)
    levels = {level_a: level(ratio, top), level_b: level(ratio, min(other, 1 - top))}
    stated = max(0, math.ceil(_at(statement["steps"], levels)) - 1)
    found = most_steps(ratio, top, other)
    if found is not None and stated != found:
        return {**_said(ratio, top, other, found), "stated": str(stated)}
    for away in range(1, min(stated, 5) // 2 + 1):
        delta = (min(stated, 5) - away, away)
        if not is_ahead(atoms(ratio, delta), top, other):
            return _said(ratio, top, other, delta)
    return None


def _binary_fault(statement: Statement, number: int, rng: np.random.Generator) -> Witness:
    ratio, top = _fraction(rng, 0.3, 0.9), _fraction(rng, 0.52, 0.98)
    looser = 1 - top if number % 2 == 0 else min(top, 1 - top + Fraction(1, 50))
    stated = _steps_below(_radius(statement["binary"], top, looser), ratio)
    found = most_steps(ratio, top, looser)
    if stated is None or found is None or stated == found:
        return None
    return {**_said(ratio, top, looser, found), "stated": str(stated)}


def _shells(dim: int, largest: int) -> list[int]:
    """How many points of Z^dim have the l1 norm 0, 1, ..., largest."""
    counts = [1] + [0] * largest
    for _ in range(dim):
        sums = [0, *accumulate(counts)]
        counts = [counts[s] + 2 * sums[s] for s in range(largest + 1)]
    return counts


def _deterministic_fault(statement: Statement, number: int, rng: np.random.Generator) -> Witness:
    """Greedy shares of all points of Z^(d - 1), in the smallest dimension that is said to do."""
    ratio, wanted = _fraction(rng, 0.25, 0.9), 2 + number % 3
    atom = _at(statement["atom"], {classes: Fraction(wanted)})
    heaviest, dim = (1 - ratio) / (1 + ratio), 0
    while heaviest**dim > atom:
        dim += 1
    draws = [_fraction(rng, 0.01, 1) if number % 2 else Fraction(1) for _ in range(wanted)]
    lacking = [share / sum(draws) for share in draws]
    for norm, count in enumerate(_shells(dim, 20)):
        point = heaviest**dim * ratio**norm
        for _ in range(min(count, 40)):
            most = max(range(wanted), key=lacking.__getitem__)
            if point > lacking[most]:
                shown = {"q": str(ratio), "K": str(wanted), "d": str(dim + 1)}
                return {**shown, "shares": ", ".join(str(one / sum(draws)) for one in draws)}
            lacking[most] -= point
        if count > 40:
            break  # no lighter point may be placed before the rest of this norm
    return None


def _example_fault(statement: Statement, number: int, rng: np.random.Generator) -> Witness:
    """The example by SciPy's discrete Laplace law, summed over 200 points."""
    del number, rng
    rate, top, other, moved = (float(value) for value in statement["example"])
    grid, law = np.arange(-100, 101), stats.dlaplace(rate)
    is_a = (grid <= 0) & (grid != -moved)
    is_b = (grid >= 2) | (grid == -moved)
    before, after = law.pmf(grid), law.pmf(grid - 1)
    true = {
        "P(f(X) = cA) >= PA": before[is_a].sum() >= top,
        "P(f(X) = cB) <= PB": before[is_b].sum() <= other,
        "P(f(X) = cC) <= PB": before[~is_a & ~is_b].sum() <= other,
        "P(f(Y) = cB) > P(f(Y) = cA)": after[is_b].sum() > after[is_a].sum(),
        "R > h": _radius(statement["continuous"], Fraction(top), Fraction(other)) > rate,
        "PA >= 1 - 2 PB": top >= 1 - 2 * other,
    }
    false = [said for said, holds in true.items() if not holds]
    return {"false": "; ".join(false)} if false else None


def search(statement: Statement, *, seed: int) -> list[Evidence]:
    """Evidence on all parts: exact worst events in d = 1 and 2, greedy shares, SciPy's law."""
    rng = np.random.Generator(np.random.Philox(seed))
    exact = "rational q in [0.3, 0.9], d = 1 and 2, at most 12 steps, exact knapsack"
    parts = {
        "dp": (_dp_fault, f"24 pairs, {exact}", 24),
        "trade_off": (_trade_off_fault, f"16 masses, {exact}", 16),
        "lattice": (_lattice_fault, f"24 pairs, {exact}", 24),
        "deterministic": (_deterministic_fault, "24 sets of shares, K = 2, 3 and 4, greedy", 24),
        "binary_equal": (_binary_fault, f"24 PA, {exact}", 24),
        "continuous_fails": (_example_fault, "the example, SciPy's discrete Laplace law", 1),
    }
    return tried(statement, parts, rng)
