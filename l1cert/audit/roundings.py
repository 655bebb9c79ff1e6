"""What the rounding of floats explains of the rows in which a number is too high."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np

from l1cert.audit.log import Floats, Log, Precision
from l1cert.audit.probabilities import Bools

Explanations: TypeAlias = tuple[Mapping[str, Any], ...]


#: units by which a computation's rounding may be off; quantiles of libraries may be by more
_FEW = 64


def spacing(values: Floats, kind: type[np.floating[Any]]) -> Floats:
    """The distance from each number to the next of such floats."""
    largest = float(np.finfo(kind).max)
    found: Floats = np.spacing(np.clip(np.abs(values), 0.0, largest / 2).astype(kind))
    return found.astype(np.float64)


def rounding(
    precision: Precision, values: Floats, excess: Floats, at: Bools, rounded: Bools
) -> Explanations:
    """What rounding of a column explains of the rows in which it is too high."""
    count = int(np.count_nonzero(rounded))
    if not count:
        return ()
    units = np.where(precision.half_unit > 0, 2 * precision.half_unit, spacing(values, np.float64))
    inside = np.where(rounded, excess, 0.0)
    # what is printed with fewer digits may be off by the rounding of another column, too
    few = precision.half_unit.any() or (inside / units).max() <= _FEW
    return (
        {
            "what": f"{precision.said} rounding" if few else "an inexact numerical inverse",
            "rows_explained": count,
            "rows": int(np.count_nonzero(at)),
            "largest": float(inside.max()),
            "units": float((inside / units).max()),
        },
    )


def single_rounding(log: Log, at: Bools, far: Bools) -> Explanations:
    """That a program which computes in float32 explains all of some rows, if it does.

    `far` are those of them that float32 does not explain. A column that holds a number which is
    printed so exactly that no float32 is printed like it was not computed in float32.
    """
    if not at.any() or far.any():
        return ()
    values, precision = log.radius, log.radius_precision
    if log.bound is not None and log.bound_precision is not None:
        values, precision = log.bound, log.bound_precision
    with np.errstate(over="ignore", invalid="ignore"):
        apart = np.abs(values.astype(np.float32).astype(np.float64) - values)
    if np.any(apart[np.isfinite(values)] > precision.half_unit[np.isfinite(values)]):
        return ()
    rows = int(np.count_nonzero(at))
    return ({"what": "float32 rounding", "rows_explained": rows, "rows": rows},)
