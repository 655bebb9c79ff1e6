"""Figure 10: the largest noise that keeps the smoothed prediction at x, Laplace and Gaussian."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from figures import rops_curves, style
from figures.data import FigureData, check_points
from theory.claim import Evidence
from theory.parameters import to_real

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAME = "figure_10_rops_location"
NOISES = rops_curves.NOISES

_PAIR = rops_curves.Pair("x", "one_minus_x", "1 - x")


def compute(num_points: int = 500, nearest: float = 1e-6) -> FigureData:
    r"""Return sup ROPS over x in [0, 1), as a standard deviation, and where the order changes.

    .. math:: e^{-(1-x)/\lambda} + e^{-(1+x)/\lambda} = 1,\quad
              \Phi((1-x)/\sigma) + \Phi((1+x)/\sigma) = 3/2

    Figure 10 and Appendix D of the paper: the base classifier on the line is cA exactly where
    |x| <= 1, and the suprema are the lambda and the sigma at which the noisy input stays there
    with probability 1/2.

    Parameters
    ----------
    num_points : int
        How many locations, at least 10, at equal distances from 0; a hundred more follow that
        approach 1.
    nearest : float
        The distance from 1 of the last location, in (0, 0.1).

    Returns
    -------
    FigureData
        Curves "laplace" (sqrt(2) lambda) and "gaussian" (sigma), their "crossing", and the
        corners of what is shown, "frame" and "zoom"; columns x, one_minus_x (exact where x has
        lost its digits) and deviation, in the unit of x, to a relative 1e-14.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=10)
    >>> round(float(data["laplace"]["deviation"][0]), 12)  # sqrt(2) / log(2)
    2.040278893194
    """
    check_points(num_points, 10)
    nearest = to_real("nearest", nearest, "(0, 0.1)", lambda nearest: 0 < nearest < 0.1)
    even = np.arange(num_points) / num_points
    approach = np.geomspace(0.1, nearest, 101)[1:]
    gap = np.concatenate([np.arange(num_points, 0, -1) / num_points, approach])
    x = np.concatenate([even, 1 - approach])
    order = np.argsort(-gap, kind="stable")
    x, gap = x[order], gap[order]
    both = rops_curves.suprema(gap, gap)
    meet = rops_curves.meeting(gap, gap, both, exact=True)
    curves = {noise: _PAIR.curve(x, gap, both[noise]) for noise in NOISES}
    curves["crossing"] = _PAIR.curve(1 - meet, meet, rops_curves.suprema(meet, meet)["laplace"])
    ends = np.array([0.0, 1.0])
    curves["frame"] = _PAIR.curve(ends, 1 - ends, np.array([0.0, 2.25]))
    sides = np.array([0.1, nearest])
    near = np.concatenate([both[noise][gap <= 0.1] for noise in NOISES])
    shown = np.array([0.9 * near.min(), 1.05 * near.max()])
    curves["zoom"] = _PAIR.curve(1 - sides, sides, shown)
    return FigureData(NAME, curves, {"num_points": num_points, "nearest": nearest})


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw both curves, their crossing, and the end x -> 1 enlarged on a logarithmic axis."""
    with style.blank(settings) as figure:
        axes = figure.subplots()
        rops_curves.draw_pair(axes, data, _PAIR, "x")
        axes.set(xlim=data["frame"]["x"], ylim=data["frame"]["deviation"])
        axes.set(xlabel="location $x$", ylabel="sup ROPS (standard deviation)")
        axes.locator_params(axis="y", nbins=5)
        axes.legend(loc="upper right")
        place = (0.12, 0.16, 0.5, 0.38)
        zoom = rops_curves.blank_zoom(axes, data, "one_minus_x", "$1 - x$", place)
        rops_curves.draw_pair(zoom, data, _PAIR, "one_minus_x")
        crossing = data["crossing"]
        for x, m, y in zip(*(crossing[name] for name in crossing), strict=True):
            label = f"$x = {x:.4f}$"
            zoom.annotate(label, (m, y), (4, 3), textcoords="offset points", fontsize="small")
    return figure


def caption(data: FigureData) -> str:
    """Return a caption: which noise may be larger where, as the plotted data say."""
    always = " Neither noise's is larger for every x." if data["crossing"]["x"].size else ""
    return (
        f"Largest noise that keeps the smoothed prediction equal to the base classifier's "
        f"(cA exactly where |x| <= 1 on the line), as a standard deviation: sqrt(2) lambda for "
        f"Laplace and sigma for Gaussian noise. At the plotted x the larger one is "
        f"{rops_curves.reigns(data, _PAIR)}.{always} {rops_curves.marked(data, _PAIR)}"
        f"The inset shows the end x -> 1 on a logarithmic axis, "
        f"down to 1 - x = {data['zoom']['one_minus_x'][-1]:.3g}."
    )


def check(data: FigureData) -> list[Evidence]:
    """Look in the plotted data for an x at which Laplace's supremum is not the larger one.

    Claim ``figure_10_laplace_larger``, part "every_x". A relative difference within 1e-12 is a
    tie.

    Raises
    ------
    ValueError
        If the curves are not of the same x.
    """
    return [rops_curves.larger(data, _PAIR, "every_x", "[0, 1)")]
