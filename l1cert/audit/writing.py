"""Writing a log in our own format: the columns of Cohen et al., ours, and a record beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from figures.saving import write_atomically
from l1cert.audit.corrections import KEPT
from l1cert.audit.log import Floats, Ints, Log
from l1cert.audit.parameters import Parameters
from l1cert.audit.reading import RECORD_FORMAT, RECORD_VERSION, record_of
from l1cert.audit.text_log import UNNAMED
from theory.exact import Exact, describe, to_fraction


def write_log(
    path: Path | str,
    log: Log,
    *,
    noise: str,
    sigma: Exact,
    num_samples: int,
    alpha: Exact,
    certificate: str | None = None,
    provenance: Mapping[str, Any],
) -> list[Path]:
    r"""Write a log and its record, each whole or not at all; `read_log` gives the same arrays back.

    Numbers are written as the shortest text of their float. Where radii and bounds are as they were
    computed (no half units), the record says "printed": "float64", and the reader takes them for
    exact. Columns that the log does not have
    are left out, and so are `Log.selection` and what could not be read.

    Parameters
    ----------
    path : path
        The tab-separated file; the record goes beside it, with the suffix .json.
    log : Log
        At least one row.
    noise, sigma, num_samples, alpha, certificate
        What the run states, as in `Parameters.parse`; exact numbers stay exact.
    provenance : mapping
        Further entries of the record, as JSON can say them.

    Returns
    -------
    list of Path
        The log and its record.

    Raises
    ------
    ValueError
        For a parameter outside its set, a log without rows, with a NaN as radius, a bound outside
        [0, 1] or more votes than samples, a path that is the record's own, or provenance with a
        name of the record's own.

    Examples
    --------
    >>> import tempfile
    >>> from l1cert.audit.reading import read_log
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "run.tsv")
    ...     text = "idx\tlabel\tpredict\tradius\tp_a\n0\t3\t3\t0.5\t0.75\n"
    ...     written = file.write_text(text)
    ...     stated = dict(noise="laplace", sigma="1.5", num_samples=100, alpha="0.001")
    ...     files = write_log(file, read_log(file), **stated, provenance={})
    ...     log = read_log(file)
    >>> [file.name for file in files], dict(log.record)["sigma"], log.radius_precision.said
    (['run.tsv', 'run.json'], '1.5', '1 decimal')
    """
    run = Parameters.parse(
        noise, sigma=sigma, num_samples=num_samples, alpha=alpha, certificate=certificate
    )
    record = {
        "format": RECORD_FORMAT,
        "version": RECORD_VERSION,
        "noise": run.noise,
        "sigma": _spelled(sigma),
        "num_samples": int(run.num_samples),
        "alpha": _spelled(alpha),
        "certificate": run.certificate,
    }
    record |= {name: log.record[name] for name in KEPT if name in log.record}
    if _is_exact(log):
        record["printed"] = "float64"
    twice = sorted(record.keys() & provenance.keys())
    if twice:
        raise ValueError(f"provenance has {twice[0]}, which is none of its own names")
    file = Path(path)
    beside = record_of(file)
    if beside == file:
        raise ValueError(f"path = {describe(file)} is the record's: the log has another suffix")
    lines = _lines(log)
    contents = {
        file: "".join(f"{line}\n" for line in lines),
        beside: json.dumps({**record, **provenance}, indent=1, allow_nan=False) + "\n",
    }
    file.parent.mkdir(parents=True, exist_ok=True)
    # The log last: where it stands, its record does.
    for one in (beside, file):
        write_atomically(one, contents[one].encode())
    return [file, beside]


def _is_exact(log: Log) -> bool:
    """Whether its radii and bounds are the floats that were computed, not roundings of them."""
    columns = (log.radius_precision, log.bound_precision)
    return not any(one is not None and one.half_unit.any() for one in columns)


def _lines(log: Log) -> list[str]:
    """The header and the rows, tab-separated."""
    if len(log) == 0:
        raise ValueError("the log has no rows")
    if np.isnan(log.radius).any():
        raise ValueError("the log has a NaN as radius")
    if log.bound is not None and not ((log.bound >= 0) & (log.bound <= 1)).all():
        raise ValueError("the log has a bound outside [0, 1]")
    columns = {
        "idx": _texts(log.index),
        "label": _texts(log.label),
        "predict": _texts(log.predict),
        "radius": _texts(log.radius),
        "correct": _texts(log.correct),
        "time": _texts(log.seconds),
        "p_a": _texts(log.bound),
        "p_b": _texts(log.other_bound),
        "votes": _votes(log),
    }
    there = {name: texts for name, texts in columns.items() if texts is not None}
    return ["\t".join(there), *map("\t".join, zip(*there.values(), strict=True))]


def _texts(column: Ints | Floats | None) -> list[str] | None:
    """Each number as its shortest text; nothing for a NaN, a PB that is not there."""
    if column is None:
        return None
    return [repr(entry) if entry == entry else "" for entry in column.tolist()]


def _votes(log: Log) -> list[str] | None:
    """The votes, whose classes a `Log` does not name."""
    if log.votes is None or log.runner_up is None or log.num_samples is None:
        return None
    counts = np.stack([log.votes, log.runner_up, log.num_samples - log.votes - log.runner_up])
    if (counts < 0).any():
        raise ValueError("the log has more votes than samples")
    return [
        ",".join(f"{name}:{count}" for name, count in zip(UNNAMED, row, strict=True))
        for row in counts.T.tolist()
    ]


def _spelled(number: Exact) -> str:
    """An exact number as a text that stands for just this number.

    >>> _spelled(0.25), _spelled("1e-3"), _spelled(0.1) == "0.1"
    ('0.25', '1e-3', False)
    """
    if isinstance(number, str | int | Decimal):
        return str(number)
    return str(Decimal(number) if isinstance(number, float) else to_fraction(number))
