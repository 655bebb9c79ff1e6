"""`l1cert list`: the claims, in the order of the paper."""

from __future__ import annotations

import shutil

import click

from l1cert.cli.output import print_json, say


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
def command(as_json: bool) -> None:
    """List the claims: slug, place in the paper (or beyond it), statement."""
    from l1cert import catalogue
    from l1cert.presentation import SLUG_WIDTH, folded

    claims = [catalogue.claim(slug) for slug in catalogue.SLUGS]
    if as_json:
        print_json([{"slug": c.slug, "source": c.source, "statement": c.statement} for c in claims])
        return
    for one in claims:
        say(f"{one.slug:<{SLUG_WIDTH}}{one.source}")
        say("\n".join(folded(f"    {one.statement}", shutil.get_terminal_size().columns)))
