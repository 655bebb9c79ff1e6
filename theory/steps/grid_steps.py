"""Steps about discrete Laplace noise on Z^d, from the probabilities of its atoms.

q = e^-eps is 1/(1 + w) with w > 0, so that signs follow from the assumptions. ``mass`` is
P(K = n) for n = |k|, in the symbols `q` and `n` of this module; ``lower`` and ``upper`` are the
branches of the least mass that an event of mass p keeps after one step, in q and p.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import sympy as sp

from theory.derivation import Step, compare, equal
from theory.symbols import excess, lam, p, p_a, p_b

q = sp.Symbol("q", positive=True)
n = sp.Symbol("n", integer=True, nonnegative=True)
m = sp.Symbol("m", positive=True)
eps = sp.Symbol("varepsilon", positive=True)
level_a, level_b = sp.symbols("V_A V_B", positive=True)
classes = sp.Symbol("K", positive=True)

_w, _c, _unit, _mass = sp.symbols("w c T y", positive=True)
_v = sp.Symbol("v", nonnegative=True)
_z = sp.Symbol("z", positive=True)
_N = sp.Symbol("N", integer=True, positive=True)
_P, _T, _f, _G, _R, _V = (sp.Function(name) for name in ("P", "T", "f", "G", "R", "V"))
_k = sp.Symbol("k", integer=True)
_EVERY = "every 0 < q < 1, q = 1/(1 + w); every n >= 0"


def _in_w(expression: sp.Expr) -> sp.Expr:
    return sp.sympify(expression, strict=True).subs(q, 1 / (1 + _w))


def _at(mass: sp.Expr, distance: sp.Expr | int) -> sp.Expr:
    return _in_w(mass.subs(n, distance))


def tail(distance: sp.Expr | int) -> sp.Expr:
    """P(K >= distance) for a distance of at least 0, in w; `sums_to_tail` proves it.

    >>> tail(0), sp.simplify(tail(0) + tail(1))
    ((w + 1)/(w + 2), 1)
    """
    return sp.factor(1 / (1 + 1 / (1 + _w))) * (1 + _w) ** (-sp.sympify(distance, strict=True))


def _in_tails(mass: sp.Expr) -> sp.Expr:
    """A mass in units of T(n) = P(K >= n), whose powers cancel."""
    return _factored(mass / tail(n))


@lru_cache(maxsize=64)
def _factored(ratio: sp.Expr) -> sp.Expr:
    return sp.factor(sp.powsimp(sp.expand(ratio)))


def sums_to_tail(mass: sp.Expr) -> Iterator[Step]:
    """The tails q^n/(1 + q) are sums of the atoms, and all atoms add up to 1."""
    yield equal(
        _in_tails(_at(mass, n)),
        1 - _in_tails(tail(n + 1)),
        "P(K = n) is the difference of T(n) = P(K >= n) = q^n/(1 + q) and T(n + 1)",
        _EVERY,
        written=_P(n) / _T(n),
        states=True,
    )
    yield equal(
        sp.limit(tail(_N), _N, sp.oo),
        0,
        "T vanishes far out, so that it is the sum of the atoms",
        _EVERY,
        written=sp.Limit(_T(n), n, sp.oo, "-"),
    )
    yield equal(
        tail(0) + tail(1),
        1,
        "P(K >= 0) + P(K <= -1) = 1, as the law is symmetric",
        _EVERY,
        written=_T(0) + _T(1),
    )


def one_step_ratio(mass: sp.Expr) -> Iterator[Step]:
    """One step has two likelihood ratios: 1/q at k >= 1 and q at k <= 0."""
    away, back = _at(mass, n), _at(mass, n + 1)
    yield equal(
        away / back,
        1 + _w,
        "Y = X + 1 against X at k = n + 1: the likelihood ratio is 1/q = e^eps",
        f"{_EVERY}, k = n + 1",
        written=_P(_k - 1) / _P(_k),
        states=True,
    )
    yield equal(
        back / away,
        1 / (1 + _w),
        "at k = -n it is q = e^-eps",
        f"{_EVERY}, k = -n",
        written=_P(_k - 1) / _P(_k),
        states=True,
    )


def dp_radii(first: sp.Expr, second: sp.Expr, binary: sp.Expr) -> Iterator[Step]:
    """Theorem 1's and 2's radii from e^(-eps m) P <= P' <= e^(eps m) P alone.

    A path of m unit steps multiplies m ratios of at most e^eps; h m/lambda = eps m. First each
    radius at a tie of two half-lines, which no sound radius exceeds.
    """
    shrink = sp.exp(-m)  # e^(-eps m), with eps m for m
    tied = {p_b: p_a * shrink**2}
    yield compare(
        first.subs(tied),
        "<=",
        lam * m,
        "necessary: half-lines of masses PA <= 1/2 and PB = PA e^(-2 eps m) tie after m steps",
        "PB = PA e^(-2 eps m), eps m > 0",
        written=_R(p_a, p_b),
        form=sp.simplify(sp.expand_log(first.subs(tied) - lam * m, force=True)),
        states=True,
    )
    half = {p_a: 1 - shrink / 2, p_b: shrink / 2}
    for radius in (second, binary):
        yield compare(
            radius.subs(half, simultaneous=True),
            "<=",
            lam * m,
            "necessary: a half-line of mass PA = 1 - e^(-eps m)/2 and the rest tie after m steps",
            "PB = 1 - PA = e^(-eps m)/2, eps m > 0",
            written=_R(p_a, p_b),
            form=sp.simplify(sp.expand_log(radius.subs(half) - lam * m, force=True)),
            states=True,
        )
    closer = sp.exp(excess / lam)  # e^(-eps m) = e^((s - R)/lambda) at h m = R - s
    yield compare(
        sp.powsimp(sp.simplify(p_a * closer**2 * sp.exp(-2 * first / lam))),
        ">",
        p_b,
        "PA e^(-eps m) > PB e^(eps m) where h m = R - s is below the first term",
        "every PA, PB, lambda > 0, every s > 0",
        along=(excess, sp.S.Zero, 1),
    )
    other = sp.Symbol("l", positive=True)  # 1 - PA + PB, or 2 (1 - PA)
    for radius, place, said in (
        (second, {p_a: 1 + p_b - other}, "1 - e^(eps m)(1 - PA) > e^(eps m) PB"),
        (binary, {p_a: 1 - other / 2}, "1 - e^(eps m)(1 - PA) > 1/2"),
    ):
        yield compare(
            sp.simplify(sp.exp((radius - excess) / lam).subs(place)) * other,
            "<",
            1,
            f"{said} where h m = R - s: what is not cA gains at most the factor e^(eps m)",
            "l = 1 - PA + PB, and l = 2 (1 - PA), every l > 0, lambda > 0, s > 0",
            along=(excess, sp.S.Zero, 1),
        )


def trade_off(mass: sp.Expr, lower: sp.Expr, upper: sp.Expr) -> Iterator[Step]:
    """The least mass after one step is max(lower, upper); each is attained where it is the larger.

    An event keeps at least q p, and its complement grows to at most (1 - p)/q: the ratio lies in
    [q, 1/q].
    """
    yield from sums_to_tail(mass)
    yield from one_step_ratio(mass)
    low, high = _in_w(lower), _in_w(upper)
    yield equal(
        p * tail(1) / tail(0),
        low,
        "f(p) = q p, the least of all: attained by a share p/F(0) of {k <= 0}",
        "every 0 < p <= F(0) = 1/(1 + q)",
        written=_f(p),
        states=True,
    )
    yield equal(
        1 - (1 - p) * tail(0) / tail(1),
        high,
        "f(p) = 1 - (1 - p)/q, the least of all: attained without a share (1 - p)/P(K >= 1) of "
        "{k >= 1}",
        "every F(0) <= p < 1",
        written=_f(p),
        states=True,
    )
    for place, relation, where in (
        (tail(0) / (1 + _v), ">=", "p = F(0)/(1 + v), v >= 0"),
        (1 - tail(1) / (1 + _v), "<=", "p = 1 - P(K >= 1)/(1 + v), v >= 0"),
    ):
        yield compare(
            sp.factor(low.subs(p, place)),
            relation,
            sp.factor(high.subs(p, place)),
            "the attained branch is the larger one",
            where,
        )
    for branch in (low, high):
        yield compare(
            sp.diff(branch, p),
            ">",
            0,
            "f rises, so a path of m unit steps, in any directions, keeps f(f(...f(p)))",
            _EVERY,
        )


def half_lines_walk(mass: sp.Expr, lower: sp.Expr, upper: sp.Expr) -> Iterator[Step]:
    """{k < t} with a share c of the atom t is moved to {k < t - 1} with the same share, by f."""
    low, high = _in_w(lower), _in_w(upper)
    # T(n) cancels: f is homogeneous below, and 1 - f(1 - p) above
    here = _in_tails(tail(n + 1)) + _c * _in_tails(_at(mass, n))
    there = _in_tails(tail(n + 2)) + _c * _in_tails(_at(mass, n + 1))

    def in_units(moved: sp.Expr) -> sp.Expr:
        return sp.expand(moved) / _unit

    yield equal(
        in_units(low.subs(p, _unit * _mass)).subs(_mass, here).subs(_unit, tail(n)),
        there,
        "f(G(t, c)) = G(t - 1, c) for t = -n <= 0, G(t, c) = P(K < t) + c P(K = t)",
        f"{_EVERY}, every c",
        written=_f(_G(-n, _c)) / _T(n),
    )
    yield equal(
        in_units(1 - high.subs(p, 1 - _unit * _mass)).subs(_mass, there).subs(_unit, tail(n)),
        here,
        "and for t = n + 1 >= 1, by 1 - G(t, 1 - c) = P(K > t) + c P(K = t)",
        f"{_EVERY}, every c",
        written=(1 - _f(_G(n + 1, 1 - _c))) / _T(n),
    )


def lattice(mass: sp.Expr, lower: sp.Expr, upper: sp.Expr, steps: sp.Expr) -> Iterator[Step]:
    """2 m < V(PA) - V(PB') decides, with V(G(t, c)) = t + c - 1/2."""
    yield equal(
        level_a - steps,
        level_b + steps,
        "a step costs one: cA keeps at least V^-1(V(PA) - m), any other class has at most "
        "V^-1(V(PB') + m), PB' = min(PB, 1 - PA), and they tie at m = (V(PA) - V(PB'))/2",
        "every V(PA) > V(PB')",
        written=_V(p_a) - _R(p_a, p_b),
        states=True,
    )
    yield from trade_off(mass, lower, upper)
    yield from half_lines_walk(mass, lower, upper)
    yield compare(
        _at(mass, n),
        ">",
        0,
        "G rises strictly in t + c, so V is well defined, and the order of masses is that of V",
        _EVERY,
    )
    yield equal(
        _in_tails(tail(n + 1)) + _c * _in_tails(_at(mass, n)),
        1 - (1 - _c) * _in_tails(_at(mass, n)),
        "1 - G(-n, c) = G(n, 1 - c): the mirrored half-line of cB has the level -V, and two "
        "half-lines of masses PA + PB' <= 1 with shares of what is between them attain the tie",
        f"{_EVERY}, every c",
        written=_G(-n, _c) / _T(n),
    )


def deterministic(mass: sp.Expr, atom: sp.Expr) -> Iterator[Step]:
    """Shares of an atom on the axis by whole points of the other d - 1 coordinates.

    The points in the order of their masses, each to the class that lacks most: it fits if K times
    a point is at most all that is left.
    """
    yield from sums_to_tail(mass)
    yield compare(
        1 / atom,
        ">=",
        classes,
        "at the largest P(0): all points have 1/P(0) times the mass of the heaviest, the origin",
        "P(0) = tanh(eps/2)^(d - 1), every K",
        written=1 / _P(0),
        states=True,
    )
    yield equal(
        _at(mass, n + 1) / _at(mass, n),
        1 / (1 + _w),
        "a point of norm s has P(0) q^s, with N_s such points in Z^N, N = d - 1",
        _EVERY,
    )
    yield equal(
        sp.factor(_at(mass, 0) * (1 + 2 * tail(1) / _at(mass, 0))),
        1,
        "one coordinate: 1 + 2 (q + q^2 + ...) = (1 + q)/(1 - q), to the power N sum N_s q^s",
        _EVERY,
    )
    yield equal(
        (1 - _z) * ((1 + _z) / (1 - _z)) ** _N,
        (1 + _z) ** _N * (1 - _z) ** (1 - _N),
        "N_(s+1) - N_s are the coefficients of (1 + z)^N/(1 - z)^(N - 1), none negative: beyond a "
        "point of norm s lies at least q^s times what lies beyond the origin, so all points fit",
        "every N >= 1",
    )


def binary(mass: sp.Expr, lower: sp.Expr, upper: sp.Expr, radius: sp.Expr) -> Iterator[Step]:
    """f(f(...f(PA))) > 1/2 exactly for h m < -lambda log[2 (1 - PA)]."""
    yield equal(
        1 - (1 - p_a) * sp.exp(radius / lam),
        sp.Rational(1, 2),
        "1 - e^(eps m)(1 - PA) = 1/2 at h m = R, Theorem 2's radius, and it falls with m",
        "every 1/2 < PA < 1",
        written=_f(p_a),
        states=True,
    )
    yield from trade_off(mass, lower, upper)
    before = 1 - (1 - p) * (1 + _w) ** n
    yield equal(
        _in_w(upper).subs(p, before),
        1 - (1 - p) * (1 + _w) ** (n + 1),
        "the upper branch n + 1 times, which is never above f: PA stays above 1/2 for h m < R",
        _EVERY,
    )
    yield compare(
        sp.factor(_in_w(lower).subs(p, tail(0))),
        "<",
        sp.Rational(1, 2),
        "the lower branch ends below 1/2, and f rises: above 1/2 all m branches were upper ones, "
        "so that PA does not stay above 1/2 for h m >= R",
        _EVERY,
    )
