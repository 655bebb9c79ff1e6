"""The template of CONTRIBUTING is a claim that works: decided, and its mutants refuted."""

import importlib
import shutil
import sys
from pathlib import Path

import pytest

import simulations.claims
import theory.claims
from tests.methods import evidence_of_rung, findings_flip
from theory.claim import Rung, Verdict, decide

TEMPLATE = Path(__file__).resolve().parents[2] / "docs" / "template"
RUNGS = (Rung.DERIVATION, Rung.ENCLOSURE, Rung.SEARCH, Rung.SIMULATION)


@pytest.fixture
def template(tmp_path, monkeypatch):
    """The two template files, where CONTRIBUTING says to copy them to."""
    for package, source in ((theory.claims, "claim.py"), (simulations.claims, "simulation.py")):
        folder = tmp_path / package.__name__.replace(".", "_")
        folder.mkdir()
        shutil.copy(TEMPLATE / source, folder / "claim_template.py")
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    yield (
        importlib.import_module("theory.claims.claim_template"),
        importlib.import_module("simulations.claims.claim_template"),
    )
    for package in (theory.claims, simulations.claims):
        sys.modules.pop(f"{package.__name__}.claim_template", None)
        package.__dict__.pop("claim_template", None)


def test_the_template_is_decided(template):
    claim, simulation = template
    evidence = [
        item for rung in RUNGS for item in evidence_of_rung(claim, simulation, rung, claim.PRINTED)
    ]
    assert decide(claim.CLAIM, evidence).verdict is Verdict.HOLDS
    assert {item.rung for item in evidence if item.finding} == set(RUNGS)


def test_its_mutants_are_refuted(template):
    claim, simulation = template
    for mutant in claim.MUTANTS:
        for rung in mutant.rungs:
            assert findings_flip(claim, simulation, mutant, rung), (mutant.name, rung)
