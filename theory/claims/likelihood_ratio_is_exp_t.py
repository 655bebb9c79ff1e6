"""Section 3: the density ratio of Y = X + delta to X is exp(-T(x)/lambda)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import sympy as sp
from scipy import integrate, stats

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, equal
from theory.enclosure import enclosed
from theory.enclosures.coverage import identical, scales_as
from theory.enclosures.ratio_pieces import WHERE, ratio_identities
from theory.searches.findings import searched
from theory.steps import ratio_steps
from theory.symbols import lam, x

CLAIM = Claim(
    slug="likelihood_ratio_is_exp_t",
    source="section 3, displayed before Lemma 3.1; again in Appendix A",
    statement=(
        "For X = s Laplace noise of scale lambda and Y = delta + s in R^d, mu_Y(x)/mu_X(x) = "
        "exp(-T(x)/lambda) with T(x) = ||x - delta||_1 - ||x||_1."
    ),
    latex=r"\frac{\mu_Y(x)}{\mu_X(x)}=\exp\left(-\tfrac1\lambda(\|x-\delta\|_1-\|x\|_1)\right)",
    variables=(
        Variable("x", "R^d, any d >= 1", "the point at which the densities are compared"),
        Variable("delta", "R^d", "perturbation"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "ratio",
            "mu_Y(x)/mu_X(x) = e^(-T(x)/lambda) at every x, for every delta (0 included) and every "
            "d: it is above 1 where T < 0 and below 1 where T > 0",
        ),
        Part(
            "change_of_measure",
            "so that the ratio acts through T alone: P(Y in A) = E[e^(-T(X)/lambda); X in A] for "
            "every event A, in every dimension",
        ),
    ),
    reference="paper, section 3 and Appendix A",
    absent={
        Rung.EXPERIMENT: "the statement is about the noise alone, no classifier takes part",
        Rung.FIGURE: "the paper draws no figure of it (Figure 3 is quantile_may_not_exist)",
    },
)

#: T_i as a function of x_i and delta_i, and the ratio as a function of T and lambda
PRINTED: Statement = {"term": ratio_steps.TERM, "ratio": ratio_steps.RATIO}

_T, _v = sp.symbols("T_d v", real=True)
_more = sp.Symbol("T_1", real=True)
_a, _b, _c, _m, _n = sp.symbols("a b c m n", positive=True)
_T1 = sp.Function("T_1")
_Ends: TypeAlias = tuple[Any, Any]
_Interval: TypeAlias = tuple[sp.Expr, sp.Expr, sp.Expr, sp.Expr, _Ends, _Ends, str]
_Function: TypeAlias = Callable[..., Any]
_Witness: TypeAlias = Mapping[str, str] | None
_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EVENTS = (Rung.DERIVATION, Rung.SEARCH, Rung.SIMULATION)


def _ratio(of: sp.Expr) -> Statement:
    return {"ratio": sp.Lambda((_T, lam), of)}


def _term(of: sp.Expr) -> Statement:
    return {"term": sp.Lambda((x, _v), of)}


MUTANTS = (
    Mutant("ratio larger by 1e-6", _ratio(sp.exp(-_T / lam) + _SHIFT), "ratio", _PROOFS),
    Mutant(
        "T larger by 1e-6 lambda in each coordinate",
        _term(sp.Abs(x - _v) - sp.Abs(x) + lam * _SHIFT),
        "ratio",
        _PROOFS,
    ),
    Mutant(
        "the ratio of X to Y, exp(+T/lambda)",
        _ratio(sp.exp(_T / lam)),
        "ratio",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant("scale 2 lambda", _ratio(sp.exp(-_T / (2 * lam))), "ratio", (*_PROOFS, Rung.SEARCH)),
    Mutant("events by exp(+T/lambda)", _ratio(sp.exp(_T / lam)), "change_of_measure", _EVENTS),
    Mutant(
        "events with scale 2 lambda", _ratio(sp.exp(-_T / (2 * lam))), "change_of_measure", _EVENTS
    ),
    Mutant(
        "T with the sign of delta turned",
        _term(sp.Abs(x + _v) - sp.Abs(x)),
        "change_of_measure",
        _EVENTS,
    ),
)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The ratio one coordinate at a time, and its integral over the pieces of the line."""
    return [
        chain(
            "ratio",
            ratio_steps.ratio_is_exp_t(statement["term"], statement["ratio"], states=True),
            conclusion="mu_Y/mu_X = e^(-T/lambda) for d = 0 and for one more coordinate",
        ),
        chain(
            "change_of_measure",
            _change_of_measure(statement),
            conclusion="integrals of e^(-T/lambda) mu_X over intervals are those of mu_Y; boxes "
            "are products of intervals, and two finite measures that agree on all boxes agree on "
            "all events",
        ),
    ]


def _change_of_measure(statement: Statement) -> Iterator[Step]:
    term, ratio = statement["term"], statement["ratio"]
    yield equal(
        ratio(_T + _more, lam),
        ratio(_T, lam) * ratio(_more, lam),
        "over a box the integral of e^(-T/lambda) mu_X is a product over the coordinates",
        "every d, one more coordinate at a time",
        states=True,
    )
    for sign, direction in ((1, "delta_1 > 0"), (-1, "delta_1 < 0")):
        for place, of_t, moved, density, within, mass, where in _intervals(term, sign):
            start, stop = mass if sign > 0 else (-mass[1], -mass[0])
            yield equal(
                sp.integrate(sp.powsimp(sp.expand(ratio(of_t, lam) * density)), (_m, *within)),
                densities.mass(densities.laplace, lam, start, stop),
                f"{where}: the integral of e^(-T/lambda) mu_X against the mass of Y_1, which is "
                "that of X_1 moved back by delta_1",
                f"{direction}, |delta_1| = {moved}; every b > 0",
                written=sp.Integral(ratio(_T1(place), lam) * density, (_m, *within)),
                states=True,
            )


def _intervals(term: sp.Lambda, sign: int) -> Iterator[_Interval]:
    """x_1, T there, |delta_1|, the density, the range of m in x_1 and the interval of X_1."""
    here = partial(densities.laplace, scale=lam)
    at = -sign * _m
    far, beyond = term(at, sign * _a), "x_1 beyond 0 by more than b"
    yield at, far, _a, here(_m), (_b, sp.oo), (-sp.oo, -_a - _b), beyond
    # between the centres delta_1 = m + n, and n = b + c - m
    at, part = sign * _m, "x_1 from 0 to b, short of delta_1"
    between = term(at, sign * (_m + _n)).subs(_n, _b + _c - _m)
    yield at, between, _b + _c, here(_m), (0, _b), (-_b - _c, -_c), part
    at = sign * (_a + _m)
    past, after = term(at, sign * _a), "x_1 beyond delta_1 by more than b"
    yield at, past, _a, here(_a + _m), (_b, sp.oo), (_b, sp.oo), after


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The ratio of two slopes of the closed-form c.d.f., on every piece of the line.

    Identities between exponentials of linear functions: SymPy settles them, and Arb tells two
    sides apart. The integrals are left to the other methods.
    """
    term, ratio = statement["term"], statement["ratio"]
    return [
        enclosed(
            "ratio",
            [
                scales_as(ratio(_T, lam), 0, _T),
                scales_as(term(x, _v), 1, x, _v),
                identical(ratio_identities(term, ratio), WHERE),
            ],
            conclusion="F'(x - delta)/F'(x) = e^(-T), one coordinate at a time",
        )
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """scipy's log-densities in d = 1, 2 and 7, and its integrals of e^(-T/lambda) mu_X."""
    rng = np.random.Generator(np.random.Philox(seed))
    term = sp.lambdify((x, _v), statement["term"](x, _v), modules="numpy")
    ratio = sp.lambdify((_T, lam), statement["ratio"](_T, lam), modules="numpy")
    start = time.perf_counter()
    wrong = _wrong_ratio(term, ratio, rng)
    first = searched(
        "ratio",
        "600 points in d = 1, 2, 7, at the kinks too, lambda from 0.01 to 100",
        "the ratio is that of scipy's densities, to 1e-9",
        start=start,
        witness=wrong,
    )
    start = time.perf_counter()
    second = searched(
        "change_of_measure",
        "60 intervals and half-lines, with their products in d = 2, 3",
        "scipy's integral of the ratio is the mass of Y, to 1e-7",
        start=start,
        witness=_wrong_mass(term, ratio, rng),
    )
    return [first, second]


def _wrong_ratio(term: _Function, ratio: _Function, rng: np.random.Generator) -> _Witness:
    for number in range(600):
        dim = (1, 2, 7)[number % 3]
        scale = float(10.0 ** rng.uniform(-2, 2))
        delta, free = scale * rng.normal(0, 3, (2, dim))
        delta[rng.random(dim) < 0.2] = 0.0
        at = np.where(rng.random(dim) < 0.2, rng.choice([0.0, 1.0]) * delta, free)
        law = stats.laplace(scale=scale)
        expected = float(np.sum(law.logpdf(at - delta) - law.logpdf(at)))
        total = float(np.sum(np.broadcast_to(term(at, delta), dim)))
        stated = float(ratio(total, scale))
        if not math.isclose(stated, math.exp(expected), rel_tol=1e-9):
            return {
                "x": repr(at.tolist()),
                "delta": repr(delta.tolist()),
                "lambda": repr(scale),
                "log of the ratio": repr(expected),
                "stated": repr(math.log(stated)) if stated > 0 else "no logarithm",
            }
    return None


def _wrong_mass(term: _Function, ratio: _Function, rng: np.random.Generator) -> _Witness:
    stated, exact = [], []
    for number in range(60):
        delta = float(rng.normal(0, 2))
        ends = np.sort(rng.normal(0, 3, 2))
        if number % 3 == 0:
            ends[number % 2] = (-np.inf, np.inf)[number % 2]
        law = stats.laplace(loc=delta)
        # cut at both centres, where the integrand has its kinks
        cuts = np.unique(np.clip([*ends, 0.0, delta], *ends))

        def integrand(at: float, move: float = delta) -> float:
            return float(ratio(float(term(at, move)), 1.0)) * math.exp(-abs(at)) / 2

        stated.append(sum(integrate.quad(integrand, *piece)[0] for piece in pairwise(cuts)))
        exact.append(float(law.cdf(ends[1]) - law.cdf(ends[0])))
        # the last one, two and three coordinates: boxes
        for size in range(1, min(3, len(stated)) + 1):
            found, mass = math.prod(stated[-size:]), math.prod(exact[-size:])
            if abs(found - mass) > 1e-7:
                return {
                    "interval": repr(ends.tolist()),
                    "delta": repr(delta),
                    "d": str(size),
                    "integral": repr(found),
                    "P(Y in A)": repr(mass),
                }
    return None
