"""Measured overlaps against shapes whose size is known."""

import math

import numpy as np
import pytest

from theory.searches.ball_overlaps import l1_overlap, l2_overlap


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize(("radius", "norm"), [(1.0, 0.3), (2.5, 4.0)])
def test_on_an_axis_the_overlap_is_a_smaller_ball(size, radius, norm):
    delta = np.eye(size)[-1] * -norm
    expected = (2 * radius - norm) ** size / math.factorial(size)
    assert math.isclose(l1_overlap(radius, delta), expected, rel_tol=1e-9)


def test_on_the_diagonal_it_is_a_rectangle():
    assert math.isclose(l1_overlap(1.5, (0.5, -0.5)), 1.5 * 2.0, rel_tol=1e-9)


@pytest.mark.parametrize("delta", [(2.0, 0.0), (1.2, 1.3), (-9.0, 0.0, 0.0)])
def test_far_balls_do_not_overlap(delta):
    assert l1_overlap(1.0, delta) == 0.0


@pytest.mark.parametrize("angle", [0.0, 0.7, math.pi / 2])
@pytest.mark.parametrize(("radius", "length"), [(1.0, 0.4), (2.0, 3.0)])
def test_disks_overlap_in_a_lens(angle, radius, length):
    half_angle = math.acos(length / (2 * radius))
    expected = radius**2 * (2 * half_angle - math.sin(2 * half_angle))
    delta = (length * math.cos(angle), length * math.sin(angle))
    assert math.isclose(l2_overlap(radius, delta), expected, rel_tol=1e-4)


def test_far_disks_do_not_overlap():
    assert l2_overlap(1.0, (0.0, 2.0)) == 0.0
    assert l2_overlap(1.0, (2.5, 0.0)) == 0.0
