"""`l1cert demo`: its commands exist, their answers are told, and the whole of it holds."""

import csv
import json

import click
import pytest
from click.testing import CliRunner

from l1cert import cli, demo
from l1cert.cli import group

GIVEN = {"points": 7, "num_samples": 500, "alpha": "0.01", "sigma": "0.5", "seed": 3}


def invoke(*arguments):
    return CliRunner().invoke(group, ["demo", *map(str, arguments)])


def test_every_command_takes_its_arguments(tmp_path):
    for stage in demo.stages(tmp_path, **GIVEN):
        name, *arguments = stage.arguments
        command = group.get_command(click.Context(group), name)
        command.make_context(name, list(arguments))
    train, *_, curves = demo.stages(tmp_path, **GIVEN)
    assert train.arguments[3:5] == ("--sigma", "0.5")
    assert sum(one.endswith(".tsv") for one in curves.arguments) == 2


def answering(monkeypatch, outcomes, codes):
    """Commands that write their answer and end with a code; the commands that were run."""
    ran = []

    def exit_code(arguments):
        ran.append(arguments)
        name = next((run for run in demo.RUNS if f"attack_{run}.json" in " ".join(arguments)), None)
        if name is not None:
            out = arguments[arguments.index("--out") + 1]
            with open(out, "w") as file:
                json.dump({"outcome": outcomes[name]}, file)
        click.echo("said by a command")
        return codes.get(name or arguments[0], 0)

    monkeypatch.setattr(cli, "exit_code", exit_code)
    return ran


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ({"laplace": "PASS", "gaussian": "PASS", "sound": "PASS"}, 0),
        ({"laplace": "PASS", "gaussian": "UNDECIDED", "sound": "PASS"}, 3),
        ({"laplace": "UNDECIDED", "gaussian": "PASS", "sound": "FAIL"}, 1),
    ],
)
def test_the_worst_outcome_is_the_exit_code(tmp_path, monkeypatch, outcomes, code):
    codes = {name: {"PASS": 0, "FAIL": 1, "UNDECIDED": 3}[said] for name, said in outcomes.items()}
    ran = answering(monkeypatch, outcomes, codes)
    answer = invoke("--out", tmp_path, "--json")
    assert answer.exit_code == code
    assert len(ran) == len(demo.stages(tmp_path, **GIVEN))
    said = json.loads(answer.stdout)
    assert said["attacks"] == outcomes
    assert json.loads((tmp_path / demo.SUMMARY).read_text()) == said
    assert [one["exit_code"] for one in said["stages"]].count(0) >= len(ran) - 2


@pytest.mark.parametrize("code", [2, 130])
def test_a_command_that_cannot_end_ends_the_demo(tmp_path, monkeypatch, code):
    ran = answering(monkeypatch, {}, {"certify": code})
    answer = invoke("--out", tmp_path)
    assert answer.exit_code == code
    assert ran[-1][0] == "certify"
    assert not (tmp_path / demo.SUMMARY).exists()
    assert "$ l1cert train --noise laplace" in answer.output


def test_bad_input_is_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    answer = invoke("--out", tmp_path / "file")
    assert answer.exit_code == 2
    assert "is a file" in answer.output
    for option, value in (("--points", 0), ("--n", 0)):
        answer = invoke("--out", tmp_path / "none", option, value)
        assert answer.exit_code == 2
        assert len(answer.output.strip().splitlines()[-1]) > 0
        assert not (tmp_path / "none").exists()


@pytest.mark.slow
def test_the_demo_holds_and_repeats_itself(tmp_path):
    """No certificate is refuted, the control flips, and a second run changes nothing."""
    answer = invoke("--out", tmp_path, "--json")
    assert answer.exit_code == 0, answer.output
    said = json.loads(answer.stdout)
    assert set(said["attacks"].values()) == {demo.PASS}
    kept = {name: (tmp_path / f"{name}.tsv").read_bytes() for name in demo.RUNS}
    assert all(content.count(b"\n") == 201 for content in kept.values())
    with open(tmp_path / "curves" / "curves.csv", newline="") as file:
        assert len(list(csv.reader(file))) > 3
    assert invoke("--out", tmp_path, "--json").exit_code == 0
    assert kept == {name: (tmp_path / f"{name}.tsv").read_bytes() for name in demo.RUNS}
