"""Every check refutes its mutants: a method that accepts a false neighbour proves nothing."""

import functools

import pytest

from l1cert import catalogue
from tests.methods import evidence_of_rung, finding, rungs_of, simulation_of
from theory.claim import Grade, Role, Rung

CASES = [
    pytest.param(slug, mutant, rung, id=f"{slug}-{rung}-{mutant.name}".replace(" ", "_"))
    for slug in catalogue.SLUGS
    for mutant in catalogue.theory_module(slug).MUTANTS
    for rung in mutant.rungs
]


@functools.cache
def printed_finding(slug: str, rung: Rung, part: str) -> bool | None:
    module, simulation = catalogue.theory_module(slug), simulation_of(slug)
    return finding(evidence_of_rung(module, simulation, rung, module.PRINTED), part)


@pytest.mark.parametrize(("slug", "mutant", "rung"), CASES)
def test_the_mutant_is_refuted(slug, mutant, rung):
    module, simulation = catalogue.theory_module(slug), simulation_of(slug)
    changed = {**module.PRINTED, **mutant.changes}
    assert changed != dict(module.PRINTED)
    refuted = [
        item
        for item in evidence_of_rung(module, simulation, rung, changed)
        if item.part == mutant.part and item.grade is Grade.REFUTED
    ]
    before = printed_finding(slug, rung, mutant.part)
    assert before is not None
    assert refuted
    assert all(item.finding is not before and item.witness for item in refuted)


@pytest.mark.parametrize("slug", catalogue.SLUGS)
def test_every_method_has_a_mutant(slug):
    refuting = {rung for mutant in catalogue.theory_module(slug).MUTANTS for rung in mutant.rungs}
    assert refuting == set(rungs_of(slug))


@pytest.mark.parametrize("slug", catalogue.SLUGS)
def test_the_mutants_flip_something_that_was_found_true(slug):
    claim = catalogue.claim(slug)
    for mutant in catalogue.theory_module(slug).MUTANTS:
        part = claim.part(mutant.part)
        assert part.role is not Role.READING, "a reading is false already: mutate what is true"
