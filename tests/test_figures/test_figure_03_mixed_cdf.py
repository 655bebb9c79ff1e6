"""Figure 3: the plotted c.d.f., its jumps and what they skip, against Gamma laws and mpmath."""

import math
from itertools import pairwise

import mpmath
import numpy as np
import pytest
from scipy import stats

from figures import figure_03_mixed_cdf as mixed
from tests.test_figures.mutations import changed, with_entry
from theory.claim import Grade, Rung
from theory.claims import quantile_may_not_exist as claim

PARTS = ["one_coordinate", "every_delta", "three_coordinates"]


def above(count, a, w):
    """P(W > w) for W = (r - T)/2, the sum of min(x_i, a) over the positive x_i, in units of lambda.

    By how many x_i are positive and how many of those reach a; those left are exponentials cut
    at a, whose sum has a c.d.f. by inclusion and exclusion from Gamma laws.
    """
    total = 0.0
    for positive in range(count + 1):
        weight = stats.binom(count, 0.5).pmf(positive)
        for j in range(positive + 1):  # j of them beyond a, those left exponential and below a
            ways = stats.binom(positive, np.exp(-a)).pmf(j)
            total += weight * ways * tail_of_cut(positive - j, a, w - j * a)
    return total


def tail_of_cut(count, a, w):
    """P(sum > w) for exponentials that are below a: inclusion and exclusion over those above."""
    if count == 0:
        return float(w < 0)
    if w < 0:
        return 1.0
    inside = (1 - np.exp(-a)) ** count
    upto = sum(
        (-1) ** k * math.comb(count, k) * np.exp(-k * a) * stats.gamma(count).cdf(w - k * a)
        for k in range(count + 1)
    )
    return 1 - upto / inside


def pieces(law):
    """The pieces of a plotted c.d.f., between the NaN."""
    gaps = [-1, *np.flatnonzero(np.isnan(law["t"])), len(law["t"])]
    assert np.array_equal(np.isnan(law["t"]), np.isnan(law["probability"]))
    return [
        (law["t"][low + 1 : high], law["probability"][low + 1 : high])
        for low, high in pairwise(gaps)
    ]


@pytest.mark.parametrize("norm", [0.15, 2.0, 9.0])
@pytest.mark.parametrize("count", mixed.COUNTS)
def test_the_laws_against_gamma_laws(count, norm):
    data = mixed.compute(norm=norm, num_points=9)
    a, tiny = norm / count, 1e-13 * norm
    for t, probability in pieces(data[f"cdf_{count}"])[1:-1]:
        for place, value in list(zip(t, probability, strict=True))[1:-1]:
            # P(T <= t) = P(W >= (r - t)/2), with no atom at inner points
            assert value == pytest.approx(above(count, a, (norm - place) / 2), rel=1e-9)
    jumps = data[f"jumps_{count}"]
    assert jumps["place"] == pytest.approx([norm - 2 * j * a for j in range(count, -1, -1)])
    for j, below, at in zip(range(count, -1, -1), jumps["below"], jumps["at"], strict=True):
        assert at == pytest.approx(above(count, a, j * a - tiny), abs=1e-11)
        assert below == pytest.approx(above(count, a, j * a + tiny), abs=1e-11)
        mass = stats.binom(count, 0.5 * np.exp(-a) / (0.5 + 0.5 * np.exp(-a))).pmf(j)
        assert at - below == pytest.approx(mass * (0.5 + 0.5 * np.exp(-a)) ** count, abs=1e-14)


@pytest.mark.parametrize("count", mixed.COUNTS)
def test_the_pieces_are_right_continuous_and_end_at_the_jumps(count):
    data = mixed.compute(norm=1.3, num_points=7)
    found, jumps = pieces(data[f"cdf_{count}"]), data[f"jumps_{count}"]
    assert len(found) == count + 2
    ends = [float(end) for t, _ in found for end in (t[0], t[-1])]
    places = np.repeat(jumps["place"], 2)
    assert ends == pytest.approx([-1.3 * 1.3, *places, 1.3 * 1.3], rel=1e-15)
    assert [p[-1] for _, p in found[:-1]] == jumps["below"].tolist()  # the limit, not the value
    assert [p[0] for _, p in found[1:]] == jumps["at"].tolist()
    assert (found[0][1].tolist(), found[-1][1].tolist()) == ([0, 0], [1, 1])
    for t, probability in found[1:-1]:
        assert (np.diff(t) > 0).all()
        assert (np.diff(probability) > 0).all()


def test_the_boundary_against_mpmath_and_the_ledger():
    (boundary,) = mixed.compute(num_points=5)["boundary"]["a"]
    with mpmath.workdps(40):
        exact = mpmath.findroot(
            lambda a: mpmath.exp(-a) * (7 + 4 * a + a**2 / 2) / 8 - mpmath.mpf("0.85"), 0.0667
        )
        assert boundary == pytest.approx(float(exact), rel=1e-13)
    (root,) = (found for item in claim.enclose() for found in item.boundaries)
    assert root.name == "x_star"
    low, high = (mpmath.mpf(end) for end in root.enclosure)
    assert low - 1e-9 <= boundary <= high + 1e-9


def test_what_three_coordinates_skip():
    data = mixed.compute(num_points=11)
    bands = [data[f"skipped_{j}"] for j in range(4)]
    for j, band in enumerate(bands):
        assert (band["a"][0], band["a"][-1]) == (0.01, 4.0)
        assert (np.diff(band["a"]) > 0).all()
        for a, below, at in zip(*(band[n] for n in ("a", "below", "at")), strict=True):
            assert at == pytest.approx(above(3, a, (3 - j) * a - 1e-13), abs=1e-12)
            assert below == pytest.approx(above(3, a, (3 - j) * a + 1e-13), abs=1e-12)
    for lower, upper in pairwise(bands):
        assert (lower["at"] < upper["below"]).all()  # what lies between is attained
    assert bands[-1]["below"] == pytest.approx(7 / 8, rel=1e-15)
    assert (bands[-1]["at"] == 1).all()


@pytest.mark.parametrize(
    ("norm", "reaches"), [(0.15, False), (0.2, False), (0.21, True), (4, True)]
)
def test_where_the_third_law_reaches_the_level(norm, reaches):
    # a = norm/3 against 0.0667
    data = mixed.compute(norm=norm, num_points=5)
    assert data["drawn"]["a"] == pytest.approx([norm / 3], rel=1e-15)
    assert data["reached"]["t"].size == reaches
    for t in data["reached"]["t"]:
        assert above(3, norm / 3, (norm - t) / 2) == pytest.approx(0.85, abs=1e-10)
    said = "k = 3 has it as a value at t =" if reaches else "k = 3 skips it, from"
    assert said in mixed.caption(data)


@pytest.mark.parametrize("norm", [0.001, 0.02, 11.0, 100.0])
def test_the_line_of_the_third_law_is_within_what_is_shown(norm):
    data = mixed.compute(norm=norm, num_points=9)
    low, high = data["sizes"]["a"]
    (drawn,) = data["drawn"]["a"]
    assert low < drawn < high
    assert low < data["boundary"]["a"][0] < high
    for j in range(4):
        assert (data[f"skipped_{j}"]["a"][0], data[f"skipped_{j}"]["a"][-1]) == (low, high)


@pytest.mark.parametrize("norm", [0.001, 0.15, 2.0, 40.0, 100.0])
def test_the_plotted_data_agree_with_the_claim(norm):
    found = mixed.check(mixed.compute(norm=norm, num_points=9))
    assert [item.part for item in found] == PARTS
    for item in found:
        assert (item.rung, item.grade, item.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)
    assert f"r = {norm:g} lambda" in found[0].scope


def refuted(data):
    found = {item.part: item for item in mixed.check(data)}
    for item in found.values():
        assert (item.grade is Grade.REFUTED) == (item.finding is False) == bool(item.witness)
    return {part for part, item in found.items() if item.finding is False}


def test_the_check_flips_with_the_data():
    data = mixed.compute(num_points=9)
    one = data["cdf_1"]["probability"]
    near = len(one) - 5  # the last value before r
    assert one[near] < 0.5 == one[near + 1]
    shifted = changed(data, "cdf_1", "probability", with_entry(one, near, 0.5))
    assert refuted(shifted) == {"one_coordinate", "every_delta"}
    assert mixed.check(shifted)[0].witness == {"t": repr(float(data["cdf_1"]["t"][near]))}
    after = changed(data, "cdf_1", "probability", with_entry(one, -1, 0.9))
    assert refuted(after) == {"one_coordinate", "every_delta"}
    for count in mixed.COUNTS:
        below = data[f"jumps_{count}"]["below"]
        moved = changed(data, f"jumps_{count}", "below", with_entry(below, -1, below[-1] + 1e-6))
        assert refuted(moved) == {"every_delta"}
        assert mixed.check(moved)[1].witness == {"k": repr(float(count))}
    for factor in (1 - 3e-6, 1 + 3e-6):
        moved = changed(data, "boundary", "a", data["boundary"]["a"] * factor)
        assert refuted(moved) == {"three_coordinates"}
    band = data["skipped_2"]
    without = changed(data, "skipped_2", "at", band["below"])  # as if there were no atom
    assert refuted(without) == {"three_coordinates"}
    for count in mixed.COUNTS:
        for name, column in (
            *((f"cdf_{count}", column) for column in ("t", "probability")),
            *((f"jumps_{count}", column) for column in ("place", "below", "at")),
        ):
            assert "every_delta" in refuted(changed(data, name, column, 1.01 * data[name][column]))
    for j in range(4):
        values = data[f"skipped_{j}"]
        for column in ("below", "at"):
            off = changed(data, f"skipped_{j}", column, values[column] + 0.2)
            assert "three_coordinates" in refuted(off), (j, column)
    for name, column, part in (
        ("jumps_3", "below", 1),
        ("jumps_3", "at", 1),
        ("skipped_2", "below", 2),
        ("skipped_2", "at", 2),
    ):
        unknown = mixed.check(changed(data, name, column, data[name][column] * np.nan))
        assert unknown[part].finding is not True, name
    tied = changed(data, "jumps_2", "below", data["jumps_2"]["below"] * (1 + 1e-13))
    assert refuted(tied) == set()


def test_caption_numbers_come_from_the_data():
    data = mixed.compute(norm=3.0, num_points=5)
    text = mixed.caption(data)
    assert "r = ||delta||_1 = 3 lambda" in text
    assert "Of 0.85 (dashed line): k = 1 skips it, from 0.5 to 1; k = 2 skips it, from 0.75" in text
    assert f"k = 3 has it as a value at t = {data['reached']['t'][0]:.4g} lambda" in text
    assert "no inverse for a < 0.0666988 lambda" in text
    moved = changed(data, "boundary", "a", np.array([0.125]))
    assert "no inverse for a < 0.125 lambda" in mixed.caption(moved)
    lower = changed(data, "jumps_1", "below", data["jumps_1"]["below"] / 2)
    assert "k = 1 skips it, from 0.25 to 1" in mixed.caption(lower)


def test_panels_axes_jumps_and_legend():
    data = mixed.compute(norm=3.0, num_points=9)
    figure = mixed.draw(data)
    left, right = figure.axes
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["$k = 1$", "$k = 2$", "$k = 3$", "skipped"]
    assert left.get_xlim() == pytest.approx((-3.9, 3.9))
    assert left.get_ylim() == right.get_ylim() == (-0.03, 1.04)
    assert left.get_xlabel() == r"$t/\lambda$"
    assert left.get_ylabel() == r"$P(T \leq t)$"
    assert [text.get_text() for text in left.get_yticklabels()] == ["0", "0.5", "0.85", "1"]
    for k, count in enumerate(mixed.COUNTS):
        law, limits, values = left.lines[3 * k : 3 * k + 3]
        jumps = data[f"jumps_{count}"]
        assert np.array_equal(law.get_xdata(), data[f"cdf_{count}"]["t"], equal_nan=True)
        assert np.array_equal(law.get_ydata(), data[f"cdf_{count}"]["probability"], equal_nan=True)
        assert np.array_equal(limits.get_ydata(), jumps["below"])
        assert np.array_equal(values.get_ydata(), jumps["at"])
        assert limits.get_markerfacecolor() == "white" != values.get_markerfacecolor()
        assert np.array_equal(limits.get_xdata(), jumps["place"])
    assert left.lines[9].get_xydata().tolist() == [[data["reached"]["t"][0], 0.85]]
    assert left.lines[10].get_ydata() == right.lines[-1].get_ydata() == [0.85, 0.85]
    assert right.get_xscale() == "log"
    assert right.get_xlim() == pytest.approx((0.01, 4.0))
    assert right.lines[0].get_xdata() == [1.0, 1.0]  # a = 3/3
    assert right.lines[1].get_xydata().tolist() == [[data["boundary"]["a"][0], 0.85]]
    names = [text.get_text() for text in right.texts]
    assert names == ["$r-6a$", "$r-4a$", "$r-2a$", "$T=r$", "0.0667"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"norm": 0.0}, r"norm = 0.0 is outside \[0.001, 100\]"),
        ({"norm": float("inf")}, r"norm = inf is outside \[0.001, 100\]"),
        ({"norm": float("nan")}, r"norm = nan is outside \[0.001, 100\]"),
        ({"num_points": 4}, "num_points = 4 is not at least 5"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        mixed.compute(**arguments)
