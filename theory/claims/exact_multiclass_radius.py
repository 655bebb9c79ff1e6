"""Beyond the paper: the exact multi-class radius for a pair (PA, PB)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain as joined

import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, equal
from theory.enclosure import Outcome, enclosed
from theory.enclosures import exact_boxes
from theory.enclosures.axis_dual import axis_bound, beyond_tie
from theory.enclosures.coverage import identical, scales_as
from theory.enclosures.exact_boxes import while_true
from theory.searches.exact_search import (
    exact_radius,
    search_beyond,
    search_classes,
    search_gain,
    search_order_of_terms,
    search_unbounded,
)
from theory.searches.search import search_radius
from theory.steps import exact_steps, lipschitz_steps
from theory.steps.lipschitz_steps import REGIONS, region
from theory.symbols import lam, p_a, p_b

CLAIM = Claim(
    slug="exact_multiclass_radius",
    source="beyond the paper (Theorem 1, section 4.2)",
    statement=(
        "With PB' = min(PB, 1 - PA), the tight certificate for (PA, PB) is "
        "R = (lambda/2)(Q(PA) - Q(PB')): sound in every dimension, attained with "
        "2 + ceil((1 - PA - PB')/PB) classes, never below Theorem 1, and larger by a factor of up "
        "to 3/2 where PA + PB <= 1."
    ),
    latex=(
        r"R=\tfrac\lambda2\left(Q(p_A)-Q(p_B')\right),\quad p_B'=\min(p_B,1-p_A),\quad "
        r"\max\{\tfrac\lambda2\log\tfrac{p_A}{p_B},-\lambda\log(1-p_A+p_B)\}\le R"
    ),
    variables=(
        Variable("PA", "[0, 1]", "lower bound on the probability of the top class at x"),
        Variable("PB", "[0, PA]", "upper bound on the probability of every other class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
    ),
    parts=(
        Part(
            "sound",
            "cA is strictly ahead of every other class at x + delta for every f, every delta with "
            "||delta||_1 < R and every dimension",
        ),
        Part(
            "attained",
            "no larger radius is sound: with cA = {x_1 <= lambda Q(PA)} and "
            "cB = {x_1 >= -lambda Q(PB')}, cB is strictly ahead at (r, 0, ..., 0) for every r > R, "
            "and they tie at r = R",
        ),
        Part(
            "classes",
            "ceil((1 - PA - PB)/PB) further classes, and no fewer, share what lies between them "
            "(none where PB >= 1 - PA), each of mass at most PB",
        ),
        Part("never_below", "R is at least each term of Theorem 1, for every PB <= PA"),
        Part(
            "strictly_larger",
            "R is strictly larger than Theorem 1 exactly where PA > 1/2, PB > 0 and PB != 1 - PA "
            "(at PA = 1, R = oo against -lambda log PB)",
        ),
        Part(
            "gain",
            "on PA + PB <= 1 the ratio of R to Theorem 1 has the supremum 3/2; it is not attained, "
            "and approached on PB = (1 - PA)^2/PA as PA -> 1",
        ),
        Part(
            "gain_beyond",
            "on PA + PB > 1 the ratio is unbounded for every PA in (1/2, 1): as PB -> PA both "
            "terms of Theorem 1 vanish, and R stays -lambda log[2(1 - PA)] > 0",
        ),
    ),
    assumptions=(
        "f is any deterministic or random base classifier with enough classes. At PB = 0 and at "
        "PA = 1, R = oo: then f = cA almost surely, and nothing is left to attain. Where both "
        "radii are 0 (PA = PB <= 1/2) or infinite they have no ratio. Theorem 1 stands for the "
        "larger of its two terms."
    ),
    reference="Beyond the paper; it answers section 4.2 on Theorem 1",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
    },
)

PRINTED: Statement = {
    "low": lam / 2 * (sp.log(2 * p_a) - sp.log(2 * p_b)),
    "across": lam / 2 * (-sp.log(2 * (1 - p_a)) - sp.log(2 * p_b)),
    "beyond": lam / 2 * (-sp.log(2 * (1 - p_a)) - sp.log(2 * (1 - p_a))),
    "further": (1 - p_a - p_b) / p_b,
    "first": lam / 2 * sp.log(p_a / p_b),
    "second": -lam * sp.log(1 - p_a + p_b),
    "gain": sp.Rational(3, 2),
}

_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_WITH_SEARCH = (*_PROOFS, Rung.SEARCH)
_ALL = (*_WITH_SEARCH, Rung.SIMULATION)


def _changed(name: str, by: sp.Expr) -> Statement:
    return {name: PRINTED[name] + by}


MUTANTS = (
    Mutant("larger by 1e-6", _changed("across", lam * _SHIFT), "sound", _PROOFS),
    Mutant("dropped factor 1/2", {"low": 2 * PRINTED["low"]}, "sound", _ALL),
    Mutant("1 - PA for PB", {"across": -lam * sp.log(2 * p_b)}, "sound", _ALL),
    Mutant("smaller by 1e-6", _changed("beyond", -lam * _SHIFT), "attained", _PROOFS),
    Mutant("Lecuyer's term", {"across": PRINTED["first"]}, "attained", _ALL),
    Mutant("PB for PB'", {"beyond": PRINTED["across"]}, "attained", _WITH_SEARCH),
    Mutant("one class fewer", _changed("further", -sp.Integer(1)), "classes", _WITH_SEARCH),
    Mutant("1e-6 of a class fewer", _changed("further", -_SHIFT), "classes", _PROOFS),
    Mutant("R_2 larger by 1e-6", _changed("second", lam * _SHIFT), "never_below", _WITH_SEARCH),
    Mutant("R_2 without PB", {"second": -lam * sp.log(1 - p_a)}, "never_below", _WITH_SEARCH),
    Mutant("R_1 larger by 1e-6", _changed("first", lam * _SHIFT), "strictly_larger", _WITH_SEARCH),
    Mutant("gain larger by 1e-6", _changed("gain", _SHIFT), "gain", _WITH_SEARCH),
    Mutant("gain smaller by 1e-6", _changed("gain", -_SHIFT), "gain", _WITH_SEARCH),
    Mutant("R_2 for R", {"beyond": PRINTED["second"]}, "gain_beyond", _WITH_SEARCH),
)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The Lipschitz bound on quantiles, the half-lines that attain it, and Theorem 1 beside it."""
    radius = {name: statement[name] for name in REGIONS}
    return [
        chain(
            "sound",
            exact_steps.within_tie(radius),
            conclusion="Q(P(f(Y) = cA)) > Q(P(f(Y) = c)) for every r < R",
        ),
        chain(
            "attained",
            exact_steps.reaches_tie(radius),
            conclusion="two half-lines of masses PA and PB'",
        ),
        chain(
            "classes",
            _classes(statement["further"]),
            conclusion="PA + PB' + m PB >= 1 exactly for m >= (1 - PA - PB')/PB",
        ),
        chain(
            "never_below",
            exact_steps.never_below(statement, radius),
            conclusion="AM-GM: 4 (1 - PA) PB <= (1 - PA + PB)^2 and 4 PA (1 - PA) <= 1",
        ),
        chain(
            "strictly_larger",
            joined(
                exact_steps.strictly_larger(statement, radius),
                exact_steps.equal_elsewhere(statement, radius),
            ),
            conclusion="both inequalities are strict for PA > 1/2 and PB != 1 - PA, and one of "
            "them is an equality elsewhere",
        ),
        chain(
            "gain",
            exact_steps.gain(statement, radius, statement["gain"]),
            conclusion="R < (3/2) max(R_1, R_2) for PA > 1/2, and the ratio tends to 3/2",
        ),
        chain(
            "gain_beyond",
            exact_steps.unbounded_beyond(statement, radius),
            conclusion="as PB -> PA, max(R_1, R_2) -> 0 and R does not depend on PB",
        ),
    ]


def _classes(further: sp.Expr) -> Iterator[Step]:
    for name in ("low", "across"):
        one = region(name)
        stated = further.subs({p_a: one.p_a, p_b: one.p_b}, simultaneous=True)
        yield equal(
            sp.factor(one.p_a + one.p_b + stated * one.p_b),
            1,
            "with that many further classes of mass PB, all masses add up to 1: with fewer they "
            "cannot, and with more the middle is cut into equal intervals",
            one.where,
            written=sp.Function("P")(sp.Symbol("all classes")),
            states=True,
        )
        yield lipschitz_steps.has_quantiles(one)
    one = region("beyond")
    yield equal(
        sp.factor(one.p_a + one.capped),
        1,
        "PB' = 1 - PA: the two half-lines are the whole line, and no further class is needed",
        one.where,
        written=sp.Symbol("PA") + sp.Symbol("PB'"),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The dual bound on each axis, half-lines by their closed masses, and both terms in boxes.

    In units of lambda, which is checked.
    """
    radius = {name: statement[name] for name in REGIONS}
    units = [scales_as(formula, 1) for formula in radius.values()]
    at_most, at_least = (list(exact_boxes.ties(radius, relation)) for relation in ("<=", ">="))
    return [
        enclosed(
            "sound",
            [*units, *at_most, *axis_bound()],
            conclusion="P(f(Y) = cA) >= F(Q(PA) - r) and P(f(Y) = c) <= F(Q(PB') + r) on every "
            "path along the axes; they meet at the tie E, which R does not exceed",
        ),
        enclosed(
            "attained",
            [*units, *at_least, exact_boxes.half_lines_tie(), *beyond_tie()],
            conclusion="the half-lines tie at E, which R reaches, and cB gains beyond",
        ),
        enclosed(
            "classes",
            [_all_classes(statement["further"])],
            conclusion="PA + PB' + m PB = 1 at m = (1 - PA - PB')/PB",
        ),
        *_enclosed_terms(statement, radius, units),
    ]


def _enclosed_terms(
    statement: Statement, radius: dict[str, sp.Expr], units: list[Outcome]
) -> list[Evidence]:
    first, second = statement["first"], statement["second"]
    units = [*units, scales_as(first, 1), scales_as(second, 1)]
    elsewhere = exact_boxes.equal_elsewhere(first, second, radius)
    strictly = while_true(exact_boxes.strictly_within(first, second, radius))
    return [
        enclosed(
            "never_below",
            [
                *units,
                *strictly,
                elsewhere,
                *while_true(exact_boxes.second_below_half(second, radius["low"])),
            ],
            conclusion="e^(-2R_i) >= e^(-2R) on every piece (the edges as limits)",
        ),
        enclosed(
            "strictly_larger",
            [
                *units,
                elsewhere,
                *strictly,
            ],
            conclusion="e^(-2R_i) > e^(-2R) for PA > 1/2 and PB != 1 - PA, and equal elsewhere",
        ),
        enclosed(
            "gain",
            [
                *units,
                *while_true(
                    exact_boxes.gain_approached(first, radius["across"], statement["gain"]),
                    exact_boxes.gain_at_most(first, second, radius["across"]),
                ),
                elsewhere,
            ],
            conclusion="e^(-3R_i) < e^(-2R) for the larger term, and the ratio tends to the gain",
        ),
        enclosed(
            "gain_beyond",
            [
                *units,
                *while_true(exact_boxes.unbounded_beyond(first, second, radius["beyond"])),
            ],
            conclusion="both terms vanish at PB = PA, R does not",
        ),
    ]


def _all_classes(further: sp.Expr) -> Outcome:
    pairs = []
    for name in ("low", "across"):
        here = exact_boxes.piece(name)
        pairs.append((here.p_a + here.p_b * (1 + here.at(further)), sp.Integer(1)))
    beyond = exact_boxes.piece("beyond")
    capped = sp.exp(-beyond.tie) / 2
    return identical([*pairs, (beyond.p_a + capped, sp.Integer(1))], "every PB <= PA")


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Linear programs on both sides of the radius; both terms, the gain and the classes."""
    first, second = statement["first"], statement["second"]
    radius = exact_radius(statement)
    ordered = ("never_below", "strictly_larger")
    return [
        search_radius(radius, binary=False, seed=seed, part="sound"),
        search_beyond(radius, part="attained", seed=seed),
        search_classes(statement["further"], part="classes", seed=seed),
        *search_order_of_terms(first, second, radius, parts=ordered, seed=seed),
        search_gain(first, second, statement, statement["gain"], part="gain", seed=seed),
        search_unbounded(first, second, radius, part="gain_beyond", seed=seed),
    ]
