"""Certified accuracy of two radii on random data sets, as eq. (3) of the paper counts it."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import stats

from theory.claim import Evidence
from theory.searches.findings import searched
from theory.searches.order_search import search_order
from theory.searches.search import Radius
from theory.symbols import lam, p_a, r

Floats = NDArray[np.float64]

#: the samples and the error rate of section 5.1
SAMPLES, ALPHA = 100_000, 0.001

#: 1 - PA is 7e-5 there, and carries the rounding of PA in doubles
_CEILING_ERROR = 1e-8

_c = sp.Symbol("c", positive=True)


def lower_bounds(counts: NDArray[np.int64]) -> Floats:
    """SciPy's one-sided Clopper-Pearson bounds of counts out of SAMPLES, at the rate ALPHA.

    >>> lower_bounds(np.array([0, 100_000])).round(6).tolist()
    [0.0, 0.999931]
    """
    bounds = stats.beta.ppf(ALPHA, np.maximum(counts, 1), SAMPLES - counts + 1)
    return np.where(counts > 0, bounds, 0.0)


def certified_accuracy(radii: Floats, correct: NDArray[np.bool_], r: float) -> float:
    """The share of inputs that are correct and have a radius of at least r (eq. (3)).

    >>> certified_accuracy(np.array([0.5, 1.0, -np.inf, 2.0]), np.array([1, 1, 1, 0], bool), 1.0)
    0.25
    """
    return float(np.mean(correct & (radii >= r)))


def search_curves(
    ours: Radius, theirs: Radius, *, seed: int, somewhere: str, never: str, count: int = 50
) -> list[Evidence]:
    """Random models on random data, certified twice: where ``ours`` is lower, or nowhere higher.

    Both accuracies are constant between two radii that some input has, so comparing them at every
    such radius compares them at every r > 0.

    Parameters
    ----------
    ours, theirs : radii of (PA, 1 - PA, scale); an input with PA < 1/2 has none.
    somewhere, never : the parts "higher at some r > 0" and "never lower".
    count : how many data sets; every tenth one has 150 inputs, the others 1 to 3.
    """
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    same = lower = None
    for number in range(count):
        size = int(rng.integers(1, 4)) if number % 10 else 150
        scale = float(10.0 ** rng.uniform(-1, 1))
        truth = rng.beta(rng.uniform(0.5, 3.0), rng.uniform(0.3, 1.5), size)
        bounds = lower_bounds(rng.binomial(SAMPLES, truth))
        correct = rng.random(size) < rng.uniform(0.0, 1.0)
        both = [_radii(radius, bounds, scale) for radius in (ours, theirs)]
        places = np.unique(np.concatenate([*both, [scale]]))
        places = places[(places > 0) & np.isfinite(places)]
        first, second = (
            np.array([certified_accuracy(radii, correct, r) for r in places]) for radii in both
        )
        if not (first > second).any():
            same = same or {
                "PA": repr(bounds.tolist()),
                "classified correctly": repr(correct.tolist()),
                "lambda": repr(scale),
                "r": repr(places.tolist()),
                "certified accuracy of ours at r": repr(first.tolist()),
                "of Lecuyer's": repr(second.tolist()),
            }
        for at in np.flatnonzero(first < second)[:1].tolist():
            lower = lower or {
                "r/lambda": repr(float(places[at]) / scale),
                "lambda": repr(scale),
                "certified accuracy of ours": repr(float(first[at])),
                "of Lecuyer's": repr(float(second[at])),
            }
    scope = f"{count} random models on 1 to 150 inputs, n = {SAMPLES}, alpha = {ALPHA}, every r > 0"
    compared = "certified accuracies from the same counts"
    return [
        searched(somewhere, scope, compared, start=start, witness=same),
        searched(never, scope, compared, start=start, witness=lower),
    ]


def search_ends(
    ends: Sequence[tuple[sp.Expr, sp.Expr]], *, seed: int, part: str, count: int = 150
) -> Evidence:
    """Each radius, in p_A, r and lambda, just above and below the PA from which it is at least r.

    >>> theorem_2 = (-lam * sp.log(2 * (1 - p_a)), 1 - sp.exp(-r / lam) / 2)
    >>> search_ends([theorem_2], seed=1, part="body", count=20).finding
    True
    """
    rng = np.random.Generator(np.random.Philox(seed))
    scale = 10.0 ** rng.uniform(-1, 1, count)
    points = {
        lam: scale,
        r: scale * 10.0 ** rng.uniform(-2, 1, count),
        _c: 10.0 ** rng.uniform(-9, -1, count),
    }
    scope = "r from 0.01 to 10 lambda, 1 - PA a relative 1e-9 to 0.1 from the ends"
    found = []
    for radius, end in ends:
        for lost, relation in (((1 - end) / (1 + _c), ">="), ((1 - end) * (1 + _c), "<")):
            margin = radius.subs(p_a, 1 - lost) - r
            found.append(search_order(margin, relation, points, part=part, scope=scope))
    return next((one for one in found if not one.finding), found[0])


def search_ceilings(
    brackets: Sequence[tuple[Radius, tuple[sp.Rational, sp.Rational]]], *, part: str
) -> Evidence:
    """Whether each radius in its scale, at SciPy's bound for SAMPLES of SAMPLES, is in its bracket.

    >>> import math
    >>> theorem_2 = lambda top, rest, scale: -scale * math.log(2 * rest)
    >>> search_ceilings([(theorem_2, (sp.Rational(8), sp.Rational(9)))], part="body").finding
    True
    """
    start = time.perf_counter()
    best = float(lower_bounds(np.array([SAMPLES]))[0])
    witness = None
    for radius, (low, high) in brackets:
        largest = radius(best, 1 - best, 1.0)
        if not float(low) - _CEILING_ERROR < largest < float(high) + _CEILING_ERROR:
            witness = {"bracket": f"({low}, {high})", "radius/lambda": repr(largest)}
    said = f"SciPy's bound of {SAMPLES} of {SAMPLES} is {best!r}"
    return searched(part, f"alpha = {ALPHA}", said, start=start, witness=witness)


def _radii(radius: Radius, bounds: Floats, scale: float) -> Floats:
    return np.array([radius(p, 1 - p, scale) if p >= 0.5 else -np.inf for p in bounds.tolist()])
