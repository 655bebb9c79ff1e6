"""`l1cert tightness`: the worst-case classifiers, run inside, at and beyond the radius."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from l1cert.cli.output import print_json, say, usage_errors
from l1cert.cli.progress import counted

if TYPE_CHECKING:
    from l1cert.worst_cases import TightnessReport
    from simulations.tightness import Tightness

# simulations.tightness.ALPHA, which importing here would make --help slow; a test compares them
ALPHA = 1e-6

#: exit codes of a run whose counts contradict the exact law, and of one that shows too little
CONTRADICTION, UNDECIDED = 1, 3


@click.command("tightness")
@click.option("--pa", metavar="X", help="PA, in [1/2, 1); below 1/2 only with --pb.")
@click.option("--dim", type=int, metavar="D", help="Dimension, 1 to 10^8.")
@click.option("--pb", metavar="Y", help="PB: the exact multi-class radius instead.")
@click.option("--classes", metavar="K", help="With --pb: so many classes; by default any number.")
@click.option("--scale", default="1", show_default=True, metavar="L", help="Laplace scale lambda.")
@click.option(
    "--excess", metavar="E", help="r - R beyond the radius; by default the smallest that N shows."
)
@click.option(
    "--samples",
    "num_samples",
    type=int,
    metavar="N",
    help="By default 10^6, in high dimension fewer.",
)
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="64-bit seed.")
@click.option(
    "--alpha",
    type=float,
    default=ALPHA,
    show_default=True,
    metavar="A",
    help="False-fail rate of the whole run, in [1e-240, 1).",
)
@click.option("--backend", default="auto", show_default=True, metavar="B", help="numpy|numba|cuda.")
@click.option("--threads", type=int, metavar="N", help="By default one for each processor.")
@click.option("--sweep", is_flag=True, help="PA 0.501 to 0.999, and pairs, in 1 to 150528 dim.")
@click.option("--quick", is_flag=True, help="A sweep of fewer samples.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    pa: str | None,
    dim: int | None,
    pb: str | None,
    classes: str | None,
    scale: str,
    excess: str | None,
    num_samples: int | None,
    seed: int,
    alpha: float,
    backend: str,
    threads: int | None,
    sweep: bool,
    quick: bool,
    as_json: bool,
) -> None:
    """Show on raw d-vectors that the radius is tight: beyond it the prediction flips.

    The worst-case classifier of Appendix C, P(f(X) = cA) = PA, is run at x and at x + delta, delta
    along a randomly signed, random axis of l1 norm r: inside, at and just beyond the radius R. All
    d coordinates are drawn. Each count is held against its exact probability, and beyond R it has
    to show P(f(Y) = cA) < 1/2; with --pb, that cB leads.

    Exit codes: 0 shown and consistent, 1 the counts contradict the exact law, 2 usage, 3 too few
    samples to show the flip or to contradict a probability, 130 interrupted.
    """
    _check(pa, dim, pb, classes, excess, sweep=sweep, quick=quick)
    from l1cert.worst_cases import tightness, tightness_sweep
    from theory.certificates import parse_num_classes

    with usage_errors(), counted("coordinates", quiet=as_json) as progress:
        if pa is None or dim is None:
            report = tightness_sweep(
                scale=scale,
                num_samples=num_samples,
                quick=quick,
                seed=seed,
                alpha=alpha,
                backend=backend,
                threads=threads,
                progress=progress,
            )
        else:
            report = tightness(
                pa,
                dim=dim,
                p_b=pb,
                num_classes=None if classes is None else parse_num_classes(classes),
                scale=scale,
                excess=excess,
                num_samples=num_samples,
                seed=seed,
                alpha=alpha,
                backend=backend,
                threads=threads,
                progress=progress,
            )
    _show(report, as_json=as_json)


def _check(
    pa: str | None,
    dim: int | None,
    pb: str | None,
    classes: str | None,
    excess: str | None,
    *,
    sweep: bool,
    quick: bool,
) -> None:
    """Refuse options that do not belong together."""
    single = {"--pa": pa, "--dim": dim, "--pb": pb, "--classes": classes, "--excess": excess}
    given = [f"{name} {value}" for name, value in single.items() if value is not None]
    if sweep and given:
        raise click.UsageError(f"{given[0]} and --sweep: the sweep has its own settings")
    if not sweep and (pa is None or dim is None):
        missing = "--pa" if pa is None else "--dim"
        raise click.UsageError(f"{missing} is missing: give --pa X and --dim D, or --sweep")
    if quick and not sweep:
        raise click.UsageError("--quick without --sweep: legal is --sweep --quick")


def _show(report: TightnessReport, *, as_json: bool) -> None:
    """Print a report, and leave with 1 or 3 where it is no demonstration."""
    if as_json:
        print_json(report.as_json())
    else:
        alone = len(report.settings) == 1
        say(_one(report.settings[0]) if alone else _many(report))
        say(_summary(report))
    if report.consistent is False or report.shown is False:
        raise SystemExit(CONTRADICTION)
    if report.consistent is None or report.shown is None:
        raise SystemExit(UNDECIDED)


def _one(found: Tightness) -> str:
    """Every count of one setting."""
    asked = found.setting
    head = f"{'place':<13}{'r':>12}  {'':<12}{'frequency':>11}{'exact':>13}   interval"
    lines = [
        f"{asked.name}, lambda = {asked.scale:g}: R = {found.radius:.9g}, {asked.num_samples} "
        f"samples, axis {'-' if found.axis.sign < 0 else '+'}{found.axis.place}",
        "",
        head,
        "-" * 86,
    ]
    for seen in found.observations:
        frequency = seen.count / seen.num_samples if seen.num_samples else float("nan")
        low, high = seen.interval
        mark = {True: "", False: "CONTRADICTS", None: "undecided"}[seen.consistent]
        lines.append(
            f"{seen.place:<13}{seen.r:>12.6g}  {seen.what:<12}{frequency:>11.6f}"
            f"{seen.exact.value:>13.8f}   [{low:.5f}, {high:.5f}]  {mark}".rstrip()
        )
    least, needed = f"{found.least_excess:.6g}", found.samples_needed
    return "\n".join(
        [
            *lines,
            "",
            f"flip at r = R + {found.excess:.6g}: {_flip(found)}, power {found.power:.6f}",
            f"smallest excess that {asked.num_samples} samples show: {least}",
            f"samples that show this one: {'more than 10^10' if needed is None else needed}",
            "the words of the axis alone give "
            + ("the same counts" if found.recount else "OTHER COUNTS"),
        ]
    )


def _many(report: TightnessReport) -> str:
    """One line for each setting: the counts beyond the radius."""
    head = (
        f"{'PA':>6}{'PB':>6}{'d':>8}{'samples':>9}{'R':>11}{'excess':>10}  {'beyond R':<11}"
        f"{'frequency':>10}{'exact':>10}{'power':>10}  flip"
    )
    lines = [head, "-" * len(head)]
    for found in report.settings:
        asked, seen = found.setting, _beyond(found)
        p_b = "" if asked.p_b is None else f"{float(asked.p_b):g}"
        lines.append(
            f"{float(asked.p_a):>6g}{p_b:>6}{asked.dim:>8}{asked.num_samples:>9}"
            f"{found.radius:>11.6g}{found.excess:>10.5g}  {seen[0]:<11}{seen[1]:>10.5f}"
            f"{seen[2]:>10.5f}{found.power:>10.6f}  {_flip(found)}"
            + ("" if found.consistent else f"  consistent: {found.consistent}")
        )
    return "\n".join(lines)


def _beyond(found: Tightness) -> tuple[str, float, float]:
    """What has to be below 1/2, how often it was seen, and its exact probability."""
    if found.setting.p_b is None:
        seen = found.observations[-1]
        return seen.what, seen.count / seen.num_samples, seen.exact.value
    a, b = found.observations[-2:]
    share = a.exact.value / (a.exact.value + b.exact.value)
    return "share of cA", a.count / max(a.count + b.count, 1), share


def _flip(found: Tightness) -> str:
    return {True: "shown", False: "CONTRADICTED", None: "not shown"}[found.flip]


def _summary(report: TightnessReport) -> str:
    verdict = {
        True: "consistent with the exact law",
        False: "CONTRADICTS the exact law",
        None: "too few samples to contradict the exact law",
    }[report.consistent]
    shown = sum(one.flip is True for one in report.settings)
    return (
        f"\n{shown} of {len(report.settings)} flips shown (power of all {report.power:.6f}); "
        f"{verdict} (false-fail rate {report.alpha:g})\n"
        f"{report.coordinates:.4g} coordinates seen by classifiers, {report.seconds:.3g} s, "
        f"backend {report.backend}, seed {report.seed}"
    )
