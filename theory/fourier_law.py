r"""Bounds of the law of T = ||x - delta||_1 - ||x||_1 for any delta, by a Fourier series in balls.

In units of the scale T is in [-A, A], and mu(dt) = e^(-t/2) P(T in dt) is a symmetric measure with
the real transform psi (`theory.characteristic`); e^(t/2) and e^(-t/2) have the integrals P = 1 and
E e^(-T) = 1 under it. Both functions of the law are integrals of one function of t - eps,

.. math:: E[(1 - e^{\epsilon - T})_+] = 1 - e^{\epsilon/2} \int e^{-|t - \epsilon|/2} \mu(dt),
          \quad P(T \le \epsilon) = e^{\epsilon/2} \int k(t - \epsilon) \mu(dt)

with f(x) = e^(-\|x\|/2), k(x) = e^(x/2) for x <= 0 and 0 elsewhere (min(1, e^x) is e^(x/2) f(x)).
On a circle of length L > 2 A both repeat, with sums that are known in closed form, for \|x\| < L:

.. math:: \sum_j f(x + j L) = f(x) + \gamma \cosh(x/2),\quad
          \sum_j k(x + j L) = k(x) + \tfrac{\gamma}{2} e^{x/2},\quad \gamma = \frac{2}{e^{L/2} - 1},

and the integrals of cosh and of the exponential are known too. So there is no error of truncation
in space: with y_n = 2 pi n/L, all integers n,

.. math:: \int f \,d\mu = \frac1L \sum_n \frac{\psi(y_n) \cos y_n \epsilon}{y_n^2 + 1/4}
          - \gamma \cosh(\epsilon/2),\quad
          P(T \le \epsilon) = \frac{e^{\epsilon/2}}{L} \sum_n \psi(y_n)
          \mathrm{Re}\, \frac{e^{i y_n \epsilon}}{1/2 + i y_n} - \frac{\gamma}{2}.

A table holds psi for the small n, `theory.frequency_bounds` bounds it for the others. So that
those n hardly count, f and k are smoothed on both sides as `theory.smoothing` describes: each
term is multiplied by chi(y_n)/c, and the sums above hold for the means over Z, as
cosh(x/2) and e^(x/2) are multiplied by c.

Far out, T has terms in [-a_i, a_i] and E T = sum (a_i - 1 + e^(-a_i)) <= p/2, p = sum a_i^2, so by
Hoeffding's inequality P(T >= t) <= exp(-(t - p/2)^2/(2 p)) for t >= p/2, and by the symmetry of mu
P(T <= -t) <= e^(-t) P(T >= t).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import arb
from numpy.typing import NDArray

from theory.balls import Ball, rational_ball
from theory.bounds import Bounds
from theory.characteristic import Magnitudes
from theory.exact import ceil_float, floor_float, working_precision
from theory.frequency_bounds import FrequencyBounds
from theory.frequency_table import FrequencyTable, Term
from theory.smoothing import ORDER, Smoothing

#: what a report calls these bounds
METHOD = "fourier"

_PRECISION = 96
#: L/A: above 2 + 2/32 with room for the ends of a smoothed jump
_CIRCLE = 2.125


@dataclass(frozen=True)
class _Series:
    """A smoothing, the coefficients of cos and of sin, what is left out, and the excess."""

    smooth: Smoothing
    indices: list[int]
    cosines: list[Ball]
    sines: list[Ball]
    excess: list[Ball]
    left: Ball
    left_of_excess: Ball


@dataclass(frozen=True, eq=False)
class FourierLaw:
    """The law of T for fixed magnitudes, in units of the scale; `FourierLaw.of` makes it.

    The table is made at the first question and kept; the c.d.f. needs a longer one.

    Parameters
    ----------
    magnitudes : Magnitudes
        The a_i > 0.

    Examples
    --------
    >>> law = FourierLaw.of({Fraction(1, i): 1 for i in range(10, 100)})
    >>> found = law.hockey_stick(Fraction(1, 4))
    >>> found.width < 1e-6, round(found.lower, 6)
    (True, 0.040125)
    """

    magnitudes: Magnitudes

    @classmethod
    def of(
        cls, magnitudes: Mapping[Fraction, int] | Iterable[Fraction] | NDArray[np.float64]
    ) -> FourierLaw:
        """The law for groups {magnitude: multiplicity}, or magnitudes one by one.

        Raises ValueError for a magnitude outside [2^-100, 2^20], or if there is none.
        """
        with working_precision(_PRECISION):
            return cls(Magnitudes.of(magnitudes))

    def hockey_stick(self, eps: Fraction) -> Bounds:
        r"""E[(1 - e^{eps - T})_+], the hockey-stick divergence at e^eps, for any rational eps.

        Beyond the support it is 0 or 1 - e^eps. H(-eps) = 1 - e^-eps (1 - H(eps)): the integral
        of f is even in eps.

        Examples
        --------
        >>> FourierLaw.of([Fraction(1)]).hockey_stick(Fraction(2)).upper
        0.0
        """
        with working_precision(_PRECISION):
            place = rational_ball(eps)
            if place > self.magnitudes.norm:
                return Bounds(0.0, 0.0, METHOD)
            least = (1 - place.exp()).max(arb(0))
            if abs(eps) == self.magnitudes.total or abs(place) > self.magnitudes.norm:
                return _bounds([least], [least])
            series = self._kink
            waves = self._waves(eps, series)
            integral = _dot(series.cosines, waves, 1) - self._wrap * (place / 2).cosh()
            excess = _dot(series.excess, waves, 1) + series.left_of_excess
            factor = (place / 2).exp()
            upper = 1 - factor * (integral - series.left)
            lower = 1 - factor * (integral + series.left + excess)
            # T <= A; H <= P(T > eps); and H = 1 - e^eps + e^eps H(-eps) for a negative eps
            most = least + self._beyond(abs(eps)) * place.exp().min(arb(1))
            farthest = 1 - (place - self.magnitudes.norm).exp()
            return _bounds([lower, least], [upper, most, farthest])

    def cdf(self, t: Fraction) -> Bounds:
        """P(T <= t), for any rational t; it is exactly 1 from t = A on, where A is known exactly.

        Where t has an atom the width is at least its mass.

        Examples
        --------
        >>> law = FourierLaw.of([Fraction(1, i) for i in range(2000, 4000)])
        >>> law.cdf(Fraction(-2)).upper, law.cdf(law.magnitudes.total).lower
        (0.0, 1.0)
        >>> law.cdf(Fraction(0)).width < 1e-6
        True
        """
        return Bounds(1.0, 1.0, METHOD) if t == self.magnitudes.total else self._jump_bounds(t)

    def below(self, t: Fraction) -> Bounds:
        """P(T < t), 0 for t = -A; elsewhere within the support the bounds are those of `cdf`."""
        return Bounds(0.0, 0.0, METHOD) if -t == self.magnitudes.total else self._jump_bounds(t)

    def _jump_bounds(self, t: Fraction) -> Bounds:
        with working_precision(_PRECISION):
            place = rational_ball(t)
            if abs(place) > self.magnitudes.norm:
                outside = arb(0 if t < 0 else 1)
                return _bounds([outside], [outside])
            reach = self._jump.smooth.reach
            lower, upper = self._smoothed(t - reach, -1), self._smoothed(t + reach, 1)
            beyond = self._beyond(abs(t))
            if t > 0:
                return _bounds([lower, 1 - beyond], [upper])
            return _bounds([lower], [upper, place.exp() * beyond])

    def _smoothed(self, place: Fraction, sign: int) -> Ball:
        """The majorant (sign 1) or minorant (-1) of the c.d.f. a distance h from here."""
        series = self._jump
        waves = self._waves(place, series)
        total = _dot(series.cosines, waves, 1) + _dot(series.sines, waves, 0)
        factor = (rational_ball(place) / 2).exp()
        return factor * (total + sign * series.left) - self._wrap / 2

    def _beyond(self, distance: Fraction) -> Ball:
        """P(T >= distance) from above, by Hoeffding's inequality."""
        squares = self.magnitudes.squares
        past = (rational_ball(distance) - squares / 2).max(arb(0))
        return (-(past**2) / (2 * squares)).exp()

    @cached_property
    def _table(self) -> FrequencyTable:
        return FrequencyTable(self.magnitudes, Fraction(float(self.magnitudes.norm) * _CIRCLE))

    @property
    def _period(self) -> Fraction:
        """L."""
        return self._table.period

    @cached_property
    def _wrap(self) -> Ball:
        """gamma."""
        return 2 / (rational_ball(self._period / 2)).expm1()

    def _steps(self, known: FrequencyBounds) -> list[Fraction]:
        """The steps w to choose from: h from about 4/y to A/32."""
        most = float(self.magnitudes.norm) / 32 / (ORDER / 2)
        least = min(most, float(self._period) / (2 * math.pi * known.end))
        number = 1 + math.ceil(6 * math.log2(most / least))
        return [Fraction(most * 2.0 ** (-j / 6)) for j in range(number)]

    def _left(self, known: FrequencyBounds, step: Fraction, power: int) -> float:
        """(2/L) times the sum of |psi chi| y^-power beyond the table, from above."""
        return known.weighted(self._period, step, ORDER, power) * 2 / float(self._period)

    @cached_property
    def _kink(self) -> _Series:
        terms, known = self._table.near

        def width(step: Fraction) -> float:
            kink = float(step) ** 2
            left = self._left(known, step, 2) + kink * self._left(known, step, 0)
            return 0.7 * kink * self._table.density + left

        smooth = Smoothing(min(self._steps(known), key=width))
        factor, kink_size, quarter = smooth.factor, smooth.kink, arb(1) / 4
        cosines, excess = [], []
        for place, smoothed in self._smooth_terms(terms, smooth):
            cosines.append(smoothed / (factor * (place**2 + quarter)))
            excess.append(smoothed * kink_size)
        left, more = (
            arb(self._left(known, smooth.step, power)) * (1 + arb(2) ** -40) for power in (2, 0)
        )
        indices = [n for n, _ in terms]
        return _Series(smooth, indices, cosines, [], excess, left, more * kink_size)

    @cached_property
    def _jump(self) -> _Series:
        terms, known = self._table.far

        def width(step: Fraction) -> float:
            return ORDER * float(step) * self._table.density + 2 * self._left(known, step, 1)

        smooth = Smoothing(min(self._steps(known), key=width))
        factor, quarter = smooth.factor, arb(1) / 4
        cosines, sines = [], []
        for place, smoothed in self._smooth_terms(terms, smooth):
            term = smoothed / (factor * (place**2 + quarter))
            cosines.append(term / 2)
            sines.append(term * place)
        left = arb(self._left(known, smooth.step, 1)) * (1 + arb(2) ** -40)
        return _Series(smooth, [n for n, _ in terms], cosines, sines, [], left, arb(0))

    def _smooth_terms(self, terms: list[Term], smooth: Smoothing) -> list[tuple[Ball, Ball]]:
        """y_n and psi(y_n) chi(y_n)/L, the terms of n and -n together."""
        length = rational_ball(self._period)
        turn = 2 * arb.pi() / length
        found = []
        for n, value in terms:
            place = turn * n
            found.append((place, value * smooth.transform(place) * (2 if n else 1) / length))
        return found

    def _waves(self, place: Fraction, series: _Series) -> list[tuple[Ball, Ball]]:
        """The sine and the cosine of y_n times the place."""
        turn = rational_ball(2 * place / self._period)
        return [(turn * n).sin_cos_pi() for n in series.indices]


def _dot(coefficients: list[Ball], waves: list[tuple[Ball, Ball]], which: int) -> Ball:
    total = arb(0)
    for coefficient, pair in zip(coefficients, waves, strict=True):
        total += coefficient * pair[which]
    return total


def _bounds(lower: list[Ball], upper: list[Ball]) -> Bounds:
    """The floats around the best of the bounds, clipped to [0, 1]."""
    least = max(0.0, *(floor_float(one) for one in lower))
    most = min(1.0, *(ceil_float(one) for one in upper))
    return Bounds(min(1.0, least), max(0.0, most), METHOD)
