"""The blocks that no ordinary run of the suite executes: why not, and what executes them.

This table is all of them. A block that is neither run by `test_pages` nor named here fails a test,
and so does a row that names no block, or an executor that does not exist.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.test_documents.blocks import ROOT, Block

#: executed by `test_pages`, in its test marked slow
SLOW = "slow"
#: a line of what every merge runs
CI = ".ci/run"


@dataclass(frozen=True)
class Elsewhere:
    """A block by its page and first line; the reason; and the test, line of CI or marker."""

    page: str
    first_line: str
    reason: str
    executor: str

    @property
    def key(self) -> tuple[str, str]:
        return self.page, self.first_line


TABLE = (
    Elsewhere(
        "README.md",
        "$ make verify",
        "a whole run of an environment that is installed first, and the suite itself",
        f"{CI}: make test",
    ),
    Elsewhere(
        "README.md",
        "$ l1cert verify",
        "a whole run takes a minute; one is made for all tests that need it",
        "tests/test_l1cert/test_verdicts.py::"
        "test_the_generated_pages_and_the_stored_ledger_show_this_run",
    ),
    Elsewhere(
        "README.md",
        "$ python3 -m venv .venv",
        "installs packages",
        "tests/test_install/test_installed.py::test_the_environment_holds_the_core_alone_as_it_is_pinned",
    ),
    Elsewhere(
        "docs/tour.md",
        "$ make verify",
        "a whole run of an environment that is installed first",
        f"{CI}: make test",
    ),
    Elsewhere(
        "docs/how-to/experimenter.md",
        "$ l1cert demo",
        "a minute of training and attacks",
        "tests/test_classifier/test_demo.py::test_the_demo_holds_and_repeats_itself",
    ),
    Elsewhere(
        "docs/reproducibility.md",
        "$ l1cert simulate t --delta 1,1,0.5 --scale 1 --samples 20000 --workers 2",
        "starts a cluster of processes",
        SLOW,
    ),
)


def named(block: Block) -> Elsewhere | None:
    """The row of a block, if it has one."""
    rows = {row.key: row for row in TABLE}
    return rows.get((block.page, block.first_line))


def exists(executor: str) -> bool:
    """Whether what a row names as its executor is there."""
    if executor == SLOW:
        return True
    if executor.startswith(f"{CI}: "):
        line = executor.removeprefix(f"{CI}: ")
        return line in (ROOT / CI).read_text(encoding="utf-8").splitlines()
    path, _, name = executor.partition("::")
    return (ROOT / path).is_file() and bool(
        re.search(
            rf"^def {re.escape(name)}\(",
            (ROOT / path).read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    )
