"""Table 1, Cohen et al.'s radius carried to l1: sigma Phi^-1(PA), in units of Laplace noise."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray
from scipy import integrate, stats

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.identities import constant, settled
from theory.enclosures.norm_boxes import euclidean_against_taxicab
from theory.searches.findings import covering, searched
from theory.searches.norm_search import search_norms
from theory.searches.search import Radius, numeric_radius
from theory.steps import ball_steps, gaussian_steps
from theory.steps.gaussian_steps import MATCHED
from theory.symbols import excess, lam, p, sigma

CLAIM = Claim(
    slug="table_1_cohen",
    source="Table 1 and section 4.3, Cohen et al. (2019)",
    statement=(
        "With two classes, Gaussian noise of standard deviation sigma and "
        "P(f(x + s) = cA) >= PA >= 1/2, g(x + delta) = g(x) for every delta with "
        "||delta||_1 < sigma Phi^-1(PA): the l2 radius of Cohen et al., carried to l1 because the "
        "l1 ball lies in the l2 ball of the same radius."
    ),
    latex=r"g(x+\delta)=g(x)\ \ \forall\,\|\delta\|_1<R,\quad R=\sigma\,\Phi^{-1}(p_A)",
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("sigma", "(0, oo)", "standard deviation of one coordinate of the noise"),
        Variable("lambda", "(0, oo)", "Laplace scale of the table's other rows"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
    ),
    parts=(
        Part("inclusion", "||delta||_2 <= ||delta||_1 in every dimension"),
        Part("sound", "every delta with ||delta||_1 < R leaves the prediction as it is"),
        Part(
            "exact_on_axis",
            "R is what this noise certifies along an axis: a half-space of mass PA at x has mass "
            "exactly 1/2 at r = R and less at every r > R",
        ),
        Part(
            "equal_variance",
            "in the unit of the Laplace rows, sigma = sqrt(2) lambda, the radius is "
            "sqrt(2) lambda Phi^-1(PA)",
        ),
    ),
    assumptions=(
        "f is any deterministic or random base classifier; PA = 1 gives R = oo. The ball is open, "
        "as in the theorem of Cohen et al.: at r = R the worst case is a tie."
    ),
    reference="paper, Table 1; Cohen, Rosenfeld and Kolter (2019), Theorem 1",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "the paper's picture of it is Figure 6, which is figure_6_always_largest",
    },
)

PRINTED: Statement = {
    "radius": sp.sqrt(2) * sigma * sp.erfinv(2 * p - 1),  # sigma Phi^-1(p)
    "sigma": sp.sqrt(2) * lam,
    "norms": "<=",
}

_SHIFT = lam * sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_FLOATS = (*_PROOFS, Rung.SEARCH)
_ALL = (*_FLOATS, Rung.SIMULATION)


def _times(tenths: int) -> Statement:
    return {"radius": PRINTED["radius"] * sp.Rational(tenths, 10)}


_LARGER, _SMALLER = ({"radius": PRINTED["radius"] + shift} for shift in (_SHIFT, -_SHIFT))
_WIDER, _FLIPPED = {"sigma": PRINTED["sigma"] + _SHIFT}, {"norms": ">="}
MUTANTS = (
    Mutant("radius larger by 1e-6 lambda", _LARGER, "sound", _PROOFS),
    Mutant("radius larger by three tenths", _times(13), "sound", _ALL),
    Mutant("radius smaller by 1e-6 lambda", _SMALLER, "exact_on_axis", _PROOFS),
    Mutant("radius smaller by three tenths", _times(7), "exact_on_axis", _ALL),
    Mutant("sigma larger by 1e-6 lambda", _WIDER, "equal_variance", _FLOATS),
    Mutant("dropped sqrt(2)", {"sigma": lam}, "equal_variance", _ALL),
    Mutant("flipped inequality between the norms", _FLIPPED, "inclusion", _FLOATS),
)

_k = sp.Symbol("k", positive=True)
_t = sp.Symbol("t", positive=True)
_m = sp.Symbol("m", positive=True)
_R = sp.Symbol("R", positive=True)
_Phi = sp.Function("Phi")
_HALF = sp.Rational(1, 2)
_WORST = "the least mass of f = cA is above 1/2 at every ||delta||_2 = R - s"
_JOINED = "(1 + z)^2 > 1 + z^2 for z > 0; both sides are 1 at z = 0"
_EVERY = "every sigma = sqrt(2) lambda, 1/2 < PA = (1 + erf k)/2 < 1"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Neyman-Pearson along delta, from both densities at equal variance."""
    return [
        chain(
            "inclusion",
            _inclusion(statement["norms"]),
            conclusion="||delta||_2 <= ||delta||_1, one coordinate after the other",
        ),
        chain(
            "sound",
            _sound(statement["radius"]),
            conclusion="P(f(Y) = cA) >= Phi(Phi^-1(PA) - ||delta||_2/sigma) > 1/2 for r < R",
        ),
        chain(
            "exact_on_axis",
            _exact(statement["radius"]),
            conclusion=(
                "f = cA exactly where x_1 <= R, delta = (r, 0, ..., 0): P(f(X) = cA) = PA, and "
                "P(f(Y) = cA) is 1/2 at r = R and below 1/2 beyond"
            ),
        ),
        chain("equal_variance", _units(statement), conclusion="R = sqrt(2) lambda Phi^-1(PA)"),
    ]


def _inclusion(relation: str) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    yield ball_steps.euclidean_against_taxicab(relation)


def _in_laplace_units(radius: sp.Expr) -> sp.Expr:
    """R in lambda where PA = P(X_1 <= t), for the printed radius: t."""
    bound = gaussian_steps.mass_below(_t)
    return sp.simplify(radius.subs(p, bound).subs(sigma, MATCHED))


def _ends_at_threshold(radius: sp.Expr) -> Iterator[Step]:
    yield equal(
        _in_laplace_units(radius),
        _t,
        "the printed radius at PA = P(X_1 <= t) = Phi(t/sigma) is t itself",
        "1/2 < PA < 1, sigma = sqrt(2) lambda, every lambda (so every sigma)",
        written=_R,
    )
    yield equal(
        radius.subs(p, _HALF),
        0,
        "and at PA = 1/2 it is 0: no delta is nearer, and P(X_1 <= 0) = 1/2 is the tie",
        "PA = 1/2",
        written=_R,
    )


def _sound(radius: sp.Expr) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    yield from gaussian_steps.only_the_length_matters()
    yield from gaussian_steps.mass_below_is_odd()
    yield from _ends_at_threshold(radius)
    yield compare(
        gaussian_steps.mass_below(_t - (_in_laplace_units(radius) - excess)),
        ">",
        _HALF,
        "the half-space x_1 <= t of mass PA under X has the least mass under Y; at "
        "||delta||_2 = R - s, which is all of r < R since ||delta||_2 <= r",
        "1/2 < PA = P(X_1 <= t) < 1, 0 < s <= R",
        along=(excess, sp.Integer(0), 1),
        written=_Phi((_t - (_R - excess)) / sigma),
        states=True,
    )
    yield equal(
        sp.limit(gaussian_steps.mass_below(_t - _m), _t, sp.oo),
        1,
        "PA = 1, where R = oo: cA keeps all its mass, for every ||delta||_2 = m",
        "PA = 1 (at PA = 1/2 the open ball is empty)",
        written=sp.Limit(_Phi((_t - _m) / sigma), _t, sp.oo),
    )


def _exact(radius: sp.Expr) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    yield from gaussian_steps.mass_below_is_odd()
    yield from _ends_at_threshold(radius)
    moved = _t - _in_laplace_units(radius)
    domain = "1/2 < PA = P(X_1 <= t) < 1, every dimension"
    yield equal(
        gaussian_steps.mass_below(moved),
        _HALF,
        "Y_1 = X_1 + R, so P(Y_1 <= t) = P(X_1 <= t - R)",
        domain,
        written=_Phi((_t - _R) / sigma),
        states=True,
    )
    yield compare(
        gaussian_steps.mass_below(moved - excess),
        "<",
        _HALF,
        "the same half-space at r = R + s (with t = R = 0 it is the one for PA = 1/2)",
        f"{domain}, s > 0",
        along=(excess, sp.Integer(0), 1),
        written=_Phi((_t - (_R + excess)) / sigma),
        states=True,
    )


def _units(statement: Statement) -> Iterator[Step]:
    yield from gaussian_steps.same_variance(statement["sigma"], states=True)
    spread = sp.sqrt(densities.moment(densities.laplace, lam, 2))
    quantile = sp.Symbol("q", positive=True)
    bound = gaussian_steps.mass_below(quantile, sp.Integer(1))
    yield equal(
        statement["radius"].subs(p, bound).subs(sigma, statement["sigma"]),
        spread * quantile,
        "sigma Phi^-1(PA) is sqrt(E eps_1^2) Phi^-1(PA), with eps_1 the Laplace noise",
        "1/2 < PA = Phi(q) < 1",
        written=sigma * sp.Function("Phi^-1")(sp.Symbol("p_A")),
        states=True,
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The worst half-space, from the closed form Phi(y) = (1 + erf(y/sqrt 2))/2, by Arb.

    With lambda = 1, sigma^2 = Gamma(3) = 2 and PA = (1 + erf k)/2, the half-space of mass PA ends
    at 2k, and at ||delta||_2 = m it has the mass (1 + erf((2k - m)/2))/2. No h does worse: with
    t the likelihood ratio L at its edge, E h(Y) >= t PA - E(t - L)_+, which is that mass. The
    radius is homogeneous in (sigma, lambda), which is checked, so one lambda is enough.
    """
    bound = (1 + sp.erf(_k)) / 2
    per_lambda = statement["radius"].subs(sigma, _m * lam) / lam
    homogeneous = settled(sp.diff(per_lambda, lam), "R/lambda depends on sigma/lambda alone")
    at_k = {p: bound, sigma: sp.sqrt(sp.gamma(3)), lam: sp.Integer(1)}
    gap = sp.simplify(2 * _k - sp.simplify(statement["radius"].subs(p, bound)).subs(at_k))
    widths = {_k: (Fraction(1, 64), Fraction(8))} if gap.has(_k) else {}
    none = settled(statement["radius"].subs(p, _HALF), "PA = 1/2: R = 0")
    kept = sp.limit((1 + sp.erf((2 * _k - _m) / 2)) / 2, _k, sp.oo)
    everything = settled(kept - 1, "PA -> 1, R -> oo: mass 1 at every distance m")
    sound = [*_beyond((gap + excess) / 2, ">", widths), homogeneous, none, everything]
    flips = [*_beyond((gap - excess) / 2, "<", widths), homogeneous, none]
    flips.append(settled(sp.erf(gap / 2), "mass 1/2 at r = R"))
    scale = statement["sigma"]
    units = [
        settled(scale**2 - sp.gamma(3) * lam**2, "E eps^2 of Laplace noise is Gamma(3) lambda^2"),
        settled(
            sp.simplify(statement["radius"].subs(p, bound)).subs(sigma, scale)
            - sp.sqrt(2 * sp.gamma(3)) * lam * _k,
            "R is sqrt(Gamma(3)) lambda Phi^-1(PA), with Phi^-1(PA) = sqrt(2) k",
        ),
    ]
    norms = enclosed("inclusion", euclidean_against_taxicab(statement["norms"]), conclusion=_JOINED)
    inside = enclosed("sound", sound, conclusion=_WORST)
    beyond = enclosed("exact_on_axis", flips, conclusion="mass 1/2 at R and below 1/2 at R + s")
    matched = enclosed("equal_variance", units, conclusion="sigma = sqrt(2) lambda")
    return [
        norms,
        covering(f"{_EVERY}, every r = R - s < R, then PA = 1/2 and PA = 1", inside),
        covering(f"{_EVERY}, r = R and every r = R + s > R, then PA = 1/2", beyond),
        covering("every lambda, 1/2 < PA < 1", matched),
    ]


def _beyond(
    argument: sp.Expr, relation: str, widths: dict[sp.Symbol, tuple[Fraction, Fraction]]
) -> list[Outcome]:
    """The sign of erf(argument) for every s > 0; it is monotone in s, which closes s -> oo."""
    near, far = Fraction(1, 64), Fraction(16)
    margin = sp.erf(argument)
    positive = sp.simplify(sp.diff(margin, excess) * sp.exp(argument**2))
    return [
        closed_at(margin, relation, excess, sp.Integer(0), near, order=1, others=widths),
        sign_on_box(margin, relation, {excess: (near, far), **widths}),
        constant(
            positive, relation, f"s >= 16: derivative exp(argument^2) {relation} 0 throughout"
        ),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Worst classifiers on grids in d = 1, 2 by Neyman-Pearson's order; norms; quadrature."""
    rng = np.random.Generator(np.random.Philox(seed))
    radius = numeric_radius(statement["radius"].subs(sigma, MATCHED), p_a=p)
    return [
        search_norms("inclusion", statement["norms"], rng),
        _search_flips(radius, rng, "sound", 1.0 - 1e-3, flips=False),
        _search_flips(radius, rng, "exact_on_axis", 1.0 + 1e-3, flips=True),
        _search_variance(statement["sigma"]),
    ]


def _least_mass(p_a: float, spread: float, delta: tuple[float, ...]) -> float:
    """The least P(f(Y) = cA) of a grid classifier with P(f(X) = cA) >= p_a: ratios in order."""
    before, after = np.ones(1), np.ones(1)
    for move in delta:
        levels = np.concatenate([np.linspace(0.005, 0.995, 67), [1 - p_a, p_a]])
        law = stats.norm(scale=spread)
        edges = np.unique(np.concatenate([[-np.inf], law.ppf(levels), [move, np.inf]]))
        before = np.multiply.outer(before, _cells(law.cdf, law.sf, edges)).ravel()
        after = np.multiply.outer(after, _cells(law.cdf, law.sf, edges - move)).ravel()
    order = np.argsort(-after / np.maximum(before, 1e-300))
    # what cA gives up: the cells that Y favours most, up to the mass 1 - p_a under X
    given = np.cumsum(before[order])
    share = np.clip((1 - p_a - (given - before[order])) / before[order], 0.0, 1.0)
    return 1.0 - float(share @ after[order])


Function = Callable[[NDArray[np.float64]], NDArray[np.float64]]


def _cells(cdf: Function, sf: Function, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.maximum(np.where(edges[1:] <= 0, np.diff(cdf(edges)), -np.diff(sf(edges))), 1e-300)


def _search_flips(
    radius: Radius, rng: np.random.Generator, part: str, fraction: float, *, flips: bool
) -> Evidence:
    start, closest = time.perf_counter(), np.inf
    witness = None
    for number in range(36):
        near = 10.0 ** rng.uniform(-6, -0.4)
        p_a = [0.5 + near, 1.0 - near, rng.uniform(0.5, 1.0)][number % 3]
        scale = 10.0 ** rng.uniform(-1, 1)
        distance = fraction * radius(p_a, 1 - p_a, scale)
        mixed = float(rng.uniform(0.0, 1.0))
        shares = (1.0,) if number % 2 or flips else (mixed, 1 - mixed)
        delta = tuple(distance * share for share in shares)
        margin = _least_mass(p_a, float(np.sqrt(2.0)) * scale, delta) - 0.5
        closest = min(closest, abs(margin))
        if (margin < -1e-13) != flips:
            witness = {"PA": repr(p_a), "lambda": repr(scale), "delta": repr(delta)}
            break
    scope = f"36 instances in d = 1, 2, PA within 1e-6 of 1/2 and of 1, r = {fraction} R"
    said = "every worst classifier flips" if flips else "no grid classifier flips"
    said = f"{said}; smallest margin {closest:.2g}" if witness is None else f"not: {said}"
    return searched(part, scope, said, start=start, witness=witness)


def _search_variance(spread: sp.Expr) -> Evidence:
    start, witness, worst = time.perf_counter(), None, 0.0
    numeric = sp.lambdify([lam], spread, modules="numpy")
    for scale in (0.2, 1.0, 3.7):
        law = stats.laplace(scale=scale)
        half, _ = integrate.quad(lambda t, law=law: t * t * law.pdf(t), 0.0, 60 * scale)
        ratio = float(stats.norm(scale=float(numeric(scale))).var() / (2 * half))
        worst = max(worst, abs(ratio - 1))
        if worst > 1e-8:
            witness = {"lambda": repr(scale), "variances, Gaussian : Laplace": repr(ratio)}
            break
    detail = f"by quadrature the ratio of the variances is 1 to within {worst:.1g}"
    where = "lambda in {0.2, 1, 3.7}"
    return searched("equal_variance", where, detail, start=start, witness=witness)
