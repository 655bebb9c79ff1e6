"""Sup ROPS of slabs and balls: the plotted data against other formulas, panels and caption."""

import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy import special, stats

from figures import figure_rops_dimension as dimension
from figures import style
from theory.rops_ball import face_threshold_ball
from theory.rops_slab import slab_threshold_ball


@pytest.fixture(scope="module")
def data():
    return dimension.compute(num_points=12, nearest=0.01)


def test_slabs_by_their_densities(data):
    # P(Z > t), y = sqrt(k) t: e^-y/2 for k = 1, e^-y (2 + y)/4 for k = 2
    tails = {1: lambda y: np.exp(-y) / 2, 2: lambda y: np.exp(-y) * (2 + y) / 4}
    for k, tail in tails.items():
        curve = data[f"slab_laplace_{k}"]
        m, scale = curve["one_minus_x"], curve["deviation"] / math.sqrt(2)
        outside = sum(tail(math.sqrt(k) * end / scale) for end in (m, 2 - m))
        assert outside == pytest.approx(np.full(m.size, 0.5), abs=1e-11)
        gaussian = data[f"slab_gaussian_{k}"]["deviation"]
        outside = special.ndtr(-m / gaussian) + special.ndtr(-(2 - m) / gaussian)
        assert outside == pytest.approx(np.full(m.size, 0.5), abs=1e-11)


def test_the_plane_by_its_square_and_its_wedge(data):
    curve = data["vertex_gaussian_2"]
    m, spread = curve["one_minus_x"], curve["deviation"] * math.sqrt(2)
    inside = (special.ndtr(m / spread) + special.ndtr((2 - m) / spread) - 1) ** 2
    assert inside == pytest.approx(np.full(m.size, 0.5), abs=1e-11)
    curve = data["vertex_laplace_2"]
    near, s = curve["one_minus_x"] / (c := curve["deviation"] / math.sqrt(2)), 1 / c
    outside = np.exp(-near) * (1.5 + near) + np.exp(-(2 * s - near)) * (0.5 + s)
    assert outside == pytest.approx(np.full(near.size, 1.0), abs=1e-11)
    for towards in ("vertex", "face"):
        for d in dimension.DIMS:
            first = data[f"{towards}_laplace_{d}"]["deviation"][0]
            assert first == pytest.approx(math.sqrt(2) / stats.gamma(d).median(), rel=1e-11)


def test_the_crossings_against_their_enclosures(data):
    for k in dimension.WEIGHTS:
        ball = slab_threshold_ball(["1"] * k, precision=34)
        assert data[f"slab_crossing_{k}"]["x"] == pytest.approx([float(ball.mid())], abs=1e-9)
    for d in dimension.DIMS:
        ball = face_threshold_ball(d)
        assert data[f"face_crossing_{d}"]["x"] == pytest.approx([float(ball.mid())], abs=1e-9)
        assert data[f"vertex_crossing_{d}"]["x"].size == 0


def test_the_caption_says_what_the_data_say(data):
    text = dimension.caption(data)
    assert "k = 1: Laplace until 0.974627, then Gaussian" in text
    assert "d = 2: Laplace; d = 3: Laplace;" in text
    assert "1.2708 for d = 2 and 1.2148 for d = 3" in text
    curve = data["vertex_laplace_2"]
    lower = {**data.curves, "vertex_laplace_2": {**curve, "deviation": curve["deviation"] / 2}}
    assert "d = 2: Gaussian; d = 3: Laplace;" in dimension.caption(replace(data, curves=lower))
    assert dimension.check(data) == []


@pytest.mark.parametrize(("span", "tall"), [("column", True), ("page", False)])
def test_panels_labels_and_legends(data, span, tall):
    figure = dimension.draw(data, style.rc("icml", span))
    assert bool(figure.get_figheight() > figure.get_figwidth()) is tall
    slab, *balls = figure.axes
    assert [len(slab.lines), *(len(axes.lines) for axes in balls)] == [7, 6, 6]
    assert slab.get_xlabel() == r"$u=w\cdot x$"
    for axes in figure.axes:
        assert axes.get_xlim() == (0, 1) and axes.get_ylim()[0] == 0
        labels = [text.get_text() for text in axes.get_legend().get_texts()]
        assert labels == [r"Laplace, $\sqrt{2}\,\lambda$", r"Gaussian, $\sigma$"]
        top = max(line.get_ydata().max() for line in axes.lines if len(line.get_ydata()))
        assert top < axes.get_ylim()[1]
    assert [text.get_text() for text in balls[0].texts] == ["$d=2$", "$d=3$"]


@pytest.mark.parametrize(("venue", "span"), [("iclr", "column"), ("icml", "page")])
def test_no_label_touches_a_curve(data, venue, span):
    settings = style.rc(venue, span)
    figure = dimension.draw(data, settings)
    with rc_context(settings):
        FigureCanvasAgg(figure).draw()
    point = figure.dpi / 72  # half of the thickest line, and a little air
    for axes in figure.axes:
        labels = [text for text in axes.texts if text.get_text()]
        assert labels
        for text in labels:
            box = text.get_window_extent().padded(0.75 * point)
            for line in axes.lines:
                drawn = line.get_path().transformed(line.get_transform())
                assert not drawn.intersects_bbox(box, filled=False), text.get_text()
            assert box.y1 < axes.get_window_extent().y1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_points": 9}, "num_points = 9 is not at least 10"),
        ({"nearest": 1e-7}, r"nearest = 1e-07 is outside \[1e-6, 0.1\)"),
        ({"nearest": 0.1}, "nearest = 0.1 is outside"),
        ({"nearest": float("nan")}, "nearest = nan is outside"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        dimension.compute(**arguments)
