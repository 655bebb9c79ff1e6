"""Every check of the browser accepts a page without faults and refutes one with the fault."""

import json

import pytest

from tests.test_browser import checks
from tests.test_browser.browser import DESKTOP, PHONE, glyphs_of_pdf
from tests.test_browser.small_page import COUNTS, FORMULA, changed, small_page, styled

pytestmark = pytest.mark.browser

CHECKS = {
    "mathematics": checks.mathematics,
    "mouse": lambda browser: checks.filter_by_mouse(browser, COUNTS),
    "keyboard": lambda browser: checks.filter_by_keyboard(browser, COUNTS),
    "contents": lambda browser: checks.contents(browser, ["second"]),
    "skip": checks.skip_link,
    "silence": checks.silence,
    "width": checks.no_sideways_scroll,
    "paper": checks.paper,
    "breakpoints": checks.swift_breakpoints,
}

SCRIPT = "<script>{}</script></body>"

#: the check, the page with the fault, and what the check says of it
FAULTS = {
    "tex": ("mathematics", changed(("It says", r"It says \frac{a}{b}")), "TeX as text"),
    "dollars": ("mathematics", changed(("It says", "It says $e^x$")), "TeX as text"),
    "error": ("mathematics", changed(("<mi>a</mi>", "<merror>a</merror>")), "merror"),
    "flat": ("mathematics", styled("mfrac { display: inline-flex }"), "numerator not above"),
    "level": ("mathematics", styled("msup { display: inline-flex }"), "exponent not raised"),
    "thin": ("mathematics", styled("math { display: inline-block; width: 0 }"), "without a box"),
    "none": ("mathematics", changed((FORMULA, "e^x + a/b")), "no math is displayed"),
    "unfiltered": ("mouse", changed(("[value=fails]:checked", "[value=no]:checked")), "for fails"),
    "empty": ("mouse", changed(("not([data-verdict=holds])", "not(x)")), "0 claims are shown"),
    "count": ("mouse", changed((" fails 1<", " fails 2<")), "does not say 1"),
    "absent": ("mouse", changed(('value="holds"', 'value="held"')), "the filter offers"),
    "unclickable": ("mouse", styled("label { pointer-events: none }"), "does not choose"),
    "unlisted": ("mouse", changed(('<li data-verdict="holds">', "<li>")), "contents do not list"),
    "mouse alone": ("keyboard", changed(('type="radio"', 'type="radio" tabindex="-1"')), "Tab"),
    "two groups": (
        "keyboard",
        changed(('name="verdict" value="holds"', 'name="other" value="holds"')),
        "the arrows lead through",
    ),
    "ringless": ("keyboard", styled("input:focus-visible { outline: 0 }"), "no ring"),
    "dead": ("contents", changed(('href="#third">third', 'href="#fourth">third')), "not there"),
    "wrong": ("contents", changed(('id="second"', 'id="second" style="display:none"')), "second"),
    "unfocused": (
        "contents",
        changed(('<a href="#second">s', '<a tabindex="-1" href="#second">s')),
        "Tab does",
    ),
    "stopped": (
        "contents",
        changed(("</body>", SCRIPT.format("onclick = event => event.preventDefault()"))),
        "the address says",
    ),
    "scrolled back": (
        "contents",
        changed(("</body>", SCRIPT.format("onhashchange = () => scrollTo(0, 0)"))),
        "out of sight",
    ),
    "no skip": ("skip", changed(('class="skip" href="#claims"', 'class="skip"')), "no link"),
    "hidden skip": ("skip", changed((".skip:focus { left: 0;", ".skip:focus {")), "out of sight"),
    "skip elsewhere": ("skip", changed(('href="#claims"', 'href="#contents"')), "no link"),
    "console": ("silence", changed(("</body>", SCRIPT.format("console.error('x')"))), "SEVERE"),
    "warning": ("silence", changed(("</body>", SCRIPT.format("console.warn('x')"))), "WARNING"),
    "thrown": ("silence", changed(("</body>", SCRIPT.format("throw Error('x')"))), "SEVERE"),
    "picture": ("silence", changed(("<svg", '<img alt="" src="a.png"><svg')), "asks for"),
    "style sheet": (
        "silence",
        changed(("</head>", '<link rel="stylesheet" href="https://example.invalid/a.css"></head>')),
        "asks for https://example.invalid",
    ),
    "wide": (
        "width",
        changed(("<td>1<", '<td style="min-width: 2000px">1<'), ("auto", "visible")),
        "too wide",
    ),
    "folded wide": (
        "width",
        changed(("<p>By", '<p style="width: 2000px">By')),
        "2000",
    ),
    "slow": ("breakpoints", styled("@media (width < 40rem) { p { margin: 0 } }"), "both :has()"),
    "folded": ("paper", changed(("content-visibility: visible", "color: red")), "folded on paper"),
    "radios": ("paper", changed(("nav, .filter,", "nav,")), "on paper: <input"),
    "dropped": ("paper", styled("@media print { #third { display: none } }"), "third is not"),
}


@pytest.fixture
def shown(browser, tmp_path):
    """Open a text as a page."""

    def show(text, **options):
        path = tmp_path / "small.html"
        path.write_text(text, encoding="utf-8")
        browser.open(path, **options)
        return browser

    return show


@pytest.mark.parametrize("width", [DESKTOP, PHONE])
@pytest.mark.parametrize("name", CHECKS)
def test_a_page_without_faults_passes(shown, name, width):
    assert CHECKS[name](shown(small_page(), width=width)) == []


@pytest.mark.parametrize("fault", FAULTS)
def test_the_fault_is_found(shown, fault):
    name, text, said = FAULTS[fault]
    faults = CHECKS[name](shown(text, width=PHONE))
    assert [one for one in faults if said in one], faults


def test_every_check_has_a_fault():
    assert {name for name, _, _ in FAULTS.values()} == {*CHECKS}


AXE_FAULTS = {
    "alt": (changed(("<svg", '<img src="data:,"><svg')), "image-alt"),
    "contrast": (styled("p { color: #999 }"), "color-contrast"),
    "dark contrast": (changed(("--ink: #e4e3de", "--ink: #444")), "color-contrast"),
    "formula": (styled("math { color: #999 }"), "color-contrast"),
    "landmark": (changed(("<main>", "<div>"), ("</main>", "</div>")), "landmark-one-main"),
    "language": (changed((' lang="en"', "")), "html-has-lang"),
    "label": (changed(("<label>", "<p>"), ("</label>", "</p>")), "label"),
    "order": (changed(("<h3", "<h5"), ("</h3>", "</h5>")), "heading-order"),
    "folded contrast": (styled("details p { color: #999 }"), "color-contrast"),
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_accepts_a_page_without_faults(shown, axe, scheme):
    assert checks.accessibility(shown(small_page(), scheme=scheme), axe) == []


def test_contrast_is_left_out_within_claims_alone(shown, axe):
    claims = shown(styled(".claim p { color: #999 }"))
    assert checks.accessibility(claims, axe, within_claims=False) == []
    title = checks.accessibility(shown(styled("h1 { color: #999 }")), axe, within_claims=False)
    assert [one.split(":")[0] for one in title] == ["color-contrast"]


def test_a_colour_within_a_formula_is_found(shown, axe):
    faults = checks.accessibility(shown(styled("mfrac { color: var(--link) }")), axe)
    assert faults[0].startswith("a colour of its own in a formula in "), faults


@pytest.mark.parametrize("fault", AXE_FAULTS)
def test_axe_finds_the_fault(shown, axe, fault):
    text, rule = AXE_FAULTS[fault]
    scheme = "dark" if fault.startswith("dark") else "light"
    faults = checks.accessibility(shown(text, scheme=scheme), axe)
    assert [one for one in faults if one.startswith(f"{rule}:")], faults


def test_scripts_run_only_where_they_may(shown):
    text = changed(("</body>", SCRIPT.format("document.title = 'ran'")))
    assert shown(text).driver.title == "ran"
    assert shown(text, scripts=False).driver.title == "Small"


def test_the_size_and_the_colours_are_those_asked_for(shown):
    ground = "return getComputedStyle(document.body).backgroundColor"
    for width in (DESKTOP, PHONE):
        for scheme, colour in (("light", "rgb(253, 253, 251)"), ("dark", "rgb(23, 25, 27)")):
            browser = shown(small_page(), width=width, scheme=scheme)
            assert browser.evaluate("return document.documentElement.clientWidth") == width
            assert browser.evaluate(ground) == colour


def test_a_pdf_shows_its_text_and_not_what_is_hidden(shown):
    full = glyphs_of_pdf(shown(small_page()).printed())
    bare = glyphs_of_pdf(shown(styled("main { display: none }")).printed())
    letters = json.dumps(small_page()).count("first")
    assert full > bare + 40 > letters
    assert glyphs_of_pdf(shown(styled("body { display: none }")).printed()) == 0
