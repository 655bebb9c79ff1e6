"""Theorem 3: the binary radius is tight, beyond it some classifier's prediction flips."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import sympy as sp
from scipy import stats

from theory import densities
from theory.claim import Claim, Evidence, Grade, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare
from theory.enclosure import closed_at, enclosed, sign_on_box
from theory.enclosures.coverage import over, scales_as
from theory.neyman_pearson import confirm, grid_for, worst_case
from theory.searches.search import TOLERANCE, Instance, instances, numeric_radius
from theory.steps import laplace_steps
from theory.symbols import excess, lam, p
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="theorem_3",
    source="Theorem 3",
    statement=(
        "In the setting of Theorem 2, for every R' > -lambda log[2(1 - PA)] there are a base "
        "classifier f* with P(f*(x + s) = cA) >= PA and a delta* with ||delta*||_1 = R' such that "
        "g*(x + delta*) differs from g*(x)."
    ),
    latex=(
        r"\forall R'>-\lambda\log[2(1-p_A)]\ \ \exists f^*,\delta^*:\ \|\delta^*\|_1=R',\ "
        r"g^*(x)\ne g^*(x+\delta^*)"
    ),
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("R'", "(R, oo), R = -lambda log[2(1 - PA)]", "l1 norm of the perturbation"),
        Variable("d", "1, 2, 3, ...", "dimension"),
    ),
    parts=(
        Part(
            "flip",
            "for every R' > R some classifier with P(f(X) = cA) >= PA predicts cA at x and cB at "
            "x + delta*, each strictly, with ||delta*||_1 = R', in every dimension",
        ),
    ),
    assumptions=(
        "f* may depend on R', which avoids the tie at PA = 1/2; PA = 1 gives R = oo and no R'. "
        "The printed hypothesis PA + PB <= 1 always holds with PB = P(f(X) = cB), as in Appendix "
        "C; PB as an upper bound is another claim, theorem_3_hypothesis."
    ),
    reference="paper, Theorem 3 and Appendix C",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: f* is given explicitly",
        Rung.FIGURE: "the paper draws no figure of it (Figure 5 is figure_5_moved_set)",
    },
)

PRINTED: Statement = {"radius": -lam * sp.log(2 * (1 - p))}

MUTANTS = (
    Mutant(
        "radius smaller by 1e-6",
        {"radius": PRINTED["radius"] - lam * sp.Rational(1, 10**6)},
        "flip",
        (Rung.DERIVATION, Rung.ENCLOSURE),
    ),
    Mutant(
        "radius smaller by three tenths",
        {"radius": PRINTED["radius"] * sp.Rational(7, 10)},
        "flip",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION),
    ),
    Mutant(
        "Lecuyer's binary radius in its place",
        {"radius": lam / 2 * sp.log(p / (1 - p))},
        "flip",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION),
    ),
    Mutant(
        "factor 4 for the factor 2 in the logarithm",
        {"radius": -lam * sp.log(4 * (1 - p))},
        "flip",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION),
    ),
)

_k = sp.Symbol("k", nonnegative=True)
_c = sp.Symbol("c", positive=True)
_z = sp.Symbol("z", positive=True)
_R = sp.Symbol("R", nonnegative=True)
_HALF = sp.Rational(1, 2)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The half-space whose edge lies half-way between R and R', and why no R' <= R can serve."""
    return [
        chain(
            "flip",
            _flip(statement["radius"]),
            conclusion=(
                "f* = cA iff x_1 <= R + s/2, delta* = (R', 0, ..., 0), R' = R + s: "
                "P(f*(X) = cA) > PA >= 1/2 and P(f*(Y) = cA) = e^(-s/(2 lambda))/2 < 1/2"
            ),
        )
    ]


def _flip(radius: sp.Expr) -> Iterator[Step]:
    bound = laplace_steps.threshold_probability(_k)
    beyond = sp.simplify(radius.subs(p, bound)) + excess
    domain = "PA = 1 - e^(-k)/2, k >= 0, so 1/2 <= PA < 1; R' = R + s, every s > 0"
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    closer = (excess, sp.Integer(0), 1)
    yield compare(
        1 - sp.exp(beyond / lam) * (1 - bound),
        "<",
        _HALF,
        "necessary: every f keeps P(f(Y) = cA) >= 1 - e^(R'/lambda)(1 - PA), so this bound must "
        "be below 1/2 before any f can flip",
        domain,
        along=closer,
        written=1 - sp.exp((_R + excess) / lam) * (1 - p),
        states=True,
    )
    edge = sp.expand(beyond - excess / 2)
    kept = densities.mass(densities.laplace, lam, -sp.oo, edge)
    hypothesis = "f* = cA iff x_1 <= R + s/2: the hypothesis holds, strictly"
    shown = densities.integral(densities.laplace, lam, -sp.oo, _R + excess / 2)
    yield compare(kept, ">", bound, hypothesis, domain, along=closer, written=shown)
    predicted = "so g*(x) = cA, strictly, at PA = 1/2 too"
    yield compare(bound, ">=", _HALF, predicted, domain, along=(_k, sp.Integer(0), 1))
    yield compare(
        densities.mass(densities.laplace, lam, -sp.oo, sp.expand(edge - beyond)),
        "<",
        _HALF,
        "Y_1 = X_1 + R' is in {x_1 <= R + s/2} iff X_1 <= -s/2: g*(x + delta*) = cB, strictly; the "
        "other coordinates do not matter",
        f"{domain}, every dimension",
        along=closer,
        written=densities.integral(densities.laplace, lam, -sp.oo, -excess / 2),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The half-space of Theorem 3 over all PA and R', by Arb, and the dual bound that allows it.

    With lambda = 1 (the radius is homogeneous in lambda, which is checked), k = Q(PA),
    c = e^(-k), R' = R + s and z = e^(-s/2). Every f keeps P(f(Y) = cA) >= t PA - (t - 1) at
    t = e^(R'), so that some f can flip at every R' > R only if this bound is below 1/2 there,
    which says that R' > k. Then the half-space with its edge at k + (R' - k)/2 does flip.
    """
    bound = half_line_mass(_k)
    radius = sp.simplify((statement["radius"] / lam).subs(p, bound).subs(lam, 1))
    multiplier = sp.exp(radius) / _z**2
    allowed = sp.simplify(2 * _z**2 * (_HALF - multiplier * bound + multiplier - 1))
    wide = {_k: (Fraction(1, 64), Fraction(48))} if allowed.has(_k) else {}
    # the distance R' - k > 0 takes the place of s from here on
    step = -2 * sp.log(_z)
    lead = sp.simplify((half_line_mass(_k + excess / 2) - bound) * sp.exp(_k)).subs(excess, step)
    lost = (_HALF - half_line_mass(-excess / 2)).subs(excess, step)
    ahead = (bound - _HALF).subs(_k, -sp.log(_c))
    last, one = 1 - Fraction(1, 1024), sp.Integer(1)
    near = (Fraction(0), last)
    every = "1/2 <= PA < 1, every R' > R, z = e^(-(R' - R)/(2 lambda))"
    bounds, at_x = f"the bound is below 1/2, {every}", f"P(f*(X) = cA) > PA, {every}"
    moved = f"P(f*(Y) = cA) < 1/2, {every}, every dimension"
    predicted = "PA > 1/2 for 1/2 < PA < 1, c = 2(1 - PA) (equal at PA = 1/2, c = 1)"
    return [
        enclosed(
            "flip",
            [
                scales_as(statement["radius"], 1),
                # PA cancels from the printed radius; another one keeps it, and is tried inside
                over(sign_on_box(allowed, ">", {_z: near, **wide}), bounds, whole=not wide),
                over(
                    closed_at(allowed, ">", _z, one, last, order=1, others=wide),
                    bounds,
                    whole=not wide,
                ),
                over(sign_on_box(lead, ">", {_z: near}), at_x),
                over(closed_at(lead, ">", _z, one, last, order=1), at_x),
                over(sign_on_box(lost, ">", {_z: near}), moved),
                over(closed_at(lost, ">", _z, one, last, order=1), moved),
                over(sign_on_box(ahead, ">", {_c: near}), predicted),
                over(closed_at(ahead, ">", _c, one, last, order=1), predicted),
            ],
            conclusion="for every PA in [1/2, 1) and R' > R: P(f*(X) = cA) > PA >= 1/2 and "
            "P(f*(Y) = cA) < 1/2 for the half-space x_1 <= R + (R' - R)/2",
        )
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """A flipping classifier by linear programming at R' > R, for every instance, in d = 1, 2."""
    start = time.perf_counter()
    radius = numeric_radius(statement["radius"], p_a=p)
    tried = _beyond(seed)
    closest = -1.0
    for one in tried:
        distance = radius(one.p_a, 1.0 - one.p_a, one.scale) + (1.0 - one.fraction) * one.scale
        if distance <= 0.0:
            continue  # a mutant may ask for a perturbation of negative norm
        margin = _worst_margin(one, distance)
        closest = max(closest, margin)
        if margin >= -TOLERANCE:
            return [_unflipped(one, distance, margin, time.perf_counter() - start)]
    return [
        Evidence(
            Rung.SEARCH,
            Grade.CONSISTENT,
            "flip",
            True,
            f"{len(tried)} instances in d = 1, 2 with PA = 1/2 and within 1e-6 of 1/2 and of 1, "
            "R' - R from 0.001 to 0.8 lambda",
            "every instance has a flipping classifier, confirmed in Arb; largest margin "
            f"P(f(Y) = cA) - P(f(Y) = cB) {closest:.3g}",
            seconds=time.perf_counter() - start,
        )
    ]


def _beyond(seed: int) -> list[Instance]:
    """The instances of search_radius, with delta on an axis, and PA = 1/2 exactly."""
    found = []
    for number, one in enumerate(instances(36, binary=True, seed=seed)):
        p_a = 0.5 if number % 6 == 0 else one.p_a
        axis = (1.0,) if number % 2 else (1.0, 0.0)
        found.append(Instance(p_a, None, one.scale, one.fraction, axis))
    return found


def _worst_margin(one: Instance, distance: float) -> float:
    """The smallest P(f(Y) = cA) - P(f(Y) = cB) on a grid; 0 where Arb does not confirm it.

    Half of R' - Q(PA) goes into keeping the hypothesis strictly, so that g(x) = cA without a tie.
    """
    law = stats.laplace(scale=one.scale)
    edge = float(law.isf(1.0 - one.p_a))
    edge += max(distance - edge, 0.0) / 2
    kept = max(float(law.cdf(edge)), one.p_a)
    delta = tuple(distance * share for share in one.direction)
    grid = grid_for(delta, one.scale, (edge,))
    found = worst_case(grid, kept)
    strictly = (Fraction(one.p_a) + Fraction(kept)) / 2
    if found.margin < -TOLERANCE and not confirm(grid, found, strictly, None):
        return 0.0
    return found.margin


def _unflipped(one: Instance, distance: float, margin: float, seconds: float) -> Evidence:
    witness = {
        "PA": repr(one.p_a),
        "scale": repr(one.scale),
        "delta": repr(tuple(distance * share for share in one.direction)),
    }
    return Evidence(
        Rung.SEARCH,
        Grade.REFUTED,
        "flip",
        False,
        "the instance of the witness",
        f"beyond the radius no grid classifier flips: the margin stays at {margin:.4g}",
        witness=witness,
        seconds=seconds,
    )
