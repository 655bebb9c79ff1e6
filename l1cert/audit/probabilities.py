"""The probability bounds that a log implies, the counts behind them, and what these support."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from l1cert.audit.log import ABSTAINED, Floats, Ints, Log
from l1cert.audit.parameters import Parameters
from theory import confidence
from theory.binomial_tails import MAX_SAMPLES
from theory.certificates import ABSTAIN
from theory.confidence_sequences import anytime_lower
from theory.count_lattice import END_MARGIN, counts_between, greatest_counts
from theory.inverse_radii import implied_probabilities
from theory.radius_formulas import Method

#: four half-spacings of PA near 1: how far it may be off where a column was computed so
COMPUTED: Mapping[str, float] = MappingProxyType({"float16": 2.0**-10, "float32": 2.0**-23})

Bools: TypeAlias = npt.NDArray[np.bool_]
Source: TypeAlias = Literal["votes", "bound", "radius"]
Interval: TypeAlias = Literal["one_sided", "two_sided"]


@dataclass(frozen=True, slots=True, eq=False)
class Implied:
    """What a log says of PA's lower bound, row by row.

    Attributes
    ----------
    source
        What it says it by, the first that it has: recorded votes, the printed bound, the radius.
    interval
        Whether the bounds are one-sided or those of a two-sided interval, which has to leave at
        most half as many rows unfit. Two-sided if PB is used, as PA and PB then share
        alpha.
    level
        The error rate of each bound by that reading: alpha or alpha/2.
    certified
        Whether a class is predicted.
    p_low, p_high
        The bound lies between them, outward: around what is printed, or twice the Clopper-Pearson
        bound of the votes. An abstention without a printed bound says [0, 1/2].
    k_low, k_high
        The counts whose Clopper-Pearson bounds lie there; none where k_low > k_high. Of a log whose
        bounds hold at any time those that voted, which are all that such a log can be read by.
    counts, samples
        What the log gives evidence for: the recorded votes, else k_low, else the greatest count
        with a bound below p_low; and of how many samples.
    supported
        The bound of `counts`, rounded down.
    other
        The upper bound on PB that goes with it, rounded up; None for two classes.
    """

    source: Source
    interval: Interval
    level: float
    certified: Bools
    p_low: Floats
    p_high: Floats
    k_low: Ints
    k_high: Ints
    counts: Ints
    samples: Ints
    supported: Floats
    other: Floats | None


def implied_by(log: Log, parameters: Parameters) -> Implied:
    """Recover the probability bounds and counts of a log at its stated n and alpha.

    Without a PB column a radius is read as that of two classes.

    Parameters
    ----------
    log
        Of any format.
    parameters
        Its noise, n, alpha and certificate; alpha/2 at least 1e-250.

    Raises
    ------
    ValueError
        For an alpha that is too small, or a log of bounds that hold at any time without votes.

    Examples
    --------
    >>> from l1cert.audit.log import Precision
    >>> run = Parameters.parse("gaussian", sigma="0.5", num_samples=100_000, alpha="0.001")
    >>> place = np.array([2, 3])
    >>> said = Precision(np.array([0.005, 0.005]), "3 significant digits")
    >>> log = Log("a.tsv", "cohen", place, place, place, place, np.array([1.22, 1.96]), said)
    >>> found = implied_by(log, run)
    >>> found.p_low.round(5), found.k_low, found.k_high
    (array([0.99245, 0.99995]), array([ 99329, 100001]), array([ 99367, 100000]))
    >>> found.counts, found.interval
    (array([ 99329, 100000]), 'one_sided')
    """
    if log.anytime and log.votes is None:
        raise ValueError(f"log {log.path!r}: bounds that hold at any time need a column of votes")
    certified = log.predict != ABSTAINED
    low, high = printed_interval(log, parameters)
    source: Source = "radius" if log.bound is None else "bound"
    if log.votes is not None:
        source = "votes"
    alpha, other = float(parameters.alpha), other_bound(log, parameters)
    interval: Interval = "two_sided"
    if other is None:
        # an abstention has a bound, and no radius
        tell = certified if log.bound is None else np.ones(len(log), np.bool_)
        interval = _reading(log, parameters, low, high, tell)
    level = alpha if interval == "one_sided" else alpha / 2
    counts, samples = recorded(log, parameters)
    if source == "votes":
        k_low = k_high = counts
    else:
        n = parameters.num_samples
        k_low, k_high = counts_between(low, high, n, alpha=level)
        counts = np.minimum(
            np.where(k_low <= k_high, k_low, greatest_counts(low, n, alpha=level)), n
        )
    supported = bounds_of(counts, samples, level, anytime=log.anytime)
    if source == "votes":
        # the stated n is what the log is held against, whatever it records
        n = parameters.num_samples
        supported = np.minimum(supported, most_of(log, n, level))
        low = high = supported
    if other is not None and log.runner_up is not None:
        other = other_bounds_of(log.runner_up, samples, level)
    elif other is not None:
        # no vote for another class at all says no more
        other = np.maximum(other, confidence.upper(0, parameters.num_samples, alpha=level))
    return Implied(
        source,
        interval,
        level,
        certified,
        low,
        high,
        k_low,
        k_high,
        counts,
        samples,
        supported,
        other,
    )


def printed_interval(log: Log, parameters: Parameters) -> tuple[Floats, Floats]:
    """Between what the bound lay before it was printed, or before the radius was, outward.

    A program that computes in float32 rounds more than once: `computing_error` is granted, too.

    Examples
    --------
    >>> from l1cert.audit.log import Precision
    >>> run = Parameters.parse("uniform", sigma="0.5", num_samples=100, alpha="0.01")
    >>> place, said = np.array([2]), Precision(np.array([0.005]), "2 decimals")
    >>> log = Log("a.tsv", "cohen", place, place, place, place, np.array([0.5]), said)
    >>> [end.round(6) for end in printed_interval(log, run)]
    [array([0.785788]), array([0.791562])]
    """
    error = computing_error(log)
    if log.bound is not None:
        half = np.zeros(len(log)) if log.bound_precision is None else log.bound_precision.half_unit
        half = np.maximum(half, error)
        # half a unit, and what the sum of two floats loses
        low = np.where(half > 0, np.nextafter(log.bound - half, -1.0), log.bound)
        high = np.where(half > 0, np.nextafter(log.bound + half, 2.0), log.bound)
        return np.clip(low, 0.0, 1.0), np.clip(high, 0.0, 1.0)
    low, high = implied_probabilities(
        parameters.certificate,
        log.radius,
        scale=parameters.scale,
        half_unit=log.radius_precision.half_unit,
    )
    abstained = log.predict == ABSTAINED
    low, high = np.maximum(low - error, 0.0), np.minimum(high + error, 1.0)
    return np.where(abstained, 0.0, low), np.where(abstained, 0.5, high)


def computing_error(log: Log) -> float:
    """How far PA may be off because it was computed in float32 or less: 0, or one of `COMPUTED`."""
    precision = log.radius_precision if log.bound is None else log.bound_precision
    return 0.0 if precision is None else COMPUTED.get(precision.said, 0.0)


def other_bound(log: Log, parameters: Parameters) -> Floats | None:
    """The bound on PB, 1 where a row has none; None where the certificate does not use it.

    It is not used by `theorem_2`, nor where it nowhere says more than 1 - PA.

    >>> from l1cert.audit.log import Precision
    >>> one, said = np.array([1]), Precision(np.zeros(1), "float64")
    >>> bounds = {"bound": np.array([0.75]), "other_bound": np.array([0.2])}
    >>> log = Log("a.tsv", "l1cert", one, one, one, one, np.array([0.5]), said, **bounds)
    >>> def states(certificate):
    ...     stated = {"sigma": 1, "num_samples": 9, "alpha": "0.1", "certificate": certificate}
    ...     return Parameters.parse("laplace", **stated)
    >>> [other_bound(log, states(one)) for one in ("exact", "theorem_2")]
    [array([0.2]), None]
    """
    if parameters.certificate == "theorem_2" or log.bound is None or log.other_bound is None:
        return None
    other = np.where(np.isnan(log.other_bound), 1.0, log.other_bound)
    return other if np.any(other < 1 - log.bound) else None


def radius_at(
    parameters: Parameters,
    p_a: Floats,
    p_b: Floats | None = None,
    *,
    method: Method | None = None,
) -> Floats:
    """The radius at bounds on PA and PB, rounded down; NaN where nothing is certified.

    PB is at most 1 - PA, whatever its own bound says. `theorem_2` takes no PB.

    Examples
    --------
    >>> run = Parameters.parse("uniform", sigma=1, num_samples=9, alpha="0.1")
    >>> radius_at(run, np.array([0.75, 0.375, 0.25]), np.array([0.5, 0.25, 0.375])).round(6)
    array([0.866025, 0.216506,      nan])
    """
    if p_b is None or (method or parameters.certificate) == "theorem_2":
        return np.asarray(parameters.radius(p_a, method=method), np.float64)
    p_b = np.where(p_a >= 0.5, np.minimum(p_b, 1 - p_a), p_b)  # exact from 1/2 on
    at = p_b <= p_a
    radii = np.full(p_a.shape, ABSTAIN)
    radii[at] = parameters.radius(p_a[at], p_b[at], method=method)
    return radii


def recorded(log: Log, parameters: Parameters) -> tuple[Ints, Ints]:
    """The votes and how many samples they are of; 0 votes where they cannot be so many.

    Without recorded votes, 0 of the stated n everywhere.
    """
    stated = np.full(len(log), parameters.num_samples, np.int64)
    if log.votes is None:
        return np.zeros(len(log), np.int64), stated
    samples = stated if log.num_samples is None else log.num_samples
    possible = (log.votes >= 0) & (log.votes <= samples) & (samples <= MAX_SAMPLES) & (samples > 0)
    return np.where(possible, log.votes, 0), np.where(possible, samples, stated)


def bounds_of(counts: Ints, samples: Ints, level: float, *, anytime: bool = False) -> Floats:
    """The lower bound of each count, Clopper and Pearson's or that which holds at any time.

    Rounded down.

    >>> bounds_of(np.array([90, 99]), np.array([100, 99]), 0.01).round(6)
    array([0.80867 , 0.954548])
    """
    bound = anytime_lower if anytime else confidence.lower
    return _of_distinct(bound, counts, samples, level)


def most_of(log: Log, num_samples: int, level: float) -> float:
    """The bound of a log's kind where all samples voted alike."""
    counts = np.array([num_samples], np.int64)
    return bounds_of(counts, counts, level, anytime=log.anytime).item()


def other_bounds_of(counts: Ints, samples: Ints, level: float) -> Floats:
    """The upper Clopper-Pearson bound of each count, rounded up; 1 where it cannot be one.

    >>> other_bounds_of(np.array([10, 0, 101]), np.array([100, 99, 100]), 0.01).round(6)
    array([0.19133 , 0.045452, 1.      ])
    """
    return _of_distinct(
        confidence.upper,
        np.where((counts >= 0) & (counts <= samples), counts, samples),
        samples,
        level,
    )


def _of_distinct(bound: Callable[..., float], counts: Ints, samples: Ints, level: float) -> Floats:
    pairs = np.column_stack([counts, samples])
    distinct, which = np.unique(pairs, axis=0, return_inverse=True)
    found = [bound(k, n, alpha=level) for k, n in distinct.tolist()]
    return np.array(found, np.float64)[which.ravel()]


def _reading(log: Log, parameters: Parameters, low: Floats, high: Floats, tell: Bools) -> Interval:
    """Two-sided where that leaves at most half as many rows unfit as one-sided does.

    A log of other parameters fits neither, and which of them better is chance: then one-sided,
    which allows more. Where that is so, it is asked again as far off as float32 computes.
    """
    if log.anytime:  # such a bound is for one side
        return "one_sided"
    told = np.count_nonzero(tell)
    for error in (0.0, COMPUTED["float32"]):
        ends = np.maximum(low - error, 0.0), np.minimum(high + error, 1.0)
        unfit = [
            told - np.count_nonzero(tell & _fits(log, parameters, *ends, level))
            for level in (float(parameters.alpha), float(parameters.alpha) / 2)
        ]
        if not unfit[0]:
            break
        if 2 * unfit[1] <= unfit[0]:
            return "two_sided"
    return "one_sided"


def _fits(log: Log, parameters: Parameters, low: Floats, high: Floats, level: float) -> Bools:
    """Whether the bound printed can be that of the votes, or of any count, at a level."""
    if log.votes is None:
        least, most = counts_between(low, high, parameters.num_samples, alpha=level)
        return np.asarray(least <= most)
    exact = bounds_of(*recorded(log, parameters), level, anytime=log.anytime)
    inside = (low * (1 - END_MARGIN) <= exact) & (exact <= high * (1 + END_MARGIN))
    return np.asarray(inside)
