"""Section 4.3: the binary radius of Theorem 2 is never below Lecuyer's, on [1/2, 1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import sympy as sp
from scipy import optimize

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import closed_at, enclosed, sign_on_box, vanishes
from theory.enclosures.coverage import at_point
from theory.searches.order_search import Floats, near, search_order
from theory.steps import laplace_steps
from theory.symbols import excess, lam, p

CLAIM = Claim(
    slug="ours_beats_lecuyer",
    source="section 4.3, end",
    statement="-lambda log[2(1 - p)] >= (lambda/2) log(p/(1 - p)) for every p in [1/2, 1).",
    latex=r"-\lambda\log[2(1-p)]\ge\frac{\lambda}{2}\log\frac{p}{1-p}\quad\forall\,p\in[\tfrac12,1)",
    variables=(
        Variable("p", "[1/2, 1)", "PA, the lower bound on the top class's probability at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "ordered",
            "the radius of Theorem 2 is at least Lecuyer's for every p in [1/2, 1), with equality "
            "only at p = 1/2, where both are 0",
        ),
    ),
    reference="paper, section 4.3 (the last inequality)",
    absent={
        Rung.EXPERIMENT: "two formulas are compared: no trained classifier is involved",
        Rung.FIGURE: "both curves are drawn in Figure 6 (figure_6_always_largest)",
    },
)

PRINTED: Statement = {
    "ours": -lam * sp.log(2 * (1 - p)),
    "lecuyer": lam * sp.log(p / (1 - p)) / 2,
    "relation": ">=",
}

_ALL = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant(
        "our radius smaller by 1e-6",
        {"ours": PRINTED["ours"] - lam * sp.Rational(1, 10**6)},
        "ordered",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH),
    ),
    Mutant("flipped inequality", {"relation": "<="}, "ordered", _ALL),
    Mutant("dropped factor 1/2", {"lecuyer": 2 * PRINTED["lecuyer"]}, "ordered", _ALL),
)

_k = sp.Symbol("k", positive=True)
_w = sp.Symbol("w", positive=True)
_q = sp.Symbol("q", positive=True)
_R = sp.Symbol("R", positive=True)
_L = sp.Symbol("R_Lecuyer", positive=True)
_EDGE = Fraction(63, 64)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The radius is a quantile of the density; the difference grows from zero at p = 1/2."""
    return [
        chain(
            "ordered",
            _ordered(statement),
            conclusion=(
                "the difference is 0 at p = 1/2, has the derivative lambda (2p - 1)/(2p(1 - p)) "
                "> 0, and tends to oo as p -> 1"
            ),
        )
    ]


def _ordered(statement: Statement) -> Iterator[Step]:
    ours, lecuyer, relation = statement["ours"], statement["lecuyer"], statement["relation"]
    # the quantile at the level p is lambda log(1 + s): s = 0 is p = 1/2, s -> oo is p -> 1
    level = sp.factor(laplace_steps.threshold_probability(_k).subs(_k, sp.log(1 + excess)))
    domain = "1/2 < p < 1, written p = P(X_1 <= lambda log(1 + s)) from the density, s > 0"
    difference = sp.expand(-2 * _logs(ours - lecuyer, level) / lam)
    yield compare(
        _logs(ours, level),
        relation,
        _logs(lecuyer, level),
        "our radius against Lecuyer's, at p = 1 - 1/(2 (1 + s))",
        domain,
        along=(excess, sp.Integer(0), 1),
        states=True,
    )
    half = {p: sp.Rational(1, 2)}
    yield compare(
        ours.subs(half),
        relation,
        lecuyer.subs(half),
        "our radius at p = 1/2 against Lecuyer's there; both are 0",
        "p = 1/2",
        written=sp.Function("R")(sp.Rational(1, 2)),
        states=True,
    )
    yield equal(
        sp.diff(ours - lecuyer, p),
        lam * (2 * p - 1) / (2 * p * (1 - p)),
        "the derivative of the difference, whose only zero is p = 1/2",
        "1/2 <= p < 1",
        written=sp.Derivative(_R - _L, p),
    )
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, _logs(ours, level)),
        level,
        "the radius R of Theorem 2 is the quantile: P(X_1 <= R) = p, from the density",
        domain,
        written=densities.integral(densities.laplace, lam, -sp.oo, _R),
    )
    yield equal(
        sp.limit(sp.factor(sp.exp(difference)), excess, sp.oo),
        0,
        "the difference tends to oo",
        "p -> 1, that is s -> oo",
        written=sp.Limit(sp.exp(-2 * (_R - _L) / lam), excess, sp.oo),
    )


def _logs(radius: sp.Expr, level: sp.Expr) -> sp.Expr:
    """The radius at the level, with the logarithms of products taken apart."""
    return sp.expand(sp.expand_log(sp.factor(radius.subs(p, level), deep=True)))


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """On w = e^(-Lecuyer's/lambda) = sqrt((1 - p)/p) in [0, 1], in Arb.

    With p = 1/(1 + w^2), ours >= Lecuyer's where e^(-Lecuyer's) - e^(-ours) is not negative
    (lambda = 1). Its quotient by w, 1 - 2 w/(1 + w^2), is finite at p = 1 (w = 0) and has a
    double zero at p = 1/2 (w = 1).
    """
    ours, lecuyer = (
        sp.simplify((statement[name] / lam).subs(p, 1 / (1 + _w**2)))
        for name in ("ours", "lecuyer")
    )
    gap = sp.simplify((sp.exp(-lecuyer) - sp.exp(-ours)) / _w)
    strict = statement["relation"].rstrip("=")
    edge = 1 / (1 + _EDGE**2)
    pieces = {
        "every lambda > 0 (both radii are lambda times a function of p)": vanishes(
            sp.diff(ours, lam), sp.diff(lecuyer, lam)
        ),
        f"p in [{edge}, 1), as w = sqrt((1 - p)/p) in [0, {_EDGE}]": sign_on_box(
            gap, strict, {_w: (Fraction(0), _EDGE)}
        ),
        f"p in (1/2, {edge}], as w in [{_EDGE}, 1)": closed_at(
            gap, strict, _w, sp.Integer(1), _EDGE, order=2
        ),
        "p = 1/2": at_point(gap.subs(_w, 1), statement["relation"]),
    }
    return [
        enclosed(
            "ordered",
            [replace(outcome, scope=where) for where, outcome in pieces.items()],
            conclusion=(
                "with w = sqrt((1 - p)/p), e^(-Lecuyer's/lambda) - e^(-ours/lambda), divided by w, "
                "is positive for w in [0, 1) and zero at w = 1, that is at p = 1/2"
            ),
        )
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Double precision on 1 - p: grids to both ends, and the minimum by scipy's bounded search."""
    rng = np.random.Generator(np.random.Philox(seed))
    difference = (statement["ours"] - statement["lecuyer"]).subs(p, 1 - _q)
    q = np.concatenate(
        [
            np.geomspace(1e-300, 0.49, 1000),
            near(0.5, above=False, smallest=1e-12, largest=0.4, count=1000),
            [0.5],
            _smallest(sp.lambdify([_q], difference.subs(lam, 1), modules="numpy")),
        ]
    )
    return [
        search_order(
            difference,
            statement["relation"],
            {_q: q, lam: 10.0 ** rng.uniform(-2, 2, len(q))},
            part="ordered",
            scope=(
                "1 - p from 1e-300 to 1/2 - 1e-12, 1/2 itself and local minima, "
                "lambda from 0.01 to 100"
            ),
        )
    ]


def _smallest(difference: object) -> Floats:
    found = []
    edges = [1e-6, 1e-3, 0.05, 0.15, 0.3, 0.4999]
    for low, high in pairwise(edges):
        found.append(optimize.minimize_scalar(difference, bounds=(low, high)).x)
    return np.asarray(found, dtype=np.float64)
