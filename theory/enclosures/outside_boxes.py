"""The claim `outside_is_adversarial` in balls: a dual bound off the axes, half-lines, a profile."""

from __future__ import annotations

from fractions import Fraction

import sympy as sp
from flint import arb, ctx

from theory.balls import PRECISION, rational_ball, value_at
from theory.claim import Evidence, Statement
from theory.directional import dual_bound
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.coverage import identical, over, positive_from_zero, scales_as
from theory.enclosures.directional_boxes import tail_of_two
from theory.enclosures.identities import recomputable
from theory.exact import decimal_enclosure
from theory.subset_law import SubsetLaw
from theory.symbols import excess, lam, p
from theory.tightness import half_line_mass

_k, _z, _a, _b = sp.symbols("k z a b", positive=True)
_m, _n = sp.symbols("m n", positive=True)
_HALF = sp.Rational(1, 2)
_EDGE = 1 - Fraction(1, 1024)
#: how far beyond R the witness's v still proves that nothing flips, in units of lambda
_REACH = Fraction(1, 3)


def inside_the_direction(statement: Statement) -> Evidence:
    """Points of the diagonal outside the ball at which every f keeps its prediction."""
    level, norm, place = (statement[name] for name in ("level", "norm", "place"))
    ball = value_at(statement["radius"], {p: level, lam: sp.Integer(1)})
    at, v, lost = (Fraction(int(one.p), int(one.q)) for one in (norm, place, 1 - level))
    with ctx.workprec(PRECISION):
        bound = dual_bound(SubsetLaw((1, 1)), at, v / at, lost)
        outside, kept = rational_ball(at) > ball, bound < arb(0.5)
    scope = f"PA = {level}, lambda = 1, delta = ({norm / 2}, {norm / 2})"
    found = f"R = {ball.str(12)}, P(f(Y) != cA) <= {bound.str(12)} for every f (Arb)"
    witness = {
        "PA": str(level),
        "lambda": "1",
        "delta": f"({norm / 2}, {norm / 2}), of norm {norm}",
        "R": recomputable(statement["radius"].subs({p: level, lam: 1})),
        "P(f(Y) = cA), any f, at least": decimal_enclosure(1 - bound, 9)[0],
    }
    return enclosed(
        "every_point",
        [Outcome(True if outside and kept else None, scope, found), *_interior(statement)],
        proves=False,
        conclusion="no f with P(f(X) = cA) >= PA changes its prediction there",
        witness=witness,
    )


def _interior(statement: Statement) -> list[Outcome]:
    """The same v for every PA that leaves both moves longer than it, and R < r <= R + lambda/3."""
    place = statement["place"]
    norm = statement["radius"].subs({p: 1 - _k / 2, lam: 1}) + excess
    near = tail_of_two(place, [], (_a, _b))
    far = tail_of_two(norm - place, [_a, norm - _a], (_a, norm - _a))
    bound = sp.exp(norm - 2 * place) * (_k / 2 - far) + 1 - near
    margin = sp.simplify(_HALF - bound)
    wide = {_k: (Fraction(1, 64), Fraction(3, 10))} if margin.has(_k) else {}
    where = "PA in [17/20, 1), delta = (r/2, r/2), R < r <= R + lambda/3, s = (r - R)/lambda"
    first = sp.log(sp.Rational(10, 3)) / 2 - place  # R/2 - v at PA = 17/20, where R is smallest
    return [
        scales_as(statement["radius"], 1),
        over(
            sign_on_box(margin, ">", {excess: (Fraction(0), _REACH), **wide}),
            where,
            whole=not wide,
        ),
        over(sign_on_box(first, ">", {}), "v is shorter than either move from PA = 17/20 on"),
    ]


def axes_in_balls(radius: sp.Expr) -> Evidence:
    """The half-space with its edge half-way between R and r, for every PA and r > R."""
    level = half_line_mass(_k)
    distance = sp.simplify((radius / lam).subs(p, level).subs(lam, 1))
    # every f keeps 1 - e^r (1 - PA): below 1/2 for every r = R - 2 log z, z in (0, 1)
    allowed = sp.simplify(_HALF * _z**2 - (_z**2 - sp.exp(distance) * (1 - level)))
    wide = {_k: (Fraction(1, 64), Fraction(48))} if allowed.has(_k) else {}
    step = -2 * sp.log(_z)  # r - R, and the edge is at k + (r - R)/2
    lead = sp.simplify((half_line_mass(_k + excess / 2) - level) * sp.exp(_k)).subs(excess, step)
    lost = (_HALF - half_line_mass(-excess / 2)).subs(excess, step)
    one, near = sp.Integer(1), (Fraction(0), _EDGE)
    every = "1/2 < PA < 1, PA = 1 - e^(-k)/2, every r > R, z = e^(-(r - R)/(2 lambda))"
    outcomes = [scales_as(radius, 1)]
    for name, margin, others in (
        ("1 - e^(r/lambda)(1 - PA) < 1/2", allowed, wide),
        ("P(f(X) = cA) > PA", lead, {}),
        ("P(f(Y) = cA) < 1/2", lost, {}),
    ):
        where = f"{name}, {every}"
        inside = sign_on_box(margin, ">", {_z: near, **others})
        edge = closed_at(margin, ">", _z, one, _EDGE, order=1, others=others)
        outcomes += [over(part, where, whole=not others) for part in (inside, edge)]
    said = "f = cA iff x_1 <= R + (r - R)/2 flips at delta = (r, 0, ..., 0), every r > R"
    return enclosed("on_axes", outcomes, conclusion=said)


def half_in_balls(radius: sp.Expr) -> Evidence:
    """PA = 1/2: R = 0, and {x_1 <= 0} flips at every delta."""
    lost = _HALF - half_line_mass(-_a).subs(_a, -sp.log(_z))
    where = "PA = 1/2, every delta_1 = a > 0, z = e^(-a/lambda), every dimension"
    outcomes = [
        scales_as(radius, 1),
        identical([(radius.subs(p, _HALF), sp.Integer(0))], "R at PA = 1/2"),
        identical([(half_line_mass(sp.Integer(0)), _HALF)], "P(f(X) = cA) at PA = 1/2"),
        over(sign_on_box(lost, ">", {_z: (Fraction(0), _EDGE)}), where),
        over(closed_at(lost, ">", _z, sp.Integer(1), _EDGE, order=1), where),
    ]
    said = "f = cA iff x_1 <= 0 has mass PA at x and less than 1/2 at every other point"
    return enclosed("at_half", outcomes, conclusion=said)


def longer_in_balls(statement: Statement) -> Evidence:
    """E(L - e^t)_+ from half-lines, a = m + n and t = m - n, and its slope in a."""
    profile = statement["profile"]
    move, level = profile.variables
    held = half_line_mass(_n) - sp.exp(_m - _n) * half_line_mass(-_m)
    pairs = [
        (held, profile(_m + _n, _m - _n)),
        (profile(_n, _n), sp.Integer(0)),
        (profile(_n, -_n), 1 - sp.exp(-_n)),
    ]
    slope = sp.simplify(sp.diff(profile(move, level), move))
    # with n = (a - t)/2 = -log z
    fallen = sp.simplify(slope.subs({move: _m + _n, level: _m - _n})).subs(_n, -sp.log(_z))
    fallen = fallen if statement["order"] == ">" else -fallen
    where = "every a > 0, -a < t < a, z = e^(-(a - t)/2)"
    outcomes = [
        identical(pairs, "one coordinate, a = m + n, t = m - n, and t = a, t = -a"),
        *positive_from_zero(fallen, _z, where),
    ]
    said = "E(L - e^t)_+ of one coordinate grows with its move, for every t"
    return enclosed("longer_multiples", outcomes, conclusion=said)
