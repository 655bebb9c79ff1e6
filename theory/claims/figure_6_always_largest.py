"""Figure 6: under the same variance the Laplace radius is the largest of the three."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
from flint import ctx
from scipy import optimize

from theory import densities
from theory.balls import compile_ball
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, Root, closed_at, enclosed, isolate_root, sign_on_box
from theory.enclosures.identities import expanded_log, recomputable, settled, within
from theory.enclosures.tail_bounds import tail_below_gaussian
from theory.searches.findings import covering, searched
from theory.searches.search import numeric_radius
from theory.steps import gaussian_steps
from theory.steps.gaussian_steps import MATCHED
from theory.symbols import excess, lam, p, u

_R = sp.Rational
_DIGITS = sp.Integer(10) ** 9

CLAIM = Claim(
    slug="figure_6_always_largest",
    source="Figure 6 and its caption, section 4.3",
    statement=(
        "With two classes and noises of the same variance (sigma = sqrt(2) lambda), the Laplace "
        "radius -lambda log[2(1 - PA)] is the largest of the three (Lecuyer et al.'s is "
        "(lambda/2) log(PA/(1 - PA)), Cohen et al.'s sigma Phi^-1(PA)) for every PA."
    ),
    latex=(
        r"-\lambda\log[2(1-p_A)]\ \ge\ \max\{\tfrac{\lambda}{2}\log\tfrac{p_A}{1-p_A},\ "
        r"\sqrt2\lambda\,\Phi^{-1}(p_A)\}\quad\forall\,p_A\in[\tfrac12,1)"
    ),
    variables=(
        Variable("PA", "[1/2, 1)", "lower bound on the probability of the top class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise; sigma = sqrt(2) lambda"),
    ),
    parts=(
        Part(
            "largest_of_three",
            "no other radius is larger than Laplace's at any PA in [1/2, 1)",
            otherwise=(
                "it holds exactly for PA = 1/2 (all three are 0) and for PA >= {p_star}; on "
                "(1/2, {p_star}) Cohen's radius is larger, by a factor below sqrt(pi) that it "
                "approaches as PA -> 1/2, and by at most {loss} lambda (at PA = {p_loss})"
            ),
        ),
        Part(
            "beats_lecuyer_everywhere",
            "Laplace's radius is larger than Lecuyer's for every PA in (1/2, 1)",
            Role.CORRECTION,
        ),
        Part(
            "beats_cohen_from_crossing",
            "there is one p_star in (1/2, 1), within the stated bracket, such that Cohen's radius "
            "is larger for 1/2 < PA < p_star and Laplace's for p_star < PA < 1",
            Role.CORRECTION,
        ),
        Part(
            "largest_loss",
            "Cohen's radius is less than sqrt(pi) times Laplace's, with that factor as its limit "
            "at PA -> 1/2, and their largest difference lies within the stated bracket",
            Role.CORRECTION,
        ),
    ),
    assumptions="At PA = 1/2 all three radii are 0; as PA -> 1 all three tend to oo.",
    reference="paper, Figure 6; Table 1 for the three radii",
    absent={Rung.EXPERIMENT: "no trained classifier is needed: three formulas are compared"},
)

PRINTED: Statement = {
    "laplace": -lam * sp.log(2 * (1 - p)),
    "lecuyer": lam / 2 * sp.log(p / (1 - p)),
    "cohen": 2 * lam * sp.erfinv(2 * p - 1),  # sigma Phi^-1(p) with sigma = sqrt(2) lambda
    # our correction: brackets of p_star and of the largest difference in lambda, and the factor
    "crossing": (_R(953559142) / _DIGITS, _R(953559143) / _DIGITS),
    "loss": (_R(274074061) / _DIGITS, _R(274074062) / _DIGITS),
    "factor": sp.sqrt(sp.pi),
}


def _moved(name: str, shift: sp.Rational) -> Statement:
    return {name: tuple(end + shift for end in PRINTED[name])}


_TINY = lam * _R(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EVERY = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)
_LECUYER, _COHEN, _LOSS = (part.name for part in CLAIM.parts[1:])
_HIGHER, _LOWER = _moved("crossing", _TINY / lam), _moved("crossing", -_R(1, 5))
_LARGER, _SMALLER = ({"laplace": PRINTED["laplace"] + shift} for shift in (_TINY, -_TINY))
_DOUBLED, _STEEP = {"lecuyer": 2 * PRINTED["lecuyer"]}, {"factor": PRINTED["factor"] - _TINY / lam}
MUTANTS = (
    Mutant("crossing higher by 1e-6", _HIGHER, _COHEN, _PROOFS),
    Mutant("crossing lower by a fifth", _LOWER, _COHEN, _EVERY),
    Mutant("Laplace radius larger by 1e-6 lambda", _LARGER, _COHEN, _PROOFS),
    Mutant("Laplace radius smaller by 1e-6 lambda", _SMALLER, _LECUYER, _PROOFS),
    Mutant("Lecuyer's radius without its factor 1/2", _DOUBLED, _LECUYER, _EVERY),
    Mutant("factor smaller by 1e-6", _STEEP, _LOSS, _PROOFS),
    Mutant("loss larger by 1e-6 lambda", _moved("loss", _TINY / lam), _LOSS, _PROOFS),
    Mutant("loss smaller by a tenth", _moved("loss", -_R(1, 10)), _LOSS, (*_PROOFS, Rung.SEARCH)),
)

_z = sp.Symbol("z", positive=True)
_y = sp.Symbol("y", positive=True)
_tail = sp.Symbol("E", positive=True)
_surplus = sp.Symbol("n", positive=True)
_L, _G = sp.Function("L"), sp.Function("G")
_THREE_QUARTERS = _R(3, 4)
_BY_TAIL = "PA = 1 - erfc(u)/2"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both radii as half-space thresholds from the densities; then h = L - G is convex in u."""
    return [
        chain(
            "largest_of_three",
            _printed_fails(statement),
            proves=False,
            conclusion=(
                "at PA = 3/4 Cohen's radius 2 lambda erfinv(1/2) exceeds Laplace's lambda log 2; "
                "as PA -> 1/2 their ratio tends to sqrt(pi) > 1"
            ),
        ),
        chain(
            "beats_lecuyer_everywhere",
            _beats_lecuyer(statement),
            conclusion="the difference rises from 0, with lambda log(1 + s) for Laplace's radius",
        ),
        chain(
            "beats_cohen_from_crossing",
            _crossing(statement),
            conclusion=(
                "with PA = 1 - erfc(u)/2 the difference h(u) = -log erfc(u) - 2u is convex, falls "
                "from h(0) = 0 and ends at oo: one zero, inside the bracket"
            ),
        ),
        chain(
            "largest_loss",
            _loss(statement),
            conclusion="the ratio is below its limit sqrt(pi); the concave -h has one maximum",
        ),
    ]


def _at_laplace(statement: Statement, bound: sp.Rational) -> sp.Expr:
    """P(X_1 <= L) of Gaussian noise at Laplace's radius L: below PA exactly where L < G."""
    return gaussian_steps.mass_below(statement["laplace"].subs(p, bound))


def _written_at_laplace(statement: Statement, bound: sp.Rational) -> sp.Integral:
    radius = statement["laplace"].subs(p, bound)
    return densities.integral(densities.gaussian, MATCHED, -sp.oo, radius)


def _printed_fails(statement: Statement) -> Iterator[Step]:
    yield from gaussian_steps.radii_are_thresholds(statement)
    yield compare(
        _at_laplace(statement, _THREE_QUARTERS),
        "<",
        _THREE_QUARTERS,
        "P(X_1 <= L) is below PA for Gaussian noise, so Cohen's radius is larger than L",
        "PA = 3/4, L = lambda log 2",
        written=_written_at_laplace(statement, _THREE_QUARTERS),
        states=True,
    )
    ours, theirs = gaussian_steps.radii_by_tail(statement)
    yield compare(
        sp.limit(theirs / ours, u, 0),
        ">",
        1,
        "the limit of the ratio of Cohen's radius to Laplace's is sqrt(pi)",
        f"PA -> 1/2, which is u -> 0 in {_BY_TAIL}",
        written=sp.Limit(_G(u) / _L(u), u, 0),
        states=True,
    )


def _beats_lecuyer(statement: Statement) -> Iterator[Step]:
    yield from gaussian_steps.radii_are_thresholds(statement)
    bound = gaussian_steps.laplace_mass_below(sp.log(1 + excess))
    ours, theirs = (sp.simplify(statement[n].subs(p, bound) / lam) for n in ("laplace", "lecuyer"))
    yield compare(
        expanded_log(ours - theirs),
        ">",
        0,
        "the difference of the radii, in lambda, is 0 at PA = 1/2 and rises",
        "1/2 < PA < 1, PA = P(X_1 <= lambda log(1 + s)) for Laplace noise, s > 0",
        along=(excess, sp.Integer(0), 1),
        states=True,
    )


def _crossing(statement: Statement) -> Iterator[Step]:
    yield from gaussian_steps.radii_are_thresholds(statement)
    ours, theirs = gaussian_steps.radii_by_tail(statement)
    yield from gaussian_steps.difference_has_one_zero(ours - theirs)
    for end, relation in zip(statement["crossing"], ("<", ">"), strict=True):
        yield compare(
            _at_laplace(statement, end),
            relation,
            end,
            f"P(X_1 <= L) for Gaussian noise is {'below' if relation == '<' else 'above'} PA, so "
            f"L {relation} G at this end of the bracket of p_star",
            f"PA = {end}",
            written=_written_at_laplace(statement, end),
            states=True,
        )


def _loss(statement: Statement) -> Iterator[Step]:
    yield from gaussian_steps.radii_are_thresholds(statement)
    ours, theirs = gaussian_steps.radii_by_tail(statement)
    factor = statement["factor"]
    yield equal(
        sp.limit(theirs / ours, u, 0),
        factor,
        "the limit of the ratio of Cohen's radius to Laplace's",
        f"PA -> 1/2, which is u -> 0 in {_BY_TAIL}",
        written=sp.Limit(_G(u) / _L(u), u, 0),
        states=True,
    )
    ratio = factor * _L(u) - _G(u)
    yield equal(
        sp.limit(factor * ours - theirs, u, 0),
        0,
        "sqrt(pi) L - G starts at 0",
        "PA -> 1/2",
        written=sp.Limit(ratio, u, 0),
    )
    yield from gaussian_steps.mills_bound()
    yield from gaussian_steps.scaled_tail_below_one()
    rises = sp.diff(factor * ours - theirs, u).subs(sp.erfc(u), _tail)
    yield compare(
        rises.subs(sp.exp(-(u**2)), _tail * (1 + _surplus)),
        ">",
        0,
        "and rises: with exp(-u^2) = (1 + n) erfc(u), n > 0, its derivative in u is 2 n",
        "1/2 < PA < 1",
        form=2 * _surplus,
        written=sp.Derivative(ratio, u),
    )
    yield from gaussian_steps.difference_has_one_zero(ours - theirs)
    yield from gaussian_steps.largest_difference(ours - theirs, statement["loss"])


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Signs and roots of the printed differences in Arb, with lambda = 1.

    PA = 1 - erfc(u)/2 makes Cohen's radius 2u; PA = 1 - z/2 makes Laplace's -log z. All three
    radii are multiples of lambda, which is checked, so lambda = 1 is enough.
    """
    linear = [
        settled(sp.diff(statement[name] / lam, lam), f"the {name} row is a multiple of lambda")
        for name in ("laplace", "lecuyer", "cohen")
    ]
    ours = sp.simplify(statement["laplace"].subs({p: 1 - _z / 2, lam: 1}))
    gaussian = sp.simplify(statement["cohen"].subs({p: (1 + sp.erf(u)) / 2, lam: 1}))
    gap = ours.subs(_z, sp.erfc(u)) - gaussian
    lecuyer = statement["lecuyer"].subs({p: 1 - _z / 2, lam: 1})
    crossing = _as_probability(isolate_root(gap, u, (Fraction(1), Fraction(3, 2))))
    signs = [
        closed_at(gap, "<", u, sp.Integer(0), Fraction(1, 64), order=1),
        sign_on_box(gap, "<", {u: (Fraction(1, 64), Fraction(1))}),
        sign_on_box(gap, ">", {u: (Fraction(3, 2), Fraction(3))}),
        *_tail_closed(ours, gaussian),
        *linear,
        within(crossing, statement["crossing"], "p_star"),
    ]
    above = [*_above_lecuyer(expanded_log(ours - lecuyer)), *linear]
    lost = enclosed(
        "largest_of_three",
        signs[:2],
        proves=False,
        conclusion="Cohen's radius G is larger than Laplace's L there",
        witness=_witness(statement),
    )
    ahead = enclosed("beats_lecuyer_everywhere", above, conclusion="L is above Lecuyer's radius")
    crossed = enclosed(
        "beats_cohen_from_crossing",
        signs,
        roots={"p_star": crossing},
        conclusion="h(u) = L - G has one zero on u > 0, in (1, 3/2), and rises through it",
    )
    every = f"every PA in (1/2, 1), written {_BY_TAIL} with u in (0, oo), y = 1/u beyond u = 3"
    loss = _enclosed_loss(ours.subs(_z, sp.erfc(u)), gaussian, statement, signs[2:-1])
    return [
        covering(f"1/2 < PA <= 1 - erfc(1)/2 = 0.92135..., written {_BY_TAIL}", lost),
        covering("every PA in (1/2, 1), written PA = 1 - z/2 with z in (0, 1)", ahead),
        covering(every, crossed),
        covering(every, loss),
    ]


def _as_probability(root: Root | None) -> Root | None:
    if root is None:
        return None
    with ctx.workprec(256):
        return Root(1 - root.ball.erfc() / 2, root.scope, root.unique)


def _tail_closed(ours: sp.Expr, gaussian: sp.Expr) -> list[Outcome]:
    """u >= 3, with y = 1/u: erfc(u) < exp(-u^2), and L falls with erfc(u), so h > u^2 - 2u."""
    lower = sp.simplify((ours.subs(_z, sp.exp(-(u**2))) - gaussian).subs(u, 1 / _y) * _y**2)
    side = {_y: (Fraction(0), Fraction(1, 3))}
    falls = settled(sp.diff(ours, _z) + 1 / _z, "L = -log z falls in z = erfc(u)")
    return [falls, *tail_below_gaussian(), sign_on_box(sp.expand(lower), ">", side)]


def _above_lecuyer(margin: sp.Expr) -> list[Outcome]:
    """PA = 1 - z/2: order 2 at z = 1; for z <= 1/64 the difference is at least rest + log 8."""
    one, near, far = sp.Integer(1), 1 - Fraction(1, 16), Fraction(1, 64)
    rest = sp.expand(margin + sp.log(_z) / 2)
    return [
        closed_at(margin, ">", _z, one, near, order=2),
        sign_on_box(margin, ">", {_z: (far, near)}),
        sign_on_box(rest + sp.log(8), ">", {_z: (Fraction(0), far)}, max_boxes=500),
    ]


def _enclosed_loss(
    ours: sp.Expr, gaussian: sp.Expr, statement: Statement, beyond: list[Outcome]
) -> Evidence:
    near, far = Fraction(1, 4), Fraction(1)
    slope = sp.diff(ours - gaussian, u)
    place = isolate_root(slope, u, (near, far))
    loss = None
    if place is not None:
        with ctx.workprec(256):
            height = compile_ball(gaussian - ours, [u])([place.ball])
        loss = Root(height, place.scope, None)
    ratio = statement["factor"] * ours - gaussian
    outcomes = [
        settled(sp.diff(ratio, u).subs(u, 0), "the factor is the limit of G/L at PA -> 1/2"),
        closed_at(ratio, ">", u, sp.Integer(0), Fraction(1, 16), order=2),
        sign_on_box(ratio, ">", {u: (Fraction(1, 16), Fraction(2))}),
        sign_on_box(slope, "<", {u: (Fraction(0), near)}),
        sign_on_box(slope, ">", {u: (far, Fraction(2))}),
        within(loss, statement["loss"], "loss"),
        *beyond,
    ]
    return enclosed(
        "largest_loss",
        outcomes,
        roots={"p_loss": _as_probability(place), "loss": loss},
        conclusion=(
            "G < sqrt(pi) L and G - L has one maximum for u <= 2; for u >= 3/2, G < L, so G - L "
            "is negative there"
        ),
    )


def _witness(statement: Statement) -> dict[str, str]:
    at = {lam: sp.Integer(1), p: _THREE_QUARTERS}
    ours, theirs = (recomputable(statement[name].subs(at)) for name in ("laplace", "cohen"))
    return {"PA": "3/4", "lambda": "1", "Laplace radius": ours, "Cohen's radius": theirs}


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """The three radii in floats, at PA down to 1e-7 from either end, and by root finding."""
    rng = np.random.Generator(np.random.Philox(seed))
    near = 10.0 ** rng.uniform(-7, np.log10(0.25), 400)
    places = np.concatenate([0.5 + near, 1 - near])
    start = time.perf_counter()
    of = {name: numeric_radius(statement[name], p_a=p) for name in ("laplace", "lecuyer", "cohen")}
    scale = float(rng.uniform(0.2, 5.0))
    ours, old, other = (np.array([f(q, 1 - q, scale) for q in places]) for f in of.values())

    def gap(place: float) -> float:
        return of["laplace"](place, 1 - place, 1.0) - of["cohen"](place, 1 - place, 1.0)

    low = float(statement["crossing"][0])
    swapped = np.where(places < low, ours > other, ours < other) & (abs(places - low) > 1e-6)
    least = optimize.minimize_scalar(gap, bounds=(0.5, 0.95), options={"xatol": 1e-10})
    bracket = [float(end) for end in statement["loss"]]
    off = not bracket[0] - 1e-7 < -least.fun < bracket[1] + 1e-7
    steep = places[other > float(statement["factor"]) * ours * (1 + 1e-6)]

    def one(part: str, wrong: np.ndarray, detail: str) -> Evidence:
        worst = repr(float(wrong[len(wrong) // 2])) if len(wrong) else ""
        witness = {"PA": worst, "lambda": repr(scale)} if len(wrong) else None
        where = "800 values of PA, down to 1e-7 from 1/2 and from 1"
        return searched(part, where, detail, start=start, witness=witness)

    compared = "the printed formulas in floats"
    lost = np.append(steep, [least.x] if off else [])
    crossed = optimize.brentq(gap, 0.9, 0.99) if gap(0.9) * gap(0.99) < 0 else np.nan
    return [
        one("largest_of_three", places[np.maximum(old, other) > ours * (1 + 1e-9)], compared),
        one("beats_lecuyer_everywhere", places[old > ours * (1 + 1e-9)], compared),
        one("beats_cohen_from_crossing", places[swapped], f"they cross at PA = {crossed:.9f}"),
        one("largest_loss", lost, f"largest difference {-least.fun:.9f} lambda at {least.x:.6f}"),
    ]
