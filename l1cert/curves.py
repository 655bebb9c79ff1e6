"""Certified accuracies of several logs side by side: tables, and figures in the paper's form."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from figures.certified_curves import (
    ALPHA,
    EMPIRICAL,
    METHODS,
    OF_PAIRS,
    PAIRED,
    Empirical,
    ordered,
    size,
    titled,
)
from figures.data import FigureData
from figures.saving import FORMATS, save_data, write_atomically
from l1cert.audit.accuracy import checked_radius, default_radii
from l1cert.audit.latex import latex
from l1cert.audit.tables import Block, Heading, Paragraph, Table, markdown, terminal
from l1cert.certified_runs import Run, check_together, differences, read_attack, read_run
from l1cert.provenance import provenance
from theory.confidence import interval
from theory.exact import Exact, describe

FIGURES = ("figure_06_certified_accuracy", "figure_07_cifar", "figure_08_imagenet")
#: columns of a terminal: twelve radii
_WIDTH = 100
_HEADER = ("data", "training", "sigma", "certificate", "points")
_CSV = (*_HEADER, "radius", "correct", "accuracy", "lower", "upper")


@dataclass(frozen=True, eq=False)
class Curves:
    """Certified accuracies of runs, at radii that were asked for.

    ``undefended`` are accuracies of classifiers without noise under an attack; ``pictured`` are the
    certificates that a figure shows of those that the tables have.
    """

    runs: tuple[Run, ...]
    undefended: tuple[Empirical, ...]
    radii: tuple[Exact, ...]
    pictured: tuple[str, ...]
    origin: Mapping[str, Any]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """One for each certificate of each run, and one for the best noise level of several.

        "correct", "accuracy", "lower" and "upper" are lists, one entry for each radius. The bounds
        are Clopper and Pearson's, each radius by itself, for the accuracy on the population that
        the points are drawn from; of the best of s levels, those of all s at 1 - alpha/s.
        """
        groups: dict[tuple[str, str, str], list[Run]] = {}
        order = ordered([one for run in self.runs for one in run.certified()])
        for one in order:
            key = (one.data, one.training, one.method)
            groups.setdefault(key, [])
        for run in sorted(self.runs, key=lambda one: size(one.sigma)):
            for method in run.radii:
                groups[run.data, run.training, method].append(run)
        found = []
        for (data, training, method), runs in groups.items():
            for run in runs:
                found.append(self._row(data, training, method, run.sigma, [run]))
            if len(runs) > 1:
                found.append(self._row(data, training, method, "best", runs))
        return found

    def _row(
        self, data: str, training: str, method: str, sigma: str, runs: Sequence[Run]
    ) -> dict[str, Any]:
        level = ALPHA / len(runs)
        counts = np.array([run.counts(method, self.radii) for run in runs])
        totals = [len(run.log) for run in runs]
        shares = counts / np.array(totals)[:, None]
        bounds = np.array(
            [
                [interval(k, total, alpha=level) for k in row]
                for row, total in zip(counts.tolist(), totals, strict=True)
            ]
        )
        best = shares.argmax(axis=0)
        return {
            "data": data,
            "training": training,
            "sigma": sigma,
            "certificate": method,
            "points": totals[0] if len(set(totals)) == 1 else None,
            "correct": [int(counts[k, at]) for at, k in enumerate(best.tolist())],
            "accuracy": shares.max(axis=0).tolist(),
            "lower": bounds[:, :, 0].max(axis=0).tolist(),
            "upper": bounds[:, :, 1].max(axis=0).tolist(),
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON can say it."""
        return {
            "radii": [float(checked_radius(one)) for one in self.radii],
            "differences": differences(self.runs),
            "confidence": 1 - ALPHA,
            "logs": [
                {
                    "path": run.log.path,
                    "noise": run.noise,
                    "sigma": str(run.log.record.get("sigma", run.sigma)),
                    "data": run.data,
                    "training": run.training,
                    "rows": len(run.log),
                    "abstained": run.abstained,
                    "basis": run.basis,
                }
                for run in self.runs
            ],
            "certified_accuracy": self.rows,
            "undefended": [
                {
                    "kind": EMPIRICAL,
                    "data": one.data,
                    "radii": list(one.radii),
                    "correct": list(one.correct),
                    "points": one.points,
                }
                for one in self.undefended
            ],
            "provenance": dict(self.origin),
        }

    def csv(self) -> str:
        """One line for each certificate, run and radius."""
        text = io.StringIO()
        lines = csv.writer(text, lineterminator="\n")
        lines.writerow(_CSV)
        for row in self.rows:
            head = [row[name] for name in _HEADER]
            columns = (row[name] for name in ("correct", "accuracy", "lower", "upper"))
            for radius, *said in zip(self.radii, *columns, strict=True):
                lines.writerow([*head, float(checked_radius(radius)), *said])
        return text.getvalue()

    def markdown(self) -> str:
        """The table in Markdown."""
        return markdown(self._blocks())

    def latex(self) -> str:
        """The table in LaTeX (booktabs)."""
        return latex(self._blocks())

    def terminal(self) -> str:
        """The table as text."""
        return terminal(self._blocks(), _WIDTH)

    def _blocks(self) -> list[Block]:
        blocks: list[Block] = [Heading(["Certified accuracy in percent, by l1 radius"])]
        header = ["certificate", "sigma", *(f"{float(checked_radius(r)):g}" for r in self.radii)]
        numeric = [False, *(True for _ in header[1:])]
        for data, training in dict.fromkeys((row["data"], row["training"]) for row in self.rows):
            cells = [
                (
                    METHODS[row["certificate"]],
                    row["sigma"],
                    *(f"{100 * share:.1f}" for share in row["accuracy"]),
                )
                for row in self.rows
                if (row["data"], row["training"]) == (data, training)
            ]
            cells += [self._attacked(one) for one in self.undefended if one.data == data]
            blocks += [Paragraph([titled(data, training)]), Table(header, cells, numeric)]
        return [*blocks, Paragraph([self._note()])]

    def _attacked(self, one: Empirical) -> tuple[str, ...]:
        """An undefended classifier: what is left at the largest attacked radius up to this one."""
        cells = []
        for radius in map(float, map(checked_radius, self.radii)):
            weaker = [k for at, k in zip(one.radii, one.correct, strict=True) if at <= radius]
            cells.append(f"{100 * weaker[-1] / one.points:.1f}" if weaker else "")
        return ("undefended", "", *cells)

    def _note(self) -> str:
        width = max(
            (high - low) / 2
            for row in self.rows
            for low, high in zip(row["lower"], row["upper"], strict=True)
        )
        said = [
            "Of all points, those that are classified correctly and certified at the radius; an "
            "abstention counts as wrong. Clopper and Pearson's "
            f"{100 * (1 - ALPHA):g} % interval of one entry is at most {200 * width:.1f} "
            "percentage points wide."
        ]
        if any(row["sigma"] == "best" for row in self.rows):
            said.append("best: at each radius the largest over the noise levels.")
        methods = {row["certificate"] for row in self.rows}
        if "theorem_2" in methods and methods & PAIRED:
            said.append(OF_PAIRS)
        if "cohen" in methods:
            said.append("An l2 radius under Gaussian noise is taken as an l1 radius, which it is.")
        for one in self.undefended:
            said.append(
                f"undefended: accuracy on {one.points} points of {one.data} without noise under an "
                "attack of at most the radius, a bound from above on what is robust."
            )
        said.append(differences(self.runs))
        return " ".join(filter(None, said))

    def figure(self, name: str = FIGURES[0]) -> FigureData:
        """The data of one of `FIGURES`.

        Raises
        ------
        ValueError
            For another name, or runs that do not fit it.
        """
        if name not in FIGURES:
            raise ValueError(f"figure = {describe(name)} is none of {', '.join(FIGURES)}")
        module = import_module(f"figures.{name}")
        curves = [
            one for run in self.runs for one in run.certified() if one.method in self.pictured
        ]
        found: FigureData = module.compute(curves=curves, undefended=self.undefended)
        return found

    def save(self, folder: Path | str, *, figure: str = FIGURES[0]) -> list[Path]:
        """Write curves.csv, .md, .tex and .json and the files of a figure, each whole."""
        data = self.figure(figure)
        root = Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        texts = {
            "curves.csv": self.csv(),
            "curves.md": self.markdown(),
            "curves.tex": self.latex(),
            "curves.json": json.dumps(self.as_json(), indent=1, allow_nan=False) + "\n",
        }
        for name, text in texts.items():
            write_atomically(root / name, text.encode())
        written = [root / name for name in texts]
        return written + save_data(data, FORMATS, root, provenance=self.origin)


def curves(
    paths: Sequence[str | os.PathLike[str]],
    *,
    undefended: Sequence[str | os.PathLike[str]] = (),
    radii: Sequence[Exact] | None = None,
    certificates: Sequence[str] | None = None,
    noise: str | None = None,
    sigma: Exact | None = None,
    num_samples: int | None = None,
    alpha: Exact | None = None,
    data: str | None = None,
) -> Curves:
    r"""Read logs and put their certified accuracies side by side.

    Parameters
    ----------
    paths : sequence of path
        Logs that `l1cert.audit.reading.read_log` reads, each of one noise level.
    undefended : sequence of path
        JSON of ``l1cert attack --undefended``.
    radii : sequence of exact numbers, optional
        Where the tables say it, in l1, in [0, 1.8e308]; by default at most 12 round ones.
    certificates : sequence of str, optional
        Which to show; by default all that the logs have.
    noise, sigma, num_samples, alpha, data
        Stated for logs that do not state them. Without num_samples and alpha such a log has only
        the radii that it prints.

    Returns
    -------
    Curves

    Raises
    ------
    UnreadableLog
        A ValueError of one line: a path that holds no log, one with a line that is no row or a
        point that stands there twice, or no attack.
    ValueError
        For no log, an unknown certificate, logs that must not stand side by side
        (`l1cert.certified_runs.check_together`), an attack on another data set or two on one, or a
        parameter outside its set or missing.

    Notes
    -----
    Under Gaussian noise Cohen et al.'s R is a radius in l2. As \|\delta\|_2 <= \|\delta\|_1, it is
    one in l1, and along a coordinate axis, where both norms agree, no larger one holds for every
    classifier (`cohen_is_best_gaussian`): the number is carried over as it is.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "run.tsv")
    ...     text = "idx\tlabel\tpredict\tradius\n0\t3\t3\t1.91\n1\t7\t-1\t0.0\n"
    ...     written = file.write_text(text)
    ...     found = curves([file], noise="gaussian", sigma="0.5", radii=["0", "1", "2"])
    >>> found.rows[0]["certificate"], found.rows[0]["accuracy"]
    ('cohen', [0.5, 0.5, 0.0])
    """
    if not paths:
        raise ValueError("no log: at least one is needed")
    chosen = tuple(METHODS) if certificates is None else tuple(certificates)
    for one in chosen:
        if one not in METHODS:
            raise ValueError(f"certificate = {describe(one)} is none of {', '.join(METHODS)}")
    given = None if radii is None else tuple(map(checked_radius, radii))
    runs = tuple(
        read_run(Path(path), chosen, noise, sigma, num_samples, alpha, data) for path in paths
    )
    check_together(runs)
    attacks = tuple(read_attack(Path(path), data) for path in undefended)
    sets = dict.fromkeys(run.data for run in runs)
    for attack in attacks:
        if attack.data not in sets:
            raise ValueError(f"the attack is on {attack.data}, the logs are of {', '.join(sets)}")
    if len({attack.data for attack in attacks}) < len(attacks):
        raise ValueError("two attacks are on one data set: legal is one")
    asked = _common_radii(runs) if given is None else given
    found = {method for run in runs for method in run.radii}
    # Theorem 1 is left out of a picture unless it was asked for: it lies on the other curves
    left_out = {"theorem_1"} if certificates is None and "theorem_2" in found else set()
    pictured = tuple(method for method in METHODS if method in found - left_out)
    return Curves(runs, attacks, asked, pictured, provenance())


def _common_radii(runs: Sequence[Run]) -> tuple[Exact, ...]:
    """Round radii up to the largest of any certificate."""
    widest = max(
        (
            replace(run.log, radius=np.nan_to_num(radius))
            for run in runs
            for radius in run.radii.values()
        ),
        key=lambda log: float(log.radius.max(initial=0.0, where=np.isfinite(log.radius))),
    )
    return tuple(default_radii(widest))
