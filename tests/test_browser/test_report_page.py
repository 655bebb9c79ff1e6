"""The page of a run, opened as a file: at a desk, on a phone, dark, on paper."""

import pytest

from tests.test_browser import checks
from tests.test_browser.browser import DESKTOP, PHONE, glyphs_of_pdf

pytestmark = pytest.mark.browser

WIDTHS = pytest.mark.parametrize("width", [DESKTOP, PHONE])
SCHEMES = pytest.mark.parametrize("scheme", ["light", "dark"])


@WIDTHS
def test_mathematics_is_laid_out(browser, page, width):
    browser.open(page, width=width)
    assert checks.mathematics(browser) == []


@WIDTHS
def test_the_filter_works_by_mouse(browser, page, counts, width):
    browser.open(page, width=width)
    assert checks.filter_by_mouse(browser, counts) == []


@WIDTHS
def test_the_filter_works_by_keyboard(browser, page, counts, width):
    browser.open(page, width=width)
    assert checks.filter_by_keyboard(browser, counts) == []


@WIDTHS
def test_the_contents_lead_to_the_claims(browser, page, report, width):
    slugs = [one.claim.slug for one in report.results]
    browser.open(page, width=width)
    assert checks.contents(browser, [slugs[0], slugs[len(slugs) // 2], slugs[-1]]) == []


@WIDTHS
def test_the_first_tab_skips_to_the_claims(browser, page, width):
    browser.open(page, width=width)
    assert checks.skip_link(browser) == []


@SCHEMES
def test_nothing_is_said_on_the_console_or_asked_of_the_network(browser, page, scheme):
    browser.open(page, scheme=scheme)
    browser.open_details()
    assert checks.silence(browser) == []


@WIDTHS
@SCHEMES
def test_it_does_not_scroll_sideways(browser, page, width, scheme):
    browser.open(page, width=width, scheme=scheme)
    assert checks.no_sideways_scroll(browser) == []


@WIDTHS
@SCHEMES
def test_axe_finds_nothing(browser, page, axe, width, scheme):
    browser.open(page, width=width, scheme=scheme)
    # no breakpoint changes a colour within the claims, so each scheme is looked at whole once
    within = (width, scheme) in {(DESKTOP, "light"), (PHONE, "dark")}
    assert checks.accessibility(browser, axe, within_claims=within) == []


def test_breakpoints_are_crossed_swiftly(browser, page):
    browser.open(page)
    assert checks.swift_breakpoints(browser) == []


def test_no_script_is_needed(browser, page, counts):
    browser.open(page, scripts=False)
    assert checks.filter_by_mouse(browser, counts) == []
    assert checks.mathematics(browser) == []


def test_on_paper_everything_is_unfolded(browser, page, report):
    browser.open(page)
    shown = len(browser.evaluate("return document.querySelector('main').innerText"))
    glyphs = glyphs_of_pdf(browser.printed())
    # folded derivations, which a window does not show at first, are on paper too
    assert glyphs > shown > 1_000 * len(report.results)
    assert checks.paper(browser) == []
