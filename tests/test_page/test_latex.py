"""The printed formulas of the claims as MathML: all of them, with nothing left out."""

import re
from xml.etree import ElementTree as Xml

import pytest

from l1cert import catalogue
from l1cert.page.latex import latex_mathml, latex_pieces
from tests.test_page.reading import TAGS, text

#: commands that are shown as words
_READ = {"log", "exp", "max", "min", "sup", "lim"}
_SAID = {"𝟏": "1", "ℝ": "R", "ℤ": "Z", "𝔼": "E", "ℒ": "L"}


def letters(source):
    """The Latin letters and digits that the formula shows, in order."""
    # \begin{cases} shows no word
    source = source.replace("{cases}", "")
    found = ""
    for command, other in re.findall(r"\\([A-Za-z]+)|(.)", source):
        if command in _READ:
            found += command
        elif other:
            found += other
    return "".join(re.findall(r"[A-Za-z0-9]", found))


def shown(markup):
    said = "".join(_SAID.get(sign, sign) for sign in text(Xml.fromstring(markup)))
    return "".join(re.findall(r"[A-Za-z0-9]", said))


@pytest.mark.parametrize("slug", catalogue.SLUGS)
def test_every_letter_and_digit_is_shown_in_order(slug):
    source = catalogue.claim(slug).latex
    markup = latex_mathml(source)
    assert shown(markup) == letters(source)
    assert {node.tag for node in Xml.fromstring(markup).iter()} <= TAGS


@pytest.mark.parametrize("slug", catalogue.SLUGS)
def test_as_many_relations_and_minuses_as_are_typed(slug):
    source = catalogue.claim(slug).latex
    said = text(Xml.fromstring(latex_mathml(source)))
    for typed, sign in ((r"\\le(?![a-z])", "≤"), (r"\\ge(?![a-z])", "≥"), ("<", "<"), (">", ">")):
        assert len(re.findall(typed, source)) == said.count(sign)
    assert re.sub(r"\\text\{[^}]*\}", "", source).count("-") == said.count("−")
    for name, sign in (("lambda", "λ"), ("sigma", "σ"), ("delta", "δ"), ("forall", "∀")):
        assert len(re.findall(rf"\\{name}(?![a-z])", source)) == said.count(sign)


@pytest.mark.parametrize(
    ("source", "markup"),
    [
        (r"\frac12", "<mfrac><mn>1</mn><mn>2</mn></mfrac>"),
        (r"12^2", "<msup><mn>12</mn><mn>2</mn></msup>"),
        (r"x_i^2", "<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>"),
        (r"R'", "<msup><mi>R</mi><mo>′</mo></msup>"),
        (r"-x", '<mo form="prefix">−</mo><mi>x</mi>'),
        (r"1-x", "<mn>1</mn><mo>−</mo><mi>x</mi>"),
        (r"\mathbb R", "<mi>ℝ</mi>"),
        (r"\mathbb{R}", "<mi>ℝ</mi>"),
        (r"\not\subset", "<mo>⊄</mo>"),
        (r"\text{a <b}", "<mtext>a\u00a0&lt;b</mtext>"),
        (r"\left(x\right.", "<mrow><mo>(</mo><mrow><mi>x</mi></mrow></mrow>"),
        (r"\sqrt{x}", "<msqrt><mrow><mi>x</mi></mrow></msqrt>"),
    ],
)
def test_what_latex_means(source, markup):
    assert latex_mathml(source, display=False) == f"<math>{markup}</math>"


def test_limits_stand_above_and_below_and_cases_in_rows():
    assert "<munderover>" in latex_mathml(r"\sum_{i=1}^n x_i")
    cases = Xml.fromstring(latex_mathml(r"\begin{cases}a&b\\c&d\end{cases}"))
    assert [[text(cell) for cell in row] for row in cases.iter("mtr")] == [["a", "b"], ["c", "d"]]


@pytest.mark.parametrize(
    "source",
    [
        *(r"\foo", r"{x", r"x}", r"\frac{1}", r"\left(x", r"\right)", r"\left\foo x\right)"),
        *(r"\begin{matrix}a\end{matrix}", r"\begin{cases}a\end{matrix}", r"\begin{cases}a"),
        *(r"a&b", r"a\\b", r"\mathbb{Q}", r"\mathbb", r"\text{a", r"\big x", r"\not=", r"x^", "é$"),
        r"\end{cases}",
    ],
)
def test_what_is_not_known_is_refused_in_one_line(source):
    with pytest.raises(ValueError) as caught:
        latex_mathml(source)
    assert "\n" not in str(caught.value)
    assert repr(source) in str(caught.value)


@pytest.mark.parametrize("slug", catalogue.SLUGS)
def test_a_formula_in_pieces_is_the_same_formula(slug):
    source = catalogue.claim(slug).latex
    pieces = latex_pieces(source)
    assert re.sub(r"\\q?quad(?![a-z])", "", source).replace(" ", "") == "".join(pieces).replace(
        " ", ""
    )
    assert "".join(shown(latex_mathml(piece)) for piece in pieces) == letters(source)


def test_a_wide_space_inside_brackets_is_no_place_to_break():
    for source in (r"\frac{a\quad b}c", r"\left(a\qquad b\right)", r"\text{a\quad b}"):
        assert latex_pieces(source) == [source]
    assert latex_pieces("") == []
