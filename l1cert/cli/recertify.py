"""`l1cert recertify`: the votes of a log under another certificate or error rate."""

from __future__ import annotations

from pathlib import Path

import click

from l1cert.cli.certify import certificate_option, place_errors, show
from l1cert.cli.output import hold, usage_errors


@click.command("recertify")
@click.argument("path", type=click.Path(path_type=Path), metavar="LOG")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="FILE",
    help="The new log, a TSV.",
)
@click.option("--alpha", metavar="A", help="Error rate of a certificate; by default the log's.")
@certificate_option
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
def command(
    path: Path, out: Path, alpha: str | None, certificate: str | None, as_json: bool
) -> None:
    """Certify the votes that a log of `l1cert certify` keeps again, without a new sample.

    What alpha and which certificate is to be chosen without looking at the votes. A run that
    stopped early keeps the bounds of its confidence sequence, which hold at every alpha; those of
    a fixed number of samples do not hold for it.

    Exit codes: 0 certified, 2 usage, 130 interrupted.
    """
    from l1cert.audit.reading import record_of
    from l1cert.certification.recertify import recertify

    hold(out, record_of(out))
    with place_errors(out), usage_errors():
        run = recertify(path, out=out, alpha=alpha, certificate=certificate)
    show(run, out, as_json=as_json)
