"""Steps about which noise certifies a radius longer, at every x: the base classifier of Appendix D.

At Laplace's tie (`certified_rops_steps`), with k = 1/(2 lambda) and s = x k, the radius is
r = 1 - x - q/k, where q = log(1 + e^(-4s))/2; g = s + q is log(2 cosh 2s)/2. There the Gaussian
noise of the same variance misses the radius by M(k, s)/2 = P(|x + eps| > 1) - P(eps > r), with

    M(k, s) = erfc(k - s) + erfc(k + s) - erfc(k - g).

Laplace's supremum is the larger one where M > 0, and the Gaussian one where M < 0.
"""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory import densities
from theory.derivation import Step, compare, equal
from theory.steps import gaussian_steps, rops_steps
from theory.steps.certified_rops_steps import HELD, MISSED, slope_bound, tail
from theory.symbols import lam

_x, _s = sp.Symbol("x", nonnegative=True), sp.Symbol("s", nonnegative=True)
_k, _q, _g, _T = sp.symbols("k q g T", positive=True)
_far, _near = sp.symbols("v w", positive=True)
_M, _D = sp.Function("M"), sp.Function("D")
_ROOT = sp.E * sp.sqrt(sp.pi)
_RAY = "0 < k <= 1, x = s/k in [0, 1)"

#: M(k, s) with g a symbol of its own
_EXCESS = sp.erfc(_k - _s) + sp.erfc(_k + _s) - sp.erfc(_k - _g)


def _tanh(of: sp.Expr) -> sp.Expr:
    return (1 - sp.exp(-2 * of)) / (1 + sp.exp(-2 * of))


def _two_cosh(of: sp.Expr) -> sp.Expr:
    return sp.exp(of) + sp.exp(-of)


def excess_at_tie(k: sp.Expr, s: sp.Expr, q: sp.Expr) -> sp.Expr:
    """M(k, s) with g = s + q.

    >>> excess_at_tie(sp.Integer(1), sp.Integer(0), sp.log(2) / 2).evalf(3)
    -0.0408
    """
    return _EXCESS.subs({_k: k, _s: s, _g: s + q}, simultaneous=True)


def _q_of(s: sp.Expr) -> sp.Expr:
    return sp.log(1 + sp.exp(-4 * s)) / 2


def tie_and_excess() -> Iterator[Step]:
    """Laplace's tie at radius r, and the Gaussian M(k, s) there, both from the densities."""
    gap = _q_of(_x * _k) / _k
    ends = {_near: 1 - _x, _far: 1 + _x}
    missed = 1 - rops_steps.laplace_agreement(_near, _far, 1 / (2 * _k)).subs(ends)
    held = tail(densities.laplace, 1 - _x - gap, 1 / (2 * _k))
    where = "every x in [0, 1), k = 1/(2 lambda) > 0"
    said = "at r = 1 - x - q/k, q = log(1 + e^(-4xk))/2, the share is 1: this is Laplace's tie"
    share = MISSED / HELD
    yield equal(sp.simplify(missed / held), 1, said, where, written=share)
    spread = gaussian_steps.MATCHED.subs(lam, 1 / (2 * _k))
    missed = 1 - rops_steps.gaussian_agreement(_near, _far, spread).subs(ends)
    held = tail(densities.gaussian, 1 - _x - gap, spread)
    excess = excess_at_tie(_k, _x * _k, _q_of(_x * _k))
    said = "M(k, s) = 2 P(|x + eps| > 1) - 2 P(eps > r) under Gaussian noise of that deviation: "
    said += "where M > 0 it does not certify r, and Laplace's supremum is the larger one"
    yield equal((2 * missed - 2 * held).rewrite(sp.erfc), excess, said, where, written=_M(_k, _s))
    grown = 1 + sp.exp(-4 * _x * _k)
    rise = sp.expand(sp.diff(1 - _x - gap, _k) * _k**2 * grown)
    form = _q_of(_x * _k) * grown + 2 * _x * _k * sp.exp(-4 * _x * _k)
    said = "r rises with k along the tie"
    written = _k**2 * grown * sp.Derivative(sp.Function("r")(_k), _k)
    yield compare(sp.cancel(rise), ">", 0, said, where, form=form, written=written)


def one_crossing_on_every_ray() -> Iterator[Step]:
    """For every x in [0, 1), M(k, x k) is positive up to one zero k < 1 and negative beyond it."""
    where = "every s >= 0, k > 0"
    q = _q_of(_s)
    yield from tie_and_excess()
    yield from _slope_of_g()
    scaled = -sp.sqrt(sp.pi) / 2 * sp.exp(_k**2)
    yield equal(
        scaled * sp.diff(_EXCESS, _k),
        sp.exp(-(_s**2)) * _two_cosh(2 * _k * _s) - sp.exp(2 * _g * _k - _g**2),
        "at a fixed s, M falls in k where L = log(2 cosh 2ks) - s^2 - 2gk + g^2 is positive",
        where,
        written=scaled * sp.Derivative(_M(_k, _s), _k),
    )
    # log(2 cosh 2ks) = 2ks + log(1 + e^(-4ks))
    level = 2 * _k * _s + sp.log(1 + sp.exp(-4 * _k * _s)) - _s**2 - 2 * _g * _k + _g**2
    slope = sp.diff(level, _k).subs(_g, _s + _q)
    form = -4 * _s / (sp.exp(4 * _k * _s) + 1) - 2 * _q
    written = sp.Derivative(sp.Function("L")(_k), _k)
    yield compare(slope, "<", 0, "L falls in k", where, form=form, written=written)
    said = "and L(1) = g^2 - s^2 > 0: M falls in k up to 1, and beyond it falls and then rises ..."
    at_one = level.subs({_k: 1, _g: _s + q}, simultaneous=True)
    form = q * (2 * _s + q)
    written = sp.Function("L")(1)
    yield compare(at_one, ">", 0, said, "every s >= 0", form=form, written=written)
    limit = sp.Limit(sp.erfc(_k), _k, sp.oo)
    said = "... to 0, as each term of M does"
    yield equal(limit.doit(), 0, said, "k -> oo", written=limit)
    yield from _negative_at_one()
    yield from _falls_along_the_ray()


def _slope_of_g() -> Iterator[Step]:
    q, where = _q_of(_s), "every s >= 0"
    said = "g = s + q rises with s: its slope T = (1 - e^(-4s))/(1 + e^(-4s)) is tanh 2s ..."
    slope = sp.Derivative(sp.Function("g")(_s), _s)
    yield equal(sp.diff(_s + q, _s), _tanh(2 * _s), said, where, written=slope)
    said = "... and e^(2g) = e^(2s) + e^(-2s) = 2 cosh 2s"
    twice = sp.exp(2 * sp.Function("g")(_s))
    yield equal(sp.exp(2 * (_s + q)), _two_cosh(2 * _s), said, where, written=twice)


def _negative_at_one() -> Iterator[Step]:
    where = "k = 1, every s >= 0"
    at_one = _EXCESS.subs(_k, 1)
    two_sinh = sp.exp(2 * _s) - sp.exp(-2 * _s)
    said = "e^(2s) - e^(-2s) = T e^(2g)"
    yield equal(
        _tanh(2 * _s) * _two_cosh(2 * _s), two_sinh, said, where, written=_T * sp.exp(2 * _g)
    )
    yield equal(
        sp.diff(at_one, _s) + _T * sp.diff(at_one, _g),
        2 * (two_sinh * sp.exp(-(_s**2)) - _T * sp.exp(2 * _g) * sp.exp(-(_g**2))) / _ROOT,
        "so the slope of M(1, s) is this, (e^(2s) - e^(-2s)) (e^(-s^2) - e^(-g^2)) times a "
        "positive number",
        where,
        written=sp.Derivative(_M(1, _s), _s),
    )
    said = "M(1, s) rises in s, as g > s, ..."
    yield compare((_s + _q) ** 2, ">", _s**2, said, where, form=_q * (2 * _s + _q))
    said = "... and is below erfc(1 + s) ..."
    above = at_one.subs(_g, _s + _q)
    along = (_q, sp.Integer(0), 1)
    yield compare(above, "<", sp.erfc(1 + _s), said, where, along=along, written=_M(1, _s))
    limit = sp.Limit(sp.erfc(1 + _s), _s, sp.oo)
    said = "... which tends to 0: M(1, s) < 0, and so M < 0 for every k >= 1"
    yield equal(sp.limit(sp.erfc(1 + _s), _s, sp.oo), 0, said, "s -> oo", written=limit)


def _falls_along_the_ray() -> Iterator[Step]:
    near, far, held = (sp.exp(-((_k + by) ** 2)) for by in (-_s, _s, -_g))
    slope = _k * sp.diff(_EXCESS, _k) + _s * (sp.diff(_EXCESS, _s) + _T * sp.diff(_EXCESS, _g))
    scaled = -sp.sqrt(sp.pi) / 2
    yield equal(
        scaled * slope,
        (_k - _s) * near + (_k + _s) * far - (_k - _s * _T) * held,
        "the slope of M along the ray of a fixed x, s = xk, where k d/dk moves k by k and s by s",
        _RAY,
        written=scaled * _k * sp.Derivative(_M(_k, _x * _k), _k),
    )
    said = "P = e^(-(k-s)^2) + e^(-(k+s)^2) has this difference for P tanh(2ks)"
    gain = (near + far) * (sp.exp(2 * _k * _s) - sp.exp(-2 * _k * _s))
    yield equal((near - far) * _two_cosh(2 * _k * _s), gain, said, _RAY)
    m, h, j, beta, a = sp.symbols("m h j beta a", positive=True)
    tanh = 1 - beta
    k = _s + a
    yield compare(
        k * (m + h) - _s * (m + h) * tanh - (k - _s * (tanh + j)) * m,
        ">",
        0,
        "so M falls along the ray: m = e^(-(k-g)^2), P = m + h with h > 0 by L > 0, "
        "tanh(2ks) = 1 - beta, T = tanh(2ks) + j with j >= 0 as k <= 1, k = s + a",
        _RAY,
        form=h * (a + _s * beta) + _s * m * j,
    )
    start = sp.Limit(_M(_k, _x * _k), _k, 0)
    said = "from a positive value; it is negative for k >= 1: one zero, in (0, 1)"
    first = _EXCESS.subs({_k: 0, _s: 0, _g: sp.log(2) / 2}, simultaneous=True)
    yield compare(first, ">", 0, said, "k -> 0, every x", written=start)


def one_location() -> Iterator[Step]:
    """At r = 0, where k = g, the sign of M changes once as x = s/g runs over [0, 1)."""
    yield from tie_and_excess()
    yield from _slope_of_g()
    where = "r = 0, which is k = g, x = s/g, every s >= 0"
    at_zero = sp.erfc(_g - _s) + sp.erfc(_g + _s) - 1
    said = "D(s) = M(g, s), the Gaussian excess at Laplace's tie of r = 0"
    yield equal(_EXCESS.subs(_k, _g), at_zero, said, where, written=_D(_s))
    near, far = -2 * _s - (_g - _s) ** 2, 2 * _s - (_g + _s) ** 2
    # T = 1 - 2 e^(-2s)/c = 2 e^(2s)/c - 1 with c = e^(2s) + e^(-2s)
    falls, rises = sp.diff(at_zero, _s) + sp.diff(at_zero, _g), sp.diff(at_zero, _g)
    slope = falls * _two_cosh(2 * _s) - 2 * sp.exp(-2 * _s) * rises
    scaled = sp.sqrt(sp.pi) / 4
    yield equal(
        sp.expand(scaled * slope),
        sp.exp(near) - sp.exp(far),
        "its slope, with T = 1 - 2 e^(-2s)/(e^(2s) + e^(-2s)), is negative where g < 1 and "
        "positive where g > 1 ...",
        where,
        written=scaled * _two_cosh(2 * _s) * sp.Derivative(_D(_s), _s),
    )
    said = "... by the exponents"
    yield equal(near - far, 4 * _s * (_g - 1), said, where)
    said = "g rises with s from below 1; it is above s, so it tends to oo"
    yield compare(_q_of(sp.Integer(0)), "<", 1, said, "s = 0", written=sp.Function("g")(0))
    said = "so D falls from this value while g < 1 ..."
    first = at_zero.subs({_s: 0, _g: sp.log(2) / 2}, simultaneous=True)
    yield compare(first, ">", 0, said, "s = 0, x = 0", written=_D(0))
    far_end = sp.limit(_q_of(_s), _s, sp.oo)
    last = sp.Limit(sp.Function("q")(_s), _s, sp.oo)
    said = "g - s = q tends to 0, so that x = s/g tends to 1 ..."
    yield equal(far_end, 0, said, "s -> oo", written=last)
    limit = sp.limit(at_zero.subs(_g, _s + far_end), _s, sp.oo)
    said = "... and D, which rises at last, to 0: one zero, D > 0 before it and D < 0 beyond it"
    yield equal(limit, 0, said, "s -> oo, x -> 1", written=sp.Limit(_D(_s), _s, sp.oo))
    share = (_s + _q) * (sp.exp(4 * _s) + 1) - _s * (sp.exp(4 * _s) - 1)
    form = _q * (sp.exp(4 * _s) + 1) + 2 * _s
    said = "x = s/g rises with s over [0, 1): g - s T > 0, here times e^(4s) + 1"
    yield compare(share, ">", 0, said, where, form=form)


def grows_without_bound(x: sp.Rational, factor: sp.Expr) -> Iterator[Step]:
    """At C times Laplace's supremum Gaussian noise certifies r near 1 - x, for every C.

    A finite ``factor`` states instead that it does not at C = factor. The point x is in (0, 1).
    """
    yield from tie_and_excess()
    yield from gaussian_steps.mills_bound()
    yield from slope_bound()
    times = sp.Symbol("C", positive=True) if factor is sp.oo else factor
    relation = "<" if factor is sp.oo else ">="
    where = f"x = {x}, r -> 1 - x, which is k -> oo, every C > 0, z = e^(-4xk)"
    z = sp.Symbol("z", positive=True)
    limit = sp.Limit(sp.log(1 + z) / (2 * z), z, 0)
    said = "q = log(1 + z)/2 is of the order of z"
    yield equal(limit.doit(), sp.Rational(1, 2), said, where, written=limit)
    near, far = (1 - x) * _k / times, (1 + x) * _k / times
    lost = gaussian_steps.tail_bound(far)
    held = sp.exp(-4 * x * _k) * sp.exp(-(near**2)) / (times * sp.sqrt(sp.pi))
    limit = sp.Limit(sp.simplify(lost / held), _k, sp.oo)
    said = (
        "at C times Laplace's supremum, with the bounds on erfc((1 + x)k/C), above, and on "
        "erfc(((1 - x)k - q)/C) - erfc((1 - x)k/C), below, and z for 2q, Gaussian noise certifies "
        "r where this share is below 1"
    )
    yield compare(limit.doit(), relation, 1, said, where, written=limit, states=True)
