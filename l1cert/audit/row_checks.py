"""What a log's own columns say against each other: no probability theory."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from l1cert.audit.findings import Finding
from l1cert.audit.log import ABSTAINED, Floats, Ints, Log

Bools: TypeAlias = npt.NDArray[np.bool_]

#: sixteen roundings of float32, in which shares of votes may have been summed
SUM_MARGIN = 2.0**-20


def row_findings(log: Log) -> tuple[Finding, ...]:
    """Every fault that the columns show by themselves, in the order of the kinds.

    Parameters
    ----------
    log
        Of any format.

    Returns
    -------
    tuple of Finding
        Of the kinds "malformed_line", "missing_value", "negative_radius", "abstained_with_radius",
        "wrong_correct", "duplicate_index", "index_gap", "wrong_order", "not_a_distribution" and
        "tied_selection", those that have rows.

    Examples
    --------
    >>> import numpy as np
    >>> from l1cert.audit.log import Precision
    >>> place, radius = np.array([2, 3]), np.array([0.25, -0.5])
    >>> said = Precision(np.zeros(2), "float64")
    >>> log = Log("a.tsv", "cohen", place, place - 2, place, place, radius, said)
    >>> [(found.kind, found.rows.tolist()) for found in row_findings(log)]
    [('negative_radius', [3])]
    """
    found = [
        *_problems(log),
        _negative_radius(log),
        _abstained_with_radius(log),
        _wrong_correct(log),
        _duplicate_index(log),
        _index_gap(log),
        _wrong_order(log),
        *_selections(log),
    ]
    return tuple(one for one in found if len(one.rows))


def shown(log: Log, row: int, **numbers: Any) -> dict[str, Any]:
    """A row as JSON can say it: its place, its index, and the numbers that matter.

    An array gives its entry of the row; floats that are not finite are None.
    """
    said: dict[str, Any] = {"row": int(log.place[row]), "index": int(log.index[row])}
    for name, value in numbers.items():
        entry = value[row] if isinstance(value, np.ndarray) else value
        plain = entry.item() if isinstance(entry, np.generic) else entry
        said[name] = plain if not isinstance(plain, float) or np.isfinite(plain) else None
    return said


def finding(log: Log, kind: str, at: Bools, score: Floats, **numbers: Any) -> Finding:
    """The rows where `at` holds; the worst is the first of the largest score."""
    rows = np.flatnonzero(at)
    if not len(rows):
        return Finding(kind, log.place[rows])
    worst = int(rows[np.argmax(score[rows])])
    return Finding(kind, log.place[rows], shown(log, worst, **numbers))


def _problems(log: Log) -> list[Finding]:
    missing = [one for one in log.problems if "nan" in one.reason.lower()]
    malformed = [one for one in log.problems if "nan" not in one.reason.lower()]
    found = []
    for kind, problems in (("malformed_line", malformed), ("missing_value", missing)):
        rows = np.array([one.place for one in problems], np.int64)
        worst = None
        if problems:
            first = problems[0]
            worst = {"row": first.place, "reason": first.reason, "text": first.text}
        found.append(Finding(kind, rows, worst))
    return found


def _negative_radius(log: Log) -> Finding:
    at = (log.radius < 0) & (log.predict != ABSTAINED)
    return finding(log, "negative_radius", at, -log.radius, radius=log.radius)


def _abstained_with_radius(log: Log) -> Finding:
    at = (log.radius > 0) & (log.predict == ABSTAINED)
    return finding(log, "abstained_with_radius", at, log.radius, radius=log.radius)


def right(log: Log) -> Bools:
    """Whether each row's certified class is its label; an abstention never is right."""
    return np.asarray((log.predict == log.label) & (log.predict != ABSTAINED))


def _wrong_correct(log: Log) -> Finding:
    if log.correct is None:
        return Finding("wrong_correct", log.place[:0])
    at = (log.correct != 0) != right(log)
    columns = {"label": log.label, "predict": log.predict, "correct": log.correct}
    return finding(log, "wrong_correct", at, log.radius, radius=log.radius, **columns)


def _duplicate_index(log: Log) -> Finding:
    _, first, inverse = np.unique(log.index, return_index=True, return_inverse=True)
    earliest = first[inverse]
    at = earliest < np.arange(len(log))
    return finding(log, "duplicate_index", at, _ones(log), first_row=log.place[earliest])


def _wrong_order(log: Log) -> Finding:
    before = np.concatenate([log.index[:1], log.index[:-1]])
    return finding(log, "wrong_order", log.index < before, _ones(log), previous=before)


def _index_gap(log: Log) -> Finding:
    """The step of a regular sequence is the difference of more than half of all neighbours."""
    indices, first = np.unique(log.index, return_index=True)
    steps = _differences(indices)
    values, times = np.unique(steps, return_counts=True)
    if not len(steps) or 2 * times.max() <= len(steps):
        return Finding("index_gap", log.place[:0])
    step = values[times.argmax()]
    gap = steps > step
    # as many as a sequence that keeps the step leaves between the two
    missing = np.where(gap, (steps - np.uint64(1)) // step, 0).astype(np.float64)
    after = first[1:][gap]
    at = np.zeros(len(log), np.bool_)
    at[after] = True
    here, previous = np.zeros(len(log)), log.index.copy()
    here[first[1:]], previous[first[1:]] = missing, indices[:-1]
    return finding(
        log,
        "index_gap",
        at,
        here,
        previous=previous,
        step=int(step),
        missing=int(missing.max(initial=0)),
        missing_in_all=int(missing.sum()),
    )


def _differences(indices: Ints) -> npt.NDArray[np.uint64]:
    """Of ascending integers, also where int64 cannot hold the difference."""
    unsigned = indices.astype(np.uint64)
    return unsigned[1:] - unsigned[:-1]


def _selections(log: Log) -> list[Finding]:
    if log.selection is None or not log.selection.shape[1]:
        return []
    shares = log.selection
    sums = shares.sum(axis=1)
    inside = np.all((shares >= 0) & (shares <= 1), axis=1) & (np.abs(sums - 1) <= SUM_MARGIN)
    largest = shares.max(axis=1)
    top = shares == largest[:, None]
    tied = inside & (np.count_nonzero(top, axis=1) > 1)
    far = np.where(np.isnan(sums), np.inf, np.abs(sums - 1))
    broken = finding(
        log,
        "not_a_distribution",
        ~inside,
        far,
        sum=sums,
        least=shares.min(axis=1),
        largest=largest,
    )
    score = np.where(tied, largest, -1.0)
    classes = np.flatnonzero(top[score.argmax()]).tolist() if len(log) else []
    return [
        broken,
        finding(log, "tied_selection", tied, score, share=largest, classes=classes),
    ]


def _ones(log: Log) -> Floats:
    return np.ones(len(log))
