"""The exact discrete Laplace sampler: its law by enumeration of all choices, and by counting."""

import math
from collections.abc import Callable, Iterator
from fractions import Fraction

import numpy as np
import pytest

from simulations import discrete_exact, philox
from simulations.discrete_exact import PhiloxSource, discrete_laplace, exponential_coin
from tests.test_simulations.discrete_laws import FALSE_FAIL, p_value


class UndecidedError(Exception):
    """The script of choices has run out."""


class Script:
    """A source that follows a list of choices and asks for more."""

    def __init__(self, choices: tuple[int, ...]) -> None:
        self.choices: Iterator[int] = iter(choices)

    def below(self, n: int) -> int:
        try:
            return next(self.choices)
        except StopIteration:
            raise UndecidedError(n) from None


def enumerated(sampler: Callable, smallest: Fraction) -> tuple[dict[int, Fraction], Fraction]:
    """Each outcome's probability, and what is left open after all paths of probability smallest."""
    law: dict[int, Fraction] = {}
    left = Fraction(0)
    paths = [((), Fraction(1))]
    while paths:
        choices, chance = paths.pop()
        try:
            outcome = sampler(Script(choices))
            law[outcome] = law.get(outcome, Fraction(0)) + chance
        except UndecidedError as open_choice:
            n = open_choice.args[0]
            if chance < smallest:
                left += chance
            else:
                paths.extend(((*choices, i), chance / n) for i in range(n))
    assert sum(law.values()) + left == 1
    return law, left


def encloses(law: dict[int, Fraction], left: Fraction, exact: Callable[[int], float]) -> bool:
    """Whether law(k) <= exact(k) <= law(k) + left, to the rounding of floats."""
    return all(
        float(found) - 1e-12 <= exact(k) <= float(found + left) + 1e-12 for k, found in law.items()
    )


def without_parity(numerator: int, denominator: int, source: Script) -> bool:
    k = 1
    while source.below(denominator * k) < numerator:
        k += 1
    return k == 1


@pytest.mark.parametrize(("a", "b"), [(0, 1), (1, 1), (1, 2), (2, 3), (5, 7)])
def test_the_coin_has_the_bias_of_the_exponential(a: int, b: int) -> None:
    law, left = enumerated(lambda source: exponential_coin(a, b, source), Fraction(1, 10_000))
    assert left < Fraction(1, 50) and encloses(law, left, _coin_law(a / b))
    if 0 < a < b:
        law, left = enumerated(lambda s: without_parity(a, b, s), Fraction(1, 10_000))
        assert not encloses(law, left, _coin_law(a / b))


def _coin_law(ratio: float) -> Callable[[int], float]:
    return lambda heads: math.exp(-ratio) if heads else 1 - math.exp(-ratio)


def _pmf(rate: float) -> Callable[[int], float]:
    q = math.exp(-rate)
    return lambda k: (1 - q) / (1 + q) * q ** abs(k)


def keeps_minus_zero(rate: Fraction, source: Script) -> int:
    """The mutant that forgets to reject the second zero."""
    s, t = rate.numerator, rate.denominator
    u = source.below(t)
    while not exponential_coin(u, t, source):
        u = source.below(t)
    v = 0
    while exponential_coin(1, 1, source):
        v += 1
    size = (u + t * v) // s
    return -size if source.below(2) else size


@pytest.mark.parametrize("rate", [Fraction(1), Fraction(2), Fraction(1, 2), Fraction(3, 2)])
def test_the_exact_sampler_has_the_discrete_laplace_law(rate: Fraction) -> None:
    law, left = enumerated(lambda source: discrete_laplace(rate, source), Fraction(1, 30_000))
    assert len(law) >= 5 and left < Fraction(3, 10) and encloses(law, left, _pmf(float(rate)))
    assert law[1] == law[-1]
    assert not encloses(law, left, _pmf(1.5 * float(rate)))
    mutant, left = enumerated(lambda s: keeps_minus_zero(rate, s), Fraction(1, 30_000))
    assert not encloses(mutant, left, _pmf(float(rate)))


@pytest.mark.parametrize("n", [1, 2, 5, 6, 8])
def test_uniform_integers_are_exactly_uniform(n: int) -> None:
    bits = (n - 1).bit_length()
    outcomes: dict[int, int] = {}
    for leading in range(2**bits):
        source = PhiloxSource(seed=0, tag=0, sample=0)
        source._words = iter([leading << (32 - bits), 0])
        value = source.below(n)
        outcomes[value] = outcomes.get(value, 0) + 1
    # A rejected prefix goes on to the word 0, so value 0 also has those.
    assert outcomes == {0: 1 + 2**bits - n, **{i: 1 for i in range(1, n)}}


def test_uniform_integers_of_many_words() -> None:
    source = PhiloxSource(seed=0, tag=0, sample=0)
    source._words = iter([0xFFFFFFFF, 0xFFFFFFFF, 1, 5 << 30])
    # 34 bits: of (2^64 - 1) the leading 34, refused, then of 2^32 + 5 2^30.
    assert source.below(2**33 + 1) == (2**32 + (5 << 30) % 2**32) >> 30
    with pytest.raises(ValueError, match=r"n = 0 is outside \[1, inf\)"):
        source.below(0)


def test_the_stream_of_words_goes_on_as_one_sample_of_philox() -> None:
    source = PhiloxSource(seed=5, tag=6, sample=7)
    words = philox.words(seed=5, tag=6, first_sample=7, num_samples=1, dim=300)[0]
    assert [source.below(2**32) for _ in range(300)] == words.tolist()


def drawn(rate: Fraction, seed: int) -> np.ndarray:
    return np.array(discrete_exact.draw_exact(rate, seed=seed, tag=3, sample=2, dim=4000))


@pytest.mark.statistical(false_fail=1e-9, reason="exact binomial tests of the cells together")
@pytest.mark.parametrize("rate", [Fraction(1, 2), Fraction(7, 5)])
def test_exact_draws_have_the_law(rate: Fraction, fresh) -> None:
    assert p_value(drawn(rate, fresh(11)), rate) > FALSE_FAIL


@pytest.mark.parametrize("rate", [Fraction(1, 2), Fraction(7, 5)])
def test_exact_draws_of_another_law_are_refuted(rate: Fraction) -> None:
    draws = drawn(rate, 11)
    assert p_value(draws, rate * Fraction(5, 4)) < FALSE_FAIL
    assert p_value(np.abs(draws), rate) < FALSE_FAIL


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match=r"numerator = 3 is outside \[0, denominator = 2\]"):
        exponential_coin(3, 2, PhiloxSource(seed=1, tag=1, sample=1))
    for rate in (0, -1, "nan"):
        with pytest.raises(ValueError, match=f"rate = {rate} is outside"):
            discrete_exact.draw_exact(rate, seed=1, tag=1, sample=1, dim=1)
    with pytest.raises(ValueError, match="seed = -1 is outside"):
        discrete_exact.draw_exact(1, seed=-1, tag=1, sample=1, dim=1)
