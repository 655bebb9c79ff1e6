"""Several processes find what one finds, and a process that dies loses nothing."""

from concurrent.futures.process import BrokenProcessPool

import pytest

from l1cert import examination, verify
from theory.claim import Grade, Rung

SLUGS = ("theorem_2", "ours_beats_lecuyer")
SOME = {"slugs": SLUGS, "rungs": ["derivation", "simulation"], "num_samples": 5000}


def without_seconds(report) -> list[dict]:
    entries = [result.as_json() for result in report.results]
    for entry in entries:
        for item in entry["evidence"]:
            del item["seconds"]
    return entries


def test_two_processes_report_what_one_reports():
    told = []
    alone = verify(**SOME)
    shared = verify(**SOME, workers=2, progress=lambda *event: told.append(event))
    assert without_seconds(shared) == without_seconds(alone)
    for one, other in zip(alone.results, shared.results, strict=True):
        assert [c.grade for c in one.chains] == [c.grade for c in other.chains]
        for mine, theirs in zip(one.chains, other.chains, strict=True):
            assert [s.formula for s, _ in mine.steps] == [s.formula for s, _ in theirs.steps]
            assert all(step.check() is check for step, check in theirs.steps)
    assert {(slug, rung) for slug, rung, found in told if found is not None} == {
        (slug, rung) for slug in SLUGS for rung in (Rung.DERIVATION, Rung.SIMULATION)
    }


def test_what_a_killed_process_had_not_told_is_examined_here(monkeypatch):
    def dies_after_one(job, slugs, workers):
        yield job(slugs[0])
        raise BrokenProcessPool("a process was killed")

    monkeypatch.setattr(examination, "_elsewhere", dies_after_one)
    report = verify(**SOME, workers=2)
    assert [result.claim.slug for result in report.results] == list(SLUGS)
    assert without_seconds(report) == without_seconds(verify(**SOME))


def test_a_broken_method_is_undecided_and_takes_nothing_with_it(monkeypatch):
    from theory.claims import theorem_2

    def breaks(statement=None):
        raise ZeroDivisionError("no proof today")

    monkeypatch.setattr(theorem_2, "derive", breaks)
    result = verify(["theorem_2"], rungs=["derivation", "search"])["theorem_2"]
    (said,) = [item for item in result.evidence if item.rung is Rung.DERIVATION]
    assert said.grade is Grade.UNDECIDED
    assert "no proof today" in said.detail
    assert any(item.rung is Rung.SEARCH and item.finding for item in result.evidence)


@pytest.mark.parametrize("workers", [0, -1])
def test_fewer_than_one_worker_is_refused(workers):
    with pytest.raises(ValueError, match=rf"workers = {workers} is outside \[1, inf\)"):
        verify(["theorem_2"], workers=workers)
