"""Figure 5: T on the set B and on the moved set, below, at and beyond half the range of r."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style
from figures.data import Column, Curve, FigureData, check_points
from figures.findings import judged
from figures.order import plainest
from theory.claim import Evidence
from theory.noise import Laplace
from theory.parameters import to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_05_moved_set"

#: the drawn moves, as shares of b: below half range, at it, and between it and the whole range
SHARES = {"short": 0.25, "half": 0.5, "long": 0.75}
_MOVES = {"short": "$r = b/4$", "half": "$r = b/2$: half range", "long": "$r = 3b/4$"}

_PALE = "#A9D6F5"  # far lighter than B's colour in grey print, too
_T: dict[str, Any] = {"color": "0.35", "linestyle": "-", "linewidth": 0.8}
_EDGE: dict[str, Any] = {"color": "0.35", "linestyle": (0, (2, 2)), "linewidth": 0.6}
_SETS: dict[str, tuple[str, dict[str, Any]]] = {
    "moved": (r"moved set $B-\delta$", {"color": _PALE, "linestyle": "-", "linewidth": 4.0}),
    "above": ("there $T>-r$", {"color": style.BLACK, "linestyle": (0, (1, 0.8)), "linewidth": 1.8}),
    "set": ("$B$", {"color": style.VERMILLION, "linestyle": "-", "linewidth": 1.4}),
}
_DOT: dict[str, Any] = {**style.CROSSING, "markersize": 3.0}

# Two floats this close are equal.
_TIE = 1e-9


def compute(edge: float = 2.0, num_points: int = 41) -> FigureData:
    r"""Return T along the axis of delta, on B and on the moved set, and the sets' masses.

    In units of lambda, with delta = (r, 0, ..., 0) and B = {x_1 >= b}, b = -log(2 PB):

    .. math:: T(x) = |x_1 - r| - |x_1|,\quad B - \delta = \{x_1 \geq b - r\}

    Figure 5 of the paper and the paragraph below it.

    Parameters
    ----------
    edge : float
        b/lambda, in [1e-100, 700]; PB = e^(-b/lambda)/2 is below 1/2, and the inequality is tight
        for r <= b.
    num_points : int
        Points of each curve, and moves of "range", at least 5; corners of T come in addition.

    Returns
    -------
    FigureData
        For n in short, half, long: "ratio_n", "set_n", "moved_n" and "above_n" (x, t: T along the
        whole axis, on B, on the moved set, and on its part with T > -r, which may be empty). In
        "sets" and "range" one row for each r (r, start = b - r, mass_set = P(X in B), mass_moved =
        P(Y in B), mass_above = P(X in the part with T > -r)), for the three moves and for r up to
        b. "density" (x, density: of X_1), "edge" (x) and the ends
        of what is shown, "frame" (x) and "frame_n" (t).

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=5)
    >>> data["moved_half"]["t"].tolist()
    [-1.0, -1.0, -1.0, -1.0, -1.0]
    >>> float(data["above_long"]["x"][0]), float(data["above_long"]["t"][0])
    (0.5, 0.5)
    """
    edge = to_real("edge", edge, "[1e-100, 700]", lambda edge: 1e-100 <= edge <= 700)
    check_points(num_points, 5)
    frame = edge * np.array([-0.5, 2.0])
    curves: dict[str, Curve] = {}
    for name, share in SHARES.items():
        r = share * edge
        curves[f"frame_{name}"] = {"t": r * np.array([-1.5, 1.5])}
        starts = {"ratio": frame[0], "set": edge, "moved": edge - r}
        for kind, start in starts.items():
            curves[f"{kind}_{name}"] = _ratio(r, start, frame[1], num_points)
        curves[f"above_{name}"] = _ratio(r, edge - r, r, num_points)
    curves["sets"] = _masses(edge * np.array(list(SHARES.values())), edge)
    curves["range"] = _masses(edge * np.arange(1, num_points + 1) / num_points, edge)
    x = np.linspace(frame[0], frame[1], 4 * num_points)
    curves["density"] = _density(np.append(x, [*curves["sets"]["start"], 0.0, edge]))
    curves["edge"] = {"x": np.array([edge])}
    curves["frame"] = {"x": frame}
    return FigureData(NAME, curves, {"edge": edge, "num_points": num_points})


def _ratio(r: float, start: float, end: float, num_points: int) -> Curve:
    """T from one end to the other, with its corners at 0 and r; nothing if they are reversed."""
    corners = np.array([0.0, r])
    x = np.linspace(start, end, num_points if start < end else 0)
    x = np.unique(np.append(x, corners[(start < corners) & (corners < end)]))
    return {"x": x, "t": np.abs(x - r) - np.abs(x)}


def _density(x: Column) -> Curve:
    x = np.unique(x)
    return {"x": x, "density": np.exp(Laplace(1.0).log_density(x))}


def _masses(r: Column, edge: float) -> Curve:
    """The X-masses of B, of the moved set, and of its part before r, where T > -r."""
    noise, start = Laplace(1.0), edge - r
    # P(b - r <= X_1 < r), and nothing for r <= b/2
    above = noise.survival(start) * -np.expm1(-np.maximum(r - start, 0))
    return {
        "r": r,
        "start": start,
        "mass_set": np.full_like(r, noise.survival(edge)),
        "mass_moved": noise.survival(start),
        "mass_above": above,
    }


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw T and both sets for each move, and the density of X_1 below them."""
    with style.blank(settings) as figure:
        panels = figure.subplot_mosaic([[row] for row in (*SHARES, "density")], sharex=True)
        sets = data["sets"]
        for k, name in enumerate(SHARES):
            _draw_sets(panels[name], data, name, {column: sets[column][k] for column in sets})
        _draw_density(panels["density"], data)
        handles, labels = panels["long"].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def _draw_sets(axes: Axes, data: FigureData, name: str, row: dict[str, float]) -> None:
    ratio = data[f"ratio_{name}"]
    axes.plot(ratio["x"], ratio["t"], **_T)
    for kind, (label, look) in _SETS.items():
        curve = data[f"{kind}_{name}"]
        axes.plot(curve["x"], curve["t"], label=label, solid_capstyle="butt", **look)
    small: dict[str, Any] = {"textcoords": "offset points", "fontsize": "small"}
    for kind, label, offset in (("moved", "$b-r$", (2, 3)), ("set", "$b$", (4, 3))):
        start = (data[f"{kind}_{name}"]["x"][0], data[f"{kind}_{name}"]["t"][0])
        axes.plot(*start, **_DOT)
        axes.annotate(label, start, offset, **small)
    axes.annotate(_MOVES[name], (0, 0), (3, 3), xycoords="axes fraction", **small)
    _write_mass(axes, f"$P(Y\\in B)$ = {row['mass_moved']:.3g}")
    axes.set(ylim=data[f"frame_{name}"]["t"], ylabel="$T$")
    axes.set_yticks([-row["r"], row["r"]], ["$-r$", "$r$"])


def _write_mass(axes: Axes, text: str) -> None:
    axes.text(1, 0.98, text, transform=axes.transAxes, ha="right", va="top", fontsize="small")


def _draw_density(axes: Axes, data: FigureData) -> None:
    x, density = data["density"]["x"], data["density"]["density"]
    tint: dict[str, Any] = {"facecolor": style.SKY, "alpha": 0.25, "linewidth": 0}
    for start in data["sets"]["start"]:
        axes.fill_between(x, density, where=x >= start, **tint)
    solid: dict[str, Any] = {"facecolor": style.VERMILLION, "linewidth": 0}
    axes.fill_between(x, density, where=x >= data["edge"]["x"][0], **solid)
    axes.plot(x, density, **_T)
    _write_mass(axes, f"$P(X\\in B)$ = {data['sets']['mass_set'][0]:.3g}")
    axes.set(xlim=data["frame"]["x"], xlabel=r"$x_1/\lambda$", ylabel="density")
    # the density is at most 1/2; above it the text stands on white for every b
    axes.set(ylim=(0, 0.72), yticks=[0, 0.5])


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the plotted data."""
    sets, edge = data["sets"], data["edge"]["x"][0]
    said = []
    for r, start, moved, above in zip(
        *(sets[name].tolist() for name in ("r", "start", "mass_moved", "mass_above")), strict=True
    ):
        inside = "T = -r on all of it" if above <= 0 else f"T > -r on a part of X-mass {above:.4g}"
        said.append(
            f"r = {r:.4g} lambda: from {start:.4g} lambda on, P(Y in B) = {moved:.4g}, {inside}"
        )
    return (
        f"T along the axis of delta = (r, 0, ..., 0), for three r; B = {{x_1 >= b}} with b = "
        f"{edge:.4g} lambda and P(X in B) = {sets['mass_set'][0]:.4g}; the moved set B - delta = "
        f"{{x_1 >= b - r}}, whose X-mass is P(Y in B). {'; '.join(said)}. The moved set stays "
        f"inside {{T = -r}} up to half range, r = b/2 = {edge / 2:.4g} lambda, where it starts at "
        f"the very point at which T reaches -r. The inequality P(Y in B) <= e^(r/lambda) P(X in B) "
        f"is tight up to r = b all the same, because T = -r on B itself. Below: the density of "
        f"X_1, with B and the three moved sets."
    )


def check(data: FigureData) -> list[Evidence]:
    """Compare the plotted sets with claim ``figure_5_moved_set``, for PB < 1/2.

    T on the sets, drawn where they are, up to half range and beyond, the X-mass of what has
    T > -r, and P(Y in B) against e^(r/lambda) P(X in B). A difference within 1e-9 is a tie.
    """
    edge = float(data["edge"]["x"][0])
    rows = {
        name: np.concatenate([data["sets"][name], data["range"][name]]) for name in data["sets"]
    }
    small, r = rows["r"] <= edge / 2, rows["r"]
    within, on_set, placed = np.zeros((3, r.size))  # T is drawn for the first few r only
    for n, name in enumerate(SHARES):
        within[n] = _excess(data[f"moved_{name}"], r[n])
        on_set[n] = _excess(data[f"set_{name}"], r[n])
        on_set[n] += _off_axis(data[f"set_{name}"], r[n], edge)
        placed[n] = _off_axis(data[f"moved_{name}"], r[n], edge - r[n])
    drawn = np.arange(r.size) < len(SHARES)
    gain = rows["mass_moved"] / rows["mass_set"] / np.exp(r) - 1
    # (e^(r - b) - e^-r)/2, for r >= b/2
    above = np.exp(r - edge) * -np.expm1(np.minimum(edge - 2 * r, 0)) / 2
    lack = np.abs(rows["mass_above"] - above) / np.where(small, 1, above)
    lack += np.abs(rows["start"] - (edge - r)) / edge
    faults = {
        "small_delta": np.where(small, within + on_set + placed + np.abs(rows["mass_above"]), 0.0),
        "whole_range": within,
        "exactly_then": np.where(
            ~small & (~(rows["mass_above"] > 0) | (drawn & ~(within > _TIE))),
            1.0,
            np.where(small, 0.0, placed + lack),
        ),
        "tight_without_it": on_set + np.abs(gain),
    }
    return [_judge(data, part, rows, fault) for part, fault in faults.items()]


def _excess(curve: Curve, r: float) -> float:
    """How far T is from -r on a set, relatively."""
    return float(np.abs(curve["t"] / r + 1).max())


def _off_axis(curve: Curve, r: float, start: float) -> float:
    """How far a set is from its start, and what is plotted on it from T, relatively to r."""
    x = curve["x"]
    apart = np.append(curve["t"] - (np.abs(x - r) - np.abs(x)), x[0] - start)
    return float(np.abs(apart).max() / r)


def _judge(data: FigureData, part: str, rows: Curve, fault: Column) -> Evidence:
    edge = float(data["edge"]["x"][0])

    def witness(at: int) -> dict[str, str]:
        r = float(rows["r"][at])
        found = {"b/lambda": repr(edge), "r/lambda": repr(r)}
        found["P(Y in B)"] = repr(float(rows["mass_moved"][at]))
        if at < len(SHARES) and part != "tight_without_it":
            moved = data[f"moved_{list(SHARES)[at]}"]
            place = plainest(moved["x"], np.abs(moved["t"] / r + 1) - _TIE)
            if place is not None:
                found["x_1/lambda"] = repr(float(moved["x"][place]))
                found["T/lambda"] = repr(float(moved["t"][place]))
        return found

    return judged(
        part,
        rows["r"],
        fault - _TIE,
        scope=f"PB = {rows['mass_set'][0]:.4g}, b = {edge:g} lambda, {rows['r'].size} plotted r "
        f"from {rows['r'].min():.4g} to {rows['r'].max():.4g} lambda",
        agreed="every plotted set is as stated",
        witness=witness,
    )
