"""Does an input get the same logits in every batch? Looked at on noisy inputs, bit by bit.

A certificate is about one function of one input. A network in floats is such a function only if
neither the size of a batch nor the place of the input in it changes what it returns; matrix
products promise nothing of the kind. `votes` fixes the batch, which makes every run repeatable;
this module says what was seen of other batches, and what a run has to assume beyond that.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from simulations.classifier.batches import Evaluator, Model, Shape, voting
from simulations.classifier.noisy_inputs import Perturber
from simulations.streaming import Ranges, share

#: Noisy inputs that are compared, and the sizes of the batches beside the run's own
INPUTS, OTHER_BATCHES = 2048, (1, 7)

Logits = NDArray[Any]


@dataclass(frozen=True, slots=True)
class BatchIndependence:
    """What was seen of a classifier in other batches.

    Parameters
    ----------
    inputs
        How many noisy inputs were compared.
    batch
        The run's batch.
    others
        The other sizes; the run's own came with the inputs in reversed order, too, and with every
        input in another row.
    bitwise_equal
        Whether all logits were equal to the last bit.
    differing_votes
        Of how many inputs some batch changed the vote.
    largest_difference
        Of two logits of one class and input.
    smallest_gap
        Between the two largest logits of an input: votes change where logits move as far.
    """

    inputs: int
    batch: int
    others: tuple[int, ...]
    bitwise_equal: bool
    differing_votes: int
    largest_difference: float
    smallest_gap: float

    @property
    def argmax_equal(self) -> bool:
        """Whether every input had the same vote in all batches."""
        return self.differing_votes == 0

    @property
    def text(self) -> str:
        """What a run may claim, and what it assumes, in one sentence."""
        sizes = ", ".join(str(size) for size in (*self.others, self.batch))
        where = f"in batches of {sizes} and at other places in them"
        if self.bitwise_equal:
            return (
                f"the logits of {self.inputs} noisy inputs were equal to the last bit {where}: "
                f"observed on these, assumed of all others"
            )
        moved = f"logits moved by up to {self.largest_difference:.2g}"
        if self.argmax_equal:
            return (
                f"the votes of {self.inputs} noisy inputs were the same {where}, though {moved} "
                f"where the two largest were at least {self.smallest_gap:.2g} apart: observed on "
                f"these, assumed of all others"
            )
        return (
            f"{self.differing_votes} of the votes of {self.inputs} noisy inputs changed {where}, "
            f"where {moved}: the run assumes that its classifier is always shown whole batches of "
            f"{self.batch}"
        )


def _logits(evaluator: Evaluator, inputs: int, *, lead: int = 0, flip: bool = False) -> Logits:
    """The logits of draws 0, ..., inputs - 1, in whole batches that begin `lead` draws earlier.

    A lead lends the first batch draws `inputs`, ... for the rows before draw 0, so every draw has
    another row; `flip` shows the rows of a batch in reversed order.
    """
    size = evaluator.batch
    rows: Logits = np.empty((inputs, evaluator.num_classes))

    def work(ranges: Ranges) -> None:
        buffer, seen = evaluator.room()
        with torch.inference_mode():
            for low, _ in ranges:
                first = low - lead
                if first >= 0:
                    evaluator.fill(buffer, first)
                else:
                    evaluator.fill(buffer[:-first], inputs)
                    evaluator.fill(buffer[-first:], 0)
                found = evaluator.logits(seen.flip(0) if flip else seen).cpu()
                found = found.flip(0) if flip else found
                begin, end = max(first, 0), min(first + size, inputs)
                # float64 holds every float of a logit, and tells all of them apart.
                rows[begin:end] = found[begin - first : end - first].double().numpy()

    share(work, num_samples=inputs + lead, rows=size, threads=None if evaluator.on_cpu else 1)
    missing = np.isnan(rows).any(axis=1)
    if missing.any():
        draw = int(missing.argmax())
        raise ValueError(f"the model gives NaN for draw {draw} of point {evaluator.point}, no vote")
    return rows


def _smallest_gap(logits: Logits) -> float:
    if logits.shape[1] == 1:
        return math.inf
    two = np.partition(logits, -2, axis=1)[:, -2:]
    with np.errstate(invalid="ignore"):
        gaps = np.where(two[:, 1] == two[:, 0], 0.0, two[:, 1] - two[:, 0])
    return float(gaps.min())


def _largest_difference(one: Logits, other: Logits) -> float:
    with np.errstate(invalid="ignore"):
        return float(np.where(one == other, 0.0, np.abs(one - other)).max())


def batch_independent(
    model: Model,
    perturber: Perturber,
    *,
    shape: Shape,
    num_classes: int,
    batch: int,
    point: int = 0,
    inputs: int = INPUTS,
    others: Sequence[int] = OTHER_BATCHES,
    device: str = "cpu",
) -> BatchIndependence:
    """Compare the logits and votes of noisy inputs in several batches and places.

    Shown are draws 0, ..., inputs - 1 of a point in batches of `batch`, as `count_votes` does;
    then in batches of the other sizes; then in batches of `batch` again, once with their rows
    reversed and once with every draw half a batch further.

    Parameters
    ----------
    model, perturber, shape, num_classes, batch, device
        As for `count_votes`; the purpose "independence" is meant for this.
    point
        In [0, 2^28).
    inputs
        >= 1.
    others
        Sizes of batches, each >= 1.

    Returns
    -------
    BatchIndependence
        Its differences are in units of the logits, exact in float64 for float32 logits but for
        the one rounding of each subtraction.

    Raises
    ------
    ValueError
        As `count_votes`, and for `inputs` below 1.

    Examples
    --------
    >>> from simulations.classifier.noisy_inputs import NoisyInputs
    >>> from theory.noise import Laplace
    >>> x = np.array([0.5, 0.0], np.float32)
    >>> noisy = NoisyInputs(x, Laplace(scale=0.5), seed=7, purpose="independence")
    >>> how = {"shape": (2,), "num_classes": 2, "batch": 100, "inputs": 500}
    >>> batch_independent(lambda seen: seen, noisy, **how).text
    'the logits of 500 noisy inputs were equal to the last bit in batches of 1, 7, 100 and at \
other places in them: observed on these, assumed of all others'
    >>> batch_independent(lambda seen: seen - seen.mean(0), noisy, **how).argmax_equal
    False
    """
    if operator.index(inputs) < 1:
        raise ValueError(f"inputs = {inputs} is outside [1, inf)")

    def evaluator(size: int) -> Evaluator:
        return Evaluator(
            model,
            perturber,
            shape=shape,
            num_classes=num_classes,
            point=point,
            batch=size,
            device=device,
        )

    own, sizes = evaluator(batch), [evaluator(size) for size in others]
    with voting(model):
        reference = _logits(own, inputs)
        found = [_logits(one, inputs) for one in sizes]
        found += [_logits(own, inputs, flip=True), _logits(own, inputs, lead=(own.batch + 1) // 2)]
    votes = reference.argmax(axis=1)
    changed = np.any([one.argmax(axis=1) != votes for one in found], axis=0)
    same = all(np.array_equal(one.view(np.int64), reference.view(np.int64)) for one in found)
    return BatchIndependence(
        inputs=inputs,
        batch=own.batch,
        others=tuple(one.batch for one in sizes),
        bitwise_equal=same,
        differing_votes=int(changed.sum()),
        largest_difference=max(_largest_difference(one, reference) for one in found),
        smallest_gap=_smallest_gap(reference),
    )
