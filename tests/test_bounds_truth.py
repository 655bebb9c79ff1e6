"""The known answers about conjectured bounds are what a brute force at 60 digits finds."""

from collections import Counter
from dataclasses import replace
from fractions import Fraction
from functools import cache
from itertools import product
from types import SimpleNamespace

import pytest

from tests.bounds import brute_force
from tests.bounds.brute_force import (
    AGREE,
    MP,
    Place,
    Truth,
    conjectured_radius,
    exact_radius,
    margin,
    places,
    quantile,
    ratio,
    real,
    survival,
    truth,
    unit_radius,
    worst_pair,
)
from tests.bounds.decided import disagreements
from tests.bounds.known import ANSWERS, KNOWN, PARTS, RECORDS, Case
from tests.bounds.perturbed import NUMBER, PERTURBED

NOISES = ("laplace", "gaussian", "uniform")
BY_NAME = {case.name: case for case in (*KNOWN, *PERTURBED)}
# 13 goes into neither 9 powers of ten nor 29 bases.
TRIED = [
    pytest.param(case, id=case.name, marks=[] if i % 13 == 0 else [pytest.mark.slow])
    for i, case in enumerate(PERTURBED)
]


@cache
def verdict(case: Case) -> Truth:
    """What the brute force says of a case."""
    return truth(case.radius, noise=case.noise, setting=case.setting, num_classes=case.num_classes)


def found(case: Case) -> tuple[bool, bool, bool]:
    """The same in the order of `ANSWERS`."""
    return verdict(case).sound, verdict(case).tight, verdict(case).closed_ball


@pytest.mark.parametrize("case", KNOWN, ids=lambda case: case.name)
def test_known_answers(case: Case) -> None:
    assert found(case) == ANSWERS[case.answer]


@pytest.mark.parametrize("case", TRIED)
def test_perturbed_answers(case: Case) -> None:
    assert found(case) == ANSWERS[case.answer]


def test_the_sets_are_broad() -> None:
    assert len(KNOWN) >= 60
    assert len(BY_NAME) == len(KNOWN) + len(PERTURBED)  # no name twice
    assert min(Counter(case.kind for case in KNOWN).values()) >= 7
    for answer in (True, False):
        of_answer = [case for case in KNOWN if case.sound is answer]
        assert {case.noise for case in of_answer} == set(NOISES)
        assert {case.setting for case in of_answer} == {"binary", "binary-pb", "multiclass", "k"}
    assert {case.answer for case in KNOWN} == set(ANSWERS) == {case.answer for case in PERTURBED}
    assert set(RECORDS) == {case.kind for case in KNOWN}
    # more, and still sound: what is decided by the size of the base's slack
    assert len(PERTURBED) == NUMBER == 200
    more = [case for case in PERTURBED if "+" in case.name]
    assert min(sum(case.sound for case in more), sum(not case.sound for case in more)) >= 40
    assert all(case.sound for case in PERTURBED if "-" in case.name.rpartition("_")[2])


# --- the brute force itself -------------------------------------------------------------------

PAIRS = [
    (Fraction(7, 10), Fraction(3, 10)),
    (Fraction(2, 5), Fraction(1, 10**9)),
    (1 - Fraction(1, 10**50), Fraction(1, 10**20)),
    (Fraction(1, 10**6), Fraction(999, 10**9)),
    (Fraction(1, 2) + Fraction(1, 10**30), Fraction(1, 2) - Fraction(1, 10**30)),
]


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize(("top", "other"), PAIRS, ids=str)
def test_radius_is_the_root_by_bisection(noise: str, top: Fraction, other: Fraction) -> None:
    low, high = MP.mpf(0), MP.mpf(4096)
    for _ in range(400):
        middle = (low + high) / 2
        if margin(noise, top, other, middle) > 0:
            low = middle
        else:
            high = middle
    assert abs(unit_radius(noise, top, other) / low - 1) < MP.mpf(10) ** -60


def test_a_root_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = brute_force.quantile
    # The clean quantiles are in the margin; only the proposal is off, by 10^-100.
    monkeypatch.setattr(brute_force, "margin", margin_of(honest))
    monkeypatch.setattr(brute_force, "quantile", lambda *at: honest(*at) * (1 + MP.mpf(10) ** -100))
    unit_radius.cache_clear()
    with pytest.raises(AssertionError):
        unit_radius("laplace", *PAIRS[0])
    unit_radius.cache_clear()


def margin_of(honest):
    """The margin with its own quantile."""

    def of(noise, top, other, r):
        kept = survival(noise, r - honest(noise, top))
        return kept - survival(noise, -honest(noise, other) - r)

    return of


@pytest.mark.parametrize("noise", NOISES)
def test_quantiles_are_of_the_law(noise: str) -> None:
    for p in (Fraction(1, 10**50), Fraction(3, 10), Fraction(1, 2), 1 - Fraction(1, 10**30)):
        x = quantile(noise, p)
        assert abs(survival(noise, -x) / real(p) - 1) < AGREE
    assert (
        abs(quantile("gaussian", Fraction(9, 10)) - MP.sqrt(2) * MP.erfinv(MP.mpf(8) / 10)) < AGREE
    )


@pytest.mark.parametrize("noise", NOISES)
def test_half_lines_are_the_best_sets(noise: str) -> None:
    """The best set of 800 cells, taken by likelihood ratio, gains what a half-line does."""
    q, r, cells, reach = 0.2, 0.45, 800, 8.0
    edges = [-reach + 2 * reach * j / cells for j in range(cells + 1)]
    before = [float(survival(noise, MP.mpf(x))) for x in edges]
    after = [float(survival(noise, MP.mpf(x - r))) for x in edges]
    masses = [
        (before[j] - before[j + 1], after[j] - after[j + 1])
        for j in range(cells)
        if after[j] > after[j + 1]
    ]
    masses.sort(key=lambda mass: mass[0] / mass[1])
    left, best = q, 0.0
    for mass, moved in masses:
        share = 1.0 if mass <= left else left / mass
        left, best = left - share * mass, best + share * moved
    half_line = float(survival(noise, -quantile(noise, Fraction(1, 5)) - r))
    assert best == pytest.approx(half_line, abs=0.01)
    assert half_line - q > 0.05  # and not what it was before the move


def test_worst_pair_is_the_extreme_of_all_masses() -> None:
    """Over every vector of three masses in 24ths with the top one at least as large as others."""
    n = 24
    vectors = [(a, b, n - a - b) for a, b in product(range(n + 1), repeat=2) if a + b <= n]
    for a, b in product(range(1, n), repeat=2):
        if b > a:
            continue
        met = [v for v in vectors if v[0] >= a and max(v[1:]) <= b]
        least = min((v[0] - max(v[1:]), v[0], max(v[1:])) for v in met) if met else None
        top, other = worst_pair("k", 3, Fraction(a, n), Fraction(b, n))
        assert least is not None and Fraction(least[0], n) == top - other
        assert worst_pair("multiclass", None, Fraction(a, n), Fraction(b, n))[0] <= top
        two = worst_pair("binary-pb", None, Fraction(a, n), Fraction(b, n))
        assert two == worst_pair("k", 2, Fraction(a, n), Fraction(b, n)) and sum(two) == 1


@pytest.mark.parametrize("digits", [12, 60, 90])
def test_excess_and_slack_are_seen_to_many_digits(digits: int) -> None:
    little = "0." + "0" * (digits - 1) + "1"
    above = truth(f"{PARTS['t2']}*(1 + {little})", noise="laplace", setting="binary")
    below = truth(f"{PARTS['t2']}*(1 - {little})", noise="laplace", setting="binary")
    assert (above.sound, below.sound, below.closed_ball) == (False, True, True)
    assert abs(above.most * MP.mpf(10) ** digits - 1) < MP.mpf(10) ** -20


def test_grammar() -> None:
    place = Place(Fraction(4, 5), Fraction(1, 10), Fraction(3))
    for text, value in {
        "log(p_a/p_b)": MP.log(8),
        "lam - sigma/sqrt(2) + half_width - sqrt(6)*lam": MP.mpf(0),
        "where(p_a >= 0.8, Min(2, Abs(-1.5)), 1/0)": MP.mpf(3) / 2,
        "where(p_a < 4/5, log(-1), Max(1, 2, num_classes))": MP.mpf(7),
        "-p_b**2 + 0.01 + exp(-0)": MP.mpf(1),
        "Phi(Phi_inv(p_b)) + erf(erfinv(-p_a))": MP.mpf(-7) / 10,
        "27**(-1/3)": MP.mpf(1) / 3,
    }.items():
        assert abs(conjectured_radius(text, "laplace", 7, place) - value) < AGREE, text
    for text in ("log(-p_a)", "sqrt(p_b - p_a)", "(p_b - p_a)**(1/2)", "1/(p_a - 4/5)"):
        assert MP.isnan(conjectured_radius(text, "laplace", None, place)), text
        assert ratio(text, "laplace", "multiclass", None, place) == -1  # it abstains
    for text in ("p_a.real", "[p_a]", "p_a if p_b else 1", "p_a % 2", "lambda: 1"):
        with pytest.raises((ValueError, KeyError)):
            conjectured_radius(text, "laplace", None, place)


def test_grid_holds_the_hard_places() -> None:
    text = "where(p_b < 0.001, where(sigma > 36.9, where(sigma < 37.1, 2, 1), 1), 1)"
    grid = list(places(text, "uniform", "k", 3))
    tiny = Fraction(1, 10**50)
    assert any(0 < 1 - place.p_a <= tiny for place in grid)
    assert any(0 < place.p_b <= tiny for place in grid)
    for sign in (1, -1):
        assert any(0 < sign * (place.p_b - (1 - place.p_a)) <= tiny for place in grid)
        assert any(0 < sign * (place.p_a - Fraction(1, 2)) <= tiny for place in grid)
        assert any(
            0 < sign * (place.p_b - Fraction(1, 1000)) < Fraction(1, 10**6) for place in grid
        )
    assert any(place.p_b == place.p_a for place in grid)
    sigmas = {float(place.scale) / 3**0.5 for place in grid}
    assert any(36.9 < sigma < 37.1 for sigma in sigmas)
    assert {min(place.scale for place in grid), max(place.scale for place in grid)} == {
        Fraction(1, 10**6),
        Fraction(10**6),
    }
    moved = Place(Fraction(4, 5), None, Fraction(7))
    assert exact_radius("gaussian", "binary", None, moved) == 7 * exact_radius(
        "gaussian", "binary", None, moved._replace(scale=Fraction(1))
    )


# --- what the tests of check_bound would see ------------------------------------------------------


def report_of(case: Case, **changes):
    """The report that decides a case rightly, with changes."""
    witness = None
    if not case.sound:
        place = verdict(case).most_place
        witness = SimpleNamespace(p_a=place.p_a, p_b=place.p_b, scale=place.scale)
    right = {
        "sound": case.sound,
        "tight": case.tight,
        "closed_ball": case.closed_ball,
        "grade": "PROVED" if case.sound else "REFUTED",
        "witness": witness,
        "beyond": "",
    }
    return SimpleNamespace(**{**right, **changes})


@pytest.mark.parametrize("name", ["theorem_2", "linear", "capped", "step_at_37", "k_minus_2"])
def test_a_wrong_report_is_seen(name: str) -> None:
    case = BY_NAME[name]
    assert disagreements(case, report_of(case)) == []
    for field in ("sound", "tight", "closed_ball"):
        for value in {True, False, None} - {getattr(case, field)}:
            assert disagreements(case, report_of(case, **{field: value}))
    for grade in ("CONSISTENT", "UNDECIDED", "REFUTED" if case.sound else "PROVED"):
        assert disagreements(case, report_of(case, grade=grade))
    harmless = SimpleNamespace(p_a=Fraction(3, 5), p_b=Fraction(3, 5), scale=Fraction(1))
    beyond = SimpleNamespace(p_a=Fraction(3, 5), p_b=Fraction(4, 5), scale=Fraction(-37))
    for witness in (harmless, beyond):
        assert disagreements(case, report_of(case, witness=witness))
    other = replace(case, answer="wrong" if case.sound else "strict")
    assert disagreements(other, report_of(case))
