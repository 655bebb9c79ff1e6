"""What of a run survives a kill: one line for each finished point, forced to the disk.

The first line states the parameters; each line begins with the first 16 digits of the SHA-256 of
what follows. A last line that was not finished is dropped; any other damage is refused, and so are
the points of another command. The file is locked while a process appends to it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from simulations.files import BINARY, InUseError, held, sync_folder, unlock
from simulations.run import canonical
from theory.exact import describe

NAME = "l1cert-journal"
FORMAT = f"{NAME} 1"


class JournalError(ValueError):
    """A file that is no journal of this command; one line that says what is wrong."""


class Journal:
    """The entries of a run so far, and where the next one goes.

    Parameters
    ----------
    path
        The file; made if there is none.
    parameters
        What the run is, as JSON can say it: a journal of other parameters is refused, unless it
        has no entry yet.

    Raises
    ------
    JournalError
        If the file is no journal, of other parameters, damaged before its last line, or in use.
    OSError
        If it cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with Journal(Path(folder, "run"), {"n": 100}) as journal:
    ...         journal.append({"index": 0})
    ...     with Journal(Path(folder, "run"), {"n": 100}) as journal:
    ...         journal.entries
    [{'index': 0}]
    """

    def __init__(self, path: Path, parameters: Mapping[str, Any]) -> None:
        self.path = path
        self.entries: list[dict[str, Any]] = []
        first = _line({"format": FORMAT, "parameters": dict(parameters)})
        self._file: FileIO = self._opened()
        try:
            self._file.seek(0)
            content = self._file.readall()
            # new, killed while the first line was written, or of a run that has found nothing
            if first.startswith(content) or _is_empty(content):
                self._begin(first)
            else:
                kept = self._read(content, parameters)
                if kept < len(content):
                    self._file.truncate(kept)
                    os.fsync(self._file.fileno())
        except BaseException:
            self._file.close()
            raise

    def __enter__(self) -> Self:
        """Use it until the end of the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Unlock the file and close it."""
        unlock(self._file.fileno())
        self._file.close()

    def _begin(self, first: bytes) -> None:
        self._file.truncate(0)
        try:
            self._write(first)
            sync_folder(self.path.parent)
        except OSError:
            self.drop_if_empty()
            raise

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add an entry, for good: it is on the disk when this returns."""
        self._write(_line(entry))
        self.entries.append(dict(entry))

    def _write(self, line: bytes) -> None:
        try:
            while line:
                line = line[self._file.write(line) or 0 :]
            os.fsync(self._file.fileno())
        except OSError as error:  # which says which file only where it was opened
            raise OSError(error.errno, error.strerror, str(self.path)) from None

    def drop_if_empty(self) -> None:
        """Remove the file where it has no entry: there is nothing to go on with."""
        if not self.entries:
            with suppress(OSError):
                self.path.unlink()

    def _opened(self) -> FileIO:
        """The file, made if there is none, locked."""
        try:
            descriptor = held(lambda: _regular(self.path), self.path, self.path)
        except InUseError:
            raise JournalError(
                f"journal {_shown(self.path)} is in use: another process certifies into it"
            ) from None
        # without a buffer, which would be written again on closing where a disk was full
        return FileIO(descriptor, "a+")

    def _read(self, content: bytes, parameters: Mapping[str, Any]) -> int:
        """Take over the entries; how many bytes of the content they are."""
        lines = content.splitlines(keepends=True)
        first = _parsed(lines[0])
        if first is None or first.get("format") != FORMAT:
            name = "" if first is None else str(first.get("format")).partition(" ")[0]
            kind = "another version's" if name == NAME else "no"
            raise JournalError(
                f"{_shown(self.path)} is {kind} journal of l1cert: name another --out"
            )
        theirs = first.get("parameters")
        if theirs != json.loads(canonical(dict(parameters))):
            raise JournalError(
                f"journal {_shown(self.path)} is of another command: "
                f"{_difference(parameters, theirs)}; name another --out, or remove it"
            )
        kept = len(lines[0])
        for number, line in enumerate(lines[1:], start=2):
            entry = _parsed(line)
            if entry is None and number < len(lines):
                raise JournalError(
                    f"journal {_shown(self.path)} is damaged in line {number}: name another --out"
                )
            if entry is not None:
                self.entries.append(entry)
                kept += len(line)
        return kept


def _regular(path: Path) -> int:
    """A descriptor of a file, made if there is none, to append to."""
    descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | BINARY, 0o666)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)  # a pipe might never end
    raise JournalError(f"{_shown(path)} is no file: name another --out")


def _line(entry: Mapping[str, Any]) -> bytes:
    text = canonical(entry)
    return f"{_digest(text)} {text}\n".encode("ascii")


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The entry of a whole line; None for any other."""
    try:
        digest, _, text = line.decode("ascii").partition(" ")
        if not text.endswith("\n") or digest != _digest(text[:-1]):
            return None
        entry = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _is_empty(content: bytes) -> bool:
    """Whether it is a first line of this format and nothing else."""
    first = _parsed(content)
    return first is not None and first.get("format") == FORMAT


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def _difference(ours: Mapping[str, Any], theirs: object) -> str:
    """The first parameter that differs, in words."""
    if not isinstance(theirs, Mapping):
        return "it states no parameters"
    for name in [*ours, *theirs]:
        one, other = ours.get(name), theirs.get(name)
        if one != other:
            if isinstance(one, Mapping) and isinstance(other, Mapping):
                return _difference(one, other)
            return f"its {name} is {describe(other)}, not {describe(one)}"
    return "its parameters are others"


def _shown(path: Path) -> str:
    return repr(str(path))
