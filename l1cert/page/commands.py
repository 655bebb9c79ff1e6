"""The commands that a page prints: each runs as it stands, and finds what the page shows."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from l1cert import catalogue
from l1cert.page.pictures import VENUE
from l1cert.report import Report
from l1cert.verification import RUNGS


def shown_by(slug: str, provenance: Mapping[str, Any]) -> str:
    """The command that runs every method of one claim again, as the run of this page did.

    Parameters
    ----------
    slug : str
        The claim.
    provenance : mapping
        That of the report: its "samples", "seed", "alpha" and "rungs", as far as it has them.

    Examples
    --------
    >>> shown_by("theorem_2", {"samples": 1000, "seed": 7, "alpha": 0.01})
    'l1cert show theorem_2 --samples 1000 --seed 7 --alpha 0.01'
    >>> shown_by("theorem_2", {"seed": 7, "rungs": ["enclosure"]})
    'l1cert verify theorem_2 --rung enclosure --seed 7 --json'
    """
    options = _options(provenance)
    rungs = provenance.get("rungs", RUNGS)
    if set(rungs) == set(RUNGS):
        return shlex.join(["l1cert", "show", slug, *options])
    chosen = [word for rung in rungs for word in ("--rung", str(rung))]
    return shlex.join(["l1cert", "verify", slug, *chosen, *options, "--json"])


def written_by(report: Report) -> str:
    """The command that runs the claims of a report again and writes its page.

    `l1cert report` runs every method; where some were asked for, the command is Python's.

    >>> written_by(Report({"seed": 7}, ()))
    'l1cert report --seed 7'
    """
    slugs = [one.claim.slug for one in report.results]
    origin = report.provenance
    rungs = origin.get("rungs", RUNGS)
    if set(rungs) != set(RUNGS):
        run = {"rungs": [str(rung) for rung in rungs]}
        run |= {key: origin[name] for name, key in _KEYWORDS.items() if name in origin}
        said = "".join(f", {key}={value!r}" for key, value in run.items())
        code = f"import l1cert; l1cert.write_report(l1cert.verify({slugs!r}{said}), 'report')"
        return shlex.join(["python", "-c", code])
    chosen = [] if len(slugs) == len(catalogue.SLUGS) else slugs
    return shlex.join(["l1cert", "report", *chosen, *_options(origin)])


def drawn_by(figure: str) -> str:
    """The command that draws a figure as the page shows it, and writes its data.

    >>> drawn_by("figure_06_methods")
    'l1cert figure figure_06_methods --venue icml'
    """
    return shlex.join(["l1cert", "figure", figure, "--venue", VENUE])


#: the parameters of `l1cert.verify`, by their names in the provenance
_KEYWORDS = {"samples": "num_samples", "seed": "seed", "alpha": "alpha"}


def _options(provenance: Mapping[str, Any]) -> list[str]:
    return [
        word
        for name in ("samples", "seed", "alpha")
        if name in provenance
        for word in (f"--{name}", str(provenance[name]))
    ]
