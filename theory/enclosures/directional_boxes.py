"""The claims about directions in balls: signs over whole domains, and certified radii at points.

Nothing here is integrated. Tails of T come from the generating functions of `theory.subset_law`,
and whether a direction goes beyond the ball from the two bounds of `theory.directional`.
"""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

import sympy as sp
from flint import ctx

from theory.balls import PRECISION, compile_ball, rational_ball, value_at
from theory.claim import Evidence, Statement
from theory.directional import certified_norms
from theory.enclosure import Outcome, Root, closed_at, enclosed, isolate_root, sign_on_box
from theory.enclosures.axis_dual import axis_bound, strictly_between
from theory.enclosures.coverage import identical, over, scales_as
from theory.enclosures.identities import within
from theory.steps.directional_steps import COUNT, MOVE, V
from theory.subset_law import SubsetLaw, coefficients
from theory.symbols import lam, p, r
from theory.tightness import half_line_mass

#: directions of two or more entries, and levels, at which certified radii are compared with R
DIRECTIONS = ((1, 1), (9, 1), (3, 2, 1), (1,) * 8)
LEVELS = tuple(Fraction(n, 1000) for n in (501, 600, 750, 900, 990, 999))
#: the level at which the diagonal's radius is shown to many digits
EXAMPLE = Fraction(9, 10)

_c, _z, _k, _w = sp.symbols("c z k w", positive=True)
_EDGE = 1 - Fraction(1, 1024)
_HALF = sp.Rational(1, 2)
_EVERY = "1/2 < PA < 1, c = 2(1 - PA), z = e^((r - R)/lambda)"


def _in_c(radius: sp.Expr) -> sp.Expr:
    """The radius in units of lambda, as a function of c = 2(1 - PA)."""
    return sp.simplify((radius / lam).subs(p, 1 - _c / 2).subs(lam, 1))


def at_least_the_ball(statement: Statement) -> Evidence:
    """e^(r/lambda)(1 - PA) < 1/2 for every r < R, part "never_smaller"."""
    bound = sp.simplify(_HALF - sp.exp(_in_c(statement["radius"])) * _z * _c / 2)
    # c cancels from the printed radius; another one keeps it, and is only tried inside
    wide = {_c: (Fraction(1, 64), Fraction(63, 64))} if bound.has(_c) else {}
    near = {_z: (Fraction(0), _EDGE), **wide}
    outcomes = [
        scales_as(statement["radius"], 1),
        over(sign_on_box(bound, ">", near), _EVERY, whole=not wide),
        over(
            closed_at(bound, ">", _z, sp.Integer(1), _EDGE, order=1, others=wide),
            _EVERY,
            whole=not wide,
        ),
    ]
    said = "P(f(Y) != cA) <= e^(r/lambda)(1 - PA) < 1/2 for every r < R, in every dimension"
    return enclosed("never_smaller", outcomes, conclusion=said)


def larger_in_balls(statement: Statement, part: str = "larger_off_axes") -> Evidence:
    """P(T = -r) < 1 - PA at r = R for k >= 2, and certified radii above R at points."""
    atom, more = statement["atom"], statement["relation"] == ">"
    at_radius = atom(2, _in_c(statement["radius"]), 1)
    margin = sp.simplify((_c / 2 - at_radius) / _c)
    wide = {_c: (Fraction(1, 64), Fraction(63, 64))} if margin.has(_c) else {}
    past = half_line_mass(-MOVE)  # the law is symmetric
    grown = [
        (atom(1, MOVE, 1), past),
        (atom(COUNT + 1, r + MOVE, 1), atom(COUNT, r, 1) * past),
        (2 * atom(COUNT + 1, r, 1), atom(COUNT, r, 1)),
    ]
    outcomes = [
        scales_as(statement["radius"], 1),
        scales_as(atom(COUNT, r, lam), 0, r),
        identical(grown, "one more coordinate at a time, every k >= 1"),
        over(
            sign_on_box(margin, ">" if more else "<", wide),
            "k = 2, r = R, every PA in (1/2, 1), over c = 2(1 - PA)",
            whole=not wide,
        ),
        *strictly_between(),
        *axis_bound(),
        _beyond(statement["radius"], more=more),
    ]
    said = (
        "1 - PA exceeds P(T = -r) at r = R for k = 2, P(T = -r) halves with each coordinate, and L "
        "< e^(r/lambda) elsewhere, so more than 1/2 is kept at R; the Lipschitz bound on Q(q), "
        "along a path, keeps it a little beyond"
    )
    return enclosed(part, outcomes, conclusion=said)


def _beyond(radius: sp.Expr, *, more: bool) -> Outcome:
    """Certified norms against R at ``LEVELS`` x ``DIRECTIONS``: all above it, or not."""
    scope = f"PA in {{{', '.join(map(str, LEVELS))}}}, delta along {DIRECTIONS}"
    for shares in DIRECTIONS:
        law = SubsetLaw(shares)
        for level in LEVELS:
            low, high = certified_norms(law, level)
            ball = value_at(radius, {p: sp.Rational(level), lam: sp.Integer(1)})
            with ctx.workprec(PRECISION):
                above, below = ball < rational_ball(low), ball > rational_ball(high)
            if not (above if more else below):
                found = f"radius in [{float(low):.12g}, {float(high):.12g}] lambda, R = {ball}"
                status = False if (below if more else above) else None
                witness = {"PA": str(level), "delta along": str(shares), "found": found}
                return Outcome(status, scope, found, witness)
    return Outcome(True, scope, f"{len(LEVELS) * len(DIRECTIONS)} radii are certified beyond R")


def on_the_axes(statement: Statement) -> Evidence:
    """The half-space of mass PA ties at r = R, and one flips at every delta at PA = 1/2."""
    level = half_line_mass(_k)
    radius = sp.simplify((statement["radius"] / lam).subs(p, level).subs(lam, 1))
    at_half = statement["radius"].subs(p, _HALF)
    outcomes = [
        scales_as(statement["radius"], 1),
        identical(
            [(half_line_mass(_k - radius), _HALF), (at_half, sp.Integer(0))],
            "{x_1 <= R}, PA = 1 - e^(-k)/2, k > 0, delta = (R, 0, ..., 0); and R at PA = 1/2",
        ),
    ]
    lost = _HALF - half_line_mass(-MOVE).subs(MOVE, -sp.log(_z))
    where = "PA = 1/2, every delta_1 = a > 0, z = e^(-a/lambda)"
    outcomes += [
        over(sign_on_box(lost, ">", {_z: (Fraction(0), _EDGE)}), where),
        over(closed_at(lost, ">", _z, sp.Integer(1), _EDGE, order=1), where),
    ]
    said = "P(f(Y) = cA) = 1/2 at r = R for the half-space of mass PA; below 1/2 at PA = 1/2"
    return enclosed("equal_on_axes", outcomes, conclusion=said)


def tail_of_two(
    place: sp.Expr, passed: Iterable[sp.Expr], moves: tuple[sp.Expr, sp.Expr]
) -> sp.Expr:
    """P(W > w) for two moves: ``passed`` are those of them that w has reached.

    Lengths are in units of lambda. The polynomials are those of `theory.subset_law`.

    >>> sp.simplify(tail_of_two(_w, [], (MOVE, MOVE)) * sp.exp(_w) * 4)
    w + 3
    """
    held = [move for move in passed if move in moves]

    def polynomial(size: int, distance: sp.Expr) -> sp.Expr:
        whole = coefficients(2, size)
        return sum((c * distance**n / sp.factorial(n) for n, c in enumerate(whole)), sp.Integer(0))

    bracket = polynomial(0, place) - sum(polynomial(1, place - move) for move in held)
    return sp.exp(-place) * bracket / 4


def diagonal_in_balls(statement: Statement) -> Evidence:
    """Both formulas by generating functions, v and the radius at PA = 9/10 to many digits."""
    near, far, turn, gain = (statement[name] for name in ("near", "far", "turn", "gain"))
    median = isolate_root(turn(V), V, (Fraction(1, 4), Fraction(1)))
    roots = _roots(statement, median)
    a, b = sp.symbols("a b", positive=True)
    below = tail_of_two(a, [a, a], (a, a))
    at = 2 * sp.exp(-a) / 4
    pairs = [
        (1 - (below + _HALF - (1 - below - at)), near(2 * a, 1)),
        (1 - tail_of_two(a + b - V, [a, b], (a, b)), far(a + b, V, 1)),
        (4 * tail_of_two(V, [], (a, b)) - 2, turn(V)),
        (far(statement["radius"] / lam + gain(V), V, 1).subs(lam, 1), p),
    ]
    # P(W < a) grows with a, so that it is at most 1/2 up to a = v only
    grows = sp.simplify(sp.diff(1 - below - at, a) * sp.exp(a)).subs(a, 1 / _z - 1)
    outcomes = [
        scales_as(near(r, lam), 0, r),
        scales_as(far(r, V, lam), 0, r),
        identical(pairs, "generating functions of two moves, every r > 0 and PA"),
        over(
            sign_on_box(sp.simplify(grows * _z), ">", {_z: (Fraction(0), Fraction(1))}),
            "every a > 0, z = 1/(1 + a)",
        ),
        within(median, statement["median"], "v"),
        *_points(statement, median),
    ]
    said = "the formulas are those of T's law, and agree with certified radii in both regimes"
    return enclosed("diagonal", outcomes, roots=roots, conclusion=said)


def _roots(statement: Statement, median: Root | None) -> dict[str, Root | None]:
    """v, the gain in lambda, the PA from which it is constant, and the radius at PA = 9/10."""
    if median is None:
        return {"v": None}
    radius = statement["radius"].subs({p: sp.Rational(EXAMPLE), lam: 1})
    formulas = {
        "gain": statement["gain"](V),
        "p_turn": statement["far"](2 * V, V, 1),
        "diagonal_radius": radius + statement["gain"](V),
    }
    found: dict[str, Root | None] = {"v": median}
    with ctx.workprec(256):
        for name, formula in formulas.items():
            ball = compile_ball(sp.simplify(formula), [V])([median.ball])
            # the formula changes at p_turn; the others are values
            found[name] = Root(ball, median.scope, True if name == "p_turn" else None)
    return found


def _points(statement: Statement, median: Root | None) -> list[Outcome]:
    """At ``LEVELS`` the printed PA of the certified norms lies on either side of PA."""
    if median is None:
        return [Outcome(None, "certified radii of the diagonal", "v is not isolated")]
    law, scope = SubsetLaw((1, 1)), f"PA in {{{', '.join(map(str, LEVELS))}}}, delta = (r/2, r/2)"
    with ctx.workprec(PRECISION):
        near = compile_ball(statement["near"](r, 1), [r])
        far = compile_ball(statement["far"](r, V, 1), [r, V])
        for level in LEVELS:
            low, high = (rational_ball(norm) for norm in certified_norms(law, level))
            short = high < 2 * median.ball
            at = [near([norm]) if short else far([norm, median.ball]) for norm in (low, high)]
            exact = rational_ball(level)
            if not (at[0] < exact < at[1]):
                detail = f"the formula says PA in [{at[0]}, {at[1]}] there, not {level}"
                apart = at[1] < exact or at[0] > exact
                witness = {"PA": str(level), "certified radius": str(low), "formula": str(at[0])}
                return [Outcome(False if apart else None, scope, detail, witness)]
    return [Outcome(True, scope, f"{len(LEVELS)} certified radii solve the formulas")]
