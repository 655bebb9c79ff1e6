"""Training of the base classifier: inputs under noise, as they will be when it is smoothed.

Type 1 (Cohen et al. 2019; section 5.1 of the paper): inputs + noise. Type 2 (Salman et al. 2019):
inputs + noise + perturbation, where

    perturbation = a sign(gradient of the loss L(theta, inputs + noise, y) with respect to the
    input),

with the same draw of the noise in both places, and with normalisations as in evaluation while
the gradient is taken. The paper says neither at which point the gradient is taken nor what a is.

The weights are a function of the plan, bit for bit, on one machine: a training that was stopped
and resumed ends with the same ones.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch.nn.functional import cross_entropy

from simulations.classifier.backend import checked_device
from simulations.classifier.checkpoints import CheckpointError, TrainingRecord, load, save
from simulations.classifier.examples import Dataset
from simulations.classifier.training_noise import (
    ExampleNoise,
    epoch_order,
    training_samples,
    validation_samples,
)
from simulations.classifier.training_plans import training_plan
from simulations.classifier.training_record import TrainingPlan
from simulations.classifier.training_state import TrainingState, read_progress, state_path
from simulations.files import locked

#: called with the epochs done, with all of them, and with what to say of the last one
Progress = Callable[[int, int, str], None]

Item = TypeVar("Item")


#: examples of a batch that is only classified
TEST_BATCH = 256


def train(
    dataset: Dataset,
    *,
    out: Path | None = None,
    resume: bool = False,
    device: str = "cpu",
    provenance: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    **choices: Any,
) -> tuple[torch.nn.Module, TrainingRecord]:
    """Train a classifier; with `out`, keep it there, and its state beside it after each epoch.

    Parameters
    ----------
    dataset
        What it is trained on; its test split gives the two accuracies of the record.
    out
        The file for `checkpoints.load`. If it holds a classifier of this very plan already, that
        one is returned. The state lies in `training_state.state_path(out)` while the training
        goes on, and is removed at the end.
    resume
        Go on with a state that a training of the same plan left, if there is one: the weights
        are those of a training that was never stopped, on the same machine. Without `threads`
        it takes the recorded number.
    device, choices
        As for `training_plans.training_plan`.
    provenance
        What the record says of versions and machine, as JSON.
    progress
        Called after each epoch.

    Returns
    -------
    (Module, TrainingRecord)
        The model on the processor, in evaluation mode.

    Raises
    ------
    ValueError
        For a choice outside its set; an `out` or a state of another training; a state, unless it
        is to be resumed; a loss that is not finite; an `out` that another process writes.
    OSError
        If a file cannot be read or written.

    Examples
    --------
    >>> from simulations.classifier.datasets import load
    >>> model, record = train(load("digits"), seed=0, sigma="0.25", epochs=1, threads=1)
    >>> record.num_tests, record.clean_correct > 400
    (500, True)
    """
    plan = training_plan(dataset, device=device, **choices)
    if out is None:
        return _trained(dataset, plan, None, device, provenance or {}, progress)
    path = state_path(out)
    keep_threads = choices.get("threads") is None
    with locked(out, path):
        if out.exists():
            return _finished(out, plan, keep_threads=keep_threads)
        if path.exists():
            plan = _unfinished(path, plan, resume=resume, keep_threads=keep_threads)
        model, record = _trained(dataset, plan, path, device, provenance or {}, progress)
        save(out, model, record)
        path.unlink(missing_ok=True)
    return model, record


def _trained(
    dataset: Dataset,
    plan: TrainingPlan,
    path: Path | None,
    device: str,
    provenance: Mapping[str, Any],
    progress: Progress | None,
) -> tuple[torch.nn.Module, TrainingRecord]:
    """The classifier, on the processor and in evaluation mode, from the state in a file, if any."""
    where = checked_device(device)
    with reproducible(plan.threads):
        state = TrainingState.initial(plan, where)
        if path is not None and path.exists():
            state.restore(path)
        _advance(state, dataset, where, path, progress)
        record = _record(state, dataset, where, provenance)
    return state.model.to("cpu").eval(), record


def _unfinished(
    path: Path, plan: TrainingPlan, *, resume: bool, keep_threads: bool
) -> TrainingPlan:
    """The plan to go on with where a state was left: with its number of threads."""
    found, epochs = read_progress(path)
    if not resume:
        raise ValueError(
            f"{str(path)!r} holds a training that was stopped after epoch {epochs} of "
            f"{found.epochs}: resume it, or remove that file"
        )
    return replace(plan, threads=found.threads) if keep_threads else plan


def _finished(
    out: Path, plan: TrainingPlan, *, keep_threads: bool
) -> tuple[torch.nn.Module, TrainingRecord]:
    """The classifier that is there already, if it is the one asked for."""
    model, record = load(out)
    asked = replace(plan, threads=record.threads) if keep_threads else plan
    if record.plan != asked:
        raise ValueError(
            f"{str(out)!r} holds a classifier of another training: "
            f"{asked.difference(record)}; name another file, or remove it"
        )
    path = state_path(out)
    with suppress(CheckpointError):
        # left where this training was killed between its last two steps
        if path.exists() and read_progress(path)[0] == record.plan:
            path.unlink()
    return model, record


@contextmanager
def reproducible(threads: int) -> Iterator[None]:
    """Let torch repeat its sums in the same order: this many threads, one choice of algorithms.

    On a GPU that is cuDNN's deterministic choice; what torch adds with atomics elsewhere comes in
    any order, and it does not promise another one for the max pooling in resnet50.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True):
            yield
    finally:
        torch.set_num_threads(before)


def _advance(
    state: TrainingState,
    dataset: Dataset,
    device: torch.device,
    path: Path | None,
    progress: Progress | None,
) -> None:
    """Train until the last epoch, with the state in the file after each."""
    plan = state.plan
    while state.epochs < plan.epochs:
        loss = _epoch(state, dataset, device)
        overflow = "" if math.isfinite(loss) else f"the loss is {loss}"
        if overflow or (overflow := state.overflow()):
            if path is not None:
                path.unlink(missing_ok=True)
            raise ValueError(
                f"{overflow} in epoch {state.epochs + 1}: "
                f"learning_rate = {plan.learning_rate} is too large, "
                f"or the noise (scale = {plan.scale}, attack_step = {plan.attack_step})"
            )
        state.epochs, state.loss = state.epochs + 1, loss
        if path is not None:
            state.save(path)
        if progress is not None:
            progress(state.epochs, plan.epochs, f"loss {loss:.4f}")


def _epoch(state: TrainingState, dataset: Dataset, device: torch.device) -> float:
    """One pass over the examples; the mean loss of what was trained on."""
    plan, model, optimizer = state.plan, state.model, state.optimizer
    steps = -(-plan.num_examples // plan.batch)
    total = torch.zeros((), dtype=torch.float64, device=device)
    model.train()
    for step, (inputs, labels) in enumerate(ahead(_batches(plan, dataset, state.epochs))):
        x, y = torch.from_numpy(inputs).to(device), torch.from_numpy(labels).to(device)
        if plan.attack_step is not None:
            x = perturbed(model, x, y, float(Fraction(plan.attack_step)))
        done = (state.epochs * steps + step) / (plan.epochs * steps)
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * (1 + math.cos(math.pi * done)) / 2
        optimizer.zero_grad()
        loss = cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        total += loss.detach().double() * len(labels)
    return float(total) / plan.num_examples


def perturbed(
    model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, attack_step: float
) -> torch.Tensor:
    r"""Noisy inputs + a sign(gradient of the loss at them): the step that raises the loss most.

    Among all steps with no coordinate beyond a, to first order. The model is in training mode
    afterwards, and its parameters have no new gradients.

    Parameters
    ----------
    model
        Maps (B, \*shape) to logits.
    x, y
        Noisy inputs and their labels.
    attack_step
        a, in the unit of x.
    """
    model.eval()
    point = x.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(cross_entropy(model(point), y, reduction="sum"), point)
    model.train()
    return x + attack_step * gradient.sign()


def _batches(
    plan: TrainingPlan, dataset: Dataset, epoch: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The noisy inputs and labels of an epoch, in its order."""
    noise = ExampleNoise.of(plan, "training")
    order = epoch_order(seed=plan.seed, epoch=epoch, num_examples=plan.num_examples)
    for start in range(0, plan.num_examples, plan.batch):
        numbers = order[start : start + plan.batch]
        inputs = dataset.train.inputs(numbers)
        if noise is not None:
            inputs = noise.added(inputs, training_samples(epoch, numbers, plan.num_examples))
        yield inputs, dataset.train.labels[numbers]


def ahead(items: Iterator[Item]) -> Iterator[Item]:
    """The same items, the next one made by another thread while this one is worked on.

    >>> list(ahead(iter([3, 1, 2])))
    [3, 1, 2]
    """
    end: Any = object()
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, end)
        while (item := coming.result()) is not end:
            coming = pool.submit(next, items, end)
            yield item


def _record(
    state: TrainingState, dataset: Dataset, device: torch.device, provenance: Mapping[str, Any]
) -> TrainingRecord:
    """The record of a finished training, with the accuracies on the test split."""
    noise = ExampleNoise.of(state.plan, "validation")
    clean = count_correct(state.model, dataset, device=device)
    return TrainingRecord(
        **vars(state.plan),
        loss=state.loss,
        num_tests=len(dataset.test),
        clean_correct=clean,
        noisy_correct=clean
        if noise is None
        else count_correct(state.model, dataset, noise=noise, device=device),
        provenance=dict(provenance),
    )


def count_correct(
    model: torch.nn.Module,
    dataset: Dataset,
    *,
    noise: ExampleNoise | None = None,
    device: torch.device | None = None,
) -> int:
    """How many test examples the model classifies correctly, each with one draw of the noise.

    Of equal logits the first class is taken.

    Parameters
    ----------
    model
        Is put into evaluation mode.
    dataset
        Its test split is asked.
    noise
        None: without.
    device
        Where the model is; the processor by default.
    """
    model.eval()
    correct = 0
    with torch.inference_mode():
        for start in range(0, len(dataset.test), TEST_BATCH):
            numbers = np.arange(start, min(start + TEST_BATCH, len(dataset.test)))
            inputs = dataset.test.inputs(numbers)
            if noise is not None:
                inputs = noise.added(inputs, validation_samples(numbers))
            logits = model(torch.from_numpy(inputs).to(device or torch.device("cpu")))
            found = logits.argmax(dim=1).cpu().numpy()
            correct += int(np.count_nonzero(found == dataset.test.labels[numbers]))
    return correct
