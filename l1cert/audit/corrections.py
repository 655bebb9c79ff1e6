"""The log that the evidence supports: every radius cut to what its counts certify."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from l1cert.audit.log import ABSTAINED, Floats, Log, Precision
from l1cert.audit.parameters import Parameters
from l1cert.audit.probabilities import Implied, radius_at

#: of a radius, what is no change worth a word: floats and the margins of exact bounds
CHANGE = 1e-6
#: what a corrected log still states of how it was sampled
KEPT = ("bounds", "law")


def correct(log: Log, parameters: Parameters, implied: Implied) -> Log:
    r"""Cut every radius to the certificate at the bound that its evidence supports.

    That is the Clopper-Pearson bound of the recorded votes; of the least count whose bound lies
    where the log's one did before it was printed; or, where none does, of the greatest count with
    a bound below. So it holds for every number that the printed one may stand for, and all n
    samples certify it at most. No radius grows beyond what its rounding leaves open:

    .. math:: \min\{R(\mathrm{lower}(k, n, \alpha)),\; r + \tfrac12 \text{unit}\}

    Parameters
    ----------
    log
        As it was read; lines that could not be read have no row.
    parameters
        What it is held against.
    implied
        `implied_by(log, parameters)`.

    Returns
    -------
    Log
        In our format, rounded down, of the same rows: `bound` is the supported one (0 where an
        abstention says nothing of it), an input that it does not certify is abstained on with
        radius 0, and `correct` is computed again. `bound_findings` finds nothing in it but
        "wrong_sample_count", which no correction mends.

    Examples
    --------
    >>> from l1cert.audit.probabilities import implied_by
    >>> run = Parameters.parse("gaussian", sigma="0.5", num_samples=100_000, alpha="0.001")
    >>> place, said = np.array([2, 3]), Precision(np.full(2, 0.005), "3 significant digits")
    >>> log = Log("a.tsv", "cohen", place, place, place, place, np.array([1.22, 1.96]), said)
    >>> correct(log, run, implied_by(log, run)).radius
    array([1.21507031, 1.90572828])
    """
    radius = radius_at(parameters, implied.supported, implied.other)
    with np.errstate(invalid="ignore"):
        most = np.where(
            log.radius_precision.half_unit > 0,
            np.nextafter(log.radius + log.radius_precision.half_unit, -np.inf),
            log.radius,
        )
    # a NaN is an abstention, and so is a radius that cannot have been 0 or more
    certified = implied.certified & ~np.isnan(radius) & (most >= 0)
    predict = np.where(certified, log.predict, ABSTAINED)
    said = Precision(np.zeros(len(log)), "float64")
    return replace(
        log,
        format="l1cert",
        predict=predict,
        radius=np.where(certified, np.minimum(radius, most), 0.0) + 0.0,
        radius_precision=said,
        correct=np.asarray(certified & (predict == log.label), np.int64),
        bound=implied.supported,
        bound_precision=said,
        # one that was not used would be, beside a smaller bound on PA
        other_bound=implied.other,
        selection=None,
        problems=(),
        record=record(parameters) | {name: log.record[name] for name in KEPT if name in log.record},
    )


def record(parameters: Parameters) -> dict[str, Any]:
    """What a log in our format states of its parameters, exact numbers as text.

    >>> run = Parameters.parse("uniform", sigma="0.5", num_samples=9, alpha="0.001")
    >>> record(run)["alpha"], record(run)["certificate"]
    ('1/1000', 'uniform')
    """
    return {
        "noise": parameters.noise,
        "sigma": str(parameters.sigma),
        "num_samples": parameters.num_samples,
        "alpha": str(parameters.alpha),
        "certificate": parameters.certificate,
    }


def summarise(before: Log, after: Log) -> dict[str, Any]:
    """What a correction changed.

    Parameters
    ----------
    before, after
        A log and what `correct` made of it.

    Returns
    -------
    dict
        "rows_changed": in class, or by more than a millionth of the radius and its rounding;
        "largest_reduction" of a radius; "abstentions_added"; "mean_radius_before" and
        "mean_radius_after" over all rows, an abstention and a negative radius as 0; None where
        infinite.

    Examples
    --------
    >>> place, said = np.array([2, 3]), Precision(np.full(2, 0.005), "2 decimals")
    >>> log = Log("a.tsv", "cohen", place, place, place, place, np.array([1.2, 1.96]), said)
    >>> found = summarise(log, replace(log, radius=np.array([1.198, 1.5])))
    >>> found["rows_changed"], round(found["largest_reduction"], 3)
    (1, 0.46)
    """
    old, new = _radii(before), _radii(after)
    with np.errstate(invalid="ignore"):
        reduction = np.where(old == new, 0.0, old - new)
        # of the new radius, which is finite: no part of an infinite one is little
        least = np.maximum(before.radius_precision.half_unit, CHANGE * np.abs(after.radius))
        moved = np.abs(before.radius - after.radius) > least
    added = (after.predict == ABSTAINED) & (before.predict != ABSTAINED)
    return {
        "rows_changed": int(np.count_nonzero(added | moved)),
        "largest_reduction": _finite(reduction.max(initial=0.0)),
        "abstentions_added": int(np.count_nonzero(added)),
        "mean_radius_before": _finite(_mean(old)),
        "mean_radius_after": _finite(_mean(new)),
    }


def _radii(log: Log) -> Floats:
    return np.where(log.predict == ABSTAINED, 0.0, np.maximum(log.radius, 0.0))


def _mean(values: Floats) -> float:
    with np.errstate(invalid="ignore", over="ignore"):
        return float(values.mean()) if len(values) else 0.0


def _finite(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
