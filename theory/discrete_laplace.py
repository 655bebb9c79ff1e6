r"""Discrete Laplace noise on a grid h Z^d, and how many steps of the grid it certifies.

The noise of one coordinate is h K with

.. math:: P(K = k) = \frac{1 - q}{1 + q} q^{|k|},\quad q = e^{-\varepsilon},\;
    \varepsilon = h/\lambda.

A perturbation of the grid is counted in steps: delta in h Z^d of l1 norm h m has m of them. The
certificates are whole numbers of steps, each the largest m for which the smoothed prediction is
proved to be the same at every grid point at most m steps away (the end included):

=================  ============================================================================
`steps_theorem_1`  m < max{(1/2) log(p_a/p_b), -log(1 - p_a + p_b)}/eps, eq. (1)
`steps_theorem_2`  m < -log(2 (1 - p_a))/eps, eq. (2)
`steps_lecuyer`    m < (1/2) log(p_a/p_b)/eps, Table 1
`steps_lattice`    m < (V(p_a') - V(p_b'))/2, the largest there is; p_a', p_b' as in `exact_k`
=================  ============================================================================

V is the quantile of K with its distribution function made linear between the integers,
`quantile_ball`. The claim `discrete_laplace_radius` proves all four, for every dimension and
direction; `theory.certificates.exact` is no certificate on a grid.

For rational probabilities, h and lambda no two sides are equal but at p_a = p_b: e^-eps is
transcendental (Lindemann), so that an equality would be one of Laurent polynomials in q, and q = 1
makes it p_a = p_b. Hence Arb decides every number of steps, and nothing is left to rounding.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

import numpy as np
from flint import arb, fmpq

from theory.arguments import Probability, parse_probabilities
from theory.certificates import ABSTAIN, parse_num_classes
from theory.exact import (
    FIRST_PRECISION,
    Exact,
    describe,
    round_down,
    round_nearest,
    to_fmpq,
    to_fraction,
    to_positive,
    working_precision,
)
from theory.parameters import is_word
from theory.radius_formulas import FORMULAS, Method, implied

__all__ = [
    "DiscreteLaplace",
    "quantile_ball",
    "radius_on_grid",
    "steps_lattice",
    "steps_lecuyer",
    "steps_theorem_1",
    "steps_theorem_2",
]

Steps: TypeAlias = int | float
"""An int; `math.inf` where no perturbation changes anything; `ABSTAIN` (NaN) where none is said."""

Rounding: TypeAlias = Literal["down", "up", "nearest"]


@dataclass(frozen=True, slots=True)
class DiscreteLaplace:
    r"""The law of h K, K discrete Laplace on the integers.

    Parameters
    ----------
    step : int, float, Decimal, Fraction or str
        The step h of the grid, in (0, inf): an exact number.
    scale : the same
        lambda, in (0, inf) and in the unit of `step`; not h/lambda, and not a standard deviation.

    Raises
    ------
    ValueError
        If an input is outside its domain; the methods raise it for a k that is no integer and for
        a `rounding` that is none of the three words.

    Examples
    --------
    >>> law = DiscreteLaplace("1/16", "1/4")
    >>> law.eps
    Fraction(1, 4)
    >>> law.pmf(0), law.cdf(-1), law.survival(0)
    (0.12435300177159621, 0.4378234991142019, 0.4378234991142019)
    """

    step: Fraction
    scale: Fraction

    def __post_init__(self) -> None:
        for name in ("step", "scale"):
            object.__setattr__(self, name, to_positive(name, getattr(self, name)))

    @property
    def eps(self) -> Fraction:
        """h/lambda: what one step costs in differential privacy."""
        return self.step / self.scale

    def pmf(self, k: int, *, rounding: Rounding = "nearest") -> float:
        r"""P(K = k), :math:`\tanh(\varepsilon/2) e^{-\varepsilon |k|}`, rounded as asked."""
        distance = abs(_checked_integer(k))
        return _rounded(lambda: _mass(self.eps, distance), rounding)

    def cdf(self, k: int, *, rounding: Rounding = "nearest") -> float:
        r"""P(K <= k), :math:`q^{-k}/(1 + q)` for k < 0 and 1 minus the other tail from 0 on.

        >>> law = DiscreteLaplace(1, 2)
        >>> law.cdf(3, rounding="down") < law.cdf(3, rounding="up")
        True
        """
        place = _checked_integer(k)
        if place < 0:
            return _rounded(lambda: _tail(self.eps, -place), rounding)
        # far out a ball around 1 reaches beyond it, and so would its end
        return min(1.0, _rounded(lambda: 1 - _tail(self.eps, place + 1), rounding))

    def survival(self, k: int, *, rounding: Rounding = "nearest") -> float:
        """P(K > k), which is P(K <= -k - 1): no digits are lost in the upper tail.

        >>> DiscreteLaplace(1, 1).survival(99)
        2.7195934554254203e-44
        """
        return self.cdf(-_checked_integer(k) - 1, rounding=rounding)

    def variance(self, *, rounding: Rounding = "nearest") -> float:
        r"""Var(h K), :math:`2 h^2 q/(1 - q)^2`, which is below 2 lambda^2.

        >>> DiscreteLaplace("1/255", 1).variance(), DiscreteLaplace(1, "1/10").variance()
        (1.999997436885221, 9.080810470095082e-05)
        """
        square = to_fmpq(self.step**2 / 2)
        return _rounded(lambda: square / (arb(to_fmpq(self.eps)) / 2).sinh() ** 2, rounding)


def quantile_ball(p: Fraction, *, eps: Fraction, precision: int) -> arb:
    r"""A ball around V(p), the quantile of K with a linear distribution function in between.

    .. math:: V(F(t - 1) + c P(K = t)) = t + c - \tfrac12,\quad t \in Z,\; c \in [0, 1]

    It is odd about p = 1/2. A half-line {k < t}, with a share c of the atom t, moved by m steps
    away has the mass V^-1(V(p) - m), and no event of mass p keeps less at any grid point m steps
    away: V is to the grid what the quantile Q is to the line.

    Parameters
    ----------
    p : Fraction
        In (0, 1).
    eps : Fraction
        h/lambda, in (0, inf).
    precision : int
        Working precision in bits; the ball is NaN where it is too low to tell t.

    Raises
    ------
    ValueError
        If p or eps is outside its domain.

    Examples
    --------
    >>> third = quantile_ball(Fraction(1, 3), eps=Fraction(1, 4), precision=100)
    >>> float(third), float(-quantile_ball(Fraction(2, 3), eps=Fraction(1, 4), precision=100))
    (-1.6013465200373957, -1.6013465200373957)
    """
    level = to_fraction(p)
    if not 0 < level < 1:
        raise ValueError(f"p = {describe(p)} is outside (0, 1)")
    with working_precision(precision):
        return _quantile(to_fmpq(level), to_fmpq(to_positive("eps", eps)))


def steps_theorem_1(
    p_a: Probability, p_b: Probability | None = None, *, step: Exact, scale: Exact
) -> Steps:
    r"""Steps that Theorem 1's radius certifies with several classes.

    The largest m with :math:`h m < \max\{(\lambda/2) \log(p_a/p_b), -\lambda \log(1 - p_a + p_b)\}`
    (eq. (1)): its proof uses nothing but P(K + m' = k) <= e^(eps |m'|) P(K = k).

    Parameters
    ----------
    p_a : int, float, Decimal, Fraction or str
        Lower bound on the top class's probability, in [0, 1]; one number, taken as it is.
    p_b : the same, optional
        Upper bound on every other class's probability, in [0, p_a]. Omitted: the binary case,
        1 - p_a, which abstains where p_a < 1/2.
    step, scale : int, float, Decimal, Fraction or str
        The grid's step h and lambda, in (0, inf): exact numbers of one unit.

    Returns
    -------
    int or float
        The steps, rounded down, 0 where even one is too many; `math.inf` where no perturbation
        changes the prediction; `ABSTAIN` (NaN) where the binary case has p_a < 1/2.

    Raises
    ------
    ValueError
        If an input is outside its domain or is an array.

    Examples
    --------
    >>> steps_theorem_1("0.7", "0.1", step="1/255", scale="1/4")
    62
    >>> steps_theorem_1("0.4", step=1, scale=1), steps_theorem_1(1, step=1, scale=1)
    (nan, inf)
    """
    return _by_formula("theorem_1", p_a, p_b, step, scale)


def steps_theorem_2(p_a: Probability, *, step: Exact, scale: Exact) -> Steps:
    r"""Steps that Theorem 2's radius certifies with two classes.

    The largest m with :math:`h m < -\lambda \log(2 (1 - p_a))` (eq. (2)). Parameters, values and
    errors are those of `steps_theorem_1`.

    Examples
    --------
    >>> steps_theorem_2("0.99", step="1/16", scale="1/4")
    15
    >>> steps_theorem_2("0.5", step="1/16", scale="1/4")
    0
    """
    return _by_formula("theorem_2", p_a, None, step, scale)


def steps_lecuyer(
    p_a: Probability, p_b: Probability | None = None, *, step: Exact, scale: Exact
) -> Steps:
    r"""Steps that the radius of Lecuyer et al. (2019) certifies, Theorem 1's first term.

    The largest m with :math:`h m < (\lambda/2) \log(p_a/p_b)` (Table 1). Parameters, values and
    errors are those of `steps_theorem_1`.

    Examples
    --------
    >>> steps_lecuyer("0.7", "0.1", step="1/255", scale="1/4")
    62
    """
    return _by_formula("lecuyer", p_a, p_b, step, scale)


def steps_lattice(
    p_a: Probability,
    p_b: Probability | None = None,
    *,
    step: Exact,
    scale: Exact,
    num_classes: int | None = None,
) -> Steps:
    r"""The largest number of steps that discrete Laplace noise certifies.

    The largest m with

    .. math:: 2 m < V(p_a') - V(p_b'),\quad p_b' = \min\{p_b, 1 - p_a\},\;
        p_a' = \max\{p_a, 1 - (K - 1) p_b'\}

    and V of `quantile_ball`; without `num_classes` = K, p_a' = p_a. One step more, along an axis,
    flips a randomised classifier or makes a tie; a deterministic one with K classes too where
    :math:`\tanh(\varepsilon/2)^{d - 1} \leq 1/K`. It is never below the other three, and equal to
    `steps_theorem_2` where p_b is 1 - p_a or more. Parameters, values and errors are those of
    `steps_theorem_1`, and K is an integer in [2, 10^15].

    Examples
    --------
    >>> steps_lattice("0.7", "0.1", step="1/255", scale="1/4")
    67
    >>> steps_lattice("31/50", "6/25", step=1, scale=2)  # `exact` says 1.008..., more than a step
    0
    """
    eps = _eps(step, scale)
    classes = math.inf if num_classes is None else parse_num_classes(num_classes)
    bounds = _bounds(p_a, p_b)
    if bounds is None:
        return ABSTAIN
    top, other = implied(*bounds, classes)
    if other == 0:
        return math.inf
    if top == other:  # a tie at x itself
        return 0
    return _largest_below(lambda: (_quantile(top, eps) - _quantile(other, eps)) / 2)


def radius_on_grid(steps: Steps, *, step: Exact) -> float:
    """The l1 norm of so many steps, rounded down: what they certify is a closed ball of the grid.

    Parameters
    ----------
    steps : int or float
        What one of the functions above returns; `math.inf` and `ABSTAIN` are handed on.
    step : int, float, Decimal, Fraction or str
        The grid's step h, in (0, inf).

    Raises
    ------
    ValueError
        If an input is outside its domain.

    Examples
    --------
    >>> radius_on_grid(67, step="1/255"), radius_on_grid(ABSTAIN, step=1)
    (0.26274509803921564, nan)
    """
    size = to_positive("step", step)
    if isinstance(steps, float) and (math.isnan(steps) or steps == math.inf):
        return steps
    count = _checked_integer(steps, "steps")
    if count < 0:
        raise ValueError(f"steps = {describe(count)} is outside [0, inf)")
    return round_down(lambda _: arb(to_fmpq(size * count)))


def _eps(step: Exact, scale: Exact) -> fmpq:
    return to_fmpq(to_positive("step", step) / to_positive("scale", scale))


def _bounds(p_a: Probability, p_b: Probability | None) -> tuple[fmpq, fmpq] | None:
    """Both bounds, exact; None where the binary case abstains."""
    top, other = parse_probabilities(p_a, p_b)
    if isinstance(top, np.ndarray) or isinstance(other, np.ndarray):
        raise ValueError("p_a or p_b is an array: legal is a single exact number each")
    if other is None:
        return None if 2 * top < 1 else (top, 1 - top)
    return top, other


def _by_formula(
    method: Method, p_a: Probability, p_b: Probability | None, step: Exact, scale: Exact
) -> Steps:
    eps, bounds = _eps(step, scale), _bounds(p_a, p_b)
    if bounds is None:
        return ABSTAIN
    if bounds[0] == bounds[1]:  # where the formulas could say 0/0, and every radius is 0
        return 0
    return _largest_below(lambda: arb(FORMULAS[method].ball(*bounds)) / eps)


def _largest_below(enclose: Callable[[], arb]) -> Steps:
    """The largest integer m >= 0 below a positive number that is no integer.

    As it is none (the module says why), some precision tells.
    """
    precision = FIRST_PRECISION
    while True:
        with working_precision(precision):
            ball = enclose()
            if ball == arb.pos_inf():
                return math.inf
            below = None if ball.is_nan() else ball.floor().unique_fmpz()
        if below is not None:
            return max(0, int(below))
        precision *= 2


def _quantile(p: fmpq, eps: fmpq) -> arb:
    """V(p) at the precision in use; NaN where it is too low to tell between which integers."""
    if 2 * p == 1:
        return arb(0)
    if 2 * p > 1:
        return -_quantile(1 - p, eps)
    # p (1 + q) = q^(n + rest), 0 < rest < 1, and c = (q^rest - q)/(1 - q) of the atom -n
    depth = -(p * (1 + arb(-eps).exp())).log() / eps
    n = depth.floor().unique_fmpz()
    if n is None:
        return arb.nan()
    share = ((1 - depth + n) * eps).expm1() / arb(eps).expm1()
    return share - n - arb(0.5)


def _mass(eps: Fraction, distance: int) -> arb:
    return (arb(to_fmpq(eps)) / 2).tanh() * arb(to_fmpq(-eps * distance)).exp()


def _tail(eps: Fraction, distance: int) -> arb:
    """P(K >= distance) for a distance of at least 1: q^distance/(1 + q)."""
    return arb(to_fmpq(-eps * distance)).exp() / (1 + arb(to_fmpq(-eps)).exp())


def _rounded(enclose: Callable[[], arb], rounding: Rounding) -> float:
    if not is_word(rounding, ("down", "up", "nearest")):
        raise ValueError(f"rounding = {describe(rounding)} is none of down, up, nearest")
    if rounding == "down":
        return round_down(lambda _: enclose())
    if rounding == "up":
        return 0.0 - round_down(lambda _: -enclose())
    return round_nearest(lambda _: enclose())


def _checked_integer(value: object, name: str = "k") -> int:
    try:
        return operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        raise ValueError(f"{name} = {describe(value)} is not an integer") from None
