"""`l1cert reproduce`: everything into one folder, held against what the ledger decided."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from l1cert.cli.output import file_errors, print_json, say, usage_errors
from l1cert.cli.progress import Update, watched

if TYPE_CHECKING:
    from l1cert.reproduction.manifest import Manifest, Outcome
    from l1cert.reproduction.running import Progress
    from l1cert.reproduction.steps import Step

#: exit code of a run in which something came out otherwise than expected
DIFFERENCE = 1


@click.command("reproduce")
@click.argument("steps", nargs=-1, metavar="[STEP]...")
@click.option("--quick", is_flag=True, help="Fewer samples: a few minutes.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("l1cert-reproduction"),
    show_default=True,
    metavar="DIR",
    help="The folder; what it holds already is kept.",
)
@click.option(
    "--workers",
    type=int,
    metavar="N",
    help="Steps at a time; as many as there are processors by default.",
)
@click.option("--list", "only_list", is_flag=True, help="Name the steps and their commands.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest instead of a table.")
def command(
    steps: tuple[str, ...],
    quick: bool,
    out: Path,
    workers: int | None,
    only_list: bool,
    as_json: bool,
) -> None:
    """Run every claim, figure and simulation (or the STEPs given) into one folder.

    Each result is held against what the ledger decided: verdicts, and numbers to 1e-9 of their
    enclosures. manifest.json has all of it, REPRODUCE.md the same as a table. Stop it at any
    moment and give the same command again: what is done is kept.

    Exit codes: 0 all as expected, 1 something came out otherwise, 2 usage, 130 interrupted.
    """
    from l1cert.reproduction.running import reproduce
    from l1cert.reproduction.steps import select

    with usage_errors():
        chosen = select(steps)
    if only_list:
        for step in chosen:
            say(f"{step.name:<30}{step.command(quick=quick)}")
        return
    total = sum(1 for step in chosen if steps or not step.left_out)
    with usage_errors(), file_errors(out), watched("steps", quiet=as_json) as update:
        manifest = reproduce(
            out,
            names=steps,
            quick=quick,
            workers=workers,
            progress=_silent if update is None else _bar(update, total),
        )
    if as_json:
        print_json(manifest.as_json())
    else:
        say(_table(manifest))
    if not manifest.agrees:
        raise SystemExit(DIFFERENCE)


def _silent(step: Step, outcome: Outcome | None) -> None:
    pass


def _bar(update: Update, total: int) -> Progress:
    done: set[str] = set()
    running: dict[str, None] = {}

    def progress(step: Step, outcome: Outcome | None) -> None:
        if outcome is None:
            running[step.name] = None
        else:
            running.pop(step.name, None)
            done.add(step.name)
        update(len(done), total, ", ".join(running))

    return progress


def _table(manifest: Manifest) -> str:
    """A line for each step, and below it what came out otherwise than expected."""
    lines = []
    for outcome in manifest.outcomes:
        agree = sum(row.agrees for row in outcome.rows)
        said = f"{agree} of {len(outcome.rows)} as expected"
        lines.append(f"{outcome.step:<30}{outcome.minutes:>8.2f} min  {said}")
        lines += [
            f"    {row.subject}: expected {row.expected}, obtained {row.obtained}"
            for row in outcome.rows
            if not row.agrees
        ]
    lines += [f"{name:<30}left out: {why}" for name, why in manifest.left_out.items()]
    rows = [row for outcome in manifest.outcomes for row in outcome.rows]
    agree = sum(row.agrees for row in rows)
    lines.append(f"{agree} of {len(rows)} results are as expected")
    return "\n".join(lines)
