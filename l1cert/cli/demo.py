"""`l1cert demo`: train, certify, attack and draw, on data that scikit-learn brings."""

from __future__ import annotations

import contextlib
import io
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from l1cert.cli.output import (
    hold_folder,
    print_json,
    say,
    write_json,
)
from l1cert.cli.sampling import SEED

if TYPE_CHECKING:
    from l1cert.demo import Stage

#: what a command may end with and the demo goes on: all well, a contradiction, undecided
_ANSWERS = (0, 1, 3)


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("l1cert-demo"),
    show_default=True,
    metavar="DIR",
    help="The folder; what it holds already is kept.",
)
@click.option(
    "--points", type=int, default=200, show_default=True, metavar="N", help="Test points."
)
@click.option(
    "--n", "num_samples", type=int, default=10_000, show_default=True, help="Samples of each bound."
)
@click.option("--alpha", default="0.001", show_default=True, metavar="A", help="Error rate.")
@click.option(
    "--sigma", default="0.25", show_default=True, metavar="S", help="Noise, in pixel values."
)
@click.option("--seed", type=int, default=SEED, show_default=True, metavar="S", help="64-bit seed.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of what is run.")
def command(
    out: Path,
    points: int,
    num_samples: int,
    alpha: str,
    sigma: str,
    seed: int,
    as_json: bool,
) -> None:
    """Train on digits with Laplace and Gaussian noise, certify, attack, draw the curves.

    Every step is a command of ours, printed before it runs, so each can be repeated alone or
    changed. Certified points are attacked inside their radius, where nothing may flip beyond what
    alpha allows, and at three times the radius, where something has to.

    Exit codes: those of the commands; 1 if an attack refutes a certificate, 3 if it had no power.
    """
    from l1cert.demo import SUMMARY, stages
    from l1cert.provenance import provenance

    for name, value in (("--points", points), ("--n", num_samples)):
        if value < 1:
            raise click.UsageError(f"{name} = {value} is outside [1, inf)")
    chosen = stages(
        out, points=points, num_samples=num_samples, alpha=alpha, sigma=sigma, seed=seed
    )
    hold_folder(out)
    done = [_run(stage, quiet=as_json) for stage in chosen]
    summary = {
        "stages": done,
        "attacks": _outcomes(chosen),
        "seconds": round(sum(one["seconds"] for one in done), 1),
        "provenance": provenance(
            seed=seed, points=points, num_samples=num_samples, alpha=alpha, sigma=sigma
        ),
    }
    write_json(out / SUMMARY, summary)
    if as_json:
        print_json(summary)
    else:
        said = ", ".join(f"{run}: {outcome}" for run, outcome in summary["attacks"].items())
        say(f"attacks: {said}\nkept in {out}; {summary['seconds']:.0f} seconds")
    codes = {one["exit_code"] for one in done}
    if codes != {0}:
        raise SystemExit(1 if 1 in codes else 3)


def _run(stage: Stage, *, quiet: bool) -> dict[str, Any]:
    """Run one command in this process; leave with its exit code if it could not end."""
    from l1cert.cli import exit_code

    if not quiet:
        say(f"$ {stage.command()}")
    start = time.monotonic()
    with contextlib.redirect_stdout(io.StringIO()) if quiet else contextlib.nullcontext():
        code = exit_code(stage.arguments)
    if code not in _ANSWERS:
        raise SystemExit(code)
    if not quiet:
        say("")
    seconds = round(time.monotonic() - start, 1)
    return {
        "name": stage.name,
        "command": stage.command(),
        "exit_code": code,
        "seconds": seconds,
    }


def _outcomes(chosen: tuple[Stage, ...]) -> dict[str, str]:
    """What each attack on a certified classifier found."""
    found = {}
    for stage in chosen:
        if stage.answer is not None:
            answer = json.loads(stage.answer.read_text(encoding="utf-8"))
            found[stage.name.removeprefix("attack ")] = str(answer["outcome"])
    return found
