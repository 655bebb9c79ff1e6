r"""The probability at which a certificate gives a radius: the radii solved for p_a, two classes.

With x = R/scale, p the top class's probability and p_b = 1 - p, each radius of
`theory.certificates` is a growing function of p, and

==================================  =============================  =================
`theorem_1`, `theorem_2`, `exact`   1 - p = e^(-x)/2               eq. (2)
`lecuyer`                           1 - p = 1/(1 + e^(2x))         Table 1
`cohen`                             1 - p = erfc(x/sqrt(2))/2      Table 1
`uniform`                           1 - p = (1 - x)/2, x <= 1      Yang et al. 2020
==================================  =============================  =================

The three Laplace radii agree with two classes: e^(-2R) = 4 q^2 <= 4 q (1 - q), so Theorem 1's new
term is its maximum. What is computed is q = 1 - p, which loses no digits however near p is to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from flint import arb, fmpq

from theory.arguments import FloatArray, parse_scale
from theory.exact import (
    FIRST_PRECISION,
    Exact,
    Surd,
    ceil_float,
    describe,
    floor_float,
    times_surd,
    to_fmpq,
    to_fraction,
    working_precision,
)
from theory.parameters import is_word, to_float_array
from theory.radius_formulas import Method


def needed_complement(
    method: Method, radius: Exact, *, scale: Exact | Surd, precision: int
) -> arb | None:
    """A ball around q = 1 - p, where p is the probability that gives the radius.

    Parameters
    ----------
    method : str
        "theorem_1", "new_term", "theorem_2", "exact", "lecuyer", "cohen" or "uniform", with two
        classes.
    radius : int, float, Decimal, Fraction or str
        R, in [0, inf).
    scale : int, float, Decimal, Fraction, str or Surd
        The method's own: lambda, sigma for "cohen", half_width for "uniform"; in (0, inf).
    precision : int
        Working precision in bits, in [2, 2^20].

    Returns
    -------
    arb or None
        Around a number in [0, 1/2]. R/scale (its square, for "cohen") costs log2 of it in bits of
        relative accuracy; where that is all of them, the ball is only a tiny one around 0. None
        where no probability gives the radius: "uniform" beyond half_width.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> needed_complement("theorem_2", 100, scale="0.5", precision=60).str(8, radius=False)
    '6.9194826e-88'
    >>> needed_complement("uniform", 3, scale=2, precision=60) is None
    True
    """
    length, size, radicand = parse_radius(method, radius, scale)
    if method == "uniform" and length**2 > size**2 * radicand:
        return None
    with working_precision(precision):
        return _complement(method, length, size, radicand)


def needed_probability(
    method: Method, radius: Exact, *, scale: Exact | Surd, precision: int
) -> arb | None:
    """A ball around the probability p that gives the radius with two classes.

    Parameters, errors and None are those of `needed_complement`; p is in [1/2, 1].

    Examples
    --------
    >>> needed_probability("theorem_2", "0.5", scale=1, precision=60).str(12, radius=False)
    '0.696734670144'
    >>> needed_probability("uniform", 1, scale=2, precision=60)
    0.750000000000000
    """
    length, size, radicand = parse_radius(method, radius, scale)
    if method == "uniform" and length**2 > size**2 * radicand:
        return None
    with working_precision(precision):
        return 1 - _complement(method, length, size, radicand)


def implied_probabilities(
    method: Method,
    radii: FloatArray,
    *,
    scale: Exact | Surd,
    half_unit: FloatArray | float | None = None,
) -> tuple[FloatArray, FloatArray]:
    """What a radius that was rounded tells of its probability: all p with R(p) in [r - h, r + h].

    R is two-class. Below p = 1/2 the formulas of "lecuyer", "cohen" and "uniform" go on and are
    odd, R(1 - p) = -R(p). The Laplace radii have no negative value: there an interval that lies
    below 0 says only that p is in [0, 1/2], and of one around 0 only the part from 0 on counts.

    Parameters
    ----------
    method, scale
        As for `needed_complement`.
    radii : array of floats
        r, any shape, without NaN. Infinity is p = 1, minus infinity p = 0 (Laplace: [0, 1/2]).
    half_unit : float or array of floats, optional
        h, in [0, inf), broadcast to the shape of `radii`; by default 0. Where r is infinite it is
        not looked at. r - h and r + h are formed exactly.

    Returns
    -------
    tuple of arrays of float64
        The ends of the closed interval, in [0, 1], each rounded outward and proved by Arb. A
        radius that no probability gives ("uniform" beyond half_width) is cut to p = 1 (p = 0
        below -half_width), so that an impossible one is [1, 1]: compare the radius itself.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> low, high = implied_probabilities(
    ...     "cohen", np.array([0.5, np.inf, -1.0]), scale="0.5", half_unit=0.0005
    ... )
    >>> low.round(6), high.round(6)
    (array([0.841103, 1.      , 0.022696]), array([0.841587, 1.      , 0.022804]))
    """
    _, size, radicand = parse_radius(method, 0, scale)
    values = to_float_array("radii", radii)
    halves = to_float_array("half_unit", 0 if half_unit is None else half_unit)
    try:
        halves = np.broadcast_to(halves, values.shape)
    except ValueError:
        legal = f"legal is one that broadcasts to that of radii, {values.shape}"
        raise ValueError(f"half_unit has shape {halves.shape}, {legal}") from None
    if np.isnan(values).any():
        raise ValueError("radii holds nan: legal are floats and infinities")
    infinite = np.isinf(values)
    outside = ~((halves >= 0) & (halves < np.inf)) & ~infinite
    if outside.any():
        raise ValueError(f"half_unit = {halves[outside][0]} is outside [0, inf)")
    pairs = np.column_stack([values.ravel(), np.where(infinite, 0.0, halves).ravel()])
    distinct, which = np.unique(pairs, axis=0, return_inverse=True)
    with working_precision(FIRST_PRECISION):
        ends = np.array(
            [_interval(method, r, h, size, radicand) for r, h in distinct.tolist()],
            dtype=np.float64,
        ).reshape(-1, 2)
    low, high = ends[which.ravel()].T.reshape(2, *values.shape)
    return low, high


def parse_radius(method: Method, radius: Exact, scale: Exact | Surd) -> tuple[fmpq, fmpq, int]:
    """The radius, and c and n of the scale c sqrt(n), once all are legal; or a ValueError.

    >>> parse_radius("cohen", "0.5", Surd(to_fraction(3), 2))
    (1/2, 3, 2)
    """
    if not is_word(method, _COMPLEMENTS):
        raise ValueError(f"method = {describe(method)} is none of {', '.join(_COMPLEMENTS)}")
    try:
        length = to_fraction(radius)
    except ValueError:
        length = None
    if length is None or length < 0:
        raise ValueError(f"radius = {describe(radius)} is outside [0, inf)")
    size, radicand = parse_scale("scale", scale)
    if isinstance(size, np.ndarray):
        raise ValueError("scale is an array: legal is a single exact number in (0, inf)")
    return to_fmpq(length), size, radicand


def _interval(
    method: Method, radius: float, half_unit: float, size: fmpq, radicand: int
) -> tuple[float, float]:
    if math.isinf(radius):
        above = radius > 0
        return float(above), float(above) if above or method in _ODD else 0.5
    r, h = fmpq(*radius.as_integer_ratio()), fmpq(*half_unit.as_integer_ratio())
    low, high = r - h, r + h
    if method not in _ODD and high < 0:
        return 0.0, 0.5
    if method not in _ODD:
        low = max(low, fmpq(0))
    # The sign of the radius says on which side of 1/2 its probability is, whatever the balls say.
    least, most = (_probability(method, end, size, radicand) for end in (low, high))
    lower = max(floor_float(least), 0.5 if low >= 0 else 0.0)
    return lower, min(ceil_float(most), 1.0 if high > 0 else 0.5)


def _probability(method: Method, radius: fmpq, size: fmpq, radicand: int) -> arb:
    if radius >= 0:
        return 1 - _complement(method, radius, size, radicand)
    return _complement(method, -radius, size, radicand)  # odd


def _complement(method: Method, radius: fmpq, size: fmpq, radicand: int) -> arb:
    """1 - p at a radius >= 0, at the precision in use; 0 where "uniform" cannot give it."""
    ratio = times_surd(radius, 1 / (size * radicand), radicand)
    return _COMPLEMENTS[method](ratio, radius**2 / (size**2 * radicand))


def _laplace(ratio: arb, _: fmpq) -> arb:
    return (-ratio).exp() / 2


def _lecuyer(ratio: arb, _: fmpq) -> arb:
    decay = (-2 * ratio).exp()  # not its inverse, which may exceed every ball
    return decay / (1 + decay)


def _cohen(ratio: arb, _: fmpq) -> arb:
    return (ratio / arb(2).sqrt()).erfc() / 2


def _uniform(ratio: arb, square: fmpq) -> arb:
    if square >= 1:
        return arb(0)
    return arb(1 - square) / (2 * (1 + ratio))  # 1 - x without cancelling: x^2 is rational


_COMPLEMENTS: Mapping[Method, Callable[[arb, fmpq], arb]] = MappingProxyType(
    {
        "theorem_1": _laplace,
        "new_term": _laplace,
        "theorem_2": _laplace,
        "exact": _laplace,
        "lecuyer": _lecuyer,
        "cohen": _cohen,
        "uniform": _uniform,
    }
)

#: the methods whose formula goes on below p = 1/2
_ODD = ("lecuyer", "cohen", "uniform")
