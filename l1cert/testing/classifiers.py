"""Randomised base classifiers in one to three dimensions, smoothed without sampling.

A classifier is called with points of shape (n, d) and returns the probabilities of its labels
there, shape (n, K). Those that are made of axis-aligned boxes (`Cells`, and half-spaces, slabs and
boxes along the axes) have smoothed probabilities that are finite sums of products of masses of the
noise on intervals, see `smoothed`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from theory.noise import Noise
from theory.parameters import describe, is_word, to_float_array, to_real

__all__ = ["Ball", "Cells", "Classifier", "HalfSpace", "Slab", "rounding_of_smoothed", "smoothed"]

Floats: TypeAlias = NDArray[np.float64]
Labels: TypeAlias = tuple[float, ...]

#: label probabilities are floats, whose sum is only nearly 1
_SUM_TOLERANCE = 2.0**-50


def _check_labels(labels: Labels) -> None:
    row = to_float_array("labels", labels)
    legal = row.ndim == 1 and row.size >= 2 and bool(np.all((row >= 0.0) & (row <= 1.0)))
    if not legal or abs(math.fsum(row.tolist()) - 1.0) > _SUM_TOLERANCE:
        raise ValueError(
            f"labels = {describe(labels)} are not probabilities of two or more classes"
        )


def _check_points(points: ArrayLike, dim: int) -> Floats:
    array = to_float_array("points", points)
    if array.ndim != 2 or array.shape[1] != dim:
        raise ValueError(f"points of shape {array.shape}: legal is (n, {dim})")
    return array


@dataclass(frozen=True, slots=True)
class Cells:
    """A grid of boxes, each with probabilities of its labels.

    Parameters
    ----------
    edges : tuple of tuple of float
        For each axis where it is cut, strictly increasing and finite; m cuts make m + 1 intervals,
        each of which contains its left end.
    labels : tuple of tuple of float
        For each box, the last axis fastest, the probabilities of its K >= 2 labels.

    Raises
    ------
    ValueError
        If the cuts do not increase, the boxes are not so many, or labels are no probabilities.

    Examples
    --------
    >>> steps = Cells(edges=((0.0, 1.0),), labels=((1.0, 0.0), (0.5, 0.5), (0.0, 1.0)))
    >>> steps(np.array([[-1.0], [0.0], [7.0]])).tolist()
    [[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]]
    """

    edges: tuple[tuple[float, ...], ...]
    labels: tuple[Labels, ...]

    def __post_init__(self) -> None:
        for name in ("edges", "labels"):
            value = getattr(self, name)
            if not isinstance(value, list | tuple):
                raise ValueError(f"{name} = {describe(value)} is no tuple of tuples of floats")
        for cuts in self.edges:
            row = to_float_array("edges", cuts)
            if row.ndim != 1 or not np.isfinite(row).all() or not np.all(row[:-1] < row[1:]):
                raise ValueError(f"edges = {describe(cuts)} are not finite and strictly increasing")
        wanted = math.prod(len(cuts) + 1 for cuts in self.edges)
        if not self.edges or len(self.labels) != wanted:
            raise ValueError(f"{len(self.labels)} labels for {wanted} boxes: legal is one for each")
        for one in self.labels:
            _check_labels(one)
            if len(one) != self.num_classes:
                raise ValueError(f"labels = {one} are not of {self.num_classes} classes")

    @property
    def dim(self) -> int:
        """The dimension d."""
        return len(self.edges)

    @property
    def num_classes(self) -> int:
        """The number of classes K."""
        return len(self.labels[0])

    def __call__(self, points: ArrayLike) -> Floats:
        """The label probabilities at each row of points, shape (n, K)."""
        array = _check_points(points, self.dim)
        places = tuple(
            np.searchsorted(cuts, array[:, axis], side="right")
            for axis, cuts in enumerate(self.edges)
        )
        shape = tuple(len(cuts) + 1 for cuts in self.edges)
        return np.asarray(self.labels)[np.ravel_multi_index(places, shape)]

    def as_cells(self) -> Cells:
        """Itself: what `smoothed` asks every classifier for."""
        return self


class _Region:
    """A set with the label probabilities inside of it and those outside."""

    __slots__ = ()

    inside: Labels
    outside: Labels

    def __post_init__(self) -> None:
        _check_labels(self.inside)
        _check_labels(self.outside)
        if len(self.inside) != len(self.outside):
            raise ValueError(f"labels = {self.outside} are not of {len(self.inside)} classes")

    @property
    def dim(self) -> int:
        """The dimension d."""
        raise NotImplementedError

    @property
    def num_classes(self) -> int:
        """The number of classes K."""
        return len(self.inside)

    def _contains(self, points: Floats) -> NDArray[np.bool_]:
        raise NotImplementedError

    def __call__(self, points: ArrayLike) -> Floats:
        """The label probabilities at each row of points, shape (n, K)."""
        within = self._contains(_check_points(points, self.dim))
        return np.where(within[:, None], self.inside, self.outside)

    def _no_cells(self) -> ValueError:
        return ValueError(
            f"{self} has no closed form: legal are cells, and half-spaces, slabs and boxes "
            "along the axes"
        )


def _only_axis(normal: tuple[float, ...]) -> int | None:
    axes = [place for place, value in enumerate(normal) if value != 0.0]
    return axes[0] if len(axes) == 1 and abs(normal[axes[0]]) == 1.0 else None


def _check_vector(name: str, vector: tuple[float, ...], *, zero: bool) -> None:
    row = to_float_array(name, vector)
    if row.ndim != 1 or not row.size or not np.isfinite(row).all() or not (zero or row.any()):
        legal = "not finite" if zero else "not finite, or zero"
        raise ValueError(f"{name} = {describe(vector)} is {legal}")


def _check_place(name: str, place: float) -> None:
    to_real(name, place, "[-inf, inf]", lambda number: number == number)


def _one_axis(dim: int, axis: int, cuts: tuple[float, ...], labels: tuple[Labels, ...]) -> Cells:
    return Cells(tuple(cuts if place == axis else () for place in range(dim)), labels)


@dataclass(frozen=True, slots=True)
class HalfSpace(_Region):
    """{x : normal . x < threshold}, with label probabilities inside and outside.

    Examples
    --------
    >>> half = HalfSpace(normal=(1.0, -1.0), threshold=0.0, inside=(1.0, 0.0), outside=(0.0, 1.0))
    >>> half(np.array([[1.0, 2.0], [2.0, 1.0]])).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """

    normal: tuple[float, ...]
    threshold: float
    inside: Labels
    outside: Labels

    def __post_init__(self) -> None:
        _Region.__post_init__(self)
        _check_vector("normal", self.normal, zero=False)
        _check_place("threshold", self.threshold)

    @property
    def dim(self) -> int:
        """The dimension d."""
        return len(self.normal)

    def _contains(self, points: Floats) -> NDArray[np.bool_]:
        return np.asarray(points @ np.asarray(self.normal) < self.threshold)

    def as_cells(self) -> Cells:
        """The same classifier in boxes (but for its border); ValueError unless along an axis."""
        axis = _only_axis(self.normal)
        if axis is None:
            raise self._no_cells()
        sign = self.normal[axis]
        labels = (self.inside, self.outside) if sign > 0 else (self.outside, self.inside)
        return _one_axis(self.dim, axis, (sign * self.threshold,), labels)


@dataclass(frozen=True, slots=True)
class Slab(_Region):
    """{x : low <= normal . x < high}, with label probabilities inside and outside.

    Examples
    --------
    >>> slab = Slab(normal=(1.0,), low=-1.0, high=1.0, inside=(0.75, 0.25), outside=(0.0, 1.0))
    >>> slab(np.array([[-1.0], [1.0]])).tolist()
    [[0.75, 0.25], [0.0, 1.0]]
    """

    normal: tuple[float, ...]
    low: float
    high: float
    inside: Labels
    outside: Labels

    def __post_init__(self) -> None:
        _Region.__post_init__(self)
        _check_vector("normal", self.normal, zero=False)
        _check_place("low", self.low)
        _check_place("high", self.high)
        if not self.low < self.high:
            raise ValueError(f"low = {self.low} is not below high = {self.high}")

    @property
    def dim(self) -> int:
        """The dimension d."""
        return len(self.normal)

    def _contains(self, points: Floats) -> NDArray[np.bool_]:
        along = points @ np.asarray(self.normal)
        return np.asarray((self.low <= along) & (along < self.high))

    def as_cells(self) -> Cells:
        """The same classifier in boxes (but for its border); ValueError unless along an axis."""
        axis = _only_axis(self.normal)
        if axis is None:
            raise self._no_cells()
        ends = (self.low, self.high) if self.normal[axis] > 0 else (-self.high, -self.low)
        return _one_axis(self.dim, axis, ends, (self.outside, self.inside, self.outside))


@dataclass(frozen=True, slots=True)
class Ball(_Region):
    """{x : ||x - center|| < radius} in the l1, l2 or sup norm, and label probabilities.

    Examples
    --------
    >>> ball = Ball(
    ...     center=(0.0, 0.0), radius=1.0, norm="l1", inside=(1.0, 0.0), outside=(0.5, 0.5)
    ... )
    >>> ball(np.array([[0.5, 0.25], [0.5, -0.75]])).tolist()
    [[1.0, 0.0], [0.5, 0.5]]
    """

    center: tuple[float, ...]
    radius: float
    norm: Literal["l1", "l2", "sup"]
    inside: Labels
    outside: Labels

    def __post_init__(self) -> None:
        _Region.__post_init__(self)
        _check_vector("center", self.center, zero=True)
        to_real("radius", self.radius, "(0, inf)", lambda number: 0.0 < number < math.inf)
        if not is_word(self.norm, ("l1", "l2", "sup")):
            raise ValueError(f"norm = {describe(self.norm)!r} is none of l1, l2, sup")

    @property
    def dim(self) -> int:
        """The dimension d."""
        return len(self.center)

    def _contains(self, points: Floats) -> NDArray[np.bool_]:
        order = {"l1": 1, "l2": 2, "sup": np.inf}[self.norm]
        away = np.linalg.norm(points - np.asarray(self.center), ord=order, axis=1)
        return np.asarray(away < self.radius)

    def as_cells(self) -> Cells:
        """The same classifier in boxes (but for its border); ValueError unless it is a box."""
        if self.norm != "sup" and self.dim > 1:
            raise self._no_cells()
        edges = tuple((one - self.radius, one + self.radius) for one in self.center)
        count = 3**self.dim
        # the middle box of 3 x ... x 3 is the middle one in every order of the axes
        labels = tuple(
            self.inside if place == count // 2 else self.outside for place in range(count)
        )
        return Cells(edges, labels)


Classifier: TypeAlias = Cells | HalfSpace | Slab | Ball


def _masses(noise: Noise, cuts: tuple[float, ...], place: float) -> Floats:
    """P(place + X in each interval), each difference taken in the nearer tail."""
    ends = np.array([-math.inf, *(cut - place for cut in cuts), math.inf])
    lower = -np.diff(-noise.cdf(ends))
    upper = -np.diff(noise.survival(ends))
    return np.where(ends[1:] <= 0.0, lower, upper)


def smoothed(classifier: Classifier, noise: Noise, point: ArrayLike) -> Floats:
    r"""The probability of each label at a point under noise, without sampling.

    .. math:: g_c(x) = \sum_{\text{boxes } C} f_c(C) \prod_i P(x_i + X_i \in C_i)

    Parameters
    ----------
    classifier : Cells, HalfSpace, Slab or Ball
        Made of boxes along the axes: cells, half-spaces and slabs whose normal is a signed unit
        vector, balls of the sup norm, and any ball in one dimension.
    noise : Noise
        The law of each coordinate of the noise, which are independent.
    point : array
        x, shape (d,).

    Returns
    -------
    array
        Shape (K,). To nearest: each value is within `rounding_of_smoothed` of the exact one.

    Raises
    ------
    ValueError
        If the classifier is not made of boxes, or the point is not of its dimension.

    Examples
    --------
    >>> from theory.noise import Laplace
    >>> half = HalfSpace(normal=(1.0,), threshold=0.0, inside=(1.0, 0.0), outside=(0.0, 1.0))
    >>> smoothed(half, Laplace(1.0), [0.6931471805599453]).tolist()
    [0.25, 0.75]
    """
    if not isinstance(classifier, Cells | _Region):
        raise TypeError(f"classifier = {describe(classifier)} is none of l1cert.testing")
    if not isinstance(noise, Noise):
        raise TypeError(f"noise = {describe(noise)} is no law of theory.noise")
    cells = classifier.as_cells()
    place = _check_points(to_float_array("point", point)[None], cells.dim)[0]
    total = np.ones(1)
    for cuts, one in zip(cells.edges, place.tolist(), strict=True):
        total = np.multiply.outer(total, _masses(noise, cuts, one)).ravel()
    return np.asarray(total @ np.asarray(cells.labels))


def rounding_of_smoothed(classifier: Classifier) -> float:
    """How far a value of `smoothed` is at most from the exact one: 2^-49 for each box and cut.

    A mass on an interval is off by 2^-50 at most (two tails, each within 4 units in the last place
    and taken at a difference cut - x that is rounded), and a sum of n products by the masses'
    errors, of which each axis's add up once, and by n roundings.

    >>> steps = Cells(edges=((0.0,),), labels=((1.0, 0.0), (0.0, 1.0)))
    >>> rounding_of_smoothed(steps) == 2.0**-49 * 4
    True
    """
    cells = classifier.as_cells()
    return 2.0**-49 * (len(cells.labels) + sum(len(cuts) + 1 for cuts in cells.edges))
