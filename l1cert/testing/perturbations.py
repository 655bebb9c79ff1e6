"""Perturbations of a wanted l1 norm: axis, diagonal, sparse and random directions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from numbers import Real
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from theory.parameters import describe, is_word, to_float_array, to_real

__all__ = ["KINDS", "exact_norm", "perturbations"]

#: axis: one coordinate; diagonal: all equal in size; sparse: some; random: all
KINDS = ("axis", "diagonal", "sparse", "random")

#: up to so many coordinates each one is drawn, and shrinks, by itself; beyond, one seed draws all
DRAWN = 16

#: a vector of more coordinates takes gigabytes
MOST_DIM = 10**8

#: weights of the coordinates are whole numbers up to here
_MOST_WEIGHT = 1 << 20


def exact_norm(delta: NDArray[np.float64]) -> Fraction:
    """The l1 norm of an array of floats, as the exact sum of the rationals that they store.

    >>> exact_norm(np.array([0.5, -0.25])), exact_norm(np.array([0.1])) == Fraction(1, 10)
    (Fraction(3, 4), False)
    """
    array = to_float_array("delta", delta)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise ValueError(f"delta = {describe(delta)}: legal are finite floats of shape (d,)")
    return sum((Fraction(abs(one)) for one in array.tolist()), Fraction(0))


def _floor(value: Fraction) -> float:
    """The largest float not above a number in [0, largest float]."""
    nearest = float(value)
    return nearest if Fraction(nearest) <= value else math.nextafter(nearest, -math.inf)


def _shared(norm: float, weights: Sequence[int]) -> list[float]:
    """Sizes in proportion to the weights, their exact sum in (norm - ulp(norm), norm]."""
    total, whole = sum(weights), Fraction(norm)
    sizes = [_floor(whole * weight / total) for weight in weights]
    # The largest coordinate takes what the others' rounding left.
    last = max(range(len(weights)), key=weights.__getitem__)
    sizes[last] = 0.0
    sizes[last] = _floor(whole - sum(map(Fraction, sizes)))
    return sizes


@st.composite
def _perturbation(
    draw: st.DrawFn, norm: float, dim: int, kinds: tuple[str, ...]
) -> NDArray[np.float64]:
    kind = draw(st.sampled_from(kinds))
    drawn = dim <= DRAWN
    rng = np.random.default_rng(0 if drawn else draw(st.integers(0, 2**32 - 1)))
    delta = np.zeros(dim)
    if kind == "axis":
        delta[draw(st.integers(0, dim - 1))] = norm
    elif kind == "diagonal":
        delta[:] = _floor(Fraction(norm) / dim)
    else:
        count = (
            dim if kind == "random" else draw(st.integers(min(2, max(1, dim - 1)), max(1, dim - 1)))
        )
        if drawn:
            weights = draw(st.lists(st.integers(1, _MOST_WEIGHT), min_size=count, max_size=count))
        else:
            weights = rng.integers(1, _MOST_WEIGHT, count, endpoint=True).tolist()
        delta[:count] = _shared(norm, weights)
        order = draw(st.permutations(range(dim))) if drawn else rng.permutation(dim)
        delta = delta[np.asarray(order)]
    if drawn:
        negative = np.array(draw(st.lists(st.booleans(), min_size=dim, max_size=dim)))
    else:
        negative = rng.random(dim) < 0.5
    return np.where(negative, 0.0 - delta, delta)


def perturbations(
    norm: float, dim: int, *, kinds: Sequence[str] = KINDS
) -> st.SearchStrategy[NDArray[np.float64]]:
    """Perturbations delta in R^dim of l1 norm `norm`, never above it, with random signs.

    The norm is the exact sum of the rationals that the floats store. It is `norm` itself on an
    axis, in (norm - ulp(norm), norm] for "sparse" and "random", and within 2 ulp(norm) below
    `norm` for "diagonal", whose coordinates are all of one size. Where entries are subnormal,
    dim 2^-1074 takes the place of the ulp.

    Parameters
    ----------
    norm : float
        The wanted norm, in [0, inf).
    dim : int
        At least 1.
    kinds : sequence of {"axis", "diagonal", "sparse", "random"}
        Directions: one coordinate; all of one size; from 2 to dim - 1 coordinates of random
        sizes (one if dim < 3); all of random sizes. Coordinates are permuted at random.

    Returns
    -------
    SearchStrategy
        Arrays of float64, shape (dim,). It shrinks towards the diagonal, the first
        coordinate, equal sizes and positive signs; beyond 16 coordinates one seed gives all.

    Raises
    ------
    ValueError
        For a norm outside [0, inf), a dimension below 1, no kind or an unknown one.

    Examples
    --------
    >>> from hypothesis import find
    >>> find(perturbations(0.3, 2, kinds=["axis"]), lambda delta: True)
    array([0.3, 0. ])
    >>> find(perturbations(0.3, 2, kinds=["diagonal"]), lambda delta: delta[1] < 0)
    array([ 0.15, -0.15])
    """
    size = to_real("norm", norm, "[0, inf)", lambda one: 0.0 <= one < math.inf)
    asked: Any = dim
    if not (isinstance(asked, Real) and 1 <= dim <= MOST_DIM and dim % 1 == 0):
        raise ValueError(f"dim = {describe(dim)} is no integer of at least 1, and at most 10^8")
    return _perturbation(size, int(dim), checked_kinds(kinds, KINDS))


def checked_kinds(kinds: Sequence[str], legal: Sequence[str]) -> tuple[str, ...]:
    """The kinds, one or more of the legal ones; a ValueError of one line otherwise.

    >>> checked_kinds(["axis"], KINDS)
    ('axis',)
    """
    listed = list(kinds) if isinstance(kinds, list | tuple) else []
    if not listed or not all(is_word(kind, legal) for kind in listed):
        raise ValueError(f"kinds = {describe(kinds)}: legal are one or more of {', '.join(legal)}")
    return tuple(listed)
