"""Opening a file that others made: regular, no larger than a limit, refused in one line."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from l1cert.audit.log import Problem, UnreadableLog

#: more rows, or more of them that cannot be read, are not a log
MOST_ROWS, MOST_PROBLEMS = 10_000_000, 100_000

_SNIPPET = 60


def shown(path: Path) -> str:
    """The path on one line, whatever characters its name has.

    >>> shown(Path("runs/a log.tsv"))
    'runs/a log.tsv'
    """
    text = str(path)
    return text if text.isprintable() else ascii(text)


def snippet(text: str) -> str:
    r"""At most 60 printable characters of a line; tabs become blanks.

    >>> snippet("0\t3\tthree\x00")
    '0 3 three\\x00'
    """
    start = " ".join(text[: 4 * _SNIPPET].split())
    if not start.isprintable():
        start = ascii(start)[1:-1]
    return start if len(start) <= _SNIPPET else start[: _SNIPPET - 3] + "..."


def refused(path: Path, reason: str) -> UnreadableLog:
    """The refusal of a path, as one line."""
    return UnreadableLog(f"{shown(path)}: {reason}")


@contextmanager
def opened(path: Path, limit: int) -> Iterator[BinaryIO]:
    """A regular file of at most `limit` bytes, to read from; `UnreadableLog` for anything else.

    What goes wrong while it is read is refused in the same way.
    """
    try:
        # Asked before it is opened: to open a pipe waits for somebody who writes to it.
        mode = os.stat(path).st_mode
    except OSError as error:
        raise refused(path, _why(error)) from None
    except ValueError:  # a NUL, or a character that no file name has
        raise refused(path, "is no path of a file") from None
    if not stat.S_ISREG(mode):
        raise refused(path, "is a folder" if stat.S_ISDIR(mode) else "is not a regular file")
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > limit:
                raise refused(path, f"has {size} bytes, above the largest log, {limit} bytes")
            yield file
    except OSError as error:
        raise refused(path, _why(error)) from None


def entries(path: Path) -> list[Path]:
    """What a folder holds; `UnreadableLog` if it cannot be listed."""
    try:
        return list(path.iterdir())
    except OSError as error:
        raise refused(path, _why(error)) from None


def _why(error: OSError) -> str:
    return f"cannot be read: {(error.strerror or 'unknown').lower()}"


def add(problems: list[Problem], path: Path, place: int, reason: str, text: str) -> None:
    """Note a line or a row that cannot be read; past `MOST_PROBLEMS`, the file is refused."""
    if len(problems) == MOST_PROBLEMS:
        raise refused(path, f"more than {MOST_PROBLEMS} lines cannot be read; {said(problems[0])}")
    problems.append(Problem(place, reason, snippet(text)))


def said(problem: Problem) -> str:
    """The first of many problems, for a refusal."""
    return f"the first is {problem.place}: {problem.reason}"
