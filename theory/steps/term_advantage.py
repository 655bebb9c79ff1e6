"""Steps about the order of Theorem 1's two terms: where the new one is above Lecuyer's.

Both are formulas in p_A, p_B and lambda. exp(2 (new - Lecuyer's)/lambda) is a rational function of
PA and PB, 1 + (PA - PB)(PB - (1 - PA)^2/PA)/(1 - PA + PB)^2, so that its place beside 1 is a sign.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory.derivation import Step, compare, equal
from theory.enclosures.identities import expanded_log
from theory.steps import dp_terms
from theory.symbols import excess, lam, p_a, p_b

_v = sp.Symbol("v", positive=True)
_w = sp.Symbol("w", nonnegative=True)
_m = sp.Symbol("m", positive=True)
_LOWER = sp.Symbol("B_low")

#: PA on both sides of 1/2, without a root left, and in words
HIGH = ((1 + _v) / (2 + _v), "1/2 < PA < 1, written PA = (1 + v)/(2 + v), v > 0")
LOW = (1 / (2 + _w), "0 < PA <= 1/2, written PA = 1/(2 + w), w >= 0")
_FORMULA = (
    "exp(2 (new - Lecuyer's)/lambda), which is 1 + (PA - PB)(PB - (1 - PA)^2/PA)/(1 - PA + PB)^2"
)


def advantage(new: sp.Expr, lecuyer: sp.Expr, top: sp.Expr, runner_up: sp.Expr) -> sp.Expr:
    """exp(2 (new - Lecuyer's)/lambda) at a point of the triangle.

    >>> new, lecuyer = -lam * sp.log(1 - p_a + p_b), lam * sp.log(p_a / p_b) / 2
    >>> advantage(new, lecuyer, sp.Rational(3, 4), sp.Rational(1, 4))
    4/3
    """
    apart = sp.expand(2 * (new - lecuyer) / lam)
    return sp.factor(sp.exp(apart).subs({p_a: top, p_b: runner_up}, simultaneous=True))


def at_certainty(term: sp.Expr) -> sp.Expr:
    """The term at PA = 1 and PB = 1/(1 + s), s > 0.

    >>> at_certainty(p_a / p_b)
    s + 1
    """
    return term.subs({p_a: sp.Integer(1), p_b: 1 / (1 + excess)}, simultaneous=True)


def new_is_smaller(new: sp.Expr, lecuyer: sp.Expr) -> Step:
    """For PA <= 1/2 and PB < PA the new term is below Lecuyer's."""
    top, domain = LOW
    return compare(
        advantage(new, lecuyer, top, top / (1 + excess)),
        "<",
        1,
        f"{_FORMULA}: the new term is the smaller one",
        f"{domain}; 0 < PB < PA, PB = PA/(1 + s)",
        written=dp_terms.ADVANTAGE,
    )


def larger_between(new: sp.Expr, lecuyer: sp.Expr, lower: sp.Expr) -> Iterator[Step]:
    """For 1/2 < PA < 1 the new term is larger for lower < PB < PA, equal at both ends."""
    top, domain = HIGH
    low = sp.factor(lower.subs(p_a, top))
    between = sp.factor((low + excess * top) / (1 + excess))
    kept = sp.factor((1 - top + between) * (1 + excess) * (1 + _v))
    yield compare(
        advantage(new, lecuyer, top, between),
        ">",
        1,
        f"{_FORMULA}, at PB = (lower end + s PA)/(1 + s)",
        f"{domain}; lower end < PB < PA, s > 0",
        form=excess * _v**2 / kept**2,
        states=True,
    )
    for place, end in (("the lower end", low), ("PA", top)):
        yield equal(
            advantage(new, lecuyer, top, end),
            1,
            f"the same at PB = {place}: equal terms",
            domain,
            written=dp_terms.ADVANTAGE,
            states=True,
        )


def nowhere_else(new: sp.Expr, lecuyer: sp.Expr, lower: sp.Expr) -> Iterator[Step]:
    """Below the lower end, for PA <= 1/2 and at PB = 0 it is not larger; at PA = 1 it always is."""
    top, domain = HIGH
    low = sp.factor(lower.subs(p_a, top))
    yield compare(
        advantage(new, lecuyer, top, sp.factor(low / (1 + excess))),
        "<",
        1,
        f"{_FORMULA}, at PB = (lower end)/(1 + s)",
        f"{domain}; 0 < PB < lower end, s > 0",
        written=dp_terms.ADVANTAGE,
        states=True,
    )
    top, domain = LOW
    yield compare(
        sp.factor(lower.subs(p_a, top)),
        ">=",
        top,
        "the lower end is not below PA: no PB lies between them",
        domain,
        written=_LOWER,
        states=True,
    )
    yield new_is_smaller(new, lecuyer)
    yield equal(lower.subs(p_a, 1), 0, "the lower end", "PA = 1", written=_LOWER, states=True)
    yield compare(
        expanded_log(at_certainty(new)),
        ">",
        expanded_log(at_certainty(lecuyer)),
        "the new term is larger for every PB in (0, 1)",
        "PA = 1, 0 < PB < 1, PB = 1/(1 + s)",
        written=dp_terms.NEW,
    )
    yield equal(
        sp.limit(sp.exp(-2 * lecuyer / lam), p_b, 0, "+"),
        0,
        "Lecuyer's radius is infinite, so nothing is larger",
        "0 < PA <= 1, PB = 0",
        written=sp.Limit(sp.exp(-2 * dp_terms.LECUYER / lam), p_b, 0, "+"),
    )


def at_most_twice(new: sp.Expr, lecuyer: sp.Expr, gain: sp.Expr) -> Iterator[Step]:
    """The new term is ``gain`` times Lecuyer's at PA = 1, and less below; the gain is 2."""
    yield equal(
        expanded_log(at_certainty(new)),
        gain * expanded_log(at_certainty(lecuyer)),
        "the new term is twice Lecuyer's",
        "PA = 1, 0 < PB < 1, PB = 1/(1 + s)",
        written=dp_terms.NEW,
        states=True,
    )
    place = {p_a: 1 / (1 + _m), p_b: 1 / ((1 + _m) * (1 + excess))}
    ours, old = (
        sp.expand(expanded_log(sp.factor(term.subs(place, simultaneous=True) / lam, deep=True)))
        for term in (new, lecuyer)
    )
    domain = "0 < PA < 1, PA = 1/(1 + m), m > 0; 0 < PB < PA, PB = PA/(1 + s), s > 0"
    yield compare(
        ours,
        "<",
        gain * old,
        "new/lambda against 2 Lecuyer's/lambda, log(1 + s): both are 0 at PB = PA, and the "
        "difference falls",
        domain,
        along=(excess, sp.Integer(0), 1),
        states=True,
    )
    yield compare(
        old,
        "<",
        gain * old,
        "Lecuyer's term itself, the other one in the maximum",
        domain,
        form=-old,
        written=dp_terms.LECUYER / lam,
    )
