"""Elements of a page, escaped by construction.

`element` is the only place where text becomes markup: whatever is not `Markup` already is escaped
there, in content and in attributes.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TypeAlias


class Markup(str):
    """Text that is markup: made by `element`, or written in this package."""

    __slots__ = ()


#: what an element holds: markup, text to be escaped, or nothing
Child: TypeAlias = str | None

#: True is an attribute without a value; None and False leave it out
Value: TypeAlias = str | int | bool | None

#: elements that hold nothing and have no end tag
VOID = frozenset({"br", "col", "hr", "input", "link", "meta"})


def element(tag: str, *children: Child, **attributes: Value) -> Markup:
    """An element with its children, in order; text among them is escaped.

    A trailing underscore of an attribute is dropped (``class_``), others become hyphens
    (``aria_label``).

    Raises
    ------
    ValueError
        If a void element is given children.

    Examples
    --------
    >>> element("p", "a < b", element("b", "&"), class_="x", hidden=True, id=None)
    '<p class="x" hidden>a &lt; b<b>&amp;</b></p>'
    >>> element("br")
    '<br>'
    """
    opened = f"<{tag}{''.join(_attribute(*one) for one in attributes.items())}>"
    if tag in VOID:
        if children:
            raise ValueError(f"<{tag}> holds nothing, but was given {len(children)} children")
        return Markup(opened)
    return Markup(f"{opened}{joined(*children)}</{tag}>")


def joined(*children: Child) -> Markup:
    """The children one after another, text among them escaped.

    >>> joined("a < b", None, element("i", "c"))
    'a &lt; b<i>c</i>'
    """
    return Markup(
        "".join(
            child if isinstance(child, Markup) else escape(child, quote=False)
            for child in children
            if child is not None
        )
    )


def listed(items: Iterable[str]) -> Markup:
    """Things one after another, with commas between them.

    >>> listed(["a", element("i", "b")])
    'a, <i>b</i>'
    """
    return Markup(", ".join(joined(item) for item in items))


def _attribute(name: str, value: Value) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(str(value))}"'
