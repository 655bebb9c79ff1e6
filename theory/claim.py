"""What a claim is, what evidence for it is, and how its verdict is computed.

A claim is split into *parts*, each of which is plainly true or false. A method that looks at the
claim reports, part by part, what it found. The verdict is then a function of the findings alone:
nobody types it in, and two methods that disagree are reported as a contradiction rather than
outvoted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Any

#: A statement under test: named formulas (SymPy) and relations, replaceable one by one, so that a
#: mutant of the claim runs through exactly the code that judges the claim itself.
Statement = Mapping[str, Any]


#: the key of a witness that is a construction in words, proved step by step by a derivation
CONSTRUCTION = "construction"


class Rung(StrEnum):
    """The kinds of method, from the most rigorous to the most visible."""

    DERIVATION = "derivation"
    ENCLOSURE = "enclosure"
    SEARCH = "search"
    SIMULATION = "simulation"
    EXPERIMENT = "experiment"
    FIGURE = "figure"


class Grade(StrEnum):
    """How much a piece of evidence is worth; grades never flatter."""

    PROVED = "PROVED"
    ENCLOSED = "ENCLOSED"
    CONSISTENT = "CONSISTENT"
    REFUTED = "REFUTED"
    UNDECIDED = "UNDECIDED"
    SKIPPED = "SKIPPED"


class Verdict(StrEnum):
    """What the evidence says of a claim, as printed and over its whole printed domain."""

    HOLDS = "holds"
    HOLDS_CONDITIONALLY = "holds_conditionally"
    FAILS = "fails"
    UNDECIDED = "undecided"
    NOT_CHECKABLE = "not_checkable"


class Role(StrEnum):
    """What the falsity of a part does to the claim.

    ``BODY``: the claim fails. ``READING``: the part is what the claim says at an excluded endpoint
    or under one reading of something that the text leaves open, so the claim holds conditionally.
    ``CORRECTION``: the part is our own corrected statement, which must be true.
    """

    BODY = "body"
    READING = "reading"
    CORRECTION = "correction"


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a claim that is plainly true or false.

    ``otherwise`` is the condition (for a reading) or the correction (for the body) that the report
    shows when the part is found false. It may name enclosed boundaries in braces.
    """

    name: str
    statement: str
    role: Role = Role.BODY
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class Variable:
    """A quantity in a claim: its printed symbol, its domain and what it means."""

    symbol: str
    domain: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Boundary:
    """A number that a verdict names: decimal strings around the exact value.

    ``enclosure[0] <= exact <= enclosure[1]`` (rounded outward). ``unique`` is about a point at
    which something changes, and says whether it was proved to be the only one of the domain; it is
    None for an evaluated constant, such as a largest gain, where there is nothing to be unique.
    """

    name: str
    enclosure: tuple[str, str]
    unique: bool | None

    @property
    def uniqueness(self) -> str:
        """What is known of other such points, as it follows the enclosure in a report.

        >>> Boundary("x", ("1", "1"), True).uniqueness, Boundary("y", ("1", "1"), None).uniqueness
        (', the only one', '')
        """
        if self.unique is None:
            return ""
        return ", the only one" if self.unique else ", not shown to be the only one"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one method found about one part of a claim."""

    rung: Rung
    grade: Grade
    part: str
    finding: bool | None
    scope: str
    detail: str
    witness: Mapping[str, str] | None = None
    boundaries: tuple[Boundary, ...] = ()
    false_fail: float | None = None
    false_pass: float | None = None
    seconds: float = 0.0

    def __post_init__(self) -> None:
        silent = self.grade in {Grade.UNDECIDED, Grade.SKIPPED}
        if silent != (self.finding is None):
            raise ValueError(f"grade {self.grade} does not fit finding {self.finding}")
        if self.grade is Grade.REFUTED and self.witness is None:
            raise ValueError("REFUTED needs a witness")
        if not self.detail:
            raise ValueError("evidence needs a detail (a reason, if it is UNDECIDED or SKIPPED)")

    @property
    def rigorous(self) -> bool:
        """Whether the finding is a proof (simulation and search never prove)."""
        proof = self.grade in {Grade.PROVED, Grade.ENCLOSED, Grade.REFUTED}
        return proof and self.rung in {Rung.DERIVATION, Rung.ENCLOSURE}


@dataclass(frozen=True, slots=True)
class Mutant:
    """A false neighbour of the claim, and the methods that must refute it.

    ``changes`` replaces entries of the statement; ``part`` is the part whose finding must flip.
    """

    name: str
    changes: Statement
    part: str
    rungs: tuple[Rung, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """One checkable statement of the paper."""

    slug: str
    source: str
    statement: str
    latex: str
    variables: tuple[Variable, ...]
    parts: tuple[Part, ...]
    assumptions: str = ""
    reference: str = ""
    #: for each rung that the claim has no method on, the reason
    absent: Mapping[Rung, str] = field(default_factory=dict)
    #: why no part of the claim is about Laplace noise, where that is so: its derivations start from
    #: something else than the Laplace density
    without_laplace: str = ""
    not_checkable: str | None = None

    def __post_init__(self) -> None:
        names = [part.name for part in self.parts]
        if len(set(names)) < len(names):
            raise ValueError(f"{self.slug} has two parts of one name: {names}")

    def has(self, rung: Rung) -> bool:
        """Whether the claim has a method on that rung."""
        return rung not in self.absent and self.not_checkable is None

    def part(self, name: str) -> Part:
        """The part of that name; KeyError names the legal ones."""
        for part in self.parts:
            if part.name == name:
                return part
        raise KeyError(f"{self.slug} has no part {name!r}; it has {[p.name for p in self.parts]}")


@dataclass(frozen=True, slots=True)
class Decision:
    """The verdict, with everything in the report that is computed from the evidence."""

    verdict: Verdict
    condition: str | None = None
    correction: str | None = None
    witness: Mapping[str, str] | None = None
    boundaries: tuple[Boundary, ...] = ()
    contradictions: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()


def decide(claim: Claim, evidence: Iterable[Evidence], *, min_methods: int = 2) -> Decision:
    """Compute the verdict of a claim from the evidence.

    A part is settled when no two findings about it differ, at least one of them is a proof, and
    they come from at least ``min_methods`` rungs. A false body part makes the claim fail, a false
    reading makes it conditional, and a false correction contradicts ourselves. So do two disjoint
    enclosures of one boundary.

    Parameters
    ----------
    claim : Claim
        What is to be decided.
    evidence : iterable of Evidence
        Findings about its parts; a finding about an unknown part raises KeyError.
    min_methods : int
        How many rungs must agree (at least 1, else ValueError).
    """
    if min_methods < 1:
        raise ValueError(f"min_methods = {min_methods} is not at least 1")
    if claim.not_checkable is not None:
        return Decision(Verdict.NOT_CHECKABLE, condition=claim.not_checkable)
    evidence = list(evidence)
    for item in evidence:
        claim.part(item.part)
    boundaries = _distinct_boundaries(evidence)
    settled: dict[str, bool] = {}
    contradictions = _disjoint_boundaries(evidence)
    unsettled: list[str] = []
    for part in claim.parts:
        value = _settle(part, evidence, min_methods, contradictions)
        if value is None:
            unsettled.append(part.name)
        else:
            settled[part.name] = value
    verdict = _verdict(claim, settled, contradictions, unsettled)
    false = [p for p in claim.parts if settled.get(p.name) is False]
    condition = correction = witness = None
    if verdict is Verdict.HOLDS_CONDITIONALLY:
        condition = "; ".join(_located(p.otherwise, boundaries) for p in false)
        witness = _first_witness(evidence, {p.name for p in false})
    elif verdict is Verdict.FAILS:
        body = [p for p in false if p.role is Role.BODY]
        witness = _first_witness(evidence, {p.name for p in body})
        corrected = [p.name for p in claim.parts if p.role is Role.CORRECTION]
        if all(settled.get(name) is True for name in corrected):
            correction = "; ".join(_located(p.otherwise, boundaries) for p in body)
    return Decision(
        verdict,
        condition,
        correction,
        witness,
        boundaries,
        tuple(contradictions),
        tuple(unsettled),
    )


def _settle(
    part: Part, evidence: list[Evidence], min_methods: int, contradictions: list[str]
) -> bool | None:
    heard = [e for e in evidence if e.part == part.name and e.finding is not None]
    yes = sorted({e.rung.value for e in heard if e.finding})
    no = sorted({e.rung.value for e in heard if not e.finding})
    if yes and no:
        contradictions.append(f"{part.name}: {', '.join(yes)} say true; {', '.join(no)} say false")
        return None
    if len(yes or no) < min_methods or not any(e.rigorous for e in heard):
        return None
    if no and part.role is Role.CORRECTION:
        contradictions.append(f"{part.name}: our own correction is found false by {', '.join(no)}")
        return None
    return bool(yes)


def _verdict(
    claim: Claim, settled: Mapping[str, bool], contradictions: list[str], unsettled: list[str]
) -> Verdict:
    if contradictions:
        return Verdict.UNDECIDED
    roles = {p.name: p.role for p in claim.parts}
    if any(value is False and roles[name] is Role.BODY for name, value in settled.items()):
        return Verdict.FAILS
    if unsettled or not settled:
        return Verdict.UNDECIDED
    return Verdict.HOLDS if all(settled.values()) else Verdict.HOLDS_CONDITIONALLY


def _distinct_boundaries(evidence: list[Evidence]) -> tuple[Boundary, ...]:
    found: dict[str, Boundary] = {}
    for item in evidence:
        for boundary in item.boundaries:
            found.setdefault(boundary.name, boundary)
    return tuple(found.values())


def _disjoint_boundaries(evidence: list[Evidence]) -> list[str]:
    first: dict[str, tuple[str, str]] = {}
    apart = []
    for boundary in (b for item in evidence for b in item.boundaries):
        low, high = boundary.enclosure
        known_low, known_high = first.setdefault(boundary.name, boundary.enclosure)
        if Decimal(low) > Decimal(known_high) or Decimal(known_low) > Decimal(high):
            apart.append(
                f"{boundary.name}: [{low}, {high}] and [{known_low}, {known_high}] are disjoint"
            )
    return apart


def _first_witness(evidence: list[Evidence], parts: set[str]) -> Mapping[str, str] | None:
    # proofs first: their witnesses are exact; a point says more than a construction in words
    def order(item: Evidence) -> tuple[bool, bool]:
        return not item.rigorous, CONSTRUCTION in (item.witness or {})

    for item in sorted(evidence, key=order):
        if item.part in parts and item.finding is False and item.witness is not None:
            return item.witness
    return None


def _located(text: str, boundaries: Iterable[Boundary]) -> str:
    # not str.format: other braces in the prose, as in {f = cA}, stand for themselves
    for boundary in boundaries:
        text = text.replace(f"{{{boundary.name}}}", _common_digits(boundary.enclosure))
    return text


def _common_digits(enclosure: tuple[str, str], at_most: int = 12) -> str:
    """The leading digits that both ends share, for prose; the report holds the enclosure."""
    low, high = enclosure
    if low == high and len(low) <= at_most:
        return low
    (low_digits, _, low_exponent), (high_digits, _, high_exponent) = (
        end.partition("e") for end in enclosure
    )
    whole = low_digits.partition(".")[0]
    if low_exponent != high_exponent or whole != high_digits.partition(".")[0]:
        return f"[{low}, {high}]"  # no digit in common, and a lone prefix would mislead
    shared = 0
    for a, b in zip(low_digits, high_digits, strict=False):
        if a != b:
            break
        shared += 1
    digits = low_digits[: max(min(shared, at_most), len(whole))] + "..."
    return f"{digits}e{low_exponent}" if low_exponent else digits
