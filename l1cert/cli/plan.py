"""`l1cert plan`: how many samples a radius takes, and the most that so many can certify."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import TYPE_CHECKING

import click

from l1cert.cli.output import print_json, say, usage_errors
from l1cert.cli.radius import TITLES

if TYPE_CHECKING:
    from l1cert.plans import MethodPlan, Plan

# l1cert.plans' defaults, which importing here would make --help slow; a test compares them
ALPHA, POWER = "0.001", "0.9"


@click.command("plan")
@click.option("--radius", required=True, metavar="R", help="The l1 radius to be certified.")
@click.option("--scale", metavar="L", help="Laplace scale: lambda = L, sigma = sqrt(2) L.")
@click.option("--sigma", metavar="S", help="Standard deviation of one coordinate, any noise.")
@click.option(
    "--alpha",
    default=ALPHA,
    show_default=True,
    metavar="A",
    help="Error rate of each certificate, in (0, 1).",
)
@click.option("--pa", "p_a", metavar="X", help="PA itself, in (1/2, 1]: also the n that it takes.")
@click.option("--n", "num_samples", type=int, metavar="N", help="So many samples, 1 to 10^10.")
@click.option(
    "--power",
    default=POWER,
    show_default=True,
    metavar="P",
    help="With --pa: how surely R is to be reached.",
)
@click.option("--two-sided", is_flag=True, help="Bounds of an interval: alpha/2 on either side.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    radius: str,
    scale: str | None,
    sigma: str | None,
    alpha: str,
    p_a: str | None,
    num_samples: int | None,
    power: str,
    two_sided: bool,
    as_json: bool,
) -> None:
    """Plan a certification before the samples are drawn.

    Each method's two-class radius, under noise of the same variance: the bound on PA that gives R,
    rounded up; the least n below which every input abstains at R, because even samples that all
    agree do not suffice; and with --pa the least n whose Clopper-Pearson bound reaches R with
    probability P. The largest radius, rounded down, is that of all samples agreeing, of the N given
    or else of the n found; with --pa the radius is added that they reach with probability P.

    Give exactly one of --scale and --sigma. Decimals and fractions are taken exactly.
    """
    from l1cert.plans import plan

    with usage_errors():
        found = plan(
            radius,
            scale=scale,
            sigma=sigma,
            alpha=alpha,
            p_a=p_a,
            num_samples=num_samples,
            power=power,
            two_sided=two_sided,
        )
    if as_json:
        print_json(found.as_json())
    else:
        _show(found)


def _show(found: Plan) -> None:
    sides = "two-sided" if found.two_sided else "one-sided"
    given = f"R = {found.radius:.9g}, lambda = {found.scale:.6g}, alpha = {found.alpha:g} {sides}"
    if found.p_a is not None:
        given += f", PA = {found.p_a:.9g}, power {found.power:g}"
    if found.n is not None:
        given += f", n = {found.n}"
    say(given)
    head = f"{'method':<34}{'bound on PA':>15}{'n if all agree':>18}"
    head += f"{'n needed':>15}" if found.p_a is not None else ""
    head += f"{'largest R':>15}"
    head += f"{'R reached':>15}" if found.p_a is not None else ""
    say(head)
    for name, one in found.methods.items():
        row = f"{TITLES[name]:<34}{_bound(one.p_a_needed):>15}{_count(one.n_unanimous):>18}"
        row += f"{_count(one.n_needed):>15}" if found.p_a is not None else ""
        row += f"{_radius(one.largest_radius):>15}"
        row += f"{_radius(one.radius_with_power):>15}" if found.p_a is not None else ""
        say(row)
    for name, one in found.methods.items():
        _explain(TITLES[name], one)


def _explain(title: str, one: MethodPlan) -> None:
    for reason in one.why:
        say(f"{title}: {reason}")


def _count(number: int | None) -> str:
    return "none" if number is None else str(number)


def _radius(value: float | None) -> str:
    """Seven digits, rounded down."""
    if value is None:
        return "none"
    return format(Context(prec=7, rounding=ROUND_FLOOR).create_decimal_from_float(value), "g")


def _bound(probability: float | None) -> str:
    """Seven digits, rounded up; from 1 - 1e-7 on, what it lacks of 1, rounded down."""
    if probability is None:
        return "none"
    up = Context(prec=7, rounding=ROUND_CEILING).create_decimal_from_float(probability)
    if up < 1 or probability == 1:
        return format(up, "g")
    down = Context(prec=3, rounding=ROUND_FLOOR)
    return f"1 - {format(down.create_decimal_from_float(1 - probability), 'g')}"
