"""Beyond the paper: the exact binary radius in the direction of delta, larger off the axes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np
import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosures.directional_boxes import (
    at_least_the_ball,
    diagonal_in_balls,
    larger_in_balls,
    on_the_axes,
)
from theory.searches.directional_programs import solve
from theory.searches.findings import searched
from theory.searches.search import TOLERANCE, numeric_radius
from theory.steps import directional_steps, laplace_steps
from theory.steps.directional_steps import COUNT, MOVE, V
from theory.symbols import excess, lam, p, r

_R, _HALF = sp.Rational, sp.Rational(1, 2)
_DIGITS = 10**9

CLAIM = Claim(
    slug="directional_radius",
    source="beyond the paper; sections 1 and 4.2",
    statement=(
        "With two classes and only P(f(X) = cA) >= PA known, the exact radius in the direction of "
        "delta is R = -lambda log[2(1 - PA)] where delta has one non-zero entry, and larger where "
        "it has two or more, exactly when 1/2 < PA < 1. The certified set is the l1 ball at its "
        "corners only."
    ),
    latex=(
        r"r^*(\delta)=R=-\lambda\log[2(1-p_A)]\ \ (\|\delta\|_0=1),\qquad "
        r"r^*(\delta)>R\ \ (\|\delta\|_0\ge2,\ \tfrac12<p_A<1)"
    ),
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("delta", "R^d, any d >= 1, not 0", "perturbation, of l1 norm r"),
        Variable("k", "1, ..., d", "number of non-zero entries of delta"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("v", "(0, oo)", "the root of (3 + v) e^(-v) = 2, a median in units of lambda"),
    ),
    parts=(
        Part("never_smaller", "in every direction and dimension the radius is at least R"),
        Part(
            "larger_off_axes",
            "it is larger than R for every delta with k >= 2 and every PA in (1/2, 1): at r = R "
            "the set {T = -r}, of probability 2^-k e^(-r/lambda), is smaller than 1 - PA",
        ),
        Part(
            "equal_on_axes",
            "it is R on every axis, and 0 = R in every direction at PA = 1/2",
        ),
        Part(
            "diagonal",
            "for delta = (r/2, r/2) it is R + lambda (v + log((1 + v)/2)) from PA = "
            "(5 + v)/(2(3 + v)) on, and below that the r with "
            "PA = 3/2 - (1 + r/(4 lambda)) e^(-r/(2 lambda))",
        ),
    ),
    assumptions=(
        "The radius in the direction of delta is the largest r such that no f with "
        "P(f(X) = cA) >= PA, deterministic or random, has P(f(Y) = cA) <= 1/2 at a multiple of "
        "delta of norm below r. At PA = 1 it is oo in every direction."
    ),
    reference="theory.directional encloses it in any direction",
    absent={Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f"},
)

PRINTED: Statement = {
    "radius": -lam * sp.log(2 * (1 - p)),
    "relation": ">",
    "atom": sp.Lambda((COUNT, r, lam), 2**-COUNT * sp.exp(-r / lam)),
    "near": sp.Lambda((r, lam), _R(3, 2) - (1 + r / (4 * lam)) * sp.exp(-r / (2 * lam))),
    "far": sp.Lambda((r, V, lam), 1 - (1 + V) * sp.exp(V - r / lam) / 4),
    "turn": sp.Lambda(V, (3 + V) * sp.exp(-V) - 2),
    "gain": sp.Lambda(V, V + sp.log((1 + V) / 2)),
    "median": (_R(583073876, _DIGITS), _R(583073877, _DIGITS)),
}

_TINY = _R(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)


def _times(factor: sp.Rational) -> Statement:
    return {"radius": PRINTED["radius"] * factor}


def _raised(name: str) -> sp.Lambda:
    return sp.Lambda(PRINTED[name].variables, PRINTED[name].expr + _TINY)


MUTANTS = (
    Mutant(
        "ball larger by 1e-6",
        {"radius": PRINTED["radius"] + lam * _TINY},
        "never_smaller",
        _PROOFS,
    ),
    Mutant("ball larger by three tenths", _times(_R(13, 10)), "never_smaller", _ALL),
    Mutant("smaller off the axes", {"relation": "<"}, "larger_off_axes", _ALL),
    Mutant("P(T = -r) larger by 1e-6", {"atom": _raised("atom")}, "larger_off_axes", _PROOFS),
    Mutant(
        "P(T = -r) without a factor 1/2",
        {"atom": sp.Lambda((COUNT, r, lam), 2 ** (1 - COUNT) * sp.exp(-r / lam))},
        "larger_off_axes",
        _PROOFS,
    ),
    Mutant(
        "on the axes larger by 1e-6",
        {"radius": PRINTED["radius"] + lam * _TINY},
        "equal_on_axes",
        _PROOFS,
    ),
    Mutant("on the axes smaller by three tenths", _times(_R(7, 10)), "equal_on_axes", _ALL),
    Mutant("near formula larger by 1e-6", {"near": _raised("near")}, "diagonal", _PROOFS),
    Mutant(
        "near formula without a factor 1/2",
        {"near": sp.Lambda((r, lam), _R(3, 2) - (1 + r / (2 * lam)) * sp.exp(-r / (2 * lam)))},
        "diagonal",
        _ALL,
    ),
    Mutant("far formula larger by 1e-6", {"far": _raised("far")}, "diagonal", _PROOFS),
    Mutant(
        "far formula without its factor 1 + v",
        {"far": sp.Lambda((r, V, lam), 1 - sp.exp(V - r / lam) / 4)},
        "diagonal",
        _ALL,
    ),
    Mutant(
        "median later by 1e-6",
        {"median": tuple(end + _TINY for end in PRINTED["median"])},
        "diagonal",
        _PROOFS,
    ),
)

_k = sp.Symbol("k", positive=True)
_c = sp.Symbol("c", positive=True)
_NORM = sp.Symbol("R", positive=True)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The ratio of the densities reaches its bound on one orthant only; two moves in full."""
    return [
        chain(
            "never_smaller",
            _never_smaller(statement["radius"]),
            conclusion="P(f(Y) = cA) >= 1 - e^(r/lambda)(1 - PA) > 1/2 for every r < R",
        ),
        chain(
            "larger_off_axes",
            directional_steps.larger_off_the_axes(
                *(statement[name] for name in ("atom", "radius", "relation"))
            ),
            conclusion=(
                "at r = R some kappa < e^(r/lambda) has P(L > kappa) < 1 - PA, since P(L > kappa) "
                "falls to P(T = -r) < 1 - PA; there P(Y in B) < 1/2 for every B, and as Q(q) "
                "is Lipschitz a little beyond R too"
            ),
        ),
        chain(
            "equal_on_axes",
            _on_axes(statement),
            conclusion="a half-space of mass PA ties at r = R; at PA = 1/2 one flips at any delta",
        ),
        chain(
            "diagonal",
            _diagonal(statement),
            conclusion=(
                "by Neyman and Pearson the worst B of P(Y in B) = 1/2 is {T < t} with a part of "
                "{T = t}, and the radius is the r at which P(X in B) = 1 - PA; both PA are "
                "increasing in r"
            ),
        ),
    ]


def _never_smaller(radius: sp.Expr) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    lost = laplace_steps.dp_factor() * (1 - p)
    yield compare(
        1 - lost.subs(r, radius - excess),
        ">",
        _HALF,
        "integrate mu_Y <= e^(r/lambda) mu_X over {f = cB}, of mass at most 1 - PA, at r = R - s",
        "1/2 < PA < 1, 0 < s <= R, every direction and dimension",
        along=(excess, sp.Integer(0), 1),
        written=1 - sp.exp((_NORM - excess) / lam) * (1 - p),
        states=True,
    )


def _on_axes(statement: Statement) -> Iterator[Step]:
    level, radius = laplace_steps.threshold_probability(_k), statement["radius"]
    edge = sp.simplify(radius.subs(p, level))
    yield from _never_smaller(radius)
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, edge),
        level,
        "f = cA iff x_1 <= R meets P(f(X) = cA) = PA",
        "PA = 1 - e^(-k)/2, k > 0, delta = (R, 0, ..., 0), any axis",
        written=densities.integral(densities.laplace, lam, -sp.oo, _NORM),
        states=True,
    )
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, sp.Integer(0)),
        _HALF,
        "and Y_1 = X_1 + R is in {x_1 <= R} iff X_1 <= 0: a tie, so no radius is larger than R",
        "r = R on an axis, every dimension",
        written=densities.integral(densities.laplace, lam, -sp.oo, sp.Integer(0)),
    )
    yield equal(radius.subs(p, _HALF), 0, "R = 0", "PA = 1/2", states=True)
    yield compare(
        densities.mass(densities.laplace, lam, MOVE, sp.oo),
        "<",
        _HALF,
        "f = cA iff x_1 <= 0 has mass 1/2 at x and P(X_1 <= -a) at x + delta, delta_1 = a (after "
        "choosing the axis and its sign): it flips at every delta",
        "PA = 1/2, every delta that is not 0",
        along=(MOVE, sp.Integer(0), 1),
        written=densities.integral(densities.laplace, lam, -sp.oo, -MOVE),
    )


def _diagonal(statement: Statement) -> Iterator[Step]:
    near, far, turn, gain = (statement[name] for name in ("near", "far", "turn", "gain"))
    yield from laplace_steps.ratio_is_bounded()
    yield from directional_steps.middle_of_two(near, turn)
    yield from directional_steps.end_of_two(turn, far)
    slope = "(3 + v) e^(-v) falls: one root v"
    yield compare(sp.diff(turn(V), V), "<", 0, slope, "v > 0", written=sp.Derivative(turn(V), V))
    for end, relation in zip(statement["median"], (">", "<"), strict=True):
        side = "an end of the bracket of v"
        yield compare(turn(end), relation, 0, side, f"v = {end}", states=True)
    yield equal(
        sp.simplify(far(statement["radius"] + lam * gain(V), V, lam)),
        p,
        "r = R + lambda (v + log((1 + v)/2)) solves PA = 1 - (1 + v) e^(v - r/lambda)/4",
        "1/2 < PA < 1",
        states=True,
    )
    turned = {sp.exp(-V): 2 / (3 + V)}
    for name, level in (("near", near(2 * lam * V, lam)), ("far", far(2 * lam * V, V, lam))):
        yield equal(
            sp.expand(level).subs(turned),
            (5 + V) / (2 * (3 + V)),
            f"the {name} formula at r = 2 v lambda: both meet at this PA",
            "(3 + v) e^(-v) = 2",
            states=True,
        )
    for name, level in (("near", near(r, lam)), ("far", far(r, V, lam))):
        grows = f"the {name} PA grows with r, so that one r belongs to it"
        yield compare(sp.diff(level, r), ">", 0, grows, "r > 0", written=sp.Derivative(level, r))


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Signs in c = 2(1 - PA) and z, the generating functions of T's law, and certified radii."""
    return [
        at_least_the_ball(statement),
        larger_in_balls(statement),
        on_the_axes(statement),
        diagonal_in_balls(statement),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Linear programs for random directions in one to three dimensions, each part its own."""
    rng = np.random.Generator(np.random.Philox(seed))
    radius = numeric_radius(statement["radius"], p_a=p)
    start, inside, off, on = time.perf_counter(), None, None, None
    sign = 1.0 if statement["relation"] == ">" else -1.0
    for number in range(18):
        shares = rng.uniform(0.15, 1.0, size=1 + number % 3)
        level = [0.5 + 10 ** rng.uniform(-3, -0.4), 1 - 10 ** rng.uniform(-3, -0.4)][number % 2]
        scale = 10 ** rng.uniform(-1, 1)
        ball = radius(level, 1 - level, scale)
        unit = shares / shares.sum()
        within = solve(level, 0.99 * ball * unit, scale)
        if within.margin < -TOLERANCE and within.confirmed:
            inside = inside or _witness(level, 0.99 * ball * unit, scale)
        at = solve(level, ball * unit, scale)
        if len(unit) > 1 and not sign * at.margin > TOLERANCE:
            off = off or _witness(level, ball * unit, scale, margin=at.margin)
        beyond = solve(level, 1.01 * ball * unit[:1] / unit[0], scale)
        if len(unit) == 1 and not (beyond.confirmed and within.margin > TOLERANCE):
            on = on or _witness(level, 1.01 * ball * unit[:1] / unit[0], scale)
    scope = "18 directions in d = 1 to 3, PA from 0.501 to 0.999, scales 0.1 to 10"
    return [
        searched("never_smaller", scope, "at 0.99 R nothing flips", start=start, witness=inside),
        searched(
            "larger_off_axes", scope, "at R a margin is left off the axes", start=start, witness=off
        ),
        searched(
            "equal_on_axes", scope, "flips between 0.99 R and 1.01 R", start=start, witness=on
        ),
        _search_diagonal(statement),
    ]


def _search_diagonal(statement: Statement) -> Evidence:
    """Programs at PA a little above and below what the printed formulas say for r."""
    start = time.perf_counter()
    median = float(statement["median"][0])
    near = sp.lambdify(statement["near"].variables, statement["near"].expr)
    far = sp.lambdify(statement["far"].variables, statement["far"].expr)
    for norm, scale in ((0.3, 1.0), (0.8, 0.5), (1.1, 2.0), (1.5, 0.7), (2.5, 1.0), (4.0, 3.0)):
        r_at = norm * scale
        level = near(r_at, scale) if norm < 2 * median else far(r_at, median, scale)
        step, delta = 0.04 * (1 - level), (r_at / 2, r_at / 2)
        kept, lost = solve(level + step, delta, scale), solve(level - step, delta, scale)
        if kept.margin < TOLERANCE or not (lost.margin < -TOLERANCE and lost.confirmed):
            shown = _witness(level, delta, scale, above=kept.margin, below=lost.margin)
            return searched(
                "diagonal", "the point of the witness", "not so", start=start, witness=shown
            )
    scope = "six norms from 0.3 to 4 lambda, three scales"
    detail = "a classifier flips at PA 4 % of 1 - PA below the formula and none 4 % above it"
    return searched("diagonal", scope, detail, start=start)


def _witness(level: float, delta: Sequence[float], scale: float, **found: float) -> dict[str, str]:
    where = {"PA": repr(level), "scale": repr(scale), "delta": repr([float(d) for d in delta])}
    return {**where, **{name: repr(value) for name, value in found.items()}}
