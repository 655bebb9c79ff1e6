"""Two events compared on the same draws: a sign test, which needs neither of their probabilities.

P(first) is above P(second) exactly where first-but-not-second is more likely than
second-but-not-first. Given how many draws are in one of the two alone, the number in the first is
binomial with the share P(first only)/P(one only), which is 1/2 exactly where both events have the
same probability.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from simulations.experiment import Expects, Trial, predicted, shown

Floats = NDArray[np.float64]

#: T of an atom is a sum of rounded floats: within this of a level (in units of the scale) it is at
#: the level. Draws that come as near by chance are fewer than the 32-bit words can tell.
AT_LEVEL = 1e-10

#: finite end points of a section of an event that compares T with levels, the nearness to them
#: included (discretisation_bias)
SECTIONS = 8


def log_ratio(points: Floats, delta: Floats) -> Floats:
    """T(x) = ||x - delta||_1 - ||x||_1 of each row.

    >>> log_ratio(np.array([[-1.0, 5.0], [2.0, 0.5]]), np.array([1.0, 1.0])).tolist()
    [0.0, -1.0]
    """
    return np.asarray((np.abs(points - delta) - np.abs(points)).sum(axis=1))


def side_of(values: Floats, level: float, scale: float) -> NDArray[np.int8]:
    """1 above the level, 0 at it (up to the rounding of an atom) and -1 below it.

    >>> side_of(np.array([0.1 + 0.2, 0.4, 0.0]), 0.3, 1.0).tolist()
    [0, 1, -1]
    """
    gap = values - level
    return np.where(np.abs(gap) <= AT_LEVEL * scale, 0, np.sign(gap)).astype(np.int8)


def share_bias(word: float, either: int, num_samples: int) -> float:
    """Bound on how far the 32-bit words move P(first | one of the two), of disjoint events.

    Each mass moves by at most ``word``, so the share by at most that over the mass of both, of
    which a quarter is taken: the count ``either`` out of ``num_samples`` tells it far better.

    >>> share_bias(0.001, 400, 1000)
    0.01
    """
    return min(1.0, 4 * word * num_samples / max(either, 1))


def sign_test(
    part: str,
    name: str,
    first_only: int,
    second_only: int,
    num_samples: int,
    *,
    expects: Expects = Expects.INSIDE,
    finding: bool = True,
    word: float,
) -> Trial:
    """A trial of the first event's share of the draws that are in one of the two alone.

    INSIDE expects the two probabilities to be equal, ABOVE that of the first to be larger, BELOW
    that of the second. ``word`` bounds how far the 32-bit words move the probability of
    first-but-not-second, or of second-but-not-first (`share_bias`).

    >>> sign_test("part", "name", 60, 40, 1000, word=0.0).low < 0.5
    True
    """
    either = first_only + second_only
    bias = share_bias(word, either, num_samples)
    if expects is Expects.INSIDE:
        return predicted(part, name, first_only, either, 0.5, finding=finding, bias=bias)
    return shown(part, name, first_only, either, expects, finding=finding, bias=bias)
