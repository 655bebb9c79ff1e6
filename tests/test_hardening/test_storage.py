"""Full disks, folders that cannot be written, and two processes: for every command that writes."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest

from l1cert.cli import output
from simulations import files
from tests.test_hardening.commands_disk import Disk
from tests.test_hardening.commands_harness import (
    Answer,
    leaves,
    outputs,
    replaced_everywhere,
    run,
    snapshot,
)
from tests.test_hardening.commands_outputs import (
    EVERY,
    LONG,
    WRITERS,
    called,
    essences,
    is_temporary,
    refused,
)

pytestmark = pytest.mark.skipif(os.name == "nt", reason="limits, links and locks of POSIX")

ROOT = Path(__file__).resolve().parents[2]

#: one for each way to write: a file at the end, a state now and then, a journal, a folder
WAYS = [("agreement",), ("simulate", "t"), ("certify",), ("train",), ("merge",), ("curves",)]


def test_every_command_that_writes_is_here() -> None:
    assert set(WRITERS) == {words for words, command in leaves() if outputs(command)}
    assert set(WAYS) | LONG <= set(WRITERS)
    flags = {(words, one.metavar) for words, command in leaves() for one in outputs(command)}
    assert {metavar for _, metavar in flags} == {"FILE", "DIR"}


# --- a place that cannot be written ---------------------------------------------------------


@pytest.mark.parametrize("words", EVERY)
def test_a_place_of_the_wrong_kind_is_one_line_and_nothing_is_made(
    words: tuple[str, ...], place: Path
) -> None:
    folder = WRITERS[words][1]
    (place / "out" / "file").write_text("mine")
    (place / "out" / "folder").mkdir()
    before = snapshot(place)
    wrong = ["../out/file/new", "../out/file" if folder else "../out/folder"]
    wrong += [] if folder else ["../out/absent/new", "../out/file/deep/new"]
    for out in wrong:
        refused(called(place, words, out), Path(out).parts[2])
        assert snapshot(place) == before


@contextlib.contextmanager
def without_override() -> Iterator[None]:
    """Let root be bound by permissions, as everybody else: CAP_DAC_OVERRIDE is laid aside."""
    if os.geteuid() != 0:
        yield
        return
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    data = (ctypes.c_uint32 * 6)()
    assert library.capget(header, data) == 0
    kept = data[0]
    data[0] = kept & ~0b110  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, of the effective ones
    assert library.capset(header, data) == 0
    try:
        yield
    finally:
        data[0] = kept
        assert library.capset(header, data) == 0


@pytest.mark.skipif(sys.platform != "linux" and os.geteuid() == 0, reason="root may write anywhere")
@pytest.mark.parametrize("words", EVERY)
def test_a_folder_without_permission_is_one_line(words: tuple[str, ...], place: Path) -> None:
    before = snapshot(place)
    (place / "out").chmod(0o555)
    try:
        with without_override():
            with pytest.raises(PermissionError):
                (place / "out" / "probe").write_text("")
            answer = called(place, words)
    finally:
        (place / "out").chmod(0o755)
    refused(answer, "new", "ermission denied" if "denied" in answer.err else "cannot be written")
    assert snapshot(place) == before


# --- a disk that is full --------------------------------------------------------------------


class Whole(NamedTuple):
    """What an undisturbed command leaves, and how often it asks the system to write."""

    files: dict[str, str]
    calls: int


Undisturbed = Callable[[tuple[str, ...]], Whole]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, made: Path) -> Undisturbed:
    """What an undisturbed command leaves, by its words; each is run once."""
    known: dict[tuple[str, ...], Whole] = {}

    def found(words: tuple[str, ...]) -> Whole:
        if words not in known:
            folder = tmp_path_factory.mktemp("whole")
            shutil.copytree(made, folder / "in")
            (folder / "out").mkdir()
            with Disk(None).in_place() as disk:
                answer = called(folder, words)
            assert answer.code in (0, 1, 3), answer
            known[words] = Whole(essences(folder / "out"), disk.calls)
        return known[words]

    return found


def disturbed(place: Path, words: tuple[str, ...], whole: dict[str, str], answer: Answer) -> None:
    """A disturbed command has said so; what it left is whole; the next call ends as undisturbed."""
    refused(answer, "No space left on device")
    left = sorted(path.name for path in (place / "out").rglob("*"))
    assert not any(map(is_temporary, left)), left
    if words not in PROGRESS:
        found = essences(place / "out")
        assert found.items() <= whole.items(), (found, whole)
    more = ["--resume"] if words == ("train",) else []
    with contextlib.chdir(place / "in"):
        call = WRITERS[words][0].replace("OUT", "../out/new").split()
        again = run([*words, *call, *more])
    assert again.code in (0, 1, 3), again
    assert essences(place / "out") == whole


#: commands whose output may hold a part of the work, with which the next call goes on
PROGRESS = {("simulate", "t"), ("train",), ("certify",), ("demo",), ("reproduce",)}


def full_at(place: Path, words: tuple[str, ...], whole: dict[str, str], number: int) -> None:
    with Disk(number).in_place() as disk:
        answer = called(place, words)
    assert disk.calls >= number
    disturbed(place, words, whole, answer)
    shutil.rmtree(place / "out")
    (place / "out").mkdir()


@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_a_disk_that_fills_at_some_call_costs_nothing(
    words: tuple[str, ...], place: Path, whole: Undisturbed
) -> None:
    found = whole(words)
    for number in (
        {found.calls // 2} if words == ("curves",) else {1, found.calls // 2, found.calls}
    ):
        full_at(place, words, found.files, number)


@pytest.mark.slow
@pytest.mark.parametrize("words", [words for words in WRITERS if words not in LONG], ids=" ".join)
def test_a_disk_that_fills_at_any_call_costs_nothing(
    words: tuple[str, ...], place: Path, whole: Undisturbed
) -> None:
    found = whole(words)
    assert found.calls > 2
    for number in range(1, found.calls + 1, 1 + found.calls // 60):
        full_at(place, words, found.files, number)


def test_writing_in_place_would_be_found(place: Path, whole: Undisturbed) -> None:
    """A mutant of `replace_file`: half of it is there under its own name."""

    def in_place(path: Any, content: bytes, *_: Any, **__: Any) -> None:
        descriptor = files.os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            files.os.write(descriptor, content)
        finally:
            os.close(descriptor)

    words = ("agreement",)
    with replaced_everywhere(files.replace_file, in_place), Disk(3).in_place():
        answer = called(place, words)
    with pytest.raises(AssertionError):
        disturbed(place, words, whole(words).files, answer)


@pytest.mark.parametrize(
    ("words", "number"),
    [(("agreement",), 2), (("attack",), 2), (("audit",), 1), (("curves",), 1)],
    ids=lambda one: " ".join(one) if isinstance(one, tuple) else None,
)
def test_an_answer_that_finds_no_room_is_printed_all_the_same(
    words: tuple[str, ...], number: int, place: Path
) -> None:
    with Disk(number).in_place():
        answer = called(place, words)
    refused(answer, "No space left on device")
    assert len(answer.out.splitlines()) > 3 and "kept in" not in answer.out
    assert list((place / "out").iterdir()) == []


@pytest.mark.parametrize(
    "words", [("agreement",), ("attack",), ("audit",), ("curves",)], ids=" ".join
)
def test_an_answer_that_cannot_be_printed_is_kept_all_the_same(
    words: tuple[str, ...], place: Path, whole: Undisturbed, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = whole(words).files

    def full(text: str, *, err: bool = False) -> None:
        if not err:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        print(text, file=sys.stderr)

    monkeypatch.setattr(click, "echo", full)
    monkeypatch.setattr(output, "abandon_output", lambda: None)
    refused(called(place, words), "the answer could not be printed: No space left on device")
    assert essences(place / "out").keys() == undisturbed.keys()


def test_a_full_disk_behind_standard_output_costs_no_file(tmp_path: Path) -> None:
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full here")
    command = [sys.executable, "-m", "l1cert", "verify", "theorem_2", "--rung", "derivation"]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*command, "--out", str(tmp_path / "new")],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "Error: the answer could not be printed: No space left on device\n"
    assert json.loads((tmp_path / "new").read_text())["claims"]


@contextlib.contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """The system itself refuses to write more than so many bytes into a file."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)


@pytest.mark.parametrize("words", EVERY)
@pytest.mark.parametrize("share", [0, 0.5])
def test_a_limit_of_the_system_leaves_the_old_files(
    words: tuple[str, ...], share: float, place: Path
) -> None:
    folder = WRITERS[words][1]
    old = place / "out" / "new"
    if folder and share:
        old.mkdir()
        (old / "mine.txt").write_text("mine")
    elif words in {("verify",), ("agreement",), ("attack",)}:
        old.write_text("mine")
    before = snapshot(place)
    with files_up_to(int(share * 400)):
        answer = called(place, words)
    refused(answer, "File too large")
    after = snapshot(place)
    assert not any(map(is_temporary, after))
    kept = {name: one for name, one in after.items() if name in before}
    assert kept == before
    if not share and words != ("reproduce",):  # what a step of it printed is there, to be redone
        assert after == before


IN_A_SMALL_FOLDER = """
import ctypes, json, os, sys
library = ctypes.CDLL(None, use_errno=True)
place = {place!r}
private, new_mounts, read_only, remount = 1 << 18 | 1 << 14, 0x00020000, 1, 32
def mounted(flags, data):
    return library.mount(b"none", place.encode(), b"tmpfs", flags, data)
if library.unshare(new_mounts) or library.mount(None, b"/", None, private, None):
    sys.exit(77)
if mounted(0, b"size=32k,mode=755"):
    sys.exit(77)
from tests.test_hardening.commands_harness import run, snapshot
answers = []
for filled in (True, False):
    if filled:
        with open(place + "/ballast", "wb", buffering=0) as file:
            try:
                while file.write(b"0" * 4096):
                    pass
            except OSError:
                pass
    else:
        os.unlink(place + "/ballast")
        assert mounted(remount | read_only, None) == 0
    before = snapshot(__import__("pathlib").Path(place))
    for arguments in {calls!r}:
        answer = run(arguments)
        same = snapshot(__import__("pathlib").Path(place)) == before
        answers.append([answer.code, answer.err, same])
print(json.dumps(answers))
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone mounts a folder for one process")
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_small_disk_and_one_that_is_read_only(place: Path) -> None:
    """The system's own answers: no space left, read-only file system."""
    words = [one for one in WRITERS if one not in LONG | {("reproduce",), ("report",)}]
    calls = [[*one, *WRITERS[one][0].replace("OUT", "../out/new").split()] for one in words]
    code = IN_A_SMALL_FOLDER.format(place=str(place / "out"), calls=calls)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=place / "in",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode == 77:
        pytest.skip("this system lets root mount nothing")
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout.splitlines()[-1])
    assert len(answers) == 2 * len(words)
    for one, (exit_code, said, same) in zip(2 * words, answers, strict=True):
        assert (exit_code, said.count("\n"), same) == (2, 1, True), (one, said)
        assert "No space left" in said or "Read-only" in said or "cannot be written" in said, said
