"""Whether a user's density is that of an even, unimodal law, and that law in floats.

SymPy is asked for nothing that may hang on a user's expression: no integral, no simplification.
Evenness and scaling are decided by substitution where the two sides become the same expression,
and otherwise at rational points to 40 digits, where a difference is a witness; the integral is
that of Gauss-Legendre panels (see `theory.conjectures.density_tables`), to 1e-10; the sign and the
monotony are those of the values on the panels' ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from theory.conjectures.axis_law import AxisLaw, Floats
from theory.conjectures.density_tables import TailTable
from theory.exact import describe
from theory.symbols import x

__all__ = ["density_law", "is_log_concave", "scipy_law", "unit_density"]

_SCALES = ("lam", "lambda", "sigma", "half_width")
_POINTS = tuple(sp.Rational(n, 7) for n in (1, 3, 5, 9, 16, 40))
_FACTORS = (sp.Rational(2, 9), sp.Rational(7, 4), sp.Integer(5))
_PLACES = np.concatenate([[0.0], 2.0 ** np.arange(-30.0, 40.0, 0.25)])


def unit_density(expression: sp.Expr) -> tuple[sp.Expr, str | None]:
    """The density at scale 1 in `theory.symbols.x`, and the name of its scale symbol, if any.

    Raises ValueError for a symbol other than x and one scale, for an expression without x, for a
    density that is not even, and for one that is not f(x/s)/s in its scale symbol s.

    >>> s = sp.Symbol("sigma", positive=True)
    >>> unit_density(s / sp.pi / (s**2 + sp.Symbol("x") ** 2))
    (1/(pi*(x**2 + 1)), 'sigma')
    """
    by_name = {symbol.name: symbol for symbol in expression.free_symbols}
    unknown = sorted(set(by_name) - {"x", *_SCALES})
    if unknown:
        raise ValueError(f"noise has the symbol {unknown[0]}, legal are x and one of {_SCALES}")
    if "x" not in by_name:
        raise ValueError(f"noise = {describe(expression)} is not a function of x")
    undefined = sorted(str(one.func) for one in expression.atoms(AppliedUndef))
    if undefined:
        raise ValueError(f"noise has the unknown function {undefined[0]}, legal are SymPy's own")
    scales = sorted(set(by_name) - {"x"})
    if len(scales) > 1:
        raise ValueError(f"noise has the scales {', '.join(scales)}, legal is one of {_SCALES}")
    density = expression.xreplace({by_name["x"]: x})
    if not scales:
        _check_even(density)
        return density, None
    scale = sp.Dummy(scales[0], positive=True)
    density = density.xreplace({by_name[scales[0]]: scale})
    unit = density.subs(scale, 1)
    _check_scaling(density, scale, unit)
    _check_even(unit)
    return unit, scales[0]


def _without(expression: sp.Expr, scale: sp.Symbol) -> sp.Expr:
    """The expression with common factors cancelled, also those of the sides of a comparison."""

    def free_of_scale(relation: Any) -> Any:
        factor, rest = sp.factor_terms(relation.lhs - relation.rhs).as_independent(x)
        return relation.func(rest, 0) if factor.is_positive else relation

    relations = expression.atoms(Relational)
    expression = expression.xreplace({one: free_of_scale(one) for one in relations})
    return sp.factor_terms(expression)


def _check_scaling(density: sp.Expr, scale: sp.Symbol, unit: sp.Expr) -> None:
    moved = scale * density.subs(x, scale * x)
    for point in _POINTS:
        for factor in _FACTORS:
            value, wanted = (
                sp.N(moved.subs({x: point, scale: factor}), 40),
                sp.N(unit.subs(x, point), 40),
            )
            if not _same(value, wanted):
                raise ValueError(
                    f"noise is not f(x/s)/s in s = {scale.name}: s f(s x) at x = {point} is "
                    f"{sp.N(wanted, 6)} for s = 1 and {sp.N(value, 6)} for s = {factor}"
                )
    forms = (moved, _without(moved, scale), sp.expand(moved), _without(sp.expand(moved), scale))
    if all(scale in form.free_symbols for form in forms):
        raise ValueError(
            f"noise is not seen to be f(x/s)/s in s = {scale.name}: write it in x/{scale.name}, "
            "or give the density at scale 1"
        )


def _same(a: Any, b: Any) -> bool:
    if not (a.is_number and b.is_number and a.is_finite and b.is_finite):
        return bool(a == b)
    return bool(abs(a - b) <= sp.Float("1e-30", 40) * (abs(a) + abs(b)))


def _check_even(density: sp.Expr) -> None:
    mirrored = density.subs(x, -x)
    if mirrored == density:
        return
    for point in _POINTS:
        right, left = (sp.N(one.subs(x, point), 40) for one in (density, mirrored))
        if not _same(right, left):
            raise ValueError(
                f"noise is not even: its density is {sp.N(right, 6)} at x = {point} and "
                f"{sp.N(left, 6)} at x = {-point}, legal is f(-x) = f(x)"
            )


def _floats(expression: sp.Expr, symbol: sp.Symbol) -> Callable[[Floats], Any]:
    try:
        function = sp.lambdify(symbol, expression, modules=["scipy", "numpy"])
        with np.errstate(all="ignore"):
            function(np.ones(2))
    except Exception as error:
        text = describe(error)
        raise ValueError(f"noise has no floating-point value at x = 1: {text}") from error

    def values_at(values: Floats) -> Any:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(function(values)), np.shape(values))

    return values_at


def density_law(density: sp.Expr) -> tuple[AxisLaw, float]:
    """The law of an even density in `theory.symbols.x`, and its variance (or inf).

    Raises ValueError where the density is complex, NaN, infinite, negative or increasing on
    x >= 0 somewhere, or does not integrate to 1.

    >>> law, variance = density_law(sp.exp(-sp.Abs(x)) / 2)
    >>> round(variance, 12), round(float(law.inverse_survival(np.array(0.05))), 12)
    (2.0, 2.302585092994)
    >>> density_law(sp.exp(-sp.Abs(x)))
    Traceback (most recent call last):
        ...
    ValueError: the density of the noise integrates to 2, legal is 1
    """
    outward = sp.Dummy("x", positive=True)
    right = density.subs(x, outward)
    pdf = _floats(right, outward)
    logarithm = _floats(sp.expand_log(sp.log(right), force=True), outward)

    def log_pdf(values: Floats) -> Floats:
        values = np.abs(values)
        with np.errstate(all="ignore"):
            found, direct = np.real(logarithm(values)), np.log(np.real(pdf(values)))
            # the expanded form knows values below the least float; at x = 0 only the density may
            known = np.isfinite(direct) | ~np.isfinite(found)
            return np.asarray(np.where(known, direct, found))

    end = _support_end(right, outward)
    _check_values(pdf)
    table = TailTable.of(log_pdf, end)
    _check_table(table, log_pdf)
    return AxisLaw(log_pdf, table.survival, table.inverse_survival, end), table.second_moment()


def _support_end(right: sp.Expr, outward: sp.Symbol) -> float:
    """Where an exact 0 begins, by bisection on the floats; inf if there is none at 2^200."""

    def vanishes(value: float) -> bool:
        return bool(right.subs(outward, sp.Rational(value)) == 0)

    low, high = 2.0**-200, 2.0**200
    if not vanishes(high):
        return np.inf
    while high - low > 2e-16 * high:
        middle = 0.5 * (low + high) if high < 4.0 * low else math.sqrt(low * high)
        if not low < middle < high:
            break
        low, high = (low, middle) if vanishes(middle) else (middle, high)
    return high


def _check_values(pdf: Callable[[Floats], Any]) -> None:
    with np.errstate(all="ignore"):
        values = pdf(_PLACES)
        bad = np.abs(np.imag(values)) > 0.0
        if not bad.any():
            values = np.real(values)
            bad = ~np.isfinite(values) | (values < 0.0)
    if bad.any():
        place, value = _PLACES[bad][0], values[bad][0]
        raise ValueError(
            f"the density of the noise is {value:.6g} at x = {place:.6g}, legal is a finite "
            "number that is nowhere negative"
        )


def _check_table(table: TailTable, log_pdf: Callable[[Floats], Floats]) -> None:
    if not abs(table.total - 1.0) <= 1e-10:
        raise ValueError(f"the density of the noise integrates to {table.total:.12g}, legal is 1")
    places = np.unique(np.concatenate([table.edges, 0.5 * (table.edges[1:] + table.edges[:-1])]))
    values = log_pdf(places[places < table.edges[-1]])
    with np.errstate(invalid="ignore"):
        rise = np.diff(values) > 1e-11 * (1.0 + np.abs(values[1:]))
    if rise.any():
        first = int(np.flatnonzero(rise)[0])
        a, b = np.exp(values[first : first + 2])
        raise ValueError(
            f"the density of the noise rises from {a:.6g} at x = {places[first]:.6g} to {b:.6g} "
            f"at x = {places[first + 1]:.6g}, legal is one that never rises on x >= 0"
        )


def scipy_law(distribution: Any) -> tuple[AxisLaw, float]:
    """The law of a frozen continuous distribution of scipy, and its variance (or inf).

    Raises ValueError as `density_law`, and where the density is not even.

    >>> from scipy import stats
    >>> law, variance = scipy_law(stats.t(3))
    >>> round(variance, 9)
    3.0
    """

    def log_pdf(values: Floats) -> Floats:
        with np.errstate(all="ignore"):
            return np.asarray(distribution.logpdf(np.abs(values)))

    places = _PLACES[1:]
    with np.errstate(all="ignore"):
        right, left = (np.asarray(distribution.pdf(sign * places)) for sign in (1.0, -1.0))
        uneven = ~(
            (np.abs(right - left) <= 1e-9 * (np.abs(right) + np.abs(left))) | (right == left)
        )
    if uneven.any():
        raise ValueError(
            f"noise is not even: its density is {right[uneven][0]:.6g} at "
            f"x = {places[uneven][0]:.6g} and {left[uneven][0]:.6g} at "
            f"x = {-places[uneven][0]:.6g}, legal is f(-x) = f(x)"
        )
    _check_values(distribution.pdf)
    end = float(np.max(distribution.support()))
    table = TailTable.of(log_pdf, end)
    _check_table(table, log_pdf)
    return AxisLaw(log_pdf, table.survival, table.inverse_survival, end), table.second_moment()


def is_log_concave(law: AxisLaw, density: sp.Expr | None) -> bool | None:
    """Whether log f is concave: True if shown term by term, False with a witness, else None.

    A sum of constants, c x^p with c < 0 and p >= 1, and c x^p with c > 0 and p < 1 is concave on
    x > 0, and an even function that is concave and never rises there is concave.

    >>> laplace, _ = density_law(sp.exp(-sp.Abs(x)) / 2)
    >>> is_log_concave(laplace, sp.exp(-sp.Abs(x)) / 2), is_log_concave(laplace, None)
    (True, None)
    """
    if density is not None:
        outward = sp.Dummy("x", positive=True)
        logarithm = sp.expand_log(sp.log(density.subs(x, outward)), force=True)
        if all(_is_concave(term, outward) for term in sp.Add.make_args(sp.expand_mul(logarithm))):
            return True
    knots = law.knots[law.knots < law.half_support]
    value = law.log_pdf(knots)
    left, right = np.diff(knots[:-1]), np.diff(knots[1:])
    chord = (right * value[:-2] + left * value[2:]) / (left + right)
    below = value[1:-1] < chord - 1e-9 * (1.0 + np.abs(chord))
    return False if bool((below & np.isfinite(chord)).any()) else None


def _is_concave(term: sp.Expr, outward: sp.Symbol) -> bool:
    factor, power = term.as_independent(outward)
    if power == 1:
        return True
    base, exponent = power.as_base_exp()
    if base != outward or not exponent.is_Rational:
        return False
    if exponent >= 1:
        return bool(factor.is_nonpositive) or (exponent == 1 and bool(factor.is_real))
    return bool(exponent > 0) and bool(factor.is_nonnegative)
