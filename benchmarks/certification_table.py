"""The tables of `benchmarks.certification`: JSON in, Markdown out, nothing measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks import report


def certification_markdown(result: Mapping[str, Any]) -> str:
    """Votes a second beside the published loop, and the samples of runs until a radius."""
    about = result["provenance"]
    lines = [
        "| model, input | published loop, votes/s | ours, votes/s | ratio | wanted |",
        "|---" * 5 + "|",
    ]
    for row in result["rows"]:
        ratio = [report.significant(row["ratio"][key]) for key in ("median", "low", "high")]
        theirs, ours = (report.significant(row["per_second"][k]) for k in ("published", "ours"))
        shape = " x ".join(str(n) for n in row["shape"])
        lines.append(
            f"| {row['architecture']}, {shape} | {theirs} | {ours} | **{ratio[0]}** "
            f"({ratio[1]} to {ratio[2]}) | {_verdict(row)} |"
        )
    early = [
        "| threshold of PA | PA | samples, mean | fewer than n | wanted |",
        "|---" * 5 + "|",
    ]
    for row in result["early"]:
        early.append(
            f"| {row['threshold']:g} | {row['p_a']:g} | {row['samples']['mean']:.0f} "
            f"| **{report.significant(row['fewer'])}** | {_verdict(row)} |"
        )
    first = f"Until a radius is decided, n = {about['num_samples']}, alpha = {about['alpha']:g}:"
    return "\n\n".join([report._heading(result), "\n".join(lines), first, "\n".join(early)])


def _verdict(row: Mapping[str, Any]) -> str:
    """What was wanted and whether it was reached.

    >>> _verdict({"target": 3.0, "met": True})
    '3.0: met'
    """
    return f"{report.significant(row['target'])}: {'met' if row['met'] else 'missed'}"
