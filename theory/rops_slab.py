r"""The ROPS of Appendix D for a slab: f = cA on ``|w.x| <= 1``, cB elsewhere, in d dimensions.

The weights are taken up to a factor: w stands for w/||w||_2, so that w.eps has the standard
deviation of one coordinate of the noise. With u = w.x the agreement is P(|u + w.eps| <= 1).

*Gaussian noise*: w.eps has the law of one coordinate, so every supremum is that of `theory.rops` at
x = u, for every w and d, and it is 0 from the l2 distance r = 1 - |u| on.

*Laplace noise*: w.eps is lambda Z, Z a sum of Laplace variables of scales |w_i|, which is Laplace
only where a single w_i is not 0. Its tail is exact: partial fractions of the characteristic
function prod 1/(1 + w_i^2 s^2) into those of sums of k equal variables.

There is one supremum for every radius 0 <= r < (1 - |u|)/||w||_inf, the l1 distance from x to the
slab's boundary, and none beyond. *Proof.* Write s = 1/lambda and Q for the tail of Z. The radius is
certified iff p_1(s) + p_2(s) <= 1, p_i(s) = 2 e^(r s) Q(l_i s) with l_i = 1 - |u|, 1 + |u|. Laplace
densities are log-concave, hence so are their convolution and its tail (Prekopa), and log p_i is
concave, 0 at s = 0. Once below 0 it falls for good. Where p_1 + p_2 <= 1 both p_i, which are
positive, are below 1: both fall from there on, and the certified s are the half line that begins at
the only tie. There is a tie iff p_1 gets below 1: Q(t) is C t^(m-1) e^(-t/a) (1 + o(1)), where a is
||w||_inf and m the number of |w_i| equal to it, so p_1 -> 0 for r < l_1/a. For r = l_1/a the limit
of p_1 is 2C >= 1 if m = 1, as C is prod 1/(1 - (w_j/a)^2)/2, and infinite if m > 1: p_1 >= 1
throughout, being log-concave from 1 on. QED. (At r = 0 any noise will do: (K - x)/lambda shrinks as
lambda grows when the set K is star-shaped about x.)

So Laplace noise certifies up to the l1 distance, Gaussian noise up to the l2 distance only: unless
one coordinate has all the weight there are radii that only Laplace noise certifies, whereas on the
line the Gaussian supremum is the larger one near both ends. At r = 0 and u -> 1 the Gaussian one
stays the larger one for every w: Q falls exponentially, the normal tail faster.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from itertools import accumulate

from flint import arb, fmpq

from theory.exact import Exact, describe, to_fmpq, to_fraction, working_precision
from theory.parameters import MOST_ROOT_BITS, checked_precision, to_exact_vector
from theory.rops import gaussian_supremum_ball
from theory.rops_tie import enclosed_tie

__all__ = [
    "MAX_WEIGHTS",
    "Slab",
    "slab_laplace_supremum_ball",
    "slab_limit_threshold_ball",
    "slab_threshold_ball",
]

_SCAN_BITS = 40

#: the exact partial fractions take a minute for a few more that all have many digits
MAX_WEIGHTS = 128


@dataclass(frozen=True)
class Slab:
    """The slab |w.x| <= 1 with w normalised to ||w||_2 = 1, and the law of Z = w.eps/lambda.

    Parameters
    ----------
    weights : tuple of Fraction
        The exact weights up to a factor, not all of them 0, at most 128 that are not.

    Raises
    ------
    ValueError
        If no weight differs from 0, or more than 128 do.

    Examples
    --------
    >>> slab = Slab.of(["1", "-1", 0])
    >>> slab.reaches(Fraction(1, 2), Fraction(7, 10)), slab.reaches(Fraction(1, 2), Fraction(3, 4))
    (True, False)
    >>> round(float(slab.tail(arb(0), 80).mid()), 12)
    0.5
    """

    weights: tuple[Fraction, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", to_exact_vector("weights", self.weights))
        if not any(self.weights):
            raise ValueError(
                f"weights = {describe(','.join(map(str, self.weights)))}: legal are numbers not "
                "all 0"
            )
        if (number := sum(map(bool, self.weights))) > MAX_WEIGHTS:
            raise ValueError(f"{number} weights differ from 0: legal are at most {MAX_WEIGHTS}")

    @classmethod
    def of(cls, weights: Sequence[Exact]) -> Slab:
        """Return the slab of weights that are exact numbers."""
        return cls(to_exact_vector("weights", weights))

    @cached_property
    def squared_norm(self) -> Fraction:
        """||w||_2^2 of the weights as they were given."""
        return sum((weight * weight for weight in self.weights), Fraction(0))

    @cached_property
    def largest(self) -> Fraction:
        """||w||_inf of the weights as they were given."""
        return max(abs(weight) for weight in self.weights)

    @cached_property
    def terms(self) -> dict[Fraction, tuple[fmpq, ...]]:
        r"""Scale a -> the coefficients c of the tail, as the weights were given.

        .. math:: P(\sum_i w_i \varepsilon_i > t\lambda)
                  = \sum_a e^{-t/a} \sum_j c_{a,j} (t/a)^j, \quad t \ge 0
        """
        sizes = Counter(abs(weight) for weight in self.weights if weight)
        return {size: _tail_terms(size, sizes) for size in sizes}

    @cached_property
    def guard_bits(self) -> int:
        """Bits that the cancellation between the terms may cost."""
        total = sum((abs(c) for terms in self.terms.values() for c in terms), fmpq(0))
        return int(total.ceil()).bit_length()

    def tail(self, t: arb, precision: int) -> arb:
        """Return a ball around P(Z > t), t >= 0, with so many bits and those that cancel."""
        with working_precision(checked_precision(precision) + self.guard_bits):
            stretched = t * arb(to_fmpq(self.squared_norm)).sqrt()
            total = arb(0)
            for size, terms in self.terms.items():
                y = stretched / to_fmpq(size)
                polynomial = arb(0)
                for coefficient in reversed(terms):
                    polynomial = polynomial * y + coefficient
                total += (-y).exp() * polynomial
            return total

    def reaches(self, near: Fraction, radius: Fraction) -> bool:
        """Whether the radius is below near/||w||_inf, which is decided exactly."""
        return (radius * self.largest) ** 2 < near * near * self.squared_norm


def slab_laplace_supremum_ball(
    u: Exact, weights: Sequence[Exact] | Slab, *, precision: int, radius: Exact = 0
) -> arb:
    r"""Return a ball around the supremum of sqrt(2) lambda that certifies a radius in a slab.

    .. math:: 2 e^{r/\lambda} P(|u + \lambda Z| > 1) = 1

    is -lambda log[2(1 - PA)] = r. The tie is unique (module docstring); a sign change of the margin
    in balls holds it.

    Parameters
    ----------
    u : int, float, Decimal, Fraction or str
        w.x with ||w||_2 = 1, an exact number in (-1, 1).
    weights : sequence of exact numbers, or Slab
        Not all 0; up to a common factor.
    precision : int
        In bits, in [2, 4096].
    radius : int, float, Decimal, Fraction or str
        In l1, an exact number in [0, (1 - abs(u))/||w||_inf).

    Raises
    ------
    ValueError
        If an input is outside its domain.

    Examples
    --------
    >>> from theory.rops import laplace_supremum_ball
    >>> one = slab_laplace_supremum_ball("0.3", ["-2"], precision=80, radius="0.5")
    >>> one.overlaps(laplace_supremum_ball("0.3", precision=80, radius="0.5"))
    True
    >>> slab_laplace_supremum_ball("0.3", ["1", "1"], precision=80).mid().str(10, radius=False)
    '1.695597997'
    """
    precision = checked_precision(precision, most=MOST_ROOT_BITS)
    slab = weights if isinstance(weights, Slab) else Slab.of(weights)
    place, reach = _place(u), to_fraction(radius)
    near, far = 1 - place, 1 + place
    if reach < 0 or not slab.reaches(near, reach):
        raise ValueError(
            f"radius = {describe(radius)} is outside [0, (1 - |u|)/||w||_inf), the end being "
            f"{float(near) * math.sqrt(slab.squared_norm) / float(slab.largest):.9g}"
        )
    ends = to_fmpq(near), to_fmpq(far)

    def margin(rate: arb, bits: int) -> arb:
        with working_precision(bits + slab.guard_bits):  # what cancels magnifies their rounding
            near_end, far_end = ends[0] * rate, ends[1] * rate
        outside = slab.tail(near_end, bits) + slab.tail(far_end, bits)
        return 1 - 2 * (to_fmpq(reach) * rate).exp() * outside

    rate = enclosed_tie(margin, precision)
    with working_precision(precision + 10):
        return arb(2).sqrt() / rate


def slab_threshold_ball(weights: Sequence[Exact] | Slab, *, precision: int) -> arb | None:
    """Return a ball in which the order of the two suprema at r = 0 changes along u in [0, 1).

    Laplace's supremum is proved to be the larger one at the lower end of the ball and the Gaussian
    one at its upper end, so (both are continuous) they are equal somewhere inside. That this is the
    only change is proved for a single weight (the ledger's claim on Figure 10) and only located for
    others: of 64 places the first at which the Gaussian one is larger starts the bisection.

    Parameters
    ----------
    weights : sequence of exact numbers, or Slab
        Not all 0; up to a common factor.
    precision : int
        The ball is about ``2**-precision`` wide.

    Returns
    -------
    arb or None
        None where Laplace's supremum is not the larger one at u = 0.

    Examples
    --------
    >>> slab_threshold_ball(["1"], precision=40).mid().str(9, radius=False)
    '0.974626937'
    """
    precision = checked_precision(precision, most=MOST_ROOT_BITS)
    slab = weights if isinstance(weights, Slab) else Slab.of(weights)

    def leads(u: Fraction) -> bool:
        """Whether Laplace's supremum is larger; the other order is proved where it is not."""
        bits = precision + _SCAN_BITS
        while True:
            laplace = slab_laplace_supremum_ball(u, slab, precision=bits)
            lead = laplace - gaussian_supremum_ball(u, precision=bits)
            if lead > 0 or lead < 0:
                return bool(lead > 0)
            bits *= 2

    low, high = Fraction(0), Fraction(0)
    if not leads(low):
        return None
    for step in range(1, 65):
        # places that crowd towards 1, where the Gaussian one is the larger one in the end
        high = 1 - (1 - Fraction(step, 65)) ** 2
        if not leads(high):
            break
        low = high
    else:
        high = low + (1 - low) / 2
        while leads(high):
            low, high = high, high + (1 - high) / 2
    while high - low > Fraction(1, 1 << precision):
        middle = (low + high) / 2
        low, high = (middle, high) if leads(middle) else (low, middle)
    with working_precision(precision + 10):
        return arb(to_fmpq(low)).union(arb(to_fmpq(high)))


def slab_limit_threshold_ball(*, precision: int) -> arb:
    r"""Return a ball around the limit of the threshold for k equal weights, k -> infinity.

    .. math:: He_3(a)\varphi(a) + He_3(b)\varphi(b) = 0,\quad \Phi(a) + \Phi(b) = 3/2,\quad
              u = (b - a)/(b + a)

    By the central limit theorem both suprema tend to the Gaussian one, their difference as 1/k:
    Edgeworth's expansion gives Z the tail Q_N(t) + (3/k)/24 He_3(t) phi(t) + O(1/k^2), He_3(t) =
    t^3 - 3t, with the fourth cumulant 3/k of Z. So the sign of the sum above, on the Gaussian tie
    a = (1 - u)/sigma, b = (1 + u)/sigma, is that of Laplace's loss for every large k. The ball
    holds a sign change along the tie; that it is the only one is located, not proved.

    Examples
    --------
    >>> slab_limit_threshold_ball(precision=30).mid().str(7, radius=False)
    '0.9303802'
    """
    precision = checked_precision(precision, most=MOST_ROOT_BITS)

    def loss(u: Fraction, bits: int) -> arb:
        sigma = gaussian_supremum_ball(u, precision=bits)
        with working_precision(bits + 10):
            ends = (to_fmpq(1 - u) / sigma, to_fmpq(1 + u) / sigma)
            terms = [(t**3 - 3 * t) * (-t * t / 2).exp() for t in ends]
            return terms[0] + terms[1]

    low, high = Fraction(0), Fraction(15, 16)
    bits = 2 * precision + 64
    if not (loss(low, bits) < 0 < loss(high, bits)):
        raise ArithmeticError("no sign change between u = 0 and u = 15/16")
    while high - low > Fraction(1, 1 << precision):
        middle = (low + high) / 2
        low, high = (middle, high) if loss(middle, bits) < 0 else (low, middle)
    with working_precision(precision + 10):
        return arb(to_fmpq(low)).union(arb(to_fmpq(high)))


def _place(u: Exact) -> Fraction:
    place = abs(to_fraction(u))
    if place >= 1:
        raise ValueError(f"u = {describe(u)} is outside (-1, 1)")
    return place


@lru_cache(maxsize=256)
def _equal_masses(count: int) -> tuple[fmpq, ...]:
    r"""The density of L_1 + ... + L_k at t > 0 is sum_m b_m e^(-t) t^m/m!: return the b_m.

    For k Laplace variables b_m = C(2k-2-m, k-1)/2^(2k-1-m).
    """
    return tuple(
        fmpq(math.comb(2 * count - 2 - m, count - 1), 1 << (2 * count - 1 - m))
        for m in range(count)
    )


def _tail_terms(size: Fraction, sizes: Counter[Fraction]) -> tuple[fmpq, ...]:
    """The polynomial of one scale: with v = 1 + (size s)^2, the others' factors as a series in v.

    1 + b s^2 is (1 - b/a) + (b/a) v for squared scales a of v and b of the factor, and v^(-k) is
    the characteristic function of a sum of k variables of that scale.
    """
    count = sizes[size]
    series = [fmpq(1)] + [fmpq(0)] * (count - 1)
    for other, times in sizes.items():
        if other == size:
            continue
        ratio = to_fmpq((other / size) ** 2)
        for _ in range(times):
            for n in range(count):  # division by (1 - ratio) + ratio v
                carried = ratio * series[n - 1] if n else fmpq(0)
                series[n] = (series[n] - carried) / (1 - ratio)
    mass = [fmpq(0)] * count
    for n, share in enumerate(series):
        if share:
            for m, one in enumerate(_equal_masses(count - n)):
                mass[m] += share * one
    # the tail of Gamma(m + 1, 1) is e^(-t) sum_(j <= m) t^j/j!
    beyond = list(accumulate(reversed(mass)))[::-1]
    return tuple(beyond[j] / math.factorial(j) for j in range(count))
