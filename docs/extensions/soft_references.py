"""What docstrings mean by single backquotes and by bars.

`theory.noise` becomes a link where these pages document it, and plain code where they do not, as
`l1cert verify` does; a role that is written out still has to lead somewhere. Bars are absolute
values, and no substitutions.
"""

from __future__ import annotations

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the handler."""
    app.connect("missing-reference", unresolved)
    app.add_transform(Bars)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def unresolved(
    app: Sphinx, env: BuildEnvironment, node: addnodes.pending_xref, content: nodes.TextElement
) -> nodes.Node | None:
    """The code alone, of a reference by the default role; None of any other."""
    soft = node.get("refdomain") == "py" and node.get("reftype") == "obj"
    return content if soft else None


class Bars(SphinxTransform):
    """Put back the text that stands between two bars, before docutils looks for a substitution."""

    default_priority = 200

    def apply(self, **_: object) -> None:
        """Replace every reference to a substitution, of which there are none here."""
        for node in list(self.document.findall(nodes.substitution_reference)):
            node.replace_self(nodes.Text(f"|{node.astext()}|"))
