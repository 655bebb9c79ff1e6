"""How one result of a reproduction is held against what the ledger decided."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from l1cert.reproduction.expected import Ledger, distance, overlap, shown

if TYPE_CHECKING:
    from figures.data import FigureData

#: A plotted number may differ by so much from the enclosed one, and so may an enclosure's end.
TOLERANCE = 1e-9

#: where the commands put the figures
FIGURE_FOLDER = "figures"

#: what was obtained, and whether that is what was expected
Obtained: TypeAlias = tuple[str, bool]


class Results:
    """The files of a folder, each read once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, Any] = {}

    def json(self, file: str) -> Any:
        """The content of a JSON file."""
        if file not in self._read:
            self._read[file] = json.loads((self._folder / file).read_text(encoding="utf-8"))
        return self._read[file]

    def figure(self, name: str) -> FigureData:
        """The data of a figure."""
        from figures.data import from_csv

        if name not in self._read:
            text = (self._folder / FIGURE_FOLDER / f"{name}.csv").read_text(encoding="utf-8")
            self._read[name], _ = from_csv(text)
        found: FigureData = self._read[name]
        return found


class Expectation(Protocol):
    """One line of the table: something that a command's files have to say."""

    @property
    def subject(self) -> str:
        """The claim or the figure."""

    def expected(self, ledger: Ledger) -> str:
        """What has to come out."""

    def obtained(self, results: Results, ledger: Ledger) -> Obtained:
        """What the command's files say, and whether that is it."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The verdict on a claim and the numbers it encloses, in a report of `l1cert verify`."""

    subject: str
    file: str

    def expected(self, ledger: Ledger) -> str:
        """The stored verdict and the digits of the stored enclosures."""
        stored = ledger[self.subject]
        return _decision(stored.verdict, stored.boundaries)

    def obtained(self, results: Results, ledger: Ledger) -> Obtained:
        """The same of the report: one verdict, and enclosures of the same numbers."""
        claims = {one["slug"]: one for one in results.json(self.file)["claims"]}
        found = claims[self.subject]
        boundaries = {one["name"]: tuple(one["enclosure"]) for one in found["boundaries"]}
        stored = ledger[self.subject]
        agrees = (
            found["verdict"] == stored.verdict
            and boundaries.keys() == stored.boundaries.keys()
            and all(_one(boundaries[name], known) for name, known in stored.boundaries.items())
        )
        return _decision(found["verdict"], boundaries), agrees


@dataclass(frozen=True, slots=True)
class Enclosed:
    """A boundary of a claim: a command's enclosure of it against the stored one."""

    subject: str
    boundary: str
    file: str
    #: the way to the enclosure in the file
    path: tuple[str, ...]

    def expected(self, ledger: Ledger) -> str:
        """The digits of the stored enclosure."""
        return f"{self.boundary} = {shown(ledger[self.subject].boundaries[self.boundary])}"

    def obtained(self, results: Results, ledger: Ledger) -> Obtained:
        """The digits of the computed enclosure, and whether it can be of the stored number."""
        low, high = _inside(results.json(self.file), self.path)
        stored = ledger[self.subject].boundaries[self.boundary]
        return shown((low, high)), _one((low, high), stored)


@dataclass(frozen=True, slots=True)
class Plotted:
    """A number in a figure's data, which a claim of the ledger encloses."""

    subject: str
    slug: str
    boundary: str
    curve: str
    column: str
    row: int = 0
    #: what a ledger's number is in units of which the figure plots it, such as 1/lambda
    factor: float = 1.0

    def expected(self, ledger: Ledger) -> str:
        """The digits of the stored enclosure."""
        return f"{self.boundary} = {shown(ledger[self.slug].boundaries[self.boundary])}"

    def obtained(self, results: Results, ledger: Ledger) -> Obtained:
        """The plotted number, and whether it is within `TOLERANCE`."""
        column = results.figure(self.subject)[self.curve][self.column]
        if not -len(column) <= self.row < len(column):
            return "not in the data", False
        value = float(column[self.row]) / self.factor
        if not math.isfinite(value):
            return repr(value), False
        close = distance(value, ledger[self.slug].boundaries[self.boundary]) <= TOLERANCE
        return f"{value:.12g}", close


@dataclass(frozen=True, slots=True)
class Agreement:
    """What the plotted data say of a claim: nothing that the ledger found otherwise."""

    subject: str
    slug: str

    def expected(self, ledger: Ledger) -> str:
        """The parts that the figure has to speak on, each as the ledger settled it."""
        return f"{self.slug}: the data say what the ledger found"

    def obtained(self, results: Results, ledger: Ledger) -> Obtained:
        """The parts that the data speak on, and whether each is as the ledger settled it."""
        from figures.table import figure_module

        said = figure_module(self.subject).check(results.figure(self.subject))
        stored = ledger[self.slug].parts
        agree = bool(said) and all(
            one.finding is not None and one.finding is stored[one.part] for one in said
        )
        words = {True: "true", False: "false", None: "undecided"}
        return ", ".join(f"{one.part} {words[one.finding]}" for one in said), agree


@dataclass(frozen=True, slots=True)
class Says:
    """A value that a command's JSON has to hold."""

    subject: str
    what: str
    file: str
    path: tuple[str, ...]
    value: Any

    def expected(self, ledger: Ledger) -> str:
        """The value, in words."""
        return f"{self.what}: {json.dumps(self.value)}"

    def obtained(self, results: Results, ledger: Ledger) -> Obtained:
        """What the file holds there."""
        found = _inside(results.json(self.file), self.path)
        return json.dumps(found), found == self.value


def _one(first: tuple[str, str], second: tuple[str, str]) -> bool:
    """Whether two enclosures overlap and leave nothing open that `TOLERANCE` does not."""
    ends = [Fraction(end) for end in (*first, *second)]
    return overlap(first, second) and max(ends) - min(ends) <= TOLERANCE


def _decision(verdict: str, boundaries: Mapping[str, tuple[str, str]]) -> str:
    return "; ".join([verdict, *(f"{name} = {shown(one)}" for name, one in boundaries.items())])


def _inside(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value[int(key) if isinstance(value, list) else key]
    return value
