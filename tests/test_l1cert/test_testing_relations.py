"""The properties of `l1cert.testing` that need no noise pass what is right, and catch mutants."""

import numpy as np
import pytest

from l1cert.testing import RadiusError, assert_monotone, assert_scale_equivariant, relations
from l1cert.testing.subjects import Subject
from tests.test_l1cert.test_testing_properties import FEW, SOUND, exact, no_points, theorem_2
from theory.noise import Laplace


@pytest.mark.parametrize(("radius", "kwargs"), SOUND)
def test_what_is_monotone_and_scales_passes(radius, kwargs):
    assert_monotone(radius, **kwargs, **FEW)
    assert_scale_equivariant(radius, **kwargs, **FEW)


NOT_MONOTONE = {
    "p_b near p_a": lambda p_a, p_b, lam: exact(p_a, p_b, lam) + lam * 1e-6 * (p_b > 0.999 * p_a),
    "p_b tiny": lambda p_a, p_b, lam: exact(p_a, p_b, lam) * np.where(p_b < 1e-8, 0.5, 1.0),
    "p_a near 1": lambda p_a, p_b, lam: exact(p_a, p_b, lam) * np.where(p_a > 0.9999, 0.5, 1.0),
    "grows in p_b": lambda p_a, p_b, lam: lam * p_b,
    "falls in p_a": lambda p_a, p_b, lam: lam * (1 - p_a),
    "a dent": lambda p_a, p_b, lam: lam * (1 - 1e-3 * ((p_a > 0.61) & (p_a < 0.63))),
    "one scale": lambda p_a, p_b, lam: exact(p_a, p_b, lam) * np.where(lam == 0.25, p_b, 1.0),
}


@pytest.mark.parametrize("name", NOT_MONOTONE)
def test_what_is_not_monotone_is_caught(name):
    with pytest.raises(RadiusError, match="not monotone") as caught:
        assert_monotone(NOT_MONOTONE[name], setting="multiclass")
    assert float(caught.value.rows["radius'"].split(",")[0]) < float(caught.value.rows["radius"])


def test_a_fall_without_p_b_is_caught_and_a_constant_passes():
    with pytest.raises(RadiusError, match="it falls where p_a grows"):
        assert_monotone(lambda p, lam: theorem_2(p, lam) if p < 0.9995 else 0.0)
    assert_monotone(lambda p_a, lam: lam, **FEW)


NOT_PROPORTIONAL = {
    "affine": lambda p_a, p_b, lam: exact(p_a, p_b, lam) + 1e-3,
    "square": lambda p_a, p_b, lam: exact(p_a, p_b, lam) * lam,
    "constant": lambda p_a, p_b: p_a - p_b,
    "one scale": lambda p_a, p_b, lam: exact(p_a, p_b, lam) * np.where(lam == 0.25, 1.001, 1),
    "far scales": lambda p_a, p_b, lam: exact(p_a, p_b, lam) * np.where(lam > 1e5, 1.001, 1),
    "capped": lambda p_a, p_b, lam: np.minimum(exact(p_a, p_b, lam), 10.0),
    "sigma = 0.5": lambda p_a, p_b, sigma: exact(p_a, p_b, sigma) * np.where(sigma == 0.5, 2, 1),
}


@pytest.mark.parametrize("name", NOT_PROPORTIONAL)
def test_what_is_not_proportional_to_the_scale_is_caught(name):
    with pytest.raises(RadiusError, match="not proportional to the scale"):
        assert_scale_equivariant(NOT_PROPORTIONAL[name], setting="multiclass")


@pytest.mark.parametrize("check", [assert_monotone, assert_scale_equivariant])
def test_drawn_points_alone_catch_a_broken_relation(check, monkeypatch):
    monkeypatch.setattr(Subject, "hard_points", no_points)
    monkeypatch.setattr(relations, "_chains", no_points)
    with pytest.raises(RadiusError):
        check(lambda p_a, p_b, lam: 1.0 + lam * p_b, setting="multiclass")


def test_a_radius_of_no_scale_for_one_noise_has_nothing_to_scale():
    with pytest.raises(ValueError, match="has one scale and radius takes none"):
        assert_scale_equivariant(lambda p_a: 0.1, noise=Laplace(2.0))
