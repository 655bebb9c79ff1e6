"""Execution: one count whatever draws it, whoever interrupts it and however it is cut."""

import contextlib
import subprocess
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulations import execution, kernels
from simulations.checkpoint import Checkpoint, CheckpointError, merge, read
from simulations.execution import Journal, Pace, default_chunk, draw_range, execute, pieces
from simulations.likelihood_ratio import METHODS, SamplingPlan
from simulations.run import Run
from tests.test_simulations.runs import (
    environment,
    python_command,
    small_run,
    stretches_of,
)


@pytest.fixture(scope="module")
def whole() -> dict[str, dict]:
    """The tally of each method's small run, drawn in one piece by the reference."""
    return {
        method: draw_range(
            small_run(method=method), 0, 5000, backend="numpy", threads=1, chunk=5000
        ).to_json()
        for method in METHODS
    }


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("backend", ["numba", "numpy"])
@pytest.mark.parametrize(("threads", "chunk"), [(1, None), (2, 999), (3, 64), (None, 1700)])
def test_the_bits_do_not_depend_on_who_draws(method, backend, threads, chunk, whole):
    with stretches_of(1777):
        state = execute(small_run(method=method), backend=backend, threads=threads, chunk=chunk)
    assert state.complete
    assert state.ranges == ((0, 5000),)
    assert state.tally.to_json() == whole[method]


@pytest.mark.parametrize("method", METHODS)
def test_the_counts_are_those_of_the_samples_one_by_one(method, whole):
    run = small_run(method=method)
    w = np.empty(5000, np.int64)
    kernels.load("numpy").fill_sums(w, run.plan, seed=run.seed, first_sample=0)
    mean = sum(w.tolist()) / 5000
    assert float(Checkpoint.empty(run).with_samples(0, 5000, _of(run, w)).tally.mean()) == mean
    assert whole[method]["first_moment"] == sum(w.tolist()) - 5000 * run.observables.centre
    assert whole[method]["maximum"] == max(w.tolist())
    assert len(set(w.tolist())) > 1000  # the run is not one of a constant


def _of(run: Run, w: np.ndarray):
    tally = run.tally()
    tally.add(w, 0)
    return tally


@pytest.mark.parametrize("number", [1, 2, 7, 40])
def test_shards_merge_to_the_whole(number, whole):
    run = small_run()
    parts = [
        execute(run, start=a, stop=b) for a, b in (run.shard(i, number) for i in range(number))
    ]
    merged = merge(parts[::-1])
    assert merged.complete
    assert merged.tally.to_json() == whole["direct"]
    assert number == 1 or not parts[0].complete


def test_a_shard_too_few_is_missed():
    run = small_run()
    parts = [execute(run, start=a, stop=b) for a, b in (run.shard(i, 5) for i in (0, 1, 3))]
    merged = merge(parts)
    assert not merged.complete
    assert merged.missing() == ((2000, 3000), (4000, 5000))
    assert merged.missing(2500, 4100) == ((2500, 3000), (4000, 4100))


def test_the_largest_run_ends(whole):
    run = small_run(num_samples=2**63)
    state = execute(run, start=2**63 - 500)
    assert state.covered == 500
    assert state.missing() == ((0, 2**63 - 500),)
    w = np.empty(500, np.int64)
    kernels.load("numpy").fill_sums(w, run.plan, seed=run.seed, first_sample=2**63 - 500)
    assert state.tally.maximum == w.max()
    assert state.tally.first_moment == sum(w.tolist()) - 500 * run.observables.centre


class Interrupted:
    """A backend that is interrupted, or fails, in its call number `at`."""

    def __init__(self, at: int, error: type[BaseException]) -> None:
        self.left, self.error = at, error
        self.lock = threading.Lock()

    def fill_sums(self, out, plan, *, seed, first_sample):
        with self.lock:
            self.left -= 1
            failing = self.left < 0
        if failing:
            raise self.error("stop here")
        kernels.load("numpy").fill_sums(out, plan, seed=seed, first_sample=first_sample)


@settings(max_examples=8)
@given(
    calls=st.lists(st.integers(0, 30), min_size=1, max_size=5),
    threads=st.sampled_from([1, 2]),
    chunk=st.integers(90, 600),
    stretch=st.integers(100, 900),
    error=st.sampled_from([KeyboardInterrupt, MemoryError, RuntimeError]),
    every=st.sampled_from([1e-9, 1000.0]),
)
def test_interrupted_anywhere_and_resumed(
    calls, threads, chunk, stretch, error, every, tmp_path_factory, whole
):
    run, path = small_run(), tmp_path_factory.mktemp("run") / "run.json"
    settings_of = {"threads": threads, "chunk": chunk, "checkpoint": path, "every": every}
    covered = 0
    for at in calls:
        backend = Interrupted(at, error)
        with stretches_of(stretch), pytest.MonkeyPatch.context() as patch:
            patch.setattr(execution, "load", lambda _, backend=backend: backend)
            with contextlib.suppress(error):
                execute(run, **settings_of)
        state = read(path, run)
        assert state.covered >= covered
        covered = state.covered
    assert execute(run, **settings_of).tally.to_json() == whole["direct"]
    assert read(path, run).tally.to_json() == whole["direct"]
    assert [one.name for one in path.parent.iterdir()] == ["run.json"]


def test_an_interrupt_in_the_middle_of_a_progress_report_keeps_the_state(tmp_path, whole):
    path = tmp_path / "run.json"
    for at in (0, 1000, 2000, 4000):

        def interrupt(done, total, at=at):
            if done > at:
                raise KeyboardInterrupt

        with stretches_of(500), pytest.raises(KeyboardInterrupt):
            execute(small_run(), checkpoint=path, progress=interrupt)
        assert read(path).covered == at + 500
    assert execute(small_run(), checkpoint=path).tally.to_json() == whole["direct"]


def test_a_resumed_run_draws_nothing_twice(tmp_path, whole, monkeypatch):
    path, drawn = tmp_path / "run.json", []
    original = execution.draw_range

    def recorded(run, start, stop, **keywords):
        drawn.append((start, stop))
        return original(run, start, stop, **keywords)

    monkeypatch.setattr(execution, "draw_range", recorded)
    run = small_run()
    for start, stop in ((1000, 2000), (3000, 3500), (0, 5000), (0, 5000)):
        state = execute(run, start=start, stop=stop, checkpoint=path)
    assert sorted(drawn) == [(0, 1000), (1000, 2000), (2000, 3000), (3000, 3500), (3500, 5000)]
    assert state.tally.to_json() == whole["direct"]


def test_progress_counts_what_was_asked_for(tmp_path):
    path, calls = tmp_path / "run.json", []
    execute(small_run(), start=0, stop=700, checkpoint=path)
    with stretches_of(400):
        execute(
            small_run(),
            start=500,
            stop=2000,
            checkpoint=path,
            progress=lambda done, total: calls.append((done, total)),
        )
    assert calls == [(200, 1500), (600, 1500), (1000, 1500), (1400, 1500), (1500, 1500)]


def test_a_run_stops_when_it_is_told(tmp_path, whole):
    path, stopping = tmp_path / "run.json", threading.Event()
    with stretches_of(1000):
        state = execute(
            small_run(),
            checkpoint=path,
            stopping=stopping,
            progress=lambda done, total: stopping.set() if done == 2000 else None,
        )
    assert state.covered == read(path).covered == 2000
    assert execute(small_run(), checkpoint=path).tally.to_json() == whole["direct"]


def test_a_foreign_checkpoint_is_neither_used_nor_replaced(tmp_path):
    path = tmp_path / "run.json"
    execute(small_run(seed=4), checkpoint=path)
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match="seed = 4, not 3"):
        execute(small_run(seed=3), checkpoint=path)
    assert path.read_bytes() == before


def test_provenance_of_everyone_who_drew(tmp_path):
    path, run = tmp_path / "run.json", small_run()
    execute(run, stop=100, checkpoint=path, provenance={"machine": "a"})
    execute(run, stop=200, checkpoint=path, provenance={"machine": "a"})
    execute(run, stop=200, checkpoint=path, provenance={"machine": "idle"})
    execute(run, checkpoint=path, provenance={"machine": "b"})
    assert list(read(path).origins) == [{"machine": "a"}, {"machine": "b"}]
    other = execute(small_run(num_samples=5000), stop=0, provenance={"machine": "c"})
    assert merge([read(path), other]).origins == ({"machine": "a"}, {"machine": "b"})


class Liar:
    """A backend that draws what no sample can be."""

    def __init__(self, value: int) -> None:
        self.value = value

    def fill_sums(self, out, plan, *, seed, first_sample):
        out[:] = self.value


@pytest.mark.parametrize(("value", "error"), [(10**12, ArithmeticError), (-1, ValueError)])
def test_a_backend_that_draws_nonsense_is_stopped(value, error, monkeypatch):
    monkeypatch.setattr(execution, "load", lambda _: Liar(value))
    with pytest.raises(error, match=str(value)):
        execute(small_run())


def _skips_a_stretch(self, start, stop, tally, original=Checkpoint.with_samples):
    return original(self, start, stop, tally) if start != 1000 else self


def _keeps_one_range(self, start, stop, tally, original=Checkpoint.with_samples):
    return Checkpoint(self.run, ((start, stop),), tally)


@pytest.mark.parametrize("mutant", [_skips_a_stretch, _keeps_one_range])
def test_mutants_of_the_journal_are_refuted(mutant, monkeypatch, whole):
    monkeypatch.setattr(Checkpoint, "with_samples", mutant)
    with stretches_of(1000):
        state = execute(small_run())
    assert not state.complete
    assert state.tally.to_json() != whole["direct"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: execute(small_run(), threads=0), "threads = 0"),
        (lambda: execute(small_run(), chunk=0), "chunk = 0"),
        (lambda: execute(small_run(), every=0), "every = 0"),
        (lambda: execute(small_run(), every=float("nan")), "every = nan"),
        (lambda: execute(small_run(), start=-1), "\\[-1, 5000\\)"),
        (lambda: execute(small_run(), stop=5001), "\\[0, 5001\\)"),
        (lambda: execute(small_run(), start=5, stop=4), "\\[5, 4\\)"),
        (lambda: execute(small_run(), backend="abacus"), "'abacus'"),
    ],
)
def test_one_line_for_a_bad_value(make, words):
    with pytest.raises(ValueError, match=words) as caught:
        make()
    assert "\n" not in str(caught.value)


def test_the_pace_follows_the_speed_within_bounds():
    pace = Pace(first=1000, seconds=2.0)
    sizes = []
    for seconds in (0.0, 8.0, 8.0, 2.0, 1e9):
        pace.learn(pace.size, seconds)
        sizes.append(pace.size)
    assert sizes == [8000, 2000, 500, 500, 62]
    for _ in range(9):
        pace.learn(1, 1e9)
    assert pace.size == 1
    assert list(pieces(((3, 3), (4, 9)), lambda: 4)) == [(4, 8), (8, 9)]


def test_chunks_are_bounded_both_ways():
    assert default_chunk(SamplingPlan.of([1] * 10**5, scale=1, method="direct"), "numba") == 512
    assert default_chunk(SamplingPlan.of([1] * 3072, scale=1, method="direct"), "numba") == 2560
    assert default_chunk(SamplingPlan.of([1], scale=1), "numba") == 2**15
    assert default_chunk(SamplingPlan.of([1], scale=1), "cuda") == 2**20


def test_a_journal_without_a_file_writes_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Journal(
        small_run(), start=0, stop=None, checkpoint=None, every=1e-9, provenance=None, progress=None
    ) as journal:
        journal.add(0, 9, draw_range(small_run(), 0, 9, backend="numpy", threads=1, chunk=9))
    assert journal.state.covered == 9
    assert not list(tmp_path.iterdir())


def test_memory_is_bounded_whatever_the_number_of_samples():
    pytest.importorskip("resource", reason="Windows measures memory otherwise")
    code = """
import resource, threading
from simulations import execution
from tests.test_simulations.runs import small_run
execution.STRETCH_SECONDS = 0.2
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
execution.execute(small_run())
before, stopping = peak(), threading.Event()
state = execution.execute(
    small_run(num_samples=2**63),
    stopping=stopping,
    progress=lambda done, total: stopping.set() if done > 12_000_000 else None,
)
assert 12_000_000 < state.covered < 2**40, state.covered
print(peak() - before)
"""
    done = subprocess.run(
        python_command(code), env=environment(), capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 60  # MiB; the samples alone would have been 92
