"""The columns of a certification log that hold further radii, one for each certificate."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from figures.certified_curves import METHODS
from l1cert.audit.log import Floats, Ints, Log
from l1cert.audit.opening import opened, refused
from l1cert.audit.text_log import LARGEST_FILE, _columns, _fields, _numbered_lines

#: the class that the selection sample chose, abstained on or not
SELECTED = "selected"


def certified_columns(log: Log) -> tuple[dict[str, Floats], Ints]:
    r"""The radii of each certificate that the log has a column for, and the class that they are of.

    Parameters
    ----------
    log
        As it was read; its file is read again for columns that `Log` has no place for.

    Returns
    -------
    dict
        By certificate, where it has any entry, shape (rows,): NaN where the entry is empty.
    ndarray
        int64, shape (rows,): the column `selected`, whatever the log's own certificate abstains on;
        what is predicted where there is no such column.

    Raises
    ------
    UnreadableLog
        For an entry that is no radius in [0, inf]: one line with its place; or for a column that is
        there twice.

    Examples
    --------
    >>> import tempfile
    >>> from l1cert.audit.reading import read_log
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "run.tsv")
    ...     text = "idx\tlabel\tpredict\tradius\tlecuyer\n0\t3\t3\t1.91\t0.75\n1\t7\t-1\t0\t\n"
    ...     written = file.write_text(text)
    ...     certified_columns(read_log(file))
    ({'lecuyer': array([0.75,  nan])}, array([ 3, -1]))
    """
    path = Path(log.path)
    if log.format == "rs4a":
        return {}, log.predict
    rows = list(_rows(path, frozenset(log.place.tolist())))
    names = rows[0][1].keys()

    def column(name: str) -> list[tuple[int, str]]:
        return [(place, fields[name]) for place, fields in rows]

    found: dict[str, Floats] = {}
    for method in METHODS:
        cells = column(method) if method in names else []
        if any(text for _, text in cells):
            found[method] = np.array([_radius(path, at, method, text) for at, text in cells])
    if SELECTED not in names:
        return found, log.predict
    # every entry is a class: the log was read by it
    return found, np.array([int(text) for _, text in column(SELECTED)], dtype=np.int64)


def _rows(path: Path, places: frozenset[int]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """The fields of the log's own rows by column, split as its reader splits them."""
    with opened(path, LARGEST_FILE) as file:
        lines = _numbered_lines(path, file)
        names = _columns(path, lines)
        for name in (*METHODS, SELECTED):
            if names.count(name) > 1:
                raise refused(path, f"has the column {name} twice")
        for place, line in lines:
            if place in places:
                yield place, _fields(line, names)


def _radius(path: Path, place: int, method: str, text: str) -> float:
    if not text:
        return math.nan
    try:
        radius = float(text)
    except ValueError:
        radius = math.nan
    if not 0 <= radius <= math.inf:
        raise refused(path, f"line {place}: {method} = {text[:40]!r} is no radius in [0, inf]")
    return radius
