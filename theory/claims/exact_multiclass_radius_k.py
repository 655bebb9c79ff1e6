"""Beyond the paper: the exact radius for a pair (PA, PB) with exactly K classes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import enclosed
from theory.enclosures import exact_boxes
from theory.enclosures.axis_dual import axis_bound, beyond_tie
from theory.enclosures.coverage import identical, scales_as
from theory.searches.exact_k_search import search_k
from theory.steps import exact_steps, lipschitz_steps
from theory.steps.lipschitz_steps import REGIONS, region
from theory.symbols import lam, p_a, p_b
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="exact_multiclass_radius_k",
    source="beyond the paper (Theorems 1 and 2)",
    statement=(
        "With exactly K >= 2 classes, PB' = min(PB, 1 - PA) and PA' = max(PA, 1 - (K - 1) PB'), "
        "the tight certificate for (PA, PB) is R = (lambda/2)(Q(PA') - Q(PB')), in every "
        "dimension; without a PB, PB = 1 - PA."
    ),
    latex=(
        r"R=\tfrac\lambda2\left(Q(p_A')-Q(p_B')\right),\quad p_B'=\min(p_B,1-p_A),\quad "
        r"p_A'=\max(p_A,1-(K-1)p_B')"
    ),
    variables=(
        Variable("PA", "[0, 1]", "lower bound on the probability of the top class at x"),
        Variable("PB", "[0, PA]", "upper bound on the probability of every other class at x"),
        Variable("K", "2, 3, 4, ...", "number of classes"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
    ),
    parts=(
        Part(
            "sound",
            "cA is strictly ahead of the K - 1 other classes at x + delta for every f with K "
            "classes, every delta with ||delta||_1 < R and every dimension",
        ),
        Part(
            "attained",
            "no larger radius is sound with exactly K classes: cA = {x_1 <= lambda Q(PA')}, "
            "cB = {x_1 >= -lambda Q(PB')}, and K - 2 intervals of equal mass, at most PB', "
            "between; they tie at r = R, and cB is strictly ahead at (r, 0, ..., 0) for r > R",
        ),
        Part(
            "no_pb",
            "without a PB, PB = 1 - PA gives R = lambda Q(PA) = -lambda log[2(1 - PA)] for every "
            "K and PA >= 1/2, which is the radius of Theorem 2",
        ),
        Part(
            "more_classes",
            "for PB > 0, R is the radius for any number of classes where PA + (K - 1) PB' >= 1, "
            "and strictly larger elsewhere",
        ),
    ),
    assumptions=(
        "Some of the K classes may be empty. At PB = 0 and at PA = 1, R = oo: then f = cA almost "
        "surely. Without a PB nothing is certified at PA < 1/2, where PB = 1 - PA exceeds PA."
    ),
    reference="Beyond the paper; see exact_multiclass_radius for any number of classes",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

K = sp.Symbol("K", positive=True)

#: PA' = PA in the first three pieces, and PA' = 1 - (K - 1) PB in the forced ones
PRINTED: Statement = {
    "low": lam / 2 * (sp.log(2 * p_a) - sp.log(2 * p_b)),
    "across": lam / 2 * (-sp.log(2 * (1 - p_a)) - sp.log(2 * p_b)),
    "beyond": lam / 2 * (-sp.log(2 * (1 - p_a)) - sp.log(2 * (1 - p_a))),
    "forced_low": lam / 2 * (sp.log(2 * (1 - (K - 1) * p_b)) - sp.log(2 * p_b)),
    "forced_high": lam / 2 * (-sp.log(2 * (K - 1) * p_b) - sp.log(2 * p_b)),
    "no_pb": -lam * sp.log(2 * (1 - p_a)),
}

_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)


def _high(others: sp.Expr) -> Statement:
    return {"forced_high": lam / 2 * (-sp.log(2 * others * p_b) - sp.log(2 * p_b))}


MUTANTS = (
    Mutant(
        "larger by 1e-6", {"forced_low": PRINTED["forced_low"] + lam * _SHIFT}, "sound", _PROOFS
    ),
    Mutant("K - 3/2 for K - 1", _high(K - sp.Rational(3, 2)), "sound", _ALL),
    Mutant("dropped factor 1/2", {"across": 2 * PRINTED["across"]}, "sound", _ALL),
    Mutant("smaller by 1e-6", {"beyond": PRINTED["beyond"] - lam * _SHIFT}, "attained", _PROOFS),
    Mutant("K for K - 1", _high(K), "attained", _ALL),
    Mutant("PB for PB'", {"beyond": PRINTED["across"]}, "attained", (*_PROOFS, Rung.SEARCH)),
    Mutant("no PB: larger by 1e-6", {"no_pb": PRINTED["no_pb"] + lam * _SHIFT}, "no_pb", _PROOFS),
    Mutant(
        "no PB: dropped factor 2",
        {"no_pb": -lam * sp.log(1 - p_a)},
        "no_pb",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant(
        "no gain from K classes",
        _high(K),
        "more_classes",
        _PROOFS,
    ),
)

_j = sp.Symbol("j", integer=True, nonnegative=True)
_g = sp.Symbol("g", nonnegative=True)
_v = sp.Symbol("v", positive=True)
_R = sp.Symbol("R", positive=True)
_FORCED = {"low": "forced_low", "across": "forced_high"}
_COUNT = "K = 2 + j, j = 0, 1, 2, ..."


def _forced(statement: Statement) -> Mapping[str, sp.Expr]:
    """The forced pieces in PA' (in the place of PA) and PB: K = 1 + (1 - PA')/PB."""
    return {
        name: statement[formula].subs(K, 1 + (1 - p_a) / p_b) for name, formula in _FORCED.items()
    }


def _free(statement: Statement) -> Mapping[str, sp.Expr]:
    return {name: statement[name] for name in REGIONS}


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The masses of K classes force PA' and PB'; then the Lipschitz bound and the half-lines."""
    return [
        chain(
            "sound",
            _sound(statement),
            conclusion="P(f(X) = cA) >= PA', P(f(X) = c) <= PB', and Q moves by r/lambda at most",
        ),
        chain(
            "attained",
            _attained(statement),
            conclusion="two half-lines of masses PA' and PB', and K - 2 intervals between",
        ),
        chain("no_pb", _no_pb(statement), conclusion="PA' = PA, PB' = 1 - PA and R = lambda Q(PA)"),
        chain(
            "more_classes",
            _more_classes(statement),
            conclusion="PA' = PA, or else PA' > PA and Q is strictly increasing",
        ),
    ]


def _sound(statement: Statement) -> Iterator[Step]:
    yield compare(
        1 - (_j + 1) * (p_b - _g),
        ">=",
        1 - (_j + 1) * p_b,
        "every other class has at most PB, and at most 1 - PA, of the mass at x; P(f(X) = cA) is 1 "
        "less these K - 1 masses (PB' - g on average), and at least PA' = max(PA, 1 - (K - 1) PB')",
        f"{_COUNT}; every g in [0, PB']",
        form=(_j + 1) * _g,
        written=sp.Function("P")(sp.Symbol("f(X) = cA")),
    )
    yield from exact_steps.within_tie(_free(statement))
    yield from exact_steps.at_most_tie(_forced(statement))


def _attained(statement: Statement) -> Iterator[Step]:
    yield equal(
        1 - (1 - (_j + 1) * p_b) - p_b,
        _j * p_b,
        "PA' = 1 - (K - 1) PB leaves (K - 2) PB between the half-lines, so that PA' + PB' <= 1, "
        "and PB' <= 1 - PA' where PA is raised",
        _COUNT,
        written=1 - sp.Symbol("PA'") - sp.Symbol("PB'"),
    )
    yield from exact_steps.reaches_tie(_free(statement))
    yield from exact_steps.at_least_tie(_forced(statement))
    for name in ("low", "across"):
        one = region(name)
        classes = 1 + (1 - one.p_a) / one.p_b + _g
        yield compare(
            (classes - 2) * one.p_b,
            ">=",
            1 - one.p_a - one.p_b,
            "K - 2 classes of mass PB' hold all that lies between (PA in the place of PA')",
            f"{one.where}; PA + (K - 1) PB = 1 + g PB, every g >= 0 (g = 0 where PA is raised)",
            form=sp.simplify(_g * one.p_b),
        )
    one = region("beyond")
    yield equal(
        sp.factor(one.p_a + one.capped),
        1,
        "PB' = 1 - PA: nothing lies between",
        one.where,
        written=sp.Symbol("PA") + sp.Symbol("PB'"),
    )


def _no_pb(statement: Statement) -> Iterator[Step]:
    one = region("across")
    place = {p_a: one.p_a, p_b: 1 - one.p_a}
    where = "PA = 1 - 1/(2(1 + w)) >= 1/2, PB = 1 - PA, every w >= 0 (PA = 1 gives R = oo)"
    for name in ("across", "beyond"):
        shrunk = (sp.exp(sp.expand(-2 * statement[of] / lam)) for of in ("no_pb", name))
        stated, exact = (sp.factor(e.subs(place, simultaneous=True)) for e in shrunk)
        yield equal(
            stated,
            exact,
            "-lambda log[2(1 - PA)] against R, as e^(-2R/lambda)",
            where,
            written=sp.exp(-2 * _R / lam),
            states=True,
        )
    yield equal(
        lipschitz_steps.half_line_quantile(one.top),
        one.top,
        "R = lambda Q(PA), from the density",
        where,
        written=lipschitz_steps.QUANTILE(sp.Symbol("PA")),
    )
    yield compare(
        1 - (_j + 1) * (1 - one.p_a),
        "<=",
        one.p_a,
        "PA is not raised: 1 - (K - 1)(1 - PA) <= PA",
        f"{where}; {_COUNT}",
        form=-_j * sp.factor(1 - one.p_a),
    )


def _more_classes(statement: Statement) -> Iterator[Step]:
    low, across = region("low"), region("across", interior=True)
    raised = _forced(statement)
    for one, name, top, where in (
        (low, "low", low.p_a / (1 + _v), "PA = PA'/(1 + v) < PA' <= 1/2"),
        (
            across,
            "across",
            1 - (1 - across.p_a) * (1 + _v),
            "1/2 <= PA < PA', 1 - PA = (1 - PA')(1 + v)",
        ),
        (across, "low", 1 / (2 * (1 + _g)), "PA = 1/(2(1 + g)) <= 1/2 < PA'"),
    ):
        free = sp.exp(sp.expand(-2 * statement[name] / lam))
        free = sp.factor(free.subs({p_a: top, p_b: one.p_b}, simultaneous=True))
        yield compare(
            one.shrink(raised["low" if one is low else "across"]),
            "<",
            free,
            "the radius with PA raised to PA' against the one for any number of classes, as "
            "e^(-2R/lambda)",
            f"{where}; with PA' for PA: {one.where}; every v > 0, g >= 0",
            written=sp.exp(-2 * _R / lam),
            states=True,
        )
        yield lipschitz_steps.has_quantiles(one)
    yield from exact_steps.at_least_tie(raised)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The dual bound on each axis and the half-lines, by the closed masses of half-lines.

    In units of lambda, which is checked.
    """
    free, raised = _free(statement), _forced(statement)
    units = [scales_as(statement[name], 1) for name in PRINTED]
    low, high = (
        [*exact_boxes.ties(free, relation), *exact_boxes.ties(raised, relation)]
        for relation in ("<=", ">=")
    )
    k = sp.Symbol("k", positive=True)
    alone = statement["no_pb"].subs(lam, 1).subs(p_a, half_line_mass(k))
    masses = [
        (1 - (1 - (K - 1) * p_b) - p_b, (K - 2) * p_b),
        (half_line_mass(k) + half_line_mass(-k), sp.Integer(1)),
    ]
    return [
        enclosed(
            "sound",
            [*units, *low, *axis_bound()],
            conclusion="K - 1 masses of at most PB' leave PA' to cA; the bounds meet at the tie, "
            "which R does not exceed",
        ),
        enclosed(
            "attained",
            [
                *units,
                *high,
                exact_boxes.half_lines_tie(),
                identical(masses, "what lies between: (K - 2) PB' where PA is raised, 0 beyond"),
                *beyond_tie(),
            ],
            conclusion="the half-lines tie at E, which R reaches, and cB gains beyond",
        ),
        enclosed(
            "no_pb",
            [
                *units,
                identical([(alone, k)], "PB = 1 - PA, k = Q(PA) > 0 (0 as a limit)"),
                *exact_boxes.ties({"beyond": statement["beyond"]}, ">="),
                *exact_boxes.ties({"beyond": statement["beyond"]}, "<="),
            ],
            conclusion="R = Q(PA) for every K",
        ),
        enclosed(
            "more_classes",
            [*units, *high, *low, *beyond_tie()],
            conclusion="R = (Q(PA') - Q(PB'))/2 with and without PA raised to PA' > PA, and Q is "
            "strictly increasing",
        ),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Worst classifiers of exactly K classes by linear programming, on both sides of R."""
    return search_k(statement, K, seed=seed)
