"""Thousands of half-spaces on one draw of noise: counts by sorting, and two independent recounts.

Each case asks a half-space classifier at one distance along its own signed axis. As the distance
is added to a float and the sum compared with an edge, what the classifier says falls with the draw:
`count_cases` sorts each coordinate once and finds by bisection, with the classifier's own
comparison, how many draws it still calls cA. `recount_words` never sees the drawn floats: it finds
the integer word at which each classifier changes its mind and compares words. `recount_raw` calls
the classifier on every raw d-vector. All three give the same counts, bit for bit.

`p_values` are those of `simulations.experiment.Trial`, for arrays of counts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from simulations.experiment import Expects
from simulations.half_spaces import Axis
from simulations.kernels.numpy_reference import (
    gaussian_from_words,
    laplace_from_words,
    uniform_from_words,
)
from simulations.philox import words
from simulations.sampling import WORD_RANGE, IsotropicNoise
from simulations.streaming import Progress
from theory.binomial_tails import EXTREME, MARGIN, SMALLEST, at_least, at_most
from theory.noise import Gaussian, Laplace
from theory.tightness import HalfSpace

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

#: samples whose words are made at one go
_RECOUNTED = 1 << 16


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """Half-spaces {sign x[axis] <= threshold}, each asked at x + ``shift`` along its signed axis.

    All of shape (cases,).
    """

    axes: tuple[Axis, ...]
    threshold: Floats
    shift: Floats

    def __post_init__(self) -> None:
        shapes = {(len(self.axes),), self.threshold.shape, self.shift.shape}
        if len(shapes) > 1:
            raise ValueError(f"axes, threshold and shift have shapes {shapes}, legal is one")

    def __len__(self) -> int:
        """The number of cases."""
        return len(self.axes)

    def by_axis(self) -> dict[Axis, Ints]:
        """Which cases stand along each signed axis, in the order of the axes."""
        order: dict[Axis, list[int]] = {}
        for number, axis in enumerate(self.axes):
            order.setdefault(axis, []).append(number)
        ordered = sorted(order, key=lambda one: (one.place, one.sign))
        return {axis: np.array(order[axis], np.int64) for axis in ordered}

    def inside(self, rows: Ints, along: Floats) -> Bools:
        """What the classifiers of ``rows`` say of one draw each, along the signed axis.

        Floats round symmetrically: sign * (x + sign * shift) is sign * x + shift, bit for bit.
        """
        return np.asarray(along + self.shift[rows] <= self.threshold[rows])


def count_cases(cases: Cases, points: Floats, *, progress: Progress | None = None) -> Ints:
    """How many rows of the raw noise, shape (num_samples, dim), each case calls cA.

    ``progress(cases counted, all of them)`` is called after each signed axis.

    >>> cases = Cases((Axis(1, -1),) * 2, np.array([0.5, 0.5]), np.array([0.0, 1.0]))
    >>> count_cases(cases, np.array([[9.0, 0.5], [9.0, -0.4], [9.0, -0.6]])).tolist()
    [2, 1]
    """
    found = np.zeros(len(cases), np.int64)
    done, place = 0, -1
    for axis, rows in cases.by_axis().items():
        if axis.place != place:
            place, column = axis.place, np.sort(points[:, axis.place])
        along = column if axis.sign > 0 else -column[::-1]
        found[rows] = _leading(rows, len(along), along.__getitem__, cases)
        done += len(rows)
        if progress is not None:
            progress(done, len(cases))
    return found


def recount_words(
    cases: Cases, noise: IsotropicNoise, *, seed: int, tag: int, num_samples: int, dim: int
) -> Ints:
    """The same counts from the words of the same samples, by the reference generator alone.

    >>> from simulations.sampling import draw
    >>> noise, layout = Laplace(scale=2.0), {"seed": 3, "tag": 1, "num_samples": 1000, "dim": 2}
    >>> cases = Cases((Axis(0, 1), Axis(1, -1)), np.array([0.5, 2.0]), np.array([0.1, 0.7]))
    >>> count_cases(cases, draw(noise, first_sample=0, **layout)).tolist()
    [563, 742]
    >>> recount_words(cases, noise, **layout).tolist()
    [563, 742]
    """
    drawn_from = _inversion(noise)
    last = WORD_RANGE - 1
    edges, found = {}, np.zeros(len(cases), np.int64)
    for axis, rows in cases.by_axis().items():

        def along(rank: Ints, sign: int = axis.sign) -> Floats:
            word = rank if sign > 0 else last - rank  # the draw along the axis grows with the rank
            return sign * drawn_from(word.astype(np.uint32))

        edges[axis] = rows, _leading(rows, WORD_RANGE, along, cases)
    for start in range(0, num_samples, _RECOUNTED):
        number = min(_RECOUNTED, num_samples - start)
        block = words(seed=seed, tag=tag, first_sample=start, num_samples=number, dim=dim)
        for axis, (rows, edge) in edges.items():
            column = block[:, axis.place].astype(np.int64)
            ranks = np.sort(column if axis.sign > 0 else last - column)
            found[rows] += np.searchsorted(ranks, edge)
    return found


def recount_raw(cases: Cases, points: Floats, rows: Sequence[int]) -> Ints:
    """The counts of some cases by calling `theory.tightness.HalfSpace` on every raw d-vector.

    ``points`` is written to, and is as before on return.

    >>> cases = Cases((Axis(1, -1),) * 2, np.array([0.5, 0.5]), np.array([0.0, 1.0]))
    >>> recount_raw(cases, np.array([[9.0, 0.5], [9.0, -0.4], [9.0, -0.6]]), [1]).tolist()
    [1]
    """
    found = []
    for row in rows:
        axis = cases.axes[row]
        classifier = HalfSpace(axis.place, axis.sign, float(cases.threshold[row]))
        column = points[:, axis.place]
        before = column.copy()
        column += axis.sign * cases.shift[row]
        found.append(np.count_nonzero(classifier(points)))
        column[:] = before
    return np.array(found, np.int64)


def p_values(
    count: Ints, num_samples: int, low: Floats, high: Floats, expects: Expects, *, bias: float
) -> Floats:
    """`simulations.experiment.Trial.p_values` of many counts of one kind, shape (counts, 2).

    Parameters
    ----------
    count, low, high
        The counts, in [0, num_samples], and the predicted intervals, of one shape.
    num_samples, expects, bias
        As for `Trial`, for all of them.

    Returns
    -------
    ndarray
        Rounded up, with the margins of `theory.binomial_tails`: the same floats as Trial's.

    Examples
    --------
    >>> half = np.array([0.5])
    >>> p_values(np.array([400]), 1000, half, half, Expects.BELOW, bias=0.0)
    array([[1.00000000e+00, 1.36423208e-10]])
    """
    least, most = np.maximum(low - bias, 0.0), np.minimum(high + bias, 1.0)
    above = _each(at_least, special.betainc, count, num_samples, most)
    below = _each(at_most, special.betaincc, count, num_samples, least)
    if expects is Expects.INSIDE:
        two_sided = np.minimum(1.0, 2 * np.minimum(above, below))
        return np.stack([two_sided, np.ones_like(two_sided)], axis=1)
    pair = (above, below) if expects is Expects.BELOW else (below, above)
    return np.stack(pair, axis=1)


def _each(
    tail: Callable[[int, int, float], float],
    beta: Callable[..., Any],
    count: Ints,
    num_samples: int,
    probability: Floats,
) -> Floats:
    """The tail at each count: by one call of SciPy, and one by one where that is not the tail.

    P(X >= k) = I_p(k, n - k + 1) and P(X <= k) = 1 - I_p(k + 1, n - k), as in
    `theory.binomial_tails`.
    """
    first = count + (tail is at_most)
    plain = (first > 0) & (first <= num_samples) & (probability > 0) & (probability < 1)
    found = np.zeros(count.shape)
    found[plain] = beta(first[plain], num_samples + 1 - first[plain], probability[plain])
    odd = ~plain | ~(found >= EXTREME)
    found = np.minimum(1.0, np.maximum(found * (1 + MARGIN), SMALLEST))
    pairs = zip(count[odd].tolist(), probability[odd].tolist(), strict=True)
    found[odd] = [tail(k, num_samples, p) for k, p in pairs]
    return found


def _inversion(noise: IsotropicNoise) -> Callable[[NDArray[np.uint32]], Floats]:
    if isinstance(noise, Laplace):
        return lambda drawn: laplace_from_words(drawn, noise.scale)
    if isinstance(noise, Gaussian):
        return lambda drawn: gaussian_from_words(drawn, noise.sigma)
    return lambda drawn: uniform_from_words(drawn, noise.half_width)


def _leading(rows: Ints, size: int, along: Callable[[Ints], Floats], cases: Cases) -> Ints:
    """How many of ``size`` growing draws each case calls cA: all up to some rank, none after."""
    low, high = np.zeros(len(rows), np.int64), np.full(len(rows), size, np.int64)
    while np.any(low < high):
        middle = (low + high) // 2
        # where the search is over, the rank may be one too many
        said = cases.inside(rows, along(np.minimum(middle, size - 1)))
        wanted = low < high
        low = np.where(wanted & said, middle + 1, low)
        high = np.where(wanted & ~said, middle, high)
    return low
