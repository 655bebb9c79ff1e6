"""The law of binomial(m, 1/2) as 64-bit words: a table by which one word draws the number.

With F the c.d.f., entry j is floor(2^64 F(j)), and a uniform word w of 64 bits draws

    P = #{j : floor(2^64 F(j)) <= w},    P(P <= j) = floor(2^64 F(j)) / 2^64.

Entries of 0 are counted without being looked at, and entries of 2^64 - 1, which only the last word
reaches, are left out: at the ends the table stops at the first j with F(j) >= 2^-64 and at the last
one with F(j) < 1 - 2^-64.

Integers only, and each floor is either exact or proven by two sums that enclose it: every machine
has the same table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

# Sums of this many bits: exact up to m = BITS, and beyond it so narrow that they decide.
BITS = 1024


@dataclass(frozen=True, eq=False)
class BinomialTable:
    """The entries from j = least on: P = least + #{entries <= w}.

    Parameters
    ----------
    least : int
        The smallest P that is drawn.
    entries : ndarray
        uint64, ascending, read-only.
    """

    least: int
    entries: NDArray[np.uint64]

    def draw(self, words: NDArray[np.uint64]) -> NDArray[np.int64]:
        """P for each word.

        >>> binomial_table(2).draw(np.array([0, 2**62 - 1, 2**62, 2**63, 2**64 - 1], np.uint64))
        array([0, 0, 1, 1, 2])
        """
        return self.least + np.searchsorted(self.entries, words, side="right").astype(np.int64)


@lru_cache(maxsize=4096)
def binomial_table(m: int) -> BinomialTable:
    """The table of binomial(m, 1/2).

    Parameters
    ----------
    m : int
        In [1, 2^24].

    Returns
    -------
    BinomialTable
        Exact: its entries are the floors of 2^64 F(j).

    Raises
    ------
    ValueError
        For m outside its set.

    Examples
    --------
    >>> table = binomial_table(3)
    >>> table.least, [int(entry) / 2**64 for entry in table.entries]
    (0, [0.125, 0.5, 0.875])
    """
    if not 1 <= m <= 2**24:
        raise ValueError(f"m = {m} is outside [1, 2^24]")
    bits = BITS
    while (found := _entries(m, bits)) is None:
        bits *= 2  # once bits >= m nothing is rounded
    least, entries = found
    array = np.array(entries, np.uint64)
    array.setflags(write=False)
    return BinomialTable(least, array)


def _entries(m: int, bits: int) -> tuple[int, list[int]] | None:
    """The first j and its entries; None if sums of so many bits leave a floor open.

    The lower half, F(j) < 1/2, is summed between two bounds in units of 2^-bits. The upper half is
    its mirror image, F(m - 1 - j) = 1 - F(j), and the middle of an odd m is exactly 1/2.
    """
    # Beyond 28 standard deviations there is less than 2^-500 (Hoeffding), bounded all the same.
    start = 0 if m <= bits else max(0, m // 2 - 14 * math.isqrt(m))
    low, high = _central_term(m, bits)
    terms = [(low, high)]
    for j in range(m // 2, start, -1):
        low, high = low * j // (m + 1 - j), -(-high * j // (m + 1 - j))
        terms.append((low, high))
    # The terms before the first one fall faster than geometrically.
    sum_low, sum_high = 0, high * start // (m + 1 - 2 * start) + 1 if start else 0
    unit = bits - 64
    floors: list[int] = []
    ceilings: list[int] = []
    for low, high in reversed(terms[1:]):
        sum_low, sum_high = sum_low + low, sum_high + high
        floor, ceiling = sum_low >> unit, -(-sum_low >> unit)
        if (floor, ceiling) != (sum_high >> unit, -(-sum_high >> unit)):
            return None
        floors.append(floor)
        ceilings.append(ceiling)
    middle = [2**63] if m % 2 else []
    lower = [floor for floor in floors if floor]
    upper = [2**64 - ceiling for ceiling in reversed(ceilings) if ceiling > 1]
    return start + len(floors) - len(lower), [*lower, *middle, *upper]


def _central_term(m: int, bits: int) -> tuple[int, int]:
    """Bounds of 2^bits C(m, m // 2) / 2^m: the product of (2 i - 1)/(2 i), i <= (m + 1) // 2."""
    if m <= bits:
        exact = math.comb(m, m // 2) << (bits - m)
        return exact, exact
    low = high = 1 << bits
    for i in range(2, m + 2, 2):
        low, high = low * (i - 1) // i, -(-high * (i - 1) // i)
    return low, high


@dataclass(frozen=True, eq=False)
class JoinedTables:
    """The tables of many groups one behind the other, for kernels.

    Group g draws with ``least, begin, end, guide_begin, shift = layout[g]``:

        i = guide[guide_begin + (w >> shift)]
        while i < end and entries[i] <= w: i += 1
        P = least + (i - begin).

    The guide saves steps and does not change P.

    Parameters
    ----------
    entries : ndarray
        uint64.
    guide : ndarray
        int32: for each value of the leading bits, the first entry above the least such word.
    layout : ndarray
        int64, shape (groups, 5).
    """

    entries: NDArray[np.uint64]
    guide: NDArray[np.int32]
    layout: NDArray[np.int64]


def joined_tables(sizes: Sequence[int]) -> JoinedTables:
    """The tables of binomial(m, 1/2) for each m in `sizes`; equal sizes share one.

    Examples
    --------
    >>> joined = joined_tables([3, 1, 3])
    >>> joined.entries.size, joined.layout.tolist()
    (4, [[0, 1, 4, 4, 61], [0, 0, 1, 0, 62], [0, 1, 4, 4, 61]])
    """
    entries: list[NDArray[np.uint64]] = []
    guides: list[NDArray[np.int32]] = []
    rows: dict[int, tuple[int, ...]] = {}
    begin = guide_begin = 0
    for m in sorted(set(sizes)):
        table = binomial_table(m)
        end = begin + table.entries.size
        leading = table.entries.size.bit_length() + 1
        words = np.arange(2**leading, dtype=np.uint64) << np.uint64(64 - leading)
        above = begin + np.searchsorted(table.entries, words, side="right")
        rows[m] = (table.least, begin, end, guide_begin, 64 - leading)
        entries.append(table.entries)
        guides.append(above.astype(np.int32))
        begin, guide_begin = end, guide_begin + words.size
    layout = np.array([rows[m] for m in sizes], np.int64).reshape(-1, 5)
    return JoinedTables(np.concatenate(entries), np.concatenate(guides), layout)
