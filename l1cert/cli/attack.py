"""`l1cert attack`: certificates under attack, or what is left of an undefended classifier."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from l1cert.cli.output import hold, print_json, say, usage_errors, write_json
from l1cert.cli.progress import counted
from l1cert.cli.sampling import SEED

# l1cert.attacks' defaults, which importing here would make --help slow; a test compares them
POINTS, TIMES, SAMPLES = 100, "1,3", 1000
RADII = "0,0.25,...,3"

#: exit codes by outcome
CODES = {"PASS": 0, "FAIL": 1, "UNDECIDED": 3}


@click.command("attack")
@click.argument("log", type=click.Path(path_type=Path), required=False, metavar="[LOG.tsv]")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The classifier that the log certifies.",
)
@click.option(
    "--undefended",
    type=click.Path(path_type=Path),
    metavar="CHECKPOINT",
    help="Instead of a log: a classifier, attacked without noise.",
)
@click.option(
    "--points",
    type=int,
    default=POINTS,
    show_default=True,
    metavar="N",
    help="Rows of the log, or test points, from the first.",
)
@click.option(
    "--times",
    default=TIMES,
    show_default=True,
    metavar="T1,T2,...",
    help="Multiples of the radius, 1 among them; the largest is the control.",
)
@click.option(
    "--samples",
    type=int,
    default=SAMPLES,
    show_default=True,
    metavar="N",
    help="Fresh votes that judge each attack.",
)
@click.option("--certificate", metavar="C", help="A column of the log; by default its radius.")
@click.option("--radii", metavar="R1,R2,...", help=f"With --undefended.  [default: {RADII}]")
@click.option("--clip", is_flag=True, help="Keep perturbed pixels in [0, 1].")
@click.option("--seed", type=int, default=SEED, show_default=True, metavar="S", help="64-bit seed.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the files of cifar10 or imagenet lie.",
)
@click.option("--device", default="cpu", show_default=True, metavar="D", help="cpu|cuda|cuda:K.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write the JSON there, too."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    log: Path | None,
    checkpoint: Path | None,
    undefended: Path | None,
    points: int,
    times: str,
    samples: int,
    certificate: str | None,
    radii: str | None,
    clip: bool,
    seed: int,
    folder: Path | None,
    device: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Attack what `l1cert certify` certified: no class may lose its lead within its radius.

    Each certified row is attacked in the l1 ball (projected steepest descent and sparse coordinate
    attacks through the smoothed classifier) and judged by fresh votes. More losses than alpha
    allows are a FAIL. An attack that takes fewer than 20 % of the classes at the largest multiple
    of the radius has no power: then the outcome is UNDECIDED.

    With --undefended a classifier is attacked without noise, and its accuracy at each radius is
    what `l1cert curves --undefended` draws.

    Exit codes: 0 PASS, 1 FAIL, 2 usage, 3 UNDECIDED, 130 interrupted.
    """
    hold(out)
    code = 0
    with usage_errors(), counted("attacks", quiet=as_json) as progress:
        where: dict[str, Any] = {"folder": folder, "device": device, "progress": progress}
        if undefended is not None:
            from l1cert.attacks import RADII as DEFAULT
            from l1cert.attacks import attack_undefended

            _refuse_log(log, checkpoint, certificate)
            chosen = DEFAULT if radii is None else _numbers("radii", radii)
            curve = attack_undefended(undefended, radii=chosen, points=points, clip=clip, **where)
            content, text = curve.as_json(), curve.terminal()
        else:
            from l1cert.attacks import attack_log

            if log is None or checkpoint is None or radii is not None:
                raise ValueError("legal are LOG.tsv --checkpoint FILE, or --undefended FILE")
            report = attack_log(
                log,
                checkpoint=checkpoint,
                points=points,
                times=_numbers("times", times),
                samples=samples,
                certificate=certificate,
                clip=clip,
                seed=seed,
                **where,
            )
            content, text = report.as_json(), report.terminal()
            code = CODES[report.outcome]
    if as_json:
        print_json(content)
    else:
        say(text)
    if out is not None:  # last: where the file fails, the answer was not lost
        write_json(out, content)
        if not as_json:
            say(f"\nkept in {out}")
    if code:
        raise SystemExit(code)


def _refuse_log(log: Path | None, checkpoint: Path | None, certificate: str | None) -> None:
    given = {"LOG.tsv": log, "--checkpoint": checkpoint, "--certificate": certificate}
    for name, value in given.items():
        if value is not None:
            raise ValueError(f"{name} = {str(value)!r} with --undefended: give one of them")


def _numbers(name: str, text: str) -> list[float]:
    """Numbers separated by commas; a ValueError of one line for anything else."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{name} = {text!r}: legal are numbers separated by commas") from None
