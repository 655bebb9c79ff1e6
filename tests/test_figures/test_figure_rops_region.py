"""The region of Laplace's larger ROPS: grid by Arb, boundary by its enclosure, the colours."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

from figures import figure_rops_region as region
from figures import style
from tests.test_figures.mutations import changed
from theory import rops
from theory.claim import Grade, Rung
from theory.exact import to_ball
from theory.rops_order import last_location_ball, order_change_ball

LAST = float(last_location_ball(precision=80).mid())


def test_the_grid_against_balls():
    grid = region.compute(num_points=21)["grid"]
    assert grid["x"].size == 21**2
    assert (grid["x"] >= 0).all()
    assert (grid["x"] + grid["r"] < 1).all()
    for k in [*range(0, 21**2, 31), 20, 21**2 - 1]:
        at = {"precision": 90, "radius": float(grid["r"][k])}
        laplace = rops.laplace_supremum_ball(float(grid["x"][k]), **at)
        gaussian = rops.gaussian_supremum_ball(float(grid["x"][k]), **at)
        for name, ball in (
            ("laplace", laplace),
            ("gaussian", gaussian),
            ("ratio", laplace / gaussian),
        ):
            assert abs(to_ball(float(grid[name][k]), 200) / ball - 1) < 1e-12, (name, k)


def test_the_boundary_against_its_enclosure():
    data = region.compute(num_points=12)
    for line, step in ((data["boundary"], 9), (data["marks"], 1)):
        x, r = line["x"], line["r"]
        assert (np.diff(x) > 0).all()
        assert (np.diff(r) < 0).all()
        assert x[0] == 0
        assert x[-1] == pytest.approx(LAST, abs=1e-15)
        assert r[-1] == 0
        for k in range(0, x.size - 1, step):
            ball = order_change_ball(float(x[k]), precision=80)
            assert float(ball.mid()) == pytest.approx(r[k], abs=1e-14)
    assert data["marks"]["x"].tolist()[:2] == [0.0, 0.3]


def test_the_lines():
    data = region.compute(num_points=10)
    assert (data["exact"]["x"] + data["exact"]["r"]).tolist() == pytest.approx([LAST, LAST])
    assert data["edge"]["x"].tolist() == data["edge"]["r"].tolist()[::-1] == [0, 1]


@pytest.mark.parametrize("num_points", [10, 50])
def test_what_the_plotted_data_say(num_points):
    found = {item.part: item for item in region.check(region.compute(num_points=num_points))}
    assert {item.rung for item in found.values()} == {Rung.FIGURE}
    for part in ("one_crossing", "examples"):
        assert (found[part].grade, found[part].finding) == (Grade.CONSISTENT, True)
    for part in ("larger_everywhere", "larger_at_first"):
        item = found[part]
        assert (item.grade, item.finding) == (Grade.REFUTED, False)
        x, r = Fraction(item.witness["x"]), Fraction(item.witness["r"])
        assert (r == 0) == (part == "larger_at_first")
        laplace = rops.laplace_supremum_ball(x, precision=80, radius=r)
        gaussian = rops.gaussian_supremum_ball(x, precision=80, radius=r)
        assert gaussian > laplace
        assert float(laplace.mid()) == pytest.approx(float(item.witness["sqrt(2) sup lambda"]))
        assert float(gaussian.mid()) == pytest.approx(float(item.witness["sup sigma"]))


def by_part(data):
    return {item.part: item for item in region.check(data)}


def test_the_check_flips_with_the_ratio():
    data = region.compute(num_points=30)
    ratio = data["grid"]["ratio"]
    high = by_part(changed(data, "grid", "ratio", np.maximum(ratio, 1.1)))
    assert high["larger_everywhere"].finding is high["larger_at_first"].finding is True
    assert high["larger_everywhere"].grade is Grade.CONSISTENT
    assert (high["one_crossing"].grade, high["one_crossing"].finding) == (Grade.REFUTED, False)
    assert high["examples"].finding is True
    one = ratio.copy()
    lone = int(np.flatnonzero(data["grid"]["r"] > 0.5).max())
    one[lone] = 1.01  # a second change of order at one x
    item = by_part(changed(data, "grid", "ratio", one))["one_crossing"]
    assert item.finding is False
    assert item.witness["r"] == repr(float(data["grid"]["r"][lone]))
    late = ratio.copy()
    late[data["grid"]["x"] > LAST] = 1.2
    assert by_part(changed(data, "grid", "ratio", late))["one_crossing"].finding is False


def test_the_check_flips_with_the_boundary():
    data = region.compute(num_points=30)
    x, r = data["boundary"]["x"], data["boundary"]["r"]
    for shift in (-1e-6, 1e-6):
        found = by_part(changed(data, "boundary", "r", r + shift))
        assert (found["examples"].grade, found["examples"].finding) == (Grade.REFUTED, False)
        assert set(found["examples"].witness) == {"r*(0)", "r*(1/2)"}
    found = by_part(changed(data, "boundary", "r", 0.8 * r))
    assert found["one_crossing"].finding is False
    for last in (LAST - 1e-6, LAST + 1e-6):
        item = by_part(changed(data, "boundary", "x", np.append(x[:-1], last)))["one_crossing"]
        assert item.finding is False
        assert item.witness == {"x_star": repr(last)}
    lost = replace(data, curves={**data.curves, "boundary": {"x": x[1:], "r": r[1:]}})
    assert by_part(lost)["examples"].witness == {"r*(0)": "nan"}


def test_a_ratio_that_is_no_number_is_no_agreement():
    data = region.compute(num_points=10)
    ratio = data["grid"]["ratio"].copy()
    ratio[17] = np.nan
    with pytest.raises(ValueError, match="ratio of the suprema is not finite"):
        region.check(changed(data, "grid", "ratio", ratio))


def test_caption_numbers_come_from_the_data():
    data = region.compute(num_points=20)
    text = region.caption(data)
    for x, r in zip(data["marks"]["x"], data["marks"]["r"], strict=True):
        assert f"r* = {r:.6g} at x = {x:.6g}" in text
    assert f"Dashed: x + r = {LAST:.6g}" in text
    assert "The plotted suprema agree with it" in text
    assert f"to {data['grid']['ratio'].max():.4g} at the plotted points" in text
    # the share below the boundary, by another rule on other points
    nodes, weights = np.polynomial.legendre.leggauss(12)
    balls = [order_change_ball(float(x), precision=64) for x in LAST * (1 + nodes) / 2]
    area = LAST / 2 * float(weights @ [float(ball.mid()) for ball in balls])
    assert f"{area / 0.5:.1%} of the triangle" in text
    wrong = changed(data, "grid", "ratio", 1 / data["grid"]["ratio"])
    assert "The plotted suprema contradict it" in region.caption(wrong)


def test_axes_legend_and_marks():
    data = region.compute(num_points=20)
    (axes,) = region.draw(data).axes
    assert axes.get_xlim() == axes.get_ylim() == (0, 1)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("location $x$", "certified radius $r$")
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == [
        "$r^*(x)$: order changes",
        "exact distance: $x + r = 0.9746$",
        "$r = 1 - x$",
    ]
    texts = [text.get_text() for text in axes.texts]
    for said in ("$r = 0.5558$", "$r = 0.4900$", "Laplace\nlarger", "Gaussian\nlarger"):
        assert said in texts
    assert {"0.8", "1.2", "1.3"} <= set(texts)
    marks = axes.lines[-1]
    assert marks.get_marker() == "o"
    assert marks.get_xdata().tolist() == data["marks"]["x"].tolist()


@pytest.mark.parametrize("swapped", [False, True])
def test_the_colours_tell_the_order(swapped):
    data = region.compute()
    if swapped:
        data = changed(data, "grid", "ratio", 1 / data["grid"]["ratio"])
    figure = region.draw(data, style.rc("icml", "page"))
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    (axes,) = figure.axes
    pixels = np.asarray(canvas.buffer_rgba())[::-1, :, :3] / 255
    for at, laplace in (((0.3, 0.05), True), ((0.6, 0.25), True), ((0.02, 0.85), False)):
        column, row = axes.transData.transform(at).astype(int)
        colour = "#56B4E9" if laplace != swapped else "#FBE9C6"
        assert pixels[row, column] == pytest.approx(to_rgb(colour), abs=0.01)


def test_bad_arguments():
    with pytest.raises(ValueError, match="num_points = 9 is not at least 10"):
        region.compute(num_points=9)
