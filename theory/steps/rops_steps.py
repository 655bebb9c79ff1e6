"""Steps about the base classifier of Appendix D: f = cA on |x| <= 1, cB elsewhere on the line.

Smoothed at x, f agrees with its own label where -far <= eps <= near, with near = 1 - x and
far = 1 + x. The parameter of both noises is the standard deviation, sqrt(2) lambda = sigma.
"""

from __future__ import annotations

from collections.abc import Iterator

import mpmath
import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.steps import gaussian_steps
from theory.symbols import b, lam, sigma

_far = sp.Symbol("v", positive=True)
_near = sp.Symbol("w", positive=True)
_x = sp.Symbol("x", nonnegative=True)
_y, _s = sp.Symbol("y", positive=True), sp.Symbol("s", positive=True)


def laplace_agreement(near: sp.Expr, far: sp.Expr, scale: sp.Expr) -> sp.Expr:
    """P(-far <= X_1 <= near) for Laplace noise, the integral of the density.

    >>> laplace_agreement(sp.Integer(1), sp.Integer(2), sp.Integer(1))
    -exp(-1)/2 - exp(-2)/2 + 1
    """
    formula = densities.mass(densities.laplace, lam, -_far, _near)
    return formula.subs({_far: far, _near: near, lam: scale}, simultaneous=True)


def gaussian_agreement(near: sp.Expr, far: sp.Expr, scale: sp.Expr) -> sp.Expr:
    """P(-far <= X_1 <= near) for Gaussian noise, the integral of the density.

    >>> gaussian_agreement(_near, _near, sp.Integer(1))
    erf(sqrt(2)*w/2)
    """
    formula = densities.mass(densities.gaussian, sigma, -_far, _near)
    return formula.subs({_far: far, _near: near, sigma: scale}, simultaneous=True)


def agreements(x: sp.Expr, deviation: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """P(|x + eps| <= 1) for both noises of one standard deviation, Laplace first.

    >>> agreements(sp.Integer(0), sp.sqrt(2))
    (1 - exp(-1), erf(1/2))
    """
    ours = laplace_agreement(1 - x, 1 + x, deviation / sp.sqrt(2))
    return ours, gaussian_agreement(1 - x, 1 + x, deviation)


def written_agreements(x: sp.Expr, deviation: sp.Expr) -> tuple[sp.Integral, sp.Integral]:
    """The integrals that `agreements` computes, unevaluated, for a reader of the proof.

    >>> written_agreements(sp.Integer(0), sp.sqrt(2))[0]
    Integral(exp(-Abs(t))/2, (t, -1, 1))
    """
    ours = densities.integral(densities.laplace, deviation / sp.sqrt(2), -1 - x, 1 - x)
    return ours, densities.integral(densities.gaussian, deviation, -1 - x, 1 - x)


def laplace_falls() -> Iterator[Step]:
    """The Laplace agreement falls strictly in lambda."""
    yield compare(
        sp.diff(laplace_agreement(_near, _far, lam), lam),
        "<",
        0,
        "under Laplace noise P(-v <= eps <= w) falls strictly in lambda, from the density: the "
        "label is kept with probability above 1/2 below one tie, and below 1/2 beyond it",
        "v, w > 0, every lambda",
        written=sp.Derivative(densities.integral(densities.laplace, lam, -_far, _near), lam),
    )


def gaussian_falls() -> Iterator[Step]:
    """The Gaussian agreement falls strictly in sigma."""
    yield compare(
        sp.diff(gaussian_agreement(_near, _far, sigma), sigma),
        "<",
        0,
        "under Gaussian noise P(-v <= eps <= w) falls strictly in sigma, from the density: the "
        "label is kept with probability above 1/2 below one tie, and below 1/2 beyond it",
        "v, w > 0, every sigma",
        written=sp.Derivative(densities.integral(densities.gaussian, sigma, -_far, _near), sigma),
    )


def suprema_are_ties() -> Iterator[Step]:
    """Each supremum is the tie P = 1/2; Laplace's is parametrised by b = exp(-(1 + x)/lambda)."""
    yield from gaussian_steps.same_variance()
    yield from laplace_falls()
    yield from gaussian_falls()
    tie = laplace_agreement(lam * _near, lam * _far, lam)
    yield equal(
        tie.subs({_far: -sp.log(b), _near: -sp.log(1 - b)}),
        sp.Rational(1, 2),
        "Laplace's supremum: the agreement is 1/2 where e^(-v) = b and e^(-w) = 1 - b",
        "0 < b <= 1/2, v = (1 + x)/lambda, w = (1 - x)/lambda",
        written=densities.integral(densities.laplace, lam, -1 - _x, 1 - _x),
    )


def tie_runs_over_every_x() -> Iterator[Step]:
    """Along Laplace's tie b = 1/(2 + y), y >= 0, x rises from 0 to 1 and v + w from log 4 to oo."""
    far, near = sp.log(2 + _y), sp.log(1 + 1 / (1 + _y))
    v, w = sp.Function("v")(_y), sp.Function("w")(_y)
    domain = "b = 1/(2 + y), y > 0, v = log(2 + y), w = log(1 + 1/(1 + y))"
    tie = sp.exp(-v) + sp.exp(-w)
    rise = sp.Derivative(v + w, _y)
    yield equal(
        sp.exp(-far) + sp.exp(-near), 1, "Laplace's tie once more, in y", domain, written=tie
    )
    yield compare(sp.diff(far, _y), ">", 0, "v rises", domain, written=sp.Derivative(v, _y))
    said = "w falls, so x = (v - w)/(v + w) rises from its value 0 at y = 0, where v = w = log 2"
    yield compare(sp.diff(near, _y), "<", 0, said, domain, written=sp.Derivative(w, _y))
    limit = sp.Limit(w / v, _y, sp.oo)
    yield equal(sp.limit(near / far, _y, sp.oo), 0, "to 1: every x", "y -> oo", written=limit)
    yield compare(sp.diff(far + near, _y), ">", 0, "v + w rises too", domain, written=rise)
    start = (v + w).subs(_y, 0)
    yield compare((far + near).subs(_y, 0), "<", 4, "from log 4", "y = 0, x = 0", written=start)
    limit = sp.Limit(1 / (v + w), _y, sp.oo)
    yield equal(sp.limit(1 / (far + near), _y, sp.oo), 0, "to oo", "y -> oo, x -> 1", written=limit)


def larger_at_the_ends(bracket: tuple[sp.Rational, sp.Rational]) -> Iterator[Step]:
    """Laplace's supremum is the larger one at the lower end, the Gaussian one at the upper."""
    half = sp.Rational(1, 2)
    for x, sign, larger in zip(bracket, (1, -1), ("Laplace", "Gaussian"), strict=True):
        deviation = between(x)
        ours, theirs = (sign * (value - half) for value in agreements(x, deviation))
        first, second = (sign * (sp.Function(name)(_s) - half) for name in ("P_L", "P_G"))
        domain = f"x = {x}, standard deviation s = {deviation}"
        reason = (
            f"the {larger} supremum is the larger one at this end of the bracket: s is below it or "
            "above the other one"
        )
        # any deviation is below the larger supremum or above the other one
        written = sp.Max(first, -second)
        yield compare(sp.Max(ours, -theirs), ">", 0, reason, domain, written=written, states=True)
        written = sp.Min(first, -second)
        yield compare(sp.Min(ours, -theirs), ">", 0, "in fact both", domain, written=written)


def between(x: sp.Rational) -> sp.Rational:
    """A rational standard deviation halfway between the two suprema at x, to 15 digits.

    It is a hint: a poor one would only leave a step unproved.

    >>> between(sp.Rational(1, 2)).evalf(6)
    1.62032
    """
    with mpmath.workdps(30):
        place, root = mpmath.mpf(int(x.p)) / int(x.q), mpmath.sqrt(2)
        ends = (1 - place) * root, (1 + place) * root

        def laplace(t: mpmath.mpf) -> mpmath.mpf:
            return sum(mpmath.exp(-end * t) for end in ends) - 1

        def gaussian(t: mpmath.mpf) -> mpmath.mpf:
            return sum(mpmath.erfc(end * t / 2) for end in ends) - 1

        ties = [
            mpmath.findroot(tie, (mpmath.mpf(1) / 4, 20), solver="anderson", tol=1e-25)
            for tie in (laplace, gaussian)
        ]
        middle = (1 / ties[0] + 1 / ties[1]) / 2
        return sp.Rational(int(mpmath.nint(middle * 10**15)), 10**15)
