"""`l1cert list`: the claims, in the order of the paper."""

from __future__ import annotations

import click

from l1cert.cli.output import print_json


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def command(as_json: bool) -> None:
    """List the claims that can be decided: slug, place in the paper, statement."""
    from l1cert import catalogue

    claims = [catalogue.claim(slug) for slug in catalogue.SLUGS]
    if as_json:
        print_json([{"slug": c.slug, "source": c.source, "statement": c.statement} for c in claims])
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("slug", no_wrap=True)
    table.add_column("in the paper")
    table.add_column("statement")
    for claim in claims:
        table.add_row(claim.slug, claim.source, claim.statement)
    Console(highlight=False).print(table)
