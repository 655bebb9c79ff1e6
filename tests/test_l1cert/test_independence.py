"""No single function of theory/ decides a verdict, and no proof survives a foreign density."""

import functools
import signal

import pytest
import sympy as sp

from l1cert import catalogue
from tests.corruption import corrupted, distort, limited, recorded, replaced, targets
from tests.methods import evidence_of_rung, rungs_of, simulation_of
from tests.verdicts import VERDICTS
from theory import densities
from theory.claim import (
    Claim,
    Decision,
    Evidence,
    Grade,
    Part,
    Rung,
    Verdict,
    decide,
)

SAMPLES = 20_000


def checkable() -> list[str]:
    """The claims that have methods at all."""
    return [slug for slug in catalogue.SLUGS if catalogue.claim(slug).not_checkable is None]


def run(slug: str, rung: Rung) -> tuple[Evidence, ...]:
    theory_side = catalogue.theory_module(slug)
    simulation = simulation_of(slug)
    found = evidence_of_rung(
        theory_side, simulation, rung, theory_side.PRINTED, num_samples=SAMPLES
    )
    return tuple(found)


@functools.cache
def baseline(slug: str) -> dict[Rung, tuple[tuple[Evidence, ...], frozenset[str]]]:
    """For each method, what it finds and the functions of theory/ that it calls."""
    everything = targets()
    found = {}
    for rung in rungs_of(slug):
        called: set[str] = set()
        with recorded(everything, called):
            evidence = run(slug, rung)
        found[rung] = (evidence, frozenset(called))
    return found


def exposed(slug: str) -> dict[str, list[Rung]]:
    """The functions that every method with a finding about some part calls, with their callers.

    Any other function leaves each part a method that does not call it. Corrupting it leaves that
    finding as it was, so that the others agree with it, say nothing or contradict it: the verdict
    is the same or undecided, and need not be tried.
    """
    found = baseline(slug)
    callers: dict[str, list[Rung]] = {}
    for part in catalogue.claim(slug).parts:
        heard = [
            called
            for evidence, called in found.values()
            if any(e.part == part.name and e.finding is not None for e in evidence)
        ]
        for name in frozenset.intersection(*heard):
            callers[name] = [rung for rung, (_, called) in found.items() if name in called]
    return callers


def decide_corrupted(slug: str, target, rungs: list[Rung]) -> Decision:
    """The decision when the function is corrupted in the methods that call it."""
    evidence = []
    for rung, (genuine, _) in baseline(slug).items():
        if rung not in rungs:
            evidence += genuine
            continue
        try:
            with limited(15), replaced(target, corrupted(target)):
                evidence += run(slug, rung)
        except Exception:
            continue  # a method that breaks says nothing; `verify` reports it as UNDECIDED
    return decide(catalogue.claim(slug), evidence)


@pytest.mark.parametrize("slug", checkable())
def test_every_part_has_two_methods_and_a_proof(slug):
    claim = catalogue.claim(slug)
    evidence = [item for found, _ in baseline(slug).values() for item in found]
    for part in claim.parts:
        heard = [e for e in evidence if e.part == part.name and e.finding is not None]
        assert len({item.rung for item in heard}) >= 2, part.name
        assert any(item.rigorous for item in heard), part.name
    assert decide(claim, evidence).verdict is VERDICTS[slug]


@pytest.mark.parametrize("slug", checkable())
def test_corrupting_any_shared_function_never_flips_a_verdict(slug):
    by_name = {str(target): target for target in targets()}
    for name, rungs in exposed(slug).items():
        decision = decide_corrupted(slug, by_name[name], rungs)
        assert decision.verdict in {VERDICTS[slug], Verdict.UNDECIDED}, name


def test_two_methods_with_one_source_would_be_caught():
    """The test above can fail: here both methods rest on one function, and the verdict flips."""

    def source() -> bool:
        return True

    def evidence(value: bool) -> list[Evidence]:
        return [
            Evidence(Rung.DERIVATION, Grade.PROVED, "body", value, "", "from the source"),
            Evidence(Rung.SEARCH, Grade.CONSISTENT, "body", value, "", "from the same source"),
        ]

    claim = Claim("toy", "", "", "", (), (Part("body", "a statement"),))
    assert decide(claim, evidence(source())).verdict is Verdict.HOLDS
    assert decide(claim, evidence(distort(source()))).verdict is Verdict.FAILS


def test_a_disagreement_is_said():
    claim = Claim("toy", "", "", "", (), (Part("body", "a statement"),))
    evidence = [
        Evidence(Rung.DERIVATION, Grade.PROVED, "body", True, "", "says yes"),
        Evidence(Rung.SEARCH, Grade.CONSISTENT, "body", False, "", "says no"),
    ]
    decision = decide(claim, evidence)
    assert decision.verdict is Verdict.UNDECIDED
    assert "derivation say true; search say false" in decision.contradictions[0]


def wide_laplace(x, scale):
    """The Laplace density of twice the scale: right in form, wrong in its constant."""
    return sp.exp(-sp.Abs(x) / (2 * scale)) / (4 * scale)


@pytest.mark.parametrize("foreign", [densities.gaussian, wide_laplace])
@pytest.mark.parametrize("slug", checkable())
def test_no_derivation_survives_a_foreign_density(slug, foreign, monkeypatch):
    monkeypatch.setattr(densities, "laplace", foreign)
    with limited(60):
        chains = catalogue.theory_module(slug).derive()
    assert chains
    proved = [chain.part for chain in chains if chain.grade is Grade.PROVED]
    if catalogue.claim(slug).without_laplace:
        assert proved == [chain.part for chain in chains]
    else:
        assert not proved


def test_the_limit_stops_an_endless_loop():
    with pytest.raises(TimeoutError), limited(1):
        signal.pause()
