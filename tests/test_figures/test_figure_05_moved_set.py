"""Figure 5: T on B and on the moved set, exactly, and the masses by integrating the density."""

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from figures import figure_05_moved_set as moved_set
from tests.test_figures.mutations import changed, with_entry
from theory.claim import Grade, Rung
from theory.claims import figure_5_moved_set as claim
from theory.symbols import lam, p_b
from theory.symbols import r as norm

PARTS = ["small_delta", "whole_range", "exactly_then", "tight_without_it"]
EDGES = [0.04, 2.0, 7.3]


def rows(curve, *names):
    return zip(*(curve[name] for name in names), strict=True)


def exact_t(x, r):
    first, move = Fraction(float(x)), Fraction(float(r))
    return abs(first - move) - abs(first)


def mass(low, high):
    """P(low <= X_1 < high), from the density alone."""
    places = [mpmath.mpf(float(low)), mpmath.mpf(float(high))]
    if places[0] < 0 < places[1]:
        places.insert(1, mpmath.mpf(0))
    return mpmath.quad(lambda x: mpmath.exp(-abs(x)) / 2, places)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("name", moved_set.SHARES)
def test_t_on_every_curve_is_that_of_rationals(name, edge):
    data = moved_set.compute(edge=edge, num_points=9)
    r = moved_set.SHARES[name] * edge
    low, high = data["frame"]["x"]
    starts = {"ratio": (low, high), "set": (edge, high), "moved": (edge - r, high)}
    for kind, (start, end) in starts.items():
        curve = data[f"{kind}_{name}"]
        assert (curve["x"][0], curve["x"][-1]) == (start, end)
        assert (np.diff(curve["x"]) > 0).all()
        for x, t in rows(curve, "x", "t"):
            assert t == pytest.approx(float(exact_t(x, r)), abs=1e-15 * max(1, edge))
    above = data[f"above_{name}"]
    assert (above["x"].size > 0) == (name == "long")
    for x, t in rows(above, "x", "t"):
        assert edge - r <= x <= r
        assert t == pytest.approx(float(exact_t(x, r)), abs=1e-15 * max(1, edge))
    # nothing of the moved set beside that part has T > -r
    rest = [x for x in data[f"moved_{name}"]["x"] if not above["x"].size or x > above["x"][-1]]
    assert rest
    assert all(exact_t(x, r) == -Fraction(r) for x in rest if x >= r)
    assert name == "long" or all(x >= r for x in rest)


def test_corners_of_t_are_plotted_and_half_range_starts_at_one():
    data = moved_set.compute(edge=3.7, num_points=8)
    for name, share in moved_set.SHARES.items():
        assert {0.0, share * 3.7} <= set(data[f"ratio_{name}"]["x"])
    half = data["moved_half"]
    assert half["x"][0] == 3.7 / 2  # where T reaches -r
    assert half["t"] == pytest.approx(-3.7 / 2, rel=1e-14)
    assert data["above_long"]["t"].max() == pytest.approx(-0.75 * 3.7 + 2 * 0.5 * 3.7)


@pytest.mark.parametrize("edge", EDGES)
@pytest.mark.parametrize("curve", ["sets", "range"])
def test_masses_against_the_integrated_density(curve, edge):
    data = moved_set.compute(edge=edge, num_points=8)[curve]
    with mpmath.workdps(30):
        for r, start, of_set, of_moved, of_above in rows(
            data, "r", "start", "mass_set", "mass_moved", "mass_above"
        ):
            assert start == pytest.approx(edge - r, abs=1e-15)
            assert of_set == pytest.approx(float(mass(edge, math.inf)), rel=1e-12)
            assert of_moved == pytest.approx(float(mass(edge - r, math.inf)), rel=1e-12)
            beyond = mass(edge - r, r) if 2 * r > edge else 0
            assert of_above == pytest.approx(float(beyond), rel=1e-11, abs=1e-16)
            assert (of_above == 0) == (2 * r <= edge)
    assert data["r"][-1] == pytest.approx(edge if curve == "range" else 0.75 * edge)


@pytest.mark.parametrize("edge", EDGES)
def test_the_density_and_the_ledgers_formulas(edge):
    data = moved_set.compute(edge=edge, num_points=8)
    curve = data["density"]
    assert curve["density"] == pytest.approx(np.exp(-np.abs(curve["x"])) / 2, rel=1e-14)
    assert {0.0, edge, *data["sets"]["start"]} <= set(curve["x"])
    for r, of_set, of_moved in rows(data["range"], "r", "mass_set", "mass_moved"):
        stated = {
            name: float(claim.PRINTED[name].subs({lam: 1, p_b: float(of_set), norm: float(r)}))
            for name in ("edge", "small", "bound")
        }
        assert stated["edge"] == pytest.approx(edge, abs=1e-14)
        assert stated["small"] == pytest.approx(float(data["moved_half"]["x"][0]), abs=1e-14)
        assert stated["bound"] == pytest.approx(of_moved, rel=1e-13)


@pytest.mark.parametrize(
    ("edge", "num_points"),
    # at (1.1, 6) rounding leaves T on B an ulp above -r
    [(1e-100, 41), (1e-9, 41), *((edge, 41) for edge in EDGES), (700.0, 41), (1.1, 6), (7.3, 40)],
)
def test_the_plotted_data_agree_with_the_ledger(edge, num_points):
    found = moved_set.check(moved_set.compute(edge=edge, num_points=num_points))
    assert [item.part for item in found] == PARTS == [part.name for part in claim.CLAIM.parts]
    proved = {item.part: item.finding for item in claim.enclose()}
    for item in found:
        assert item.rung is Rung.FIGURE
        assert item.finding == proved[item.part]
        assert item.grade is (Grade.CONSISTENT if item.finding else Grade.REFUTED)
        assert f"b = {edge:g} lambda" in item.scope
    witness = {key: Fraction(value) for key, value in found[1].witness.items()}
    # a counterexample by itself: in the moved set, r within the range, T above -r
    r, x = witness["r/lambda"], witness["x_1/lambda"]
    assert r <= witness["b/lambda"]
    assert x >= witness["b/lambda"] - r
    assert abs(x - r) - abs(x) > -r * (1 - Fraction(1, 10**9))
    assert float(abs(x - r) - abs(x)) == pytest.approx(float(witness["T/lambda"]), rel=1e-12)


def refuted(data):
    found = {item.part: item for item in moved_set.check(data)}
    for item in found.values():
        assert (item.grade is Grade.REFUTED) == (item.finding is False) == bool(item.witness)
    return {part for part, item in found.items() if item.finding is False}


def test_the_check_flips_with_the_data():
    data = moved_set.compute(edge=1.6, num_points=8)
    usual = {"whole_range"}
    assert refuted(data) == usual
    t = data["moved_half"]["t"]
    off = changed(data, "moved_half", "t", with_entry(t, 2, t[2] * (1 - 1e-6)))
    assert refuted(off) == {*usual, "small_delta"}
    t = data["set_long"]["t"]
    off = changed(data, "set_long", "t", with_entry(t, -1, t[-1] * (1 - 1e-6)))
    assert refuted(off) == {*usual, "tight_without_it"}
    t = data["set_short"]["t"]
    off = changed(data, "set_short", "t", with_entry(t, -1, t[-1] * (1 - 1e-6)))
    assert refuted(off) == {*usual, "small_delta", "tight_without_it"}
    flat = changed(data, "moved_long", "t", np.full_like(data["moved_long"]["t"], -1.2))
    assert refuted(flat) == {"exactly_then"}  # so whole_range would hold
    for curve, where in (("sets", 0), ("range", 1)):
        masses = data[curve]["mass_moved"]
        off = changed(
            data, curve, "mass_moved", with_entry(masses, where, masses[where] * 1.000001)
        )
        assert refuted(off) == {*usual, "tight_without_it"}
        masses = data[curve]["mass_above"]
        assert masses[where] == 0
        off = changed(data, curve, "mass_above", with_entry(masses, where, 1e-6))
        assert refuted(off) == {*usual, "small_delta"}
        off = changed(data, curve, "mass_above", with_entry(masses, -1, 0.0))
        assert refuted(off) == {*usual, "exactly_then"}
        for column in ("mass_above", "start"):
            off = changed(data, curve, column, data[curve][column] * 1.000001)
            assert "exactly_then" in refuted(off) or curve == "range"
    # a set that is drawn elsewhere, or T that is not T there
    for name, part in (
        ("moved_short", "small_delta"),
        ("moved_half", "small_delta"),
        ("moved_long", "exactly_then"),
        ("set_short", "tight_without_it"),
        ("set_long", "tight_without_it"),
    ):
        off = changed(data, name, "x", data[name]["x"] * (1 - 1e-6))
        assert part in refuted(off), name
        for column in ("x", "t"):
            unknown = moved_set.check(changed(data, name, column, data[name][column] * np.nan))
            assert {item.part: item.finding for item in unknown}[part] is not True, (name, column)
    tied = changed(data, "moved_half", "t", data["moved_half"]["t"] * (1 - 1e-13))
    assert refuted(tied) == usual


def test_caption_numbers_come_from_the_data():
    data = moved_set.compute(edge=3.0)
    text = moved_set.caption(data)
    assert f"b = 3 lambda and P(X in B) = {math.exp(-3) / 2:.4g};" in text
    assert f"r = 0.75 lambda: from 2.25 lambda on, P(Y in B) = {math.exp(-2.25) / 2:.4g}" in text
    assert "half range, r = b/2 = 1.5 lambda" in text
    part = (math.exp(-0.75) - math.exp(-2.25)) / 2
    assert f"T > -r on a part of X-mass {part:.4g}." in text
    assert text.count("T = -r on all of it") == 2
    sets = data["sets"]
    doubled = changed(data, "sets", "mass_moved", 2 * sets["mass_moved"])
    assert f"P(Y in B) = {math.exp(-2.25):.4g}" in moved_set.caption(doubled)


def test_panels_axes_and_legend():
    data = moved_set.compute(edge=3.0, num_points=9)
    figure = moved_set.draw(data)
    *panels, last = figure.axes
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [r"moved set $B-\delta$", "there $T>-r$", "$B$"]
    for axes, (name, share), mass_of in zip(
        panels, moved_set.SHARES.items(), data["sets"]["mass_moved"], strict=True
    ):
        assert axes.get_xlim() == (-1.5, 6.0)
        assert axes.get_ylim() == pytest.approx((-4.5 * share, 4.5 * share))
        assert axes.get_ylabel() == "$T$"
        assert axes.get_yticks() == pytest.approx([-3 * share, 3 * share])
        kinds = ["ratio", "moved", "above", "set"]
        for line, kind in zip(axes.lines, kinds, strict=False):
            assert np.array_equal(line.get_xdata(), data[f"{kind}_{name}"]["x"])
            assert np.array_equal(line.get_ydata(), data[f"{kind}_{name}"]["t"])
        starts = [line.get_xydata()[0].tolist() for line in axes.lines[4:]]
        assert [x for x, _ in starts] == [3 - 3 * share, 3.0]
        words = [text.get_text() for text in axes.texts]
        assert words == ["$b-r$", "$b$", moved_set._MOVES[name], f"$P(Y\\in B)$ = {mass_of:.3g}"]
    assert last.get_xlabel() == r"$x_1/\lambda$"
    assert last.get_ylabel() == "density"
    assert last.get_ylim() == (0, 0.72)
    assert np.array_equal(last.lines[0].get_ydata(), data["density"]["density"])
    assert len(last.collections) == 4
    lefts = [fill.get_paths()[0].vertices[:, 0].min() for fill in last.collections]
    assert lefts == [*data["sets"]["start"], 3.0]
    assert last.texts[0].get_text() == f"$P(X\\in B)$ = {math.exp(-3) / 2:.3g}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"edge": 0.0}, r"edge = 0.0 is outside \[1e-100, 700\]"),
        ({"edge": 701.0}, r"edge = 701.0 is outside \[1e-100, 700\]"),
        ({"edge": float("nan")}, r"edge = nan is outside \[1e-100, 700\]"),
        ({"num_points": 4}, "num_points = 4 is not at least 5"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        moved_set.compute(**arguments)
