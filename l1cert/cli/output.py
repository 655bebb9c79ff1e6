"""What the commands share: one line for a bad value, a reader who leaves, files written whole."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import click

USAGE = 2

#: characters of an error; the start of it and its end are shown where there are more
LONGEST_LINE = 1000


@contextmanager
def usage_errors() -> Iterator[None]:
    """Show what the Python face refuses, lacks or could not compute: one line, exit code 2."""
    try:
        yield
    except (ValueError, ArithmeticError) as error:
        raise click.UsageError(str(error)) from error
    except ImportError as error:
        from simulations.kernels import MissingBackendError

        if not isinstance(error, MissingBackendError):
            raise
        raise click.UsageError(str(error)) from error


def one_line(text: str) -> str:
    r"""A text on one line that a terminal shows as it is, and not at any length.

    What a user typed is in it: no character of that moves the cursor, colours the screen or turns
    the direction of writing.

    >>> one_line("no file\n'\x1b[31m' here")
    "no file '\\x1b[31m' here"
    >>> len(one_line("9" * 5000))
    1000
    """
    words = " ".join(text.split())
    shown = "".join(one if one.isprintable() else ascii(one)[1:-1] for one in words)
    if len(shown) <= LONGEST_LINE:
        return shown
    ends = LONGEST_LINE // 4
    return f"{shown[: LONGEST_LINE - ends - 5]} ... {shown[-ends:]}"


def say(text: str) -> None:
    """Print to whoever still listens; `l1cert list | head` is no error and keeps the exit code.

    Where nothing can be printed, as on a full disk, the command goes on, keeps the files that were
    asked of it, and fails at its end.
    """
    try:
        click.echo(text)
    except BrokenPipeError:
        abandon_output()
    except OSError as error:
        abandon_output()
        click.get_current_context().call_on_close(partial(_fail, error.strerror or str(error)))


def _fail(reason: str) -> None:
    raise click.ClickException(f"the answer could not be printed: {reason}")


def abandon_output() -> None:
    """Let what is still buffered for a reader who has gone vanish in silence."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(value: Any) -> None:
    """Print JSON that any parser reads in any encoding: ASCII, no NaN, no infinity."""
    say(json.dumps(value, indent=2, allow_nan=False))


def hold(out: Path | None, *beside: Path) -> None:
    """Let no other process write a file, nor those beside it, until the command ends.

    What cannot be written is refused before the work is done, not after.
    """
    if out is None:
        return
    from simulations.files import locked

    check_writable(out)
    with usage_errors(), file_errors(out):
        click.get_current_context().with_resource(locked(out, *beside))


def hold_folder(out: Path | None) -> None:
    """As `hold`, for a folder, which is made; where it stays empty it is removed at the end."""
    if out is None:
        return
    from simulations.files import locked_folder

    check_output_folder(out)
    with usage_errors(), file_errors(out):
        click.get_current_context().with_resource(locked_folder(out))


def check_writable(path: Path) -> None:
    """Refuse a file that cannot be written before the work is done, not after."""
    if path.is_dir():
        raise click.UsageError(f"--out {str(path)!r} is a folder, a file is needed")
    if path.exists() and not path.is_file():  # a device or a pipe is not replaced
        if not os.access(path, os.W_OK):
            raise click.UsageError(f"--out {str(path)!r} cannot be written")
        return
    folder = Path(os.path.realpath(path)).parent if path.is_symlink() else path.parent
    if not folder.is_dir():
        raise click.UsageError(f"--out {str(path)!r}: there is no folder {str(folder)!r}")
    if not os.access(folder, os.W_OK):
        raise click.UsageError(f"--out {str(path)!r}: the folder cannot be written")
    if path.exists() and _is_kept_from_us(path, folder):
        raise click.UsageError(f"--out {str(path)!r} is another user's, who alone may replace it")


def _is_kept_from_us(path: Path, folder: Path) -> bool:
    """Whether only others may replace a file, as in /tmp, where everybody may make one."""
    owners = {path.stat().st_uid, folder.stat().st_uid, 0}
    sticky = bool(folder.stat().st_mode & stat.S_ISVTX)
    return sticky and hasattr(os, "geteuid") and os.geteuid() not in owners


def check_output_folder(out: Path) -> None:
    """Refuse what cannot be a folder before the work is done, not after."""
    if out.exists() and not out.is_dir():
        raise click.UsageError(f"--out {str(out)!r} is a file, a folder is needed")
    if out.is_dir() and not os.access(out, os.W_OK):
        raise click.UsageError(f"--out {str(out)!r}: the folder cannot be written")


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    from figures.saving import write_atomically

    with file_errors(path):
        write_atomically(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON as a file, whole or not at all: ASCII, no NaN, no infinity."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False) + "\n")


@contextmanager
def file_errors(path: Path) -> Iterator[None]:
    """Show a full disk or a folder without permission as one line."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise click.UsageError(f"--out {str(path)!r} cannot be written: {reason}") from error
