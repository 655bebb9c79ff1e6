"""The law of k equal magnitudes against subsets, conditioning, quadrature and an accountant."""

import itertools
import math
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import equal_law, fair_coins
from theory.balls import Ball, rational_ball
from theory.directional import certified_norms, dual_bound
from theory.equal_law import MAX_COUNT, EqualLaw
from theory.exact import working_precision
from theory.ratio_laws import hockey_stick
from theory.subset_law import SubsetLaw

BITS = 90
NORMS = [Fraction(1, 1000), Fraction(1), Fraction(7), Fraction(60), Fraction(400)]


def agree(one: Ball, other: Ball, bits: int = BITS) -> bool:
    """Both are narrow, and they may be the same number."""
    narrow = all(ball == 0 or ball.rel_accuracy_bits() >= bits for ball in (one, other))
    return narrow and bool(one.overlaps(other))


def places_of(count: int) -> list[Fraction]:
    """The ends, atoms, and what is next to them."""
    tiny = Fraction(1, 10**20)
    atoms = {Fraction(number, count) for number in (0, 1, count // 2, count - 1, count)}
    near = {atom + shift for atom in atoms for shift in (-tiny, Fraction(0), tiny)}
    return sorted(near | {Fraction(1, 3), Fraction("0.41"), Fraction("0.999")})


def as_subsets_say(count: int, norm: Fraction) -> bool:
    law, known = EqualLaw(count), SubsetLaw((1,) * count)
    for place in places_of(count):
        here, there = law.tail(place, norm, BITS), known.tail(place, norm, BITS)
        if not (agree(here.above, there.above) and agree(here.at, there.at)):
            return False
        if 0 < place < 1:
            slope, expected = law.density(place, norm, BITS), known.density(place, norm, 500)
            if not agree(slope, expected, BITS - 4):
                return False
    return True


@pytest.mark.parametrize("norm", NORMS, ids=str)
@pytest.mark.parametrize("count", [*range(1, 9), 13, 21, 40])
def test_as_the_sum_over_subsets(count: int, norm: Fraction) -> None:
    assert as_subsets_say(count, norm)


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 40),
    norm=st.fractions(Fraction(1, 50), 200),
    place=st.fractions(0, 1),
    bits=st.integers(2, 300),
)
def test_as_the_sum_over_subsets_at_any_place(
    count: int, norm: Fraction, place: Fraction, bits: int
) -> None:
    here = EqualLaw(count).tail(place, norm, bits)
    there = SubsetLaw((1,) * count).tail(place, norm, bits)
    assert agree(here.above, there.above, bits)
    assert here.at.overlaps(there.at)


def _doubled(function: Callable[..., Ball]) -> Callable[..., Ball]:
    return lambda *args: function(*args) * 2


def _moved(function: Callable[..., list[Ball]]) -> Callable[..., list[Ball]]:
    return lambda count, low, high: function(count, low, high + 1)[1:]


def _undivided(factors_of: Callable[..., equal_law._Factors]) -> Callable[..., equal_law._Factors]:
    return lambda *args: replace(factors_of(*args), over_p=False)


def _mirrored(splines: Callable[..., object]) -> Callable[..., object]:
    return lambda point, last: (row[::-1] for row in splines(point, last))


@pytest.mark.parametrize(
    ("owner", "name", "mutant"),
    [
        (fair_coins, "mass", _doubled),  # of the atoms, and of each number of positive ones
        (fair_coins, "tails", _moved),  # L heads are one too few
        (equal_law, "_splines", _mirrored),  # beta_p(1 - f + j)
        (equal_law, "_splines", lambda real: lambda point, last: real(point, last - 1)),
        (equal_law, "_density_factors", _undivided),
        (equal_law._Point, "mean", lambda real: property(lambda point: point.step * point.part)),
        (equal_law, "accumulate", lambda real: lambda *args, **kw: itertools.repeat(arb(1), 99)),
        (equal_law, "_check_norm", lambda real: real),
    ],
    ids=["masses", "tails", "splines", "one p less", "no 1/p", "no e^(-am)", "factorials", "none"],
)
def test_mutants_are_refuted(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, mutant: Callable[..., object]
) -> None:
    real = getattr(owner, name)
    monkeypatch.setattr(owner, name, mutant(real))
    assert as_subsets_say(5, Fraction(7)) is (name == "_check_norm")


def conditioned(count: int, place: str, norm: str, most: int) -> mpmath.mpf:
    """P(W > w) given the number M of those inside (0, a), by mpmath: another formula.

    The M are Exp(1) truncated at a: inclusion and exclusion over those beyond a. The others are at
    0 or at a: binomial.
    """
    r, step = mpmath.mpf(norm), mpmath.mpf(norm) / count
    x = mpmath.mpf(place) * count
    whole = int(mpmath.floor(x))
    q = mpmath.exp(-step)

    def erlang(shape: int, s: mpmath.mpf) -> mpmath.mpf:  # P(sum of Exp(1) <= s)
        terms = [mpmath.exp(-s)]
        for i in range(1, shape):
            terms.append(terms[-1] * s / i)
        return 1 - mpmath.fsum(terms)

    upto = mpmath.mpf(0)
    for inside in range(most + 1):
        within = [(1 - q) ** inside] * (whole + 1)  # P(all inside, and their sum at most f a + j a)
        if inside:
            reached = [
                erlang(inside, (x - whole + j) * step) for j in range(min(inside, whole + 1))
            ]
            for j in range(len(reached)):
                within[j] = mpmath.fsum(
                    (-1) ** i * mpmath.binomial(inside, i) * q**i * reached[j - i]
                    for i in range(j + 1)
                )
        rest = count - inside
        upto += mpmath.binomial(count, inside) * mpmath.fsum(
            mpmath.binomial(rest, n) * q**n * within[whole - n] for n in range(min(whole, rest) + 1)
        )
    assert r > 0
    return 1 - upto / mpmath.mpf(2) ** count


@pytest.mark.parametrize(
    ("place", "norm"), [("0.5", "6"), ("0.4871", "6"), ("0.503", "1.5"), ("0.62", "6")]
)
def test_two_hundred_by_conditioning(place: str, norm: str) -> None:
    with mpmath.workdps(140):
        expected = conditioned(200, place, norm, 32)  # 3 inside on average
        here = EqualLaw(200).tail(Fraction(place), Fraction(norm), 96).above
        found = here.mid().str(40, radius=False)
        assert abs(mpmath.mpf(found) - expected) < mpmath.mpf(10) ** -20
        assert expected > mpmath.mpf(10) ** -6


def cells_of(first: int, cells: int, count: int) -> list[tuple[Fraction, float]]:
    """Gauss's nodes and weights between neighbouring atoms of V."""
    pairs = [
        (cell + (1 + node) / 2, weight / 2)
        for cell in range(first, first + cells)
        for node, weight in zip(*np.polynomial.legendre.leggauss(12), strict=True)
    ]
    return [(Fraction(place) / count, weight / count) for place, weight in pairs]


@pytest.mark.parametrize(("count", "norm"), [(60, 3), (60, 40), (7, 30)])
def test_the_tail_has_the_transform_of_a_product(count: int, norm: int) -> None:
    law, step = EqualLaw(count), norm / count
    tails = [
        (float(place), weight * float(law.tail(place, Fraction(norm), 60).above))
        for place, weight in cells_of(0, count, count)
    ]
    for rate in (-0.3, 1e-3, 0.5):  # E e^(-s W); 1e-3 for the mean
        transform = 1 - rate * norm * math.fsum(
            above * math.exp(-rate * norm * place) for place, above in tails
        )
        beyond = math.exp(-step * (1 + rate))
        one = (1 + (1 - beyond) / (1 + rate) + beyond) / 2
        assert transform == pytest.approx(one**count, rel=1e-11)


@pytest.mark.parametrize(("count", "norm"), [(3072, 3), (3072, 71), (150528, 3)])
def test_density_and_atoms_make_up_the_tail(count: int, norm: int) -> None:
    law, cells, r = EqualLaw(count), 2, Fraction(norm)
    first = round(-math.expm1(-norm / count) / (2 * norm / count) * count)  # at the mean
    inner = math.fsum(
        weight * float(law.density(place, r, 60)) for place, weight in cells_of(first, cells, count)
    )
    places = [Fraction(first + cell, count) for cell in range(cells + 1)]
    atoms = [float(law.tail(place, r).at) for place in places[1:]]
    lost = law.tail(places[0], r).above - law.tail(places[-1], r).above
    assert inner > 1e-5
    assert min(atoms) > 1e-18
    assert float(lost) == pytest.approx(inner + math.fsum(atoms), rel=1e-12)


@pytest.mark.parametrize(("count", "norm"), [(10, 9), (3072, 3), (3072, 71), (150528, 90)])
def test_exchanging_x_and_y_mirrors_v(count: int, norm: int) -> None:
    law, r = EqualLaw(count), Fraction(norm)
    # under Y the law of V is e^(r (2v - 1)) times that under X, and it is that of 1 - V
    for place in (Fraction("0.4912"), Fraction("0.4807"), Fraction("0.50001")):
        with working_precision(200):
            ratio = rational_ball(r * (1 - 2 * place)).exp()
            here, mirrored = law.density(place, r), law.density(1 - place, r) * ratio
            assert agree(here, mirrored, 90)
            assert not agree(here, mirrored * (1 + arb(2) ** -80), 90)
    atom = Fraction(count // 3, count)
    here, mirrored = law.tail(atom, r, 150).at, law.tail(1 - atom, r, 150).at
    with working_precision(150):
        assert agree(here, mirrored * rational_ball(r * (1 - 2 * atom)).exp(), 140)


@pytest.mark.parametrize(("count", "norm", "eps"), [(9, 5, 1.0), (3072, 3, 0.1), (3072, 71, 1.0)])
def test_the_slope_of_the_hockey_stick_is_the_tail_under_y(
    count: int, norm: int, eps: float
) -> None:
    # -H'(eps) = e^eps P(T < -eps), while H falls by P(T > eps) of X as well
    law, r = EqualLaw(count), Fraction(norm)
    first = math.floor((1 - eps / norm) / 2 * count)
    low, high = (r * (1 - 2 * Fraction(place, count)) for place in (first + 1, first))
    slopes = []
    for place, weight in cells_of(first, 1, count):  # T = eps at V = place
        here = r * (1 - 2 * place)
        far = float(law.tail(1 - place, r, 60).above)
        slopes.append(2 * norm * weight * math.exp(float(here)) * far)
    fall = hockey_stick(law, low, r) - hockey_stick(law, high, r)
    assert float(fall) == pytest.approx(math.fsum(slopes), rel=1e-10)
    assert float(fall) > 1e-7


@pytest.mark.parametrize("eps", ["-3", "-0.5", "0", "1.3", "4.9"])
def test_the_hockey_stick_is_an_expectation(eps: str) -> None:
    count, r, least = 5, Fraction(5), float(eps)
    law = EqualLaw(count)

    def advantage(place: Fraction) -> float:
        return max(0.0, -math.expm1(least - float(r * (1 - 2 * place))))

    # atoms, and the density in cells that end where the advantage does
    total = sum(float(law.tail(atom, r).at) * advantage(atom) for atom in law.atoms)
    edges = sorted({*law.atoms, (1 - Fraction(eps) / r) / 2})
    for low, high in itertools.pairwise(edges):
        for place, weight in cells_of(0, 1, 1):
            at = low + (high - low) * place
            total += float(high - low) * weight * float(law.density(at, r)) * advantage(at)
    assert float(hockey_stick(law, Fraction(eps), r)) == pytest.approx(total, rel=1e-11)


def test_the_ends_of_the_hockey_stick() -> None:
    law, r = EqualLaw(300), Fraction(20)
    assert hockey_stick(law, r, r) == 0
    for bits in (53, 150):
        with working_precision(300):
            beyond = 1 - (-arb(21)).exp()
            assert hockey_stick(law, Fraction(-21), r, bits).overlaps(beyond)
            width = hockey_stick(law, Fraction(1, 3), r, bits).rad()
        assert 0 < width < arb(2) ** -bits
    # 2^-k of T = r is all that is left
    nearly = hockey_stick(law, r - Fraction(1, 100), r, 400)
    with working_precision(400):
        assert nearly > arb((1, -300)) * (1 - (-arb(1) / 100).exp())


@pytest.mark.parametrize(("count", "norm", "slack"), [(3072, 71, 2e-6), (3072, 3, 3e-4)])
def test_an_accountant_of_differential_privacy_bounds_it(
    count: int, norm: int, slack: float
) -> None:
    # T is the privacy loss of Laplace mechanisms; connecting the dots bounds it from above
    total = privacy_loss_distribution.from_laplace_mechanism(
        count / norm, value_discretization_interval=3e-4
    ).self_compose(count)
    for eps in (-0.5, 0.0, 0.01, 0.1, 1.0):
        exact = float(hockey_stick(EqualLaw(count), Fraction(eps), Fraction(norm), 60))
        bound = float(total.get_delta_for_epsilon(eps))
        assert exact - 1e-9 < bound < exact + slack


@pytest.mark.parametrize("norm", [Fraction(3), Fraction(71)])
def test_it_falls_with_the_place(norm: Fraction) -> None:
    law = EqualLaw(3072)
    places = [Fraction(n, 97) for n in range(98)] + [Fraction(n, 3072) for n in range(1530, 1540)]
    tails = [law.tail(place, norm) for place in sorted(places)]
    for here, following in itertools.pairwise(tails):
        assert here.above > following.above or here.above.overlaps(arb(1))
        assert here.above.overlaps(following.from_here) or here.above > following.from_here
    atom, tiny = Fraction(1500, 3072), Fraction(1, 10**40)
    with working_precision(200):
        before, here = law.tail(atom - tiny, norm, 150), law.tail(atom, norm, 150)
        assert abs(before.above - here.from_here) < 1e-30
        assert here.at > 1e-20
        assert before.at == 0


@pytest.mark.parametrize(
    ("count", "norm", "place"),
    [
        (3072, Fraction(3), Fraction(1, 2)),
        (3072, Fraction(3), Fraction("0.999")),
        (3072, Fraction(500), Fraction("0.55")),
        (150528, Fraction(497), Fraction("0.4963")),
        (150528, Fraction(200), Fraction("0.6")),
        (10**6, Fraction(30), Fraction(1, 3)),
        (3072, Fraction(1, 10**400), Fraction("0.51")),
        (3, Fraction(10**400), Fraction(1, 3**50)),
    ],
    ids=str,
)
def test_bits_are_kept_and_balls_overlap(count: int, norm: Fraction, place: Fraction) -> None:
    law = EqualLaw(count)
    balls = [law.tail(place, norm, bits).above for bits in (2, 20, 53, 300)]
    for bits, ball in zip((2, 20, 53, 300), balls, strict=True):
        assert ball.rel_accuracy_bits() >= bits
        assert ball.overlaps(balls[-1])
    atom = law.tail(Fraction(count // 2, count), norm, 53)
    assert atom.at.rel_accuracy_bits() >= 53


def test_what_is_left_out_is_in_the_ball(monkeypatch: pytest.MonkeyPatch) -> None:
    law, place, norm = EqualLaw(3072), Fraction(1, 2), Fraction(71)
    exact, balls = law.tail(place, norm, 300).above, []
    for bits in range(20, 60, 5):
        balls.append(law.tail(place, norm, bits).above)
    assert all(ball.overlaps(exact) for ball in balls)
    real = equal_law._sum
    monkeypatch.setattr(equal_law, "_sum", lambda *args: (real(*args)[0], arb(0)))
    assert not law.tail(place, norm, 40).above.overlaps(exact)


def test_it_takes_the_place_of_subsets() -> None:
    few, known = EqualLaw(24), SubsetLaw((1,) * 24)
    assert (few.shares, few.total, few.atoms) == (known.shares, known.total, known.atoms)
    assert list(few.places) == known.places
    for level in (Fraction("0.51"), Fraction("0.9"), Fraction("0.9999")):
        low, high = certified_norms(few, level)
        other_low, other_high = certified_norms(known, level)
        assert low < other_high
        assert other_low < high
    law = EqualLaw(3072)
    low, high = certified_norms(law, Fraction("0.9"))
    assert high - low < Fraction(1, 10**17) * low
    # T is nearly normal: r = sqrt(k) Phi^-1(PA), from above
    assert 0 < float(low) / math.sqrt(3072) - 1.2815515655446004 < 0.01
    beyond = high * Fraction(10**6 + 1, 10**6)
    lost = Fraction("0.1")
    assert not any(
        dual_bound(law, beyond, Fraction(n, 3072), lost) < arb(0.5) for n in range(700, 800, 5)
    )


@pytest.mark.slow
def test_the_radius_of_many_equal_coordinates() -> None:
    low, high = certified_norms(EqualLaw(150528), Fraction("0.9"))
    assert high - low < Fraction(1, 10**17) * low
    assert 0 < float(low) / math.sqrt(150528) - 1.2815515655446004 < 0.001


@pytest.mark.slow
def test_long_moves() -> None:
    law, norm = EqualLaw(3072), Fraction(10**4)  # magnitudes of 3.3
    mean = (1 - math.exp(-1e4 / 3072)) / 2 * 3072
    assert 0.3 < float(law.tail(Fraction(mean) / norm, norm, 53).above) < 0.7
    assert law.tail(Fraction(1, 2), norm, 53).above < arb(10) ** -800


@pytest.mark.parametrize("count", [0, -3, True, 2.0, MAX_COUNT + 1, "8"])
def test_other_counts_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match=rf"count = {count} is not in 1, ..., {MAX_COUNT}"):
        EqualLaw(count)


def test_what_is_refused() -> None:
    law, half = EqualLaw(8), Fraction(1, 2)
    for call in (law.tail, law.density):
        with pytest.raises(ValueError, match=r"norm = 0 is outside \(0, inf\)"):
            call(half, Fraction(0))
    with pytest.raises(ValueError, match=r"place = 1 is outside \(0, 1\)"):
        law.density(Fraction(1), half)
    with pytest.raises(ValueError, match="norm = 1000000000 takes over") as caught:
        EqualLaw(10**7).tail(half, Fraction(10**9))
    assert "\n" not in str(caught.value)
    with pytest.raises(ArithmeticError, match="no tail with 65536 bits"):
        law.tail(half, Fraction(1), 1 << 16)
    assert law.tail(Fraction(-1, 9), Fraction(1)).above == 1
    assert law.tail(Fraction(10, 9), Fraction(1)).from_here == 0
