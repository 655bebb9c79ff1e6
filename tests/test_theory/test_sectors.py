"""Sectors: coordinates, tails and exact radii against mpmath, scipy and the noises themselves."""

from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
import sympy as sp
from flint import ctx, fmpq
from scipy import stats

from theory import certificates
from theory.conjectures.evaluation import Evaluation
from theory.conjectures.germs import Germs
from theory.conjectures.jets import OutsideError
from theory.conjectures.numbers import ZERO, as_ball
from theory.conjectures.sectors import log_scale, sectors, tail_a, tail_b, unit
from theory.conjectures.settings import Setting, implied_pair
from theory.symbols import p_a, p_b

NOISES = ("laplace", "gaussian", "uniform")
SETTINGS = [
    (Setting.BINARY, 2),
    (Setting.BINARY_PB, 2),
    (Setting.MULTICLASS, None),
    (Setting.K_CLASSES, 2),
    (Setting.K_CLASSES, 3),
    (Setting.K_CLASSES, 10),
]
#: unit noise: Laplace of scale 1, normal of deviation 1, uniform on [-1, 1]
LAWS = {"laplace": stats.laplace(), "gaussian": stats.norm(), "uniform": stats.uniform(-1, 2)}


@pytest.fixture(autouse=True, scope="module")
def precision():
    with ctx.workprec(192), mp.workdps(50):
        yield


def ball_at(sector, expression, point):
    on = Germs(tuple((one, one) for one in point), (0,) * len(point))
    return as_ball(on.collapsed(Evaluation(on, sector.values(on))(expression)).value)


def number(ball):
    return float(ball.mid())


def points_of(sector, rng, count=40):
    for _ in range(count):
        sides = []
        for _, high in sector.box:
            top = 1.0 if high is not None else float(rng.choice([0.5, 3.0, 5.0]))
            top = top / 4 if sector.noise == "gaussian" else top
            sides.append(fmpq(int(rng.integers(0, 997)), 997) * fmpq(int(16 * top), 16))
        yield tuple(sides)


def size_of_unit(noise):
    return float(mp.sqrt(2 * mp.pi)) if noise == "gaussian" else 1.0


def probabilities(sector, point):
    found = [ball_at(sector, sector.places[p_a], point)]
    if sector.size_b is not None:
        found.append(ball_at(sector, sector.places[p_b], point))
    return [number(one) for one in found]


def largest(sector, point):
    """The largest candidate whose guards hold, in the noise's own unit."""
    values = []
    for one in sector.exact:
        if all(number(ball_at(sector, guard, point)) > 1e-12 for guard in one.guards):
            values.append(number(ball_at(sector, one.radius, point)))
    return max(values) * size_of_unit(sector.noise)


def exact_radius(noise, setting, classes, first, second):
    """(Q(pa') - Q(pb'))/2 by scipy."""
    if setting is Setting.BINARY:
        top = max(first, 0.5)
        pair = top, 1 - top
    else:
        other = min(second, 1 - first)
        pair = (first if classes is None else max(first, 1 - (classes - 1) * other)), other
    law = LAWS[noise]
    return float(law.ppf(pair[0]) + law.isf(pair[1])) / 2


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("setting", "classes"), SETTINGS)
def test_the_exact_radius_at_sampled_coordinates(noise, setting, classes):
    rng = np.random.default_rng(5)
    for sector in sectors(noise, setting, classes, proportional=True):
        for point in points_of(sector, rng, 25):
            found = probabilities(sector, point)
            if min(found) <= 0.0 or max(found) >= 1.0:
                continue  # uniform noise: the edge of the domain
            first, second = found[0], found[1] if len(found) > 1 else None
            if second is not None:
                assert second <= first + 1e-15
            exact = exact_radius(noise, setting, classes, first, second)
            assert largest(sector, point) == pytest.approx(exact, rel=1e-6, abs=2e-8)


@pytest.mark.parametrize("noise", NOISES)
def test_the_quantiles_are_the_coordinates(noise):
    rng = np.random.default_rng(7)
    law, one_unit = LAWS[noise], size_of_unit(noise)
    for sector in sectors(noise, Setting.MULTICLASS, None, proportional=True):
        for point in points_of(sector, rng, 20):
            at = dict(
                zip(sector.variables, (sp.Rational(int(x.p), int(x.q)) for x in point), strict=True)
            )
            for sign, size, tail in (
                (sector.sign_a, sector.size_a, tail_a),
                (sector.sign_b, sector.size_b, tail_b),
            ):
                here = float(size.subs(at)) * one_unit
                assert sign in (1, -1) and here >= 0
                found = number(ball_at(sector, tail, point))
                assert found == pytest.approx(float(law.sf(here)), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("setting", "classes"), SETTINGS)
def test_every_pair_lies_in_a_sector(noise, setting, classes):
    rng = np.random.default_rng(11)
    law = LAWS[noise]
    places = [
        {name: sector.places.get(name) for name in (p_a, p_b)}
        for sector in sectors(noise, setting, classes, proportional=True)
    ]
    found = sectors(noise, setting, classes, proportional=True)
    for _ in range(200):
        first = rng.choice(
            [rng.random(), 0.5, 1 - 10 ** rng.uniform(-12, -1), 10 ** rng.uniform(-12, -1)]
        )
        second = first * rng.choice([1.0, rng.random(), 10 ** rng.uniform(-12, 0)])
        quantiles = law.ppf(first), law.isf(second)
        homes = 0
        for sector, place in zip(found, places, strict=True):
            above_a = place[p_a] == 1 - tail_a
            assert place[p_a] in (tail_a, 1 - tail_a) and above_a == (sector.sign_a > 0)
            if setting is Setting.BINARY:
                homes += above_a == (quantiles[0] >= 0) or quantiles[0] == 0
                continue
            assert (place[p_b] == tail_b) == (sector.sign_b > 0)
            inside = sector.sign_a * quantiles[0] >= 0 and sector.sign_b * quantiles[1] >= 0
            sizes = [abs(one) for one in quantiles]
            if not sector.name.startswith("PB <= 1 - PA"):
                sizes.reverse()
            homes += inside and sizes[0] <= sizes[1] * (1 + 1e-9)
        assert homes >= 1, (first, second)


def test_the_exact_radii_are_those_of_the_certificates():
    rng = np.random.default_rng(3)
    for sector in sectors("laplace", Setting.BINARY, 2, proportional=True):
        for point in points_of(sector, rng, 20):
            (first,) = probabilities(sector, point)
            expected = (
                float(certificates.theorem_2(first, scale=1.0, rounding="nearest"))
                if first > 0.5
                else 0.0
            )
            assert largest(sector, point) == pytest.approx(max(expected, 0.0), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("setting", "classes"), SETTINGS[1:])
def test_the_pair_is_that_of_the_settings(setting, classes):
    # the formula of `exact_radius` above, which is in floats, against the exact one
    for first in (Fraction(1, 10), Fraction(1, 2), Fraction(7, 10), Fraction(99, 100)):
        for share in (Fraction(1, 100), Fraction(1, 3), Fraction(1)):
            top, other = implied_pair(setting, first, first * share, classes)
            law = stats.laplace()
            expected = float(law.ppf(float(top)) + law.isf(float(other))) / 2
            found = exact_radius("laplace", setting, classes, float(first), float(first * share))
            assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


# -- tails as germs -----------------------------------------------------------------------------


def exact_tail(noise, size):
    if noise == "laplace":
        return mp.exp(-size) / 2
    if noise == "uniform":
        return (1 - size) / 2
    return mp.erfc(mp.sqrt(mp.pi) * size) / 2  # z = sqrt(2 pi) w


def contains(ball, exact, slack="1e-25"):
    ends = [mp.mpf(end.str(60, radius=False)) for end in (ball.lower(), ball.upper())]
    room = mp.mpf(slack) * abs(exact)
    return ends[0] - room <= exact <= ends[1] + room


BOXES = [(0, 0), (0, fmpq(1, 4)), (fmpq(1, 3), fmpq(1, 2)), (fmpq(7, 8), 1), (2, 3), (6, 40)]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("box", BOXES)
def test_tails_and_their_derivatives_on_a_box(noise, box):
    low, high = (fmpq(one) for one in box)
    if noise == "uniform" and high > 1:
        low, high = low / 64, high / 64
    sector = sectors(noise, Setting.BINARY, 2, proportional=True)[0]
    on = Germs(((low, high),), (4,))
    jet = on.collapsed(Evaluation(on, sector.values(on))(tail_a))
    for share in (fmpq(1, 97), fmpq(1, 2), fmpq(1)):
        at = low + (high - low) * share
        here = mp.mpf(int(at.p)) / int(at.q)
        for order, exact in enumerate(mp.taylor(lambda w: exact_tail(noise, w), here, 4)):
            ball = as_ball(jet.terms.get((order,), ZERO))
            ends = [mp.mpf(end.str(60, radius=False)) for end in (ball.lower(), ball.upper())]
            room = mp.mpf("1e-14") * abs(exact) + mp.mpf("1e-40")
            assert ends[0] - room <= exact <= ends[1] + room


@pytest.mark.parametrize("noise", ["laplace", "gaussian"])
@pytest.mark.parametrize("low", [1, 2, 5, 300])
@pytest.mark.parametrize("share", [0, fmpq(1, 97), 1, 10, 100, 10_000])
def test_tails_on_an_unbounded_box(noise, low, share):
    sector = sectors(noise, Setting.BINARY, 2, proportional=True)[0]
    on = Germs(((fmpq(low), None),), (0,))
    germ = Evaluation(on, sector.values(on))(tail_a)
    at = fmpq(low) + fmpq(share)
    here = Germs(((at, at),), (0,))
    ball = as_ball((germ.jet * here.exp_jet(germ.decay)).value) + as_ball(
        germ.growth.jet(here.box, (0,)).value
    )
    exact = exact_tail(noise, mp.mpf(int(at.p)) / int(at.q))
    assert contains(ball, exact)
    # and its logarithm, which grows
    minus = on.multiply(on.constant(fmpq(-1)), on.log(germ))
    grown = as_ball(minus.growth.jet(here.box, (0,)).value) + as_ball(minus.jet.value)
    assert contains(grown, -mp.log(exact))


def test_a_normal_tail_near_0_is_not_taken_to_infinity():
    sector = sectors("gaussian", Setting.BINARY, 2, proportional=True)[0]
    on = Germs(((fmpq(1, 2), None),), (0,))
    with pytest.raises(OutsideError):
        Evaluation(on, sector.values(on))(tail_a)


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize("low", [fmpq(1), fmpq(3, 2), fmpq(4)])
def test_derivatives_of_a_normal_tail_far_out(order, low):
    sector = sectors("gaussian", Setting.BINARY, 2, proportional=True)[0]
    on = Germs(((low, None),), (order,))
    jet = on.collapsed(Evaluation(on, sector.values(on))(tail_a))
    for more in (fmpq(0), fmpq(1, 97), fmpq(1, 3), fmpq(2), fmpq(7)):
        at = low + more
        here = mp.mpf(int(at.p)) / int(at.q)
        # by Hermite polynomials: a difference quotient has no digits left there
        density = mp.exp(-mp.pi * here**2)
        exact = {
            1: -density,
            2: mp.pi * here * density,
            3: (mp.pi - 2 * mp.pi**2 * here**2) / 3 * density,
        }
        assert contains(as_ball(jet.terms[order,]), exact[order])
        assert contains(as_ball(jet.value), exact_tail("gaussian", here))


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("node", "sign"), [(sp.erfinv(2 * p_a - 1), 1), (sp.erfcinv(2 * p_a), -1)])
def test_normal_quantiles_are_coordinates(noise, node, sign):
    rng = np.random.default_rng(1)
    for sector in sectors(noise, Setting.MULTICLASS, None, proportional=True):
        local = sector.local(node)
        for point in points_of(sector, rng, 8):
            (first, _) = probabilities(sector, point)
            if not 0 < first < 1 or min(point) == 0:
                continue
            expected = sign * float(stats.norm.ppf(first)) / np.sqrt(2)
            try:
                found = number(ball_at(sector, local, point)) * size_of_unit(noise)
            except OutsideError:
                continue
            assert found == pytest.approx(expected, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("node", [sp.sinh, sp.cosh, sp.tanh, sp.acosh])
def test_exponentials_in_disguise(node):
    (sector, _) = sectors("laplace", Setting.BINARY, 2, proportional=True)
    inside = 1 / (1 - p_a)
    found = number(ball_at(sector, sector.local(node(inside)), (fmpq(1, 3),)))
    exact = getattr(mp, node.__name__)(2 * mp.exp(mp.mpf(1) / 3))
    assert found == pytest.approx(float(exact), rel=1e-12)


def test_scales_on_both_sides_of_1():
    found = sectors("laplace", Setting.BINARY, 2, proportional=False)
    assert [one.scale_sign for one in found] == [-1, 1, -1, 1]
    for sector in found:
        assert sector.variables[-1] == log_scale and sector.box[-1] == (0, None)
        at = number(ball_at(sector, unit, (fmpq(1), fmpq(2))))
        assert at == pytest.approx(np.exp(2.0 * sector.scale_sign))


def test_derivatives_by_sympy_are_those_of_the_germs():
    for noise in NOISES:
        sector = sectors(noise, Setting.MULTICLASS, None, proportional=True)[0]
        form = sp.log(tail_b) * tail_a + sector.variables[0] ** 2 * tail_b
        for index in ((1, 0), (0, 2), (1, 1)):
            at = (fmpq(1, 3), fmpq(1, 5))
            on = Germs(tuple((one, one) for one in at), index)
            jet = on.collapsed(Evaluation(on, sector.values(on))(form))
            plain = ball_at(sector, sector.derivative(form, index), at)
            assert number(as_ball(jet.terms[index])) == pytest.approx(number(plain), rel=1e-20)
