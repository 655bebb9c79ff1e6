"""The worst-case classifiers, as runnable objects on raw d-vectors, and their exact masses.

With X Laplace noise of scale lambda around x, delta on an axis with ||delta||_1 = r, Y = X + delta,
T = ||X - delta||_1 - ||X||_1 and R = -lambda log[2(1 - PA)], Appendix C's A = {T > beta} and a part
of {T = beta} has P(X in A) = PA and the least P(Y in A) of all such sets. Along the axis, u,

    r > R:   A = {u <= R}, no atom,                         P(Y in A) = e^(-(r - R)/lambda)/2 < 1/2,
    r <= R:  A = {u < r} and gamma of the atom {u >= r},    P(Y in A) = 1 - e^(r/lambda)(1 - PA),

gamma = 1 - 2 (1 - PA) e^(r/lambda): a coin at each point of the atom, or any S' of that share of
its mass, such as {r <= u <= R}. The other coordinates do not matter, in any dimension.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import sympy as sp
from numpy.typing import NDArray

from theory.balls import Ball, rational_ball
from theory.bounds import Bounds
from theory.certificates import parse_num_classes, radius_ball
from theory.exact import (
    FIRST_PRECISION,
    Exact,
    describe,
    round_down,
    to_fmpq,
    to_fraction,
    working_precision,
)
from theory.parameters import check_direction, coordinate_of, exactly, to_real
from theory.radius_formulas import implied

#: A coin is a 32-bit word: heads where it is below a threshold in [0, 2^32].
COIN_SIDES = 2**32

_MASS_PRECISION = 128


def half_line_mass(threshold: sp.Expr) -> sp.Expr:
    """P(X_1 <= threshold) for unit Laplace noise: e^t / 2 below zero, 1 - e^(-t)/2 above.

    The closed form, independent of the integrals in the derivations. The sign of the threshold
    must follow from its assumptions (ValueError otherwise).

    >>> half_line_mass(sp.Integer(0))
    1/2
    """
    threshold = sp.sympify(threshold, strict=True)
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

    def __post_init__(self) -> None:
        check_direction(self.axis, self.sign)
        edge = to_real("threshold", self.threshold, "[-inf, inf]", lambda one: one == one)
        object.__setattr__(self, "threshold", edge)

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Whether each row is labelled cA."""
        return np.asarray(self.sign * coordinate_of(points, self.axis) <= self.threshold)


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
        check_direction(self.axis, self.sign)
        for name in ("a_until", "b_from"):
            edge = to_real(name, getattr(self, name), "[-inf, inf]", lambda one: one == one)
            object.__setattr__(self, name, edge)
        if self.a_until > self.b_from:
            raise ValueError(f"a_until = {self.a_until} is above b_from = {self.b_from}")

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """The label of each row."""
        along = self.sign * coordinate_of(points, self.axis)
        return np.where(along <= self.a_until, 0, np.where(along >= self.b_from, 1, 2))

    def masses(self, shift: float = 0.0, *, scale: float) -> tuple[Bounds, Bounds]:
        """P(cA) and P(cB) at x + ``shift`` along the axis, under Laplace noise of that scale.

        Of the very edges that it stores, so that ``cA`` comes first where the tails meet.

        >>> a, b = TwoTails(axis=0, sign=1, a_until=0.0, b_from=1.0).masses(scale=1.0)
        >>> a.value, round(b.value, 6)
        (0.5, 0.18394)
        """
        _check_sizes(scale, 0.0)
        with working_precision(_MASS_PRECISION):
            in_a = _mass_below(self.a_until, shift, scale)
            in_b = 1 - _mass_below(self.b_from, shift, scale)
            return _probability(in_a), _probability(in_b)


@dataclass(frozen=True, slots=True)
class WorstCase:
    """The worst-case classifier of Theorem 3 for a perturbation of l1 norm r, on both sides of R.

    cA on A, cB elsewhere (see the module). Called with points of shape (n, d), and with coins where
    its labels are random; returns a boolean array of shape (n,), True for cA. An atom is told by
    sign * x[axis] >= r, never by a sum of floats. Edges and the coin are rounded towards cA, so
    that P(f(X) = cA) >= PA holds exactly. With lambda in [1e-250, 1e300] what is above PA is below
    2^-31; beyond, the floats around an edge lie too far apart for that, or for beating it.

    Parameters
    ----------
    p_a
        PA, in [1/2, 1]; 1 makes it constant, with R = inf.
    scale
        lambda, in (0, inf); a float is exactly the binary number that it stores, as is r.
    r
        In [0, inf). At r = 0 there is no perturbation, and the atom is the half-line u >= 0.
    axis, sign
        delta is sign * r in the coordinate ``axis``.
    randomised
        Whether a coin decides on the atom; otherwise S' = {r <= u <= R}. Beyond R both are one.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> worst = WorstCase(Fraction(3, 4), scale=1.0, r=0.5)
    >>> worst(np.array([[0.4], [3.0], [3.0]]), np.array([0, 0, 2**32 - 1], np.uint32))
    array([ True,  True, False])
    >>> round(worst.mass().value, 9), round(worst.mass(0.5).value, 6)
    (0.75, 0.58782)
    >>> WorstCase(Fraction(3, 4), scale=1.0, r=1.0).mass(1.0).value  # R = log 2: flipped
    0.36787944117144233
    """

    p_a: Fraction
    scale: float
    r: float
    axis: int = 0
    sign: int = 1
    randomised: bool = True
    #: whether r > R, decided by Arb
    beyond: bool = field(init=False)
    #: R, rounded up; A = {u <= threshold} unless there are coins
    threshold: float = field(init=False)
    #: a point of the atom is cA if its coin is below this; None without coins
    heads: int | None = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "p_a", _checked_top(self.p_a))
        scale, r = _check_sizes(self.scale, self.r)
        object.__setattr__(self, "scale", scale)
        object.__setattr__(self, "r", r)
        check_direction(self.axis, self.sign)
        beyond = _is_beyond(self.p_a, Fraction(r) / Fraction(scale))
        object.__setattr__(self, "beyond", beyond)
        object.__setattr__(self, "threshold", _quantile_above(self.p_a, self.scale))
        coins = self.randomised and not beyond
        object.__setattr__(self, "heads", self._heads() if coins else None)

    def _heads(self) -> int:
        share = -round_down(lambda _: -self._share())
        return math.ceil(Fraction(max(share, 0.0)) * COIN_SIDES)

    def _share(self) -> Ball:
        """gamma, the share of the atom {u >= r} that is in A, for r <= R."""
        growth = rational_ball(Fraction(self.r) / Fraction(self.scale)).exp()
        return 1 - 2 * rational_ball(1 - self.p_a) * growth

    def __call__(
        self, points: NDArray[np.float64], coins: NDArray[np.uint32] | None = None
    ) -> NDArray[np.bool_]:
        """Whether each row is labelled cA; ``coins``: uniform words, one a row, in shape (n,)."""
        along = self.sign * coordinate_of(points, self.axis)
        if self.heads is None:
            return np.asarray(along <= self.threshold)
        fits = isinstance(coins, np.ndarray) and coins.dtype == np.uint32
        if coins is None or not fits or coins.shape != along.shape:
            legal = f"legal is {along.shape}, one uint32 for each point"
            raise ValueError(f"coins of shape {getattr(coins, 'shape', None)}: {legal}")
        return np.asarray((along < self.r) | (coins < np.uint64(self.heads)))

    def mass(self, shift: float = 0.0) -> Bounds:
        """P(f = cA) at x + ``shift`` along the signed axis: 0 is X, and r is Y. Proved, by Arb.

        It is that of the very edges and the coin that it stores, under exact Laplace noise.
        """
        with working_precision(_MASS_PRECISION):
            if self.heads is None:
                return _probability(_mass_below(self.threshold, shift, self.scale))
            below = _mass_below(self.r, shift, self.scale)
            heads = rational_ball(Fraction(self.heads, COIN_SIDES))
            return _probability(below + heads * (1 - below))


def least_mass(p_a: Exact, *, scale: float, r: float) -> Bounds:
    r"""The least P(Y in A) over all A with P(X in A) >= PA and all delta of l1 norm r.

    .. math:: P_A e^{-r/\lambda}\ (P_A < 1/2), \qquad
        1 - e^{r/\lambda}(1 - P_A)\ (r \le R), \qquad
        e^{-r/\lambda} / (4(1 - P_A))\ (r > R)

    Eq. (14) and, for PA < 1/2, the same integral; randomised A included. Attained along an axis by
    `WorstCase`. The most P(Y in B) with P(X in B) <= PB is 1 - least_mass(1 - PB).

    Parameters
    ----------
    p_a
        PA, an exact number in [0, 1].
    scale
        lambda, in (0, inf); a float is exactly what it stores, as is r.
    r
        In [0, inf).

    Returns
    -------
    Bounds
        Rounded outward.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> round(least_mass("0.75", scale=2.0, r=0.5).value, 9)
    0.678993646
    """
    p = to_fraction(p_a)
    _check_sizes(scale, r)
    if not 0 <= p <= 1:
        raise ValueError(f"p_a = {describe(p_a)} is outside [0, 1]")
    ratio = exactly(r) / exactly(scale)
    with working_precision(_MASS_PRECISION):
        if 2 * p < 1:
            return _probability(rational_ball(p) * (-rational_ball(ratio)).exp())
        if _is_beyond(p, ratio):
            return _probability((-rational_ball(ratio)).exp() / rational_ball(4 * (1 - p)))
        if p == 1:
            return _probability(rational_ball(1))
        return _probability(1 - rational_ball(1 - p) * rational_ball(ratio).exp())


def implied_pair(p_a: Exact, p_b: Exact, num_classes: int | None) -> tuple[Fraction, Fraction]:
    """PA' and PB', what the bounds imply for so many classes (None: any number).

        PB' = min(PB, 1 - PA),    PA' = max(PA, 1 - (K - 1) PB') with K classes

    Raises
    ------
    ValueError
        Unless 0 <= p_b <= p_a <= 1 and num_classes is at least 2; or for PB' = 0, where the radius
        is infinite and nothing attains it.

    Examples
    --------
    >>> implied_pair("0.6", "0.1", 3)
    (Fraction(4, 5), Fraction(1, 10))
    """
    radius_ball("exact", p_a, p_b, scale=1, precision=64)  # checks the domain
    classes = math.inf if num_classes is None else parse_num_classes(num_classes)
    top, other = (
        Fraction(int(one.p), int(one.q))
        for one in implied(to_fmpq(to_fraction(p_a)), to_fmpq(to_fraction(p_b)), classes)
    )
    if other == 0:
        raise ValueError(
            f"p_a = {describe(p_a)} and p_b = {describe(p_b)}: the radius is infinite and no "
            "perturbation attains it; legal are p_a < 1 and p_b > 0"
        )
    return top, other


def worst_tails(
    p_a: Exact,
    p_b: Exact,
    *,
    scale: float,
    axis: int = 0,
    sign: int = 1,
    num_classes: int | None = None,
) -> TwoTails:
    """The classifier that attains the exact multi-class radius (lambda/2)(Q(PA') - Q(PB')).

    cA on the lower tail of mass PA' and cB on the upper one of mass PB'; what lies between is for
    further classes of at most PB' each. PB' = min(PB, 1 - PA) and, with K classes, PA' =
    max(PA, 1 - (K - 1) PB'). Edges are rounded up: P(cA) >= PA' and P(cB) <= PB'.

    Parameters
    ----------
    p_a, p_b
        Exact numbers, 0 <= p_b <= p_a <= 1, with a finite radius.
    scale
        lambda, in (0, inf).
    axis, sign
        delta is sign * r in the coordinate ``axis``.
    num_classes
        K, at least 2; None is as many as it takes.

    Raises
    ------
    ValueError
        For a parameter outside its set, or an infinite radius (PB' = 0), which nothing attains.

    Examples
    --------
    >>> tails = worst_tails("0.5", "0.25", scale=2.0)
    >>> tails.a_until, round(tails.b_from, 6)
    (0.0, 1.386294)
    """
    scale, _ = _check_sizes(scale, 0.0)
    top, other = implied_pair(p_a, p_b, num_classes)
    # -Q(PB') = Q(1 - PB')
    return TwoTails(axis, sign, _quantile_above(top, scale), _quantile_above(1 - other, scale))


def _check_sizes(scale: float, r: float) -> tuple[float, float]:
    return (
        to_real("scale", scale, "(0, inf)", lambda number: 0 < number < math.inf),
        to_real("r", r, "[0, inf)", lambda number: 0 <= number < math.inf),
    )


def _checked_top(p_a: Fraction) -> Fraction:
    exact = to_fraction(p_a)
    if not Fraction(1, 2) <= exact <= 1:
        raise ValueError(f"p_a = {describe(p_a)} is outside [1/2, 1]")
    return exact


def _is_beyond(p_a: Fraction, ratio: Fraction) -> bool:
    """Whether r > R: e^(-r/lambda) < 2 (1 - PA), which Arb decides, because e^q is irrational."""
    if p_a == 1 or ratio == 0:
        return False
    bits = FIRST_PRECISION
    while True:
        with working_precision(bits):
            gap = rational_ball(2 * (1 - p_a)).log() + rational_ball(ratio)
            if gap > 0:
                return True
            if gap < 0:
                return False
        bits *= 2


def _quantile_above(p: Fraction, scale: float) -> float:
    """lambda Q(p), the p-quantile of Laplace noise, rounded up; inf at p = 1."""
    if p == 1:
        return math.inf
    sign, half = (-1, p) if 2 * p >= 1 else (1, 1 - p)
    return 0.0 - round_down(
        lambda bits: sign * radius_ball("theorem_2", half, scale=Fraction(scale), precision=bits)
    )


def _mass_below(edge: float, shift: float, scale: float) -> Ball:
    """P(u + shift <= edge) for Laplace noise u, at the precision in use."""
    to_real("shift", shift, "(-inf, inf)", lambda number: -math.inf < number < math.inf)
    if math.isinf(edge):
        return rational_ball(int(edge > 0))
    at = (Fraction(edge) - exactly(shift)) / exactly(scale)
    tail = (-rational_ball(abs(at))).exp() / 2
    return 1 - tail if at >= 0 else tail


def _probability(ball: Ball) -> Bounds:
    return Bounds.of_ball(ball, "half-lines of Laplace noise, by Arb", least=0.0, most=1.0)
