"""Inputs of a grid under integer noise: what the sound mode shows a classifier.

An input h z with integer levels z gets discrete Laplace noise K, added as an integer, and only the
sum becomes a float: float32(h (z + K)) correctly rounded, a function of the integer z + K alone.
Whatever a network makes of that float is thus a function of z + K, and the differential-privacy
inequality of the integers holds for it. A float sampler has no such property (`float_adversary`).

What is drawn differs from the exact law by at most `NoisyLevels.charge`, which the caller takes
from alpha; what is assumed is said in `simulations.discrete_noise`.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from simulations.classifier.examples import checked_step
from simulations.classifier.noisy_inputs import (
    PURPOSES,
    checked_out,
    checked_purpose,
    sample_index,
)
from simulations.discrete_noise import (
    LEAST_RATE,
    ThresholdTable,
    checked_draws,
    kernels,
    threshold_table,
)
from simulations.streaming import Chunking, Ranges, share
from theory.exact import describe

_INT32 = np.iinfo(np.int32)


def _checked_scale(scale: Fraction, step: Fraction) -> Fraction:
    """The scale, if a table can be made for it on this grid."""
    if not isinstance(scale, Fraction) or scale <= 0:
        raise ValueError(f"scale = {describe(scale)} is not a Fraction in (0, inf)")
    if step / scale < LEAST_RATE:
        raise ValueError(
            f"scale = {describe(scale)} is outside (0, {step / LEAST_RATE}]: "
            f"{LEAST_RATE.denominator} steps of {step}"
        )
    return scale


def _checked_levels(levels: NDArray[np.int32], largest: int) -> NDArray[np.int32]:
    """A copy of z that nobody can change, once z + K fits an int32 for every |K| <= largest."""
    if not isinstance(levels, np.ndarray) or levels.dtype != np.int32 or levels.ndim != 1:
        is_array = isinstance(levels, np.ndarray)
        found = f"dtype {levels.dtype} and shape {levels.shape}" if is_array else type(levels)
        raise ValueError(f"levels have {found}, legal are int32 and (dim,), dim >= 1")
    if levels.size == 0:
        raise ValueError("levels have shape (0,), legal is (dim,), dim >= 1")
    low, high = int(_INT32.min) + largest, int(_INT32.max) - largest
    outside = (levels < low) | (levels > high)
    if outside.any():
        j = int(np.argmax(outside))
        raise ValueError(f"levels[{j}] = {levels[j]} is outside [{low}, {high}]")
    kept = levels.copy()
    kept.flags.writeable = False
    return kept


@dataclass(frozen=True, eq=False)
class NoisyLevels:
    """h (z + K) for any draws of any point: a `Perturber` of `noisy_inputs`.

        out[i, j] = float32(h (z[j] + K[i, j])),

    K[i] that of `simulations.discrete_noise.draw` at sample point 2^36 + first + i.

    h = p/q has p < 2^21 and q < 2^28, and z + K fits an int32, so p (z + K) is exact in float64;
    the quotient is rounded to float64 and to float32, which rounds it correctly
    (`simulations.classifier.examples.level_values`). Each is an IEEE operation on numbers that
    the integer z + K determines, so equal integers give equal floats, from whatever z.

    Parameters
    ----------
    levels
        int32, shape (dim,): z; copied.
    step
        h, a Fraction p/q with 0 < p < 2^21 and q < 2^28, in the unit of the inputs.
    scale
        lambda, a Fraction in (0, 20000 h], in the same unit: P(K = k) is proportional to
        exp(-h |k| / lambda).
    seed
        In [0, 2^64).
    purpose
        A name of `noisy_inputs.PURPOSES`.
    backend
        "numba", or "numpy" (the reference, slow): equal bits.
    threads
        >= 1, or None for one on each core that the process may use; without influence on a bit.

    Raises
    ------
    ValueError
        For a parameter outside its set, or levels so large that z + K could overflow an int32.

    Examples
    --------
    >>> z = np.array([0, 8, 16], np.int32)
    >>> step, scale = Fraction(1, 16), Fraction(1, 4)
    >>> noisy = NoisyLevels(z, step=step, scale=scale, seed=7, purpose="estimation")
    >>> out = np.empty((2, 3), np.float32)
    >>> noisy.fill(out, point=3, first=10)
    >>> out
    array([[ 0.6875,  0.125 ,  1.    ],
           [-0.1875,  0.375 ,  1.125 ]], dtype=float32)
    >>> noisy.charge(100_000) < 1e-11
    True
    """

    levels: NDArray[np.int32]
    _: KW_ONLY
    step: Fraction
    scale: Fraction
    seed: int
    purpose: str
    backend: str = "numba"
    threads: int | None = 1

    def __post_init__(self) -> None:
        checked_purpose(self.purpose)
        _checked_scale(self.scale, checked_step(self.step))
        object.__setattr__(self, "levels", _checked_levels(self.levels, self.table.largest))
        checked_draws(seed=self.seed, tag=0, first_sample=0, num_samples=0, dim=self.dim)
        Chunking(threads=self.threads)
        kernels(self.backend)

    @property
    def dim(self) -> int:
        """The number of coordinates of z."""
        return self.levels.size

    @property
    def tag(self) -> int:
        """The tag of the purpose."""
        return PURPOSES[self.purpose]

    @cached_property
    def table(self) -> ThresholdTable:
        """The law of K, shared by all inputs of one step and scale."""
        return threshold_table(self.step / self.scale)

    def charge(self, num_samples: int) -> float:
        """What so many draws of this input take from alpha: `ThresholdTable.charge`."""
        return self.table.charge(num_samples, self.dim)

    def fill(self, out: NDArray[np.float32], *, point: int, first: int) -> None:
        """Write the noisy inputs of draws first, ..., first + m - 1 at a point.

        Parameters
        ----------
        out
            float32, shape (m, dim), C-contiguous.
        point, first
            See `noisy_inputs.sample_index`.

        Raises
        ------
        ValueError
            For a parameter outside its set.
        """
        checked_out(out, self.dim)
        start_index = sample_index(point, first, out.shape[0])
        table, fill = self.table, kernels(self.backend).fill_inputs
        step = self.step.numerator, self.step.denominator
        rows = Chunking(threads=self.threads).rows(np.float32, self.dim)

        def work(ranges: Ranges) -> None:
            for start, stop in ranges:
                fill(
                    out[start:stop],
                    self.levels,
                    step,
                    table.thresholds,
                    table.guide,
                    seed=self.seed,
                    tag=self.tag,
                    first_sample=start_index + start,
                )

        share(work, num_samples=out.shape[0], rows=rows, threads=self.threads)
