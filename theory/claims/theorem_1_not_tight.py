"""Section 4.2: Theorem 1 is not tight with several classes, and where exactly."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import sympy as sp
from scipy import stats

from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import enclosed
from theory.enclosures import exact_boxes
from theory.enclosures.axis_dual import axis_bound, beyond_tie
from theory.enclosures.coverage import identical, scales_as
from theory.enclosures.exact_boxes import while_true
from theory.neyman_pearson import grid_for, worst_case
from theory.searches.findings import searched
from theory.searches.search import TOLERANCE, numeric_radius
from theory.steps import lipschitz_steps
from theory.steps.lipschitz_steps import INNER_LEVEL, region
from theory.symbols import excess, lam, p_a, p_b

CLAIM = Claim(
    slug="theorem_1_not_tight",
    source="section 4.2, beginning",
    statement=(
        "Theorem 1 is not tight, since it considers several classes: a radius larger than "
        "max{(lambda/2) log(PA/PB), -lambda log(1 - PA + PB)} is certified for (PA, PB)."
    ),
    latex=(
        r"R>\max\left\{\tfrac\lambda2\log\tfrac{p_A}{p_B},\ -\lambda\log(1-p_A+p_B)\right\}"
        r"\ \text{is certified}"
    ),
    variables=(
        Variable("PA", "[0, 1]", "lower bound on the probability of the top class at x"),
        Variable("PB", "[0, PA]", "upper bound on the probability of every other class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("d", "1, 2, 3, ...", "dimension"),
    ),
    parts=(
        Part(
            "somewhere",
            "for every PA in (1/2, 1] and PB in (0, PA] other than 1 - PA, a radius strictly "
            "larger than both terms is sound, for any number of classes in every dimension",
        ),
        Part(
            "everywhere",
            "a larger radius is sound for every pair PB <= PA, if there are several classes",
            Role.READING,
            "where PA > 1/2, PB > 0 and PB != 1 - PA, for any number of classes, two included; "
            "for PA <= 1/2 Theorem 1 is tight with 2 + ceil((1 - PA - PB)/PB) classes or more "
            "(with fewer a larger radius is sound there too, exact_multiclass_radius_k), and for "
            "PB = 1 - PA with two or more",
        ),
    ),
    assumptions=(
        "The text says neither for which pairs nor for how many classes; tight means that no "
        "larger radius is sound. At PB = 0 Theorem 1's radius is oo."
    ),
    reference="paper, section 4.2; the exact radius is exact_multiclass_radius",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

PRINTED: Statement = {
    "first": lam / 2 * sp.log(p_a / p_b),
    "second": -lam * sp.log(1 - p_a + p_b),
}

_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant(
        "R_2 larger by 1e-6",
        {"second": PRINTED["second"] + lam * sp.Rational(1, 10**6)},
        "somewhere",
        _PROOFS,
    ),
    Mutant(
        "geometric for arithmetic mean in R_2",
        {"second": -lam * sp.log(4 * (1 - p_a) * p_b) / 2},
        "somewhere",
        _ALL,
    ),
    Mutant("dropped factor 1/2 in R_1", {"first": lam * sp.log(p_a / p_b)}, "somewhere", _ALL),
)

#: the larger radius, for the enclosure: (lambda/2)(Q(PA) - Q(min(PB, 1 - PA))) for PA >= 1/2
_LARGER = {
    "across": -lam / 2 * (sp.log(2 * (1 - p_a)) + sp.log(2 * p_b)),
    "beyond": -lam * sp.log(2 * (1 - p_a)),
}

_g = sp.Symbol("g", nonnegative=True)
_TERM = sp.Symbol("R_i", positive=True)
_SHRUNK = sp.exp(-2 * _TERM / lam)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Theorem 1 against the tie of two half-lines, which is sound by the Lipschitz bound."""
    return [
        chain(
            "somewhere",
            _somewhere(statement),
            conclusion="both terms are below E = (lambda/2)(Q(PA) - Q(PB')), and every r < E is "
            "sound",
        ),
        chain(
            "everywhere",
            _tight(statement),
            proves=False,
            conclusion="PA <= 1/2 or PB = 1 - PA: f = cA iff x_1 <= lambda Q(PA), f = cB iff "
            "x_1 >= -lambda Q(PB), the rest cut into classes of mass at most PB; cB is ahead at "
            "every r beyond Theorem 1's radius",
        ),
    ]


def _somewhere(statement: Statement) -> Iterator[Step]:
    for name in ("across", "beyond"):
        one = region(name, interior=True)
        for term in ("first", "second"):
            said = "(lambda/2) log(PA/PB)" if term == "first" else "-lambda log(1 - PA + PB)"
            yield compare(
                one.shrink(statement[term]),
                ">",
                one.shrunk,
                f"R_i = {said} is below E, as e^(-2R_i/lambda) and e^(-2E/lambda)",
                one.where,
                written=_SHRUNK,
                states=True,
            )
        yield lipschitz_steps.has_quantiles(one)
        yield lipschitz_steps.keeps_ahead(one)
    one = region("beyond", interior=True)
    for term in ("first", "second"):
        yield compare(
            sp.limit(one.shrink(statement[term]), INNER_LEVEL, sp.oo),
            ">",
            sp.limit(one.shrunk, INNER_LEVEL, sp.oo),
            "at PA = 1, where f = cA almost surely and every radius is sound, R_i is finite",
            "PA = 1, the edge w = oo, where PB = 1/(1 + s)",
            written=_SHRUNK,
        )
    yield from lipschitz_steps.moves_at_most()


def _tight(statement: Statement) -> Iterator[Step]:
    low, across = region("low"), region("across")
    yield equal(
        low.shrink(statement["first"]),
        low.shrunk,
        "Lecuyer's term is E, as e^(-2R_i/lambda)",
        low.where,
        written=_SHRUNK,
    )
    yield from lipschitz_steps.half_lines(low)
    rest = 1 - low.p_a - low.p_b
    yield compare(
        (rest / low.p_b + _g) * low.p_b,
        ">=",
        rest,
        "what lies between, of mass 1 - PA - PB, is held by (1 - PA - PB)/PB + g classes of mass "
        "at most PB, every g >= 0 that makes this an integer",
        low.where,
        form=_g * low.p_b,
    )
    yield equal(
        sp.factor(across.shrink(statement["second"]).subs(excess, 0)),
        across.shrunk.subs(excess, 0),
        "the new term is E, as e^(-2R_i/lambda)",
        "PB = 1 - PA <= 1/2, the edge s = 0",
        written=_SHRUNK,
    )
    yield from lipschitz_steps.half_lines(region("beyond"))


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Both terms against a larger radius in boxes, and half-lines where they reach it.

    In units of lambda, which is checked.
    """
    first, second = statement["first"], statement["second"]
    terms = [scales_as(first, 1), scales_as(second, 1)]
    low, across = exact_boxes.piece("low"), exact_boxes.piece("across")
    place = {p_b: 1 - p_a}
    pairs = [
        (low.at(first), low.tie),
        (across.at(second.subs(place)), across.at(_LARGER["beyond"])),
    ]
    return [
        enclosed(
            "somewhere",
            [
                *terms,
                *exact_boxes.ties(_LARGER, "<="),
                *while_true(exact_boxes.strictly_within(first, second, _LARGER)),
                *axis_bound(),
            ],
            conclusion="e^(-2R_i) > e^(-2E), and cA is ahead for every r < E",
        ),
        enclosed(
            "everywhere",
            [
                *terms,
                identical(pairs, "PA <= 1/2: R_1 = E; PB = 1 - PA: R_2 = E"),
                *exact_boxes.ties({"beyond": _LARGER["beyond"]}, ">="),
                exact_boxes.half_lines_tie(),
                *beyond_tie(),
            ],
            proves=False,
            conclusion="half-lines of masses PA and PB tie at Theorem 1's radius",
            witness={
                "PA": "2/5",
                "PB": "1/5",
                "classifier": "cA iff x_1 <= lambda log(4/5), cB iff x_1 >= lambda log(5/2), two "
                "further classes of mass 1/5 between",
                "delta": "(R, 0, ..., 0), R = (lambda/2) log 2",
                "P(f(Y) = cA) = P(f(Y) = cB)": "sqrt(2)/5; cB is ahead at (r, 0, ..., 0), r > R",
            },
        ),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Worst classifiers by linear programming, just beyond Theorem 1's radius."""
    return [_search_larger(statement, seed=seed), _search_tight(statement, seed=seed)]


def _margin(top: float, runner_up: float, scale: float, delta: tuple[float, ...]) -> float:
    law = stats.laplace(scale=scale)
    end = float(law.ppf(top) if top < 0.5 else law.isf(1 - top))
    start = max(end, -float(law.ppf(min(runner_up, 1 - top))))
    return worst_case(grid_for(delta, scale, (end, start)), top, runner_up).margin


def _search_larger(statement: Statement, *, seed: int) -> Evidence:
    start, rng = time.perf_counter(), np.random.Generator(np.random.Philox(seed))
    terms = [numeric_radius(term, p_a=p_a) for term in statement.values()]
    law, witness = stats.laplace(), None
    for number in range(24):
        top, scale = float(rng.uniform(0.55, 0.995)), float(10.0 ** rng.uniform(-1, 1))
        share = float(rng.uniform(0.1, 0.8))
        runner_up = [(1 - top) * share, 1 - top + (2 * top - 1) * share][number % 2]
        printed = max(term(top, runner_up, scale) for term in terms)
        tie = float(law.isf(1 - top) - law.ppf(min(runner_up, 1 - top))) * scale / 2
        distance = (printed + tie) / 2
        delta = (distance,) if number % 3 else (0.7 * distance, -0.3 * distance)
        larger = tie > printed * (1 + 1e-9)
        if witness is None and not (larger and _margin(top, runner_up, scale, delta) > -TOLERANCE):
            found = {"PA": top, "PB": runner_up, "scale": scale, "r": distance}
            witness = {name: repr(value) for name, value in found.items()}
    scope = "24 pairs with PA from 0.55 to 0.995 in d = 1, 2, half-way to the tie of half-lines"
    detail = "no grid classifier changes its prediction beyond Theorem 1's radius"
    return searched("somewhere", scope, detail, start=start, witness=witness)


def _search_tight(statement: Statement, *, seed: int) -> Evidence:
    start, rng = time.perf_counter(), np.random.Generator(np.random.Philox(seed + 1))
    terms = [numeric_radius(term, p_a=p_a) for term in statement.values()]
    kept = lost = None
    for number in range(16):
        top, scale = float(rng.uniform(0.1, 0.5)), float(10.0 ** rng.uniform(-1, 1))
        runner_up = top * float(rng.uniform(0.2, 1.0))
        if number % 2:
            top, runner_up = 1 - top, top
        distance = max(term(top, runner_up, scale) for term in terms) + 0.02 * scale
        found = {"PA": top, "PB": runner_up, "scale": scale, "r": distance}
        named = {name: repr(value) for name, value in found.items()}
        if _margin(top, runner_up, scale, (distance,)) < -TOLERANCE:
            lost = lost or named
        else:
            kept = kept or named
    scope = "16 pairs with PA <= 1/2 or PB = 1 - PA, r = R + 0.02 lambda on an axis"
    said = "beyond Theorem 1's radius cB is ahead for some classifier"
    found_here = searched("everywhere", scope, said, start=start, witness=kept or lost)
    if kept:
        return replace(found_here, grade=Grade.UNDECIDED, finding=None, witness=None)
    return replace(found_here, grade=Grade.CONSISTENT, detail=said)
