"""The same counts on Dask: blocks in any order, and a worker that is killed."""

import builtins
import os
import random
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import CancelledError

import pytest

from simulations import cluster
from simulations.checkpoint import read
from simulations.cluster import draw_block, execute_on
from simulations.execution import execute
from simulations.kernels import MissingBackendError
from tests.test_simulations.runs import environment, python_command, small_run, steady

try:
    import distributed
except ImportError:
    distributed = None

needs_dask = pytest.mark.skipif(distributed is None, reason="needs l1cert[cluster]")


class Future:
    """A block in work; it is drawn when its result is asked for."""

    def __init__(self, function, arguments) -> None:
        self.function, self.arguments = function, arguments

    def result(self):
        return self.function(*(getattr(one, "value", one) for one in self.arguments))


class Scheduler:
    """As much of Dask as a run needs, in this process: blocks are done in a random order."""

    class KilledWorker(Exception):  # noqa: N818 - Dask's name
        pass

    class comm:  # noqa: N801 - Dask's name
        class CommClosedError(OSError):
            pass

    def __init__(self, seed: int = 1, threads: int = 3) -> None:
        self.order, self.threads = random.Random(seed), threads
        self.submitted: list[tuple] = []
        self.cancelled: list[Future] = []
        self.loop = None

    def nthreads(self) -> dict:
        return {"worker": self.threads}

    def submit(self, function, *arguments, **_):
        future = Future(function, arguments)
        if function is draw_block:
            self.submitted.append(arguments[1:3])
        else:
            future.value = future.result()
        return future

    def cancel(self, futures, force):
        self.cancelled += futures

    def as_completed(self, loop):
        return Completed(self.order)


class Completed:
    """The futures added, in a random order."""

    def __init__(self, order: random.Random) -> None:
        self.order, self.waiting = order, []

    def add(self, future) -> None:
        self.waiting.append(future)

    def __next__(self):
        return self.waiting.pop(self.order.randrange(len(self.waiting)))


@pytest.fixture
def scheduler(monkeypatch) -> Scheduler:
    """Takes the place of Dask, and blocks have 300 samples."""
    here = Scheduler()
    monkeypatch.setattr(cluster, "_distributed", lambda: here)
    monkeypatch.setattr(cluster, "_client", lambda *_: _Opened(here))
    monkeypatch.setattr(cluster, "Pace", steady(300))
    return here


class _Opened:
    def __init__(self, client) -> None:
        self.client = client

    def __enter__(self):
        return self.client

    def __exit__(self, *_) -> None:
        pass


@pytest.mark.parametrize("method", ["direct", "poisson", "counts"])
@pytest.mark.parametrize("seed", [1, 2])
def test_blocks_in_any_order_are_the_run(method, seed, scheduler):
    scheduler.order.seed(seed)
    run, calls = small_run(method=method), []
    state = execute_on(run, progress=lambda *one: calls.append(one), backend="numpy")
    assert state.complete
    assert state == execute(run)
    assert sorted(scheduler.submitted) == [(i, min(i + 300, 5000)) for i in range(0, 5000, 300)]
    assert calls[0] == (0, 5000)
    assert calls[-1] == (5000, 5000)
    assert calls == sorted(calls)
    assert not scheduler.cancelled


def test_blocks_are_functions_of_their_range():
    run = small_run()
    block = draw_block(run, 100, 400, "numba", 7)
    assert block["tally"] == execute(run, start=100, stop=400).tally.to_json()
    assert block["fingerprint"] == run.fingerprint
    assert draw_block(run, 100, 400, "numpy", None)["tally"] == block["tally"]


@pytest.mark.parametrize("every", [1e-9, 1000.0])
@pytest.mark.parametrize("at", [0, 300, 2100, 4500])
def test_interrupted_and_resumed_here_or_there(at, every, tmp_path, scheduler):
    run, path = small_run(), tmp_path / "run.json"

    def interrupt(done, total):
        if done >= at:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        execute_on(run, checkpoint=path, every=every, progress=interrupt)
    assert read(path, run).covered == at
    assert at == 0 or len(scheduler.cancelled) > 0
    middle = execute(run, stop=2222, checkpoint=path)
    assert middle.covered >= max(at, 2222)
    drawn = len(scheduler.submitted)
    assert execute_on(run, checkpoint=path) == execute(run)
    assert sum(b - a for a, b in scheduler.submitted[drawn:]) == 5000 - middle.covered


def test_no_more_blocks_than_there_are_hands_for(scheduler):
    waiting = []
    original = scheduler.as_completed

    def watched(loop):
        completed = original(loop)
        add = completed.add
        completed.add = lambda one: (add(one), waiting.append(len(completed.waiting)))
        return completed

    scheduler.as_completed = watched
    execute_on(small_run())
    assert max(waiting) == cluster.BLOCKS_AHEAD * 3


def test_a_run_on_a_cluster_stops_when_it_is_told(scheduler):
    stopping = threading.Event()
    state = execute_on(
        small_run(),
        stopping=stopping,
        progress=lambda done, total: stopping.set() if done == 1500 else None,
    )
    assert state.covered == 1500
    assert scheduler.cancelled


def test_a_shard_on_a_cluster(scheduler):
    run = small_run()
    start, stop = run.shard(1, 3)
    assert execute_on(run, start=start, stop=stop) == execute(run, start=start, stop=stop)


@pytest.mark.parametrize(
    "change",
    [
        lambda block: block | {"fingerprint": "0"},
        lambda block: block | {"tally": small_run().tally().to_json()},
    ],
)
def test_a_worker_that_draws_something_else_is_refused(change, scheduler, monkeypatch):
    monkeypatch.setattr(Future, "result", _changed(change))
    with pytest.raises(RuntimeError, match="another run"):
        execute_on(small_run())


def _changed(change, original=Future.result):
    def result(self):
        value = original(self)
        return change(value) if isinstance(value, dict) else value

    return result


@pytest.mark.parametrize(
    "error", [CancelledError, Scheduler.KilledWorker, Scheduler.comm.CommClosedError]
)
def test_a_cluster_that_loses_the_run_leaves_what_was_counted(
    error, scheduler, monkeypatch, tmp_path
):
    run, path, blocks = small_run(), tmp_path / "run.json", []

    def losing(block):
        blocks.append(block)
        if len(blocks) == 5:
            raise error("gone\nfor good")
        return block

    monkeypatch.setattr(Future, "result", _changed(losing))
    with pytest.raises(ConnectionError, match="lost the run: gone for good"):
        execute_on(run, checkpoint=path, every=1000)
    assert 4 * 200 <= read(path, run).covered <= 4 * 300


def _one_short(ranges, size, original=cluster.pieces):
    for start, stop in original(ranges, size):
        yield start, stop - 1


def test_mutants_of_the_blocks_are_refuted(scheduler, monkeypatch):
    run = small_run()
    original = cluster.pieces
    monkeypatch.setattr(cluster, "pieces", lambda *one: iter([*original(*one), (4999, 5000)]))
    with pytest.raises(ValueError, match="samples \\[4999, 5000\\) are there twice"):
        execute_on(run)
    monkeypatch.setattr(cluster, "pieces", _one_short)
    state = execute_on(run)
    assert not state.complete
    assert state != execute(run)


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"workers": 0}, "workers = 0"),
        ({"chunk": 0}, "chunk = 0"),
        ({"address": "tcp://x:1", "workers": 2}, "exclude"),
        ({"backend": "abacus"}, "'abacus'"),
        ({"start": 9, "stop": 5001}, "5001"),
        ({"every": -1.0}, "every = -1"),
    ],
)
def test_one_line_for_a_bad_value(keywords, words, scheduler):
    with pytest.raises(ValueError, match=words) as caught:
        execute_on(small_run(), **keywords)
    assert "\n" not in str(caught.value)


def test_without_dask_the_error_says_what_to_install(monkeypatch):
    original = builtins.__import__

    def without(name, *arguments, **keywords):
        if name.split(".")[0] in {"dask", "distributed"}:
            raise ModuleNotFoundError(name)
        return original(name, *arguments, **keywords)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingBackendError, match=r"l1cert\[cluster\]"):
        execute_on(small_run(), workers=1)


def test_importing_needs_no_dask():
    code = "import sys, simulations.cluster\nassert not {'dask', 'distributed'} & set(sys.modules)"
    subprocess.run(python_command(code), env=environment(), check=True, timeout=60)


# --- Dask itself


@needs_dask
def test_what_the_tests_own_scheduler_raises_is_there():
    for error in (distributed.KilledWorker, distributed.comm.CommClosedError):
        assert issubclass(error, Exception)


@needs_dask
def test_a_scheduler_that_does_not_answer(monkeypatch, tmp_path):
    monkeypatch.setattr(cluster, "PATIENCE", 0.3)
    path = tmp_path / "run.json"
    for address in ("tcp://127.0.0.1:9", "nonsense://there"):
        with pytest.raises(ConnectionError, match=address) as caught:
            execute_on(small_run(), address=address, checkpoint=path)
        assert "\n" not in str(caught.value)
    assert not path.exists()


@needs_dask
def test_a_killed_worker_changes_no_count(tmp_path, monkeypatch):
    run, path = small_run(num_samples=300_000), tmp_path / "run.json"
    clients, workers, calls = [], [], []
    original = cluster._draw_blocks

    def with_client(distributed, client, *arguments):
        clients.append(client)
        original(distributed, client, *arguments)

    def kill(done, total):
        calls.append((done, total))
        if done > total // 5 and not workers:
            workers.extend(clients[0].run(os.getpid).values())
            os.kill(workers[0], signal.SIGKILL)

    monkeypatch.setattr(cluster, "_draw_blocks", with_client)
    monkeypatch.setattr(cluster, "Pace", steady(3000))
    state = execute_on(
        run, workers=2, checkpoint=path, every=0.2, progress=kill, provenance={"on": "two"}
    )
    assert len(workers) == 2
    assert os.getpid() not in workers
    assert state.complete
    assert state.tally == execute(run).tally
    assert read(path, run) == state
    assert list(state.origins) == [{"on": "two"}]
    assert (calls[0], calls[-1]) == ((0, 300_000), (300_000, 300_000))
    assert calls == sorted(calls)


@needs_dask
def test_a_scheduler_at_an_address(monkeypatch):
    # in this process: a scheduler and a worker of two threads
    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None
    ) as local:
        monkeypatch.setattr(cluster, "Pace", steady(500))
        run = small_run()
        assert execute_on(run, address=local.scheduler_address) == execute(run)
        local.scale(0)
        monkeypatch.setattr(cluster, "PATIENCE", 0.3)
        local.sync(local._correct_state)
        with pytest.raises(ConnectionError, match="no worker"):
            execute_on(run, address=local.scheduler_address)


INTERRUPTED = """
from simulations.cluster import execute_on
from tests.test_simulations.runs import small_run

def report(done, total):
    print(done, flush=True)

if __name__ == "__main__":
    execute_on(small_run(num_samples=2**40), workers=2, checkpoint={path!r}, progress=report)
"""


@needs_dask
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups")
def test_an_interrupt_of_all_processes_is_one_traceback(tmp_path):
    path = tmp_path / "run.json"
    process = subprocess.Popen(
        python_command(INTERRUPTED.format(path=str(path))),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for _ in range(4):
        process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert error.count("Traceback") == 1
    assert error.splitlines()[-1] == "KeyboardInterrupt"
    assert read(path).covered > 0
    with pytest.raises(ProcessLookupError):  # no worker is left behind
        for _ in range(200):
            os.killpg(process.pid, 0)
            time.sleep(0.05)
