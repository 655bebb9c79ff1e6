"""Printed formulas say what the expressions say: each is read back and compared."""

import re
from xml.etree import ElementTree as Xml

import pytest
import sympy as sp

from l1cert import catalogue
from l1cert.page.mathematics import mathml
from l1cert.page.names import name
from tests.test_page.reading import TAGS, markup_of, read, text, value
from theory.symbols import SAMPLES, lam, p_a, p_b, r, sigma, x

_T, _P, _Q = sp.Function("T"), sp.Function("P"), sp.Function("Q")
_R, _half = sp.Symbol("R_Lecuyer"), sp.Rational(1, 2)
_t, _k = sp.symbols("t k", positive=True)

FORMULAS = {
    "fraction of sums": (x + 1) / ((r + 2) * (sigma + 3)),
    "sum over a letter in an exponent": sp.exp((r + x) / lam),
    "product below in an exponent": sp.exp(-(x**2) / (2 * sigma**2)),
    "sum below in a power": sp.Pow(2, x / (r + 1), evaluate=False),
    "power of a fraction": (p_a / p_b) ** (_k + 1),
    "power of a function": sp.log(x) ** 2,
    "power of a negative number": sp.Pow(-2, _k, evaluate=False),
    "difference of sums": sp.Add(x, -(r + 1), evaluate=False),
    "numbers side by side": sp.Mul(2, sp.Integer(3), x, evaluate=False),
    "number after a letter": sp.Mul(x, sp.Integer(-3), evaluate=False),
    "reciprocal of a sum": 1 / (1 + x),
    "reciprocal root": 1 / sp.sqrt(x + 1),
    "negative fraction": sp.Rational(-7, 3) * x,
    "minus in front": -x - 1,
    "minus later": 1 - x,
    "nested functions": _Q(_T(x + r)) - _Q(_T(x)),
    "a point": _T((-r, r + 2 * x)),
    "no argument": sp.Function("mu_X")(),
    "the indicator": sp.Function("1")(_R, r),
    "the number one": 1 + sp.Function("1")(r),
    "inverse of a function": sigma * sp.Function("Phi^-1")(p_a),
    "relation inside": sp.Eq(_P(sp.Gt(sp.Symbol("W"), r)), _half, evaluate=False),
    "integral": sp.Integral(sp.exp(-abs(_t) / lam) / (2 * lam), (_t, -sp.oo, r)),
    "integral of a sum times a number": 2 * sp.Integral(_t + 1, (_t, 0, r)) + 1,
    "integral times a letter": sp.Mul(sp.Integral(_t, (_t, 0, r)), x, evaluate=False),
    "double integral": sp.Integral(_t * _k, (_t, 0, _k), (_k, 1, 2)),
    "power of an integral": sp.Integral(_t, (_t, 0, r)) ** 2,
    "limit from above": sp.Limit(1 - sp.exp(-r), r, 0, "+"),
    "limit from below": sp.Limit(r * p_a, p_a, 1, "-"),
    "limit at infinity": sp.Limit(-1 / r, r, sp.oo),
    "derivative": sp.Derivative(_T(x), x) * 2,
    "derivative of a sum": sp.Derivative(_T(x, r) + 1, x),
    "second derivative": sp.Derivative(x**3, (x, 2)),
    "value at a point": sp.Subs(x**2 + 1, x, 0),
    "absolute value": abs(x - r) ** 2,
    "nested bars": abs(abs(x) - 1),
    "max and min": sp.Max(0, 2 - abs(x)) * sp.Min(r, 1),
    "factorial of a sum": sp.factorial(_k + 1) / sp.factorial(_k),
    "determinant": abs(sp.Determinant(sp.ImmutableMatrix([[_half, x], [-1, 3]]))),
    "erf and its inverse": sp.erf(x) + sp.erfc(sp.sqrt(2) * r) * sp.erfinv(r / 2),
    "cube root": sp.cbrt(x),
    "pi": sp.sqrt(sp.pi) * x / 2,
    "exponential of an exponential": sp.exp(-sp.exp(x)),
    "log of a number and a letter": sp.log(2) * sp.log(x) * x,
}


@pytest.mark.parametrize("formula", FORMULAS.values(), ids=FORMULAS)
def test_a_formula_reads_as_it_is(formula):
    expr = sp.sympify(formula)
    markup = mathml(expr)
    assert read(markup, expr) == pytest.approx(value(expr), rel=1e-7)
    check_letters(markup)


def check_letters(markup):
    """Only elements that browsers know; no letters as they are typed."""
    for node in Xml.fromstring(markup).iter():
        assert node.tag in TAGS
        assert node.tag != "msup" or text(node[1]) != "1", "a power of one"
        if node.tag in {"mi", "mn", "mo"}:
            assert text(node), f"an empty <{node.tag}>"
            assert not re.search(r"[_*^]|lambda|sigma|oo\b", text(node))


@pytest.mark.parametrize(
    ("shown", "meant"),
    [
        ((x + 1) / 2, x + sp.Rational(1, 2)),
        (sp.exp((r + x) / lam), sp.exp(r + x / lam)),
        (x - (r - 1), x - r - 1),
        (sp.Integral(_t, (_t, 0, r)), sp.Integral(_t, (_t, r, 0))),
        (sp.Limit(x, r, 0, "+"), sp.Limit(x, r, 0, "-")),
        (p_a, p_b),
        (_T(x), _Q(x)),
        (x**2, x**3),
        (sp.sqrt(x + 1), sp.sqrt(x) + 1),
        (sp.Gt(x, r), sp.Ge(x, r)),
        (sp.Derivative(_T(x, r), x), sp.Derivative(_T(x, r), r)),
        (sp.Max(x, r), sp.Min(x, r)),
        (abs(x) - 1, abs(x - 1)),
    ],
)
def test_the_reading_tells_neighbours_apart(shown, meant):
    both = sp.Tuple(shown, meant)  # the letters of either
    assert read(mathml(shown), both) == pytest.approx(value(shown), rel=1e-7)
    assert read(mathml(shown), both) != pytest.approx(value(meant), rel=1e-3)


def test_the_reading_sees_lost_brackets():
    markup = mathml((x + 1) * (r + 2))
    lost = markup.replace("<mo>(</mo>", "").replace("<mo>)</mo>", "")
    assert lost != markup
    assert read(lost, x * r) != pytest.approx(value((x + 1) * (r + 2)), rel=1e-3)


@pytest.mark.parametrize("symbol", SAMPLES, ids=str)
def test_every_symbol_of_the_claims_has_a_letter_of_its_own(symbol):
    assert len({mathml(one) for one in SAMPLES}) == len(SAMPLES)
    assert "_" not in mathml(symbol)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("lambda", "λ"),
        ("p_A", "pA"),
        ("PA", "PA"),
        ("PB'", "PB′"),
        ("sigma'", "σ′"),
        ("R_Lecuyer", "RLecuyer"),
        ("p_-r", "p−r"),
        ("Phi^-1", "Φ−1"),
        ("x - r e_1", "x−re1"),
        ("P(X in S')", "P(X∈S′)"),
        ("f(X) = cA", "f(X)=cA"),
        ("all classes", "all classes"),
        ("delta_1", "δ1"),
        ("a<b", "a<b"),
        ("?!", "?!"),
    ],
)
def test_names_are_set_and_nothing_of_them_is_lost(typed, shown):
    node = Xml.fromstring(name(typed))
    assert text(node) == shown
    assert markup_of(node) == name(typed)


def test_an_exponent_with_another_one_in_it_stands_on_the_line():
    assert text(Xml.fromstring(mathml(sp.exp(-sp.exp(x))))).startswith("exp")
    assert text(Xml.fromstring(mathml(sp.exp(-x)))).startswith("e−")


def test_inline_and_on_a_line_of_its_own():
    assert mathml(x).startswith('<math display="block">')
    assert mathml(x, display=False).startswith("<math>")


@pytest.mark.parametrize(
    "expr", [sp.FiniteSet(x), sp.gamma(x), sp.I * x, sp.Piecewise((sp.gamma(x), x > 0), (0, True))]
)
def test_what_cannot_be_set_is_refused_by_name(expr):
    with pytest.raises(ValueError, match="there is no MathML for a ") as caught:
        mathml(expr)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("expr", "said"),
    [
        (sp.Piecewise((x, x > 0), (0, True)), "{xx>00otherwise"),
        (sp.Sum(_k, (_k, 1, 5)), "∑k=15k"),
        (sp.Product(_k + 1, (_k, 1, 5)), "∏k=15(k+1)"),
        (sp.And(x > 0, r < 1), "x>0∧r<1"),
        (sp.Or(x > 0, r < 1), "x>0∨r<1"),
        (sp.floor(x) + sp.ceiling(r), "⌈r⌉+⌊x⌋"),
        (sp.Float("0.25"), "0.25"),
        (-sp.oo, "−∞"),
        (sp.true, "true"),
        (sp.Ne(x, r), "x≠r"),
        (sp.Tuple(x, r), "(x,r)"),
    ],
)
def test_what_no_claim_has_now_is_set_as_well(expr, said):
    shown = text(Xml.fromstring(mathml(expr))).replace("0.250000000000000", "0.25")
    assert shown in {said, said.replace("x>0∧r<1", "r<1∧x>0").replace("x>0∨r<1", "r<1∨x>0")}


def test_an_alternative_among_conditions_has_brackets():
    expr = sp.And(x > 0, sp.Or(sp.Gt(r, 1), sp.Lt(sigma, 2)))
    shown = text(Xml.fromstring(mathml(expr)))
    assert "∧(" in shown or ")∧" in shown, shown
    assert "(" not in text(Xml.fromstring(mathml(sp.Or(x > 0, sp.And(r > 1, sigma < 2)))))


def steps(slug):
    module = catalogue.theory_module(slug)
    chains = module.derive() if hasattr(module, "derive") else []
    return [step for chain in chains for step, _ in chain.steps]


@pytest.mark.parametrize("slug", ["theorem_2", "equal_variance", "laplace_mixes_l1_balls"])
def test_every_step_of_a_claim_reads_as_it_is(slug):
    found = steps(slug)
    assert found
    for step in found:
        markup = mathml(step.formula)
        assert read(markup, step.formula) == pytest.approx(value(step.formula), rel=1e-7), step
        check_letters(markup)


@pytest.mark.slow
@pytest.mark.parametrize("slug", catalogue.SLUGS)
def test_every_step_of_every_claim_reads_as_it_is(slug):
    for step in steps(slug):
        markup = mathml(step.formula)
        assert read(markup, step.formula) == pytest.approx(value(step.formula), rel=1e-7), step
        check_letters(markup)
        letters = {name(one.name) for one in step.formula.atoms(sp.Symbol)}
        assert len(letters) == len({one.name for one in step.formula.atoms(sp.Symbol)})
