"""A page's blocks run one after the other, as a reader would run them in one folder.

- `console`: each line after `$ ` is a command, and what follows it, up to the next one, its output,
  compared where it is shown. `l1cert` runs in this process; `python FILE` and `python -m pytest` in
  one of their own; `cat FILE` shows a file and `echo $?` the last exit code, which has to be shown
  wherever it is not 0. `> FILE` at the end keeps the output.
- `python`: a doctest where it has `>>>`, else executed, and its functions named test_* are called.
  The blocks of a page share their names. A first line `# NAME.py` also writes it to that file.
- `json`, `toml`, `tsv`: parsed.
- `text`: not code, so it may hold no prompt.

In a shown output three dots as a line of their own stand for any number of lines, and as a word of
their own for anything else on their line: what is random, or depends on the machine.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from l1cert.cli import exit_code
from tests.test_classifier.written_sets import write_cifar
from tests.test_documents.blocks import ROOT, Block

#: what examples take from a checkout
BROUGHT = ("docs/made_log.tsv",)
#: where examples find a small CIFAR-10 in the published format
CIFAR = "cifar10"
_DOTS = re.compile(r"(?<!\S)\.\.\.(?!\S)")
_FILE = re.compile(r"# (\w+\.py)")


class BlockError(AssertionError):
    """A block that does not do what its page shows."""


class Session:
    """A folder, Python's names and the last exit code, from one block of a page to the next."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.names: dict[str, Any] = {"__name__": "page"}
        self.code = 0
        for name in BROUGHT:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        write_cifar(folder / CIFAR)

    def run(self, block: Block) -> None:
        """Run a block; BlockError, with its place, where it is not as shown."""
        with contextlib.chdir(self.folder):
            try:
                getattr(self, f"_run_{block.language}")(block)
            except BlockError as error:
                raise BlockError(f"{block.place}: {error}") from None
            except Exception as error:
                raise BlockError(f"{block.place}: {type(error).__name__}: {error}") from error

    def _run_console(self, block: Block) -> None:
        pending = False
        for command, shown in commands(block.text):
            asked = command == "echo $?"
            if pending and not asked:
                raise BlockError(f"exit code {self.code} is not shown before {command!r}")
            got = f"{self.code}\n" if asked else self._output(command)
            pending = not asked and self.code != 0
            difference = compared(shown, got)
            if difference:
                raise BlockError(f"{command!r} {difference}")
        if pending:
            raise BlockError(f"{command!r} ends with exit code {self.code}, which is not shown")

    def _output(self, command: str) -> str:
        words = shlex.split(command)
        kept = None
        if len(words) > 2 and words[-2] == ">":
            *words, _, kept = words
        if words[0] == "l1cert":
            self.code, got = in_process(words[1:])
        elif words[0] == "python" and len(words) > 1:
            self.code, got = in_another(words[1:])
        elif words[0] == "cat" and len(words) == 2:
            self.code, got = 0, Path(words[1]).read_text(encoding="utf-8")
        else:
            raise BlockError(f"{command!r} is run neither here nor by what elsewhere.py names")
        if kept is None:
            return got
        Path(kept).write_text(got, encoding="utf-8")
        return ""

    def _run_python(self, block: Block) -> None:
        named = _FILE.fullmatch(block.first_line)
        if named:
            Path(named[1]).write_text(block.text + "\n", encoding="utf-8")
        if ">>>" in block.text:
            self._run_examples(block)
            return
        # dont_inherit: the page's code is not under this file's __future__
        code = compile(block.text, block.place, "exec", dont_inherit=True)
        before = dict(self.names)
        exec(code, self.names)
        for name, value in [*self.names.items()]:
            if name.startswith("test_") and callable(value) and before.get(name) is not value:
                value()

    def _run_examples(self, block: Block) -> None:
        test = doctest.DocTestParser().get_doctest(
            block.text, self.names, block.page, block.page, block.line
        )
        report = io.StringIO()
        test.globs = self.names  # not a copy: functions of earlier blocks see later names
        runner = doctest.DocTestRunner(verbose=False)
        failed, tried = runner.run(test, out=report.write, clear_globs=False)
        if failed or not tried:
            raise BlockError(report.getvalue() or "no example found")

    def _run_json(self, block: Block) -> None:
        json.loads(block.text)

    def _run_toml(self, block: Block) -> None:
        tomllib.loads(block.text)

    def _run_tsv(self, block: Block) -> None:
        widths = {line.count("\t") + 1 for line in block.text.split("\n")}
        if len(widths) != 1 or widths == {1}:
            raise BlockError(f"a table has rows of {sorted(widths)} columns")

    def _run_text(self, block: Block) -> None:
        if re.search(r"^\s*(\$|>>>) ", block.text, re.MULTILINE):
            raise BlockError("a block of text holds a prompt: call it console or python")

    _run_diff = _run_text


def commands(text: str) -> Iterator[tuple[str, str]]:
    """Every command of a console block with the output that is shown.

    >>> [*commands("$ l1cert list\\nfirst\\n$ echo $?\\n0")]
    [('l1cert list', 'first\\n'), ('echo $?', '0')]
    """
    if not text.startswith("$ "):
        raise BlockError("a console block begins with a command, after `$ `")
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, shown = part.partition("\n")
        while command.endswith("\\"):
            more, _, shown = shown.partition("\n")
            command = f"{command[:-1].rstrip()} {more.strip()}"
        yield command.strip(), shown


def compared(shown: str, got: str) -> str:
    """What differs between a shown output and the real one, or nothing; none shown, none compared.

    >>> compared("1 of ...", "1 of 2")
    ''
    """
    want = [line.rstrip() for line in shown.strip("\n").split("\n")]
    if want == [""]:
        return ""
    if not any(_DOTS.sub("", line).strip() for line in want):
        raise BlockError("shows an output of nothing but dots")
    pattern = "".join(
        r"(?:[^\n]*\n)*" if line.strip() == "..." else _line_pattern(line) for line in want
    )
    real = "".join(f"{line.rstrip()}\n" for line in got.strip("\n").split("\n"))
    if re.fullmatch(pattern, real):
        return ""
    return f"prints\n{real}\nand the page shows\n" + "\n".join(want)


def _line_pattern(line: str) -> str:
    head, *rest = _DOTS.split(line)
    if not rest:
        return re.escape(line) + "\n"
    # spaces beside dots are as many as what the dots stand for leaves
    parts = [head.rstrip(), *(part.strip() for part in rest)]
    return r"[^\n]*".join(map(re.escape, parts)) + "\n"


def in_process(arguments: list[str]) -> tuple[int, str]:
    """Exit code and output of a command of ours."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        code = exit_code(arguments)
    return code, said.getvalue()


def in_another(arguments: list[str]) -> tuple[int, str]:
    """Exit code and output of a program in Python, in a process of its own."""
    # a run of pytest within ours is no worker of it
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env={**kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    return done.returncode, done.stdout
