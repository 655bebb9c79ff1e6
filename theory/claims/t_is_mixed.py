"""T(x) = ||x - delta||_1 - ||x||_1 is a mixed random variable: its atoms in every dimension."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from theory import densities, laplace_steps
from theory.atom_patterns import search_atoms
from theory.balls import value_at
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box, vanishes
from theory.symbols import lam, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="t_is_mixed",
    source="section 3",
    statement=(
        "For X Laplace noise, |T(X)| <= r = ||delta||_1, and T(X) is a mixed random variable, "
        "since P(T(X) = r) > 0."
    ),
    latex=r"|T(x)|\le\|\delta\|_1,\quad P(T(X)=\|\delta\|_1)>0",
    variables=(
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
        Variable("k", "0, 1, ..., d", "number of non-zero coordinates of delta"),
        Variable("a_S", "[0, r]", "sum of |delta_i| over a set S of non-zero coordinates"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part("bounded", "-r <= T(x) <= r for every x and delta, in every dimension"),
        Part(
            "atom_at_r",
            "P(T = r) = 2^-k > 0, since T = r exactly where x_i delta_i <= 0 for every i",
        ),
        Part(
            "atoms",
            "the atoms are r - 2 a_S with mass 2^-k e^(-a_S/lambda), one for each set S of "
            "non-zero coordinates, added where sums a_S coincide; together they weigh the product "
            "of (1 + e^(-|delta_i|/lambda))/2",
        ),
        Part(
            "continuous_part",
            "for delta != 0 the atoms together weigh less than 1, and the rest of the law has a "
            "density on (-r, r)",
        ),
        Part(
            "delta_zero",
            "T is mixed at delta = 0 too",
            Role.READING,
            "for delta != 0; at delta = 0 T is the constant 0, which is discrete and not mixed",
        ),
    ),
    assumptions="Mixed means: with atoms, and with a part that has a density.",
    reference="paper, section 3",
    absent={
        Rung.EXPERIMENT: "the statement is about the noise alone, no classifier takes part",
        Rung.FIGURE: "Figure 3 draws a c.d.f. of T, which is quantile_may_not_exist",
    },
)

_k = sp.Symbol("k", integer=True, positive=True)
_sum = sp.Symbol("a_S", nonnegative=True)
_a = sp.Symbol("a", positive=True)
_v = sp.Symbol("v", positive=True)
_w = sp.Symbol("w", positive=True)
_z = sp.Symbol("z", positive=True)
_NEAR = Fraction(1, 1024)

#: Functions, so that the search and the simulation may put numbers in
PRINTED: Statement = {
    "bound": sp.Lambda((r, lam), r),
    "top": sp.Lambda(_k, 2**-_k),
    "place": sp.Lambda((r, _sum), r - 2 * _sum),
    "mass": sp.Lambda((_k, _sum, lam), 2**-_k * sp.exp(-_sum / lam)),
    "total": sp.Lambda((_a, lam), (1 + sp.exp(-_a / lam)) / 2),
    "relation": "<",
}

_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant(
        "bound smaller by 1e-6",
        {"bound": sp.Lambda((r, lam), r - lam * _SHIFT)},
        "bounded",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant(
        "bound smaller by three tenths",
        {"bound": sp.Lambda((r, lam), r * sp.Rational(7, 10))},
        "bounded",
        _ALL,
    ),
    Mutant(
        "P(T = r) larger by 1e-6",
        {"top": sp.Lambda(_k, 2**-_k + _SHIFT)},
        "atom_at_r",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant("P(T = r) = 2^(1-k)", {"top": sp.Lambda(_k, 2 ** (1 - _k))}, "atom_at_r", _ALL),
    Mutant(
        "masses larger by 1e-6",
        {"mass": sp.Lambda((_k, _sum, lam), 2**-_k * sp.exp(-_sum / lam) + _SHIFT)},
        "atoms",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant(
        "dropped factor 1/2 in the masses below r",
        {"mass": sp.Lambda((_k, _sum, lam), 2 ** (1 - _k) * sp.exp(-_sum / lam))},
        "atoms",
        _ALL,
    ),
    Mutant(
        "exponent doubled",
        {"mass": sp.Lambda((_k, _sum, lam), 2**-_k * sp.exp(-2 * _sum / lam))},
        "atoms",
        _ALL,
    ),
    Mutant("places r - a_S", {"place": sp.Lambda((r, _sum), r - _sum)}, "atoms", _ALL),
    Mutant("the atoms weigh more than 1", {"relation": ">"}, "continuous_part", _ALL),
)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """One coordinate from the density, then one more coordinate at a time."""
    return [
        chain("bounded", _bounded(statement), conclusion="|T(x)| <= r, as |T_i| <= |delta_i|"),
        chain(
            "atom_at_r",
            _atom_at_r(statement),
            conclusion="T = r iff every T_i = |delta_i|: P(T = r) = 2^-k > 0",
        ),
        chain(
            "atoms",
            _atoms(statement),
            conclusion="at an atom every T_i is at one of its two, |delta_i| and -|delta_i|",
        ),
        chain(
            "continuous_part",
            _continuous_part(statement),
            conclusion="some T_i lies on (-|delta_i|, |delta_i|) with positive probability, and "
            "has a density there, so the sum has one",
        ),
        chain(
            "delta_zero",
            _delta_zero(statement),
            proves=False,
            conclusion="at delta = 0 the bounds meet: T = 0 for every x, one atom of mass 1",
        ),
    ]


def _far() -> sp.Expr:
    """P(T_i = a), the mass of x_i < 0."""
    return densities.mass(densities.laplace, lam, -sp.oo, 0)


def _past() -> sp.Expr:
    """P(T_i = -a), the mass of x_i > a."""
    return densities.mass(densities.laplace, lam, _a, sp.oo)


def _bounded(statement: Statement) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    bound, where = statement["bound"](r, lam), "every r > 0, lambda > 0"
    far, past = laplace_steps.log_ratio_at(-_v, r), laplace_steps.log_ratio_at(r + _v, r)
    yield compare(bound, ">=", far, "the largest T, attained at x < 0", where, states=True)
    yield compare(past, ">=", -bound, "the smallest T, attained beyond", where, states=True)


def _atom_at_r(statement: Statement) -> Iterator[Step]:
    top = statement["top"]
    domain = "one coordinate, delta_1 = a > 0 (a < 0 is the mirror image)"
    yield equal(laplace_steps.log_ratio_at(-_v, _a), _a, "T_1 = a on x < 0", domain)
    between = laplace_steps.log_ratio_at(_v, _v + _w)
    yield compare(between, "<", _v + _w, "T_1 < a on 0 < x < a = v + w", domain, form=-2 * _v)
    yield compare(laplace_steps.log_ratio_at(_a + _v, _a), "<", _a, "T_1 < a on x > a", domain)
    yield equal(top(1), _far(), "P(T_1 = a) is the mass of x < 0", domain, states=True)
    yield equal(
        top(_k + 1),
        top(_k) * _far(),
        "T = r iff T_i = |delta_i| for every i, and the coordinates are independent",
        "every k >= 1 (the step joins one more non-zero coordinate)",
        states=True,
    )
    yield equal(
        laplace_steps.log_ratio_at(_v, sp.Integer(0)), 0, "a zero coordinate adds 0", "delta_i = 0"
    )
    yield compare(_far(), ">", 0, "so P(T = r) > 0", "every k")


def _atoms(statement: Statement) -> Iterator[Step]:
    mass, place, total = statement["mass"], statement["place"], statement["total"]
    domain = "one coordinate, delta_1 = a > 0 (a < 0 is the mirror image)"
    past = laplace_steps.log_ratio_at(_a + _v, _a)
    far = laplace_steps.log_ratio_at(-_v, _a)
    yield equal(past, -_a, "T_1 = -a on x > a", domain)
    yield equal(far, _a, "T_1 = a on x < 0", domain)
    yield equal(
        laplace_steps.log_ratio_at(_v, _v + _w),
        (_v + _w) - 2 * _v,
        "T_1 = a - 2x on 0 < x < a = v + w: one-to-one, so no value there has positive probability",
        domain,
    )
    yield equal(mass(1, 0, lam), _far(), "S empty", domain, states=True)
    yield equal(mass(1, _a, lam), _past(), "S = {1}", domain, states=True)
    more = "every k >= 1 and S (the step joins one more non-zero coordinate, of |delta_i| = a)"
    off = "the new coordinate stays out of S; it is independent of the others"
    on = "the new coordinate enters S; it is independent of the others"
    yield equal(mass(_k + 1, _sum, lam), mass(_k, _sum, lam) * _far(), off, more, states=True)
    joined = mass(_k, _sum, lam) * _past()
    yield equal(mass(_k + 1, _sum + _a, lam), joined, on, more, states=True)
    yield equal(place(r + _a, _sum), place(r, _sum) + far, f"place: {off}", more, states=True)
    yield equal(place(r + _a, _sum + _a), place(r, _sum) + past, f"place: {on}", more, states=True)
    yield equal(
        total(_a, lam),
        _far() + _past(),
        "a coordinate is at one of its atoms with this probability; all of them are, with the "
        "product, since they are independent",
        domain,
        states=True,
    )


def _continuous_part(statement: Statement) -> Iterator[Step]:
    total = statement["total"](_a, lam)
    domain = "one coordinate, |delta_1| = a > 0"
    between = densities.mass(densities.laplace, lam, 0, _a)
    yield equal(1 - total, between, "what is left is the mass of 0 < x < a", domain)
    yield compare(
        total,
        statement["relation"],
        1,
        "so the product over k >= 1 coordinates is below 1 too, each factor being at most this",
        f"{domain}, every lambda > 0",
        along=(_a, sp.Integer(0), 1),
        states=True,
    )
    yield equal(
        laplace_steps.log_ratio_at(_v, _v + _w), _w - _v, "there T_1 = a - 2x, a = v + w", domain
    )
    density = -sp.diff(densities.mass(densities.laplace, lam, _v, sp.oo), _v) / 2
    yield equal(
        density,
        densities.laplace(_v, lam) / 2,
        "so the density of T_1 at t is half that of x at (a - t)/2",
        f"{domain}, -a < t < a",
    )
    yield compare(
        densities.laplace(_v, lam) / 2,
        ">",
        0,
        "it is positive on all of (-a, a); a sum with one independent term that has a density has "
        "a density",
        f"{domain}, -a < t < a",
    )


def _delta_zero(statement: Statement) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    for end in (laplace_steps.log_ratio_at(-_v, r), laplace_steps.log_ratio_at(r + _v, r)):
        yield equal(sp.limit(end, r, 0, "+"), 0, "the bounds on T close upon 0", "r -> 0")
    yield equal(
        densities.mass(densities.laplace, lam, -sp.oo, sp.oo), 1, "T = 0 has mass 1", "delta = 0"
    )
    yield equal(
        sp.limit(statement["total"](_a, lam), _a, 0, "+"), 1, "as the atoms say", "delta -> 0"
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The same law from the half-line masses and T along one coordinate, over compact variables.

    Lengths are in units of lambda, and x = a v between the two centres, so that T_1 = a(1 - 2v);
    k and the coordinates of S grow one at a time.
    """
    mass, place = statement["mass"], statement["place"]
    far, past = half_line_mass(sp.Integer(0)), half_line_mass(-_a)  # the law is symmetric
    induction = [
        (mass(1, 0, 1), far),
        (mass(1, _a, 1), past),
        (mass(_k + 1, _sum, 1), mass(_k, _sum, 1) * far),
        (mass(_k + 1, _sum + _a, 1), mass(_k, _sum, 1) * past),
        (place(r + _a, _sum), place(r, _sum) + _a),
        (place(r + _a, _sum + _a), place(r, _sum) - _a),
        (statement["total"](_a, 1), far + past),
        # the c.d.f. at T_1 = a(1 - 2v) is P(x >= a v): continuous between its jumps at the ends
        (half_line_mass(-_a * _v).subs(_v, 1), mass(1, _a, 1)),
        (1 - half_line_mass(-_a * _v).subs(_v, 0), mass(1, 0, 1)),
    ]
    top = [(statement["top"](1), far), (statement["top"](_k + 1), statement["top"](_k) * far)]
    # what the atoms leave, in z = e^(-a)
    left = 1 - statement["total"](-sp.log(_z), 1)
    left = left if statement["relation"] == "<" else -left
    last, one = 1 - _NEAR, sp.Integer(1)
    nothing = 1 - statement["total"](sp.Integer(0), 1)
    return [
        enclosed("bounded", _within(statement["bound"](r, 1)), conclusion="|T_1| <= a"),
        enclosed(
            "atom_at_r",
            [_same(top, "every k >= 1"), *_positive(2 * _v, _v)],
            conclusion="P(T_1 = a) = 1/2 and a - T_1 = 2 a v > 0 elsewhere, one coordinate at a "
            "time",
        ),
        enclosed(
            "atoms",
            [_same(induction, "every k >= 1, S and |delta_i| = a > 0")],
            conclusion="masses, places and their sum, one coordinate at a time; the c.d.f. of T_1 "
            "has no other jumps",
        ),
        enclosed(
            "continuous_part",
            [
                sign_on_box(left, ">", {_z: (Fraction(0), last)}),
                closed_at(left, ">", _z, one, last, order=1),
            ],
            conclusion="one coordinate leaves (1 - e^(-a))/2 > 0 to the density, for every a > 0",
        ),
        enclosed(
            "delta_zero",
            [vanishes(nothing, 2 * half_line_mass(sp.Integer(0)) - 1)],
            proves=False,
            conclusion="at a = 0 the two atoms are one, of mass 1, and nothing is left",
            witness={"delta": "0", "P(T = 0)": "1"},
        ),
    ]


def _same(pairs: list[tuple[sp.Expr, sp.Expr]], scope: str) -> Outcome:
    """Identities, by SymPy; where one fails, Arb tells its sides apart at an exact point."""
    for left, right in pairs:
        difference = sp.sympify(left) - right
        if vanishes(difference).status is True:
            continue
        point = {s: sp.Rational(2) + place for place, s in enumerate(_ordered(difference))}
        value = value_at(difference, point)
        if not (value > 0 or value < 0):
            return vanishes(difference)
        witness = {str(symbol): str(at) for symbol, at in point.items()}
        detail = f"the sides {left} and {right} differ by {value}"
        return Outcome(False, scope, detail, witness or {"everywhere": detail})
    return Outcome(True, scope, f"{len(pairs)} identities (SymPy)")


def _ordered(expression: sp.Expr) -> list[sp.Symbol]:
    return sorted(expression.free_symbols, key=lambda symbol: str(symbol.name))


def _positive(margin: sp.Expr, symbol: sp.Symbol) -> list[Outcome]:
    """margin > 0 on (0, 1], where it vanishes to first order at 0; a mutant may keep r in it."""
    others = {r: (Fraction(1, 64), Fraction(48))} if margin.has(r) else {}
    return [
        sign_on_box(margin, ">", {symbol: (_NEAR, Fraction(1)), **others}),
        closed_at(margin, ">", symbol, sp.Integer(0), _NEAR, order=1, others=others),
    ]


def _within(bound: sp.Expr) -> list[Outcome]:
    """|T_1| <= bound, where r = a: equalities at x < 0 and x > a, and a margin between them."""
    far = sp.Abs(-_w - r) - sp.Abs(-_w)
    past = sp.Abs(_w) - sp.Abs(_w + r)
    for slack in (sp.simplify(bound - far), sp.simplify(bound + past)):
        if vanishes(slack).status is not True:
            span = {s: (Fraction(1, 64), Fraction(48)) for s in _ordered(slack)}
            return [sign_on_box(slack, ">", span)]
    # between: bound - T_1 = a(share - 1 + 2v), and bound + T_1 is its mirror image, v -> 1 - v
    share = sp.simplify(bound / r)
    ends = replace(vanishes(bound - far, bound + past), scope="x < 0, and x > a")
    return [ends, *_positive(share - 1 + 2 * _v, _v)]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Random rational delta: T exactly, and every sign pattern against the printed atoms."""
    return search_atoms(statement, seed=seed)
