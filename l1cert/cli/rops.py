"""`l1cert rops`: the largest noise that certifies a radius at a point (Appendix D)."""

from __future__ import annotations

import click

from l1cert.cli.output import print_json, say, usage_errors


@click.command("rops")
@click.option("--x", required=True, metavar="X", help="The point, in (-1, 1).")
@click.option("--radius", default="0", metavar="R", help="The certified radius, 0 if not given.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(x: str, radius: str, as_json: bool) -> None:
    """The largest noise that certifies a radius at a point, Laplace against Gaussian.

    The base classifier on the line is cA on [-1, 1] and cB elsewhere (Appendix D). The rectified
    optional parameter space at x holds the noises that certify the radius there; its supremum is
    given as a standard deviation, sqrt(2) lambda and sigma, between two proved decimals. From a
    radius of 1 - |x| on it is empty. Decimals and fractions ("0.3", "1/3") are taken exactly.
    """
    from l1cert.rectified import rops

    with usage_errors():
        found = rops(x, radius=radius)
    if as_json:
        print_json(found.as_json())
        return
    say(f"{'noise':<10}supremum of the standard deviation that certifies r = {radius} at x = {x}")
    for name, enclosure in (("Laplace", found.laplace), ("Gaussian", found.gaussian)):
        said = "none" if enclosure is None else f"[{enclosure[0]}, {enclosure[1]}]"
        say(f"{name:<10}{said}")
