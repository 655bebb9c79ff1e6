"""The density ratio of the moved noise from the closed-form c.d.f., for enclosures.

The density is the slope of the c.d.f. of theory.tightness, which shares nothing with the density
that the derivations start from. The scale is 1: lengths are in units of lambda.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory.tightness import half_line_mass

_y = sp.Symbol("y", positive=True)
_a = sp.Symbol("a", positive=True)
_m = sp.Symbol("m", positive=True)
_n = sp.Symbol("n", positive=True)

#: T of the coordinates that the last one joins
OTHERS = sp.Symbol("T_d", real=True)

#: what is written of an identity that was settled on the pieces
WHERE = "every d, x and delta, one more coordinate at a time; lengths in units of lambda"


def density_at(place: sp.Expr) -> sp.Expr:
    """The unit Laplace density as the slope of the c.d.f.

    Raises ValueError where the sign of the place does not follow from its assumptions.

    >>> density_at(-sp.Symbol("m", positive=True))
    exp(-m)/2
    """
    place = sp.sympify(place, strict=True)
    if place.is_nonnegative:
        return sp.diff(half_line_mass(_y), _y).subs(_y, place)
    if place.is_nonpositive:
        return -sp.diff(half_line_mass(-_y), _y).subs(_y, -place)
    raise ValueError(f"the sign of {place} is not known")


def ratio_identities(term: sp.Lambda, ratio: sp.Lambda) -> list[tuple[sp.Expr, sp.Expr]]:
    """Both sides of mu_Y/mu_X = ratio(T, 1), for d = 0 and for one more coordinate on each piece.

    ``term`` is T_i as a function of x_i and delta_i. Both sides are continuous, so that the open
    pieces are enough.

    >>> from theory.steps.ratio_steps import RATIO, TERM
    >>> all(sp.simplify(left - right) == 0 for left, right in ratio_identities(TERM, RATIO))
    True
    """
    found = [(ratio(sp.Integer(0), sp.Integer(1)), sp.Integer(1))]
    for at, shift in _pieces():
        own = density_at(at - shift) / density_at(at)
        left = ratio(OTHERS + term(at, shift), sp.Integer(1))
        found.append((left, ratio(OTHERS, sp.Integer(1)) * own))
    return found


def _pieces() -> Iterator[tuple[sp.Expr, sp.Expr]]:
    for sign in (1, -1):
        yield -sign * _m, sign * _a
        yield sign * _m, sign * (_m + _n)
        yield sign * (_a + _m), sign * _a
