r"""Rigorous integrals of an even density: Arb balls that contain P(low < X <= high).

No distribution function occurs here, only the density: what a search found by closed forms or by
quadrature is weighed again on a path that shares nothing with it. The finite part of an integral is
FLINT's ``acb.integral``, whose error bound is proved for functions that are analytic near the path
(F. Johansson, "Numerical integration in arbitrary-precision ball arithmetic", ICMS 2018). The rest
of a half line [m, oo) is bounded term by term: where -T'/T does not decrease from m on and is
s > 0 at m,

    |T(x)| <= |T(m)| exp(-s (x - m)),   so that   \int_m^oo |T| <= |T(m)| / s.

Tails that decay by powers are integrated over 1/x; where neither applies, a tail is 1/2 minus the
integral from zero, which takes the density to be normalised.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache, reduce
from typing import Any

import sympy as sp
from flint import acb, arb, ctx

from theory.balls import Ball, rational_ball
from theory.exact import working_precision
from theory.symbols import x

__all__ = ["can_integrate", "compile_analytic", "inverse_tail", "mass", "value"]

AnalyticFunction = Callable[[Any, bool], Any]
"""Takes a complex ball and FLINT's flag: where it is True, a ball that meets a branch cut or
another point at which the function is not analytic must give a non-finite one."""

#: Bits beyond those asked for, which the subdivision of a path costs.
_GUARD = 32
_MOST_DOUBLINGS = 200
_NEWTON_STEPS = 200

_distance = sp.Dummy("t", positive=True)
_reciprocal = sp.Dummy("w", positive=True)

_ENTIRE: dict[Any, Callable[[Any], Any]] = {
    sp.exp: lambda z: z.exp(),
    sp.erf: lambda z: z.erf(),
    sp.erfc: lambda z: z.erfc(),
    sp.cosh: lambda z: z.cosh(),
    sp.sinh: lambda z: z.sinh(),
    sp.cos: lambda z: z.cos(),
    sp.sin: lambda z: z.sin(),
    # meromorphic: a ball around a pole is not finite
    sp.tanh: lambda z: z.tanh(),
    sp.sech: lambda z: z.sech(),
    sp.gamma: lambda z: z.gamma(),
}


def compile_analytic(expression: sp.Expr, symbol: sp.Symbol) -> AnalyticFunction:
    """A function of complex balls whose value contains that of the expression.

    Parameters
    ----------
    expression : SymPy expression
        In `symbol` alone: rationals, pi, E, sums, products, rational powers, exp, log, erf, erfc,
        cosh, sinh, tanh, sech, cos, sin and gamma.
    symbol : Symbol
        Positive along every path that the function will be integrated over.

    Raises ValueError if the expression holds a function or a symbol that is not known here.

    Examples
    --------
    >>> t = sp.Symbol("t", positive=True)
    >>> compile_analytic(sp.exp(-t), t)(acb(0), True)
    1.00000000000000
    """
    if expression == symbol:
        return lambda z, analytic: z
    if not expression.has(symbol):
        return _constant(expression)
    head, arguments = expression.func, expression.args
    if head is sp.Pow and arguments[0] is not sp.E:
        return _compile_power(arguments[0], arguments[1], symbol)
    parts = [compile_analytic(argument, symbol) for argument in arguments]
    if head is sp.Add:
        return lambda z, analytic: reduce(lambda a, b: a + b, [one(z, analytic) for one in parts])
    if head is sp.Mul:
        return lambda z, analytic: reduce(lambda a, b: a * b, [one(z, analytic) for one in parts])
    if head is sp.log:
        return lambda z, analytic: parts[0](z, analytic).log(analytic=analytic)
    if head in _ENTIRE or head is sp.Pow:  # SymPy may hold exp(u) as the power E^u
        function = _ENTIRE[sp.exp if head is sp.Pow else head]
        return lambda z, analytic: function(parts[-1](z, analytic))
    raise ValueError(f"no integral is known for {head.__name__} in {expression}")


def _constant(expression: sp.Expr) -> AnalyticFunction:
    """A number: its ball is computed once for each precision."""
    if expression.is_Rational:
        return lambda z, analytic: rational_ball(expression)
    if expression is sp.pi:
        return lambda z, analytic: arb.pi()
    if expression is sp.E:
        return lambda z, analytic: arb.const_e()
    if not expression.args:
        raise ValueError(f"{expression} is neither a number nor the variable of the integral")
    place = sp.Dummy("c", positive=True)
    # the first argument becomes a variable, so that the same rules read a constant node
    inner = compile_analytic(expression.args[0], place)
    outer = compile_analytic(expression.func(place, *expression.args[1:], evaluate=False), place)
    known: dict[int, Any] = {}

    def at(z: Any, analytic: bool) -> Any:
        if ctx.prec not in known:
            known[ctx.prec] = acb(outer(acb(inner(acb(0), False)), False))
        return known[ctx.prec]

    return at


def _compile_power(base: sp.Expr, exponent: sp.Expr, symbol: sp.Symbol) -> AnalyticFunction:
    inner = compile_analytic(base, symbol)
    if exponent.is_Integer:
        n = int(exponent)
        return lambda z, analytic: inner(z, analytic) ** n
    if exponent == sp.Rational(1, 2):
        return lambda z, analytic: acb(inner(z, analytic)).sqrt(analytic=analytic)
    above = compile_analytic(exponent, symbol)
    positive = bool(exponent.is_Rational and exponent > 0)

    def power(z: Any, analytic: bool) -> Any:
        under, over = acb(inner(z, analytic)), above(z, analytic)
        found = (under.log(analytic=analytic) * over).exp()
        if positive and not analytic and not found.is_finite():
            # a path that begins at zero, where the logarithm does not exist: |z^q| = |z|^q
            far = arb(under.abs_upper())
            reach = (far.log() * over).exp().upper() if far > 0 else arb(0)
            return acb(arb(0, reach), arb(0, reach))
        return found

    return power


@dataclass(frozen=True, slots=True)
class _Piece:
    """One formula of the density, on low <= |x| <= high (None: to infinity)."""

    low: Fraction
    high: Fraction | None
    formula: sp.Expr
    function: AnalyticFunction

    @classmethod
    def of(cls, low: Fraction, high: Fraction | None, formula: sp.Expr) -> _Piece:
        return cls(low, high, formula, compile_analytic(formula, _distance))


@lru_cache(maxsize=64)
def _pieces(density: sp.Expr) -> tuple[_Piece, ...]:
    """The density over |x|, formula by formula; pieces on which it is zero are left out."""
    folded = sp.piecewise_fold(density)
    if not isinstance(folded, sp.Piecewise):
        return (_Piece.of(Fraction(0), None, folded.subs(x, _distance)),)
    found, rest = [], sp.Interval(0, sp.oo)
    for formula, condition in folded.args:
        where = rest.intersect(condition.as_set())
        rest = rest - where
        for part in where.args if isinstance(where, sp.Union) else (where,):
            if isinstance(part, sp.Interval) and formula != 0:
                found.append(_Piece.of(*_ends(part, density), formula.subs(x, _distance)))
    return tuple(found)


def _ends(part: sp.Interval, density: sp.Expr) -> tuple[Fraction, Fraction | None]:
    low, high = part.start, part.end
    if not low.is_Rational or not (high.is_Rational or high is sp.oo):
        raise ValueError(f"the pieces of {density} do not end at rational points: {part}")
    return Fraction(low), None if high is sp.oo else Fraction(high)


def can_integrate(density: sp.Expr) -> bool:
    """Whether `mass` knows every function in the density, and where its pieces end.

    >>> can_integrate(sp.exp(-sp.Abs(x)) / 2), can_integrate(sp.besselk(0, sp.Abs(x)) / sp.pi)
    (True, False)
    """
    try:
        return bool(_pieces(density))
    except (ValueError, NotImplementedError):
        return False


def value(density: sp.Expr, point: Fraction, precision: int) -> Ball:
    """The density at a rational point, as a ball; where two pieces meet, the outer one's.

    >>> value(sp.exp(-sp.Abs(x)) / 2, Fraction(0), 100)
    0.500000000000000
    """
    away = abs(point)
    with working_precision(precision):
        for piece in reversed(_pieces(density)):
            if away >= piece.low and (piece.high is None or away <= piece.high):
                return acb(piece.function(acb(rational_ball(away)), False)).real
        return arb(0)


def mass(density: sp.Expr, low: Fraction | None, high: Fraction | None, precision: int) -> Ball:
    r"""P(low < X <= high) as an integral of the density, in a ball that is proved to contain it.

    Parameters
    ----------
    density : SymPy expression
        Even, in `theory.symbols.x`; a Piecewise has to break at rational points.
    low, high : Fraction or None
        Rational limits; None is an infinite one.
    precision : int
        Bits. The ball's radius is about 2^-precision times the mass, however small the mass is.

    Raises
    ------
    ValueError
        If ``low > high``, or the density holds what `compile_analytic` does not know.

    Examples
    --------
    >>> far = mass(sp.exp(-sp.Abs(x)) / 2, Fraction(690), None, 80)
    >>> far.overlaps((-arb(690)).exp() / 2), far.rel_accuracy_bits() > 60
    (True, True)
    """
    if low is not None and high is not None and low > high:
        raise ValueError(f"low = {low} is outside (-inf, {high}]")
    zero = Fraction(0)
    with working_precision(precision + _GUARD):
        if low is not None and low >= 0:
            return _half(density, low, high)
        if high is not None and high <= 0:
            return _half(density, -high, None if low is None else -low)
        left = _half(density, zero, None if low is None else -low)
        return left + _half(density, zero, high)


def _half(density: sp.Expr, low: Fraction, high: Fraction | None) -> Ball:
    """The integral over [low, high], 0 <= low, at the precision in use."""
    total = arb(0)
    for piece in _pieces(density):
        start = max(low, piece.low)
        stop = piece.high if high is None else high if piece.high is None else min(high, piece.high)
        if piece.high is None and (stop is None or start < stop):
            total += _tail(density, piece, start, stop)
        elif stop is not None and start < stop:
            total += _between(piece.function, rational_ball(start), rational_ball(stop))
    return total


def _between(function: AnalyticFunction, start: Ball, stop: Ball) -> Ball:
    # an absolute tolerance would be met by anything where the mass is 1e-300
    return acb.integral(lambda z, analytic: acb(function(z, analytic)), start, stop, abs_tol=0).real


@dataclass(frozen=True, slots=True)
class _Decay:
    """A term T of the last piece, with s = -T'/T, which does not decrease."""

    term: AnalyticFunction
    slope: AnalyticFunction

    def beyond(self, point: Ball) -> Ball:
        """A bound on the integral of abs(T) from the point on; infinite where s is not above 0."""
        slope = acb(self.slope(acb(point), False)).real
        if not slope > 0:
            return arb.pos_inf()
        return abs(acb(self.term(acb(point), False)).real) / slope


@lru_cache(maxsize=64)
def _decays(formula: sp.Expr) -> tuple[_Decay, ...] | None:
    """Every term of the formula with its decay, or None where one is not shown to have any."""
    for terms in (sp.Add.make_args(sp.expand(formula)), (formula,)):
        # a term that is zero somewhere has a pole in its slope; a density that never rises has not
        if len(terms) > 1 and not all(term.is_positive or term.is_negative for term in terms):
            continue
        slopes = [sp.simplify(-sp.diff(term, _distance) / term) for term in terms]
        if all(_never_decreases(slope) for slope in slopes):
            return tuple(
                _Decay(compile_analytic(term, _distance), compile_analytic(slope, _distance))
                for term, slope in zip(terms, slopes, strict=True)
            )
    return None


def _never_decreases(slope: sp.Expr) -> bool:
    if slope.has(sp.polygamma, sp.tan):  # not known to `compile_analytic`
        return False
    change = sp.diff(slope, _distance)
    return bool(change.is_nonnegative or sp.simplify(change).is_nonnegative)


def _tail(density: sp.Expr, piece: _Piece, start: Fraction, stop: Fraction | None) -> Ball:
    """The integral over [start, stop] of the last piece; None: to infinity."""
    decays = _decays(piece.formula)
    end = arb.pos_inf() if stop is None else rational_ball(stop)
    found = decays and _decaying_tail(piece, decays, rational_ball(start), end)
    if found is not None:
        return found
    if stop is not None:
        return _between(piece.function, rational_ball(start), end)
    far = max(start, Fraction(1))
    found = _reciprocal_tail(piece.formula, far)
    if found is not None:
        body = _between(piece.function, rational_ball(start), rational_ball(far))
        return found + body if start < far else found
    return _complement(density, start)


def _decaying_tail(piece: _Piece, decays: Sequence[_Decay], start: Ball, stop: Ball) -> Ball | None:
    tiny = arb(2) ** -ctx.prec
    # a formula that vanishes at zero is measured at 1
    size = sum(abs(acb(piece.function(acb(at), False)).real).lower() for at in (start, start + 1))
    fall = reduce(lambda a, b: a.min(b), [acb(one.slope(acb(start), False)).real for one in decays])
    width = arb(1)
    if fall > ctx.prec:  # exp(-fall width) is 2^-prec; the midpoint is a float, hence exact
        width = (ctx.prec * arb(2).log() / fall).mid()
    for _ in range(_MOST_DOUBLINGS):
        if not start + width < stop:
            return _between(piece.function, start, stop)
        rest = reduce(lambda a, b: a + b, [one.beyond(start + width) for one in decays])
        if rest < tiny * size:
            body = _between(piece.function, start, start + width)
            return body + arb(0, rest.upper())
        width *= 2
    return None


@lru_cache(maxsize=64)
def _over_reciprocal(formula: sp.Expr) -> AnalyticFunction:
    turned = formula.subs(_distance, 1 / _reciprocal) / _reciprocal**2
    return compile_analytic(sp.simplify(turned), _reciprocal)


def _reciprocal_tail(formula: sp.Expr, start: Fraction) -> Ball | None:
    """The integral over w = 1/x in [0, 1/start], where it is regular at 0."""
    turned = _over_reciprocal(formula)
    if not acb(turned(acb(arb(0, 2.0**-60)), False)).is_finite():
        return None  # it would be subdivided about 0 in vain
    found = _between(turned, arb(0), rational_ball(1 / start))
    return found if found.is_finite() and found.rel_accuracy_bits() > ctx.prec // 2 else None


def _complement(density: sp.Expr, start: Fraction) -> Ball:
    """1/2 less the integral from zero, with the bits that the difference cancels."""
    wanted, bits = ctx.prec // 2, ctx.prec
    while True:
        with working_precision(bits):
            found = arb(1) / 2 - _half(density, Fraction(0), start)
        if found.rel_accuracy_bits() >= wanted or bits >= 16 * ctx.prec:
            return found
        bits *= 2


def inverse_tail(
    density: sp.Expr, probability: Fraction, start: Fraction, precision: int
) -> Fraction:
    """The point beyond which the density has this mass, by Newton's steps from a guess.

    A guess for further work, not an enclosure: what is built on it has to be weighed by `mass`.
    Raises ArithmeticError if the steps do not settle.

    >>> density = sp.exp(-sp.Abs(x)) / 2
    >>> point = inverse_tail(density, Fraction(1, 10), Fraction(8, 5), 100)
    >>> round(float(point), 12)  # log(5)
    1.609437912434
    """
    tiny, point = Fraction(1, 1 << precision), Fraction(start)
    while abs(point) > tiny and not value(density, point, precision) > 0:
        point /= 2  # the guess was rounded to the end of the support
    for _ in range(_NEWTON_STEPS):
        beyond = mass(density, point, None, precision)
        with working_precision(precision + _GUARD):
            # in the logarithm of the mass, which is nearly straight far out
            excess = (beyond / rational_ball(probability)).log()
            step = excess * beyond / value(density, point, precision + _GUARD)
            if not step.is_finite():
                break
            move = _dyadic(step.mid(), precision)
        while not value(density, point + move, precision) > 0 and abs(move) > tiny:
            move /= 2  # beyond the end of the support
        point += move
        if abs(move) <= 4 * tiny * max(abs(point), Fraction(1)):
            return point
    raise ArithmeticError(f"no point was found beyond which the mass is {float(probability)}")


def _dyadic(number: Ball, precision: int) -> Fraction:
    exact = number.fmpq()
    scale = 1 << (2 * precision)
    return Fraction(int(exact.p) * scale // int(exact.q), scale)
