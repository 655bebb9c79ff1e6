"""The Numba kernel: Philox words and noise, bit for bit those of the NumPy reference.

No fastmath, so LLVM neither reorders nor contracts a*b + c: each operation of the reference is one
IEEE operation here too. The kernel runs on one core without the interpreter's lock, and the caller
gives every thread its own samples: a parallel loop inside the kernel (prange) meets at a barrier
after each cache-sized chunk, which on busy cores was five times slower than one core alone, takes
twice as long to compile, and aborts a process that calls it from two threads.

Everything happens in uint64 lanes inside the caller's buffer: the words are written first and then
turned into the bits of doubles in place, so no scratch memory is needed and one width of vector
serves the integers and the doubles alike.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulations import philox
from simulations.kernels import numpy_reference as reference

if TYPE_CHECKING:
    from simulations.likelihood_ratio import SamplingPlan

KINDS = {"laplace": 1, "gaussian": 2, "uniform": 3}

# Coordinates that are worked on before the next ones: words and doubles meet in the L1 cache.
STRIP = 1024

# Division by zero cannot happen here, and the check for it would keep the loops from vectorising.
_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}

# Inline, because LLVM leaves so long a function a call, which no loop is vectorised around.
_permute = njit(inline="always", **_OPTIONS)(philox.permute)
_log_series = njit(**_OPTIONS)(reference.log_series)
_degree_seven = njit(**_OPTIONS)(reference.degree_seven)

# Numba reads globals as constants of their NumPy type; a signed literal beside a uint64 would turn
# the whole expression into a float.
_LOW = philox.LOW
_WIDTH = philox.WIDTH
_ONE = np.uint64(1)
_RANGE = np.uint64(2**32)
_LAST = np.uint64(2**32 - 1)
_TOP_OF_WORD, _TOP_OF_LANE = np.uint64(31), np.uint64(63)
_SQRT_HALF_BITS = np.int64(reference.SQRT_HALF_BITS)
_MANTISSA_BITS = np.int64(reference.MANTISSA_BITS)
_LOG_2_HIGH, _LOG_2_LOW = reference.LOG_2_HIGH, reference.LOG_2_LOW
_CENTRE, _CENTRE_SQUARED = reference.CENTRE, reference.CENTRE_SQUARED
_CENTRE_NUMERATOR = reference.CENTRE_NUMERATOR
_CENTRE_DENOMINATOR = reference.CENTRE_DENOMINATOR
_TAIL_SHIFT = reference.TAIL_SHIFT
_TAIL_NUMERATOR = reference.TAIL_NUMERATOR
_TAIL_DENOMINATOR = reference.TAIL_DENOMINATOR
_PER_WORD, _PER_HALF_WORD = 2.0**-32, 2.0**-33


def _source_stamp() -> int:
    """What the compiled code depends on: Numba's cache looks at this file's date and size only."""
    sources = (Path(module.__file__ or "") for module in (philox, reference))
    own = Path(__file__).read_bytes()
    return zlib.crc32(own + b"".join(source.read_bytes() for source in sources))


@njit(**_OPTIONS)
def _negative_log(m: Any, power: Any) -> Any:
    """-log(m / 2^power), step by step as in the reference."""
    bits = np.float64(np.int64(m)).view(np.int64)
    exponent = (bits - _SQRT_HALF_BITS) >> _MANTISSA_BITS
    mantissa = np.int64(bits - (exponent << _MANTISSA_BITS)).view(np.float64)
    centred = mantissa - 1.0
    s = centred / (mantissa + 1.0)
    twice = s + s
    log_mantissa = twice + twice * _log_series(s * s)
    count = np.float64(power - exponent)
    return count * _LOG_2_HIGH + (count * _LOG_2_LOW - log_mantissa)


@njit(**_OPTIONS)
def _laplace(m: Any) -> Any:
    return _negative_log(m, np.int64(32))


@njit(**_OPTIONS)
def _gaussian(m: Any) -> Any:
    offset = np.float64(np.int64(_RANGE - m)) * _PER_HALF_WORD
    if offset <= _CENTRE:
        r = _CENTRE_SQUARED - offset * offset
        upper = offset * _degree_seven(_CENTRE_NUMERATOR, r)
        return upper / _degree_seven(_CENTRE_DENOMINATOR, r)
    r = np.sqrt(_negative_log(m, np.int64(33))) - _TAIL_SHIFT
    return _degree_seven(_TAIL_NUMERATOR, r) / _degree_seven(_TAIL_DENOMINATOR, r)


@njit(**_OPTIONS)
def _uniform(m: Any) -> Any:
    return np.float64(np.int64(_RANGE - m)) * _PER_WORD


def _in_place(magnitude: Any) -> Any:
    """The loop that turns words into the bits of signed noise, for one kind of magnitude."""

    @njit(**_OPTIONS)
    def transform(row: Any, parameter: Any) -> None:
        for j in range(row.size):
            word = row[j]
            m = (min(word, _LAST - word) << _ONE) | _ONE
            size = np.float64(parameter * magnitude(m))
            negative = (word >> _TOP_OF_WORD) ^ _ONE
            row[j] = size.view(np.uint64) | (negative << _TOP_OF_LANE)

    return transform


_to_laplace, _to_gaussian, _to_uniform = map(_in_place, (_laplace, _gaussian, _uniform))


@njit(**_OPTIONS)
def _fill_row(row: Any, sample: Any, first_block: Any, tag: Any, key_0: Any, key_1: Any) -> None:
    """The words of consecutive coordinates of one sample, from the block `first_block` on."""
    c0 = sample & _LOW
    c1 = sample >> _WIDTH
    full = row.size // 4
    for b in range(full):
        w0, w1, w2, w3 = _permute(c0, c1, first_block + np.uint64(b), tag, key_0, key_1)
        row[4 * b] = w0
        row[4 * b + 1] = w1
        row[4 * b + 2] = w2
        row[4 * b + 3] = w3
    if 4 * full < row.size:
        rest = _permute(c0, c1, first_block + np.uint64(full), tag, key_0, key_1)
        for j in range(4 * full, row.size):
            row[j] = rest[j - 4 * full]


def _kernels(stamp: int) -> tuple[Any, Any]:
    """Both kernels as closures over the stamp, which thereby becomes part of the cache's key."""

    @njit(cache=True, **_OPTIONS)
    def words(out: Any, first_sample: Any, tag: Any, key_0: Any, key_1: Any) -> int:
        for i in range(out.shape[0]):
            _fill_row(out[i], first_sample + np.uint64(i), np.uint64(0), tag, key_0, key_1)
        return stamp

    @njit(cache=True, **_OPTIONS)
    def noise(
        out: Any, kind: Any, parameter: Any, first_sample: Any, tag: Any, key_0: Any, key_1: Any
    ) -> int:
        dim = out.shape[1]
        for i in range(out.shape[0]):
            sample = first_sample + np.uint64(i)
            for start in range(0, dim, STRIP):
                row = out[i, start : min(start + STRIP, dim)]
                _fill_row(row, sample, np.uint64(start // 4), tag, key_0, key_1)
                if kind == 1:
                    _to_laplace(row, parameter)
                elif kind == 2:
                    _to_gaussian(row, parameter)
                else:
                    _to_uniform(row, parameter)
        return stamp

    return words, noise


_words, _noise = _kernels(_source_stamp())


def _counter(seed: int, tag: int, first_sample: int) -> tuple[np.uint64, ...]:
    return (
        np.uint64(first_sample),
        np.uint64(tag),
        np.uint64(seed % 2**32),
        np.uint64(seed // 2**32),
    )


def fill_words(out: NDArray[np.uint32], *, seed: int, tag: int, first_sample: int) -> None:
    """Fill a C-contiguous uint32 (num_samples, dim) buffer with the words of its samples."""
    _words(out, *_counter(seed, tag, first_sample))


def fill_noise(
    out: NDArray[np.float64],
    kind: str,
    parameter: float,
    *,
    seed: int,
    tag: int,
    first_sample: int,
) -> None:
    """Fill a C-contiguous float64 (num_samples, dim) buffer with noise of a kind in `KINDS`.

    `parameter` is the Laplace scale, the Gaussian sigma or the uniform half width.
    """
    lanes = out.view(np.uint64)
    _noise(lanes, KINDS[kind], float(parameter), *_counter(seed, tag, first_sample))


def fill_sums(out: NDArray[np.int64], plan: SamplingPlan, *, seed: int, first_sample: int) -> None:
    """Fill a C-contiguous int64 (num_samples,) buffer with W: see `sums_numba`."""
    from simulations.kernels import sums_numba

    sums_numba.fill_sums(out, plan, seed=seed, first_sample=first_sample)
