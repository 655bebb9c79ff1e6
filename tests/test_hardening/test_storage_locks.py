"""Two processes on one output: one of them is told so on one line, and nothing is lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from l1cert.certification import journal
from simulations import files
from tests.test_hardening.commands_harness import replaced_everywhere, snapshot
from tests.test_hardening.commands_outputs import EVERY, WRITERS, called, is_temporary, refused

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such locks")

ROOT = Path(__file__).resolve().parents[2]


def attempt(words: tuple[str, ...], out: Path) -> None:
    """What another process does first: it asks for the lock of this command's output."""
    if words == ("certify",):
        path = out.with_name("new.journal")
        with open(path, "ab", buffering=0) as file:
            journal._lock(file, path)
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
