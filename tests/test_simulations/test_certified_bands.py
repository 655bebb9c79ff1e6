"""The bands of a certificate: what they count, and on which side of 1/2 it lies."""

import math

import pytest

from simulations.certified_bands import certifies
from simulations.experiment import Expects
from theory.confidence import BinomialTest
from theory.noise import Gaussian, Laplace

ALPHA = 1e-9


def trial(noise, *, holds=True, **changes):
    asked = {"x": 0.3, "radius": 0.5, "seed": 4, "num_samples": 200_000, "purpose": "bands"}
    return certifies("part", noise, holds=holds, **{**asked, **changes})


@pytest.mark.statistical(false_fail=2e-9, reason="two exact binomial tests at 1e-9")
@pytest.mark.parametrize(
    ("x", "radius", "scale"), [(0.3, 0.5, 0.6), (0.0, 0.2, 1.1), (0.8, 0, 0.4)]
)
def test_the_share_is_that_of_the_two_bands(x, radius, scale, fresh):
    found = trial(Laplace(scale), x=x, radius=radius, seed=fresh(4))
    near = math.exp(-radius / scale) - math.exp(-(1 - x) / scale)
    far = math.exp(-(1 + x) / scale)
    share = near / (near + far)
    test = BinomialTest(found.num_samples, share - found.bias, share + found.bias)
    assert test.p_value(found.count) > ALPHA
    either = (near + far) / 2
    assert BinomialTest(200_000, either - 1e-9, either + 1e-9).p_value(found.num_samples) > ALPHA


def test_what_is_to_be_shown():
    certified, missed = trial(Gaussian(0.5)), trial(Gaussian(2.0), holds=False, finding=False)
    assert (certified.expects, certified.finding) == (Expects.ABOVE, True)
    assert (missed.expects, missed.finding) == (Expects.BELOW, False)
    assert certified.p_values[1] < 1e-6 and missed.p_values[1] < 1e-6
    assert 0 < certified.bias < 1e-4


def test_no_draw_in_either_band():
    found = trial(Laplace(0.01), x=0.3, radius=0.69, num_samples=10)
    assert (found.count, found.num_samples) == (0, 1)
