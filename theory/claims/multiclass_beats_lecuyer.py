"""Section 1: with several classes Theorem 1 is said to be always tighter than Lecuyer's bound."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, enclosed, sign_on_box
from theory.enclosures.coverage import over
from theory.enclosures.identities import recomputable, settled
from theory.searches.order_search import Floats, search_order
from theory.steps import dp_terms
from theory.steps.term_advantage import (
    LOW,
    at_most_twice,
    larger_between,
    new_is_smaller,
    nowhere_else,
)
from theory.steps.term_pairs import enclosed_twice, homogeneous
from theory.symbols import excess, lam, p_a, p_b

CLAIM = Claim(
    slug="multiclass_beats_lecuyer",
    source="section 1 (contributions); Theorem 1, eq. (1)",
    statement=(
        "With several classes the certificate R = max{(lambda/2) log(PA/PB), "
        "-lambda log(1 - PA + PB)} is always tighter than Lecuyer et al.'s, "
        "(lambda/2) log(PA/PB)."
    ),
    latex=(
        r"\max\left\{\tfrac{\lambda}{2}\log\tfrac{p_A}{p_B},\ -\lambda\log(1-p_A+p_B)\right\}"
        r">\tfrac{\lambda}{2}\log\tfrac{p_A}{p_B}\quad\forall\,p_A>p_B"
    ),
    variables=(
        Variable("PA", "(0, 1]", "lower bound on the probability of the top class at x"),
        Variable("PB", "[0, PA]", "upper bound on every other class's probability at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "always_tighter",
            "R is larger than Lecuyer's radius for every PA and every PB in (0, PA)",
            otherwise=(
                "R is never smaller than Lecuyer's radius, and it is larger exactly for PA > 1/2 "
                "and (1 - PA)^2/PA < PB < PA; everywhere else the two are the same number. R is at "
                "most twice Lecuyer's radius, which it reaches at PA = 1 and approaches for "
                "PB = 1 - PA as PA -> 1"
            ),
        ),
        Part(
            "never_looser",
            "R is at least Lecuyer's radius for every PA and PB <= PA",
            Role.CORRECTION,
        ),
        Part(
            "tighter_exactly",
            "R is larger than Lecuyer's radius if, and only if, (1 - PA)^2/PA < PB < PA, which "
            "needs PA > 1/2",
            Role.CORRECTION,
        ),
        Part(
            "at_most_twice",
            "R is at most twice Lecuyer's radius, and less than that for 0 < PB < PA < 1; it is "
            "exactly twice at PA = 1, 0 < PB < 1",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        '"tighter" is a larger radius. Strictness is not left open: the text says "always '
        'tighter", and Remark 2 and Figure 4 speak of a region in which the baseline is better '
        'than the new term, where R is Lecuyer\'s radius itself. The reading "never looser" is a '
        "part of its own, and true. PB = PA (both radii 0) and PB = 0 (both infinite) are not "
        "counted against the statement; PA = PB = 0, where Lecuyer's is 0/0, is left out."
    ),
    reference="paper, section 1, Theorem 1 and Remark 2",
    absent={
        Rung.EXPERIMENT: "two formulas are compared: no trained classifier is involved",
        Rung.FIGURE: "Figure 4 draws the two regions, which is remark_2_region",
    },
)

PRINTED: Statement = {
    # R is the larger of these two
    "first": lam / 2 * sp.log(p_a / p_b),
    "second": -lam * sp.log(1 - p_a + p_b),
    "lecuyer": lam * sp.log(p_a / p_b) / 2,
    # our correction
    "lower": (1 - p_a) ** 2 / p_a,
    "gain": sp.Integer(2),
}

_MICRO = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EXACT = (*_PROOFS, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)
_LOOSER, _EXACTLY, _TWICE = (part.name for part in CLAIM.parts[1:])
MUTANTS = (
    Mutant("first term less 1e-6", {"first": PRINTED["first"] - lam * _MICRO}, _LOOSER, _EXACT),
    Mutant("Lecuyer's without its 1/2", {"lecuyer": 2 * PRINTED["lecuyer"]}, _LOOSER, _EXACT),
    Mutant("lower end plus 1e-6", {"lower": PRINTED["lower"] + _MICRO}, _EXACTLY, _EXACT),
    Mutant("lower end less 1e-6", {"lower": PRINTED["lower"] - _MICRO}, _EXACTLY, _EXACT),
    Mutant("only beyond PA + PB = 1", {"lower": 1 - p_a}, _EXACTLY, _ALL),
    Mutant("gain smaller by 1e-6", {"gain": 2 - _MICRO}, _TWICE, _EXACT),
    Mutant("gain larger by 1e-6", {"gain": 2 + _MICRO}, _TWICE, _EXACT),
)

_c = sp.Symbol("c", positive=True)
_q = sp.Symbol("q", positive=True)
_R = sp.Symbol("R", positive=True)

_RATIO = (dp_terms.NEW / dp_terms.LECUYER).subs(dp_terms.NEW, _R)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both terms from the density, then the sign of a quadratic in PB on parametrised regions."""
    return [
        chain(
            "always_tighter",
            _not_tighter(statement),
            proves=False,
            conclusion="R is Lecuyer's radius itself for every PA <= 1/2 and PB < PA",
        ),
        chain(
            "never_looser",
            _never_looser(statement),
            conclusion="R is a maximum, and one of the two terms is Lecuyer's radius",
        ),
        chain(
            "tighter_exactly",
            _exactly(statement),
            conclusion="new > Lecuyer's where (PA - PB)(PB - (1 - PA)^2/PA) > 0, and nowhere else",
        ),
        chain(
            "at_most_twice",
            _at_most_twice(statement),
            conclusion="new < 2 Lecuyer's for PB < PA < 1, new = 2 Lecuyer's at PA = 1",
        ),
    ]


def _not_tighter(statement: Statement) -> Iterator[Step]:
    yield from dp_terms.bounded_ratio()
    yield new_is_smaller(statement["second"], statement["lecuyer"])
    yield _first_is_lecuyer(statement)
    yield from dp_terms.meet(statement["second"], statement["lecuyer"])


def _never_looser(statement: Statement) -> Iterator[Step]:
    yield from dp_terms.bounded_ratio()
    yield new_is_smaller(statement["second"], statement["lecuyer"])
    top, domain = LOW
    place = {p_a: top, p_b: top / (1 + excess)}
    yield compare(
        statement["first"].subs(place, simultaneous=True),
        ">=",
        statement["lecuyer"].subs(place, simultaneous=True),
        "there R is its first term",
        f"{domain}; PB = PA/(1 + s)",
        written=_R,
        states=True,
    )
    yield _first_is_lecuyer(statement)
    yield from dp_terms.meet(statement["second"], statement["lecuyer"])


def _first_is_lecuyer(statement: Statement) -> Step:
    return equal(
        statement["first"],
        statement["lecuyer"],
        "the other term of the maximum is Lecuyer's radius",
        "0 < PB <= PA <= 1",
        written=dp_terms.LECUYER,
    )


def _exactly(statement: Statement) -> Iterator[Step]:
    second, lecuyer, lower = (statement[name] for name in ("second", "lecuyer", "lower"))
    yield from dp_terms.bounded_ratio()
    yield _first_is_lecuyer(statement)
    yield from larger_between(second, lecuyer, lower)
    yield from nowhere_else(second, lecuyer, lower)
    yield from dp_terms.meet(second, lecuyer)


def _at_most_twice(statement: Statement) -> Iterator[Step]:
    second, lecuyer, gain = (statement[name] for name in ("second", "lecuyer", "gain"))
    yield from dp_terms.bounded_ratio()
    yield from at_most_twice(second, lecuyer, gain)
    yield equal(
        sp.limit((second / lecuyer).subs({p_a: 1 - _q, p_b: _q}, simultaneous=True), _q, 0, "+"),
        gain,
        "PA + PB <= 1 does not lower the bound: R/Lecuyer's tends to it",
        "PB = 1 - PA = q -> 0",
        written=sp.Limit(_RATIO, _q, 0, "+"),
    )
    yield _first_is_lecuyer(statement)
    yield from dp_terms.meet(second, lecuyer)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Signs over the triangle 0 <= PB <= PA <= 1 by Arb, with lambda = 1 and PB = c PA.

    exp(-2 Lecuyer's) - exp(-2 new) has the sign of new - Lecuyer's and is finite at PB = 0. Its
    zeros are divided out: what is left of it is positive on the whole triangle.
    """
    first, second, lecuyer = (statement[n].subs(lam, 1) for n in ("first", "second", "lecuyer"))
    gap = sp.factor(sp.exp(-2 * lecuyer) - sp.exp(-2 * second))
    scaled = homogeneous(*(statement[name] for name in ("first", "second", "lecuyer")))
    return [
        _enclosed_fails(statement, gap, scaled),
        enclosed(
            "never_looser",
            [scaled, _max_is_at_least(first, second, lecuyer)],
            conclusion="R is the maximum of Lecuyer's radius and another number",
        ),
        enclosed(
            "tighter_exactly",
            [scaled, *_signs(gap, statement["lower"])],
            conclusion="new - Lecuyer's has the sign of (PA - PB)(PB - (1 - PA)^2/PA)",
        ),
        enclosed(
            "at_most_twice",
            [scaled, *enclosed_twice(second, lecuyer, statement["gain"])],
            conclusion="exp(-new) - exp(-2 Lecuyer's) has the sign of (1 - PA)(1 - PB/PA)",
        ),
    ]


_UNIT, _BOXES, _INNER = (Fraction(0), Fraction(1)), 2000, sp.Rational(3, 4)
_CORNER = {p_a: (Fraction(3, 10), Fraction(9, 20)), p_b: (Fraction(1, 20), Fraction(1, 4))}


def _enclosed_fails(statement: Statement, gap: sp.Expr, scaled: Outcome) -> Evidence:
    point = {lam: sp.Integer(1), p_a: sp.Rational(2, 5), p_b: sp.Rational(1, 5)}
    first, second, old = (
        sp.simplify(statement[n].subs(point)) for n in ("first", "second", "lecuyer")
    )
    return enclosed(
        "always_tighter",
        [
            scaled,
            over(sign_on_box(gap, "<", _CORNER), "the new term is smaller than Lecuyer's radius"),
            settled(
                statement["first"] - statement["lecuyer"], "the first term is Lecuyer's radius"
            ),
        ],
        proves=False,
        conclusion="R is Lecuyer's radius on a set with interior",
        witness={
            "PA": str(point[p_a]),
            "PB": str(point[p_b]),
            "P(f(X) = c) for four classes": "2/5, 1/5, 1/5, 1/5",
            "lambda": "1",
            "R, its first term": recomputable(first),
            "the new term": recomputable(second),
            "Lecuyer's radius": recomputable(old),
        },
    )


def _max_is_at_least(first: sp.Expr, second: sp.Expr, lecuyer: sp.Expr) -> Outcome:
    same = settled(first - lecuyer, "the first term of R is Lecuyer's radius")
    if same.status is True:
        return over(same, "0 < PB <= PA <= 1")
    apart = sign_on_box(sp.Max(first, second) - lecuyer, ">", _CORNER)
    return over(apart, "R - Lecuyer's", whole=False)


def _signs(gap: sp.Expr, lower: sp.Expr) -> Iterator[Outcome]:
    """The gap over (PA - PB)(PB - lower end), its zeros: positive, first at PA = 3/4."""
    place = {p_b: _c * p_a}
    rest = sp.cancel(gap.subs(place) / ((p_a - p_b) * (p_b - lower)).subs(place))
    for ratio, box in ((rest.subs(p_a, _INNER), {}), (rest, {p_a: _UNIT})):
        outcome = sign_on_box(ratio, ">", {**box, _c: _UNIT}, max_boxes=_BOXES)
        yield over(outcome, "0 < PA <= 1, PB = c PA, over (PA - PB)(PB - lower end)")
        if outcome.status is not True:
            return
    # PA < lower end for PA < 1/2, with equality at PA = 1/2: a simple zero there
    room = sp.cancel((lower - p_a) * p_a / (1 - 2 * p_a))
    said = "PA <= 1/2: the lower end is not below PA, times PA/(1 - 2 PA)"
    yield over(sign_on_box(room, ">", {p_a: (Fraction(0), Fraction(1, 2))}), said)


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Doubles close to every curve, what is within rounding recomputed with 60 digits."""
    points = _points(statement["lower"], seed)
    ours = sp.Max(statement["first"], statement["second"])
    apart = ours - statement["lecuyer"]
    lower, gain = statement["lower"], statement["gain"]
    scope = "PA and PB down to relative distances of 1e-9 from 0, 1/2, 1, PA and the lower end"
    # outside, R is Lecuyer's radius where the new term is below it
    sides = (
        (apart, ">", sp.Min(p_b - lower, p_a - p_b)),
        (statement["second"] - statement["lecuyer"], "<", lower - p_b),
    )
    exactly = [
        search_order(margin, relation, points, part="tighter_exactly", scope=scope, where=where)
        for margin, relation, where in sides
    ]
    return [
        search_order(apart, ">", points, part="always_tighter", scope=scope, where=p_a - p_b),
        search_order(apart, ">=", points, part="never_looser", scope=scope),
        next((one for one in exactly if not one.finding), exactly[0]),
        *_search_gain(ours, statement["lecuyer"], gain, points, scope),
    ]


def _search_gain(
    ours: sp.Expr,
    lecuyer: sp.Expr,
    gain: sp.Expr,
    points: dict[sp.Symbol, Floats],
    scope: str,
) -> list[Evidence]:
    """At most the gain everywhere; at least the gain at PA = 1."""
    certain = {name: np.ones_like(v) if name is p_a else v for name, v in points.items()}
    found = [
        search_order(gain * lecuyer - ours, relation, at, part="at_most_twice", scope=scope)
        for relation, at in ((">=", points), ("<=", certain))
    ]
    return [next((one for one in found if not one.finding), found[0])]


def _points(lower: sp.Expr, seed: int) -> dict[sp.Symbol, Floats]:
    rng = np.random.Generator(np.random.Philox(seed))
    count = 300
    near = 10.0 ** rng.uniform(-9, -0.5, count)
    top = np.choose(
        np.arange(count) % 5,
        [0.5 + near, 0.5 - near, 1.0 - near, near, rng.uniform(0.01, 1.0, count)],
    )
    root = sp.lambdify([p_a], lower, modules="numpy")(top)
    close = 10.0 ** rng.uniform(-9, -0.1, count)
    tried = [root * (1 - close), root * (1 + close), top * (1 - close), top * close]
    tried += [root + (top - root) * close, top * rng.uniform(0.0, 1.0, count)]
    runner_up, repeated = np.concatenate(tried), np.tile(top, len(tried))
    legal = (runner_up > 0) & (runner_up < repeated)
    scale = 10.0 ** rng.uniform(-1, 1, int(legal.sum()))
    return {p_a: repeated[legal], p_b: runner_up[legal], lam: scale}
