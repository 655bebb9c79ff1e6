"""`l1cert radius`: every method's certified radius side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from l1cert.cli.output import print_json, say, usage_errors
from l1cert.cli.perturbation import coordinates_of, parse_count

if TYPE_CHECKING:
    from l1cert.counts import CountRadii
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
@click.option("--pa", "p_a", metavar="X", help="Lower bound on the top class.")
@click.option("--pb", "p_b", metavar="Y", help="Upper bound on every other class.")
@click.option("--counts", metavar="N1,N2,...", help="Votes of each class, instead of --pa.")
@click.option("--alpha", metavar="A", help="Error rate of the bounds that --counts gives.")
@click.option("--bonferroni", is_flag=True, help="Bound PA and PB together, not PA alone.")
@click.option("--top", metavar="I", help="Class, from 0, that another sample selected.")
@click.option("--same-sample", is_flag=True, help="The counts themselves selected the class.")
@click.option("--scale", metavar="L", help="Laplace scale: lambda = L, sigma = sqrt(2) L.")
@click.option("--sigma", metavar="S", help="Standard deviation of one coordinate, any noise.")
@click.option("--classes", metavar="K", help="Number of classes, for exact_k.")
@click.option("--direction", metavar="D1,D2,...", help="A perturbation, up to a factor; no --pb.")
@click.option("--direction-equal", "equal", metavar="K", help="K equal coordinates; no --pb.")
@click.option("--direction-file", "file", metavar="F.npy", help="A NumPy array; no --pb.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    p_a: str | None,
    p_b: str | None,
    counts: str | None,
    scale: str | None,
    sigma: str | None,
    classes: str | None,
    direction: str | None,
    equal: str | None,
    file: str | None,
    as_json: bool,
    **votes: Any,
) -> None:
    """Every method's certified l1 radius under noise of the same variance.

    Give exactly one of --scale and --sigma. Decimals and fractions ("0.99", "2/3") are taken
    exactly, and every radius is rounded down: each delta with ||delta||_1 below it is certified.
    Without --pb there are two classes, PB = 1 - PA, and PA below 1/2 abstains.

    --counts stands in for --pa and --pb: from the votes in one sample, PA at the error rate --alpha
    (Clopper-Pearson, two classes), or with --bonferroni PA and PB together. Another sample has
    selected the class: --top, or the largest count. If these votes did, say --same-sample.

    The exact radii are the largest that Laplace noise certifies: for any number of classes, for K
    of them, and (two classes) for perturbations in one direction, where only multiples of the
    given one with a smaller l1 norm are certified.
    """
    from l1cert.counts import parse_counts, radius_of_counts
    from l1cert.radii import radius
    from theory.certificates import parse_num_classes
    from theory.simultaneous import parse_top

    with usage_errors():
        _check_one_way(p_a, p_b, counts, votes)
        number = None if classes is None else parse_num_classes(classes)
        along = _direction(direction, equal, file)
        if counts is None:
            radii = radius(
                str(p_a), p_b, scale=scale, sigma=sigma, num_classes=number, direction=along
            )
            values, said = radii.as_json(), []
        else:
            found = parse_counts(counts)
            if votes["top"] is not None:
                votes["top"] = parse_top(votes["top"], len(found))
            report = radius_of_counts(
                found, **votes, scale=scale, sigma=sigma, num_classes=number, direction=along
            )
            values, said = report.as_json(), _about(report, votes["top"] is not None)
    if as_json:
        print_json(values)
    else:
        say("\n".join([*said, *_table(values, classes, multiclass=p_b is not None)]))


def _check_one_way(
    p_a: str | None, p_b: str | None, counts: str | None, votes: dict[str, Any]
) -> None:
    if counts is None:
        if p_a is None:
            raise ValueError("Missing option '--pa', or '--counts' in its place.")
        for name, value in votes.items():
            if value not in (None, False):
                option = "--" + name.replace("_", "-")
                said = option if value is True else f"{option} = {value}"
                raise ValueError(f"{said} belongs to --counts, which is not given")
        return
    for option, bound in (("--pa", p_a), ("--pb", p_b)):
        if bound is not None:
            raise ValueError(f"{option} = {bound} and --counts: the counts bound PA and PB")
    if votes["alpha"] is None:
        raise ValueError("--alpha is missing: --counts needs an error rate in (0, 1)")


def _table(values: dict[str, Any], classes: str | None, *, multiclass: bool) -> list[str]:
    lines = [f"{'method':<34}{'certified l1 radius':>22}"]
    missing = "needs two classes" if multiclass and not values["abstain"] else "abstains"
    for name, title in TITLES.items():
        if name in values:
            value = values[name]
            label = title.format(classes=classes)
            lines.append(f"{label:<34}{missing if value is None else str(value):>22}")
    return lines


def _about(report: CountRadii, named: bool) -> list[str]:
    """The bounds that the counts give, and what was assumed for them."""
    bounds = report.bounds
    lines = [f"class {bounds.top} (from 0), n = {bounds.num_samples}, alpha = {bounds.alpha}"]
    if bounds.tied:
        others = ", ".join(map(str, bounds.tied[:5])) + (", ..." if len(bounds.tied) > 5 else "")
        lines.append(f"tied with class {others}: no vote tells which is the top class")
    if report.bonferroni:
        lines += [
            f"PA >= {bounds.p_a} and PB <= {bounds.p_b} together (several classes)",
            f"PA >= {report.theorem_2_p_a} alone (Theorem 2, two classes); choose before you look",
        ]
    else:
        lines.append(f"PA >= {bounds.p_a}, PB = 1 - PA (two classes)")
    if bounds.same_sample and bounds.p_a == 0:
        lines.append("the lead over the next class is not significant: nothing is claimed")
    if bounds.same_sample:
        lines.append("assumed: these votes selected the class, which a twentieth of alpha pays for")
    elif named:
        lines.append("assumed: another sample selected the class")
    else:
        lines.append(
            "assumed: another sample selected the class, the largest count (else --same-sample)"
        )
    return [*lines, "assumed: votes under the noise that a radius is for", ""]


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
