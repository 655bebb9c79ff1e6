"""Section 4.3: sigma Phi^-1(PA) is the best l1 radius of Gaussian noise, by ball inclusion."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy import stats

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.coverage import over
from theory.enclosures.identities import constant, settled
from theory.enclosures.norm_boxes import euclidean_against_taxicab
from theory.searches.findings import searched
from theory.searches.norm_search import search_norms
from theory.searches.search import Radius, numeric_radius
from theory.searches.worst_labels import TOLERANCE, least_mass
from theory.steps import ball_steps, gaussian_steps
from theory.symbols import excess, lam, p, r, sigma

CLAIM = Claim(
    slug="cohen_is_best_gaussian",
    source="section 4.3, Robustness radius of Cohen et al. (2019)",
    statement=(
        "With two classes and PA >= 1/2, R = sigma Phi^-1(PA) is the best l1 radius that "
        "isotropic Gaussian noise can give: the l1 ball of radius R lies in the l2 ball of the "
        "same radius, which Cohen et al.'s guarantee covers; for every eps > 0 the l1 ball of "
        "radius R + eps does not; and their guarantee is exact."
    ),
    latex=(
        r"B_{1,r}(c)\subset B_{2,r}(c),\quad B_{1,r+\varepsilon}(c)\not\subset B_{2,r}(c)\ \ "
        r"\forall\varepsilon>0\quad\Rightarrow\quad\sup\{\text{sound }\ell_1\text{ radii}\}="
        r"\sigma\,\Phi^{-1}(p_A)"
    ),
    variables=(
        Variable("PA", "[1/2, 1]", "lower bound on the probability of the top class at x"),
        Variable("sigma", "(0, oo)", "standard deviation of one coordinate of the noise"),
        Variable("eps", "(0, oo)", "by how much the l1 ball is larger"),
        Variable("delta", "R^d, any d >= 1", "perturbation"),
    ),
    parts=(
        Part("inside", "the l1 ball lies in the l2 ball of the same radius, in every dimension"),
        Part(
            "not_inside",
            "for every r > 0 and eps > 0 the l1 ball of radius r + eps does not lie in the l2 ball "
            "of radius r, in any dimension",
        ),
        Part("sound", "every delta with ||delta||_2 < R leaves the prediction as it is"),
        Part(
            "exact",
            "at every delta with ||delta||_2 > R, in whatever direction, some classifier with "
            "P(f(X) = cA) >= PA predicts cA at x and cB at x + delta, each strictly",
        ),
    ),
    assumptions=(
        "The scan has lost the relation signs between the balls and the name of eps; they are read "
        "as above. The balls are closed and the guarantee is on the open ball, as in the theorem "
        "of Cohen et al.; at ||delta||_2 = R the worst case is a tie, so that the best radius is "
        "a supremum. The step from the balls to the radius needs the guarantee to be exact at "
        "every delta outside the l2 ball, and not at one of each norm only: it is, since the law "
        "of the noise is the same in every direction. PA = 1 gives R = oo."
    ),
    reference="paper, section 4.3; Cohen, Rosenfeld and Kolter (2019), Theorems 1 and 2",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the worst one is given explicitly",
        Rung.FIGURE: "the radius is drawn in Figure 6, which is figure_6_always_largest",
    },
    without_laplace="it is about Gaussian noise, in its own sigma, and the geometry of two balls",
)

PRINTED: Statement = {
    "radius": sp.sqrt(2) * sigma * sp.erfinv(2 * p - 1),  # sigma Phi^-1(p)
    "norms": "<=",
    "larger": r + excess,  # the radius of an l1 ball that is not in the l2 ball of radius r
}

_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_FLOATS = (*_PROOFS, Rung.SEARCH)
_ALL = (*_FLOATS, Rung.SIMULATION)
_LARGER, _SMALLER = ({"radius": PRINTED["radius"] + sign * _SHIFT * sigma} for sign in (1, -1))
_LONG, _SHORT = ({"radius": PRINTED["radius"] * sp.Rational(n, 10)} for n in (14, 7))
MUTANTS = (
    Mutant("flipped inequality between the norms", {"norms": ">="}, "inside", _FLOATS),
    Mutant("eps dropped", {"larger": r}, "not_inside", _FLOATS),
    Mutant("eps less 1e-6", {"larger": r + excess - _SHIFT}, "not_inside", _PROOFS),
    Mutant("radius larger by 1e-6 sigma", _LARGER, "sound", _PROOFS),
    Mutant("radius larger by four tenths", _LONG, "sound", _ALL),
    Mutant("radius smaller by 1e-6 sigma", _SMALLER, "exact", _PROOFS),
    Mutant("radius smaller by three tenths", _SHORT, "exact", _ALL),
)

_t = sp.Symbol("t", nonnegative=True)
_k = sp.Symbol("k", nonnegative=True)
_m = sp.Symbol("m", positive=True)
_R = sp.Symbol("R", nonnegative=True)
_Phi = sp.Function("Phi")
_HALF = sp.Rational(1, 2)
_BOUND = "1/2 <= PA = Phi(t/sigma) < 1, t >= 0"
_OUTSIDE = "every delta with ||delta||_2 = R + s, every s > 0"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Two balls; then Neyman and Pearson along delta, from the Gaussian density."""
    return [
        chain(
            "inside",
            [ball_steps.euclidean_against_taxicab(statement["norms"])],
            conclusion="||delta||_2 <= ||delta||_1, one coordinate after the other",
        ),
        chain(
            "not_inside",
            _not_inside(statement["larger"]),
            conclusion="(r + eps, 0, ..., 0) is in the l1 ball and outside the l2 ball",
        ),
        chain(
            "sound",
            _sound(statement["radius"]),
            conclusion="P(f(Y) = cA) >= Phi((R - ||delta||_2)/sigma) > 1/2",
        ),
        chain(
            "exact",
            _exact(statement["radius"]),
            conclusion=(
                "f = cA iff <z, delta> <= (R + s/2) ||delta||_2, ||delta||_2 = R + s: "
                "P(f(X) = cA) > PA and P(f(Y) = cA) = Phi(-s/(2 sigma)) < 1/2; on an axis the "
                "l1 norm of delta is R + s too, so no l1 radius above R is sound"
            ),
        ),
    ]


def _not_inside(larger: sp.Expr) -> Iterator[Step]:
    yield compare(
        larger,
        ">",
        r,
        "the point on an axis at the distance r + eps is in the l1 ball of that radius, and its "
        "l2 norm is above r",
        "every r > 0, eps = s > 0, every dimension",
        written=sp.sqrt(sp.Symbol("delta_1") ** 2),
        states=True,
    )
    # on an axis both norms agree: by the inclusion no point of the l1 ball is farther than this one
    yield ball_steps.euclidean_against_taxicab("<=")


def _ends_at_threshold(radius: sp.Expr) -> Iterator[Step]:
    yield from gaussian_steps.only_the_length_matters()
    yield from gaussian_steps.mass_below_is_odd()
    yield equal(
        gaussian_steps.mass_below(_t, sigma).subs(_t, 0),
        _HALF,
        "t = 0 is the half-space of mass 1/2, so PA = P(X_1 <= t) is at least 1/2 for t >= 0",
        _BOUND,
        written=_Phi(0),
    )


def _radius_at(radius: sp.Expr) -> sp.Expr:
    return sp.simplify(radius.subs(p, gaussian_steps.mass_below(_t, sigma)))


def _sound(radius: sp.Expr) -> Iterator[Step]:
    yield from _ends_at_threshold(radius)
    yield compare(
        gaussian_steps.mass_below(_t - (_radius_at(radius) - excess), sigma),
        ">",
        _HALF,
        "of all f with P(f(X) = cA) >= PA the half-space <z, delta> <= t ||delta||_2, of mass PA, "
        "has the least mass under Y; at ||delta||_2 = R - s",
        f"{_BOUND}, 0 < s <= R (at PA = 1/2 there is no such delta)",
        along=(excess, sp.Integer(0), 1),
        written=_Phi((_t - (_R - excess)) / sigma),
        states=True,
    )
    yield equal(
        sp.limit(gaussian_steps.mass_below(_t - _m, sigma), _t, sp.oo),
        1,
        "PA = 1, where R = oo: cA keeps all its mass, for every ||delta||_2 = m",
        "PA = 1",
        written=sp.Limit(_Phi((_t - _m) / sigma), _t, sp.oo),
    )


def _exact(radius: sp.Expr) -> Iterator[Step]:
    yield from _ends_at_threshold(radius)
    at, closer = _radius_at(radius), (excess, sp.Integer(0), 1)
    domain = f"{_BOUND}, {_OUTSIDE}"
    yield compare(
        gaussian_steps.mass_below(_t - (at + excess), sigma),
        "<",
        _HALF,
        "necessary: every f keeps this mass at least, so it must be below 1/2 before any can flip",
        domain,
        along=closer,
        written=_Phi((_t - (_R + excess)) / sigma),
        states=True,
    )
    edge = at + excess / 2
    yield compare(
        gaussian_steps.mass_below(edge, sigma),
        ">",
        gaussian_steps.mass_below(_t, sigma),
        "f = cA iff <z, delta> <= (R + s/2) ||delta||_2: its mass under X is above PA, so g(x) = "
        "cA, strictly, at PA = 1/2 too",
        domain,
        along=closer,
        written=_Phi((_R + excess / 2) / sigma),
        states=True,
    )
    yield compare(
        gaussian_steps.mass_below(edge - (at + excess), sigma),
        "<",
        _HALF,
        "delta moves the noise by ||delta||_2 = R + s towards cB: g(x + delta) = cB, strictly",
        domain,
        along=closer,
        written=_Phi(-excess / (2 * sigma)),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The same balls by the ratio of two coordinates; the half-spaces by their edges, in Arb.

    With sigma = 1/sqrt(2) as the unit (the radius is a multiple of sigma, which is checked), the
    half-space with its edge at y has the mass (1 + erf y)/2. So PA = (1 + erf k)/2 puts the edge
    at k, a mass is above another where its edge is, and above 1/2 where the edge is above 0. No h
    does worse at ||delta||_2 = m than the half-space of mass PA: with t the likelihood ratio at
    its edge, E h(Y) >= t PA - E(t - L)_+, which is that mass.
    """
    unit = {p: (1 + sp.erf(_k)) / 2, sigma: 1 / sp.sqrt(2)}
    radius = sp.simplify(statement["radius"].subs(unit))
    gap = radius - _k
    orders = [
        settled(sp.diff(statement["radius"] / sigma, sigma), "R is a multiple of sigma"),
        settled(sp.diff(sp.erf(_m), _m) * sp.exp(_m**2) - 2 / sp.sqrt(sp.pi), "erf rises"),
        settled(sp.erf(_m) + sp.erf(-_m), "erf is odd"),
    ]
    kept = sp.limit((1 + sp.erf(_k - _m)) / 2, _k, sp.oo)
    where = "1/2 <= PA = (1 + erf k)/2 < 1, every"
    sound = [
        *orders,
        *_for_every_excess(excess - gap, ">", _k, f"{where} ||delta||_2 = R - s < R"),
        settled(kept - 1, "PA -> 1, R -> oo: mass 1 at every distance m"),
    ]
    flips = [
        *orders,
        *_for_every_excess(-excess - gap, "<", _k, f"{where} R + s > R, the least mass"),
        *_for_every_excess(gap + excess / 2, ">", _k, f"{where} R + s > R, P(f(X) = cA) > PA"),
    ]
    margin = statement["larger"] - r
    beyond = _for_every_excess(margin, ">", r, "every r > 0, eps = s > 0, the point on an axis")
    return [
        enclosed(
            "inside",
            euclidean_against_taxicab(statement["norms"]),
            conclusion="(1 + z)^2 > 1 + z^2 for z > 0; both sides are 1 at z = 0",
        ),
        enclosed("not_inside", beyond, conclusion="its l2 norm is above r"),
        enclosed("sound", sound, conclusion="the worst half-space keeps its edge above 0"),
        enclosed("exact", flips, conclusion="the half-space with its edge at R + s/2 flips"),
    ]


def _for_every_excess(
    margin: sp.Expr, relation: str, other: sp.Symbol, where: str
) -> list[Outcome]:
    """The sign of a margin that vanishes with s, for every s > 0; it is monotone beyond s = 16."""
    near, far = Fraction(1, 64), Fraction(16)
    # the other symbol cancels from the printed margin; where it does not, it is tried inside
    wide = {other: (Fraction(1, 64), Fraction(8))} if margin.has(other) else {}
    closed = closed_at(margin, relation, excess, sp.Integer(0), near, order=1, others=wide)
    inside = sign_on_box(margin, relation, {excess: (near, far), **wide})
    return [
        over(closed, where, whole=not wide),
        over(inside, where, whole=not wide),
        constant(sp.diff(margin, excess), relation, f"its slope in s is {relation} 0 throughout"),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """numpy's norms of random points; the worst grid classifiers; half-spaces in any direction."""
    rng = np.random.Generator(np.random.Philox(seed))
    radius = numeric_radius(statement["radius"].subs(sigma, lam), p_a=p)
    return [
        search_norms("inside", statement["norms"], rng),
        _search_outside(statement["larger"], rng),
        _search_sound(radius, rng),
        _search_exact(radius, rng),
    ]


def _search_outside(larger: sp.Expr, rng: np.random.Generator) -> Evidence:
    start, witness = time.perf_counter(), None
    grown = sp.lambdify([r, excess], larger, modules="numpy")
    for radius, step in zip(
        10 ** rng.uniform(-2, 2, 40), 10 ** rng.uniform(-6, 1, 40), strict=True
    ):
        dim = int(rng.integers(1, 60))
        corners = np.concatenate([np.eye(dim), rng.dirichlet(np.full(dim, 0.05), 20)])
        farthest = np.linalg.norm(grown(radius, step) * corners, axis=1).max()
        if not farthest > radius:
            witness = {"r": repr(float(radius)), "eps": repr(float(step)), "d": str(dim)}
            break
    scope = "40 pairs of balls in d = 1 to 59, eps from 1e-6 to 10; corners and random points"
    said = "a point of the l1 ball is outside the l2 ball" if witness is None else "none is outside"
    return searched("not_inside", scope, said, start=start, witness=witness)


def _bounds(rng: np.random.Generator, count: int) -> list[tuple[float, float]]:
    near = 10.0 ** rng.uniform(-6, -0.4, count)
    scales = 10.0 ** rng.uniform(-1, 1, count)
    return [
        ([0.5 + gap, 1.0 - gap, 0.5 + gap / 2][number % 3], float(scale))
        for number, (gap, scale) in enumerate(zip(near, scales, strict=True))
    ]


def _search_sound(radius: Radius, rng: np.random.Generator) -> Evidence:
    start, closest, witness = time.perf_counter(), np.inf, None
    for number, (p_a, spread) in enumerate(_bounds(rng, 24)):
        distance = 0.999 * radius(p_a, 1 - p_a, spread)
        angle = rng.uniform(0, np.pi / 2)
        shares = (1.0,) if number % 2 else (float(np.cos(angle)), float(np.sin(angle)))
        delta = tuple(distance * share for share in shares)
        law = stats.norm(scale=spread)
        margin = least_mass(law, p_a, delta, (float(law.ppf(p_a)),)) - 0.5
        closest = min(closest, margin)
        if margin < -TOLERANCE:
            witness = {"PA": repr(p_a), "sigma": repr(spread), "delta": repr(delta)}
            break
    scope = "24 instances in d = 1, 2, PA within 1e-6 of 1/2 and of 1, ||delta||_2 = 0.999 R"
    said = f"no grid classifier flips; smallest margin {closest:.2g}"
    return searched("sound", scope, said, start=start, witness=witness)


def _search_exact(radius: Radius, rng: np.random.Generator) -> Evidence:
    start, witness = time.perf_counter(), None
    for p_a, spread in [(0.5, 1.3), *_bounds(rng, 60)]:
        delta = rng.standard_normal(int(rng.integers(1, 60)))
        edge = radius(p_a, 1 - p_a, spread) + 0.0005 * spread
        delta *= (edge + 0.0005 * spread) / np.linalg.norm(delta)
        law = stats.norm(scale=spread * np.linalg.norm(delta))  # of <z, delta>
        level = edge * np.linalg.norm(delta)
        kept, moved = law.sf(level) < 1 - p_a, law.cdf(level - delta @ delta) < 0.5
        if not (kept and moved):
            witness = {"PA": repr(p_a), "sigma": repr(spread), "delta": str(delta.tolist()[:3])}
            break
    scope = "61 random directions in d = 1 to 59, PA = 1/2 and within 1e-6 of 1/2 and of 1"
    said = "the half-space orthogonal to delta flips at R + sigma/1000, each side strictly"
    return searched("exact", scope, said, start=start, witness=witness)
