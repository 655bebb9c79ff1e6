"""An audited log as a report: JSON, a page for a review, figures, and all of it as files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from figures.data import FigureData
from figures.saving import FORMATS, save_data, write_atomically
from l1cert.audit import accuracy, bound_checks, corrections, summary
from l1cert.audit.findings import KINDS, Finding
from l1cert.audit.log import ABSTAINED, Log
from l1cert.audit.opening import shown
from l1cert.audit.parameters import CERTIFICATES, Parameters
from l1cert.audit.probabilities import Implied
from l1cert.audit.reading import record_of
from l1cert.audit.reasons import only_rounding
from l1cert.audit.row_checks import right
from l1cert.audit.writing import write_log
from simulations.observed_findings import ObservedTightness
from theory.exact import Exact, to_fraction

#: what `AuditReport.save` writes
_FIGURES = ("figure_audit_accuracy", "figure_audit_bounds")
_TEXTS = ("corrected.tsv", "corrected.json", "audit.json", "audit.md", "audit.tex")
_FILES = (*_TEXTS, *(f"{name}.{end}" for name in _FIGURES for end in ("csv", "txt", *FORMATS)))
#: characters of a decimal, beyond which it is written with an exponent
_LONGEST = 12


@dataclass(frozen=True, eq=False)
class AuditReport:
    """A log with all that was found in it.

    ``log`` is as it was read, ``corrected`` what its evidence supports, ``findings`` the kinds that
    have rows, ``tightness`` the worst cases drawn at the corrected bounds, None if none were.
    """

    log: Log
    parameters: Parameters
    implied: Implied
    findings: tuple[Finding, ...]
    corrected: Log
    tightness: ObservedTightness | None
    radii: tuple[Exact, ...]
    origin: Mapping[str, Any]

    @property
    def contradicted(self) -> bool:
        """Whether the draws contradict the exact law: a fault of the program, not of the log."""
        return self.tightness is not None and self.tightness.consistent is False

    def as_json(self) -> dict[str, Any]:
        """Everything, as JSON can say it; every kind of finding has a key.

        "rows" of a finding are places in the log: lines of a text (the header is line 1), row
        numbers from 0 of arrays.
        """
        return deepcopy(self._json)

    @cached_property
    def _json(self) -> dict[str, Any]:
        log, run = self.log, self.parameters
        found = {one.kind: one for one in self.findings}
        nothing = np.array([], np.int64)
        precision = log.bound_precision
        return {
            "path": log.path,
            "format": log.format,
            "rows": len(log),
            "abstained": int(np.count_nonzero(log.predict == ABSTAINED)),
            "correct": int(np.count_nonzero(right(log))),
            "parameters": {
                "noise": run.noise,
                "sigma": _decimal(run.sigma),
                "scale": float(run.scale),
                "n": run.num_samples,
                "alpha": _decimal(run.alpha),
                "certificate": run.certificate,
            },
            "overridden": _overridden(log, run),
            "source": self.implied.source,
            "uses_p_b": self.implied.other is not None,
            "interval": self.implied.interval,
            "bounds": "anytime" if log.anytime else "fixed",
            "precision": {
                "radius": log.radius_precision.said,
                "bound": None if precision is None else precision.said,
            },
            "violations": {
                kind: found.get(kind, Finding(kind, nothing)).as_json() for kind in KINDS
            },
            "ceiling": bound_checks.ceiling(log, run),
            "certified_accuracy": self._accuracy(),
            "other_certificates": accuracy.other_certificates(log, run, self.implied, self.radii),
            "corrected": corrections.summarise(log, self.corrected),
            "tightness": self._tightness(),
            "provenance": dict(self.origin),
        }

    def markdown(self) -> str:
        """One page in Markdown, for a review."""
        return summary.markdown(self._json)

    def latex(self) -> str:
        """One page in LaTeX (booktabs)."""
        return summary.latex(self._json)

    def terminal(self) -> str:
        """The same as text."""
        return summary.terminal(self._json)

    def save(self, folder: Path | str) -> list[Path]:
        """Write the corrected log, the JSON, the summaries and the figures; each file whole.

        Returns
        -------
        list of Path
            corrected.tsv and its record, audit.json, audit.md, audit.tex, and of each figure the
            CSV, the caption and the pictures.

        Raises
        ------
        ValueError
            If one of them would replace the log, or be taken for its record (`check_folder`).
        """
        check_folder(folder, self.log.path)
        root = Path(folder)
        root.mkdir(parents=True, exist_ok=True)
        run, found = self.parameters, self._json
        written = write_log(
            root / "corrected.tsv",
            self.corrected,
            noise=run.noise,
            sigma=_decimal(run.sigma),
            num_samples=run.num_samples,
            alpha=_decimal(run.alpha),
            certificate=run.certificate,
            provenance={
                "corrected_from": self.log.path,
                "interval": self.implied.interval,
                "provenance": dict(self.origin),
            },
        )
        texts = {
            "audit.json": json.dumps(found, indent=1, allow_nan=False) + "\n",
            "audit.md": summary.markdown(found),
            "audit.tex": summary.latex(found),
        }
        for name, text in texts.items():
            write_atomically(root / name, text.encode())
            written.append(root / name)
        for data in self.figures():
            written += save_data(data, out=root, provenance=self.origin)
        return written

    def figures(self) -> tuple[FigureData, FigureData]:
        """The data of both figures: certified accuracy, and radius against PA."""
        from figures import figure_audit_accuracy, figure_audit_bounds

        log, run, implied = self.log, self.parameters, self.implied
        stated: dict[str, Any] = {
            "noise": run.noise,
            "sigma": _decimal(run.sigma),
            "num_samples": run.num_samples,
            "alpha": _decimal(run.alpha),
            "certificate": run.certificate,
        }
        limits = bound_checks.ceiling(log, run)
        steps = figure_audit_accuracy.compute(
            radius=log.radius,
            half_unit=log.radius_precision.half_unit,
            is_correct=right(log),
            corrected=np.where(self.corrected.predict == ABSTAINED, np.nan, self.corrected.radius),
            ceilings={side: limits[side] for side in ("one_sided", "two_sided")},
            **stated,
        )
        # what is off by rounding alone would cover the picture, and mark nothing that can be seen
        flags = {
            one.kind: np.isin(log.place, one.rows)
            for one in self.findings
            if not only_rounding(one.explained_by)
        }
        bounds = figure_audit_bounds.compute(
            radius=log.radius,
            p_low=np.where(implied.certified, implied.p_low, np.nan),
            p_high=np.where(implied.certified, implied.p_high, np.nan),
            recovered=implied.source == "radius",
            flags={kind: flags[kind] for kind in figure_audit_bounds.FLAGS if kind in flags},
            certificates={
                method: partial(run.radius, method=method, rounding="nearest")
                for method in CERTIFICATES[run.noise]
            },
            ceiling=implied.level ** (1 / run.num_samples),
            **stated,
        )
        return steps, bounds

    def _accuracy(self) -> list[dict[str, Any]]:
        before = accuracy.certified_accuracy(self.log, self.radii)
        after = accuracy.certified_accuracy(self.corrected, self.radii)
        return [{**old, "corrected": new["value"]} for old, new in zip(before, after, strict=True)]

    def _tightness(self) -> dict[str, Any] | None:
        found = self.tightness
        return None if found is None else {"distinct": len(found.p_a), **found.as_json()}


def check_folder(folder: Path | str, log: Path | str) -> None:
    """Refuse a folder where the files of `AuditReport.save` would change the log itself.

    Raises
    ------
    ValueError
        If one of them is the log or its record, or would from then on be read as its record.

    Examples
    --------
    >>> check_folder("out", "runs/audit.tsv")
    >>> check_folder("runs", "runs/audit.tsv")
    Traceback (most recent call last):
        ...
    ValueError: out = runs: its audit.json would be the record of runs/audit.tsv; legal is another
    """
    source = Path(log)
    for name, what in ((source, "replace"), (record_of(source), "be the record of")):
        for file in _FILES:
            written = Path(folder, file)
            # unlike Path.resolve, no error for links in a ring: reading and writing refuse those
            same = os.path.realpath(written) == os.path.realpath(name)
            if same or (written.exists() and name.exists() and written.samefile(name)):
                raise ValueError(
                    f"out = {shown(Path(folder))}: its {file} would {what} {shown(source)}; legal "
                    "is another"
                )


def _overridden(log: Log, run: Parameters) -> dict[str, str | int]:
    """What the log's own record states otherwise than it was held against."""
    taken = {"sigma": run.sigma, "num_samples": run.num_samples, "alpha": run.alpha}
    found = {
        name: log.record[name]
        for name, value in taken.items()
        if name in log.record and to_fraction(log.record[name]) != value
    }
    if log.record.get("certificate", run.certificate) != run.certificate:
        found["certificate"] = log.record["certificate"]
    return found


def _decimal(value: Fraction) -> str:
    """The number as a decimal where a short one says it exactly, else as a ratio.

    >>> [_decimal(Fraction(one)) for one in ("1e-3", "2.50", "1e-16", "1e30", "1/3")]
    ['0.001', '2.5', '1e-16', '1e+30', '1/3']
    """
    found = Decimal(value.numerator) / value.denominator
    if Fraction(found) != value:
        return str(value)
    plain = f"{found:f}"
    return plain if len(plain) <= _LONGEST else f"{found.normalize():e}"
