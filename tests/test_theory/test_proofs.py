"""Proofs on whole sectors: what is true is proved, and what is false somewhere never is."""

import functools
import math

import mpmath as mp
import pytest
import sympy as sp
from flint import fmpq

from theory.conjectures.comparisons import AtMost
from theory.conjectures.proofs import Prover
from theory.conjectures.sectors import inner, outer_more, sectors, tail_a, tail_b, unit
from theory.conjectures.settings import Setting
from theory.symbols import p_a, p_b

BINARY, MULTI, CLASSES = Setting.BINARY, Setting.MULTICLASS, Setting.K_CLASSES
HALF = sp.Rational(1, 2)
SMALL = sp.Rational(1, 10**9)
THEOREM_2 = -sp.log(2 * (1 - p_a))
LECUYER = sp.log(p_a / p_b) / 2
SECOND = -sp.log(1 - p_a + p_b)


def normal(p):
    return sp.sqrt(2) * sp.erfinv(2 * p - 1)


@functools.cache
def proofs(radius, noise, setting, classes=None, *, scaled=False):
    found = []
    for sector in sectors(noise, setting, classes, proportional=not scaled):
        found.append(Prover(sector, sector.local(radius), sector.exact).run())
    return found


def status(radius, noise, setting, classes=None, *, scaled=False):
    found = [one.status for one in proofs(radius, noise, setting, classes, scaled=scaled)]
    return False if False in found else None if None in found else True


def run(sector, radius, *, aim="proved"):
    return Prover(sector, radius, sector.exact).run(aim=aim)


def sector_of(noise, setting, classes=None, place=0):
    return sectors(noise, setting, classes, proportional=True)[place]


# -- true radii, and mutants of them ------------------------------------------------------------

EXACT = (-sp.log(2 * (1 - p_a)) - sp.log(2 * p_b)) / 2
SOUND = [
    (THEOREM_2, "laplace", BINARY),
    (-sp.log(2) - sp.log(1 - p_a), "laplace", BINARY),
    (sp.log(p_a / (2 - 2 * p_a)) - sp.log(p_a), "laplace", BINARY),
    (normal(p_a), "gaussian", BINARY),
    (2 * p_a - 1, "uniform", BINARY),
    (sp.Max(LECUYER, SECOND), "laplace", MULTI),
    ((normal(p_a) - normal(p_b)) / 2, "gaussian", MULTI),
    (p_a - p_b, "uniform", MULTI),
]


@pytest.mark.parametrize(("radius", "noise", "setting"), SOUND)
def test_what_is_sound_is_proved(radius, noise, setting):
    assert status(radius, noise, setting) is True


@pytest.mark.parametrize(
    ("radius", "noise", "setting"),
    [one if one[2] is BINARY else pytest.param(*one, marks=pytest.mark.slow) for one in SOUND],
)
@pytest.mark.parametrize(
    "mutate", [lambda one: one * (1 + SMALL), lambda one: one + SMALL, lambda one: 2 * one]
)
def test_a_little_more_is_refuted(radius, noise, setting, mutate):
    assert status(mutate(radius), noise, setting) is False


@pytest.mark.parametrize(("radius", "noise", "setting"), SOUND)
def test_a_little_less_is_sound_and_not_identical(radius, noise, setting):
    less = radius * (1 - SMALL)
    found = proofs(less, noise, setting)
    assert all(one.status is not False for one in found)
    assert not any(one.identical for one in found if one.sector.certifies)


@pytest.mark.parametrize(("radius", "noise", "setting"), SOUND[:5])
def test_the_exact_radius_is_identical(radius, noise, setting):
    assert all(one.identical for one in proofs(radius, noise, setting) if one.sector.certifies)


def test_a_refutation_is_at_a_point_where_it_is_false():
    (found, _) = proofs(THEOREM_2 * (1 + SMALL), "laplace", BINARY)
    sector = found.sector
    assert found.point is not None and len(found.point) == len(sector.variables)
    prover = Prover(sector, sector.local(THEOREM_2 * (1 + SMALL)), sector.exact)
    assert prover.is_false_at(found.point)
    assert not Prover(sector, sector.local(THEOREM_2), sector.exact).is_false_at(found.point)


# -- false in a corner only ---------------------------------------------------------------------

C = sp.Rational(7, 10)
CORNERS = [
    # a narrow band of PA
    (
        sp.Piecewise((THEOREM_2 * (1 + SMALL), (p_a > C) & (p_a < C + SMALL)), (THEOREM_2, True)),
        "laplace",
        BINARY,
    ),
    (THEOREM_2 - (p_a - C) ** 2 + sp.Rational(1, 10**14), "laplace", BINARY),
    # PA > 1 - 1e-30 only
    (
        sp.Piecewise((THEOREM_2 + SMALL, p_a > 1 - sp.Rational(1, 10**30)), (THEOREM_2, True)),
        "laplace",
        BINARY,
    ),
    (THEOREM_2 * (1 + SMALL) - 69 * SMALL, "laplace", BINARY),
    # PB < 1e-40 only
    pytest.param(
        sp.Max(SECOND, LECUYER * (1 + SMALL) - 47 * SMALL),
        "laplace",
        MULTI,
        marks=pytest.mark.slow,
    ),
    # near PA = 1/2 only, and at PA = PB only
    (THEOREM_2 + (1 - p_a) ** 40 * SMALL, "laplace", BINARY),
    (2 * p_a - 1 + sp.exp(-40 * (p_a - HALF)) * SMALL, "uniform", BINARY),
    (SECOND + (p_b / p_a) ** 20 * SMALL, "laplace", MULTI),
    # below PA = 1/2, where nothing is certified
    (sp.Max(0, SMALL - (p_a - sp.Rational(1, 4)) ** 2), "laplace", BINARY),
    (sp.Abs(THEOREM_2), "laplace", BINARY),
]


@pytest.mark.parametrize(("radius", "noise", "setting"), CORNERS)
def test_what_is_false_in_a_corner_is_never_proved(radius, noise, setting):
    assert status(radius, noise, setting) is not True


def test_where_a_maximum_is_undecided_every_part_counts():
    sector = sector_of("laplace", BINARY)
    assert run(sector, sp.Max(inner, 1 - inner)).status is False
    assert run(sector, sp.Min(inner, 1 - inner)).status is True
    assert run(sector, inner - sp.Max(0, inner - 5) / 10**6).status is True
    assert run(sector, inner + sp.Max(0, inner - 5) / 10**6).status is False
    assert run(sector, inner * sp.Min(1, inner)).status is True
    assert run(sector, inner * sp.Max(1, inner)).status is False


# -- what once was proved although it is false ---------------------------------------------------

ONCE_PROVED = {
    "a part of -log(max) that is not real": (
        lambda: sector_of("laplace", BINARY),
        lambda: -sp.log(sp.Max(-tail_a / 10, sp.Rational(2, 5) - tail_a)),
    ),
    "a part of erfinv(min) that is not real": (
        lambda: sector_of("laplace", BINARY),
        lambda: sp.erfinv(sp.Min(2 + tail_a, 3 - 6 * tail_a + HALF * 0)),
    ),
    "a part of 1/sqrt(max) that is not real": (
        lambda: sector_of("laplace", BINARY),
        lambda: 1 / sp.sqrt(sp.Max(-tail_a / 10, sp.Rational(2, 5) - tail_a)),
    ),
    "a square where the exact radius' formula is negative": (
        lambda: sector_of("uniform", CLASSES, 10),
        lambda: sp.sqrt(tail_b - sp.Rational(2, 5)),
    ),
    "the same for Laplace noise": (
        lambda: sector_of("laplace", CLASSES, 3),
        lambda: sp.sqrt(tail_b - sp.Rational(49, 100)),
    ),
    "a minimum that occurs twice": (
        lambda: sector_of("laplace", BINARY),
        lambda: _twice(sp.Min(1 + 300 * inner, 100 * inner + 5)),
    ),
    "a guard from the other part of a minimum": (
        lambda: sector_of("laplace", CLASSES, 10, 1),
        lambda: _guarded_minimum(),
    ),
    "a root that grows with a logarithm's factor": (
        lambda: sector_of("laplace", BINARY),
        lambda: inner - 1 + sp.sqrt(sp.log(3) * inner + inner / 2 + 1) / 10**4,
    ),
    "what grows in one variable and decays in another": (
        lambda: sector_of("laplace", MULTI),
        lambda: _grows_in_a_corner(),
    ),
}


def _twice(low):
    return low * sp.exp(-low) - sp.Rational(1, 10)


def _guarded_minimum():
    y = 9 * tail_b
    far = (inner + outer_more - sp.log(2 * y)) / 2
    return sp.Min(far, far + (1 - 2 * y) / 1000)


def _grows_in_a_corner():
    # at k = 4 it is n exp(4 - 2n)/10, which exceeds k + n/2 nowhere; times 50 it does
    return 5 * outer_more * sp.exp(inner - 2 * outer_more)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(one, marks=pytest.mark.slow) if one == "the same for Laplace noise" else one
        for one in ONCE_PROVED
    ],
)
def test_what_is_false_is_not_proved(name):
    sector, radius = (one() for one in ONCE_PROVED[name])
    assert run(sector, radius).status is not True


def test_that_the_above_are_false():
    # in floats, at a place of each
    tail = 0.39
    assert -math.log(0.4 - tail) > -math.log(2 * tail) > 0
    assert 1 / math.sqrt(0.4 - tail) > -math.log(2 * tail)
    assert float(mp.erfinv(3 - 6 * 0.45)) > -math.log(0.9)
    assert math.sqrt(0.5 - 0.4) > 0  # where PA = PB = 1/2 the exact radius is 0
    assert math.exp(-1.0) - 0.1 > 0
    t, y = 0.51 / 9, 0.51
    large = -math.log(2 * t)
    near, far = (large + math.log(2 * (1 - y))) / 2, (large - math.log(2 * y)) / 2
    assert min(far, far + (1 - 2 * y) / 1000) > near > 0


# -- a part that is not real ---------------------------------------------------------------------


def test_a_part_that_is_not_real_on_a_face_does_not_abstain():
    sector = sector_of("laplace", MULTI)
    # log(n - 1) - ... is not real at n = 0, and far too large inside
    assert run(sector, 10 + sp.log(outer_more - 1) + 2 * outer_more).status is not True
    assert run(sector, sp.sqrt(inner - 1) + outer_more + inner).status is not True


def test_what_is_nowhere_real_claims_nothing():
    sector = sector_of("laplace", BINARY)
    found = run(sector, sp.log(-1 - tail_a))
    assert found.status is True and not found.identical


def test_real_in_a_small_part_only():
    sector = sector_of("laplace", BINARY)
    wide = sp.sqrt(sp.Rational(1, 10**4) - (inner - sp.Rational(13, 7)) ** 2)
    assert run(sector, inner + wide).status is not True
    assert run(sector, 2 + wide).status is not True


# -- flags ---------------------------------------------------------------------------------------


def test_identical_is_with_the_largest_candidate():
    sector = sector_of("laplace", CLASSES, 10)
    free = sector.exact[0].radius
    found = run(sector, free)
    assert found.status is True and not found.identical
    # with any number of classes it is the exact radius
    assert run(sector_of("laplace", MULTI), free).identical


@pytest.mark.parametrize("condition", [p_a > sp.Rational(9, 10), p_a < sp.Rational(9, 10)])
def test_undefined_on_a_part_is_not_identical(condition):
    found = proofs(sp.Piecewise((THEOREM_2, condition)), "laplace", BINARY)
    assert all(one.status is True for one in found)
    assert not found[0].identical


def test_contacts_are_where_both_are_equal():
    # Theorem 1's second term touches the exact radius on PB = 1 - PA, at n = 0
    sector = sector_of("laplace", MULTI)
    found = run(sector, sector.local(SECOND), aim="strict")
    assert found.status is True and not found.identical
    assert found.contacts
    for box in found.contacts:
        for ends in ((0, 0), (0, 1), (1, 0), (1, 1)):
            k, n = (
                _float(low) + end * (1.0 if high is None else _float(high - low))
                for (low, high), end in zip(box, ends, strict=True)
            )
            # -log(t_a + t_b) with t_a = exp(-k)/2, t_b = exp(-k - n)/2, also where they underflow
            stated = k - math.log((1 + math.exp(-n)) / 2)
            assert stated == pytest.approx((2 * k + n) / 2, abs=1e-12)


def _float(value):
    return int(value.p) / int(value.q)


def test_strict_but_on_the_contacts():
    sector = sector_of("laplace", BINARY)
    found = run(sector, sector.local(THEOREM_2 * (1 - SMALL)))
    assert found.status is True and not found.identical
    assert all(all(low == high for low, high in box) for box in found.contacts)
    below = run(sector, inner - 1)
    assert below.strict and not below.contacts and not below.identical


def test_strict_is_not_said_of_what_touches_on_an_edge():
    sector = sector_of("laplace", MULTI)
    k, n = inner, outer_more
    found = run(sector, k + n / 2 - k * n * sp.exp(-n))
    touched = any(box[0] == (0, 0) for box in found.contacts)
    assert not found.strict or touched


# -- the scale -----------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [pytest.param("laplace", marks=pytest.mark.slow), "uniform"])
def test_radii_that_are_not_proportional_to_the_scale(noise):
    exact = {"laplace": THEOREM_2, "uniform": 2 * p_a - 1}[noise]
    assert status(exact, noise, BINARY, scaled=True) is True
    assert status(exact / (1 + unit), noise, BINARY, scaled=True) is not False
    # over the scale: R = E s^2, R = E sqrt(s), R = E + 1 - s
    assert status(exact * unit, noise, BINARY, scaled=True) is False
    assert status(exact / sp.sqrt(unit), noise, BINARY, scaled=True) is False
    assert status(exact * (1 + SMALL * unit), noise, BINARY, scaled=True) is False
    assert status(exact + (1 - unit) * SMALL, noise, BINARY, scaled=True) is False


@pytest.mark.slow
def test_too_large_at_huge_scales_only():
    # for s > 10^12
    radius = THEOREM_2 * (1 + (sp.log(unit) - 28) / 10**6)
    assert status(radius, "laplace", BINARY, scaled=True) is not True


# -- dominance: max(first, 0) <= max(second, 0) ---------------------------------------------------


def test_at_most_with_cases_on_both_sides():
    sector = sector_of("laplace", BINARY)
    k = inner
    assert AtMost(sector, sp.Min(k, 1), sp.Max(k, 1)).run().status is True
    assert AtMost(sector, sp.Max(k, 1), sp.Min(k, 1)).run().status is False
    assert AtMost(sector, k * (1 + SMALL), k).run().status is False
    assert AtMost(sector, k, k).run().status is True
    assert AtMost(sector, -k, -2 * k).run().status is True  # both count as 0


@pytest.mark.parametrize("center", [sp.Rational(13, 37), sp.Rational(5, 71)])
def test_a_second_radius_that_is_not_real_in_a_narrow_band_is_0_there(center):
    sector = sector_of("uniform", BINARY)
    narrow = sp.sqrt((inner - center) ** 2 - sp.Rational(1, 10**6))
    assert AtMost(sector, sp.Integer(1), 2 + narrow).run().status is not True


def test_few_boxes_leave_what_they_leave():
    sector = sector_of("laplace", BINARY)
    bump = sector.local(THEOREM_2) - sp.exp(-3 * inner) * inner**3 / 50
    found = Prover(sector, bump + sp.sin(0), sector.exact).run(max_boxes=1)
    assert found.boxes == 1
    assert found.status is True or (found.left and not found.identical and not found.strict)


def test_points_are_rational():
    (found, _) = proofs(2 * THEOREM_2, "laplace", BINARY)
    assert found.status is False
    assert all(isinstance(one, fmpq) for one in found.point)
