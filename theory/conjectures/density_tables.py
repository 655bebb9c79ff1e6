"""P(X > x) of an even density in floats: Gauss-Legendre panels, summed from the tail inwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from theory.conjectures.axis_law import Floats

__all__ = ["TailTable"]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(20)
_EPSILON = float(np.finfo(np.float64).eps)
_SMALLEST = 1e-305
_OCTAVES = np.arange(-60.0, 1001.0)
_MOST_PANELS = 2000
_ROUGH_DENSITY = "noise has a density that is not piecewise smooth to 1e-8, legal is one that is"


def _integrals(log_pdf: Callable[[Floats], Floats], low: Floats, high: Floats) -> Floats:
    half = 0.5 * (high - low)
    points = low[:, None] + half[:, None] * (1.0 + _NODES)
    with np.errstate(all="ignore"):
        # the width goes into the exponent: far out the density alone would underflow
        logs = log_pdf(points.ravel()).reshape(points.shape) + np.log(half)[:, None]
        return np.asarray(np.exp(logs) @ _WEIGHTS)


@dataclass(frozen=True, eq=False)
class TailTable:
    """The integrals of a density over panels of [0, end), and of all that lies beyond each.

    Parameters
    ----------
    log_pdf : callable
        The logarithm of the density at an array of x >= 0.
    edges : array
        The ends of the panels, ascending from 0.
    beyond : array
        The integral of the density from each edge to infinity.

    Examples
    --------
    >>> table = TailTable.of(lambda x: -x - np.log(2), np.inf)
    >>> bool(abs(table.survival(np.array(600.0)) / (np.exp(-600.0) / 2) - 1) < 1e-12)
    True
    """

    log_pdf: Callable[[Floats], Floats]
    edges: Floats
    beyond: Floats

    @classmethod
    def of(cls, log_pdf: Callable[[Floats], Floats], half_support: float) -> TailTable:
        """The table of a density: panels are halved until their integral is that of their halves.

        Good to 1e-13 relative in every panel, and to the spacing of the floats about a jump. What
        lies beyond 2^1000, or holds less than 1e-305 of it, is not counted.
        """
        edges = np.append(0.0, 2.0**_OCTAVES)
        edges = np.append(edges[edges < half_support], min(half_support, 2.0**1000))
        low, high = edges[:-1], edges[1:]
        whole = _integrals(log_pdf, low, high)
        done: list[Floats] = []
        allowed = 1e-13
        for _ in range(70):
            middle = 0.5 * (low + high)
            left, right = _integrals(log_pdf, low, middle), _integrals(log_pdf, middle, high)
            with np.errstate(all="ignore"):
                log_density = np.log(whole) - np.log(high - low)
                noise = allowed + 8.0 * _EPSILON * np.abs(log_density)
                close = np.abs(left + right - whole) <= noise * whole
            close |= (np.maximum(whole, left + right) <= _SMALLEST) | (high - low <= 1e-15 * high)
            done.append(np.stack([low[close], high[close], (left + right)[close]]))
            if close.all():
                break
            if np.count_nonzero(~close) > _MOST_PANELS:
                allowed *= 10.0  # the function itself is not better than that
            if allowed > 1e-8:
                raise ValueError(_ROUGH_DENSITY)
            low = np.concatenate([low[~close], middle[~close]])
            high = np.concatenate([middle[~close], high[~close]])
            whole = np.concatenate([left[~close], right[~close]])
        table = np.concatenate(done, axis=1)
        table = table[:, np.argsort(table[0])]
        beyond = np.append(np.cumsum(table[2][::-1])[::-1], 0.0)
        last = int(np.count_nonzero(beyond > 0.0)) + 1
        return cls(log_pdf, np.append(table[0], table[1][-1])[:last], beyond[:last])

    @property
    def total(self) -> float:
        """The integral of the density over the line.

        >>> round(TailTable.of(lambda x: -x, np.inf).total, 12)
        2.0
        """
        return 2.0 * float(self.beyond[0])

    def second_moment(self) -> float:
        """E X^2; inf where the part beyond 2^500 still counts.

        >>> round(TailTable.of(lambda x: -x - np.log(2), np.inf).second_moment(), 12)
        2.0
        """
        kept = self.edges[self.edges <= 2.0**500]
        low, high = kept[:-1], kept[1:]
        parts = _integrals(lambda x: self.log_pdf(x) + 2.0 * np.log(x), low, high)
        total = float(parts.sum())
        late = float(parts[high > 2.0**490].sum())
        return np.inf if not late <= 1e-14 * total else 2.0 * total

    def survival(self, x: Floats) -> Floats:
        """P(X > x) at an array of x of either sign, for a density that integrates to 1.

        >>> float(TailTable.of(lambda x: -x - np.log(2), np.inf).survival(np.array(0.0)))
        0.5
        """
        x = np.asarray(x, dtype=np.float64)
        outward = np.minimum(np.abs(x).ravel(), self.edges[-1])
        place = np.clip(np.searchsorted(self.edges, outward, "right") - 1, 0, self.edges.size - 2)
        part = _integrals(self.log_pdf, outward, self.edges[place + 1])
        tail = ((part + self.beyond[place + 1]) / self.total).reshape(x.shape)
        return np.asarray(np.where(x >= 0.0, tail, 1.0 - tail))

    def inverse_survival(self, q: Floats) -> Floats:
        """The x with P(X > x) = q, for an array of q in [0, 1]; the last edge where q is too small.

        >>> table = TailTable.of(lambda x: -x - np.log(2), np.inf)
        >>> bool(abs(table.inverse_survival(np.array(5e-301)) - np.log(1e300)) < 1e-11)
        True
        """
        q = np.asarray(q, dtype=np.float64)
        near = np.minimum(q, 1.0 - np.maximum(q, 0.5)).ravel()
        target = near * self.total
        place = np.searchsorted(-self.beyond, -target, "right") - 1
        place = np.clip(place, 0, self.edges.size - 2)
        low, high = self.edges[place], self.edges[place + 1]
        a, b, end, rest = low.copy(), high.copy(), high, self.beyond[place + 1] - target
        x = 0.5 * (a + b)
        for step in range(120):
            excess = _integrals(self.log_pdf, x, end) + rest
            a, b = np.where(excess > 0.0, x, a), np.where(excess > 0.0, b, x)
            with np.errstate(all="ignore"):
                newton = np.exp(np.log(np.abs(excess)) - self.log_pdf(x))
            new = x + np.sign(excess) * newton
            new = np.where((new >= a) & (new <= b) & (step % 8 != 7), new, 0.5 * (a + b))
            still = (np.abs(new - x) > 2.0 * _EPSILON * x) & (b - a > 2.0 * _EPSILON * b)
            x = new
            if not still.any():
                break
        x = np.where(near >= 0.5, 0.0, np.where(target <= 0.0, self.edges[-1], x)).reshape(q.shape)
        return np.asarray(np.where(q <= 0.5, x, -x))
