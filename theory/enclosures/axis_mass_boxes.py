"""The longer enclosures of axis_mass_of_b: both branches up to PB = 1/2, and the error beyond.

From half-line masses, with lambda = 1; PB = 1 - q/2 and e^(-r) = z beyond 1/2.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from theory.claim import Statement
from theory.enclosure import Outcome, closed_at, sign_on_box
from theory.enclosures.axis_sets import same
from theory.enclosures.coverage import over, positive_from_zero, proof_only
from theory.enclosures.identities import recomputable
from theory.symbols import lam, p_b, r
from theory.tightness import half_line_mass

PLACES = "1/2 < PB < 1, every r > 0; q = 2 (1 - PB), z = e^(-r/lambda)"

q = sp.Symbol("q", positive=True)
z = sp.Symbol("z", positive=True)
_k = sp.Symbol("k", nonnegative=True)
_w = sp.Symbol("w", nonnegative=True)


def up_to_half(statement: Statement) -> Iterator[Outcome]:
    """``near``, ``far``, ``limit`` and ``switch`` at PB = e^(-b)/2, for b = r + w and r = b + w."""
    near = {p_b: half_line_mass(-r - _w), lam: 1}
    far = {p_b: half_line_mass(-_k), lam: 1, r: _k + _w}
    for name, place, start, where in (
        ("near", near, _w, "0 < PB <= 1/2, r <= b, b = r + w"),
        ("far", far, -_w, "0 < PB <= 1/2, r >= b, b = k, r = k + w"),
    ):
        branch, limit = (
            sp.simplify(statement[n].subs(place, simultaneous=True)) for n in (name, "limit")
        )
        yield same(half_line_mass(-start) - branch, "P(X_1 >= b - r) is the branch", where)
        yield same(limit + start, "the integral ends at r - b", where)
    switch = sp.simplify(statement["switch"].subs(far)) - _k
    yield same(switch, "the switch is r = b", "0 < PB <= 1/2, b = k")
    tie = {p_b: half_line_mass(-r), lam: 1}
    for name in ("near", "far"):
        branch = statement[name].subs(tie)
        yield same(branch - sp.Rational(1, 2), "the branch is 1/2 at the switch", "r = b")


def below_largest(largest: sp.Expr, error: sp.Expr, missing: sp.Expr) -> Iterator[Outcome]:
    """The error is what is missing, z times a falling function of q, and its supremum is largest.

    >>> error = z * (1 - q) ** 2 / (2 * (2 - q))
    >>> all(one.status for one in below_largest(sp.Rational(1, 4), error, error))
    True
    """
    at_one = sp.simplify(error.subs(z, 1))
    last = 1 - Fraction(1, 1024)
    positive = f"the error at r = 0 is positive; {PLACES}"
    below = f"the error at r = 0 is below the supremum; {PLACES}"
    yield same(missing - error, "P(Y in B) less the second branch is the error", PLACES)
    yield proof_only(same(error - z * at_one, "the error is z times its value at r = 0", PLACES))
    yield same(at_one.subs(q, 0) - largest, "its limit is the supremum", "PB -> 1, r -> 0")
    yield over(sign_on_box(at_one, ">", {q: (Fraction(0), last)}), positive)
    yield over(closed_at(at_one, ">", q, sp.Integer(1), last, order=2), positive)
    yield from positive_from_zero(largest - at_one, q, below)


def counterexample(far: sp.Expr) -> dict[str, str]:
    """P(Y in B) at PB = 3/4, lambda = 1, r = log 2, and what the second branch displays there.

    >>> counterexample(sp.Rational(5, 6))["P(Y in B)"]
    '7/8, in [0.875, 0.875]'
    """
    at = {p_b: sp.Rational(3, 4), lam: sp.Integer(1), r: sp.log(2)}
    return {
        "PB": "3/4",
        "lambda": "1",
        "B": f"{{x_1 >= -log 2}}, of X-mass {half_line_mass(sp.log(2))}",
        "delta": "(log 2, 0, ..., 0)",
        "displayed": recomputable(sp.simplify(far.subs(at))),
        "P(Y in B)": recomputable(sp.simplify(half_line_mass(2 * sp.log(2)))),
    }
