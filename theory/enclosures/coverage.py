"""What an enclosure covers, in the variables of its claim, and what it does not cover.

An enclosure works in substituted variables, over boxes. Its reader wants the domain in the claim's
own variables; and boxes that leave a part of that domain out may refute, but prove nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from theory.balls import value_at
from theory.enclosure import Outcome, closed_at, sign_on_box, vanishes
from theory.symbols import lam


def over(outcome: Outcome, where: str, *, whole: bool = True) -> Outcome:
    """The outcome with its domain in words before its box; undecided where not all is covered.

    >>> over(Outcome(True, "z in [0, 1]", "1 boxes"), "every r <= R, z = e^(r - R)").scope
    'every r <= R, z = e^(r - R): z in [0, 1]'
    >>> over(Outcome(True, "z in [0, 1]", "1 boxes"), "r <= R", whole=False).status is None
    True
    """
    scope = f"{where}: {outcome.scope}"
    if whole or outcome.status is not True:
        return replace(outcome, scope=scope)
    return replace(outcome, status=None, scope=scope, detail="true on a part of the domain only")


def proof_only(outcome: Outcome) -> Outcome:
    """An outcome whose failure would break the proof without refuting the claim.

    >>> proof_only(Outcome(False, "z in [0, 1]", "1 boxes")).status is None
    True
    """
    return replace(outcome, status=outcome.status or None)


def scales_as(expression: sp.Expr, power: int, *lengths: sp.Symbol) -> Outcome:
    """Whether the expression is lambda^power times its value in units of lambda.

    ``lengths`` are the symbols in it that are lengths, so that lambda = 1 may be taken.

    >>> scales_as(lam * sp.log(2), 1).status, scales_as(lam**2, 1).status
    (True, None)
    """
    stretched = expression.subs({length: lam * length for length in lengths}, simultaneous=True)
    outcome = vanishes(stretched - lam**power * expression.subs(lam, 1))
    return replace(outcome, scope="every lambda > 0, which is a unit of length")


def positive_from_zero(margin: sp.Expr, symbol: sp.Symbol, where: str) -> list[Outcome]:
    """margin > 0 on (0, 1], where it vanishes to first order at 0.

    >>> x = sp.Symbol("x", positive=True)
    >>> [one.status for one in positive_from_zero(sp.exp(x) - 1, x, "0 < x <= 1")]
    [True, True]
    """
    near = Fraction(1, 1024)
    return [
        over(sign_on_box(margin, ">", {symbol: (near, Fraction(1))}), where),
        over(closed_at(margin, ">", symbol, sp.Integer(0), near, order=1), where),
    ]


def identical(pairs: Sequence[tuple[sp.Expr, sp.Expr]], where: str) -> Outcome:
    """Identities, by SymPy; where one fails, Arb tells its sides apart at an exact point.

    >>> x = sp.Symbol("x", positive=True)
    >>> identical([(sp.log(x**2), 2 * sp.log(x)), (x, x + 1)], "x > 0").witness
    {'everywhere': 'the sides x and x + 1 differ by -1.00000000000000'}
    """
    for left, right in pairs:
        difference = sp.sympify(left, strict=True) - right
        if vanishes(difference).status is True:
            continue
        symbols = sorted(difference.free_symbols, key=lambda symbol: str(symbol.name))
        point = {symbol: sp.Rational(2) + place for place, symbol in enumerate(symbols)}
        value = value_at(difference, point)
        if not (value > 0 or value < 0):
            return vanishes(difference)
        witness = {str(symbol): str(at) for symbol, at in point.items()}
        detail = f"the sides {left} and {right} differ by {value}"
        return Outcome(False, where, detail, witness or {"everywhere": detail})
    return Outcome(True, where, f"{len(pairs)} identities (SymPy)")


def at_point(value: sp.Expr, relation: str) -> Outcome:
    """Whether a constant stands in the relation (>, >=, <, <=) to 0: equality by SymPy, else Arb.

    >>> at_point(sp.log(4) - 2 * sp.log(2), ">=").status, at_point(sp.Integer(-1), ">=").status
    (True, False)
    """
    equality = vanishes(value)
    if equality.status is True and "=" in relation:
        return equality
    return sign_on_box(value, relation.rstrip("="), {})
