"""A search against what is said of uniform noise: worst classifiers, variances and radii."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import pairwise

import numpy as np
import sympy as sp
from scipy import integrate, optimize, stats

from theory.claim import Evidence, Statement
from theory.searches.findings import searched
from theory.searches.search import Radius
from theory.searches.worst_labels import TOLERANCE, least_mass
from theory.symbols import lam

#: what a root or a minimum in floats may miss of a bracket
_FLOATS = 1e-7


def search_uniform_radius(radius: Radius, rng: np.random.Generator, part: str) -> Evidence:
    """Grid classifiers at 0.999 and 1.001 of the radius; ``radius`` takes Lambda as its scale."""
    start, witness, closest = time.perf_counter(), None, np.inf
    for number, near in enumerate(10.0 ** rng.uniform(-5, -0.4, 30)):
        p_a = [0.5 + near, 1.0 - near, 0.75 - near / 2][number % 3]
        width, mixed = 10.0 ** rng.uniform(-1, 1), rng.uniform(0.0, 1.0)
        law = stats.uniform(loc=-width, scale=2 * width)
        beyond = number % 2 == 1
        distance = (1.001 if beyond else 0.999) * radius(p_a, 1 - p_a, width)
        shares = (1.0,) if beyond or number % 4 else (mixed, 1 - mixed)
        delta = tuple(distance * share for share in shares)
        margin = least_mass(law, p_a, delta, (float(law.ppf(p_a)),)) - 0.5
        closest = min(closest, abs(margin))
        wrong = margin > TOLERANCE * (1 - p_a) if beyond else margin < -TOLERANCE * (1 - p_a)
        if wrong:
            where = "beyond" if beyond else "within"
            witness = {"PA": repr(float(p_a)), "Lambda": repr(float(width)), where: repr(delta)}
            break
    scope = "30 instances in d = 1, 2, PA within 1e-5 of 1/2 and of 1"
    said = f"no grid classifier flips within, each flips beyond; smallest margin {closest:.2g}"
    return searched(part, scope, said, start=start, witness=witness)


def search_variance(width: sp.Expr, part: str) -> Evidence:
    """scipy's variance of the uniform law against a quadrature of the Laplace density."""
    start, witness, worst = time.perf_counter(), None, 0.0
    numeric = sp.lambdify([lam], width, modules="numpy")
    for scale in (0.02, 1.0, 37.0):
        law = stats.laplace(scale=scale)
        half, _ = integrate.quad(lambda t, law=law: t * t * law.pdf(t), 0.0, 60 * scale)
        reach = float(numeric(scale))
        ratio = float(stats.uniform(loc=-reach, scale=2 * reach).var() / (2 * half))
        worst = max(worst, abs(ratio - 1))
        if worst > 1e-8:
            witness = {"lambda": repr(scale), "variances, uniform : Laplace": repr(ratio)}
            break
    detail = f"by quadrature the ratio of the variances is 1 to within {worst:.1g}"
    return searched(part, "lambda in {0.02, 1, 37}", detail, start=start, witness=witness)


def search_order(
    statement: Statement, radii: Mapping[str, Radius], rng: np.random.Generator
) -> list[Evidence]:
    """Which radius is the largest at 900 values of PA, against the side of the stated crossings."""
    start = time.perf_counter()
    near = 10.0 ** rng.uniform(-7, np.log10(0.25), 300)
    places = np.concatenate([0.5 + near, 1 - near, rng.uniform(0.9, 0.97, 300)])
    scale = float(rng.uniform(0.2, 5.0))
    uniform, gaussian, laplace = (
        np.array([radii[name](at, 1 - at, scale) for at in places])
        for name in ("uniform", "cohen", "laplace")
    )
    ug, ul, gl = (float(statement[name][0]) for name in ("p_UG", "p_UL", "p_GL"))
    wrong_pair = (uniform > laplace) != (places < ul)
    largest = np.argmax([uniform, gaussian, laplace], axis=0)
    wrong_three = largest != np.where(places < ug, 0, np.where(places < gl, 1, 2))
    scope = "900 values of PA, down to 1e-7 from 1/2 and from 1"

    def one(part: str, wrong: np.ndarray, ends: tuple[float, ...]) -> Evidence:
        clear = wrong & np.all([abs(places - end) > 1e-6 for end in ends], axis=0)
        at = places[clear]
        witness = {"PA": repr(float(at[0])), "lambda": repr(scale)} if at.size else None
        found = ", ".join(f"{_root(radii, *pair):.9f}" for pair in _PAIRS[part])
        return searched(part, scope, f"crossings at PA = {found}", start=start, witness=witness)

    return [
        one("against_laplace", wrong_pair, (ul,)),
        one("three_intervals", wrong_three, (ug, gl)),
    ]


_PAIRS = {
    "against_laplace": [("uniform", "laplace")],
    "three_intervals": [("uniform", "cohen"), ("cohen", "laplace")],
}


def _root(radii: Mapping[str, Radius], first: str, second: str) -> float:
    gap = _difference(radii, first, second)
    if gap(0.9) * gap(0.99) > 0:
        return float("nan")
    return float(optimize.brentq(gap, 0.9, 0.99))


def _difference(radii: Mapping[str, Radius], first: str, second: str) -> Callable[[float], float]:
    def gap(at: float) -> float:
        return radii[first](at, 1 - at, 1.0) - radii[second](at, 1 - at, 1.0)

    return gap


def search_gains(statement: Statement, radii: Mapping[str, Radius], part: str) -> Evidence:
    """The largest differences by scipy's bounded search; Laplace's lead on the way to PA = 1."""
    start, witness, found = time.perf_counter(), None, []
    over_laplace, over_gaussian, over_ours = (
        _difference(radii, *pair)
        for pair in (("uniform", "laplace"), ("uniform", "cohen"), ("cohen", "laplace"))
    )

    def lead(at: float) -> float:
        return min(-over_gaussian(at), over_ours(at))

    for name, gap in (("gain_UL", over_laplace), ("gain_UG", over_gaussian), ("lead_G", lead)):
        bounds = (0.9334, 0.9535) if name == "lead_G" else (0.5, 0.93)
        best = optimize.minimize_scalar(
            lambda at, gap=gap: -gap(at), bounds=bounds, options={"xatol": 1e-10}
        )
        found.append(f"{name} = {-best.fun:.9f} at {best.x:.6f}")
        ends = [float(end) for end in statement[name]]
        low, high = ends if name == "lead_G" else (ends[0], ends[0])
        off = not low - _FLOATS < -best.fun < high + _FLOATS
        if name != "lead_G":
            off = off or abs(best.x - ends[1]) > 1e-4
        if off:
            witness = {name: f"{-best.fun:.12g} at PA = {best.x:.9g}"}
            break
    ahead = [min(-over_laplace(1 - q), -over_ours(1 - q)) for q in 10.0 ** -np.arange(2.0, 15.0)]
    if not all(nearer < closer for nearer, closer in pairwise(ahead)):
        witness = {"1 - PA": "from 1e-2 to 1e-14", "Laplace's lead": str(ahead)}
    said = f"{'; '.join(found)}; Laplace's lead is {ahead[-1]:.3g} lambda at 1 - PA = 1e-14"
    scope = "PA in (1/2, 1 - 1e-14)"
    return searched(part, scope, said, start=start, witness=witness)
