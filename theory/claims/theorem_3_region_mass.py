"""Eq. (11): the mass of the printed set A, and what S' has to be on the atom of T."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import sympy as sp
from scipy import optimize

from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, enclosed
from theory.enclosures.axis_sets import ratio_along, same, three_pieces
from theory.enclosures.coverage import positive_from_zero, proof_only, scales_as
from theory.searches.axis_search import Place, numeric, places, reported, with_part
from theory.steps import axis_steps, laplace_steps
from theory.symbols import excess, lam, p, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="theorem_3_region_mass",
    source="appendix C, eq. (11) and (12)",
    statement=(
        "For delta = (r, 0, ..., 0), r > 0, the set A = {z : T(z) >= max{r + 2 lambda "
        "log[2(1 - PA)], -r}} has P(X in A) = PA, with S' chosen where the maximum is -r."
    ),
    latex=(
        r"A=\{z:|z-\delta|-|z|\ge\max\{\delta+2\lambda\log[2(1-P_A)],-\delta\}\},\quad "
        r"P(X\in A)=P_A"
    ),
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("r", "(0, oo)", "l1 norm of delta, which lies on a coordinate axis"),
        Variable("R", "[0, oo]", "the radius -lambda log[2(1 - PA)]"),
        Variable("S'", "a subset of {T = -r}", "what the text chooses where r <= R"),
    ),
    parts=(
        Part(
            "beyond_radius",
            "for r > R the maximum is its first entry, A = {x_1 <= R} and P(X in A) = PA",
        ),
        Part(
            "with_s_prime",
            "for r <= R the maximum is -r, and {T > -r} with a part S' of the atom {T = -r} = "
            "{x_1 >= r} has mass PA exactly if P(X in S') = PA - 1 + e^(-r/lambda)/2; there is "
            "such an S', {r <= x_1 <= R}",
        ),
        Part(
            "as_printed",
            "A has mass PA for r <= R too when it is read as printed, with >= and no S'",
            Role.READING,
            "for r > R as printed; for r <= R and PA < 1 the set with >= is the whole space, of "
            "mass 1, so A has to be {T > -r} with an S' in {T = -r} = {x_1 >= r} of X-mass PA - 1 "
            "+ e^(-r/lambda)/2, such as {r <= x_1 <= R}: none of it at r = R, all of it at PA = 1",
        ),
    ),
    assumptions=(
        "S' is a part of {T = -r} in the place of that whole atom, as A' and B' in appendix B; "
        "the text says that it is chosen, and not how."
    ),
    reference="paper, appendix C, eq. (11) and the sentence below it",
    absent={
        Rung.EXPERIMENT: "the set is given explicitly: no trained classifier is involved",
        Rung.FIGURE: "the paper draws no figure of it (Figure 5 is figure_5_moved_set)",
    },
)

PRINTED: Statement = {
    "first": r + 2 * lam * sp.log(2 * (1 - p)),  # the first entry of the maximum
    "second": -r,
    "mass": p,
    "s_prime": p - 1 + sp.exp(-r / lam) / 2,  # the mass that S' must have; the text gives none
}

_SHIFT = sp.Rational(1, 10**6)
_EXACT = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)

MUTANTS = (
    Mutant(
        "threshold lower by 1e-6 lambda",
        {"first": PRINTED["first"] - lam * _SHIFT},
        "beyond_radius",
        _EXACT,
    ),
    Mutant("mass larger by 1e-6", {"mass": p + _SHIFT}, "beyond_radius", _EXACT),
    Mutant(
        "dropped factor 2 before lambda",
        {"first": r + lam * sp.log(2 * (1 - p))},
        "beyond_radius",
        _ALL,
    ),
    Mutant("S' heavier by 1e-6", {"s_prime": PRINTED["s_prime"] + _SHIFT}, "with_s_prime", _EXACT),
    Mutant(
        "dropped factor 1/2 in the mass of S'",
        {"s_prime": p - 1 + sp.exp(-r / lam)},
        "with_s_prime",
        _ALL,
    ),
)

_k = sp.Symbol("k", nonnegative=True)
_w = sp.Symbol("w", nonnegative=True)
_c = sp.Symbol("c", positive=True)
_R = sp.Symbol("R", nonnegative=True)
_T = sp.Function("T")
_LEVEL = "PA = 1 - e^(-R/lambda)/2 = P(X_1 <= R), from the density"
_INSIDE = f"0 < r <= R < oo, written R = r + w, {_LEVEL}"
_BEYOND = f"r > R >= 0, written R = k lambda, r = R + s, {_LEVEL}"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """T from the density, and the masses of {x_1 <= R}, {x_1 < r} and S' as its integrals."""
    return [
        chain(
            "beyond_radius",
            _beyond(statement),
            conclusion="T falls through the threshold at x_1 = R, and P(X_1 <= R) = PA",
        ),
        chain(
            "with_s_prime",
            _with_s_prime(statement),
            conclusion="P(T > -r) = 1 - e^(-r/lambda)/2 and S' supplies the rest of PA, which is "
            "at least 0 and at most P(T = -r)",
        ),
        chain(
            "as_printed",
            _as_printed(statement),
            proves=False,
            conclusion="for 0 < r <= R and PA < 1 the threshold is -r, the smallest T, so that "
            "{T >= -r} is the whole space, of mass 1 > PA",
        ),
    ]


def _at(formula: sp.Expr, level: sp.Expr, move: sp.Expr) -> sp.Expr:
    return sp.simplify(formula.subs({p: level, r: move}, simultaneous=True))


def _beyond(statement: Statement) -> Iterator[Step]:
    yield from axis_steps.pieces_of_t()
    bound, move = laplace_steps.threshold_probability(_k), lam * _k + excess
    first = _at(statement["first"], bound, move)
    yield equal(
        laplace_steps.log_ratio_at(lam * _k, move),
        first,
        "the threshold is the value of T at x_1 = R; T falls there, so A = {x_1 <= R}",
        _BEYOND,
        written=_T(_R),
        states=True,
    )
    second = _at(statement["second"], bound, move)
    larger = "so the maximum is its first entry"
    yield compare(first, ">", second, larger, _BEYOND, form=2 * excess, states=True)
    yield axis_steps.has_mass(
        (-sp.oo, sp.expand((move - first) / 2)),  # where r - 2 x_1 is the threshold
        statement["mass"].subs(p, bound),
        "the mass of A is PA",
        f"{_BEYOND}, every dimension (the other coordinates do not matter)",
        states=True,
        shown=(-sp.oo, _R),
    )


def _maximum_is_second(statement: Statement) -> Step:
    bound = _inside_level()
    return compare(
        _at(statement["first"], bound, r),
        "<=",
        _at(statement["second"], bound, r),
        "the maximum is -r, the smallest value of T",
        _INSIDE,
        form=-2 * _w,
        states=True,
    )


def _inside_level() -> sp.Expr:
    return laplace_steps.threshold_probability(_k).subs(_k, (r + _w) / lam)


def _with_s_prime(statement: Statement) -> Iterator[Step]:
    yield from axis_steps.pieces_of_t()
    bound = _inside_level()
    needed = _at(statement["s_prime"], bound, r)
    before = axis_steps.interval_mass(-sp.oo, r)
    yield equal(
        before + needed,
        statement["mass"].subs(p, bound),
        "the mass of {T > -r} = {x_1 < r} and the stated mass of S' add up to PA",
        _INSIDE,
        written=axis_steps.interval_integral(-sp.oo, r) + sp.Symbol("P(S')"),
        states=True,
    )
    yield _maximum_is_second(statement)
    yield axis_steps.has_mass(
        (r, r + _w),
        needed,
        "S' = {r <= x_1 <= R} lies in the atom and has that mass, so there is an S'; at r = R "
        "(w = 0) it weighs nothing",
        _INSIDE,
        states=True,
        shown=(r, _R),
    )
    yield compare(
        needed,
        "<=",
        axis_steps.interval_mass(r, sp.oo),
        "the atom is heavy enough",
        _INSIDE,
        form=-sp.exp(-(r + _w) / lam) / 2,
        written=sp.Symbol("P(S')"),
    )
    yield equal(
        _at(statement["s_prime"], sp.Integer(1), r),
        axis_steps.interval_mass(r, sp.oo),
        "S' is the whole atom, and A with it the whole space, of mass 1 = PA",
        "PA = 1, where R = oo",
        written=sp.Symbol("P(S')"),
    )


def _as_printed(statement: Statement) -> Iterator[Step]:
    yield from axis_steps.pieces_of_t()
    yield _maximum_is_second(statement)
    whole = "T >= -r everywhere, so the mass of the printed set is that of the whole space"
    yield axis_steps.has_mass((-sp.oo, sp.oo), sp.Integer(1), whole, _INSIDE)
    bound = _inside_level()
    yield compare(
        statement["mass"].subs(p, bound),
        "<",
        1,
        "so the whole space has more than PA",
        _INSIDE,
        form=-sp.exp(-(r + _w) / lam) / 2,
        written=p,
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The same masses from the half-line masses and T's definition, with lambda = 1 (checked)."""
    first, second, mass = statement["first"], statement["second"], statement["mass"]
    scaled = [scales_as(first - second, 1, r), scales_as(statement["s_prime"], 0, r)]
    bound = half_line_mass(_k)
    far = {r: _k + excess, p: bound, lam: 1}
    high, low = (sp.simplify(one.subs(far, simultaneous=True)) for one in (first, second))
    edge = sp.expand((_k + excess - high) / 2)
    below_one = 1 - mass.subs(p, bound.subs(_k, -sp.log(_c)))
    beyond = f"every r > R >= 0, {_LEVEL}; R = k, r = k + s"
    return [
        enclosed(
            "beyond_radius",
            [
                *scaled,
                three_pieces(),
                same(edge - _k, "the threshold is met at x_1 = R", beyond),
                same(ratio_along(_k, _k + excess) - high, "T(R) is the threshold", beyond),
                same(half_line_mass(edge) - mass.subs(p, bound), "the mass of A is PA", beyond),
                same(high - low - 2 * excess, "the first entry is the second plus 2 s", beyond),
            ],
            conclusion="A = {x_1 <= R}, of mass PA, for every r > R",
        ),
        enclosed(
            "with_s_prime",
            [*scaled, three_pieces(), *_needed(statement)],
            conclusion="P(T > -r) + P(X in S') = PA, with 0 <= P(X in S') <= P(T = -r)",
        ),
        enclosed(
            "as_printed",
            [
                *scaled,
                three_pieces(),
                _second_is_larger(statement),
                *positive_from_zero(below_one, _c, "1/2 <= PA < 1, c = 2 (1 - PA) = e^(-R)"),
            ],
            proves=False,
            conclusion="T + r is 2 r, 2 (r - x_1) or 0, so {T >= -r} is the whole space, of mass "
            "1, and PA is below 1",
            witness={
                "PA": "3/4",
                "lambda": "1",
                "delta": "(1/2, 0, ..., 0), where R = log 2 > 1/2",
                "threshold": "max{1/2 - 2 log 2, -1/2} = -1/2, the smallest value of T",
                "P(X in A)": "1",
            },
        ),
    ]


def _second_is_larger(statement: Statement) -> Outcome:
    inside = {p: half_line_mass(r + _w), lam: 1}
    first = sp.simplify(statement["first"].subs(inside))
    gap = statement["second"] - first - 2 * _w
    # another gap may leave the maximum as it is
    return proof_only(same(gap, "the maximum is -r, the first entry being -r - 2 w", _WHERE))


_WHERE = f"0 < r <= R, {_LEVEL}; R = r + w"


def _needed(statement: Statement) -> list[Outcome]:
    """S' supplies what is left of PA; both its mass and the rest of the atom are not negative."""
    bound = half_line_mass(r + _w)
    needed = sp.expand(statement["s_prime"].subs({p: bound, lam: 1}))
    before, atom = half_line_mass(r), half_line_mass(-r)
    missing = statement["mass"].subs(p, bound) - before - needed
    # both in units of e^(-r), with c = e^(-w) in (0, 1]; c = 1 is r = R
    left, rest = (
        sp.simplify(sp.expand(one * sp.exp(r)).subs(_w, -sp.log(_c))) for one in (needed, atom)
    )
    certain = statement["s_prime"].subs({p: 1, lam: 1}) - atom
    outcomes = [
        same(missing, "{T > -r} and S' have mass PA together", _WHERE),
        _second_is_larger(statement),
        same(certain, "S' is the whole atom", "PA = 1, every r > 0"),
        same(left.subs(_c, 1), "S' weighs nothing", "r = R"),
    ]
    if left.has(r):  # another mass, which the first outcome has refuted
        return outcomes
    heavy = sp.simplify(left.subs(_c, 1 - _c))
    outcomes += positive_from_zero(heavy, _c, f"P(X in S') > 0 for r < R, {_WHERE}")
    return [*outcomes, *positive_from_zero(rest - left, _c, f"P(X in S') < P(T = -r), {_WHERE}")]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """The set by root finding on T and scipy's Laplace law, and random S' in the atom."""
    rng = np.random.Generator(np.random.Philox(seed))
    of = numeric(statement)
    start = time.perf_counter()
    wrong: dict[str, dict[str, str]] = {}
    whole: dict[str, str] | None = None
    for place in places(120, [(0.5, 1), (1.0, -1)], rng):
        top, scale = place.mass, place.scale
        radius = float(place.law.isf(1 - top))
        far = radius + scale * float(10 ** rng.uniform(-3, 0.5))
        near = radius * float(rng.uniform(0.02, 0.999))
        high, low = (max(of[n](top, norm, scale) for n in _ENTRIES) for norm in (far, near))
        found = _mass_above(place, far, high)
        if abs(found - of["mass"](top, far, scale)) > 1e-9:
            wrong.setdefault("beyond_radius", place.seen(far, "PA", **{"P(X in A)": found}))
        needed = of["s_prime"](top, near, scale)
        total, _ = with_part(place, near, needed, rng)
        off = abs(total - of["mass"](top, near, scale)) > 1e-9
        if off or not 0 <= needed <= place.law.sf(near):
            wrong.setdefault("with_s_prime", place.seen(near, "PA", **{"P(S')": needed}))
        line = rng.uniform(-9 * scale, near + 9 * scale, 50)
        if np.all(np.abs(line - near) - np.abs(line) >= low - 1e-9 * scale):
            whole = whole or place.seen(near, "PA", **{"P(X in A)": 1.0})
    scope = "120 triples (PA, lambda, r), PA within 1e-4 of 1/2 and of 1, r on both sides of R"
    details = {
        "beyond_radius": "brentq on T finds the end of A, scipy's c.d.f. its mass",
        "with_s_prime": "S' as random pieces of the atom, by scipy's quantiles",
    }
    seen = Grade.CONSISTENT, "as_printed", whole is None
    detail = "T >= threshold at every random point" if whole else "A leaves points out"
    found_printed = Evidence(Rung.SEARCH, *seen, scope, detail, witness=whole)
    return [*reported(details, wrong, scope, start=start), found_printed]


_ENTRIES = ("first", "second")


def _mass_above(place: Place, move: float, threshold: float) -> float:
    """P(T(X) >= threshold) for a threshold in (-move, move), where T is one-to-one."""

    def gap(x: float) -> float:
        return abs(x - move) - abs(x) - threshold

    if gap(0.0) * gap(move) >= 0:
        return float(gap(move) >= 0)
    return float(place.law.cdf(optimize.brentq(gap, 0.0, move, xtol=1e-14, rtol=1e-14)))
