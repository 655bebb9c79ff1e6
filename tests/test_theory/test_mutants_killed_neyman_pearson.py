"""Grid classifiers where one symbol decides: far cells, equality, lengths, what the solver says."""

import itertools
import math
from fractions import Fraction
from types import SimpleNamespace

import mpmath
import numpy as np
import pytest

from theory import neyman_pearson
from theory.neyman_pearson import Grid, WorstCase, confirm, grid_for, worst_case

INF = math.inf
HALVES = Grid((np.array([-INF, 0.0, INF]),), (5.0,), 1.0)


def labels(not_a, is_b=None):
    not_a = np.asarray(not_a, dtype=float)
    return WorstCase(-1.0, not_a, not_a if is_b is None else np.asarray(is_b, dtype=float))


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("move", [0.0, 3.0])
def test_cells_of_both_far_tails_keep_their_digits(sign, move):
    near, far = 60.0, 64.0
    ends = sorted([move + sign * near, move + sign * far])
    grid = Grid((np.array([-INF, *ends, INF]),), (move,), 2.0)
    with mpmath.workdps(40):
        exact = (mpmath.exp(-near / mpmath.mpf(2)) - mpmath.exp(-far / mpmath.mpf(2))) / 2
    assert grid.after[1] == pytest.approx(float(exact), rel=1e-13, abs=0)
    beyond = float(mpmath.exp(-far / 2) / 2)
    assert grid.after[0 if sign < 0 else 2] == pytest.approx(beyond, rel=1e-13, abs=0)


def test_the_cell_next_to_the_centre_belongs_to_the_lower_half():
    # 1/2 - e^-1e-9/2 in the nearer tail; the edge at the centre itself is 1/2 from both sides
    grid = Grid((np.array([-INF, -1.0, 0.0, 1.0, INF]),), (0.0,), 1.0)
    inner = (1 - math.exp(-1)) / 2
    expected = [math.exp(-1) / 2, inner, inner, math.exp(-1) / 2]
    assert grid.before == pytest.approx(expected, rel=1e-15)


def test_a_grid_of_another_dimension_than_the_move_is_refused():
    edges = (np.array([-INF, 0.0, INF]),)
    for wrong in (Grid(edges, (1.0, 2.0), 1.0), Grid(edges * 2, (1.0,), 1.0)):
        with pytest.raises(ValueError, match=r"^zip\(\) argument 2 is (shorter|longer) than"):
            _ = wrong.after
        with pytest.raises(ValueError, match=r"^zip\(\) argument 2 is (shorter|longer) than"):
            confirm(wrong, labels([1.0, 1.0]), Fraction(0), None)


def test_labels_for_another_number_of_cells_are_refused():
    for wrong in (labels([0.5]), labels([0.5, 0.5, 0.5]), labels([0.5, 0.5], [0.5])):
        with pytest.raises(ValueError, match=r"^zip\(\) argument 2 is (shorter|longer) than"):
            confirm(HALVES, wrong, Fraction(1, 4), Fraction(1, 4))


def test_the_edges_are_the_kinks_the_quantiles_and_the_marks():
    grid = grid_for((0.8, -3.0), 0.5, (0.123,))
    for place, move in enumerate(grid.delta):
        levels = [0.02, 0.15, 0.35, 0.65, 0.85, 0.98]
        tails = [math.copysign(math.log(2 * min(p, 1 - p)), p - 0.5) for p in levels]
        quantiles = [math.copysign(0.5 * abs(q), p - 0.5) for q, p in zip(tails, levels, strict=1)]
        inner = [0.0, move, move / 2, *quantiles, *(q + move for q in quantiles)]
        inner += [0.123] if place == 0 else []
        assert grid.edges[place] == pytest.approx([-INF, *sorted(inner), INF], rel=1e-14)


ANSWER = SimpleNamespace(success=True, message="", x=[])


@pytest.mark.parametrize("p_b", [None, 0.1])
@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (SimpleNamespace(success=False, message="Time limit reached."), "Time limit reached."),
        (SimpleNamespace(success=False), ""),
        (SimpleNamespace(message="no status"), "no status"),
    ],
)
def test_without_an_optimum_the_solver_is_quoted(monkeypatch, answer, said, p_b):
    monkeypatch.setattr(neyman_pearson, "linprog", lambda *_, **__: answer)
    with pytest.raises(ValueError) as error:  # the whole text is compared
        worst_case(HALVES, 0.7, p_b)
    assert str(error.value) == f"the linear program has no optimum: {said}"


def test_labels_are_probabilities_in_double_precision(monkeypatch):
    x = np.array([-1e-7, 1 + 1e-6], dtype=np.float32)
    answer = SimpleNamespace(success=True, message="", x=x)
    monkeypatch.setattr(neyman_pearson, "linprog", lambda *_, **__: answer)
    found = worst_case(HALVES, 0.7)
    assert found.not_a.dtype == np.float64
    assert found.not_a.tolist() == [0.0, 1.0]
    assert found.margin == 1 - 2 * HALVES.after[1]


@pytest.mark.parametrize("k", [3, 9, 14])
def test_next_to_the_ends_what_is_lost_keeps_its_digits(k):
    lost = 1.0 - (1.0 - 10.0**-k)  # as the float p_a has it
    found = worst_case(HALVES, 1.0 - lost)
    assert found.not_a == pytest.approx([0.0, 2 * lost], rel=1e-6, abs=0)
    found = worst_case(HALVES, 0.6, lost)
    assert found.is_b == pytest.approx([0.0, 2 * lost], rel=1e-6, abs=0)
    assert found.not_a == pytest.approx([0.0, 0.8], rel=1e-6, abs=0)


def test_masses_that_the_solver_cannot_hold_are_refused():
    worst_case(HALVES, 1 - 2e-15), worst_case(HALVES, 0.0, 1.0), worst_case(HALVES, 0.6, 2e-15)
    for p_a in (1.0, 1 - 1e-15, -1e-9, math.nan):
        for p_b in (None, 0.1):
            with pytest.raises(ValueError) as error:
                worst_case(HALVES, p_a, p_b)
            assert str(error.value) == f"p_a = {p_a} is outside [0, 1 - 2e-15]"
    for p_b in (0.0, 1.9e-15, 1.0000001, math.nan):
        with pytest.raises(ValueError) as error:
            worst_case(HALVES, 0.6, p_b)
        assert str(error.value) == f"p_b = {p_b} is outside [2e-15, 1]"


def test_the_margin_of_two_halves():
    # cA keeps the lower half, whose mass under Y is e^-5/2; cB takes the upper one up to p_b
    upper = 1 - math.exp(-5) / 2
    assert worst_case(HALVES, 0.5).margin == pytest.approx(1 - 2 * upper, abs=1e-9)
    found = worst_case(HALVES, 0.5, 0.125)
    assert found.margin == pytest.approx(1 - 1.25 * upper, abs=1e-7)
    assert found.not_a == pytest.approx([0, 1], abs=1e-7)
    assert found.is_b == pytest.approx([0, 0.25], abs=1e-7)


# ------------------------------------------------------------------------------- confirmation
# The halves have mass 1/2 under X, exactly, and e^-5/2 and 1 - e^-5/2 under Y.

# A label v for which v (10^9 - 1)/10^9 is dyadic too, so that no ball has a radius.
DYADIC = 5**9 / 2**21
SHRUNK = Fraction(10**9 - 1, 2**30)


def test_the_hypotheses_may_hold_with_equality():
    assert Fraction(DYADIC) * Fraction(10**9 - 1, 10**9) == SHRUNK
    found = labels([0, DYADIC])
    assert confirm(HALVES, found, 1 - SHRUNK / 2, None)
    assert confirm(HALVES, found, 1 - SHRUNK / 2, SHRUNK / 2)
    less = Fraction(1, 10**40)
    assert not confirm(HALVES, found, 1 - SHRUNK / 2 + less, None)
    assert not confirm(HALVES, found, 1 - SHRUNK / 2, SHRUNK / 2 - less)


def test_the_labels_are_scaled_down_before_they_are_weighed():
    # a quarter is what cB may have; without the scale-down equality, and with it room
    found = labels([0, 1], [0, 0.5])
    assert confirm(HALVES, found, Fraction(1, 2), Fraction(1, 4))
    assert confirm(HALVES, found, Fraction(1, 2), Fraction(1, 4) * (1 - Fraction(1, 10**10)))
    assert not confirm(HALVES, found, Fraction(1, 2), Fraction(1, 4) * (1 - Fraction(1, 10**8)))
    assert not confirm(HALVES, found, Fraction(1, 2) + Fraction(1, 10**8), Fraction(1, 4))


@pytest.mark.parametrize(
    "wrong",
    [
        labels([0, 1.5]),  # a probability above 1
        labels([0, 1.00001]),
        labels([-0.5, 1]),
        labels([0, 1], [-0.1, 1]),
    ],
)
def test_labels_that_are_no_probabilities_confirm_nothing(wrong):
    assert confirm(HALVES, labels([0, 1]), Fraction(1, 5), Fraction(4, 5))
    assert not confirm(HALVES, wrong, Fraction(1, 5), None)
    assert not confirm(HALVES, wrong, Fraction(1, 5), Fraction(4, 5))


@pytest.mark.parametrize("is_b", [[0], [0, 1, 0.5]])
def test_a_runner_up_with_labels_for_other_cells_is_refused(is_b):
    for p_b in (None, Fraction(4, 5)):
        with pytest.raises(ValueError):
            confirm(HALVES, labels([0, 1], is_b), Fraction(1, 5), p_b)


def test_with_a_runner_up_of_no_mass_cells_are_not_given_to_nobody():
    # everything is lost and nobody has it: further classes of mass at most 0 cannot take it
    assert not confirm(HALVES, labels([0, 1], [0, 0]), Fraction(1, 2), Fraction(0))
    assert not confirm(HALVES, labels([1, 1], [0, 0]), Fraction(0), Fraction(0))


@pytest.mark.parametrize("scale", [0.5, 3.0])
@pytest.mark.parametrize("move", [0.0, 1.25])
def test_balls_of_cells_are_differences_of_the_printed_distribution(scale, move):
    edges = np.array([-INF, -4.0, move, 2.0, 7.5, INF])
    grid = Grid((edges,), (move,), scale)
    balls = neyman_pearson._exact_masses(grid, grid.delta)

    def cdf(edge):
        if math.isinf(edge):
            return mpmath.mpf(1.0 if edge > 0 else 0.0)
        z = (mpmath.mpf(edge) - move) / scale
        return mpmath.exp(z) / 2 if z < 0 else 1 - mpmath.exp(-z) / 2

    with mpmath.workdps(30):
        exact = [cdf(high) - cdf(low) for low, high in itertools.pairwise(edges)]
    assert [float(ball.mid()) for ball in balls] == pytest.approx([float(e) for e in exact])
    assert grid.after == pytest.approx([float(e) for e in exact], rel=1e-14)
