"""The worst-case classifiers: their labels point by point, and their masses against SciPy."""

import math
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from theory.certificates import exact, exact_k, theorem_2
from theory.claims import theorem_3_shifted_mass
from theory.densities import laplace, mass
from theory.derivation import is_zero
from theory.neyman_pearson import grid_for, worst_case
from theory.symbols import lam, p, r
from theory.tightness import (
    HalfSpace,
    TwoTails,
    WorstCase,
    half_line_mass,
    implied_pair,
    least_mass,
    worst_tails,
)


@given(st.fractions(-30, 30, max_denominator=60))
def test_half_line_mass_is_scipys(threshold):
    found = float(half_line_mass(sp.Rational(threshold)))
    assert found == pytest.approx(stats.laplace.cdf(float(threshold)), rel=1e-13)


@pytest.mark.parametrize("assumed", ["positive", "negative", "nonnegative", "nonpositive"])
def test_half_line_mass_is_the_integral_of_the_density(assumed):
    k = sp.Symbol("k", **{assumed: True})
    scale = sp.Rational(7, 3)
    integral = mass(laplace, scale, -sp.oo, scale * k)
    assert is_zero(half_line_mass(k) - integral)
    assert not is_zero(half_line_mass(k) - integral / 2)


def test_a_threshold_of_unknown_sign_is_an_error():
    for threshold in (sp.Symbol("t", real=True), sp.Symbol("z"), sp.oo):
        with pytest.raises(ValueError, match="the sign of the threshold"):
            half_line_mass(threshold)


cases = {
    "dim": st.integers(1, 5),
    "sign": st.sampled_from([-1, 1]),
    "threshold": st.floats(-2, 2),
    "seed": st.integers(0, 999),
}


@settings(max_examples=30)
@given(data=st.data(), **cases)
def test_half_space_labels(data, dim, sign, threshold, seed):
    axis = data.draw(st.integers(0, dim - 1))
    points = np.random.default_rng(seed).laplace(size=(40, dim))
    points[0, axis] = sign * threshold  # the boundary belongs to cA
    labels = HalfSpace(axis, sign, threshold)(points)
    assert labels.shape == (40,)
    assert labels[0]
    by_hand = [bool(sign * row[axis] <= threshold) for row in points]
    assert labels.tolist() == by_hand


@settings(max_examples=30)
@given(data=st.data(), gap=st.floats(0, 2), **cases)
def test_two_tails_labels(data, gap, dim, sign, threshold, seed):
    axis = data.draw(st.integers(0, dim - 1))
    points = np.random.default_rng(seed).laplace(size=(40, dim))
    classifier = TwoTails(axis, sign, a_until=threshold, b_from=threshold + gap)
    by_hand = []
    for row in points:
        along = sign * row[axis]
        by_hand.append(0 if along <= threshold else 1 if along >= threshold + gap else 2)
    assert classifier(points).tolist() == by_hand


def test_overlapping_tails_are_refused():
    with pytest.raises(ValueError, match=r"a_until = 1.5 is above b_from = 1.0"):
        TwoTails(axis=0, sign=1, a_until=1.5, b_from=1.0)


PROBABILITIES = ["0.5", "0.501", "0.6", "0.75", "0.99", "0.999"]
#: r as a share of R + 1/2
SHARES = [0.0, 0.1, 0.5, 0.9, 1.0, 2.5]
#: the coin and both edges are rounded towards cA by less
GRAIN = 2.0**-31


def placed(p_a, share, scale, **options):
    """The worst case with r at a share of the way to R + scale/2."""
    radius = theorem_2(p_a, scale=scale, rounding="nearest")
    return WorstCase(Fraction(p_a), scale, share * (radius + scale / 2), **options)


def density(u, scale):
    return mp.exp(-abs(u) / mp.mpf(scale)) / (2 * mp.mpf(scale))


def integrated(worst, shift):
    """P(f = cA) by quadrature of the density over A and, with the coin's share, over the atom."""
    edge = worst.threshold if worst.heads is None else worst.r
    end, move = mp.mpf(edge), mp.mpf(shift)
    below = mp.quad(lambda u: density(u - move, worst.scale), _pieces(-mp.inf, end, move))
    if worst.heads is None:
        return below
    above = mp.quad(lambda u: density(u - move, worst.scale), _pieces(end, mp.inf, move))
    return below + above * worst.heads / 2**32


def _pieces(low, high, kink):
    return [low, kink, high] if low < kink < high else [low, high]


@pytest.mark.parametrize("p_a", PROBABILITIES)
@pytest.mark.parametrize("share", SHARES)
@pytest.mark.parametrize(("scale", "randomised"), [(1.0, True), (0.3, False), (7.0, True)])
def test_masses_are_those_of_the_theorem(p_a, share, scale, randomised):
    worst = placed(p_a, share, scale, randomised=randomised)
    before, after = worst.mass(), worst.mass(worst.r)
    for found, shift in ((before, 0.0), (after, worst.r)):
        value = float(integrated(worst, shift))
        assert found.lower - 1e-13 <= value <= found.upper + 1e-13
        assert found.width < 1e-15
    assert float(p_a) - 1e-15 < before.upper and before.lower < float(p_a) + GRAIN
    assert Fraction(before.upper) >= Fraction(p_a)  # the hypothesis holds
    least = least_mass(p_a, scale=scale, r=worst.r)
    assert least.lower <= after.upper and after.lower < least.upper + 3 * GRAIN
    beyond = scale * -math.log(2 * (1 - float(p_a))) < worst.r
    assert worst.beyond == beyond
    assert after.lower >= 0.5 - 1e-15 if not beyond else after.upper < 0.5


@pytest.mark.parametrize("p_a", PROBABILITIES)
@pytest.mark.parametrize("share", SHARES)
def test_least_mass_is_eq_14(p_a, share):
    scale = 0.75
    norm = placed(p_a, share, scale).r
    branch = "second" if placed(p_a, share, scale).beyond else "first"
    printed = theorem_3_shifted_mass.PRINTED[branch]
    at = {p: sp.Rational(p_a), lam: sp.Rational(3, 4), r: sp.Rational(norm)}
    value = Fraction(str(printed.subs(at).evalf(40)))
    found = least_mass(p_a, scale=scale, r=norm)
    assert found.lower <= value + Fraction(1, 10**38)
    assert found.upper >= value - Fraction(1, 10**38)
    assert found.width < 1e-15


@pytest.mark.parametrize("p_a", ["0.3", "0.5", "0.62", "0.9"])
@pytest.mark.parametrize("norm", [0.2, 1.1])
@pytest.mark.parametrize("axis", [(1.0,), (1.0, 0.0), (0.5, 0.5), (0.8, 0.2)])
def test_no_classifier_of_a_grid_keeps_less(p_a, norm, axis):
    # linear programming over cells knows no formula; on an axis it finds the bound itself
    scale, top = 1.3, float(p_a)
    marks = tuple(stats.laplace(scale=scale).ppf([top, 1 - top]))
    grid = grid_for(tuple(norm * one for one in axis), scale, marks)
    kept = (1 + worst_case(grid, top).margin) / 2
    bound = least_mass(p_a, scale=scale, r=norm)
    assert kept >= bound.lower - 1e-9
    if 1.0 in axis:
        assert kept <= bound.upper + 1e-9


def test_a_wrong_share_of_the_atom_is_seen(monkeypatch):
    right = placed("0.8", 0.5, 2.0)
    share = WorstCase._share  # the factor 2 of gamma is dropped
    monkeypatch.setattr(WorstCase, "_share", lambda self: 1 - (1 - share(self)) / 2)
    wrong = placed("0.8", 0.5, 2.0)
    assert abs(right.mass().value - 0.8) < GRAIN < 0.01 < abs(wrong.mass().value - 0.8)


@settings(max_examples=40)
@given(
    data=st.data(),
    p_a=st.sampled_from(PROBABILITIES),
    share=st.sampled_from(SHARES),
    randomised=st.booleans(),
    **{name: cases[name] for name in ("dim", "sign", "seed")},
)
def test_worst_case_labels(data, p_a, share, randomised, dim, sign, seed):
    axis = data.draw(st.integers(0, dim - 1))
    worst = placed(p_a, share, 0.8, axis=axis, sign=sign, randomised=randomised)
    rng = np.random.default_rng(seed)
    points = rng.laplace(size=(60, dim), scale=0.8)
    points[0, axis] = sign * worst.r  # the atom begins at r
    coins = rng.integers(0, 2**32, size=60, dtype=np.uint32)
    by_hand = []
    for row, coin in zip(points, coins, strict=True):
        along = sign * row[axis]
        if worst.r > worst.threshold or not randomised:
            by_hand.append(bool(along <= worst.threshold))
        else:
            by_hand.append(bool(along < worst.r or int(coin) < worst.heads))
    before = points.copy()
    assert worst(points, coins).tolist() == by_hand
    assert (points == before).all()
    shuffled = points.copy()
    others = [one for one in range(dim) if one != axis]
    shuffled[:, others] = 99.0  # the other coordinates do not matter
    assert worst(shuffled, coins).tolist() == by_hand


def test_the_coin_decides_on_the_atom_alone_and_exactly():
    worst = WorstCase(Fraction(3, 4), scale=1.0, r=0.5)
    share = 1 - Fraction(1, 2) * Fraction(str(mp.nstr(mp.e ** mp.mpf("0.5"), 30)))
    assert worst.heads == math.ceil(share * 2**32)
    points = np.array([[0.5], [0.5], [0.49]])
    coins = np.array([worst.heads - 1, worst.heads, 2**32 - 1], np.uint32)
    assert worst(points, coins).tolist() == [True, False, True]


def test_ends():
    never = WorstCase(Fraction(1), scale=2.0, r=1e6)  # R = inf: always cA
    assert never.heads == 2**32 and not never.beyond and never.mass(1e6).lower == 1.0
    constant = WorstCase(Fraction(1), scale=2.0, r=3.0, randomised=False)
    assert constant.threshold == math.inf
    assert constant(np.array([[1e300]])).tolist() == [True]
    still = WorstCase(Fraction(3, 4), scale=2.0, r=0.0)  # T = 0: gamma = 2 PA - 1
    assert still.heads == 2**31 and still.mass().value == 0.75
    tie = WorstCase(Fraction(1, 2), scale=2.0, r=0.0)  # R = 0
    assert tie.heads == 0 and tie.mass().value == 0.5
    assert WorstCase(Fraction(1, 2), scale=2.0, r=5e-324).beyond
    above = Fraction(1, 2) + Fraction(1, 2**60)  # R/lambda is about 2^-59
    assert WorstCase(above, 1.0, 2.0**-58).beyond and not WorstCase(above, 1.0, 2.0**-60).beyond
    assert least_mass(1, scale=1.0, r=1e308).lower == 1.0
    assert least_mass("0.9", scale=1e-300, r=1e300).upper < 1e-300
    assert least_mass(0, scale=1.0, r=1.0).upper == 0.0


PAIRS = [
    ("0.45", "0.25", None, 1.0),
    ("0.6", "0.3", None, 0.4),
    ("0.9", "0.04", None, 3.0),
    ("0.7", "0.45", None, 1.0),
    ("0.6", "0.1", 3, 2.0),
    ("0.2", "0.2", None, 1.0),
]


@pytest.mark.parametrize(("p_a", "p_b", "classes", "scale"), PAIRS)
def test_worst_tails_tie_at_the_exact_radius(p_a, p_b, classes, scale):
    tails = worst_tails(p_a, p_b, scale=scale, num_classes=classes)
    options = {} if classes is None else {"num_classes": classes}
    of = exact if classes is None else exact_k
    radius = of(p_a, p_b, scale=scale, rounding="nearest", **options)
    top, other = implied_pair(p_a, p_b, classes)
    law = stats.laplace(scale=scale)
    before = tails.masses(scale=scale)
    assert [one.value for one in before] == pytest.approx([float(top), float(other)], rel=1e-14)
    assert Fraction(before[0].upper) >= Fraction(p_a)
    assert Fraction(before[1].lower) <= Fraction(p_b)
    rest = 1 - top - other
    if classes is not None:
        assert rest <= (classes - 2) * other
    for distance in (0.0, 0.3 * radius, radius, radius + 0.2 * scale):
        a, b = (one.value for one in tails.masses(distance, scale=scale))
        assert a == pytest.approx(law.cdf(law.ppf(float(top)) - distance), rel=1e-12)
        assert b == pytest.approx(law.cdf(law.ppf(float(other)) + distance), rel=1e-12)
        bounds = (
            least_mass(top, scale=scale, r=distance),
            least_mass(1 - other, scale=scale, r=distance),
        )
        assert a == pytest.approx(bounds[0].value, rel=1e-13)
        assert b == pytest.approx(1 - bounds[1].value, rel=1e-13)
        assert (a - b) * (radius - distance) >= -1e-15
        if distance == radius:
            assert a == pytest.approx(b, rel=1e-13)


def test_worst_tails_are_where_they_are_told():
    tails = worst_tails("0.5", "0.2", scale=1.0, axis=2, sign=-1)
    points = np.array([[9.0, 9.0, 1.0], [-9.0, 0.0, -5.0], [0.0, 0.0, -0.5]])
    assert tails(points).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: WorstCase(Fraction(2, 5), 1.0, 1.0), r"p_a = 2/5 is outside \[1/2, 1\]"),
        (lambda: WorstCase(Fraction(2, 3), 0.0, 1.0), r"scale = 0.0 is outside \(0, inf\)"),
        (lambda: WorstCase(Fraction(2, 3), 1.0, -1.0), r"r = -1.0 is outside \[0, inf\)"),
        (lambda: WorstCase(Fraction(2, 3), 1.0, math.nan), r"r = nan is outside \[0, inf\)"),
        (lambda: WorstCase(Fraction(2, 3), 1.0, 1.0, axis=-1), "axis = -1 is outside"),
        (lambda: WorstCase(Fraction(2, 3), 1.0, 1.0, sign=0), "sign = 0 is neither -1 nor 1"),
        (lambda: least_mass("1.2", scale=1.0, r=1.0), r"p_a = 1.2 is outside \[0, 1\]"),
        (lambda: least_mass("0.6", scale=-1.0, r=1.0), r"scale = -1.0 is outside \(0, inf\)"),
        (lambda: worst_tails("0.6", "0.7", scale=1.0), r"p_b = 0.7 is outside \[0, p_a\]"),
        (lambda: worst_tails("0.6", "0", scale=1.0), "the radius is infinite"),
        (lambda: worst_tails("1", "0.1", scale=1.0), "the radius is infinite"),
        (lambda: worst_tails("0.6", "0.1", scale=0.0), r"scale = 0.0 is outside \(0, inf\)"),
        (
            lambda: worst_tails("0.6", "0.1", scale=1.0, num_classes=1),
            "num_classes = 1 is outside",
        ),
        (
            lambda: WorstCase(Fraction(3, 4), 1.0, 0.5)(np.zeros((3, 1))),
            r"coins of shape None: legal is \(3,\)",
        ),
        (
            lambda: WorstCase(Fraction(3, 4), 1.0, 0.5)(np.zeros((3, 1)), np.zeros(2, np.uint32)),
            r"coins of shape \(2,\): legal is \(3,\)",
        ),
    ],
)
def test_bad_arguments(call, message):
    with pytest.raises(ValueError, match=message):
        call()
