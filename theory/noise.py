"""The one-dimensional noise laws: Laplace, Gaussian and uniform, each stated once.

All three are symmetric about 0, so each is stated by its upper tail and its log-density; the
methods that users call are those of `Noise`. Their error is below 4 units in the last place
over the whole range of float64 (see `theory.symmetric_noise`).

The quotient x / scale is never rounded before it is exponentiated: at x / scale = -690 its
rounding alone would cost hundreds of units. It is carried as two or three floats instead (see
`theory.compensated`). The constants come from the standard library's decimal arithmetic, to
140 digits and once a process.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import cache, lru_cache
from typing import Self

import numpy as np

from theory.compensated import (
    DIGITS,
    Array,
    accurate_sum,
    exponential,
    pi_decimal,
    quotient,
    split_decimal,
    two_product,
    two_sum,
)
from theory.parameters import to_real
from theory.symmetric_noise import Noise

__all__ = ["Gaussian", "Laplace", "Noise", "Uniform"]

# The tail function of the Gaussian is tabulated at z = 0, 1/8, ..., 16, and each knot serves
# |z - knot| <= 1/16 by its Taylor series. Beyond 16 + 1/16, twelve terms of the asymptotic series.
_KNOTS_PER_UNIT, _LAST_KNOT, _TAYLOR_DEGREE, _ASYMPTOTIC_TERMS = 8, 16, 13, 12
# P(|X| < x) = 0.2 at z = 0.253: nearer to the centre, P(X > x) no longer fixes x well enough.
_CENTRE = 0.1


def _positive(name: str, value: float) -> float:
    return to_real(name, value, "(0, inf)", lambda number: 0.0 < number < math.inf)


@cache
def _split_root(radicand: int, denominator: int) -> tuple[float, float]:
    """The square root of radicand / denominator as two floats."""
    with localcontext() as context:
        context.prec = DIGITS
        hi, lo = split_decimal((Decimal(radicand) / denominator).sqrt(), 2)
    return hi, lo


def _times_root(value: float, radicand: int, denominator: int) -> float:
    """The product of value and sqrt(radicand / denominator), to nearest, free of overflow."""
    hi, lo = _split_root(radicand, denominator)
    mantissa, exponent = math.frexp(value)
    p, e = two_product(mantissa, hi)
    try:
        return math.ldexp(float(p + (e + mantissa * lo)), exponent)
    except OverflowError:
        return math.inf


@lru_cache(maxsize=4096)
def _log_width(value: float) -> tuple[float, float, float]:
    """log(2 value) as three floats."""
    with localcontext() as context:
        context.prec = DIGITS
        a, b, c = split_decimal(Decimal(2).ln() + Decimal(value).ln(), 3)
    return a, b, c


@lru_cache(maxsize=4096)
def _log_gaussian_width(sigma: float) -> tuple[float, float, float]:
    """log(sigma sqrt(2 pi)) as three floats."""
    with localcontext() as context:
        context.prec = DIGITS
        a, b, c = split_decimal((2 * pi_decimal()).ln() / 2 + Decimal(sigma).ln(), 3)
    return a, b, c


@dataclass(frozen=True, slots=True)
class Laplace(Noise):
    """The Laplace law of Definition 1 with d = 1.

    Density exp(-|x|/scale) / (2 scale); P(X > x) = exp(-x/scale) / 2 for x >= 0.

    Parameters
    ----------
    scale : float
        The paper's lambda, in (0, inf), in the unit of the noise.

    Raises
    ------
    ValueError
        If scale is outside (0, inf).

    Examples
    --------
    >>> Laplace(scale=2.0).sigma, Laplace(scale=2.0).quantile(0.75)
    (2.8284271247461903, 1.3862943611198906)
    """

    scale: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "scale", _positive("scale", self.scale))

    @property
    def sigma(self) -> float:
        """The standard deviation, sqrt(2) scale, to nearest."""
        return _times_root(self.scale, 2, 1)

    @classmethod
    def from_sigma(cls, sigma: float) -> Self:
        """The law of standard deviation sigma: scale = sigma / sqrt(2), to nearest."""
        return cls(scale=_times_root(_positive("sigma", sigma), 1, 2))

    def _tail(self, x: Array) -> tuple[Array, Array]:
        q0, q1, _ = quotient(x, self.scale)
        m, e, k = exponential(-q0, -q1)
        return np.ldexp(m, k - 1), np.ldexp(e, k - 1)

    def _log_tail(self, x: Array) -> Array:
        q0, q1, _ = quotient(x, self.scale)
        return -(q0 + (q1 + math.log(2.0)))

    def _tail_quantile(self, q: Array) -> Array:
        return self.scale * -np.log(2.0 * q)

    def _log_density(self, x: Array) -> Array:
        a, b, c = _log_width(self.scale)
        q0, q1, q2 = quotient(x, self.scale)
        return np.where(np.isfinite(q0), -accurate_sum([q0, a, q1, b, q2, c]), -np.inf)


@cache
def _tail_table() -> tuple[Array, Array, tuple[float, float]]:
    """The Taylor coefficients of M(z) = P(Z > z) exp(z^2/2), and 1/sqrt(2 pi) as two floats.

    M' = z M - 1/sqrt(2 pi), and M(z) = exp(z^2/2)/2 - S/sqrt(2 pi), where S is the sum of
    z^(2n+1)/(2n+1)!! over n >= 0. S exceeds M by up to 10^57: the 140 digits bear it.
    """
    coefficients, remainders = [], []
    with localcontext() as context:
        context.prec = DIGITS
        density = 1 / (2 * pi_decimal()).sqrt()
        for knot in range(_KNOTS_PER_UNIT * _LAST_KNOT + 1):
            z = Decimal(knot) / _KNOTS_PER_UNIT
            square, total, term, odd = z * z, Decimal(0), z, 1
            while total + term != total:
                total += term
                odd += 2
                term = term * square / odd
            row = [(square / 2).exp() / 2 - density * total]
            row.append(z * row[0] - density)
            for n in range(1, _TAYLOR_DEGREE):
                row.append((z * row[n] + row[n - 1]) / (n + 1))
            coefficients.append([float(value) for value in row])
            remainders.append(float(row[0] - Decimal(coefficients[-1][0])))
        hi, lo = split_decimal(density, 2)
    return np.array(coefficients).T.copy(), np.array(remainders), (hi, lo)


def _scaled_tail(z0: Array, z1: Array) -> tuple[Array, Array]:
    """M(z) = P(Z > z) exp(z^2/2) as hi + lo, for z = z0 + z1 >= 0, to about 2**-56."""
    table, remainders, (density, density_lo) = _tail_table()
    knot = np.rint(np.minimum(z0, _LAST_KNOT) * _KNOTS_PER_UNIT)
    index = knot.astype(np.intc)
    t = (z0 - knot / _KNOTS_PER_UNIT) + z1
    near = z0 < _LAST_KNOT + 0.5 / _KNOTS_PER_UNIT
    t = np.where(near, t, 0.0)
    series = table[_TAYLOR_DEGREE][index]
    for n in range(_TAYLOR_DEGREE - 1, 0, -1):
        series = series * t + table[n][index]
    near_hi, near_lo = two_sum(table[0][index], series * t + remainders[index])
    # A clipped z only spares 1/inf: there exp(-z^2/2) has long been 0.
    far = np.clip(z0, 1.0, 1e300)
    w = 1.0 / (far * far)
    ratio = np.zeros_like(w)
    for n in range(_ASYMPTOTIC_TERMS, 0, -1):
        ratio = (1.0 + ratio) * (-(2 * n - 1) * w)
    q0, q1, _ = quotient(density, far)
    correction = q0 * (ratio - np.where(near, 0.0, z1 / far)) + (q1 + density_lo / far)
    far_hi, far_lo = two_sum(q0, correction)
    return np.where(near, near_hi, far_hi), np.where(near, near_lo, far_lo)


def _half_square(z0: Array, z1: Array) -> tuple[Array, Array]:
    """(z0 + z1)^2 / 2 as two floats; where it overflows, as inf + 0."""
    p, e = two_product(0.5 * z0, z0)
    return p, np.where(np.isfinite(p), e + z0 * z1, 0.0)


def _tail_residual(z: Array, q: Array) -> Array:
    """P(Z > z) / q - 1, to about 2**-56, whether or not q is a normal float."""
    half, half_lo = _half_square(z, np.zeros_like(z))
    m, e, k = exponential(-half, -half_lo)
    tail, tail_lo = _scaled_tail(z, np.zeros_like(z))
    p, p_lo = two_product(m, tail)
    mantissa, exponent = np.frexp(q)
    shift = k - exponent
    lo = np.ldexp(p_lo + (m * tail_lo + e * tail), shift)
    return ((np.ldexp(p, shift) - mantissa) + lo) / mantissa


def _outer_quantile(q: Array) -> tuple[Array, Array]:
    """The z = z0 + z1 with P(Z > z) = q, for q in (0, 0.4].

    Two Halley steps: the first error is below 4.5e-4 (Abramowitz and Stegun, 26.2.23), the
    second below 1e-7, the third far below the rounding of z0.
    """
    t = np.sqrt(-2.0 * np.log(q))
    numerator = 2.515517 + t * (0.802853 + t * 0.010328)
    z = t - numerator / (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308)))
    step = np.zeros_like(z)
    for _ in range(2):
        z = z + step
        residual = _tail_residual(z, q)
        # q / density(z) = M(z) sqrt(2 pi) / (1 + residual), with no exponential to underflow.
        tail, _ = _scaled_tail(z, np.zeros_like(z))
        newton = residual * tail * math.sqrt(2.0 * math.pi) / (1.0 + residual)
        step = newton / (1.0 - 0.5 * z * newton)
    return z, step


def _central_quantile(w: Array) -> tuple[Array, Array]:
    """The z = z0 + z1 with P(0 < Z < z) = w, for w in [0, 0.1].

    P(0 < Z < z) = (z - z^3/6 + z^5/40 - ...) / sqrt(2 pi); two Newton steps.
    """
    _, _, (density, density_lo) = _tail_table()
    s = w / density
    z = s * (1.0 + s * s * (1.0 / 6.0 + s * s * (7.0 / 120.0)))
    step = np.zeros_like(z)
    for _ in range(2):
        z = z + step
        square = z * z
        series = np.zeros_like(z)
        for n in range(9, 0, -1):
            series = (series + 1.0 / (2 * n + 1)) * (-square / (2 * n))
        # series = sum of (-1)^n z^(2n) / (2^n n! (2n+1)) from n = 1 on
        p, e = two_product(density, z)
        residual = (w - p) - (e + z * (density_lo + density * series))
        step = residual / (density * np.exp(-0.5 * square))
    return z, step


@dataclass(frozen=True, slots=True)
class Gaussian(Noise):
    """The centred Gaussian law.

    Density exp(-x^2/(2 sigma^2)) / (sigma sqrt(2 pi)), the noise of Table 1 (Cohen et al.).

    Parameters
    ----------
    sigma : float
        The standard deviation, in (0, inf), in the unit of the noise.

    Raises
    ------
    ValueError
        If sigma is outside (0, inf).

    Examples
    --------
    >>> Gaussian(sigma=2.0).quantile(0.975), Gaussian(sigma=2.0).cdf(-70.0)
    (3.9199279690801077, 1.1249107064724062e-268)
    """

    sigma: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "sigma", _positive("sigma", self.sigma))

    @classmethod
    def from_sigma(cls, sigma: float) -> Self:
        """The law of standard deviation sigma."""
        return cls(sigma=sigma)

    def _tail(self, x: Array) -> tuple[Array, Array]:
        z0, z1, _ = quotient(x, self.sigma)
        half, half_lo = _half_square(z0, z1)
        m, e, k = exponential(-half, -half_lo)
        tail, tail_lo = _scaled_tail(z0, z1)
        p, p_lo = two_product(m, tail)
        hi, lo = two_sum(p, p_lo + (m * tail_lo + e * tail))
        return np.ldexp(hi, k), np.ldexp(lo, k)

    def _log_tail(self, x: Array) -> Array:
        z0, z1, _ = quotient(x, self.sigma)
        half, half_lo = _half_square(z0, z1)
        tail, tail_lo = _scaled_tail(z0, z1)
        # Both parts are negative: nothing cancels.
        return -half + (np.log(tail) + (tail_lo / tail - half_lo))

    def _tail_quantile(self, q: Array) -> Array:
        outer, outer_lo = _outer_quantile(np.clip(q, 5e-324, 0.5 - _CENTRE))
        central, central_lo = _central_quantile(np.minimum(0.5 - q, _CENTRE))
        is_outer = q < 0.5 - _CENTRE
        z0, z1 = np.where(is_outer, outer, central), np.where(is_outer, outer_lo, central_lo)
        p, e = two_product(self.sigma, z0)
        return np.where(q > 0.0, p + (e + self.sigma * z1), np.inf)

    def _log_density(self, x: Array) -> Array:
        a, b, c = _log_gaussian_width(self.sigma)
        z0, z1, z2 = quotient(x, self.sigma)
        p, e = two_product(0.5 * z0, z0)
        cross, cross_lo = two_product(z0, z1)
        rest = z0 * z2 + (0.5 * z1 * z1 + cross_lo)
        terms: list[Array | float] = [p, a, cross, b, e, rest, c]
        return np.where(np.isfinite(p), -accurate_sum(terms), -np.inf)


@dataclass(frozen=True, slots=True)
class Uniform(Noise):
    """The uniform law on [-half_width, half_width].

    Density 1 / (2 half_width) there, ends included, and 0 outside.

    Parameters
    ----------
    half_width : float
        In (0, inf), in the unit of the noise.

    Raises
    ------
    ValueError
        If half_width is outside (0, inf).

    Examples
    --------
    >>> Uniform(half_width=3.0).sigma, Uniform(half_width=3.0).quantile(0.75)
    (1.7320508075688772, 1.5)
    """

    half_width: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "half_width", _positive("half_width", self.half_width))

    @property
    def sigma(self) -> float:
        """The standard deviation, half_width / sqrt(3), to nearest."""
        return _times_root(self.half_width, 1, 3)

    @classmethod
    def from_sigma(cls, sigma: float) -> Self:
        """The law of standard deviation sigma: half_width = sqrt(3) sigma, to nearest."""
        return cls(half_width=_times_root(_positive("sigma", sigma), 3, 1))

    def _tail(self, x: Array) -> tuple[Array, Array]:
        gap, gap_lo = two_sum(self.half_width, -np.minimum(x, self.half_width))
        q0, q1, _ = quotient(gap, self.half_width)
        return two_sum(0.5 * q0, 0.5 * (q1 + gap_lo / self.half_width))

    def _log_tail(self, x: Array) -> Array:
        hi, lo = self._tail(x)
        return np.log(hi) + np.where(hi > 0.0, lo / hi, 0.0)

    def _tail_quantile(self, q: Array) -> Array:
        return self.half_width * (1.0 - 2.0 * q)

    def _log_density(self, x: Array) -> Array:
        peak = -_log_width(self.half_width)[0]
        return np.where(x <= self.half_width, peak, -np.inf)
