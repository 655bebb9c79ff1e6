"""The exact radius along an axis for noise that need not be log-concave: a scan, then bisection.

Tolerance: the margin is good to about 2e-13. For smooth densities at moderate probabilities the
radius is then good to 1e-11 relative (tested to 1e-9). It degrades as 1e-13 / (1 - short - other)
where that is small, and as 1e-13 over the slope of the margin where one probability is tiny and
the other is not; in the tail the density must be a float to 1e-300 (as `AxisLaw.reach` says).
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.optimize import brentq

from theory.conjectures.axis_law import AxisLaw
from theory.conjectures.level_sets import most_mass, rough_mass

__all__ = ["level_radius"]

_EPSILON = float(np.finfo(np.float64).eps)
_SCAN_POINTS = 12
# where the sum over whole cells is nearer to a change of sign than this, h is computed in full
_ROUGH = 0.02


def _margin(law: AxisLaw, r: float, short: float, other: float, rough: bool = False) -> float:
    """1 - h_r(short) - h_r(other); roughly, where it is far above 0, by sums over whole cells."""
    if rough and min(short, other) > 0.0:
        margin = 1.0 - rough_mass(law, r, short) - rough_mass(law, r, other)
        if margin > _ROUGH:
            return margin
    first = most_mass(law, r, short)
    return (1.0 - first) - (first if other == short else most_mass(law, r, other))


@lru_cache(maxsize=1 << 14)
def level_radius(law: AxisLaw, short: float, other: float) -> float:
    """The first r with 1 - h_r(short) - h_r(other) <= 0, for a law that need not be log-concave.

    A half-line is one choice of S, so the radius is at most the mean of the two quantiles; and
    h_r(q) is at most q plus the total variation distance, so it is at least the r at which that
    is (1 - short - other) / 2. Between the two the margin is taken on 12 points and two more an
    octave; where it does not fall from each to the next, on eight times as many. The first change
    of sign there is bisected: a margin that dips below 0 and returns between neighbours of a grid
    on which it falls is not looked for.

    Parameters
    ----------
    law : AxisLaw
        The noise at unit scale.
    short, other : float
        In [0, 1].

    Returns
    -------
    float
        To nearest, to the tolerance in the head of this module; 0 where short + other >= 1; inf
        where one of them is 0 and the support is unbounded.

    Examples
    --------
    >>> from scipy import stats
    >>> cauchy = stats.cauchy()
    >>> law = AxisLaw(cauchy.logpdf, cauchy.sf, cauchy.isf, np.inf)
    >>> round(level_radius(law, 0.1, 0.1), 8), round(float(cauchy.isf(0.1)), 8)  # half-lines: wrong
    (2.11474253, 3.07768354)
    """
    if short + other >= 1.0:
        return 0.0
    if min(short, other) <= 0.0 and law.half_support == np.inf:
        return np.inf
    most = 0.5 * float(law.inverse_survival(np.array([short, other])).sum())
    least = 2.0 * float(law.inverse_survival(np.array(0.25 * (1.0 + short + other))))
    if most == np.inf or not 0.0 < least < most:
        return most
    count = _SCAN_POINTS + 2 * math.ceil(math.log2(most / least))
    for finer in (1, 8):
        low, last = least, np.inf
        for high in np.geomspace(least, most, finer * count)[1:].tolist():
            margin = _margin(law, high, short, other, rough=True)
            # a rough margin is good to _ROUGH only, and those above it may be rough
            rises = margin > last + (1e-12 if last <= _ROUGH else _ROUGH)
            if rises and finer == 1:
                break
            if margin <= 0.0:
                return _crossing(law, short, other, low, high)
            low, last = high, margin
        else:
            return most
    return most


def _crossing(law: AxisLaw, short: float, other: float, low: float, high: float) -> float:
    def margin(r: float) -> float:
        return _margin(law, r, short, other)

    while margin(low) <= 0.0:  # where it was taken roughly
        low *= 0.75
    return float(brentq(margin, low, high, xtol=1e-15 * high, rtol=4.0 * _EPSILON))
