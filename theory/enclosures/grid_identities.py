"""Discrete Laplace noise on a grid by Neyman-Pearson's dual, all m steps of an axis at once.

For Y = X + m on an axis, L = P(Y = k)/P(X = k), every test h and every t >= 0 satisfy
E h(Y) >= t E h(X) - E(t - L)_+, with equality for a half-line with a share c of its last atom. A
path of steps in any directions is a sequence of such moves. The masses are geometric sums of the
atoms.
"""

from __future__ import annotations

from fractions import Fraction

import sympy as sp

from theory.enclosure import Outcome, closed_at, sign_on_box, vanishes
from theory.enclosures.axis_dual import against_tie
from theory.enclosures.coverage import over, proof_only, scales_as
from theory.enclosures.identities import constant, settled
from theory.steps.grid_steps import level_a, level_b, n, q
from theory.symbols import lam, p, p_a, p_b

_a, _b = sp.symbols("a b", integer=True, nonnegative=True)
_m = sp.Symbol("m", integer=True, positive=True)
_c, _w, _y = sp.symbols("c w y", positive=True)
_POWERS = {q**one: sp.Symbol(f"q_{one}", positive=True) for one in (_a, _b, _m, n)}
_EVERY = "every 0 < q < 1, q = 1/(1 + w)"
_BOX = {p_a: (Fraction(1, 8), Fraction(1, 2)), _y: (Fraction(1, 8), Fraction(2))}


def at_least(mass: sp.Expr, distance: sp.Expr | int) -> sp.Expr:
    """P(K >= distance), a geometric sum from its first atom, for a distance of at least 0.

    >>> at_least((1 - q) * q**n, 0)
    1
    """
    return mass.subs(n, distance) / (1 - q)


def _identical(pairs: list[tuple[sp.Expr, sp.Expr]], claims: str) -> Outcome:
    """Identities in q, refuted where they are false at a q in (0, 1)."""
    for left, right in pairs:
        gap = sp.sympify(left, strict=True) - right
        # q^a, q^b and q^m as numbers of their own: what is 0 for all of them is 0 for the powers
        free = sp.expand_power_exp(gap).subs(_POWERS)
        if vanishes(sp.cancel(free)).status is not True:
            outcome = settled(gap.subs(q, 1 / (1 + _w)), claims)
            if outcome.status is not True:
                return outcome
    return Outcome(True, "identity", f"{claims} ({len(pairs)} identities, SymPy)")


def geometric(mass: sp.Expr) -> Outcome:
    """The atoms fall by the factor q, so that the sums are geometric, and add up to 1."""
    pairs = [
        (mass.subs(n, n + 1) / mass, q),
        (mass.subs(n, 0) + 2 * at_least(mass, 1), sp.Integer(1)),
    ]
    return _identical(pairs, f"{_EVERY}: P(K = n + 1) = q P(K = n), and all atoms add up to 1")


def dp_factor(mass: sp.Expr) -> list[Outcome]:
    """m steps multiply an atom by q^-m at most: beyond both centres, and by q^m at least."""
    beyond = mass.subs(n, _a) / mass.subs(n, _a + _m)
    pairs = [(beyond, q**-_m), (1 / beyond, q**_m)]
    return [
        geometric(mass),
        over(_identical(pairs, "L at k >= m and at k <= 0"), _EVERY),
        *_between(mass),
    ]


def _between(mass: sp.Expr) -> list[Outcome]:
    """L rises by 1/q^2 > 1 at each atom from 0 to m, from q^m to q^-m."""
    here = mass.subs(n, _b + 1) / mass.subs(n, _a)  # k = a, m = a + b + 1
    then = mass.subs(n, _b) / mass.subs(n, _a + 1)
    last = 1 - Fraction(1, 1024)
    return [
        over(_identical([(then / here, q**-2)], "L(k + 1)/L(k) = 1/q^2, 0 <= k < m"), _EVERY),
        over(sign_on_box(1 - q**2, ">", {q: (Fraction(0), last)}), "L rises"),
        over(closed_at(1 - q**2, ">", q, sp.Integer(1), last, order=1), "L rises"),
    ]


def dp_radii(first: sp.Expr, second: sp.Expr, binary: sp.Expr) -> list[Outcome]:
    """Each radius is at most the tie of the bounds, where two half-lines do tie."""
    tied = first.subs(p_b, p_a * sp.exp(-2 * _y)).subs(lam, 1)
    half = {p_a: 1 - sp.exp(-_y) / 2, p_b: sp.exp(-_y) / 2}
    ahead = -sp.log(1 - p_a + p_b)
    box = {p_a: _BOX[p_a], p_b: (Fraction(1, 64), Fraction(1, 8))}
    line = "PB = 1 - PA = e^-y/2, y = h m/lambda > 0"
    flipped = "{k < t} with a share of t"
    return [
        *(scales_as(radius, 1) for radius in (first, second, binary)),
        against_tie(tied, _y, "<=", _BOX, "PB = PA e^(-2 y), y = h m/lambda", flipped),
        *(
            against_tie(
                sp.expand_log(sp.simplify(radius.subs(half, simultaneous=True).subs(lam, 1))),
                _y,
                "<=",
                {_y: _BOX[_y]},
                line,
                flipped,
            )
            for radius in (second, binary)
        ),
        proof_only(
            against_tie(second.subs(lam, 1), ahead, "<=", box, "1 - PA + PB = e^-y", flipped)
        ),
    ]


def trade_off(mass: sp.Expr, lower: sp.Expr, upper: sp.Expr) -> list[Outcome]:
    """The dual bound for one step is the stated f, and for m steps the half-line's mass."""
    with_two = "m = 1: t = q and t = 1/q, E(1/q - L)_+ = (1/q - q) F(0)"
    one_step = [(lower, q * p), (upper, p / q - (1 / q - q) * at_least(mass, 0))]
    # t = -a: k <= 0 throughout, where L = q^m
    before = at_least(mass, _a + 1) + _c * mass.subs(n, _a)
    before_moved = at_least(mass, _a + _m + 1) + _c * mass.subs(n, _a + _m)
    # 0 <= t = a <= m = a + b, where L(t) = P(K = b)/P(K = a)
    at_t = mass.subs(n, _b) / mass.subs(n, _a)
    between = 1 - at_least(mass, _a) + _c * mass.subs(n, _a)
    between_moved = at_least(mass, _b + 1) + _c * mass.subs(n, _b)
    dual = at_t * between - (at_t * (1 - at_least(mass, _a)) - at_least(mass, _b + 1))
    # t = m + a, the complements, with 1 - c for c
    beyond = at_least(mass, _a + _m + 1) + _c * mass.subs(n, _a + _m)
    beyond_moved = at_least(mass, _a + 1) + _c * mass.subs(n, _a)
    steps = [
        (q**_m * before, before_moved),
        (dual, between_moved),
        (q**-_m * beyond, beyond_moved),
    ]
    return [
        geometric(mass),
        over(_identical(one_step, with_two), _EVERY),
        over(_identical(steps, "{k < t} with a share c of t: before, between, beyond"), _EVERY),
        *_between(mass),
    ]


def lattice(mass: sp.Expr, steps: sp.Expr) -> list[Outcome]:
    """V(PA) - R = V(PB') + R, with V continuous, odd and strictly increasing."""
    joints = [
        (at_least(mass, _a + 1) + mass.subs(n, _a), at_least(mass, _a)),
        # 1 - G(-a, c) = G(a, 1 - c)
        (
            1 - at_least(mass, _a + 1) - _c * mass.subs(n, _a),
            1 - at_least(mass, _a) + (1 - _c) * mass.subs(n, _a),
        ),
    ]
    last = 1 - Fraction(1, 1024)
    return [
        settled(level_a - steps - (level_b + steps), "V(PA) - R = V(PB') + R"),
        geometric(mass),
        over(_identical(joints, "V at its joints, and V(1 - p) = -V(p)"), _EVERY),
        over(sign_on_box(1 - q, ">", {q: (Fraction(0), last)}), "P(K = n) > 0"),
        over(closed_at(1 - q, ">", q, sp.Integer(1), last, order=1), "P(K = n) > 0"),
        *_between(mass),
    ]


def binary(mass: sp.Expr, radius: sp.Expr) -> list[Outcome]:
    """V(PA) = m, at PA = 1 - P(K > m) - P(K = m)/2, exactly where the radius is h m."""
    level = at_least(mass, _m + 1) + mass.subs(n, _m) / 2
    at_level = radius.subs(p_a, 1 - sp.exp(-_y) / 2)
    return [
        scales_as(radius, 1),
        settled(
            sp.expand_log(sp.simplify(at_level.subs(lam, 1))) - _y,
            "the radius is y lambda at PA = 1 - e^-y/2, and rises with PA",
        ),
        geometric(mass),
        over(_identical([(level, q**_m / 2)], "1 - PA = e^(-eps m)/2 where V(PA) = m"), _EVERY),
    ]


def example(mass: sp.Expr, radius: sp.Expr, given: tuple[sp.Rational, ...]) -> list[Outcome]:
    """The masses of the example's three sets before and after one step, and its radius."""
    rate, top, other, moved = given

    def atom(distance: sp.Expr | int) -> sp.Expr:
        return mass.subs(n, distance).subs(q, sp.exp(-rate))

    def beyond(distance: int) -> sp.Expr:
        return at_least(mass, distance).subs(q, sp.exp(-rate))

    after_a, after_b = beyond(1) - atom(moved + 1), beyond(1) + atom(moved + 1)
    return [
        geometric(mass),
        constant(beyond(0) - atom(moved) - top, ">", "P(f(X) = cA) > PA"),
        constant(beyond(2) + atom(moved) - other, "<", "P(f(X) = cB) < PB"),
        constant(atom(1) - other, "<", "P(f(X) = cC) < PB"),
        constant(1 - 2 * other - top, "<", "1 - 2 PB < PA"),
        constant(radius.subs({p_a: top, p_b: other, lam: 1}) - rate, ">", "the continuous R > h"),
        constant(after_b - after_a, ">", "P(f(Y) = cB) > P(f(Y) = cA)"),
    ]
