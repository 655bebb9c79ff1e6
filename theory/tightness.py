"""The worst-case classifiers, as runnable objects on raw d-vectors, and their exact masses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import sympy as sp
from numpy.typing import NDArray


def half_line_mass(threshold: sp.Expr) -> sp.Expr:
    """P(X_1 <= threshold) for unit Laplace noise: e^t / 2 below zero, 1 - e^(-t)/2 above.

    The closed form, independent of the integrals in the derivations. The sign of the threshold
    must follow from its assumptions (ValueError otherwise).

    >>> half_line_mass(sp.Integer(0))
    1/2
    """
    threshold = sp.sympify(threshold)
    if threshold.is_nonnegative:
        return 1 - sp.exp(-threshold) / 2
    if threshold.is_nonpositive:
        return sp.exp(threshold) / 2
    raise ValueError(f"the sign of the threshold {threshold} is not known")


@dataclass(frozen=True, slots=True)
class HalfSpace:
    """f(x) = cA where sign * x[axis] <= threshold, cB elsewhere (the classifier of Theorem 3).

    Called with points of shape (n, d); returns a boolean array of shape (n,), True for cA.

    >>> HalfSpace(axis=1, sign=-1, threshold=0.5)(np.array([[9.0, 0.4], [9.0, -0.6]]))
    array([ True, False])
    """

    axis: int
    sign: int
    threshold: float

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each row is labelled cA."""
        return np.asarray(self.sign * points[:, self.axis] <= self.threshold)


@dataclass(frozen=True, slots=True)
class TwoTails:
    """Three classes along one axis: cA up to ``a_until``, cB from ``b_from``, cC between.

    Called with points of shape (n, d); returns labels of shape (n,): 0 for cA, 1 for cB, 2 for cC.

    >>> TwoTails(axis=0, sign=1, a_until=0.0, b_from=1.0)(np.array([[-1.0], [2.0], [0.5]]))
    array([0, 1, 2])
    """

    axis: int
    sign: int
    a_until: float
    b_from: float

    def __post_init__(self) -> None:
        if self.a_until > self.b_from:
            raise ValueError(f"a_until = {self.a_until} is above b_from = {self.b_from}")

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """The label of each row."""
        along = self.sign * points[:, self.axis]
        return np.where(along <= self.a_until, 0, np.where(along >= self.b_from, 1, 2))
