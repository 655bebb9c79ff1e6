"""The data of a figure, and the CSV file in which they stand beside the picture.

One figure is one rectangular table: a row belongs to the curve that its first cell names, and a
cell is empty where that curve has no such column. Comment lines above it say what was computed,
by what and with what. Read it with any CSV reader that skips lines that begin with ``#``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from theory.parameters import describe

Column: TypeAlias = npt.NDArray[np.float64]
Curve: TypeAlias = Mapping[str, Column]
Scalar: TypeAlias = bool | int | float | str | None

#: the first cell of the header row
NAME_COLUMN = "curve"

#: header lines that the data write themselves
_OWN_KEYS = ("figure", "parameters", "curves")


#: a picture of more points shows nothing new, and its data would fill the memory
MOST_POINTS = 10**5


def check_points(num_points: int, least: int) -> None:
    """A ValueError of one line unless a curve can have so many points.

    >>> check_points(2, 5)
    Traceback (most recent call last):
        ...
    ValueError: num_points = 2 is not at least 5, and at most 100000
    """
    if not (isinstance(num_points, Integral) and least <= num_points <= MOST_POINTS):
        said = describe(num_points)
        raise ValueError(f"num_points = {said} is not at least {least}, and at most {MOST_POINTS}")


@dataclass(frozen=True, slots=True, eq=False)
class FigureData:
    """All that a picture shows: named curves, each of named columns of one length.

    Parameters
    ----------
    figure : str
        The figure's name, a key of `figures.table.FIGURES` or `FROM_LOGS`.
    curves : mapping of str to mapping of str to array
        The columns are one-dimensional arrays of floats, which may hold NaN and infinities; they
        are copied and made read-only. A curve may have no points, but not no columns.
    parameters : mapping of str to bool, int, float, str or None
        What ``compute`` was called with.

    Raises
    ------
    ValueError
        If a curve has no column, an array is not one-dimensional, or lengths differ.

    Examples
    --------
    >>> data = FigureData("sketch", {"line": {"x": np.array([0.0, 1.0])}}, {"num_points": 2})
    >>> print(to_csv(data, {"seed": 7}), end="")
    # figure: "sketch"
    # parameters: {"num_points": 2}
    # curves: {"line": ["x"]}
    # seed: 7
    curve,x
    line,0.0
    line,1.0
    """

    figure: str
    curves: Mapping[str, Curve]
    parameters: Mapping[str, Scalar]

    def __post_init__(self) -> None:
        frozen = {name: _frozen(name, curve) for name, curve in self.curves.items()}
        object.__setattr__(self, "curves", MappingProxyType(frozen))
        object.__setattr__(self, "parameters", MappingProxyType(dict(self.parameters)))

    def __getitem__(self, curve: str) -> Curve:
        """Return the columns of one curve; KeyError if there is none of that name."""
        return self.curves[curve]

    @property
    def scale(self) -> str:
        """The noise's scale as a caption writes it, of a figure that has this parameter."""
        return f"{self.parameters['scale']:g}"


def to_csv(data: FigureData, provenance: Mapping[str, Any]) -> str:
    """Return the text of the CSV file: every float is written so that it reads back the same.

    Parameters
    ----------
    data : FigureData
    provenance : mapping of str to anything that JSON can say
        Version, commit, seed, libraries and the like, one header line each. The keys "figure",
        "parameters" and "curves" are the data's own.

    Raises
    ------
    ValueError
        If the provenance has one of the data's own keys, or a key of several lines.
    """
    own: dict[str, Any] = {
        "figure": data.figure,
        "parameters": dict(data.parameters),
        "curves": {name: list(curve) for name, curve in data.curves.items()},
    }
    for key in provenance:
        if key in own or not key.isprintable() or ":" in key:
            raise ValueError(
                f"provenance key {key!r}: legal is one printable line without ':' that is none of "
                f"{', '.join(_OWN_KEYS)}"
            )
    text = io.StringIO()
    for key, value in {**own, **provenance}.items():
        text.write(f"# {key}: {json.dumps(value, allow_nan=False)}\n")
    names = list(dict.fromkeys(column for curve in data.curves.values() for column in curve))
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow([NAME_COLUMN, *names])
    for name, curve in data.curves.items():
        cells = [curve[column].tolist() if column in curve else None for column in names]
        for row in range(_length(curve)):
            rows.writerow([name, *("" if cell is None else repr(cell[row]) for cell in cells)])
    return text.getvalue()


def from_csv(text: str) -> tuple[FigureData, dict[str, Any]]:
    """Return the data and the provenance that `to_csv` wrote.

    Raises
    ------
    ValueError
        If a header line of the data is missing, or the table does not fit the header.

    Examples
    --------
    >>> data = FigureData("sketch", {"line": {"x": np.array([0.1, np.inf])}}, {})
    >>> same, provenance = from_csv(to_csv(data, {"version": "1"}))
    >>> same["line"]["x"].tolist(), provenance
    ([0.1, inf], {'version': '1'})
    """
    lines = text.splitlines()
    header: dict[str, Any] = {}
    while lines and lines[0].startswith("# "):
        key, _, value = lines.pop(0)[2:].partition(": ")
        header[key] = json.loads(value)
    missing = [key for key in _OWN_KEYS if key not in header]
    if missing:
        raise ValueError(f"the header lacks {', '.join(missing)}: this is no figure's CSV")
    figure, parameters, columns = (header.pop(key) for key in _OWN_KEYS)
    cells: dict[str, dict[str, list[float]]] = {
        curve: {column: [] for column in names} for curve, names in columns.items()
    }
    for row in csv.DictReader(lines):
        curve = row.pop(NAME_COLUMN, None)
        if curve not in cells:
            raise ValueError(f"curve {curve!r} is none of {', '.join(cells)}")
        for column, values in cells[curve].items():
            values.append(float(row[column]))
    curves = {
        name: {column: np.array(values, dtype=np.float64) for column, values in curve.items()}
        for name, curve in cells.items()
    }
    return FigureData(figure, curves, parameters), header


def _frozen(name: str, curve: Curve) -> Curve:
    columns = {column: np.array(values, dtype=np.float64) for column, values in curve.items()}
    shapes = {values.shape for values in columns.values()}
    if len(shapes) != 1 or len(next(iter(shapes))) != 1:
        raise ValueError(
            f"curve {name!r} has columns of shapes {sorted(shapes)}: legal is one length for all"
        )
    for values in columns.values():
        values.flags.writeable = False
    return MappingProxyType(columns)


def _length(curve: Curve) -> int:
    return len(next(iter(curve.values())))
