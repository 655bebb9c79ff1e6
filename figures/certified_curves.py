"""Certified accuracy over the radius, of several runs: what figures 06, 07 and 08 share.

A curve is named by what it is of, such as ``a method=theorem_2 sigma=0.25 training=type_1
data=digits``: the panel first. Each has the columns radius, accuracy, lower and upper; the accuracy
holds between the radius before, exclusive, and this one, inclusive, and the last two are Clopper
and Pearson's interval for the accuracy on the population that the points are a sample of, radius
by radius.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from figures import audits
from figures.data import Column, Curve, FigureData
from theory.confidence import interval

#: confidence 1 - ALPHA of the intervals, radius by radius
ALPHA = 0.05
#: in the place of a sigma: at every radius the best of them
BEST = "best"
UNDEFENDED = "undefended"
#: the training of a base classifier of which nothing is known
UNSTATED = "unstated"
FRAME = "method=frame"
EMPIRICAL = "empirical attack"

#: the certificates in the order of a legend, as a legend and a caption call them
METHODS: Mapping[str, str] = MappingProxyType(
    {
        **{name: audits.NAMES[name] for name in ("theorem_2", "theorem_1", "exact")},
        "lattice": "lattice",
        **{name: audits.NAMES[name] for name in ("lecuyer", "cohen", "uniform")},
    }
)

#: those that may stand on a bound on PB too
PAIRED = frozenset({"theorem_1", "exact", "lattice", "lecuyer"})
#: why one of them may be ahead of Theorem 2, for a caption and a table
OF_PAIRS = (
    "Theorem 2 stands on PA alone, with PB = 1 - PA; other Laplace certificates may use a bound on "
    "PB as well."
)

_COLUMNS = ("radius", "accuracy", "lower", "upper")


@dataclass(frozen=True, slots=True, eq=False)
class Certified:
    """What one certificate gives on one run.

    Attributes
    ----------
    data, training, sigma, method
        The data set, how the base classifier was trained ("type_1", "type_2" or another word),
        the standard deviation of the noise as its record states it, and a key of `METHODS`.
    radius
        Shape (rows,), in l1; NaN where it abstains.
    is_correct
        Shape (rows,): whether the predicted class is the label.
    basis
        What the bounds stand on, as a caption says it: n, alpha and the points.
    """

    data: str
    training: str
    sigma: str
    method: str
    radius: npt.ArrayLike
    is_correct: npt.ArrayLike
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Empirical:
    """Accuracy of a classifier without noise under an attack: an upper bound on its robustness.

    ``correct[k]`` of ``points`` points were still classified correctly after an attack within
    ``radii[k]``, which ascend.
    """

    data: str
    radii: tuple[float, ...]
    correct: tuple[int, ...]
    points: int


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel: what its legend is headed by, its curves, and whether they go by sigma."""

    title: str
    curves: Sequence[Certified]
    best: bool = False


Layout = Callable[[Sequence[Certified]], list[Panel]]


def computed(
    figure: str,
    curves: Sequence[Certified],
    undefended: Sequence[Empirical],
    layout: Layout,
) -> FigureData:
    """Lay the curves out in panels and count their steps.

    Raises
    ------
    ValueError
        For no curve, columns of different lengths, two curves of the same name,
        or an attack whose numbers are none.
    """
    _check(curves, undefended)
    found: dict[str, Curve] = {}
    said: dict[str, Any] = {"alpha": ALPHA, "basis": _basis(curves)}
    said["attacked"] = ", ".join(f"{one.points} points of {one.data}" for one in undefended)
    for letter, panel in zip("abcdefghijklmnopqrstuvwxyz", layout(curves), strict=False):
        said[f"panel_{letter}"] = panel.title
        end = _end(panel.curves)
        steps, same = _panel(panel, end)
        for name, curve in steps.items():
            found[f"{letter} {name}"] = curve
        said[f"same_{letter}"] = ", ".join(same)
        sets = {one.data for one in panel.curves}
        for one in undefended:
            if one.data in sets:
                found[f"{letter} method={UNDEFENDED} data={one.data}"] = _measured(one)
        corners = {"radius": np.array([0.0, end]), "accuracy": np.array([0.0, 1.02])}
        found[f"{letter} {FRAME}"] = corners
    return FigureData(figure, found, said)


def _check(curves: Sequence[Certified], undefended: Sequence[Empirical]) -> None:
    if not curves:
        raise ValueError("no curves: at least one certified run is needed")
    seen = set()
    for one in curves:
        rows = int(np.size(one.radius))
        audits.checked("is_correct", one.is_correct, rows)
        # one level may be written in several ways
        key = _name(one, repr(size(one.sigma)))
        if key in seen:
            raise ValueError(f"two runs are of {_name(one)}: legal is one")
        seen.add(key)
    if len({attack.data for attack in undefended}) < len(undefended):
        raise ValueError("two attacks are on one data set: legal is one")
    for attack in undefended:
        levels = list(attack.correct)
        # strict ascent, and counts of points: anything else is no such measurement
        fits = len(attack.radii) == len(levels) > 0 and attack.points > 0
        rises = all(a < b for a, b in zip(attack.radii, attack.radii[1:], strict=False))
        if not (fits and rises and all(0 <= one <= attack.points for one in levels)):
            raise ValueError(
                f"the attack on {attack.data} has {len(attack.radii)} ascending radii, "
                f"{len(levels)} counts and {attack.points} points: legal is one count in "
                "[0, points] for each radius"
            )


def _basis(curves: Sequence[Certified]) -> str:
    """What all bounds stand on; by certificate where they do not stand on the same."""
    groups: dict[str, dict[str, None]] = {}
    for one in curves:
        who = f"{METHODS[one.method]} at sigma {one.sigma}, {titled(one.data, one.training)}"
        groups.setdefault(one.basis or "not stated", {})[who] = None
    if len(groups) == 1:
        return curves[0].basis
    parts = [f"{basis} ({'; '.join(who)})" for basis, who in groups.items()]
    return f"not alike: {'; '.join(parts)}"


def _name(one: Certified, sigma: str | None = None) -> str:
    said = {
        "method": one.method,
        "sigma": sigma or one.sigma,
        "training": one.training,
        "data": one.data,
    }
    return " ".join(f"{name}={'_'.join(value.split())}" for name, value in said.items())


def _end(curves: Sequence[Certified]) -> float:
    """Where the axis ends: beyond every radius of a correct row."""
    most = 0.0
    for one in curves:
        radius = np.asarray(one.radius, dtype=np.float64)
        held = radius[np.asarray(one.is_correct, dtype=bool) & np.isfinite(radius)]
        most = max(most, float(held.max(initial=0.0)))
    return round(1.04 * most, 12) or 1.0


def _panel(panel: Panel, end: float) -> tuple[dict[str, Curve], list[str]]:
    """The steps of a panel's curves, and the methods that give the same as Theorem 2 throughout."""
    # of one noise level for each method there is no best one
    several = panel.best and len({_name(one, BEST) for one in panel.curves}) < len(panel.curves)
    groups: dict[str, list[Certified]] = {}
    for one in panel.curves:
        groups.setdefault(_name(one, BEST if several else None), []).append(one)
    found = {
        name: _best([_steps(one, end, ALPHA / len(group)) for one in group])
        for name, group in groups.items()
    }
    same = []
    for name in list(found):
        method = fields(name)["method"]
        twin = name.replace(f"method={method}", "method=theorem_2", 1)
        if method != "theorem_2" and twin in found and _equal(found[name], found[twin]):
            same.append(METHODS[method])
            del found[name]
    return found, same


def _equal(one: Curve, other: Curve) -> bool:
    return all(np.array_equal(one[name], other[name]) for name in _COLUMNS)


def _steps(one: Certified, end: float, alpha: float) -> Curve:
    radius = np.asarray(one.radius, dtype=np.float64)
    curve = accuracy_steps(radius, np.asarray(one.is_correct, dtype=bool), end)
    count = np.rint(curve["accuracy"] * max(radius.size, 1)).astype(np.int64)
    bounds = np.array([_interval(k, radius.size, alpha) for k in count.tolist()]).reshape(-1, 2)
    return {**curve, "lower": bounds[:, 0], "upper": bounds[:, 1]}


def accuracy_steps(radius: Column, right: npt.NDArray[np.bool_], end: float) -> Curve:
    """Every step of a certified accuracy: the share of rows that are right and reach a radius.

    Parameters
    ----------
    radius, right
        Shape (rows,); a NaN or a negative radius reaches none.
    end
        Where the curve ends.

    Returns
    -------
    dict
        "radius" and "accuracy": the accuracy holds between the radius before, exclusive, and this
        one, inclusive. From 0 to the end.

    Examples
    --------
    >>> curve = accuracy_steps(np.array([0.5, np.nan]), np.array([True, True]), 1.0)
    >>> curve["radius"].tolist(), curve["accuracy"].tolist()
    ([0.0, 0.5, 1.0], [0.5, 0.5, 0.0])
    """
    reach = np.sort(radius[right & (radius >= 0)])  # not where it is NaN
    within = reach[reach <= end]
    at, first = np.unique(within, return_index=True)
    left = np.concatenate([[reach.size], reach.size - first, [reach.size - within.size]])
    return {"radius": np.concatenate([[0.0], at, [end]]), "accuracy": left / max(radius.size, 1)}


@lru_cache(maxsize=65536)
def _interval(count: int, rows: int, alpha: float) -> tuple[float, float]:
    return interval(count, rows, alpha=alpha) if rows else (0.0, 1.0)


def _best(curves: Sequence[Curve]) -> Curve:
    """At every radius the largest of several; all their intervals hold together, so theirs too."""
    if len(curves) == 1:
        return curves[0]
    at = np.unique(np.concatenate([curve["radius"] for curve in curves]))
    found: dict[str, Column] = {"radius": np.concatenate([[0.0], at])}
    for name in _COLUMNS[1:]:
        levels = np.max([reached(curve, at, name) for curve in curves], axis=0)
        found[name] = np.concatenate([levels[:1], levels])
    return found


def reached(curve: Curve, at: Column, column: str = "accuracy") -> Column:
    """A column of a step curve at radii; beyond its end 0, the end of "upper" is its last value.

    Examples
    --------
    >>> curve = accuracy_steps(np.array([0.5]), np.array([True]), 1.0)
    >>> reached(curve, np.array([0.5, 0.6, 7.0])).tolist()
    [1.0, 0.0, 0.0]
    """
    place = np.searchsorted(curve["radius"], at, side="left")
    values: Column = curve[column][np.minimum(place, len(curve[column]) - 1)]
    return values


def _measured(one: Empirical) -> Curve:
    bounds = np.array([_interval(k, one.points, ALPHA) for k in one.correct])
    return {
        "radius": np.array(one.radii, dtype=np.float64),
        "accuracy": np.array(one.correct) / one.points,
        "lower": bounds[:, 0],
        "upper": bounds[:, 1],
    }


def titled(data: str, training: str) -> str:
    """A data set and a training as a heading calls them.

    >>> titled("digits", "type_1"), titled("digits", UNSTATED)
    ('digits, type 1', 'digits')
    """
    return data if training == UNSTATED else f"{data}, {training.replace('_', ' ')}"


def fields(name: str) -> dict[str, str]:
    """What a curve's name says of it.

    >>> fields("a method=exact sigma=0.5")
    {'panel': 'a', 'method': 'exact', 'sigma': '0.5'}
    """
    first, *pairs = name.split()
    said = {} if "=" in first else {"panel": first}
    if "=" in first:
        pairs = [first, *pairs]
    return said | dict(pair.split("=", 1) for pair in pairs)


def ordered(curves: Iterable[Certified]) -> list[Certified]:
    """By method, training and ascending sigma, as a legend lists them.

    Raises
    ------
    ValueError
        For an unknown method.
    """
    listed = list(curves)
    for one in listed:
        audits.check_names("method", one.method, METHODS)
    place = {method: number for number, method in enumerate(METHODS)}
    return sorted(listed, key=lambda one: (place[one.method], one.training, size(one.sigma)))


def size(sigma: str) -> float:
    """A noise level as a float, for its order: a decimal or a ratio.

    >>> size("0.25"), size("1/4")
    (0.25, 0.25)
    """
    above, _, below = sigma.partition("/")
    return float(above) / float(below or 1)
