"""The state of a run on disk: which samples are covered, and their tally.

The file is JSON. It begins with the SHA-256 of everything behind its first line, so that no byte
can change unnoticed, and it is replaced as a whole: a reader finds the last state or the one
before it, never a mixture, whenever the writer is killed and wherever the disk is full.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from simulations.files import regular_bytes, replace_file
from simulations.run import Run, canonical, difference
from simulations.tally import Tally

#: the layout of the file; another one is refused by name
FORMAT = "l1cert checkpoint 1"

Range = tuple[int, int]


class CheckpointError(ValueError):
    """A file that is not the checkpoint asked for; one line that says what is wrong with it."""


@dataclass(frozen=True)
class Checkpoint:
    """What is known of a run so far.

    Parameters
    ----------
    run : Run
        The whole run.
    ranges : tuple of (start, stop)
        The samples that are covered: ascending, apart from each other.
    tally : Tally
        The tally of exactly these samples.
    origins : tuple of dict
        The provenance of everyone who drew some of them, as JSON.

    Raises
    ------
    ValueError
        Unless the tally is one of that run and that many samples, and the ranges lie in the run.
    """

    run: Run
    ranges: tuple[Range, ...]
    tally: Tally
    origins: tuple[Mapping[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if united(self.ranges) != self.ranges:
            raise ValueError(f"ranges = {self.ranges} do not ascend apart from each other")
        if self.ranges and not 0 <= self.ranges[0][0] < self.ranges[-1][1] <= self.run.num_samples:
            raise ValueError(f"ranges = {self.ranges} are outside [0, {self.run.num_samples})")
        if (self.tally.observables, self.tally.seed) != (self.run.observables, self.run.seed):
            raise ValueError("the tally is that of another run")
        if self.tally.num_samples != self.covered:
            raise ValueError(
                f"the tally has {self.tally.num_samples} samples, the ranges {self.covered}"
            )

    @classmethod
    def empty(cls, run: Run) -> Checkpoint:
        """The run before its first sample."""
        return cls(run, (), run.tally())

    @property
    def covered(self) -> int:
        """How many samples are covered."""
        return sum(stop - start for start, stop in self.ranges)

    @property
    def complete(self) -> bool:
        """Whether all samples of the run are covered."""
        return self.covered == self.run.num_samples

    def missing(self, start: int = 0, stop: int | None = None) -> tuple[Range, ...]:
        """The ranges of samples within [start, stop) that are not covered."""
        stop = self.run.num_samples if stop is None else stop
        holes, at = [], start
        for first, last in (*self.ranges, (stop, stop)):
            if at < min(first, stop):
                holes.append((at, min(first, stop)))
            at = max(at, last)
        return tuple(holes)

    def with_samples(self, start: int, stop: int, tally: Tally) -> Checkpoint:
        """The state with the samples [start, stop) added, none of which are covered yet."""
        total = self.run.tally()
        total.merge(self.tally)
        total.merge(tally)
        return Checkpoint(self.run, united([*self.ranges, (start, stop)]), total, self.origins)

    def with_origin(self, origin: Mapping[str, Any] | None) -> Checkpoint:
        """The state with one more origin, unless it is the last one already."""
        if origin is None or (self.origins and canonical(self.origins[-1]) == canonical(origin)):
            return self
        return Checkpoint(self.run, self.ranges, self.tally, (*self.origins, origin))


def united(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The union of disjoint ranges: ascending, touching ones joined, empty ones left out.

    Raises
    ------
    ValueError
        For ranges that overlap.

    Examples
    --------
    >>> united([(5, 9), (0, 2), (2, 5), (12, 12), (20, 30)])
    ((0, 9), (20, 30))
    """
    joined: list[Range] = []
    for start, stop in sorted(one for one in ranges if one[0] != one[1]):
        if stop < start:
            raise ValueError(f"the range [{start}, {stop}) ends before it begins")
        if joined and start < joined[-1][1]:
            twice = start, min(stop, joined[-1][1])
            raise ValueError(f"samples [{twice[0]}, {twice[1]}) are there twice")
        if joined and start == joined[-1][1]:
            joined[-1] = joined[-1][0], stop
        else:
            joined.append((start, stop))
    return tuple(joined)


def merge(checkpoints: Sequence[Checkpoint], names: Sequence[str] = ()) -> Checkpoint:
    """The union of parts of one run; what it still lacks is `Checkpoint.missing`.

    Parameters
    ----------
    checkpoints : sequence of Checkpoint
        In any order.
    names : sequence of str, optional
        What errors call the parts, one for each; "part 1", "part 2", ... by default.

    Raises
    ------
    CheckpointError
        For no part at all, parts of two runs, or samples that two parts have both.
    """
    if not checkpoints:
        raise CheckpointError("there are 0 checkpoints to merge, legal are one or more")
    called = names or [f"part {i + 1}" for i in range(len(checkpoints))]
    first = checkpoints[0]
    origins: dict[str, Mapping[str, Any]] = {}
    tally = first.run.tally()
    for name, part in zip(called, checkpoints, strict=True):
        if part.run != first.run:
            other = difference(first.run, part.run)
            raise CheckpointError(f"{name} is of another run than {called[0]}: {other}")
        tally.merge(part.tally)
        origins |= {canonical(one): one for one in part.origins}
    pieces = sorted((*one, i) for i, part in enumerate(checkpoints) for one in part.ranges)
    for (_, end, i), (start, stop, j) in pairwise(pieces):
        if start < end:
            raise CheckpointError(
                f"samples [{start}, {min(stop, end)}) are both in {called[i]} and in {called[j]}"
            )
    ranges = united((start, stop) for start, stop, _ in pieces)
    return Checkpoint(first.run, ranges, tally, tuple(origins.values()))


def render(state: Checkpoint) -> bytes:
    """The bytes of the file."""
    content = {
        "format": FORMAT,
        "fingerprint": state.run.fingerprint,
        "ranges": [list(one) for one in state.ranges],
        "tally": state.tally.to_json(),
        "run": state.run.to_json(),
        "provenance": list(state.origins),
    }
    lines = ",\n".join(f'"{key}": {canonical(value)}' for key, value in content.items())
    body = f"{lines}}}\n".encode("ascii")
    return _first_line(body) + body


def _first_line(body: bytes) -> bytes:
    return b'{"sha256": "%s",\n' % hashlib.sha256(body).hexdigest().encode("ascii")


def parse(content: bytes, run: Run | None = None) -> Checkpoint:
    """The inverse of `render`; with a run, a checkpoint of another one is refused.

    Raises
    ------
    CheckpointError
        For anything that `render` did not write.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        raise CheckpointError("is not JSON: truncated, or no checkpoint") from None
    if not isinstance(data, dict) or not isinstance(data.get("format"), str):
        raise CheckpointError("is not a checkpoint")
    if data["format"] != FORMAT:
        raise CheckpointError(f"has format {data['format']!r}, legal is {FORMAT!r}")
    body = content[len(_first_line(b"")) :]
    if content != _first_line(body) + body:
        raise CheckpointError("does not have the checksum of its content: it was changed")
    try:
        found = Run.from_json(data["run"])
        if found.fingerprint != data["fingerprint"]:
            raise ValueError("the fingerprint is not that of its parameters")
        if run is None or found == run:
            tally = Tally.from_json(data["tally"], found.observables, found.seed)
            ranges = tuple((int(start), int(stop)) for start, stop in data["ranges"])
            return Checkpoint(found, ranges, tally, tuple(data["provenance"]))
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise CheckpointError(f"is not a checkpoint: {error}") from None
    raise CheckpointError(f"is of another run: {difference(run, found)}")


def read(path: Path | str, run: Run | None = None) -> Checkpoint:
    """The checkpoint in a file; with a run, a checkpoint of another one is refused.

    Raises
    ------
    CheckpointError
        One line with the path, and what is wrong: truncated, changed, of another format or run.
    OSError
        If the file cannot be read.
    """
    try:
        return parse(regular_bytes(path), run)
    except ValueError as error:
        raise CheckpointError(f"checkpoint {str(path)!r} {error}") from None


def write(path: Path | str, state: Checkpoint) -> None:
    """Replace the file by this state, as a whole and for good (`simulations.files.replace_file`).

    Raises
    ------
    OSError
        If that fails, with the checkpoint's path: what was there before is intact.
    """
    replace_file(path, render(state), "checkpoint")
