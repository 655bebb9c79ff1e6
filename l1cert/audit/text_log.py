"""Tab-separated logs: Cohen et al.'s columns, and ours, which begin with the same.

Ours may add, each by itself: ``selected``, the class that the selection sample chose, abstained on
or not; ``p_a`` and ``p_b``, the bounds as the shortest texts of their floats, p_b empty where there
is none; ``votes``, the nonzero counts of the estimation sample as "394:99000,12:600", or as
"selected:99000,second:600,rest:400" from a program that has not kept the classes.
"""

from __future__ import annotations

import io
import math
import re
from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple, TypeAlias

import numpy as np

from l1cert.audit.log import ABSTAINED, Floats, Ints, Log, Precision, Problem
from l1cert.audit.opening import MOST_ROWS, add, opened, refused, said
from l1cert.audit.precision import DECIMAL, Printed

REQUIRED = ("idx", "label", "predict", "radius")
OPTIONAL = ("correct", "time")
#: what our own format adds to the columns of Cohen et al.
FURTHER = ("selected", "p_a", "p_b", "votes")

#: in `votes`, the classes of a log that does not say which they were; none of the rest has more
#: votes than the second
UNNAMED = ("selected", "second", "rest")

LARGEST_FILE = 1 << 28
_LONGEST_LINE, _LONGEST_NUMBER = 1 << 20, 1000

# The first bytes of files that are often taken for text.
_MAGIC = (
    (b"\x1f\x8b", "compressed by gzip"),
    (b"PK\x03\x04", "a zip archive"),
    (b"BZh", "compressed by bzip2"),
    (b"\xfd7zXZ", "compressed by xz"),
    (b"\x28\xb5\x2f\xfd", "compressed by zstd"),
    (b"\xff\xfe\x00\x00", "text in UTF-32"),
    (b"\xff\xfe", "text in UTF-16"),
    (b"\xfe\xff", "text in UTF-16"),
    (b"\x93NUMPY", "an npy file; for rs4a's format name the folder"),
)

_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_INFINITY = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE | re.ASCII)
_CLOCK = re.compile(
    r"(?:([0-9]{1,9}) days?, )?([0-9]{1,9}):([0-5][0-9]):([0-5][0-9](?:\.[0-9]{1,12})?)"
)
_FLAGS = {"1": 1, "0": 0, "true": 1, "false": 0}
_LARGEST_INTEGER = 2**63 - 1

Votes: TypeAlias = dict[int | str, int]


class _FieldError(ValueError):
    """Why a field cannot be read, without its line."""


class _Float(NamedTuple):
    value: float
    digits: re.Match[str] | None


def header(path: Path) -> frozenset[str]:
    """The names of a log's columns, in lower case.

    Raises
    ------
    UnreadableLog
        If the path is no text file, or its first line that is not blank lacks a required column.
    """
    with opened(path, LARGEST_FILE) as file:
        return frozenset(_columns(path, _numbered_lines(path, file)))


def read_text(path: Path, kind: Literal["cohen", "l1cert"], record: Mapping[str, Any]) -> Log:
    r"""Read a tab-separated log of either kind; every line that cannot be read is a `Problem`.

    Columns may come in any order, names in any case; unknown ones are ignored, `FURTHER` ones too
    unless the kind is l1cert. Lines end in "\n", "\r\n" or "\r", and may be blank.

    Raises
    ------
    UnreadableLog
        If the file is no such text, above 2^28 bytes, or no line of it can be read.
    """
    known = REQUIRED + OPTIONAL + (FURTHER if kind == "l1cert" else ())
    problems: list[Problem] = []
    with opened(path, LARGEST_FILE) as file:
        lines = _numbered_lines(path, file)
        columns = _columns(path, lines)
        table = _Table([name for name in known if name in columns])
        for place, line in lines:
            if not line.strip():
                continue
            if len(line) > _LONGEST_LINE:
                add(problems, path, place, f"longer than {_LONGEST_LINE} characters", line)
                continue
            try:
                table.add(place, _fields(line, columns))
            except _FieldError as error:
                add(problems, path, place, str(error), line)
            if len(table) > MOST_ROWS:
                raise refused(path, f"has more than {MOST_ROWS} rows")
    if len(table) == 0:
        found = f"none of its lines can be read; {said(problems[0])}" if problems else "has no rows"
        raise refused(path, found)
    return table.log(path, kind, tuple(problems), record)


def _numbered_lines(path: Path, file: BinaryIO) -> Iterator[tuple[int, str]]:
    """Lines from 1 on; of one that is too long, its beginning and one character too many.

    A byte that is not UTF-8 stays in sight as an escape, which no number holds.
    """
    start = file.read(8)
    file.seek(0)
    for magic, what in _MAGIC:
        if start.startswith(magic):
            raise refused(path, f"is {what}, no plain text")
    number = length = 0
    with io.TextIOWrapper(file, "utf-8-sig", errors="backslashreplace", newline=None) as text:
        while line := text.readline(_LONGEST_LINE + 1):
            number += 1
            length += len(line)
            rest = line
            while len(rest) > _LONGEST_LINE and not rest.endswith("\n"):
                rest = text.readline(_LONGEST_LINE + 1)
                length += len(rest)
                _check_length(path, length)
            _check_length(path, length)
            yield number, line
    if number == 0:
        raise refused(path, "is empty")


def _check_length(path: Path, length: int) -> None:
    """A file may grow while it is read, or not know its size; an escape has four characters."""
    if length > 4 * LARGEST_FILE:
        raise refused(path, f"goes on beyond {LARGEST_FILE} bytes")


def _columns(path: Path, lines: Iterator[tuple[int, str]]) -> list[str]:
    """The names in the header, the first line that is not blank."""
    first = next((line for _, line in lines if line.strip()), None)
    if first is None:
        raise refused(path, "has only blank lines")
    if "\x00" in first:
        raise refused(path, "is no text: it has NUL bytes")
    names = [name.strip().lower() for name in first.rstrip().split("\t")]
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise refused(
            path,
            f"has no header with the tab-separated columns {', '.join(REQUIRED)}: without "
            f"{', '.join(missing)}",
        )
    twice = [name for name in REQUIRED + OPTIONAL + FURTHER if names.count(name) > 1]
    if twice:
        raise refused(path, f"has the column {twice[0]} twice")
    return names


def _fields(line: str, columns: list[str]) -> dict[str, str]:
    """The fields of a line by the names of their columns; tabs at the end do not count."""
    parts = [part.strip(" ") for part in line.rstrip("\n").split("\t")]
    while len(parts) > len(columns) and not parts[-1]:
        parts.pop()
    if len(parts) != len(columns):
        raise _FieldError(f"{len(parts)} fields, the header has {len(columns)}")
    return dict(zip(columns, parts, strict=True))


def _integer(least: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not _INTEGER.fullmatch(text):
            raise _FieldError("is no integer")
        value = int(text)
        if value > _LARGEST_INTEGER:
            raise _FieldError("is beyond 64 bits")
        if value < least:
            raise _FieldError(f"is below {least}")
        return value

    return read


def _real(text: str) -> _Float:
    if _INFINITY.fullmatch(text):
        return _Float(-math.inf if text.startswith("-") else math.inf, None)
    digits = DECIMAL.fullmatch(text) if len(text) <= _LONGEST_NUMBER else None
    if digits is None:
        raise _FieldError("is a NaN" if text.lower().lstrip("+-") == "nan" else "is no number")
    value = float(text)
    if math.isinf(value):
        raise _FieldError("is beyond the largest float")
    return _Float(value, digits)


def _probability(text: str) -> _Float:
    found = _real(text)
    if not 0 <= found.value <= 1:
        raise _FieldError("is outside [0, 1]")
    return found


def _other_probability(text: str) -> float:
    return _probability(text).value if text else math.nan


def _flag(text: str) -> int:
    value = _FLAGS.get(text.lower())
    if value is None:
        raise _FieldError("is none of 0, 1, True, False")
    return value


def _seconds(text: str) -> float:
    """Seconds, H:MM:SS or str(timedelta)."""
    clock = _CLOCK.fullmatch(text)
    if clock:
        days, hours, minutes, seconds = clock.groups(default="0")
        return 86400 * int(days) + 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    try:
        value = _real(text).value
    except _FieldError:
        raise _FieldError("is neither seconds nor H:MM:SS") from None
    if not 0 <= value < math.inf:
        raise _FieldError("is outside [0, inf)")
    return value


def _votes(text: str) -> Votes:
    """The samples of each class: "394:99000,12:600", or "selected:99000,second:600,rest:400"."""
    found: Votes = {}
    if not text:
        return found  # `_Table.log` sees whether all are
    read = _integer(0)
    for pair in text.split(","):
        name, colon, count = pair.partition(":")
        if not colon:
            raise _FieldError("is no list of class:samples")
        one = name if name in UNNAMED else read(name)
        if one in found:
            raise _FieldError(f"has the class {one} twice")
        found[one] = read(count)
    if found.keys() & set(UNNAMED) and not found.keys() <= set(UNNAMED):
        raise _FieldError("names some classes and others not")
    if not 0 < sum(found.values()) <= _LARGEST_INTEGER:
        raise _FieldError(f"has no samples, or more than {_LARGEST_INTEGER}")
    return found


_READERS: Mapping[str, Callable[[str], Any]] = {
    "idx": _integer(0),
    "label": _integer(0),
    "predict": _integer(ABSTAINED),
    "radius": _real,
    "correct": _flag,
    "time": _seconds,
    "selected": _integer(0),
    "p_a": _probability,
    "p_b": _other_probability,
    "votes": _votes,
}


class _Table:
    """The rows that could be read: a column of machine numbers for each name."""

    def __init__(self, names: list[str]) -> None:
        self._readers = {name: _READERS[name] for name in names}
        self._place = array("q")
        self._whole = {
            name: array("q")
            for name in ("idx", "label", "predict", "correct", "votes", "runner_up", "samples")
        }
        self._real = {name: array("d") for name in ("time", "p_b")}
        self._printed = {name: Printed() for name in ("radius", "p_a") if name in names}

    def __len__(self) -> int:
        """The number of rows."""
        return len(self._place)

    def add(self, place: int, fields: Mapping[str, str]) -> None:
        """The next row, whole or not at all."""
        row: dict[str, Any] = {}
        for name, read in self._readers.items():
            try:
                row[name] = read(fields[name])
            except _FieldError as error:
                raise _FieldError(f"{name} {error}") from None
        if "votes" in row:
            chosen = row.get("selected", row["predict"])
            row["votes"], row["runner_up"], row["samples"] = _tally(row["votes"], chosen)
        self._place.append(place)
        for name, value in row.items():
            if name in self._printed:
                self._printed[name].add(*value)
            elif name in self._real:
                self._real[name].append(value)
            elif name in self._whole:
                self._whole[name].append(value)

    def log(
        self,
        path: Path,
        kind: Literal["cohen", "l1cert"],
        problems: tuple[Problem, ...],
        record: Mapping[str, Any],
    ) -> Log:
        """The rows as arrays; columns that the file does not have are None."""
        whole: dict[str, Ints] = {
            name: np.array(entries, dtype=np.int64)
            for name, entries in self._whole.items()
            if len(entries)
        }
        real: dict[str, Floats] = {
            name: np.array(entries, dtype=np.float64)
            for name, entries in self._real.items()
            if len(entries)
        }
        samples = whole.get("samples", np.zeros(0, dtype=np.int64))
        if not samples.any():  # a column without an entry is none
            for name in ("votes", "runner_up", "samples"):
                whole.pop(name, None)
        other = real.get("p_b")
        precision: dict[str, Precision] = {
            name: column.precision(shortest=record.get("printed") == "float64")
            for name, column in self._printed.items()
        }
        log = Log(
            path=str(path),
            format=kind,
            place=np.array(self._place, dtype=np.int64),
            index=whole["idx"],
            label=whole["label"],
            predict=whole["predict"],
            radius=self._printed["radius"].values,
            radius_precision=precision["radius"],
            correct=whole.get("correct"),
            seconds=real.get("time"),
            bound=self._printed["p_a"].values if "p_a" in self._printed else None,
            bound_precision=precision.get("p_a"),
            other_bound=None if other is None or bool(np.isnan(other).all()) else other,
            votes=whole.get("votes"),
            runner_up=whole.get("runner_up"),
            num_samples=whole.get("samples"),
            problems=problems,
            record={name: value for name, value in record.items() if name != "printed"},
        )
        return log if log.num_samples is None else _with_votes(log)


def _with_votes(log: Log) -> Log:
    """The rows whose votes are there; the others become problems."""
    assert log.num_samples is not None
    has = log.num_samples > 0
    if has.all():
        return log
    kept: dict[str, Any] = {}
    for one in fields(log):
        value = getattr(log, one.name)
        if isinstance(value, np.ndarray):
            kept[one.name] = value[has]
        elif isinstance(value, Precision):
            kept[one.name] = Precision(value.half_unit[has], value.said)
    problems = list(log.problems)
    for place in log.place[~has].tolist():
        add(problems, Path(log.path), place, "votes is empty, and not in every row", "")
    ordered = tuple(sorted(problems, key=lambda one: one.place))
    return replace(log, **kept, problems=ordered)


def _tally(counts: Votes, chosen: int) -> tuple[int, int, int]:
    """Votes of the chosen class, of the most frequent other one, and all.

    Where an abstention does not say which class it was, it is the most frequent one, which is the
    reading that accuses no bound.
    """
    if not counts:
        return 0, 0, 0
    if counts.keys() <= set(UNNAMED):
        selected, second, _ = (counts.get(name, 0) for name in UNNAMED)
        return selected, second, sum(counts.values())
    if chosen == ABSTAINED:
        return _tally(counts, int(max(counts, key=lambda one: counts[one])))
    others = (count for one, count in counts.items() if one != chosen)
    return counts.get(chosen, 0), max(others, default=0), sum(counts.values())
