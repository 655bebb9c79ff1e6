"""The log of a certification run: a tab-separated file, the record beside it, and both read back.

Columns: those of Cohen et al. (idx, label, predict, radius, correct, time), then selected, base,
p_a, p_b, num_samples, votes, one radius for each certificate (empty where it abstains or does not
belong to the noise), selection (the votes that selected the class), and, where there are
such, steps (the lattice certificate in steps of the grid) and outcome.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from figures.saving import write_atomically
from l1cert.audit.log import UnreadableLog
from l1cert.audit.reading import RECORD_FORMAT, RECORD_VERSION, read_record, record_of
from l1cert.certification.points import COLUMNS, Point, Row, sparse
from l1cert.certification.settings import Settings
from simulations.files import regular_bytes
from theory.confidence_sequences import looks
from theory.exact import describe, to_fraction

_FIRST = ("idx", "label", "predict", "radius", "correct", "time")
_NEXT = ("selected", "base", "p_a", "p_b", "num_samples", "votes")
_LAST = ("selection", "steps", "outcome")

#: what a run's record holds beside what every record of ours holds, and as what
OWN: Mapping[str, type] = MappingProxyType(
    {
        "settings": dict,
        "classifier": dict,
        "training": dict,
        "dataset": str,
        "data": dict,
        "sampler": dict,
        "independence": dict,
        "assumptions": list,
        "results": dict,
        "provenance": dict,
    }
)

_ELSEWHERE = "name another --out, or move it away"

#: more classes than any data set has
_MOST_CLASSES = 10**6


def check_path(path: Path) -> None:
    """Refuse a log whose record would replace it, and what is no file; ValueError."""
    if record_of(path) == path:
        raise ValueError(f"out = {str(path)!r} is the record's name: the log has another suffix")
    if path.exists() and not path.is_file():
        raise ValueError(f"out = {str(path)!r} is no file: name one")


def check_new(path: Path) -> None:
    """Refuse to begin a log where one stands, or a file of its record's name; ValueError."""
    for one in (path, record_of(path)):
        if one.exists():
            raise ValueError(f"{str(one)!r} is there, and not of this run: {_ELSEWHERE}")


def _check_same(path: Path, content: bytes, settings: Settings) -> None:
    """Refuse to replace another log, or a record that is not of the same settings; ValueError."""
    if path.exists() and path.read_bytes() != content:
        raise ValueError(f"{str(path)!r} is another log: {_ELSEWHERE}")
    beside = record_of(path)
    if not beside.exists():
        return
    try:
        record = json.loads(regular_bytes(beside))
        same = record["format"] == RECORD_FORMAT and record["settings"] == settings.as_json()
    except (ValueError, RecursionError, KeyError, TypeError):
        same = False
    if not same:
        raise ValueError(f"{str(beside)!r} is another file than the log's record: {_ELSEWHERE}")


def stated(settings: Settings) -> dict[str, Any]:
    """What `l1cert audit` holds a log against."""
    return {
        "format": RECORD_FORMAT,
        "version": RECORD_VERSION,
        "noise": settings.noise,
        "sigma": settings.sigma,
        "num_samples": settings.n,
        "alpha": settings.alpha,
        "certificate": settings.certificate,
        "printed": "float64",
        "bounds": "fixed" if settings.until_radius is None else "anytime",
        "law": "discrete" if settings.sound else "continuous",
    }


def write(
    path: Path, rows: Sequence[Row], settings: Settings, own: Mapping[str, Any]
) -> list[Path]:
    """Write the log and its record, each whole or not at all, and never over others.

    Parameters
    ----------
    path
        The log; the record goes beside it, with the suffix .json.
    rows
        In the order of the test split.
    settings
        Of the run.
    own
        The other entries of the record: those of `OWN`.

    Returns
    -------
    list of Path
        The log and its record.

    Raises
    ------
    ValueError
        If the path is the record's own, another log stands there, or a file that is no record of
        these settings.
    """
    check_path(path)
    content, beside = text(rows).encode(), record_of(path)
    _check_same(path, content, settings)
    record = json.dumps({**stated(settings), **own}, indent=1, allow_nan=False) + "\n"
    # the log last: where it stands, its record does
    write_atomically(beside, record.encode())
    write_atomically(path, content)
    return [path, beside]


def text(rows: Sequence[Row]) -> str:
    """The log itself."""
    last = [
        name
        for name in _LAST
        if name == "selection"
        or (name == "steps" and any(row.radii.get("lattice") is not None for row in rows))
        or (name == "outcome" and any(row.outcome is not None for row in rows))
    ]
    names = [*_FIRST, *_NEXT, *COLUMNS, *last]
    lines = ["\t".join(names)]
    for row in rows:
        fields = _fields(row)
        lines.append("\t".join(fields[name] for name in names))
    return "".join(f"{line}\n" for line in lines)


def _fields(row: Row) -> dict[str, str]:
    point = row.point
    return {
        "idx": str(point.index),
        "label": str(point.label),
        "predict": str(row.predict),
        "radius": repr(row.radius),
        "correct": str(int(row.correct)),
        "time": repr(point.seconds),
        "selected": str(point.selected),
        "base": str(point.base),
        "p_a": repr(row.p_a),
        "p_b": _text(row.p_b),
        "num_samples": str(point.num_samples),
        "votes": sparse(point.votes),
        **{name: _text(row.radii[name]) for name in COLUMNS},
        "selection": sparse(point.selection),
        "steps": "" if row.steps is None else str(row.steps),
        "outcome": row.outcome or "",
    }


def _text(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else repr(value)


def read_points(path: Path) -> tuple[dict[str, Any], Settings, list[Point]]:
    """The record, the settings and the points of a log that `write` wrote.

    Raises
    ------
    ValueError
        One line, if it is another file, or its record is.
    """
    check_path(path)
    beside = record_of(path)
    read_record(beside)  # refuses what is no record of ours
    record = json.loads(beside.read_text(encoding="utf-8-sig"))
    for name, kind in OWN.items():
        if not isinstance(record.get(name), kind):
            raise ValueError(
                f"{str(beside)!r} is no record of l1cert certify: it has no {name} that is one"
            )
    num_classes = record["data"].get("num_classes")
    if type(num_classes) is not int or not 2 <= num_classes <= _MOST_CLASSES:
        raise ValueError(
            f"{str(beside)!r}: num_classes = {describe(num_classes)} is outside the integers in "
            f"[2, {_MOST_CLASSES}]"
        )
    try:
        settings = Settings.from_json(record["settings"])
    except (TypeError, ValueError) as error:
        raise ValueError(f"{str(beside)!r}: {error}") from None
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise UnreadableLog(f"log {str(path)!r} cannot be read: {reason}") from None
    points = []
    header = lines[0].split("\t") if lines else []
    for number, line in enumerate(lines[1:], start=2):
        fields = line.split("\t")
        try:
            if len(fields) != len(header):
                raise ValueError(f"{len(fields)} fields, the header has {len(header)}")
            points.append(_point(dict(zip(header, fields, strict=True)), num_classes))
            check_samples(points[-1], settings)
        except KeyError as error:
            raise ValueError(f"log {str(path)!r} has no column {error}") from None
        except ValueError as error:
            raise ValueError(f"log {str(path)!r}, line {number}: {error}") from None
    if not points:
        raise ValueError(f"log {str(path)!r} has no rows")
    return record, settings, points


def _point(fields: Mapping[str, str], num_classes: int) -> Point:
    entry = {
        "index": fields["idx"],
        "label": fields["label"],
        "base": fields["base"],
        "selection": fields["selection"],
        "votes": fields["votes"],
        "seconds": fields["time"],
    }
    point = Point.from_json(entry, num_classes)
    if str(point.num_samples) != fields["num_samples"]:
        raise ValueError(f"num_samples = {fields['num_samples']}, {point.num_samples} votes")
    if str(point.selected) != fields["selected"]:
        raise ValueError(f"selected = {fields['selected']}, the votes select {point.selected}")
    return point


def check_samples(point: Point, settings: Settings) -> None:
    """Refuse votes of other sample numbers than the settings allow; ValueError."""
    n0, n = sum(point.selection), point.num_samples
    if n0 != settings.n0:
        raise ValueError(f"{n0} votes select the class, n0 = {settings.n0}")
    if settings.until_radius is None:
        if n != settings.n:
            raise ValueError(f"{n} votes bound the class, n = {settings.n}")
    elif n not in looks(settings.n):
        raise ValueError(f"{n} votes bound the class: no run of n = {settings.n} looks there")


def charge_of(record: Mapping[str, Any]) -> tuple[str | None, str]:
    """The step of the grid and what the sampler took from alpha, both exact texts."""
    sampler = record["sampler"]
    step, charge = record["data"].get("step"), sampler.get("charge", "0")
    if not (step is None or isinstance(step, str)) or not isinstance(charge, str):
        raise ValueError("its step and charge are no texts")
    for exact in (charge, step or 0):
        to_fraction(exact)
    return step, charge
