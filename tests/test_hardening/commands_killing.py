"""A process that forks others, runs a command in each, and kills it at a stated moment.

A moment is a number, that of a call that writes (`Disk`), or seconds after the start. The server
imports everything once and starts no thread, so that a fork costs milliseconds.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.test_hardening.commands_disk import Disk
from tests.test_hardening.commands_harness import import_everything, run

ROOT = Path(__file__).resolve().parents[2]


class Killer:
    """The server's other end; used as a context."""

    def __enter__(self) -> Self:
        """Start it."""
        self._process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                "from tests.test_hardening.commands_killing import serve; serve()",
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"  # its imports are on nobody's clock
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it."""
        self._process.communicate(timeout=60)

    def run(
        self,
        folder: Path,
        arguments: Sequence[str],
        *,
        call: int | None = None,
        seconds: float | None = None,
    ) -> int:
        """Run a command in a folder; its exit code, or -9 if it was killed before its end."""
        asked = {"folder": str(folder), "arguments": [*arguments], "call": call, "seconds": seconds}
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


def serve() -> None:
    """Answer each line of standard input with an exit code."""
    import_everything()
    # compiled here, not in each fork
    run(["simulate", "t", "--delta", "1,0.5", "--scale", "1", "--samples", "1000", "--seed", "3"])
    print("ready", flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(_one(asked["folder"], asked["arguments"], asked["call"]))
        if asked["seconds"] is not None:
            _wait_or_kill(child, asked["seconds"])
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _one(folder: str, arguments: Sequence[str], call: int | None) -> int:
    """Run the command in this process, which is a group of its own."""
    os.setsid()
    os.chdir(folder)
    nothing = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nothing, standard)

    def kill() -> None:
        os.killpg(0, signal.SIGKILL)

    with Disk(call, kill).in_place():
        code = run(arguments).code
    return code if isinstance(code, int) else 99


def _wait_or_kill(child: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        # asked about without being reaped: its number stays its own
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            return
        time.sleep(0.001)
    try:
        os.killpg(child, signal.SIGKILL)
    except ProcessLookupError:  # before it had become a group
        os.kill(child, signal.SIGKILL)
