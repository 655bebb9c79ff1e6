"""The notation of prose: set where it is meant, words left alone, nothing lost."""

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from l1cert import catalogue
from l1cert.page.elements import VOID, Markup, element, joined
from l1cert.page.prose import prose


@pytest.mark.parametrize(
    ("typed", "set_"),
    [
        ("||x||_1.", "‖x‖<sub>1</sub>."),
        ("PA = 1 - e^(-k)/2", "P<sub>A</sub> = 1 − e<sup>−k</sup>/2"),
        ("cA, cB and PAB, Pc", "c<sub>A</sub>, c<sub>B</sub> and PAB, Pc"),
        ("PB' = min(PB, 1 - PA)", "P<sub>B</sub>′ = min(P<sub>B</sub>, 1 − P<sub>A</sub>)"),
        ("x_(d+1) = t", "x<sub>d+1</sub> = t"),
        ("(2 rho - r)^(d-1)", "(2 ρ − r)<sup>d−1</sup>"),
        ("(a)_+ -+ b", "(a)₊ ∓ b"),
        ("sqrt(2) lambda, sqrt(pi)", "√2 λ, √π"),
        ("sqrt(1 - x)", "sqrt(1 − x)"),
        ("[0, oo) -> x", "[0, ∞) → x"),
        ("a <= b >= c != d < e", "a ≤ b ≥ c ≠ d &lt; e"),
        ("the l1 ball, l2-norm, l10", "the ℓ<sub>1</sub> ball, ℓ<sub>2</sub>-norm, l10"),
        ("delta_zero, every_delta, beta_1", "delta_zero, every_delta, β<sub>1</sub>"),
        ("t_is_mixed and theorem_2", "t_is_mixed and theorem_2"),
        ("the Gamma law, Beta, alphabet", "the Gamma law, Beta, alphabet"),
        ("Neyman-Pearson, 1e-6, K-1", "Neyman-Pearson, 1e-6, K-1"),
        ("-lambda log[2(1 - PA)]", "−λ log[2(1 − P<sub>A</sub>)]"),
        ("f*(x + s), R* and mu_X(z)", "f*(x + s), R* and μ<sub>X</sub>(z)"),
        ("Phi^-1(PA)", "Φ<sup>−1</sup>(P<sub>A</sub>)"),
        ("R^d -> [0, 1]", "R<sup>d</sup> → [0, 1]"),
        ("e^((a - 1) (D(a) + D(b))) < 1", "e<sup>(a − 1) (D(a) + D(b))</sup> &lt; 1"),
        ("S' and Cohen's, Lecuyer et al.'s", "S′ and Cohen’s, Lecuyer et al.'s"),
        ("exp(-sqrt(2)/75) - 199*sqrt(2)", "exp(−√2/75) − 199 √2"),
        ("(see --seed) a -> -1", "(see --seed) a → −1"),
        ("2*(1 + x)*exp(-2)", "2 (1 + x) exp(−2)"),
        ("lambda*log(3), k*lambda, sqrt(2)*lambda", "λ log(3), k λ, √2 λ"),
        ("P(f*(X) = cA), r*(1/2), delta* = R*", "P(f*(X) = c<sub>A</sub>), r*(1/2), δ* = R*"),
        ("a + 2 c**2", "a + 2 c<sup>2</sup>"),
        ("e^-eps, eps_1^2", "e<sup>−ϵ</sup>, ϵ<sub>1</sub><sup>2</sup>"),
        ("e^-(r - x): q^|k|", "e<sup>−(r − x)</sup>: q<sup>|k|</sup>"),
        ("l1cert law --delta 1,1 --alpha 0.1", "l1cert law --delta 1,1 --alpha 0.1"),
        ("<script>&", "&lt;script&gt;&amp;"),
        ("", ""),
    ],
)
def test_notation_is_set(typed, set_):
    assert prose(typed) == set_


def digits(text):
    return re.findall(r"\d+", text)


@pytest.mark.parametrize("slug", catalogue.SLUGS)
def test_nothing_of_a_claim_is_lost(slug):
    claim = catalogue.claim(slug)
    texts = [claim.statement, claim.assumptions, *(part.statement for part in claim.parts)]
    for typed in texts:
        said = unescape(re.sub("<[^>]*>", "", prose(typed, catalogue.SLUGS)))
        assert digits(said) == digits(typed)
        assert len(said) <= len(typed)
        assert "||" not in said and "<=" not in said
        # words of six letters and more are words, or the names of Greek letters
        words = [
            one for one in re.findall(r"[A-Za-z]{6,}", typed) if one not in {"lambda", "Lambda"}
        ]
        assert re.findall(r"[A-Za-z]{6,}", said) == words


def test_slugs_become_links_and_longer_ones_first():
    slugs = ["theorem_2", "theorem_2_special_case"]
    shown = prose("theorem_2_special_case, theorem_2; not theorem_22 or mytheorem_2", slugs)
    assert re.findall('href="#([^"]*)"', shown) == ["theorem_2_special_case", "theorem_2"]


@given(st.text())
def test_no_text_becomes_markup(text):
    shown = prose(text)
    assert isinstance(shown, Markup)
    assert not re.search("[<>]", re.sub("</?su[bp]>", "", shown))
    assert not re.search("&(?!(amp|lt|gt);)", shown)


@given(st.text(), st.text())
def test_elements_escape_what_they_hold(text, value):
    shown = element("p", text, title=value)
    inside = shown.removeprefix("<p title=").removesuffix("</p>")
    attribute, _, content = inside.partition(">")
    assert attribute.count('"') == 2
    for shown, meant in ((content, text), (attribute[1:-1], value)):
        assert not re.search("[<>]", shown)
        back = shown.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"')
        assert back.replace("&#x27;", "'").replace("&amp;", "&") == meant


def test_elements_that_hold_nothing():
    assert element("input", type="radio", checked=True, id=None) == '<input type="radio" checked>'
    assert "br" in VOID
    with pytest.raises(ValueError, match="<br> holds nothing, but was given 1 children"):
        element("br", "x")


def test_markup_is_not_escaped_twice_and_none_is_nothing():
    assert joined(element("i", "<"), None, "<") == "<i>&lt;</i>&lt;"
