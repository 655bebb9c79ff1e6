r"""Every certified radius, rounded down, for single exact numbers and for arrays.

A radius R certifies that the smoothed classifier's prediction is the same for every delta with
``||delta||_1 < R``. With p_a a lower bound on the top class's probability under the noise and p_b
an upper bound on every other class's, each radius is homogeneous in the scale of its noise:

====================  ============================================================  ============
`theorem_1`           max{(scale/2) log(p_a/p_b), -scale log(1 - p_a + p_b)}        eq. (1)
`theorem_2`           -scale log(2 (1 - p_a))                                       eq. (2)
`exact`               (scale/2) (Q(p_a) - Q(p_b')), p_b' = min(p_b, 1 - p_a)        ours
`exact_k`             the same with p_a' = max(p_a, 1 - (K - 1) p_b') for p_a       ours
`lecuyer`             (scale/2) log(p_a/p_b)                                        Table 1
`cohen`               (sigma/2) (Phi^-1(p_a) - Phi^-1(p_b))                         Table 1
`uniform`             half_width (p_a - p_b)                                        Yang 2020
====================  ============================================================  ============

Q is the unit Laplace quantile. In the binary case p_b is omitted and 1 - p_a is put in its place
in every formula: if then p_a is below 1/2, the method abstains, which is `ABSTAIN` (a NaN) and not
a radius of 0.

``rounding="down"`` (the default) gives a float that is provably not above the exact value.
``rounding="nearest"`` is for plots. The directions are never mixed.
"""

import math
import operator
from dataclasses import replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from flint import arb

from theory.arguments import Arguments, FloatArray, Point, Probability, Scale
from theory.exact import (
    Exact,
    Surd,
    describe,
    round_down,
    round_nearest,
    times_surd,
    working_precision,
)
from theory.parameters import is_word, to_float_array
from theory.radius_formulas import FORMULAS, Formula, Method, implied

Rounding: TypeAlias = Literal["down", "nearest"]
Radius: TypeAlias = float | FloatArray

ABSTAIN = math.nan
"""The value returned where no radius is certified because the binary case has p_a < 1/2."""

MOST_CLASSES = 10**15
"""More classes than this are not told apart from any number of them."""


def is_abstention(radius: Radius) -> bool | npt.NDArray[np.bool_]:
    """Return where `radius` is `ABSTAIN`: a truth value for a float, an array for an array.

    Examples
    --------
    >>> is_abstention(theorem_2("0.49", scale=2)), is_abstention(theorem_2("0.5", scale=2))
    (True, False)
    """
    if isinstance(radius, float):
        return math.isnan(radius)
    return np.isnan(to_float_array("radius", radius))


def theorem_1(
    p_a: Probability, p_b: Probability | None = None, *, scale: Scale, rounding: Rounding = "down"
) -> Radius:
    r"""Radius of Laplace noise with several classes.

    .. math:: \max\{(\lambda/2) \log(p_a/p_b),\; -\lambda \log(1 - p_a + p_b)\}

    Theorem 1, eq. (1). It grows with p_a, falls with p_b, and is proportional to `scale`.

    Parameters
    ----------
    p_a : int, float, Decimal, Fraction, str, or array of floats
        Lower bound on the top class's probability, in [0, 1]. A string is the exact decimal or
        ratio that it spells; a float is the dyadic rational that it stores. Arrays broadcast.
    p_b : the same, optional
        Upper bound on every other class's probability, in [0, p_a]; p_a + p_b may exceed 1.
        Omitted: the binary case, 1 - p_a, which abstains where p_a < 1/2.
    scale : int, float, Decimal, Fraction, str, Surd, or array of floats
        The Laplace parameter lambda, in (0, inf), in the unit of the input's coordinates.
    rounding : {"down", "nearest"}
        "down": not above the exact value, and less than one float below it. "nearest": the float
        nearest to the exact value; for arrays it is computed in floats, within a few ulp, and
        exact numbers that stand beside an array are rounded to floats first.

    Returns
    -------
    float or array of float64
        The radius in the l1 norm: 0.0 at p_a = p_b, inf at p_b = 0 < p_a, `ABSTAIN` (NaN) where
        the binary case has p_a < 1/2. A float unless an input is an array.

    Raises
    ------
    ValueError
        If an input is outside its domain (NaN is), or `rounding` is neither word.

    Examples
    --------
    >>> theorem_1("0.7", "0.1", scale=2)
    1.9459101490553132
    >>> theorem_1(np.array([0.4, 0.5, 0.75, 1.0]), scale=1)
    array([       nan, 0.        , 0.69314718,        inf])
    """
    return _evaluate("theorem_1", p_a, p_b, "scale", scale, rounding)


def theorem_1_terms(
    p_a: Probability, p_b: Probability | None = None, *, scale: Scale, rounding: Rounding = "down"
) -> tuple[Radius, Radius]:
    """Both terms of Theorem 1's maximum, eq. (1): Lecuyer's, then the new one.

    Parameters, rounding and errors are those of `theorem_1`. The new term is inf only at
    p_a = 1, p_b = 0.

    Examples
    --------
    >>> theorem_1_terms("0.5", "0.25", scale=4)
    (1.3862943611198906, 1.1507282898071236)
    """
    return (
        _evaluate("lecuyer", p_a, p_b, "scale", scale, rounding),
        _evaluate("new_term", p_a, p_b, "scale", scale, rounding),
    )


def theorem_2(p_a: Probability, *, scale: Scale, rounding: Rounding = "down") -> Radius:
    r"""Radius of Laplace noise with two classes.

    .. math:: -\lambda \log[2 (1 - p_a)]

    Theorem 2, eq. (2). Parameters, rounding and errors are those of `theorem_1`; p_a < 1/2
    abstains, p_a = 1/2 gives 0.0 and p_a = 1 gives inf.

    Examples
    --------
    >>> theorem_2("0.75", scale=1), theorem_2("0.75", scale=1, rounding="nearest")
    (0.6931471805599453, 0.6931471805599453)
    >>> theorem_2(0.5, scale=3), theorem_2("0.4999", scale=3)
    (0.0, nan)
    """
    return _evaluate("theorem_2", p_a, None, "scale", scale, rounding)


def exact(
    p_a: Probability, p_b: Probability | None = None, *, scale: Scale, rounding: Rounding = "down"
) -> Radius:
    r"""The largest radius that Laplace noise certifies, with any number of classes.

    .. math:: (\lambda/2) (Q(p_a) - Q(\min\{p_b, 1 - p_a\}))

    Q(p) is the unit Laplace quantile, log(2p) up to 1/2 and -log(2(1-p)) from there. The claim
    `exact_multiclass_radius` proves that it is sound in every dimension and attained. It is never
    below `theorem_1`, and equals `theorem_2` where p_b is 1 - p_a or more. Parameters, rounding
    and errors are those of `theorem_1`; at p_a = p_b it is positive where p_a > 1/2, and at
    p_b = 0 it is inf for every p_a.

    Examples
    --------
    >>> exact("0.7", "0.1", scale=2), theorem_1("0.7", "0.1", scale=2)
    (2.120263536200091, 1.9459101490553132)
    """
    return _evaluate("exact", p_a, p_b, "scale", scale, rounding)


def exact_k(
    p_a: Probability,
    p_b: Probability | None = None,
    *,
    num_classes: int,
    scale: Scale,
    rounding: Rounding = "down",
) -> Radius:
    r"""The largest radius that Laplace noise certifies, with exactly so many classes.

    .. math:: (\lambda/2) (Q(p_a') - Q(p_b')),\quad
        p_b' = \min\{p_b, 1 - p_a\},\; p_a' = \max\{p_a, 1 - (K - 1) p_b'\}

    The claim `exact_multiclass_radius_k` proves that it is sound and attained. `num_classes` = K
    is an integer in [2, 10^15] (ValueError otherwise); the rest is as in `exact`.

    Examples
    --------
    >>> exact_k("0.7", "0.1", num_classes=3, scale=2), exact("0.8", "0.1", scale=2)
    (2.525728644308255, 2.525728644308255)
    """
    classes = parse_num_classes(num_classes)
    return _evaluate("exact", p_a, p_b, "scale", scale, rounding, classes=classes)


def parse_num_classes(num_classes: int | str) -> int:
    """The number of classes, in [2, `MOST_CLASSES`]; a ValueError of one line otherwise.

    >>> parse_num_classes("10")
    10
    """
    try:
        number = int(num_classes) if isinstance(num_classes, str) else operator.index(num_classes)
    except (TypeError, ValueError):
        number = 0
    if not 2 <= number <= MOST_CLASSES:
        legal = f"the integers in [2, {MOST_CLASSES}]"
        raise ValueError(f"num_classes = {describe(num_classes)} is outside {legal}")
    return number


def lecuyer(
    p_a: Probability, p_b: Probability | None = None, *, scale: Scale, rounding: Rounding = "down"
) -> Radius:
    r"""Radius of Lecuyer et al. (2019), Laplace noise.

    .. math:: (\lambda/2) \log(p_a/p_b)

    Table 1 and section 4.3 (the scan has lost the factor 1/2). Parameters, rounding, special
    values and errors are those of `theorem_1`.

    Examples
    --------
    >>> lecuyer("0.8", "0.2", scale=1), lecuyer("0.8", scale=1)
    (0.6931471805599453, 0.6931471805599453)
    """
    return _evaluate("lecuyer", p_a, p_b, "scale", scale, rounding)


def cohen(
    p_a: Probability, p_b: Probability | None = None, *, sigma: Scale, rounding: Rounding = "down"
) -> Radius:
    r"""Radius of Cohen et al. (2019), Gaussian noise, carried to the l1 norm.

    .. math:: (\sigma/2) (\Phi^{-1}(p_a) - \Phi^{-1}(p_b))

    Table 1 and section 4.3; in the binary case it is sigma Phi^-1(p_a). Parameters, rounding and
    errors are those of `theorem_1`, with `sigma` the standard deviation of one coordinate. It is
    inf at p_b = 0 < p_a and at p_a = 1 > p_b. For arrays "nearest" is within a few ulp of the
    larger quantile, which is less of their difference.

    Examples
    --------
    >>> from fractions import Fraction
    >>> cohen("0.9", sigma=Surd(Fraction(1), 2))  # the variance of Laplace noise of scale 1
    1.8123876048736463
    """
    return _evaluate("cohen", p_a, p_b, "sigma", sigma, rounding)


def uniform(
    p_a: Probability,
    p_b: Probability | None = None,
    *,
    half_width: Scale,
    rounding: Rounding = "down",
) -> Radius:
    r"""Radius of uniform noise on [-half_width, half_width] in every coordinate.

    .. math:: \Lambda (p_a - p_b)

    Yang et al. (2020); in the binary case it is 2 half_width (p_a - 1/2). Parameters, rounding
    and errors are those of `theorem_1`, with `half_width` = sqrt(3) sigma. It is always finite.

    Examples
    --------
    >>> uniform("0.75", half_width=3), uniform("0.75", "0.5", half_width=3)
    (1.5, 0.75)
    """
    return _evaluate("uniform", p_a, p_b, "half_width", half_width, rounding)


def radius_ball(
    method: Method, p_a: Exact, p_b: Exact | None = None, *, scale: Exact | Surd, precision: int
) -> arb:
    """Return a ball that contains the exact radius, computed with `precision` bits.

    Parameters
    ----------
    method : str
        A key of `FORMULAS`; "new_term" is the second term of Theorem 1, whose first is "lecuyer".
    p_a, p_b : int, float, Decimal, Fraction or str
        As in `theorem_1`, but p_a >= 1/2 where p_b is omitted; theorem_2 takes no p_b.
    scale : int, float, Decimal, Fraction, str or Surd
        The method's own scale: lambda for Laplace, sigma for "cohen", half_width for "uniform".
    precision : int
        Working precision in bits, in [2, 2^20].

    Raises
    ------
    ValueError
        If an input is outside its domain.

    Examples
    --------
    >>> radius_ball("theorem_2", "0.75", scale=1, precision=100).overlaps(arb(2).log())
    True
    """
    if not is_word(method, FORMULAS):
        raise ValueError(f"method = {describe(method)} is none of {', '.join(FORMULAS)}")
    if method == "theorem_2" and p_b is not None:
        raise ValueError(f"p_b = {describe(p_b)} has no place in theorem_2: legal is None")
    arguments = Arguments.parse(p_a, p_b, "scale", scale)
    if arguments.shape != ():
        raise ValueError("an array has no ball: p_a, p_b and scale must be single exact numbers")
    ((point,), _) = arguments.points()
    if point.abstains:
        raise ValueError(f"p_a = {describe(p_a)} is outside [1/2, 1]: the binary case abstains")
    with working_precision(precision):
        return _ball(FORMULAS[method], point)


def _ball(formula: Formula, at: Point) -> arb:
    p_a, p_b = at.p_a, at.p_b
    if formula.classes is not None:
        p_a, p_b = implied(p_a, p_b, formula.classes)
    if p_a == p_b:
        return arb(0)
    return times_surd(formula.ball(p_a, p_b), at.size, at.radicand)


def _rounded(formula: Formula, at: Point, rounding: Rounding) -> float:
    if at.abstains:
        return ABSTAIN
    to_float = round_down if rounding == "down" else round_nearest
    # No radius is negative: 0 is below it too, where the last precision cannot tell it from 0.
    return max(0.0, to_float(lambda _: _ball(formula, at)))


def _in_floats(formula: Formula, arguments: Arguments) -> FloatArray:
    p_a, p_b, scale = arguments.floats()
    abstains = (p_a < 0.5) if arguments.p_b is None else False
    if formula.classes is not None:
        p_a, p_b = implied(p_a, p_b, formula.classes)
    with np.errstate(all="ignore"):  # the ends of the domain are infinities, as they should be
        unit = np.where(p_a == p_b, 0.0, formula.floats(p_a, p_b))
        radii = np.where(np.isinf(unit), unit, scale * unit)
    return np.where(abstains, ABSTAIN, radii)


def _evaluate(
    method: Method,
    p_a: Probability,
    p_b: Probability | None,
    scale_name: str,
    scale: Scale,
    rounding: Rounding,
    *,
    classes: int | None = None,
) -> Radius:
    if not is_word(rounding, ("down", "nearest")):
        raise ValueError(f"rounding = {describe(rounding)} is neither down nor nearest")
    formula, arguments = FORMULAS[method], Arguments.parse(p_a, p_b, scale_name, scale)
    if classes is not None:
        formula = replace(formula, classes=classes)
    shape = arguments.shape
    if rounding == "nearest" and shape != ():
        return _in_floats(formula, arguments)
    points, which = arguments.points()
    radii = np.array([_rounded(formula, point, rounding) for point in points], dtype=np.float64)
    return float(radii[0]) if shape == () else radii[which].reshape(shape)
