"""Tightness: P(f(Y) = cA) of the worst case on both sides of the radius, exact and simulated."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style
from figures.data import Column, Curve, FigureData
from figures.findings import judged
from figures.panels import arrange
from theory.claim import Evidence
from theory.parameters import to_integer, to_real

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_tightness"

#: (PA, d) of the classifiers that are run, in the order of the legend
SERIES = (("0.75", 1), ("0.9", 16), ("0.99", 3072), ("0.999", 150528))
#: (PA, PB) whose smallest excess is drawn beside that of two classes
PAIR = ("0.9", "0.04")

#: what is shown, in units of lambda from R
_LEFT, _RIGHT = -3.0, 2.0
#: between two places of a series
_STEP = 0.5
_CURVE_POINTS = 120
#: in inches: a page is wider, a column is not
_WIDE = 4.5
#: samples for which the smallest excess is drawn
_SIZES = np.unique(np.round(np.geomspace(100, 10**6, 9)))

_BRANCHES: dict[str, dict[str, Any]] = {
    "inside": {"color": style.BLUE, "linestyle": "-", "label": r"exact, $r \leq R$"},
    "beyond": {"color": style.VERMILLION, "linestyle": (0, (4, 1.5)), "label": "exact, $r > R$"},
}
_MARKERS = ("o", "s", "^", "D")
_POINT: dict[str, Any] = {
    "color": style.BLACK,
    "linestyle": "none",
    "markersize": 3,
    "markerfacecolor": "white",
    "markeredgewidth": 0.7,
    "elinewidth": 0.7,
    "capsize": 1.4,
    "zorder": 4,
}

# Two floats this close are no evidence against an exact value.
_TIE = 1e-9


def compute(
    num_samples: int = 2000, seed: int = 1, false_alarm: float = 0.001, false_pass: float = 0.001
) -> FigureData:
    r"""Return P(f(Y) = cA) against (r - R)/lambda, and the excess that n samples show.

    .. math:: 1 - e^{(r - R)/\lambda}/2\ (r \le R), \qquad e^{-(r - R)/\lambda}/2\ (r > R)

    Eq. (14) in terms of the distance from the radius: PA only says where the curve begins, at
    r = 0 and P(f(Y) = cA) = PA, and the dimension does not enter. The worst-case classifiers are
    run on raw d-vectors (`simulations.axis_cases`).

    Parameters
    ----------
    num_samples : int
        Of each series, in {100, ..., 10^6}.
    seed : int
        Of the samples, in [0, 2^64).
    false_alarm : float
        With at most this probability some interval misses the exact value, and at this level the
        excess of the second panel is shown; in (0, 0.5).
    false_pass : float
        With at most this probability that excess is not shown, in (0, 0.5).

    Returns
    -------
    FigureData
        "inside" and "beyond" (offset: (r - R)/lambda; probability), for each series "drawn_D"
        (offset, exact, frequency, low and high: the ends of Clopper and Pearson's interval, below
        and above: their distances from the frequency), the corners of the panel, "frame", and
        "excess" (num_samples; two: the smallest excess in units of lambda; several: that of the
        pair (PA, PB); NaN where there is none).

    Raises
    ------
    ValueError
        If an argument is outside its domain.

    Examples
    --------
    >>> data = compute(num_samples=100)
    >>> data["drawn_1"]["offset"].tolist()
    [-0.5, 0.0, 0.5, 1.0, 1.5, 2.0]
    """
    _check_domain(num_samples, seed, false_alarm, false_pass)
    curves: dict[str, Curve] = {"inside": _branch(_LEFT, 0.0), "beyond": _branch(0.0, _RIGHT)}
    offsets = [_offsets(number) for number in range(len(SERIES))]
    each = false_alarm / sum(len(one) for one in offsets)
    for (p_a, dim), at in zip(SERIES, offsets, strict=True):
        curves[f"drawn_{dim}"] = _drawn(Fraction(p_a), dim, at, num_samples, seed, each)
    curves["frame"] = {
        "offset": np.array([_LEFT - 0.15, _RIGHT + 0.15]),
        "probability": np.array([0.0, 1.02]),
    }
    curves["excess"] = _excess(false_alarm, false_pass)
    rates = {"false_alarm": false_alarm, "false_pass": false_pass}
    return FigureData(NAME, curves, {"num_samples": num_samples, "seed": seed, **rates})


def _check_domain(num_samples: int, seed: int, false_alarm: float, false_pass: float) -> None:
    legal = "100, ..., 10^6"
    to_integer("num_samples", num_samples, 100, 10**6, legal)
    to_integer("seed", seed, 0, 2**64 - 1, "0, ..., 2^64 - 1")
    for name, rate in (("false_alarm", false_alarm), ("false_pass", false_pass)):
        to_real(name, rate, "(0, 0.5)", lambda rate: 0 < rate < 0.5)


def _branch(low: float, high: float) -> Curve:
    offset = np.linspace(low, high, _CURVE_POINTS)
    inside = offset <= 0 if low < 0 else np.zeros(len(offset), bool)
    return {
        "offset": offset,
        "probability": np.where(inside, 1 - np.exp(offset) / 2, np.exp(-offset) / 2),
    }


def _radius(p_a: Fraction) -> float:
    from theory.certificates import theorem_2

    return float(theorem_2(p_a, scale=1, rounding="nearest"))


def _offsets(number: int) -> Column:
    """Places of a series, from R or r = 0 on: those of two series do not cover each other."""
    first = max(_LEFT, -_radius(Fraction(SERIES[number][0])))
    grid = np.arange(_LEFT, _RIGHT + _STEP / 2, _STEP) + number * _STEP / len(SERIES)
    return grid[(grid >= first) & (grid <= _RIGHT)]


def _drawn(
    p_a: Fraction, dim: int, offsets: Column, num_samples: int, seed: int, alpha: float
) -> Curve:
    """The worst case of each place, run on the noise of that dimension."""
    from simulations.axis_cases import Case, NoiseStream, count_cases
    from simulations.half_spaces import Axis
    from theory.confidence import interval
    from theory.tightness import WorstCase, least_mass

    axis = Axis.drawn(dim=dim, seed=seed, purpose=f"{NAME}/d={dim}")
    norms = [_radius(p_a) + float(offset) for offset in offsets]
    worst = [WorstCase(p_a, 1.0, r, axis.place, axis.sign) for r in norms]
    cases = [Case(one, one.r) for one in worst]
    counts = count_cases(cases, NoiseStream(1.0, dim, num_samples, seed))[:, 0]
    ends = [interval(int(count), num_samples, alpha=alpha) for count in counts]
    low, high = (np.array(side) for side in zip(*ends, strict=True))
    frequency = counts / num_samples
    return {
        "offset": offsets,
        "exact": np.array([least_mass(p_a, scale=1.0, r=r).value for r in norms]),
        "frequency": frequency,
        "low": low,
        "high": high,
        "below": frequency - low,
        "above": high - frequency,
    }


def _excess(level: float, false_pass: float) -> Curve:
    """The smallest excess for each number of samples, one test at the level."""
    from simulations.tightness_plans import WORD, Setting, moved_masses
    from theory.flip_power import smallest_excess, smallest_lead_excess

    pair = Setting(Fraction(PAIR[0]), 1, 1, 1.0, Fraction(PAIR[1]))

    def masses(excess: float) -> tuple[float, float]:
        a, b = moved_masses(pair, pair.radius + excess)
        return a.upper, b.lower

    rates = {"scale": 1.0, "level": level, "false_pass": false_pass}
    sizes = [int(one) for one in _SIZES]
    two = [smallest_excess(n, bias=WORD, **rates) for n in sizes]
    several = [smallest_lead_excess(n, masses, word=WORD, **rates) for n in sizes]
    found = {"two": np.array(two), "several": np.array(several)}
    shown = {name: np.where(np.isinf(one), math.nan, one) for name, one in found.items()}
    return {"num_samples": _SIZES, **shown}


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw both branches with the counts on them, and the excess that n samples show."""
    with style.blank(settings) as figure:
        panels = arrange(
            figure,
            wide=[["flip", "excess"]],
            narrow=[["flip"], ["excess"]],
            growth=1.9,
            width_ratios=[1.35, 1] if figure.get_figwidth() > _WIDE else None,
        )
        _draw_flip(panels["flip"], data)
        _draw_excess(panels["excess"], data)
        handles, labels = panels["flip"].get_legend_handles_labels()
        columns = 3 if figure.get_figwidth() > _WIDE else 2
        figure.legend(handles, labels, loc="outside upper center", ncols=columns)
    return figure


def _draw_flip(axes: Axes, data: FigureData) -> None:
    axes.axhline(0.5, color="0.6", linewidth=0.6, zorder=1)
    axes.axvline(0.0, color="0.6", linewidth=0.6, zorder=1)
    for name, look in _BRANCHES.items():
        axes.plot(data[name]["offset"], data[name]["probability"], **look)
    for (p_a, dim), marker in zip(SERIES, _MARKERS, strict=True):
        seen = data[f"drawn_{dim}"]
        bars = [seen["below"], seen["above"]]
        label = f"$P_A = {p_a}$, $d = {dim}$"
        axes.errorbar(
            seen["offset"], seen["frequency"], yerr=bars, marker=marker, label=label, **_POINT
        )
    axes.set(
        xlabel=r"$(r - R) / \lambda$",
        ylabel=r"$P(f(Y) = c_A)$",
        xlim=data["frame"]["offset"],
        ylim=data["frame"]["probability"],
    )


def _draw_excess(axes: Axes, data: FigureData) -> None:
    excess = data["excess"]
    several = rf"$P_A = {PAIR[0]}$, $P_B = {PAIR[1]}$"
    axes.loglog(excess["num_samples"], excess["two"], label="two classes", **style.LINES["laplace"])
    axes.loglog(excess["num_samples"], excess["several"], label=several, **style.LINES["lecuyer"])
    axes.set(xlabel="samples $n$", ylabel=r"smallest excess $(r - R) / \lambda$")
    axes.set_xlim(excess["num_samples"][0], excess["num_samples"][-1])
    axes.legend(loc="upper right")


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the data."""
    given, excess = data.parameters, data["excess"]
    series = ", ".join(f"{p_a} at d = {dim}" for p_a, dim in SERIES)
    away = [np.abs(one["frequency"] - one["exact"]).max() for one in _all_drawn(data)]
    last = {name: excess[name][-1] for name in ("two", "several")}
    return (
        f"P(f(Y) = cA) of the worst-case classifier, ||delta||_1 = r, against the distance from "
        f"the radius R = -lambda log[2(1 - PA)]: exact, 1 - exp((r - R)/lambda)/2 within R and "
        f"exp(-(r - R)/lambda)/2 beyond, and on {given['num_samples']} raw d-vectors (seed "
        f"{given['seed']}), PA = {series}. No frequency is further off than {max(away):.3f}; with "
        f"probability {1 - float(str(given['false_alarm'])):g} all Clopper-Pearson intervals "
        f"cover. Other panel: the smallest excess r - R whose flip n samples show at level "
        f"{given['false_alarm']:g} with power {1 - float(str(given['false_pass'])):g}; at n = "
        f"{excess['num_samples'][-1]:.0f} it is {last['two']:.4f} lambda with two classes, and "
        f"{last['several']:.4f} lambda for cB ahead of cA, PA = {PAIR[0]}, PB = {PAIR[1]}."
    )


def _all_drawn(data: FigureData) -> list[Curve]:
    return [data[f"drawn_{dim}"] for _, dim in SERIES]


def check(data: FigureData) -> list[Evidence]:
    """Compare what is drawn with the branches of eq. (14), claim ``theorem_3_shifted_mass``.

    The exact value at each place has to be that of its branch, to 1e-9, and within the interval of
    its count; both branches have to meet 1/2 at R, and nowhere else.
    """
    offset, exact, low, high = (
        np.concatenate([one[name] for one in _all_drawn(data)])
        for name in ("offset", "exact", "low", "high")
    )
    within = offset <= 0
    stated = np.where(within, 1 - np.exp(offset) / 2, np.exp(-np.abs(offset)) / 2)
    fault = np.max([np.abs(exact - stated) - _TIE, low - exact, exact - high], axis=0)
    both = [data[name] for name in ("inside", "beyond")]
    along = np.concatenate([one["offset"] for one in both])
    lead = np.concatenate([one["probability"] for one in both]) - 0.5
    wrong = np.where(along == 0, np.abs(lead) - _TIE, np.sign(along) * lead + _TIE)
    dims = np.repeat([dim for _, dim in SERIES], [len(one["offset"]) for one in _all_drawn(data)])
    given = data.parameters
    scope = f"{given['num_samples']} samples in d = 1 to {SERIES[-1][1]}, seed {given['seed']}"
    parts = (("first_branch", within), ("second_branch", ~within))
    found = [
        judged(
            part,
            offset[rows],
            fault[rows],
            scope=f"{int(rows.sum())} plotted places, {scope}",
            agreed="the branch is within every interval",
            witness=lambda k, rows=rows: {
                "d": str(dims[rows][k]),
                "(r - R)/lambda": repr(float(offset[rows][k])),
            },
        )
        for part, rows in parts
    ]
    half = judged(
        "half_at_radius",
        along,
        wrong,
        scope=f"{len(along)} plotted points of both branches",
        agreed="both branches are 1/2 at R, above it within and below it beyond",
        witness=lambda k: {"(r - R)/lambda": repr(float(along[k]))},
    )
    return [*found, half]
