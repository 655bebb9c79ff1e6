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
    """A Markdown table with a row for each claim: slug and place, statement, verdict and why."""
    head = "| claim | what the paper says | verdict |\n|---|---|---|\n"
    return head + "".join(_row(result) for result in report.results)


def _row(result: ClaimResult) -> str:
    claim, decision = result.claim, result.decision
    said = summary(decision)
    cells = (
        f"`{claim.slug}`, {_escaped(claim.source)}",
        _escaped(claim.statement),
        _WORDS[decision.verdict] + (f": {_escaped(said)}" if said else ""),
    )
    return "| " + " | ".join(cells) + " |\n"


def _escaped(cell: str) -> str:
    # a bar ends a cell, a star or an underscore may start emphasis, < a tag
    cell = cell.replace("||", "‖").replace("|", "\\|").replace("<", "&lt;")
    return cell.replace("*", "\\*").replace("_", "\\_")
