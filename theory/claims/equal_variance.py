"""Section 5: sigma = sqrt(2) lambda gives Gaussian and Laplace noise one standard deviation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy import integrate, optimize, stats

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.coverage import identical, over
from theory.searches.findings import searched
from theory.symbols import excess, lam, sigma, u

CLAIM = Claim(
    slug="equal_variance",
    source="section 5.1 (hyperparameters) and section 5.2",
    statement=(
        "Laplace noise of scale lambda and Gaussian noise of standard deviation sigma have the "
        "same standard deviation if sigma = sqrt(2) lambda, and only then; so the models of "
        "section 5.2, which are named by sigma, have lambda = sigma / sqrt(2)."
    ),
    latex=(
        r"\sqrt{\mathbb{E}\,\|s\|_2^2/d}=\sqrt2\,\lambda\ \ (s\sim\mathcal{L}(\lambda)),\quad"
        r"\sigma=\sqrt2\,\lambda,\quad\lambda=\sigma/\sqrt2"
    ),
    variables=(
        Variable("lambda", "(0, oo)", "Laplace scale"),
        Variable("sigma", "(0, oo)", "standard deviation of one coordinate of Gaussian noise"),
    ),
    parts=(
        Part(
            "same_deviation",
            "sigma = sqrt(2) lambda gives the coordinates of both noises the same standard "
            "deviation",
        ),
        Part("required", "every other sigma > 0 gives Gaussian noise another standard deviation"),
        Part(
            "inverse",
            "Laplace noise of scale lambda = sigma / sqrt(2) has the standard deviation sigma",
        ),
    ),
    assumptions=(
        "The standard deviation is that of one coordinate. The coordinates of both noises are "
        "independent and have mean 0, so equal deviations are equal covariance matrices in every "
        "dimension."
    ),
    reference="paper, section 5.1; the same condition is in Appendix D",
    absent={
        Rung.EXPERIMENT: "no classifier is involved: two second moments are compared",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

PRINTED: Statement = {"sigma": sp.sqrt(2) * lam, "lambda": sigma / sp.sqrt(2)}

_TINY = sp.Rational(1, 10**6)
_FLOATS = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH)
_ALL = (*_FLOATS, Rung.SIMULATION)
_SHIFTED = {"sigma": PRINTED["sigma"] + _TINY * lam}
_NARROW = {"lambda": PRINTED["lambda"] - _TINY * sigma}
MUTANTS = (
    Mutant("sigma larger by 1e-6 lambda", _SHIFTED, "same_deviation", _FLOATS),
    Mutant("sigma = 2 lambda", {"sigma": 2 * lam}, "same_deviation", _ALL),
    Mutant("dropped sqrt(2)", {"sigma": lam}, "same_deviation", _ALL),
    Mutant("another sigma is required, by 1e-6 lambda", _SHIFTED, "required", _FLOATS),
    Mutant("lambda smaller by 1e-6 sigma", _NARROW, "inverse", _FLOATS),
    Mutant("lambda = sigma", {"lambda": sigma}, "inverse", _ALL),
)

_s = sp.Symbol("sigma'", positive=True)
_t = sp.Symbol("t", positive=True)
_y = sp.Symbol("y", positive=True)
_point = sp.Symbol("t", real=True)
_DENSITY = sp.Function("mu")


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Second moments by integration of both densities; the means are 0 by symmetry."""
    return [
        chain(
            "same_deviation",
            _same(statement["sigma"]),
            conclusion="E eps^2 = 2 lambda^2 = sigma^2 and E eps = 0, for both noises",
        ),
        chain(
            "required",
            _required(statement["sigma"]),
            conclusion="sigma^2 is above 2 lambda^2 for a larger sigma and below it for a smaller",
        ),
        chain(
            "inverse",
            _inverse(statement["lambda"]),
            conclusion="E eps^2 = 2 (sigma / sqrt 2)^2 = sigma^2",
        ),
    ]


def _second_moment(density: densities.Density, scale: sp.Expr) -> sp.Integral:
    return sp.Integral(_point**2 * density(_point, scale), (_point, -sp.oo, sp.oo))


def _centred() -> Iterator[Step]:
    """Both means are 0, so that the second moment is the variance."""
    for density, scale, name in (
        (densities.laplace, lam, "Laplace"),
        (densities.gaussian, sigma, "Gaussian"),
    ):
        yield equal(
            density(-u, scale),
            density(u, scale),
            f"the {name} density mu is even, so the mean is 0 and E eps^2 is the variance",
            "every point t = -u < 0, where this is mu(u)",
            written=_DENSITY(-u),
        )


def _laplace_variance() -> Step:
    return equal(
        densities.moment(densities.laplace, lam, 2),
        2 * lam**2,
        "the second moment of Laplace noise, from the density",
        "every lambda > 0",
        written=_second_moment(densities.laplace, lam),
    )


def _same(spread: sp.Expr) -> Iterator[Step]:
    yield from _centred()
    yield _laplace_variance()
    yield equal(
        sp.sqrt(densities.moment(densities.gaussian, spread, 2)),
        sp.sqrt(densities.moment(densities.laplace, lam, 2)),
        f"Gaussian noise of sigma = {sp.sstr(spread)} has the same standard deviation",
        "every lambda > 0",
        written=sp.sqrt(_second_moment(densities.gaussian, spread)),
        states=True,
    )


def _required(spread: sp.Expr) -> Iterator[Step]:
    yield from _centred()
    yield _laplace_variance()
    variance = densities.moment(densities.laplace, lam, 2)
    for other, relation, which in (
        (spread + excess, ">", "larger"),
        (spread / (1 + excess), "<", "smaller"),
    ):
        yield compare(
            densities.moment(densities.gaussian, _s, 2).subs(_s, other),
            relation,
            variance,
            f"Gaussian noise of any {which} sigma' has a {which} second moment",
            f"every lambda > 0, sigma' = {sp.sstr(other)}, every s > 0",
            written=_second_moment(densities.gaussian, _s),
            along=(excess, sp.Integer(0), 1),
            states=True,
        )


def _inverse(scale: sp.Expr) -> Iterator[Step]:
    yield from _centred()
    yield _laplace_variance()
    yield equal(
        sp.sqrt(densities.moment(densities.laplace, scale, 2)),
        sp.sqrt(densities.moment(densities.gaussian, sigma, 2)),
        f"Laplace noise of scale lambda = {sp.sstr(scale)} has the standard deviation sigma",
        "every sigma > 0",
        written=sp.sqrt(_second_moment(densities.laplace, scale)),
        states=True,
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Both second moments as integrals of tails, E eps^2 = int 2 x P(|eps| > x) dx over x > 0.

    With the scale of each noise as unit, P(|eps| > x) is e^-x and erfc(x / sqrt 2). The integrals
    are taken by antiderivatives, which are checked.
    """
    exponential = -2 * (u + 1) * sp.exp(-u)
    bell = u**2 * sp.erfc(u) - u * sp.exp(-(u**2)) / sp.sqrt(sp.pi) + sp.erf(u) / 2
    laplace = sp.limit(exponential, u, sp.oo) - exponential.subs(u, 0)
    # x = sqrt(2) u turns 2 x erfc(x / sqrt 2) dx into 4 u erfc(u) du
    gaussian = 2 * (sp.limit(bell, u, sp.oo) - bell.subs(u, 0))
    pairs = [
        (sp.diff(exponential, u), 2 * u * sp.exp(-u)),
        (sp.diff(bell, u), 2 * u * sp.erfc(u)),
    ]
    tails = identical(pairs, "tails of both noises in units of their scale, x > 0")
    spread, scale = statement["sigma"], statement["lambda"]
    deviation = sp.sqrt(laplace) * lam
    same = identical([(sp.sqrt(gaussian) * spread, deviation)], "every lambda > 0")
    inverse = identical([(sp.sqrt(laplace) * scale, sp.sqrt(gaussian) * sigma)], "every sigma > 0")
    ratio = sp.simplify(sp.sqrt(gaussian) * spread / deviation)
    # a ratio that keeps lambda is no multiple of it, and is not looked at any further
    unit = identical([(sp.diff(ratio, lam), sp.Integer(0))], "sigma / lambda is one number")
    other = [unit, *_other(ratio)] if unit.status is True else [unit]
    return [
        enclosed("same_deviation", [tails, same], conclusion="both deviations are one number"),
        enclosed(
            "required",
            [tails, *other],
            conclusion="the ratio of the deviations is 1 at the stated sigma alone",
        ),
        enclosed("inverse", [tails, inverse], conclusion="both deviations are sigma"),
    ]


def _other(ratio: sp.Expr) -> list[Outcome]:
    """sigma' = t sigma: below for t in (0, 1), above for t > 1, written t = 1/y."""
    last = 1 - Fraction(1, 64)
    one = sp.Integer(1)
    below, above = _t * ratio - 1, ratio - _y
    smaller, larger = "every sigma' = t sigma < sigma", "every sigma' = sigma / y > sigma"
    return [
        over(sign_on_box(below, "<", {_t: (Fraction(0), last)}), smaller),
        over(closed_at(below, "<", _t, one, last, order=1), smaller),
        over(sign_on_box(above, ">", {_y: (Fraction(0), last)}), larger),
        over(closed_at(above, ">", _y, one, last, order=1), larger),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """scipy's quadrature of the Laplace density against its Gaussian law, and a root in sigma."""
    rng = np.random.Generator(np.random.Philox(seed))
    spread = sp.lambdify([lam], statement["sigma"], modules="numpy")
    scale_of = sp.lambdify([sigma], statement["lambda"], modules="numpy")
    scales = 10.0 ** rng.uniform(-3, 3, 20)
    sigmas = np.concatenate([[0.25, 0.5, 1.0], 10.0 ** rng.uniform(-3, 3, 17)])
    same = [
        (scale, _deviation(scale), float(stats.norm(scale=spread(scale)).std())) for scale in scales
    ]
    inverse = [(float(s), float(s), _deviation(float(scale_of(s)))) for s in sigmas]
    roots = [(scale, _matching(scale), float(spread(scale))) for scale in scales]
    return [
        _compared("same_deviation", "lambda", same, "the deviations by quadrature and by scipy"),
        _compared("required", "lambda", roots, "the root in sigma and the stated sigma"),
        _compared("inverse", "sigma", inverse, "sigma and the deviation at the stated lambda"),
    ]


def _deviation(scale: float) -> float:
    law = stats.laplace(scale=scale)
    half, _ = integrate.quad(lambda t: (t * scale) ** 2 * law.pdf(t * scale) * scale, 0.0, 60.0)
    return float(np.sqrt(2 * half))


def _matching(scale: float) -> float:
    """The sigma at which the Gaussian deviation, which rises with it, is Laplace's."""
    aim = float(stats.laplace(scale=scale).std())
    found = optimize.brentq(lambda s: stats.norm(scale=s).std() / aim - 1, scale / 9, 9 * scale)
    return float(found)


def _compared(part: str, name: str, rows: list[tuple[float, float, float]], what: str) -> Evidence:
    start = time.perf_counter()
    worst = max(rows, key=lambda row: abs(row[1] / row[2] - 1))
    off = abs(worst[1] / worst[2] - 1)
    witness = {name: repr(float(worst[0])), what: f"{worst[1]!r}, {worst[2]!r}"}
    return searched(
        part,
        f"{len(rows)} values of {name} from 0.001 to 1000",
        f"{what} agree to within {off:.1g}",
        start=start,
        witness=witness if off > 1e-8 else None,
    )
