"""The exact multi-class radius over its whole domain, by Arb: against half-lines and Theorem 1.

In units of lambda, with a = 1 - PA. The domain 0 < PB <= PA < 1 is cut as the radius is: ``low``
(PA <= 1/2), ``across`` (PB <= 1 - PA <= 1/2) and ``beyond`` (PB >= 1 - PA), and the radius is
given by its formula on each piece, in the published symbols.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain as joined

import sympy as sp

from theory.enclosure import Box, Outcome, closed_at, sign_on_box
from theory.enclosures.axis_dual import against_tie
from theory.enclosures.coverage import identical, over
from theory.enclosures.identities import expanded_log
from theory.symbols import lam, p_a, p_b
from theory.tightness import half_line_mass

_k, _m, _n, _t = sp.symbols("k m n t", positive=True)
_a, _c, _h, _y = sp.symbols("a c h y", positive=True)
_HALF, _UNIT = Fraction(1, 2), (Fraction(0), Fraction(1))
_NEAR, _WIDE = Fraction(1, 1024), Fraction(1, 16)
_SPAN = (Fraction(1, 8), Fraction(4))
_ONE = sp.Integer(1)

Pieces = Mapping[str, sp.Expr]


@dataclass(frozen=True, slots=True)
class Piece:
    """PA and PB as masses of half-lines, their tie (Q(PA) - Q(PB'))/2, and a box that refutes."""

    where: str
    p_a: sp.Expr
    p_b: sp.Expr
    tie: sp.Expr
    box: Box

    def at(self, formula: sp.Expr) -> sp.Expr:
        """A formula in the published symbols, there and with lambda = 1."""
        return formula.subs(lam, 1).subs({p_a: self.p_a, p_b: self.p_b}, simultaneous=True)


def piece(name: str) -> Piece:
    """The piece ``low``, ``across`` or ``beyond`` by the quantiles of PA and PB'.

    >>> piece("across").tie
    k + n/2
    """
    top, below = half_line_mass(_k), half_line_mass(-_k)
    if name == "low":
        first, second = half_line_mass(-_m), half_line_mass(-_m - _n)
        where = "PA <= 1/2: m = -Q(PA) >= 0, n = Q(PA) - Q(PB) >= 0 (0 as limits)"
        return Piece(where, first, second, _n / 2, {_m: _SPAN, _n: _SPAN})
    if name == "across":
        where = "PB <= 1 - PA <= 1/2: k = Q(PA) >= 0, n = -Q(PB) - k >= 0 (0 as limits)"
        second = half_line_mass(-_k - _n)
        return Piece(where, top, second, _k + _n / 2, {_k: _SPAN, _n: _SPAN})
    if name == "beyond":
        between = below + _t * (top - below)
        box = {_k: _SPAN, _t: (Fraction(1, 8), Fraction(7, 8))}
        where = "1 - PA <= PB <= PA: k = Q(PA) >= 0 (0 as a limit), every t in [0, 1]"
        return Piece(where, top, between, _k, box)
    raise ValueError(f"piece {name!r} is not one of ['low', 'across', 'beyond']")


def ties(radius: Pieces, relation: str) -> Iterator[Outcome]:
    """Whether the radius is at most (or at least) the tie of the two half-lines, piece by piece.

    >>> [one.status for one in ties({"low": lam * sp.log(p_a / p_b) / 2}, "<=")]
    [True]
    """
    for name, formula in radius.items():
        here = piece(name)
        witness = "cA = {x_1 <= Q(PA)}, cB = {x_1 >= -Q(PB')}"
        outcome = against_tie(here.at(formula), here.tie, relation, here.box, here.where, witness)
        yield outcome
        if outcome.status is not True:
            return


def while_true(*series: Iterable[Outcome]) -> list[Outcome]:
    """The outcomes up to the first that is not True: nothing after it could mend the proof.

    >>> lost = Outcome(None, "", "")
    >>> len(while_true([Outcome(True, "", ""), lost, lost], [lost]))
    2
    """
    found: list[Outcome] = []
    for outcome in joined(*series):
        found.append(outcome)
        if outcome.status is not True:
            break
    return found


def half_lines_tie() -> Outcome:
    """Under Y_1 = X_1 + E both half-lines have the mass F((Q(PA) + Q(PB'))/2).

    >>> half_lines_tie().status
    True
    """
    pairs = []
    for name, top, runner_up in (
        ("low", -_m, -_m - _n),
        ("across", _k, -_k - _n),
        ("beyond", _k, -_k),
    ):
        middle = half_line_mass(sp.expand((top + runner_up) / 2))
        tie = piece(name).tie
        pairs.append((half_line_mass(sp.expand(top - tie)), middle))
        pairs.append((half_line_mass(sp.expand(runner_up + tie)), middle))
    return identical(pairs, "r = E: P(f(Y) = cA) = P(f(Y) = cB), on every piece")


def gap(term: sp.Expr, radius: sp.Expr, first: sp.Expr, second: sp.Expr) -> sp.Expr:
    """e^(-2 term) - e^(-2 radius) at PA = first, PB = second: positive where the radius is larger.

    >>> gap(lam * sp.log(p_a / p_b) / 2, lam * sp.log(2), 1 - _a, _a)
    a/(1 - a) - 1/4
    """
    place = {p_a: first, p_b: second, lam: _ONE}
    shrunk = [sp.exp(-2 * one.subs(place, simultaneous=True)) for one in (term, radius)]
    return shrunk[0] - shrunk[1]


def strictly_within(first: sp.Expr, second: sp.Expr, radius: Pieces) -> Iterator[Outcome]:
    """Both terms are below the radius for every PA in (1/2, 1) and PB != 1 - PA in (0, PA]."""
    across = "PB = (1 - PA) t, t in (0, 1), a = 1 - PA in (0, 1/2)"
    beyond = "PB = a + c (1 - 2a), c in (0, 1], a = 1 - PA in [0, 1/2) (a = 0 is PA = 1)"
    edge, last = _HALF - _WIDE, 1 - _WIDE
    inside = {_a: (Fraction(0), edge), _t: _UNIT}
    runner_up = _a * _t
    lead = sp.factor(sp.simplify(gap(first, radius["across"], 1 - _a, runner_up)) / runner_up)
    yield over(sign_on_box(lead, ">", inside, max_boxes=2000), f"first term, {across}")
    yield over(
        closed_at(lead, ">", _a, sp.Rational(1, 2), edge, order=2, others={_t: _UNIT}),
        f"first term, {across}",
    )
    lead = sp.factor(sp.simplify(gap(second, radius["across"], 1 - _a, runner_up)) / _a**2)
    span = {_a: (_WIDE, _HALF)} if lead.has(_a) else {}
    box = {**span, _t: (Fraction(0), last)}
    yield over(sign_on_box(lead, ">", box, max_boxes=2000), f"second term, {across}")
    closed = closed_at(lead, ">", _t, _ONE, last, order=2, others=span)
    yield over(closed, f"second term, {across}")
    runner_up = _a + _c * (1 - 2 * _a)
    square = {_a: (Fraction(0), _HALF), _c: _UNIT}
    # not negative at c = 0, and rising with c
    lead = sp.cancel(sp.simplify(gap(first, radius["beyond"], 1 - _a, runner_up)) / (1 - 2 * _a))
    rises = sign_on_box(sp.cancel(sp.diff(lead, _c)), ">", square, max_boxes=2000)
    yield over(rises, f"first term rises with c, {beyond}")
    start = sp.cancel(lead.subs(_c, 0) / (_a * (1 - 2 * _a)))
    whole = {_a: (Fraction(0), _HALF)}
    yield over(
        sign_on_box(start, ">", whole, max_boxes=2000), f"at c = 0, over a (1 - 2a), {beyond}"
    )
    # positive at a = 0, over c, and rising with a
    lead = sp.simplify(gap(second, radius["beyond"], 1 - _a, runner_up))
    lead = sp.cancel(lead / (_c * (1 - 2 * _a)))
    rises = sign_on_box(sp.cancel(sp.diff(lead, _a)), ">", square, max_boxes=2000)
    yield over(rises, f"second term rises with a, {beyond}")
    start = sp.cancel(lead.subs(_a, 0) / _c)
    yield over(sign_on_box(start, ">", {_c: _UNIT}, max_boxes=2000), f"at a = 0, over c, {beyond}")


def second_below_half(second: sp.Expr, radius: sp.Expr) -> Iterator[Outcome]:
    """The second term is below the radius for PA = a <= 1/2 and PB = a t, t in (0, 1).

    Over 1 - t the margin falls with a, and is positive at a = 1/2.
    """
    where = "PA = a in (0, 1/2], PB = a t, t in (0, 1), over 1 - t"
    margin = sp.simplify(gap(second, radius, _a, _a * _t))
    margin = sp.cancel(margin / (1 - _t))
    box = {_a: (Fraction(0), _HALF), _t: _UNIT}
    falls = sign_on_box(sp.diff(margin, _a), "<", box, max_boxes=2000)
    yield over(falls, f"second term, {where}, falls with a")
    last = sp.expand(margin.subs(_a, sp.Rational(1, 2)))
    inside = sign_on_box(last, ">", {_t: (Fraction(0), 1 - _NEAR)}, max_boxes=2000)
    yield over(inside, f"second term, {where}, a = 1/2")
    closed = closed_at(last, ">", _t, _ONE, 1 - _NEAR, order=1)
    yield over(closed, f"second term, {where}, a = 1/2")


def equal_elsewhere(first: sp.Expr, second: sp.Expr, radius: Pieces) -> Outcome:
    """The first term is the radius for PA <= 1/2, the second for PB = 1 - PA."""
    low = piece("low")
    top = 1 - _a
    pairs = [
        (low.at(first), low.at(radius["low"])),
        *(
            (one.subs({p_a: top, p_b: _a, lam: _ONE}, simultaneous=True), -sp.log(2 * _a))
            for one in (second, radius["across"], radius["beyond"])
        ),
    ]
    return identical(pairs, "PA <= 1/2, every PB; and PB = 1 - PA = a")


def gain_at_most(first: sp.Expr, second: sp.Expr, radius: sp.Expr) -> Iterator[Outcome]:
    """E < (3/2) max(first, second) for every PA in (1/2, 1), PB in (0, 1 - PA).

    Where PB >= a^2/(1 - a), written a = h t/(1 + t), PB = a t, against the second term; below,
    written PB = h a^2/(1 - a), against the first. Each margin falls with h, and is positive at
    h = 1.
    """
    cube = 3 * sp.Rational(1, 2) * second
    upper = {p_a: 1 - _a, p_b: _a * _t, lam: _ONE}
    margin = (sp.exp(-2 * radius) - sp.exp(-2 * cube)).subs(upper, simultaneous=True)
    margin = sp.factor(sp.simplify(margin.subs(_a, _h * _t / (1 + _t))))
    margin = sp.cancel(margin * (1 + _t) ** 2 / (_h**2 * _t**3))
    above = "PB >= (1 - PA)^2/PA: second term"
    square = {_h: _UNIT, _t: _UNIT}
    yield over(sign_on_box(sp.diff(margin, _h), "<", square, max_boxes=2000), above)
    last = sp.expand(margin.subs(_h, 1))
    yield over(sign_on_box(last, ">", {_t: (Fraction(0), 1 - _NEAR)}, max_boxes=2000), above)
    yield over(closed_at(last, ">", _t, _ONE, 1 - _NEAR, order=1), above)
    lower = {p_a: 1 - _a, p_b: _h * _a**2 / (1 - _a), lam: _ONE}
    margin = (sp.exp(-4 * radius) - sp.exp(-6 * first)).subs(lower, simultaneous=True)
    margin = sp.factor(sp.simplify(margin))
    margin = sp.cancel(margin * (1 - _a) ** 6 / (_h**2 * _a**6))
    below = "PB <= (1 - PA)^2/PA: first term"
    half = {_a: (Fraction(0), _HALF)}
    yield over(sign_on_box(sp.diff(margin, _h), "<", {**half, _h: _UNIT}, max_boxes=2000), below)
    last = sp.expand(margin.subs(_h, 1))
    edge = _HALF - _NEAR
    yield over(sign_on_box(last, ">", {_a: (Fraction(0), edge)}, max_boxes=2000), below)
    yield over(closed_at(last, ">", _a, sp.Rational(1, 2), edge, order=1), below)


def gain_approached(first: sp.Expr, radius: sp.Expr, gain: sp.Expr) -> Iterator[Outcome]:
    """|E/R - gain| < 2y on PB = (1 - PA)^2/PA, with 1 - PA = a = e^(-1/y), y in (0, 1/4].

    log(1 - a) is enclosed over a in [0, 1/32], apart from y; e^(-4) < 1/32.
    """
    curve = {p_a: 1 - _a, p_b: _a**2 / (1 - _a), lam: _ONE}
    parts = [
        expanded_log(sp.expand(2 * one.subs(curve, simultaneous=True))) for one in (radius, first)
    ]
    ratio = [sp.expand(one.subs(sp.log(_a), -1 / _y) * _y) for one in parts]
    others: Box = {_a: (Fraction(0), Fraction(1, 32))}
    sides = []
    for relation, allowance in ((">", 2 * _y), ("<", -2 * _y)):
        off = ratio[0] / ratio[1] - gain + allowance
        closed = closed_at(off, relation, _y, sp.Integer(0), Fraction(1, 4), order=1, others=others)
        sides.append(over(closed, "PB = (1 - PA)^2/PA, y = -1/log(1 - PA)"))
    # a wrong gain is refuted on one side and not settled on the other
    yield from sorted(sides, key=lambda one: one.status is not False)


def unbounded_beyond(first: sp.Expr, second: sp.Expr, radius: sp.Expr) -> Iterator[Outcome]:
    """At PB = PA both terms are 0 while the radius stays positive, for every PA in (1/2, 1)."""
    top = {p_a: 1 - _a, p_b: 1 - _a, lam: _ONE}
    pairs = [(one.subs(top, simultaneous=True), sp.Integer(0)) for one in (first, second)]
    yield over(identical(pairs, "PB = PA"), "PB -> PA (both terms are continuous)")
    left = sp.simplify(1 - sp.exp(-2 * radius).subs(top, simultaneous=True))
    edge = _HALF - _NEAR
    where = "PB -> PA, a = 1 - PA in (0, 1/2): the radius does not depend on PB"
    yield over(sign_on_box(left, ">", {_a: (Fraction(0), edge)}, max_boxes=100), where)
    yield over(closed_at(left, ">", _a, sp.Rational(1, 2), edge, order=1), where)
