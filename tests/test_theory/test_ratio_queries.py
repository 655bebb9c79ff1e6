"""Bounds on the law of T: hockey-stick, quantiles, trade-off, moments, atoms, by other routes."""

import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from theory import atoms as atoms_module
from theory.balls import rational_ball
from theory.bounds import Bounds
from theory.exact import working_precision
from theory.likelihood_ratio import LikelihoodRatio

# few coordinates, equal ones, and different ones beyond the sum over subsets
RANDOM = np.random.default_rng(11).random(90) / 25
KINDS = {
    "one": (["-1.3", "0"], "0.9"),
    "few": (["0.5", "-0.2", "1/3"], "0.7"),
    "equal": (["0.1"] * 30, "1.7"),
    "many": ([Fraction(one) for one in RANDOM], "0.5"),
}
SLACK = {"one": 1e-13, "few": 1e-13, "equal": 1e-13, "many": 2e-5}


def law_of(kind: str) -> LikelihoodRatio:
    delta, scale = KINDS[kind]
    return LikelihoodRatio.of(delta, scale=scale)


def drawn(law: LikelihoodRatio, seed: int = 5, number: int = 40_000) -> np.ndarray:
    rng = np.random.default_rng(seed)
    noise = rng.laplace(scale=float(law.scale), size=(number, len(law.delta)))
    delta = np.array([float(one) for one in law.delta])
    return (np.abs(noise - delta) - np.abs(noise)).sum(axis=1)


def contains(bounds: Bounds, value: float, slack: float = 0.0) -> bool:
    return bounds.lower - slack <= value <= bounds.upper + slack


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_law_is_summed_its_own_way(kind: str) -> None:
    methods = {"one": "subsets", "few": "subsets", "equal": "equal", "many": "fourier"}
    assert law_of(kind).cdf_bounds(0).method == methods[kind]


@pytest.mark.parametrize("kind", KINDS)
def test_hockey_stick_is_the_integral_of_the_tail(kind: str) -> None:
    # E(1 - e^(eps - T))_+ = int_eps^r e^(eps - u) P(T > u) du, in units of the scale
    law = law_of(kind)
    norm = float(law.norm / law.scale)
    places = sorted({float(one.place / law.scale) for one in law.atoms()} if kind != "many" else ())
    for eps in (-0.4 * norm, 0.0, 0.1, 0.45 * norm):
        cuts = [eps, *(p for p in places if eps < p < norm), norm]

        def tail(u: float, eps: float = eps) -> float:
            found = law.cdf_bounds(Fraction(u) * law.scale)
            return math.exp(eps - u) * (1 - found.value)

        total = sum(
            integrate.fixed_quad(np.vectorize(tail), low, high, n=12 if len(cuts) > 9 else 40)[0]
            for low, high in itertools.pairwise(cuts)
        )
        found = law.hockey_stick(eps)
        assert contains(found, total, 1e-9 if kind != "many" else 2e-5), (eps, found, total)
        assert not contains(found, total * math.exp(0.01) + 1e-4, 2e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_hockey_stick_of_the_opposite_order(kind: str) -> None:
    # sup P(X) - e^eps P(Y) and the complement of the best event with X and Y exchanged
    law = law_of(kind)
    for eps in ("0", "0.2", "0.7"):
        up, down = law.hockey_stick(eps), law.hockey_stick(f"-{eps}")
        factor = math.exp(float(eps))
        expected = 1 - 1 / factor + up.value / factor
        assert contains(down, expected, 1e-12 + up.width)


def test_hockey_stick_beyond_the_norm() -> None:
    law = law_of("few")
    assert law.hockey_stick(law.norm / law.scale) == Bounds(0.0, 0.0, "subsets")
    far = law.hockey_stick(-law.norm / law.scale - 2)
    assert contains(far, 1 - math.exp(float(-law.norm / law.scale - 2)), 1e-15)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", ["0.003", "0.25", "0.5", "0.77", "0.999"])
def test_quantile_brackets_the_level(kind: str, p: str) -> None:
    law = law_of(kind)
    found = law.quantile_set(p)
    level = float(p)
    low, high = found.lower * law.scale, found.upper * law.scale
    assert law.below_bounds(low).lower <= level <= law.cdf_bounds(high).upper
    assert float(high - low) <= max(SLACK[kind] * 40, 1e-12) * float(law.norm)
    if found.atom:
        assert low == high
        assert law.below_bounds(low).upper <= level <= law.cdf_bounds(low).lower
    samples = np.sort(drawn(law))
    # the empirical quantiles at levels 5 sigma away are around it: false-fail rate 6e-7 each
    spread = 5 * math.sqrt(level * (1 - level) / len(samples)) + 1 / len(samples)
    rounding = 1e-9
    near = np.quantile(samples, [max(level - spread, 0), min(level + spread, 1)])
    assert near[0] - rounding <= float(high) and float(low) <= near[1] + rounding


@pytest.mark.parametrize("p", ["0.99999999999999999999", "0.9999999999999999", 1 - 2.0**-53])
def test_quantile_nearer_to_one_than_floats_can_say(p: float | str) -> None:
    law = LikelihoodRatio.of([Fraction(1, 64)] * 192, scale=1)
    found, level = law.quantile_set(p), Fraction(p)
    assert found.lower < found.upper < found.lower + Fraction(1, 10**12)
    with working_precision(300):
        assert law.cdf(found.lower, 300) < rational_ball(level)
        assert law.below(found.upper, 300) > rational_ball(level)


def test_quantile_next_to_the_end_of_a_jump() -> None:
    # just below and above e^-1/2, the mass of the lowest atom, by less than 1e-29
    law = LikelihoodRatio.of([1], scale=1)
    for digits, atom in (("08", True), ("09", False)):
        found = law.quantile_set("0.183939720585721160797761885" + digits)
        assert found.atom is atom and found.lower <= found.upper
        assert (found.upper == -1) is atom
    undecided = law.quantile_set("0.5")  # an end of a jump itself: between, and at the atom
    assert undecided.lower <= 1 <= undecided.upper
    assert undecided.atom is not False


def test_quantile_at_the_ends_of_a_jump_and_outside() -> None:
    law = LikelihoodRatio.of([3], scale=2)  # jumps from 1/2 to 1 at 3
    assert contains(law.quantile("0.5"), 3.0, 1e-12)
    assert law.quantile_set("0.500001").atom is True
    assert law.quantile_set("0.499").atom is False
    lowest = law.atoms()[0]
    assert law.quantile(str(float(lowest.ball()) / 2)).value == -3.0
    for wrong in ("0", "1", "-0.1", "1.5"):
        with pytest.raises(ValueError, match=r"outside \(0, 1\)"):
            law.quantile(wrong)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("alpha", ["0.01", "0.2", "0.6"])
def test_trade_off_is_the_sup_of_the_hockey_stick_lines(kind: str, alpha: str) -> None:
    law = law_of(kind)
    found, level = law.trade_off(alpha), float(alpha)

    def loss(eps: float) -> float:
        return -(1 - math.exp(eps) * level - law.hockey_stick(eps).value)

    norm = float(law.norm / law.scale)
    grid = [-norm + 2 * norm * n / 40 for n in range(41)]
    start = min(grid, key=loss)
    best = optimize.minimize_scalar(
        loss,
        bounds=(start - norm / 20, start + norm / 20),
        method="bounded",
        options={"xatol": 1e-9},  # at an atom the best line has a kink
    )
    assert contains(found, max(0.0, -best.fun), 1e-7 + SLACK[kind]), (found, best)
    assert found.width <= max(1e-12, 10 * SLACK[kind])
    # the symmetric curve is its own inverse: f(f(alpha)) = alpha
    if 0 < found.value < 1:
        again = law.trade_off(found.value)
        assert contains(again, level, 1e-9 + 20 * SLACK[kind])


@pytest.mark.parametrize("kind", KINDS)
def test_moments_are_those_of_the_coordinates(kind: str) -> None:
    law = law_of(kind)
    noise = stats.laplace(scale=float(law.scale))

    def moment(move: float, power: int, centre: float) -> float:
        def integrand(x: float) -> float:
            return float(noise.pdf(x)) * (abs(x - move) - abs(x) - centre) ** power

        edges = [-60 * float(law.scale), *sorted({0.0, move}), 60 * float(law.scale)]
        return sum(integrate.quad(integrand, a, b)[0] for a, b in itertools.pairwise(edges))

    means = [moment(float(one), 1, 0.0) for one in law.delta]
    assert law.mean().value == pytest.approx(math.fsum(means), rel=1e-9)
    for order in (2, 3):
        central = [moment(float(one), order, m) for one, m in zip(law.delta, means, strict=True)]
        assert law.cumulant(order).value == pytest.approx(math.fsum(central), rel=1e-7)
    fourth = [
        moment(float(one), 4, m) - 3 * moment(float(one), 2, m) ** 2
        for one, m in zip(law.delta, means, strict=True)
    ]
    assert law.cumulant(4).value == pytest.approx(math.fsum(fourth), rel=1e-6)


def test_moments_keep_their_digits_for_tiny_moves() -> None:
    law = LikelihoodRatio.of(["1e-30"], scale=1)  # a - 1 + e^-a = a^2/2, Var D = a^2/4
    assert law.mean().value == pytest.approx(0.5e-60, rel=1e-12)
    assert law.variance().value == pytest.approx(1e-60, rel=1e-12)
    assert law.variance().width <= 1e-75
    with pytest.raises(ValueError, match="order = 33"):
        law.cumulant(33)


@pytest.mark.statistical(
    false_fail=1e-9, reason="four means of 40000 numbers in [-1, 1]: Hoeffding, 4 * 2 exp(-n t^2/2)"
)
@pytest.mark.parametrize("kind", KINDS)
def test_characteristic_function_against_the_drawn_one(kind: str, fresh) -> None:
    law = law_of(kind)
    samples = drawn(law, fresh(5))
    allowed = math.sqrt(2 * math.log(8e9) / len(samples))
    for omega in (0.3, 1.9):
        ball = law.characteristic_function(omega)
        exact = complex(float(ball.real.mid()), float(ball.imag.mid()))
        empirical = np.exp(1j * omega * samples).mean()
        assert abs(exact.real - empirical.real) < allowed
        assert abs(exact.imag - empirical.imag) < allowed
        assert ball.conjugate().overlaps(law.characteristic_function(-omega))


def test_a_zero_perturbation_is_a_constant() -> None:
    law = LikelihoodRatio.of([0, 0], scale=3)
    assert law.atom_count() == (1, 1) and law.heaviest_atoms()[0].mass.value == 1
    assert (law.cdf_bounds(0).value, law.below_bounds(0).value) == (1.0, 0.0)
    assert float(law.cdf(0)) == 1 and float(law.below(0)) == 0
    assert law.quantile("0.4").value == 0 and law.mean().value == 0 == law.variance().value
    assert law.hockey_stick(1).value == 0
    assert contains(law.hockey_stick(-1), 1 - math.exp(-1))
    assert contains(law.trade_off("0.3"), 0.7)


@settings(max_examples=25)
@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=7),
    st.fractions(min_value=Fraction(1, 9), max_value=5, max_denominator=9),
)
def test_atoms_are_those_of_all_patterns(shares: list[int], scale: Fraction) -> None:
    law = LikelihoodRatio.of(shares, scale=scale)
    masses: dict[int, float] = {}
    for chosen in itertools.product((0, 1), repeat=len(shares)):
        total = sum(c * s for c, s in zip(chosen, shares, strict=True))
        mass = math.exp(-total / float(scale)) / 2 ** len(shares)
        masses[sum(shares) - 2 * total] = masses.get(sum(shares) - 2 * total, 0.0) + mass
    assert law.atom_count() == (len(masses),) * 2
    listed = law.heaviest_atoms()
    assert listed is not None
    assert {one.place * scale for one in listed} == set(masses)
    for one in listed:
        assert contains(one.mass, masses[int(one.place * scale)], 1e-13)
    ordered = [one.mass.value for one in listed]
    assert ordered == sorted(ordered, reverse=True)
    assert ordered[0] <= law.heaviest_atom_bound()
    assert len(law.heaviest_atoms(2) or ()) == min(2, len(masses))


def test_atoms_too_many_to_list() -> None:
    law = LikelihoodRatio.of([Fraction(1, n) for n in range(2, 60)], scale=1)
    assert law.heaviest_atoms() is None
    least, most = law.atom_count()
    assert 58 * 59 // 2 + 1 <= least < most <= 2**58
    assert 0 < law.heaviest_atom_bound() < 0.11
    equal = LikelihoodRatio.of(["0.01"] * 5000, scale=1)
    top = equal.heaviest_atoms(5)
    assert top is not None and equal.atom_count() == (5001, 5001)
    mode = (law.norm - 0) * 0 + Fraction(top[0].place)
    number = round((equal.norm - mode) / 2 * 100)
    exact = stats.binom(5000, 1 / (1 + math.exp(0.01))).pmf(number)
    assert top[0].mass.value == pytest.approx(exact * float(equal.atom_mass()), rel=1e-9)
    with pytest.raises(ValueError, match="number = 1001"):
        equal.heaviest_atoms(1001)


def test_atoms_that_coincide_are_one_and_those_that_nearly_do_are_not() -> None:
    # in floats 0.1 + 0.2 is not 0.3: a sum of floats would split or move these atoms
    law = LikelihoodRatio.of(["0.1", "0.2", "0.3"], scale="0.5")
    assert law.atom_count() == (7, 7)
    at_zero = law.cdf_bounds(0).value - law.below_bounds(0).value
    assert at_zero == pytest.approx(2 * math.exp(-0.6) / 8, rel=1e-12)
    floats = LikelihoodRatio.of([0.1, 0.2, 0.3], scale="0.5")
    assert floats.atom_count() == (8, 8)
    equal = LikelihoodRatio.of([Fraction(1, 10)] * 40, scale=1)
    place = equal.norm - 2 * 17 * Fraction(1, 10)
    jump = equal.cdf_bounds(place).value - equal.below_bounds(place).value
    exact = math.comb(40, 17) * 2.0**-40 * math.exp(-1.7)
    assert jump == pytest.approx(exact, rel=1e-12)


def test_multiples_count_what_they_can() -> None:
    many = atoms_module.Multiples.of({Fraction(n, 7): 3 for n in range(1, 40)})
    assert many.count() == (many.total + 1,) * 2  # all integers are reached
    assert many.sums(100) is None
    assert atoms_module.Multiples.of({Fraction(3, 2): 5}).count() == (6, 6)


def test_atoms_of_many_coordinates_are_counted_without_weighing_them() -> None:
    # weights of 2^k subsets, and sums of 2^32 units, would take minutes and gigabytes
    equal_but_one = LikelihoodRatio.of([1] * 200_000 + [2], scale=1)
    assert equal_but_one.heaviest_atoms() is None
    assert equal_but_one.atom_count()[0] >= 200_002
    fine = LikelihoodRatio.of([4294967296, 1], scale=4294967296)
    assert fine.atom_count() == (4, 4)


def test_bounds_refuse_to_be_in_the_wrong_order() -> None:
    for wrong in ((0.2, 0.1), (math.nan, 1.0)):
        with pytest.raises(ValueError, match="not an interval"):
            Bounds(*wrong, "by hand")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_wrong_sign_in_the_hockey_stick_is_seen(sign: int) -> None:
    # the mutant P(T > eps) + e^eps P(T < -eps), and the right one, against total variation
    law = law_of("few")
    above, below = 1 - law.cdf_bounds(0).value, law.below_bounds(0).value
    assert contains(law.hockey_stick(0), above - sign * below, 1e-12) is (sign == 1)
