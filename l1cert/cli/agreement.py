"""`l1cert agreement`: how often smoothing keeps the prediction of a trained classifier."""

from __future__ import annotations

from pathlib import Path

import click

from l1cert.cli.output import hold, print_json, say, usage_errors, write_json
from l1cert.cli.progress import watched


@click.command("agreement")
@click.argument("checkpoints", nargs=-1, type=click.Path(path_type=Path), metavar="CHECKPOINT...")
@click.option(
    "--sigmas",
    metavar="S1,S2,...",
    help="Standard deviations of one coordinate; by default ten from 0.05 to 1.",
)
@click.option(
    "--samples",
    "num_samples",
    type=int,
    default=1000,
    show_default=True,
    metavar="N",
    help="Votes for each point, level and noise.",
)
@click.option("--points", type=int, metavar="M", help="Test points, evenly spread; all by default.")
@click.option(
    "--seeds", default="1", show_default=True, metavar="S1,...", help="64-bit seeds of the noise."
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the files of cifar10 or imagenet lie.",
)
@click.option("--batch", type=int, metavar="B", help="Inputs at once; no count depends on it.")
@click.option("--device", default="cpu", show_default=True, metavar="D", help="cpu|cuda|cuda:K.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Keep the record there (JSON)."
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
def command(
    checkpoints: tuple[Path, ...],
    sigmas: str | None,
    num_samples: int,
    points: int | None,
    seeds: str,
    folder: Path | None,
    batch: int | None,
    device: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compare smoothed with base predictions under Laplace and Gaussian noise of equal variance.

    Appendix D of the paper: the share of test points at which the smoothed classifier predicts what
    the CHECKPOINT (a file of `l1cert train`) predicts without noise, the mean probability that one
    noisy prediction does, and the empirical ROPS of the points. Both noises see the same points;
    McNemar's exact tests are corrected together by Holm's method.

    Exit codes: 0 measured, 2 usage, 130 interrupted.
    """
    from l1cert.agreement import agreement, summary

    hold(out)
    with usage_errors(), watched("points", quiet=as_json) as progress:
        record = agreement(
            checkpoints,
            sigmas=None if sigmas is None else [part.strip() for part in sigmas.split(",")],
            num_samples=num_samples,
            num_points=points,
            seeds=[_seed(part) for part in seeds.split(",")],
            folder=folder,
            batch=batch,
            device=device,
            progress=progress,
        )
    if as_json:
        print_json(record.as_json())
    else:
        say(summary(record).rstrip("\n"))
    if out is not None:  # last: where the file fails, the answer was not lost
        write_json(out, record.as_json())
        if not as_json:
            say(f"\nkept in {out}")


def _seed(text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError(f"seed = {text.strip()!r} is no integer in [0, 2^64)")
    return int(text)
