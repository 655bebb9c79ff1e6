"""Half-spaces along random axes: exact laws of the counts, and axes of every sign and place.

Each count is judged by an exact binomial test at LEVEL, and a probability that is off by the
detectable shift escapes with probability at most ESCAPE.
"""

import math

import numpy as np
import pytest
from scipy import stats

from simulations.half_spaces import COORDINATE_BUDGET, Axis, affordable, count_half_space
from theory.confidence import BinomialTest, detectable_shift
from theory.noise import Gaussian, Laplace, Uniform

LEVEL, ESCAPE = 1e-9, 1e-10
LAWS = [
    (Laplace(0.7), stats.laplace(scale=0.7)),
    (Gaussian(1.9), stats.norm(scale=1.9)),
    (Uniform(2.5), stats.uniform(-2.5, 5.0)),
]


@pytest.mark.statistical(
    false_fail=2e-9, reason="an exact test at 1e-9, and two mutants that escape with 1e-10"
)
@pytest.mark.parametrize(("noise", "law"), LAWS, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize(
    ("dim", "threshold", "distance", "num_samples"),
    [(1, 0.4, 0.0, 40_000), (2, 0.4, 0.9, 40_000), (16, -0.3, 0.25, 30_000), (300, 1.1, 2.0, 4000)],
)
def test_counts_have_the_exact_law(noise, law, dim, threshold, distance, num_samples, fresh):
    found = count_half_space(
        noise,
        threshold,
        distance=distance,
        dim=dim,
        num_samples=num_samples,
        seed=fresh(77),
        purpose=f"test/{dim}",
    )
    truth = float(law.cdf(threshold - distance))
    assert BinomialTest(num_samples, truth, truth).p_value(found) > LEVEL
    shift = detectable_shift(num_samples, truth, alpha=LEVEL, false_pass=ESCAPE)
    assert shift < 0.11
    for wrong in (
        law.cdf(threshold + distance),
        law.cdf(threshold),
    ):  # delta reversed, or forgotten
        mutant = BinomialTest(num_samples, wrong, wrong)
        if mutant.false_pass(truth, alpha=LEVEL) < ESCAPE:
            assert mutant.p_value(found) < LEVEL


@pytest.mark.statistical(
    false_fail=1e-9, reason="six shares that are off by 0.0175 or more: Hoeffding, below 2e-10"
)
def test_the_prediction_flips_beyond_the_radius(fresh):
    noise, p_a, n = Laplace(1.4), 0.8, 40_000
    radius = -noise.scale * math.log(2 * (1 - p_a))
    threshold = noise.quantile(p_a)

    def fraction(times: float, dim: int) -> float:
        setting = {"dim": dim, "num_samples": n, "seed": fresh(3), "purpose": f"flip/{times}"}
        return count_half_space(noise, threshold, distance=times * radius, **setting) / n

    for dim in (1, 5):
        inside, at, beyond = (fraction(times, dim) for times in (0.9, 1.0, 1.1))
        # 2 exp(-2 n 0.0175^2) = 4.6e-11, against steps of more than 0.04
        assert inside > 0.5 + 0.0175
        assert abs(at - 0.5) < 0.0175
        assert beyond < 0.5 - 0.0175


def test_the_same_question_has_the_same_answer():
    setting = {"distance": 0.3, "dim": 3, "num_samples": 5000}
    base = {"seed": 5, "purpose": "a"}

    def answer(**changes):
        return count_half_space(Laplace(0.6), 0.2, **{**setting, **base, **changes})

    assert answer() == answer()
    others = {answer(seed=6), answer(purpose="b"), answer(seed=7), answer(purpose="c")}
    assert len({answer(), *others}) > 2
    assert answer(num_samples=0) == 0


def least_p_value(tally):
    """The least p-value of the cells, each binomial(600, 1/cells), times their number."""
    tests = [stats.binomtest(int(one), 600, 1 / tally.size).pvalue for one in tally.ravel()]
    return tally.size * min(tests)


@pytest.mark.statistical(false_fail=2e-9, reason="exact tests of the cells at 1e-9 together")
@pytest.mark.parametrize("dim", [1, 2, 7])
def test_axes_point_everywhere(dim, fresh):
    axes = [Axis.drawn(dim=dim, seed=fresh(seed), purpose="axes") for seed in range(600)]
    tally = np.zeros((dim, 2), int)
    for axis in axes:
        tally[axis.place, (axis.sign + 1) // 2] += 1
    assert {axis.sign for axis in axes} == {-1, 1}
    assert least_p_value(tally) > LEVEL
    # a purpose has its own axis, and keeps it
    assert Axis.drawn(dim=dim, seed=fresh(4), purpose="axes") == axes[4]
    other = [Axis.drawn(dim=dim, seed=fresh(seed), purpose="others") for seed in range(600)]
    assert other != axes
    # a sign that is always the same would be seen
    tally[:, 1] += tally[:, 0]
    tally[:, 0] = 0
    assert least_p_value(tally) < LEVEL


@pytest.mark.parametrize(
    ("asked", "dim", "given"),
    [
        (0, 1, 0),
        (0, 10**12, 0),
        (1000, 1, 1000),
        (10**9, 1, COORDINATE_BUDGET),
        (10**9, 150_528, 1992),
        (5, 10**12, 1),
    ],
)
def test_affordable(asked, dim, given):
    assert affordable(asked, dim) == given
    assert affordable(asked, dim) * dim <= max(COORDINATE_BUDGET, dim)
