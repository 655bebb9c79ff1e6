"""Appendix D, captions: the ROPS is the interval [0, sup) for both noises."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import sympy as sp
from scipy import optimize, stats

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.searches.findings import searched
from theory.steps import gaussian_steps, rops_steps
from theory.steps.certified_rops_steps import tail
from theory.symbols import excess, lam, sigma

_R = sp.Rational
_HALF = _R(1, 2)

CLAIM = Claim(
    slug="rops_is_interval",
    source="Appendix D, captions of Figures 10 and 11",
    statement=(
        "For f = cA on |x| <= 1 and cB elsewhere on the line, the parameters sqrt(2) lambda, and "
        "sigma, at which the smoothed classifier agrees with f at x form the interval [0, sup), "
        "at every x."
    ),
    latex=r"\Lambda=[0,\sup\Lambda),\qquad\Sigma=[0,\sup\Sigma)",
    variables=(
        Variable("x", "R", "point at which f is smoothed"),
        Variable("lambda", "(0, oo)", "Laplace scale; sqrt(2) lambda is the rectified parameter"),
        Variable("sigma", "(0, oo)", "standard deviation of the Gaussian noise"),
    ),
    parts=(
        Part(
            "laplace_interval",
            "for |x| < 1 Laplace noise keeps cA with probability above 1/2 exactly for lambda > 0 "
            "below one tie, at which e^(-(1-x)/lambda) + e^(-(1+x)/lambda) = 1",
        ),
        Part(
            "gaussian_interval",
            "for |x| < 1 Gaussian noise keeps cA with probability above 1/2 exactly for sigma > 0 "
            "below one tie, at which Phi((1-x)/sigma) + Phi((1+x)/sigma) = 3/2",
        ),
        Part(
            "outside",
            "for |x| > 1 both noises keep cB with probability above 1/2 at every parameter, and "
            "the supremum is oo",
        ),
        Part(
            "tie_counts",
            "the interval is half-open if the tie P = 1/2 counts as agreement",
            Role.READING,
            "a tie P = 1/2 does not count as g(x) = f(x) (with the >= of the text it does, and "
            "the interval is [0, sup], closed)",
        ),
        Part(
            "on_the_edge",
            "at |x| = 1 there is an interval of parameters too",
            Role.READING,
            "|x| is not 1, where agreement is below 1/2 at every parameter",
        ),
        Part(
            "zero",
            "the parameter 0 is, as every other one, that of Laplace and of Gaussian noise with a "
            "density, and belongs to the ROPS by its definition",
            Role.READING,
            "the parameter 0, at which there is no density, means no noise: then g = f, and it "
            "belongs to the ROPS",
        ),
    ),
    assumptions="Two classes: g(x) is the one with the larger probability.",
    reference="paper, Appendix D; figure_10_laplace_larger has the suprema",
    absent={
        Rung.ENCLOSURE: (
            "the derivation settles all x and parameters at once by monotonicity, and no number "
            "is stated"
        ),
        Rung.EXPERIMENT: "the base classifier of Appendix D is given, nothing is trained",
        Rung.FIGURE: "Figures 10 and 11 draw the suprema (figure_10_laplace_larger), not the sets",
    },
)

_far = sp.Symbol("v", positive=True)
_near = sp.Symbol("w", positive=True)
_z = sp.Symbol("z", positive=True)
_point = sp.Symbol("t", positive=True)

_ends = (_near, _far)
_PRINTED_LAPLACE = sp.exp(-_near / lam) + sp.exp(-_far / lam)
_PRINTED_GAUSSIAN = sum(sp.erfc(end / (sp.sqrt(2) * sigma)) for end in _ends)

#: twice the probability of disagreement, of w = 1 - x, v = 1 + x and the parameter: 1 at the tie;
#: and the probability above which cB is kept beyond the edges
PRINTED: Statement = {
    "laplace": sp.Lambda((*_ends, lam), _PRINTED_LAPLACE),
    "gaussian": sp.Lambda((*_ends, sigma), _PRINTED_GAUSSIAN),
    "level": _HALF,
}

_TINY = _R(1, 10**6)
_EVERY = (Rung.DERIVATION, Rung.SEARCH, Rung.SIMULATION)
_EXACT = (Rung.DERIVATION, Rung.SEARCH)
_MOVED = {
    "laplace": {"laplace": sp.Lambda((*_ends, lam), _PRINTED_LAPLACE + _TINY)},
    "gaussian": {"gaussian": sp.Lambda((*_ends, sigma), _PRINTED_GAUSSIAN + _TINY)},
}
_ONE_SIDED = {"laplace": sp.Lambda((*_ends, lam), sp.exp(-_near / lam))}
_ROOT_LOST = {"gaussian": sp.Lambda((*_ends, sigma), sum(sp.erfc(end / sigma) for end in _ends))}
MUTANTS = (
    Mutant("Laplace's tie moved by 1e-6", _MOVED["laplace"], "laplace_interval", _EXACT),
    Mutant("far end dropped", _ONE_SIDED, "laplace_interval", _EVERY),
    Mutant("Gaussian tie moved by 1e-6", _MOVED["gaussian"], "gaussian_interval", _EXACT),
    Mutant("dropped sqrt(2) of Phi", _ROOT_LOST, "gaussian_interval", _EVERY),
    Mutant("cB kept above 1/2 + 1e-6", {"level": _HALF + _TINY}, "outside", _EXACT),
    Mutant("cB kept above 7/10", {"level": _R(7, 10)}, "outside", _EVERY),
)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Agreement from the densities: it falls strictly from 1 to 0 in the parameter."""
    return [
        chain(
            "laplace_interval",
            _laplace(statement["laplace"](*_ends, lam)),
            conclusion="agreement falls strictly in lambda, from 1 to 0: above 1/2 below one tie",
        ),
        chain(
            "gaussian_interval",
            _gaussian(statement["gaussian"](*_ends, sigma)),
            conclusion="agreement falls strictly in sigma, from 1 to 0: above 1/2 below one tie",
        ),
        chain(
            "outside",
            _outside(statement["level"]),
            conclusion="the part of the noise that leads into |x| <= 1 is on one side of 0",
        ),
        chain(
            "tie_counts",
            _tie(),
            proves=False,
            conclusion="at x = 0 agreement is 1/2 at the supremum, which then belongs to the set",
        ),
        chain(
            "on_the_edge",
            _edge(),
            proves=False,
            conclusion="at x = 1 agreement is below 1/2 at every parameter above 0",
        ),
        chain(
            "zero",
            _zero(),
            proves=False,
            conclusion=(
                "as the parameter tends to 0 both densities tend to 0 everywhere but at the point "
                "0, so that there is no density at the parameter 0"
            ),
        ),
    ]


def _laplace(stated: sp.Expr) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    twice = 2 - 2 * rops_steps.laplace_agreement(_near, _far, lam)
    written = 2 - 2 * densities.integral(densities.laplace, lam, -_far, _near)
    yield from _falls_from_one(twice, stated, lam, written, rops_steps.laplace_falls())


def _gaussian(stated: sp.Expr) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    twice = 2 - 2 * rops_steps.gaussian_agreement(_near, _far, sigma)
    written = 2 - 2 * densities.integral(densities.gaussian, sigma, -_far, _near)
    yield from _falls_from_one(twice, stated, sigma, written, rops_steps.gaussian_falls())


def _falls_from_one(
    twice: sp.Expr, stated: sp.Expr, scale: sp.Symbol, written: sp.Expr, falls: Iterator[Step]
) -> Iterator[Step]:
    where = f"every {scale} > 0, |x| < 1, w = 1 - x, v = 1 + x"
    said = "twice the probability of disagreement at x, from the density: the tie is where it is 1"
    yield equal(twice.rewrite(sp.erfc), stated, said, where, written=written, states=True)
    yield from falls
    limits = sp.Limit(stated, scale, 0), sp.Limit(stated, scale, sp.oo)
    said = "disagreement tends to 0, so that agreement tends to 1 ..."
    yield equal(limits[0].doit(), 0, said, f"{scale} -> 0", written=limits[0])
    said = "... and to 1: agreement, which falls strictly from 1 to 0, is 1/2 at one parameter"
    yield equal(limits[1].doit(), 2, said, f"{scale} -> oo", written=limits[1])


def _outside(level: sp.Expr) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    for density, scale in ((densities.laplace, lam), (densities.gaussian, sigma)):
        where = f"|x| = 1 + s > 1, every {scale} > 0"
        kept = 1 - tail(density, excess, scale)
        written = densities.integral(density, scale, -excess, sp.oo)
        along = (excess, sp.Integer(0), 1)
        said = "eps on the near side of the edge keeps cB, with probability above the level"
        yield compare(kept, ">", level, said, where, along=along, written=written, states=True)
        beyond = tail(density, excess + 2, scale).rewrite(sp.erfc)
        written = densities.integral(density, scale, excess + 2, sp.oo)
        said = "and so does eps beyond the other edge: P(f(x + eps) = cB) is the sum of both"
        yield compare(beyond, ">", 0, said, where, along=(excess, sp.oo, 1), written=written)


def _tie() -> Iterator[Step]:
    yield from rops_steps.suprema_are_ties()
    for place, deviation in enumerate(
        (sp.sqrt(2) / sp.log(2), 1 / (sp.sqrt(2) * sp.erfinv(_HALF)))
    ):
        value = rops_steps.agreements(sp.Integer(0), deviation)[place]
        written = rops_steps.written_agreements(sp.Integer(0), deviation)[place]
        where = f"x = 0, standard deviation {deviation}"
        yield equal(value, _HALF, "agreement at the tie is 1/2", where, written=written)


def _edge() -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    for density, scale in ((densities.laplace, lam), (densities.gaussian, sigma)):
        where = f"x = 1 (and x = -1), every {scale} > 0"
        kept = densities.mass(density, scale, -2, 0)
        written = densities.integral(density, scale, sp.Integer(-2), sp.Integer(0))
        lost = tail(density, _z, scale).subs(_z, 2)
        said = "agreement is the mass of [-2, 0], half of the noise less its tail ..."
        yield equal(kept, _HALF - lost, said, where, written=written)
        said = "... which is positive"
        beyond = tail(density, _z, scale).rewrite(sp.erfc)
        yield compare(beyond, ">", 0, said, f"z = 2, every {scale} > 0", along=(_z, sp.oo, 1))


def _zero() -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    for density, scale in ((densities.laplace, lam), (densities.gaussian, sigma)):
        limit = sp.Limit(density(_point, scale), scale, 0)
        said = "so no density is left at the parameter 0: its mass would be 0, not 1"
        yield equal(limit.doit(), 0, said, f"t > 0, {scale} -> 0", written=limit)


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Agreement by SciPy's laws over x and parameters, to either side of each tie."""
    start = time.perf_counter()
    rng = np.random.Generator(np.random.Philox(seed))
    places = np.concatenate([rng.uniform(0, 1, 20), 1 - 10.0 ** rng.uniform(-8, -1, 10)])
    report = []
    for name, tail_of in _TAILS.items():
        w, v, scale = sp.symbols("w v scale", positive=True)
        twice = sp.lambdify([w, v, scale], statement[name](w, v, scale), modules="scipy")
        bad = [repr(float(x)) for x in places if not _one_tie(tail_of, twice, float(x))]
        where = f"{places.size} x in [0, 1), 1 - x down to 1e-8, parameters from 0.01 to 100"
        witness = {"x": bad[0]} if bad else None
        said = "agreement falls, and passes 1/2 where the stated tie is"
        report.append(searched(f"{name}_interval", where, said, start=start, witness=witness))
    scales, beyond = np.geomspace(0.05, 100, 60), 1e-9
    kept = [1 - of(beyond / scales) + of((2 + beyond) / scales) for of in _TAILS.values()]
    lowest = float(np.min(kept))
    witness = None
    if not lowest > float(statement["level"]):
        witness = {"x": "1 + 1e-9", "P(f(x + eps) = cB)": repr(lowest)}
    where = "x = 1 + 1e-9, both noises, parameters from 0.05 to 100"
    report.append(searched("outside", where, f"P >= {lowest:.12f}", start=start, witness=witness))
    return [*report, *_readings(start, scales)]


#: P(eps > t) at parameter 1
_TAILS: Mapping[str, Callable[[Any], Any]] = {
    "laplace": stats.laplace.sf,
    "gaussian": stats.norm.sf,
}


def _one_tie(tail_of: Callable[[Any], Any], twice: Callable[..., Any], x: float) -> bool:
    """Whether agreement at x falls and passes 1/2 where the stated formula is 1."""

    def lost(scale: Any) -> Any:
        return tail_of((1 - x) / scale) + tail_of((1 + x) / scale)

    rises = bool(np.all(np.diff(lost(np.geomspace(0.01, 100, 200))) >= 0))
    tie = optimize.brentq(lambda scale: lost(scale) - 0.5, 0.01, 100, xtol=1e-15)
    return rises and abs(float(twice(1 - x, 1 + x, tie)) - 1) < 1e-9


def _readings(start: float, scales: np.ndarray) -> list[Evidence]:
    ties = stats.laplace.cdf(np.log(2)) - 0.5, stats.norm.cdf(stats.norm.isf(0.25)) - 0.5
    tied = max(abs(2 * tie - 0.5) for tie in ties) < 1e-12
    edges = [float(law.logsf(2 / scales).min()) for law in (stats.laplace, stats.norm)]
    small = 1e-3
    left = max(stats.laplace.pdf(1 / small) / small, stats.norm.pdf(1 / small) / small)
    found = (
        ("tie_counts", "x = 0", tied, "agreement at both suprema is 1/2", {"x": "0"}),
        (
            "on_the_edge",
            "x = 1, parameters from 0.05 to 100",
            min(edges) > -np.inf,
            "1/2 less agreement is P(eps > 2) > 0 at every parameter",
            {"x": "1"},
        ),
        ("zero", "t = 1", left < 1e-12, "both densities are 0 at parameter 0.001", {"t": "1"}),
    )
    return [
        searched(part, where, detail, start=start, witness=witness if lost else None)
        for part, where, lost, detail, witness in found
    ]
