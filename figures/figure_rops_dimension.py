"""Sup ROPS beyond the line: a slab, and the l1 ball towards a vertex and towards a face."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Literal

import numpy as np

from figures import style
from figures.data import Column, FigureData, check_points
from figures.order import crossings
from figures.panels import arrange
from theory.claim import Evidence
from theory.parameters import to_real
from theory.rops import gaussian_supremum
from theory.rops_ball import BallPoint, ball_supremum
from theory.rops_slab import Slab, slab_laplace_supremum_ball

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_rops_dimension"
NOISES = ("laplace", "gaussian")

#: numbers of equal weights of the slab, and dimensions of the ball
WEIGHTS, DIMS = (1, 2, 4), (2, 3)

_PANELS = ("slab", "vertex", "face")
_TITLES = {
    "slab": r"slab $|w\cdot x|\leq 1$",
    "vertex": r"$\ell_1$ ball, towards a vertex",
    "face": r"$\ell_1$ ball, towards a face",
}
_ACROSS = {"slab": r"$u=w\cdot x$", "vertex": r"$\|x\|_1$", "face": r"$\|x\|_1$"}
_LABELS = {"laplace": r"Laplace, $\sqrt{2}\,\lambda$", "gaussian": r"Gaussian, $\sigma$"}
_BITS = 56
_WIDTHS = (1.5, 1.15, 0.8)

Supremum = Callable[[str, int, float], float]


def compute(num_points: int = 60, nearest: float = 1e-3) -> FigureData:
    r"""Return sup ROPS at r = 0 over the way out of a slab and of the l1 ball.

    .. math:: P(|u + w\cdot\varepsilon| \le 1) = 1/2, \qquad P(\|x + \varepsilon\|_1 \le 1) = 1/2

    The slab is that of w = (1, ..., 1)/sqrt(k), k = 1, 2, 4 (k = 1 is Figure 10), where the
    Gaussian supremum does not depend on k. The ball is in 2 and in 3 dimensions, with x = t e_1 or
    x = t (1, ..., 1)/d.

    Parameters
    ----------
    num_points : int
        How many places at equal distances from 0, at least 10; 20 more approach 1.
    nearest : float
        The distance from 1 of the last place, in [1e-6, 0.1).

    Returns
    -------
    FigureData
        Curves "PANEL_NOISE_SIZE" for the panels slab, vertex and face, the noises laplace and
        gaussian and the size k or d, and "PANEL_crossing_SIZE", where their order changes; columns
        x, one_minus_x and deviation, to a relative 1e-14/nearest at worst.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=10, nearest=0.01)
    >>> round(float(data["slab_laplace_1"]["deviation"][0]), 12)  # sqrt(2) / log(2)
    2.040278893194
    """
    check_points(num_points, 10)
    nearest = to_real("nearest", nearest, "[1e-6, 0.1)", lambda nearest: 1e-6 <= nearest < 0.1)
    even = np.arange(num_points, 0, -1) / num_points
    gap = np.unique(np.concatenate([even, np.geomspace(0.1, nearest, 21)[1:]]))
    gap = gap[gap >= nearest][::-1]
    curves = {}
    for panel in _PANELS:
        supremum = _slab if panel == "slab" else _ball(panel)
        for size in WEIGHTS if panel == "slab" else DIMS:
            curves |= _pair(panel, size, gap, supremum)
    return FigureData(NAME, curves, {"num_points": num_points, "nearest": nearest})


def _pair(panel: str, size: int, gap: Column, supremum: Supremum) -> dict[str, dict[str, Column]]:
    """Both noises' curves and where their order changes."""
    found = {noise: np.array([supremum(noise, size, m) for m in gap]) for noise in NOISES}

    def lead(m: float) -> float:
        return supremum("laplace", size, m) - supremum("gaussian", size, m)

    meet = crossings(lead, gap[::-1], (found["laplace"] - found["gaussian"])[::-1])[::-1]
    at = np.array([supremum("laplace", size, m) for m in meet], dtype=np.float64)
    pair = {f"{panel}_{noise}_{size}": _curve(gap, found[noise]) for noise in NOISES}
    return {**pair, f"{panel}_crossing_{size}": _curve(meet, at)}


def _curve(gap: Column, deviation: Column) -> dict[str, Column]:
    return {"x": 1 - gap, "one_minus_x": gap, "deviation": deviation}


def _slab(noise: str, size: int, m: float) -> float:
    if noise == "gaussian":
        return float(gaussian_supremum(1 - m))
    place = 1 - Fraction(m)
    ball = slab_laplace_supremum_ball(place, Slab((Fraction(1),) * size), precision=_BITS)
    return float(ball.mid())


def _ball(towards: str) -> Supremum:
    way: Literal["vertex", "face"] = "face" if towards == "face" else "vertex"

    def supremum(noise: str, size: int, m: float) -> float:
        kind: Literal["laplace", "gaussian"] = "laplace" if noise == "laplace" else "gaussian"
        return ball_supremum(kind, BallPoint(1 - Fraction(m), size, way))

    return supremum


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw three panels, each with both noises for every size, and circles where they cross."""
    with style.blank(settings) as figure:
        rows = {"wide": [_PANELS], "narrow": [[panel] for panel in _PANELS]}
        for panel, axes in arrange(figure, growth=2.6, **rows).items():
            _draw_panel(axes, data, panel)
            where = axes.get_subplotspec()
            if where is not None and where.is_first_col():
                axes.set_ylabel("sup ROPS (std. deviation)")
    return figure


def _draw_panel(axes: Axes, data: FigureData, panel: str) -> None:
    sizes = WEIGHTS if panel == "slab" else DIMS
    for place, size in enumerate(sizes):
        for noise in NOISES:
            if panel == "slab" and noise == "gaussian" and place:
                continue  # the same curve for every k
            curve = data[f"{panel}_{noise}_{size}"]
            look = {**style.LINES[noise], "linewidth": _WIDTHS[place]}
            label = _LABELS[noise] if place == 0 else None
            axes.plot(curve["x"], curve["deviation"], label=label, **look)
        crossing = data[f"{panel}_crossing_{size}"]
        axes.plot(crossing["x"], crossing["deviation"], **style.CROSSING)
        label = _named(panel, place)
        start = (0.0, float(data[f"{panel}_laplace_{size}"]["deviation"][0]))
        axes.annotate(
            label, start, (3, 2), textcoords="offset points", fontsize="small", va="bottom"
        )
    axes.margins(y=0.17)  # for the label above the highest curve
    axes.set(xlim=(0, 1), title=_TITLES[panel], xlabel=_ACROSS[panel])
    axes.set_ylim(bottom=0)
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "", "0.5", "", "1"])
    axes.locator_params(axis="y", nbins=5)
    axes.legend(loc="lower left")


def _named(panel: str, place: int) -> str:
    """What stands above a Laplace curve: the slab's are too close for one label each."""
    if panel != "slab":
        return f"$d={DIMS[place]}$"
    return "" if place else f"$k={','.join(map(str, WEIGHTS))}$ (downwards)"


def caption(data: FigureData) -> str:
    """Return a caption: which noise is the larger one where, as the plotted data say."""
    slab = "; ".join(_order(data, "slab", "k", size) for size in WEIGHTS)
    face = "; ".join(_order(data, "face", "d", size) for size in DIMS)
    vertex = "; ".join(_order(data, "vertex", "d", size) for size in DIMS)
    ends = []
    for size in DIMS:
        last = [float(data[f"vertex_{noise}_{size}"]["deviation"][-1]) for noise in NOISES]
        ends.append(f"{last[0] / last[1]:.5g} for d = {size}")
    return (
        "Largest noise that keeps the smoothed prediction (r = 0), as a standard deviation, beyond "
        "the line. Left: f = cA on the slab |w.x| <= 1 with k equal weights and ||w||_2 = 1; the "
        f"Gaussian curve is the same for every k. Larger: {slab}. Middle: f = cA on the l1 ball, "
        f"x = t e_1 towards a vertex. Larger: {vertex}; both fall linearly in 1 - t there, at the "
        f"ratio {' and '.join(ends)}. Right: x = t (1, ..., 1)/d towards the middle of a face. "
        f"Larger: {face}. Circles mark where the order changes; 1 - x is plotted down to "
        f"{data['slab_laplace_1']['one_minus_x'][-1]:.3g}."
    )


def _order(data: FigureData, panel: str, letter: str, size: int) -> str:
    """Which noise leads between the crossings, from the plotted curves."""
    ours, theirs = (data[f"{panel}_{noise}_{size}"] for noise in NOISES)
    ends = [-1.0, *data[f"{panel}_crossing_{size}"]["x"], 1.0]
    said = []
    for k in range(len(ends) - 1):
        inside = (ours["x"] > ends[k]) & (ours["x"] < ends[k + 1])
        lead = (ours["deviation"] - theirs["deviation"])[inside]
        names = ["Laplace"] * bool((lead > 0).any()) + ["Gaussian"] * bool((lead < 0).any())
        until = f" until {ends[k + 1]:.6g}" if k < len(ends) - 2 else ""
        said.append(f"{' or '.join(names)}{until}")
    return f"{letter} = {size}: {', then '.join(said)}"


def check(data: FigureData) -> list[Evidence]:
    """Return nothing: the ledger has no claim about slabs and balls."""
    return []
