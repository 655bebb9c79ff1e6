"""The errata of the paper: every printed statement that fails or needs a condition."""

from __future__ import annotations

from collections.abc import Iterator

from l1cert import catalogue
from l1cert.ledger import escaped
from l1cert.presentation import grades, summary
from l1cert.report import ClaimResult, Report
from theory.claim import Rung, Verdict

_HEADINGS = {
    Verdict.FAILS: ("false as printed", "Correction"),
    Verdict.HOLDS_CONDITIONALLY: (
        "true under a condition that the text does not state",
        "Condition",
    ),
}

_INTRODUCTION = """\
# Errata

Every statement of *l1 Adversarial Robustness Certificates: a Randomized Smoothing Approach*
(submitted to ICLR 2020) that fails as printed, or that holds only under a condition which the text
does not state, in the order of the paper. A statement is repaired where a scan of the paper lost a
symbol, and never in its mathematics; it is decided over its whole printed domain. Units: lambda is
the Laplace scale, r = ||delta||_1, PA a lower bound on the probability of the top class under the
noise, PB an upper bound on that of every other class.

This page is generated from a run of `l1cert verify`, and a test compares it with another.
`l1cert show SLUG` prints the proof, the enclosure, the counts and the witness of one statement.
"""

_NOT_CHECKABLE = """\
## Not checkable

The figures were available as text only: what their captions and the text say of them is decided
here, what their printed pixels show is not.
"""


def markdown(report: Report) -> str:
    """The errata page, as Markdown, from the report of a run.

    >>> from l1cert.verification import verify
    >>> print(markdown(verify(["equal_variance"], rungs=["derivation"])).splitlines()[0])
    # Errata
    """
    paper = [result for result in report.results if result.claim.slug in catalogue.PAPER]
    wrong = [result for result in paper if result.decision.verdict in _HEADINGS]
    open_ = [result for result in paper if result.decision.verdict is Verdict.NOT_CHECKABLE]
    blocks = [_INTRODUCTION, _overview(paper)]
    blocks += ["\n".join(_entry(number, one)) for number, one in enumerate(wrong, start=1)]
    blocks.append(_NOT_CHECKABLE)
    blocks += [
        f"- `{one.claim.slug}` ({escaped(one.claim.source)}): {escaped(one.claim.statement)}\n\n"
        f"  *Why not:* {escaped(summary(one.decision))}.\n"
        for one in open_
    ]
    return "\n".join(blocks)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def _overview(paper: list[ClaimResult]) -> str:
    counted = [result.decision.verdict for result in paper]
    words = [
        f"{counted.count(verdict)} {said}"
        for verdict, said in (
            (Verdict.HOLDS, "hold as printed"),
            (Verdict.HOLDS_CONDITIONALLY, "hold under a condition"),
            (Verdict.FAILS, "fail"),
            (Verdict.UNDECIDED, "are undecided"),
            (Verdict.NOT_CHECKABLE, "cannot be checked here"),
        )
        if verdict in counted
    ]
    return f"Of {len(counted)} statements {', '.join(words)}.\n"


def _entry(number: int, result: ClaimResult) -> Iterator[str]:
    claim, decision = result.claim, result.decision
    verdict, repair = _HEADINGS[decision.verdict]
    yield f"## {number}. `{claim.slug}`: {verdict}\n"
    yield f"{escaped(_sentence(claim.source))}. {escaped(claim.statement)}\n"
    if claim.assumptions:
        yield f"*Read as:* {escaped(claim.assumptions)}\n"
    yield f"**{repair}:** {escaped(summary(decision))}.\n"
    for boundary in decision.boundaries:
        low, high = boundary.enclosure
        yield f"- {escaped(boundary.name)} in [{low}, {high}]{boundary.uniqueness}"
    if decision.boundaries:
        yield ""
    if decision.witness:
        found = "; ".join(f"{name} = {value}" for name, value in decision.witness.items())
        yield f"**Witness:** {escaped(found)}\n"
    # stored experiments are told elsewhere: they take no part in the verdict
    heard = [item for item in result.evidence if item.rung is not Rung.EXPERIMENT]
    yield f"Decided by: {grades(heard)}.\n"
