"""`l1cert simulate`: Monte Carlo against exact laws, reproducible to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from l1cert.cli.many_values import ManyValues
from l1cert.cli.output import check_writable, print_json, say, usage_errors
from l1cert.cli.perturbation import perturbation, perturbation_options
from l1cert.cli.progress import counted
from l1cert.cli.sampling import alpha_option

if TYPE_CHECKING:
    from l1cert.simulation import SimulationReport

# simulations.ratio_experiment.DEFAULT_EVENTS, which importing here would make --help slow; a test
# compares them
EVENTS = ("atom+", "atom-", "worst:0.5", "worst:0.9")

#: exit code of a run whose counts contradict the exact law
CONTRADICTION = 1


@click.group("simulate")
def command() -> None:
    """Draw samples by the billion and count events, exactly and reproducibly.

    The same seed gives the same counts on every backend, number of threads, shard and cluster.
    """


@command.command("t", cls=ManyValues)
@perturbation_options
@click.option("--scale", required=True, metavar="L", help="Laplace scale lambda.")
@click.option("--samples", "num_samples", type=int, required=True, metavar="N", help="1 to 2^63.")
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="64-bit seed.")
@click.option("--backend", default="auto", show_default=True, metavar="B", help="numpy|numba|cuda.")
@click.option(
    "--method", default="auto", show_default=True, metavar="M", help="direct|poisson|counts."
)
@click.option(
    "--event",
    "events",
    multiple=True,
    metavar="E...",
    help="atom+, atom-, above:X, below:X, worst:P; by default " + " ".join(EVENTS) + ".",
)
@alpha_option
@click.option("--shard", default="0/1", show_default=True, metavar="I/N", help="Part I of N.")
@click.option("--threads", type=int, metavar="N", help="By default one for each processor.")
@click.option("--workers", type=int, metavar="N", help="Processes of a local Dask cluster.")
@click.option("--cluster", metavar="ADDRESS", help="A Dask scheduler.")
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE", help="Keep the run there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def likelihood_ratio(
    delta: str | None,
    delta_equal: str | None,
    norm: str | None,
    delta_file: str | None,
    scale: str,
    num_samples: int,
    seed: int,
    backend: str,
    method: str,
    events: tuple[str, ...],
    alpha: float,
    shard: str,
    threads: int | None,
    workers: int | None,
    cluster: str | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """T(x) = ||x - delta||_1 - ||x||_1 under Laplace noise, against its exact law.

    Each event's count is tested against its exact probability, and the empirical c.d.f. against
    the exact one. With --out the run is kept in a file as it goes: stop it at any moment and give
    the same command again, and it ends with the same bits. `l1cert merge` unites shards.

    Exit codes: 0 consistent, 1 the counts contradict the exact law, 2 usage, 130 interrupted.
    """
    from l1cert.simulation import simulate_t
    from simulations.kernels import MissingBackendError

    if out is not None:
        check_writable(out)
    with usage_errors():
        coordinates = perturbation(delta, delta_equal, norm, delta_file)
        part = parse_shard(shard)
    try:
        with usage_errors(), counted("samples", quiet=as_json) as progress:
            report = simulate_t(
                coordinates,
                scale=scale,
                num_samples=num_samples,
                seed=seed,
                backend=backend,
                method=method,
                events=events or EVENTS,
                shard=part,
                out=out,
                threads=threads,
                workers=workers,
                cluster=cluster,
                alpha=alpha,
                progress=progress,
            )
    except (MissingBackendError, ConnectionError) as error:
        raise click.UsageError(str(error)) from error
    show(report, as_json=as_json)


def show(report: SimulationReport, *, as_json: bool) -> None:
    """Print a report, and leave with 1 where it contradicts the exact law."""
    with usage_errors():
        if as_json:
            print_json(report.as_json())
        else:
            say(_table(report))
    if not report.consistent:
        raise SystemExit(CONTRADICTION)


def parse_shard(text: str) -> tuple[int, int]:
    """The two numbers of I/N.

    >>> parse_shard("2/8")
    (2, 8)
    """
    index, slash, number = text.partition("/")
    if not (slash and index.isdecimal() and number.isdecimal() and int(index) < int(number)):
        raise ValueError(f"shard = {text} is not I/N with integers 0 <= I < N")
    return int(index), int(number)


def _table(report: SimulationReport) -> str:
    tally, plan = report.state.tally, report.state.run.plan
    head = f"{'event':<16}{'count':>16}{'frequency':>16}{'exact probability':>22}{'p-value':>10}"
    lines = [
        f"{tally.num_samples} samples of {plan.dim} non-zero coordinates, "
        f"method {plan.method}, backend {report.backend}, seed {report.state.run.seed}",
        "",
        head,
        "-" * len(head),
    ]
    for event, count, p_value in zip(report.events, report.counts, report.p_values, strict=False):
        lines.append(
            f"{event.name:<16}{count:>16}{count / tally.num_samples:>16.9g}"
            f"{event.exact.value:>22.12g}{p_value:>10.3g}"
        )
    band = report.band
    lines += [
        "",
        f"empirical c.d.f. off by at most {band.deviation:.3g} over {band.edges} places "
        f"(p-value {band.p_value:.3g})",
        f"{'consistent with' if report.consistent else 'CONTRADICTS'} the exact law "
        f"(Holm over {len(report.p_values)} p-values, false-fail rate {report.alpha:g})",
    ]
    if report.rate is not None:
        lines.append(
            f"{report.rate:.3g} samples, {report.rate * plan.dim:.3g} coordinates a second"
        )
    if not report.state.complete:
        left = report.state.run.num_samples - report.state.covered
        lines.append(f"{left} samples of the run are still missing")
    return "\n".join(lines)
