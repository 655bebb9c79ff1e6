"""What a training is to do: every choice checked, and every default, in one plan."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from torch import __version__, get_num_threads

from simulations.classifier.backend import checked_device
from simulations.classifier.examples import Dataset, inputs_digest
from simulations.classifier.models import build, default_architecture
from simulations.classifier.training_record import (
    TrainingPlan,
    exact_text,
    labels_digest,
    noise_of,
)
from theory.exact import Exact, to_positive


@dataclass(frozen=True)
class Recipe:
    """How an architecture is trained unless something else is asked for."""

    optimizer: str
    learning_rate: float
    batch: int
    epochs: int
    momentum: float = 0.0
    weight_decay: float = 0.0
    #: of torch; None: as many as it has
    threads: int | None = None


#: The residual networks as Cohen et al. (2019) train them, but for the cosine and without their
#: random crops and reflections. The small models have one thread: a batch has less work than it
#: costs to share it, and on busy cores threads that wait for each other are many times slower.
RECIPES = {
    "mlp": Recipe("adam", 3e-3, batch=64, epochs=100, threads=1),
    "cnn": Recipe("adam", 3e-3, batch=64, epochs=60, threads=1),
    "resnet110": Recipe("sgd", 0.1, batch=256, epochs=90, momentum=0.9, weight_decay=1e-4),
    "resnet50": Recipe("sgd", 0.1, batch=256, epochs=90, momentum=0.9, weight_decay=1e-4),
}

#: a of type 2, unless given, is sigma divided by this; the paper has "a constant"
ATTACK_DIVISOR = 10


def training_plan(
    dataset: Dataset,
    *,
    seed: int,
    architecture: str | None = None,
    noise: str = "laplace",
    sigma: Exact | None = None,
    scale: Exact | None = None,
    kind: int = 1,
    attack_step: Exact | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    learning_rate: float | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> TrainingPlan:
    """The plan of a training, every choice checked and every default filled in.

    Parameters
    ----------
    dataset
        From `simulations.classifier.datasets.load`.
    seed
        In [0, 2^64).
    architecture
        One of `models.ARCHITECTURES`; by default `models.default_architecture` of the data set.
    noise, sigma, scale
        As for `training_record.noise_of`; sigma = 0.25 by default.
    kind
        1 or 2.
    attack_step
        a in (0, inf), in the unit of the inputs, for kind 2: by default sigma / 10.
    epochs, batch, learning_rate
        By default those of `RECIPES`.
    device
        As for `backend.checked_device`.
    threads
        Of torch, on the processor; by default 1 for "mlp" and "cnn", for the residual networks as
        many as torch has now.

    Raises
    ------
    ValueError
        For a choice outside its set, in one line, or a data set without training examples.
    MissingBackendError
        If the architecture needs a package that is not installed.

    Examples
    --------
    >>> from simulations.classifier.datasets import load
    >>> plan = training_plan(load("digits"), seed=0, kind=2)
    >>> plan.architecture, plan.sigma, plan.scale, plan.attack_step, plan.epochs
    ('mlp', '0.25', '0.1767766952966369', '0.025', 100)
    """
    if len(dataset.train) == 0:
        raise ValueError(f"{dataset.name} has no training examples here, at least one is needed")
    sigma_text, scale_text = noise_of(noise, sigma=sigma, scale=scale)
    chosen = default_architecture(dataset.name) if architecture is None else architecture
    plan_shape = {"shape": dataset.shape, "num_classes": dataset.num_classes}
    # Refuses an architecture that is unknown, or that does not take inputs of this shape.
    build(chosen, **plan_shape, seed=seed)
    recipe = RECIPES[chosen]
    return TrainingPlan(
        architecture=chosen,
        dataset=dataset.name,
        **plan_shape,
        unit=dataset.unit,
        step=None if dataset.step is None else exact_text(dataset.step),
        num_examples=len(dataset.train),
        labels_sha256=labels_digest(dataset.train.labels),
        inputs_sha256=inputs_digest(dataset.train),
        noise=noise,
        sigma=sigma_text,
        scale=scale_text,
        kind=kind,
        attack_step=_attack_step(kind, attack_step, sigma_text),
        seed=_plain(seed),
        epochs=recipe.epochs if epochs is None else _plain(epochs),
        batch=recipe.batch if batch is None else _plain(batch),
        optimizer=recipe.optimizer,
        learning_rate=recipe.learning_rate if learning_rate is None else _rate(learning_rate),
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        device=checked_device(device).type,
        threads=_plain(threads) if threads is not None else recipe.threads or get_num_threads(),
        torch=str(__version__),
    )


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's, which JSON can say; the plan refuses what is none."""
    return value.item() if isinstance(value, np.generic) else value


def _rate(value: Any) -> Any:
    value = _plain(value)
    return float(value) if type(value) is int else value


def _attack_step(kind: int, given: Exact | None, sigma: str | None) -> str | None:
    """a as a plan writes it: exact."""
    if kind not in (1, 2):
        raise ValueError(f"kind = {kind!r} is not 1 or 2")
    if kind == 1:
        if given is not None:
            raise ValueError(f"step = {given} with type 1: only type 2 takes one")
        return None
    if given is None:
        if sigma is None:
            raise ValueError(
                "type 2 without noise needs a step (--step A): by default it is a tenth of sigma"
            )
        return exact_text(Fraction(sigma) / ATTACK_DIVISOR)
    return exact_text(to_positive("attack_step", given))
