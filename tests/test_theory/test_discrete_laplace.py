"""The discrete Laplace law and its steps, against SciPy, mpmath and single steps one by one."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from scipy import stats
from scipy.optimize import linprog

from theory import certificates
from theory.claim import Grade
from theory.claims import discrete_laplace_radius as claim
from theory.discrete_laplace import (
    DiscreteLaplace,
    quantile_ball,
    radius_on_grid,
    steps_lattice,
    steps_lecuyer,
    steps_theorem_1,
    steps_theorem_2,
)
from theory.searches import grid_search
from theory.steps.grid_steps import n, q

LAWS = [("1/255", "1/4"), ("1/16", "1/16"), (3, "1/2")]


def one_step(p, ratio):
    """What an event of mass p keeps at least: everything it has may move by the ratio e^-eps."""
    return max(p * ratio, 1 - (1 - p) / ratio)


def counted(p_a, p_b, eps, most=10**4):
    """The number of steps by taking them one by one, in 60 digits."""
    with mpmath.workdps(60):
        ratio = mpmath.exp(-mpmath.mpf(eps.numerator) / eps.denominator)
        top, rest = (mpmath.mpf(x.numerator) / x.denominator for x in (p_a, 1 - min(p_b, 1 - p_a)))
        for steps in range(most):
            if not top > 1 - rest:
                return max(0, steps - 1)
            top, rest = one_step(top, ratio), one_step(rest, ratio)
    raise AssertionError("too many steps")


@pytest.mark.parametrize(("step", "scale"), LAWS)
def test_the_law_against_scipy_and_mpmath(step, scale):
    law = DiscreteLaplace(step, scale)
    other = stats.dlaplace(float(law.eps))
    with mpmath.workdps(50):
        eps = mpmath.mpf(law.eps.numerator) / law.eps.denominator
        for k in (-40, -3, -1, 0, 1, 2, 17):
            exact = mpmath.tanh(eps / 2) * mpmath.exp(-eps * abs(k))
            assert law.pmf(k, rounding="down") <= exact <= law.pmf(k, rounding="up")
            assert law.pmf(k) == pytest.approx(other.pmf(k), rel=1e-12)
            below = mpmath.exp(eps * min(k, -k - 1)) / (1 + mpmath.exp(-eps))
            below = below if k < 0 else 1 - below
            assert law.cdf(k, rounding="down") <= below <= law.cdf(k, rounding="up")
            assert law.cdf(k) == pytest.approx(other.cdf(k), rel=1e-12)
            assert law.survival(k) == law.cdf(-k - 1)
            assert math.nextafter(law.pmf(k, rounding="down"), 1) == law.pmf(k, rounding="up")


@pytest.mark.parametrize(("step", "scale"), LAWS)
def test_the_variance_is_the_sum_over_the_atoms(step, scale):
    law = DiscreteLaplace(step, scale)
    with mpmath.workdps(50):
        eps = mpmath.mpf(law.eps.numerator) / law.eps.denominator
        size = mpmath.mpf(law.step.numerator) / law.step.denominator
        reach = int(200 / eps)
        atoms = (2 * k * k * mpmath.exp(-eps * k) for k in range(1, reach))
        exact = size**2 * mpmath.tanh(eps / 2) * mpmath.fsum(atoms)
        assert law.variance(rounding="down") <= exact * (1 + mpmath.mpf(10) ** -40)
        assert exact <= law.variance(rounding="up")
    assert law.variance() < 2 * float(law.scale) ** 2


@pytest.mark.parametrize("eps", [Fraction(1, 60), Fraction(1, 2), Fraction(3)])
def test_the_quantile_inverts_the_joined_distribution_function(eps):
    law = DiscreteLaplace(eps, 1)
    for t in (-4, -1, 0, 1, 3):
        for share in (Fraction(1, 8), Fraction(1, 2), Fraction(7, 8)):
            mass = Fraction(law.cdf(t - 1)) + share * Fraction(law.pmf(t))
            level = float(quantile_ball(mass, eps=eps, precision=120))
            assert level == pytest.approx(float(t + share) - 0.5, abs=1e-12)
            mirrored = quantile_ball(1 - mass, eps=eps, precision=120)
            assert float(mirrored) == -level
    assert quantile_ball(Fraction(1, 2), eps=eps, precision=80) == 0


def test_the_steps_are_those_taken_one_by_one():
    rng = np.random.Generator(np.random.Philox(5))
    apart = 0
    for _ in range(60):
        eps = Fraction(int(rng.integers(1, 40)), 60)
        p_a = Fraction(int(rng.integers(10, 999)), 1000)
        p_b = p_a * Fraction(int(rng.integers(1, 1000)), 1000)
        found = steps_lattice(p_a, p_b, step=eps, scale=1)
        assert found == counted(p_a, p_b, eps)
        first = steps_lecuyer(p_a, p_b, step=eps, scale=1)
        assert first <= steps_theorem_1(p_a, p_b, step=eps, scale=1) <= found
        apart += found > first
        if 2 * p_a >= 1:
            both = steps_theorem_2(p_a, step=eps, scale=1)
            assert both == steps_lattice(p_a, step=eps, scale=1) == counted(p_a, 1 - p_a, eps)
            assert both == steps_theorem_1(p_a, step=eps, scale=1)
    assert apart > 10


@pytest.mark.parametrize("steps", [1, 2, 7, 1000])
@pytest.mark.parametrize("eps", [Fraction(1, 100), Fraction(7, 5)])
def test_a_distance_of_1e_60_from_a_tie_is_told(steps, eps):
    """PA = 1 - e^(-eps m)/2 ties after m steps; no float is anywhere near it."""
    with mpmath.workdps(700):
        tie = 1 - mpmath.exp(-mpmath.mpf(eps.numerator) / eps.denominator * steps) / 2
        digits = Fraction(mpmath.nstr(tie, 680, min_fixed=-math.inf, max_fixed=math.inf))
    shift = Fraction(1, 10**660)
    for radius in (steps_theorem_2, steps_lattice):
        assert radius(digits - shift, step=eps, scale=1) == steps - 1
        assert radius(digits + shift, step=eps, scale=1) == steps


def test_a_fine_grid_gives_the_radius_on_the_line():
    for p_a, p_b in (("0.7", "0.1"), ("0.45", "0.3"), ("0.9", "0.5")):
        exact = certificates.exact(p_a, p_b, scale="0.5")
        steps = steps_lattice(p_a, p_b, step="1e-6", scale="0.5")
        assert abs(radius_on_grid(steps, step="1e-6") - exact) < 1.1e-6
    tiny = steps_lattice("0.7", "0.1", step="1e-300", scale="0.5")
    assert math.isclose(tiny * 1e-300, certificates.exact("0.7", "0.1", scale="0.5"), rel_tol=1e-12)
    assert steps_lattice("0.7", "0.1", step="1e300", scale="1e-300") == 0


def test_classes_that_must_share_the_rest():
    """With K classes PA' = 1 - (K - 1) PB' where that is more than PA."""
    grid = {"step": "1/255", "scale": "1/4"}
    assert steps_lattice("0.7", "0.1", num_classes=3, **grid) == steps_lattice("0.8", "0.1", **grid)
    assert steps_lattice("0.7", "0.1", num_classes=4, **grid) == steps_lattice("0.7", "0.1", **grid)
    assert steps_lattice("0.7", "0.1", num_classes=2, **grid) == steps_theorem_2("0.9", **grid)


def test_the_edges_of_the_domain():
    grid = {"step": 1, "scale": 100}
    assert steps_lattice("0.3", "0.3", **grid) == 0
    assert steps_lattice("0.7", "0.7", **grid) == steps_theorem_2("0.7", **grid) == 51
    assert steps_theorem_1("0.7", "0.7", **grid) == steps_lecuyer("0.7", "0.7", **grid) == 0
    for certificate in (steps_lattice, steps_theorem_1, steps_lecuyer):
        assert certificate("0.7", 0, **grid) == math.inf
        assert certificate("0.5", **grid) == 0
        assert math.isnan(certificate("0.4999999", **grid))
    assert steps_lattice(1, "0.5", **grid) == steps_theorem_2(1, **grid) == math.inf
    assert steps_theorem_1(1, "0.5", **grid) == 69
    assert math.isnan(steps_theorem_2("0.4", **grid))


def test_the_continuous_radius_flips_on_a_grid():
    """Regression: `exact` and `exact_k` certify more than a step, and one step flips f."""
    bounds = {"p_a": "31/50", "p_b": "6/25"}
    assert certificates.exact(**bounds, scale=2) > 1
    assert certificates.exact_k(**bounds, num_classes=3, scale=2) > 1
    assert steps_lattice(**bounds, step=1, scale=2) == 0
    assert steps_lattice(**bounds, step=1, scale=2, num_classes=3) == 0
    law = DiscreteLaplace(1, 2)
    p_a = law.cdf(0, rounding="down") - law.pmf(-10, rounding="up")
    p_b = law.survival(1, rounding="up") + law.pmf(-10, rounding="up")
    assert p_a > 31 / 50
    assert p_b < 6 / 25
    assert law.pmf(1, rounding="up") < 6 / 25
    # after a step to the right: cA = {k <= 0} has P(K <= -1), cB = {k >= 2} has P(K >= 1)
    moved_a = law.cdf(-1, rounding="up") - law.pmf(-11, rounding="down")
    moved_b = law.survival(0, rounding="down") + law.pmf(-11, rounding="down")
    assert moved_b > moved_a


@pytest.mark.parametrize(
    ("p_a", "p_b", "eps"),
    [("31/50", "6/25", "1/2"), ("2/5", "1/5", "1/4"), ("4/5", "1/20", "2/3"), ("3/5", "1/10", "1")],
)
def test_a_linear_program_over_all_classifiers_finds_the_same_steps(p_a, p_b, eps):
    """Every class is a variable here: cA, cB and three others, each with its own bound."""
    law = DiscreteLaplace(eps, 1)
    grid, others = np.arange(-40, 41), 4
    before = np.array([law.pmf(int(k)) for k in grid])
    before[[0, -1]] = law.cdf(-40), law.survival(39)
    top, cap = float(Fraction(p_a)), float(Fraction(p_b))
    sums = np.tile(np.eye(grid.size), others + 1)
    classes = np.kron(np.eye(others + 1), before)
    rows, limits = classes * np.r_[-1, np.ones(others)][:, None], np.r_[-top, [cap] * others]

    def margin(steps: int) -> float:
        after = np.array([law.pmf(int(k) - steps) for k in grid])
        after[[0, -1]] = law.cdf(-40 - steps), law.survival(39 - steps)
        gain = np.kron(np.r_[1, -1, np.zeros(others - 1)], after)
        found = linprog(gain, rows, limits, sums, np.ones(grid.size), bounds=(0, 1))
        assert found.success
        return float(found.fun)

    steps = steps_lattice(p_a, p_b, step=eps, scale=1, num_classes=others + 1)
    assert margin(steps) > -1e-9 if steps == 0 else margin(steps) > 1e-6
    assert margin(steps + 1) < 1e-9


def test_radii_of_steps():
    for steps, step in ((3, "0.1"), (7, "1/255"), (1, "0.1"), (10**6, "1/3")):
        radius, exact = radius_on_grid(steps, step=step), steps * Fraction(step)
        assert Fraction(radius) <= exact < Fraction(math.nextafter(radius, math.inf))
    assert radius_on_grid(math.inf, step=1) == math.inf
    assert math.isnan(radius_on_grid(math.nan, step=1))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: steps_lattice("0.4", "0.5", step=1, scale=1), "p_b = 0.5 is outside [0, p_a]"),
        (lambda: steps_lattice(math.nan, step=1, scale=1), "p_a = nan is outside [0, 1]"),
        (lambda: steps_theorem_2("1.5", step=1, scale=1), "p_a = 1.5 is outside [0, 1]"),
        (lambda: steps_theorem_2("0.9", step=0, scale=1), "step = 0 is outside (0, inf)"),
        (lambda: steps_theorem_1("0.9", step=1, scale="x"), "scale = x is outside (0, inf)"),
        (lambda: steps_lattice(np.array([0.9]), step=1, scale=1), "p_a or p_b is an array"),
        (
            lambda: steps_lattice("0.9", step=1, scale=1, num_classes=1),
            "num_classes = 1 is outside",
        ),
        (lambda: radius_on_grid(-1, step=1), "steps = -1 is outside [0, inf)"),
        (lambda: radius_on_grid(1.5, step=1), "steps = 1.5 is not an integer"),
        (lambda: DiscreteLaplace(-1, 1), "step = -1 is outside (0, inf)"),
        (lambda: DiscreteLaplace(1, 1).pmf(0.5), "k = 0.5 is not an integer"),
        (lambda: DiscreteLaplace(1, 1).cdf(1, rounding="off"), "rounding = off is none of down"),
        (lambda: quantile_ball(Fraction(1), eps=Fraction(1), precision=80), "p = 1 is outside"),
        (
            lambda: quantile_ball(Fraction(1, 2), eps=Fraction(0), precision=80),
            "eps = 0 is outside",
        ),
    ],
)
def test_bad_input_is_one_line(call, said):
    with pytest.raises(ValueError) as error:
        call()
    assert str(error.value).startswith(said)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "mass",
    [
        pytest.param((1 - q) / (1 + q) * q ** (n / 2), id="another rate"),
        pytest.param((1 - q) / (1 + q) * q ** (n**2), id="normal decay"),
        pytest.param((1 - q) / 2 * q**n, id="another constant"),
    ],
)
def test_no_derivation_survives_other_probabilities(mass):
    chains = claim.derive({**claim.PRINTED, "mass": mass})
    assert chains
    assert not [chain.part for chain in chains if chain.grade is Grade.PROVED]


def test_the_example_has_its_own_witness_of_a_fault():
    changed = {**claim.PRINTED, "example": (*claim.PRINTED["example"][:3], 5)}
    fault = grid_search._example_fault(changed, 0, np.random.Generator(np.random.Philox(1)))
    assert fault == {"false": "P(f(X) = cA) >= PA; P(f(X) = cB) <= PB"}


def test_the_atoms_of_the_search_are_a_law_before_and_after():
    for delta in ((3,), (-2, 1), (0, 0)):
        cells = grid_search.atoms(Fraction(2, 5), delta)
        assert sum(before for before, _ in cells) == sum(after for _, after in cells) == 1


def test_shells_count_the_points_of_a_norm():
    assert grid_search._shells(1, 3) == [1, 2, 2, 2]
    assert grid_search._shells(2, 3) == [1, 4, 8, 12]
    assert grid_search._shells(3, 2) == [1, 6, 18]
