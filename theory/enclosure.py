"""Proofs over boxes by Arb: three-valued signs, closed boundaries, isolated roots.

``sign_on_box`` bisects a box until Arb settles the sign on every piece. It cannot settle an
inequality that becomes an equality at the edge of the domain; there the edge is *closed* by an
argument that is itself checked: the function and its first derivatives vanish at the edge (SymPy)
and the next derivative has a sign on a neighbourhood (Arb).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from theory.balls import PRECISION, Ball, BallFunction, compile_ball, interval_ball, rational_ball
from theory.claim import Boundary, Evidence, Grade, Rung
from theory.derivation import is_zero
from theory.exact import decimal_enclosure

Interval = tuple[Fraction, Fraction]
Box = Mapping[sp.Symbol, Interval]

#: More boxes than any proof here needs by a factor of ten; past it the answer is UNDECIDED.
MAX_BOXES = 20000


@dataclass(frozen=True, slots=True)
class Outcome:
    """True: proved on the whole box. False: refuted at the witness. None: boxes are left over."""

    status: bool | None
    scope: str
    detail: str
    witness: Mapping[str, str] | None = None
    boxes: int = 0


@dataclass(frozen=True, slots=True)
class Root:
    """A zero of a function, proved to exist and to be the only one, or a number: a ball around it.

    ``unique`` is None for an evaluated constant, which is no place where something changes.
    """

    ball: Ball
    scope: str
    unique: bool | None

    def boundary(self, name: str, digits: int = 34) -> Boundary:
        """The decimal enclosure of the root, rounded outward."""
        return Boundary(name, decimal_enclosure(self.ball, digits), self.unique)


def describe(box: Box) -> str:
    """The box in words."""
    sides = (f"{symbol} in [{low}, {high}]" for symbol, (low, high) in box.items())
    return ", ".join(sides) or "constants"


def sign_on_box(
    expression: sp.Expr,
    relation: str,
    box: Box,
    *,
    max_boxes: int = MAX_BOXES,
    precision: int = PRECISION,
) -> Outcome:
    """Decide ``expression relation 0`` (relation > or <) over a box of rationals, by bisection.

    Returns True only if Arb proved the strict inequality on pieces that cover the box; False with
    an exact witness point where it is false; None when ``max_boxes`` were not enough.

    >>> x = sp.Symbol("x")
    >>> sign_on_box(sp.exp(x) - x, ">", {x: (Fraction(-3), Fraction(3))}).status
    True
    """
    if relation not in {">", "<"}:
        raise ValueError(f"relation {relation!r} is not one of ['<', '>']")
    symbols = list(box)
    with ctx.workprec(precision):
        function = compile_ball(expression if relation == ">" else -expression, symbols)
        return _bisect(function, [box[s] for s in symbols], symbols, max_boxes)


def _bisect(
    function: BallFunction, box: list[Interval], symbols: list[sp.Symbol], max_boxes: int
) -> Outcome:
    scope = describe(dict(zip(symbols, box, strict=True)))
    waiting, seen = [box], 0
    while waiting:
        if seen >= max_boxes:
            return Outcome(
                None, scope, f"undecided after {seen} boxes; {len(waiting)} left", boxes=seen
            )
        piece = waiting.pop()
        seen += 1
        if function([interval_ball(*side) for side in piece]) > 0:
            continue
        middle = [(low + high) / 2 for low, high in piece]
        value = function([rational_ball(m) for m in middle])
        if value <= 0:
            witness = {str(s): str(m) for s, m in zip(symbols, middle, strict=True)}
            witness = witness or {"everywhere": f"the value is {value}"}
            return Outcome(False, scope, f"the value there is {value}", witness, seen)
        if not piece:
            return Outcome(None, scope, f"undecided: the value is {value}", boxes=seen)
        waiting.extend(_halves(piece))
    return Outcome(True, scope, f"{seen} boxes", boxes=seen)


def _halves(piece: list[Interval]) -> list[list[Interval]]:
    # an interval far from zero on one side is cut by its logarithm: the functions are scale-free
    widths = [_width(low, high) for low, high in piece]
    place = widths.index(max(widths))
    low, high = piece[place]
    cut = (low + high) / 2
    if low > 0 and high > 8 * low:
        cut = Fraction(_geometric_mean(low, high)).limit_denominator(10**30)
        cut = cut if low < cut < high else (low + high) / 2
    first, second = list(piece), list(piece)
    first[place], second[place] = (low, cut), (cut, high)
    return [second, first]


def _width(low: Fraction, high: Fraction) -> float:
    largest = max(abs(low), abs(high), Fraction(1, 10**9))
    return float((high - low) / largest)


def _geometric_mean(low: Fraction, high: Fraction) -> float:
    return math.sqrt(float(low)) * math.sqrt(float(high))


def closed_at(
    expression: sp.Expr,
    relation: str,
    symbol: sp.Symbol,
    edge: sp.Expr,
    reach: Fraction,
    *,
    order: int,
    others: Box | None = None,
) -> Outcome:
    """Close an edge where the inequality becomes an equality.

    Proves ``expression relation 0`` for symbol strictly between edge and reach: by SymPy the
    expression and its first ``order - 1`` derivatives vanish at the edge identically, and by Arb
    the derivative of that order has a sign on the whole neighbourhood, so by Taylor's theorem with
    Lagrange's remainder the expression has the sign of derivative * (symbol - edge)^order.

    >>> x = sp.Symbol("x")
    >>> closed_at(sp.cosh(x) - 1, ">", x, sp.Integer(0), Fraction(1), order=2).status
    True
    """
    edge = sp.sympify(edge, strict=True)
    side = Fraction(int(edge.p), int(edge.q))
    near = (min(side, reach), max(side, reach))
    derivative = expression
    for count in range(order):
        at_edge = derivative.subs(symbol, edge)
        if not is_zero(at_edge):
            return _not_closed(at_edge, relation, symbol, edge, count, others or {})
        if not _is_continuous(derivative, {symbol: near, **(others or {})}):
            detail = f"derivative {count} is not shown to be continuous up to {symbol} = {reach}"
            return Outcome(None, f"{symbol} = {edge}", detail)
        derivative = sp.diff(derivative, symbol)
    wanted = relation if reach > side or order % 2 == 0 else {">": "<", "<": ">"}[relation]
    outcome = sign_on_box(derivative, wanted, {symbol: near, **(others or {})})
    how = (
        f"closed at {symbol} = {edge}: zero of order {order} (SymPy), derivative of that order "
        f"{wanted} 0 on {outcome.scope} (Arb, {outcome.detail})"
    )
    # a derivative of the wrong sign breaks the argument, and refutes the inequality only nearby
    status = outcome.status if outcome.status is not False else None
    return Outcome(status, outcome.scope, how, outcome.witness, outcome.boxes)


def vanishes(*expressions: sp.Expr) -> Outcome:
    """An equality that a bisection can never settle, settled by SymPy: each expression is zero.

    >>> x = sp.Symbol("x", positive=True)
    >>> vanishes(sp.log(x**2) - 2 * sp.log(x)).status
    True
    """
    left = [str(one) for one in expressions if not is_zero(one)]
    if left:
        return Outcome(None, "identity", f"not zero, as far as SymPy can tell: {', '.join(left)}")
    return Outcome(True, "identity", "the equality is an identity (SymPy)")


def _not_closed(
    at_edge: sp.Expr,
    relation: str,
    symbol: sp.Symbol,
    edge: sp.Expr,
    count: int,
    others: Box,
) -> Outcome:
    scope = f"{symbol} = {edge}"
    detail = f"derivative {count} at the edge is {at_edge}, not zero"
    if count > 0 or at_edge.has(sp.nan, sp.zoo, sp.oo, -sp.oo):
        return Outcome(None, scope, detail)
    # the value at the edge itself has a sign: right, and nothing is to be closed; or wrong, and
    # by continuity the inequality is false beside the edge
    opposite = {">": "<", "<": ">"}[relation]
    wrong = sign_on_box(at_edge, opposite, others)
    if wrong.status is True:
        witness = {str(symbol): f"{edge} and near it", **_middle(others)}
        return Outcome(False, scope, detail, witness, wrong.boxes)
    return Outcome(None, scope, detail)


def _is_continuous(expression: sp.Expr, box: Box, *, max_boxes: int = 1000) -> bool:
    # Taylor's theorem and Newton's operator need it, and a derivative with a sign does not give it:
    # x + sqrt(x^2)/x has the derivative 1 and jumps over its zero. Where a ball is finite, every
    # function in it is continuous.
    symbols = list(box)
    with ctx.workprec(PRECISION):
        function = compile_ball(expression, symbols)
        waiting, seen = [[box[s] for s in symbols]], 0
        while waiting:
            piece = waiting.pop()
            seen += 1
            if function([interval_ball(*side) for side in piece]).is_finite():
                continue
            if seen >= max_boxes:
                return False
            waiting.extend(_halves(piece))
    return True


def _middle(box: Box) -> Mapping[str, str]:
    return {str(symbol): str((low + high) / 2) for symbol, (low, high) in box.items()}


def isolate_root(
    expression: sp.Expr, symbol: sp.Symbol, interval: Interval, *, precision: int = 256
) -> Root | None:
    """Enclose the only root of the expression in an interval, or None where that is not proved.

    Existence by opposite signs at the ends and continuity, uniqueness by a derivative without a
    zero on the interval (all in Arb), the digits by the interval Newton operator.

    >>> x = sp.Symbol("x")
    >>> isolate_root(x**2 - 2, x, (Fraction(1), Fraction(2))).boundary("root").enclosure[0][:9]
    '1.4142135'
    """
    slope = sp.diff(expression, symbol)
    box = {symbol: interval}
    if not any(sign_on_box(slope, sign, box).status for sign in (">", "<")):
        return None
    if not _is_continuous(expression, box):
        return None
    with ctx.workprec(precision):
        function = compile_ball(expression, [symbol])
        gradient = compile_ball(slope, [symbol])
        ends = [function([rational_ball(end)]) for end in interval]
        if not (ends[0] * ends[1] < 0):
            return None
        ball = _newton(function, gradient, interval)
    return None if ball is None else Root(ball, describe(box), True)


def as_value(root: Root | None) -> Root | None:
    """The root as a number that a report names, without a word on other such points.

    >>> x = sp.Symbol("x", positive=True)
    >>> as_value(isolate_root(x**2 - 2, x, (Fraction(1), Fraction(2)))).unique is None
    True
    """
    return None if root is None else replace(root, unique=None)


def _newton(function: BallFunction, gradient: BallFunction, interval: Interval) -> Ball | None:
    low, high = interval
    rising = bool(function([rational_ball(high)]) > 0)
    for _ in range(40):  # bisection until Newton contracts
        middle = (low + high) / 2
        value = function([rational_ball(middle)])
        if not (value > 0) and not (value < 0):
            break
        if bool(value > 0) == rising:
            high = middle
        else:
            low = middle
    ball = interval_ball(low, high)
    for _ in range(60):
        centre = arb(ball.mid())
        improved = ball.intersection(centre - function([centre]) / gradient([ball]))
        if improved.rad() >= ball.rad():
            return ball
        ball = improved
    return ball


def enclosed(
    part: str,
    outcomes: Iterable[Outcome],
    *,
    conclusion: str,
    proves: bool = True,
    roots: Mapping[str, Root | None] | None = None,
    witness: Mapping[str, str] | None = None,
    seconds: float = 0.0,
) -> Evidence:
    """Evidence about a part from the outcomes that together cover its domain.

    All True: ENCLOSED, with the finding ``proves``. One False: REFUTED by its witness, with the
    opposite finding. Otherwise, or with a root that was not isolated: UNDECIDED.
    """
    outcomes = list(outcomes)
    roots = roots or {}
    # several outcomes may be about one box, and identities about none
    scope = "; ".join(dict.fromkeys(outcome.scope for outcome in outcomes if outcome.scope))
    false = next((o for o in outcomes if o.status is False), None)
    lost = [name for name, root in roots.items() if root is None]
    if false is not None and proves:
        grade, finding, detail = Grade.REFUTED, False, false.detail
        witness = false.witness
    elif lost or any(o.status is not True for o in outcomes) or not outcomes:
        grade, finding = Grade.UNDECIDED, None
        left = [o.detail for o in outcomes if o.status is not True]
        detail = "; ".join([*(f"{name} is not isolated" for name in lost), *left]) or "no boxes"
        witness = None
    else:
        grade, finding = Grade.ENCLOSED, proves
        detail = "; ".join([conclusion, *(o.detail for o in outcomes)])
    found = tuple(root.boundary(name) for name, root in roots.items() if root is not None)
    return Evidence(
        Rung.ENCLOSURE,
        grade,
        part,
        finding,
        scope,
        detail,
        witness=witness,
        boundaries=found,
        seconds=seconds,
    )


def covers(pieces: Sequence[Interval], whole: Interval) -> bool:
    """Whether intervals cover the whole without a gap (a proof by pieces must not leave one).

    >>> covers([(Fraction(0), Fraction(1)), (Fraction(1), Fraction(2))], (Fraction(0), Fraction(2)))
    True
    """
    reached, touched = whole[0], False
    for low, high in sorted(pieces):
        if low > reached:
            break
        touched = touched or high >= whole[0]
        reached = max(reached, high)
    return touched and reached >= whole[1]
