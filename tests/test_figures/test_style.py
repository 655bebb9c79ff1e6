"""The style: a pure function of the venue, with fonts that stay text and colours that survive."""

import itertools

import matplotlib
import pytest

from figures import style


@pytest.mark.parametrize("venue", style.VENUES)
@pytest.mark.parametrize("span", ["column", "page"])
def test_the_figure_is_as_wide_as_the_venue(venue, span):
    settings = style.rc(venue, span)
    width, height = settings["figure.figsize"]
    assert width == getattr(style.VENUES[venue], span)
    assert 0.4 * width < height < width
    with style.blank(settings) as figure:
        assert tuple(figure.get_size_inches()) == (width, height)


@pytest.mark.parametrize(
    ("venue", "column", "page"),
    [("icml", 3.25, 6.75), ("iclr", 2.65, 5.5), ("neurips", 2.65, 5.5)],
)
def test_published_widths(venue, column, page):
    assert style.VENUES[venue] == style.Venue(column, page)


def test_nothing_global_changes():
    before = dict(matplotlib.rcParams)
    with style.blank(style.rc("icml", aspect=0.6)):
        assert matplotlib.rcParams["pdf.fonttype"] == 42
        assert dict(matplotlib.rcParams) != before
    assert dict(matplotlib.rcParams) == before


def test_each_call_returns_a_new_dict():
    first = style.rc("iclr")
    first["font.size"] = 99
    assert style.rc("iclr")["font.size"] == 8


def test_text_stays_text_and_files_are_reproducible():
    settings = style.rc("jmlr", "page")
    assert settings["pdf.fonttype"] == settings["ps.fonttype"] == 42
    assert settings["svg.fonttype"] == "none"
    assert settings["svg.hashsalt"]
    assert settings["savefig.bbox"] in (None, "standard")  # a tight box would change the width


def test_the_style_file_works_by_its_dotted_name():
    import matplotlib.style

    with matplotlib.style.context("figures.l1cert"):
        assert matplotlib.rcParams["svg.fonttype"] == "none"


def test_fonts_come_with_matplotlib():
    from matplotlib import font_manager

    family = style.rc()["font.serif"][0]
    path = font_manager.findfont(family, fallback_to_default=False)
    assert path.startswith(matplotlib.get_data_path())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"venue": "nature"}, "venue = 'nature' is none of aistats"),
        ({"span": "half"}, "span = 'half' is neither column nor page"),
        ({"aspect": 0}, r"aspect = 0 is outside \(0, inf\)"),
        ({"aspect": float("nan")}, r"aspect = nan is outside \(0, inf\)"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        style.rc(**arguments)


def luminance(colour: str) -> float:
    """Relative luminance by the sRGB definition: what is left in grey print."""
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_curves_of_one_figure_differ_in_colour_and_in_dashes():
    for together in (("theorem_2", "lecuyer", "cohen", "uniform"), ("laplace", "gaussian")):
        for one, other in itertools.combinations(together, 2):
            assert style.LINES[one]["color"] != style.LINES[other]["color"]
            assert style.LINES[one]["linestyle"] != style.LINES[other]["linestyle"]


def test_regions_differ_in_grey_print():
    from figures import figure_04_regions as regions

    assert luminance(regions._BASELINE) > 1.8 * luminance(regions._NEW)
