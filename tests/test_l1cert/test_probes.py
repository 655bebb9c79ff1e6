"""Where a radius is probed, and the exact radius there with its tolerance."""

import math

import mpmath
import numpy as np
import pytest

from l1cert.workbench.probes import Domain, exact_scales, fine_probabilities, sweep
from theory.conjectures.axis_noise import parse_noise
from theory.conjectures.settings import Setting

BINARY, BINARY_PB, MULTICLASS, K = Setting
CLASSES = {BINARY: 2, BINARY_PB: 2, MULTICLASS: None, K: 5}


def test_the_scales_that_are_sure_to_be_tried():
    for seed in range(5):
        scales = sweep(np.random.default_rng(seed))
        assert (scales[1:] / scales[:-1]).max() < 1.01
        assert scales[0] < 1.01e-6 and scales[-1] > 0.99e6
    for factor in (1.0, math.sqrt(2), math.sqrt(6), 1 / math.sqrt(3)):
        handed = exact_scales((factor,)) * factor
        for scale in (0.12, 0.25, 0.5, 1.0, 1000.0):
            own = scale / factor  # not every float is the product of one with the factor
            near = [own, *(np.nextafter(own, end) for end in (0.0, math.inf))]
            assert scale in handed or all(one * factor != scale for one in near)
        assert 0.25 in handed
    assert {0.5, 0.9, 0.999, 2 / 3, 1 - 2.0**-53, 0.5 + 2.0**-53} <= {*fine_probabilities()}
    assert np.diff(fine_probabilities()).max() < 5e-4


@pytest.mark.parametrize("setting", Setting)
def test_the_exact_radius_and_its_tolerance_against_350_digits(setting):
    domain = Domain(parse_noise("laplace"), setting, CLASSES[setting], 2.0**-52)
    pairs = domain.grid(np.random.default_rng(3), 400)
    assert ((pairs.under <= pairs.exact) & (pairs.exact <= pairs.over)).all()
    firm = (pairs.exact > 0.01) & (np.minimum(pairs.p_a, 1 - pairs.p_a) > 1e-3) & ~pairs.deep
    assert (pairs.over[firm] <= pairs.exact[firm] * (1 + 1e-9)).sum() > 100
    with mpmath.workdps(350):
        for i in range(len(pairs)):
            a = mpmath.mpf(pairs.p_a[i])
            if pairs.p_b is None:
                other = rest = min(1 - a, mpmath.mpf("0.5"))
            else:
                other = min(mpmath.mpf(pairs.p_b[i]), 1 - a)
                classes = CLASSES[setting]
                rest = 1 - a if classes is None else min(1 - a, (classes - 1) * other)
            half = mpmath.log(2 * rest) if rest < 0.5 else -mpmath.log(2 * (1 - rest))
            truth = -(half + mpmath.log(2 * other)) / 2
            assert pairs.under[i] <= truth <= pairs.over[i], (pairs.p_a[i], i)
            assert abs(truth - pairs.exact[i]) <= 1e-15 * (abs(half) + abs(truth) + 1) * 4
