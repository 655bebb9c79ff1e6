"""The three noises at 240 digits, by their tails: for the brute force alone."""

from __future__ import annotations

from fractions import Fraction
from functools import cache
from statistics import NormalDist
from typing import Any

import mpmath

MP = mpmath.MPContext()
MP.dps = 240
NAN = MP.mpf("nan")
#: Two radii agree when they do to this relative distance. A slack that vanishes as the square of
#: the distance to an end is still 10^-100 at 10^-50, and counts as a slack.
AGREE = MP.mpf(10) ** -110
HALF = Fraction(1, 2)
#: The noise's own scale word, and its standard deviation at scale 1.
OWN_WORD = {"laplace": "lam", "gaussian": "sigma", "uniform": "half_width"}
UNIT_SIGMA = {"laplace": MP.sqrt(2), "gaussian": MP.mpf(1), "uniform": 1 / MP.sqrt(3)}
#: The word's value for a standard deviation of 1.
WORDS = {"lam": 1 / MP.sqrt(2), "sigma": MP.mpf(1), "half_width": MP.sqrt(3)}

Real = Any  # mpmath has no types


@cache
def real(x: Fraction) -> Real:
    """A fraction to 240 digits."""
    return MP.mpf(x.numerator) / x.denominator


def _newton_step(z: Real, q: Real) -> Real:
    """What Newton's method on log P(Z > z) = log q adds to z."""
    tail = MP.erfc(z / MP.sqrt(2)) / 2
    return MP.log(tail / q) * tail * MP.sqrt(2 * MP.pi) * MP.exp(z * z / 2)


@cache
def gaussian_tail_point(q: Real) -> Real:
    """The z >= 0 with P(Z > z) = q <= 1/2."""
    z = MP.mpf(-NormalDist().inv_cdf(float(q))) if q > 1e-300 else MP.sqrt(-2 * MP.log(q))
    if q < 0.25:  # nearer to 1/2 the logarithm cancels, and needs every digit from the start
        for digits in (40, 70, 130):
            with MP.workdps(digits):
                z += _newton_step(z, q)
    for _ in range(60):
        step = _newton_step(z, q)
        z += step
        if abs(step) <= abs(z) * MP.mpf(10) ** -130:
            return z
    raise ArithmeticError(f"no quantile of {MP.nstr(q, 20)} after 60 steps")


def survival(noise: str, x: Real) -> Real:
    """P(X > x) for the noise at scale 1."""
    if noise == "laplace":
        return MP.exp(-x) / 2 if x >= 0 else 1 - MP.exp(x) / 2
    if noise == "gaussian":
        return MP.erfc(x / MP.sqrt(2)) / 2
    return min(max((1 - x) / 2, MP.mpf(0)), MP.mpf(1))


def quantile(noise: str, p: Fraction) -> Real:
    """The x with P(X <= x) = p, from the smaller of the two tails."""
    if p == HALF:
        return MP.mpf(0)
    if p < HALF:
        return -quantile(noise, 1 - p)
    q = real(1 - p)
    if noise == "laplace":
        return -MP.log(2 * q)
    return gaussian_tail_point(q) if noise == "gaussian" else 1 - 2 * q


def upper_point(noise: str, q: Real) -> Real:
    """The x >= 0 with P(X > x) = q <= 1/2, for the noise at scale 1."""
    if noise == "laplace":
        return -MP.log(2 * q)
    return gaussian_tail_point(q) if noise == "gaussian" else 1 - 2 * q
