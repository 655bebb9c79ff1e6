"""The exact radius in a direction against closed forms, quadrature, linear programs and others'."""

import itertools
import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from dp_accounting.pld import privacy_loss_distribution
from flint import arb
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, optimize, stats

from theory.certificates import theorem_2
from theory.directional import (
    DirectionalRadius,
    certified_norms,
    directional_enclosure,
    directional_radius,
    dual_bound,
    equal_direction,
    primal_bound,
)
from theory.exact import Surd
from theory.neyman_pearson import Grid, confirm, worst_case
from theory.subset_law import SubsetLaw

LEVELS = ["0.5000001", "0.55", "0.7", "0.75", "0.9", "0.99", "0.999999"]
HALF = Fraction(1, 2)


def norm_of(p_a: str, direction: list[int]) -> float:
    return directional_radius(p_a, direction, scale=1)


@pytest.mark.parametrize("scale", ["0.3", "1", "7"])
@pytest.mark.parametrize("p_a", LEVELS)
@pytest.mark.parametrize("axis", [[1], [0, -2, 0], ["0.001", 0]])
def test_on_an_axis_it_is_theorem_2(axis: list[int], p_a: str, scale: str) -> None:
    found = directional_enclosure(p_a, axis, scale=scale)
    exact = theorem_2(p_a, scale=scale)
    assert found.lower <= exact <= found.upper
    assert found.upper - found.lower <= 4e-16 * exact


def diagonal(p_a: str) -> mpmath.mpf:
    """The radius at delta = (r/2, r/2), from T's law for two equal coordinates, by mpmath.

    The median v of W is a, the middle atom, up to (3 + v) e^(-v) = 2, and that v beyond.
    """
    lost = 1 - mpmath.mpf(p_a)
    v = -3 - mpmath.lambertw(-2 * mpmath.exp(-3), -1).real
    if lost > mpmath.exp(-v) * (1 + v) / 4:
        a = -2 - mpmath.lambertw(-(1 + 2 * lost) * mpmath.exp(-2), -1).real
        return 2 * a
    return -mpmath.log(4 * lost) + v + mpmath.log(1 + v)


@pytest.mark.parametrize("p_a", [*LEVELS, "0.7791", "0.7790", "0.999999999999999"])
def test_the_diagonal_of_two_coordinates_has_a_closed_form(p_a: str) -> None:
    low, high = certified_norms(SubsetLaw((1, 1)), Fraction(p_a))
    with mpmath.workdps(60):
        exact = diagonal(p_a)
        assert mpmath.mpf(low.numerator) / low.denominator < exact
        assert exact < mpmath.mpf(high.numerator) / high.denominator
    assert high - low <= Fraction(1, 10**15) * low


def critical_level(norm: float, shares: tuple[float, float]) -> float:
    """PA*(r) for two coordinates by quadrature, knowing nothing of the subset formula."""
    first, second = (norm * share for share in shares)

    def one(x: np.ndarray, a: float) -> np.ndarray:  # P(D > x), D = min(max(E, 0), a)
        return np.where(x < 0, 1.0, np.where(x < a, np.exp(-np.abs(x)) / 2, 0.0))

    def above(w: float) -> float:  # P(W > w), conditioned on the second coordinate
        edges = sorted({0.0, second, *(min(max(e, 0.0), second) for e in (w, w - first))})
        inner = sum(
            integrate.fixed_quad(lambda x: np.exp(-x) / 2 * one(w - x, first), a, b, n=20)[0]
            for a, b in itertools.pairwise(edges)
        )
        ends = one(np.array([w, w - second]), first)
        return float(ends[0] / 2 + inner + math.exp(-second) / 2 * ends[1])

    # by bisection, so that an atom at the median shows as a jump there
    low, high = 0.0, norm / 2
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if above(middle) > 0.5 else (low, middle)
    v, tiny = high, 1e-11
    # at the median's atom, or next to it, the part that B takes of {V = 1 - v} has P(Y) left over
    lost = above(norm - v + tiny) + math.exp(2 * v - norm) * (0.5 - (1 - above(v - tiny)))
    return 1 - lost


@pytest.mark.parametrize("shares", [(0.75, 0.25), (0.6, 0.4), (0.5, 0.5)])
@pytest.mark.parametrize("p_a", ["0.6", "0.8", "0.97"])
def test_two_coordinates_by_quadrature(p_a: str, shares: tuple[float, float]) -> None:
    low = directional_radius(p_a, list(shares), scale=1)
    found = optimize.brentq(lambda r: critical_level(r, shares) - float(p_a), low / 2, 2 * low)
    assert found == pytest.approx(low, rel=1e-7)


def margin(p_a: float, delta: tuple[float, ...], cells: int) -> tuple[float, Grid, object]:
    """The smallest P(f(Y) = cA) - P(f(Y) = cB) of a grid that is fine between the two centres."""
    inner = [np.linspace(0.0, move, cells + 1) for move in delta]
    grid = Grid(tuple(np.array([-np.inf, *e, np.inf]) for e in inner), delta, 1.0)
    found = worst_case(grid, p_a)
    return found.margin, grid, found


@pytest.mark.parametrize("p_a", [0.55, 0.75, 0.9, 0.99])
@pytest.mark.parametrize("direction", [(1,), (1, 1), (3, 1), (4, 3)])
def test_linear_programs_lose_exactly_from_there_on(direction: tuple[int, ...], p_a: float) -> None:
    radius = directional_radius(p_a, direction, scale=1)
    unit = np.array(direction) / sum(direction)
    inside, _, _ = margin(p_a, tuple(0.999 * radius * unit), 24)
    assert inside > 1e-5
    beyond, grid, found = margin(p_a, tuple(1.005 * radius * unit), 24)
    assert beyond < -1e-5
    assert confirm(grid, found, Fraction(p_a), None)


def test_three_coordinates_by_linear_programming() -> None:
    radius = directional_radius("0.8", (3, 2, 1), scale=1)
    unit = np.array((3, 2, 1)) / 6
    assert margin(0.8, tuple(0.995 * radius * unit), 10)[0] > 1e-5
    assert margin(0.8, tuple(1.01 * radius * unit), 10)[0] < -1e-5


@pytest.mark.parametrize(
    ("p_a", "direction"), [("0.7", (1, 1)), ("0.9", (3, 2, 1)), ("0.95", (1,) * 8)]
)
def test_an_accountant_of_differential_privacy_agrees(p_a: str, direction: tuple[int, ...]) -> None:
    # T/scale is the privacy loss of composed Laplace mechanisms; its divergences are upper bounds
    norm = directional_radius(p_a, direction, scale=1)
    total = None
    for entry in direction:
        part = privacy_loss_distribution.from_laplace_mechanism(
            sum(direction) / (norm * entry), value_discretization_interval=1e-4
        )
        total = part if total is None else total.compose(part)
    logs = np.linspace(-norm, norm, 4001)
    divergences = np.array(total.get_delta_for_epsilon(logs.tolist()))
    bound = float((np.exp(logs) * (1 - float(p_a)) + divergences).min())
    # its discretisation moves each loss by at most 1e-4, so that it is off by as little
    assert 0.5 - 1e-9 < bound < 0.5 + 1e-4 * len(direction)


@pytest.mark.parametrize("p_a", ["0.55", "0.9", "0.999"])
@pytest.mark.parametrize("direction", [(1,), (2, 1), (1, 1, 1), (5, 3, 3, 1)])
def test_both_bounds_tell_the_two_sides_apart(direction: tuple[int, ...], p_a: str) -> None:
    law, level = SubsetLaw(direction), Fraction(p_a)
    low, high = certified_norms(law, level)
    places = [Fraction(n, 200) for n in range(101)]
    beyond = high * Fraction(10**6 + 1, 10**6)
    assert not any(dual_bound(law, beyond, v, 1 - level) < arb(0.5) for v in places)
    within = low * Fraction(10**6 - 1, 10**6)
    for u, v in [(u, v) for u in places[::9] for v in places[::7] if u <= v]:
        assert not primal_bound(law, within, (u, v), 1 - level) >= arb(0.5)
    # every primal is below every dual, at one norm
    best = max(float(primal_bound(law, low, (v, v), 1 - level)) for v in places)
    least = min(float(dual_bound(law, low, v, 1 - level)) for v in places)
    assert best <= least + 1e-12


@settings(max_examples=40, deadline=None)
@given(
    direction=st.lists(st.integers(0, 9), min_size=1, max_size=6).filter(any),
    p_a=st.fractions(Fraction(501, 1000), Fraction(999, 1000)),
    factor=st.fractions(Fraction(1, 9), 9),
)
def test_between_theorem_2_and_the_longest_coordinate(
    direction: list[int], p_a: Fraction, factor: Fraction
) -> None:
    found = directional_enclosure(p_a, direction, scale=1)
    ball = theorem_2(p_a, scale=1)
    assert found.upper - found.lower <= 1e-12 * found.lower
    assert ball <= found.upper
    assert found.lower <= ball * sum(direction) / max(direction) * (1 + 1e-15)
    if sum(map(bool, direction)) > 1:
        assert found.lower > ball
    # signs, order, zeros and the length of the direction do not matter, the scale multiplies
    other = [-factor * entry for entry in reversed(direction)]
    scaled = directional_enclosure(p_a, [0, *other], scale=factor)
    assert scaled.lower == pytest.approx(float(factor) * found.lower, rel=1e-15)


@settings(max_examples=25, deadline=None)
@given(
    direction=st.lists(st.integers(1, 9), min_size=1, max_size=5),
    levels=st.tuples(*[st.fractions(HALF, 1)] * 2),
)
def test_it_grows_with_p_a(direction: list[int], levels: tuple[Fraction, Fraction]) -> None:
    less, more = (directional_radius(p, direction, scale=1) for p in sorted(levels))
    assert less <= more


def test_the_ends_of_p_a() -> None:
    assert directional_enclosure("0.5", [1, 2], scale=3) == DirectionalRadius(0.0, 0.0)
    assert directional_enclosure(1, [1, 2], scale=3) == DirectionalRadius(math.inf, math.inf)
    assert directional_radius(1, [1, 2], scale=3, rounding="nearest") == math.inf
    assert math.isnan(directional_radius("0.4999", [1, 2], scale=3))
    assert math.isnan(directional_radius("0.4999", [1, 2], scale=3, rounding="nearest"))


@pytest.mark.parametrize(
    ("p_a", "direction"),
    [
        (HALF + Fraction(1, 10**200), (1, 1, 1)),
        (1 - Fraction(1, 10**300), ("1e-20", "1e15", "1e13")),
        (HALF + Fraction(1, 10**61), ("1e-11", "1.01e-18")),
        ("0.9", ("1e-30", 1, 1)),
    ],
)
def test_extreme_arguments(p_a: Fraction, direction: tuple[str, ...]) -> None:
    found = directional_enclosure(p_a, direction, scale="0.7")
    assert 0 < found.lower < found.upper <= found.lower * (1 + 1e-12)


def test_many_equal_coordinates() -> None:
    radii = [norm_of("0.9", list(equal_direction(k))) for k in (1, 2, 8, 64, 300)]
    assert radii == sorted(radii)
    # T is nearly normal in the end: r = sqrt(k) Phi^-1(PA), from above
    assert radii[-1] / math.sqrt(300) == pytest.approx(1.2815515655446004, rel=0.02)
    again = directional_radius("0.9", ["1e-3"] * 300, scale=1)
    assert again == radii[-1]


def test_nearest_lies_between() -> None:
    found = directional_enclosure("0.8", [2, 1], scale=1)
    nearest = directional_radius("0.8", [2, 1], scale=1, rounding="nearest")
    assert found.lower <= nearest <= found.upper


@pytest.mark.parametrize(
    ("p_a", "direction", "scale", "message"),
    [
        ("1.1", [1], 1, r"p_a = 1\.1 is outside \[0, 1\]"),
        ([0.7, 0.8], [1], 1, "p_a is an array"),
        ("0.9", [0, "0.0"], 1, "direction of 2 zeros"),
        ("0.9", [], 1, "direction of 0 zeros"),
        ("0.9", [1, math.nan], 1, "nan is not a finite number"),
        ("0.9", [1], 0, r"scale = 0 is outside \(0, inf\)"),
    ],
)
def test_values_outside_the_domain_are_named(
    p_a: str, direction: list[float], scale: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        directional_radius(p_a, direction, scale=scale)
    assert "\n" not in str(caught.value)


def test_other_refusals() -> None:
    with pytest.raises(ValueError, match="rounding = up is neither"):
        directional_radius("0.9", [1], scale=1, rounding="up")
    with pytest.raises(ValueError, match=r"count = 0 is outside \[1, 100000000\]"):
        equal_direction(0)
    with pytest.raises(ValueError, match=r"p_a = 1/2 is outside \(1/2, 1\)"):
        certified_norms(SubsetLaw((1,)), HALF)
    with pytest.raises(ValueError, match="are not ascending"):
        primal_bound(SubsetLaw((1,)), Fraction(1), (HALF, Fraction(0)), Fraction(1, 9))


@pytest.mark.parametrize(("count", "p_a"), [(2048, "0.9"), (2048, "0.6"), (150528, "0.51")])
def test_the_dimensions_of_images(count: int, p_a: str) -> None:
    # T is nearly normal with variance twice its mean: a Gaussian mechanism
    found = directional_enclosure(p_a, [1] * count, scale=2)
    assert found.upper <= math.nextafter(math.nextafter(found.lower, math.inf), math.inf)
    gaussian = 2 * math.sqrt(count) * stats.norm.ppf(float(p_a))
    assert found.lower == pytest.approx(gaussian, rel=3 / math.sqrt(count))


@pytest.mark.parametrize("scale", [Surd(Fraction(-1)), Surd(Fraction(0), 2), 0, "-1"])
def test_a_scale_that_is_not_positive_is_refused(scale):
    with pytest.raises(ValueError, match=r"scale = .* is outside \(0, inf\)"):
        directional_radius("0.9", [1, 2], scale=scale)


def test_a_surd_is_a_scale():
    unit = directional_radius("0.9", [1, 2], scale=1)
    assert directional_radius("0.9", [1, 2], scale=Surd(Fraction(3), 2)) == pytest.approx(
        3 * 2**0.5 * unit, rel=1e-15
    )
