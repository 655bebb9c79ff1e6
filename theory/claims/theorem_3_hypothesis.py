"""Theorem 3's hypothesis PA + PB <= 1, with PB an upper bound that the classifier must respect."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.coverage import over
from theory.enclosures.identities import expanded_log, recomputable, settled
from theory.neyman_pearson import grid_for, worst_case
from theory.searches.flip_search import search_flips
from theory.searches.search import TOLERANCE, Radius, numeric_radius, search_radius
from theory.steps import laplace_steps
from theory.steps.term_pairs import homogeneous
from theory.symbols import excess, lam, p_a, p_b, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="theorem_3_hypothesis",
    source="Theorem 3",
    statement=(
        "With two classes, PA >= 1/2 and PA + PB <= 1, for every R' > R_2 = -lambda log[2(1 - PA)] "
        "there are a base classifier f* with P(f*(X) = cA) >= PA and P(f*(X) = cB) <= PB, and a "
        "delta* with ||delta*||_1 = R', such that g*(x + delta*) differs from g*(x)."
    ),
    latex=(
        r"p_A+p_B\le1,\ \ p_A\ge\tfrac12:\quad\forall\,R'>-\lambda\log[2(1-p_A)]\ \ \exists f^*,"
        r"\delta^*:\ \|\delta^*\|_1=R',\ g^*(x)\ne g^*(x+\delta^*)"
    ),
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of cA at x"),
        Variable("PB", "[0, 1]", "upper bound on the probability of cB, the only other class"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("R'", "(R_2, oo)", "l1 norm of the perturbation"),
        Variable("m", "min(PB, 1 - PA)", "what both bounds together say of P(f(X) = cB)"),
    ),
    parts=(
        Part(
            "flips_beyond_r_2",
            "for every PA, PB with PA + PB <= 1 and every R' > R_2 some classifier within both "
            "bounds changes its prediction",
            otherwise=(
                "the tight radius is -lambda log[2 min(PB, 1 - PA)]: every classifier within both "
                "bounds keeps its prediction below it, and for every R' beyond it some f* does "
                "not. It is R_2 for PB >= 1 - PA only, so under the printed hypothesis Theorem 3 "
                "is true for PA + PB = 1 and false for PA + PB < 1, where R_2 < R' < -lambda "
                "log(2 PB) allows no f* (no R' at all does for PB = 0). With PB standing for f*'s "
                "own P(f*(X) = cB), not given beforehand, as Appendix C uses it, or with PA + PB "
                ">= 1 for the hypothesis, it is true"
            ),
        ),
        Part(
            "certified_until",
            "every f with P(f(X) = cA) >= PA and P(f(X) = cB) <= PB keeps its prediction at every "
            "r < -lambda log(2 m), and for every r if m = 0",
            Role.CORRECTION,
        ),
        Part(
            "flips_beyond",
            "for every R' > -lambda log(2 m), m > 0, some f* with P(f*(X) = cA) > PA and "
            "P(f*(X) = cB) < PB changes its prediction, in every dimension",
            Role.CORRECTION,
        ),
        Part(
            "larger_than_r_2",
            "-lambda log(2 m) is R_2 for PB >= 1 - PA, and larger for PB < 1 - PA",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "PB bounds P(f(X) = cB) from above and f* has to respect it, as PA bounds P(f(X) = cA) "
        "from below; f is deterministic or random; PA = 1 gives R_2 = oo and no R'"
    ),
    reference="paper, Theorem 3 and Appendix C",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

PRINTED: Statement = {
    "radius": -lam * sp.log(2 * (1 - p_a)),
    # our correction, in which p_B stands for m, the smaller one of PB and 1 - PA
    "tight": -lam * sp.log(2 * p_b),
}

_MICRO = lam * sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)
_UNTIL, _BEYOND, _LARGER = (part.name for part in CLAIM.parts[1:])
_LONGER, _SHORTER = ({"tight": PRINTED["tight"] + shift} for shift in (_MICRO, -_MICRO))
MUTANTS = (
    Mutant("tight radius larger by 1e-6", _LONGER, _UNTIL, _PROOFS),
    Mutant("tight radius smaller by 1e-6", _SHORTER, _BEYOND, _PROOFS),
    Mutant("larger by 1e-6, against R_2", _LONGER, _LARGER, _PROOFS),
    Mutant("without the factor 2", {"tight": -lam * sp.log(p_b)}, _UNTIL, _ALL),
    Mutant("factor 4 for 2", {"tight": -lam * sp.log(4 * p_b)}, _BEYOND, _ALL),
)

_k = sp.Symbol("k", nonnegative=True)
_z = sp.Symbol("z", positive=True)
_c = sp.Symbol("c", positive=True)
_q = sp.Symbol("q", positive=True)
_T = sp.Symbol("R_m", nonnegative=True)
_m = sp.Symbol("m", nonnegative=True)
_HALF = sp.Rational(1, 2)
_MASS = sp.exp(-_k) / 2
_DOMAIN = "m = e^(-k)/2, k >= 0, so 0 < m <= 1/2"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both bounds say P(f(X) = cB) <= m; then Theorem 2's bound and Theorem 3's half-space at m."""
    return [
        chain(
            "flips_beyond_r_2",
            _no_flip(statement),
            proves=False,
            conclusion=(
                "for PA + PB < 1 and R_2 < R' < -lambda log(2 PB) every f with P(f(X) = cB) <= PB "
                "has P(f(Y) = cB) <= e^(R'/lambda) PB < 1/2, so none flips"
            ),
        ),
        chain(
            "certified_until",
            _until(statement["tight"]),
            conclusion="P(f(Y) = cB) <= e^(r/lambda) m < 1/2 for every r < -lambda log(2 m)",
        ),
        chain(
            "flips_beyond",
            _beyond(statement["tight"]),
            conclusion=(
                "f* = cB iff x_1 > R_m + s/2, R_m = -lambda log(2 m), delta* = (R_m + s, 0, ..., "
                "0): P(f*(X) = cB) < m and P(f*(Y) = cB) > 1/2"
            ),
        ),
        chain(
            "larger_than_r_2",
            _larger_steps(statement),
            conclusion="the difference is lambda log[(1 - PA)/PB] for PB < 1 - PA, else 0",
        ),
    ]


def _against_r_2(statement: Statement) -> Iterator[Step]:
    top = 1 - _MASS  # every PA in [1/2, 1)
    domain = "1/2 <= PA < 1, PA = 1 - e^(-k)/2, k >= 0"
    yield equal(
        statement["tight"].subs(p_b, 1 - p_a),
        statement["radius"],
        "m = 1 - PA: the radius -lambda log(2 m) is R_2",
        "1/2 <= PA < 1, PB >= 1 - PA",
        written=_T,
        states=True,
    )
    small = (1 - top) / (1 + excess)
    yield compare(
        sp.expand(expanded_log((statement["tight"] / lam).subs(p_b, small))),
        ">",
        sp.expand(expanded_log((statement["radius"] / lam).subs(p_a, top))),
        "m = PB: -log(2 PB) against R_2/lambda",
        f"{domain}; 0 < PB < 1 - PA, PB = (1 - PA)/(1 + s), s > 0",
        written=_T / lam,
        states=True,
    )


def _larger_steps(statement: Statement) -> Iterator[Step]:
    yield from _against_r_2(statement)
    yield from _until(statement["tight"])  # what the radius -lambda log(2 m) is


def _until(tight: sp.Expr) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    factor = laplace_steps.dp_factor()
    yield compare(
        factor.subs(r, sp.expand(tight.subs(p_b, _MASS)) - excess) * _MASS,
        "<",
        _HALF,
        "integrate mu_Y <= e^(r/lambda) mu_X over {f = cB}, whose mass is at most PB and at most "
        "1 - PA, so at most m, at r = -lambda log(2 m) - s",
        f"{_DOMAIN}; 0 < s <= -lambda log(2 m), any dimension",
        along=(excess, sp.Integer(0), 1),
        written=sp.exp((_T - excess) / lam) * _m,
        states=True,
    )
    yield equal(
        sp.limit(factor * p_b, p_b, 0, "+"),
        0,
        "no class but cA has mass at x, and none has under Y, for every r",
        "m = 0",
        written=sp.Limit(factor * _m, _m, 0, "+"),
    )


def _beyond(tight: sp.Expr) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    law, closer = densities.laplace, (excess, sp.Integer(0), 1)
    farther = sp.expand(expanded_log(tight.subs(p_b, _MASS))) + excess
    yield compare(
        sp.exp(sp.expand(farther / lam)) * _MASS,
        ">",
        _HALF,
        "necessary: every f keeps P(f(Y) = cB) <= e^(R'/lambda) m, so this bound must be above "
        "1/2 before any f can flip",
        f"{_DOMAIN}; R' = -lambda log(2 m) + s, every s > 0",
        along=closer,
        written=sp.exp((_T + excess) / lam) * _m,
        states=True,
    )
    edge = sp.expand(farther - excess / 2)
    yield compare(
        densities.mass(law, lam, edge, sp.oo),
        "<",
        _MASS,
        "f* = cB iff x_1 > -lambda log(2 m) + s/2: P(f*(X) = cB) < m <= PB, and P(f*(X) = cA) > "
        "1 - m >= PA, so both bounds hold, strictly, and g*(x) = cA, as m <= 1/2",
        f"{_DOMAIN}; every s > 0",
        along=closer,
        written=densities.integral(law, lam, _T + excess / 2, sp.oo),
    )
    yield compare(
        densities.mass(law, lam, -sp.oo, sp.expand(edge - farther)),
        "<",
        _HALF,
        "P(f*(Y) = cA) with Y_1 = X_1 + R': g*(x + delta*) = cB, strictly; the other coordinates "
        "do not matter",
        f"{_DOMAIN}; every s > 0, every dimension",
        along=closer,
        written=densities.integral(law, lam, -sp.oo, -excess / 2),
    )


def _no_flip(statement: Statement) -> Iterator[Step]:
    yield from _until(statement["tight"])
    yield from _against_r_2(statement)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Neyman-Pearson's dual bound at m and the half-space beyond it by Arb, with lambda = 1.

    With z = e^(-s), s = |R' - R_m|: every h with E h(X) <= m has E h(Y) <= t m + E(L - t)_+ = t m
    at t = e^r, which the likelihood ratio L does not exceed (triangle inequality).
    """
    radius, tight = statement["radius"].subs(lam, 1), statement["tight"].subs(lam, 1)
    scaled = homogeneous(statement["radius"], statement["tight"])
    gain = sp.simplify(sp.exp(tight) * p_b)  # 1/2, whatever m is
    until = list(_near_and_far(_HALF - gain * _z, "r < -lambda log(2 m): P(f(Y) = cB) < 1/2"))
    allowed = _near_and_far(gain - _HALF * _z, "R' > -lambda log(2 m): e^(R'/lambda) m > 1/2")
    larger = list(_larger(radius, tight))
    return [
        enclosed(
            "flips_beyond_r_2",
            [scaled, *larger, *until],
            proves=False,
            conclusion="-lambda log(2 PB) is above R_2, and below it every f keeps its prediction",
            witness=_witness(statement),
        ),
        enclosed(
            "certified_until",
            [scaled, *until],
            conclusion="the dual bound on P(f(Y) = cB) is below 1/2 for every r < -lambda log(2 m)",
        ),
        enclosed(
            "flips_beyond",
            [scaled, *allowed, *_half_space()],
            conclusion="the half-space with its edge half-way between -lambda log(2 m) and R' "
            "flips at every R' beyond",
        ),
        enclosed(
            "larger_than_r_2",
            [scaled, *larger],
            conclusion="exp(-R_2) - exp(-R_m) is 0 for PB >= 1 - PA, else 2 (1 - PA - PB)",
        ),
    ]


_LAST = 1 - Fraction(1, 1024)


def _near_and_far(margin: sp.Expr, where: str) -> Iterator[Outcome]:
    """margin > 0 for z in [0, 1), where it vanishes at z = 1; m cancels from the printed one."""
    wide = {p_b: (Fraction(1, 64), Fraction(1, 2))} if margin.has(p_b) else {}
    near = sign_on_box(margin, ">", {_z: (Fraction(0), _LAST), **wide}, max_boxes=2000)
    yield over(near, where, whole=not wide)
    last = closed_at(margin, ">", _z, sp.Integer(1), _LAST, order=1, others=wide)
    yield over(last, where, whole=not wide)


def _half_space() -> Iterator[Outcome]:
    """With z = e^(-s/2), R' - R_m = s: f* is cB beyond R_m + s/2, k = -log(2 m)."""
    half = -sp.log(_z)
    at_x = sp.simplify((_MASS - 1 + half_line_mass(_k + excess)) * sp.exp(_k))
    at_x = sp.expand(at_x.subs(excess, half))
    moved = (_HALF - half_line_mass(-excess)).subs(excess, half)
    yield from _near_and_far(at_x, "P(f*(X) = cB) < m, every m and R', z = e^(-(R' - R_m)/2)")
    yield from _near_and_far(moved, "P(f*(Y) = cA) < 1/2, every m and R'")


def _larger(radius: sp.Expr, tight: sp.Expr) -> Iterator[Outcome]:
    same = settled(tight.subs(p_b, 1 - p_a) - radius, "-lambda log(2 m) is R_2")
    yield over(same, "1/2 <= PA <= 1, PB >= 1 - PA, m = 1 - PA")
    if same.status is not True:
        return
    place = {p_a: 1 - _q, p_b: _c * _q}
    gap = (sp.exp(-radius) - sp.exp(-tight)).subs(place, simultaneous=True)
    rest = sp.cancel(sp.simplify(gap) / (_q * (1 - _c)))
    box = {_q: (Fraction(0), Fraction(1, 2)), _c: (Fraction(0), Fraction(1))}
    where = "1/2 <= PA < 1, PB = c (1 - PA), c in [0, 1): [e^(-R_2) - 2 PB]/[(1 - c)(1 - PA)]"
    yield over(sign_on_box(rest, ">", box, max_boxes=2000), where)


def _witness(statement: Statement) -> dict[str, str]:
    at = {lam: sp.Integer(1), p_a: sp.Rational(3, 5), p_b: sp.Rational(1, 10)}
    radius, tight = (sp.simplify(statement[n].subs(at)) for n in ("radius", "tight"))
    return {
        "PA": "3/5",
        "PB": "1/10",
        "lambda": "1",
        "R_2": recomputable(radius),
        "R'": "1",
        "certified up to": recomputable(tight),
        "P(f(Y) = cB) at R' is at most": recomputable(sp.E / 10).replace("E", "e"),
    }


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Worst-case classifiers by linear programming within both bounds, on both sides of R_m."""
    tight = numeric_radius(statement["tight"], p_a=p_a)
    radius = numeric_radius(statement["radius"], p_a=p_a)
    return [
        _search_between(radius, tight, seed),
        search_radius(tight, binary=True, seed=seed, part="certified_until"),
        search_flips(tight, seed=seed, part="flips_beyond"),
    ]


def _search_between(radius: Radius, tight: Radius, seed: int) -> Evidence:
    """R' between R_2 and -lambda log(2 PB), with P(f(X) = cA) >= max(PA, 1 - PB)."""
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    smallest, first, part, tried = np.inf, None, "flips_beyond_r_2", 16
    for number in range(tried):
        top = float(rng.uniform(0.5, 0.95))
        runner_up = (1 - top) * float(rng.uniform(0.05, 0.8))
        scale = 10.0 ** rng.uniform(-1, 1)
        near, far = radius(top, runner_up, scale), tight(top, runner_up, scale)
        distance = near + (far - near) * float(rng.uniform(0.1, 0.9))
        delta = (distance,) if number % 2 else (0.6 * distance, 0.4 * distance)
        edge = -scale * float(np.log(2 * runner_up))
        found = worst_case(grid_for(delta, scale, (edge,)), max(top, 1 - runner_up))
        smallest = min(smallest, found.margin)
        first = first or {
            "PA": repr(top),
            "PB": repr(runner_up),
            "lambda": repr(scale),
            "delta": repr(delta),
            "R_2": repr(near),
            "smallest P(f(Y) = cA) - P(f(Y) = cB)": repr(found.margin),
        }
    scope = f"{tried} instances with PA + PB < 1, d = 1 and 2, R_2 < R' < -lambda log(2 PB)"
    flips = smallest < TOLERANCE
    said = f"the smallest margin of any grid classifier is {smallest:.3g}"
    seconds = time.perf_counter() - start
    witness = None if flips else first
    return Evidence(
        Rung.SEARCH, Grade.CONSISTENT, part, flips, scope, said, witness=witness, seconds=seconds
    )
