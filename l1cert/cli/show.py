"""`l1cert show SLUG`: a claim with its proof, its enclosure, its counts and its witness."""

from __future__ import annotations

import click

from l1cert.cli.output import print_json, say, usage_errors
from l1cert.cli.sampling import sampling_options


@click.command("show")
@click.argument("slug")
@sampling_options
@click.option("--json", "as_json", is_flag=True, help="Print the claim's JSON instead of text.")
def command(slug: str, num_samples: int, seed: int, alpha: float, as_json: bool) -> None:
    """Show one claim: statement, verdict, derivation step by step, enclosure, counts, witness."""
    from l1cert.presentation import render
    from l1cert.verification import verify

    with usage_errors():
        report = verify([slug], num_samples=num_samples, seed=seed, alpha=alpha)
    result = report[slug]
    if as_json:
        print_json({**result.as_json(), "provenance": dict(report.provenance)})
    else:
        say(render(result).rstrip("\n"))
    raise SystemExit(report.exit_code)
