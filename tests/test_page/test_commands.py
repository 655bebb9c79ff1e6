"""The commands that the page prints run as they stand, and find what the page shows."""

import json
import re
import shlex

import pytest
from click.testing import CliRunner

from l1cert import catalogue, cli
from l1cert.page.commands import shown_by, written_by
from l1cert.page.prose import prose
from l1cert.report import Report
from tests.test_page import made
from tests.test_page.pages import tree


def run(*arguments):
    class Entry:
        name = "l1cert"

        def main(self, args, prog_name, **_):
            cli.main(args)

    done = CliRunner().invoke(Entry(), list(arguments))
    assert not done.exception or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.stdout, done.stderr


def commands(page):
    return {node.text: shlex.split(node.text) for node in page.all("code", class_="command")}


def test_every_command_is_one_that_the_program_takes(page):
    found = commands(page)
    assert len(found) >= 4
    for program, name, *arguments in found.values():
        assert program == "l1cert"
        with cli.group.make_context("l1cert", [name, *arguments]) as context:
            command = cli.group.get_command(context, name)
            command.make_context(name, list(arguments))  # raises for an unknown option


def test_the_witness_is_computed_anew(page, small_report):
    section = page.one("section", id="theorem_2")
    (command,) = [words for words in commands(section).values() if words[1] == "show"]
    code, out, err = run(*command[1:])
    assert (code, err) == (0, "")
    witness = small_report["theorem_2"].decision.witness
    said = ", ".join(f"{name} = {value}" for name, value in witness.items())
    assert "witness: " + said in " ".join(out.split())
    for name, value in witness.items():
        assert tree(prose(name)).text in section.text
        assert tree(prose(value)).text in section.text


def test_of_a_run_with_some_methods_the_command_runs_the_same(small_report):
    words = shlex.split(shown_by("theorem_2", {"seed": 5, "samples": 50, "rungs": ["enclosure"]}))
    code, out, _ = run(*words[1:])
    (claim,) = json.loads(out)["claims"]
    assert code == 0
    assert claim["witness"] == dict(small_report["theorem_2"].decision.witness)
    rungs = {item["rung"] for item in claim["evidence"] if item["grade"] != "SKIPPED"}
    assert rungs == {"enclosure"}


def test_of_a_run_with_some_methods_the_page_is_written_by_them(tmp_path, monkeypatch):
    asked = {"samples": 50, "seed": 5, "alpha": 0.25, "rungs": ["enclosure", "search"]}
    report = Report(asked, (made.result([], made=catalogue.claim("theorem_2")),))
    program, flag, code = shlex.split(written_by(report))
    assert (program, flag) == ("python", "-c")
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    (path,) = tmp_path.rglob("report.json")
    origin = json.loads(path.read_text())["provenance"]
    assert {key: origin[key] for key in asked} == asked


def test_the_figure_is_drawn_anew(page, tmp_path, monkeypatch):
    (words,) = [words for words in commands(page).values() if words[1] == "figure"]
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(*words[1:], "--format", "svg")
    assert code == 0
    assert all((tmp_path / line).is_file() for line in out.splitlines())
    assert (tmp_path / "l1cert-figures" / "figure_05_moved_set.csv").is_file()
    drawn = (tmp_path / "l1cert-figures" / "figure_05_moved_set.svg").read_text()
    assert page.one("svg").attributes["viewbox"] in re.findall('viewBox="([^"]*)"', drawn)


def test_the_page_is_written_anew_by_its_own_claims_and_numbers(small_report):
    command = written_by(small_report)
    assert command == (
        "l1cert report theorem_2 figure_5_moved_set clean_agreement "
        "--samples 2000 --seed 5 --alpha 0.01"
    )


@pytest.mark.parametrize("slug", ["a b", "--json"])
def test_no_name_becomes_another_word(slug):
    assert shlex.split(shown_by(slug, {}))[2] == slug
