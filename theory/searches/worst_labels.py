"""The worst classifier of a grid for any noise of independent coordinates, by scipy and HiGHS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

Floats = NDArray[np.float64]

#: HiGHS works to 1e-7, on the mass that cA gives up in units of 1 - PA
TOLERANCE = 1e-6

_LEVELS = (0.02, 0.15, 0.35, 0.5, 0.65, 0.85, 0.98)


def least_mass(
    law: Any, p_a: float, delta: tuple[float, ...], marks: tuple[float, ...] = ()
) -> float:
    """The least P(f(Y) = cA) of a grid classifier with P(f(X) = cA) >= p_a, Y = X + delta.

    Parameters
    ----------
    law : frozen scipy distribution
        Of one coordinate of the noise.
    p_a : float
        In [0, 1).
    delta : tuple of float
        The perturbation, in as many dimensions as it has entries.
    marks : tuple of float
        Further breakpoints along the first coordinate, where a half-space is expected.

    Returns
    -------
    float
        Over all labels of the cells; no lower than the least over all classifiers, and equal to it
        where the cells hold the worst one.

    Examples
    --------
    >>> from scipy import stats
    >>> round(least_mass(stats.norm(), 0.5, (1.0,), (0.0,)), 6)  # Phi(-1)
    0.158655
    """
    before, after = np.ones(1), np.ones(1)
    for place, move in enumerate(delta):
        quantiles = law.ppf(_LEVELS)
        inner = [*quantiles, *(quantiles + move), *law.support(), *(np.add(law.support(), move))]
        inner += list(marks) if place == 0 else []
        edges = np.unique([-np.inf, *inner, np.inf])
        before = np.multiply.outer(before, _cells(law.cdf, law.sf, edges)).ravel()
        after = np.multiply.outer(after, _cells(law.cdf, law.sf, edges - move)).ravel()
    lost = 1.0 - p_a
    answer = linprog(-after, A_ub=[before / lost], b_ub=[1.0], bounds=(0.0, 1.0), method="highs")
    if not answer.success:
        raise ValueError(f"the linear program has no optimum: {answer.message}")
    return 1.0 - float(after @ np.clip(answer.x, 0.0, 1.0))


def _cells(
    cdf: Callable[[Floats], Floats], sf: Callable[[Floats], Floats], edges: Floats
) -> Floats:
    # differences in the nearer tail, so that far cells keep their digits
    return np.where(edges[1:] <= 0, np.diff(cdf(edges)), -np.diff(sf(edges)))
