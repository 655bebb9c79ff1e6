"""Sections 1 and 4, Appendix C: no direction of the same l1 norm is worse than an axis."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, enclosed, sign_on_box
from theory.enclosures.axis_dual import against_tie, axis_bound, likelihood_ratios, strictly_between
from theory.enclosures.coverage import identical, over, scales_as
from theory.searches.least_mean_search import search_directions
from theory.steps import laplace_steps, lipschitz_steps
from theory.symbols import lam, p, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="worst_direction_is_axis",
    source="sections 1 and 4, Appendix C",
    statement=(
        "Among all delta with ||delta||_1 = r, none is worse than (r, 0, ..., 0): for every test, "
        "every PA and every dimension, P(X in A) >= PA leaves P(Y in A) at least at its smallest "
        "value on that axis."
    ),
    latex=(
        r"\min_{P(X\in A)\ge P_A}P(X+\delta\in A)\ \ge\min_{P(X\in A)\ge P_A}"
        r"P\big(X+(\|\delta\|_1,0,\ldots,0)\in A\big)"
    ),
    variables=(
        Variable("A", "measurable subsets of R^d, or tests R^d -> [0, 1]", "where f = cA"),
        Variable("PA", "(0, 1)", "lower bound on P(X in A)"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r > 0"),
        Variable("k", "1, ..., d", "number of non-zero coordinates of delta"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "never_worse",
            "P(X in A) >= PA gives P(Y in A) >= F(Q(PA) - r/lambda) for every test, delta and "
            "dimension, with F the unit Laplace c.d.f. and Q its inverse: e^(-r/lambda) PA for "
            "PA <= 1/2; 1 - e^(r/lambda) (1 - PA) for r <= lambda Q(PA); "
            "e^(-r/lambda)/(4 (1 - PA)) for r >= lambda Q(PA) >= 0",
        ),
        Part(
            "attained",
            "on the axis the half-space x_1 <= lambda Q(PA) attains it, for every PA in (0, 1)",
        ),
        Part(
            "not_only",
            "the axis is not the only worst direction: every signed axis is as bad, and every "
            "delta with k >= 2 non-zero coordinates is where PA <= 2^-k or "
            "1 - PA <= 2^-k e^(-r/lambda)",
            Role.CORRECTION,
        ),
        Part(
            "only_then",
            "in every other case a delta with k >= 2 non-zero coordinates is strictly better "
            "than the axis",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "Worse means a smaller least P(Y in A); tests may be random. At PA = 0 and PA = 1 the "
        "least value is PA for every delta."
    ),
    reference="paper, sections 1 and 4 (proof sketches) and Appendix C",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every test",
        Rung.FIGURE: "Figure 1 shows overlaps of l1 balls, which is overlap_depends_on_direction",
    },
)

_k = sp.Symbol("k", integer=True, positive=True)

PRINTED: Statement = {
    "low": sp.exp(-r / lam) * p,
    "near": 1 - sp.exp(r / lam) * (1 - p),
    "far": sp.exp(-r / lam) / (4 * (1 - p)),
    "top": sp.Lambda(_k, 2**-_k),
    "bottom": sp.Lambda((_k, r, lam), 2**-_k * sp.exp(-r / lam)),
}

_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)


def _changed(name: str, by: sp.Expr) -> Statement:
    return {name: PRINTED[name] + by}


MUTANTS = (
    Mutant("least mean larger by 1e-6", _changed("far", _SHIFT), "never_worse", _PROOFS),
    Mutant("least mean e^(-r/2)PA", {"low": sp.exp(-r / lam / 2) * p}, "never_worse", _ALL),
    Mutant("least mean smaller by 1e-6", _changed("near", -_SHIFT), "attained", _PROOFS),
    Mutant(
        "differential privacy alone",
        {"far": sp.exp(-r / lam) * p},
        "attained",
        _ALL,
    ),
    Mutant("2^-k larger by 1e-6", {"top": sp.Lambda(_k, 2**-_k + _SHIFT)}, "not_only", _PROOFS),
    Mutant("2^(1-k) for 2^-k", {"top": sp.Lambda(_k, 2 ** (1 - _k))}, "not_only", _ALL),
    Mutant("2^-k smaller by 1e-6", {"top": sp.Lambda(_k, 2**-_k - _SHIFT)}, "only_then", _PROOFS),
    Mutant(
        "2^-k e^(-2r/lambda) for 1 - PA",
        {"bottom": sp.Lambda((_k, r, lam), 2**-_k * sp.exp(-2 * r / lam))},
        "only_then",
        (*_PROOFS, Rung.SEARCH),
    ),
)

_m = sp.Symbol("m", nonnegative=True)
_n = sp.Symbol("n", nonnegative=True)
_a, _v, _w, _s = sp.symbols("a v w s", positive=True)
_T = sp.Function("T")
#: in written steps: the limits on PA and on 1 - PA, for k coordinates and r
_TOP, _BOTTOM = sp.Function("p_r"), sp.Function("p_-r")
_HALF = sp.Rational(1, 2)
_AXIS = "delta = (r, 0, ..., 0), A = {x_1 <= lambda Q(PA)}, every dimension"
_MORE = "every k >= 2 (the step joins one more non-zero coordinate, |delta_i| = a)"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The Lipschitz bound on quantiles for every direction; supports of T = r and T = -r."""
    return [
        chain(
            "never_worse",
            _never_worse(statement),
            conclusion="Q(P(Y in A)) >= Q(PA) - r/lambda, for every direction",
        ),
        chain(
            "attained",
            _attained(statement),
            conclusion="the half-space x_1 <= lambda Q(PA) attains the bound for every PA",
        ),
        chain(
            "not_only",
            _not_only(statement),
            conclusion="A inside {T = r}, or its complement inside {T = -r}, attains the bound",
        ),
        chain(
            "only_then",
            _only_then(statement),
            conclusion="otherwise A has mass where T < r, or its complement where T > -r, so that "
            "the bound is missed",
        ),
    ]


def _shown(lower: sp.Expr, upper: sp.Expr) -> sp.Integral:
    return densities.integral(
        densities.laplace, lam, sp.sympify(lower, strict=True), sp.sympify(upper, strict=True)
    )


def _half_spaces(statement: Statement) -> Iterator[tuple[sp.Expr, sp.Expr, str, sp.Integral]]:
    """P(Y in A) for the half-space, from the density, what is printed, where, and as written."""
    law = densities.laplace
    for name, place, move, where in (
        ("low", -lam * _n, r, "Q(PA) = -n <= 0, every r > 0"),
        ("near", lam * _n + r, r, "Q(PA) = n + r/lambda, every n >= 0, r > 0"),
        ("far", lam * _n, lam * (_n + _m), "Q(PA) = n, r = lambda (n + m), every n, m >= 0"),
    ):
        before = densities.mass(law, lam, -sp.oo, place)
        end = sp.expand(place - move)
        stated = sp.simplify(statement[name].subs({p: before, r: move}, simultaneous=True))
        yield densities.mass(law, lam, -sp.oo, end), stated, where, _shown(-sp.oo, end)


def _never_worse(statement: Statement) -> Iterator[Step]:
    for after, stated, where, written in _half_spaces(statement):
        yield compare(
            after,
            ">=",
            stated,
            "necessary: the half-space must obey the bound, as Y_1 = X_1 + r",
            f"{_AXIS}; {where}",
            written=written,
            states=True,
        )
    yield from lipschitz_steps.moves_at_most()
    yield equal(
        lipschitz_steps.half_line_quantile(-_n) - lipschitz_steps.half_line_quantile(-_n - r / lam),
        r / lam,
        "so Q(P(Y in A)) >= Q(P(X in A)) - r/lambda >= Q(PA) - r/lambda: the quantile of the "
        "half-space's mass after the move",
        "every test, delta and dimension, PA <= 1/2",
    )
    yield equal(
        lipschitz_steps.half_line_quantile(_n + r / lam) - lipschitz_steps.half_line_quantile(_n),
        r / lam,
        "the same above 1/2; across it both legs add up",
        "every test, delta and dimension, PA >= 1/2",
    )


def _attained(statement: Statement) -> Iterator[Step]:
    for after, stated, where, written in _half_spaces(statement):
        yield equal(
            after,
            stated,
            "Y_1 = X_1 + r: the half-space's mass after the move, from the density",
            f"{_AXIS}; {where}",
            written=written,
            states=True,
        )


def _far_side() -> sp.Expr:
    """P(T_i = |delta_i|), one coordinate before the origin."""
    return densities.mass(densities.laplace, lam, -sp.oo, 0)


def _past(move: sp.Expr) -> sp.Expr:
    """P(T_i = -|delta_i|), one coordinate beyond the move."""
    return densities.mass(densities.laplace, lam, move, sp.oo)


def _supports(statement: Statement, relation: str) -> Iterator[Step]:
    """The printed limits against P(T = r) and P(T = -r), one coordinate at a time."""
    top, bottom = statement["top"], statement["bottom"]
    pair = "k = 2, |delta| = (a, r); the coordinates are independent"
    for lhs, rhs, reason, where, written in (
        (top(2), _far_side() ** 2, "P(T = r): both before the origin", pair, _TOP(2)),
        (top(_k + 1), top(_k) * _far_side(), "P(T = r): one factor more", _MORE, _TOP(_k + 1)),
        (
            bottom(2, r + _a, lam),
            _past(r) * _past(_a),
            "P(T = -r): both beyond the move",
            pair,
            _BOTTOM(2, r + _a),
        ),
        (
            bottom(_k + 1, r + _a, lam),
            bottom(_k, r, lam) * _past(_a),
            "P(T = -r): one factor more",
            _MORE,
            _BOTTOM(_k + 1, r + _a),
        ),
    ):
        yield compare(
            lhs, relation, rhs, f"the limit against {reason}", where, written=written, states=True
        )


def _not_only(statement: Statement) -> Iterator[Step]:
    yield from _supports(statement, "<=")
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, -lam * _n),
        densities.mass(densities.laplace, lam, lam * _n, sp.oo),
        "the density is even and the coordinates are exchangeable: every signed axis is the first "
        "one after a mirror image and an exchange, which leave the noise as it is",
        "delta = (0, ..., +-r, ..., 0)",
        written=_shown(-sp.oo, -lam * _n),
    )
    factor = sp.exp(-laplace_steps.log_ratio_at(-_v, r) / lam)
    yield equal(
        factor * p,
        statement["low"],
        "A inside {T = r}, of any mass PA <= P(T = r) <= 1/2: mu_Y = e^(-r/lambda) mu_X there, so "
        "P(Y in A) is the bound",
        "PA <= 2^-k",
        written=sp.exp(-_T(-_v) / lam) * p,
    )
    factor = sp.exp(-laplace_steps.log_ratio_at(r + _v, r) / lam)
    yield equal(
        1 - factor * (1 - p),
        statement["near"],
        "the complement of A inside {T = -r}, of mass 1 - PA <= P(T = -r) <= e^(-r/lambda)/2, so "
        "that r <= lambda Q(PA): P(Y in A) is the bound",
        "1 - PA <= 2^-k e^(-r/lambda)",
        written=1 - sp.exp(-_T(r + _v) / lam) * (1 - p),
    )


def _only_then(statement: Statement) -> Iterator[Step]:
    yield from _supports(statement, ">=")
    where = "one coordinate, delta_i = v + w > 0 (a negative one is the mirror image)"
    for x, place in ((_v, "between the centres, x_i = v"), (_v + _w + _a, "beyond the move")):
        yield compare(
            laplace_steps.log_ratio_at(x, _v + _w),
            "<",
            _v + _w,
            f"T_i < |delta_i| {place}: off {{T = r}} mu_Y > e^(-r/lambda) mu_X. For "
            "2^-k < PA <= 1/2, A has mass there, and P(Y in A) > e^(-r/lambda) PA",
            where,
            written=sp.Function("T_i")(x),
        )
    for x, place in ((_v, "between the centres, x_i = v"), (-_v, "before the origin")):
        yield compare(
            laplace_steps.log_ratio_at(x, _v + _w),
            ">",
            -_v - _w,
            f"T_i > -|delta_i| {place}: off {{T = -r}} mu_Y < e^(r/lambda) mu_X. For "
            "2^-k e^(-r/lambda) < 1 - PA <= e^(-r/lambda)/2 the complement of A has mass there, "
            "and P(Y in A) > 1 - e^(r/lambda) (1 - PA)",
            where,
            written=sp.Function("T_i")(x),
        )
    yield compare(
        _past(lam * _s),
        ">",
        _far_side() * _past(lam * _s),
        "1/2 <= PA, Q(PA) = s < r/lambda: at the distance lambda s along delta, 1 - PA = "
        "e^(-s)/2 > 2^-k e^(-s), as k >= 2, so the last step leaves more than 1/2 there; beyond, Q "
        "falls by at most r/lambda - s, and stays above Q(PA) - r/lambda",
        "every s > 0 (PA = 1/2 is among the first)",
        written=_shown(lam * _s, sp.oo),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Neyman-Pearson's dual on each axis in turn; the supports of T = r and T = -r, in Arb.

    In units of lambda, which is checked. A delta is a sequence of moves along its axes.
    """
    units = [scales_as(statement[name], 0, r) for name in ("low", "near", "far")]
    return [
        enclosed(
            "never_worse",
            [*units, *_against(statement, "<="), *axis_bound()],
            conclusion="the dual bound on each axis, F(Q(q) - r) for 1 - q in the place of q, and "
            "the path along the axes",
        ),
        enclosed(
            "attained",
            [*units, *_against(statement, ">=")],
            conclusion="the half-line ends at Q(PA) - r after the move",
        ),
        enclosed(
            "not_only",
            [*_limits(statement, "<="), identical(likelihood_ratios(), "L on the three pieces")],
            conclusion="L = e^-r on {T = r} and e^r on {T = -r}, whose masses are the limits",
        ),
        enclosed(
            "only_then",
            [
                *_limits(statement, ">="),
                *strictly_between(),
                over(sign_on_box(_HALF - sp.Rational(1, 4), ">", {}), "1/2 > 2^-k for k >= 2"),
                *axis_bound(),
            ],
            conclusion="e^-r < L < e^r off {T = r} and off {T = -r}, whose masses are the limits; "
            "at a distance Q(PA) < r the second gives more than 1/2, and the bound on each axis "
            "does the rest",
        ),
    ]


def _against(statement: Statement, relation: str) -> Iterator[Outcome]:
    """The printed least means against the half-line's, in k = |Q(PA)| and r, or r - Q(PA)."""
    box = {_a: (Fraction(1, 8), Fraction(4)), _s: (Fraction(1, 8), Fraction(4))}
    for name, place, move, where in (
        ("low", -_a, _s, "PA <= 1/2, a = -Q(PA), s = r"),
        ("near", _a + _s, _s, "a = Q(PA) - r >= 0, s = r"),
        ("far", _a, _a + _s, "a = Q(PA) >= 0, s = r - Q(PA) >= 0 (a = 0 and s = 0 as limits)"),
    ):
        stated = statement[name].subs(lam, 1)
        stated = stated.subs({p: half_line_mass(place), r: move}, simultaneous=True)
        worst = half_line_mass(sp.expand(place - move))
        witness = "A = {x_1 <= lambda Q(PA)}"
        yield against_tie(stated, worst, relation, box, where, witness)


def _limits(statement: Statement, relation: str) -> Iterator[Outcome]:
    """The printed limits against products of half-line masses, one coordinate at a time."""
    top, bottom = statement["top"], statement["bottom"]
    far, past = half_line_mass(sp.Integer(0)), half_line_mass(-_a)
    box = {_a: (Fraction(1, 8), Fraction(4)), _s: (Fraction(1, 8), Fraction(4))}
    witness = "A = {T = r}, or the complement of {T = -r}"
    masses = {
        "P(T = r), k = 2": (top(2), far**2, {}),
        "P(T = -r), k = 2, |delta| = (a, s)": (
            bottom(2, _a + _s, 1),
            past * half_line_mass(-_s),
            box,
        ),
    }
    for where, (stated, mass, place) in masses.items():
        yield against_tie(stated, mass, relation, place, where, witness)
    more = [(top(_k + 1), top(_k) * far), (bottom(_k + 1, r + _a, 1), bottom(_k, r, 1) * past)]
    yield over(identical(more, "one coordinate more"), "every k >= 2, every a > 0")


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Least means by linear programming in d = 1, 2, 3, on and off the axes."""
    return search_directions(statement, seed=seed)
