"""W from random words, readable and in NumPy: the integers that every sampler of T gives.

`simulations.likelihood_ratio` says what W is and how three methods draw it. Here are their exact
steps; compiled kernels give equal integers. With r a word, l the cells of its coordinate and c the
cells in one scale, the direct method takes

    D = 0 for r >= 2^31,    D = l for r < round(2^31 e^-a),    else floor(c E) within {1, ..., l-1},

with E = -log((2r + 1)/2^32) in single precision. The other two place a Poisson process on the cells
0, ..., L - 1 of all coordinates, one behind the other: the next point after a cell lies 1 +
floor(c E) cells further, E = -log(u) in double precision, so that the cells with a point are
independent of one another, each with probability 1 - e^(-1/c). The first point in a coordinate,
``offset`` cells behind its start, makes D = max(offset, 1) if the coordinate has D > 0; without a
point such a coordinate has D = l.

Every step is an integer operation or one IEEE 754 operation in a fixed order.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from simulations import philox
from simulations.kernels.binomial_table import binomial_table
from simulations.kernels.numpy_reference import degree_seven, negative_log
from simulations.likelihood_ratio import CELLS, TAGS, SamplingPlan

# Words that are worked on at once: about the L2 cache of one core, in lanes of 64 bits.
CHUNK = 2**16

# -log(1 - y) = y + y^2 Q(y) on [0, 1/2] to 2.5e-8 relative: Q from the constant term upwards, the
# minimax polynomial with the coefficients rounded one after the other, the rest fitted again.
SERIES = tuple(
    np.float32(float.fromhex(text))
    for text in (
        "0x1.fffec0p-2",
        "0x1.55a384p-2",
        "0x1.f313e6p-3",
        "0x1.0df6c8p-2",
        "-0x1.72282ap-3",
        "0x1.354fd8p+0",
        "-0x1.a398f6p+0",
        "0x1.6a0f20p+0",
    )
)
LOG_2 = np.float32(float.fromhex("0x1.62e430p-1"))
HALF, ONE, PER_HALF_RANGE = np.float32(0.5), np.float32(1), np.float32(2.0**-31)
LARGEST_WORD = np.int32(2**31 - 1)
# A float32's mantissa, the bits of 1/2, and the exponent field of 2^30.
MANTISSA, HALF_BITS, MANTISSA_WIDTH = np.int32(0x7FFFFF), np.int32(0x3F000000), np.int32(23)
TOP_EXPONENT = np.int32(127 + 30)
MOST_CELLS = np.float32(CELLS)

# Points are drawn with 53 bits, m/2^53 for odd m, and a gap past the end of all cells is cut.
POINT_POWER = 53
UNUSED_BITS = np.uint64(12)
LARGEST_GAP = 2.0**62


def word_log(words: NDArray[np.int32]) -> NDArray[np.float32]:
    """E = -log((2r + 1)/2^32) for words 0 <= r < 2^31, in single precision.

    With u = (2r + 1)/2^32 = 2^-e (1 - y), y in [0, 1/2], it is e log 2 - log(1 - y), two terms of
    one sign. From u = 1/2 on, e = 0 and y = 1 - u comes from 2^31 - 1 - r, so that E keeps its
    relative accuracy down to its smallest value, 2^-32.

    Parameters
    ----------
    words
        int32, not negative, any shape.

    Returns
    -------
    ndarray
        float32, nearest, with a relative error below 1.72e-7 (measured on all words).

    Examples
    --------
    >>> word_log(np.array([0, 2**30, 2**31 - 1], np.int32))
    array([2.2180710e+01, 6.9314718e-01, 2.3283064e-10], dtype=float32)
    """
    mirrored = words ^ LARGEST_WORD
    near_one = mirrored <= words
    t = np.minimum(words, mirrored).astype(np.float32) + HALF
    bits = t.view(np.int32)
    halved = ((bits & MANTISSA) | HALF_BITS).view(np.float32)
    y = np.where(near_one, t * PER_HALF_RANGE, ONE - halved)
    exponent = np.where(near_one, np.int32(0), TOP_EXPONENT - (bits >> MANTISSA_WIDTH))
    log: NDArray[np.float32] = exponent.astype(np.float32) * LOG_2 + (
        y + (y * y) * degree_seven(SERIES, y)
    )
    return log


def gaps(words: NDArray[np.uint64], cells_per_scale: np.float64) -> NDArray[np.int64]:
    """floor(c E), E = -log(u) of 64-bit words: u = m/2^53, m = 2 floor(w/2^12) + 1.

    >>> gaps(np.array([0, 2**63, 2**64 - 1], np.uint64), np.float64(1000.0))
    array([36736,   693,     0])
    """
    odd = (words >> UNUSED_BITS).astype(np.int64) * 2 + 1
    scaled = negative_log(odd, power=POINT_POWER) * cells_per_scale
    return np.minimum(scaled, LARGEST_GAP).astype(np.int64)


def fill_sums(out: NDArray[np.int64], plan: SamplingPlan, *, seed: int, first_sample: int) -> None:
    """Fill an int64 (num_samples,) buffer with the W of consecutive samples.

    Parameters
    ----------
    out
        int64, shape (num_samples,).
    plan
        The perturbation and the method.
    seed, first_sample
        As for `simulations.philox.words`.

    Raises
    ------
    ValueError
        For a seed or samples outside their sets.

    Examples
    --------
    >>> out = np.empty(3, np.int64)
    >>> plan = SamplingPlan.of([0.5] * 1000, scale=100, method="poisson")
    >>> fill_sums(out, plan, seed=1, first_sample=0)
    >>> [f"{plan.total - 2 * w:+.1e}" for w in out.tolist()]
    ['-1.7e+09', '+4.5e+08', '-4.3e+06']
    """
    philox.checked_layout(
        seed=seed, tag=0, first_sample=first_sample, num_samples=out.size, dim=plan.dim
    )
    rows = max(1, CHUNK // plan.dim)
    fill = {"direct": _direct, "poisson": _poisson, "counts": _counts}[plan.method]
    for start in range(0, out.size, rows):
        chunk = out[start : start + rows]
        chunk[...] = fill(plan, seed, first_sample + start, chunk.size)


def _words(
    plan: SamplingPlan, seed: int, purpose: str, first_sample: int, num_samples: int, dim: int
) -> NDArray[np.uint32]:
    return philox.words(
        seed=seed,
        tag=TAGS[purpose],
        first_sample=first_sample,
        num_samples=num_samples,
        dim=dim,
    )


def _direct(plan: SamplingPlan, seed: int, first: int, num_samples: int) -> NDArray[np.int64]:
    """One word for each coordinate."""
    words = _words(plan, seed, "direct", first, num_samples, plan.dim)
    lengths = plan.coordinate_lengths
    scaled = word_log(words.view(np.int32) & LARGEST_WORD) * plan.cells_per_scale
    cells = np.minimum(scaled, MOST_CELLS).astype(np.int32)
    cells = np.clip(cells, np.int32(1), lengths - np.int32(1))
    cells = np.where(words < plan.coordinate_thresholds, lengths, cells)
    cells = np.where(words < np.uint32(2**31), cells, np.int32(0))
    return cells.sum(axis=1, dtype=np.int64)


def _points(
    plan: SamplingPlan, seed: int, first: int, num_samples: int
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.uint32]]]:
    """The p-th points of all samples that have one: which samples, their cells, a spare word."""
    samples = np.arange(num_samples, dtype=np.uint64) + np.uint64(first)
    key = np.array([seed % 2**32, seed // 2**32], np.uint32)
    active = np.arange(num_samples)
    cells = np.full(num_samples, -1, np.int64)
    for p in itertools.count():
        counter = np.empty((active.size, 4), np.uint32)
        counter[:, 0] = samples[active] & philox.LOW
        counter[:, 1] = samples[active] >> philox.WIDTH
        counter[:, 2], counter[:, 3] = p, TAGS["points"]
        block = philox.philox4x32(counter, key)
        wide = block[:, 0] | block[:, 1].astype(np.uint64) << philox.WIDTH
        cells = cells + 1 + gaps(wide, plan.cells_per_scale_double)
        inside = cells < plan.total
        active, cells = active[inside], cells[inside]
        if not active.size:
            return
        yield active, cells, block[inside, 2]


def _located(
    plan: SamplingPlan, cells: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.int64], NDArray[np.int64]]:
    """For each cell its group, its coordinate, and the cells of that coordinate before it."""
    ends = np.cumsum(plan.lengths * plan.group_sizes)
    first = np.cumsum(plan.group_sizes) - plan.group_sizes
    group = np.searchsorted(ends, cells, side="right")
    inside = cells - (ends[group] - plan.lengths[group] * plan.group_sizes[group])
    index, offset = np.divmod(inside, plan.lengths[group])
    return group, first[group] + index, offset


def _poisson(plan: SamplingPlan, seed: int, first: int, num_samples: int) -> NDArray[np.int64]:
    """One bit for each coordinate, and the points."""
    words = _words(plan, seed, "signs", first, num_samples, -(-plan.dim // 32))
    place = np.arange(plan.dim)
    bits = (words[:, place // 32] >> (place % 32).astype(np.uint32)) & np.uint32(1)
    sums = (bits * plan.coordinate_lengths.astype(np.int64)).sum(axis=1)
    last = np.full(num_samples, -1, np.int64)
    for active, cells, _ in _points(plan, seed, first, num_samples):
        group, coordinate, offset = _located(plan, cells)
        taken = (coordinate != last[active]) & (bits[active, coordinate] == 1)
        sums[active] -= np.where(taken, plan.lengths[group] - np.maximum(offset, 1), 0)
        last[active] = coordinate
    return sums


def _counts(plan: SamplingPlan, seed: int, first: int, num_samples: int) -> NDArray[np.int64]:
    """The number of positive coordinates of each group, and the points."""
    pairs = _words(plan, seed, "counts", first, num_samples, 2 * len(plan.sizes)).astype(np.uint64)
    wide = pairs[:, ::2] | pairs[:, 1::2] << philox.WIDTH
    tables = [binomial_table(m) for m in plan.sizes]
    positive = np.stack([one.draw(wide[:, g]) for g, one in enumerate(tables)], axis=1)
    sums = positive @ plan.lengths
    untouched = np.tile(plan.group_sizes, (num_samples, 1))
    last = np.full(num_samples, -1, np.int64)
    for active, cells, coins in _points(plan, seed, first, num_samples):
        group, coordinate, offset = _located(plan, cells)
        new = coordinate != last[active]
        # A coin below (positive ones left)/(coordinates left), of the group's untouched ones.
        drawn = (coins.astype(np.int64) * untouched[active, group]) >> 32
        taken = new & (drawn < positive[active, group])
        sums[active] -= np.where(taken, plan.lengths[group] - np.maximum(offset, 1), 0)
        untouched[active, group] -= new
        positive[active, group] -= taken
        last[active] = coordinate
    return sums
