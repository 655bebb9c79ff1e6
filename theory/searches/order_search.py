"""Searches for a point at which one published formula is not above (or below) another.

Floats propose, 60 digits of mpmath dispose: a violation of the order that is seen in double
precision counts only if it is still there with 60 digits, at the exact value of the floats; and a
margin that is within rounding of zero is always looked at with 60 digits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import mpmath
import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Evidence, Grade, Rung

Floats = NDArray[np.float64]

_DIGITS = 60

#: far above the rounding of a difference of logarithms in doubles, for scales up to 100
_ROUNDING = 1e-12
_RELATIONS = (">", ">=", "<", "<=")


def near(point: float, *, above: bool, smallest: float, largest: float, count: int) -> Floats:
    """Floats that approach a point from one side, at logarithmically spaced distances.

    >>> near(0.5, above=False, smallest=0.01, largest=0.1, count=2).tolist()
    [0.49, 0.4]
    """
    distances = np.geomspace(smallest, largest, count)
    return np.asarray(point + distances if above else point - distances)


def search_order(
    difference: sp.Expr,
    relation: str,
    points: Mapping[sp.Symbol, Floats],
    *,
    part: str,
    scope: str,
    where: sp.Expr | None = None,
) -> Evidence:
    """Look for a point at which ``difference relation 0`` is false.

    Parameters
    ----------
    difference : a formula in the symbols of ``points``.
    relation : one of > >= < <=.
    points : for each symbol the values to try, arrays of one common length.
    where : the statement is only tried where this formula is positive (everywhere, if None); its
        sign is taken with 60 digits, as it may cancel at the ends of the domain.

    Returns REFUTED with the first violation that 60 digits confirm, else CONSISTENT. Raises
    ValueError for another relation.
    """
    if relation not in _RELATIONS:
        raise ValueError(f"relation {relation!r} is not one of {list(_RELATIONS)}")
    start = time.perf_counter()
    symbols = list(points)
    tried = [np.asarray(points[s], dtype=np.float64) for s in symbols]
    margin = _oriented(relation) * _floats(symbols, difference, tried)
    heard = np.isfinite(margin)
    if where is not None:
        heard &= _positive(symbols, where, tried)
    # a difference that doubles round up to a small positive one is suspect as well
    suspect = heard & (margin < _ROUNDING)
    violated = _exact_test(symbols, difference, relation)
    # the worst first; doubles cancel near a curve, so many suspects may be none
    for place in sorted(np.flatnonzero(suspect), key=lambda i: margin[i]):
        point = [float(values[place]) for values in tried]
        if violated(point):
            return Evidence(
                Rung.SEARCH,
                Grade.REFUTED,
                part,
                False,
                "the point of the witness",
                f"the difference is {_oriented(relation) * margin[place]:.4g} there",
                witness={str(s): str(Fraction(v)) for s, v in zip(symbols, point, strict=True)},
                seconds=time.perf_counter() - start,
            )
    clear = heard & ~suspect
    if not clear.any():
        return Evidence(Rung.SEARCH, Grade.UNDECIDED, part, None, scope, "no point was decided")
    return Evidence(
        Rung.SEARCH,
        Grade.CONSISTENT,
        part,
        True,
        f"{int(heard.sum())} points; {scope}",
        f"no violation; the {int(suspect.sum())} points at which doubles leave a margin below "
        f"{_ROUNDING:g} were recomputed with {_DIGITS} digits",
        seconds=time.perf_counter() - start,
    )


def _oriented(relation: str) -> float:
    return 1.0 if relation.startswith(">") else -1.0


def _floats(symbols: Sequence[sp.Symbol], expression: sp.Expr, tried: list[Floats]) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        values = sp.lambdify(symbols, expression, modules="numpy")(*tried)
    return np.broadcast_to(np.asarray(values, dtype=np.float64), tried[0].shape)


def _positive(
    symbols: Sequence[sp.Symbol], region: sp.Expr, tried: list[Floats]
) -> NDArray[np.bool_]:
    """At which of the floats the region's formula is positive, with 60 digits."""
    region_of = sp.lambdify(symbols, region, modules="mpmath", cse=True)
    with mpmath.workdps(_DIGITS + 20):  # a root divided by a small PA loses some of them
        noise = mpmath.mpf(10) ** (10 - _DIGITS)
        return np.array(
            [
                bool(region_of(*map(mpmath.mpf, point)) > noise)
                for point in np.stack(tried, axis=-1).tolist()
            ]
        )


def _exact_test(
    symbols: Sequence[sp.Symbol], difference: sp.Expr, relation: str
) -> Callable[[list[float]], bool]:
    """Whether the relation is false at the exact values of some floats, with 60 digits."""
    value_of = sp.lambdify(symbols, difference, modules="mpmath")

    def violated(point: list[float]) -> bool:
        with mpmath.workdps(_DIGITS):
            exact = [mpmath.mpf(value) for value in point]
            noise = mpmath.mpf(10) ** (10 - _DIGITS)
            oriented = _oriented(relation) * value_of(*exact)
            return bool(oriented < -noise or ("=" not in relation and oriented <= noise))

    return violated
