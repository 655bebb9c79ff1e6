"""Section 4.2: Theorem 2 is said to further improve over Theorem 1."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, enclosed, sign_on_box
from theory.enclosures.coverage import over
from theory.enclosures.identities import recomputable
from theory.searches.equality_search import search_equal
from theory.searches.order_search import Floats, near, search_order
from theory.steps import dp_terms
from theory.steps.term_pairs import (
    HALF_ON,
    INNER,
    SHRUNK,
    enclosed_at_complement,
    equal_at_complement,
    homogeneous,
    shrunk,
)
from theory.symbols import excess, lam, p_a, p_b

CLAIM = Claim(
    slug="theorem_2_improves_theorem_1",
    source="section 4.2, before Theorem 2",
    statement=(
        "With two classes the radius of Theorem 2, R_2 = -lambda log[2(1 - PA)], improves over "
        "that of Theorem 1, R_1 = max{(lambda/2) log(PA/PB), -lambda log(1 - PA + PB)}."
    ),
    latex=(
        r"-\lambda\log[2(1-p_A)]>\max\left\{\tfrac{\lambda}{2}\log\tfrac{p_A}{p_B},\ "
        r"-\lambda\log(1-p_A+p_B)\right\}"
    ),
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of cA at x"),
        Variable("PB", "[0, PA]", "upper bound on the probability of cB, the only other class"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "improves",
            "R_2 is larger than R_1 for every PA and every valid PB",
            otherwise=(
                "R_2 = R_1 for PB = 1 - PA, which is what P(f(X) = cA) >= PA itself says of the "
                "other class; R_2 is larger exactly for PB > 1 - PA, a bound that PA already "
                "betters, and smaller exactly for PB < 1 - PA, where PB says more of cA than PA "
                "does: with the better of the two bounds, max(PA, 1 - PB), Theorem 2's radius is "
                "larger than Theorem 1's for every PB > 0 with PA + PB other than 1"
            ),
        ),
        Part(
            "equal_at_complement",
            "R_2 = R_1 for PB = 1 - PA and every PA in [1/2, 1]",
            Role.CORRECTION,
        ),
        Part(
            "ordered_by_the_bound",
            "R_2 > R_1 exactly for PB > 1 - PA, and R_2 < R_1 exactly for PB < 1 - PA",
            Role.CORRECTION,
        ),
        Part(
            "better_bound",
            "Theorem 2's radius at max(PA, 1 - PB) is larger than R_1 for every PB > 0 with "
            "PA + PB other than 1",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "Theorem 1 may be given any PB with P(f(X) = cB) <= PB <= PA; Theorem 2 is given PA alone. "
        '"improves" is read as a larger radius'
    ),
    reference="paper, section 4.2",
    absent={
        Rung.EXPERIMENT: "two formulas are compared: no trained classifier is involved",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

PRINTED: Statement = {
    # R_1 is the larger of these two
    "first": lam / 2 * sp.log(p_a / p_b),
    "second": -lam * sp.log(1 - p_a + p_b),
    "radius": -lam * sp.log(2 * (1 - p_a)),
}

_MICRO = lam * sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EXACT = (*_PROOFS, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)
_SAME, _ORDERED, _BETTER = (part.name for part in CLAIM.parts[1:])
_LONGER, _SHORTER = ({"radius": PRINTED["radius"] + shift} for shift in (_MICRO, -_MICRO))
_DOUBLED = {"first": 2 * PRINTED["first"]}
_NO_TWO = {"radius": -lam * sp.log(1 - p_a)}
MUTANTS = (
    Mutant("R_2 larger by 1e-6", _LONGER, _SAME, _EXACT),
    Mutant("R_2 larger by 1e-6, order", _LONGER, _ORDERED, _PROOFS),
    Mutant("R_2 smaller by 1e-6, order", _SHORTER, _ORDERED, _PROOFS),
    Mutant("R_2 smaller by 1e-6, better bound", _SHORTER, _BETTER, _PROOFS),
    Mutant("dropped factor 2", _NO_TWO, _SAME, _ALL),
    Mutant("dropped factor 2, order", _NO_TWO, _ORDERED, (*_PROOFS, Rung.SIMULATION)),
    Mutant("Lecuyer's term without its 1/2", _DOUBLED, _ORDERED, _ALL),
    Mutant("Lecuyer's term without its 1/2, better bound", _DOUBLED, _BETTER, _EXACT),
)

_c = sp.Symbol("c", positive=True)
_R1, _R2 = sp.symbols("R_1 R_2", positive=True)
_TERMS = (("second", 1, "the new term"), ("first", 2, "Lecuyer's term"))


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both radii at PB = 1 - PA, beyond it and below it, as rational functions of PA and PB."""
    return [
        chain(
            "improves",
            _while_derived(statement, iter([_new_is_radius(statement)])),
            proves=False,
            conclusion="for PB = 1 - PA, which is always valid, R_1 is at least R_2, at every PA",
        ),
        chain(
            "equal_at_complement",
            _while_derived(statement, equal_at_complement(*_radii(statement))),
            conclusion="the new term is -lambda log[2(1 - PA)], and Lecuyer's is not above it",
        ),
        chain(
            "ordered_by_the_bound",
            _while_derived(statement, _ordered(statement)),
            conclusion="both terms are below R_2 for PB > 1 - PA; the new one is above it for less",
        ),
        chain(
            "better_bound",
            _while_derived(statement, _better(statement)),
            conclusion="both terms are below R_2 at 1 - PB for PB < 1 - PA, at PA for PB > 1 - PA",
        ),
    ]


def _new_is_radius(statement: Statement) -> Step:
    return equal(
        statement["second"].subs(p_b, 1 - p_a),
        statement["radius"],
        "the new term of R_1 is R_2, so that R_2 is not larger than R_1, their maximum",
        "1/2 <= PA < 1, PB = 1 - PA",
        written=dp_terms.NEW,
    )


def _while_derived(statement: Statement, steps: Iterator[Step]) -> Iterator[Step]:
    """The steps between those that take both terms from the density."""
    yield from dp_terms.bounded_ratio()
    yield from steps
    yield from dp_terms.meet(statement["second"], statement["first"])


def _beyond(statement: Statement) -> Iterator[Step]:
    """PB > 1 - PA: both terms are below R_2; at PA = 1/2 there is no such PB <= PA."""
    top, domain = INNER
    for name, power, said in _TERMS:
        yield compare(
            shrunk(statement[name], power, top, 1 - top + excess),
            ">",
            shrunk(statement["radius"], power, top, 1 - top),
            f"{SHRUNK[power]} of {said} against that of R_2: the term is below R_2",
            f"{domain}; PB = 1 - PA + s, s > 0",
            written=sp.exp(-power * _R1 / lam),
            states=True,
        )
        yield compare(
            sp.exp(sp.expand(-power * statement[name] / lam)).subs(p_a, 1),
            ">",
            0,
            f"{said} is finite",
            "PA = 1, 0 < PB <= 1",
            written=sp.exp(-power * _R1 / lam),
        )
    yield equal(
        sp.limit(sp.exp(-statement["radius"] / lam), p_a, 1, "-"),
        0,
        "R_2 is infinite",
        "PA = 1",
        written=sp.Limit(sp.exp(-_R2 / lam), p_a, 1, "-"),
    )


def _ordered(statement: Statement) -> Iterator[Step]:
    top, domain = HALF_ON
    yield compare(
        shrunk(statement["second"], 1, top, (1 - top) / (1 + excess)),
        "<",
        shrunk(statement["radius"], 1, top, 1 - top),
        "exp(-R/lambda) of the new term against that of R_2: the term, and so R_1, is above R_2",
        f"{domain}; 0 < PB < 1 - PA, PB = (1 - PA)/(1 + s), s > 0",
        written=sp.exp(-_R1 / lam),
        states=True,
    )
    yield from _beyond(statement)
    yield equal(
        sp.limit(sp.exp(-2 * statement["first"] / lam), p_b, 0, "+"),
        0,
        "R_1 is infinite, R_2 finite",
        "1/2 <= PA < 1, PB = 0",
        written=sp.Limit(sp.exp(-2 * _R1 / lam), p_b, 0, "+"),
    )
    yield from equal_at_complement(*_radii(statement))


def _better(statement: Statement) -> Iterator[Step]:
    top, domain = HALF_ON
    small = (1 - top) / (1 + excess)
    for name, power, said in _TERMS:
        yield compare(
            sp.factor(
                shrunk(statement[name], power, top, small)
                / shrunk(statement["radius"], power, 1 - small, small)
            ),
            ">",
            1,
            f"{SHRUNK[power]} of {said}, R_2 at 1 - PB taken from R: the term is below R_2",
            f"{domain}; 0 < PB < 1 - PA, PB = (1 - PA)/(1 + s), s > 0",
            states=True,
        )
    yield from _beyond(statement)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Equal at PB = 1 - PA, and strictly monotone in PB on both sides of it, with lambda = 1.

    exp(-R_1) is the smaller of exp(-Lecuyer's) and exp(-new), both of which rise with PB.
    """
    first, second, radius = (one.subs(lam, 1) for one in _radii(statement))
    scaled = homogeneous(*_radii(statement))
    complement = [scaled, *enclosed_at_complement(first, second, radius)]
    equal_there = all(outcome.status is True for outcome in complement)
    rising = list(_monotone(first, second, p_b)) if equal_there else []
    falling = list(_monotone(first, second, p_a)) if equal_there else []
    apart = radius.subs(p_a, 1 - p_b) - sp.Max(first, second)
    near_by = over(sign_on_box(apart, ">", _BESIDE), "near PA + PB = 1", whole=False)
    return [
        enclosed(
            "improves",
            complement,
            proves=False,
            conclusion="R_1 = R_2 for PB = 1 - PA",
            witness=_witness(statement),
        ),
        enclosed("equal_at_complement", complement, conclusion="R_1 = R_2 for PB = 1 - PA"),
        enclosed(
            "ordered_by_the_bound",
            [*complement, *rising],
            conclusion="R_1 is R_2 at PB = 1 - PA, where its larger term is the new one, and both "
            "terms fall as PB rises",
        ),
        enclosed(
            "better_bound",
            [*complement, *rising, *falling] if equal_there else [near_by],
            conclusion="R_2 at 1 - PB is R_1(1 - PB, PB), and both terms rise with PA",
        ),
    ]


_BESIDE = {
    p_a: (Fraction(3, 4), Fraction(3, 4)),
    p_b: (Fraction(1, 4) - Fraction(1, 10**8), Fraction(1, 4) - Fraction(1, 10**9)),
}


def _radii(statement: Statement) -> tuple[sp.Expr, sp.Expr, sp.Expr]:
    return statement["first"], statement["second"], statement["radius"]


def _monotone(first: sp.Expr, second: sp.Expr, symbol: sp.Symbol) -> Iterator[Outcome]:
    """exp(-2 Lecuyer's) and exp(-new) rise with PB, and fall as PA rises (for PB > 0)."""
    box = {p_a: (Fraction(1, 2), Fraction(1)), p_b: (Fraction(0), Fraction(1))}
    relation, said = (">", "rises with PB") if symbol is p_b else ("<", "falls as PA rises")
    slopes = {
        "exp(-2 Lecuyer's/lambda)": sp.diff(sp.exp(-2 * first), symbol),
        "exp(-new/lambda)": sp.diff(sp.exp(-second), symbol),
    }
    if symbol is p_a:  # Lecuyer's is infinite at PB = 0: its slope is PB times a negative number
        slopes["exp(-2 Lecuyer's/lambda)"] /= p_b
    for name, slope in slopes.items():
        outcome = sign_on_box(sp.simplify(slope), relation, box)
        yield over(outcome, f"1/2 <= PA <= 1, 0 <= PB <= 1: {name} {said}")


def _witness(statement: Statement) -> dict[str, str]:
    at = {lam: sp.Integer(1), p_a: sp.Rational(3, 4), p_b: sp.Rational(1, 4)}
    named = {"first": "Lecuyer's term", "second": "R_1, the new term", "radius": "R_2"}
    values = {said: recomputable(sp.simplify(statement[k].subs(at))) for k, said in named.items()}
    return {"PA": "3/4", "PB": "1/4", "lambda": "1", **values}


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Doubles on all three sides of PB = 1 - PA, the close ones recomputed with 60 digits."""
    points = _points(seed)
    ours = sp.Max(statement["first"], statement["second"])
    gained = statement["radius"] - ours
    side = p_b - (1 - p_a)
    level = {**points, p_b: 1 - points[p_a]}  # exact: PA is in [1/2, 1]
    better = statement["radius"].subs(p_a, sp.Max(p_a, 1 - p_b))
    scope = "PA down to 1e-9 from 1/2 and 1, PB down to relative distances of 1e-9 from 1 - PA"
    ordered = [
        search_order(gained, relation, points, part=_ORDERED, scope=scope, where=where)
        for relation, where in ((">", side), ("<", -side))
    ]
    return [
        search_order(gained, ">", points, part="improves", scope=scope),
        search_equal(gained, level, part=_SAME, scope="PB = 1 - PA exactly"),
        next((one for one in ordered if not one.finding), ordered[0]),
        search_order(better - ours, ">", points, part=_BETTER, scope=scope, where=sp.Abs(side)),
    ]


def _points(seed: int) -> dict[sp.Symbol, Floats]:
    rng = np.random.Generator(np.random.Philox(seed))
    count = 150
    top = np.concatenate(
        [
            near(0.5, above=True, smallest=1e-9, largest=0.4, count=count),
            near(1.0, above=False, smallest=1e-9, largest=0.4, count=count),
            rng.uniform(0.5, 1.0, count),
        ]
    )
    close = 10.0 ** rng.uniform(-9, -0.1, len(top))
    rest = 1 - top
    tried = [rest * (1 - close), rest + (top - rest) * close, rest * close, top * (1 - close)]
    runner_up, repeated = np.concatenate(tried), np.tile(top, len(tried))
    scale = 10.0 ** rng.uniform(-1, 1, len(runner_up))
    return {p_a: repeated, p_b: runner_up, lam: scale}
