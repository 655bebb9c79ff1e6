"""Logs with every certificate that they allow, and undefended classifiers under attack, as read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from figures.certified_curves import EMPIRICAL, METHODS, UNSTATED, Certified, Empirical, size
from l1cert.audit.accuracy import certified_accuracy
from l1cert.audit.log import ABSTAINED, Floats, Log, Precision
from l1cert.audit.opening import opened, refused, shown
from l1cert.audit.parameters import CERTIFICATES, Noise, Parameters
from l1cert.audit.probabilities import implied_by, radius_at
from l1cert.audit.reading import read_log, record_of
from l1cert.audit.row_checks import right
from l1cert.certified_columns import certified_columns
from theory.exact import Exact, describe

#: what a data set is called where nothing says
UNNAMED = "data"

_LARGEST = 1 << 24
_LONGEST = 8


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """A log with the radii of every certificate that it allows.

    ``radii`` is by certificate, shape (rows,), in l1, NaN where nothing is certified;
    ``log.predict`` is the class that they are of; ``abstained`` rows have no radius of the log's
    own certificate. ``basis`` says what its bounds stand on: n, alpha and the points.
    """

    log: Log
    noise: Noise
    sigma: str
    data: str
    training: str
    radii: Mapping[str, Floats]
    abstained: int
    basis: str

    def certified(self) -> Iterator[Certified]:
        """What each certificate gives, for a figure."""
        for method, radius in self.radii.items():
            yield Certified(
                self.data, self.training, self.sigma, method, radius, right(self.log), self.basis
            )

    def counts(self, method: str, radii: Sequence[Exact]) -> list[int]:
        """How many rows are right and certified at each radius."""
        exact = Precision(np.zeros(len(self.log)), "float64")
        one = replace(self.log, radius=self.radii[method], radius_precision=exact)
        return [round(at["value"] * len(one)) for at in certified_accuracy(one, radii)]


def read_run(
    path: Path,
    chosen_by: Sequence[str],
    noise: str | None,
    sigma: Exact | None,
    num_samples: int | None,
    alpha: Exact | None,
    data: str | None,
) -> Run:
    """A log, with what it does not state of itself as given; its own statements go first."""
    log = _whole(read_log(path))
    stated = {**log.record}
    given = {"noise": noise, "sigma": sigma, "num_samples": num_samples, "alpha": alpha}
    known = {name: stated.get(name, value) for name, value in given.items()}
    for name in ("noise", "sigma"):
        if known[name] is None:
            raise ValueError(f"--{name} missing: {shown(path)} does not state it")
    complete = known["num_samples"] is not None and known["alpha"] is not None
    run = Parameters.parse(
        str(known["noise"]),
        sigma=known["sigma"],  # type: ignore[arg-type]
        num_samples=known["num_samples"] if complete else 1,  # type: ignore[arg-type]
        alpha=known["alpha"] if complete else "0.5",  # type: ignore[arg-type]
        certificate=stated.get("certificate"),
    )
    certified, chosen = certified_columns(log)
    own = np.where((log.predict != ABSTAINED) & (log.radius >= 0), log.radius, np.nan)
    if not certified and complete:
        certified = _implied(log, run)
    radii = {run.certificate: own, **certified}
    kept = {method: radii[method] for method in METHODS if method in radii and method in chosen_by}
    if not kept:
        raise ValueError(f"{shown(path)} has none of the certificates {', '.join(chosen_by)}")
    name, training = _described(record_of(path))
    abstained = int(np.count_nonzero(log.predict == ABSTAINED))
    return Run(
        # a certificate may say something where the log's own abstains: of the selected class
        replace(log, predict=chosen),
        run.noise,
        _short(run.sigma, str(known["sigma"])),
        name or data or UNNAMED,
        training,
        MappingProxyType(kept),
        abstained,
        _basis(log, known),
    )


def _whole(log: Log) -> Log:
    """A log of which every line is a row and every row another point: else a share is of others."""
    if log.problems:
        first = log.problems[0]
        raise refused(Path(log.path), f"line {first.place} cannot be read: {first.reason}")
    points, rows = np.unique(log.index, return_counts=True)
    if np.any(rows > 1):
        at = int(rows.argmax())
        raise refused(Path(log.path), f"point {points[at]} stands in {rows[at]} rows")
    return log


def _basis(log: Log, known: Mapping[str, Any]) -> str:
    said = [
        f"{word} = {known[name]}" if known[name] is not None else f"{word} not stated"
        for word, name in (("n", "num_samples"), ("alpha", "alpha"))
    ]
    if log.anytime:
        said.append("bounds that hold at any time")
    return f"{', '.join(said)}, {len(log)} points from {log.index.min()} to {log.index.max()}"


def check_together(runs: Sequence[Run]) -> None:
    """Refuse runs that no table or picture may show side by side.

    Raises
    ------
    ValueError
        For two runs of one certificate, data set, training and noise level; for labels that differ
        at a point of one data set; or for several noise levels, of which the best is shown, on
        different points.
    """
    labels: dict[str, tuple[Run, dict[int, int]]] = {}
    for run in runs:
        mine = dict(zip(run.log.index.tolist(), run.log.label.tolist(), strict=True))
        first, known = labels.setdefault(run.data, (run, {}))
        for point in mine.keys() & known.keys():
            if mine[point] != known[point]:
                raise ValueError(
                    f"{_path(first)} and {_path(run)} label point {point} of {run.data} as "
                    f"{known[point]} and {mine[point]}: they are of different data sets, --data "
                    "names those that logs do not"
                )
        known.update(mine)
    for one, other in combinations(runs, 2):
        shared = [method for method in one.radii if method in other.radii]
        if (one.data, one.training) != (other.data, other.training) or not shared:
            continue
        who = f"{_path(one)} and {_path(other)} are both of {shared[0]}, {one.data}, {one.training}"
        if size(one.sigma) == size(other.sigma):
            raise ValueError(f"{who}, sigma = {one.sigma}: legal is one")
        if set(one.log.index.tolist()) != set(other.log.index.tolist()):
            raise ValueError(f"{who}, on different points: the best of both would be of neither")


def _path(run: Run) -> str:
    return shown(Path(run.log.path))


def differences(runs: Sequence[Run]) -> str:
    """What the runs do not have in common, for a note; empty where their bounds stand on the same.

    Points that differ inside of the same range are told apart as well.
    """
    groups: dict[tuple[str, frozenset[int]], list[str]] = {}
    for run in runs:
        key = (run.basis, frozenset(run.log.index.tolist()))
        groups.setdefault(key, []).append(_path(run))
    if len(groups) == 1:
        return ""
    parts = [f"{', '.join(paths)}: {basis}" for (basis, _), paths in groups.items()]
    return f"Not certified alike: {'; '.join(parts)}."


def _short(exact: Fraction, text: str) -> str:
    """A noise level as a legend says it: six digits of a longer one."""
    return text if len(text) <= _LONGEST else f"{float(exact):.6g}"


def _implied(log: Log, run: Parameters) -> dict[str, Floats]:
    """The other certificates of the same noise, of the bounds that the log's evidence supports."""
    implied = implied_by(log, run)
    found: dict[str, Floats] = {}
    for method in CERTIFICATES[run.noise]:
        if method != run.certificate:
            # Theorem 2 is of two classes and takes no PB
            other = None if method == "theorem_2" else implied.other
            at = radius_at(run, implied.supported, other, method=method)
            found[method] = np.where(log.predict != ABSTAINED, at, np.nan)
    return found


def _described(record: Path) -> tuple[str, str]:
    """The data set and the training that a record names; empty and `UNSTATED` where it does not."""
    if not record.is_file():
        return "", UNSTATED
    with opened(record, _LARGEST) as file:
        try:
            whole = json.loads(file.read(_LARGEST))
        except (ValueError, RecursionError):
            return "", UNSTATED

    def entry(name: str) -> Mapping[str, Any]:
        found = whole.get(name)
        return found if isinstance(found, Mapping) else {}

    if not isinstance(whole, Mapping):
        return "", UNSTATED
    kind = entry("training").get("kind")
    training = f"type_{kind}" if kind in (1, 2) else UNSTATED
    if entry("settings").get("sound") is True:
        training += "_sound"
    return str(whole.get("dataset", "")), training


def read_attack(path: Path, data: str | None = None) -> Empirical:
    """An undefended classifier under attack, as ``l1cert attack --undefended`` writes it.

    Raises
    ------
    UnreadableLog
        For any other file: one line.
    """
    with opened(path, _LARGEST) as file:
        content = file.read(_LARGEST)
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        raise refused(path, "is no JSON") from None
    if not isinstance(whole, Mapping) or whole.get("kind") != EMPIRICAL:
        raise refused(path, f"is no record of an attack: its kind is not {EMPIRICAL!r}")
    radii, correct, points = (whole.get(name) for name in ("radii", "correct", "points"))
    # neither texts nor truths, and no count that would have to be rounded
    if not (
        isinstance(radii, list)
        and all(type(one) in (int, float) for one in radii)
        and isinstance(correct, list)
        and all(type(one) is int for one in correct)
        and type(points) is int
    ):
        raise refused(path, "is no record of an attack: radii, correct and points")
    named = whole.get("dataset")
    if named is not None and not isinstance(named, str):
        raise refused(path, f"is no record of an attack: dataset = {describe(named)}")
    found = Empirical(named or data or UNNAMED, tuple(map(float, radii)), tuple(correct), points)
    legal = len(found.radii) == len(found.correct) > 0 and found.points > 0
    finite = all(math.isfinite(one) and one >= 0 for one in found.radii)
    rising = all(a < b for a, b in zip(found.radii, found.radii[1:], strict=False))
    if not (legal and finite and rising and all(0 <= k <= found.points for k in found.correct)):
        raise refused(
            path, "is no record of an attack: one count in [0, points] for each ascending radius"
        )
    return found
