"""Run a notebook as a program: `python docs/run_notebook.py docs/workbench.ipynb`.

Its code cells are executed in order in one namespace, as Jupyter would do it, and without Jupyter:
plain Python, no magic. The first cell that fails ends the run (exit code 1) with its number and the
traceback. A notebook that is stored with outputs or execution counts, or is none, is refused (2):
what it shows has to come from a run.
"""

from __future__ import annotations

import json
import linecache
import sys
import traceback
from pathlib import Path
from typing import Any

FORMAT, FORMAT_MINOR = 4, 5
KINDS = ("code", "markdown", "raw")


class CellError(Exception):
    """A cell that failed; the message has its number, among all cells, and the traceback."""


def code_cells(path: Path) -> list[tuple[int, str]]:
    """Every code cell with its number among all cells, which begin with 1.

    Raises ValueError, in one line, for a file that is no notebook of the format above, or is stored
    with what a run left in it.
    """
    notebook = _parsed(path)
    seen: set[str] = set()
    found = []
    for number, cell in enumerate(notebook["cells"], 1):
        where = f"{path.name}, cell {number}"
        if not isinstance(cell, dict) or cell.get("cell_type") not in KINDS:
            raise ValueError(f"{where}: its cell_type is none of {', '.join(KINDS)}")
        if not isinstance(cell.get("id"), str) or cell["id"] in seen:
            raise ValueError(f"{where}: its id {cell.get('id')!a} is not a string of its own")
        seen.add(cell["id"])
        if cell["cell_type"] != "code":
            continue
        if cell.get("outputs") != [] or cell.get("execution_count", 0) is not None:
            raise ValueError(f"{where} is stored with outputs: clear them all")
        found.append((number, _source(cell.get("source"), where)))
    return found


def run(path: Path) -> dict[str, Any]:
    """Execute the code cells and return their namespace; CellError at the first that fails."""
    names: dict[str, Any] = {"__name__": "__main__"}
    for number, source in code_cells(path):
        name = f"<{path.name}, cell {number}>"
        # for the traceback to show the cell's own lines
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        try:
            exec(compile(source, name, "exec", dont_inherit=True), names)
        except (Exception, SystemExit) as error:  # a cell that exits has not run to its end
            shown = traceback.TracebackException.from_exception(error)
            # from the cell on: how it was called from here says nothing
            while shown.stack and shown.stack[0].filename != name:
                del shown.stack[0]
            raise CellError(f"{path.name}, cell {number}:\n{''.join(shown.format())}") from error
    return names


def _parsed(path: Path) -> dict[str, Any]:
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path.name} cannot be read: {error}") from None
    legal = f"nbformat {FORMAT}.{FORMAT_MINOR}, with cells and metadata"
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError(f"{path.name} is no notebook: legal is {legal}")
    version = notebook.get("nbformat"), notebook.get("nbformat_minor")
    if version != (FORMAT, FORMAT_MINOR) or not isinstance(notebook.get("metadata"), dict):
        raise ValueError(f"{path.name} has nbformat {version}: legal is {legal}")
    return notebook


def _source(source: object, where: str) -> str:
    """Text, or a list of lines: the format has both."""
    if isinstance(source, str):
        return source
    if isinstance(source, list) and all(isinstance(line, str) for line in source):
        return "".join(source)
    raise ValueError(f"{where}: its source is neither text nor a list of lines")


def main(arguments: list[str]) -> int:
    """The exit code: 0 all cells ran, 1 one failed, 2 refused."""
    if len(arguments) != 1:
        print("usage: python docs/run_notebook.py NOTEBOOK", file=sys.stderr)
        return 2
    try:
        run(Path(arguments[0]))
    except (CellError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1 if isinstance(error, CellError) else 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
