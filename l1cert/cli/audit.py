"""`l1cert audit`: whether the certificates in a run log can be true."""

from __future__ import annotations

from pathlib import Path

import click

from l1cert.cli.output import file_errors, hold_folder, print_json, say, usage_errors
from l1cert.cli.progress import counted

# l1cert.audit.run.SAMPLES, which importing here would make --help slow; a test compares them
SAMPLES = 100_000


@click.command("audit")
@click.argument("path", type=click.Path(path_type=Path), metavar="PATH")
@click.option(
    "--format",
    "log_format",
    default="auto",
    show_default=True,
    metavar="F",
    help="cohen|rs4a|l1cert|auto.",
)
@click.option("--noise", metavar="NOISE", help="laplace|gaussian|uniform; radii in l1, l2, l1.")
@click.option("--sigma", metavar="S", help="Standard deviation of one coordinate of the noise.")
@click.option("--n", "num_samples", type=int, metavar="N", help="Samples of each bound.")
@click.option("--alpha", metavar="A", help="Error rate of each certificate, in (0, 1).")
@click.option(
    "--certificate",
    metavar="C",
    help="What the radii are: theorem_2|theorem_1|exact|lecuyer under Laplace noise (the first by "
    "default), cohen, uniform.",
)
@click.option("--radii", metavar="R1,R2,...", help="Where certified accuracy is asked for.")
@click.option(
    "--samples",
    type=int,
    default=SAMPLES,
    show_default=True,
    metavar="M",
    help="Samples of the worst-case classifier of each distinct PA; 0 draws none.",
)
@click.option("--seed", type=int, default=1, show_default=True, metavar="S", help="64-bit seed.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Write the corrected log, summaries (Markdown, LaTeX), JSON and figures there; never over "
    "the log itself.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a summary.")
def command(
    path: Path,
    log_format: str,
    noise: str | None,
    sigma: str | None,
    num_samples: int | None,
    alpha: str | None,
    certificate: str | None,
    radii: str | None,
    samples: int,
    seed: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Hold a certification log against what its own parameters allow.

    PATH is a log of Cohen et al. (tab-separated: idx, label, predict, radius, correct, time), a
    folder of rs4a (labels.npy, preds.npy, prob_lb.npy, radius_l1.npy; nothing is unpickled) or a
    log of ours, whose record beside it states the parameters; for others --noise, --sigma, --n and
    --alpha are needed, and go before what a record states. A radius above all that N samples
    can certify, above the exact value of its own probability bound or of its votes, a missed
    abstention, a broken row: each is counted, with its worst row and with what would explain it. A
    probability recovered from a rounded radius is an interval, and what is said holds for all of
    it. Then the worst-case classifier of every PA observed is drawn, and flips beyond its radius.
    No log shows that another sample selected the class, or which noise was drawn: that is assumed.

    Rows in the JSON are lines of a text (the header is 1), or numbers from 0 of arrays. What is not
    a number in JSON is null.

    Exit codes: 0 audited, whatever was found, 1 the draws contradict the exact law, 2 usage or no
    log, 130 interrupted.
    """
    from l1cert.audit.opening import shown
    from l1cert.audit.report import check_folder
    from l1cert.audit.run import audit_log

    if out is not None:
        with usage_errors():
            check_folder(out, path)
        hold_folder(out)
    with usage_errors(), counted("classifiers drawn", quiet=as_json) as progress:
        report = audit_log(
            path,
            format=log_format,
            noise=noise,
            sigma=sigma,
            num_samples=num_samples,
            alpha=alpha,
            certificate=certificate,
            radii=None if radii is None else [part.strip() for part in radii.split(",")],
            samples=samples,
            seed=seed,
            progress=progress,
        )
    if as_json:
        print_json(report.as_json())
    else:
        say(report.terminal())
    if out is not None:  # last: where a file fails, the answer was not lost
        with file_errors(out):
            written = report.save(out)
        if not as_json:
            say("\n".join(map(shown, written)))
    if report.contradicted:
        raise SystemExit(1)
