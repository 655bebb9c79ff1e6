"""A proof as a chain of steps, each checked by machine.

A step is an equality or an inequality with its domain and its reason. Equalities are settled by
SymPy reducing the difference to zero. Inequalities are settled by a sign argument that is itself
checked: directly from the assumptions on the symbols, or from the derivatives. A step that SymPy
cannot settle is tried at exact points in Arb: where it is false there, it is refuted with the
point as witness; otherwise it is undecided, and the chain with it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

import sympy as sp
from flint import ctx

from theory.balls import PRECISION, Ball, compile_ball, value_at
from theory.claim import CONSTRUCTION, Evidence, Grade, Rung
from theory.symbols import sample_points

Point = Mapping[sp.Symbol, sp.Rational]

_FLIPPED = {">": "<", ">=": "<=", "<": ">", "<=": ">="}
_RELATIONAL = {"=": sp.Eq, ">": sp.Gt, ">=": sp.Ge, "<": sp.Lt, "<=": sp.Le}


@dataclass(frozen=True, slots=True)
class Check:
    """The outcome of one step: True, False (with a witness point) or None for undecided."""

    status: bool | None
    how: str
    witness: Point | None = None


_INEXACT = Check(None, "a float is not exact: rationals settle it, as in Rational(1, 10)")


@dataclass(frozen=True, slots=True)
class Step:
    """lhs relation rhs on a domain, for a reason, with the check that settles it.

    ``states`` marks the step that is the statement itself: where it is refuted, so is the claim.
    A refuted auxiliary step only breaks this proof, and so does a refuted counterexample, since
    there may be others. ``written`` is the left side as a reader would write it, such as an
    integral, where lhs is already what SymPy made of it.
    """

    lhs: sp.Expr
    relation: str
    rhs: sp.Expr
    reason: str
    domain: str
    check: Callable[[], Check] = field(repr=False)
    states: bool = False
    written: sp.Basic | None = None

    @property
    def formula(self) -> sp.Basic:
        """The step as an unevaluated SymPy relation."""
        shown = self.lhs if self.written is None else self.written
        return _RELATIONAL[self.relation](shown, self.rhs, evaluate=False)


@dataclass(frozen=True, slots=True)
class Chain:
    """A checked chain of steps about one part of a claim.

    ``proves`` is the finding that the whole chain establishes about its part.
    """

    part: str
    proves: bool
    conclusion: str
    steps: tuple[tuple[Step, Check], ...]
    broken: str | None
    seconds: float

    @property
    def grade(self) -> Grade:
        """PROVED, REFUTED (a step that is the statement is false) or UNDECIDED.

        A chain that proves its part false is never REFUTED: losing one counterexample does not
        make the part true.
        """
        lost = any(step.states and check.status is False for step, check in self.steps)
        if lost and self.proves:
            return Grade.REFUTED
        if self.broken is not None or any(check.status is not True for _, check in self.steps):
            return Grade.UNDECIDED
        return Grade.PROVED

    def evidence(self) -> Evidence:
        """What the chain says of its part."""
        grade = self.grade
        scope = "; ".join(dict.fromkeys(step.domain for step, _ in self.steps))
        if grade is Grade.PROVED:
            detail = f"{self.conclusion} ({len(self.steps)} steps)"
            # a chain that proves a part false does so by its construction, which is the witness
            witness = None if self.proves else {CONSTRUCTION: self.conclusion}
            return self._evidence(grade, self.proves, scope, detail, witness)
        if grade is Grade.REFUTED:
            step, check = next((s, c) for s, c in self.steps if s.states and c.status is False)
            detail = f"false step: {step.lhs} {step.relation} {step.rhs} ({check.how})"
            return self._evidence(grade, False, scope, detail, _text(check.witness))
        return self._evidence(grade, None, scope, self._why_undecided(), None)

    def _why_undecided(self) -> str:
        for place, (step, check) in enumerate(self.steps, start=1):
            if check.status is not True:
                said = "is false" if check.status is False else "is not settled"
                return f"step {place} {said}: {step.lhs} {step.relation} {step.rhs} ({check.how})"
        return self.broken or "the chain is empty"

    def _evidence(
        self,
        grade: Grade,
        finding: bool | None,
        scope: str,
        detail: str,
        witness: Mapping[str, str] | None,
    ) -> Evidence:
        return Evidence(
            Rung.DERIVATION,
            grade,
            self.part,
            finding,
            scope,
            detail,
            witness=witness,
            seconds=self.seconds,
        )


def chain(part: str, steps: Iterable[Step], *, proves: bool = True, conclusion: str) -> Chain:
    """Check the steps in order.

    A proof that cannot even be written down (an integral that SymPy cannot do, a sign that it
    cannot tell) ends where it breaks and is UNDECIDED.
    """
    start = time.perf_counter()
    checked: list[tuple[Step, Check]] = []
    broken = None
    try:
        for step in steps:
            checked.append((step, step.check()))
    except Exception as error:  # whatever SymPy raises on a foreign density: the proof has broken
        broken = f"the proof breaks after step {len(checked)}: {type(error).__name__}: {error}"
    if not checked and broken is None:
        broken = "the chain has no steps"
    return Chain(part, proves, conclusion, tuple(checked), broken, time.perf_counter() - start)


def equal(
    lhs: sp.Expr,
    rhs: sp.Expr,
    reason: str,
    domain: str,
    *,
    written: sp.Basic | None = None,
    states: bool = False,
) -> Step:
    """The step lhs = rhs, settled by reducing lhs - rhs to zero.

    >>> x = sp.Symbol("x", positive=True)
    >>> equal(sp.exp(sp.log(x)), x, "exp inverts log", "x > 0").check().status
    True
    """
    lhs, rhs = sp.sympify(lhs, strict=True), sp.sympify(rhs, strict=True)
    return Step(lhs, "=", rhs, reason, domain, lambda: _check_equal(lhs, rhs), states, written)


def compare(
    lhs: sp.Expr,
    relation: str,
    rhs: sp.Expr,
    reason: str,
    domain: str,
    *,
    form: sp.Expr | None = None,
    along: tuple[sp.Symbol, sp.Expr, int] | None = None,
    written: sp.Basic | None = None,
    states: bool = False,
) -> Step:
    """The step lhs relation rhs (one of > >= < <=), settled by a checked sign argument.

    Parameters
    ----------
    form : sympy.Expr, optional
        A rewriting of lhs - rhs whose sign follows from the assumptions; that it equals the
        difference is checked.
    along : (symbol, start, order), optional
        The difference and its first order - 1 derivatives have the sign (or are zero) in the limit
        at start, and the derivative of that order has it throughout, so the difference has it
        beyond start. With start = oo the order is 1: the difference tends to a limit of the right
        sign and moves away from it. Nothing is said of the symbol before start: that the domain of
        the step begins there is up to its author.
    """
    if relation not in _FLIPPED:
        raise ValueError(f"relation {relation!r} is not one of {sorted(_FLIPPED)}")
    lhs, rhs = sp.sympify(lhs, strict=True), sp.sympify(rhs, strict=True)

    if along is not None:  # a float infinity would not be recognised as one
        along = (along[0], sp.sympify(along[1], strict=True), along[2])

    def check() -> Check:
        if lhs.has(sp.Float) or rhs.has(sp.Float):
            return _INEXACT
        return _check_sign(lhs - rhs, relation, form, along)

    return Step(lhs, relation, rhs, reason, domain, check, states, written)


def is_zero(expression: sp.Expr) -> bool:
    """Whether SymPy reduces the expression to zero (False also means that it cannot).

    False where a float is in it: 0.1 is not 1/10, and rounding makes differences vanish.

    >>> x = sp.Symbol("x", positive=True)
    >>> is_zero(sp.log(x**2) - 2 * sp.log(x))
    True
    """
    attempts: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
        lambda e: e,
        sp.expand,
        lambda e: sp.expand(sp.expand_log(e)),
        sp.simplify,
        lambda e: sp.simplify(sp.expand(e.rewrite(sp.exp))),
        lambda e: sp.simplify(sp.logcombine(sp.expand_log(sp.factor(e)))),
    )
    return not expression.has(sp.Float) and any(attempt(expression) == 0 for attempt in attempts)


def _check_equal(lhs: sp.Expr, rhs: sp.Expr) -> Check:
    if lhs.has(sp.Float) or rhs.has(sp.Float):
        return _INEXACT
    # first the points, which do not trust SymPy: no step passes that Arb finds false at one
    difference = lhs - rhs
    refuted = _refute(difference, "=")
    if refuted is not None:
        return refuted
    if is_zero(difference):
        return Check(True, "SymPy reduces the difference to zero")
    return Check(None, "SymPy does not reduce the difference to zero")


def _check_sign(
    difference: sp.Expr,
    relation: str,
    form: sp.Expr | None,
    along: tuple[sp.Symbol, sp.Expr, int] | None,
) -> Check:
    if relation in {"<", "<="}:
        difference, relation = -difference, _FLIPPED[relation]
        form = None if form is None else -form
    refuted = _refute(difference, relation, along)
    if refuted is not None:
        return refuted
    if along is not None:
        settled = _check_along(difference, relation, *along)
    elif form is not None:
        settled = None
        if _has_sign(form, relation) and is_zero(difference - form):
            settled = f"the difference equals {form}, whose sign follows from the assumptions"
    else:
        settled = None
        if _has_sign(difference, relation):
            settled = "the sign follows from the assumptions"
    if settled is not None:
        return Check(True, settled)
    return Check(None, "no sign argument settles it")


def _check_along(
    difference: sp.Expr, relation: str, symbol: sp.Symbol, start: sp.Expr, order: int
) -> str | None:
    # the last derivative must be strict: a zero one would make "beyond start" an equality
    sign = -1 if start is sp.oo else 1
    if start is sp.oo and order != 1:
        return None
    current = difference
    if not symbol.is_extended_real:
        return None
    for _ in range(order):
        if not _is_continuous(current):
            return None
        at_start = sp.limit(current, symbol, start, "-" if start is sp.oo else "+")
        if not (at_start.is_extended_nonnegative or is_zero(at_start)):
            return None
        current = sp.diff(current, symbol)
    if not _has_sign(sign * current, ">"):
        return None
    return (
        f"as {symbol} leaves {start} the difference starts with the right sign, and its "
        f"derivative of order {order} keeps it"
    )


def _is_continuous(expression: sp.Expr) -> bool:
    # the functions that Arb is asked about are continuous where they are defined; a step function
    # (or an arctangent of a pole) can jump down although its derivative is positive throughout
    try:
        compile_ball(expression, list(expression.free_symbols))
    except ValueError:
        return False
    return True


def _has_sign(expression: sp.Expr, relation: str) -> bool:
    if expression.has(sp.Float):
        return False
    attempts: tuple[Callable[[sp.Expr], sp.Expr], ...] = (
        lambda e: e,
        sp.factor,
        sp.simplify,
        sp.expand,
        lambda e: sp.factor(sp.simplify(e)),
    )
    for attempt in attempts:
        tried = attempt(expression)
        if (tried.is_positive if relation == ">" else tried.is_nonnegative) is True:
            return True
    return False


def _refute(
    difference: sp.Expr, relation: str, along: tuple[sp.Symbol, sp.Expr, int] | None = None
) -> Check | None:
    symbols = sorted(difference.free_symbols, key=lambda s: str(s.name))
    for point in sample_points(symbols) if symbols else [{}]:
        if along is not None and _is_before(point, *along[:2]):
            continue
        try:
            ball = value_at(difference, point)
        except ValueError:  # a function that Arb is not asked about: nothing to say here
            return None
        if _false_at(ball, relation):
            where = ", ".join(f"{s} = {v}" for s, v in point.items())
            return Check(False, f"the difference is {ball} at {where or 'every point'}", point)
    return None


def _is_before(point: Point, symbol: sp.Symbol, start: sp.Expr) -> bool:
    # a step along a symbol says nothing up to start; from oo it comes down over the whole domain
    if start is sp.oo or symbol not in point:
        return False
    return sp.Gt(point[symbol], start.subs(point)) is not sp.true


def _false_at(ball: Ball, relation: str) -> bool:
    with ctx.workprec(PRECISION):
        if relation == "=":
            return bool(ball > 0) or bool(ball < 0)
        return bool(ball < 0) if relation == ">=" else bool(ball <= 0)


def _text(point: Point | None) -> Mapping[str, str]:
    return {str(symbol): str(value) for symbol, value in (point or {}).items()} or {
        "everywhere": "the two sides are constants that differ"
    }


def remembered(one: Chain) -> Chain:
    """The chain with each check replaced by its outcome, so that it can go to another process.

    >>> x = sp.Symbol("x", positive=True)
    >>> kept = remembered(chain("body", [equal(x + x, 2 * x, "add", "x > 0")], conclusion="so"))
    >>> kept.grade.value, kept.steps[0][0].check().status
    ('PROVED', True)
    """
    steps = ((replace(step, check=partial(_said, check)), check) for step, check in one.steps)
    return replace(one, steps=tuple(steps))


def _said(check: Check) -> Check:
    return check


def evidence_of(chains: Iterable[Chain]) -> list[Evidence]:
    """The evidence of several chains, in order."""
    return [one.evidence() for one in chains]


def numbered(steps: Iterable[tuple[Step, Check]]) -> Iterator[tuple[int, Step, Check]]:
    """Steps with their numbers, as `l1cert show` prints them."""
    for place, (step, check) in enumerate(steps, start=1):
        yield place, step, check
