"""`l1cert train`: a base classifier trained on noisy inputs, kept with its record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from l1cert.cli.output import check_writable, print_json, say, usage_errors
from l1cert.cli.progress import watched
from l1cert.cli.sampling import SEED

if TYPE_CHECKING:
    from simulations.classifier.training_record import TrainingRecord

#: what the parameter of a law is called, where it is not sigma
OWN_PARAMETER = {"laplace": "lambda", "uniform": "half width"}


@click.command("train")
@click.option(
    "--dataset",
    default="digits",
    show_default=True,
    metavar="D",
    help="digits|breast_cancer|cifar10|imagenet.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the files of cifar10 or imagenet lie.",
)
@click.option("--model", metavar="M", help="mlp|cnn|resnet110|resnet50; by default the data's own.")
@click.option(
    "--noise",
    default="laplace",
    show_default=True,
    metavar="N",
    help="laplace|gaussian|uniform|none.",
)
@click.option(
    "--sigma",
    metavar="S",
    help="Standard deviation of the noise, such as 0.12, 0.25, 0.50, 1.00.  [default: 0.25]",
)
@click.option("--scale", metavar="L", help="Instead: the Laplace lambda, uniform half width.")
@click.option(
    "--type",
    "kind",
    type=int,
    default=1,
    show_default=True,
    metavar="T",
    help="1: inputs + noise; 2: and a sign-gradient perturbation.",
)
@click.option("--step", metavar="A", help="Its size in each coordinate.  [default: sigma / 10]")
@click.option("--epochs", type=int, metavar="E", help="By default the model's own.")
@click.option("--batch", type=int, metavar="B", help="Examples of a step; so too.")
@click.option("--lr", type=float, metavar="R", help="Initial learning rate; so too.")
@click.option("--seed", type=int, default=SEED, show_default=True, metavar="S", help="64-bit seed.")
@click.option("--device", default="cpu", show_default=True, metavar="D", help="cpu|cuda|cuda:K.")
@click.option(
    "--threads",
    type=int,
    metavar="N",
    help="Of torch, part of the result.  [default: 1 for mlp and cnn, else as torch has]",
)
@click.option(
    "--out", type=click.Path(path_type=Path), required=True, metavar="FILE", help="Keep it there."
)
@click.option("--resume", is_flag=True, help="Go on where the same training was stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print the record as JSON.")
def command(
    dataset: str,
    folder: Path | None,
    model: str | None,
    noise: str,
    sigma: str | None,
    scale: str | None,
    kind: int,
    step: str | None,
    epochs: int | None,
    batch: int | None,
    lr: float | None,
    seed: int,
    device: str,
    threads: int | None,
    out: Path,
    resume: bool,
    as_json: bool,
) -> None:
    """Train a base classifier on inputs under noise (section 5.1 of the paper).

    The file holds the weights (safetensors) and the record of how they came about. After each epoch
    the state is kept beside it: stop the training at any moment, and --resume ends with the same
    weights. A file that holds another training is left alone.

    Exit codes: 0 trained, 2 usage, 130 interrupted.
    """
    from l1cert.training import accuracies, train, unfinished

    check_writable(out)
    try:
        with usage_errors(), watched("epochs", quiet=as_json) as progress:
            _, record = train(
                dataset,
                folder=folder,
                architecture=model,
                noise=noise,
                sigma=sigma,
                scale=scale,
                kind=kind,
                attack_step=step,
                epochs=epochs,
                batch=batch,
                learning_rate=lr,
                seed=seed,
                device=device,
                threads=threads,
                out=out,
                resume=resume,
                progress=progress,
            )
    except KeyboardInterrupt:
        if unfinished(out):
            click.echo(f"The last epoch is kept in {str(unfinished(out))!r}: --resume", err=True)
        raise
    if as_json:
        print_json({"file": str(out), **accuracies(record)})
    else:
        say(_table(record, out))


def _table(record: TrainingRecord, out: Path) -> str:
    law = "no noise"
    if record.sigma is not None:
        law = f"{record.noise} noise of sigma {record.sigma}"
        if record.noise in OWN_PARAMETER:
            law += f" ({OWN_PARAMETER[record.noise]} {record.scale})"
    if record.attack_step is not None:
        law += f", sign-gradient step {record.attack_step}"
    lines = [
        f"{record.architecture} on {record.dataset}, type {record.kind}, {law}",
        f"unit: {record.unit}; epochs {record.epochs}, seed {record.seed}, {record.device}, "
        f"loss {record.loss:.4f}",
        "",
    ]
    for name, correct in (
        ("without noise", record.clean_correct),
        ("one draw of the noise each", record.noisy_correct),
    ):
        share = correct / record.num_tests
        lines.append(
            f"test accuracy, {name + ':':<28}{correct:>6} of {record.num_tests}{share:>9.2%}"
        )
    return "\n".join([*lines, "", f"kept in {out}"])
