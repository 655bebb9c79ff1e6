"""The Numba kernel of noisy inputs: out = float32(float64(x) + noise), in one pass over the batch.

The noise never reaches memory: it is made in a strip that stays in the L1 cache, by the loops of
`numba_cpu`, and added from there. Beside a batch of float32 inputs, one of float64 noise would be
three times the traffic, and a classifier that runs at the same time wants that bandwidth.

As in `numba_cpu` there is no fastmath, and one core runs without the interpreter's lock.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulations import philox
from simulations.kernels import numba_cpu, numpy_reference, sums_lanes
from simulations.kernels.numba_cpu import (
    _CENTRE,
    _CENTRE_DENOMINATOR,
    _CENTRE_NUMERATOR,
    _CENTRE_SQUARED,
    _OPTIONS,
    _PER_HALF_WORD,
    _RANGE,
    _TAIL_DENOMINATOR,
    _TAIL_NUMERATOR,
    _TAIL_SHIFT,
    KINDS,
    STRIP,
    _counter,
    _in_place,
    _negative_log,
    _to_laplace,
    _to_uniform,
)
from simulations.kernels.sums_lanes import permute

_LOW, _WIDTH = philox.LOW, philox.WIDTH

# LLVM leaves a function as long as these a call, and a loop with a call in it has no vectors.
_degree_seven = njit(inline="always", **_OPTIONS)(numpy_reference.degree_seven)


def _source_stamp() -> int:
    """What the compiled code depends on: Numba's cache looks at this file's date and size only."""
    sources = (
        Path(module.__file__ or "") for module in (philox, numpy_reference, numba_cpu, sums_lanes)
    )
    own = Path(__file__).read_bytes()
    return zlib.crc32(own + b"".join(source.read_bytes() for source in sources))


@njit(inline="always", **_OPTIONS)
def _gaussian(m: Any) -> Any:
    """As in `numba_cpu`, but both ranges are worked out and one is taken: no branch in a vector."""
    offset = np.float64(np.int64(_RANGE - m)) * _PER_HALF_WORD
    r = _CENTRE_SQUARED - offset * offset
    centre = offset * _degree_seven(_CENTRE_NUMERATOR, r) / _degree_seven(_CENTRE_DENOMINATOR, r)
    r = np.sqrt(_negative_log(m, np.int64(33))) - _TAIL_SHIFT
    tail = _degree_seven(_TAIL_NUMERATOR, r) / _degree_seven(_TAIL_DENOMINATOR, r)
    return centre if offset <= _CENTRE else tail


_to_gaussian = _in_place(_gaussian)


@njit(**_OPTIONS)
def _to_noise(lanes: Any, kind: Any, parameter: Any) -> None:
    """Words into the bits of noise, in place."""
    if kind == 1:
        _to_laplace(lanes, parameter)
    elif kind == 2:
        _to_gaussian(lanes, parameter)
    else:
        _to_uniform(lanes, parameter)


@njit(**_OPTIONS)
def _draw(
    planes: Any, num_blocks: Any, sample: Any, first: Any, tag: Any, k0: Any, k1: Any
) -> None:
    """The words of `num_blocks` blocks of each of consecutive samples, word l in plane l."""
    w0, w1, w2, w3 = planes[0], planes[1], planes[2], planes[3]
    for i in range(w0.size // num_blocks):
        index = sample + np.uint64(i)
        for b in range(num_blocks):
            q = i * num_blocks + b
            w0[q] = index & _LOW
            w1[q] = index >> _WIDTH
            w2[q] = first + np.uint64(b)
    # The masks tell LLVM that the factors have 32 bits.
    t, k0, k1 = tag & _LOW, k0 & _LOW, k1 & _LOW
    for q in range(w0.size):
        a, b, c, d = permute(w0[q] & _LOW, w1[q] & _LOW, w2[q] & _LOW, t, k0, k1)
        w0[q] = a & _LOW
        w1[q] = b & _LOW
        w2[q] = c & _LOW
        w3[q] = d & _LOW


@njit(**_OPTIONS)
def _add(out: Any, x: Any, planes: Any, start: Any, width: Any) -> None:
    """out = float32(x + noise) in some columns: the sum in float64, rounded once."""
    noise = planes.view(np.float64)
    n0, n1, n2, n3 = noise[0], noise[1], noise[2], noise[3]
    num_blocks = -(-width // 4)
    full = width // 4
    for i in range(out.shape[0]):
        begin = i * num_blocks
        for b in range(full):
            j = start + 4 * b
            out[i, j] = np.float32(np.float64(x[j]) + n0[begin + b])
            out[i, j + 1] = np.float32(np.float64(x[j + 1]) + n1[begin + b])
            out[i, j + 2] = np.float32(np.float64(x[j + 2]) + n2[begin + b])
            out[i, j + 3] = np.float32(np.float64(x[j + 3]) + n3[begin + b])
        for j in range(start + 4 * full, start + width):
            one = noise[j - start - 4 * full, begin + full]
            out[i, j] = np.float32(np.float64(x[j]) + one)


def _kernel(stamp: int) -> Any:
    """The kernel as a closure over the stamp, which thereby becomes part of the cache's key."""

    @njit(cache=True, **_OPTIONS)
    def inputs(
        out: Any, x: Any, kind: Any, parameter: Any, first: Any, tag: Any, key_0: Any, key_1: Any
    ) -> int:
        num_samples, dim = out.shape
        lanes = np.empty(STRIP, np.uint64)
        for start in range(0, dim, STRIP):
            width = min(STRIP, dim - start)
            num_blocks = -(-width // 4)
            # Several short samples share a strip, so that every loop is long enough for vectors.
            together = STRIP // (4 * num_blocks)
            for top in range(0, num_samples, together):
                rows = min(together, num_samples - top)
                planes = lanes[: 4 * rows * num_blocks].reshape(4, rows * num_blocks)
                sample, block = first + np.uint64(top), np.uint64(start // 4)
                _draw(planes, num_blocks, sample, block, tag, key_0, key_1)
                _to_noise(planes.reshape(planes.size), kind, parameter)
                _add(out[top : top + rows], x, planes, start, width)
        return stamp

    return inputs


_inputs = _kernel(_source_stamp())


def fill_inputs(
    out: NDArray[np.float32],
    x: NDArray[np.float32],
    kind: str,
    parameter: float,
    *,
    seed: int,
    tag: int,
    first_sample: int,
) -> None:
    """Fill a C-contiguous float32 (num_samples, dim) buffer with x + noise of a kind in `KINDS`.

    Row i is x plus the noise that `numba_cpu.fill_noise` gives sample first_sample + i, added in
    float64 and rounded once. `parameter` is the Laplace scale, the Gaussian sigma or the uniform
    half width; x is float32 (dim,).
    """
    _inputs(out, x, KINDS[kind], float(parameter), *_counter(seed, tag, first_sample))
