"""The region of the (x, r) plane in which Laplace noise has the larger certified ROPS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from figures import rops_curves, style
from figures.data import Column, Curve, FigureData, check_points
from figures.order import plainest
from theory.claim import Evidence, Grade, Rung
from theory.claims.figure_11_other_x import PRINTED
from theory.rops_order import last_location_ball, order_change

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_rops_region"

_LAPLACE, _GAUSSIAN = style.SKY, "#FBE9C6"  # dark and light in grey print, too
_LINES: dict[str, dict[str, Any]] = {
    "boundary": {"linestyle": "-"},
    "exact": {"linestyle": (0, (4, 1.5)), "linewidth": 0.9},
    "edge": {"linestyle": "-", "linewidth": 0.6},
}
_TEXTS = {"Laplace\nlarger": (0.15, 0.218), "Gaussian\nlarger": (0.115, 0.627)}
#: contours of the ratio, and a place near which each has its label
_RATIOS = {0.8: (0.07, 0.735), 1.2: (0.52, 0.18), 1.3: (0.44, 0.1)}
_MARKED = (0.0, 0.3)
_OFFSETS = ((4, -11), (-16, -13))

# Two floats this close, relatively, are a tie and no evidence of the order.
_TIE = 1e-12


def compute(num_points: int = 50) -> FigureData:
    r"""Return both suprema over the triangle x in [0, 1), r in [0, 1 - x), and its boundary r*(x).

    .. math:: \sup\{\sqrt2 \lambda : -\lambda \log[2(1 - p_L)] \ge r\} >
              \sup\{\sigma : \sigma \Phi^{-1}(p_G) \ge r\} \iff r < r^*(x)

    Appendix D of the paper, whose Figure 11 is x = 0.3 and whose Figure 10 is r = 0.

    Parameters
    ----------
    num_points : int
        How many locations, and radii at each, at least 10. The square roots of 1 - x and of
        (1 - x - r)/(1 - x) are at equal distances.

    Returns
    -------
    FigureData
        "grid" (x, r, the suprema laplace and gaussian, and their ratio, to a relative 1e-12 or so);
        the lines "boundary" (r*(x), within 1e-14), "exact" (the same with the exact distance in the
        place of the certificate) and "edge" (r = 1 - x), and the "marks", each of x and r.

    Raises
    ------
    ValueError
        If `num_points` is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=10)
    >>> data["grid"]["x"].size, data["marks"]["r"].round(9).tolist()
    (100, [0.555820113, 0.490032906, 0.0])
    """
    check_points(num_points, 10)
    shares = (np.arange(num_points, 0, -1) / num_points) ** 2
    x = np.repeat(np.round(1 - shares, 12), num_points)
    r = np.round((1 - x) * np.tile(1 - shares, num_points), 12)
    both = rops_curves.suprema(1 - x, 1 - x - r)
    last = float(last_location_ball(precision=64))
    along = np.union1d(np.arange(200) / 200, x)
    along = np.append(along[along < last], last)
    marked = np.array([*_MARKED, last])
    edge = np.array([0.0, 1.0])
    curves: dict[str, Curve] = {
        "grid": {"x": x, "r": r, **both, "ratio": both["laplace"] / both["gaussian"]},
        "boundary": {"x": along, "r": _order_change(along)},
        "exact": {"x": last * edge, "r": last * edge[::-1]},
        "edge": {"x": edge, "r": edge[::-1]},
        "marks": {"x": marked, "r": _order_change(marked)},
    }
    return FigureData(NAME, curves, {"num_points": num_points})


def _order_change(x: Column) -> Column:
    """r*(x) at the plotted x; the last is x_star, where it tends to 0."""
    return np.append(order_change(x[:-1]), 0.0)


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Fill the triangle by the sign of the plotted ratio less 1; draw the lines over it."""
    with style.blank(settings) as figure:
        axes = figure.subplots()
        _fill(axes, data)
        marks = data["marks"]
        labels = {
            "boundary": "$r^*(x)$: order changes",
            "exact": f"exact distance: $x + r = {marks['x'][-1]:.4f}$",
            "edge": "$r = 1 - x$",
        }
        for name, look in _LINES.items():
            line = data[name]
            axes.plot(line["x"], line["r"], label=labels[name], color=style.BLACK, **look)
        axes.plot(marks["x"], marks["r"], clip_on=False, **style.CROSSING)
        for x, r, offset in zip(marks["x"], marks["r"], _OFFSETS, strict=False):
            label = f"$r = {r:.4f}$"
            axes.annotate(label, (x, r), offset, textcoords="offset points", fontsize="small")
        for text, at in _TEXTS.items():
            axes.text(*at, text, ha="center", va="center", linespacing=1.0)
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="location $x$", ylabel="certified radius $r$")
        axes.legend(loc="upper right")
    return figure


def _fill(axes: Axes, data: FigureData) -> None:
    square: Any = (data.parameters["num_points"], -1)  # one row for each x
    x, r, ratio = (data["grid"][name].reshape(square) for name in ("x", "r", "ratio"))
    most = data["grid"]["ratio"].max()
    axes.contourf(x, r, ratio, levels=[0.0, 1.0, max(2.0, most)], colors=[_GAUSSIAN, _LAPLACE])
    lines = axes.contour(x, r, ratio, levels=[*_RATIOS], colors="0.1", linewidths=0.6)
    axes.clabel(lines, fontsize="small", fmt="%g", manual=[*_RATIOS.values()])


def caption(data: FigureData) -> str:
    """Return a caption: where which noise's is larger, as the plotted data say."""
    marks, line, grid = data["marks"], data["boundary"], data["grid"]
    share = float(np.trapezoid(line["r"], line["x"])) / 0.5
    named = [f"r* = {r:.6g} at x = {x:.6g}" for x, r in zip(marks["x"], marks["r"], strict=True)]
    inside = [item.part for item in check(data) if item.finding is not None and item.finding]
    agree = "agree with it" if "one_crossing" in inside else "contradict it"
    return (
        f"Which noise has the larger ROPS at x for the certified radius r (the base classifier on "
        f"the line is cA exactly where |x| <= 1), in standard deviations: sup sqrt(2) lambda for "
        f"Laplace, sup sigma for Gaussian noise. Dark (blue): Laplace's is larger, {share:.1%} of "
        f"the triangle r < 1 - x; light (cream): Gaussian's is. Solid line: the radius r*(x) at "
        f"which the order changes, {', '.join(named)}; for larger x Gaussian's is larger for every "
        f"r. The plotted suprema {agree}. Dashed: x + r = {data['exact']['x'].max():.6g}, where "
        f"the order changes if the exact distance takes the place of the certificate. Thin grey "
        f"lines: the ratio of Laplace's supremum to Gaussian's, from {grid['ratio'].min():.3g} to "
        f"{grid['ratio'].max():.4g} at the plotted points."
    )


def check(data: FigureData) -> list[Evidence]:
    """Look in the plotted data for points at which the order is not as stated.

    Claim ``figure_11_other_x``: "larger_everywhere" and "larger_at_first" at the points of r > 0
    and of r = 0; of the correction, "one_crossing" against the plotted boundary, which has to end
    in the stated bracket, and "examples" against their brackets. A relative difference within
    1e-12 is a tie, and two places within 1e-9 are one.

    Raises
    ------
    ValueError
        If a plotted ratio is not finite.
    """
    grid = data["grid"]
    if not np.isfinite(grid["ratio"]).all():
        raise ValueError("a plotted ratio of the suprema is not finite")
    behind, first = 1 - grid["ratio"], grid["r"] == 0
    return [
        _judge(data, "larger_everywhere", ~first, behind, "r > 0"),
        _judge(data, "larger_at_first", first, behind, "r = 0"),
        _judge_boundary(data),
        _judge_examples(data),
    ]


def _judge(
    data: FigureData, part: str, where: npt.NDArray[np.bool_], behind: Column, which: str
) -> Evidence:
    grid = data["grid"]
    wrong = np.where(where, behind - _TIE, 0.0)
    scope = (
        f"{np.count_nonzero(where)} plotted points with {which}, x from {grid['x'].min():g} to "
        f"{grid['x'].max():g}"
    )
    at = plainest(grid["r"] + grid["x"], wrong)  # few digits in both
    if at is None:
        detail = "the order is as stated at each of them"
        return Evidence(Rung.FIGURE, Grade.CONSISTENT, part, True, scope, detail)
    witness = {
        "x": repr(float(grid["x"][at])),
        "r": repr(float(grid["r"][at])),
        "sqrt(2) sup lambda": repr(float(grid["laplace"][at])),
        "sup sigma": repr(float(grid["gaussian"][at])),
    }
    detail = f"the order is the other way round at {np.count_nonzero(wrong > 0)} of them"
    return Evidence(Rung.FIGURE, Grade.REFUTED, part, False, scope, detail, witness=witness)


def _judge_boundary(data: FigureData) -> Evidence:
    """Laplace's is the larger one below the plotted boundary, Gaussian's above and beyond it."""
    grid, line = data["grid"], data["boundary"]
    at = np.minimum(np.searchsorted(line["x"], grid["x"]), line["x"].size - 1)
    change = np.where(grid["x"] < line["x"][-1], line["r"][at], 0.0)
    below, above = grid["r"] < change - rops_curves.NEAR, grid["r"] > change + rops_curves.NEAR
    beyond = above | (grid["x"] > line["x"][-1])
    behind = np.where(below, 1 - grid["ratio"], np.where(beyond, grid["ratio"] - 1, 0.0))
    found = _judge(data, "one_crossing", below | beyond, behind, "r other than r*(x)")
    last = {"x_star": (line["x"][-1:], "location")}
    return found if found.finding is False else _judge_numbers("one_crossing", found.scope, last)


def _judge_examples(data: FigureData) -> Evidence:
    line = data["boundary"]
    plotted = {
        f"r*({name[3:]})": (line["r"][line["x"] == x], name)
        for x, name in ((0.0, "at 0"), (0.5, "at 1/2"))
    }
    return _judge_numbers("examples", "the plotted boundary", plotted)


def _judge_numbers(part: str, scope: str, plotted: dict[str, tuple[Column, str]]) -> Evidence:
    """Compare plotted numbers with the brackets that the correction states."""
    said, wrong = [], {}
    for name, (values, bracket) in plotted.items():
        low, high = (float(end) for end in PRINTED[bracket])
        value = float(values[0]) if values.size else np.nan
        said.append(f"{name} = {value:.10g}")
        if not low - rops_curves.NEAR < value < high + rops_curves.NEAR:
            wrong[name] = repr(value)
    detail = ", ".join(said)
    if wrong:
        return Evidence(Rung.FIGURE, Grade.REFUTED, part, False, scope, detail, witness=wrong)
    return Evidence(Rung.FIGURE, Grade.CONSISTENT, part, True, scope, detail)
