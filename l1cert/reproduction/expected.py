"""What the ledger decided, stored: what the results of a reproduction are held against."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from importlib import resources
from typing import Any

from l1cert.report import Report

#: beside this file; written by docs/update_pages.py and compared with a run by a test
FILE = "expected.json"


@dataclass(frozen=True, slots=True)
class Decided:
    """The verdict on a claim, which of its parts are true, and the numbers that it encloses."""

    verdict: str
    #: None where a part is not decided by a proof
    parts: Mapping[str, bool | None]
    boundaries: Mapping[str, tuple[str, str]]


Ledger = Mapping[str, Decided]


def recorded() -> Ledger:
    """What is stored.

    >>> recorded()["theorem_2"].verdict
    'holds_conditionally'
    >>> recorded()["figure_6_always_largest"].boundaries["p_star"][0][:12]
    '0.9535591423'
    """
    text = resources.files("l1cert.reproduction").joinpath(FILE).read_text(encoding="utf-8")
    return {
        slug: Decided(
            entry["verdict"],
            entry["parts"],
            {name: (low, high) for name, (low, high) in entry["boundaries"].items()},
        )
        for slug, entry in json.loads(text).items()
    }


def dumps(report: Report) -> str:
    """The text to store, from a run of every method on every claim.

    A part counts as true or false where a proof says so; `l1cert.verify` has already seen to it
    that no two methods differ on it.
    """
    entries: dict[str, Any] = {}
    for result in report.results:
        proved = {item.part: item.finding for item in result.evidence if item.rigorous}
        entries[result.claim.slug] = {
            "verdict": result.decision.verdict.value,
            "parts": {part.name: proved.get(part.name) for part in result.claim.parts},
            "boundaries": {one.name: one.enclosure for one in result.decision.boundaries},
        }
    return json.dumps(entries, indent=1) + "\n"


def distance(value: float, enclosure: tuple[str, str]) -> float:
    """How far a float lies from an enclosed number, at most.

    >>> distance(0.5, ("0.25", "0.375"))
    0.25
    """
    at = Fraction(value)
    return float(max(abs(at - Fraction(end)) for end in enclosure))


def overlap(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Whether two enclosures can be of one number.

    >>> overlap(("0.1", "0.3"), ("0.3", "0.4")), overlap(("0.1", "0.2"), ("0.3", "0.4"))
    (True, False)
    """
    return all(
        Fraction(low) <= Fraction(high)
        for low, high in ((first[0], second[1]), (second[0], first[1]))
    )


def shown(enclosure: tuple[str, str], digits: int = 12) -> str:
    """The digits that both ends of an enclosure share, cut after some.

    >>> shown(("0.95355914239807", "0.95355914239808"))
    '0.953559142398...'
    >>> shown(("2", "2"))
    '2'
    """
    low, high = enclosure
    if low == high:
        return low
    shared = next((k for k in range(len(low)) if low[k : k + 1] != high[k : k + 1]), len(low))
    enough = (k for k in range(shared) if _significant(low[:k]) == digits)
    return low[: next(enough, shared)] + "..."


def _significant(number: str) -> int:
    return len(number.lstrip("-0.").replace(".", ""))
