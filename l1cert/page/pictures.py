"""Figures as inline SVG: drawn from their data, without what only a file of its own needs."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.etree import ElementTree as Xml

from figures import saving, style
from figures.table import CLAIMS, figure_module
from l1cert.page.elements import Markup

#: whose column the figures are drawn for
VENUE = "icml"

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"

#: of a file of its own: what the picture is called and by whom it was made
_OF_A_FILE = {f"{_SVG}metadata", f"{_SVG}title"}

#: what matplotlib says of every element by a style sheet, which on a page would reach all of it
_INHERITED = "stroke-linejoin: round; stroke-linecap: butt"

_REFERENCE = re.compile(r"url\(#([^)]+)\)")


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawn figure: its name, its caption and its picture as an element."""

    name: str
    caption: str
    svg: Markup


def picture(slug: str) -> Picture | None:
    """The figure that shows a claim, or None where there is none.

    >>> picture("theorem_2")
    """
    name = CLAIMS.get(slug)
    if name is None:
        return None
    module = figure_module(name)
    data = module.compute()
    settings = style.rc(VENUE, "column")
    drawn = saving.render(module.draw(data, settings), "svg", settings, title=name)
    caption = module.caption(data)
    return Picture(name, caption, inline(drawn, prefix=f"{name}-", label=f"Figure of {slug}"))


def inline(svg: bytes, *, prefix: str, label: str) -> Markup:
    """An SVG file as an element of a page.

    Parameters
    ----------
    svg : bytes
        The file, as matplotlib writes it.
    prefix : str
        Put before every id that something refers to; other ids are dropped.
    label : str
        What the picture is called where it cannot be seen.

    Raises
    ------
    ValueError
        If it is no SVG.

    Examples
    --------
    >>> svg = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><g id="a"/></svg>'
    >>> inline(svg, prefix="x-", label="a & b").partition(" style")[0]
    '<svg viewBox="0 0 1 1" role="img" aria-label="a &amp; b"'
    """
    try:
        root = Xml.fromstring(svg)
    except Xml.ParseError as error:
        raise ValueError(f"the picture is no SVG: {error}") from None
    if root.tag != f"{_SVG}svg":
        raise ValueError(f"the picture is no SVG but {root.tag!r}")
    _strip(root)
    wanted = set(_referenced(root))
    for node in root.iter():
        _localize(node, wanted, prefix)
    kept = {"viewBox": root.get("viewBox", ""), "role": "img", "aria-label": label}
    root.attrib.clear()
    root.attrib.update({**kept, "style": _INHERITED})
    return Markup(Xml.tostring(root, encoding="unicode"))


def _strip(node: Xml.Element) -> None:
    for child in list(node):
        styled = child.tag == f"{_SVG}defs" and child.find(f"{_SVG}style") is not None
        if child.tag in _OF_A_FILE or styled:
            node.remove(child)
        else:
            _strip(child)


def _referenced(root: Xml.Element) -> Iterable[str]:
    for node in root.iter():
        for name, value in node.attrib.items():
            if name in {"href", f"{_XLINK}href"}:
                yield value.removeprefix("#")
            yield from _REFERENCE.findall(value)


def _localize(node: Xml.Element, wanted: set[str], prefix: str) -> None:
    """Names without their spaces, ids with the prefix, no blanks between elements."""
    node.tag = node.tag.removeprefix(_SVG)
    found = {}
    for name, value in node.attrib.items():
        if name == "id":
            if value in wanted:
                found["id"] = prefix + value
        elif name in {"href", f"{_XLINK}href"}:
            found["href"] = f"#{prefix}{value.removeprefix('#')}"
        else:
            found[name] = _REFERENCE.sub(rf"url(#{prefix}\1)", value)
    node.attrib.clear()
    node.attrib.update(found)
    if node.text is not None and node.tag not in {"text", "tspan"}:
        node.text = node.text.strip() or None
    if node.tail is not None and not node.tail.strip():
        node.tail = None
    if node.tag == "path":
        node.attrib["d"] = " ".join(node.attrib.get("d", "").split())
