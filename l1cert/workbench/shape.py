"""The shape of a conjectured radius: where it abstains, whether it scales, whether it is monotone.

Differences within the tolerance of `l1cert.workbench.probes` are rounding and count as none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from l1cert.workbench.callables import WrappedRadius
from l1cert.workbench.probes import Domain, exact_scales

__all__ = ["Shape", "Step", "shape_of"]

Floats = NDArray[np.float64]

_ROUNDING = 2.0**-40
_LEVELS = 12


@dataclass(frozen=True, slots=True)
class Step:
    """Two points between which a radius moves the wrong way, and by how much, relatively.

    The points are (p_a, p_b, scale); `relative` is the difference over the larger radius.
    """

    relative: float
    first: tuple[float, float | None, float]
    second: tuple[float, float | None, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """What was seen of the shape of a radius.

    Parameters
    ----------
    abstains_below : float or None
        Without PB: the radius is 0 up to this PA, and positive just above; 1 if it is 0
        everywhere. None with PB, and all are None where a radius is too slow to look.
    scale_deviation : Step or None
        The largest |R(p, s)/s - R(p, 1)| over the larger of both; None if there is none beyond
        rounding, or only one scale.
    falls_in_p_a, rises_in_p_b : Step or None
        The largest fall of R where PA grows, and rise where PB grows, beyond rounding.
    """

    abstains_below: float | None
    scale_deviation: Step | None
    falls_in_p_a: Step | None
    rises_in_p_b: Step | None


def shape_of(
    wrapped: WrappedRadius, domain: Domain, scale: float | None, rng: np.random.Generator
) -> Shape:
    """The shape of a radius on some thousand points, at scale 1 or at the only one.

    Parameters
    ----------
    wrapped : WrappedRadius
        The radius.
    domain : Domain
        Its domain.
    scale : float or None
        The only scale; None: all.
    rng : numpy.random.Generator
        Chooses the points.

    Returns
    -------
    Shape
        Of the floats that were seen; nothing is proved.

    Raises
    ------
    ValueError
        As the radius raises.

    Examples
    --------
    >>> import sympy as sp
    >>> from l1cert.workbench.callables import wrap
    >>> from theory.conjectures.axis_noise import parse_noise
    >>> from theory.conjectures.settings import Setting
    >>> laplace = parse_noise("laplace")
    >>> late = wrap(
    ...     lambda p_a, lam: np.where(p_a > 0.75, -lam * np.log(2 - 2 * p_a), 0.0),
    ...     setting=Setting.BINARY,
    ...     words=laplace.words,
    ... )
    >>> domain = Domain(laplace, Setting.BINARY, 2, 2.0**-52)
    >>> shape_of(late, domain, None, np.random.default_rng(1)).abstains_below
    0.75
    """
    base = 1.0 if scale is None else scale
    probabilities = np.unique(np.concatenate([special.expit(np.linspace(-12, 30, 300)), _plain()]))
    deviation = _scale_deviation(wrapped, domain, rng) if scale is None else None
    if not domain.setting.has_p_b:
        values = wrapped(probabilities, None, base)
        fall = _fall(domain, probabilities, None, base, values)
        return Shape(_abstention(wrapped, probabilities, values, base), deviation, fall, None)
    falls, rises = [], []
    for level in special.expit(np.linspace(-10.0, 8.0, _LEVELS)):
        p_a = probabilities[(probabilities >= level) & (probabilities < 1.0)]
        p_b = np.full(len(p_a), level)
        falls.append(_fall(domain, p_a, p_b, base, wrapped(p_a, p_b, base)))
        p_b = probabilities[probabilities <= level][::-1]
        p_a = np.full(len(p_b), level)
        rises.append(_fall(domain, p_a, p_b, base, wrapped(p_a, p_b, base)))
    return Shape(None, deviation, _largest(falls), _largest(rises))


def _plain() -> Floats:
    return np.array([k / 100 for k in range(1, 100)] + [0.5 - 2.0**-20, 0.5 + 2.0**-20])


def _largest(steps: list[Step | None]) -> Step | None:
    found = [step for step in steps if step is not None]
    return max(found, key=lambda step: step.relative, default=None)


def _fall(
    domain: Domain, p_a: Floats, p_b: Floats | None, scale: float, values: Floats
) -> Step | None:
    """The largest fall of the values along an order in which they should grow."""
    tolerance = scale * domain.tolerance(p_a, p_b) + _ROUNDING * np.minimum(values, 1e300)
    highest = np.maximum.accumulate(values)
    with np.errstate(invalid="ignore"):
        drop = np.where(values < highest, highest - values, 0.0)
    # the tolerance at the higher point is not larger than the largest so far
    drop = np.where(drop > tolerance + np.maximum.accumulate(tolerance), drop, 0.0)
    relative = np.where(np.isinf(drop), 1.0, drop / np.where(highest > 0.0, highest, 1.0))
    j = int(np.argmax(relative))
    if relative[j] <= 0.0:
        return None
    i = int(np.argmax(values[:j] == highest[j]))

    def point(at: int) -> tuple[float, float | None, float]:
        return float(p_a[at]), None if p_b is None else float(p_b[at]), scale

    return Step(float(relative[j]), point(i), point(j))


def _scale_deviation(
    wrapped: WrappedRadius, domain: Domain, rng: np.random.Generator
) -> Step | None:
    few_a, few_b = domain.spread(rng, _LEVELS)
    scales = exact_scales(tuple(wrapped.factors.values()))
    chosen, scale = np.repeat(np.arange(_LEVELS), len(scales)), np.tile(scales, _LEVELS)
    p_a, p_b = few_a[chosen], None if few_b is None else few_b[chosen]
    one = wrapped(few_a, few_b, 1.0)[chosen]
    with np.errstate(over="ignore", invalid="ignore"):
        other = wrapped(p_a, p_b, scale) / scale
        gap = np.where(one == other, 0.0, np.abs(one - other))
    larger = np.maximum(one, other)
    room = domain.tolerance(few_a, few_b)[chosen]
    tolerance = room + _ROUNDING * np.minimum(larger, 1e300)
    relative = np.where(gap > tolerance, gap / np.where(larger > 0.0, larger, 1.0), 0.0)
    relative = np.where(np.isinf(gap), 1.0, relative)
    i = int(np.argmax(relative))
    if relative[i] <= 0.0:
        return None
    at = float(p_a[i]), None if p_b is None else float(p_b[i])
    return Step(float(relative[i]), (*at, 1.0), (*at, float(scale[i])))


def _abstention(wrapped: WrappedRadius, p_a: Floats, values: Floats, scale: float) -> float:
    """The last float up to which the values are 0, by bisection between two probes."""
    positive = np.flatnonzero(values > 0.0)
    if not len(positive):
        return 1.0
    first = int(positive[0])
    low, high = (float(p_a[first - 1]) if first else 0.0), float(p_a[first])
    while low < (middle := 0.5 * (low + high)) < high:
        if float(wrapped([middle], None, [scale])[0]) > 0.0:
            high = middle
        else:
            low = middle
    return low
