"""What a certification run found: accuracies, abstentions, certified accuracy at a few radii."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, get_args

from l1cert.audit.log import ABSTAINED
from l1cert.certification.points import COLUMNS, Outcome, Row
from l1cert.certification.settings import Settings
from theory.exact import to_fraction

#: radii of the table, 0 among them, at most
_MOST_RADII = 6
#: columns of the terminal that sentences are folded to
_WIDTH = 100


def results(rows: Sequence[Row]) -> dict[str, Any]:
    """The numbers of a run, as its record holds them.

    Parameters
    ----------
    rows
        At least one.

    Returns
    -------
    dict
        "points", "base_correct" (without noise), "smoothed_correct" (certified class right),
        "abstentions", "mean_samples", "seconds_per_point"; "radii" and, for each certificate,
        "certified" there: points whose selected class is right with at least that radius.

    Examples
    --------
    >>> from l1cert.certification.bounds import Certifier
    >>> from l1cert.certification.points import Point
    >>> certifier = Certifier(Settings(noise="gaussian", sigma="1", n=100), 2)
    >>> points = [Point(i, 1, 1, (0, 9), (5 * i, 100 - 5 * i), 0.5) for i in range(3)]
    >>> found = results([certifier.row(point) for point in points])
    >>> found["radii"], found["certified"]
    ([0.0, 0.5, 1.0, 1.5], {'cohen': [3, 3, 2, 1]})
    """
    there = [name for name in COLUMNS if any(row.radii[name] is not None for row in rows)]
    radii = _radii(rows)
    found: dict[str, Any] = {
        "points": len(rows),
        "base_correct": sum(row.point.base == row.point.label for row in rows),
        "smoothed_correct": sum(row.correct for row in rows),
        "abstentions": sum(row.predict == ABSTAINED for row in rows),
        "mean_samples": sum(row.point.num_samples for row in rows) / len(rows),
        "seconds_per_point": sum(row.point.seconds for row in rows) / len(rows),
        "radii": radii,
        "certified": {
            name: [sum(row.certified(name, radius) for row in rows) for radius in radii]
            for name in there
        },
    }
    outcomes = [row.outcome for row in rows if row.outcome is not None]
    if outcomes:
        found["outcomes"] = {name: outcomes.count(name) for name in get_args(Outcome)}
    return found


def terminal(found: dict[str, Any], settings: Settings, assumptions: Sequence[str]) -> str:
    """The summary for a terminal.

    Parameters
    ----------
    found
        From `results`.
    settings
        Of the run.
    assumptions
        What the certificates rest on, a sentence each.
    """
    points = found["points"]
    size = f"sigma = {_short(settings.sigma)}"
    if settings.scale is not None:
        size = f"lambda = {settings.scale}"
    samples = f"n = {settings.n}"
    if settings.until_radius is not None:
        samples = f"until radius {settings.until_radius}, at most n = {settings.n}"
    kind = "discrete laplace" if settings.sound else settings.noise
    lines = [
        f"{points} points, {kind} noise, {size}, n0 = {settings.n0}, {samples}, "
        f"alpha = {settings.alpha}",
        "",
        f"base accuracy        {_share(found['base_correct'], points)}   (without noise)",
        f"smoothed accuracy    {_share(found['smoothed_correct'], points)}   "
        f"({settings.certificate})",
        f"abstentions          {_share(found['abstentions'], points)}",
    ]
    if "outcomes" in found:
        said = ", ".join(f"{name} {count}" for name, count in found["outcomes"].items())
        lines.append(f"at radius {settings.until_radius}: {said}".replace("_", " "))
        lines.append(f"samples of a point   {found['mean_samples']:>10.1f} on average")
    lines += [
        f"time of a point      {found['seconds_per_point']:>10.3g} s",
        "",
        "certified accuracy at radius",
        f"{'':<12}" + "".join(f"{radius:>10.4g}" for radius in found["radii"]),
    ]
    for name, counts in found["certified"].items():
        lines.append(f"{name:<12}" + "".join(f"{count / points:>10.4f}" for count in counts))
    folded = (textwrap.fill(one, _WIDTH, break_on_hyphens=False) for one in assumptions)
    return "\n".join([*lines, "", *folded])


def _share(count: int, points: int) -> str:
    return f"{count / points:>10.4f}"


def _short(exact: str) -> str:
    return exact if len(exact) <= 12 else f"{float(to_fraction(exact)):.10g}"


def _radii(rows: Sequence[Row]) -> list[float]:
    """0 and multiples of 1, 2 or 5 times a power of ten, up to the largest radius."""
    finite = [
        radius
        for row in rows
        for radius in row.radii.values()
        if radius is not None and math.isfinite(radius)
    ]
    largest = max(finite, default=0.0)
    if largest <= 0:
        return [0.0]
    exponent = math.floor(math.log10(largest)) - 1
    steps = (Decimal(one).scaleb(exponent + more) for more in (0, 1) for one in (1, 2, 5))
    step = next(one for one in steps if one * _MOST_RADII > Decimal(largest))
    count = min(_MOST_RADII - 1, int(Decimal(largest) / step))
    return [float(step * i) for i in range(count + 1)]
