"""`l1cert merge`: unite the files of a run's shards."""

from __future__ import annotations

from pathlib import Path

import click

from l1cert.cli.output import check_writable, usage_errors
from l1cert.cli.sampling import alpha_option
from l1cert.cli.simulate import show


@click.command("merge")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Keep the union there."
)
@alpha_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(files: tuple[Path, ...], out: Path | None, alpha: float, as_json: bool) -> None:
    """Unite parts of one run of `l1cert simulate`, and judge the union.

    The files are those that --out kept. Parts of different runs, and parts that share a sample,
    are refused. What is still missing is named.
    """
    from l1cert.simulation import merged

    if out is not None:
        check_writable(out)
    with usage_errors():
        report = merged(files, out=out, alpha=alpha)
    show(report, as_json=as_json)
