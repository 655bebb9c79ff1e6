"""Beyond the paper: what discrete Laplace noise certifies on a grid h Z^d."""

from __future__ import annotations

from collections.abc import Iterator

import sympy as sp

from theory.claim import Claim, Evidence, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, compare, equal
from theory.enclosure import enclosed
from theory.enclosures import grid_identities
from theory.searches import grid_search
from theory.steps import grid_steps
from theory.steps.grid_steps import classes, level_a, level_b, n, q
from theory.symbols import lam, p, p_a, p_b

CLAIM = Claim(
    slug="discrete_laplace_radius",
    source="beyond the paper (Theorems 1 and 2 on a grid)",
    statement=(
        "With noise h K, P(K_i = k) = (1 - q)/(1 + q) q^|k| and q = e^(-h/lambda), in each "
        "coordinate of a grid h Z^d, the radii of Theorem 1 and Theorem 2 stay valid for "
        "perturbations of the grid. The largest number of steps that (PA, PB) certifies is the "
        "largest m < (V(PA) - V(PB'))/2, PB' = min(PB, 1 - PA), where V is the quantile of K with "
        "its distribution function made linear between the integers; with two classes it is that "
        "of Theorem 2. The continuous formula (lambda/2)(Q(PA) - Q(PB')) is not sound on a grid."
    ),
    latex=(
        r"2m<V(p_A)-V(p_B'),\quad V\big(P(K<t)+c\,P(K=t)\big)=t+c-\tfrac12,\ t\in\mathbb Z,\ "
        r"c\in[0,1],\qquad p_B'=\min(p_B,1-p_A)"
    ),
    variables=(
        Variable("PA", "(0, 1)", "lower bound on the probability of the top class at x"),
        Variable("PB", "(0, PA]", "upper bound on the probability of every other class at x"),
        Variable("h", "(0, oo)", "step of the grid"),
        Variable("lambda", "(0, oo)", "scale of the noise; q = e^-eps, eps = h/lambda"),
        Variable("delta", "h Z^d, any d >= 1", "perturbation of m steps, ||delta||_1 = h m"),
    ),
    parts=(
        Part(
            "dp",
            "cA is strictly ahead at x + delta for every f, every d and every delta of the grid "
            "with ||delta||_1 < max{(lambda/2) log(PA/PB), -lambda log(1 - PA + PB)}, and with two "
            "classes for every one with ||delta||_1 < -lambda log[2 (1 - PA)]",
        ),
        Part(
            "trade_off",
            "an event of mass p keeps at least f(p) = max{q p, 1 - (1 - p)/q} after one step, and "
            "f(f(...f(p))) after m steps in any directions; on an axis that is attained by a "
            "half-line with a share of its last atom",
        ),
        Part(
            "lattice",
            "with f random or deterministic, cA is strictly ahead after every m < (V(PA) - "
            "V(PB'))/2 steps in any directions; at equality two half-lines of an axis tie, and "
            "cB is strictly ahead beyond it",
        ),
        Part(
            "deterministic",
            "a deterministic f with K classes attains it where tanh(eps/2)^(d - 1) <= 1/K: shares "
            "of an atom of the axis become sets of points of the other coordinates",
        ),
        Part(
            "binary_equal",
            "where PB >= 1 - PA, as with two classes, the largest number of steps is the largest "
            "m with h m < -lambda log[2 (1 - PA)], Theorem 2's",
        ),
        Part(
            "continuous_fails",
            "for h = lambda/2, PA = 31/50 and PB = 6/25 the continuous formula, also with K = 3 "
            "classes, is larger than h; the deterministic f on Z with cA = {k <= 0} without -10, "
            "cB = {k >= 2} with -10 and cC = {1} is flipped by one step",
        ),
    ),
    assumptions=(
        "At PB = 0 and at PA = 1 nothing is ever flipped. A tie is attained with 2 + ceil((1 - PA "
        "- PB')/PB') classes, which share what is between the half-lines. With exactly K classes "
        "PA' = max(PA, 1 - (K - 1) PB') stands for PA, as probabilities sum to 1."
    ),
    reference="Beyond the paper; exact_multiclass_radius is its limit for h -> 0",
    without_laplace=(
        "the noise is discrete: every derivation starts from the probabilities of its atoms"
    ),
    absent={
        Rung.SIMULATION: "sums of finitely many atoms decide each event exactly, by brute force",
        Rung.EXPERIMENT: "no trained classifier is needed: the statement is about every f",
        Rung.FIGURE: "the paper draws no figure of it",
    },
)

PRINTED: Statement = {
    "mass": (1 - q) / (1 + q) * q**n,
    "lower": q * p,
    "upper": 1 - (1 - p) / q,
    "first": lam / 2 * sp.log(p_a / p_b),
    "second": -lam * sp.log(1 - p_a + p_b),
    "binary": -lam * sp.log(2 * (1 - p_a)),
    "steps": (level_a - level_b) / 2,
    "atom": 1 / classes,  # the largest tanh(eps/2)^(d - 1)
    # (lambda/2)(Q(PA) - Q(PB)) for PA >= 1/2 and PB <= 1 - PA
    "continuous": lam / 2 * (-sp.log(2 * (1 - p_a)) - sp.log(2 * p_b)),
    # h/lambda, PA, PB, and the atom -moved that cB has from cA
    "example": (sp.Rational(1, 2), sp.Rational(31, 50), sp.Rational(6, 25), sp.Integer(10)),
}

_TINY = sp.Rational(1, 10**6)
_PROOFS = (Rung.DERIVATION, Rung.ENCLOSURE)
_ALL = (*_PROOFS, Rung.SEARCH)


def _moved(name: str, by: sp.Expr) -> Statement:
    return {name: PRINTED[name] + by}


def _example(place: int, value: sp.Rational) -> Statement:
    example = list(PRINTED["example"])
    example[place] = value
    return {"example": tuple(example)}


MUTANTS = (
    Mutant("R_1 without the factor 1/2", {"first": 2 * PRINTED["first"]}, "dp", _ALL),
    Mutant("R_1 larger by 1e-6", _moved("first", lam * _TINY), "dp", _PROOFS),
    Mutant("R_2 without PB", {"second": -lam * sp.log(1 - p_a)}, "dp", _ALL),
    Mutant("Theorem 2 without the factor 2", {"binary": -lam * sp.log(1 - p_a)}, "dp", _ALL),
    Mutant(
        "decay of a normal law", {"mass": (1 - q) / (1 + q) * q ** (n**2)}, "trade_off", _PROOFS
    ),
    Mutant("decay at half the rate", {"mass": (1 - q) / (1 + q) * q ** (n / 2)}, "dp", _PROOFS),
    Mutant("q larger by 1e-6", _moved("lower", _TINY * p), "trade_off", _ALL),
    Mutant("1 - p for (1 - p)/q", {"upper": p}, "trade_off", _ALL),
    Mutant("upper branch lower by 1e-6", _moved("upper", -_TINY * (1 - p)), "trade_off", _ALL),
    Mutant("no factor 1/2", {"steps": level_a - level_b}, "lattice", _ALL),
    Mutant("V larger by 1e-6", _moved("steps", _TINY), "lattice", _PROOFS),
    Mutant("a step fewer", _moved("steps", -sp.Integer(1)), "lattice", _ALL),
    Mutant("V(PB') left out", {"steps": level_a}, "lattice", _ALL),
    Mutant("2/K for 1/K", {"atom": 2 / classes}, "deterministic", (Rung.DERIVATION, Rung.SEARCH)),
    Mutant("larger by 1e-6", _moved("binary", lam * _TINY), "binary_equal", _PROOFS),
    Mutant("smaller by 1e-6", _moved("binary", -lam * _TINY), "binary_equal", _PROOFS),
    Mutant("PA for 1 - PA", {"binary": -lam * sp.log(2 * p_a)}, "binary_equal", _ALL),
    Mutant("another PB", _example(2, sp.Rational(13, 50)), "continuous_fails", _ALL),
    Mutant("another atom", _example(3, sp.Integer(5)), "continuous_fails", _ALL),
    Mutant("half the step", _example(0, sp.Rational(1, 4)), "continuous_fails", _ALL),
)


def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The likelihood ratio of one step has two values; all else follows along a path of steps."""
    mass, lower, upper = statement["mass"], statement["lower"], statement["upper"]
    return [
        chain(
            "dp",
            _dp(statement),
            conclusion="e^(-eps m) P(X in B) <= P(Y in B) <= e^(eps m) P(X in B)",
        ),
        chain(
            "trade_off",
            _trade_off(mass, lower, upper),
            conclusion="f(p) = max{q p, 1 - (1 - p)/q}, and f(G(t, c)) = G(t - 1, c)",
        ),
        chain(
            "lattice",
            grid_steps.lattice(mass, lower, upper, statement["steps"]),
            conclusion="V(f(p)) = V(p) - 1: cA and cB meet at m = (V(PA) - V(PB'))/2",
        ),
        chain(
            "deterministic",
            grid_steps.deterministic(mass, statement["atom"]),
            conclusion="no point is heavier than 1/K of itself and all lighter ones",
        ),
        chain(
            "binary_equal",
            grid_steps.binary(mass, lower, upper, statement["binary"]),
            conclusion="f(f(...f(PA))) > 1/2 exactly where 1 - e^(eps m)(1 - PA) > 1/2",
        ),
        chain(
            "continuous_fails",
            _continuous_fails(statement),
            conclusion="an atom is all or nothing: cB is ahead by 2 P(K = 11) after one step",
        ),
    ]


def _dp(statement: Statement) -> Iterator[Step]:
    yield from grid_steps.sums_to_tail(statement["mass"])
    yield from grid_steps.one_step_ratio(statement["mass"])
    yield from grid_steps.dp_radii(statement["first"], statement["second"], statement["binary"])


def _trade_off(mass: sp.Expr, lower: sp.Expr, upper: sp.Expr) -> Iterator[Step]:
    yield from grid_steps.trade_off(mass, lower, upper)
    yield from grid_steps.half_lines_walk(mass, lower, upper)


def _continuous_fails(statement: Statement) -> Iterator[Step]:
    rate, top, other, moved = statement["example"]
    yield from grid_steps.sums_to_tail(statement["mass"])
    where = f"h/lambda = {rate}, PA = {top}, PB = {other}"
    mass = statement["mass"].subs(q, sp.exp(-rate))
    atoms = {distance: mass.subs(n, distance) for distance in (0, 1, moved, moved + 1)}
    below = 1 / (1 + sp.exp(-rate))  # P(K <= 0) = P(K >= 0)
    beyond = [below * sp.exp(-rate * distance) for distance in (1, 2)]
    _P = sp.Function("P")
    for lhs, relation, rhs, said, name in (
        (below - atoms[moved], ">=", top, "cA = {k <= 0} without one atom", "f(X) = cA"),
        (beyond[1] + atoms[moved], "<=", other, "cB = {k >= 2} with that atom", "f(X) = cB"),
        (atoms[1], "<=", other, "cC = {1}", "f(X) = cC"),
    ):
        yield compare(lhs, relation, rhs, said, where, written=_P(sp.Symbol(name)), states=True)
    radius = statement["continuous"].subs({p_a: top, p_b: other}) / lam
    yield compare(
        radius,
        ">",
        rate,
        "the continuous formula, in lambda, is more than a step",
        where,
        written=sp.Symbol("R") / lam,
        states=True,
    )
    yield compare(
        1 - 2 * other, "<=", top, "K = 3: PA' = max(PA, 1 - 2 PB) is PA itself", where, states=True
    )
    yield equal(
        (beyond[0] + atoms[moved + 1]) - (beyond[0] - atoms[moved + 1]),
        2 * atoms[moved + 1],
        "after one step to the right P(K >= 1) = P(K <= -1) leaves cB ahead by twice an atom",
        where,
        written=_P(sp.Symbol("f(Y) = cB")) - _P(sp.Symbol("f(Y) = cA")),
    )


def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """Neyman-Pearson's dual of m steps at once, ties by substitution, and the example in Arb."""
    mass = statement["mass"]
    return [
        enclosed(
            "dp",
            [
                *grid_identities.dp_factor(mass),
                *grid_identities.dp_radii(
                    statement["first"], statement["second"], statement["binary"]
                ),
            ],
            conclusion="each radius is where the bound ties",
        ),
        enclosed(
            "trade_off",
            grid_identities.trade_off(mass, statement["lower"], statement["upper"]),
            conclusion="the dual bound is the mass of the half-line, m steps at once",
        ),
        enclosed(
            "lattice",
            grid_identities.lattice(mass, statement["steps"]),
            conclusion="the levels tie at the stated number of steps",
        ),
        enclosed(
            "binary_equal",
            grid_identities.binary(mass, statement["binary"]),
            conclusion="the half-line of mass PA has 1/2 after R/h steps, in (0, t)",
        ),
        enclosed(
            "continuous_fails",
            grid_identities.example(mass, statement["continuous"], statement["example"]),
            conclusion="all masses and the radius in Arb",
        ),
    ]


def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """Exact worst events on Z and Z^2 with rational q, by sorting atoms; SciPy's law."""
    return grid_search.search(statement, seed=seed)
