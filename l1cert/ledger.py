"""The ledger of a run as a Markdown table: claims down, verdicts across."""

from __future__ import annotations

from l1cert.presentation import summary
from l1cert.report import ClaimResult, Report
from theory.claim import Verdict

_WORDS = {
    Verdict.HOLDS: "holds",
    Verdict.HOLDS_CONDITIONALLY: "**holds conditionally**",
    Verdict.FAILS: "**fails**",
    Verdict.UNDECIDED: "undecided",
    Verdict.NOT_CHECKABLE: "not checkable",
}


def markdown(report: Report) -> str:
    """A Markdown table with a row for each claim: slug, place, verdict, condition or correction."""
    head = "| claim | in the paper | verdict | condition or correction |\n|---|---|---|---|\n"
    return head + "".join(_row(result) for result in report.results)


def _row(result: ClaimResult) -> str:
    cells = (
        f"`{result.claim.slug}`",
        result.claim.source,
        _WORDS[result.decision.verdict],
        summary(result.decision),
    )
    return "| " + " | ".join(_escaped(cell) for cell in cells) + " |\n"


def _escaped(cell: str) -> str:
    # a bar ends a cell, and a star or an underscore between words is prose here, not emphasis
    return cell.replace("||", "‖").replace("|", "\\|").replace("<", "&lt;")
