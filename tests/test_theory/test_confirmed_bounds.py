"""Bounds that Arb proves: against exact sums, and with candidates that are wrong on purpose."""

import math
from fractions import Fraction

import pytest

from theory import confidence
from theory.confirmed_bounds import confirmed_lower, confirmed_upper

CASES = [(1, 5), (5, 5), (37, 60), (59, 60), (60, 60), (199, 200)]


def tail(k: int, n: int, p: Fraction) -> Fraction:
    """P(X >= k), every term exactly."""
    return sum(
        (math.comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(k, n + 1)), start=Fraction(0)
    )


@pytest.mark.parametrize("alpha", ["0.001", "0.3", "1e-30"])
@pytest.mark.parametrize(("k", "n"), CASES)
def test_the_bounds_by_exact_sums(k, n, alpha):
    exact, wider = Fraction(alpha), 1 + Fraction(1, 2**38)
    low = Fraction(confirmed_lower(k, n, alpha=alpha))
    assert 0 < low < 1
    assert tail(k, n, low) <= exact < tail(k, n, low * wider)
    high = Fraction(confirmed_upper(n - k, n, alpha=alpha))
    assert tail(k, n, 1 - high) <= exact < tail(k, n, 1 - high / wider)


def test_the_ends():
    assert confirmed_lower(0, 7, alpha="0.01") == 0
    assert confirmed_upper(7, 7, alpha="0.01") == 1


@pytest.mark.parametrize("k", [1, 5 * 10**9, 9_990_000_000, 10**10 - 1])
def test_as_tight_as_floats_at_the_largest_number_of_samples(k):
    n = 10**10
    assert confirmed_lower(k, n, alpha=0.001) == confidence.lower(k, n, alpha=0.001)
    assert confirmed_upper(k, n, alpha=0.001) == confidence.upper(k, n, alpha=0.001)


def wrong_candidates(monkeypatch, low: float, high: float) -> None:
    monkeypatch.setattr(confidence, "lower", lambda *_, alpha: low)
    monkeypatch.setattr(confidence, "upper", lambda *_, alpha: high)


@pytest.mark.parametrize("excess", [2.0**-37, 2.0**-30, 1e-3, 0.2])
def test_a_candidate_that_claims_too_much_is_moved(excess, monkeypatch):
    """The mutant is SciPy's inverse with an error: the proof is refused until it is made good."""
    k, n, alpha = 37, 60, Fraction(1, 1000)
    low = confidence.lower(k, n, alpha=0.001) * (1 + excess)
    high = confidence.upper(k, n, alpha=0.001) * (1 - excess)
    assert tail(k, n, Fraction(low)) > alpha < tail(n - k, n, 1 - Fraction(high))
    wrong_candidates(monkeypatch, low, high)
    proved = confirmed_lower(k, n, alpha=alpha)
    assert tail(k, n, Fraction(proved)) <= alpha
    assert low * (1 - 4 * excess) < proved < low
    proved = confirmed_upper(k, n, alpha=alpha)
    assert tail(n - k, n, 1 - Fraction(proved)) <= alpha
    assert high < proved < high * (1 + 4 * excess)


def test_a_candidate_that_cannot_be_made_good_gives_the_trivial_bound(monkeypatch):
    wrong_candidates(monkeypatch, 0.5, 0.25)  # all moves together are a factor of 4 at most
    assert confirmed_lower(1, 60, alpha="1e-9") == 0
    assert confirmed_upper(59, 60, alpha="1e-9") == 1


def test_an_alpha_that_no_float_stores():
    assert confirmed_lower(5, 10, alpha=Fraction(1, 10**400)) < 1e-30
    near = 1 - Fraction(1, 10**30)
    assert 0.9 < confirmed_lower(5, 10, alpha=near) < 1


@pytest.mark.parametrize("bound", [confirmed_lower, confirmed_upper])
@pytest.mark.parametrize("alpha", [0, 1, "1.5", math.nan, "x"])
def test_an_alpha_outside_its_set(bound, alpha):
    with pytest.raises(ValueError, match=r"^alpha = .* is outside \(0, 1\)$"):
        bound(1, 2, alpha=alpha)


@pytest.mark.parametrize("bound", [confirmed_lower, confirmed_upper])
def test_counts_outside_their_sets(bound):
    with pytest.raises(ValueError, match=r"^successes = 3 is outside \[0, num_samples = 2\]$"):
        bound(3, 2, alpha="0.1")
    with pytest.raises(ValueError, match=r"^num_samples = 0 is outside"):
        bound(0, 0, alpha="0.1")
