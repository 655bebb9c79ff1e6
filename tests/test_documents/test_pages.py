"""Every code block of README, CONTRIBUTING, REPRODUCE and docs/ runs and prints what is shown."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from types import ModuleType

import pytest

from tests.test_documents import elsewhere
from tests.test_documents.blocks import ROOT, Block, pages, read
from tests.test_documents.sessions import BlockError, Session


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("update_pages", ROOT / "docs/update_pages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


BLOCKS: dict[str, list[Block]] = {page: read(page) for page in pages()}
#: pages with a block that is run here, in every run of the suite
HERE = [page for page, found in BLOCKS.items() if any(not elsewhere.named(one) for one in found)]
SLOW = sorted({row.page for row in elsewhere.TABLE if row.executor == elsewhere.SLOW})


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in loaded().TERMINAL.items():
        monkeypatch.setenv(name, value)


def run(page: str, session: Session, *, slow: bool) -> int:
    """Run a page from top to bottom; returns how many blocks that were."""
    ran = 0
    for block in BLOCKS[page]:
        row = elsewhere.named(block)
        if row is None or (slow and row.executor == elsewhere.SLOW):
            session.run(block)
            ran += 1
    return ran


@pytest.mark.parametrize("page", HERE)
def test_the_blocks_of_a_page_do_what_it_shows(page, tmp_path, terminal):
    ran = run(page, Session(tmp_path), slow=False)
    assert ran + sum(row.page == page for row in elsewhere.TABLE) == len(BLOCKS[page])


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW)
def test_so_do_those_that_take_long(page, tmp_path, terminal):
    assert run(page, Session(tmp_path), slow=True) > 0


def test_every_row_of_the_table_names_one_block_a_reason_and_what_executes_it():
    keys = [(block.page, block.first_line) for found in BLOCKS.values() for block in found]
    for row in elsewhere.TABLE:
        assert keys.count(row.key) == 1, row
        assert row.reason
        assert elsewhere.exists(row.executor), row
    assert len({row.key for row in elsewhere.TABLE}) == len(elsewhere.TABLE)


@pytest.mark.parametrize(
    "executor",
    [
        *("", "never", ".ci/run: make nothing", "tests/none.py::test_it"),
        "tests/test_l1cert/test_verdicts.py::test_it",
    ],
)
def test_an_executor_that_is_not_there_is_noticed(executor):
    assert not elsewhere.exists(executor)


def test_the_pages_that_readers_are_sent_to_have_blocks():
    guides = [f"docs/how-to/{user}.md" for user in ("theorist", "reviewer", "experimenter")]
    for page in ("README.md", "docs/tour.md", *guides, "docs/reproducibility.md"):
        assert len([one for one in BLOCKS[page] if not elsewhere.named(one)]) >= 4, page


def test_a_generated_block_shows_the_command_that_it_is_named_for():
    made = loaded()
    seen = set()
    for found in BLOCKS.values():
        for block in found:
            if block.generated in made.COMMANDS:
                seen.add(block.generated)
                arguments = made.COMMANDS[block.generated]
                assert block.first_line == made.command_line(arguments), block.place
                assert elsewhere.named(block) is None, "its output is compared here alone"
    assert seen == set(made.COMMANDS)


def test_the_table_of_places_is_where_the_generated_blocks_stand():
    places = loaded().PLACES
    standing: dict[str, list[str]] = {}
    for page in BLOCKS:
        for name in re.findall(
            r"^<!-- begin (\S+) -->", (ROOT / page).read_text(encoding="utf-8"), re.MULTILINE
        ):
            standing.setdefault(name, []).append(page)
    assert {name: sorted(found) for name, found in places.items()} == {
        name: sorted(found) for name, found in standing.items()
    }


def test_the_readme_is_short():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert text.count("\n") <= 500
    generated = re.findall(r"<!-- begin (\S+) -->.*?<!-- end \1 -->", text, re.DOTALL)
    assert {"verdicts", "verify", "help"} <= set(generated)


def test_links_between_our_pages_lead_somewhere():
    for page in BLOCKS:
        text = (ROOT / page).read_text(encoding="utf-8")
        for target, anchor in re.findall(r"\]\(([^)\s#:]*)#?([^)\s]*)\)", text):
            aim = (ROOT / page).parent / target if target else ROOT / page
            made_by_a_build = not aim.exists() and "generated" in aim.parts
            assert aim.exists() or made_by_a_build, f"{page} links {target}"
            if anchor and aim.suffix == ".md":
                headings = re.findall(r"^#+ (.*)$", aim.read_text(encoding="utf-8"), re.MULTILINE)
                assert anchor in map(slug, headings), f"{page} links {target}#{anchor}"


def slug(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize(
    ("page", "name", "right", "wrong"),
    [
        ("README.md", "radius", "1.38310899764801", "1.38310899764802"),
        ("docs/how-to/theorist.md", "exact", "exact with 3 classes", "exact with 4 classes"),
        ("docs/how-to/experimenter.md", "counts", "--counts 99000,", "--counts 98999,"),
    ],
)
def test_one_wrong_digit_on_a_page_is_noticed(page, name, right, wrong, tmp_path, terminal):
    (block,) = (one for one in BLOCKS[page] if one.generated == name)
    assert right in block.text
    Session(tmp_path / "right").run(block)
    changed = dataclasses.replace(block, text=block.text.replace(right, wrong, 1))
    with pytest.raises(BlockError, match=f"{page}:{block.line}: .* prints"):
        Session(tmp_path / "wrong").run(changed)


@pytest.mark.parametrize("row", [row for row in elsewhere.TABLE if "make" in row.first_line])
def test_a_block_without_its_row_is_noticed(row, tmp_path):
    (block,) = (one for one in BLOCKS[row.page] if one.first_line == row.first_line)
    with pytest.raises(BlockError, match="is run neither here nor"):
        Session(tmp_path).run(block)
