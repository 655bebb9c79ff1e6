"""Steps about uniform noise on the cube, compared with Laplace and Gaussian noise.

Each generator yields steps; a derivation that needs them yields from it. A comparison starts from
`same_variance`, which is where the Laplace density enters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.steps import gaussian_steps
from theory.symbols import excess, lam, p, u

#: noise is uniform on [-half_width, half_width] in every coordinate
half_width = sp.Symbol("Lambda", positive=True)

#: the half width with the variance of Laplace noise; `same_variance` proves that it is
MATCHED = sp.sqrt(6) * lam

_HALF = sp.Rational(1, 2)
_v, _w = sp.Symbol("v", positive=True), sp.Symbol("v", nonnegative=True)
_m = sp.Symbol("m", positive=True)
_lost, _next = sp.Symbol("a", nonnegative=True), sp.Symbol("c", nonnegative=True)
_point = sp.Symbol("t", real=True)
_h, _R = sp.Function("h"), sp.Symbol("R")
_U, _G, _P = sp.Function("U"), sp.Function("G"), sp.Function("P_G")


def density(width: sp.Expr) -> sp.Expr:
    """The density of one coordinate inside [-width, width].

    >>> density(sp.Integer(2))
    1/4
    """
    return 1 / (2 * width)


def mass(lower: sp.Expr, upper: sp.Expr, width: sp.Expr = half_width) -> sp.Expr:
    """P(lower <= X_1 <= upper) for -width <= lower <= upper <= width, the integral of the density.

    >>> mass(sp.Integer(-2), sp.Integer(1), sp.Integer(2))
    3/4
    """
    return sp.integrate(density(width), (_point, lower, upper))


def same_variance(of: sp.Expr = MATCHED, *, states: bool = False) -> Iterator[Step]:
    """E eps^2 is the same for Laplace noise of scale lambda and uniform noise of half width."""
    variance = densities.moment(densities.laplace, lam, 2)
    yield equal(
        variance,
        2 * lam**2,
        "the variance of Laplace noise, from the density",
        "every lambda",
        written=sp.Integral(_point**2 * densities.laplace(_point, lam), (_point, -sp.oo, sp.oo)),
    )
    shown = sp.Integral(_point**2 * density(of), (_point, -of, of))
    yield equal(
        shown.doit(),
        variance,
        f"uniform noise of Lambda = {sp.sstr(of)} has the same variance, from its density",
        "every lambda",
        written=shown,
        states=states,
    )


def overlap_bounds_the_loss() -> Iterator[Step]:
    """What any event loses under the move: at most r / (2 Lambda), in every dimension."""
    moved = sp.Integral(density(half_width), (_point, _m - half_width, half_width))
    yield equal(
        mass(_m - half_width, half_width),
        1 - _m / (2 * half_width),
        "the mass that one coordinate of X and of Y = X + delta have in common, "
        "int min(mu_X, mu_Y), from the density",
        "0 < |delta_i| = m <= 2 Lambda (a negative delta_i is the mirror image)",
        written=moved,
    )
    yield compare(
        (1 - _lost) * (1 - _next),
        ">=",
        1 - (_lost + _next),
        "the coordinates are independent, so the common masses multiply: where they are at least "
        "1 - a so far and 1 - c in the next coordinate, with c = |delta_i| / (2 Lambda), they are "
        "at least 1 - a - c together, hence at least 1 - r/(2 Lambda) for ||delta||_1 = r; and no "
        "event loses more than what is not in common",
        "0 <= a, 0 <= c <= 1, any dimension (the step joins one more coordinate)",
        form=_lost * _next,
    )


def radius_is_sound(radius: sp.Expr) -> Iterator[Step]:
    """PA - r/(2 Lambda) > 1/2 at every r < radius, a formula in p and Lambda."""
    yield compare(
        p - (radius - excess) / (2 * half_width),
        ">",
        _HALF,
        "P(f(Y) = cA) >= PA - r/(2 Lambda), at r = R - s",
        "1/2 < PA <= 1, 0 < s <= R (at PA = 1/2 there is no r < R = 0)",
        along=(excess, sp.Integer(0), 1),
        written=p - (_R - excess) / (2 * half_width),
        states=True,
    )


def radius_is_exact(radius: sp.Expr) -> Iterator[Step]:
    """Along an axis a half-space of mass PA falls below 1/2 beyond the radius."""
    threshold = _w * half_width
    bound = mass(-half_width, threshold)
    yield equal(
        bound,
        (1 + _w) / 2,
        "the half-space x_1 <= v Lambda has the mass PA = (1 + v)/2, from the density",
        "1/2 <= PA <= 1, 0 <= v <= 1",
        written=sp.Integral(density(half_width), (_point, -half_width, threshold)),
    )
    yield compare(
        mass(-half_width, threshold - radius.subs(p, bound) - excess),
        "<",
        _HALF,
        "Y_1 = X_1 + R + s is in it iff X_1 <= v Lambda - R - s, which has this mass, or none "
        "where s is larger than Lambda",
        "1/2 <= PA <= 1, 0 < s <= Lambda, every dimension",
        along=(excess, sp.Integer(0), 1),
        written=_HALF + (threshold - _R - excess) / (2 * half_width),
        states=True,
    )


def radius_is_threshold(radius: sp.Expr, width: sp.Expr) -> Iterator[Step]:
    """The uniform radius, at the half width, is where P(X_1 <= R) = PA for uniform noise."""
    yield equal(
        radius.subs(p, mass(-half_width, _v * half_width)).subs(half_width, width),
        _v * width,
        "the uniform radius U is where P(X_1 <= U) = PA, from the density",
        "1/2 < PA = (1 + v)/2 < 1",
        written=sp.Symbol("U"),
    )


def by_laplace_tail(radii: Mapping[str, sp.Expr], depth: sp.Symbol) -> sp.Expr:
    """(U - L)/lambda at PA = P(X_1 <= k lambda) = 1 - e^(-k)/2 of Laplace noise, k = depth > 0.

    >>> rows = {"laplace": -lam * sp.log(2 * (1 - p)), "uniform": MATCHED * (2 * p - 1)}
    >>> by_laplace_tail(rows, u)
    -u + sqrt(6) - sqrt(6)*exp(-u)
    """
    bound = gaussian_steps.laplace_mass_below(depth)
    return sp.expand(
        sp.simplify(radii["uniform"].subs(p, bound) / lam)
        - sp.simplify(radii["laplace"].subs(p, bound) / lam)
    )


def by_gaussian_tail(radii: Mapping[str, sp.Expr]) -> sp.Expr:
    """(U - G)/lambda at PA = (1 + erf u)/2, the Gaussian mass below 2 lambda u, in u.

    >>> rows = {"cohen": 2 * lam * sp.erfinv(2 * p - 1), "uniform": MATCHED * (2 * p - 1)}
    >>> by_gaussian_tail(rows)
    -2*u + sqrt(6)*erf(u)
    """
    bound = gaussian_steps.mass_below(2 * lam * u)
    return sp.expand(
        sp.simplify(radii["uniform"].subs(p, bound) / lam)
        - sp.simplify(radii["cohen"].subs(p, bound) / lam)
    )


def concave_with_one_zero(gap: sp.Expr, symbol: sp.Symbol, name: str) -> Iterator[Step]:
    """gap is 0 and rising at 0, concave, and falls to -oo: one zero, positive before it.

    The steps at 0 are the statement itself: where the gap is another one, they are false.
    """
    domain = f"PA -> 1/2, which is {symbol} -> 0"
    written = _h(symbol)
    yield equal(
        sp.limit(gap, symbol, 0),
        0,
        f"the difference h = {name} in lambda starts at 0: both radii vanish",
        domain,
        written=sp.Limit(written, symbol, 0),
        states=True,
    )
    yield compare(
        sp.limit(sp.diff(gap, symbol), symbol, 0),
        ">",
        0,
        "h rises at first",
        domain,
        written=sp.Limit(sp.Derivative(written, symbol), symbol, 0),
        states=True,
    )
    yield compare(
        sp.diff(gap, symbol, 2),
        "<",
        0,
        "h is strictly concave, so it has one zero beyond 0 at most, and is positive before it",
        f"{symbol} > 0",
        written=sp.Derivative(written, (symbol, 2)),
    )
    yield compare(
        sp.limit(sp.diff(gap, symbol), symbol, sp.oo),
        "<",
        0,
        "and it tends to -oo, as its slope does not tend to 0",
        f"PA -> 1, which is {symbol} -> oo",
        written=sp.Limit(sp.Derivative(written, symbol), symbol, sp.oo),
    )


def maximum_of_concave(
    gap: sp.Expr, symbol: sp.Symbol, place: sp.Expr, most: sp.Expr, name: str
) -> Iterator[Step]:
    """gap, concave as above, is largest at the place, and its value there is ``most``."""
    domain = f"{symbol} = {place}"
    yield equal(
        gap.subs(symbol, place),
        most,
        f"the largest value of h = {name}, in lambda",
        domain,
        written=_h(place),
        states=True,
    )
    yield equal(
        sp.diff(gap, symbol).subs(symbol, place),
        0,
        "it is taken where the slope of the concave h is 0",
        domain,
        written=sp.Subs(sp.Derivative(_h(symbol), symbol), symbol, place),
    )


def lead_of_gaussian(
    radii: Mapping[str, sp.Expr],
    over_gaussian: sp.Expr,
    crossing: tuple[sp.Rational, sp.Rational],
    lead: tuple[sp.Rational, sp.Rational],
) -> Iterator[Step]:
    """Where G is the largest it leads by most at U = L, and by a number inside the bracket.

    ``over_gaussian`` is U - G as `by_gaussian_tail` gives it, ``crossing`` the bracket of the p at
    which U = L.
    """
    ours, theirs = gaussian_steps.radii_by_tail(radii)
    yield compare(
        over_gaussian.subs(u, 1),
        ">",
        0,
        "U > G here, so the interval on which G is the largest lies beyond u = 1",
        "u = 1, PA = (1 + erf 1)/2",
        written=_U(1) - _G(1),
    )
    yield compare(
        sp.diff(over_gaussian, u).subs(u, 1),
        "<",
        0,
        "the concave U - G falls from u = 1 on, so G - U rises on that interval",
        "u >= 1",
        written=sp.Subs(sp.Derivative(_U(u) - _G(u), u), u, 1),
    )
    yield from gaussian_steps.difference_has_one_zero(ours - theirs)
    yield compare(
        sp.diff(ours - theirs, u).subs(u, 1),
        ">",
        0,
        "the convex h = L - G rises from u = 1 on, so G - L falls on that interval, and the lesser "
        "of the two leads is largest where they are equal: at U = L",
        "u >= 1",
        written=sp.Subs(sp.Derivative(_h(u), u), u, 1),
    )
    for end, more, relation, side in (
        (crossing[1], lead[0], "<", "above"),
        (crossing[0], lead[1], ">", "below"),
    ):
        yield compare(
            gaussian_steps.mass_below(radii["laplace"].subs(p, end) + more * lam),
            relation,
            end,
            f"P(X_1 <= L + {more} lambda) for Gaussian noise against PA: G - L is {side} "
            f"{more} lambda at this end of the bracket of U = L, and G - L falls",
            f"PA = {end}",
            written=_P(sp.Symbol("L") + more * lam),
            states=True,
        )
