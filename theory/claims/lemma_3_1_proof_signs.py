"""Appendix A, proof of Lemma 3.1: the signs of mu_Y/mu_X - t on S and on its complement."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from fractions import Fraction

import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Role, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, closed_at, enclosed, sign_on_box
from theory.enclosures.coverage import at_point, identical, over, scales_as
from theory.enclosures.ratio_pieces import WHERE, density_at, ratio_identities
from theory.searches.findings import searched
from theory.searches.ratio_places import rational_places
from theory.steps import ratio_steps
from theory.symbols import lam

CLAIM = Claim(
    slug="lemma_3_1_proof_signs",
    source="Appendix A, proof of Lemma 3.1, case 1, after eq. (4)",
    statement=(
        "For S = {T > beta} + S' with S' inside {T = beta}, and t with beta = -lambda log t: "
        "mu_Y(z)/mu_X(z) >= t if z is in S and <= t if it is not; and {mu_Y/mu_X <= t} = "
        "{T >= beta}."
    ),
    latex=(
        r"z\in S\Rightarrow\frac{\mu_Y(z)}{\mu_X(z)}\ge t,\quad z\in S^c\Rightarrow"
        r"\frac{\mu_Y(z)}{\mu_X(z)}\le t;\qquad\frac{\mu_Y}{\mu_X}\le t\Leftrightarrow T\ge\beta"
    ),
    variables=(
        Variable("z", "R^d, any d >= 1", "a point"),
        Variable("delta", "R^d", "perturbation, Y = X + delta"),
        Variable(
            "beta", "R", "level of T(z) = ||z - delta||_1 - ||z||_1, with t = e^(-beta/lambda)"
        ),
        Variable("S'", "any part of {T = beta}", "what S takes of the level"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "signs",
            "for S = {T > beta} + S' (case 1) the ratio is at least t on S and at most t outside",
            otherwise=(
                "the signs are the other way round: the ratio is at most t on S and at least t "
                "outside, with equality only where T = beta. The printed signs hold there alone, "
                "so on all of S if beta >= r = ||delta||_1 and on all of its complement if beta <= "
                "-r; for |beta| < r they fail on both, with positive probability. The corrected "
                "ones are what eq. (4) needs, and the lemma stands. The printed signs belong to "
                "the S of case 2, for which eq. (4) reads <= and not >="
            ),
        ),
        Part(
            "equivalence",
            "with beta = -lambda log t: mu_Y/mu_X <= t iff T >= beta, and mu_Y/mu_X >= t iff "
            "T <= beta",
        ),
        Part(
            "corrected",
            "case 1: the ratio is at most t on S and at least t outside, so that h(1|z)(mu_Y - t "
            "mu_X) >= 0 outside S and -h(0|z)(mu_Y - t mu_X) >= 0 on S, whose integral is eq. (4)",
            Role.CORRECTION,
        ),
        Part(
            "second_case",
            "case 2, S = {T < beta} + S': the ratio is at least t on S and at most t outside, and "
            "both integrands are <= 0",
            Role.CORRECTION,
        ),
    ),
    assumptions=(
        "t is the one of the appendix, beta = -lambda log t; the signs are read as stated for "
        "every beta and delta, S' being any part of {T = beta}"
    ),
    reference="paper, Appendix A",
    absent={
        Rung.EXPERIMENT: "the statement is about the noise alone, no classifier takes part",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

_level = sp.Symbol("t", positive=True)

#: mu_Y/mu_X against t on S and outside, as printed; then ours, for case 1 and case 2, with the
#: sign of both integrands of eq. (4); and beta as a function of t
PRINTED: Statement = {
    "signs": (">=", "<="),
    "corrected": ("<=", ">=", ">="),
    "second_case": (">=", "<=", "<="),
    "level": sp.Lambda((_level, lam), -lam * sp.log(_level)),
}

#: on which side of beta S lies
_SIDE: Mapping[str, int] = {"signs": 1, "corrected": 1, "second_case": -1}
_OPPOSITE = {">=": "<", "<=": ">", ">": "<=", "<": ">="}

_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant("the corrected signs flipped", {"corrected": (">=", "<=", ">=")}, "corrected", _ALL),
    Mutant(
        "the ratio strictly below t on S, S' included",
        {"corrected": ("<", ">=", ">=")},
        "corrected",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant(
        "eq. (4) of case 1 with <=",
        {"corrected": ("<=", ">=", "<=")},
        "corrected",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant(
        "the signs of case 1 in case 2", {"second_case": ("<=", ">=", "<=")}, "second_case", _ALL
    ),
    Mutant(
        "eq. (4) of case 2 with >=",
        {"second_case": (">=", "<=", ">=")},
        "second_case",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant(
        "beta = +lambda log t",
        {"level": sp.Lambda((_level, lam), lam * sp.log(_level))},
        "equivalence",
        _ALL,
    ),
    Mutant(
        "beta larger by 1e-6 lambda",
        {"level": sp.Lambda((_level, lam), -lam * sp.log(_level) + lam * sp.Rational(1, 10**6))},
        "equivalence",
        _PROOFS,
    ),
)

_beta, _T = sp.symbols("beta T", real=True)
_a = sp.Symbol("a", positive=True)
_z = sp.Symbol("z", positive=True)
_h0, _h1 = sp.symbols("h_0 h_1", positive=True)  # h(0|z) and h(1|z); a zero one adds nothing
_RHO, _MU_X, _MU_Y = sp.Function("rho"), sp.Function("mu_X"), sp.Function("mu_Y")
_ONE = sp.Integer(1)
_NEAR = 1 - Fraction(1, 1024)


def _rho(value: sp.Expr) -> sp.Expr:
    return sp.exp(-value / lam)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The ratio from the density, against t above, at and below the level."""
    return [
        chain(
            "signs",
            _printed_fail(statement["signs"]),
            proves=False,
            conclusion="mu_Y/mu_X < t wherever T > beta and > t wherever T < beta; at delta = 1, "
            "lambda = 1, beta = 0: z = 1/4 is in S and has the ratio e^(-1/2) < 1 = t",
        ),
        chain(
            "equivalence",
            _equivalence(statement["level"]),
            conclusion="the ratio falls strictly in T and equals t at T = beta",
        ),
        *(
            chain(
                part,
                _signs(statement[part], _SIDE[part]),
                conclusion=f"the ratio is {on} t on S and {off} t outside, both integrands of eq. "
                f"(4) are {both} 0",
            )
            for part in ("corrected", "second_case")
            for on, off, both in (statement[part],)
        ),
    ]


def _printed_fail(signs: tuple[str, str]) -> Iterator[Step]:
    yield from ratio_steps.ratio_is_exp_t()
    on, off = (_OPPOSITE[sign] for sign in signs)
    t, where = _rho(_beta), "every beta and lambda > 0; a > 0"
    for at, sign, name in ((_beta + _a, on, "in S"), (_beta - _a, off, "not in S")):
        yield compare(
            _rho(at),
            sign,
            t,
            f"the ratio at a point {name}, off the level: not what is printed",
            f"T = {at}; {where}",
            along=(_a, sp.Integer(0), 1),
            written=_RHO(at),
        )
    # delta = 1 in R, lambda = 1, beta = 0: S is x < 1/2
    half, quarter = sp.Rational(1, 2), sp.Rational(1, 4)
    one = "d = 1, delta = 1, lambda = 1, beta = 0, t = 1"
    for z, sign, name in ((quarter, on, "in S"), (3 * quarter, off, "not in S")):
        ratio = densities.laplace(z - 1, _ONE) / densities.laplace(z, _ONE)
        shown, said = _MU_Y(z) / _MU_X(z), f"z = {z}, {name}"
        yield equal(ratio, _rho(2 * half - 2 * z).subs(lam, 1), f"at {said}", one, written=shown)
        yield compare(ratio, sign, 1, f"not what is printed, at {said}", one, written=shown)
    yield compare(
        densities.mass(densities.laplace, _ONE, -sp.oo, half),
        ">",
        0,
        "the points of S at which it fails, all z < 1/2, have positive probability",
        one,
        written=densities.integral(densities.laplace, _ONE, -sp.oo, half),
    )


def _signs(signs: tuple[str, str, str], toward: int) -> Iterator[Step]:
    on, off, both = signs
    yield from ratio_steps.ratio_is_exp_t()
    t, where = _rho(_beta), "every beta and lambda > 0"
    inside, outside = _beta + toward * _a, _beta - toward * _a
    for at, sign, name in (
        (inside, on, "on S off its level"),
        (_beta, on, "on S'"),
        (_beta, off, "on the rest of {T = beta}"),
        (outside, off, "outside S off its level"),
    ):
        yield compare(
            _rho(at),
            sign,
            t,
            f"the ratio rho = mu_Y/mu_X {name}",
            f"T = {at}, a > 0; {where}",
            along=None if at == _beta else (_a, sp.Integer(0), 1),
            written=_RHO(at),
            states=True,
        )
    for at, weight, name in ((outside, _h1, "outside S"), (inside, -_h0, "on S")):
        yield compare(
            weight * (_rho(at) - t),
            both,
            0,
            f"the integrand of eq. (4) over mu_X {name}: left side less right side",
            f"T = {at}, a > 0 (0 at T = beta); every h",
            along=(_a, sp.Integer(0), 1),
            written=weight * (_RHO(at) - t),
            states=True,
        )


def _equivalence(level: sp.Lambda) -> Iterator[Step]:
    yield from ratio_steps.ratio_is_exp_t()
    beta, where = level(_level, lam), "every t, lambda > 0"
    yield equal(
        _rho(beta), _level, "at T = beta the ratio is t", where, written=_RHO(_beta), states=True
    )
    same = "{mu_Y/mu_X <= t} and {T >= beta} coincide, and {mu_Y/mu_X >= t} and {T <= beta} do"
    for at, sign, name in (
        (beta + _a, "<", "above beta the ratio is below t"),
        (beta - _a, ">", f"below beta it is above t: so the events {same}"),
    ):
        yield compare(
            sp.expand(_rho(at)),
            sign,
            _level,
            name,
            f"T = {'beta + a' if sign == '<' else 'beta - a'}, a > 0; {where}",
            along=(_a, sp.Integer(0), 1),
            written=_RHO(at),
            states=True,
        )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The same signs from the slopes of the closed-form c.d.f., with z = e^(-a/lambda) in (0, 1).

    rho/t is z at T = beta + a and 1/z at T = beta - a; it is compared with 1 after multiplication
    by z in the second case. lambda = 1.
    """
    ratio = ratio_steps.RATIO
    law = [
        scales_as(ratio(_T, lam), 0, _T),
        identical(ratio_identities(ratio_steps.TERM, ratio), WHERE),
    ]
    level = statement["level"]
    on, off = (_OPPOSITE[sign] for sign in statement["signs"])
    quarter = sp.Rational(1, 4)
    inside, outside = (density_at(z - 1) / density_at(z) for z in (quarter, 3 * quarter))
    return [
        enclosed(
            "signs",
            [
                *law,
                *_beyond(1, on),
                *_beyond(-1, off),
                at_point(inside - 1, on),
                at_point(outside - 1, off),
            ],
            proves=False,
            conclusion="both printed signs are wrong wherever T is not beta",
            witness={
                "d, delta, lambda, beta, t": "1, 1, 1, 0, 1",
                "z in S": "1/4, where T = 1/2 > beta",
                "mu_Y/mu_X there": "e^(-1/2) = 0.6065..., below t",
                "z not in S": "3/4, where T = -1/2 < beta",
                "mu_Y/mu_X at it": "e^(1/2) = 1.6487..., above t",
            },
        ),
        enclosed(
            "equivalence",
            [
                *law,
                scales_as(level(_level, lam), 1),
                identical([(ratio(level(_level, _ONE), _ONE), _level)], "T = beta, every t > 0"),
                *_beyond(1, "<"),
                *_beyond(-1, ">"),
            ],
            conclusion="the ratio is t at T = beta, below t above it and above t below it",
        ),
        *(
            enclosed(
                part,
                [*law, *_sided(statement[part], _SIDE[part])],
                conclusion="the signs on S and outside, S' included, and of eq. (4)",
            )
            for part in ("corrected", "second_case")
        ),
    ]


def _beyond(toward: int, sign: str) -> list[Outcome]:
    """rho against t where T is beyond beta, above (1) or below (-1); never equal there."""
    share = ratio_steps.RATIO(_beta + toward * _a, _ONE) / ratio_steps.RATIO(_beta, _ONE)
    gap = sp.simplify(sp.simplify(share - 1).subs(_a, -sp.log(_z)) * (1 if toward > 0 else _z))
    strict = sign.rstrip("=")
    where = f"T {'above' if toward > 0 else 'below'} beta by a > 0, z = e^(-a/lambda), every beta"
    return [
        over(sign_on_box(gap, strict, {_z: (Fraction(0), _NEAR)}), where),
        over(closed_at(gap, strict, _z, _ONE, _NEAR, order=1), where),
    ]


def _sided(signs: tuple[str, str, str], toward: int) -> Iterator[Outcome]:
    on, off, both = signs
    yield from _beyond(toward, on)
    yield from _beyond(-toward, off)
    nothing = ratio_steps.RATIO(_beta, _ONE) - sp.exp(-_beta)
    for sign, name in ((on, "S'"), (off, "the rest of {T = beta}")):
        yield over(at_point(nothing, sign), name)
    # h(1|z)(rho - t) outside S has the sign of rho - t, -h(0|z)(rho - t) on S the opposite one
    yield from _beyond(-toward, both)
    yield from _beyond(toward, {">=": "<=", "<=": ">="}[both])


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """scipy's densities at rational points in d = 1 to 5, with T and its level exactly."""
    places = list(rational_places(300, seed=seed))
    level = sp.lambdify((_level, lam), statement["level"](_level, lam), modules="math")
    found = []
    for part in ("signs", "equivalence", "corrected", "second_case"):
        start = time.perf_counter()
        wrong = (
            one.misplaced(level)
            if part == "equivalence"
            else one.missigned(statement[part], _SIDE[part])
            for one in places
        )
        found.append(
            searched(
                part,
                "300 rational points in d = 1 to 5, T = beta exactly at a quarter of them",
                "the stated signs against scipy's densities, to 1e-9 in the logarithm",
                start=start,
                witness=next((one for one in wrong if one is not None), None),
            )
        )
    return found
