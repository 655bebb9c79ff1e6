"""Section 1: the isotropic Laplace law is an infinite mixture of uniform laws on l1 balls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import sympy as sp
from scipy import integrate, linalg, stats

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import enclosed, vanishes
from theory.enclosures.coverage import identical, over, positive_from_zero, scales_as
from theory.searches.findings import tried
from theory.steps.ball_steps import depth, dim, l1_ball_volume
from theory.symbols import lam, u
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="laplace_mixes_l1_balls",
    source="section 1",
    statement=(
        "The isotropic Laplace law in R^d is an infinite mixture of uniform laws on l1 balls "
        "around the origin: their radius has the Gamma law of shape d + 1 and scale lambda."
    ),
    latex=(
        r"\frac{e^{-\|x\|_1/\lambda}}{(2\lambda)^d}=\int_{\|x\|_1}^{\infty}"
        r"\frac{d!}{(2\rho)^d}\;\frac{\rho^d e^{-\rho/\lambda}}{d!\,\lambda^{d+1}}\,d\rho"
    ),
    variables=(
        Variable("d", "1, 2, 3, ...", "dimension"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("rho", "(0, oo)", "radius of a ball, drawn from the mixing law"),
    ),
    parts=(
        Part(
            "mixture",
            "a uniform point of the l1 ball of radius rho, where rho has the Gamma law of shape "
            "d + 1 and scale lambda, has the isotropic Laplace law, for every d",
        ),
        Part("law", "the mixing law has total mass 1"),
        Part("unique", "no other law of the radius gives the Laplace law"),
        Part(
            "infinite",
            "the mixing density is positive on all of (0, oo), and no mixture of balls of bounded "
            "radius, in particular of finitely many balls, gives the Laplace law",
        ),
    ),
    assumptions=(
        "The text does not name the mixing law; it is the Gamma law here. As it is unique and has "
        "a density, no countable mixture gives the Laplace law either. Seen from the draws, "
        "rho = ||x||_1 + an independent exponential variable of mean lambda."
    ),
    reference="paper, section 1; Definition 1 for the density",
    absent={
        Rung.EXPERIMENT: "the statement is about the noise alone, no classifier takes part",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

Curve = Callable[[Any], Any]
Witness = dict[str, str]

_rho = sp.Symbol("rho", positive=True)
_s, _w = sp.symbols("s_1 w", positive=True)
_z = sp.Symbol("z", positive=True)

PRINTED: Statement = {
    "law": sp.Lambda(
        (dim, _rho, lam),
        _rho**dim * sp.exp(-_rho / lam) / (sp.factorial(dim) * lam ** (dim + 1)),
    ),
    "volume": sp.Lambda((dim, depth), (2 * depth) ** dim / sp.factorial(dim)),
}

_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)


def _gamma(shape: sp.Expr, scale: sp.Expr = lam) -> Statement:
    """The Gamma law of an integer shape in the place of the mixing law."""
    density = _rho ** (shape - 1) * sp.exp(-_rho / scale)
    density /= sp.factorial(shape - 1) * scale**shape
    return {"law": sp.Lambda((dim, _rho, lam), density)}


_SHIFT = sp.Rational(1, 10**6) * _rho**dim * sp.exp(-_rho / lam) / lam ** (dim + 1)
_LARGER = {"law": sp.Lambda((dim, _rho, lam), PRINTED["law"](dim, _rho, lam) + _SHIFT)}

MUTANTS = (
    Mutant("mixing density larger by 1e-6 times its d!-fold", _LARGER, "mixture", _PROOFS),
    Mutant("the same, by its mass", _LARGER, "law", _PROOFS),
    Mutant("shape d", _gamma(dim), "unique", (Rung.ENCLOSURE, Rung.SEARCH)),
    Mutant("shape d + 2", _gamma(dim + 2), "mixture", _ALL),
    Mutant("scale 2 lambda", _gamma(dim + 1, 2 * lam), "mixture", _ALL),
    Mutant(
        "d! dropped from the volume",
        {"volume": sp.Lambda((dim, depth), (2 * depth) ** dim)},
        "mixture",
        (*_PROOFS, Rung.SEARCH),
    ),
)

#: the dimensions in which the steps are also taken by number, before every d at once
_SMALL = (sp.Integer(1), sp.Integer(2))
_f, _g = sp.Function("f"), sp.Function("g")
_V = sp.Function("V")


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The density depends on ||x||_1 alone, and is a tail integral of the mixing law."""
    return [
        chain(
            "mixture",
            _mixture(statement),
            conclusion="the balls that hold x are those with rho >= ||x||_1, and their densities "
            "1/V_d(rho), weighted with the Gamma law, add up to the Laplace density",
        ),
        chain(
            "law", _law(statement), conclusion="the Gamma density of shape d + 1 integrates to 1"
        ),
        chain(
            "unique",
            _unique(statement),
            conclusion="the density at norm s is the tail, beyond s, of the mixing law divided by "
            "V_d; a law is determined by its tails, and nothing is left for the radius 0",
        ),
        chain(
            "infinite",
            _infinite(statement),
            conclusion="balls of radius at most R leave out the mass beyond R, for every R",
        ),
    ]


def _density(size: sp.Expr, norm: sp.Expr) -> sp.Expr:
    """The joint density of independent coordinates at (norm, 0, ..., 0)."""
    first = densities.laplace(norm, lam)
    return first * densities.laplace(sp.Integer(0), lam) ** (size - 1)


def _read_off(statement: Statement, size: sp.Expr) -> sp.Expr:
    """The mixing density that the Laplace density itself asks for, -V_d f'."""
    return -statement["volume"](size, _rho) * sp.diff(_density(size, _rho), _rho)


def _norm_alone() -> Step:
    return equal(
        densities.laplace(_s, lam) * densities.laplace(_w, lam),
        densities.laplace(_s + _w, lam) * densities.laplace(sp.Integer(0), lam),
        "the coordinates are independent, so the joint density f_d depends on ||x||_1 alone",
        "|x_1| = s_1, |x_2| = w > 0; any dimension, one more coordinate at a time",
        written=_f(_s) * _f(_w),
    )


def _is_read_off(statement: Statement, *, states: bool = False) -> Iterator[Step]:
    for size in (*_SMALL, dim):
        yield equal(
            _read_off(statement, size),
            statement["law"](size, _rho, lam),
            "the mixing density is -V_d f_d', from the density",
            f"d = {size}, every rho > 0" if size.is_number else "every d >= 1, rho > 0",
            written=-_V(_rho) * sp.Derivative(_f(_rho), _rho),
            states=states,
        )


def _mixture(statement: Statement) -> Iterator[Step]:
    law, volume = statement["law"], statement["volume"]
    yield _norm_alone()
    yield from l1_ball_volume(volume, states=True)
    for size in (*_SMALL, dim):
        held = sp.expand(sp.powsimp(sp.simplify(law(size, _rho, lam) / volume(size, _rho))))
        yield equal(
            sp.integrate(held, (_rho, _s, sp.oo)),
            _density(size, _s),
            "integrate the density 1/V_d(rho) of each ball that holds x over the mixing law g",
            f"d = {size}, ||x||_1 = s_1 > 0" if size.is_number else "every d >= 1, s_1 > 0",
            written=sp.Integral(_g(_rho) / _V(_rho), (_rho, _s, sp.oo)),
            states=True,
        )


def _law(statement: Statement) -> Iterator[Step]:
    for size in (*_SMALL, dim):
        yield equal(
            sp.integrate(sp.expand(statement["law"](size, _rho, lam)), (_rho, 0, sp.oo)),
            1,
            "the mass of the mixing law",
            f"d = {size}" if size.is_number else "every d >= 1",
            written=sp.Integral(_g(_rho), (_rho, 0, sp.oo)),
            states=True,
        )
    yield from _is_read_off(statement)


def _unique(statement: Statement) -> Iterator[Step]:
    yield _norm_alone()
    yield from l1_ball_volume(statement["volume"])
    tail = sp.Limit(_density(dim, _rho), _rho, sp.oo)
    yield equal(
        sp.limit(densities.laplace(_rho, lam), _rho, sp.oo),
        0,
        "f_d tends to 0, so that f_d(s) is the whole of -f_d' beyond s",
        "every d (the other factors of f_d are constant)",
        written=tail,
    )
    yield from _is_read_off(statement, states=True)


def _infinite(statement: Statement) -> Iterator[Step]:
    yield from _is_read_off(statement)
    yield compare(
        statement["law"](dim, _rho, lam),
        ">",
        0,
        "the mixing density is positive at every radius",
        "every d >= 1, rho > 0",
        written=_g(_rho),
    )
    yield compare(
        densities.mass(densities.laplace, lam, u, sp.oo),
        ">",
        0,
        "P(||x||_1 > R) >= P(x_1 > R) > 0, where balls of radius at most R have no point",
        "every R = u > 0, every d",
        written=densities.integral(densities.laplace, lam, u, sp.oo),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """By slopes instead of integrals: both sides have one slope and vanish at infinity.

    Lengths are in units of lambda (checked). The density of one coordinate is the slope of the
    half-line mass; d = 1, ..., 6 are looked at by number and every d by SymPy.
    """
    law, volume = statement["law"], statement["volume"]
    sizes = (*map(sp.Integer, range(1, 7)), dim)
    slope = -sp.diff(half_line_mass(-_rho), _rho)
    # f_d(s) = f_1(s) f_1(0)^(d-1)
    joint = [slope * half_line_mass(sp.Integer(0)) ** (size - 1) for size in sizes]
    tails = [
        (law(size, _rho, 1) / volume(size, _rho), -sp.diff(one, _rho))
        for size, one in zip(sizes, joint, strict=True)
    ]
    alone = (
        slope * slope.subs(_rho, _s),
        slope.subs(_rho, _rho + _s) * half_line_mass(sp.Integer(0)),
    )
    volumes = [(volume(1, depth), 2 * depth)] + [
        pair
        for size in sizes
        for pair in (
            (sp.diff(volume(size + 1, depth), depth), 2 * volume(size, depth)),
            (volume(size + 1, sp.Integer(0)), sp.Integer(0)),
        )
    ]
    unit, every = scales_as(law(dim, _rho, lam), -1, _rho), "every d >= 1, ||x||_1 = rho > 0"
    vanishing = (slope.subs(sp.exp(-_rho), 0), sp.Integer(0))
    general = vanishes(tails[-1][0] - tails[-1][1])
    # a wrong law may agree at the one point that is tried: not in two dimensions
    numbers = [identical(tails[:1], "d = 1"), identical(tails[1:-1], "d = 2, ..., 6")]
    rest = identical([*volumes, alone, vanishing], every)
    density = [unit, *numbers, over(general, every), rest]
    shapes = [
        (law(size, _rho, 1) * sp.factorial(size) / _rho**size, sp.exp(-_rho)) for size in sizes
    ]
    beyond = half_line_mass(-u).subs(u, -sp.log(_z))
    return [
        enclosed(
            "mixture",
            density,
            conclusion="g/V_d is the slope of -f_d, and f_d vanishes at infinity, so f_d(s) is the "
            "integral of g/V_d beyond s",
        ),
        enclosed(
            "law",
            [unit, identical(_masses(law), "every d >= 1")],
            conclusion="g_d is the slope of -e^(-rho) sum_(k <= d) rho^k/k!, which rises from -1 "
            "at rho = 0 to 0 at infinity (rho^k e^(-rho) < (k+1)!/rho)",
        ),
        enclosed(
            "unique",
            density,
            conclusion="-f_d' = g/V_d leaves one g",
        ),
        enclosed(
            "infinite",
            [
                unit,
                identical(shapes, every),
                *positive_from_zero(_z, _z, "g d!/rho^d = e^(-rho) = z at every rho > 0"),
                *positive_from_zero(beyond, _z, "P(x_1 > R) at every R > 0, z = e^(-R)"),
            ],
            conclusion="g > 0 on (0, oo), and mass beyond every R",
        ),
    ]


def _masses(law: sp.Lambda) -> list[tuple[sp.Expr, sp.Expr]]:
    """The law as a slope, for small d by number, and from d to d + 1."""
    pairs = []
    for size in range(1, 7):
        whole = -sp.exp(-_rho) * sum(_rho**k / sp.factorial(k) for k in range(size + 1))
        pairs += [(law(size, _rho, 1), sp.diff(whole, _rho)), (whole.subs(_rho, 0), sp.Integer(-1))]
    term = -sp.exp(-_rho) * _rho ** (dim + 1) / sp.factorial(dim + 1)
    return [*pairs, (law(dim + 1, _rho, 1) - law(dim, _rho, 1), sp.diff(term, _rho))]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Quadrature of the mixture against scipy's densities, and its inversion on a grid."""
    rng = np.random.Generator(np.random.Philox(seed))
    parts = {
        "mixture": (_wrong_density, "24 points in d = 1 to 12, scales 0.05 to 20", 24),
        "law": (_wrong_mass, "d = 1 to 12", 12),
        "unique": (_wrong_inverse, "weights of 800 balls, solved for in d = 1 to 5", 5),
        "infinite": (_bounded, "radii up to 600 lambda in d = 1 to 12", 24),
    }
    return tried(statement, parts, rng)


def _numeric(statement: Statement, size: int, scale: float) -> tuple[Curve, Curve]:
    """g and V_d as functions of a float radius."""
    law = sp.lambdify(_rho, statement["law"](size, _rho, sp.Float(scale)), modules="numpy")
    volume = sp.lambdify(_rho, statement["volume"](size, _rho), modules="numpy")
    return law, volume


def _scale(rng: np.random.Generator) -> float:
    return float(10 ** rng.uniform(-1.3, 1.3))


def _wrong_density(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    size, scale = 1 + number % 12, _scale(rng)
    law, volume = _numeric(statement, size, scale)
    point = scale * rng.laplace(size=size)
    norm = float(np.abs(point).sum())
    mixed, _ = integrate.quad(
        lambda rho: law(rho) / volume(rho), norm, norm + 50 * scale, epsabs=0, epsrel=1e-10
    )
    density = float(np.prod(stats.laplace(scale=scale).pdf(point)))
    if math.isclose(mixed, density, rel_tol=1e-7):
        return None
    found = {"d": str(size), "lambda": repr(scale), "||x||_1": repr(norm)}
    return {**found, "mixture": repr(mixed), "density": repr(density)}


def _wrong_mass(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    size, scale = 1 + number, _scale(rng)
    law, _ = _numeric(statement, size, scale)
    mass, _ = integrate.quad(law, 0.0, 120 * scale, points=[(size + 1) * scale])
    if math.isclose(mass, 1.0, rel_tol=1e-7):
        return None
    return {"d": str(size), "lambda": repr(scale), "mass": repr(mass)}


def _wrong_inverse(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    """The weights of many balls that give the density between their radii: they are unique."""
    size, scale = 1 + number, _scale(rng)
    law, volume = _numeric(statement, size, scale)
    radii = np.linspace(0.0, 40 * scale, 801)[1:]
    between = radii - radii[0] / 2
    held = np.triu(np.broadcast_to(1 / volume(radii), (800, 800)))
    joint = stats.laplace(scale=scale).pdf(between) * (2 * scale) ** (1 - size)
    weights = linalg.solve_triangular(held, joint)
    for place in (60, 120, 240):
        solved = float(weights[:place].sum())
        stated, _ = integrate.quad(law, 0.0, radii[place] - radii[0] / 2)
        if abs(solved - stated) > 0.01:
            found = {"d": str(size), "lambda": repr(scale), "radius": repr(float(radii[place]))}
            return {**found, "mass needed": repr(solved), "mass stated": repr(stated)}
    return None


def _bounded(statement: Statement, number: int, rng: np.random.Generator) -> Witness | None:
    size, scale = 1 + number % 12, _scale(rng)
    law, _ = _numeric(statement, size, scale)
    radius = scale * float(rng.uniform(0.01, 600))
    if law(radius) > 0 and stats.gamma(size, scale=scale).sf(radius) > 0:
        return None
    return {"d": str(size), "lambda": repr(scale), "radius": repr(radius)}
