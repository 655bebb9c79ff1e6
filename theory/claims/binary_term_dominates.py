"""Section 4.2: in the binary case the new term of Theorem 1 is never below Lecuyer's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import closed_at, enclosed, sign_on_box, vanishes
from theory.enclosures.coverage import at_point
from theory.searches.order_search import near, search_order
from theory.steps import dp_terms
from theory.symbols import excess, lam, p_a, p_b

CLAIM = Claim(
    slug="binary_term_dominates",
    source="section 4.2, after Theorem 2",
    statement=(
        "In the binary case, PB = 1 - PA with PA in [1/2, 1], the new term of Theorem 1, "
        "-lambda log(1 - PA + PB), is never below Lecuyer's, (lambda/2) log(PA/PB)."
    ),
    latex=(
        r"-\lambda\log(1-P_A+P_B)\ge\frac{\lambda}{2}\log\frac{P_A}{P_B}"
        r"\quad\text{for }P_B=1-P_A,\ P_A\in[\tfrac12,1]"
    ),
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("PB", "{1 - PA}", "upper bound on the probability of the other class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "dominates",
            "the new term is at least Lecuyer's for every PA in [1/2, 1]; they are equal at "
            "PA = 1/2 (both 0), and at PA = 1 both are infinite",
        ),
    ),
    assumptions=(
        "the binary case means that Theorem 2's PA is all that is known, so that PB = 1 - PA, as "
        "section 4.3 plugs it in; for a pair with PA + PB < 1, such as PA = 3/5 and PB = 1/10, "
        "Lecuyer's term can be the larger one (remark_2_region)"
    ),
    reference="paper, section 4.2 (proof sketch of Theorem 2)",
    absent={
        Rung.EXPERIMENT: "two formulas are compared: no trained classifier is involved",
        Rung.FIGURE: "it is the line PA + PB = 1 of Figure 4 (remark_2_region)",
    },
)

PRINTED: Statement = {
    "new": -lam * sp.log(1 - p_a + p_b),
    "lecuyer": lam * sp.log(p_a / p_b) / 2,
    "relation": ">=",
}

_ALL = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant(
        "Lecuyer's term larger by 1e-6",
        {"lecuyer": PRINTED["lecuyer"] + lam * sp.Rational(1, 10**6)},
        "dominates",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH),
    ),
    Mutant("flipped inequality", {"relation": "<="}, "dominates", _ALL),
    Mutant("dropped factor 1/2", {"lecuyer": 2 * PRINTED["lecuyer"]}, "dominates", _ALL),
)

_q = sp.Symbol("q", positive=True)
_EDGE = Fraction(1, 2) - Fraction(1, 64)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both terms from the density, then 1 - 4 PA (1 - PA) = (1 - 2 PA)^2."""
    return [
        chain(
            "dominates",
            _dominates(statement),
            conclusion=(
                "new - Lecuyer's = -(lambda/2) log[4 PA (1 - PA)] >= 0, zero only at PA = 1/2"
            ),
        )
    ]


def _dominates(statement: Statement) -> Iterator[Step]:
    new, lecuyer, relation = statement["new"], statement["lecuyer"], statement["relation"]
    yield from dp_terms.bounded_ratio()
    yield equal(
        1 - 4 * p_a * (1 - p_a),
        (1 - 2 * p_a) ** 2,
        "so that 4 PA (1 - PA) <= 1, with equality only at PA = 1/2",
        "every PA",
    )
    binary = (1 + 2 * excess) / (2 * (1 + excess))  # 1 - PA = 1/(2 (1 + s))
    apart = 2 * (new - lecuyer) / lam
    yield compare(
        sp.factor(sp.exp(sp.expand(apart.subs(p_b, 1 - p_a).subs(p_a, binary)))),
        relation,
        1,
        "exp(2 (new - Lecuyer's)/lambda), which is 1/[4 PA (1 - PA)], against 1 = exp(0)",
        "1/2 < PA < 1, written PA = (1 + 2 s)/(2 (1 + s)), s > 0",
        form=excess**2 / (1 + 2 * excess),
        states=True,
    )
    half = sp.Rational(1, 2)
    yield compare(
        apart.subs(p_b, 1 - p_a).subs(p_a, half),
        relation,
        0,
        "both terms are 0",
        "PA = 1/2",
        written=2 * (dp_terms.NEW - dp_terms.LECUYER) / lam,
        states=True,
    )
    for term, name, shown in (
        (new, "the new term", dp_terms.NEW),
        (lecuyer, "Lecuyer's term", dp_terms.LECUYER),
    ):
        yield equal(
            sp.limit(sp.exp(-2 * term / lam).subs(p_b, 1 - p_a), p_a, 1, "-"),
            0,
            f"{name} is infinite, so neither is below the other",
            "PA = 1, PB = 0",
            written=sp.Limit(sp.exp(-2 * shown / lam), p_a, 1, "-"),
        )
    yield from dp_terms.meet(new, lecuyer)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The exponentiated difference on q = 1 - PA in [0, 1/2], divided by its factor q, in Arb.

    new >= Lecuyer's where exp(-2 Lecuyer's) - exp(-2 new) = q/(1 - q) - (2 q)^2 is not negative
    (lambda = 1: both terms are homogeneous in lambda, which is checked). The quotient by q is
    finite at PA = 1 and has a double zero at PA = 1/2.
    """
    new, lecuyer = (
        sp.simplify((statement[name] / lam).subs({p_a: 1 - _q, p_b: _q}))
        for name in ("new", "lecuyer")
    )
    gap = sp.simplify((sp.exp(-2 * lecuyer) - sp.exp(-2 * new)) / _q)
    strict = statement["relation"].rstrip("=")
    pieces = {
        "every lambda > 0 (both terms are lambda times a function of PA)": vanishes(
            sp.diff(new, lam), sp.diff(lecuyer, lam)
        ),
        f"PA in [{1 - _EDGE}, 1], as q = 1 - PA in [0, {_EDGE}]": sign_on_box(
            gap, strict, {_q: (Fraction(0), _EDGE)}
        ),
        f"PA in (1/2, {1 - _EDGE}], as q in [{_EDGE}, 1/2)": closed_at(
            gap, strict, _q, sp.Rational(1, 2), _EDGE, order=2
        ),
        "PA = 1/2": at_point(gap.subs(_q, sp.Rational(1, 2)), statement["relation"]),
    }
    return [
        enclosed(
            "dominates",
            [replace(outcome, scope=where) for where, outcome in pieces.items()],
            conclusion=(
                "with q = 1 - PA, exp(-2 Lecuyer's/lambda) - exp(-2 new/lambda), divided by q, is "
                "positive for q in [0, 1/2) and zero at q = 1/2"
            ),
        )
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Double precision on q = 1 - PA from 1e-300 to 1/2 - 1e-12 and at 1/2, at random scales."""
    rng = np.random.Generator(np.random.Philox(seed))
    q = np.concatenate(
        [
            np.geomspace(1e-300, 0.49, 1500),
            near(0.5, above=False, smallest=1e-12, largest=0.4, count=1500),
            rng.uniform(0.0, 0.5, 2000),
            [0.5],
        ]
    )
    difference = (statement["new"] - statement["lecuyer"]).subs({p_a: 1 - _q, p_b: _q})
    return [
        search_order(
            difference,
            statement["relation"],
            {_q: q, lam: 10.0 ** rng.uniform(-2, 2, len(q))},
            part="dominates",
            scope="1 - PA from 1e-300 to 1/2 - 1e-12 and 1/2 itself, lambda from 0.01 to 100",
        )
    ]
