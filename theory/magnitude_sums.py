r"""The law of Y = ``|b_1 + N_1| + ... + |b_d + N_d|``, Laplace or Gaussian N of scale 1, in balls.

||x + eps||_1 at the rate s (1/lambda or 1/sigma) is Y/s with b = s x. Two ways out from the centre:
x = t e_1 ("vertex") and x = t (1, ..., 1)/d ("face").

*Laplace*: exponentials times polynomials, in closed form.

*Gaussian*: in the plane x_1 + x_2 and x_1 - x_2 are independent and the ball is a square. Beyond,
the density of |b + N| is an entire function with the derivatives 2 He_k(b) phi(b), k even, at 0, so
that of Y is y^(d - 1) times a power series that converges everywhere; Cramer's |He_k(b)| <= 1.0865
e^(b^2/4) sqrt(k!) bounds its end. Its terms cancel by e^(s^2/2): for larger s the Laplace transform

.. math:: W_b(p) = (e^{pb} \operatorname{erfc}((p+b)/\sqrt2)
                   + e^{-pb} \operatorname{erfc}((p-b)/\sqrt2))\, e^{p^2/2}/2,

which is entire too, is inverted: P(Y <= s) is the integral of e^(ps) prod W/(2 pi i p) along two
rays from c > 0 at +-120 degrees. There |W_b| <= 1 + 2 e^(b |Re p|) once Re p < 0, as e^(-p|X|) is
e^(pX) + e^(-pX) - e^(p|X|) and |e^(p^2/2)| <= 1; that turns the line c + iR into the rays and
bounds the end that is cut off. The rest is Arb's rigorous integral.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
from flint import acb, arb, arb_series, ctx, fmpq
from numpy.typing import NDArray
from scipy import special

from theory.exact import to_fmpq, working_precision

__all__ = [
    "cone_polynomial",
    "gaussian_cone",
    "gaussian_outside",
    "gaussian_outside_float",
    "laplace_outside",
]

Towards: TypeAlias = Literal["vertex", "face"]
Complexes: TypeAlias = NDArray[np.complex128]

#: up to this rate the power series is the faster one
_SERIES_RATE = 30
_GUARD = 30
_PANELS, _ORDER = 48, 16


def laplace_outside(t: Fraction, dim: int, towards: Towards, rate: arb, bits: int) -> arb:
    r"""Return a ball around P(||x + lambda L||_1 > 1) at the rate 1/lambda.

    Towards a vertex, from the density of s t + L_1 and the tail of Gamma(d - 1, 1),

    .. math:: \tfrac12\Big(e^{-(1-t)s} (E + M)((1-t)s) + e^{-(1+t)s} (E - M)(s)\Big), \quad
              E + M = \sum_{j<d} (2 - 2^{j+1-d}) y^j/j!, \quad E - M = \sum_{j<d} 2^{j+1-d} y^j/j!

    Towards a face, by inverting ((p e^(-b) - e^(-pb))/(p^2 - 1))^d / p, b = t s/d: the d + 1 terms
    of the binomial have residues at 1 and -1, taken at the points s - j b > 0.

    Examples
    --------
    >>> centre = laplace_outside(Fraction(0), 2, "vertex", arb(3), 60)
    >>> centre.overlaps(4 * arb(-3).exp())
    True
    >>> laplace_outside(Fraction(0), 2, "face", arb(3), 60).overlaps(centre)
    True
    """
    if towards == "face" and dim > 1:
        return _laplace_face(t, dim, rate, bits)
    with working_precision(bits + 10):
        near, far = to_fmpq(1 - t) * rate, to_fmpq(1 + t) * rate
        ahead = (-near).exp() * cone_polynomial(dim, near)
        back = _series(rate, [fmpq(1, 1 << (dim - 1 - j)) for j in range(dim)])
        return (ahead + (-far).exp() * back) / 2


def cone_polynomial(dim: int, y: arb) -> arb:
    """Return E + M: P(L_1 + |L_2| + ... + |L_d| > y) is e^(-y) times half of it.

    Examples
    --------
    >>> float(cone_polynomial(2, arb(1)).mid())
    2.5
    """
    return _series(y, [2 - fmpq(1, 1 << (dim - 1 - j)) for j in range(dim)])


def gaussian_outside(t: Fraction, dim: int, towards: Towards, rate: arb, bits: int) -> arb:
    """Return a ball around P(||x + sigma N||_1 > 1) at the rate 1/sigma.

    Examples
    --------
    >>> one = gaussian_outside(Fraction(1, 2), 3, "vertex", arb(31), 60)  # the integral
    >>> two = 1 - _power_series(Fraction(1, 2), 3, "vertex", arb(31), 60)
    >>> one.overlaps(two), bool(one.rad() < 1e-15)
    (True, True)
    """
    if dim <= 2:
        return _gaussian_plane(t, dim, towards, rate, bits)
    if rate < _SERIES_RATE:
        with working_precision(bits + _GUARD):
            return 1 - _power_series(t, dim, towards, rate, bits)
    far, shifted = (t, 1) if towards == "vertex" else (t / dim, dim)
    with working_precision(bits + _GUARD):
        root, b = acb(2).sqrt(), acb(to_fmpq(far) * rate)

        def product(p: acb) -> acb:
            up, down = ((p + b) / root).erfc(), ((p - b) / root).erfc()
            half = (p * p / 2).exp()
            moved = half * ((2 * p * b).exp() * up + down) / 2
            total = moved**shifted
            return total * (half * (p / root).erfc()) ** (dim - 1) if shifted == 1 else total

        return 1 - _inverted(product, to_fmpq(1 - t) * rate, dim, bits)


def gaussian_cone(dim: int, level: arb, bits: int) -> arb:
    """Return a ball around P(N_1 + |N_2| + ... + |N_d| <= level), level > 0.

    Examples
    --------
    >>> half = arb(fmpq(1, 2))
    >>> square = ((1 + half.erf()) / 2)**2  # turned by 45 degrees the cone is a quarter plane
    >>> gaussian_cone(2, arb(1), 60).overlaps(square)
    True
    """
    with working_precision(bits + _GUARD):
        root = acb(2).sqrt()

        def product(p: acb) -> acb:
            half = (p * p / 2).exp()
            return half * (half * (p / root).erfc()) ** (dim - 1)

        return _inverted(product, level, dim, bits)


def gaussian_outside_float(t: float, dim: int, towards: Towards, rate: float) -> float:
    """P(||x + sigma N||_1 > 1) in floats, by the same rays: to about 1e-12, absolutely.

    Examples
    --------
    >>> ball = gaussian_outside(Fraction(1, 2), 3, "face", arb(8), 60)
    >>> abs(gaussian_outside_float(0.5, 3, "face", 8.0) - float(ball.mid())) < 1e-12
    True
    """
    if dim <= 2:
        spread = rate / math.sqrt(2 * dim)

        def leaves(at: float) -> float:
            both = special.erfc((1 - at) * spread) + special.erfc((1 + at) * spread)
            return float(both) / 2

        one = leaves(t)
        if dim == 1:
            return one
        other = one if towards == "vertex" else leaves(0.0)
        return one + other - one * other
    distance, start = (1 - t) * rate, 1 / math.sqrt(dim)
    end = 2 * (dim * math.log(3) + 36) / distance + 2 * start
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    # panels that grow from the near end, where the transforms have their scale
    edges = start * np.expm1(np.linspace(0, math.log1p(end / start), _PANELS + 1))
    half = np.diff(edges) / 2
    rho = (edges[:-1] + half)[:, None] + half[:, None] * nodes
    direction = complex(-0.5, math.sqrt(0.75))
    p = np.asarray(start + rho * direction, dtype=np.complex128)
    far, shifted = (t, 1) if towards == "vertex" else (t / dim, dim)
    product = _moved_transform(p, far * rate) ** shifted
    if shifted < dim:
        product = product * _moved_transform(p, 0.0) ** (dim - shifted)
    values = (np.exp(p * distance) * product / p * direction).imag
    return 1 - float((values * weights * half[:, None]).sum()) / math.pi


def _moved_transform(p: Complexes, b: float) -> Complexes:
    """e^(pb) W_b(p), which stays small, by the scaled error function of the right half plane."""

    def term(at: Complexes, sign: int) -> Complexes:
        right = at.real >= 0
        scaled = special.wofz(1j * np.where(right, at, -at) / math.sqrt(2))
        scaled = scaled * np.exp(p * b - b * b / 2)
        mirrored = 2 * np.exp(np.where(right, 0, p * p / 2 + (1 + sign) * p * b)) - scaled
        found: Complexes = np.where(right, scaled, mirrored)
        return found

    both: Complexes = (term(p + b, 1) + term(p - b, -1)) / 2
    return both


def _series(y: arb, coefficients: list[fmpq]) -> arb:
    """Sum of c_j y^j/j!."""
    total, power = arb(0), arb(1)
    for j, coefficient in enumerate(coefficients):
        total += coefficient * power
        power = power * y / (j + 1)
    return total


@lru_cache(maxsize=128)
def _face_series(dim: int, j: int) -> tuple[fmpq, ...]:
    """The first d coefficients of (1 + h)^(d - 1 - j) (2 + h)^(-d)."""
    first = [fmpq((-1) ** k * math.comb(dim + k - 1, k), 1 << (dim + k)) for k in range(dim)]
    n = dim - 1 - j
    second = [(-1) ** k if n < 0 else math.comb(n, k) for k in range(dim)]
    return tuple(sum((first[i] * second[k - i] for i in range(k + 1)), fmpq(0)) for k in range(dim))


def _laplace_face(t: Fraction, dim: int, rate: arb, bits: int) -> arb:
    # the terms are about e^(s (1 - t)) times polynomials of binomial size, their sum e^(-s (1 - t))
    guard = 8 * dim + 3 * math.ceil(float(rate.upper()))
    with working_precision(bits + guard):
        b = to_fmpq(t / dim) * rate
        total = arb(0)
        for j in range(dim + 1):
            y = rate - j * b
            rising = [_face_series(dim, j)[dim - 1 - m] for m in range(dim)]
            falling = [(-1) ** (dim - 1 - m) * one for m, one in enumerate(rising)]
            residues = y.exp() * _series(y, rising)
            residues -= (-1) ** j * (-y).exp() * _series(y, falling)
            total -= (-1) ** j * math.comb(dim, j) * (-(dim - j) * b).exp() * residues
        return total


def _gaussian_plane(t: Fraction, dim: int, towards: Towards, rate: arb, bits: int) -> arb:
    """d <= 2: leaving either of two independent slabs, x_1 + x_2 and x_1 - x_2."""
    with working_precision(bits + 10):
        spread = rate / arb(2 * dim).sqrt()

        def leaves(place: Fraction) -> arb:
            ends = to_fmpq(1 - place), to_fmpq(1 + place)
            return ((ends[0] * spread).erfc() + (ends[1] * spread).erfc()) / 2

        one = leaves(t)
        if dim == 1:
            return one
        other = one if towards == "vertex" else leaves(Fraction(0))
        return one + other - one * other


def _power_series(t: Fraction, dim: int, towards: Towards, rate: arb, bits: int) -> arb:
    """P(Y <= s) = sum over even n of C_n s^(n + d)/(n + d)!, sum C_n z^n = prod sum c_k z^k.

    |c_k| <= 0.87 sqrt(k!), so |C_n| <= C(n + d - 1, d - 1) sqrt(n!), and beyond n = 4 s^2 each
    bound is at most half of the one before.
    """
    top = float(rate.upper())
    number = math.ceil(2 * top * top) * 2
    while _rest(number, dim, rate) * (arb(2) ** (bits + _GUARD)) > 1:
        number += 32
    far, shifted = (t, 1) if towards == "vertex" else (t / dim, dim)
    with working_precision(bits + _GUARD + math.ceil(1.5 * top * top) + 4 * dim):
        before, ctx.cap = ctx.cap, number // 2
        try:
            product = _derivatives(to_fmpq(far) * rate, number // 2) ** shifted
            if shifted < dim:
                product *= _derivatives(arb(0), number // 2) ** (dim - shifted)
            total, power = arb(0), rate**dim / arb(math.factorial(dim))
            for m, coefficient in enumerate(product.coeffs()):
                total += coefficient * power
                n = 2 * m + dim
                power = power * rate * rate / ((n + 1) * (n + 2))
        finally:
            ctx.cap = before
        return total + arb(0, _rest(number, dim, rate).upper())


def _rest(number: int, dim: int, rate: arb) -> arb:
    """A bound of the terms from an even n = number >= 4 s^2 on."""
    size = arb(number + 1).lgamma() / 2 - arb(number + dim + 1).lgamma()
    return 2 * math.comb(number + dim - 1, dim - 1) * (size + (number + dim) * rate.log()).exp()


def _derivatives(b: arb, number: int) -> arb_series:
    """2 He_(2m)(b) phi(b), the even derivatives at 0 of the density of |b + N|, as a series."""
    weight = 2 * (-b * b / 2).exp() / (2 * arb.pi()).sqrt()
    values, one, two = [], arb(1), b
    for k in range(0, 2 * number, 2):
        values.append(weight * one)
        one, two = b * two - (k + 1) * one, two
        two = b * one - (k + 2) * two
    return arb_series(values)


def _inverted(product: Callable[[acb], acb], distance: arb, dim: int, bits: int) -> arb:
    """Im of the integral of e^(p distance) product(p)/(pi p), p = c + rho e^(2 pi i/3), rho >= 0.

    The product is that of all e^(pb) W_b, at most 3^d where rho >= 2c.
    """
    start = 1 / arb(dim).sqrt()
    direction = acb(fmpq(-1, 2), arb(3).sqrt() / 2)
    goal = dim * math.log(3) + (bits + 10) * math.log(2)
    end = arb(math.ceil(2 * goal / float(distance.mid()) + 2 * float(start.mid()) + 1))

    def integrand(rho: acb, analytic: bool) -> acb:
        p = start + rho * direction
        return (p * distance).exp() * product(p) / p

    small = arb(2) ** (-bits)
    integral = acb.integral(integrand, 0, end, rel_tol=small, abs_tol=small, eval_limit=10**6)
    decay = ((start - end / 2) * distance).exp() / (end * distance)
    cut = 4 * arb(3) ** dim * decay / arb(3).sqrt()
    return ((integral * direction).imag + arb(0, cut.upper())) / arb.pi()
