"""Three noises of the same variance: radii and meetings against mpmath, and what they show."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from figures import figure_equal_variance as variance
from figures.style import LINES, rc
from theory.claim import Grade, Rung

CLAIM_PARTS = ["against_laplace", "three_intervals", "gains"]
START = {"p_UG": "0.9333", "p_UL": "0.9429", "p_GL": "0.9536"}


@pytest.fixture(scope="module")
def data():
    return variance.compute(scale=2.5, num_points=60)


def leaves(noise, p):
    """The move in units of lambda at which a half-space of mass p is left with 1/2."""
    if noise == "laplace":  # P(X_1 > t) = e^-t/2
        return -mpmath.log(2 * (1 - p))
    if noise == "gaussian":
        return mpmath.sqrt(2) * mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1)
    # E X^2 = Lambda^2/3 = 2 lambda^2, and P(X_1 > t) = (1 - t/Lambda)/2
    return mpmath.sqrt(3 * 2) * (1 - 2 * (1 - p))


@pytest.mark.parametrize("noise", variance.NOISES)
def test_the_radii_against_mpmath(data, noise):
    curve = data[noise]
    assert curve["radius"][0] == curve["lead"][0] == 0
    with mpmath.workdps(40):
        for p, radius, lead in zip(*(curve[name][1:] for name in curve), strict=True):
            at = mpmath.mpf(float(p))
            assert radius == pytest.approx(float(2.5 * leaves(noise, at)), rel=1e-12)
            ours = 2.5 * (leaves(noise, at) - leaves("laplace", at))
            assert lead == pytest.approx(float(ours), abs=1e-12)


@pytest.mark.parametrize(("scale", "num_points"), [(1.0, 20), (0.01, 1000), (40.0, 333)])
@pytest.mark.parametrize("name", variance.MEETINGS)
def test_the_meetings_against_mpmath(name, scale, num_points):
    first, second = variance.MEETINGS[name]
    meet = variance.compute(scale=scale, num_points=num_points)[name]
    with mpmath.workdps(40):
        start = mpmath.mpf(START[name])
        p = mpmath.findroot(lambda p: leaves(first, p) - leaves(second, p), (start, start + 1e-4))
        assert meet["p_a"] == pytest.approx([float(p)], rel=1e-13)
        assert meet["radius"] == pytest.approx([float(scale * leaves(first, p))], rel=1e-12)


def test_the_plotted_points(data):
    p_a = data["uniform"]["p_a"]
    assert (np.diff(p_a) > 0).all()
    assert p_a[0] == 0.5
    assert p_a[-1] == pytest.approx(1 - 1e-5, rel=1e-12)
    for noise in variance.NOISES:
        assert np.array_equal(data[noise]["p_a"], p_a)
        assert (np.diff(data[noise]["radius"]) > 0).all()


@pytest.mark.parametrize(
    ("scale", "num_points"),
    [(1.0, 1000), (7.0, 500), (1e-100, 20), (1e100, 21), (1.0, 57), (0.3, 50_000)],
)
def test_the_plotted_data_agree_with_the_claim(scale, num_points):
    found = variance.check(variance.compute(scale=scale, num_points=num_points))
    assert [item.part for item in found] == CLAIM_PARTS
    for item in found:
        assert (item.rung, item.grade, item.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)
        assert f"lambda = {scale:g}" in item.scope


def scaled(data, noise, factor):
    curve = {**data[noise], "radius": factor * data[noise]["radius"]}
    return replace(data, curves={**data.curves, noise: curve})


def shifted(data, name, by):
    curve = {**data[name], "p_a": data[name]["p_a"] + by}
    return replace(data, curves={**data.curves, name: curve})


def refuted(data):
    found = variance.check(data)
    for item in found:
        assert item.grade is (Grade.CONSISTENT if item.finding else Grade.REFUTED)
        assert (item.witness is None) == item.finding
    return {item.part for item in found if item.finding is False}


def test_the_largest_leads_are_plotted(data):
    lead = data["uniform"]["lead"]
    assert lead.max() == pytest.approx(2.5 * (np.sqrt(6) - 1 - np.log(6) / 2), rel=1e-12)
    u = np.sqrt(np.log(6 / np.pi) / 2)
    over = data["uniform"]["radius"] - data["gaussian"]["radius"]
    assert over.max() == pytest.approx(2.5 * float(np.sqrt(6) * mpmath.erf(u) - 2 * u), rel=1e-12)


def test_the_zoom_holds_its_curves_with_few_points():
    few, many = (variance.compute(num_points=n)["end"] for n in (20, 2000))
    for column in ("p_a", "lead"):
        assert few[column] == pytest.approx(many[column], rel=1e-9)
    # the circles are on the drawn lines
    data = variance.compute(num_points=20)
    for name, (first, second) in variance.MEETINGS.items():
        for noise in (first, second):
            drawn = np.interp(data[name]["p_a"], data[noise]["p_a"], data[noise]["lead"])
            assert drawn == pytest.approx(data[name]["lead"], abs=1e-3)


def test_the_check_sees_the_drawn_leads_and_what_is_no_number(data):
    for noise in variance.NOISES:
        for column in ("radius", "lead"):
            values = data[noise][column].copy()
            values[7] = np.nan
            curve = {**data[noise], column: values}
            grades = [
                item.grade
                for item in variance.check(replace(data, curves={**data.curves, noise: curve}))
            ]
            assert grades[2] is Grade.UNDECIDED
            assert (grades[1] is Grade.UNDECIDED) == (column == "radius")
        moved = {**data[noise], "lead": data[noise]["lead"] + 1e-6}
        assert refuted(replace(data, curves={**data.curves, noise: moved})) == {"gains"}


def test_the_check_flips_with_the_data():
    data = variance.compute()
    assert refuted(scaled(data, "uniform", 0.99)) == set(CLAIM_PARTS)
    assert refuted(scaled(data, "uniform", 1.01)) == set(CLAIM_PARTS)
    assert refuted(scaled(data, "gaussian", 1.05)) == {"three_intervals", "gains"}
    assert refuted(scaled(data, "gaussian", 0.95)) == {"three_intervals", "gains"}
    assert refuted(scaled(data, "laplace", 1.05)) == set(CLAIM_PARTS)
    assert refuted(shifted(data, "p_GL", 1e-6)) == {"three_intervals"}
    assert refuted(shifted(data, "p_UG", -1e-6)) == {"three_intervals"}
    assert refuted(shifted(data, "p_UL", 1e-6)) == {"three_intervals", "against_laplace"}
    for name in variance.MEETINGS:
        for height in ("radius", "lead"):
            circle = {**data[name], height: data[name][height] + 1e-6}
            moved = replace(data, curves={**data.curves, name: circle})
            assert "three_intervals" in refuted(moved), (name, height)
    none = {name: np.array([]) for name in data["p_UL"]}
    without = replace(data, curves={**data.curves, "p_UL": none})
    assert refuted(without) == {"three_intervals", "against_laplace"}
    unknown = variance.check(shifted(data, "p_UL", np.nan))
    assert [item.finding for item in unknown] == [None, None, True]


def test_curves_of_different_points_are_refused(data):
    other = variance.compute(num_points=61)["gaussian"]
    with pytest.raises(ValueError, match="not of the same PA"):
        variance.check(replace(data, curves={**data.curves, "gaussian": other}))


def test_caption_numbers_come_from_the_data(data):
    text = variance.caption(data)
    assert "lambda = 2.5" in text
    assert "uniform for 1/2 < PA < 0.933339131" in text
    assert "Gaussian for 0.933339131 < PA < 0.953559142" in text
    assert "Laplace for 0.953559142 < PA < 1." in text
    assert "Uniform and Laplace meet at PA = 0.942896356;" in text
    lead = data["uniform"]["lead"].max()
    assert f"leads by up to {lead:.4g}" in text
    assert lead == pytest.approx(2.5 * (np.sqrt(6) - 1 - np.log(6) / 2), rel=1e-3)
    moved = shifted(data, "p_GL", 0.01)
    assert "Laplace for 0.963559142 < PA < 1." in variance.caption(moved)


@pytest.mark.parametrize(("venue", "span"), [("iclr", "column"), ("icml", "page")])
def test_axes_legend_and_marks(data, venue, span):
    figure = variance.draw(data, rc(venue, span))
    whole, end = figure.axes
    assert whole.get_xlim() == (0.5, 1)
    assert whole.get_ylim() == (0, 12.5)
    assert whole.get_ylabel() == r"certified $\ell_1$ radius ($\lambda$ = 2.5)"
    assert end.get_ylabel() == "radius $-$ Laplace's"
    labels = [text.get_text() for text in whole.get_legend().get_texts()]
    assert labels == ["uniform", "Gaussian", "Laplace"]
    for axes, height in ((whole, "radius"), (end, "lead")):
        assert axes.get_xlabel() == "$P_A$"
        for line, name in zip(axes.lines, (*variance.NOISES, *variance.MEETINGS), strict=True):
            assert np.array_equal(line.get_xdata(), data[name]["p_a"])
            assert np.array_equal(line.get_ydata(), data[name][height])
            if name in LINES:
                assert line.get_color() == LINES[name]["color"]
            else:
                assert line.get_marker() == "o"
    assert [text.get_text() for text in end.texts] == ["0.9333", "0.9429", "0.9536"]
    low, high = end.get_xlim()
    bottom, top = end.get_ylim()
    assert 0.91 < low < 0.9333 and 0.9536 < high < 0.97
    for name in variance.MEETINGS:
        assert bottom < data[name]["lead"][0] < top


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_points": 19}, "num_points = 19 is not at least 20"),
        ({"scale": 0.0}, r"scale = 0.0 is outside \[1e-100, 1e100\]"),
        ({"scale": 1e308}, r"scale = 1e\+308 is outside \[1e-100, 1e100\]"),
        ({"scale": float("nan")}, r"scale = nan is outside \[1e-100, 1e100\]"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        variance.compute(**arguments)
