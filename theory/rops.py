r"""The rectified optional parameter space (ROPS) of Appendix D, in floats and in balls.

The base classifier on the line is cA on ``|x| <= 1`` and cB elsewhere. Smoothed with noise eps it
keeps its label at a point x of [-1, 1] with the *agreement* probability P(|x + eps| <= 1), which
falls strictly in the scale of the noise for ``|x| < 1``. The ROPS holds the standard deviations,
sqrt(2) scale or sigma, at which that probability is at least 1/2; its supremum is the one at which
it is 1/2 exactly. At ``|x| = 1`` the agreement is below 1/2 for every scale and the supremum is 0.

Floats are to nearest, within a few units in the last place; balls contain the exact value.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from flint import arb, fmpq
from numpy.typing import NDArray
from scipy import special

from theory.exact import (
    Exact,
    Surd,
    describe,
    to_ball,
    to_fmpq,
    to_fraction,
    to_positive,
    working_precision,
)
from theory.parameters import MOST_ROOT_BITS, checked_precision, to_float_array
from theory.rops_tie import enclosed_tie

__all__ = [
    "gaussian_agreement",
    "gaussian_agreement_ball",
    "gaussian_supremum",
    "gaussian_supremum_ball",
    "laplace_agreement",
    "laplace_agreement_ball",
    "laplace_supremum",
    "laplace_supremum_ball",
]

Floats: TypeAlias = NDArray[np.float64]
Numbers: TypeAlias = float | NDArray[Any] | Sequence[float]

# 1/scale (Laplace) and 1/(sqrt(2) sigma) (Gaussian) at the supremum, for every float |x| < 1:
# from x = 0 up to 1 - |x| = 2**-53.
_LAPLACE_RATES, _GAUSSIAN_RATES = (0.69, 32.0), (0.47, 8.0)
_HALVINGS = 64

_ROOT_2 = math.sqrt(2)


def laplace_agreement(x: Numbers, *, scale: Numbers) -> float | Floats:
    r"""P(|x + eps| <= 1) under Laplace noise.

    .. math:: 1 - (e^{-(1-|x|)/\lambda} + e^{-(1+|x|)/\lambda})/2

    Appendix D (the integral of the density over [-1 - x, 1 - x]).

    Parameters
    ----------
    x : float or array of floats
        The point, in [-1, 1]. Arrays broadcast with `scale`.
    scale : float or array of floats
        The Laplace parameter lambda, in (0, inf), in the unit of x.

    Returns
    -------
    float or array of float64
        In [0, 1], to nearest within a few ulp.

    Raises
    ------
    ValueError
        If an input is outside its domain (NaN is).

    Examples
    --------
    >>> laplace_agreement(0.0, scale=1 / np.log(2)), laplace_agreement([0.0, 1.0], scale=0.5)
    (0.5, array([0.86466472, 0.49084218]))
    """
    near, far = _sides(x)
    size = _positive("scale", scale)
    with np.errstate(over="ignore"):  # a scale that is next to 0 leaves nothing outside
        return _result(-(np.expm1(-near / size) + np.expm1(-far / size)) / 2)


def gaussian_agreement(x: Numbers, *, sigma: Numbers) -> float | Floats:
    r"""P(|x + eps| <= 1) under Gaussian noise.

    .. math:: \Phi((1-|x|)/\sigma) + \Phi((1+|x|)/\sigma) - 1

    Appendix D. Parameters, rounding and errors are those of `laplace_agreement`, with `sigma` the
    standard deviation.

    Examples
    --------
    >>> round(gaussian_agreement(0.0, sigma=1.4826022185056018), 12)
    0.5
    """
    near, far = _sides(x)
    spread = _positive("sigma", sigma)
    with np.errstate(over="ignore"):  # a sigma that is next to 0 leaves nothing outside
        both = special.erf(near / spread / _ROOT_2) + special.erf(far / spread / _ROOT_2)
    return _result(both / 2)


def laplace_supremum(x: Numbers) -> float | Floats:
    r"""Supremum of sqrt(2) scale over the Laplace noises that keep the label at x.

    .. math:: \sqrt2 \lambda, \quad e^{-(1-|x|)/\lambda} + e^{-(1+|x|)/\lambda} = 1

    Appendix D and Figure 10; sqrt(2)/log 2 at x = 0.

    Parameters
    ----------
    x : float or array of floats
        The point, in [-1, 1].

    Returns
    -------
    float or array of float64
        A standard deviation in the unit of x, to nearest within a few ulp; 0.0 at the ends.

    Raises
    ------
    ValueError
        If x is outside its domain (NaN is).

    Examples
    --------
    >>> laplace_supremum([0.0, 0.5, 1.0]).round(9).tolist()
    [2.040278893, 1.849878016, 0.0]
    """
    near, far = _sides(x)

    def margin(rate: Floats) -> Floats:  # rises in the rate 1/lambda
        rises: Floats = far * rate + np.log(-np.expm1(-near * rate))
        return rises

    return _result(np.where(near > 0, math.sqrt(2) / _root(margin, near, *_LAPLACE_RATES), 0.0))


def gaussian_supremum(x: Numbers) -> float | Floats:
    r"""Supremum of sigma over the Gaussian noises that keep the label at x.

    .. math:: \Phi((1-|x|)/\sigma) + \Phi((1+|x|)/\sigma) = 3/2

    Appendix D and Figure 10; 1/Phi^-1(3/4) at x = 0. Parameters, rounding and errors are those of
    `laplace_supremum`.

    Examples
    --------
    >>> gaussian_supremum([0.0, 0.5, 1.0]).round(9).tolist()
    [1.482602219, 1.390761684, 0.0]
    """
    near, far = _sides(x)

    def margin(rate: Floats) -> Floats:  # rises in the rate 1/(sqrt(2) sigma)
        rises: Floats = np.log(special.erf(near * rate)) - np.log(special.erfc(far * rate))
        return rises

    return _result(np.where(near > 0, math.sqrt(0.5) / _root(margin, near, *_GAUSSIAN_RATES), 0.0))


def laplace_agreement_ball(x: Exact, *, scale: Exact | Surd, precision: int) -> arb:
    """Return a ball that contains the exact `laplace_agreement`, computed with `precision` bits.

    Parameters
    ----------
    x : int, float, Decimal, Fraction or str
        The point, an exact number in [-1, 1].
    scale : int, float, Decimal, Fraction, str or Surd
        The exact Laplace parameter, in (0, inf).
    precision : int
        Working precision in bits, in [2, 2^20].

    Raises
    ------
    ValueError
        If an input is outside its domain.

    Examples
    --------
    >>> laplace_agreement_ball("0", scale="1/2", precision=100).overlaps(1 - arb(-2).exp())
    True
    """
    near, far = _exact_sides(x)
    size = _exact_size("scale", scale, precision)
    with working_precision(precision):
        return -((-near / size).expm1() + (-far / size).expm1()) / 2


def gaussian_agreement_ball(x: Exact, *, sigma: Exact | Surd, precision: int) -> arb:
    """Return a ball that contains the exact `gaussian_agreement`, as `laplace_agreement_ball`.

    Examples
    --------
    >>> gaussian_agreement_ball("0", sigma=2, precision=60).overlaps(arb(0.125).sqrt().erf())
    True
    """
    near, far = _exact_sides(x)
    size = _exact_size("sigma", sigma, precision)
    with working_precision(precision):
        spread = size * arb(2).sqrt()
        return ((near / spread).erf() + (far / spread).erf()) / 2


def laplace_supremum_ball(x: Exact, *, precision: int, radius: Exact = 0) -> arb:
    r"""Return a ball around the supremum of sqrt(2) lambda that certifies a radius r at x.

    .. math:: e^{-(1-|x|-r)/\lambda} + e^{-(1+|x|-r)/\lambda} = 1

    is -lambda log[2(1 - PA)] = r with PA of `laplace_agreement`; r = 0 is `laplace_supremum`. The
    left side rises strictly in lambda, so a sign change of the margin (in balls) holds the only
    tie; it is halved until it is about ``2**-precision`` wide, relatively.

    Parameters
    ----------
    x : int, float, Decimal, Fraction or str
        The point, an exact number in (-1, 1).
    precision : int
        In bits, in [2, 4096]. Near r = 1 - abs(x) a tie may need more to be told apart.
    radius : int, float, Decimal, Fraction or str
        An exact number in [0, 1 - abs(x)).

    Raises
    ------
    ValueError
        If x or the radius is outside its domain.

    Examples
    --------
    >>> laplace_supremum_ball(0, precision=80).overlaps(arb(2).sqrt() / arb(2).log())
    True
    >>> laplace_supremum_ball(0, precision=80, radius="1/2").overlaps(arb(2).sqrt() / arb(4).log())
    True
    """
    precision = checked_precision(precision, most=MOST_ROOT_BITS)
    near, far = _exact_sides(x, inside=True)
    reach = _exact_radius(radius, near)

    def margin(rate: arb) -> arb:
        return -((reach - near) * rate).expm1() - ((reach - far) * rate).exp()

    rate = enclosed_tie(lambda rate, _: margin(rate), precision)
    with working_precision(precision + 10):
        return arb(2).sqrt() / rate


def gaussian_supremum_ball(x: Exact, *, precision: int, radius: Exact = 0) -> arb:
    r"""Return a ball around the supremum of sigma that certifies a radius r at x.

    .. math:: \Phi((1-|x|)/\sigma) + \Phi((1+|x|)/\sigma) - 1 = \Phi(r/\sigma)

    is sigma Phi^-1(PA) = r with PA of `gaussian_agreement`; r = 0 is `gaussian_supremum`. There is
    one such sigma: over P(eps > r) the tails beyond 1 - abs(x) > r and 1 + abs(x) fall strictly in
    1/sigma, as u h(u) rises with the hazard rate h of the normal law. Parameters and errors are
    those of `laplace_supremum_ball`.

    Examples
    --------
    >>> gaussian_supremum_ball("0.99", precision=80).mid().str(10, radius=False)
    '0.7755273001'
    >>> gaussian_supremum_ball("0.3", precision=80, radius="0.69").mid().str(6, radius=False)
    '0.470152'
    """
    precision = checked_precision(precision, most=MOST_ROOT_BITS)
    near, far = _exact_sides(x, inside=True)
    reach = _exact_radius(radius, near)

    def margin(rate: arb) -> arb:
        # the mass between r and 1 - |x|, by the function that loses no digit there
        if reach * rate < 1:
            return (near * rate).erf() - (reach * rate).erf() - (far * rate).erfc()
        return _erfc(reach * rate) - _erfc(near * rate) - _erfc(far * rate)

    # the rate grows up to 1/sqrt(gap), and erfc loses the bits of its square
    bits = 2 * precision + 64 + int(1 / (near - reach)).bit_length()
    rate = enclosed_tie(lambda rate, _: margin(rate), precision, bits=bits)
    with working_precision(precision + 10):
        return 1 / (arb(2).sqrt() * rate)


def _erfc(x: arb) -> arb:
    """Return erfc, which falls, by its values at the ends of a ball: far out Arb's own is wide."""
    return x.lower().erfc().union(x.upper().erfc())


def _sides(x: Numbers) -> tuple[Floats, Floats]:
    """1 - |x| and 1 + |x|."""
    values = to_float_array("x", x)
    place = np.abs(values)
    if not (place <= 1).all():  # NaN too
        raise ValueError(f"x = {values[~(place <= 1)].flat[0]} is outside [-1, 1]")
    return 1 - place, 1 + place


def _positive(name: str, value: Numbers) -> Floats:
    array = to_float_array(name, value)
    legal = (array > 0) & (array < np.inf)
    if not legal.all():
        raise ValueError(f"{name} = {array[~legal].flat[0]} is outside (0, inf)")
    return array


def _result(values: Floats) -> float | Floats:
    return float(values) if values.ndim == 0 else values


def _root(margin: Callable[[Floats], Floats], near: Floats, low: float, high: float) -> Floats:
    """The zero of a rising function of the rate, by bisection to the last bit."""
    below, above = np.full(near.shape, low), np.full(near.shape, high)
    with np.errstate(divide="ignore"):  # near = 0, whose root is not asked for
        for _ in range(_HALVINGS):
            middle = (below + above) / 2
            rises = margin(middle) > 0
            below, above = np.where(rises, below, middle), np.where(rises, middle, above)
    found: Floats = (below + above) / 2
    return found


def _exact_sides(x: Exact, *, inside: bool = False) -> tuple[fmpq, fmpq]:
    place = abs(to_fraction(x))
    if place > 1 or (inside and place == 1):
        raise ValueError(f"x = {describe(x)} is outside {'(-1, 1)' if inside else '[-1, 1]'}")
    return to_fmpq(1 - place), to_fmpq(1 + place)


def _exact_radius(radius: Exact, near: fmpq) -> fmpq:
    reach = to_fmpq(to_fraction(radius))
    if not 0 <= reach < near:
        raise ValueError(
            f"radius = {describe(radius)} is outside [0, {near}), the end being 1 - |x|"
        )
    return reach


def _exact_size(name: str, value: Exact | Surd, precision: int) -> arb:
    if isinstance(value, Surd):
        if value.coefficient <= 0:
            raise ValueError(f"{name} = {float(value)} is outside (0, inf)")
        return value.ball(precision)
    return to_ball(to_positive(name, value), precision)
