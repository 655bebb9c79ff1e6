"""T(x) = ||x - delta||_1 - ||x||_1 is a mixed random variable: its atoms in every dimension."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box, vanishes
from theory.enclosures.coverage import identical, over, positive_from_zero, scales_as
from theory.searches.atom_patterns import search_atoms
from theory.steps import laplace_steps
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
    },
)

_k = sp.Symbol("k", integer=True, positive=True)
_sum = sp.Symbol("a_S", nonnegative=True)
_a, _v, _w, _z = sp.symbols("a v w z", positive=True)
_NEAR, _BETWEEN = Fraction(1, 1024), "0 < x <= a, x = a v, every a > 0"
#: names in the written steps: T, T of one coordinate, and the place of an atom
_T, _T1, _t = sp.Function("T"), sp.Function("T_1"), sp.Function("t")

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
            _delta_zero(),
            proves=False,
            conclusion="at delta = 0, T = 0 for every x: one atom, of mass 1",
        ),
    ]


def _far() -> sp.Expr:
    """P(T_i = a), the mass of x_i < 0."""
    return densities.mass(densities.laplace, lam, -sp.oo, 0)


def _past() -> sp.Expr:
    """P(T_i = -a), the mass of x_i > a."""
    return densities.mass(densities.laplace, lam, _a, sp.oo)


def _mass_shown(lower: sp.Expr, upper: sp.Expr) -> sp.Integral:
    return densities.integral(
        densities.laplace, lam, sp.sympify(lower, strict=True), sp.sympify(upper, strict=True)
    )


def _bounded(statement: Statement) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    bound, where = statement["bound"](r, lam), "every r > 0, lambda > 0"
    far, past = laplace_steps.log_ratio_at(-_v, r), laplace_steps.log_ratio_at(r + _v, r)
    top, low = "the largest T, attained at x < 0", "the smallest T, attained at x > r"
    yield compare(far, "<=", bound, top, where, written=_T(-_v), states=True)
    yield compare(past, ">=", -bound, low, where, written=_T(r + _v), states=True)


def _atom_at_r(statement: Statement) -> Iterator[Step]:
    top = statement["top"]
    domain = "one coordinate, delta_1 = a > 0 (a < 0 is the mirror image)"
    whole = densities.mass(densities.laplace, lam, -sp.oo, sp.oo)
    shown = _mass_shown(-sp.oo, sp.oo)
    nothing = "k = 0: T = 0 = r for every x, so its mass is the whole"
    yield equal(whole, top(0), nothing, "delta = 0", written=shown, states=True)
    far, past = laplace_steps.log_ratio_at(-_v, _a), laplace_steps.log_ratio_at(_a + _v, _a)
    yield equal(far, _a, "T_1 = a at x = -v < 0", domain, written=_T1(-_v))
    between, middle = (
        laplace_steps.log_ratio_at(_v, _v + _w),
        "T_1 < a at x = v in (0, a), a = v + w",
    )
    yield compare(between, "<", _v + _w, middle, domain, form=-2 * _v, written=_T1(_v))
    yield compare(past, "<", _a, "T_1 < a at x = a + v > a", domain, written=_T1(_a + _v))
    mass = "P(T_1 = a) is the mass of x < 0"
    yield equal(_far(), top(1), mass, domain, written=_mass_shown(-sp.oo, 0), states=True)
    yield equal(
        top(_k + 1),
        top(_k) * _far(),
        "T = r iff T_i = |delta_i| for every i, and the coordinates are independent",
        "every k >= 1 (the step joins one more non-zero coordinate)",
        states=True,
    )
    zero, still = laplace_steps.log_ratio_at(_v, sp.Integer(0)), "a zero coordinate adds 0 to T"
    yield equal(zero, 0, still, "delta_i = 0", written=sp.Function("T_i")(_v))
    each = "so P(T = r), a product of such factors, is positive"
    yield compare(_far(), ">", 0, each, "every k", written=_mass_shown(-sp.oo, 0))


def _atoms(statement: Statement) -> Iterator[Step]:
    mass, place, total = statement["mass"], statement["place"], statement["total"]
    domain = "one coordinate, delta_1 = a > 0 (a < 0 is the mirror image)"
    past = laplace_steps.log_ratio_at(_a + _v, _a)
    far = laplace_steps.log_ratio_at(-_v, _a)
    yield equal(past, -_a, "T_1 = -a at x = a + v > a", domain, written=_T1(_a + _v))
    yield equal(far, _a, "T_1 = a at x = -v < 0", domain, written=_T1(-_v))
    yield equal(
        laplace_steps.log_ratio_at(_v, _v + _w),
        (_v + _w) - 2 * _v,
        "T_1 = a - 2x on 0 < x < a = v + w: one-to-one, so no value there has positive probability",
        domain,
        written=_T1(_v),
    )
    empty, one = "S empty: the mass of x < 0", "S = {1}: the mass of x > a"
    yield equal(_far(), mass(1, 0, lam), empty, domain, written=_mass_shown(-sp.oo, 0), states=True)
    yield equal(_past(), mass(1, _a, lam), one, domain, written=_mass_shown(_a, sp.oo), states=True)
    more = "every k >= 1 and S (the step joins one more non-zero coordinate, of |delta_i| = a)"
    off = "the new coordinate stays out of S; it is independent of the others"
    on = "the new coordinate enters S; it is independent of the others"
    yield equal(mass(_k + 1, _sum, lam), mass(_k, _sum, lam) * _far(), off, more, states=True)
    joined = mass(_k, _sum, lam) * _past()
    yield equal(mass(_k + 1, _sum + _a, lam), joined, on, more, states=True)
    for new, at, how in ((_sum, far, off), (_sum + _a, past, on)):
        yield equal(
            place(r + _a, new),
            place(r, _sum) + at,
            f"the place t of the atom: {how}",
            more,
            written=_t(r + _a, new),
            states=True,
        )
    yield equal(
        _far() + _past(),
        total(_a, lam),
        "a coordinate is at one of its atoms with this probability; all of them are, with the "
        "product, since they are independent",
        domain,
        written=_mass_shown(-sp.oo, 0) + _mass_shown(_a, sp.oo),
        states=True,
    )


def _continuous_part(statement: Statement) -> Iterator[Step]:
    total = statement["total"](_a, lam)
    domain = "one coordinate, |delta_1| = a > 0"
    between = densities.mass(densities.laplace, lam, 0, _a)
    left = "the mass of 0 < x < a is what the atoms leave"
    yield equal(between, 1 - total, left, domain, written=_mass_shown(0, _a))
    yield compare(
        total,
        statement["relation"],
        1,
        "so the product over k >= 1 coordinates is below 1 too, each factor being at most this",
        f"{domain}, every lambda > 0",
        along=(_a, sp.Integer(0), 1),
        states=True,
    )
    inside = laplace_steps.log_ratio_at(_v, _v + _w)
    yield equal(inside, _w - _v, "there T_1 = a - 2x, x = v, a = v + w", domain, written=_T1(_v))
    density = -sp.diff(densities.mass(densities.laplace, lam, _v, sp.oo), _v) / 2
    yield equal(
        density,
        densities.laplace(_v, lam) / 2,
        "P(T_1 <= a - 2v) = P(x >= v), so the density of T_1 at a - 2v is half that of x at v",
        f"{domain}, 0 < v < a",
        written=-sp.Derivative(_mass_shown(_v, sp.oo), _v) / 2,
    )
    yield compare(
        densities.laplace(_v, lam) / 2,
        ">",
        0,
        "it is positive on all of (-a, a); a sum with one independent term that has a density has "
        "a density",
        f"{domain}, 0 < v < a",
    )


def _delta_zero() -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    for x in (-_v, _v):
        still = laplace_steps.log_ratio_at(x, sp.Integer(0))
        yield equal(still, 0, "T does not depend on x", "delta = 0", written=_T(x))
    whole = densities.mass(densities.laplace, lam, -sp.oo, sp.oo)
    shown = _mass_shown(-sp.oo, sp.oo)
    yield equal(whole, 1, "T = 0 has mass 1, no density is left", "delta = 0", written=shown)


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The same law from the half-line masses and T along one coordinate, over compact variables.

    Lengths are in units of lambda, and x = a v between the two centres, so that T_1 = a(1 - 2v);
    k and the coordinates of S grow one at a time. That lambda may be 1 is checked.
    """
    mass, place = statement["mass"], statement["place"]
    far = half_line_mass(sp.Integer(0))
    top = [
        (statement["top"](0), 2 * far),  # k = 0: the whole line
        (statement["top"](1), far),
        (statement["top"](_k + 1), statement["top"](_k) * far),
    ]
    bound, total = statement["bound"], scales_as(statement["total"](_a, lam), 0, _a)
    scaled = [scales_as(mass(_k, _sum, lam), 0, _sum), scales_as(place(r, _sum), 1, r, _sum), total]
    # what the atoms leave, in z = e^(-a)
    left = 1 - statement["total"](-sp.log(_z), 1)
    left = left if statement["relation"] == "<" else -left
    last, one = 1 - _NEAR, sp.Integer(1)
    every = "every a = |delta_1| > 0, z = e^(-a/lambda)"
    # the density of x at t is the slope of the mass beyond -t, here in z = e^(-t)
    slope = -sp.diff(half_line_mass(-_w), _w).subs(_w, -sp.log(_z))
    nothing = 1 - statement["total"](sp.Integer(0), 1)
    return [
        enclosed(
            "bounded",
            [scales_as(bound(r, lam), 1, r), *_within(bound(r, 1))],
            conclusion="|T_1| <= a = |delta_1|, and |T| <= sum |T_i| <= r in every dimension",
        ),
        enclosed(
            "atom_at_r",
            [identical(top, "every k >= 0"), *positive_from_zero(_below_top(), _v, _BETWEEN)],
            conclusion="P(T_1 = a) = 1/2, a - T_1 = 2x > 0 on 0 < x <= a and T_1 = -a beyond, one "
            "coordinate at a time",
        ),
        enclosed(
            "atoms",
            [*scaled, identical(_induction(statement), "every k >= 1, S and |delta_i| = a > 0")],
            conclusion="masses, places and their sum, one coordinate at a time; the c.d.f. of T_1 "
            "has no other jumps",
        ),
        enclosed(
            "continuous_part",
            [
                total,
                over(sign_on_box(left, ">", {_z: (Fraction(0), last)}), every),
                over(closed_at(left, ">", _z, one, last, order=1), every),
                *positive_from_zero(slope, _z, "density of x at every t > 0, z = e^(-t/lambda)"),
            ],
            conclusion="one coordinate leaves (1 - e^(-a/lambda))/2 > 0 to x in (0, a), where x "
            "has a density and T_1 = a - 2x is one-to-one, for every a > 0",
        ),
        enclosed(
            "delta_zero",
            [over(vanishes(nothing, 2 * half_line_mass(sp.Integer(0)) - 1), "delta = 0")],
            proves=False,
            conclusion="at a = 0 the two atoms are one, of mass 1, and nothing is left",
            witness={"delta": "0", "P(T = 0)": "1"},
        ),
    ]


def _induction(statement: Statement) -> list[tuple[sp.Expr, sp.Expr]]:
    """Masses and places of the atoms, from one coordinate and from k coordinates to k + 1."""
    mass, place = statement["mass"], statement["place"]
    far, past = half_line_mass(sp.Integer(0)), half_line_mass(-_a)  # the law is symmetric
    return [
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


def _within(bound: sp.Expr) -> list[Outcome]:
    """|T_1| <= bound, where r = a: equalities at x < 0 and x > a, and a margin between them."""
    far = sp.Abs(-_w - r) - sp.Abs(-_w)
    past = sp.Abs(_w) - sp.Abs(_w + r)
    ends = over(vanishes(bound - far, bound + past), "x < 0, and x > a, every a > 0")
    if ends.status is not True:
        # another bound is not met there: refuted where it is smaller, and nothing is proved
        span = {r: (Fraction(1, 64), Fraction(48))}
        return [over(sign_on_box(bound - far, ">", span), "x < 0, a = r", whole=False)]
    # bound - T_1 = 2 x, and bound + T_1 is its mirror image, x -> a - x
    return [ends, *positive_from_zero(_below_top(), _v, _BETWEEN)]


def _below_top() -> sp.Expr:
    """(a - T_1)/a at x = a v between the two centres."""
    x, a = _v, _v + _w
    return sp.simplify((a - (sp.Abs(x - a) - sp.Abs(x))).subs(_w, 1 - _v))


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Random rational delta: T exactly, and every sign pattern against the printed atoms."""
    return search_atoms(statement, seed=seed)
