"""Whether a log's probability bounds are one-sided or two-sided, and the counts that they tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from l1cert.audit.log import Floats, Ints
from l1cert.audit.parameters import Parameters
from theory.binomial_tails import EXTREME
from theory.count_lattice import END_MARGIN, counts_between, least_counts, lower_bounds

#: half units that the arithmetic of a log may lose, the rounding of what it stores among them
TOLERANCE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Sidedness:
    """Which lattice a column of bounds lies on.

    Attributes
    ----------
    reading
        "one_sided" (level alpha) or "two_sided" (alpha/2) where every bound is within
        `TOLERANCE` half units of that lattice and some is not of the other; None where that is
        undecided.
    one_sided, two_sided
        The largest distance of a bound from each, in half units.
    counts
        The count of each bound where the reading is decided and one count alone is within
        `TOLERANCE` half units; -1 elsewhere. Shape (rows,).
    """

    reading: Literal["one_sided", "two_sided"] | None
    one_sided: float
    two_sided: float
    counts: Ints


def sidedness(bounds: Floats, half_unit: Floats, parameters: Parameters) -> Sidedness:
    """Whether bounds were computed at alpha or at alpha/2, and the counts that they belong to.

    Parameters
    ----------
    bounds
        Lower bounds on PA as the log has them, shape (rows,), in [0, 1].
    half_unit
        Half a unit of the last place of each, >= 0; 2^-39 of the bound where that is more.
    parameters
        What the log states.

    Returns
    -------
    Sidedness
        The distances are to nearest, up to 2^-39 of the bound.

    Raises
    ------
    ValueError
        For a bound outside [0, 1].

    Examples
    --------
    >>> run = Parameters.parse("uniform", sigma="0.5", num_samples=1000, alpha="0.01")
    >>> found = sidedness(np.array([0.55919, 0.99472]), np.full(2, 5e-6), run)
    >>> found.reading, found.counts
    ('two_sided', array([ 600, 1000]))
    """
    values, which = np.unique(np.asarray(bounds, np.float64), return_inverse=True)
    unit = np.zeros(values.size)
    np.maximum.at(unit, which, np.asarray(half_unit, np.float64))
    unit = np.maximum(np.maximum(unit, END_MARGIN * values), EXTREME)
    n, alpha = parameters.num_samples, float(parameters.alpha)
    worst = []
    for level in (alpha, alpha / 2):
        above = least_counts(values, n, alpha=level)
        around = np.stack([np.maximum(above - 1, 0), np.minimum(above, n)])
        distance = np.abs(lower_bounds(around, n, alpha=level) - values).min(axis=0) / unit
        worst.append(float(distance.max(initial=0.0)))
    near = [one <= TOLERANCE for one in worst]
    counts = np.full(values.size, -1, np.int64)
    if near[0] == near[1]:
        return Sidedness(None, worst[0], worst[1], counts[which])
    least, most = counts_between(
        np.maximum(values - TOLERANCE * unit, 0.0),
        np.minimum(values + TOLERANCE * unit, 1.0),
        n,
        alpha=alpha if near[0] else alpha / 2,
    )
    counts = np.where(least == most, least, -1)
    return Sidedness("one_sided" if near[0] else "two_sided", worst[0], worst[1], counts[which])
