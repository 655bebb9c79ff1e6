"""Certified accuracy of a log, and the other certificates that its probabilities allow."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np

from l1cert.audit.log import ABSTAINED, Floats, Log
from l1cert.audit.parameters import CERTIFICATES, Noise, Parameters
from l1cert.audit.probabilities import Implied, bounds_of, other_bounds_of, radius_at
from l1cert.audit.row_checks import Bools, right
from theory import gaussian_certificates
from theory.exact import Exact, describe, to_fraction

#: the norm in which each noise certifies
NORMS: Mapping[Noise, str] = MappingProxyType({"laplace": "l1", "gaussian": "l2", "uniform": "l1"})

#: under Gaussian noise there are two more, of two classes
GAUSSIAN: Mapping[str, Callable[..., Any]] = MappingProxyType(
    {"lecuyer": gaussian_certificates.lecuyer_gaussian, "li": gaussian_certificates.li}
)

#: steps of the default radii, as parts of a power of ten
_STEPS = (Fraction(1), Fraction(2), Fraction(5, 2), Fraction(5), Fraction(10))
_MOST_RADII = 12


def certified_accuracy(log: Log, radii: Sequence[Exact]) -> list[dict[str, float]]:
    r"""The share of all inputs that are classified rightly and certified at a radius.

    .. math:: \mathrm{accuracy}(r) = \#\{i : \text{predict}_i = \text{label}_i,\; R_i \ge r\}/m

    Cohen et al. (2019), section 4: an abstention counts as wrong.

    Parameters
    ----------
    log
        m rows; `Log.correct` is not asked.
    radii
        Exact numbers in [0, inf), each compared as the float nearest to it, as the log's are.

    Returns
    -------
    list of dict
        For every radius in the order given "radius", "value" as the log says it, and "lower" and
        "upper", between which it lies whatever the radii were before they were rounded.

    Raises
    ------
    ValueError
        For a radius outside its set.

    Examples
    --------
    >>> from l1cert.audit.log import Precision
    >>> place, said = np.array([2, 3]), Precision(np.full(2, 0.005), "2 decimals")
    >>> log = Log("a.tsv", "cohen", place, place, place, place, np.array([0.25, 0.5]), said)
    >>> certified_accuracy(log, ["0.253"])
    [{'radius': 0.253, 'value': 0.5, 'lower': 0.5, 'upper': 1.0}]
    """
    correct, rows = right(log), len(log)
    half = log.radius_precision.half_unit
    low = np.where(half > 0, np.nextafter(log.radius - half, -np.inf), log.radius)[correct]
    high = np.where(half > 0, np.nextafter(log.radius + half, np.inf), log.radius)[correct]
    said = log.radius[correct]
    found = []
    for exact in map(checked_radius, radii):
        nearest = float(exact)
        found.append(
            {
                "radius": nearest,
                "value": _share(said >= nearest, rows),
                "lower": _share(low >= _above(exact), rows),
                "upper": _share(high >= -_above(-exact), rows),
            }
        )
    return found


def default_radii(log: Log) -> list[Fraction]:
    """0 and a round step, up to the largest finite radius of a predicted class.

    Examples
    --------
    >>> from l1cert.audit.log import Precision
    >>> place, said = np.array([2, 3]), Precision(np.full(2, 0.005), "2 decimals")
    >>> log = Log("a.tsv", "cohen", place, place, place, place, np.array([0.25, 1.96]), said)
    >>> [float(radius) for radius in default_radii(log)]
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4, 1.6, 1.8]
    """
    radii = log.radius[(log.predict != ABSTAINED) & np.isfinite(log.radius)]
    largest = Fraction(float(radii.max(initial=0.0)))
    if largest <= 0:
        return [Fraction(0)]
    power = Fraction(10) ** (Decimal(float(largest)).adjusted() - 1)
    # the largest is below 100 powers: ten of them always leave few enough
    step = next(one * power for one in _STEPS if largest < _MOST_RADII * one * power)
    return [number * step for number in range(math.floor(largest / step) + 1)]


def other_certificates(
    log: Log, parameters: Parameters, implied: Implied, radii: Sequence[Exact]
) -> dict[str, dict[str, Any]]:
    """Every other certificate that the log's probabilities allow: of the same noise, no other.

    They are evaluated at `Implied.supported`, which holds for all that a printed number may stand
    for, with two classes, PB = 1 - PA, unless the log's own certificate uses PB.

    Parameters
    ----------
    log, parameters, implied
        What is audited, against what, and `implied_by` of them.
    radii
        As for `certified_accuracy`.

    Returns
    -------
    dict
        By name: the other certificates of `CERTIFICATES`; "lecuyer" and "li" under Gaussian noise
        (`theory.gaussian_certificates`); "one_sided", the log's own at the one-sided bounds of the
        same counts, where those of the log are two-sided and of two classes; and
        "exact_simultaneous", `theory.certificates.exact` at bounds on PA and PB of alpha/2 each,
        where all n votes were recorded under Laplace noise. Of a log that states discrete noise
        there is neither `exact`. Each holds "norm"; "mean_radius",
        "median_radius" and "largest_radius" over all rows, an abstention as 0; and
        "certified_accuracy", of "radius" and "value". Rounded down.

    Raises
    ------
    ValueError
        For a radius outside its set.

    Examples
    --------
    >>> from l1cert.audit.log import Precision
    >>> from l1cert.audit.probabilities import implied_by
    >>> run = Parameters.parse("gaussian", sigma="0.5", num_samples=100_000, alpha="0.001")
    >>> place, said = np.array([2, 3]), Precision(np.full(2, 0.005), "3 significant digits")
    >>> log = Log("a.tsv", "cohen", place, place, place, place, np.array([1.22, 1.96]), said)
    >>> found = other_certificates(log, run, implied_by(log, run), ["1"])
    >>> [(name, round(one["largest_radius"], 4)) for name, one in found.items()]
    [('lecuyer', 0.2852), ('li', 1.6125)]
    """
    p_a = implied.supported
    found: dict[str, Floats] = {}
    for method in CERTIFICATES[parameters.noise]:
        # on a grid the proof of the exact radius with several classes fails
        if method != parameters.certificate and not (log.discrete and method == "exact"):
            found[method] = radius_at(parameters, p_a, implied.other, method=method)
    if parameters.noise == "gaussian":
        for name, certificate in GAUSSIAN.items():
            found[name] = certificate(p_a, sigma=parameters.scale)
    alpha = float(parameters.alpha)
    if implied.interval == "two_sided" and implied.other is None:
        at_alpha = bounds_of(implied.counts, implied.samples, alpha)
        found["one_sided"] = radius_at(parameters, at_alpha)
    own = parameters.certificate == "exact" and implied.other is not None
    fixed = not (log.anytime or log.discrete)
    laplace = parameters.noise == "laplace" and not own and fixed
    if laplace and implied.source == "votes" and log.runner_up is not None:
        # Bonferroni: each fails with probability alpha/2 at most
        p_a = bounds_of(implied.counts, implied.samples, alpha / 2)
        p_b = other_bounds_of(log.runner_up, implied.samples, alpha / 2)
        found["exact_simultaneous"] = radius_at(parameters, p_a, p_b, method="exact")
    correct, exact = right(log), [checked_radius(one) for one in radii]
    return {
        name: {"norm": NORMS[parameters.noise]}
        | _described(np.where(implied.certified, one, np.nan), correct, exact)
        for name, one in found.items()
    }


def _described(found: Floats, correct: Bools, radii: Sequence[Fraction]) -> dict[str, Any]:
    """What a certificate gives over all rows; NaN is an abstention, which is never right."""
    lengths = np.nan_to_num(found, nan=0.0, posinf=np.inf)
    certified = found[correct & ~np.isnan(found)]
    return {
        "mean_radius": float(lengths.mean()) if len(lengths) else 0.0,
        "median_radius": float(np.median(lengths)) if len(lengths) else 0.0,
        "largest_radius": float(lengths.max(initial=0.0)),
        "certified_accuracy": [
            {"radius": float(radius), "value": _share(certified >= _above(radius), len(found))}
            for radius in radii
        ],
    }


def _share(at: Bools, rows: int) -> float:
    return int(np.count_nonzero(at)) / max(rows, 1)


def checked_radius(value: Exact) -> Fraction:
    """A radius that is asked for, exactly; a ValueError of one line for any other.

    >>> checked_radius("0.25")
    Fraction(1, 4)
    """
    try:
        radius = to_fraction(value)
    except ValueError:
        radius = Fraction(-1)
    if not 0 <= radius <= Fraction(float(np.finfo(np.float64).max)):
        raise ValueError(
            f"radius = {describe(value)} is outside the finite numbers in [0, 1.8e308]"
        )
    return radius


def _above(exact: Fraction) -> float:
    """The least float that is not below a number."""
    nearest = float(exact)
    return nearest if Fraction(nearest) >= exact else math.nextafter(nearest, math.inf)
