"""The radius of a direction from bounds on the law of T, against the exact one in balls."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import pytest
from scipy import stats

from theory.bounds import Bounds
from theory.directional import certified_norms, directional_enclosure
from theory.directional_series import SeriesTie
from theory.equal_law import EqualLaw
from theory.fourier_law import FourierLaw
from theory.ratio_laws import RatioLaw
from theory.subset_law import SubsetLaw

CASES = [([1] * 60, Fraction(9, 10)), (list(range(5, 19)), Fraction(11, 20))]
LONGER = [
    ([1] * 60, Fraction(11, 20)),
    ([1] * 60, 1 - Fraction(1, 10**6)),
    (list(range(5, 19)), Fraction(999, 1000)),
    ([1] * 9 + [4, 4], Fraction(9, 10)),
]


def shares_of(numbers: list[int]) -> dict[Fraction, int]:
    total = sum(numbers)
    return {Fraction(one, total): numbers.count(one) for one in set(numbers)}


@pytest.mark.parametrize(
    ("numbers", "p_a"), [*CASES, *(pytest.param(*case, marks=pytest.mark.slow) for case in LONGER)]
)
def test_series_enclose_the_radius_in_balls(numbers: list[int], p_a: Fraction) -> None:
    law = EqualLaw(len(numbers)) if len(set(numbers)) == 1 else SubsetLaw(tuple(numbers))
    exact = certified_norms(law, p_a)
    low, high = SeriesTie(shares_of(numbers), 1 - p_a, FourierLaw.of).norms()
    assert low <= exact[1] and exact[0] <= high
    assert low < high and float(exact[0] - low) < 0.01 * float(low)
    sharp = SeriesTie(shares_of(numbers), 1 - p_a).norms()
    assert sharp[0] <= exact[1] and exact[0] <= sharp[1]


class _Shifted:
    """A law whose hockey-stick and c.d.f. are too small by a little."""

    def __init__(self, groups: Mapping[Fraction, int], off: float) -> None:
        self.law: RatioLaw = FourierLaw.of(groups)
        self.off = off

    def _less(self, bounds: Bounds) -> Bounds:
        ends = (min(max(one - self.off, 0.0), 1.0) for one in (bounds.lower, bounds.upper))
        return Bounds(*ends, "mutant")

    def cdf(self, t: Fraction) -> Bounds:
        return self._less(self.law.cdf(t))

    def below(self, t: Fraction) -> Bounds:
        return self._less(self.law.below(t))

    def hockey_stick(self, eps: Fraction) -> Bounds:
        return self._less(self.law.hockey_stick(eps))


def test_a_wrong_law_gives_a_wrong_radius() -> None:
    exact = certified_norms(EqualLaw(60), Fraction(9, 10))
    low, high = SeriesTie(
        {Fraction(1, 60): 60}, Fraction(1, 10), lambda g: _Shifted(g, 1e-3)
    ).norms()
    assert not (low <= exact[1] and exact[0] <= high)


@pytest.mark.slow
def test_hundreds_of_different_entries() -> None:
    entries = [Fraction(n, 7) for n in range(300, 620)]
    found = directional_enclosure("0.9", entries, scale="0.5")
    assert found.lower < found.upper < found.lower * (1 + 1e-5)
    squares = math.sqrt(sum(float(one) ** 2 for one in entries)) / float(sum(entries))
    gaussian = 0.5 * stats.norm.ppf(0.9) / squares
    assert found.lower == pytest.approx(gaussian, rel=0.1)
    signs = directional_enclosure("0.9", [-3 * one for one in entries], scale="0.5")
    assert signs.lower == pytest.approx(found.lower, rel=1e-6)


def test_a_radius_that_no_bound_reaches_is_said() -> None:
    class Nothing:
        def cdf(self, t: Fraction) -> Bounds:
            return Bounds(0.0, 1.0, "mutant")

        below = hockey_stick = cdf

    with pytest.raises(ArithmeticError, match="is not enclosed"):
        SeriesTie({Fraction(1, 60): 60}, Fraction(1, 10), lambda groups: Nothing()).norms()
