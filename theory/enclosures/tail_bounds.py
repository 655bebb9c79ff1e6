"""Bounds on the error function that close the far end of an enclosure, checked in Arb."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.enclosure import Outcome, closed_at, sign_on_box
from theory.enclosures.identities import settled

_t = sp.Symbol("t", positive=True)
_y = sp.Symbol("y", positive=True)


def tail_below_gaussian() -> list[Outcome]:
    """Prove erfc(t) < exp(-t^2) for t >= 1: the difference tends to 0 and falls.

    Its derivative is exp(-t^2) t (2/(t sqrt(pi)) - 2), and the bracket is negative for y = 1/t in
    [0, 1].

    >>> [outcome.status for outcome in tail_below_gaussian()]
    [True, True]
    """
    surplus = sp.exp(-(_t**2)) - sp.erfc(_t)
    falls = sp.simplify(sp.diff(surplus, _t) * sp.exp(_t**2) / _t).subs(_t, 1 / _y)
    return [
        settled(sp.limit(surplus, _t, sp.oo), "exp(-t^2) - erfc(t) -> 0"),
        sign_on_box(sp.expand(falls), "<", {_y: (Fraction(0), Fraction(1))}),
    ]


def erf_above_identity() -> list[Outcome]:
    """Prove erf(t) > t for 0 < t <= 1/4.

    >>> [outcome.status for outcome in erf_above_identity()]
    [True]
    """
    surplus = sp.erf(_t) - _t
    return [closed_at(surplus, ">", _t, sp.Integer(0), Fraction(1, 4), order=1)]


def erf_below_tangent() -> list[Outcome]:
    """Prove erf(t) < 2 t/sqrt(pi) for 0 < t <= 1/4.

    >>> [outcome.status for outcome in erf_below_tangent()]
    [True]
    """
    surplus = 2 * _t / sp.sqrt(sp.pi) - sp.erf(_t)
    return [closed_at(surplus, ">", _t, sp.Integer(0), Fraction(1, 4), order=3)]
