"""Section 4.2: where the differential-privacy inequality P(Y in B) <= e^(r/lambda) PB is tight."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np
import sympy as sp

from theory.claim import Claim, Evidence, Grade, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, enclosed
from theory.enclosures.axis_sets import same, three_pieces
from theory.enclosures.coverage import scales_as
from theory.enclosures.diagonal_boxes import (
    at_range_end,
    best_at_range_end,
    largest_sets_enclosed,
    loss_is_positive,
    strictly_less,
)
from theory.enclosures.identities import recomputable
from theory.searches.diagonal_search import best_on_grid, search_diagonal
from theory.searches.findings import searched
from theory.steps import axis_steps, diagonal_steps, laplace_steps
from theory.steps.diagonal_steps import h
from theory.symbols import lam, p_b, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="dp_inequality_tight",
    source="section 4.2, below the display in the sketch of the proof of Theorem 3",
    statement=(
        "For ||delta||_1 = r <= -lambda log[2 PB] the inequality P(Y in B) <= e^(r/lambda) "
        "P(X in B) is tight: it is an equality for some B of X-mass PB."
    ),
    latex=(
        r"\|\delta\|_1\le-\lambda\log[2P_B]\ \Rightarrow\ \exists B:\ P(X\in B)=P_B,\ "
        r"P(Y\in B)=e^{\|\delta\|_1/\lambda}P_B"
    ),
    variables=(
        Variable("PB", "(0, 1)", "X-mass of B; from 1/2 on no r > 0 is in the range"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r > 0"),
        Variable("k", "1, 2, ..., d", "number of non-zero coordinates of delta"),
    ),
    parts=(
        Part(
            "on_axis",
            "for delta on a coordinate axis and every r <= -lambda log[2 PB] the half-space {x_1 "
            ">= -lambda log[2 PB]} has X-mass PB and Y-mass e^(r/lambda) PB",
        ),
        Part(
            "every_direction",
            "the inequality is tight in that range for every delta of norm r",
            Role.READING,
            "for delta on a coordinate axis; with k non-zero coordinates the equality is attained "
            "exactly for r <= -lambda log[2^k PB], where PB <= P(T = -r), and by no B beyond: at "
            "r = -lambda log[2 PB] and delta = (r/2, r/2) no B has a Y-mass above {best}, in the "
            "place of 1/2, for every PB <= {largest_PB}",
        ),
        Part(
            "exact_range",
            "with k non-zero coordinates some B of X-mass PB has Y-mass e^(r/lambda) PB exactly "
            "for r <= -lambda log[2^k PB]; on an axis, k = 1, that is the printed range",
            Role.CORRECTION,
        ),
        Part(
            "diagonal",
            "for delta = (r/2, r/2), 0 < h <= r/(2 lambda) and PB = (1 + h) e^(h - r/lambda)/4 "
            "the largest Y-mass is 1 - (3 + h) e^(-h)/4, which is less than e^(r/lambda) PB; at "
            "r = -lambda log[2 PB] that is the h with (1 + h) e^h = 2, for every PB <= e^(-2h)/2",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "Tight: attained by some B of X-mass exactly PB. The text sets delta = (r, 0, ..., 0) "
        "before the display and drops it in the sentence; k = 0 is delta = 0, where Y = X."
    ),
    reference="paper, section 4.2",
    absent={
        Rung.EXPERIMENT: "the statement is about sets and the noise: no trained classifier",
        Rung.FIGURE: "Figure 5 draws the sets, which is figure_5_moved_set",
    },
)

_k = sp.Symbol("k", integer=True, positive=True)

PRINTED: Statement = {
    "range": -lam * sp.log(2 * p_b),
    "factor": sp.exp(r / lam),
    # ours: the range with k coordinates; X-mass (over e^(-r/lambda)) and Y-mass on the diagonal
    "exact": sp.Lambda((_k, p_b, lam), -lam * sp.log(2**_k * p_b)),
    "level": (1 + h) * sp.exp(h) / 4,
    "best": 1 - (3 + h) * sp.exp(-h) / 4,
}

_MICRO = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EXACT = (*_PROOFS, Rung.SEARCH)
_ALL = (*_EXACT, Rung.SIMULATION)


def _longer(by: sp.Expr) -> Statement:
    return {"exact": sp.Lambda((_k, p_b, lam), -lam * sp.log(2**_k * p_b) + by)}


_SAME_FOR_ALL = {"exact": sp.Lambda((_k, p_b, lam), -lam * sp.log(2 * p_b))}
MUTANTS = (
    Mutant("range longer by 1e-6", {"range": PRINTED["range"] + lam * _MICRO}, "on_axis", _PROOFS),
    Mutant("range without the 2", {"range": -lam * sp.log(p_b)}, "on_axis", _ALL),
    Mutant("factor larger by 1e-6", {"factor": PRINTED["factor"] + _MICRO}, "on_axis", _PROOFS),
    Mutant("exact range longer by 1e-6", _longer(lam * _MICRO), "exact_range", _PROOFS),
    Mutant("exact range shorter by 1e-6", _longer(-lam * _MICRO), "exact_range", _PROOFS),
    Mutant("the same range for every k", _SAME_FOR_ALL, "exact_range", _ALL),
    Mutant("best larger by 1e-6", {"best": PRINTED["best"] + _MICRO}, "diagonal", _EXACT),
    Mutant("X-mass larger by 1e-6", {"level": PRINTED["level"] + _MICRO}, "diagonal", _EXACT),
    Mutant("4 for 3 in the Y-mass", {"best": 1 - (4 + h) * sp.exp(-h) / 4}, "diagonal", _ALL),
)

_w = sp.Symbol("w", nonnegative=True)
_t = sp.Symbol("t", positive=True)
_a = sp.Symbol("a", positive=True)
_q = sp.Symbol("kappa", nonnegative=True)
_b = sp.Symbol("b", nonnegative=True)
_T = sp.Function("T")
_ATOM = sp.Function("P_k")
_TAIL = "PB = P(X_1 >= b) from the density"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """B inside {T = -r} from the density; no other B attains the equality."""
    return [
        chain(
            "on_axis",
            _on_axis(statement),
            conclusion="B = {x_1 >= b} lies in {T = -r} = {x_1 >= r} for r <= b, and Y in B iff "
            "X_1 >= b - r",
        ),
        chain(
            "every_direction",
            _off_axis(statement),
            proves=False,
            conclusion="d = 2, delta = (r/2, r/2), PB = e^(-r/lambda)/2, so that r = -lambda "
            "log[2 PB] for every r > 0: P(T = -r) = PB/2, so every B of mass PB has mass where T "
            "> -r, and P(Y in B) < e^(r/lambda) PB",
        ),
        chain(
            "exact_range",
            _exact_range(statement),
            conclusion="the equality holds iff T = -r almost everywhere on B, and such a B exists "
            "iff PB <= P(T = -r) = 2^-k e^(-r/lambda)",
        ),
        chain(
            "diagonal",
            _diagonal(statement),
            conclusion="{T <= -r + 2 h lambda} is the best set, and e^(r/lambda) PB less its "
            "Y-mass is convex in h with a double zero at h = 0",
        ),
    ]


def _at(formula: sp.Expr, level: sp.Expr, move: sp.Expr = r) -> sp.Expr:
    return sp.simplify(formula.subs({p_b: level, r: move}, simultaneous=True))


def _tail(start: sp.Expr) -> sp.Expr:
    return axis_steps.interval_mass(start, sp.oo)


def _on_axis(statement: Statement) -> Iterator[Step]:
    yield from axis_steps.pieces_of_t()
    yield equal(
        _at(statement["range"], _tail(lam * _q)),
        lam * _q,
        "the end of the printed range is b, so r <= b and B = {x_1 >= b} lies in {T = -r}",
        f"0 < PB <= 1/2, b = kappa lambda >= 0; {_TAIL} (for PB > 1/2 there is no r > 0 in it)",
        written=statement["range"],
        states=True,
    )
    inside = _tail(lam * _q).subs(_q, (r + _w) / lam)
    yield axis_steps.has_mass(
        (_w, sp.oo),
        statement["factor"] * inside,
        "Y_1 = X_1 + r is at least b iff X_1 >= b - r: the equality",
        f"0 < r <= b, b = r + w; {_TAIL}; every dimension (the other coordinates do not matter)",
        states=True,
        shown=(_b - r, sp.oo),
    )
    yield laplace_steps.largest_ratio()


def _strict() -> Step:
    """Where T > -r the integrand of e^(r/lambda) P(X in B) - P(Y in B) is positive."""
    return compare(
        laplace_steps.dp_factor() * (1 - sp.exp(-_t / lam)),
        ">",
        0,
        "e^(r/lambda) P(X in B) - P(Y in B) is the integral of e^(r/lambda) - e^(-T/lambda) over "
        "B under X: not negative, and 0 only if T = -r almost everywhere on B",
        "T = -r + t, t > 0",
        along=(_t, sp.Integer(0), 1),
        written=sp.exp(r / lam) - sp.exp(-(_t - r) / lam),
    )


def _off_axis(statement: Statement) -> Iterator[Step]:
    yield from laplace_steps.ratio_is_bounded()
    yield _strict()
    mass = _tail(r)
    domain = "PB = P(X_1 >= r) = e^(-r/lambda)/2, every r > 0"
    ends = "r is in the printed range, at its end"
    yield equal(_at(statement["range"], mass), r, ends, domain, written=statement["range"])
    yield compare(
        _tail(r / 2) ** 2,
        "<",
        mass,
        "P(T = -r), both coordinates past their moves: half of PB, so that T > -r on a part of B "
        "of positive mass",
        f"d = 2, delta = (r/2, r/2), {domain}",
        form=-sp.exp(-r / lam) / 4,
        written=axis_steps.interval_integral(r / 2, sp.oo) ** 2,
    )


def _exact_range(statement: Statement) -> Iterator[Step]:
    exact = statement["exact"]
    atom = sp.solve(sp.Eq(_t, sp.exp(-exact(_k, p_b, 1))), p_b)[0].subs(_t, sp.exp(-r / lam))
    where = "every k >= 1 and PB in (0, 1); one more coordinate, of |delta_i| = a > 0"
    yield equal(
        atom.subs(_k, 1),
        _tail(r),
        "the largest PB with r in the exact range is P(T = -r) = P(X_1 >= r)",
        "k = 1, delta on an axis",
        written=_ATOM(1, r),
        states=True,
    )
    yield equal(
        atom.subs({_k: _k + 1, r: r + _a}, simultaneous=True),
        atom * _tail(_a),
        "and with one more coordinate, as T = -r iff every T_i = -|delta_i|, independently",
        where,
        written=_ATOM(_k + 1, r + _a),
        states=True,
    )
    alike = "for k = 1 the exact range is the printed one"
    yield equal(exact(1, p_b, lam), statement["range"], alike, "every PB in (0, 1)")
    shorter = "and it falls with r, so PB <= P(T = -r) exactly for r in the exact range"
    slope = sp.diff(atom, r)
    yield compare(slope, "<", 0, shorter, where, written=sp.Derivative(_ATOM(_k, r), r))
    yield from axis_steps.pieces_of_t()
    yield _strict()


def _diagonal(statement: Statement) -> Iterator[Step]:
    level, best = statement["level"], statement["best"]
    yield from diagonal_steps.largest_sets(level, best)
    yield compare(
        level,
        ">",
        best,
        "e^(r/lambda) PB is larger than the largest Y-mass",
        f"{diagonal_steps.DOMAIN}; the second derivative of the difference is ((3 + h) e^h + "
        "(1 + h) e^(-h))/4",
        along=(h, sp.Integer(0), 2),
        states=True,
    )
    yield from diagonal_steps.at_range_end(level, statement["range"])


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The same sets from half-line masses, with lambda = 1 (checked)."""
    exact, factor = statement["exact"], statement["factor"]
    scaled = [
        scales_as(statement["range"], 1),
        scales_as(factor, 0, r),
        scales_as(exact(_k, p_b, lam), 1),
    ]
    inside = half_line_mass(-r - _w)
    edge = sp.simplify(statement["range"].subs({p_b: half_line_mass(-_q), lam: 1}))
    moved = factor.subs(lam, 1) * inside - half_line_mass(-_w)
    root, best = best_at_range_end(statement["level"], statement["best"])
    off = [
        same(_printed_end(statement, half_line_mass(-r)) - r, "r is in the range", "PB = e^(-r)/2"),
        same(half_line_mass(-r / 2) ** 2 * 2 - half_line_mass(-r), "P(T = -r) = PB/2", "every r"),
        *strictly_less(),
        *at_range_end(),
        *largest_sets_enclosed(statement["level"], statement["best"]),
    ]
    return [
        enclosed(
            "on_axis",
            [
                *scaled,
                three_pieces(),
                same(edge - _q, "the range ends at b", "0 < PB <= 1/2, b = kappa"),
                same(moved, "P(Y in B) = e^r PB", "0 < r <= b, b = r + w, every dimension"),
            ],
            conclusion="B = {x_1 >= b} has Y-mass e^r PB for every r <= b = -log[2 PB]",
        ),
        enclosed(
            "every_direction",
            [*scaled, *off],
            proves=False,
            roots={"best": best, "largest_PB": root},
            conclusion="for delta = (r/2, r/2) and r = -log[2 PB] the atom {T = -r} has half the "
            "mass of B, and e^(-T) < e^r elsewhere",
            witness=_witness(statement),
        ),
        enclosed(
            "exact_range",
            [*scaled, three_pieces(), *_atoms(statement), *strictly_less()],
            conclusion="P(T = -r) = 2^-k e^(-r), which falls with r, reaches PB at the end of the "
            "exact range, and the equality needs T = -r on B",
        ),
        enclosed(
            "diagonal",
            [
                *largest_sets_enclosed(statement["level"], statement["best"]),
                *loss_is_positive(statement["level"], statement["best"]),
                *at_range_end(),
            ],
            conclusion="e^r PB less the largest Y-mass is positive for every h in (0, r/2]",
        ),
    ]


def _printed_end(statement: Statement, mass: sp.Expr) -> sp.Expr:
    return sp.simplify(statement["range"].subs({p_b: mass, lam: 1}))


def _atoms(statement: Statement) -> Iterator[Outcome]:
    exact = statement["exact"]
    one, many = half_line_mass(-r), 2**-_k * sp.exp(-r)
    yield same(many.subs(_k, 1) - one, "P(T = -r) on an axis", "every r > 0")
    joined = many.subs({_k: _k + 1, r: r + _a}, simultaneous=True) - many * half_line_mass(-_a)
    yield same(joined, "P(T = -r) with one more coordinate", "every k >= 1, r, a > 0")
    ends = many.subs(r, exact(_k, p_b, 1)) - p_b
    yield same(ends, "P(T = -r) = PB at the end", "every k >= 1, PB in (0, 1)")
    printed = exact(1, p_b, 1) - statement["range"].subs(lam, 1)
    yield same(printed, "the exact range is the printed one", "k = 1")


def _witness(statement: Statement) -> dict[str, str]:
    at = {h: sp.log(sp.Rational(5, 4))}
    bound, best = statement["level"].subs(at), statement["best"].subs(at)
    mass = bound * sp.exp(-2)
    return {
        "lambda": "1",
        "delta": "(1, 1), r = 2",
        "PB": recomputable(mass),
        "-log[2 PB]": recomputable(statement["range"].subs({p_b: mass, lam: 1})),
        "e^r PB": recomputable(bound),
        "largest P(Y in B)": recomputable(best),
    }


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """The best B by linear programming on grids (HiGHS), and the diagonal sets by quadrature."""
    rng = np.random.Generator(np.random.Philox(seed))
    start = time.perf_counter()
    end_of = sp.lambdify([p_b, lam], statement["range"], "math")
    exact_of = sp.lambdify([_k, p_b, lam], statement["exact"](_k, p_b, lam), "math")
    factor_of = sp.lambdify([r, lam], statement["factor"], "math")
    wrong: dict[str, dict[str, str]] = {}
    for number in range(30):
        scale, mass = float(10 ** rng.uniform(-1, 1)), float(10 ** rng.uniform(-3, -0.7))
        many = 1 + number % 2
        share = float(rng.uniform(0.1, 0.9))
        direction = (share, 1 - share) if many == 2 else ((1.0,), (1.0, 0.0))[number // 2 % 2]
        fraction = float(1 - 10 ** rng.uniform(-3, -0.3))
        for part, norm, tight in (
            ("on_axis", fraction * end_of(mass, scale), True),
            ("exact_range", fraction * exact_of(many, mass, scale), True),
            ("exact_range", exact_of(many, mass, scale) + 0.4 * scale, False),
        ):
            if norm <= 0 or (part == "on_axis" and many == 2):
                continue
            delta = tuple(norm * part_of for part_of in direction)
            found = best_on_grid(delta, scale, mass)
            bound = factor_of(norm, scale) * mass
            if (abs(found - bound) <= 1e-6) != tight:
                seen = {"PB": repr(mass), "lambda": repr(scale), "delta": repr(delta)}
                wrong.setdefault(part, {**seen, "P(Y in B)": repr(found), "bound": repr(bound)})
    wrong |= search_diagonal(statement, rng)
    scope = "30 pairs (PB, lambda), PB down to 1e-3, r up to 0.999 of the range and 0.4 beyond"
    lost = wrong.get("every_direction")
    shown = Grade.CONSISTENT, "every_direction", lost is None
    detail = "on the diagonal the best B of scipy's law stays below the bound"
    details = {
        "on_axis": "HiGHS finds a B that attains the bound in the range",
        "exact_range": "HiGHS attains the bound inside the exact range and not beyond it",
        "diagonal": "scipy's quadrature of both masses; HiGHS finds no better B",
    }
    return [
        Evidence(Rung.SEARCH, *shown, scope, detail, witness=lost),
        *(searched(n, scope, d, start=start, witness=wrong.get(n)) for n, d in details.items()),
    ]
