"""The table of binomial(m, 1/2): exact floors, between two bounds, and with a guide."""

import math

import mpmath
import numpy as np
import pytest

from simulations.kernels import binomial_table as binomial
from simulations.kernels import sums_lanes


def exact_entries(m: int) -> tuple[int, list[int]]:
    """(least, entries) by sums of exact integers."""
    total, floors = 0, []
    for j in range(m):
        total += math.comb(m, j)
        floors.append((total << 64) >> m)
    kept = [floor for floor in floors if 1 <= floor < 2**64 - 1]
    return floors.index(kept[0]), kept


def agrees(table: binomial.BinomialTable, m: int) -> bool:
    least, entries = exact_entries(m)
    return (table.least, table.entries.tolist()) == (least, entries)


@pytest.mark.parametrize("m", [*range(1, 66), 129, 1023, 1024, 1025, 1500])
def test_the_table_is_exact(m: int) -> None:
    table = binomial.binomial_table(m)
    assert agrees(table, m)
    spoilt = binomial.BinomialTable(table.least, table.entries - np.uint64(1))
    assert not agrees(spoilt, m)


def test_a_table_between_two_bounds_asks_for_more_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    assert binomial._entries(3001, 128) is None
    assert binomial._entries(3000, 700) == binomial._entries(3000, 3000)
    monkeypatch.setattr(binomial, "BITS", 128)
    assert agrees(binomial.binomial_table.__wrapped__(301), 301)


def test_the_table_of_many_coordinates() -> None:
    m = 150_528
    table = binomial.binomial_table(m)
    assert table.entries.size < 4000 and not table.entries.flags.writeable
    assert (table.entries[1:] >= table.entries[:-1]).all()
    with mpmath.workdps(60):
        for j in (table.least, m // 2 - 1000, m // 2 - 1, m // 2, m // 2 + 123):
            # F(j) = I_{1/2}(m - j, j + 1), a sum of terms from C(m, j) 2^-m downwards.
            term = mpmath.binomial(m, j) / mpmath.mpf(2) ** m
            total, i = mpmath.mpf(0), j
            while term > mpmath.mpf(10) ** -45:
                total += term
                term, i = term * i / (m - i + 1), i - 1
            assert int(table.entries[j - table.least]) == int(mpmath.floor(total * 2**64))


def test_the_guide_does_not_change_the_number() -> None:
    sizes = [1, 2, 7, 64, 65, 3072, 7]
    joined = binomial.joined_tables(sizes)
    random = np.random.default_rng(1).integers(0, 2**64, 500, np.uint64, endpoint=False)
    for g, m in enumerate(sizes):
        table = binomial.binomial_table(m)
        edges = np.concatenate([table.entries, table.entries - np.uint64(1)])
        words = np.concatenate([random, edges, np.array([0, 2**64 - 1], np.uint64)])
        arrays = joined.layout[g], joined.entries, joined.guide
        drawn = [sums_lanes.binomial(word, *arrays) for word in words]
        np.testing.assert_array_equal(drawn, table.draw(words))


@pytest.mark.parametrize("m", [0, 2**24 + 1])
def test_a_table_outside_its_set_is_refused(m: int) -> None:
    with pytest.raises(ValueError, match=rf"m = {m} is outside \[1, 2\^24\]"):
        binomial.binomial_table(m)
