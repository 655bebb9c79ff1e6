"""Figure 11: the largest noise that certifies a radius at x = 0.3, Laplace and Gaussian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from figures import rops_curves, style
from figures.data import Column, Curve, FigureData, check_points
from theory.claim import Evidence, Grade, Rung
from theory.claims.figure_11_laplace_larger import PRINTED
from theory.parameters import to_real

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "figure_11_rops_radius"

_GAP = "one_minus_x_minus_r"
CERTIFIED = rops_curves.Pair("r", _GAP, "1 - x - r")
EXACT = rops_curves.Pair("r", _GAP, "1 - x - r", "_exact")
"""The curves of the certificates, and those of the distance to the nearest other prediction."""

_THIN: dict[str, Any] = {"linewidth": 0.6, "label": None}
_EXACT_LABEL = "thin: exact distance"
_CROSSINGS = tuple(pair.name("crossing") for pair in (CERTIFIED, EXACT))
_PAPER = 0.3

#: the claim's parts, and the name of each crossing's bracket
_PARTS = (
    ("every_radius", CERTIFIED, "one_crossing", "crossing"),
    ("every_exact_radius", EXACT, "one_exact_crossing", "exact"),
)


def compute(x: float = _PAPER, num_points: int = 500, nearest: float = 1e-6) -> FigureData:
    r"""Return sup ROPS over the radius r in [0, 1 - x), and where the order changes.

    .. math:: -\lambda \log[2(1 - p_L(\lambda))] = r,\quad \sigma \Phi^{-1}(p_G(\sigma)) = r

    Figure 11 and Appendix D of the paper: the base classifier on the line is cA exactly where
    |x| <= 1, p_L and p_G are the probabilities that the noisy input stays there, and the suprema
    are the scales at which the noise's own certificate is r. With the exact distance in its place
    they are those of the radius 0 at x + r.

    Parameters
    ----------
    x : float
        The point, in [0, 1).
    num_points : int
        How many radii, at least 10, at equal distances from 0; a hundred more follow that approach
        1 - x.
    nearest : float
        The distance from 1 - x of the last radius, in (0, (1 - x)/10).

    Returns
    -------
    FigureData
        Curves "laplace" (sqrt(2) lambda) and "gaussian" (sigma), their "crossing", the same of the
        exact distance ("laplace_exact" and so on), and the corners of what is shown, "frame" and
        "zoom"; columns r, one_minus_x_minus_r (exact where r has lost its digits) and deviation,
        in the unit of x, to a relative 1e-14 or so.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=10)
    >>> [round(float(data[name]["r"][0]), 9) for name in ("crossing", "crossing_exact")]
    [0.490032906, 0.674626937]
    """
    x = to_real("x", x, "[0, 1)", lambda x: 0 <= x < 1)
    check_points(num_points, 10)
    end = 1 - x
    legal = f"(0, {end / 10:g}), 0.1 (1 - x)"
    nearest = to_real("nearest", nearest, legal, lambda nearest: 0 < nearest < end / 10)
    r, gap = _radii(end, num_points, nearest)
    curves: dict[str, Curve] = {}
    for pair in (CERTIFIED, EXACT):
        near = gap if pair is EXACT else np.full_like(gap, end)
        both = rops_curves.suprema(near, gap)
        meet = rops_curves.meeting(near, gap, both, exact=pair is EXACT)
        level = rops_curves.suprema(meet if pair is EXACT else np.full_like(meet, end), meet)
        curves |= {pair.name(noise): pair.curve(r, gap, both[noise]) for noise in both}
        curves[pair.name("crossing")] = pair.curve(end - meet, meet, level["laplace"])
    plotted = [curves[p.name(n)]["deviation"] for p in (CERTIFIED, EXACT) for n in both]
    curves |= _corners(end, gap, np.array(plotted))
    return FigureData(NAME, curves, {"x": x, "num_points": num_points, "nearest": nearest})


def _corners(end: float, gap: Column, plotted: Column) -> dict[str, Curve]:
    """What is shown, and of that the half next to the end enlarged; a row for each curve."""
    ends, sides = np.array([0.0, end]), np.array([end / 2, gap.min()])
    near = plotted[:, gap <= end / 2]
    levels = np.array([0.8 * near.min(), 1.05 * near.max()])
    return {
        "frame": CERTIFIED.curve(ends, end - ends, np.array([0.0, 1.3 * plotted.max()])),
        "zoom": CERTIFIED.curve(end - sides, sides, levels),
    }


def _radii(end: float, num_points: int, nearest: float) -> tuple[Column, Column]:
    """Radii of few digits, then some that approach the end; and the distances from it."""
    even = np.round(end * np.arange(num_points) / num_points, 12)
    approach = np.geomspace(end / 10, nearest, 101)[1:]
    gap = np.concatenate([end - even, approach])
    r = np.concatenate([even, end - approach])
    order = np.argsort(-gap, kind="stable")
    return r[order], gap[order]


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw the curves, their crossings, and the end r -> 1 - x enlarged on a logarithmic axis."""
    with style.blank(settings) as figure:
        axes = figure.subplots()
        place = (0.12, 0.15, 0.4, 0.23)
        zoom = rops_curves.blank_zoom(axes, data, _GAP, "$1 - x - r$", place)
        for pair, look in ((CERTIFIED, {}), (EXACT, _THIN)):
            rops_curves.draw_pair(axes, data, pair, "r", **look)
            rops_curves.draw_pair(zoom, data, pair, _GAP, **look)
        axes.plot([], [], color=style.BLACK, linewidth=_THIN["linewidth"], label=_EXACT_LABEL)
        crossed = [f"{r:.4f}" for name in _CROSSINGS for r in data[name]["r"]]
        if crossed:
            axes.plot([], [], label=f"$r = {', '.join(crossed)}$", **style.CROSSING)
        axes.set(xlim=data["frame"]["r"], ylim=data["frame"]["deviation"])
        axes.set(xlabel=f"radius $r$ at $x = {_at(data)}$", ylabel="sup ROPS (standard deviation)")
        axes.locator_params(axis="y", nbins=6)
        axes.legend(loc="upper right")
    return figure


def _at(data: FigureData) -> str:
    return f"{data.parameters['x']:g}"


def caption(data: FigureData) -> str:
    """Return a caption: which noise may be larger where, as the plotted data say."""
    laplace, gaussian = data["laplace"], data["gaussian"]
    excess = gaussian["deviation"] - laplace["deviation"]
    most = int(excess.argmax())
    lost = (
        f" Gaussian's is larger by up to {excess[most]:.3g}, "
        f"at 1 - x - r = {laplace[_GAP][most]:.3g}."
        if excess[most] > 0
        else ""
    )
    return (
        f"Largest noise that certifies the radius r at x = {_at(data)} (the base classifier on the "
        f"line is cA exactly where |x| <= 1), as a standard deviation: sqrt(2) lambda for Laplace "
        f"and sigma for Gaussian noise. Thick: a scale certifies r if the noise's own certificate "
        f"is at least r; at the plotted r the larger one is {rops_curves.reigns(data, CERTIFIED)}."
        f"{lost} Thin: if the smoothed prediction is the same on all of [x - r, x + r]; at the "
        f"plotted r the larger one is {rops_curves.reigns(data, EXACT)}. "
        f"{rops_curves.marked(data, CERTIFIED, EXACT)}The inset shows "
        f"the end r -> {data['frame']['r'][-1]:.6g} on a logarithmic axis, down to "
        f"1 - x - r = {data['zoom'][_GAP][-1]:.3g}."
    )


def check(data: FigureData) -> list[Evidence]:
    """Look for a radius at which Laplace's supremum is not the larger one, and for its bracket.

    Claim ``figure_11_laplace_larger``: parts "every_radius" and "every_exact_radius", and the
    crossings of the correction, "one_crossing" and "one_exact_crossing". A relative difference
    within 1e-12 is a tie. The claim is about x = 0.3; of another x the data say nothing.

    Raises
    ------
    ValueError
        If the curves of a pair are not of the same r.
    """
    found = []
    for printed, pair, corrected, name in _PARTS:
        bracket = [float(end) for end in PRINTED[name]]
        domain = f"[0, {data['frame']['r'][-1]:g}), x = {_at(data)}"
        found.append(rops_curves.larger(data, pair, printed, domain))
        found.append(rops_curves.once(data, pair, corrected, domain, (bracket[0], bracket[1])))
    if data.parameters["x"] == _PAPER:
        return found
    detail = f"the claim is about x = {_PAPER}"
    return [
        Evidence(Rung.FIGURE, Grade.UNDECIDED, item.part, None, item.scope, detail)
        for item in found
    ]
