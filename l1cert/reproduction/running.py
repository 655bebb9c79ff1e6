"""Runs the steps into one folder, several at a time, and keeps what is done.

The manifest is written anew, whole, after every step. A step is kept by a later run if it came out
as expected, its command, the program's sources and the libraries are the same and all its files are
as it left them; otherwise it runs again. So a run may be stopped at any moment, and goes on where
it was. What another step left stays in the manifest under the same conditions, in either mode.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias

from figures.saving import write_atomically
from l1cert.provenance import available_processors, provenance
from l1cert.reproduction import manifest, pages
from l1cert.reproduction.expectations import Expectation, Results
from l1cert.reproduction.expected import Ledger, recorded
from l1cert.reproduction.manifest import Manifest, Outcome, Row
from l1cert.reproduction.steps import STEPS, Step, select
from simulations.files import locked_folder

#: exit codes of a command that ran to its end: all well, a contradiction, something undecided
_ANSWERS = (0, 1, 3)

#: what a file that says something else than it should may raise when it is read
_UNREADABLE = (ValueError, TypeError, LookupError, OSError)


#: called with a step when it starts (None), and when it is done or was done before
Progress: TypeAlias = Callable[[Step, Outcome | None], None]


def reproduce(
    out: Path | str,
    *,
    names: Iterable[str] = (),
    quick: bool = False,
    workers: int | None = None,
    progress: Progress = lambda step, outcome: None,
) -> Manifest:
    """Run the steps that are not done yet, and hold their results against the ledger.

    Parameters
    ----------
    out : path
        The folder; made if there is none. It may hold a reproduction that was stopped.
    names : iterable of str
        Steps of `l1cert.reproduction.steps.STEPS`; by default all whose packages are installed.
    quick : bool
        Fewer samples: about a minute on two processors in place of two.
    workers : int, optional
        Steps at a time, in [1, inf); by default one for each processor.
    progress : callable, optional
        Called as progress(step, None) when a step starts and as progress(step, outcome) when it is
        done, or was done before.

    Returns
    -------
    Manifest
        Also written after each step: ``manifest.json`` in the folder, and ``REPRODUCE.md``.

    Raises
    ------
    ValueError
        If a name is unknown, a number outside its set, the folder one of the program's own, or it
        holds a ``manifest.json`` that is none of ours; or another process reproduces into it.
    """
    asked = tuple(names)
    chosen = select(asked)
    left_out = {one.name: one.left_out for one in chosen if one.left_out and not asked}
    at_once = available_processors() if workers is None else workers
    if at_once < 1:
        raise ValueError(f"workers = {workers} is outside [1, inf)")
    folder = Path(out).resolve()
    if folder == manifest.ROOT or any(
        folder.is_relative_to(manifest.ROOT / name) for name in manifest.PACKAGES
    ):
        raise ValueError(f"out = {str(out)!r} holds the program's own files: legal is any other")
    with locked_folder(folder):
        run = _Run(folder, quick, recorded(), left_out)
        waiting = []
        for step in (one for one in chosen if one.name not in left_out):
            outcome = run.kept(step)
            if outcome is None:
                waiting.append(step)
            else:
                progress(step, outcome)
        run.execute(waiting, at_once, progress)
        run.save()
    return run.manifest


class _Run:
    """One call: its folder, and what the folder holds by now."""

    def __init__(
        self, folder: Path, quick: bool, ledger: Ledger, left_out: Mapping[str, str]
    ) -> None:
        self._folder, self._quick, self._ledger = folder, quick, ledger
        self._left_out = left_out
        self._origin = provenance()
        self._sources = manifest.sources()  # before the first step, which may take minutes
        stored = manifest.stored(folder / manifest.FILE, self._sources, self._origin)
        self._outcomes = {
            step.name: stored[step.name]
            for step in STEPS
            if step.name in stored and stored[step.name].files == self._sums(step)
        }

    @property
    def manifest(self) -> Manifest:
        """All that is done, in the order of the table."""
        done = [self._outcomes[step.name] for step in STEPS if step.name in self._outcomes]
        return Manifest(self._origin, self._sources, tuple(done), self._left_out)

    def kept(self, step: Step) -> Outcome | None:
        """What an earlier run of the same command left, if it came out as expected."""
        found = self._outcomes.pop(step.name, None)
        if found is None or not found.agrees or found.command != step.command(quick=self._quick):
            return None
        self._outcomes[step.name] = found
        return found

    def execute(self, steps: Sequence[Step], workers: int, progress: Progress) -> None:
        """Run the steps, in a thread of its own where an event loop runs already: a notebook."""
        work = self._execute(steps, workers, progress)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            asyncio.run(work)
            return
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(asyncio.run, work)
            try:
                done.result()
            except KeyboardInterrupt:
                self._stop()
                raise

    async def _execute(self, steps: Sequence[Step], workers: int, progress: Progress) -> None:
        """First those that need the whole machine."""
        task = asyncio.current_task()
        assert task is not None
        self._stop = partial(asyncio.get_running_loop().call_soon_threadsafe, task.cancel)
        free = asyncio.Semaphore(workers)

        async def one(step: Step) -> None:
            async with free:
                progress(step, None)
                outcome = await self._outcome(step, alive)
            self._outcomes[step.name] = outcome
            self.save()
            progress(step, outcome)

        with _pipe_until_the_end() as alive:
            for step in steps:
                if step.alone:
                    await one(step)
            await asyncio.gather(*(one(step) for step in steps if not step.alone))

    async def _outcome(self, step: Step, alive: int) -> Outcome:
        for file in step.results:
            path = self._folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
        start = time.perf_counter()
        code, errors = await self._call(step, alive)
        minutes = round((time.perf_counter() - start) / 60, 3)
        command = step.command(quick=self._quick)
        rows = tuple(self._rows(step, code, errors))
        return Outcome(step.name, command, code, minutes, self._sums(step), rows)

    async def _call(self, step: Step, alive: int) -> tuple[int, str]:
        """The exit code of the step's command, and what it said on standard error."""
        path = os.pathsep.join(filter(None, [str(manifest.ROOT), os.environ.get("PYTHONPATH")]))
        target = self._folder / step.output if step.output else Path(os.devnull)
        with target.open("wb") as printed:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",  # the folder itself is no place to import from
                *("-m", "l1cert.reproduction.child", *step.chosen(quick=self._quick)),
                cwd=self._folder,
                stdin=alive,
                stdout=printed,
                stderr=subprocess.PIPE,
                env={**os.environ, "PYTHONPATH": path},
            )
            try:
                _, errors = await process.communicate()
            finally:  # an interrupt leaves no process behind
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        assert process.returncode is not None
        return process.returncode, errors.decode(errors="replace")

    def save(self) -> None:
        """Write the manifest and its page, each whole."""
        done = self.manifest
        write_atomically(self._folder / manifest.FILE, done.dumps().encode())
        write_atomically(self._folder / pages.FILE, pages.after(done).encode())

    def _rows(self, step: Step, code: int, errors: str) -> Iterable[Row]:
        if code != 0:
            said = (errors.strip().splitlines() or [""])[-1]
            yield Row(step.name, "exit code 0", f"exit code {code} {said}".rstrip(), False)
        missing = [file for file in step.results if not (self._folder / file).is_file()]
        if missing and code == 0:
            yield Row(step.name, f"{len(step.results)} files", f"no {', '.join(missing)}", False)
        if not missing and code in _ANSWERS:
            results = Results(self._folder)
            for one in step.expectations:
                yield self._held(one, results)
            if code == 0 and not step.expectations:
                yield Row(step.name, "it ends well", "it did", True)

    def _held(self, one: Expectation, results: Results) -> Row:
        expected = one.expected(self._ledger)
        try:
            return Row(one.subject, expected, *one.obtained(results, self._ledger))
        except _UNREADABLE as error:
            said = f"unreadable: {type(error).__name__}: {' '.join(str(error).split())}"
            return Row(one.subject, expected, said, False)

    def _sums(self, step: Step) -> dict[str, str]:
        paths = {file: self._folder / file for file in step.results}
        return {
            file: hashlib.sha256(path.read_bytes()).hexdigest()
            for file, path in paths.items()
            if path.is_file()
        }


@contextmanager
def _pipe_until_the_end() -> Iterator[int]:
    """The end to read from of a pipe that is closed when this process ends, or the block does."""
    reading, writing = os.pipe()
    try:
        yield reading
    finally:
        os.close(reading)
        os.close(writing)
