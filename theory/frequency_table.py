"""What is known of the tilted characteristic function psi at y_n = 2 pi n/period, for every n.

It is computed for the small n, until it is small, and (where all magnitudes are whole multiples of
one unit) for the n next to the multiples of pi/unit, where |psi| returns to e^(-A/2). Between them,
and beyond, it is bounded over blocks of n. See `theory.characteristic` and
`theory.frequency_bounds`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np

from theory.balls import Ball
from theory.characteristic import Frequency, Magnitudes, tilted_values
from theory.frequency_bounds import (
    MOST_FREQUENCIES,
    FrequencyBounds,
    bound_frequencies,
    rough_decay,
)

Term = tuple[int, Ball]

#: factors and terms of the table, about: for the small n, and for the returns that a kink, or a
#: jump, asks for
_WORK, _NEAR_RETURNS, _FAR_RETURNS = 400_000, 100_000, 500_000
#: what a term costs, in factors
_TERM = 16
#: -log |psi| at the end of the small n; and the A/2 beyond which returns are not looked for
_EXPONENT = 40.0
#: factors looked at beyond the table: for a kink, and for a jump
_NEAR_WORK, _FAR_WORK = 1 << 26, 1 << 28
#: |psi| below which a sum is good enough
_NEAR_LEVEL, _FAR_LEVEL = 1e-10, 1e-8
#: the widths that are aimed at, where psi lets them be reached
_KINK_WIDTH, _JUMP_WIDTH = 2e-9, 5e-8


@dataclass(frozen=True, slots=True)
class Window:
    """The n from ``first`` to ``last``, around pi ``centre`` = pi k/unit; sign (-1)^(k A/unit)."""

    first: int
    last: int
    centre: Fraction
    sign: int


@dataclass(frozen=True, eq=False)
class FrequencyTable:
    """psi at y_n for the magnitudes, on a circle of the period.

    Parameters
    ----------
    magnitudes : Magnitudes
        The a_i.
    period : Fraction
        A float's value above twice their sum.

    Examples
    --------
    >>> known = Magnitudes.of([Fraction(i, 1000) for i in range(1, 100)])
    >>> table = FrequencyTable(known, Fraction(10))
    >>> [n for n, value in table.small[:3]], len(table.windows(10**5, 10**6))
    ([0, 1, 2], 20)
    """

    magnitudes: Magnitudes
    period: Fraction

    @cached_property
    def small(self) -> list[Term]:
        """n and psi(y_n) from n = 0 to where it is small, or as far as the work goes."""
        values, turn = self.magnitudes.values, 2 * math.pi / float(self.period)
        far = min(rough_decay(self.magnitudes, _EXPONENT) / turn, _WORK / _TERM)
        last = max(2, math.ceil(far))
        while last > 2:
            highest = turn * last
            factors = np.count_nonzero(values * highest > math.atan(2 * highest) / 2)
            if last * (_TERM + factors) <= _WORK:
                break
            last = last * 7 // 8
        places = [Fraction(2 * n) / self.period for n in range(last + 1)]
        return list(enumerate(tilted_values(self.magnitudes, [Frequency(y, y) for y in places])))

    @cached_property
    def density(self) -> float:
        """About the largest density of mu: it only guides the choice of a smoothing."""
        total = sum(abs(float(value)) * (2 if n else 1) for n, value in self.small)
        return total / float(self.period)

    def windows(self, stop: int, work: int) -> list[Window]:
        """Where psi returns, up to n = ``stop`` or as far as the work goes: ascending and apart."""
        unit, total = self.magnitudes.unit, self.magnitudes.total
        half = len(self.small) - 1
        if unit is None or total is None or total > 2 * _EXPONENT:
            return []
        spacing = self.period / (2 * unit)
        if spacing <= 2 * half + 2:
            return []
        # v at the end of a window, over atan(2 y), about pi/2 there
        rate = 4 * half / float(self.period)
        factors = np.count_nonzero(self.magnitudes.values * rate > 0.5)
        most = min(int(stop / spacing), int(work / ((2 * half + 1) * (_TERM + factors))))
        found = []
        for k in range(1, most + 1):
            centre, odd = round(k * spacing), k * (total / unit) % 2 == 1
            found.append(Window(centre - half, centre + half, k / unit, -1 if odd else 1))
        return found

    def returns(self, windows: list[Window]) -> list[Term]:
        """n and psi(y_n) in the windows."""
        indices, frequencies = [], []
        for window in windows:
            for n in range(window.first, window.last + 1):
                place = 2 * n / self.period
                indices.append(n)
                frequencies.append(Frequency(place, place - window.centre, window.sign))
        if not indices:
            return []
        return list(zip(indices, tilted_values(self.magnitudes, frequencies), strict=True))

    def _known(
        self, windows: list[Window], start: int, stop: int, level: float, budget: int
    ) -> tuple[list[Term], FrequencyBounds]:
        gaps = [(window.first, window.last) for window in windows]
        return [*self.small, *self.returns(windows)], bound_frequencies(
            self.magnitudes, self.period, start, stop, gaps=gaps, level=level, budget=budget
        )

    def _reached(self, y: float) -> int:
        turns = y * float(self.period) / (2 * math.pi)
        return min(MOST_FREQUENCIES, max(len(self.small), math.ceil(turns)))

    @cached_property
    def near(self) -> tuple[list[Term], FrequencyBounds]:
        """As far as a kink asks, whose width is h^2 times the density, h about 10/y."""
        stop = self._reached(10 * math.sqrt(self.density / _KINK_WIDTH))
        windows = self.windows(stop, _NEAR_RETURNS)
        return self._known(windows, len(self.small), stop, _NEAR_LEVEL, _NEAR_WORK)

    @cached_property
    def far(self) -> tuple[list[Term], FrequencyBounds]:
        """As far as a jump asks, whose width is 2 h times the density, h about 40/y.

        Its windows are those of ``near`` and more, so that no n is without a value or a bound.
        """
        before = self.near[1]
        stop = max(before.end, self._reached(80 * self.density / _JUMP_WIDTH))
        windows = self.windows(stop, _FAR_RETURNS)
        terms, later = self._known(windows, before.end, stop, _FAR_LEVEL, _FAR_WORK)
        return terms, before.joined(later)
