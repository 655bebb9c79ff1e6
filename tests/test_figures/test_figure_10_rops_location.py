"""Figure 10: the two suprema over x, their crossing, and what the plotted data say of "every"."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from figures import figure_10_rops_location as location
from theory.claim import Grade, Rung

PRECISION = 60


def stays(noise, m, deviation):
    """P(|x + noise| <= 1) with x = 1 - m, by the laws' own distribution functions."""
    if noise == "gaussian":
        return mpmath.ncdf(m / deviation) + mpmath.ncdf((2 - m) / deviation) - 1
    scale = deviation / mpmath.sqrt(2)
    return 1 - (mpmath.exp(-m / scale) + mpmath.exp(-(2 - m) / scale)) / 2


@pytest.mark.parametrize(("num_points", "nearest"), [(11, 1e-9), (60, 1e-3)])
@pytest.mark.parametrize("noise", location.NOISES)
def test_the_suprema_against_mpmath(noise, num_points, nearest):
    curve = location.compute(num_points=num_points, nearest=nearest)[noise]
    with mpmath.workdps(PRECISION):
        for m, deviation in zip(curve["one_minus_x"][::7], curve["deviation"][::7], strict=True):
            gap, at = mpmath.mpf(float(m)), mpmath.mpf(float(deviation))
            # the agreement falls through 1/2 within a relative 1e-14 of the plotted supremum
            below, above = (stays(noise, gap, at * (1 + s)) for s in (-1e-14, 1e-14))
            assert below > 0.5 > above, (noise, m)


@pytest.mark.parametrize(("num_points", "nearest"), [(11, 1e-9), (60, 1e-3)])
def test_laplace_against_its_exact_parametrisation(num_points, nearest):
    # v = (1 + x)/lambda and w = (1 - x)/lambda have e^-v + e^-w = 1: with b = e^-v, w is -log(1-b)
    curve = location.compute(num_points=num_points, nearest=nearest)["laplace"]
    with mpmath.workdps(PRECISION):
        for m, deviation in zip(curve["one_minus_x"][::5], curve["deviation"][::5], strict=True):
            scale = mpmath.mpf(float(deviation)) / mpmath.sqrt(2)
            b = mpmath.exp(-(2 - mpmath.mpf(float(m))) / scale)
            v, w = -mpmath.log(b), -mpmath.log(1 - b)
            assert float(2 * w / (v + w)) == pytest.approx(m, rel=1e-12)
            assert float(2 / (v + w)) == pytest.approx(float(scale), rel=1e-12)


def test_the_suprema_at_the_origin():
    data = location.compute(num_points=10)
    assert data["laplace"]["x"][0] == 0
    assert data["laplace"]["deviation"][0] == pytest.approx(np.sqrt(2) / np.log(2), rel=1e-15)
    with mpmath.workdps(PRECISION):
        quartile = mpmath.sqrt(2) * mpmath.erfinv(mpmath.mpf(1) / 2)
        assert data["gaussian"]["deviation"][0] == pytest.approx(float(1 / quartile), rel=1e-15)


def test_the_locations():
    data = location.compute(num_points=25, nearest=1e-7)
    for noise in location.NOISES:
        x, gap = data[noise]["x"], data[noise]["one_minus_x"]
        assert (np.diff(gap) < 0).all()
        assert x == pytest.approx(1 - gap, abs=2e-16)
        assert gap[-1] == pytest.approx(1e-7, rel=1e-15)
        assert (np.diff(data[noise]["deviation"]) <= 0).all()


@pytest.mark.parametrize(("num_points", "nearest"), [(10, 1e-6), (500, 1e-9), (77, 1e-3)])
def test_the_crossing_against_mpmath(num_points, nearest):
    crossing = location.compute(num_points=num_points, nearest=nearest)["crossing"]
    with mpmath.workdps(PRECISION):
        m, deviation = mpmath.findroot(
            lambda m, s: [stays(noise, m, s) - mpmath.mpf(1) / 2 for noise in location.NOISES],
            (mpmath.mpf("0.025"), mpmath.mpf("0.88")),
        )
    assert crossing["one_minus_x"] == pytest.approx([float(m)], rel=1e-12)
    assert crossing["x"] == pytest.approx([float(1 - m)], rel=1e-14)
    assert crossing["deviation"] == pytest.approx([float(deviation)], rel=1e-13)


@pytest.mark.parametrize("num_points", [100, 500])
def test_the_plotted_data_refute_every(num_points):
    data = location.compute(num_points=num_points)
    (item,) = location.check(data)
    assert (item.rung, item.grade, item.part) == (Rung.FIGURE, Grade.REFUTED, "every_x")
    assert item.finding is False
    assert item.witness["x"] in {"0.98", "0.99"}
    with mpmath.workdps(PRECISION):
        m = 1 - mpmath.mpf(item.witness["x"])
        between = mpmath.mpf(item.witness["sup sigma"]) * (1 - mpmath.mpf(10) ** -6)
        assert between > mpmath.mpf(item.witness["sqrt(2) sup lambda"])
        assert stays("gaussian", m, between) > 0.5 > stays("laplace", m, between)


def scaled(data, noise, factor):
    curve = {**data[noise], "deviation": factor * data[noise]["deviation"]}
    return replace(data, curves={**data.curves, noise: curve})


def test_the_check_flips_with_the_data():
    data = location.compute(num_points=50)
    (item,) = location.check(scaled(data, "gaussian", 0.5))
    assert (item.grade, item.finding, item.witness) == (Grade.CONSISTENT, True, None)
    (item,) = location.check(scaled(data, "laplace", 0.5))
    assert item.finding is False
    assert len(item.witness["x"]) == 3  # a plotted point of one decimal
    tied = replace(data, curves={**data.curves, "gaussian": data["laplace"]})
    (item,) = location.check(scaled(tied, "gaussian", 1 + 4e-16))
    assert item.finding is True


def test_curves_of_different_points_are_refused():
    data, other = location.compute(num_points=20), location.compute(num_points=30)
    with pytest.raises(ValueError, match="not of the same x"):
        location.check(replace(data, curves={**data.curves, "gaussian": other["gaussian"]}))


def test_caption_numbers_come_from_the_data():
    data = location.compute(nearest=1e-4)
    text = location.caption(data)
    digits = f"{data['crossing']['x'][0]:.6g}"
    assert f"Laplace for 0 <= x < {digits}; Gaussian for {digits} < x < 1" in text
    assert "down to 1 - x = 0.0001" in text
    none = {name: np.array([]) for name in data["crossing"]}
    plain = replace(
        scaled(data, "gaussian", 0.5),
        curves={**scaled(data, "gaussian", 0.5).curves, "crossing": none},
    )
    assert "the larger one is Laplace for 0 <= x < 1." in location.caption(plain)
    for said in ("Neither", "circle"):
        assert said in text
        assert said not in location.caption(plain)
    # beyond the last plotted x the Gaussian one is larger, but the data do not say so
    short = location.caption(location.compute(num_points=10, nearest=0.05))
    assert "At the plotted x the larger one is Laplace for 0 <= x < 1. The inset" in short


def test_axes_legend_and_zoom():
    data = location.compute(num_points=50, nearest=1e-5)
    (axes,) = location.draw(data).axes
    assert axes.get_xlim() == (0, 1)
    assert axes.get_ylim()[0] == 0
    assert axes.get_ylim()[1] > data["laplace"]["deviation"].max()
    assert axes.get_xlabel() == "location $x$"
    assert "standard deviation" in axes.get_ylabel()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == [r"Laplace, $\sqrt{2}\,\lambda$", r"Gaussian, $\sigma$"]
    (zoom,) = axes.child_axes
    assert zoom.get_xscale() == "log"
    assert zoom.get_xlim() == (0.1, 1e-5)
    assert zoom.texts[0].get_text() == "$x = 0.9746$"
    low, high = zoom.get_ylim()
    for noise in location.NOISES:
        seen = data[noise]["deviation"][data[noise]["one_minus_x"] <= 0.1]
        assert low < seen.min() and seen.max() < high


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_points": 9}, "num_points = 9 is not at least 10"),
        ({"nearest": 0.0}, r"nearest = 0.0 is outside \(0, 0.1\)"),
        ({"nearest": 0.1}, r"nearest = 0.1 is outside \(0, 0.1\)"),
        ({"nearest": float("nan")}, "nearest = nan is outside"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        location.compute(**arguments)
