r"""The ROPS of Appendix D for the l1 ball: f = cA on ``||x||_1 <= 1``, cB elsewhere, in R^d.

Two ways out from the centre: x = t e_1 towards a vertex, and x = t (1, ..., 1)/d towards the middle
of a face. With the rate s = 1/lambda or 1/sigma, outside(s) = P(||x + eps||_1 > 1) is a tail of
`theory.magnitude_sums`; at the centre, of Gamma(d, 1) for Laplace noise, so that the supremum of
sqrt(2) lambda is sqrt(2)/median(Gamma(d, 1)) there.

*What is proved.* The ball minus x is convex and holds 0, so P(||x + eps||_1 > 1) falls strictly in
s and there is one supremum at r = 0. For r > 0 a supremum's upper bound is proved step by step: as
outside(s) and the tail allowed(s) that certifies r both fall, allowed(l) < outside(h) excludes
every s in [l, h]; such intervals lead down to outside(s) > 1/2, which is above every allowed tail.

A radius has a certificate exactly below these distances. Laplace: 1 - t, in l1; the ball lies
within a half space at that distance, a slab of one side (`theory.rops_slab`), so none beyond it;
below it outside(s) <= P(Gamma(d, 1) > s (1 - t)) = o(e^(-rs)). Gaussian: (1 - t)/sqrt(d), in l2;
the half space again, and below it the 2^d half spaces together.

*Against the line.* At a vertex the agreement of small noise is that of a cone, below 1/2 for d > 1,
so both suprema vanish linearly in 1 - t and not logarithmically: their ratio tends to a constant
(`vertex_rates`), above 1 in every dimension that was tried, and the order need not change. Towards
a face both vanish logarithmically, as on the line, and the Gaussian one is larger in the end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from flint import arb, fmpq
from scipy import optimize

from theory.exact import Exact, describe, to_fmpq, to_fraction, working_precision
from theory.magnitude_sums import (
    Towards,
    cone_polynomial,
    gaussian_cone,
    gaussian_outside,
    gaussian_outside_float,
    laplace_outside,
)
from theory.parameters import MOST_ROOT_BITS, checked_precision, is_word
from theory.rops_tie import enclosed_tie, exclude_below

__all__ = [
    "MAX_DIM",
    "MAX_FACE_DIM",
    "BallPoint",
    "ball_supremum",
    "ball_supremum_ball",
    "face_threshold_ball",
    "vertex_rates",
]

Noise: TypeAlias = Literal["laplace", "gaussian"]

_NOISES: tuple[Noise, ...] = ("laplace", "gaussian")

#: smaller tails are lost in the rounding of the floats' integral, or of all floats
_LEAST_TAIL, _LEAST_FLOAT = 1e-9, 1e-290
#: towards a face as many digits cancel as the rate is large
_MOST_FACE_RATE = 2_000
_FLOATS_END = Fraction(1, 10**11)
#: nearer to 1 the integral's path towards a face is too long, and floats do not find the rate
_INTEGRALS_END = Fraction(1, 10**7)
#: nearer to a vertex the transform overflows its bits
_CONES_END = Fraction(1, 10**60)

#: beyond it the integral takes minutes; towards a face the Laplace tail has d^2 terms
MAX_DIM, MAX_FACE_DIM = 256, 64


@dataclass(frozen=True, slots=True)
class BallPoint:
    """The point t e_1 (vertex) or t (1, ..., 1)/d (face) of the unit l1 ball.

    Parameters
    ----------
    t : Fraction
        ||x||_1, in [0, 1).
    dim : int
        In [1, 256]; towards a face, at most 64.
    towards : {"vertex", "face"}

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Examples
    --------
    >>> point = BallPoint.of("0.5", dim=2)
    >>> point.has_certificate("gaussian", Fraction(2, 5)), point.has_certificate("laplace", 0.4)
    (False, True)
    """

    t: Fraction
    dim: int
    towards: Towards = "vertex"

    def __post_init__(self) -> None:
        if not is_word(self.towards, ("vertex", "face")):
            raise ValueError(f"towards = {describe(self.towards)!r} is neither vertex nor face")
        object.__setattr__(self, "t", to_fraction(self.t))
        if not 0 <= self.t < 1:
            raise ValueError(f"x = {describe(self.t)} is outside [0, 1)")
        most = MAX_FACE_DIM if self.towards == "face" else MAX_DIM
        if isinstance(self.dim, bool) or not isinstance(self.dim, int) or not 1 <= self.dim <= most:
            raise ValueError(f"dim = {describe(self.dim)} is no integer in [1, {most}]")

    @classmethod
    def of(cls, t: Exact, *, dim: int, towards: Towards = "vertex") -> BallPoint:
        """Return the point at an exact t in (-1, 1); -t is its mirror image."""
        place = abs(to_fraction(t))
        if place >= 1:
            raise ValueError(f"x = {describe(t)} is outside (-1, 1)")
        return cls(place, dim, towards)

    def has_certificate(self, noise: Noise, radius: Exact) -> bool:
        """Whether any noise of the kind certifies the radius, which is decided exactly."""
        if not is_word(noise, _NOISES):
            raise ValueError(f"noise = {describe(noise)} is none of {', '.join(_NOISES)}")
        reach, distance = to_fraction(radius), 1 - self.t
        if noise == "laplace":
            return reach < distance
        return self.dim * reach * reach < distance * distance

    def outside(self, noise: Noise, rate: arb, bits: int) -> arb:
        """Return a ball around P(||x + eps||_1 > 1), at a rate 1/lambda or 1/sigma above 0."""
        tail = laplace_outside if noise == "laplace" else gaussian_outside
        return tail(self.t, self.dim, self.towards, rate, bits)


def ball_supremum(noise: Noise, point: BallPoint, *, radius: Exact = 0) -> float:
    """Return the float of `ball_supremum_ball`, to plot with.

    To about 1e-14/(1 - t), relatively.

    Raises
    ------
    ArithmeticError
        If the radius is so near the end of its domain that floats do not hold the tails.

    Examples
    --------
    >>> round(ball_supremum("laplace", BallPoint.of(0, dim=2)), 9)
    0.842622873
    """
    reach = float(_radius(noise, point, radius))
    t, place = float(point.t), (point.t, point.dim, point.towards)

    def margin(rate: float) -> float:
        if noise == "laplace":
            outside = float(laplace_outside(*place, arb(rate), 64).mid())
            return math.exp(-reach * rate) / 2 - outside
        outside = gaussian_outside_float(t, point.dim, point.towards, rate)
        return math.erfc(reach * rate / math.sqrt(2)) / 2 - outside

    low, high = 0.25, 0.5
    least = _LEAST_TAIL if noise == "gaussian" and point.dim > 2 else _LEAST_FLOAT
    while margin(high) <= 0:
        low, high = high, 2 * high
        length = reach * high
        if noise == "laplace" and point.towards == "face" and high > _MOST_FACE_RATE:
            least = math.inf
        if math.exp(-length if noise == "laplace" else -length * length / 2) < least:
            raise ArithmeticError(
                f"radius = {describe(radius)} is too near its end for the tail's floats, "
                f"x = {describe(point.t)} and d = {point.dim}"
            )
    rate = float(optimize.brentq(margin, low, high, xtol=1e-300, rtol=1e-14))
    return math.sqrt(2) / rate if noise == "laplace" else 1 / rate


def ball_supremum_ball(noise: Noise, point: BallPoint, *, precision: int, radius: Exact = 0) -> arb:
    r"""Return a ball around the supremum of the standard deviations that certify r at a point.

    .. math:: P(\|x+\varepsilon\|_1 > 1) = e^{-r/\lambda}/2, \qquad
              P(\|x+\varepsilon\|_1 > 1) = 1 - \Phi(r/\sigma)

    The lower end certifies r; that nothing above the upper end does is proved as the module
    docstring says.

    Parameters
    ----------
    noise : {"laplace", "gaussian"}
        sqrt(2) lambda or sigma is returned.
    point : BallPoint
    precision : int
        In [2, 4096]; the relative width is about ``2**-precision``.
    radius : int, float, Decimal, Fraction or str
        In l1, an exact number in [0, 1 - t) (Laplace) or [0, (1 - t)/sqrt(d)) (Gaussian).

    Raises
    ------
    ValueError
        If the radius is outside its domain.
    ArithmeticError
        If it is so near the end of its domain that the proof takes too many steps or, for Gaussian
        noise in 3 or more dimensions, that the tails are below 1e-9; or for that noise if 1 - t is
        below 1e-7 towards a face or 1e-60 towards a vertex.

    Examples
    --------
    >>> from theory.rops import laplace_supremum_ball
    >>> line = BallPoint.of("0.3", dim=1)
    >>> one = ball_supremum_ball("laplace", line, precision=60, radius="0.4")
    >>> one.overlaps(laplace_supremum_ball("0.3", precision=60, radius="0.4"))
    True
    >>> ball_supremum_ball("gaussian", BallPoint.of(0, dim=2), precision=60).mid().str(9, radius=0)
    '0.672285191'
    """
    precision = checked_precision(precision, most=MOST_ROOT_BITS)
    reach = _radius(noise, point, radius)
    length = to_fmpq(reach)

    def allowed(rate: arb) -> arb:
        if noise == "laplace":
            return (-length * rate).exp() / 2
        return (length * rate / arb(2).sqrt()).erfc() / 2

    def margin(rate: arb, bits: int) -> arb:
        return allowed(rate) - point.outside(noise, rate, bits)

    first = _first_rate(noise, point, reach)
    bits = precision + 80  # the integrals are of tails down to 1e-9
    rate = enclosed_tie(margin, precision, bits=bits, near=first)
    if reach:
        with working_precision(bits):
            exclude_below(lambda at: point.outside(noise, at, bits), allowed, rate.lower())
    with working_precision(precision + 10):
        return arb(2).sqrt() / rate if noise == "laplace" else 1 / rate


def face_threshold_ball(dim: int) -> arb:
    """Return a ball in which the order of the suprema at r = 0 changes on the way to a face.

    Laplace's supremum is proved to be the larger one at its lower end and the Gaussian one at its
    upper end, 2^-39 further on. That this is the only change in [0, 1) is located, not proved.

    Parameters
    ----------
    dim : int
        In [1, 64].

    Raises
    ------
    ValueError
        If the dimension is outside its domain.
    ArithmeticError
        If the ends that floats found are not confirmed.

    Examples
    --------
    >>> face_threshold_ball(2).mid().str(9, radius=False)
    '0.975476096'
    """
    BallPoint.of(0, dim=dim, towards="face")  # checks the dimension

    def lead(t: float) -> float:
        point = BallPoint.of(t, dim=dim, towards="face")
        return ball_supremum("laplace", point) - ball_supremum("gaussian", point)

    found = float(optimize.brentq(lead, 0.0, 1 - 1e-3, xtol=1e-12))
    low, high = (Fraction(round(found * 2**40) + side, 2**40) for side in (-1, 1))
    signs = []
    for t in (low, high):
        point = BallPoint.of(t, dim=dim, towards="face")
        ours, theirs = (ball_supremum_ball(n, point, precision=64) for n in _NOISES)
        signs.append(1 if ours > theirs else -1 if ours < theirs else 0)
    if signs != [1, -1]:
        raise ArithmeticError(f"no change of order is proved about t = {found!r}, d = {dim}")
    return arb(to_fmpq(low)).union(arb(to_fmpq(high)))


def vertex_rates(dim: int, *, precision: int) -> tuple[arb, arb]:
    r"""Return balls around lim (1 - t)/lambda and lim (1 - t)/sigma of the suprema as t -> 1.

    .. math:: P(L_1 + |L_2| + \dots + |L_d| \le a) = 1/2, \qquad
              P(N_1 + |N_2| + \dots + |N_d| \le c) = 1/2

    Towards a vertex, at r = 0, where the ball looks like a cone: both suprema are linear in 1 - t,
    and sqrt(2) c/a is the limit of the ratio of Laplace's to the Gaussian one. For d = 2, c is
    sqrt(2) Phi^-1(sqrt(1/2)) and e^(-a) (3/2 + a) = 1.

    Parameters
    ----------
    dim : int
        In [2, 256].
    precision : int
        In [2, 4096]; the relative width is about ``2**-precision``.

    Examples
    --------
    >>> a, c = vertex_rates(2, precision=60)
    >>> (arb(2).sqrt() * c / a).mid().str(9, radius=False)
    '1.27076357'
    """
    precision = checked_precision(precision, most=MOST_ROOT_BITS)
    if isinstance(dim, bool) or not isinstance(dim, int) or not 2 <= dim <= MAX_DIM:
        raise ValueError(f"dim = {describe(dim)} is no integer in [2, {MAX_DIM}]")

    def laplace(rate: arb, bits: int) -> arb:
        return 1 - (-rate).exp() * cone_polynomial(dim, rate)

    def gaussian(rate: arb, bits: int) -> arb:
        return gaussian_cone(dim, rate, bits) - fmpq(1, 2)

    bits = precision + 40
    a, c = (enclosed_tie(one, precision, bits=bits) for one in (laplace, gaussian))
    return a, c


def _radius(noise: Noise, point: BallPoint, radius: Exact) -> Fraction:
    reach = to_fraction(radius)
    if not isinstance(point, BallPoint):
        raise TypeError(f"point = {describe(point)} is no BallPoint")
    if reach < 0 or not point.has_certificate(noise, reach):
        end = "1 - |x|" if noise == "laplace" else "(1 - |x|)/sqrt(d)"
        raise ValueError(
            f"radius = {describe(radius)} is outside [0, {end}), x = {describe(point.t)} and "
            f"d = {point.dim}"
        )
    return reach


def _first_rate(noise: Noise, point: BallPoint, reach: Fraction) -> float | None:
    """The rate at the tie in floats, None where they have lost their digits."""
    if noise == "gaussian" and point.dim > 2 and 1 - point.t < _INTEGRALS_END:
        return _cone_rate(point, reach)
    if 1 - point.t - reach < _FLOATS_END and not (reach and point.towards == "face"):
        return None
    try:
        deviation = ball_supremum(noise, point, radius=reach)
    except ArithmeticError:
        if point.towards == "face" or (noise == "gaussian" and point.dim > 2):
            raise
        return None
    return (math.sqrt(2) if noise == "laplace" else 1) / deviation


def _cone_rate(point: BallPoint, reach: Fraction) -> float:
    """The Gaussian rate very near a vertex: that of 1 - t = 1/1000, where the cone is the same."""
    shrink = 1000 * (1 - point.t)
    if point.towards == "face" or point.t > 1 - _CONES_END:
        raise ArithmeticError(
            f"x = {describe(point.t)} is too near 1 for the Gaussian tail's integral, "
            f"d = {point.dim}"
        )
    like = BallPoint(Fraction(999, 1000), point.dim)
    return 1 / (ball_supremum("gaussian", like, radius=reach / shrink) * float(shrink))
