"""Ready properties of a radius that need no noise: monotone, and equivariant in the scale."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from l1cert.testing.searches import LEAST, MOST, RadiusError, points_of, shortest, sizes_of
from l1cert.testing.strategies import probabilities
from l1cert.testing.subjects import Point, Points, Subject, plainest
from l1cert.workbench.probes import fine_probabilities
from theory.conjectures.axis_noise import NoiseInput

__all__ = ["assert_monotone", "assert_scale_equivariant"]


def assert_monotone(
    radius: Callable[..., object],
    *,
    noise: NoiseInput = "laplace",
    setting: str = "binary",
    num_classes: int | None = None,
    max_examples: int = 100,
    seed: int = 0,
) -> None:
    """Assert that the radius does not fall in p_a and does not grow in p_b, at every scale.

    Parameters
    ----------
    radius, setting, num_classes, max_examples, seed
        As in `assert_radius_sound`.
    noise : as there
        It translates lam, sigma and half_width, and its exact radius tells how much rounding may
        do to a formula.

    Raises
    ------
    RadiusError
        An AssertionError with two points in the wrong order.
    ValueError
        If an argument is outside its domain, or the function returns no radius.

    Examples
    --------
    >>> import math
    >>> def lecuyer(p_a, p_b, lam):
    ...     return lam / 2 * math.log(p_a / p_b)
    >>> assert_monotone(lecuyer, setting="multiclass")
    """
    subject = Subject.of(radius, noise=noise, setting=setting, num_classes=num_classes)
    for weaker, stronger in _chains(subject):
        found = np.flatnonzero(_falls(weaker, stronger))
        if len(found):
            raise _disordered(subject, *plainest(found, weaker, stronger))
    drawn = shortest(
        _ordered_points(subject),
        lambda two: bool(_falls(subject.at_one(two[0]), subject.at_one(two[1]))[0]),
        max_examples=max_examples,
        seed=seed,
    )
    if drawn is not None:
        raise _disordered(subject, *drawn)


def _falls(weaker: Points, stronger: Points) -> NDArray[np.bool_]:
    """Where a stronger hypothesis has a smaller radius, by more than rounding."""
    with np.errstate(invalid="ignore"):  # inf - inf: two infinite radii are in order
        gap = weaker.claimed - stronger.claimed
    return np.asarray(gap > weaker.rounding + stronger.rounding)


def _chains(subject: Subject) -> Iterator[tuple[Points, Points]]:
    """Neighbours along chains of growing p_a, and of falling p_b, at a few scales."""
    pairs = subject.pairs()
    if pairs.p_b is None:
        line = np.unique(pairs.p_a)
        if subject.radius.vectorised and not subject.domain.slow:
            line = np.union1d(line, fine_probabilities())
        weak_b = strong_b = None
        weak, strong = line[:-1], line[1:]
    else:
        found = set(zip(pairs.p_a.tolist(), pairs.p_b.tolist(), strict=True))
        along_b = sorted(found, key=lambda at: (at[0], -at[1]))
        along_a = sorted(found, key=lambda at: (at[1], at[0]))
        steps = [two for two in pairwise(along_b) if two[0][0] == two[1][0]]
        steps += [two for two in pairwise(along_a) if two[0][1] == two[1][1]]
        (weak, weak_b), (strong, strong_b) = np.array(steps).transpose(1, 2, 0)
    step = slice(None, None, subject.stride)
    weak, strong = weak[step], strong[step]
    if weak_b is not None and strong_b is not None:
        weak_b, strong_b = weak_b[step], strong_b[step]
    for scale in subject.few_scales:
        sizes = np.full(len(weak), scale)
        yield subject.at(weak, weak_b, sizes), subject.at(strong, strong_b, sizes)


@st.composite
def _ordered_points(draw: st.DrawFn, subject: Subject) -> tuple[Point, Point]:
    """A point, and one with a larger p_a or a smaller p_b."""
    weaker = draw(points_of(subject))
    if weaker.p_b is not None and draw(st.booleans()):
        smaller = draw(probabilities(most=weaker.p_b).map(lambda p: max(p, LEAST)))
        return weaker, replace(weaker, p_b=min(smaller, weaker.p_b))
    return weaker, replace(weaker, p_a=draw(probabilities(least=weaker.p_a, most=MOST)))


def _disordered(subject: Subject, weaker: Point, stronger: Point) -> RadiusError:
    low, high = (float(subject.at_one(end).claimed[0]) for end in (weaker, stronger))
    rows = [*weaker.rows(), ("radius", repr(low))]
    moved = "p_a" if stronger.p_a != weaker.p_a else "p_b"
    rows.append((f"{moved}'", f"{getattr(stronger, moved)!r}, all else the same"))
    rows.append(("radius'", f"{high!r}, which is smaller"))
    grows = "p_a grows" if moved == "p_a" else "p_b falls"
    return RadiusError(f"the radius is not monotone: it falls where {grows}", rows)


def assert_scale_equivariant(
    radius: Callable[..., object],
    *,
    noise: NoiseInput = "laplace",
    setting: str = "binary",
    num_classes: int | None = None,
    max_examples: int = 100,
    seed: int = 0,
) -> None:
    """Assert that R(p, t s) = t R(p, s) for every factor t > 0, but for rounding.

    Parameters
    ----------
    radius, setting, num_classes, max_examples, seed
        As in `assert_radius_sound`.
    noise : as there
        By name: every scale. It translates lam, sigma and half_width, and its exact radius tells
        how much rounding may do to a formula.

    Raises
    ------
    RadiusError
        An AssertionError with two scales whose radii are in another ratio.
    ValueError
        If an argument is outside its domain, the function returns no radius, or neither the noise
        nor the function leaves the scale open.

    Examples
    --------
    >>> import math
    >>> def lecuyer(p_a, p_b, lam):
    ...     return lam / 2 * math.log(p_a / p_b)
    >>> assert_scale_equivariant(lecuyer, setting="multiclass")
    """
    subject = Subject.of(radius, noise=noise, setting=setting, num_classes=num_classes)
    if subject.only_scale is not None:
        raise ValueError(
            f"noise = {subject.noise.text} has one scale and radius takes none: legal is a noise "
            "by name, or a radius of the scale"
        )
    for other in subject.hard_points():
        ones = np.ones(len(other))
        base = subject.at(other.pairs.p_a, other.pairs.p_b, ones)
        found = np.flatnonzero(_out_of_scale(base, other))
        if len(found):
            raise _disproportionate(subject, *plainest(found, base, other))
    drawn = shortest(
        st.tuples(points_of(subject), sizes_of(subject)),
        lambda two: bool(
            _out_of_scale(subject.at_one(two[0]), subject.at_one(replace(two[0], scale=two[1])))[0]
        ),
        max_examples=max_examples,
        seed=seed,
    )
    if drawn is not None:
        raise _disproportionate(subject, drawn[0], replace(drawn[0], scale=drawn[1]))


def _out_of_scale(base: Points, other: Points) -> NDArray[np.bool_]:
    """Where two radii of one pair are not in the ratio of their scales, beyond rounding."""
    factor = other.scale / base.scale
    with np.errstate(invalid="ignore"):  # inf - inf: two infinite radii are in order
        gap = np.abs(other.claimed - factor * base.claimed)
    return np.asarray(gap > other.rounding + factor * base.rounding)


def _disproportionate(subject: Subject, base: Point, other: Point) -> RadiusError:
    one, two = (float(subject.at_one(end).claimed[0]) for end in (base, other))
    rows = [
        *base.rows(),
        ("radius", repr(one)),
        ("scale'", f"{other.scale!r}, all else the same"),
        ("radius'", f"{two!r}, not {one * (other.scale / base.scale)!r}"),
    ]
    return RadiusError("the radius is not proportional to the scale", rows)
