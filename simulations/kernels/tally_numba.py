"""The Numba kernel of a tally: the counts of `simulations.tally`, without the interpreter's lock.

NumPy's own passes over W hold that lock half of the time, so that more than two threads gain
nothing by them. Here a tile of samples that fits the L1 cache is looked at by one loop after the
other, each without a branch so that LLVM vectorises it; only bins and coins go one by one.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from simulations import philox

#: samples in a tile
TILE = 1024

_OPTIONS: dict[str, Any] = {"error_model": "numpy", "nogil": True}
_permute = njit(**_OPTIONS)(philox.permute)
_LOW, _WIDTH, _NONE = philox.LOW, philox.WIDTH, np.uint64(0)


@njit(**_OPTIONS)
def _ends(tile: Any, ends: Any) -> None:
    smallest, largest = ends[0], ends[1]
    for i in range(tile.size):
        smallest = min(smallest, tile[i])
        largest = max(largest, tile[i])
    ends[0], ends[1] = smallest, largest


@njit(**_OPTIONS)
def _inside(tile: Any, low: Any, high: Any) -> Any:
    count = np.int64(0)
    for i in range(tile.size):
        count += np.int64((tile[i] >= low) & (tile[i] <= high))
    return count


@njit(**_OPTIONS)
def _coins(tile: Any, at: Any, words: Any, sample: Any, tag: Any, key_0: Any, key_1: Any) -> Any:
    count = np.int64(0)
    for i in range(tile.size):
        if tile[i] == at:
            index = sample + np.uint64(i)
            drawn = _permute(index & _LOW, index >> _WIDTH, _NONE, tag, key_0, key_1)
            count += np.int64(drawn[0] < words)
    return count


@njit(**_OPTIONS)
def _moments(tile: Any, centre: Any, bits: Any, sums: Any) -> None:
    """Sums of the three limbs of W - centre, and of their products."""
    mask = (np.int64(1) << bits) - np.int64(1)
    s0 = s1 = s2 = s00 = s01 = s02 = s11 = s12 = s22 = np.int64(0)
    for i in range(tile.size):
        x = tile[i] - centre
        x0, x1, x2 = x & mask, (x >> bits) & mask, x >> (bits + bits)
        s0 += x0
        s1 += x1
        s2 += x2
        s00 += x0 * x0
        s01 += x0 * x1
        s02 += x0 * x2
        s11 += x1 * x1
        s12 += x1 * x2
        s22 += x2 * x2
    sums += np.array([s0, s1, s2, s00, s01, s02, s11, s12, s22])


@njit(**_OPTIONS)
def _bins(tile: Any, edges: Any, shift: Any, bins: Any) -> None:
    if shift >= 0:
        last = edges.size
        for i in range(tile.size):
            bins[min(max((tile[i] - edges[0]) >> shift, -1) + 1, last)] += 1
        return
    for i in range(tile.size):
        below, above = 0, edges.size
        while below < above:
            middle = (below + above) >> 1
            if edges[middle] <= tile[i]:
                below = middle + 1
            else:
                above = middle
        bins[below] += 1


def _kernel(stamp: int) -> Any:
    """The kernel as a closure over the stamp, which thereby becomes part of the cache's key."""

    @njit(cache=True, **_OPTIONS)
    def count(
        w: Any,
        first: Any,
        tag: Any,
        key_0: Any,
        key_1: Any,
        intervals: Any,
        atoms: Any,
        faces: Any,
        edges: Any,
        shift: Any,
        centre: Any,
        bits: Any,
        events: Any,
        bins: Any,
        sums: Any,
        ends: Any,
    ) -> int:
        for start in range(0, w.size, TILE):
            tile = w[start : min(start + TILE, w.size)]
            _ends(tile, ends)
            for e in range(events.size):
                events[e] += _inside(tile, intervals[e, 0], intervals[e, 1])
                if faces[e] > _NONE:
                    sample = first + np.uint64(start)
                    events[e] += _coins(tile, atoms[e], faces[e], sample, tag, key_0, key_1)
            _moments(tile, centre, bits, sums)
            _bins(tile, edges, shift, bins)
        return stamp

    return count


_count = _kernel(zlib.crc32(Path(__file__).read_bytes() + Path(philox.__file__ or "").read_bytes()))


def count_piece(
    w: NDArray[np.int64],
    *,
    first_sample: int,
    seed: int,
    tag: int,
    intervals: NDArray[np.int64],
    atoms: NDArray[np.int64],
    faces: NDArray[np.uint64],
    edges: NDArray[np.int64],
    shift: int,
    centre: int,
    bits: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64], list[int], tuple[int, int]]:
    """Events, bins, sums and (min, max) of at most 2^16 samples in [0, 2^63).

    Event e is intervals[e, 0] <= W <= intervals[e, 1], and W = atoms[e] where the sample's coin
    word is below faces[e] (never where that is 0). Bins have edges 2^shift apart, or any for a
    shift of -1. The sums are those of the limbs x_0, x_1, x_2 of W - centre, of `bits` bits, and of
    x_0 x_0, x_0 x_1, x_0 x_2, x_1 x_1, x_1 x_2, x_2 x_2.
    """
    events, bins = np.zeros(len(intervals), np.int64), np.zeros(len(edges) + 1, np.int64)
    sums, ends = np.zeros(9, np.int64), np.array([2**63 - 1, -(2**63)])
    keys = np.uint64(seed % 2**32), np.uint64(seed // 2**32)
    what = intervals, atoms, faces, edges, np.int64(shift), np.int64(centre), np.int64(bits)
    results = events, bins, sums, ends
    _count(w, np.uint64(first_sample), np.uint64(tag), *keys, *what, *results)
    return events, bins, sums.tolist(), (int(ends[0]), int(ends[1]))
