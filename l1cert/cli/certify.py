"""`l1cert certify`: certified radii of a classifier on a test split, every certificate at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from l1cert.cli.output import check_writable, print_json, say, usage_errors
from l1cert.cli.progress import counted
from l1cert.cli.sampling import SEED

if TYPE_CHECKING:
    from l1cert.certification.run import CertificationRun

certificate_option = click.option(
    "--certificate",
    metavar="C",
    help="What the radius is: theorem_2|theorem_1|exact|lecuyer under Laplace noise (the first by "
    "default), cohen, uniform.",
)


@click.command("certify")
@click.argument("checkpoint", type=click.Path(path_type=Path), metavar="CHECKPOINT")
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="The log, a TSV."
)
@click.option("--dataset", metavar="D", help="By default what the classifier was trained on.")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the files of cifar10 or imagenet lie.",
)
@click.option("--noise", metavar="N", help="laplace|gaussian|uniform; by default the training's.")
@click.option("--sigma", metavar="S", help="Standard deviation of one coordinate; so too.")
@click.option("--scale", metavar="L", help="Instead: the Laplace lambda, uniform half width.")
@click.option("--n0", type=int, default=100, show_default=True, help="Samples that select.")
@click.option(
    "--n", "num_samples", type=int, default=100_000, show_default=True, help="Samples that bound."
)
@click.option(
    "--alpha", default="0.001", show_default=True, metavar="A", help="Error rate of a certificate."
)
@click.option("--batch", type=int, metavar="B", help="Inputs at once; by default a fast number.")
@click.option("--skip", type=int, default=1, show_default=True, help="Every so many-th point.")
@click.option(
    "--max", "most", type=int, default=-1, show_default=True, help="Points at most; -1: all."
)
@click.option("--seed", type=int, default=SEED, show_default=True, metavar="S", help="64-bit seed.")
@click.option("--device", default="cpu", show_default=True, metavar="D", help="cpu|cuda|cuda:K.")
@certificate_option
@click.option(
    "--until-radius",
    metavar="R",
    help="Stop at a point as soon as it is decided whether the certificate reaches R.",
)
@click.option(
    "--sound", is_flag=True, help="Discrete Laplace noise drawn in integers, proved bounds."
)
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
def command(
    checkpoint: Path,
    out: Path,
    dataset: str | None,
    folder: Path | None,
    noise: str | None,
    sigma: str | None,
    scale: str | None,
    n0: int,
    num_samples: int,
    alpha: str,
    batch: int | None,
    skip: int,
    most: int,
    seed: int,
    device: str,
    certificate: str | None,
    until_radius: str | None,
    sound: bool,
    as_json: bool,
) -> None:
    """Certify a classifier of `l1cert train`: CERTIFY of Cohen et al. (2019).

    N0 draws of noise select a class, N fresh ones bound its probability (Clopper and Pearson,
    one-sided), and every certificate that belongs to the noise is printed beside the others. Alpha
    is the error rate of each certificate at each point by itself, chosen before the votes are seen.
    The log keeps all votes, so `l1cert recertify` can use other certificates and alphas later, and
    `l1cert audit` reads it. Each finished point is kept in a journal beside the log: stop the run
    at any moment and give the same command again, and it goes on. No other file is replaced.

    With --until-radius a confidence sequence stops each point early with the same guarantee, and
    all certificates are those of two classes, PB = 1 - PA. With --sound noise is drawn in integers
    on the data's grid, the sampler's distance from its law is paid for by alpha, and all bounds are
    proved; without it the certificates are statistical.

    Exit codes: 0 certified, 2 usage, 130 interrupted.
    """
    from l1cert.certification.run import certify

    check_writable(out)
    if most != -1 and most < 1:
        raise click.UsageError(f"--max = {most} is neither -1 nor a positive number")
    try:
        with place_errors(out), usage_errors(), counted("points", quiet=as_json) as progress:
            run = certify(
                checkpoint,
                out=out,
                dataset=dataset,
                folder=folder,
                noise=noise,
                sigma=sigma,
                scale=scale,
                n0=n0,
                n=num_samples,
                alpha=alpha,
                batch=batch,
                skip=skip,
                max_points=None if most == -1 else most,
                seed=seed,
                device=device,
                certificate=certificate,
                until_radius=until_radius,
                sound=sound,
                progress=progress,
            )
    except KeyboardInterrupt:
        click.echo("The finished points are kept: the same command goes on.", err=True)
        raise
    show(run, out, as_json=as_json)


@contextmanager
def place_errors(out: Path) -> Iterator[None]:
    """Show a file that cannot be read or written as one line."""
    try:
        yield
    except OSError as error:
        told = repr(str(out)) + " or its record" if error.filename is None else None
        place = told or repr(str(error.filename))
        raise click.UsageError(
            f"{place} cannot be read or written: {error.strerror or error}"
        ) from error


def show(run: CertificationRun, out: Path, *, as_json: bool) -> None:
    """Print the record or the summary of a run, and where its log is."""
    if as_json:
        print_json(run.as_json())
    else:
        say(f"{run.terminal()}\n\nkept in {out}")
