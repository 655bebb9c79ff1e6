"""Uniform noise (Yang et al. 2020) against Laplace and Gaussian noise of the same variance."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import enclosed
from theory.enclosures.identities import settled
from theory.enclosures.uniform_enclosures import (
    crossing_of_gaussian,
    crossing_of_laplace,
    gains,
    in_order,
    worst_events,
)
from theory.searches.findings import covering
from theory.searches.search import numeric_radius
from theory.searches.uniform_search import (
    search_gains,
    search_order,
    search_uniform_radius,
    search_variance,
)
from theory.steps import gaussian_steps, uniform_steps
from theory.steps.uniform_steps import half_width
from theory.symbols import lam, p, u

_DIGITS = sp.Integer(10) ** 9
_SIXTH = sp.sqrt(6)
_PEAK = sp.sqrt(sp.log(6 / sp.pi) / 2)  # where U - G is largest, in u with PA = (1 + erf u)/2

CLAIM = Claim(
    slug="uniform_against_laplace",
    source="beyond the paper: Yang et al. (2020), in the setting of Table 1 and Figure 6",
    statement=(
        "With two classes, noise that is uniform on [-Lambda, Lambda]^d certifies the l1 radius "
        "2 Lambda (PA - 1/2). Under the same variance, Lambda = sqrt(6) lambda, that is more than "
        "the Laplace radius exactly for 1/2 < PA < p_UL = 0.942896...; and of the uniform, the "
        "Gaussian and the Laplace radius the largest is the uniform one on (1/2, p_UG), "
        "p_UG = 0.933339..., the Gaussian one on (p_UG, p_GL), p_GL = 0.953559..., and the "
        "Laplace one on (p_GL, 1)."
    ),
    latex=(
        r"R_U=2\Lambda(p_A-\tfrac12)=\sqrt6\,\lambda\,(2p_A-1):\quad R_U>R_L\iff "
        r"\tfrac12<p_A<p_{UL},\qquad \max\{R_U,R_G,R_L\}=R_U\,|\,R_G\,|\,R_L\ \text{ on }\ "
        r"(\tfrac12,p_{UG})\,|\,(p_{UG},p_{GL})\,|\,(p_{GL},1)"
    ),
    variables=(
        Variable("PA", "[1/2, 1)", "lower bound on the probability of the top class at x"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise; sigma = sqrt(2) lambda"),
        Variable("Lambda", "(0, oo)", "half width of the uniform noise"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
    ),
    parts=(
        Part(
            "uniform_radius",
            "2 Lambda (PA - 1/2) is what uniform noise certifies: every delta with ||delta||_1 "
            "below it leaves the prediction as it is, in every dimension, and along an axis a "
            "half-space of mass PA falls below 1/2 beyond it",
        ),
        Part("equal_variance", "Lambda = sqrt(6) lambda gives uniform noise Laplace's variance"),
        Part(
            "against_laplace",
            "there is one p_UL in (1/2, 1), within the stated bracket; the uniform radius is "
            "larger than Laplace's for 1/2 < PA < p_UL and smaller for p_UL < PA < 1",
        ),
        Part(
            "three_intervals",
            "the largest of the three radii is the uniform one on (1/2, p_UG), the Gaussian one "
            "on (p_UG, p_GL) and Laplace's on (p_GL, 1), with both ends in the stated brackets "
            "and p_UL between them",
        ),
        Part(
            "gains",
            "in lambda, the uniform radius exceeds Laplace's by at most sqrt(6) - 1 - log(6)/2 "
            "and the Gaussian one by at most sqrt(6) erf(u_0) - 2 u_0, u_0 = sqrt(log(6/pi)/2), "
            "at the stated places; on its interval the Gaussian radius leads by at most the "
            "stated bracket, at p_UL; Laplace's lead has no bound as PA -> 1",
        ),
    ),
    assumptions=(
        "The balls are open; at PA = 1/2 all three radii are 0. At PA = 1 the uniform radius is "
        "Lambda and the other two are oo. By how much the Gaussian radius exceeds Laplace's alone "
        "is part of figure_6_always_largest."
    ),
    reference="Yang et al. (2020), Randomized Smoothing of All Shapes and Sizes, uniform noise, l1",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: three formulas are compared",
    },
)


def _bracket(billionths: int) -> tuple[sp.Rational, sp.Rational]:
    return billionths / _DIGITS, (billionths + 1) / _DIGITS


PRINTED: Statement = {
    "laplace": -lam * sp.log(2 * (1 - p)),
    "cohen": 2 * lam * sp.erfinv(2 * p - 1),  # sigma Phi^-1(p) with sigma = sqrt(2) lambda
    "uniform": 2 * half_width * (p - sp.Rational(1, 2)),
    "half_width": _SIXTH * lam,
    "p_UL": _bracket(942896355),
    "p_UG": _bracket(933339130),
    "p_GL": _bracket(953559142),
    # the largest U - L and U - G in lambda, and the PA of each
    "gain_UL": (_SIXTH - 1 - sp.log(6) / 2, 1 - _SIXTH / 12),
    "gain_UG": (_SIXTH * sp.erf(_PEAK) - 2 * _PEAK, (1 + sp.erf(_PEAK)) / 2),
    "lead_G": (sp.Integer(64097336) / _DIGITS, sp.Integer(64097346) / _DIGITS),
}

_TINY = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_FLOATS = (*_PROOFS, Rung.SEARCH)
_ALL = (*_FLOATS, Rung.SIMULATION)


def _moved(name: str, shift: sp.Rational) -> Statement:
    low, high = PRINTED[name]
    return {name: (low + shift, high + shift)}


def _gained(name: str, shift: sp.Rational) -> Statement:
    return {name: (PRINTED[name][0] + shift, PRINTED[name][1])}


_WIDER = {"half_width": PRINTED["half_width"] + _TINY * lam}
_LARGER, _SMALLER = (
    {"uniform": PRINTED["uniform"] + sign * _TINY * half_width} for sign in (1, -1)
)
_FIFTH, _TENTH = sp.Rational(1, 5), sp.Rational(1, 10)
MUTANTS = (
    Mutant("Lambda = sqrt(3) lambda", {"half_width": sp.sqrt(3) * lam}, "equal_variance", _ALL),
    Mutant("Lambda larger by 1e-6 lambda", _WIDER, "equal_variance", _FLOATS),
    Mutant("radius larger by 1e-6 Lambda", _LARGER, "uniform_radius", _PROOFS),
    Mutant("radius smaller by 1e-6 Lambda", _SMALLER, "uniform_radius", _PROOFS),
    Mutant("radius 2 Lambda PA", {"uniform": 2 * half_width * p}, "uniform_radius", _ALL),
    Mutant("p_UL higher by 1e-6", _moved("p_UL", _TINY), "against_laplace", _PROOFS),
    Mutant("p_UL lower by a fifth", _moved("p_UL", -_FIFTH), "against_laplace", _ALL),
    Mutant("p_UG higher by 1e-6", _moved("p_UG", _TINY), "three_intervals", _PROOFS),
    Mutant("p_UG lower by a fifth", _moved("p_UG", -_FIFTH), "three_intervals", _ALL),
    Mutant("p_GL lower by 1e-6", _moved("p_GL", -_TINY), "three_intervals", _PROOFS),
    Mutant("gain over Laplace larger by 1e-6", _gained("gain_UL", _TINY), "gains", _PROOFS),
    Mutant("gain over Gaussian larger by 1e-6", _gained("gain_UG", _TINY), "gains", _PROOFS),
    Mutant("Gaussian lead larger by 1e-6", _moved("lead_G", _TINY), "gains", _PROOFS),
    Mutant("gain over Laplace smaller by 1/10", _gained("gain_UL", -_TENTH), "gains", _FLOATS),
)

_k = sp.Symbol("k", positive=True)
_U = sp.Function("U")


def _radii(statement: Statement) -> dict[str, sp.Expr]:
    """The three radii in p and lambda, at the stated half width."""
    at_width = statement["uniform"].subs(half_width, statement["half_width"])
    return {"laplace": statement["laplace"], "cohen": statement["cohen"], "uniform": at_width}


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Radii as thresholds from the densities; then U - L and U - G are concave, L - G convex."""
    return [
        chain(
            "uniform_radius",
            _uniform_radius(statement["uniform"]),
            conclusion="P(f(Y) = cA) >= PA - r/(2 Lambda) > 1/2 for r < R, attained on an axis",
        ),
        chain(
            "equal_variance",
            uniform_steps.same_variance(statement["half_width"], states=True),
            conclusion="Lambda^2/3 = 2 lambda^2",
        ),
        chain(
            "against_laplace",
            _against_laplace(statement),
            conclusion="U - L = sqrt(6) (1 - e^-k) - k at PA = 1 - e^(-k)/2: one zero, at p_UL",
        ),
        chain(
            "three_intervals",
            _three_intervals(statement),
            conclusion=(
                "U - G = sqrt(6) erf(u) - 2u and L - G = -log erfc(u) - 2u at PA = (1 + erf u)/2 "
                "have one zero each, p_UG < p_GL: U leads before the first, L after the second, "
                "and G between them, since U < G and L < G there"
            ),
        ),
        chain(
            "gains",
            _gains(statement),
            conclusion=(
                "both concave differences are largest where their slope is 0; between p_UG and "
                "p_GL, G - U rises and G - L falls, so the lesser of them is largest at p_UL"
            ),
        ),
    ]


def _uniform_radius(radius: sp.Expr) -> Iterator[Step]:
    yield from uniform_steps.same_variance()
    yield from uniform_steps.overlap_bounds_the_loss()
    yield from uniform_steps.radius_is_sound(radius)
    yield from uniform_steps.radius_is_exact(radius)


def _thresholds(statement: Statement) -> Iterator[Step]:
    width = statement["half_width"]
    yield from uniform_steps.same_variance(width)
    yield from uniform_steps.radius_is_threshold(statement["uniform"], width)
    yield from gaussian_steps.radii_are_thresholds(statement)


def _against_laplace(statement: Statement) -> Iterator[Step]:
    radii = _radii(statement)
    yield from _thresholds(statement)
    yield from uniform_steps.concave_with_one_zero(
        uniform_steps.by_laplace_tail(radii, _k), _k, "U - L"
    )
    for end, relation in zip(statement["p_UL"], (">", "<"), strict=True):
        yield compare(
            (radii["uniform"] / lam).subs(p, end),
            relation,
            (radii["laplace"] / lam).subs(p, end),
            f"U {relation} L at this end of the bracket of p_UL",
            f"PA = {end}",
            written=_U(end) / lam,
            states=True,
        )


def _three_intervals(statement: Statement) -> Iterator[Step]:
    radii = _radii(statement)
    yield from _thresholds(statement)
    yield from uniform_steps.concave_with_one_zero(
        uniform_steps.by_gaussian_tail(radii), u, "U - G"
    )
    ours, theirs = gaussian_steps.radii_by_tail(radii)
    yield from gaussian_steps.difference_has_one_zero(ours - theirs)
    for bracket, name, letter, relations in (
        ("p_UG", "uniform", "U", (">", "<")),
        ("p_GL", "laplace", "L", ("<", ">")),
    ):
        for end, relation in zip(statement[bracket], relations, strict=True):
            radius = radii[name].subs(p, end)
            side = "above" if relation == ">" else "below"
            yield compare(
                gaussian_steps.mass_below(radius),
                relation,
                end,
                f"P(X_1 <= {letter}) is {side} PA for Gaussian noise, so {letter} {relation} G at "
                f"this end of the bracket of {bracket}",
                f"PA = {end}",
                written=sp.Function("P_G")(letter),
                states=True,
            )
    for first, second in (("p_UG", "p_UL"), ("p_UL", "p_GL")):
        yield compare(
            statement[first][1],
            "<",
            statement[second][0],
            f"{first} is before {second}",
            "their brackets",
            written=sp.Symbol(first),
            states=True,
        )


def _gains(statement: Statement) -> Iterator[Step]:
    radii = _radii(statement)
    yield from _thresholds(statement)
    over_laplace = uniform_steps.by_laplace_tail(radii, _k)
    over_gaussian = uniform_steps.by_gaussian_tail(radii)
    for gap, symbol, name, key, place, bound in (
        (over_laplace, _k, "U - L", "gain_UL", sp.log(6) / 2, gaussian_steps.laplace_mass_below),
        (over_gaussian, u, "U - G", "gain_UG", _PEAK, _gaussian_below),
    ):
        most, where = statement[key]
        yield from uniform_steps.concave_with_one_zero(gap, symbol, name)
        yield from uniform_steps.maximum_of_concave(gap, symbol, place, most, name)
        yield equal(
            bound(symbol).subs(symbol, place),
            where,
            f"the PA at which {name} is largest, as P(X_1 <= {name[-1]})",
            f"{symbol} = {place}",
            written=sp.Function(f"P_{name[-1]}")(sp.Symbol("X_1") <= sp.Symbol(name[-1])),
            states=True,
        )
    yield from uniform_steps.lead_of_gaussian(
        radii, over_gaussian, statement["p_UL"], statement["lead_G"]
    )


def _gaussian_below(symbol: sp.Symbol) -> sp.Expr:
    return gaussian_steps.mass_below(2 * lam * symbol)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The cubes' common mass in any dimension; signs and roots of the differences, in Arb.

    With lambda = 1 (all radii are multiples of it, which is checked), U - L is taken in PA itself
    and U - G, L - G in u, where PA = (1 + erf u)/2 makes the Gaussian radius 2u.
    """
    radii = _radii(statement)
    linear = [
        settled(sp.diff(radius / lam, lam), f"the {name} radius is a multiple of lambda")
        for name, radius in radii.items()
    ]
    one = {name: radius.subs(lam, 1) for name, radius in radii.items()}
    laplace_side, p_ul = crossing_of_laplace(one, statement["p_UL"])
    gaussian_side, p_ug, p_gl = crossing_of_gaussian(one, statement["p_UG"], statement["p_GL"])
    order = in_order(statement["p_UG"], statement["p_UL"], statement["p_GL"])
    # E eps^2 as the integral of 2 x P(|eps| > x): e^-x, and 1 - x/Lambda up to Lambda
    width = statement["half_width"]
    tails = sp.integrate(2 * u * (1 - u / half_width), (u, 0, half_width)).subs(half_width, width)
    laplace_moment = sp.gamma(3) * lam**2
    matched = settled(tails - laplace_moment, "E eps^2 is Gamma(3) lambda^2 for both noises")
    outcomes, roots = gains(one, statement, p_ul)
    sound, exact = worst_events(statement["uniform"], half_width)
    every = "every PA in (1/2, 1), every lambda"
    return [
        enclosed(
            "uniform_radius",
            sound + exact,
            conclusion="the worst event keeps more than 1/2 for r < R and less beyond, on an axis",
        ),
        enclosed("equal_variance", [matched], conclusion="Lambda = sqrt(6) lambda"),
        covering(
            every,
            enclosed(
                "against_laplace",
                [*linear, *laplace_side],
                roots={"p_UL": p_ul},
                conclusion="U - L has one zero, where it changes from positive to negative",
            ),
        ),
        covering(
            f"{every}, PA = (1 + erf u)/2",
            enclosed(
                "three_intervals",
                [*linear, *gaussian_side, *order],
                roots={"p_UG": p_ug, "p_GL": p_gl},
                conclusion="U - G and L - G have one zero each",
            ),
        ),
        covering(
            every,
            enclosed(
                "gains",
                [*linear, *laplace_side, *gaussian_side, *outcomes],
                roots=roots,
                conclusion="the maxima are isolated, and L - U and L - G tend to oo",
            ),
        ),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Worst classifiers by linear programming, quadrature, and the radii in floats."""
    rng = np.random.Generator(np.random.Philox(seed))
    radii = {name: numeric_radius(radius, p_a=p) for name, radius in _radii(statement).items()}
    bare = numeric_radius(statement["uniform"].subs(half_width, lam), p_a=p)
    return [
        search_uniform_radius(bare, rng, "uniform_radius"),
        search_variance(statement["half_width"], "equal_variance"),
        *search_order(statement, radii, rng),
        search_gains(statement, radii, "gains"),
    ]
