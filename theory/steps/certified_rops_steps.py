"""Steps about the noise that certifies a radius at a point, for the base classifier of Appendix D.

f = cA on |x| <= 1 and cB elsewhere on the line, smoothed at x in [0, 1). A radius r is certified
where F^-1(PA) >= r, with F the law of the noise (-lambda log[2(1 - PA)] for Laplace noise,
sigma Phi^-1(PA) for Gaussian noise), which is P(|x + eps| > 1) <= P(eps > r) for both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import mpmath
import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.steps import gaussian_steps, rops_steps
from theory.symbols import lam, sigma

_R = sp.Rational
_x = sp.Symbol("x", nonnegative=True)
_r = sp.Symbol("r", nonnegative=True)
_d, _t = sp.symbols("d t", positive=True)
_far, _near, _z = sp.symbols("v w z", positive=True)
#: what a step is about, as a reader writes it
_eps = sp.Symbol("eps", real=True)
MISSED = sp.Function("P")(sp.Gt(sp.Abs(_x + _eps), 1, evaluate=False))
HELD = sp.Function("P")(sp.Gt(_eps, _r, evaluate=False))


def tail(density: densities.Density, radius: sp.Expr, scale: sp.Expr) -> sp.Expr:
    """P(eps > radius), the integral of the density.

    >>> tail(densities.laplace, sp.Integer(2), sp.Integer(3))
    exp(-2/3)/2
    """
    formula = densities.mass(density, lam, _z, sp.oo)
    return formula.subs({_z: radius, lam: scale}, simultaneous=True)


def margins(x: sp.Expr, radius: sp.Expr, deviation: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """P(eps > radius) - P(|x + eps| > 1) of both noises of one standard deviation, Laplace first.

    >>> [value.evalf(3) for value in margins(sp.Integer(0), _R(1, 2), sp.sqrt(2))]
    [-0.0646, -0.118]
    """
    ours, theirs = rops_steps.agreements(x, deviation)
    return (
        tail(densities.laplace, radius, deviation / sp.sqrt(2)) - (1 - ours),
        tail(densities.gaussian, radius, deviation) - (1 - theirs),
    )


def certificates() -> Iterator[Step]:
    """Both certificates are F^-1(PA): r is certified iff P(|x + eps| > 1) <= P(eps > r)."""
    yield from gaussian_steps.same_variance()
    where = "every R > 0 and scale"
    ours = tail(densities.laplace, _z, lam)
    written = -lam * sp.log(2 * densities.integral(densities.laplace, lam, _z, sp.oo))
    said = "Laplace's certificate R = -lambda log[2(1 - PA)] is where P(eps > R) = 1 - PA"
    yield equal(-lam * sp.log(2 * ours), _z, said, where, written=written)
    said = "and so is the Gaussian one, sigma Phi^-1(PA), Phi^-1(p) = sqrt(2) erfinv(2 p - 1)"
    theirs = tail(densities.gaussian, _z, sigma)
    below = sp.expand_func(sp.simplify((1 - 2 * theirs).rewrite(sp.erf)))
    written = densities.integral(densities.gaussian, sigma, _z, sp.oo)
    quantile = sp.sqrt(2) * sigma * sp.erfinv(1 - 2 * written)
    yield equal(sp.sqrt(2) * sigma * sp.erfinv(below), _z, said, where, written=quantile)
    said = "the tail falls in R: r is certified iff P(|x + eps| > 1) <= P(eps > r)"
    for density, scale, one in (
        (densities.laplace, lam, ours),
        (densities.gaussian, sigma, theirs),
    ):
        shown = sp.Derivative(densities.integral(density, scale, _z, sp.oo), _z)
        yield compare(sp.diff(one, _z), "<", 0, said, where, written=shown)


def certified_scales_are_intervals() -> Iterator[Step]:
    """For r < 1 - x the scales that certify r are (0, tie]; for r >= 1 - x there are none."""
    yield from laplace_scales_are_an_interval()
    yield from _gaussian_interval()


def laplace_scales_are_an_interval() -> Iterator[Step]:
    """The Laplace scales that certify r are (0, tie] for r < 1 - x, and none for r >= 1 - x."""
    missed = 1 - rops_steps.laplace_agreement(_near, _far, lam)
    split = sum(tail(densities.laplace, end, lam) for end in (_near, _far))
    where = "every lambda > 0, w = 1 - x, v = 1 + x"
    said = "P(|x + eps| > 1) = P(eps > w) + P(eps > v) > P(eps > r) for r >= w = 1 - x: no scale"
    yield equal(missed, split, f"{said} certifies such a radius", where, written=MISSED)
    ratio = split / tail(densities.laplace, _r, lam)
    ratio = sp.simplify(ratio.subs({_near: _r + _d, _far: _r + _d + 2 * _x}, simultaneous=True))
    share = MISSED / HELD
    where = "every lambda > 0, r >= 0, d = 1 - x - r > 0"
    tied = sp.exp(-_d / lam) + sp.exp(-(_d + 2 * _x) / lam)
    said = "Laplace noise certifies r where this share is at most 1"
    yield equal(ratio, tied, said, where, written=share)
    said = "the share rises strictly in lambda, from 0 to 2 ..."
    yield compare(sp.diff(tied, lam), ">", 0, said, where, written=sp.Derivative(share, lam))
    limits = sp.limit(tied, lam, 0), sp.limit(tied, lam, sp.oo)
    said = "... so r is certified from 0 up to one tie, where it is 1; the tie falls as r rises"
    yield equal(limits[0], 0, said, "lambda -> 0", written=sp.Limit(share, lam, 0))
    yield equal(limits[1], 2, said, "lambda -> oo", written=sp.Limit(share, lam, sp.oo))


def _gaussian_interval() -> Iterator[Step]:
    missed = 1 - rops_steps.gaussian_agreement(_near, _far, sigma)
    split = sum(tail(densities.gaussian, end, sigma) for end in (_near, _far))
    said = "P(|x + eps| > 1) = P(eps > w) + P(eps > v) > P(eps > r) for r >= w here too"
    where = "every sigma > 0, w = 1 - x, v = 1 + x"
    yield equal(missed, split, said, where, written=MISSED)
    near, far = _r + _d, _r + _d + 2 * _x
    surplus = 2 * (tail(densities.gaussian, _r, sigma) - split)
    surplus = surplus.subs({_near: near, _far: far, sigma: 1 / (sp.sqrt(2) * _t)})
    where = "every t = 1/(sqrt(2) sigma) > 0, r >= 0, d = 1 - x - r > 0"
    scaled = near * sp.exp(-_d * (2 * _r + _d) * _t**2)
    scaled += far * sp.exp(-(_d + 2 * _x) * (2 * _r + _d + 2 * _x) * _t**2) - _r
    name = sp.Function("F")(_t)
    yield equal(
        sp.sqrt(sp.pi) / 2 * sp.exp(_r**2 * _t**2) * sp.diff(surplus, _t),
        scaled,
        "F(t) = 2 P(eps > r) - 2 P(|x + eps| > 1) is >= 0 where Gaussian noise certifies r; its "
        "slope, scaled",
        where,
        written=sp.sqrt(sp.pi) / 2 * sp.exp(_r**2 * _t**2) * sp.Derivative(name, _t),
    )
    said = "it falls in t, to -r: F rises, and once it falls it falls for ever"
    yield compare(sp.diff(scaled, _t), "<", 0, said, where)
    said = "F = erf(wt) + erf(vt) - erf(rt) - 1 starts below 0 ..."
    yield equal(surplus.subs(_t, 0), -1, said, "sigma -> oo, t -> 0", written=name.subs(_t, 0))
    limit = sp.Limit(sp.erf(_z * _t), _t, sp.oo)
    said = "... and tends to 0, or to 1 where r = 0, as every erf tends to 1: F has one zero, and "
    said += "is positive beyond it, where sigma is smaller: r is certified from 0 up to one tie"
    yield equal(limit.doit(), 1, said, "sigma -> 0, t -> oo", written=limit)


def agreement_falls_from_the_origin() -> Iterator[Step]:
    """The agreement falls as |x| rises, under both noises: over a ball it is least at x + r."""
    where = "x = z > 0, d = 1 - x > 0, 1 + x = d + 2z (the slope of P(-v <= eps <= w) in x)"
    said = "the agreement falls as |x| rises, so that over |x' - x| <= r it is least at x + r: g "
    said += "keeps cA on that ball iff it does so at x + r"
    for density, scale in ((densities.laplace, lam), (densities.gaussian, sigma)):
        ends = density(_d, scale) - density(_d + 2 * _z, scale)
        yield compare(ends, ">", 0, said, where, along=(_z, sp.Integer(0), 1))


def slope_bound() -> Iterator[Step]:
    """erfc(v) - erfc(v + w) > 2 w exp(-(v + w)^2)/sqrt(pi) for v, w > 0."""
    yield compare(
        sp.erfc(_far) - sp.erfc(_far + _near),
        ">",
        2 * _near * sp.exp(-((_far + _near) ** 2)) / sp.sqrt(sp.pi),
        "the slope of erfc is steeper nearer to 0",
        "v, w > 0",
        along=(_near, sp.Integer(0), 1),
    )


def certified_larger_at_the_ends(
    x: sp.Rational, bracket: tuple[sp.Rational, sp.Rational]
) -> Iterator[Step]:
    """At x, Laplace's supremum is larger at the lower radius, the Gaussian one at the upper."""
    for radius, sign, larger in zip(bracket, (1, -1), ("Laplace", "Gaussian"), strict=True):
        deviation = between(x, radius)
        ours, theirs = (sign * value for value in margins(x, radius, deviation))
        first, second = (sign * sp.Function(name)(sp.Symbol("S")) for name in ("F_L", "F_G"))
        domain = f"x = {x}, r = {radius}, standard deviation S = {deviation}"
        reason = (
            "with F = P(eps > r) - P(|x + eps| > 1), which is >= 0 up to each supremum: the "
            f"{larger} supremum is the larger one at this end of the bracket, as S is below it or "
            "above the other one"
        )
        written = sp.Max(first, -second)
        yield compare(sp.Max(ours, -theirs), ">", 0, reason, domain, written=written, states=True)
        written = sp.Min(first, -second)
        yield compare(sp.Min(ours, -theirs), ">", 0, "in fact both", domain, written=written)


def between(x: sp.Rational, radius: sp.Rational) -> sp.Rational:
    """A rational standard deviation halfway between the two suprema at x and r, to 15 digits.

    It is a hint: a poor one would only leave a step unproved.

    >>> between(_R(3, 10), _R(69, 100)).evalf(6)
    0.377536
    """
    with mpmath.workdps(30):
        place, held = (mpmath.mpf(int(one.p)) / int(one.q) for one in (x, radius))

        def tie(law: Callable[[mpmath.mpf], mpmath.mpf]) -> mpmath.mpf:
            """1/deviation of the tie: the margin is negative before it, positive beyond it."""
            low, high = mpmath.mpf(0), mpmath.mpf(1) / 4
            while law(held * high) <= law((1 - place) * high) + law((1 + place) * high):
                low, high = high, 2 * high
            for _ in range(60):
                middle = (low + high) / 2
                ends = law((1 - place) * middle) + law((1 + place) * middle)
                low, high = (low, middle) if law(held * middle) > ends else (middle, high)
            return low

        ours = tie(lambda t: mpmath.exp(-mpmath.sqrt(2) * t))
        theirs = tie(lambda t: mpmath.erfc(t / mpmath.sqrt(2)))
        middle = (1 / ours + 1 / theirs) / 2
        return _R(int(mpmath.nint(middle * 10**15)), 10**15)
