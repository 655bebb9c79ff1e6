"""Forms of margins: what they say of the sign of a difference is true of the difference."""

import mpmath as mp
import pytest
import sympy as sp
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from theory.conjectures.conditions import Conditional
from theory.conjectures.germs import Germs
from theory.conjectures.margins import Margins, is_multiple
from theory.conjectures.normal_tails import normal_tail
from theory.conjectures.numbers import as_ball
from theory.conjectures.polynomials import Polynomial
from theory.conjectures.proofs import Prover
from theory.conjectures.reductions import reduced
from theory.conjectures.sectors import inner, outer_more, sectors, tail_a, tail_b
from theory.conjectures.settings import Setting

MULTI = Setting.MULTICLASS
NOISES = ("laplace", "gaussian", "uniform")
HALF = sp.Rational(1, 2)


def sector_of(noise, place=0, setting=MULTI):
    return sectors(noise, setting, None, proportional=True)[place]


# -- shares, known signs, arguments ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ((2 * inner + outer_more) / 3, inner + outer_more / 2, True),
        (inner + outer_more / 2, inner + outer_more / 2, False),  # a whole is no share
        ((2 * inner + outer_more), inner + outer_more / 2, False),
        (-(inner + outer_more / 2) / 2, inner + outer_more / 2, False),
        (inner / 2 + outer_more / 3, inner + outer_more / 2, False),
        (inner / 2, inner + outer_more / 2, False),
        (sp.Integer(0), sp.Integer(0), False),
    ],
)
def test_a_share_is_less_than_the_whole(left, right, expected):
    assert Margins(sector_of("laplace")).is_share(left, right) is expected


@given(*(st.integers(-3, 3) for _ in range(3)))
@pytest.mark.parametrize("place", range(4))
def test_known_signs_are_those_at_points(place, one, first, second):
    sector = sector_of("laplace", place)
    difference = one + first * tail_a + second * tail_b
    known = Margins(sector).is_known(difference)
    for low, high in ((0, 0), (0, 4), (1, 3), (3, 3), (0, 8)):
        small, large = sp.Rational(1, 2 ** (high + 1)), sp.Rational(1, 2 ** (low + 1))
        tails = {tail_a: large, tail_b: small} if sector.a_is_inner else {}
        tails = tails or {tail_a: small, tail_b: large}
        assert not known or difference.subs(tails) >= 0


@pytest.mark.parametrize(
    ("function", "sign"), [(sp.erf, 1), (sp.erfinv, 1), (sp.erfc, -1), (sp.erfcinv, -1)]
)
@pytest.mark.parametrize("factor", [sp.Integer(2), sp.sqrt(2) / 3, -HALF])
def test_a_monotone_difference_has_the_sign_of_its_arguments(function, sign, factor):
    margins = Margins(sector_of("laplace"))
    form = margins.by_arguments(factor * function(tail_b), factor * function(tail_a))
    assert form == sp.expand(sign * sp.sign(factor) * (tail_a - tail_b))
    # right - left at tails 2/5 > 1/5
    at = {tail_a: sp.Rational(2, 5), tail_b: sp.Rational(1, 5)}
    numeric = getattr(mp, function.__name__, lambda y: mp.erfinv(1 - y))
    value = sp.N(factor) * (numeric(mp.mpf(2) / 5) - numeric(mp.mpf(1) / 5))
    assert sp.sign(value) == sp.sign(form.subs(at))


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (sp.erf(tail_b), 2 * sp.erf(tail_a)),
        (sp.erf(tail_b), sp.erfc(tail_a)),
        (sp.erf(tail_b), sp.erf(tail_a) + 1),
        (sp.exp(tail_b), sp.exp(tail_a)),
    ],
)
def test_other_differences_have_no_such_form(left, right):
    assert Margins(sector_of("laplace")).by_arguments(left, right) is None


def test_a_multiple_is_a_positive_one():
    assert is_multiple(2 - 4 * tail_a, HALF - tail_a)
    assert not is_multiple(tail_a - HALF, HALF - tail_a)
    assert not is_multiple(sp.sqrt(tail_a), tail_a)


# -- conditions -----------------------------------------------------------------------------------


def test_a_margin_is_positive_where_its_condition_holds():
    # n >= k/1000 wherever exp(-k)(1 - exp(-n)) >= 3/1000; both are 0 at k = n = 0
    sector = sector_of("laplace", 2)
    margin = (outer_more - inner / 1000,)
    condition = tail_b - tail_a - sp.Rational(3, 2000)
    box = ((fmpq(0), fmpq(1, 8)), (fmpq(0), fmpq(1, 8)))
    found = Conditional(sector)
    assert not found.at_least(margin, box).proved
    assert found._by_conditions(margin, (condition,), box).proved
    # a condition that begins on the edge is too weak
    assert not found._by_conditions(margin, (tail_b - tail_a,), box).proved


@pytest.mark.parametrize(("allowed", "sound"), [("2.7", True), ("0.5", False)])
def test_a_band_that_begins_beside_a_contact_curve(allowed, sound):
    # beyond PB = 1 - PA + c eps, -log(2 PB)(1 + eps) <= -log(2(1 - PA)) where c e^k >= k/2
    eps = sp.Rational(1, 1000)
    sector = sectors("laplace", Setting.BINARY_PB, 2, proportional=True)[2]
    inside = tail_b > tail_a + sp.Rational(allowed) * eps * sp.Rational(1, 10 if not sound else 1)
    left = inner * sp.Piecewise((1 + eps, inside), (1, True))
    found = Prover(sector, left, sector.exact).run(max_boxes=200 if sound else 50)
    assert (found.status is True) is sound


# -- one coordinate for two -----------------------------------------------------------------------


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("place", [2, 3])
def test_what_depends_on_the_outer_quantile_has_one_coordinate(noise, place):
    sector = sector_of(noise, place)
    outer = sector.exact[0].radius
    for left, status in ((outer / 2 + (1 - sp.exp(-outer)) / 4, True), (outer * 2, False)):
        prover = reduced(sector, left)
        found = prover.run()
        assert len(found.sector.variables) == 1 and found.status is status
        assert Prover(sector, left, sector.exact).run().status is status


@pytest.mark.parametrize("noise", NOISES)
def test_what_depends_on_both_keeps_both(noise):
    for place in range(4):
        sector = sector_of(noise, place)
        inner_tail = tail_a if sector.a_is_inner else tail_b
        assert len(reduced(sector, inner_tail).run(max_boxes=20).sector.variables) == 2


# -- the Gaussian tail ----------------------------------------------------------------------------


@pytest.mark.parametrize(("low", "high"), [("0", "1/2"), ("1/64", "1/32"), ("0", "1/1000")])
@pytest.mark.parametrize("order", range(5))
def test_the_gaussian_tail_near_its_middle(low, high, order):
    ends = [fmpq(*map(int, (text + "/1").split("/")[:2])) for text in (low, high)]
    on = Germs(((ends[0], ends[1]),), (order,))
    jet = on.collapsed(normal_tail(on, Polynomial.variable(1, 0)))

    def tail(w):
        return mp.erfc(w * mp.sqrt(mp.pi)) / 2

    with mp.workdps(40):
        for share in (0, 1, 2, 3):
            at = ends[0] + (ends[1] - ends[0]) * share / 3
            exact = mp.taylor(tail, mp.mpf(int(at.p)) / int(at.q), order)[order]
            ball = as_ball(jet.terms.get((order,), fmpq(0)))
            slack = mp.mpf(10) ** -15  # of the numerical derivative
            assert mp.mpf(str(ball.lower().str(30, radius=False))) <= exact + slack
            assert mp.mpf(str(ball.upper().str(30, radius=False))) >= exact - slack


def test_mills_ratio_where_its_exponential_overflows():
    on = Germs(((fmpq(10**17), None),), (0,))
    tail = normal_tail(on, Polynomial.variable(1, 0))
    (rate,) = tail.decay.terms.values()
    assert rate.is_finite() and rate.contains(arb.pi()) and rate < 4


def test_a_quantile_outside_of_its_domain_is_not_compared_by_arguments():
    # erfcinv(3 + t) is not real, and so no radius is stated: nothing is above the exact one
    sector = sectors("gaussian", Setting.BINARY, 2, proportional=True)[0]
    prover = Prover(sector, sp.erfcinv(3 + tail_a), sector.exact)
    assert prover.run().status is True
