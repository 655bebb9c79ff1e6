"""LaTeX mathematics as MathML, written when the pages are built: a reader needs no script."""

from __future__ import annotations

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

RENDERER = "built_in"

_NAME = re.compile(r"<mi>(log|exp|max|min|sup|inf)</mi>(?!<mo)")

_LOGGER = logging.getLogger(__name__)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the renderer."""
    app.add_html_math_renderer(
        RENDERER, inline_renderers=(inline, None), block_renderers=(block, None)
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    translator.body.append(_mathml(node, "inline"))
    raise nodes.SkipNode


def block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on lines of its own; a wide one scrolls, not the page."""
    body = _mathml(node, "block")
    translator.body.append(f'<div class="formula" tabindex="0">{body}</div>\n')
    raise nodes.SkipNode


def _mathml(node: nodes.math | nodes.math_block, display: str) -> str:
    try:
        return spaced(str(convert(node.astext(), display=display)))
    except Exception as error:  # whatever the converter raises on what it cannot read
        _LOGGER.warning("no MathML of %r: %r", node.astext(), error, location=node)
        return f"<code>{translator_safe(node.astext())}</code>"


def spaced(markup: str) -> str:
    """MathML with a thin space between the name of a function and an argument without brackets.

    >>> spaced("<mi>log</mi><mi>p</mi>")
    '<mi>log</mi><mspace width="0.167em"/><mi>p</mi>'
    """
    return _NAME.sub(r'\g<0><mspace width="0.167em"/>', markup)


def translator_safe(text: str) -> str:
    """Text as HTML shows it.

    >>> translator_safe("a<b")
    'a&lt;b'
    """
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
