"""A conjectured radius written out, in the grammar that `parse_expression` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import sympy as sp

from theory.conjectures.expression_nodes import FUNCTIONS
from theory.symbols import lam, p_a, p_b, sigma

__all__ = ["PUBLISHED", "half_width", "num_classes", "to_text"]

half_width = sp.Symbol("half_width", positive=True)  # of the uniform noise of one coordinate
num_classes = sp.Symbol("num_classes", integer=True, positive=True)

#: The symbols of a conjectured radius, by the names under which they are published.
PUBLISHED: Mapping[str, sp.Symbol] = MappingProxyType(
    {
        "p_a": p_a,
        "p_b": p_b,
        "lam": lam,
        "sigma": sigma,
        "half_width": half_width,
        "num_classes": num_classes,
    }
)
_NAMES = {symbol: name for name, symbol in PUBLISHED.items()}
_ATOMS = {sp.pi: "pi", sp.E: "e", sp.true: "True", sp.false: "False"}
_CALLS = {function: name for name, function in FUNCTIONS.items()} | {
    sp.Abs: "abs",
    sp.Max: "max",
    sp.Min: "min",
}
_RELATIONS = {
    sp.StrictLessThan: "<",
    sp.LessThan: "<=",
    sp.StrictGreaterThan: ">",
    sp.GreaterThan: ">=",
    sp.Equality: "==",
    sp.Unequality: "!=",
}
_SUM, _PRODUCT, _POWER, _ATOM = range(4)  # how tightly the outermost operation binds
_DIGITS = 60  # of a literal
_LAST_EXPONENT = 400  # of a literal


def to_text(expression: sp.Expr) -> str:
    """The expression in the grammar of `parse_expression`, which reads the same one back.

    Parameters
    ----------
    expression : sympy.Expr
        What `parse_expression` or `canonical` returned: for any other the text may be read as an
        equal expression of another shape.

    Raises
    ------
    ValueError
        If something in the expression has no place in the grammar.

    Examples
    --------
    >>> to_text(-lam * sp.log(2 - 2 * p_a))
    '-lam*log(2 - 2*p_a)'
    >>> to_text(sp.sqrt(2) * sp.erfinv(p_a) / (3 * p_b) ** 2)
    'sqrt(2)*erfinv(p_a)/(9*p_b**2)'
    """
    return _write(expression)[0]


def _write(node: sp.Basic) -> tuple[str, int]:
    """The text of a node, and how tightly its outermost operation binds."""
    if node.is_Rational:
        return _product([], node)
    if node.is_Atom:
        name = _NAMES.get(node) or _ATOMS.get(node)
        if name is None:
            raise ValueError(f"{node} is not in the grammar: legal are {', '.join(PUBLISHED)}")
        return name, _ATOM
    if node.is_Add:
        return _sum(node.args)
    if node.is_Mul:
        coefficient, _ = node.as_coeff_Mul()
        return _product([one for one in node.args if not one.is_Rational], coefficient)
    if node.is_Pow:
        return _product([node], sp.S.One)
    if isinstance(node, sp.Piecewise):
        return _branches(node), _ATOM
    if node.func in _RELATIONS:
        left, right = (_write(side)[0] for side in node.args)
        return f"{left} {_RELATIONS[node.func]} {right}", _SUM
    if isinstance(node, (sp.And, sp.Or)):
        word = " and " if isinstance(node, sp.And) else " or "
        return "(" + word.join(_write(one)[0] for one in node.args) + ")", _ATOM
    if node.func in _CALLS:
        return f"{_CALLS[node.func]}({', '.join(_write(one)[0] for one in node.args)})", _ATOM
    raise ValueError(
        f"{node.func.__name__} is not in the grammar: legal are {', '.join(_CALLS.values())}"
    )


def _inside(node: sp.Basic, binding: int) -> str:
    text, own = _write(node)
    return text if own >= binding else f"({text})"


def _sum(terms: Sequence[sp.Expr]) -> tuple[str, int]:
    """Terms joined by + and -, the negative ones last."""
    texts = [_inside(term, _PRODUCT) for term in terms]
    plus = [text for text in texts if not text.startswith("-")]
    minus = [text[1:] for text in texts if text.startswith("-")]
    first = plus[0] if plus else "-" + minus.pop(0)
    return " - ".join([" + ".join([first, *plus[1:]]), *minus]), _SUM


def _product(factors: Sequence[sp.Expr], coefficient: sp.Rational) -> tuple[str, int]:
    """Factors over factors, with a rational number in front of them."""
    above, below = [], []
    for factor in factors:
        base, exponent = factor.args if factor.is_Pow else (factor, sp.S.One)
        if exponent.is_Rational and exponent < 0:
            below.append(_power(base, -exponent))
        else:
            above.append(_power(base, exponent))
    p, q = abs(int(coefficient.p)), int(coefficient.q)
    places = len(str(q)) - 1
    if places > 3 and q == 10**places and places <= _LAST_EXPONENT and len(str(p)) <= _DIGITS:
        above.insert(0, (f"{p}e-{places}", _ATOM))
    else:
        if p != 1 or not above:
            above.insert(0, _integer(p))
        if q != 1:
            below.insert(0, _integer(q))
    sign = "-" if coefficient < 0 else ""
    if not below and len(above) == 1:
        text, binding = above[0]
        return sign + text, _PRODUCT if sign else binding
    text = sign + "*".join(text for text, _ in above)
    if below:
        divisor = "*".join(text for text, _ in below)
        text += "/" + (divisor if len(below) == 1 else f"({divisor})")
    return text, _PRODUCT


def _power(base: sp.Expr, exponent: sp.Expr) -> tuple[str, int]:
    if exponent is sp.S.One:
        return _inside(base, _POWER), _POWER
    if exponent == sp.Rational(1, 2):
        return f"sqrt({_write(base)[0]})", _ATOM
    return f"{_inside(base, _ATOM)}**{_inside(exponent, _ATOM)}", _POWER


def _integer(value: int) -> tuple[str, int]:
    """An integer as a literal, or as the sum of the literals that its digits are cut into."""
    digits = str(value)
    short = digits.rstrip("0")
    places = len(digits) - len(short)
    if places > 5 and places <= _LAST_EXPONENT and len(short) <= _DIGITS:
        return f"{short}e{places}", _ATOM
    if len(digits) <= _DIGITS:
        return digits, _ATOM
    pieces = []
    rest = value
    for place in [_LAST_EXPONENT, *range(360, -1, -_DIGITS)]:
        piece, rest = divmod(rest, 10**place)
        if piece:
            pieces.append(f"{piece}e{place}" if place else f"{piece}")
    return "(" + " + ".join(pieces) + ")", _ATOM


def _branches(node: sp.Piecewise) -> str:
    pairs = [(_write(value)[0], _write(condition)[0]) for value, condition in node.args]
    if len(pairs) == 2:
        (value, condition), (other, _) = pairs
        return f"where({condition}, {value}, {other})"
    return "Piecewise(" + ", ".join(f"({value}, {condition})" for value, condition in pairs) + ")"
