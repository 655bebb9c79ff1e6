r"""The radii of others that Gaussian noise and two classes allow, PB = 1 - PA, rounded down.

Both are certificates in the l2 norm, hence in the l1 norm, as ``||delta||_2 <= ||delta||_1``. Both
are suprema over a parameter every value of which is sound. So the parameter is searched in floats,
for all probabilities at once, and the radius at the float that was found is enclosed by Arb: what
is returned is provably not above the supremum, and was measured to be within 1e-11 of it,
relatively (1e-14 for p_b from 1e-308), where p_a - p_b >= 1e-290 and p_b is 0 or at least 5e-324.
Neither exceeds `theory.certificates.cohen`, which is the largest radius that Gaussian noise
certifies.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TypeAlias

import numpy as np
from flint import arb, fmpq

from theory.arguments import Arguments, FloatArray, Point, Probability, Scale
from theory.certificates import ABSTAIN, Radius
from theory.exact import round_down, times_surd

#: the radius of sigma = 1 at p_a, p_b and the parameter
Ball: TypeAlias = Callable[[fmpq, fmpq, fmpq], arb]

_GOLDEN = (5**0.5 - 1) / 2
_STEPS = 48  # a bracket is 10^-10 of itself after them, and a maximum is flat
_NEAR_HALF = 0.01
_LOST = 1e-290  # floats no longer hold so small an epsilon to many digits; 0 is sound


def lecuyer_gaussian(p_a: Probability, *, sigma: Scale) -> Radius:
    r"""Radius of Lecuyer et al. (2019), Gaussian noise, two classes.

    .. math:: \sup_{0 < \varepsilon \le 1} \frac{\sigma \varepsilon}{\sqrt{2 \log(1.25/\delta)}},
        \quad \delta = \frac{p_a - e^{2\varepsilon} (1 - p_a)}{1 + e^\varepsilon} > 0

    Their Proposition 1: with (epsilon, delta)-differential privacy under perturbations up to L, the
    top class keeps at least e^-epsilon (p_a - delta), another one has at most e^epsilon p_b +
    delta, and the former is larger where p_a > e^(2 epsilon) p_b + (1 + e^epsilon) delta. Gaussian
    noise gives it for L = sigma epsilon/c, c = sqrt(2 log(1.25/delta)), epsilon <= 1, for every
    delta in (0, 1): the privacy loss exceeds epsilon with probability Phi(-t), t = c -
    epsilon/(2c), and Phi(-t) <= exp(-t^2/2)/2 <= exp((1 - c^2)/2)/2 < 1.25 exp(-c^2/2) = delta
    where t >= 0; where t < 0, c^2 < 1/2 and Phi(-t) < 0.6 < 0.97 < delta, as c^2 >= 2 log(1.25).

    Parameters
    ----------
    p_a : int, float, Decimal, Fraction, str, or array of floats
        Lower bound on the top class's probability, in [0, 1]; as in `theory.certificates`.
    sigma : int, float, Decimal, Fraction, str, Surd, or array of floats
        Standard deviation of one coordinate of the noise, in (0, inf). Arrays broadcast.

    Returns
    -------
    float or array of float64
        Rounded down. 0.0 at p_a = 1/2, where no delta is positive; `ABSTAIN` (NaN) below; at
        p_a = 1 it is finite, 0.57... sigma, because epsilon <= 1.

    Raises
    ------
    ValueError
        If an input is outside its domain.

    Examples
    --------
    >>> lecuyer_gaussian("0.99", sigma=1), lecuyer_gaussian(1, sigma=2)
    (0.5548667349537909, 1.1409381660397344)
    >>> lecuyer_gaussian([0.4, 0.5], sigma=1)
    array([nan,  0.])
    """
    return _supremum(p_a, sigma, _privacy_parameters, _privacy_radius)


def li(p_a: Probability, *, sigma: Scale) -> Radius:
    r"""Radius of Li et al. (2019), Gaussian noise, two classes.

    .. math:: \sup_{\alpha > 1} \sigma \sqrt{-\frac{2}{\alpha} \log\Bigl(1 - p_1 - p_2 + 2 \bigl(
        \tfrac12 (p_1^{1-\alpha} + p_2^{1-\alpha})\bigr)^{1/(1-\alpha)}\Bigr)}

    with p_1 = p_a and p_2 = 1 - p_a. It is sound for each order alpha: the Renyi divergence of the
    shifted noise is alpha ||delta||^2/(2 sigma^2), which is at least the divergence of (q, 1 - q)
    from (p_a, 1 - p_a), q the top class's probability there. That is the logarithm of a convex
    function of q over alpha - 1, and 0, its minimum, at p_a: it falls up to there, so q <= 1/2
    takes at least what q = 1/2 does: (1/(alpha - 1)) log((1/2) sum (2 p_i)^(1 - alpha)), the
    logarithm above with its sign changed.

    Parameters, rounding and errors are those of `lecuyer_gaussian`; it is inf at p_a = 1.

    Examples
    --------
    >>> li("0.99", sigma=1), li("0.5", sigma=1), li("0.49", sigma=1), li(1, sigma=1)
    (1.9080090468584694, 0.0, nan, inf)
    """
    return _supremum(p_a, sigma, _orders, _renyi_radius)


def _supremum(
    p_a: Probability,
    sigma: Scale,
    parameters: Callable[[FloatArray, FloatArray], FloatArray],
    ball: Ball,
) -> Radius:
    arguments = Arguments.parse(p_a, None, "sigma", sigma)
    points, which = arguments.points()
    inside = [number for number, point in enumerate(points) if point.p_a > point.p_b]
    others = np.array([_float(points[one].p_b) for one in inside], dtype=np.float64)
    gaps = np.array([_float(points[one].p_a - points[one].p_b) for one in inside], dtype=np.float64)
    radii = np.array([ABSTAIN if point.abstains else 0.0 for point in points], dtype=np.float64)
    for number, parameter in zip(inside, parameters(others, gaps).tolist(), strict=True):
        exact = fmpq(*parameter.as_integer_ratio())
        radii[number] = round_down(partial(_scaled, ball, points[number], exact))
    return float(radii[0]) if arguments.shape == () else radii[which].reshape(arguments.shape)


def _scaled(ball: Ball, at: Point, parameter: fmpq, _: int) -> arb:
    return times_surd(ball(at.p_a, at.p_b, parameter), at.size, at.radicand)


def _float(number: fmpq) -> float:
    return int(number.p) / int(number.q)


def _privacy_parameters(others: FloatArray, gaps: FloatArray) -> FloatArray:
    """The epsilon of each point: below 1, and below log(p_a/p_b)/2, where delta is 0."""
    with np.errstate(all="ignore"):  # at p_b = 0 it is inf, and cut to 1
        most = np.minimum(1.0, np.log1p(gaps / others) / 2)

    def curve(epsilon: FloatArray) -> FloatArray:
        delta = (gaps - others * np.expm1(2 * epsilon)) / (1 + np.exp(epsilon))
        with np.errstate(all="ignore"):
            return np.where(delta > 0, epsilon / np.sqrt(np.log(1.25 / delta)), 0.0)

    found = np.where(gaps < _LOST, 0.0, _argmax(curve, np.zeros_like(most), most))
    # The bracket never reaches its end, where the maximum is if epsilon = 1 stops it.
    return np.where((most == 1) & (curve(most) >= curve(found)), most, found)


def _privacy_radius(p_a: fmpq, p_b: fmpq, epsilon: fmpq) -> arb:
    growth = arb(epsilon).exp()
    delta = (arb(p_a) - growth**2 * arb(p_b)) / (1 + growth)
    return arb(epsilon) / (2 * (arb(fmpq(5, 4)) / delta).log()).sqrt()


def _orders(others: FloatArray, gaps: FloatArray) -> FloatArray:
    """s = alpha - 1 of each point: near 1/2 for p_a near 1/2, about sqrt(log 2/-log p_b) near 1."""
    smallest = np.maximum(others, 5e-324)
    top, rest = np.log1p(gaps), np.log(2 * smallest)

    def curve(s: FloatArray) -> FloatArray:
        # log of the mean of (2 p_i)^-s, the larger one taken out
        mean = -s * rest + np.log1p(np.expm1(s * (rest - top)) / 2)
        return np.asarray(mean / (s * (1 + s)))

    found = _argmax(curve, 0.1 / np.sqrt(1 - rest), np.ones_like(rest))
    # With x = p_a - p_b the square of the radius is x^2 (1 + x^2 (3 + s - s^2)/6 + O(x^4)): floats
    # do not see its maximum where x is small, but it is at 1/2.
    return np.where(gaps < _NEAR_HALF, 0.5, found)


def _renyi_radius(p_a: fmpq, p_b: fmpq, s: fmpq) -> arb:
    if p_b == 0:
        return arb.pos_inf()
    mean = (arb(2 * p_a) ** arb(-s) + arb(2 * p_b) ** arb(-s)) / 2
    return (2 * mean.log() / arb(s * (1 + s))).sqrt()


def _argmax(
    curve: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray
) -> FloatArray:
    """Where each of many unimodal curves is largest between its ends, by golden sections."""
    left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
    at_left, at_right = curve(left), curve(right)
    for _ in range(_STEPS):
        rises = at_left < at_right
        low, high = np.where(rises, left, low), np.where(rises, high, right)
        left, right = high - _GOLDEN * (high - low), low + _GOLDEN * (high - low)
        at_left, at_right = curve(left), curve(right)
    return np.where(at_left > at_right, left, right)
