"""The same run on Dask: blocks of samples, drawn by whoever is there, counted once each.

A block is a pure function of the run and a range of samples. A worker that dies takes no counts
with it: its blocks are drawn again by another one and have the same bits.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from simulations.checkpoint import Checkpoint
from simulations.execution import (
    CHECKPOINT_SECONDS,
    STRETCH_SECONDS,
    Journal,
    Pace,
    default_chunk,
    draw_range,
    pieces,
)
from simulations.files import locked
from simulations.kernels import MissingBackendError, load
from simulations.run import Run
from simulations.streaming import Progress
from simulations.tally import Tally

#: blocks for each thread of the cluster at once: one in work, one waiting
BLOCKS_AHEAD = 2

#: how often a block is tried again where it raised an error, or its worker died
RETRIES = 3

#: seconds to find the scheduler, and a first worker
PATIENCE = 30


def execute_on(
    run: Run,
    *,
    address: str | None = None,
    workers: int | None = None,
    start: int = 0,
    stop: int | None = None,
    backend: str = "numba",
    chunk: int | None = None,
    checkpoint: Path | str | None = None,
    every: float = CHECKPOINT_SECONDS,
    provenance: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
    stopping: threading.Event | None = None,
) -> Checkpoint:
    """Draw the samples [start, stop) of a run on a Dask cluster: the counts are those of `execute`.

    Parameters
    ----------
    address : str, optional
        Of a scheduler; its workers have this program installed.
    workers : int, optional
        Instead: so many new processes on this machine, closed at the end; by default one for each
        core.
    run, start, stop, backend, chunk, checkpoint, every, provenance, progress, stopping
        As for `simulations.execution.execute`.

    Returns
    -------
    Checkpoint
        What is known of the run now.

    Raises
    ------
    ValueError, CheckpointError, OSError, KeyboardInterrupt
        As for `execute`; a ValueError too where both an address and workers are given.
    ConnectionError
        If there is no scheduler at the address, or no worker; if the scheduler is lost, or if
        several workers died of one block. What was counted is in the checkpoint.
    MissingBackendError
        If dask is not installed, or the backend's package here.
    """
    if address is not None and workers is not None:
        raise ValueError(f"address = {address!r} and workers = {workers} exclude each other")
    for name, number in (("workers", workers), ("chunk", chunk)):
        if number is not None and number < 1:
            raise ValueError(f"{name} = {number} is outside [1, inf)")
    load(backend)
    distributed = _distributed()
    with (
        locked(checkpoint),
        _client(distributed, address, workers) as client,
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
        try:
            _draw_blocks(distributed, client, journal, backend, chunk, stopping)
        except (
            CancelledError,
            distributed.comm.CommClosedError,
            distributed.KilledWorker,
        ) as error:
            reason = " ".join(str(error).split())
            raise ConnectionError(f"the cluster has lost the run: {reason}") from error
    return journal.state


def _draw_blocks(
    distributed: Any,
    client: Any,
    journal: Journal,
    backend: str,
    chunk: int | None,
    stopping: threading.Event | None,
) -> None:
    """Keep every worker busy with blocks of about a second until nothing is missing."""
    run = journal.state.run
    # a task of its own: the parameters travel to a worker once, and are made again where lost
    described = client.submit(Run.from_json, run.to_json(), pure=True)
    pace = Pace(4 * (chunk or default_chunk(run.plan, backend)), STRETCH_SECONDS)
    ahead = pieces(journal.missing(), lambda: pace.size)
    drawn = distributed.as_completed(loop=client.loop)
    in_work: dict[Any, tuple[int, int]] = {}

    def hand_out() -> None:
        room = BLOCKS_AHEAD * max(1, sum(client.nthreads().values()))
        while len(in_work) < room and (block := next(ahead, None)) is not None:
            future = client.submit(
                draw_block, described, *block, backend, chunk, pure=True, retries=RETRIES
            )
            in_work[future] = block
            drawn.add(future)

    try:
        hand_out()
        while in_work and not (stopping is not None and stopping.is_set()):
            future = next(drawn)
            first, last = in_work.pop(future)
            block = future.result()
            pace.learn(last - first, block["seconds"])
            tally = Tally.from_json(block["tally"], run.observables, run.seed)
            if block["fingerprint"] != run.fingerprint or tally.num_samples != last - first:
                raise RuntimeError(f"a worker drew another run than samples [{first}, {last})")
            journal.add(first, last, tally)
            hand_out()
    finally:
        client.cancel(list(in_work), force=True)


def draw_block(run: Run, start: int, stop: int, backend: str, chunk: int | None) -> dict[str, Any]:
    """What a worker does: the tally of samples start, ..., stop - 1 as JSON, and its seconds."""
    began = perf_counter()
    tally = draw_range(run, start, stop, backend=backend, threads=1, chunk=chunk)
    return {
        "fingerprint": run.fingerprint,
        "tally": tally.to_json(),
        "seconds": perf_counter() - began,
    }


@contextmanager
def _client(distributed: Any, address: str | None, workers: int | None) -> Iterator[Any]:
    """A client of the scheduler at the address, or of new processes on this machine."""
    if address is not None:
        try:
            client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ConnectionError(f"no Dask scheduler answers at {address!r}: {error}") from error
        with client:
            try:
                client.wait_for_workers(1, timeout=PATIENCE)
            except TimeoutError as error:
                raise ConnectionError(f"the scheduler at {address!r} has no worker") from error
            yield client
        return
    with (
        distributed.LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            dashboard_address=None,
            silence_logs="CRITICAL",
        ) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):
        client.register_plugin(_uninterrupted(distributed))
        yield client


def _uninterrupted(distributed: Any) -> Any:
    """A plugin of workers that leave Ctrl-C to the process that gathers their counts."""

    class Uninterrupted(distributed.WorkerPlugin):  # type: ignore[misc]
        name = "uninterrupted"

        def setup(self, worker: Any) -> None:
            # a terminal sends the signal to all its processes, and each would print a traceback
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Uninterrupted()


def _distributed() -> Any:
    try:
        import distributed
    except ImportError as error:
        raise MissingBackendError(
            "a cluster needs the packages dask and distributed: "
            "python -m pip install 'l1cert[cluster]'"
        ) from error
    return distributed
