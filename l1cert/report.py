"""The result of a run of `verify`, and its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from theory.claim import Claim, Decision, Evidence, Verdict
from theory.derivation import Chain

SCHEMA = 1


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """A claim, everything found about it, and the verdict computed from that."""

    claim: Claim
    decision: Decision
    evidence: tuple[Evidence, ...]
    chains: tuple[Chain, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The claim's entry in the report, in the published schema."""
        decision = self.decision
        return {
            "slug": self.claim.slug,
            "source": self.claim.source,
            "statement": self.claim.statement,
            "verdict": decision.verdict.value,
            "condition": decision.condition,
            "correction": decision.correction,
            "witness": None if decision.witness is None else dict(decision.witness),
            "boundaries": [
                {"name": b.name, "enclosure": list(b.enclosure), "unique": b.unique}
                for b in decision.boundaries
            ],
            "contradictions": list(decision.contradictions),
            "unsettled": list(decision.unsettled),
            "evidence": [_evidence_json(item) for item in self.evidence],
        }


@dataclass(frozen=True, slots=True)
class Report:
    """A whole run: where it came from and what was decided."""

    provenance: Mapping[str, Any]
    results: tuple[ClaimResult, ...]

    @property
    def exit_code(self) -> int:
        """0 all decided, 1 the evidence contradicts itself, 3 something is undecided."""
        if any(result.decision.contradictions for result in self.results):
            return 1
        if any(result.decision.verdict is Verdict.UNDECIDED for result in self.results):
            return 3
        return 0

    def __getitem__(self, slug: str) -> ClaimResult:
        """The result of one claim."""
        for result in self.results:
            if result.claim.slug == slug:
                return result
        raise KeyError(slug)

    def as_json(self) -> dict[str, Any]:
        """The report in the published schema; equal between runs but for seconds and machine."""
        return {
            "schema": SCHEMA,
            "provenance": dict(self.provenance),
            "claims": [result.as_json() for result in self.results],
        }

    def dumps(self) -> str:
        """The JSON text: ASCII, without NaN or infinity."""
        return json.dumps(self.as_json(), indent=2, allow_nan=False)


def _evidence_json(item: Evidence) -> dict[str, Any]:
    return {
        "rung": item.rung.value,
        "grade": item.grade.value,
        "part": item.part or None,
        "finding": item.finding,
        "scope": item.scope,
        "detail": item.detail,
        "witness": None if item.witness is None else dict(item.witness),
        "false_fail": item.false_fail,
        "false_pass": item.false_pass,
        "seconds": round(item.seconds, 3),
    }
