"""Section 4.2: Theorem 2 is the binary case of Theorem 1, with PB = 1 - PA."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, enclosed, sign_on_box, vanishes
from theory.enclosures.coverage import over
from theory.enclosures.identities import settled
from theory.neyman_pearson import grid_for, worst_case
from theory.searches.equality_search import search_equal
from theory.searches.findings import searched
from theory.searches.order_search import near
from theory.searches.search import TOLERANCE
from theory.steps import dp_terms
from theory.steps.term_pairs import enclosed_at_complement, equal_at_complement, homogeneous
from theory.symbols import lam, p_a, p_b
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="theorem_2_special_case",
    source="section 4.2, after Theorem 2",
    statement=(
        "Theorem 2 is the binary case of Theorem 1: with two classes and P(f(X) = cA) >= PA >= 1/2 "
        "the pair (PA, 1 - PA) meets the hypotheses of Theorem 1, whose radius for it is "
        "-lambda log[2(1 - PA)]."
    ),
    latex=(
        r"p_B=1-p_A:\quad\max\left\{\tfrac{\lambda}{2}\log\tfrac{p_A}{p_B},\ "
        r"-\lambda\log(1-p_A+p_B)\right\}=-\lambda\log[2(1-p_A)]\quad\forall\,p_A\in[\tfrac12,1]"
    ),
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("PB", "{1 - PA}", "upper bound on the probability of the other class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "hypotheses",
            "P(f(X) = cA) >= PA >= 1 - PA >= P(f(X) = cB) for every f with two classes, and no "
            "smaller bound on P(f(X) = cB) follows from PA",
        ),
        Part(
            "same_radius",
            "for PB = 1 - PA the radius of Theorem 1 is that of Theorem 2, for every PA in "
            "[1/2, 1]; both are 0 at PA = 1/2 and infinite at PA = 1",
        ),
    ),
    assumptions=(
        "f is any deterministic or random base classifier with the classes cA and cB alone; a "
        "smaller PB, known from elsewhere, is theorem_2_improves_theorem_1"
    ),
    reference="paper, section 4.2 (proof sketch of Theorem 2) and Appendix C",
    absent={
        Rung.EXPERIMENT: "two formulas are compared: no trained classifier is involved",
        Rung.FIGURE: "it is the line PA + PB = 1 of Figure 4 (remark_2_region)",
    },
)

PRINTED: Statement = {
    # Theorem 1's radius is the larger of these two
    "first": lam / 2 * sp.log(p_a / p_b),
    "second": -lam * sp.log(1 - p_a + p_b),
    "radius": -lam * sp.log(2 * (1 - p_a)),
    "bound": 1 - p_a,
}

_MICRO = sp.Rational(1, 10**6)
_EXACT = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)
_DOUBLED = {"first": 2 * PRINTED["first"]}
_HALVED = {"bound": (1 - p_a) / 2}


def _shifted(name: str, shift: sp.Expr) -> Statement:
    return {name: PRINTED[name] + shift}


MUTANTS = (
    Mutant("Theorem 2 larger by 1e-6", _shifted("radius", lam * _MICRO), "same_radius", _EXACT),
    Mutant("Theorem 2 less by 1e-6", _shifted("radius", -lam * _MICRO), "same_radius", _EXACT),
    Mutant("Lecuyer's term without its 1/2", _DOUBLED, "same_radius", _ALL),
    Mutant("dropped factor 2", {"radius": -lam * sp.log(1 - p_a)}, "same_radius", _ALL),
    Mutant("bound less 1e-6", _shifted("bound", -_MICRO), "hypotheses", _EXACT[:2]),
    Mutant("bound plus 1e-6", _shifted("bound", _MICRO), "hypotheses", _EXACT[:2]),
    Mutant("half of the bound", _HALVED, "hypotheses", _ALL),
)

_k = sp.Symbol("k", nonnegative=True)
_c = sp.Symbol("c", positive=True)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The bound by complement, attained by a half-space; then the two terms at PB = 1 - PA."""
    return [
        chain(
            "hypotheses",
            _hypotheses(statement["bound"]),
            conclusion=(
                "P(f(X) = cB) = 1 - P(f(X) = cA) <= 1 - PA <= PA; {x_1 > Q(PA)} has that mass"
            ),
        ),
        chain(
            "same_radius",
            _same_radius(statement),
            conclusion="the new term is -lambda log[2(1 - PA)], and Lecuyer's is not above it",
        ),
    ]


def _hypotheses(bound: sp.Expr) -> Iterator[Step]:
    law = densities.laplace
    below = densities.mass(law, lam, -sp.oo, lam * _k)
    domain = "1/2 <= PA < 1, PA = P(X_1 <= lambda k), k >= 0"
    yield equal(
        densities.mass(law, lam, lam * _k, sp.oo),
        bound.subs(p_a, below),
        "f = cA iff x_1 <= lambda k, else cB: P(f(X) = cA) is PA and P(f(X) = cB) is the bound, so "
        "a smaller one is not valid and a larger one not needed",
        domain,
        written=densities.integral(law, lam, lam * _k, sp.oo),
        states=True,
    )
    yield equal(
        below,
        1 - sp.exp(-_k) / 2,
        "which takes every value from 1/2 (k = 0) to 1 (k -> oo)",
        domain,
        written=densities.integral(law, lam, -sp.oo, lam * _k),
    )
    yield compare(
        (1 - (p_a + _c)).subs(p_a, below),
        "<",
        bound.subs(p_a, below),
        "P(f(X) = cB) = 1 - P(f(X) = cA), where P(f(X) = cA) = PA + c, c > 0 (c = 0 is the step "
        "before)",
        "1/2 <= PA < 1; two classes",
        written=1 - (p_a + _c),
        states=True,
    )
    yield compare(
        bound.subs(p_a, below),
        "<=",
        below,
        "PA >= PB, as Theorem 1 asks",
        domain,
        along=(_k, sp.Integer(0), 1),
        written=1 - p_a,
    )
    yield equal(bound.subs(p_a, 1), 0, "cB has no mass", "PA = 1", written=1 - p_a)


def _same_radius(statement: Statement) -> Iterator[Step]:
    first, second, bound = (statement[name] for name in ("first", "second", "bound"))
    yield from dp_terms.bounded_ratio()
    yield equal(bound, 1 - p_a, "the bound on P(f(X) = cB)", "1/2 <= PA <= 1", written=p_b)
    yield from equal_at_complement(first, second, statement["radius"])
    yield from dp_terms.meet(second, first)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The bound over all PA and P(f(X) = cA) by Arb; the terms at PB = 1 - PA."""
    first, second, radius = (statement[name] for name in ("first", "second", "radius"))
    return [
        enclosed(
            "hypotheses",
            _valid_and_attained(statement["bound"]),
            conclusion="1 - PA bounds P(f(X) = cB), is attained, and is at most PA",
        ),
        enclosed(
            "same_radius",
            [
                homogeneous(first, second, radius),
                vanishes(statement["bound"] - (1 - p_a)),
                *enclosed_at_complement(first, second, radius),
            ],
            conclusion="the larger of the two terms is Theorem 2's radius",
        ),
    ]


def _valid_and_attained(bound: sp.Expr) -> Iterator[Outcome]:
    mass = half_line_mass(_k)
    largest = settled(bound.subs(p_a, mass) - (1 - mass), "it is P(f(X) = cB) of a half-line")
    yield over(largest, "the half-line of mass PA, 1/2 <= PA < 1")
    if largest.status is not True:
        return
    # P(f(X) = cA) = PA + c (1 - PA), c in [0, 1]
    slack = sp.cancel((bound - (1 - p_a) * (1 - _c)) / (_c * (1 - p_a)))
    above_half = {p_a: (Fraction(1, 2), Fraction(1))}
    valid = sign_on_box(slack, ">", {**above_half, _c: (Fraction(0), Fraction(1))})
    yield over(valid, "P(f(X) = cA) = PA + c (1 - PA): (bound - P(f(X) = cB))/(c (1 - PA))")
    room = sp.cancel((p_a - bound) / (2 * p_a - 1))
    yield over(sign_on_box(room, ">", above_half), "PA >= PB: (PA - bound)/(2 PA - 1)")


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """The largest P(f(X) = cB) by linear programming; the two radii with 60 digits."""
    rng = np.random.Generator(np.random.Philox(seed))
    tops = np.concatenate(
        [
            near(0.5, above=True, smallest=1e-12, largest=0.4, count=300),
            near(1.0, above=False, smallest=1e-12, largest=0.4, count=300),
            [0.5],
        ]
    )
    ours = sp.Max(statement["first"], statement["second"]).subs(p_b, statement["bound"])
    return [
        _search_bound(statement["bound"], seed),
        search_equal(
            ours - statement["radius"],
            {p_a: tops, lam: 10.0 ** rng.uniform(-2, 2, len(tops))},
            part="same_radius",
            scope="PA down to 1e-12 from 1/2 and from 1, and 1/2 itself, lambda 0.01 to 100",
        ),
    ]


def _search_bound(bound: sp.Expr, seed: int) -> Evidence:
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    stated = sp.lambdify([p_a], bound, modules="numpy")
    widest = 0.0
    scope = "24 grids in d = 1 and 2 around edges of random classifiers, PA in [1/2, 1)"
    for number in range(24):
        top = 0.5 if number == 0 else float(rng.uniform(0.5, 1.0))
        scale = 10.0 ** rng.uniform(-1, 1)
        edge = -scale * float(np.log(2 * (1 - top)))
        dimension = 1 + number % 2
        grid = grid_for((0.0,) * dimension, scale, (edge, *rng.normal(0.0, scale, 2)))
        # at delta = 0 the margin is P(f(X) = cA) - P(f(X) = cB) = 1 - 2 P(f(X) = cB)
        largest = (1.0 - worst_case(grid, top).margin) / 2
        apart = abs(largest - float(stated(top)))
        widest = max(widest, apart)
        if apart > TOLERANCE:
            witness = {"PA": repr(top), "lambda": repr(scale), "P(f(X) = cB)": repr(largest)}
            said = f"the bound says {float(stated(top)):.6g}"
            return searched("hypotheses", scope, said, start=start, witness=witness)
    said = f"the largest P(f(X) = cB) of any grid classifier is the bound, to {widest:.1g}"
    return searched("hypotheses", scope, said, start=start)
