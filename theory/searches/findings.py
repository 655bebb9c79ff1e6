"""How a search that only uses floats reports what it found, and what an enclosure covered."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace

from theory.claim import Evidence, Grade, Rung


def searched(
    part: str,
    scope: str,
    detail: str,
    *,
    start: float,
    witness: Mapping[str, str] | None = None,
) -> Evidence:
    """Evidence of a search: CONSISTENT without a witness, REFUTED with one.

    Parameters
    ----------
    part : str
        The part that was searched; its finding is whether no counterexample turned up.
    scope, detail : str
        Where the search looked and what it saw.
    start : float
        ``time.perf_counter()`` when it began.
    witness : mapping, optional
        The counterexample.

    Examples
    --------
    >>> searched("body", "PA = 3/4", "larger", start=0.0, witness={"PA": "3/4"}).finding
    False
    """
    grade = Grade.CONSISTENT if witness is None else Grade.REFUTED
    seconds = time.perf_counter() - start
    said = detail if witness is None else f"counterexample found ({detail})"
    return Evidence(
        Rung.SEARCH, grade, part, witness is None, scope, said, witness=witness, seconds=seconds
    )


def covering(domain: str, evidence: Evidence) -> Evidence:
    """Put the domain of a proof, in the variables of the claim, before the boxes of its scope.

    Parameters
    ----------
    domain : str
        What the boxes together cover, and how their variables are substituted.
    evidence : Evidence
        Returned as it is where it proves nothing over a domain (REFUTED, UNDECIDED).

    Examples
    --------
    >>> found = Evidence(Rung.ENCLOSURE, Grade.ENCLOSED, "body", True, "u in [0, 1]", "1 boxes")
    >>> covering("PA in (1/2, 1)", found).scope
    'PA in (1/2, 1): u in [0, 1]'
    """
    if evidence.grade is not Grade.ENCLOSED:
        return evidence
    return replace(evidence, scope=f"{domain}: {evidence.scope}")
