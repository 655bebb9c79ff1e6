"""Work shared among threads, and events counted on a stream of chunks that fit the cache.

Counts are integers, so neither the order of the chunks nor the number of threads changes a result.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from theory.parameters import describe, to_integer

Event = Callable[[NDArray[Any]], NDArray[Any]]
Progress = Callable[[int, int], None]
Ranges = Iterator[tuple[int, int]]

# About the L2 cache of one core: fastest of 2^17, ..., 2^20 with d = 3072, alone and with events.
CHUNK_BYTES = 2**19
# More is no machine's cache, and more threads than any machine's.
MOST_CHUNK_BYTES, MOST_THREADS = 2**32, 4096
# Every thread counts them in arrays of its own.
MOST_LABELS = 2**26


def _available_threads() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Chunking:
    """How samples are cut and shared out; without influence on any result.

    Parameters
    ----------
    chunk_bytes
        Size of a chunk, in [1, 2^32]; at least one sample is in it.
    threads
        In [1, 4096]; None is one for each core that the process may use.

    Raises
    ------
    ValueError
        For a number outside its set.
    """

    chunk_bytes: int = CHUNK_BYTES
    threads: int | None = None

    def __post_init__(self) -> None:
        to_integer("chunk_bytes", self.chunk_bytes, 1, MOST_CHUNK_BYTES, "[1, 2^32]")
        if self.threads is not None:
            to_integer("threads", self.threads, 1, MOST_THREADS, f"[1, {MOST_THREADS}]")

    def rows(self, dtype: type, dim: int) -> int:
        """Samples in a chunk.

        >>> Chunking(chunk_bytes=1000).rows(np.float64, 4)
        31
        """
        return max(1, self.chunk_bytes // (np.dtype(dtype).itemsize * dim))


def share(
    work: Callable[[Ranges], None], *, num_samples: int, rows: int, threads: int | None
) -> None:
    """Call `work` in each thread on an iterator that hands out ranges (start, stop) of samples.

    Together the ranges cover 0, ..., num_samples - 1, at most `rows` each. There is no barrier: a
    thread that lost its core holds nobody up. The first error stops all threads and is raised.
    """
    lock, stopped = threading.Lock(), threading.Event()
    starts = iter(range(0, num_samples, rows))

    def ranges() -> Ranges:
        while not stopped.is_set():
            with lock:
                start = next(starts, None)
            if start is None:
                return
            yield start, min(start + rows, num_samples)

    def guarded() -> None:
        try:
            work(ranges())
        except BaseException:
            stopped.set()
            raise

    useful = min(threads or _available_threads(), -(-num_samples // rows))
    if useful <= 1:
        guarded()
        return
    with ThreadPoolExecutor(useful) as pool:
        futures = [pool.submit(guarded) for _ in range(useful)]
        try:
            for future in futures:
                future.result()
        finally:
            stopped.set()


def tally(event: Event, chunk: NDArray[Any], num_labels: int | None) -> NDArray[np.int64]:
    """How often each label, or True, occurs in a chunk of samples.

    Raises
    ------
    ValueError
        Unless the event returns shape (n,) of bool (num_labels None) or of integers in
        [0, num_labels).

    Examples
    --------
    >>> tally(lambda x: x[:, 0] > 1, np.array([[0.5, 9.0], [2.0, 0.0]]), None)
    array([1])
    """
    labels = np.asarray(event(chunk))
    kind, legal = (np.integer, "integer") if num_labels is not None else (np.bool_, "bool")
    if labels.shape != chunk.shape[:1] or not np.issubdtype(labels.dtype, kind):
        raise ValueError(
            f"the event returned dtype {labels.dtype} and shape {labels.shape}, "
            f"legal are {legal} and {chunk.shape[:1]}"
        )
    if num_labels is None:
        return np.array([np.count_nonzero(labels)], np.int64)
    outside = labels[(labels < 0) | (labels >= num_labels)]
    if outside.size:
        raise ValueError(f"the event returned the label {outside[0]}, outside [0, {num_labels})")
    return np.bincount(labels.astype(np.intp), minlength=num_labels).astype(np.int64)


def count_events(
    event: Event,
    fill: Callable[[NDArray[Any], int], None],
    dtype: type,
    *,
    num_samples: int,
    dim: int,
    num_labels: int | None,
    chunking: Chunking,
    progress: Progress | None,
) -> int | NDArray[np.int64]:
    """Fill buffers with samples, ask the event about each, add up.

    `fill(buffer, start)` writes samples start, start + 1, ... into a (n, dim) buffer of `dtype`.
    `progress(done, num_samples)` is called after each chunk, never by two threads at once.
    """
    if num_labels is not None:
        num_labels = to_integer("num_labels", num_labels, 1, MOST_LABELS, "[1, 2^26]")
    if not callable(event):
        raise TypeError(f"event = {describe(event)} is no function of samples")
    rows = min(chunking.rows(dtype, dim), max(num_samples, 1))
    total = np.zeros(1 if num_labels is None else num_labels, np.int64)
    done = 0
    lock = threading.Lock()

    def work(ranges: Ranges) -> None:
        nonlocal done
        buffer: NDArray[Any] = np.empty((rows, dim), dtype)
        for start, stop in ranges:
            chunk = buffer[: stop - start]
            fill(chunk, start)
            counts = tally(event, chunk, num_labels)
            with lock:
                total[:] += counts
                done += stop - start
                if progress is not None:
                    progress(done, num_samples)

    share(work, num_samples=num_samples, rows=rows, threads=chunking.threads)
    return int(total[0]) if num_labels is None else total
