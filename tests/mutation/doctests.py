"""The doctests of the mutated modules, one test for each function that has them.

The module under test carries no docstrings (`tests.mutation.prepared`); they are read from the
original text beside it, and run against the module that is imported. Not collected on its own:
in an ordinary run pytest takes the doctests from the modules themselves.
"""

from __future__ import annotations

import ast
import doctest
import importlib
from pathlib import Path

import pytest

from tests.mutation.modules import MODULES

ROOT = Path(__file__).parents[2]
ORIGINALS = ROOT / "originals" if (ROOT / "originals").is_dir() else ROOT


def docstrings(module: str) -> dict[str, str]:
    """The docstrings that hold examples, by qualified name.

    >>> sorted(docstrings("theory/neyman_pearson.py"))
    []
    """
    found = {}

    def visit(node: ast.AST, prefix: str) -> None:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.ClassDef):
                text = ast.get_docstring(child)
                if text and ">>>" in text:
                    found[prefix + child.name] = text
                visit(child, f"{prefix}{child.name}.")

    visit(ast.parse((ORIGINALS / module).read_text(encoding="utf-8")), "")
    return found


CASES = [(module, name, text) for module in MODULES for name, text in docstrings(module).items()]


@pytest.mark.parametrize(("module", "name", "text"), CASES, ids=[f"{m}-{n}" for m, n, _ in CASES])
def test_the_examples_hold(module: str, name: str, text: str) -> None:
    scope = dict(vars(importlib.import_module(module.removesuffix(".py").replace("/", "."))))
    test = doctest.DocTestParser().get_doctest(text, scope, name, module, 0)
    assert doctest.DocTestRunner(verbose=False).run(test).failed == 0
