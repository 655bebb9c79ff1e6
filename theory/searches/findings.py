"""How a search that only uses floats reports what it found, and what an enclosure covered."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from theory.claim import Evidence, Grade, Rung, Statement

#: fault(statement, number, rng): a counterexample of one try, or None
Fault = Callable[[Statement, int, np.random.Generator], Mapping[str, str] | None]


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


def tried(
    statement: Statement, parts: Mapping[str, tuple[Fault, str, int]], rng: np.random.Generator
) -> list[Evidence]:
    """Evidence of a search that tries each part so many times, until a fault turns up.

    Parameters
    ----------
    statement : mapping
        What is searched.
    parts : mapping
        For each part ``fault(statement, number, rng)``, which returns a counterexample or None, the
        scope in words, and the number of tries.
    rng : numpy Generator
        Drawn from by the faults, in order.

    Examples
    --------
    >>> rng = np.random.Generator(np.random.Philox(1))
    >>> never = (lambda statement, number, rng: None, "3 points", 3)
    >>> [one.grade.value for one in tried({}, {"body": never}, rng)]
    ['CONSISTENT']
    """
    found = []
    for part, (fault, scope, count) in parts.items():
        start = time.perf_counter()
        faults = (fault(statement, number, rng) for number in range(count))
        witness = next((one for one in faults if one is not None), None)
        found.append(searched(part, scope, "agrees", start=start, witness=witness))
    return found


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
