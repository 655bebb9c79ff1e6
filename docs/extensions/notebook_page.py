"""The notebook as a page, with the outputs that it holds: nothing is run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from extensions.claim_pages import FOLDER, put

NOTEBOOK = "workbench.ipynb"
PAGE = "workbench.md"

_FENCE = "`" * 4


def setup(app: Sphinx) -> dict[str, bool]:
    """Make the page before Sphinx looks for it."""
    app.connect("builder-inited", make)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def make(app: Sphinx) -> None:
    """Write the page of the notebook."""
    notebook = json.loads(Path(app.srcdir, NOTEBOOK).read_text(encoding="utf-8"))
    put(Path(app.srcdir, FOLDER, PAGE), page(notebook))


def page(notebook: Mapping[str, Any]) -> str:
    """The cells of a notebook as MyST Markdown.

    >>> cell = {"cell_type": "code", "source": ["1 + 1"], "outputs": []}
    >>> page({"cells": [cell]}).splitlines()[1]
    '1 + 1'
    """
    return "\n\n".join(block for cell in notebook["cells"] for block in _blocks(cell)) + "\n"


def _blocks(cell: Mapping[str, Any]) -> Iterator[str]:
    source = "".join(cell["source"])
    if cell["cell_type"] != "code":
        yield source
        return
    yield f"{_FENCE}python\n{source}\n{_FENCE}"
    for output in cell["outputs"]:
        said = output.get("text") or output.get("data", {}).get("text/plain") or []
        if said:
            yield f"{_FENCE}text\n{''.join(said)}\n{_FENCE}"
