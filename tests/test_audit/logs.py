"""Makers of small logs, the same on every run: what each kind of program writes, and its faults.

`made_rows` certifies inputs whose votes spread evenly from abstention to all n samples; the makers
write such rows as each program does. Whatever is to be wrong is put in by the caller: rows through
``dataclasses.replace``, lines and files through ``faults``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from l1cert.audit.log import ABSTAINED
from l1cert.audit.parameters import Parameters
from theory import confidence

COHEN = ("idx", "label", "predict", "radius", "correct", "time")
FURTHER = ("selected", "p_a", "p_b", "votes")
NO_FAULTS: Mapping[Any, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Row:
    """One certified input: `counts` are the votes of each class in the estimation sample."""

    index: int
    label: int
    predict: int
    selected: int
    radius: float
    bound: float
    counts: Mapping[int, int]
    seconds: float = 16.5

    @property
    def correct(self) -> int:
        return int(self.predict == self.label)

    @property
    def votes(self) -> int:
        return self.counts[self.selected]


def float_radius(bound: float, noise: str, sigma: float) -> float:
    """The two-class radius by SciPy or the math module, as programs compute it."""
    if noise == "gaussian":
        return float(sigma * stats.norm.ppf(bound))
    if noise == "uniform":
        return math.sqrt(3) * sigma * (2 * bound - 1)
    return -sigma / math.sqrt(2) * math.log(2 * (1 - bound))


def made_rows(
    num_rows: int = 24,
    *,
    noise: str = "gaussian",
    sigma: float | str = 0.5,
    num_samples: int = 100_000,
    alpha: float = 0.001,
    classes: int = 10,
    step: int = 20,
    sides: int = 1,
    exact: bool = False,
) -> list[Row]:
    """Rows as a correct program gives them: every fifth misclassified, the first few abstained on.

    `sides` = 2 takes alpha/2 on either side. `exact` takes the bound and the radius from theory/,
    both rounded down, as l1cert's own programs do; else SciPy's floats, to nearest.
    """
    run = Parameters.parse(noise, sigma=sigma, num_samples=num_samples, alpha=alpha)
    rows = []
    for number in range(num_rows):
        selected = number % classes
        votes = round(num_samples * (0.3 + 0.7 * (number + 1) / num_rows))
        second = (2 * (num_samples - votes) + 2) // 3
        counts = {
            selected: votes,
            (selected + 1) % classes: second,
            (selected + 2) % classes: num_samples - votes - second,
        }
        if exact:
            bound = confidence.lower(votes, num_samples, alpha=alpha / sides)
        else:
            bound = float(stats.beta.ppf(alpha / sides, votes, num_samples - votes + 1))
        certified = bound >= 0.5
        radius = 0.0
        if certified:
            found = run.radius(bound) if exact else float_radius(bound, noise, float(sigma))
            radius = float(found)
        rows.append(
            Row(
                index=step * number,
                label=(selected + (number % 5 == 4)) % classes,
                predict=selected if certified else ABSTAINED,
                selected=selected,
                radius=radius,
                bound=bound,
                counts={one: count for one, count in counts.items() if count},
                seconds=16.5 + number / 10,
            )
        )
    return rows


def cohen_log(
    path: Path,
    rows: Sequence[Row] | None = None,
    *,
    columns: Sequence[str] = COHEN,
    form: str = "{:.3}",
    clock: bool = False,
    end: str = "\n",
    final_end: bool = True,
    encoding: str = "utf-8",
    faults: Mapping[int, str | None] = NO_FAULTS,
) -> Path:
    """Cohen et al.'s TSV.

    `columns` gives order and choice; another name is a column of dots. `form` prints the radius,
    `clock` the time as H:MM:SS. `faults` replaces the line of a number (the header is line 1), or
    with None leaves it out; the numbers are those before any line is left out.
    """
    lines = ["\t".join(columns)]
    for row in made_rows() if rows is None else rows:
        time = str(timedelta(seconds=row.seconds)) if clock else f"{row.seconds:.3}"
        said = {
            "idx": str(row.index),
            "label": str(row.label),
            "predict": str(row.predict),
            "radius": form.format(row.radius),
            "correct": str(row.correct),
            "time": time,
        }
        lines.append("\t".join(said.get(name.strip().lower(), ".") for name in columns))
    return _write_lines(path, lines, faults, end, final_end, encoding)


def l1cert_log(
    path: Path,
    rows: Sequence[Row] | None = None,
    *,
    noise: str = "laplace",
    sigma: str = "0.5",
    num_samples: int = 100_000,
    alpha: str = "0.001",
    certificate: str | None = None,
    further: Sequence[str] = FURTHER,
    record: Mapping[str, Any] | str | None = NO_FAULTS,
    faults: Mapping[int, str | None] = NO_FAULTS,
) -> Path:
    """Our own format: six columns, `further` ones, and the record beside them.

    `record` is laid over the record as it should be; None leaves the file out, a text replaces it.
    """
    rows = rows or made_rows(
        noise=noise, sigma=sigma, num_samples=num_samples, alpha=float(alpha), exact=True
    )
    run = Parameters.parse(
        noise, sigma=sigma, num_samples=num_samples, alpha=alpha, certificate=certificate
    )
    lines = ["\t".join([*COHEN, *further])]
    for row in rows:
        said = {
            "selected": str(row.selected),
            "p_a": repr(row.bound),
            "p_b": "",
            "votes": ",".join(f"{one}:{count}" for one, count in sorted(row.counts.items())),
        }
        numbers = (row.index, row.label, row.predict, row.radius, row.correct, row.seconds)
        lines.append("\t".join([*map(repr, numbers), *(said[name] for name in further)]))
    _write_lines(path, lines, faults, "\n", True, "utf-8")
    if record is not None:
        whole = {
            "format": "l1cert-log",
            "version": 1,
            "noise": noise,
            "sigma": sigma,
            "num_samples": num_samples,
            "alpha": alpha,
            "certificate": run.certificate,
            "printed": "float64",
        }
        text = record if isinstance(record, str) else json.dumps({**whole, **record})
        path.with_suffix(".json").write_text(text, encoding="utf-8")
    return path


def rs4a_folder(
    path: Path,
    rows: Sequence[Row] | None = None,
    *,
    noise: str = "uniform",
    sigma: float = 0.5,
    classes: int = 10,
    single: bool = True,
    faults: Mapping[str, ArrayLike | bytes | None] = NO_FAULTS,
) -> Path:
    """rs4a's folder: labels, preds, prob_lb, radius_l1 (radius_l2 for Gaussian noise).

    It abstains nowhere: the class is the one selected, and the radius negative where the bound is
    below 1/2. `single` computes in float32 (and stores float64, as rs4a does). The selection
    sample has 64 votes, no two classes tied. `faults` replaces a file (by its stem) with an array
    or with bytes, or adds one; None leaves it out.
    """
    rows = rows or made_rows(noise=noise, sigma=sigma, classes=classes, sides=2)
    shares = np.zeros((len(rows), classes))
    for number, row in enumerate(rows):
        shares[number, row.selected] = (33 + number % 32) / 64
        shares[number, (row.selected + 1) % classes] = (31 - number % 32) / 64
    bound = np.array([row.bound for row in rows])
    if single:
        bound = bound.astype(np.float32).astype(np.float64)
    radius = np.array([float_radius(one, noise, sigma) for one in bound])
    if single:
        radius = radius.astype(np.float32).astype(np.float64)
    files: dict[str, Any] = {
        "labels": np.array([row.label for row in rows], dtype=np.float64),
        "preds": shares,
        "prob_lb": bound,
        "radius_l2" if noise == "gaussian" else "radius_l1": radius,
        **faults,
    }
    path.mkdir(parents=True, exist_ok=True)
    for stem, content in files.items():
        if isinstance(content, bytes):
            (path / f"{stem}.npy").write_bytes(content)
        elif content is not None:
            np.save(path / f"{stem}.npy", np.asarray(content))
    return path


def _write_lines(
    path: Path,
    lines: list[str],
    faults: Mapping[int, str | None],
    end: str,
    final_end: bool,
    encoding: str,
) -> Path:
    changed = [faults.get(number, line) for number, line in enumerate(lines, 1)]
    text = end.join(line for line in changed if line is not None) + (end if final_end else "")
    path.write_bytes(text.encode(encoding))
    return path
