"""The certified set in the plane: against closed forms and the proved radii, and what it shows."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from figures import figure_certified_set as certified
from theory.claim import Grade, Rung
from theory.directional import directional_radius

CLAIM_PARTS = ["never_smaller", "larger_off_axes", "equal_on_axes"]


@pytest.mark.parametrize("scale", [0.3, 4.0])
@pytest.mark.parametrize("level", certified.LEVELS)
def test_axes_and_diagonals_against_closed_forms(level, scale):
    outline = certified.compute(scale=scale, num_points=9)[f"certified_{level}"]
    ball = -scale * mpmath.log(2 * (1 - mpmath.mpf(str(level))))
    on_axis = (outline["x"] == 0) | (outline["y"] == 0)
    assert on_axis.sum() == 9  # four axes, each the end of two octants, and the closing point
    assert outline["radius"][on_axis] == pytest.approx(float(ball), rel=1e-12)
    lost = 1 - mpmath.mpf(str(level))
    v = -3 - mpmath.lambertw(-2 * mpmath.exp(-3), -1).real
    a = -2 - mpmath.lambertw(-(1 + 2 * lost) * mpmath.exp(-2), -1).real
    norm = 2 * a if a < v else -mpmath.log(4 * lost) + v + mpmath.log(1 + v)
    on_diagonal = np.isclose(np.abs(outline["x"]), np.abs(outline["y"]), rtol=1e-12, atol=0)
    assert on_diagonal.sum() == 4
    assert outline["radius"][on_diagonal] == pytest.approx(float(scale * norm), rel=1e-12)


def test_points_have_the_radius_and_the_share_that_stand_beside_them():
    data = certified.compute(scale=1.7, num_points=11)
    for level in certified.LEVELS:
        outline, ball = data[f"certified_{level}"], data[f"ball_{level}"]
        norm = np.abs(outline["x"]) + np.abs(outline["y"])
        assert norm == pytest.approx(outline["radius"], rel=1e-14)
        assert np.abs(outline["x"]) / norm == pytest.approx(outline["share"], rel=1e-14, abs=1e-15)
        for curve in (outline, ball):
            assert curve["x"][0] == curve["x"][-1]
            assert curve["y"][0] == pytest.approx(curve["y"][-1], abs=1e-15)
        assert np.abs(ball["x"]) + np.abs(ball["y"]) == pytest.approx(ball["x"].max())
        # it goes around once, against the clock
        turns = np.diff(np.unwrap(np.arctan2(outline["y"], outline["x"])))
        assert (turns > -1e-12).all()
        assert turns.sum() == pytest.approx(2 * np.pi)


def test_plotted_floats_are_the_proved_radii():
    data = certified.compute(scale=0.8, num_points=7)
    outline = data["certified_0.9"]
    for share, radius in list(zip(outline["share"], outline["radius"], strict=True))[:13:3]:
        direction = (float(share), float(1 - share))
        exact = directional_radius("0.9", direction, scale="0.8")
        assert radius == pytest.approx(exact, rel=1e-11)
    proved = data["proved"]
    assert (proved["lower"] <= proved["upper"]).all()
    assert proved["plotted"] == pytest.approx(proved["lower"], rel=1e-12)
    assert proved["p_a"].size == len(certified.LEVELS) * len(certified.CHECKED)


@pytest.mark.parametrize("scale", [0.2, 3.5])
def test_the_plotted_data_agree_with_the_claim(scale):
    found = certified.check(certified.compute(scale=scale))
    assert [item.part for item in found] == CLAIM_PARTS
    for item in found:
        assert (item.rung, item.grade, item.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)
        assert f"lambda = {scale:g}" in item.scope


def changed(data, level, factor):
    name = f"certified_{level}"
    grown = {column: data[name][column] * factor for column in ("x", "y", "radius")}
    return replace(data, curves={**data.curves, name: {**data[name], **grown}})


def proved_as_drawn(data):
    """The same data with floats around them that pretend to be proved."""
    proved = {name: values.copy() for name, values in data["proved"].items()}
    for row, (p_a, share) in enumerate(zip(proved["p_a"], proved["share"], strict=True)):
        outline = data[f"certified_{p_a}"]
        radius = outline["radius"][np.isclose(outline["share"], share, rtol=1e-12)][0]
        for name in ("plotted", "lower", "upper"):
            proved[name][row] = radius
    return replace(data, curves={**data.curves, "proved": proved})


def check_of(data):
    return certified.check(proved_as_drawn(data))


def test_the_check_flips_with_the_data():
    data = certified.compute(num_points=9)
    outline = data["certified_0.9"]
    axis = (outline["share"] == 0) | (outline["share"] == 1)
    smaller = check_of(changed(data, 0.9, 0.5))
    assert [item.finding for item in smaller] == [False, False, False]
    assert all(item.grade is Grade.REFUTED and item.witness for item in smaller)
    ball = data["ball_0.9"]["x"].max() / outline["radius"]
    equal = check_of(changed(data, 0.9, np.where(axis, 1.0, ball)))
    assert [item.finding for item in equal] == [True, False, True]
    for column in ("x", "y"):
        ball = {**data["ball_0.9"], column: data["ball_0.9"][column] * 1.01}
        wider = certified.check(replace(data, curves={**data.curves, "ball_0.9": ball}))
        assert wider[0].finding is wider[2].finding is False
    larger = check_of(changed(data, 0.9, np.where(axis, 1.01, 1.0)))
    assert [item.finding for item in larger] == [True, True, False]


def test_floats_that_leave_the_proved_ones_say_nothing():
    data = certified.compute(num_points=9)
    moved = {**data["proved"], "plotted": data["proved"]["plotted"] * 1.001}
    outline = {**data["certified_0.9"], "x": data["certified_0.9"]["x"] * np.nan}
    for other in (
        replace(data, curves={**data.curves, "proved": moved}),
        changed(data, 0.9, np.where(data["certified_0.9"]["share"] % 1 == 0, 1, 1.1)),
        replace(data, curves={**data.curves, "certified_0.9": outline}),
        *(
            replace(data, curves={**data.curves, "certified_0.9": {**drawn, name: values * 1.001}})
            for drawn in (data["certified_0.9"],)
            for name, values in drawn.items()
        ),
    ):
        found = certified.check(other)
        assert [item.grade for item in found] == [Grade.UNDECIDED] * 3
        assert all(item.finding is None for item in found)


def test_so_many_directions_are_still_told_from_an_axis():
    data = certified.compute(num_points=10_000)
    assert [item.finding for item in certified.check(data)] == [True, True, True]


def test_every_proved_direction_is_drawn():
    for num_points in (5, 12):
        data = certified.compute(num_points=num_points)
        for share, plotted in zip(
            *(data["proved"][name][-4:] for name in ("share", "plotted")), strict=True
        ):
            outline = data[f"certified_{certified.LEVELS[-1]}"]
            assert plotted in outline["radius"][outline["share"] == share]


@pytest.mark.parametrize("scale", [1e-100, 1e100])
def test_the_ends_of_the_scale(scale):
    data = certified.compute(scale=scale, num_points=41)
    assert [item.finding for item in certified.check(data)] == [True, True, True]
    said = certified.caption(certified.compute())
    assert certified.caption(data).partition("22% farther")[2] == said.partition("22% farther")[
        2
    ].replace("R = 2.813", f"R = {2.813 * scale:g}")


def test_caption_numbers_come_from_the_data():
    data = certified.compute(scale=2.5)
    text = certified.caption(data)
    assert "lambda = 2.5" in text
    assert f"PA = 0.9: R = {data['ball_0.9']['x'].max():.4g}, 22% farther" in text
    grown = changed(data, 0.9, 2.0)
    assert "PA = 0.9: R = 4.024, 143% farther" in certified.caption(grown)


def test_area_of_a_square():
    square = {"x": np.array([1.0, 0, -1, 0, 1]), "y": np.array([0.0, 1, 0, -1, 0])}
    assert certified._area(square) == 2.0


def test_axes_and_legend():
    data = certified.compute(scale=2.5, num_points=9)
    figure = certified.draw(data)
    (axes,) = figure.axes
    assert axes.get_aspect() == 1
    assert axes.get_xlabel() == r"$\delta_1$ ($\lambda$ = 2.5)"
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["$P_A = 0.75$", "$P_A = 0.9$", "$P_A = 0.97$", r"$\ell_1$ ball of radius $R$"]
    assert len(axes.lines) == 6
    names = [f"{kind}_{p_a}" for p_a in certified.LEVELS[::-1] for kind in ("ball", "certified")]
    for line, name in zip(axes.lines, names, strict=True):
        assert np.array_equal(line.get_xdata(), data[name]["x"])
        assert np.array_equal(line.get_ydata(), data[name]["y"])
    plain = certified.draw(certified.compute(num_points=5))
    assert plain.axes[0].get_xlabel() == r"$\delta_1$"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_points": 4}, "num_points = 4 is outside 5, ..., 10000"),
        ({"num_points": 10_001}, "num_points = 10001 is outside 5, ..., 10000"),
        ({"scale": 0.0}, r"scale = 0.0 is outside \[1e-100, 1e100\]"),
        ({"scale": 1e200}, r"scale = 1e\+200 is outside \[1e-100, 1e100\]"),
        ({"scale": float("nan")}, r"scale = nan is outside \[1e-100, 1e100\]"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        certified.compute(**arguments)
