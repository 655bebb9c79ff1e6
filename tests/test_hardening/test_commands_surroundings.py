"""Commands as processes in poor surroundings: no streams, no home, no folder, another encoding."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

from l1cert import cli

pytestmark = pytest.mark.skipif(os.name == "nt", reason="descriptors and devices of POSIX")

ROOT = Path(__file__).resolve().parents[2]

GOOD = ["radius", "--pa", "0.9", "--scale", "1"]
BAD = ["radius", "--pa", "2", "--scale", "1"]
FORMULAS = ["list"]


def ended(
    arguments: Sequence[str | bytes],
    folder: Path,
    *,
    changed: Mapping[str, str] | None = None,
    without: Sequence[str] = (),
    before: Callable[[], None] | None = None,
    stdout: str | None = None,
) -> subprocess.CompletedProcess[bytes]:
    surroundings = {**os.environ, "PYTHONPATH": str(ROOT), **(changed or {})}
    surroundings = {name: one for name, one in surroundings.items() if name not in without}
    with open(stdout or os.devnull, "wb") as device:
        done = subprocess.run(
            [sys.executable, "-m", "l1cert", *arguments],
            cwd=folder,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            stdout=device if stdout else subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=before,
            timeout=120,
        )
    said = done.stderr + (done.stdout or b"")
    assert b"Traceback" not in said and b"Exception ignored" not in said, said
    return done


def closing(*descriptors: int) -> Callable[[], None]:
    def close() -> None:
        for one in descriptors:
            os.close(one)

    return close


@pytest.mark.parametrize("descriptors", [(0,), (1,), (0, 1, 2)])
def test_closed_streams(descriptors: tuple[int, ...], tmp_path: Path) -> None:
    good = ended(GOOD, tmp_path, before=closing(*descriptors))
    assert good.returncode == 0 and (b"Theorem 2" in good.stdout) is (1 not in descriptors)


@pytest.mark.parametrize("descriptors", [(1,), (2,)])
def test_closed_streams_and_a_fault(descriptors: tuple[int, ...], tmp_path: Path) -> None:
    bad = ended(BAD, tmp_path, before=closing(*descriptors))
    assert bad.returncode == 2 and (bad.stderr[:6] == b"Error:") is (2 not in descriptors)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device here")
def test_a_full_device_as_standard_output_is_one_line(tmp_path: Path) -> None:
    done = ended(GOOD, tmp_path, stdout="/dev/full")
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: ") and done.stderr.count(b"\n") == 1


ASCII = {"LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"}


@pytest.mark.parametrize(
    "changed",
    [{**ASCII, "COLUMNS": "many", "TERM": "none"}, {"COLUMNS": "1", "LINES": "1"}],
    ids=["ascii", "narrow"],
)
def test_another_terminal(changed: dict[str, str], tmp_path: Path) -> None:
    done = ended(FORMULAS, tmp_path, changed=changed)
    assert done.returncode == 0 and b"theorem_2" in done.stdout
    if "LANG" in changed:
        assert done.stdout.isascii() and done.stderr == b""


def test_no_home_and_no_folder_for_temporary_files(tmp_path: Path) -> None:
    nowhere = {name: str(tmp_path / "nowhere") for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    simulated = ["simulate", "t", "--delta", "1", "--scale", "1", "--samples", "10"]
    for without in ((), ("HOME", "USER", "LOGNAME", "PATH")):
        done = ended(simulated, tmp_path, changed=nowhere, without=without)
        assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_working_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "gone").mkdir()

    def leave() -> None:
        os.chdir(tmp_path / "gone")
        os.rmdir(tmp_path / "gone")

    assert ended(GOOD, tmp_path, before=leave).returncode == 0
    (tmp_path / "gone").mkdir()
    done = ended(["audit", "log.tsv", "--out", "new"], tmp_path, before=leave)
    assert done.returncode == 2 and done.stderr == b"Error: the working folder is gone\n"


def test_bytes_that_are_no_text_are_a_name_like_any_other(tmp_path: Path) -> None:
    done = ended(["audit", b"\xff\xfe\x1b[31m.tsv"], tmp_path)
    assert done.returncode == 2 and done.stderr.count(b"\n") == 1
    assert b"\\x1b[31m" in done.stderr and b"\x1b" not in done.stderr


def test_no_memory_and_too_deep_are_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for error, said in ((MemoryError(), "not enough memory"), (RecursionError(), "too deeply")):

        def raising(*_: object, error: BaseException = error) -> None:
            raise error

        monkeypatch.setattr(cli.group, "invoke", raising)
        assert cli.exit_code(["list"]) == 2
        answer = capsys.readouterr()
        assert answer.out == "" and answer.err.count("\n") == 1 and said in answer.err


def test_an_argument_with_a_nul_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.exit_code(["audit", "a\0b"]) == 2
    assert capsys.readouterr().err == "Error: the argument 'a\\x00b' has a NUL character\n"
