"""The pages' tables of measured results: JSON in, Markdown out, nothing measured."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import certification_table

#: The ending of a contender's name where magnitudes are distinct.
DISTINCT = "_distinct"

MISSING = "–"


def block(folder: Path, benchmark: str) -> str:
    """The tables of every result of a benchmark in a folder, by file names: a block of a page.

    Raises
    ------
    ValueError
        If there is none, or one is of a quick run.
    """
    files = sorted(folder.glob(f"{benchmark}_*.json"))
    if not files:
        raise ValueError(f"{folder} has 0 results of {benchmark!r}, legal is at least 1")
    found = [json.loads(file.read_text()) for file in files]
    for file, result in zip(files, found, strict=True):
        if result["quick"]:
            raise ValueError(f"{file.name} is of a quick run, legal is a full one")
    return "\n\n".join(markdown(result) for result in found)


def markdown(result: Mapping[str, Any]) -> str:
    """The Markdown of one result, by what it measures.

    Raises
    ------
    ValueError
        For another benchmark than "sampling", "law", "choice", "audit" or "certification".
    """
    makers = {
        "sampling": sampling_markdown,
        "law": law_markdown,
        "choice": choice_markdown,
        "audit": audit_markdown,
        "certification": certification_table.certification_markdown,
    }
    if result["benchmark"] not in makers:
        raise ValueError(f"benchmark = {result['benchmark']!r} is not one of {', '.join(makers)}")
    return makers[result["benchmark"]](result)


def sampling_markdown(result: Mapping[str, Any]) -> str:
    """The table of `benchmarks.sampling`: ratios to the baseline, targets, first use, memory."""
    parts = [_heading(result), _how(result), _sampling_table(result)]
    notes = [_targets(result), *_skipped(result), _first_use(result), _memory(result)]
    return "\n\n".join([*parts, *(note for note in notes if note)])


def significant(value: float) -> str:
    """Two digits below 100 and three above, never in powers of ten.

    >>> [significant(x) for x in (0.981, 4.24, 42.4, 313.2, 23632.0)]
    ['0.98', '4.2', '42', '313', '23600']
    """
    if not 0 < value < math.inf:
        raise ValueError(f"value = {value} is outside (0, inf)")
    rounded = float(f"{value:.{1 if value < 99.5 else 2}e}")
    places = max(0, 1 - math.floor(math.log10(rounded)))
    return f"{rounded:.{places}f}"


def ratio_cell(row: Mapping[str, Any]) -> str:
    """The median ratio with the smallest and the largest, and what "auto" chose."""
    ratio = row["ratio"]
    low, median, high = (significant(ratio[key]) for key in ("low", "median", "high"))
    chosen = f" `{row['method']}`" if row["name"].removesuffix(DISTINCT).endswith("auto") else ""
    return f"**{median}** ({low} to {high}){chosen}"


def _heading(result: Mapping[str, Any]) -> str:
    about = result["provenance"]
    machine, libraries = about["machine"], about["libraries"]
    names = ("numba", "numpy", "torch", "cupy-cuda13x")
    versions = ", ".join(f"{name} {libraries[name]}" for name in names if libraries.get(name))
    vectors = machine["features"][0] if machine["features"] else "no known vectors"
    quick = "A quick run, no figures to quote. " if result.get("quick") else ""
    commit = (about["commit"] or "no commit")[:10]
    if (about["commit"] or "").endswith("+changes"):
        commit += " with changes"
    return (
        f"{quick}{machine['cpu']}, {machine['processors']} cores, {vectors}; {about['date'][:10]}, "
        f"commit {commit}, Python {about['python']}, {versions}."
    )


def _how(result: Mapping[str, Any]) -> str:
    """What is counted, of what, in which unit."""
    about = result["provenance"]
    return (
        "Samples of T times coordinates in a second for "
        f"`||delta||_1 / scale = {about['norm']:g}`, equal magnitudes if not said otherwise, in "
        "units of the first line's: median (smallest to largest) of "
        f"{about['settings']['rounds']} rounds, in each of which all take their turn."
    )


def _sampling_table(result: Mapping[str, Any]) -> str:
    dims = result["dims"]
    rows = {one["dim"]: {row["name"]: row for row in one["contenders"]} for one in dims}
    titles = {row["name"]: row["title"] for one in dims for row in one["contenders"]}
    lines = [
        "| | " + " | ".join(f"d = {dim}" for dim in rows) + " |",
        "|---|" + "---|" * len(rows),
    ]
    for name, title in titles.items():
        at = (rows[dim].get(name) for dim in rows)
        if name == result["baseline"]:
            cells = [f"1: {speed(row)}" if row else MISSING for row in at]
        else:
            cells = [ratio_cell(row) if row else MISSING for row in at]
        lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def speed(row: Mapping[str, Any]) -> str:
    """The median speed of a contender in millions a second, with the smallest and the largest.

    >>> speed({"coordinates_per_second": [7.1e7, 7.4e7, 6.8e7]})
    '71 million/s (68 to 74)'
    """
    rates = [significant(rate / 1e6) for rate in sorted(row["coordinates_per_second"])]
    middle = statistics.median(row["coordinates_per_second"])
    return f"{significant(middle / 1e6)} million/s ({rates[0]} to {rates[-1]})"


def _targets(result: Mapping[str, Any]) -> str:
    """Every target with what was reached."""
    found = []
    for one in result["dims"]:
        for row in one["contenders"]:
            if row["target"] is not None:
                reached, wanted = significant(row["ratio"]["median"]), significant(row["target"])
                verdict = "met" if row["met"] else "missed"
                found.append(
                    f"`{row['name']}` at d = {one['dim']} {reached} of {wanted}, {verdict}"
                )
    return f"Targets: {'; '.join(found)}." if found else ""


def _skipped(result: Mapping[str, Any]) -> list[str]:
    reasons = {(one["name"], one["reason"]) for dim in result["dims"] for one in dim["skipped"]}
    return [f"Not measured: {name} ({reason})." for name, reason in sorted(reasons)]


def _first_use(result: Mapping[str, Any]) -> str:
    times = result["first_use"]["seconds"]
    each = [
        f"`{method}` {significant(one['cold'])} s, later {significant(one['warm'])} s"
        for method, one in times.items()
    ]
    return f"From a new process to its first sample, compiling: {'; '.join(each)}."


def _memory(result: Mapping[str, Any]) -> str:
    dim = result["memory"]["dim"]
    each = [
        f"{significant(one['samples'] / 1e6)} million samples by `{method}` "
        f"{significant(one['peak'] / 1e6)} MB, of which {significant(one['before'] / 1e6)} MB were "
        "taken before the first"
        for method, one in result["memory"]["bytes"].items()
    ]
    return f"Peak memory at d = {dim}: {'; '.join(each)}."


def law_markdown(result: Mapping[str, Any]) -> str:
    """The table of `benchmarks.law`: seconds and widths of the exact law."""
    lines = [
        "| delta | question | seconds, again | width | grade | by |",
        "|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        where = f"d = {row['dim']}, {row['magnitudes']}"
        if row.get("failed"):
            lines.append(f"| {where} | {row['question']} | {row['failed']} | | | |")
            continue
        first, again = significant(row["first_seconds"]), significant(row["again_seconds"])
        lines.append(
            f"| {where} | {row['question']} | {first}, {again} | {row['width']:.1e} | "
            f"{row['grade']} | {row['method']} |"
        )
    return "\n\n".join([_heading(result), "\n".join(lines)])


def choice_markdown(result: Mapping[str, Any]) -> str:
    """The table of `benchmarks.choice`: millions of samples a second, and what the choice loses."""
    lines = ["| A | d | magnitudes | direct | poisson | counts | chosen, loss |", "|---" * 7 + "|"]
    for row in result["rows"]:
        rates = row["samples_per_second"]
        cells = [
            (f"**{text}**" if method == row["fastest"] else text)
            for method in ("direct", "poisson", "counts")
            for text in [significant(rates[method] / 1e6) if method in rates else MISSING]
        ]
        lines.append(
            f"| {row['norm']:g} | {row['dim']} | {row['magnitudes']} | {' | '.join(cells)} | "
            f"`{row['chosen']}` {significant(row['loss'])} |"
        )
    return "\n\n".join([_heading(result), "\n".join(lines)])


def audit_markdown(result: Mapping[str, Any]) -> str:
    """The table of `benchmarks.audit`: seconds of whole audits, and the draws beside NumPy's."""
    lines = [
        "| log | distinct PA | seconds, whole | PAs a second, to one draw for each in NumPy |",
        "|---" * 4 + "|",
    ]
    for row in result["rows"]:
        seconds, ratio = (
            [significant(row[name][key]) for key in ("median", "low", "high")]
            for name in ("seconds", "ratio")
        )
        lines.append(
            f"| {row['rows']} rows, {row['noise']} | {row['distinct']} | {seconds[0]} "
            f"({seconds[1]} to {seconds[2]}) | **{ratio[0]}** ({ratio[1]} to {ratio[2]}) |"
        )
    return "\n\n".join([_heading(result), "\n".join(lines)])
