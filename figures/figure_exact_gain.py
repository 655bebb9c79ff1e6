"""The exact multi-class radius over Theorem 1's: where it is larger, and by which factor."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style
from figures.data import Column, Curve, FigureData, check_points
from figures.findings import judged
from figures.panels import arrange
from theory.claim import Evidence
from theory.parameters import to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_exact_gain"

#: the ratios of the contours; those from 3/2 on are reached above the line PB = 1 - PA only
LEVELS = (1.1, 1.2, 1.3, 1.4, 1.5, 2.0, 3.0, 5.0, 10.0)
_SUPREMUM = 1.5  # on PA + PB <= 1

#: sides of the shades: equal, then from light to dark, in grey print too
_BOUNDS = (1.0, *LEVELS)
_LINES: dict[str, tuple[str, dict[str, Any]]] = {
    "line": ("$P_B = 1 - P_A$", {"color": style.BLACK, "linestyle": "-", "linewidth": 1.1}),
    "ridge": (
        "$P_B = (1 - P_A)^2 / P_A$",
        {"color": style.BLACK, "linestyle": (0, (4, 1.5)), "linewidth": 1.1},
    ),
}
_EQUAL: dict[str, Any] = {"facecolor": "0.9", "edgecolor": "none", "linewidth": 0}

# Two floats this close, relatively, are a tie and no evidence that one is larger.
_TIE = 1e-12
#: PB comes this close to PA, relatively
_CLOSE = 1e-9
_XYZ = ("p_a", "p_b", "ratio")


def compute(num_points: int = 120, nearest: float = 1e-8) -> FigureData:
    r"""Return the contours of the exact radius over Theorem 1's, and the ratio at many points.

    .. math:: \frac{Q(p_A) - Q(\min\{p_B, 1 - p_A\})}
                   {\max\{\log(p_A/p_B),\; -2 \log(1 - p_A + p_B)\}}

    Q is the unit Laplace quantile. With m = 1 - PA < 1/2 the ratio rises over PB from 1 to the
    ridge PB = m^2/PA, where Theorem 1's terms are equal, falls to 1 at PB = m, and rises without
    bound up to PB = PA. A contour is solved for PB: in closed form below the ridge and above m, by
    bisection between.

    Parameters
    ----------
    num_points : int
        Points of each contour on either side of the ridge, at least 10.
    nearest : float
        The smallest 1 - PA, in [1e-12, 1e-4].

    Returns
    -------
    FigureData
        "above_C" for each level C and "below_C" for those under 3/2: the closed outline of where
        the ratio is at least C, above and below the line PB = 1 - PA; "line" and "ridge" (ratio as
        computed there); "equal" and "larger", the outlines of PA <= 1/2 and beyond; "points"
        (exact, theorem_1, ratio: in units of lambda, what the check reads); "frame" and "end", the
        corners of the two panels. Columns p_a, one_minus_p_a (exact where p_a has lost its digits)
        and p_b.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=10)
    >>> float(data["ridge"]["ratio"].max()) < 1.5 < float(data["points"]["ratio"].max())
    True
    """
    check_points(num_points, 10)
    nearest = to_real("nearest", nearest, "[1e-12, 1e-4]", lambda nearest: 1e-12 <= nearest <= 1e-4)
    curves: dict[str, Curve] = {}
    for level in LEVELS:
        curves[f"above_{level:g}"] = _above(level, num_points, nearest)
        if level < _SUPREMUM:
            curves[f"below_{level:g}"] = _below(level, num_points, nearest)
    p_a = 1 - _within(nearest, num_points)
    m = 1 - p_a  # exactly
    for name, p_b in (("line", m), ("ridge", m * m / p_a)):
        curves[name] = {**_at(m, p_b), "ratio": _values(p_a, p_b)["ratio"]}
    curves["equal"] = _at(np.array([1.0, 0.5, 0.5, 1.0]), np.array([0.0, 0.0, 0.5, 0.0]))
    floor = nearest**2.5
    edge = np.concatenate([[0.5, nearest], m[::-1], [0.5]])
    curves["larger"] = _at(edge, np.concatenate([[floor, floor], p_a[::-1], [0.5]]))
    curves["points"] = _points()
    curves["frame"] = _at(np.array([1.0, 0.0]), np.array([0.0, 1.0]))
    curves["end"] = _at(np.array([0.5, nearest]), np.array([floor, 1.0]))
    return FigureData(NAME, curves, {"num_points": num_points, "nearest": nearest})


def _at(m: Column, p_b: Column) -> dict[str, Column]:
    return {"p_a": 1 - m, "one_minus_p_a": m, "p_b": p_b}


def _spaced(first: float, last: float, number: int) -> Column:
    """Values of 1 - PA from the first to the last, closest at the first on a logarithmic axis."""
    steps = np.linspace(0, 1, number) ** 2
    values: Column = first * (last / first) ** steps
    return values


def _within(nearest: float, number: int) -> Column:
    """Values of 1 - PA from just below 1/2, where both radii are 0."""
    m = _spaced(0.5, nearest, number)
    return np.append(0.4995, m[m < 0.4995])


def _above(level: float, number: int, nearest: float) -> Curve:
    """log(2m)/log(m + PB) = c, and back along PB = PA."""
    m = _spaced(0.5, nearest, number)
    contour = (2 * m) ** (1 / level) - m
    return _at(np.concatenate([m, m[::-1]]), np.concatenate([contour, (1 - m)[::-1]]))


def _below(level: float, number: int, nearest: float) -> Curve:
    """From the ridge along log(4 m PB)/(2 log(m + PB)) = c, back along log(4 m PB)/log(PB/PA) = c.

    It begins where the ratio on the ridge, which rises as m falls, is c.
    """
    from scipy.optimize import brentq

    tightest = 4 * np.finfo(np.float64).eps

    def lead(log_m: float) -> float:
        m = math.exp(log_m)
        slope = math.log(m) - math.log1p(-m)
        return math.log(4) + 2 * log_m + (1 - 2 * level) * slope

    tip = math.exp(brentq(lead, math.log(0.5 - 1e-6), -100, rtol=tightest))
    m = _spaced(tip, nearest, number)  # no tip is closer to PA = 1 than `nearest` may be
    ridge = m * m / (1 - m)

    def beyond(log_b: float, one: float) -> float:
        p_b = math.exp(log_b)
        return 2 * level * math.log(one + p_b) - math.log(4 * one * p_b)

    upper = [ridge[0]]
    for one, low in zip(m[1:], ridge[1:], strict=True):
        ends = math.log(low), math.log(one)
        upper.append(math.exp(brentq(beyond, *ends, args=(one,), rtol=tightest)))
    lower = np.exp((level * np.log1p(-m) + np.log(4 * m)) / (level - 1))
    return _at(np.concatenate([m, m[::-1]]), np.concatenate([np.array(upper), lower[::-1]]))


def _points() -> Curve:
    """Values all over the domain: PB/PA at equal distances, on the line and the ridge, near PA."""
    tops = np.concatenate([np.arange(1, 40) / 40, 1 - np.geomspace(1e-2, 1e-6, 5)])
    shares = np.concatenate([np.geomspace(1e-9, 1e-2, 8), np.arange(1, 40) / 40, [1 - _CLOSE]])
    found: dict[str, list[Column]] = {"p_a": [], "p_b": []}
    for top in tops:
        special = np.array([1 - top, (1 - top) ** 2 / top] if top > 0.5 else [])
        # so close to the line, the ratio is above 1 by less than floats show
        apart = [not np.isclose(one, special, rtol=1e-5, atol=0).any() for one in shares * top]
        others = np.sort(np.concatenate([shares[apart] * top, special]))
        found["p_a"].append(np.full_like(others, top))
        found["p_b"].append(others)
    p_a, p_b = (np.concatenate(found[name]) for name in ("p_a", "p_b"))
    return {**_at(1 - p_a, p_b), "p_a": p_a, **_values(p_a, p_b)}


def _values(p_a: Column, p_b: Column) -> dict[str, Column]:
    from theory.certificates import exact, theorem_1

    ours = np.asarray(exact(p_a, p_b, scale=1, rounding="nearest"))
    printed = np.asarray(theorem_1(p_a, p_b, scale=1, rounding="nearest"))
    return {"exact": ours, "theorem_1": printed, "ratio": ours / printed}


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw the domain, and its end PA -> 1 on logarithmic axes."""
    from matplotlib import colormaps
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm

    with style.blank(settings) as figure:
        panels = arrange(figure, wide=[["all", "end"]], narrow=[["all"], ["end"]], growth=1.9)
        shades = ScalarMappable(BoundaryNorm(_BOUNDS, 256, extend="max"), colormaps["YlGnBu"])
        _draw_shades(panels["all"], data, "p_a", shades)
        _draw_shades(panels["end"], data, "one_minus_p_a", shades)
        panels["all"].set(xlim=data["frame"]["p_a"], ylim=data["frame"]["p_b"], xlabel="$P_A$")
        panels["all"].set_aspect("equal")
        panels["all"].text(0.36, 0.16, "equal", ha="center", va="center")
        panels["end"].set(xscale="log", yscale="log", xlabel="$1 - P_A$")
        panels["end"].set(xlim=data["end"]["one_minus_p_a"], ylim=data["end"]["p_b"])
        for axes in panels.values():
            axes.set_ylabel("$P_B$")
        bar = figure.colorbar(shades, ax=[*panels.values()], location="top", aspect=35, shrink=0.85)
        bar.set_label("exact radius / Theorem 1")
        bar.set_ticks(_BOUNDS, labels=[f"{level:g}" for level in _BOUNDS])
        bar.ax.minorticks_off()
        handles, labels = panels["all"].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=2)
    return figure


def _draw_shades(axes: Axes, data: FigureData, abscissa: str, shades: Any) -> None:
    axes.fill(data["equal"][abscissa], data["equal"]["p_b"], **_EQUAL)
    outlines = [("larger", 1.0)]
    outlines += [(f"{side}_{level:g}", level) for level in LEVELS for side in ("above", "below")]
    for name, level in outlines:
        if name in data.curves:
            shade: Any = {"facecolor": shades.to_rgba(level), "edgecolor": "none"}
            axes.fill(data[name][abscissa], data[name]["p_b"], **shade)
    for name, (label, look) in _LINES.items():
        axes.plot(data[name][abscissa], data[name]["p_b"], label=label, **look)


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the data."""
    ridge, points = data["ridge"], data["points"]
    most = float(points["ratio"].max())
    at = int(points["ratio"].argmax())
    last = f"{ridge['ratio'][-1]:.4g} at 1 - PA = {ridge['one_minus_p_a'][-1]:.3g}"
    return (
        f"The exact multi-class radius of Laplace noise over Theorem 1's, by PA and PB; one panel "
        f"shows the end PA -> 1 on logarithmic axes. They are equal for PA <= 1/2 (grey) and on "
        f"the line PB = 1 - PA. Below the line the ratio has the supremum 3/2, which is not "
        f"attained: it is approached along PB = (1 - PA)^2/PA, where Theorem 1's terms are equal "
        f"({last}). Above the line it has no bound: it is {most:.3g} at PA = "
        f"{points['p_a'][at]:g}, 1 - PB/PA = {1 - points['p_b'][at] / points['p_a'][at]:.1g}. "
        f"Shades begin at the ratios {', '.join(f'{level:g}' for level in _BOUNDS)}."
    )


def check(data: FigureData) -> list[Evidence]:
    """Compare the two radii at every point of the data, claim ``exact_multiclass_radius``.

    A relative difference within 1e-12 is a tie. The ridge has to rise, to within 1/10 of 3/2. To
    have no bound, the ratio has to exceed 10^6 for every PA, at the PB closest to it. Ratios that
    are not those of the radii beside them, and outlines without their ratio, say nothing.
    """
    points, ridge = data["points"], data["ridge"]
    ours = points["exact"] / points["theorem_1"]
    trusted = bool(np.allclose(points["ratio"], ours, rtol=_TIE, atol=0) and _placed(data))
    p_a, p_b, ratio = (np.concatenate([points[name], ridge[name]]) for name in _XYZ)
    same = (p_a <= 0.5) | (p_b == 1 - p_a)
    order = np.where(same, np.abs(ratio - 1) - _TIE, 1 + _TIE - ratio)
    lack = np.where(np.diff(ridge["ratio"], prepend=1.0) <= 0, 1.0, ridge["ratio"] - _SUPREMUM)
    lack[-1] = max(lack[-1], _SUPREMUM - 0.1 - ridge["ratio"][-1])
    inside = points["p_a"] + points["p_b"] <= 1
    low = [np.concatenate([points[name][inside], ridge[name]]) for name in _XYZ]
    beyond = np.concatenate([points["ratio"][inside] - _SUPREMUM, lack])
    near = (points["p_a"] > 0.5) & (points["p_b"] > (1 - 10 * _CLOSE) * points["p_a"])
    close = [points[name][near] for name in _XYZ]
    return [
        _verdict("never_below", [p_a, p_b, ratio], 1 - _TIE - ratio, trusted=trusted),
        _verdict("strictly_larger", [p_a, p_b, ratio], order, trusted=trusted),
        _verdict("gain", low, beyond, trusted=trusted),
        _verdict("gain_beyond", close, 1e6 - close[2], trusted=trusted),
    ]


def _placed(data: FigureData) -> bool:
    """Whether every curve has its ratio, by the formula of `compute` in floats, to 1e-6."""
    wanted = [(data[name], data[name]["ratio"]) for name in ("line", "ridge", "points")]
    outlines = [(f"{side}_{level:g}", level) for level in LEVELS for side in ("above", "below")]
    for name, level in outlines:
        if name in data.curves:
            wanted.append((data[name], np.full_like(data[name]["p_b"], level)))
    if not np.allclose(data["line"]["p_b"], data["line"]["one_minus_p_a"], rtol=_TIE, atol=0):
        return False
    for curve, ratio in wanted:
        m, p_b = curve["one_minus_p_a"], curve["p_b"]
        # not at PA <= 1/2, nor on the way back along PB = PA
        held = ~((m >= 0.5) | (p_b == 1 - m))
        m, p_b = m[held], p_b[held]
        printed = np.maximum(np.log((1 - m) / p_b), -2 * np.log(m + p_b))
        found = -np.log(4 * m * np.minimum(p_b, m)) / printed
        drawn = np.isclose(curve["p_a"], 1 - curve["one_minus_p_a"], rtol=1e-15)
        if not (np.isclose(found, ratio[held], rtol=1e-6, atol=0).all() and drawn.all()):
            return False
    return True


def _verdict(part: str, at: list[Column], fault: Column, *, trusted: bool) -> Evidence:
    p_a, p_b, ratio = at
    return judged(
        part,
        p_a,
        fault,
        scope=f"{len(p_a)} points"
        + (f", PA from {p_a.min():g} to {p_a.max():.9g}" if p_a.size else ""),
        agreed="the ratio is as stated at every point",
        witness=lambda k: {
            "PA": repr(float(p_a[k])),
            "PB": repr(float(p_b[k])),
            "exact / Theorem 1": repr(float(ratio[k])),
        },
        trusted=trusted,
    )
