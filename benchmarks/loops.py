"""Two compiled loops to measure against: a user's own, and the counter-based words alone."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from simulations import philox

#: Samples side by side, as in the kernels.
TILE = 512

#: A user's blocks of samples: each seeds the generator of the thread that happens to run it.
SEEDED = 64

_permute = njit(error_model="numpy", nogil=True)(philox.permute)
_LOW, _WIDTH = philox.LOW, philox.WIDTH


@njit(parallel=True, fastmath=True, error_model="numpy")
def _user_blocks(num_samples: int, delta: Any, scale: float, seed: int) -> Any:
    out = np.empty(num_samples)
    for block in prange(SEEDED):
        np.random.seed((seed * SEEDED + block) & 0xFFFFFFFF)
        start = block * num_samples // SEEDED
        stop = (block + 1) * num_samples // SEEDED
        for i in range(start, stop):
            total = 0.0
            for j in range(delta.size):
                x = np.random.laplace(0.0, scale)
                total += abs(x - delta[j]) - abs(x)
            out[i] = total
    return out


def user_loop(
    num_samples: int, delta: NDArray[np.float64], scale: float, seed: int
) -> NDArray[np.float64]:
    """T of every sample as a user would write it with prange; reproducible for a given seed."""
    values: NDArray[np.float64] = _user_blocks(num_samples, delta, scale, seed)
    return values


@njit(error_model="numpy", nogil=True)
def _fold_block(out: Any, c0: Any, c1: Any, c2: Any, c3: Any, k0: Any, k1: Any) -> None:
    for i in range(out.size):
        w0, w1, w2, w3 = _permute((c0 + np.uint64(i)) & _LOW, c1, c2, c3, k0, k1)
        out[i] += w0 ^ w1 ^ w2 ^ w3


@njit(error_model="numpy", nogil=True)
def _fold(out: Any, first_sample: Any, blocks: Any, tag: Any, key_0: Any, key_1: Any) -> None:
    # Masked here, the compiler knows that they have 32 bits and multiplies vectors of them; with
    # the upper half of the index worked out for each sample it would not vectorise at all.
    tile = np.zeros(TILE, np.uint64)
    tag, key_0, key_1 = tag & _LOW, key_0 & _LOW, key_1 & _LOW
    for left in range(0, out.size, TILE):
        c0 = first_sample + np.uint64(left)
        tile[:] = 0
        for block in range(blocks):
            _fold_block(tile, c0, c0 >> _WIDTH, np.uint64(block) & _LOW, tag, key_0, key_1)
        size = min(TILE, out.size - left)
        out[left : left + size] = tile[:size]


def fold_words(
    out: NDArray[np.uint64], first_sample: int, blocks: int, tag: int, seed: int
) -> None:
    """Fill out[i] with the sum over the first blocks of its sample of the words' exclusive or.

    For sample indices whose tiles do not cross a multiple of 2^32.
    """
    _fold(
        out,
        np.uint64(first_sample),
        np.int64(blocks),
        np.uint64(tag),
        np.uint64(seed % 2**32),
        np.uint64(seed // 2**32),
    )
