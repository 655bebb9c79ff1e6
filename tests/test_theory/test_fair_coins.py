"""Fair coins against binomial coefficients, SciPy and each other."""

import math
from fractions import Fraction

import pytest
from scipy import stats

from theory import fair_coins
from theory.balls import rational_ball
from theory.exact import working_precision


@pytest.mark.parametrize("count", [1, 2, 9, 64])
def test_small_numbers_are_sums_of_binomial_coefficients(count: int) -> None:
    with working_precision(100):
        for least in range(1, count + 1):
            ways = sum(math.comb(count, number) for number in range(least, count + 1))
            exact = rational_ball(Fraction(ways, 2**count))
            assert fair_coins.tail(count, least).overlaps(exact)
            assert fair_coins.tails(count, least, count + 2)[0].overlaps(exact)
            assert float(exact) <= 2.0 ** -fair_coins.depth(count, least) * (1 + 1e-12)
            one_off = rational_ball(Fraction(ways - math.comb(count, least), 2**count))
            assert not fair_coins.tail(count, least).overlaps(one_off)


@pytest.mark.parametrize("least", [499_000, 500_000, 500_001, 501_500, 520_000, 10**6])
def test_a_million_coins(least: int) -> None:
    with working_precision(100):
        ball, following = (fair_coins.tail(10**6, at) for at in (least, least + 1))
        assert ball.rel_accuracy_bits() > 75
        assert (ball - following).overlaps(fair_coins.mass(10**6, least))
        assert not ball.overlaps(following)
        known = stats.binom.sf(least - 1, 10**6, 0.5)
        if known > 1e-250:
            assert float(ball) == pytest.approx(known, rel=1e-9)
        each = fair_coins.tails(10**6, least, least + 40)
        assert each[0].overlaps(ball)
        assert each[1].overlaps(following)


def test_beyond_the_last_there_is_nothing() -> None:
    assert fair_coins.mass(7, 8) == 0
    assert fair_coins.tail(7, 8) == 0
    assert fair_coins.tails(7, 7, 9)[1:] == [0, 0]
