"""Remark 2: where the new term of Theorem 1 beats Lecuyer's."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import mpmath
import numpy as np
import sympy as sp

from theory import dp_terms
from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box, vanishes
from theory.order_search import Floats, search_order
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
            "the roots are (1 - PA)^2/PA and PA, in this order for PA >= 1/2; for PA < 1/2 the "
            "order is reversed, so that PB = PA is all that lies between them within PB <= PA",
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

_OPPOSITE = {">=": "<", "<=": ">", ">": "<=", "<": ">="}

_v = sp.Symbol("v", nonnegative=True)
_m = sp.Symbol("m", positive=True)
_n = sp.Symbol("n", positive=True)
_a = sp.Symbol("a", positive=True)
_c = sp.Symbol("c", positive=True)
_UNIT = (Fraction(0), Fraction(1))
_LITTLE = Fraction(1, 16)
_MIDDLE = (_LITTLE, 1 - _LITTLE)
_BOXES = 2000

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
            conclusion="exp(2 (new - Lecuyer's)/lambda) < 1 below the lower root; the upper root "
            "is at least PA",
        ),
        chain(
            "simple_roots",
            _simple_roots(statement),
            conclusion="(1 - PA)^2/PA and PA; both terms are equal there",
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
    top, domain = _HIGH
    lower = _rational(statement["lower"], top)
    between = sp.factor((lower + excess * top) / (1 + excess))
    kept = sp.factor((1 - top + between) * (1 + excess) * (1 + _v))
    yield compare(
        _advantage(statement, top, between),
        relation,
        1,
        "exp(2 (new - Lecuyer's)/lambda) - 1 = (PA - PB)(PB - lower root)/(1 - PA + PB)^2 for "
        "PB = (lower root + s PA)/(1 + s)",
        f"{domain}; lower root < PB < PA, s > 0",
        form=excess * _v**2 / kept**2,
        states=True,
    )
    yield compare(
        _advantage(statement, top, lower), relation, 1, "the lower end", domain, states=True
    )
    for end, where in (_HIGH, _LOW):
        yield compare(
            _advantage(statement, end, end), relation, 1, "the end PB = PA", where, states=True
        )
    low, where = _LOW
    yield equal(_rational(statement["lower"], low), low, "only PB = PA lies within PB <= PA", where)
    at_one = {p_a: sp.Integer(1), p_b: 1 / (1 + excess)}
    apart = statement["new"] - statement["lecuyer"]
    yield compare(
        sp.expand_log(apart.subs(at_one)), relation, 0, "PB = 1/(1 + s)", "PA = 1, 0 < PB < 1"
    )
    for term in (statement["new"], statement["lecuyer"]):
        limit = sp.limit(sp.exp(-2 * term / lam).subs(p_a, 1), p_b, 0, "+")
        yield equal(limit, 0, "both terms are infinite", "PA = 1, PB = 0")
    yield from dp_terms.meet(statement["new"], statement["lecuyer"])


def _outside(statement: Statement) -> Iterator[Step]:
    yield from dp_terms.bounded_ratio()
    worse = _OPPOSITE[statement["relation"]]
    for top, domain in (_HIGH, _LOW):
        lower = _rational(statement["lower"], top)
        below = sp.factor(lower / (1 + excess))
        yield compare(
            _advantage(statement, top, below),
            worse,
            1,
            "exp(2 (new - Lecuyer's)/lambda) at PB = lower root/(1 + s)",
            f"{domain}; 0 < PB < lower root, s > 0",
            states=True,
        )
        yield compare(
            top,
            "<=",
            _rational(statement["upper"], top),
            "no PB <= PA lies above the upper root (at PB = PA both terms are 0)",
            domain,
            states=True,
        )
        yield equal(
            sp.limit(sp.exp(-2 * statement["lecuyer"] / lam), p_b, 0, "+").subs(p_a, top),
            0,
            "Lecuyer's term is infinite",
            f"{domain}; PB = 0",
        )
        yield compare(
            sp.factor(sp.exp(-2 * statement["new"] / lam).subs({p_b: 0, p_a: top})),
            ">",
            0,
            "the new term is finite",
            f"{domain}; PB = 0",
        )
    for end, side, value in (("lower", "<=", 0), ("upper", ">=", 1)):
        root = statement[end].subs(p_a, 1)
        yield compare(root, side, value, "no PB in [0, 1] lies outside", "PA = 1", states=True)
    yield from dp_terms.meet(statement["new"], statement["lecuyer"])


def _simple_roots(statement: Statement) -> Iterator[Step]:
    yield from dp_terms.meet(statement["new"], statement["lecuyer"])
    for (top, domain), names in ((_HIGH, ("lower", "upper")), (_LOW, ("upper", "lower"))):
        for name, root in zip(names, ((1 - top) ** 2 / top, top), strict=True):
            found = _rational(statement[name], top)
            yield equal(found, root, f"the printed {name} root", domain, states=True)
            yield equal(_advantage(statement, top, root), 1, "both terms are equal there", domain)


def _ends(statement: Statement) -> Iterator[Step]:
    yield from dp_terms.meet(statement["new"], statement["lecuyer"])
    top, domain = _HIGH
    for name in ("lower", "upper"):
        root = _rational(statement[name], top)
        yield equal(_advantage(statement, top, root), 1, f"at the {name} root", domain)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """exp(-2 Lecuyer's) - exp(-2 new) over the whole triangle (lambda = 1), by Arb.

    It is finite at PB = 0 and PA = 1, and not negative exactly where new >= Lecuyer's.
    PA = (1 + a)/2 or (1 - a)/2 with a in [0, 1]; the roots are those of the statement.
    """
    new, lecuyer = (sp.expand(statement[name] / lam) for name in ("new", "lecuyer"))
    gap = sp.simplify(sp.exp(-2 * lecuyer) - sp.exp(-2 * new))
    homogeneous = vanishes(sp.diff(new, lam), sp.diff(lecuyer, lam))
    roots = {
        (name, side): _rational(statement[name], (1 + side * _a) / 2)
        for name in ("lower", "upper")
        for side in (1, -1)
    }
    high, low = (1 + _a) / 2, (1 - _a) / 2
    ends = [gap.subs(p_b, roots[name, 1]).subs(p_a, high) for name in ("lower", "upper")]
    example = sp.Rational(3, 4)
    point = {p_a: example, p_b: statement["lower"].subs(p_a, example)}
    witness = {str(k): str(v) for k, v in point.items()}
    witness |= {k: str(sp.simplify(statement[k].subs(point))) for k in ("new", "lecuyer")}
    return [
        enclosed(
            "inside",
            [homogeneous, *_between(gap, roots, statement["relation"])],
            conclusion="not negative between the roots, zero only at the ends; PA = (1 +- a)/2",
        ),
        enclosed(
            "outside",
            [homogeneous, *_beyond(gap, roots, statement["relation"])],
            conclusion="negative for every other PB in [0, PA]; PA = (1 +- a)/2",
        ),
        enclosed(
            "simple_roots",
            [
                vanishes(roots["lower", 1] - (1 - high) ** 2 / high, roots["upper", 1] - high),
                vanishes(roots["upper", -1] - (1 - low) ** 2 / low, roots["lower", -1] - low),
            ],
            conclusion="(1 - PA)^2/PA and PA on both sides of PA = 1/2",
        ),
        enclosed(
            "strict",
            [homogeneous, vanishes(*ends)],
            proves=False,
            conclusion="both terms are equal at both ends of the interval",
            witness=witness,
        ),
    ]


def _between(
    gap: sp.Expr, roots: dict[tuple[str, int], sp.Expr], relation: str
) -> Iterator[Outcome]:
    """PB = lower root + m (PA - lower root), m in [0, 1]."""
    high, low, strict = (1 + _a) / 2, (1 - _a) / 2, relation.rstrip("=")
    lower = roots["lower", 1]
    here = sp.factor(gap.subs({p_a: high, p_b: lower + _m * (high - lower)}, simultaneous=True))
    wide = {_a: (_LITTLE, Fraction(1))}
    inner = sign_on_box(here, strict, {**wide, _m: _MIDDLE}, max_boxes=_BOXES)
    yield inner
    if inner.status is not True:
        return
    yield closed_at(here, strict, _m, sp.Integer(0), _LITTLE, order=1, others=wide)
    yield closed_at(here, strict, _m, sp.Integer(1), 1 - _LITTLE, order=1, others=wide)
    # PA -> 1/2, where the interval shrinks to a point: the zeros are divided out
    rest = sp.cancel(here / (_m * (1 - _m) * _a**2))
    yield sign_on_box(rest, strict, {_a: (Fraction(0), _LITTLE), _m: _UNIT}, max_boxes=_BOXES)
    yield vanishes(roots["lower", -1] - low, gap.subs({p_a: low, p_b: low}, simultaneous=True))
    if "=" not in relation:  # the ends belong to the region
        yield sign_on_box(here.subs(_m, 0), strict, wide)


def _beyond(
    gap: sp.Expr, roots: dict[tuple[str, int], sp.Expr], relation: str
) -> Iterator[Outcome]:
    """PB = (1 - n) lower root with n in (0, 1], and nothing above the upper root."""
    worse = _OPPOSITE[relation].rstrip("=")
    for side in (1, -1):
        top, lower, upper = (1 + side * _a) / 2, roots["lower", side], roots["upper", side]
        here = sp.factor(gap.subs({p_a: top, p_b: (1 - _n) * lower}, simultaneous=True))
        box = {_n: (_LITTLE, Fraction(1)), _a: _MIDDLE}
        inner = sign_on_box(here, worse, box, max_boxes=_BOXES)
        yield inner
        if inner.status is False:
            return
        yield closed_at(here, worse, _n, sp.Integer(0), _LITTLE, order=1, others={_a: _MIDDLE})
        # every a in [0, 1]: the zero at PA = 1 is divided out, and the corner PA = PB = 1/2,
        # n = a = 0, is blown up into the charts a <= n (a = n c) and n <= a (n = a c)
        rest = sp.cancel(here / (1 - _a) ** 2) if side == 1 else here
        charts = rest.subs(_a, _n * _c) / _n**2, rest.subs(_n, _a * _c) / (_a**2 * _c)
        for chart, first in zip(charts, (_n, _a), strict=True):
            square = {first: _UNIT, _c: _UNIT}
            yield sign_on_box(sp.cancel(chart), worse, square, max_boxes=_BOXES)
        room = sp.factor(upper - top)
        touching = vanishes(room)
        if touching.status is not True:  # a zero at PA = 1/2 (a = 0), a pole at PA = 0 (a = 1)
            touching = sign_on_box(sp.cancel(room * top / _a), ">", {_a: _UNIT})
        yield touching


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Doubles close to every curve; the roots and the ends in exact rationals and 60 digits."""
    difference = statement["new"] - statement["lecuyer"]
    points = _points(statement["lower"], seed)
    lower, upper = statement["lower"], statement["upper"]
    regions = (
        ("inside", statement["relation"], sp.Min(p_b - lower, upper - p_b)),
        ("outside", _OPPOSITE[statement["relation"]], sp.Max(lower - p_b, p_b - upper)),
    )
    scope = "PA, PB down to relative distances of 1e-9 from the roots, PA, 0, 1/2 and 1"
    found = [
        search_order(difference, relation, points, part=part, scope=scope, where=where)
        for part, relation, where in regions
    ]
    return [*found, *_search_roots(statement)]


def _points(lower: sp.Expr, seed: int) -> dict[sp.Symbol, Floats]:
    rng = np.random.Generator(np.random.Philox(seed))
    count = 1500
    near = 10.0 ** rng.uniform(-9, -0.5, count)
    top = np.choose(
        np.arange(count) % 5,
        [0.5 + near, 0.5 - near, 1.0 - near, near, rng.uniform(0.01, 1.0, count)],
    )
    root = sp.lambdify([p_a], lower, modules="numpy")(top)
    close = 10.0 ** rng.uniform(-9, -0.1, count)
    tried = [root * (1 - close), root * (1 + close), top * (1 - close), top * close]
    tried += [root + (top - root) * close, top * rng.uniform(0.0, 1.0, count)]
    runner_up = np.concatenate(tried)
    repeated = np.tile(top, len(tried))
    legal = (runner_up > 0) & (runner_up <= repeated)
    scale = 10.0 ** rng.uniform(-1, 1, int(legal.sum()))
    return {p_a: repeated[legal], p_b: runner_up[legal], lam: scale}


def _search_roots(statement: Statement) -> list[Evidence]:
    """The printed roots in exact rationals, and the terms at them with 60 digits."""
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
    return [
        Evidence(Rung.SEARCH, grade, part, found is None, scope, detail, witness=found)
        for part, found, detail, grade in (
            ("simple_roots", wrong, alike, Grade.REFUTED if wrong else Grade.CONSISTENT),
            ("strict", tied, ties, Grade.CONSISTENT),
        )
    ]
