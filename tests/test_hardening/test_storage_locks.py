"""Two processes on one output: one of them is told so on one line, and nothing is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from l1cert.certification import journal
from l1cert.cli import output
from simulations import files
from tests.test_hardening.commands_harness import replaced_everywhere, snapshot
from tests.test_hardening.commands_outputs import EVERY, WRITERS, called, is_temporary, refused

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")

ROOT = Path(__file__).resolve().parents[2]


def attempt(words: tuple[str, ...], out: Path) -> None:
    """What another process does first: it asks for the lock of this command's output."""
    if words == ("certify",):
        path = out.with_name("new.journal")
        os.close(files.held(lambda: os.open(path, os.O_RDWR | os.O_CREAT), path, path))
        return
    if words == ("figure",):
        out = out / "figure_06_methods.csv"
    elif WRITERS[words][1]:
        with files.locked_folder(out):
            return
    with files.locked(out):
        return


@contextlib.contextmanager
def taken(words: tuple[str, ...], out: Path) -> Iterator[None]:
    """The output, as it is while another process writes it."""
    if words == ("certify",):
        with journal.Journal(out.with_name("new.journal"), {"another": "run"}):
            yield
    elif words == ("figure",):
        out.mkdir()
        with files.locked(out / "figure_06_methods.csv"):
            yield
    else:
        with (files.locked_folder if WRITERS[words][1] else files.locked)(out):
            yield


@pytest.mark.parametrize("words", list(WRITERS), ids=" ".join)
def test_a_second_process_is_told_on_one_line_and_changes_nothing(
    words: tuple[str, ...], place: Path
) -> None:
    with taken(words, place / "out" / "new"):
        before = snapshot(place)
        refused(called(place, words), "in use", "new")
        assert snapshot(place) == before


@pytest.mark.parametrize("words", EVERY)
def test_while_it_writes_it_holds_its_output(words: tuple[str, ...], place: Path) -> None:
    out, tried = place / "out" / "new", []
    whole = files.replace_file

    def watched(path: Any, *others: Any, **more: Any) -> None:
        with pytest.raises(ValueError, match="in use") as caught:
            attempt(words, out)
        tried.append(str(caught.value))
        whole(path, *others, **more)

    if words in {("report",), ("reproduce",), ("verify",)}:
        pytest.importorskip("sympy")
    with replaced_everywhere(whole, watched):
        assert called(place, words).code in (0, 1, 3)
    assert tried and all("\n" not in one for one in tried)
    attempt(words, out)  # and no longer
    assert not any(map(is_temporary, snapshot(place / "out")))


HOLDER = """
import sys, time
from simulations.files import locked, locked_folder
with (locked_folder if sys.argv[2] == "folder" else locked)(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_killed_process_holds_no_lock_and_what_it_left_is_swept(
    kind: str, tmp_path: Path
) -> None:
    out = tmp_path / "new"
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(out), kind],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with holder:
        assert holder.stdout is not None and holder.stdout.readline() == "held\n"
        where = out if kind == "folder" else tmp_path
        half = where / f".new.{holder.pid}.part"
        half.write_text("half of it")
        own, other = where / f".new.{os.getpid()}.part", where / ".new.part"
        for one in (own, other):
            one.write_text("of somebody who is there")
        hold = files.locked_folder if kind == "folder" else files.locked
        with pytest.raises(files.InUseError, match="is in use: another process"), hold(out):
            pass
        assert half.exists()
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with hold(out):
        assert not half.exists() and own.exists() and other.exists()
        with pytest.raises(files.InUseError), hold(out):
            pass
    assert not (tmp_path / ".new.lock").exists()


def test_a_lock_that_is_let_go_between_opening_and_locking_is_asked_for_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else two processes could hold it: one a file that has no name any more."""
    out, whole, seen = tmp_path / "new", files._lock, []

    def unlinked_before(descriptor: int, path: Any) -> None:
        if not seen:
            seen.append(os.fstat(descriptor).st_ino)
            (tmp_path / ".new.lock").unlink()
        whole(descriptor, path)

    monkeypatch.setattr(files, "_lock", unlinked_before)
    with files.locked(out):
        assert seen
        with pytest.raises(files.InUseError), files.locked(out):
            pass


def test_a_folder_that_is_removed_between_opening_and_locking_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, whole, seen = tmp_path / "new", files._lock, []

    def removed_before(descriptor: int, path: Any) -> None:
        if not seen:
            seen.append(descriptor)
            out.rmdir()
        whole(descriptor, path)

    monkeypatch.setattr(files, "_lock", removed_before)
    with files.locked_folder(out):
        assert seen and out.is_dir()
        with pytest.raises(files.InUseError), files.locked_folder(out):
            pass
        assert out.is_dir()
    assert not out.exists()


def test_who_is_refused_does_not_remove_the_folder_that_another_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, whole = tmp_path / "new", files._lock
    with contextlib.ExitStack() as other:

        def another_first(descriptor: int, path: Any) -> None:
            monkeypatch.setattr(files, "_lock", whole)
            other.enter_context(files.locked_folder(out))
            whole(descriptor, path)

        monkeypatch.setattr(files, "_lock", another_first)
        with pytest.raises(files.InUseError), files.locked_folder(out):
            pass
        assert out.is_dir()


def test_a_lock_of_the_same_name_that_is_another_s_stays(tmp_path: Path) -> None:
    """Somebody removed the first one by hand: its end must not let a third process in."""
    out = tmp_path / "new"
    first, second = files.locked(out), files.locked(out)
    with contextlib.ExitStack() as end:
        end.enter_context(first)
        (tmp_path / ".new.lock").unlink()
        with second:
            end.close()
            with pytest.raises(files.InUseError), files.locked(out):
                pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["folder", "journal"])
def test_a_process_that_was_forked_meanwhile_does_not_keep_the_lock(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, copies = files._lock, []

    def copied(descriptor: int, path: Any) -> None:
        whole(descriptor, path)
        copies.append(os.dup(descriptor))  # as a fork would

    def hold() -> contextlib.AbstractContextManager[Any]:
        if kind == "folder":
            return files.locked_folder(tmp_path)
        return journal.Journal(tmp_path / "new.journal", {})

    monkeypatch.setattr(files, "_lock", copied)
    with hold(), pytest.raises(ValueError, match="in use"), hold():
        pass
    with hold():
        assert len(copies) == 2
    for one in copies:
        os.close(one)


def test_what_a_process_that_cannot_be_seen_writes_is_not_swept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another container its number is nobody's here."""
    whole = files._write_through

    def swept_meanwhile(*arguments: Any) -> None:
        whole(*arguments)
        files.sweep(tmp_path)

    monkeypatch.setattr(files, "_runs", lambda process: False)
    monkeypatch.setattr(files, "_write_through", swept_meanwhile)
    files.replace_file(tmp_path / "new", b"whole")
    assert (tmp_path / "new").read_bytes() == b"whole"
    (tmp_path / f".new.{os.getpid()}.part").write_text("left behind")
    files.sweep(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["new"]


def test_two_threads_that_replace_one_file_leave_one_of_the_contents(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, whole = tmp_path / "new", files._write_through
    other = threading.Thread(target=files.replace_file, args=(path, b"b" * 10))

    def overtaken(descriptor: int, content: bytes, forced: bool) -> None:
        monkeypatch.setattr(files, "_write_through", whole)
        whole(descriptor, content[:50], forced)
        other.start()
        other.join(timeout=0.2)
        os.write(descriptor, content[50:])

    monkeypatch.setattr(files, "_write_through", overtaken)
    files.replace_file(path, b"a" * 100)
    other.join()
    assert path.read_bytes() == b"b" * 10
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("length", [200, 201, 255])
def test_a_name_of_any_legal_length_can_be_locked_and_written(length: int, tmp_path: Path) -> None:
    path = tmp_path / ("n" * length)
    with files.locked(path):
        files.replace_file(path, b"whole")
        with pytest.raises(files.InUseError), files.locked(path):
            pass
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    files._hidden(path, f"{gone.pid}.part").write_text("half of it")
    with files.locked(path):
        assert len(list(tmp_path.iterdir())) == 2
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_can_only_be_read_has_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused_here(path: Path) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(files, "_made", refused_here)
    with (
        pytest.raises(OSError, match="not written: Permission denied"),
        files.locked(tmp_path / "x"),
    ):
        pass
    (tmp_path / "x").write_text("")
    with files.locked(tmp_path / "x"), files.locked(tmp_path / "x"):
        pass
    # another user's lock: of those who may only read it, too, one alone holds it
    (tmp_path / ".x.lock").touch()
    one = files.locked(tmp_path / "x")
    with one, pytest.raises(files.InUseError), files.locked(tmp_path / "x"):
        pass


def test_a_log_that_another_command_writes_is_not_certified_into(place: Path) -> None:
    with files.locked(place / "out" / "new"):
        before = snapshot(place)
        refused(called(place, ("certify",)), "in use", "new")
        assert snapshot(place) == before


@pytest.fixture
def no_folders(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let nothing be made in these folders, as the system says it of them."""

    def refuse(*closed: Path) -> None:
        def access(path: Any, mode: int) -> bool:
            return Path(path) not in closed

        monkeypatch.setattr(output.os, "access", access)

    return refuse


def test_a_device_is_written_to_where_its_folder_cannot_be(no_folders: Callable[..., None]) -> None:
    no_folders(Path(os.devnull).parent)
    output.check_writable(Path(os.devnull))
    no_folders(Path(os.devnull))
    with pytest.raises(click.UsageError, match="cannot be written"):
        output.check_writable(Path(os.devnull))


def test_of_a_link_the_folder_counts_in_which_the_file_is(
    tmp_path: Path, no_folders: Callable[..., None]
) -> None:
    for name in ("links", "files"):
        (tmp_path / name).mkdir()
    link = tmp_path / "links" / "new"
    link.symlink_to(tmp_path / "files" / "new")
    no_folders(tmp_path / "links")
    output.check_writable(link)
    no_folders(tmp_path / "files")
    with pytest.raises(click.UsageError, match="the folder cannot be written"):
        output.check_writable(link)


def test_a_file_that_only_another_user_may_replace_is_refused_before_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "new"
    path.write_text("theirs")
    tmp_path.chmod(0o777 | stat.S_ISVTX)
    output.check_writable(path)
    monkeypatch.setattr(output.os, "geteuid", lambda: path.stat().st_uid + 12345)
    output.check_writable(tmp_path / "another")
    with pytest.raises(click.UsageError, match="another user's"):
        output.check_writable(path)
    tmp_path.chmod(0o777)
    output.check_writable(path)


def test_a_sweep_does_not_take_the_file_that_has_the_name_by_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between its opening and its locking one writer may end and another begin."""
    left, whole = tmp_path / ".new.1.part", files.fcntl.flock
    left.write_text("of one that ends")

    def renewed(descriptor: int, how: int) -> None:
        monkeypatch.setattr(files.fcntl, "flock", whole)
        left.rename(tmp_path / "new")
        left.write_text("of one that begins")
        whole(descriptor, how)

    monkeypatch.setattr(files, "_runs", lambda process: False)
    monkeypatch.setattr(files.fcntl, "flock", renewed)
    files.sweep(tmp_path)
    assert left.read_text() == "of one that begins"
    files.sweep(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["new"]


@pytest.mark.parametrize("path", ["new", "above/new"])
def test_a_folder_that_is_removed_between_making_and_opening_is_made_again(
    path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out, whole = tmp_path / path, files._make

    def removed(folder: Path) -> list[Path]:
        made = whole(folder)
        monkeypatch.setattr(files, "_make", whole)
        files._remove_empty(made, None)
        return made

    monkeypatch.setattr(files, "_make", removed)
    with files.locked_folder(out):
        assert out.is_dir()
    assert not list(tmp_path.iterdir())


def test_a_folder_that_another_holds_is_not_removed_with_what_was_in_it(tmp_path: Path) -> None:
    above = tmp_path / "above"
    with contextlib.ExitStack() as other:
        with files.locked_folder(above / "new"):
            other.enter_context(files.locked_folder(above))
        assert [*tmp_path.iterdir()] == [above] and not [*above.iterdir()]
        (above / "result").write_text("of the other")
    assert (above / "result").exists()
