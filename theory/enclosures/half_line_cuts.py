"""A radius against the worst half-lines of masses PA and PB, over the whole triangle, by Arb.

Half-lines of masses PA and PB at the two ends of an axis tie at E = (Q(PA) - Q(PB))/2, and
e^(-2E/lambda) is rational in PA and PB on each piece of 0 <= PB <= PA <= 1 cut where they cross
1/2. No sound radius exceeds E where PA + PB <= 1.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp

from theory.enclosure import Outcome, closed_at, sign_on_box, vanishes
from theory.enclosures.coverage import over, proof_only
from theory.symbols import p_a, p_b

EDGE = Fraction(1, 1024)

_b = sp.Symbol("b", positive=True)
_s = sp.Symbol("s", positive=True)


@dataclass(frozen=True, slots=True)
class _Cut:
    """A piece of the triangle: PA and PB in b and s, and e^(-2E) there, E = (Q(PA) - Q(PB))/2.

    ``real`` says that PA + PB <= 1 there, so that half-lines of these masses are a classifier.
    """

    where: str
    p_a: sp.Expr
    p_b: sp.Expr
    tie: sp.Expr
    per: sp.Expr = sp.S.One
    real: bool = True

    def gap(self, radius: sp.Expr) -> sp.Expr:
        """e^(-2R) - e^(-2E) over ``per``: not negative where R is at most E."""
        place = {p_a: self.p_a, p_b: self.p_b}
        shrunk = sp.exp(-2 * radius).subs(place, simultaneous=True)
        return sp.simplify((shrunk - self.tie) / self.per)


#: s in [0, 1], b in (0, 1/2] (in the first of _ACROSS, with PB <= 1/2); R and E may meet at s = 0
_t = 1 - _s
_LOW = _Cut("PB <= PA <= 1/2: PA = b, PB = b(1 - s)", _b, _b * _t, _t)
_HIGH = _Cut("1/2 <= PB <= PA: PA = 1 - b(1 - s), PB = 1 - b", 1 - _b * _t, 1 - _b, _t, real=False)
_ACROSS = {
    "first": (
        _Cut(
            # s = 1 stands for PA = 1, where E = oo whatever PB is
            "PB <= 1/2 <= PA: PA = (1 + s)/2, PB = b(1 - s), over 2 PB",
            *((1 + _s) / 2, _b * _t, 2 * _b * _t**2, 2 * _b * _t),
        ),
    ),
    "second": (
        _Cut(
            "PB <= 1 - PA <= 1/2: PA = 1 - b, PB = b(1 - s), over b^2",
            *(1 - _b, _b * _t, 4 * _b**2 * _t, _b**2),
        ),
        _Cut(
            "1 - PA <= PB <= 1/2: PA = 1 - b(1 - s), PB = b, over b^2",
            *(1 - _b * _t, _b, 4 * _b**2 * _t, _b**2),
            real=False,
        ),
    ),
}


def within_half_lines(radius: sp.Expr, term: str) -> Iterator[Outcome]:
    """e^(-2R) >= e^(-2E) on the triangle, with lambda = 1; ``term`` is "first" or "second".

    The terms are cut differently where PB <= 1/2 <= PA, so that b cancels from each of them.
    """
    for cut in _ACROSS[term]:
        yield from _touching(cut, cut.gap(radius))
    for cut in (_LOW, _HIGH):
        gap = cut.gap(radius)
        if vanishes(gap).status:
            yield over(vanishes(gap), cut.where)
            continue
        # not negative at b = 1/2, and falling in b towards it
        half = {_b: (Fraction(0), Fraction(1, 2))}
        edge = replace(cut, where=f"{cut.where}, b = 1/2")
        yield from _touching(edge, gap.subs(_b, sp.Rational(1, 2)))
        slope = sp.simplify(sp.diff(gap, _b))
        falls = f"{cut.where}, falls in b"
        inside = sign_on_box(slope, "<", {_s: (EDGE, Fraction(1)), **half})
        yield over(proof_only(inside), falls)
        closed = closed_at(slope, "<", _s, sp.Integer(0), EDGE, order=1, others=half)
        yield over(proof_only(closed), falls)


def _touching(cut: _Cut, gap: sp.Expr) -> Iterator[Outcome]:
    """gap > 0 for s in (0, 1], with an equality of second order at s = 0."""
    # b cancels from the printed terms, so that every b is covered; another radius keeps it, and is
    # only tried inside
    others = {_b: (Fraction(1, 64), Fraction(31, 64))} if gap.has(_b) else {}
    inside = sign_on_box(gap, ">", {_s: (EDGE, Fraction(1)), **others})
    closed = closed_at(gap, ">", _s, sp.Integer(0), EDGE, order=2, others=others)
    for outcome in (inside, closed):
        judged = _witnessed(outcome, cut) if cut.real else proof_only(outcome)
        yield over(judged, cut.where, whole=not others)


def _witnessed(outcome: Outcome, cut: _Cut) -> Outcome:
    witness = outcome.witness
    if witness is not None:
        witness = {
            "b": "any in (0, 1/2)",
            **witness,
            "with": cut.where,
            "classifier": "cA and cB are half-lines of masses PA and PB on one axis",
        }
    return replace(outcome, witness=witness)
