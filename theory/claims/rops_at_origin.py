"""Appendix D: the two suprema of the noise parameter at x = 0, and that Laplace's is larger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import sympy as sp
from flint import arb, ctx
from scipy import optimize, stats

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, Root, enclosed, isolate_root, sign_on_box
from theory.enclosures.identities import constant, settled
from theory.searches.findings import covering, searched
from theory.steps import gaussian_steps, rops_steps
from theory.symbols import u

CLAIM = Claim(
    slug="rops_at_origin",
    source="Appendix D",
    statement=(
        "For f = cA on |x| <= 1 and cB elsewhere on the line, smoothed at x = 0, where g(0) = cA "
        "is read as printed, P(|eps| <= 1) >= 1/2: with Laplace noise this is lambda <= 1/log 2, "
        "so the supremum of sqrt(2) lambda is sqrt(2)/log 2; with Gaussian noise it is sigma <= "
        "1/Phi^-1(3/4); and the first supremum is the larger one."
    ),
    latex=(r"\sup\Lambda(0)=\frac{\sqrt2}{\log 2}\ >\ \frac{1}{\Phi^{-1}(3/4)}=\sup\Sigma(0)"),
    variables=(
        Variable("lambda", "(0, oo)", "Laplace scale; sqrt(2) lambda is the rectified parameter"),
        Variable("sigma", "(0, oo)", "standard deviation of the Gaussian noise"),
    ),
    parts=(
        Part(
            "laplace_supremum",
            "under Laplace noise P(|eps| <= 1) >= 1/2 exactly for sqrt(2) lambda <= sqrt(2)/log 2",
        ),
        Part(
            "gaussian_supremum",
            "under Gaussian noise P(|eps| <= 1) >= 1/2 exactly for sigma <= 1/Phi^-1(3/4)",
        ),
        Part("larger", "sqrt(2)/log 2 > 1/Phi^-1(3/4)"),
    ),
    assumptions=(
        "The tie P = 1/2 counts as g(0) = cA, as the printed >= says; if it did not, both suprema "
        "would be the same."
    ),
    reference="paper, Appendix D",
    absent={
        Rung.EXPERIMENT: "the base classifier of Appendix D is given, nothing is trained",
        Rung.FIGURE: "the paper draws it as the left end of Figure 10 (figure_10_laplace_larger)",
    },
)

PRINTED: Statement = {
    "laplace": sp.sqrt(2) / sp.log(2),
    "gaussian": 1 / (sp.sqrt(2) * sp.erfinv(sp.Rational(1, 2))),  # 1/Phi^-1(3/4)
    "order": ">",
}

_TINY = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_EVERY = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)
_LARGER = {"laplace": PRINTED["laplace"] + _TINY}
_SMALLER = {"gaussian": PRINTED["gaussian"] - _TINY}
_UNRECTIFIED = {"laplace": 1 / sp.log(2)}
_ROOT_LOST = {"gaussian": 1 / sp.erfinv(sp.Rational(1, 2))}
MUTANTS = (
    Mutant("Laplace's supremum larger by 1e-6", _LARGER, "laplace_supremum", _PROOFS),
    Mutant("dropped sqrt(2) of the rectification", _UNRECTIFIED, "laplace_supremum", _EVERY),
    Mutant("Gaussian supremum smaller by 1e-6", _SMALLER, "gaussian_supremum", _PROOFS),
    Mutant("dropped sqrt(2) of Phi^-1", _ROOT_LOST, "gaussian_supremum", _EVERY),
    Mutant("flipped inequality", {"order": "<"}, "larger", _EVERY),
)

_R = sp.Rational
_HALF = _R(1, 2)
_w, _v, _z = sp.symbols("w v z", positive=True)
_ZERO = sp.Integer(0)
_OPPOSITE = {">": "<", "<": ">"}


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Both agreement probabilities as integrals of the densities; they fall, and tie once."""
    return [
        chain(
            "laplace_supremum",
            _laplace(statement["laplace"]),
            conclusion="P(|eps| <= 1) falls strictly in lambda and is 1/2 at the supremum",
        ),
        chain(
            "gaussian_supremum",
            _gaussian(statement["gaussian"]),
            conclusion="P(|eps| <= 1) falls strictly in sigma and is 1/2 at the supremum",
        ),
        chain(
            "larger",
            _larger(statement),
            conclusion=(
                "at Laplace's supremum the Gaussian agreement is erf(log(2)/2) < log(2)/sqrt(pi) "
                "< 1/2, so the Gaussian supremum is smaller"
            ),
        ),
    ]


def _laplace(supremum: sp.Expr) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    yield from rops_steps.laplace_falls()
    yield equal(
        rops_steps.agreements(_ZERO, supremum)[0],
        _HALF,
        "at the supremum it is 1/2: agreement is at least 1/2 up to there and below 1/2 beyond",
        f"lambda = {supremum / sp.sqrt(2)}",
        written=rops_steps.written_agreements(_ZERO, supremum)[0],
        states=True,
    )


def _gaussian(supremum: sp.Expr) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    yield from rops_steps.gaussian_falls()
    yield equal(
        rops_steps.agreements(_ZERO, supremum)[1],
        _HALF,
        "at the supremum it is 1/2: agreement is at least 1/2 up to there and below 1/2 beyond",
        "sigma = 1/Phi^-1(3/4), where Phi^-1(3/4) = sqrt(2) erfinv(1/2)",
        written=rops_steps.written_agreements(_ZERO, supremum)[1],
        states=True,
    )


def _larger(statement: Statement) -> Iterator[Step]:
    yield from gaussian_steps.same_variance()
    yield equal(
        rops_steps.agreements(_ZERO, statement["laplace"])[0],
        _HALF,
        "the first supremum: P(|eps| <= 1) under Laplace noise is 1/2, from the density",
        "lambda = 1/log 2",
        written=rops_steps.written_agreements(_ZERO, statement["laplace"])[0],
    )
    yield from rops_steps.gaussian_falls()
    yield equal(
        rops_steps.agreements(_ZERO, statement["gaussian"])[1],
        _HALF,
        "the second supremum: P(|eps| <= 1) under Gaussian noise is 1/2, from the density",
        "sigma = 1/Phi^-1(3/4)",
        written=rops_steps.written_agreements(_ZERO, statement["gaussian"])[1],
    )
    yield compare(
        2 * u / sp.sqrt(sp.pi),
        ">",
        sp.erf(u),
        "erf is below its tangent at 0",
        "u > 0, for u = log(2)/2",
        along=(u, sp.Integer(0), 2),
    )
    tangent = sp.log(2) / sp.sqrt(sp.pi)
    yield compare(tangent, "<", _HALF, "the tangent at log(2)/2", "u = log(2)/2")
    yield compare(
        rops_steps.agreements(_ZERO, statement["laplace"])[1],
        _OPPOSITE[statement["order"]],
        _HALF,
        "so the Gaussian agreement erf(log(2)/2) at the first supremum is below 1/2, which it is "
        "only beyond the second",
        "sigma = sqrt(2)/log 2",
        written=rops_steps.written_agreements(_ZERO, statement["laplace"])[1],
        states=True,
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The ties 1 - e^(-w) = 1/2 and erf(v) = 1/2, isolated in Arb.

    Every scale is covered: w = 1/lambda and v = 1/(sqrt(2) sigma) run over all of (0, oo). Both
    margins rise in w and v, so agreement is above 1/2 exactly below the tie in lambda and sigma.
    """
    tail, rise = Fraction(1, 7), 2 * sp.exp(-(_v**2)) / sp.sqrt(sp.pi)
    laplace, gaussian = _HALF - sp.exp(-_w), sp.erf(_v) - _HALF
    ties = (
        isolate_root(laplace, _w, (Fraction(1, 4), Fraction(2))),
        isolate_root(gaussian, _v, (Fraction(1, 4), Fraction(1))),
    )
    order = statement["order"]
    said = f"sqrt(2)/log 2 {order} 1/Phi^-1(3/4)"
    report = [
        enclosed(
            "laplace_supremum",
            [
                sign_on_box(laplace, "<", {_w: (Fraction(0), Fraction(1, 4))}),
                sign_on_box(laplace.subs(sp.exp(-_w), _z), ">", {_z: (Fraction(0), tail)}),
                constant(_R(1, 7) - sp.exp(-sp.Integer(2)), ">", "z = e^(-w) < 1/7 for w >= 2"),
                _is_tie(laplace.subs(_w, sp.sqrt(2) / statement["laplace"]), statement["laplace"]),
            ],
            roots={"laplace_supremum": _supremum(ties[0], laplace=True)},
            conclusion="one tie w, agreement above 1/2 for every larger w, below it for smaller",
        ),
        enclosed(
            "gaussian_supremum",
            [
                sign_on_box(gaussian, "<", {_v: (Fraction(0), Fraction(1, 4))}),
                settled(sp.diff(gaussian, _v) - rise, "erf' = 2 exp(-v^2)/sqrt(pi) > 0"),
                constant(gaussian.subs(_v, 1), ">", "erf(v) > 1/2 at v = 1, so for v >= 1"),
                _is_tie(
                    gaussian.subs(_v, 1 / (sp.sqrt(2) * statement["gaussian"])),
                    statement["gaussian"],
                ),
            ],
            roots={"gaussian_supremum": _supremum(ties[1], laplace=False)},
            conclusion="one tie v, agreement above 1/2 for every larger v, below it for smaller",
        ),
        enclosed(
            "larger",
            [constant(statement["laplace"] - statement["gaussian"], order, said)],
            conclusion="the two printed numbers",
        ),
    ]
    domains = (
        "every lambda in (0, oo), written w = 1/lambda: a tie in [1/4, 2], z = e^(-w) for w >= 2",
        "every sigma in (0, oo), written v = 1/(sqrt(2) sigma): a tie in [1/4, 1], then erf' > 0",
        "the two suprema",
    )
    return [covering(domain, one) for domain, one in zip(domains, report, strict=True)]


def _is_tie(margin: sp.Expr, supremum: sp.Expr) -> Outcome:
    said = "the agreement at the printed supremum is 1/2"
    return settled(margin, said, {"supremum": str(supremum)})


def _supremum(tie: Root | None, *, laplace: bool) -> Root | None:
    """sqrt(2)/w for Laplace's tie w, 1/(sqrt(2) v) for the Gaussian one."""
    if tie is None:
        return None
    with ctx.workprec(256):
        root = arb(2).sqrt()
        ball = root / tie.ball if laplace else 1 / (root * tie.ball)
    return Root(ball, tie.scope, tie.unique)


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Both ties by root finding on SciPy's laws, with the base classifier's edge at 1."""
    start = time.perf_counter()
    unit = {"laplace": stats.laplace(scale=2**-0.5), "gaussian": stats.norm()}
    found = {name: _tie(law) for name, law in unit.items()}
    report = []
    for name, supremum in found.items():
        printed = float(statement[name])
        witness = None
        if abs(printed - supremum) > 1e-9:
            witness = {"printed supremum": repr(printed), "tie found at": repr(supremum)}
        report.append(
            searched(
                f"{name}_supremum",
                "standard deviations from 0.01 to 100",
                f"P(|eps| <= 1) = 1/2 at standard deviation {supremum:.12f}",
                start=start,
                witness=witness,
            )
        )
    larger = found["laplace"] > found["gaussian"]
    wrong = {name: repr(value) for name, value in found.items()}
    detail = f"{found['laplace']:.6f} against {found['gaussian']:.6f}"
    witness = None if larger == (statement["order"] == ">") else wrong
    report.append(searched("larger", "x = 0", detail, start=start, witness=witness))
    return report


def _tie(unit: Any) -> float:
    """The standard deviation at which a law of unit variance has mass 1/2 on [-1, 1]."""
    return float(
        optimize.brentq(lambda s: unit.cdf(1 / s) - unit.cdf(-1 / s) - 0.5, 0.01, 100, xtol=1e-14)
    )
