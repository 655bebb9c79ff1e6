"""The largest noise that certifies a radius at x, in floats: f = cA on |x| <= 1, cB elsewhere.

A radius r is certified where P(r < eps <= 1 - x) >= P(eps > 1 + x), as P(|x + eps| > 1) <=
P(eps > r) says. Near r = 1 - x both are tiny, so their logarithms are compared, and r is given by
its distance d = 1 - x - r from there.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import special

Floats = NDArray[np.float64]

# 1/deviation at every tie with d >= 1e-13: above sqrt(2)/log(2) at r = 0, x = 0
_LEAST, _MOST = 0.4, 1e14
_HALVINGS = 80


def suprema(x: Floats | float, d: Floats | float) -> tuple[Floats, Floats]:
    """Suprema of sqrt(2) lambda and of sigma that certify r = 1 - x - d at x, to 1e-9.

    Parameters
    ----------
    x, d : the point in [0, 1) and the distance in (0, 1 - x], at least 1e-13 of it.

    Examples
    --------
    >>> [value.round(6).tolist() for value in suprema(0.3, np.array([0.7, 0.01]))]
    [[1.975037, 0.28492], [1.451368, 0.470152]]
    """
    near, gap = np.broadcast_arrays(1 - np.asarray(x, float), np.asarray(d, float))
    far = 2 - near
    return 1 / _tie(_laplace, near, gap, far), 1 / _tie(_gaussian, near, gap, far)


def _tie(law: Callable[[Floats, Floats, Floats], Floats], *ends: Floats) -> Floats:
    """The rate 1/deviation at which the margin, negative before it and positive beyond, is 0."""
    low, high = np.full(ends[0].shape, np.log(_LEAST)), np.full(ends[0].shape, np.log(_MOST))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        held = law(*(end * np.exp(middle) for end in ends)) > 0
        low, high = np.where(held, low, middle), np.where(held, middle, high)
    found: Floats = np.exp((low + high) / 2)
    return found


def _laplace(near: Floats, gap: Floats, far: Floats) -> Floats:
    """log P(near - gap < eps <= near) - log P(eps > far) of unit variance."""
    root = np.sqrt(2.0)
    held: Floats = root * (far - near + gap) + np.log(-np.expm1(-root * gap))
    return held


def _gaussian(near: Floats, gap: Floats, far: Floats) -> Floats:
    """The same for the normal law; its tails are exp(-t^2/2) erfcx(t/sqrt(2))/2."""
    start, root = near - gap, np.sqrt(2.0)
    at = np.log(special.erfcx(start / root))
    fall = gap * (start + gap / 2)
    # log of the share of the tail beyond r that the band holds; by its midpoint, if it is thin
    thin = gap * (1 + start) < 1e-4
    thick = np.where(thin, 1.0, fall + at - np.log(special.erfcx(near / root)))
    middle = np.log(gap * np.sqrt(2 / np.pi)) - at - gap * (start + gap / 4) / 2
    share = np.where(thin, middle, np.log(-np.expm1(-thick)))
    ahead = (far - near + gap) * (far + start) / 2
    held: Floats = share + ahead + at - np.log(special.erfcx(far / root))
    return held
