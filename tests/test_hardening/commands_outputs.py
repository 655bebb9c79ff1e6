"""What commands leave behind, compared but for the time that they took."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import chdir, suppress
from pathlib import Path
from typing import Any

import click
import pytest

from tests.test_hardening.commands_harness import SEEDS, Answer, leaves, outputs, run

#: what a clock says, in JSON and as the column of a log
CLOCKS = {"seconds", "seconds_per_point", "minutes", "rate", "coordinate_rate", "time"}

#: SHA-256 sums: of files with a reading of the clock in them, and of the program itself
SUMS = {"files", "sources"}


def writers() -> Iterator[tuple[tuple[str, ...], str, bool]]:
    """Every command that writes what it is told to: its words, a call, whether to a folder."""
    for words, command in leaves():
        for one in outputs(command):
            assert isinstance(one, click.Option)
            call = next(seed for seed in SEEDS[words] if "--out OUT" in seed)
            yield words, call, one.metavar == "DIR"


WRITERS = {words: (call, folder) for words, call, folder in writers()}


#: minutes of work, or processes of their own
LONG = {("demo",)}

EVERY = [
    pytest.param(words, id=" ".join(words), marks=[pytest.mark.slow] if words in LONG else [])
    for words in WRITERS
]


def called(place: Path, words: tuple[str, ...], out: str = "../out/new") -> Answer:
    with chdir(place / "in"):
        return run([*words, *WRITERS[words][0].replace("OUT", out).split()])


def refused(answer: Answer, *said: str) -> None:
    lines = answer.err.splitlines()
    assert answer.code == 2, answer
    assert len(lines) == 1 and lines[0].startswith("Error: "), answer
    assert all(one in lines[0] for one in said), answer


def is_temporary(name: str) -> bool:
    """Whether a file's name says that it is half written, or a lock."""
    base = os.path.basename(name)
    return base.startswith(".") and base.endswith((".part", ".lock"))


def essence(path: Path) -> str:
    """A digest of a file, of all that does not depend on a clock."""
    content = path.read_bytes()
    if b"\ttime" in content.partition(b"\n")[0]:
        rows = [line.split("\t") for line in content.decode().splitlines()]
        at = rows[0].index("time")
        return repr([row[:at] + row[at + 1 :] for row in rows])
    if path.suffix == ".journal":
        lines = [line.partition(b" ")[2] for line in content.splitlines()]
        with suppress(ValueError):  # killed within a line
            return json.dumps([_timeless(json.loads(line)) for line in lines], sort_keys=True)
    if content.startswith(b"{") and not content.startswith(b'{"sha256"'):
        with suppress(ValueError):  # half a file is another one
            return json.dumps(_timeless(json.loads(content)), sort_keys=True)
    if path.name == "REPRODUCE.md":
        return ""  # the manifest as a page
    return hashlib.sha256(content).hexdigest()


def _timeless(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if key not in CLOCKS | SUMS}
        return {key: _timeless(one) for key, one in kept.items()}
    return [_timeless(one) for one in value] if isinstance(value, list) else value


def essences(folder: Path) -> dict[str, str]:
    """The essence of every file below a folder, by its name there."""
    return {
        str(path.relative_to(folder)): essence(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
