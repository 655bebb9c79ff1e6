"""Sums, products and quotients of floats that carry their own rounding errors.

A number is held as an unevaluated sum of floats, the largest first: ``hi + lo`` has about
106 bits. Only the basic operations of IEEE 754 are used, rounded to nearest: no fused
multiply-add, no ``long double``, so the results do not depend on the machine. The sums and
products are those of T. J. Dekker, "A floating-point technique for extending the available
precision", Numer. Math. 18 (1971), and D. E. Knuth, TAOCP 2, section 4.2.2.

Everything here is vectorised, takes float64 and raises nothing of its own: the callers have
checked their domains. NumPy's overflow and underflow warnings are the caller's to silence.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from functools import cache
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Exponents",
    "accurate_sum",
    "exponential",
    "log_one_plus",
    "pi_decimal",
    "quotient",
    "split_decimal",
    "two_product",
    "two_sum",
]

Array: TypeAlias = NDArray[np.float64]
Exponents: TypeAlias = NDArray[np.intc]

DIGITS = 140
"""Decimal digits of every constant before it is split into floats."""

_SPLITTER = 2.0**27 + 1.0
_STEPS_PER_OCTAVE = 32
# Beyond this, exp is 0 or inf even after a shift by the whole exponent range of float64.
_EXPONENT_LIMIT = 4000.0


def two_sum(a: Array | float, b: Array | float) -> tuple[Array, Array]:
    """The sum of two floats and the error of that sum, both exact.

    a + b = s + e with s the float nearest to a + b (Knuth, TAOCP 2, section 4.2.2, theorem B).

    Parameters
    ----------
    a, b : array or float
        Finite, with |a + b| below the largest float; in any order.

    Returns
    -------
    s, e : array
        No rounding: their sum is a + b.

    Examples
    --------
    >>> s, e = two_sum(1.0, 2.0**-60)
    >>> float(s), float(e) == 2.0**-60
    (1.0, True)
    """
    s = np.asarray(a + b, dtype=np.float64)
    b_part = s - a
    return s, (a - (s - b_part)) + (b - b_part)


def _two_product_of_mantissas(a: Array, b: Array) -> tuple[Array, Array]:
    """The product of factors of moderate size, p + e, where nothing over- or underflows."""
    wide_a, wide_b = _SPLITTER * a, _SPLITTER * b
    a_hi, b_hi = wide_a - (wide_a - a), wide_b - (wide_b - b)
    a_lo, b_lo = a - a_hi, b - b_hi
    p = a * b
    return p, ((a_hi * b_hi - p) + a_hi * b_lo + a_lo * b_hi) + a_lo * b_lo


def two_product(a: Array | float, b: Array | float) -> tuple[Array, Array]:
    """The product of two floats and the error of that product.

    a b = p + e with p the float nearest to a b (Dekker 1971), computed on mantissas, so that
    no intermediate value overflows.

    Parameters
    ----------
    a, b : array or float
        Any floats.

    Returns
    -------
    p, e : array
        Exact where |a b| is in [2**-968, 2**1024). Below, e is rounded to a multiple of
        2**-1074; where p is not finite, e = 0.

    Examples
    --------
    >>> p, e = two_product(1.0 + 2.0**-52, 1.0 + 2.0**-52)
    >>> float(p) == 1.0 + 2.0**-51, float(e) == 2.0**-104
    (True, True)
    """
    a_mantissa, a_exponent = np.frexp(a)
    b_mantissa, b_exponent = np.frexp(b)
    mantissa, error = _two_product_of_mantissas(a_mantissa, b_mantissa)
    exponent = a_exponent + b_exponent
    p = np.ldexp(mantissa, exponent)
    return p, np.where(np.isfinite(p), np.ldexp(error, exponent), 0.0)


def quotient(x: Array | float, y: Array | float) -> tuple[Array, Array, Array]:
    """The quotient of two floats to about 159 bits.

    x / y = q0 + q1 + q2 by two steps of long division. Each remainder, x - q0 y and then
    x - q0 y - q1 y, is a float, so that nothing is lost before q2 is rounded.

    Parameters
    ----------
    x : array or float
        Any float; an infinite x gives q0 = x / y.
    y : array or float
        Finite, not 0.

    Returns
    -------
    q0, q1, q2 : array
        q0 to nearest; the relative error of the sum is below 2**-157 unless x / y is below
        2**-860, where the last terms underflow. Where q0 is not finite, q1 = q2 = 0.

    Examples
    --------
    >>> from fractions import Fraction
    >>> q = quotient(1.0, 3.0)
    >>> abs(sum(Fraction(float(part)) for part in q) * 3 - 1) < Fraction(1, 2**157)
    True
    """
    x_mantissa, x_exponent = np.frexp(x)
    y_mantissa, y_exponent = np.frexp(y)
    remainder = np.asarray(x_mantissa, dtype=np.float64)
    parts = []
    for _ in range(3):
        part = remainder / y_mantissa
        # Later parts are down to 2**-110, where the product and its error are still exact.
        p, e = _two_product_of_mantissas(part, y_mantissa)
        remainder = (remainder - p) - e
        parts.append(part)
    exponent = x_exponent - y_exponent
    q0, q1, q2 = (np.ldexp(part, exponent) for part in parts)
    finite = np.isfinite(q0)
    return q0, np.where(finite, q1, 0.0), np.where(finite, q2, 0.0)


def accurate_sum(terms: Sequence[Array | float]) -> Array:
    """The sum of a few floats, as if summed in fourfold precision and then rounded.

    Three passes of error-free additions (SumK of Ogita, Rump and Oishi, "Accurate sum and dot
    product", SIAM J. Sci. Comput. 26, 2005, with K = 4).

    Parameters
    ----------
    terms : sequence of array or float
        Finite floats that broadcast against each other.

    Returns
    -------
    array
        Rounded to nearest, but for cancellation by more than about 2**150.

    Examples
    --------
    >>> float(accurate_sum([1e30, 1.0, 1e-20, -1e30, -1.0])) == 1e-20
    True
    """
    parts = [np.asarray(term, dtype=np.float64) for term in terms]
    for _ in range(3):
        for i in range(1, len(parts)):
            parts[i], parts[i - 1] = two_sum(parts[i], parts[i - 1])
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def split_decimal(value: Decimal, count: int) -> tuple[float, ...]:
    """The floats that together come closest to a decimal number.

    value = f_1 + f_2 + ... + f_count, each f_i the float nearest to what is left.

    Parameters
    ----------
    value : Decimal
        Below 1e300 in magnitude, with the digits that count floats can hold.
    count : int
        How many floats, at least 1.

    Returns
    -------
    tuple of float
        To nearest; the sum is off by at most 2**(-53 count) of value.

    Examples
    --------
    >>> split_decimal(Decimal("0.1"), 2)
    (0.1, -5.551115123125783e-18)
    """
    parts = []
    with localcontext() as context:
        context.prec = DIGITS
        for _ in range(count):
            part = float(value)
            parts.append(part)
            value = value - Decimal(part)
    return tuple(parts)


@cache
def pi_decimal() -> Decimal:
    """Pi to about 140 digits, by the arithmetic-geometric mean.

    pi = (a + b)**2 / (4 t) (R. P. Brent and E. Salamin, 1976).

    Returns
    -------
    Decimal
        To nearest, but for the last few digits.

    Examples
    --------
    >>> str(pi_decimal())[:32]
    '3.141592653589793238462643383279'
    """
    with localcontext() as context:
        context.prec = DIGITS + 10
        a, b, t, weight = Decimal(1), 1 / Decimal(2).sqrt(), Decimal("0.25"), 1
        for _ in range(8):  # the number of right digits doubles: 2, 4, ..., 512
            a, b, previous = (a + b) / 2, (a * b).sqrt(), a
            t -= weight * (previous - a) ** 2
            weight *= 2
        return (a + b) ** 2 / (4 * t)


@cache
def _octave_table() -> tuple[Array, Array, float, float]:
    """2**(j/32) = hi_j + lo_j for j = 0..31, and log(2)/32 = c_1 + c_2, c_1 with 32 bits."""
    with localcontext() as context:
        context.prec = DIGITS
        step = Decimal(2).ln() / _STEPS_PER_OCTAVE
        powers = [split_decimal((j * step).exp(), 2) for j in range(_STEPS_PER_OCTAVE)]
        short = float(int(step * 2**37)) / 2.0**37
        rest = float(step - Decimal(short))
    table = np.array(powers)
    return table[:, 0].copy(), table[:, 1].copy(), short, rest


def exponential(hi: Array | float, lo: Array | float) -> tuple[Array, Array, Exponents]:
    """The exponential of hi + lo, free of overflow and underflow.

    exp(hi + lo) = (m + e) 2**k by a table of 2**(j/32) and a short series (P. T. P. Tang,
    "Table-driven implementation of the exponential function", ACM TOMS 15, 1989).

    Parameters
    ----------
    hi, lo : array or float
        |lo| at most one unit in the last place of hi; hi may be infinite.

    Returns
    -------
    m, e : array
        The relative error of m + e is below 2**-56; m is m + e rounded to nearest, in [1/2, 4).
    k : array of int
        Add to it before ``numpy.ldexp`` to scale by a power of 2. Where abs(hi) > 4000, hi + lo
        is taken as 4000 with the sign of hi.

    Examples
    --------
    >>> m, e, k = exponential(-800.0, 0.0)  # exp(-800) = 3.7e-348 is no float
    >>> f"{np.ldexp(m, k + 1000):.12g}"
    '3.93015918703e-47'
    """
    table_hi, table_lo, short, rest = _octave_table()
    clipped = np.clip(np.asarray(hi, dtype=np.float64), -_EXPONENT_LIMIT, _EXPONENT_LIMIT)
    tail = np.where(np.abs(hi) <= _EXPONENT_LIMIT, lo, 0.0)
    steps = np.rint(clipped / (short + rest))
    # steps has at most 18 bits and short 32, so the first product and difference are exact.
    t = ((clipped - steps * short) - steps * rest) + tail
    series = 1.0 / 120.0 + t * (1.0 / 720.0 + t * (1.0 / 5040.0))
    growth = t + t * t * (0.5 + t * (1.0 / 6.0 + t * (1.0 / 24.0 + t * series)))
    index = steps.astype(np.intc)
    octave, j = index // _STEPS_PER_OCTAVE, index % _STEPS_PER_OCTAVE
    m, e = two_sum(table_hi[j], table_hi[j] * growth + table_lo[j] * (1.0 + growth))
    return m, e, octave.astype(np.intc)


def log_one_plus(hi: Array | float, lo: Array | float) -> Array:
    """log(1 + hi + lo), accurate however small hi is.

    log(1 + hi + lo) = log(u) + e / u with u + e = 1 + hi + lo and u the float nearest to 1 + hi.

    Parameters
    ----------
    hi, lo : array or float
        hi in [-1/2, 1], |lo| at most one unit in the last place of hi.

    Returns
    -------
    array
        To nearest, within the error of ``numpy.log`` plus one unit in the last place.

    Examples
    --------
    >>> float(log_one_plus(-1e-20, 0.0))
    -1e-20
    """
    u, e = two_sum(1.0, hi)
    return np.log(u) + (e + lo) / u
