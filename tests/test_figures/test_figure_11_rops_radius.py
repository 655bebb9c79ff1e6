"""Figure 11: the suprema over r by Arb and mpmath, both crossings, and what the data say."""

from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from figures import figure_11_rops_radius as radius
from figures import rops_curves
from theory import rops
from theory.claim import Grade, Rung
from theory.exact import to_ball
from theory.rops_order import last_location_ball, order_change_ball

PRECISION = 60
GAP = "one_minus_x_minus_r"
SUPREMA = {"laplace": rops.laplace_supremum_ball, "gaussian": rops.gaussian_supremum_ball}


@pytest.mark.parametrize(("x", "nearest"), [(0.3, 1e-6), (0.0, 1e-8), (0.75, 1e-9), (0.98, 1e-4)])
@pytest.mark.parametrize("noise", rops_curves.NOISES)
def test_the_suprema_against_balls(noise, x, nearest):
    data = radius.compute(x=x, num_points=40, nearest=nearest)
    near = Fraction(1 - x)
    for name, step in ((noise, 11), (f"{noise}_exact", 17)):
        curve = data[name]
        for k in [*range(0, len(curve["r"]), step), -1]:
            gap = Fraction(float(curve[GAP][k]))
            place, reach = (1 - gap, 0) if name.endswith("exact") else (1 - near, near - gap)
            ball = SUPREMA[noise](place, precision=90, radius=reach)
            plotted = to_ball(float(curve["deviation"][k]), 200)
            assert abs(plotted / ball - 1) < 1e-13, (name, k)


@pytest.mark.parametrize("x", [0.0, 0.3, 0.9])
def test_the_certificates_at_the_suprema_are_the_radius(x):
    data = radius.compute(x=x, num_points=13)
    end = mpmath.mpf(1 - x)
    with mpmath.workdps(PRECISION):
        for noise in rops_curves.NOISES:
            curve = data[noise]
            for gap, deviation in zip(curve[GAP][::9], curve["deviation"][::9], strict=True):
                reach = end - mpmath.mpf(float(gap))
                below, above = (
                    certified(noise, end, mpmath.mpf(float(deviation)) * (1 + s)) - reach
                    for s in (-1e-13, 1e-13)
                )
                assert below > 0 > above, (noise, gap)


def certified(noise, near, deviation):
    """-lambda log[2(1 - PA)] and sigma Phi^-1(PA) at x = 1 - near, by the laws themselves."""
    if noise == "laplace":
        scale = deviation / mpmath.sqrt(2)
        outside = (mpmath.exp(-near / scale) + mpmath.exp(-(2 - near) / scale)) / 2
        return -scale * mpmath.log(2 * outside)
    outside = mpmath.erfc(near / deviation / mpmath.sqrt(2))
    outside += mpmath.erfc((2 - near) / deviation / mpmath.sqrt(2))
    # Phi^-1(1 - outside/2), from a start that is near enough
    start = mpmath.sqrt(-2 * mpmath.log(outside)) if outside < 0.9 else mpmath.mpf("0.1")
    return deviation * mpmath.findroot(
        lambda t: mpmath.log(mpmath.erfc(t / mpmath.sqrt(2)) / outside), start
    )


@pytest.mark.parametrize("x", [0.0, 0.3, 0.5, 0.9, 0.97])
def test_the_crossings_against_their_enclosures(x):
    data = radius.compute(x=x, num_points=30)
    ball = order_change_ball(x, precision=90)
    last = last_location_ball(precision=90) - to_ball(x, 90)
    for name, expected in (("crossing", ball), ("crossing_exact", last)):
        crossing = data[name]
        assert crossing["r"] == pytest.approx([float(expected.mid())], abs=1e-13)
        assert crossing["r"] + crossing[GAP] == pytest.approx([1 - x], abs=1e-15)
    level = data["crossing"]["deviation"][0]
    for supremum in SUPREMA.values():
        there = supremum(x, precision=90, radius=float(data["crossing"]["r"][0]))
        assert float(there.mid()) == pytest.approx(level, rel=1e-11)


def test_beyond_the_last_location_there_is_no_crossing():
    data = radius.compute(x=0.98)
    assert data["crossing"]["r"].size == data["crossing_exact"]["r"].size == 0
    for suffix in ("", "_exact"):
        lead = data[f"laplace{suffix}"]["deviation"] - data[f"gaussian{suffix}"]["deviation"]
        assert (lead < 0).all()
    text = radius.caption(data)
    assert text.count("at the plotted r the larger one is Gaussian for 0 <= r < 0.02") == 2
    assert "circle" not in text
    labels = [t.get_text() for t in radius.draw(data).axes[0].get_legend().get_texts()]
    assert len(labels) == 3


def test_the_radii():
    data = radius.compute(x=0.25, num_points=30, nearest=1e-7)
    for name in ("laplace", "gaussian", "laplace_exact", "gaussian_exact"):
        r, gap = data[name]["r"], data[name][GAP]
        assert r[0] == 0
        assert (np.diff(gap) < 0).all()
        assert r + gap == pytest.approx(np.full(r.size, 0.75), abs=2e-16)
        assert gap[-1] == pytest.approx(1e-7, rel=1e-14)
        assert (np.diff(data[name]["deviation"]) < 0).all()
    for noise in rops_curves.NOISES:  # the certificate is never above the exact distance
        exact, certificate = (data[noise + s]["deviation"] for s in ("_exact", ""))
        assert exact[0] == pytest.approx(certificate[0], rel=1e-14)
        assert (exact[1:] > certificate[1:]).all()


def test_the_plotted_data_refute_both_printed_parts_and_fit_both_corrections():
    found = {item.part: item for item in radius.check(radius.compute())}
    assert list(found) == [
        "every_radius",
        "one_crossing",
        "every_exact_radius",
        "one_exact_crossing",
    ]
    assert {item.rung for item in found.values()} == {Rung.FIGURE}
    for part in ("one_crossing", "one_exact_crossing"):
        assert (found[part].grade, found[part].finding) == (Grade.CONSISTENT, True)
    for part in ("every_radius", "every_exact_radius"):
        item = found[part]
        assert (item.grade, item.finding) == (Grade.REFUTED, False)
        with mpmath.workdps(PRECISION):
            laplace, gaussian = (
                mpmath.mpf(item.witness[name]) for name in ("sqrt(2) sup lambda", "sup sigma")
            )
            between, reach = (laplace + gaussian) / 2, mpmath.mpf(item.witness["r"])
            assert gaussian > 1.05 * laplace
            near = mpmath.mpf("0.7")
            if part == "every_exact_radius":
                near, reach = near - reach, 0
            assert certified("gaussian", near, between) > reach
            assert certified("laplace", near, between) < reach


def scaled(data, name, factor, column="deviation"):
    curve = {**data[name], column: factor * data[name][column]}
    return replace(data, curves={**data.curves, name: curve})


def by_part(data):
    return {item.part: item for item in radius.check(data)}


@pytest.mark.parametrize("suffix", ["", "_exact"])
def test_the_check_flips_with_the_data(suffix):
    data = radius.compute(num_points=50)
    every = "every_exact_radius" if suffix else "every_radius"
    one = "one_exact_crossing" if suffix else "one_crossing"
    found = by_part(scaled(data, f"gaussian{suffix}", 0.1))
    assert (found[every].grade, found[every].finding) == (Grade.CONSISTENT, True)
    assert (found[one].grade, found[one].finding) == (Grade.REFUTED, False)
    assert float(found[one].witness["r"]) > 0.49
    assert "sup sigma" in found[one].witness
    found = by_part(scaled(data, f"laplace{suffix}", 0.5))
    assert (found[every].finding, found[one].finding) == (False, False)
    assert found[one].witness["r"] == "0.0"
    # the other pair says what it said
    others = by_part(data)
    for part in found.keys() - {every, one}:
        assert found[part] == others[part]


@pytest.mark.parametrize("name", ["crossing", "crossing_exact"])
def test_marked_crossings_are_judged(name):
    data = radius.compute(num_points=50)
    part = "one_exact_crossing" if name.endswith("exact") else "one_crossing"
    moved = by_part(scaled(data, name, 1 + 1e-6, "r"))[part]
    assert (moved.grade, moved.finding) == (Grade.REFUTED, False)
    assert moved.witness == {"r": repr(float(data[name]["r"][0] * (1 + 1e-6)))}
    for count in (0, 2):
        marks = {column: np.repeat(values, count) for column, values in data[name].items()}
        item = by_part(replace(data, curves={**data.curves, name: marks}))[part]
        assert (item.grade, item.finding) == (Grade.UNDECIDED, None)


def test_of_another_location_the_claim_says_nothing():
    found = radius.check(radius.compute(x=0.6))
    assert [item.grade for item in found] == [Grade.UNDECIDED] * 4
    assert "the claim is about x = 0.3" in found[0].detail


def test_curves_of_different_points_are_refused():
    data, other = radius.compute(num_points=20), radius.compute(num_points=30)
    with pytest.raises(ValueError, match="not of the same r"):
        radius.check(replace(data, curves={**data.curves, "gaussian": other["gaussian"]}))


@pytest.mark.parametrize("name", ["laplace", "gaussian_exact"])
def test_curves_that_are_no_numbers_are_refused(name):
    data = radius.compute(num_points=20)
    with pytest.raises(ValueError, match="not finite at some r"):
        radius.check(scaled(data, name, np.nan))


def test_caption_numbers_come_from_the_data():
    data = radius.compute(x=0.4, nearest=1e-4)
    text = radius.caption(data)
    for name in ("crossing", "crossing_exact"):
        digits = f"{data[name]['r'][0]:.6g}"
        assert f"Laplace for 0 <= r < {digits}; Gaussian for {digits} < r < 0.6." in text
    assert "radius r at x = 0.4 " in text
    assert "the end r -> 0.6 " in text
    assert "down to 1 - x - r = 0.0001" in text
    excess = data["gaussian"]["deviation"] - data["laplace"]["deviation"]
    gap = data["laplace"][GAP][excess.argmax()]
    assert f"larger by up to {excess.max():.3g}, at 1 - x - r = {gap:.3g}." in text
    assert "The circles mark where" in text
    none = {column: np.array([]) for column in data["crossing"]}
    plain = scaled(data, "gaussian", 0.1)
    plain = replace(plain, curves={**plain.curves, "crossing": none})
    assert "the larger one is Laplace for 0 <= r < 0.6. Thin" in radius.caption(plain)


def test_a_curve_that_ends_before_its_crossing_has_no_circle():
    data = radius.compute(x=0.0, num_points=10, nearest=0.05)
    assert [data[name]["r"].size for name in ("crossing", "crossing_exact")] == [1, 0]
    assert "The circle marks where" in radius.caption(data)


def test_whole_numbers_and_the_smallest_gaps():
    one = rops_curves.suprema(np.array([1]), np.array([1]))
    for noise, supremum in SUPREMA.items():
        ball = supremum(0, precision=80, radius=0)
        assert one[noise] == pytest.approx([float(ball.mid())], rel=1e-14)
    data = radius.compute(num_points=10, nearest=1e-320)
    for noise in rops_curves.NOISES:
        assert (np.diff(data[noise]["deviation"][-20:]) < 0).all()


def test_axes_legend_and_zoom():
    data = radius.compute(num_points=50, nearest=1e-5)
    (axes,) = radius.draw(data).axes
    assert axes.get_xlim() == (0, 0.7)
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > data["laplace"]["deviation"].max()
    assert axes.get_xlabel() == "radius $r$ at $x = 0.3$"
    assert "standard deviation" in axes.get_ylabel()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels[:3] == [
        r"Laplace, $\sqrt{2}\,\lambda$",
        r"Gaussian, $\sigma$",
        "thin: exact distance",
    ]
    assert labels[3:] == ["$r = 0.4900, 0.6746$"]
    (zoom,) = axes.child_axes
    assert zoom.get_xscale() == "log"
    assert zoom.get_xlim() == (0.35, 1e-5)
    low, high = zoom.get_ylim()
    for suffix in ("", "_exact"):
        marks = data[f"crossing{suffix}"][GAP]
        assert 1e-5 < marks[0] < 0.35
        for noise in rops_curves.NOISES:
            curve = data[noise + suffix]
            seen = curve["deviation"][curve[GAP] <= 0.35]
            assert low < seen.min() and seen.max() < high
    thick, thin = (max(line.get_linewidth() for line in lines) for lines in split(axes))
    assert thick > 1.5 * thin


def split(axes):
    """The lines of the certificates, and those of the exact distance."""
    lines = [line for line in axes.lines if len(line.get_xdata()) > 10]
    assert len(lines) == 4
    return lines[:2], lines[2:]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": 1.0}, r"x = 1.0 is outside \[0, 1\)"),
        ({"x": -0.1}, r"x = -0.1 is outside \[0, 1\)"),
        ({"x": float("nan")}, "x = nan is outside"),
        ({"num_points": 9}, "num_points = 9 is not at least 10"),
        ({"nearest": 0.0}, r"nearest = 0.0 is outside \(0, 0.07\)"),
        ({"x": 0.5, "nearest": 0.05}, r"nearest = 0.05 is outside \(0, 0.05\)"),
        ({"nearest": float("nan")}, "nearest = nan is outside"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        radius.compute(**arguments)
