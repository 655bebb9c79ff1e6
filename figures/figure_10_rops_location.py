"""Figure 10: the largest noise that keeps the smoothed prediction at x, Laplace and Gaussian."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from figures import style
from figures.data import Column, FigureData
from figures.order import crossings, plainest
from theory.claim import Evidence, Grade, Rung

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_10_rops_location"
NOISES = ("laplace", "gaussian")

_LABELS = {"laplace": r"Laplace, $\sqrt{2}\,\lambda$", "gaussian": r"Gaussian, $\sigma$"}
_NAMES = {"laplace": "Laplace", "gaussian": "Gaussian"}

# Two floats this close, relatively, are a tie and no evidence that one curve is above the other.
_TIE = 1e-12


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
    if num_points < 10:
        raise ValueError(f"num_points = {num_points} is not at least 10")
    if not 0 < nearest < 0.1:
        raise ValueError(f"nearest = {nearest} is outside (0, 0.1)")
    even = np.arange(num_points) / num_points
    approach = np.geomspace(0.1, nearest, 101)[1:]
    gap = np.concatenate([np.arange(num_points, 0, -1) / num_points, approach])
    x = np.concatenate([even, 1 - approach])
    order = np.argsort(-gap, kind="stable")
    x, gap = x[order], gap[order]
    suprema = {noise: _supremum(noise, gap) for noise in NOISES}

    def lead(m: float) -> float:
        at = np.array([m])
        return float((_supremum("laplace", at) - _supremum("gaussian", at))[0])

    meet = crossings(lead, gap[::-1], (suprema["laplace"] - suprema["gaussian"])[::-1])[::-1]
    curves = {noise: _curve(x, gap, suprema[noise]) for noise in NOISES}
    curves["crossing"] = _curve(1 - meet, meet, _supremum("laplace", meet))
    curves["frame"] = _curve(np.array([0.0, 1.0]), np.array([1.0, 0.0]), np.array([0.0, 2.25]))
    sides = np.array([0.1, nearest])
    near = np.concatenate([suprema[noise][gap <= 0.1] for noise in NOISES])
    curves["zoom"] = _curve(1 - sides, sides, np.array([0.9 * near.min(), 1.05 * near.max()]))
    return FigureData(NAME, curves, {"num_points": num_points, "nearest": nearest})


def _curve(x: Column, gap: Column, deviation: Column) -> dict[str, Column]:
    return {"x": x, "one_minus_x": gap, "deviation": deviation}


def _supremum(noise: str, gap: Column) -> Column:
    solve = {"laplace": _laplace, "gaussian": _gaussian}[noise]
    return np.array([solve(float(m)) for m in gap], dtype=np.float64)


def _laplace(m: float) -> float:
    """sqrt(2) lambda from t = 1/lambda, where 1 - e^(-mt) = e^(-(2-m)t), m = 1 - x."""
    root = _root(lambda t: math.expm1(-m * t) + math.exp(-(2 - m) * t), m)
    return math.sqrt(2) / root


def _gaussian(m: float) -> float:
    """Sigma from t = 1/sigma, where Phi(mt) - 1/2 = 1 - Phi((2-m)t), m = 1 - x."""
    half = math.sqrt(0.5)
    root = _root(lambda t: math.erf(half * m * t) - math.erfc(half * (2 - m) * t), m)
    return 1 / root


def _root(lack: Callable[[float], float], m: float) -> float:
    """The only root: the function is monotone and has opposite signs at 0 and at t = 1/m."""
    from scipy.optimize import brentq

    return float(brentq(lack, 0.0, 1 / m, xtol=1e-300, rtol=4 * np.finfo(np.float64).eps))


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw both curves, their crossing, and the end x -> 1 enlarged on a logarithmic axis."""
    with style.blank(settings) as figure:
        axes = figure.subplots()
        _draw_curves(axes, data, "x", within="frame")
        axes.set(xlabel="location $x$", ylabel="sup ROPS (standard deviation)")
        axes.locator_params(axis="y", nbins=5)
        axes.legend(loc="upper right")
        zoom = axes.inset_axes((0.12, 0.16, 0.5, 0.38))
        zoom.set_xscale("log")
        _draw_curves(zoom, data, "one_minus_x", within="zoom")
        zoom.set_xlabel("$1 - x$", fontsize="small", labelpad=0)
        zoom.tick_params(labelsize="small")
        zoom.minorticks_off()
        zoom.spines[["top", "right"]].set_visible(True)
        crossing = data["crossing"]
        for x, m, y in zip(*(crossing[name] for name in crossing), strict=True):
            label = f"$x = {x:.4f}$"
            zoom.annotate(label, (m, y), (4, 3), textcoords="offset points", fontsize="small")
    return figure


def _draw_curves(axes: Axes, data: FigureData, abscissa: str, *, within: str) -> None:
    for noise in NOISES:
        curve = data[noise]
        axes.plot(curve[abscissa], curve["deviation"], label=_LABELS[noise], **style.LINES[noise])
    axes.plot(data["crossing"][abscissa], data["crossing"]["deviation"], **style.CROSSING)
    axes.set(xlim=data[within][abscissa], ylim=data[within]["deviation"])


def caption(data: FigureData) -> str:
    """Return a caption: which noise may be larger where, as the plotted data say."""
    gap = data["laplace"]["one_minus_x"]
    lead = data["laplace"]["deviation"] - data["gaussian"]["deviation"]
    ends = [1.0, *data["crossing"]["one_minus_x"], 0.0]
    marks = ["0", *(f"{x:.6g}" for x in data["crossing"]["x"]), "1"]
    reigns = []
    for k in range(len(marks) - 1):
        inside = lead[(gap < ends[k]) & (gap > ends[k + 1])]
        names = [_NAMES["laplace"]] * bool((inside > 0).any())
        names += [_NAMES["gaussian"]] * bool((inside < 0).any())
        low = "<=" if k == 0 else "<"
        reigns.append(f"{' or '.join(names)} for {marks[k]} {low} x < {marks[k + 1]}")
    always = "" if len(reigns) == 1 else " Neither noise's is larger for every x."
    return (
        f"Largest noise that keeps the smoothed prediction equal to the base classifier's "
        f"(cA exactly where |x| <= 1 on the line), as a standard deviation: sqrt(2) lambda for "
        f"Laplace and sigma for Gaussian noise. The larger one is {'; '.join(reigns)}.{always} "
        f"The circle marks where the order changes; the inset shows the end x -> 1 on a "
        f"logarithmic axis, down to 1 - x = {data['zoom']['one_minus_x'][-1]:.3g}."
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
    laplace, gaussian = data["laplace"], data["gaussian"]
    gap = laplace["one_minus_x"]
    if not np.array_equal(gap, gaussian["one_minus_x"]):
        raise ValueError("the curves of the two noises are not of the same x")
    deficit = gaussian["deviation"] * (1 - _TIE) - laplace["deviation"]
    scope = f"{len(gap)} plotted x in [0, 1), 1 - x from {gap.min():.3g} to {gap.max():g}"
    at = plainest(laplace["x"], deficit)
    if at is None:
        detail = "Gaussian's supremum exceeds Laplace's at no plotted x"
        return [Evidence(Rung.FIGURE, Grade.CONSISTENT, "every_x", True, scope, detail)]
    witness = {
        "x": repr(float(laplace["x"][at])),
        "sqrt(2) sup lambda": repr(float(laplace["deviation"][at])),
        "sup sigma": repr(float(gaussian["deviation"][at])),
    }
    above = laplace["x"][deficit > 0]
    detail = (
        f"Gaussian's supremum is larger at {len(above)} of {len(gap)} plotted x, from "
        f"{above.min():g} on"
    )
    return [Evidence(Rung.FIGURE, Grade.REFUTED, "every_x", False, scope, detail, witness=witness)]
