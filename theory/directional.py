r"""The exact certified radius in the direction of delta, binary case (beyond the paper).

Let f be any classifier with P(f(X) = cA) >= PA, of which nothing else is known, X Laplace noise and
Y = X + delta. Theorem 2 certifies P(f(Y) = cA) > 1/2 for ||delta||_1 < R = -scale log[2(1 - PA)],
and only on an axis is that all: in the direction of delta the prediction is certain up to a norm
r* >= R, and this module encloses r*.

By Neyman and Pearson the worst f loses B = {T < t} and a part of {T = t}, with P(X in B) = 1 - PA,
and its prediction changes once P(Y in B) >= 1/2. Write T = r - 2 r V, so that the likelihood ratio
is e^(-T/scale) = e^(r (2V - 1)) in units of the scale (`theory.subset_law` has the law of V under
X). The map x -> delta - x exchanges X and Y and turns V into 1 - V, hence with v = 1 - (place of t)

    P(Y in B) = P(V < v) + part,    P(X in B) = P(V > 1 - v) + part,

so that at the critical PA v is the median of V. Two bounds hold for every v and every norm r:

dual
    P(f(Y) != cA) <= P(V < v) + e^(r (1 - 2v)) [1 - PA - P(V > 1 - v)]: below 1/2, no f changes its
    prediction at this delta. Nor does one at a shorter multiple: a shorter move of a Laplace
    variable is obtained from a longer one by randomisation (its Neyman-Pearson function is larger),
    coordinate by coordinate, so what no test can do at delta it cannot do nearer.
primal
    a mixture of {V > 1 - u} and {V >= 1 - v}, u <= v, of probability 1 - PA under X: if it has 1/2
    or more under Y, an f that loses it changes its prediction (or ties).

Both are balls, and r* lies between a norm at which Arb proves the first and one at which it proves
the second.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from flint import arb, fmpq

from theory.arguments import parse_probability, parse_scale
from theory.balls import Ball, rational_ball
from theory.certificates import ABSTAIN, Rounding
from theory.directional_series import SeriesTie
from theory.equal_law import EqualLaw
from theory.exact import (
    Exact,
    Surd,
    ceil_float,
    describe,
    floor_float,
    to_ball,
    working_precision,
)
from theory.parameters import is_word, to_exact_vector, to_integer
from theory.ratio_laws import EQUAL_FROM
from theory.subset_law import SubsetLaw
from theory.tie_search import Tie

#: A vector of more coordinates takes gigabytes.
MOST_COORDINATES = 10**8

#: The norms at which the two bounds are proved lie this far on either side of r*, relatively.
SLACKS = (Fraction(1, 1 << 60), Fraction(1, 1 << 52), Fraction(1, 1 << 44))

#: Relative accuracy in bits of the probabilities; more of them where PA is near 1/2.
_BITS = 160
#: The two sets that the primal mixes lie this far on either side of the median.
_WIDTH = Fraction(1, 1 << 90)


@dataclass(frozen=True, slots=True)
class DirectionalRadius:
    """Two floats around the exact radius, both proved: certain below ``lower``, not at ``upper``.

    They are NaN where the binary case abstains (PA < 1/2).
    """

    lower: float
    upper: float


def equal_direction(count: int) -> tuple[Fraction, ...]:
    """The diagonal of ``count`` coordinates: each takes the same part of the norm.

    Raises ValueError if count is outside [1, 10^8].

    >>> equal_direction(2)
    (Fraction(1, 1), Fraction(1, 1))
    """
    return (Fraction(1),) * to_integer("count", count, 1, MOST_COORDINATES)


def directional_radius(
    p_a: Exact, direction: Iterable[Exact], *, scale: Exact | Surd, rounding: Rounding = "down"
) -> float:
    """The largest r such that no move shorter than r along the direction changes the prediction.

    The exact worst case over all classifiers with P(f(X) = cA) >= p_a, two classes, X Laplace noise
    in every coordinate. It is Theorem 2's radius where the direction is an axis, and larger where
    it is not.

    Parameters
    ----------
    p_a : int, float, Decimal, Fraction or str
        Lower bound on the top class's probability, in [0, 1]; below 1/2 the binary case abstains.
    direction : iterable of the same
        A vector that is not zero, of which only the direction matters; signs and zero entries do
        not change the radius. In every dimension: equal entries take a second, thousands of
        different ones some seconds, with a lower and an upper value a little further apart.
    scale : int, float, Decimal, Fraction, str or Surd
        The Laplace parameter lambda, in (0, inf), in the unit of the input's coordinates.
    rounding : {"down", "nearest"}
        "down": not above the exact value, and certified. "nearest": for plots.

    Returns
    -------
    float
        The radius in the l1 norm: 0.0 at p_a = 1/2, inf at p_a = 1, NaN (`certificates.ABSTAIN`)
        for p_a < 1/2.

    Raises
    ------
    ValueError
        If an input is outside its domain, or the radius is not enclosed (PA close to 1/2, say).

    Examples
    --------
    >>> directional_radius("0.75", [1], scale=1), directional_radius("0.75", [1, 1], scale=1)
    (0.6931471805599453, 1.0359994277736668)
    """
    if not is_word(rounding, ("down", "nearest")):
        raise ValueError(f"rounding = {describe(rounding)} is neither down nor nearest")
    found = directional_enclosure(p_a, direction, scale=scale)
    if rounding == "down" or math.isinf(found.upper):
        return found.lower
    return found.lower + (found.upper - found.lower) / 2


def directional_enclosure(
    p_a: Exact, direction: Iterable[Exact], *, scale: Exact | Surd
) -> DirectionalRadius:
    """Floats below and above the exact radius of `directional_radius`.

    Neighbours where the law of T is summed in balls (equal entries, or few different ones).

    Examples
    --------
    >>> directional_enclosure("0.9", ["0.5", "-0.5", 0], scale=2)
    DirectionalRadius(lower=3.9174661121903926, upper=3.917466112190393)
    """
    probability = parse_probability("p_a", p_a)
    if not isinstance(probability, fmpq):
        raise ValueError("p_a is an array: legal is a single exact number")
    level = Fraction(int(probability.p), int(probability.q))
    parse_scale("scale", scale)
    magnitudes = [abs(entry) for entry in to_exact_vector("direction", direction)]
    moving = [one for one in magnitudes if one]
    if not moving:
        raise ValueError(f"direction of {len(magnitudes)} zeros: legal is any other vector")
    if 2 * level < 1:
        return DirectionalRadius(ABSTAIN, ABSTAIN)
    if 2 * level == 1 or level == 1:
        radius = 0.0 if level < 1 else math.inf
        return DirectionalRadius(radius, radius)
    try:
        low, high = _norms(moving, level)
    except ArithmeticError as error:  # PA within 1e-1200 of 1/2, say
        raise ValueError(f"p_a = {describe(p_a)} in this direction: {error}") from error
    with working_precision(256):
        unit = to_ball(scale, 256)
        return DirectionalRadius(
            floor_float(rational_ball(low) * unit), ceil_float(rational_ball(high) * unit)
        )


def _norms(moving: Sequence[Fraction], p_a: Fraction) -> tuple[Fraction, Fraction]:
    """By balls around tails of V where that is quick, else by bounds on the law of T."""
    total, number = sum(moving), Counter(moving)
    if len(number) == 1 and len(moving) >= EQUAL_FROM:
        return certified_norms(EqualLaw(len(moving)), p_a)
    try:
        law = SubsetLaw.of(moving)
    except ValueError:
        shares = {one / total: count for one, count in number.items()}
        return SeriesTie(shares, 1 - p_a).norms()
    return certified_norms(law, p_a)


def certified_norms(law: SubsetLaw | EqualLaw, p_a: Fraction) -> tuple[Fraction, Fraction]:
    """Norms low < high in units of the scale: Arb proves the dual at low and the primal at high.

    Parameters
    ----------
    law : SubsetLaw or EqualLaw
        The direction.
    p_a : Fraction
        In (1/2, 1).

    Raises
    ------
    ValueError
        If p_a is outside (1/2, 1).
    ArithmeticError
        If one of the bounds is not proved within the widest of ``SLACKS``.

    Examples
    --------
    >>> low, high = certified_norms(SubsetLaw((1,)), Fraction(3, 4))
    >>> low < high, abs(float(low) - math.log(2)) < 1e-15
    (True, True)
    """
    if not (p_a > Fraction(1, 2) and p_a < 1):
        raise ValueError(f"p_a = {p_a} is outside (1/2, 1)")
    lost = 1 - p_a
    bits = _BITS + _bits_of(1 - 2 * lost)
    low = high = None
    with working_precision(bits):
        norm, place = Tie(law, lost, bits).solve()
        around, half = (max(Fraction(0), place - _WIDTH), place + _WIDTH), arb(0.5)
        for slack in SLACKS:
            below, above = norm * (1 - slack), norm * (1 + slack)
            if low is None and dual_bound(law, below, place, lost, bits) < half:
                low = below
            if high is None and primal_bound(law, above, around, lost, bits) >= half:
                high = above
    if low is None or high is None:
        raise ArithmeticError(f"the radius near {float(norm)} scales is not proved to 2^-44")
    return low, high


def dual_bound(
    law: SubsetLaw | EqualLaw, norm: Fraction, place: Fraction, lost: Fraction, bits: int = 128
) -> Ball:
    """A ball around P(V < v) + e^(r (1 - 2v)) [lost - P(V > 1 - v)], which no test exceeds under Y.

    Parameters
    ----------
    law : SubsetLaw or EqualLaw
        The direction.
    norm : Fraction
        r = ||delta||_1 / scale, in (0, inf).
    place : Fraction
        v in [0, 1]; the bound is best at the median of V and holds at every v.
    lost : Fraction
        1 - PA, the probability under X that the test may have.
    bits : int
        Relative accuracy of the tail probabilities.

    Examples
    --------
    >>> axis = SubsetLaw((1,))  # there it is e^r (1 - PA)
    >>> dual_bound(axis, Fraction(1), Fraction(0), Fraction(1, 10)).overlaps(arb(1).exp() / 10)
    True
    """
    with working_precision(bits + 32):
        near, far = law.tail(place, norm, bits), law.tail(1 - place, norm, bits)
        ratio = rational_ball(norm * (1 - 2 * place)).exp()
        return near.below + ratio * (rational_ball(lost) - far.above)


def primal_bound(
    law: SubsetLaw | EqualLaw,
    norm: Fraction,
    places: tuple[Fraction, Fraction],
    lost: Fraction,
    bits: int = 128,
) -> Ball:
    """A ball around what a mixture of {V > 1 - u} and {V >= 1 - v} has under Y.

    Its probability under X is at most ``lost``, and exactly that where both sets allow it. The ball
    is 0 (the empty set) where Arb does not prove that {V > 1 - u} is small enough.

    Parameters
    ----------
    places : (Fraction, Fraction)
        u <= v in [0, 1], best close to the median of V on either side of it.
    law, norm, lost, bits
        As in `dual_bound`.

    Examples
    --------
    >>> axis, edge = SubsetLaw((1,)), (Fraction(0), Fraction(0))
    >>> primal_bound(axis, Fraction(1), edge, Fraction(1, 10)).overlaps(arb(1).exp() / 10)
    True
    """
    if places[0] > places[1]:
        raise ValueError(f"places = {places[0]}, {places[1]} are not ascending")
    with working_precision(bits + 32):
        small, large = (law.tail(1 - place, norm, bits) for place in places)
        allowed = rational_ball(lost)
        if not small.above <= allowed:
            return arb(0)
        under_y = law.tail(places[1], norm, bits).upto
        if large.from_here <= allowed:
            return under_y
        part = (allowed - small.above) / (large.from_here - small.above)
        least = law.tail(places[0], norm, bits).below
        return least + part.min(arb(1)) * (under_y - least)


def _bits_of(distance: Fraction) -> int:
    """How many bits below 1 a positive number lies."""
    return max(0, distance.denominator.bit_length() - distance.numerator.bit_length())
