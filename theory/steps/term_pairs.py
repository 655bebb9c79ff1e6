"""Both terms of Theorem 1 against Theorem 2's radius for PB = 1 - PA, and against each other.

In the binary case the new term is Theorem 2's radius and Lecuyer's term is not above it, so the
maximum of the two is Theorem 2's radius. Claims that rest on this derive it by
``equal_at_complement`` and enclose it by ``enclosed_at_complement``, which share nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from theory.derivation import Step, compare, equal
from theory.enclosure import Outcome, sign_on_box
from theory.enclosures.coverage import over, scales_as
from theory.enclosures.identities import constant, expanded_log, settled
from theory.steps import dp_terms
from theory.symbols import lam, p_a, p_b

_h = sp.Symbol("h", positive=True)  # 2 PA - 1
_R2 = sp.Symbol("R_2", positive=True)
_HALF = sp.Rational(1, 2)

_c = sp.Symbol("c", positive=True)
_v = sp.Symbol("v", positive=True)
_w = sp.Symbol("w", nonnegative=True)

#: PA in (1/2, 1) and in [1/2, 1) without a root, and in words: 1 - PA is 1/(2 (1 + v))
INNER = ((1 + 2 * _v) / (2 * (1 + _v)), "1/2 < PA < 1, PA = (1 + 2 v)/(2 (1 + v)), v > 0")
HALF_ON = ((1 + 2 * _w) / (2 * (1 + _w)), "1/2 <= PA < 1, PA = (1 + 2 w)/(2 (1 + w)), w >= 0")


#: how a reader writes what ``shrunk`` computes, by its power
SHRUNK = {1: "exp(-R/lambda)", 2: "exp(-2 R/lambda)"}


def shrunk(radius: sp.Expr, power: int, top: sp.Expr, runner_up: sp.Expr) -> sp.Expr:
    """exp(-power R/lambda) at a point (PA, PB), a rational function for the printed radii.

    >>> shrunk(-lam * sp.log(1 - p_a + p_b), 1, sp.Rational(3, 4), sp.Rational(1, 8))
    3/8
    """
    exponent = sp.expand(-power * radius / lam)
    return sp.factor(sp.exp(exponent).subs({p_a: top, p_b: runner_up}, simultaneous=True))


def equal_at_complement(first: sp.Expr, second: sp.Expr, radius: sp.Expr) -> Iterator[Step]:
    """max{first, second} = radius at PB = 1 - PA, for every PA in [1/2, 1].

    All three are formulas in p_A, p_B and lambda. Each step is the statement itself: where it is
    false, so is the equality.
    """
    yield equal(
        second.subs(p_b, 1 - p_a),
        radius,
        "the new term at PB = 1 - PA is Theorem 2's radius",
        "1/2 <= PA < 1, PB = 1 - PA",
        written=dp_terms.NEW,
        states=True,
    )
    top, domain = INNER
    yield compare(
        sp.factor(shrunk(first, 2, top, 1 - top) / shrunk(radius, 2, top, 1 - top)),
        ">",
        1,
        "exp(2 (R_2 - Lecuyer's)/lambda), which is 1/[4 PA (1 - PA)]: Lecuyer's term is below it",
        f"{domain}; PB = 1 - PA",
        form=_v**2 / (1 + 2 * _v),
        states=True,
    )
    halves = {p_a: _HALF, p_b: _HALF}
    for said, term, shown in (
        ("Theorem 2's radius", radius, _R2),
        ("Lecuyer's term", first, dp_terms.LECUYER),
    ):
        here = "PA = PB = 1/2"
        yield equal(term.subs(halves), 0, f"{said} is 0", here, written=shown, states=True)
    for said, term, shown in (
        ("Theorem 2's radius", radius, _R2),
        ("the new term", second, dp_terms.NEW),
    ):
        yield equal(
            sp.limit(sp.exp(-term / lam).subs(p_b, 1 - p_a), p_a, 1, "-"),
            0,
            f"{said} is infinite",
            "PA = 1, PB = 0",
            written=sp.Limit(sp.exp(-shown / lam), p_a, 1, "-"),
        )


def homogeneous(*radii: sp.Expr) -> Outcome:
    """Whether every radius is a multiple of lambda, so that lambda = 1 may be taken.

    >>> homogeneous(lam * sp.log(2), lam * p_a).status, homogeneous(lam, lam**2).status
    (True, None)
    """
    outcomes = [scales_as(radius, 1) for radius in radii]
    left = next((one for one in outcomes if one.status is not True), outcomes[0])
    return replace(left, detail=f"{len(radii)} radii are multiples of lambda: {left.detail}")


def enclosed_at_complement(first: sp.Expr, second: sp.Expr, radius: sp.Expr) -> Iterator[Outcome]:
    """The same by SymPy's identity and Arb's sign, with lambda = 1 and h = 2 PA - 1 in [0, 1].

    exp(-2 first) - exp(-2 radius) is (1 - h) h^2 times a positive number: Lecuyer's term is below
    the radius for PA in (1/2, 1), and is equal to it at both ends.
    """
    first, second, radius = (term.subs(lam, 1) for term in (first, second, radius))
    same = settled(second.subs(p_b, 1 - p_a) - radius, "the new term is Theorem 2's radius")
    yield over(same, "1/2 <= PA <= 1, PB = 1 - PA")
    if same.status is not True:
        return
    place = {p_a: (1 + _h) / 2, p_b: (1 - _h) / 2}
    gap = (sp.exp(-2 * first) - sp.exp(-2 * radius)).subs(place, simultaneous=True)
    rest = sp.cancel(sp.simplify(gap) / ((1 - _h) * _h**2))
    where = (
        "1/2 <= PA <= 1, PB = 1 - PA, h = 2 PA - 1: exp(-2 Lecuyer's/lambda) - exp(-2 R/lambda) "
        "over (1 - h) h^2"
    )
    box = {_h: (Fraction(0), Fraction(1))}
    yield over(sign_on_box(rest, ">", box, max_boxes=2000), where)


def enclosed_twice(second: sp.Expr, lecuyer: sp.Expr, gain: sp.Expr) -> Iterator[Outcome]:
    """second < gain Lecuyer's for PB < PA < 1, with equality at PA = 1; lambda = 1, PB = c PA.

    exp(-second) - exp(-gain Lecuyer's) over (1 - PA)(1 - c) is positive, edges included.
    """
    second, lecuyer = second.subs(lam, 1), lecuyer.subs(lam, 1)
    certain = expanded_log((second - gain * lecuyer).subs(p_a, 1))
    exactly = settled(certain, "the new term is twice Lecuyer's")
    yield over(exactly, "PA = 1, 0 < PB < 1")
    if exactly.status is not True:
        return
    room = (1 - p_a) * (1 - p_b / p_a)
    rest = sp.cancel((sp.exp(-second) - sp.exp(-gain * lecuyer)) / room).subs(p_b, _c * p_a)
    where = "0 < PA < 1, PB = c PA: [exp(-new) - exp(-2 Lecuyer's)]/[(1 - PA)(1 - c)]"
    box = {p_a: (Fraction(0), Fraction(1)), _c: (Fraction(0), Fraction(1))}
    yield over(sign_on_box(rest, ">", box, max_boxes=2000), where)
    yield constant(gain - 1, ">", "twice Lecuyer's is above Lecuyer's")
