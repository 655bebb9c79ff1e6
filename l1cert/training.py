"""Train a base classifier and keep it with its record: the Python face of `l1cert train`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from l1cert.provenance import provenance
from theory.exact import Exact

if TYPE_CHECKING:
    import torch

    from simulations.classifier.training_record import TrainingRecord

#: called with the epochs done, with all of them, and with what to say of the last one
Progress = Callable[[int, int, str], None]


def train(
    dataset: str = "digits",
    *,
    folder: Path | None = None,
    architecture: str | None = None,
    noise: str = "laplace",
    sigma: Exact | None = None,
    scale: Exact | None = None,
    kind: int = 1,
    attack_step: Exact | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    learning_rate: float | None = None,
    seed: int = 1,
    device: str = "cpu",
    threads: int | None = None,
    out: Path | None = None,
    resume: bool = False,
    progress: Progress | None = None,
) -> tuple[torch.nn.Module, TrainingRecord]:
    """Train a classifier on noisy inputs; with `out`, keep it there with its record.

    Kind 1 trains on inputs + noise; kind 2 on inputs + noise + a sign(gradient of the loss at
    inputs + noise), section 5.1 of the paper.

    Parameters
    ----------
    dataset : str
        "digits", "breast_cancer", "cifar10" or "imagenet".
    folder : Path, optional
        Where the files of the last two lie.
    architecture : str, optional
        "mlp", "cnn", "resnet110" or "resnet50"; by default the data set's own.
    noise : str
        "laplace", "gaussian", "uniform" or "none".
    sigma, scale : exact number, optional
        The standard deviation of one coordinate, 0.25 by default, or instead of it the law's own
        parameter, such as the Laplace lambda = sigma / sqrt(2); in the unit of the inputs.
    kind : int
        1 or 2.
    attack_step : exact number, optional
        a, for kind 2; sigma / 10 by default.
    epochs, batch, learning_rate : optional
        By default those of the architecture (`simulations.classifier.training_plans.RECIPES`).
    seed : int
        In [0, 2^64).
    device : str
        "cpu", "cuda" or "cuda:K".
    threads : int, optional
        Of torch; the same number gives the same weights on one machine. By default 1 for "mlp" and
        "cnn", else as many as torch has.
    out : Path, optional
        The file, written whole at the end; its state lies beside it until then.
    resume : bool
        Go on where a training of the same parameters was stopped.
    progress : callable, optional
        Called after each epoch as progress(done, all, text).

    Returns
    -------
    (torch.nn.Module, TrainingRecord)

    Raises
    ------
    ValueError
        For a parameter outside its set, or a file of another training.
    MissingBackendError
        If torch, safetensors or what the data set needs is not installed.
    OSError
        If a file cannot be read or written.

    Examples
    --------
    >>> model, record = train("digits", epochs=1, threads=1)
    >>> record.architecture, record.sigma, record.scale, record.num_tests
    ('mlp', '0.25', '0.1767766952966369', 500)
    """
    from simulations.classifier.backend import require

    for package in ("torch", "safetensors"):
        require(package)
    from simulations.classifier import datasets, training

    return training.train(
        datasets.load(dataset, folder=folder),
        out=out,
        resume=resume,
        device=device,
        provenance=provenance(),
        progress=progress,
        architecture=architecture,
        noise=noise,
        sigma=sigma,
        scale=scale,
        kind=kind,
        attack_step=attack_step,
        epochs=epochs,
        batch=batch,
        learning_rate=learning_rate,
        seed=seed,
        threads=threads,
    )


def unfinished(out: Path) -> Path | None:
    """The state that a stopped training left beside its file, None if there is none.

    >>> unfinished(Path("nothing.safetensors")) is None
    True
    """
    from simulations.classifier.training_state import state_path

    path = state_path(out)
    return path if path.exists() else None


def accuracies(record: TrainingRecord) -> dict[str, Any]:
    """The record as JSON, and both accuracies on the test split as fractions of 1."""
    return {
        **record.as_json(),
        "clean_accuracy": record.clean_correct / record.num_tests,
        "noisy_accuracy": record.noisy_correct / record.num_tests,
    }
