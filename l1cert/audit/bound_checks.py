"""What the noise, n and alpha say against a log: radii and bounds that they cannot give.

Nothing here accuses a row by rounding alone: half a unit of the last printed digit is granted
where the kind asks what was computed, and where it asks what is printed, `explained_by` says how
many rows rounding explains. An exact bound is known up to 2^-39 of itself (`theory.count_lattice`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from flint import arb

from l1cert.audit.explanations import explain
from l1cert.audit.findings import Finding
from l1cert.audit.log import ABSTAINED, Floats, Ints, Log, Precision
from l1cert.audit.parameters import Parameters
from l1cert.audit.probabilities import (
    COMPUTED,
    Bools,
    Implied,
    bounds_of,
    computing_error,
    most_of,
    other_bound,
    other_bounds_of,
    printed_interval,
    radius_at,
)
from l1cert.audit.roundings import Explanations, rounding, single_rounding, spacing
from l1cert.audit.row_checks import finding
from theory.certificates import radius_ball
from theory.count_lattice import END_MARGIN, on_lattice
from theory.exact import round_nearest
from theory.inverse_radii import implied_probabilities
from theory.sample_sizes import largest_radius

#: what a few roundings of float64 may move a probability by, and of itself a radius
FLOAT_MARGIN = 2.0**-50
#: what SciPy's inverse of the beta law may be off by up to n = 2 10^7 (at 999 misses it stops
#: early: 2.5e-9 too high there), and at most of the 1/n between neighbouring bounds
INVERSE_ERROR, INVERSE_PART = 2.0**-28, 2.0**-4


def ceiling(log: Log, parameters: Parameters) -> dict[str, Any]:
    """The largest radius that n samples certify at alpha, and the rows above it.

    Parameters
    ----------
    log, parameters
        What is audited, against what.

    Returns
    -------
    dict
        "one_sided" and "two_sided" (alpha/2), to nearest; "value", the one that rows are held
        against, which is the larger; "rows_above_one_sided" and "rows_above_two_sided", by more
        than half a unit of their last digit. To be above the two-sided one alone is no violation:
        it says only that the bounds are one-sided.

    Examples
    --------
    >>> from l1cert.audit.log import Precision
    >>> run = Parameters.parse("gaussian", sigma="0.5", num_samples=100_000, alpha="0.001")
    >>> place, said = np.array([2, 3]), Precision(np.full(2, 0.005), "3 significant digits")
    >>> log = Log("a.tsv", "cohen", place, place, place, place, np.array([1.9, 1.96]), said)
    >>> found = ceiling(log, run)
    >>> round(found["one_sided"], 6), round(found["two_sided"], 6), found["rows_above_two_sided"]
    (1.905728, 1.893879, 2)
    """
    one, two = (_most(log, parameters, sides) for sides in (1, 2))
    above = [int(np.count_nonzero(_above(log, parameters, sides))) for sides in (1, 2)]
    return {
        "value": one,
        "one_sided": one,
        "two_sided": two,
        "rows_above_one_sided": above[0],
        "rows_above_two_sided": above[1],
    }


def bound_findings(log: Log, parameters: Parameters, implied: Implied) -> tuple[Finding, ...]:
    """Every fault of the radii and bounds at the stated parameters, in the order of the kinds.

    Parameters
    ----------
    log, parameters
        What is audited, against what.
    implied
        `implied_by(log, parameters)`.

    Returns
    -------
    tuple of Finding
        Those that have rows, of the kinds "above_ceiling", "off_lattice", "above_own_bound",
        "bound_above_clopper_pearson", "other_bound_below_clopper_pearson", "wrong_sample_count"
        and "missed_abstention". They are of rows with a predicted class, "wrong_sample_count" of
        all.

    Examples
    --------
    >>> from l1cert.audit.log import Precision
    >>> from l1cert.audit.probabilities import implied_by
    >>> run = Parameters.parse("uniform", sigma=1, num_samples=1000, alpha="0.01")
    >>> place, said = np.array([0]), Precision(np.zeros(1), "float64")
    >>> bound = {"bound": np.array([0.75]), "bound_precision": said}
    >>> log = Log("run", "rs4a", place, place, place, place, np.array([0.9]), said, **bound)
    >>> [found.kind for found in bound_findings(log, run, implied_by(log, run))]
    ['off_lattice', 'above_own_bound']
    """
    above = implied.certified & _above(log, parameters, 1)
    lattice = _off(log, parameters, implied, _inverse_error(parameters.num_samples))
    higher: Explanations = ()
    others: Explanations = ()
    if (above.any() or lattice.any()) and not log.anytime:
        low, high = printed_interval(log, parameters)
        explained = explain(low[implied.certified], high[implied.certified], parameters)
        least = np.log(float(parameters.alpha)) / parameters.num_samples
        others = tuple(one for one in explained if _explains(one, low[lattice], high[lattice]))
        higher = tuple(
            one
            for one in explained
            if np.log(_level(one)) / one["n"] > least and _explains(one, low[above], high[above])
        )
    far = above & _above(log, parameters, 1, COMPUTED["float32"])
    off = lattice & _off(log, parameters, implied, COMPUTED["float32"])
    found = [
        _above_ceiling(log, parameters, above, single_rounding(log, above, far) + higher),
        _off_lattice(log, implied, lattice, single_rounding(log, lattice, off) + others),
        *_above_own_bound(log, parameters, implied),
        *_above_clopper_pearson(log, parameters, implied),
        *_below_clopper_pearson(log, parameters, implied),
        *_wrong_sample_count(log, parameters),
        _missed_abstention(log, parameters, implied),
    ]
    return tuple(one for one in found if len(one.rows))


def _most(log: Log, run: Parameters, sides: int) -> float:
    alpha, n = run.alpha / sides, run.num_samples
    if log.anytime:
        most = np.array([most_of(log, n, float(alpha))])
        return float(np.nan_to_num(radius_at(run, most)).item())
    return largest_radius(run.certificate, n, alpha=alpha, scale=run.scale).value


def _level(one: Mapping[str, Any]) -> float:
    return float(one["alpha"]) / (1 if one["one_sided"] else 2)


def _explains(one: Mapping[str, Any], low: Floats, high: Floats) -> bool:
    """Whether any of these rows is on its lattice: the lattice that the log is on has others."""
    return bool(on_lattice(low, high, one["n"], alpha=_level(one)).any())


def _inverse_error(samples: Ints | int) -> Floats:
    return np.minimum(INVERSE_ERROR, INVERSE_PART / np.asarray(samples))


def _off(log: Log, parameters: Parameters, implied: Implied, margin: Floats | float) -> Bools:
    """Rows between two bounds of the lattice, farther than a margin from either."""
    at = implied.certified & (implied.k_low > implied.k_high)
    low, high = (end[at] for end in printed_interval(log, parameters))
    low, high = np.maximum(low - margin, 0.0), np.minimum(high + margin, 1.0)
    at[at] = ~on_lattice(low, high, parameters.num_samples, alpha=implied.level)
    return at


def _above(log: Log, parameters: Parameters, sides: int, margin: float = FLOAT_MARGIN) -> Bools:
    """Rows above the ceiling by more than half a unit, and than a margin of PA moves it."""
    top = np.array([_most(log, parameters, sides)])
    _, p_top = implied_probabilities(parameters.certificate, top, scale=parameters.scale)
    error = max(margin, computing_error(log), END_MARGIN if log.anytime else 0.0)
    moved = radius_at(parameters, np.clip(p_top + error, 0.5, 1.0))
    limit = max(moved.item(), top.item()) * (1 + FLOAT_MARGIN)
    at = least_radius(log) > limit
    return np.asarray(at & (log.predict != ABSTAINED))


def least_radius(log: Log) -> Floats:
    """What the radius was at least before it was printed, rounded down."""
    half_unit = log.radius_precision.half_unit
    return np.where(half_unit > 0, np.nextafter(log.radius - half_unit, -np.inf), log.radius)


def _above_ceiling(log: Log, parameters: Parameters, at: Bools, explained: Explanations) -> Finding:
    top = _most(log, parameters, 1)
    return _explained(
        finding(
            log,
            "above_ceiling",
            at,
            log.radius,
            radius=log.radius,
            ceiling=top,
            excess=log.radius - top,
        ),
        explained,
    )


def _off_lattice(log: Log, implied: Implied, at: Bools, explained: Explanations) -> Finding:
    gap = implied.p_low - implied.supported
    return _explained(
        finding(
            log,
            "off_lattice",
            at,
            gap,
            radius=log.radius,
            p_low=implied.p_low,
            p_high=implied.p_high,
            below=implied.supported,
            interval=implied.interval,
        ),
        explained,
    )


def _explained(found: Finding, by: Explanations) -> Finding:
    return Finding(found.kind, found.rows, found.worst, by if len(found.rows) else ())


def _above_own_bound(log: Log, parameters: Parameters, implied: Implied) -> list[Finding]:
    """The radius against the certificate at the very bound that is printed, decided exactly.

    `radius_at` is the largest float that is not above the exact value: a float is above the one
    where it is above the other.
    """
    if log.bound is None:
        return []
    other = other_bound(log, parameters)
    exact = radius_at(parameters, log.bound, other)
    at = implied.certified & (log.radius > exact)  # never above NaN, which is an abstention
    if not at.any():
        return []
    with np.errstate(invalid="ignore"):
        excess = np.where(at, log.radius - exact, -np.inf)
    worst = int(excess.argmax())
    if np.isfinite(excess[worst]):
        # a difference of floats may be off by as much as it is
        p_a, p_b = log.bound[worst], None if other is None else other[worst]
        excess[worst] = _excess(parameters, log.radius[worst], p_a, p_b)
    high = np.minimum(printed_interval(log, parameters)[1] + FLOAT_MARGIN, 1.0)
    room = radius_at(parameters, high, other) * (1 + FLOAT_MARGIN)
    rounded = at & (least_radius(log) <= room)
    found = finding(
        log,
        "above_own_bound",
        at,
        excess,
        radius=log.radius,
        bound=log.bound,
        exact=exact,
        excess=excess,
        float32_units=excess / spacing(log.radius, np.float32),
        float64_units=excess / spacing(log.radius, np.float64),
    )
    return [_explained(found, rounding(log.radius_precision, log.radius, excess, at, rounded))]


def _excess(
    parameters: Parameters, radius: np.float64, p_a: np.float64, p_b: np.float64 | None
) -> float:
    """How far a float is above the exact value of `radius_at`, to nearest."""
    if p_b is not None and p_a >= 0.5:
        p_b = min(p_b, 1 - p_a)

    def ball(precision: int) -> arb:
        exact = radius_ball(
            parameters.certificate,
            float(p_a),
            None if p_b is None else float(p_b),
            scale=parameters.scale,
            precision=precision,
        )
        return arb(float(radius)) - exact

    return round_nearest(ball)


def _above_clopper_pearson(log: Log, parameters: Parameters, implied: Implied) -> list[Finding]:
    if log.bound is None:
        return _radius_above_votes(log, parameters, implied) if implied.source == "votes" else []
    counts = implied.counts if implied.source == "votes" else implied.k_high
    known = implied.certified & (implied.k_low <= implied.k_high)
    exact = np.ones(len(log))
    level = implied.level
    exact[known] = bounds_of(counts[known], implied.samples[known], level, anytime=log.anytime)
    at = known & (log.bound > exact * (1 + END_MARGIN))
    excess = log.bound - exact
    least = printed_interval(log, parameters)[0]
    precision = log.bound_precision or Precision(np.zeros(len(log)), "float64")
    found = finding(
        log,
        "bound_above_clopper_pearson",
        at,
        excess,
        bound=log.bound,
        count=counts,
        exact=exact,
        excess=excess,
        interval=implied.interval,
    )
    rounded = at & (least <= exact * (1 + END_MARGIN) + _inverse_error(implied.samples))
    far = at & (excess > COMPUTED["float32"])
    explained = rounding(precision, log.bound, excess, at, rounded)
    return [_explained(found, explained or single_rounding(log, at, far))]


def _radius_above_votes(log: Log, parameters: Parameters, implied: Implied) -> list[Finding]:
    """Without a printed bound, the radius against that of the votes."""
    error = np.maximum(_inverse_error(implied.samples), computing_error(log))
    exact, most = (
        np.nan_to_num(radius_at(parameters, np.minimum(p, 1.0)), nan=0.0, posinf=np.inf)
        for p in (implied.supported, implied.supported * (1 + END_MARGIN) + error)
    )
    at = implied.certified & (least_radius(log) > most * (1 + FLOAT_MARGIN))
    found = finding(
        log,
        "bound_above_clopper_pearson",
        at,
        log.radius - exact,
        radius=log.radius,
        count=implied.counts,
        exact=exact,
        excess=log.radius - exact,
        interval=implied.interval,
    )
    return [found]


def _below_clopper_pearson(log: Log, parameters: Parameters, implied: Implied) -> list[Finding]:
    """PB against the exact upper bound of the runner-up, or 1 - PA where that is less."""
    other = other_bound(log, parameters)
    if other is None or log.bound is None or log.runner_up is None:
        return []
    exact = other_bounds_of(log.runner_up, implied.samples, implied.level)
    least = np.minimum(exact * (1 - END_MARGIN), 1 - log.bound)
    at = implied.certified & (other < least)
    return [
        finding(
            log,
            "other_bound_below_clopper_pearson",
            at,
            exact - other,
            other_bound=other,
            count=log.runner_up,
            exact=exact,
            excess=exact - other,
        )
    ]


def _wrong_sample_count(log: Log, parameters: Parameters) -> list[Finding]:
    if log.votes is None:
        return []
    stated = np.full(len(log), parameters.num_samples, np.int64)
    samples = stated if log.num_samples is None else log.num_samples
    runner_up = np.zeros_like(stated) if log.runner_up is None else log.runner_up
    impossible = (log.votes < 0) | (runner_up < 0) | (log.votes > samples - runner_up)
    wrong = samples > stated if log.anytime else samples != stated
    return [
        finding(
            log,
            "wrong_sample_count",
            wrong | impossible,
            np.abs(samples.astype(np.float64) - stated) + impossible,
            votes=log.votes,
            num_samples=samples,
            stated=parameters.num_samples,
        )
    ]


def _missed_abstention(log: Log, parameters: Parameters, implied: Implied) -> Finding:
    """Rows for which nothing that the log leaves open certifies their class."""
    if implied.source == "votes":
        high = np.minimum(implied.supported * (1 + END_MARGIN), 1.0)
    else:
        high = implied.p_high
    missed = np.isnan(radius_at(parameters, high, implied.other))
    if log.bound is None:
        # of the Laplace radii no probability is negative
        missed |= -log.radius > log.radius_precision.half_unit
    elif implied.source == "votes":
        printed = printed_interval(log, parameters)[1]
        missed |= np.isnan(radius_at(parameters, printed, other_bound(log, parameters)))
    return finding(
        log,
        "missed_abstention",
        implied.certified & missed,
        -high,
        bound=implied.supported if log.bound is None else log.bound,
        radius=log.radius,
    )
