"""Remark 1: the radius of Theorem 1 tends to infinity as PA -> 1 or PB -> 0."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import mpmath
import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Box, Outcome, enclosed, sign_on_box
from theory.enclosures.coverage import over
from theory.enclosures.divergence_boxes import exceeds_r, exceeds_r_near_one
from theory.enclosures.identities import expanded_log, recomputable
from theory.searches.order_search import search_order
from theory.steps import dp_terms
from theory.steps.term_advantage import at_most_twice
from theory.steps.term_pairs import SHRUNK, enclosed_twice, homogeneous, shrunk
from theory.symbols import excess, lam, p_a, p_b, r

CLAIM = Claim(
    slug="remark_1_divergence",
    source="Remark 1, after Theorem 1",
    statement=(
        "The radius of Theorem 1, R = max{(lambda/2) log(PA/PB), -lambda log(1 - PA + PB)}, tends "
        "to infinity as PA -> 1, and as PB -> 0."
    ),
    latex=r"P_A\to1\ \text{ or }\ P_B\to0\quad\Longrightarrow\quad R\to\infty",
    variables=(
        Variable("PA", "(0, 1]", "lower bound on the probability of the top class at x"),
        Variable("PB", "[0, PA]", "upper bound on every other class's probability at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "runner_up_vanishes",
            "PB -> 0 at a fixed PA: R > r for every PB < PA e^(-2 r/lambda), however large r is",
        ),
        Part(
            "top_is_certain",
            "PA -> 1 with PB <= 1 - PA, as PB = P(f(X) = cB) is: R > r for every "
            "PA > 1 - e^(-r/lambda)/2, however large r is",
        ),
        Part(
            "exactly_when",
            "R lies between Lecuyer's term and twice that term, which it is at PA = 1, so that "
            "R -> oo exactly where PB/PA -> 0",
            Role.CORRECTION,
        ),
        Part(
            "certain_at_a_fixed_bound",
            "PA -> 1 at a fixed PB, which Theorem 1's hypotheses allow: R tends to oo",
            Role.READING,
            "PB is at most 1 - PA as PA -> 1, which P(f(X) = cB) always is; at a fixed PB, an "
            "upper bound looser than that, R stays at most lambda log(1/PB), its limit",
        ),
        Part(
            "both_vanish",
            "PB -> 0 together with PA: R tends to oo",
            Role.READING,
            "PA does not tend to 0 along with PB -> 0: for PA = 2 PB, R tends to "
            "(lambda/2) log 2; in general R -> oo exactly where PB/PA -> 0",
        ),
    ),
    assumptions=(
        "PA and PB obey the hypotheses of Theorem 1 and nothing else; PB = 0 < PA gives R = oo; "
        "the remark does not say what the other bound does meanwhile"
    ),
    reference="paper, Theorem 1 and Remark 1",
    absent={
        Rung.EXPERIMENT: "two formulas are studied: no trained classifier is involved",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

PRINTED: Statement = {
    # R is the larger of these two
    "first": lam / 2 * sp.log(p_a / p_b),
    "second": -lam * sp.log(1 - p_a + p_b),
    # R > r for every PB below the one, and for PB <= 1 - PA and every PA above the other
    "small_b": p_a * sp.exp(-2 * r / lam),
    "large_a": 1 - sp.exp(-r / lam) / 2,
}

_MICRO = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EXACT = (*_PROOFS, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)
_TO_ZERO, _TO_ONE, _WHEN, _FIXED, _BOTH = (part.name for part in CLAIM.parts)
_WIDER = {"small_b": PRINTED["small_b"] + _MICRO}
_LOWER = {"large_a": PRINTED["large_a"] - _MICRO}
_BOUNDED = {"first": lam / 2 * sp.log(p_a / (p_b + _MICRO))}
_PLUS = {"second": PRINTED["second"] + lam * _MICRO}
MUTANTS = (
    Mutant("PB up to 1e-6 more", _WIDER, _TO_ZERO, _EXACT),
    Mutant("PB plus 1e-6 in Lecuyer's term", _BOUNDED, _TO_ZERO, _EXACT),
    Mutant("no 2 in the exponent", {"small_b": p_a * sp.exp(-r / lam)}, _TO_ZERO, _ALL),
    Mutant("PA from 1e-6 less", _LOWER, _TO_ONE, _EXACT),
    Mutant("no factor 1/2", {"large_a": 1 - sp.exp(-r / lam)}, _TO_ONE, _ALL),
    Mutant("new term larger by 1e-6", _PLUS, _WHEN, _EXACT),
)

_m = sp.Symbol("m", positive=True)
_w = sp.Symbol("w", nonnegative=True)
_c = sp.Symbol("c", positive=True)
_R = sp.Symbol("R", positive=True)
_QUARTER, _HALF, _FIXED_B = sp.Rational(1, 4), sp.Rational(1, 2), sp.Rational(3, 10)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """How small PB and how large PA must be for R > r; and two ways on which R stays bounded."""
    cases: tuple[tuple[str, Iterator[Step], bool, str], ...] = (
        (
            _TO_ZERO,
            _to_zero(statement),
            True,
            "R is at least Lecuyer's term, which exceeds r for PB < PA e^(-2 r/lambda)",
        ),
        (
            _TO_ONE,
            _to_one(statement),
            True,
            "R is at least the new term, which exceeds r for PB <= 1 - PA < e^(-r/lambda)/2",
        ),
        (
            _WHEN,
            _when(statement),
            True,
            "Lecuyer's term <= R <= 2 Lecuyer's term = lambda log(PA/PB)",
        ),
        (
            _FIXED,
            _bounded_at_fixed(statement),
            False,
            "R < lambda log(1/PB) for every PA < 1, and it tends to that as PA -> 1",
        ),
        (
            _BOTH,
            _bounded_together(statement),
            False,
            "R = (lambda/2) log 2 for PA = 2 PB and every PB < 1/4",
        ),
    )
    return [
        chain(part, _derived(statement, steps), proves=proves, conclusion=conclusion)
        for part, steps, proves, conclusion in cases
    ]


def _derived(statement: Statement, steps: Iterator[Step]) -> Iterator[Step]:
    """The steps between those that take both terms from the density."""
    yield from dp_terms.bounded_ratio()
    yield from steps
    yield from dp_terms.meet(statement["second"], statement["first"])


def _to_zero(statement: Statement) -> Iterator[Step]:
    first = statement["first"]
    yield compare(
        sp.expand(expanded_log(first.subs(p_b, statement["small_b"] / (1 + excess)))),
        ">",
        r,
        "Lecuyer's term at PB = PA e^(-2 r/lambda)/(1 + s)",
        "0 < PA <= 1, 0 < PB < PA e^(-2 r/lambda), every r > 0, s > 0",
        written=dp_terms.LECUYER,
        states=True,
    )
    yield equal(
        sp.limit(sp.exp(-2 * first / lam), p_b, 0, "+"),
        0,
        "Lecuyer's term is infinite",
        "0 < PA <= 1, PB = 0",
        written=sp.Limit(sp.exp(-2 * dp_terms.LECUYER / lam), p_b, 0, "+"),
        states=True,
    )


def _to_one(statement: Statement) -> Iterator[Step]:
    lost = (1 - statement["large_a"]) / (1 + excess)
    place = {p_a: 1 - lost, p_b: lost / (1 + _w)}
    left = sp.factor(sp.exp(-statement["second"] / lam).subs(place, simultaneous=True))
    yield compare(
        sp.exp(-r / lam),
        ">",
        left,
        "exp(-r/lambda) against exp(-new/lambda) at 1 - PA = e^(-r/lambda)/(2 (1 + s)), "
        "PB = (1 - PA)/(1 + w): the new term is above r",
        "1 - e^(-r/lambda)/2 < PA < 1, 0 < PB <= 1 - PA, every r > 0, s > 0, w >= 0",
    )
    yield compare(
        sp.exp(-r / lam),
        ">",
        left.subs(_w, 0),
        "the same at PB = 1 - PA",
        "1 - e^(-r/lambda)/2 < PA < 1, every r > 0, s > 0",
        states=True,
    )
    yield equal(
        sp.limit(sp.exp(-statement["second"] / lam).subs(p_b, 0), p_a, 1, "-"),
        0,
        "the new term is infinite",
        "PA = 1, PB = 0",
        written=sp.Limit(sp.exp(-dp_terms.NEW / lam), p_a, 1, "-"),
    )


def _when(statement: Statement) -> Iterator[Step]:
    first, second = statement["first"], statement["second"]
    yield from at_most_twice(second, first, sp.Integer(2))
    yield equal(
        first,
        -lam / 2 * sp.log(p_b / p_a),
        "Lecuyer's term, which R is not below either, tends to oo exactly where PB/PA -> 0",
        "0 < PB <= PA <= 1",
        written=dp_terms.LECUYER,
    )


def _bounded_at_fixed(statement: Statement) -> Iterator[Step]:
    top, small = 1 / (1 + _m), 1 / ((1 + _m) * (1 + _w))
    domain = "0 < PB <= PA < 1, PA = 1/(1 + m), m > 0, PB = PA/(1 + w), w >= 0"
    for name, power, said, level in (
        ("second", 1, "the new term", "PB"),
        ("first", 2, "Lecuyer's term", "PB^2"),
    ):
        yield compare(
            shrunk(statement[name], power, top, small),
            ">",
            small**power,
            f"{SHRUNK[power]} of {said} is above that of lambda log(1/PB), {level}: the term is "
            "below that radius",
            domain,
        )
    yield equal(
        statement["second"].subs(p_a, 1),
        -lam * sp.log(p_b),
        "the new term tends to lambda log(1/PB), which is finite",
        "PA -> 1 at a fixed PB in (0, 1)",
        written=dp_terms.NEW,
    )


def _bounded_together(statement: Statement) -> Iterator[Step]:
    small = _QUARTER / (1 + excess)
    yield equal(
        statement["first"].subs(p_a, 2 * p_b),
        lam * sp.log(2) / 2,
        "Lecuyer's term does not depend on PB",
        "PA = 2 PB",
        written=dp_terms.LECUYER,
    )
    yield compare(
        shrunk(statement["second"], 2, 2 * small, small),
        ">",
        shrunk(statement["first"], 2, 2 * small, small),
        "exp(-2 new/lambda) against exp(-2 Lecuyer's/lambda) = 1/2: the new term is smaller",
        "PA = 2 PB, 0 < PB < 1/4, PB = 1/(4 (1 + s)), s > 0",
        written=sp.exp(-2 * dp_terms.NEW / lam),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Quotients that stay positive up to every edge, by Arb, with lambda = 1 and z = e^(-r)."""
    first, second = (statement[name].subs(lam, 1) for name in ("first", "second"))
    scaled = homogeneous(statement["first"], statement["second"])
    small_b, large_a = (statement[name].subs(lam, 1) for name in ("small_b", "large_a"))
    return [
        enclosed(
            _TO_ZERO,
            [scaled, *exceeds_r(first, small_b)],
            conclusion="exp(-2 Lecuyer's) < e^(-2 r) for every PB < PA e^(-2 r), PB = 0 included",
        ),
        enclosed(
            _TO_ONE,
            [scaled, *exceeds_r_near_one(second, large_a)],
            conclusion="exp(-new) < e^(-r) for PB <= 1 - PA < e^(-r)/2",
        ),
        enclosed(
            _WHEN,
            [scaled, *enclosed_twice(second, first, sp.Integer(2))],
            conclusion="exp(-new) is not below exp(-2 Lecuyer's) = PB/PA anywhere",
        ),
        *_enclosed_bounded(first, second, scaled),
    ]


def _enclosed_bounded(first: sp.Expr, second: sp.Expr, scaled: Outcome) -> list[Evidence]:
    near_one = {p_a: (Fraction(3, 10), Fraction(1))}
    small = {p_b: (Fraction(0), Fraction(1, 8))}
    at_fixed, together = (
        ((sp.exp(-second) - end).subs(place), (sp.exp(-2 * first) - end**2).subs(place))
        for place, end in (({p_b: _FIXED_B}, _QUARTER), ({p_a: 2 * p_b}, _HALF))
    )
    where = "3/10 <= PA <= 1, PB = 3/10: R < lambda log 4"
    beside = "PA = 2 PB, 0 < PB <= 1/8: R < lambda log 2"
    return [
        enclosed(
            _FIXED,
            [scaled, *(over(_above(gap, near_one), where) for gap in at_fixed)],
            proves=False,
            conclusion="both terms stay bounded as PA -> 1",
            witness={
                "PB": "3/10",
                "PA": "-> 1",
                "R/lambda": f"-> {recomputable(-sp.log(_FIXED_B))}",
            },
        ),
        enclosed(
            _BOTH,
            [scaled, *(over(_above(gap, small), beside) for gap in together)],
            proves=False,
            conclusion="both terms stay bounded as PB -> 0",
            witness={"PA": "2 PB", "PB": "-> 0", "R/lambda": recomputable(sp.log(2) / 2)},
        ),
    ]


def _above(gap: sp.Expr, box: Box) -> Outcome:
    return sign_on_box(gap, ">", box, max_boxes=2000)


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """R against r up to 300 lambda with 60 digits, and R on the ways on which it stays bounded."""
    rng = np.random.Generator(np.random.Philox(seed))
    count = 400
    scale = 10.0 ** rng.uniform(-1, 1, count)
    points = {
        lam: scale,
        r: scale * 10.0 ** rng.uniform(-3, np.log10(300), count),
        p_a: np.concatenate([rng.uniform(0.01, 1, count // 2), 10.0 ** rng.uniform(-9, 0, 200)]),
        _c: 1 - 10.0 ** rng.uniform(-9, 0, count),
    }
    ours = sp.Max(statement["first"], statement["second"])
    small_b = _c * statement["small_b"]
    lost = _c * (1 - statement["large_a"])
    at_one = {p_a: 1 - lost, p_b: lost}
    twice = {name: points[name] for name in (p_a, _c, lam)}
    both = twice | {p_a: np.where(np.arange(count) % 4 == 0, 1.0, points[p_a])}
    return [
        search_order(
            ours.subs(p_b, small_b) - r,
            ">",
            points,
            part=_TO_ZERO,
            scope="r up to 300 lambda, PA down to 1e-9, PB down to a relative 1e-9 from its limit",
        ),
        search_order(
            ours.subs(at_one, simultaneous=True) - r,
            ">",
            {name: points[name] for name in (r, _c, lam)},
            part=_TO_ONE,
            scope="r up to 300 lambda, PB = 1 - PA down to a relative 1e-9 from its limit",
        ),
        search_order(
            (2 * statement["first"] - ours).subs(p_b, _c * p_a),
            ">=",
            both,
            part=_WHEN,
            scope="PA = 1 and PA down to 1e-9, PB/PA up to 1 - 1e-9",
        ),
        *_search_bounded(ours),
    ]


def _search_bounded(ours: sp.Expr) -> list[Evidence]:
    """R far along both ways, with 400 digits: CONSISTENT with the part being false."""
    start = time.perf_counter()
    value_of = sp.lambdify([p_a, p_b], ours.subs(lam, 1), modules="mpmath")
    found = []
    with mpmath.workdps(400):
        tiny = [mpmath.mpf(10) ** -power for power in range(1, 301, 13)]
        ways = {
            _FIXED: ("PB = 3/10, 1 - PA", [(1 - t, mpmath.mpf(3) / 10) for t in tiny]),
            _BOTH: ("PA = 2 PB, PB", [(2 * t, t) for t in tiny]),
        }
        for part, (said, way) in ways.items():
            values = [value_of(*place) for place in way]
            grows = values[-1] > values[0] + 1
            last = mpmath.nstr(values[-1], 12)
            found.append(
                Evidence(
                    Rung.SEARCH,
                    Grade.CONSISTENT,
                    part,
                    bool(grows),
                    f"{said} from 1e-1 to 1e-287",
                    f"R/lambda ends at {last}",
                    witness=None if grows else {said: "1e-287", "R/lambda": last},
                    seconds=time.perf_counter() - start,
                )
            )
    return found
