"""What the kernels of W do to a tile of samples: loops that LLVM turns into vector code.

A loop holds no branch, no call and no strided access, or it would stay scalar; random words are
made in lanes of 64 bits, where Philox multiplies, and kept in 32, where logs, bits and cells have
twice the lanes; integers are kept at 32 bits by a cast after every operation, because Numba widens
them. Each step is one of the NumPy reference `sums_reference`, and bits are equal.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit, types
from numba.extending import intrinsic

from simulations import philox
from simulations.kernels import numba_cpu
from simulations.kernels import numpy_reference as noise
from simulations.kernels import sums_reference as reference

OPTIONS = numba_cpu._OPTIONS
# Inlined by Numba itself: LLVM leaves the ten rounds a call, and a loop with a call is scalar.
permute = njit(inline="always", **OPTIONS)(philox.permute)
_negative_log = numba_cpu._negative_log
_degree_seven = njit(**OPTIONS)(noise.degree_seven)

_LOW, _WIDTH = philox.LOW, philox.WIDTH
_SERIES, _LOG_2 = reference.SERIES, reference.LOG_2
_HALF, _ONE, _PER_HALF_RANGE = reference.HALF, reference.ONE, reference.PER_HALF_RANGE
_LARGEST_WORD, _MOST_CELLS = reference.LARGEST_WORD, reference.MOST_CELLS
_MANTISSA, _HALF_BITS = reference.MANTISSA, reference.HALF_BITS
_MANTISSA_WIDTH, _TOP_EXPONENT = reference.MANTISSA_WIDTH, reference.TOP_EXPONENT
_POWER, _UNUSED_BITS = np.int64(reference.POINT_POWER), reference.UNUSED_BITS
_LARGEST_GAP = reference.LARGEST_GAP
_NONE, _FIRST = np.int32(0), np.int32(1)
_ODD = np.uint64(1)


@intrinsic
def _popcount(typing: Any, word: Any) -> Any:
    """The number of one bits of a uint32, as one LLVM operation."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.uint32(types.uint32), generate


@njit(**OPTIONS)
def draw_words(
    w0: Any, w1: Any, w2: Any, w3: Any, first: Any, block: Any, tag: Any, key_0: Any, key_1: Any
) -> None:
    """One block of each of the samples first, first + 1, ...; masks tell LLVM of 32-bit values."""
    for i in range(w0.size):
        sample = first + np.uint64(i)
        a, b, c, d = permute(
            sample & _LOW, sample >> _WIDTH, block & _LOW, tag & _LOW, key_0 & _LOW, key_1 & _LOW
        )
        w0[i] = np.uint32(a)
        w1[i] = np.uint32(b)
        w2[i] = np.uint32(c)
        w3[i] = np.uint32(d)


@njit(inline="always", **OPTIONS)
def _cells(word: Any, last_far: Any, length: Any, cells_per_scale: Any) -> Any:
    """D of one coordinate of the direct method for a word as an int32."""
    mirrored = np.int32(word ^ _LARGEST_WORD)
    near_one = mirrored <= word
    t = np.float32(word if word < mirrored else mirrored) + _HALF
    bits = np.float32(t).view(np.int32)
    halved = np.int32((bits & _MANTISSA) | _HALF_BITS).view(np.float32)
    y = t * _PER_HALF_RANGE if near_one else _ONE - halved
    exponent = _NONE if near_one else np.int32(_TOP_EXPONENT - (bits >> _MANTISSA_WIDTH))
    log = np.float32(exponent) * _LOG_2 + (y + (y * y) * _degree_seven(_SERIES, y))
    scaled = log * cells_per_scale
    cells = np.int32(scaled if scaled < _MOST_CELLS else _MOST_CELLS)
    most = np.int32(length - _FIRST)
    cells = cells if cells > _FIRST else _FIRST
    cells = cells if cells < most else most
    cells = length if word <= last_far else cells
    return _NONE if word < _NONE else cells


@njit(**OPTIONS)
def add_cells(sums: Any, words: Any, threshold: Any, length: Any, cells_per_scale: Any) -> None:
    """Add the D of one coordinate of the direct method; words are int32."""
    last_far = np.int32(np.int64(threshold) - 1)
    for i in range(sums.size):
        cells = _cells(words[i], last_far, length, cells_per_scale)
        sums[i] = np.int32(sums[i] + cells)


@njit(**OPTIONS)
def add_cells_of_block(
    sums: Any, w0: Any, w1: Any, w2: Any, w3: Any, thresholds: Any, lengths: Any, scale: Any
) -> None:
    """The same for the four coordinates of a block at once."""
    l0, l1, l2, l3 = lengths[0], lengths[1], lengths[2], lengths[3]
    f0, f1 = np.int32(np.int64(thresholds[0]) - 1), np.int32(np.int64(thresholds[1]) - 1)
    f2, f3 = np.int32(np.int64(thresholds[2]) - 1), np.int32(np.int64(thresholds[3]) - 1)
    for i in range(sums.size):
        early = np.int32(_cells(w0[i], f0, l0, scale) + _cells(w1[i], f1, l1, scale))
        late = np.int32(_cells(w2[i], f2, l2, scale) + _cells(w3[i], f3, l3, scale))
        sums[i] = np.int32(sums[i] + np.int32(early + late))


@njit(**OPTIONS)
def add_wide(wide: Any, narrow: Any, factor: Any) -> None:
    """Add factor times 32-bit sums to 64-bit ones, and start the former anew."""
    for i in range(wide.size):
        wide[i] += factor * np.int64(narrow[i])
        narrow[i] = 0


@njit(**OPTIONS)
def add_ones(number: Any, words: Any, mask: Any) -> None:
    """Add the number of one bits of each word under the mask."""
    for i in range(number.size):
        number[i] = np.int32(number[i] + np.int32(_popcount(np.uint32(words[i] & mask))))


@njit(**OPTIONS)
def add_four(sums: Any, words: Any, shift: Any, l0: Any, l1: Any, l2: Any, l3: Any) -> None:
    """Add the lengths of four coordinates where their bits, from `shift` on, are 1."""
    for i in range(sums.size):
        four = np.int32(np.uint32(words[i] >> shift) & np.uint32(15))
        a = l0 if four & np.int32(1) else _NONE
        b = l1 if four & np.int32(2) else _NONE
        c = l2 if four & np.int32(4) else _NONE
        d = l3 if four & np.int32(8) else _NONE
        sums[i] = np.int32(np.int32(sums[i] + np.int32(a + b)) + np.int32(c + d))


@njit(**OPTIONS)
def next_points(
    wide: Any, coins: Any, index: Any, first: Any, p: Any, tag: Any, k0: Any, k1: Any
) -> None:
    """Draw block p of the points of every running sample: 64 bits for the gap, 32 for the coin."""
    for k in range(wide.size):
        sample = first + np.uint64(index[k])
        a, b, c, _ = permute(
            sample & _LOW, sample >> _WIDTH, p & _LOW, tag & _LOW, k0 & _LOW, k1 & _LOW
        )
        wide[k] = a | (b << _WIDTH)
        coins[k] = np.int64(c)


@njit(**OPTIONS)
def advance(cells: Any, wide: Any, cells_per_scale: Any) -> None:
    """Move every running sample from its cell to that of its next point."""
    for k in range(cells.size):
        odd = np.int64(((wide[k] >> _UNUSED_BITS) << _ODD) | _ODD)
        scaled = _negative_log(odd, _POWER) * cells_per_scale
        gap = np.int64(scaled if scaled < _LARGEST_GAP else _LARGEST_GAP)
        cells[k] = cells[k] + 1 + gap


@njit(**OPTIONS)
def keep_running(cells: Any, coins: Any, index: Any, running: int, total: Any) -> int:
    """Move the samples whose point lies before the end to the front; how many there are."""
    kept = 0
    for k in range(running):
        cell = cells[k]
        cells[kept], coins[kept], index[kept] = cell, coins[k], index[k]
        kept += np.int64(cell < total)
    return kept


@njit(**OPTIONS)
def _group_of(cell: Any, groups: Any, guide: Any, guide_shift: Any) -> Any:
    """The group that a cell lies in: few steps, as a point meets long groups most."""
    g = np.int64(guide[cell >> guide_shift])
    while cell >= groups[g, 1]:
        g += 1
    return g


@njit(**OPTIONS)
def binomial(word: Any, row: Any, entries: Any, guide: Any) -> Any:
    """P of one group for a 64-bit word: see `joined_tables`."""
    i = np.int64(guide[row[3] + np.int64(word >> np.uint64(row[4]))])
    while i < row[2] and entries[i] <= word:
        i += 1
    return row[0] + i - row[1]


@njit(**OPTIONS)
def hit(i: Any, cell: Any, last: Any, groups: Any, guide: Any, guide_shift: Any) -> Any:
    """(group, coordinate, what a positive coordinate loses), 0 where it was hit before."""
    g = _group_of(cell, groups, guide, guide_shift)
    inside, length = np.uint64(cell - groups[g, 0]), np.uint64(groups[g, 2])
    before = inside // length
    offset = np.int64(inside - before * length)
    coordinate = groups[g, 3] + np.int64(before)
    loss = np.int64(length) - max(offset, 1)
    new = coordinate != last[i]
    last[i] = coordinate
    return g, coordinate, loss if new else 0


@njit(**OPTIONS)
def keep_positive(
    loss: Any, coordinate: Any, index: Any, first: Any, tag: Any, key_0: Any, key_1: Any
) -> None:
    """Make the loss 0 where the coordinate's sign bit, drawn again, is 0."""
    for k in range(loss.size):
        sample = first + np.uint64(index[k])
        block = np.uint64(coordinate[k] >> 7)
        a, b, c, d = permute(
            sample & _LOW, sample >> _WIDTH, block & _LOW, tag & _LOW, key_0 & _LOW, key_1 & _LOW
        )
        place = (coordinate[k] >> 5) & 3
        early = a if place == 0 else b
        late = c if place == 2 else d
        word = early if place < 2 else late
        loss[k] = loss[k] * np.int64((word >> np.uint64(coordinate[k] & 31)) & _ODD)
