"""The law of W/r against expansions by SymPy, quadrature, moments and closed forms."""

import itertools
import math
from fractions import Fraction

import pytest
import sympy as sp
from flint import arb, ctx
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate

from theory.subset_law import MAX_TERMS, SubsetLaw, coefficients

SHARES = st.lists(st.integers(1, 12), min_size=1, max_size=7)
NORMS = st.fractions(Fraction(1, 50), 40)


@pytest.mark.parametrize("count", [1, 2, 5, 12])
def test_coefficients_are_those_of_the_generating_functions(count: int) -> None:
    z = sp.Symbol("z")
    for size in range(1, count + 1):
        product = sp.Poly(sp.expand((1 + z) ** (count - size) * (1 - z) ** (size - 1)), z)
        assert coefficients(count, size) == [product.coeff_monomial(z**n) for n in range(count)]
    # m = 0: what (1 + z)^k / (1 - z) lacks of 2^k / (1 - z)
    partial = [sum(math.comb(count, j) for j in range(n + 1)) for n in range(count)]
    assert coefficients(count, 0) == [2**count - one for one in partial]


@settings(max_examples=40, deadline=None)
@given(shares=SHARES, norm=NORMS)
def test_the_tail_integrates_to_the_mean(shares: list[int], norm: Fraction) -> None:
    law = SubsetLaw(tuple(shares))
    steps = [float(norm * share / law.total) for share in shares]
    mean = math.fsum((1 - math.exp(-step)) / 2 for step in steps) / float(norm)
    found = sum(
        integrate.fixed_quad(
            lambda points: [float(law.tail(Fraction(p), norm, 60).above) for p in points],
            float(left),
            float(right),
            n=12,
        )[0]
        for left, right in itertools.pairwise(law.atoms)
    )
    assert found == pytest.approx(mean, rel=1e-7)


@settings(max_examples=40, deadline=None)
@given(shares=SHARES, norm=NORMS, data=st.data())
def test_density_is_the_slope_between_atoms(
    shares: list[int], norm: Fraction, data: st.DataObject
) -> None:
    law = SubsetLaw(tuple(shares))
    gaps = list(itertools.pairwise(law.atoms))
    left, right = data.draw(st.sampled_from(gaps))
    place, step = (left + 2 * right) / 3, (right - left) / 10**8
    rise = law.tail(place - step, norm).above - law.tail(place + step, norm).above
    slope = float(rise / (arb(2) * step.numerator / step.denominator))
    assert float(law.density(place, norm)) == pytest.approx(slope, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("norm", ["0.01", "1", "30"])
def test_one_share_is_the_truncated_exponential(norm: str) -> None:
    law, r = SubsetLaw((5,)), Fraction(norm)
    for place in (Fraction(n, 7) for n in range(7)):
        expected = math.exp(-float(r * place)) / 2
        assert float(law.tail(place, r).above) == pytest.approx(expected, rel=1e-14)
    assert float(law.tail(Fraction(1), r).at) == pytest.approx(math.exp(-float(r)) / 2, rel=1e-14)
    assert law.tail(Fraction(1), r).above == 0
    assert float(law.tail(Fraction(0), r).at) == 0.5


def test_sides_of_an_atom_add_up() -> None:
    law, norm = SubsetLaw((1, 1, 2)), Fraction(3)
    here = law.tail(Fraction(1, 2), norm)  # {1, 1} and {2}
    assert float(here.at) == pytest.approx(2 * math.exp(-1.5) / 8, rel=1e-14)
    assert (here.below + here.at).overlaps(here.upto)
    assert (here.upto + here.above).overlaps(arb(1))
    assert (here.below + here.from_here).overlaps(arb(1))
    assert law.tail(Fraction(-1, 9), norm).above == 1
    assert law.tail(Fraction(10, 9), norm).from_here == 0


@pytest.mark.parametrize("bits", [20, 96, 400])
def test_accuracy_is_kept_where_terms_cancel(bits: int) -> None:
    law, before = SubsetLaw((1,) * 60), ctx.prec
    for place in (Fraction(1, 3), Fraction(9, 10), Fraction(999, 1000)):
        assert law.tail(place, Fraction(50), bits).above.rel_accuracy_bits() >= bits
    assert ctx.prec == before
    # 1/1000 before the end only the last atom's neighbourhood is left
    nearly = law.tail(Fraction(999, 1000), Fraction(50), bits)
    assert float(nearly.above) > math.exp(-50) / 2**60


def test_shares_are_ratios() -> None:
    law = SubsetLaw.of([Fraction(1, 2), Fraction(3, 4), Fraction("0.25")])
    assert law.shares == (2, 3, 1)
    assert law == SubsetLaw.of([Fraction(4), Fraction(6), Fraction(2)])
    assert [place * law.total for place in law.atoms] == [0, 1, 2, 3, 4, 5, 6]


def test_what_is_refused() -> None:
    with pytest.raises(ValueError, match="are not one or more positive"):
        SubsetLaw(())
    with pytest.raises(ValueError, match="are not one or more positive"):
        SubsetLaw((1, 0))
    with pytest.raises(ValueError, match=f"have over {MAX_TERMS // 3000}"):
        SubsetLaw((1,) * 3000)
    with pytest.raises(ValueError, match=r"place = 1 is outside \(0, 1\)"):
        SubsetLaw((1,)).density(Fraction(1), Fraction(1))
