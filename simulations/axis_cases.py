"""Many classifiers along axes, all at one pass over the same raw d-vectors; and a recount in 1-d.

`count_cases` draws all d coordinates of each sample once. For every case it moves the one
coordinate of that case's axis in the raw array, asks the classifier about the whole array, and puts
the coordinate back. `recount_cases` never sees a d-vector or a float: it makes the words of that
one coordinate from their counters and compares integers. Both give the same counts, bit for bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.kernels import load
from simulations.kernels.numpy_reference import laplace_from_words
from simulations.philox import (
    WORDS_PER_BLOCK,
    checked_layout,
    philox4x32,
    purpose_tag,
)
from simulations.sampling import LARGEST_SCALE, SMALLEST_SCALE, WORD_RANGE
from simulations.streaming import CHUNK_BYTES, Chunking, Progress, Ranges, share
from theory.tightness import TwoTails, WorstCase

Words = NDArray[np.uint32]

#: cA, cB and what is neither
NUM_LABELS = 3

#: samples in a chunk, at least: many calls for each would cost more than what they look at
_FEWEST_ROWS = 16

#: bytes of a chunk that comes from a device, and of one that is large for the sake of its rows
_DEVICE_BYTES = 1 << 26

_RECOUNTED = 1 << 16


@dataclass(frozen=True, slots=True)
class Case:
    """A classifier asked at x + ``shift`` along its signed axis, an l1 norm >= 0."""

    classifier: WorstCase | TwoTails
    shift: float = 0.0

    def tally(self, points: NDArray[np.float64], coins: Words) -> NDArray[np.int64]:
        """How many rows of the raw noise are cA, cB and neither, once they are moved.

        ``points`` is written to, and is as before on return.
        """
        column = points[:, self.classifier.axis]
        before = column.copy()
        column += self.classifier.sign * self.shift
        if isinstance(self.classifier, WorstCase):
            labels = np.where(self.classifier(points, coins), 0, 1)
        else:
            labels = self.classifier(points)
        column[:] = before
        return np.bincount(labels, minlength=NUM_LABELS)


@dataclass(frozen=True, slots=True)
class NoiseStream:
    """The samples that cases are asked about: which words, of which scale, how many.

    Parameters
    ----------
    scale
        lambda, in [1e-250, 1e300].
    dim
        d, in [1, 2^34].
    num_samples
        At least 1.
    seed
        In [0, 2^64).
    replica
        Streams of different numbers are independent; >= 0.

    Raises
    ------
    ValueError
        For a parameter outside its set.
    """

    scale: float
    dim: int
    num_samples: int
    seed: int
    replica: int = 0

    def __post_init__(self) -> None:
        checked_layout(
            seed=self.seed, tag=0, first_sample=0, num_samples=self.num_samples, dim=self.dim
        )
        if self.num_samples < 1:
            raise ValueError(f"num_samples = {self.num_samples} is outside [1, 2^64]")
        if not SMALLEST_SCALE <= self.scale <= LARGEST_SCALE:
            raise ValueError(f"scale = {self.scale} is outside [{SMALLEST_SCALE}, {LARGEST_SCALE}]")

    @property
    def tag(self) -> int:
        """Of the noise."""
        return purpose_tag(f"tightness/noise/d={self.dim}/{self.replica}")

    @property
    def coin_tag(self) -> int:
        """Of the coins, one word a sample: a purpose of their own, so no coordinate is a coin."""
        return purpose_tag(f"tightness/coin/d={self.dim}/{self.replica}")


def count_cases(
    cases: Sequence[Case],
    stream: NoiseStream,
    *,
    backend: str = "numba",
    threads: int | None = None,
    progress: Progress | None = None,
) -> NDArray[np.int64]:
    """How often each case says cA, cB and neither: exact counts, int64 of shape (cases, 3).

    Parameters
    ----------
    cases
        Asked about the same noise, so their counts depend on one another.
    stream
        The noise.
    backend, threads
        Speed only: "numba", "numpy" or "cuda".
    progress
        Called as progress(samples_done, num_samples), by one thread at a time.

    Raises
    ------
    ValueError
        For an axis that is no coordinate of the stream, or an unknown backend.
    MissingBackendError
        If the backend's package or device is missing.

    Examples
    --------
    >>> tails = TwoTails(axis=4, sign=-1, a_until=0.0, b_from=1.0)
    >>> stream = NoiseStream(scale=1.0, dim=7, num_samples=1000, seed=3)
    >>> count_cases([Case(tails), Case(tails, 2.0)], stream).tolist()
    [[475, 195, 330], [54, 841, 105]]
    """
    _check_axes(cases, stream.dim)
    kernels = load(backend)
    chunk_bytes = _DEVICE_BYTES if backend == "cuda" else CHUNK_BYTES
    chunking = Chunking(chunk_bytes, threads)
    few = min(_FEWEST_ROWS, Chunking(_DEVICE_BYTES).rows(np.float64, stream.dim))
    rows = max(chunking.rows(np.float64, stream.dim), few)
    rows = min(rows, stream.num_samples)
    total = np.zeros((len(cases), NUM_LABELS), np.int64)
    lock, done = threading.Lock(), 0

    def work(ranges: Ranges) -> None:
        nonlocal done
        buffer, words = np.empty((rows, stream.dim)), np.empty((rows, 1), np.uint32)
        for start, stop in ranges:
            points, coins = buffer[: stop - start], words[: stop - start]
            kernels.fill_noise(
                points,
                "laplace",
                stream.scale,
                seed=stream.seed,
                tag=stream.tag,
                first_sample=start,
            )
            kernels.fill_words(coins, seed=stream.seed, tag=stream.coin_tag, first_sample=start)
            found = [case.tally(points, coins[:, 0]) for case in cases]
            with lock:
                total[:] += found
                done += stop - start
                if progress is not None:
                    progress(done, stream.num_samples)

    share(work, num_samples=stream.num_samples, rows=rows, threads=threads)
    return total


def recount_cases(cases: Sequence[Case], stream: NoiseStream) -> NDArray[np.int64]:
    """The same counts from the words of each case's one coordinate, and its coin's, alone.

    Every event on the coordinate is a comparison of its word with an integer, found by bisection.
    Parameters, result and errors as for `count_cases`.

    >>> tails = TwoTails(axis=4, sign=-1, a_until=0.0, b_from=1.0)
    >>> stream = NoiseStream(scale=1.0, dim=7, num_samples=1000, seed=3)
    >>> recount_cases([Case(tails), Case(tails, 2.0)], stream).tolist()
    [[475, 195, 330], [54, 841, 105]]
    """
    _check_axes(cases, stream.dim)
    events = [_word_event(case, stream.scale) for case in cases]
    total = np.zeros((len(cases), NUM_LABELS), np.int64)
    for start in range(0, stream.num_samples, _RECOUNTED):
        samples = range(start, min(start + _RECOUNTED, stream.num_samples))
        coins = _coordinate(samples, 0, seed=stream.seed, tag=stream.coin_tag)
        drawn: dict[int, Words] = {}
        for number, (case, event) in enumerate(zip(cases, events, strict=True)):
            place = case.classifier.axis
            if place not in drawn:
                drawn[place] = _coordinate(samples, place, seed=stream.seed, tag=stream.tag)
            total[number] += event(drawn[place], coins)
    return total


def _check_axes(cases: Sequence[Case], dim: int) -> None:
    for case in cases:
        if not 0 <= case.classifier.axis < dim:
            raise ValueError(f"axis = {case.classifier.axis} is outside [0, dim = {dim})")


def _coordinate(samples: range, place: int, *, seed: int, tag: int) -> Words:
    """The words of one coordinate: word j mod 4 of the block with counter (i, j div 4, tag)."""
    index = np.arange(samples.start, samples.stop, dtype=np.uint64)
    counter = np.empty((len(samples), 4), np.uint32)
    counter[:, 0] = index & np.uint64(2**32 - 1)
    counter[:, 1] = index >> np.uint64(32)
    counter[:, 2] = place // WORDS_PER_BLOCK
    counter[:, 3] = tag
    key = np.array([seed % 2**32, seed // 2**32], np.uint32)
    return philox4x32(counter, key)[:, place % WORDS_PER_BLOCK]


WordEvent = Callable[[Words, Words], list[int]]


def _word_event(case: Case, scale: float) -> WordEvent:
    """The case as comparisons of words with integers: counts of cA, cB and neither."""
    classifier = case.classifier
    if isinstance(classifier, TwoTails):
        in_a = _lower_side(case, scale, classifier.a_until, closed=True)
        below_b = _lower_side(case, scale, classifier.b_from, closed=False)

        def tails(words: Words, _: Words) -> list[int]:
            a, b = in_a(words), ~below_b(words)
            return [int(np.sum(a)), int(np.sum(b & ~a)), int(np.sum(~a & ~b))]

        return tails
    heads = classifier.heads
    closed = heads is None
    edge = classifier.threshold if closed else classifier.r
    below = _lower_side(case, scale, edge, closed=closed)

    def worst(words: Words, coins: Words) -> list[int]:
        tossed = np.zeros(words.shape, bool) if heads is None else coins < np.uint64(heads)
        in_a = int(np.sum(below(words) | tossed))
        return [in_a, len(words) - in_a, 0]

    return worst


def _lower_side(
    case: Case, scale: float, edge: float, *, closed: bool
) -> Callable[[Words], NDArray[np.bool_]]:
    """{u + shift <= edge}, or < edge, u the noise along the signed axis, as an event on words."""
    sign = case.classifier.sign

    def below(word: int) -> bool:
        drawn = laplace_from_words(np.array([word], np.uint32), scale)[0]
        along = sign * (drawn + sign * case.shift)
        return bool(along <= edge if closed else along < edge)

    # draws grow with their words, and rounding the sum keeps their order
    low, high = 0, WORD_RANGE
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if below(middle) == (sign > 0) else (low, middle)
    first = np.uint64(low)
    return (lambda words: words < first) if sign > 0 else (lambda words: words >= first)
