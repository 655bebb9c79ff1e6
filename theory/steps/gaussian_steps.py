"""Steps about Gaussian noise, compared with Laplace noise of the same variance.

Each generator yields steps; a derivation that needs them yields from it. A comparison always
starts from `same_variance`, which is where the Laplace density enters: the Gaussian sigma is
stated in the unit of the Laplace rows of Table 1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.symbols import lam, p, r, sigma, u, x

#: The Gaussian sigma with the variance of Laplace noise; `same_variance` proves that it is.
MATCHED = sp.sqrt(2) * lam

_far = sp.Symbol("v", positive=True)
_k, _t = sp.Symbol("k", positive=True), sp.Symbol("t", positive=True)
_tail = sp.Symbol("E", positive=True)
_surplus = sp.Symbol("m", positive=True)
_point = sp.Symbol("t", real=True)
_T, _h = sp.Function("T"), sp.Function("h")


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
        "lambda is the scale of the Laplace noise: P(eps > lambda) = 1/(2e), from the density",
        "every lambda",
        written=densities.integral(densities.laplace, lam, lam, sp.oo),
    )
    variance = densities.moment(densities.laplace, lam, 2)
    yield equal(
        variance,
        2 * lam**2,
        "the variance of Laplace noise, from the density",
        "every lambda",
        written=_second_moment(densities.laplace, lam),
    )
    yield equal(
        densities.moment(densities.gaussian, of, 2),
        variance,
        f"Gaussian noise of sigma = {sp.sstr(of)} has the same variance, from its density",
        "every lambda",
        written=_second_moment(densities.gaussian, of),
        states=states,
    )


def _second_moment(density: densities.Density, scale: sp.Expr) -> sp.Integral:
    return sp.Integral(_point**2 * density(_point, scale), (_point, -sp.oo, sp.oo))


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
        written=densities.integral(densities.gaussian, sigma, -sp.oo, -_far),
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
        "T(x) = -sigma log(mu_Y(x)/mu_X(x)) falls along delta, so by Neyman-Pearson the classifier "
        "that loses most is a half-space orthogonal to delta",
        "every x, delta = (r, 0, ..., 0)",
        written=sp.Derivative(_T(x), x),
    )


def radii_are_thresholds(radii: Mapping[str, sp.Expr]) -> Iterator[Step]:
    """Both radii, in p and lambda, are the thresholds of the half-spaces of mass PA."""
    yield from same_variance()
    rows = (
        ("L", "Laplace", radii["laplace"].subs(p, laplace_mass_below(_k)), lam * _k),
        ("G", "Cohen", sp.simplify(radii["cohen"].subs(p, mass_below(_t))), _t),
    )
    for letter, name, radius, place in rows:
        reason = f"{name}'s radius {letter} is where P(X_1 <= {letter}) = PA, from the density"
        domain = f"1/2 < PA = P(X_1 <= {place}) < 1"
        yield equal(radius, place, reason, domain, written=sp.Symbol(letter))


def radii_by_tail(radii: Mapping[str, sp.Expr]) -> tuple[sp.Expr, sp.Expr]:
    """L/lambda and G/lambda where PA = 1 - erfc(u)/2, the Gaussian mass below 2 lambda u.

    >>> rows = {"laplace": -lam * sp.log(2 * (1 - p)), "cohen": 2 * lam * sp.erfinv(2 * p - 1)}
    >>> radii_by_tail(rows)
    (-log(erfc(u)), 2*u)
    """
    below = mass_below(2 * lam * u)
    first = sp.simplify(radii["laplace"].subs(p, below) / lam)
    first = sp.simplify(first.subs(sp.erf(u), 1 - sp.erfc(u)))
    return first, sp.simplify(radii["cohen"].subs(p, below) / lam)


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
    start = sp.Limit(scaled, u, 0)
    yield equal(start.doit(), 1, "exp(u^2) erfc(u) starts at 1", "u -> 0", written=start)
    yield compare(
        sp.diff(scaled, u).subs(sp.erfc(u), tail_bound(u) - _surplus),
        "<",
        0,
        "and falls: its derivative, with erfc(u) = exp(-u^2)/(u sqrt pi) - m, m > 0",
        "u > 0",
        form=-2 * u * sp.exp(u**2) * _surplus,
        written=sp.Derivative(scaled, u),
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
        written=sp.Derivative(-sp.log(sp.erfc(u)), (u, 2)),
    )


def difference_has_one_zero(gap: sp.Expr) -> Iterator[Step]:
    """For gap = -log erfc(u) - 2u: zero and falling at 0, convex, oo at oo, so one zero u > 0.

    The steps about ``gap`` are the statement itself: where the gap is another one, they are false.
    """
    yield equal(
        sp.limit(gap, u, 0),
        0,
        "the difference h(u) = L - G at PA = 1 - erfc(u)/2 starts at 0: both radii vanish",
        "PA -> 1/2, which is u -> 0",
        written=sp.Limit(_h(u), u, 0),
        states=True,
    )
    yield compare(
        sp.limit(sp.diff(gap, u), u, 0),
        "<",
        0,
        "h falls at first: its slope there is 2/sqrt(pi) - 2",
        "PA -> 1/2, which is u -> 0",
        written=sp.Limit(sp.Derivative(_h(u), u), u, 0),
        states=True,
    )
    yield from mills_bound()
    yield from log_tail_is_concave()
    yield equal(
        sp.diff(gap, u, 2) + sp.diff(sp.log(sp.erfc(u)), u, 2),
        0,
        "h'' is the second derivative of -log erfc, so h is strictly convex",
        "u > 0",
        written=sp.Derivative(_h(u), (u, 2)) + sp.Derivative(sp.log(sp.erfc(u)), (u, 2)),
    )
    growth = sp.Limit(gap.subs(sp.erfc(u), tail_bound(u)) / u**2, u, sp.oo)
    yield equal(
        growth.doit(),
        1,
        "h tends to oo: by Mills' bound it is above this numerator, which grows like u^2",
        "PA -> 1, which is u -> oo",
        written=growth,
    )


def largest_difference(gap: sp.Expr, bracket: tuple[sp.Rational, sp.Rational]) -> Iterator[Step]:
    """The maximum of -gap on u > 0 is inside the bracket, for a convex gap as above.

    Below u = 3/2 the concave -gap lies under its tangent; beyond it is negative.
    """
    low, high = bracket
    # any rational near the maximum does: a poor one would only leave the bracket unproved
    near, reach = sp.Rational(608131404679806, 10**15), sp.Rational(3, 2)
    here = -gap.subs(u, near)
    most = here + sp.Abs(sp.diff(gap, u).subs(u, near)) * reach
    yield compare(
        -gap.subs(u, reach),
        "<",
        0,
        "-h = G - L is concave, rises from 0 and is negative here, so it is negative from here on",
        "u >= 3/2",
        written=-_h(reach),
    )
    domain = f"0 < u <= 3/2, u_0 = {near}"
    value = -_h(sp.Symbol("u_0"))
    tangent = value + reach * sp.Abs(sp.Function("h'")(sp.Symbol("u_0")))
    said = "the concave -h is below its tangent at u_0, whose values up to u = 3/2 are at most this"
    yield compare(most, ">", low, said, domain, written=tangent, states=True)
    yield compare(here, "<", high, "a value of -h", domain, written=value, states=True)
    yield compare(here, ">", low, "so its maximum is above the lower end", domain, written=value)
    yield compare(most, "<", high, "and below the upper end", domain, written=tangent)
