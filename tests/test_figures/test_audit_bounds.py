"""Radii of a log over PA: points, flags, curves and ceiling against SciPy; picture and caption."""

import math

import numpy as np
import pytest
from scipy import stats

from figures import audits
from figures import figure_audit_bounds as audit
from figures.style import rc
from figures.table import figure_module
from tests.test_figures.mutations import changed
from tests.test_figures.test_audit_accuracy import looks_right, saved_twice_the_same

N, ALPHA, SIGMA = 1000, 0.01, 0.5
CEILING = ALPHA ** (1 / N)
RUN = {"sigma": "0.5", "num_samples": N, "alpha": "0.01"}


def gaussian(p):
    return SIGMA * stats.norm.ppf(p)


def laplace(p):
    return stats.laplace.ppf(p, scale=SIGMA / math.sqrt(2))


def lecuyer(p):
    return SIGMA / math.sqrt(8) * np.log(p / (1 - p))


def computed(radius, p_low, p_high=None, flags=None, recovered=False, **more):
    radius, p_low = (np.asarray(one, dtype=float) for one in (radius, p_low))
    options = {
        "noise": "gaussian",
        "certificate": "cohen",
        "certificates": {"cohen": gaussian},
        "ceiling": CEILING,
        **RUN,
        **more,
    }
    return audit.compute(
        radius=radius,
        p_low=p_low,
        p_high=p_low if p_high is None else p_high,
        recovered=recovered,
        flags=flags or {},
        **options,
    )


def printed():
    """A Gaussian log of radii to two digits, some above the ceiling, some abstained."""
    generator = np.random.Generator(np.random.Philox(8))
    radius = np.concatenate([np.round(generator.beta(1, 2, 200), 2), [1.4] * 9])
    low, high = (stats.norm.cdf((radius + side * 0.005) / SIGMA) for side in (-1, 1))
    low[::20] = high[::20] = np.nan
    flags = {"above_ceiling": radius - 0.005 > gaussian(CEILING)}
    return computed(radius, low, high, flags, recovered=True)


@pytest.fixture(scope="module")
def data():
    return printed()


def test_points_and_flags_are_the_rows(data):
    points, above = data["points"], data["above_ceiling"]
    assert above["radius"].tolist() == [1.4]
    assert above["rows"].tolist() == [9 - 1]  # row 200 abstained
    assert points["rows"].sum() + above["rows"].sum() + data["counts"]["unknown"][0] == 209
    assert data["counts"]["unknown"][0] == math.ceil(209 / 20)
    for curve in (points, above):
        inside = stats.norm.ppf([curve["p_low"], curve["p_high"]]) * SIGMA - curve["radius"]
        assert inside == pytest.approx(
            np.array([[-0.005], [0.005]]) + np.zeros_like(inside), abs=1e-9
        )
        assert (curve["p_low"] < curve["p_a"]).all()
        assert (curve["p_a"] < curve["p_high"]).all()
        assert (1 - curve["low_gap"] == curve["p_low"]).all()
        assert (1 - curve["high_gap"] == curve["p_high"]).all()


def test_a_row_of_several_flags_stands_under_the_gravest():
    radius = np.array([1.4, 0.5, -0.2, 0.3])
    flags = {
        "negative_radius": [False, False, True, False],
        "above_own_bound": [True, True, False, False],
        "above_ceiling": [True, False, False, False],
    }
    data = computed(radius, [0.9, 0.7, 0.4, 0.8], flags=flags)
    found = {name: data[name]["radius"].tolist() for name in ("points", *flags)}
    assert found == {
        "points": [0.3],
        "negative_radius": [-0.2],
        "above_own_bound": [0.5],
        "above_ceiling": [1.4],
    }
    text = audit.caption(data)
    assert "above the ceiling (1 row), above its own bound (2 rows), negative (1 row)" in text
    assert "each by the first that it is" in text
    assert data["frame"]["p_a"][0] < 0.4
    assert data["frame"]["radius"][0] < -0.2


def test_curves_and_ceiling_are_the_certificates():
    functions = {"theorem_2": laplace, "theorem_1": laplace, "lecuyer": lecuyer}
    options = {"noise": "laplace", "certificate": "theorem_2", "certificates": functions}
    data = computed([0.3], [stats.laplace.cdf(0.3, scale=SIGMA / math.sqrt(2))], **options)
    assert audits.others(data) == ["lecuyer"]
    assert "The same curve at PB = 1 - PA: Theorem 1." in audit.caption(data)
    for name, function in (("certificate", laplace), ("other_lecuyer", lecuyer)):
        curve = data[name]
        assert curve["p_a"] == pytest.approx(1 - curve["one_minus_p_a"], abs=1e-16)
        assert curve["radius"] == pytest.approx(function(curve["p_a"]), rel=1e-9, abs=1e-12)
        assert curve["one_minus_p_a"][0] == 0.5
        assert curve["one_minus_p_a"][-1] < 1 - CEILING
    (top,) = data["ceiling"]["radius"]
    assert top == pytest.approx(-SIGMA / math.sqrt(2) * math.log(2 - 2 * ALPHA ** (1 / N)))
    swapped = {**options, "certificate": "lecuyer"}
    assert audits.others(computed([0.3], [0.9], **swapped)) == ["theorem_2", "theorem_1"]


def test_how_far_radii_are_above_the_curve_at_the_printed_bound():
    p = np.array([0.6, 0.7, 0.9])
    exact = computed(gaussian(p) - 1e-12, p)
    assert "no radius is above the exact curve" in audit.caption(exact)
    above = computed(gaussian(p) + np.array([0, 3e-5, 1e-5]), p)
    assert above["counts"]["above_curve"][0] == pytest.approx(3e-5, rel=1e-9)
    assert "a radius is above the exact curve by 3e-05 at most" in audit.caption(above)
    assert computed([-0.1], [0.4])["counts"]["above_curve"][0] == 0


def test_rows_that_cannot_be_shown():
    far = computed([np.inf, 1e300, 0.5, np.nan, 0.0], [1.0, 1.0, 0.84, 0.8, np.nan])
    assert far["points"]["radius"].tolist() == [0.5]
    counts = {name: one[0] for name, one in far["counts"].items()}
    assert (counts["unknown"], counts["beyond"]) == (2, 2)
    text = audit.caption(far)
    assert "Beyond the frame: 2 rows." in text
    assert "Not shown: 2 rows" in text
    assert far["frame"]["radius"][1] == pytest.approx(1.08 * gaussian(CEILING))
    few = computed([0.5], [0.84], ceiling=0.001**0.2)
    assert not few["ceiling"]["radius"].size
    assert "So few samples certify no radius at all." in audit.caption(few)


def test_caption_numbers_come_from_the_data(data):
    text = audit.caption(data)
    assert "198 of 209 rows, Gaussian noise of standard deviation 0.5" in text
    assert "recovered from the radius, so the points lie on the curve by construction" in text
    assert f"radius {gaussian(CEILING):.6g} at 1 - PA = {1 - CEILING:.4g}" in text
    assert "Marked: above the ceiling (8 rows)." in text
    other = changed(data, "counts", "above_ceiling", np.array([3.0]))
    assert "above the ceiling (3 rows)" in audit.caption(other)
    other = changed(data, "ceiling", "radius", np.array([7.25]))
    assert "radius 7.25 at" in audit.caption(other)


def test_files(data, tmp_path, monkeypatch):
    assert figure_module(data.figure, from_log=True) is audit
    saved_twice_the_same(data, tmp_path, monkeypatch)
    assert audit.check(data) == []


@pytest.mark.parametrize(
    ("venue", "span"), [("iclr", "column"), ("icml", "column"), ("icml", "page")]
)
def test_axes_legend_and_points(data, venue, span):
    settings = rc(venue, span)
    figure = audit.draw(data, settings)
    looks_right(figure, settings)
    whole, end = figure.axes
    assert (whole.get_xlabel(), end.get_xlabel()) == ("$P_A$", "$1 - P_A$")
    assert whole.get_ylabel() == end.get_ylabel() == "certified radius"
    assert (whole.get_xscale(), end.get_xscale()) == ("linear", "log")
    assert whole.get_xlim() == tuple(data["frame"]["p_a"])
    assert end.get_xlim() == pytest.approx(tuple(data["end"]["one_minus_p_a"]))
    left, right = end.get_xlim()
    assert left > 1 - CEILING > right  # PA rises to the right, and the ceiling is in sight
    assert end.get_ylim()[1] > 1.4
    for axes, place in ((whole, "p_a"), (end, "one_minus_p_a")):
        lines = {line.get_label(): line for line in axes.lines}
        assert lines.keys() == {"Cohen et al.", "rows of the log", "above the ceiling", "ceiling"}
        shown = {"rows of the log": "points", "above the ceiling": "above_ceiling"}
        for label, name in {**shown, "Cohen et al.": "certificate", "ceiling": "ceiling"}.items():
            assert np.array_equal(lines[label].get_xdata(), data[name][place])
            assert np.array_equal(lines[label].get_ydata(), data[name]["radius"])
        bars = [one for one in axes.collections if len(one.get_segments()) > 1]
        assert len(bars) == 1
        assert len(bars[0].get_segments()) == data["points"]["radius"].size
        (beyond,) = axes.patches
        edges = beyond.get_x(), beyond.get_x() + beyond.get_width()
        assert edges == pytest.approx((data["ceiling"][place][0], axes.get_xlim()[1]))
    looks = {(line.get_marker(), line.get_markerfacecolor()) for line in whole.lines}
    assert len(looks) == 4  # in grey print too


def test_printed_bounds_have_no_bars():
    figure = audit.draw(computed([0.3, 0.4], [0.7, 0.8]), rc())
    assert not any(axes.collections for axes in figure.axes)


@pytest.mark.parametrize("rows", [0, 1, 5])
def test_small_logs_are_drawn(rows):
    settings = rc("iclr", "column")
    nothing = np.full(rows, np.nan)
    for p_low in (nothing, np.full(rows, 0.8)):
        data = computed(np.zeros(rows), p_low)
        looks_right(audit.draw(data, settings), settings)
        assert f"of {rows} row" in audit.caption(data)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"p_high": [0.7]}, r"p_high has shape \(1,\), legal is \(2,\)"),
        ({"flags": {"above_ceiling": [True]}}, r"above_ceiling has shape \(1,\)"),
        ({"flags": {"wrong_order": [0, 0]}}, "flag = 'wrong_order' is none of above_ceiling"),
        ({"certificate": "uniform"}, "certificate = 'uniform' is none of cohen"),
        ({"certificates": {"best": gaussian}}, "certificate = 'best' is none of theorem_2"),
        ({"ceiling": 1.0}, r"ceiling = 1.0 is outside \(0, 1\)"),
        ({"ceiling": math.nan}, r"ceiling = nan is outside \(0, 1\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        computed([0.5, 0.7], [0.8, 0.9], **arguments)
