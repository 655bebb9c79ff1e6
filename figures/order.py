"""Which of two curves is above the other, and where that changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise

import numpy as np

from figures.data import Column


def crossings(difference: Callable[[float], float], at: Column, values: Column) -> Column:
    """Return where a difference of two curves changes its sign, to the last digits of floats.

    Parameters
    ----------
    difference : callable
        A continuous function of one float.
    at : array of float, shape (n,)
        Increasing points of its domain.
    values : array of float, shape (n,)
        The difference there. A zero where the sign is the same on both sides is no crossing.

    Returns
    -------
    array of float, shape (k,)
        One root between any two neighbours of opposite signs, in increasing order.

    Examples
    --------
    >>> at = np.array([0.0, 1.0, 3.0])
    >>> crossings(lambda x: x * (x - 2), at, at * (at - 2)).tolist()
    [2.0]
    """
    from scipy.optimize import brentq

    signed = np.flatnonzero(values)
    signs = np.sign(values[signed])
    ends = [(at[signed[k]], at[signed[k + 1]]) for k in np.flatnonzero(signs[1:] != signs[:-1])]
    tightest = 4 * np.finfo(np.float64).eps
    return np.array(
        [brentq(difference, low, high, xtol=1e-300, rtol=tightest) for low, high in ends],
        dtype=np.float64,
    )


def leaders(
    p_a: Column, radii: Mapping[str, Column], changes: Iterable[float], *, digits: int = 6
) -> list[str]:
    """Return which radius is the largest between any two changes of the order, in words.

    Parameters
    ----------
    p_a : array of float, shape (n,)
        In [1/2, 1).
    radii : mapping of str to array of float, shape (n,)
        By the names to say; the first of several equal ones counts.
    changes : iterable of float
        Where the order changes, increasing.
    digits : int
        Of the changes.

    Examples
    --------
    >>> p_a = np.array([0.6, 0.9])
    >>> leaders(p_a, {"this": p_a, "that": np.array([0.7, 0.8])}, [0.75])
    ['that for 1/2 < PA < 0.75', 'this for 0.75 < PA < 1']
    """
    best = np.array([*radii.values()]).argmax(axis=0)
    marks = [(0.5, "1/2"), *((p, f"{p:.{digits}g}") for p in changes), (1.0, "1")]
    said = []
    for (low, first), (high, last) in pairwise(marks):
        inside = (p_a > low) & (p_a < high)
        names = [[*radii][k] for k in dict.fromkeys(best[inside].tolist())]
        said.append(f"{' or '.join(names)} for {first} < PA < {last}")
    return said


def plainest(at: Column, deficit: Column) -> int | None:
    """Return the index of the witness to show where a deficit is positive; None if nowhere is.

    It is a point with the fewest digits, and of those the one with the largest deficit.

    Examples
    --------
    >>> plainest(np.array([0.8, 0.85, 0.9]), np.array([0.1, 0.4, 0.2]))
    2
    """
    places = np.flatnonzero(deficit > 0).tolist()
    short = [(len(repr(float(at[k]))), -float(deficit[k]), k) for k in places]
    return min(short)[2] if short else None
