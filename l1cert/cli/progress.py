"""Progress of long work: a bar on standard error, and only to a person who waits for a table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

#: called with what is done, with the whole, and with what to say behind the bar
Update: TypeAlias = Callable[[int, int | None, str], None]


@contextmanager
def watched(what: str, *, quiet: bool) -> Iterator[Update | None]:
    """Hand out a function that moves a bar, or None where nobody looks.

    Parameters
    ----------
    what : str
        What is counted, such as "samples".
    quiet : bool
        Whether a program reads the output.
    """
    from rich.console import Console

    console = Console(stderr=True, highlight=False)
    if quiet or not console.is_terminal:
        yield None
        return
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    bar = Progress(
        TextColumn(what),
        *columns,
        TextColumn("{task.description}"),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=None)
        yield lambda done, total, said: bar.update(
            task, completed=done, total=total, description=said
        )


@contextmanager
def counted(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Hand out progress(done, total) for things that come at a rate, or None."""
    start = time.monotonic()
    with watched(what, quiet=quiet) as update:
        if update is None:
            yield None
            return

        def progress(done: int, total: int) -> None:
            seconds = time.monotonic() - start
            update(done, total, f"{done / seconds:.3g} a second" if seconds else "")

        yield progress
