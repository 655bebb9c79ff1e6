"""`l1cert report` and `write_report`: all files or the old ones, the same bytes each time."""

import json
import os
import re
import shutil
import subprocess

import pytest

import l1cert
from l1cert import ledger, verification
from l1cert.cli import COMMANDS
from l1cert.page import writing
from tests.test_audit.test_tables import sound_latex
from tests.test_page import made
from tests.test_page.conftest import SLUGS
from tests.test_page.test_commands import run

FILES = ["index.html", "ledger.md", "ledger.tex", "report.json"]


def test_every_file_is_written_and_says_what_the_report_says(small_report, tmp_path):
    out = tmp_path / "new" / "folder"
    paths = l1cert.write_report(small_report, out)
    assert [path.name for path in paths] == FILES
    assert sorted(out.iterdir()) == sorted(paths)  # nothing unfinished is left
    assert json.loads((out / "report.json").read_text()) == small_report.as_json()
    assert (out / "ledger.md").read_text() == ledger.markdown(small_report) + "\n"
    assert (out / "ledger.tex").read_text() == ledger.latex(small_report)
    page = (out / "index.html").read_text(encoding="utf-8")
    assert "<svg" in page and 'id="theorem_2"' in page


def test_the_same_report_gives_the_same_bytes(small_report, tmp_path):
    first, second = (
        [path.read_bytes() for path in l1cert.write_report(small_report, tmp_path / name)]
        for name in ("a", "b")
    )
    assert first == second


def test_old_files_stay_whole_when_writing_fails(tmp_path, monkeypatch):
    l1cert.write_report(made.report(made.contradicting()), tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in FILES}
    monkeypatch.setattr(os, "replace", lambda *paths: (_ for _ in ()).throw(OSError(28, "full")))
    with pytest.raises(OSError):
        l1cert.write_report(made.report(made.unsettled()), tmp_path)
    assert {name: (tmp_path / name).read_bytes() for name in FILES} == before
    assert sorted(one.name for one in tmp_path.iterdir()) == FILES


@pytest.fixture
def quick(monkeypatch):
    """`verify` hands out a made report, and keeps what it was asked for."""
    asked = []

    def verify(slugs, **options):
        asked.append((tuple(slugs), options))
        return made.report(made.contradicting() if "theorem_1" in slugs else made.unsettled())

    monkeypatch.setattr(verification, "verify", verify)
    return asked


def test_the_command_writes_names_and_counts(tmp_path):
    code, out, err = run(
        "report",
        "equal_variance",
        "--samples",
        "500",
        "--workers",
        "1",
        "--out",
        str(tmp_path / "r"),
    )
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[:4] == [str(tmp_path / "r" / name) for name in FILES]
    assert lines[4].startswith("1 claim: 1 holds")
    assert json.loads((tmp_path / "r" / "report.json").read_text())["provenance"]["samples"] == 500


def test_options_reach_the_run_and_its_exit_code_comes_back(quick, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ("--samples", "7", "--seed", "3", "--alpha", "0.25", "--workers", "2")
    assert run("report", "theorem_1", *options)[0] == 1
    ((slugs, given),) = quick
    assert slugs == ("theorem_1",)
    assert (given["num_samples"], given["seed"], given["alpha"], given["workers"]) == (
        7,
        3,
        0.25,
        2,
    )
    assert sorted(one.name for one in (tmp_path / "report").iterdir()) == FILES
    assert run("report", "theorem_2")[0] == 3


def refused(code, out, err):
    assert (code, out) == (2, "")
    assert err.startswith("Error: ") and err.count("\n") == 1
    return err


def test_what_cannot_be_written_is_refused_before_the_run(quick, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    assert repr(str(file)) in refused(*run("report", "--out", str(file)))
    refused(*run("report", "--out", str(file / "below")))
    assert quick == []
    assert file.read_text() == "mine"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes everywhere")
def test_a_folder_without_permission_is_refused_before_the_run(quick, tmp_path):
    tmp_path.chmod(0o500)
    try:
        refused(*run("report", "--out", str(tmp_path)))
        refused(*run("report", "--out", str(tmp_path / "below")))
    finally:
        tmp_path.chmod(0o700)
    assert quick == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no_such_slug",), "unknown slug 'no_such_slug'"),
        (("theorem_2", "--samples", "0"), "samples = 0 is outside"),
        (("theorem_2", "--seed", "-1"), "seed = -1 is outside"),
        (("theorem_2", "--alpha", "nan"), "alpha = nan is outside"),
        (("theorem_2", "--workers", "0"), "workers = 0 is outside"),
    ],
)
def test_bad_values_are_one_line_and_leave_no_folder(arguments, said, tmp_path):
    err = refused(*run("report", *arguments, "--out", str(tmp_path / "r")))
    assert said in err
    assert not (tmp_path / "r").exists()


def test_the_command_is_listed_and_documented():
    assert "report" in COMMANDS
    assert writing.PAGE in run("report", "--help")[1]
    assert l1cert.write_report is writing.write_report
    assert "write_report" in l1cert.__all__


# --- the ledger in LaTeX


def braces(text):
    depth = 0
    for sign in re.sub(r"\\[{}]", "", text):
        depth += {"{": 1, "}": -1}.get(sign, 0)
        assert depth >= 0
    return depth


def test_the_latex_ledger_is_balanced_and_escaped(small_report):
    for report in (small_report, made.report(made.hostile(), made.contradicting())):
        text = ledger.latex(report)
        assert braces(text) == 0
        assert text.isascii()
        begun = re.findall(r"\\begin\{(\w+)\}", text)
        assert begun == re.findall(r"\\end\{(\w+)\}", text)
        assert set(begun) == {"longtable"}
        rows = [line for line in text.splitlines() if line.startswith(r"\texttt")]
        assert len(rows) == len(report.results)
        for row in rows:
            plain = re.sub(r"\\texttt\{(.*?[^\\])\}", r"\1", row.replace(r"\allowbreak{}", ""))
            cells = plain.removesuffix(r" \\ \addlinespace").split(" & ")
            assert len(cells) in {2, 3}
            assert all(map(sound_latex, cells)), cells


def test_both_ledgers_name_the_same_claims_under_the_same_titles(small_report):
    text = ledger.latex(small_report).replace(r"\_\allowbreak{}", "_")
    shown = ledger.markdown(small_report)
    for slug in SLUGS:
        assert f"\\texttt{{{slug}}}" in text
        assert f"`{slug}`" in shown
    titles = re.findall(r"\*\*(.*)\*\* \((\d+)\)", shown)
    assert titles
    for title, count in titles:
        assert f"\\textbf{{{title} ({count})}}" in text.replace("-{}", "-")


def test_latex_sets_the_ledger_without_a_word(small_report, tmp_path):
    latex = shutil.which("pdflatex")
    if latex is None:
        pytest.skip("no pdflatex here")
    l1cert.write_report(small_report, tmp_path)
    packages = r"\usepackage[T1]{fontenc} \usepackage{textcomp,array,booktabs,longtable}"
    body = r"\begin{document} \input{ledger} \end{document}"
    whole = rf"\documentclass{{article}} {packages} {body}"
    command = [latex, "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", whole]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "Overfull" not in done.stdout and "Missing" not in done.stdout
