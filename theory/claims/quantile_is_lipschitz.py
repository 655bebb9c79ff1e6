"""Beyond the paper: the quantile of a smoothed function is (1/lambda)-Lipschitz in l1."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import sympy as sp

from theory import densities
from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import Outcome, enclosed, sign_on_box
from theory.enclosures.axis_dual import axis_bound, beyond_tie
from theory.enclosures.coverage import at_point, identical, over, scales_as
from theory.enclosures.half_line_cuts import within_half_lines
from theory.searches.least_mean_search import search_bound, search_flips, search_terms
from theory.searches.search import numeric_radius, search_radius
from theory.steps import laplace_steps, lipschitz_steps
from theory.steps.lipschitz_steps import REGIONS, half_line_quantile, region
from theory.symbols import excess, lam, p, p_a, p_b, r
from theory.tightness import half_line_mass

CLAIM = Claim(
    slug="quantile_is_lipschitz",
    source="beyond the paper (Theorems 1, 2 and 3)",
    statement=(
        "For every h: R^d -> [0, 1], with q(x) = E h(x + s) and Q the unit Laplace quantile, "
        "|Q(q(x + delta)) - Q(q(x))| <= ||delta||_1/lambda; Theorems 1 and 2 follow from it on the "
        "open ball, and Theorem 3 from its equality case h = 1{x_1 <= t}."
    ),
    latex=(
        r"\left|Q(q(x+\delta))-Q(q(x))\right|\le\tfrac1\lambda\|\delta\|_1,\quad "
        r"q(x)=\mathbb E\,h(x+s),\ Q(p)=\begin{cases}\log 2p&p\le\frac12\\-\log2(1-p)&"
        r"p\ge\frac12\end{cases}"
    ),
    variables=(
        Variable("h", "R^d -> [0, 1]", "test, such as P(f = cA) of a random base classifier"),
        Variable("q(x)", "[0, 1]", "mean of h at x + s"),
        Variable("delta", "R^d, any d >= 1", "perturbation, of l1 norm r"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part(
            "lipschitz",
            "Q(q) is (1/lambda)-Lipschitz in l1, for every h in every dimension",
        ),
        Part(
            "sharp",
            "no smaller constant will do: for h = 1{x_1 <= t}, Q(q(x)) = (t - x_1)/lambda",
        ),
        Part(
            "theorem_2",
            "Q(PA) - r/lambda > 0 exactly for r < R = -lambda log[2(1 - PA)], so that q >= PA at x "
            "gives q > 1/2 at x + delta: Theorem 2 on the open ball",
        ),
        Part(
            "theorem_1",
            "for 0 <= PB <= PA <= 1, PA > 0, q_A >= PA and q_c <= PB' = min(PB, 1 - PA) give "
            "q_A > q_c for every r < (lambda/2)(Q(PA) - Q(PB')), and neither term of Theorem 1 "
            "exceeds that: Theorem 1 on the open ball",
        ),
        Part(
            "theorem_3",
            "for every R' > R the half-space x_1 <= R + (R' - R)/2 has Q(q) > Q(PA) at x and "
            "Q(q) < 0 at x + (R', 0, ..., 0)",
        ),
    ),
    assumptions=(
        "h is measurable. Where q(x) is 0 or 1 at one x, h is that constant almost everywhere, "
        "q is it everywhere, and Q(q) is the constant -oo or oo."
    ),
    reference="Beyond the paper; the differential-privacy inequality is its section 4.1",
    absent={
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every h",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

PRINTED: Statement = {
    "constant": 1 / lam,
    "binary": -lam * sp.log(2 * (1 - p)),
    "first": lam / 2 * sp.log(p_a / p_b),
    "second": -lam * sp.log(1 - p_a + p_b),
}

_SHIFT = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH, Rung.SIMULATION)

MUTANTS = (
    Mutant("constant smaller by 1e-6", {"constant": (1 - _SHIFT) / lam}, "lipschitz", _PROOFS),
    Mutant("constant 1/(2 lambda)", {"constant": 1 / (2 * lam)}, "lipschitz", _ALL),
    Mutant("constant larger by 1e-6", {"constant": (1 + _SHIFT) / lam}, "sharp", _PROOFS),
    Mutant("constant 2/lambda", {"constant": 2 / lam}, "sharp", _ALL),
    Mutant(
        "binary radius larger by 1e-6",
        {"binary": PRINTED["binary"] + lam * _SHIFT},
        "theorem_2",
        _PROOFS,
    ),
    Mutant(
        "binary radius without its factor 2",
        {"binary": -lam * sp.log(1 - p)},
        "theorem_2",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant(
        "first term larger by 1e-6",
        {"first": PRINTED["first"] + lam * _SHIFT},
        "theorem_1",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant(
        "second term without PB",
        {"second": -lam * sp.log(1 - p_a)},
        "theorem_1",
        (*_PROOFS, Rung.SEARCH),
    ),
    Mutant(
        "binary radius smaller by three tenths",
        {"binary": PRINTED["binary"] * sp.Rational(7, 10)},
        "theorem_3",
        (Rung.SEARCH, Rung.SIMULATION),
    ),
)

_n = sp.Symbol("n", nonnegative=True)
_k = sp.Symbol("k", nonnegative=True)
_HALF = sp.Rational(1, 2)
_QUANTILE = lipschitz_steps.QUANTILE
_MEAN = sp.Function("q")
_R, _E = sp.symbols("R E", positive=True)
_HALF_SPACE = "h = 1{x_1 <= t}, every dimension"


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """Differential privacy on either side of 1/2, and a split of the segment between."""
    return [
        chain(
            "lipschitz",
            _lipschitz(statement["constant"]),
            conclusion="|Q(q(x + delta)) - Q(q(x))| <= r/lambda: on one side of q = 1/2 by "
            "differential privacy, across it in two steps",
        ),
        chain(
            "sharp",
            _sharp(statement["constant"]),
            conclusion="Q(q(x)) = (t - x_1)/lambda for h = 1{x_1 <= t}",
        ),
        chain(
            "theorem_2",
            _theorem_2(statement),
            conclusion="Q(q(x + delta)) >= Q(PA) - r/lambda > 0 exactly for r < R",
        ),
        chain(
            "theorem_1",
            _theorem_1(statement),
            conclusion="both terms are at most (lambda/2)(Q(PA) - Q(PB'))",
        ),
        chain(
            "theorem_3",
            _theorem_3(statement),
            conclusion="Q(q) falls from above Q(PA) to below 0 over R' for a half-space",
        ),
    ]


def _rises(constant: sp.Expr) -> Iterator[tuple[sp.Expr, sp.Expr, str, sp.Expr]]:
    """Q(q) of a half-space over a distance, constant times the distance, where, and as written."""
    step = r / lam
    written = _QUANTILE(_MEAN(sp.Symbol("x - r e_1"))) - _QUANTILE(_MEAN(sp.Symbol("x")))
    for start, stop, where in (
        (-_n - step, -_n, "below 1/2: t - x_1 = -lambda n - r and -lambda n, every n >= 0"),
        (_n, _n + step, "above 1/2: t - x_1 = lambda n and lambda n + r, every n >= 0"),
        (-_n, step, "across 1/2: t - x_1 = -lambda n and r, every n >= 0"),
    ):
        rise = half_line_quantile(stop) - half_line_quantile(start)
        yield rise, constant * lam * (stop - start), f"{_HALF_SPACE}; {where}, r > 0", written


def _lipschitz(constant: sp.Expr) -> Iterator[Step]:
    for rise, bound, where, written in _rises(constant):
        yield compare(
            rise,
            "<=",
            bound,
            "necessary: a half-space along its axis, from the density, must obey the bound",
            where,
            written=written,
            states=True,
        )
    yield from lipschitz_steps.moves_at_most()
    yield compare(
        sp.log(laplace_steps.dp_factor()),
        "<=",
        constant * r,
        "so in all three cases Q(q) moves by at most r/lambda, which is within the constant",
        "every h, delta and dimension",
        written=_QUANTILE(_MEAN(sp.Symbol("x + delta"))) - _QUANTILE(_MEAN(sp.Symbol("x"))),
    )


def _sharp(constant: sp.Expr) -> Iterator[Step]:
    for rise, bound, where, written in _rises(constant):
        yield equal(
            rise,
            bound,
            "Q(q) is linear along the axis, from the density: the bound is attained",
            where,
            written=written,
            states=True,
        )


def _theorem_2(statement: Statement) -> Iterator[Step]:
    mass = laplace_steps.threshold_probability(_k)
    domain = "PA = 1 - e^(-k)/2, k >= 0, so 1/2 <= PA < 1 (PA = 1 gives R = oo and q = 1)"
    radius = sp.simplify(statement["binary"].subs(p, mass))
    yield laplace_steps.largest_ratio()
    yield equal(
        half_line_quantile(_k) - statement["constant"] * radius,
        0,
        "Q(PA) - r/lambda vanishes at r = R, and falls with r: it is positive exactly for r < R",
        domain,
        written=_QUANTILE(sp.Symbol("PA")) - _R / lam,
        states=True,
    )
    yield compare(
        half_line_quantile(_k + excess),
        ">",
        0,
        "Q(q) > 0 is q > 1/2: P(X_1 <= lambda s) exceeds 1/2 for every s > 0",
        "every s > 0",
        written=_QUANTILE(densities.integral(densities.laplace, lam, -sp.oo, lam * excess)),
    )


def _theorem_1(statement: Statement) -> Iterator[Step]:
    for one in (*map(region, REGIONS), *map(lipschitz_steps.at_edge, REGIONS)):
        for term in ("first", "second"):
            said = "(lambda/2) log(PA/PB)" if term == "first" else "-lambda log(1 - PA + PB)"
            printed = one.shrink(statement[term])
            yield compare(
                printed,
                ">=",
                one.shrunk,
                f"{said} against E = (lambda/2)(Q(PA) - Q(PB')), as e^(-2R/lambda)",
                one.where,
                written=sp.exp(-2 * _R / lam),
                states=True,
            )
        yield lipschitz_steps.has_quantiles(one)
        yield lipschitz_steps.keeps_ahead(one)
    yield from lipschitz_steps.certain_at_the_ends()


def _theorem_3(statement: Statement) -> Iterator[Step]:
    mass = laplace_steps.threshold_probability(_k)
    domain = "PA = 1 - e^(-k)/2, k >= 0; R' = R + s, every s > 0; every dimension"
    edge = sp.expand(sp.simplify(statement["binary"].subs(p, mass)) + excess / 2)
    yield compare(
        half_line_quantile(sp.expand(edge / lam)),
        ">",
        half_line_quantile(_k),
        "h = 1{x_1 <= R + s/2}: q(x) > PA, strictly, so that g(x) = cA",
        domain,
        written=_QUANTILE(densities.integral(densities.laplace, lam, -sp.oo, _R + excess / 2)),
    )
    moved = sp.expand(edge - statement["binary"].subs(p, mass) - excess)
    yield compare(
        half_line_quantile(sp.simplify(moved / lam)),
        "<",
        0,
        "Y_1 = X_1 + R': q(x + delta) < 1/2, strictly, so that g(x + delta) = cB",
        domain,
        written=_QUANTILE(densities.integral(densities.laplace, lam, -sp.oo, -excess / 2)),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Neyman-Pearson's dual on one axis, a path along the axes, and half-lines that attain it.

    In units of lambda, which is checked. On an axis the dual bound is exact for every q and r;
    every delta is a sequence of moves along the axes, whose bounds add up.
    """
    constant = statement["constant"]
    unit = [scales_as(constant, -1)]
    value, binary = constant.subs(lam, 1), (statement["binary"] / lam).subs(lam, 1)
    reached = identical([(value * binary.subs(p, half_line_mass(_k)), _k)], "every k >= 0")
    terms = [statement[term].subs(lam, 1) for term in ("first", "second")]
    return [
        enclosed(
            "lipschitz",
            [*unit, _named(at_point(value - 1, ">=")), *axis_bound()],
            conclusion="the dual bound on an axis is F(Q(q) + r) for every q and r",
        ),
        enclosed(
            "sharp",
            [*unit, _named(at_point(1 - value, ">=")), *_linear()],
            conclusion="a half-line's quantile moves by r over a distance r",
        ),
        enclosed(
            "theorem_2",
            [
                *unit,
                scales_as(statement["binary"], 1),
                over(reached, "Q(PA) - r = 0 at r = R, every PA in [1/2, 1), k = Q(PA)"),
                *beyond_tie(),
            ],
            conclusion="Q(PA) - r changes sign at R alone, and Q(q) > 0 is q > 1/2",
        ),
        enclosed(
            "theorem_1",
            [
                *(scales_as(statement[term], 1) for term in ("first", "second")),
                *_within(terms[0], "first"),
                *_within(terms[1], "second"),
                *_capped(),
            ],
            conclusion="no term exceeds the tie of the half-lines of masses PA and PB, which lies "
            "at most at that of PA and PB'",
        ),
        enclosed(
            "theorem_3",
            [scales_as(statement["binary"], 1), reached, *beyond_tie()],
            conclusion="the half-line ends at k + s/2 > k = Q(PA), and at -s/2 after the move",
        ),
    ]


def _named(outcome: Outcome) -> Outcome:
    if outcome.witness is None:
        return over(outcome, "the constant in units of 1/lambda")
    witness = {"h": "1{x_1 <= 0}", "x": "(1, 0, ..., 0) lambda", "delta": "(1, 0, ..., 0) lambda"}
    return replace(outcome, witness={**witness, "Q(q(x)) - Q(q(x + delta))": "1"})


def _linear() -> list[Outcome]:
    """F(k) has the quantile k: from F's closed form, on either side of 1/2."""
    pairs = [(sp.log(2 * half_line_mass(-_k)), -_k), (-sp.log(2 * (1 - half_line_mass(_k))), _k)]
    return [over(identical(pairs, "every k >= 0"), "Q(F(k)) = k")]


def _within(term: sp.Expr, name: str) -> list[Outcome]:
    """The outcomes up to the first that is not True: nothing after it could mend the proof."""
    found: list[Outcome] = []
    for outcome in within_half_lines(term, name):
        found.append(outcome)
        if outcome.status is not True:
            break
    return found


def _capped() -> list[Outcome]:
    """PB' <= PB and F increasing, so that (Q(PA) - Q(PB))/2 <= (Q(PA) - Q(PB'))/2."""
    where = "PB > 1 - PA, where PB' = 1 - PA < PB: Q(PB') < Q(PB)"
    z = sp.Symbol("z", positive=True)
    slope = sp.simplify(-sp.diff(half_line_mass(-_k), _k).subs(_k, -sp.log(z)) / z)
    rising = sign_on_box(slope, ">", {z: (Fraction(0), Fraction(1))})
    return [over(rising, f"{where}, as F is increasing; z = e^(-|x|)")]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Least means by linear programming in d = 1, 2, 3 against SciPy's quantiles; the theorems."""
    binary = numeric_radius(statement["binary"], p_a=p)
    terms = [statement["first"], statement["second"]]
    return [
        *search_bound(statement["constant"], parts=("lipschitz", "sharp"), seed=seed),
        search_radius(binary, binary=True, seed=seed, part="theorem_2"),
        search_terms(terms, part="theorem_1", seed=seed),
        search_flips(binary, part="theorem_3", seed=seed),
    ]
