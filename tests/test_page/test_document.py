"""The page: complete, of one piece, for keyboard, screen reader and print, whatever was found."""

import re
from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest

from l1cert import catalogue
from l1cert.page.document import document, sheets, style
from l1cert.page.latex import latex_pieces
from l1cert.page.proofs import SHORT
from l1cert.page.verdicts import VERDICTS
from tests.test_page import made
from tests.test_page.conftest import SLUGS
from tests.test_page.pages import tree
from theory.claim import Rung, Verdict
from theory.derivation import Chain


def test_the_page_needs_nothing_but_itself(page, page_text):
    assert page_text.startswith("<!doctype html>\n")
    assert page.all("script") == page.all("iframe") == page.all("img") == []
    policy = page.one("meta", http_equiv="Content-Security-Policy").attributes["content"]
    assert "default-src 'none'" in policy and "script-src" not in policy
    for node in page.walk():
        for name, value in node.attributes.items():
            assert not name.startswith("on")
            if name in {"href", "src"}:
                assert value.startswith("#") or value == "data:,"
    assert not re.search(r"https?:|@import|url\((?!#)", page_text)
    assert [sheet.text for sheet in page.all("style")] == [*sheets()]


def test_landmarks_headings_and_language(page):
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("title").text
    body = page.one("body")
    for tag in ("main", "nav", "footer", "h1"):
        assert len(body.all(tag)) == 1
    tops = [child.tag for child in body.children if not isinstance(child, str)]
    assert tops == ["a", "header", "div", "main", "footer"]
    levels = [
        int(node.tag[1]) for node in page.one("main").walk() if re.fullmatch("h[1-6]", node.tag)
    ]
    assert levels[0] == 2
    assert all(after <= before + 1 for before, after in pairwise(levels))


def landmark(node, page):
    """The name by which a screen reader lists it."""
    if "aria-label" in node.attributes:
        return node.attributes["aria-label"]
    return page.one(id=node.attributes["aria-labelledby"]).text


def test_ids_are_unique_and_every_link_and_label_has_its_target(page):
    ids = Counter(node.attributes["id"] for node in page.walk() if "id" in node.attributes)
    assert max(ids.values()) == 1
    for node in page.walk():
        if node.tag == "a":
            assert node.attributes["href"].removeprefix("#") in ids
        for name in ("aria-labelledby", "for"):
            if name in node.attributes:
                assert node.attributes[name] in ids
    regions = [*page.all(role="region"), *page.all("section"), *page.all("nav")]
    assert len({landmark(one, page) for one in regions}) == len(regions)


def test_regions_of_one_name_are_told_from_others():
    page = tree('<p id="a">x</p><nav aria-labelledby="a"></nav><nav aria-label="x"></nav>')
    assert [landmark(one, page) for one in page.all("nav")] == ["x", "x"]


def test_what_scrolls_is_reached_by_keyboard_and_named(page):
    frames = [node for node in page.walk() if "scroll" in node.classes]
    assert len(frames) > 4
    for node in frames:
        assert node.attributes["tabindex"] == "0"
        assert node.attributes["role"] == "region"
        assert node.attributes["aria-label"]
    inside = {id(child) for frame in frames for child in frame.walk()}
    ledger = page.one("table", class_="ledger")
    for table in page.all("table"):
        assert id(table) in inside or table is ledger
    main = page.one("main")
    assert all(id(formula) in inside for formula in main.all("math", display="block"))


def test_every_claim_has_its_section_row_and_entry(page, small_report):
    for result in small_report.results:
        slug, verdict = result.claim.slug, result.decision.verdict.value
        section = page.one("section", id=slug)
        assert section.classes == ["claim"]
        marked = [section, page.one("nav").one("a", href=f"#{slug}")]
        assert section.attributes["data-verdict"] == verdict
        assert f"({VERDICTS[Verdict(verdict)][1]})" in marked[1].text
        items = [li for li in page.one("nav").all("li", data_verdict=verdict) if slug in li.text]
        assert len(items) == 1
        rows = page.one("table", class_="ledger").all("tr", data_verdict=verdict)
        (row,) = [row for row in rows if row.all("a", href=f"#{slug}")]
        badges = [
            node for node in (*row.walk(), *section.one("header").walk()) if "badge" in node.classes
        ]
        assert len(badges) == 2
        for badge in badges:  # a word and a sign, not a colour alone
            assert VERDICTS[Verdict(verdict)][1] in badge.text
            assert badge.classes == ["badge", verdict]
    assert [one.attributes["id"] for one in page.all("section", class_="claim")] == sorted(
        SLUGS, key=catalogue.SLUGS.index
    )


def test_the_filter_has_a_rule_for_each_verdict_and_no_script(page, small_report):
    radios = page.all("input", name="verdict")
    values = [radio.attributes["value"] for radio in radios]
    assert set(values) == {"all", *(verdict.value for verdict in Verdict)}
    assert [radio.attributes["value"] for radio in radios if "checked" in radio.attributes] == [
        "all"
    ]
    assert all(radio.attributes["type"] == "radio" for radio in radios)
    fieldset = page.one("fieldset")
    assert fieldset.one("legend").text
    labels = fieldset.all("label")
    assert [len(label.all("input")) for label in labels] == [1] * len(values)
    found = Counter(result.decision.verdict.value for result in small_report.results)
    for label in labels:
        value = label.one("input").attributes["value"]
        count = int(re.search(r"\d+", label.text).group())
        assert count == (len(small_report.results) if value == "all" else found[value])
    for verdict in Verdict:
        for place in ("main", "nav"):
            rule = f'{place} [data-verdict]:not([data-verdict="{verdict}"])'
            assert f"body:has(#filter-{verdict}:checked) {rule}" in style()


def test_a_section_says_all_that_was_found(page, small_report):
    for result in small_report.results:
        section = page.one("section", id=result.claim.slug)
        said = " ".join(section.text.split())
        for item in result.evidence:
            assert item.part in said
            assert item.grade.value in said or item.rung.value in said
        for part in result.claim.parts:
            assert part.name in said
        steps = sum(len(chain.steps) for chain in result.chains)
        statement = section.one("div", class_="pieces").all("math")
        assert len(statement) == len(latex_pieces(result.claim.latex)) > 0
        assert len(section.all("math")) == steps + len(statement)
        assert len(section.all("details")) == len(result.chains)
        rungs = {item.rung for item in result.evidence if item.finding is not None}
        assert (Rung.SIMULATION in rungs) == ("false-fail rate" in said)
        for rate in {item.false_fail for item in result.evidence} - {None}:
            assert f"{rate:g}" in said
    theorem = page.one("section", id="theorem_2").text
    assert "Condition: On the open ball" in theorem
    assert "Witness" in theorem and "3/4" in theorem
    assert "PROVED" in theorem and "checked" in theorem
    assert "one reading of it" in theorem


def test_provenance_names_what_was_run(page, small_report):
    rows = {
        row.one("th").text: row.one("td").text
        for row in page.one("table", class_="origin").all("tr")
    }
    assert rows["seed"] == "5"
    assert rows["samples of each count"] == "2000"
    assert rows["false-fail rate of the whole run"] == "0.01"
    assert rows["version of l1cert"] == small_report.provenance["version"]
    assert rows["sympy"] == small_report.provenance["libraries"]["sympy"]
    assert "simulation" in rows["methods"]


def test_the_same_report_gives_the_same_page_and_no_date_is_in_it(small_report, page_text):
    slower = replace(
        small_report,
        provenance={**small_report.provenance, "machine": {"system": "another"}},
        results=tuple(
            replace(one, evidence=tuple(replace(item, seconds=9.5) for item in one.evidence))
            for one in small_report.results
        ),
    )
    assert document(slower) == document(small_report)
    assert document(small_report) != page_text  # it has a figure
    assert not re.search(
        r"20[2-9]\d-\d\d-\d\d|\d\d:\d\d", re.sub("<style>.*?</style>", "", page_text)
    )


def test_contradictions_and_what_is_undecided_come_first():
    page = tree(document(made.report(made.contradicting(), made.unsettled())))
    main = page.one("main")
    first, second = [child for child in main.children][:2]
    assert "alarm" in first.classes and "alarm" in second.classes
    assert "contradict each other on made_claim." in first.text
    assert "Undecided: made_claim, left_open." in second.text
    opposed = page.one("section", id="made_claim")
    assert opposed.attributes["data-verdict"] == "undecided"
    assert "derivation say true; enclosure say false" in opposed.text
    open_ = page.one("section", id="left_open")
    assert "Not settled: first, second. Undecided is no pass." in open_.text
    (proof,) = open_.all("details")
    assert "open" in proof.attributes  # what is wrong is not folded away, however long
    assert len(proof.all("li")) > SHORT
    assert "✗ FALSE" in proof.text and "UNDECIDED" in proof.text


def test_the_lead_says_what_was_decided_and_no_more(page):
    assert (
        "Of 3 statements 2 are decided, 1 is not checkable here."
        in page.one("header", class_="top").text
    )
    made_up = tree(document(made.report(made.contradicting(), made.unsettled())))
    said = made_up.one("header", class_="top").text
    assert "Of 2 statements 0 are decided, 2 are left undecided." in said


def test_an_experiment_stands_beside_the_verdict(page):
    said = "takes no part in it"
    assert said in page.one("section", id="clean_agreement").text
    assert said not in page.one("section", id="theorem_2").text
    assert "larger is no finding" not in page.text


def test_what_a_failing_claim_leaves_open_is_said():
    false = [made.said(rung, "first", False) for rung in (Rung.DERIVATION, Rung.ENCLOSURE)]
    page = tree(document(made.report(made.result(false))))
    section = page.one("section", id="made_claim")
    assert section.attributes["data-verdict"] == "fails"
    assert "Not settled: second. The verdict does not rest on it." in section.text
    assert "no pass" not in section.text


def test_rates_of_counts_are_said_to_be_of_the_whole_run(page):
    table = page.one("section", id="theorem_2").one("table", class_=None)
    assert "of all counts of the run together" in table.one("caption").text


def test_a_long_proof_is_folded_and_a_short_one_is_not(page):
    for proof in page.all("details"):
        assert ("open" in proof.attributes) == (len(proof.all("li")) <= SHORT)
    assert {"open" in proof.attributes for proof in page.all("details")} == {True, False}


def test_a_broken_proof_says_where_it_broke():
    one = made.unsettled()
    chain = Chain("first", True, "so", (), "the proof breaks after step 0: E: <x>", 0.0)
    page = tree(document(made.report(replace(one, chains=(chain,)))))
    assert "the proof breaks after step 0: E: <x>" in page.one("details").text


def test_no_text_of_a_claim_is_markup():
    text = document(made.report(made.hostile()))
    page = tree(text)
    assert page.all("script") == []
    assert [node for node in page.walk() if "onclick" in node.attributes] == []
    assert text.count("&lt;script&gt;") > 20
    section = page.one("section", id="hostile_claim")
    assert section.text.count('<script>alert("1")</script>') > 20


def test_a_formula_that_cannot_be_set_is_left_to_the_prose():
    page = tree(document(made.report(made.result([], made=made.claim(latex=r"\unknown")))))
    section = page.one("section", id="made_claim")
    assert section.all("math") == []
    assert "one is one" in section.one("blockquote").text


def test_some_claims_or_none_are_a_page_as_well():
    page = tree(document(made.report(seed=1)))
    assert page.one("h1").text
    assert page.all("section", class_="claim") == []
    assert "l1cert report --seed 1" in page.one("section", id="provenance").text
    for verdict in Verdict:
        assert (
            len([p for p in page.all("p", data_verdict=verdict.value) if p.classes == ["nothing"]])
            == 1
        )


# --- the style sheet


def colours(text):
    return {name: colour for name, colour in re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6});", text)}


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[k : k + 2], 16) / 255 for k in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def schemes():
    parts = style().split("@media (prefers-color-scheme: dark)")
    light = colours(parts[0])
    dark = {**light, **colours(parts[1].split("*::before")[0])}
    return {
        "light": light,
        "dark": dark,
        "print": {**light, **colours(style().split("@media print")[1])},
    }


@pytest.mark.parametrize("scheme", schemes())
def test_every_text_has_enough_contrast(scheme):
    found = schemes()[scheme]
    pairs = [(text, ground) for text in ("ink", "soft", "link") for ground in ("paper", "panel")]
    pairs += [(verdict.value, f"{verdict.value}-ground") for verdict in Verdict]
    pairs += [(verdict.value, "paper") for verdict in Verdict]
    for text, ground in pairs:
        assert contrast(found[text], found[ground]) >= 4.5, (text, ground)
    assert contrast(found["focus"], found["paper"]) >= 3


def test_the_contrast_of_known_pairs():
    assert contrast("#000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


def test_print_shows_what_the_screen_folds_and_no_filter():
    sheet = style().split("@media print")[1]
    assert "details::details-content" in sheet
    assert re.search(r"\.sidebar,\s*\.skip \{\s*display: none", sheet)
    assert "text-decoration: none" in sheet


def test_every_class_of_the_page_is_known_to_the_style_sheet(page):
    used = {name for node in page.walk() for name in node.classes}
    # grades are told apart by their words
    unstyled = {grade for grade in used if grade in {"proved", "enclosed", "consistent", "refuted"}}
    known = set(re.findall(r"\.([a-z][\w-]*)", re.sub(r"/\*.*?\*/", "", style(), flags=re.DOTALL)))
    assert used - unstyled - known <= {"reason", "domain", "finding", "pairs", "wide"}
