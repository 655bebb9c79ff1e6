"""Remark 2: where the new term of Theorem 1 beats Lecuyer's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import mpmath
import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import enclosed, vanishes
from theory.enclosures.term_regions import OPPOSITE, Region
from theory.searches.findings import searched
from theory.searches.order_search import Floats, search_order
from theory.steps import dp_terms
from theory.symbols import excess, lam, p_a, p_b

CLAIM = Claim(
    slug="remark_2_region",
    source="Remark 2, Figure 4, appendix B (end)",
    statement=(
        "The new term of Theorem 1, -lambda log(1 - PA + PB), is better than Lecuyer's "
        "(lambda/2) log(PA/PB) if, and only if, PB lies between the roots "
        "[1 - 2 PA (1 - PA) -+ sqrt(1 - 4 PA (1 - PA))]/(2 PA)."
    ),
    latex=(
        r"\frac{1-2P_A(1-P_A)-\sqrt{1-4P_A(1-P_A)}}{2P_A}\le P_B\le"
        r"\frac{1-2P_A(1-P_A)+\sqrt{1-4P_A(1-P_A)}}{2P_A}"
    ),
    variables=(
        Variable("PA", "(0, 1]", "lower bound on the probability of the top class at x"),
        Variable("PB", "[0, PA]", "upper bound on every other class's probability at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part("inside", "between the roots, ends included, the new term is at least Lecuyer's"),
        Part("outside", "for every other PB in [0, PA] the new term is smaller than Lecuyer's"),
        Part(
            "simple_roots",
            "the lower and the upper root are (1 - PA)^2/PA and PA for PA >= 1/2, and PA and "
            "(1 - PA)^2/PA for PA < 1/2, where PB = PA is all that lies between them with PB <= PA",
            Role.CORRECTION,
        ),
        Part(
            "strict",
            '"better" can be read as strictly larger on the whole closed interval',
            Role.READING,
            '"better" means at least as large: at both ends of the interval the two terms are '
            "equal, and the new term is strictly larger only for PA > 1/2 and "
            "(1 - PA)^2/PA < PB < PA; PA > 0, as the printed roots divide by PA",
        ),
    ),
    assumptions="PB = 0 makes Lecuyer's term infinite; PA = 1 and PB = 0 make both infinite.",
    reference="paper, Remark 2 and the end of appendix B",
    absent={Rung.EXPERIMENT: "two formulas are compared: no trained classifier is involved"},
)

_SPREAD = sp.sqrt(1 - 4 * p_a * (1 - p_a))

PRINTED: Statement = {
    "new": -lam * sp.log(1 - p_a + p_b),
    "lecuyer": lam * sp.log(p_a / p_b) / 2,
    "lower": (1 - 2 * p_a * (1 - p_a) - _SPREAD) / (2 * p_a),
    "upper": (1 - 2 * p_a * (1 - p_a) + _SPREAD) / (2 * p_a),
    "relation": ">=",
}

_MICRO = sp.Rational(1, 10**6)
_EXACT = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)

MUTANTS = (
    Mutant("lower root less 1e-6", {"lower": PRINTED["lower"] - _MICRO}, "inside", _EXACT),
    Mutant("lower root plus 1e-6", {"lower": PRINTED["lower"] + _MICRO}, "outside", _EXACT),
    Mutant("upper root less 1e-6", {"upper": PRINTED["upper"] - _MICRO}, "outside", _EXACT),
    Mutant(
        "dropped factor 2 under the roots",
        {"lower": 2 * PRINTED["lower"], "upper": 2 * PRINTED["upper"]},
        "outside",
        _ALL,
    ),
    Mutant("dropped factor 1/2", {"lecuyer": 2 * PRINTED["lecuyer"]}, "inside", _ALL),
    Mutant("flipped inequality", {"relation": "<="}, "inside", _ALL),
)

_ROOTS = {"lower": sp.Symbol("B_low"), "upper": sp.Symbol("B_high")}
_FORMULA = (
    "exp(2 (new - Lecuyer's)/lambda), which is 1 + (PA - PB)(PB - (1 - PA)^2/PA)/(1 - PA + PB)^2"
)
_SAID = {"new": "the new term", "lecuyer": "Lecuyer's term"}
#: no float lies this close to a root without being it
_CLOSED = sp.Rational(1, 10**40)
_v = sp.Symbol("v", nonnegative=True)

#: PA with 1 - 2 PA = -v/(2 + v) and v/(2 + v): both sides of 1/2, without a root left
_HIGH = ((1 + _v) / (2 + _v), "1/2 <= PA < 1, written PA = (1 + v)/(2 + v), v >= 0")
_LOW = (1 / (2 + _v), "0 < PA <= 1/2, written PA = 1/(2 + v), v >= 0")


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both terms from the density, then the signs of a quadratic in PB on parametrised regions."""
    return [
        chain(
            "inside",
            _inside(statement),
            conclusion="exp(2 (new - Lecuyer's)/lambda) >= 1 on the closed interval",
        ),
        chain(
            "outside",
            _outside(statement),
            conclusion="exp(2 (new - Lecuyer's)/lambda) < 1 below the lower root; PA <= upper root",
        ),
        chain(
            "simple_roots",
            _simple_roots(statement),
            conclusion="(1 - PA)^2/PA and PA, where both terms are equal",
        ),
        chain(
            "strict",
            _ends(statement),
            proves=False,
            conclusion="the two terms are equal at PB = (1 - PA)^2/PA and at PB = PA",
        ),
    ]


def _rational(expression: sp.Expr, top: sp.Expr) -> sp.Expr:
    """The expression at PA = top, a rational function once the root is taken."""
    return sp.factor(sp.factor(expression.subs(p_a, top), deep=True))


def _advantage(statement: Statement, top: sp.Expr, runner_up: sp.Expr) -> sp.Expr:
    """exp(2 (new - Lecuyer's)/lambda) at a point of the triangle."""
    apart = sp.expand(2 * (statement["new"] - statement["lecuyer"]) / lam)
    return sp.factor(sp.exp(apart).subs({p_a: top, p_b: runner_up}))


def _inside(statement: Statement) -> Iterator[Step]:
    yield from dp_terms.bounded_ratio()
    relation = statement["relation"]
    (top, domain), (low, where) = _HIGH, _LOW
    lower = _rational(statement["lower"], top)
    between = sp.factor((lower + excess * top) / (1 + excess))
    kept = sp.factor((1 - top + between) * (1 + excess) * (1 + _v))
    yield compare(
        _advantage(statement, top, between),
        relation,
        1,
        f"{_FORMULA}, at PB = (lower root + s PA)/(1 + s)",
        f"{domain}; lower root < PB < PA, s > 0",
        form=excess * _v**2 / kept**2,
        states=True,
    )
    ends = ((top, lower, "PB = the lower root", domain), (top, top, "PB = PA", domain))
    for first, second, place, at in (*ends, (low, low, "PB = PA", where)):
        yield compare(
            _advantage(statement, first, second),
            relation,
            1,
            f"exp(2 (new - Lecuyer's)/lambda) at the end {place}",
            at,
            written=dp_terms.ADVANTAGE,
            states=True,
        )
    yield equal(
        _rational(statement["lower"], low),
        low,
        "the lower root is PA itself, so only PB = PA lies within PB <= PA",
        where,
        written=_ROOTS["lower"],
    )
    yield from _at_certainty(statement)
    yield from dp_terms.meet(statement["new"], statement["lecuyer"])


def _at_certainty(statement: Statement) -> Iterator[Step]:
    """PA = 1, where the roots are 0 and 1: every PB in [0, 1] lies between them."""
    at_one = {p_a: sp.Integer(1), p_b: 1 / (1 + _v)}
    apart = statement["new"] - statement["lecuyer"]
    yield compare(
        sp.expand_log(apart.subs(at_one)),
        statement["relation"],
        0,
        "the new term less Lecuyer's",
        "PA = 1, 0 < PB <= 1, written PB = 1/(1 + v), v >= 0",
    )
    for name, shown in (("new", dp_terms.NEW), ("lecuyer", dp_terms.LECUYER)):
        yield equal(
            sp.limit(sp.exp(-2 * statement[name] / lam).subs(p_a, 1), p_b, 0, "+"),
            0,
            f"{_SAID[name]} is infinite, so neither is below the other",
            "PA = 1, PB = 0",
            written=sp.Limit(sp.exp(-2 * shown / lam), p_b, 0, "+"),
        )


def _outside(statement: Statement) -> Iterator[Step]:
    yield from dp_terms.bounded_ratio()
    worse = OPPOSITE[statement["relation"]]
    for top, domain in (_HIGH, _LOW):
        lower = _rational(statement["lower"], top)
        below = sp.factor(lower / (1 + excess))
        yield compare(
            _advantage(statement, top, below),
            worse,
            1,
            f"{_FORMULA}, at PB = lower root/(1 + s)",
            f"{domain}; 0 < PB < lower root, s > 0",
            states=True,
        )
        yield compare(
            top,
            "<=",
            _rational(statement["upper"], top),
            "PA is at most the upper root, so no PB <= PA lies above it",
            domain,
            written=p_a,
            states=True,
        )
        yield equal(
            sp.limit(sp.exp(-2 * statement["lecuyer"] / lam), p_b, 0, "+").subs(p_a, top),
            0,
            "Lecuyer's term is infinite",
            f"{domain}; PB = 0",
            written=sp.Limit(sp.exp(-2 * dp_terms.LECUYER / lam), p_b, 0, "+"),
        )
        yield compare(
            sp.factor(sp.exp(-2 * statement["new"] / lam).subs({p_b: 0, p_a: top})),
            ">",
            0,
            "exp(-2 new/lambda) is positive, so the new term is finite",
            f"{domain}; PB = 0",
        )
    for end, side, value in (("lower", "<=", 0), ("upper", ">=", 1)):
        yield compare(
            statement[end].subs(p_a, 1),
            side,
            value,
            f"the {end} root leaves no PB in [0, 1] outside",
            "PA = 1",
            written=_ROOTS[end],
            states=True,
        )
    yield from dp_terms.meet(statement["new"], statement["lecuyer"])


def _simple_roots(statement: Statement) -> Iterator[Step]:
    yield from dp_terms.meet(statement["new"], statement["lecuyer"])
    for (top, domain), names in ((_HIGH, ("lower", "upper")), (_LOW, ("upper", "lower"))):
        roots = {"(1 - PA)^2/PA": sp.factor((1 - top) ** 2 / top), "PA": top}
        for name, (said, root) in zip(names, roots.items(), strict=True):
            yield equal(
                _rational(statement[name], top),
                root,
                f"the printed {name} root is {said}",
                domain,
                written=_ROOTS[name],
                states=True,
            )
            yield equal(
                _advantage(statement, top, root),
                1,
                f"exp(2 (new - Lecuyer's)/lambda) at PB = {said}: the terms are equal",
                domain,
                written=dp_terms.ADVANTAGE,
            )
    for name, value in (("lower", 0), ("upper", 1)):
        yield equal(
            statement[name].subs(p_a, 1),
            value,
            f"the printed {name} root",
            "PA = 1",
            written=_ROOTS[name],
            states=True,
        )


def _ends(statement: Statement) -> Iterator[Step]:
    yield from dp_terms.meet(statement["new"], statement["lecuyer"])
    top, domain = _HIGH
    for name in ("lower", "upper"):
        root = _rational(statement[name], top)
        yield equal(
            _advantage(statement, top, root),
            1,
            f"exp(2 (new - Lecuyer's)/lambda) at PB = the {name} root: not larger than 1",
            domain,
            written=dp_terms.ADVANTAGE,
        )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """exp(-2 Lecuyer's) - exp(-2 new) over the whole triangle (lambda = 1), by Arb.

    It is finite at PB = 0 and PA = 1, and not negative exactly where new >= Lecuyer's.
    """
    new, lecuyer = (sp.expand(statement[name] / lam) for name in ("new", "lecuyer"))
    gap = sp.simplify(sp.exp(-2 * lecuyer) - sp.exp(-2 * new))
    every = "every lambda > 0 (both terms are lambda times a function of PA and PB)"
    scaled = replace(vanishes(sp.diff(new, lam), sp.diff(lecuyer, lam)), scope=every)
    region = Region(gap, statement["lower"], statement["upper"], statement["relation"])
    point = {p_a: sp.Rational(3, 4), p_b: statement["lower"].subs(p_a, sp.Rational(3, 4))}
    witness = {"PA": str(point[p_a]), "PB (the lower root)": str(point[p_b])}
    witness |= {name: str(sp.simplify(statement[k].subs(point))) for k, name in _SAID.items()}
    sign = "exp(-2 Lecuyer's/lambda) - exp(-2 new/lambda)"
    return [
        enclosed(
            "inside",
            [scaled, *region.between()],
            conclusion=f"{sign} is positive strictly between the roots and zero at both; "
            "with PA = (1 +- a)/2 and PB = lower root + m (PA - lower root)",
        ),
        enclosed(
            "outside",
            [scaled, *region.beyond()],
            conclusion=f"{sign} is negative for every other PB in [0, PA]; "
            "with PA = (1 +- a)/2 and PB = (1 - n) lower root",
        ),
        enclosed(
            "simple_roots",
            region.simple(),
            conclusion="(1 - PA)^2/PA and PA on both sides of PA = 1/2; with PA = (1 +- a)/2",
        ),
        enclosed(
            "strict",
            [scaled, region.tied()],
            proves=False,
            conclusion="both terms are equal at both ends of the interval",
            witness=witness,
        ),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Doubles close to every curve; the roots and the ends in exact rationals and 60 digits."""
    difference = statement["new"] - statement["lecuyer"]
    points = _points(statement["lower"], seed)
    lower, upper = statement["lower"], statement["upper"]
    regions = (
        ("inside", statement["relation"], sp.Min(p_b - lower, upper - p_b) + _CLOSED),
        ("outside", OPPOSITE[statement["relation"]], sp.Max(lower - p_b, p_b - upper)),
    )
    scope = (
        "PB = PA, and PA, PB down to relative distances of 1e-9 from the roots, PA, 0, 1/2 and 1"
    )
    found = [
        search_order(difference, relation, points, part=part, scope=scope, where=where)
        for part, relation, where in regions
    ]
    return [*found, *_search_roots(statement)]


def _points(lower: sp.Expr, seed: int) -> dict[sp.Symbol, Floats]:
    rng = np.random.Generator(np.random.Philox(seed))
    count = 700
    near = 10.0 ** rng.uniform(-9, -0.5, count)
    top = np.choose(
        np.arange(count) % 5,
        [0.5 + near, 0.5 - near, 1.0 - near, near, rng.uniform(0.01, 1.0, count)],
    )
    exactly = sp.lambdify([p_a], lower, modules="mpmath")
    with mpmath.workdps(60):  # the printed root cancels near PA = 0 and PA = 1
        root = np.array([float(exactly(mpmath.mpf(value))) for value in top.tolist()])
    close = 10.0 ** rng.uniform(-9, -0.1, count)
    tried = [top, root * (1 - close), root * (1 + close), top * (1 - close), top * close]
    tried += [root + (top - root) * close, top * rng.uniform(0.0, 1.0, count)]
    runner_up, repeated = np.concatenate(tried), np.tile(top, len(tried))
    legal = (runner_up > 0) & (runner_up <= repeated)
    scale = 10.0 ** rng.uniform(-1, 1, int(legal.sum()))
    return {p_a: repeated[legal], p_b: runner_up[legal], lam: scale}


def _search_roots(statement: Statement) -> list[Evidence]:
    """The printed roots in exact rationals, and the terms at them with 60 digits."""
    start = time.perf_counter()
    tops = [sp.Rational(k, 24) for k in range(1, 24)] + [1 - sp.Rational(1, 10**9)]
    apart = sp.expand((statement["new"] - statement["lecuyer"]) / lam)
    compiled = sp.lambdify([p_a, p_b], apart, modules="mpmath")
    wrong, tied = None, None
    for top in tops:
        printed = [statement[name].subs(p_a, top) for name in ("lower", "upper")]
        if printed != sorted([(1 - top) ** 2 / top, top]):
            wrong = {"PA": str(top), "printed roots": ", ".join(map(str, printed))}
        for end in (root for root in printed if 0 < root <= top):
            with mpmath.workdps(60):
                exact = [mpmath.mpf(int(value.p)) / int(value.q) for value in (top, end)]
                if end < top and abs(compiled(*exact)) < mpmath.mpf(10) ** -50:
                    tied = tied or {"PA": str(top), "PB": str(end)}
    scope = f"{len(tops)} rational PA in (0, 1)"
    alike = "exactly (1 - PA)^2/PA and PA, in order" if wrong is None else "the roots differ"
    ties = "no tie at an end" if tied is None else "equal terms at an end of the interval"
    seen = Grade.CONSISTENT, "strict", tied is None
    return [
        searched("simple_roots", scope, alike, start=start, witness=wrong),
        Evidence(Rung.SEARCH, *seen, scope, ties, witness=tied),
    ]
