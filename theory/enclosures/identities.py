"""Identities and brackets that an enclosure rests on, settled three ways: yes, no or unknown."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp
from flint import ctx

from theory.balls import PRECISION, rational_ball, value_at
from theory.enclosure import Outcome, Root, sign_on_box, vanishes
from theory.exact import decimal_enclosure
from theory.symbols import sample_points


def settled(expression: sp.Expr, claims: str, witness: Mapping[str, str] | None = None) -> Outcome:
    """Whether an expression is identically zero: SymPy says that it is, Arb that it is not.

    Parameters
    ----------
    expression : SymPy expression
        The difference of the two sides, in symbols that `theory.symbols` can sample.
    claims : str
        What the identity says, for the report.
    witness : mapping, optional
        Added to the point at which the difference is not zero.

    Returns
    -------
    Outcome
        True (SymPy reduces it to zero), False (Arb's ball of its value at an exact point excludes
        zero; the point is the witness) or None.

    Examples
    --------
    >>> k = sp.Symbol("k", positive=True)
    >>> settled(sp.log(k**2) - 2 * sp.log(k), "log k^2 = 2 log k").status
    True
    >>> settled(sp.Integer(2) - sp.sqrt(4 + k), "2 = sqrt(4 + k)").witness
    {'k': '2/7'}
    """
    symbols = sorted(expression.free_symbols, key=lambda s: str(s.name))
    # Arb first: SymPy expands some numbers that are not zero into millions of digits
    for point in sample_points(symbols) if symbols else [{}]:
        ball = value_at(expression, point)
        with ctx.workprec(PRECISION):
            apart = bool(ball > 0) or bool(ball < 0)
        if apart:
            where = {str(symbol): str(value) for symbol, value in point.items()}
            found = {**(witness or {}), **where} or {"everywhere": "two constants that differ"}
            return Outcome(False, "identity", f"{claims}: the difference is {ball}", found)
    identity = vanishes(expression)
    said = f"{claims} (SymPy)" if identity.status is True else f"{claims}: {identity.detail}"
    return Outcome(identity.status, "identity", said)


def constant(expression: sp.Expr, relation: str, claims: str) -> Outcome:
    """The sign of a number in Arb: ``expression relation 0``, with > or <.

    >>> constant(sp.erf(1) - sp.Rational(1, 2), ">", "erf(1) > 1/2").detail
    'erf(1) > 1/2 (Arb)'
    """
    outcome = sign_on_box(expression, relation, {})
    if outcome.status is False:
        witness = {"false": claims, "difference": outcome.detail}
        return Outcome(False, "constants", f"not {claims}: {outcome.detail}", witness, 1)
    return Outcome(outcome.status, "constants", f"{claims} (Arb)", boxes=outcome.boxes)


def within(root: Root | None, bracket: tuple[sp.Rational, sp.Rational], name: str) -> Outcome:
    """Whether an enclosed number lies strictly inside a bracket of rationals, by Arb.

    >>> from fractions import Fraction
    >>> from theory.enclosure import isolate_root
    >>> x = sp.Symbol("x")
    >>> root = isolate_root(x**2 - 2, x, (Fraction(1), Fraction(2)))
    >>> within(root, (sp.Rational(7, 5), sp.Rational(3, 2)), "root").status
    True
    >>> within(root, (sp.Rational(1), sp.Rational(7, 5)), "root").witness["bracket of root"]
    '(1, 7/5)'
    """
    low, high = bracket
    scope = f"{name} in ({low}, {high})"
    if root is None:
        return Outcome(None, scope, f"{name} is not isolated")
    with ctx.workprec(PRECISION):
        above, below = rational_ball(low) < root.ball, root.ball < rational_ball(high)
        outside = root.ball < rational_ball(low) or root.ball > rational_ball(high)
    enclosure = "[{}, {}]".format(*decimal_enclosure(root.ball, 20))
    if above and below:
        return Outcome(True, scope, f"{name} is in its bracket")
    if outside:
        witness = {name: enclosure, f"bracket of {name}": f"({low}, {high})"}
        return Outcome(
            False, scope, f"{name} lies in {enclosure}, outside ({low}, {high})", witness
        )
    return Outcome(None, scope, f"{enclosure} is not inside ({low}, {high})")


def recomputable(value: sp.Expr) -> str:
    """An exact number and its decimal enclosure by Arb, rounded outward, for a witness.

    >>> recomputable(sp.log(2))
    'log(2), in [0.693147180559, 0.69314718056]'
    """
    low, high = decimal_enclosure(value_at(value, {}), 12)
    return f"{value}, in [{low}, {high}]"


def expanded_log(expression: sp.Expr) -> sp.Expr:
    """A real expression with the logarithms of its products and powers taken apart.

    SymPy does that without asking for the signs, so the result is checked: both have the same
    exponential, and two real numbers with one exponential are equal. ValueError where SymPy cannot
    see that.

    >>> x = sp.Symbol("x", positive=True)
    >>> expanded_log(sp.log(x**2 * (x + 1)))
    2*log(x) + log(x + 1)
    """
    expanded = sp.expand_log(expression, force=True)
    if sp.simplify(sp.exp(expanded) / sp.exp(expression)) != 1:
        raise ValueError(f"the logarithms of {expression} do not come apart")
    return expanded
