"""Names of symbols and functions as MathML: Greek letters, subscripts, primes, whole phrases.

The claims call their symbols as they would be typed (``p_A``, ``lambda``, ``P(X in S')``); a page
shows them as they would be set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from l1cert.page.elements import Markup, element, joined

_LETTERS = (
    *("alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa"),
    *("lambda", "mu", "nu", "xi", "omicron", "pi", "rho", "varsigma", "sigma", "tau", "upsilon"),
    *("phi", "chi", "psi", "omega"),
)

#: the letter of each Greek name, small and capital
GREEK = {
    **{name: chr(0x3B1 + place) for place, name in enumerate(_LETTERS)},
    **{
        name.capitalize(): chr(0x391 + place)
        for place, name in enumerate(_LETTERS)
        if name != "varsigma"  # it has no capital of its own
    },
    "eps": "ϵ",
    "varepsilon": "ε",
    "epsilon": "ϵ",
}

#: names that are typed without the underscore that they are set with
_RUN_TOGETHER = re.compile(r"([Pc])([ABC])('*)")

_OPERATORS = {
    "-": "−",
    "*": "⋅",
    "<=": "≤",
    ">=": "≥",
    "in": "∈",
    "!=": "≠",
}

_TOKEN = re.compile(
    r"""\s*(?:
        (?P<number>\d+(?:\.\d+)?)
      | (?P<word>[A-Za-z]+(?:_(?:[A-Za-z0-9]+|-[A-Za-z0-9]+))?'*(?:\^-1)?)
      | (?P<operator><=|>=|!=|[-+*/=<>(),|\[\]{}^;:])
    )""",
    re.VERBOSE,
)


def name(text: str) -> Markup:
    """The name of a symbol or of a function, as MathML.

    >>> name("p_A")
    '<msub><mi>p</mi><mi>A</mi></msub>'
    >>> name("lambda")
    '<mi>λ</mi>'
    >>> name("x - r e_1").count("<mi>")
    3
    """
    tokens = [*_tokens(text)]
    whole = "".join(tokens).replace(" ", "") == text.replace(" ", "")
    if not whole or (len(tokens) > 1 and _is_prose(tokens)):
        return element("mtext", text)
    set_ = [_token(one) for one in tokens]
    return set_[0] if len(set_) == 1 else element("mrow", *set_)


def function_name(text: str) -> Markup:
    """The name of a function, as MathML; the one called 1 is an indicator.

    >>> function_name("1")
    '<mi>𝟏</mi>'
    """
    return element("mi", "𝟏") if text == "1" else name(text)


def number(text: str) -> Markup:
    """Digits, as MathML."""
    return element("mn", text)


def _tokens(text: str) -> Iterator[str]:
    at = 0
    while match := _TOKEN.match(text, at):
        yield match.group().strip()
        at = match.end()


def _is_prose(tokens: list[str]) -> bool:
    """Whether it is words, such as "all classes", and no formula."""
    return all(len(token) > 2 and token.isalpha() and token not in GREEK for token in tokens)


def _token(token: str) -> Markup:
    if token[0].isdigit():
        return number(token)
    if token in _OPERATORS or not token[0].isalpha():
        return element("mo", _OPERATORS.get(token, token))
    return _word(token)


def _word(token: str) -> Markup:
    inverse = token.endswith("^-1")
    token = token.removesuffix("^-1")
    run_together = _RUN_TOGETHER.fullmatch(token)
    if run_together is not None:
        token = "{}_{}{}".format(*run_together.groups())
    bare = token.rstrip("'")
    primes = "′" * (len(token) - len(bare))
    head, _, foot = bare.partition("_")
    above = joined(
        element("mo", primes) if primes else None,
        *((element("mo", "−"), number("1")) if inverse else ()),
    )
    base = _letters(head)
    below = _foot(foot)
    if below and above:
        return element("msubsup", base, below, element("mrow", above))
    if below:
        return element("msub", base, below)
    return element("msup", base, element("mrow", above)) if above else base


def _foot(text: str) -> Markup | None:
    if not text:
        return None
    if text.startswith("-"):
        return element("mrow", element("mo", "−"), _foot(text[1:]))
    return number(text) if text.isdigit() else _letters(text)


def _letters(text: str) -> Markup:
    # MathML sets one letter in italics and several upright, which is what is wanted
    return element("mi", GREEK.get(text, text))
