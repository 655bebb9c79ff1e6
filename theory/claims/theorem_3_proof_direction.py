"""Appendix C, end: whether P(f(Y) = cA) >= P(Y in A) >= 1/2 shows that the radius is tight."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box, vanishes
from theory.enclosures.coverage import at_point, identical, over, scales_as
from theory.searches.search import numeric_radius
from theory.searches.sides_search import search_sides
from theory.steps import laplace_steps
from theory.symbols import excess, lam, p, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="theorem_3_proof_direction",
    source="Appendix C, the end of the proof of Theorem 3",
    statement=(
        "With delta = (r, 0, ..., 0), r = R = -lambda log[2(1 - PA)] and A = {x_1 <= R}: "
        "P(f(Y) = cA) >= P(Y in A) >= 1/2, which means that the radius R is tight."
    ),
    latex=r"P(f(Y)=c_A)\ge P(Y\in A)\ge\tfrac12\ \Longrightarrow\ R\text{ is tight}",
    variables=(
        Variable("PA", "[1/2, 1)", "lower bound on the probability of the top class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("r", "[0, oo)", "l1 norm of delta = (r, 0, ..., 0), Y = X + delta"),
        Variable("rho", "(0, R]", "a radius for which the same inequality is shown"),
        Variable("d", "1, 2, 3, ...", "dimension"),
    ),
    parts=(
        Part(
            "inequality",
            "P(X in A) = PA, and P(f(Y) = cA) >= P(Y in A) >= 1/2 for every f with P(f(X) = cA) "
            ">= PA and every r <= R on the axis",
        ),
        Part(
            "inference",
            "a radius rho at which this inequality holds is tight: at every r > rho some f with "
            "P(f(X) = cA) >= PA has P(f(Y) = cA) <= 1/2",
            otherwise=(
                "the inequality bounds every f from below, so that it is soundness along the axis "
                "and no more: it holds at every rho <= R, as at R/2, and from rho to R nothing "
                "flips. Tightness needs the other direction: for every r > R the classifier f* = "
                "1_A has P(f*(X) = cA) = PA and P(f*(Y) = cA) = e^(-(r - R)/lambda)/2 < 1/2. "
                "Theorem 3 stands"
            ),
        ),
        Part(
            "beyond_radius",
            "for every r > R: P(X in A) = PA and P(Y in A) = e^(-(r - R)/lambda)/2 < 1/2, so that "
            "f* = 1_A flips for every PA > 1/2 (at PA = 1/2 it ties at x, and A = {x_1 <= (r + "
            "R)/2} flips)",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "The relation between ||delta||_1 and R is damaged in the scan; the inequality is true "
        "exactly for r <= R, and the inference fails whether it is read at r = R or for all r <= "
        "R. That a slightly larger delta destroys the robustness is added there without proof, and "
        "is the correction. PA = 1 gives R = oo and nothing beyond it."
    ),
    reference="paper, Appendix C (proof of Theorem 3)",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the worst one is given explicitly",
        Rung.FIGURE: "the paper draws no figure of it (Figure 5 is figure_5_moved_set)",
    },
)

#: the radius, the relation of P(Y in A) to the threshold for r <= R, and P(Y in A) at r = R + s
PRINTED: Statement = {
    "radius": -lam * sp.log(2 * (1 - p)),
    "relation": ">=",
    "threshold": sp.Rational(1, 2),
    "beyond": sp.Lambda((excess, lam), sp.exp(-excess / lam) / 2),
}

_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant(
        "A of a radius larger by 1e-6",
        {"radius": PRINTED["radius"] + lam * _SHIFT},
        "inequality",
        _PROOFS,
    ),
    Mutant(
        "A of a radius larger by three tenths",
        {"radius": PRINTED["radius"] * sp.Rational(13, 10)},
        "inequality",
        _ALL,
    ),
    Mutant("1/2 + 1e-6 for 1/2", {"threshold": sp.Rational(1, 2) + _SHIFT}, "inequality", _PROOFS),
    Mutant("strictly above 1/2 up to R", {"relation": ">"}, "inequality", _PROOFS),
    Mutant("the inequality turned round", {"relation": "<="}, "inequality", _ALL),
    Mutant(
        "P(Y in A) beyond R larger by 1e-6",
        {"beyond": sp.Lambda((excess, lam), sp.exp(-excess / lam) / 2 + _SHIFT)},
        "beyond_radius",
        _PROOFS,
    ),
    Mutant(
        "half the exponent beyond R",
        {"beyond": sp.Lambda((excess, lam), sp.exp(-excess / (2 * lam)) / 2)},
        "beyond_radius",
        _ALL,
    ),
    Mutant(
        "a radius smaller by three tenths, beyond it",
        {"radius": PRINTED["radius"] * sp.Rational(7, 10)},
        "beyond_radius",
        _ALL,
    ),
)

_i, _l = sp.symbols("i l", positive=True)
_j = sp.Symbol("j", nonnegative=True)
_w = sp.Symbol("w", nonnegative=True)
_c, _z = sp.symbols("c z", positive=True)
_R, _rho = sp.symbols("R rho", positive=True)
_HALF = sp.Rational(1, 2)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """P(Y in A) from the density on both sides of R, and the bound that every f obeys."""
    return [
        chain(
            "inequality",
            _inequality(statement),
            conclusion="P(Y in A) = 1 - e^(-(R - r)/lambda)/2 = 1 - e^(r/lambda)(1 - PA), which no "
            "f undercuts, and it is at least 1/2, with equality at r = R",
        ),
        chain(
            "inference",
            _not_tight(statement["radius"]),
            proves=False,
            conclusion="for every rho < R the inequality holds at rho, and at every r between rho "
            "and R every f keeps P(f(Y) = cA) > 1/2; PA = 3/4, lambda = 1, rho = R/2 = log(2)/2, "
            "r = 3 R/4: P(f(Y) = cA) >= 1 - 2^(3/4)/4 = 0.579...",
        ),
        chain(
            "beyond_radius",
            _beyond(statement["radius"], statement["beyond"]),
            conclusion="Y_1 = X_1 + r is in A iff X_1 <= -(r - R)",
        ),
    ]


def _mass(lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    return densities.mass(densities.laplace, lam, lower, upper)


def _shown(lower: sp.Expr, upper: sp.Expr) -> sp.Integral:
    return densities.integral(
        densities.laplace, lam, sp.sympify(lower, strict=True), sp.sympify(upper, strict=True)
    )


def _is_mass_pa(radius: sp.Expr, k: sp.Expr) -> Step:
    """A = {x_1 <= R} has the mass PA under X: R is the quantile lambda k of PA."""
    return equal(
        sp.simplify(radius.subs(p, laplace_steps.threshold_probability(k))),
        lam * k,
        "P(X in A) = PA for A = {x_1 <= R}: R is the quantile of PA",
        f"1/2 <= PA = P(X_1 <= {lam * k}) < 1",
        written=_R,
        states=True,
    )


def _inequality(statement: Statement) -> Iterator[Step]:
    k, axis = _j + _w, "delta = (r, 0, ..., 0), r = lambda j <= R = lambda (j + w), every dimension"
    yield _is_mass_pa(statement["radius"], k)
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    kept = _mass(-sp.oo, lam * _w)
    for above in (_w, sp.Integer(0)):
        yield compare(
            kept.subs(_w, above),
            statement["relation"],
            statement["threshold"],
            "P(Y in A) = P(X_1 <= R - r), at every r <= R" if above else "and at r = R",
            axis,
            form=(1 - sp.exp(-_w)) / 2 if above and statement["threshold"] == _HALF else None,
            along=(_w, sp.Integer(0), 1) if above else None,
            written=_shown(-sp.oo, lam * above),
            states=True,
        )
    pa = laplace_steps.threshold_probability(k)
    yield equal(
        kept,
        1 - laplace_steps.dp_factor().subs(r, lam * _j) * (1 - pa),
        "P(f(Y) = cA) >= P(Y in A): integrate mu_Y <= e^(r/lambda) mu_X over {f is not cA}; the "
        "bound is the mass of A",
        axis,
        written=_shown(-sp.oo, lam * _w),
    )


def _not_tight(radius: sp.Expr) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    k, domain = _j + _i + _l, "rho = lambda j, r = lambda (j + i), R = lambda (j + i + l)"
    pa = laplace_steps.threshold_probability(k)
    yield equal(sp.simplify(radius.subs(p, pa)), lam * k, "A = {x_1 <= R}", domain, written=_R)
    yield compare(
        _mass(-sp.oo, lam * _c),
        ">=",
        _HALF,
        "the inequality holds at rho: Y_1 = X_1 + rho is in A iff X_1 <= R - rho",
        f"{domain}; c = i + l > 0",
        along=(_c, sp.Integer(0), 1),
        written=_shown(-sp.oo, _R - _rho),
    )
    kept = sp.simplify(1 - laplace_steps.dp_factor().subs(r, lam * (_j + _i)) * (1 - pa))
    yield compare(
        kept,
        ">",
        _HALF,
        "but beyond rho, up to R, nothing flips: P(f(Y) = cA) >= 1 - e^(r/lambda)(1 - PA) for "
        "every f, in every direction",
        domain,
        along=(_l, sp.Integer(0), 1),
        written=1 - sp.exp(r / lam) * (1 - p),
    )
    point = {p: sp.Rational(3, 4), lam: sp.Integer(1)}
    at, exact = sp.log(2), "PA = 3/4, lambda = 1, R = log 2, rho = R/2, r = 3 R/4"
    yield equal(radius.subs(point), at, "R there", exact, written=_R)
    unit = densities.mass(densities.laplace, sp.Integer(1), -sp.oo, at / 2)
    yield compare(unit, ">=", _HALF, "P(Y in A) at rho", exact)
    factor = laplace_steps.dp_factor().subs({r: 3 * at / 4, lam: 1}, simultaneous=True)
    yield compare(1 - factor / 4, ">", _HALF, "P(f(Y) = cA) at r, for every f", exact)


def _beyond(radius: sp.Expr, beyond: sp.Lambda) -> Iterator[Step]:
    domain = "delta = (r, 0, ..., 0), r = R + s, every s > 0, every dimension"
    yield _is_mass_pa(radius, _j)
    lost = _mass(-sp.oo, -excess)
    yield equal(
        lost,
        beyond(excess, lam),
        "P(Y in A) = P(X_1 <= R - r)",
        domain,
        written=_shown(-sp.oo, -excess),
        states=True,
    )
    yield compare(
        beyond(excess, lam),
        "<",
        _HALF,
        "f* = 1_A predicts cB at x + delta, strictly",
        domain,
        along=(excess, sp.Integer(0), 1),
        states=True,
    )
    pa, at_x = _mass(-sp.oo, lam * _i), "and cA at x, strictly"
    yield compare(pa, ">", _HALF, at_x, "PA > 1/2", along=(_i, sp.Integer(0), 1))
    for edge, sign, where in ((excess / 2, ">", "at x"), (-excess / 2, "<", "at x + delta")):
        yield compare(
            _mass(-sp.oo, edge),
            sign,
            _HALF,
            f"A = {{x_1 <= R + s/2}} in its place: P(A) {where}",
            "PA = 1/2, R = 0",
            along=(excess, sp.Integer(0), 1),
            written=_shown(-sp.oo, edge),
        )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The closed-form c.d.f. on both sides of R, and the dual bound at t = e^r; lambda = 1.

    Every f has P(f(Y) = cA) >= t PA - (t - 1) at t = e^r, the largest value of mu_Y/mu_X.
    """
    pa = half_line_mass(_j)
    radius = sp.simplify(statement["radius"].subs({p: pa, lam: 1}, simultaneous=True))
    law = [
        scales_as(statement["radius"], 1),
        identical([(radius, _j)], "PA = F(j), j = R/lambda >= 0"),
    ]
    high, strict = statement["threshold"], statement["relation"].rstrip("=")
    at_edge = half_line_mass(sp.Integer(0)) - high
    kept = (half_line_mass(_w) - high).subs(_w, -sp.log(_z))
    above = (half_line_mass(_w) - _HALF).subs(_w, -sp.log(_z))
    # t PA - (t - 1) at t = e^j, with k = j + w, is F(w); with z = e^-w it is 1 - z/2
    dual = sp.exp(_j) * half_line_mass(_j + _w) - (sp.exp(_j) - 1)
    same = over(vanishes(dual - half_line_mass(_w)), "r = j, R = j + w, every f and direction")
    beyond = statement["beyond"](excess, sp.Integer(1))
    lost = (_HALF - half_line_mass(-excess)).subs(excess, -sp.log(_z))
    return [
        enclosed(
            "inequality",
            [
                *law,
                same,
                *_up_to_one(kept, strict, "z = e^(r - R), r < R"),
                over(at_point(at_edge, statement["relation"]), "r = R"),
            ],
            conclusion="P(Y in A) = F(R - r) is the dual bound, and at least 1/2",
        ),
        enclosed(
            "inference",
            [*law, same, *_up_to_one(above, ">", "z = e^(rho - R), and e^(r - R), below 1")],
            proves=False,
            conclusion="F(R - rho) and the dual bound F(R - r) are above 1/2 for rho < r < R",
            witness={
                "PA": "3/4",
                "lambda": "1",
                "R": "log 2",
                "rho": "log(2)/2, where P(Y in A) = 1 - sqrt(2)/4 = 0.646...",
                "r": "3 log(2)/4, between rho and R",
                "P(f(Y) = cA) at r, for every f": "at least 1 - 2^(3/4)/4 = 0.579...",
            },
        ),
        enclosed(
            "beyond_radius",
            [
                *law,
                scales_as(statement["beyond"](excess, lam), 0, excess),
                identical([(half_line_mass(-excess), beyond)], "P(Y in A) = F(-s), r = R + s"),
                *_up_to_one(lost, ">", "P(Y in A) < 1/2, z = e^(-s), every s > 0"),
                *_up_to_one(above, ">", "PA > 1/2, z = 2 (1 - PA); and F(s/2) > 1/2 > F(-s/2)"),
            ],
            conclusion="the half-space has the mass PA > 1/2 at x and less than 1/2 beyond R",
        ),
    ]


def _up_to_one(margin: sp.Expr, relation: str, where: str) -> list[Outcome]:
    """The sign of a margin on z in [0, 1), where it vanishes to first order at 1."""
    last = 1 - Fraction(1, 1024)
    return [
        over(sign_on_box(margin, relation, {_z: (Fraction(0), last)}), where),
        over(closed_at(margin, relation, _z, sp.Integer(1), last, order=1), where),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """scipy's masses of A and the worst f on a grid by linear programming, on both sides of R."""
    return search_sides(
        numeric_radius(statement["radius"], p_a=p),
        relation=statement["relation"],
        threshold=float(statement["threshold"]),
        beyond=lambda step, scale: float(statement["beyond"](step, scale)),
        seed=seed,
    )
