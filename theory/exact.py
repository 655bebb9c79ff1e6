"""Rationals in, balls out: the bridge between exact inputs, Arb balls and directed floats.

Everything rigorous in this project starts from an exact number (a rational, or a rational times
a square root) and ends in a ball, a float below it, or a pair of decimals around it. Three traps
of python-flint are closed here once: ``arb(0.1)`` does not contain 1/10, ``float(ball)`` rounds
the midpoint to nearest, and every comparison of overlapping balls is False.
"""

import math
import operator
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
from typing import TypeAlias

from flint import arb, ctx, fmpq

from theory.parameters import describe as describe

Exact: TypeAlias = int | float | Decimal | Fraction | str
"""What stands for one exact rational number: a float is the dyadic rational that it stores."""

FIRST_PRECISION = 80
LAST_PRECISION = 1 << 14
MOST_PRECISION = 1 << 20  # of one evaluation: more would fill the memory before it returned
MAX_DECIMAL_EXPONENT = 5_000
_BINARY64_PRECISION = 53
_MAX_DIGITS = 1_000
_RATIO = re.compile(r"\s*[+-]?[0-9]+\s*/\s*[0-9]+\s*")


@dataclass(frozen=True, slots=True)
class Surd:
    r"""The exact algebraic number :math:`c \sqrt{n}`: a scale such as ``sqrt(2) lambda``.

    Parameters
    ----------
    coefficient : Fraction
        The rational factor c.
    radicand : int
        The positive integer n under the root; 1 makes the number rational.

    Raises
    ------
    ValueError
        If the radicand is not a positive integer.

    Examples
    --------
    >>> sigma = Surd(Fraction(1, 2), 2)
    >>> float(sigma)
    0.7071067811865476
    >>> sigma.ball(30).overlaps(1 / arb(2).sqrt())
    True
    """

    coefficient: Fraction
    radicand: int = 1

    def __post_init__(self) -> None:
        if isinstance(self.radicand, bool) or not isinstance(self.radicand, int):
            raise ValueError(f"radicand = {describe(self.radicand)} is not a positive integer")
        if self.radicand < 1:
            raise ValueError(f"radicand = {self.radicand} is outside [1, inf)")

    def ball(self, precision: int) -> arb:
        """Return a ball around the number, of relative radius about ``2**-precision``."""
        with working_precision(precision):
            return times_surd(fmpq(1), to_fmpq(self.coefficient), self.radicand)

    def __float__(self) -> float:
        """Return the float nearest to the number, to plot with."""
        return round_nearest(self.ball)


def to_fraction(value: Exact) -> Fraction:
    """Return the exact rational that `value` stands for.

    Parameters
    ----------
    value : int, float, Decimal, Fraction or str
        A float is the dyadic rational that it stores; a string is the decimal ("0.1", "1e-3")
        or the ratio ("3/4") that it spells. NumPy's integer and floating scalars are numbers too.

    Returns
    -------
    Fraction
        The same number: nothing is rounded.

    Raises
    ------
    ValueError
        If `value` is NaN, infinite, a truth value, or not a number; or if it is a decimal whose
        exponent is beyond ``MAX_DECIMAL_EXPONENT`` (its exact value would fill the memory).

    Examples
    --------
    >>> to_fraction("0.1"), to_fraction("3/4"), to_fraction(0.1) == Fraction(1, 10)
    (Fraction(1, 10), Fraction(3, 4), False)
    """
    try:
        return _fraction(value)
    except (TypeError, ValueError, ArithmeticError):
        pass  # said in one form below, whatever the kind of the value
    raise ValueError(
        f"{describe(value)} is not a finite number: "
        "legal are integers, floats, decimals such as 1e-3 and ratios such as 3/4"
    )


def _fraction(value: object) -> Fraction:
    if isinstance(value, Fraction):
        return value
    if isinstance(value, str):
        return _fraction_from_text(value)
    if isinstance(value, Decimal):
        return _fraction_from_decimal(value)
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError("not a number")
    if isinstance(value, Integral):
        return Fraction(int(value))
    if hasattr(value, "as_integer_ratio"):  # float, and NumPy's floats of every width
        return Fraction(*value.as_integer_ratio())
    raise TypeError("a real number that does not tell its exact value")


def _fraction_from_text(text: str) -> Fraction:
    if _RATIO.fullmatch(text):
        numerator, denominator = text.split("/")
        return Fraction(int(numerator), int(denominator))
    return _fraction_from_decimal(Decimal(text))


def _fraction_from_decimal(value: Decimal) -> Fraction:
    if value.is_zero():
        return Fraction(0)  # 0e-999999999 too
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or exponent < -MAX_DECIMAL_EXPONENT:
        raise ValueError("NaN, infinite, or too many decimal places to write out")
    if value.adjusted() > MAX_DECIMAL_EXPONENT:
        raise ValueError("too large to write out")
    return Fraction(value)


def to_positive(name: str, value: Exact) -> Fraction:
    """Return `value` as an exact rational above zero, or raise a ValueError that calls it `name`.

    Examples
    --------
    >>> to_positive("scale", "-1")
    Traceback (most recent call last):
        ...
    ValueError: scale = -1 is outside (0, inf)
    """
    try:
        fraction = to_fraction(value)
    except ValueError:
        fraction = Fraction(0)
    if fraction <= 0:
        raise ValueError(f"{name} = {describe(value)} is outside (0, inf)")
    return fraction


def to_fmpq(value: Fraction) -> fmpq:
    """Return the same rational as a FLINT rational."""
    return fmpq(value.numerator, value.denominator)


@contextmanager
def working_precision(bits: int) -> Iterator[None]:
    """Work at `bits` bits of precision inside the block; the precision before is put back.

    Examples
    --------
    >>> with working_precision(200):
    ...     arb(2).sqrt().rel_accuracy_bits() > 190
    True
    """
    try:
        precision = operator.index(bits)
    except TypeError:
        precision = 0
    if not 2 <= precision <= MOST_PRECISION:
        raise ValueError(f"precision = {describe(bits)} is outside [2, {MOST_PRECISION}]")
    before = ctx.prec
    ctx.prec = precision
    try:
        yield
    finally:
        ctx.prec = before


def times_surd(unit: fmpq | arb, coefficient: fmpq, radicand: int) -> arb:
    """Return a ball around `unit` times ``coefficient * sqrt(radicand)``, at the precision in use.

    The rational parts are multiplied before anything is rounded, so that a rational product that
    is a float gives a ball of radius zero. An exactly infinite `unit` stays infinite.
    """
    if isinstance(unit, fmpq):
        rational = arb(unit * coefficient)
    elif unit == arb.pos_inf():
        return unit  # infinity times a ball of positive radius would be the whole line
    else:
        rational = unit * arb(coefficient)
    return rational if radicand == 1 else rational * arb(radicand).sqrt()


def to_ball(value: Exact | Surd, precision: int) -> arb:
    """Return a ball around the exact `value`, computed with `precision` bits.

    Examples
    --------
    >>> to_ball("0.1", 40).contains(fmpq(1, 10)), to_ball(0.1, 60).contains(fmpq(1, 10))
    (True, False)
    """
    surd = value if isinstance(value, Surd) else Surd(to_fraction(value))
    return surd.ball(precision)


def floor_float(ball: arb) -> float:
    """Return the largest float that is provably not above any point of `ball`.

    A ball above the largest finite float gives that float; only an exactly infinite one gives
    infinity. A positive ball below the smallest subnormal gives 0.0, never -0.0.

    Raises
    ------
    ValueError
        If `ball` is NaN.

    Examples
    --------
    >>> floor_float(to_ball("0.1", 100)), floor_float(to_ball("0.3", 100))
    (0.09999999999999999, 0.3)
    >>> floor_float(to_ball("1e400", 100))
    1.7976931348623157e+308
    """
    if ball.is_nan():
        raise ValueError("ball = nan encloses no number; legal are balls that exclude NaN")
    # A lower end rounded down to 53 bits or more has the same largest float below it.
    if ctx.prec < _BINARY64_PRECISION:
        with working_precision(_BINARY64_PRECISION):
            return floor_float(ball)
    lower = ball.lower()
    nearest = float(lower)
    if arb(nearest) > lower:  # both are exact, so this comparison decides
        nearest = math.nextafter(nearest, -math.inf)
    return nearest + 0.0  # -0.0 + 0.0 is 0.0


def ceil_float(ball: arb) -> float:
    """Return the smallest float that is provably not below any point of `ball`.

    Examples
    --------
    >>> ceil_float(to_ball("0.1", 100)), ceil_float(to_ball("1e-400", 100))
    (0.1, 5e-324)
    """
    # -ball would be rounded to the precision in use; an exact negation keeps the ends.
    return 0.0 - floor_float(ball.neg(exact=True))


def round_down(function_of_precision: Callable[[int], arb], cap: int = LAST_PRECISION) -> float:
    """Return the largest float not above the exact number that `function_of_precision` encloses.

    Ziv's loop: the precision doubles until both ends of the ball have the same float below them.
    At `cap` bits the answer is the float below the lower end: still not above the exact number,
    but perhaps not the largest such float.

    Parameters
    ----------
    function_of_precision : callable
        Takes a number of bits, which is also the precision in use while it runs, and returns a
        ball around one fixed real number.
    cap : int
        The last precision tried, in bits.

    Examples
    --------
    >>> round_down(lambda precision: to_ball("0.1", precision))
    0.09999999999999999
    """
    return _ziv(function_of_precision, floor_float, cap)


def round_nearest(function_of_precision: Callable[[int], arb], cap: int = LAST_PRECISION) -> float:
    """Return the float nearest to the exact number that `function_of_precision` encloses.

    The same loop as `round_down`; at `cap` bits either neighbour may be returned.

    Examples
    --------
    >>> round_nearest(lambda precision: to_ball("0.1", precision))
    0.1
    """
    return _ziv(function_of_precision, lambda end: float(end.mid()) + 0.0, cap)


def _ziv(ball_at: Callable[[int], arb], to_float: Callable[[arb], float], cap: int) -> float:
    precision = min(FIRST_PRECISION, cap)
    before = ctx.prec
    try:
        while True:
            ctx.prec = precision
            ball = ball_at(precision)
            # A NaN ball is one that the precision was too low for: nothing is known of its ends.
            if not ball.is_nan():
                lower = to_float(ball.lower())
                if lower == to_float(ball.upper()) or precision >= cap:
                    return lower
            elif precision >= cap:
                raise ArithmeticError(f"no enclosure with {cap} bits: the ball is still NaN")
            precision = min(2 * precision, cap)
    finally:
        ctx.prec = before


def decimal_enclosure(ball: arb, digits: int = 40) -> tuple[str, str]:
    """Return two decimal strings around every point of `ball`, each rounded outward.

    Both ends come from the exact midpoint and radius, so with 32 digits or more the rounding adds
    at most ``2e-31 * max(|lo|, |hi|)`` to the width of the ball. Trailing zeros are dropped: a
    ball that is one short decimal gives the same string twice.

    Parameters
    ----------
    ball : arb
        A finite ball.
    digits : int
        The significant digits of each end, in [1, 1000].

    Raises
    ------
    ValueError
        If `ball` is not finite or `digits` is outside its range.

    Examples
    --------
    >>> decimal_enclosure(to_ball("1/3", 100), 8), decimal_enclosure(to_ball("-0.5", 100), 8)
    (('0.33333333', '0.33333334'), ('-0.5', '-0.5'))
    """
    if not ball.is_finite():
        raise ValueError(f"ball = {ball} is not finite; legal are finite balls")
    if not 1 <= digits <= _MAX_DIGITS:
        raise ValueError(f"digits = {digits} is outside [1, {_MAX_DIGITS}]")
    middle, radius = ball.mid().fmpq(), ball.rad().fmpq()
    below, above = middle - radius, middle + radius
    low = Fraction(int(below.p), int(below.q))
    high = Fraction(int(above.p), int(above.q))
    return _decimal(low, digits, math.floor), _decimal(high, digits, math.ceil)


def _decimal(value: Fraction, digits: int, to_integer: Callable[[Fraction], int]) -> str:
    if value == 0:
        return "0"
    exponent = _decimal_exponent(abs(value)) - digits + 1
    significand = to_integer(value / Fraction(10) ** exponent)
    while significand % 10 == 0:
        significand //= 10
        exponent += 1
    decimal = Decimal(f"{significand}e{exponent}")
    return format(decimal, "f" if -8 < decimal.adjusted() < digits else "e")


def _decimal_exponent(value: Fraction) -> int:
    """Return the integer e with ``10**e <= value < 10**(e + 1)``, for a positive value."""
    bits = value.numerator.bit_length() - value.denominator.bit_length()
    exponent = math.floor(bits * math.log10(2)) + 1  # never too small: value < 2**(bits + 1)
    while Fraction(10) ** exponent > value:
        exponent -= 1
    return exponent
