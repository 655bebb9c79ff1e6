"""What autodoc and napoleon make of sources, put back into the words of their authors.

Signatures say `Exact` and `ndarray`, sentences on data keep their colons, dashes are dashes.
"""

from __future__ import annotations

import re
from typing import ClassVar

from sphinx.application import Sphinx

# what an alias is expanded to; a name may come with its module, as in ~numpy.float64
_EXACT = re.compile(r"int \| float \| (~?decimal\.)?Decimal \| (~?fractions\.)?Fraction \| str")
_ARRAY = re.compile(
    r"(~?numpy\.)?ndarray\[tuple\[(~?typing\.)?Any, \.\.\.\], (~?numpy\.)?dtype\[[~\w.]*\]\]"
)
# a default that has no text: of a field, a function, a property
_UNWRITTEN = re.compile(r"<(?:function (\w+)|[^<>]*)>")
#: what napoleon takes for "type: description" where it is a sentence
SENTENCES = ("attribute", "data", "property")
# napoleon's, behind **name** (*type*); those of options, as in --json, stay
_DASH = re.compile(r"(\*\)|\*) -- ")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the handler."""
    app.connect("autodoc-process-signature", process)
    # before napoleon, and after it
    app.connect("autodoc-process-docstring", Sentences.keep, priority=100)
    app.connect("autodoc-process-docstring", Sentences.put_back, priority=900)
    app.connect("autodoc-process-docstring", dashes, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def process(
    app: Sphinx,
    what: str,
    name: str,
    documented: object,
    options: object,
    signature: str | None,
    returned: str | None,
) -> tuple[str | None, str | None]:
    """The signature and what it returns, in the words of the source."""
    return shortened(signature), shortened(returned)


def shortened(text: str | None) -> str | None:
    """Each expansion as what it expands.

    >>> shortened("(p: ~decimal.Decimal) -> ~numpy.ndarray[tuple[~typing.Any, ...], dtype[bool]]")
    '(p: ~decimal.Decimal) -> ndarray'
    """
    if text is None:
        return None
    text = _UNWRITTEN.sub(lambda found: found[1] or "...", text)
    return _ARRAY.sub("ndarray", _EXACT.sub("Exact", text))


class Sentences:
    """Docstrings of data as they were before napoleon read them."""

    kept: ClassVar[dict[str, list[str]]] = {}

    @classmethod
    def keep(
        cls, app: Sphinx, what: str, name: str, _: object, __: object, lines: list[str]
    ) -> None:
        """Keep those that have no sections, which napoleon is needed for."""
        if what in SENTENCES and not any(line.startswith("---") for line in lines):
            cls.kept[name] = list(lines)

    @classmethod
    def put_back(
        cls, app: Sphinx, what: str, name: str, _: object, __: object, lines: list[str]
    ) -> None:
        """Put them back."""
        if what in SENTENCES and name in cls.kept:
            lines[:] = cls.kept.pop(name)


def dashes(
    app: Sphinx, what: str, name: str, documented: object, options: object, lines: list[str]
) -> None:
    """Set the dash behind the name and the type of a parameter."""
    lines[:] = [_DASH.sub(r"\1 – ", line) for line in lines]
