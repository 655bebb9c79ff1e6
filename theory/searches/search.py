"""Searches for a counterexample to a radius: many hard instances, each solved to its worst case."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import sympy as sp

from theory import symbols
from theory.claim import Evidence, Grade, Rung
from theory.neyman_pearson import confirm, grid_for, worst_case

#: radius(p_a, p_b, scale); p_b is 1 - p_a in the binary case
Radius = Callable[[float, float, float], float]

#: HiGHS works to 1e-7; a margin within this of zero is no counterexample yet
TOLERANCE = 1e-6

#: in units of the scale: farther than any radius of an instance, where 1 - PA >= 1e-6
FAR = 30.0


@dataclass(frozen=True, slots=True)
class Instance:
    """One place to look: probabilities, scale, fraction of the radius and direction of delta."""

    p_a: float
    p_b: float | None
    scale: float
    fraction: float
    direction: tuple[float, ...]  # l1 norm 1


def numeric_radius(expression: sp.Expr, *, p_a: sp.Symbol, p_b: sp.Symbol = symbols.p_b) -> Radius:
    """A radius given in the published symbols, as a function of floats for a search.

    >>> numeric_radius(symbols.lam * symbols.p_a, p_a=symbols.p_a)(0.75, 0.25, 2.0)
    1.5
    """
    compiled = sp.lambdify([p_a, p_b, symbols.lam], expression, modules="scipy")

    def radius(top: float, runner_up: float, scale: float) -> float:
        with np.errstate(divide="ignore"):
            return float(compiled(np.float64(top), np.float64(runner_up), np.float64(scale)))

    return radius


def instances(count: int, *, binary: bool, seed: int) -> list[Instance]:
    """Random instances, half of them at the hard ends.

    PA approaches 1/2 and 1 down to distances of 1e-6, PB approaches 0 and PA, the distance
    approaches the radius from below to one part in a thousand, delta lies on the axis or not.
    """
    rng = np.random.Generator(np.random.Philox(seed))
    chosen = []
    for number in range(count):
        near = 10.0 ** rng.uniform(-6, -0.4)
        p_a = [0.5 + near, 1.0 - near, rng.uniform(0.5, 1.0)][number % 3]
        p_b = None
        if not binary:
            p_a = [0.5 + near, 1.0 - near, rng.uniform(0.02, 0.5)][number % 3]
            p_b = p_a * [near, 1.0 - near, rng.uniform(0.02, 1.0)][(number // 3) % 3]
        mixed = rng.dirichlet([1.0, 1.0])
        direction = (1.0,) if number % 2 else (float(mixed[0]), 1.0 - float(mixed[0]))
        scale = 10.0 ** rng.uniform(-1, 1)
        fraction = 1.0 - 10.0 ** rng.uniform(-3, -0.1)
        chosen.append(Instance(float(p_a), p_b, float(scale), float(fraction), direction))
    return chosen


def search_radius(radius: Radius, *, binary: bool, seed: int, part: str) -> Evidence:
    """Look for a classifier that changes its prediction inside the radius.

    REFUTED with the first classifier that Arb confirms; CONSISTENT where none was found; UNDECIDED
    where there was nowhere to look, or where one was found and is not confirmed. An infinite
    radius is looked at from FAR scales away.
    """
    start = time.perf_counter()
    closest = np.inf
    tried = unconfirmed = 0
    for one in instances(48, binary=binary, seed=seed):
        p_b = 1.0 - one.p_a if one.p_b is None else one.p_b
        distance = one.fraction * min(radius(one.p_a, p_b, one.scale), FAR * one.scale)
        if not distance >= 0:
            continue
        tried += 1
        delta = tuple(distance * share for share in one.direction)
        marks = _half_space_marks(one.p_a, p_b, one.scale)
        grid = grid_for(delta, one.scale, marks)
        found = worst_case(grid, one.p_a, one.p_b)
        closest = min(closest, found.margin)
        exact_p_b = None if one.p_b is None else Fraction(one.p_b)
        if found.margin < -TOLERANCE:
            if confirm(grid, found, Fraction(one.p_a), exact_p_b):
                return _refuted(part, one, distance, found.margin, time.perf_counter() - start)
            unconfirmed += 1
    scope = f"{tried} instances in d = 1, 2 with PA within 1e-6 of 1/2 and of 1, r up to 0.999 R"
    seconds = time.perf_counter() - start
    if unconfirmed or not tried:
        detail = f"{unconfirmed} classifiers were found and not confirmed, in {tried} instances"
        return Evidence(Rung.SEARCH, Grade.UNDECIDED, part, None, scope, detail, seconds=seconds)
    detail = f"no grid classifier changes its prediction; smallest margin {closest:.3g}"
    return Evidence(Rung.SEARCH, Grade.CONSISTENT, part, True, scope, detail, seconds=seconds)


def search_tie(radius: Radius, *, part: str) -> Evidence:
    """Look whether the worst case at r = R exactly, on the axis, is a tie (or worse) in binary.

    One tie is enough to lose the closed ball; to keep it, every setting has to keep a margin.
    """
    start = time.perf_counter()
    worst: Mapping[str, str] | None = None
    scope = "binary, r = R on the axis, PA in {0.6, 0.75, 0.9, 0.99}, three scales"
    smallest = np.inf
    for p_a in (0.6, 0.75, 0.9, 0.99):
        for scale in (0.3, 1.0, 4.5):
            distance = radius(p_a, 1 - p_a, scale)
            grid = grid_for((distance,), scale, _half_space_marks(p_a, 1 - p_a, scale))
            margin = worst_case(grid, p_a).margin
            if margin < smallest:
                smallest = margin
                worst = {"PA": str(p_a), "scale": str(scale), "delta": f"({distance},)"}
    seconds = time.perf_counter() - start
    if smallest > TOLERANCE:
        detail = f"the worst case at r = R keeps a margin of {smallest:.3g} or more"
        return Evidence(Rung.SEARCH, Grade.CONSISTENT, part, True, scope, detail, seconds=seconds)
    detail = f"the worst case at r = R is a tie (or worse): margins down to {smallest:.1g}"
    return Evidence(
        Rung.SEARCH, Grade.CONSISTENT, part, False, scope, detail, witness=worst, seconds=seconds
    )


def _half_space_marks(p_a: float, p_b: float, scale: float) -> tuple[float, ...]:
    # breakpoints only say where the grid is fine; a wrong mark weakens the search, never biases it
    upper = scale * np.log(2 * p_a) if p_a < 0.5 else -scale * np.log(2 * (1 - p_a))
    lower = -scale * np.log(2 * p_b) if p_b < 0.5 else scale * np.log(2 * max(1 - p_b, 1e-300))
    return float(upper), float(lower)


def _refuted(part: str, one: Instance, distance: float, margin: float, seconds: float) -> Evidence:
    delta = tuple(distance * share for share in one.direction)
    witness = {
        "PA": repr(one.p_a),
        "PB": "1 - PA" if one.p_b is None else repr(one.p_b),
        "scale": repr(one.scale),
        "delta": repr(delta),
        "classifier": "cells of the grid, by linear programming, confirmed in Arb",
    }
    detail = f"a classifier changes its prediction inside the radius: margin {margin:.4g} < 0"
    scope = "the instance of the witness"
    return Evidence(
        Rung.SEARCH, Grade.REFUTED, part, False, scope, detail, witness=witness, seconds=seconds
    )
