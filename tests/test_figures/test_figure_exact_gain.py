"""The exact radius over Theorem 1's: contours, outlines and points against mpmath."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest
from matplotlib.path import Path

from figures import figure_exact_gain as gain
from figures.style import rc
from theory.claim import Grade, Rung

CLAIM_PARTS = ["never_below", "strictly_larger", "gain", "gain_beyond"]


@pytest.fixture(scope="module")
def data():
    return gain.compute(num_points=30, nearest=1e-6)


def quantile(p, m):
    """The unit Laplace quantile from p and m = 1 - p."""
    return mpmath.log(2 * p) if p <= 0.5 else -mpmath.log(2 * m)


def ratio_at(m, p_b):
    """Both radii from their definitions, at 40 digits."""
    with mpmath.workdps(40):
        m, p_b = mpmath.mpf(float(m)), mpmath.mpf(float(p_b))
        p_a, other = 1 - m, min(p_b, m)
        ours = (quantile(p_a, m) - quantile(other, 1 - other)) / 2
        printed = max(mpmath.log(p_a / p_b) / 2, -mpmath.log(m + p_b))
        return ours, printed


def test_every_point_against_mpmath(data):
    points = data["points"]
    assert (points["p_b"] <= points["p_a"]).all()
    chosen = slice(None, None, 7)
    for p_a, p_b, ours, printed, ratio in zip(
        *(points[name][chosen] for name in ("p_a", "p_b", "exact", "theorem_1", "ratio")),
        strict=True,
    ):
        with mpmath.workdps(40):
            exact, first = ratio_at(1 - mpmath.mpf(p_a), p_b)
        assert ours == pytest.approx(float(exact), rel=1e-9)
        assert printed == pytest.approx(float(first), rel=1e-9)
        assert ratio == pytest.approx(float(exact / first), rel=1e-9)


@pytest.mark.parametrize("name", ["line", "ridge"])
def test_the_lines_against_mpmath(data, name):
    curve = data[name]
    for m, p_b, ratio in zip(curve["one_minus_p_a"], curve["p_b"], curve["ratio"], strict=True):
        exact, first = ratio_at(m, p_b)
        assert ratio == pytest.approx(float(exact / first), rel=1e-9)
        if name == "line":
            assert ratio == pytest.approx(1, abs=1e-12)
        else:  # where both terms of Theorem 1 are the same
            assert float(mpmath.log(p_b / (1 - m)) / mpmath.log(m + p_b)) == pytest.approx(2)


@pytest.mark.parametrize("num_points", [10, 3000])
def test_the_lines_begin_near_the_corner(num_points):
    for name in ("line", "ridge"):
        curve = gain.compute(num_points=num_points)[name]
        assert (curve["p_a"][0], curve["p_b"][0]) == pytest.approx((0.5, 0.5), abs=2e-3)
        assert (np.diff(curve["p_a"]) > 0).all()


def test_the_ridge_rises_to_three_halves():
    ridge = gain.compute(num_points=10, nearest=1e-12)["ridge"]
    assert (np.diff(ridge["ratio"]) > 0).all()
    assert 1.47 < ridge["ratio"][-1] < 1.5
    # 3/2 - ratio = (log 4)/(2 L) with L = -log(1 - PA), as PA -> 1
    lack = (1.5 - ridge["ratio"][-1]) * -np.log(ridge["one_minus_p_a"][-1])
    assert lack == pytest.approx(np.log(4) / 2, rel=1e-6)


def contour(outline, level):
    """The points of an outline that are not on the diagonal PB = PA."""
    m, p_b = outline["one_minus_p_a"], outline["p_b"]
    return [(a, b) for a, b in zip(m, p_b, strict=True) if b < (1 - a) * (1 - 1e-12)]


@pytest.mark.parametrize("level", gain.LEVELS)
def test_contours_have_their_ratio(data, level):
    sides = [side for side in ("above", "below") if f"{side}_{level:g}" in data.curves]
    assert sides == (["above", "below"] if level < 1.5 else ["above"])
    for side in sides:
        points = contour(data[f"{side}_{level:g}"], level)
        assert len(points) >= 29
        for m, p_b in points:
            exact, first = ratio_at(m, p_b)
            assert (p_b > m) == (side == "above")
            assert float(exact / first) == pytest.approx(level, rel=1e-9), (m, p_b)
    if "below" in sides:  # it begins on the ridge, and ends there
        tip = data[f"below_{level:g}"]
        m = tip["one_minus_p_a"][0]
        assert tip["p_b"][[0, -1]] == pytest.approx(m**2 / (1 - m), rel=1e-9)


def test_the_outlines_hold_the_points_of_a_larger_ratio():
    data = gain.compute(num_points=2000)
    generator = np.random.Generator(np.random.Philox(3))
    p_a = generator.uniform(0.5, 1, 400)
    p_b = p_a * generator.uniform(0, 1, 400)
    ratio = np.array([float(np.divide(*ratio_at(1 - a, b))) for a, b in zip(p_a, p_b, strict=True)])
    places = np.column_stack([p_a, p_b])
    for level in gain.LEVELS:
        inside = np.zeros(400, dtype=bool)
        for side in ("above", "below"):
            outline = data.curves.get(f"{side}_{level:g}")
            if outline is not None:
                path = Path(np.column_stack([outline["p_a"], outline["p_b"]]))
                inside |= path.contains_points(places)
        clear = np.abs(ratio / level - 1) > 1e-3
        assert clear.sum() > 350
        assert (inside == (ratio > level))[clear].all(), level
        assert inside.any()


def test_the_plotted_data_agree_with_the_claim(data):
    for given in (data, gain.compute(), gain.compute(num_points=11, nearest=1e-12)):
        found = gain.check(given)
        assert [item.part for item in found] == CLAIM_PARTS
        for item in found:
            assert (item.rung, item.grade, item.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)


def changed(data, name, ratio):
    curve = {**data[name], "ratio": ratio(data[name])}
    if name == "points":
        curve["exact"] = curve["ratio"] * curve["theorem_1"]
    return replace(data, curves={**data.curves, name: curve})


@pytest.mark.parametrize(
    ("name", "ratio", "refuted"),
    [
        ("points", lambda c: c["ratio"] * (1 - 1e-9), {"never_below", "strictly_larger"}),
        ("points", lambda c: c["ratio"] * (1 + 1e-9), {"strictly_larger"}),
        ("points", lambda c: np.where(c["p_a"] + c["p_b"] > 1, 1.1, c["ratio"]), {"gain_beyond"}),
        ("points", lambda c: 1.6 * c["ratio"], {"strictly_larger", "gain"}),
        ("ridge", lambda c: np.minimum(c["ratio"], 1.3), {"gain"}),
        ("ridge", lambda c: 1.1 * c["ratio"], {"gain"}),
        ("ridge", lambda c: 1 + 0.5 * (c["ratio"] - 1), {"gain"}),
        ("ridge", lambda c: np.ones_like(c["ratio"]), {"strictly_larger", "gain"}),
    ],
)
def test_the_check_flips_with_the_data(data, name, ratio, refuted, monkeypatch):
    monkeypatch.setattr(gain, "_placed", lambda _: True)  # as if the formula were another one
    found = gain.check(changed(data, name, ratio))
    assert {item.part for item in found if item.finding is False} == refuted
    for item in found:
        if item.part in refuted:
            assert item.grade is Grade.REFUTED
            assert set(item.witness) == {"PA", "PB", "exact / Theorem 1"}


def test_ratios_of_other_radii_and_no_numbers_say_nothing(data):
    for column in ("exact", "theorem_1", "ratio"):
        for factor in (1 + 1e-9, np.nan):
            points = {**data["points"], column: data["points"][column] * factor}
            found = gain.check(replace(data, curves={**data.curves, "points": points}))
            assert [item.grade for item in found] == [Grade.UNDECIDED] * 4
    found = gain.check(changed(data, "ridge", lambda c: c["ratio"] * np.nan))
    assert [item.grade for item in found] == [Grade.UNDECIDED] * 4


def test_outlines_without_their_ratio_say_nothing(data):
    sides = [f"{side}_{level:g}" for level in gain.LEVELS for side in ("above", "below")]
    for name in ("line", "ridge", "points", *sides):
        for column in ("p_a", "one_minus_p_a", "p_b") if name in data.curves else ():
            values = data[name][column].copy()
            values[-60 if name == "points" else 5] *= 1 - 1e-4
            curve = {**data[name], column: values}
            found = gain.check(replace(data, curves={**data.curves, name: curve}))
            assert [item.grade for item in found] == [Grade.UNDECIDED] * 4, (name, column)


def test_caption_numbers_come_from_the_data(data):
    text = gain.caption(data)
    assert f"({data['ridge']['ratio'][-1]:.4g} at 1 - PA = 1e-06)" in text
    assert f"it is {data['points']['ratio'].max():.3g} at PA = " in text
    assert "1 - PB/PA = 1e-09" in text
    other = changed(data, "ridge", lambda c: c["ratio"] / 2)
    assert f"({data['ridge']['ratio'][-1] / 2:.4g} at" in gain.caption(other)


@pytest.mark.parametrize(("venue", "span"), [("iclr", "column"), ("icml", "page")])
def test_axes_legend_and_shades(data, venue, span):
    figure = gain.draw(data, rc(venue, span))
    whole, end, bar = figure.axes
    assert whole.get_xlim() == whole.get_ylim() == (0, 1)
    assert whole.get_aspect() == 1
    assert (whole.get_xlabel(), end.get_xlabel()) == ("$P_A$", "$1 - P_A$")
    assert whole.get_ylabel() == end.get_ylabel() == "$P_B$"
    assert end.get_xscale() == end.get_yscale() == "log"
    assert end.get_xlim() == pytest.approx((0.5, 1e-6))
    assert end.get_ylim() == pytest.approx((1e-15, 1))
    ticks = [label.get_text() for label in bar.get_xticklabels()]
    assert ticks == ["1", "1.1", "1.2", "1.3", "1.4", "1.5", "2", "3", "5", "10"]
    assert bar.get_xlabel() == "exact radius / Theorem 1"
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["$P_B = 1 - P_A$", "$P_B = (1 - P_A)^2 / P_A$"]
    for axes, abscissa in ((whole, "p_a"), (end, "one_minus_p_a")):
        for line, name in zip(axes.lines, ("line", "ridge"), strict=True):
            assert np.array_equal(line.get_xdata(), data[name][abscissa])
            assert np.array_equal(line.get_ydata(), data[name]["p_b"])
        # darker from level to level, the larger ratio on top, in grey print too
        grey = [
            patch.get_facecolor()[:3] @ np.array([0.299, 0.587, 0.114]) for patch in axes.patches
        ]
        shades = list(dict.fromkeys(np.round(grey[1:], 9)))
        assert len(shades) == len(gain.LEVELS) + 1
        assert (np.diff(shades) < -0.02).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_points": 9}, "num_points = 9 is not at least 10"),
        ({"nearest": 1e-13}, r"nearest = 1e-13 is outside \[1e-12, 1e-4\]"),
        ({"nearest": 1e-3}, "nearest = 0.001 is outside"),
        ({"nearest": float("nan")}, "nearest = nan is outside"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        gain.compute(**arguments)
