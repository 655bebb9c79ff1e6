"""The sources of the documentation: every page is reached, every name and command is there."""

import doctest
import importlib
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import l1cert
import l1cert.testing
from l1cert import catalogue
from l1cert.cli import COMMANDS, group
from l1cert.examination import examine
from l1cert.reproduction.expected import recorded
from theory.claim import Role, Rung, Verdict

pytest.importorskip("sphinx", reason="the documentation is built by Sphinx (extra: docs)")
pytest.importorskip("latex2mathml", reason="the documentation is built with it (extra: docs)")

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
GENERATED = {"generated/claims", "generated/workbench"}
TOCTREE = re.compile(r"```\{toctree\}\n(.*?)```", re.DOTALL)


@pytest.fixture
def extensions(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """Put docs/ on the path, as its conf.py does, and take it away again."""
    monkeypatch.syspath_prepend(str(DOCS))
    before = set(sys.modules)
    yield importlib.import_module("extensions")
    for name in set(sys.modules) - before:
        if name.partition(".")[0] == "extensions":
            del sys.modules[name]


def loaded(extensions: ModuleType, name: str) -> ModuleType:
    return importlib.import_module(f"{extensions.__name__}.{name}")


@pytest.mark.parametrize("name", [path.stem for path in (DOCS / "extensions").glob("[a-z]*.py")])
def test_the_examples_in_the_extensions(extensions, name):
    assert doctest.testmod(loaded(extensions, name)).failed == 0


def pages() -> set[str]:
    found = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    return {one for one in found if not one.startswith("generated/")}


def linked(folder: str, text: str) -> set[str]:
    """The pages that the tables of contents in a text name."""
    lines = [line.strip() for block in TOCTREE.findall(text) for line in block.splitlines()]
    entries = [line for line in lines if line and not line.startswith(":")]
    return {f"{folder}/{one}" if folder else one for one in entries}


def reached() -> set[str]:
    found, waiting = {"index"}, ["index"]
    while waiting:
        page = waiting.pop()
        folder, _, _ = page.rpartition("/")
        text = (DOCS / f"{page}.md").read_text(encoding="utf-8")
        for one in linked(folder, text) - found:
            found.add(one)
            if one not in GENERATED:
                waiting.append(one)
    return found


def test_every_page_is_in_the_contents_and_every_entry_is_a_page():
    assert reached() - GENERATED == pages()
    assert reached() >= GENERATED


def test_the_reading_of_a_table_of_contents():
    text = "x\n\n```{toctree}\n:hidden:\n\nb\nc/d\n```\n\n```{toctree}\ne\n```"
    assert linked("", text) == {"b", "c/d", "e"}
    assert linked("a", text) == {"a/b", "a/c/d", "a/e"}


def test_the_settings_are_strict(extensions, monkeypatch):
    conf = importlib.util.spec_from_file_location("conf", DOCS / "conf.py")
    settings = importlib.util.module_from_spec(conf)
    monkeypatch.setattr(sys, "path", [*sys.path])
    conf.loader.exec_module(settings)
    assert settings.nitpicky
    assert settings.html_math_renderer == loaded(extensions, "built_in_mathematics").RENDERER
    assert not any("mathjax" in name or "intersphinx" in name for name in settings.extensions)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(r"sphinx-build -W --keep-going -n ", makefile)
    for name in settings.extensions:
        importlib.import_module(name)


def api() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in (DOCS / "api").glob("*.md"))


def documented(text: str) -> set[str]:
    return set(re.findall(r"\.\. auto(?:class|function|module):: (\S+)", text))


def test_every_name_that_users_import_is_documented():
    assert {f"l1cert.{name}" for name in l1cert.__all__} <= documented(api())
    assert "l1cert.testing" in documented(api())


def test_every_public_module_of_theory_is_documented():
    public = {f"theory.{path.stem}" for path in (ROOT / "theory").glob("*.py")}
    assert public - {"theory.__init__"} <= documented(api())


def test_documented_modules_exist():
    modules = re.findall(r"\.\. automodule:: (\S+)", api())
    assert len(modules) == len(set(modules))
    for name in modules:
        assert importlib.import_module(name).__doc__


def test_every_command_with_every_option_is_in_the_reference(extensions):
    reference = loaded(extensions, "command_reference")
    sections = reference.sections()
    assert [one.children[0].astext() for one in sections] == [f"l1cert {name}" for name in COMMANDS]
    seen = 0
    for name, section in zip(COMMANDS, sections, strict=True):
        text = section.astext()
        command = group.get_command(reference.click.Context(group), name)
        said = [one for option in command.params for one in option.opts if one.startswith("-")]
        seen += len(said)
        assert [one for one in said if one not in text] == [], name
        assert "\b" not in text
    assert seen > 100


def test_a_command_without_its_options_would_be_seen(extensions):
    reference = loaded(extensions, "command_reference")
    click = reference.click
    bare = click.Command("bare", help="Says `nothing`.\n\n\b\nas it\nis", params=[])
    section = reference.section("bare", bare, click.Context(group, info_name="l1cert"))
    text = section.astext()
    assert "--seed" not in text
    assert "as it\nis" in text
    assert "l1cert bare [OPTIONS]" in text


@pytest.mark.parametrize("slug", ["theorem_2", "figure_6_always_largest", "clean_agreement"])
def test_the_page_of_a_claim_says_all_of_it(extensions, slug):
    made = loaded(extensions, "claim_pages")
    claim, decided = catalogue.claim(slug), recorded()[slug]
    chains = examine(slug, rungs=[Rung.DERIVATION], num_samples=1, seed=1).chains
    page = made.page(claim, decided, chains)
    assert page.startswith(f"# `{slug}`\n")
    assert claim.latex in page
    assert made.WORDS[Verdict(decided.verdict)][1:] in page
    assert (
        page.count("<math")
        == page.count("container} step")
        == sum(len(chain.steps) for chain in chains)
    )
    for part in claim.parts:
        assert made.plain(part.statement) in page
    for low, high in decided.boundaries.values():
        assert low in page
        assert high in page
    assert "{p_star}" not in page


def test_a_false_part_and_an_unproved_step_are_said(extensions):
    made = loaded(extensions, "claim_pages")
    claim, decided = catalogue.claim("theorem_2"), recorded()["theorem_2"]
    (chain, *_) = examine("theorem_2", rungs=[Rung.DERIVATION], num_samples=1, seed=1).chains
    page = made.page(claim, decided, [chain])
    assert page.count("*false*") == 1
    assert "Holds under a condition" in page
    step, check = chain.steps[0]
    wrong = type(check)(False, "the difference is 1")
    assert "FALSE: the difference is 1." in made._step(1, step, wrong)
    flipped = type(decided)("holds", {name: True for name in decided.parts}, {})
    assert "*false*" not in made.page(claim, flipped, [])


def test_a_correction_that_is_not_proved_is_not_shown(extensions):
    made = loaded(extensions, "claim_pages")
    claim, decided = catalogue.claim("theorem_3_hypothesis"), recorded()["theorem_3_hypothesis"]
    assert "**Fails as printed**: the tight radius is" in made.page(claim, decided, [])
    corrections = {part.name: None for part in claim.parts if part.role is Role.CORRECTION}
    assert corrections
    open_ = type(decided)(decided.verdict, {**decided.parts, **corrections}, decided.boundaries)
    assert "**Fails as printed**." in made.page(claim, open_, [])


def test_plain_text_stays_as_it_is_in_markdown(extensions):
    plain = loaded(extensions, "claim_pages").plain
    assert plain("1. a_b * c_d < $2$ [x](y) {z} `q` | r") == (
        "1\\. a\\_b \\* c\\_d \\< \\$2\\$ \\[x\\](y) \\{z\\} \\`q\\` \\| r"
    )


def test_the_contents_of_the_claims_are_all_claims(extensions):
    contents = loaded(extensions, "claim_pages").contents(catalogue.SLUGS)
    assert [one for one in catalogue.SLUGS if f"\nclaims/{one}\n" not in contents] == []
    assert linked("generated", contents) == {f"generated/claims/{s}" for s in catalogue.SLUGS}


def test_the_notebook_becomes_a_page_with_its_outputs(extensions):
    page = loaded(extensions, "notebook_page").page
    code = {"cell_type": "code", "source": ["1 + 1"], "outputs": [{"text": ["2\n"]}]}
    text = {"cell_type": "markdown", "source": ["# A\n", "b"]}
    assert page({"cells": [text, code]}).splitlines() == [
        *("# A", "b", "", "````python", "1 + 1", "````", "", "````text", "2", "", "````")
    ]
    notebook = json.loads((DOCS / "workbench.ipynb").read_text(encoding="utf-8"))
    assert page(notebook).count("````python") == sum(
        cell["cell_type"] == "code" for cell in notebook["cells"]
    )


def tables(text: str) -> dict[str, set[str]]:
    """The first columns of the tables behind `<!-- keys: NAME -->`, as the keys in them."""
    found = {}
    for name, table in re.findall(r"<!-- keys: ([a-z ]+) -->\n\n((?:\|.*\n)+)", text):
        cells = [line.split("|")[1] for line in table.splitlines()[2:]]
        found[name] = {key for cell in cells for key in re.findall(r"`([^`]+)`", cell)}
    return found


def test_the_formats_name_every_key_and_no_other_and_every_example_is_made(extensions):
    examples = loaded(extensions, "format_examples")
    stated = tables((DOCS / "formats.md").read_text(encoding="utf-8"))
    written = {name: set(keys()) for name, keys in examples.KEYS.items()}
    classifier = {"format", "record", "plan", "epochs", "loss", "sha256", "checksum"}
    assert stated == written | {"classifier": classifier}
    text = (DOCS / "formats.md").read_text(encoding="utf-8")
    assert set(re.findall(r"```\{example\} (\w+)\n", text)) == set(examples.EXAMPLES)
    for make in examples.EXAMPLES.values():
        said, language = make()
        assert said
        if language == "json":
            json.loads(said)


def test_a_key_that_a_table_lacks_would_be_seen():
    assert tables("<!-- keys: a b -->\n\n| key | what |\n|---|---|\n| `x`, `y` | `z` |\n") == {
        "a b": {"x", "y"}
    }


def test_a_classifier_holds_the_keys_that_are_stated():
    torch = pytest.importorskip("torch", reason="classifiers are torch's (extra: classifier)")
    checkpoints = pytest.importorskip("simulations.classifier.checkpoints")
    content = checkpoints.render({"w": torch.zeros(1)}, {"format": "f", "record": {}})
    _, said = checkpoints.parse(content, "f")
    assert set(said) == {"format", "record", "sha256", "checksum"}


def test_signatures_are_shortened_and_nothing_else(extensions):
    shortened = loaded(extensions, "plain_signatures").shortened
    assert shortened("(a: int | float | ~decimal.Decimal | ~fractions.Fraction | str)") == (
        "(a: Exact)"
    )
    array = "~numpy.ndarray[tuple[~typing.Any, ...], ~numpy.dtype[~numpy.float64]]"
    assert shortened(f"{array} | None") == "ndarray | None"
    assert shortened("(a: int | str = 'x')") == "(a: int | str = 'x')"
    assert shortened("(a=<factory>, b=<function f>, c: int = 1)") == "(a=..., b=f, c: int = 1)"
    assert shortened(None) is None


def test_a_sentence_on_data_keeps_its_colon(extensions):
    sentences = loaded(extensions, "plain_signatures").Sentences
    lines = ["A statement: of which part"]
    sentences.keep(None, "data", "x", None, None, lines)
    lines[:] = ["of which part", "", ":type: A statement"]
    sentences.put_back(None, "data", "x", None, None, lines)
    assert lines == ["A statement: of which part"]
    sections = ["Said.", "", "Raises", "------"]
    sentences.keep(None, "property", "y", None, None, sections)
    assert sentences.kept == {}
