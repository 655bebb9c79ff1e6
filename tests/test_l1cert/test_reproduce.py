"""`l1cert reproduce`: commands into one folder, held against the stored ledger, and resumed."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from click.testing import CliRunner

from figures.table import CLAIMS, FIGURES, figure_module
from l1cert import catalogue
from l1cert.cli import group
from l1cert.reproduction import expected, pages, running, steps
from l1cert.reproduction import manifest as manifests
from l1cert.reproduction.expectations import Agreement, Enclosed, Plotted, Results, Says, Verdict

LEDGER = expected.recorded()


@pytest.fixture(scope="module")
def done_once(tmp_path_factory):
    out = tmp_path_factory.mktemp("reproduction")
    manifest = running.reproduce(out, names=["figure_06_methods", "rops_origin"], quick=True)
    assert manifest.agrees, manifest
    return out


@pytest.fixture
def folder(done_once, tmp_path):
    """Two quick steps, done."""
    return shutil.copytree(done_once, tmp_path / "reproduction")


def invoke(*arguments):
    return CliRunner().invoke(group, ["reproduce", *map(str, arguments)])


def test_the_table_reproduces_every_claim_and_every_figure():
    subjects = {one.subject for step in steps.STEPS for one in step.expectations}
    assert subjects >= set(catalogue.SLUGS)
    names = [step.name for step in steps.STEPS]
    assert len(set(names)) == len(names)
    assert set(names) >= set(FIGURES)
    agreements = {
        (one.slug, one.subject)
        for step in steps.STEPS
        for one in step.expectations
        if isinstance(one, Agreement)
    }
    assert agreements >= set(CLAIMS.items())


def test_every_figure_that_locates_something_is_held_against_an_enclosure():
    """A boundary that the table names exists, and so does a figure for each crossing."""
    plotted = [one for step in steps.STEPS for one in step.expectations if isinstance(one, Plotted)]
    for one in plotted:
        assert one.boundary in LEDGER[one.slug].boundaries
    assert {"p_star", "x_star"} <= {one.boundary for one in plotted}


def test_no_two_steps_write_the_same_file():
    files = [file for step in steps.STEPS for file in step.results]
    assert len(set(files)) == len(files)


def test_the_manifest_tells_command_expected_obtained_and_minutes(folder):
    manifest = json.loads((folder / manifests.FILE).read_text())
    assert manifest["schema"] == manifests.SCHEMA
    assert manifest["provenance"]["libraries"]["numpy"]
    first, second = manifest["outcomes"]
    assert first["command"] == "l1cert figure figure_06_methods --out figures"
    assert first["exit_code"] == 0
    assert first["minutes"] > 0
    assert [row["obtained"] for row in first["rows"]] == [
        "0.953559142398",
        "largest_of_three false",
    ]
    assert second["rows"][0]["expected"] == "laplace_supremum = 2.04027889319..."
    for file in (*first["files"], *second["files"]):
        assert (folder / file).is_file()


def test_what_is_done_is_kept_and_what_was_touched_is_done_again(folder):
    def run():
        ran = []

        def progress(step, outcome):
            if outcome is None:
                ran.append(step.name)

        names = ["figure_06_methods", "rops_origin"]
        running.reproduce(folder, names=names, quick=True, progress=progress)
        return ran

    assert run() == []
    (folder / "rops_origin.json").write_text("{}")
    assert run() == ["rops_origin"]
    (folder / "figures" / "figure_06_methods.png").unlink()
    assert run() == ["figure_06_methods"]
    manifest = json.loads((folder / manifests.FILE).read_text())
    manifest["sources"] = "0" * 64  # of another program
    (folder / manifests.FILE).write_text(json.dumps(manifest))
    assert run() == ["figure_06_methods", "rops_origin"]


@pytest.mark.parametrize("key", ["version", "python", "libraries"])
def test_nothing_is_kept_of_another_version_of_a_library(folder, key):
    manifest = json.loads((folder / manifests.FILE).read_text())
    assert manifests.stored(folder / manifests.FILE, manifest["sources"], manifest["provenance"])
    other = {**manifest["provenance"], key: "0"}
    assert manifests.stored(folder / manifests.FILE, manifest["sources"], other) == {}


def test_a_step_that_is_not_asked_for_is_told_only_while_its_files_are_there(folder):
    def told():
        manifest = running.reproduce(folder, names=["rops_origin"], quick=False)
        return [outcome.step for outcome in manifest.outcomes]

    assert told() == ["figure_06_methods", "rops_origin"]
    (folder / "figures" / "figure_06_methods.csv").write_text("")
    assert told() == ["rops_origin"]


def test_the_sources_are_those_before_the_first_step(tmp_path, monkeypatch):
    """A program that changes while a step runs is another one when it is asked again."""
    first = manifests.sources()

    def progress(step, outcome):
        monkeypatch.setattr(manifests, "sources", lambda: "of later")

    manifest = running.reproduce(tmp_path, names=["rops_origin"], progress=progress)
    assert manifest.sources == first
    assert json.loads((tmp_path / manifests.FILE).read_text())["sources"] == first


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sources": 1}', "\x00", '{"outcomes": 3}'])
def test_a_manifest_that_is_none_is_one_line(tmp_path, text):
    (tmp_path / manifests.FILE).write_text(text)
    if text == '{"sources": 1}':  # of other sources: nothing of it is used
        assert manifests.stored(tmp_path / manifests.FILE, manifests.sources(), {}) == {}
        return
    answer = invoke("rops_origin", "--out", tmp_path)
    assert answer.exit_code == 2
    assert "is no manifest of l1cert" in answer.output
    assert (tmp_path / manifests.FILE).read_text() == text


def test_a_step_that_fails_is_told_with_its_reason(tmp_path, monkeypatch):
    wrong = replace(steps.step("rops_origin"), arguments=("rops", "--x", "2", "--json"))
    monkeypatch.setattr(running, "STEPS", (wrong,))
    monkeypatch.setattr(running, "select", lambda names: (wrong,))
    manifest = running.reproduce(tmp_path, workers=1)
    (outcome,) = manifest.outcomes
    assert not manifest.agrees
    (row,) = outcome.rows
    assert row.obtained == "exit code 2 Error: x = 2 is outside (-1, 1)"
    # and is not kept
    ran = []
    running.reproduce(tmp_path, progress=lambda step, outcome: ran.append(step.name))
    assert ran


@pytest.mark.parametrize(
    ("changes", "obtained"),
    [
        ({"arguments": ("list",)}, "unreadable: JSONDecodeError"),
        ({"arguments": ("list", "--json")}, "unreadable: "),
        ({"arguments": ("rops", "--x", "0.5", "--radius", "0.7", "--json")}, "unreadable: "),
        ({"files": ("nothing.txt",)}, "no nothing.txt"),
    ],
)
def test_a_command_that_ends_well_and_leaves_something_else_is_no_agreement(
    tmp_path, monkeypatch, changes, obtained
):
    wrong = replace(steps.step("rops_origin"), **changes)
    monkeypatch.setattr(running, "select", lambda names: (wrong,))
    manifest = running.reproduce(tmp_path)
    (outcome,) = manifest.outcomes
    assert outcome.exit_code == 0
    assert not manifest.agrees
    assert outcome.rows
    assert all(row.obtained.startswith(obtained) and not row.agrees for row in outcome.rows)


def test_a_step_of_which_nothing_is_expected_has_a_line_too(tmp_path, monkeypatch):
    plain = replace(steps.step("rops_origin"), expectations=())
    monkeypatch.setattr(running, "select", lambda names: (plain,))
    manifest = running.reproduce(tmp_path)
    (row,) = manifest.outcomes[0].rows
    assert (row.expected, row.obtained, row.agrees) == ("it ends well", "it did", True)
    assert "it ends well | it did" in pages.after(manifest)


def test_a_step_without_its_packages_is_left_out_with_the_reason(tmp_path, monkeypatch):
    """It is no pass and no difference; asked for by name, it runs and says what it lacks."""
    lacking = replace(steps.step("rops_origin"), name="lacking", needs=("no_such_package",))
    both = (steps.step("rops_origin"), lacking)
    monkeypatch.setattr(steps, "STEPS", both)
    monkeypatch.setattr(running, "STEPS", both)
    answer = invoke("--out", tmp_path)
    assert answer.exit_code == 0, answer.output
    assert "left out: needs no_such_package: pip install" in answer.output
    kept = json.loads((tmp_path / manifests.FILE).read_text())
    assert list(kept["left_out"]) == ["lacking"]
    assert [one["step"] for one in kept["outcomes"]] == ["rops_origin"]
    assert "`lacking` was left out" in (tmp_path / pages.FILE).read_text()
    asked = running.reproduce(tmp_path, names=["lacking"])
    assert [one.step for one in asked.outcomes] == ["rops_origin", "lacking"]
    assert not asked.left_out


def test_it_runs_in_a_notebook(tmp_path):
    """Where an event loop runs already."""

    async def cell():
        return running.reproduce(tmp_path, names=["rops_origin"]).agrees

    assert asyncio.run(cell())


def test_each_kind_of_expectation_can_fail(folder, tmp_path, monkeypatch):
    results = Results(folder)
    numbers = ("crossing", "p_a")
    good = Plotted("figure_06_methods", "figure_6_always_largest", "p_star", *numbers)
    assert good.obtained(results, LEDGER)[1]
    assert not replace(good, boundary="p_loss").obtained(results, LEDGER)[1]
    assert not replace(good, factor=1 + 1e-8).obtained(results, LEDGER)[1]
    assert replace(good, row=7).obtained(results, LEDGER) == ("not in the data", False)
    agreement = Agreement("figure_06_methods", "figure_6_always_largest")
    assert agreement.obtained(results, LEDGER)[1]
    slug = "figure_6_always_largest"
    parts = {**LEDGER[slug].parts, "largest_of_three": True}
    other = {slug: replace(LEDGER[slug], parts=parts)}
    assert not agreement.obtained(results, other)[1]
    module = figure_module("figure_06_methods")
    evidence = module.check(results.figure("figure_06_methods"))
    denied = replace(evidence[0], finding=not evidence[0].finding, witness={})
    for said, good in (([], False), (evidence, True), ([denied, *evidence], False)):
        monkeypatch.setattr(module, "check", lambda data, said=said: said)
        assert agreement.obtained(results, LEDGER)[1] is good
    enclosed = Enclosed(
        "rops_at_origin", "laplace_supremum", "rops_origin.json", ("laplace", "enclosure")
    )
    assert enclosed.obtained(results, LEDGER)[1]
    assert not replace(enclosed, path=("gaussian", "enclosure")).obtained(results, LEDGER)[1]
    said = Says("rops_at_origin", "x", "rops_origin.json", ("x",), "0")
    assert said.obtained(results, LEDGER) == ('"0"', True)
    assert not replace(said, value="1").obtained(results, LEDGER)[1]
    verdict = Verdict(slug, "verify.json")
    known = [[name, [*one]] for name, one in LEDGER[slug].boundaries.items()]
    for said, stated, good in (
        ("fails", known, True),
        ("holds", known, False),
        ("fails", known[1:], False),
        ("fails", [["p_star", ["0.5", "0.6"]], *known[1:]], False),
        ("fails", [["p_star", ["0.95355914", "0.95355915"]], *known[1:]], False),  # too wide
    ):
        boundaries = [{"name": name, "enclosure": one} for name, one in stated]
        report = {"claims": [{"slug": slug, "verdict": said, "boundaries": boundaries}]}
        (tmp_path / "verify.json").write_text(json.dumps(report))
        assert verdict.obtained(Results(tmp_path), LEDGER)[1] is good


def test_a_difference_is_shown_and_is_the_exit_code(folder, monkeypatch):
    step = steps.step("rops_origin")
    said = Says("rops_at_origin", "x", "rops_origin.json", ("x",), "1")
    wrong = replace(step, expectations=(said,), arguments=("rops", "--x=0", "--json"))
    monkeypatch.setattr(running, "select", lambda names: (wrong,))
    answer = invoke("rops_origin", "--out", folder)
    assert answer.exit_code == 1
    assert 'rops_at_origin: expected x: "1", obtained "0"' in answer.output
    assert '**"0"**' in (folder / "REPRODUCE.md").read_text()


def test_an_unknown_step_is_one_line_and_makes_no_folder(tmp_path):
    answer = invoke("figure_12", "--out", tmp_path / "new")
    assert answer.exit_code == 2
    assert "step 'figure_12' is unknown" in answer.output
    assert not (tmp_path / "new").exists()
    assert invoke("rops_origin", "--workers", "0", "--out", tmp_path / "new").exit_code == 2
    for own in (manifests.ROOT, manifests.ROOT / "figures" / "new"):
        answer = invoke("rops_origin", "--out", own)
        assert answer.exit_code == 2
        assert "holds the program's own files" in answer.output
        assert not (own / manifests.FILE).exists()
    (tmp_path / "file").write_text("")
    answer = invoke("rops_origin", "--out", tmp_path / "file")
    assert answer.exit_code == 2
    assert "cannot be written" in answer.output


def test_the_list_shows_the_commands():
    answer = invoke("--list", "--quick")
    assert answer.exit_code == 0
    assert [line.split()[0] for line in answer.output.splitlines()] == [
        step.name for step in steps.STEPS
    ]
    assert "l1cert verify --out verify.json" in answer.output


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_a_stopped_run_goes_on_where_it_was(tmp_path, how):
    command = [sys.executable, "-m", "l1cert", "reproduce", "--quick", "--workers", "1"]
    names = ["rops_origin", "figure_06_methods"]
    # a shell in the background ignores interrupts, and so would its children
    process = subprocess.Popen(
        [*command, *names, "--out", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / manifests.FILE).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, how)
    assert process.wait(timeout=60) == {signal.SIGINT: 130, signal.SIGKILL: -9}[how]
    done = json.loads((tmp_path / manifests.FILE).read_text())["outcomes"]
    assert len(done) == 1
    ran = []

    def progress(step, outcome):
        if outcome is None:
            ran.append(step.name)

    manifest = running.reproduce(tmp_path, names=names, quick=True, progress=progress)
    assert ran == [name for name in names if name != done[0]["step"]]
    assert manifest.agrees


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_killed_run_leaves_no_process_behind(tmp_path, how):
    """The command `l1cert verify`, of a minute and with processes of its own, ends with it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "l1cert", "reproduce", "--quick", "verify", "--out", str(tmp_path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "verify.txt").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    os.kill(process.pid, how)
    assert process.wait(timeout=60) == -how
    while alive(process.pid) and time.monotonic() < deadline + 120:
        time.sleep(0.1)
    assert not (tmp_path / "verify.json").exists()  # nobody finished it


def alive(group):
    """Whether a process of the group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_pages_have_a_line_for_every_row(folder):
    manifest = running.reproduce(folder, names=["figure_06_methods"], quick=True)
    after = pages.after(manifest)
    assert all(
        f"| {row.obtained} |".replace("_", "\\_") in after
        for outcome in manifest.outcomes
        for row in outcome.rows
    )
    before = pages.before(LEDGER)
    assert before.count("\n| ") == 2 + sum(max(1, len(one.expectations)) for one in steps.STEPS)


@pytest.mark.parametrize(
    ("enclosure", "said"),
    [
        (("0.00123456789012345", "0.00123456789012346"), "0.00123456789012..."),
        (("12.5", "12.6"), "12...."),
        (("1", "1"), "1"),
    ],
)
def test_the_digits_that_both_ends_share(enclosure, said):
    assert expected.shown(enclosure) == said
