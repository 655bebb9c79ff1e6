"""A run drawn on this machine: by all threads, stretch by stretch, and resumable at any moment.

A stretch is about a second of work for all threads together. After each one the state of the run
moves on in one step, and every so often it is written down (`simulations.checkpoint`). Whatever
happens in between, an interrupt, an error, a kill, costs the stretch at hand and nothing else, and
what is resumed, sharded or merged has the same counts as a run in one piece, bit for bit.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from time import perf_counter
from types import TracebackType
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from simulations.checkpoint import Checkpoint, Range, read, write
from simulations.files import locked
from simulations.kernels import load
from simulations.likelihood_ratio import SamplingPlan
from simulations.run import Run
from simulations.streaming import Progress, Ranges, share
from simulations.tally import Tally

#: seconds of a stretch, and of a block that a cluster's worker is given
STRETCH_SECONDS = 1.0

#: seconds between two checkpoints
CHECKPOINT_SECONDS = 30.0

#: words or points drawn for a chunk, about; its samples are a multiple of the kernels' tiles
CHUNK_WORDS, TILE, LARGEST_CHUNK = 1 << 23, 512, 1 << 15

#: samples of a chunk that keep a device busy
DEVICE_CHUNK = 1 << 20


class Fill(Protocol):
    """A backend's `fill_sums`: W of samples first_sample, first_sample + 1, ... into out."""

    def __call__(
        self, out: NDArray[np.int64], plan: SamplingPlan, *, seed: int, first_sample: int
    ) -> None:
        """Fill out."""


def default_chunk(plan: SamplingPlan, backend: str) -> int:
    """Samples of a chunk: so many that calls cost nothing, so few that they fit the cache.

    >>> default_chunk(SamplingPlan.of([1], scale=1), "numba")
    32768
    """
    if backend == "cuda":
        return DEVICE_CHUNK
    words = plan.dim if plan.method == "direct" else plan.dim // 32 + 4 * (int(plan.norm) + 1)
    return max(TILE, min(LARGEST_CHUNK, CHUNK_WORDS // words // TILE * TILE))


def draw_range(
    run: Run, start: int, stop: int, *, backend: str, threads: int | None, chunk: int | None
) -> Tally:
    """The tally of samples start, ..., stop - 1: a function of these alone.

    `backend`, `threads` and `chunk` change the speed only.
    """
    fill: Fill = load(backend).fill_sums
    rows = min(chunk or default_chunk(run.plan, backend), max(stop - start, 1))
    total, lock = run.tally(), threading.Lock()

    def work(ranges: Ranges) -> None:
        buffer = np.empty(rows, np.int64)
        mine = run.tally(compiled=backend != "numpy")
        for first, last in ranges:
            w = buffer[: last - first]
            fill(w, run.plan, seed=run.seed, first_sample=start + first)
            mine.add(w, start + first)
        with lock:
            total.merge(mine)

    share(work, num_samples=stop - start, rows=rows, threads=threads)
    if total.maximum is not None and total.maximum > run.plan.total:
        raise ArithmeticError(f"backend {backend!r} drew W = {total.maximum} > {run.plan.total}")
    return total


class Pace:
    """How many samples are about `seconds` of work, from the speed of the last ones.

    >>> pace = Pace(first=100, seconds=1.0)
    >>> pace.learn(100, 0.25)
    >>> pace.size
    400
    """

    def __init__(self, first: int, seconds: float) -> None:
        self.size = first
        self._seconds = seconds

    def learn(self, samples: int, seconds: float) -> None:
        """Take note of work done; one step changes the size by no more than a factor of 8."""
        wanted = int(samples * self._seconds / max(seconds, 1e-9))
        self.size = max(1, self.size // 8, min(wanted, 8 * self.size))


class Journal:
    """The state of a run in work: read from its checkpoint, moved on, written down again.

    Used as a context: on leaving it, by whatever way, the last state is written.

    Parameters
    ----------
    run, start, stop, checkpoint, every, provenance, progress
        As for `execute`.
    """

    def __init__(
        self,
        run: Run,
        *,
        start: int,
        stop: int | None,
        checkpoint: Path | str | None,
        every: float,
        provenance: Mapping[str, Any] | None,
        progress: Progress | None,
    ) -> None:
        self.start, self.stop = checked_range(run, start, stop)
        if not every > 0:
            raise ValueError(f"every = {every} is outside (0, inf]")
        self._path, self._every, self._progress = checkpoint, every, progress
        self._written = perf_counter()
        self._stale = False
        known = checkpoint is not None and Path(checkpoint).is_file()
        self.state = read(checkpoint, run) if known and checkpoint else Checkpoint.empty(run)
        if self.missing():
            self.state = self.state.with_origin(provenance)
            self._save()  # a folder that cannot be written is known now, not hours later

    def missing(self) -> tuple[Range, ...]:
        """What is to be drawn yet."""
        return self.state.missing(self.start, self.stop)

    def add(self, start: int, stop: int, tally: Tally) -> None:
        """Move on by these samples, and write that down when the last time is long ago."""
        # one assignment: an interrupt finds the old state or the new one
        self.state, self._stale = self.state.with_samples(start, stop, tally), True
        if perf_counter() - self._written >= self._every:
            self._save()
        self.report()

    def report(self) -> None:
        """Call progress(done, total) of the samples asked for."""
        if self._progress is not None:
            total = self.stop - self.start
            self._progress(total - sum(stop - start for start, stop in self.missing()), total)

    def _save(self) -> None:
        # not tried again on the way out where it fails
        self._stale = False
        if self._path is not None:
            write(self._path, self.state)
        self._written = perf_counter()

    def __enter__(self) -> Journal:
        self.report()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._stale:
            self._save()


def checked_range(run: Run, start: int, stop: int | None) -> Range:
    """(start, stop), by default to the end of the run.

    Raises
    ------
    ValueError
        Unless 0 <= start <= stop <= num_samples.
    """
    end = run.num_samples if stop is None else stop
    if not 0 <= start <= end <= run.num_samples:
        raise ValueError(
            f"samples [{start}, {end}) are outside [0, {run.num_samples}), those of the run"
        )
    return start, end


def pieces(ranges: tuple[Range, ...], size: Callable[[], int]) -> Iterator[Range]:
    """The ranges one after the other, in pieces of at most size() samples each.

    >>> list(pieces(((0, 5), (9, 10)), lambda: 3))
    [(0, 3), (3, 5), (9, 10)]
    """
    for start, stop in ranges:
        while start < stop:
            end = min(stop, start + size())
            yield start, end
            start = end


def execute(
    run: Run,
    *,
    start: int = 0,
    stop: int | None = None,
    backend: str = "numba",
    threads: int | None = None,
    chunk: int | None = None,
    checkpoint: Path | str | None = None,
    every: float = CHECKPOINT_SECONDS,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    stopping: threading.Event | None = None,
) -> Checkpoint:
    """Draw the samples [start, stop) of a run, but for those that its checkpoint has already.

    Parameters
    ----------
    run : Run
        What is drawn and counted.
    start, stop : int
        The samples asked for, `run.shard(i, n)` for example; all of them by default.
    backend : str
        A key of `simulations.kernels.BACKENDS`.
    threads, chunk : int, optional
        Speed only; by default a thread for each core that the process may use, and chunks that fit
        its cache.
    checkpoint : path, optional
        Where the state is kept. If the file is there the run goes on from it.
    every : float
        Seconds between two checkpoints, > 0; one is always written at the end.
    provenance : mapping, optional
        JSON, added to the `origins` of the result.
    progress : callable, optional
        progress(done, total) of the samples asked for, by the calling thread: once at the start
        (done > 0 where resumed) and about every second.
    stopping : threading.Event, optional
        Once it is set, the state is written and returned within about a second.

    Returns
    -------
    Checkpoint
        What is known of the run now, samples outside [start, stop) included that the file had.

    Raises
    ------
    ValueError
        For a number outside its set.
    CheckpointError
        If the file is no checkpoint of this run: it is left as it is.
    InUseError
        If another process writes the checkpoint.
    OSError
        If a checkpoint cannot be written, with its path: an earlier one is intact.
    KeyboardInterrupt
        After the state has been written.
    MissingBackendError
        If the backend's package is not installed.

    Examples
    --------
    >>> run = Run.of(SamplingPlan.of([1, "0.5"], scale=1), seed=1, num_samples=1000)
    >>> execute(run).tally == execute(run, threads=1, chunk=7).tally
    True
    """
    for name, number in (("threads", threads), ("chunk", chunk)):
        if number is not None and number < 1:
            raise ValueError(f"{name} = {number} is outside [1, inf)")
    load(backend)
    pace = Pace(4 * (chunk or default_chunk(run.plan, backend)), STRETCH_SECONDS)
    with (
        locked(checkpoint),
        Journal(
            run,
            start=start,
            stop=stop,
            checkpoint=checkpoint,
            every=every,
            provenance=provenance,
            progress=progress,
        ) as journal,
    ):
        for first, last in pieces(journal.missing(), lambda: pace.size):
            if stopping is not None and stopping.is_set():
                break
            began = perf_counter()
            tally = draw_range(run, first, last, backend=backend, threads=threads, chunk=chunk)
            pace.learn(last - first, perf_counter() - began)
            journal.add(first, last, tally)
    return journal.state
