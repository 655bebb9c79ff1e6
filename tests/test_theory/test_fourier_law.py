"""Bounds of the law of T against sums over subsets, quadrature, dp_accounting and mutants."""

import itertools
import math
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st

from theory import characteristic, frequency_table
from theory.balls import rational_ball
from theory.bounds import Bounds
from theory.exact import working_precision
from theory.fourier_law import METHOD, FourierLaw
from theory.frequency_bounds import FrequencyBounds
from theory.likelihood_ratio import LikelihoodRatio
from theory.smoothing import Smoothing
from theory.subset_law import SubsetLaw

Groups = dict[Fraction, int]


@pytest.fixture(autouse=True)
def small_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables of a few coordinates would be as long as the work allows."""
    monkeypatch.setattr(frequency_table, "_WORK", 15_000)
    monkeypatch.setattr(frequency_table, "_FAR_WORK", 1 << 20)
    monkeypatch.setattr(frequency_table, "_NEAR_WORK", 1 << 20)
    monkeypatch.setattr(frequency_table, "_NEAR_RETURNS", 30_000)
    monkeypatch.setattr(frequency_table, "_FAR_RETURNS", 40_000)


def sample(kind: str, dim: int, norm: float, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    drawn = {
        "uniform": lambda: rng.random(dim),
        "normal": lambda: np.abs(rng.normal(size=dim)),
        "exponential": lambda: rng.exponential(size=dim),
        "steps": lambda: np.arange(1.0, dim + 1),
        "linspace": lambda: np.linspace(0.1, 1, dim),
    }[kind]()
    return drawn * (norm / drawn.sum())


class Exact:
    """P(T <= t), P(T < t) and the hockey-stick P(T > eps) - e^eps P(T < -eps), by subsets."""

    def __init__(self, groups: Groups) -> None:
        known = [size for size, count in groups.items() for _ in range(count)]
        self.law, self.norm = SubsetLaw.of(known), sum(known, Fraction(0))

    def _tail(self, t: Fraction):
        return self.law.tail((self.norm - t) / (2 * self.norm), self.norm, 80)

    def cdf(self, t: Fraction):
        return self._tail(t).from_here

    def below(self, t: Fraction):
        return self._tail(t).above

    def hockey_stick(self, eps: Fraction):
        with working_precision(96):
            return 1 - self.cdf(eps) - rational_ball(eps).exp() * self.below(-eps)


def inside(bounds: Bounds, value: arb) -> bool:
    """Not certainly outside: the balls have some 80 bits, the bounds are floats."""
    with working_precision(128):
        return not (value < arb(bounds.lower)) and not (value > arb(bounds.upper))


def questions(law: FourierLaw, exact: Exact, places: list[Fraction]) -> list[tuple[Bounds, arb]]:
    found = []
    for t in places:
        found += [(law.cdf(t), exact.cdf(t)), (law.below(t), exact.below(t))]
        found += [(law.hockey_stick(t), exact.hockey_stick(t))]
    return found


GROUPS = st.dictionaries(
    st.fractions(Fraction(1, 30), 2, max_denominator=50), st.integers(1, 3), min_size=1, max_size=5
)


@settings(max_examples=12, deadline=None)
@given(groups=GROUPS, data=st.data())
def test_the_exact_law_is_inside(groups: Groups, data: st.DataObject) -> None:
    exact, law = Exact(groups), FourierLaw.of(groups)
    atom = exact.norm * (1 - 2 * data.draw(st.sampled_from(exact.law.atoms)))
    place = exact.norm * data.draw(st.fractions(-1, 1, max_denominator=100))
    for bounds, value in questions(law, exact, [atom, place, Fraction(0), exact.norm]):
        assert inside(bounds, value)


@pytest.mark.parametrize(
    ("groups", "kink", "jump"),
    [
        ({Fraction(i * i + 3 * i + 7, 50): 1 for i in range(12)}, 2e-5, 0.02),
        ({Fraction(1, 3): 7, Fraction(1, 2): 6, Fraction(2, 7): 7}, 3e-5, 0.06),
        ({Fraction(1, 100): 301}, 5e-6, 0.06),
        ({Fraction(1, 50): 120, Fraction(3, 50): 21}, 5e-6, 0.06),
    ],
)
def test_the_exact_law_is_inside_narrow_bounds(groups: Groups, kink: float, jump: float) -> None:
    exact, law = Exact(groups), FourierLaw.of(groups)
    atoms = [exact.norm * (1 - 2 * place) for place in exact.law.atoms]
    middle = len(atoms) // 2
    spread = Fraction(math.sqrt(sum(float(a) ** 2 * n for a, n in groups.items())))
    between = [(atoms[j] + atoms[j + 1]) / 2 for j in range(middle - 3, middle + 3)]
    places = [atoms[0], atoms[middle], atoms[-1], *between, spread / 2, -spread / 3]
    for bounds, value in questions(law, exact, places):
        assert inside(bounds, value)
    assert max(law.hockey_stick(t).width for t in places) < kink
    assert max(law.cdf(t).width for t in places) < jump


#: what a test of containment must notice, each with the law and the places where it does
FEW = {Fraction(2, 5): 1, Fraction(1, 3): 1, Fraction(1, 7): 1}
ODD = {Fraction(1, 100): 301}


def excluded(groups: Groups) -> bool:
    exact, law = Exact(groups), FourierLaw.of(groups)
    places = [exact.norm * Fraction(j, 29) for j in (-6, -2, 1, 3, 8)]
    try:
        return any(not inside(bounds, value) for bounds, value in questions(law, exact, places))
    except ValueError as error:  # not even in order
        assert "is not an interval" in str(error)
        return True


def without_tail(monkeypatch: pytest.MonkeyPatch) -> Groups:
    kept = FourierLaw._steps
    monkeypatch.setattr(FourierLaw, "_steps", lambda self, known: kept(self, known)[-30:-29])
    monkeypatch.setattr(FrequencyBounds, "weighted", lambda *_: 0.0)
    return FEW


def without_wrap(monkeypatch: pytest.MonkeyPatch) -> Groups:
    monkeypatch.setattr(FourierLaw, "_wrap", property(lambda self: arb(0)))
    return FEW


def without_sign(monkeypatch: pytest.MonkeyPatch) -> Groups:
    kept = frequency_table.Frequency
    monkeypatch.setattr(
        frequency_table, "Frequency", lambda place, turns, sign=1: kept(place, turns)
    )
    return ODD


def without_factor(monkeypatch: pytest.MonkeyPatch) -> Groups:
    monkeypatch.setattr(Smoothing, "factor", property(lambda self: arb(1.001)))
    return FEW


def with_a_wrong_slope(monkeypatch: pytest.MonkeyPatch) -> Groups:
    kept = characteristic.log_coefficients
    monkeypatch.setattr(characteristic, "log_coefficients", lambda q, order: kept(q / 2, order))
    return ODD


MUTANTS = [without_tail, without_wrap, without_sign, without_factor, with_a_wrong_slope]


@pytest.mark.parametrize("mutant", MUTANTS)
def test_mutants_exclude_the_exact_law(
    mutant: Callable[[pytest.MonkeyPatch], Groups], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        groups = mutant(patch)
        assert excluded(groups)
    assert not excluded(groups)


def test_beyond_the_support_it_is_exact() -> None:
    law = FourierLaw.of(FEW)
    norm = law.magnitudes.total
    assert norm == sum(FEW)
    assert law.cdf(norm) == law.below(norm + 1) == Bounds(1.0, 1.0, METHOD)
    assert law.below(-norm) == law.cdf(-norm - 1) == Bounds(0.0, 0.0, METHOD)
    assert law.hockey_stick(norm) == law.hockey_stick(2 * norm) == Bounds(0.0, 0.0, METHOD)
    assert law.hockey_stick(-2 * norm).lower <= -math.expm1(-2 * norm)
    assert law.hockey_stick(-2 * norm).width < 1e-15
    assert law.below(norm).lower < 1 - 2.0**-3 < law.below(norm).upper


def transform(magnitudes: np.ndarray, y: np.ndarray) -> np.ndarray:
    """E e^(i y T) from the brief formula of one term, in floats."""
    s = 2j * y[:, None]
    z = 1 / (1 + s)
    terms = ((1 + z) + (1 - z) * np.exp(-magnitudes * (1 + s))) / 2 * np.exp(s / 2 * magnitudes)
    return np.exp(np.sum(np.log(terms), axis=1))


def inverted(magnitudes: np.ndarray, t: float, step: float, last: float) -> float:
    """P(T <= t) by the midpoint rule for Gil-Pelaez's integral."""
    y = np.arange(step / 2, last, step)
    waves = np.imag(np.exp(-1j * y * t) * transform(magnitudes, y)) / y
    return 0.5 - step / math.pi * math.fsum(waves)


@pytest.mark.parametrize("kind", ["uniform", "normal", "exponential", "steps", "linspace"])
@pytest.mark.parametrize("norm", [0.1, 3.0, 30.0])
def test_widths_and_places_at_3072(kind: str, norm: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frequency_table, "_FAR_WORK", 1 << 25)
    magnitudes = sample(kind, 3072, norm)
    law = FourierLaw.of(magnitudes)
    spread = math.sqrt(float(magnitudes @ magnitudes))
    for z in (-1.0, 0.2, 1.3):
        t = spread * z + spread**2 / 2
        wanted = inverted(magnitudes, t, 0.2 / spread, 9 / spread)
        found = law.cdf(Fraction(t))
        assert found.lower - 1e-11 < wanted < found.upper + 1e-11
        # psi returns where floats are nearly multiples of one number: the c.d.f. is less well known
        assert found.width < (5e-5 if kind in ("steps", "linspace") else 1e-6)
        above, below = 1 - wanted, inverted(magnitudes, -t, 0.2 / spread, 9 / spread)
        wanted = above - math.exp(t) * below
        found = law.hockey_stick(Fraction(t))
        assert found.lower - 1e-9 < wanted < found.upper + 1e-9
        assert found.width < 1e-8


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["uniform", "exponential", "steps", "linspace"])
def test_widths_at_150528(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    magnitudes = sample(kind, 150_528, 3.0)
    law = FourierLaw.of([Fraction(one) for one in magnitudes.tolist()])
    spread = math.sqrt(float(magnitudes @ magnitudes))
    for z in (-1.0, 0.2, 1.3):
        t = spread * z
        wanted = inverted(magnitudes, t, 0.5 / spread, 8 / spread)
        found = law.cdf(Fraction(t))
        assert found.lower - 1e-9 < wanted < found.upper + 1e-9
        assert found.width < 1e-6
        assert law.hockey_stick(Fraction(t)).width < 1e-8


@pytest.mark.parametrize("norm", [0.3, 4.0])
def test_the_functions_agree_with_one_another(norm: float) -> None:
    law = FourierLaw.of(sample("uniform", 500, norm, seed=4))
    for share in (0.0, 0.03, 0.1):
        eps = Fraction(norm * share)
        here, there = law.hockey_stick(eps), law.hockey_stick(-eps)
        flipped = [1 - math.exp(-eps) * (1 - end) for end in (here.lower, here.upper)]
        assert there.lower <= flipped[1] + 1e-15 and flipped[0] - 1e-15 <= there.upper
        above, below = law.cdf(eps), law.below(-eps)
        low = 1 - above.upper - math.exp(eps) * below.upper
        high = 1 - above.lower - math.exp(eps) * below.lower
        assert low <= here.upper and here.lower <= high
    ordered = [law.cdf(Fraction(norm * j / 60)) for j in range(-20, 20)]
    assert all(one.lower <= other.upper for one, other in itertools.pairwise(ordered))


def test_dp_accounting_is_an_upper_bound() -> None:
    magnitudes = [Fraction(one) for one in sample("uniform", 64, 3.0).tolist()]
    law = FourierLaw.of(magnitudes)
    each = [
        privacy_loss_distribution.from_laplace_mechanism(
            1 / float(one), value_discretization_interval=1e-4
        )
        for one in magnitudes
    ]
    total = each[0]
    for one in each[1:]:
        total = total.compose(one)
    for eps in (-0.4, 0.0, 0.2, 0.9):
        bound, found = total.get_delta_for_epsilon(eps), law.hockey_stick(Fraction(eps))
        assert found.lower - 1e-9 < bound < found.upper + 1e-4
        assert found.width < 1e-7


def test_atoms_of_a_likelihood_ratio_are_inside() -> None:
    ratio = LikelihoodRatio.of(["0.4", "-0.15", "0.3", 0, "0.15"], scale="0.5")
    law = FourierLaw.of(Counter(one / ratio.scale for one in ratio.magnitudes))
    for atom in ratio.atoms():
        place = atom.place / ratio.scale
        assert inside(law.cdf(place), ratio.cdf(atom.place))
        assert inside(law.below(place), ratio.below(atom.place))


def test_very_large_and_very_small_magnitudes() -> None:
    tiny = FourierLaw.of([Fraction(j, 1 << 80) for j in range(1, 40)])
    assert tiny.hockey_stick(Fraction(0)).upper < 1e-20
    large = FourierLaw.of([Fraction(300 + j) for j in range(5)])
    assert large.hockey_stick(Fraction(0)).upper == 1.0
    assert large.cdf(Fraction(-1500)).upper < 1e-300
    assert FourierLaw.of({Fraction(1, 7): 1}).hockey_stick(Fraction(-1)).lower > 0.6


@pytest.mark.parametrize(
    ("magnitudes", "message"),
    [
        ([], "0 magnitudes"),
        ([Fraction(0)], "magnitude = 0 is outside"),
        ([Fraction(-1, 3)], "magnitude = -1/3 is outside"),
        ({Fraction(1): 0}, "multiplicity = 0 is outside"),
        (np.array([1.0, np.nan]), "magnitude = nan is outside"),
        (np.array([1.0, np.inf]), "magnitude = inf is outside"),
    ],
)
def test_bad_magnitudes_are_named(magnitudes: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        FourierLaw.of(magnitudes)


def test_denominators_without_a_common_multiple_are_no_hindrance() -> None:
    primes = [p for p in range(10_007, 16_000) if all(p % q for q in range(2, 127))][:500]
    law = FourierLaw.of([Fraction(1, p) for p in primes])
    assert law.magnitudes.total is None and law.magnitudes.unit is None
    assert law.magnitudes.norm.contains(rational_ball(sum(Fraction(1, p) for p in primes)))
    assert law.cdf(Fraction(1)) == Bounds(1.0, 1.0, METHOD)
    assert law.hockey_stick(Fraction(1, 1000)).width < 1e-7


def test_more_work_gives_narrower_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    groups = {Fraction(j, 500): 1 for j in range(20, 100)}
    widths = []
    for work in (0, 1 << 16, 1 << 23):
        monkeypatch.setattr(frequency_table, "_NEAR_WORK", work)
        monkeypatch.setattr(frequency_table, "_FAR_WORK", work)
        law = FourierLaw.of(groups)
        widths.append((law.hockey_stick(Fraction(1, 3)).width, law.cdf(Fraction(1, 7)).width))
    assert widths[0][0] > 10 * widths[2][0] and widths[0][1] > 10 * widths[2][1]
