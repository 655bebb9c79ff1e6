"""`l1cert verify`: decide the paper's claims."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from l1cert.cli.output import hold, say, usage_errors, write_text
from l1cert.cli.progress import Update, watched
from l1cert.cli.sampling import sampling_options, workers_option
from l1cert.provenance import available_processors

if TYPE_CHECKING:
    from l1cert.examination import Progress
    from l1cert.report import Report
    from theory.claim import Evidence, Rung


COLOURS = {
    "holds": "green",
    "holds_conditionally": "yellow",
    "fails": "red",
    "undecided": "magenta",
    "not_checkable": "dim",
}


@click.command("verify")
@click.argument("slugs", nargs=-1, metavar="[SLUG]...")
@click.option(
    "--rung",
    "rungs",
    multiple=True,
    metavar="R",
    help="Only derivation, enclosure, search, simulation or figure; repeatable.",
)
@sampling_options
@workers_option
@click.option("--json", "as_json", is_flag=True, help="Print only the JSON report.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Also write the JSON report there.",
)
def command(
    slugs: tuple[str, ...],
    rungs: tuple[str, ...],
    num_samples: int,
    seed: int,
    alpha: float,
    workers: int | None,
    as_json: bool,
    out: Path | None,
) -> None:
    """Decide the claims of the paper (all of them, or the SLUGs given).

    Every claim is judged by a symbolic derivation, a rigorous enclosure, a search for a
    counterexample, a simulation and, where there is one, its figure. The verdict is computed from
    what they find; `l1cert show SLUG` gives the details.
    """
    from l1cert.verification import count_methods, verify

    hold(out)
    with usage_errors():
        total = count_methods(slugs, rungs=rungs or None)
    with usage_errors(), watched("methods", quiet=as_json) as update:
        report = verify(
            slugs,
            rungs=rungs or None,
            num_samples=num_samples,
            seed=seed,
            alpha=alpha,
            workers=available_processors() if workers is None else workers,
            progress=None if update is None else methods(update, total),
        )
    if as_json:
        say(report.dumps())
    else:
        _print(report)
    if out is not None:  # last: where the file fails, the report was not lost
        write_text(out, report.dumps() + "\n")
    raise SystemExit(report.exit_code)


def methods(update: Update, total: int) -> Progress:
    """Progress by methods, which tells the one that runs or has just finished."""
    done: set[tuple[str, Rung]] = set()

    def progress(slug: str, rung: Rung, evidence: Sequence[Evidence] | None) -> None:
        found = "/".join(dict.fromkeys(item.grade.value for item in evidence or ()))
        if evidence is not None:
            done.add((slug, rung))  # a simulation is told of when drawn and when judged
        update(len(done), total, f"{slug} {rung.value} {found}".rstrip())

    return progress


def _print(report: Report) -> None:
    """One line a claim, as it is into a pipe and folded on a terminal."""
    from rich.console import Console
    from rich.text import Text

    from l1cert.presentation import folded, tally, verdict_line

    shown, reader = io.StringIO(), Console()
    console = Console(
        file=shown, force_terminal=reader.is_terminal, width=reader.width, highlight=False
    )
    for result in report.results:
        line = verdict_line(result)
        text = Text("\n".join(folded(line, reader.width)) if reader.is_terminal else line)
        verdict = result.decision.verdict.value
        text.highlight_words([f" {verdict} "], style=COLOURS[verdict])
        console.print(text, soft_wrap=True)
    console.print(tally(report.results), soft_wrap=True)
    say(shown.getvalue().rstrip("\n"))
