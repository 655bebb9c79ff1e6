"""`l1cert radius`: every method's certified radius side by side."""

from __future__ import annotations

import click

from l1cert.cli.output import print_json, say, usage_errors

#: what each radius is, for people
TITLES = {
    "theorem_1": "Theorem 1 (Laplace)",
    "theorem_2": "Theorem 2 (Laplace, two classes)",
    "lecuyer": "Lecuyer et al. (Laplace)",
    "cohen": "Cohen et al. (Gaussian)",
    "uniform": "Yang et al. (uniform)",
}


@click.command("radius")
@click.option("--pa", "p_a", required=True, metavar="X", help="Lower bound on the top class.")
@click.option("--pb", "p_b", metavar="Y", help="Upper bound on every other class.")
@click.option("--scale", metavar="L", help="Laplace scale: lambda = L, sigma = sqrt(2) L.")
@click.option("--sigma", metavar="S", help="Standard deviation of one coordinate, any noise.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(p_a: str, p_b: str | None, scale: str | None, sigma: str | None, as_json: bool) -> None:
    """Every method's certified l1 radius under noise of the same variance.

    Give exactly one of --scale and --sigma. Decimals and fractions ("0.99", "2/3") are taken
    exactly, and every radius is rounded down: each delta with ||delta||_1 below it is certified.
    Without --pb there are two classes, PB = 1 - PA, and PA below 1/2 abstains.
    """
    from l1cert.radii import radius

    with usage_errors():
        radii = radius(p_a, p_b, scale=scale, sigma=sigma)
    values = radii.as_json()
    if as_json:
        print_json(values)
        return
    missing = "abstains" if values["abstain"] else "needs two classes"
    say(f"{'method':<34}{'certified l1 radius':>22}")
    for name, title in TITLES.items():
        value = values[name]
        say(f"{title:<34}{missing if value is None else str(value):>22}")
