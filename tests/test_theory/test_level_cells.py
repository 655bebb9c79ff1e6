"""Cells on which T keeps its side of every level, and what linear programming finds on them."""

import numpy as np
import pytest
from scipy import integrate, stats

from theory.searches.level_cells import level_cells

CASES = [((1,), 0.5, 1.0), ((3,), 0.2, 0.7), ((1, 1), 0.3, 2.0), ((2, 3), 0.4, 0.7)]


@pytest.mark.parametrize(("steps", "width", "scale"), CASES)
def test_the_masses_add_up_and_have_the_right_ratio(steps, width, scale):
    cells = level_cells(steps, width, scale)
    assert cells.before.sum() == pytest.approx(1.0)
    assert cells.after.sum() == pytest.approx(1.0)
    # mu_Y/mu_X = e^(-T/lambda) on every cell, so between its values at the ends of T
    ratio = cells.after / cells.before
    assert (ratio >= np.exp(-cells.high * width / scale) * (1 - 1e-12)).all()
    assert (ratio <= np.exp(-cells.low * width / scale) * (1 + 1e-12)).all()


@pytest.mark.parametrize(("steps", "width", "scale"), CASES)
def test_the_sides_of_a_level_part_the_cells(steps, width, scale):
    cells = level_cells(steps, width, scale)
    for level in range(-sum(steps) - 2, sum(steps) + 3, 2):
        sides = [cells.beyond(level, ">"), cells.at(level), cells.beyond(level, "<")]
        assert (np.sum(sides, axis=0) == 1).all()


def test_the_atoms_are_those_of_the_law():
    cells = level_cells((1, 2), 0.5, 1.0)
    for level, mass in (
        (3, 1 / 4),
        (1, np.exp(-0.5) / 4),
        (-1, np.exp(-1) / 4),
        (-3, np.exp(-1.5) / 4),
    ):
        assert cells.before[cells.at(level)].sum() == pytest.approx(mass)


def test_the_tail_of_t_in_two_dimensions():
    scale, moves, level = 0.7, (0.8, 1.2), 0.4
    law = stats.laplace(scale=scale)

    def tail(x):
        # T = r - 2 (D_1 + D_2) > level with D_i = min(max(x_i, 0), a_i)
        rest = (sum(moves) - level) / 2 - min(max(x, 0.0), moves[0])
        return law.pdf(x) * (law.cdf(rest) if rest > 0.0 else 0.0)

    expected = sum(integrate.quad(tail, *ends)[0] for ends in ((-30.0, 0.0), (0.0, 0.8)))
    cells = level_cells((2, 3), 0.4, scale)
    assert cells.before[cells.beyond(1, ">")].sum() == pytest.approx(expected, abs=1e-9)


def test_the_extreme_tests_are_the_neyman_pearson_ones():
    cells = level_cells((2, 1), 0.5, 1.3)
    for level in (-3, -1, 1, 3):
        for side, extreme in ((">", cells.least_after), ("<", cells.largest_after)):
            weight = cells.beyond(level, side) + 0.5 * cells.at(level)
            found = extreme(float(weight @ cells.before))
            assert found == pytest.approx(float(weight @ cells.after), abs=1e-7)


@pytest.mark.parametrize("steps", [(), (1, 1, 1)])
def test_another_dimension_is_an_error(steps):
    with pytest.raises(ValueError, match="legal are 1 and 2"):
        level_cells(steps, 1.0, 1.0)


def test_an_impossible_mass_is_an_error():
    with pytest.raises(ValueError, match="no optimum"):
        level_cells((1,), 1.0, 1.0).least_after(1.5)
