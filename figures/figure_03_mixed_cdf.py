"""Figure 3: the c.d.f. of T jumps, so that it has no inverse at some probabilities."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from figures import style
from figures.data import Column, Curve, FigureData, check_points
from figures.findings import judged
from theory.claim import Evidence
from theory.likelihood_ratio import LikelihoodRatio
from theory.parameters import to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_03_mixed_cdf"

#: the probability of which the paper speaks
LEVEL = 0.85
#: the numbers of non-zero coordinates whose laws are drawn; of the last one, all a/lambda as well
COUNTS = (1, 2, 3)

_LINES: dict[int, dict[str, Any]] = {
    1: {"color": style.BLUE, "linestyle": "-"},
    2: {"color": style.VERMILLION, "linestyle": (0, (4, 1.5))},
    3: {"color": style.GREEN, "linestyle": (0, (6, 1.5, 1, 1.5))},
}
_JUMP: dict[str, Any] = {"linestyle": (0, (1, 1.5)), "linewidth": 0.8}
_DOT: dict[str, Any] = {"linestyle": "none", "marker": "o", "markersize": 3.2, "zorder": 4}
_AT: dict[str, Any] = {"color": "0.3", "linestyle": (0, (2, 2)), "linewidth": 0.7, "zorder": 3}
_BAND, _EDGE = "0.82", "0.4"
_MARGIN = Fraction(13, 10)  # how far the figure shows the c.d.f., in parts of r
_NAMES = ("$r-6a$", "$r-4a$", "$r-2a$", "$T=r$")

# Floats are within some ulp of the exact law's; what is closer than this is equal.
_TIE = 1e-9


def compute(norm: float = 2.0, num_points: int = 61) -> FigureData:
    r"""Return the c.d.f. of T for 1, 2 and 3 equal coordinates, and what three of them skip.

    Exact laws of `theory.likelihood_ratio`: for k coordinates of the size a = r/k, T has atoms at
    r - 2ja, j = 0, ..., k, and a density between them. Section 3 and Figure 3 of the paper.

    Parameters
    ----------
    norm : float
        r/lambda of the three laws, in [0.001, 100].
    num_points : int
        Points of a c.d.f. between two atoms, and values of a/lambda; at least 5. Two more values
        of a/lambda lie a millionth before and after the boundary. They are from 0.01 to 4, or
        farther where the third law is.

    Returns
    -------
    FigureData
        For k in 1, 2, 3 "cdf_k" (t in units of lambda, probability; NaN between the pieces) and
        "jumps_k" (place, below = P(T < place), at = P(T <= place)); "skipped_0" to "skipped_3"
        (a in units of lambda, below, at: what the atom at r - 2(3 - j)a of three equal coordinates
        skips); "boundary" (a, level: below that a the level 0.85 is skipped); "reached" (t, level:
        where the third law attains the level, if it does), "drawn" (the a of the third law) and
        the corners "frame" and "sizes".

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_points=5)
    >>> data["jumps_2"]["place"].tolist(), round(float(data["jumps_2"]["below"][-1]), 12)
    ([-2.0, 0.0, 2.0], 0.75)
    >>> round(float(data["boundary"]["a"][0]), 12)
    0.066698822423
    """
    norm = to_real("norm", norm, "[0.001, 100]", lambda norm: 0.001 <= norm <= 100)
    check_points(num_points, 5)
    curves: dict[str, Curve] = {}
    for count in COUNTS:
        law = LikelihoodRatio.of([Fraction(norm) / count] * count, scale=1)
        curves[f"cdf_{count}"] = _cdf(law, num_points)
        curves[f"jumps_{count}"] = _jumps(law)
    boundary = np.array([_boundary()])
    drawn = norm / COUNTS[-1]
    size = _sizes(drawn, boundary, num_points)
    curves |= _skipped(size)
    curves["boundary"] = _level_at("a", boundary)
    quantile = law.quantile_set(Fraction(str(LEVEL)))
    reached = [] if quantile.atom else [law.quantile(Fraction(str(LEVEL))).value]
    curves["reached"] = _level_at("t", np.array(reached))
    curves["drawn"] = {"a": np.array([drawn])}
    edges = float(_MARGIN) * np.array([-norm, norm])
    curves["frame"] = {"t": edges, "probability": np.array([-0.03, 1.04])}
    curves["sizes"] = {"a": size[[0, -1]]}
    return FigureData(NAME, curves, {"norm": norm, "num_points": num_points})


def _sizes(drawn: float, boundary: Column, num_points: int) -> Column:
    """Values of a/lambda around the drawn one and, very close, around the boundary."""
    ends = min(0.01, drawn / 2), max(4.0, 2 * drawn)
    beside = boundary * (1 + 1e-6 * np.array([-1.0, 1.0]))
    return np.sort(np.append(np.geomspace(*ends, num_points), beside))


def _skipped(size: Column) -> dict[str, Curve]:
    """What each atom of three equal coordinates skips, from the lowest atom on, by their size."""
    found = [_jumps(_equal(a)) for a in size.tolist()]
    curves: dict[str, Curve] = {}
    for j in range(COUNTS[-1] + 1):
        ends = {name: np.array([jumps[name][j] for jumps in found]) for name in ("below", "at")}
        curves[f"skipped_{j}"] = {"a": size, **ends}
    return curves


def _level_at(name: str, where: Column) -> Curve:
    return {name: where, "level": np.full_like(where, LEVEL)}


def _equal(a: float) -> LikelihoodRatio:
    return LikelihoodRatio.of([Fraction(a)] * COUNTS[-1], scale=1)


def _jumps(law: LikelihoodRatio) -> dict[str, Column]:
    places = [atom.place for atom in law.atoms()]
    return {
        "place": np.array(places, dtype=np.float64),
        "below": np.array([float(law.below(place)) for place in places]),
        "at": np.array([float(law.cdf(place)) for place in places]),
    }


def _cdf(law: LikelihoodRatio, num_points: int) -> Curve:
    """The pieces between the atoms, each from the value at its left end to the limit at its right.

    Before the first atom and after the last one it is 0 and 1, as far as the figure shows.
    """
    places, edge = [atom.place for atom in law.atoms()], float(_MARGIN * law.norm)
    t, probability = [-edge, -float(law.norm), np.nan], [0.0, 0.0, np.nan]
    for left, right in pairwise(places):
        inner = [left + (right - left) * k / (num_points - 1) for k in range(num_points)]
        t += [*(float(place) for place in inner), np.nan]
        values = [float(law.cdf(place)) for place in inner[:-1]]
        probability += [*values, float(law.below(right)), np.nan]
    t, probability = [*t, float(law.norm), edge], [*probability, 1.0, 1.0]
    return {"t": np.array(t), "probability": np.array(probability)}


def _boundary() -> float:
    """The a/lambda at which three equal coordinates have P(T <= r - 2a) = 0.85."""
    from scipy.optimize import brentq

    def excess(a: float) -> float:
        return float(_equal(a).cdf(Fraction(a))) - LEVEL  # r - 2a = a

    return float(brentq(excess, 1e-6, 1.0, xtol=1e-300, rtol=4 * np.finfo(np.float64).eps))


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw the laws, and beside them what the law of three coordinates skips, by their size."""
    with style.blank(settings) as figure:
        left, right = figure.subplots(1, 2, sharey=True)
        for count, look in _LINES.items():
            _draw_law(left, data, count, look)
        left.plot(data["reached"]["t"], data["reached"]["level"], **style.CROSSING)
        left.set(xlim=data["frame"]["t"], ylim=data["frame"]["probability"])
        left.set(xlabel=r"$t/\lambda$", ylabel=r"$P(T \leq t)$")
        left.set_yticks([0, 0.5, LEVEL, 1], ["0", "0.5", f"{LEVEL:g}", "1"])
        left.locator_params(axis="x", nbins=4)
        _draw_skipped(right, data)
        for axes in (left, right):
            axes.axhline(LEVEL, **_AT)
        figure.legend(loc="outside upper center", ncols=4, handlelength=2, columnspacing=1.2)
    return figure


def _draw_law(axes: Axes, data: FigureData, count: int, look: dict[str, Any]) -> None:
    law, jumps = data[f"cdf_{count}"], data[f"jumps_{count}"]
    axes.plot(law["t"], law["probability"], label=f"$k = {count}$", **look)
    axes.vlines(jumps["place"], jumps["below"], jumps["at"], color=look["color"], **_JUMP)
    axes.plot(jumps["place"], jumps["below"], color=look["color"], mfc="white", **_DOT)
    axes.plot(jumps["place"], jumps["at"], color=look["color"], **_DOT)


def _draw_skipped(axes: Axes, data: FigureData) -> None:
    small: dict[str, Any] = {"textcoords": "offset points", "fontsize": "small"}
    for j, name in enumerate(_NAMES):
        band = data[f"skipped_{j}"]
        axes.fill_between(
            band["a"],
            band["below"],
            band["at"],
            facecolor=_BAND,
            edgecolor=_EDGE,
            linewidth=0.5,
            label="skipped" if name == _NAMES[-1] else None,
        )
        axes.annotate(name, (band["a"][0], band["below"][0]), (3, 4), **small)
    axes.axvline(data["drawn"]["a"][0], **{**_LINES[3], "linewidth": 0.8})
    axes.plot(data["boundary"]["a"], data["boundary"]["level"], **style.CROSSING)
    for place in zip(data["boundary"]["a"], data["boundary"]["level"], strict=True):
        axes.annotate(f"{place[0]:.4f}", place, (0, -10), ha="center", **small)
    axes.set(xscale="log", xlim=data["sizes"]["a"], xlabel=r"$a/\lambda$ for $k = 3$")


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the plotted data."""
    said = []
    for count in COUNTS:
        below, at = _jump_over(data[f"jumps_{count}"])
        over = f"skips it, from {below:.4g} to {at:.4g}" if below < at else "has it as a value"
        said.append(f"k = {count} {over}")
    for t in data["reached"]["t"]:
        said[-1] += f" at t = {t:.4g} lambda"
    boundary = f"{data['boundary']['a'][0]:.6g}"
    return (
        f"Left: the c.d.f. of T under Laplace noise of scale lambda, for delta with k coordinates "
        f"of one size a that are not zero, and r = ||delta||_1 = {data.parameters['norm']:g} "
        f"lambda. It is right-continuous and jumps at its atoms r - 2ja: closed circles are "
        f"values, open circles limits from the left. Of {LEVEL:g} (dashed line): "
        f"{'; '.join(said)}. The atom at T = r makes every law with k such coordinates skip "
        f"[1 - 2^-k, 1), whatever their sizes. Right: all that k = 3 skips, by a/lambda (the "
        f"vertical line: the law on the left). {LEVEL:g} has no inverse for a < {boundary} lambda, "
        f"where the atom at r - 2a jumps over it, and has one from there on (circle)."
    )


def _jump_over(jumps: Curve) -> tuple[float, float]:
    """The ends of the jump that passes the level without stopping, or twice the level."""
    for below, at in zip(jumps["below"].tolist(), jumps["at"].tolist(), strict=True):
        if below <= LEVEL < at:
            return below, at
    return LEVEL, LEVEL


def check(data: FigureData) -> list[Evidence]:
    """Compare the plotted laws with claim ``quantile_may_not_exist``.

    One coordinate: below 1/2 before r, 1 from there on. Every law: the jump at r is from 1 - 2^-k
    to 1, nothing plotted lies between, 0.85 does for k = 1 and 2 only, and the pieces of the c.d.f.
    end and begin at the jumps. Three equal ones: a jump passes 0.85 below the plotted boundary, and
    none from there on; the jumps are apart, and the last one is from 7/8 to 1.
    """
    one, every = data["cdf_1"], []
    before = one["t"] < data["jumps_1"]["place"][-1]
    as_stated = np.where(before, one["probability"] < 0.5, one["probability"] == 1)
    wrong = _is_value(one) & ~as_stated
    for count in COUNTS:
        law, jumps = data[f"cdf_{count}"], data[f"jumps_{count}"]
        low = 1 - 0.5**count
        inside = _is_value(law) & (law["probability"] >= low) & (law["probability"] < 1)
        ends = abs(jumps["below"][-1] - low) + abs(jumps["at"][-1] - 1) + _torn(law, jumps)
        skips = jumps["below"][-1] <= LEVEL < jumps["at"][-1]
        every.append(np.maximum(float(inside.any() or skips != (count <= 2)), ends - _TIE))
    size = data["skipped_0"]["a"]
    bands = [data[f"skipped_{j}"] for j in range(len(_NAMES))]
    skipped = np.any([(band["below"] <= LEVEL) & (band["at"] > LEVEL) for band in bands], axis=0)
    other = np.where(skipped != (size < data["boundary"]["a"][0]), 1.0, 0.0)
    for band in bands:
        # not a number remains so
        other += np.where(band["below"] > band["at"], 1.0, 0 * (band["below"] + band["at"]))
    for lower, upper in pairwise(bands):
        other += lower["at"] > upper["below"]
    other += abs(bands[-1]["below"] - 0.875) + abs(bands[-1]["at"] - 1) > _TIE
    norm = f"r = {data.parameters['norm']:g} lambda"
    laws = np.array([float(count) for count in COUNTS])
    return [
        _judge("one_coordinate", f"k = 1, {norm}", "t", one["t"], wrong.astype(float)),
        _judge("every_delta", f"k in {COUNTS}, equal sizes, {norm}", "k", laws, np.array(every)),
        _judge("three_coordinates", "k = 3, equal sizes a", "a/lambda", size, other),
    ]


def _torn(law: Curve, jumps: Curve) -> float:
    """How far the pieces of a plotted c.d.f. are from the jumps at their ends, over all."""
    gaps = np.flatnonzero(np.isnan(law["t"]))
    if len(gaps) != len(jumps["place"]):
        return 1.0
    pairs = ((-1, "t", "place"), (1, "t", "place"), (-1, "probability", "below"))
    return float(
        sum(
            np.abs(law[plotted][gaps + side] - jumps[name]).sum()
            for side, plotted, name in (*pairs, (1, "probability", "at"))
        )
    )


def _is_value(law: Curve) -> npt.NDArray[np.bool_]:
    """Where a plotted point is P(T <= t): not at the open end of a piece, before a NaN."""
    gap = np.isnan(law["t"])
    found: npt.NDArray[np.bool_] = ~gap & ~np.append(gap[1:], False)
    return found


def _judge(part: str, scope: str, name: str, at: Column, fault: Column) -> Evidence:
    return judged(
        part,
        at,
        fault,
        scope=f"{np.count_nonzero(np.isfinite(at))} plotted {name}, {scope}",
        agreed="every plotted value is as stated",
        witness=lambda k: {name: repr(float(at[k]))},
    )
