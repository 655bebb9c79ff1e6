"""The formula of every radius per unit of scale, stated once for Arb and once for floats.

`theory.certificates` turns them into certified radii; the two statements of each formula are
tested against each other and against the printed one.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal, TypeAlias, overload

import numpy as np
from flint import arb, fmpq
from scipy.special import ndtri

from theory.arguments import FloatArray

Method: TypeAlias = Literal[
    "theorem_1", "new_term", "theorem_2", "exact", "lecuyer", "cohen", "uniform"
]


@dataclass(frozen=True, slots=True)
class Formula:
    """One radius per unit of scale, stated twice: for balls (rigorous) and for floats (plots).

    Both take p_a and p_b with 0 <= p_b < p_a <= 1. At p_a = p_b, where a formula by itself could
    say 0/0 or inf - inf, every radius is 0 and the formula is not asked.

    ``classes`` is None where the printed formula takes p_a and p_b as they are. Otherwise they are
    first replaced by what they imply for so many classes (inf: any number), see `implied`.
    """

    ball: Callable[[fmpq, fmpq], fmpq | arb]
    floats: Callable[[FloatArray, FloatArray], FloatArray]
    classes: float | None = None


@overload
def implied(p_a: fmpq, p_b: fmpq, classes: float) -> tuple[fmpq, fmpq]: ...
@overload
def implied(p_a: FloatArray, p_b: FloatArray, classes: float) -> tuple[FloatArray, FloatArray]: ...
def implied(
    p_a: fmpq | FloatArray, p_b: fmpq | FloatArray, classes: float
) -> tuple[fmpq | FloatArray, fmpq | FloatArray]:
    """What bounds on the top class and on every other one imply, as probabilities sum to 1.

        p_b' = min(p_b, 1 - p_a),    p_a' = max(p_a, 1 - (K - 1) p_b') with K classes

    Where p_b' is 0, p_a' is 1 for any number of classes.

    >>> implied(fmpq(3, 5), fmpq(1, 2), math.inf)
    (3/5, 2/5)
    >>> implied(fmpq(3, 5), fmpq(1, 10), 3)
    (4/5, 1/10)
    """
    smaller: Any = np.minimum if isinstance(p_a, np.ndarray) else min
    larger: Any = np.maximum if isinstance(p_a, np.ndarray) else max
    other = smaller(p_b, 1 - p_a)
    if classes < math.inf:
        return larger(p_a, 1 - (int(classes) - 1) * other), other
    if isinstance(p_a, np.ndarray):
        return np.where(other == 0, 1.0, p_a), other
    return (fmpq(1) if other == 0 else p_a), other


def _log(x: fmpq) -> arb:
    if x == 0:
        return arb.neg_inf()
    # x - 1 is exact, so log1p keeps the digits that log would cancel.
    return arb(x - 1).log1p() if 1 < 2 * x < 4 else arb(x).log()


def _quantile(p: fmpq) -> arb:
    """Phi^-1(p) for 0 < p < 1; the tails from erfcinv, whose argument is exact and small."""
    if 4 * p < 1:
        return -arb(2).sqrt() * arb(2 * p).erfcinv()
    if 4 * p > 3:
        return arb(2).sqrt() * arb(2 - 2 * p).erfcinv()
    return arb(2).sqrt() * arb(2 * p - 1).erfinv()


def _lecuyer(p_a: fmpq, p_b: fmpq) -> arb:
    return -_log(p_b / p_a) / 2  # Table 1; eq. (1), first term


def _lecuyer_floats(p_a: FloatArray, p_b: FloatArray) -> FloatArray:
    ratio = p_b / p_a
    near_one = np.log1p((p_b - p_a) / p_a)
    # A ratio near the smallest float has lost digits; the logarithms have not.
    far = np.where(ratio > 1e-290, np.log(ratio), np.log(p_b) - np.log(p_a))
    return -np.where(ratio > 0.5, near_one, far) / 2


def _new_term(p_a: fmpq, p_b: fmpq) -> arb:
    return -_log(1 - p_a + p_b)  # eq. (1), second term


def _new_term_floats(p_a: FloatArray, p_b: FloatArray) -> FloatArray:
    gap = p_a - p_b
    return -np.where(gap < 0.5, np.log1p(-gap), np.log((1 - p_a) + p_b))


def _theorem_1(p_a: fmpq, p_b: fmpq) -> arb:
    return _lecuyer(p_a, p_b).max(_new_term(p_a, p_b))  # eq. (1)


def _theorem_1_floats(p_a: FloatArray, p_b: FloatArray) -> FloatArray:
    return np.maximum(_lecuyer_floats(p_a, p_b), _new_term_floats(p_a, p_b))


def _theorem_2(p_a: fmpq, _: fmpq) -> arb:
    return -_log(2 * (1 - p_a))  # eq. (2)


def _theorem_2_floats(p_a: FloatArray, _: FloatArray) -> FloatArray:
    return -np.where(p_a < 0.75, np.log1p(1 - 2 * p_a), np.log(2 * (1 - p_a)))


def _cohen(p_a: fmpq, p_b: fmpq) -> arb:
    if p_a == 1 or p_b == 0:
        return arb.pos_inf()
    if p_a + p_b == 1:
        return _quantile(p_a)  # Table 1: one quantile instead of two that are opposite
    return (_quantile(p_a) - _quantile(p_b)) / 2  # Cohen et al. 2019, Theorem 1


def _cohen_floats(p_a: FloatArray, p_b: FloatArray) -> FloatArray:
    quantiles: FloatArray = (ndtri(p_a) - ndtri(p_b)) / 2
    return quantiles


def _uniform(p_a: fmpq, p_b: fmpq) -> fmpq:
    return p_a - p_b  # Yang et al. 2020


def _uniform_floats(p_a: FloatArray, p_b: FloatArray) -> FloatArray:
    return p_a - p_b


def _exact(p_a: fmpq, p_b: fmpq) -> arb:
    """(Q(p_a) - Q(p_b))/2 with Laplace's quantile Q, for p_b <= 1 - p_a."""
    # Q(p) is log(2p) up to 1/2 and -log(2(1 - p)) from there
    return -_log(p_b / p_a if 2 * p_a <= 1 else 4 * (1 - p_a) * p_b) / 2


def _exact_floats(p_a: FloatArray, p_b: FloatArray) -> FloatArray:
    def log_of_double(p: FloatArray, exceeds_half: FloatArray) -> FloatArray:
        return np.asarray(np.where(p > 0.25, np.log1p(exceeds_half), np.log(2 * p)))

    top = log_of_double(1 - p_a, 1 - 2 * p_a)
    other = log_of_double(p_b, 2 * p_b - 1)
    return np.where(p_a <= 0.5, _lecuyer_floats(p_a, p_b), -(top + other) / 2)


FORMULAS: Mapping[Method, Formula] = MappingProxyType(
    {
        "theorem_1": Formula(_theorem_1, _theorem_1_floats),
        "new_term": Formula(_new_term, _new_term_floats),
        "theorem_2": Formula(_theorem_2, _theorem_2_floats),
        "exact": Formula(_exact, _exact_floats, classes=math.inf),
        "lecuyer": Formula(_lecuyer, _lecuyer_floats),
        "cohen": Formula(_cohen, _cohen_floats),
        "uniform": Formula(_uniform, _uniform_floats),
    }
)
