"""Eq. (14), lost in the scan: P(Y in A) along an axis, on both sides of the radius."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.axis_sets import same, three_pieces
from theory.enclosures.coverage import over, proof_only, scales_as
from theory.searches.axis_search import numeric, places, reported, with_part
from theory.steps import axis_steps, laplace_steps
from theory.symbols import excess, lam, p, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="theorem_3_shifted_mass",
    source="appendix C, eq. (14)",
    statement=(
        "For delta = (r, 0, ..., 0) and Y = X + delta, P(Y in A) is the integral of the density up "
        "to R - r: 1 - e^(r/lambda) (1 - PA) for r <= R and e^(-r/lambda)/(4 (1 - PA)) for r > R, "
        "so it is at least 1/2 for r <= R."
    ),
    latex=(
        r"P(Y\in A)=\int_{-\infty}^{-\lambda\log[2(1-P_A)]-\delta}\tfrac1{2\lambda}e^{-|x|/\lambda}"
        r"dx=\begin{cases}1-e^{\delta/\lambda}(1-P_A)&\delta\le-\lambda\log[2(1-P_A)]\\"
        r"\frac1{4(1-P_A)}e^{-\delta/\lambda}&\text{otherwise}\end{cases}"
    ),
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("r", "(0, oo)", "l1 norm of delta, which lies on a coordinate axis"),
        Variable("R", "[0, oo]", "the radius -lambda log[2(1 - PA)]"),
    ),
    parts=(
        Part("first_branch", "P(Y in A) = 1 - e^(r/lambda) (1 - PA) for r <= R"),
        Part("second_branch", "P(Y in A) = e^(-r/lambda)/(4 (1 - PA)) for r >= R"),
        Part(
            "half_at_radius",
            "P(Y in A) is above 1/2 for r < R, 1/2 at r = R on both branches, and below 1/2 for "
            "r > R",
        ),
        Part(
            "any_s_prime",
            "for r <= R the value is the same for every S' in {T = -r} that gives A the mass PA",
        ),
    ),
    assumptions=(
        "The scan loses the line after the integral sign: its upper limit R - r is legible, and "
        "the two branches are those of its value, as in the display of section 4.2."
    ),
    reference="paper, appendix C, eq. (14)",
    absent={
        Rung.EXPERIMENT: "the set is given explicitly: no trained classifier is involved",
        Rung.FIGURE: "the paper draws no figure of it (Figure 5 is figure_5_moved_set)",
    },
)

PRINTED: Statement = {
    "limit": -lam * sp.log(2 * (1 - p)) - r,  # of the integral: R - r
    "first": 1 - sp.exp(r / lam) * (1 - p),
    "second": sp.exp(-r / lam) / (4 * (1 - p)),
    "at_radius": sp.Rational(1, 2),
    "s_prime": p - 1 + sp.exp(-r / lam) / 2,  # the X-mass of S', from eq. (11)
}

_SHIFT = sp.Rational(1, 10**6)
_EXACT = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)


def _plus(name: str, shift: sp.Expr) -> Statement:
    return {name: PRINTED[name] + shift}


MUTANTS = (
    Mutant("first branch larger by 1e-6", _plus("first", _SHIFT), "first_branch", _EXACT),
    Mutant(
        "exponent of the first branch doubled",
        {"first": 1 - sp.exp(2 * r / lam) * (1 - p)},
        "first_branch",
        _ALL,
    ),
    Mutant("second branch larger by 1e-6", _plus("second", _SHIFT), "second_branch", _EXACT),
    Mutant(
        "2 for 4 in the second branch",
        {"second": sp.exp(-r / lam) / (2 * (1 - p))},
        "second_branch",
        _ALL,
    ),
    Mutant("value at R larger by 1e-6", _plus("at_radius", _SHIFT), "half_at_radius", _EXACT),
    Mutant("value 3/5 at R", {"at_radius": sp.Rational(3, 5)}, "half_at_radius", _ALL),
    Mutant("S' heavier by 1e-6", _plus("s_prime", _SHIFT), "any_s_prime", _EXACT),
    Mutant("S' of half the mass", {"s_prime": PRINTED["s_prime"] / 2}, "any_s_prime", _ALL),
)

_k = sp.Symbol("k", nonnegative=True)
_w = sp.Symbol("w", nonnegative=True)
_z = sp.Symbol("z", positive=True)
_R = sp.Symbol("R", nonnegative=True)
_MOVED = sp.Symbol("P(Y in A)")
_LEVEL = "PA = 1 - e^(-R/lambda)/2 = P(X_1 <= R), from the density"
_INSIDE = f"0 < r <= R < oo, written R = r + w, {_LEVEL}"
_BEYOND = f"r > R >= 0, written R = k lambda, r = R + s, {_LEVEL}"
_TIE = f"r = R > 0, {_LEVEL}"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Integrals of the density up to R - r, and over the pieces {x_1 < r} and S' of A."""
    return [
        chain(
            "first_branch",
            _first_branch(statement),
            conclusion="Y in A iff X_1 <= R - r, and R - r >= 0 there",
        ),
        chain(
            "second_branch",
            _second_branch(statement),
            conclusion="Y in A iff X_1 <= R - r, and R - r < 0 there",
        ),
        chain(
            "half_at_radius",
            _half_at_radius(statement),
            conclusion="P(X_1 <= R - r) is above, at or below 1/2 as R - r is to 0",
        ),
        chain(
            "any_s_prime",
            _any_s_prime(statement),
            conclusion="mu_Y = e^(r/lambda) mu_X on all of {T = -r}: only the mass of S' counts",
        ),
    ]


def _at(formula: sp.Expr, level: sp.Expr, move: sp.Expr) -> sp.Expr:
    return sp.simplify(formula.subs({p: level, r: move}, simultaneous=True))


def _inside_level() -> sp.Expr:
    return laplace_steps.threshold_probability(_k).subs(_k, (r + _w) / lam)


def _region(statement: Statement, level: sp.Expr, move: sp.Expr, domain: str) -> Step:
    """A = {x_1 <= R} has mass PA, with R read off the printed limit."""
    edge = sp.expand(_at(statement["limit"], level, move) + move)
    reason = "A = {x_1 <= R}, R being the printed limit plus r, has mass PA, as eq. (11) says"
    return axis_steps.has_mass((-sp.oo, edge), level, reason, domain, shown=(-sp.oo, _R))


def _first_branch(statement: Statement) -> Iterator[Step]:
    bound = _inside_level()
    yield axis_steps.has_mass(
        (-sp.oo, _at(statement["limit"], bound, r)),
        statement["first"].subs(p, bound),
        "Y_1 = X_1 + r is in {x_1 <= R} iff X_1 <= R - r",
        f"{_INSIDE}, every dimension (the other coordinates do not matter)",
        states=True,
        shown=(-sp.oo, _R - r),
    )
    yield _region(statement, bound, r, _INSIDE)
    yield equal(
        statement["first"].subs(p, 1),
        axis_steps.interval_mass(-sp.oo, sp.oo),
        "the branch at PA = 1, where A is the whole space",
        "PA = 1, where R = oo",
        written=_MOVED,
        states=True,
    )


def _second_branch(statement: Statement) -> Iterator[Step]:
    bound, move = laplace_steps.threshold_probability(_k), lam * _k + excess
    yield axis_steps.has_mass(
        (-sp.oo, _at(statement["limit"], bound, move)),
        _at(statement["second"], bound, move),
        "Y_1 = X_1 + r is in {x_1 <= R} iff X_1 <= R - r",
        f"{_BEYOND}, every dimension (the other coordinates do not matter)",
        states=True,
        shown=(-sp.oo, _R - r),
    )
    yield _region(statement, bound, move, _BEYOND)
    yield equal(
        _at(statement["second"], bound, lam * _k),
        axis_steps.interval_mass(-sp.oo, 0),
        "the second branch holds at r = R too",
        f"r = R = k lambda, {_LEVEL}",
        written=_MOVED,
        states=True,
    )


def _half_at_radius(statement: Statement) -> Iterator[Step]:
    half = statement["at_radius"]
    inside = laplace_steps.threshold_probability(_k).subs(_k, (r + excess) / lam)
    tie = laplace_steps.threshold_probability(_k).subs(_k, r / lam)
    bound, move = laplace_steps.threshold_probability(_k), lam * _k + excess
    for name in ("first", "second"):
        yield equal(
            _at(statement[name], tie, r),
            half,
            f"the {name} branch at r = R",
            _TIE,
            written=_MOVED,
            states=True,
        )
    yield compare(
        _at(statement["first"], inside, r),
        ">",
        half,
        "the first branch is larger inside the radius",
        f"0 < r < R, written R = r + s, {_LEVEL}",
        along=(excess, sp.Integer(0), 1),
        written=_MOVED,
        states=True,
    )
    yield compare(
        _at(statement["second"], bound, move),
        "<",
        half,
        "the second branch is smaller beyond it",
        _BEYOND,
        along=(excess, sp.Integer(0), 1),
        written=_MOVED,
        states=True,
    )
    yield axis_steps.has_mass(
        (-sp.oo, _at(statement["limit"], tie, r)),
        half,
        "the integral itself at r = R",
        _TIE,
        shown=(-sp.oo, _R - r),
    )
    yield _region(statement, bound, move, _BEYOND)


def _any_s_prime(statement: Statement) -> Iterator[Step]:
    yield from axis_steps.pieces_of_t()
    bound = _inside_level()
    yield laplace_steps.largest_ratio()
    needed = _at(statement["s_prime"], bound, r)
    yield equal(
        axis_steps.interval_mass(-sp.oo, 0) + laplace_steps.dp_factor() * needed,
        statement["first"].subs(p, bound),
        "P(Y in A) = P(Y_1 < r) + P(Y in S'), where P(Y_1 < r) = P(X_1 < 0) and P(Y in S') = "
        "e^(r/lambda) P(X in S') for every S' in {T = -r}",
        _INSIDE,
        written=axis_steps.interval_integral(-sp.oo, sp.Integer(0))
        + sp.exp(r / lam) * sp.Symbol("P(X in S')"),
        states=True,
    )
    yield equal(
        axis_steps.interval_mass(-sp.oo, r) + needed,
        bound,
        "that mass of S' is the one that gives A the mass PA",
        _INSIDE,
        written=axis_steps.interval_integral(-sp.oo, r) + sp.Symbol("P(X in S')"),
    )


_WITHIN = f"0 < r <= R, {_LEVEL}; R = r + w"
_PAST = f"r >= R >= 0, {_LEVEL}; R = k, r = k + w"


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The printed branches against half-line masses, with lambda = 1 (checked)."""
    scaled = [scales_as(statement["limit"], 1, r)]
    scaled += [scales_as(statement[name], 0, r) for name in ("first", "second", "s_prime")]
    near = {p: half_line_mass(r + _w), lam: 1}
    far = {p: half_line_mass(_k), lam: 1, r: _k + _w}
    first = sp.expand(statement["first"].subs(near))
    second = sp.expand(statement["second"].subs(far, simultaneous=True))
    inner, outer = (
        sp.simplify(statement["limit"].subs(place, simultaneous=True)) for place in (near, far)
    )
    limits = [
        same(inner - _w, "the limit R - r is w", _WITHIN),
        same(outer + _w, "the limit R - r is -w", _PAST),
    ]
    needed = statement["s_prime"].subs(near)
    return [
        enclosed(
            "first_branch",
            [
                *scaled,
                limits[0],
                same(first - half_line_mass(_w), "the branch is P(X_1 <= R - r)", _WITHIN),
                same(statement["first"].subs({p: 1, lam: 1}) - 1, "the branch is 1", "PA = 1"),
            ],
            conclusion="1 - e^(r/lambda) (1 - PA) is the mass of {x_1 <= R - r}, R - r >= 0",
        ),
        enclosed(
            "second_branch",
            [
                *scaled,
                limits[1],
                same(second - half_line_mass(-_w), "the branch is P(X_1 <= R - r)", _PAST),
            ],
            conclusion="e^(-r/lambda)/(4 (1 - PA)) is the mass of {x_1 <= R - r}, R - r <= 0",
        ),
        enclosed(
            "half_at_radius",
            [*scaled, *map(proof_only, limits), *_around_half(statement, first, second)],
            conclusion="both branches pass 1/2 at r = R and nowhere else",
        ),
        enclosed(
            "any_s_prime",
            [
                *scaled,
                three_pieces(),
                same(
                    half_line_mass(sp.Integer(0)) + sp.exp(r) * needed - half_line_mass(_w),
                    "P(Y_1 < r) + e^r P(X in S') is P(X_1 <= R - r)",
                    _WITHIN,
                ),
                same(
                    half_line_mass(r) + needed - half_line_mass(r + _w),
                    "P(X_1 < r) + P(X in S') is PA",
                    _WITHIN,
                ),
            ],
            conclusion="mu_Y/mu_X = e^(-T) = e^r on the whole atom, whatever part S' is of it",
        ),
    ]


def _around_half(statement: Statement, first: sp.Expr, second: sp.Expr) -> Iterator[Outcome]:
    """z = e^(-|R - r|): above 1/2 on (0, 1) inside the radius, below it beyond."""
    half = statement["at_radius"]
    for branch, relation, where in ((first, ">", _WITHIN), (second, "<", _PAST)):
        gap = sp.simplify(branch.subs(_w, -sp.log(_z)) - half)
        yield same(gap.subs(_z, 1), "both are 1/2", "r = R")
        last = 1 - Fraction(1, 1024)
        named = f"{where}, z = e^(-|R - r|)"
        # a branch that is not a function of R - r leaves r or k, and is only tried inside
        others = {s: (Fraction(1, 4), Fraction(8)) for s in (r, _k) if gap.has(s)}
        inside = sign_on_box(gap, relation, {_z: (Fraction(0), last), **others})
        yield over(inside, named, whole=not others)
        closed = closed_at(gap, relation, _z, sp.Integer(1), last, order=1, others=others)
        yield over(closed, named, whole=not others)


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """scipy's Laplace law centred at delta, on both sides of R; S' as random pieces of the atom."""
    rng = np.random.Generator(np.random.Philox(seed))
    of = numeric(statement)
    start = time.perf_counter()
    wrong: dict[str, dict[str, str]] = {}
    for place in places(200, [(0.5, 1), (1.0, -1)], rng):
        top, scale = place.mass, place.scale
        radius = float(place.law.isf(1 - top))
        past = radius + scale * float(10 ** rng.uniform(-6, 1))
        near = radius * float(1 - 10 ** rng.uniform(-6, -0.01))
        for name, norm, side in (("first", near, 1), ("second", past, -1)):
            moved = 1 - place.moved(radius, norm)
            seen = place.seen(norm, "PA", **{"P(Y in A)": moved})
            if abs(moved - of[name](top, norm, scale)) > 1e-10:
                wrong.setdefault(f"{name}_branch", seen)
            half = of["at_radius"](top, norm, scale)
            tie = of[name](top, radius, scale) - half
            if side * (moved - half) < -1e-9 or abs(tie) > 1e-9:
                wrong.setdefault("half_at_radius", seen)
        before, after = with_part(place, near, of["s_prime"](top, near, scale), rng)
        if max(abs(before - top), abs(after - of["first"](top, near, scale))) > 1e-9:
            wrong.setdefault("any_s_prime", place.seen(near, "PA", **{"P(Y in A)": after}))
    scope = "200 pairs (PA, lambda), PA within 1e-4 of 1/2 and of 1, r within 1e-6 of R"
    details = {
        "first_branch": "scipy's c.d.f. of Y_1 at R",
        "second_branch": "scipy's c.d.f. of Y_1 at R",
        "half_at_radius": "scipy's c.d.f. of Y_1 at R against 1/2, on both sides",
        "any_s_prime": "two random pieces of {x_1 >= r}, weighed by scipy under X and Y",
    }
    return reported(details, wrong, scope, start=start)
