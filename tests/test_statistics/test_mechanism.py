"""The mechanism itself, on made suites: what is refused, and what fresh seeds are and find."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import statistical
from tests.statistical import BUDGET, OUTCOMES, REPETITIONS, fresh_seed, within_budget

ROOT = Path(__file__).resolve().parents[2]
HOOKS = """
from tests.statistical import (
    fresh,
    pytest_collection_modifyitems,
    pytest_generate_tests,
    pytest_runtest_logreport,
    pytest_sessionfinish,
)
"""
SETTINGS = """
[pytest]
addopts = --strict-markers -p no:cacheprovider
markers =
    statistical(false_fail, reason): one
    nightly: another
"""
HEAD = """
import pathlib, random
import pytest
def marked(rate=1e-9, reason="a bound"):
    return pytest.mark.statistical(false_fail=rate, reason=reason)
"""


def run(folder: Path, suite: str, *arguments: str, repetitions: str | None = None):
    """Run a made suite; the exit code, what was said, and what was written down."""
    (folder / "conftest.py").write_text(HOOKS)
    (folder / "pytest.ini").write_text(SETTINGS)
    (folder / "test_made.py").write_text(HEAD + suite)
    out = folder / "outcomes.json"
    environment = {key: text for key, text in os.environ.items() if key != REPETITIONS}
    environment |= {"PYTHONPATH": str(ROOT), OUTCOMES: str(out)}
    if repetitions is not None:
        environment[REPETITIONS] = repetitions
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--rootdir", str(folder), *arguments, str(folder)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
    )
    written = json.loads(out.read_text()) if out.exists() else None
    return done.returncode, done.stdout + done.stderr, written


REFUSED = {
    "no fresh seed": ("@marked()\ndef test_one(): pass", "takes no fixture `fresh`"),
    "over the budget": (
        "@marked(rate=4e-7)\n@pytest.mark.parametrize('k', range(3))\ndef test_one(fresh, k): pass",
        "of 3 tests add up to 1.2e-06, over 1e-06: test_made.py::test_one[0] (4e-07)",
    ),
    "over the budget, left out": (
        "@pytest.mark.nightly\n@marked(rate=2e-6)\ndef test_one(fresh): pass",
        "add up to 2e-06, over 1e-06",
    ),
    "no rate": (
        "@pytest.mark.statistical(reason='x')\ndef test_one(fresh): pass",
        "takes false_fail= and reason= alone",
    ),
    "a rate of 0": ("@marked(rate=0.0)\ndef test_one(fresh): pass", "false_fail = 0.0 is outside"),
    "a rate of 1": (
        "@marked(rate=1)\ndef test_one(fresh): pass",
        "false_fail = 1 is outside (0, 1)",
    ),
    "no reason": ("@marked(reason=' ')\ndef test_one(fresh): pass", "reason = ' ' is no reason"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_declared_badly_is_not_run(name, tmp_path):
    suite, message = REFUSED[name]
    code, said, written = run(tmp_path, suite, "-m", "not nightly")
    assert code == pytest.ExitCode.USAGE_ERROR
    assert message in said
    assert not (written or {}).get("seen")


@pytest.mark.parametrize("name", ["over the budget", "no rate"])
def test_workers_say_what_is_refused_and_run_nothing(name, tmp_path):
    suite, message = REFUSED[name]
    code, said, written = run(tmp_path, suite, "-n", "2")
    assert code != 0 and message in said and "INTERNALERROR" not in said
    assert not (written or {}).get("seen")


def test_an_undeclared_test_gets_no_fresh_seed(tmp_path):
    suite = "def test_one(fresh): fresh(3)\n@marked()\ndef test_two(fresh): fresh(3)"
    code, said, written = run(tmp_path, suite)
    assert code == pytest.ExitCode.TESTS_FAILED
    assert "the fixture `fresh` is for tests that are marked statistical" in said
    assert [one["test"] for one in written["seen"]] == ["test_made.py::test_two"]


@pytest.mark.parametrize("text", ["", "0", "-1", "1-", "-", "3-2", "1-2-3", "x", "²"])
def test_repetitions_that_are_none_are_refused(text, monkeypatch):
    monkeypatch.setenv(REPETITIONS, text)
    with pytest.raises(pytest.UsageError, match="is outside k or i-k"):
        statistical.repetitions()


@pytest.mark.parametrize(("text", "named"), [(None, []), ("4", [4]), ("3-6", [3, 4, 5, 6])])
def test_repetitions_are_named(text, named, monkeypatch):
    monkeypatch.delenv(REPETITIONS, raising=False)
    if text is not None:
        monkeypatch.setenv(REPETITIONS, text)
    assert list(statistical.repetitions()) == named


SEEDS = """
@marked()
@pytest.mark.parametrize("k", [1, 2])
def test_one(fresh, k):
    with pathlib.Path("seeds").open("a") as file:
        print(k, fresh(7), fresh(8), file=file)
"""


def seeds(folder: Path, *arguments: str, repetitions: str | None = None) -> list[str]:
    (folder / "seeds").unlink(missing_ok=True)
    code, _, written = run(folder, SEEDS, *arguments, repetitions=repetitions)
    assert code == 0
    assert len({(one["test"], one["repetition"]) for one in written["seen"]}) == len(
        written["seen"]
    )
    return sorted((folder / "seeds").read_text().splitlines())


def test_fresh_seeds_differ_and_come_again(tmp_path):
    assert seeds(tmp_path) == ["1 7 8", "2 7 8"]
    three = seeds(tmp_path, repetitions="1-3")
    drawn = [int(seed) for line in three for seed in line.split()[1:]]
    assert len(set(drawn)) == 12 and all(0 <= seed < 2**64 for seed in drawn)
    # the same alone, in another order, and in other processes
    assert set(seeds(tmp_path, repetitions="2")) < set(three)
    assert seeds(tmp_path, "-n", "2", repetitions="1-3") == three


def test_a_seed_depends_on_each_of_its_parts():
    given = {"written": 7, "test": "a::b", "repetition": 3}
    changed = ({"written": 8}, {"test": "a::c"}, {"repetition": 4})
    assert len({fresh_seed(**{**given, **change}) for change in ({}, *changed)}) == 4
    assert fresh_seed(7, test="a::b", repetition=0) == 7


BIASED = """
def heads(seed, probability):
    drawn = random.Random(seed)
    return sum(drawn.random() < probability for _ in range(400))

@marked(reason="Hoeffding: 2 exp(-2 n t^2) at n = 400, t = 0.165")
def test_the_coin_is_fair(fresh):
    assert abs(heads(fresh(2), 0.62) / 400 - 0.5) < 0.165

@marked(reason="the same, of a coin that is fair")
def test_a_fair_coin(fresh):
    assert abs(heads(fresh(2), 0.5) / 400 - 0.5) < 0.165
"""


def test_repetitions_find_a_biased_sampler_that_the_written_seed_hides(tmp_path):
    """The coin of 0.62 passes with the written seed; about one repetition in thirty shows it."""
    code, _, written = run(tmp_path, BIASED)
    assert code == 0 and len(written["seen"]) == 2
    code, _, written = run(tmp_path, BIASED, repetitions="1-100")
    assert code == pytest.ExitCode.TESTS_FAILED
    failed = [one["test"] for one in written["seen"] if one["outcome"] == "failed"]
    assert set(failed) == {"test_made.py::test_the_coin_is_fair"} and len(failed) < 20
    assert len(written["seen"]) == 200


def test_the_budget_is_that_of_the_sum():
    assert within_budget([("a", BUDGET / 2), ("b", BUDGET / 2)]) == BUDGET
    with pytest.raises(pytest.UsageError, match=r"of 2 tests add up to 1\.5e-06.*b \(1e-06\), a"):
        within_budget([("a", BUDGET / 2), ("b", BUDGET)])
