"""The calls by which a command writes, counted, and disturbed at a chosen one."""

from __future__ import annotations

import contextlib
import errno
import io
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from l1cert.certification import journal
from simulations import files


def _full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class Disk:
    """The system's calls that write, in the modules that write files; one of them is disturbed.

    Parameters
    ----------
    fails_at
        Its number, from 1; that call, and every one after it, fails half way.
    fail
        How: by default as if the disk were full.
    """

    def __init__(self, fails_at: int | None, fail: Callable[[], None] | None = None) -> None:
        self.calls, self.fails_at, self.fail = 0, fails_at, fail or _full

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def count(self) -> None:
        self.calls += 1
        if self.fails_at is not None and self.calls >= self.fails_at:
            self.fail()

    def open(self, path: Any, flags: int, *mode: int) -> int:
        if flags & os.O_CREAT:
            self.count()
        return os.open(path, flags, *mode)

    def write(self, descriptor: int, content: Any) -> int:
        if self.fails_at == self.calls + 1:
            os.write(descriptor, content[: len(content) // 2])  # half of it
        self.count()
        return os.write(descriptor, content)

    def fsync(self, descriptor: int) -> None:
        self.count()
        os.fsync(descriptor)

    def replace(self, *paths: Any) -> None:
        self.count()
        os.replace(*paths)

    @contextlib.contextmanager
    def in_place(self) -> Iterator[Disk]:
        disk = self

        class Counted(io.FileIO):
            def write(self, content: Any) -> int:
                if disk.fails_at == disk.calls + 1:
                    super().write(content[: len(content) // 2])
                disk.count()
                return int(super().write(content))

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(files, "os", self)
            patch.setattr(journal, "os", self)
            patch.setattr(journal, "open", lambda path, mode, **_: Counted(path, "ab+"), False)
            yield self
