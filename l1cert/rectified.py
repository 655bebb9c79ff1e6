"""The rectified optional parameter space at a point: how much noise keeps its certificate."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from flint import arb

from theory.exact import Exact, decimal_enclosure, describe, to_fraction
from theory.rops import gaussian_supremum_ball, laplace_supremum_ball

__all__ = ["Rops", "rops"]

#: lower and upper bound, as decimals
Enclosure: TypeAlias = tuple[str, str]

_DIGITS = 30
_FIRST_BITS, _MOST_BITS = 128, 1 << 16


@dataclass(frozen=True, slots=True)
class Rops:
    """The suprema of the standard deviations that certify a radius at a point.

    Each is an interval that is proved to contain sqrt(2) sup lambda or sup sigma, or None where no
    noise certifies the radius.
    """

    x: str
    radius: str
    laplace: Enclosure | None
    gaussian: Enclosure | None

    def as_json(self) -> dict[str, Any]:
        """Return the enclosures as decimal strings, null where the ROPS is empty.

        >>> rops("0.3", radius="0.7").as_json()["laplace"]
        {'enclosure': None}
        """
        return {
            "x": self.x,
            "radius": self.radius,
            "laplace": {"enclosure": None if self.laplace is None else [*self.laplace]},
            "gaussian": {"enclosure": None if self.gaussian is None else [*self.gaussian]},
        }


def rops(x: Exact, *, radius: Exact = 0) -> Rops:
    r"""Enclose the largest noise that certifies a radius at a point, Laplace and Gaussian.

    The base classifier on the line is cA on ``|x| <= 1`` and cB elsewhere; PA is the probability
    that noise leaves x there, and a radius r is certified where

    .. math:: -\lambda\log[2(1-P_A)] \ge r, \qquad \sigma\,\Phi^{-1}(P_A) \ge r

    Appendix D, Figures 10 (r = 0) and 11 (x = 0.3). The noises that certify r have a supremum, at
    which equality holds; it falls in r and vanishes at r = 1 - |x|.

    Parameters
    ----------
    x : int, float, Decimal, Fraction or str
        The point, an exact number in (-1, 1).
    radius : int, float, Decimal, Fraction or str
        An exact number in [0, inf), in the unit of x. From 1 - |x| on nothing certifies it.

    Returns
    -------
    Rops
        Standard deviations in the unit of x, sqrt(2) lambda and sigma, each between two decimals of
        30 digits, rounded outward.

    Raises
    ------
    ValueError
        If an input is outside its domain.

    Examples
    --------
    >>> found = rops("0.3", radius="0.490032906")
    >>> found.laplace[0][:12], found.gaussian[0][:12]
    ('0.9014626515', '0.9014626513')
    """
    place, reach = to_fraction(x), to_fraction(radius)
    if abs(place) >= 1:
        raise ValueError(f"x = {describe(x)} is outside (-1, 1)")
    if reach < 0:
        raise ValueError(f"radius = {describe(radius)} is outside [0, inf)")
    words = str(x), str(radius)
    if reach >= 1 - abs(place):
        return Rops(*words, None, None)
    laplace, gaussian = (
        _decimals(partial(supremum, place, radius=reach))
        for supremum in (laplace_supremum_ball, gaussian_supremum_ball)
    )
    return Rops(*words, laplace, gaussian)


def _decimals(ball: Callable[..., arb]) -> Enclosure:
    """Decimals around a ball that is sharp enough; near r = 1 - x that takes more bits."""
    bits = _FIRST_BITS
    while True:
        found = ball(precision=bits)
        if found.rel_accuracy_bits() > 100 or bits >= _MOST_BITS:
            return decimal_enclosure(found, _DIGITS)
        bits *= 2
