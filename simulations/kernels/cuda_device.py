"""The CUDA kernels through CuPy: words, noise and sums on a device, in the reference's bits.

The C++ sources in `cuda/` state the operations of `numpy_reference` and `sums_reference` once more;
their constants are written in front of them from there. NVRTC compiles them once in a process for
the device at hand, with IEEE division and square root and without fused multiply-add. CuPy always
adds -ftz=true, which flushes subnormal float32 to 0: none occurs (`negative_log_32` lies in
[2^-32, 22.2] and its factor in [2^-65, 2^115]).

`fill_*` fill NumPy buffers, as every backend does: they cost a copy from the device. `device_sums`
leaves the sums there. A device is fast with large chunks, 2^20 samples and more; the threads of
`simulations.streaming.share` take turns.
"""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from simulations import philox
from simulations.kernels import MissingBackendError, package_of, sums_reference
from simulations.kernels import numpy_reference as reference
from simulations.kernels.binomial_table import joined_tables
from simulations.likelihood_ratio import TAGS, SamplingPlan

SOURCES = ("philox.cu", "noise.cu", "sums.cu")
OPTIONS = ("--std=c++17", "--fmad=false", "--prec-div=true", "--prec-sqrt=true")

KINDS = {"laplace": 1, "gaussian": 2, "uniform": 3}

#: threads of a block
THREADS = 128

#: samples are cut into parts until there are so many threads: two waves of the largest devices
BUSY_THREADS = 1 << 19

#: what a part holds at least, and how many parts there may be (the limit of a grid's y)
BLOCKS_OF_A_PART, MOST_PARTS = 8, 65535

_TURN = threading.RLock()


def _literal(value: Any) -> str:
    """A constant of the reference in C++, to the last bit."""
    if isinstance(value, tuple):
        return ", ".join(_literal(one) for one in value)
    if isinstance(value, np.float32):
        return f"{float(value).hex()}f"
    if isinstance(value, float):
        return value.hex()
    if isinstance(value, np.unsignedinteger):
        return f"{int(value)}u"
    return f"{value}LL"


def constants() -> dict[str, Any]:
    """The constants that the sources name in capitals, read from the reference."""
    names = ("LOG_2_HIGH", "LOG_2_LOW", "SQRT_HALF_BITS", "MANTISSA_BITS", "CENTRE")
    names += ("CENTRE_SQUARED", "CENTRE_NUMERATOR", "CENTRE_DENOMINATOR")
    names += ("TAIL_SHIFT", "TAIL_NUMERATOR", "TAIL_DENOMINATOR")
    rounds = ("MULTIPLIER_0", "MULTIPLIER_1", "WEYL_0", "WEYL_1", "ROUNDS")
    single = {"LOG_32_SERIES": sums_reference.SERIES, "LOG_2_SINGLE": sums_reference.LOG_2}
    return (
        {f"PHILOX_{name}": getattr(philox, name) for name in rounds}
        | {name: getattr(reference, name) for name in names}
        | {f"KIND_{kind.upper()}": number for kind, number in KINDS.items()}
        | single
    )


def source() -> str:
    """The whole CUDA C++ source: constants first, then `SOURCES`."""
    lines = [f"#define {name} {_literal(value)}" for name, value in constants().items()]
    folder = Path(__file__).with_name("cuda")
    for name in SOURCES:
        lines += [f'#line 1 "{name}"', (folder / name).read_text(encoding="ascii")]
    return "\n".join(lines)


@lru_cache(maxsize=1)
def _cupy() -> Any:
    """CuPy, once it has been seen to find a device."""
    cupy = package_of("cuda")
    try:
        found = cupy.cuda.runtime.getDeviceCount()
    except cupy.cuda.runtime.CUDARuntimeError as error:
        raise MissingBackendError(f"backend 'cuda' needs a CUDA device: {error}") from error
    if found < 1:
        raise MissingBackendError("backend 'cuda' needs a CUDA device: found none")
    return cupy


def device_name() -> str:
    """The name of the device that the kernels run on.

    Raises
    ------
    MissingBackendError
        If CuPy is not installed or finds no device.
    """
    runtime = _cupy().cuda.runtime
    name = runtime.getDeviceProperties(runtime.getDevice())["name"]
    return name.decode() if isinstance(name, bytes) else str(name)


@lru_cache(maxsize=1)
def _module() -> Any:
    return _cupy().RawModule(code=source(), options=OPTIONS)


@lru_cache(maxsize=16)
def _kernel(name: str) -> Any:
    return _module().get_function(name)


def _launch(name: str, num_threads: int, arguments: tuple[Any, ...], *, parts: int = 1) -> None:
    """Run a kernel for `num_threads` threads, and as often for each part.

    CuPy passes NumPy scalars by their size, so each has the type that the kernel declares.
    """
    _kernel(name)((-(-num_threads // THREADS), parts), (THREADS,), arguments)


def _key(seed: int) -> tuple[np.uint32, np.uint32]:
    return np.uint32(seed % 2**32), np.uint32(seed // 2**32)


def _shape(shape: tuple[int, ...]) -> tuple[np.int64, np.int64, int]:
    """The samples and the dimension of a buffer, and the threads that fill it."""
    num_samples, dim = shape
    return np.int64(num_samples), np.int64(dim), num_samples * -(-dim // philox.WORDS_PER_BLOCK)


def fill_words(out: NDArray[np.uint32], *, seed: int, tag: int, first_sample: int) -> None:
    """Fill a C-contiguous uint32 (num_samples, dim) buffer with the words of its samples.

    Raises
    ------
    MissingBackendError
        If CuPy is not installed or finds no device.
    """
    num_samples, dim, num_threads = _shape(out.shape)
    if num_threads == 0:
        return
    with _TURN:
        filled = _cupy().empty(out.shape, np.uint32)
        counter = np.uint64(first_sample), np.uint32(tag), *_key(seed)
        _launch("fill_words", num_threads, (filled, num_samples, dim, *counter))
        filled.get(out=out)


def device_noise(
    shape: tuple[int, int],
    kind: str,
    parameter: float,
    *,
    seed: int,
    tag: int,
    first_sample: int,
) -> Any:
    """Noise of consecutive samples, left on the device: a CuPy float64 array (num_samples, dim).

    `parameter` is the Laplace scale, the Gaussian sigma or the uniform half width. It is made on
    CuPy's current device and stream.

    Raises
    ------
    MissingBackendError
        If CuPy is not installed or finds no device.
    """
    with _TURN:
        filled = _cupy().empty(shape, np.float64)
        num_samples, dim, num_threads = _shape(shape)
        if num_threads > 0:
            law = np.int32(KINDS[kind]), np.float64(parameter)
            counter = np.uint64(first_sample), np.uint32(tag), *_key(seed)
            _launch("fill_noise", num_threads, (filled, num_samples, dim, *law, *counter))
        return filled


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
    if out.size == 0:
        return
    counter = {"seed": seed, "tag": tag, "first_sample": first_sample}
    with _TURN:
        device_noise((out.shape[0], out.shape[1]), kind, parameter, **counter).get(out=out)


def fold_words(
    out: NDArray[np.uint32], blocks: int, *, seed: int, tag: int, first_sample: int
) -> None:
    """Fill a uint32 (num_samples,) buffer with the xor of each sample's first 4 `blocks` words.

    Nothing but the generator is at work: its rate is the limit of the direct method.
    """
    if out.size == 0:
        return
    with _TURN:
        filled = _cupy().empty(out.shape, np.uint32)
        counter = np.uint64(first_sample), np.uint32(tag), *_key(seed)
        _launch("fold_words", out.size, (filled, np.int64(out.size), np.int64(blocks), *counter))
        filled.get(out=out)


def direct_tables(plan: SamplingPlan) -> tuple[NDArray[np.uint32], NDArray[np.int32]]:
    """Thresholds and lengths of the coordinates in fours; those that pad them out have D = 0.

    >>> plan = SamplingPlan.of([1, 1, "0.5"], scale=1, method="direct")
    >>> direct_tables(plan)[1].tolist() == [[2**25, 2**25, 2**24, 0]]
    True
    """
    shape = (-(-plan.dim // 4), 4)
    thresholds, lengths = np.full(shape, 2**31, np.uint32), np.zeros(shape, np.int32)
    thresholds.reshape(-1)[: plan.dim] = plan.coordinate_thresholds
    lengths.reshape(-1)[: plan.dim] = plan.coordinate_lengths
    return thresholds, lengths


def sign_tables(
    plan: SamplingPlan,
) -> tuple[NDArray[np.uint32], NDArray[np.int32], NDArray[np.int32]]:
    """The pieces of the sign words, each of one group in one word.

    Returns
    -------
    tuple of ndarray
        Of each piece its mask and the cells of its coordinates, and of each word, padded to whole
        blocks, its first piece; then the number of pieces.

    Examples
    --------
    >>> masks, _, first = sign_tables(SamplingPlan.of([1] * 33 + [2], scale=1, method="poisson"))
    >>> [f"{mask:x}" for mask in masks], first.tolist()
    (['1', 'fffffffe', '3'], [0, 2, 3, 3, 3])
    """
    ends = np.cumsum(plan.group_sizes)
    cuts = np.union1d(np.arange(0, plan.dim, 32), np.append(0, ends))
    starts, widths = cuts[:-1], np.diff(cuts)
    masks = ((1 << widths) - 1) << (starts % 32)
    lengths = plan.lengths[np.searchsorted(ends, starts, side="right")]
    words = np.arange(4 * -(-plan.dim // 128) + 1)
    first_piece = np.searchsorted(starts, 32 * words)
    return masks.astype(np.uint32), lengths.astype(np.int32), first_piece.astype(np.int32)


def point_tables(plan: SamplingPlan) -> tuple[NDArray[np.int64], ...]:
    """Of each group: cells of a coordinate, cells up to its end, first coordinate.

    >>> plan = SamplingPlan.of([1, 1, "0.5"], scale=1, method="poisson")
    >>> [(table / 2**24).tolist() for table in point_tables(plan)[:2]], point_tables(plan)[2]
    ([[2.0, 1.0], [4.0, 5.0]], array([0, 2]))
    """
    sizes = plan.group_sizes
    return plan.lengths, np.cumsum(plan.lengths * sizes), np.cumsum(sizes) - sizes


def count_tables(plan: SamplingPlan) -> tuple[NDArray[Any], ...]:
    """Of each group: cells of a coordinate, size; and the binomial tables with their layout."""
    joined = joined_tables(plan.sizes)
    return plan.lengths, plan.group_sizes, joined.layout, joined.entries, joined.guide


@lru_cache(maxsize=8)
def _on_device(table: Any, plan: SamplingPlan) -> tuple[Any, ...]:
    cupy = _cupy()
    return tuple(cupy.asarray(one) for one in table(plan))


def _parts(num_samples: int, num_blocks: int) -> tuple[int, np.int64]:
    """Into how many parts a sample is cut, and the blocks of each."""
    most = min(num_blocks // BLOCKS_OF_A_PART, MOST_PARTS)
    wanted = max(1, min(-(-BUSY_THREADS // num_samples), most))
    each = -(-num_blocks // wanted)
    return -(-num_blocks // each), np.int64(each)


def _add_direct(sums: Any, plan: SamplingPlan, counter: Any, key: Any) -> None:
    tables = _on_device(direct_tables, plan)
    num_blocks = -(-plan.dim // 4)
    parts, each = _parts(sums.size, num_blocks)
    shape = np.int64(num_blocks), each, plan.cells_per_scale
    tag = np.uint32(TAGS["direct"])
    arguments = (sums, np.int64(sums.size), *tables, *shape, counter, tag, *key)
    _launch("sums_direct", sums.size, arguments, parts=parts)


def _add_poisson(sums: Any, plan: SamplingPlan, counter: Any, key: Any) -> None:
    num_samples = np.int64(sums.size)
    signs, points = np.uint32(TAGS["signs"]), np.uint32(TAGS["points"])
    num_blocks = -(-plan.dim // 128)
    parts, each = _parts(sums.size, num_blocks)
    tables = _on_device(sign_tables, plan)
    arguments = (sums, num_samples, *tables, np.int64(num_blocks), each, counter, signs, *key)
    _launch("sums_signs", sums.size, arguments, parts=parts)
    groups = (np.int64(len(plan.sizes)), plan.cells_per_scale_double)
    tables = _on_device(point_tables, plan)
    arguments = (sums, num_samples, *tables, *groups, counter, points, signs, *key)
    _launch("sums_points", sums.size, arguments)


def _add_counts(sums: Any, plan: SamplingPlan, counter: Any, key: Any) -> None:
    tables = _on_device(count_tables, plan)
    groups = (np.int64(len(plan.sizes)), plan.cells_per_scale_double)
    tags = np.uint32(TAGS["points"]), np.uint32(TAGS["counts"])
    arguments = (sums, np.int64(sums.size), *tables, *groups, counter, *tags, *key)
    _launch("sums_counts", sums.size, arguments)


_ADD = {"direct": _add_direct, "poisson": _add_poisson, "counts": _add_counts}


def device_sums(plan: SamplingPlan, *, seed: int, first_sample: int, num_samples: int) -> Any:
    """W of samples first_sample, ..., left on the device: a CuPy int64 array (num_samples,).

    Raises
    ------
    ValueError
        For a seed or samples outside their sets.
    MissingBackendError
        If CuPy is not installed or finds no device.
    """
    philox.checked_layout(
        seed=seed, tag=0, first_sample=first_sample, num_samples=num_samples, dim=plan.dim
    )
    with _TURN:
        sums = _cupy().zeros(num_samples, np.int64)
        if num_samples > 0:
            _ADD[plan.method](sums, plan, np.uint64(first_sample), _key(seed))
        return sums


def fill_sums(out: NDArray[np.int64], plan: SamplingPlan, *, seed: int, first_sample: int) -> None:
    """Fill a C-contiguous int64 (num_samples,) buffer with the W of consecutive samples.

    Parameters, errors and results are those of `sums_reference.fill_sums`.
    """
    with _TURN:
        sums = device_sums(plan, seed=seed, first_sample=first_sample, num_samples=out.size)
        if out.size > 0:
            sums.get(out=out)
