"""The grammar of a conjectured radius: exact, safe, printed, read back; degrees."""

from __future__ import annotations

import string
from collections.abc import Callable, Mapping
from fractions import Fraction

import mpmath as mp
import pytest
import sympy as sp
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from theory.conjectures.degrees import scale_degree
from theory.conjectures.expression_nodes import MOST_NODES, Builder, preorder
from theory.conjectures.expressions import (
    ALIASES,
    PUBLISHED,
    canonical,
    check_symbols,
    half_width,
    num_classes,
    parse_expression,
    to_text,
)
from theory.symbols import lam, p_a, p_b, sigma

SCALES = (lam, sigma, half_width)
DIGITS = 50
Env = Mapping[str, mp.mpf]
Value = Callable[[Env], mp.mpf]


# What a text means, computed beside the text: no line of the parser is shared.


class TooCloseError(Exception):
    """Two sides of a comparison that rounding could swap."""


def less(a: mp.mpf, b: mp.mpf) -> bool:
    if abs(a - b) <= mp.mpf(10) ** -30 * (abs(a) + abs(b) + 1):
        raise TooCloseError
    return a < b


def normal_cdf(x: mp.mpf) -> mp.mpf:
    return mp.quad(lambda t: mp.npdf(t), [-mp.inf, -1, 0, x] if x > 0 else [-mp.inf, x])


names = st.sampled_from(sorted(PUBLISHED)).map(lambda n: (n, lambda env: env[n]))
literals = st.sampled_from(["1", "2", "0.1", "3.25", "1e-3", "7", "2/3", ".5", "12", "1e2"]).map(
    lambda t: (f"({t})", lambda env: mp.mpf(1) * eval_ratio(t))
)
constants = st.sampled_from([("pi", lambda env: +mp.pi), ("e", lambda env: +mp.e)])


def eval_ratio(text: str) -> mp.mpf:
    value = Fraction(text)
    return mp.mpf(value.numerator) / value.denominator


def unary(part: tuple[str, Value]) -> st.SearchStrategy[tuple[str, Value]]:
    t, f = part
    # arguments are moved into the domain, by the same text in both
    return st.sampled_from(
        [
            (f"-{t}", lambda env: -f(env)),
            (f"abs({t})", lambda env: abs(f(env))),
            (f"log(abs({t}) + 1/2)", lambda env: mp.log(abs(f(env)) + mp.mpf(1) / 2)),
            (f"ln(Abs({t}) + 0.5)", lambda env: mp.log(abs(f(env)) + mp.mpf(1) / 2)),
            (f"sqrt(abs({t}))", lambda env: mp.sqrt(abs(f(env)))),
            (f"exp(tanh({t}))", lambda env: mp.exp(mp.tanh(f(env)))),
            (f"erf({t})", lambda env: mp.erf(f(env))),
            (f"erfc({t})", lambda env: 1 - mp.erf(f(env))),
            (f"erfinv(tanh({t})/3)", lambda env: mp.erfinv(mp.tanh(f(env)) / 3)),
            (f"erfcinv(1 - tanh({t})/3)", lambda env: mp.erfinv(mp.tanh(f(env)) / 3)),
            (f"sinh(tanh({t}))", lambda env: mp.sinh(mp.tanh(f(env)))),
            (f"cosh(tanh({t}))", lambda env: mp.cosh(mp.tanh(f(env)))),
            (f"acosh(1 + abs({t}))", lambda env: mp.acosh(1 + abs(f(env)))),
            (f"Phi(tanh({t}))", lambda env: normal_cdf(mp.tanh(f(env)))),
            (
                f"ppf(1/2 + tanh({t})/3)",
                lambda env: mp.sqrt(2) * mp.erfinv(2 * mp.tanh(f(env)) / 3),
            ),
            (f"({t})**2", lambda env: f(env) ** 2),
            (f"(abs({t}) + 1)**-3", lambda env: (abs(f(env)) + 1) ** -3),
            (f"(abs({t}) + 1)**(2/3)", lambda env: mp.cbrt(abs(f(env)) + 1) ** 2),
        ]
    )


def binary(
    one: tuple[str, Value], two: tuple[str, Value], three: tuple[str, Value]
) -> st.SearchStrategy[tuple[str, Value]]:
    (a, f), (b, g), (c, h) = one, two, three
    return st.sampled_from(
        [
            (f"({a} + {b})", lambda env: f(env) + g(env)),
            (f"({a} - {b})", lambda env: f(env) - g(env)),
            (f"({a} - ({b} - {c}))", lambda env: f(env) - g(env) + h(env)),
            (f"({a} * {b})", lambda env: f(env) * g(env)),
            (f"(-{a} * {b} * {c})", lambda env: -f(env) * g(env) * h(env)),
            (f"({a} / (abs({b}) + 1/3))", lambda env: f(env) / (abs(g(env)) + mp.mpf(1) / 3)),
            (f"max({a}, {b}, {c})", lambda env: max(f(env), g(env), h(env))),
            (f"min({a}, {b})", lambda env: min(f(env), g(env))),
            (f"where({a} < {b}, {c}, {a})", lambda e: h(e) if less(f(e), g(e)) else f(e)),
            (f"({a} if not {a} > {b} else {c})", lambda e: f(e) if not less(g(e), f(e)) else h(e)),
            (
                f"Piecewise(({a}, {a} < {b} < {c}), ({b}, {b} >= {c} or {a} < 0), ({c}, True))",
                lambda e: three_way(f(e), g(e), h(e)),
            ),
            (f"(abs({a}) + 1)**tanh({b})", lambda e: (abs(f(e)) + 1) ** mp.tanh(g(e))),
        ]
    )


def three_way(a: mp.mpf, b: mp.mpf, c: mp.mpf) -> mp.mpf:
    if less(a, b) & less(b, c):
        return a
    return b if (not less(b, c)) | less(a, mp.mpf(0)) else c


trees = st.recursive(
    st.one_of(names, literals, constants),
    lambda inner: st.one_of(
        inner.flatmap(unary), st.tuples(inner, inner, inner).flatmap(lambda abc: binary(*abc))
    ),
    max_leaves=6,
)
levels = st.fractions(min_value=Fraction(1, 50), max_value=Fraction(49, 50), max_denominator=97)
lengths = st.fractions(min_value=Fraction(1, 7), max_value=Fraction(5), max_denominator=89)
points = st.fixed_dictionaries(
    {
        "p_a": levels,
        "p_b": levels,
        "lam": lengths,
        "sigma": lengths,
        "half_width": lengths,
        "num_classes": st.integers(2, 30).map(Fraction),
    }
)

#: SymPy's functions as mpmath has them.
FUNCTIONS = {
    sp.log: mp.log,
    sp.exp: mp.exp,
    sp.erf: mp.erf,
    sp.erfc: mp.erfc,
    sp.erfinv: mp.erfinv,
    sp.erfcinv: lambda x: mp.erfinv(1 - x),
    sp.sinh: mp.sinh,
    sp.cosh: mp.cosh,
    sp.tanh: mp.tanh,
    sp.acosh: mp.acosh,
    sp.Abs: abs,
    sp.Max: max,
    sp.Min: min,
    sp.Add: lambda *args: mp.fsum(args),
    sp.Mul: lambda *args: mp.fprod(args),
    sp.Pow: mp.power,
    sp.And: lambda *args: all(args),
    sp.Or: lambda *args: any(args),
    sp.StrictLessThan: less,
    sp.LessThan: lambda a, b: not less(b, a),
    sp.StrictGreaterThan: lambda a, b: less(b, a),
    sp.GreaterThan: lambda a, b: not less(a, b),
}
OWN_NAMES = {symbol: name for name, symbol in PUBLISHED.items()}


def value_of(node: sp.Basic, env: Env) -> mp.mpf:
    """The value of a tree at a point, by mpmath."""
    if node in OWN_NAMES:
        return env[OWN_NAMES[node]]
    if node.is_Rational:
        return mp.mpf(int(node.p)) / int(node.q)
    if node in (sp.pi, sp.E):
        return +mp.pi if node is sp.pi else +mp.e
    if node in (sp.true, sp.false):
        return node is sp.true
    if isinstance(node, sp.Piecewise):
        return next(value_of(v, env) for v, c in node.args if value_of(c, env))
    return FUNCTIONS[node.func](*(value_of(one, env) for one in node.args))


def at(point: Mapping[str, Fraction], stretch: Fraction = Fraction(1)) -> Env:
    env = {name: mp.mpf(v.numerator) / v.denominator for name, v in point.items()}
    for name in ("lam", "sigma", "half_width"):
        env[name] *= mp.mpf(stretch.numerator) / stretch.denominator
    return env


def close(a: mp.mpf, b: mp.mpf) -> bool:
    return abs(a - b) <= mp.mpf(10) ** -25 * (abs(a) + abs(b) + mp.mpf(10) ** -10)


def parsed(text: str) -> sp.Expr | None:
    """The expression, or None where its numbers meet a limit (0/0 of symbol-free parts, say)."""
    try:
        return parse_expression(text)
    except ValueError:
        return None


@settings(max_examples=150, suppress_health_check=[HealthCheck.filter_too_much])
@given(trees, points)
def test_the_expression_has_the_value_of_its_text(
    tree: tuple[str, Value], point: dict[str, Fraction]
) -> None:
    text, function = tree
    expression = parsed(text)
    assume(expression is not None)
    with mp.workdps(DIGITS):
        env = at(point)
        try:
            assert close(value_of(expression, env), function(env)), text
        except TooCloseError:
            assume(False)


def test_the_comparison_of_values_sees_a_factor() -> None:
    """The mutant: one part in 10^9 more is another value, at some point."""
    text = "sigma/2*(Phi_inv(p_a) - Phi_inv(p_b))*(1 + 1e-9)"
    point = dict.fromkeys(PUBLISHED, Fraction(1, 3)) | {"p_a": Fraction(3, 4)}
    with mp.workdps(DIGITS):
        env = at(point)
        half = mp.sqrt(2) / 2 * (mp.erfinv(2 * env["p_a"] - 1) - mp.erfinv(2 * env["p_b"] - 1))
        right = env["sigma"] * half * (1 + mp.mpf(10) ** -9)
        assert close(value_of(parse_expression(text), env), right)
        assert not close(value_of(parse_expression(text), env), env["sigma"] * half)


@settings(max_examples=200)
@given(trees)
def test_what_is_printed_is_read_back(tree: tuple[str, Value]) -> None:
    expression = parsed(tree[0])
    assume(expression is not None)
    assert parse_expression(to_text(expression)) == expression
    assert canonical(expression) == expression


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("-lam*log(2*(1-p_a))", "-lam*log(2 - 2*p_a)"),
        ("lam/2*ln(PA/PB)", "lam*log(p_a/p_b)/2"),
        ("lambda*(1 - 1e-9)", "999999999e-9*lam"),
        ("1e-9*scale", "1e-9*lam"),
        ("1e300 - p", "1e300 - p_a"),
        ("max(p_a, abs(p_b - p_a), 1/3)", "max(1/3, p_a, abs(p_b - p_a))"),
        ("Min(Lambda, sigma, min(lam, sigma))", "min(half_width, lam, sigma)"),
        ("p_a if p_a > 1/2 else 0", "where(p_a > 1/2, p_a, 0)"),
        ("where(pi < 4 and 1 == 1, p_a, p_b)", "p_a"),
        ("where(sqrt(6) == sqrt(2)*sqrt(3), p_a, p_b)", "p_a"),
        ("Piecewise((p_a, 2 < 1), (p_b, k != 3), (1, True))", "where(num_classes != 3, p_b, 1)"),
        (
            "where(not (p_a < p_b or K == 2), 1, 2)",
            "where((p_a >= p_b and num_classes != 2), 1, 2)",
        ),
        (
            "Piecewise((1, p_a < p_b), (2, p_b < 1/2), (pi, True))",
            "Piecewise((1, p_a < p_b), (2, p_b < 1/2), (pi, True))",
        ),
        ("(1/2)**p_a + p_b**-2 + 2**(-p_a)", None),
        ("(-1)**num_classes/3/(2*(p_a + p_b))", None),
        ("2*(p_a + p_b)*lam", "2*lam*(p_a + p_b)"),
        ("E**(2*p_a)*e", None),
        ("erfinv(p_a) + erfcinv(p_b) + acosh(1+sigma)*sinh(lam)*cosh(lam)*tanh(lam)", None),
        ("sqrt(lam*sigma)/p_b**(3/7)", None),
        ("123456789012345678901234567890123456789012345678901234567891e7*1e50*p_a", None),
        ("(123456789e300 + 1234567e100 + 3)*p_a/(1e400 + 1)", None),
        ("p_a**2**p_b", "p_a**(2**p_b)"),
        ("-2**2", "-4"),
        ("--p_a", "p_a"),
        ("  p_a\n\t+ 1", None),
    ],
)
def test_texts_that_are_read(text: str, printed: str | None) -> None:
    expression = parse_expression(text)
    assert parse_expression(to_text(expression)) == expression
    if printed is not None:
        assert to_text(expression) == printed


@pytest.mark.parametrize("name", sorted(ALIASES))
def test_every_alias_in_text_and_in_sympy(name: str) -> None:
    assert parse_expression(f"2*{name} + pi") == 2 * ALIASES[name] + sp.pi
    assert canonical(2 * sp.Symbol(name, negative=True)) == 2 * ALIASES[name]


def test_the_published_symbols() -> None:
    assert dict(PUBLISHED) == {
        "p_a": p_a,
        "p_b": p_b,
        "lam": lam,
        "sigma": sigma,
        "half_width": half_width,
        "num_classes": num_classes,
    }
    assert ALIASES["p"] == ALIASES["p_A"] == p_a != ALIASES["PB"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("1e-9", Fraction(1, 10**9)),
        (".5E+2", Fraction(50)),
        ("5.", Fraction(5)),
        ("1.25e-3", Fraction(1, 800)),
        ("0.1000000000000000055511151231257827021181583404541015625", Fraction(0.1)),
        ("1e400", Fraction(10**400)),
        ("0.30000000000000004", Fraction(30000000000000004, 10**17)),
        ("2**-3 + 1/3", Fraction(11, 24)),
    ],
)
def test_numbers_are_exact(text: str, value: Fraction) -> None:
    assert parse_expression(text) == sp.Rational(value.numerator, value.denominator)


def test_a_float_is_the_dyadic_rational_that_it_stores() -> None:
    stored = sp.Rational(*(0.1).as_integer_ratio())
    assert canonical(0.1 * sp.Symbol("p_a")) == stored * p_a != p_a / 10
    assert canonical(sp.Float(-2.5)) == sp.Rational(-5, 2)
    assert canonical(sp.Float(1e-300) * lam) == sp.Rational(*(1e-300).as_integer_ratio()) * lam
    with pytest.raises(ValueError, match="beyond the numbers"):
        canonical(sp.Float(1e-300) ** 10 * lam)


def assert_one_line(error: pytest.ExceptionInfo[ValueError], *pieces: str) -> None:
    message = str(error.value)
    assert "\n" not in message and len(message) < 400
    assert "legal" in message
    for piece in pieces:
        assert piece in message


@pytest.mark.parametrize(
    ("text", "piece"),
    [
        ("__import__('os')", "'"),
        ("__import__(os)", "__import__(os)"),
        ("eval(p_a)", "eval(p_a)"),
        ("p_a.real", "p_a.real"),
        ("(1).__class__", "__class__"),
        ("log.__globals__", "log.__globals__"),
        ("p_a[0]", "["),
        ("lambda x: x", ":"),
        ("(lambda)(1)", "(lam)(1)"),
        ("[p_a]", "["),
        ("{p_a}", "{"),
        ("(x for x in p_a)", "x for x in p_a"),
        ("f'{p_a}'", "'"),
        ('"p_a"', '"'),
        ("(x := 1)", ":"),
        ("max(*p_a)", "*p_a"),
        ("log(x=1)", "log(x=1)"),
        ("max(p_a, **p_b)", "max(p_a, **p_b)"),
        ("1j", "1j"),
        ("1e3j", "1e3j"),
        ("True", "True"),
        ("None", "None"),
        ("p_a + False", "False"),
        ("...", "..."),
        ("(p_a, p_b)", "(p_a, p_b)"),
        ("p_a < p_b", "p_a < p_b"),
        ("not p_a", "not p_a"),
        ("p_a and p_b", "p_a and p_b"),
        ("p_a // 2", "p_a // 2"),
        ("p_a % 2", "%"),
        ("p_a @ p_b", "@"),
        ("~p_a", "~"),
        ("p_a ^ 2", "write **"),
        ("p_a # note", "#"),
        ("p_a; p_b", ";"),
        ("p_a\0", "x00"),
        ("p_a\\\n+1", "\\"),
        ("\u03bb*p_a", "u03bb"),
        ("p\uff3fa", "uff3f"),
        ("\u1d29\u2090", "u1d29"),
        ("p_a if p_a else 1", "p_a"),
        ("where(p_a in p_b, 1, 2)", "p_a in p_b"),
        ("where(p_a is p_b, 1, 2)", "p_a is p_b"),
        ("where(p_a < p_b, 1)", "where(p_a < p_b, 1)"),
        ("where(where(p_a<p_b,1,2) < 1, 1, 2)", "inside a condition"),
        ("Piecewise((1, p_a < p_b))", "last pair"),
        ("Piecewise()", "last pair"),
        ("Piecewise(1, 2)", "1"),
        ("Piecewise((1, p_a < p_b, 3), (2, True))", "(1, p_a < p_b, 3)"),
        ("log(p_a, p_b)", "log(p_a, p_b)"),
        ("log()", "log()"),
        ("min()", "0 arguments"),
        ("max(1, p_a, p_b, lam, sigma, K, pi, e, half_width)", "9 arguments"),
        ("log", "is a function"),
        ("q + 1", "q"),
        ("Lambda_", "Lambda_"),
        ("await p_a", "await p_a"),
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("007", "007"),
        ("1if p_a < 1 else 2", "1if"),
        ("", "''"),
        ("   ", "''"),
        ("p_a +", "p_a +"),
        ("p_a p_b", "p_a p_b"),
        ("1" * 61, "60 digits"),
        ("1e401", "1e401"),
        ("1e-99999999999", "1e-99999999999"),
        ("p_a" + " " * 2000 + "+ 1", "2006"),
        ("1/0", "0"),
        ("p_a/(p_b - p_b)", "p_b - p_b"),
        ("0**-1", "0**-1"),
        ("0**(-p_a)", "0**(-p_a)"),
        ("9**9**9", "387420489"),
        ("(1/3)**(10**6)", "1000000"),
        ("p_a**65", "65"),
        ("(1e300)**2", "too large"),
        ("1e300*1e300", "too large"),
        ("((2**64)**64)**64", "too large"),
        ("exp(exp(exp(100)))", "exp(exp(100))"),
        ("exp(-exp(exp(100)))", "exp(exp(100))"),
        ("cosh(10000)", "cosh(10000)"),
        ("exp(1e300*log(3))", "exponent"),
        ("exp(exp(p_a*1e300*log(3)))", "exponent"),
        ("2**(1e300 - p_a)*2**p_a", "exponent"),
        ("3**(p_a*1e300)", "exponent"),
        ("(1e60)**(1/7)", "root"),
        ("((1e60+1)*p_a)**(1/7)", "root"),
        ("exp(log(1e60 + 1)/7)", "exp and log"),
        ("12**(1/1009)", "1009"),
        ("12**(p_a/997)*12**(1/991 - p_a)", "988027"),
        ("(12**(p_a/997))**(1/(991*p_a))", "988027"),
        ("sqrt(1e29+1)*sqrt(1e29+3)", "roots"),
        ("sqrt(-1)", "(-1)**(1/2)"),
        ("sqrt(-p_a)", "I"),
        ("(-8)**(1/3)", "(-8)**(1/3)"),
        ("log(-1)", "not a finite real"),
        ("log(0)", "zoo"),
        ("erfinv(1)", "oo"),
        ("erfinv(2)", "erfinv(2)"),
        ("acosh(1/2)", "not a finite real"),
        ("sqrt(1 - pi)", "not a finite real"),
        ("p_a/(log(2) + log(3) - log(6))", "told from 0"),
        ("where(log(2) + log(3) < log(6), 1, 2)", "not decided"),
        ("where(exp(1/3) < exp(2/6) + 1e-80, 1, 2)", "not decided"),
        ("(" * 300 + "1" + ")" * 300, "(((("),
        ("-" * 1500 + "1", "nodes"),
        ("+".join(["1"] * 300), "nodes"),
        ("exp(" * 60 + "p_a" + ")" * 60, "nested"),
        ("2**" * 60 + "p_a", "nested"),
        ("not " * 60 + "p_a", "a condition where"),
        ("where(" + "not " * 60 + "p_a < 1, 1, 2)", "nested"),
    ],
)
def test_texts_that_are_refused(text: str, piece: str) -> None:
    with pytest.raises(ValueError) as error:
        parse_expression(text)
    assert_one_line(error, piece)


@pytest.mark.parametrize(
    "text",
    [
        "exp(exp(exp(100*p_a)))",  # harmless: it has no value before it has a p_a
        "+".join(["p_a"] * 150),
        "*".join(["(1 - p_a)"] * 60),
        "p_a**64",
        "exp(-1000*p_a)",
        "12**0.651",
        "max(1,p_a,p_b,lam,sigma,K,pi,half_width)",
        "exp(" * 40 + "p_a" + ")" * 40,
        "0" * 60,
        "1e-400*p_a",
        "2**(1/997)",
    ],
)
def test_texts_just_inside_the_limits(text: str) -> None:
    expression = parse_expression(text)
    assert parse_expression(to_text(expression)) == expression


@pytest.mark.parametrize("given", [None, 3, 1.5, b"p_a", ["p_a"], object])
def test_only_text_and_expressions(given: object) -> None:
    for function in (parse_expression, canonical):
        with pytest.raises(ValueError) as error:
            function(given)
        assert_one_line(error, "of type")


x = sp.Symbol("x")


@pytest.mark.parametrize(
    ("expression", "piece"),
    [
        (x + 1, "the symbol x"),
        (sp.Symbol("__import__('os')") + 1, "__import__('os')"),
        (sp.Function("f")(p_a), "f"),
        (sp.sin(p_a), "sin"),
        (sp.Integral(p_a, (p_a, 0, 1)), "Integral"),
        (sp.gamma(p_a), "gamma"),
        (sp.sign(sp.Symbol("p_a", real=True)), "sign"),
        (sp.I * p_a, "I"),
        (sp.nan, "nan"),
        (sp.oo, "oo"),
        (sp.zoo, "zoo"),
        (sp.EulerGamma * lam, "EulerGamma"),
        (sp.Pow(9, 10**9, evaluate=False), "1000000000"),
        (sp.Pow(sp.Pow(9, 9, evaluate=False), 10**6, evaluate=False), "1000000"),
        (p_a ** sp.Integer(65), "65"),
        (sp.Integer(10) ** 500, "too large"),
        (sp.Add(*[p_a**n * p_b**m for n in range(40) for m in range(40)]), "more than 2000 nodes"),
        (sp.Add(*[p_a**n * p_b**3 for n in range(60)]), "nodes"),
        (sp.Piecewise((1, p_a < p_b)), "last pair"),
        (sp.Max(*[p_a + n * p_b * lam**n for n in range(9)], evaluate=False), "9 arguments"),
        (sp.MatrixSymbol("A", 2, 2)[0, 0], "MatrixElement"),
    ],
)
def test_expressions_that_are_refused(expression: sp.Expr, piece: str) -> None:
    with pytest.raises(ValueError) as error:
        canonical(expression)
    assert_one_line(error, piece)


def test_deep_and_shared_trees_are_refused_at_once() -> None:
    shared = p_a
    for _ in range(200):  # a tree of 2^200 nodes in 200 objects
        shared = sp.Mul(shared, sp.Add(shared, 1, evaluate=False), evaluate=False)
    deep = p_a
    for _ in range(150):
        deep = sp.exp(deep)
    for expression, piece in ((shared, "nodes"), (deep, "nested")):
        with pytest.raises(ValueError) as error:
            canonical(expression)
        assert_one_line(error, piece)


def test_sympy_expressions_become_canonical() -> None:
    top, scale = sp.Symbol("p_A"), sp.Symbol("lambda", real=True)
    assert canonical(-scale * sp.log(2 * (1 - top))) == parse_expression("-lam*log(2-2*p_a)")
    unevaluated = sp.Mul(2, sp.Add(p_a, p_a, evaluate=False), evaluate=False)
    assert canonical(unevaluated) == 4 * p_a
    pieces = sp.Piecewise((scale, sp.And(top > sp.Rational(1, 2), sp.Not(top > 0.75))), (0, True))
    text = to_text(canonical(pieces))
    assert text == "where((p_a <= 3/4 and p_a > 1/2), lam, 0)"
    assert canonical(sp.factor(2 * p_a + 2 * p_b)) == 2 * p_a + 2 * p_b
    assert canonical(sp.Max(lam, sp.Abs(p_a - p_b))) == parse_expression("max(lam, abs(p_a-p_b))")


def test_symbols_outside_of_a_setting() -> None:
    radius = parse_expression("lam*log(p_a/p_b) + num_classes")
    check_symbols(radius, ["p_a", "PB", "lam", "K"])
    with pytest.raises(ValueError, match=r"^p_b does .*: legal are p_a, lam, num_classes$"):
        check_symbols(radius, ["p_a", "lam", "num_classes"])
    with pytest.raises(ValueError, match="num_classes does not belong"):
        check_symbols(radius, ["p_a", "p_b", "lam"])
    with pytest.raises(ValueError, match="names no symbol"):
        check_symbols(radius, ["q"])
    with pytest.raises(ValueError, match="numbers only"):
        check_symbols(p_a, [])
    check_symbols(sp.Integer(1), [])


@pytest.mark.parametrize(
    "expression", [x, sp.sin(p_a), sp.I, sp.oo, sp.Integral(p_a, p_a), sp.EulerGamma]
)
def test_only_the_grammar_is_printed(expression: sp.Expr) -> None:
    with pytest.raises(ValueError, match="is not in the grammar: legal are"):
        to_text(expression)


# Whatever the text, nothing but a ValueError, and nothing big.

TOKENS = """
    pi e 0 1 2 9 0.1 1e9 1e300 1e-400 64 1/3 + - * / ** **- ( ) , < <= > == != and or not
    if else log( exp( sqrt( abs( min( max( erf( erfinv( erfcinv( acosh( Phi( Phi_inv(
    where( Piecewise(( ,True) True . = ^ lambda for in is [ ] ' x p_a p_B lam sigma K Lambda
"""
soups = st.lists(st.sampled_from(TOKENS.split()), min_size=1, max_size=30).map(" ".join)
printable = st.text(string.printable + "\0", max_size=40)


@settings(max_examples=600)
@given(st.one_of(soups, printable, st.text(max_size=20)))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    try:
        expression = parse_expression(text)
    except ValueError as error:
        message = str(error)
        assert "\n" not in message and "legal" in message and len(message) < 400
    else:
        assert sum(1 for _ in preorder(expression)) <= MOST_NODES
        assert expression.free_symbols <= set(PUBLISHED.values())
        assert parse_expression(to_text(expression)) == expression


numeric = st.recursive(
    st.sampled_from(
        ["1", "2", "6", "12", "64", "p_a", "lam", "1e9", "1/3", "0.25", "pi", "e", "1e200"]
    ),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "**"]), inner).map(
            lambda abc: "(" + "".join(abc) + ")"
        ),
        st.tuples(st.sampled_from(["exp", "log", "sqrt", "cosh", "erfinv", "-"]), inner).map(
            lambda ab: f"{ab[0]}({ab[1]})"
        ),
    ),
    max_leaves=12,
)


@settings(max_examples=300)
@given(numeric)
def test_towers_of_numbers_stay_bounded(text: str) -> None:
    try:
        expression = parse_expression(text)
    except ValueError as error:
        assert "legal" in str(error)
    else:
        for node in preorder(expression):
            if node.is_Rational:
                assert max(abs(int(node.p)), int(node.q)) < 10**460
        assert parse_expression(to_text(expression)) == expression


def test_a_builder_that_forgets_its_limits_would_be_seen() -> None:
    """The mutant: SymPy alone builds what the builder refuses."""
    base, exponent = sp.Integer(2), sp.Integer(65)
    assert sp.Pow(base, exponent) == 2**65
    with pytest.raises(ValueError, match="exponent 65"):
        Builder().power(base, exponent)
    assert sp.log(-1).has(sp.I)
    with pytest.raises(ValueError, match="real"):
        Builder().call(sp.log, sp.Integer(-1))


# Degrees of homogeneity.


@pytest.mark.parametrize(
    ("text", "degree"),
    [
        ("-lam*log(2*(1-p_a))", 1),
        ("sigma/2*(Phi_inv(p_a) - Phi_inv(p_b))", 1),
        ("lam*max(log(p_a/p_b)/2, -log(1-p_a+p_b))", 1),
        ("max(0, lam*p_a, sigma)", 1),
        ("max(1, lam)", None),
        ("lam + p_a", None),
        ("lam + sigma*half_width/lam", 1),
        ("lam**2", 2),
        ("p_a", 0),
        ("0", 0),
        ("sqrt(lam)", Fraction(1, 2)),
        ("sqrt(lam*sigma)", 1),
        ("(lam + sigma)**(-2/3)", Fraction(-2, 3)),
        ("abs(lam - sigma)**3/sigma", 2),
        ("lam**sqrt(2)", None),
        ("lam**p_b", None),
        ("p_b**lam", None),
        ("p_b**(lam/sigma)", 0),
        ("log(lam)", None),
        ("log(2*lam) - log(lam)", None),
        ("log(lam/sigma)", 0),
        ("exp(lam/sigma)*lam", 1),
        ("exp(lam)", None),
        ("tanh(lam)", None),
        ("where(p_a > 1/2, lam, 0)", 1),
        ("where(p_a > 1/2, lam, 1)", None),
        ("where(lam > 1, lam, 2*lam)", None),
        ("where(lam > 0, lam, 2*lam)", 1),
        ("where(lam < sigma or p_a > 1/2, lam, sigma)", 1),
        ("where(lam < sigma or p_a > lam, lam, sigma)", None),
        ("where(lam < sigma**2, lam, sigma)", None),
        ("lam*where(p_a < p_b, 0, 0)", 1),
        ("lam*p_a/(1 + lam)", None),
        ("num_classes*lam", 1),
    ],
)
def test_degrees(text: str, degree: Fraction | int | None) -> None:
    expression = parse_expression(text)
    assert scale_degree(expression, SCALES) == degree
    assert scale_degree(expression, dict.fromkeys(SCALES, 1)) == degree


def test_only_the_scales_that_are_given_count() -> None:
    expression = parse_expression("lam + sigma")
    assert scale_degree(expression, SCALES) == 1
    assert scale_degree(expression, [lam]) is None
    assert scale_degree(expression, []) == 0


def scales_as(expression: sp.Expr, degree: Fraction, point: Mapping[str, Fraction]) -> bool:
    """Whether the values at three stretches agree with the degree."""
    with mp.workdps(DIGITS):
        unit = value_of(expression, at(point))
        power = mp.mpf(degree.numerator) / degree.denominator
        return all(
            close(value_of(expression, at(point, t)), unit * mp.mpf(float(t)) ** power)
            for t in (Fraction(1, 8), Fraction(5, 2), Fraction(64))
        )


@settings(max_examples=200, suppress_health_check=[HealthCheck.filter_too_much])
@given(trees, points)
def test_a_degree_that_is_claimed_is_right(
    tree: tuple[str, Value], point: dict[str, Fraction]
) -> None:
    expression = parsed(tree[0])
    assume(expression is not None)
    degree = scale_degree(expression, SCALES)
    assume(degree is not None)
    try:
        assert scales_as(expression, degree, point)
    except TooCloseError:
        assume(False)


def lengths_of(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Texts of degree 1, of texts of degree 1."""
    three = st.tuples(inner, inner, inner)
    return three.flatmap(
        lambda abc: st.sampled_from(
            [
                "({0} + {1})",
                "({0} - p_b*{1})",
                "({0}*{1}/(abs({2}) + lam))",
                "max({0}, {1}, 0)",
                "min({0}, {1}*p_a)",
                "abs({0})",
                "sqrt(abs({0}*{1}))",
                "where({0} < {1}, {2}, 0)",
                "({0} if p_a > 1/2 and {1} >= {2} else {1})",
                "({0}*tanh({1}/(sigma + abs({2}))))",
                "({0}*(2 + p_a)**({1}/lam/64))",
                "(({0})**2/sigma)",
            ]
        ).map(lambda form: form.format(*abc))
    )


of_degree_one = st.recursive(
    st.sampled_from(["lam", "sigma", "2*half_width", "p_a*lam", "lam*log(p_b)"]),
    lengths_of,
    max_leaves=5,
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.filter_too_much])
@given(of_degree_one, points)
def test_lengths_have_degree_one(text: str, point: dict[str, Fraction]) -> None:
    expression = parsed(text)
    assume(expression is not None and expression != 0)
    degree = scale_degree(expression, SCALES)
    assert degree in (1, 0), text  # 0: every branch is zero
    try:
        assert scales_as(expression, degree, point)
        # the mutants: another degree, and a term that does not scale
        if degree == 1:
            nonzero = value_of(expression, at(point)) != 0
            assert scales_as(expression, Fraction(2), point) is not nonzero
            assert scale_degree(expression + p_a, SCALES) is None
    except TooCloseError:
        assume(False)
