"""What the two figures of an audited log share: its certificates' names, its run in words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from figures import style
from figures.data import Column, FigureData
from figures.style import Settings

#: each certificate, and each other way to come by a radius, as a legend and a caption call it
NAMES: Mapping[str, str] = MappingProxyType(
    {
        "theorem_2": "Theorem 2",
        "theorem_1": "Theorem 1",
        "exact": "exact",
        "lecuyer": "Lecuyer et al.",
        "cohen": "Cohen et al.",
        "uniform": "Yang et al.",
        "li": "Li et al.",
        "one_sided": "one-sided bounds",
        "exact_simultaneous": "exact, PA and PB bounded",
    }
)

#: thin lines, for certificates that the log does not use
OTHERS: Mapping[str, Settings] = MappingProxyType(
    {
        "theorem_2": {"color": style.BLUE, "linestyle": "-", "linewidth": 0.8},
        "theorem_1": {"color": style.GREEN, "linestyle": (0, (6, 1.5, 1, 1.5)), "linewidth": 0.8},
        "exact": {"color": style.PURPLE, "linestyle": (0, (1, 1.2)), "linewidth": 0.8},
        "lecuyer": {"color": style.ORANGE, "linestyle": (0, (4, 1.5, 1, 1.5)), "linewidth": 0.8},
        "cohen": {"color": style.GREEN, "linestyle": (0, (6, 1.5, 1, 1.5)), "linewidth": 0.8},
        "uniform": {"color": style.PURPLE, "linestyle": (0, (1, 1.2)), "linewidth": 0.8},
        "li": {"color": style.PURPLE, "linestyle": (0, (1, 1.2)), "linewidth": 0.8},
        "one_sided": {"color": style.VERMILLION, "linestyle": (0, (4, 1.5)), "linewidth": 0.8},
        "exact_simultaneous": {"color": style.BLUE, "linestyle": (0, (3, 1)), "linewidth": 0.8},
    }
)

#: what n samples can certify at all, by the kind of their confidence interval
SIDES: Mapping[str, str] = MappingProxyType({"one_sided": "one-sided", "two_sided": "two-sided"})

_PREFIX = "other_"


def checked(name: str, values: npt.ArrayLike, rows: int) -> Column:
    """One column of a log as floats.

    Raises
    ------
    ValueError
        For another shape than (rows,).

    Examples
    --------
    >>> checked("radius", [1, 2], 3)
    Traceback (most recent call last):
        ...
    ValueError: radius has shape (2,), legal is (3,)
    """
    column = np.asarray(values, dtype=np.float64)
    if column.shape != (rows,):
        raise ValueError(f"{name} has shape {column.shape}, legal is ({rows},)")
    return column


def check_names(what: str, names: object, legal: Mapping[str, object]) -> None:
    """Raise a ValueError for the first of several names that is none of the legal ones.

    Examples
    --------
    >>> check_names("ceiling", {"both": 1.0}, SIDES)
    Traceback (most recent call last):
        ...
    ValueError: ceiling = 'both' is none of one_sided, two_sided
    """
    for name in names if isinstance(names, Mapping) else (names,):
        if name not in legal:
            raise ValueError(f"{what} = {name!r} is none of {', '.join(legal)}")


def other(method: str) -> str:
    """The name of the curve of a certificate that the log does not use.

    >>> other("lecuyer")
    'other_lecuyer'
    """
    return f"{_PREFIX}{method}"


def others(data: FigureData) -> list[str]:
    """The certificates, besides the log's own, that have a curve."""
    return [name.removeprefix(_PREFIX) for name in data.curves if name.startswith(_PREFIX)]


def rows_said(count: float, verb: str = "", plural: str = "") -> str:
    """A number of rows in words.

    Examples
    --------
    >>> rows_said(1, "is", "are"), rows_said(2, "is", "are"), rows_said(0)
    ('1 row is', '2 rows are', '0 rows')
    """
    said = f"{count:.0f} row{'' if count == 1 else 's'}"
    chosen = verb if count == 1 else plural
    return f"{said} {chosen}" if chosen else said


def run_said(data: FigureData) -> str:
    """The stated parameters of the run in words."""
    run = data.parameters
    noise = str(run["noise"])
    named = noise.capitalize() if noise in ("laplace", "gaussian") else noise
    samples = "1 sample" if run["num_samples"] == 1 else f"{run['num_samples']} samples"
    return (
        f"{named} noise of standard deviation {run['sigma']}, certificate of "
        f"{NAMES[str(run['certificate'])]}, {samples} for each bound, alpha = {run['alpha']}"
    )
