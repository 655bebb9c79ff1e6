"""Figure 1: the plotted balls and areas, against chords integrated without their formulas."""

import mpmath
import numpy as np
import pytest

from figures import figure_01_overlap as overlap
from tests.test_figures.mutations import changed
from theory.claim import Grade, Rung
from theory.claims import overlap_depends_on_direction as claim

PARTS = ["areas", "direction_matters", "axis_is_smallest", "l2_by_length_alone"]
CASES = [(1.0, 1.0), (2.5, 0.3), (0.4, 0.77)]
ENDS = [(1e-100, 1e-101), (1e100, 1.9e100), (1.0, 1e-9), (1.0, 2 - 1e-9)]


def rows(curve, *names):
    return zip(*(curve[name] for name in names), strict=True)


def half_chord(kind, radius, x):
    left = radius - abs(x)
    if left <= 0:
        return mpmath.mpf(0)
    return left if kind == "l1" else mpmath.sqrt(left * (radius + abs(x)))


def integrated(kind, radius, delta):
    """The area of the overlap, chord by chord, between the places where a side changes."""
    radius, first, second = (mpmath.mpf(float(one)) for one in (radius, *delta))

    def chord(x):
        here, there = half_chord(kind, radius, x), half_chord(kind, radius, x - first)
        top, low = min(here, second + there), max(-here, second - there)
        return max(top - low, mpmath.mpf(0))

    if kind == "l1":  # where x + y or x - y of one ball meets the other's, and the corners
        u, v = first + second, first - second
        ends = [(a + b) / 2 for a in (radius, u - radius) for b in (radius, v - radius)]
        ends += [mpmath.mpf(0), first]
    else:
        apart = mpmath.sqrt(first**2 + second**2)
        half = mpmath.sqrt(radius**2 - apart**2 / 4)
        ends = [first / 2 + sign * half * second / apart for sign in (-1, 1)]
    low, high = max(-radius, first - radius), min(radius, first + radius)
    places = sorted({low, high, *(x for x in ends if low < x < high)})
    return mpmath.quad(chord, places)


@pytest.mark.parametrize(("radius", "norm"), CASES)
@pytest.mark.parametrize("kind", ["l1", "l2"])
def test_areas_against_integrated_chords(kind, radius, norm):
    data = overlap.compute(radius=radius, norm=norm, num_points=5)
    shown = data[kind]
    for delta_1, delta_2, area in rows(shown, "delta_1", "delta_2", "area"):
        exact = integrated(kind, radius, (delta_1, delta_2))
        assert area == pytest.approx(float(exact), rel=1e-11)
    for size in overlap.SIZES:
        curve = data[f"{kind}_{size}"]
        for length, share, area in rows(curve, "norm", "share", "area"):
            away = 1.0 if kind == "l1" else np.hypot(share, 1 - share)
            delta = length / away * np.array([share, 1 - share])
            assert area == pytest.approx(float(integrated(kind, radius, delta)), rel=1e-11)


@pytest.mark.parametrize(("radius", "norm"), CASES)
def test_moves_have_the_norm_and_the_parts_are_of_the_ball(radius, norm):
    data = overlap.compute(radius=radius, norm=norm)
    for kind, order, ball in (("l1", 1, 2 * radius**2), ("l2", 2, np.pi * radius**2)):
        move = np.array([data[kind]["delta_1"], data[kind]["delta_2"]])
        assert np.linalg.norm(move, ord=order, axis=0) == pytest.approx([norm] * 3)
        assert move[0] / move.sum(axis=0) == pytest.approx(list(overlap.DIRECTIONS.values()))
        assert data[kind]["part"] * ball == pytest.approx(data[kind]["area"])
        norms = [data[f"{kind}_{size}"]["norm"][0] for size in overlap.SIZES]
        assert norms == pytest.approx([radius / 2, radius, 1.5 * radius])
        for size in overlap.SIZES:
            curve = data[f"{kind}_{size}"]
            assert curve["part"] * ball == pytest.approx(curve["area"])
            assert (curve["share"][0], curve["share"][-1]) == (1.0, 0.5)
        assert set(data[kind]["share"]) <= set(data[f"{kind}_middle"]["share"])


@pytest.mark.parametrize(("radius", "norm"), CASES)
@pytest.mark.parametrize("panel", overlap.DIRECTIONS)
def test_outlines_are_those_of_the_balls_and_of_what_is_in_both(panel, radius, norm):
    data = overlap.compute(radius=radius, norm=norm)
    where = list(overlap.DIRECTIONS).index(panel)
    for kind, order, still, shade in (("l1", 1, "ball", "overlap"), ("l2", 2, "disk", "lens")):
        move = np.array([data[kind]["delta_1"][where], data[kind]["delta_2"][where]])

        def far(name, centre, order=order):
            points = np.array([data[name]["x"], data[name]["y"]]).T
            return np.linalg.norm(points - centre, ord=order, axis=1)

        assert far(still, 0 * move) == pytest.approx(radius)
        assert far(f"{still}_{panel}", move) == pytest.approx(radius)
        farther = np.maximum(far(f"{shade}_{panel}", 0 * move), far(f"{shade}_{panel}", move))
        assert farther == pytest.approx(radius)  # on the boundary of the overlap, everywhere
        x, y = data[f"{shade}_{panel}"]["x"], data[f"{shade}_{panel}"]["y"]
        inside = np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2
        # against the clock; 60 chords for an arc lose a little of the area
        assert inside == pytest.approx(data[kind]["area"][where], rel=1e-12 if order == 1 else 1e-3)


def test_every_panel_holds_what_it_shows_and_the_l1_panels_have_one_scale():
    data = overlap.compute(radius=1.3, norm=2.1)
    for panel in overlap.DIRECTIONS:
        for frame, names in ((panel, ["ball", f"ball_{panel}"]), ("d", ["disk", f"disk_{panel}"])):
            for axis in ("x", "y"):
                low, high = data[f"frame_{frame}"][axis]
                for name in names:
                    assert low < data[name][axis].min() <= data[name][axis].max() < high
    for axis in ("x", "y"):
        assert len({round(float(np.ptp(data[f"frame_{p}"][axis])), 12) for p in "abcd"}) == 1


@pytest.mark.parametrize(("radius", "norm"), CASES)
def test_the_plotted_areas_are_those_of_the_ledger(radius, norm):
    data = overlap.compute(radius=radius, norm=norm, num_points=5)
    printed = claim.PRINTED["area"]
    for size in overlap.SIZES:
        curve = data[f"l1_{size}"]
        for length, share, area in rows(curve, "norm", "share", "area"):
            exact = printed(radius, share * length, (1 - share) * length)
            assert area == pytest.approx(float(exact), rel=1e-9)
        assert curve["area"][-1] / curve["area"][0] == pytest.approx(
            2 * radius / (2 * radius - curve["norm"][0])
        )
    for item in overlap.check(data):
        assert (item.rung, item.grade, item.finding) == (Rung.FIGURE, Grade.CONSISTENT, True)
        assert f"rho = {radius:g}" in item.scope
    assert [item.part for item in overlap.check(data)] == PARTS
    assert set(PARTS) < {part.name for part in claim.CLAIM.parts}


@pytest.mark.parametrize(("radius", "norm"), ENDS)
def test_the_ends_of_the_parameters_agree_with_the_claim(radius, norm):
    for item in overlap.check(overlap.compute(radius=radius, norm=norm)):
        assert item.grade is Grade.CONSISTENT, item


def refuted(data):
    found = {item.part: item for item in overlap.check(data)}
    for item in found.values():
        assert (item.grade is Grade.REFUTED) == (item.finding is False) == bool(item.witness)
    return {part for part, item in found.items() if item.finding is False}


def test_the_check_flips_with_the_data():
    data = overlap.compute(radius=1.5, norm=0.8, num_points=9)
    area = data["l1_long"]["area"]
    assert refuted(changed(data, "l1_long", "area", area * (1 + 1e-6))) == {"areas"}
    assert refuted(changed(data, "l1_long", "area", 2 * area)) == {"areas"}
    flat = refuted(changed(data, "l1_short", "area", np.full(9, data["l1_short"]["area"][0])))
    assert flat == {"areas", "direction_matters"}
    assert refuted(changed(data, "l1_middle", "area", data["l1_middle"]["area"][::-1])) == {
        "areas",
        "direction_matters",
        "axis_is_smallest",
    }
    lens = data["l2_middle"]["area"] * (1 + 1e-6 * np.arange(9))
    moved = changed(data, "l2_middle", "area", lens)
    assert refuted(moved) == {"l2_by_length_alone"}
    witness = overlap.check(moved)[3].witness
    assert witness["rho"] == "1.5"
    assert float(witness["||delta||"]) == 1.5
    assert float(witness["area"]) in lens
    for kind, part in (("l1", "areas"), ("l2", "l2_by_length_alone")):
        for name in (kind, *(f"{kind}_{size}" for size in overlap.SIZES)):
            for column in ("norm", "area", "part"):  # the circles and titles of the panels as well
                values = data[name][column]
                assert part in refuted(changed(data, name, column, values * (1 + 1e-6))), name
                unknown = overlap.check(changed(data, name, column, values * np.nan))
                (found,) = [item for item in unknown if item.part == part]
                assert found.grade is Grade.UNDECIDED, (name, column)
    tied = changed(data, "l1_long", "area", area * (1 + 1e-13))
    assert refuted(tied) == set()


def test_caption_numbers_come_from_the_data():
    data = overlap.compute(radius=2.0, norm=1.6)
    text = overlap.caption(data)
    assert "ball of radius 2 " in text
    assert "||delta||_1 = 1.6" in text
    # (4 - 1.6)^2/2, (4 - 1.6)(4 - 0.8)/2 and 2 (4 - 1.6)
    for said in ("area 2.88, 36.0%", "(1.2, 0.4): area 3.84", "(0.8, 0.8): area 4.8, 60.0%"):
        assert said in text
    assert "for the norms 1, 2, 3:" in text
    assert "by the factor 1.333, 2, 4," in text
    assert f"have the area {data['l2']['area'][0]:.4g}" in text
    more = changed(data, "l2", "area", data["l2"]["area"] * np.array([1, 1, 2]))
    assert "their areas are" in overlap.caption(more)
    assert "in l2 (dashed) the length alone counts." in text
    curve = data["l2_long"]["area"]
    turned = changed(data, "l2_long", "area", curve * (1 + 1e-6 * np.arange(curve.size)))
    assert "the length is not all that counts." in overlap.caption(turned)
    doubled = changed(data, "l1", "area", 2 * data["l1"]["area"])
    assert "area 5.76, 36.0%" in overlap.caption(doubled)


def test_panels_axes_and_legend():
    data = overlap.compute(radius=2.0, norm=1.6)
    a, b, c, d, e = overlap.draw(data).axes
    titles = [axes.get_title() for axes in (a, b, c, d)]
    assert titles[:3] == ["(a) area 2.88", "(b) area 3.84", "(c) area 4.8"]
    assert titles[3] == f"(d) area {data['l2']['area'][0]:.3g}"
    for axes, panel in zip((a, b, c, d), "abcd", strict=True):
        assert axes.get_aspect() == 1
        assert axes.get_xlim() == tuple(data[f"frame_{panel}"]["x"])
        assert axes.get_ylim() == tuple(data[f"frame_{panel}"]["y"])
    assert len(a.texts) == 1  # one arrow, from the centre to delta
    assert [text.xy for text in d.texts] == list(
        zip(data["l2"]["delta_1"], data["l2"]["delta_2"], strict=True)
    )
    assert e.get_title(loc="left") == "(e)"
    assert e.get_xlim() == (1.03, 0.47)
    assert e.get_ylim() == (0, 1.25)
    assert e.get_xlabel() == r"share of $\delta_1$"
    assert e.get_ylabel() == "overlap / ball"
    assert [text.get_text() for text in e.get_legend().get_texts()] == [r"$\ell_1$", r"$\ell_2$"]
    names = [f"{kind}_{size}" for kind in ("l1", "l2") for size in overlap.SIZES]
    for line, name in zip(e.lines, [*names, "l1"], strict=True):
        assert np.array_equal(line.get_xdata(), data[name]["share"])
        assert np.array_equal(line.get_ydata(), data[name]["part"])
    assert {line.get_linestyle() for line in e.lines[:3]} == {"-"}
    assert {line.get_linestyle() for line in e.lines[3:6]} == {"--"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"radius": 0.0}, r"radius = 0.0 is outside \[1e-100, 1e100\]"),
        ({"radius": 1e200}, r"radius = 1e\+200 is outside \[1e-100, 1e100\]"),
        ({"radius": float("nan")}, r"radius = nan is outside \[1e-100, 1e100\]"),
        ({"norm": 0.0}, r"norm = 0.0 is outside \(0, 2 radius\) = \(0, 2.0\)"),
        ({"radius": 0.4, "norm": 0.8}, r"norm = 0.8 is outside \(0, 2 radius\) = \(0, 0.8\)"),
        ({"num_points": 1}, "num_points = 1 is not at least 3"),
        ({"num_points": 10}, "num_points = 10 is not odd and at least 3"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        overlap.compute(**arguments)
