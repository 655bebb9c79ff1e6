"""`l1cert curves`: certified accuracy against the radius, of several logs."""

from __future__ import annotations

from pathlib import Path

import click

from l1cert.cli.output import file_errors, hold_folder, print_json, say, usage_errors


@click.command("curves")
@click.argument("logs", nargs=-1, type=click.Path(path_type=Path), metavar="LOG...")
@click.option(
    "--undefended",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="JSON of `l1cert attack --undefended`; may be given more than once.",
)
@click.option("--radii", metavar="R1,R2,...", help="Columns of the tables; by default round ones.")
@click.option("--certificates", metavar="C1,...", help="By default all that the logs have.")
@click.option("--noise", metavar="N", help="Of logs that do not state it; so the next four.")
@click.option("--sigma", metavar="S", help="Standard deviation of one coordinate of the noise.")
@click.option("--n", "num_samples", type=int, metavar="N", help="Samples of each bound.")
@click.option("--alpha", metavar="A", help="Error rate of each certificate, in (0, 1).")
@click.option("--data", metavar="NAME", help="The data set.")
@click.option(
    "--figure",
    default="figure_06_certified_accuracy",
    show_default=True,
    metavar="F",
    help="figure_06_certified_accuracy|figure_07_cifar|figure_08_imagenet.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the tables (CSV, Markdown, LaTeX, JSON) and the figure there.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
def command(
    logs: tuple[Path, ...],
    undefended: tuple[Path, ...],
    radii: str | None,
    certificates: str | None,
    noise: str | None,
    sigma: str | None,
    num_samples: int | None,
    alpha: str | None,
    data: str | None,
    figure: str,
    out: Path | None,
    as_json: bool,
) -> None:
    """Put the certified accuracies of logs side by side.

    Each LOG is of one noise level: of `l1cert certify`, or anything that `l1cert audit` reads
    whole. Logs of one certificate at several noise levels must be of the same points; where n,
    alpha or the points of others differ, tables and captions say so. An
    accuracy at radius r is the share of all points that are classified correctly with a radius of
    at least r; an abstention counts as wrong. For each certificate there is a row for every noise
    level and one for the best of them at each radius, which depends on the same points. Radii
    under Gaussian noise, which are in l2, are taken as l1 radii, which they are.

    Exit codes: 0 done, 2 usage or no log, 130 interrupted.
    """
    hold_folder(out)
    with usage_errors():
        from l1cert.curves import curves

        found = curves(
            logs,
            undefended=undefended,
            radii=_parts(radii),
            certificates=_parts(certificates),
            noise=noise,
            sigma=sigma,
            num_samples=num_samples,
            alpha=alpha,
            data=data,
        )
        found.figure(figure)
    if as_json:
        print_json(found.as_json())
    else:
        say(found.terminal().rstrip("\n"))
    if out is not None:  # last: where a file fails, the answer was not lost
        with file_errors(out):
            written = found.save(out, figure=figure)
        if not as_json:
            say("\n".join(["", *map(str, written)]))


def _parts(text: str | None) -> list[str] | None:
    return None if text is None else [part.strip() for part in text.split(",")]
