"""Full disks, kills and interrupts: the last good checkpoint outlives them all."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from simulations.checkpoint import (
    Checkpoint,
    CheckpointError,
    read,
    render,
    write,
)
from simulations.execution import execute
from tests.test_simulations.runs import environment, python_command, small_run, tiny_run

TINY = tiny_run()


@pytest.fixture(scope="module")
def half() -> Checkpoint:
    return execute(TINY, stop=500, provenance={"commit": "abc"})


def _full(*arguments, **keywords):
    raise OSError(errno.ENOSPC, "No space left on device")


def _half_written(descriptor, content, original=os.write):
    if len(content) > 100:
        return original(descriptor, content[:100])
    raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    ("call", "failing"),
    [("write", _half_written), ("write", _full), ("fsync", _full), ("replace", _full)],
)
def test_a_full_disk_leaves_the_last_good_checkpoint(call, failing, half, tmp_path, monkeypatch):
    path = tmp_path / "run.json"
    write(path, half)
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, call, failing)
        with pytest.raises(OSError, match="what was there is intact: No space left") as caught:
            execute(TINY, checkpoint=path, every=1e-9)
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["run.json"]
    assert execute(TINY, checkpoint=path).complete


def test_a_write_in_small_pieces_is_whole(half, tmp_path, monkeypatch):
    original = os.write
    monkeypatch.setattr(os, "write", lambda fd, content: original(fd, content[:7]))
    write(tmp_path / "run.json", half)
    assert read(tmp_path / "run.json") == half


def test_a_disk_that_fills_while_the_run_goes_on(tmp_path):
    pytest.importorskip("resource", reason="Windows limits no file")
    path = tmp_path / "run.json"
    code = f"""
import resource
from simulations.execution import execute
from tests.test_simulations.runs import small_run, stretches_of
def fill(done, total):
    if done == 2000:
        # from now on a file may hold so many bytes: less than a checkpoint
        resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))
with stretches_of(500):
    execute(small_run(), checkpoint={str(path)!r}, every=1e-9, progress=fill, backend="numpy")
"""
    done = subprocess.run(
        python_command(code), env=environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert "what was there is intact" in done.stderr.splitlines()[-1]
    assert read(path).covered == 2000
    assert [one.name for one in tmp_path.iterdir()] == ["run.json"]
    assert execute(small_run(), checkpoint=path).tally == execute(small_run()).tally


@pytest.mark.parametrize("name", ["missing/run.json", "folder"])
def test_a_place_that_cannot_be_written_is_known_before_the_first_sample(
    name, tmp_path, monkeypatch
):
    (tmp_path / "folder").mkdir()
    drawn = []
    monkeypatch.setattr("simulations.execution.draw_range", lambda *_, **__: drawn.append(1))
    with pytest.raises(OSError, match="not written"):
        execute(TINY, checkpoint=tmp_path / name)
    assert not drawn


def test_a_link_keeps_pointing_where_it_points(half, tmp_path):
    (tmp_path / "data").mkdir()
    link = tmp_path / "run.json"
    link.symlink_to(tmp_path / "data" / "run.json")
    write(link, half)
    assert link.is_symlink()
    assert read(tmp_path / "data" / "run.json") == half


def _in_place(path, state):
    """A mutant of `write`: no second file."""
    with Path(path).open("wb", buffering=0) as file:
        content = render(state)
        while content:
            content = content[os.write(file.fileno(), content) :]


@pytest.mark.parametrize(("writer", "survives"), [(write, True), (_in_place, False)])
def test_writing_in_place_does_not_outlive_a_full_disk(
    writer, survives, half, tmp_path, monkeypatch
):
    path = tmp_path / "run.json"
    write(path, half)
    monkeypatch.setattr(os, "write", _half_written)
    with pytest.raises(OSError, match="No space"):
        writer(path, half)
    if survives:
        assert read(path) == half
    else:
        with pytest.raises(CheckpointError):
            read(path)


SLOW_RUN = """
from simulations.execution import execute
from tests.test_simulations.runs import small_run, stretches_of
def report(done, total):
    print(done, flush=True)
with stretches_of(20):
    execute(
        small_run(), checkpoint={path!r}, every={every}, progress=report, backend="numpy", threads=1
    )
"""


def started(path: Path, every: float) -> subprocess.Popen:
    """A process that draws the small run in 250 stretches, and says where it is."""
    return subprocess.Popen(
        python_command(SLOW_RUN.format(path=str(path), every=every)),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def lines_read(process: subprocess.Popen, number: int) -> None:
    for _ in range(number):
        process.stdout.readline()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_again_and_again(tmp_path):
    path = tmp_path / "run.json"
    kills = 0
    for lines in (2, 31, 60):
        process = started(path, every=1e-9)  # most of its time goes into writing checkpoints
        lines_read(process, lines)
        process.kill()
        process.communicate(timeout=60)
        kills += process.returncode == -signal.SIGKILL
        covered = read(path, small_run()).covered
        assert covered >= 20 * (lines - 2)
    assert kills >= 2
    assert execute(small_run(), checkpoint=path).tally == execute(small_run()).tally


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a process")
def test_an_interrupt_writes_the_state_and_goes_on_its_way(tmp_path):
    path = tmp_path / "run.json"
    process = started(path, every=1000)
    lines_read(process, 40)
    assert read(path, small_run()).covered == 0  # nothing has been written since the start
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode in (-signal.SIGINT, 128 + signal.SIGINT)
    assert error.splitlines()[-1] == "KeyboardInterrupt"
    covered = read(path, small_run()).covered
    assert 39 * 20 <= covered < 5000
    assert execute(small_run(), checkpoint=path).tally == execute(small_run()).tally
