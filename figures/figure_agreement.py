"""Agreement with the base classifier against the noise level, and the points' empirical ROPS."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from figures import style
from figures.data import Column, Curve, FigureData
from figures.panels import arrange
from simulations.classifier.agreement_counts import Classifier, Record
from simulations.classifier.agreement_tests import ALPHA, NOISES
from theory.claim import Evidence
from theory.confidence import interval
from theory.exact import to_fraction

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NAME = "figure_agreement"

_LABELS = {"laplace": "Laplace", "gaussian": "Gaussian"}
_MARKS: dict[str, Any] = {
    "laplace": {"marker": "o", "markersize": 2.6},
    "gaussian": {"marker": "s", "markersize": 2.4},
}
#: confidence 1 - _LEVEL of the intervals, level by level
_LEVEL = 0.05
_PANELS = {
    "kept": "share of points kept",
    "single": "share of votes kept",
    "difference": "Laplace minus Gaussian (pp)",
}
_DIFFERENCES: Mapping[str, tuple[str, dict[str, Any]]] = {
    "kept": ("points", {"color": style.BLACK, "linestyle": "-"}),
    "rops": ("ROPS", {"color": style.ORANGE, "linestyle": (0, (1, 1.2)), "marker": "^"}),
    "single": ("votes", {"color": style.VERMILLION, "linestyle": (0, (4, 1.5)), "marker": "d"}),
}


def compute(*, record: Record | None = None) -> FigureData:
    r"""Return both agreements by noise level, and how far the points' ROPS reach.

    .. math:: \frac1m \#\{i : g(x_i; \sigma) = f(x_i)\},\quad
              \frac1m \sum_i P(f(x_i + \epsilon) = f(x_i)),\quad
              \frac1m \#\{i : g(x_i; s) = f(x_i)\ \forall s \le \sigma\}

    Appendix D, measured. Classifiers of one data set and network are averaged, whatever seeds they
    were trained and measured with; "low" and "high" are the extremes over them.

    Parameters
    ----------
    record : Record, optional
        The one stored with the claim ``clean_agreement`` unless given.

    Returns
    -------
    FigureData
        Curves "a kept laplace", "a single gaussian", "a rops laplace" and so on, and Laplace
        minus Gaussian in percent, "a difference kept" and so on, one letter for each data set and
        network; of columns sigma, share, low and high.

    Raises
    ------
    ValueError
        For classifiers of one data set and network at different noise levels.
    """
    from simulations.claims.clean_agreement import stored

    found = stored() if record is None else record
    groups: dict[str, list[Classifier]] = {}
    for one in found.classifiers:
        name = f"{one.training['dataset']}, {one.training['architecture']}"
        groups.setdefault(name, []).append(one)
    curves: dict[str, Curve] = {}
    said: dict[str, Any] = {"num_samples": found.num_samples}
    single = found.single_votes()
    tests = {
        id(one): tests for one, tests in zip(found.classifiers, found.comparisons(), strict=True)
    }
    for letter, (name, group) in zip("abcdefghijklmnopqrstuvwxyz", groups.items(), strict=False):
        said[f"panel_{letter}"] = name
        said[f"points_{letter}"] = group[0].points
        said[f"runs_{letter}"] = len(group)
        favoured = [test.favours(ALPHA) for one in group for test in tests[id(one)][:-1]]
        for noise in NOISES:
            said[f"{noise}_{letter}"] = favoured.count(noise)
        curves |= {
            f"{letter} {name}": one for name, one in _curves(group, found.num_samples).items()
        }
        said[f"tests_{letter}"] = len(favoured)
        drawn = [one.favours for one in single if one.network in group]
        said[f"single_{letter}"] = len(drawn)
        for noise in NOISES:
            said[f"single_{noise}_{letter}"] = drawn.count(noise)
    return FigureData(NAME, curves, said)


def _curves(group: Sequence[Classifier], num_samples: int) -> dict[str, Curve]:
    levels = [tuple(level.sigma for level in one.levels) for one in group]
    if len(set(levels)) > 1:
        raise ValueError(f"noise levels {levels[0]} and {levels[-1]} of one network: legal are one")
    sigma = np.array([float(to_fraction(one)) for one in levels[0]])
    found: dict[str, Curve] = {}
    for quantity in _DIFFERENCES:
        shares = {
            noise: np.array([_shares(one, quantity, noise, num_samples) for one in group])
            for noise in NOISES
        }
        for noise, values in shares.items():
            found[f"{quantity} {noise}"] = _over(sigma, values)
        first, second = (shares[noise] for noise in NOISES)
        found[f"difference {quantity}"] = _over(sigma, 100 * (first - second))
    return found


def _shares(one: Classifier, quantity: str, noise: str, num_samples: int) -> list[float]:
    """At each level: points kept, votes kept, points kept at this level and every smaller one."""
    if quantity == "rops":
        reach = [sum(one.rops[noise][k + 1 :]) for k in range(len(one.levels))]
        return [count / one.points for count in reach]
    if quantity == "single":
        return [level.votes[noise] / (one.points * num_samples) for level in one.levels]
    return [level.kept[noise] / one.points for level in one.levels]


def _over(sigma: Column, values: Column) -> Curve:
    mean, low, high = values.mean(axis=0), values.min(axis=0), values.max(axis=0)
    return {"sigma": sigma, "share": mean, "low": low, "high": high}


def draw(data: FigureData, settings: style.Settings | None = None) -> Figure:
    """Draw a row of panels for each data set and network."""
    letters = [name.removeprefix("panel_") for name in data.parameters if name.startswith("panel_")]
    rows = [[f"{letter} {panel}" for panel in _PANELS] for letter in letters]
    narrow = [[name] for row in rows for name in row]
    with style.blank(settings) as figure:
        # a row of three panels on a page, each panel by itself in a column
        wide = figure.get_figwidth() >= 4.5
        figure.set_figheight(figure.get_figheight() * len(rows if wide else narrow) * 0.75)
        panels = arrange(figure, wide=rows, narrow=narrow)
        for name, axes in panels.items():
            _draw_panel(axes, data, name)
        axes = next(iter(panels.values()))
        handles, labels = axes.get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside upper center", ncols=2)
    return figure


def _draw_panel(axes: Axes, data: FigureData, name: str) -> None:
    letter, panel = name.split()
    if panel == "difference":
        axes.axhline(0, color="0.6", linewidth=0.6)
        for quantity, (label, look) in _DIFFERENCES.items():
            curve = data[f"{name} {quantity}"]
            # the extremes of the ROPS would hide those of the points, which they are nearly
            _draw_curve(axes, curve, label, {"markersize": 2.6, **look}, band=quantity != "rops")
        axes.legend(loc="best")
    else:
        for noise in NOISES:
            look = {**style.LINES[noise], **_MARKS[noise]}
            _draw_curve(axes, data[f"{name} {noise}"], _LABELS[noise], look)
        axes.set(ylim=(0, 1.02))
    axes.set(xlabel=r"$\sigma$", ylabel=_PANELS[panel], xlim=(0, None))
    axes.set_title(str(data.parameters[f"panel_{letter}"]))
    axes.locator_params(nbins=5)


def _draw_curve(
    axes: Axes, curve: Curve, label: str, look: Mapping[str, Any], *, band: bool = True
) -> None:
    if band:
        fill = {"color": look["color"], "alpha": 0.2, "linewidth": 0}
        axes.fill_between(curve["sigma"], curve["low"], curve["high"], **fill)
    axes.plot(curve["sigma"], curve["share"], label=label, **look)


def caption(data: FigureData) -> str:
    """Return a caption whose numbers come from the data."""
    said = data.parameters
    parts = [
        "How often smoothing keeps the prediction of the base classifier, against the standard "
        "deviation of the noise: the share of test points at which it has most of "
        f"{said['num_samples']} votes, the share of single votes for it, and by how much both, and "
        "the share of points kept at this level and at every smaller one (empirical ROPS), are "
        "larger under Laplace noise, in percentage points. Lines are means over runs, each of a "
        "training and a noise seed, bands their extremes (of the ROPS none is drawn)."
    ]
    for name, panel in said.items():
        if name.startswith("panel_"):
            letter = name.removeprefix("panel_")
            points = int(str(said[f"points_{letter}"]))
            low, high = interval(points // 2, points, alpha=_LEVEL)
            parts.append(
                f"{panel}: {said[f'runs_{letter}']} runs, {points} points (a share of them "
                f"is known to {(high - low) / 2:.3f} at worst, 95 % Clopper and Pearson); Laplace "
                f"noise is shown to keep more points at {said[f'laplace_{letter}']} of "
                f"{said[f'tests_{letter}']} levels, Gaussian noise at "
                f"{said[f'gaussian_{letter}']}; more votes at {said[f'single_laplace_{letter}']} "
                f"of {said[f'single_{letter}']}, Gaussian noise at "
                f"{said[f'single_gaussian_{letter}']}."
            )
    parts.append(
        f"Shown: McNemar's exact test with Holm's correction, and intervals that hold together; "
        f"error rate {ALPHA:g} each."
    )
    return " ".join(parts)


def check(data: FigureData) -> list[Evidence]:
    """Return nothing: the claim's experiment reads the counts themselves."""
    del data
    return []
