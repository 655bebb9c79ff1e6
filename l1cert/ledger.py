"""The ledger of a run in Markdown: what fails, what needs a condition, what holds."""

from __future__ import annotations

from collections.abc import Sequence

from l1cert import catalogue
from l1cert.presentation import summary
from l1cert.report import ClaimResult, Report
from theory.claim import Verdict

_TITLES = {
    Verdict.FAILS: "False as printed",
    Verdict.HOLDS_CONDITIONALLY: "True under a condition that the text does not state",
    Verdict.UNDECIDED: "Undecided",
    Verdict.NOT_CHECKABLE: "Not checkable here",
    Verdict.HOLDS: "True as stated",
}


def markdown(report: Report) -> str:
    """The claims by verdict: tables with statement and repair, and a list of those that hold."""
    blocks = []
    paper = [result for result in report.results if result.claim.slug in catalogue.PAPER]
    beyond = [result for result in report.results if result.claim.slug in catalogue.BEYOND]
    for where, results in (("", paper), ("Beyond the paper: ", beyond)):
        for verdict, title in _TITLES.items():
            found = [result for result in results if result.decision.verdict is verdict]
            if found:
                body = _named(found) if verdict is Verdict.HOLDS else _table(found)
                blocks.append(f"**{where}{title}** ({len(found)})\n\n{body}")
    return "\n".join(blocks)


def escaped(text: str) -> str:
    r"""Text as Markdown shows it: a bar ends a cell, a star or an underscore may start emphasis.

    >>> escaped("||delta||_1 < R*")
    '‖delta‖\\_1 &lt; R\\*'
    """
    text = text.replace("||", "‖").replace("|", "\\|").replace("<", "&lt;")
    return text.replace("*", "\\*").replace("_", "\\_")


def _table(results: Sequence[ClaimResult]) -> str:
    rows = [
        f"| `{one.claim.slug}`, {escaped(one.claim.source)} | {escaped(one.claim.statement)} "
        f"| {escaped(summary(one.decision))} |\n"
        for one in results
    ]
    return "| claim | what the paper says | what is true |\n|---|---|---|\n" + "".join(rows)


def _named(results: Sequence[ClaimResult]) -> str:
    return ", ".join(f"`{one.claim.slug}`" for one in results) + "\n"
