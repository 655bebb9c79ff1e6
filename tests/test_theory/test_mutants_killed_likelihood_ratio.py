"""The law of T where one symbol decides: long sums, bits, names of methods, whole messages."""

import cmath
import itertools
import math
from fractions import Fraction

import mpmath
import pytest
from flint import arb

from theory.bounds import Bounds
from theory.claim import Grade
from theory.exact import working_precision
from theory.fourier_law import FourierLaw
from theory.likelihood_ratio import MAX_ATOMS, LikelihoodRatio
from theory.ratio_queries import RESOLUTION


def test_a_long_sum_over_subsets_has_the_atoms_of_the_partitions():
    # the sums of subsets of 1..18 are few, the subsets many: floats come from a Fourier series
    law = LikelihoodRatio.of(range(1, 19), scale=40)
    assert isinstance(law._law, FourierLaw)
    assert law.cdf(171) == 1 and law.below(-171) == 0
    assert float(1 - law.below(171)) == pytest.approx(2.0**-18, rel=1e-12, abs=0)
    # so many subsets have the sum n: the partitions of n into different parts
    for n, partitions in enumerate((1, 1, 1, 2, 2, 3, 4, 5, 6, 8, 10)):
        place = 171 - 2 * n
        jump = float((law.cdf(place) - law.below(place)).mid())
        assert jump == pytest.approx(partitions * 2.0**-18 * math.exp(-n / 40), rel=1e-12, abs=0)
    assert law.cdf(170).overlaps(law.below(170))
    assert law.cdf(-100) < law.cdf(0) < law.cdf(100) < 1


@pytest.mark.parametrize("bits", [40, 96, 200])
def test_the_characteristic_function_has_its_bits(bits):
    law = LikelihoodRatio.of(["0.3", "-1.7", *["0.05"] * 40], scale="0.8")
    ball = law.characteristic_function("1.1", bits)
    for part in (ball.real, ball.imag):
        assert part.rad() < 2.0**-bits
    with mpmath.workdps(80):
        product, scale, omega = mpmath.mpc(1), mpmath.mpf(4) / 5, mpmath.mpf(11) / 10
        for move in (mpmath.mpf(3) / 10, mpmath.mpf(17) / 10, *[mpmath.mpf(1) / 20] * 40):
            a, y = move / scale, omega * scale
            # atoms at a and -a, and the density e^(-(a - t)/2)/4 between them, integrated
            middle = mpmath.exp(-a / 2) / 4 * 2 * mpmath.sinh((0.5 + 1j * y) * a) / (0.5 + 1j * y)
            product *= (
                mpmath.exp(1j * y * a) / 2 + mpmath.exp(-a) * mpmath.exp(-1j * y * a) / 2 + middle
            )
        distance = [
            abs(mpmath.mpf(part.mid().str(70, radius=False)) - exact)
            for part, exact in zip((ball.real, ball.imag), (product.real, product.imag), strict=1)
        ]
        assert max(distance) < mpmath.mpf(2) ** -bits
    assert law.characteristic_function("1.1").real.rad() < 2.0**-96
    assert abs(complex(product)) < 1 and cmath.phase(complex(product)) != 0


def test_a_constant_says_so_everywhere():
    law = LikelihoodRatio.of([0, "0.0"], scale=3)
    one, none = Bounds(1.0, 1.0, "constant"), Bounds(0.0, 0.0, "constant")
    assert [law.cdf_bounds(t) for t in ("-1e-300", 0, 2)] == [none, one, one]
    assert [law.below_bounds(t) for t in (-1, 0, "1e-300")] == [none, none, one]
    assert [law.hockey_stick(eps) for eps in (0, "1e-9")] == [none, none]
    below = law.hockey_stick(-2)
    assert below.method == "constant" and below.width < 1e-15
    assert below.lower <= 1 - math.exp(-2) <= below.upper
    most = law.hockey_stick(-1000)
    assert (most.lower, most.upper) == (math.nextafter(1, 0), 1.0)
    kept = law.trade_off("0.3")
    assert kept.method == "constant" and kept.lower <= 0.7 <= kept.upper
    assert kept.width < 1e-15
    found = law.quantile_set("0.4")
    assert (found.lower, found.upper, found.atom, found.method) == (0, 0, True, "constant")
    assert found.grade is Grade.ENCLOSED
    assert [float(law.cdf(t)) for t in (-1, 0, 1)] == [0.0, 1.0, 1.0]
    assert [float(law.below(t)) for t in (-1, 0, 1)] == [0.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda law: law.quantile(0), "p = 0 is outside (0, 1)"),
        (lambda law: law.quantile_set("3/2"), "p = 3/2 is outside (0, 1)"),
        (lambda law: law.trade_off(1), "alpha = 1 is outside (0, 1)"),
        (lambda law: law.trade_off("-1/2"), "alpha = -1/2 is outside (0, 1)"),
        (lambda law: law.value_at([1]), "x has 1 coordinates, legal is 2, the number in delta"),
        (
            lambda _: LikelihoodRatio((), Fraction(1)),
            "delta has 0 coordinates, legal is at least 1",
        ),
        (
            lambda _: LikelihoodRatio((Fraction(1),), Fraction(0)),
            "scale = 0 is outside (0, inf)",
        ),
        (
            lambda _: LikelihoodRatio.of([2**n for n in range(17)], scale=1).atoms(),
            f"delta has over {MAX_ATOMS} atoms, legal is at most {MAX_ATOMS}",
        ),
    ],
)
def test_refusals_in_full(call, message):
    with pytest.raises(ValueError) as error:
        call(LikelihoodRatio.of([1, -2], scale=3))
    assert str(error.value) == message


def test_cumulants_carry_the_unit_of_delta_to_their_power():
    # T = a with 1/2, -a with e^-a/2 and the density e^(-(a - t)/2)/4 between, at scale 1
    one = LikelihoodRatio.of([1, -1, "0.5"], scale=1)
    far = LikelihoodRatio.of([-70, 70, 35], scale=70)
    with mpmath.workdps(30):

        def moments(a):
            def density(t, k):
                return t**k * mpmath.exp(-(a - t) / 2) / 4

            return [
                a**k / 2
                + (-a) ** k * mpmath.exp(-a) / 2
                + mpmath.quad(lambda t, k=k: density(t, k), [-a, a])
                for k in range(4)
            ]

        totals = [mpmath.mpf(0)] * 3
        for a in (mpmath.mpf(1), mpmath.mpf(1), mpmath.mpf(1) / 2):
            _, m1, m2, m3 = moments(a)
            for place, part in enumerate((m1, m2 - m1**2, m3 - 3 * m1 * m2 + 2 * m1**3)):
                totals[place] += part
    for order, exact in enumerate(totals, start=1):
        found = one.cumulant(order)
        assert found.value == pytest.approx(float(exact), rel=1e-14)
        assert found.method == "closed form" and found.grade is Grade.ENCLOSED
        assert far.cumulant(order).value == pytest.approx(float(exact) * 70.0**order, rel=1e-14)
    assert (one.mean(), one.variance()) == (one.cumulant(1), one.cumulant(2))


@pytest.mark.parametrize("scale", ["0.5", "3"])
def test_the_quantile_is_at_an_atom_inside_its_jump(scale):
    law = LikelihoodRatio.of(["0.4", "-1", "0.4"], scale=scale)
    for atom in law.atoms():
        low, high = law.below(atom.place), law.cdf(atom.place)
        level = Fraction(float(((low + high) / 2).mid()))
        found = law.quantile_set(level)
        assert found.atom is True
        assert found.lower * law.scale == found.upper * law.scale == atom.place
        bounds = law.quantile(level)
        assert bounds.lower <= float(atom.place) <= bounds.upper
        assert bounds.width <= 4 * math.ulp(1.8)
    for left, right in itertools.pairwise(law.atoms()):
        between = (law.cdf(left.place) + law.below(right.place)) / 2
        found = law.quantile_set(Fraction(float(between.mid())))
        assert found.atom is False
        assert left.place < found.lower * law.scale <= found.upper * law.scale < right.place


def test_very_many_equal_coordinates_are_counted_and_not_listed():
    # 5000 equal ones are beyond the sums over subsets; T = r has mass 2^-5000, which no float has
    law = LikelihoodRatio.of(["0.01"] * 5000, scale=1)
    with working_precision(6000):
        jump = law.cdf(50, 6000) - law.below(50, 6000)
        assert jump.overlaps(arb(2) ** -5000) and jump.rel_accuracy_bits() > 900
    # the mean is 0.01^2/2 - 0.01^3/6 for each, the variance 0.01^2 for each but for O(0.01^3)
    mean, variance = law.mean().value, law.variance().value
    assert mean == pytest.approx(5000 * (0.01 - 1 + math.exp(-0.01)), rel=1e-9)
    normal = math.erfc(mean / math.sqrt(2 * variance)) / 2
    assert float(law.cdf(0)) == pytest.approx(normal, abs=0.01)


def test_precisions_have_a_domain_and_a_name():
    law = LikelihoodRatio.of([1, "0.5"], scale=2)
    for call, name in (
        (lambda bits: law.cdf(0, bits), "precision"),
        (lambda bits: law.below(0, bits), "precision"),
        (lambda bits: law.characteristic_function(0, bits), "bits"),
    ):
        for bad in (1, 2**16 + 1):
            with pytest.raises(ValueError) as error:
                call(bad)
            assert str(error.value) == f"{name} = {bad} is outside [2, 65536]"
        call(2)
    for call in (law.cdf, law.below):
        wide, narrow = call("0.3", 30), call("0.3", 300)
        assert wide.overlaps(narrow)
        assert narrow.rad() < arb(2) ** -295 < arb(2) ** -40 < wide.rad()


def test_what_stands_for_a_vector_is_made_exact_or_named():
    law = LikelihoodRatio(("0.1", 2, 0.5), "1/3")  # as the dataclass itself takes them
    assert law.delta == (Fraction(1, 10), Fraction(2), Fraction(1, 2))
    assert law.scale == Fraction(1, 3)
    finite = "is not a finite number: legal are integers, floats, decimals such as 1e-3 and "
    for make in (lambda delta: LikelihoodRatio.of(delta, scale=1), lambda d: LikelihoodRatio(d, 1)):
        with pytest.raises(ValueError) as error:
            make([1, "x"])
        assert str(error.value) == f"delta[1] = x {finite}ratios such as 3/4"
        with pytest.raises(ValueError) as error:
            make(7)
        assert str(error.value) == "delta = 7 is no sequence of exact numbers"
    with pytest.raises(ValueError) as error:
        law.value_at([0, None, 1])
    assert str(error.value) == f"x[1] = None {finite}ratios such as 3/4"
    for make in (lambda s: LikelihoodRatio.of([1], scale=s), lambda s: LikelihoodRatio((1,), s)):
        with pytest.raises(ValueError) as error:
            make("-1/7")
        assert str(error.value) == "scale = -1/7 is outside (0, inf)"


# ------------------------------------------------- one coordinate, where all is in closed form
# T/scale with m = |delta|/scale: the atoms m (1/2) and -m (e^-m/2), between them
# P(T <= t scale) = e^(-(m - t)/2)/2.

MOVE, SCALE = Fraction(-7, 5), Fraction(2, 5)
M = 3.5


def one() -> LikelihoodRatio:
    return LikelihoodRatio.of([0, MOVE, "0"], scale=SCALE)


def around(bounds: Bounds, exact: mpmath.mpf, ulps: float = 4) -> bool:
    """Whether the exact value is between the bounds, and these are a few floats apart."""
    return bounds.lower <= exact <= bounds.upper and bounds.width <= ulps * math.ulp(float(exact))


@pytest.mark.parametrize("share", ["-9/8", "-1", "-1/3", "0", "0.7", "1", "9/8"])
def test_the_distribution_on_the_axis(share):
    place, law = Fraction(share) * abs(MOVE), one()
    t = mpmath.mpf((place / SCALE).numerator) / (place / SCALE).denominator
    inside = mpmath.exp(-(M - t) / 2) / 2
    at_most = 0.0 if t < -M else inside if t < M else 1.0
    less = 0.0 if t <= -M else inside if t <= M else 1.0
    assert around(law.cdf_bounds(place), at_most)
    assert around(law.below_bounds(place), less)
    assert float(law.cdf(place)) == pytest.approx(float(at_most), rel=1e-14, abs=0)
    assert float(law.below(place)) == pytest.approx(float(less), rel=1e-14, abs=0)
    assert law.cdf_bounds(place).method == law.below_bounds(place).method == "subsets"


@pytest.mark.parametrize("eps", ["-5", "-3.5", "-1", "0", "0.3", "3.49", "3.5", "4"])
def test_the_hockey_stick_on_the_axis(eps):
    # sup P(B) - e^eps P(B - delta): 1 - e^((eps - m)/2) inside, 1 - e^eps below, 0 beyond
    with mpmath.workdps(40):
        order = mpmath.mpf(eps)
        exact = 1 - mpmath.exp(order if order < -M else (order - M) / 2)
        assert around(one().hockey_stick(eps), max(exact, mpmath.mpf(0)))


@pytest.mark.parametrize("alpha", ["0.001", "0.0150", "0.016", "0.2", "0.5", "0.9"])
def test_the_trade_off_on_the_axis(alpha):
    # reject where x is past a threshold: three pieces, by which sides of 0 and delta it is on
    with mpmath.workdps(40):
        level, tail = mpmath.mpf(alpha), mpmath.exp(-M)
        if level < tail / 2:
            exact = 1 - level / tail
        else:
            exact = tail / (4 * level) if level < 0.5 else tail * (1 - level)
        assert around(one().trade_off(alpha), exact, 64)


@pytest.mark.parametrize("p", ["0.001", "0.0152", "0.3", "0.499", "0.51", "0.99"])
def test_the_quantile_on_the_axis(p):
    law, found = one(), one().quantile(p)
    with mpmath.workdps(40):
        level, size = mpmath.mpf(p), mpmath.mpf(2) / 5
        exact = max(size * (M + 2 * mpmath.log(2 * level)), -M * size) if level < 0.5 else M * size
        slack = mpmath.mpf(10) ** -15
        assert found.lower - slack <= exact <= found.upper + slack
    assert found.width < 1e-14
    kept = law.quantile_set(p)
    assert kept.atom is (float(p) < 0.0150987 or float(p) > 0.5)
    assert float(kept.lower * SCALE) == pytest.approx(found.lower, rel=1e-14)
    assert [float(place) for place in law._places] == [-M, M]


def test_the_ways_to_sum_a_law_and_what_is_listed_of_it():
    few = LikelihoodRatio.of(["0.1", "0.2", "0.3"], scale="0.4")
    equal, many = LikelihoodRatio.of([2] * 24, scale=3), LikelihoodRatio.of(range(1, 30), scale=3)
    assert [law.cdf_bounds(1).method for law in (few, equal)] == ["subsets", "equal"]
    assert list(few._places) == [atom.place / few.scale for atom in few.atoms()]
    assert list(equal._places) == [Fraction(2 * (2 * n - 24), 3) for n in range(25)]
    assert many._places == ()
    assert (few.atom_count(), equal.atom_count()) == ((7, 7), (25, 25))
    assert LikelihoodRatio.of([0], scale=1).atom_count() == (1, 1)
    assert few.groups == {Fraction(n, 4): 1 for n in (1, 2, 3)}
    assert (few.norm, few.magnitudes[2]) == (Fraction(3, 5), Fraction(3, 10))
    none = LikelihoodRatio.of([0], scale=1).norm
    assert none == 0 and isinstance(none, Fraction)


def test_the_heaviest_atoms_and_their_bound():
    law = LikelihoodRatio.of([1, -1, 0, 3], scale=2)
    listed = law.heaviest_atoms()
    masses = {atom.place / law.scale: float(atom.ball()) for atom in law.atoms()}
    assert {atom.place for atom in listed} == set(masses)
    for atom in listed:
        assert atom.mass.value == pytest.approx(masses[atom.place], rel=1e-14)
    assert len(law.heaviest_atoms(2)) == 2 and law.heaviest_atoms(0) == []
    # binom(3, 1)/8, rounded up
    assert 0.375 <= law.heaviest_atom_bound() <= math.nextafter(0.375, 1)
    beyond = LikelihoodRatio.of(["0.001"] * 1200, scale=1)
    assert len(beyond.heaviest_atoms()) == 1000
    total = float(law.atom_mass())
    assert total == pytest.approx(((1 + math.exp(-0.5)) / 2) ** 2 * (1 + math.exp(-1.5)) / 2)


@pytest.mark.parametrize("law", [LikelihoodRatio.of([0], scale=2), one()])
@pytest.mark.parametrize("level", ["0", "1", "3/2", "-1/9"])
def test_levels_outside_the_open_interval_are_refused_by_every_law(law, level):
    for call, name in ((law.quantile, "p"), (law.quantile_set, "p"), (law.trade_off, "alpha")):
        with pytest.raises(ValueError) as error:
            call(level)
        assert str(error.value) == f"{name} = {level} is outside (0, 1)"


def test_a_divergence_is_never_below_zero():
    # 1 - e^eps for eps below every precision: the ball reaches below 0, the answer does not
    for law in (LikelihoodRatio.of([0], scale=2), one()):
        for eps in ("-1e-100", "-1e-70", "3.4999999999999999999999999999999999999999999"):
            found = law.hockey_stick(eps)
            assert 0 <= found.lower <= found.upper <= 1


@pytest.mark.parametrize("scale", ["1e-6", "1e6"])
def test_the_quantile_is_narrow_in_the_unit_of_delta_whatever_the_scale(scale):
    law = LikelihoodRatio.of([Fraction(7, 2) * Fraction(scale)], scale=scale)
    for p in ("0.1", "0.3"):
        found = law.quantile_set(p)
        exact = 3.5 + 2 * math.log(2 * float(p))  # in units of the scale
        assert float(found.lower) == pytest.approx(exact, rel=1e-14)
        assert 0 < found.upper - found.lower <= RESOLUTION * Fraction(7, 2)
        assert found.upper - found.lower > RESOLUTION / 2**12  # and the search ends there
