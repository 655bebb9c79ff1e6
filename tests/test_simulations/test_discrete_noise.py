"""Discrete Laplace noise by tables: the law that is drawn, its distance, and equal integers."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from simulations import discrete_noise
from simulations.discrete_noise import ThresholdTable, draw, threshold_table
from simulations.kernels import discrete_guide, discrete_numba
from simulations.kernels import discrete_reference as reference
from tests.test_simulations.discrete_laws import BIAS, FALSE_FAIL, p_value
from theory.confidence import BinomialTest
from theory.discrete_laplace import DiscreteLaplace

RATES = [Fraction(16, 225), Fraction(1, 45), Fraction(1, 90), Fraction(3, 2), Fraction(1), 100]
BIG_RATE = Fraction(200)


# Laws, exactly.

LAW_RATES = [Fraction(1, 10), Fraction(1, 45), Fraction(3, 2)]


def drawn(rate: Fraction, seed: int) -> np.ndarray:
    layout = {"tag": 3, "first_sample": 0, "num_samples": 1000, "dim": 1000}
    return draw(threshold_table(rate), seed=seed, **layout)


@pytest.mark.statistical(
    false_fail=2e-9, reason="exact binomial tests: of the cells together, and of agreeing signs"
)
@pytest.mark.parametrize("rate", LAW_RATES)
def test_draws_of_the_table_have_the_law(rate: Fraction, fresh) -> None:
    draws = drawn(rate, fresh(12))
    assert p_value(draws.ravel(), rate) > FALSE_FAIL
    # Coordinates are independent of each other: signs of neighbours, in pairs that share none,
    # agree as coins do.
    positive = draws > 0
    agreeing = int((positive[:, 1::2] == positive[:, ::2]).sum())
    tail = float(threshold_table(rate).tail(1))
    share = tail**2 + (1 - tail) ** 2
    test = BinomialTest(positive.size // 2, share - BIAS, share + BIAS)
    assert test.p_value(agreeing) > FALSE_FAIL
    assert test.p_value(positive.size // 2) < FALSE_FAIL  # the mutant, one word for both


@pytest.mark.parametrize("rate", LAW_RATES)
def test_draws_of_another_law_are_refuted(rate: Fraction) -> None:
    draws = drawn(rate, 12).ravel()
    assert p_value(draws, rate * Fraction(11, 10)) < FALSE_FAIL
    assert p_value(draws + (draws == 1), rate) < FALSE_FAIL


# The table.


def exact_tails(rate: Fraction, last: int) -> list[mpmath.mpf]:
    """q^m / (1 + q), m = 0, ..., last, to 60 digits."""
    with mpmath.workdps(60):
        q = mpmath.exp(-mpmath.mpf(rate.numerator) / rate.denominator)
        return [mpmath.power(q, m) / (1 + q) for m in range(last + 1)]


def distance_to_the_law(table: ThresholdTable) -> mpmath.mpf:
    """Half of the sum over the cells -M, ..., M and the tails, by the laws' own cells."""
    with mpmath.workdps(60):
        m = table.largest
        tails = exact_tails(table.rate, m + 2)
        total = 2 * tails[m + 1]
        for k in range(-m, m + 1):
            drawn = table.tail(abs(k)) - table.tail(abs(k) + 1)
            exact = tails[abs(k)] - tails[abs(k) + 1]
            total += abs(mpmath.mpf(drawn.numerator) / drawn.denominator - exact)
        return total / 2


def is_nearest(table: ThresholdTable) -> bool:
    """Every threshold is the integer nearest to its tail, and the next one would be 0."""
    tails = exact_tails(table.rate, table.largest + 1)
    with mpmath.workdps(60):
        nearest = [int(mpmath.floor(tail * 2**64 + mpmath.mpf("0.5"))) for tail in tails[1:]]
    return nearest == [*(int(s) for s in table.thresholds), 0]


@pytest.mark.parametrize("rate", RATES)
def test_thresholds_are_nearest_and_the_distance_is_proven(rate: Fraction) -> None:
    table = threshold_table(rate)
    assert is_nearest(table)
    assert not table.thresholds.flags.writeable
    exact = distance_to_the_law(table)
    with mpmath.workdps(60):
        bound = mpmath.mpf(table.distance.numerator) / table.distance.denominator
        assert exact <= bound <= exact * (1 + mpmath.mpf(2) ** -50)
    if table.largest:
        spoilt = table.thresholds.copy()
        spoilt[table.largest // 2] += np.uint64(1)
        mutant = ThresholdTable(table.rate, spoilt, table.distance)
        assert not is_nearest(mutant)
        spoilt[0] -= np.uint64(2**12)
        assert distance_to_the_law(mutant) > float(table.distance)


@pytest.mark.parametrize("rate", RATES[:4])
def test_tails_are_those_of_the_law_that_is_certified(rate: Fraction) -> None:
    table, law = threshold_table(rate), DiscreteLaplace(rate, 1)
    for m in range(-table.largest - 1, table.largest + 2, 7):
        drawn = table.tail(m)
        assert Fraction(law.survival(m - 1, rounding="down")) - table.distance <= drawn
        assert drawn <= Fraction(law.survival(m - 1, rounding="up")) + table.distance
    assert abs(table.tail(2) - Fraction(law.survival(2))) > table.distance


def test_a_precision_that_leaves_a_threshold_open_is_doubled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rate = Fraction(1, 45)
    assert discrete_noise._rounded(rate, 40) is None
    expected = discrete_noise._rounded(rate, 300)
    monkeypatch.setattr(discrete_noise, "_PRECISION", 40)
    table = discrete_noise._table.__wrapped__(rate)
    assert expected is not None and table.thresholds.tolist() == expected[0]


@pytest.mark.slow
def test_the_largest_table() -> None:
    table = threshold_table(discrete_noise.LEAST_RATE)
    assert table.largest == 887_228 < 901_262
    assert table.distance < Fraction(2, 10**14)
    assert discrete_noise.checked_rate("0.00005") == discrete_noise.LEAST_RATE
    assert table.guide.bits < discrete_guide._MOST_BITS


@pytest.mark.parametrize("rate", RATES)
def test_the_drawn_law_is_symmetric_and_sums_to_one(rate: Fraction) -> None:
    table = threshold_table(rate)
    for m in (*range(-3, 4), table.largest, table.largest + 1):
        assert table.tail(m) + table.tail(1 - m) == 1
        assert table.tail(m) >= table.tail(m + 1)
    assert table.tail(-table.largest) == 1 and table.tail(table.largest + 1) == 0


def test_the_charge_is_rounded_up_and_adds_up() -> None:
    table = threshold_table(Fraction(1, 45))
    for num_draws in (0, 1, 3, 12345, 3072 * 100_000):
        exact = num_draws * table.distance
        charged = Fraction(table.total_variation(num_draws))
        assert exact <= charged <= exact * (1 + Fraction(1, 2**52))
    assert table.charge(100_000, 3072) == table.total_variation(3072 * 100_000)
    assert 0 < table.charge(100_000, 150_528) < 1e-6
    assert table.total_variation(10**20) == 1.0
    with pytest.raises(ValueError, match=r"dim = 0 is outside \[1, 2\^64\]"):
        table.charge(10, 0)
    with pytest.raises(ValueError, match=r"num_samples = -1 is outside \[0, 2\^64\]"):
        table.charge(-1, 10)


# The kernel.


def edge_words(table: ThresholdTable) -> np.ndarray:
    """Words beside every threshold, at the ends, beside every power of two, and random ones."""
    random = np.random.default_rng(3)
    thresholds = table.thresholds
    low = np.concatenate([[2**e - 1, 2**e] for e in range(64)]).astype(np.uint64)
    distances = np.concatenate([thresholds, thresholds - np.uint64(1), low])
    distances = distances[distances < 2**63]
    tiny = random.integers(0, 2**20, 2000, np.uint64)
    words = np.concatenate([distances, tiny, random.integers(0, 2**64, 5000, np.uint64)])
    return np.concatenate([words, ~words])


def by_definition(words: np.ndarray, table: ThresholdTable) -> np.ndarray:
    """K by comparing each word with every threshold."""
    thresholds = [int(s) for s in table.thresholds]
    drawn = []
    for word in words.tolist():
        distance = min(word, 2**64 - 1 - word)
        size = sum(distance < s for s in thresholds)
        drawn.append(-size if word < 2**63 else size)
    return np.array(drawn)


def by_kernel(words: np.ndarray, table: ThresholdTable, **changes: int) -> np.ndarray:
    lanes, guide = words.copy(), table.guide
    low = changes.get("loop_below", guide.loop_below)
    discrete_numba._to_noise(
        lanes,
        guide.ended,
        guide.above,
        np.uint64(guide.shift),
        np.uint64(guide.offset),
        np.uint64(low),
    )
    return lanes.view(np.int64)


def test_the_reference_draws_by_the_definition() -> None:
    table = threshold_table(Fraction(16, 225))
    words = edge_words(table)[::7]
    np.testing.assert_array_equal(
        reference.noise_from_words(words, table.thresholds), by_definition(words, table)
    )


@pytest.mark.parametrize("rate", [*RATES, Fraction(1, 2000), BIG_RATE])
def test_the_kernel_draws_the_references_integers_at_every_edge(rate: Fraction) -> None:
    table = threshold_table(rate)
    words = edge_words(table)
    expected = reference.noise_from_words(words, table.thresholds)
    np.testing.assert_array_equal(by_kernel(words, table), expected)
    # One word at a time as well: the loop is entered by strips.
    singly = [by_kernel(words[i : i + 1], table)[0] for i in range(0, words.size, 97)]
    np.testing.assert_array_equal(singly, expected[::97])


def test_without_its_loop_the_kernel_would_err() -> None:
    table = threshold_table(Fraction(1, 180))
    words = edge_words(table)
    expected = reference.noise_from_words(words, table.thresholds)
    wrong = by_kernel(words, table, loop_below=0) != expected
    assert wrong.any()
    assert (np.minimum(words, ~words)[wrong] < table.guide.loop_below).all()
    assert 0 < table.guide.loop_below <= 2**30


@pytest.mark.parametrize("rate", [Fraction(1, 45), Fraction(100)])
@pytest.mark.parametrize("dim", [1, 2, 3, 64, 511, 1023, 1024, 1025, 3072])
def test_backends_give_equal_integers(dim: int, rate: Fraction) -> None:
    table = threshold_table(rate)
    for seed, first in ((0, 2**64 - 5), (2**64 - 1, 2**32 - 2), (2**32, 2**36)):
        layout = {"seed": seed, "tag": 2**32 - 1, "first_sample": first, "dim": dim}
        expected = draw(table, num_samples=5, backend="numpy", **layout)
        np.testing.assert_array_equal(draw(table, num_samples=5, **layout), expected)


def test_ranges_and_threads_do_not_change_an_integer() -> None:
    table = threshold_table(Fraction(1, 45))
    layout = {"seed": 4, "tag": 5, "dim": 37}
    whole = draw(table, first_sample=2**32 - 900, num_samples=20_000, threads=1, **layout)
    shared = draw(table, first_sample=2**32 - 900, num_samples=20_000, threads=4, **layout)
    np.testing.assert_array_equal(shared, whole)
    for start, stop in ((0, 1), (26, 28), (899, 1500), (19_999, 20_000)):
        part = draw(table, first_sample=2**32 - 900 + start, num_samples=stop - start, **layout)
        np.testing.assert_array_equal(part, whole[start:stop])
    assert draw(table, first_sample=0, num_samples=0, **layout).shape == (0, 37)
    narrow = draw(table, first_sample=2**32 - 900, num_samples=9, seed=4, tag=5, dim=12)
    np.testing.assert_array_equal(narrow, whole[:9, :12])
    for change in ({"seed": 5}, {"tag": 6}):
        other = draw(table, first_sample=2**32 - 900, num_samples=9, **{**layout, **change})
        assert (other != whole[:9]).any()


KNOWN = [[-16, 6, 6, 8, -60], [44, -20, 61, 7, -5]]


def test_known_answers() -> None:
    table = threshold_table(Fraction(1, 45))
    drawn = draw(
        table, seed=0x299F31D0A4093822, tag=9, first_sample=2**32 - 1, num_samples=2, dim=5
    )
    assert drawn.tolist() == KNOWN


def test_two_thresholds_that_no_guide_separates_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discrete_guide, "_MOST_BITS", 9)
    close = np.array([2**62 + 2, 2**62 + 1, 2**62], np.uint64)
    with pytest.raises(ValueError, match=r"of 3 thresholds two above 2\^30 are closer"):
        discrete_guide.guide_of(close)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, "seed = -1 is outside"),
        ({"dim": 0}, r"dim = 0 is outside \[1, 2\^33\]"),
        ({"dim": 2**33 + 1}, r"dim = 8589934593 is outside \[1, 2\^33\]"),
        ({"first_sample": 2**64}, "first_sample = 18446744073709551616 is outside"),
        ({"backend": "cuda"}, "backend = 'cuda' is not one of 'numba', 'numpy'"),
        ({"threads": 0}, r"threads = 0 is outside \[1, 4096\]"),
    ],
)
def test_draws_outside_their_set_are_refused(change: dict, message: str) -> None:
    layout = {"seed": 1, "tag": 2, "first_sample": 0, "num_samples": 1, "dim": 2}
    with pytest.raises(ValueError, match=message):
        draw(threshold_table(1), **{**layout, **change})


@pytest.mark.parametrize("rate", [0, -1, "nan", Fraction(1, 20_001), float("inf")])
def test_rates_outside_their_set_are_refused(rate: object) -> None:
    with pytest.raises(ValueError, match=r"rate = .* is outside") as raised:
        threshold_table(rate)  # type: ignore[arg-type]
    assert "\n" not in str(raised.value)
