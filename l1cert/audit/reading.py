"""Reading a log that others made, in whichever of the known formats."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from l1cert.audit.array_log import read_arrays
from l1cert.audit.log import Format, Log, UnreadableLog
from l1cert.audit.opening import opened, refused
from l1cert.audit.parameters import CERTIFICATES
from l1cert.audit.text_log import FURTHER, header, read_text
from theory.binomial_tails import MAX_SAMPLES
from theory.exact import describe, to_fraction

#: what the record beside a log of ours calls itself
RECORD_FORMAT, RECORD_VERSION = "l1cert-log", 1
STATED = ("noise", "sigma", "num_samples", "alpha", "certificate", "printed", "bounds", "law")

_LARGEST_RECORD = 1 << 20
_NOTHING: Mapping[str, Any] = MappingProxyType({})


def read_log(path: str | os.PathLike[str], format: str = "auto") -> Log:
    r"""Read a certification log; what cannot be read of it is in `Log.problems`.

    Parameters
    ----------
    path : path
        A tab-separated file, or the folder of a run of rs4a.
    format : {"auto", "cohen", "rs4a", "l1cert"}
        "auto": a folder is rs4a's, a file that has one of our further columns (`FURTHER`) or our
        record beside it is l1cert's, any other is Cohen et al.'s.

    Returns
    -------
    Log
        At least one row.

    Raises
    ------
    UnreadableLog
        If the path holds no log of that format: one line.
    ValueError
        If the format is none of those.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "run.tsv")
    ...     text = "idx\tlabel\tpredict\tradius\n0\t3\t3\t1.96\n1\t3\t?\n"
    ...     written = file.write_text(text)
    ...     log = read_log(file)
    >>> log.format, log.radius, log.radius_precision.said
    ('cohen', array([1.96]), '2 decimals')
    >>> log.problems
    (Problem(place=3, reason='3 fields, the header has 4', text='1 3 ?'),)
    """
    legal = ("auto", *get_args(Format))
    if format not in legal:
        raise ValueError(f"format = {describe(format)} is none of {', '.join(legal)}")
    place = Path(path)
    if format == "rs4a" or (format == "auto" and os.path.isdir(place)):
        if not os.path.isdir(place):
            raise refused(place, "is no folder of npy files, which rs4a's format is")
        return read_arrays(place)
    if format == "cohen":
        return read_text(place, "cohen", _NOTHING)
    columns, record = header(place), record_of(place)
    ours = format == "l1cert" or bool(columns & set(FURTHER))
    if not ours and not _names_us(record):
        return read_text(place, "cohen", _NOTHING)
    stated = read_record(record) if os.path.isfile(record) else _NOTHING
    return read_text(place, "l1cert", stated)


def record_of(path: Path) -> Path:
    """Where the record of a log of ours stands: beside it, with the suffix .json.

    >>> record_of(Path("runs/laplace.tsv")).name
    'laplace.json'
    """
    return path.parent / f"{path.stem}.json"


def read_record(path: Path) -> Mapping[str, Any]:
    """What a record states, checked; decimals stay the strings that they are.

    Raises
    ------
    UnreadableLog
        If it is no JSON, of another format or version, or states what no run can have.
    """
    with opened(path, _LARGEST_RECORD) as file:
        content = file.read(_LARGEST_RECORD)
    try:
        return MappingProxyType(_stated(content))
    except (ValueError, RecursionError) as error:
        reason = str(error) if type(error) is ValueError else "it is no JSON"
        raise refused(path, f"is no record: {reason}") from None


def _stated(content: bytes) -> dict[str, str | int]:
    """The parameters in a record's bytes; a ValueError for any other content."""
    # A decimal is an exact number, which a float would not be.
    whole = json.loads(content.decode("utf-8-sig"), parse_float=str, parse_constant=str)
    if not isinstance(whole, dict) or whole.get("format") != RECORD_FORMAT:
        raise ValueError(f"its format is not {RECORD_FORMAT}")
    version = whole.get("version")
    if type(version) is not int or version != RECORD_VERSION:
        raise ValueError(f"version = {describe(version)} is not {RECORD_VERSION}")
    return {name: _checked(name, whole[name]) for name in STATED if name in whole}


def _checked(name: str, value: object) -> str | int:
    """One stated parameter, as a text or an integer; a ValueError for what is no such parameter."""
    texts = {
        "noise": tuple(CERTIFICATES),
        "certificate": tuple(method for group in CERTIFICATES.values() for method in group),
        "printed": ("float64",),
        "bounds": ("fixed", "anytime"),
        "law": ("continuous", "discrete"),
    }
    if name in texts:
        if value not in texts[name]:
            raise ValueError(f"{name} = {describe(value)} is none of {', '.join(texts[name])}")
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError(f"{name} = {describe(value)} is no number")
    number = to_fraction(value)
    if name == "num_samples":
        if number.denominator != 1 or not 1 <= number <= MAX_SAMPLES:
            raise ValueError(f"{name} = {describe(value)} is no integer in [1, {MAX_SAMPLES}]")
        return int(number)
    most = 1 if name == "alpha" else math.inf
    if not 0 < number < most:
        raise ValueError(f"{name} = {describe(value)} is outside (0, {most})")
    return value


def _names_us(record: Path) -> bool:
    """Whether a file beside a log says that it is our record, be it whole or not."""
    try:
        with opened(record, _LARGEST_RECORD) as file:
            return f'"{RECORD_FORMAT}"'.encode() in file.read(_LARGEST_RECORD)
    except UnreadableLog:
        return False
