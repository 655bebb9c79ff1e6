"""Volumes by induction: the right ones pass, wrong ones do not, and qhull agrees."""

import itertools
import math

import numpy as np
import pytest
import sympy as sp
from scipy.spatial import ConvexHull

from theory.steps.ball_steps import (
    depth,
    dim,
    joins_coordinate,
    l1_ball_is_square,
    l1_ball_volume,
    triangle,
)

BALL = sp.Lambda((dim, depth), (2 * depth) ** dim / sp.factorial(dim))
CUBE = sp.Lambda((dim, depth), (2 * depth) ** dim)


def test_the_volume_of_the_ball_passes():
    assert [step.check().status for step in l1_ball_volume(BALL)] == [True, True]


@pytest.mark.parametrize("number", [1, 3])
def test_a_wrong_first_volume_is_refuted(number):
    wrong = sp.Lambda((dim, depth), number * depth**dim)
    first, _ = l1_ball_volume(wrong, states=True)
    assert first.states
    assert first.check().status is False


def test_the_volume_of_the_cube_does_not_pass():
    assert joins_coordinate(CUBE, "a cube", "every h").check().status is not True


@pytest.mark.parametrize("size", [2, 3, 4])
@pytest.mark.parametrize("radius", [0.4, 1.7])
def test_qhull_agrees(size, radius):
    corners = [
        sign * radius * np.eye(size)[axis] for axis, sign in itertools.product(range(size), (1, -1))
    ]
    assert math.isclose(
        ConvexHull(np.array(corners)).volume, float(BALL(size, radius)), rel_tol=1e-9
    )


def test_the_square_and_its_corners_are_proved():
    steps = [*triangle("two sides", "a, c >= 0"), *l1_ball_is_square()]
    assert [step.check().status for step in steps] == [True] * 5
