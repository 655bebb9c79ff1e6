"""The radii of an audited log against the lower bounds on PA that they were computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from figures import audits, style
from figures.audits import rows_said
from figures.data import Column, Curve, FigureData
from figures.panels import arrange
from theory.claim import Evidence
from theory.parameters import to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_audit_bounds"

#: a radius in units of the input at values of PA in [1/2, 1), to nearest
RadiusAt = Callable[[Column], npt.ArrayLike]

_OPEN: dict[str, Any] = {"markerfacecolor": "none", "markeredgewidth": 0.8, "linestyle": "none"}
#: findings that a row may show, the gravest first, as the legend calls them
FLAGS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "above_ceiling": (
        "above the ceiling",
        {"color": style.VERMILLION, "marker": "^", "markersize": 4.5, **_OPEN},
    ),
    "bound_above_clopper_pearson": (
        "bound too large",
        {"color": style.PURPLE, "marker": "s", "markersize": 3.5, **_OPEN},
    ),
    "above_own_bound": (
        "above its own bound",
        {"color": style.ORANGE, "marker": "D", "markersize": 3, "linestyle": "none", "mew": 0},
    ),
    "negative_radius": (
        "negative",
        {"color": style.VERMILLION, "marker": "x", "markersize": 3.5, "linestyle": "none"},
    ),
}
_POINT: dict[str, Any] = {
    "color": style.BLACK,
    "linestyle": "none",
    "marker": "o",
    "markersize": 2.6,
    "markeredgewidth": 0,
}
#: above the points, which hide it where there are thousands
_CURVE: dict[str, Any] = {"color": style.BLUE, "linestyle": "-", "linewidth": 0.8, "zorder": 4}
_BEYOND: dict[str, Any] = {"facecolor": "0.9", "edgecolor": "none", "linewidth": 0}

_CURVE_POINTS = 600
_LEAST = 1e-15  # a float below 1 has no finer distance from it
#: beyond so many ceilings a radius is a fault of the log, and not shown
_FAR = 2.0


def compute(
    *,
    radius: npt.ArrayLike,
    p_low: npt.ArrayLike,
    p_high: npt.ArrayLike,
    recovered: bool,
    flags: Mapping[str, npt.ArrayLike],
    certificates: Mapping[str, RadiusAt],
    ceiling: float,
    noise: str,
    sigma: str,
    num_samples: int,
    alpha: str,
    certificate: str,
) -> FigureData:
    r"""Return the radii of a log over PA, the exact curves R(PA), and the ceiling.

    .. math:: R_{\max} = R(\alpha^{1/n})

    Parameters
    ----------
    radius : array of float, shape (rows,)
        As it stands in the log.
    p_low, p_high : array of float, shape (rows,)
        What PA, the lower bound on the top class's probability, may have been, in [0, 1]: equal
        where it was printed, NaN where it is unknown or the row abstains.
    recovered : bool
        Whether PA was not in the log and was found from the radius: the points then lie on the
        curve by construction.
    flags : mapping of str to array of bool, shape (rows,)
        Rows of a finding, by the keys of `FLAGS`; a row of several stands under the first.
    certificates : mapping of str to callable
        The radius at an array of PA in [1/2, 1) of each certificate of the noise, by the keys of
        `figures.audits.NAMES`, the log's own among them. One that is the log's own to 1e-9 is
        left out, and named in the parameters.
    ceiling : float
        The largest PA that n samples can bound, alpha^(1/n) or its two-sided counterpart, in
        (0, 1); at 1/2 or less no radius is certified.
    noise, sigma, num_samples, alpha, certificate
        The stated parameters of the run, as the caption is to say them.

    Returns
    -------
    FigureData
        Curves "certificate" and "other_NAME" (p_a, one_minus_p_a, radius); "points" and one more
        for each flag that has rows (the same at the middle of the interval, p_low, p_high, and
        rows: how many share the point); the "ceiling"; "counts" of rows with each flag, and of
        those not shown: with no PA ("unknown"), or "beyond" the frame; there, too, by how much at
        most a radius is "above_curve"; the corners "frame" and "end".

    Raises
    ------
    ValueError
        For a column of another shape, an unknown certificate or flag, or a ceiling
        outside (0, 1).

    Examples
    --------
    >>> data = compute(
    ...     radius=[0.4, 0.9], p_low=[0.7, 0.95], p_high=[0.7, 0.95], recovered=False,
    ...     flags={"above_ceiling": [False, True]}, certificate="uniform",
    ...     certificates={"uniform": lambda p: 2 * (p - 0.5)}, ceiling=0.9,
    ...     noise="uniform", sigma="1/3", num_samples=20, alpha="0.1",
    ... )
    >>> data["points"]["radius"].tolist(), data["above_ceiling"]["p_a"].tolist()
    ([0.4], [0.95])
    >>> float(data["ceiling"]["radius"][0])
    0.8
    """
    rows = int(np.size(radius))
    audits.check_names("certificate", certificates, audits.NAMES)
    audits.check_names("certificate", certificate, certificates)
    audits.check_names("flag", flags, FLAGS)
    ceiling = to_real("ceiling", ceiling, "(0, 1)", lambda ceiling: 0 < ceiling < 1)
    columns = {"radius": radius, "p_low": p_low, "p_high": p_high}
    log = {name: audits.checked(name, one, rows) for name, one in columns.items()}
    marks = {name: audits.checked(name, one, rows).astype(bool) for name, one in flags.items()}
    top = float(np.asarray(certificates[certificate](np.array([ceiling])))[0])
    able = ceiling > 0.5
    known = np.isfinite(log["p_low"]) & np.isfinite(log["p_high"]) & ~np.isnan(log["radius"])
    near = known & (log["p_high"] < 1 - _LEAST) & np.isfinite(log["radius"])
    if able:
        near &= np.abs(log["radius"]) <= _FAR * top
    curves = _certificates(certificates, certificate, _nearest(1 - log["p_high"][near], ceiling))
    kept = {audits.other(name) for name in certificates if name != certificate}
    same = [name for name in certificates if audits.other(name) in kept - curves.keys()]
    curves |= _points(log, near, marks)
    curves["ceiling"] = _at(np.array([ceiling] if able else []), np.array([top] if able else []))
    curves["counts"] = {
        "unknown": np.array([np.count_nonzero(~known)]),
        "beyond": np.array([np.count_nonzero(known & ~near)]),
        "above_curve": np.array([_above(log, near, certificates[certificate])]),
    }
    curves["counts"] |= {
        name: np.array([np.count_nonzero(near & chosen)]) for name, chosen in marks.items()
    }
    curves |= _frames(curves, log["radius"][near], log["p_low"][near], ceiling)
    run = {"noise": noise, "sigma": sigma, "num_samples": num_samples, "alpha": alpha}
    run |= {"certificate": certificate, "rows": rows, "recovered": recovered}
    return FigureData(NAME, curves, {**run, "same": ",".join(same)})


def _at(p_a: Column, radius: Column) -> dict[str, Column]:
    return {"p_a": p_a, "one_minus_p_a": 1 - p_a, "radius": radius}


def _nearest(distance: Column, ceiling: float) -> float:
    """The smallest 1 - PA to show."""
    return max(0.4 * min(float(distance.min(initial=0.02)), 1 - ceiling), _LEAST)


def _certificates(radius_at: Mapping[str, RadiusAt], own: str, nearest: float) -> dict[str, Curve]:
    """The curve of each certificate, but for those that repeat the log's own."""
    m = np.geomspace(0.5, nearest, _CURVE_POINTS)
    m[0], m[-1] = 0.5, nearest
    p_a = 1 - m
    found = {name: np.asarray(function(p_a), np.float64) for name, function in radius_at.items()}
    curves: dict[str, Curve] = {
        audits.other(name): {"p_a": p_a, "one_minus_p_a": m, "radius": one}
        for name, one in found.items()
        if name != own and not np.allclose(one, found[own], rtol=1e-9, atol=0)
    }
    curves["certificate"] = {"p_a": p_a, "one_minus_p_a": m, "radius": found[own]}
    return curves


def _points(
    log: Mapping[str, Column],
    shown: npt.NDArray[np.bool_],
    marks: Mapping[str, npt.NDArray[np.bool_]],
) -> dict[str, Curve]:
    """Every point once, under the first flag that it has."""
    left = shown.copy()
    groups = {}
    for name in FLAGS:
        if name in marks and (left & marks[name]).any():
            groups[name] = left & marks[name]
            left &= ~marks[name]
    found: dict[str, Curve] = {}
    for name, chosen in {"points": left, **groups}.items():
        table = np.column_stack([log[one][chosen] for one in ("p_low", "p_high", "radius")])
        points, number = np.unique(table, axis=0, return_counts=True)
        low, high, radius = points.T
        found[name] = {
            **_at((low + high) / 2, radius),
            **{"p_low": low, "p_high": high, "low_gap": 1 - low, "high_gap": 1 - high},
            "rows": number,
        }
    return found


def _above(log: Mapping[str, Column], shown: npt.NDArray[np.bool_], radius_at: RadiusAt) -> float:
    """By how much at most a radius exceeds the exact one at its own bound; 0 if none does."""
    p_a = (log["p_low"] + log["p_high"]) / 2  # as it is printed
    legal = shown & (p_a >= 0.5)
    if not legal.any():
        return 0.0
    exact = np.asarray(radius_at(p_a[legal]), np.float64)
    return float((log["radius"][legal] - exact).max(initial=0.0))


def _frames(
    curves: Mapping[str, Curve], radius: Column, p_low: Column, ceiling: float
) -> dict[str, Curve]:
    """The corners of the whole, and of the end PA -> 1 on a logarithmic axis."""
    own = curves["certificate"]
    most = max(float(radius.max(initial=0.0)), *curves["ceiling"]["radius"], 0.0)
    most = most or float(own["radius"][-1])
    least = float(radius.min(initial=0.0))
    left = min(0.5, float(p_low.min(initial=0.5)))
    start = float(np.clip(30 * (1 - ceiling), 0.05, 0.5))
    first = float(np.interp(1 - start, own["p_a"], own["radius"]))
    first = first if first < most else 0.0
    sides = np.array([left - 0.02 * (1 - left), 1 + 0.01])
    gaps = np.array([start, own["one_minus_p_a"][-1]])
    room = np.array([first - 0.06 * (most - first), most + 0.1 * (most - first)])
    return {
        "frame": _at(sides, np.array([1.08 * least, 1.08 * most])),
        "end": {"p_a": 1 - gaps, "one_minus_p_a": gaps, "radius": room},
    }


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw every point and the curves, and the end PA -> 1 on a logarithmic axis."""
    with style.blank(settings) as figure:
        panels = arrange(figure, wide=[["all", "end"]], narrow=[["all"], ["end"]], growth=1.8)
        panels["all"].set(xlim=data["frame"]["p_a"], ylim=data["frame"]["radius"], xlabel="$P_A$")
        panels["end"].set(xscale="log", xlabel="$1 - P_A$")
        panels["end"].set(xlim=data["end"]["one_minus_p_a"], ylim=data["end"]["radius"])
        _draw_all(panels["all"], data, ("p_a", "p_low", "p_high"))
        _draw_all(panels["end"], data, ("one_minus_p_a", "low_gap", "high_gap"))
        for axes in panels.values():
            axes.set_ylabel("certified radius")
            axes.locator_params(axis="y", nbins=6)
        handles, labels = panels["all"].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


def _draw_all(axes: Axes, data: FigureData, columns: tuple[str, str, str]) -> None:
    """The curves, then the points, each with the interval that its PA is in."""
    place, low, high = columns
    for at in data["ceiling"][place]:
        axes.axvspan(at, axes.get_xlim()[1], **_BEYOND)
    for method in audits.others(data):
        curve = data[audits.other(method)]
        axes.plot(
            curve[place], curve["radius"], label=audits.NAMES[method], **audits.OTHERS[method]
        )
    curve = data["certificate"]
    label = audits.NAMES[str(data.parameters["certificate"])]
    axes.plot(curve[place], curve["radius"], label=label, **_CURVE)
    looks = {"points": ("rows of the log", _POINT), **FLAGS}
    for name, (label, look) in looks.items():
        if name in data.curves and data[name]["radius"].size:
            points = data[name]
            if (points[low] != points[high]).any():
                axes.hlines(points["radius"], points[low], points[high], look["color"], lw=0.8)
            axes.plot(points[place], points["radius"], label=label, **look)
    limit = data["ceiling"]
    if limit["radius"].size:
        axes.plot(limit[place], limit["radius"], label="ceiling", **style.CROSSING)


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the data."""
    run, counts = data.parameters, data["counts"]
    groups = [name for name in ("points", *FLAGS) if name in data.curves]
    shown = sum(data[name]["rows"].sum() for name in groups)
    said = [
        f"Radius against PA, the lower bound on the top class's probability: "
        f"{shown:.0f} of {rows_said(int(str(run['rows'])))}, {audits.run_said(data)}."
    ]
    if run["recovered"] and shown:
        said.append(
            "PA is not in the log: it was recovered from the radius, so the points lie on the "
            "curve by construction; bars show what the rounding of the radius leaves open."
        )
    elif shown:
        said.append(_fit(data))
    said.append(_ceiling(data))
    marks = [name for name in FLAGS if name in counts and counts[name][0]]
    if marks:
        named = [f"{FLAGS[name][0]} ({rows_said(counts[name][0])})" for name in marks]
        first = ", each by the first that it is" if len(named) > 1 else ""
        said.append(f"Marked{first}: {', '.join(named)}.")
    same = [audits.NAMES[name] for name in str(run["same"]).split(",") if name]
    if same:
        said.append(f"The same curve at PB = 1 - PA: {', '.join(same)}.")
    if counts["unknown"][0]:
        said.append(f"Not shown: {rows_said(counts['unknown'][0])} that abstained or have no PA.")
    if counts["beyond"][0]:
        said.append(f"Beyond the frame: {rows_said(counts['beyond'][0])}.")
    said.append(
        f"The other panel shows PA -> 1, down to 1 - PA = {data['end']['one_minus_p_a'][1]:.3g}."
    )
    return " ".join(said)


def _fit(data: FigureData) -> str:
    """How far a radius is above the curve."""
    excess = data["counts"]["above_curve"][0]
    if excess > 0:
        return (
            f"At its bound as printed, a radius is above the exact curve by {excess:.2g} at most."
        )
    return "At its bound as printed, no radius is above the exact curve."


def _ceiling(data: FigureData) -> str:
    limit = data["ceiling"]
    if not limit["radius"].size:
        return "So few samples certify no radius at all."
    return (
        f"The circle is the most that so many samples certify, radius {limit['radius'][0]:.6g} at "
        f"1 - PA = {limit['one_minus_p_a'][0]:.4g}; from so many no row can lie in the grey "
        "beyond it."
    )


def check(data: FigureData) -> list[Evidence]:
    """Return nothing: no claim of the paper is about anybody's log."""
    del data
    return []
