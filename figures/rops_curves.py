"""Two suprema of the ROPS, Laplace's and Gaussian's: their curves, their order, where it changes.

Near the end of a curve r is given by its distance from there, which keeps digits that r has lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from figures import style
from figures.data import Column, Curve, FigureData
from figures.order import crossings, plainest
from theory.claim import Evidence, Grade, Rung

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NOISES = ("laplace", "gaussian")
LABELS = {"laplace": r"Laplace, $\sqrt{2}\,\lambda$", "gaussian": r"Gaussian, $\sigma$"}
_NAMES = {"laplace": "Laplace", "gaussian": "Gaussian"}

# Two floats this close, relatively, are a tie and no evidence that one curve is above the other.
_TIE = 1e-12
#: two places within this distance are one
NEAR = 1e-9

_HALVINGS = 60
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(8)
# Below this width, in units of 1 over the slope, a tail is integrated and not subtracted.
_THIN = 0.5


@dataclass(frozen=True, slots=True)
class Pair:
    """The names of two curves that are compared, and of their columns.

    Parameters
    ----------
    place, gap : str
        The columns of the abscissa, which starts at 0, and of its distance from its end.
    distance : str
        That distance in words.
    suffix : str
        What follows "laplace", "gaussian" and "crossing" in the curves' names.
    """

    place: str
    gap: str
    distance: str
    suffix: str = ""

    def name(self, curve: str) -> str:
        """Return the name of "laplace", "gaussian" or "crossing" in the data."""
        return curve + self.suffix

    def curve(self, place: Column, gap: Column, deviation: Column) -> dict[str, Column]:
        """Return the columns of one curve."""
        return {self.place: place, self.gap: gap, "deviation": deviation}


def suprema(near: Column, gap: Column) -> dict[str, Column]:
    r"""Return sup sqrt(2) lambda and sup sigma that certify r = 1 - x - gap at x = 1 - near.

    .. math:: e^{-g/\lambda} (1 + e^{-2x/\lambda}) = 1,\quad
              P(r < \sigma Z \le r + g) = P(\sigma Z > 1 + x)

    Appendix D, from P(|x + eps| > 1) = P(eps > r) for both; r = 0 is gap = near.

    Parameters
    ----------
    near : array of float, shape (n,)
        1 - x, in (0, 1].
    gap : array of float, shape (n,)
        1 - x - r, in (0, near].

    Returns
    -------
    dict of str to array
        "laplace" and "gaussian", in the unit of x, to a relative 1e-14 or so.

    Examples
    --------
    >>> both = suprema(np.array([1.0, 0.7]), np.array([1.0, 0.01]))
    >>> [both[noise].round(9).tolist() for noise in NOISES]
    [[2.040278893, 0.284919879], [1.482602219, 0.470151592]]
    """
    return {"laplace": np.sqrt(2) / _laplace(near, gap), "gaussian": 1 / _gaussian(near, gap)}


def _laplace(near: Column, gap: Column) -> Column:
    """1/lambda, by Newton on gap t = log(1 + e^(-2xt)): concave, so it climbs from 0 to the tie."""
    twice = 2 * (1 - near)
    rate = np.zeros(gap.shape)
    while True:
        other = np.exp(-twice * rate)
        lack = np.log1p(other) - gap * rate
        higher = rate + lack / (gap + twice * other / (1 + other))
        if not (higher > rate).any():
            return rate
        rate = np.maximum(rate, higher)


def _gaussian(near: Column, gap: Column) -> Column:
    """1/sigma, by bisection of the logarithm: it is above 1/2, and below 1/gap."""
    low, high = np.full(gap.shape, np.log(0.5)), -np.log(gap)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        with np.errstate(over="ignore"):  # a lead may be infinite, where gap is as small
            held = _lead(near, gap, np.exp(middle)) > 0
        low, high = np.where(held, low, middle), np.where(held, middle, high)
    found: Column = np.exp((low + high) / 2)
    return found


def _lead(near: Column, gap: Column, rate: Column) -> Column:
    """log P(r < eps <= r + gap) - log P(eps > 1 + x), where 1/rate is the standard deviation."""
    start, width, far = (near - gap) * rate, gap * rate, (2 - near) * rate
    root = np.sqrt(0.5)
    # both over the density at r: the integral of e^(-start u - u^2/2) over [0, width] ...
    nodes = width[:, None] * (1 + _NODES) / 2
    thin = width / 2 * (np.exp(-nodes * (start[:, None] + nodes / 2)) @ _WEIGHTS)
    fall = np.exp(-width * (start + width / 2))
    rest = special.erfcx(root * start) - fall * special.erfcx(root * (start + width))
    held = np.where(width * (1 + start) < _THIN, thin, np.sqrt(np.pi / 2) * rest)
    # ... and the tail beyond 1 + x
    drop = (2 * (1 - near) + gap) * rate * (far + start) / 2
    lead: Column = np.log(held) - np.log(np.sqrt(np.pi / 2) * special.erfcx(root * far)) + drop
    return lead


def meeting(near: Column, gap: Column, both: dict[str, Column], *, exact: bool) -> Column:
    """Return the gaps at which two plotted curves cross, the largest first.

    Parameters
    ----------
    near, gap : array of float
        One 1 - x for every point, and decreasing gaps; where `exact` is true, near is the gap.
    both : dict
        `suprema` there.
    """

    def lead(g: float) -> float:
        at = suprema(np.array([g if exact else near[0]]), np.array([g]))
        return float((at["laplace"] - at["gaussian"])[0])

    return crossings(lead, gap[::-1], (both["laplace"] - both["gaussian"])[::-1])[::-1]


def draw_pair(axes: Axes, data: FigureData, pair: Pair, abscissa: str, **look: Any) -> None:
    """Draw both curves over one of their columns, and their crossings; ``look`` overrides."""
    for noise in NOISES:
        curve = data[pair.name(noise)]
        settings = {"label": LABELS[noise], **style.LINES[noise], **look}
        axes.plot(curve[abscissa], curve["deviation"], **settings)
    crossing = data[pair.name("crossing")]
    axes.plot(crossing[abscissa], crossing["deviation"], **style.CROSSING)


def blank_zoom(
    axes: Axes,
    data: FigureData,
    abscissa: str,
    label: str,
    place: tuple[float, float, float, float],
) -> Axes:
    """Return an inset with a logarithmic axis of what the data's "zoom" holds."""
    zoom: Axes = axes.inset_axes(place)
    zoom.set_xscale("log")
    zoom.set(xlim=data["zoom"][abscissa], ylim=data["zoom"]["deviation"])
    zoom.set_xlabel(label, fontsize="small", labelpad=0)
    zoom.tick_params(labelsize="small")
    zoom.minorticks_off()
    zoom.spines[["top", "right"]].set_visible(True)
    return zoom


def reigns(data: FigureData, pair: Pair) -> str:
    """Return which of two plotted curves is the larger one, between the marks: words."""
    place, gap, lead = _compared(data, pair)
    crossing = data[pair.name("crossing")]
    ends = [np.inf, *crossing[pair.gap], 0.0]
    last = f"{place[0] + gap[0]:.6g}"
    marks = ["0", *(f"{at:.6g}" for at in crossing[pair.place]), last]
    said = []
    for k in range(len(marks) - 1):
        inside = lead[(gap < ends[k]) & (gap > ends[k + 1])]
        names = [_NAMES["laplace"]] * bool((inside > 0).any())
        names += [_NAMES["gaussian"]] * bool((inside < 0).any())
        low = "<=" if k == 0 else "<"
        said.append(f"{' or '.join(names)} for {marks[k]} {low} {pair.place} < {marks[k + 1]}")
    return "; ".join(said)


def marked(data: FigureData, *pairs: Pair) -> str:
    """Return what the plotted circles mark: a sentence and a blank, or nothing if there is none."""
    count = sum(data[pair.name("crossing")][pair.gap].size for pair in pairs)
    circles = "The circle marks" if count == 1 else "The circles mark"
    return f"{circles} where the order changes. " if count else ""


def larger(data: FigureData, pair: Pair, part: str, domain: str) -> Evidence:
    """Look in the plotted data for a place at which Laplace's supremum is not the larger one.

    A relative difference within 1e-12 is a tie.

    Raises
    ------
    ValueError
        If the curves are not of the same places, or not finite.
    """
    place, gap, _ = _compared(data, pair)
    laplace, gaussian = (data[pair.name(noise)]["deviation"] for noise in NOISES)
    deficit = gaussian * (1 - _TIE) - laplace
    scope = _scope(data, pair, domain)
    at = plainest(place, deficit)
    if at is None:
        detail = f"Gaussian's supremum exceeds Laplace's at no plotted {pair.place}"
        return Evidence(Rung.FIGURE, Grade.CONSISTENT, part, True, scope, detail)
    witness = _witness(data, pair, at)
    above = place[deficit > 0]
    detail = (
        f"Gaussian's supremum is larger at {len(above)} of {len(gap)} plotted {pair.place}, from "
        f"{above.min():g} on"
    )
    return Evidence(Rung.FIGURE, Grade.REFUTED, part, False, scope, detail, witness=witness)


def once(
    data: FigureData, pair: Pair, part: str, domain: str, bracket: tuple[float, float]
) -> Evidence:
    """Look for a place on the wrong side of the bracket, or a crossing marked outside it.

    Laplace's supremum is the larger one before the bracket, and Gaussian's beyond it. A relative
    difference within 1e-12 is a tie, and so are two places within 1e-9.
    """
    place, _, lead = _compared(data, pair)
    laplace = data[pair.name("laplace")]["deviation"]
    low, high = bracket[0] - NEAR, bracket[1] + NEAR
    wrong = np.where(place < low, -lead, np.where(place > high, lead, 0.0)) - _TIE * laplace
    marked = data[pair.name("crossing")][pair.place]
    outside = marked[~((low < marked) & (marked < high))]
    scope = _scope(data, pair, domain)
    at = plainest(place, wrong)
    if at is None and not len(outside):
        said = ", ".join(f"{one:.10g}" for one in marked) or "nowhere"
        detail = f"the order changes in the bracket; marked is {pair.place} = {said}"
        if len(marked) == 1:
            return Evidence(Rung.FIGURE, Grade.CONSISTENT, part, True, scope, detail)
        return Evidence(Rung.FIGURE, Grade.UNDECIDED, part, None, scope, detail)
    if at is not None:
        detail = f"the order is the other way round at {np.count_nonzero(wrong > 0)} of them"
        witness = _witness(data, pair, at)
    else:
        detail = "a crossing is marked outside the bracket"
        witness = {pair.place: repr(float(outside[0]))}
    return Evidence(Rung.FIGURE, Grade.REFUTED, part, False, scope, detail, witness=witness)


def _witness(data: FigureData, pair: Pair, at: int) -> dict[str, str]:
    laplace, gaussian = (data[pair.name(noise)] for noise in NOISES)
    return {
        pair.place: repr(float(laplace[pair.place][at])),
        "sqrt(2) sup lambda": repr(float(laplace["deviation"][at])),
        "sup sigma": repr(float(gaussian["deviation"][at])),
    }


def _scope(data: FigureData, pair: Pair, domain: str) -> str:
    gap = data[pair.name("laplace")][pair.gap]
    return (
        f"{len(gap)} plotted {pair.place} in {domain}, {pair.distance} from {gap.min():.3g} to "
        f"{gap.max():g}"
    )


def _compared(data: FigureData, pair: Pair) -> tuple[Column, Column, Column]:
    """The places, the gaps, and how much larger Laplace's supremum is."""
    laplace: Curve = data[pair.name("laplace")]
    gaussian: Curve = data[pair.name("gaussian")]
    if not np.array_equal(laplace[pair.gap], gaussian[pair.gap]):
        raise ValueError(f"the curves of the two noises are not of the same {pair.place}")
    lead = laplace["deviation"] - gaussian["deviation"]
    if not np.isfinite(lead).all():
        raise ValueError(f"a plotted supremum is not finite at some {pair.place}")
    return laplace[pair.place], laplace[pair.gap], lead
