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
from scipy import stats
from sympy.core.function import AppliedUndef
from sympy.core.relational import Relational

from theory.conjectures.axis_law import AxisLaw, Floats
from theory.conjectures.density_tables import TailTable
from theory.conjectures.expression_nodes import preorder
from theory.exact import describe
from theory.symbols import x

__all__ = [
    "affordable",
    "density_law",
    "frozen",
    "is_log_concave",
    "scipy_law",
    "unit_density",
]

_SCALES = ("lam", "lambda", "sigma", "half_width")
_POINTS = tuple(sp.Rational(n, 7) for n in (1, 3, 5, 9, 16, 40))
_EVEN_POINTS = (*_POINTS, *(sp.Rational(9, 7) * sp.Integer(2) ** k for k in range(-12, 21)))
_FACTORS = (sp.Rational(2, 9), sp.Rational(7, 4), sp.Integer(5))
_OCTAVES = 2.0 ** np.arange(0.0, 1001.0)
_NEGLIGIBLE = -2000.0  # such a logarithm of a density leaves less than 1e-305 beyond
_PLACES = np.concatenate([[0.0], 2.0 ** np.arange(-30.0, 40.0, 0.25)])


_MOST_DEGREE = 1_000
_GROWING = (sp.exp, sp.sinh, sp.cosh)
_OUTSIDE = (*_GROWING, sp.sin, sp.cos, sp.tan)
# what is here is not multiplied out at an exact point, as gamma and binomial are
_CHEAP = ("elementary", "special.bessel", "special.delta_functions", "special.error_functions")


def affordable(expression: sp.Expr) -> sp.Expr:
    """The expression, if SymPy can put a number for x: 9**9**(63*x) it would multiply out.

    Raises ValueError in one line where it may not.

    >>> affordable(2 ** sp.Symbol("x"))
    Traceback (most recent call last):
        ...
    ValueError: the exponent x varies, or is complex: legal are real numbers, and exp
    """
    for node in preorder(expression):
        if not node.free_symbols:
            continue
        if node.is_Pow and (node.exp.free_symbols or not node.exp.is_real):
            text = f"the exponent {describe(node.exp)}"
            raise ValueError(f"{text} varies, or is complex: legal are real numbers, and exp")
        if isinstance(node, sp.Function) and not node.func.__module__.startswith(
            tuple(f"sympy.functions.{one}" for one in _CHEAP)
        ):
            legal = "elementary, Bessel and error functions"
            raise ValueError(f"noise has the function {node.func.__name__}, legal are {legal}")
        if isinstance(node, sp.exp) and node.has(sp.log):
            raise ValueError(f"{describe(node)} has a log under exp: legal is a power of a number")
        if isinstance(node, _OUTSIDE) and node.args[0].has(*_GROWING):
            raise ValueError(f"{describe(node)} grows too fast: legal is no exp inside exp or sinh")
    if _degree(expression) > _MOST_DEGREE:
        raise ValueError(
            f"{describe(expression)} is of a degree above {_MOST_DEGREE}, the legal one"
        )
    return expression


def _degree(node: sp.Basic) -> float:
    """How many times longer than x a number may become that is exact if x is."""
    inner = [_degree(one) for one in node.args]
    if node.is_Pow:
        return inner[0] * max(abs(float(node.exp)), 1.0)
    if node.is_Mul or node.is_Add:  # a common denominator is a product too
        return sum(inner)
    return max(inner, default=1.0)


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
    affordable(density)
    if not scales:
        return _even(density), None
    scale = sp.Dummy(scales[0], positive=True)
    density = density.xreplace({by_name[scales[0]]: scale})
    unit = density.subs(scale, 1)
    _check_scaling(density, scale, unit)
    return _even(unit), scales[0]


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
            value = _at(moved.subs(scale, factor), point)
            wanted = _at(unit, point)
            if not _same(value, wanted):
                raise ValueError(
                    f"noise is not f(x/s)/s in s = {scale.name}: s f(s x) at x = {point} is "
                    f"{sp.N(wanted, 6)} for s = 1 and {sp.N(value, 6)} for s = {factor}"
                )
    moved = sp.piecewise_fold(moved)
    forms = (moved, _without(moved, scale), sp.expand(moved), _without(sp.expand(moved), scale))
    if all(scale in form.free_symbols for form in forms):
        raise ValueError(
            f"noise is not seen to be f(x/s)/s in s = {scale.name}: write it in x/{scale.name}, "
            "or give the density at scale 1"
        )


def _at(expression: sp.Expr, point: sp.Rational) -> sp.Expr:
    value = sp.N(expression.subs(x, point), 40)
    if not value.is_comparable:
        found = describe(value)
        raise ValueError(f"noise has no real value at x = {point} that SymPy can tell: {found}")
    return value


def _same(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= sp.Float("1e-30", 40) * (abs(a) + abs(b)))


def _even(density: sp.Expr) -> sp.Expr:
    """The density; where it is even at all points that are tried, but not seen to be, that of |x|.

    What is then said holds for the density that the report shows.
    """
    outward = sp.Dummy("x", positive=True)
    if density.subs(x, -x) == density or density.subs(x, -outward) == density.subs(x, outward):
        return density
    for point in _EVEN_POINTS:
        right, left = _at(density, point), _at(density, -point)
        if not _same(right, left):
            raise ValueError(
                f"noise is not even: its density is {sp.N(right, 6)} at x = {point} and "
                f"{sp.N(left, 6)} at x = {-point}, legal is f(-x) = f(x)"
            )
    return density.subs(x, sp.Abs(x))


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

    def log_pdf(places: Floats) -> Floats:
        outer = np.abs(places)
        with np.errstate(all="ignore"):
            found, direct = np.real(logarithm(outer)), np.log(np.real(pdf(outer)))
            # the expanded form knows values below the least float; at x = 0 only the density may
            known = np.isfinite(direct) | ~np.isfinite(found)
            values = np.where(known, direct, found)
        # beyond, a power has overflowed
        return np.where(np.isnan(values) & (np.abs(places) > negligible), -np.inf, values)

    negligible = np.inf
    with np.errstate(invalid="ignore"):
        thin = _OCTAVES[log_pdf(_OCTAVES) < _NEGLIGIBLE]  # NaN is not below
    negligible = float(thin[0]) if thin.size else np.inf
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


def frozen(distribution: Any) -> Any:
    """A distribution of scipy with its numbers: norm stands for norm().

    Raises ValueError for one that needs a shape, and for arrays of distributions.

    >>> from scipy import stats
    >>> frozen(stats.t)
    Traceback (most recent call last):
        ...
    ValueError: noise = t has the shapes df, legal is a distribution with numbers for them
    """
    if isinstance(distribution, stats.rv_continuous):
        if distribution.shapes:
            text = f"noise = {distribution.name} has the shapes {distribution.shapes}"
            raise ValueError(f"{text}, legal is a distribution with numbers for them")
        return distribution()
    with np.errstate(all="ignore"):
        shape = np.shape(distribution.pdf(0.0))
    if shape != ():
        raise ValueError(f"noise is an array of distributions of shape {shape}, legal is one")
    return distribution


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

    _check_values(distribution.pdf)
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
