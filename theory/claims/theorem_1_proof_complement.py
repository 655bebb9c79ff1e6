"""Appendix B: the complement step, P(Y in A) >= 1 - exp(r/lambda)(1 - PA)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Box, Outcome, closed_at, enclosed, sign_on_box, vanishes
from theory.enclosures.coverage import identical, over, positive_from_zero, scales_as
from theory.enclosures.ratio_pieces import density_at
from theory.searches.complement_search import search_complement
from theory.steps import laplace_steps
from theory.symbols import lam, p, r, u
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="theorem_1_proof_complement",
    source="Appendix B, proof of Theorem 1: the choice of A, and eq. (9) applied to its complement",
    statement=(
        "There are beta_1 and A' inside {T = beta_1} such that A = {T > beta_1} + A' has "
        "P(X in A) = PA, and P(Y in A) >= 1 - exp(r/lambda)(1 - PA)."
    ),
    latex=r"P(Y\in A)\ \ge\ 1-e^{\|\delta\|_1/\lambda}\,(1-P_A)",
    variables=(
        Variable("PA", "[0, 1]", "P(X in A)"),
        Variable("delta", "R^d, any d >= 1", "perturbation of l1 norm r, Y = X + delta"),
        Variable("k", "0, 1, ..., d", "number of non-zero coordinates of delta"),
        Variable("A", "any event with P(X in A) = PA", "not only the one of the proof"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "bound",
            "P(Y in A) >= 1 - e^(r/lambda)(1 - PA) for every event A with P(X in A) = PA, every PA "
            "in [0, 1] and every delta (it says nothing where it is negative)",
        ),
        Part(
            "exists",
            "for every PA in [0, 1] and every delta there is a beta_1 with P(T > beta_1) <= PA <= "
            "P(T >= beta_1) and an A' inside {T = beta_1} of exactly the missing mass",
        ),
        Part(
            "attained",
            "for the A of the proof it is an equality iff 1 - PA <= P(T = -r), which is 2^-k "
            "e^(-r/lambda); on an axis iff r <= -lambda log[2(1 - PA)]",
        ),
    ),
    assumptions="A' may be any measurable part of the level {T = beta_1}.",
    reference="paper, Appendix B",
    absent={
        Rung.EXPERIMENT: "the statement is about the noise alone, no classifier takes part",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

_k = sp.Symbol("k", integer=True, nonnegative=True)

#: the bound; which shares of a level A' may be; and P(T = -r) as a function of k, r and lambda
PRINTED: Statement = {
    "bound": 1 - sp.exp(r / lam) * (1 - p),
    "shares": (sp.Integer(0), sp.Integer(1)),
    "reach": sp.Lambda((_k, r, lam), 2**-_k * sp.exp(-r / lam)),
}

_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_SEARCHED = (*_PROOFS, Rung.SEARCH)
_ALL = (*_SEARCHED, Rung.SIMULATION)

MUTANTS = (
    Mutant("bound larger by 1e-6", {"bound": PRINTED["bound"] + _SHIFT}, "bound", _PROOFS),
    Mutant("half the exponent", {"bound": 1 - sp.exp(r / (2 * lam)) * (1 - p)}, "bound", _ALL),
    Mutant("PA for 1 - PA", {"bound": 1 - sp.exp(r / lam) * p}, "bound", _ALL),
    Mutant("A' none of the level", {"shares": (sp.Integer(0), sp.Integer(0))}, "exists", _ALL),
    Mutant("A' the whole level", {"shares": (sp.Integer(1), sp.Integer(1))}, "exists", _ALL),
    Mutant("A' without 1e-6 of it", {"shares": (sp.Integer(0), 1 - _SHIFT)}, "exists", _PROOFS),
    Mutant("equality 1e-6 lower", {"bound": PRINTED["bound"] - _SHIFT}, "attained", _PROOFS),
    Mutant("twice the exponent", {"bound": 1 - sp.exp(2 * r / lam) * (1 - p)}, "attained", _ALL),
    Mutant(
        "P(T = -r) = 2^(1-k) e^(-r/lambda)",
        {"reach": sp.Lambda((_k, r, lam), 2 ** (1 - _k) * sp.exp(-r / lam))},
        "attained",
        _SEARCHED,
    ),
    Mutant(
        "P(T = -r) larger by 1e-6",
        {"reach": sp.Lambda((_k, r, lam), 2**-_k * sp.exp(-r / lam) + _SHIFT)},
        "attained",
        _PROOFS,
    ),
)

_a, _q, _w, _z, _h = sp.symbols("a q w z h", positive=True)
_m = sp.Symbol("m", nonnegative=True)
_T, _PROB, _MU = sp.Function("T"), sp.Function("P"), sp.Function("mu_1")


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The largest ratio on the complement, the continuity of a cut, and where equality holds."""
    return [
        chain(
            "bound",
            _bound(statement["bound"]),
            conclusion="P(Y not in A) <= e^(r/lambda) P(X not in A) = e^(r/lambda)(1 - PA)",
        ),
        chain(
            "exists",
            _exists(*statement["shares"]),
            conclusion="G(beta) = P(T > beta) falls from 1 to 0, is continuous from the right and "
            "has the left limit P(T >= beta): beta_1 = max(-r, inf{beta: G(beta) <= PA}), which is "
            "-r for PA = 1, and A' is cut off {T = beta_1} by a half-space x_1 <= c, whose mass "
            "there is continuous in c; for PA = 1 it is the whole atom {T = -r}",
        ),
        chain(
            "attained",
            _attained(statement["bound"], statement["reach"]),
            conclusion="mu_Y = e^(r/lambda) mu_X exactly where T = -r, so equality iff the "
            "complement of A is inside {T = -r}",
        ),
    ]


def _mass(lower: sp.Expr, upper: sp.Expr) -> sp.Expr:
    return densities.mass(densities.laplace, lam, lower, upper)


def _shown(lower: sp.Expr, upper: sp.Expr) -> sp.Integral:
    return densities.integral(
        densities.laplace, lam, sp.sympify(lower, strict=True), sp.sympify(upper, strict=True)
    )


def _bound(bound: sp.Expr) -> Iterator[Step]:
    yield compare(
        _mass(-sp.oo, _w),
        ">=",
        sp.simplify(bound.subs({p: _mass(-sp.oo, _w + r)}, simultaneous=True)),
        "necessary: A = {x_1 <= w + r}, delta = (r, 0, ..., 0), Y_1 = X_1 + r",
        "PA = P(X_1 <= w + r) > 1/2, w > 0",
        written=_shown(-sp.oo, _w),
        states=True,
    )
    yield compare(
        _mass(-sp.oo, -lam * sp.log(1 + _q) - r),
        ">=",
        bound.subs(p, 1 / (2 * (1 + _q))),
        "necessary: A = {x_1 <= -lambda log(1 + q)}, delta on the same axis",
        "PA = 1/(2 (1 + q)) < 1/2, q > 0",
        along=(r, sp.Integer(0), 2),
        written=_shown(-sp.oo, -lam * sp.log(1 + _q) - r),
        states=True,
    )
    yield from laplace_steps.ratio_is_bounded()
    yield laplace_steps.largest_ratio()
    yield equal(
        1 - laplace_steps.dp_factor() * (1 - p),
        bound,
        "integrate mu_Y <= e^(r/lambda) mu_X over the complement of A, of mass 1 - PA under X",
        "every event A with P(X in A) = PA > 0, every delta of norm r > 0",
        written=1 - sp.exp(-_T(r + u) / lam) * (1 - p),
        states=True,
    )
    zero = "PA = 0: the bound is negative and says nothing"
    yield compare(bound.subs(p, 0), "<", 0, zero, "PA = 0, r > 0", along=(r, sp.Integer(0), 1))
    same, still = sp.Limit(bound, r, 0), "delta = 0: Y = X"
    yield equal(bound.subs(r, 0), p, still, "r = 0, every PA", written=same)


def _exists(low: sp.Expr, high: sp.Expr) -> Iterator[Step]:
    domain = "delta = (a, 0, ..., 0), a > 0"
    top, rest = _mass(-sp.oo, 0), _mass(_a, sp.oo)
    start = "P(A) where A' takes the least of {T = r} = {x_1 <= 0}: PA = 0 needs it to be 0"
    taken = sp.Mul(low, _shown(-sp.oo, 0), evaluate=False)
    yield compare(low * top, "<=", 0, start, domain, written=taken, states=True)
    inner = _mass(-sp.oo, u)
    yield compare(
        high * top,
        ">=",
        sp.limit(inner, u, 0, "+"),
        "and where A' takes the most of it: no PA may be left out below those of beta < r, where "
        "{T > beta} = {x_1 < u}, u = (a - beta)/2",
        domain,
        written=high * _shown(-sp.oo, 0),
        states=True,
    )
    between = "between its atoms P(T > beta) takes every value, growing with u"
    slope = sp.Derivative(_shown(-sp.oo, u), u)
    yield compare(sp.diff(inner, u), ">", 0, between, f"{domain}, 0 < u < a", written=slope)
    upto, none = sp.limit(inner, u, _a, "-"), sp.Mul(low, _shown(_a, sp.oo), evaluate=False)
    yield compare(
        _mass(-sp.oo, _a) + low * rest,
        "<=",
        upto,
        "the same at {T = -r} = {x_1 >= a}: it joins on to those of beta > -r",
        domain,
        written=sp.Add(_shown(-sp.oo, _a), none, evaluate=False),
        states=True,
    )
    yield compare(
        _mass(-sp.oo, _a) + high * rest,
        ">=",
        1,
        "and leads up to PA = 1, where beta_1 = -r and A' is the whole atom {T = -r}",
        domain,
        written=_shown(-sp.oo, _a) + high * _shown(_a, sp.oo),
        states=True,
    )
    yield from _cut()


def _cut() -> Iterator[Step]:
    """Off the axis: a half-space cuts any share off any level."""
    yield from laplace_steps.ratio_is_bounded()
    yield equal(
        densities.laplace(sp.Integer(0), lam),
        1 / (2 * lam),
        "for every delta: |T| <= r, so that P(T > beta) is 1 below -r, 0 from r on, and P(T >= -r) "
        "= 1. The mass of {T = beta, x_1 <= c} is continuous in c, as no density exceeds this one",
        "every delta, d and beta",
        written=_MU(0),
    )
    for at in (-u, u):
        yield compare(
            densities.laplace(at, lam),
            "<",
            1 / (2 * lam),
            "so that it grows by at most h/(2 lambda) from c to c + h",
            "every c != 0",
            along=(u, sp.Integer(0), 1),
            written=_MU(at),
        )
    for lower, upper, name in ((-sp.oo, -u, "as c -> -oo"), (u, sp.oo, "beyond c, as c -> oo")):
        yield equal(
            sp.limit(_mass(lower, upper), u, sp.oo),
            0,
            f"nothing is left of it {name}: by the intermediate value theorem it takes every value "
            "from 0 to P(T = beta)",
            "every delta, d and beta",
            written=sp.Limit(_shown(lower, upper), u, sp.oo),
        )


def _attained(bound: sp.Expr, reach: sp.Lambda) -> Iterator[Step]:
    still, everywhere = "delta = 0: T = 0 = -r everywhere", _PROB(sp.Eq(_T(u), 0))
    yield equal(reach(0, 0, lam), 1, still, "k = 0", written=everywhere, states=True)
    yield equal(
        reach(1, _a, lam),
        _mass(_a, sp.oo),
        "P(T = -r), the mass beyond the move",
        "k = 1, |delta_1| = a",
        written=_PROB(sp.Eq(_T(u), -_a)),
        states=True,
    )
    yield equal(
        reach(_k + 1, r + _a, lam),
        reach(_k, r, lam) * _mass(_a, sp.oo),
        "T = -r iff every coordinate lies beyond its move, and they are independent",
        "every k, one more non-zero coordinate of |delta_i| = a",
        states=True,
    )
    yield equal(laplace_steps.log_ratio_at(r + u, r), -r, "T there", "x = r + u", written=_T(r + u))
    yield equal(
        1 - laplace_steps.dp_factor() * (1 - p),
        bound,
        "if 1 - PA <= P(T = -r), A leaves out a part of {T = -r} only: mu_Y = e^(r/lambda) mu_X on "
        "the complement of A",
        "1 - PA <= P(T = -r)",
        written=1 - sp.exp(-_T(r + u) / lam) * (1 - p),
        states=True,
    )
    yield from laplace_steps.ratio_is_bounded()
    yield compare(
        sp.exp((r - u) / lam),
        "<",
        laplace_steps.dp_factor(),
        "otherwise A leaves out a set of positive mass on which T = -r + u > -r, and the bound is "
        "strict",
        "1 - PA > P(T = -r)",
        along=(u, sp.Integer(0), 1),
    )
    yield equal(
        reach(1, r, lam).subs(r, -lam * sp.log(2 * _q)),
        _q,
        "on an axis: 1 - PA <= e^(-r/lambda)/2 iff r <= -lambda log[2 (1 - PA)]",
        "k = 1, q = 1 - PA",
        written=_PROB(sp.Eq(_T(u), lam * sp.log(2 * _q))),
        states=True,
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The dual bound at the largest ratio, and half-lines by the closed-form c.d.f.; lambda = 1.

    P(Y in A) >= t PA - E(t - L)_+ for every t, L = mu_Y/mu_X. At t = e^r, which is at least L by
    the triangle inequality, E(t - L)_+ = t - 1 since E L = 1.
    """
    bound, (low, high) = statement["bound"], statement["shares"]
    stated = bound.subs(lam, 1)
    dual = sp.exp(r) * p - (sp.exp(r) - 1)
    far, past = half_line_mass(sp.Integer(0)), half_line_mass(-_a)
    span = {_a: (Fraction(1, 64), Fraction(8))}
    lipschitz = sp.Rational(1, 2) - density_at(_w).subs(_w, -sp.log(_z))
    # the ratio at x = m between the centres, a = m + n, over e^a: below 1 by 1 - e^(-2n)
    below = 1 - density_at(_w) / density_at(_a) * sp.exp(-_a - _w)
    below = sp.simplify(below).subs(_w, -sp.log(_z))
    return [
        enclosed(
            "bound",
            _sound(statement, dual),
            conclusion="the dual bound at t = e^r is the stated one, and half-lines attain it",
        ),
        enclosed(
            "exists",
            [
                _zero_or(low * far, "<", span, "PA = 0"),
                _zero_or(
                    half_line_mass(_m).subs(_m, 0) - high * far, "<", span, "from beta = r on"
                ),
                _zero_or(low * past, "<", span, "down to beta = -r"),
                _zero_or(1 - half_line_mass(_a) - high * past, "<", span, "PA = 1"),
                *_up_to_one(lipschitz, "slope of the c.d.f. of x_1 below 1/2, z = e^(-|c|) < 1"),
            ],
            conclusion="no PA is left out at an atom, and a cut {x_1 <= c} of a level is 1/2-"
            "Lipschitz in c, from 0 to all of it",
        ),
        enclosed(
            "attained",
            [
                scales_as(statement["reach"](_k, r, lam), 0, r),
                scales_as(bound, 0, r),
                identical(_reached(statement["reach"], stated, past), "every k, r and PA"),
                *_up_to_one(below, "e^r above mu_Y/mu_X where T > -r, z = e^(-n), x = a - n"),
            ],
            conclusion="the complement of A within {T = -r} loses e^r for each unit of its mass",
        ),
    ]


def _sound(statement: Statement, dual: sp.Expr) -> Iterator[Outcome]:
    """P(Y in A) less the stated bound for half-lines A, then for every A by the dual bound."""
    stated = statement["bound"].subs(lam, 1)
    yield scales_as(statement["bound"], 0, r)
    high = half_line_mass(_m) - stated.subs(p, half_line_mass(_m + r))
    span = {_m: (Fraction(0), Fraction(4)), r: (Fraction(1, 8), Fraction(4))}
    yield _zero_or(high, ">", span, "A = {x_1 <= m + r}, every m >= 0 and r > 0")
    # w = e^-r, z = 2 PA = e^-m, over 1/w
    low = half_line_mass(-_m - r) - stated.subs(p, _z / 2)
    low = sp.simplify(sp.expand(low.subs(_m, -sp.log(_z)) * sp.exp(-r))).subs(r, -sp.log(_w))
    box = {_w: (Fraction(0), Fraction(7, 8)), _z: (Fraction(0), Fraction(7, 8))}
    where = "A = {x_1 <= -m}, z = 2 PA = e^-m, w = e^-r"
    yield over(sign_on_box(sp.simplify(low), ">", box), where)
    # T_1 + a between the two centres, over a: at x = a (1 - z)
    lifted = sp.simplify((sp.Abs(-_z) - sp.Abs(1 - _z) + 1).subs(sp.Abs(1 - _z), 1 - _z))
    yield from positive_from_zero(lifted, _z, "|T| <= r, one coordinate")
    yield over(vanishes(dual - stated), "every A, PA, delta and d")


def _zero_or(value: sp.Expr, relation: str, span: Box, where: str) -> Outcome:
    """A value that is 0 as printed; another one is tried inside, where it proves nothing."""
    nothing = vanishes(value)
    if nothing.status is True:
        return over(nothing, where)
    tried = {symbol: side for symbol, side in span.items() if value.has(symbol)}
    return over(sign_on_box(value, relation, tried, max_boxes=2000), where, whole=False)


def _up_to_one(margin: sp.Expr, where: str) -> list[Outcome]:
    """margin > 0 on [0, 1), where it vanishes to first order at 1."""
    last = 1 - Fraction(1, 1024)
    return [
        over(sign_on_box(margin, ">", {_z: (Fraction(0), last)}), where),
        over(closed_at(margin, ">", _z, sp.Integer(1), last, order=1), where),
    ]


def _reached(reach: sp.Lambda, stated: sp.Expr, past: sp.Expr) -> list[tuple[sp.Expr, sp.Expr]]:
    one = sp.Integer(1)
    # P(Y not in A) for the complement {x_1 > a + m}, of Y_1 = X_1 + a: a part of {T = -a}
    lost, missing = half_line_mass(-_m), half_line_mass(-_a - _m)
    return [
        (reach(0, 0, one), one),
        (reach(1, _a, one), past),
        (reach(_k + 1, r + _a, one), reach(_k, r, one) * past),
        (1 - lost, stated.subs({p: 1 - missing, r: _a}, simultaneous=True)),
        # the ratio of the densities on all of {T = -a}
        (density_at(_m) / density_at(_a + _m), sp.exp(_a)),
        (1 - sp.exp(r) * (1 - p), stated),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """The least P(Y in A) by linear programming on lattices in d = 1, 2, for PA from 0 to 1."""
    return search_complement(statement["bound"], statement["shares"], statement["reach"], seed=seed)
