"""Second moments as counts: the frequency is the moment in units of the cut."""

import math

import pytest

from simulations.second_moments import count_squares
from theory.confidence import BinomialTest
from theory.noise import Gaussian, Laplace, Uniform

SAMPLES, ALPHA = 100_000, 1e-9

statistical = pytest.mark.statistical(
    false_fail=2e-9, reason="an exact test at 1e-9, and a mutant that escapes with less"
)


def fits(found, expected):
    """Whether the count fits; half of the probability would be seen."""
    low, high = expected - 1e-9, expected + 1e-9  # words and floats, and what is beyond the cut
    wrong = BinomialTest(SAMPLES, low / 2, high / 2)
    assert wrong.false_pass(expected, alpha=ALPHA) < ALPHA
    assert wrong.p_value(found) < ALPHA
    return BinomialTest(SAMPLES, low, high).p_value(found) > ALPHA


@statistical
@pytest.mark.parametrize("dim", [1, 3])
@pytest.mark.parametrize("noise", [Laplace(0.7), Gaussian(2.0), Uniform(1.5)], ids=str)
def test_the_frequency_is_the_second_moment(noise, dim, fresh):
    # E (eps^2 - a^2)_+ = (2 a + 2) e^-a of unit Laplace noise is beyond a; of the others, nothing
    cut = (10 * noise.sigma) ** 2
    layout = {"num_samples": SAMPLES, "seed": fresh(1), "purpose": f"test/{dim}"}
    a = math.sqrt(200)
    beyond = (2 * a + 2) * math.exp(-a) / 200 if isinstance(noise, Laplace) else 0.0
    assert fits(count_squares(noise, cut, dim=dim, **layout), 1 / 100 - beyond)


@statistical
def test_what_lies_beyond_the_cut_counts_as_the_cut(fresh):
    # E min(eps^2/c, 1) with |eps| <= h and c = h^2/4: h/2 is exceeded half of the time
    noise = Uniform(1.0)
    layout = {"num_samples": SAMPLES, "seed": fresh(1), "purpose": "test/cut"}
    assert fits(count_squares(noise, 0.25, dim=2, **layout), 1 / 2 + 1 / 2 / 3)
