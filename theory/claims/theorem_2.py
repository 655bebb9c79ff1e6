"""Theorem 2: the binary radius -lambda log[2(1 - PA)], when only PA >= 1/2 is known."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import closed_at, enclosed, sign_on_box, vanishes
from theory.enclosures.coverage import over, scales_as
from theory.searches.search import numeric_radius, search_radius, search_tie
from theory.steps import laplace_steps
from theory.symbols import excess, lam, p, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="theorem_2",
    source="Theorem 2, eq. (2)",
    statement=(
        "With two classes and P(f(x + s) = cA) >= PA >= 1/2, g(x + delta) = g(x) for every delta "
        "with ||delta||_1 <= R = -lambda log[2(1 - PA)]."
    ),
    latex=r"g(x+\delta)=g(x)\ \ \forall\,\|\delta\|_1\le R,\quad R=-\lambda\log[2(1-p_A)]",
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
    ),
    parts=(
        Part("open_ball", "every delta with ||delta||_1 < R leaves the prediction as it is"),
        Part(
            "closed_ball",
            "the prediction is also unchanged at ||delta||_1 = R, however ties are broken",
            Role.READING,
            "on the open ball ||delta||_1 < R; at ||delta||_1 = R the worst case is an exact tie "
            "(1/2 against 1/2), so the closed ball needs ties to be broken in favour of cA",
        ),
    ),
    assumptions="f is any deterministic or random base classifier; PA = 1 gives R = oo.",
    reference="paper, Theorem 2 and Appendix C",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "the paper draws no figure of it (Figure 6 is figure_6_always_largest)",
    },
)

PRINTED: Statement = {"radius": -lam * sp.log(2 * (1 - p))}

MUTANTS = (
    Mutant(
        "radius larger by 1e-6",
        {"radius": PRINTED["radius"] + lam * sp.Rational(1, 10**6)},
        "open_ball",
        (Rung.DERIVATION, Rung.ENCLOSURE),
    ),
    Mutant(
        "dropped factor 2 in the logarithm",
        {"radius": -lam * sp.log(1 - p)},
        "open_ball",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION),
    ),
    Mutant(
        "radius larger by three tenths",
        {"radius": PRINTED["radius"] * sp.Rational(13, 10)},
        "open_ball",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION),
    ),
)

_k = sp.Symbol("k", positive=True)
_w = sp.Symbol("w", positive=True)
_z = sp.Symbol("z", positive=True)
_R = sp.Symbol("R", positive=True)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Soundness by the differential-privacy bound on the complement; the tie by a half-space."""
    return [
        chain(
            "open_ball",
            _open_ball(statement["radius"]),
            conclusion="P(f(Y) = cA) >= 1 - e^(r/lambda)(1 - PA) > 1/2 for every r < R",
        ),
        chain(
            "closed_ball",
            _tie(statement["radius"]),
            proves=False,
            conclusion=(
                "f = cA exactly where x_1 <= R, delta = (R, 0, ..., 0): P(f(X) = cA) = PA and "
                "P(f(Y) = cA) = 1/2, a tie"
            ),
        ),
    ]


def _open_ball(radius: sp.Expr) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    bound = laplace_steps.threshold_probability(_k)
    move = lam * _k - _w
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, _w),
        1 - laplace_steps.dp_factor().subs(r, move) * (1 - bound),
        "the bound 1 - e^(r/lambda)(1 - PA) of the next step is attained at this r by "
        "{f = cA} = {x_1 <= k lambda}, of mass PA, so no radius beyond it is sound",
        "PA = 1 - e^(-k)/2, k > 0, r = k lambda - w in (0, k lambda)",
        written=densities.integral(densities.laplace, lam, -sp.oo, _w),
    )
    lost = laplace_steps.dp_factor() * (1 - p)
    yield compare(
        1 - lost.subs(r, radius - excess),
        ">",
        sp.Rational(1, 2),
        "integrate mu_Y <= e^(r/lambda) mu_X over {f = cB}, whose mass is at most 1 - PA, and take "
        "the complement, at r = R - s",
        "1/2 < PA < 1, 0 < s <= R (at PA = 1/2 there is no r < R = 0)",
        written=1 - sp.exp((_R - excess) / lam) * (1 - p),
        along=(excess, sp.Integer(0), 1),
        states=True,
    )
    yield equal(
        sp.limit(laplace_steps.dp_factor() * (1 - p), p, 1, "-"),
        0,
        "PA = 1, where R = oo: the same bound leaves {f = cB} no mass under Y, for every r",
        "PA = 1",
        written=sp.Limit(sp.exp(r / lam) * (1 - p), p, 1, "-"),
    )


def _tie(radius: sp.Expr) -> Iterator[Step]:
    bound = laplace_steps.threshold_probability(_k)
    threshold = sp.simplify(radius.subs(p, bound))
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, threshold),
        bound,
        "P(X_1 <= R) is exactly PA, from the density",
        "PA = 1 - e^(-k)/2, k > 0",
        written=densities.integral(densities.laplace, lam, -sp.oo, _R),
    )
    moved = sp.simplify(threshold - radius.subs(p, bound))
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, moved),
        sp.Rational(1, 2),
        "Y_1 = X_1 + R, so P(Y_1 <= R) = P(X_1 <= 0)",
        "every k > 0, every dimension (the other coordinates do not matter)",
        written=densities.integral(densities.laplace, lam, -sp.oo, sp.Integer(0)),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Neyman-Pearson's dual bound for soundness, its primal half-space for the tie, by Arb.

    With lambda = 1 (the radius is homogeneous in lambda, which is checked) and PA = 1 - e^(-k)/2,
    every h with E h(X) >= PA has E h(Y) >= t PA - E(t - L)_+ for the likelihood ratio L and every
    t; at t = e^r, which L does not exceed (triangle inequality), E(t - L)_+ = t - 1.
    """
    bound = 1 - sp.exp(-_k) / 2
    radius = sp.simplify((statement["radius"] / lam).subs(p, bound))
    homogeneous = scales_as(statement["radius"], 1)
    radius = radius.subs(lam, 1)
    # z = e^(-s) for the distance s = R - r: z in [0, 1) is every r < R, r -> -oo included
    multiplier = sp.exp(radius) * _z
    margin = sp.simplify(multiplier * bound - (multiplier - 1) - sp.Rational(1, 2))
    widths = {_k: (Fraction(1, 64), Fraction(48))} if margin.has(_k) else {}
    edge = 1 - Fraction(1, 1024)
    near = sign_on_box(margin, ">", {_z: (Fraction(0), edge), **widths})
    last = closed_at(margin, ">", _z, sp.Integer(1), edge, order=1, others=widths)
    where = "1/2 < PA < 1, every r < R, z = e^((r - R)/lambda)"
    certain = vanishes((sp.exp(r) * p - (sp.exp(r) - 1)).subs(p, 1) - 1)
    sound = [
        homogeneous,
        # PA cancels from the printed radius; another one keeps it, and is only tried inside
        over(near, where, whole=not widths),
        over(last, where, whole=not widths),
        over(certain, "PA = 1, every r, where the bound is 1"),
    ]
    # primal: Y_1 = X_1 + R, so {x_1 <= k}, of mass PA under X, has mass F(k - R) under Y
    tie = vanishes(half_line_mass(_k) - bound, half_line_mass(_k - radius) - sp.Rational(1, 2))
    tie = over(tie, "1/2 < PA < 1, r = R, every dimension")
    return [
        enclosed(
            "open_ball",
            sound,
            conclusion="dual bound above 1/2 for every PA and r < R (none at PA = 1/2)",
        ),
        enclosed(
            "closed_ball",
            [homogeneous, tie],
            proves=False,
            conclusion="the half-space x_1 <= R has mass PA at x and exactly 1/2 at r = R",
            witness={
                "PA": "3/4",
                "lambda": "1",
                "classifier": "cA iff x_1 <= log 2",
                "delta": "(log 2, 0, ..., 0), of norm R = log 2",
                "P(f(Y) = cA) = P(f(Y) = cB)": "1/2",
            },
        ),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Worst-case classifiers by linear programming on grids, in one and two dimensions."""
    radius = numeric_radius(statement["radius"], p_a=p)
    return [
        search_radius(radius, binary=True, seed=seed, part="open_ball"),
        search_tie(radius, part="closed_ball"),
    ]
