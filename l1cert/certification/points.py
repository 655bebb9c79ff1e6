"""One test point: the votes that were counted, and the row of the log that follows from them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from l1cert.audit.log import ABSTAINED
from theory.binomial_tails import MAX_SAMPLES
from theory.exact import describe

#: what a run until a radius says of a point: its certificate is at least that, PA is proved to be
#: too small for it (at error rate alpha), or n samples told neither
Outcome: TypeAlias = Literal["reached", "not_reached", "undecided"]

#: every certificate's column, in the order of the log
COLUMNS = ("theorem_2", "theorem_1", "exact", "lecuyer", "cohen", "uniform", "lattice")


@dataclass(frozen=True, slots=True)
class Point:
    """What was counted at one test point; everything else is computed from it.

    Attributes
    ----------
    index, label
        Position in the test split, and its class.
    base
        The class that the network predicts without noise.
    selection, votes
        Votes of the samples that selected the class, and of those that bound it: shape
        (num_classes,).
    seconds
        What it took.
    """

    index: int
    label: int
    base: int
    selection: tuple[int, ...]
    votes: tuple[int, ...]
    seconds: float

    @property
    def selected(self) -> int:
        """The class of the most selecting votes, the first of equal ones."""
        return self.selection.index(max(self.selection))

    @property
    def num_samples(self) -> int:
        """How many samples bound the class."""
        return sum(self.votes)

    def as_json(self) -> dict[str, Any]:
        """The entry of a journal."""
        return {
            "index": self.index,
            "label": self.label,
            "base": self.base,
            "selection": sparse(self.selection),
            "votes": sparse(self.votes),
            "seconds": self.seconds,
        }

    @classmethod
    def from_json(cls, entry: Mapping[str, Any], num_classes: int) -> Point:
        """The inverse of `as_json`.

        Raises
        ------
        ValueError
            For anything that `as_json` does not write.

        Examples
        --------
        >>> point = Point(7, 1, 1, (0, 9), (1, 99), 0.5)
        >>> Point.from_json(point.as_json(), 2) == point
        True
        """
        try:
            index, label, base = (int(entry[name]) for name in ("index", "label", "base"))
            counts = [dense(str(entry[name]), num_classes) for name in ("selection", "votes")]
            seconds = float(entry["seconds"])
        except (KeyError, TypeError) as error:
            raise ValueError(f"an entry without {error}") from None
        if index < 0 or not 0 <= seconds < math.inf:
            raise ValueError(f"index = {index} with seconds = {seconds}")
        for name, one in (("label", label), ("base", base)):
            if not 0 <= one < num_classes:
                raise ValueError(f"{name} = {one} is outside [0, {num_classes})")
        return cls(index, label, base, counts[0], counts[1], seconds)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the log.

    Attributes
    ----------
    point
        What was counted.
    predict
        The certified class, -1 where the run's certificate abstains.
    radius
        Of the run's certificate, 0 where it abstains.
    p_a, p_b
        The bounds that this certificate uses; no p_b for two classes.
    radii
        Of every certificate, NaN where it abstains; None where it does not belong to the noise.
    steps
        The lattice certificate of a sound run, in steps of the grid; None where it abstains.
    outcome
        Of a run until a radius.
    """

    point: Point
    predict: int
    radius: float
    p_a: float
    p_b: float | None
    radii: Mapping[str, float | None]
    steps: int | None = None
    outcome: Outcome | None = None

    @property
    def correct(self) -> bool:
        """Whether the certified class is the label."""
        return self.predict == self.point.label != ABSTAINED

    def certified(self, name: str, radius: float) -> bool:
        """Whether the selected class is the label and certificate `name` is at least that.

        Examples
        --------
        >>> point = Point(7, 1, 1, (0, 9), (1, 99), 0.5)
        >>> radii = {"cohen": 0.25, "exact": None}
        >>> row = Row(point, 1, 0.25, 0.9, None, radii)
        >>> row.certified("cohen", 0.25), row.certified("cohen", 0.3), row.certified("exact", 0)
        (True, False, False)
        """
        found = self.radii.get(name)
        return (
            found is not None and found >= radius and self.point.selected == self.point.label
        )  # no NaN is


def point_of(
    index: int,
    label: int,
    base: int,
    selection: npt.NDArray[np.int64],
    votes: npt.NDArray[np.int64],
    seconds: float,
) -> Point:
    """A point from arrays of votes."""
    return Point(index, label, base, tuple(selection.tolist()), tuple(votes.tolist()), seconds)


def sparse(votes: tuple[int, ...]) -> str:
    """The votes that are there, as the logs write them.

    >>> sparse((0, 99, 1))
    '1:99,2:1'
    """
    return ",".join(f"{one}:{count}" for one, count in enumerate(votes) if count)


def dense(text: str, num_classes: int) -> tuple[int, ...]:
    """The inverse of `sparse`; a ValueError of one line for what it cannot be.

    >>> dense("1:99,2:1", 4)
    (0, 99, 1, 0)
    >>> dense("4:1", 4)
    Traceback (most recent call last):
    ValueError: votes 4:1: the class is outside [0, 4)
    """
    votes = [0] * num_classes
    for pair in text.split(","):
        name, _, count = pair.partition(":")
        if not (name.isdecimal() and count.isdecimal() and name.isascii() and count.isascii()):
            raise ValueError(f"votes {describe(text)}: {describe(pair)} is not class:samples")
        if len(name) > 9 or int(name) >= num_classes:
            raise ValueError(f"votes {describe(text)}: the class is outside [0, {num_classes})")
        if votes[int(name)] or len(count) > len(str(MAX_SAMPLES)) or int(count) == 0:
            raise ValueError(f"votes {describe(text)}: the class {name} twice, or no such count")
        votes[int(name)] = int(count)
    if not 1 <= sum(votes) <= MAX_SAMPLES:
        raise ValueError(f"votes {describe(text)} sum to {sum(votes)}, outside [1, {MAX_SAMPLES}]")
    return tuple(votes)
