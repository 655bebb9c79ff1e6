"""Steps about Gaussian noise, compared with Laplace noise of the same variance.

Each generator yields steps; a derivation that needs them yields from it. A comparison always
starts from `same_variance`, which is where the Laplace density enters: the Gaussian sigma is
stated in the unit of the Laplace rows of Table 1.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.symbols import lam, r, sigma, u, x

#: The Gaussian sigma with the variance of Laplace noise; `same_variance` proves that it is.
MATCHED = sp.sqrt(2) * lam

_far = sp.Symbol("v", positive=True)
_tail = sp.Symbol("E", positive=True)
_surplus = sp.Symbol("m", positive=True)


def tail_bound(of: sp.Expr) -> sp.Expr:
    """Mills' bound on erfc, exp(-x^2) / (x sqrt(pi)) at x = ``of`` > 0.

    >>> tail_bound(sp.Integer(2))
    exp(-4)/(2*sqrt(pi))
    """
    return sp.exp(-(of**2)) / (of * sp.sqrt(sp.pi))


def same_variance(of: sp.Expr = MATCHED, *, states: bool = False) -> Iterator[Step]:
    """E eps^2 is the same for Laplace noise of scale lambda and Gaussian noise of sigma ``of``."""
    yield equal(
        densities.mass(densities.laplace, lam, lam, sp.oo),
        sp.exp(-1) / 2,
        "lambda is the unit of the Laplace rows: P(X_1 > lambda) = 1/(2e), from the density",
        "every lambda",
    )
    yield equal(
        densities.moment(densities.gaussian, of, 2),
        densities.moment(densities.laplace, lam, 2),
        "both noises have the same variance, from both densities",
        "every lambda",
        states=states,
    )


def laplace_mass_below(k: sp.Expr) -> sp.Expr:
    """P(X_1 <= k lambda) for Laplace noise and k >= 0, the integral of the density.

    >>> laplace_mass_below(u)
    1 - exp(-u)/2
    """
    return densities.mass(densities.laplace, lam, -sp.oo, lam * _far).subs(_far, k)


def mass_below(threshold: sp.Expr, scale: sp.Expr = MATCHED) -> sp.Expr:
    """P(X_1 <= threshold) for Gaussian noise, the integral of the density.

    The integral is taken at a positive threshold; `mass_below_is_odd` proves that the formula
    holds at a negative one.

    >>> mass_below(u, sp.Integer(1))
    erf(sqrt(2)*u/2)/2 + 1/2
    """
    formula = densities.mass(densities.gaussian, sigma, -sp.oo, _far)
    return formula.subs({_far: threshold, sigma: scale}, simultaneous=True)


def mass_below_is_odd() -> Iterator[Step]:
    """The formula of `mass_below` at a negative threshold, from the density."""
    yield equal(
        densities.mass(densities.gaussian, sigma, -sp.oo, -_far),
        mass_below(-_far, sigma),
        "P(X_1 <= t) is (1 + erf(t / (sigma sqrt 2)))/2 for t < 0 too, from the density",
        "t = -v < 0, every sigma",
    )


def only_the_length_matters() -> Iterator[Step]:
    """The joint density depends on the l2 norm alone, and the ratio rises along delta."""
    joint = densities.gaussian(x, sigma) * densities.gaussian(u, sigma)
    turned = densities.gaussian(sp.sqrt(x**2 + u**2), sigma) * densities.gaussian(
        sp.Integer(0), sigma
    )
    yield equal(
        joint,
        turned,
        "the joint density depends on the l2 norm alone, so delta may be turned onto an axis",
        "any dimension (the step joins one more coordinate)",
    )
    yield compare(
        sp.diff(densities.log_ratio(densities.gaussian, sigma, x, r), x),
        "<",
        0,
        "-sigma log(mu_Y/mu_X) falls along delta, so by Neyman-Pearson the classifier that loses "
        "most is a half-space orthogonal to delta",
        "every x, delta = (r, 0, ..., 0)",
    )


def mills_bound() -> Iterator[Step]:
    """0 < erfc(u) < exp(-u^2) / (u sqrt(pi)) for u > 0 (Mills)."""
    yield compare(sp.erfc(u), ">", 0, "the Gaussian tail is positive", "u > 0", along=(u, sp.oo, 1))
    yield compare(
        tail_bound(u),
        ">",
        sp.erfc(u),
        "Mills' bound: both sides tend to 0 and their difference falls",
        "u > 0",
        along=(u, sp.oo, 1),
    )


def scaled_tail_below_one() -> Iterator[Step]:
    """erfc(u) < exp(-u^2) for u > 0, from Mills' bound."""
    scaled = sp.exp(u**2) * sp.erfc(u)
    yield equal(sp.limit(scaled, u, 0), 1, "exp(u^2) erfc(u) starts at 1", "u = 0")
    yield compare(
        sp.diff(scaled, u).subs(sp.erfc(u), tail_bound(u) - _surplus),
        "<",
        0,
        "and falls: its derivative, with erfc(u) = exp(-u^2)/(u sqrt pi) - m, m > 0",
        "u > 0",
        form=-2 * u * sp.exp(u**2) * _surplus,
    )


def log_tail_is_concave() -> Iterator[Step]:
    """-log erfc is strictly convex on (0, oo), from Mills' bound."""
    curvature = sp.diff(-sp.log(sp.erfc(u)), u, 2).subs(sp.erfc(u), _tail)
    bounded = curvature.subs(sp.exp(-(u**2)), u * sp.sqrt(sp.pi) * (_tail + _surplus))
    bounded = bounded.subs(sp.exp(-2 * u**2), u**2 * sp.pi * (_tail + _surplus) ** 2)
    yield compare(
        bounded,
        ">",
        0,
        "-log erfc(u) is strictly convex: its second derivative, with E = erfc(u) > 0 and "
        "exp(-u^2) = u sqrt(pi) (E + m), m > 0 by Mills' bound",
        "u > 0",
        form=4 * u**2 * (_tail + _surplus) * _surplus / _tail**2,
    )


def difference_has_one_zero(gap: sp.Expr) -> Iterator[Step]:
    """For gap = -log erfc(u) - 2u: zero and falling at 0, convex, oo at oo, so one zero u > 0.

    The steps about ``gap`` are the statement itself: where the gap is another one, they are false.
    """
    yield equal(sp.limit(gap, u, 0), 0, "h(0) = 0: both radii vanish", "PA = 1/2", states=True)
    slope = sp.limit(sp.diff(gap, u), u, 0)
    yield compare(slope, "<", 0, "h'(0) = 2/sqrt(pi) - 2", "PA -> 1/2", states=True)
    yield from mills_bound()
    yield from log_tail_is_concave()
    yield equal(
        sp.diff(gap, u, 2) + sp.diff(sp.log(sp.erfc(u)), u, 2),
        0,
        "h'' is the second derivative of -log erfc",
        "u > 0",
    )
    yield equal(
        sp.limit(gap.subs(sp.erfc(u), tail_bound(u)) / u**2, u, sp.oo),
        1,
        "h tends to oo: by Mills' bound it is above this, which grows like u^2",
        "PA -> 1",
    )
