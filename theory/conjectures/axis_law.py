"""An even, unimodal law on the line in floats, and the sets of the worst classifier on an axis."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

__all__ = ["AxisLaw", "Floats", "Intervals", "WorstSets", "complement", "half_lines"]

Floats = NDArray[np.float64]
Intervals = tuple[tuple[float, float], ...]

# Of an interval that holds less than this share of the tail behind it, the mass is integrated:
# the difference of two survival functions would lose that many digits.
_THIN = 1e-3
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


@dataclass(frozen=True, eq=False)
class AxisLaw:
    """An even, unimodal law X on the line at unit scale.

    Parameters
    ----------
    log_pdf : callable
        The logarithm of the density at an array of x; -inf outside of the support.
    survival : callable
        P(X > x), relatively accurate in the upper tail.
    inverse_survival : callable
        Its inverse on [0, 1].
    half_support : float
        The end of the support, or inf.

    Examples
    --------
    >>> from theory.noise import Laplace
    >>> unit = Laplace(1.0)
    >>> law = AxisLaw(unit.log_density, unit.survival, unit.inverse_survival, np.inf)
    >>> law.mass(np.array(-1.0), np.array(1.0)).tolist()
    [0.6321205588285577]
    """

    log_pdf: Callable[[Floats], Floats]
    survival: Callable[[Floats], Floats]
    inverse_survival: Callable[[Floats], Floats]
    half_support: float

    def pdf(self, x: Floats) -> Floats:
        """The density at x.

        >>> AxisLaw(lambda x: -np.abs(x), abs, abs, np.inf).pdf(np.zeros(1)).tolist()
        [1.0]
        """
        with np.errstate(all="ignore"):
            return np.asarray(np.exp(self.log_pdf(x)))

    def mass(self, low: Floats, high: Floats, origin: float = 0.0) -> Floats:
        """P(low < X - origin < high) for arrays low <= high, also where that is far out and thin.

        Differences are taken in the nearer tail, and a thin interval is integrated by 16 points;
        its width is that of the arguments, even where it is below the spacing of the floats at
        the origin. The relative error is a few 1e-13 where the density is smooth on the interval.
        """
        low, high = np.broadcast_arrays(np.atleast_1d(low), np.atleast_1d(high))
        with np.errstate(invalid="ignore"):
            width, low, high = high - low, origin + low, origin + high
            mirror = low + high < 0.0
        near, far = np.where(mirror, -high, low), np.where(mirror, -low, high)
        inner, outer = self.survival(np.abs(near)), self.survival(far)
        found = np.where(near >= 0.0, inner - outer, (0.5 - inner) + (0.5 - outer))
        thin = (near > 0.0) & (found < _THIN * inner) & (width < np.inf) & (width > 0.0)
        if thin.any():
            half = 0.5 * width[thin]
            points = near[thin][:, None] + half[:, None] * (1.0 + _NODES)
            found[thin] = half * (self.pdf(points) @ _WEIGHTS)
        return np.maximum(found, 0.0)

    @cached_property
    def reach(self) -> float:
        """The x up to which `log_pdf` can be computed: at most the end of the support.

        A density of 0 beyond it is taken for the end of the support. Where `log_pdf` is the
        logarithm of a density that underflows, it stops at 1e-307, the last of the normal floats.
        """
        low, high = float(self.inverse_survival(np.array(0.25))), self.half_support
        with np.errstate(all="ignore"):
            if high < np.inf and np.isfinite(self.log_pdf(np.array(0.999999 * high))):
                return high
            high = min(high, 1e300)
            if np.isfinite(self.log_pdf(np.array(high))):
                return high
            for floor in (-np.inf, -706.9):
                inside, outside = low, high
                for _ in range(1100):
                    middle = float(np.sqrt(inside) * np.sqrt(outside))
                    if not inside < middle < outside:
                        break
                    found = float(self.log_pdf(np.array(middle)))
                    inside, outside = (middle, outside) if found > floor else (inside, middle)
                last = float(self.log_pdf(np.array(inside)))
                if not -746.0 < last < -744.0:
                    break
        return inside

    @cached_property
    def knots(self) -> Floats:
        """Ascending x >= 0 that leave little mass between neighbours, from 0 to far in the tail."""
        with np.errstate(all="ignore"):
            centre = 0.5 - np.concatenate([10.0 ** -np.arange(16.0, 2.0, -1.0), [0.005]])
            middle = 0.5 - np.linspace(0.01, 0.49, 97)
            tail = 10.0 ** -np.concatenate([np.arange(2.0, 12.0, 0.125), np.arange(12.0, 301.0, 4)])
            found = self.inverse_survival(np.concatenate([centre, middle, tail]))
            found = np.unique(np.append(found[np.isfinite(found)], 0.0))
            found = np.append(found, min(self.reach, 4.0 * found[-1]))
            return np.unique(found[(found >= 0.0) & (found <= self.reach)])


@dataclass(frozen=True)
class WorstSets:
    """The sets of the worst classifier along an axis, at a shift r: X is noise, Y = X + r.

    Parameters
    ----------
    shift : float
        The shift r.
    not_top : tuple of pairs
        The open intervals of x on which the top class is not answered, ascending.
    second : tuple of pairs
        Those of one other class, inside `not_top` where it has no more than the top class lacks.
    not_top_masses, second_masses : pair of float
        P(X in the set) and P(Y in the set). The first is what was asked for.
    margin : float
        P(Y outside of not_top) - P(Y in second), to about 1e-13.
    """

    shift: float
    not_top: Intervals
    second: Intervals
    not_top_masses: tuple[float, float]
    second_masses: tuple[float, float]
    margin: float


def complement(
    intervals: Iterable[tuple[float, float]], low: float = -np.inf, high: float = np.inf
) -> list[tuple[float, float]]:
    """What disjoint ascending intervals leave of (low, high).

    >>> complement([(0.0, 1.0)], -1.0)
    [(-1.0, 0.0), (1.0, inf)]
    """
    cuts = [low, *(min(max(end, low), high) for pair in intervals for end in pair), high]
    return [(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=True) if a < b]


def half_lines(law: AxisLaw, r: float, short: float, other: float) -> WorstSets:
    """The worst sets of a log-concave law: x > Q(short) and x > Q(other), Q the inverse survival.

    Examples
    --------
    >>> from theory.noise import Uniform
    >>> unit = Uniform(1.0)
    >>> law = AxisLaw(unit.log_density, unit.survival, unit.inverse_survival, 1.0)
    >>> half_lines(law, 1.0, 0.25, 0.25).not_top_masses
    (0.25, 0.75)
    """
    edges = law.inverse_survival(np.array([short, other]))
    moved = law.survival(edges - r).tolist()
    not_top, second = ((() if e == np.inf else ((e, np.inf),)) for e in edges.tolist())
    margin = (1.0 - moved[0]) - moved[1]
    return WorstSets(r, not_top, second, (short, moved[0]), (other, moved[1]), margin)
