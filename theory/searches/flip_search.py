"""Searches beyond a radius for a classifier that changes its prediction, instance by instance."""

from __future__ import annotations

import time
from fractions import Fraction

from scipy import stats

from theory.claim import Evidence
from theory.neyman_pearson import confirm, grid_for, worst_case
from theory.searches.findings import searched
from theory.searches.search import TOLERANCE, Instance, Radius, instances


def search_flips(radius: Radius, *, seed: int, part: str, count: int = 24) -> Evidence:
    """Look for an instance, two classes and r beyond the radius, that no grid classifier flips.

    Half of the way from the quantile of PA to r goes into keeping P(f(X) = cA) > PA strictly, so
    that the prediction at x is no tie. What HiGHS finds is confirmed in Arb. Parameters as for
    ``search_radius``; the radius is called with p_b = 1 - p_a.

    >>> import math
    >>> radius = lambda p_a, p_b, scale: -scale * math.log(2 * p_b)
    >>> search_flips(radius, seed=1, part="body", count=3).finding
    True
    """
    start = time.perf_counter()
    largest, tried = -1.0, 0
    for number, one in enumerate(instances(count, binary=True, seed=seed)):
        p_a = 0.5 if number % 6 == 0 else one.p_a
        distance = radius(p_a, 1.0 - p_a, one.scale) + (1.0 - one.fraction) * one.scale
        if distance <= 0.0:
            continue  # a mutant may ask for a perturbation of negative norm
        tried += 1
        delta = (distance,) if number % 2 else (distance, 0.0)
        margin = _worst_margin(p_a, one, delta)
        largest = max(largest, margin)
        if margin >= -TOLERANCE:
            witness = {"PA": repr(p_a), "scale": repr(one.scale), "delta": repr(delta)}
            said = f"no grid classifier flips: the margin stays at {margin:.4g}"
            return searched(part, "the instance of the witness", said, start=start, witness=witness)
    scope = (
        f"{tried} instances in d = 1, 2 with PA = 1/2 and within 1e-6 of 1/2 and of 1, r beyond "
        "the radius by 0.001 to 0.8 lambda"
    )
    said = f"all have a flipping classifier, confirmed in Arb; largest margin {largest:.3g}"
    return searched(part, scope, said, start=start)


def _worst_margin(p_a: float, one: Instance, delta: tuple[float, ...]) -> float:
    """The smallest P(f(Y) = cA) - P(f(Y) = cB) on a grid; 0 where Arb does not confirm it."""
    law = stats.laplace(scale=one.scale)
    edge = float(law.isf(1.0 - p_a))
    edge += max(delta[0] - edge, 0.0) / 2
    kept = max(float(law.cdf(edge)), p_a)
    grid = grid_for(delta, one.scale, (edge,))
    found = worst_case(grid, kept)
    strictly = (Fraction(p_a) + Fraction(kept)) / 2
    if found.margin < -TOLERANCE and not confirm(grid, found, strictly, None):
        return 0.0
    return found.margin
