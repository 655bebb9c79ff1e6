"""The Numba kernels of W: the integers of the NumPy reference `sums_reference`, by the billion.

The lanes of a vector unit are consecutive samples, a tile of them at a time: no sum runs across
lanes, and whatever a loop over a tile (`sums_lanes`) touches stays in the L1 cache. The points of
the Poisson process end after as many blocks as a sample needs: the samples that still run are kept
together at the front of the tile.

As in `numba_cpu` there is no fastmath, and one core runs without the interpreter's lock.
"""

from __future__ import annotations

import zlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulations import philox
from simulations.kernels import numba_cpu, sums_lanes
from simulations.kernels import numpy_reference as noise
from simulations.kernels import sums_reference as reference
from simulations.kernels.binomial_table import joined_tables
from simulations.kernels.sums_lanes import (
    OPTIONS,
    add_cells,
    add_cells_of_block,
    add_four,
    add_ones,
    add_wide,
    advance,
    binomial,
    draw_words,
    hit,
    keep_positive,
    keep_running,
    next_points,
    permute,
)
from simulations.likelihood_ratio import TAGS, SamplingPlan

#: samples in a tile
TILE = 512

_LOW, _WIDTH, _ODD = philox.LOW, philox.WIDTH, np.uint64(1)


def _source_stamp() -> int:
    """What the compiled code depends on: Numba's cache looks at this file's date and size only."""
    sources = (
        Path(module.__file__ or "") for module in (philox, noise, numba_cpu, reference, sums_lanes)
    )
    own = Path(__file__).read_bytes()
    return zlib.crc32(own + b"".join(source.read_bytes() for source in sources))


@njit(**OPTIONS)
def _scratch() -> Any:
    """Room for a number a sample: rows of one table instead make the points 2.5 times slower."""
    return np.empty(TILE, np.int64)


def _direct_kernel(stamp: int) -> Any:
    """The kernel as a closure over the stamp, which thereby becomes part of the cache's key."""

    @njit(cache=True, **OPTIONS)
    def direct(
        out: Any, lengths: Any, thresholds: Any, scale: Any, first: Any, tag: Any, k0: Any, k1: Any
    ) -> int:
        words = np.empty((4, TILE), np.uint32)
        signed = words.view(np.int32)
        narrow = np.zeros(TILE, np.int32)
        for start in range(0, out.size, TILE):
            n = min(TILE, out.size - start)
            tile = out[start : start + n]
            tile[:] = 0
            w0, w1, w2, w3 = words[0][:n], words[1][:n], words[2][:n], words[3][:n]
            s0, s1, s2, s3 = signed[0][:n], signed[1][:n], signed[2][:n], signed[3][:n]
            part = narrow[:n]
            for j in range(0, lengths.size, 4):
                origin, block = first + np.uint64(start), np.uint64(j // 4)
                draw_words(w0, w1, w2, w3, origin, block, tag, k0, k1)
                if j + 4 <= lengths.size:
                    add_cells_of_block(part, s0, s1, s2, s3, thresholds[j:], lengths[j:], scale)
                else:
                    for i in range(j, lengths.size):
                        add_cells(part, signed[i - j][:n], thresholds[i], lengths[i], scale)
                if j % 32 == 28 or j + 4 >= lengths.size:
                    add_wide(tile, part, 1)
        return stamp

    return direct


@njit(**OPTIONS)
def _add_signs(
    sums: Any, words: Any, lengths: Any, groups: Any, first: Any, tag: Any, key_0: Any, key_1: Any
) -> None:
    """The sum of the lengths of the positive coordinates; `lengths` ends with zeros.

    Where the 32 coordinates of a word have one length, its one bits are counted.
    """
    n, dim = sums.size, groups[-1, 3] + groups[-1, 4]
    number, narrow = np.zeros(n, np.int32), np.zeros(n, np.int32)
    w0, w1, w2, w3 = words[0][:n], words[1][:n], words[2][:n], words[3][:n]
    g = counted = 0
    for begin in range(0, dim, 32):
        place = (begin // 32) % 4
        if place == 0:
            draw_words(w0, w1, w2, w3, first, np.uint64(begin // 128), tag, key_0, key_1)
        while groups[g, 3] + groups[g, 4] <= begin:
            g += 1
        end = min(begin + 32, dim)
        if groups[g, 3] + groups[g, 4] >= end:
            if g != counted:
                add_wide(sums, number, groups[counted, 2])
                counted = g
            add_ones(number, words[place][:n], np.uint32(0xFFFFFFFF >> (32 - (end - begin))))
        else:
            for b in range(0, 32, 4):
                j = begin + b
                four = lengths[j], lengths[j + 1], lengths[j + 2], lengths[j + 3]
                add_four(narrow, words[place][:n], np.uint32(b), *four)
            add_wide(sums, narrow, 1)
    add_wide(sums, number, groups[counted, 2])


def _poisson_kernel(stamp: int) -> Any:
    """As `_direct_kernel`."""

    @njit(cache=True, **OPTIONS)
    def poisson(
        out: Any, lengths: Any, groups: Any, guide: Any, guide_shift: Any, scale: Any,
        first: Any, signs_tag: Any, points_tag: Any, k0: Any, k1: Any,
    ) -> int:  # fmt: skip
        total = groups[-1, 1]
        words, wide = np.empty((4, TILE), np.uint32), np.empty(TILE, np.uint64)
        # One by one: the rows of a table would cost the loops their vectors.
        index, cells, coins = _scratch(), _scratch(), _scratch()
        last, coordinate, loss = _scratch(), _scratch(), _scratch()
        for start in range(0, out.size, TILE):
            running = min(TILE, out.size - start)
            sums, origin = out[start : start + running], first + np.uint64(start)
            sums[:] = 0
            _add_signs(sums, words, lengths, groups, origin, signs_tag, k0, k1)
            for i in range(running):
                index[i], cells[i], last[i] = i, -1, -1
            p = np.uint64(0)
            while running:
                at, bits = index[:running], wide[:running]
                next_points(bits, coins[:running], at, origin, p, points_tag, k0, k1)
                advance(cells[:running], bits, scale)
                running = keep_running(cells, coins, index, running, total)
                for k in range(running):
                    _, coordinate[k], loss[k] = hit(
                        index[k], cells[k], last, groups, guide, guide_shift
                    )
                place, at = coordinate[:running], index[:running]
                keep_positive(loss[:running], place, at, origin, signs_tag, k0, k1)
                for k in range(running):
                    sums[index[k]] -= loss[k]
                p += _ODD
        return stamp

    return poisson


@njit(**OPTIONS)
def _count_of(
    g: Any, sample: Any, tables: Any, entries: Any, guide: Any, tag: Any, key_0: Any, key_1: Any
) -> Any:
    """P of one group of one sample."""
    a, b, c, d = permute(
        sample & _LOW, sample >> _WIDTH, np.uint64(g // 2), tag & _LOW, key_0 & _LOW, key_1 & _LOW
    )
    word = c | (d << _WIDTH) if g % 2 else a | (b << _WIDTH)
    return binomial(word, tables[g], entries, guide)


@njit(**OPTIONS)
def _add_counts(
    sums: Any, positive: Any, words: Any, groups: Any, tables: Any, entries: Any, guide: Any,
    first: Any, tag: Any, key_0: Any, key_1: Any,
) -> None:  # fmt: skip
    """The sum of the lengths of the positive coordinates; `positive` is the first group's P."""
    n = sums.size
    w0, w1, w2, w3 = words[0][:n], words[1][:n], words[2][:n], words[3][:n]
    for g in range(groups.shape[0]):
        if g % 2 == 0:
            draw_words(w0, w1, w2, w3, first, np.uint64(g // 2), tag, key_0, key_1)
        low, high = (w2, w3) if g % 2 else (w0, w1)
        row, length = tables[g], groups[g, 2]
        for i in range(n):
            word = np.uint64(low[i]) | (np.uint64(high[i]) << _WIDTH)
            drawn = binomial(word, row, entries, guide)
            sums[i] += length * drawn
            if g == 0:
                positive[i] = drawn


def _counts_kernel(stamp: int) -> Any:
    """As `_direct_kernel`."""

    @njit(cache=True, **OPTIONS)
    def counts(
        out: Any, tables: Any, entries: Any, table_guide: Any, groups: Any, guide: Any,
        guide_shift: Any, scale: Any, first: Any, counts_tag: Any, points_tag: Any,
        k0: Any, k1: Any,
    ) -> int:  # fmt: skip
        total = groups[-1, 1]
        words, wide = np.empty((4, TILE), np.uint32), np.empty(TILE, np.uint64)
        index, cells, coins, last = _scratch(), _scratch(), _scratch(), _scratch()
        group, untouched, positive = _scratch(), _scratch(), _scratch()
        for start in range(0, out.size, TILE):
            running = min(TILE, out.size - start)
            sums, origin = out[start : start + running], first + np.uint64(start)
            sums[:] = 0
            _add_counts(
                sums, positive, words, groups, tables, entries, table_guide,
                origin, counts_tag, k0, k1,
            )  # fmt: skip
            for i in range(running):
                index[i], cells[i], last[i], group[i], untouched[i] = i, -1, -1, 0, groups[0, 4]
            p = np.uint64(0)
            while running:
                at, bits = index[:running], wide[:running]
                next_points(bits, coins[:running], at, origin, p, points_tag, k0, k1)
                advance(cells[:running], bits, scale)
                running = keep_running(cells, coins, index, running, total)
                for k in range(running):
                    i = index[k]
                    g, _, loss = hit(i, cells[k], last, groups, guide, guide_shift)
                    if g != group[i]:
                        group[i], untouched[i] = g, groups[g, 4]
                        positive[i] = _count_of(
                            g, origin + np.uint64(i), tables, entries, table_guide,
                            counts_tag, k0, k1,
                        )  # fmt: skip
                    new = np.int64(loss > 0)
                    taken = np.int64((coins[k] * untouched[i]) >> 32 < positive[i]) * new
                    sums[i] -= taken * loss
                    untouched[i] -= new
                    positive[i] -= taken
                p += _ODD
        return stamp

    return counts


_STAMP = _source_stamp()
_direct, _poisson, _counts = _direct_kernel(_STAMP), _poisson_kernel(_STAMP), _counts_kernel(_STAMP)


@lru_cache(maxsize=16)
def _group_arrays(plan: SamplingPlan) -> tuple[NDArray[np.int64], NDArray[np.int32], int]:
    """For each group (first cell, last cell + 1, length, first coordinate, size), and a guide.

    The guide holds the group of each cell that is a multiple of 2^shift.
    """
    ends = np.cumsum(plan.lengths * plan.group_sizes)
    starts = ends - plan.lengths * plan.group_sizes
    first = np.cumsum(plan.group_sizes) - plan.group_sizes
    groups = np.stack([starts, ends, plan.lengths, first, plan.group_sizes], axis=1)
    shift = max(0, plan.total.bit_length() - len(plan.sizes).bit_length() - 2)
    cells = np.arange(((plan.total - 1) >> shift) + 1, dtype=np.int64) << shift
    guide = np.searchsorted(ends, cells, side="right").astype(np.int32)
    return groups, guide, shift


@lru_cache(maxsize=16)
def _padded_lengths(plan: SamplingPlan) -> NDArray[np.int32]:
    """The lengths of all coordinates, and zeros for the last word's idle bits."""
    return np.append(plan.coordinate_lengths, np.zeros(-plan.dim % 32, np.int32))


@lru_cache(maxsize=16)
def _tables(plan: SamplingPlan) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    joined = joined_tables(plan.sizes)
    return joined.layout, joined.entries, joined.guide


def fill_sums(out: NDArray[np.int64], plan: SamplingPlan, *, seed: int, first_sample: int) -> None:
    """Fill a C-contiguous int64 (num_samples,) buffer with the W of consecutive samples.

    Parameters, errors and results are those of `sums_reference.fill_sums`.
    """
    philox.checked_layout(
        seed=seed, tag=0, first_sample=first_sample, num_samples=out.size, dim=plan.dim
    )
    first, keys = np.uint64(first_sample), (np.uint64(seed % 2**32), np.uint64(seed // 2**32))
    tags = {name: np.uint64(tag) for name, tag in TAGS.items()}
    if plan.method == "direct":
        arrays = plan.coordinate_lengths, plan.coordinate_thresholds
        _direct(out, *arrays, plan.cells_per_scale, first, tags["direct"], *keys)
        return
    groups, guide, shift = _group_arrays(plan)
    points = groups, guide, shift, plan.cells_per_scale_double, first
    if plan.method == "counts":
        _counts(out, *_tables(plan), *points, tags["counts"], tags["points"], *keys)
    else:
        _poisson(out, _padded_lengths(plan), *points, tags["signs"], tags["points"], *keys)
