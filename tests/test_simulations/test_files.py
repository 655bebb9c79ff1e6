"""Files of results: pipes that never end, links in a ring, a disk that fails late, locks."""

import errno
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from figures.saving import write_atomically
from l1cert.certification.journal import Journal, JournalError
from l1cert.cli.perturbation import coordinates_of
from l1cert.reproduction.manifest import stored
from l1cert.simulation import merged, simulate_t
from simulations import files
from simulations.checkpoint import CheckpointError, read
from simulations.classifier.datasets import load
from simulations.files import InUseError, locked, locked_folder, replace_file, sweep
from tests.test_classifier.written_sets import write_cifar

pytestmark = pytest.mark.skipif(os.name == "nt", reason="pipes and locks of POSIX")


@pytest.fixture
def pipe(tmp_path):
    """A pipe that nobody writes to, or reads from: whoever opens it waits."""
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


def test_a_pipe_is_refused_and_nobody_waits_for_it(pipe, tmp_path):
    for reader, error, said in (
        (read, CheckpointError, "is no regular file"),
        (coordinates_of, ValueError, "is not a .npy array"),
        (lambda path: merged([path]), CheckpointError, "is no regular file"),
        (lambda path: stored(path, "", {}), ValueError, "is no manifest of l1cert"),
        (lambda path: Journal(path, {}), JournalError, "is no file"),
        (lambda path: write_atomically(path, b"x"), OSError, "No such device"),
        (lambda path: replace_file(path, b"x"), OSError, "not a regular file"),
    ):
        with pytest.raises(error, match=said):
            reader(pipe)
    assert pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_a_pipe_among_the_files_of_a_data_set_is_refused(tmp_path):
    write_cifar(tmp_path, "bin")
    batch = tmp_path / "cifar-10-batches-bin" / "data_batch_3.bin"
    batch.unlink()
    os.mkfifo(batch)
    with pytest.raises(ValueError, match=r"data_batch_3\.bin'?: is no regular file"):
        load("cifar10", folder=tmp_path)


def test_a_nested_manifest_is_one_line(tmp_path):
    (tmp_path / "manifest.json").write_text("[" * 100_000)
    with pytest.raises(ValueError, match="is no manifest of l1cert"):
        stored(tmp_path / "manifest.json", "", {})


def test_an_array_is_read_as_before(tmp_path):
    np.save(tmp_path / "delta.npy", np.array([[1.0, -0.5]]))
    assert coordinates_of(tmp_path / "delta.npy") == [1.0, -0.5]


def test_links_in_a_ring_are_an_os_error_and_stay(tmp_path):
    ring = tmp_path / "ring"
    ring.symlink_to(ring)
    for writer in (replace_file, write_atomically):
        with pytest.raises(OSError, match="symbolic links"):
            writer(ring, b"x")
    with pytest.raises(OSError, match="symbolic links"), locked(ring):
        pass
    assert [*tmp_path.iterdir()] == [ring] and ring.is_symlink()


def test_a_folder_that_is_not_forced_to_the_disk_is_told_as_it_is(tmp_path, monkeypatch):
    def failing(folder):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(files, "sync_folder", failing)
    with pytest.raises(OSError, match="written, but not forced to the disk: Input/output"):
        replace_file(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    replace_file(tmp_path / "a", b"newer", forced=False)
    assert (tmp_path / "a").read_bytes() == b"newer"


def test_what_a_process_that_is_gone_has_left_is_swept(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    names = [f".a.{gone.pid}.part", f".b.{gone.pid}.part", f".a.{os.getpid()}.part", ".a.x.part"]
    names += [f"a.{gone.pid}.part", f".a.{gone.pid}", ".a.1.part"]
    for name in names:
        (tmp_path / name).write_text("")
    sweep(tmp_path, "a")
    assert {one.name for one in tmp_path.iterdir()} == {*names[1:]}
    sweep(tmp_path)
    assert {one.name for one in tmp_path.iterdir()} == {*names[2:]}


def test_one_output_by_two_names_has_one_lock(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "run.json")
    with locked(tmp_path / "run.json"):
        with pytest.raises(InUseError, match="link' is in use"), locked(tmp_path / "link"):
            pass
        with locked(tmp_path / "other.json"), locked(None), locked(os.devnull), locked(os.devnull):
            assert (tmp_path / ".run.json.lock").exists()
    assert [one.name for one in tmp_path.iterdir()] == ["link"]


def test_a_lock_s_file_is_no_link_to_elsewhere(tmp_path):
    (tmp_path / ".run.json.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="not written"), locked(tmp_path / "run.json"):
        pass
    assert not (tmp_path / "elsewhere").exists()


def test_where_there_are_no_locks_nobody_is_kept_out(tmp_path, monkeypatch):
    def none(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(files.fcntl, "flock", none)
    with locked(tmp_path / "a"), locked_folder(tmp_path / "b"):
        assert (tmp_path / "b").is_dir()
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_stays_empty_is_removed_with_those_above_it(tmp_path):
    (tmp_path / "kept").mkdir()
    with suppress(KeyError), locked_folder(tmp_path / "kept" / "new" / "below"):
        raise KeyError
    assert [*tmp_path.rglob("*")] == [tmp_path / "kept"]
    with locked_folder(tmp_path / "kept" / "new"):
        (tmp_path / "kept" / "new" / "file").write_text("")
    with pytest.raises(InUseError), locked_folder(tmp_path), locked_folder(tmp_path):
        pass
    assert (tmp_path / "kept" / "new" / "file").exists()


def test_two_runs_do_not_write_one_checkpoint(tmp_path):
    out = tmp_path / "run.json"
    arguments = {"scale": 1, "num_samples": 100, "seed": 1, "backend": "numpy", "out": out}

    def second(done, total):
        with pytest.raises(InUseError, match=r"run\.json' is in use"):
            simulate_t([1], **arguments)

    assert simulate_t([1], **arguments, progress=second).state.complete
    assert [one.name for one in tmp_path.iterdir()] == ["run.json"]


def test_the_same_union_is_written_again_and_another_file_is_not(tmp_path):
    arguments = {"scale": 1, "num_samples": 100, "seed": 1, "backend": "numpy"}
    parts = [tmp_path / "0", tmp_path / "1"]
    for index, part in enumerate(parts):
        simulate_t([1], **arguments, shard=(index, 2), out=part)
    merged(parts, out=tmp_path / "all")
    whole = (tmp_path / "all").read_bytes()
    merged(parts, out=tmp_path / "all")
    assert (tmp_path / "all").read_bytes() == whole
    with pytest.raises(CheckpointError, match="is there already"):
        merged(parts[:1], out=tmp_path / "all")
    assert (tmp_path / "all").read_bytes() == whole


def test_a_journal_without_a_whole_first_line_is_not_left(tmp_path, monkeypatch):
    path = Path(tmp_path, "run")

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            Journal(path, {"n": 1})
    assert list(tmp_path.iterdir()) == []
    with Journal(path, {"n": 1}) as journal:
        journal.append({"index": 0})
        journal.drop_if_empty()
    assert path.exists()
