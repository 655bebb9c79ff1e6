"""Section 1: tight means that any point outside the certified region is adversarial for some f."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory import densities
from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosures.directional_boxes import larger_in_balls
from theory.enclosures.outside_boxes import (
    axes_in_balls,
    half_in_balls,
    inside_the_direction,
    longer_in_balls,
)
from theory.searches.directional_programs import solve
from theory.searches.findings import searched
from theory.searches.search import TOLERANCE, numeric_radius
from theory.steps import directional_steps, laplace_steps
from theory.steps.directional_steps import COUNT, FIRST, MOVE, SECOND, V
from theory.symbols import excess, lam, p, r

_R, _HALF = sp.Rational, sp.Rational(1, 2)

CLAIM = Claim(
    slug="outside_is_adversarial",
    source="section 1",
    statement=(
        "That the certificate is tight means that any point outside the certified ball is an "
        "adversarial example in the worst case: for every delta with ||delta||_1 > R some f with "
        "P(f(X) = cA) >= PA has P(f(Y) = cA) <= 1/2."
    ),
    latex=(
        r"\forall\,\|\delta\|_1>R=-\lambda\log[2(1-p_A)]\ \exists f:\ P(f(X)=c_A)\ge p_A,\ "
        r"P(f(Y)=c_A)\le\tfrac12"
    ),
    variables=(
        Variable("PA", "[1/2, 1)", "lower bound on the probability of the top class at x"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r > R"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "every_point",
            "for every PA in [1/2, 1), every d and every delta with ||delta||_1 > R some f with "
            "P(f(X) = cA) >= PA has P(f(Y) = cA) <= 1/2",
            otherwise=(
                "in a direction it is true exactly when that is an axis (so always for d = 1) or "
                "PA = 1/2; in any other direction delta is adversarial for some f only once its "
                "norm reaches the radius of that direction, which is larger than R. At every norm "
                "r > R some point, on an axis, is adversarial"
            ),
        ),
        Part(
            "on_axes",
            "every delta on an axis with ||delta||_1 > R is adversarial for some f, in every d",
            Role.CORRECTION,
        ),
        Part(
            "at_half",
            "at PA = 1/2, where R = 0, every delta but 0 is adversarial for some f",
            Role.CORRECTION,
        ),
        Part(
            "off_axes",
            "for every delta with k >= 2 non-zero coordinates, every d and every PA in (1/2, 1) "
            "no f with P(f(X) = cA) >= PA has P(f(Y) = cA) <= 1/2 at norm R, nor a little beyond "
            "it: the radius of the direction is larger than R",
            Role.CORRECTION,
        ),
        Part(
            "longer_multiples",
            "if delta is adversarial for some f, so is every longer multiple of delta: on a ray "
            "the adversarial points are those from the radius of its direction on",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "The sentence explains what tight means, after certificates in other norms; it is read "
        "here of the paper's own certificate, which section 1 calls tight. A tie, P(f(Y) = cA) = "
        "1/2, counts as adversarial."
    ),
    reference="paper, section 1; Blackwell (1953) for the comparison of experiments",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "the certified set is drawn for directional_radius",
    },
)

_MOVED, _LEVEL = sp.symbols("a t", real=True)

PRINTED: Statement = {
    "radius": -lam * sp.log(2 * (1 - p)),
    # the counterexample, with lambda = 1: PA, the norm of delta = (r/2, r/2), and v of its bound
    "level": _R(9, 10),
    "norm": _R(9, 5),
    "place": _R(7, 12),
    # E (L - e^t)_+ of one coordinate, L = mu_Y/mu_X, -a < t < a, lambda = 1: it grows with a
    "profile": sp.Lambda((_MOVED, _LEVEL), 1 - sp.exp((_LEVEL - _MOVED) / 2)),
    "order": ">",
    # off the axes: P(T = -r), and the radius of the direction against R
    "atom": sp.Lambda((COUNT, r, lam), 2**-COUNT * sp.exp(-r / lam)),
    "relation": ">",
}

_TINY = _R(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant("ball smaller by 1e-6", {"radius": PRINTED["radius"] - lam * _TINY}, "on_axes", _PROOFS),
    Mutant("ball of 0.7 R", {"radius": PRINTED["radius"] * _R(7, 10)}, "on_axes", _ALL),
    Mutant("ball larger by 1e-6", {"radius": PRINTED["radius"] + lam * _TINY}, "at_half", _PROOFS),
    Mutant(
        "profile larger by 1e-6",
        {"profile": sp.Lambda((_MOVED, _LEVEL), PRINTED["profile"].expr + _TINY)},
        "longer_multiples",
        _PROOFS,
    ),
    Mutant(
        "profile without its factor 1/2",
        {"profile": sp.Lambda((_MOVED, _LEVEL), 1 - sp.exp(_LEVEL - _MOVED))},
        "longer_multiples",
        (*_PROOFS, Rung.SIMULATION),
    ),
    Mutant("smaller off the axes", {"relation": "<"}, "off_axes", _ALL),
    Mutant(
        "P(T = -r) larger by 1e-6",
        {"atom": sp.Lambda(PRINTED["atom"].variables, PRINTED["atom"].expr + _TINY)},
        "off_axes",
        _PROOFS,
    ),
    Mutant("less lost farther off", {"order": "<"}, "longer_multiples", (*_PROOFS, Rung.SEARCH)),
)

_k = sp.Symbol("k", nonnegative=True)
_NORM, _edge = sp.Symbol("R", positive=True), sp.Function("P")


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Dual bounds off the axes; half-spaces; the order of moves of one coordinate."""
    level, norm = statement["level"], statement["norm"]
    return [
        chain(
            "every_point",
            _kept(statement),
            proves=False,
            conclusion=(
                f"PA = {level}, lambda = 1, delta = ({norm / 2}, {norm / 2}), of norm {norm} > R: "
                "every f with P(f(X) = cA) >= PA keeps P(f(Y) = cA) > 1/2"
            ),
        ),
        chain(
            "on_axes",
            _on_axes(statement["radius"]),
            conclusion="f = cA iff x_1 <= R + s/2 flips at delta = (R + s, 0, ..., 0), every s > 0",
        ),
        chain(
            "at_half",
            _at_half(statement["radius"]),
            conclusion="f = cA iff x_1 <= 0 flips at every delta with delta_1 > 0",
        ),
        chain(
            "off_axes",
            directional_steps.larger_off_the_axes(
                *(statement[name] for name in ("atom", "radius", "relation"))
            ),
            conclusion=(
                "the largest density ratio is reached on {T = -r} alone, which at r = R is smaller "
                "than 1 - PA: every f keeps more than 1/2 there, by the same amount, and a little "
                "beyond"
            ),
        ),
        chain(
            "longer_multiples",
            directional_steps.grows_with_the_move(statement["profile"], statement["order"]),
            conclusion=(
                "by Blackwell's theorem a randomisation takes (X_1, X_1 + b) to (X_1, X_1 + a), "
                "a < b; done in each coordinate it turns f into a classifier that has at the "
                "longer multiple the probabilities that f has at delta"
            ),
        ),
    ]


def _kept(statement: Statement) -> Iterator[Step]:
    level, norm, place = (statement[name] for name in ("level", "norm", "place"))
    yield from laplace_steps.ratio_is_bounded()
    ball = statement["radius"].subs({p: level, lam: 1})
    domain = f"PA = {level}, lambda = 1, delta = ({norm / 2}, {norm / 2})"
    outside = "delta is outside the certified ball"
    yield compare(ball, "<", norm, outside, domain, written=_NORM, states=True)
    yield compare(place, "<", norm / 2, "v is shorter than either move", domain)
    yield from directional_steps.mirrored()
    v = f"v = {place}, W = (r - T)/2"
    at = {V: place, lam: 1, FIRST: norm / 2 - place, SECOND: norm / 2 - place}
    far, near = directional_steps.far_tail().subs(at), directional_steps.near_tail().subs(at)
    yield equal(
        far,
        (1 + place) * sp.exp(place - norm) / 4,
        "P(X: W > r - v), from the density",
        f"{domain}, {v}",
        written=_edge(sp.Symbol("W") > norm - place),
    )
    yield equal(
        1 - near,
        1 - (3 + place) * sp.exp(-place) / 4,
        "P(Y: W > r - v) = P(X: W < v), from the density",
        f"{domain}, {v}",
        written=_edge(sp.Symbol("W") < place),
    )
    ratio = sp.exp(norm - 2 * place)
    yield compare(
        ratio * (1 - level) + (1 - near) - ratio * far,
        "<",
        _HALF,
        "P(Y in B) <= kappa P(X in B) + P(Y: L > kappa) - kappa P(X: L > kappa) for every B and "
        "kappa; here B = {f != cA}, kappa = e^(r - 2v), {L > kappa} = {W > r - v}",
        f"{domain}, every f with P(f(X) = cA) >= PA",
        states=True,
    )


def _on_axes(radius: sp.Expr) -> Iterator[Step]:
    bound = laplace_steps.threshold_probability(_k)
    beyond = sp.simplify(radius.subs(p, bound)) + excess
    domain = "PA = 1 - e^(-k)/2, k >= 0, so 1/2 <= PA < 1; delta_1 = R + s, every s > 0"
    closer = (excess, sp.Integer(0), 1)
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    yield compare(
        1 - laplace_steps.dp_factor().subs(r, beyond) * (1 - bound),
        "<",
        _HALF,
        "every f keeps P(f(Y) = cA) >= 1 - e^(r/lambda)(1 - PA), so this must be below 1/2 first",
        domain,
        along=closer,
        written=1 - sp.exp((_NORM + excess) / lam) * (1 - p),
        states=True,
    )
    edge = sp.expand(beyond - excess / 2)
    yield compare(
        densities.mass(densities.laplace, lam, -sp.oo, edge),
        ">",
        bound,
        "f = cA iff x_1 <= R + s/2 has P(f(X) = cA) > PA",
        domain,
        along=closer,
        written=densities.integral(densities.laplace, lam, -sp.oo, _NORM + excess / 2),
    )
    yield compare(
        densities.mass(densities.laplace, lam, -sp.oo, sp.expand(edge - beyond)),
        "<",
        _HALF,
        "and P(f(Y) = cA) = P(X_1 <= -s/2); the other coordinates do not matter",
        f"{domain}, every dimension, every axis",
        along=closer,
        written=densities.integral(densities.laplace, lam, -sp.oo, -excess / 2),
    )


def _at_half(radius: sp.Expr) -> Iterator[Step]:
    domain = "PA = 1/2, delta_1 = a > 0 (after choosing the axis and its sign)"
    yield from laplace_steps.ratio_is_bounded()
    yield equal(radius.subs(p, _HALF), 0, "R = 0", "PA = 1/2", states=True)
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, sp.Integer(0)),
        _HALF,
        "f = cA iff x_1 <= 0 has P(f(X) = cA) = PA",
        domain,
        written=densities.integral(densities.laplace, lam, -sp.oo, sp.Integer(0)),
    )
    yield compare(
        directional_steps.past(MOVE),
        "<",
        _HALF,
        "and P(f(Y) = cA) = P(X_1 <= -a) = P(X_1 >= a)",
        f"{domain}, every dimension",
        along=(MOVE, sp.Integer(0), 1),
        written=densities.integral(densities.laplace, lam, MOVE, sp.oo),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The dual bound over a set with an interior; half-lines; T's law; the profile."""
    return [
        inside_the_direction(statement),
        axes_in_balls(statement["radius"]),
        half_in_balls(statement["radius"]),
        larger_in_balls(statement, "off_axes"),
        longer_in_balls(statement),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Linear programs beyond the ball: off the axes, on them, at PA = 1/2 and along rays."""
    rng = np.random.Generator(np.random.Philox(seed))
    return [
        _search_points(statement),
        _search_axes(statement, rng),
        _search_half(rng),
        _search_off_axes(statement, rng),
        _search_rays(statement["order"], rng),
    ]


def _search_points(statement: Statement) -> Evidence:
    start = time.perf_counter()
    level, move = float(statement["level"]), float(statement["norm"]) / 2
    found = solve(level, (move, move), 1.0)
    scope = f"PA = {level}, lambda = 1, delta = ({move}, {move}), grid of {len(found.found.not_a)}"
    seconds = time.perf_counter() - start
    outside = 2 * move > numeric_radius(statement["radius"], p_a=p)(level, 1 - level, 1.0)
    if found.margin < TOLERANCE or not outside:
        detail = f"the margin there is {found.margin:.4g}"
        return Evidence(
            Rung.SEARCH, Grade.UNDECIDED, "every_point", None, scope, detail, seconds=seconds
        )
    detail = f"no grid classifier flips outside the ball: the margin stays at {found.margin:.4g}"
    witness = {"PA": str(level), "lambda": "1", "delta": f"({move}, {move})"}
    return Evidence(
        Rung.SEARCH,
        Grade.CONSISTENT,
        "every_point",
        False,
        scope,
        detail,
        witness=witness,
        seconds=seconds,
    )


def _search_axes(statement: Statement, rng: np.random.Generator) -> Evidence:
    radius = numeric_radius(statement["radius"], p_a=p)
    tried = []
    for number in range(12):
        near = 10 ** rng.uniform(-3, -0.4)
        level, scale = (0.5 + near, 1 - near)[number % 2], 10 ** rng.uniform(-1, 1)
        norm = radius(level, 1 - level, scale) + scale * 10 ** rng.uniform(-2, -0.5)
        tried.append((level, np.array([norm]), scale))
    return _each_flips("on_axes", tried, "PA within 1e-3 of 1/2 and of 1, r - R from 0.01 lambda")


def _search_half(rng: np.random.Generator) -> Evidence:
    tried = []
    for number in range(9):
        scale = 10 ** rng.uniform(-1, 1)
        shares = rng.uniform(0.1, 1.0, size=1 + number % 3)
        tried.append((0.5, scale * 10 ** rng.uniform(-2, 0.4) * shares / shares.sum(), scale))
    return _each_flips("at_half", tried, "PA = 1/2, norms from 0.01 lambda, d = 1 to 3")


def _search_off_axes(statement: Statement, rng: np.random.Generator) -> Evidence:
    start = time.perf_counter()
    radius = numeric_radius(statement["radius"], p_a=p)
    sign = 1.0 if statement["relation"] == ">" else -1.0
    scope = "12 directions with k = 2 and 3, PA from 0.501 to 0.999, scales 0.1 to 10, r = R"
    for number in range(12):
        near, shares = 10 ** rng.uniform(-3, -0.4), rng.uniform(0.15, 1.0, size=2 + number % 2)
        level, scale = (0.5 + near, 1 - near)[number // 2 % 2], 10 ** rng.uniform(-1, 1)
        found = solve(level, radius(level, 1 - level, scale) * shares / shares.sum(), scale)
        if not sign * found.margin > TOLERANCE:
            return searched("off_axes", scope, "not so", start=start, witness=found.witness())
    return searched("off_axes", scope, "a margin is left at R", start=start)


def _each_flips(
    part: str, tried: list[tuple[float, NDArray[np.float64], float]], scope: str
) -> Evidence:
    start = time.perf_counter()
    for level, delta, scale in tried:
        found = solve(level, delta, scale)
        if not (found.margin < -TOLERANCE and found.confirmed):
            return searched(part, scope, "does not flip", start=start, witness=found.witness())
    said = f"{len(tried)} points, at each of which a classifier flips, confirmed in Arb"
    return searched(part, scope, said, start=start)


def _search_rays(order: str, rng: np.random.Generator) -> Evidence:
    """Margins along rays, in steps that no coarseness of the grid hides."""
    start = time.perf_counter()
    scope = "9 rays in d = 1 to 3, PA from 0.55 to 0.99, norms 0.5, 1.2, 2 and 3 lambda"
    sign = 1.0 if order == ">" else -1.0
    for number in range(9):
        level, shares = rng.uniform(0.55, 0.99), rng.uniform(0.2, 1.0, size=1 + number % 3)
        unit = shares / shares.sum()
        programs = [solve(level, norm * unit, 1.0) for norm in (0.5, 1.2, 2.0, 3.0)]
        margins = [one.margin for one in programs]
        if not all(sign * (m - n) > TOLERANCE for m, n in pairwise(margins)):
            witness = programs[-1].witness()
            return searched("longer_multiples", scope, "not so", start=start, witness=witness)
    detail = "the smallest margin falls along each ray"
    return searched("longer_multiples", scope, detail, start=start)
