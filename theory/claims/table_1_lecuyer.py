"""Table 1: Lecuyer et al.'s binary radius, (lambda/2) log(PA/(1 - PA))."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from itertools import chain as chained

import numpy as np
import sympy as sp

from theory import densities, dp_terms, laplace_steps
from theory.claim import Claim, Evidence, Grade, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box, vanishes
from theory.neyman_pearson import confirm, grid_for, worst_case
from theory.search import TOLERANCE, Radius, numeric_radius, search_radius
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
        "PA = 1/2 gives R = 0 (only delta = 0), PA = 1 gives R = oo; the two inequalities do not "
        "use P(f(Y) = cA) + P(f(Y) = cB) = 1, with which they give Theorem 2's larger radius"
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
_EDGE = Fraction(63, 64)
_UNIT = (Fraction(0), Fraction(1))


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both directions from the density's ratio bound, and soundness by the complement."""
    return [
        chain(
            "from_the_inequalities",
            _from_the_inequalities(statement["radius"]),
            conclusion=(
                "e^(-r/lambda) PA > e^(r/lambda)(1 - PA) for every r < R; for every r > R the "
                "classifier cA on x_1 <= -t, cB on x_1 >= t + lambda log(PA/(1 - PA)), a third "
                "class between (t large), attains both inequalities and says cB"
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
        "P(f(Y) = cA) >= P(f(X) = cA)/factor and P(f(Y) = cB) <= factor P(f(X) = cB): the "
        "guarantee follows from P(f(X) = cA) > e^(2 r/lambda) P(f(X) = cB)",
        "r > 0",
    )
    top = sp.factor((1 + _v) ** 2 / (1 + (1 + _v) ** 2))
    reach = _at(radius, top)
    domain = "1/2 <= PA < 1, written PA = w^2/(1 + w^2), w = 1 + v, v >= 0"
    inside = sp.factor(sp.expand(factor.subs(r, reach - excess)))
    yield compare(
        sp.factor(top / (1 - top)) / inside,
        ">",
        inside,
        "the least P(f(Y) = cA) against the largest P(f(Y) = cB), both divided by 1 - PA, at "
        "r = R - s",
        f"{domain}; 0 < s <= R",
        along=(excess, sp.Integer(0), 1),
        states=True,
    )
    odds = 2 * sp.log(1 + _v)
    move, far = reach + excess, lam + excess
    outside = f"{domain}; r = R + s, s > 0"
    yield compare(
        densities.mass(densities.laplace, lam, -sp.oo, sp.expand(-far - move)),
        "<",
        densities.mass(densities.laplace, lam, sp.expand(far + lam * odds - move), sp.oo),
        "f = cA on x_1 <= -t, cB on x_1 >= t + lambda log(PA/(1 - PA)), t = lambda + s: "
        "P(f(Y) = cA) against P(f(Y) = cB) for Y_1 = X_1 + R + s",
        outside,
        along=(excess, sp.Integer(0), 1),
        states=True,
    )
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, -far),
        densities.mass(densities.laplace, lam, far + lam * odds, sp.oo) * (1 + _v) ** 2,
        "the same classifier at x: P(f(X) = cA) : P(f(X) = cB) = PA : 1 - PA",
        outside,
    )
    yield equal(sp.limit(1 / _at(radius, top), _v, sp.oo), 0, "R = oo: no r is larger", "PA = 1")


def _sound(radius: sp.Expr) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    factor = dp_terms.bounded_factor()
    top = sp.factor((1 + excess) ** 2 / (1 + (1 + excess) ** 2))
    kept = 1 - factor.subs(r, _at(radius, top)) * sp.factor(1 - top)
    yield compare(
        kept,
        ">",
        sp.Rational(1, 2),
        "mu_Y <= e^(r/lambda) mu_X over the complement of {f = cA}, of mass at most 1 - PA, at "
        "r = R",
        "1/2 < PA < 1, written PA = w^2/(1 + w^2), w = 1 + s, s > 0",
        form=excess**2 / (2 * (1 + (1 + excess) ** 2)),
        states=True,
    )
    yield compare(
        sp.diff(factor, r), ">", 0, "the factor grows with r, so r < R loses less", "0 <= r <= R"
    )
    yield compare(
        radius.subs(p, sp.Rational(1, 2)),
        "<=",
        0,
        "R = 0: only delta = 0, which moves nothing",
        "PA = 1/2",
        states=True,
    )
    yield equal(
        sp.limit(factor * (1 - p), p, 1, "-"),
        0,
        "the complement of {f = cA} has no mass under Y, for every r",
        "PA = 1",
    )


def _at(radius: sp.Expr, top: sp.Expr) -> sp.Expr:
    """The radius at PA = top, with the logarithms of products taken apart."""
    return sp.expand(sp.expand_log(sp.factor(radius.subs(p, top), deep=True)))


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """On w = sqrt((1 - PA)/PA) in [0, 1] and z = e^(-s), the distance s = |R - r|, by Arb.

    lambda = 1: the radius is homogeneous in lambda, which is checked. PA = 1/(1 + w^2).
    """
    radius = sp.simplify((statement["radius"] / lam).subs(p, 1 / (1 + _w**2)))
    homogeneous = vanishes(sp.diff(radius, lam))
    shrink = sp.simplify(sp.exp(-radius))  # e^(-R) = w
    return [
        enclosed(
            "from_the_inequalities",
            _while_true(chained([homogeneous], _implied(shrink), _not_implied(shrink))),
            conclusion=(
                "implied for every r < R, broken by admissible numbers for every r > R; "
                "w = sqrt((1 - PA)/PA), z = e^(-|R - r|/lambda)"
            ),
        ),
        enclosed(
            "sound",
            _while_true(chained([homogeneous], _dual(shrink))),
            conclusion="Neyman-Pearson's dual bound is above 1/2 for PA > 1/2; R = 0 at PA = 1/2",
        ),
    ]


def _while_true(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    for outcome in outcomes:
        yield outcome
        if outcome.status is False:
            return


def _implied(shrink: sp.Expr) -> Iterator[Outcome]:
    """e^(-r) PA - e^r (1 - PA) at r = R - s, divided by positive factors, for z in [0, 1)."""
    gap = sp.simplify((shrink**2 - _z**2 * _w**2) / _w**2)
    # PA e^(-2 R) - z^2 (1 - PA) = PA (shrink^2 - z^2 w^2): z = 0 is s = oo, w = 0 is PA = 1
    yield sign_on_box(gap, ">", {_z: (Fraction(0), _EDGE), _w: _UNIT})
    yield closed_at(gap, ">", _z, sp.Integer(1), _EDGE, order=1, others={_w: _UNIT})


def _not_implied(shrink: sp.Expr) -> Iterator[Outcome]:
    """At r = R + s the numbers y_A = e^(-r) PA < y_B = sqrt(PA (1 - PA)) obey both inequalities."""
    share = 1 / (1 + _w**2)  # PA; sqrt(PA (1 - PA)) = w share
    for gap in (
        sp.simplify(share * (_w - shrink * _z) / _w),  # y_A < y_B
        sp.simplify(share * (_w**2 / shrink - _z * _w) / _w),  # y_B < e^r (1 - PA)
    ):
        yield sign_on_box(gap, ">", {_z: (Fraction(0), _EDGE), _w: _UNIT})
        yield closed_at(gap, ">", _z, sp.Integer(1), _EDGE, order=1, others={_w: _UNIT})
    room = sp.Rational(1, 2) - _w * share  # y_A + y_B < 2 y_B <= 1
    yield sign_on_box(room, ">", {_w: (Fraction(0), _EDGE)})
    yield closed_at(room, ">", _w, sp.Integer(1), _EDGE, order=2)


def _dual(shrink: sp.Expr) -> Iterator[Outcome]:
    """t PA - (t - 1) - 1/2 at the multiplier t = e^R, which the likelihood ratio never exceeds.

    Every h with E h(X) >= PA has E h(Y) >= t PA - E(t - L)_+ = t PA - (t - 1), also for a
    smaller r, whose likelihood ratio L is below e^R all the more.
    """
    margin = sp.simplify(sp.Rational(1, 2) - _w**2 / (shrink * (1 + _w**2)))
    yield sign_on_box(margin, ">", {_w: (Fraction(0), _EDGE)})
    yield closed_at(margin, ">", _w, sp.Integer(1), _EDGE, order=2)
    yield vanishes(shrink.subs(_w, 1) - 1)


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
    witness: Mapping[str, str] | None = None
    count = 1500
    for number in range(count):
        near = 10.0 ** rng.uniform(-12, -0.31)
        top = [0.5 + near, 1.0 - near, rng.uniform(0.5, 1.0)][number % 3]
        scale, gap = 10.0 ** rng.uniform(-1, 1), 10.0 ** rng.uniform(-9, 0)
        reach = radius(top, 1.0 - top, 1.0)
        for units in (reach - gap, reach + gap):
            if units < 0:
                continue
            r_here = units * scale
            least_a = top * np.exp(-r_here / scale)
            most_b = min((1.0 - top) * np.exp(r_here / scale), 1.0 - least_a)
            if (least_a > most_b) != (units < reach):
                witness = {"PA": repr(top), "lambda": repr(scale), "r": repr(r_here)}
                detail = (
                    f"P(f(Y) = cA) = {least_a:.12g} and P(f(Y) = cB) = {most_b:.12g} obey both "
                    f"inequalities at r = R {'-' if units < reach else '+'} {gap:.3g} lambda"
                )
                return Evidence(
                    Rung.SEARCH,
                    Grade.REFUTED,
                    "from_the_inequalities",
                    False,
                    "the numbers of the witness",
                    detail,
                    witness=witness,
                    seconds=time.perf_counter() - start,
                )
    return Evidence(
        Rung.SEARCH,
        Grade.CONSISTENT,
        "from_the_inequalities",
        True,
        f"{count} random PA, lambda and r from 1e-9 lambda to 1 lambda beside R, on both sides",
        "the extreme numbers keep cA ahead below R and put cB ahead above it, every time",
        seconds=time.perf_counter() - start,
    )


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
                return Evidence(
                    Rung.SEARCH,
                    Grade.REFUTED,
                    "sound",
                    False,
                    "r = R",
                    f"a grid classifier changes its prediction at r = R: {found.margin:.4g}",
                    witness={"PA": repr(top), "lambda": repr(scale), "delta": repr(delta)},
                    seconds=time.perf_counter() - start,
                )
    return Evidence(
        Rung.SEARCH,
        Grade.CONSISTENT,
        "sound",
        True,
        "r = R exactly, four PA, d = 1 and 2",
        f"no grid classifier changes its prediction; smallest margin {smallest:.3g}",
        seconds=time.perf_counter() - start,
    )
