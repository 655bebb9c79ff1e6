"""How a search that only uses floats reports what it found."""

from __future__ import annotations

import time
from collections.abc import Mapping

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
