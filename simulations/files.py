"""Files of results: replaced whole, written by one process at a time, read only where regular.

A reader finds the old content or the new one, never a mixture, whenever the writer is killed and
wherever the disk is full. Imports the standard library alone.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

#: on Windows, so that a line end is one byte there too
BINARY = getattr(os, "O_BINARY", 0)

#: what is being written, until it takes the name of what it replaces; the number is a process's
_UNFINISHED = re.compile(r"\.(?P<name>.+)\.(?P<process>[0-9]{1,9})\.part", re.DOTALL)


class InUseError(ValueError):
    """An output that another process writes; one line that names it."""


def regular_bytes(path: Path | str) -> bytes:
    """All bytes of a regular file: a device or a pipe might never end.

    Raises
    ------
    ValueError
        For a device, a pipe or a socket.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> regular_bytes(os.devnull)
    Traceback (most recent call last):
        ...
    ValueError: is no regular file
    """
    mode = os.stat(path).st_mode
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise ValueError("is no regular file")
    return Path(path).read_bytes()


def replace_file(
    path: Path | str, content: bytes, what: str = "file", *, forced: bool = True
) -> None:
    """Replace a file as a whole: a reader finds the old one or the new one.

    A new file in the same folder is written, then takes the old one's name; a link keeps pointing
    where it points.

    Parameters
    ----------
    path, content
        The file, and all that is to be in it.
    what
        What errors call it.
    forced
        Whether it is on the disk when this returns, so that it outlives a failure of the power.

    Raises
    ------
    OSError
        If that fails, with the path: what was there before is intact, or, as the error then says,
        the new file is there and might not outlive a failure of the power.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     replace_file(Path(folder, "run.json"), b"{}")
    ...     [one.name for one in Path(folder).iterdir()]
    ['run.json']
    """
    try:
        final = target(path)
        if final.exists() and not final.is_file():
            raise FileExistsError(errno.EEXIST, "not a regular file")
        unfinished = final.with_name(f".{final.name}.{os.getpid()}.part")
        try:
            _write_through(unfinished, content, forced)
            os.replace(unfinished, final)
        finally:
            unfinished.unlink(missing_ok=True)
    except OSError as error:
        reason = f"{what} not written, what was there is intact: {error.strerror or error}"
        raise OSError(error.errno, reason, str(path)) from error
    if forced:
        try:
            sync_folder(final.parent)
        except OSError as error:
            reason = f"{what} written, but not forced to the disk: {error.strerror or error}"
            raise OSError(error.errno, reason, str(path)) from error


def target(path: Path | str) -> Path:
    """Where a link points in the end; OSError for links in a ring."""
    final = Path(os.path.realpath(path))
    if final.is_symlink():
        raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), str(path))
    return final


def _write_through(path: Path, content: bytes, forced: bool) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | BINARY, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        if forced:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(folder: Path) -> None:
    """Force what was renamed or made in a folder to the disk."""
    # the new name, too, has to reach the disk; Windows has no such call
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextmanager
def locked(path: Path | str | None, *beside: Path) -> Iterator[None]:
    """Let no other process write this output until the end of the block.

    The lock is the kernel's, on a hidden file beside the output, which is removed at the end: it
    ends with the process, however that ends. What a killed process has left of the files, half
    written under another name, is removed.

    Parameters
    ----------
    path
        The output; None, a device or a pipe has no lock.
    beside
        Further files that are written with it.

    Raises
    ------
    InUseError
        If another process holds it.
    OSError
        If no file can be made beside it, with the output's path.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     out = Path(folder, "run.json")
    ...     with locked(out):
    ...         try:
    ...             locked(out).__enter__()
    ...         except InUseError as error:
    ...             print(str(error).replace(folder, "FOLDER"))
    out = 'FOLDER/run.json' is in use: another process writes it; wait for it, or name another
    """
    if path is None or (os.path.exists(path) and not os.path.isfile(path)):
        yield
        return
    try:
        final = target(path)
        beside_it = final.with_name(f".{final.name}.lock")
        descriptor = _held(beside_it, path)
    except OSError as error:
        reason = f"not written: {error.strerror or error}"
        raise OSError(error.errno, reason, str(path)) from error
    try:
        for one in (final, *beside):
            sweep(one.parent, one.name)
        yield
    finally:
        with suppress(OSError):
            os.unlink(beside_it)  # while it is held: whoever opened it meanwhile looks again
        os.close(descriptor)


@contextmanager
def made_folder(path: Path | str) -> Iterator[None]:
    """Make a folder, and those above it; what was made and is empty at the end is removed again.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    folder = Path(path)
    made = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield
    finally:
        with suppress(OSError):  # of those that are not empty
            for one in made:
                one.rmdir()


@contextmanager
def locked_folder(path: Path | str) -> Iterator[None]:
    """Let no other process write into this folder until the end of the block.

    Only those are kept out that ask for the same lock. The folder is made as by `made_folder`.

    Raises
    ------
    InUseError
        If another process holds it.
    OSError
        If it cannot be made.
    """
    with made_folder(path):
        descriptor = os.open(path, os.O_RDONLY) if sys.platform != "win32" else None
        try:
            if descriptor is not None:
                _lock(descriptor, path)
            sweep(Path(path))
            yield
        finally:
            if descriptor is not None:
                os.close(descriptor)


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove what killed processes left half written, of the file `name` or of any in the folder.

    A process that is still there keeps its files.
    """
    if sys.platform == "win32":  # where a signal 0 is no question
        return
    with suppress(OSError):
        for one in list(folder.iterdir()):
            found = _UNFINISHED.fullmatch(one.name)
            wanted = found is not None and name in (None, found["name"])
            if wanted and found is not None and not _runs(int(found["process"])):
                one.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _held(beside: Path, path: Path | str) -> int:
    """A descriptor of the lock's file, locked; the file is the one that has the name."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    while True:
        descriptor = os.open(beside, flags, 0o666)
        try:
            _lock(descriptor, path)
            if os.path.samestat(os.fstat(descriptor), os.stat(beside)):
                return descriptor
        except FileNotFoundError:  # removed by whoever has just let it go
            pass
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _lock(descriptor: int, path: Path | str) -> None:
    """Lock an open file without waiting; where there are no locks, nobody is warned."""
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InUseError(
            f"out = {str(path)!r} is in use: another process writes it; wait for it, or name "
            "another"
        ) from None
    except OSError:
        return
