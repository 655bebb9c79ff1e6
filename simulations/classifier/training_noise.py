"""What training draws: the noise of each example in each epoch, and the order of the examples.

Both are functions of the seed, the epoch and the example alone. So the noise is the same on a
processor and on a GPU, for any batch, and after a run was stopped and resumed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.classifier.noisy_inputs import PURPOSES, sample_index
from simulations.classifier.training_record import TrainingPlan
from simulations.kernels.inputs_numba import fill_inputs
from simulations.philox import words


@dataclass(frozen=True)
class ExampleNoise:
    """Inputs + noise, with a draw of its own for each row: float32(float64(x) + noise).

    Parameters
    ----------
    kind, parameter
        The law as the kernels name it: "laplace" with lambda, "gaussian" with sigma, "uniform"
        with the half width.
    seed
        In [0, 2^64).
    purpose
        A name of `PURPOSES`.
    """

    kind: str
    parameter: float
    seed: int
    purpose: str

    @classmethod
    def of(cls, plan: TrainingPlan, purpose: str) -> ExampleNoise | None:
        """The noise of a plan, None without."""
        if plan.scale is None:
            return None
        return cls(plan.noise, float(plan.scale), plan.seed, purpose)

    def added(
        self, inputs: NDArray[np.float32], samples: Sequence[int] | NDArray[np.int64]
    ) -> NDArray[np.float32]:
        r"""The inputs plus the noise of these samples of the stream, one for each input.

        Row i is bit for bit what `simulations.sampling.draw` gives for ``first_sample =
        samples[i]``, added in float64 and rounded to float32 once.

        Parameters
        ----------
        inputs
            float32, shape (k, \*shape), finite.
        samples
            k integers in [0, 2^64).

        Examples
        --------
        >>> noise = ExampleNoise("laplace", 0.5, seed=7, purpose="training")
        >>> noise.added(np.zeros((2, 2), np.float32), [9, 2])
        array([[ 0.3074674 ,  0.15668309],
               [ 0.30204317, -0.26239768]], dtype=float32)
        """
        flat = np.ascontiguousarray(inputs, np.float32).reshape(len(inputs), -1)
        out = np.empty_like(flat)
        tag = PURPOSES[self.purpose]
        for row, sample in enumerate(samples):
            fill_inputs(
                out[row : row + 1],
                flat[row],
                self.kind,
                self.parameter,
                seed=self.seed,
                tag=tag,
                first_sample=int(sample),
            )
        return out.reshape(inputs.shape)


def training_samples(
    epoch: int, examples: NDArray[np.int64], num_examples: int
) -> NDArray[np.int64]:
    """Where in the stream the noise of these examples lies: epoch * num_examples + example.

    Parameters
    ----------
    epoch
        From 0.
    examples
        Numbers in [0, num_examples).
    num_examples
        Examples of the training split.

    Examples
    --------
    >>> training_samples(2, np.array([5, 0]), 100)
    array([205, 200])
    """
    return epoch * num_examples + examples


def validation_samples(examples: NDArray[np.int64]) -> list[int]:
    """Where the one noisy look at each test example lies: draw 0 at the example's point."""
    return [sample_index(int(example), 0, 1) for example in examples]


def epoch_order(*, seed: int, epoch: int, num_examples: int) -> NDArray[np.int64]:
    """The order of the examples in an epoch: that of their words, of equal ones by number.

    Word e of sample `epoch` of the stream "order" is example e's. Two words are equal with
    probability 2^-32, so no order is noticeably likelier than another.

    Parameters
    ----------
    seed
        In [0, 2^64).
    epoch
        From 0.
    num_examples
        At least 1.

    Examples
    --------
    >>> epoch_order(seed=1, epoch=0, num_examples=6)
    array([4, 1, 2, 0, 3, 5])
    """
    drawn = words(
        seed=seed, tag=PURPOSES["order"], first_sample=epoch, num_samples=1, dim=num_examples
    )
    return np.argsort(drawn[0], kind="stable")
