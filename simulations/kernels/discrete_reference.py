"""Discrete Laplace noise from 64-bit words, readable and in NumPy: the integers of every kernel.

Coordinate j of a sample has the word u = 2^32 w(2j) + w(2j + 1) of its Philox words w, uniform on
{0, ..., 2^64 - 1}, and a table holds integers 2^63 >= s_1 >= s_2 >= ... >= s_M >= 1. The noise
K is worked out from the nearer end, v = min(u, 2^64 - 1 - u) in {0, ..., 2^63 - 1}:

    |K| = #{m : v < s_m},    K <= 0 exactly when u < 2^63 or |K| = 0,

so that P(K <= -m) = P(K >= m) = s_m / 2^64 exactly, for every m >= 1. Integers only.

`simulations.discrete_noise` makes the tables.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations import philox
from simulations.kernels.discrete_guide import Guide

HALF_RANGE = np.uint64(2**63)  # the words below it are the negative draws


def joined_words(words: NDArray[np.uint32]) -> NDArray[np.uint64]:
    """2^32 w(2j) + w(2j + 1): half as many words, of 64 bits.

    >>> joined_words(np.array([[0, 7, 2**31, 1]], np.uint32))
    array([[                  7, 9223372036854775809]], dtype=uint64)
    """
    wide = words.astype(np.uint64)
    return (wide[..., ::2] << philox.WIDTH) | wide[..., 1::2]


def noise_from_words(
    words: NDArray[np.uint64], thresholds: NDArray[np.uint64]
) -> NDArray[np.int32]:
    """K for each word, by the definition above.

    >>> thresholds = np.array([2**62, 5], np.uint64)
    >>> noise_from_words(np.array([0, 4, 5, 2**62, 2**63, 2**64 - 1], np.uint64), thresholds)
    array([-2, -2, -1,  0,  0,  2], dtype=int32)
    """
    distance = np.minimum(words, ~words)
    # The entries <= v are the ones that do not count.
    not_reached = np.searchsorted(thresholds[::-1], distance, side="right")
    magnitude = (thresholds.size - not_reached).astype(np.int32)
    return np.where(words < HALF_RANGE, -magnitude, magnitude)


def fill_noise(
    out: NDArray[np.int32],
    thresholds: NDArray[np.uint64],
    guide: Guide,
    *,
    seed: int,
    tag: int,
    first_sample: int,
) -> None:
    """Fill an int32 (num_samples, dim) buffer with K of consecutive samples; needs no guide."""
    num_samples, dim = out.shape
    words = philox.words(
        seed=seed, tag=tag, first_sample=first_sample, num_samples=num_samples, dim=2 * dim
    )
    out[...] = noise_from_words(joined_words(words), thresholds)


def fill_inputs(
    out: NDArray[np.float32],
    levels: NDArray[np.int32],
    step: tuple[int, int],
    thresholds: NDArray[np.uint64],
    guide: Guide,
    *,
    seed: int,
    tag: int,
    first_sample: int,
) -> None:
    """Fill a float32 (num_samples, dim) buffer with p (z + K) / q for the step p/q and levels z.

    The sum and its product with p are exact in float64; the quotient is rounded to float64 and
    then to float32, as in `simulations.classifier.examples.level_values`.
    """
    noise = np.empty(out.shape, np.int32)
    fill_noise(noise, thresholds, guide, seed=seed, tag=tag, first_sample=first_sample)
    sums = (levels.astype(np.int64) + noise).astype(np.float64)
    out[...] = sums * float(step[0]) / float(step[1])
