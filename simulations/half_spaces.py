"""Worst-case classifiers along random axes, drawn with all d coordinates and counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from simulations.philox import purpose_tag, words
from simulations.sampling import IsotropicNoise, count
from simulations.streaming import Event
from theory.parameters import to_integer
from theory.tightness import HalfSpace, TwoTails

#: Of coordinates of all samples that a count draws; in a higher dimension it draws one sample.
COORDINATE_BUDGET = 3 * 10**8


def affordable(num_samples: int, dim: int) -> int:
    """The samples that a count in dimension ``dim`` takes when ``num_samples`` are asked for.

    >>> affordable(10**6, 3072)
    97656
    """
    each = to_integer("dim", dim, 1, 2**62, "[1, 2^62]")
    number = to_integer("num_samples", num_samples, 0, 2**64, "[0, 2^64]")
    return max(1, min(number, COORDINATE_BUDGET // each)) if number else 0


@dataclass(frozen=True, slots=True)
class Axis:
    """A coordinate axis with a sign: where the worst-case perturbation points."""

    place: int
    sign: int

    @classmethod
    def drawn(cls, *, dim: int, seed: int, purpose: str) -> Axis:
        """A random signed axis of R^dim, from the counters of its purpose.

        >>> Axis.drawn(dim=1, seed=3, purpose="example").place
        0
        """
        pair = words(
            seed=seed, tag=purpose_tag(f"{purpose}/axis"), first_sample=0, num_samples=1, dim=2
        )[0]
        return cls(int(pair[0]) % dim, 1 if pair[1] < 2**31 else -1)

    def displacement(self, distance: float, *, dim: int) -> NDArray[np.float64]:
        """The perturbation of l1 norm ``distance`` along the axis, shape (dim,).

        >>> Axis(place=1, sign=-1).displacement(2.0, dim=3)
        array([ 0., -2.,  0.])
        """
        delta = np.zeros(dim)
        delta[self.place] = self.sign * distance
        return delta


def count_half_space(
    noise: IsotropicNoise,
    threshold: float,
    *,
    distance: float = 0.0,
    dim: int,
    num_samples: int,
    seed: int,
    purpose: str,
) -> int:
    """How often the half-space classifier says cA at x + delta, ||delta||_1 = ``distance``.

    The classifier {sign x[axis] <= threshold} sees the raw d-vector x + delta + noise with delta
    along the same randomly signed, random axis; all d coordinates are drawn.

    Returns the exact integer count out of ``num_samples``.
    """
    axis = Axis.drawn(dim=dim, seed=seed, purpose=purpose)
    classifier = HalfSpace(axis.place, axis.sign, threshold)
    delta = axis.displacement(distance, dim=dim)

    def event(points: np.ndarray) -> np.ndarray:
        points += delta
        return classifier(points)

    found = count(
        event, noise, seed=seed, tag=purpose_tag(purpose), num_samples=num_samples, dim=dim
    )
    return int(found)


def count_two_tails(
    noise: IsotropicNoise,
    a_until: float,
    b_from: float,
    *,
    distance: float,
    dim: int,
    num_samples: int,
    seed: int,
    purpose: str,
) -> tuple[int, int]:
    """How often the classifier of two tails says cA, and cB, at x + delta, as in count_half_space.

    It is cA up to ``a_until`` along the axis, cB from ``b_from`` on and cC between. Returns the
    exact integer counts of cA and of cB.
    """
    axis = Axis.drawn(dim=dim, seed=seed, purpose=purpose)
    classifier = TwoTails(axis.place, axis.sign, a_until, b_from)
    delta = axis.displacement(distance, dim=dim)

    def label(points: np.ndarray) -> np.ndarray:
        points += delta
        return classifier(points)

    in_a, in_b, _ = count_labels(
        label, noise, num_labels=3, dim=dim, num_samples=num_samples, seed=seed, purpose=purpose
    )
    return in_a, in_b


def count_labels(
    label: Event,
    noise: IsotropicNoise,
    *,
    num_labels: int,
    dim: int,
    num_samples: int,
    seed: int,
    purpose: str,
) -> tuple[int, ...]:
    """How often each label occurs on the noise of a purpose: exact integers, one for each label.

    ``label`` takes the raw points, shape (n, dim), and returns integers in [0, num_labels).
    """
    found = count(
        label,
        noise,
        seed=seed,
        tag=purpose_tag(purpose),
        num_samples=num_samples,
        dim=dim,
        num_labels=num_labels,
    )
    return tuple(int(number) for number in np.asarray(found))
