"""Table 1: Lecuyer et al.'s binary radius, (lambda/2) log(PA/(1 - PA))."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from itertools import chain as chained

import numpy as np
import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box, vanishes
from theory.neyman_pearson import confirm, grid_for, worst_case
from theory.searches.findings import searched
from theory.searches.search import TOLERANCE, Radius, numeric_radius, search_radius
from theory.steps import dp_terms, laplace_steps
from theory.symbols import excess, lam, p, r

CLAIM = Claim(
    slug="table_1_lecuyer",
    source="Table 1 and section 4.3",
    statement=(
        "Lecuyer et al.'s binary radius, which follows from P(f(X) = cA) <= e^(r/lambda) "
        "P(f(Y) = cA) and P(f(Y) = cB) <= e^(r/lambda) P(f(X) = cB), is "
        "(lambda/2) log(PA/(1 - PA)), for PA in [1/2, 1]."
    ),
    latex=r"R=\frac{\lambda}{2}\log\frac{P_A}{1-P_A}",
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
    ),
    parts=(
        Part(
            "from_the_inequalities",
            "with P(f(X) = cA) : P(f(X) = cB) = PA : 1 - PA the two inequalities alone imply "
            "P(f(Y) = cA) > P(f(Y) = cB) for every r < R, and for no r > R",
        ),
        Part(
            "sound",
            "with two classes and P(f(X) = cA) >= PA, every delta with ||delta||_1 <= R leaves "
            "the prediction as it is",
        ),
    ),
    assumptions=(
        "PA = 1/2 gives R = 0 (only delta = 0), PA = 1 gives R = oo. The two inequalities do not "
        "use P(f(Y) = cA) + P(f(Y) = cB) = 1, with which they give Theorem 2's larger radius; at "
        "r = R, which the paper includes, they alone would allow P(f(Y) = cA) = P(f(Y) = cB), but "
        "with two classes the radius is sound there too (part sound)."
    ),
    reference="Lecuyer et al. 2019, as the paper quotes it in section 4.3",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "the curve is drawn in Figure 6 (figure_6_always_largest)",
    },
)

PRINTED: Statement = {"radius": lam * sp.log(p / (1 - p)) / 2}

_MICRO = lam * sp.Rational(1, 10**6)
_ALL = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant(
        "radius larger by 1e-6",
        {"radius": PRINTED["radius"] + _MICRO},
        "from_the_inequalities",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH),
    ),
    Mutant(
        "radius smaller by 1e-6",
        {"radius": PRINTED["radius"] - _MICRO},
        "from_the_inequalities",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH),
    ),
    Mutant(
        "radius larger by 1e-6, soundness",
        {"radius": PRINTED["radius"] + _MICRO},
        "sound",
        (Rung.DERIVATION, Rung.ENCLOSURE),
    ),
    Mutant("dropped factor 1/2", {"radius": 2 * PRINTED["radius"]}, "from_the_inequalities", _ALL),
    Mutant("dropped factor 1/2, soundness", {"radius": 2 * PRINTED["radius"]}, "sound", _ALL),
)

_v = sp.Symbol("v", nonnegative=True)
_w = sp.Symbol("w", positive=True)
_z = sp.Symbol("z", positive=True)
_R = sp.Symbol("R", positive=True)
_a = sp.Symbol("a", positive=True)
_EDGE = Fraction(63, 64)
_UNIT = (Fraction(0), Fraction(1))

#: the pieces of the enclosures, in the variables of the claim
_TOP = 1 / (1 + _EDGE**2)
_BEYOND = f"PA in [{_TOP}, 1], as w in [0, {_EDGE}]"
_BESIDE = f"PA in (1/2, {_TOP}], as w in [{_EDGE}, 1)"
_FAR = f"|R - r| >= lambda log({1 / _EDGE})"
_NEAR = f"0 < |R - r| <= lambda log({1 / _EDGE})"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both directions from the density's ratio bound, and soundness by the complement."""
    return [
        chain(
            "from_the_inequalities",
            _from_the_inequalities(statement["radius"]),
            conclusion=(
                "e^(-r/lambda) PA > e^(r/lambda)(1 - PA) for every r < R; for every r > R the "
                "classifier cA on x_1 <= -a, cB on x_1 >= a + lambda log(PA/(1 - PA)), a third "
                "class between (a large), attains both inequalities and says cB"
            ),
        ),
        chain(
            "sound",
            _sound(statement["radius"]),
            conclusion="P(f(Y) = cA) >= 1 - e^(r/lambda)(1 - PA) > 1/2 for r <= R, PA > 1/2",
        ),
    ]


def _from_the_inequalities(radius: sp.Expr) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    factor = dp_terms.bounded_factor()
    yield equal(
        factor**2,
        sp.exp(2 * r / lam),
        "with k = e^(r/lambda), the largest density ratio, P(f(Y) = cA) >= P(f(X) = cA)/k and "
        "P(f(Y) = cB) <= k P(f(X) = cB): the guarantee follows from P(f(X) = cA) > "
        "e^(2 r/lambda) P(f(X) = cB)",
        "r > 0",
        written=sp.Symbol("k", positive=True) ** 2,
    )
    top = sp.factor((1 + _v) ** 2 / (1 + (1 + _v) ** 2))
    reach = _at(radius, top)
    domain = "1/2 <= PA < 1, written PA = w^2/(1 + w^2), w = 1 + v, v >= 0"
    inside = sp.factor(sp.expand(factor.subs(r, reach - excess)))
    yield compare(
        sp.factor(top / (1 - top)) / inside,
        ">",
        inside,
        "e^(-r/lambda) PA, the least P(f(Y) = cA), against e^(r/lambda)(1 - PA), the largest "
        "P(f(Y) = cB), both divided by 1 - PA, at r = R - s",
        f"{domain}; 0 < s <= R",
        along=(excess, sp.Integer(0), 1),
        states=True,
    )
    yield from _attained(reach, domain)
    yield equal(
        sp.limit(1 / _at(radius, top), _v, sp.oo),
        0,
        "R = oo, so no r is larger",
        "PA = 1, the limit w -> oo",
        written=sp.Limit(1 / _R, _v, sp.oo),
    )
    yield compare(
        1 / factor,
        ">",
        factor * (1 - p.subs(p, 1)),
        "e^(-r/lambda) PA against e^(r/lambda)(1 - PA), for every r",
        "PA = 1",
    )


def _attained(reach: sp.Expr, domain: str) -> Iterator[Step]:
    """A classifier of three classes that attains both inequalities, at r = R + s."""
    odds = 2 * sp.log(1 + _v)
    move, far = reach + excess, lam + excess
    outside = f"{domain}; r = R + s, s > 0; f = cA on x_1 <= -a, cB on x_1 >= a + 2 lambda log w"
    law = densities.laplace
    in_a = densities.mass(law, lam, -sp.oo, -far)
    in_b = densities.mass(law, lam, far + lam * odds, sp.oo)
    yield compare(
        densities.mass(law, lam, -sp.oo, sp.expand(-far - move)),
        "<",
        densities.mass(law, lam, sp.expand(far + lam * odds - move), sp.oo),
        "P(f(Y) = cA) = P(X_1 <= -a - R - s) against P(f(Y) = cB) = P(X_1 >= a + 2 lambda log w "
        "- R - s), with a = lambda + s: both inequalities are attained, and cB is ahead",
        outside,
        along=(excess, sp.Integer(0), 1),
        written=densities.integral(law, lam, -sp.oo, -_a - _R - excess),
        states=True,
    )
    yield equal(
        sp.simplify(in_a / in_b),
        (1 + _v) ** 2,
        "the same classifier at x: P(f(X) = cA) : P(f(X) = cB) = PA : 1 - PA = w^2 : 1",
        outside,
        written=densities.integral(law, lam, -sp.oo, -_a)
        / densities.integral(law, lam, _a + lam * odds, sp.oo),
    )


def _sound(radius: sp.Expr) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    factor = dp_terms.bounded_factor()
    top = sp.factor((1 + excess) ** 2 / (1 + (1 + excess) ** 2))
    kept = 1 - factor.subs(r, _at(radius, top)) * sp.factor(1 - top)
    yield compare(
        kept,
        ">",
        sp.Rational(1, 2),
        "integrate mu_Y <= e^(r/lambda) mu_X over the complement of {f = cA}, of mass at most "
        "1 - PA = 1/(1 + w^2), at r = R, where e^(R/lambda) = w",
        "1/2 < PA < 1, written PA = w^2/(1 + w^2), w = 1 + s, s > 0",
        form=excess**2 / (2 * (1 + (1 + excess) ** 2)),
        written=1 - sp.exp(_R / lam) * (1 - p),
        states=True,
    )
    yield compare(
        sp.diff(factor, r),
        ">",
        0,
        "e^(r/lambda) grows with r, so a smaller r loses less",
        "0 <= r <= R",
        written=sp.Derivative(factor, r),
    )
    yield compare(
        radius.subs(p, sp.Rational(1, 2)),
        "<=",
        0,
        "the radius is 0: only delta = 0, which moves nothing",
        "PA = 1/2",
        written=_R,
        states=True,
    )
    yield equal(
        sp.limit(factor * (1 - p), p, 1, "-"),
        0,
        "the complement of {f = cA} has no mass under Y, for every r",
        "PA = 1",
        written=sp.Limit(factor * (1 - p), p, 1, "-"),
    )


def _at(radius: sp.Expr, top: sp.Expr) -> sp.Expr:
    """The radius at PA = top, with the logarithms of products taken apart."""
    return sp.expand(sp.expand_log(sp.factor(radius.subs(p, top), deep=True)))


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """On w = sqrt((1 - PA)/PA) in [0, 1] and z = e^(-s), the distance s = |R - r|, by Arb.

    lambda = 1: the radius is homogeneous in lambda, which is checked. PA = 1/(1 + w^2).
    """
    radius = sp.simplify((statement["radius"] / lam).subs(p, 1 / (1 + _w**2)))
    homogeneous = _on(
        "every lambda > 0 (the radius is lambda times a function of PA)",
        vanishes(sp.diff(radius, lam)),
    )
    shrink = sp.simplify(sp.exp(-radius))  # e^(-R) = w
    return [
        enclosed(
            "from_the_inequalities",
            _while_true(chained([homogeneous], _implied(shrink), _not_implied(shrink))),
            conclusion=(
                "with w = sqrt((1 - PA)/PA) in [0, 1] and z = e^(-|R - r|/lambda) in [0, 1): for "
                "every r < R cA is ahead; for every r > R the probabilities P(f(X) = cA) = PA, "
                "P(f(X) = cB) = 1 - PA, P(f(Y) = cA) = e^(-r/lambda) PA, P(f(Y) = cB) = "
                "sqrt(PA (1 - PA)) obey both inequalities and put cB ahead"
            ),
        ),
        enclosed(
            "sound",
            _while_true(chained([homogeneous], _dual(shrink))),
            conclusion=(
                "with w = sqrt((1 - PA)/PA), Neyman-Pearson's dual bound on P(f(Y) = cA) at r = R, "
                "1 - e^(R/lambda)(1 - PA), is above 1/2 for PA > 1/2, and above that for r < R; "
                "R = 0 at PA = 1/2"
            ),
        ),
    ]


def _on(where: str, outcome: Outcome) -> Outcome:
    """The outcome, with what it covers in the variables of the claim."""
    return replace(outcome, scope=where)


def _while_true(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    for outcome in outcomes:
        yield outcome
        if outcome.status is False:
            return


def _implied(shrink: sp.Expr) -> Iterator[Outcome]:
    """e^(-r) PA - e^r (1 - PA) at r = R - s, divided by positive factors, for z in [0, 1)."""
    gap = sp.simplify((shrink**2 - _z**2 * _w**2) / _w**2)
    # PA e^(-2 R) - z^2 (1 - PA) = PA (shrink^2 - z^2 w^2): z = 0 is s = oo, w = 0 is PA = 1
    where = "PA in [1/2, 1), r < R: e^(-r/lambda) PA > e^(r/lambda)(1 - PA)"
    for outcome, side in zip(_near_and_far(gap), (_FAR, _NEAR), strict=True):
        yield _on(f"{where}, {side}", outcome)
    # at PA = 1 nothing is left for e^(r/lambda)(1 - PA), whatever r is
    at_one = _w**2 / (1 + _w**2)
    yield _on("PA = 1, every r: e^(r/lambda)(1 - PA) = 0", vanishes(at_one.subs(_w, 0)))


def _near_and_far(gap: sp.Expr) -> Iterator[Outcome]:
    """gap > 0 for z in [0, 1), where it vanishes at z = 1, and w in [0, 1]."""
    yield sign_on_box(gap, ">", {_z: (Fraction(0), _EDGE), _w: _UNIT})
    yield closed_at(gap, ">", _z, sp.Integer(1), _EDGE, order=1, others={_w: _UNIT})


def _not_implied(shrink: sp.Expr) -> Iterator[Outcome]:
    """At r = R + s the numbers y_A = e^(-r) PA < y_B = sqrt(PA (1 - PA)) obey both inequalities."""
    share = 1 / (1 + _w**2)  # PA; sqrt(PA (1 - PA)) = w share
    gaps = {
        "y_A < y_B": sp.simplify(share * (_w - shrink * _z) / _w),
        "y_B < e^(r/lambda)(1 - PA)": sp.simplify(share * (_w**2 / shrink - _z * _w) / _w),
    }
    named = "y_A = e^(-r/lambda) PA, y_B = sqrt(PA (1 - PA))"
    for said, gap in gaps.items():
        for outcome, side in zip(_near_and_far(gap), (_FAR, _NEAR), strict=True):
            yield _on(f"PA in [1/2, 1), r > R: {said} for {named}, {side}", outcome)
    room = sp.Rational(1, 2) - _w * share  # y_A + y_B < 2 y_B <= 1, at w = 1 with equality
    parts = (
        (_BEYOND, sign_on_box(room, ">", {_w: (Fraction(0), _EDGE)})),
        (f"PA in [1/2, {_TOP}]", closed_at(room, ">", _w, sp.Integer(1), _EDGE, order=2)),
    )
    for where, outcome in parts:
        yield _on(f"{where}: y_A + y_B < 2 y_B <= 1", outcome)


def _dual(shrink: sp.Expr) -> Iterator[Outcome]:
    """t PA - (t - 1) - 1/2 at the multiplier t = e^R, which the likelihood ratio never exceeds.

    Every h with E h(X) >= PA has E h(Y) >= t PA - E(t - L)_+ = t PA - (t - 1), also for a
    smaller r, whose likelihood ratio L is below e^R all the more.
    """
    margin = sp.simplify(sp.Rational(1, 2) - _w**2 / (shrink * (1 + _w**2)))
    yield _on(f"{_BEYOND}, r = R", sign_on_box(margin, ">", {_w: (Fraction(0), _EDGE)}))
    yield _on(f"{_BESIDE}, r = R", closed_at(margin, ">", _w, sp.Integer(1), _EDGE, order=2))
    yield _on("PA = 1/2, where R = 0", vanishes(shrink.subs(_w, 1) - 1))


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Extreme numbers on both sides of R; worst-case classifiers by linear programming."""
    radius = numeric_radius(statement["radius"], p_a=p)
    return [
        _search_numbers(radius, seed),
        search_radius(radius, binary=True, seed=seed, part="sound"),
        _search_edge(radius),
    ]


def _search_numbers(radius: Radius, seed: int) -> Evidence:
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    part, count = "from_the_inequalities", 1500
    for number in range(count):
        near = 10.0 ** rng.uniform(-12, -0.31)
        top = [0.5 + near, 1.0 - near, rng.uniform(0.5, 1.0)][number % 3]
        scale, gap = 10.0 ** rng.uniform(-1, 1), 10.0 ** rng.uniform(-9, 0)
        reach = radius(top, 1.0 - top, scale) / scale
        for units in (reach - gap, reach + gap):
            if units < 0:
                continue
            r_here = units * scale
            least_a = top * np.exp(-r_here / scale)
            most_b = min((1.0 - top) * np.exp(r_here / scale), 1.0 - least_a)
            if (least_a > most_b) != (units < reach):
                witness = {"PA": repr(top), "lambda": repr(scale), "r": repr(r_here)}
                said = (
                    f"P(f(Y) = cA) = {least_a:.12g} and P(f(Y) = cB) = {most_b:.12g} obey both "
                    f"inequalities at r = R {'-' if units < reach else '+'} {gap:.3g} lambda"
                )
                where = "the numbers of the witness"
                return searched(part, where, said, start=start, witness=witness)
    scope = f"{count} random PA, lambda and r from 1e-9 lambda to 1 lambda beside R, on both sides"
    said = "the extreme numbers keep cA ahead below R and put cB ahead above it, every time"
    return searched(part, scope, said, start=start)


def _search_edge(radius: Radius) -> Evidence:
    """Worst cases at r = R itself, on the axis and off it."""
    start = time.perf_counter()
    smallest = np.inf
    for top, scale in ((0.51, 1.0), (0.6, 0.3), (0.75, 2.0), (0.99, 0.8)):
        for direction in ((1.0,), (0.7, 0.3)):
            delta = tuple(radius(top, 1 - top, scale) * share for share in direction)
            grid = grid_for(delta, scale, (scale * float(-np.log(2 * (1 - top))),))
            found = worst_case(grid, top)
            smallest = min(smallest, found.margin)
            if found.margin < -TOLERANCE and confirm(grid, found, Fraction(top), None):
                said = f"a grid classifier changes its prediction at r = R: {found.margin:.4g}"
                witness = {"PA": repr(top), "lambda": repr(scale), "delta": repr(delta)}
                return searched("sound", "r = R", said, start=start, witness=witness)
    said = f"no grid classifier changes its prediction; smallest margin {smallest:.3g}"
    return searched("sound", "r = R exactly, four PA, d = 1 and 2", said, start=start)
