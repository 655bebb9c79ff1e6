"""Lemma 3.1: the Neyman-Pearson lemma where the likelihood ratio has atoms, both cases."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box, vanishes
from theory.enclosures.coverage import identical, over, scales_as
from theory.enclosures.ratio_pieces import WHERE, ratio_identities
from theory.searches.findings import searched
from theory.searches.level_cells import LevelCells, level_cells
from theory.steps import ratio_steps
from theory.symbols import lam

CLAIM = Claim(
    slug="lemma_3_1",
    source="Lemma 3.1, section 3 and Appendix A",
    statement=(
        "For every beta and S' inside {T = beta}: with S = {T > beta} + S', P(h(X) = 1) >= "
        "P(X in S) implies P(h(Y) = 1) >= P(Y in S); with S = {T < beta} + S', P(h(X) = 1) <= "
        "P(X in S) implies P(h(Y) = 1) <= P(Y in S)."
    ),
    latex=(
        r"S=\{T>\beta\}\cup S':\ P(h(X)=1)\ge P(X\in S)\Rightarrow P(h(Y)=1)\ge P(Y\in S);\quad "
        r"S=\{T<\beta\}\cup S':\ \text{both with }\le"
    ),
    variables=(
        Variable("h", "R^d -> {0, 1}, deterministic or random", "a test, h(1|z) = P(h(z) = 1)"),
        Variable("beta", "R", "level of T(z) = ||z - delta||_1 - ||z||_1"),
        Variable("S'", "any part of {T = beta}, randomised or not", "what S takes of the level"),
        Variable("delta", "R^d, any d >= 1", "perturbation, 0 included; Y = X + delta"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "first_case",
            "S = {T > beta} + S': no h of at least the mass of S under X has less than that of S "
            "under Y",
        ),
        Part(
            "second_case",
            "S = {T < beta} + S': no h of at most the mass of S under X has more than that of S "
            "under Y",
        ),
    ),
    assumptions=(
        "The line that introduces S' is damaged in the scan; it is read as S' inside {T = beta}, "
        "as Appendix A and the proof of Theorem 1 use it, and as one set for X and for Y, on which "
        "Appendix A insists. Elsewhere, or with two sets, the lemma is false (see the mutants)."
    ),
    reference="paper, Lemma 3.1 and Appendix A",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every h",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

_beta = sp.Symbol("beta", real=True)
_theta = sp.Symbol("theta", nonnegative=True)

#: for each case the side of beta on which S lies and the order of hypothesis and conclusion; the
#: level that holds S'; and the share of {T = beta} that S has under Y if it has theta under X
PRINTED: Statement = {
    "first_case": (">", ">="),
    "second_case": ("<", "<="),
    "place": sp.Lambda((_beta, lam), _beta),
    "share": sp.Lambda(_theta, _theta),
}

_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant("S = {T < beta} + S' in case 1", {"first_case": ("<", ">=")}, "first_case", _ALL),
    Mutant("S = {T > beta} + S' in case 2", {"second_case": (">", "<=")}, "second_case", _ALL),
    Mutant("case 1 with at most for at least", {"first_case": (">", "<=")}, "first_case", _ALL),
    Mutant(
        "S' inside {T = -beta}",
        {"place": sp.Lambda((_beta, lam), -_beta)},
        "first_case",
        _ALL,
    ),
    Mutant(
        "S' inside {T = beta - 1e-6 lambda}",
        {"place": sp.Lambda((_beta, lam), _beta - lam * _SHIFT)},
        "first_case",
        _PROOFS,
    ),
    Mutant(
        "S' inside {T = beta + 1e-6 lambda}",
        {"place": sp.Lambda((_beta, lam), _beta + lam * _SHIFT)},
        "second_case",
        _PROOFS,
    ),
    Mutant(
        "another S' for Y: half of the rest is added",
        {"share": sp.Lambda(_theta, (1 + _theta) / 2)},
        "first_case",
        _ALL,
    ),
    Mutant(
        "another S' for Y: 1e-6 of it is lost",
        {"share": sp.Lambda(_theta, _theta * (1 - _SHIFT))},
        "second_case",
        _PROOFS,
    ),
)

_a = sp.Symbol("a", positive=True)
_z = sp.Symbol("z", positive=True)
_v, _w, _gap = sp.symbols("v w g", nonnegative=True)
_h0, _h1 = sp.symbols("h_0 h_1", positive=True)  # h(0|z) and h(1|z); a zero one adds nothing
_rho_off, _rho_on, _out, _in = sp.symbols("rho_off rho_on m_off m_on", nonnegative=True)
_RHO = sp.Function("rho")
_T = sp.Symbol("T", real=True)
_SHARE = _v / (_v + _w)  # of the level, in [0, 1]


def _rho(value: sp.Expr) -> sp.Expr:
    return sp.exp(-value / lam)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The ratio from the density, then (h - 1_S)(mu_Y - t mu_X) has one sign everywhere."""
    return [
        chain(
            "first_case",
            _case(statement, "first_case"),
            conclusion="P(h(Y) = 1) - P(Y in S) >= t (P(h(X) = 1) - P(X in S)) >= 0 with "
            "t = e^(-beta/lambda)",
        ),
        chain(
            "second_case",
            _case(statement, "second_case"),
            conclusion="P(h(Y) = 1) - P(Y in S) <= t (P(h(X) = 1) - P(X in S)) <= 0 with "
            "t = e^(-beta/lambda)",
        ),
    ]


def _case(statement: Statement, part: str) -> Iterator[Step]:
    side, order = statement[part]
    toward = 1 if side == ">" else -1
    yield from ratio_steps.ratio_is_exp_t()
    yield from _exchange(statement, toward, order)
    # h - 1_S on the three sets, times rho - t
    t, every = _rho(_beta), "every beta, lambda > 0; a > 0"
    beyond, off = _beta + toward * _a, _beta - toward * _a
    place = statement["place"](_beta, lam)
    yield compare(
        _h0 * (t - _rho(beyond)),
        order,
        0,
        f"(h(1|z) - 1)(rho - t) where T {side} beta, the points of S off its level: h(1|z) - 1 is "
        "-h(0|z) there, t = e^(-beta/lambda)",
        f"{every}, T = {beyond}",
        along=(_a, sp.Integer(0), 1),
        written=-_h0 * (_RHO(beyond) - t),
    )
    yield equal(
        (_h1 - _theta) * (_rho(place) - t),
        0,
        "on S' and the rest of {T = beta} the ratio is t: nothing depends on the part theta that "
        "S' takes of it, randomised or not",
        "every beta, lambda > 0, 0 <= theta <= 1",
        written=(_h1 - _theta) * (_RHO(place) - t),
    )
    yield compare(
        _h1 * (_rho(off) - t),
        order,
        0,
        "(h(1|z) - 0)(rho - t) at the points that are not in S",
        f"{every}, T = {off}",
        along=(_a, sp.Integer(0), 1),
        written=_h1 * (_RHO(off) - t),
    )
    yield compare(
        t * _gap if order == ">=" else -t * _gap,
        order,
        0,
        "integrate (h - 1_S)(rho - t) mu_X over R^d: P(h(Y) = 1) - P(Y in S) is at least (case 2: "
        "at most) t (P(h(X) = 1) - P(X in S)), and the hypothesis gives the sign of that",
        "every h and S; g = |P(h(X) = 1) - P(X in S)|",
    )


def _exchange(statement: Statement, toward: int, order: str) -> Iterator[Step]:
    """What the lemma needs: no exchange of masses between S and the rest may break it."""
    on = "<=" if order == ">=" else ">="
    trade = (
        "necessary: h that gives up some of S for as much X-mass outside keeps P(h(X) = 1), so "
        "the ratio rho = mu_Y/mu_X on S must not be on the wrong side of that outside"
    )
    beyond, place = _beta + toward * _a, statement["place"](_beta, lam)
    yield compare(
        _rho(beyond),
        on,
        _rho(_beta),
        f"{trade}: S off its level, against the part of the level that is not in S'",
        f"T = {beyond} in S, T = beta outside, a > 0",
        along=(_a, sp.Integer(0), 1),
        written=_RHO(beyond),
        states=True,
    )
    yield compare(
        _rho(place),
        on,
        _rho(_beta),
        f"{trade}: S' against the rest of {{T = beta}}",
        "T = beta outside S, every beta",
        written=_RHO(place),
        states=True,
    )
    yield compare(
        _SHARE,
        order,
        statement["share"](_SHARE),
        "necessary: h = 1_S with X's S' meets the hypothesis with equality, so S may not have more "
        "(case 2: less) of the level under Y",
        "theta = v/(v + w), the share of {T = beta} in S'",
        written=_theta,
        states=True,
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """No multiplier: masses are exchanged between S and the rest, where the ratio is not smaller.

    P(h(Y) = 1) - P(Y in S) is the rho-weighted X-mass of h outside S less that of 1 - h inside,
    and by the hypothesis the first X-mass is not smaller than the second. So it is enough that the
    supremum of rho on S is at most its infimum outside (case 2: the reverse), which needs one
    level: rho beyond it over rho at it is z or 1/z with z = e^(-a) in (0, 1). lambda = 1.
    """
    ratio = ratio_steps.RATIO
    law = [
        scales_as(ratio(_T, lam), 0, _T),
        identical(ratio_identities(ratio_steps.TERM, ratio), WHERE),
    ]
    weighed = over(
        vanishes(
            _rho_off * (_in + _gap) - _rho_on * _in - (_rho_off - _rho_on) * _in - _rho_off * _gap
        ),
        "X-mass m_on lost in S and m_on + g gained outside, every h",
    )
    return [
        enclosed(
            part,
            [*law, *_ordered(statement, part), weighed],
            conclusion=f"the ratio on S is {word} as outside S, S' included, whatever S' takes",
        )
        for part, word in (("first_case", "at most as large"), ("second_case", "at least as large"))
    ]


def _ordered(statement: Statement, part: str) -> Iterator[Outcome]:
    side, order = statement[part]
    toward = 1 if side == ">" else -1
    wanted = 1 if order == ">=" else -1
    one = sp.Integer(1)
    beyond = ratio_steps.RATIO(_beta + toward * _a, one) / ratio_steps.RATIO(_beta, one)
    # 1 - z, or 1 - 1/z, which z makes a polynomial
    margin = wanted * sp.simplify(1 - beyond).subs(_a, -sp.log(_z))
    margin = sp.simplify(margin * _z if toward < 0 else margin)
    where = "T beyond beta by a, z = e^(-a/lambda), every beta and a > 0"
    last = 1 - Fraction(1, 1024)
    yield over(sign_on_box(margin, ">", {_z: (Fraction(0), last)}), where)
    yield over(closed_at(margin, ">", _z, one, last, order=1), where)
    place = statement["place"](_beta, one)
    level = wanted * (1 - ratio_steps.RATIO(place - _beta, one))
    yield _none_or_sign(level, {_beta: (Fraction(1, 64), Fraction(8))}, "S' against T = beta")
    rest = wanted * (_theta - statement["share"](_theta))
    yield _none_or_sign(rest, {_theta: (Fraction(1, 64), Fraction(63, 64))}, "S' of X and of Y")


def _none_or_sign(
    margin: sp.Expr, box: Mapping[sp.Symbol, tuple[Fraction, Fraction]], where: str
) -> Outcome:
    """Zero as printed; another margin is only tried inside, and then refutes or proves nothing."""
    nothing = vanishes(margin)
    if nothing.status is True:
        return over(nothing, where)
    return over(sign_on_box(margin, ">", box), where, whole=False)


#: of masses whose optimum HiGHS finds to 1e-7
_TOLERANCE = 1e-6


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """The most extreme randomised h by linear programming, at every level of 24 lattices."""
    rng = np.random.Generator(np.random.Philox(seed))
    tried = []
    for number in range(24):
        steps = tuple(int(size) for size in rng.integers(1, 4, size=1 + number % 2))
        width, scale = float(rng.uniform(0.05, 0.6)), float(10.0 ** rng.uniform(-1, 1))
        tried.append((steps, width * scale, scale, (0.0, 1 / 3, 1.0)[number % 3]))
    found = []
    for part in ("first_case", "second_case"):
        start = time.perf_counter()
        wrong = (
            _wrong(statement, part, *one, level)
            for one in tried
            for level in range(-sum(one[0]) - 2, sum(one[0]) + 3, 2)
        )
        found.append(
            searched(
                part,
                "24 lattices in d = 1, 2; beta at every atom of T, between them and beyond r; S' "
                "none, a third or all of the level",
                "no randomised h on the cells beats S, to 1e-6",
                start=start,
                witness=next((one for one in wrong if one is not None), None),
            )
        )
    return found


def _wrong(
    statement: Statement,
    part: str,
    steps: tuple[int, ...],
    width: float,
    scale: float,
    share: float,
    level: int,
) -> Mapping[str, str] | None:
    side, order = statement[part]
    cells = level_cells(steps, width, scale)
    place = float(statement["place"](level * width, scale)) / width
    at = _cells_at(cells, place)
    under_y = float(statement["share"](share))
    inside = cells.beyond(level, side)
    before = float(np.where(inside, 1.0, share * at) @ cells.before)
    after = float(np.where(inside, 1.0, under_y * at) @ cells.after)
    if order == ">=":
        extreme = cells.least_after(before)
        fault = after - extreme
    else:
        extreme = cells.largest_after(before)
        fault = extreme - after
    if fault <= _TOLERANCE:
        return None
    return {
        "|delta|": repr([size * width for size in steps]),
        "lambda": repr(scale),
        "beta": repr(level * width),
        "share of the level in S'": repr(share),
        "P(X in S)": repr(before),
        "P(Y in S)": repr(after),
        "P(h(Y) = 1)": repr(extreme),
    }


def _cells_at(cells: LevelCells, place: float) -> NDArray[np.bool_]:
    nearest = round(place)
    if abs(place - nearest) > 1e-9:
        return np.zeros(len(cells.low), dtype=np.bool_)
    return cells.at(nearest)
