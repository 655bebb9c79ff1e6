"""`l1cert radius`: every method's certified radius side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from l1cert.cli.output import print_json, say, usage_errors
from l1cert.cli.perturbation import coordinates_of, parse_count

if TYPE_CHECKING:
    from theory.exact import Exact

#: what each radius is, for people
TITLES = {
    "theorem_1": "Theorem 1 (Laplace)",
    "theorem_2": "Theorem 2 (Laplace, two classes)",
    "exact": "exact (Laplace)",
    "exact_k": "exact with {classes} classes (Laplace)",
    "directional": "exact in the direction (Laplace)",
    "lecuyer": "Lecuyer et al. (Laplace)",
    "cohen": "Cohen et al. (Gaussian)",
    "uniform": "Yang et al. (uniform)",
}


@click.command("radius")
@click.option("--pa", "p_a", required=True, metavar="X", help="Lower bound on the top class.")
@click.option("--pb", "p_b", metavar="Y", help="Upper bound on every other class.")
@click.option("--scale", metavar="L", help="Laplace scale: lambda = L, sigma = sqrt(2) L.")
@click.option("--sigma", metavar="S", help="Standard deviation of one coordinate, any noise.")
@click.option("--classes", metavar="K", help="Number of classes, for exact_k.")
@click.option("--direction", metavar="D1,D2,...", help="A perturbation, up to a factor; no --pb.")
@click.option("--direction-equal", "equal", metavar="K", help="K equal coordinates; no --pb.")
@click.option("--direction-file", "file", metavar="F.npy", help="A NumPy array; no --pb.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    p_a: str,
    p_b: str | None,
    scale: str | None,
    sigma: str | None,
    classes: str | None,
    direction: str | None,
    equal: str | None,
    file: str | None,
    as_json: bool,
) -> None:
    """Every method's certified l1 radius under noise of the same variance.

    Give exactly one of --scale and --sigma. Decimals and fractions ("0.99", "2/3") are taken
    exactly, and every radius is rounded down: each delta with ||delta||_1 below it is certified.
    Without --pb there are two classes, PB = 1 - PA, and PA below 1/2 abstains.

    The exact radii are the largest that Laplace noise certifies: for any number of classes, for K
    of them, and (two classes) for perturbations in one direction, where only multiples of the
    given one with a smaller l1 norm are certified.
    """
    from l1cert.radii import radius
    from theory.certificates import parse_num_classes

    with usage_errors():
        radii = radius(
            p_a,
            p_b,
            scale=scale,
            sigma=sigma,
            num_classes=None if classes is None else parse_num_classes(classes),
            direction=_direction(direction, equal, file),
        )
    values = radii.as_json()
    if as_json:
        print_json(values)
        return
    missing = "abstains" if values["abstain"] else "needs two classes"
    say(f"{'method':<34}{'certified l1 radius':>22}")
    for name, title in TITLES.items():
        if name in values:
            value = values[name]
            label = title.format(classes=classes)
            say(f"{label:<34}{missing if value is None else str(value):>22}")


def _direction(
    direction: str | None, equal: str | None, file: str | None
) -> Sequence[Exact] | None:
    given = {"direction": direction, "direction-equal": equal, "direction-file": file}
    named = [f"{name} = {value}" for name, value in given.items() if value is not None]
    if len(named) > 1:
        raise ValueError(f"{' and '.join(named)}: at most one may be given")
    if direction is not None:
        return direction.split(",")
    if file is not None:
        return coordinates_of(Path(file))
    if equal is None:
        return None
    from theory.directional import equal_direction

    return equal_direction(parse_count("direction-equal", equal))
