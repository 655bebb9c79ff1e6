"""Made reports: of runs that did not happen, such as those that find a contradiction."""

import sympy as sp

from l1cert.report import ClaimResult, Report
from theory.claim import Claim, Evidence, Grade, Part, Role, Rung, Variable, decide
from theory.derivation import chain, equal

HOSTILE = "<script>alert(\"1\")</script> & <b onclick='x'>|~^\\{}%$#_</b>"

X = sp.Symbol("x", positive=True)


def claim(slug="made_claim", statement="one is one", latex="1=1", **options):
    return Claim(
        slug=slug,
        source="nowhere",
        statement=statement,
        latex=latex,
        variables=(Variable("x", "(0, oo)", "a number"),),
        parts=(
            Part("first", "one is one"),
            Part("second", "at the endpoint too", Role.READING, "without the endpoint"),
        ),
        absent={Rung.EXPERIMENT: "nothing is to be measured"},
        **options,
    )


def said(rung, part, finding, **options):
    grade = {Rung.DERIVATION: Grade.PROVED, Rung.ENCLOSURE: Grade.ENCLOSED}.get(
        rung, Grade.CONSISTENT
    )
    return Evidence(rung, grade, part, finding, "everywhere", f"{part} by {rung}", **options)


def result(evidence, chains=(), made=None):
    made = made or claim()
    skipped = [
        Evidence(rung, Grade.SKIPPED, "", None, "", why) for rung, why in made.absent.items()
    ]
    return ClaimResult(made, decide(made, evidence), (*evidence, *skipped), tuple(chains))


def contradicting():
    """A proof and an enclosure that say the opposite of one part."""
    return result([said(Rung.DERIVATION, "first", True), said(Rung.ENCLOSURE, "first", False)])


def unsettled():
    """A claim about whose second part nobody says anything; its proof breaks."""
    right = [equal(X + X, 2 * X, "right", "x > 0")] * 5  # as long as what is folded
    broken = chain("first", [*right, equal(X, 2 * X, "wrong", "x > 0")], conclusion="never")
    return result([said(Rung.DERIVATION, "first", True)], [broken], claim(slug="left_open"))


def hostile():
    """A claim whose every text is markup, LaTeX and Markdown at once."""
    made = Claim(
        slug="hostile_claim",
        source=HOSTILE,
        statement=HOSTILE,
        latex=HOSTILE,
        variables=(Variable(HOSTILE, HOSTILE, HOSTILE),),
        parts=(Part(HOSTILE, HOSTILE, Role.READING, HOSTILE),),
        assumptions=HOSTILE,
        reference=HOSTILE,
        absent={Rung.EXPERIMENT: HOSTILE},
    )
    witness = {HOSTILE: HOSTILE}
    evidence = [
        Evidence(
            rung, grade, HOSTILE, False, HOSTILE, HOSTILE, witness, false_fail=0.1, false_pass=0.2
        )
        for rung, grade in (
            (Rung.DERIVATION, Grade.PROVED),
            (Rung.ENCLOSURE, Grade.ENCLOSED),
            (Rung.SEARCH, Grade.REFUTED),
            (Rung.SIMULATION, Grade.CONSISTENT),
        )
    ]
    step = equal(sp.Symbol("a<b"), sp.Symbol("a<b"), HOSTILE, HOSTILE)
    steps = [chain(HOSTILE, [step], proves=False, conclusion=HOSTILE)]
    return result(evidence, steps, made)


def report(*results, **provenance):
    return Report({"version": "0.0", "commit": None, **provenance}, results)
