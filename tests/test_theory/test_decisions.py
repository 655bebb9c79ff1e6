"""Decisions on known radii: each is decided rightly, and a false one at a place that shows it."""

import functools
from fractions import Fraction

import mpmath
import pytest
import sympy as sp
from flint import arb, ctx

from theory.claim import Grade
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.decisions import Decision, Question, decide
from theory.conjectures.expressions import parse_expression
from theory.conjectures.places import exact_radius
from theory.conjectures.point_values import PointValues
from theory.conjectures.sectors import unit
from theory.conjectures.settings import Setting
from theory.exact import to_fmpq
from theory.symbols import lam, sigma

BINARY, BINARY_PB, MULTICLASS, K = Setting
CLASSES = {BINARY: 2, BINARY_PB: 2, MULTICLASS: None, K: 3}
THEOREM_2 = "-lam*log(2*(1 - p_a))"
LECUYER = "lam*log(p_a/(1 - p_a))/2"
NORMAL = "sqrt(2)*erfinv(2*p_a - 1)"
TIGHT_PB = "-lam*log(2*Min(p_b, 1 - p_a))"
MP = mpmath.MPContext()
MP.dps = 120


def question(text, noise="laplace", setting=BINARY, scale=None):
    words = parse_noise(noise).words
    return Question(parse_expression(text), noise, words, setting, CLASSES[setting], scale)


@functools.cache
def decided(text, noise="laplace", setting=BINARY, scale=None) -> Decision:
    return decide(question(text, noise, setting, scale))


def piecewise(wrong: str, where: str, right: str = THEOREM_2) -> str:
    return f"Piecewise(({wrong}, {where}), ({right}, True))"


# -- sound radii --------------------------------------------------------------------------------

SOUND = [
    # (text, noise, setting, tight, closed ball)
    (THEOREM_2, "laplace", BINARY, True, False),
    (f"sigma*{NORMAL}", "gaussian", BINARY, True, False),
    ("half_width*(2*p_a - 1)", "uniform", BINARY, True, False),
    (TIGHT_PB, "laplace", BINARY_PB, True, False),
    (LECUYER, "laplace", BINARY, False, True),
    (f"0.999999*({THEOREM_2})", "laplace", BINARY, False, True),
    (f"{THEOREM_2} - lam/10**9", "laplace", BINARY, False, True),
    ("lam*(2*p_a - 1)", "laplace", BINARY, False, True),
    ("lam/2*log(p_a/p_b)", "laplace", MULTICLASS, False, False),
    (THEOREM_2, "laplace", MULTICLASS, False, False),
    ("lam/2*log(p_a/p_b)*0.999", "laplace", MULTICLASS, False, True),
    # it touches the exact radius at PA = 3/4 alone
    (f"Min({THEOREM_2}, lam*log(2) + 0*p_a)", "laplace", BINARY, False, False),
    (f"{THEOREM_2} - lam*(p_a - 3/4)**2", "laplace", BINARY, False, False),
    ("0*lam", "laplace", BINARY, False, True),
    ("-lam*p_a", "laplace", BINARY, False, True),
]


@pytest.mark.parametrize(("text", "noise", "setting", "tight", "closed"), SOUND)
def test_a_sound_radius_is_proved(text, noise, setting, tight, closed):
    found = decided(text, noise, setting)
    assert (found.sound, found.tight, found.closed_ball) == (True, tight, closed)
    assert found.grade is (Grade.PROVED if tight else Grade.ENCLOSED)
    assert not found.left and found.place is None and found.radius_above is None
    assert found.proofs and all(one.status for one in found.proofs)


def test_a_radius_that_names_no_scale_may_be_sound_at_one_scale():
    assert decided("-2*log(2*(1 - p_a))", scale=Fraction(2)).tight
    loose = decided("-2*log(2*(1 - p_a))", scale=Fraction(3))
    assert loose.sound and loose.tight is False and loose.closed_ball
    wrong = decided("-2*log(2*(1 - p_a))", scale=Fraction(1))
    assert wrong.sound is False and wrong.place.scale == 1
    assert decided("-2*log(2*(1 - p_a))").sound is False


# -- false radii --------------------------------------------------------------------------------


def near_one(place):
    return 1 - place.p_a < Fraction(1, 10**20)


def in_the_band(place):
    return Fraction("0.9") <= place.p_a <= Fraction("0.9001")


def small_p_b(place):
    return place.p_b < Fraction(1, 10**10)


def anywhere(_):
    return True


WRONG = [
    # (text, noise, setting, where every place is that shows it)
    ("lam*log(p_a/(1 - p_a))", "laplace", BINARY, anywhere),
    (f"1.000001*({THEOREM_2})", "laplace", BINARY, anywhere),
    (f"{THEOREM_2} + lam/10**9", "laplace", BINARY, anywhere),
    ("lam/10**30 + 0*p_a", "laplace", BINARY, anywhere),
    (f"sigma*{NORMAL}", "laplace", BINARY, lambda place: place.p_a < Fraction("0.9536")),
    (THEOREM_2, "gaussian", BINARY, lambda place: place.p_a > Fraction("0.9535")),
    ("half_width*(2*p_a - 1)*1.001", "uniform", BINARY, anywhere),
    (
        f"Piecewise(({LECUYER}, p_a < 0.9), ({THEOREM_2} + lam/1000, p_a <= 0.9001), "
        f"({LECUYER}, True))",
        *("laplace", BINARY, in_the_band),
    ),
    (piecewise(f"2*({THEOREM_2})", "p_a > 1 - 1/10**20"), "laplace", BINARY, near_one),
    (
        piecewise("-2*lam*log(2*p_b)", "p_b < 1/10**10", TIGHT_PB),
        *("laplace", BINARY_PB, small_p_b),
    ),
    ("lam*log(p_a/p_b)", "laplace", MULTICLASS, lambda place: place.p_a > place.p_b),
    # wrong at some scales only
    ("-log(2*(1 - p_a))", "laplace", BINARY, lambda place: place.scale < 1),
    ("-lam**2*log(2*(1 - p_a))", "laplace", BINARY, lambda place: place.scale > 1),
    ("-(lam + 1)*log(2*(1 - p_a))", "laplace", BINARY, anywhere),
    (
        piecewise(f"2*({THEOREM_2})", "lam > 1000"),
        *("laplace", BINARY, lambda place: place.scale > 1000),
    ),
    (
        piecewise(f"1.01*({THEOREM_2})", "lam < 1/10**7"),
        *("laplace", BINARY, lambda place: place.scale < Fraction(1, 10**7)),
    ),
    (f"{THEOREM_2}*(1 + Max(0, lam - 7)/10**6)", "laplace", BINARY, lambda one: one.scale > 7),
]


@pytest.mark.parametrize(("text", "noise", "setting", "where"), WRONG)
def test_a_false_radius_is_refuted_where_it_is_false(text, noise, setting, where):
    found = decided(text, noise, setting)
    assert (found.sound, found.tight, found.closed_ball) == (False, False, False)
    assert found.grade is Grade.REFUTED and found.place is not None
    assert found.place.lies_in(setting, CLASSES[setting]) and where(found.place)
    above = found.radius_above
    with ctx.workprec(512):
        exact = exact_radius(noise, setting, found.place, CLASSES[setting])
        stated = PointValues(question(text, noise, setting).scaled, unit, None)(found.place)
        assert exact * arb(to_fmpq(found.place.scale)) < arb(to_fmpq(above)) < stated


@pytest.mark.parametrize(
    ("wrong", "mended"),
    [
        (f"1.000001*({THEOREM_2})", f"(1/1.000001)*({THEOREM_2})"),
        (piecewise(f"2*({THEOREM_2})", "p_a > 1 - 1/10**20"), piecewise("lam/2", "p_a > 1")),
        pytest.param(
            *("-lam**2*log(2*(1 - p_a))", f"Min({THEOREM_2}, lam*({THEOREM_2}))"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_the_mended_radius_is_sound(wrong, mended):
    assert decided(wrong).sound is False
    assert decided(mended).sound is True


def test_a_refutation_by_the_numbers():
    """By mpmath alone: at the place the radius is above, and the exact radius below."""
    found = decided("lam*log(p_a/(1 - p_a))")
    p, s = found.place.p_a, found.place.scale
    top, scale = (MP.mpf(one.numerator) / one.denominator for one in (p, s))
    above = MP.mpf(found.radius_above.numerator) / found.radius_above.denominator
    stated = scale * MP.log(top / (1 - top))
    assert above < stated
    shift = above / scale  # half-lines: P(X <= t) = PA, and P(X + r <= t) < 1/2 at that radius
    threshold = -MP.log(2 * (1 - top)) if top > 0.5 else MP.mpf(0)
    assert threshold < shift


# -- the question -------------------------------------------------------------------------------


def test_scale_words_are_in_units_of_the_noise():
    asked = question("sigma*p_a", "laplace")
    assert sp.simplify(asked.scaled - sp.sqrt(2) * unit * sp.Symbol("p_A")) is not None
    assert not asked.scaled.has(sigma) and asked.scaled.has(unit)
    assert asked.over_unit().free_symbols.isdisjoint({lam, sigma, unit})
    assert float(asked.over_unit().subs({one: 1 for one in asked.over_unit().free_symbols})) == (
        pytest.approx(2**0.5)
    )


PROPORTIONAL = [
    ("lam*p_a", True),
    ("sigma*p_a + lam", True),
    ("lam**2/sigma", True),
    ("Max(lam, sigma*p_a)", True),
    ("0*lam", True),
    ("p_a", False),
    ("lam + p_a", False),
    ("lam**2", False),
    ("Piecewise((lam, lam > 1), (0, True))", False),
    ("lam*Max(1, lam)", False),
]


@pytest.mark.parametrize(("text", "proportional"), PROPORTIONAL)
def test_whether_it_is_proportional(text, proportional):
    assert question(text).proportional is proportional


def test_at_one_scale_every_radius_that_names_none_is_proportional():
    asked = question("6*p_a", scale=Fraction(3))
    assert asked.proportional and not asked.names_scale
    assert asked.over_unit() == 2 * parse_expression("p_a")
    assert not question("6*p_a").proportional
    assert question("6*p_a").over_unit() == 6 * parse_expression("p_a") / unit


def test_too_few_boxes_leave_it_undecided_and_say_what_is_left():
    asked = question("lam*Min(lam, 1)*(2*p_a - 1)*(1 + p_a**9*exp(p_a)/100)/2")
    few = decide(asked, max_boxes=1)
    assert few.sound is None and few.grade is Grade.UNDECIDED
    assert few.left and all(" in [" in one or "boxes more" in one for one in few.left)


# -- too near to an end for a witness -------------------------------------------------------------


@pytest.mark.parametrize("digits", [4, 6, 10])
def test_a_violation_beyond_all_rationals_is_a_violation(digits):
    # less than Theorem 2 by lambda/100, times 1 + 10^-digits: larger from 10^(digits - 2) on
    found = decided(f"({THEOREM_2} - lam/100)*(1 + 1/10**{digits})")
    assert found.sound is False and found.grade is Grade.REFUTED
    if digits <= 6:
        assert found.beyond is None and found.place.p_a < 1
        return
    assert found.place is None and found.beyond.quantile_b is None
    at = Fraction(int(found.beyond.quantile_a.p), int(found.beyond.quantile_a.q))
    assert (at - Fraction(1, 100)) * (1 + Fraction(1, 10**digits)) > at
    assert found.beyond.text == f"PA = F({found.beyond.quantile_a})"


def test_less_than_a_part_is_never_a_violation():
    found = decided(f"({THEOREM_2} - lam/100)*(1 - 1/10**10)")
    assert found.sound is True and found.beyond is None
