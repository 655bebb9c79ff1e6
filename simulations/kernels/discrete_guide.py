"""Where to look in a table of thresholds: |K| from one look-up and one comparison.

For v = min(u, 2^64 - 1 - u) in {0, ..., 2^63 - 1} let t = (v div 2^10) + 1 in {1, ..., 2^53}, an
integer that float64 holds exactly. With t = 2^e (1 + f), 0 <= f < 1, v lies in the cell

    c = 2^b e + floor(2^b f):

the exponent and the leading b bits of the mantissa, cut out of the float's bits. Cells have a
constant relative width, as have the gaps between the thresholds of a geometric law, so that from
a cell `single` on, each holds one threshold at most. The guide has for each cell the number of
thresholds above all of it; one comparison with the next threshold completes |K|. In the cells
before `single`, which a word reaches with probability below 2^-32, a loop completes it.

The guide saves steps and changes no draw.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXPONENTS = 53  # t <= 2^53
DROPPED_BITS = 10
_BIAS = 1023
_MANTISSA_BITS = 52

# The loop's cells end below t = 2^20: v < 2^30, of probability 2^-33 on either side.
_LAST_LOOP_EXPONENT = 20
_FEWEST_BITS, _MOST_BITS = 2, 16


@dataclass(frozen=True, eq=False)
class Guide:
    """The number of thresholds above each cell.

    Parameters
    ----------
    above : ndarray
        int32, read-only: by cell.
    ended : ndarray
        uint64, read-only: the thresholds and a 0, so that there is always a next one to compare.
    bits : int
        b, the bits of the mantissa in a cell's number.
    loop_below : int
        v below it may share their cell with several thresholds.
    """

    above: NDArray[np.int32]
    ended: NDArray[np.uint64]
    bits: int
    loop_below: int

    @property
    def shift(self) -> int:
        """The cell of a float is its bits div 2^shift, less `offset`."""
        return _MANTISSA_BITS - self.bits

    @property
    def offset(self) -> int:
        """The cell of 1.0, before anything is subtracted."""
        return _BIAS << self.bits


def _first_t(bits: int) -> NDArray[np.uint64]:
    """The least t of each cell, and of one more cell behind the last."""
    cells = np.arange((EXPONENTS << bits) + 2, dtype=np.uint64)
    exponent = (cells >> np.uint64(bits)).astype(np.int64)
    significand = (cells & np.uint64(2**bits - 1)) + np.uint64(2**bits)
    up = np.maximum(exponent - bits, 0).astype(np.uint64)
    down = np.maximum(bits - exponent, 0).astype(np.uint64)
    rounded_up = (np.uint64(1) << down) - np.uint64(1)
    return ((significand << up) + rounded_up) >> down


def guide_of(thresholds: NDArray[np.uint64]) -> Guide:
    """The guide of a table with the fewest bits that leave the loop to v < 2^30.

    Parameters
    ----------
    thresholds : ndarray
        uint64, descending, at most 2^63 each.

    Raises
    ------
    ValueError
        If two thresholds above 2^30 are so close that 16 bits do not separate them.

    Examples
    --------
    >>> guide = guide_of(np.array([2**62, 2**61, 2**60], np.uint64))
    >>> guide.bits, guide.loop_below, int(guide.above[-1]), int(guide.above[0])
    (2, 0, 0, 3)
    """
    ascending = thresholds[::-1]
    for bits in range(_FEWEST_BITS, _MOST_BITS + 1):
        first_t = _first_t(bits)
        first_v = (first_t[:-1] - np.uint64(1)) << np.uint64(DROPPED_BITS)
        last_v = ((first_t[1:] - np.uint64(1)) << np.uint64(DROPPED_BITS)) - np.uint64(1)
        above = thresholds.size - np.searchsorted(ascending, last_v, side="right")
        reached = thresholds.size - np.searchsorted(ascending, first_v, side="right")
        # A cell without an integer t has first_v > last_v, and is never asked for.
        several = np.flatnonzero(reached - above > 1)
        single = int(several[-1]) + 1 if several.size else 0
        if single <= _LAST_LOOP_EXPONENT << bits:
            guide, ended = above.astype(np.int32), np.append(thresholds, np.uint64(0))
            for array in (guide, ended):
                array.setflags(write=False)
            return Guide(guide, ended, bits, int(first_v[single]) if single else 0)
    raise ValueError(
        f"of {thresholds.size} thresholds two above 2^30 are closer than 2^-{_MOST_BITS} of them: "
        "legal are those of a geometric law"
    )
