"""Theorem 1: the multi-class radius, the larger of a log-ratio and a log-complement term."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import chain as joined

import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box, vanishes
from theory.enclosures.coverage import over, proof_only, scales_as
from theory.enclosures.half_line_cuts import EDGE, within_half_lines
from theory.searches.search import numeric_radius, search_radius, search_tie
from theory.steps import laplace_steps
from theory.symbols import excess, lam, p_a, p_b, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="theorem_1",
    source="Theorem 1, eq. (1)",
    statement=(
        "With P(f(x + s) = cA) >= PA >= PB >= P(f(x + s) = c) for every other class c, "
        "g(x + delta) = g(x) for every delta with ||delta||_1 <= R = "
        "max{(lambda/2) log(PA/PB), -lambda log(1 - PA + PB)}."
    ),
    latex=(
        r"g(x+\delta)=g(x)\ \ \forall\,\|\delta\|_1\le R,\quad R=\max\left\{\tfrac{\lambda}{2}"
        r"\log\tfrac{p_A}{p_B},\ -\lambda\log(1-p_A+p_B)\right\}"
    ),
    variables=(
        Variable("PA", "[0, 1]", "lower bound on the probability of the top class at x"),
        Variable("PB", "[0, PA]", "upper bound on the probability of every other class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
    ),
    parts=(
        Part("first_term", "every delta with ||delta||_1 < (lambda/2) log(PA/PB) is certified"),
        Part("second_term", "every delta with ||delta||_1 < -lambda log(1 - PA + PB) is certified"),
        Part(
            "closed_ball",
            "the prediction is also unchanged at ||delta||_1 = R, however ties are broken",
            Role.READING,
            "on the open ball ||delta||_1 < R; at ||delta||_1 = R the worst case is an exact tie "
            "for PB = 1 - PA and for PA <= 1/2, so the closed ball needs ties to be broken in "
            "favour of cA",
        ),
    ),
    assumptions=(
        "f is any deterministic or random base classifier with countably many classes; "
        "PA + PB > 1 is allowed; PB = 0 gives R = oo; at PA = PB = 0 the first term is 0/0 and "
        "may be read as any number, since f = cA almost surely there."
    ),
    reference="paper, Theorem 1 and Appendix B",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "Figure 4 compares the two terms, which is remark_2_region",
    },
)

PRINTED: Statement = {"first": lam / 2 * sp.log(p_a / p_b), "second": -lam * sp.log(1 - p_a + p_b)}

_SHIFT, _LONGER = lam * sp.Rational(1, 10**6), sp.Rational(13, 10)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant("R_1 larger by 1e-6", {"first": PRINTED["first"] + _SHIFT}, "first_term", _PROOFS),
    Mutant("R_2 larger by 1e-6", {"second": PRINTED["second"] + _SHIFT}, "second_term", _PROOFS),
    Mutant("dropped factor 1/2 in R_1", {"first": lam * sp.log(p_a / p_b)}, "first_term", _ALL),
    Mutant("dropped PB in R_2", {"second": -lam * sp.log(1 - p_a)}, "second_term", _ALL),
    Mutant("R_2 larger by 3/10", {"second": PRINTED["second"] * _LONGER}, "second_term", _ALL),
)

_k = sp.Symbol("k", positive=True)
_m = sp.Symbol("m", nonnegative=True)
_n = sp.Symbol("n", positive=True)
_z = sp.Symbol("z", positive=True)
_s = sp.Symbol("s", positive=True)  # PB = PA(1 - s)
#: names in the written steps: the two terms, as values and as functions of (PA, PB)
_R_1, _R_2 = sp.symbols("R_1 R_2", positive=True)
_R1, _R2 = sp.Function("R_1"), sp.Function("R_2")
_AT_TAILS = (sp.exp(-_m) / 2, sp.exp(-_m - _n) / 2)
_AT_CLASSES = (1 - sp.exp(-_k) / 2, sp.exp(-_k) / 2)
_FACTOR = sp.exp(r / lam)
_CLASSES = "PB = 1 - PA = e^(-k)/2, k > 0"
_TAILS = "PB = e^(-m-n)/2 < PA = e^(-m)/2 <= 1/2, m >= 0, n > 0"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Soundness of each term by the differential-privacy bounds; the ties by half-spaces."""
    return [
        chain(
            "first_term",
            _first_term(statement["first"]),
            conclusion="P(f(Y) = cA) >= e^(-r/lambda) PA > e^(r/lambda) PB >= P(f(Y) = c)",
        ),
        chain(
            "second_term",
            _second_term(statement["second"]),
            conclusion="P(f(Y) = cA) >= 1 - e^(r/lambda)(1 - PA) > e^(r/lambda) PB >= P(f(Y) = c)",
        ),
        chain(
            "closed_ball",
            _ties(statement),
            proves=False,
            conclusion=(
                "ties at r = R, delta = (R, 0, ..., 0): PB = 1 - PA and f = cA iff x_1 <= Q(PA); "
                "or PA <= 1/2, f = cA iff x_1 <= Q(PA) and f = cB iff x_1 >= -Q(PB), with Q the "
                "Laplace quantile and the rest of the line cut into classes of mass at most PB"
            ),
        ),
    ]


def _first_term(radius: sp.Expr) -> Iterator[Step]:
    yield from _two_tails()
    yield compare(
        _first_at_tails(radius),
        "<=",
        lam * _n / 2,
        "beyond their tie cB is ahead, so no sound radius exceeds lambda n/2",
        _TAILS,
        written=_R1(*_AT_TAILS),
        states=True,
    )
    yield from _bounds()
    yield compare(
        (p_a / _FACTOR - _FACTOR * p_b).subs(r, radius - excess),
        ">",
        sp.Integer(0),
        "soundness: integrate mu_Y >= e^(-r/lambda) mu_X over {f = cA} and "
        "mu_Y <= e^(r/lambda) mu_X over {f = c}, at r = R_1 - s",
        "0 < PB < PA <= 1, 0 < s <= R_1 (at PB = PA there is no r < R_1 = 0)",
        written=p_a * sp.exp((excess - _R_1) / lam) - p_b * sp.exp((_R_1 - excess) / lam),
        along=(excess, sp.Integer(0), 1),
    )


def _second_term(radius: sp.Expr) -> Iterator[Step]:
    yield from _two_classes()
    yield compare(
        _second_at_classes(radius),
        "<=",
        lam * _k,
        "beyond their tie cB is ahead, so no sound radius exceeds lambda k",
        _CLASSES,
        written=_R2(*_AT_CLASSES),
        states=True,
    )
    yield from _bounds()
    yield compare(
        (1 - _FACTOR * (1 - p_a) - _FACTOR * p_b).subs(r, radius - excess),
        ">",
        sp.Integer(0),
        "soundness: integrate mu_Y <= e^(r/lambda) mu_X over the complement of {f = cA}, and over "
        "{f = c}, at r = R_2 - s",
        "0 < PB < PA <= 1, 0 < s <= R_2 (at PB = PA there is no r < R_2 = 0)",
        written=1 - (1 - p_a + p_b) * sp.exp((_R_2 - excess) / lam),
        along=(excess, sp.Integer(0), 1),
    )


def _bounds() -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    yield equal(
        sp.limit(_FACTOR * p_b, p_b, 0, "+"),
        0,
        "where R = oo, or PA = PB = 0: no class but cA has mass at x, so none has under Y, for "
        "every r, and all of it is left to cA",
        "PB = 0",
        written=sp.Limit(_FACTOR * p_b, p_b, 0, "+"),
    )


def _two_tails() -> Iterator[Step]:
    tail = sp.exp(-_m - _n / 2) / 2
    for start, stop in ((-sp.oo, -lam * (_m + _n / 2)), (lam * (_m + _n / 2), sp.oo)):
        yield equal(
            densities.mass(densities.laplace, lam, start, stop),
            tail,
            "f = cA iff x_1 <= -lambda m, f = cB iff x_1 >= lambda (m + n): under "
            "Y_1 = X_1 + lambda n/2 each of them has this mass, a tie",
            _TAILS,
            written=densities.integral(densities.laplace, lam, start, stop),
        )


def _first_at_tails(radius: sp.Expr) -> sp.Expr:
    top = densities.mass(densities.laplace, lam, -sp.oo, -lam * _m)
    runner_up = densities.mass(densities.laplace, lam, lam * (_m + _n), sp.oo)
    return sp.simplify(radius.subs({p_a: top, p_b: runner_up}))


def _two_classes() -> Iterator[Step]:
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, 0),
        sp.Rational(1, 2),
        "f = cA iff x_1 <= lambda k, else cB: they tie under Y_1 = X_1 + lambda k, as "
        "Y_1 <= lambda k iff X_1 <= 0",
        _CLASSES,
        written=densities.integral(densities.laplace, lam, -sp.oo, sp.Integer(0)),
    )


def _second_at_classes(radius: sp.Expr) -> sp.Expr:
    top = laplace_steps.threshold_probability(_k)
    return sp.simplify(radius.subs({p_a: top, p_b: 1 - top}))


def _ties(statement: Statement) -> Iterator[Step]:
    yield from _two_classes()
    at_classes = _second_at_classes(statement["second"])
    same = "is the distance of this tie"
    yield equal(at_classes, lam * _k, f"R_2 {same}", _CLASSES, written=_R2(*_AT_CLASSES))
    yield from _two_tails()
    at_tails = _first_at_tails(statement["first"])
    yield equal(at_tails, lam * _n / 2, f"R_1 {same}", _TAILS, written=_R1(*_AT_TAILS))


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Both bounds over the whole triangle by Arb, and each term against the worst half-lines.

    With lambda = 1 (both terms are homogeneous in lambda, which is checked), for L = mu_Y/mu_X and
    every t, P(Y in A) >= t P(X in A) - E(t - L)_+ and P(Y in B) <= t P(X in B) + E(L - t)_+.
    At t = e^-r the first loses nothing, at t = e^r it loses t - 1, and the second loses nothing,
    since e^-r <= L <= e^r by the triangle inequality. That covers every direction. Apart from it,
    on an axis: half-lines of masses PA and PB tie at E = (Q(PA) - Q(PB))/2, with e^(-2E) rational
    in PA and PB; no term may exceed E, and where PA + PB <= 1 one that does is refuted by these
    half-lines.
    """
    first, second = statement["first"].subs(lam, 1), statement["second"].subs(lam, 1)
    lead = 1 - sp.simplify(sp.exp(2 * first).subs(p_b, p_a * (1 - _s)) * (1 - _s)) * _z**2
    rest = 1 - sp.simplify(sp.exp(second) * (1 - p_a + p_b)) * _z
    where = "PB = 0, every r: P(Y in B) <= e^r PB leaves no class but cA any mass"
    no_runner_up = over(vanishes((sp.exp(r) * p_b).subs(p_b, 0)), where)
    return [
        enclosed(
            "first_term",
            _while_true(
                iter([scales_as(statement["first"], 1)]),
                within_half_lines(first, "first"),
                _below_edge(lead, "R_1"),
                iter([no_runner_up]),
            ),
            conclusion="dual bounds: cA is ahead for every PB < PA and r < R_1; on an axis R_1 "
            "never exceeds the tie of the half-lines",
        ),
        enclosed(
            "second_term",
            _while_true(
                iter([scales_as(statement["second"], 1)]),
                within_half_lines(second, "second"),
                _below_edge(rest, "R_2"),
                iter([no_runner_up]),
            ),
            conclusion="dual bounds: cA is ahead for every PB < PA and r < R_2; on an axis R_2 "
            "never exceeds the tie of the half-lines",
        ),
        _enclosed_ties(first, second),
    ]


def _while_true(*series: Iterator[Outcome]) -> list[Outcome]:
    """The outcomes up to the first that is not True: nothing after it could mend the proof."""
    found: list[Outcome] = []
    for outcome in joined(*series):
        found.append(outcome)
        if outcome.status is not True:
            break
    return found


def _below_edge(margin: sp.Expr, term: str) -> Iterator[Outcome]:
    """The margin above 0 for every r < R, z = e^(r - R) in [0, 1): every direction, every d."""
    where = f"every 0 < PB < PA <= 1, every delta with r < {term}, z = e^((r - {term})/lambda)"
    last = 1 - EDGE
    # PA, PB and s cancel from the printed terms; another radius keeps them, and is tried inside
    inner = {_s: (EDGE, last), p_a: (Fraction(1, 2), last), p_b: (EDGE, Fraction(1, 2))}
    others = {symbol: span for symbol, span in inner.items() if margin.has(symbol)}
    inside = sign_on_box(margin, ">", {_z: (Fraction(0), last), **others})
    closed = closed_at(margin, ">", _z, sp.Integer(1), last, order=1, others=others)
    for outcome in (inside, closed):
        yield over(proof_only(outcome), where, whole=not others)


def _enclosed_ties(first: sp.Expr, second: sp.Expr) -> Evidence:
    # E = (Q(PA) - Q(PB))/2 is k for quantiles k and -k, and n/2 for -m and -m - n
    classes = {p_a: half_line_mass(_k), p_b: half_line_mass(-_k)}
    tails = {p_a: half_line_mass(-_m), p_b: half_line_mass(-_m - _n)}
    top, runner_up = sp.Rational(49, 100), sp.Rational(9, 25)
    tie = vanishes(
        second.subs(classes) - _k,
        first.subs(tails) - _n / 2,
        first.subs({p_a: top, p_b: runner_up}) - sp.log(sp.Rational(7, 6)),
    )
    return enclosed(
        "closed_ball",
        [over(tie, f"{_CLASSES}, at r = R_2; {_TAILS}, at r = R_1")],
        proves=False,
        conclusion="half-lines of masses PA and PB tie at r = R",
        witness={
            "PA": str(top),
            "PB": str(runner_up),
            "classifier": "cA iff x_1 <= lambda log(49/50), cB iff x_1 >= lambda log(25/18), a "
            "third class between, of mass 3/20",
            "delta": "(R, 0, ..., 0), R = lambda log(7/6)",
            "P(f(Y) = cA) = P(f(Y) = cB)": "21/50",
        },
    )


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Worst-case classifiers by linear programming on grids, in one and two dimensions."""
    first = numeric_radius(statement["first"], p_a=p_a)
    second = numeric_radius(statement["second"], p_a=p_a)
    return [
        search_radius(first, binary=False, seed=seed, part="first_term"),
        search_radius(second, binary=False, seed=seed, part="second_term"),
        search_tie(lambda *at: max(first(*at), second(*at)), part="closed_ball"),
    ]
