"""The pages about the workbench: its notebook runs and says what is true.

What runs the notebook tells a cell that fails, and refuses a notebook that is stored with outputs.
"""

import copy
import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs/workbench.ipynb"
RUNNER = ROOT / "docs/run_notebook.py"


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def runner():
    return loaded(RUNNER)


@pytest.fixture
def stored():
    return json.loads(NOTEBOOK.read_text(encoding="utf-8"))


def code(identity, source, **fields):
    cell = {"cell_type": "code", "id": identity, "metadata": {}, "source": source}
    return {**cell, "execution_count": None, "outputs": [], **fields}


def notebook(*cells, **fields):
    whole = {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return {**whole, **fields}


def written(tmp_path, content):
    path = tmp_path / "some.ipynb"
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def execute(path):
    command = [sys.executable, str(RUNNER), str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=540)


def test_the_notebook_runs():
    done = execute(NOTEBOOK)
    assert (done.returncode, done.stderr) == (0, "")
    assert "not sound: refuted" in done.stdout


def test_it_is_stored_as_the_format_has_it_and_without_output(stored):
    assert (stored["nbformat"], stored["nbformat_minor"]) == (4, 5)
    assert stored["metadata"]["kernelspec"]["language"] == "python"
    identities = [cell["id"] for cell in stored["cells"]]
    assert len(set(identities)) == len(identities) >= 20
    assert all(0 < len(one) <= 64 and one.replace("-", "").isalnum() for one in identities)
    for cell in stored["cells"]:
        common = {"cell_type", "id", "metadata", "source"}
        own = {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == common | own
        assert cell["metadata"] == {}
        if own:
            assert (cell["execution_count"], cell["outputs"]) == (None, [])


def test_every_code_cell_follows_prose_and_all_but_the_first_assert_something(stored):
    kinds = [cell["cell_type"] for cell in stored["cells"]]
    assert kinds == ["markdown", "code"] * (len(kinds) // 2)
    sources = ["".join(cell["source"]) for cell in stored["cells"][1::2]]
    lines = [[line.strip() for line in source.splitlines()] for source in sources]
    silent = [n for n, own in enumerate(lines) if not any(x.startswith("assert ") for x in own)]
    assert silent == [0]
    assert max(source.count("\n") for source in sources) < 30


def test_a_formula_that_is_false_is_told_with_its_cell(tmp_path, stored):
    right, wrong = "lam/2*log(p_a/(1 - p_a))", "lam/1.9*log(p_a/(1 - p_a))"
    cells = copy.deepcopy(stored["cells"][:4])
    before = "".join(cells[3]["source"])
    assert before.count(right) == 1
    cells[3]["source"] = before.replace(right, wrong)
    done = execute(written(tmp_path, notebook(*cells)))
    assert done.returncode == 1
    assert done.stderr.startswith("some.ipynb, cell 4:\nTraceback")
    assert "\n    assert lecuyer.sound and" in done.stderr
    assert "AssertionError" in done.stderr


def test_cells_share_one_namespace_in_their_order(runner, tmp_path):
    prose = {"cell_type": "markdown", "id": "prose", "metadata": {}, "source": "a = 3"}
    cells = [code("one", "a = 1\n"), prose, code("two", ["b = a + 1\n", "a = 5"])]
    names = runner.run(written(tmp_path, notebook(*cells)))
    assert (names["a"], names["b"]) == (5, 2)
    with pytest.raises(runner.CellError, match=r'cell 1:\n.*\n.*cell 1>", line 1.*\n +b = a \+ 1'):
        runner.run(written(tmp_path, notebook(cells[2], cells[0])))


@pytest.mark.parametrize(
    ("source", "shown"),
    [
        ("%matplotlib inline", "SyntaxError"),
        ("import sys\nsys.exit(0)\nassert False", "SystemExit: 0"),
        ("a = 1\nassert a == 2, 'a is one'", "line 2, in <module>\n    assert a == 2"),
    ],
)
def test_what_does_not_run_to_its_end_fails(runner, tmp_path, source, shown):
    path = written(tmp_path, notebook(code("fine", "pass"), code("bad", source)))
    with pytest.raises(runner.CellError) as caught:
        runner.run(path)
    assert str(caught.value).startswith("some.ipynb, cell 2:\n")
    assert shown in str(caught.value)
    assert "run_notebook.py" not in str(caught.value)


OUTPUT = {"name": "stdout", "output_type": "stream", "text": "1"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (notebook(code("a", "", outputs=[OUTPUT])), "cell 1 is stored with outputs"),
        (notebook(code("a", "", execution_count=1)), "cell 1 is stored with outputs"),
        (notebook({"cell_type": "code", "id": "a", "source": ""}), "cell 1 is stored with outputs"),
        (notebook(code("a", ""), code("a", "")), "cell 2: its id 'a' is not"),
        (notebook(code(None, "")), "cell 1: its id None is not"),
        (notebook(code("a", 3)), "cell 1: its source is neither"),
        (notebook(code("a", "", cell_type="image")), "cell 1: its cell_type is none of"),
        (notebook("a"), "cell 1: its cell_type is none of"),
        (notebook(nbformat_minor=4), r"nbformat \(4, 4\): legal is nbformat 4.5"),
        (notebook(metadata=None), "legal is nbformat 4.5"),
        (notebook(cells=3), "is no notebook"),
        ([], "is no notebook"),
    ],
)
def test_what_is_not_a_cleared_notebook_is_refused_before_anything_runs(
    runner, tmp_path, content, message
):
    with pytest.raises(ValueError, match=message) as caught:
        runner.run(written(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_a_stored_output_of_the_real_one_is_refused(tmp_path, stored):
    cell = next(one for one in reversed(stored["cells"]) if one["cell_type"] == "code")
    cell["outputs"] = [OUTPUT]
    done = execute(written(tmp_path, stored))
    assert (done.returncode, done.stdout) == (2, "")
    number = len(stored["cells"])
    assert done.stderr == f"some.ipynb, cell {number} is stored with outputs: clear them all\n"


def test_a_file_that_cannot_be_read_and_no_file_at_all(runner, tmp_path, capsys):
    (tmp_path / "broken.ipynb").write_text("{", encoding="utf-8")
    for name in ("broken.ipynb", "missing.ipynb"):
        assert runner.main([str(tmp_path / name)]) == 2
        error = capsys.readouterr().err
        assert error.startswith(f"{name} cannot be read: ")
        assert error.count("\n") == 1
    assert runner.main([]) == 2
    assert capsys.readouterr().err == "usage: python docs/run_notebook.py NOTEBOOK\n"


def test_single_blocks_are_made_by_name_and_no_others():
    pages = loaded(ROOT / "docs/update_pages.py")
    with pytest.raises(ValueError, match="block 'verdicts' is none of help, radius"):
        pages.quick_block("verdicts")
    with pytest.raises(ValueError, match=r"docs/tour\.md has no block named 'radius'"):
        pages.replaced("<!-- begin radiu -->", {"radius": "x"}, page="docs/tour.md")
    old, new = ("<!-- begin {0} -->\n{1}\n<!-- end {0} -->".format("help", x) for x in "ab")
    text = f"<!-- begin a -->\nold\n<!-- end a -->\n{old}"
    made = {"help": "b", "law": r"\1"}  # the law does not stand in the README
    assert pages.replaced(text, made, page="README.md") == text.replace(old, new)
    with pytest.raises(KeyError, match="none"):
        pages.replaced(text, {"none": "x"}, page="README.md")
