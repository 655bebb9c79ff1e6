"""Certified accuracy of a log: every step by counting rows, the picture, the files, the caption."""

from fractions import Fraction
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from figures import audits, saving
from figures import figure_audit_accuracy as audit
from figures.data import from_csv
from figures.style import rc
from figures.table import FIGURES, FROM_LOGS, figure_module
from tests.test_figures import test_saving as files
from tests.test_figures.mutations import changed

RUN = {
    "noise": "gaussian",
    "sigma": "0.5",
    "num_samples": 1000,
    "alpha": "0.01",
    "certificate": "cohen",
}
LIMITS = {"one_sided": 1.3, "two_sided": 1.25}


def computed(radius, corrected=None, correct=None, unit=0.0, ceilings=LIMITS, **more):
    radius = np.asarray(radius, dtype=float)
    return audit.compute(
        radius=radius,
        half_unit=np.full(len(radius), unit),
        is_correct=np.ones(len(radius), bool) if correct is None else correct,
        corrected=radius if corrected is None else corrected,
        ceilings=ceilings,
        **{**RUN, **more},
    )


def made(rows=300, top=40):
    """Radii up to a ceiling, of which some are printed above it; rounded to two decimals."""
    generator = np.random.Generator(np.random.Philox(5))
    radius = np.round(np.concatenate([generator.beta(1, 2, rows - top) * 1.2, [1.4] * top]), 2)
    radius[::11] = np.nan
    correct = generator.random(rows) < 0.9
    return computed(radius, np.minimum(radius, 1.3), correct & ~np.isnan(radius), unit=0.005)


@pytest.fixture(scope="module")
def data():
    return made()


def read(curve, r):
    """The plotted level at r: the first vertex at or beyond it, as "steps-pre" draws it."""
    for at, level in zip(curve["radius"], curve["accuracy"], strict=True):
        if r <= at:
            return level
    raise AssertionError(r)


def counted(radius, correct, r):
    held = sum(bool(c) and one >= r for one, c in zip(radius, correct, strict=True))
    return float(Fraction(held, len(radius)))


radii = st.one_of(
    st.floats(-1, 2, allow_nan=False),
    st.integers(0, 8).map(lambda k: k / 8),
    st.sampled_from([np.nan, np.inf, -np.inf, 0.0, -0.0]),
)


def whole_steps_agree(curve, radius, correct):
    end = curve["radius"][-1]
    at = [one for one in radius if 0 <= one <= end] + [0.0, end]
    # the radii themselves and both neighbours: a step is at the very float
    places = sorted({*at, *(np.nextafter(one, side) for one in at for side in (-1, 3))})
    return all(
        read(curve, r) == counted(radius, correct, r) for r in places if 0 <= r <= end
    ) and all(np.diff(curve["radius"]) >= 0)


@given(st.lists(st.tuples(radii, radii, st.booleans()), min_size=1, max_size=20))
def test_every_step_is_the_count(rows):
    radius, corrected, correct = (list(column) for column in zip(*rows, strict=True))
    data = computed(radius, corrected, np.array(correct))
    assert whole_steps_agree(data["logged"], radius, correct)
    assert whole_steps_agree(data["corrected"], corrected, correct)
    assert data["frame"]["radius"][1] >= 1.3


def test_the_count_refutes_other_steps():
    radius, correct = [0.25, 0.5, 0.5, 1.0], [True, True, False, True]
    good = computed(radius, correct=correct)["logged"]
    assert whole_steps_agree(good, radius, correct)
    for name, change in (
        ("accuracy", lambda a: a * 4 / 3),
        ("accuracy", lambda a: np.append(a[1:], 0)),  # > in the place of >=
        ("radius", lambda r: np.nextafter(r, 2)),
        ("radius", lambda r: r[::-1]),
    ):
        assert not whole_steps_agree({**good, name: change(good[name])}, radius, correct)


def test_the_band_holds_all_that_rounding_leaves_open(data):
    from matplotlib.path import Path

    outline = Path(np.column_stack([*data["band"].values()]))
    logged = data["logged"]
    inside = 0
    for at, high, low in zip(
        logged["radius"][1:-1], logged["accuracy"][1:], logged["accuracy"][2:], strict=False
    ):
        middle = (high + low) / 2
        if at < 0.006:  # the outline begins at 0
            continue
        for shift, expected in ((0.004, True), (-0.004, True), (0.006, False), (-0.006, False)):
            others = np.abs(logged["radius"][1:-1] - at - shift) < 0.0051
            if expected or not others.any():
                assert outline.contains_point((at + shift, middle)) == expected, (at, shift)
                inside += expected
    assert inside > 100
    assert not computed([0.5, 1.0], unit=1e-9)["band"]["radius"].size  # nobody sees that


def test_rows_that_certify_nothing():
    for radius in ([], [np.nan], [np.nan, -1.0, -np.inf]):
        data = computed(radius)
        assert not data["logged"]["accuracy"].any()
        assert data["frame"]["radius"].tolist() == [0.0, pytest.approx(1.04 * 1.3)]
        assert "changes no row that is correct" in audit.caption(data)
    data = computed([np.nan], ceilings={"one_sided": None, "two_sided": np.nan})
    assert data["frame"]["radius"].tolist() == [0.0, 1.0]
    assert "So few samples certify no radius at all." in audit.caption(data)


def test_radii_beyond_the_frame_keep_the_curve_up_to_its_end():
    data = computed([0.5, np.inf, 1e300, 2.7], unit=0.0)
    end = data["frame"]["radius"][1]
    assert end == pytest.approx(1.04 * 2 * 1.3)
    assert read(data["logged"], end) == 0.5
    assert read(data["logged"], 2.7) == 0.75
    assert "Beyond the right end: 2 rows." in audit.caption(data)


def test_another_certificate_is_drawn_unless_it_is_the_same():
    radius = np.array([0.3, 0.7, np.nan])
    others = {"exact": radius * (1 + 1e-12), "lecuyer": radius / 2}
    data = computed(radius, others=others, certificate="theorem_2", noise="laplace")
    assert audits.others(data) == ["lecuyer"]
    assert data["other_lecuyer"]["radius"].tolist()[1:3] == [0.15, 0.35]
    assert "The same as the corrected curve: exact." in audit.caption(data)
    shifted = {"exact": radius * (1 + 1e-6)}
    assert audits.others(computed(radius, others=shifted)) == ["exact"]


def test_the_neighbourhood_of_the_ceilings_is_enlarged_only_where_the_curves_differ(data):
    low, high = data["zoom"]["radius"]
    assert low < 1.25
    assert 1.4 < high < 1.5
    assert data["zoom"]["accuracy"][1] > read(data["logged"], low)
    same = computed([0.5, 1.29], [0.5, 1.29])
    small = computed([0.5, 1.25 * (1 + 1e-7)], [0.5, 1.25])
    huge = computed([0.5, 2.4], [0.5, 1.3])
    for other in (same, small, huge, computed([0.5, 1.0], [0.5, 0.9])):
        assert not other["zoom"]["radius"].size


def test_caption_numbers_come_from_the_data(data):
    text = audit.caption(data)
    counts = data["counts"]
    assert f"moves {counts['changed'][0]:.0f} rows by more than their rounding" in text
    assert "(none by more than 0.1)" in text
    before = read(data["logged"], 1.4)
    assert f"at radius 1.4 the certified accuracy was {before:.4g} and is 0." in text
    assert "1.3 (one-sided), 1.25 (two-sided)" in text
    assert "Gaussian noise of standard deviation 0.5" in text
    assert "300 rows" in text
    other = changed(data, "counts", "changed", np.array([7.0]))
    assert "moves 7 rows by more" in audit.caption(other)
    lost = computed([0.5, 0.6], [np.nan, 0.6])
    assert "moves 0 rows" in audit.caption(lost)
    assert "abstains on 1 row; at radius 0.5 the certified accuracy was 1 and is 0.5" in (
        audit.caption(lost)
    )
    for shift, moved in ((1e-9, "0 rows"), (1e-5, "1 row")):
        tiny = computed([0.5, 0.6], [0.5, 0.6 - shift])
        assert (
            f"moves {moved} by more than their rounding and a millionth (none by more than "
            f"{shift:.0e}), too little"
        ) in audit.caption(tiny)
    endless = computed([0.5, np.inf], [0.5, 0.6])
    assert "moves 1 row by more than their rounding" in audit.caption(endless)


def saved_twice_the_same(data, tmp_path, monkeypatch):
    """The files of a figure: whole, without a date, and drawn from the CSV alone."""
    first = saving.save_data(data, out=tmp_path / "a", provenance={"seed": 3})
    assert [path.suffix for path in first] == [".csv", ".txt", ".pdf", ".svg", ".png"]
    again, provenance = from_csv(first[0].read_text())
    assert provenance == {"seed": 3}
    module = import_module(FROM_LOGS[data.figure])
    monkeypatch.setattr(files, "FIGURES", FROM_LOGS)
    for function in files.computing_functions(data.figure):
        monkeypatch.setattr(module, function, files.forbidden)
    second = saving.save_data(again, out=tmp_path / "b", provenance=provenance)
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
        assert b"Date" not in one.read_bytes()
    files.test_draw_calls_no_mathematics(data.figure)


def looks_right(figure, settings):
    """Nothing is clipped, no texts overlap, none is small."""
    from matplotlib import rc_context
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.font_manager import font_scalings

    with rc_context(settings):
        FigureCanvasAgg(figure).draw()
    page = figure.bbox.padded(0.5)
    texts = files.texts(figure)
    boxes = [text.get_window_extent() for text in texts]
    assert len(boxes) > 8
    small = font_scalings["small"] * settings["font.size"]
    assert min(text.get_fontsize() for text in texts) > 0.99 * small
    for k, box in enumerate(boxes):
        assert page.x0 <= box.x0 and box.x1 <= page.x1, texts[k]
        assert page.y0 <= box.y0 and box.y1 <= page.y1, texts[k]
        for other in boxes[:k]:
            apart = box.x1 <= other.x0 or other.x1 <= box.x0
            assert apart or box.y1 <= other.y0 or other.y1 <= box.y0, texts[k]


def test_files(data, tmp_path, monkeypatch):
    saved_twice_the_same(data, tmp_path, monkeypatch)


@pytest.mark.parametrize(
    ("venue", "span"), [("iclr", "column"), ("icml", "column"), ("icml", "page")]
)
def test_axes_legend_and_lines(data, venue, span):
    settings = rc(venue, span)
    figure = audit.draw(data, settings)
    looks_right(figure, settings)
    whole, zoom = figure.axes
    assert whole.get_xlim() == tuple(data["frame"]["radius"])
    assert whole.get_ylim() == (0, 1.02)
    assert zoom.get_xlim() == tuple(data["zoom"]["radius"])
    for axes in (whole, zoom):
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("radius", "certified accuracy")
        lines = {line.get_label(): line for line in axes.lines}
        for name, (label, _) in audit._LOOKS.items():
            assert lines[label].get_drawstyle() == "steps-pre"
            assert np.array_equal(lines[label].get_xdata(), data[name]["radius"])
            assert np.array_equal(lines[label].get_ydata(), data[name]["accuracy"])
        assert lines["ceiling, one-sided"].get_xdata() == [1.3, 1.3]
        assert lines["ceiling, two-sided"].get_xdata() == [1.25, 1.25]
        (band,) = axes.patches
        assert band.get_label() == "rounding"
    (legend,) = figure.legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == [
        "rounding",
        "corrected",
        "as logged",
        "ceiling, one-sided",
        "ceiling, two-sided",
    ]


@pytest.mark.parametrize("radius", [[], [0.7], [np.nan] * 5])
def test_small_logs_are_drawn(radius):
    settings = rc("iclr", "column")
    figure = audit.draw(computed(radius), settings)
    looks_right(figure, settings)
    assert len(figure.axes) == 1


def test_the_figure_is_found_with_a_log_only(tmp_path):
    assert figure_module(audit.NAME, from_log=True) is audit
    assert audit.NAME not in FIGURES
    assert set(FROM_LOGS).isdisjoint(FIGURES)
    for call in (lambda: figure_module(audit.NAME), lambda: saving.save(audit.NAME, provenance={})):
        with pytest.raises(ValueError, match="figure = 'figure_audit_accuracy' is none of"):
            call()
    with pytest.raises(ValueError, match=r"figure = 'figure_7' is none of .*figure_audit_bounds"):
        figure_module("figure_7", from_log=True)
    assert audit.check(made()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"correct": [True]}, r"is_correct has shape \(1,\), legal is \(2,\)"),
        ({"corrected": [[1, 2]]}, r"corrected has shape \(1, 2\), legal is \(2,\)"),
        ({"certificate": "levine"}, "certificate = 'levine' is none of theorem_2, theorem_1"),
        ({"others": {"best": [1, 2]}}, "certificate = 'best' is none of theorem_2"),
        ({"ceilings": {"both": 1.0}}, "ceiling = 'both' is none of one_sided, two_sided"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        computed([0.5, 0.7], **arguments)
