"""Section 4.2: the displayed P(Y in B) for delta on an axis, over every PB in (0, 1)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import closed_at, enclosed, sign_on_box
from theory.enclosures.axis_mass_boxes import (
    PLACES,
    below_largest,
    counterexample,
    q,
    up_to_half,
    z,
)
from theory.enclosures.axis_sets import same, three_pieces
from theory.enclosures.coverage import over, scales_as
from theory.searches.axis_search import largest_loss, meeting_point, numeric, places, reported
from theory.steps import axis_steps, laplace_steps
from theory.symbols import excess, lam, p_b, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="axis_mass_of_b",
    source="section 4.2, the display in the sketch of the proof of Theorem 3",
    statement=(
        "For delta = (r, 0, ..., 0) and a set B = {T < beta} + B' of X-mass PB in (0, 1), P(Y in "
        "B) is the integral of the density up to r + lambda log[2 PB]: e^(r/lambda) PB for r <= "
        "-lambda log[2 PB], and 1 - e^(-r/lambda)/(4 PB) otherwise."
    ),
    latex=(
        r"P(Y\in B)=\int_{-\infty}^{\|\delta\|_1+\lambda\log[2P_B]}\tfrac1{2\lambda}"
        r"e^{-|x|/\lambda}dx=\begin{cases}\exp(\frac{\|\delta\|_1}\lambda)P_B&\|\delta\|_1\le"
        r"-\lambda\log[2P_B]\\1-\frac1{4P_B}\exp(-\frac{\|\delta\|_1}\lambda)&\text{o.w.}"
        r"\end{cases}"
    ),
    variables=(
        Variable("PB", "(0, 1)", "X-mass of B"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("r", "(0, oo)", "l1 norm of delta, which lies on a coordinate axis"),
        Variable("B'", "a subset of {T = beta}", "completes B to the mass PB, as in appendix B"),
    ),
    parts=(
        Part(
            "display",
            "the display, with both of its branches, is P(Y in B) for every PB in (0, 1)",
            otherwise=(
                "as printed for 0 < PB <= 1/2, which is all that Theorem 3 needs (its PA >= 1/2 "
                "and PA + PB <= 1); for 1/2 < PB < 1, where every r is in the second branch, "
                "P(Y in B) = 1 - (1 - PB) e^(-r/lambda), and the display is too small by "
                "(2 PB - 1)^2 e^(-r/lambda)/(4 PB), which is less than 1/4 and tends to 1/4 for "
                "PB -> 1, r -> 0"
            ),
        ),
        Part(
            "up_to_half",
            "for 0 < PB <= 1/2 both branches and the integral are P(Y in B); the branches meet "
            "with the value 1/2 at r = -lambda log[2 PB]",
            Role.CORRECTION,
        ),
        Part(
            "beyond_half",
            "for 1/2 < PB < 1, P(Y in B) = 1 - (1 - PB) e^(-r/lambda), whatever B' in {T = r} is",
            Role.CORRECTION,
        ),
        Part(
            "largest_error",
            "for 1/2 < PB < 1 the display is too small by (2 PB - 1)^2 e^(-r/lambda)/(4 PB), "
            "whose supremum 1/4 is not attained",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "B = {T < beta} + B', as in appendix B, of X-mass exactly PB. The domain (0, 1) is that of "
        "the claim; the hypotheses of Theorem 3, whose proof holds the display, leave PB <= 1/2."
    ),
    reference="paper, section 4.2",
    absent={
        Rung.EXPERIMENT: "the set is given explicitly: no trained classifier is involved",
        Rung.FIGURE: "Figure 5 draws the sets themselves, which is figure_5_moved_set",
    },
)

PRINTED: Statement = {
    "limit": r + lam * sp.log(2 * p_b),
    "near": sp.exp(r / lam) * p_b,
    "far": 1 - sp.exp(-r / lam) / (4 * p_b),
    "switch": -lam * sp.log(2 * p_b),
    "beyond": 1 - (1 - p_b) * sp.exp(-r / lam),
    "error": (2 * p_b - 1) ** 2 * sp.exp(-r / lam) / (4 * p_b),
    "largest": sp.Rational(1, 4),
}

_SHIFT = sp.Rational(1, 10**6)
_EXACT = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)


def _plus(name: str, shift: sp.Expr) -> Statement:
    return {name: PRINTED[name] + shift}


_HALVED = {"far": 1 - sp.exp(-r / lam) / (2 * p_b)}
_SWAPPED = {"beyond": 1 - p_b * sp.exp(-r / lam)}
MUTANTS = (
    Mutant("first branch larger by 1e-6", _plus("near", _SHIFT), "up_to_half", _EXACT),
    Mutant("second branch larger by 1e-6", _plus("far", _SHIFT), "up_to_half", _EXACT),
    Mutant("2 for 4 in the second branch", _HALVED, "up_to_half", _ALL),
    Mutant("switch later by 1e-6", _plus("switch", lam * _SHIFT), "up_to_half", _EXACT),
    Mutant("correction larger by 1e-6", _plus("beyond", _SHIFT), "beyond_half", _EXACT),
    Mutant("PB for 1 - PB in the correction", _SWAPPED, "beyond_half", _ALL),
    Mutant("error larger by 1e-6", _plus("error", _SHIFT), "largest_error", _EXACT),
    Mutant("supremum smaller by 1e-6", _plus("largest", -_SHIFT), "largest_error", _EXACT),
    Mutant("error of the wrong sign", {"error": -PRINTED["error"]}, "largest_error", _ALL),
)

_k = sp.Symbol("k", nonnegative=True)
_w = sp.Symbol("w", nonnegative=True)
_c = sp.Symbol("c", positive=True)
_v = sp.Symbol("v", positive=True)
_y = sp.Symbol("y", positive=True)
_b = sp.Symbol("b", real=True)
_UP_TO = "both branches and the integral are P(X_1 >= b - r), b >= 0"
_MOVED = sp.Symbol("P(Y in B)")
_TAIL = "B = {x_1 >= b}, PB = P(X_1 >= b) from the density"
_NEAR = f"0 < PB <= 1/2 and r <= b, written b = r + w; {_TAIL}"
_FAR = f"0 < PB <= 1/2 and r > b >= 0, written b = k lambda, r = b + s; {_TAIL}"
_HIGH = f"1/2 < PB < 1, b = -c lambda < 0, every r > 0; {_TAIL}"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """P(X_1 >= b - r) from the density, for b on both sides of 0 and of r."""
    return [
        chain(
            "display",
            _display(statement),
            proves=False,
            conclusion="for every PB in (1/2, 1) and r > 0 the second branch applies, and is below "
            "P(Y in B), since 4 PB (1 - PB) < 1",
        ),
        chain(
            "up_to_half",
            _up_to_half(statement),
            conclusion="Y in B iff X_1 >= b - r, where b = -lambda log[2 PB] >= 0",
        ),
        chain(
            "beyond_half",
            _beyond_half(statement),
            conclusion="Y in B iff X_1 >= b - r, where b = lambda log[2 (1 - PB)] < 0",
        ),
        chain(
            "largest_error",
            _largest_error(statement),
            conclusion="the error rises with PB and falls with r, to 1/4 at PB -> 1, r -> 0",
        ),
    ]


def _at(formula: sp.Expr, level: sp.Expr, move: sp.Expr = r) -> sp.Expr:
    return sp.simplify(formula.subs({p_b: level, r: move}, simultaneous=True))


def _tail(start: sp.Expr) -> sp.Expr:
    return axis_steps.interval_mass(start, sp.oo)


def _display(statement: Statement) -> Iterator[Step]:
    bound, domain = _tail(-lam * _c), f"{_HIGH}; c = log(1 + v), v > 0"
    switch, far = (
        _at(statement[name], bound).subs(_c, sp.log(1 + _v)) for name in ("switch", "far")
    )
    yield compare(
        switch,
        "<",
        0,
        "the printed switch is negative, so the second branch is displayed for every r > 0",
        domain,
        along=(_v, sp.Integer(0), 1),
        written=statement["switch"],
    )
    yield compare(
        _tail(-lam * _c - r).subs(_c, sp.log(1 + _v)),
        ">",
        far,
        "P(Y in B) = P(X_1 >= b - r) is larger than that",
        domain,
        form=sp.exp(-r / lam) * _v**2 / (2 * (1 + _v) * (1 + 2 * _v)),
        written=axis_steps.interval_integral(_b - r, sp.oo),
        states=True,
    )
    yield from axis_steps.pieces_of_t()


def _up_to_half(statement: Statement) -> Iterator[Step]:
    inside = _tail(lam * _k).subs(_k, (r + _w) / lam)
    bound, move = _tail(lam * _k), lam * _k + excess
    for limits, name, level, at, domain in (
        ((_w, sp.oo), "near", inside, r, _NEAR),
        ((-excess, sp.oo), "far", bound, move, _FAR),
    ):
        yield axis_steps.has_mass(
            limits,
            _at(statement[name], level, at),
            "Y_1 = X_1 + r is at least b iff X_1 >= b - r",
            f"{domain}, every dimension (the other coordinates do not matter)",
            states=True,
            shown=(_b - r, sp.oo),
        )
        yield equal(
            axis_steps.interval_mass(-sp.oo, _at(statement["limit"], level, at)),
            _at(statement[name], level, at),
            "the displayed integral is that branch",
            domain,
            written=axis_steps.interval_integral(-sp.oo, statement["limit"]),
            states=True,
        )
    yield equal(
        _at(statement["switch"], bound),
        lam * _k,
        "the printed switch is r = b",
        f"0 < PB <= 1/2; {_TAIL}",
        written=statement["switch"],
        states=True,
    )
    tie = inside.subs(_w, 0)
    for name in ("near", "far"):
        at_switch = f"the branch {statement[name]} at the switch, where it is 1/2"
        value, half = _at(statement[name], tie), axis_steps.interval_mass(0, sp.oo)
        yield equal(value, half, at_switch, f"r = b; {_TAIL}", written=_MOVED, states=True)
    yield from axis_steps.pieces_of_t()
    yield equal(
        laplace_steps.dp_factor() * inside,
        _at(statement["near"], inside),
        "the same for every B in the atom {T = -r} = {x_1 >= r}, where mu_Y = e^(r/lambda) mu_X",
        _NEAR,
        written=sp.exp(r / lam) * p_b,
    )


def _beyond_half(statement: Statement) -> Iterator[Step]:
    bound = _tail(-lam * _c)
    stated = _at(statement["beyond"], bound)
    yield axis_steps.has_mass(
        (-lam * _c - r, sp.oo),
        stated,
        "Y_1 = X_1 + r is at least b iff X_1 >= b - r",
        f"{_HIGH}, every dimension (the other coordinates do not matter)",
        states=True,
        shown=(_b - r, sp.oo),
    )
    yield from axis_steps.pieces_of_t()
    ratio = sp.exp(-laplace_steps.log_ratio_at(-_v, r) / lam)
    yield equal(ratio, sp.exp(-r / lam), "mu_Y / mu_X on {T = r} = {x_1 <= 0}", "x_1 = -v < 0")
    part = bound - _tail(sp.Integer(0))
    yield equal(
        _tail(-r) + ratio * part,
        stated,
        "with any other part B' of {T = r}, of the X-mass PB - P(X_1 > 0): P(Y_1 > 0) + P(Y in "
        "B'), the same",
        _HIGH,
        written=axis_steps.interval_integral(-r, sp.oo)
        + sp.exp(-r / lam) * sp.Symbol("P(X in B')"),
    )


def _largest_error(statement: Statement) -> Iterator[Step]:
    # e^(-r/lambda) = 1/(1 + y) and e^(-c) = 1/(1 + v): y -> 0 is r -> 0, v -> oo is PB -> 1
    place = {_c: sp.log(1 + _v), r: lam * sp.log(1 + _y)}
    bound = _tail(-lam * _c)
    error = sp.factor(_at(statement["error"], bound).subs(place))
    missing = _tail(-lam * _c - r) - _at(statement["far"], bound)
    domain = f"{_HIGH}; c = log(1 + v), r = lambda log(1 + y), v > 0, y > 0"
    yield equal(
        sp.factor(sp.simplify(missing.subs(place))),
        error,
        "P(X_1 >= b - r) less the displayed value",
        domain,
        written=axis_steps.interval_integral(_b - r, sp.oo) - statement["far"],
        states=True,
    )
    yield equal(
        sp.limit(sp.limit(error, _y, 0, "+"), _v, sp.oo),
        statement["largest"],
        "the error comes as close as one likes to this",
        "r -> 0, then PB -> 1",
        written=sp.Limit(sp.Limit(statement["error"], r, 0, "+"), p_b, 1, "-"),
        states=True,
    )
    yield compare(error, "<", statement["largest"], "and stays below it", domain, states=True)
    for symbol, sign, said in ((_v, ">", "it rises with PB"), (_y, "<", "and falls with r")):
        slope, shown = sp.diff(error, symbol), sp.Derivative(error, symbol)
        yield compare(slope, sign, 0, said, domain, written=shown)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The display against half-line masses, with lambda = 1 (checked); PB = 1 - q/2 beyond 1/2."""
    scaled = [scales_as(statement[name], 1, r) for name in ("limit", "switch")]
    scaled += [scales_as(statement[name], 0, r) for name in ("near", "far", "beyond", "error")]
    place = {p_b: half_line_mass(_c), lam: 1}  # b = -c < 0, and c = -log q
    to_box = {_c: -sp.log(q), r: -sp.log(z)}
    moved = half_line_mass(_c + r)
    missing = sp.simplify(sp.expand(moved - statement["far"].subs(place)).subs(to_box))
    error = sp.simplify(statement["error"].subs(place).subs(to_box))
    per = sp.cancel(missing / (z * (1 - q) ** 2))
    switch = sp.simplify(statement["switch"].subs(place).subs(_c, -sp.log(q)))
    last, unit = 1 - Fraction(1, 1024), (Fraction(0), Fraction(1))
    beyond = f"{PLACES}; over z (1 - q)^2"
    return [
        enclosed(
            "display",
            [
                *scaled,
                three_pieces(),
                over(sign_on_box(switch, "<", {q: (Fraction(0), last)}), "the switch is below 0"),
                over(closed_at(switch, "<", q, sp.Integer(1), last, order=1), PLACES),
                over(sign_on_box(per, ">", {q: unit, z: unit}), beyond),
            ],
            proves=False,
            conclusion="P(Y in B) is larger than the second branch, the one displayed for r > 0, "
            "at every PB in (1/2, 1)",
            witness=counterexample(statement["far"]),
        ),
        enclosed("up_to_half", [*scaled, *up_to_half(statement)], conclusion=_UP_TO),
        enclosed(
            "beyond_half",
            [
                *scaled,
                three_pieces(),
                same(moved - statement["beyond"].subs(place), "P(X_1 >= b - r)", PLACES),
                same(
                    half_line_mass(r)
                    + sp.exp(-r) * (half_line_mass(_c) - half_line_mass(sp.Integer(0)))
                    - statement["beyond"].subs(place),
                    "P(Y_1 > 0) + e^(-r) P(X in B') for any B' in {T = r}",
                    PLACES,
                ),
            ],
            conclusion="1 - (1 - PB) e^(-r/lambda), whatever B' is",
        ),
        enclosed(
            "largest_error",
            [*scaled, *below_largest(statement["largest"], error, missing)],
            conclusion="the error is a multiple of z, rises to 1/4 as q -> 0 and z -> 1, and is "
            "below it everywhere",
        ),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """scipy's Laplace law centred at delta, and a bounded maximisation of the error."""
    rng = np.random.Generator(np.random.Philox(seed))
    of, largest = numeric(statement), float(statement["largest"])
    start = time.perf_counter()
    wrong: dict[str, dict[str, str]] = {}
    for number, place in enumerate(places(300, _CENTRES, rng)):
        mass, scale, end = place.mass, place.scale, place.upper
        norm = scale * float(10 ** rng.uniform(-3, 0.8))
        if mass < 0.5 and number % 8 < 4:  # close to the switch, on both sides
            norm = end * float(1 + rng.choice([-1, 1]) * 10 ** rng.uniform(-6, -1))
        moved = place.moved(end, norm)
        branch = "near" if norm <= of["switch"](mass, norm, scale) else "far"
        shown = of[branch](mass, norm, scale)
        seen = place.seen(norm, "PB", **{"displayed": shown, "P(Y in B)": moved})
        if abs(shown - moved) > 1e-6:
            wrong.setdefault("display", seen)
        if mass <= 0.5:
            integral = float(place.law.cdf(of["limit"](mass, norm, scale)))
            if max(abs(shown - moved), abs(integral - moved)) > 1e-10:
                wrong.setdefault("up_to_half", seen)
            continue
        error = of["error"](mass, norm, scale)
        if abs(of["beyond"](mass, norm, scale) - moved) > 1e-10:
            wrong.setdefault("beyond_half", seen)
        if abs(moved - shown - error) > 1e-10 or not error < largest:
            wrong.setdefault("largest_error", seen)
    wrong.setdefault("up_to_half", meeting_point(of, rng) or {})
    loss, (at_mass, at_norm) = largest_loss(of["far"])
    if not largest - 1e-8 < loss < largest:
        seen = {"PB": repr(at_mass), "lambda": "1", "r": repr(at_norm), "error": repr(loss)}
        wrong.setdefault("largest_error", seen)
    scope = "300 triples (PB, lambda, r), PB within 1e-4 of 0, 1/2 and 1, r within 1e-6 of b"
    detail = "scipy's survival function of Y_1 at b"
    details = {
        "up_to_half": f"{detail}; the branches meet at the switch (brentq)",
        "beyond_half": detail,
        "largest_error": f"{detail}; the largest error found is {loss:.10f}",
    }
    lost = wrong.pop("display", None)
    seen_display = Grade.CONSISTENT, "display", lost is None
    return [
        Evidence(Rung.SEARCH, *seen_display, scope, detail, lost),
        *reported(details, {part: one for part, one in wrong.items() if one}, scope, start=start),
    ]


_CENTRES = ((0.0, 1), (0.5, -1), (0.5, 1), (1.0, -1))
