"""Figure 6: the three radii, their crossing, and what the plotted data say of "always"."""

from dataclasses import replace

import mpmath
import numpy as np
import pytest

from figures import figure_06_methods as methods
from theory.claim import Grade, Rung

PRECISION = 60


def radii(p_a, scale):
    p = mpmath.mpf(float(p_a))
    return {
        "theorem_2": -scale * mpmath.log(2 * (1 - p)),
        "lecuyer": scale / mpmath.mpf(2) * mpmath.log(p / (1 - p)),
        # Phi^-1 by the error function, not by the code under test
        "cohen": scale * mpmath.sqrt(2) * mpmath.sqrt(2) * mpmath.erfinv(2 * p - 1),
    }


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.5])
@pytest.mark.parametrize("method", methods.METHODS)
def test_radii_against_mpmath(method, scale):
    curve = methods.compute(scale=scale, num_points=40)[method]
    assert curve["p_a"][0] == 0.5
    assert (np.diff(curve["p_a"]) > 0).all()
    assert curve["p_a"][-1] == 1 - 1e-5
    with mpmath.workdps(PRECISION):
        for p_a, radius in zip(curve["p_a"], curve["radius"], strict=True):
            assert radius == pytest.approx(float(radii(p_a, scale)[method]), rel=4e-15, abs=1e-300)


@pytest.mark.parametrize("scale", [0.2, 1.0, 3.5])
@pytest.mark.parametrize("num_points", [10, 333, 1000])
def test_the_crossing_against_mpmath(scale, num_points):
    crossing = methods.compute(scale=scale, num_points=num_points)["crossing"]
    with mpmath.workdps(PRECISION):
        exact = mpmath.findroot(
            lambda p: mpmath.log(2 * (1 - p)) + 2 * mpmath.erfinv(2 * p - 1),
            (mpmath.mpf("0.94"), mpmath.mpf("0.97")),
            solver="anderson",
            tol=mpmath.mpf(10) ** -80,
        )
        height = -scale * mpmath.log(2 * (1 - exact))
    assert crossing["p_a"] == pytest.approx([float(exact)], rel=2e-14)
    assert crossing["radius"] == pytest.approx([float(height)], rel=2e-13)


@pytest.mark.parametrize("scale", [0.2, 3.5])
def test_the_plotted_data_refute_always(scale):
    data = methods.compute(scale=scale)
    (item,) = methods.check(data)
    assert (item.rung, item.grade, item.part) == (Rung.FIGURE, Grade.REFUTED, "largest_of_three")
    assert item.finding is False
    assert f"lambda = {scale:g}" in item.scope
    # the witness is on the picture, is short, and is a counterexample by itself
    assert len(item.witness["PA"]) <= 4
    assert float(item.witness["PA"]) in data["theorem_2"]["p_a"]
    with mpmath.workdps(PRECISION):
        exact = radii(float(item.witness["PA"]), scale)
        assert exact["cohen"] > exact["theorem_2"] > 0
        for method in methods.METHODS:
            assert float(item.witness[method]) == pytest.approx(float(exact[method]), rel=1e-14)


def scaled(data, method, factor):
    curve = {"p_a": data[method]["p_a"], "radius": factor * data[method]["radius"]}
    return replace(data, curves={**data.curves, method: curve})


def test_the_check_flips_with_the_data():
    data = methods.compute(scale=0.7)
    (item,) = methods.check(scaled(data, "cohen", 0.5))
    assert (item.grade, item.finding, item.witness) == (Grade.CONSISTENT, True, None)
    (item,) = methods.check(scaled(scaled(data, "cohen", 0.5), "lecuyer", 2.0))
    assert (item.grade, item.finding) == (Grade.REFUTED, False)


def test_ties_are_no_counterexample():
    data = methods.compute(scale=0.7)
    ours = data["theorem_2"]
    tied = {"p_a": ours["p_a"], "radius": np.nextafter(ours["radius"], np.inf)}
    (item,) = methods.check(replace(data, curves={**data.curves, "cohen": tied, "lecuyer": tied}))
    # at PA = 1/2 exactly, nextafter(0) is no rounding error but the smallest positive number
    assert item.finding is False
    assert item.witness["PA"] == "0.5"
    tied = {"p_a": ours["p_a"], "radius": ours["radius"] * (1 + 4e-16)}
    (item,) = methods.check(replace(data, curves={**data.curves, "cohen": tied, "lecuyer": tied}))
    assert item.finding is True


def test_curves_of_different_points_are_refused():
    data = methods.compute(num_points=20)
    other = methods.compute(num_points=30)
    with pytest.raises(ValueError, match="not of the same PA"):
        methods.check(replace(data, curves={**data.curves, "cohen": other["cohen"]}))


def test_caption_numbers_come_from_the_data():
    data = methods.compute(scale=2.5)
    text = methods.caption(data)
    assert "lambda = 2.5" in text
    digits = f"{data['crossing']['p_a'][0]:.6g}"
    assert f"Gaussian, Cohen et al. for 1/2 < PA < {digits}" in text
    assert f"Laplace, Theorem 2 for {digits} < PA < 1" in text
    moved = {"p_a": np.array([0.75]), "radius": np.array([1.0])}
    text = methods.caption(replace(data, curves={**data.curves, "crossing": moved}))
    assert "PA < 0.75" in text
    assert digits not in text


def test_without_a_crossing_there_is_no_zoom_and_no_always():
    data = scaled(methods.compute(num_points=50), "cohen", 0.5)
    none = {"p_a": np.array([]), "radius": np.array([])}
    data = replace(data, curves={**data.curves, "crossing": none, "zoom": none})
    assert "is that of Laplace, Theorem 2 for 1/2 < PA < 1." in methods.caption(data)
    assert "No method" not in methods.caption(data)
    (axes,) = methods.draw(data).axes
    assert not axes.child_axes
    assert methods._around(np.array([])).size == 0


def test_axes_legend_and_zoom():
    data = methods.compute(scale=2.5, num_points=50)
    (axes,) = methods.draw(data).axes
    assert axes.get_xlim() == (0.5, 1.0)
    assert axes.get_ylim() == (0.0, 12.5)
    assert axes.get_xlabel() == "$P_A$"
    assert r"$\lambda$ = 2.5" in axes.get_ylabel()
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["Laplace, Theorem 2", "Laplace, Lecuyer et al.", "Gaussian, Cohen et al."]
    (zoom,) = axes.child_axes
    low, high = zoom.get_xlim()
    assert low < data["crossing"]["p_a"][0] < high < 1
    assert zoom.texts[0].get_text() == "$P_A = 0.9536$"
    for shown in (axes, zoom):
        assert len(shown.lines) == 4
        for line, method in zip(shown.lines, methods.METHODS, strict=False):
            assert np.array_equal(line.get_ydata(), data[method]["radius"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"num_points": 9}, "num_points = 9 is not at least 10"),
        ({"scale": 0.0}, r"scale = 0.0 is outside \[1e-100, 1e100\]"),
        ({"scale": float("nan")}, r"scale = nan is outside \[1e-100, 1e100\]"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        methods.compute(**arguments)
