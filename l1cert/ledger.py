"""The ledger of a run in Markdown and LaTeX: what fails, what needs a condition, what holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from l1cert import catalogue
from l1cert.audit.latex import escaped as latex_escaped
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

_LATEX_HEAD = r"""% The ledger of claims, written by `l1cert report`. In the preamble:
%   \usepackage[T1]{fontenc} \usepackage{textcomp,array,booktabs,longtable}
% and where the tables are to stand: \input{ledger}
"""


def markdown(report: Report) -> str:
    """The claims by verdict: tables with statement and repair, and a list of those that hold."""
    blocks = []
    for title, verdict, found in _groups(report):
        body = _named(found) if verdict is Verdict.HOLDS else _table(found)
        blocks.append(f"**{title}** ({len(found)})\n\n{body}")
    return "\n".join(blocks)


def latex(report: Report) -> str:
    r"""The same in LaTeX, to be read in by ``\input``: a longtable for each verdict.

    It needs the packages array, booktabs, longtable and textcomp, and the font encoding T1.
    """
    tables = [
        "\n".join(_longtable(f"{title} ({len(found)})", found, short=verdict is Verdict.HOLDS))
        for title, verdict, found in _groups(report)
    ]
    return "\n".join([_LATEX_HEAD, *tables])


def _groups(report: Report) -> Iterator[tuple[str, Verdict, list[ClaimResult]]]:
    """Title, verdict and claims of each block that has any; first those of the paper."""
    beyond = [result for result in report.results if result.claim.slug in catalogue.BEYOND]
    paper = [result for result in report.results if result.claim.slug not in catalogue.BEYOND]
    for where, results in (("", paper), ("Beyond the paper: ", beyond)):
        for verdict, title in _TITLES.items():
            found = [result for result in results if result.decision.verdict is verdict]
            if found:
                yield where + title, verdict, found


def _longtable(title: str, results: Sequence[ClaimResult], *, short: bool) -> Iterator[str]:
    names = ("claim", "place") if short else ("claim", "what the paper says", "what is true")
    widths = (0.4, 0.5) if short else (0.24, 0.33, 0.33)
    # narrow columns leave gaps where they are set to a straight right edge
    column = r">{\raggedright\arraybackslash}p"
    columns = "".join(rf"{column}{{{width}\linewidth}}" for width in widths)
    head = " & ".join(names) + r" \\"
    yield rf"\begin{{longtable}}{{@{{}}{columns}@{{}}}}"
    yield rf"\multicolumn{{{len(names)}}}{{@{{}}l}}{{\textbf{{{latex_escaped(title)}}}}} \\"
    yield rf"\toprule {head} \midrule \endfirsthead"
    yield rf"\toprule {head} \midrule \endhead"
    yield r"\bottomrule \endfoot"
    for one in results:
        name, place = rf"\texttt{{{_breakable(one.claim.slug)}}}", _breakable(one.claim.source)
        said = (_breakable(one.claim.statement), _breakable(summary(one.decision)))
        cells = (name, place) if short else (f"{name}, {place}", *said)
        yield " & ".join(cells) + r" \\ \addlinespace"
    yield r"\end{longtable}"


def _breakable(text: str) -> str:
    """Text in LaTeX that may break after its underscores."""
    return latex_escaped(text).replace(r"\_", r"\_\allowbreak{}")


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
