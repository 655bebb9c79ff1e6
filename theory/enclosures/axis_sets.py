"""What the enclosures know of T along an axis: its definition, and its three pieces."""

from __future__ import annotations

import sympy as sp

from theory.enclosure import Box, Outcome, sign_on_box, vanishes
from theory.enclosures.coverage import over
from theory.enclosures.identities import settled

_w = sp.Symbol("w", positive=True)
_m = sp.Symbol("m", positive=True)
_n = sp.Symbol("n", positive=True)


def ratio_along(x: sp.Expr, move: sp.Expr) -> sp.Expr:
    """T(x) = |x_1 - r| - |x_1| for delta = (r, 0, ..., 0), from its definition (section 3).

    >>> ratio_along(sp.Integer(2), sp.Integer(3))
    -1
    """
    return sp.Abs(x - move) - sp.Abs(x)


def three_pieces() -> Outcome:
    """T = r up to the origin, r - 2 x_1 between the centres, -r from the move on (SymPy).

    >>> three_pieces().status
    True
    """
    move = _m + _n
    outcome = vanishes(
        ratio_along(-_w, move) - move,
        ratio_along(sp.Integer(0), move) - move,
        ratio_along(_m, move) - (move - 2 * _m),
        ratio_along(move, move) + move,
        ratio_along(move + _w, move) + move,
    )
    return over(outcome, "T = r, r - 2 x_1, -r on x_1 <= 0, 0 < x_1 < r, x_1 >= r; every r > 0")


def same(difference: sp.Expr, said: str, where: str) -> Outcome:
    """Whether two expressions are the same over a domain in words: SymPy says yes, Arb says no.

    >>> same(sp.log(4) - 2 * sp.log(2), "log 4 is 2 log 2", "everywhere").scope
    'everywhere: identity'
    """
    return over(settled(difference, said), where)


def at_most_zero(gap: sp.Expr, box: Box, where: str) -> Outcome:
    """gap <= 0, where it is 0 identically; another gap is refuted in the box, or left undecided.

    >>> from fractions import Fraction
    >>> x = sp.Symbol("x", positive=True)
    >>> box = {x: (Fraction(1, 8), Fraction(8))}
    >>> [at_most_zero(gap, box, "").status for gap in (sp.log(x**2) - 2 * sp.log(x), x, -x)]
    [True, False, None]
    """
    if vanishes(gap).status is True:
        return over(vanishes(gap), where)
    return over(sign_on_box(gap, "<", box), where, whole=False)
