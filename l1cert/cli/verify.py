"""`l1cert verify`: decide the paper's claims."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from l1cert.cli.output import check_writable, say, usage_errors, write_text
from l1cert.cli.sampling import sampling_options

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from l1cert.report import Report
    from l1cert.verification import Progress
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
    as_json: bool,
    out: Path | None,
) -> None:
    """Decide the claims of the paper (all of them, or the SLUGs given).

    Every claim is judged by a symbolic derivation, a rigorous enclosure, a search for a
    counterexample, a simulation and, where there is one, its figure. The verdict is computed from
    what they find; `l1cert show SLUG` gives the details.
    """
    from rich.console import Console

    from l1cert.verification import verify

    if out is not None:
        check_writable(out)
    # progress goes to standard error, and only to a person
    watcher = Console(stderr=True, highlight=False)
    live = _Watch(watcher) if watcher.is_terminal and not as_json else _Silent()
    with usage_errors(), live as progress:
        report = verify(
            slugs,
            rungs=rungs or None,
            num_samples=num_samples,
            seed=seed,
            alpha=alpha,
            progress=progress,
        )
    if as_json:
        say(report.dumps())
    else:
        _print(report)
    if out is not None:  # last: where the file fails, the report was not lost
        write_text(out, report.dumps() + "\n")
    raise SystemExit(report.exit_code)


class _Silent(nullcontext["Progress | None"]):
    """No progress."""


class _Watch(AbstractContextManager["Progress | None"]):
    """A live table: claims down, methods across, what each has found so far."""

    def __init__(self, console: Console) -> None:
        from rich.live import Live

        self.cells: dict[str, dict[str, str]] = {}
        self.live = Live(console=console, transient=True, get_renderable=self._table)

    def __enter__(self) -> Progress:
        self.live.__enter__()
        return self._update

    def __exit__(self, *details: object) -> None:
        self.live.__exit__(None, None, None)

    def _update(self, slug: str, rung: Rung, evidence: Sequence[Evidence] | None) -> None:
        row = self.cells.setdefault(slug, {})
        if evidence is None:
            row[rung.value] = "..."
        else:
            row[rung.value] = "/".join(dict.fromkeys(item.grade.value for item in evidence))

    def _table(self) -> Table:
        from rich.table import Table

        from l1cert.verification import RUNGS

        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("claim", no_wrap=True)
        for rung in RUNGS:
            table.add_column(rung.value)
        for slug, row in self.cells.items():
            table.add_row(slug, *(row.get(rung.value, "") for rung in RUNGS))
        return table


def _print(report: Report) -> None:
    """One line a claim, as it is into a pipe and folded on a terminal."""
    from rich.console import Console
    from rich.text import Text

    from l1cert.presentation import folded, tally, verdict_line

    console = Console(highlight=False)
    with console.capture() as captured:
        for result in report.results:
            line = verdict_line(result)
            lines = folded(line, console.width) if console.is_terminal else [line]
            text = Text("\n".join(lines))
            verdict = result.decision.verdict.value
            text.highlight_words([f" {verdict} "], style=COLOURS[verdict])
            console.print(text, soft_wrap=True)
        console.print(tally(report.results), soft_wrap=True)
    say(captured.get().rstrip("\n"))
