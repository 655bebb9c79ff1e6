"""The source of a module, rewritten so that a mutation tool reaches all of its functions.

The tool keeps one copy of a function for each mutant. A docstring would then be one doctest per
copy; and it leaves functions with a decorator alone, which here are the properties of the classes.
Both are changed in the text only, every other line stays as it is.
"""

from __future__ import annotations

import ast

PROPERTIES = ("property", "cached_property")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def prepared(source: str) -> str:
    """The same module without the docstrings of functions, its properties made by a call.

    Examples
    --------
    >>> print(prepared('class A:\\n    @property\\n    def b(self):\\n        return 1\\n'), end="")
    class A:
        def b(self):
            return 1
        b = property(b)
    """
    lines: list[str | None] = list(source.splitlines(keepends=True))
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, Function):
            _without_docstring(function, lines)
            _undecorated(function, lines)
    return "".join(line for line in lines if line is not None)


def _without_docstring(function: Function, lines: list[str | None]) -> None:
    if ast.get_docstring(function) is not None and len(function.body) > 1:
        first = function.body[0]
        lines[first.lineno - 1 : first.end_lineno] = [None] * _length(first)


def _undecorated(function: Function, lines: list[str | None]) -> None:
    names = [one.id for one in function.decorator_list if isinstance(one, ast.Name)]
    if len(function.decorator_list) == 1 and names and names[0] in PROPERTIES:
        lines[function.decorator_list[0].lineno - 1] = None
        assert function.end_lineno is not None
        indent = " " * function.col_offset
        last = lines[function.end_lineno - 1]
        call = f"{indent}{function.name} = {names[0]}({function.name})\n"
        lines[function.end_lineno - 1] = f"{last}{call}"


def _length(node: ast.stmt) -> int:
    assert node.end_lineno is not None
    return node.end_lineno - node.lineno + 1
