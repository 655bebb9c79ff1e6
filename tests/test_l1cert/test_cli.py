"""The command line: its JSON, its exit codes, its one-line errors, its speed to answer."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from l1cert import catalogue, cli, verification
from l1cert.cli import sampling
from theory.claim import Evidence, Grade, Rung


def run(*arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of the command line, in this process."""

    class Entry:
        name = "l1cert"

        def main(self, args, prog_name, **_):
            cli.main(args)

    result = CliRunner().invoke(Entry(), list(arguments))
    assert not result.exception or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


QUICK = ("--rung", "derivation", "--rung", "enclosure")


def test_help_names_every_command_and_the_exit_codes():
    code, out, _ = run("--help")
    assert code == 0
    for name in cli.COMMANDS:
        assert f"\n  {name}" in out
        assert run(name, "--help")[0] == 0
    assert "130" in out


def test_help_imports_nothing_heavy():
    code = (
        "import sys\n"
        "from l1cert.cli import main\n"
        "try:\n    main(['--help'])\n"
        "except SystemExit:\n    pass\n"
        "heavy = {'numpy', 'scipy', 'sympy', 'flint', 'numba', 'matplotlib', 'rich'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or None)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_verify_prints_only_json_and_keeps_the_schema():
    code, out, _ = run("verify", "theorem_2", *QUICK, "--json")
    report = json.loads(out)
    assert code == 0
    assert report["schema"] == 1
    origin = report["provenance"]
    for key in ("version", "commit", "seed", "alpha", "samples", "python", "libraries", "machine"):
        assert key in origin
    (claim,) = report["claims"]
    assert claim["slug"] == "theorem_2"
    assert claim["verdict"] == "holds_conditionally"
    assert "open ball" in claim["condition"]
    for key in ("source", "statement", "correction", "witness", "boundaries"):
        assert key in claim
    for item in claim["evidence"]:
        for key in ("rung", "grade", "scope", "detail", "false_fail", "false_pass", "seconds"):
            assert key in item
        assert item["grade"] in set(Grade)


def test_two_runs_with_one_seed_are_equal_but_for_seconds_and_machine():
    def stripped() -> dict:
        _, out, _ = run("verify", "theorem_2", "--json", "--samples", "5000", "--seed", "7")
        report = json.loads(out)
        del report["provenance"]["machine"]
        for claim in report["claims"]:
            for item in claim["evidence"]:
                del item["seconds"]
        return report

    first = stripped()
    assert first == stripped()
    assert first["provenance"]["seed"] == 7


def test_another_seed_gives_other_counts():
    def details(seed: str) -> list[str]:
        _, out, _ = run("verify", "theorem_2", "--json", "--rung", "simulation", "--seed", seed)
        return [e["detail"] for c in json.loads(out)["claims"] for e in c["evidence"]]

    assert details("1") != details("2")


def test_simulation_alone_proves_nothing():
    code, out, _ = run("verify", "theorem_2", "--rung", "simulation", "--json")
    assert code == 3
    assert json.loads(out)["claims"][0]["verdict"] == "undecided"


def test_a_contradiction_exits_with_1(monkeypatch):
    module = catalogue.theory_module("theorem_2")
    liar = Evidence(Rung.SEARCH, Grade.CONSISTENT, "open_ball", False, "", "a broken search")
    monkeypatch.setattr(module, "search", lambda *, seed: [liar])
    code, out, _ = run("verify", "theorem_2", *QUICK, "--rung", "search", "--json")
    claim = json.loads(out)["claims"][0]
    assert code == 1
    assert claim["verdict"] == "undecided"
    assert "open_ball" in claim["contradictions"][0]


def test_a_broken_method_is_undecided_and_takes_nothing_with_it(monkeypatch):
    module = catalogue.theory_module("theorem_2")

    def broken(*, seed):
        raise RuntimeError("out of order")

    monkeypatch.setattr(module, "search", broken)
    code, out, _ = run("verify", "theorem_2", *QUICK, "--rung", "search", "--json")
    claim = json.loads(out)["claims"][0]
    assert code == 0
    assert claim["verdict"] == "holds_conditionally"
    assert any("out of order" in item["detail"] for item in claim["evidence"])


def test_the_line_for_people_has_slug_place_verdict_condition_and_grades():
    code, out, _ = run("verify", "theorem_2", *QUICK)
    line = next(line for line in out.splitlines() if line.startswith("theorem_2"))
    assert code == 0
    for word in ("holds_conditionally", "Theorem 2, eq. (2)", "open ball", "derivation PROVED"):
        assert word in line


def test_out_holds_the_same_report(tmp_path: Path):
    target = tmp_path / "report.json"
    code, out, _ = run("verify", "theorem_2", *QUICK, "--json", "--out", str(target))
    assert code == 0
    assert json.loads(target.read_text()) == json.loads(out)
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]


def test_list_names_every_claim():
    code, out, _ = run("list", "--json")
    assert code == 0
    assert [claim["slug"] for claim in json.loads(out)] == list(catalogue.SLUGS)
    assert all(slug in run("list")[1] for slug in catalogue.SLUGS)


def test_show_prints_the_proof_and_its_json_is_the_reports():
    code, out, _ = run("show", "theorem_2", "--samples", "1000")
    assert code == 0
    for word in ("VERDICT: holds_conditionally", "DERIVATION of open_ball", "witness", "EVIDENCE"):
        assert word in out
    _, as_json, _ = run("show", "theorem_2", "--samples", "1000", "--json")
    assert json.loads(as_json)["slug"] == "theorem_2"


def test_radius_json_has_the_published_keys():
    code, out, _ = run("radius", "--pa", "0.99", "--sigma", "0.5", "--json")
    radii = json.loads(out)
    assert code == 0
    assert radii["theorem_2"] == pytest.approx(0.5 / 2**0.5 * 3.912023005428146, rel=1e-12)
    assert radii["theorem_1"] == radii["theorem_2"]
    assert radii["abstain"] is False
    methods = {"theorem_1", "theorem_2", "exact", "lecuyer", "cohen", "uniform"}
    assert set(radii) == methods | {"abstain"}


def test_radius_with_so_many_classes():
    code, out, _ = run(
        "radius", "--pa", "0.6", "--pb", "0.1", "--classes", "3", "--scale", "2", "--json"
    )
    radii = json.loads(out)
    assert code == 0
    # PA' = 1 - 2 PB = 0.8 with three classes, PA = 0.6 with any number of them
    assert radii["exact"] == pytest.approx(math.log(1 / (4 * 0.4 * 0.1)), rel=1e-12)
    assert radii["exact_k"] == pytest.approx(math.log(1 / (4 * 0.2 * 0.1)), rel=1e-12)
    _, table, _ = run("radius", "--pa", "0.6", "--pb", "0.1", "--classes", "3", "--scale", "2")
    assert "exact with 3 classes" in table


def test_radius_in_a_direction():
    code, out, _ = run("radius", "--pa", "0.9", "--direction", "0,-2,0", "--scale", "3", "--json")
    radii = json.loads(out)
    assert code == 0
    assert radii["directional"] == radii["theorem_2"]  # an axis is a worst direction
    _, out, _ = run("radius", "--pa", "0.9", "--direction", "1,1", "--scale", "3", "--json")
    _, equal, _ = run("radius", "--pa", "0.9", "--direction-equal", "2", "--scale", "3", "--json")
    assert json.loads(out) == json.loads(equal)
    assert json.loads(out)["directional"] > 1.1 * radii["theorem_2"]
    _, out, _ = run("radius", "--pa", "0.4", "--direction", "1,1", "--scale", "3", "--json")
    assert json.loads(out)["directional"] is None


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--pa", "0.4", "--scale", "2"), {"theorem_2": None, "cohen": None, "abstain": True}),
        (("--pa", "1", "--scale", "2"), {"theorem_2": "inf", "abstain": False}),
        (("--pa", "0.5", "--sigma", "3"), {"theorem_2": 0.0, "uniform": 0.0}),
        (("--pa", "0.7", "--pb", "0.2", "--scale", "1"), {"theorem_2": None, "abstain": False}),
    ],
)
def test_radius_ends(arguments, expected):
    code, out, _ = run("radius", *arguments, "--json")
    radii = json.loads(out)
    assert code == 0
    assert {key: radii[key] for key in expected} == expected


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("radius", "--pa", "1.5", "--scale", "1"), ("1.5", "[0, 1]")),
        (("radius", "--pa", "nan", "--scale", "1"), ("nan",)),
        (("radius", "--pa", "0.7", "--pb", "0.9", "--scale", "1"), ("0.9", "0.7")),
        (("radius", "--pa", "0.7", "--scale", "-2"), ("-2", "(0, inf)")),
        (("radius", "--pa", "0.7", "--sigma", "0"), ("0", "(0, inf)")),
        (("radius", "--pa", "0.7", "--scale", "1", "--sigma", "1"), ("scale", "sigma")),
        (("radius", "--pa", "0.7"), ("scale", "sigma")),
        (("radius", "--scale", "1"), ("--pa",)),
        (
            ("radius", "--pa", "0.7", "--scale", "1", "--classes", "1"),
            ("1", "[2, 1000"),
        ),
        (("radius", "--pa", "0.7", "--scale", "1", "--classes", "few"), ("few", "[2,")),
        (("radius", "--pa", "0.7", "--scale", "1", "--direction", "0,0"), ("2 zeros",)),
        (("radius", "--pa", "0.7", "--scale", "1", "--direction", "1,,2"), ("''",)),
        (("radius", "--pa", "0.7", "--scale", "1", "--direction", "nan"), ("nan",)),
        (("radius", "--pa", "0.7", "--scale", "1", "--direction-equal", "0"), ("0",)),
        (
            ("radius", "--pa", "0.7", "--pb", "0.1", "--scale", "1", "--direction", "1,1"),
            ("0.1", "direction"),
        ),
        (
            ("radius", "--pa", "0.7", "--scale", "1", "--direction", "1", "--direction-equal", "2"),
            ("at most one",),
        ),
        (("radius", "--pa", "__import__('os')", "--scale", "1"), ("__import__",)),
        (("verify", "theorem_9"), ("theorem_9", "theorem_2")),
        (("show", "theorem_9"), ("theorem_9", "theorem_2")),
        (("verify", "--rung", "guess"), ("guess", "derivation")),
        (("verify", "--rung", "experiment"), ("experiment", "derivation")),
        (("verify", "--samples", "-5"), ("-5", "[1, 10000000000]")),
        (("verify", "--samples", "many"), ("many",)),
        (("verify", "--seed", "-1"), ("-1", "[0, 2^64)")),
        (("verify", "--alpha", "nan"), ("nan", "(0, 1)")),
        (("verify", "--alpha", "1"), ("1.0", "(0, 1)")),
        (("verify", "--workers", "0"), ("0", "[1, inf)")),
        (("verify", "theorem_2", "--out", "no/such/folder/r.json"), ("no/such/folder",)),
        (("figure", "figure_99"), ("figure_99", "figure_04_regions")),
        (("figure", "--format", "gif"), ("gif", "pdf, svg, png")),
        (("figure", "--venue", "nature"), ("nature", "aistats, cvpr, iclr")),
        (("figure", "--span", "text"), ("'text'", "column nor page")),
        (("prove",), ("prove", "verify")),
        (("verify", "--bogus"), ("--bogus",)),
    ],
)
def test_bad_input_is_one_line_and_exit_2(arguments, words):
    code, out, err = run(*arguments)
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith("Error: ")
    for word in words:
        assert word in err


def test_interrupting_is_one_line_and_130(monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(verification, "verify", interrupted)
    code, out, err = run("verify")
    assert (code, out) == (130, "")
    assert err == "Interrupted.\n"


def program(*arguments: str, **settings) -> subprocess.CompletedProcess[bytes]:
    """The command line in a process of its own."""
    command = [sys.executable, "-m", "l1cert", *arguments]
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, **settings)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("list",), 0),
        (("radius", "--pa", "0.9", "--scale", "2"), 0),
        (("--help",), 0),
        (("verify", "theorem_2", "--rung", "derivation"), 0),
        (("verify", "theorem_2", "--rung", "search", "--json"), 3),
    ],
)
def test_a_reader_who_has_gone_changes_no_exit_code(arguments, code):
    reader, writer = os.pipe()
    os.close(reader)
    done = program(*arguments, stdout=writer)
    os.close(writer)
    assert (done.returncode, done.stderr) == (code, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_one_line_and_exit_2():
    with open("/dev/full", "wb") as full:
        done = program("list", "--json", stdout=full)
    assert done.returncode == 2
    assert done.stderr.startswith(b"Error: ")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_formulas_that_the_encoding_cannot_say_do_not_stop_it(encoding):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    arguments = ("show", "theorem_2", "--samples", "1000")
    done = program(*arguments, stdout=subprocess.PIPE, env=environment)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"EVIDENCE" in done.stdout


def test_too_few_samples_are_undecided_and_no_error():
    code, out, err = run("verify", "--rung", "simulation", "--samples", "1", "--json")
    assert (code, err) == (3, "")
    evidence = [item for claim in json.loads(out)["claims"] for item in claim["evidence"]]
    assert "REFUTED" not in {item["grade"] for item in evidence}
    assert not [item for item in evidence if "broke" in item["detail"]]


def test_a_broken_judgement_is_undecided_and_no_usage_error(monkeypatch):
    def broken(*_, **__):
        raise ValueError("out of order")

    monkeypatch.setattr("simulations.experiment.judge", broken)
    arguments = ("verify", "theorem_2", *QUICK, "--rung", "simulation", "--samples", "10")
    code, out, _ = run(*arguments, "--json")
    (claim,) = json.loads(out)["claims"]
    assert code == 0
    assert claim["verdict"] == "holds_conditionally"
    assert any("out of order" in item["detail"] for item in claim["evidence"])


def test_python_takes_one_slug_and_refuses_a_fraction_of_a_sample():
    report = verification.verify("theorem_2", rungs="derivation", seed=np.uint64(3))
    assert [result.claim.slug for result in report.results] == ["theorem_2"]
    assert json.loads(report.dumps())["provenance"]["seed"] == 3
    with pytest.raises(TypeError):
        verification.verify("theorem_2", num_samples=1.5)


def test_the_options_repeat_the_defaults_of_the_python_face():
    assert sampling.SAMPLES == verification.DEFAULT_SAMPLES
    assert sampling.SEED == verification.DEFAULT_SEED
    assert sampling.ALPHA == verification.DEFAULT_ALPHA
