"""Signs of formulas as MathML: operators, brackets, upright words."""

from __future__ import annotations

from l1cert.page.elements import Markup, element


def operator(sign: str, **attributes: str) -> Markup:
    """A sign between operands, or before one.

    >>> operator("<")
    '<mo>&lt;</mo>'
    """
    return element("mo", sign, **attributes)


def row(*children: Markup) -> Markup:
    """Several things as one, without a row around a single one."""
    return children[0] if len(children) == 1 else element("mrow", *children)


def enclosed(opening: str, inside: Markup, closing: str) -> Markup:
    """Something between two signs, which grow with it and with nothing else."""
    return element("mrow", operator(opening), inside, operator(closing))


def bracketed(inside: Markup) -> Markup:
    """Something in round brackets."""
    return enclosed("(", inside, ")")


def word(text: str) -> Markup:
    """A name that is set upright, such as that of a known function.

    >>> word("e"), word("log")
    ('<mi mathvariant="normal">e</mi>', '<mi>log</mi>')
    """
    # one letter would be set in italics, as a variable is
    return element("mi", text, mathvariant="normal" if len(text) == 1 else None)
