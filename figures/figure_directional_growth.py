"""The exact radius of a move of k equal coordinates: from Theorem 2's at k = 1 to an l2 ball's.

The limit for many coordinates: each of the k independent terms of T/lambda is at most r/(k lambda)
in size, and for r = h lambda sqrt(k) their sums of means and of variances under X tend to h^2/2 and
h^2. By Lindeberg T/lambda becomes normal; under Y it has the opposite mean, as x -> delta - x
exchanges X and Y and turns T into -T. So do minus the log-likelihood ratios of Gaussian noise with
sigma = lambda for a move of the l2 norm h lambda. The best power at level 1 - p, which rises in h
for every k, therefore tends to Phi(h - Phi^-1(p)), and is 1/2 at h = Phi^-1(p).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from figures import style
from figures.data import Column, Curve, FigureData
from figures.findings import judged
from figures.panels import arrange
from theory.claim import Evidence
from theory.parameters import to_integer, to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_directional_growth"

_LOOKS: dict[float, dict[str, Any]] = {
    0.6: {"color": style.SKY, "linestyle": (0, (1, 1))},
    0.75: {"color": style.ORANGE, "linestyle": (0, (4, 1, 1, 1))},
    0.9: {"color": style.VERMILLION, "linestyle": "-"},
    0.99: {"color": style.GREEN, "linestyle": (0, (4, 1.5))},
    0.999: {"color": style.BLUE, "linestyle": (0, (7, 1.2))},
}
#: PA of each curve
LEVELS = tuple(_LOOKS)
_DOTS: dict[str, Any] = {"marker": "o", "markersize": 1.8, "linewidth": 1.0}
_GUIDE: dict[str, Any] = {"color": style.BLACK, "linestyle": "-", "linewidth": 0.5, "zorder": 1}

#: up to here every number of coordinates is plotted, then the powers of four
_EVERY = 16
_MOST = 1 << 16

# Two floats this close, relatively, are a tie and no evidence that one is larger.
_TIE = 1e-9


def compute(scale: float = 1.0, most: int = 4096) -> FigureData:
    r"""Return the exact radius of a move of k equal coordinates for five PA, every value proved.

    .. math:: r^*(1) = R = -\lambda \log[2(1 - p)],\qquad
              r^*(k)/\sqrt{k} \to \lambda\, \Phi^{-1}(p)

    r* is in the l1 norm (`theory.directional`), r*/sqrt(k) the same move in l2.

    Parameters
    ----------
    scale : float
        The Laplace parameter lambda, in [1e-100, 1e100].
    most : int
        The most coordinates, in {2, ..., 65536}: all k up to 16 are plotted, then powers of four.

    Returns
    -------
    FigureData
        For each PA "radius_PA" (count, lower, upper: floats around r*, proved; radius: between
        them; over_ball: r*/R; over_limit: r*/sqrt(k) over its limit); "root" (count, over_ball:
        sqrt(k)); "limits" (p_a, ball: R, limit: lambda Phi^-1(PA)); and the corners of what is
        shown, "frame" (count, over_ball).

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(most=2)
    >>> data["radius_0.9"]["over_ball"].round(6).tolist()
    [1.0, 1.217029]
    """
    from scipy.special import ndtri

    most = to_integer("most", most, 2, _MOST, f"2, ..., {_MOST}")
    scale = to_real("scale", scale, "[1e-100, 1e100]", lambda scale: 1e-100 <= scale <= 1e100)
    counts = _counts(most)
    count = np.array(counts, dtype=np.float64)
    ball = np.array([_enclosed(level, [1], scale)["radius"][0] for level in LEVELS])
    limit = scale * ndtri(np.array(LEVELS))
    curves: dict[str, Curve] = {}
    for level, one, far in zip(LEVELS, ball, limit, strict=True):
        found = _enclosed(level, counts, scale)
        ratios = {
            "over_ball": found["radius"] / one,
            "over_limit": found["radius"] / np.sqrt(count) / far,
        }
        curves[f"radius_{level}"] = {"count": count, **found, **ratios}
    curves["root"] = {"count": count, "over_ball": np.sqrt(count)}
    curves["limits"] = {"p_a": np.array(LEVELS), "ball": ball, "limit": limit}
    top = 1.8 * max(float(curves[f"radius_{level}"]["over_ball"].max()) for level in LEVELS)
    sides = np.array([0.8, 1.25 * max(most, 10)])  # two powers of ten, to be labelled
    curves["frame"] = {"count": sides, "over_ball": np.array([0.85, top])}
    return FigureData(NAME, curves, {"scale": scale, "most": most})


def _counts(most: int) -> list[int]:
    """Every number up to 16, odd ones too; then the powers of four."""
    powers = [1 << j for j in range(0, most.bit_length(), 2)]
    return [*range(1, min(_EVERY, most) + 1), *(one for one in powers if one > _EVERY)]


def _enclosed(level: float, counts: list[int], scale: float) -> dict[str, Column]:
    """Proved floats below and above each radius, and one between them."""
    from theory.directional import directional_enclosure, equal_direction

    found = [
        directional_enclosure(str(level), equal_direction(number), scale=scale) for number in counts
    ]
    lower = np.array([one.lower for one in found])
    upper = np.array([one.upper for one in found])
    return {"lower": lower, "upper": upper, "radius": lower + (upper - lower) / 2}


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw the radius over Theorem 2's, and the same move's l2 norm over its limit."""
    from matplotlib.ticker import NullFormatter

    with style.blank(settings) as figure:
        panels = arrange(
            figure, wide=[["ball", "limit"]], narrow=[["ball"], ["limit"]], growth=1.65
        )
        _draw_growth(panels["ball"], data)
        _draw_limit(panels["limit"], data)
        for axes in panels.values():
            axes.set(xscale="log", xlim=data["frame"]["count"], xlabel="equal coordinates $k$")
            axes.xaxis.set_minor_formatter(NullFormatter())
        handles, labels = panels["ball"].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=3)
    return figure


def _draw_growth(axes: Axes, data: FigureData) -> None:
    axes.set(yscale="log", ylim=data["frame"]["over_ball"], ylabel=r"$r^* / R$")
    for level, look in _LOOKS.items():
        curve = data[f"radius_{level}"]
        axes.plot(curve["count"], curve["over_ball"], label=f"$P_A = {level:g}$", **look, **_DOTS)
    root = data["root"]
    axes.plot(root["count"], root["over_ball"], label=r"$\sqrt{k}$", **_GUIDE)


def _draw_limit(axes: Axes, data: FigureData) -> None:
    for level, look in _LOOKS.items():
        curve = data[f"radius_{level}"]
        axes.plot(curve["count"], curve["over_limit"], **look, **_DOTS)
    axes.axhline(1, **_GUIDE)
    axes.set(ylabel=r"$r^* / (\sqrt{k}\,\lambda\,\Phi^{-1}(P_A))$")


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the plotted data."""
    said, below = [], []
    for level, ball in zip(LEVELS, data["limits"]["ball"], strict=True):
        curve = data[f"radius_{level}"]
        said.append(
            f"PA = {level:g}: R = {ball:.4g}, r* = {curve['over_ball'][-1]:.4g} R, "
            f"{curve['over_limit'][-1]:.5g} of the limit"
        )
        under = curve["count"][curve["over_limit"] < 1]
        if under.size:
            below.append(f"PA = {level:g} at k = {', '.join(f'{k:g}' for k in under)}")
    most = max(float(data[f"radius_{level}"]["count"][-1]) for level in LEVELS)
    return (
        f"The exact radius r* (l1 norm) of a move of k equal coordinates, binary case, Laplace "
        f"noise of scale lambda = {data.scale}. One panel: over Theorem 2's R, which is r* at "
        f"k = 1; thin line: sqrt(k). The other: the l2 norm r*/sqrt(k) over lambda Phi^-1(PA), its "
        f"limit for many coordinates, as if the noise were Gaussian with sigma = lambda. Every dot "
        f"lies between proved bounds; below the limit: {'; '.join(below) or 'none'}. "
        f"At k = {most:g}: {'; '.join(said)}."
    )


def check(data: FigureData) -> list[Evidence]:
    """Compare the plotted radii with Theorem 2's, claim ``directional_radius``.

    R is taken from its formula, not from the data. A relative difference within 1e-9 is a tie. Dots
    that are not the ratios of the radii beside them say nothing.
    """
    from scipy.special import ndtri

    from theory.certificates import theorem_2

    scale = float(str(data.parameters["scale"]))
    curves = [data[f"radius_{level}"] for level in LEVELS]
    count = np.concatenate([curve["count"] for curve in curves])
    p_a = np.repeat(LEVELS, [len(curve["count"]) for curve in curves])
    lower, radius, upper, over_ball, over_limit = (
        np.concatenate([curve[name] for curve in curves])
        for name in ("lower", "radius", "upper", "over_ball", "over_limit")
    )
    over = radius / np.asarray(theorem_2(p_a, scale=scale, rounding="nearest"))
    narrow = upper - lower <= _TIE * radius
    drawn = np.isclose(over_ball, over, rtol=_TIE, atol=0)
    in_l2 = radius / np.sqrt(count)
    drawn &= np.isclose(over_limit, in_l2 / (scale * ndtri(p_a)), rtol=_TIE, atol=0)
    trusted = bool(np.all((lower <= radius) & (radius <= upper) & narrow & drawn))
    lead = over - 1
    axis = count == 1

    def verdict(part: str, inside: npt.NDArray[np.bool_], fault: Column) -> Evidence:
        where = np.flatnonzero(inside)
        return judged(
            part,
            count[where],
            fault[where],
            scope=f"{len(where)} plotted k, PA in {LEVELS}, lambda = {data.scale}",
            agreed="every plotted radius is as stated, and between proved bounds",
            witness=lambda k: {
                "PA": repr(float(p_a[where[k]])),
                "k": f"{count[where[k]]:g}",
                "r*/R": repr(float(lead[where[k]] + 1)),
            },
            trusted=trusted,
        )

    return [
        verdict("never_smaller", count > 0, -_TIE - lead),
        verdict("larger_off_axes", ~axis, _TIE - lead),
        verdict("equal_on_axes", axis, np.abs(lead) - _TIE),
    ]
