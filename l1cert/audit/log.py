"""A certification log as every reader hands it over: one row for each input that was certified."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]
Format: TypeAlias = Literal["cohen", "rs4a", "l1cert"]

#: what `Log.predict` says of an input that was abstained on
ABSTAINED = -1


class UnreadableLog(ValueError):  # noqa: N818 - the message is the whole of it
    """A path that holds no log; its text is one line that says what is wrong."""


@dataclass(frozen=True, slots=True)
class Problem:
    """A line, or an entry of an array, that could not be read: where, why, and what it says."""

    place: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Precision:
    """How far a printed column may be from the number that was computed.

    Attributes
    ----------
    half_unit
        Half a unit of the last digit to which each entry was rounded, in the unit of the column,
        shape (rows,): the number lies in [entry - half_unit, entry + half_unit].
    said
        The same for people, as in "3 significant digits" or "float32".
    """

    half_unit: Floats
    said: str


@dataclass(frozen=True, slots=True, eq=False)
class Log:
    """The rows of a log that could be read, as arrays of one length, and the lines that could not.

    Attributes
    ----------
    path, format
        Where it was read, and as what.
    place
        Where each row stands: its line in a text file (the header is line 1), its number from 0
        in arrays.
    index, label, predict
        The input's number in its data set, its class, and the certified class, `ABSTAINED` where
        none was.
    radius, radius_precision
        The certified radius as it stands in the log, and how it was rounded. It may be negative
        or infinite, not NaN.
    correct
        1 or 0 as the log says; None where it has no such column.
    seconds
        Time of each row; None where it has no such column.
    bound, bound_precision
        The lower bound on the top class's probability, PA, as it stands in the log, in [0, 1];
        None where it has no such column.
    other_bound
        The upper bound on every other class's probability, PB, NaN where a row has none; None
        where the log has no such column.
    votes, runner_up, num_samples
        Of the samples that PA was estimated from: how many said the selected class, how many the
        most frequent other one, and how many there were; None where the counts were not kept.
    selection
        Shares of the votes of every class in the sample that selected the class, shape
        (rows, classes); None where it was not kept.
    problems
        What could not be read, in order.
    record
        What the log itself states of its parameters: "noise", "sigma", "num_samples", "alpha",
        "certificate", each only if it does; and "bounds", of which "anytime" says that rows may
        have stopped before num_samples, with the bounds of a confidence sequence.
    """

    path: str
    format: Format
    place: Ints
    index: Ints
    label: Ints
    predict: Ints
    radius: Floats
    radius_precision: Precision
    correct: Ints | None = None
    seconds: Floats | None = None
    bound: Floats | None = None
    bound_precision: Precision | None = None
    other_bound: Floats | None = None
    votes: Ints | None = None
    runner_up: Ints | None = None
    num_samples: Ints | None = None
    selection: Floats | None = None
    problems: tuple[Problem, ...] = ()
    record: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, np.ndarray) and len(value) != len(self.place):
                raise ValueError(f"{one.name} has {len(value)} rows, place has {len(self.place)}")

    def __len__(self) -> int:
        """The number of rows."""
        return len(self.place)

    @property
    def anytime(self) -> bool:
        """Whether rows may have stopped before all samples, their bounds being made for that."""
        return self.record.get("bounds") == "anytime"

    @property
    def discrete(self) -> bool:
        """Whether noise was drawn on a grid, where not every certificate holds."""
        return self.record.get("law") == "discrete"
