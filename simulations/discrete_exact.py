r"""Discrete Laplace noise drawn exactly, with integers only: slow, and what the tables are held to.

The law is P(X = x) = (1 - q)/(1 + q) q^{|x|} on the integers, q = exp(-rate), for a rational rate.
No exponential is ever evaluated; the only randomness is `below(n)`, uniform on {0, ..., n - 1}.

A coin of bias exp(-g), 0 <= g <= 1 (`exponential_coin`)
    Throw coins of bias g, g/2, g/3, ... until one fails, the k-th. The first k coins all succeed
    with probability g^k / k!, so P(the k-th fails first) = g^(k-1)/(k-1)! - g^k/k!, and the sum
    over odd k is 1 - g + g^2/2 - ... = exp(-g).
A geometric number (`discrete_laplace`)
    For rate = s/t, let U be uniform on {0, ..., t - 1} and kept with probability exp(-U/t), and V
    the number of successes of coins of bias exp(-1) before the first failure. Then Z = U + t V has
    P(Z = z) proportional to exp(-z/t), so Y = Z div s has P(Y = y) proportional to exp(-y s/t).
A sign
    A fair coin; "minus zero" is drawn again, or 0 would have twice its probability.

Source: C. Canonne, G. Kamath and T. Steinke, "The discrete Gaussian for differential privacy",
NeurIPS 2020, algorithms 1 and 2.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Protocol

from simulations import philox
from theory.exact import Exact, to_positive
from theory.parameters import describe, to_integer

_WORDS_AT_ONCE = 64


class Source(Protocol):
    """Where uniform integers come from."""

    def below(self, n: int, /) -> int:
        """Uniform on {0, ..., n - 1}, independent of all before."""


class PhiloxSource:
    """Uniform integers from the words of one sample of Philox, in their order.

    `below(n)` takes the ceil(b/32) words that the b bits of n - 1 need, reads them as one integer,
    first word first, keeps the leading b bits, and starts again where that is n or more: exactly
    uniform, and done after at most two tries on average.

    Parameters
    ----------
    seed, tag, sample
        As for `simulations.philox.words`.

    Raises
    ------
    ValueError
        For a parameter outside its set, at the first draw.

    Examples
    --------
    >>> source = PhiloxSource(seed=7, tag=3, sample=0)
    >>> [source.below(6) for _ in range(10)]
    [5, 3, 2, 2, 3, 2, 0, 3, 4, 1]
    """

    def __init__(self, *, seed: int, tag: int, sample: int) -> None:
        self._words = self._stream(seed, tag, sample)

    @staticmethod
    def _stream(seed: int, tag: int, sample: int) -> Iterator[int]:
        read, size = 0, _WORDS_AT_ONCE
        while True:
            words = philox.words(seed=seed, tag=tag, first_sample=sample, num_samples=1, dim=size)
            yield from words[0, read:].tolist()
            # Twice as many, so that beginning again at word 0 costs a constant factor.
            read, size = size, 2 * size

    def below(self, n: int) -> int:
        """Uniform on {0, ..., n - 1}.

        Raises
        ------
        ValueError
            For n < 1.
        """
        if n < 1:
            raise ValueError(f"n = {n} is outside [1, inf)")
        bits = (n - 1).bit_length()
        num_words = -(-bits // 32)
        while True:
            value = 0
            for _ in range(num_words):
                value = (value << 32) | next(self._words)
            value >>= 32 * num_words - bits
            if value < n:
                return value


def exponential_coin(numerator: int, denominator: int, source: Source) -> bool:
    """True with probability exp(-numerator / denominator), exactly, for a ratio in [0, 1].

    Raises
    ------
    ValueError
        Unless 0 <= numerator <= denominator and denominator >= 1.

    Examples
    --------
    >>> source = PhiloxSource(seed=1, tag=3, sample=0)
    >>> sum(exponential_coin(1, 2, source) for _ in range(1000))  # exp(-1/2) = 0.6065
    600
    """
    bottom = to_integer("denominator", denominator, 1, 2**4096, "[1, 2^4096]")
    numerator = to_integer(
        "numerator", numerator, 0, bottom, f"[0, denominator = {describe(bottom)}]"
    )
    k = 1
    while source.below(bottom * k) < numerator:
        k += 1
    return k % 2 == 1


def discrete_laplace(rate: Fraction, source: Source) -> int:
    """One draw of P(x) = (1 - q)/(1 + q) q^|x|, q = exp(-rate), exactly.

    Parameters
    ----------
    rate : Fraction
        Positive.
    source : Source
        Of uniform integers.

    Examples
    --------
    >>> source = PhiloxSource(seed=7, tag=3, sample=0)
    >>> [discrete_laplace(Fraction(1, 10), source) for _ in range(5)]
    [-7, -12, -5, 1, 3]
    """
    s, t = rate.numerator, rate.denominator
    while True:
        u = source.below(t)
        if not exponential_coin(u, t, source):
            continue
        v = 0
        while exponential_coin(1, 1, source):
            v += 1
        size = (u + t * v) // s
        negative = source.below(2) == 1
        if not (negative and size == 0):
            return -size if negative else size


def draw_exact(rate: Exact, *, seed: int, tag: int, sample: int, dim: int) -> list[int]:
    """One sample of `dim` independent exact draws, as Python integers.

    The words are those of the sample's Philox stream, but not one pair a coordinate as in
    `simulations.discrete_noise.draw`: equal in law, not in value.

    Parameters
    ----------
    rate : int, Fraction, float, Decimal or str
        Positive, exact: the step of the grid over the scale.
    seed, tag, sample, dim
        As for `simulations.philox.words`.

    Raises
    ------
    ValueError
        For a parameter outside its set.

    Examples
    --------
    >>> draw_exact("0.1", seed=7, tag=3, sample=0, dim=4)
    [-7, -12, -5, 1]
    """
    exact = to_positive("rate", rate)
    philox.checked_layout(seed=seed, tag=tag, first_sample=sample, num_samples=1, dim=dim)
    source = PhiloxSource(seed=seed, tag=tag, sample=sample)
    return [discrete_laplace(exact, source) for _ in range(dim)]
