"""Largest certified radii by SciPy: Beta quantiles for the bounds, distributions for the radii."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from theory.claim import Evidence, Statement
from theory.searches.findings import searched
from theory.searches.search import numeric_radius
from theory.symbols import p

SAMPLES, ALPHA = 100_000, 0.001

#: relative; 1 - p = 7e-5 has a rounding of 2e-12 of itself
_ROUNDING = 1e-9

Floats = NDArray[np.float64]
Witness = dict[str, str]

#: For lambda = 1, the law of which each radius is a quantile; Lecuyer's is that of a logistic law
_LAWS: Mapping[str, Any] = {
    "laplace": stats.laplace(),
    "lecuyer": stats.logistic(scale=0.5),
    "cohen": stats.norm(scale=math.sqrt(2)),
    "uniform": stats.uniform(-math.sqrt(6), 2 * math.sqrt(6)),
}


def lower_bounds(num_samples: int, alpha: float, *, last: int | None = None) -> Floats:
    """The one-sided Clopper-Pearson bounds from 0, 1, ..., n successes, by Beta quantiles.

    Parameters
    ----------
    num_samples, alpha : int, float
        n >= 1 and the significance in (0, 1).
    last : int, optional
        At most so many of the largest bounds are computed.

    Examples
    --------
    >>> lower_bounds(2, 0.25).round(6).tolist(), lower_bounds(2, 0.25, last=1).tolist()
    ([0.0, 0.133975, 0.5], [0.5])
    """
    first = 0 if last is None else max(0, num_samples + 1 - last)
    counts = np.arange(max(first, 1), num_samples + 1)
    bounds = stats.beta.ppf(alpha, counts, num_samples - counts + 1)
    return np.asarray(bounds if first else np.append(0.0, bounds))


def search_ceilings(statement: Statement, *, seed: int) -> list[Evidence]:
    """One piece of evidence for each part of `certified_accuracy_monotone`."""
    rng = np.random.Generator(np.random.Philox(seed))
    scope = f"n = {SAMPLES}, alpha = {ALPHA}, lambda = 0.01 to 100"
    parts: dict[str, tuple[str, Callable[[], Witness | None]]] = {
        "non_increasing": ("20 sets of 50 radii, 60 values of r", partial(_rises, statement, rng)),
        "tends_to_zero": (
            "8 pairs of n and alpha, the 1000 largest counts",
            partial(_above, statement),
        ),
    }
    for name in _LAWS:
        parts[f"ceiling_{name}"] = (scope, partial(_off, statement, name, rng))
    found = []
    for part, (where, fault) in parts.items():
        start = time.perf_counter()
        found.append(searched(part, where, "agrees", start=start, witness=fault()))
    return found


def _rises(statement: Statement, rng: np.random.Generator) -> Witness | None:
    """Two values of r between which the share of counted samples rises, ties of R_i included."""
    radius = numeric_radius(statement["laplace"], p_a=p)
    for _ in range(20):
        bounds = np.append(rng.uniform(0.5, 1, 48), rng.uniform(0, 0.5, 2))
        radii = np.array([radius(bound, 1 - bound, 1.0) for bound in bounds])
        correct = rng.integers(0, 2, 50)
        places = np.sort(np.append(rng.uniform(0, 5, 40), radii[:20]))
        met = radii[:, None] >= places
        if statement["counted"] != ">=":
            met = radii[:, None] <= places
        share = correct @ met / 50
        wrong = np.flatnonzero(np.diff(share) > 0)
        if len(wrong):
            low, high = places[wrong[0] : wrong[0] + 2].tolist()
            shares = share[wrong[0] : wrong[0] + 2].tolist()
            return {"r": repr(low), "r'": repr(high), "shares": repr(shares)}
    return None


def _above(statement: Statement) -> Witness | None:
    """A number of draws for which the bounds do not rise to the printed one, below 1."""
    radii = [numeric_radius(statement[name], p_a=p) for name in _LAWS]
    for num_samples in (1, 20, 1000, SAMPLES):
        for alpha in (ALPHA, 0.2):
            bounds = lower_bounds(num_samples, alpha, last=1001)
            stated = float(statement["bound"](alpha, num_samples))
            largest = float(bounds[-1])
            rising = bool((np.diff(bounds) > 0).all()) and largest < 1
            finite = all(math.isfinite(radius(largest, 1 - largest, 1.0)) for radius in radii)
            if not (rising and finite and math.isclose(stated, largest, rel_tol=_ROUNDING)):
                where = {"n": str(num_samples), "alpha": repr(alpha)}
                return {**where, "largest": repr(largest), "stated": repr(stated)}
    return None


def _off(statement: Statement, name: str, rng: np.random.Generator) -> Witness | None:
    """The quantile at the largest bound, if the radius or its bracket is somewhere else."""
    bound = float(stats.beta.ppf(ALPHA, SAMPLES, 1))
    scale = float(10 ** rng.uniform(-2, 2))
    quantile = float(_LAWS[name].isf(1 - bound))
    stated = numeric_radius(statement[name], p_a=p)(bound, 1 - bound, scale) / scale
    low, high = (float(end) for end in statement[f"{name}_ceiling"])
    near = math.isclose(stated, quantile, rel_tol=_ROUNDING)
    if near and low - _ROUNDING < quantile < high + _ROUNDING:
        return None
    found = {"p": repr(bound), "lambda": repr(scale), "bracket": f"({low}, {high})"}
    return {**found, "quantile/lambda": repr(quantile), "radius/lambda": repr(stated)}
