"""Panels are side by side on a page and below each other in a column."""

import pytest

from figures import style
from figures.panels import arrange

ROWS = {"wide": [["left", "right"]], "narrow": [["left"], ["right"]]}


@pytest.mark.parametrize("venue", style.VENUES)
def test_the_rows_fit_the_width(venue):
    for span in ("column", "page"):
        settings = style.rc(venue, span)
        with style.blank(settings) as figure:
            panels = arrange(figure, growth=1.5, **ROWS)
        left, right = (panels[name].get_subplotspec() for name in ("left", "right"))
        width, height = settings["figure.figsize"]
        assert figure.get_figwidth() == width
        if span == "page":
            assert (left.colspan.start, right.colspan.start) == (0, 1)
            assert figure.get_figheight() == height
        else:
            assert (left.rowspan.start, right.rowspan.start) == (0, 1)
            assert figure.get_figheight() == pytest.approx(1.5 * height)


def test_height_ratios_are_those_of_the_rows_that_there_are():
    for span, ratios in (("column", [3, 1]), ("page", [3])):
        with style.blank(style.rc("iclr", span)) as figure:
            panels = arrange(figure, height_ratios=[3, 1], **ROWS)
        assert panels["left"].get_gridspec().get_height_ratios() == ratios


@pytest.mark.parametrize("growth", [0.0, -1.0, float("inf"), float("nan")])
def test_bad_growth(growth):
    with style.blank() as figure, pytest.raises(ValueError, match=rf"growth = {growth} is outside"):
        arrange(figure, growth=growth, **ROWS)
