"""Figure 5: for which delta the set B, moved by delta, still has T = -r everywhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.axis_sets import at_most_zero, ratio_along, same, three_pieces
from theory.enclosures.coverage import over, scales_as
from theory.enclosures.identities import recomputable
from theory.searches.axis_search import Place, numeric, places, reported
from theory.steps import axis_steps, laplace_steps
from theory.symbols import excess, lam, p_b, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="figure_5_moved_set",
    source="Figure 5 and the paragraph below it, section 4.2",
    statement=(
        "When delta = (r, 0, ..., 0) is small, T = -r on the selected set B and also on the set "
        "that B becomes when it is moved by r towards the left; therefore the inequality is tight."
    ),
    latex=(
        r"T(x)=-\|\delta\|_1\ \ \forall x\in B=\{x_1\ge b\},\quad T(x)=-\|\delta\|_1\ \ "
        r"\forall x\in B-\delta=\{x_1\ge b-\|\delta\|_1\}"
    ),
    variables=(
        Variable("PB", "(0, 1)", "X-mass of B = {x_1 >= b}"),
        Variable("b", "(-oo, oo)", "-lambda log[2 PB] for PB <= 1/2, negative for PB > 1/2"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("r", "(0, oo)", "l1 norm of delta, which lies on a coordinate axis"),
    ),
    parts=(
        Part(
            "small_delta",
            "for 0 < PB < 1/2 and 0 < r <= b/2, T = -r everywhere on B and on the moved set",
        ),
        Part(
            "whole_range",
            "T = -r on the moved set for every r <= b, where the inequality is tight",
            Role.READING,
            "for PB < 1/2 and r <= -(lambda/2) log[2 PB] = b/2, half the range r <= b in which the "
            "inequality is tight; for every r > b/2, and for every r where PB >= 1/2, the moved "
            "set contains points with T > -r; for b/2 < r <= b the inequality is tight all the "
            "same, because T = -r on B itself",
        ),
        Part(
            "exactly_then",
            "for every r > b/2, and for every r > 0 where PB >= 1/2, a part of the moved set that "
            "has positive mass has T > -r",
            Role.CORRECTION,
        ),
        Part(
            "tight_without_it",
            "T = -r on B for every r <= b, and P(Y in B) = e^(r/lambda) PB follows from that",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "The text does not say how small; B is the set of Figure 5, {x_1 >= b} with P(X in B) = "
        "PB, and the moved set is {x : x + delta in B}, whose X-mass is P(Y in B)."
    ),
    reference="paper, Figure 5 and the paragraph below it",
    absent={Rung.EXPERIMENT: "the sets are given explicitly: no trained classifier is involved"},
)

PRINTED: Statement = {
    "edge": -lam * sp.log(2 * p_b),  # b, for PB <= 1/2
    "small": -lam * sp.log(2 * p_b) / 2,  # how small r has to be: ours, the text gives no bound
    "value": -r,
    "bound": sp.exp(r / lam) * p_b,
}

_SHIFT = lam * sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EXACT = (*_PROOFS, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)


def _plus(name: str, shift: sp.Expr) -> Statement:
    return {name: PRINTED[name] + shift}


_THIRD, _DOUBLED = {"small": PRINTED["edge"] / 3}, {"bound": sp.exp(2 * r / lam) * p_b}
MUTANTS = (
    Mutant("larger by 1e-6 lambda", _plus("small", _SHIFT), "small_delta", _EXACT),
    Mutant("dropped factor 1/2", {"small": PRINTED["edge"]}, "small_delta", _ALL),
    Mutant("smaller by 1e-6 lambda", _plus("small", -_SHIFT), "exactly_then", _EXACT),
    Mutant("a third of b", _THIRD, "exactly_then", _EXACT),
    Mutant("bound larger by 1e-6", _plus("bound", _SHIFT / lam), "tight_without_it", _EXACT),
    Mutant("exponent doubled", _DOUBLED, "tight_without_it", _ALL),
)

_k = sp.Symbol("k", positive=True)
_m = sp.Symbol("m", nonnegative=True)
_n = sp.Symbol("n", nonnegative=True)
_v = sp.Symbol("v", positive=True)
_z = sp.Symbol("z", positive=True)
_b = sp.Symbol("b", real=True)
_T = sp.Function("T")
_TAIL = "PB = P(X_1 >= b) from the density"
_BEYOND = f"0 < PB < 1/2, b = k lambda, r = b/2 + s, s > 0; {_TAIL}"
_HIGH = f"1/2 <= PB < 1, b = -m <= 0, every r > 0; {_TAIL}"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The moved set starts at b - r, and T = -r from r on: b - r against r."""
    return [
        chain(
            "small_delta",
            _small(statement),
            conclusion="B and the moved set start at b and b - r, both at least r, and T = -r on "
            "{x_1 >= r}",
        ),
        chain(
            "whole_range",
            _whole_range(statement),
            proves=False,
            conclusion="for every PB < 1/2 and b/2 < r <= b the moved set {x_1 >= b - r} contains "
            "the points b/2 <= x_1 < r, where T > -r",
        ),
        chain(
            "exactly_then",
            _exactly_then(statement),
            conclusion="the moved set contains {b/2 <= x_1 < r}, or {-r <= x_1 < 0} where b <= 0",
        ),
        chain(
            "tight_without_it",
            _tight(statement),
            conclusion="B lies in {T = -r} for r <= b, and mu_Y = e^(r/lambda) mu_X there",
        ),
    ]


def _at(formula: sp.Expr, start: sp.Expr) -> sp.Expr:
    """The formula at the PB of {x_1 >= start}, an integral of the density."""
    return sp.simplify(formula.subs(p_b, axis_steps.interval_mass(start, sp.oo)))


def _small(statement: Statement) -> Iterator[Step]:
    yield from axis_steps.pieces_of_t()
    domain = f"0 < PB < 1/2, b = k lambda, k > 0; {_TAIL}"
    edge, small = (_at(statement[name], lam * _k) for name in ("edge", "small"))
    yield compare(
        edge - small,
        ">=",
        small,
        "the moved set starts at b - r, which is at least r for every r up to this bound: it falls "
        "with r, and the two are compared at the bound",
        domain,
        written=_b - statement["small"],
        states=True,
    )
    starts = "B starts at b, so its X-mass is PB"
    yield equal(edge, lam * _k, starts, domain, written=statement["edge"])
    further = "and b is at least r too"
    yield compare(edge, ">=", small, further, domain, form=lam * _k / 2, written=_b)
    value = laplace_steps.log_ratio_at(r + _v, r)
    at_move = laplace_steps.log_ratio_at(r, r)
    for there, where in ((value, "x_1 = r + v > r"), (at_move, "x_1 = r")):
        on = "so T has this value on both sets"
        yield equal(there, statement["value"], on, where, written=_T(r), states=True)


def _inside_moved(statement: Statement) -> Iterator[Step]:
    """x_1 = b/2 lies in the moved set, and T > -r there, for r = small + s."""
    half, edge = (_at(statement[name], lam * _k) for name in ("small", "edge"))
    place = lam * _k / 2
    for lower, upper, said, shown in (
        (edge - half - excess, place, "the moved set starts at b - r, before x_1 = b/2", _b - r),
        (place, half + excess, "and x_1 = b/2 is before r", _b / 2),
    ):
        yield compare(lower, "<", upper, said, _BEYOND, form=-excess, written=shown, states=True)
    yield compare(
        laplace_steps.log_ratio_at(place, place + excess),
        ">",
        -(place + excess),
        "so T > -r at x_1 = b/2, and as T falls with slope -2 up to r, on {b/2 <= x_1 < r} too",
        _BEYOND,
        form=2 * excess,
        written=_T(_b / 2),
    )


def _whole_range(statement: Statement) -> Iterator[Step]:
    yield from axis_steps.pieces_of_t()
    yield from _inside_moved(statement)
    half, edge = (_at(statement[name], lam * _k) for name in ("small", "edge"))
    some = "so there are r in (b/2, b] for every PB < 1/2"
    yield compare(half, "<", edge, some, _BEYOND, form=-lam * _k / 2, written=_b / 2)


def _exactly_then(statement: Statement) -> Iterator[Step]:
    yield from _inside_moved(statement)
    mass = axis_steps.interval_mass(lam * _k / 2, lam * _k / 2 + excess)
    yield compare(
        mass,
        ">",
        0,
        "those points have positive mass",
        _BEYOND,
        along=(excess, sp.Integer(0), 1),
        written=axis_steps.interval_integral(_b / 2, r),
    )
    yield from axis_steps.pieces_of_t()
    yield compare(
        laplace_steps.log_ratio_at(-_v, r),
        ">",
        -r,
        "the moved set starts at b - r <= -r, and T = r before the origin",
        f"{_HIGH}; -r <= x_1 = -v < 0",
        written=_T(-_v),
    )
    yield compare(
        axis_steps.interval_mass(-r, 0),
        ">",
        0,
        "those points have positive mass",
        _HIGH,
        along=(r, sp.Integer(0), 1),
        written=axis_steps.interval_integral(-r, sp.Integer(0)),
    )


def _tight(statement: Statement) -> Iterator[Step]:
    yield from axis_steps.pieces_of_t()
    yield laplace_steps.largest_ratio()
    domain = f"0 < r <= b, written b = r + n, n >= 0; {_TAIL}"
    bound = _at(statement["bound"], r + _n)
    yield axis_steps.has_mass(
        (_n, sp.oo),
        bound,
        "Y in B iff X_1 >= b - r: the bound is attained",
        domain,
        states=True,
        shown=(_b - r, sp.oo),
    )
    within = axis_steps.interval_mass(r + _n, sp.oo)
    yield equal(
        laplace_steps.dp_factor() * within,
        bound,
        "and it follows from T = -r on B alone, where the density ratio is e^(r/lambda)",
        domain,
        written=sp.exp(r / lam) * axis_steps.interval_integral(_b, sp.oo),
        states=True,
    )


_LOW = "0 < PB < 1/2, b = k"
_ABOVE = "T at x_1 = b/2, every r = b/2 + s, s > 0"
_SPAN = {_k: (Fraction(1, 64), Fraction(48))}


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The ends of the sets against r, T from its definition, with lambda = 1 (checked)."""
    scaled = [scales_as(statement[name], 1) for name in ("edge", "small")]
    scaled += [scales_as(statement["value"], 1, r), scales_as(statement["bound"], 0, r)]
    place = {p_b: half_line_mass(-_k), lam: 1}
    edge, small = (sp.simplify(statement[name].subs(place)) for name in ("edge", "small"))
    ends = [same(edge - _k, "B starts at b", _LOW)]
    # x_1 = b/2 lies in the moved set and before r, by as much as r is above b/2
    beyond = [
        at_most_zero(edge - 2 * small, _SPAN, f"b - r < b/2 < r for every r above it; {_LOW}"),
        same(ratio_along(_k / 2, _k / 2 + excess) + _k / 2 - excess, "T + r = 2 s", _ABOVE),
    ]
    inside = {p_b: half_line_mass(-r - _n), lam: 1}
    bound = statement["bound"].subs(inside)
    return [
        enclosed(
            "small_delta",
            [
                *scaled,
                three_pieces(),
                *ends,
                at_most_zero(2 * small - edge, _SPAN, f"b - r >= r at the largest r; {_LOW}"),
                same(ratio_along(r, r) - statement["value"], "T at x_1 = r", "every r > 0"),
                same(ratio_along(r + _v, r) - statement["value"], "T beyond r", "every r > 0"),
            ],
            conclusion="both sets start at or beyond r, from where T = -r: b >= b - r >= r",
        ),
        enclosed(
            "whole_range",
            [*scaled, three_pieces(), *ends, *beyond],
            proves=False,
            conclusion="for every PB < 1/2 and b/2 < r <= b the moved set holds points with T > -r",
            witness=_witness(statement),
        ),
        enclosed(
            "exactly_then",
            [*scaled, three_pieces(), *ends, *beyond, *_masses()],
            conclusion="T + r = 2 (r - x_1) > 0 on b/2 <= x_1 < r, and T = r on x_1 < 0",
        ),
        enclosed(
            "tight_without_it",
            [
                *scaled,
                three_pieces(),
                same(half_line_mass(-_n) - bound, "P(X_1 >= b - r) = e^r PB", "r <= b = r + n"),
                same(
                    sp.exp(r) * half_line_mass(-r - _n) - bound,
                    "e^(-T) P(X in B), T = -r",
                    "r <= b = r + n",
                ),
            ],
            conclusion="e^r PB, from T = -r on B = {x_1 >= b} alone",
        ),
    ]


def _masses() -> Iterator[Outcome]:
    """P(b/2 <= X_1 < r) over e^(-b/2), and P(-r <= X_1 < 0): both are (1 - z)/2."""
    first = (half_line_mass(_k / 2 + excess) - half_line_mass(_k / 2)) * sp.exp(_k / 2)
    second = half_line_mass(sp.Integer(0)) - half_line_mass(-r)
    last = 1 - Fraction(1, 1024)
    for mass, step, where in (
        (first, excess, "0 < PB < 1/2, every r = b/2 + s, z = e^(-s)"),
        (second, r, "1/2 <= PB < 1, every r > 0, z = e^(-r)"),
    ):
        in_z = sp.simplify(sp.expand(mass).subs(step, -sp.log(_z)))
        yield over(sign_on_box(in_z, ">", {_z: (Fraction(0), last)}), where)
        yield over(closed_at(in_z, ">", _z, sp.Integer(1), last, order=1), where)


def _witness(statement: Statement) -> dict[str, str]:
    norm, place = sp.Rational(3, 2), sp.Integer(1)
    mass = sp.exp(-2) / 2
    return {
        "PB": recomputable(mass),
        "lambda": "1",
        "B": f"{{x_1 >= {sp.simplify(statement['edge'].subs({p_b: mass, lam: 1}))}}}",
        "delta": f"({norm}, 0, ..., 0)",
        "moved set": "{x_1 >= 1/2}",
        "x_1": str(place),
        "T(x)": f"{ratio_along(place, norm)}, not {-norm}",
    }


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """b by scipy's quantile, then T exactly, in rationals, on points of the moved set."""
    rng = np.random.Generator(np.random.Philox(seed))
    of = numeric(statement)
    start = time.perf_counter()
    wrong: dict[str, dict[str, str]] = {}
    above: dict[str, str] | None = None
    for number, place in enumerate(places(160, ((0.0, 1), (0.5, -1)), rng)):
        mass, scale = place.mass, place.scale
        small = of["small"](mass, 0.0, scale)
        # within 1e-9 of the bound, on both sides: b itself is known to 1e-13
        near = float(10 ** rng.uniform(-9, -1)) * scale
        inside = max(small - near, small * 0.5)
        if not _minimum_only(place, inside, of["value"](mass, inside, scale), rng):
            wrong.setdefault("small_delta", place.seen(inside, "PB"))
        beyond = small + near
        if _minimum_only(place, beyond, of["value"](mass, beyond, scale), rng):
            wrong.setdefault("exactly_then", place.seen(beyond, "PB"))
        tight = place.upper * float(rng.uniform(0.5, 1))
        if not _minimum_only(place, tight, -tight, rng):
            above = above or place.seen(tight, "PB", b=place.upper)
        if abs(place.moved(place.upper, tight) - of["bound"](mass, tight, scale)) > 1e-9:
            wrong.setdefault("tight_without_it", place.seen(tight, "PB"))
        if number % 8 == 0:  # PB >= 1/2, where b is negative
            other = Place(1 - mass, scale, place.law)
            if _minimum_only(other, near, -near, rng):
                wrong.setdefault("exactly_then", other.seen(near, "PB"))
    scope = "160 pairs (PB, lambda), PB within 1e-4 of 0, 1/2 and 1, r within 1e-9 of b/2"
    shown = Grade.CONSISTENT, "whole_range", above is None
    moved = "T in exact rationals on 12 points of the moved set, its end among them"
    details = {
        "small_delta": f"{moved}: -r at each",
        "exactly_then": f"{moved}: above -r at one of them",
        "tight_without_it": "scipy's survival function of Y_1 at b",
    }
    found = reported(details, wrong, scope, start=start)
    return [Evidence(Rung.SEARCH, *shown, scope, moved, witness=above), *found]


def _minimum_only(place: Place, norm: float, value: float, rng: np.random.Generator) -> bool:
    """Whether T has that value at the end of the moved set and at points beyond it."""
    first, move = Fraction(place.upper) - Fraction(norm), Fraction(norm)
    steps = [Fraction(0), *(Fraction(float(v)) for v in 10 ** rng.uniform(-9, 1, 11) * norm)]
    return all(abs(first + s - move) - abs(first + s) == Fraction(value) for s in steps)
