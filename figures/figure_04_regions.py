"""Figure 4: where the new term of Theorem 1 beats the baseline, and where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from figures import style
from figures.data import Column, Curve, FigureData, check_points
from figures.order import plainest
from theory.certificates import theorem_1_terms
from theory.claim import Evidence, Grade, Rung
from theory.parameters import to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_04_regions"

_NEW, _BASELINE = style.SKY, "#FBE9C6"  # dark and light in grey print, too
_LINES: dict[str, tuple[str | None, dict[str, Any]]] = {
    "boundary": ("$P_B = (1 - P_A)^2 / P_A$", {"color": style.BLACK, "linestyle": "-"}),
    "binary": ("$P_B = 1 - P_A$", {"color": style.BLACK, "linestyle": (0, (4, 1.5))}),
    "equal": (None, {"color": style.BLACK, "linestyle": "-", "linewidth": 0.6}),
}
_TEXTS = {"new term\nlarger": (0.83, 0.47), "baseline\nlarger": (0.39, 0.13)}

# Two floats this close, relatively, are a tie and no evidence of the order.
_TIE = 1e-10


def compute(scale: float = 1.0, num_points: int = 61, margin: float = 1e-6) -> FigureData:
    r"""Return both terms of Theorem 1 over its domain, and the interval of PB of Remark 2.

    .. math:: -\lambda \log(1 - p_A + p_B) \;>\; (\lambda/2) \log(p_A/p_B)

    Eq. (1), Remark 2 and Figure 4 of the paper.

    Parameters
    ----------
    scale : float
        The Laplace parameter lambda, in [1e-100, 1e100].
    num_points : int
        How many values of PA, and of sqrt(PB/PA) for each, at equal distances; at least 3. (In
        these coordinates the boundary is almost straight.)
    margin : float
        In [1e-6, 1/10]: both run from `margin` to 1 - `margin`, because at the very edges the
        two terms are both 0 or one is infinite.

    Returns
    -------
    FigureData
        "grid" (p_a, p_b, lecuyer, new_term, and gain = new_term / lecuyer - 1), radii to
        nearest; "printed" (p_a, low, high: the ends of Remark 2's interval); and the lines
        "boundary" (PB = (1 - PA)^2 / PA), "equal" (PB = PA) and "binary" (PB = 1 - PA), each of
        p_a and p_b.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=3)
    >>> data["grid"]["p_a"].size, data["binary"]["p_b"].tolist()
    (9, [0.5, 0.0])
    """
    scale = to_real("scale", scale, "[1e-100, 1e100]", lambda scale: 1e-100 <= scale <= 1e100)
    check_points(num_points, 3)
    margin = to_real("margin", margin, "[1e-6, 1/10]", lambda margin: 1e-6 <= margin <= 0.1)
    steps = np.linspace(margin, 1 - margin, num_points)
    p_a = np.repeat(steps, num_points)
    p_b = p_a * np.tile(steps**2, num_points)
    lecuyer, new_term = theorem_1_terms(p_a, p_b, scale=scale, rounding="nearest")
    edge = np.linspace(0.5, 1.0, 201)
    curves: dict[str, Curve] = {
        "grid": {
            "p_a": p_a,
            "p_b": p_b,
            "lecuyer": np.asarray(lecuyer),
            "new_term": np.asarray(new_term),
            "gain": np.asarray(new_term / lecuyer - 1),
        },
        "printed": _printed(steps),
        "boundary": {"p_a": edge, "p_b": (1 - edge) ** 2 / edge},
        "equal": {"p_a": np.array([0.0, 1.0]), "p_b": np.array([0.0, 1.0])},
        "binary": {"p_a": np.array([0.5, 1.0]), "p_b": np.array([0.5, 0.0])},
    }
    return FigureData(NAME, curves, {"scale": scale, "num_points": num_points, "margin": margin})


def _printed(p_a: Column) -> dict[str, Column]:
    """Remark 2's interval: (1 - 2 PA (1 - PA) -+ sqrt(1 - 4 PA (1 - PA))) / (2 PA).

    The ends are the roots of PA PB^2 - (1 - 2 PA (1 - PA)) PB + PA (1 - PA)^2, so the lower one
    is (1 - PA)^2 over the upper one, which spares it a cancellation.
    """
    product = p_a * (1 - p_a)
    high = (1 - 2 * product + np.sqrt(np.maximum(0.0, 1 - 4 * product))) / (2 * p_a)
    return {"p_a": p_a, "low": (1 - p_a) ** 2 / high, "high": high}


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Fill the domain by the sign of the plotted gain; draw the formulas' lines over it."""
    with style.blank(settings) as figure:
        axes = figure.subplots()
        _fill(axes, data)
        for name, (label, look) in _LINES.items():
            axes.plot(data[name]["p_a"], data[name]["p_b"], label=label, **look)
        for text, at in _TEXTS.items():
            axes.text(*at, text, ha="center", va="center", linespacing=1.0)
        axes.text(
            0.2,
            0.22,
            "$P_B = P_A$",
            ha="center",
            va="bottom",
            rotation=45,
            rotation_mode="anchor",
            transform_rotates_text=True,
        )
        axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="$P_A$", ylabel="$P_B$")
        axes.legend(loc="upper left")
    return figure


def _fill(axes: Axes, data: FigureData) -> None:
    grid = data["grid"]
    square = (data["printed"]["p_a"].size, -1)  # one row for each PA
    axes.contourf(
        grid["p_a"].reshape(square),
        grid["p_b"].reshape(square),
        grid["gain"].reshape(square),
        levels=[-2.0, 0.0, 2.0],  # the gain lies between -1 and 1
        colors=[_BASELINE, _NEW],
    )


def caption(data: FigureData) -> str:
    """Return a caption: which term is larger where, as the plotted data say."""
    grid, scale = data["grid"], data.parameters["scale"]
    line = data["boundary"]
    # between the line and PB = PA, in parts of the triangle PB <= PA
    share = float(np.trapezoid(line["p_a"] - line["p_b"], line["p_a"])) / 0.5
    least = float(grid["p_a"][grid["gain"] > 0].min(initial=np.inf))
    contradicted = [item.part for item in check(data) if item.finding is not True]
    agree = f"contradict it ({', '.join(contradicted)})" if contradicted else "agree with it"
    return (
        f"The two terms of Theorem 1 over its domain PB <= PA (lambda = {scale:g}). Dark (blue): "
        f"the new term -lambda log(1 - PA + PB) is the larger one; light (cream): the baseline "
        f"(lambda/2) log(PA/PB) is. The paper prints red for the one and green for the other. The "
        f"smallest plotted PA at which the new term is ever the larger one is {least:.3g}. Solid "
        f"line: the lower end of Remark 2's interval, in simpler form PB = (1 - PA)^2 / PA, for "
        f"PA >= 1/2; it and PB = PA enclose {share:.1%} of the domain, and the plotted radii "
        f"{agree}. Dashed line: the binary case PB = 1 - PA."
    )


def check(data: FigureData) -> list[Evidence]:
    """Compare the order of the plotted radii with the interval of PB that Remark 2 prints.

    Claim ``remark_2_region``: the new term is at least the baseline "inside" the interval, and
    below it "outside". A relative difference within 1e-10 is a tie and says nothing.

    Raises
    ------
    ValueError
        If the grid has not one row for each PA of the printed interval.
    """
    grid, printed = data["grid"], data["printed"]
    if grid["p_a"].size % printed["p_a"].size:
        raise ValueError("the grid has not one row for each PA of the printed interval")
    each = grid["p_a"].size // printed["p_a"].size
    low, high = np.repeat(printed["low"], each), np.repeat(printed["high"], each)
    if not np.array_equal(np.repeat(printed["p_a"], each), grid["p_a"]):
        raise ValueError("the grid has not one row for each PA of the printed interval")
    inside = (low <= grid["p_b"]) & (grid["p_b"] <= high)
    lead = grid["new_term"] - grid["lecuyer"]
    tie = np.abs(lead) <= _TIE * np.maximum(grid["new_term"], grid["lecuyer"])
    return [
        _judge(data, "inside", inside & ~tie, -lead),
        _judge(data, "outside", ~inside & ~tie, lead),
    ]


def _judge(data: FigureData, part: str, where: npt.NDArray[np.bool_], deficit: Column) -> Evidence:
    grid, scale = data["grid"], data.parameters["scale"]
    margin = data.parameters["margin"]
    scope = (
        f"{np.count_nonzero(where)} plotted points {part} the interval, of a grid with PA and "
        f"sqrt(PB/PA) from {margin} to 1 - {margin}, lambda = {scale:g}"
    )
    if not where.any():
        detail = "no plotted point lies there"
        return Evidence(Rung.FIGURE, Grade.UNDECIDED, part, None, scope, detail)
    at = plainest(grid["p_b"], np.where(where, deficit, 0.0))
    if at is None:
        detail = f"the {'new term' if part == 'inside' else 'baseline'} is larger at each of them"
        return Evidence(Rung.FIGURE, Grade.CONSISTENT, part, True, scope, detail)
    witness = {name: repr(float(grid[name][at])) for name in ("p_a", "p_b", "lecuyer", "new_term")}
    wrong = np.count_nonzero(where & (deficit > 0))
    detail = f"the order is the other way round at {wrong} of them"
    return Evidence(Rung.FIGURE, Grade.REFUTED, part, False, scope, detail, witness=witness)
