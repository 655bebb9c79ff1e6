"""Files of results: replaced whole, written by one process at a time, read only where regular.

A reader finds the old content or the new one, never a mixture, whenever the writer is killed and
wherever the disk is full. Imports the standard library alone.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import re
import stat
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

#: on Windows, so that a line end is one byte there too
BINARY = getattr(os, "O_BINARY", 0)

#: what is being written, until it takes the name of what it replaces; the number is a process's
_UNFINISHED = re.compile(r"\.(?P<name>.+)\.(?P<process>[0-9]{1,9})\.part", re.DOTALL)

#: bytes of a name that a hidden file has in its own, which may have 255
_LONGEST_NAME = 200

#: to make a folder that others, who leave it empty, remove
_TRIES = 100

#: what a folder says in which nothing can be made
_READ_ONLY = (errno.EACCES, errno.EPERM, errno.EROFS)


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
        unfinished = _hidden(final, f"{os.getpid()}.part")
        # locked, so that nobody who cannot see this process sweeps it; another thread waits
        with io.FileIO(held(lambda: _made(unfinished), unfinished, None), "wb") as file:
            try:
                _write_through(file.fileno(), content, forced)
                if sys.platform == "win32":  # which renames no open file
                    file.close()
                os.replace(unfinished, final)
            except BaseException:
                if sys.platform == "win32":
                    file.close()
                with suppress(OSError):
                    unfinished.unlink()
                raise
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


def _hidden(final: Path, end: str) -> Path:
    """A hidden file beside another, named after it; by a digest where that would be too long."""
    return final.with_name(f".{_short(final.name)}.{end}")


def _short(name: str) -> str:
    content = os.fsencode(name)
    return name if len(content) <= _LONGEST_NAME else hashlib.sha256(content).hexdigest()


def _write_through(descriptor: int, content: bytes, forced: bool) -> None:
    os.ftruncate(descriptor, 0)  # a process of the same number may have been killed here
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    if forced:
        os.fsync(descriptor)


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
    written under another name, is removed. A file in a folder where nothing can be made has no
    lock: it can be read, and nobody replaces it.

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
        If there is no such file and none can be made, with the output's path.

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
    if (
        path is None
        or sys.platform == "win32"  # no locks, and an open file is not removed
        or (os.path.exists(path) and not os.path.isfile(path))
    ):
        yield
        return
    try:
        final = target(path)
        lock = _hidden(final, "lock")
        descriptor: int | None = held(lambda: _made_or_another_s(lock), lock, path)
    except OSError as error:
        if not _is_only_read(path, error):
            reason = f"not written: {error.strerror or error}"
            raise OSError(error.errno, reason, str(path)) from error
        descriptor = None
    if descriptor is None:
        yield
        return
    try:
        for one in (final, *beside):
            sweep(one.parent, one.name)
        yield
    finally:
        with suppress(OSError):
            # while it is held: whoever opened it meanwhile looks again; by its name, which
            # another process has by now where somebody removed ours
            if _has_the_name(descriptor, lock):
                os.unlink(lock)
        _let_go(descriptor)


@contextmanager
def made_folder(path: Path | str) -> Iterator[None]:
    """Make a folder, and those above it; what was made and is empty at the end is removed again.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    made = _make(Path(path))
    try:
        yield
    finally:
        _remove_empty(made, None)


def _make(folder: Path) -> list[Path]:
    """Make a folder; those that were not there, from the lowest."""
    made = [one for one in (folder, *folder.parents) if not os.path.lexists(one)]
    folder.mkdir(parents=True, exist_ok=True)
    return made


def _remove_empty(made: Iterable[Path], own: Path | None) -> None:
    """Remove those folders that are empty, and that nobody else holds; ``own`` is held by us."""
    for one in sorted(made, key=lambda one: len(one.parts), reverse=True):
        if one == own or sys.platform == "win32":
            with suppress(OSError):
                one.rmdir()
        else:
            _remove_unlocked(one, os.rmdir)


@contextmanager
def locked_folder(path: Path | str) -> Iterator[None]:
    """Let no other process write into this folder until the end of the block.

    Only those are kept out that ask for the same lock. The folder is made as by `made_folder`; who
    is refused leaves it to the one that holds it.

    Raises
    ------
    InUseError
        If another process holds it.
    OSError
        If it cannot be made.
    """
    folder, made = Path(path), set[Path]()
    if sys.platform == "win32":
        with made_folder(folder):
            yield
        return

    def opened() -> int:
        tries = 0
        while True:
            try:
                made.update(_make(folder))
                return os.open(folder, os.O_RDONLY)
            except (FileNotFoundError, FileExistsError):  # another may have removed it in between
                tries += 1
                if tries == _TRIES:
                    raise

    descriptor = held(opened, folder, path)
    try:
        sweep(folder)
        yield
    finally:
        _remove_empty(made, folder)  # while it is held: whoever opened it meanwhile looks again
        _let_go(descriptor)


def sweep(folder: Path, name: str | None = None) -> None:
    """Remove what killed processes left half written, of the file `name` or of any in the folder.

    A process that is still there keeps its files: one of this machine by its number, and one that
    cannot be seen from here, in another container or on another machine, by its lock on them.
    """
    if sys.platform == "win32":  # where a signal 0 is no question
        return
    with suppress(OSError):
        for one in list(folder.iterdir()):
            found = _UNFINISHED.fullmatch(one.name)
            wanted = found is not None and (name is None or _short(name) == found["name"])
            if wanted and found is not None and not _runs(int(found["process"])):
                _remove_unlocked(one, os.unlink)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _remove_unlocked(path: Path, remove: Callable[[Path], None]) -> None:
    """Remove a file or a folder that nobody has locked."""
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # another may have the name by now, and be locked; while this one is, none can take it
            if _has_the_name(descriptor, path):
                remove(path)
        finally:
            os.close(descriptor)


def _made(path: Path) -> int:
    """A descriptor of a hidden file, made if there is none."""
    only = BINARY | getattr(os, "O_NOFOLLOW", 0)
    return os.open(path, os.O_RDWR | os.O_CREAT | only, 0o666)


def _made_or_another_s(lock: Path) -> int:
    """As `_made`; of another user's file to read is enough to ask whether it is locked."""
    try:
        return _made(lock)
    except PermissionError as error:
        try:
            return os.open(lock, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
        except OSError:
            raise error from None


def _is_only_read(path: Path | str, error: OSError) -> bool:
    """Whether a file has no lock for the reason that nothing can be made beside it."""
    lock = _hidden(Path(os.path.realpath(path)), "lock")
    return error.errno in _READ_ONLY and os.path.isfile(path) and not os.path.lexists(lock)


def held(opened: Callable[[], int], place: Path, path: Path | str | None) -> int:
    """A descriptor of a file or folder, locked; it is the one that has the name.

    Parameters
    ----------
    opened
        Opens it, or makes it; called again where another has removed what it opened.
    place
        The name.
    path
        What the error calls it; None waits for another's lock instead.

    Raises
    ------
    InUseError
        If another process has locked it.
    OSError
        If it cannot be opened.
    """
    while True:
        descriptor = opened()
        try:
            _lock(descriptor, path)
            if _has_the_name(descriptor, place):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)


def _has_the_name(descriptor: int, place: Path) -> bool:
    """Whether what is open is what has the name, which whoever has let it go may have removed."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(place))
    except FileNotFoundError:
        return False


def _lock(descriptor: int, path: Path | str | None) -> None:
    """Lock an open file, without waiting if it has a path; without locks nobody is kept out."""
    if sys.platform == "win32":
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if path is None else fcntl.LOCK_NB))
    except BlockingIOError:
        raise InUseError(
            f"out = {str(path)!r} is in use: another process writes it; wait for it, or name "
            "another"
        ) from None
    except OSError:
        return


def unlock(descriptor: int) -> None:
    """Let go what `held` has locked; said, since a process that was forked has it open as well."""
    if sys.platform != "win32":
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _let_go(descriptor: int) -> None:
    unlock(descriptor)
    os.close(descriptor)
