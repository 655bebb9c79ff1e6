"""The stored result, its page and the explanations agree; the score is what was asked for."""

import ast
import json
from collections import Counter
from pathlib import Path

import pytest

from tests.mutation import result as module
from tests.mutation.modules import MODULES, TESTS
from tests.mutation.prepared import prepared
from tests.mutation.result import (
    LEAST_SCORE,
    PAGE,
    RESULT,
    ROOT,
    Change,
    Explanation,
    explanations,
    module_result,
    page,
    score,
    survivors_of,
    totals,
)


@pytest.fixture(name="stored")
def stored_result():
    return json.loads(RESULT.read_text(encoding="utf-8"))


def test_the_score_is_reached_in_all_and_in_each_module(stored):
    assert score(totals(stored)) >= LEAST_SCORE == 0.9
    assert [one["module"] for one in stored["modules"]] == list(MODULES)
    for one in stored["modules"]:
        assert score(one) >= LEAST_SCORE, one
        kinds = ("killed", "timeouts", "crashed", "survived")
        assert sum(one[kind] for kind in kinds) == one["mutants"] > 100


def test_every_survivor_is_listed_and_explained(stored):
    listed, known = Counter[str](), explanations()
    for one, number in survivors_of(stored):
        listed[one.module] += number
        assert len(known[one].why) > 20
    assert listed == Counter({one["module"]: one["survived"] for one in stored["modules"]})


def test_the_page_is_the_one_of_the_result(stored):
    assert PAGE.read_text(encoding="utf-8") == page(stored, explanations())


def test_the_run_was_within_its_time_and_names_its_commit(stored):
    assert 0 < stored["minutes"] <= 60
    assert len(stored["commit"]) == 40 and set(stored["commit"]) <= set("0123456789abcdef")


def test_the_named_files_are_there():
    for name in (*MODULES, *TESTS):
        assert (ROOT / name).is_file(), name


@pytest.mark.parametrize("name", MODULES)
def test_the_prepared_source_is_the_same_program(name):
    source = (ROOT / name).read_text(encoding="utf-8")

    def bare(text: str) -> list[str]:
        found = []
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                found.append(node.name + ast.dump(ast.Module(body, [])))
        return sorted(found)

    text = prepared(source)
    assert bare(text) == bare(source)
    calls = [f"{kind}(" for kind in ("property", "cached_property")]
    made = [line for line in text.splitlines() if any(f" = {one}" in line for one in calls)]
    assert len(made) == sum(
        line.strip() in ("@property", "@cached_property") for line in source.splitlines()
    )


MUTATED = """\
def x_half__mutmut_orig(n):
    return n / 2

def x_half__mutmut_1(n):
    return n / 3

class A:
    def xǁAǁtwice__mutmut_orig(self):
        return (
            2 * self.n
        )

    def xǁAǁtwice__mutmut_1(self):
        return (
            3 * self.n
        )
"""
SPANS = {
    "x_half__mutmut_orig": [1, 2],
    "x_half__mutmut_1": [4, 5],
    "xǁAǁtwice__mutmut_orig": [8, 11],
    "xǁAǁtwice__mutmut_1": [13, 16],
}
HALF = Change("m.py", "half", "return n / 2", "return n / 3")
TWICE = Change("m.py", "A.twice", "2 * self.n", "3 * self.n")


def left_by_the_tool(folder: Path, codes: dict[str, int | None]) -> Path:
    (folder / "m.py").write_text(MUTATED, encoding="utf-8")
    (folder / "m.py.spans").write_text(json.dumps({"spans": SPANS}), encoding="utf-8")
    (folder / "m.py.meta").write_text(json.dumps({"exit_code_by_key": codes}), encoding="utf-8")
    return folder


def test_survivors_are_told_by_their_change(tmp_path):
    codes = {"m.x_half__mutmut_1": 0, "m.xǁAǁtwice__mutmut_1": 33, "a": 1, "b": -24, "c": -11}
    numbers, survivors = module_result(left_by_the_tool(tmp_path, codes), "m.py")
    assert survivors == Counter([HALF, TWICE])
    wanted = {"mutants": 5, "killed": 1, "timeouts": 1, "crashed": 1, "survived": 2}
    assert numbers == {"module": "m.py", **wanted}
    assert score(numbers) == 0.6


def test_a_mutant_that_was_not_run_is_no_result(tmp_path):
    with pytest.raises(ValueError, match=r"^m\.py: 1 mutants were not run yet$"):
        module_result(left_by_the_tool(tmp_path, {"a": 1, "b": None}), "m.py")


@pytest.mark.parametrize("code", [2, 4, 34])
def test_a_mutant_whose_tests_were_interrupted_or_left_out_was_not_noticed(tmp_path, code):
    with pytest.raises(ValueError, match=rf"^exit code {code}: "):
        module_result(left_by_the_tool(tmp_path, {"a": 1, "b": code}), "m.py")


def example(*changes: tuple[Change, int]):
    numbers = {"mutants": 100, "killed": 90, "timeouts": 1, "crashed": 0, "survived": 9}
    return {
        "commit": "0" * 40,
        "changed": ["theory/rops.py"],
        "tool": "a tool 1.0",
        "python": "3.11.7",
        "workers": 2,
        "minutes": 9.5,
        "modules": [{"module": "m.py", **numbers}],
        "survivors": [{**change._asdict(), "number": number} for change, number in changes],
    }


def test_the_page_counts_equivalent_mutants_as_survivors_and_says_how_many():
    why = Explanation(True, "Half of nothing is a third of nothing.")
    text = page(example((HALF, 5), (TWICE, 4)), {HALF: why})
    assert "**Score: 91.0 %**" in text
    assert "5 of the 9 survivors are equivalent" in text
    assert "95.7 % are noticed" in text  # 91 of 95, rounded down
    assert "commit `000000000000` with changes to 1 files (see `mutation.json`)" in text
    assert "1. `m.py`, `A.twice` (**unexplained**, 4 mutants).\n" in text
    assert f"2. `m.py`, `half` (equivalent, 5 mutants). {why.why}\n" in text
    assert "   - return n / 2\n   + return n / 3\n" in text


def test_one_change_has_one_explanation(tmp_path, monkeypatch):
    entry = {"module": "m.py", "function": "half", "before": HALF.before, "why": "w"}
    entry |= {"equivalent": False, "after": [HALF.after, HALF.after]}
    path = tmp_path / "explanations.json"
    path.write_text(json.dumps([entry]), encoding="utf-8")
    monkeypatch.setattr(module, "EXPLANATIONS", path)
    with pytest.raises(ValueError, match=r"is explained twice$"):
        explanations()
