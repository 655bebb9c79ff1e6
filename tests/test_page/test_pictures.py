"""Inline figures: complete, of one piece with the page, and never in another figure's way."""

import re

import pytest

from figures.table import CLAIMS
from l1cert.page import pictures, writing
from l1cert.page.document import document
from l1cert.page.pictures import inline, picture
from tests.test_page.made import claim, report, result
from tests.test_page.pages import tree

QUICK = ("figure_5_moved_set", "figure_6_always_largest")


@pytest.fixture(scope="module")
def drawn():
    return {slug: picture(slug) for slug in QUICK}


def test_a_picture_says_what_it_is(drawn):
    for slug, found in drawn.items():
        svg = tree(found.svg).one("svg")
        assert svg.attributes["role"] == "img"
        assert svg.attributes["aria-label"] == f"Figure of {slug}"
        assert re.fullmatch(r"0 0 [\d.]+ [\d.]+", svg.attributes["viewbox"])
        assert not {"width", "height"} & set(svg.attributes)
        assert found.name == CLAIMS[slug]
        assert found.caption


def test_ids_are_unique_over_figures_and_every_reference_has_its_target(drawn):
    page = "".join(found.svg for found in drawn.values())
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(set(ids)) == len(ids) > 0
    targets = [*re.findall(r'href="#([^"]+)"', page), *re.findall(r"url\(#([^)]+)\)", page)]
    assert set(targets) == set(ids)


def test_nothing_reaches_beyond_the_picture(drawn):
    for found in drawn.values():
        assert not re.search(
            r"<style|<metadata|<title|xmlns|xlink|https?:|<script|<\?xml", found.svg
        )


def test_texts_and_paths_of_the_file_are_all_there(drawn, monkeypatch):
    files = []
    kept = pictures.saving.render
    monkeypatch.setattr(
        pictures.saving, "render", lambda *a, **k: files.append(kept(*a, **k)) or files[-1]
    )
    again = picture(QUICK[0])
    assert again == drawn[QUICK[0]]  # the same bytes each time
    file = files[0].decode()
    for tag in ("text", "path", "use", "tspan"):
        assert again.svg.count(f"<{tag} ") == file.count(f"<{tag} ")
    labels = re.findall(r"<text[^>]*>([^<]+)</text>", file)
    assert labels == re.findall(r"<text[^>]*>([^<]+)</text>", again.svg)


def test_claims_without_a_figure_have_none():
    assert picture("theorem_2") is None
    assert picture("no_such_claim") is None


@pytest.mark.parametrize("file", [b"", b"<p/>", b"<svg/>", b"\x89PNG"])
def test_what_is_no_svg_is_refused(file):
    with pytest.raises(ValueError, match="the picture is no SVG"):
        inline(file, prefix="x-", label="x")


def test_a_figure_that_breaks_leaves_the_page_whole(tmp_path, monkeypatch):
    def broken(slug):
        raise RuntimeError("<no> colours")

    monkeypatch.setattr(writing, "picture", broken)
    one = result([], made=claim())
    writing.write_report(report(one), tmp_path)
    page = tree((tmp_path / "index.html").read_text(encoding="utf-8"))
    assert "it could not be drawn (RuntimeError: <no> colours)" in page.one("main").text


def test_a_figure_stands_in_its_section_with_its_caption_and_command(drawn, small_report):
    page = tree(document(small_report, {QUICK[0]: drawn[QUICK[0]]}))
    figure = page.one("section", id=QUICK[0]).one("figure")
    assert len(figure.all("svg")) == 1
    assert "l1cert figure figure_05_moved_set" in figure.one("figcaption").text
    assert len(page.all("figure")) == 1
