"""The runner of code blocks: what it takes, and that a page with anything else is refuted."""

from __future__ import annotations

import pytest

from tests.test_documents.blocks import Block, blocks
from tests.test_documents.sessions import BlockError, Session, commands, compared

LAW = "$ l1cert radius --pa 0.9 --scale 1"


def fenced(language: str, text: str) -> str:
    return f"```{language}\n{text}\n```\n"


def ran(tmp_path, *texts: str) -> Session:
    session = Session(tmp_path)
    for block in blocks("\n".join(texts), "page.md"):
        session.run(block)
    return session


def test_blocks_are_found_wherever_a_page_has_them():
    page = (
        "# Title\n\n<details>\n\n<!-- begin a -->\n"
        + fenced("console", "$ l1cert list")
        + "<!-- end a -->\n\n</details>\n\n- item\n\n  ```json\n  {}\n  ```\n\n"
        + "````{note}\n```python\n1 + 1\n```\n````\n"
    )
    assert [*blocks(page, "p.md")] == [
        Block("p.md", 6, "console", "$ l1cert list", "a"),
        Block("p.md", 15, "json", "{}"),
        Block("p.md", 20, "python", "1 + 1"),
    ]


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("text\n\n    $ l1cert list\n", "page.md:3: an indented block says no language"),
        (fenced("", "1"), "language '' is none of console, python"),
        (fenced("bash", "ls"), "language 'bash' is none of"),
        (fenced("python skip", "1"), "language 'python skip' is none of"),
        (fenced("{code-block} python", "1"), "give the language alone"),
        ("````{note}\n```ruby\n1\n```\n````\n", "page.md:2: language 'ruby'"),
    ],
)
def test_a_block_that_nobody_would_run_is_refused(page, message):
    with pytest.raises(ValueError, match=message) as caught:
        [*blocks(page, "page.md")]
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("console", f"{LAW}\nmethod                               certified l1 radius\n..."),
        ("console", f"{LAW}\n...\nTheorem 2 (Laplace, two classes) ...\n..."),
        ("console", "$ l1cert radius --pa 2 --scale 1\nError: p_a = 2 is ...\n$ echo $?\n2"),
        ("console", "$ l1cert radius --pa 0.9 \\\n    --scale 1"),
        ("console", "$ l1cert radius --pa 0.9 --scale 1 > r.txt\n$ cat r.txt\nmethod ...\n..."),
        ("python", ">>> 1 + 1\n2"),
        ("python", "assert 1 + 1 == 2"),
        ("python", "def test_it():\n    assert True"),
        ("json", '{"a": 1}'),
        ("toml", "a = 1"),
        ("tsv", "a\tb\n1\t2"),
        ("text", "floor 3\nfloor 2"),
    ],
)
def test_what_does_what_it_shows_passes(tmp_path, language, text):
    ran(tmp_path, fenced(language, text))


@pytest.mark.parametrize(
    ("language", "text", "message"),
    [
        # a number, a word, a line too many, a line too few
        ("console", f"{LAW}\n...\nTheorem 2 (Laplace, two classes)  1.6\n...", "the page shows"),
        ("console", f"{LAW}\nmethods ...\n...", "the page shows"),
        ("console", f"{LAW}\n...\nanother line", "the page shows"),
        ("console", f"{LAW}\nmethod                               certified l1 radius", "prints"),
        ("console", f"{LAW}\n...", "nothing but dots"),
        ("console", f"{LAW}\n...\n  ... ...", "nothing but dots"),
        ("console", "$ l1cert radius --pa 2 --scale 1", "exit code 2, which is not shown"),
        ("console", "$ l1cert radius --pa 2 --scale 1\n$ l1cert list", "is not shown before"),
        ("console", "$ l1cert radius --pa 2 --scale 1\n$ echo $?\n3", "the page shows"),
        ("console", "$ l1cert no-such-command", "exit code 2"),
        ("console", "$ make verify", "run neither here nor"),
        ("console", "$ rm -rf x", "run neither here nor"),
        ("console", "$ l1cert list | head", "exit code 2"),
        ("console", "$ cat nothing.txt", "FileNotFoundError"),
        ("console", "$ python nothing.py", "exit code 2"),
        ("console", "l1cert list", "begins with a command"),
        ("python", ">>> 1 + 1\n3", "Expected"),
        ("python", ">>> 1 / 0\n1", "ZeroDivisionError"),
        ("python", "assert 1 + 1 == 3", "AssertionError"),
        ("python", "def test_it():\n    assert False", "AssertionError"),
        ("python", "1 +", "SyntaxError"),
        ("python", "# >>> nothing", "no example"),
        ("json", '{"a": 1,}', "JSONDecodeError"),
        ("toml", "a =", "TOMLDecodeError"),
        ("tsv", "a\tb\n1", r"rows of \[1, 2\] columns"),
        ("tsv", "a b\n1 2", r"rows of \[1\] columns"),
        ("text", "$ l1cert list", "call it console or python"),
        ("text", "  >>> 1", "call it console or python"),
    ],
)
def test_what_does_not_is_refuted_with_its_place(tmp_path, language, text, message):
    with pytest.raises(BlockError, match=message) as caught:
        ran(tmp_path, "# Page\n", fenced(language, text))
    assert str(caught.value).startswith("page.md:3: ")


def test_blocks_of_a_page_share_names_files_and_folder(tmp_path):
    session = ran(
        tmp_path,
        fenced("python", "# kept.py\nvalue = 3\n\n\ndef twice():\n    return 2 * value"),
        fenced("python", ">>> twice()\n6\n>>> value = 4\n>>> twice()\n8"),
        fenced("console", "$ python kept.py\n$ cat kept.py\n# kept.py\nvalue = 3\n..."),
    )
    assert session.names["value"] == 4
    with pytest.raises(BlockError, match="NameError"):
        ran(tmp_path / "another", fenced("python", "value"))


def test_a_failing_test_of_a_file_is_the_exit_code_of_pytest(tmp_path):
    written = "# test_it.py\ndef test_one():\n    assert 1 + 1 == 2"
    shown = "$ python -m pytest -q test_it.py\n...\n1 passed ..."
    ran(tmp_path, fenced("python", written), fenced("console", shown))
    wrong = shown.replace("1 passed", "2 passed")
    with pytest.raises(BlockError, match="the page shows"):
        ran(tmp_path / "wrong", fenced("python", written), fenced("console", wrong))
    broken = written.replace("2", "3").replace("def ", "value = 0\n\n\ndef ")
    failing = fenced("console", "$ python -m pytest -q test_it.py")
    with pytest.raises(BlockError, match="AssertionError"):
        ran(tmp_path / "broken", fenced("python", broken), failing)


@pytest.mark.parametrize(
    ("shown", "got", "same"),
    [
        ("0.97... and", "0.97... and", True),
        # dots that end a word are what was printed, and stand for nothing else
        ("0.97... and", "0.9746 and", False),
        ("a ... c", "a b c", True),
        ("a ... c", "a b d", False),
        ("a ... c", "a\nb c", False),
        ("a\n...\nd", "a\nb\nc\nd", True),
        ("a\n...\nd", "a\nd", True),
        ("a\n...\nd", "a\nb\nd\ne", False),
        ("  a", "a", False),
        ("a", "a  ", True),
    ],
)
def test_dots_stand_for_lines_or_for_the_rest_of_one(shown, got, same):
    assert (compared(shown, got) == "") == same


def test_a_command_ends_where_the_next_one_begins():
    assert [*commands("$ a\n$ b c\n1\n\n2\n$ d")] == [("a", ""), ("b c", "1\n\n2\n"), ("d", "")]
