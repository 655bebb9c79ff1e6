"""Strategies of base classifiers, and of points at which a theorem certifies a radius."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from hypothesis import strategies as st
from numpy.typing import ArrayLike

from l1cert.testing.classifiers import (
    Ball,
    Cells,
    Classifier,
    HalfSpace,
    Labels,
    Slab,
    rounding_of_smoothed,
    smoothed,
)
from l1cert.testing.perturbations import checked_kinds
from l1cert.testing.strategies import scales
from theory import certificates
from theory.exact import describe
from theory.noise import Gaussian, Laplace, Noise, Uniform
from theory.parameters import checked_flag, to_real

__all__ = ["CLASSIFIER_KINDS", "CertifiedPoint", "certified_points", "classifiers"]

CLASSIFIER_KINDS = ("half_spaces", "slabs", "balls", "cells")
NOISES: Mapping[str, type[Noise]] = {"laplace": Laplace, "gaussian": Gaussian, "uniform": Uniform}

#: label probabilities are whole multiples of 1/16, which floats add up exactly
_PARTS = 16
#: places are drawn up to so many standard deviations from the origin
_REACH = 4
_MOST_CUTS = 3
MOST_CLASSES = 1000


def _labels(num_classes: int) -> st.SearchStrategy[Labels]:
    """Label probabilities: one label alone as often as a random mixture."""
    alone = st.integers(0, num_classes - 1).map(
        lambda label: tuple(float(one == label) for one in range(num_classes))
    )
    cuts = st.lists(st.integers(0, _PARTS), min_size=num_classes - 1, max_size=num_classes - 1)
    mixed = cuts.map(
        lambda inner: tuple(np.diff([0, *sorted(inner), _PARTS]).astype(float) / _PARTS)
    )
    return st.one_of(alone, mixed.map(lambda parts: tuple(map(float, parts))))


def places(spread: float) -> st.SearchStrategy[float]:
    """A coordinate: an eighth of the spread as often as any float."""
    eighths = st.integers(-8 * _REACH, 8 * _REACH).map(lambda count: count / 8)
    return st.one_of(eighths, st.floats(-_REACH, _REACH)).map(lambda place: place * spread)


def _normals(dim: int, exact: bool) -> st.SearchStrategy[tuple[float, ...]]:
    """Signed axes, or any direction of small whole numbers."""
    axes = st.tuples(st.integers(0, dim - 1), st.sampled_from((1.0, -1.0))).map(
        lambda pair: tuple(pair[1] if place == pair[0] else 0.0 for place in range(dim))
    )
    if exact:
        return axes
    whole = st.tuples(*[st.integers(-3, 3).map(float)] * dim)
    return st.one_of(axes, whole.filter(any))


@st.composite
def _half_space(
    draw: st.DrawFn, dim: int, num_classes: int, spread: float, exact: bool
) -> HalfSpace:
    labels = _labels(num_classes)
    return HalfSpace(draw(_normals(dim, exact)), draw(places(spread)), draw(labels), draw(labels))


@st.composite
def _slab(draw: st.DrawFn, dim: int, num_classes: int, spread: float, exact: bool) -> Slab:
    labels = _labels(num_classes)
    low = draw(places(spread))
    width = draw(st.integers(1, 8 * _REACH)) / 8 * spread
    return Slab(draw(_normals(dim, exact)), low, low + width, draw(labels), draw(labels))


@st.composite
def _ball(draw: st.DrawFn, dim: int, num_classes: int, spread: float, exact: bool) -> Ball:
    labels = _labels(num_classes)
    norms: tuple[Literal["sup", "l1", "l2"], ...] = ("sup",) if exact else ("sup", "l1", "l2")
    norm = draw(st.sampled_from(norms))
    center = draw(st.tuples(*[places(spread)] * dim))
    size = draw(st.integers(1, 8 * _REACH)) / 8 * spread
    return Ball(center, size, norm, draw(labels), draw(labels))


@st.composite
def _cells(draw: st.DrawFn, dim: int, num_classes: int, spread: float, exact: bool) -> Cells:
    del exact  # cells always are
    cuts = st.lists(places(spread), max_size=_MOST_CUTS, unique=True).map(sorted).map(tuple)
    edges = draw(st.tuples(*[cuts] * dim))
    count = math.prod(len(one) + 1 for one in edges)
    # few kinds of boxes, so that many boxes take few draws
    kinds = draw(st.lists(_labels(num_classes), min_size=2, max_size=4))
    which = draw(st.lists(st.integers(0, len(kinds) - 1), min_size=count, max_size=count))
    return Cells(edges, tuple(kinds[one] for one in which))


_KINDS: Mapping[str, Callable[[int, int, float, bool], st.SearchStrategy[Classifier]]] = {
    "half_spaces": _half_space,
    "slabs": _slab,
    "balls": _ball,
    "cells": _cells,
}


@st.composite
def _classifier(
    draw: st.DrawFn,
    dim: int | None,
    num_classes: int | None,
    kinds: tuple[str, ...],
    spread: float,
    exact: bool,
) -> Classifier:
    kind = draw(st.sampled_from(kinds))
    d = draw(st.integers(1, 3)) if dim is None else dim
    classes = draw(st.integers(2, 4)) if num_classes is None else num_classes
    return draw(_KINDS[kind](d, classes, spread, exact))


def classifiers(
    *,
    dim: int | None = None,
    num_classes: int | None = None,
    kinds: Sequence[str] = CLASSIFIER_KINDS,
    spread: float = 1.0,
    exact: bool = False,
) -> st.SearchStrategy[Classifier]:
    """Randomised base classifiers: half-spaces, slabs, balls, and grids of boxes.

    Parameters
    ----------
    dim : int, optional
        In [1, 3]; omitted: each of them.
    num_classes : int, optional
        At least 2; omitted: 2, 3 or 4.
    kinds : sequence of {"half_spaces", "slabs", "balls", "cells"}
        Which are drawn.
    spread : float
        In (0, inf): places are drawn within 4 spreads of the origin; take the noise's standard
        deviation.
    exact : bool
        Only those that `smoothed` takes: along the axes, and balls of the sup norm.

    Returns
    -------
    SearchStrategy
        Frozen `HalfSpace`, `Slab`, `Ball` and `Cells`; label probabilities are multiples of 1/16.
        It shrinks towards one dimension, two classes, few cuts and label probabilities 0 and 1.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Examples
    --------
    >>> from hypothesis import find
    >>> half_spaces = classifiers(kinds=["half_spaces"])
    >>> find(half_spaces, lambda found: found.inside != found.outside)
    HalfSpace(normal=(1.0,), threshold=0.0, inside=(1.0, 0.0), outside=(0.0, 1.0))
    """
    asked: Any = dim
    if dim is not None and not (isinstance(asked, Integral) and 1 <= dim <= 3):
        raise ValueError(f"dim = {describe(dim)} is none of 1, 2, 3")
    asked = num_classes
    if num_classes is not None and not (
        isinstance(asked, Real) and 2 <= num_classes <= MOST_CLASSES and num_classes % 1 == 0
    ):
        raise ValueError(
            f"num_classes = {describe(num_classes)} is no integer of at least 2, nor above 1000"
        )
    checked_kinds(kinds, CLASSIFIER_KINDS)
    spread = to_real("spread", spread, "(0, inf)", lambda one: 0.0 < one < math.inf)
    exact = checked_flag("exact", exact)
    return _classifier(dim, num_classes, tuple(kinds), float(spread), exact)


@dataclass(frozen=True, slots=True)
class CertifiedPoint:
    """A base classifier, a noise, a point and a radius that a theorem certifies there.

    Parameters
    ----------
    classifier : Cells, HalfSpace, Slab or Ball
        Made of boxes, so that `smoothed` takes it.
    noise : Noise
        The law of each coordinate.
    x : tuple of float
        The point.
    prediction : int
        The label cA that the smoothed classifier gives x.
    p_a, p_b : float
        A lower bound on cA's exact probability at x, an upper bound on each other label's.
    radius : float
        Rounded down: cA is ahead at x + delta for every ||delta||_1 <= radius.
    """

    classifier: Classifier
    noise: Noise
    x: tuple[float, ...]
    prediction: int
    p_a: float
    p_b: float
    radius: float

    def margin(self, delta: ArrayLike) -> float:
        """How far cA is ahead of every other label at x + delta, to nearest."""
        found = smoothed(self.classifier, self.noise, np.add(self.x, delta))
        return float(found[self.prediction] - np.delete(found, self.prediction).max())

    @property
    def rounding(self) -> float:
        """What rounding may do to `margin`: that of `smoothed`, and that of x + delta."""
        moved = 2.0**-50 * (1 + (max(map(abs, self.x)) + self.radius) / self.noise.sigma)
        return 2 * rounding_of_smoothed(self.classifier) + moved * len(self.x)


def certified_radius(noise: Noise, p_a: float, p_b: float, num_classes: int) -> float:
    """The radius that a theorem certifies for all classifiers within the bounds, rounded down.

    Laplace: the largest one with so many classes. Gaussian: Cohen et al. 2019. Uniform: Yang et
    al. 2020.

    >>> certified_radius(Laplace(2.0), 0.75, 0.25, 2) == certificates.theorem_2(0.75, scale=2.0)
    True
    """
    if isinstance(noise, Laplace):
        found = certificates.exact_k(p_a, p_b, num_classes=num_classes, scale=noise.scale)
    elif isinstance(noise, Gaussian):
        found = certificates.cohen(p_a, p_b, sigma=noise.sigma)
    elif isinstance(noise, Uniform):
        found = certificates.uniform(p_a, p_b, half_width=noise.half_width)
    else:
        raise ValueError(f"noise = {describe(noise)} is none of Laplace, Gaussian, Uniform")
    return float(found)


def bounds_at(classifier: Classifier, noise: Noise, x: Sequence[float]) -> tuple[int, float, float]:
    """The top label at x, a lower bound on its probability, an upper bound on every other's.

    >>> half = HalfSpace(normal=(1.0,), threshold=1.0, inside=(1.0, 0.0), outside=(0.0, 1.0))
    >>> top, p_a, p_b = bounds_at(half, Uniform(half_width=2.0), [0.0])
    >>> top, 0.75 - 1e-13 < p_a < 0.75, 0.25 < p_b < 0.25 + 1e-13
    (0, True, True)
    """
    found, off = smoothed(classifier, noise, x), rounding_of_smoothed(classifier)
    top = int(found.argmax())
    most_other = float(np.delete(found, top).max())
    p_a, p_b = float(found[top]) - off, most_other + off
    return top, max(math.nextafter(p_a, 0.0), 0.0), min(math.nextafter(p_b, 1.0), 1.0)


@st.composite
def _certified(
    draw: st.DrawFn, noise: Noise | type[Noise] | None, dim: int | None, num_classes: int | None
) -> CertifiedPoint:
    law = noise if isinstance(noise, Noise) else None
    if law is None:
        kind = draw(st.sampled_from(tuple(NOISES.values()))) if noise is None else noise
        assert isinstance(kind, type)
        law = kind.from_sigma(draw(scales()))
    classifier = draw(classifiers(dim=dim, num_classes=num_classes, spread=law.sigma, exact=True))
    x = draw(st.tuples(*[places(law.sigma)] * classifier.dim))
    top, p_a, p_b = bounds_at(classifier, law, x)
    if p_b >= p_a:
        # nothing is certified at a tie: draw the point where the classifier is cA alone instead
        alone: Labels = tuple(float(one == 0) for one in range(classifier.num_classes))
        classifier = Cells(((),) * classifier.dim, (alone,))
        top, p_a, p_b = bounds_at(classifier, law, x)
    found = certified_radius(law, p_a, p_b, classifier.num_classes)
    return CertifiedPoint(classifier, law, x, top, p_a, p_b, found)


def certified_points(
    noise: str | Noise | None = None, *, dim: int | None = None, num_classes: int | None = None
) -> st.SearchStrategy[CertifiedPoint]:
    """Points with a radius that a theorem certifies: the prediction is one within all of it.

    PA and PB are the smoothed probabilities at x, moved outward by more than their rounding; the
    radius is exact for them and rounded down. So cA is strictly ahead at x + delta for every
    ||delta||_1 <= radius.

    Parameters
    ----------
    noise : {"laplace", "gaussian", "uniform"} or Noise, optional
        A name means every scale; omitted: all three.
    dim, num_classes : int, optional
        As for `classifiers`.

    Returns
    -------
    SearchStrategy
        `CertifiedPoint` with radius > 0.

    Raises
    ------
    ValueError
        If a parameter is outside its domain.

    Examples
    --------
    >>> from hypothesis import find
    >>> point = find(certified_points("uniform"), lambda point: point.p_a < 0.99)
    >>> point.margin([0.999 * point.radius]) > 0
    True
    """
    classifiers(dim=dim, num_classes=num_classes)  # says what is wrong with them at once
    chosen: Noise | type[Noise] | None
    if isinstance(noise, str):
        if noise not in NOISES:
            raise ValueError(f"noise = {describe(noise)} is none of {', '.join(NOISES)}")
        chosen = NOISES[noise]
    elif noise is None or isinstance(noise, Laplace | Gaussian | Uniform):
        chosen = noise
    else:
        raise ValueError(f"noise = {describe(noise)} is none of {', '.join(NOISES)}")
    return _certified(chosen, dim, num_classes)
