"""The margin between a plain formula and a right side, in the forms that show its sign."""

from __future__ import annotations

from functools import lru_cache

import sympy as sp

from theory.conjectures.closing import Forms
from theory.conjectures.logarithms import factored, split_logarithms
from theory.conjectures.sectors import Sector, short_a, short_b, tail_a, tail_b

__all__ = ["Margins", "is_multiple"]

#: monotone functions, and whether they rise
_RISING = {sp.erf: 1, sp.erfinv: 1, sp.erfc: -1, sp.erfcinv: -1}


class Margins:
    """Margins of formulas on one sector; what was asked before is kept."""

    def __init__(self, sector: Sector) -> None:
        self._sector = sector
        self._forms: dict[tuple[sp.Expr, sp.Expr, bool], Forms] = {}
        self._arguments: dict[tuple[sp.Expr, sp.Expr], sp.Expr | None] = {}
        self._shares: dict[tuple[sp.Expr, sp.Expr], bool] = {}
        self._known: dict[sp.Expr, bool] = {}

    def forms(self, left: sp.Expr, right: sp.Expr, *, squared: bool) -> Forms:
        """Right - left, or c^2 z against the square of the right for c sqrt(z) on the left.

        With logarithms split, as a product, about tails of 1/2, and as it is written.
        """
        key = (left, right, squared)
        if key not in self._forms:
            # a case that was chosen may stand in a quantile
            left = self._sector.with_quantiles(left)
            factor, root = _root(left) if squared else (left, None)
            plain = right - left if root is None else right**2 - factor**2 * root
            split = split_logarithms(plain)
            several = dict.fromkeys((split, factored(plain), _centred(split)))
            several.pop(plain, None)
            self._forms[key] = (*several, plain)  # what is not real in it is not stated
        return self._forms[key]

    def is_share(self, left: sp.Expr, right: sp.Expr) -> bool:
        """Whether left = c * right with 0 <= c < 1, exactly."""
        if right == 0:
            return False
        key = (left, right)
        if key not in self._shares:
            plain = self._sector.with_explicit_tails(self._sector.with_quantiles(left))
            parts = split_logarithms(plain), split_logarithms(right)
            mine, its = (sp.expand(one).as_coefficients_dict() for one in parts)
            share = mine[next(iter(its))] / next(iter(its.values()))
            self._shares[key] = (
                bool(0 <= share < 1)
                and mine.keys() == its.keys()
                and all(mine[term] == share * value for term, value in its.items())
            )
        return self._shares[key]

    def is_known(self, difference: sp.Expr) -> bool:
        """Whether a linear function of the tails is at least 0 for 0 <= outer <= inner <= 1/2.

        >>> from theory.conjectures.sectors import sectors
        >>> from theory.conjectures.settings import Setting
        >>> first, *_ = sectors("laplace", Setting.MULTICLASS, None, proportional=True)
        >>> Margins(first).is_known(tail_a - tail_b), Margins(first).is_known(tail_b - tail_a)
        (True, False)
        """
        if difference not in self._known:
            self._known[difference] = self._is_linear_and_positive(difference)
        return self._known[difference]

    def _is_linear_and_positive(self, difference: sp.Expr) -> bool:
        tails = (tail_a, tail_b)
        if difference.free_symbols - {*tails} or not difference.is_polynomial(*tails):
            return False
        linear = sp.Poly(difference, *tails)
        if linear.total_degree() > 1:
            return False
        half, zero = sp.Rational(1, 2), sp.Integer(0)
        ends = [(zero, zero), (half, half)]
        ends.append((half, zero) if self._sector.a_is_inner else (zero, half))
        return all(linear.eval(end) >= 0 for end in ends)

    def by_arguments(self, left: sp.Expr, right: sp.Expr) -> sp.Expr | None:
        """Where right - left is c (f(u) - f(v)) for a monotone f: what has its sign, u - v say."""
        key = (left, right)
        if key not in self._arguments:
            plain = sp.expand(right - self._sector.with_quantiles(left))
            self._arguments[key] = _monotone_difference(plain)
        return self._arguments[key]


def _root(left: sp.Expr) -> tuple[sp.Expr, sp.Expr | None]:
    """The factor c and the radicand z of a positive c sqrt(z), or None for z.

    c sqrt(z) <= E is c^2 z <= E^2 where E is not negative.
    """
    half = sp.Rational(1, 2)
    factors = sp.Mul.make_args(left)
    roots = [one for one in factors if one.is_Pow and one.args[1] == half and one.free_symbols]
    if len(roots) != 1:
        return left, None
    factor = sp.Mul(*(one for one in factors if one is not roots[0]))
    if factor.free_symbols or not factor.is_positive:
        return left, None
    return factor, roots[0].args[0]


def _centred(margin: sp.Expr) -> sp.Expr:
    """The margin with polynomials of both tails in 1/2 - tail, or itself.

    Where both tails are near 1/2, an enclosure of that is sharper.
    """
    half = sp.Rational(1, 2)

    def centred(logarithm: sp.Expr) -> sp.Expr:
        inside = logarithm.args[0]
        if not inside.has(tail_a) or not inside.has(tail_b) or not inside.is_polynomial():
            return logarithm
        moved = inside.subs({tail_a: half - short_a, tail_b: half - short_b}, simultaneous=True)
        return sp.log(sp.expand(moved))

    return margin.replace(lambda one: one.func is sp.log, centred)


def _monotone_difference(margin: sp.Expr) -> sp.Expr | None:
    """What has the sign of c f(u) - c f(v), for a monotone f: u - v or v - u; None for others."""
    parts = [one.as_coeff_Mul() for one in sp.Add.make_args(margin)]
    if len(parts) != 2:
        return None
    (factor, first), (other, second) = parts
    constant, first = first.as_independent(*first.free_symbols)
    other_constant, second = second.as_independent(*second.free_symbols)
    if first.func is not second.func or first.func not in _RISING:
        return None
    factor *= constant
    if factor + other * other_constant != 0 or not factor.is_real or factor.is_zero is not False:
        return None
    sign = _RISING[first.func] * (1 if factor > 0 else -1)
    return sp.expand(sign * (first.args[0] - second.args[0]))


@lru_cache(maxsize=4096)
def is_multiple(guard: sp.Expr, condition: sp.Expr) -> bool:
    """Whether one polynomial is a positive number times another.

    >>> x = sp.Symbol("x")
    >>> is_multiple(1 - 2 * x, sp.Rational(1, 2) - x), is_multiple(x, -x)
    (True, False)
    """
    if condition.count_ops() > 30 or not condition.is_polynomial() or not guard.is_polynomial():
        return False
    ratio = sp.cancel(guard / condition)
    return bool(ratio.is_Rational and ratio > 0)
