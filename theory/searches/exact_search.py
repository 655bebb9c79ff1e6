"""Searches about the exact multi-class radius: linear programs on grids, SciPy's quantiles.

A radius is given by its pieces, ``low`` (PA <= 1/2), ``across`` (PB <= 1 - PA <= 1/2) and
``beyond`` (PB >= 1 - PA), in the published symbols.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from fractions import Fraction

import mpmath
import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import optimize, stats

from theory.claim import Evidence
from theory.neyman_pearson import confirm, grid_for, worst_case
from theory.searches.findings import searched
from theory.searches.search import TOLERANCE, Radius, instances, numeric_radius
from theory.symbols import lam, p_a, p_b

Pieces = Mapping[str, sp.Expr]
Floats = NDArray[np.float64]


def exact_radius(pieces: Pieces) -> Radius:
    """The radius as a function of floats, by the piece in which PA and PB lie.

    >>> exact_radius({name: lam * n for n, name in enumerate(("low", "across", "beyond"))})(
    ...     0.75, 0.5, 1.0
    ... )
    2.0
    """
    of = {name: numeric_radius(pieces[name], p_a=p_a) for name in ("low", "across", "beyond")}

    def radius(top: float, runner_up: float, scale: float) -> float:
        if top <= 0.5:
            return of["low"](top, runner_up, scale)
        return of["across" if runner_up <= 1.0 - top else "beyond"](top, runner_up, scale)

    return radius


def pairs(count: int, *, seed: int) -> tuple[Floats, Floats]:
    """Random PA and PB <= PA, close to every edge of the triangle, down to distances of 1e-9.

    >>> top, runner_up = pairs(4, seed=1)
    >>> bool(np.all(runner_up <= top)), len(top)
    (True, 16)
    """
    rng = np.random.Generator(np.random.Philox(seed))
    near = 10.0 ** rng.uniform(-9, -0.31, count)
    top = np.concatenate([near, 1 - near, 0.5 + near / 2, rng.uniform(0.01, 0.99, count)])
    share = 10.0 ** rng.uniform(-9, 0, len(top))
    kind = rng.integers(0, 3, len(top))
    beside = np.where(top > 0.5, (1 - top) * (1 - share), top * (1 - share))
    return top, np.choose(kind, [top * share, top * (1 - share), beside])


def search_beyond(radius: Radius, *, part: str, seed: int) -> Evidence:
    """Whether just beyond the radius, on a signed axis, some classifier puts cB ahead of cA.

    Every hypothesis is kept; the classifier is confirmed in Arb.
    """
    start = time.perf_counter()
    witness: dict[str, str] | None = None
    tried = 0
    for number, one in enumerate(instances(24, binary=False, seed=seed + 2)):
        runner_up = one.p_b or 0.0
        distance = radius(one.p_a, runner_up, one.scale)
        if not math.isfinite(distance):
            continue
        step = 0.01 + 0.2 * (1 - one.fraction)
        distance = max(distance, 0.0) + step * one.scale
        delta = (distance,) if number % 2 else (distance, 0.0)
        capped = min(runner_up, 1.0 - one.p_a)
        law = stats.laplace(scale=one.scale)
        top = float(law.ppf(one.p_a) if one.p_a < 0.5 else law.isf(1.0 - one.p_a))
        grid = grid_for(delta, one.scale, (top, -float(law.ppf(capped))))
        found = worst_case(grid, one.p_a, runner_up)
        tried += 1
        lost = found.margin < -TOLERANCE * one.p_a
        if lost and confirm(grid, found, Fraction(one.p_a), Fraction(runner_up)):
            continue
        place = {"PA": one.p_a, "PB": runner_up, "scale": one.scale, "r": distance}
        witness = witness or {name: repr(value) for name, value in place.items()}
    scope = f"{tried} instances in d = 1, 2, r - R from 0.01 to 0.2 lambda"
    detail = "beyond the radius cB is ahead for some classifier, confirmed in Arb"
    return searched(part, scope, detail, start=start, witness=witness)


def search_classes(further: sp.Expr, *, part: str, seed: int) -> Evidence:
    """Whether ceil(further) classes besides cA and cB, and no fewer, make up the whole mass."""
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    witness: dict[str, str] | None = None
    stated = sp.lambdify([p_a, p_b], further, modules="math")
    for denominator in rng.integers(3, 400, size=200).tolist():
        above = int(rng.integers(1, denominator))
        below = int(rng.integers(1, min(above, denominator - above) + 1))
        top, runner_up = Fraction(above, denominator), Fraction(below, denominator)
        needed = 0
        while above + (1 + needed) * below < denominator:
            needed += 1
        said = math.ceil(stated(top, runner_up))
        if said != needed and witness is None:
            place = {"PA": top, "PB": runner_up, "needed": needed, "stated": said}
            witness = {name: str(value) for name, value in place.items()}
    scope = "200 rational pairs PB <= min(PA, 1 - PA) with denominators up to 400"
    detail = "the number of classes, counted one by one"
    return searched(part, scope, detail, start=start, witness=witness)


def search_order_of_terms(
    first: sp.Expr, second: sp.Expr, radius: Radius, *, parts: tuple[str, str], seed: int
) -> list[Evidence]:
    """Whether no term exceeds the radius, and where exactly the radius is the larger one.

    The second part says: strictly larger exactly where PA > 1/2 and PB is not 1 - PA.
    """
    start = time.perf_counter()
    top, runner_up = pairs(500, seed=seed)
    scale = 2.5
    terms = [numeric_radius(term, p_a=p_a) for term in (first, second)]
    below: dict[str, str] | None = None
    wrong: dict[str, str] | None = None
    for a, b in zip(top.tolist(), runner_up.tolist(), strict=True):
        exact, old = radius(a, b, scale), max(term(a, b, scale) for term in terms)
        place = {"PA": a, "PB": b, "lambda": scale, "radius": exact, "Theorem 1": old}
        slack = 1e-7 * scale
        if old > exact + slack:
            below = below or {name: repr(value) for name, value in place.items()}
        clear = a > 0.5 + 1e-3 and abs(b - (1 - a)) > 0.02 * (1 - a)
        equal = a <= 0.5 or b == 1 - a
        if (clear and exact <= old) or (equal and abs(exact - old) > slack):
            wrong = wrong or {name: repr(value) for name, value in place.items()}
    scope = f"{len(top)} pairs PB <= PA, down to 1e-9 from every edge"
    never, strictly = parts
    return [
        searched(never, scope, "no term exceeds the radius", start=start, witness=below),
        searched(strictly, scope, "larger inside and equal outside", start=start, witness=wrong),
    ]


def search_gain(
    first: sp.Expr, second: sp.Expr, pieces: Pieces, gain: sp.Expr, *, part: str, seed: int
) -> Evidence:
    """The largest ratio of the radius to Theorem 1 on PA + PB <= 1, by SciPy and mpmath.

    SciPy maximises it over 1 - PA and PB/(1 - PA), down to 1e-150; mpmath follows the curve on
    which both terms agree down to 1 - PA = 10^-10000000.
    """
    start = time.perf_counter()
    a, t = sp.symbols("a t", positive=True)
    place = {p_a: 1 - a, p_b: a * t, lam: sp.Integer(1)}
    radius, *terms = (
        sp.lambdify([a, t], sp.expand_log(one.subs(place, simultaneous=True), force=True))
        for one in (pieces["across"], first, second)
    )

    def ratio(point: Floats) -> float:
        here, share = (10.0 ** -min(abs(power), 150.0) for power in point.tolist())
        here /= 2
        return float(radius(here, share) / max(term(here, share) for term in terms))

    rng = np.random.Generator(np.random.Philox(seed))
    largest = 0.0
    for begin in rng.uniform([0.05, 0.05], [40, 40], size=(12, 2)):
        found = optimize.minimize(
            lambda point: -ratio(point), begin, method="Nelder-Mead", options={"maxiter": 80}
        )
        largest = max(largest, -float(found.fun))
    curve = {p_a: 1 - a, p_b: a**2 / (1 - a), lam: sp.Integer(1)}
    exact, term = (
        sp.lambdify(
            [a],
            sp.expand_log(one.subs(curve, simultaneous=True), force=True),
            modules="mpmath",
        )
        for one in (pieces["across"], first)
    )
    with mpmath.workdps(40):
        far = mpmath.mpf(10) ** -(10**7)
        approached = float(exact(far) / term(far))
    stated = float(gain)
    witness = None
    if largest > stated + 1e-9 or not stated - 1e-7 < approached < stated + 1e-9:
        witness = {"largest ratio": repr(largest), "on the curve": repr(approached)}
    scope = "1 - PA and PB/(1 - PA) down to 1e-150; the curve PB = (1 - PA)^2/PA"
    detail = f"largest ratio {largest:.6f}; {approached:.9f} at 1 - PA = 10^-10000000"
    return searched(part, scope, detail, start=start, witness=witness)


def search_unbounded(
    first: sp.Expr, second: sp.Expr, radius: Radius, *, part: str, seed: int
) -> Evidence:
    """Whether the ratio exceeds every power of ten as PB -> PA > 1/2."""
    start = time.perf_counter()
    terms = [numeric_radius(term, p_a=p_a) for term in (first, second)]
    rng = np.random.Generator(np.random.Philox(seed))
    witness: dict[str, str] | None = None
    for top in rng.uniform(0.55, 0.999, 40).tolist():
        for power in range(2, 9):
            runner_up = top * (1 - 10.0 ** -(power + 1))
            old = max(term(top, runner_up, 1.0) for term in terms)
            ratio = radius(top, runner_up, 1.0) / old
            # the terms are about 10^-(power + 1) there, the radius at least 0.1
            if not ratio > 10.0 ** (power - 1):
                witness = witness or {"PA": repr(top), "PB": repr(runner_up), "ratio": repr(ratio)}
    scope = "40 values of PA from 0.55 to 0.999, PB/PA up to 1 - 1e-9"
    return searched(part, scope, "the ratio grows like 1/(PA - PB)", start=start, witness=witness)
