"""Figure 4: both terms, Remark 2's interval, and what the plotted data say of it."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from figures import figure_04_regions as regions
from theory.claim import Grade, Rung

PRECISION = 60


def points(grid):
    chosen = np.linspace(0, grid["p_a"].size - 1, 97).astype(int)
    for k in chosen:
        yield mpmath.mpf(float(grid["p_a"][k])), mpmath.mpf(float(grid["p_b"][k])), k


@pytest.mark.parametrize("scale", [0.3, 1.0, 7.5])
def test_both_terms_against_mpmath(scale):
    grid = regions.compute(scale=scale, num_points=23)["grid"]
    with mpmath.workdps(PRECISION):
        for a, b, k in points(grid):
            baseline = scale / mpmath.mpf(2) * mpmath.log(a / b)
            new_term = -scale * mpmath.log(1 - a + b)
            assert grid["lecuyer"][k] == pytest.approx(float(baseline), rel=2e-15)
            assert grid["new_term"][k] == pytest.approx(float(new_term), rel=2e-15)
            gain = new_term / baseline - 1
            assert grid["gain"][k] == pytest.approx(float(gain), rel=1e-12, abs=2e-15)
            assert -1 < grid["gain"][k] < 1  # the levels of the drawing


@pytest.mark.parametrize("margin", [1e-6, 1e-3, 0.1])
@pytest.mark.parametrize("num_points", [3, 22, 61])
def test_the_printed_interval_against_mpmath(num_points, margin):
    printed = regions.compute(num_points=num_points, margin=margin)["printed"]
    with mpmath.workdps(PRECISION):
        for p_a, low, high in zip(*printed.values(), strict=True):
            a = mpmath.mpf(float(p_a))
            root = mpmath.sqrt(1 - 4 * a * (1 - a))
            ends = [(1 - 2 * a * (1 - a) + sign * root) / (2 * a) for sign in (-1, 1)]
            # at PA = 1/2 both ends meet, and half of the digits are lost
            tolerance = 1e-13 if abs(p_a - 0.5) > 1e-6 else 1e-7
            assert low == pytest.approx(float(ends[0]), rel=tolerance)
            assert high == pytest.approx(float(ends[1]), rel=tolerance)


def test_the_boundary_is_where_both_terms_are_equal():
    line = regions.compute()["boundary"]
    with mpmath.workdps(PRECISION):
        for p_a, p_b in zip(line["p_a"][1:-1:9], line["p_b"][1:-1:9], strict=True):
            a, b = mpmath.mpf(float(p_a)), mpmath.mpf(float(p_b))
            lead = -mpmath.log(1 - a + b) - mpmath.log(a / b) / 2
            assert abs(lead) < 1e-14 * max(1, float(mpmath.log(a / b)))
    assert line["p_a"][0] == line["p_b"][0] == 0.5
    assert (line["p_a"][-1], line["p_b"][-1]) == (1.0, 0.0)


@pytest.mark.parametrize("scale", [0.25, 4.0])
@pytest.mark.parametrize("num_points", [21, 60, 61])
def test_the_plotted_radii_agree_with_remark_2(scale, num_points):
    found = regions.check(regions.compute(scale=scale, num_points=num_points))
    assert [item.part for item in found] == ["inside", "outside"]
    for item in found:
        assert (item.rung, item.grade, item.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)
        assert f"lambda = {scale:g}" in item.scope


def changed(data, curve, column, function):
    columns = dict(data[curve])
    columns[column] = function(columns[column])
    return replace(data, curves={**data.curves, curve: columns})


@pytest.mark.parametrize(
    ("curve", "column", "function", "refuted"),
    [
        ("grid", "new_term", lambda y: 0.5 * y, {"inside"}),
        ("grid", "lecuyer", lambda y: 0.5 * y, {"outside"}),
        ("grid", "new_term", lambda y: y + 0.1, {"outside"}),
        ("printed", "low", lambda y: y + 0.05, {"outside"}),
        ("printed", "low", lambda y: y - 0.05, {"inside"}),
        ("printed", "high", lambda y: y - 0.05, {"outside"}),
    ],
)
def test_the_check_can_fail(curve, column, function, refuted):
    data = changed(regions.compute(scale=1.7), curve, column, function)
    found = regions.check(data)
    assert {item.part for item in found if item.grade is Grade.REFUTED} == refuted
    for item in found:
        if item.part in refuted:
            assert item.finding is False
            row = data["grid"]["p_b"].tolist().index(float(item.witness["p_b"]))
            assert float(item.witness["new_term"]) == data["grid"]["new_term"][row]
    assert "contradict it" in regions.caption(data)


def test_no_points_are_no_finding():
    data = regions.compute(num_points=5)
    empty = changed(
        changed(data, "printed", "low", lambda y: y + 9), "printed", "high", lambda y: y
    )
    inside, _ = regions.check(empty)
    assert inside.grade is Grade.UNDECIDED
    with pytest.raises(ValueError, match="one row for each PA"):
        regions.check(changed(data, "printed", "p_a", lambda y: y + 1e-3))


def test_caption_numbers_come_from_the_data():
    data = regions.compute(scale=2.5)
    text = regions.caption(data)
    assert "lambda = 2.5" in text
    # between PB = (1 - PA)^2 / PA and PB = PA lies 1 - log 2 of the triangle's 1/2
    assert f"enclose {2 * (1 - np.log(2)):.1%} of the domain" in text
    shrunk = changed(data, "boundary", "p_b", lambda y: y / 2 + data["boundary"]["p_a"] / 2)
    assert "enclose 30.7% of the domain" in regions.caption(shrunk)


def test_axes_and_legend():
    (axes,) = regions.draw(regions.compute(num_points=9)).axes
    assert (axes.get_xlim(), axes.get_ylim()) == ((0, 1), (0, 1))
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("$P_A$", "$P_B$")
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["$P_B = (1 - P_A)^2 / P_A$", "$P_B = 1 - P_A$"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_points": 2}, "num_points = 2 is not at least 3"),
        ({"margin": 0.0}, r"margin = 0.0 is outside \[1e-6, 1/10\]"),
        ({"margin": float("nan")}, "margin = nan is outside"),
        ({"scale": -1.0}, r"scale = -1.0 is outside \[1e-100, 1e100\]"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        regions.compute(**arguments)
