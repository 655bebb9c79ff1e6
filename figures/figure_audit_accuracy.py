"""Certified accuracy of an audited log, as logged and after correction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from figures import audits, style
from figures.audits import rows_said
from figures.certified_curves import accuracy_steps
from figures.data import Column, Curve, FigureData
from figures.panels import arrange
from theory.claim import Evidence

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_audit_accuracy"

_LOOKS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "corrected": ("corrected", {"color": style.SKY, "linestyle": "-", "linewidth": 2.2}),
    "logged": ("as logged", {"color": style.BLACK, "linestyle": (0, (3, 1.5)), "linewidth": 1.0}),
}
_CEILINGS: Mapping[str, dict[str, Any]] = {
    "one_sided": {"color": "0.35", "linestyle": "-", "linewidth": 0.6, "zorder": 1},
    "two_sided": {"color": "0.35", "linestyle": (0, (1, 2)), "linewidth": 0.9, "zorder": 1},
}
_BAND: dict[str, Any] = {"facecolor": "0.88", "edgecolor": "none", "linewidth": 0}

# Radii this close, relatively, are one curve on paper: certificates round in their last digit.
_SAME = 1e-9
#: of a radius, what is no change worth a word, as in the summary of an audit
_CHANGE = 1e-6
#: of the width of a panel: what can be seen in it
_VISIBLE = 5e-4
#: beyond so many ceilings a radius is a fault of the log, and not shown
_FAR = 2.0


def compute(
    *,
    radius: npt.ArrayLike,
    half_unit: npt.ArrayLike,
    is_correct: npt.ArrayLike,
    corrected: npt.ArrayLike,
    others: Mapping[str, npt.ArrayLike] | None = None,
    ceilings: Mapping[str, float | None],
    noise: str,
    sigma: str,
    num_samples: int,
    alpha: str,
    certificate: str,
) -> FigureData:
    r"""Return the certified accuracy of a log over the radius, exactly: every step of it.

    .. math:: a(r) = \frac{1}{N} \#\{i : \text{row } i \text{ is correct},\; R_i \ge r\}

    A radius R certifies the open ball of radius R, so a(r) still counts the rows of R = r: it is
    continuous from the left.

    Parameters
    ----------
    radius : array of float, shape (rows,)
        As it stands in the log; may be negative or infinite. NaN: the row certifies nothing.
    half_unit : array of float, shape (rows,)
        How far the radius that was computed may be from it, in [0, inf).
    is_correct : array of bool, shape (rows,)
        Whether the row did not abstain and its prediction is the label.
    corrected : array of float, shape (rows,)
        The radius after correction, NaN where the row then abstains.
    others : mapping of str to array of float, shape (rows,), optional
        The radii of other certificates of the same noise, by the keys of `figures.audits.NAMES`.
        One that is the corrected column to 1e-9 is left out, and named in the parameters.
    ceilings : mapping of {"one_sided", "two_sided"} to float or None
        The largest radius that the samples can certify; None or NaN where they can none.
    noise, sigma, num_samples, alpha, certificate
        The stated parameters of the run, as the caption is to say them.

    Returns
    -------
    FigureData
        Step curves "logged", "corrected" and "other_NAME" (columns radius and accuracy: the
        accuracy holds between the radius before, exclusive, and this one, inclusive), the outline
        "band" of what rounding leaves open (no points where it cannot be seen), the ceilings; the
        "counts" of rows that are correct and "changed" by more than their rounding and a millionth
        (any by at most "most"), that then "abstain", or have a radius "beyond" the frame; the
        corners "frame" and "zoom" of both panels.

    Raises
    ------
    ValueError
        For a column of another shape, or an unknown certificate or kind of ceiling.

    Examples
    --------
    >>> run = {"noise": "gaussian", "sigma": "0.5", "num_samples": 100, "alpha": "0.001"}
    >>> data = compute(
    ...     radius=[0.2, 0.7, 0.7], half_unit=[0, 0, 0], is_correct=[True, True, False],
    ...     corrected=[0.2, 0.6, 0.6], ceilings={"one_sided": 0.75}, certificate="cohen", **run,
    ... )
    >>> data["logged"]["radius"].tolist()
    [0.0, 0.2, 0.7, 0.78]
    >>> [round(a, 3) for a in data["logged"]["accuracy"].tolist()]
    [0.667, 0.667, 0.333, 0.0]
    """
    rows = int(np.size(radius))
    audits.check_names("certificate", certificate, audits.NAMES)
    audits.check_names("certificate", others or {}, audits.NAMES)
    audits.check_names("ceiling", ceilings, audits.SIDES)
    logged = audits.checked("radius", radius, rows)
    after = audits.checked("corrected", corrected, rows)
    unit = audits.checked("half_unit", half_unit, rows)
    right = np.asarray(audits.checked("is_correct", is_correct, rows), dtype=bool)
    beside = {name: audits.checked(name, one, rows) for name, one in (others or {}).items()}
    same = [name for name, one in beside.items() if _agree(one, after)]
    limits = {side: one for side, one in ceilings.items() if one is not None and np.isfinite(one)}
    shown = [logged + unit, after, *(one for name, one in beside.items() if name not in same)]
    end = _end([one[right] for one in shown], limits)
    curves: dict[str, Curve] = {
        "logged": accuracy_steps(logged, right, end),
        "corrected": accuracy_steps(after, right, end),
    }
    for name, one in beside.items():
        if name not in same:
            curves[audits.other(name)] = accuracy_steps(one, right, end)
    visible = bool(right.any()) and float(unit[right].max()) > _VISIBLE * end
    low, high = (accuracy_steps(logged + side * unit, right, end) for side in (-1, 1))
    curves["band"] = _outline(low, high) if visible else _empty()
    for side in audits.SIDES:
        curves[f"ceiling_{side}"] = {"radius": np.array([limits[side]] if side in limits else [])}
    curves["counts"] = _counts(logged[right], after[right], unit[right], end)
    curves["frame"] = {"radius": np.array([0.0, end]), "accuracy": np.array([0.0, 1.02])}
    curves["zoom"] = _zoom(curves, limits)
    run = {"noise": noise, "sigma": sigma, "num_samples": num_samples, "alpha": alpha}
    run |= {"certificate": certificate, "rows": rows, "same": ",".join(same)}
    return FigureData(NAME, curves, run)


def _counts(logged: Column, after: Column, unit: Column, end: float) -> Curve:
    """What the correction does to the rows that are correct, and how many are not in the frame."""
    held = logged >= 0  # a negative radius certified nothing
    with np.errstate(invalid="ignore"):
        shift = np.where(logged == after, 0.0, np.abs(logged - after))[held & ~np.isnan(after)]
    with np.errstate(invalid="ignore"):
        least = np.maximum(unit, _CHANGE * np.abs(after))[held & ~np.isnan(after)]
    return {
        "changed": np.array([np.count_nonzero(shift > least)]),
        "most": np.array([shift.max(initial=0.0)]),
        "abstain": np.array([np.count_nonzero(held & np.isnan(after))]),
        "beyond": np.array([np.count_nonzero(logged > end)]),
    }


def _agree(one: Column, other: Column) -> bool:
    return np.allclose(one, other, rtol=_SAME, atol=0, equal_nan=True)


def _end(radii: list[Column], limits: Mapping[str, float]) -> float:
    """Where the axis ends: beyond every radius that may be one, and every ceiling."""
    known = [one[np.isfinite(one)].max(initial=0.0) for one in radii]
    cap = _FAR * max(limits.values(), default=np.inf)
    most = max(*(min(float(one), cap) for one in known), *limits.values(), 0.0)
    return round(1.04 * most, 12) or 1.0


def _outline(low: Curve, high: Curve) -> Curve:
    """The closed outline between two step curves."""
    corners: dict[str, list[Column]] = {"radius": [], "accuracy": []}
    for curve, direction in ((low, 1), (high, -1)):
        at, share = np.repeat(curve["radius"], 2), np.repeat(curve["accuracy"], 2)
        corners["radius"].append(at[1:-1][::direction])  # each level from corner to corner
        corners["accuracy"].append(share[2:][::direction])
    return {name: np.concatenate(parts) for name, parts in corners.items()}


def _empty() -> Curve:
    return {"radius": np.array([]), "accuracy": np.array([])}


def _reached(curve: Curve, at: Column) -> Column:
    """The accuracy of a step curve at radii within the frame."""
    place = np.searchsorted(curve["radius"], at, side="left")
    found: Column = curve["accuracy"][np.minimum(place, len(curve["radius"]) - 1)]
    return found


def _zoom(curves: Mapping[str, Curve], limits: Mapping[str, float]) -> Curve:
    """The corners of the neighbourhood of the ceilings, if the curves differ there to be seen."""
    logged = curves["logged"]
    last = float(logged["radius"][-2])  # the largest radius within the frame
    lowest = min(limits.values(), default=np.inf)
    excess = last - lowest
    if not 2 * _VISIBLE * lowest < excess < 0.25 * lowest:
        return _empty()
    sides = np.array([lowest - excess, last + 0.4 * excess])
    inside = [sides]
    for name in ("logged", "corrected"):
        at = curves[name]["radius"]
        inside.append(at[(at > sides[0]) & (at < sides[1])])
    levels = [_reached(curves[name], np.sort(np.concatenate(inside))) for name in _LOOKS]
    if np.array_equal(*levels):
        return _empty()
    top = max(1.15 * float(np.max(levels)), 0.005)
    return {"radius": sides, "accuracy": np.array([0.0, min(top, 1.0)])}


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw both curves and the ceilings, whose neighbourhood is enlarged where they differ."""
    wide, narrow = [["all"]], [["all"]]
    growth = 1.0
    if data["zoom"]["radius"].size:
        wide, narrow, growth = [["all", "zoom"]], [["all"], ["zoom"]], 1.7
    with style.blank(settings) as figure:
        panels = arrange(figure, wide=wide, narrow=narrow, growth=growth)
        for name, axes in panels.items():
            _draw_steps(axes, data)
            corners = data["frame" if name == "all" else "zoom"]
            axes.set(xlim=corners["radius"], ylim=corners["accuracy"])
            axes.set(xlabel="radius", ylabel="certified accuracy")
            axes.locator_params(nbins=6)
        handles, labels = panels["all"].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


def _draw_steps(axes: Axes, data: FigureData) -> None:
    if data["band"]["radius"].size:
        axes.fill(data["band"]["radius"], data["band"]["accuracy"], label="rounding", **_BAND)
    for method in audits.others(data):
        curve, look = data[audits.other(method)], audits.OTHERS[method]
        label = audits.NAMES[method]
        axes.plot(*curve.values(), drawstyle="steps-pre", label=label, **look)
    for name, (label, look) in _LOOKS.items():
        axes.plot(*data[name].values(), drawstyle="steps-pre", label=label, **look)
    for side, word in audits.SIDES.items():
        for at in data[f"ceiling_{side}"]["radius"]:
            axes.axvline(at, label=f"ceiling, {word}", **_CEILINGS[side])


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the data."""
    rows = int(str(data.parameters["rows"]))
    said = [f"Certified accuracy over the radius, {rows_said(rows)}: {audits.run_said(data)}."]
    said.append(_change(data))
    same = [audits.NAMES[name] for name in str(data.parameters["same"]).split(",") if name]
    if same:
        said.append(f"The same as the corrected curve: {', '.join(same)}.")
    limits = [
        f"{at:.6g} ({word})"
        for side, word in audits.SIDES.items()
        for at in data[f"ceiling_{side}"]["radius"]
    ]
    if limits:
        said.append(f"Vertical lines: the most that so many samples certify, {', '.join(limits)}.")
    else:
        said.append("So few samples certify no radius at all.")
    if data["band"]["radius"].size:
        said.append("Grey: what the rounding of the printed radii leaves open.")
    beyond = data["counts"]["beyond"][0]
    if beyond:
        said.append(f"Beyond the right end: {rows_said(beyond)}.")
    if data["zoom"]["radius"].size:
        said.append("The other panel enlarges the neighbourhood of the ceilings.")
    return " ".join(said)


def _change(data: FigureData) -> str:
    """What the correction does, and how the curves differ at their widest."""
    counts = {name: float(one[0]) for name, one in data["counts"].items()}
    if not counts["most"] and not counts["abstain"]:
        return "The correction changes no row that is correct."
    parts = [f"moves {rows_said(counts['changed'])} by more than their rounding and a millionth"]
    parts[0] += f" (none by more than {counts['most']:.3g})"
    if counts["abstain"]:
        parts.append(f"abstains on {rows_said(counts['abstain'])}")
    said = f"Of the rows that are correct, the correction {' and '.join(parts)}"
    at = np.unique(np.concatenate([data[name]["radius"] for name in _LOOKS]))
    before, after = (_reached(data[name], at) for name in ("logged", "corrected"))
    # a step that moved by less than can be seen is no loss
    near = _reached(data["corrected"], np.maximum(at - _VISIBLE * data["frame"]["radius"][1], 0.0))
    loss = before - near
    if not (loss > 0).any():
        return f"{said}, too little to be seen."
    where = int(np.flatnonzero(loss == loss.max())[-1])  # the last radius of the largest loss
    return (
        f"{said}; at radius {at[where]:.6g} the certified accuracy was {before[where]:.4g} and is "
        f"{after[where]:.4g}."
    )


def check(data: FigureData) -> list[Evidence]:
    """Return nothing: no claim of the paper is about anybody's log."""
    del data
    return []
