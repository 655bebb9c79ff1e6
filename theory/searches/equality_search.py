"""Searches for a point at which two formulas that are said to be equal are not."""

from __future__ import annotations

import time
from collections.abc import Mapping
from fractions import Fraction

import mpmath
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Evidence
from theory.searches.findings import searched

_DIGITS = 60


def search_equal(
    difference: sp.Expr,
    points: Mapping[sp.Symbol, NDArray[np.float64]],
    *,
    part: str,
    scope: str,
) -> Evidence:
    """Look for a point at which ``difference = 0`` is false, with 60 digits of mpmath.

    Parameters
    ----------
    difference : a formula in the symbols of ``points``.
    points : for each symbol the floats to try, arrays of one common length; each stands for the
        rational that it stores.

    Returns REFUTED with the first point at which the difference is not below 1e-50, relative to 1,
    else CONSISTENT.

    >>> x = sp.Symbol("x", positive=True)
    >>> points = {x: np.array([0.5, 3.0])}
    >>> search_equal(sp.log(x**2) - 2 * sp.log(x), points, part="body", scope="").grade.value
    'CONSISTENT'
    >>> search_equal(sp.log(x / 2), points, part="body", scope="").witness
    {'x': '1/2'}
    """
    start = time.perf_counter()
    value_of = sp.lambdify(list(points), difference, modules="mpmath")
    tried = np.stack(list(points.values()), axis=-1).tolist()
    largest = mpmath.mpf(0)
    with mpmath.workdps(_DIGITS):
        for point in tried:
            apart = abs(value_of(*map(mpmath.mpf, point)))
            largest = max(largest, apart)
            if not apart < mpmath.mpf(10) ** (10 - _DIGITS):
                witness = {str(s): str(Fraction(v)) for s, v in zip(points, point, strict=True)}
                said = f"the two sides differ by {mpmath.nstr(apart, 4)}"
                where = "the point of the witness"
                return searched(part, where, said, start=start, witness=witness)
    said = f"equal to {_DIGITS} digits: they differ by at most {mpmath.nstr(largest, 2)}"
    return searched(part, f"{len(tried)} points; {scope}", said, start=start)
