"""Repetitions of a made suite: what is written, that it goes on, and what it refuses to say."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import repeated
from tests.repeated_page import DATA, PAGE, markdown
from tests.test_statistics.test_mechanism import BIASED, HEAD, HOOKS, ROOT, SETTINGS
from theory.confidence import upper

SLOW = """
@pytest.mark.nightly
@marked(rate=5e-9)
@pytest.mark.parametrize("k", [1, 2])
def test_a_rare_one(fresh, k): assert False

import time
@marked()
def test_that_waits(fresh):
    fresh(1)
    time.sleep(float(pathlib.Path("seconds").read_text()))
"""


@pytest.fixture
def made(tmp_path, monkeypatch):
    """A repository of one test module, with a coin that is not fair."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("docs", "tests/test_made", *repeated.FOLDERS):
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("")
    (tmp_path / "pytest.ini").write_text(SETTINGS + "    slow: x\n    gpu: x\n")
    (tmp_path / "seconds").write_text("0")
    (tmp_path / "tests/conftest.py").write_text(HOOKS)
    # what says that a module is statistical, as its decorators do
    source = "# mark.statistical\n" + HEAD + BIASED + SLOW
    (tmp_path / "tests/test_made/test_made.py").write_text(source)
    return tmp_path


def ran(root: Path, repetitions: int) -> tuple[int, dict]:
    code = repeated.main(["--repetitions", str(repetitions), "--workers", "0"], root)
    return code, json.loads((root / DATA).read_text())


def test_repetitions_are_counted_written_and_not_run_twice(made, capsys):
    code, found = ran(made, 25)
    assert code == 1  # the coin is seen
    failed = {one["test"] for one in found["failures"]}
    assert failed == {"tests/test_made/test_made.py::test_the_coin_is_fair"}
    assert (found["cases"], found["cases_repeated"], found["runs"]) == (5, 3, 75)
    assert found["rate"] == pytest.approx(13e-9) and found["rate_repeated"] == pytest.approx(3e-9)
    row = found["tests"]["tests/test_made/test_made.py::test_the_coin_is_fair"]
    assert row["failed"] == len(found["failures"]) == found["repetitions_with_failures"]
    assert row["passed"] == 25 - row["failed"]
    bad = found["repetitions_with_failures"]
    assert found["share_at_most"] == upper(bad, 25, alpha=0.05)
    assert found["tree"] in ("unknown", "dirty", "clean") and len(found["sources"]) == 64
    page = (made / PAGE).read_text()
    assert page == markdown(found) and "Failed, which is a fault" in page
    said = capsys.readouterr().out
    assert "repetitions 11-20 of 25: 30 runs of tests" in said and "failed in repetition" in said

    # again, and one more: what is there is not run again, and what is new is
    assert ran(made, 20)[1]["runs"] == 60
    kept = sorted(path.name for path in (made / "build/repeated").glob("*/*-*.json"))
    assert kept == ["1-10.json", "11-20.json", "21-25.json"]
    before = {path.name: path.stat().st_mtime_ns for path in (made / "build").rglob("*-*.json")}
    assert ran(made, 25)[0] == 1
    after = {path.name: path.stat().st_mtime_ns for path in (made / "build").rglob("*-*.json")}
    assert after == before

    # the page alone, from what is stored
    (made / PAGE).unlink()
    assert repeated.main(["--page"], made) == 0
    assert (made / PAGE).read_text() == markdown(found)

    # another source begins anew
    (made / "theory" / "law.py").write_text("x = 1\n")
    assert ran(made, 1)[1]["sources"] != found["sources"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows stops a process at once")
def test_an_interrupt_keeps_what_is_done(made):
    (made / "seconds").write_text("0.02")
    command = [sys.executable, "-m", "tests.repeated", "--repetitions", "4000", "--workers", "0"]
    program = (
        "import sys; from pathlib import Path; from tests import repeated; "
        f"sys.exit(repeated.main({command[3:]!r}, Path({str(made)!r})))"
    )
    process = subprocess.Popen(
        [sys.executable, "-u", "-c", program],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    line = process.stdout.readline()
    assert line.startswith("repetitions 1-10 of 4000: 30 runs of tests"), line
    process.terminate()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; the same command goes on from here" in said
    assert not (made / DATA).exists() and not list(made.rglob("*.part"))
    assert (next((made / "build/repeated").iterdir()) / "1-10.json").exists()


def outcomes(*rows):
    return {"seen": [{"test": t, "repetition": k, "outcome": o} for t, k, o in rows]}


DECLARED = {
    "a::one[1]": {"rate": 1e-9, "kinds": []},
    "a::one[2]": {"rate": 1e-9, "kinds": []},
    "b::two": {"rate": 1e-8, "kinds": ["nightly"]},
}
WHOLE = [("a::one[1]", 1, "passed"), ("a::one[2]", 1, "skipped")]


def test_what_was_seen_is_added_up_by_function():
    found = repeated.result(DECLARED, [outcomes(*WHOLE)], 1)
    expected = {"cases": 2, "repeated": 2, "passed": 1, "failed": 0, "skipped": 1}
    assert {**found["tests"]["a::one"]}.items() >= expected.items()
    assert found["tests"]["b::two"]["repeated"] == 0
    assert (found["runs"], found["failures"]) == (1, [])
    assert found["share_at_most"] == pytest.approx(0.95)  # 1 - 0.05 of one repetition


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (WHOLE[:1], r"repetition 1 ran 1 tests: a::one\[2\]"),
        ([*WHOLE, WHOLE[0]], "repetition 1 ran 3 tests: a test twice"),
        ([*WHOLE, ("b::two", 1, "passed")], "repetition 1 ran 3 tests: b::two"),
        ([(test, 2, said) for test, _, said in WHOLE], "repetition 1 ran 0 tests"),
    ],
)
def test_a_repetition_that_is_not_whole_is_no_result(rows, message):
    with pytest.raises(repeated.BrokenRunError, match=message):
        repeated.result(DECLARED, [outcomes(*rows)], 1)


def test_tests_that_cannot_be_run_are_said(made, capsys):
    (made / "tests/conftest.py").write_text("1 / 0")
    assert repeated.main(["--repetitions", "1", "--workers", "0"], made) == 2
    assert "ZeroDivisionError" in capsys.readouterr().err
    assert not (made / DATA).exists()


WRITE = "run python -m tests.repeated --page"


def test_the_page_is_that_of_the_result():
    found = json.loads((ROOT / DATA).read_text(encoding="utf-8"))
    assert (ROOT / PAGE).read_text(encoding="utf-8") == markdown(found), WRITE
    assert found["rate"] <= found["budget"]
    assert found["runs"] > 0 and found["failures"] == []


@pytest.mark.slow
def test_the_result_is_that_of_the_tests_there_are(tmp_path):
    """The tests and their rates, as pytest collects them now."""
    found = json.loads((ROOT / DATA).read_text(encoding="utf-8"))
    declared = repeated.run_pytest(ROOT, tmp_path / "declared.json", ["--collect-only"])["declared"]
    assert len(declared) == found["cases"]
    assert sum(one["rate"] for one in declared.values()) == pytest.approx(found["rate"])
    assert {repeated.function_of(test) for test in declared} == set(found["tests"])
