"""The votes of a classifier on noisy inputs: exact counts that depend on nothing but their draws.

A float has no associative sum, so the logits of an input may depend in their last bits on the
batch in which it is shown, and on the cores that share it. Both are fixed here:

    draw i is row i mod B of the batch of draws B floor(i / B), ..., B floor(i / B) + B - 1,

whole even where only some of its votes are asked for, and on a processor one core works on it.
Hence votes add up: those of [a, b) and [b, c) are those of [a, c), for any number of cores, stops
and restarts. Batches, not parts of them, are what cores share: so no core waits for another.

Whether the votes are also the same for another B is the model's affair: `batch_independent` looks.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch
from numpy.typing import NDArray

from simulations.classifier.batch_independence import BatchIndependence, batch_independent
from simulations.classifier.batches import (
    Evaluator,
    Model,
    Shape,
    default_batch,
    voting,
)
from simulations.classifier.noisy_inputs import DRAWS, Perturber
from simulations.streaming import Chunking, Ranges, share

__all__ = [
    "BatchIndependence",
    "Counts",
    "batch_independent",
    "checked_looks",
    "count_until",
    "count_votes",
    "default_batch",
]

Counts = NDArray[np.int64]


class _Tally:
    """Votes of ranges of draws; the batch that a range ends in is kept for the next range."""

    def __init__(self, evaluator: Evaluator, threads: int | None) -> None:
        self.evaluator = evaluator
        # A GPU runs one batch after the other anyway.
        self.threads = Chunking(threads=threads).threads if evaluator.on_cpu else 1
        self._kept: tuple[int, NDArray[np.int64]] | None = None

    def count(self, start: int, stop: int) -> Counts:
        """The votes of draws start, ..., stop - 1."""
        evaluator, batch = self.evaluator, self.evaluator.batch
        origin, end = start - start % batch, -(-stop // batch) * batch
        if not 0 <= start <= stop or end > DRAWS:
            raise ValueError(
                f"draws [{start}, {stop}) in batches of {batch} are outside [0, {DRAWS}]"
            )
        if start == stop:
            return np.zeros(evaluator.num_classes, np.int64)
        known = dict([self._kept] if self._kept is not None else [])
        parts: list[Counts] = []

        def work(ranges: Ranges) -> None:
            room = None
            votes = np.zeros(evaluator.num_classes, np.int64)
            with torch.inference_mode():
                for low, _ in ranges:
                    first = origin + low
                    labels = known.get(first)
                    if labels is None:
                        buffer, inputs = room = room or evaluator.room()
                        evaluator.fill(buffer, first)
                        labels = evaluator.labels(inputs, first)
                    if first + batch > stop:
                        self._kept = first, labels
                    asked = labels[max(start - first, 0) : stop - first]
                    votes += np.bincount(asked, minlength=evaluator.num_classes)
            parts.append(votes)

        share(work, num_samples=end - origin, rows=batch, threads=self.threads)
        return np.sum(parts, axis=0, dtype=np.int64)


@contextmanager
def _tally(model: Model, evaluator: Evaluator, threads: int | None) -> Iterator[_Tally]:
    """A tally while torch and the model are in the state that it takes."""
    tally = _Tally(evaluator, threads)
    with voting(model):
        yield tally


def count_votes(
    model: Model,
    perturber: Perturber,
    *,
    shape: Shape,
    num_classes: int,
    point: int,
    start: int,
    stop: int,
    batch: int,
    device: str = "cpu",
    threads: int | None = None,
) -> Counts:
    """How often the model gives each class on draws start, ..., stop - 1 at a point.

    The vote of a draw is the class of the largest logit, and the smallest class of those that tie.

    Parameters
    ----------
    model
        Maps float32 (B, *shape) to float logits (B, num_classes). A module is moved to the device;
        it votes in evaluation mode and gets its mode back. Several threads call it at once.
    perturber
        Gives the noisy inputs, such as `NoisyInputs`.
    shape
        The shape of one input, of as many coordinates as the perturber's.
    num_classes
        >= 1.
    point
        In [0, 2^28).
    start, stop
        0 <= start <= stop, the batch of the last draw within [0, 2^36).
    batch
        Inputs that are shown at once, >= 1: part of the definition of the votes, see the module,
        and always whole: the model also sees up to batch - 1 draws at either end that are not
        counted. `default_batch` is fast.
    device
        "cpu", "cuda" or "cuda:1".
    threads
        Batches at once on a processor, >= 1; by default one for each core that the process may
        use. Without influence on the result.

    Returns
    -------
    ndarray
        int64, shape (num_classes,): exact, of sum stop - start.

    Raises
    ------
    ValueError
        For a parameter outside its set, a model that fails or returns another shape, and for NaN
        among the logits of a batch.

    Examples
    --------
    >>> from simulations.classifier.noisy_inputs import NoisyInputs
    >>> from theory.noise import Laplace
    >>> x = np.array([0.5, 0.0], np.float32)
    >>> noisy = NoisyInputs(x, Laplace(scale=0.5), seed=7, purpose="estimation")
    >>> how = {"shape": (2,), "num_classes": 2, "point": 0, "batch": 100}
    >>> count_votes(lambda inputs: inputs, noisy, start=0, stop=1000, **how)
    array([719, 281])
    """
    evaluator = Evaluator(
        model,
        perturber,
        shape=shape,
        num_classes=num_classes,
        point=point,
        batch=batch,
        device=device,
    )
    with _tally(model, evaluator, threads) as tally:
        return tally.count(operator.index(start), operator.index(stop))


def checked_looks(looks: Sequence[int]) -> tuple[int, ...]:
    """The looks as increasing numbers of draws, each >= 1.

    >>> checked_looks([100, 100])
    Traceback (most recent call last):
    ValueError: looks[1] = 100 is not above looks[0] = 100
    """
    found = tuple(operator.index(look) for look in looks)
    if not found:
        raise ValueError("looks has 0 entries, legal is at least 1")
    if found[0] < 1:
        raise ValueError(f"looks[0] = {found[0]} is outside [1, {DRAWS}]")
    for i in range(1, len(found)):
        if found[i] <= found[i - 1]:
            raise ValueError(
                f"looks[{i}] = {found[i]} is not above looks[{i - 1}] = {found[i - 1]}"
            )
    return found


def count_until(
    model: Model,
    perturber: Perturber,
    *,
    shape: Shape,
    num_classes: int,
    point: int,
    looks: Sequence[int],
    stop: Callable[[Counts], bool],
    batch: int,
    device: str = "cpu",
    threads: int | None = None,
) -> Counts:
    """The votes of draws 0, ..., n - 1 for the first look n at which `stop` is true.

    The looks are fixed numbers of draws, so the result is that of `count_votes` at each of them,
    whatever the cores do; without a stop it is that at the last look. No draw is shown twice, and
    at most batch - 1 beyond the look that stopped.

    Parameters
    ----------
    looks
        Increasing numbers of draws, each >= 1.
    stop
        Called with the counts at each look, a copy of its own.
    model, perturber, shape, num_classes, point, batch, device, threads
        As for `count_votes`.

    Returns
    -------
    ndarray
        int64, shape (num_classes,); its sum is the number of draws.

    Raises
    ------
    ValueError
        As `count_votes`, and for looks that do not increase.

    Examples
    --------
    >>> from simulations.classifier.noisy_inputs import NoisyInputs
    >>> from theory.noise import Laplace
    >>> x = np.array([0.5, 0.0], np.float32)
    >>> noisy = NoisyInputs(x, Laplace(scale=0.5), seed=7, purpose="estimation")
    >>> how = {"shape": (2,), "num_classes": 2, "point": 0, "batch": 100}
    >>> enough = lambda counts: counts[0] - counts[1] > 50
    >>> count_until(lambda inputs: inputs, noisy, looks=[100, 200, 400], stop=enough, **how)
    array([147,  53])
    """
    numbers = checked_looks(looks)
    evaluator = Evaluator(
        model,
        perturber,
        shape=shape,
        num_classes=num_classes,
        point=point,
        batch=batch,
        device=device,
    )
    counts: Counts = np.zeros(evaluator.num_classes, np.int64)
    with _tally(model, evaluator, threads) as tally:
        for before, look in zip((0, *numbers), numbers, strict=False):
            counts += tally.count(before, look)
            if stop(counts.copy()):
                break
    return counts
