"""A template for a claim: copy to theory/claims/SLUG.py and change every line that says so.

The example is a small true statement, so that the template runs as it is (a test makes sure).
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import sympy as sp
from scipy import stats

from theory import densities
from theory.claim import Claim, Evidence, Grade, Mutant, Part, Rung, Statement, Variable
from theory.derivation import Chain, Step, chain, equal
from theory.enclosure import enclosed, sign_on_box
from theory.symbols import lam, u

# 1. What the paper says, cut into parts that are plainly true or false.
CLAIM = Claim(
    slug="claim_template",
    source="section 0, eq. (0)",
    statement="P(X_1 > u) = exp(-u/lambda)/2 for every u > 0.",
    latex=r"P(X_1>u)=\tfrac12 e^{-u/\lambda}",
    variables=(
        Variable("u", "(0, oo)", "threshold, in the unit of lambda"),
        Variable("lambda", "(0, oo)", "Laplace scale of the noise"),
    ),
    parts=(
        Part("tail", "the tail has the stated mass", otherwise="the right form, if it is false"),
    ),
    reference="paper, section 0",
    absent={
        Rung.EXPERIMENT: "why no experiment is needed",
        Rung.FIGURE: "why there is no figure",
    },
)

# 2. The statement under test, as data: every method takes it as an argument, so that a mutant
#    runs through the same code as the claim.
PRINTED: Statement = {"tail": sp.exp(-u / lam) / 2}

# 3. False neighbours. Proofs refute a shift of 1e-6, the other methods one that they can see.
MUTANTS = (
    Mutant(
        "shifted by 1e-6",
        {"tail": PRINTED["tail"] + sp.Rational(1, 10**6)},
        "tail",
        (Rung.DERIVATION, Rung.ENCLOSURE),
    ),
    Mutant(
        "dropped factor 1/2",
        {"tail": 2 * PRINTED["tail"]},
        "tail",
        (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION),
    ),
)


# 4. The proof, from the density. The step that is the statement itself has states=True.
def derive(statement: Statement = PRINTED) -> list[Chain]:
    """The integral of the density over the tail."""
    return [chain("tail", _tail(statement["tail"]), conclusion="the tail is as stated")]


def _tail(stated: sp.Expr) -> Iterator[Step]:
    yield equal(
        densities.mass(densities.laplace, lam, u, sp.oo),
        stated,
        "integrate the density over the tail",
        "u > 0, lambda > 0",
        written=densities.integral(densities.laplace, lam, u, sp.oo),
        states=True,
    )


# 5. A rigorous enclosure that shares no formula with the proof. Here: z = exp(-u/lambda) maps the
#    whole domain to (0, 1), and the stated tail is the line z/2, from below and from above.
def enclose(statement: Statement = PRINTED) -> list[Evidence]:
    """The stated tail against z/2 up to 1e-9, over the whole domain of z."""
    z = sp.Symbol("z", positive=True)
    difference = sp.simplify(statement["tail"].subs(u, -lam * sp.log(z))) - z / 2
    slack = sp.Rational(1, 10**9)
    box = {z: (Fraction(0), Fraction(1))}
    both = [sign_on_box(difference + slack, ">", box), sign_on_box(difference - slack, "<", box)]
    return [enclosed("tail", both, conclusion="within 1e-9 for every u and lambda")]


# 6. A search for a counterexample with somebody else's numbers, at the hard ends too.
def search(statement: Statement = PRINTED, *, seed: int) -> list[Evidence]:
    """The stated tail against scipy's survival function, out to 700 lambda."""
    rng = np.random.Generator(np.random.Philox(seed))
    stated = sp.lambdify([u, lam], statement["tail"], modules="numpy")
    for depth, scale in zip(rng.uniform(0, 700, 200), 10 ** rng.uniform(-2, 2, 200), strict=True):
        expected = stats.laplace(scale=scale).sf(depth * scale)
        found = stated(depth * scale, scale)
        if not np.isclose(found, expected, rtol=1e-9, atol=0):
            witness = {"u": repr(depth * scale), "lambda": repr(scale), "stated": repr(found)}
            return [_found(Grade.REFUTED, False, f"scipy has {expected:.6g}", witness)]
    return [_found(Grade.CONSISTENT, True, "no counterexample", None)]


def _found(grade: Grade, finding: bool, detail: str, witness: dict[str, str] | None) -> Evidence:
    scope = "200 thresholds up to 700 lambda, scales 0.01 to 100"
    return Evidence(Rung.SEARCH, grade, "tail", finding, scope, detail, witness=witness)
