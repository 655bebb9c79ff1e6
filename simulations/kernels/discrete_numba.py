"""The Numba kernel of discrete Laplace noise: the integers of `discrete_reference`, by the billion.

As in `numba_cpu` one core runs without the interpreter's lock, there is no fastmath, and everything
happens in uint64 lanes of a strip that stays in the L1 cache: words first, then the noise as int64
in their place. |K| takes one look-up in the guide and one comparison, without a branch.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulations import philox
from simulations.kernels import discrete_guide
from simulations.kernels.discrete_guide import Guide

#: Blocks of Philox whose words and noise meet in the L1 cache: twice as many coordinates.
HALF_STRIP = 512

# Division by zero cannot happen here, and the check for it would keep the loops from vectorising.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}

_permute = njit(**_OPTIONS)(philox.permute)

_LOW, _WIDTH = philox.LOW, philox.WIDTH
_ONE = np.uint64(1)
_DROPPED = np.uint64(discrete_guide.DROPPED_BITS)
_TOP_OF_LANE = np.uint64(63)


def _source_stamp() -> int:
    """What the compiled code depends on: Numba's cache looks at this file's date and size only."""
    sources = (Path(module.__file__ or "") for module in (philox, discrete_guide))
    own = Path(__file__).read_bytes()
    return zlib.crc32(own + b"".join(source.read_bytes() for source in sources))


@njit(**_OPTIONS)
def _fill_pairs(
    even: Any, odd: Any, sample: Any, first_block: Any, tag: Any, key_0: Any, key_1: Any
) -> None:
    """The 64-bit words of consecutive coordinates of one sample: two a block of Philox.

    Even and odd coordinates apart: where each store goes to consecutive lanes, ten rounds of
    multiplications become vectors, seven times as fast.
    """
    c0 = sample & _LOW
    c1 = sample >> _WIDTH
    for b in range(even.size):
        w0, w1, w2, w3 = _permute(c0, c1, first_block + np.uint64(b), tag, key_0, key_1)
        even[b] = (w0 << _WIDTH) | w1
        odd[b] = (w2 << _WIDTH) | w3


@njit(**_OPTIONS)
def _to_noise(lanes: Any, thresholds: Any, above: Any, shift: Any, offset: Any, low: Any) -> None:
    """Words into the bits of int64 noise, in place; `thresholds` ends with a 0."""
    least = ~np.uint64(0)
    for j in range(lanes.size):
        least = min(least, min(lanes[j], ~lanes[j]))
    for j in range(lanes.size):
        word = lanes[j]
        distance = min(word, ~word)
        exact = np.float64(np.int64((distance >> _DROPPED) + _ONE))
        magnitude = np.uint64(above[(exact.view(np.uint64) >> shift) - offset])
        magnitude += np.uint64(distance < thresholds[magnitude])
        if least < low:  # of the whole strip, so the loop below is outside the fast path
            while distance < thresholds[magnitude]:
                magnitude += _ONE
        # Negation of two's complement where the top bit is 0.
        flip = (word >> _TOP_OF_LANE) - _ONE
        lanes[j] = (magnitude ^ flip) - flip


@njit(**_OPTIONS)
def _store_noise(out: Any, even: Any, odd: Any) -> None:
    """K as it is."""
    half = (out.shape[1] + 1) // 2
    for i in range(out.shape[0]):
        row, evens, odds = out[i], even[i * half :], odd[i * half :]
        for b in range(out.shape[1] // 2):
            row[2 * b] = np.int32(evens[b])
            row[2 * b + 1] = np.int32(odds[b])
        if out.shape[1] % 2:
            row[-1] = np.int32(evens[half - 1])


@njit(**_OPTIONS)
def _value(level: Any, noise: Any, p: Any, q: Any) -> Any:
    """float32(float64(p (z + K) / q)): the product is exact, each rounding is to nearest."""
    return np.float32(np.float64(np.int64(level) + noise) * p / q)


@njit(**_OPTIONS)
def _store_inputs(out: Any, levels: Any, p: Any, q: Any, even: Any, odd: Any) -> None:
    """The noisy inputs, as float32."""
    half = (out.shape[1] + 1) // 2
    for i in range(out.shape[0]):
        row, evens, odds = out[i], even[i * half :], odd[i * half :]
        for b in range(out.shape[1] // 2):
            row[2 * b] = _value(levels[2 * b], evens[b], p, q)
            row[2 * b + 1] = _value(levels[2 * b + 1], odds[b], p, q)
        if out.shape[1] % 2:
            row[-1] = _value(levels[-1], evens[half - 1], p, q)


def _kernel(stamp: int) -> Any:
    """The kernel as a closure over the stamp, which thereby becomes part of the cache's key.

    One kernel for both outputs, told apart by `q`: a closure over one of the functions that store
    would be compiled anew by every process.
    """

    @njit(cache=True, **_OPTIONS)
    def fill(
        noise: Any, inputs: Any, levels: Any, p: Any, q: Any, thresholds: Any, above: Any,
        shift: Any, offset: Any, low: Any, first: Any, tag: Any, key_0: Any, key_1: Any,
    ) -> int:  # fmt: skip
        num_samples, dim = inputs.shape if q > 0 else noise.shape
        even, odd = np.empty(HALF_STRIP, np.uint64), np.empty(HALF_STRIP, np.uint64)
        # Several short samples share a strip, so that the loops to vectorise are long.
        together = max(1, HALF_STRIP // ((dim + 1) // 2))
        for top in range(0, num_samples, together):
            rows = slice(top, min(top + together, num_samples))
            num_rows = rows.stop - rows.start
            for start in range(0, dim, 2 * HALF_STRIP):
                columns = slice(start, min(start + 2 * HALF_STRIP, dim))
                half = (columns.stop - columns.start + 1) // 2
                block, size = np.uint64(start // 2), num_rows * half
                for i in range(num_rows):
                    sample, row = first + np.uint64(top + i), slice(i * half, (i + 1) * half)
                    _fill_pairs(even[row], odd[row], sample, block, tag, key_0, key_1)
                _to_noise(even[:size], thresholds, above, shift, offset, low)
                _to_noise(odd[:size], thresholds, above, shift, offset, low)
                evens, odds = even.view(np.int64), odd.view(np.int64)
                if q > 0:
                    _store_inputs(inputs[rows, columns], levels[columns], p, q, evens, odds)
                else:
                    _store_noise(noise[rows, columns], evens, odds)
        return stamp

    return fill


_fill = _kernel(_source_stamp())

# For the output that is not wanted.
_NO_NOISE, _NO_INPUTS = np.empty((0, 1), np.int32), np.empty((0, 1), np.float32)
_NO_LEVELS = np.empty(0, np.int32)
_NO_LEVELS.setflags(write=False)  # as are the levels of an input: one type, compiled once


def _arguments(guide: Guide, seed: int, tag: int, first_sample: int) -> tuple[Any, ...]:
    return (
        guide.ended,
        guide.above,
        np.uint64(guide.shift),
        np.uint64(guide.offset),
        np.uint64(guide.loop_below),
        np.uint64(first_sample),
        np.uint64(tag),
        np.uint64(seed % 2**32),
        np.uint64(seed // 2**32),
    )


def fill_noise(
    out: NDArray[np.int32],
    thresholds: NDArray[np.uint64],
    guide: Guide,
    *,
    seed: int,
    tag: int,
    first_sample: int,
) -> None:
    """Fill a C-contiguous int32 (num_samples, dim) buffer with K of consecutive samples."""
    arguments = _arguments(guide, seed, tag, first_sample)
    _fill(out, _NO_INPUTS, _NO_LEVELS, 0.0, 0.0, *arguments)


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
    """Fill a C-contiguous float32 (num_samples, dim) buffer with p (z + K) / q for the step p/q."""
    arguments = _arguments(guide, seed, tag, first_sample)
    _fill(_NO_NOISE, out, levels, float(step[0]), float(step[1]), *arguments)
