"""Figure 6 (methods): the binary radii of three methods under noise of the same variance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from figures import style
from figures.data import Column, FigureData, check_points
from figures.order import crossings, leaders, plainest
from theory import certificates
from theory.claim import Evidence, Grade, Rung
from theory.parameters import to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_06_methods"
METHODS = ("theorem_2", "lecuyer", "cohen")

_LABELS = {
    "theorem_2": "Laplace, Theorem 2",
    "lecuyer": "Laplace, Lecuyer et al.",
    "cohen": "Gaussian, Cohen et al.",
}
_SHOWN = 5.0  # in units of lambda, as in the paper; the radii go to infinity

# Two floats this close, relatively, are a tie and no evidence that one curve is above the other.
_TIE = 1e-12


def compute(scale: float = 1.0, num_points: int = 1000) -> FigureData:
    r"""Return the three radii over PA in [1/2, 1), and where the best one changes.

    .. math:: -\lambda \log[2(1 - p)],\quad (\lambda/2) \log(p/(1-p)),\quad
              \sqrt2 \lambda \Phi^{-1}(p)

    Figure 6 and Table 1 of the paper, with sigma = sqrt(2) lambda.

    Parameters
    ----------
    scale : float
        The Laplace parameter lambda, in [1e-100, 1e100].
    num_points : int
        How many values of PA, at least 10, at equal distances from 1/2; a few more follow that
        approach 1 down to a distance of 1e-5.

    Returns
    -------
    FigureData
        Curves "theorem_2", "lecuyer", "cohen", "crossing" (of the first and the last), and the
        corners of what is shown, "frame" and "zoom"; each of columns p_a and radius. Radii are
        to nearest, within a few ulp.

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> compute(num_points=10)["theorem_2"]["p_a"].tolist()[:3]
    [0.5, 0.55, 0.6]
    """
    scale = to_real("scale", scale, "[1e-100, 1e100]", lambda scale: 1e-100 <= scale <= 1e100)
    check_points(num_points, 10)
    # k / n is the float nearest to a short decimal, so that witnesses stay readable.
    even = np.arange(num_points, 2 * num_points) / (2 * num_points)
    p_a = np.concatenate([even, 1 - np.geomspace(0.4 / num_points, 1e-5, 30)])
    radii = {method: _radius(method, p_a, scale) for method in METHODS}

    def lead(p: float) -> float:
        at = np.array([p])
        return float((_radius("theorem_2", at, scale) - _radius("cohen", at, scale))[0])

    meet = crossings(lead, p_a, radii["theorem_2"] - radii["cohen"])
    curves = {method: {"p_a": p_a, "radius": radii[method]} for method in METHODS}
    curves["crossing"] = {"p_a": meet, "radius": _radius("theorem_2", meet, scale)}
    curves["frame"] = {"p_a": np.array([0.5, 1.0]), "radius": np.array([0.0, _SHOWN * scale])}
    sides = _around(meet)
    curves["zoom"] = {"p_a": sides, "radius": _radius("theorem_2", sides, scale)}
    return FigureData(NAME, curves, {"scale": scale, "num_points": num_points})


def _around(meet: Column) -> Column:
    """The ends of what is enlarged: by 45 % of the distance to 1, on either side."""
    if not meet.size:
        return meet
    return np.array([meet[0] - 0.45 * (1 - meet[0]), meet[-1] + 0.45 * (1 - meet[-1])])


def _radius(method: str, p_a: Column, scale: float) -> Column:
    if method == "cohen":
        return np.asarray(certificates.cohen(p_a, sigma=math.sqrt(2) * scale, rounding="nearest"))
    formula = {"theorem_2": certificates.theorem_2, "lecuyer": certificates.lecuyer}[method]
    return np.asarray(formula(p_a, scale=scale, rounding="nearest"))


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw the curves, the crossing, and the neighbourhood of the crossing enlarged."""
    with style.blank(settings) as figure:
        axes = figure.subplots()
        _draw_curves(axes, data, within="frame")
        axes.set(xlabel="$P_A$", ylabel=rf"certified $\ell_1$ radius ($\lambda$ = {data.scale})")
        axes.legend(loc="upper left")
        if data["zoom"]["p_a"].size:
            _draw_zoom(axes, data)
    return figure


def _draw_zoom(axes: Axes, data: FigureData) -> None:
    zoom = axes.inset_axes((0.14, 0.36, 0.46, 0.34))
    _draw_curves(zoom, data, within="zoom")
    zoom.tick_params(labelsize="small")
    zoom.spines[["top", "right"]].set_visible(True)
    axes.indicate_inset_zoom(zoom, edgecolor="0.35", alpha=1, linewidth=0.6)
    for p_a, radius in zip(data["crossing"]["p_a"], data["crossing"]["radius"], strict=True):
        label = f"$P_A = {p_a:.4f}$"
        zoom.annotate(label, (p_a, radius), (2, -10), textcoords="offset points", fontsize="small")


def _draw_curves(axes: Axes, data: FigureData, *, within: str) -> None:
    for method in METHODS:
        curve = data[method]
        axes.plot(curve["p_a"], curve["radius"], label=_LABELS[method], **style.LINES[method])
    axes.plot(data["crossing"]["p_a"], data["crossing"]["radius"], **style.CROSSING)
    axes.set(xlim=data[within]["p_a"], ylim=data[within]["radius"])


def caption(data: FigureData) -> str:
    """Return a caption: who is largest where, as the plotted data say."""
    radii = {_LABELS[method]: data[method]["radius"] for method in METHODS}
    reigns = leaders(data["theorem_2"]["p_a"], radii, data["crossing"]["p_a"])
    always = "" if len(reigns) == 1 else " No method's radius is the largest for every PA."
    return (
        f"Certified l1 radius in the binary case against PA, under noise of the same variance "
        f"(Laplace scale lambda = {data.scale}, Gaussian sigma = sqrt(2) lambda; all three "
        f"radii are 0 at PA = 1/2). The largest radius is that of {'; '.join(reigns)}.{always} "
        f"The circle marks where the order changes, and the inset enlarges it."
    )


def check(data: FigureData) -> list[Evidence]:
    """Look in the plotted data for a PA at which Theorem 2's radius is not the largest.

    Claim ``figure_6_always_largest``, part "largest_of_three". A relative difference within
    1e-12 is a tie.

    Raises
    ------
    ValueError
        If the curves are not of the same PA.
    """
    p_a, ours = data["theorem_2"]["p_a"], data["theorem_2"]["radius"]
    if any(not np.array_equal(data[method]["p_a"], p_a) for method in METHODS):
        raise ValueError("the curves of the three methods are not of the same PA")
    others = np.array([data[method]["radius"] for method in METHODS[1:]])
    deficit = others.max(axis=0) * (1 - _TIE) - ours
    scope = (
        f"{len(p_a)} plotted PA from {p_a.min():g} to {p_a.max():g}, lambda = {data.scale}, "
        f"sigma = sqrt(2) lambda"
    )
    at = plainest(p_a, deficit)
    if at is None:
        detail = "no plotted radius exceeds Theorem 2's"
        return [Evidence(Rung.FIGURE, Grade.CONSISTENT, "largest_of_three", True, scope, detail)]
    witness = {"PA": repr(float(p_a[at])), "lambda": data.scale}
    witness |= {method: repr(float(data[method]["radius"][at])) for method in METHODS}
    above = np.flatnonzero(deficit > 0)
    detail = (
        f"another radius is larger at {len(above)} of {len(p_a)} plotted PA, from "
        f"{p_a[above[0]]:g} to {p_a[above[-1]]:g}"
    )
    return [
        Evidence(
            Rung.FIGURE, Grade.REFUTED, "largest_of_three", False, scope, detail, witness=witness
        )
    ]
