"""Laplace, Gaussian and uniform noise of the same variance: the binary radii, and who leads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from figures import style
from figures.data import Column, Curve, FigureData, check_points
from figures.findings import judged
from figures.order import crossings, leaders
from figures.panels import arrange
from theory import certificates
from theory.claim import Evidence
from theory.parameters import to_real

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_equal_variance"
NOISES = ("uniform", "gaussian", "laplace")
#: whose radii meet where the order changes, in increasing order of PA
MEETINGS = {
    "p_UG": ("uniform", "gaussian"),
    "p_UL": ("uniform", "laplace"),
    "p_GL": ("laplace", "gaussian"),
}

_LABELS = {"uniform": "uniform", "gaussian": "Gaussian", "laplace": "Laplace"}
_SHOWN = 5.0  # in units of lambda, as in Figure 6
#: where the label of a meeting stands from its circle, in points
_OFFSETS = {"p_UG": ("left", (4, 3)), "p_UL": ("right", (-3, -11)), "p_GL": ("left", (1, 5))}

# Two floats this close, relatively, are a tie and no evidence that one curve is above the other.
_TIE = 1e-12


def compute(scale: float = 1.0, num_points: int = 1000) -> FigureData:
    r"""Return the three radii over PA in [1/2, 1), their leads over Laplace's, and the meetings.

    .. math:: -\lambda \log[2(1 - p)],\quad \sqrt2 \lambda \Phi^{-1}(p),\quad
              \sqrt6 \lambda (2p - 1)

    Laplace noise of scale lambda has the variance 2 lambda^2, as has Gaussian noise with sigma =
    sqrt(2) lambda and uniform noise on [-Lambda, Lambda] with Lambda = sqrt(6) lambda.

    Parameters
    ----------
    scale : float
        The Laplace parameter lambda, in [1e-100, 1e100].
    num_points : int
        How many values of PA, at least 20, at equal distances from 1/2; a few more follow that
        approach 1 down to a distance of 1e-5, two are where uniform's leads are largest, and from
        0.92 to 0.965, where the order changes, there is every thousandth.

    Returns
    -------
    FigureData
        "uniform", "gaussian", "laplace", the meetings "p_UG", "p_UL", "p_GL" (one point each), and
        the corners of the two panels, "frame" and "end"; each of columns p_a, radius and lead
        (over Laplace's radius).

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=20)
    >>> [round(float(data[name]["p_a"][0]), 8) for name in MEETINGS]
    [0.93333913, 0.94289636, 0.95355914]
    """
    check_points(num_points, 20)
    scale = to_real("scale", scale, "[1e-100, 1e100]", lambda scale: 1e-100 <= scale <= 1e100)
    # k / n is the float nearest to a short decimal, so that witnesses stay readable.
    even = np.arange(num_points, 2 * num_points) / (2 * num_points)
    near = 1 - np.geomspace(0.4 / num_points, 1e-5, 30)
    p_a = np.unique(np.concatenate([even, np.arange(920, 966) / 1000, near, _peaks()]))
    curves: dict[str, Curve] = {noise: _curve(noise, p_a, scale) for noise in NOISES}
    for name, (first, second) in MEETINGS.items():
        gap = curves[first]["radius"] - curves[second]["radius"]
        meet = crossings(_lead(first, second, scale), p_a, gap)
        curves[name] = _curve(first, meet, scale)
    meetings = np.concatenate([curves[name]["p_a"] for name in MEETINGS])
    sides = np.array([meetings.min() - 0.012, meetings.max() + 0.008])
    seen = np.append(p_a[(p_a >= sides[0]) & (p_a <= sides[1])], sides)
    leads = np.concatenate([_curve(noise, seen, scale)["lead"] for noise in NOISES])
    curves["frame"] = _corners(np.array([0.5, 1.0]), np.array([0.0, _SHOWN * scale]))
    room = 0.08 * (leads.max() - leads.min())
    curves["end"] = _corners(sides, np.array([leads.min() - room, leads.max() + room]))
    return FigureData(NAME, curves, {"scale": scale, "num_points": num_points})


def _peaks() -> Column:
    """Where uniform's leads over Laplace's and over the Gaussian radius have the derivative 0."""
    from scipy.special import ndtr

    # 2 sqrt(6) = 1/(1 - p), and 2 sqrt(6) = sqrt(2)/phi(x) at p = Phi(x)
    return np.array([1 - math.sqrt(6) / 12, ndtr(math.sqrt(math.log(6 / math.pi)))])


def _corners(p_a: Column, heights: Column) -> Curve:
    return {"p_a": p_a, "radius": heights, "lead": heights}


def _curve(noise: str, p_a: Column, scale: float) -> dict[str, Column]:
    radius = _radius(noise, p_a, scale)
    return {"p_a": p_a, "radius": radius, "lead": radius - _radius("laplace", p_a, scale)}


def _lead(first: str, second: str, scale: float) -> Callable[[float], float]:
    def difference(p: float) -> float:
        at = np.array([p])
        return float((_radius(first, at, scale) - _radius(second, at, scale))[0])

    return difference


def _radius(noise: str, p_a: Column, scale: float) -> Column:
    if noise == "laplace":
        return np.asarray(certificates.theorem_2(p_a, scale=scale, rounding="nearest"))
    if noise == "gaussian":
        sigma = math.sqrt(2) * scale
        return np.asarray(certificates.cohen(p_a, sigma=sigma, rounding="nearest"))
    half_width = math.sqrt(6) * scale
    return np.asarray(certificates.uniform(p_a, half_width=half_width, rounding="nearest"))


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw the radii, and their leads over Laplace's where the order changes."""
    with style.blank(settings) as figure:
        panels = arrange(figure, wide=[["all", "end"]], narrow=[["all"], ["end"]], growth=1.7)
        _draw_curves(panels["all"], data, "radius", within="frame")
        _draw_curves(panels["end"], data, "lead", within="end")
        panels["all"].set_ylabel(rf"certified $\ell_1$ radius ($\lambda$ = {data.scale})")
        panels["all"].legend(loc="upper left")
        panels["end"].set_ylabel("radius $-$ Laplace's")
        panels["end"].locator_params(axis="x", nbins=5)
        for name, (side, offset) in _OFFSETS.items():
            look: Any = {"textcoords": "offset points", "fontsize": "small", "ha": side}
            for p_a, lead in zip(data[name]["p_a"], data[name]["lead"], strict=True):
                panels["end"].annotate(f"{p_a:.4f}", (p_a, lead), offset, **look)
    return figure


def _draw_curves(axes: Axes, data: FigureData, height: str, *, within: str) -> None:
    for noise in NOISES:
        curve = data[noise]
        axes.plot(curve["p_a"], curve[height], label=_LABELS[noise], **style.LINES[noise])
    for name in MEETINGS:
        axes.plot(data[name]["p_a"], data[name][height], **style.CROSSING)
    axes.set(xlim=data[within]["p_a"], ylim=data[within][height], xlabel="$P_A$")


def _ends(data: FigureData) -> list[float]:
    """Where the largest radius changes hands: the meetings that are of the two largest."""
    found = []
    for name, pair in MEETINGS.items():
        (other,) = set(NOISES) - set(pair)
        for p_a, radius in zip(data[name]["p_a"], data[name]["radius"], strict=True):
            third = float(np.interp(p_a, data[other]["p_a"], data[other]["radius"]))
            if third < radius:
                found.append(float(p_a))
    return sorted(found)


def caption(data: FigureData) -> str:
    """Return a caption: who is largest where, as the plotted data say."""
    p_a = data["laplace"]["p_a"]
    radii = {_LABELS[noise]: data[noise]["radius"] for noise in NOISES}
    reigns = leaders(p_a, radii, _ends(data), digits=9)
    under = " and ".join(f"{p:.9g}" for p in data["p_UL"]["p_a"])
    lead = data["uniform"]["lead"]
    return (
        f"Certified l1 radius in the binary case against PA, under noise of the same variance: "
        f"Laplace of scale lambda = {data.scale}, Gaussian with sigma = sqrt(2) lambda, uniform "
        f"on [-Lambda, Lambda] with Lambda = sqrt(6) lambda. The largest radius is that of "
        f"{'; '.join(reigns)}. Uniform and Laplace meet at PA = {under}; uniform leads by up to "
        f"{lead.max():.4g}, at PA = {p_a[lead.argmax()]:.4g}. Circles mark where the order "
        f"changes; one panel enlarges that end, as differences from Laplace's radius."
    )


def check(data: FigureData) -> list[Evidence]:
    """Compare the plotted radii with each other, claim ``uniform_against_laplace``.

    The order is to be as stated outside the brackets of the claim, and the plotted meetings within
    them. A relative difference within 1e-12 is a tie. Leads are at most the stated ones, and within
    1e-9 lambda of them somewhere; the drawn ones are differences of the radii.

    Raises
    ------
    ValueError
        If the curves are not of the same PA.
    """
    from theory.claims.uniform_against_laplace import PRINTED

    p_a = data["laplace"]["p_a"]
    if any(not np.array_equal(data[noise]["p_a"], p_a) for noise in NOISES):
        raise ValueError("the curves of the three noises are not of the same PA")
    bracket = {name: tuple(float(end) for end in PRINTED[name]) for name in MEETINGS}
    unit = float(str(data.parameters["scale"]))
    astray = {name: _astray(data, name, *bracket[name], unit) for name in MEETINGS}
    uniform = data["uniform"]["radius"]
    gains = [
        _excess(uniform - data[other]["radius"], unit * float(PRINTED[name][0]), unit)
        for other, name in (("laplace", "gain_UL"), ("gaussian", "gain_UG"))
    ]
    for noise in NOISES:
        lead = data[noise]["radius"] - data["laplace"]["radius"]
        gains.append(np.abs(data[noise]["lead"] - lead) - _TIE * unit)
    p_ug, p_ul, p_gl = (bracket[name][1] for name in MEETINGS)
    under, over = (p_a > 0.5) & (p_a < p_ul), p_a > p_ul
    order = [
        _behind(data, "uniform", under, ("laplace",)),
        _behind(data, "laplace", over, ("uniform",)),
    ]
    intervals = [
        _behind(data, "uniform", (p_a > 0.5) & (p_a < p_ug)),
        _behind(data, "gaussian", (p_a > p_ug) & (p_a < p_gl)),
        _behind(data, "laplace", p_a > p_gl),
    ]
    return [
        _verdict(data, "against_laplace", order, {"p_UL": astray["p_UL"]}),
        _verdict(data, "three_intervals", intervals, astray),
        _verdict(data, "gains", gains, {}),
    ]


def _behind(
    data: FigureData, first: str, inside: npt.NDArray[np.bool_], others: Sequence[str] = NOISES
) -> Column:
    """By how much another radius is at least as large as the first, where it should be smaller."""
    theirs = np.max([data[other]["radius"] for other in others if other != first], axis=0)
    lack = (1 + _TIE) * theirs - data[first]["radius"]
    fault: Column = np.where(inside, lack, 0.0)
    return fault


def _astray(
    data: FigureData, name: str, low: float, high: float, unit: float
) -> tuple[float, float]:
    """A plotted meeting and how far it is outside its bracket or above or below its curves.

    Not one meeting is far outside.
    """
    meet = data[name]
    if len(meet["p_a"]) != 1:
        return low, 1.0
    at = float(meet["p_a"][0])
    apart = [0.0, low - at, at - high]
    if low <= at <= high:
        on_curve = _curve(MEETINGS[name][0], meet["p_a"], unit)
        for height in ("radius", "lead"):
            apart.append(abs(meet[height][0] - on_curve[height][0]) / unit - _TIE)
    return at, float(np.max(apart))


def _verdict(
    data: FigureData, part: str, faults: list[Column], astray: dict[str, tuple[float, float]]
) -> Evidence:
    p_a = data["laplace"]["p_a"]
    # the meetings are points of their own
    at = np.array([*p_a, *(place for place, _ in astray.values())])
    fault = np.array([*np.max(faults, axis=0), *(away for _, away in astray.values())])
    return judged(
        part,
        at,
        fault,
        scope=f"{len(p_a)} plotted PA from {p_a.min():g} to {p_a.max():g}, lambda = "
        f"{data.scale}; {len(astray)} plotted meetings",
        agreed="the plotted values are as stated, and the meetings are in their brackets",
        witness=lambda k: {"PA": repr(float(at[k])), "off by": repr(float(fault[k]))},
    )


def _excess(lead: Column, most: float, unit: float) -> Column:
    """By how much a lead is larger than stated, or at its maximum smaller by 1e-9 lambda."""
    fault: Column = lead - most - _TIE * unit
    top = int(lead.argmax())
    fault[top] = max(fault[top], most - 1e-9 * unit - lead[top])
    return fault
