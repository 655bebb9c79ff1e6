"""`l1cert report`: the verdicts with all that they rest on, as one page and as tables."""

from __future__ import annotations

from pathlib import Path

import click

from l1cert.cli.output import file_errors, hold_folder, say, usage_errors
from l1cert.cli.progress import watched
from l1cert.cli.sampling import sampling_options, workers_option
from l1cert.cli.verify import methods
from l1cert.provenance import available_processors


@click.command("report")
@click.argument("slugs", nargs=-1, metavar="[SLUG]...")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("report"),
    show_default=True,
    metavar="DIR",
    help="Folder for the files; made if it is missing.",
)
@sampling_options
@workers_option
def command(
    slugs: tuple[str, ...],
    out: Path,
    num_samples: int,
    seed: int,
    alpha: float,
    workers: int | None,
) -> None:
    """Decide the claims (all of them, or the SLUGs given) and write a page about them.

    index.html has every claim with its statement, verdict, proof, enclosure, counts, figure and
    witness; it is one file that loads nothing. Beside it: ledger.md and ledger.tex, the tables of
    the verdicts, and report.json, what `l1cert verify --json` prints.
    """
    from l1cert.page.writing import write_report
    from l1cert.presentation import tally
    from l1cert.verification import count_methods, verify

    hold_folder(out)
    with usage_errors():
        total = count_methods(slugs)
    with usage_errors(), watched("methods", quiet=False) as update:
        report = verify(
            slugs,
            num_samples=num_samples,
            seed=seed,
            alpha=alpha,
            workers=available_processors() if workers is None else workers,
            progress=None if update is None else methods(update, total),
        )
    with file_errors(out):
        written = write_report(report, out)
    say("\n".join(map(str, written)))
    say(tally(report.results))
    raise SystemExit(report.exit_code)
