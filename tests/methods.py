"""Running one method of a claim on a statement, printed or mutated."""

from collections.abc import Sequence

from l1cert import catalogue
from simulations.experiment import judge
from theory.claim import Evidence, Grade, Mutant, Rung, Statement
from theory.derivation import evidence_of

SEED, ALPHA = 1, 1e-3
METHODS = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION)


def rungs_of(slug: str) -> tuple[Rung, ...]:
    """The rungs, figures aside, that a claim of the catalogue has a method on."""
    return tuple(rung for rung in METHODS if catalogue.claim(slug).has(rung))


def simulation_of(slug: str):
    """The simulation module of a claim, or None where it has none."""
    has = catalogue.claim(slug).has(Rung.SIMULATION)
    return catalogue.simulation_module(slug) if has else None


def evidence_of_rung(
    claim, simulation, rung: Rung, statement: Statement, *, num_samples: int = 100_000
) -> list[Evidence]:
    """What one rung of a claim finds about a statement in the place of the printed one."""
    if rung is Rung.DERIVATION:
        return evidence_of(claim.derive(statement))
    if rung is Rung.ENCLOSURE:
        return list(claim.enclose(statement))
    if rung is Rung.SEARCH:
        return list(claim.search(statement, seed=SEED))
    trials = simulation.simulate(statement, seed=SEED, num_samples=num_samples)
    return judge({claim.CLAIM.slug: trials}, alpha=ALPHA)[claim.CLAIM.slug]


def finding(evidence: Sequence[Evidence], part: str) -> bool | None:
    """What a method says of a part; contradictory findings of one method are an error."""
    found = {item.finding for item in evidence if item.part == part and item.finding is not None}
    assert len(found) <= 1, f"one method says both true and false of {part}"
    return found.pop() if found else None


def findings_flip(claim, simulation, mutant: Mutant, rung: Rung) -> bool:
    """Whether the method, which has a finding about the claim, refutes the mutant."""
    printed = evidence_of_rung(claim, simulation, rung, claim.PRINTED)
    changed = evidence_of_rung(claim, simulation, rung, {**claim.PRINTED, **mutant.changes})
    before = finding(printed, mutant.part)
    refuting = [
        item
        for item in changed
        if item.part == mutant.part and item.grade is Grade.REFUTED and item.finding is not None
    ]
    return before is not None and any(item.finding is not before for item in refuting)
