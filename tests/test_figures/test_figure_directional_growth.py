"""The radius of k equal coordinates: against closed forms, a lattice and the limit."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from figures import figure_directional_growth as growth
from figures.style import rc
from theory.claim import Grade, Rung

CLAIM_PARTS = ["never_smaller", "larger_off_axes", "equal_on_axes"]


@pytest.fixture(scope="module")
def data():
    return growth.compute(scale=0.7, most=70)


def kept(count, norm, p_a):
    """The largest P(Y in B) over B with P(X in B) = 1 - PA, T on a lattice of narrow cells.

    One coordinate of W is 0 with probability 1/2, a with e^-a/2, and between with a density; the
    law of the sum is a power of its Fourier transform, and Y's is the mirror image.
    """
    cells, step = max(64, 2**15 // count), norm / count
    places = np.linspace(0, step, cells + 1)
    inside = -np.diff(np.exp(-places)) / 2
    law = np.zeros(cells + 1)
    law[:-1] += inside / 2
    law[1:] += inside / 2
    law[0] += 0.5
    law[-1] += np.exp(-step) / 2
    size = count * cells + 1
    total = np.fft.irfft(np.fft.rfft(law, 2 * size) ** count, 2 * size)[:size].clip(min=0)
    under_x, under_y, lost = np.cumsum(total[::-1]), np.cumsum(total), 1 - p_a
    last = int(np.searchsorted(under_x, lost))
    before = under_x[last - 1] if last else 0.0
    part = (lost - before) / total[::-1][last]
    return (under_y[last - 1] if last else 0.0) + part * total[last]


@pytest.mark.parametrize("level", growth.LEVELS)
def test_the_worst_set_of_a_lattice_ties_at_the_plotted_radius(data, level):
    curve = data[f"radius_{level}"]
    for count, radius in zip(curve["count"], curve["radius"] / 0.7, strict=True):
        below, above = (kept(int(count), radius * (1 + s), level) for s in (-1e-5, 1e-5))
        assert below < 0.5 < above, count


@pytest.mark.parametrize("level", growth.LEVELS)
def test_one_and_two_coordinates_against_closed_forms(data, level):
    curve = data[f"radius_{level}"]
    lost = 1 - mpmath.mpf(str(level))
    v = -3 - mpmath.lambertw(-2 * mpmath.exp(-3), -1).real
    a = -2 - mpmath.lambertw(-(1 + 2 * lost) * mpmath.exp(-2), -1).real
    diagonal = 2 * a if a < v else -mpmath.log(4 * lost) + v + mpmath.log(1 + v)
    axis = -mpmath.log(2 * lost)
    expected = [float(mpmath.mpf(0.7) * norm) for norm in (axis, diagonal)]
    assert curve["radius"][:2] == pytest.approx(expected, rel=1e-12)
    assert curve["over_ball"][:2] == pytest.approx([1, float(diagonal / axis)], rel=1e-12)
    at = growth.LEVELS.index(level)
    assert data["limits"]["ball"][at] == pytest.approx(expected[0], rel=1e-12)
    quantile = mpmath.sqrt(2) * mpmath.erfinv(2 * mpmath.mpf(str(level)) - 1)
    assert data["limits"]["limit"][at] == pytest.approx(float(mpmath.mpf(0.7) * quantile))


def test_every_value_is_between_its_proved_neighbours(data):
    for level in growth.LEVELS:
        curve = data[f"radius_{level}"]
        assert curve["count"].tolist() == [*range(1, 17), 64]
        assert (curve["lower"] <= curve["radius"]).all()
        assert (curve["radius"] <= curve["upper"]).all()
        assert curve["upper"] == pytest.approx(curve["lower"], rel=1e-15)
        far = data["limits"]["limit"][growth.LEVELS.index(level)]
        expected = curve["radius"] / np.sqrt(curve["count"]) / far
        assert curve["over_limit"] == pytest.approx(expected, rel=1e-14)
        ball = data["limits"]["ball"][growth.LEVELS.index(level)]
        assert curve["over_ball"] == pytest.approx(curve["radius"] / ball, rel=1e-14)
    assert data["root"]["over_ball"] ** 2 == pytest.approx(data["root"]["count"])


def test_many_coordinates_come_close_to_the_limit():
    curve = growth.compute(most=1024)
    for level, close in zip(growth.LEVELS, (0.002, 0.004, 0.007, 0.013, 0.017), strict=True):
        over = curve[f"radius_{level}"]["over_limit"]
        assert 0 < over[-1] - 1 < close
        # the distance falls like 1/sqrt(k), roughly
        assert (over[-1] - 1) / (over[-2] - 1) == pytest.approx(0.5, abs=0.15)


def test_odd_and_even_numbers_differ_near_one_half(data):
    # the median of T is an atom for an even number of coordinates
    over = data["radius_0.6"]["over_limit"]
    assert (over[1:9:2] > over[2:10:2]).all()
    assert over[0] < 1 < over[1] and over[2] < 1


def test_the_plotted_data_agree_with_the_claim(data):
    found = growth.check(data)
    assert [item.part for item in found] == CLAIM_PARTS
    for item in found:
        assert (item.rung, item.grade, item.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)
        assert "lambda = 0.7" in item.scope


def scaled(data, factor, first=0, last=None):
    changed = {}
    for level in growth.LEVELS:
        curve = dict(data[f"radius_{level}"])
        for name in ("lower", "radius", "upper", "over_ball", "over_limit"):
            curve[name] = curve[name].copy()
            curve[name][first:last] *= factor
        changed[f"radius_{level}"] = curve
    return replace(data, curves={**data.curves, **changed})


def test_the_check_flips_with_the_data(data):
    smaller = growth.check(scaled(data, 0.1))
    assert [item.finding for item in smaller] == [False, False, False]
    assert all(item.grade is Grade.REFUTED for item in smaller)
    assert set(smaller[0].witness) == {"PA", "k", "r*/R"}
    assert [item.finding for item in growth.check(scaled(data, 1.001, 0, 1))] == [True, True, False]
    assert [item.finding for item in growth.check(scaled(data, 0.5, 1, 2))] == [False, False, True]


def test_floats_that_leave_the_proved_ones_say_nothing(data):
    curve = data["radius_0.9"]
    for name, values in curve.items():  # each by itself: the dots, and what stands beside them
        for factor in (0.99, 1.01, np.nan):
            moved = {**curve, name: values * factor}
            found = growth.check(replace(data, curves={**data.curves, "radius_0.9": moved}))
            assert [item.grade for item in found] == [Grade.UNDECIDED] * 3, name


def test_caption_numbers_come_from_the_data(data):
    text = growth.caption(data)
    assert "lambda = 0.7" in text
    assert "At k = 64:" in text
    assert "below the limit: PA = 0.6 at k = 1, 3, 5." in text
    last = data["radius_0.99"]["over_ball"][-1]
    ball = data["limits"]["ball"][growth.LEVELS.index(0.99)]
    assert f"PA = 0.99: R = {ball:.4g}, r* = {last:.4g} R" in text
    curve = {**data["radius_0.99"], "over_ball": data["radius_0.99"]["over_ball"] * 10}
    other = replace(data, curves={**data.curves, "radius_0.99": curve})
    assert f"r* = {10 * last:.4g} R" in growth.caption(other)


@pytest.mark.parametrize(("venue", "span"), [("iclr", "column"), ("icml", "page")])
def test_axes_and_legend(data, venue, span):
    figure = growth.draw(data, rc(venue, span))
    ball, limit = figure.axes
    for axes in (ball, limit):
        assert axes.get_xscale() == "log"
        assert axes.get_xlim() == pytest.approx((0.8, 87.5))
        assert axes.get_xlabel() == "equal coordinates $k$"
    assert ball.get_yscale() == "log"
    low, high = ball.get_ylim()
    for line, level in zip(ball.lines, growth.LEVELS, strict=False):
        curve = data[f"radius_{level}"]
        assert np.array_equal(line.get_xdata(), curve["count"])
        assert np.array_equal(line.get_ydata(), curve["over_ball"])
        assert low < curve["over_ball"].min() and curve["over_ball"].max() < high
    assert np.array_equal(ball.lines[-1].get_ydata(), data["root"]["over_ball"])
    for line, level in zip(limit.lines, growth.LEVELS, strict=False):
        assert np.array_equal(line.get_ydata(), data[f"radius_{level}"]["over_limit"])
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [*(f"$P_A = {level:g}$" for level in growth.LEVELS), r"$\sqrt{k}$"]
    looks = {(line.get_color(), str(line._dash_pattern)) for line in ball.lines[:-1]}
    assert len({color for color, _ in looks}) == len({dash for _, dash in looks}) == 5


def test_few_coordinates_leave_room_for_two_labels():
    figure = growth.draw(growth.compute(most=5))
    for axes in figure.axes:
        assert axes.get_xlim() == pytest.approx((0.8, 12.5))
        figure.draw_without_rendering()
        words = [label.get_text() for label in axes.get_xticklabels(which="minor")]
        assert not any(words)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"most": 1}, "most = 1 is outside 2, ..., 65536"),
        ({"most": 65537}, "most = 65537 is outside"),
        ({"scale": 0.0}, r"scale = 0.0 is outside \[1e-100, 1e100\]"),
        ({"scale": 1e101}, r"scale = 1e\+101 is outside \[1e-100, 1e100\]"),
        ({"scale": float("nan")}, r"scale = nan is outside \[1e-100, 1e100\]"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        growth.compute(**arguments)
