r"""The characteristic function of T = ||x - delta||_1 - ||x||_1, tilted to be real, in balls.

In units of the scale (a_i = |delta_i|, A = sum a_i) T is a sum of independent terms a_i - 2 D_i,
D = min(max(E, 0), a), and with the density of D written out, v = a (1 + 2 i y)/2,

.. math:: E e^{i y T} = e^{-A/2} \prod_i \Bigl[\cosh v_i + \frac{\sinh v_i}{1 + 2 i y}\Bigr].

It is even in 1 + 2 i y. Hence E e^(-T) = 1, and the measure mu(dt) = e^(-t/2) P(T in dt) is
symmetric; its transform, the value at y + i/2, is real:

.. math:: \psi(y) = E e^{(i y - 1/2) T} = e^{-A/2} \prod_i \bigl[\cos(a_i y)
          + q \sin(a_i y)\bigr],\quad q = \frac1{2 y},\quad
          \psi(0) = \prod_i e^{-a_i/2} \Bigl(1 + \frac{a_i}2\Bigr).

Every factor (with its e^(-a/2)) is at most its value at 0 in absolute value, at most 1.

The logarithm of a factor is a power series in x = a y. All zeros x_k of cos x + q sin x are real,
and -(log)'' is the sum of (x - x_k)^-2, so that the coefficient of x^j is at most
(1/j) sum_k |x_k|^-j <= (1 + q^2) rho^(2-j)/j for j >= 2: rho = min |x_k| = atan(2 y), and the sum
for j = 2 is 1 + q^2. The linear term, q a y = a/2, cancels e^(-a/2). Over many coordinates of
power sums p_j = sum a_i^j, the terms beyond the J-th are therefore together at most

.. math:: \frac{(y^2 + 1/4)\, p_2}{J + 1}\, \frac{\theta^{J-1}}{1 - \theta},\quad
          \theta = \max_i a_i y / \arctan(2 y),

which grows with y. A coordinate with theta > 1/2 is multiplied in by itself.

Where all a_i are whole multiples of one unit, |psi| returns to e^(-A/2) at each multiple k of
pi/unit: with y = k pi/unit + v, cos and sin of a_i y are those of a_i v with one common sign,
(-1)^(k a_i/unit). So x = a v takes the place of a y above, with q = 1/(2 y) as before; the linear
term is q v A then, and (1 + q^2) v^2 stands for y^2 + 1/4 in the bound.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from flint import acb, arb, arb_series, ctx
from numpy.typing import NDArray

from theory.balls import Ball, rational_ball
from theory.exact import describe

#: Magnitudes in units of the scale: within, no float here over- or underflows.
SMALLEST, LARGEST = Fraction(1, 1 << 100), Fraction(1 << 20)

#: What a correctly rounded float is off by, relatively (IEEE 754, no underflow in this range).
UNIT = 2.0**-53

#: a common denominator of more bits than this is not looked for
_MOST_BITS = 4096
#: theta beyond which a coordinate has no part in the power series
_RATIO = 0.5
#: the terms that are left out change a logarithm by no more than about this
_CUT = 2.0**-64


@dataclass(frozen=True, eq=False)
class Magnitudes:
    """The a_i as floats, each within a relative 2^-53 of the exact number, with multiplicities.

    Parameters
    ----------
    values : array of float64, ascending, different, each within [2^-100, 2^20]
        The rounded magnitudes; `Magnitudes.of` makes them of exact numbers.
    counts : array of int64, positive
    total : Fraction or None
        The exact sum A; None if the denominators have too large a common multiple.
    unit : Fraction or None
        The largest number of which all magnitudes are whole multiples; None with ``total``.

    Examples
    --------
    >>> known = Magnitudes.of([Fraction(1, 3), Fraction(1, 2), Fraction(1, 3)])
    >>> known.values.tolist(), known.counts.tolist()
    ([0.3333333333333333, 0.5], [2, 1])
    >>> known.total, known.unit
    (Fraction(7, 6), Fraction(1, 6))
    """

    values: NDArray[np.float64]
    counts: NDArray[np.int64]
    total: Fraction | None = None
    unit: Fraction | None = None

    @classmethod
    def of(
        cls, magnitudes: Mapping[Fraction, int] | Iterable[Fraction] | NDArray[np.float64]
    ) -> Magnitudes:
        """Groups {magnitude: multiplicity}, or the magnitudes one by one; floats are exact.

        Raises
        ------
        ValueError
            If there is none, one is outside [2^-100, 2^20], or a multiplicity is not positive.
        """
        known = [*(magnitudes.tolist() if isinstance(magnitudes, np.ndarray) else magnitudes)]
        repeats = [*magnitudes.values()] if isinstance(magnitudes, Mapping) else [1] * len(known)
        for wrong in (n for n in repeats if isinstance(n, bool) or not 1 <= n < 1 << 40):
            raise ValueError(f"multiplicity = {describe(wrong)} is outside [1, 2^40)")
        if not known:
            raise ValueError("there are 0 magnitudes, legal is at least 1")
        ratios = [_ratio(one) for one in known]
        # the quotient of two Python integers is correctly rounded
        rounded = np.array([numerator / denominator for numerator, denominator in ratios])
        values, where = np.unique(rounded, return_inverse=True)
        merged = np.zeros(len(values), np.int64)
        np.add.at(merged, where, np.array(repeats, np.int64))
        return cls(values, merged, *_total_and_unit(ratios, repeats))

    @cached_property
    def norm(self) -> Ball:
        """A = sum a_i."""
        if self.total is not None:
            return rational_ball(self.total)
        return power_sums(self, 1)[0] * arb(_scale(self))

    @cached_property
    def squares(self) -> Ball:
        """The sum of a_i^2."""
        return power_sums(self, 2)[1] * arb(_scale(self)) ** 2

    def where(self, chosen: NDArray[np.bool_]) -> Magnitudes:
        """Those of a mask."""
        return Magnitudes(self.values[chosen], self.counts[chosen])


def _ratio(magnitude: Fraction) -> tuple[int, int]:
    if not SMALLEST <= magnitude <= LARGEST:
        raise ValueError(f"magnitude = {describe(magnitude)} is outside [2^-100, 2^20]")
    return magnitude.as_integer_ratio()


def _total_and_unit(
    ratios: list[tuple[int, int]], repeats: list[int]
) -> tuple[Fraction, Fraction] | tuple[None, None]:
    """The exact sum and the greatest common divisor, unless their denominator is too large."""
    common = 1
    for denominator in {denominator for _, denominator in ratios}:
        common = math.lcm(common, denominator)
        if common.bit_length() > _MOST_BITS:
            return None, None
    whole = [numerator * (common // denominator) for numerator, denominator in ratios]
    total = sum(number * times for number, times in zip(whole, repeats, strict=True))
    return Fraction(total, common), Fraction(math.gcd(*whole), common)


def _scale(magnitudes: Magnitudes) -> float:
    """A power of two that is above every magnitude."""
    return math.ldexp(1.0, math.frexp(float(magnitudes.values[-1]))[1])


def power_sums(magnitudes: Magnitudes, order: int) -> list[Ball]:
    """The sums of (a_i/s)^j for j = 1..order; s is the power of two above the largest a_i.

    A float is within (1 + u) of its a_i, u = 2^-53, its j-th power takes j - 1 products, its
    multiple one more, and math.fsum rounds once: 2 j + 1 factors within (1 + u) of 1 (and a
    sum of few terms that underflow, each by no more than 2^-1074 a product).

    >>> known = Magnitudes.of([Fraction(1, 3), Fraction(1, 5)])
    >>> bool(power_sums(known, 3)[2].contains(8 * rational_ball(Fraction(152, 3375))))
    True
    """
    bases = magnitudes.values / _scale(magnitudes)
    weights = magnitudes.counts.astype(np.float64)
    found, powers = [], np.ones_like(bases)
    lost = arb(2) ** -1070 * order * int(magnitudes.counts.sum())
    for j in range(1, order + 1):
        powers = powers * bases
        total = arb(math.fsum((powers * weights).tolist()))
        found.append(total + arb(0, total * (2 * j + 4) * UNIT + lost))
    return found


def log_coefficients(slope: Ball, order: int) -> list[Ball]:
    """The coefficients of x, ..., x^order in log(cos x + q sin x), q = ``slope``.

    >>> [float(one) for one in log_coefficients(arb(3), 2)]  # q and -(1 + q^2)/2
    [3.0, -5.0]
    """
    term, terms = arb(1), [arb(1)]
    for j in range(1, order + 1):
        term = term / j
        turned = -term if j % 4 >= 2 else term
        terms.append(turned * slope if j % 2 else turned)
    with _series_length(order + 1):
        known = arb_series(terms, prec=order + 1).log().coeffs()
    return [*known[1:], *[arb(0)] * (order + 1 - len(known))]


@contextmanager
def _series_length(length: int) -> Iterator[None]:
    before = ctx.cap
    ctx.cap = length
    try:
        yield
    finally:
        ctx.cap = before


@dataclass(frozen=True, slots=True)
class Frequency:
    """y = pi ``place`` >= 0, and v = pi ``turns``: see the head of the module.

    Parameters
    ----------
    place : Fraction
        y/pi.
    turns : Fraction
        v/pi = y/pi - k/unit, with k = 0 for any magnitudes.
    sign : int
        (-1)^(k A/unit).
    """

    place: Fraction
    turns: Fraction
    sign: int = 1

    @property
    def rate(self) -> float:
        """theta over the magnitude, rounded."""
        y = math.pi * float(self.place)
        return abs(math.pi * float(self.turns)) / math.atan(2 * y) if y else 0.5

    @property
    def extent(self) -> float:
        """(1 + q^2) v^2, about; y^2 + 1/4 where v = y."""
        return (math.pi * float(self.turns)) ** 2 + 0.25


def tilted_values(magnitudes: Magnitudes, frequencies: list[Frequency]) -> list[Ball]:
    """psi at each of the frequencies: see the head of the module.

    Examples
    --------
    >>> quarter = Frequency(Fraction(1, 4), Fraction(1, 4))  # y = pi/4
    >>> [found] = tilted_values(Magnitudes.of([Fraction(2)]), [quarter])
    >>> bool(found.overlaps((-arb(1)).exp() * 2 / arb.pi()))
    True
    """
    rate = max(one.rate for one in frequencies)
    near = magnitudes.values * rate <= _RATIO
    found = _direct_values(magnitudes.where(~near), frequencies)
    if not near.any():
        return found
    series = _PowerSeries.of(magnitudes.where(near), frequencies)
    return [one * series.value(at) for one, at in zip(found, frequencies, strict=True)]


@dataclass(frozen=True, eq=False)
class _PowerSeries:
    """The sum over coordinates of the logarithm of a factor."""

    sums: list[Ball]
    scale: float
    largest: float

    @classmethod
    def of(cls, magnitudes: Magnitudes, frequencies: list[Frequency]) -> _PowerSeries:
        largest = float(magnitudes.values[-1])
        squares = float(np.sum(magnitudes.values**2 * magnitudes.counts))
        longest = max(_order(largest * at.rate, squares * at.extent) for at in frequencies)
        return cls(power_sums(magnitudes, longest), _scale(magnitudes), largest)

    def value(self, at: Frequency) -> Ball:
        """The product over the coordinates, with the remainder of the series."""
        place, shift = (arb.pi() * rational_ball(one) for one in (at.place, at.turns))
        spread = float(self.sums[1]) * self.scale**2  # p_2
        order = min(len(self.sums), _order(self.largest * at.rate, spread * at.extent))
        largest = arb(self.largest) * (1 + arb(2) ** -52)
        if at.place:
            slope = 1 / (2 * place)
            ratio = largest * abs(shift) / (2 * place).atan()
            coefficients, argument = log_coefficients(slope, order), self.scale * shift
            size = (1 + slope**2) * shift**2
            # the linear term less a/2: nothing where v = y
            linear = arb(0) if at.turns == at.place else slope * shift - arb(1) / 2
        else:  # log(1 + a/2) - a/2: the limit for y = 0
            coefficients = [arb((-1) ** (j + 1)) / (j * 2**j) for j in range(1, order + 1)]
            ratio, argument, size, linear = largest / 2, arb(self.scale), arb(1) / 4, arb(0)
        ratio = ratio.upper()
        if not ratio < 1:
            raise ArithmeticError(f"theta = {ratio} is outside [0, 1): the series diverges")
        power, total = argument, linear * self.sums[0] * self.scale
        for coefficient, power_sum in zip(coefficients[1:], self.sums[1:], strict=False):
            power = power * argument
            total += coefficient * power * power_sum
        left = size * self.sums[1] * arb(self.scale) ** 2 * ratio ** (order - 1)
        left /= (order + 1) * (1 - ratio)
        return (total + arb(0, left.upper())).exp()


def _order(ratio: float, size: float) -> int:
    """How many terms leave a remainder of about ``_CUT``; any number would be rigorous."""
    terms = max(0.0, math.log((size + 1e-300) / _CUT)) / -math.log(min(ratio, 0.6) + 1e-30)
    return 3 + math.ceil(terms)


def _direct_values(magnitudes: Magnitudes, frequencies: list[Frequency]) -> list[Ball]:
    """The product factor by factor, with its sign."""
    found = [arb(at.sign) for at in frequencies]
    turns = [rational_ball(at.turns) for at in frequencies]
    slopes = [
        1 / (2 * arb.pi() * rational_ball(at.place)) if at.place else None for at in frequencies
    ]
    for value, count in zip(magnitudes.values.tolist(), magnitudes.counts.tolist(), strict=True):
        size = arb(value) * (1 + arb(0, UNIT * 1.001))
        held = (-size / 2).exp()
        for j, slope in enumerate(slopes):
            if slope is None:
                factor = 1 + size / 2
            else:
                sine, cosine = (size * turns[j]).sin_cos_pi()
                factor = cosine + slope * sine
            found[j] *= (held * factor) ** count
    return found


def characteristic_function(groups: Mapping[Fraction, int], y: Fraction) -> acb:
    """E e^(i y T) by its product, untilted and term by term: the first formula of the module.

    >>> bool(characteristic_function({Fraction(1, 3): 2}, Fraction(0)).overlaps(acb(1)))
    True
    """
    turned = acb(1, 2 * rational_ball(y))
    total = acb(1)
    for size, count in Counter(groups).items():
        half = rational_ball(size) / 2
        argument = turned * half
        total *= ((-half).exp() * (argument.cosh() + argument.sinh() / turned)) ** count
    return total
